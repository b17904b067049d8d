"""What both desks share at the border: keep what arrives, admit it, note what was delivered.

`receive` keeps bytes and reads nothing: a forged message is preserved as evidence and never parsed as a request.
`admit` reads, later and apart from the door. What does not hold is marked refused with its reason, shown to the operator,
and nothing else changes. Either way the node signs what became of it, for the sender to fetch; nobody acknowledges that.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from comity.casework.lifecycle import Act
from comity.errors import BrokenProof, BrokenSeal, ComityError, NotPossible
from comity.node import archive, models
from comity.node.desk import _record, evidence
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.wire import messages
from comity.wire.directory import Entry, trust_in
from comity.wire.exchange import Event, Evidence

_log = logging.getLogger("comity.crossing")
_KEPT_REFUSALS = 100
_FIRST_RETRY, _LAST_RETRY = timedelta(seconds=0.5), timedelta(minutes=1)
_SKEW = timedelta(minutes=5)
_LAST_ASKING = timedelta(hours=1)
_LONG_UNANSWERED = 20  # attempts after which an operator is shown a delivery as in trouble
_DEADLINE = timedelta(hours=4)  # for its receipt, and for its being read, after which he is shown it as well


def receive(settings: Settings, data: bytes, *, hop: str, at: datetime) -> messages.Receipt:
    """Keep an envelope and give a receipt for it; the same bytes again are answered with the same receipt.

    Args:
        settings: the node's.
        data: the envelope, within `envelope.MESSAGE_LIMIT`.
        hop: the State whose node brought it (which may not be the State that wrote it).
        at: now.
    """
    digest = canon.content_id(data)
    with transaction.atomic():
        row = models.Arrival.objects.filter(pk=digest).first()
        if row is None:
            index = _record.log_append(messages.logged_receipt(digest))
            signed = messages.sign_receipt(by=settings.state, digest=digest, at=at, index=index, key=settings.signing)
            row = models.Arrival.objects.create(
                digest=digest, data=data, hop=hop, at=at, entry=index, receipt=signed
            )  # fmt: skip
            _record.new_checkpoint(settings, covering=index)
    return receipt_of(settings, row)


def receipt_of(settings: Settings, row: models.Arrival) -> messages.Receipt:
    """The receipt of an arrival, with the best proof there is by now."""
    proof = archive.log_proof(row.entry, _record.log_note(settings, covering=row.entry))
    return messages.Receipt(settings.state, row.digest, row.at, row.entry, bytes(row.receipt), proof)


def turn_away(*, code: str, reason: str, head: bytes, size: int, path: str, at: datetime) -> None:
    """Note something that the door refused before it could become an arrival. The newest hundred of each reason are kept."""
    with transaction.atomic():
        models.Refusal.objects.create(
            at=at, code=code, reason=reason, size=min(size, 2**63 - 1), head=head[:4096], path=path[:200]
        )
        same = models.Refusal.objects.filter(code=code).order_by("-pk").values_list("pk", flat=True)
        models.Refusal.objects.filter(pk__in=list(same[_KEPT_REFUSALS:])).delete()


def admit(settings: Settings, digest: str, *, at: datetime) -> None:
    """Open, verify and read a kept envelope; add its act to its case, or refuse it with the reason.

    Args:
        settings: the node's.
        digest: of the arrival.
        at: now.
    """
    with transaction.atomic():
        row = models.Arrival.objects.select_for_update().get(pk=digest)
        if row.status != models.Arrival.Status.KEPT:
            return
        try:
            with transaction.atomic():
                row.act = _admitted(settings, row, at)
                row.status = models.Arrival.Status.ADMITTED
        except ComityError as error:
            row.act, row.status = None, models.Arrival.Status.REFUSED
            row.code, row.reason = error.code, str(error)
        except OperationalError:
            raise  # the database, not the message: read it again
        except Exception as error:  # noqa: BLE001  a defect of ours must not let one message hold back all others
            _log.exception("arrival %s", digest)
            row.act, row.status = None, models.Arrival.Status.REFUSED
            row.code, row.reason = "node.defect", f"This node has a defect: {type(error).__name__}. The bytes are kept."
        row.outcome = _outcome(settings, row, at)
        row.save(update_fields=["act", "status", "code", "reason", "outcome"])


def _outcome(settings: Settings, row: models.Arrival, at: datetime) -> bytes:
    """This node's signed word on what became of an arrival; a refusal gives the code, and keeps its sentence at home."""
    admitted = row.status == models.Arrival.Status.ADMITTED
    event = Event.CONTENT_CONSIGNMENT if admitted else Event.CONTENT_CONSIGNMENT_FAILURE
    said = Evidence(event, settings.state, row.digest, int(at.timestamp()), row.code)
    return messages.sign_evidence(said, key=settings.signing)


