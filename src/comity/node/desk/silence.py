"""Copies whose source falls silent and is heard of again: what readers did not get meanwhile comes to them later.

A page of a collection leaves out the copies of a source that is not heard of (`copies.silent`), and notes what it left out
(`Missed`). When the source speaks again, these rows, and no others, get a new date of addition: who asks for what is new gets
them. What nobody was kept from stays where it is, so that nobody fetches it again.

A source that falls silent and speaks in turn has each turn put off longer than the one before, up to a day: it cannot have its
objects fetched again and again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from comity.node import models
from comity.node.desk import copies
from comity.node.desk.shelf import Held, let_out
from comity.node.settings import Settings

_QUIET: Final = timedelta(seconds=2 * copies.FRESH)  # by then every door knows that the source speaks
_FIRST_WAIT, _LONGEST_WAIT = timedelta(hours=1), timedelta(days=1)
_STEADY: Final = timedelta(days=7)  # after so long without a turn they are counted anew
_ROWS: Final = 1_000  # let out in one transaction


class Missed:
    """What one request left out of its answer because its source is silent."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[str, str]] = {}  # (collection, source) -> (the earliest, the latest)

    def add(self, row: Held) -> None:
        """A row that the reader would have got."""
        place, added = (row.collection, row.source), row.at.added
        first, last = self._found.get(place, (added, added))
        self._found[place] = min(first, added), max(last, added)

    def note(self, *, at: datetime) -> None:
        """Keep it, beside what other requests left out. To be called before the answer goes out."""
        for (collection, source), (first, last) in self._found.items():
            rows = models.KeptBack.objects.filter(collection=collection, source=source)
            if rows.filter(begun=False, first__lte=first, last__gte=last, at__range=(at - _QUIET / 2, at)).exists():
                continue  # it is known, and nothing is written
            with transaction.atomic():
                new = {"first": first, "last": last, "at": at}
                row, made = rows.select_for_update().get_or_create(
                    collection_id=collection, source=source, defaults=new
                )
                if not made:
                    row.first, row.last, row.at, row.begun = min(first, row.first), max(last, row.last), at, False
                    row.save()


def next_turn(standing: models.CopyStanding, *, at: datetime) -> datetime:
    """From when on the copies of a source may be let out anew: now, unless that was done a short while ago."""
    if standing.let_out_at is None or standing.let_out_at > at:  # a clock that ran ahead holds nothing up
        return at
    return standing.let_out_at + min(_FIRST_WAIT * 2 ** min(standing.turns - 1, 10), _LONGEST_WAIT)


def due(settings: Settings, *, at: datetime) -> bool:
    """Let out anew, some rows at a time, what readers were kept from of a source that speaks again; whether there was any."""
    waiting = models.KeptBack.objects.values_list("source").annotate(Max("at"))
    ready = [source for source, last in waiting if not at - _QUIET < last <= at]
    silent = copies.suspended(settings, at=at) if ready else frozenset()
    for source in sorted(set(ready) - silent):
        rows = models.KeptBack.objects.filter(source=source)
        if rows.filter(begun=True).exists() or _begin(source, at):
            for row in rows:
                _let_out(row.pk, at)
            return True
    return False


def _begin(source: str, at: datetime) -> bool:
    """Begin a turn of a source, unless it is too soon after the one before."""
    with transaction.atomic():
        standing = models.CopyStanding.objects.select_for_update().filter(pk=source).first()
        if standing is None:  # it is no source any more
            models.KeptBack.objects.filter(source=source).delete()
            return False
        if at < next_turn(standing, at=at):
            return False
        steady = standing.let_out_at is None or at - standing.let_out_at >= _STEADY
        standing.turns, standing.let_out_at = 1 if steady else standing.turns + 1, at
        standing.save(update_fields=["turns", "let_out_at"])
        models.KeptBack.objects.filter(source=source).update(begun=True)
        return True


def _let_out(number: int, at: datetime) -> None:
    """The next rows of one collection; it is forgotten when they are the last."""
    with transaction.atomic():
        row = models.KeptBack.objects.select_for_update().filter(pk=number, begun=True).first()
        if row is None:
            return
        given = models.Copy.objects.filter(source=row.source, pk=OuterRef("digest"))
        late = models.StixObject.objects.filter(
            Exists(given),
            collection__id=row.collection_id,
            source=row.source,
            added__gte=row.first,
            added__lte=row.last,
        )
        found = list(late.order_by("added").values_list("pk", "added")[:_ROWS])
        let_out(row.collection_id, [pk for pk, _ in found], at=at)
        if len(found) < _ROWS:
            row.delete()
        else:
            row.first = found[-1][1]
            row.save(update_fields=["first"])
