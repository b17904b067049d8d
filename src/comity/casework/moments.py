"""Days and moments as texts: what is read, and the one form that crosses the border."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

YEARS = range(1900, 2200)  # beyond them somebody mistyped, or means to break a calendar
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    _DATE.pattern + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def parse_date(text: str) -> date:
    """The date written as ``YYYY-MM-DD`` (ISO 8601, Gregorian), of 1900 to 2199. Raises ValueError."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    found = date.fromisoformat(text)
    if found.year not in YEARS:
        raise ValueError(text)
    return found


def parse_moment(text: str) -> datetime:
    """The moment written in RFC 3339 with its offset, of 1900 to 2199 there and in UTC. Raises ValueError.

    Other forms of ISO 8601 name no offset, or not for all readers the same moment. At most nine digits of a second are taken,
    and six of them kept.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.year not in YEARS or moment.astimezone(UTC).year not in YEARS:
        raise ValueError(text)
    return moment


def strict_moment(text: str) -> datetime:
    """The moment in the one form that crosses the border, that of `moment_text`. Raises ValueError."""
    moment = parse_moment(text)
    if moment_text(moment) != text:
        raise ValueError(text)
    return moment


def moment_text(moment: datetime) -> str:
    """`moment` in UTC as RFC 3339 with whole seconds, the only form that crosses the border."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
