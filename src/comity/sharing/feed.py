"""The client's side of TAXII 2.1 without a network: what to ask a foreign server for next, and what its answers mean.

A collection is read in sweeps: from a date of addition on, page by page, until there is no more. A sweep that was cut off
goes on with the `next` that it had; a server that forgot this is asked from the beginning of the sweep. The next sweep
begins one unit of the server's own precision before the last date that it named, for it may add more under that date:
what comes twice is recognised by whoever keeps it.

Nothing that the server says is believed beyond its own objects: a page is measured before it is parsed, each object is
checked by itself (`sharing.stix`), a date of the future counts as now, and a server that repeats itself is left alone.
Source: TAXII Version 2.1, OASIS Standard, 3.3 to 3.5, 4.3, 5.4, 5.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from comity.errors import ComityError, Unreachable
from comity.sharing import _json, stix, taxii
from comity.sharing._checks import ID, moment
from comity.sharing._json import Limits

PAGE: Final = 1_000  # objects that are asked for, or sent, at once
_NEXT: Final = 2_000  # characters
_LONGEST_WAIT: Final = 86_400  # seconds that a server may have us wait
_SMALL: Final = Limits(size=4 << 20, object_size=4 << 20)  # of what is no page: a root, a status with its failures
_FORGOTTEN: Final = frozenset({400, 404, 410, 416, 422})  # what is said to a `next` that is not known any more
_SECONDS = re.compile(r"\d{1,9}")
_FRACTION = re.compile(r"\.(\d+)Z$")


class Answer(NamedTuple):
    """What a foreign server answered.

    Args:
        status: of HTTP.
        headers: names in lower case.
        body: within the limit that the caller reads.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refusal(Unreachable):
    """A foreign server did not do what it was asked for.

    Args:
        message: what it did.
        code: ``feed.…``
        after: seconds after which it may be asked again, as it says; 0: it does not say.
    """

    def __init__(self, message: str, *, code: str, after: int = 0) -> None:
        super().__init__(message, code=code)
        self.after = after


@dataclass(frozen=True)
class Place:
    """How far a collection was read.

    Args:
        added: the date of addition after which this sweep asks; empty: from the beginning.
        next: with which it goes on; empty: from its first page.
        last: where the next sweep begins, as far as is known; empty: nothing was seen yet.
    """

    added: str = ""
    next: str = ""
    last: str = ""

    def to_dict(self) -> dict[str, str]:
        """As it is kept; `Place(**…)` reads it."""
        return asdict(self)


@dataclass(frozen=True)
class Page:
    """What a page brought.

    Args:
        objects: that hold.
        refused: that do not.
        place: from where to go on once these are kept.
        more: whether this sweep goes on.
    """

    objects: tuple[stix.Object, ...]
    refused: tuple[stix.Refused, ...]
    place: Place
    more: bool


