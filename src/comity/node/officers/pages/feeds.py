"""Feeds: each foreign collection that is fetched from or sent to, how its visits go, and what its server still owes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from comity.node import models
from comity.node.desk import copies, silence
from comity.node.desk import feeds as desk
from comity.node.officers import reading, texts
from comity.node.officers.answers import answered
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current

COUNTS: Final[dict[str, Promise]] = {
    "new": _("new"),
    "held": _("here already"),
    "refused": _("refused"),
    "sent": _("sent"),
    "kept": _("kept by the rules"),
    "known": _("there already"),
}


@dataclass(frozen=True)
class Owed:
    """What a server is to be asked to delete, and was not yet, or did not answer. Args: number; since: when the oldest was."""

    number: int
    since: datetime | None


@dataclass(frozen=True)
class Shown:
    """A feed, for people.

    Args:
        row: it.
        owed: by its server.
        done: (what, how many) of the last visit.
        trouble: what went wrong on it, in a sentence; empty: nothing.
    """

    row: models.Feed
    owed: Owed
    done: list[tuple[Promise, int]]
    trouble: str

    @property
    def where(self) -> str:
        """The address of the collection there."""
        return desk.where(self.row)


@dataclass(frozen=True)
class Silence:
    """A source whose copies somebody was kept from. Args: state; silent: whether it is now; turns; until: not before."""

    state: str
    silent: bool
    turns: int
    until: datetime | None


@require_safe
@answered
def feeds(request: HttpRequest) -> HttpResponse:
    """Every feed; what was sent by feeds that are gone; the sources that fell silent."""
    rows = models.Feed.objects.select_related("collection").order_by("name")
    shown = [
        Shown(row, _owed(desk.called_back(row)), [(COUNTS[name], row.done[name]) for name in COUNTS if row.done.get(name)],
              str(texts.sentence(row.code)) if row.code else "")
        for row in rows
    ]  # fmt: skip
    gone = models.Pushed.objects.filter(owed_at__isnull=False, answer="", feed=None)
    for row in rows:
        gone = gone.exclude(where=desk.where(row))
    given = {"feeds": shown, "gone": _owed(gone), "silences": _silences(timezone.now()), "received": copies.RECEIVED}
    return render(request, "feeds.html", given)


def _owed(rows: QuerySet[models.Pushed]) -> Owed:
    found = rows.aggregate(number=Count("pk"), since=Min("owed_at"))
    return Owed(found["number"], found["since"])


def _silences(at: datetime) -> list[Silence]:
    states = sorted(set(models.KeptBack.objects.values_list("source", flat=True)))
    silent = copies.suspended(current(), at=at) if states else frozenset()
    known = models.CopyStanding.objects.in_bulk(states)
    return [
        Silence(state, state in silent, known[state].turns if state in known else 0,
                silence.next_turn(known[state], at=at) if state in known else None)
        for state in states
    ]  # fmt: skip


@require_POST
@answered
def pause(request: HttpRequest, name: str, verb: str) -> HttpResponse:
    """Pause a feed, or let it go on."""
    if verb not in {"pause", "resume"}:
        raise Http404
    desk.pause(name, paused=verb == "pause", officer=reading.officer(request), at=timezone.now())
    return see_other("sharing-feeds")
