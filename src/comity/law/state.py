"""A State's book: its offences and penalties, who authorises, accepted languages, data protection, other treaties.

Every line stands on a provision that says whether it was verified against the official text. What a State's own law
says is for that State: its book rules in its own house (Article 5), and an absent line is an honest gap.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol, TypeVar

from comity.casework.measure import Measure
from comity.casework.request import STATE, DataCategory
from comity.law._row import Page, Period, Row, unique
from comity.law.provision import Provisions, in_force, overlap, read_provisions
from comity.law.treaty import ClockRule, TreatyOffence
from comity.law.treaty_reader import read_clocks

CALENDARS = ("gregorian", "solar-hijri", "umm-al-qura", "buddhist")
REGIONS = ("africa", "asia-pacific", "eastern-europe", "latin-america-caribbean", "western-europe-others")
TRADITIONS = ("civil", "common", "customary", "islamic")
AUTHORISERS = ("judge", "prosecutor", "police", "minister", "central-authority")
ROLES = ("central", "contact-24-7", "extradition", "prevention")
SUBJECTS = (
    "no-dual-criminality", "no-treaty", "no-reciprocity", "own-national", "below-minimum", "death-penalty",
    "political-offence", "military-offence", "double-jeopardy", "discrimination", "torture-risk", "lapse-of-time",
    "in-absentia", "de-minimis", "fiscal-offence",
)  # fmt: skip
STANCES = ("must-refuse", "may-refuse", "no-bar")
_TABLES = frozenset({
    "authorisation", "authority", "book", "clock", "data_protection", "holiday", "language", "offence", "policy",
    "provision", "retention", "state", "treaty", "week",
})  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ZONE = re.compile(r"^[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_+-]+){1,2}$")
_TAG = re.compile(r"^[a-z]{2,3}$")


class _Line(Protocol):
    @property
    def provision(self) -> str: ...


_L = TypeVar("_L", bound=_Line)


@dataclass(frozen=True)
class NationalOffence:
    """A national provision that answers to an offence of a treaty.

    Args:
        code: the treaty's offence, e.g. ``uncc:13``.
        provision: the national provision.
        elements: the treaty's elements and ways that it covers.
        requires_also: what it asks for beyond them; makes it narrower than the treaty.
        max_penalty_months: maximum deprivation of liberty for the basic offence, in months; None when not known.
    """

    code: str
    provision: str
    elements: tuple[str, ...]
    requires_also: tuple[str, ...]
    max_penalty_months: int | None


@dataclass(frozen=True)
class Language:
    """A language (BCP 47 primary tag) that the State accepts in requests."""

    tag: str
    provision: str


@dataclass(frozen=True)
class Authorisation:
    """Who authorises `measures` at home: `by` (one of `AUTHORISERS`, or empty), in urgency `urgent_by` (or empty)."""

    measures: tuple[Measure, ...]
    by: str
    urgent_by: str
    provision: str


@dataclass(frozen=True)
class Authority:
    """An authority that the State has published: its `role` (one of `ROLES`) and its name in English and Persian."""

    role: str
    en: str
    fa: str
    provision: str


@dataclass(frozen=True)
class Policy:
    """What the State's own law says of refusing.

    Args:
        subject: the situation, one of `SUBJECTS`.
        stance: ``must-refuse``, ``may-refuse`` or ``no-bar``.
        measures: for which measures.
        penalty_months: for ``below-minimum``: the least maximum penalty, in months; otherwise None.
        assurance: whether an assurance by the requesting State can lift it.
        provision: the source.
    """

    subject: str
    stance: str
    measures: tuple[Measure, ...]
    penalty_months: int | None
    assurance: bool
    provision: str


@dataclass(frozen=True)
class Retention:
    """How long providers keep data of `category`, by law."""

    category: DataCategory
    period: Period
    provision: str


@dataclass(frozen=True)
class OtherTreaty:
    """A treaty on `measures` with the States `partners` (ISO codes) that is not a book of its own."""

    partners: tuple[str, ...]
    measures: tuple[Measure, ...]
    provision: str


@dataclass(frozen=True)
class DataProtection:
    """A line of the State's own law on personal data."""

    provision: str


