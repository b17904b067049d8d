"""Facts of made-up cases, for the tests of figures; and an attack that knows nothing of our tables."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import highspy
import numpy as np

from comity.casework.act import Act, Kind, Power
from comity.casework.case import Case
from comity.casework.measure import Measure
from comity.casework.moments import moment_text
from comity.casework.request import Request, Urgency
from comity.reporting.axes import EVENT, MADE, NONE, RECEIVED, TOTAL, Event, Key, lineage, quarter
from comity.reporting.reconciliation import Statement
from comity.reporting.tally import Fact

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
BODIES = {
    Kind.SUPPLEMENTED: {},
    Kind.ASKED: {"questions": "Which period?", "fields": ["period_to"]},
    Kind.ACCEPTED: {"conditions": [], "reasons": "It is in order."},
    Kind.REFUSED: {"grounds": ["sovereignty"], "reasons": "Sovereignty."},
    Kind.WITHDRAWN: {"reasons": "It is solved."},
    Kind.PRESERVED: {"effected_at": "2026-11-24T12:00:00Z", "until": "2027-01-23T17:00:00Z"},
    Kind.DISCLOSED: {"container": "ab" * 32, "size": 9, "manifest": "cd" * 32, "files": 2, "conditions": [],
                     "use": "evidence", "rest": ""},
    Kind.CLOSED: {"note": ""},
    Kind.PROGRESS: {"message": "The court sits next week."},
}  # fmt: skip


def case(
    *acts,
    number: int = 1,
    requesting: str = "IR",
    requested: str = "VN",
    measure: Measure = Measure.STORED_DATA,
    sent: datetime = AT,
    exercise: bool = False,
    urgency: Urgency = Urgency.ORDINARY,
) -> Case:
    """A case from its crossing acts: (kind, hours after the request), or with a body's other contents as a third.

    No table of the lifecycle is asked: what is counted is what was said.
    """
    reference = f"{requesting}-2026-{number:04}"
    request = Request(reference, requesting, requested, measure, exercise=exercise, urgency=urgency)
    said = [(Kind.REQUESTED, 0, {"request": request.to_dict(), "letter": ""}), *((*act, {})[:3] for act in acts)]
    made = []
    for place, (kind, hours, more) in enumerate(said):
        asks = kind in (Kind.REQUESTED, Kind.WITHDRAWN)
        by = requesting if asks or (kind is Kind.CLOSED and more.get("by") != "requested") else requested
        body = {**BODIES.get(kind, {}), **{name: value for name, value in more.items() if name != "by"}}
        name = hashlib.sha256(f"{reference} {place} {kind}".encode()).hexdigest()
        made.append(Act(kind, reference, by, "minh", "Minh", str(Power.DECIDE), sent + timedelta(hours=hours), body,
                        exercise=exercise, id=name))  # fmt: skip
    return Case(reference, requesting, requested, measure, acts=tuple(made))


def facts(
    seed: int,
    number: int,
    *,
    partners: int = 6,
    quarters: int = 4,
    measures: Iterable[Measure] = tuple(Measure),
    home: str = "IR",
) -> list[Fact]:
    """The facts of so many made-up cases from 2025 on: few measures and few States have most of them."""
    dice, found = random.Random(seed), []
    names = [f"{'QXYZ'[place // 26]}{chr(65 + place % 26)}" for place in range(partners)]
    kinds = [str(one) for one in measures]
    for place in range(number):
        at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=dice.random() * 91 * quarters)
        wait = timedelta(days=dice.expovariate(1 / 60))
        base = Fact(
            event=Event.REQUESTED, direction=dice.choice([MADE, RECEIVED]),
            subject=dice.choices(kinds, [1 / (1 + rank) for rank in range(len(kinds))])[0],
            partner=dice.choices(names, [1 / (1 + rank) for rank in range(len(names))])[0],
            urgency=dice.choices(["ordinary", "urgent", "emergency"], [6, 3, 1])[0],
            at=at, took=timedelta(minutes=dice.random() * 200), period=quarter(at), case=f"{home}-2025-{place:04}",
            act=hashlib.sha256(f"{seed} {place}".encode()).hexdigest(),
        )  # fmt: skip
        found.append(base)
        if dice.random() < 0.2:
            found.append(_later(base, Event.RETURNED, wait / 3, dice.choice(["facts", "offence", "accounts"])))
        if dice.random() < 0.9:
            outcome = dice.choices(["accepted", "conditional", "sovereignty", "trivial"], [6, 2, 1, 0.5])[0]
            found.append(_later(base, Event.ANSWERED, wait, outcome))
            if outcome in ("accepted", "conditional") and dice.random() < 0.8:
                found += [_later(base, event, 2 * wait, "complete") for event in (Event.GIVEN, Event.ENDED)]
    return found


def _later(fact: Fact, event: Event, wait: timedelta, outcome: str = NONE) -> Fact:
    at = fact.at + wait
    act = hashlib.sha256(f"{fact.act} {event}".encode()).hexdigest()
    return replace(fact, event=event, at=at, took=wait, period=quarter(at), outcome=outcome, act=act)


class Joint:
    """An attack over a table of all cases there could be: every combination of codes is one number, zero or more.

    Figures that are told say what combinations come to. Nothing of `tables.relations` is used here.

    Args:
        axes: the codes that each coordinate of a combination can have.
    """

    def __init__(self, axes: list[list[str]]) -> None:
        self.combinations = list(product(*axes))
        self.rows: list[tuple[list[int], float, float]] = []

    def know(self, counts, low: float, high: float) -> None:
        """So many, at least and at most, of the combinations for which `counts` says yes."""
        self.rows.append(([place for place, one in enumerate(self.combinations) if counts(one)], low, high))

    def extremes(self, counts) -> tuple[float, float]:
        """The least and the most that the combinations can come to for which `counts` says yes."""
        highs = highspy.Highs()
        highs.silent()
        lp, columns = highspy.HighsLp(), len(self.combinations)
        lp.num_col_, lp.num_row_ = columns, len(self.rows)
        lp.col_lower_, lp.col_upper_ = np.zeros(columns), np.full(columns, 1e6)
        lp.row_lower_, lp.row_upper_ = (np.array([row[end] for row in self.rows], dtype=float) for end in (1, 2))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row[0]) for row in self.rows)]).astype(np.int32)
        lp.a_matrix_.index_ = np.array([place for row in self.rows for place in row[0]], dtype=np.int32)
        lp.a_matrix_.value_ = np.ones(len(lp.a_matrix_.index_))
        ends = []
        for sign in (1.0, -1.0):
            lp.col_cost_ = np.array([sign if counts(one) else 0.0 for one in self.combinations])
            highs.passModel(lp)
            highs.run()
            assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal, highs.getModelStatus()
            ends.append(sign * highs.getInfo().objective_function_value)
        return ends[0], ends[1]


def shown(moment: datetime) -> str:
    """A moment as it crosses the border."""
    return moment_text(moment)


def grouped(found: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Facts by case."""
    cases: dict[str, list[Fact]] = defaultdict(list)
    for fact in found:
        cases[fact.case].append(fact)
    return cases


def behind(key: Key, found: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts that the figure of `key` counts."""
    return tuple(
        fact for fact in found
        if fact.event == key[EVENT]
        and all(code in (TOTAL, NONE) or code in lineage(key[EVENT], axis, fact.key[axis]) for axis, code in enumerate(key))
    )  # fmt: skip


def mirrored(found):
    """The same cases as the partner QA counts them: none of others."""
    return [
        replace(fact, direction=RECEIVED if fact.direction == MADE else MADE, partner="IR")
        for fact in found if fact.partner == "QA"
    ]  # fmt: skip


def recounted(statement: Statement, entries) -> Statement:
    """A statement of other acts, with the figures that fit them."""
    counts: dict = {}
    for one in entries:
        counts[one.cell] = counts.get(one.cell, 0) + 1
    return replace(statement, entries=tuple(sorted(entries)), counts=counts)
