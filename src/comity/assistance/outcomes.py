"""What stands of a programme, what it holds of a need and an offer, and what was counted when it was over. Article 56."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from comity.assistance.programme import OVER, Programme, Say, Stage, Terms
from comity.assistance.topics import Condition, Unit
from comity.errors import NotPossible


@dataclass(frozen=True)
class Standing:
    """What stands: of a programme that runs, was completed, or was ended in the middle. All figures are units.

    Args:
        agreed: what was agreed; the sum of the next four.
        confirmed: delivered, and confirmed by the receiving State: it stays given.
        waiting: delivered, neither confirmed nor disputed.
        disputed: said by one side to be delivered, and disputed by the other.
        undone: not delivered; after an early end it is free again on both sides.
        disputes: names of the milestones on which the two differ.
        dropped: names of milestones that were disputed and are in the terms no more; nothing of them is counted.
        conditions: conditions that go on binding, because something was given under them.
        lapsed: a proposal that nobody had answered when the programme was over.
    """

    agreed: int
    confirmed: int
    waiting: int
    disputed: int
    undone: int
    disputes: tuple[str, ...]
    dropped: tuple[str, ...]
    conditions: tuple[Condition, ...]
    lapsed: Terms | None


def standing(programme: Programme) -> Standing:
    """What stands of `programme` now. Only milestones of the terms that stand are counted."""
    agreed = programme.terms.units if programme.terms else 0
    brings = {part.name: part.units for part in programme.terms.milestones} if programme.terms else {}
    said = {name: word for name, word in programme.reached if name in brings}
    confirmed = sum(word.units or 0 for word in said.values() if word.say is Say.CONFIRMED)
    waiting = sum(word.units or 0 for word in said.values() if word.say is Say.DELIVERED)
    disputes = tuple(name for name, word in said.items() if word.say is Say.DISPUTED)
    disputed = sum(min(_said_delivered(programme, name), brings[name]) for name in disputes)
    over = programme.stage in OVER
    return Standing(
        agreed=agreed,
        confirmed=confirmed,
        waiting=waiting,
        disputed=disputed,
        undone=agreed - confirmed - waiting - disputed,
        disputes=disputes,
        dropped=tuple(name for name, _word in programme.reached if name not in brings),
        conditions=programme.terms.conditions if programme.terms and programme.reached else (),
        lapsed=programme.pending[1] if over and programme.pending else None,
    )


def _said_delivered(programme: Programme, milestone: str) -> int:
    """Units of `milestone` that the giving side said last that it delivered."""
    said = (
        word.units or 0
        for word in reversed(programme.words)
        if (word.say, word.milestone) == (Say.DELIVERED, milestone)
    )
    return next(said, 0)


def held(programme: Programme, *, of: Literal["need", "offer"]) -> int:
    """Units of the need that are met or promised, or of the offer that are given or promised, by this programme.

    A proposal holds nothing. After an early end, the need is met by what was confirmed; the offer has lost what was
    delivered, whether or not it was confirmed.

    Args:
        programme: as it stands.
        of: whose units are asked for.
    """
    found = standing(programme)
    if programme.stage is Stage.RUNNING:
        return found.agreed
    if programme.stage in OVER:
        return found.confirmed + (found.waiting + found.disputed if of == "offer" else 0)
    return 0


@dataclass(frozen=True)
class Aftermath:
    """What the withdrawal of a need or an offer leaves: programmes that stand, proposals that lapse, units still held."""

    stands: tuple[str, ...]
    lapses: tuple[str, ...]
    units: int


def after_withdrawal(touched: Iterable[tuple[str, Stage, int]]) -> Aftermath:
    """What stands when a need or an offer is withdrawn in the middle: what was agreed, until it is ended.

    Args:
        touched: (reference, stage, units that it holds of it) of each programme that follows from it.
    """
    found = list(touched)
    return Aftermath(
        stands=tuple(reference for reference, stage, _units in found if stage is Stage.RUNNING),
        lapses=tuple(reference for reference, stage, _units in found if stage in {Stage.NEW, Stage.PROPOSED}),
        units=sum(units for _reference, _stage, units in found),
    )


@dataclass(frozen=True)
class Outcome:
    """What is counted of a programme that is over.

    Args:
        programme: its reference.
        giving: ISO code.
        receiving: ISO code.
        unit: what is counted.
        agreed: units agreed.
        confirmed: units that the receiving State has confirmed; nothing else counts as given.
        ended_by: who ended it early; empty: it was completed.
        first: its first day, as agreed last.
        over: the moment of the word that ended it.
        marks: each side's mark, 1 to 5, by ISO code.
        results: the receiving State's words on what came of it.
    """

    programme: str
    giving: str
    receiving: str
    unit: Unit
    agreed: int
    confirmed: int
    ended_by: str
    first: date
    over: datetime
    marks: tuple[tuple[str, int], ...]
    results: str


def outcome(programme: Programme) -> Outcome:
    """The outcome of `programme`. Raises NotPossible: it is not over."""
    if programme.stage not in OVER or programme.terms is None:
        raise NotPossible("The programme is not over.", code="programme.stage", where=programme.reference)
    found = standing(programme)
    end = next(word for word in programme.words if word.say in {Say.COMPLETED, Say.ENDED})
    marks = {word.by: word.mark for word in programme.words if word.mark is not None}
    return Outcome(
        programme=programme.reference,
        giving=programme.giving,
        receiving=programme.receiving,
        unit=programme.terms.unit,
        agreed=found.agreed,
        confirmed=found.confirmed,
        ended_by=end.by if end.say is Say.ENDED else "",
        first=programme.terms.starts,
        over=end.at,
        marks=tuple(sorted(marks.items())),
        results=end.text,
    )
