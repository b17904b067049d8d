"""Days in the calendars that States use, and the days on which a State's offices work, as far as its book says.

A day is always a Gregorian `date`; the other calendars stand beside it. A calendar that does not cover a day refuses, and a
book that does not say whether a day is worked answers None: nothing here is guessed.
"""

from __future__ import annotations

import calendar as gregorian
from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from hijridate import Gregorian, Hijri
from persiantools.jdatetime import JalaliDate

from comity.errors import Invalid
from comity.law.provision import in_force
from comity.law.state import DAYS, Holiday, State, Week

_SolarHijri: Final[Any] = JalaliDate  # the package says that it is typed, but its constructor is not
_BUDDHIST: Final = 543
_DAY: Final = timedelta(days=1)

_YEARS: Final = {
    "gregorian": (1, 9999),
    "solar-hijri": (1178, 1500),  # where its years by the equinox and its 33-year arithmetic are the same
    "umm-al-qura": (1343, 1500),  # its published tables; until 1364 a few months were corrected to 28 or 31 days
    "buddhist": (2484, 9999 + _BUDDHIST),  # until 2483 the Thai year did not begin on 1 January
}
_REACH: Final = {
    "gregorian": (date.min, date.max),
    "solar-hijri": (date(1799, 3, 21), date(2122, 3, 20)),
    "umm-al-qura": (date(1924, 8, 1), date(2077, 11, 16)),
    "buddhist": (date(1941, 1, 1), date.max),
}


def reach(calendar: str) -> tuple[date, date]:
    """The first and the last day that `calendar` covers here. Raises Invalid (``calendar.unknown``)."""
    if calendar not in _REACH:
        raise Invalid(
            f"There is no calendar {calendar!r}. Known: {', '.join(_REACH)}.", code="calendar.unknown", where="calendar"
        )
    return _REACH[calendar]


def written(day: date, calendar: str) -> tuple[int, int, int]:
    """Year, month and day of `day` in `calendar`.

    Args:
        day: a Gregorian date.
        calendar: one of ``state.CALENDARS``. ``solar-hijri`` is Iran's, ``umm-al-qura`` Saudi Arabia's civil calendar,
            ``buddhist`` Thailand's.

    Raises:
        Invalid: there is no such calendar (``calendar.unknown``), or it does not cover the day (``calendar.range``).
    """
    first, last = reach(calendar)
    if not first <= day <= last:
        raise Invalid(
            f"The calendar {calendar} is known here from {first} to {last}.",
            code="calendar.range",
            where=day.isoformat(),
        )
    if calendar == "solar-hijri":
        solar = _SolarHijri(day)
        return solar.year, solar.month, solar.day
    if calendar == "umm-al-qura":
        return Gregorian.fromdate(day).to_hijri().datetuple()
    return day.year + (_BUDDHIST if calendar == "buddhist" else 0), day.month, day.day


def day_of(calendar: str, year: int, month: int, day: int) -> date:
    """The day that is `day`.`month`.`year` in `calendar`; the way back from `written`.

    Raises:
        Invalid: there is no such calendar (``calendar.unknown``), it does not cover that year (``calendar.range``), or
            has no such day (``calendar.none``).
    """
    reach(calendar)
    low, high = _YEARS[calendar]
    where = f"{year}-{month}-{day}"
    if not low <= year <= high:
        message = f"The calendar {calendar} is known here for the years {low} to {high}."
        raise Invalid(message, code="calendar.range", where=where)
    try:
        if calendar == "solar-hijri":
            solar: date = _SolarHijri(year, month, day).to_gregorian()
            return solar
        if calendar == "umm-al-qura":
            return date.fromordinal(Hijri(year, month, day).to_gregorian().toordinal())
        return date(year - (_BUDDHIST if calendar == "buddhist" else 0), month, day)
    except ValueError as error:
        message = f"There is no such day in the calendar {calendar}."
        raise Invalid(message, code="calendar.none", where=where) from error


def easter(year: int, rite: str) -> date:
    """Easter Sunday of `year`, in the Gregorian calendar.

    Args:
        year: from 1583, when that calendar begins.
        rite: ``western`` or ``orthodox`` (counted in the Julian calendar).

    Raises:
        Invalid: the year lies before 1583 or beyond 9999 (``calendar.range``).

    Source: the ecclesiastical full moon by the 19-year cycle, as the computus of either church has it.
    """
    if not 1583 <= year <= 9999:
        raise Invalid("Easter is known here for the years 1583 to 9999.", code="calendar.range", where=str(year))
    golden = year % 19
    if rite == "orthodox":
        moon = (19 * golden + 15) % 30  # days from 21 March, Julian, to the full moon
        behind = year // 100 - year // 400 - 2  # days by which the Julian calendar is behind in that spring
        full = date(year, 3, 21) + timedelta(days=moon + behind)
        return full + timedelta(days=7 - (full.weekday() + 1) % 7)
    century = year // 100
    solar, lunar = century - century // 4, (8 * century + 13) // 25
    moon = (19 * golden + solar - lunar + 15) % 30
    moon -= moon == 29 or (moon == 28 and golden > 10)  # no two full moons of one cycle on one day, none after 18 April
    full = date(year, 3, 21) + timedelta(days=moon)
    return full + timedelta(days=7 - (full.weekday() + 1) % 7)


