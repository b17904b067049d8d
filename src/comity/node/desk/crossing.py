"""What both desks share at the border: keep what arrives, read it, note what became of what was sent.

The rules are those of `wire.conversation`; here they meet this node's tables and cases. Keeping reads nothing: a forged
message is preserved as evidence and never parsed as a request. Reading happens later and apart from the door. What does not
hold is marked refused with its reason, shown to the operator, and nothing else changes. Either way the node signs what became
of it, for the sender to fetch; nobody acknowledges that.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from django.db import DataError, IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from comity.errors import BrokenProof, BrokenSeal, ComityError, NotPossible
from comity.ledger.log import Proof
from comity.node import archive, bell, models
from comity.node.desk import (
    _log,
    _record,
    assistance,
    communities,
    conversing,
    copies,
    drills,
    programmes,
    reconciling,
    registry,
    restores,
    standing,
)
from comity.node.desk._alarm import note_alarm, note_alarm_daily
from comity.node.desk._due import come_or_ahead
from comity.node.desk._memory import Cases
from comity.node.desk._reading import Reader, Reading
from comity.node.desk._rows import changed
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.seal.envelope import Statement
from comity.wire import messages
from comity.wire.conversation import Conversation
from comity.wire.directory import in_log, trust_in
from comity.wire.exchange import FORMS, Answer, Item, Offer, common_form
from comity.wire.proofs import TOGETHER
from comity.wire.remembered import OLDER, Stage

_logger = logging.getLogger("comity.crossing")
_KEPT_REFUSALS = 100
_FIRST_RETRY, LAST_RETRY = timedelta(seconds=0.5), timedelta(minutes=1)
_LAST_ASKING = timedelta(days=1)  # where no third State ever sees a log, every receipt is asked about for ever
_MARK = "log.size"  # file in the node's home


def conversation(settings: Settings, peer: str, *, alone: bool = False) -> Conversation:
    """The conversation of this node with `peer`, in which it also reads; a thread that has it has it alone.

    Args:
        settings: the node's.
        peer: the other State.
        alone: as `Reading` says.
    """
    reading = Reading(settings, READERS, alone=alone)
    return conversing.conversation(
        settings, peer, Cases(reading, partial(_adopt, settings), partial(_lost, settings, peer))
    )


def receive(
    settings: Settings, data: bytes, *, hop: str, at: datetime, talk: Conversation | None = None
) -> messages.Receipt:
    """Keep an envelope that came alone and give a receipt for it; the same bytes again are answered with the same receipt.

    Args:
        settings: the node's.
        data: the envelope, within `envelope.MESSAGE_LIMIT`.
        hop: the State whose node brought it (which may not be the State that wrote it).
        at: now.
        talk: the conversation with that node that counts what it may send.

    Raises:
        NotPossible: there is no room for more of this peer now.
    """
    answer = exchange(settings, talk or conversation(settings, hop), Offer((Item(0, data),)), at=at)
    outcome = answer.outcomes[0]
    if not outcome.receipt:
        raise NotPossible("There is no room for more of you now. Try again later.", code=outcome.later, where=hop)
    return receipt_of(settings, models.Arrival.objects.get(hop=hop, digest=outcome.envelope))


def exchange(
    settings: Settings, talk: Conversation, offer: Offer, *, at: datetime, form: int = 0, line: bool = False
) -> Answer:
    """Take in what a peer offers: what is acknowledged in the answer is durable.

    Args:
        settings: the node's.
        talk: the conversation with that peer.
        offer: what it offers.
        at: now.
        form: of the offer; 0: of none, for it is an envelope alone.
        line: whether it has just come by line: what a peer writes it reads, and the first form all read.
    """
    answer = talk.receive(offer, at.timestamp(), form)
    if line and form > (talk.form or FORMS[0]):
        _reads(settings, talk.peer, form)
    if offer.items or offer.have is not None:
        mark(settings)
        bell.ring(settings.home)
    return answer


def brought(talk: Conversation, digest: str, *, at: datetime) -> models.Arrival | None:
    """What the peer of this conversation brought under a digest, if it did; the words about it are such as count now."""
    talk.restate(digest, at.timestamp())
    return models.Arrival.objects.filter(hop=talk.peer, digest=digest).first()


def receipt_of(settings: Settings, row: models.Arrival) -> messages.Receipt:
    """The receipt of an arrival, with the best proof there is by now."""
    first = canon.loads(archive.words(row)[0].whole(), limit=envelope.MESSAGE_LIMIT)
    if first["proof"]["index"] == row.entry:
        proof = archive.log_proof(row.entry, _log.log_note(settings, covering=row.entry, peer=row.hop))
    else:  # of a log that is gone: see `proofs`
        proof = Proof.from_dict(first["proof"])
    return messages.Receipt(
        settings.state, row.hop, row.digest, row.at, proof.index, canon.dumps(first["receipt"]), proof
    )


def proofs(digests: Iterable[str], *, hop: str) -> dict[str, Proof]:
    """Proofs, under a head that a witness has seen, of receipts given to `hop`; those there are none for are left out.

    A head that a third State has seen goes before a newer one that `hop` alone has: what that one covers, `hop` asks for again.
    What was logged anew after a restore stands at another place than its receipt says: the log that it spoke of is gone.
    """
    given = models.Word.objects.filter(arrival__digest__in=list(digests), arrival__hop=hop, place=0)
    rows = given.values_list("arrival__digest", "arrival__entry", "bare")
    kept = {entry: digest for digest, entry, bare in rows if _proof(bare).index == entry}
    note = _log.seen_note(covering=min(kept, default=-1), peer=hop)
    return {kept[entry]: proof for entry, proof in _log.proofs(kept, note).items()} if note else {}


def _proof(receipt: bytes | memoryview) -> Proof:
    """The proof that stands with the receipt of an envelope, which was verified before it was kept."""
    return Proof.from_dict(canon.kept(bytes(receipt))["proof"])


def _receipts(rows: Sequence[models.Departure]) -> dict[int, models.Word]:
    """The receipts of envelopes of ours, by the id of the row."""
    found = models.Word.objects.filter(departure__in=[row.pk for row in rows], place=0)
    return {word.departure_id: word for word in found if word.departure_id is not None}


def turn_away(*, code: str, reason: str, head: bytes, size: int, path: str, at: datetime) -> None:
    """Note something that the door refused before it could become an arrival. The newest hundred of each reason are kept."""
    with transaction.atomic():
        models.Refusal.objects.create(
            at=at, code=code, reason=reason, size=min(size, 2**63 - 1), head=head[:4096], path=path[:200]
        )
        same = models.Refusal.objects.filter(code=code).order_by("-pk").values_list("pk", flat=True)
        models.Refusal.objects.filter(pk__in=list(same[_KEPT_REFUSALS:])).delete()


def admit_some(settings: Settings, peer: str, *, at: datetime, talk: Conversation | None = None) -> bool:
    """As `admit`, but only some of it, so that nobody holds up the others.

    Args:
        settings, peer, at: as there.
        talk: the conversation with that node that was read in before, and may have opened what is next.
    """
    try:
        return (talk or conversation(settings, peer)).admit_some(at.timestamp())
    except (IntegrityError, DataError):  # a defect of ours: one of them does not fit into the tables
        _logger.exception("what %s brought is read one by one", peer)
        return conversation(settings, peer, alone=True).admit_some(at.timestamp())


def admit(settings: Settings, peer: str, *, at: datetime) -> bool:
    """Open, verify and read what `peer` brought, in its order; whether there was anything.

    Args:
        settings: the node's.
        peer: the State whose node brought it.
        at: now.
    """
    busy = False
    while admit_some(settings, peer, at=at):
        busy = True
    return busy


READERS: Mapping[str, Reader] = {
    "call": drills.arrived,
    "share": copies.arrived,
    "community": communities.arrived,
    "need": assistance.arrived,
    "offer": assistance.arrived,
    "programme": programmes.arrived,
    "standing": standing.arrived,
    "figures": reconciling.arrived,
}
"""Kind of statement -> what takes in one that has come in an envelope and is no act of a case."""


def _adopt(settings: Settings, row: models.Departure) -> None:
    """Add the act of an envelope of ours that came back from the peer to its case; if it does not fit, a person is told."""
    try:
        with transaction.atomic():
            entry = archive.own_entry(settings)
            said: Statement = messages.read_stated(bytes(row.statement), trust_in([entry], retired=settings.retired))
            if entry.named(said.key_id).revoked is not None:
                raise BrokenSeal("It was signed by a key that is revoked now.", code="trust.revoked")
            if said.kind == "act":
                row.act = _record.adopt(settings, messages.read_act(said), said.raw, at=row.made_at)
                models.Departure.objects.filter(digest=row.digest).update(act=row.act)
            elif said.kind == "call":
                drills.adopt(said, row)
            elif said.kind == "share":
                copies.adopt(settings, said, row)
            elif said.kind == "community":
                communities.adopt(settings, said)
            elif said.kind in {"need", "offer"}:
                assistance.adopt(said, row)
            elif said.kind == "programme":
                programmes.adopt(settings, said, row)
            elif said.kind == "standing":
                standing.adopt(said, row)
            elif said.kind == "figures":
                reconciling.adopt(said)
    except (ComityError, IntegrityError) as error:
        code = error.code if isinstance(error, ComityError) else "node.defect"
        note_alarm(row.peer, code, row.digest, at=row.made_at)


def handed(settings: Settings, reference: str, *, officer: models.Officer, at: datetime) -> None:
    """Note that an officer who can act has the acts of the case `reference` before him; their sender can learn it."""
    if not officer.is_active or not officer.powers:
        return
    conversing.handed(settings, models.Arrival.objects.filter(act__case=reference), at=at)


def unread() -> set[str]:
    """The peers of whose envelopes some can be read, or from whom some of ours came back."""
    rows = models.Arrival.objects.filter(status=models.Arrival.Status.WAITING, lacks="", hop=OuterRef("state"))
    back = models.Departure.objects.filter(pending=True, peer=OuterRef("state"))
    return set(models.Peer.objects.filter(Exists(rows) | Exists(back)).values_list("state", flat=True))


def expecting(*, at: datetime) -> set[str]:
    """The peers for which something in the tables is due, or that have not said yet what they hold."""
    open_ = (Stage.RELAY, Stage.CONSIGNMENT, Stage.HANDOVER)
    due = models.Departure.objects.filter(stage__in=open_, next_at__lte=at.timestamp(), peer=OuterRef("state"))
    settled = models.Talk.objects.filter(settled=True, peer=OuterRef("state"))
    return set(models.Peer.objects.filter(Exists(due) | ~Exists(settled)).values_list("state", flat=True))


def doubt(peer: str, *, doubted: bool) -> None:
    """Note that the peer named a key or log that is not known here, so that its newer entry is looked for; or that it was."""
    models.Talk.objects.filter(pk=peer).update(doubted=doubted)


def doubted(peer: str) -> bool:
    """Whether something that the peer signed did not hold since its entry was looked at last."""
    return models.Talk.objects.filter(pk=peer, doubted=True).exists()


def reads(settings: Settings, peer: str, said: bytes | None, *, at: datetime) -> int:
    """Note which forms of an exchange the peer reads, and give the newest of them that this node writes.

    Args:
        settings: the node's.
        peer: the other State.
        said: what its node says at ``/forms``; None: nothing stands there, so it knows of none but the first.
        at: now.

    Raises:
        BrokenSeal: it says nothing of the kind, or reads none that is written here; of that a person is told, once a day.
    """
    try:
        form = FORMS[0] if said is None else common_form(said)
    except BrokenSeal as error:
        note_alarm_daily(peer, error.code, at=at)
        if error.code == "exchange.no-form":
            _reads(settings, peer, 0)  # nothing is offered before it has said something else
        raise
    _reads(settings, peer, form)
    return form


def carried(settings: Settings, peer: str, form: int) -> None:
    """Note that a parcel of the peer came in this form, which it read when it made that: only where nothing is known."""
    if form > FORMS[0] and not models.Talk.objects.filter(pk=peer, form__gt=0).exists():
        _reads(settings, peer, form)


def _reads(settings: Settings, peer: str, form: int) -> None:
    with conversing.holding(settings, peer):
        if models.Talk.objects.filter(pk=peer).exclude(form=form).update(form=form):
            models.Departure.objects.filter(peer=peer, stage=Stage.RELAY, trouble=OLDER).update(next_at=0)  # look again


def started(settings: Settings, *, at: datetime) -> None:
    """Before the node starts: if its log is shorter than it was, older memory was restored, and the peers are asked first."""
    before, size = _marked(settings), _log_size()
    if before is None or size < before:  # None: nobody can say; perhaps the whole folder is another
        forget_settled(settings, "log.size", at=at)
        _mark(settings, _log_size())


def begun(settings: Settings) -> None:
    """A node that was just made has nothing to have forgotten."""
    _mark(settings, _log_size())


def forget_settled(settings: Settings, why: str, *, at: datetime, claimed: bool = False) -> None:
    """Give no reference out twice; sign, keep and send nothing in any conversation until its peer has said what it holds.

    Args:
        settings: the node's.
        why: a code: what showed that memory was set back.
        at: now.
        claimed: somebody said so, and nothing here bears it out. Then no conversation has to wait: every process begins each
            with a greeting, and what comes back shows a restore by this State's own signatures. Nobody's word keeps
            officers from writing to a State that is off the line. See `copies.forget` too.
    """
    with transaction.atomic():
        if not claimed:
            _unsettle(models.Talk.objects.all())
        restores.note(settings, why, at=at)
        copies.forget(at if claimed else None)


def restored(settings: Settings, until: datetime, *, by: str, why: str, at: datetime) -> restores.Note:
    """As `forget_settled`, on the word of the operator, who knows of a restore that shows by nothing here.

    Args, raises: as `restores.stated`.
    """
    with transaction.atomic():
        noted = restores.stated(settings, until, by=by, why=why, at=at)
        _unsettle(models.Talk.objects.all())
        copies.forget()
    _mark(settings, _log_size())
    return noted


def _unsettle(talks: QuerySet[models.Talk]) -> None:
    talks.update(settled=False, greeting="")


def _lost(settings: Settings, peer: str, said_at: datetime, now: datetime) -> None:
    """Note that memory was set back: what this State had signed by `said_at`, the peer gives back, and it was forgotten here.

    So its signatures say, and nobody need be believed. A note of a later moment explains it already.
    """
    known = restores.set_back_until()
    if known is not None and said_at <= known:
        return
    restores.note(settings, f"conversation.back {peer}", at=now)
    copies.forget()
    others = models.Talk.objects.exclude(pk=peer)
    transaction.on_commit(partial(_unsettle, others))  # after it: each conversation locks its own row first


def mark(settings: Settings) -> None:
    """Note the log's size beside the database, where a restored database does not reach. The file belongs into no backup."""
    before, size = _marked(settings), _log_size()
    if before is not None and size > before:
        _mark(settings, size)


