"""Small figures hidden, and as many others as it takes that none can be worked out.

A figure is *sensitive* if it is below the threshold and not zero, or if what is left of it without one State's share, or
without the shares of all States that have many, is: that State knows its own. Sensitive figures are hidden. Then, for each
of them in turn, a second set of figures is sought that agrees with everything that is published, keeps every relation
(`tables.Relations`) and every State's own share, and in which the figure differs by `threshold` - 1. A linear program finds
the set that costs least to make possible, and the figures that it changes are hidden too. This second set *is* the proof:
whoever sees the publication cannot tell it from the truth. It is checked in whole numbers, without rounding.

Earlier releases count as known. A figure that was told and still holds stays told, and can hide nothing; one that was
hidden stays hidden for good; one that changed by less than the threshold is hidden, so that a correction tells of no case.

Given up:

* zeros are told, and a hidden figure is therefore known to be one at least (unless it was hidden before);
* whole quarters and years may be hidden where there is little to hide among;
* States that put together what each knows of its own are not guarded against;
* in a world of three or four nodes, "a State that is not listed has few" leaves an end that is not reckoned with here;
* who knows the method may rule out some sets that it would not have led to; what is proved is that they fit the figures.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.errors import Invalid, NotPossible
from comity.reporting._program import Program
from comity.reporting.axes import Key
from comity.reporting.tables import LEAST_THRESHOLD, MOST, THRESHOLD, Figures, Relations, Terms

_EVERY: Final = 8  # figures covered one by one between two looks at all of them
Told = Mapping[Key, int | None]  # a publication: None is hidden; what it does not have is zero, or not of its time


@dataclass(frozen=True)
class Pattern:
    """What is hidden.

    Args:
        hidden: keys of all figures that are not told.
        reach: the least, over the sensitive figures, by which another value is possible.
    """

    hidden: frozenset[Key]
    reach: int


def is_sensitive(count: int, shares: Mapping[str, int], threshold: int) -> bool:
    """Whether a figure tells of few.

    As it stands, for a State that takes away its own, or without all that have many; and also if all that have few have the
    most that is few, because then each of them does.
    """
    few = [share for share in shares.values() if share < threshold]
    return (
        0 < count < threshold
        or 0 < sum(few) < threshold
        or (bool(few) and min(few) == threshold - 1)
        or any(0 < count - own < threshold for own in shares.values())
    )


def protect(
    found: Figures,
    relations: Relations,
    *,
    threshold: int = THRESHOLD,
    fixed: Collection[Key] = (),
    earlier: Sequence[Told] = (),
) -> Pattern:
    """What to hide of these figures.

    Args:
        found: the figures; those of keys that an earlier release hid may be zero.
        relations: what everybody knows of them.
        threshold: figures below it are sensitive.
        fixed: keys of figures that are told in any case, and may hide nothing.
        earlier: what was published before, oldest first.

    Raises:
        Invalid: `figures.threshold`: it is below `LEAST_THRESHOLD`.
        NotPossible: `figures.exposed`: what was told before leaves nothing that could hide this figure.
    """
    if threshold < LEAST_THRESHOLD:
        raise Invalid(f"A threshold is {LEAST_THRESHOLD} at least.", code="figures.threshold")
    before = _before(earlier)
    counts = {**dict.fromkeys(before, 0), **found.counts}
    told = {*fixed} | {key for key, value in before.items() if value is not None and counts.get(key) == value}
    sensitive = {
        key for key, count in counts.items()
        if key not in told and (
            is_sensitive(count, found.shares.get(key, {}), threshold)
            or (key in before and (before[key] is None or abs(count - (before[key] or 0)) < threshold))
        )
    }  # fmt: skip
    search = _Search(counts, found.shares, relations, told)
    search.hide(sensitive)
    reach = threshold - 1
    for number, key in enumerate(sorted(sensitive, key=lambda key: (counts[key], key))):
        if number % _EVERY == 0:
            search.spread(sensitive, threshold - 1, number // _EVERY % (len(counts).bit_length() + 1))
        reach = min(reach, search.cover(key, threshold - 1))
    return Pattern(frozenset(search.hidden), reach)


def _before(earlier: Sequence[Told]) -> dict[Key, int | None]:
    """Key -> what was told of it last, or None if it was hidden at any time."""
    found: dict[Key, int | None] = {}
    for told in earlier:
        for key, value in told.items():
            found[key] = None if found.get(key, value) is None else value
    return found


class _Search:
    """The search for other figures that agree with what is published: the truth, and what each goes up and down by.

    Column n of the program is by how much the figure of ``keys[n]`` goes up, column ``size + n`` by how much it goes down.
    """

    def __init__(
        self,
        counts: Mapping[Key, int],
        shares: Mapping[Key, Mapping[str, int]],
        relations: Relations,
        told: Collection[Key],
    ) -> None:
        self.counts, self.shares = counts, shares
        self.keys = sorted(counts)
        self.size = len(self.keys)
        self.place = {key: number for number, key in enumerate(self.keys)}
        self.hidden: set[Key] = set()
        down = np.array([self._most_down(key) for key in self.keys], dtype=np.float64)
        self.most = np.concatenate([np.full(self.size, math.inf), down])
        self.price = np.tile([1.0 + counts[key] for key in self.keys], 2)
        shut = [self.place[key] for key in told]
        self.most[shut] = self.most[[self.size + place for place in shut]] = 0
        self.highest, self.lowest = np.zeros(self.size, dtype=np.int64), np.zeros(self.size, dtype=np.int64)
        bounds = [terms for terms in relations.bounds if self._slack(terms) >= 0]
        self.program = Program(
            2 * self.size, [self._row(terms) for terms in relations.sums], [0] * len(relations.sums),
            [self._row(terms) for terms in bounds], [self._slack(terms) for terms in bounds],
        )  # fmt: skip

    def _most_down(self, key: Key) -> int:
        """By how much a figure could be lower: each State's own share stays, and one stays where there is something."""
        count = self.counts[key]
        return count - max(min(count, 1), max(self.shares.get(key, {}).values(), default=0))

    def _slack(self, terms: Terms) -> int:
        """By how much a bound is kept, seen by the State for which that is least."""
        own: Counter[str] = Counter()
        for key, factor in terms:
            for state, share in self.shares.get(key, {}).items():
                own[state] += factor * share
        slack = -sum(factor * self.counts[key] for key, factor in terms)
        return min((slack + share for share in own.values() if 0 <= slack + share < slack), default=slack)

    def _row(self, terms: Terms) -> dict[int, int]:
        ups = {self.place[key]: factor for key, factor in terms}
        return ups | {self.size + place: -factor for place, factor in ups.items()}

    def hide(self, keys: Collection[Key]) -> None:
        """Hide these: that they move costs next to nothing from now on."""
        self.hidden |= {*keys}
        places = [self.place[key] for key in keys]
        self.price[places] = self.price[[self.size + place for place in places]] = 0.001

    def range(self, key: Key) -> int:
        """By how much this figure is known to differ between sets that agree with what is published."""
        place = self.place[key]
        return int(self.highest[place] - self.lowest[place])

    def spread(self, keys: Collection[Key], reach: int, turn: int) -> None:
        """Find a set in which many of these differ at once, as far as that takes no more hiding.

        Each turn pulls other halves of them up and down. `cover` would do alone, one by one.
        """
        high, cost = np.zeros(2 * self.size), np.zeros(2 * self.size)
        for key in keys:
            place = self.place[key]
            high[[place, self.size + place]] = np.minimum(reach, self.most[[place, self.size + place]])
            if self.range(key) < reach:
                cost[place] = 1.0 if (place << 1) >> turn & 1 else -1.0
                cost[self.size + place] = -cost[place]
        for place in (self.place[key] for key in self.hidden - {*keys}):
            high[[place, self.size + place]] = self.most[[place, self.size + place]]
        if cost.any():
            self.program.limits(np.zeros(2 * self.size), high)
            self._note(self.program.least_whole(cost))

    def cover(self, key: Key, reach: int) -> int:
        """Hide what it takes that this figure could differ by `reach`, or by as much as is possible; return that.

        Raises NotPossible: it could not differ at all.
        """
        place = self.place[key]
        for column, ends in ((place, self.highest), (self.size + place, self.lowest)):
            least = abs(int(ends[place]))
            for amount in range(reach - self.range(key) + least, least, -1):
                if self._note(self._moved(column, amount)):
                    break
        if not self.range(key):
            message = "What was published before leaves nothing that could hide this figure."
            raise NotPossible(message, code="figures.exposed", where="/".join(key))
        return min(self.range(key), reach)

    def _moved(self, column: int, amount: int) -> NDArray[np.int64] | None:
        """The cheapest way in which this column is at `amount`; None if there is none."""
        if self.most[column] < amount:
            return None
        low, high = np.zeros(2 * self.size), self.most.copy()
        low[column] = high[column] = amount
        high[(column + self.size) % (2 * self.size)] = 0
        self.program.limits(low, high)
        return self.program.least_whole(self.price)

    def _note(self, found: NDArray[np.int64] | None) -> bool:
        """Remember another set of figures, and hide what differs in it. Returns whether there is one."""
        if found is None:
            return False
        moves = found[: self.size] - found[self.size :]
        self.hide([self.keys[place] for place in np.flatnonzero(moves)])
        self.highest, self.lowest = np.maximum(self.highest, moves), np.minimum(self.lowest, moves)
        return True


