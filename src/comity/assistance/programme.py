"""A programme: what two States agree on after a match, and what became of it. Articles 54 and 56.

It is its words, in order; both States keep the same ones. Each side speaks for itself: terms bind once the other side has
agreed to exactly these, help is counted once the receiving State has confirmed it, and either may end early, after which
`outcomes.standing` says what stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal, Self

from comity.assistance import form
from comity.assistance._checks import each_once, is_language, is_state, percent, short
from comity.assistance.needs import MOST_UNITS, NEED, OFFER
from comity.assistance.topics import Condition, Unit
from comity.casework.act import SKEW
from comity.casework.request import LINE_LIMIT, TEXT_LIMIT
from comity.errors import Invalid, NotPossible, NotYours

REFERENCE = re.compile(r"[A-Z]{2}-PROGRAMME-[0-9]{4}-[0-9]{4,9}")
MOST_WORDS: Final = 1_000
MARKS: Final = range(1, 6)


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """A part of the help: its name, the last day for it, and how many of the units it brings (0: a report, a visit)."""

    name: str
    due: date
    units: int = 0

    def __post_init__(self) -> None:
        """Raises Invalid: no name, or an implausible number."""
        if not self.name:
            raise Invalid("A milestone has a name.", code="programme.milestone", where="milestones.name")
        short(self.name, LINE_LIMIT, "milestones.name")
        if not 0 <= self.units <= MOST_UNITS:
            raise Invalid(f"0 to {MOST_UNITS} is plausible.", code="programme.units", where="milestones.units")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is agreed.

    Args:
        units: how much help.
        unit: what is counted.
        language: primary tag of the language it is given in.
        starts: its first day.
        ends: its last.
        milestones: its parts, in order; their units make up the whole.
        share: the part of the costs that the receiving State carries, in per cent.
        conditions: what both keep to; those that outlive the programme bind what was given.
        text: the rest, in words.
    """

    units: int
    unit: Unit
    language: str
    starts: date
    ends: date
    milestones: tuple[Milestone, ...]
    share: int = 0
    conditions: tuple[Condition, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        """Raises Invalid: a number, day or list that cannot be meant, or milestones that do not make up the whole."""
        if not 1 <= self.units <= MOST_UNITS:
            raise Invalid(f"1 to {MOST_UNITS} is plausible.", code="programme.units", where="terms.units")
        if self.ends < self.starts:
            raise Invalid("It ends before it begins.", code="programme.dates", where="terms.ends")
        percent(self.share, "terms.share")
        each_once(self.conditions, "terms.conditions")
        each_once(tuple(part.name for part in self.milestones), "terms.milestones")
        if sum(part.units for part in self.milestones) != self.units:
            raise Invalid("The milestones make up the whole.", code="programme.units", where="terms.milestones")
        for part in self.milestones:
            if not self.starts <= part.due <= self.ends:
                raise Invalid(
                    "A milestone lies within the programme.", code="programme.dates", where="terms.milestones"
                )
        is_language(self.language, "terms.language")
        short(self.text, TEXT_LIMIT, "terms.text")


class Say(StrEnum):
    """What a word says."""

    PROPOSED = "proposed"  # terms, or other terms: of the whole, or of an amendment while it runs
    AGREED = "agreed"  # to exactly the terms proposed last, by the other side
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # one's own proposal
    DELIVERED = "delivered"  # a milestone, by the giving side
    CONFIRMED = "confirmed"  # what was delivered, by the receiving side
    DISPUTED = "disputed"
    COMPLETED = "completed"  # by the receiving side, all milestones being confirmed
    ENDED = "ended"  # early, by either
    EVALUATED = "evaluated"  # afterwards, by each side once


FORMS: Final[dict[Say, frozenset[str]]] = {
    Say.PROPOSED: frozenset({"terms"}),
    Say.AGREED: frozenset({"terms"}),
    Say.DECLINED: frozenset({"text"}),
    Say.WITHDRAWN: frozenset({"text"}),
    Say.DELIVERED: frozenset({"milestone", "units", "text"}),
    Say.CONFIRMED: frozenset({"milestone", "units", "text"}),
    Say.DISPUTED: frozenset({"milestone", "text"}),
    Say.COMPLETED: frozenset({"text"}),
    Say.ENDED: frozenset({"text"}),
    Say.EVALUATED: frozenset({"mark", "text"}),
}
"""The fields that each kind of word has; text may be empty but for what needs its reasons (`_REASONED`)."""
_REASONED = frozenset({Say.DECLINED, Say.WITHDRAWN, Say.DISPUTED, Say.ENDED, Say.EVALUATED})


@dataclass(frozen=True, kw_only=True)
class Word:
    """One statement of one side.

    Args:
        say: what kind it is.
        by: ISO code of the State that speaks.
        at: when, by its clock, with the offset.
        terms: the terms proposed or agreed to.
        milestone: the milestone's name.
        units: units delivered or confirmed.
        mark: how useful it was, 1 to 5.
        text: reasons, results, remarks.
    """

    say: Say
    by: str
    at: datetime
    terms: Terms | None = None
    milestone: str | None = None
    units: int | None = None
    mark: int | None = None
    text: str = ""

    def __post_init__(self) -> None:
        """Raises Invalid: a field that this kind does not have, or lacks; a number that cannot be meant."""
        is_state(self.by, "by")
        if self.at.utcoffset() is None:
            raise Invalid("A time needs its UTC offset.", code="programme.time", where="at")
        for name in ("terms", "milestone", "units", "mark"):
            if (getattr(self, name) is not None) != (name in FORMS[self.say]):
                raise Invalid(f"'{self.say}' has other fields.", code="programme.form", where=name)
        if self.text and "text" not in FORMS[self.say]:
            raise Invalid(f"'{self.say}' has other fields.", code="programme.form", where="text")
        if self.say in _REASONED and not self.text:
            raise Invalid(f"'{self.say}' needs words.", code="programme.reasons", where="text")
        if self.mark is not None and self.mark not in MARKS:
            raise Invalid("A mark is 1 to 5.", code="programme.mark", where="mark")
        if self.units is not None and not 0 <= self.units <= MOST_UNITS:
            raise Invalid(f"0 to {MOST_UNITS} is plausible.", code="programme.units", where="units")
        short(self.text, TEXT_LIMIT, "text")

    def to_dict(self) -> dict[str, Any]:
        """The word as plain JSON values."""
        found: dict[str, Any] = form.plain(self)
        return found

    @classmethod
    def from_dict(cls, raw: Any) -> Self:
        """The word that `to_dict` wrote. Raises Invalid naming the field."""
        return form.made(cls, raw)


class Stage(StrEnum):
    """Where a programme stands."""

    NEW = "new"
    PROPOSED = "proposed"
    RUNNING = "running"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    ENDED = "ended"


@dataclass(frozen=True)
class Programme:
    """One programme.

    Args:
        reference: by the State that proposed it, e.g. ``DE-PROGRAMME-2026-0001``.
        need: reference of the need.
        offer: reference of the offer.
        words: what was said, in order.
        stage: derived from the words, by `advance`, as are the rest.
        terms: what is agreed; None before.
        pending: a proposal that waits for its answer, with who made it.
        reached: of each milestone, by name, what was last said of it.
    """

    reference: str
    need: str
    offer: str
    words: tuple[Word, ...] = ()
    stage: Stage = Stage.NEW
    terms: Terms | None = None
    pending: tuple[str, Terms] | None = None
    reached: tuple[tuple[str, Word], ...] = ()

    def __post_init__(self) -> None:
        """Raises Invalid: references of the wrong form, or of States that have no part in it."""
        if not NEED.fullmatch(self.need) or not OFFER.fullmatch(self.offer):
            raise Invalid("A programme follows from a need and an offer.", code="programme.parties", where="need")
        if self.receiving == self.giving:
            raise Invalid("A State does not help itself.", code="programme.parties", where="offer")
        if not REFERENCE.fullmatch(self.reference) or self.reference[:2] not in {self.receiving, self.giving}:
            raise Invalid(
                f"A reference looks like {self.giving}-PROGRAMME-2026-0001.",
                code="programme.reference",
                where="reference",
            )

    @property
    def receiving(self) -> str:
        """ISO code of the State in need."""
        return self.need[:2]

    @property
    def giving(self) -> str:
        """ISO code of the State that helps."""
        return self.offer[:2]


Side = Literal["giving", "receiving"]
_Guard = Callable[[Programme, Word], None]


@dataclass(frozen=True)
class Step:
    """One row: who may say it, at which stages, where it leads (None: it stays), and what must hold."""

    say: Say
    sides: tuple[Side, ...]
    stages: tuple[Stage, ...]
    target: Stage | None = None
    guards: tuple[_Guard, ...] = ()


def _from_the_other(programme: Programme, word: Word) -> None:
    if programme.pending is None or programme.pending[0] == word.by:
        raise NotPossible("Only the other side's proposal can be answered.", code="programme.pending")


def _own_proposal(programme: Programme, word: Word) -> None:
    if programme.pending is None or programme.pending[0] != word.by:
        raise NotPossible("Only one's own proposal can be withdrawn.", code="programme.pending")


def _exactly(programme: Programme, word: Word) -> None:
    if programme.pending is None or programme.pending[1] != word.terms:
        raise NotPossible("Agreed is to exactly the terms proposed last.", code="programme.terms", where="terms")


def _keeps_what_is_done(programme: Programme, word: Word) -> None:
    """An amendment changes what is to come: milestones already delivered stay as they were."""
    new = {part.name: part for part in word.terms.milestones} if word.terms else {}
    reached = dict(programme.reached)
    for part in programme.terms.milestones if programme.terms else ():
        said = reached.get(part.name)
        if said is not None and said.say is not Say.DISPUTED and new.get(part.name) != part:
            raise NotPossible("What was delivered is not amended.", code="programme.done", where="terms.milestones")


def _a_milestone(programme: Programme, word: Word) -> None:
    part = next((part for part in _milestones(programme) if part.name == word.milestone), None)
    if part is None:
        raise NotPossible("The programme has no such milestone.", code="programme.milestone", where="milestone")
    if word.units is not None and word.units > part.units:
        raise NotPossible("More than the milestone brings: amend it first.", code="programme.units", where="units")


def _not_confirmed(programme: Programme, word: Word) -> None:
    said = dict(programme.reached).get(word.milestone or "")
    if said is not None and said.say is Say.CONFIRMED:
        raise NotPossible("This milestone is confirmed.", code="programme.done", where="milestone")


def _delivered(programme: Programme, word: Word) -> None:
    said = dict(programme.reached).get(word.milestone or "")
    if said is None or said.say is not Say.DELIVERED:
        raise NotPossible("Nothing was delivered that waits for this.", code="programme.delivery", where="milestone")
    if word.units is not None and word.units != said.units:
        raise NotPossible("Confirm what was delivered, or dispute it.", code="programme.units", where="units")


def _all_confirmed(programme: Programme, word: Word) -> None:  # noqa: ARG001 guards have one shape
    said = dict(programme.reached)
    if any(part.name not in said or said[part.name].say is not Say.CONFIRMED for part in _milestones(programme)):
        raise NotPossible("Not every milestone is confirmed: end it early instead.", code="programme.delivery")


def _once(programme: Programme, word: Word) -> None:
    if any(old.say is Say.EVALUATED and old.by == word.by for old in programme.words):
        raise NotPossible("This side has given its evaluation.", code="programme.evaluated")


def _milestones(programme: Programme) -> tuple[Milestone, ...]:
    return programme.terms.milestones if programme.terms else ()


_BOTH: Final[tuple[Side, ...]] = ("giving", "receiving")
OVER: Final = (Stage.COMPLETED, Stage.ENDED)
"""Stages after which help is counted."""
TABLE: Final[tuple[Step, ...]] = (
    Step(Say.PROPOSED, _BOTH, (Stage.NEW, Stage.PROPOSED), Stage.PROPOSED),
    Step(Say.PROPOSED, _BOTH, (Stage.RUNNING,), None, (_keeps_what_is_done,)),
    Step(Say.AGREED, _BOTH, (Stage.PROPOSED,), Stage.RUNNING, (_from_the_other, _exactly)),
    Step(Say.AGREED, _BOTH, (Stage.RUNNING,), None, (_from_the_other, _exactly, _keeps_what_is_done)),
    Step(Say.DECLINED, _BOTH, (Stage.PROPOSED,), Stage.DECLINED, (_from_the_other,)),
    Step(Say.DECLINED, _BOTH, (Stage.RUNNING,), None, (_from_the_other,)),
    Step(Say.WITHDRAWN, _BOTH, (Stage.PROPOSED,), Stage.WITHDRAWN, (_own_proposal,)),
    Step(Say.WITHDRAWN, _BOTH, (Stage.RUNNING,), None, (_own_proposal,)),
    Step(Say.DELIVERED, ("giving",), (Stage.RUNNING,), None, (_a_milestone, _not_confirmed)),
    Step(Say.CONFIRMED, ("receiving",), (Stage.RUNNING,), None, (_a_milestone, _delivered)),
    Step(Say.DISPUTED, ("receiving",), (Stage.RUNNING,), None, (_a_milestone, _delivered)),
    Step(Say.COMPLETED, ("receiving",), (Stage.RUNNING,), Stage.COMPLETED, (_all_confirmed,)),
    Step(Say.ENDED, _BOTH, (Stage.RUNNING,), Stage.ENDED),
    Step(Say.EVALUATED, _BOTH, OVER, None, (_once,)),
)
"""Every step there is."""


def advance(programme: Programme, word: Word) -> Programme:
    """`programme` with `word` added, if it may be said.

    Raises:
        NotYours: a State that has no part in it, or the wrong side.
        NotPossible: it does not fit the stage, the terms or what was said before.
    """
    if word.by not in {programme.giving, programme.receiving}:
        raise NotYours("This State has no part in the programme.", code="programme.side", where="by")
    if programme.words and word.at < programme.words[-1].at - SKEW:
        raise NotPossible("The word says that it is older than the one before.", code="programme.time", where="at")
    if len(programme.words) >= MOST_WORDS:
        raise NotPossible("No programme needs so many words.", code="programme.too-long")
    step = _row(programme, word)
    for guard in step.guards:
        guard(programme, word)
    return replace(
        programme,
        words=(*programme.words, word),
        stage=step.target or programme.stage,
        terms=word.terms if word.say is Say.AGREED else programme.terms,
        pending=_pending(programme, word),
        reached=_reached(programme, word),
    )


def steps(programme: Programme, *, side: Side) -> tuple[Say, ...]:
    """What `side` may say next, by stage alone (guards may still object)."""
    return tuple(step.say for step in TABLE if side in step.sides and programme.stage in step.stages)


def _row(programme: Programme, word: Word) -> Step:
    side: Side = "giving" if word.by == programme.giving else "receiving"
    rows = [step for step in TABLE if step.say is word.say]
    if not any(side in step.sides for step in rows):
        raise NotYours(f"'{word.say}' is not for the {side} State to say.", code="programme.side", where="by")
    for step in rows:
        if programme.stage in step.stages:
            return step
    raise NotPossible(f"'{word.say}' does not fit what is '{programme.stage}'.", code="programme.stage", where="say")


def _pending(programme: Programme, word: Word) -> tuple[str, Terms] | None:
    if word.say is Say.PROPOSED and word.terms is not None:
        return word.by, word.terms
    answered = word.say in {Say.AGREED, Say.DECLINED, Say.WITHDRAWN}
    return None if answered else programme.pending


def _reached(programme: Programme, word: Word) -> tuple[tuple[str, Word], ...]:
    if word.milestone is None:
        return programme.reached
    return (*((name, old) for name, old in programme.reached if name != word.milestone), (word.milestone, word))
