"""A release as people read it: quarter by quarter, and the questions of a review for a year. What is hidden stays hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from comity.errors import Invalid
from comity.reporting import questionnaire
from comity.reporting.axes import (
    APPLIES,
    EXERCISE,
    NATURE,
    NONE,
    PERIOD,
    REAL,
    RECEIVED,
    SPEED,
    SPEEDS,
    SUBJECT,
    TOTAL,
    UNKNOWN,
    Event,
    Key,
    before,
    years,
)
from comity.reporting.questionnaire import Answer
from comity.reporting.release import Release

EVENTS: Final = (Event.REQUESTED, Event.ANSWERED, Event.GIVEN)  # what has figures of every quarter
QUARTERS: Final = 12  # the newest ones


@dataclass(frozen=True)
class Line:
    """A quarter.

    Args:
        period: which.
        values: the figures of `EVENTS`; None: it is hidden.
    """

    period: str
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class Sheet:
    """What a release says of real cases, or of those of exercises: the two are never added up.

    Args:
        nature: `REAL` or `EXERCISE`.
        lines: the newest quarters, the newest first.
        year: the year that the answers are about; empty: none is complete.
        answers: what is counted of that year, each with its greatest figure: that of the longest bar.
    """

    nature: str
    lines: tuple[Line, ...]
    year: str
    answers: tuple[tuple[Answer, int], ...]

    @property
    def most(self) -> int:
        """The greatest figure of all quarters: that of the longest bar."""
        return max((value or 0 for line in self.lines for value in line.values), default=0)


def complete(release: Release) -> tuple[str, ...]:
    """The years that this release covers whole, the newest first."""
    first = min((key[PERIOD][:4] for key in release.cells), default="9999")
    return tuple(f"{year:04}" for year in range(int(years(release.through)), int(first) - 1, -1))


def sheets(release: Release, *, year: str = "") -> tuple[Sheet, ...]:
    """What is to be read, real cases first; a nature of which nothing is told is left out, but for real cases.

    Args:
        release: what was published, or would be.
        year: a complete year to show; empty: the newest.

    Raises:
        Invalid: `figures.period`: the release does not cover this year whole.
    """
    covered = complete(release)
    if year and year not in covered:
        raise Invalid("The figures do not cover this year whole.", code="figures.period", where="year")
    shown = year or (covered[0] if covered else "")
    natures = [one for one in (REAL, EXERCISE) if one == REAL or any(key[NATURE] == one for key in release.cells)]
    return tuple(Sheet(one, _lines(release, one), shown, _answers(release, one, shown)) for one in natures)


def _answers(release: Release, nature: str, year: str) -> tuple[tuple[Answer, int], ...]:
    if not year:
        return ()
    filled = questionnaire.fill(release, year=year, said={}, nature=nature)
    return tuple(
        (_shortest_first(answer), max(figure.value or 0 for figure in answer.figures))
        for answer in filled
        if answer.figures
    )


def _shortest_first(answer: Answer) -> Answer:
    """Bands of time in their order, after the whole; other codes as they are."""
    if answer.question.along != SPEED:
        return answer
    order = {code: place for place, code in enumerate(("", *SPEEDS, UNKNOWN))}
    return replace(answer, figures=tuple(sorted(answer.figures, key=lambda figure: order[figure.code])))


def _lines(release: Release, nature: str) -> tuple[Line, ...]:
    first = min((key[PERIOD] for key in release.cells if key[NATURE] == nature and "-" in key[PERIOD]), default="")
    found: list[Line] = []
    period = release.through
    while first and period >= first and len(found) < QUARTERS:
        values = tuple(release.value(_total(nature, event, period)) for event in EVENTS)
        found.append(Line(period, values))
        period = before(period)
    return tuple(found)


def _total(nature: str, event: Event, period: str) -> Key:
    middle = (TOTAL if axis in APPLIES[event] else NONE for axis in range(SUBJECT, SPEED + 1))
    return (nature, str(event), RECEIVED, *middle, period)
