"""What is said in two ways: an officer settles which of two objects of one name holds.

The shelf takes the first that comes and keeps the other aside (`shelf.Shelves.add`): what a client may not be told of, and what
a feed brings. What a State claims against it on the wire is refused, and kept aside too (`_claims`). Here an officer keeps what
stands, or lets the other take its place. What has to go for it is kept aside in its turn, so that either can be taken again.
Neither sender is told more than before: who may not read the collection hears the same answers as ever.

What a State has given over the wire is its signed word, and nobody replaces it here, no officer either; nor what other States
hold, or what was called back: it is called back, or a newer version is written. So a State's claim can take the place of what
a feed, a client or an officer here said, and of nothing else; once taken, it is that State's for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from django.db import transaction
from django.db.models import Q

from comity.casework.act import Power
from comity.casework.moments import moment_text
from comity.errors import Invalid, NotPossible
from comity.ledger import log
from comity.node import models
from comity.node.desk import _known, copies
from comity.node.desk._log import log_append
from comity.node.desk._record import needs
from comity.node.desk.shelf import Shelves, mark_edges, owe
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.sharing import stix
from comity.wire import shares

REASON_LIMIT: Final = 1_000  # characters
_State = models.Contested.State


def standing(row: models.Contested) -> list[models.StixObject]:
    """What would have to go if `row` took its place, without their bytes.

    That is other content under its id and version, in any collection; and what is known as another State's, be it under its
    id in its collection or in the very same words.
    """
    contrary = Q(version=row.version) & ~Q(digest=row.digest)
    theirs = ~Q(source=row.source) & (Q(collection__id=row.collection_id) | Q(digest=row.digest))
    found = models.StixObject.objects.filter(contrary | theirs, object_id=row.object_id)
    return list(found.select_related("collection").defer("raw").order_by("pk"))


def held(found: Sequence[models.StixObject]) -> bool:
    """Whether any of these is a State's signed word, is held by other States, or was called back: nothing takes its place."""
    digests = {one.digest for one in found}
    return any(one.withdrawn for one in found) or models.Copy.objects.filter(pk__in=digests).exists()


def seen(row: models.Contested, found: Sequence[models.StixObject]) -> str:
    """What an officer has before him when he settles: another value later means that something else stands there."""
    return canon.content_id(canon.dumps([row.state, *(one.pk for one in found)]))


def settle(
    settings: Settings, number: int, *, take: bool, reason: str, before: str, officer: models.Officer, at: datetime
) -> None:
    """Say that what stands is kept, or that the other takes its place; it goes out by the rules of its collection, as new.

    Args:
        settings: the node's.
        number: of the `models.Contested`.
        take: whether it takes the place of what stands.
        reason: why, 1 to `REASON_LIMIT` characters.
        before: as `seen` said when the officer looked.
        officer: who decides so.
        at: now.

    Raises:
        NotYours: he has no power to warn.
        Invalid: ``contest.reason``; what the shelf refuses, e.g. ``sharing.withdrawn``.
        BrokenSeal: what a State claims was signed by a key that does not count any more.
        NotPossible: ``contest.unknown``; ``contest.changed``: it is not as he saw it; ``contest.settled``: it is so already;
            ``contest.held``: what stands is a State's signed word, is held by other States, or was called back;
            ``contest.gone``: what is to take its place is not here any more.
    """
    needs(officer, Power.WARN)
    reason = reason.strip()
    if not any(map(str.isalnum, reason)) or len(reason) > REASON_LIMIT:
        message = f"Say why, in at most {REASON_LIMIT} characters."
        raise Invalid(message, code="contest.reason", where="reason")
    with transaction.atomic():
        row = _locked(number)
        found = standing(row)
        if before != seen(row, found):
            raise NotPossible("What stands there has changed.", code="contest.changed")
        if row.state == _State.IN and not found if take else row.state != _State.OPEN:
            raise NotPossible("It is so already.", code="contest.settled")
        settled = {"settled_at": at, "settled_by": f"{officer.full_name}, {officer.office}", "reason": reason}
        if take:
            _take(settings, row, found, settled, at)
        stands = take or not row.raw  # without bytes, it is a State's own word that stands beside the other: both stay
        same = models.Contested.objects.filter(object_id=row.object_id, digest=row.digest, source=row.source)
        same.filter(collection=row.collection_id).update(
            state=_State.IN if stands else _State.OUT, **settled, **({"raw": b""} if stands else {})
        )
        row.refresh_from_db()
        _log(settings, row, found, take=take, at=at)