@lru_cache(maxsize=1 << 14)
def occurrences(holiday: Holiday, year: int) -> tuple[date, ...]:
    """The first days of `holiday` by its rule for the Gregorian `year`, before it is moved; none, one or two.

    An offset may carry the day itself into another year. Where the calendar does not reach, or has no such day that
    year (30 of a month of 29), there is none.
    """
    try:
        if holiday.dates:
            return tuple(sorted(day for day in holiday.dates if day.year == year))
        if holiday.easter:
            return (easter(year, holiday.easter) + timedelta(days=holiday.offset),)
        if holiday.weekday:
            return tuple(day + timedelta(days=holiday.offset) for day in _nth(holiday, year))
    except (Invalid, OverflowError):
        return ()
    return tuple(_fixed(holiday, year))


def _covers(holiday: Holiday, day: date) -> bool:
    """Whether the calendar in which the holiday is counted, if any, covers `day`."""
    if not holiday.calendar:
        return True
    first, last = _REACH[holiday.calendar]
    return first <= day <= last


def _fixed(holiday: Holiday, year: int) -> Iterator[date]:
    first, last = reach(holiday.calendar)
    low, high = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
    if low > high:
        return
    for own in range(written(low, holiday.calendar)[0], written(high, holiday.calendar)[0] + 1):
        try:
            day = day_of(holiday.calendar, own, holiday.month, holiday.day)
        except Invalid:
            continue
        if day.year == year:
            yield day


def _nth(holiday: Holiday, year: int) -> Iterator[date]:
    begins, length = gregorian.monthrange(year, holiday.month)
    first = 1 + (DAYS.index(holiday.weekday) - begins) % 7
    days = range(first, length + 1, 7)
    if holiday.nth < 0 or holiday.nth <= len(days):
        yield date(year, holiday.month, days[holiday.nth if holiday.nth < 0 else holiday.nth - 1])


@dataclass(frozen=True)
class Doubt:
    """Why a day is not sure.

    Args:
        code: ``week`` (the book has no working week for that day), ``holidays`` (it lists none), ``dates`` (a holiday
            is listed by its dates, and not for that year), ``calendar`` (a holiday's calendar does not reach so far),
            ``unverified`` (the line was not compared with the official text).
        about: the provision, or the State's code where there is none.
    """

    code: str
    about: str


@dataclass(frozen=True)
class Closed:
    """A holiday as it falls: on `day`, moved there from `moved_from` if that is not None."""

    day: date
    holiday: Holiday
    moved_from: date | None


@dataclass(frozen=True)
class Workday:
    """Whether a State's offices work on a day.

    Args:
        works: True or False as the book has it; None where it is silent.
        provisions: what the answer rests on.
        verified: whether all of them were compared with the official text; a silence is never verified.
        doubts: why the answer is missing or not sure; empty when it is verified.
    """

    works: bool | None
    provisions: tuple[str, ...]
    verified: bool
    doubts: tuple[Doubt, ...]

    @property
    def surely(self) -> bool | None:
        """`works` where it is verified, otherwise None."""
        return self.works if self.verified else None


@dataclass(frozen=True)
class _Lines:
    """What a book has in force in one year, between two of its changes.

    Args:
        week: the working week.
        provisions: what week and holidays rest on.
        loose: those of them that are not verified.
        silent: what the book does not say of any day of that time.
        holidays: the holidays.
    """

    week: Week | None
    provisions: tuple[str, ...]
    loose: tuple[Doubt, ...]
    silent: tuple[Doubt, ...]
    holidays: tuple[Holiday, ...]


