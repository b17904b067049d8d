"""What is to be said to other States about copies, communities and its own standing, on its way into envelopes.

What follows from a notice is noted with it, in one transaction (`note`); it leaves as soon as the other State can be written
to (`deliver`). So one neighbour whose keys have ended, or who has not said yet what it holds, holds up nothing but what is for
him. What has waited for `PATIENCE` is given up: a person is told, and can send it again (`release`); if it waited for the
other State's node to say what it holds, that moves it on as well. What waits for one State is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple

from django.db import transaction

from comity.casework.lifecycle import Power
from comity.errors import ComityError, NotPossible
from comity.node import bell, models
from comity.node.desk import _record
from comity.node.desk._alarm import note_alarm
from comity.node.desk._due import is_due
from comity.node.settings import Settings
from comity.seal import envelope

_AT_ONCE: Final = 64  # statements put into envelopes in one transaction
_UNSETTLED: Final = "conversation.unsettled"
_AGAIN: Final = timedelta(minutes=1)
_SOON: Final = timedelta(seconds=2)
PATIENCE: Final = timedelta(days=7)
_MOST: Final = (
    10_000  # words that wait for one State: what recalls it misses then, it finds out by itself, and asks for
)


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
    """Keep what is to be said, inside the caller's transaction; if there is no room for it, a person is told."""
    rows = []
    for state, said in groupby(sorted(words, key=lambda one: one.to), key=lambda one: one.to):
        kept = [models.Telling(to=state, kind=one.kind, payload=one.payload, since=at, next_at=at) for one in said]
        room = max(0, _MOST - models.Telling.objects.filter(to=state).count())
        if len(kept) > room:
            note_alarm(state, code="telling.full", at=at)
        rows += kept[:room]
    if rows:
        models.Telling.objects.bulk_create(rows)
        transaction.on_commit(partial(bell.ring, settings.home))


def deliver(settings: Settings, *, at: datetime) -> bool:
    """Put what waits into envelopes, for each State in order; whether there was anything.

    Args:
        settings: the node's.
        at: now.
    """
    settled = models.Talk.objects.filter(settled=True).values("peer")
    back = models.Telling.objects.filter(next_at=None, trouble=_UNSETTLED, to__in=settled)
    back.update(next_at=at, since=at)
    due = models.Telling.objects.filter(is_due("next_at", at, at + _AGAIN)).order_by()
    states = sorted(due.values_list("to", flat=True).distinct())
    for state in states:
        try:
            with transaction.atomic():
                _post(settings, state, at)
        except ComityError as error:
            _put_off(state, error.code, at)
    return bool(states)


def _put_off(state: str, code: str, at: datetime) -> None:
    """Try again in a while; what has waited too long is given up, with all that waits behind it, and a person is told once."""
    rows = models.Telling.objects.filter(to=state)
    rows.filter(since__gt=at).update(since=at)  # noted by a clock that ran ahead
    given_up = rows.filter(next_at=None).exists()
    if not rows.filter(since__lte=at - PATIENCE).exists():
        rows.update(next_at=at + (_SOON if code == _UNSETTLED else _AGAIN), trouble=code[:60])
    elif rows.update(next_at=None, trouble=code[:60]) and not given_up:
        note_alarm(state, code="telling.dead", at=at)


def release(settings: Settings, state: str, *, officer: models.Officer, at: datetime) -> None:
    """Try again to tell a State what was given up, as `officer` decided.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``telling.none``: nothing was given up.
    """
    _record.needs(officer, Power.WARN)
    if not models.Telling.objects.filter(to=state, next_at=None).update(next_at=at, since=at):
        raise NotPossible(f"Nothing that {state} is to be told was given up.", code="telling.none", where=state)
    bell.ring(settings.home)


def _post(settings: Settings, state: str, at: datetime) -> None:
    rows = list(models.Telling.objects.filter(to=state).order_by("id")[:_AT_ONCE])
    drafts = [envelope.Draft(row.kind, bytes(row.payload), state) for row in rows]
    statements = envelope.sign_all(drafts, sender=settings.state, key=settings.signing)
    _record.post_all(settings, statements, to=state, at=at)
    models.Telling.objects.filter(pk__in=[row.pk for row in rows]).delete()


class Waiting(NamedTuple):
    """What a State cannot be told now.

    Args:
        state: which one.
        code: why.
        given_up: whether a person has to send it again.
    """

    state: str
    code: str
    given_up: bool


def waiting() -> list[Waiting]:
    """Those who cannot be told now what waits for them."""
    rows = models.Telling.objects.exclude(trouble="").order_by("to").values_list("to", "trouble")
    given_up = set(models.Telling.objects.filter(next_at=None).values_list("to", flat=True))
    return [Waiting(state, code, state in given_up) for state, code in rows.distinct()]
