"""What a client of MISP searches for: read strictly, so that no filter is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final

from comity.errors import Invalid

_MOST: Final = 1_000  # values of one filter
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NUMBER = re.compile(r"\d{1,9}")
_TEXTS: Final = frozenset({"value", "type", "category", "uuid", "eventid", "tags", "org", "eventinfo"})
_ALIASES: Final = {"tag": "tags"}  # as the rules are written by which another MISP pulls
_EXCLUDED: Final = frozenset({"tags", "org"})  # where ``!word`` stands for what is not wanted
_MOMENTS: Final = {"timestamp": "timestamp", "publish_timestamp": "added", "last": "added"}
_DAYS: Final = {"from": (0, "date"), "datefrom": (0, "date"), "to": (1, "date"), "dateuntil": (1, "date")}
_SHOWN: Final = frozenset(  # what an answer shows, or would if there were any: no filters
    {
        "includeEventUuid",
        "includeEventTags",
        "includeSightings",
        "includeContext",
        "withAttachments",
        "sgReferenceOnly",
        "includeUuid",
        "minimal",
    }
)
Span = tuple[float, float]


@dataclass(frozen=True)
class Text:
    """A text that is looked for, in capitals or not; `%` at an end stands for anything."""

    word: str
    open_start: bool
    open_end: bool

    def fits(self, text: str) -> bool:
        """Whether `text` is this one."""
        found = text.casefold()
        if self.open_start and self.open_end:
            return self.word in found
        if self.open_start:
            return found.endswith(self.word)
        return found.startswith(self.word) if self.open_end else found == self.word


@dataclass(frozen=True)
class Search:
    """What is looked for: what fits all of it.

    Args:
        texts: name of a filter -> any of these; empty: anything.
        excluded: name of a filter -> none of these.
        spans: `timestamp`, `date` or `added` -> (from, to) in seconds since 1970, both included.
        to_ids: whether an attribute is one to look for; None: either.
        metadata: whether events are wanted without what is in them.
        limit: of one page; 0: everything.
        page: from 1.
    """

    texts: Mapping[str, tuple[Text, ...]]
    excluded: Mapping[str, tuple[Text, ...]]
    spans: Mapping[str, Span]
    to_ids: bool | None
    metadata: bool
    limit: int
    page: int

    def event(self, head: Mapping[str, Any], added: datetime) -> bool:
        """Whether what an event says of itself fits; `added`: when it was added here."""
        given = head.get("Orgc")
        author = given if isinstance(given, dict) else {}
        return (
            self._text("eventinfo", [str(head.get("info", ""))])
            and self._text("org", [str(author.get("name", "")), str(author.get("uuid", ""))])
            and self._text("tags", _tags(head))
            and self._span("timestamp", float(head.get("timestamp") or 0))
            and self._span("added", added.timestamp())
            and self._span("date", _day(str(head.get("date", ""))))
        )

    @property
    def inside(self) -> bool:
        """Whether the attributes of an event have to be looked at."""
        return bool(self.texts.keys() & {"value", "type", "category"}) or self.to_ids is not None

    def attribute(self, said: Mapping[str, Any]) -> bool:
        """Whether an attribute fits, as far as it is asked about in any search."""
        value = str(said.get("value", ""))
        return (
            self._text("value", [value, *value.split("|")])
            and self._text("type", [str(said.get("type", ""))])
            and self._text("category", [str(said.get("category", ""))])
            and (self.to_ids is None or bool(said.get("to_ids")) is self.to_ids)
        )

    def alone(self, said: Mapping[str, Any], added: datetime) -> bool:
        """Whether an attribute that is looked for by itself fits."""
        return (
            self.attribute(said)
            and self._text("uuid", [str(said.get("uuid", ""))])
            and self._text("tags", _tags(said))
            and self._span("timestamp", float(said.get("timestamp") or 0))
            and self._span("added", added.timestamp())
        )

    def _text(self, name: str, found: Iterable[str]) -> bool:
        said, wanted = list(found), self.texts.get(name)
        if any(one.fits(text) for text in said for one in self.excluded.get(name, ())):
            return False
        return not wanted or any(one.fits(text) for text in said for one in wanted)

    def _span(self, name: str, seconds: float) -> bool:
        if name not in self.spans:
            return True
        start, end = self.spans[name]
        return start <= seconds <= end


def read(said: Mapping[str, Any], at: datetime, *, known: frozenset[str]) -> Search:
    """The search that a request asks for.

    Args:
        said: its filters.
        at: now.
        known: filters of text that are answered there.

    Raises:
        Invalid: ``misp.query``: another filter, or another kind of value.
    """
    texts: dict[str, tuple[Text, ...]] = {}
    excluded: dict[str, tuple[Text, ...]] = {}
    spans: dict[str, Span] = {}
    to_ids: bool | None = None
    for name, value in said.items():
        if value is None or name in _SHOWN or name in {"limit", "page", "metadata"}:
            continue
        if name == "to_ids" and value in (0, 1, "0", "1"):
            to_ids = bool(int(value))
        elif name == "returnFormat" and value == "json":
            continue
        elif (plain := _ALIASES.get(name, name)) in _TEXTS & known:
            texts[plain], excluded[plain] = _texts(plain, value)
        elif name in _MOMENTS:
            spans[_MOMENTS[name]] = _span(name, value, at)
        elif name in _DAYS:
            edge, kind = _DAYS[name]
            start, end = spans.get(kind, (float("-inf"), float("inf")))
            spans[kind] = (_day_asked(name, value), end) if not edge else (start, _day_asked(name, value))
        elif name == "published" and value in (True, 1, "1"):
            continue  # nothing else goes out
        elif name == "published" or value not in (0, "", [], {}):
            raise _wrong(name)
    return Search(
        texts, excluded, spans, to_ids, bool(said.get("metadata")), _number(said, "limit", 0), _number(said, "page", 1)
    )


def _texts(name: str, value: Any) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """(any of these, none of those)."""
    if isinstance(value, dict) and set(value) == {"OR"}:
        value = value["OR"]
    values = value if isinstance(value, list) else [value]
    if not 0 < len(values) <= _MOST:
        raise _wrong(name)
    apart = [each[1:] for each in values if name in _EXCLUDED and isinstance(each, str) and each.startswith("!")]
    wanted = [each for each in values if name not in _EXCLUDED or not str(each).startswith("!")]
    return tuple(_text(name, each) for each in wanted), tuple(_text(name, each) for each in apart)


def _text(name: str, value: Any) -> Text:
    if not isinstance(value, (str, int)) or str(value).startswith("!"):
        raise _wrong(name)
    text = str(value).casefold()
    word = text.strip("%")
    if not word or "%" in word:
        raise _wrong(name)
    return Text(word, text.startswith("%"), text.endswith("%"))


def _span(name: str, value: Any, at: datetime) -> Span:
    if isinstance(value, list):
        if len(value) != 2:
            raise _wrong(name)
        first, second = (_moment(name, each, at) for each in value)
        return min(first, second), max(first, second)
    return _moment(name, value, at), float("inf")


def _moment(name: str, value: Any, at: datetime) -> float:
    """Seconds since 1970, or how long ago: ``7d``."""
    try:
        if isinstance(value, str) and (ago := _AGO.fullmatch(value)):
            return (at - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
        if not isinstance(value, (int, float, str)) or isinstance(value, bool):
            raise TypeError(value)
        seconds = float(value)
    except (ValueError, TypeError, OverflowError) as error:  # it overflows where it lies before the year 1
        raise _wrong(name) from error
    if not isfinite(seconds):
        raise _wrong(name)
    return seconds


def _day_asked(name: str, value: Any) -> float:
    found = _day(value) if isinstance(value, str) else float("nan")
    if found != found:  # noqa: PLR0124 -- not a number
        raise _wrong(name)
    return found


def _day(text: str) -> float:
    """The beginning of a day in UTC; not a number: it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return float("nan")


def _number(said: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = said.get(name)
    if value is None or value == "":
        return otherwise
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        raise _wrong(name)
    return max(int(value), otherwise)


def _tags(said: Mapping[str, Any]) -> list[str]:
    return [str(tag.get("name", "")) for tag in said.get("Tag", ()) if isinstance(tag, dict)]


def _wrong(name: str) -> Invalid:
    return Invalid("This filter is not answered here, or not with this value.", code="misp.query", where=name[:60])