class Offices:
    """The days on which the offices of one State work; remembers each day and year that it was asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._days: dict[date, Workday] = {}
        self._years: dict[int, Mapping[date, tuple[Closed, ...]]] = {}
        self._spans: dict[tuple[int, int], _Lines] = {}
        cited = {item.provision for item in state.weeks} | {item.provision for item in state.holidays}
        versions = [version for name in cited for version in state.provisions[name]]
        begins = {version.since.toordinal() for version in versions if version.since}
        self._changes = sorted(begins | {version.until.toordinal() + 1 for version in versions if version.until})

    def on(self, day: date) -> Workday:
        """Whether they work on `day`.

        A day of the weekly rest and a holiday are not worked. Any other day of the week is worked only if the book has
        a holiday at all and none of them is silent for that day; that answer rests on the whole list.
        """
        if day not in self._days:
            self._days[day] = self._asked(day)
        return self._days[day]

    def rests_on(self, first: date, last: date) -> tuple[tuple[str, ...], tuple[Doubt, ...]]:
        """The provisions and the doubts behind those days from `first` to `last` that were asked for, each once."""
        asked = [self._days[day] for day in sorted(self._days) if first <= day <= last]
        provisions = dict.fromkeys(name for found in asked for name in found.provisions)
        return tuple(provisions), tuple(dict.fromkeys(doubt for found in asked for doubt in found.doubts))

    def week(self, day: date) -> Week | None:
        """The working week in force on `day`, or None; a book never has two."""
        return self._lines(day).week

    def closed(self, year: int) -> Mapping[date, tuple[Closed, ...]]:
        """The holidays that fall in `year`, by day, moved where their rule moves them."""
        if year not in self._years:
            self._years[year] = self._fall(year)
        return self._years[year]

    def _lines(self, day: date) -> _Lines:
        key = (bisect(self._changes, day.toordinal()), day.year)
        if key not in self._spans:
            weeks = self._state.lines(self._state.weeks, day)
            listed = self._state.lines(self._state.holidays, day)
            provisions = tuple(
                dict.fromkeys([*(item.provision for item in weeks), *(item.provision for item in listed)])
            )
            loose = tuple(Doubt("unverified", name) for name in provisions if not self._state.verified(name, day))
            week = weeks[0] if weeks else None
            self._spans[key] = _Lines(week, provisions, loose, tuple(self._silences(day.year, week, listed)), listed)
        return self._spans[key]

    def _silences(self, year: int, week: Week | None, listed: tuple[Holiday, ...]) -> Iterator[Doubt]:
        if week is None:
            yield Doubt("week", self._state.code)
        if not listed:
            yield Doubt("holidays", self._state.code)
        told = {item.en for item in listed if any(day.year == year for day in item.dates)}
        for item in listed:
            if item.dates and item.en not in told:  # one holiday may have a line for each year
                yield Doubt("dates", item.provision)

    def _asked(self, day: date) -> Workday:
        lines = self._lines(day)
        reasons = [self._kept(item) for item in self.closed(day.year).get(day, ())]
        if lines.week and DAYS[day.weekday()] not in lines.week.days:
            reasons.append(self._rest((lines.week.provision,), day))
        if reasons:
            return next((reason for reason in reasons if reason.verified), reasons[0])
        beyond = [item for item in lines.holidays if not _covers(item, day)]
        if lines.silent or beyond:
            doubts = dict.fromkeys([*lines.silent, *(Doubt("calendar", item.provision) for item in beyond)])
            return Workday(None, lines.provisions, verified=False, doubts=tuple(doubts))
        return Workday(works=True, provisions=lines.provisions, verified=not lines.loose, doubts=lines.loose)

    def _kept(self, item: Closed) -> Workday:
        """The rest that a holiday gives; where it was moved, the week that moved it counts too."""
        on = item.moved_from or item.day
        week = self.week(on) if item.moved_from else None
        return self._rest((item.holiday.provision, week.provision) if week else (item.holiday.provision,), on)

    def _rest(self, provisions: tuple[str, ...], on: date) -> Workday:
        loose = tuple(Doubt("unverified", name) for name in provisions if not self._state.verified(name, on))
        return Workday(works=False, provisions=provisions, verified=not loose, doubts=loose)

    def _fall(self, year: int) -> Mapping[date, tuple[Closed, ...]]:
        natural = sorted(self._natural(year), key=lambda item: item[:2])
        taken = {day for day, _, _ in natural}
        found: dict[date, tuple[Closed, ...]] = {}
        for day, _, holiday in natural:
            seen = self._observed(day, holiday.moved, taken)
            taken.add(seen)
            if seen.year == year:
                item = Closed(seen, holiday, day if seen != day else None)
                found[seen] = (*found.get(seen, ()), item)
        return found

    def _natural(self, year: int) -> Iterator[tuple[date, int, Holiday]]:
        """Each holiday in and around `year` on its own day, with its place in the book.

        An offset reaches a year, a holiday's length a month, and a moved one a few days beyond its own year.
        """
        low = date(year - 1, 11, 1) if year > 1 else date.min
        high = date(year + 1, 2, 28) if year < 9999 else date.max
        for number, holiday in enumerate(self._state.holidays):
            for rule in range(max(1, year - 2), min(9999, year + 2) + 1):
                for first in occurrences(holiday, rule):
                    for ordinal in range(
                        first.toordinal(), min(first.toordinal() + holiday.days, date.max.toordinal() + 1)
                    ):
                        day = date.fromordinal(ordinal)
                        if low <= day <= high and in_force(self._state.provisions, holiday.provision, day):
                            yield day, number, holiday

    def _observed(self, day: date, moved: str, taken: set[date]) -> date:
        """Where a holiday of `day` is kept: elsewhere only if its rule says so and `day` is one of weekly rest."""
        week = self.week(day) if moved else None
        if week is None or DAYS[day.weekday()] in week.days or day.year in (1, 9999):
            return day
        if moved == "monday":
            return day + (7 - day.weekday()) * _DAY
        if moved == "nearest":  # of two equally near the later
            near = (day + sign * distance * _DAY for distance in range(1, 7) for sign in (1, -1))
            return next(other for other in near if DAYS[other.weekday()] in week.days)
        other = day + _DAY
        while DAYS[other.weekday()] not in week.days or other in taken:
            other += _DAY
        return other
