"""A State's book: its offences and penalties, who authorises, accepted languages, data protection, other treaties.

Every line stands on a provision that says whether it was verified against the official text. What a State's own law
says is for that State: its book rules in its own house (Article 5), and an absent line is an honest gap.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from comity.casework.request import STATE, Measure
from comity.law._row import Page, Row, unique
from comity.law.provision import Provisions, in_force, read_provisions
from comity.law.treaty import TreatyOffence

_TABLES = frozenset({
    "authorisation", "authority", "book", "data_protection", "language", "offence", "provision", "state", "treaty",
})  # fmt: skip
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
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
    """Where it is said who authorises `measure` at home."""

    measure: Measure
    provision: str


@dataclass(frozen=True)
class Authority:
    """An authority that the State has named: `role` is ``central`` or ``contact-24-7``."""

    role: str
    provision: str


@dataclass(frozen=True)
class OtherTreaty:
    """A treaty on legal assistance with one other State, ISO code `partner`."""

    partner: str
    provision: str


@dataclass(frozen=True)
class DataProtection:
    """A line of the State's own law on personal data."""

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
        calendar: ``gregorian``, ``solar-hijri``, ``umm-al-qura`` or ``buddhist``; beside Gregorian, never instead.
        working_week: working days, ``mon`` to ``sun``.
        week_provision: what the working week stands on.
        provisions: its lines of law.
        offences: its offences; see the rows' own classes for these and the following.
        languages: accepted languages.
        authorisations: who authorises which measure.
        authorities: authorities named.
        data_protection: lines on personal data.
        treaties: other treaties on legal assistance.
    """

    code: str
    en: str
    fa: str
    sha256: str
    zone: str
    calendar: str
    working_week: tuple[str, ...]
    week_provision: str
    provisions: Provisions
    offences: tuple[NationalOffence, ...]
    languages: tuple[Language, ...]
    authorisations: tuple[Authorisation, ...]
    authorities: tuple[Authority, ...]
    data_protection: tuple[DataProtection, ...]
    treaties: tuple[OtherTreaty, ...]

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
        calendar=house.choice("calendar", {"gregorian", "solar-hijri", "umm-al-qura", "buddhist"}),
        working_week=house.choices("working_week", _DAYS, required=True),
        week_provision=house.cite("provision", provisions),
        provisions=provisions,
        offences=tuple(_offence(row, provisions, offences) for row in page.rows("offence")),
        languages=_languages(page, provisions),
        authorisations=_authorisations(page, provisions),
        authorities=_authorities(page, provisions),
        data_protection=_data_protection(page, provisions),
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
        found.append(Authorisation(Measure(row.choice("measure", set(Measure))), row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _authorities(page: Page, provisions: Collection[str]) -> tuple[Authority, ...]:
    found = []
    for row in page.rows("authority"):
        found.append(Authority(row.choice("role", {"central", "contact-24-7"}), row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _data_protection(page: Page, provisions: Collection[str]) -> tuple[DataProtection, ...]:
    found = []
    for row in page.rows("data_protection"):
        found.append(DataProtection(row.cite("provision", provisions)))
        row.done()
    return tuple(found)


def _treaties(page: Page, provisions: Collection[str], own: str) -> tuple[OtherTreaty, ...]:
    found = []
    for row in page.rows("treaty"):
        treaty = OtherTreaty(row.text("with"), row.cite("provision", provisions))
        if not STATE.fullmatch(treaty.partner) or treaty.partner == own:
            row.fault('Name the other State by its ISO code, e.g. with = "VN".', "lawbook.value", "with")
        row.done()
        found.append(treaty)
    return tuple(found)
