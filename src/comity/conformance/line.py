"""The line to the node under test: HTTP/1.1 over TLS by hand, because an ordinary client sends nothing malformed.

The certificate is the one of the node's entry. The address is the one that was named, and on this machine unless the caller
says that he operates the node.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from typing import Any
from urllib.parse import urlsplit

from comity.errors import Invalid, Unreachable
from comity.seal import canon
from comity.wire.directory import Entry
from comity.wire.transport import pinned

PATIENCE = 20.0  # seconds for an answer
_LIMIT = 9 << 20  # bytes of an answer that are read
_ANSWERS = 8  # answers on one connection that are looked at
_TOO_MANY = 429
_HEEDED = 30.0  # seconds for which it is asked again after "too many"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Args:
        status: of HTTP; 0 when the line was closed without an answer.
        headers: names in lower case.
        body: at most 9 MiB.
        seconds: from the first byte sent to the last one received.
        last: whether the node closes the line after it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    last: bool = True

    @property
    def code(self) -> str:
        """The code of a refusal; empty when the body is none."""
        with suppress(Exception):  # whatever a node under test writes there
            return str(canon.loads(self.body, limit=1 << 16)["code"])
        return ""

    @property
    def wait(self) -> float:
        """Seconds after which to ask again, as a 429 says (RFC 9110, 10.2.3); 0: it says nothing of the kind."""
        said = self.headers.get("retry-after", "")
        return float(said) if self.status == _TOO_MANY and said.isdecimal() and len(said) < len("100") else 0.0

    def __str__(self) -> str:
        """In a few words, for the table."""
        if not self.status:
            return "closed without an answer"
        return f"{self.status} {self.code}".strip()[:80]


def address(url: str, *, anywhere: bool) -> tuple[str, int]:
    """(IP address, port) of `url`.

    Args:
        url: ``https://host:port``.
        anywhere: whether the caller operates the node, so that it may lie on another machine.

    Raises:
        Invalid: no https address, no such host, or a host that is not this machine.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError(url)
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (ValueError, OSError) as error:
        raise Invalid("Name the node as https://host:port.", code="conformance.url", where=url) from error
    if not anywhere and not all(ipaddress.ip_address(item[4][0]).is_loopback for item in found):
        message = "This is another machine. Who attacks a node must operate it: say so with --i-operate-this-node."
        raise Invalid(message, code="conformance.address", where=url)
    return str(found[0][4][0]), int(found[0][4][1])


class Line:
    """Connections to the node under test.

    Args:
        place: (IP address, port).
        entry: the node's entry: its certificate, and the host name for which that stands.
    """

    def __init__(self, place: tuple[str, int], entry: Entry) -> None:
        self._place, self._host = place, urlsplit(entry.address).hostname or ""
        self.netloc = urlsplit(entry.address).netloc
        self._tls = entry.tls
        self.local = ipaddress.ip_address(place[0]).is_loopback
        self._context = self.context()
        self._idle: list[ssl.SSLSocket] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections that wait for another request."""
        with self._lock:
            for held in self._idle:
                held.close()
            self._idle.clear()

    def context(self) -> ssl.SSLContext:
        """A TLS context that takes the pinned certificate only."""
        return pinned(self._tls)

    def plain(self) -> socket.socket:
        """A TCP connection. Raises Unreachable."""
        try:
            return socket.create_connection(self._place, timeout=PATIENCE)
        except OSError as error:
            raise Unreachable(f"The node does not take a connection: {error}.", code="wire.unreachable") from error

    def secure(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """A TLS connection. Raises Unreachable; with a `context` of the caller's own, ssl.SSLError too."""
        plain = self.plain()
        try:
            return (context or self._context).wrap_socket(plain, server_hostname=self._host)
        except (OSError, ValueError) as error:
            plain.close()
            if context is not None:
                raise
            raise Unreachable(f"The node's TLS is not that of its entry: {error}.", code="wire.unreachable") from error

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", *, heed: bool = True
    ) -> Answer:
        """The answer to a well-formed request; one that was sent on a line which had been closed meanwhile is sent again.

        Args:
            method: of HTTP.
            path: with its query.
            headers: but for Host and Content-Length.
            body: of the request.
            heed: wait as a 429 says and ask again, for so long as an attack is patient; its seconds count in the answer.
        """
        begun = time.monotonic()
        answer = self._ask(method, path, headers, body, begun)
        while heed and answer.wait and time.monotonic() - begun < _HEEDED:
            time.sleep(answer.wait)
            answer = self._ask(method, path, headers, body, begun)
        return answer

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes, begun: float) -> Answer:
        fields = {"Host": self.netloc, "Content-Length": str(len(body))}
        if method == "GET":
            del fields["Content-Length"]
        raw = request(method, path, fields | dict(headers), body)
        with self._lock:
            held = self._idle.pop() if self._idle else None
        if held is not None and (answer := self._asked(held, raw, method, begun)):
            return answer
        return self._asked(self.secure(), raw, method, begun) or Answer(0, {}, b"", time.monotonic() - begun)

    def _asked(self, held: ssl.SSLSocket, raw: bytes, method: str, begun: float) -> Answer | None:
        """The answer to `raw` on this connection, which is kept for the next request, or closed."""
        with suppress(OSError):
            held.sendall(raw)
        answers = read(held, most=1, begun=begun, method=method)
        if not answers or answers[0].last:
            held.close()
        else:
            with self._lock:
                self._idle.append(held)
        return answers[0] if answers else None

    def raw(
        self, parts: Iterable[bytes], *, patience: float = PATIENCE, shut: bool = False, most: int = _ANSWERS
    ) -> list[Answer]:
        """Every answer to these bytes, sent as they are on a connection of their own, until the node closes it or is silent.

        Args:
            parts: what to send, a piece at a time.
            patience: seconds of silence after which nothing more is expected.
            shut: end our side of the connection after the last byte.
            most: how many answers are waited for.
        """
        begun = time.monotonic()
        with self.secure() as held:
            held.settimeout(patience)
            with suppress(OSError):  # closed before the end: what it says counts
                for part in parts:
                    held.sendall(part)
                if shut:
                    socket.socket.shutdown(held, socket.SHUT_WR)
            return read(held, most=most, begun=begun)


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request, each value as it is given: UTF-8, nothing checked."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogateescape") + body


class _Stream:
    """What `http.client` reads several answers from, one after another: it closes nothing and holds back nothing."""

    def __init__(self, line: socket.socket) -> None:
        self._file = line.makefile("rb")

    def makefile(self, *_: object) -> Any:
        return self

    def close(self) -> None:
        """Leave the connection to who opened it."""

    def __getattr__(self, name: str) -> Any:
        file: BufferedReader = self._file
        return getattr(file, name)


def read(line: socket.socket, *, most: int, begun: float, method: str = "GET") -> list[Answer]:
    """At most `most` answers from `line`; it ends earlier when the node closes it, is silent, or says what is no HTTP.

    Args:
        line: the connection.
        most: how many answers are wanted.
        begun: when the request was sent, by the monotonic clock.
        method: of the request: an answer to HEAD has no body.
    """
    stream: Any = _Stream(line)
    found: list[Answer] = []
    while len(found) < most:
        answer = http.client.HTTPResponse(stream, method=method)
        try:
            answer.begin()
            body = answer.read(_LIMIT)
        except (OSError, http.client.HTTPException, ValueError):
            break
        headers = {name.lower(): value for name, value in answer.getheaders()}
        found.append(Answer(answer.status, headers, body, time.monotonic() - begun, answer.will_close))
        if answer.will_close:
            break
    return found