def _log_size() -> int:
    return models.LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0


def _marked(settings: Settings) -> int | None:
    try:
        return int((settings.home / _MARK).read_text())
    except (OSError, ValueError):
        return None


def _mark(settings: Settings, size: int) -> None:
    hidden = settings.home / f"{_MARK}.{os.getpid()}.{threading.get_ident()}"
    hidden.write_text(f"{size}")
    hidden.replace(settings.home / _MARK)


def unproved(peer: str, *, at: datetime) -> list[str]:
    """Envelopes for `peer` whose receipts lack a proof that a third State has seen, and for which one is asked for now."""
    rows = models.Departure.objects.filter(peer=peer, relayed=True, witnessed=False).order_by("prove_at")
    halves = come_or_ahead("prove_at", at.timestamp(), (at + _LAST_ASKING).timestamp())
    found = [digest for half in halves for digest in rows.filter(half).values_list("digest", flat=True)[:TOGETHER]]
    return found[:TOGETHER]


def proved_still(peer: str) -> None:
    """Of receipts whose proofs came into doubt, take those as proved again whose heads count, and were seen, all the same."""
    entry, others = archive.peer_entry(peer), archive.entries()
    rows = models.Departure.objects.filter(peer=peer, relayed=True, witnessed=False, prove_at=registry.DOUBTED)
    some = list(rows.order_by("pk")[:TOGETHER])
    receipts = _receipts(some)
    for row in some:
        with suppress(BrokenProof):
            proof = _proof(receipts[row.pk].bare)
            row.witnessed = bool(in_log(proof, messages.logged_receipt(row.digest), entry, others))
        models.Departure.objects.filter(pk=row.pk, prove_at=registry.DOUBTED).update(
            witnessed=row.witnessed, prove_at=row.made_at.timestamp()
        )


