"""What stands of a programme, what it holds of a need and an offer, and what was counted when it was over. Article 56."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from comity.assistance.needs import NEED
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
        conditions: conditions that go on binding, because something was given under them.
        lapsed: a proposal that nobody had answered when the programme was over.
    """

    agreed: int
    confirmed: int
    waiting: int
    disputed: int
    undone: int
    disputes: tuple[str, ...]
    conditions: tuple[Condition, ...]
    lapsed: Terms | None


def standing(programme: Programme) -> Standing:
    """What stands of `programme` now."""
    agreed = programme.terms.units if programme.terms else 0
    said = dict(programme.reached)
    confirmed = sum(word.units or 0 for word in said.values() if word.say is Say.CONFIRMED)
    waiting = sum(word.units or 0 for word in said.values() if word.say is Say.DELIVERED)
    disputes = tuple(name for name, word in said.items() if word.say is Say.DISPUTED)
    disputed = sum(_said_delivered(programme, name) for name in disputes)
    over = programme.stage in OVER
    return Standing(
        agreed=agreed,
        confirmed=confirmed,
        waiting=waiting,
        disputed=disputed,
        undone=agreed - confirmed - waiting - disputed,
        disputes=disputes,
        conditions=programme.terms.conditions if programme.terms and said else (),
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


def after_withdrawal(reference: str, programmes: Iterable[Programme]) -> Aftermath:
    """What stands when the need or offer `reference` is withdrawn in the middle: what was agreed, until it is ended."""
    touched = [each for each in programmes if reference in {each.need, each.offer}]
    of: Literal["need", "offer"] = "need" if NEED.fullmatch(reference) else "offer"
    return Aftermath(
        stands=tuple(each.reference for each in touched if each.stage is Stage.RUNNING),
        lapses=tuple(each.reference for each in touched if each.stage in {Stage.NEW, Stage.PROPOSED}),
        units=sum(held(each, of=of) for each in touched),
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
