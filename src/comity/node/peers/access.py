"""Who a client is: a program of somebody else that fetches warnings or adds them, known by name and secret.

The secret has 238 random bits, of which this node keeps the SHA-256 only. It is looked up by that hash: how long this
takes says nothing about any secret, and nothing about whether a name exists.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from time import monotonic
from typing import cast

from django.http import HttpRequest

from comity.errors import ComityError
from comity.node import models
from comity.node.desk import copies, shelf, silence
from comity.node.peers import limits
from comity.node.settings import Settings
from comity.sharing import release
from comity.sharing.shelf import Reader, Row

_CLIENT = "SELECT * FROM node_client WHERE secret = %s AND ended_at IS NULL"
_LONGEST = 400  # characters of the header: a name, a secret, and base64


class NotKnown(ComityError):
    """Nobody is known by this name and secret."""

    def __init__(self) -> None:
        super().__init__("Name and secret are needed, of a client that is known here.", code="client.sign-in")


def by_name(request: HttpRequest) -> models.Client:
    """The client that signed in with HTTP Basic (RFC 7617). Raises NotKnown."""
    kind, _, given = _authorization(request).partition(" ")
    try:
        name, colon, secret = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotKnown from error
    if kind.lower() != "basic" or not colon:
        raise NotKnown
    client = _known(secret)
    if not hmac.compare_digest(client.name.encode(), name.encode()):
        raise NotKnown
    return client


def by_secret(request: HttpRequest) -> models.Client:
    """The client that signed in with its secret alone, as MISP's clients do. Raises NotKnown."""
    return _known(_authorization(request).strip())


@contextmanager
def signed_in(
    request: HttpRequest, limit: int, sign_in: Callable[[HttpRequest], models.Client]
) -> Iterator[models.Client]:
    """A client's place at the door, within its quota; who is not known uses up that of his address.

    Args:
        request: of which nothing is read yet.
        limit: bytes of a body that are taken.
        sign_in: `by_name` or `by_secret`.

    Raises:
        NotKnown, OverQuota.
        ComityError: `door.length` or `door.too-long`: of the body's stated length.
    """
    try:
        client = sign_in(request)
    except NotKnown:
        with limits.places().place(limits.address(request), 0, monotonic()):
            raise
    with limits.places().place(f"client {client.name}", limits.stated_length(request, limit), monotonic()):
        yield client


@contextmanager
def reading(client: models.Client, shelves: shelf.Shelves, settings: Settings, *, at: datetime) -> Iterator[Reader]:
    """A client as a reader of these shelves: each row is asked about by the rules of its collection.

    Copies of a source that is not heard of are not visible, until it is (`copies.suspended`). What he would have got of them is
    noted before he is answered, so that it comes to him later.
    """
    silent = copies.silent(settings, at=at)
    audience = release.Audience(state=client.state, communities=frozenset(client.communities), purpose=client.purpose)

    @cache
    def outlet(collection: str) -> shelf.Outlet:
        return shelf.Outlet(audience, shelves.rules(collection))

    missed = silence.Missed()

    def visible(row: Row) -> bool:
        held = cast("shelf.Held", row)
        if not outlet(held.collection).lets(held):
            return False
        kept = held.copy and held.source in silent
        if kept:
            missed.add(held)
        return not kept

    yield Reader(
        name=f"client {client.name}", reads=frozenset(client.reads), writes=frozenset(client.writes), visible=visible
    )
    missed.note(at=at)


def _authorization(request: HttpRequest) -> str:
    given: str = request.headers.get("Authorization", "")
    if len(given) > _LONGEST:
        raise NotKnown
    return given


def _known(secret: str) -> models.Client:
    """The client whose secret this is. Raises NotKnown."""
    given = [hashlib.sha256(secret.encode()).hexdigest()]
    for row in models.Client.objects.raw(_CLIENT, given):
        return row
    raise NotKnown
