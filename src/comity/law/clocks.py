"""The deadlines that a step sets running, as values.

A deadline is computed from its rule, then carried on by what officers did: `extended` before it had run out, `paused` while
it stood still. Where it stands at a moment is for `law.due` to say.

Where the count needs working days and the law book is silent or unverified, a deadline has no one end but an earliest
and a latest possible one. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from typing import Final

from comity.casework.times import Conduct
from comity.errors import Invalid, NotPossible
from comity.law import dates
from comity.law._row import Period
from comity.law.calendars import Doubt, Offices
from comity.law.dates import Pause, Works, beyond, last_moment, utc
from comity.law.state import State
from comity.law.treaty import ClockRule

SAFE_CONDUCT: Final = "safe-conduct"
"""The clock of Article 40(29): its days are consecutive, so that what stood between begins them anew."""
_DAY = timedelta(days=1)
_Step = Callable[[date, Works], date | None]


@dataclass(frozen=True)
class Uncertain:
    """What a deadline has instead of one end; its `Deadline.due` is the earliest possible one.

    Args:
        latest: the latest possible end, or None when the book cannot tell.
        by_book: the end by the book's lines as they stand, verified or not; None where it is silent.
        doubts: why.
    """

    latest: datetime | None
    by_book: datetime | None
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True)
class Deadline:
    """One deadline.

    Args:
        kind: what it is about, e.g. ``preservation`` or ``suggested``.
        started: the moment that set it running, with its UTC offset.
        due: its last moment, with its UTC offset; the earliest possible one when it is `uncertain`.
        cites: ids of the provisions it stands on.
        warn: how long before `due` to warn, longest first; None leaves it to `warnings`.
        unit: the unit of its period, as in ``Period.unit``.
        least: whether it is a minimum: what it protects must not end before it.
        extendable: whether its rule lets it be extended. A minimum can always be.
        run_on: whether its end on a day of rest runs to the next working day.
        uncertain: what is known of its end when that is not sure, otherwise None.
        stopped: the moment from which it stands still, otherwise None.
        extended: when it was extended last, otherwise None.

    Raises:
        Invalid: a moment without offset (``clock.zone``), or `due` before `started` (``clock.order``).
    """

    kind: str
    started: datetime
    due: datetime
    cites: tuple[str, ...]
    warn: tuple[timedelta, ...] | None = None
    unit: str = "day"
    least: bool = False
    extendable: bool = False
    run_on: bool = False
    uncertain: Uncertain | None = None
    stopped: datetime | None = None
    extended: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse moments that cannot be compared and periods that end before they begin."""
        if utc(self.due, "due") < utc(self.started, "started"):
            raise Invalid("The deadline lies before its beginning.", code="clock.order", where="due")

    def over(self, moment: datetime) -> bool:
        """Whether it has surely run out at `moment` and does not stand still. Raises Invalid as `reads`."""
        latest = self.uncertain.latest if self.uncertain else self.due
        return self.stopped is None and latest is not None and utc(moment, "moment") > utc(latest, "due")

    def reads(self, now: datetime) -> datetime:
        """What the clock reads at `now`: that moment in UTC, or the one at which it stopped, if that came first.

        Raises:
            Invalid: `now` has no UTC offset (``clock.zone``).
        """
        moment = utc(now, "now")
        return moment if self.stopped is None else min(moment, utc(self.stopped, "stopped"))


def deadline(
    rule: ClockRule, started: datetime, zone: tzinfo = UTC, state: State | None = None, *, run_on: bool = False
) -> Deadline:
    """The deadline that `rule` sets running at `started`.

    Hours run to the exact moment. Days, weeks, months and years are whole days in the bound State's zone: the day of the
    event is not counted, and the last day is counted to its last second. A minimum of days is never shorter than as many
    times 24 hours. Working days are those of `state`; where its book is silent or unverified, the deadline is `uncertain`.

    Args:
        rule: the clock, from a treaty's or a State's book.
        started: the event, with its UTC offset.
        zone: the bound State's time zone.
        state: the bound State's book; needed for working days and for `run_on`.
        run_on: whether a period that ends on a day of rest runs to the next working day. Treaties do not say so.

    Raises:
        Invalid: `started` has no UTC offset (``clock.zone``), the end lies beyond the calendar (``clock.range``), or a
            State's book is needed and missing (``clock.unit``).
    """
    begins = utc(started, "started")
    fresh = Deadline(
        rule.id, started, begins, (rule.provision,), unit=rule.period.unit, least=rule.least,
        extendable=rule.extendable, run_on=run_on,
    )  # fmt: skip
    try:
        if rule.period.unit == "hour":
            return replace(fresh, due=begins + timedelta(hours=rule.period.count))
        found = _carried(fresh, zone, state, _counting(rule.period, run_on=run_on), rule.period.unit)
        if rule.least and rule.period.unit in ("day", "week"):
            whole = rule.period.count * (7 if rule.period.unit == "week" else 1) * _DAY
            return _shifted(found, lambda end: max(end, begins + whole))
    except OverflowError as error:
        raise beyond("started") from error
    return found