# ------------------------------------------------------------------------------------------------------- the attack


def recovered(told: Told, relations: Relations, *, zero: Collection[Key] = ()) -> tuple[Key, ...]:
    """The keys of hidden figures of which one value only is left, for anybody who reads what is told.

    Each set of figures that the linear program finds for one of them shows another value of many others too, which is why
    this takes far less time than the range of each would.

    Args:
        told: everything that is published.
        relations: what everybody knows of these figures.
        zero: keys of figures that may be zero though they are hidden, because they were published before.

    Raises:
        Invalid: `figures.inconsistent`: no figures at all agree with what is told; some were altered.
    """
    hidden, program = _attack(told, relations, zero)
    low, high = [math.inf] * len(hidden), [-math.inf] * len(hidden)
    found = []
    for number, key in enumerate(hidden):
        for sign in (1, -1):
            if _whole(low[number], 1) < _whole(high[number], -1):
                break
            for place, value in enumerate(_extreme(program, number, len(hidden), sign)):
                low[place], high[place] = min(low[place], value), max(high[place], value)
        if _whole(low[number], 1) >= _whole(high[number], -1):
            found.append(key)
    return tuple(found)


def _attack(told: Told, relations: Relations, zero: Collection[Key]) -> tuple[list[Key], Program]:
    """The hidden figures, and the program over them. Raises Invalid: what is told contradicts itself without them."""
    hidden = sorted(key for key, value in told.items() if value is None)
    place = {key: number for number, key in enumerate(hidden)}

    def split(terms: Terms) -> tuple[dict[int, int], int]:
        row = {place[key]: factor for key, factor in terms if key in place}
        return row, -sum(factor * (told[key] or 0) for key, factor in terms)

    sums, bounds = [split(terms) for terms in relations.sums], [split(terms) for terms in relations.bounds]
    if any(rest for row, rest in sums if not row) or any(rest < 0 for row, rest in bounds if not row):
        raise Invalid(_CONTRADICTION, code="figures.inconsistent")
    sums, bounds = [one for one in sums if one[0]], [one for one in bounds if one[0]]
    program = Program(len(hidden), [row for row, _ in sums], [rest for _, rest in sums], [row for row, _ in bounds],
                      [rest for _, rest in bounds])  # fmt: skip
    program.limits([0 if key in zero else 1 for key in hidden], [MOST] * len(hidden))
    return hidden, program


_CONTRADICTION: Final = "These figures contradict each other: some were altered."


def _extreme(program: Program, number: int, columns: int, sign: int) -> NDArray[np.float64]:
    """Figures that agree, with this one at its least (sign 1) or its most (sign -1)."""
    cost = [0.0] * columns
    cost[number] = sign
    if (found := program.least(cost)) is None:
        raise Invalid(_CONTRADICTION, code="figures.inconsistent")
    return found


def _whole(end: float, sign: int) -> int:
    """The whole number at this end of a range, seen from within."""
    if math.isinf(end):
        return MOST * sign
    return math.ceil(end - 1e-6) if sign > 0 else math.floor(end + 1e-6)
