"""Days counted as the law counts them: the day of the event is not counted, a month ends on the same number or its last day.

Which days a State works stands in `calendars`; here it is only a question `works` that is put to each day, and whose answer
may be None: not known. A count that meets such a day answers None itself.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from comity.errors import Invalid
from comity.law._row import Period

Works = Callable[[date], bool | None]
"""Whether offices work on a day; None where that is not known."""

PATIENCE = 400
"""Days without a working day after which a search ends: longer than a year of which a book says nothing."""


def after(day: date, period: Period) -> date:
    """The day on which `period`, begun by an event on `day`, has run: the `count`-th day after it, or its like in months.

    A month later is the day with the same number, or the last of that month when it has no such day.

    Raises:
        Invalid: the period is in hours or working days, which need a clock or a State (``clock.unit``), or the day lies
            beyond the calendar (``clock.range``).
    """
    try:
        if period.unit in ("day", "week"):
            return day + timedelta(days=period.count * (7 if period.unit == "week" else 1))
        if period.unit in ("month", "year"):
            months = day.year * 12 + day.month - 1 + period.count * (12 if period.unit == "year" else 1)
            year, month = divmod(months, 12)
            return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError) as error:
        raise Invalid("This date lies beyond the calendar.", code="clock.range", where="period") from error
    raise Invalid(f"A period of {period} cannot be counted in whole days alone.", code="clock.unit", where="period")


def nth_working(day: date, count: int, works: Works) -> date | None:
    """The `count`-th working day after `day`, which itself is not counted; so a count always ends on a working day.

    Returns:
        None when that cannot be told: a day on the way for which `works` answers None, or `PATIENCE` days without one.

    Raises:
        Invalid: the day lies beyond the calendar (``clock.range``).
    """
    for _ in range(count):
        found = on_working(_next(day), works)
        if found is None:
            return None
        day = found
    return day


def on_working(day: date, works: Works) -> date | None:
    """`day` if it is a working day, else the next one: the rule that a period does not end on a day of rest.

    Treaties do not say so; a State's own law may. Returns None and raises as `nth_working`.
    """
    for _ in range(PATIENCE):
        answer = works(day)
        if answer is None:
            return None
        if answer:
            return day
        day = _next(day)
    return None


def last_moment(day: date, zone: tzinfo) -> datetime:
    """The last second of `day` in `zone`, in UTC, also where that day has 23 or 25 hours, or was left out by its State.

    Raises:
        OverflowError: it lies beyond the calendar.
    """
    wall = datetime.combine(day, time(23, 59, 59), zone).replace(fold=1)  # of two such seconds the later
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # The clocks were put forward over that second: the day ended when they were, somewhere between these two.
    within, beyond = moment, wall.replace(fold=0).astimezone(UTC)
    while beyond - within > timedelta(seconds=1):
        middle = within + (beyond - within) // timedelta(seconds=2) * timedelta(seconds=1)
        within, beyond = (middle, beyond) if middle.astimezone(zone).date() <= day else (within, middle)
    return within


def _next(day: date) -> date:
    if day == date.max:
        raise Invalid("This date lies beyond the calendar.", code="clock.range", where="period")
    return day + timedelta(days=1)
