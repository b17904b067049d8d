"""The oracle of bench/clocks.py: deadlines counted day by day and second by second; it shares no code with the product.

It knows a State's book as a plain dictionary and walks over its days once. Of the Umm al-Qura calendar it shares the table.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hijridate.ummalqura import MONTH_STARTS

FIRST, LAST = date(1958, 1, 1), date(2074, 12, 31)  # what the oracle knows; cases lie well inside
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
Book = dict[str, Any]
Ends = tuple[datetime | None, datetime | None, datetime | None]


@lru_cache(maxsize=1 << 18)
def day_ends(day: date, zone: tzinfo) -> datetime:
    """The last second whose local date is `day` or earlier: looked for from above, in ever smaller steps."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=44)
    for step in (3600, 900, 60, 1):
        while at.astimezone(zone).date() > day:
            at -= step * SECOND
        at += (step if step > 1 else 0) * SECOND
    return at


def solar_days() -> dict[int, tuple[int, int]]:
    """Month and day of every day in the Solar Hijri calendar, laid out from 1 Farvardin 1300 = 21 March 1921."""
    found, day = {}, date(1921, 3, 21).toordinal()
    for year in range(1300, 1470):
        leap = year % 33 in (1, 5, 9, 13, 17, 22, 26, 30)
        for month in range(1, 13):
            length = 31 if month <= 6 else 30 if month < 12 or leap else 29
            for number in range(1, length + 1):
                found[day] = (month, number)
                day += 1
    return found


def lunar_days() -> dict[int, tuple[int, int]]:
    """The same for Umm al-Qura, from its table of first days."""
    starts = [start + 2_400_000 - 1_721_425 for start in MONTH_STARTS]
    return {
        day: (index % 12 + 1, day - start + 1)
        for index, (start, after) in enumerate(pairwise(starts))
        for day in range(start, after)
    }