def _locked(number: int) -> models.Contested:
    """A row, all of its name being locked until the transaction ends, so that two do not settle it at once.

    Raises NotPossible.
    """
    name = models.Contested.objects.filter(pk=number).values_list("object_id", flat=True).first()
    list(models.Contested.objects.select_for_update().filter(object_id=name).order_by("pk").values_list("pk"))
    row = models.Contested.objects.filter(pk=number).first()
    if row is None:
        raise NotPossible("Nothing of the kind is kept aside.", code="contest.unknown", where=str(number))
    return row


def _take(
    settings: Settings,
    row: models.Contested,
    found: Sequence[models.StixObject],
    settled: dict[str, Any],
    at: datetime,
) -> None:
    """Keep aside what stands, and put the other in its place."""
    if not row.raw and not models.StixObject.objects.filter(
        collection__id=row.collection_id, object_id=row.object_id, digest=row.digest, source=row.source, withdrawn=False
    ):
        raise NotPossible("It is not here any more, or was called back.", code="contest.gone")
    if held(found):
        message = "What stands there is a State's signed word, is held by other States, or was called back."
        raise NotPossible(message, code="contest.held")
    places = {one.collection.pk for one in found}
    list(models.Collection.objects.select_for_update().filter(pk__in=places).order_by("pk"))
    for one in found:
        models.Contested.objects.update_or_create(
            collection=one.collection, digest=one.digest, by=one.by, source=one.source,
            defaults={"object_id": one.object_id, "version": one.version, "raw": one.raw, "communities": one.communities,
                      "code": _known.CONTESTED, "at": at, "state": _State.OUT, **settled},
        )  # fmt: skip
    models.StixObject.objects.filter(pk__in=[one.pk for one in found]).delete()
    for place in places:
        mark_edges(place, row.object_id)
    if row.raw:
        said = _put(settings, row, at)
        if isinstance(said, Invalid):
            raise said
    owe([*(one.digest for one in found), row.digest], at=at)


def _put(settings: Settings, row: models.Contested, at: datetime) -> Literal["new", "same"] | Invalid | None:
    """Let what is kept aside come in, as if it came now; why not, if it is refused again."""
    if row.envelope:
        return copies.heard_anew(settings, row.envelope, at=at)
    found = [stix.kept(bytes(row.raw), row.digest)]
    given: dict[str, Any] = {"by": row.by, "source": row.source, "communities": row.communities}
    return Shelves(settings).add(row.collection_id, found, at=at, **given)[0]


def _log(
    settings: Settings, row: models.Contested, found: Sequence[models.StixObject], *, take: bool, at: datetime
) -> None:
    """Sign and log what an officer decided (inside the caller's transaction). It stays here, as every internal act."""
    other = [one.digest for one in found]
    holds = row.digest if take or not other else other[0]
    said = canon.dumps({
        "at": moment_text(at.replace(microsecond=0)), "by": row.settled_by, "id": row.object_id, "version": row.version,
        "what": row.digest, "other": sorted(set(other)), "settled": "taken" if take else "kept", "reason": row.reason,
        "source": row.source, "claim": row.envelope,
    })  # fmt: skip
    statement = envelope.sign(shares.NOTICE, said, sender=settings.state, to="", key=settings.signing)
    digest = canon.content_id(statement)
    models.SharingDeed.objects.create(
        digest=digest, verb="settle", what=holds, by=row.settled_by, at=at, statement=statement,
        entry=log_append(log.entry(log.NOTICE, digest)),
    )  # fmt: skip
