"""What States' law books say side by side, in words: the same rows on the command line and on a page, each in its own form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from comity.law import comparison
from comity.law.state import Authorisation, Authority, NationalOffence, OtherTreaty, Policy
from comity.law.treaty import ClockRule
from comity.wording import labels, terms
from comity.wording.speech import Speech


class Said(NamedTuple):
    """One thing that a book says: in words, which may be none, and the provision that it stands on, or none."""

    text: str
    provision: str = ""


class Row(NamedTuple):
    """A row of a comparison: the English label of what it is about, and each State's lines; none: the book is silent."""

    label: str
    cells: Sequence[Sequence[Said]]


def measure_rows(speech: Speech, houses: Sequence[comparison.House]) -> list[Row]:
    """What States' own books say of carrying out a measure, in the words of `speech`."""
    return [
        Row(labels.AUTHORISED_BY, [[_authorised(speech, line) for line in house.authorisations] for house in houses]),
        Row(labels.REFUSES, [[_policy(speech, line) for line in house.policies] for house in houses]),
        Row(labels.LANGUAGES, [
            [Said(speech.tongue(line.tag), line.provision) for line in house.languages] for house in houses]),
        Row(labels.AUTHORITIES, [[_authority(speech, line) for line in house.authorities] for house in houses]),
        Row(labels.PERIODS, [[Said(clock(speech, line), line.provision) for line in house.clocks] for house in houses]),
        Row(labels.KEPT, [
            [Said(f"{speech.term(terms.CATEGORIES, line.category)}: {speech.period(str(line.period))}", line.provision)
             for line in house.retention] for house in houses]),
        Row(labels.PERSONAL_DATA, [[Said("", line.provision) for line in house.data_protection] for house in houses]),
        Row(labels.OTHER_TREATIES, [[_treaty(speech, line) for line in house.treaties] for house in houses]),
        Row(labels.WEEK, [
            [Said(speech.listing([speech.term(labels.DAYS, day) for day in line.days]), line.provision)
             for line in house.weeks] for house in houses]),
        Row(labels.HOLIDAYS, [
            [Said("", name) for name in dict.fromkeys(line.provision for line in house.holidays)] for house in houses]),
    ]  # fmt: skip


def offence_rows(speech: Speech, found: Sequence[comparison.Criminalised]) -> list[Row]:
    """What States' own books say of an offence, in the words of `speech`."""
    yes, no = (Said(speech.plain(speech.translate(word))) for word in (labels.YES, labels.NO))
    answer: dict[bool | None, list[Said]] = {True: [yes], False: [no], None: []}

    def open_parts(item: comparison.Criminalised, words: tuple[str, ...]) -> list[Said]:
        return [Said(elements(speech, words) or "–")] if item.lines else []

    return [
        Row(labels.PROVISIONS, [[Said("", line.provision) for line in item.lines] for item in found]),
        Row(labels.COVERED, [[Said(elements(speech, line.elements)) for line in item.lines] for item in found]),
        Row(labels.NOT_COVERED, [open_parts(item, item.missing) for item in found]),
        Row(labels.ASKED_BEYOND, [open_parts(item, item.narrower) for item in found]),
        Row(labels.MAXIMUM, [[_penalty(speech, line) for line in item.lines] for item in found]),
        Row(labels.SERIOUS, [answer[item.serious] for item in found]),
        Row(labels.ALL_VERIFIED, [answer[item.verified] if item.lines else [] for item in found]),
    ]


def clock(speech: Speech, rule: ClockRule) -> str:
    """A clock in one line, without the provision that it stands on."""
    parts = [
        speech.said(labels.AT_LEAST if rule.least else labels.AT_MOST, {"period": str(rule.period)}),
        speech.said(labels.BOUND, {"bearer": rule.bearer}),
        *([speech.plain(speech.translate(labels.EXTENDABLE))] if rule.extendable else []),
        *(speech.plain(speech.translate(labels.FROM_AND_TO[word])) for word in (rule.begins, rule.ends) if word),
        *(speech.plain(speech.translate(labels.SUSPENDED[reason])) for reason in rule.suspended_by),
    ]
    return f"{speech.term(terms.CLOCKS, rule.id)}: {speech.listing(parts)}"


def elements(speech: Speech, words: Iterable[str]) -> str:
    """Elements of an offence in one line."""
    return speech.listing([speech.field(word) for word in words])


def _authorised(speech: Speech, line: Authorisation) -> Said:
    parts = [speech.term(terms.AUTHORISERS, line.by) if line.by else speech.unknown]
    if line.urgent_by:
        parts.append(speech.said(labels.IN_URGENCY, {"by": line.urgent_by}))
    return Said(speech.listing(parts), line.provision)


def _policy(speech: Speech, line: Policy) -> Said:
    least = f" ({speech.months(line.penalty_months)})" if line.penalty_months is not None else ""
    lifted = [speech.plain(speech.translate(labels.ASSURANCE))] if line.assurance else []
    stance = speech.listing([speech.term(terms.STANCES, line.stance), *lifted])
    return Said(f"{speech.term(terms.SUBJECTS, line.subject)}{least}: {stance}", line.provision)


def _authority(speech: Speech, line: Authority) -> Said:
    name = speech.foreign(line.fa if speech.language == "fa" else line.en)
    return Said(f"{name} ({speech.term(labels.ROLES, line.role)})", line.provision)


def _treaty(speech: Speech, line: OtherTreaty) -> Said:
    return Said(speech.listing([speech.state(code) for code in line.partners]), line.provision)


def _penalty(speech: Speech, line: NationalOffence) -> Said:
    months = speech.unknown if line.max_penalty_months is None else speech.months(line.max_penalty_months)
    return Said(months, line.provision)
