"""Visits to foreign TAXII servers: the requests of `sharing.feed` over HTTPS, and what came of them to `desk.feeds`.

TLS with a certificate that the feed's own file or this machine vouches for, no redirects, no proxies from the environment,
no answer longer than is read, a deadline for each exchange and one for the visit. The courier sends each feed in a thread
of its own, so that a slow server holds up its own feed only.
"""

from __future__ import annotations

import base64
import logging
import ssl
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import httpx2
from django.db import InterfaceError, OperationalError

from comity.errors import ComityError, Unreachable
from comity.node import models
from comity.node.desk import feeds
from comity.node.settings import Settings
from comity.seal.keys import read_secret
from comity.sharing import feed, stix
from comity.sharing.taxii import MEDIA_TYPE
from comity.wire.deadline import Transport, within

DEADLINE: Final = 60.0  # seconds of one exchange
_VISIT: Final = 300.0  # seconds after which a visit ends with the page that it is at
_PAGES: Final = 2_000  # of one visit
_LIMIT: Final = stix.Limits().size  # bytes of an answer
_BODY: Final = 8 << 20  # bytes that are sent at once, even if the server takes more
_SETTLES: Final = timedelta(days=1)  # after which what a server was sent is there, or will never be
_PATIENCE: Final = 5  # how often a server is asked whether it has looked at everything
_log = logging.getLogger("comity.feeds")
Clock = Callable[[], datetime]


class _Line:
    """The line to the server of a feed. Raises Misconfigured: its secret or its certificates cannot be read."""

    def __init__(self, settings: Settings, row: models.Feed) -> None:
        self._address, self._headers = row.address, {"Accept": MEDIA_TYPE, "Accept-Encoding": "identity"}
        if row.user:
            secret = read_secret(feeds.secret_file(settings, row.name)).decode().strip()
            signed_in = base64.b64encode(f"{row.user}:{secret}".encode()).decode()
            self._headers["Authorization"] = f"Basic {signed_in}"
        trusted = feeds.trusted_file(settings, row.name)
        context = ssl.create_default_context(cadata=read_secret(trusted).decode() if trusted.exists() else None)
        timeout = httpx2.Timeout(20.0, connect=10.0)
        self._client = httpx2.Client(
            transport=Transport(context), timeout=timeout, follow_redirects=False, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, path: str, body: bytes | None = None) -> feed.Answer:
        """The answer to a GET of `path` below the API root, or to a POST of `body`. Raises Unreachable."""
        return self._asked("GET" if body is None else "POST", path, body)

    def take_back(self, path: str) -> feed.Answer:
        """The answer to a DELETE of `path` below the API root. Raises Unreachable."""
        return self._asked("DELETE", path, None)

    def _asked(self, method: str, path: str, body: bytes | None) -> feed.Answer:
        headers = self._headers | ({} if body is None else {"Content-Type": MEDIA_TYPE})
        address = self._address + path
        try:
            with within(DEADLINE), self._client.stream(method, address, content=body, headers=headers) as answer:
                found = bytearray()
                for chunk in answer.iter_raw():
                    found += chunk
                    if len(found) > _LIMIT:
                        raise Unreachable(f"The answer is longer than {_LIMIT} bytes.", code="feed.too-long")
                return feed.Answer(answer.status_code, dict(answer.headers.items()), bytes(found))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise Unreachable(f"The server did not answer: {error}.", code="feed.unreachable") from error


def visit(settings: Settings, name: str, now: Clock) -> bool:
    """Visit the server of a feed, and note how it went; one that is paused, for what is to be deleted there and nothing else.

    Args:
        settings: the node's.
        name: of the feed.
        now: the caller's clock.
    """
    row = models.Feed.objects.filter(pk=name).first()
    pulls = row is not None and row.direction == models.Feed.Direction.PULL
    if row is None or (row.paused and pulls):
        return False
    if row.paused and not feeds.called_back(row).exists():
        feeds.rested(row, at=now())
        return False
    tally, go = feeds.Tally(), _pull if pulls else _push
    try:
        with _Line(settings, row) as line:
            more = go(settings, row, line, tally, now)
        feeds.visited(row, tally, more=more, at=now())
    except ComityError as error:
        _log.warning("feed %s: %s", name, error)
        feeds.failed(row, error, tally, at=now())
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  a defect of ours must not have a foreign server asked twice a second
        _log.exception("feed %s", name)
        defect = ComityError(f"This node has a defect: {type(error).__name__}.", code="feed.defect")
        feeds.failed(row, defect, tally, at=now())
    return False