@dataclass(frozen=True)
class Week:
    """Working days (``mon`` to ``sun``); several rows when the week was changed, each with its dated provision."""

    days: tuple[str, ...]
    provision: str


@dataclass(frozen=True)
class Holiday:
    """A day on which offices are closed, by exactly one of four rules.

    Args:
        en: its name in English.
        fa: the same in Persian.
        calendar: the calendar in which `month` and `day`, or `month`, `weekday` and `nth`, are counted; or empty.
        month: 1 to 12.
        day: 1 to 31, or 0.
        weekday: ``mon`` to ``sun``, or empty; then `nth` (1 to 5; -1 is the last) names which of the month.
        nth: see `weekday`; 0 otherwise.
        easter: ``western`` or ``orthodox``, or empty.
        offset: days after Easter Sunday, or after the n-th weekday; may be negative.
        dates: the days themselves, where only they are known; in other years the book is silent.
        days: how many days it lasts.
        moved: what happens when it falls on a rest day: ``monday``, ``nearest``, ``next-working-day``, or empty.
        provision: the source.
    """

    en: str
    fa: str
    calendar: str
    month: int
    day: int
    weekday: str
    nth: int
    easter: str
    offset: int
    dates: tuple[date, ...]
    days: int
    moved: str
    provision: str


@dataclass(frozen=True)
class State:
    """One State's book.

    Args:
        code: ISO 3166-1 alpha-2.
        en: its name in English.
        fa: its name in Persian.
        sha256: hash of the file's bytes.
        zone: name of its time zone.
        calendar: one of `CALENDARS`; beside Gregorian, never instead.
        region: its regional group in the United Nations, one of `REGIONS`.
        tradition: legal families, of `TRADITIONS`.
        provisions: its lines of law.
        weeks: its working week; see the rows' own classes for this and the following.
        holidays: days on which its offices are closed.
        offences: its offences.
        languages: accepted languages.
        authorisations: who authorises which measure.
        authorities: authorities named.
        policies: what its own law says of refusing.
        data_protection: lines on personal data.
        retention: how long data are kept.
        clocks: its own periods.
        treaties: other treaties on legal assistance.
    """

    code: str
    en: str
    fa: str
    sha256: str
    zone: str
    calendar: str
    region: str
    tradition: tuple[str, ...]
    provisions: Provisions
    weeks: tuple[Week, ...]
    holidays: tuple[Holiday, ...]
    offences: tuple[NationalOffence, ...]
    languages: tuple[Language, ...]
    authorisations: tuple[Authorisation, ...]
    authorities: tuple[Authority, ...]
    policies: tuple[Policy, ...]
    data_protection: tuple[DataProtection, ...]
    retention: tuple[Retention, ...]
    clocks: tuple[ClockRule, ...]
    treaties: tuple[OtherTreaty, ...]

    @cached_property
    def offences_of(self) -> Mapping[str, tuple[NationalOffence, ...]]:
        """The national lines by the code of the treaty's offence."""
        found: dict[str, tuple[NationalOffence, ...]] = {}
        for line in self.offences:
            found[line.code] = (*found.get(line.code, ()), line)
        return found

    def lines(self, lines: tuple[_L, ...], on: date) -> tuple[_L, ...]:
        """Those of `lines` whose provision is in force on `on`."""
        return tuple(line for line in lines if in_force(self.provisions, line.provision, on))

    def verified(self, provision: str, on: date) -> bool:
        """Whether the version of `provision` in force on `on` was verified; False when none is in force."""
        found = in_force(self.provisions, provision, on)
        return found is not None and found.verified