def proved(settings: Settings, peer: str, asked: list[str], found: Mapping[str, Proof], *, at: datetime) -> None:
    """Keep newer proofs of the peer's receipts; what no third State has seen is asked for again later, at most a day apart.

    This State's own cosignature shows it that the peer's log was not rewritten. It shows nobody else more than the receipt
    does, for a party to the case gave it: such a proof is kept while there is no better one, and does not count as witnessed.

    A proof that does not hold counts as none; a person is told of the first, and again of one a day.

    Args:
        settings: the node's.
        peer: the State whose receipts they are.
        asked: digests of the envelopes that were asked about.
        found: digest -> proof, as the peer answered; each is checked, and must be that of its receipt.
        at: now.
    """
    entry, others, own = archive.peer_entry(peer), archive.entries(), archive.own_entry(settings)
    rows = [row for row in archive.departures(peer, asked) if row.relayed]
    receipts, anew = _receipts(rows), []
    for row in rows:
        waited = abs(timedelta(seconds=at.timestamp() - row.made_at.timestamp()))  # it may be of a clock that ran ahead
        row.prove_at = (at + min(max(waited, _FIRST_RETRY), _LAST_ASKING)).timestamp()
        proof, logged = found.get(row.digest), messages.logged_receipt(row.digest)
        if proof is None:
            continue
        try:
            if in_log(proof, logged, entry, [*others, own]):
                witnessed = bool(in_log(proof, logged, entry, others))
                receipt = receipts[row.pk]
                if _proof(receipt.bare).index != proof.index:
                    raise BrokenSeal("The proof is for another place than the receipt.", code="receipt.changed")
                receipt.bare = messages.proved_anew(bytes(receipt.bare), proof)
                anew.append(receipt)
                row.witnessed = witnessed
        except (BrokenProof, BrokenSeal) as error:
            note_alarm_daily(peer, error.code, row.digest, at=at)
    changed(models.Word, anew, ["bare"], key=["id"])
    changed(models.Departure, rows, ["witnessed", "prove_at"], key=["id"])


