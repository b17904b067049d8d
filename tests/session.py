"""A session of the Conference on two years: reports from what was published, pairs reconciled, and both attacked.

Nothing here needs a node: releases and statements go in, as they were signed or drawn up. What a node does with them is in
tests/network.py. Each attack returns how much was tried, so that a zero says something.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from counting import facts, grouped

from comity.errors import Invalid
from comity.reporting import overview, questionnaire, reconciliation, suppression, tables
from comity.reporting.axes import DIRECTION, MADE, NATURE, PARTNER, PERIOD, RECEIVED, SUBJECT, TOTAL, Event, Key, edges
from comity.reporting.reconciliation import Statement
from comity.reporting.release import Release, draw
from comity.reporting.tables import Relations, is_listed
from comity.reporting.tally import Fact

Published = Mapping[str, Sequence[Release]]  # State -> its releases, oldest first


def world(seed: int, number: int, cases: int, *, quarters: int = 4) -> dict[str, list[Fact]]:
    """The facts of so many States about made-up cases among them, as each counts them: a few pairs have many."""
    dice, states = random.Random(seed), [f"{'QX'[place // 26]}{chr(65 + place % 26)}" for place in range(number)]
    found: dict[str, list[Fact]] = {state: [] for state in states}
    weights = [1 / (1 + place) for place in range(number)]
    for those in grouped(facts(seed, cases, quarters=quarters)).values():
        one, other = dice.choices(states, weights)[0], dice.choices(states, weights)[0]
        if one == other:
            other = states[(states.index(one) + 1 + dice.randrange(number - 1)) % number]
        reference = f"{one}-2025-{those[0].case[-4:]}"
        found[one] += [replace(fact, direction=MADE, partner=other, case=reference) for fact in those]
        found[other] += [replace(fact, direction=RECEIVED, partner=one, case=reference) for fact in those]
    return found


def publish(found: Mapping[str, Sequence[Fact]], quarters: Sequence[str]) -> dict[str, list[Release]]:
    """What each State publishes, one release after another."""
    told: dict[str, list[Release]] = {state: [] for state in found}
    for through in quarters:
        for state, those in found.items():
            release = draw(those, state=state, through=through, at=edges(through)[1], earlier=told[state])
            told[state].append(release)
    return told


# ----------------------------------------------------------------------------------- what can be worked out of it all


def recovered(published: Published) -> tuple[int, list[tuple[Any, ...]], bool]:
    """(how many are hidden in all States' last releases, those of which one value is left, `few`) by one linear program.

    Known to whoever attacks: all releases of all States, what one told and hides since, both lists of States, that a pair that
    was never listed for a year has 0 to 4 requests in it, and that those of all other States are all that a State received. A
    pair that is not listed is a figure of the program, too: `(nature, year, from, to)`. `few` tells whether its 0 to 4 could
    be gone by: not if a pair has grown since it was left out for good, which contradicts the rest.
    """
    told: dict[tuple[Any, ...], int | None] = {("few",): 4}
    sums: list[Any] = []
    bounds: list[Any] = []
    zero: set[tuple[Any, ...]] = set()
    for state, releases in published.items():
        last, remembered, seen = _known_of(releases)
        held = tables.relations(last)
        told |= {(state, *key): value for key, value in {**last, **remembered}.items()}
        zero |= {(state, *key) for key in seen}
        for terms, rows in ((held.sums, sums), (held.bounds, bounds)):
            rows += [tuple(((state, *key), factor) for key, factor in row) for row in terms]
    flows, never = _flows(published)
    for nature, year, to in sorted(
        {(key[0], key[1], key[3]) for key in flows} | {(key[0], key[1], key[3]) for key in never}
    ):
        pairs = [(nature, year, one, to) for one in published if one != to]
        total = (to, nature, str(Event.REQUESTED), RECEIVED, TOTAL, TOTAL, TOTAL, "_Z", TOTAL, year)
        if total not in told:
            continue
        told |= {pair: flows.get(pair) for pair in pairs}
        sums.append((*((pair, 1) for pair in pairs), (total, -1)))
        bounds += [((pair, 1), (("few",), -1)) for pair in pairs if pair in never]
        zero |= {pair for pair in pairs if pair not in flows}
    hidden = [key for key, value in told.items() if value is None and len(key) > len(("nature", "year", "from", "to"))]
    used = True
    try:
        lost = suppression.recovered(told, Relations(tuple(sums), tuple(bounds)), zero=zero)  # type: ignore[arg-type]
    except Invalid:
        used, few = False, [row for row in bounds if (("few",), -1) not in row]
        lost = suppression.recovered(told, Relations(tuple(sums), tuple(few)), zero=zero)  # type: ignore[arg-type]
    return len(hidden), [key for key in lost if len(key) > len(("nature", "year", "from", "to"))], used


def _known_of(releases: Sequence[Release]) -> tuple[dict[Key, int | None], dict[Key, int | None], set[Key]]:
    """(the last release without its list, what was told once and is hidden now, what was there before) as `release.attack`."""
    *earlier, last = releases
    own = {key: value for key, value in last.cells.items() if not is_listed(key)}
    seen = {key for one in earlier for key in one.cells if not is_listed(key)}
    before = {key: value for one in earlier for key, value in one.cells.items() if value is not None and key in own}
    remembered: dict[Key, int | None] = {key: value for key, value in before.items() if own[key] is None}
    try:
        suppression.recovered({**own, **remembered}, tables.relations(own), zero=seen)
    except Invalid:  # it was corrected since
        remembered = {}
    return own, remembered, seen


def _flows(published: Published) -> tuple[dict[tuple[str, ...], int], set[tuple[str, ...]]]:
    """(requests of a year between two States that are listed, pairs that no release lists though both cover the year)."""
    flows: dict[tuple[str, ...], int] = {}
    ever: set[tuple[str, ...]] = set()
    for state, releases in published.items():
        for one in releases:
            for key, value in one.cells.items():
                if is_listed(key) and value is not None:
                    way = (state, key[PARTNER]) if key[DIRECTION] == MADE else (key[PARTNER], state)
                    ever.add((key[NATURE], key[PERIOD], *way))
                    if one is releases[-1]:
                        flows[key[NATURE], key[PERIOD], *way] = value
    natures = {key[NATURE] for releases in published.values() for key in releases[-1].cells}
    every = {(nature, year, one, other) for releases in published.values() for year in overview.complete(releases[-1])
             for nature in natures for one in published for other in published if one != other}  # fmt: skip
    return flows, every - ever


# ------------------------------------------------------------------------------------------------- every count altered


def altered(said: Statement) -> Iterator[tuple[str, Statement]]:
    """What its State could say instead, and sign: each count one more, one less, none; each act left out, one invented."""
    for cell, count in said.counts.items():
        for other in {count + 1, count - 1, 0} - {count}:
            yield "count", replace(said, counts={key: n for key, n in {**said.counts, cell: other}.items() if n})
    for place, one in enumerate(said.entries):
        less = {**said.counts, one.cell: said.counts[one.cell] - 1}
        yield "act left out", replace(said, counts={key: n for key, n in less.items() if n},
                                      entries=said.entries[:place] + said.entries[place + 1 :])  # fmt: skip
        more = {**said.counts, one.cell: said.counts[one.cell] + 1}
        strange = replace(one, act=one.act[::-1])
        yield "act invented", replace(said, counts=more, entries=tuple(sorted([*said.entries, strange])))


def reconciled(ours: Statement, theirs: Statement) -> tuple[int, Counter[str], Counter[str]]:
    """(differences as they stand, alterations of either tried, those that the other State found) by kind."""
    tried, found = Counter[str](), Counter[str]()
    for mine, other in ((ours, theirs), (theirs, ours)):
        for kind, lie in altered(mine):
            tried[kind] += 1
            at_fault = {one.at_fault for one in reconciliation.compare(other, lie)}
            found[kind] += bool(at_fault)
    return len(reconciliation.compare(ours, theirs)), tried, found


def tampered(release: Release) -> Iterator[dict[str, Any]]:
    """The release as it could be told instead: each cell one more, hidden, or left out; each hidden one told."""
    raw = release.to_dict()
    for place, row in enumerate(raw["cells"]):
        for value in (None, row[-1] + 1, release.threshold) if row[-1] is not None else (release.threshold, 0):
            if value != row[-1]:
                yield raw | {"cells": [*raw["cells"][:place], [*row[:-1], value], *raw["cells"][place + 1 :]]}
        yield raw | {"cells": [*raw["cells"][:place], *raw["cells"][place + 1 :]]}


def seen_through(release: Release, others: Iterable[Release], said: Iterable[Statement]) -> tuple[int, Counter[str]]:
    """(releases that its own State could have signed instead, who would notice what).

    ``refused``: nobody reads it, it contradicts itself. ``by a partner``: it is not what the partner lists, or was told by
    statement. ``more hidden``: every figure that it tells is right. ``by its own officers``: by nobody else.
    """
    tried, noticed = 0, Counter[str]()
    others, said = list(others), list(said)
    for raw in tampered(release):
        tried += 1
        try:
            lie = Release.from_dict(raw)
        except Invalid:
            noticed["refused"] += 1
            continue
        if any(reconciliation.between(lie, other) for other in others) or any(
            reconciliation.against_public(lie, one) for one in said
        ):
            noticed["by a partner"] += 1
        elif all(value is None or release.cells.get(key) == value for key, value in lie.cells.items()):
            noticed["more hidden"] += 1
        else:
            noticed["by its own officers"] += 1
    return tried, noticed


# ---------------------------------------------------------------------------------------------------------- the reports


def report(published: Published, *, nature: str) -> dict[str, Any]:
    """What the session has before it of each State: the quarters, and the questions of a review for each whole year."""
    found: dict[str, Any] = {}
    for state, releases in sorted(published.items()):
        last = releases[-1]
        sheet = next((one for one in overview.sheets(last) if one.nature == nature), None)
        found[state] = {
            "releases": len(releases), "through": last.through, "figures": len(last.cells), "hidden": last.hidden,
            "quarters": {line.period: list(line.values) for line in sheet.lines} if sheet else {},
            "questions": {year: Counter(str(answer.standing) for answer in
                                        questionnaire.fill(last, year=year, said={}, nature=nature))
                          for year in overview.complete(last)},
        }  # fmt: skip
    return found


def sums_of(published: Published) -> dict[str, int]:
    """Requests between two States in each year, where both list them, and where they differ."""
    found: dict[str, int] = defaultdict(int)
    for one, other in combinations(sorted(published), 2):
        ours, theirs = published[one][-1], published[other][-1]
        found["differences"] += len(reconciliation.between(ours, theirs))
        found["listed"] += sum(is_listed(key) and key[SUBJECT + 1] == other for key in ours.cells)
    return dict(found)
