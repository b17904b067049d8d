"""One deadline for a whole exchange: connecting, handshake, request, headers and body together.

A client's timeouts are for one operation each. A peer that sends a byte now and then, in its headers for instance, would
hold its caller for ever. Here every operation on the socket gets what is left of the exchange's time, and no more.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

_PIECE = 1 << 16  # bytes handed to the socket at once
_now = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let every exchange of this thread inside the block end after `seconds` together."""
    _now.end = time.monotonic() + seconds
    try:
        yield
    finally:
        del _now.end


def _left(timeout: float | None) -> float:
    """What an operation may take. Raises httpcore2.ReadTimeout when no time is left."""
    left = float(getattr(_now, "end", time.monotonic())) - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the exchange took too long")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In pieces, so that a reader who takes a little at a time is noticed."""
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(super().connect_tcp(host, port, _left(timeout), local_address, socket_options))


class Transport(httpx2.HTTPTransport):
    """The HTTP transport whose sockets keep to the deadline of `within`.

    Args:
        context: whom it trusts.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=_Backend())
