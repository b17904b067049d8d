"""What `comity law show` says of a book: as a whole, of a form of cooperation, of an offence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from comity.casework.act import CROSSING
from comity.casework.lifecycle import TABLE
from comity.casework.measure import COERCIVE, LIVES, Measure
from comity.cli._paper import Cells, Paper
from comity.law import comparison
from comity.law.state import Authorisation, Authority, NationalOffence, Policy, State
from comity.law.treaty import ClockRule, Treaty, TreatyOffence
from comity.wording import labels, terms
from comity.wording.speech import Speech

# ── A treaty ────────────────────────────────────────────────────────────────────────────────────────────────────────


def treaty_head(paper: Paper, book: Treaty) -> None:
    """What a treaty's book has: its forms of cooperation and its offences."""
    speech, translate = paper.speech, paper.speech.translate
    paper.head(speech.basis(book.id), gap=False)
    if book.measures:
        paper.head(translate(labels.MEASURES))
    for name, rule in book.measures.items():
        paper.bullet(f"{speech.term(terms.MEASURES, name)} ({speech.code(name)}) · {speech.code(rule.provision)}")
    if book.offences:
        paper.head(translate(labels.OFFENCES))
    for code, offence in book.offences.items():
        paper.bullet(f"{speech.offence(code)} ({speech.code(code)}) · {speech.code(offence.provision)}")


def treaty_measure(paper: Paper, book: Treaty, asked: Measure) -> None:
    """Everything that a treaty's book says of a form of cooperation, and how a case of it can run."""
    speech, rule = paper.speech, book.measures[asked]
    paper.head(f"{speech.term(terms.MEASURES, asked)} ({speech.code(asked)}) · {speech.basis(book.id)}", gap=False)
    scopes = [f"{speech.code(scope)}: {speech.term(terms.SCOPES, scope)}" for scope in rule.scopes]
    paper.facts(labels.SCOPES, scopes or [speech.said(labels.OPTIONS["no-treaty"], {})])
    paper.fact(labels.DUAL_CRIMINALITY, speech.term(labels.DUAL, rule.dual_criminality))
    if rule.least_penalty is not None:
        paper.fact(labels.LEAST_PENALTY, speech.months(rule.least_penalty))
    if rule.follows:
        paper.fact(labels.FOLLOWS, speech.term(terms.MEASURES, rule.follows))
    _contents(paper, book, asked)
    _grounds(paper, book, asked)
    _duties(paper, book, asked)
    clocks = book.clocks_of[asked]
    if clocks:
        paper.head(speech.translate(labels.CLOCKS))
    for clock in clocks:
        paper.bullet(clock_words(speech, clock))
    _life(paper, asked)
    _citations(paper, book, asked)


