"""The deadlines that a step sets running, as values. No clock is read here: `now` always comes from the door.

There is no timer, no extension and no penalty here: what follows from a deadline is decided by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from comity.errors import Invalid
from comity.law.treaty import ClockRule

WARN_DAYS = (30, 14, 7)


class ClockState(StrEnum):
    """Where a deadline stands. *Held* means that it cannot run out while a linked request is undecided."""

    RUNNING = "running"
    WARNING = "warning"
    HELD = "held"
    EXPIRED = "expired"
    MET = "met"


@dataclass(frozen=True)
class Deadline:
    """One deadline.

    Args:
        kind: what it is about, e.g. ``preservation`` or ``suggested``.
        started: the moment that set it running, with its UTC offset.
        due: its last moment, with its UTC offset.
        cites: ids of the provisions it stands on.
        warn_days: days before `due` on which to warn, largest first.

    Raises:
        Invalid: a moment without offset (``clock.zone``), or `due` before `started` (``clock.order``).
    """

    kind: str
    started: datetime
    due: datetime
    cites: tuple[str, ...]
    warn_days: tuple[int, ...] = WARN_DAYS

    def __post_init__(self) -> None:
        """Refuse moments that cannot be compared and periods that end before they begin."""
        _aware(self.started, "started")
        _aware(self.due, "due")
        if self.due < self.started:
            raise Invalid("The deadline lies before its beginning.", code="clock.order", where="due")


def preservation(effected: datetime, rule: ClockRule, zone: tzinfo = UTC) -> Deadline:
    """The last moment for which data must be kept: the end of the `rule.days`-th day after preservation was effected.

    The day of the event is not counted and the last day is counted whole, in the requested State's time zone, so that
    the period is never shorter than its number of full days.

    Args:
        effected: when the data were preserved, with its UTC offset.
        rule: the clock of the basis, e.g. ``books.clock("uncc", "preservation")``: at least 60 days.
        zone: the requested State's time zone.

    Raises:
        Invalid: `effected` has no UTC offset (``clock.zone``), or lies beyond the calendar (``clock.range``).

    Source: Article 42(8).
    """
    _aware(effected, "effected")
    try:
        due = _end_of(effected.astimezone(zone).date() + timedelta(days=rule.days), zone)
        least = effected + timedelta(days=rule.days)
    except OverflowError as error:
        raise Invalid("This date lies beyond the calendar.", code="clock.range", where="effected") from error
    return Deadline(rule.id, effected, max(due, least), (rule.provision,))


def suggested(received: datetime, day: date, cites: tuple[str, ...], zone: tzinfo = UTC) -> Deadline:
    """The deadline that the requesting State suggested: the end of `day`. The Convention itself sets no number of days.

    Args:
        received: when the request was received, with its UTC offset.
        day: the request's deadline.
        cites: e.g. ``books.cites("uncc", Measure.STORED_DATA, "deadline")``.
        zone: the requested State's time zone.

    Raises:
        Invalid: `received` has no offset (``clock.zone``), or `day` had ended by then (``clock.order``).

    Source: Article 40(26).
    """
    _aware(received, "received")
    try:
        return Deadline("suggested", received, _end_of(day, zone), cites)
    except OverflowError as error:
        raise Invalid("This date lies beyond the calendar.", code="clock.range", where="deadline") from error


def state_of(deadline: Deadline, now: datetime, *, held: bool = False, met: bool = False) -> ClockState:
    """Where `deadline` stands at `now`.

    Args:
        deadline: the deadline.
        now: the moment, with its UTC offset.
        held: a linked request has arrived and is not decided yet, Article 42(8).
        met: what was due has been done, or a named officer has ended the clock.

    Raises:
        Invalid: `now` has no UTC offset (``clock.zone``).
    """
    _aware(now, "now")
    if met:
        return ClockState.MET
    if held:
        return ClockState.HELD
    if now > deadline.due:
        return ClockState.EXPIRED
    return ClockState.RUNNING if warning(deadline, now) is None else ClockState.WARNING


def warning(deadline: Deadline, now: datetime) -> int | None:
    """The smallest warning day whose moment has come at `now`, or None when none has. Raises Invalid as `state_of`."""
    _aware(now, "now")
    left = deadline.due - now
    return min((days for days in deadline.warn_days if left <= timedelta(days=days)), default=None)


def days_left(deadline: Deadline, now: datetime) -> int:
    """Whole days from `now` until `deadline` is due; negative once it has passed. Raises Invalid as `state_of`."""
    _aware(now, "now")
    return (deadline.due - now) // timedelta(days=1)


def _end_of(day: date, zone: tzinfo) -> datetime:
    """The last second of `day` in `zone`, in UTC."""
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def _aware(moment: datetime, where: str) -> None:
    if moment.utcoffset() is None:
        raise Invalid("A moment needs its UTC offset.", code="clock.zone", where=where)
