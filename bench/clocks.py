"""A long campaign against the clocks: each case is computed by the product and by an oracle that counts day by day.

A case is a rule (hours to years, working days), an event, a zone, a State's book with a working week and holidays of every
form, verified or not, with an extension and pauses; compared are the end, the latest possible end, the end by the book, where
the clock stands, the days left, the warning, and what is refused. All of it follows from the seed and the case's number, so
that a case can be looked at again and a run can be taken up where it ended, with its wrong cases judged anew. The oracle
shares no code with the product: it knows the books as plain dictionaries and walks over seconds and days. Of the Umm al-Qura
calendar it shares the table.

    python bench/clocks.py [--cases N] [--seed N] [--states N] [--from N] [--state FILE] [--jobs N] [--case N]
"""

from __future__ import annotations

import argparse
import calendar
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hijridate.ummalqura import MONTH_STARTS

from comity.casework.measure import Measure
from comity.errors import ComityError
from comity.law import clocks, due
from comity.law._row import Period, open_page
from comity.law.dates import Pause
from comity.law.state import State, read_state
from comity.law.treaty import ClockRule

SEED, STATES, CHUNK = 20261124, 24, 1000
FIRST, LAST = date(1958, 1, 1), date(2074, 12, 31)  # what the oracle knows; cases lie well inside
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "UTC", "Asia/Tehran", "Asia/Ho_Chi_Minh", "Asia/Riyadh", "America/New_York", "America/St_Johns", "America/Havana",
    "America/Asuncion", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kwajalein", "Australia/Lord_Howe", "Africa/Cairo",
    "Asia/Amman", "Asia/Beirut", "Europe/London", "Asia/Kathmandu", "America/Toronto", "Pacific/Kiritimati",
    "Africa/Casablanca", "Asia/Gaza", "America/Scoresbysund",
)  # fmt: skip
UNITS = {"hour": 2000, "day": 400, "week": 60, "month": 30, "year": 5, "working-day": 60}
TEXTS = {"source": "s", "en": "e", "fa": "f"}
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
Book = dict[str, Any]
Ends = tuple[datetime | None, datetime | None, datetime | None]


# ------------------------------------------------------------------------------------------------- making books and cases


def made_book(seed: int, number: int) -> Book:
    """The `number`-th State's book: its tables as TOML has them."""
    dice = random.Random(f"{seed}/book/{number}")
    rows: list[Book] = []

    def some_day() -> date:
        return date(dice.randrange(1970, 2060), dice.randrange(1, 13), 15)

    def line(name: str) -> str:
        split = dice.choice([None, None, None, some_day()])
        sure = [dice.random() < trust for _ in range(2)]
        if split and trust and dice.random() < 0.5:
            sure = dice.choice([[False, True], [True, False]])
        common = TEXTS | {"id": f"XX:{name}"}
        if split is None:
            rows.append(common | {"verified": sure[0], "from": date(1900, 1, 1)})
        else:  # the older version may be missing
            if dice.random() < 0.7:
                rows.append(common | {"verified": sure[0], "from": date(1900, 1, 1), "to": split - DAY})
            rows.append(common | {"verified": sure[1], "from": split})
        return f"XX:{name}"

    trust = dice.choice([0.0, 0.5, 0.9, 1.0, 1.0, 1.0])
    weeks = []
    changed = sorted(some_day() for _ in range(dice.choice([0, 0, 0, 1, 2])))
    for turn, (since, until) in enumerate(pairwise([date(1900, 1, 1), *changed, date(2100, 1, 1)])):
        if dice.random() < 0.95:  # else there is a time without a working week
            rest = dice.choice(
                [("sat", "sun"), ("fri", "sat"), ("thu", "fri"), ("fri",), ("sun",), ("sat", "tue", "wed")]
            )
            name = f"XX:week-{turn}"
            rows.append(TEXTS | {"id": name, "verified": dice.random() < trust, "from": since, "to": until - DAY})
            weeks.append({"days": [day for day in DAYS if day not in rest], "provision": name})
    holidays = [
        made_holiday(dice, turn) | {"provision": line(f"holiday-{turn}")} for turn in range(dice.choice([0, 3, 6, 9]))
    ]
    return {"weeks": weeks, "holidays": holidays, "provisions": rows}


