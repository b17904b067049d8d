"""Time counted as the law counts it: the day of the event is not counted, a month ends on the same number or its last day.

Which days a State works stands in `calendars`; here it is only a question `works` that is put to each day, and whose answer
may be None: not known. A count that meets such a day answers None itself.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction

from comity.errors import Invalid
from comity.law._row import Period

_DAY, _SECOND, _TICK = timedelta(days=1), timedelta(seconds=1), timedelta(microseconds=1)

Works = Callable[[date], bool | None]
"""Whether offices work on a day; None where that is not known."""

PATIENCE = 400
"""Days without a working day after which a search ends: longer than a year of which a book says nothing."""


@dataclass(frozen=True)
class Pause:
    """A time during which a clock stands still, from `since` up to `until`; None while it lasts.

    Raises:
        Invalid: a moment without offset (``clock.zone``), or an end before the beginning (``clock.order``).
    """

    since: datetime
    until: datetime | None

    def __post_init__(self) -> None:
        """Refuse what is no span of time."""
        since = utc(self.since, "since")
        if self.until is not None and utc(self.until, "until") < since:
            raise Invalid("The pause ends before it begins.", code="clock.order", where="until")


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
        raise beyond("period") from error
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


def made_up(first: date, last: date, parts: Mapping[date, Fraction], works: Works) -> date | None:
    """The end of a count from the day after `first` to `last`, once the `parts` of its days that stood are made up for.

    Only parts of working days count, and add up. Returns None and raises as `nth_working`.
    """
    owed = Fraction(0)
    for day in (day for day in parts if first < day <= last):
        counts = works(day)
        if counts is None:
            return None
        owed += parts[day] * counts
    while owed > 0:
        found = nth_working(last, 1, works)
        if found is None:
            return None
        last, owed = found, owed - 1 + parts.get(found, 0)
    return last


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
    within, after_it = moment, wall.replace(fold=0).astimezone(UTC)
    while after_it - within > _SECOND:
        middle = within + (after_it - within) // (2 * _SECOND) * _SECOND
        within, after_it = (middle, after_it) if middle.astimezone(zone).date() <= day else (within, middle)
    return within


def merged(pauses: Iterable[Pause], started: datetime) -> list[Pause]:
    """The pauses from `started` on in the order of time, in UTC, those that touch made one."""
    begins, found = utc(started, "started"), list[Pause]()
    for pause in sorted(pauses, key=lambda item: utc(item.since, "since")):
        since = max(begins, utc(pause.since, "since"))
        until = None if pause.until is None else utc(pause.until, "until")
        if until is not None and until <= since:
            continue
        last = found[-1] if found else None
        if last is None or (last.until is not None and last.until < since):
            found.append(Pause(since, until))
        elif last.until is not None:
            found[-1] = Pause(last.since, None if until is None else max(last.until, until))
    return found


def pushed(end: datetime, spans: Iterable[tuple[datetime, datetime]]) -> datetime:
    """The exact moment `end`, moved by each span that began before it."""
    end = end.astimezone(UTC)
    for since, until in spans:
        if since > end:
            break
        end += until - since
    return end


def stood(spans: Iterable[tuple[datetime, datetime]], zone: tzinfo) -> dict[date, Fraction]:
    """The part of each local day that `spans` cover, in the order of days."""
    found: dict[date, Fraction] = {}
    for since, until in spans:
        day = since.astimezone(zone).date() - _DAY  # where clocks go back over midnight, a day begins twice
        while (begins := last_moment(day - _DAY, zone) + _SECOND) < until:
            ends = last_moment(day, zone) + _SECOND
            if part := max(min(ends, until) - max(begins, since), timedelta(0)):
                found[day] = found.get(day, Fraction(0)) + Fraction(part // _TICK, (ends - begins) // _TICK)
            day += _DAY
    return found


def utc(moment: datetime, where: str) -> datetime:
    """`moment` in UTC: two moments of one zone would be compared by their wall clocks."""
    if moment.utcoffset() is None:
        raise Invalid("A moment needs its UTC offset.", code="clock.zone", where=where)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise beyond(where) from error


def beyond(where: str) -> Invalid:
    """The error for what no calendar reaches."""
    return Invalid("This date lies beyond the calendar.", code="clock.range", where=where)


def _next(day: date) -> date:
    if day == date.max:
        raise beyond("period")
    return day + _DAY
