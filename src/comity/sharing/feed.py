"""The client's side of TAXII 2.1 without a network: what to ask a foreign server for next, and what its answers mean.

A collection is read in sweeps: from a date of addition on, page by page, until there is no more. Only that date is kept
between two visits, never a `next`: some servers hand out each page of theirs once (medallion), and what was lost on its way
would be missed. As objects come in the order of their dates, a sweep that was cut off goes on at the last date that
arrived. It begins one unit of the server's own precision before that, for more may be added, or come, under the same
date: what comes twice is recognised by whoever keeps it.

Nothing that the server says is believed beyond its own objects: a page is measured before it is parsed, each object is
checked by itself (`sharing.stix`), a date of the future counts as now, and a server that repeats itself is left alone.
Source: TAXII Version 2.1, OASIS Standard, 3.3 to 3.5, 4.3, 5.4, 5.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
_NEVER: Final = frozenset({501, 505})  # what a server says of a method that it has not
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


class _Kind(NamedTuple):
    """What statuses of HTTP mean to a client."""

    statuses: range
    code: str


_TIMEOUT: Final = 408  # it may have read all of the request, whoever said so
_KINDS: Final = (
    _Kind(range(300, 400), code="feed.redirect"), _Kind(range(401, 402), code="feed.sign-in"),
    _Kind(range(403, 404), code="feed.forbidden"), _Kind(range(404, 405), code="feed.missing"),
    _Kind(range(413, 414), code="feed.body"), _Kind(range(429, 430), code="feed.busy"),
    _Kind(range(500, 600), code="feed.away"), _Kind(range(1_000), code="feed.status"),
)  # fmt: skip


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
class Page:
    """What a page brought.

    Args:
        objects: that hold.
        refused: that do not.
        added: the date of addition from which to go on once these are kept; empty: from the beginning.
        more: whether this sweep goes on.
    """

    objects: tuple[stix.Object, ...]
    refused: tuple[stix.Refused, ...]
    added: str
    more: bool


class Pull:
    """The reading of a foreign collection, from a date on.

    Args:
        added: `Page.added` of the last page that was kept; empty: from the beginning.
        at: now, in UTC.
    """

    def __init__(self, added: str, at: datetime) -> None:
        self._added, self._at, self._limit = added, at, PAGE
        self._since, self._next = added, ""  # what this sweep asks for
        self._seen: set[int] = set()  # pages that were brought already

    def query(self) -> str:
        """The query of the next request for objects."""
        asked = {"limit": str(self._limit), "added_after": self._since, "next": self._next}
        return urlencode({name: value for name, value in asked.items() if value})

    def smaller(self) -> bool:
        """Ask for fewer objects from now on, for a page was too long; False: it was a single one."""
        self._limit = max(1, self._limit // 4) if self._limit > 1 else 0
        self._anew()
        return self._limit > 0

    def read(self, answer: Answer) -> Page | None:
        """The page in an answer; None: ask again, for the server does not know its own `next` any more.

        Raises:
            Refusal: ``feed.…``: the server refuses, or does not keep to the standard.
            Invalid: ``sharing.…``: the page cannot be read.
        """
        if self._next and answer.status in _FORGOTTEN:
            self._anew()
            return None
        _accepted(answer, {200})
        found = list(stix.objects(answer.body))
        following = _following(json.loads(answer.body))
        if following:
            self._look(found, following)
        if found:
            self._added = self._reached(answer)
        self._next = following
        return Page(
            objects=tuple(one for one in found if isinstance(one, stix.Object)),
            refused=tuple(one for one in found if isinstance(one, stix.Refused)),
            added=self._added,
            more=bool(following),
        )

    def _anew(self) -> None:
        """Begin another sweep where this one came to."""
        self._since, self._next = self._added, ""

    def _look(self, found: Sequence[stix.Object | stix.Refused], following: str) -> None:
        """Note what a page brought that has a successor. Raises Refusal: it was brought already."""
        page = hash(frozenset((one.id, one.version) for one in found) if found else following)
        if page in self._seen:
            raise Refusal("The server brings the same page again.", code="feed.repeats")
        self._seen.add(page)

    def _reached(self, answer: Answer) -> str:
        """Where to go on after this page. Raises Refusal: the server does not say it, or goes back."""
        said = answer.headers.get("x-taxii-date-added-last", "")
        first = answer.headers.get("x-taxii-date-added-first", said)
        try:
            last, backwards = moment(said), stix.version_key(min(moment(first), moment(said))) < self._added
        except ComityError as error:
            raise Refusal("The server does not say when it added its last object.", code="feed.date") from error
        if backwards:
            raise Refusal("The server brings what it added before the date asked for.", code="feed.date")
        digits = _FRACTION.search(said)
        unit = timedelta(microseconds=10 ** (6 - min(6, len(digits[1])))) if digits else timedelta(seconds=1)
        return max(self._added, stix.version_key(min(last, self._at.astimezone(UTC)) - unit))


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


def refuses(answer: Answer) -> bool:
    """Whether a server says of an addition that it took nothing of it: the fault is the request's, and not its own."""
    return 400 <= answer.status < 500 and answer.status != _TIMEOUT


DELETED: Final = "deleted"
MISSING: Final = "missing"


def read_deletion(answer: Answer) -> str:
    """What a server says to a DELETE of an object (5.7).

    Returns:
        `DELETED`; `MISSING`: it has nothing under this address, be it the object or the verb, which only a look can tell;
        or why it does not, as a code ``feed.…``.

    Raises:
        Refusal: it is busy or away: it is to be asked again.
    """
    if answer.status in {200, 202, 204}:
        return DELETED
    if answer.status in {404, 410}:
        return MISSING
    code = next(kind.code for kind in _KINDS if answer.status in kind.statuses)
    if answer.status in _NEVER:
        return "feed.status"
    if code in {"feed.busy", "feed.away"}:
        raise Refusal(f"The server answered {answer.status}.", code=code, after=_after(answer))
    return code


def holds(answer: Answer) -> bool:
    """Whether a server shows an object, asked for by its id and version (5.6). Raises Refusal: it does not say."""
    if answer.status in {404, 410}:
        return False
    _accepted(answer, {200})
    return bool(_json.one(answer.body, Limits()).value.get("objects"))


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
        code = next(kind.code for kind in _KINDS if status in kind.statuses)
        raise Refusal(f"The server answered {status}.", code=code, after=_after(answer))
    if not taxii.is_taxii(answer.headers.get("content-type", "")):
        raise Refusal("The server's answer is not of TAXII 2.1.", code="feed.media-type")


def _after(answer: Answer) -> int:
    said = answer.headers.get("retry-after", "").strip()
    return min(int(said), _LONGEST_WAIT) if _SECONDS.fullmatch(said) else 0
