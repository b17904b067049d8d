"""The assignment in whole numbers, and what prices prove of it.

Any prices that are not negative give a ceiling on the score of every assignment (weak duality), whoever found them:
`Prices.ceiling` is plain arithmetic and trusts no solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from comity.errors import NotPossible

GRAIN = 1_000  # prices are whole thousandths of a point


class Pair(NamedTuple):
    """A possible pair, by the places of its need, its offer and its State (-1: reached already) in their lists."""

    need: int
    offer: int
    state: int
    units: int
    points: int


@dataclass(frozen=True)
class Problem:
    """All pairs, the room of each offer in units, and how many needs and States there are."""

    pairs: tuple[Pair, ...]
    room: tuple[int, ...]
    needs: int
    states: int


@dataclass(frozen=True)
class Prices:
    """What one more of each would be worth, in thousandths of a point.

    Args:
        need: of each need, of being met.
        unit: of each offer, of one more unit.
        state: of each State, of its being reached.
        floor: of asking for one reached State less.
        reach: how many States must be reached.
        total: no assignment that reaches so many States scores more; thousandths of a point.
    """

    need: tuple[int, ...]
    unit: tuple[int, ...]
    state: tuple[int, ...]
    floor: int
    reach: int
    total: int

    @property
    def ceiling(self) -> int:
        """`total` in points, which are whole."""
        return self.total // GRAIN

    def at_most(self, pair: Pair) -> int:
        """No assignment that has `pair`, and reaches so many States, scores more; in points."""
        slack = self.need[pair.need] - _worth(pair, self.unit, self.state)
        return (self.total - slack) // GRAIN


def _worth(pair: Pair, unit: Sequence[int], state: Sequence[int]) -> int:
    bonus = state[pair.state] if pair.state >= 0 else 0
    return GRAIN * pair.points + bonus - pair.units * unit[pair.offer]


def proved(problem: Problem, unit: Sequence[int], state: Sequence[int], floor: int, reach: int) -> Prices:
    """The ceiling that these prices prove, whatever they are, as long as none is negative.

    For an assignment that keeps to every limit, its score is at most the sum of: what its pairs are worth above the units
    they use, the units at their price, and what reaching States is worth above the floor. Each need has at most one pair,
    so each is counted at its best one.
    """
    if min((floor, *unit, *state), default=0) < 0:
        raise NotPossible("A price is never negative.", code="match.price")
    need = [0] * problem.needs
    for pair in problem.pairs:
        need[pair.need] = max(need[pair.need], _worth(pair, unit, state))
    total = sum(need) + sum(price * room for price, room in zip(unit, problem.room, strict=True))
    total += sum(max(0, floor - price) for price in state) - floor * reach
    return Prices(tuple(need), tuple(unit), tuple(state), floor, reach, total)
