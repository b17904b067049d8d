"""Why a need and an offer were matched or not, in codes and numbers, for one reader. Every pair has its reason.

A pair that is not matched is either impossible (each obstacle is named) or possible and not taken. Then what took its
place is named: the offer that meets the need, the matches that fill the offer, or both; and what the pair could at most have
brought: no assignment with it scores more than `Reason.at_most`, which is proven by arithmetic (`_prices.Prices`). If that
is still above the plan's score, prices alone leave it open.

The reader sees what was released to him: another need or offer in the explanation is named only if it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from comity.assistance.conditions import Obstacle, obstacles
from comity.assistance.match import Board, Match, Plan
from comity.assistance.needs import Need, Offer, seen
from comity.errors import Invalid, NotYours


class Why(StrEnum):
    """What became of a pair."""

    AGREED = "pair.agreed"  # the two have agreed already; no run moves that
    MATCHED = "pair.matched"
    MET = "pair.met"  # nothing is open: the need is met by what is agreed
    IMPOSSIBLE = "pair.impossible"
    NO_ROOM = "pair.no-room"  # what is agreed leaves too few units
    ELSEWHERE = "pair.elsewhere"  # the need is met by another offer
    FULL = "pair.full"  # the offer is used for others
    BOTH = "pair.elsewhere-and-full"


@dataclass(frozen=True)
class Use:
    """What took a place. The references are empty where the reader may not see them.

    Args:
        need: reference of the need.
        offer: reference of the offer.
        units: units used.
        points: points brought; 0 for what is agreed.
        first: whether it is its State's first programme.
    """

    need: str
    offer: str
    units: int
    points: int
    first: bool


@dataclass(frozen=True)
class Reason:
    """Why.

    Args:
        why: what became of the pair.
        units: units of the need still open.
        room: units of the offer that neither agreements nor matches use.
        points: what the pair is worth by itself; 0 if impossible.
        obstacles: each thing in the way, where it is impossible.
        elsewhere: the match that meets the need instead.
        instead: what uses the offer instead, best first.
        score: the plan's sum of points.
        at_most: no assignment that has this pair, and reaches as many States, scores more.
        settled: whether `at_most` proves that the pair would bring nothing more.
    """

    why: Why
    units: int
    room: int
    points: int = 0
    obstacles: tuple[Obstacle, ...] = ()
    elsewhere: Use | None = None
    instead: tuple[Use, ...] = ()
    score: int = 0
    at_most: int = 0
    settled: bool = True


def explain(plan: Plan, need: str, offer: str, *, reader: str) -> Reason:
    """Why `need` and `offer` were matched or not.

    Args:
        plan: what `match` found.
        need: reference.
        offer: reference.
        reader: ISO code of the State that the reason is for.

    Raises:
        Invalid: they are not on the board.
        NotYours: one of them was not released to the reader.
    """
    wanted, given = _named(plan.board, need, offer, reader)
    taken = plan.of_offer.get(offer, ())
    found = Reason(
        why=Why.IMPOSSIBLE,
        units=plan.board.left[need],
        room=plan.board.room[offer] - sum(each.units for each in taken),
        score=plan.best.score,
    )
    mine = plan.of_need.get(need)
    here = mine is not None and mine.offer == offer
    if not here and any((each.need, each.offer) == (need, offer) for each in plan.board.agreed):
        return replace(found, why=Why.AGREED)
    barred = obstacles(wanted, given, on=plan.board.on, units=found.units)
    if barred:
        return replace(found, obstacles=barred)
    if not found.units:
        return replace(found, why=Why.MET)
    if found.units > plan.board.room[offer]:
        return replace(found, why=Why.NO_ROOM, instead=_agreed(plan.board, offer, reader))
    return _possible(plan, found, need, offer, reader)


def _possible(plan: Plan, found: Reason, need: str, offer: str, reader: str) -> Reason:
    """The reason of a pair that the solver had before it."""
    pair = plan.pairs[need, offer]
    mine = plan.of_need.get(need)
    at_most = min(plan.prices.at_most(pair), plan.ceiling)
    found = replace(found, points=pair.points, at_most=at_most, settled=at_most <= plan.best.score)
    if mine is not None and mine.offer == offer:
        return replace(found, why=Why.MATCHED)
    full = found.units > found.room
    instead = sorted(plan.of_offer.get(offer, ()), key=lambda each: (-each.points, each.need)) if full else []
    return replace(
        found,
        why=Why.BOTH if mine and full else Why.ELSEWHERE if mine else Why.FULL,
        elsewhere=_use(plan.board, mine, reader) if mine else None,
        instead=tuple(_use(plan.board, each, reader) for each in instead),
    )


def _named(board: Board, need: str, offer: str, reader: str) -> tuple[Need, Offer]:
    wanted, given = board.need.get(need), board.offer.get(offer)
    if wanted is None or given is None:
        raise Invalid("This is not on the board.", code="match.unknown", where=need if wanted is None else offer)
    if not seen(wanted, by=reader) or not seen(given, by=reader):
        raise NotYours("This was not released to the reader.", code="match.unreleased")
    return wanted, given


def _use(board: Board, taken: Match, reader: str) -> Use:
    return Use(
        need=taken.need if seen(board.need[taken.need], by=reader) else "",
        offer=taken.offer if seen(board.offer[taken.offer], by=reader) else "",
        units=taken.units,
        points=taken.points,
        first=taken.first,
    )


def _agreed(board: Board, offer: str, reader: str) -> tuple[Use, ...]:
    """What is agreed on `offer`; what is no longer on the board is named to the two who agreed on it only."""
    found = []
    for each in board.agreed:
        if each.offer == offer:
            need = board.need.get(each.need)
            party = reader in {each.need[:2], each.offer[:2]}
            shown = party or (need is not None and seen(need, by=reader))
            found.append(Use(each.need if shown else "", offer, each.units, 0, first=False))
    return tuple(found)