class Pull:
    """The reading of a foreign collection, from a place on.

    Args:
        place: how far it was read.
        at: now, in UTC.
    """

    def __init__(self, place: Place, at: datetime) -> None:
        self._place, self._at, self._limit = place, at, PAGE
        self._asked = {place.next}  # every `next` that was followed
        self._seen: set[tuple[str, str]] = set()  # what was brought already

    def query(self) -> str:
        """The query of the next request for objects."""
        asked = {"limit": str(self._limit), "added_after": self._place.added, "next": self._place.next}
        return urlencode({name: value for name, value in asked.items() if value})

    def smaller(self) -> bool:
        """Ask for fewer objects from now on, for a page was too long; False: it was a single one."""
        self._limit = max(1, self._limit // 4) if self._limit > 1 else 0
        return self._limit > 0

    def read(self, answer: Answer) -> Page | None:
        """The page in an answer; None: ask again, from the beginning of the sweep.

        Raises:
            Refusal: ``feed.…``: the server refuses, or does not keep to the standard.
            Invalid: ``sharing.…``: the page cannot be read.
        """
        if self._place.next and answer.status in _FORGOTTEN:
            self._place = Place(added=self._place.added)
            return None
        _accepted(answer, {200})
        found = list(stix.objects(answer.body))
        following = _following(json.loads(answer.body))
        self._look(found, following)
        last = max(self._place.last, self._reached(answer) if found else "")
        self._place = (
            replace(self._place, next=following, last=last) if following else Place(added=last or self._place.added)
        )
        return Page(
            objects=tuple(one for one in found if isinstance(one, stix.Object)),
            refused=tuple(one for one in found if isinstance(one, stix.Refused)),
            place=self._place,
            more=bool(following),
        )

    def _look(self, found: Sequence[stix.Object | stix.Refused], following: str) -> None:
        """Note what a page brought. Raises Refusal: it is what another brought, or leads back to it."""
        if following and following in self._asked:
            raise Refusal("The server leads round in a circle.", code="feed.loop")
        self._asked.add(following)
        keys = {(one.id, one.version) for one in found if one.id}
        if keys and keys <= self._seen:
            raise Refusal("The server brings the same objects again.", code="feed.repeats")
        self._seen |= keys

    def _reached(self, answer: Answer) -> str:
        """Where the next sweep begins after this page. Raises Refusal: the server does not say it, or goes back."""
        said = answer.headers.get("x-taxii-date-added-last", "")
        try:
            last = moment(said)
        except ComityError as error:
            raise Refusal("The server does not say when it added its last object.", code="feed.date") from error
        if self._place.added and stix.version_key(last) < self._place.added:
            raise Refusal("The server brings what it added before the date asked for.", code="feed.date")
        digits = _FRACTION.search(said)
        unit = timedelta(microseconds=10 ** (6 - min(6, len(digits[1])))) if digits else timedelta(seconds=1)
        return stix.version_key(min(last, self._at.astimezone(UTC)) - unit)


def _following(envelope: Mapping[str, Any]) -> str:
    """The `next` of an envelope that has more; empty: it is the last. Raises Refusal."""
    more, following = envelope.get("more", False), envelope.get("next")
    if more is False:
        return ""
    if more is not True or not isinstance(following, str) or not 0 < len(following) <= _NEXT:
        raise Refusal("There is more, says the server, and not where.", code="feed.next")
    return following


# ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Status:
    """What became of an addition (4.3).

    Args:
        id: under which the server keeps it.
        complete: whether everything was looked at.
        failures: (id of an object, why), for what was not taken.
    """

    id: str
    complete: bool
    failures: tuple[tuple[str, str], ...]


def read_root(answer: Answer) -> int:
    """The bytes of a body that an API root takes (4.2). Raises Refusal, Invalid."""
    most = _read(answer, {200}).get("max_content_length")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise Refusal("The API root does not say how long a body may be.", code="feed.form")
    return most


def read_status(answer: Answer) -> Status:
    """What a server says of an addition. Raises Refusal, Invalid."""
    said = _read(answer, {200, 202})
    named, failures = said.get("id"), said.get("failures", [])
    if (
        not isinstance(named, str)
        or said.get("status") not in {"complete", "pending"}
        or not isinstance(failures, list)
    ):
        raise Refusal("The server's status does not follow the standard.", code="feed.form")
    return Status(named, said["status"] == "complete", tuple(map(_failure, failures)))


def envelope(raws: Iterable[bytes]) -> bytes:
    """What is posted to add objects (5.5)."""
    return b'{"objects":[%s]}' % b",".join(raws)


def _failure(said: Any) -> tuple[str, str]:
    held = said if isinstance(said, dict) else {}
    named, message = str(held.get("id", "")), str(held.get("message", ""))
    return named if ID.fullmatch(named) else "", message[:200]


# ── what every answer must be ───────────────────────────────────────────────────────────────────────────────────────────


def _read(answer: Answer, statuses: set[int]) -> Mapping[str, Any]:
    """The object in an answer that is no page. Raises Refusal, Invalid."""
    _accepted(answer, statuses)
    found: Mapping[str, Any] = _json.one(answer.body, _SMALL).value
    return found


def _accepted(answer: Answer, statuses: set[int]) -> None:
    """Return when an answer is of TAXII and one of these statuses. Raises Refusal."""
    status = answer.status
    if status not in statuses:
        raise Refusal(f"The server answered {status}.", code=_code(status), after=_after(answer))
    if not taxii.is_taxii(answer.headers.get("content-type", "")):
        raise Refusal("The server's answer is not of TAXII 2.1.", code="feed.media-type")


def _code(status: int) -> str:
    if 300 <= status < 400:
        return "feed.redirect"
    if status >= 500:
        return "feed.away"
    return {401: "feed.sign-in", 403: "feed.forbidden", 404: "feed.missing", 413: "feed.body", 429: "feed.busy"}.get(
        status, "feed.status"
    )


def _after(answer: Answer) -> int:
    said = answer.headers.get("retry-after", "").strip()
    return min(int(said), _LONGEST_WAIT) if _SECONDS.fullmatch(said) else 0
