"""The conversation with one peer, as this node has it: its memory in the tables, and the hand that signs and verifies.

Who needs no more than to have it for himself holds it (`holding`): the door, the courier and the officers' pages, which are
different processes, take turns.
"""

# ruff: noqa: D102  what the methods of Hand do is said in comity.wire.remembered

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from comity.errors import BrokenProof, BrokenSeal
from comity.ledger.log import Proof
from comity.node import archive, models
from comity.node.desk._memory import Cases, Tables
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.seal.envelope import Signed
from comity.seal.trust import Trust
from comity.wire import messages
from comity.wire.conversation import Conversation
from comity.wire.directory import Entry, head_seen, in_log, there_before, trust_in
from comity.wire.exchange import FORMS, Event, Evidence, Item
from comity.wire.remembered import Pace


def conversation(settings: Settings, peer: str, cases: Cases | None = None) -> Conversation:
    """The conversation of this node with `peer`; a thread that has it has it alone. Without `cases` nothing is read in it."""
    tables = Tables(settings, peer, cases)
    return Conversation(settings.state, peer, tables, Hand(settings, peer, tables), Pace(kept=settings.quota.envelopes))


def holding(settings: Settings, peer: str) -> AbstractContextManager[None]:
    """A transaction that has the conversation with `peer` for itself: two officers do not speak to it at once."""
    return Tables(settings, peer).atomically()


def form_with(peer: str) -> int:
    """The newest of `wire.exchange.FORMS` that `peer` is known to read; the first one as long as nothing is known of that."""
    return models.Talk.objects.filter(pk=peer).values_list("form", flat=True).first() or FORMS[0]


def handed(settings: Settings, arrivals: QuerySet[models.Arrival], *, at: datetime) -> None:
    """Note that an officer has what was read of these before him: who sent them can learn it."""
    for arrival in arrivals.filter(handed=False, status=models.Arrival.Status.ADMITTED):
        with transaction.atomic():
            conversation(settings, arrival.hop).handed(arrival.digest, at.timestamp())
            models.Arrival.objects.filter(pk=arrival.pk).update(handed=True)


