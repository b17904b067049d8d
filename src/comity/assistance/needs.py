"""Needs and offers as values, Articles 54 and 56: frozen, checked when made, and the short life of each.

What is published goes to whom its State names, and to nobody else: an empty release reaches no one (`released`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

from comity.assistance import form
from comity.assistance._checks import MOST_LISTED, each_once, is_article, is_language, is_state, percent, short
from comity.assistance.topics import Condition, Development, Region, Topic, Unit
from comity.casework.moments import YEARS
from comity.casework.request import LINE_LIMIT, TEXT_LIMIT
from comity.errors import Invalid, NotPossible, NotYours

NEED = re.compile(r"[A-Z]{2}-NEED-[0-9]{4}-[0-9]{4,9}")
OFFER = re.compile(r"[A-Z]{2}-OFFER-[0-9]{4}-[0-9]{4,9}")
MOST_UNITS = 10_000  # beyond it somebody mistyped
LONGEST_YEARS = 10  # help that is wanted or offered later than that is not planned, but dreamt of


@dataclass(frozen=True)
class Release:
    """Whom a need or an offer may be shown to. Empty: nobody.

    Args:
        states: ISO codes of States.
        everyone: every State, and the public; then none is named.
    """

    states: tuple[str, ...] = ()
    everyone: bool = False

    def __post_init__(self) -> None:
        """Raises Invalid: not a State, named twice, or names beside everyone."""
        each_once(self.states, "release.states")
        for state in self.states:
            is_state(state, "release.states")
        if self.everyone and self.states:
            raise Invalid("Either everyone, or the States named.", code="need.release", where="release.everyone")

    def reaches(self, state: str) -> bool:
        """Whether `state` may see it."""
        return self.everyone or state in self.states


@dataclass(frozen=True)
class Attempt:
    """What was already tried.

    Args:
        what: in words.
        year: when.
        partner: ISO code of the State that helped, or empty.
        result: what came of it.
    """

    what: str
    year: int
    partner: str = ""
    result: str = ""

    def __post_init__(self) -> None:
        """Raises Invalid: no words, a year that cannot be meant, or a partner that is no State."""
        if not self.what:
            raise Invalid("Say what was tried.", code="need.empty", where="tried.what")
        if self.year not in YEARS:
            raise Invalid("This is no year of ours.", code="need.year", where="tried.year")
        if self.partner:
            is_state(self.partner, "tried.partner")
        short(self.what, TEXT_LIMIT, "tried.what")
        short(self.result, TEXT_LIMIT, "tried.result")


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a State needs.

    Args:
        reference: its State's own number, e.g. ``KE-NEED-2026-0001``.
        state: ISO code of the State in need.
        topic: what it is about.
        unit: what is counted.
        units: how many; the need is met as a whole by one partner. Who can live with less files two needs.
        filed: the day it was filed.
        by: the last day on which help must begin.
        languages: primary language tags (BCP 47) in which help is of use, the best one first.
        region: the State's regional group.
        development: its position as it states it itself.
        source: where it states so; needed for every position but ``unstated``.
        articles: articles of the Convention that help would serve, e.g. ``40(15)``.
        text: the need in words.
        tried: what was already tried.
        pays: the part of the costs that the State can carry, in per cent.
        accepts: conditions that it would accept.
        requires: conditions that help must come under.
        release: whom the need may be shown to.
    """

    reference: str
    state: str
    topic: Topic
    unit: Unit
    units: int
    filed: date
    by: date
    languages: tuple[str, ...]
    region: Region
    development: Development = Development.UNSTATED
    source: str = ""
    articles: tuple[str, ...] = ()
    text: str = ""
    tried: tuple[Attempt, ...] = ()
    pays: int = 0
    accepts: tuple[Condition, ...] = ()
    requires: tuple[Condition, ...] = ()
    release: Release = Release()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant. Raises Invalid naming the field."""
        _check_shared(self, NEED, "NEED")
        _check_span(self.filed, self.by, "by")
        percent(self.pays, "pays")
        if self.development is not Development.UNSTATED and not self.source:
            raise Invalid("Say where the State states its position.", code="need.source", where="source")
        short(self.source, LINE_LIMIT, "source")
        if len(self.tried) > MOST_LISTED:
            raise Invalid(f"At most {MOST_LISTED} entries.", code="need.too-long", where="tried")

    def to_dict(self) -> dict[str, Any]:
        """The need as plain JSON values."""
        found: dict[str, Any] = form.plain(self)
        return found

    @classmethod
    def from_dict(cls, raw: Any) -> Self:
        """The need that `to_dict` wrote. Raises Invalid naming the field."""
        return form.made(cls, raw)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a State offers.

    Args:
        reference: its State's own number, e.g. ``DE-OFFER-2026-0001``.
        state: ISO code of the State that offers.
        topics: what it can help with.
        unit: what is counted.
        units: how many there are in all.
        filed: the day it was filed.
        starts: the first day on which help can be given.
        ends: the last.
        languages: primary language tags in which it is given.
        regions: regional groups that it is meant for; no empty list, or it would reach nobody.
        statuses: positions that it is meant for; the same.
        most: the most for one need; None: no limit but `units`.
        share: the part of the costs that the receiving State carries, in per cent.
        articles: articles of the Convention that it is made for.
        text: the offer in words.
        requires: conditions on which it is given.
        accepts: conditions that it can come under.
        release: whom the offer may be shown to.
    """

    reference: str
    state: str
    topics: tuple[Topic, ...]
    unit: Unit
    units: int
    filed: date
    starts: date
    ends: date
    languages: tuple[str, ...]
    regions: tuple[Region, ...]
    statuses: tuple[Development, ...]
    most: int | None = None
    share: int = 0
    articles: tuple[str, ...] = ()
    text: str = ""
    requires: tuple[Condition, ...] = ()
    accepts: tuple[Condition, ...] = ()
    release: Release = Release()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant. Raises Invalid naming the field."""
        _check_shared(self, OFFER, "OFFER")
        _check_span(self.starts, self.ends, "ends")
        percent(self.share, "share")
        for name in ("topics", "regions", "statuses"):
            if not getattr(self, name):
                raise Invalid("An empty list would reach nobody.", code="need.empty", where=name)
            each_once(getattr(self, name), name)
        if self.most is not None and not 1 <= self.most <= self.units:
            raise Invalid("The most for one need is 1 to all units.", code="need.units", where="most")

    def to_dict(self) -> dict[str, Any]:
        """The offer as plain JSON values."""
        found: dict[str, Any] = form.plain(self)
        return found

    @classmethod
    def from_dict(cls, raw: Any) -> Self:
        """The offer that `to_dict` wrote. Raises Invalid naming the field."""
        return form.made(cls, raw)


Published = Need | Offer
P = TypeVar("P", bound=Published)


def seen(found: Published, *, by: str) -> bool:
    """Whether the State `by` may see it: its own, or released to it."""
    return found.state == by or found.release.reaches(by)


def released(found: Iterable[P], *, to: str) -> tuple[P, ...]:
    """Those that the State `to` may see."""
    return tuple(item for item in found if seen(item, by=to))


def _check_shared(found: Published, pattern: re.Pattern[str], word: str) -> None:
    is_state(found.state, "state")
    if not pattern.fullmatch(found.reference) or not found.reference.startswith(f"{found.state}-"):
        raise Invalid(
            f"A reference looks like {found.state}-{word}-2026-0001.", code="need.reference", where="reference"
        )
    if not 1 <= found.units <= MOST_UNITS:
        raise Invalid(f"A number from 1 to {MOST_UNITS} is plausible.", code="need.units", where="units")
    if not found.languages:
        raise Invalid("Name at least one language.", code="need.empty", where="languages")
    for name in ("languages", "articles", "accepts", "requires"):
        each_once(getattr(found, name), name)
    for tag in found.languages:
        is_language(tag, "languages")
    for article in found.articles:
        is_article(article, "articles")
    if found.release.reaches(found.state) and not found.release.everyone:
        raise Invalid("A State need not release to itself.", code="need.release", where="release.states")
    short(found.text, TEXT_LIMIT, "text")


def _check_span(first: date, last: date, where: str) -> None:
    if last < first:
        raise Invalid("It ends before it begins.", code="need.dates", where=where)
    if last.year - first.year > LONGEST_YEARS:
        raise Invalid(f"More than {LONGEST_YEARS} years ahead is not plausible.", code="need.dates", where=where)
    if first.year not in YEARS or last.year not in YEARS:
        raise Invalid("This is no year of ours.", code="need.year", where=where)


class Stage(StrEnum):
    """Where a need or an offer stands."""

    DRAFT = "draft"
    OPEN = "open"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class Turn(StrEnum):
    """What its State does with it."""

    OPENED = "opened"  # published to whom it is released
    REVISED = "revised"  # a new version
    WITHDRAWN = "withdrawn"  # what was agreed on it stands; see `outcomes.after_withdrawal`
    CLOSED = "closed"  # met, or given out


LIFE: Final = {
    (Stage.DRAFT, Turn.REVISED): Stage.DRAFT,
    (Stage.DRAFT, Turn.OPENED): Stage.OPEN,
    (Stage.DRAFT, Turn.WITHDRAWN): Stage.WITHDRAWN,
    (Stage.OPEN, Turn.REVISED): Stage.OPEN,
    (Stage.OPEN, Turn.WITHDRAWN): Stage.WITHDRAWN,
    (Stage.OPEN, Turn.CLOSED): Stage.CLOSED,
}  # fmt: skip
"""Every turn there is; nothing comes back from withdrawn or closed."""


@dataclass(frozen=True)
class Entry:
    """A need or an offer with its life: the newest version, the stage, and each turn with who took it and when."""

    value: Published
    stage: Stage = Stage.DRAFT
    turns: tuple[tuple[Turn, str, datetime], ...] = ()


def turned(entry: Entry, turn: Turn, *, by: str, at: datetime, value: Published | None = None, held: int = 0) -> Entry:
    """`entry` after a turn that its State takes.

    Args:
        entry: as it stands.
        turn: what is done.
        by: ISO code of the State that does it.
        at: now, with its offset.
        value: for ``revised``: the new version.
        held: units that agreed programmes hold; a new version cannot ask for or offer less.

    Raises:
        NotYours: it is another State's.
        NotPossible: the turn does not fit the stage; nobody would see what is opened; the new version is another thing, or
            takes back what is agreed.
    """
    if by != entry.value.state:
        raise NotYours("Only the State whose need or offer it is can do this.", code="need.owner")
    target = LIFE.get((entry.stage, turn))
    if target is None:
        raise NotPossible(
            f"What is '{entry.stage}' cannot be '{turn}'.", code="need.stage", where=entry.value.reference
        )
    new = entry.value if value is None else value
    if (value is not None) != (turn is Turn.REVISED):
        raise NotPossible("A new version comes with 'revised', and only then.", code="need.version")
    if type(new) is not type(entry.value) or new.reference != entry.value.reference:
        raise NotPossible("A new version keeps its kind and its reference.", code="need.version", where="reference")
    if new.units < held:
        raise NotPossible(f"{held} units are agreed already.", code="need.agreed", where="units")
    if target is Stage.OPEN and new.release == Release():
        raise NotPossible("It is released to nobody: name who may see it.", code="need.unreleased", where="release")
    return replace(entry, value=new, stage=target, turns=(*entry.turns, (turn, by, at)))