def read_state(page: Page, offences: Mapping[str, TreatyOffence]) -> State:
    """The State's book in `page`.

    Args:
        page: the law book.
        offences: the treaties' offences by code; their elements are the only words for national elements.

    Raises:
        BrokenLawbook: anything that is missing, unknown, contradictory or uncited; names file, line, place and remedy.
    """
    page.only(_TABLES)
    head = page.table("book")
    code = head.text("id")
    head.choice("kind", {"state"})
    if not STATE.fullmatch(code):
        head.fault("A State's book is named by its two-letter ISO code, e.g. IR.", "lawbook.value", "id")
    names = head.text("en"), head.text("fa")
    head.done()
    provisions = read_provisions(page, code, treaty=False)
    house = page.table("state")
    state = State(
        code=code,
        en=names[0],
        fa=names[1],
        sha256=page.sha256,
        zone=_zone(house),
        calendar=house.choice("calendar", CALENDARS),
        region=house.choice("region", REGIONS),
        tradition=house.choices("tradition", TRADITIONS, required=True),
        provisions=provisions,
        weeks=_weeks(page, provisions),
        holidays=tuple(_holiday(row, provisions) for row in page.rows("holiday")),
        offences=tuple(_offence(row, provisions, offences) for row in page.rows("offence")),
        languages=_languages(page, provisions),
        authorisations=_authorisations(page, provisions),
        authorities=_authorities(page, provisions),
        policies=_policies(page, provisions),
        data_protection=_data_protection(page, provisions),
        retention=_retention(page, provisions),
        clocks=read_clocks(page, provisions, frozenset(Measure)),
        treaties=_treaties(page, provisions, code),
    )
    house.done()
    return state


def _zone(row: Row) -> str:
    value = row.text("zone")
    if not _ZONE.fullmatch(value):
        row.fault('A time zone is named like zone = "Asia/Tehran".', "lawbook.value", "zone")
    return value


def _offence(row: Row, provisions: Collection[str], known: Mapping[str, TreatyOffence]) -> NationalOffence:
    treaty = known[row.choice("code", known)]
    words = (*treaty.elements, *treaty.one_of)
    if not words:
        row.fault(
            f"The treaty book has no elements for {treaty.code} yet. Enter them there first.", "lawbook.cite", "code"
        )
    offence = NationalOffence(
        code=treaty.code,
        provision=row.cite("provision", provisions),
        elements=row.choices("elements", words, required=True),
        requires_also=row.choices("requires_also", treaty.may_require),
        max_penalty_months=row.penalty("max_penalty"),
    )
    row.done()
    return offence


def _languages(page: Page, provisions: Collection[str]) -> tuple[Language, ...]:
    found: list[tuple[Row, Language]] = []
    for row in page.rows("language"):
        language = Language(row.text("tag"), row.cite("provision", provisions))
        if not _TAG.fullmatch(language.tag):
            row.fault('A language is named by its tag, e.g. tag = "fa".', "lawbook.value", "tag")
        row.done()
        found.append((row, language))
    unique(((row, language.tag) for row, language in found), "This language")
    return tuple(language for _, language in found)