class Hand:
    """Signs and reads for the conversation of `settings`' node with `peer`, whose memory is `tables`."""

    def __init__(self, settings: Settings, peer: str, tables: Tables) -> None:
        self._settings, self._peer, self._tables = settings, peer, tables
        self._turn: int | None = None  # the transaction in which the following was read
        self._home: Entry | None = None
        self._sides: tuple[Entry, Entry, Trust] | None = None  # own, the peer's, and the trust in both

    def sign(self, words: Sequence[Evidence]) -> list[Signed]:
        """Signed together. A receipt comes with the proof that the log holds its envelope."""
        places = {
            said.envelope: self._tables.place(said.envelope) for said in words if said.event is Event.RELAY_ACCEPTANCE
        }
        signed = messages.sign_words(words, to=self._peer, places=places, key=self._settings.signing)
        if not places:
            return signed
        tail = self._tables.log()
        tail.write()
        note = tail.checkpoint(self._settings)
        return [
            messages.proved(word, tail.proof(places[said.envelope], note))
            if said.event is Event.RELAY_ACCEPTANCE
            else word
            for said, word in zip(words, signed, strict=True)
        ]

    def read(self, word: Signed) -> Evidence:
        """The signed word of this State to the peer, or the other way round; a receipt's proof is checked too.

        What stands under a key of the peer's that is revoked counts only if a witness shows that it was said before: whoever
        has the key can state any time. A key that merely ended still counts for what it said before.

        Raises:
            BrokenSeal: a signature, or the proof, does not hold; ``trust.revoked``, ``checkpoint.revoked``;
                ``receipt.other``: it is for another State.
        """
        own, peer, trust = self._parties()
        try:
            found = messages.read_word(word, trust)
            ours = found.said.by == own.state
            if found.to != (peer if ours else own).state:
                raise BrokenSeal("This word is for another State.", code="receipt.other")
            seen = {} if found.proof is None else self._seen(found.proof, found.said.envelope, own if ours else peer)
        except BrokenProof as error:
            # Nobody but this State could give itself a receipt by its own log's key: the signature on it is enough.
            if error.code != "checkpoint.revoked" or not ours:
                raise BrokenSeal(error.message, code=error.code) from error
        else:
            if not ours and self._disowned(word, peer, seen):
                raise BrokenSeal("It was signed by a key that is revoked now.", code="trust.revoked")
        return found.said

    def _forget_others(self) -> None:
        """Forget what was read in another transaction, or outside of any."""
        if self._turn is None or self._turn != self._tables.turn:
            self._home = self._sides = None
            self._turn = self._tables.turn

    def _own(self) -> Entry:
        """This State's entry as it is now."""
        self._forget_others()
        self._home = self._home or archive.own_entry(self._settings)
        return self._home

    def _parties(self) -> tuple[Entry, Entry, Trust]:
        """The entries of this State and the peer as they are now, and the trust in both."""
        self._forget_others()
        if self._sides is None:
            own, peer = self._own(), archive.peer_entry(self._peer)
            self._sides = (own, peer, trust_in([own, peer], retired=self._settings.retired))
        return self._sides

    def _seen(self, proof: Proof, digest: str, log: Entry) -> dict[str, datetime]:
        """When witnesses saw the head that proves it; they are asked for only where a key was revoked. Raises BrokenProof."""
        witnesses = archive.entries() if any(key.revoked for key in log.keys) else []
        return in_log(proof, messages.logged_receipt(digest), log, witnesses)

    def _disowned(self, word: Signed, speaker: Entry, seen: Mapping[str, datetime]) -> bool:
        """Whether the key that signed a word is revoked, and no witness knew of the word before."""
        if not any(key.revoked for key in speaker.keys):
            return False
        return not there_before(speaker.named(messages.key_of(word)), seen.values())

    def doubtful(self) -> bool:
        return any(key.revoked for key in self._own().keys)  # the peer need not be known for what this State said

    def restated(self, words: tuple[Signed, ...], now: int) -> tuple[Signed, ...]:
        own = self._own()
        revoked = {key.id for key in own.keys if key.revoked}
        if not revoked or not words:
            return words
        if not revoked.isdisjoint(map(messages.key_of, words)):
            return tuple(self.sign([replace(messages.said_of(word), at=now) for word in words]))
        return (self._proved_anew(words[0], own), *words[1:])

    def _proved_anew(self, word: Signed, own: Entry) -> Signed:
        """A receipt under a head of now, if nobody goes by its own any more and the log still has it at its place."""
        proof, tail = messages.proof_of(word), self._tables.log()
        if proof is None:
            return word
        with suppress(BrokenProof):
            head_seen(proof.note, own, archive.entries())
            return word
        found = messages.read_word(word, self._parties()[2]).said
        if self._tables.place(found.envelope) != proof.index:
            return word
        tail.write()
        bare = messages.proved_anew(word.bare, tail.proof(proof.index, tail.checkpoint(self._settings)))
        return Signed(bare, word.pair)

    def said(self, word: Signed) -> Evidence:
        return messages.said_of(word)

    def own(self, item: Item, statement: bytes) -> str:
        """As in `comity.wire.remembered`. Whether the statement is inside, nobody here can say: only that it was committed to.

        A signature under a key of this State that is revoked shows nothing: whoever has the key can make one.
        """
        own = self._own()
        whenever = replace(own, keys=tuple(replace(key, revoked=None) for key in own.keys))
        try:
            to, digest = envelope.commitment(item.envelope)
            if to == self._peer and not self._tables.says(digest):
                if not statement:
                    return "conversation.unopened"
                said = messages.read_stated(statement, trust_in([whenever]))
                if (own.state, to, digest) == (said.sender, said.to, canon.content_id(statement)):
                    return "trust.revoked" if own.named(said.key_id).revoked is not None else ""
        except BrokenSeal as error:
            raise BrokenSeal(f"What comes back does not hold: {error.message}", code="conversation.not-ours") from error
        raise BrokenSeal("What comes back is not this State's, or known here already.", code="conversation.not-ours")
