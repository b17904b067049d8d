"""Which tables the public gets, and what everybody knows to hold between their figures.

A table breaks one event of one direction down by some axes; nature and time always stand in it. Its figures are those of the
finest codes and of all that these are part of, up to the total. Figures of nothing are not written: what a release covers
and does not list is zero.

**A case is told of by one State alone, the one that was asked.** Otherwise one State would tell what the other hides: what
all send is what all receive, for every measure and every year. The State that asked only lists how many requests it made
to whom in a year (`listed`); the other lists the same, so that this tells nothing new. All that is published of a case
therefore stands in one State's releases, and what cannot be worked out from these cannot be worked out from those of all
States together. Left out for the same reason are

* cases open at a day: the balance of what was sent and what ended gives them, and would give these in return;
* events by State, other than that list;
* test calls: the node publishes them apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

from comity.errors import Invalid
from comity.reporting.axes import (
    APPLIES,
    AXES,
    DIRECTION,
    EVENT,
    MADE,
    NATURE,
    NONE,
    OUTCOME,
    PARTNER,
    PERIOD,
    RECEIVED,
    REFUSED,
    SPEED,
    SUBJECT,
    TOTAL,
    URGENCY,
    Event,
    Key,
    is_leaf,
    lineage,
    parent,
    years,
)
from comity.reporting.tally import Fact

THRESHOLD: Final = 5  # figures below it are not told; the same as for test calls
LEAST_THRESHOLD: Final = 3  # with less, nothing is hidden: of two possible values, one would be left
MOST: Final = 1_000_000  # no figure is more; an attack that leaves this much leaves it open


@dataclass(frozen=True)
class Table:
    """One table.

    Args:
        event: what is counted.
        by: the axes that it is broken down by, of those that the event has; never by State.
        yearly: whether it has whole years only, which fine breakdowns need to tell anything at all.
        direction: of what was `RECEIVED`, unless a State chooses otherwise: tables of what it `MADE` are safe by themselves,
            and no longer so beside those of the States that it asked.
    """

    event: Event
    by: frozenset[int]
    yearly: bool = False
    direction: str = RECEIVED

    def __post_init__(self) -> None:
        """Raise Invalid: the event has no such axis, or the table would be by State."""
        if not self.by <= APPLIES[self.event] - {PARTNER} or self.direction not in (MADE, RECEIVED):
            raise Invalid("A table is not broken down by this.", code="figures.table", where=str(self.event))


PLAN: Final = (
    Table(Event.REQUESTED, frozenset({URGENCY})),
    Table(Event.REQUESTED, frozenset({SPEED})),
    Table(Event.REQUESTED, frozenset({SUBJECT}), yearly=True),
    Table(Event.RETURNED, frozenset({OUTCOME}), yearly=True),
    Table(Event.ANSWERED, frozenset({SPEED})),
    Table(Event.ANSWERED, frozenset({SUBJECT, OUTCOME}), yearly=True),
    Table(Event.GIVEN, frozenset({SPEED})),
    Table(Event.GIVEN, frozenset({SUBJECT}), yearly=True),
    Table(Event.ENDED, frozenset({OUTCOME}), yearly=True),
    Table(Event.BEGUN, frozenset({SUBJECT}), yearly=True),
    Table(Event.CONCLUDED, frozenset({OUTCOME}), yearly=True),
)
"""The tables of a release."""


@dataclass(frozen=True)
class Figures:
    """Counted figures, exact. Not for the public.

    Args:
        counts: key -> how many; none is zero.
        shares: key -> State -> how many of them are with that State.
    """

    counts: Mapping[Key, int]
    shares: Mapping[Key, Mapping[str, int]]


def figures(facts: Iterable[Fact], tables: Collection[Table], *, through: str) -> Figures:
    """The figures of `tables` up to and with the quarter `through`; of a year once it is complete."""
    shares: dict[Key, Counter[str]] = defaultdict(Counter)
    for fact in facts:
        if fact.period <= through:
            for key in keys_of(fact, tables, through=through):
                shares[key][fact.partner] += 1
    return Figures({key: sum(those.values()) for key, those in shares.items()}, shares)


def keys_of(fact: Fact, tables: Iterable[Table], *, through: str) -> set[Key]:
    """The keys of all figures of `tables` that count this fact."""
    found: set[Key] = set()
    for table in tables:
        if (table.event, table.direction) == (fact.event, fact.direction):
            found.update(product(*(_codes(fact, axis, table, through) for axis in range(len(AXES)))))
    return found


def _codes(fact: Fact, axis: int, table: Table, through: str) -> tuple[str, ...]:
    code = fact.key[axis]
    if axis == PERIOD:
        over = (code[:4],) if code[:4] <= years(through) else ()
        return over if table.yearly else (code, *over)
    if axis in (NATURE, EVENT, DIRECTION):
        return (code,)
    if axis not in APPLIES[fact.event]:
        return (NONE,)
    return lineage(str(fact.event), axis, code) if axis in table.by else (TOTAL,)


def listed(facts: Iterable[Fact], *, through: str, threshold: int) -> dict[Key, int]:
    """How many requests there were with each State in a year, where that many may be told: by nature and direction.

    A State that is not listed stands for 0 to `threshold` - 1 requests, and zero is not told from few. Both States hold the
    same acts, so that by the same threshold both list the same. Quarters are not listed: with them, a year could give one
    of them away.
    """
    found = Counter(
        (*fact.key[:SUBJECT], TOTAL, fact.partner, TOTAL, NONE, TOTAL, fact.period[:4])
        for fact in facts
        if fact.event is Event.REQUESTED and fact.period[:4] <= years(through)
    )
    return {key: count for key, count in found.items() if count >= threshold}


def is_listed(key: Key) -> bool:
    """Whether a figure is one of `listed`."""
    return key[PARTNER] not in (TOTAL, NONE)


def covers(key: Key, tables: Iterable[Table], *, through: str) -> bool:
    """Whether these tables have a figure of this key, be it zero."""
    period = key[PERIOD]
    if period > through if "-" in period else period > years(through):
        return False
    down = {axis for axis in APPLIES[Event(key[EVENT])] if key[axis] != TOTAL}
    kind = (key[EVENT], key[DIRECTION])
    fitting = (table for table in tables if (table.event, table.direction) == kind and down <= table.by)
    return any(not table.yearly or "-" not in period for table in fitting)


# ------------------------------------------------------------------------------------------ what holds between figures

Terms = tuple[tuple[Key, int], ...]  # figures, each with what it is multiplied by


@dataclass(frozen=True)
class Relations:
    """What everybody knows to hold.

    Args:
        sums: these come to 0.
        bounds: these come to 0 or less.
    """

    sums: tuple[Terms, ...]
    bounds: tuple[Terms, ...]


def relations(keys: Collection[Key]) -> Relations:
    """What everybody knows to hold between these figures, all others being zero.

    A whole is the sum of its parts, on every axis. Up to the end of any quarter, no more requests of a measure are answered
    than were sent, no more are given than accepted, no more ended than sent and not refused, and those with the States that
    are listed are no more than all.
    """
    known = set(keys)
    parts: dict[tuple[int, Key], list[Key]] = defaultdict(list)
    for key in sorted(known):
        for axis in range(len(AXES)):
            above = None if is_listed(key) else parent(key[EVENT], axis, key[axis])
            if above is not None and (whole := (*key[:axis], above, *key[axis + 1 :])) in known:
                parts[axis, whole].append(key)
    sums = tuple(((whole, -1), *((part, 1) for part in those)) for (_, whole), those in parts.items())
    return Relations(sums, tuple(_bounds(known)))


def _bounds(known: set[Key]) -> Iterator[Terms]:
    lists: dict[Key, list[Key]] = defaultdict(list)
    for key in known:
        if is_listed(key):
            lists[(*key[:PARTNER], TOTAL, *key[PARTNER + 1 :])].append(key)
    for whole, those in sorted(lists.items()):
        if whole in known:
            yield (*((key, 1) for key in sorted(those)), (whole, -1))
    leaves = {key[:PARTNER] for key in known if is_leaf(key[EVENT], SUBJECT, key[SUBJECT]) or key[SUBJECT] == TOTAL}
    stems = {(nature, direction, subject) for nature, _, direction, subject in leaves}
    periods = sorted({key[PERIOD] for key in known})
    for stem in sorted(stems):
        for less, more in _ORDER:
            yield from _cumulative(known, stem, [period for period in periods if "-" in period], less, more)
            yield from _cumulative(known, stem, [period for period in periods if "-" not in period], less, more)


_ORDER: Final = (
    (((Event.ANSWERED, TOTAL),), ((Event.REQUESTED, NONE),)),
    (((Event.GIVEN, TOTAL), (Event.ANSWERED, REFUSED)), ((Event.ANSWERED, TOTAL),)),
    (((Event.ENDED, TOTAL), (Event.ANSWERED, REFUSED)), ((Event.REQUESTED, NONE),)),
)


def _cumulative(
    known: set[Key],
    stem: tuple[str, str, str],
    periods: list[str],
    less: tuple[tuple[Event, str], ...],
    more: tuple[tuple[Event, str], ...],
) -> Iterator[Terms]:
    """For each period in which the lesser grow: that up to its end they are no more than the greater."""
    nature, direction, subject = stem
    terms: list[tuple[Key, int]] = []
    for period in periods:
        grown = False
        for events, sign in ((less, 1), (more, -1)):
            for event, outcome in events:
                key = (nature, str(event), direction, subject, TOTAL, TOTAL, outcome, TOTAL, period)
                if key in known:
                    terms.append((key, sign))
                    grown = grown or sign > 0
        if grown:
            yield tuple(terms)


def ring(tables: Collection[Table]) -> bool:
    """Whether these tables are linked in a ring.

    Where they are not, whatever fits each of them and what they share fits one table of all cases behind them (a
    decomposable set has a joint table), so that nothing more can be worked out than `relations` say. In a ring it can.
    """
    edges = [
        {_vertex(table, axis) for axis in (*table.by, _YEAR, *(() if table.yearly else (PERIOD,)))} for table in tables
    ]
    while True:
        count = Counter(vertex for edge in edges for vertex in edge)
        smaller = [{vertex for vertex in edge if count[vertex] > 1} for edge in edges]
        kept = [
            edge for number, edge in enumerate(smaller)
            if edge and not any(edge < other or (edge == other and place < number)
                                for place, other in enumerate(smaller) if place != number)
        ]  # fmt: skip
        if kept == edges:
            return bool(kept)
        edges = kept


_YEAR: Final = len(AXES)  # the axis of years, for tables that have nothing finer


def _vertex(table: Table, axis: int) -> tuple[str, str, int]:
    """An axis as all tables of a direction share it; what an act says of itself, each event has for itself."""
    return table.direction, "" if axis in (SUBJECT, URGENCY) else str(table.event), axis