def _contents(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech = paper.speech
    if book.contents_of[asked]:
        paper.head(speech.translate(labels.CONTENTS))
    for item in book.contents_of[asked]:
        if item.always_for:
            words = speech.listing([speech.term(terms.CATEGORIES, name) for name in item.always_for])
            need = speech.translate(labels.ALWAYS_FOR) % {"categories": words}
        else:
            need = speech.translate(labels.ALWAYS if item.always else labels.WHERE_APPLICABLE)
        paper.bullet(f"{speech.term(terms.CONTENTS, item.id)} ({need}) · {speech.code(item.provision)}")
        asks = speech.listing([f"{speech.field(name)} ({speech.code(name)})" for name in item.fields])
        several = item.one_suffices and len(item.fields) > 1
        paper.say(f"{asks}{f' ({speech.translate(labels.ONE_OF_THEM)})' if several else ''}", 4, "dim")


def _grounds(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech, found = paper.speech, book.grounds_of[asked]
    if found:
        paper.head(speech.translate(labels.GROUNDS))
    if book.measures[asked].closed_list:
        paper.say(speech.translate(labels.CLOSED_LIST))
    for stance, title in labels.GROUND_STANCES.items():
        named = [item for item in found if item.stance == stance]
        if named:
            paper.say(f"{speech.translate(title)}:")
        for item in named:
            paper.bullet(f"{speech.term(terms.GROUNDS, item.id)} · {speech.code(item.provision)}", 2)


def _duties(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech, found = paper.speech, [item for item in book.duties if asked in item.measures]
    if found:
        paper.head(speech.translate(labels.DUTIES))
    for bearer, title in labels.DUTIES_OF.items():
        named = [item for item in found if item.bearer == bearer]
        if named:
            paper.say(f"{speech.translate(title)}:")
        for item in named:
            paper.bullet(f"{speech.term(terms.DUTIES, item.id)} · {speech.code(item.provision)}", 2)


def _life(paper: Paper, asked: Measure) -> None:
    """How a case can run, with the acts of either State in the order of the lifecycle's table."""
    speech, life = paper.speech, LIVES[asked]
    paper.head(f"{speech.translate(labels.LIFE)}: {speech.term(labels.LIVES, life)} ({speech.code(life)})")
    if asked in COERCIVE:
        paper.say(speech.translate(labels.COERCIVE))
    paper.say(f"{speech.translate(labels.ACTS)}:")
    for side, title in labels.DUTIES_OF.items():
        paper.say(f"{speech.translate(title)}:", 2)
        rows = [step for step in TABLE if step.side == side and asked in step.measures]
        for kind, power in dict.fromkeys((step.kind, step.power) for step in rows):
            arrow = "→ " if kind in CROSSING else ""
            words = f"{speech.term(labels.KINDS, kind)} ({speech.code(kind)})"
            paper.bullet(f"{arrow}{words} · {speech.term(labels.POWERS, power)}", 4)


def _citations(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech = paper.speech
    paper.head(speech.translate(labels.CITATIONS))
    for (measure, rule), cites in book.citations.items():
        if measure is asked:
            named = speech.listing([speech.code(name) for name in cites])
            paper.bullet(f"{speech.rule(rule)}: {named}")


def clock_words(speech: Speech, clock: ClockRule) -> str:
    """A clock in one line."""
    span = speech.translate(labels.AT_LEAST if clock.least else labels.AT_MOST) % {
        "period": speech.period(str(clock.period))
    }
    bound = speech.translate(labels.BOUND) % {"bearer": speech.term(terms.BEARERS, clock.bearer)}
    parts = [span, bound, *([speech.translate(labels.EXTENDABLE)] if clock.extendable else [])]
    return f"{speech.term(terms.CLOCKS, clock.id)}: {speech.listing(parts)} · {speech.code(clock.provision)}"


def treaty_offence(paper: Paper, offence: TreatyOffence) -> None:
    """The elements of a treaty's offence, in whose words the States' lines stand."""
    speech = paper.speech
    paper.head(f"{speech.offence(offence.code)} ({speech.code(offence.code)})", gap=False)
    for label, words in (
        (labels.ELEMENTS, offence.elements),
        (labels.ONE_OF, offence.one_of),
        (labels.MAY_REQUIRE, offence.may_require),
    ):
        paper.fact(label, elements(speech, words))
    if offence.same_as:
        paper.fact(labels.SAME_AS, f"{speech.offence(offence.same_as)} ({speech.code(offence.same_as)})")


def elements(speech: Speech, words: Iterable[str]) -> str:
    """Elements of an offence in one line."""
    return speech.listing([speech.field(word) for word in words])


# ── A State ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def state_head(paper: Paper, book: State, on: date) -> None:
    """What a State's book says of the State as a whole."""
    speech = paper.speech
    paper.head(speech.state(book.code), gap=False)
    paper.fact(labels.TIME_ZONE, speech.code(book.zone))
    paper.fact(labels.CALENDAR, speech.term(labels.CALENDARS, book.calendar))
    paper.fact(labels.REGION, speech.term(labels.REGIONS, book.region))
    paper.fact(labels.TRADITION, speech.listing([speech.term(labels.TRADITIONS, word) for word in book.tradition]))
    for week in book.lines(book.weeks, on):
        paper.fact(labels.WEEK, speech.listing([speech.term(labels.DAYS, day) for day in week.days]))
    names = [line.fa if speech.language == "fa" else line.en for line in book.lines(book.holidays, on)]
    paper.fact(labels.HOLIDAYS, speech.listing(list(dict.fromkeys(names))))
    others = [
        f"{speech.listing([speech.state(code) for code in line.partners])} · {speech.code(line.provision)}"
        for line in book.lines(book.treaties, on)
    ]
    if others:
        paper.facts(labels.OTHER_TREATIES, others)
    versions = [item for found in book.provisions.values() for item in found]
    numbers = {"provisions": str(len(versions)), "verified": str(sum(item.verified for item in versions))}
    paper.say(speech.said(labels.COUNTED, numbers))


def house_rows(speech: Speech, houses: tuple[comparison.House, ...]) -> list[Cells]:
    """What States' own books say of carrying out a measure, row by row."""
    return [
        (labels.AUTHORISED_BY, [[_authorised(speech, line) for line in house.authorisations] for house in houses]),
        (labels.REFUSES, [[_policy(speech, line) for line in house.policies] for house in houses]),
        (labels.LANGUAGES, [[speech.tongue(line.tag) for line in house.languages] for house in houses]),
        (labels.AUTHORITIES, [[_authority(speech, line) for line in house.authorities] for house in houses]),
        (labels.PERIODS, [[clock_words(speech, line) for line in house.clocks] for house in houses]),
        (labels.KEPT, [[
            f"{speech.term(terms.CATEGORIES, line.category)}: {speech.period(str(line.period))} · "
            f"{speech.code(line.provision)}" for line in house.retention
        ] for house in houses]),
        (labels.PERSONAL_DATA, [[speech.code(line.provision) for line in house.data_protection] for house in houses]),
    ]  # fmt: skip


def _authorised(speech: Speech, line: Authorisation) -> str:
    by = speech.term(terms.AUTHORISERS, line.by) if line.by else speech.unknown
    urgent = speech.term(terms.AUTHORISERS, line.urgent_by) if line.urgent_by else ""
    parts = [by, *([speech.translate(labels.IN_URGENCY) % {"by": urgent}] if urgent else [])]
    return f"{speech.listing(parts)} · {speech.code(line.provision)}"


def _policy(speech: Speech, line: Policy) -> str:
    subject = speech.term(terms.SUBJECTS, line.subject)
    least = f" ({speech.months(line.penalty_months)})" if line.penalty_months is not None else ""
    lifted = [speech.translate(labels.ASSURANCE)] if line.assurance else []
    stance = speech.listing([speech.term(terms.STANCES, line.stance), *lifted])
    return f"{subject}{least}: {stance} · {speech.code(line.provision)}"


def _authority(speech: Speech, line: Authority) -> str:
    name = speech.foreign(line.fa if speech.language == "fa" else line.en)
    return f"{name} ({speech.term(labels.ROLES, line.role)})"


def offence_rows(speech: Speech, found: tuple[comparison.Criminalised, ...]) -> list[Cells]:
    """What States' own books say of an offence, row by row."""
    say = speech.translate
    answer = {True: [say(labels.YES)], False: [say(labels.NO)], None: list[str]()}
    return [
        (labels.PROVISIONS, [[speech.code(line.provision) for line in row.lines] for row in found]),
        (labels.COVERED, [[elements(speech, line.elements) for line in row.lines] for row in found]),
        (labels.NOT_COVERED, [[elements(speech, row.missing) or "–"] if row.lines else [] for row in found]),
        (labels.ASKED_BEYOND, [[elements(speech, row.narrower) or "–"] if row.lines else [] for row in found]),
        (labels.MAXIMUM, [[_penalty(speech, line) for line in row.lines] for row in found]),
        (labels.SERIOUS, [answer[row.serious] for row in found]),
        (labels.ALL_VERIFIED, [answer[row.verified] if row.lines else [] for row in found]),
    ]


def _penalty(speech: Speech, line: NationalOffence) -> str:
    months = speech.unknown if line.max_penalty_months is None else speech.months(line.max_penalty_months)
    return f"{months} · {speech.code(line.provision)}"