def full_moon(year: int, rite: str) -> date:
    """The ecclesiastical full moon of spring, by the epact: age of the moon, day after day, until it is full."""
    golden = year % 19 + 1
    if rite == "orthodox":
        epact = (11 * (golden - 1) + 8) % 30
        behind = year // 100 - year // 400 - 2
    else:
        century = year // 100 + 1
        epact = (11 * golden + 20 + (8 * century + 5) // 25 - 5 - (3 * century // 4 - 12)) % 30
        epact += epact == 24 or (epact == 25 and golden > 11)
        behind = 0
    moon = 44 - epact
    moon += 30 if moon < 21 else 0
    return date(year, 3, 1) + (moon - 1 + behind) * DAY


@lru_cache(maxsize=1024)
def easter_sunday(year: int, rite: str) -> date:
    """The first Sunday after that full moon."""
    day = full_moon(year, rite) + DAY
    while day.weekday() != 6:
        day += DAY
    return day


SOLAR, LUNAR = solar_days(), lunar_days()


def begins_on(row: Book, day: date) -> bool:
    """Whether the holiday `row` begins on `day`, unmoved."""
    if "dates" in row:
        return day in row["dates"]
    if "easter" in row:
        return any(
            day == easter_sunday(year, row["easter"]) + row["offset"] * DAY
            for year in (day.year - 1, day.year, day.year + 1)
        )
    if "weekday" in row:
        day -= row["offset"] * DAY
        last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        place = (day.day - 1) // 7 + 1
        return (day.month, DAYS[day.weekday()]) == (row["month"], row["weekday"]) and (
            last if row["nth"] < 0 else place == row["nth"]
        )
    own = {"solar-hijri": SOLAR, "umm-al-qura": LUNAR}.get(row["calendar"])
    return ((day.month, day.day) if own is None else own[day.toordinal()]) == (row["month"], row["day"])


class Oracle:
    """One State's days, walked through once from `FIRST` to `LAST`."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.days = [FIRST + turn * DAY for turn in range((LAST - FIRST).days + 1)]
        self.answers: dict[date, tuple[bool | None, bool | None]] = {}
        self.rests: dict[date, list[bool]] = {}  # for each holiday kept that day: whether it is verified
        kept = [(day, row) for day in self.days for row in book["holidays"] if self._runs(row, day)]
        taken = {day for day, _ in kept}
        for day, row in kept:
            seen, sure = self._seen(day, row.get("moved"), taken), bool(self.line(row, day)["verified"])
            if seen != day:
                sure = sure and bool(self.line(self.week(day), day)["verified"])
            taken.add(seen)
            self.rests.setdefault(seen, []).append(sure)

    def line(self, row: Book | None, day: date) -> Book:
        """The version of the row's provision in force on `day`; empty if there is none."""
        for line in self.book["provisions"] if row else []:
            if line["id"] == row["provision"] and line["from"] <= day <= line.get("to", LAST):
                return line
        return {}

    def week(self, day: date) -> Book | None:
        """The working week of `day`."""
        return next((week for week in self.book["weeks"] if self.line(week, day)), None)

    def _runs(self, row: Book, day: date) -> bool:
        lasted = (day - turn * DAY for turn in range(row.get("days", 1)))
        return bool(any(begins_on(row, first) for first in lasted if first >= FIRST) and self.line(row, day))

    def _seen(self, day: date, moved: str | None, taken: set[date]) -> date:
        week = self.week(day)
        if not moved or week is None or DAYS[day.weekday()] in week["days"]:
            return day
        near = sorted(
            (day + turn * DAY for turn in range(-6, 200) if moved == "nearest" or turn > 0),
            key=lambda other: (abs((other - day).days), other < day),
        )
        if moved == "monday":
            return next(other for other in near if other.weekday() == 0)
        working = (other for other in near if DAYS[other.weekday()] in week["days"])
        return next(other for other in working if moved == "nearest" or other not in taken)

    def told(self, day: date) -> tuple[bool | None, bool | None]:
        """(what the book says of `day`, what of it is sure)."""
        if day not in self.answers:
            if not FIRST < day <= LAST:
                raise ValueError(f"The oracle does not know {day}.")
            self.answers[day] = self._told(day)
        return self.answers[day]

    def _told(self, day: date) -> tuple[bool | None, bool | None]:
        week = self.week(day)
        reasons = list(self.rests.get(day, []))
        if week and DAYS[day.weekday()] not in week["days"]:
            reasons.append(bool(self.line(week, day)["verified"]))
        if reasons:
            return False, False if any(reasons) else None
        listed = [row for row in self.book["holidays"] if self.line(row, day)]
        dated = {row["en"] for row in listed if "dates" in row}
        told = {row["en"] for row in listed if any(one.year == day.year for one in row.get("dates", []))}
        if week is None or not listed or dated - told:
            return None, None
        return True, True if all(self.line(row, day)["verified"] for row in [week, *listed]) else None


class Gone(Exception):
    """There is no answer: a day on the way is not known, or none comes for more than a year."""


Works = Callable[[date], bool]


def readings(oracle: Oracle) -> tuple[Works, Works, Works]:
    """The three ways to read a book: what may be worked, what surely is, what the book says."""

    def by_book(day: date) -> bool:
        answer = oracle.told(day)[0]
        if answer is None:
            raise Gone
        return answer

    return (lambda day: oracle.told(day)[1] is not False), (lambda day: oracle.told(day)[1] is True), by_book


def walk(day: date, works: Works) -> Iterator[date]:
    """The working days after `day`."""
    idle = 0
    while idle < 400:
        day += DAY
        if works(day):
            idle = 0
            yield day
        else:
            idle += 1
    raise Gone


def rested(day: date, works: Works) -> date:
    """`day`, or the next working day."""
    return next(walk(day - DAY, works))


def months_on(day: date, months: int) -> date:
    """Month after month; a day that is not there gives way to the one before."""
    number, year, month = day.day, day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def counted(day: date, count: int, unit: str, works: Works) -> date:
    """The last day of a period, day by day."""
    if unit == "working-day":
        days = walk(day, works)
        for _ in range(count):
            last = next(days)
        return last
    if unit in ("day", "week"):
        for _ in range(count * (7 if unit == "week" else 1)):
            day += DAY
        return day
    return months_on(day, count * (12 if unit == "year" else 1))


def three(ends: Ends, zone: tzinfo, ways: tuple[Works, Works, Works], step: Callable[[date, Works], date]) -> Ends:
    """Each end carried on by `step` in its own reading."""
    found: list[datetime | None] = []
    for end, works in zip(ends, ways, strict=True):
        try:
            day = end.astimezone(zone).date() if end else None
            last = step(day, works) if day else None
        except Gone:
            last = None
        found.append(end if last and last == day else day_ends(last, zone) if last else None)
    return found[0], found[1], found[2]


def running(spans: list[tuple[datetime, datetime]], low: datetime, high: datetime) -> int:
    """Seconds from `low` to `high` in which no span lies, piece by piece."""
    points = sorted({low, high, *(point for span in spans for point in span if low < point < high)})
    pieces = [(a, b) for a, b in pairwise(points) if not any(since <= a and b <= until for since, until in spans)]
    return sum(int((b - a).total_seconds()) for a, b in pieces)


def stood_still(ends: Ends, case: Book, ways: tuple[Works, Works, Works]) -> tuple[Ends, datetime | None]:
    """The ends moved by the pauses, and since when the clock stands, if it does."""
    zone, began = ZoneInfo(case["zone"]), case["began"].astimezone(UTC)
    closed = [(max(since, began), until) for since, until in case["pauses"] if until and until > max(since, began)]
    still = min((max(since, began) for since, until in case["pauses"] if until is None), default=None)
    if still is not None:
        while reach := [since for since, until in closed if since < still <= until]:
            still = min(reach)
        closed = [(since, min(until, still)) for since, until in closed if since < still]
    if case["unit"] == "hour":
        ends = tuple(exactly(end, began, closed) if end else None for end in ends)  # type: ignore[assignment]
    else:
        first = case["began"].astimezone(zone).date()

        def share(day: date) -> Fraction:  # of the day in which the clock ran
            low, high = day_ends(day - DAY, zone) + SECOND, day_ends(day, zone) + SECOND
            whole = int((high - low).total_seconds())
            return Fraction(running(closed, low, high), whole) if whole else Fraction(1)

        def step(day: date, works: Works) -> date:
            counts = works if case["unit"] == "working-day" else lambda _: True
            near = {
                since.date() + turn * DAY for since, until in closed for turn in range(-1, (until - since).days + 3)
            }
            touched = [other for other in near if first < other <= day and share(other) < 1]
            owed = sum((1 - share(other) for other in touched if counts(other)), Fraction(0))
            days = walk(day, counts)
            while owed > 0:
                day = next(days)
                owed -= share(day)
            return rested(day, works) if case["run_on"] else day

        first_end, latest, by_book = three(ends, zone, ways, step)
        known = [end for end in (first_end, latest, by_book) if end]
        ends = (min(known), max(known) if latest else None, by_book)
    due = ends[0]
    return ends, still if still is not None and due is not None and still <= due else None


def exactly(end: datetime, began: datetime, closed: list[tuple[datetime, datetime]]) -> datetime:
    """The last moment at which the clock has run no longer than it would have without pauses."""
    whole = int((end.astimezone(UTC) - began).total_seconds())
    points = sorted({began, *(point for span in closed for point in span)})
    ran = 0
    for low, high in pairwise(points):
        piece = running(closed, low, high)
        if ran + piece > whole:
            return low + (whole - ran) * SECOND
        ran += piece
    return points[-1] + (whole - ran) * SECOND


def answer(oracle: Oracle, case: Book) -> Book:
    """What the oracle of the case's State says of `case`."""
    zone, began = ZoneInfo(case["zone"]), case["began"].astimezone(UTC)
    ways = readings(oracle)

    def run(day: date, count: int, unit: str, works: Works) -> date:
        last = counted(day, count, unit, works)
        return rested(last, works) if case["run_on"] else last

    def grown(ends: Ends, count: int, unit: str) -> Ends:
        if unit == "hour":
            return tuple(end and end.astimezone(UTC) + timedelta(hours=count) for end in ends)  # type: ignore[return-value]
        return three(ends, zone, ways, lambda day, works: run(day, count, unit, works))

    ends = grown((began, began, began), case["count"], case["unit"])
    if case["least"] and case["unit"] in ("day", "week"):
        full = began + case["count"] * (7 if case["unit"] == "week" else 1) * DAY
        ends = tuple(end and max(end, full) for end in ends)  # type: ignore[assignment]
    refused = ""
    if case["extend"]:
        due, to = ends[0], case["extend"]["to"]
        assert due is not None
        longer = (
            grown(ends, *to) if isinstance(to, tuple) else tuple(end and max(end, day_ends(to, zone)) for end in ends)
        )
        if case["extend"]["at"] > due and not case["held"]:
            refused = "clock.expired"
        elif longer[0] is None or longer[0] <= due:
            refused = "clock.order"
        else:
            ends = longer  # type: ignore[assignment]
            same = {"hour": 0, "working-day": 1}
            if not isinstance(to, tuple) or same.get(to[1]) != same.get(case["unit"]):
                case = case | {"unit": "day", "run_on": case["run_on"] and isinstance(to, tuple)}
    ends, stopped = stood_still(ends, case, ways)
    return looked_at(ends, stopped, case) | {"stopped": stopped, "refused": refused, "explained": True}


def looked_at(ends: Ends, stopped: datetime | None, case: Book) -> Book:
    """Where the clock stands at the case's moment."""
    due, latest, by_book = ends
    assert due is not None
    sure, now = due == latest, due + case["look"] * SECOND
    seen = min(now, stopped) if stopped else now
    ahead = {30 * DAY, 14 * DAY, 7 * DAY}
    whole = due - case["began"].astimezone(UTC)
    ahead = {one for one in ahead if whole >= 2 * one} or {whole / 2, whole / 4, whole / 8}
    warned = min((one for one in ahead if due - seen <= one), default=None)
    stands = "warning" if warned else "running"
    if now > due:
        stands = "expired" if latest and now > latest else "uncertain"
    if stopped and stopped <= now:
        stands = "paused"
    return {
        "due": due, "latest": latest, "by_book": due if sure else by_book, "sure": sure,
        "stands": "held" if case["held"] else stands, "left": (due - seen).days,
        "warned": warned and warned.total_seconds(),
    }  # fmt: skip
