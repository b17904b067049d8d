"""What is to be said to other States about copies and communities, on its way into envelopes.

What follows from a notice is noted with it, in one transaction (`note`); it leaves as soon as the other State can be written
to (`deliver`), however long that takes. So one neighbour whose keys have ended, or who has not said yet what it holds, holds
up nothing but what is for him.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from django.db import transaction

from comity.errors import ComityError
from comity.node import bell, models
from comity.node.desk import _record
from comity.node.settings import Settings
from comity.seal import envelope

_AT_ONCE: Final = 64  # statements put into envelopes in one transaction
_AGAIN: Final = timedelta(minutes=1)
_SOON: Final = timedelta(seconds=2)


class Word(NamedTuple):
    """Something to say.

    Args:
        to: the State it is for.
        kind: of statement.
        payload: to be signed when it leaves.
    """

    to: str
    kind: str
    payload: bytes


def note(settings: Settings, words: Iterable[Word], *, at: datetime) -> None:
    """Keep what is to be said, inside the caller's transaction."""
    rows = [models.Telling(to=one.to, kind=one.kind, payload=one.payload, next_at=at) for one in words]
    if rows:
        models.Telling.objects.bulk_create(rows)
        transaction.on_commit(partial(bell.ring, settings.home))


def deliver(settings: Settings, *, at: datetime) -> bool:
    """Put what waits into envelopes, for each State in order; whether there was anything.

    Args:
        settings: the node's.
        at: now.
    """
    due = models.Telling.objects.filter(next_at__lte=at).order_by()
    states = sorted(due.values_list("to", flat=True).distinct())
    for state in states:
        try:
            with transaction.atomic():
                _post(settings, state, at)
        except ComityError as error:
            soon = _SOON if error.code == "conversation.unsettled" else _AGAIN
            models.Telling.objects.filter(to=state).update(next_at=at + soon, trouble=error.code[:60])
    return bool(states)


def _post(settings: Settings, state: str, at: datetime) -> None:
    rows = list(models.Telling.objects.filter(to=state).order_by("id")[:_AT_ONCE])
    drafts = [envelope.Draft(row.kind, bytes(row.payload), state) for row in rows]
    statements = envelope.sign_all(drafts, sender=settings.state, key=settings.signing)
    _record.post_all(settings, statements, to=state, at=at)
    models.Telling.objects.filter(pk__in=[row.pk for row in rows]).delete()


def waiting() -> list[tuple[str, str]]:
    """(State, code) of those who cannot be told now what waits for them, and why."""
    rows = models.Telling.objects.exclude(trouble="").order_by("to")
    return list(rows.values_list("to", "trouble").distinct())