def _pull(settings: Settings, row: models.Feed, line: _Line, tally: feeds.Tally, now: Clock) -> bool:
    """Read page by page; whether there is more. Raises ComityError."""
    pull, end = feed.Pull(row.place.get("added", ""), now()), time.monotonic() + _VISIT
    for _ in range(_PAGES):
        try:
            page = pull.read(line.ask(f"{_collection(row)}/objects/?{pull.query()}"))
        except Unreachable as error:
            if error.code != "feed.too-long" or not pull.smaller():
                raise
            continue
        if page is not None:
            feeds.took(settings, row, page, tally, at=now())
            if not page.more:
                return False
        if time.monotonic() > end:
            break
    return True


def _push(settings: Settings, row: models.Feed, line: _Line, tally: feeds.Tally, now: Clock) -> bool:
    """Have deleted what was called back, and send batch by batch; whether there is more. Raises ComityError."""
    end = time.monotonic() + _VISIT
    trouble = _call_back(row, line, end, now)  # first: what takes its place may bear its name
    more = not row.paused and _send(settings, row, line, tally, end, now)
    if trouble is not None:
        raise trouble
    return more


def _send(settings: Settings, row: models.Feed, line: _Line, tally: feeds.Tally, end: float, now: Clock) -> bool:
    most = 0
    for _ in range(_PAGES):
        most = most or min(feed.read_root(line.ask("")), _BODY)
        batch = feeds.outgoing(settings, row, most=most, at=now())
        new = feeds.sending(row, batch, at=now())  # before: of a line that is cut nobody knows what the server has
        failures = _add(line, row, batch, new) if batch.held else ()
        feeds.sent(row, batch, failures, tally, new=new)
        row.place = batch.place
        if not batch.more or time.monotonic() > end:
            return batch.more
    return True


def _add(line: _Line, row: models.Feed, batch: feeds.Batch, new: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Send a batch; what of it the server refused. Raises ComityError: it took nothing, or nobody knows."""
    answer = line.ask(f"{_collection(row)}/objects/", feed.envelope(batch.raws))
    if feed.refuses(answer):
        feeds.refuse(row, new)
    return _looked_at(line, feed.read_status(answer))


def _call_back(row: models.Feed, line: _Line, end: float, now: Clock) -> feed.Refusal | None:
    """Ask the server to delete what was called back since it was sent; why it is to be asked again.

    It is if the server is busy or away; or has not, but may be about to have, what it never said that it took.
    """
    again = None
    for one in list(feeds.called_back(row)[:_PAGES]):
        place = f"{_collection(row)}/objects/{one.object_id}/"
        if one.version:  # most write it with three digits, and some compare it as text
            version = one.version[:-4] + "Z" if one.version.endswith("000Z") else one.version
            place += f"?match[version]={quote(version)}"
        try:
            said = feed.read_deletion(line.take_back(place))
        except feed.Refusal as refusal:
            return refusal
        if said == feed.MISSING:  # a server that has no DELETE may say so too
            try:
                said = "feed.kept" if feed.holds(line.ask(place)) else said
            except feed.Refusal as refusal:
                said = refusal.code
        if said == feed.MISSING and not one.taken and timedelta() <= now() - one.sent_at < _SETTLES:
            again = feed.Refusal("The server may still be looking at what was sent.", code="feed.pending")
        else:
            feeds.answered(one, said, at=now())
        if time.monotonic() > end:
            break
    return again


def _looked_at(line: _Line, status: feed.Status) -> tuple[tuple[str, str], ...]:
    """What the server refused, once it has looked at everything.

    Raises:
        Unreachable: ``feed.pending``: it has not yet; the same is sent again later, which it will know.
    """
    for pause in range(_PATIENCE):
        if status.complete:
            return status.failures
        time.sleep(pause)
        status = feed.read_status(line.ask(f"status/{quote(status.id, safe='')}/"))
    if not status.complete:
        raise Unreachable("The server has not looked at everything yet.", code="feed.pending")
    return status.failures


def _collection(row: models.Feed) -> str:
    return f"collections/{quote(row.remote, safe='')}"
