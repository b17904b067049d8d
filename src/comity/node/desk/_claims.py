"""What other States claim against what is known here: kept for an officer, so much of each State and no more.

A copy is refused on the wire if its object is known as somebody else's, or if other content is known under its name. What was
claimed, of whom and by whom, is noted once; nothing comes of it unless an officer settles it (`desk.contested`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from comity.node import models
from comity.node.desk._alarm import note_alarm
from comity.sharing.notices import Shared
from comity.wire.shares import Carried, Spoken

MOST: Final = 100  # claims of one State
MOST_BYTES: Final = 4 << 20  # of their objects


def note(
    row: models.Arrival, spoken: Spoken, carried: Carried, communities: Sequence[str],
    *, carrier: str, place: models.Collection, code: str,
) -> None:  # fmt: skip
    """Note a claim, if it is new; where there is no room, a person is told that there was another.

    Args:
        row: the envelope in which it came.
        spoken: the copy that was refused, with its object.
        carried: what came with it.
        communities: names of those in which it was given, as far as both States belong to them.
        carrier: the State that gave it.
        place: the collection in which it would be.
        code: why it was refused.
    """
    found, notice = spoken.found, spoken.notice
    if found is None or not isinstance(notice, Shared):
        return
    same = {"collection": place, "digest": found.digest, "by": carrier, "source": notice.source}
    if models.Contested.objects.filter(**same).exists():
        return
    if not _room(models.Contested.objects.filter(by=carrier).exclude(envelope=""), len(found.raw)):
        note_alarm(carrier, code="contest.full", envelope=row.digest, at=row.at)
        return
    models.Contested.objects.create(
        **same, object_id=found.id, version=found.version, raw=found.raw, communities=list(communities), code=code,
        at=row.at, envelope=row.digest,
        told={"level": int(notice.level), "hops": notice.hops, "purpose": carried.purpose},
    )  # fmt: skip


def _room(rows: QuerySet[models.Contested], size: int) -> bool:
    """Whether there is room for one more of this size; those that were settled first give way, the others stay."""
    sized = rows.annotate(size=Length("raw"))
    count, total, gone = rows.count() + 1, size + (sized.aggregate(all=Sum("size"))["all"] or 0), []
    for pk, length in sized.filter(settled_at__isnull=False).order_by("settled_at", "pk").values_list("pk", "size"):
        if count <= MOST and total <= MOST_BYTES:
            break
        gone.append(pk)
        count, total = count - 1, total - length
    if count > MOST or total > MOST_BYTES:
        return False
    models.Contested.objects.filter(pk__in=gone).delete()
    return True
