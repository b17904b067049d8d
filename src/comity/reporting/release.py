"""The figures that a State publishes: one value, drawn from its facts, that the caller signs as canonical JSON.

``cells`` has what is told and, as None, what is hidden; what the tables cover and ``cells`` does not have is zero. For the
list of States it is otherwise: a State that is not listed is not told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from comity.casework.moments import moment_text, strict_moment
from comity.casework.request import STATE
from comity.errors import Invalid
from comity.reporting.axes import (
    AXES,
    EVENT,
    NONE,
    PARTNER,
    PERIOD,
    SUBJECT,
    TOTAL,
    Event,
    Key,
    check_key,
    check_quarter,
    edges,
    parent,
    years,
)
from comity.reporting.tables import (
    LEAST_THRESHOLD,
    MOST,
    PLAN,
    THRESHOLD,
    Figures,
    Table,
    covers,
    figures,
    is_listed,
    listed,
    relations,
    ring,
)
from comity.reporting.tally import Fact

VERSION: Final = "comity/v1/figures"
CELLS: Final = 50_000  # the most figures in one release


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a State publishes at one time.

    Args:
        state: whose figures they are.
        number: 1, 2, 3 … of this State's releases.
        through: the last quarter that they cover; the first is that of the first case.
        drawn: when they were counted.
        threshold: figures below it are not told.
        reach: each figure that is hidden for its own sake may be another one that differs by this much.
        tables: what is broken down by what.
        cells: key -> figure; None: hidden.
    """

    state: str
    number: int
    through: str
    drawn: datetime
    threshold: int
    reach: int
    tables: tuple[Table, ...]
    cells: Mapping[Key, int | None]

    def __post_init__(self) -> None:
        """Raise Invalid: something cannot be meant, or is not plausible; `where` says what."""
        if not STATE.fullmatch(self.state):
            raise Invalid("A State is named by its two-letter ISO code.", code="figures.form", where="state")
        for name, least in (("number", 1), ("threshold", LEAST_THRESHOLD), ("reach", 1)):
            if type(getattr(self, name)) is not int or not least <= getattr(self, name) <= MOST:
                raise Invalid("This number is not usable here.", code="figures.form", where=name)
        if self.drawn < edges(self.through)[1]:
            raise Invalid("A quarter is counted once it is over.", code="figures.period", where="through")
        if not self.tables or len(set(self.tables)) != len(self.tables) or ring(self.tables):
            raise Invalid("Tables are different, and not linked in a ring.", code="figures.table", where="tables")
        if len(self.cells) > CELLS:
            raise Invalid(f"At most {CELLS} figures.", code="figures.form", where="cells")
        for key, value in self.cells.items():
            self._check_figure(check_key(key), value)
        _check_relations(self.cells)

    def _check_figure(self, key: Key, value: int | None) -> None:
        if is_listed(key):
            fits = value is not None and key == (*key[:SUBJECT], TOTAL, key[PARTNER], TOTAL, NONE, TOTAL, key[PERIOD])
            fits = fits and key[EVENT] == Event.REQUESTED and key[PARTNER] != self.state
            fits = fits and "-" not in key[PERIOD] and key[PERIOD] <= years(self.through)
        else:
            fits = covers(key, self.tables, through=self.through)
        if not fits:
            raise Invalid("The tables have no such figure.", code="figures.key", where="/".join(key))
        if value is not None and (type(value) is not int or not self.threshold <= value <= MOST):
            raise Invalid("This figure is not plausible: it is too small to be told, or too large.", code="figures.value",
                          where="/".join(key))  # fmt: skip
        for axis in () if is_listed(key) else range(len(AXES)):
            above = parent(key[EVENT], axis, key[axis])
            whole = (*key[:axis], above or "", *key[axis + 1 :])
            if above and covers(whole, self.tables, through=self.through) and whole not in self.cells:
                raise Invalid("A part is more than its whole.", code="figures.sum", where="/".join(whole))

    def value(self, key: Key) -> int | None:
        """The figure of `key`; None: it is hidden. Raises Invalid: the tables do not have it."""
        if key in self.cells:
            return self.cells[key]
        if is_listed(check_key(key)):
            return None
        if not covers(key, self.tables, through=self.through):
            raise Invalid("The tables have no such figure.", code="figures.key", where="/".join(key))
        return 0

    @property
    def hidden(self) -> int:
        """How many figures are not told."""
        return sum(value is None for value in self.cells.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, in one order."""
        return {
            "comity": VERSION, "state": self.state, "number": self.number, "through": self.through,
            "drawn": moment_text(self.drawn), "threshold": self.threshold, "reach": self.reach,
            "tables": [
                {"event": str(table.event), "by": [AXES[axis] for axis in sorted(table.by)], "yearly": table.yearly,
                 "direction": table.direction}
                for table in self.tables
            ],
            "cells": [[*key, value] for key, value in sorted(self.cells.items())],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> Release:
        """The release in `raw`, exactly as `to_dict` writes it. Raises Invalid: anything else, or not plausible."""
        names = {"comity", "state", "number", "through", "drawn", "threshold", "reach", "tables", "cells"}
        if not isinstance(raw, dict) or set(raw) != names or raw["comity"] != VERSION:
            raise Invalid("These are no figures of this version.", code="figures.form")
        if not all(isinstance(raw[name], str) for name in ("state", "through", "drawn")):
            raise Invalid("This field has the wrong type.", code="figures.form")
        if not isinstance(raw["cells"], list) or len(raw["cells"]) > CELLS:
            raise Invalid(f"A list of at most {CELLS} figures is needed.", code="figures.form", where="cells")
        cells: dict[Key, int | None] = {}
        for row in raw["cells"]:
            if not isinstance(row, list) or len(row) != len(AXES) + 1:
                raise Invalid("A figure is its coordinates and its value.", code="figures.form", where="cells")
            cells[check_key(tuple(row[:-1]))] = row[-1]
        if len(cells) != len(raw["cells"]) or sorted(cells) != list(cells):
            raise Invalid("Each figure stands once, in order.", code="figures.form", where="cells")
        try:
            drawn = strict_moment(raw["drawn"])
        except ValueError as error:
            raise Invalid("This is no time.", code="figures.form", where="drawn") from error
        return cls(state=raw["state"], number=raw["number"], through=check_quarter(raw["through"]), drawn=drawn,
                   threshold=raw["threshold"], reach=raw["reach"], tables=_tables(raw["tables"]), cells=cells)  # fmt: skip


def _tables(raw: Any) -> tuple[Table, ...]:
    found = []
    if not isinstance(raw, list) or not all(isinstance(table, dict) for table in raw):
        raise Invalid("A list of tables is needed.", code="figures.table", where="tables")
    for table in raw:
        try:
            event, by, yearly, direction = (table[name] for name in ("event", "by", "yearly", "direction"))
            found.append(Table(Event(event), frozenset(AXES.index(name) for name in by), yearly, direction))
        except (ValueError, TypeError, KeyError) as error:
            raise Invalid("This is no table.", code="figures.table", where="tables") from error
        if [AXES[axis] for axis in sorted(found[-1].by)] != by or type(yearly) is not bool or len(table) != 4:
            raise Invalid("This is no table.", code="figures.table", where="tables")
    return tuple(found)


def _check_relations(cells: Mapping[Key, int | None]) -> None:
    """Raise Invalid: parts that are told come to another whole than is told, or what follows is more than what it follows."""
    held = relations(cells)
    for whole, *parts in held.sums:
        told = cells[whole[0]]
        known = [value for key, _ in parts if (value := cells[key]) is not None]
        if told is not None and (sum(known) > told or (len(known) == len(parts) and sum(known) != told)):
            raise Invalid("The parts do not come to the whole.", code="figures.sum", where="/".join(whole[0]))
    for terms in held.bounds:
        values = [(cells[key], factor) for key, factor in terms]
        if all(value is not None for value, _ in values) and sum((value or 0) * factor for value, factor in values) > 0:
            raise Invalid("More was answered, given or ended than was asked for.", code="figures.order",
                          where="/".join(terms[0][0]))  # fmt: skip


def draw(
    facts: Iterable[Fact],
    *,
    state: str,
    through: str,
    at: datetime,
    earlier: Sequence[Release] = (),
    threshold: int = THRESHOLD,
    tables: tuple[Table, ...] = PLAN,
) -> Release:
    """The figures of `facts` that may be published, and no others.

    Args:
        facts: all facts of this State, from its first case on.
        state: this State.
        through: the last quarter to cover; it must be over.
        at: now.
        earlier: all of this State's releases so far, oldest first.
        threshold: figures below it are hidden.
        tables: what to break down by what; whatever was published before stays.

    Raises:
        Invalid: `figures.plan`: an earlier release is another State's, has a table that this one has not, or goes further.
        NotPossible: `figures.exposed`: a figure cannot be hidden, see `suppression.protect`.
    """
    from comity.reporting import suppression  # noqa: PLC0415  with HiGHS and NumPy: read by who draws, or attacks

    those = tuple(facts)
    for number, one in enumerate(earlier, 1):
        if one.state != state or one.number != number or one.through > through or not set(one.tables) <= set(tables):
            raise Invalid("A release goes on where the last one stopped, with its tables.", code="figures.plan",
                          where=str(number))  # fmt: skip
    exact = figures(those, tables, through=through)
    shown = _still_listed(listed(those, through=through, threshold=threshold), earlier, threshold)
    before = [{key: value for key, value in one.cells.items() if not is_listed(key)} for one in earlier]
    counts = {**dict.fromkeys((key for told in before for key in told), 0), **exact.counts, **shown}
    shares = {**exact.shares, **{key: {key[PARTNER]: count} for key, count in shown.items()}}
    pattern = suppression.protect(
        Figures(counts, shares), relations(counts), threshold=threshold, fixed=shown, earlier=before
    )
    cells = {
        key: None if key in pattern.hidden else count for key, count in counts.items() if count or key in pattern.hidden
    }
    return Release(state=state, number=len(earlier) + 1, through=through, drawn=at, threshold=threshold,
                   reach=pattern.reach, tables=tables, cells=cells)  # fmt: skip


def _still_listed(found: Mapping[Key, int], earlier: Sequence[Release], threshold: int) -> dict[Key, int]:
    """What of the list of States may be told: not what an earlier release left out, nor what changed by little since."""
    kept = dict(found)
    for one in earlier:
        for key, value in found.items():
            if key[PERIOD] <= years(one.through):
                told = one.cells.get(key)
                if told is None or 0 < abs(told - value) < threshold:
                    kept.pop(key, None)
    return kept


def attack(*releases: Release) -> tuple[Key, ...]:
    """The hidden figures of the last of these releases of one State that anybody can work out, by a linear program.

    Where an earlier one told what the last one hides, that is taken to be true still, as far as that fits.

    Raises:
        Invalid: `figures.inconsistent`: no figures agree with the last release; some were altered.
    """
    from comity.reporting import suppression  # noqa: PLC0415  as in `draw`

    *earlier, last = releases
    held = relations(last.cells)
    seen = {key for one in earlier for key in one.cells}
    remembered: dict[Key, int | None] = {
        key: value for one in earlier for key, value in one.cells.items()
        if value is not None and key in last.cells and last.cells[key] is None
    }  # fmt: skip
    try:
        return suppression.recovered({**last.cells, **remembered}, held, zero=seen)
    except Invalid:
        return suppression.recovered(last.cells, held, zero=seen)
