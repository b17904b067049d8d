"""What clients send to collections that they may not read: counted, whatever becomes of it, and limited.

Such a client is told of every object that it was taken in, and what conflicts is kept aside for officers. A limit to what is
kept aside would tell it what is here, by when it is reached: so all that it sends counts, new or known, taken or kept aside.
One client has a share, so that it leaves room to others. It is counted anew when an officer sets the client's access
(`collections.give`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import F, Sum

from comity.errors import NotPossible
from comity.node import models
from comity.sharing import stix

OBJECTS: Final = 1_000_000  # of all such clients together; what is being sent just then may come on top
BYTES: Final = 1 << 30  # of them
SHARES: Final = 4  # one client may use up a fourth of this


def room(client: models.Client, size: int) -> None:
    """Return when a client may send so many bytes more where it may not read.

    Args:
        client: who is signed in.
        size: bytes that it wants to send.

    Raises:
        NotPossible: ``client.full``.
    """
    rows = models.Client.objects.filter(ended_at=None)
    for some, shares in ((rows.filter(pk=client.name), SHARES), (rows, 1)):
        sent = some.aggregate(objects=Sum("blind_objects", default=0), bytes=Sum("blind_bytes", default=0))
        if sent["objects"] >= OBJECTS // shares or sent["bytes"] + size > BYTES // shares:
            message = "No more is taken in here before an officer of this State has looked at what came: call them."
            raise NotPossible(message, code="client.full")


def count(client: models.Client, found: Sequence[stix.Object]) -> None:
    """Count what a client sends, inside the caller's transaction."""
    size = sum(len(one.raw) for one in found)
    rows = models.Client.objects.filter(pk=client.name)
    rows.update(blind_objects=F("blind_objects") + len(found), blind_bytes=F("blind_bytes") + size)


def is_full(client: models.Client) -> bool:
    """Whether no more is taken from a client where it may not read: it has used up its share, or all together everything."""
    try:
        room(client, 1)
    except NotPossible:
        return True
    return False