def retry_after(attempts: int, most: timedelta = LAST_RETRY) -> timedelta:
    """How long to wait after `attempts` failures, at most `most`."""
    return min(_FIRST_RETRY * 2 ** min(attempts, 20), most)


def troubled() -> list[models.Departure]:
    """Deliveries that a person should look at: not receipted, read or seen in time, or refused for good."""
    late = Q(told=True) & ~Q(stage=Stage.DONE)
    return list(models.Departure.objects.filter(late | Q(stage=Stage.DEAD)).order_by("made_at"))


def alarms(*, since: datetime) -> list[models.Alarm]:
    """What the conversations told people, the newest first."""
    return list(models.Alarm.objects.filter(at__gt=since).order_by("-pk"))


def release(settings: Settings, digest: str, *, officer: models.Officer, at: datetime) -> None:
    """Send a dead letter again, as `officer` decided.

    Raises:
        NotYours: he has no power here.
        NotPossible: it is none, or its addressee has read and refused it.
    """
    _record.carries(officer)
    row = models.Departure.objects.filter(digest=digest).first()
    if row is None:
        raise NotPossible("This is no letter that can be sent again.", code="conversation.no-dead-letter")
    conversation(settings, row.peer).release(digest, at.timestamp())
    bell.ring(settings.home)