def preservation(effected: datetime, rule: ClockRule, zone: tzinfo = UTC) -> Deadline:
    """The last moment for which data must be kept, counted from when preservation was effected.

    Args:
        effected: when the data were preserved, with its UTC offset.
        rule: the clock of the basis, e.g. ``books.clock("uncc", "preservation")``: at least 60 days.
        zone: the requested State's time zone.

    Raises:
        Invalid: as `deadline`.

    Source: Article 42(8).
    """
    return deadline(rule, effected, zone)


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
    utc(received, "received")
    try:
        return Deadline("suggested", received, last_moment(day, zone), cites, extendable=True)
    except OverflowError as error:
        raise beyond("deadline") from error


def safe_conduct(told: datetime, rule: ClockRule, zone: tzinfo = UTC, hindrances: Iterable[Pause] = ()) -> Deadline:
    """How long a witness or expert who stays on is protected, once told that the presence is no longer needed.

    The days during which the person could have left are consecutive: a hindrance before their end starts the count again
    when it is over; while it lasts, the clock stands.

    Args:
        told: when the person was officially told, with its UTC offset.
        rule: the clock of the basis: 15 days, or what the States agreed.
        zone: the time zone of the State where the person is.
        hindrances: times during which the person could not leave.

    Raises:
        Invalid: as `deadline`.

    Source: Article 40(29).
    """
    found = deadline(rule, told, zone)
    for pause in dates.merged(hindrances, told):
        if pause.since > found.due:
            break
        if pause.until is None:
            return replace(found, stopped=pause.since)
        found = deadline(rule, pause.until, zone)
    return found


def conduct(said: Conduct, rule: ClockRule, zone: tzinfo = UTC) -> Deadline:
    """How long the safe conduct of a person lasts, as the acts of a case say: for the period of `rule`, or that agreed on.

    Args:
        said: what the acts say of the person.
        rule: the clock of the basis.
        zone: the time zone of the requesting State, where the person is.

    Raises:
        Invalid: as `deadline`.

    Source: Article 40(29).
    """
    agreed = replace(rule, period=Period(said.days, "day")) if said.days else rule
    return safe_conduct(said.told, agreed, zone, [Pause(since, until) for since, until in said.hindered])


def counted(
    rule: ClockRule, started: datetime, pauses: Iterable[Pause], zone: tzinfo = UTC, state: State | None = None
) -> Deadline:
    """The deadline of `rule` with all times during which it stood still: made up for, or begun anew (`SAFE_CONDUCT`).

    Raises:
        Invalid: as `deadline`.
    """
    if rule.id == SAFE_CONDUCT:
        return safe_conduct(started, rule, zone, pauses)
    return paused(deadline(rule, started, zone, state), pauses, zone, state)


def extended(
    deadline: Deadline,
    to: Period | date,
    *,
    at: datetime,
    zone: tzinfo = UTC,
    state: State | None = None,
    cites: tuple[str, ...] = (),
    held: bool = False,
) -> Deadline:
    """`deadline` with a later end. It must be asked for before the present one: afterwards only a new request helps.

    Args:
        deadline: the deadline as it stands.
        to: until when: a moment with its offset, or a day (its end in `zone`), or a period counted on from the present end.
        at: when the extension was asked for, with its UTC offset.
        zone: the bound State's time zone.
        state: its book, for a period in working days.
        cites: what the extension stands on.
        held: as in `state_of`; what is held cannot have run out.

    Returns:
        The new deadline. Where the end was uncertain and could be later than `to`, it stays uncertain.

    Raises:
        NotPossible: the rule allows no extension (``clock.fixed``), or the end had passed, or may have (``clock.expired``).
        Invalid: the new end is not later (``clock.order``), or as `deadline`.

    Source: Article 42(9).
    """
    asked = utc(at, "at")
    if not (deadline.least or deadline.extendable):
        raise NotPossible("The rule lets nobody extend this period.", code="clock.fixed", where=deadline.kind)
    if deadline.reads(asked) > deadline.due and not held:
        raise NotPossible(
            "The period had ended when its extension was asked for. Make a new request.",
            code="clock.expired",
            where="at",
        )
    try:
        found = _later(deadline, to, zone, state)
    except OverflowError as error:
        raise beyond("until") from error
    if found.due <= deadline.due:
        raise Invalid("An extension ends later than what it extends.", code="clock.order", where="until")
    return replace(found, extended=asked, cites=tuple(dict.fromkeys((*found.cites, *cites))))


