"""What one State says of its cases with another, against what the other says of the same.

Each State draws up a `Statement` for the other alone: how many requests, answers, returns there were between the two, and
under each figure the ids of the acts that make it. An act's id is the digest of a signed statement with a random salt in
it: both sides hold the acts, so the ids tell neither of them anything new, and nobody else anything at all. Nothing of a
case with a third State goes into it. What goes over the line is `to_dict`, signed by the caller.

`compare` explains each difference by the acts concerned. What the clocks of two nodes can do stays within `SKEW`; what can
be on its way within `TRANSIT`; everything else is for people, and at one of the two a figure is wrong or an act is missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from comity.casework.act import SKEW
from comity.casework.moments import moment_text, strict_moment
from comity.casework.request import REFERENCE, STATE
from comity.errors import Invalid
from comity.reporting.axes import (
    EXERCISE,
    MADE,
    NONE,
    OF_CASES,
    REAL,
    RECEIVED,
    SUBJECT,
    TOTAL,
    Event,
    Key,
    check_key,
    check_quarter,
    edges,
)
from comity.reporting.release import Release
from comity.reporting.tables import is_listed
from comity.reporting.tally import Fact

VERSION: Final = "comity/v1/figures-between"
TRANSIT: Final = timedelta(days=7)  # how long an act may be on its way: a courier tries again for days
ENTRIES: Final = 100_000  # the most acts in one statement
_DIGEST = re.compile(r"[0-9a-f]{64}")

Cell = tuple[str, str, str, str, str]
"""Nature, event, State that asked, measure, quarter: the same words at both sides."""


@dataclass(frozen=True, order=True)
class Entry:
    """One act that a figure counts.

    Args:
        cell: the figure.
        at: when its author said it, as RFC 3339 in UTC.
        act: its id.
        case: the reference of its case.
    """

    cell: Cell
    at: str
    act: str
    case: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What `by` counts of its cases with `to`.

    Args:
        by: the State that says it.
        to: the State that it is said to.
        since: the first quarter.
        through: the last.
        drawn: when it was drawn up, by the clock of `by`.
        counts: figure -> how many; none is zero.
        entries: the acts that these figures count, in order.
    """

    by: str
    to: str
    since: str
    through: str
    drawn: datetime
    counts: Mapping[Cell, int]
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        """Raise Invalid: something cannot be meant. Whether counts and acts agree is for `compare`."""
        if not (STATE.fullmatch(self.by) and STATE.fullmatch(self.to)) or self.by == self.to:
            raise Invalid("A statement is of one State to another.", code="between.form", where="to")
        if check_quarter(self.since) > check_quarter(self.through) or self.drawn < edges(self.through)[1]:
            raise Invalid("A quarter is counted once it is over.", code="figures.period", where="through")
        if len(self.entries) > ENTRIES or list(self.entries) != sorted(self.entries):
            raise Invalid("The acts stand in order, and there is an end to them.", code="between.form", where="acts")
        if len({(one.act, one.cell[1]) for one in self.entries}) != len(self.entries):
            raise Invalid("An act counts once for each event.", code="between.form", where="acts")
        for cell in {*self.counts, *(one.cell for one in self.entries)}:
            self._check_cell(cell)
        for one in self.entries:
            if not _DIGEST.fullmatch(one.act) or not REFERENCE.fullmatch(one.case):
                raise Invalid("An act is named by its digest and its case.", code="between.form", where="acts")
        if any(type(count) is not int or not 0 < count <= ENTRIES for count in self.counts.values()):
            raise Invalid("This figure is not plausible.", code="figures.value", where="counts")

    def _check_cell(self, cell: Cell) -> None:
        nature, event, asker, measure, period = cell
        fits = nature in (REAL, EXERCISE) and event in OF_CASES and asker in (self.by, self.to)
        if not fits or not self.since <= check_quarter(period) <= self.through:
            raise Invalid("This figure does not belong here.", code="between.form", where="/".join(cell))
        outcome = NONE if event == Event.REQUESTED else TOTAL
        check_key((nature, event, MADE, measure, TOTAL, TOTAL, outcome, TOTAL, period))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, in one order."""
        return {
            "comity": VERSION, "by": self.by, "to": self.to, "since": self.since, "through": self.through,
            "at": moment_text(self.drawn),
            "counts": [[*cell, count] for cell, count in sorted(self.counts.items())],
            "acts": [[*one.cell, one.at, one.act, one.case] for one in self.entries],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> Statement:
        """The statement in `raw`, exactly as `to_dict` writes it. Raises Invalid: anything else."""
        names = {"comity", "by", "to", "since", "through", "at", "counts", "acts"}
        if not isinstance(raw, dict) or set(raw) != names or raw["comity"] != VERSION:
            raise Invalid("This is no statement of this version.", code="between.form")
        if not all(isinstance(raw[name], str) for name in ("by", "to", "since", "through", "at")):
            raise Invalid("This field has the wrong type.", code="between.form")
        counts = {_cell(row): row[5] for row in _rows(raw["counts"], 6)}
        if sorted(counts) != list(counts) or len(counts) != len(raw["counts"]):
            raise Invalid("Each figure stands once, in order.", code="between.form", where="counts")
        entries = tuple(Entry(_cell(row), *map(_text, row[5:])) for row in _rows(raw["acts"], 8))
        try:
            for one in entries:
                strict_moment(one.at)
            drawn = strict_moment(raw["at"])
        except ValueError as error:
            raise Invalid("This is no time.", code="between.form", where="at") from error
        return cls(by=raw["by"], to=raw["to"], since=raw["since"], through=raw["through"], drawn=drawn, counts=counts,
                   entries=entries)  # fmt: skip


def _rows(raw: Any, width: int) -> list[list[Any]]:
    if (
        not isinstance(raw, list)
        or len(raw) > ENTRIES
        or not all(isinstance(row, list) and len(row) == width for row in raw)
    ):
        raise Invalid("A list of rows is needed, and not too long.", code="between.form")
    return raw


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise Invalid("This field has the wrong type.", code="between.form")
    return raw


def _cell(row: list[Any]) -> Cell:
    nature, event, asker, measure, period = map(_text, row[:5])
    return nature, event, asker, measure, period


def state(facts: Iterable[Fact], *, by: str, to: str, since: str, through: str, at: datetime) -> Statement:
    """What `by` counts of its cases with `to`, and of no others.

    Args:
        facts: of all cases, or of those with `to`: it makes no difference.
        by: this State.
        to: the other.
        since: the first quarter.
        through: the last; it must be over.
        at: now.
    """
    entries = tuple(sorted(
        Entry(_cell_of(fact, by), moment_text(fact.at), fact.act, fact.case)
        for fact in facts
        if fact.partner == to and fact.event in OF_CASES and since <= fact.period <= through
    ))  # fmt: skip
    counts = dict(Counter(one.cell for one in entries))
    return Statement(by=by, to=to, since=since, through=through, drawn=at, counts=counts, entries=entries)


def _cell_of(fact: Fact, by: str) -> Cell:
    asker = by if fact.direction == MADE else fact.partner
    return fact.nature, str(fact.event), asker, fact.subject, fact.period


class Why(StrEnum):
    """What explains a difference."""

    ON_THE_WAY = "on-the-way"  # one of the two had not got the act yet when it drew up its statement
    CLOCK = "clock"  # said within minutes of a quarter's edge, and counted on both sides of it
    MISSING = "missing"  # one of the two does not have, or does not count, an act that the other does
    PERIOD = "period"  # the same act in different quarters, far from the edge
    KIND = "kind"  # the same act as a different event, measure or asker
    FIGURE = "figure"  # a figure is not the number of the acts under it
    PUBLISHED = "published"  # a published figure is not the one of the statement
    RETRACTED = (
        "retracted"  # a State says two things of the same quarters: an act that it counted is gone, or counted anew
    )


EXPLAINED: Final = frozenset({Why.ON_THE_WAY, Why.CLOCK})
"""What needs nobody to look at it: it is gone in the next statements."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference, for both States.

    Args:
        why: what explains it.
        cell: the figure, as the State `lacks` does not have it; of `FIGURE` and `PUBLISHED` as it is stated.
        at_fault: the State whose statement is short of the act, or holds the wrong figure; empty where that cannot be told.
        acts: the ids of the acts concerned.
        ours: our figure; of `RETRACTED` the earlier one.
        theirs: theirs; of `RETRACTED` the later one.
        case: the reference of the case, where one act is concerned.
        at: when that act was said, as RFC 3339; empty where there are others.
    """

    why: Why
    cell: Cell
    at_fault: str
    acts: tuple[str, ...]
    ours: int
    theirs: int
    case: str = ""
    at: str = ""

    @property
    def explained(self) -> bool:
        """Whether it will be gone by itself."""
        return self.why in EXPLAINED


def compare(ours: Statement, theirs: Statement, *, transit: timedelta = TRANSIT) -> tuple[Difference, ...]:
    """Every difference between two statements on the same cases; none at all means that every figure is the same.

    Args:
        ours: what this State says to the other.
        theirs: what the other says to this one.
        transit: how long an act may be on its way.

    Raises:
        Invalid: `between.pair`: they are not of the same two States and the same time.
    """
    if (ours.by, ours.to, ours.since, ours.through) != (theirs.to, theirs.by, theirs.since, theirs.through):
        raise Invalid("These statements are not about the same.", code="between.pair")
    found = [*_figures(ours, ours, theirs), *_figures(theirs, ours, theirs)]
    mine, other = _by_act(ours), _by_act(theirs)
    for name in sorted(mine.keys() | other.keys()):
        here, there = mine.get(name), other.get(name)
        if here is not None and there is not None:
            if here != there:
                found.append(_differing(here, there, ours, theirs))
        elif (one := here or there) is not None:
            lacking = theirs if there is None else ours
            late = strict_moment(one.at) > lacking.drawn - transit
            found.append(_difference(Why.ON_THE_WAY if late else Why.MISSING, one, lacking.by, ours, theirs))
    return tuple(found)


def _by_act(statement: Statement) -> dict[tuple[str, str], Entry]:
    """(act, event) -> entry: an act that refuses both answers and ends."""
    return {(one.act, one.cell[1]): one for one in statement.entries}


def _figures(said: Statement, ours: Statement, theirs: Statement) -> Iterable[Difference]:
    """The figures of a statement that are not the number of acts under them."""
    listed = Counter(one.cell for one in said.entries)
    for cell in sorted(listed.keys() | said.counts.keys()):
        if listed[cell] != said.counts.get(cell, 0):
            acts = tuple(one.act for one in said.entries if one.cell == cell)
            yield Difference(why=Why.FIGURE, cell=cell, at_fault=said.by, acts=acts, ours=ours.counts.get(cell, 0),
                             theirs=theirs.counts.get(cell, 0))  # fmt: skip


def _differing(here: Entry, there: Entry, ours: Statement, theirs: Statement) -> Difference:
    """The same act, counted differently."""
    if replace(here, cell=there.cell) != there or here.cell[:4] != there.cell[:4]:
        return _difference(Why.KIND, here, "", ours, theirs)
    at = strict_moment(here.at)
    ends = [end for period in (here.cell[4], there.cell[4]) for end in edges(period)]
    near = min(abs(end - at) for end in ends) <= SKEW
    return _difference(Why.CLOCK if near else Why.PERIOD, here, "", ours, theirs)


def _difference(why: Why, entry: Entry, at_fault: str, ours: Statement, theirs: Statement) -> Difference:
    return Difference(why=why, cell=entry.cell, at_fault=at_fault, acts=(entry.act,),
                      ours=ours.counts.get(entry.cell, 0), theirs=theirs.counts.get(entry.cell, 0), case=entry.case,
                      at=entry.at)  # fmt: skip


def retracted(earlier: Statement, later: Statement) -> tuple[Difference, ...]:
    """What a State takes back by a later statement on the same quarters. Who only adds acts takes nothing back: they came late.

    Args:
        earlier: what it said first.
        later: what it said then.

    Raises:
        Invalid: `between.pair`: they are not of the same States and quarters.
    """
    if (earlier.by, earlier.to, earlier.since, earlier.through) != (later.by, later.to, later.since, later.through):
        raise Invalid("These statements are not about the same.", code="between.pair")
    before, now = _by_act(earlier), _by_act(later)
    gone = {name for name, one in before.items() if now.get(name) != one}
    if earlier.drawn == later.drawn:  # nothing can have come between the two
        gone |= now.keys() - before.keys()
    found = [
        _difference(Why.RETRACTED, before.get(name) or now[name], later.by, earlier, later) for name in sorted(gone)
    ]
    cells = {one.cell for one in found}
    for cell, count in sorted(earlier.counts.items()):
        if cell not in cells and later.counts.get(cell, 0) < count:
            found.append(Difference(why=Why.RETRACTED, cell=cell, at_fault=later.by, acts=(), ours=count,
                                    theirs=later.counts.get(cell, 0)))  # fmt: skip
    return tuple(found)


def against_public(release: Release, statement: Statement) -> tuple[Difference, ...]:
    """Published figures of a State about another that are not those of its statement to that other.

    Args:
        release: what `statement.by` has published.
        statement: what it says to the State that reads this.

    Raises:
        Invalid: `between.pair`: they are not of the same State.
    """
    if release.state != statement.by:
        raise Invalid("These statements are not about the same.", code="between.pair")
    found = []
    for (key, value), asker in _about(release, statement.to):
        cells = [cell for cell in statement.counts if cell[:3] == (key[0], key[1], asker) and _within(cell[4], key[8])]
        acts = tuple(one.act for one in statement.entries if one.cell in cells)
        stated = sum(statement.counts[cell] for cell in cells)
        if _covered(key[8], statement.since, statement.through) and stated != value:
            found.append(Difference(why=Why.PUBLISHED, cell=(key[0], key[1], asker, TOTAL, key[8]), at_fault=release.state,
                                    acts=acts, ours=stated, theirs=value))  # fmt: skip
    return tuple(found)


def between(one: Release, other: Release) -> tuple[Difference, ...]:
    """Published figures of two States about each other that are not the same, where both tell them.

    For whoever reads both: no act is known to him, and which of the two is wrong cannot be told.
    """
    theirs = {(key[:2], asker, key[8]): value for (key, value), asker in _about(other, one.state)}
    found = []
    for (key, value), asker in _about(one, other.state):
        told = theirs.get((key[:2], asker, key[8]), value)
        if told != value:
            found.append(Difference(why=Why.PUBLISHED, cell=(key[0], key[1], asker, TOTAL, key[8]), at_fault="", acts=(),
                                    ours=value, theirs=told))  # fmt: skip
    return tuple(found)


def _about(release: Release, partner: str) -> Iterable[tuple[tuple[Key, int], str]]:
    """The figures of a release about `partner`, each with the State that asked."""
    for key, value in sorted(release.cells.items()):
        if is_listed(key) and key[SUBJECT + 1] == partner and value is not None:
            yield (key, value), release.state if key[2] != RECEIVED else partner


def _within(quarter: str, period: str) -> bool:
    return period in (quarter, quarter[:4])


def _covered(period: str, since: str, through: str) -> bool:
    first, last = (period, period) if "-" in period else (f"{period}-Q1", f"{period}-Q4")
    return since <= first and last <= through
