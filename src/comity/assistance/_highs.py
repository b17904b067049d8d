"""The assignment as a mixed-integer program for HiGHS. Reading HiGHS takes a tenth of a second: `match` does when it solves.

One variable of 0 or 1 for each possible pair: the need is met by this offer, as a whole. One for each State not reached
yet: it gets something. Each need is met once, no offer gives more units than it has, and a State counts as reached only
if a need of its is met. Capacities in units of different needs make this a generalised assignment problem: its matrix is
*not* totally unimodular, so that the linear relaxation alone would split needs; branch and bound is needed, and done.

The relaxation's prices are used all the same: what they prove is in `_prices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from comity.assistance._prices import GRAIN, Prices, Problem, proved


@dataclass(frozen=True)
class Solved:
    """What HiGHS found: places of the pairs chosen, and the ceiling that its search reached."""

    chosen: tuple[int, ...]
    ceiling: int


def most_reached(problem: Problem, *, start: Sequence[int], seconds: float) -> Solved:
    """An assignment that reaches as many States as can be. `start` is a possible one, as places of pairs."""
    return _search(problem, 0, start, seconds, reaching=True)


def best(problem: Problem, reach: int, *, start: Sequence[int], seconds: float) -> Solved:
    """The assignment of the highest score among those that reach `reach` States. `start` is one of them."""
    return _search(problem, reach, start, seconds, reaching=False)


def relaxed(problem: Problem, reach: int, *, seconds: float) -> tuple[Prices, tuple[int, ...]]:
    """The linear relaxation: its prices with what they prove, and the places of the pairs that it uses, wholly or in part.

    The most used come first. In part, a need is split between offers; that is no assignment yet, but a good beginning.
    Zero prices, which prove little, and no pairs if it was not solved in time.
    """
    unit, state, floor = [0] * len(problem.room), [0] * problem.states, 0
    used: list[int] = []
    if problem.pairs:
        solver = _solver(seconds)
        solver.passModel(_model(problem, reach, whole=False, reaching=False))
        solver.run()
        found = solver.getSolution()
        if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            grains = [max(0, round(-value * GRAIN)) for value in found.row_dual]
            unit = grains[problem.needs : problem.needs + len(problem.room)]
            state = grains[problem.needs + len(problem.room) : -1]
            floor = max(0, round(found.row_dual[-1] * GRAIN))
            values = found.col_value[: len(problem.pairs)]
            used = sorted((place for place, part in enumerate(values) if part > 1e-6), key=lambda place: -values[place])
    return proved(problem, unit, state, floor, reach), tuple(used)


def _search(problem: Problem, reach: int, start: Sequence[int], seconds: float, *, reaching: bool) -> Solved:
    if not problem.pairs:
        return Solved((), 0)
    solver = _solver(seconds)
    solver.passModel(_model(problem, reach, whole=True, reaching=reaching))
    solver.setSolution(_columns(problem, start))
    solver.run()
    info = solver.getInfo()
    values = solver.getSolution().col_value[: len(problem.pairs)]
    chosen = tuple(place for place, value in enumerate(values) if value > 0.5)
    ceiling = int(-info.mip_dual_bound + 1e-6) if abs(info.mip_dual_bound) < highspy.kHighsInf else 2**62
    return Solved(chosen or tuple(start), ceiling)


class _Quiet(highspy.Highs):
    """HiGHS without callbacks: nothing here listens to them, and making them ready prints a banner."""

    def enableCallbacks(self) -> None:  # noqa: N802 the solver's own name
        """Do nothing."""


def _solver(seconds: float) -> highspy.Highs:
    solver = _Quiet()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 the solver's own interface
    solver.setOptionValue("threads", 1)  # the same input gives the same answer
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.999)  # scores are whole points
    return solver


def _columns(problem: Problem, chosen: Sequence[int]) -> highspy.HighsSolution:
    values = [0.0] * (len(problem.pairs) + problem.states)
    for place in chosen:
        values[place] = 1.0
        if problem.pairs[place].state >= 0:
            values[len(problem.pairs) + problem.pairs[place].state] = 1.0
    found = highspy.HighsSolution()
    found.col_value = values
    return found


def _model(problem: Problem, reach: int, *, whole: bool, reaching: bool) -> highspy.HighsLp:
    """Rows: needs, offers, States, and the floor on States reached. HiGHS minimises, so that points count as negative."""
    pairs, offers = problem.pairs, len(problem.room)
    columns, rows = len(pairs) + problem.states, problem.needs + offers + problem.states + 1
    index, value, start = [], [], [0]
    for pair in pairs:
        index += [pair.need, problem.needs + pair.offer]
        value += [1.0, float(pair.units)]
        if pair.state >= 0:
            index.append(problem.needs + offers + pair.state)
            value.append(-1.0)
        start.append(len(index))
    for state in range(problem.states):
        index += [problem.needs + offers + state, rows - 1]
        value += [1.0, 1.0]
        start.append(len(index))
    infinity = highspy.kHighsInf
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = columns, rows
    points = [0.0 if reaching else float(-pair.points) for pair in pairs]
    model.col_cost_ = np.array([*points, *([-1.0 if reaching else 0.0] * problem.states)])
    model.col_lower_, model.col_upper_ = np.zeros(columns), np.ones(columns)
    model.row_lower_ = np.array([*([-infinity] * (rows - 1)), float(reach)])
    model.row_upper_ = np.array(
        [*([1.0] * problem.needs), *map(float, problem.room), *([0.0] * problem.states), infinity]
    )
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = np.array(start), np.array(index)
    model.a_matrix_.value_ = np.array(value)
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * columns
    return model
