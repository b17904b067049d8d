"""Time stamps of this node's log (RFC 3161): which authority is to be asked when, and what it answered."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max

from comity.casework.act import SKEW
from comity.errors import BrokenProof, BrokenSeal, ComityError
from comity.ledger import checkpoint as cp
from comity.node import archive, models
from comity.node.desk import _log
from comity.node.desk._due import is_due
from comity.node.settings import Settings
from comity.seal.stamp import Query
from comity.wire.directory import Entry, head_seen
from comity.wire.stamps import MOST, Exported

_FIRST_WAIT, _LAST_WAIT = timedelta(minutes=1), timedelta(hours=1)  # after a failure: others' servers are spared


def due(settings: Settings, *, at: datetime) -> list[str]:
    """Addresses of the authorities that are to be asked now: the log has grown since they stamped it, and they may be asked."""
    size = models.LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    if not settings.stamp.urls or not size:
        return []
    longest = max(_every(settings), _LAST_WAIT)
    known = set(models.Stamper.objects.values_list("address", flat=True))
    ripe = models.Stamper.objects.filter(is_due("next_at", at, at + longest)).values_list("address", flat=True)
    waiting = known.difference(ripe)
    newest = dict(models.Stamp.objects.values_list("stamper").annotate(Max("size")))
    return [url for url in settings.stamp.urls if url not in waiting and newest.get(url, 0) < size]


def query(settings: Settings) -> Query:
    """What to ask now: about the log's present head, as it is signed."""
    return Query.about(cp.as_signed(_log.new_checkpoint(settings)).encode())


def answered(settings: Settings, address: str, asked: Query, answer: bytes, *, at: datetime) -> None:
    """Keep the time stamp in the answer of an authority.

    Args:
        address: the authority's.
        asked: what it was asked.
        answer: what it answered.
        at: now.

    Raises:
        BrokenSeal: as `Query.answered`; ``stamp.time``: its clock and this node's differ by more than `SKEW`.
        Misconfigured: as `Settings.stamp_roots`.
    """
    token, said = asked.answered(answer, settings.stamp_roots)
    if abs(said.moment - at) > SKEW:
        message = (
            f"The authority says {said.moment:%Y-%m-%d %H:%M:%S} UTC. Compare its clock, and that of this machine."
        )
        raise BrokenSeal(message, code="stamp.time", where=address)
    note = asked.data.decode()
    kept = {"note": note, "token": token, "latest": said.latest, "name": said.name}
    with transaction.atomic():
        models.Stamp.objects.get_or_create(stamper=address, size=cp.parse(note)[0].size, defaults=kept)
        models.Stamper.objects.update_or_create(
            address=address, defaults={"next_at": at + _every(settings), "failures": 0, "trouble": ""}
        )


def failed(address: str, error: ComityError, *, at: datetime) -> None:
    """Note that an authority gave no stamp, and when it may be asked again: later after each failure."""
    with transaction.atomic():
        row, _ = models.Stamper.objects.select_for_update().get_or_create(address=address, defaults={"next_at": at})
        row.next_at = at + min(_FIRST_WAIT * 2 ** min(row.failures, 20), _LAST_WAIT)
        row.failures, row.trouble = F("failures") + 1, error.code
        row.save()


def _every(settings: Settings) -> timedelta:
    return timedelta(minutes=settings.stamp.every)


def covering(settings: Settings, entries: Collection[int], note: str) -> list[Exported]:
    """For an export: by each authority the first stamps that cover `entries`, and proofs that their heads fit `note`'s.

    Of heads that the log signed with a key that was revoked, those that were stamped before count, and no others.
    """
    size, log = cp.parse(note)[0].size, archive.own_entry(settings)
    found: list[Exported] = []
    for stamper in models.Stamp.objects.order_by("stamper").values_list("stamper", flat=True).distinct():
        reach = 0
        for entry in sorted(entries):
            if entry >= reach and (row := _first(stamper, entry, log)) is not None:
                reach = row.size
                older, newer = sorted((size, row.size))
                path = archive.log_consistency(older, newer) if older < newer else []
                found.append(Exported(row.note, bytes(row.token), tuple(path)))
    return found[:MOST]


def _first(stamper: str, entry: int, log: Entry) -> models.Stamp | None:
    for row in models.Stamp.objects.filter(stamper=stamper, size__gt=entry).order_by("size").iterator():
        with suppress(BrokenProof):
            head_seen(row.note, log, (), [row.latest])
            return row
    return None
