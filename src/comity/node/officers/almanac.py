"""Dates as officers type and read them: Gregorian everywhere, Solar Hijri beside it in Persian.

The legal date is Gregorian, in UTC. What is shown may come from another State: no date, however odd, stops a page.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Final

from babel.dates import format_date
from persiantools.jdatetime import JalaliDate

from comity.casework.moments import YEARS
from comity.errors import Invalid

_SolarHijri: Final[Any] = JalaliDate  # the package says that it is typed, but its constructor is not
_LATIN: Final = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫", "01234567890123456789.")
_PERSIAN: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_MARKS: Final = re.compile(
    "[\u200c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)  # come along when a date is copied from a page
_DAY: Final = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_MOMENT: Final = re.compile(
    r"([\d/-]+)[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_SOLAR_YEARS: Final = range(1300, 1501)


def latin(text: str) -> str:
    """`text` with Latin digits, without surrounding blanks and without invisible direction marks."""
    return _MARKS.sub("", text).translate(_LATIN).strip()


def persian_digits(text: str) -> str:
    """`text` with Persian digits."""
    return text.translate(_PERSIAN)


def parse_day(text: str, *, where: str, language: str) -> date:
    """The date that an officer typed.

    Args:
        text: Gregorian ``YYYY-MM-DD``; on Persian pages also Solar Hijri ``YYYY/MM/DD`` (years 1300 to 1500). Digits of
            either script, hyphens or slashes.
        where: the field, for the error.
        language: the page's language.

    Raises:
        Invalid: not of this form (``date.form``), or there is no such day (``date.none``).
    """
    found = _DAY.fullmatch(latin(text))
    if found is None:
        raise Invalid(f"'{text[:40]}' is no date. Write it as YYYY-MM-DD.", code="date.form", where=where)
    year, month, day = int(found[1]), int(found[3]), int(found[4])
    solar = language == "fa" and year in _SOLAR_YEARS
    if not solar and year not in YEARS:
        raise Invalid(f"The year {year} is not usable here.", code="date.year", where=where)
    try:
        return _from_solar(year, month, day) if solar else date(year, month, day)
    except ValueError as error:
        raise Invalid(f"There is no day {text[:40]}.", code="date.none", where=where) from error


def _from_solar(year: int, month: int, day: int) -> date:
    if not _SolarHijri.check_date(year, month, day):
        raise ValueError(year, month, day)
    found: date = _SolarHijri(year, month, day).to_gregorian()
    return found


def parse_moment(text: str, *, where: str, language: str, zone: tzinfo | None = None) -> datetime:
    """The moment that an officer typed: a date as in `parse_day`, the time, and the offset from UTC.

    Args:
        text: e.g. ``2026-11-20 14:03:00 +03:30`` or RFC 3339.
        where: the field, for the error.
        language: the page's language.
        zone: what a time without offset means; when None it is refused.

    Raises:
        Invalid: ``date.moment``, ``date.form``, ``date.none`` or ``request.time-zone``.
    """
    found = _MOMENT.fullmatch(latin(text).replace(",", " ").replace("،", " "))
    if found is None:
        raise Invalid(f"'{text[:40]}' is no time.", code="date.moment", where=where)
    day = parse_day(found[1], where=where, language=language)
    offset = _offset(found[5]) if found[5] else zone
    if offset is None:
        raise Invalid("A time needs its UTC offset.", code="request.time-zone", where=where)
    try:
        return datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), int(found[4] or 0), tzinfo=offset)
    except ValueError as error:
        raise Invalid(f"There is no time {text[:40]}.", code="date.none", where=where) from error


def _offset(text: str) -> tzinfo | None:
    if text.upper() in ("Z", "UTC"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        return None
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def day_typed(day: date, language: str) -> str:
    """`day` as it stands in a form field: Solar Hijri on Persian pages, where the year leaves no doubt."""
    solar = _solar(day) if language == "fa" else None
    if solar is not None and solar.year in _SOLAR_YEARS:
        return persian_digits(f"{solar.year:04d}/{solar.month:02d}/{solar.day:02d}")
    return day.isoformat()


def _solar(day: date) -> Any | None:
    """`day` in the Solar Hijri calendar; None where that calendar, as computed here, does not reach."""
    try:
        return _SolarHijri(day, locale="fa")
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def day_words(day: date, language: str) -> str:
    """`day` in words: ``24 November 2026``; in Persian with the Solar Hijri date beside it."""
    if day.year not in YEARS:
        return day.isoformat()
    gregorian = format_date(day, "d MMMM y", locale=language)
    return f"{persian_digits(gregorian)} ({solar_words(day)})" if language == "fa" else gregorian


def solar_words(day: date) -> str:
    """`day` in the Solar Hijri calendar, in Persian: ``۳ آذر ۱۴۰۵``; in ISO where that calendar does not reach."""
    solar = _solar(day)
    if solar is None:
        return day.isoformat()
    return persian_digits(f"{solar.day} {solar.strftime('%B')} {solar.year}")


def moment_parts(moment: datetime, zone: tzinfo, language: str) -> tuple[str, str, str]:
    """(`moment` in the node's zone in words, its offset such as ``UTC+03:30``, the same in UTC as digits).

    At the ends of the calendar, where a zone leads beyond it, the moment stays as it is written.
    """
    try:
        local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return moment.isoformat(), f"UTC{moment:%z}", moment.isoformat()
    hour = f"{local:%H:%M}"
    words = day_words(local.date(), language)
    text = f"{words}، ساعت {persian_digits(hour)}" if language == "fa" else f"{words}, {hour}"
    offset = f"{local:%z}"
    return text, f"UTC{offset[:3]}:{offset[3:5]}", f"{utc:%Y-%m-%d %H:%M:%S} UTC"