def _admitted(settings: Settings, row: models.Arrival, at: datetime) -> models.Act:
    opened = envelope.unseal(
        bytes(row.data),
        home=settings.state,
        keys=[settings.opening],
        trust=trust_in(archive.entries()),
        kind="act",
        at=row.at,
    )
    act = messages.decode_act(opened)
    _said_now(act, row.at, archive.peer_entry(act.by))
    if models.Act.objects.filter(pk=act.id).exists():
        raise NotPossible("This act is known already.", code="act.known", where=act.case)
    kept = _record.admit(settings, act, opened.statement.raw, at=at)
    evidence.announced(settings, act, at=at)
    return kept


def _said_now(act: Act, arrived: datetime, peer: Entry) -> None:
    """The act's own time is one for which its key is valid, and not ahead of our clock: who verifies later goes by it."""
    if not peer.since <= act.at < peer.until or act.at > arrived + _SKEW:
        raise BrokenSeal("The act states a time at which it cannot have been signed.", code="act.time", where=act.case)


def delivered(settings: Settings, digest: str, answer: bytes, *, at: datetime) -> None:
    """Note the peer's receipt for an envelope: signatures, proof and place are checked before it counts.

    Raises:
        BrokenSeal, BrokenProof: the answer is no valid receipt of this peer for this envelope.
    """
    row = models.Departure.objects.get(pk=digest)
    peer = archive.peer_entry(row.peer)
    receipt = messages.read_receipt(canon.loads(answer, limit=envelope.MESSAGE_LIMIT), trust_in([peer]), now=at)
    if receipt.by != row.peer or receipt.envelope != digest:
        raise BrokenSeal("This is a receipt for something else.", code="receipt.other")
    seen = receipt.proof.check(messages.logged_receipt(digest), *peer.log, _witness_keys(except_for=row.peer))
    earlier = row.receipt and messages.read_receipt(row.receipt, trust_in([peer]), now=at)
    if earlier and earlier.statement != receipt.statement:
        raise BrokenProof("The peer gave another receipt before.", code="receipt.changed")
    found = models.Departure.objects.filter(pk=digest)
    found.update(receipt=receipt.to_dict(), witnessed=bool(seen))
    found.filter(refused=False).update(trouble="")


def learned(digest: str, answer: bytes, *, at: datetime) -> None:
    """Note the peer's word on what became of an envelope.

    Raises:
        BrokenSeal: it is not this peer's word about this envelope.
    """
    row = models.Departure.objects.get(pk=digest)
    said = messages.read_evidence(answer, trust_in([archive.peer_entry(row.peer)]), now=at)
    if said.by != row.peer or said.envelope != digest:
        raise BrokenSeal("This is evidence of something else.", code="receipt.other")
    refused = said.event is Event.CONTENT_CONSIGNMENT_FAILURE
    trouble = f"{row.peer} has read this and refused it: {said.code}."[:1000] if refused else ""
    models.Departure.objects.filter(pk=digest, outcome=b"").update(outcome=answer, refused=refused, trouble=trouble)


def _witness_keys(*, except_for: str) -> dict[str, bytes]:
    return dict(entry.witness for entry in archive.entries() if entry.state != except_for)


def not_delivered(digest: str, reason: str, *, at: datetime) -> None:
    """Note that an attempt failed, and when to try again: sooner first, at most a minute apart."""
    attempts = models.Departure.objects.values_list("attempts", flat=True).get(pk=digest)
    models.Departure.objects.filter(pk=digest).update(
        attempts=F("attempts") + 1, trouble=reason[:1000], next_at=at + retry_after(attempts)
    )  # fmt: skip


def not_witnessed(digest: str, *, at: datetime) -> None:
    """Note that a receipt's proof still lacks a witness, and when to ask again: at most an hour apart."""
    attempts = models.Departure.objects.values_list("attempts", flat=True).get(pk=digest)
    models.Departure.objects.filter(pk=digest).update(
        attempts=F("attempts") + 1, next_at=at + retry_after(attempts, most=_LAST_ASKING)
    )


def retry_after(attempts: int, most: timedelta = _LAST_RETRY) -> timedelta:
    """How long to wait after `attempts` failures, at most `most`."""
    return min(_FIRST_RETRY * 2 ** min(attempts, 20), most)


def troubled() -> list[models.Departure]:
    """Deliveries that a person should look at: not receipted or not read in time, or read and refused."""
    late = Q(made_at__lt=Now() - _DEADLINE)
    unanswered = Q(receipt__isnull=True) & (Q(attempts__gte=_LONG_UNANSWERED) | late)
    unread = Q(receipt__isnull=False, outcome=b"") & late
    return list(models.Departure.objects.filter(unanswered | unread | Q(refused=True)).order_by("made_at"))