def _authorisations(page: Page, provisions: Collection[str]) -> tuple[Authorisation, ...]:
    found = []
    for row in page.rows("authorisation"):
        by = row.choice("by", AUTHORISERS) if row.has("by") else ""
        urgent = row.choice("urgent_by", AUTHORISERS) if row.has("urgent_by") else ""
        found.append(Authorisation(row.measures("measures"), by, urgent, row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _authorities(page: Page, provisions: Collection[str]) -> tuple[Authority, ...]:
    found = []
    for row in page.rows("authority"):
        role, en, fa = row.choice("role", ROLES), row.text("en"), row.text("fa")
        found.append(Authority(role, en, fa, row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _policies(page: Page, provisions: Collection[str]) -> tuple[Policy, ...]:
    found: list[tuple[Row, Policy]] = []
    for row in page.rows("policy"):
        policy = Policy(
            subject=row.choice("subject", SUBJECTS),
            stance=row.choice("stance", STANCES),
            measures=row.measures("measures"),
            penalty_months=row.penalty("penalty"),
            assurance=row.flag("assurance", default=False),
            provision=row.cite("provision", provisions),
        )
        row.done()
        if (policy.subject == "below-minimum") != (policy.penalty_months is not None):
            row.fault(
                'Only below-minimum has a penalty, and it needs one: penalty = "1 year".', "lawbook.value", "penalty"
            )
        found.append((row, policy))
    unique(
        ((row, (item.subject, item.provision, measure)) for row, item in found for measure in item.measures),
        "This policy for this measure",
    )
    return tuple(policy for _, policy in found)


def _retention(page: Page, provisions: Collection[str]) -> tuple[Retention, ...]:
    found = []
    for row in page.rows("retention"):
        category = DataCategory(row.choice("category", set(DataCategory)))
        found.append(Retention(category, row.period("period"), row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _weeks(page: Page, provisions: Provisions) -> tuple[Week, ...]:
    found = []
    for row in page.rows("week"):
        found.append(Week(row.choices("days", DAYS, required=True), row.cite("provision", provisions)))
        row.done()
        if not found[-1].days:
            row.fault("A working week has at least one day.", "lawbook.value", "days")
        for other in found[:-1]:
            if any(overlap(a, b) for a in provisions[found[-1].provision] for b in provisions[other.provision]):
                row.fault(
                    "Two working weeks are in force on one day. Date their provisions with `from` and `to`.",
                    "lawbook.overlap",
                )
    return tuple(found)


def _holiday(row: Row, provisions: Collection[str]) -> Holiday:
    fixed, dated, feast = row.has("month"), row.has("dates"), row.has("easter")
    if fixed + dated + feast != 1:
        row.fault(
            "Give a month (with day, or weekday and nth), or easter with offset, or dates: one of them.",
            "lawbook.value",
        )
    nth = row.has("weekday")
    if fixed and nth == row.has("day"):
        row.fault("Give a day, or a weekday with nth: one of them.", "lawbook.value", "day")
    if row.has("offset") and not (feast or nth):
        message = "An offset counts from Easter or from the n-th weekday. Take it out, and write the day itself."
        row.fault(message, "lawbook.value", "offset")
    holiday = Holiday(
        en=row.text("en"),
        fa=row.text("fa"),
        calendar=row.choice("calendar", CALENDARS, "gregorian") if fixed else "",
        month=row.whole("month", 1, 12) if fixed else 0,
        day=row.whole("day", 1, 31) if fixed and not nth else 0,
        weekday=row.choice("weekday", DAYS) if nth else "",
        nth=row.whole("nth", -1, 5) if nth else 0,
        easter=row.choice("easter", {"western", "orthodox"}) if feast else "",
        offset=row.whole("offset", -365, 365, default=None if feast else 0),
        dates=row.days("dates"),
        days=row.whole("days", 1, 31, default=1),
        moved=row.choice("moved", {"monday", "nearest", "next-working-day"}) if row.has("moved") else "",
        provision=row.cite("provision", provisions),
    )
    row.done()
    if nth and (holiday.nth == 0 or holiday.calendar != "gregorian"):
        row.fault("nth is 1 to 5, or -1 for the last, and counts in the Gregorian calendar.", "lawbook.value", "nth")
    if dated and not holiday.dates:
        row.fault("dates is empty. Name at least one day.", "lawbook.value", "dates")
    return holiday


def _data_protection(page: Page, provisions: Collection[str]) -> tuple[DataProtection, ...]:
    found = []
    for row in page.rows("data_protection"):
        found.append(DataProtection(row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _treaties(page: Page, provisions: Collection[str], own: str) -> tuple[OtherTreaty, ...]:
    found = []
    for row in page.rows("treaty"):
        partners = row.texts("with", required=True)
        measures = row.measures("measures") if row.has("measures") else tuple(Measure)
        if not partners or own in partners or not all(STATE.fullmatch(partner) for partner in partners):
            row.fault('Name the other States by their ISO codes, e.g. with = ["VN"].', "lawbook.value", "with")
        found.append(OtherTreaty(partners, measures, row.cite("provision", provisions)))
        row.done()
    return tuple(found)
