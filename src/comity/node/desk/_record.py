"""One step = one transaction: the act, its log entry and, if it crosses, the envelope on its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.lifecycle import CROSSING, Act, Case, Kind, Power, advance, open_case, power_for
from comity.casework.request import Request, moment_text
from comity.errors import BrokenProof, Invalid, NotPossible, NotYours
from comity.ledger import checkpoint as cp
from comity.ledger import log
from comity.node import models
from comity.node.archive import load, log_node, peer_entry
from comity.node.settings import Settings
from comity.seal import canon, envelope, merkle
from comity.wire import messages


def log_append(data: bytes) -> int:
    """Append `data` to this node's log, inside the caller's transaction; returns its place.

    Sequencing and integrating are one step here, so that a receipt can carry its proof at once.
    """
    head = models.LogHead.objects.select_for_update().get_or_create(pk=1)[0]
    written = merkle.appended(head.size, merkle.leaf_hash(data), log_node)
    models.LogNode.objects.bulk_create(
        models.LogNode(level=level, index=index, hash=value) for level, index, value in written
    )
    head.size += 1
    head.save(update_fields=["size"])
    return head.size - 1


def log_note(settings: Settings, *, covering: int) -> str:
    """A signed head of the log that covers entry `covering`: a witnessed one if there is one, else a fresh one.

    Raises:
        BrokenProof: the log does not reach so far.
    """
    ready = models.Checkpoint.objects.filter(size__gt=covering)
    row = ready.filter(witnessed=True).order_by("-size").first() or ready.order_by("-size").first()
    return row.note if row is not None else new_checkpoint(settings, covering=covering)


def new_checkpoint(settings: Settings, *, covering: int = -1) -> str:
    """The log's present head, signed and kept."""
    size = models.LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    if size <= covering:
        raise BrokenProof(f"The log does not reach entry {covering}.", code="log.range")
    head = cp.Checkpoint(settings.log.name, size, merkle.root(size, log_node))
    row, _ = models.Checkpoint.objects.get_or_create(size=size, defaults={"note": cp.signed(head, settings.log)})
    return row.note