def made_holiday(dice: random.Random, turn: int) -> Book:
    """One holiday of any of the four forms."""
    form = dice.choice(["fixed", "fixed", "fixed", "nth", "easter", "dates"])
    row: Book = {"en": f"h{turn if form != 'dates' else dice.randrange(2)}", "fa": "f"}
    if form == "fixed":
        row["calendar"] = dice.choice(["gregorian", "gregorian", "solar-hijri", "umm-al-qura", "buddhist"])
        row |= {"month": dice.randrange(1, 13), "day": dice.randrange(1, 31)}
    elif form == "nth":
        row |= {"calendar": "gregorian", "month": dice.randrange(1, 13), "weekday": dice.choice(DAYS)}
        row |= {"nth": dice.choice([-1, 1, 2, 3, 4, 5]), "offset": dice.choice([0, 0, 1, -3])}
    elif form == "easter":
        row |= {"easter": dice.choice(["western", "orthodox"]), "offset": dice.randrange(-50, 61)}
    else:
        told = dice.choice([0.8, 0.95, 1.0])
        years = [year for year in range(1958, 2075) if dice.random() < told]
        row["dates"] = [date(year, dice.randrange(1, 13), dice.randrange(1, 29)) for year in years]
    if dice.random() < 0.3:
        row["days"] = dice.randrange(2, 6)
    if dice.random() < 0.6:
        row["moved"] = dice.choice(["monday", "nearest", "next-working-day"])
    return row


def toml(book: Book) -> str:
    """`book` as a law book."""

    def value(item: Any) -> str:
        if isinstance(item, bool):
            return str(item).lower()
        if isinstance(item, list):
            return f"[{', '.join(map(value, item))}]"
        return f'"{item}"' if isinstance(item, str) else str(item)

    text = (
        '[book]\nid = "XX"\nkind = "state"\nen = "e"\nfa = "f"\n[state]\nzone = "Asia/Tehran"\ncalendar = "gregorian"\n'
    )
    text += 'region = "asia-pacific"\ntradition = ["civil"]\n'
    for table, rows in (("week", "weeks"), ("holiday", "holidays"), ("provision", "provisions")):
        for row in book[rows]:
            text += f"[[{table}]]\n" + "".join(f"{name} = {value(item)}\n" for name, item in row.items())
    return text


