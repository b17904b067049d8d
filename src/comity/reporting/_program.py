"""A linear program over figures, solved by HiGHS: what else could stand where figures are hidden?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import highspy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import Invalid

SECONDS = 20.0  # for one solution; a usual one takes milliseconds
Rows = Sequence[Mapping[int, int]]


class _Quiet(highspy.Highs):
    """HiGHS without callbacks: nothing here listens to them, and making them ready prints a banner."""

    def enableCallbacks(self) -> None:  # noqa: N802 the solver's own name
        """Do nothing."""


class Program:
    """Whole numbers that keep sums and bounds.

    Args:
        columns: how many numbers, one at least.
        sums: rows of (column -> factor) that come to `targets`; none is empty.
        targets: one for each row of `sums`.
        bounds: rows that come to at most `most`; none is empty.
        most: one for each row of `bounds`.
    """

    def __init__(self, columns: int, sums: Rows, targets: Sequence[int], bounds: Rows, most: Sequence[int]) -> None:
        rows = (*sums, *bounds)
        self._low = np.array([*targets, *(-highspy.kHighsInf for _ in most)], dtype=np.float64)
        self._high = np.array([*targets, *most], dtype=np.float64)
        self._starts = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
        self._places = np.array([column for row in rows for column in row], dtype=np.int32)
        self._factors = np.array([factor for row in rows for factor in row.values()], dtype=np.int64)
        self._all = np.arange(columns, dtype=np.int32)
        self._highs = _Quiet()  # type: ignore[no-untyped-call]
        self._highs.silent()
        self._highs.setOptionValue("threads", 1)
        self._highs.passModel(self._model())

    def _model(self) -> highspy.HighsLp:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self._all), len(self._low)
        lp.col_cost_ = lp.col_lower_ = lp.col_upper_ = np.zeros(len(self._all))
        lp.row_lower_, lp.row_upper_ = self._low, self._high
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = self._starts, self._places
        lp.a_matrix_.value_ = self._factors.astype(np.float64)
        return lp

    def limits(self, low: ArrayLike, high: ArrayLike) -> None:
        """The least and the most of each number; infinite is allowed."""
        ends = (np.asarray(end, dtype=np.float64) for end in (low, high))
        self._highs.changeColsBounds(len(self._all), self._all, *ends)

    def least(self, cost: ArrayLike) -> NDArray[np.float64] | None:
        """Numbers of least cost, which need not be whole; None: there are none.

        Raises:
            Invalid: `figures.solver`: there was no answer in time.
        """
        self._highs.changeColsCost(len(self._all), self._all, np.asarray(cost, dtype=np.float64))
        self._highs.setOptionValue(
            "time_limit", self._highs.getRunTime() + SECONDS
        )  # its clock goes on from run to run
        self._highs.run()
        status = self._highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise Invalid("The figures could not be worked through in time.", code="figures.solver", where=str(status))
        return np.array(self._highs.getSolution().col_value)

    def least_whole(self, cost: ArrayLike) -> NDArray[np.int64] | None:
        """Whole numbers of least cost that keep every row exactly; None: none were found in time."""
        found = self.least(cost)
        if found is None or (whole := self._exact(found)) is not None:
            return None if found is None else whole
        kinds = np.full(len(self._all), highspy.HighsVarType.kInteger)
        self._highs.changeColsIntegrality(len(self._all), self._all, kinds)
        try:
            found = self.least(cost)
        except Invalid:
            found = None
        kinds = np.full(len(self._all), highspy.HighsVarType.kContinuous)
        self._highs.changeColsIntegrality(len(self._all), self._all, kinds)
        return None if found is None else self._exact(found)

    def _exact(self, found: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """`found` in whole numbers, if these keep every row; checked in whole numbers, without rounding."""
        whole = np.rint(found).astype(np.int64)
        if not len(self._low):
            return whole
        came = np.add.reduceat(whole[self._places] * self._factors, self._starts[:-1])
        return whole if bool(np.all((self._low <= came) & (came <= self._high))) else None