def paused(deadline: Deadline, pauses: Iterable[Pause], zone: tzinfo = UTC, state: State | None = None) -> Deadline:
    """`deadline` moved by the times during which it stood still.

    A clock of hours moves by exactly those times. A clock of days moves by as many days as stood, parts of days adding up
    and a begun one counted whole; in a clock of working days only what stood on working days counts. Pauses may overlap;
    before the beginning and after the end they do nothing. One that has not ended leaves the clock `stopped`. What an
    extension names, an end or a period in another unit, is moved by whole days.

    Args:
        deadline: the deadline without these pauses.
        pauses: all times that it stood since it began, or since it was extended last.
        zone: the bound State's time zone.
        state: its book, where the clock counts working days.

    Raises:
        Invalid: as `deadline`.
    """
    spans = dates.merged(pauses, deadline.started)
    closed = [(span.since, span.until) for span in spans if span.until is not None]
    try:
        if deadline.unit == "hour":
            found = _shifted(deadline, lambda end: dates.pushed(end, closed))
        else:
            step = _making_up(deadline, deadline.started.astimezone(zone).date(), dates.stood(closed, zone))
            found = _carried(deadline, zone, state, step, deadline.unit)
    except OverflowError as error:
        raise beyond("pauses") from error
    still = next((span.since for span in spans if span.until is None), None)
    return replace(found, stopped=still) if still is not None and still <= found.due else found


def _counting(period: Period, *, run_on: bool) -> _Step:
    """From the day of an event to the last day of `period`."""

    def step(day: date, works: Works) -> date | None:
        last = dates.nth_working(day, period.count, works) if period.unit == "working-day" else dates.after(day, period)
        return dates.on_working(last, works) if run_on and last else last

    return step


def _making_up(deadline: Deadline, first: date, parts: Mapping[date, Fraction]) -> _Step:
    """From the end of `deadline` onwards, making up for the `parts` of days that stood after the day `first`."""

    def step(day: date, works: Works) -> date | None:
        last = dates.made_up(first, day, parts, works if deadline.unit == "working-day" else _every)
        return dates.on_working(last, works) if deadline.run_on and last else last

    return step


def _every(_day: date) -> bool:
    return True


def _carried(deadline: Deadline, zone: tzinfo, state: State | None, step: _Step, unit: str) -> Deadline:
    """`deadline` with each of its possible ends carried on by `step`, by the reading of the book that it stands for.

    The earliest end counts each day that may be worked, the latest only those that surely are.
    """
    known = deadline.uncertain
    ends = (deadline.due, known.latest, known.by_book) if known else (deadline.due, deadline.due, deadline.due)
    if unit != "working-day" and not deadline.run_on:
        first, latest, by_book = (_stepped(end, zone, step, _every) for end in ends)
        provisions, doubts = tuple[str, ...](), tuple[Doubt, ...]()
    else:
        if state is None:
            raise Invalid("Working days are counted by a State's law book: name it.", code="clock.unit", where="state")
        offices = Offices(state)
        first = _stepped(ends[0], zone, step, lambda day: offices.on(day).surely is not False)
        latest = _stepped(ends[1], zone, step, lambda day: offices.on(day).surely is True)
        by_book = _stepped(ends[2], zone, step, lambda day: offices.on(day).works)
        horizon = max(end for end in (deadline.due, first, latest, by_book) if end)
        span = (deadline.started.astimezone(zone).date(), horizon.astimezone(zone).date())
        provisions, doubts = offices.rests_on(*span)
    if first is None:
        raise Invalid("The State's law book leaves no working day.", code="clock.range", where="state")
    doubts = tuple(dict.fromkeys((*(known.doubts if known else ()), *doubts)))
    cites = tuple(dict.fromkeys((*deadline.cites, *provisions)))
    # What stood on a doubtful day is made up for only if that is worked: the ends may come in another order.
    due = min(end for end in (first, latest, by_book) if end)
    latest = max(latest, first, by_book or first) if latest else None
    uncertain = None if latest == due else Uncertain(latest, by_book, doubts)
    return replace(deadline, due=due, uncertain=uncertain, cites=cites)


def _stepped(end: datetime | None, zone: tzinfo, step: _Step, works: Works) -> datetime | None:
    if end is None:
        return None
    day = end.astimezone(zone).date()
    found = step(day, works)
    if found is None:
        return None
    return end if found == day else last_moment(found, zone)


def _later(deadline: Deadline, to: Period | date, zone: tzinfo, state: State | None) -> Deadline:
    """`deadline` carried on to its new end. One that is named stands as it is named, and pauses move it by whole days."""
    if isinstance(to, Period):
        kept = replace(deadline, unit=deadline.unit if _kind(to.unit) == _kind(deadline.unit) else "day")
        if to.unit == "hour":
            return _shifted(kept, lambda end: end.astimezone(UTC) + timedelta(hours=to.count))
        return _carried(kept, zone, state, _counting(to, run_on=deadline.run_on), to.unit)
    moment = utc(to, "until") if isinstance(to, datetime) else last_moment(to, zone)
    known = deadline.uncertain
    if known and known.latest and known.latest <= moment:
        known = None
    if known:
        known = replace(known, by_book=known.by_book and max(known.by_book, moment))
    return replace(deadline, due=moment, unit="day", run_on=False, uncertain=known)


def _kind(unit: str) -> str:
    return unit if unit in ("hour", "working-day") else "day"


def _shifted(deadline: Deadline, move: Callable[[datetime], datetime]) -> Deadline:
    known = deadline.uncertain
    if known is not None:
        latest, by_book = (move(end) if end else None for end in (known.latest, known.by_book))
        known = replace(known, latest=latest, by_book=by_book)
    return replace(deadline, due=move(deadline.due), uncertain=known)