def made_case(seed: int, number: int, states: int) -> Book:
    """The `number`-th case."""
    dice = random.Random(f"{seed}/{number}")
    unit = dice.choice([*UNITS, "working-day", "working-day"])
    zone = dice.choice(ZONES)
    began = datetime(1965, 1, 1, tzinfo=UTC) + dice.randrange(80 * 365 * 86400) * SECOND
    case: Book = {
        "unit": unit, "count": dice.randrange(1, UNITS[unit] + 1), "least": dice.random() < 0.5,
        "run_on": dice.random() < 0.2, "began": began.astimezone(ZoneInfo(dice.choice(ZONES))), "zone": zone,
        "state": dice.randrange(states), "pauses": [], "extend": None, "held": dice.random() < 0.1,
    }  # fmt: skip
    for _ in range(dice.choice([0, 0, 0, 1, 2, 4])):
        since = began + dice.randrange(-5 * 86400, 60 * 86400) * SECOND
        if dice.random() < 0.3:  # whole local days are the usual thing
            since = datetime.combine(since.date(), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
        until = since + dice.choice(
            [dice.randrange(86400) * SECOND, dice.randrange(20) * DAY, dice.randrange(90 * 86400) * SECOND]
        )
        case["pauses"].append((since, None if dice.random() < 0.08 else until))
    if dice.random() < 0.3:
        asked = began + dice.randrange(-86400, 100 * 86400) * SECOND
        until = began.date() + dice.randrange(700) * DAY
        count, longer = dice.randrange(1, 40), dice.choice([*UNITS])
        period = (min(count, UNITS[longer]), longer)
        case["extend"] = {"at": asked, "to": dice.choice([until, period, period])}
    case["look"] = dice.choice(
        [dice.randrange(-40 * 86400, 10 * 86400), dice.randrange(-2, 3), dice.randrange(90 * 86400)]
    )
    return case


# ------------------------------------------------------------------------------------------------------------ the product


@lru_cache(maxsize=256)
def state_book(seed: int, number: int) -> State:
    """The `number`-th State as the product reads it."""
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        path = Path(folder) / "XX.toml"
        path.write_text(toml(made_book(seed, number)), "utf-8")
        return read_state(open_page(path, "states/XX.toml"), {})


def product(seed: int, case: Book) -> Book:
    """What the product says of `case`."""
    zone, state = ZoneInfo(case["zone"]), state_book(seed, case["state"])
    period = Period(case["count"], case["unit"])
    rule = ClockRule("c", (Measure.PRESERVATION,), period, case["least"], "requested", extendable=True, provision="t:1")
    found = clocks.deadline(rule, case["began"], zone, state, run_on=case["run_on"])
    refused = ""
    if case["extend"]:
        to, at = case["extend"]["to"], case["extend"]["at"]
        try:
            to = Period(*to) if isinstance(to, tuple) else to
            found = clocks.extended(found, to, at=at, zone=zone, state=state, held=case["held"])
        except ComityError as error:
            refused = error.code
    found = clocks.paused(found, [Pause(*span) for span in case["pauses"]], zone, state)
    now = found.due.astimezone(UTC) + case["look"] * SECOND
    known, ahead = found.uncertain, due.warning(found, now)
    return {
        "due": found.due, "latest": known.latest if known else found.due, "by_book": known.by_book if known else found.due,
        "sure": known is None, "stopped": found.stopped, "refused": refused,
        "stands": str(due.state_of(found, now, held=case["held"])), "left": due.days_left(found, now),
        "warned": ahead and ahead.total_seconds(), "explained": known is None or bool(known.doubts),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- the oracle


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


@lru_cache(maxsize=256)
def oracle_book(seed: int, number: int) -> Oracle:
    """The oracle of the `number`-th State."""
    return Oracle(made_book(seed, number))


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
    number, year, month = day.day, day.year, day.month
    for _ in range(count * (12 if unit == "year" else 1)):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


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


def oracle(seed: int, case: Book) -> Book:
    """What the oracle says of `case`."""
    zone, began = ZoneInfo(case["zone"]), case["began"].astimezone(UTC)
    ways = readings(oracle_book(seed, case["state"]))

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


# ----------------------------------------------------------------------------------------------------------- the campaign


def judged(seed: int, number: int, states: int) -> tuple[Book, Book, float, float]:
    """(what the product says, what the oracle says, seconds of each)."""
    case = made_case(seed, number, states)
    state_book(seed, case["state"])
    began = time.perf_counter()
    try:
        ours = product(seed, case)
    except ComityError as error:
        ours = {"error": error.code}
    between = time.perf_counter()
    return ours, oracle(seed, case), between - began, time.perf_counter() - between


def chunk(asked: tuple[int, int, int, int]) -> tuple[int, list[int], int, float, float]:
    """Cases `low` to `high`: (how many, the wrong ones, how many uncertain, seconds of the product, of the oracle)."""
    seed, low, high, states = asked
    wrong, unsure, mine, other = [], 0, 0.0, 0.0
    for number in range(low, high):
        ours, theirs, took, took_there = judged(seed, number, states)
        if ours != theirs:
            wrong.append(number)
        unsure += not theirs["sure"]
        mine, other = mine + took, other + took_there
    return high - low, wrong, unsure, mine, other


def campaign(cases: int, jobs: int, done: Book) -> Iterator[Book]:
    """The state of the campaign after each piece, from `done` on; the next case is ``done["next"]``."""
    starts = range(done["next"], cases, CHUNK)
    pieces = [(done["seed"], low, min(low + CHUNK, cases), done["states"]) for low in starts]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for count, wrong, unsure, mine, other in pool.imap(chunk, pieces):
            done = done | {
                "next": done["next"] + count, "cases": done["cases"] + count, "wrong": done["wrong"] + wrong,
                "unsure": done["unsure"] + unsure, "product": done["product"] + mine, "oracle": done["oracle"] + other,
            }  # fmt: skip
            yield done


def kept(asked: argparse.Namespace) -> Book:
    """Where the campaign stands: as the state file has it, its wrong cases judged again, else at --from."""
    fresh: Book = {
        "seed": asked.seed,
        "states": asked.states,
        "next": asked.start,
        "cases": 0,
        "wrong": [],
        "unsure": 0,
    }
    fresh |= {"product": 0.0, "oracle": 0.0}
    if not asked.state or not asked.state.exists():
        return fresh
    found: Book = json.loads(asked.state.read_text("utf-8"))
    if (found["seed"], found["states"]) != (asked.seed, asked.states):
        sys.exit(f"{asked.state} is of another campaign, with seed {found['seed']}: name another file.")
    again = [judged(asked.seed, number, asked.states)[:2] for number in found["wrong"]]
    return found | {
        "wrong": [number for number, (ours, theirs) in zip(found["wrong"], again, strict=True) if ours != theirs]
    }


def main() -> int:
    """Run or take up the campaign; 1 if any case is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000, help="the case to end before")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--states", type=int, default=STATES, help="how many States' books to make")
    parser.add_argument("--from", dest="start", type=int, default=0, help="the first case")
    parser.add_argument("--state", type=Path, help="keep the campaign's state here, and take it up from here")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--case", type=int, help="show one case and both answers, nothing else")
    asked = parser.parse_args()
    if asked.case is not None:
        ours, theirs, *_ = judged(asked.seed, asked.case, asked.states)
        print(
            made_case(asked.seed, asked.case, asked.states),
            *(f"{key}: {ours.get(key)} | {theirs[key]}" for key in theirs),
            sep="\n",
        )
        return int(ours != theirs)
    done = begun = kept(asked)
    began, shown = time.perf_counter(), 0.0
    for done in campaign(asked.cases, asked.jobs, begun):
        if asked.state:
            fresh = asked.state.with_suffix(".new")
            fresh.write_text(json.dumps(done), "utf-8")
            fresh.replace(asked.state)
        if time.perf_counter() - shown > 10:
            shown = time.perf_counter()
            rate = (done["cases"] - begun["cases"]) / (shown - began)
            print(f"{done['next']:9,} of {asked.cases:,}  wrong {len(done['wrong'])}  {rate:,.0f}/s", flush=True)
    rate = (done["cases"] - begun["cases"]) / (time.perf_counter() - began)
    ours, theirs = (done["cases"] / max(done[part], 1e-9) for part in ("product", "oracle"))
    print(
        f"\nseed {done['seed']}: {done['cases']:,} cases, {len(done['wrong'])} wrong; {done['unsure']:,} had no sure end"
    )
    print(f"{rate:,.0f} cases a second with {asked.jobs} processes; one process alone does the product's part of")
    print(f"{ours:,.0f} cases a second, the oracle's of {theirs:,.0f}")
    print(*(f"wrong: --case {number}" for number in done["wrong"][:20]), sep="\n", end="")
    return int(bool(done["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