def record(
    settings: Settings,
    reference: str,
    kind: Kind,
    body: Mapping[str, Any],
    *,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record an act of this State in the case `reference`: what every verb of the desks ends in.

    Args:
        settings: the node's.
        reference: the case.
        kind: what the act says.
        body: its contents.
        officer: who acts.
        at: now.
        seen: id of the last act that the officer was shown, when he was shown one.

    Returns:
        The case after the act.

    Raises:
        NotYours: the officer lacks the power, or four eyes are required.
        NotPossible: the act does not fit the case, or the case has changed since the officer saw it.
        Invalid: the body does not follow its form.
    """
    with transaction.atomic():
        case = load(reference, home=settings.state)
        act = drawn_up(settings, case, kind, body, officer=officer, at=at)
        unchanged(case, seen)
        crosses = kind in CROSSING
        to = case.peer(settings.state) if crosses else settings.state
        act, statement = messages.sign_act(act, to=to, key=settings.signing)
        after = advance(case, act, home=settings.state)
        row = _keep(act, statement, seq=len(case.acts), entry=log_append(log.entry(log.ACT, act.id)))
        if crosses:
            _depart(row, statement, to, at)
        return after


def drawn_up(
    settings: Settings, case: Case, kind: Kind, body: Mapping[str, Any], *, officer: models.Officer, at: datetime
) -> Act:
    """The act by which `officer` would say this, not signed yet.

    Raises:
        NotYours: the officer lacks the power.
        NotPossible: it is no act of this State.
        Invalid: the body does not follow its form.
    """
    power = power_for(case, kind, home=settings.state)
    needs(officer, power)
    exercise = Request.from_dict(body["request"]).exercise if "request" in body else case.request.exercise
    name = f"{officer.full_name}, {officer.office}"
    moment = at.replace(microsecond=0)
    return Act(kind, case.reference, settings.state, officer.username, name, power, moment, body, after=case.head,
               exercise=exercise)  # fmt: skip


def end_of(settings: Settings, day: date) -> str:
    """The last moment of `day` at this node, as it crosses the border."""
    return moment_text(datetime.combine(day, time(23, 59, 59), ZoneInfo(settings.time_zone)))


def unchanged(case: Case, seen: str) -> None:
    """Return when `seen` is the case's last act, or empty. Raises NotPossible: what is decided must be what was shown."""
    if seen and (not case.acts or case.acts[-1].id != seen):
        raise NotPossible("The case has changed since this page was shown.", code="case.changed", where=case.reference)


def needs(officer: models.Officer, power: Power) -> None:
    """Return when `officer` holds `power`. Raises NotYours."""
    if not officer.is_active or power not in officer.powers:
        raise NotYours(f"{officer.full_name} has no power to {power}.", code="case.power", where="power")


def carries(officer: models.Officer) -> None:
    """Return when `officer` may carry a case away: who has no power at all only looks. Raises NotYours."""
    if not officer.is_active or not officer.powers:
        raise NotYours("Who has no power here does not carry cases away.", code="case.power", where="power")


def _keep(act: Act, statement: bytes, *, seq: int, entry: int | None) -> models.Act:
    if len(statement) > envelope.MESSAGE_LIMIT * 3 // 4:  # in an envelope it grows by a third
        raise Invalid("This is too long. Shorten its texts.", code="act.too-long")
    return models.Act.objects.create(
        digest=act.id, case_id=act.case, seq=seq, kind=act.kind, by=act.by, at=act.at, statement=statement, entry=entry
    )


def _depart(row: models.Act, statement: bytes, to: str, at: datetime) -> None:
    peer = peer_entry(to)
    if not peer.since <= at < peer.until:
        raise NotPossible(f"The keys of {to} are not valid now. Ask for its new entry.", code="peer.expired", where=to)
    data = envelope.seal(statement, to=to, key=peer.open)
    if len(data) > envelope.MESSAGE_LIMIT:
        raise Invalid("This is too long. Shorten its texts.", code="act.too-long")
    models.Departure.objects.create(
        digest=canon.content_id(data), act=row, peer=to, data=data, made_at=at, next_at=at
    )  # fmt: skip


def open_new(settings: Settings, request: Request, *, at: datetime) -> None:
    """Open a case for `request` of this State. Raises NotPossible: the reference is taken."""
    if models.Case.objects.filter(pk=request.reference).exists():
        raise NotPossible(f"{request.reference} exists already.", code="case.exists", where="reference")
    _open(request, at)


def _open(request: Request, at: datetime) -> Case:
    models.Case.objects.create(
        reference=request.reference, requesting=request.requesting, requested=request.requested,
        measure=request.measure, follows=request.follows[:_NAMED], opened_at=at,
    )  # fmt: skip
    return open_case(request)


_NAMED = 20  # characters that a row has for it; no reference is longer


def between(one: str, other: str) -> QuerySet[models.Case]:
    """The cases of two States, in either direction."""
    return models.Case.objects.filter(requesting__in=(one, other), requested__in=(one, other))


def relink(request: Request) -> None:
    """Keep the case's row in step with the case that its request names now. Who reads the link looks whether that is there."""
    models.Case.objects.filter(pk=request.reference).update(follows=request.follows[:_NAMED])


def admit(settings: Settings, act: Act, statement: bytes, *, at: datetime) -> models.Act:
    """Add a peer's verified act to its case, inside the caller's transaction. A request opens its case.

    Raises:
        NotPossible, Invalid: it does not fit; nothing was written.
    """
    row = models.Case.objects.filter(pk=act.case).first()
    if row is None:
        if act.kind is not Kind.REQUESTED:
            raise Invalid(f"There is no case {act.case} here.", code="case.unknown", where=act.case)
        request = Request.from_dict(act.body["request"])
        if settings.exercise and not request.exercise:
            raise Invalid("This node only takes part in exercises.", code="request.earnest", where="exercise")
        if request.requesting != act.by or request.requested != settings.state or request.reference != act.case:
            raise Invalid("The request is not its sender's own, or not for this State.", code="request.parties")
        case = open_case(request)
        advance(case, act, home=settings.state)
        _open(request, at)
    else:
        case = load(act.case, home=settings.state)
        if act.by == settings.state:
            raise Invalid("Nobody else speaks for this State.", code="request.parties")
        relink(advance(case, act, home=settings.state).request)
    return _keep(act, statement, seq=len(case.acts), entry=None)
