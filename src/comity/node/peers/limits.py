"""What is looked at before any body is read: its stated length, and what its sender has left."""

from __future__ import annotations

from functools import cache
from typing import Final

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

from comity.errors import ComityError
from comity.node.quota import Quotas
from comity.node.settings import current

DOWN: Final = (OperationalError, InterfaceError)  # what Django raises where the database does not answer
AGAIN: Final = "5"  # seconds after which to ask again then


def away() -> ComityError:
    """What is answered by 503 and `Retry-After` where the database does not answer: nothing was acknowledged."""
    return ComityError("This node cannot take anything in now. Try again later.", code="door.away")


def stated_length(request: HttpRequest, limit: int) -> int:
    """The stated length of the request's body, at most `limit`; 0 for what has none. Raises ComityError."""
    raw = request.META.get("CONTENT_LENGTH") or ""
    if request.method in {"GET", "HEAD"} or (request.method == "DELETE" and not raw):
        return 0
    if not (raw.isascii() and raw.isdigit()):
        raise ComityError("State the length of the body.", code="door.length")
    if len(raw) > len(str(limit)) or int(raw) > limit:
        raise ComityError(f"{raw} bytes are more than the {limit} that are taken.", code="door.too-long")
    return int(raw)


def body(request: HttpRequest, limit: int) -> bytes:
    """The request's body, never more than `limit` bytes of it. Raises ComityError."""
    length = stated_length(request, limit)
    data = request.read(limit) if length else b""
    if len(data) != length:
        raise ComityError(f"The body ended after {len(data)} of {length} bytes.", code="door.short")
    return data


@cache
def places() -> Quotas:
    """What the senders of this door have left."""
    return Quotas(current().quota)


def address(request: HttpRequest) -> str:
    """Where it came from, as far as the server can tell."""
    return str(request.META.get("REMOTE_ADDR", ""))
