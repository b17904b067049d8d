"""What a conversation keeps of the peer's words, and how it is filled again after a restore. See `comity.wire.conversation`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from math import inf
from typing import Final, TypeVar

from comity.errors import BrokenSeal
from comity.seal.envelope import Signed, form_of
from comity.wire.exchange import EVIDENCE, FORMS, GAPS, SKEW, Answer, Event, Evidence, Have, Item, Own
from comity.wire.remembered import HOUR, OLDER, VOID, Alarm, Got, Hand, Memory, Pace, Sent, Stage, Status

_GIVEN_BACK: Final = 3 << 19  # bytes given back of either kind in one answer: in base64 both stay within its limit
_NO_SIGN: Final = -1  # in place of a moment: what came back shows nothing that was signed
_PASSED: Final = 8 << 20  # bytes of envelopes that are passed over in one answer, for the peer does not read their form
_FEW: Final = 8  # envelopes that are read together where few may be needed: each may be a megabyte
UNTIMELY: Final = "receipt.time"
_COURSES: Final = {  # of the words that follow a receipt
    (), (Event.CONTENT_CONSIGNMENT,), (Event.CONTENT_CONSIGNMENT_FAILURE,),
    (Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER),
}  # fmt: skip
IN_FLIGHT: Final = 660  # seconds after which no request that was signed earlier passes a door, whatever the clocks say

_Row = TypeVar("_Row", Sent, Got)
_Back = TypeVar("_Back", Item, Own)


def few(rows: Iterable[_Row]) -> Iterator[Sequence[_Row]]:
    """`rows`, a few at a time: so many of their envelopes are read together."""
    left = iter(rows)
    while some := list(islice(left, _FEW)):
        yield some


class Remembering:
    """The part of `Conversation` that takes words of the peer into memory, and memory back from the peer.

    Args:
        home: this State.
        peer: the other one.
        memory: what is remembered.
        hand: signs and reads.
        pace: how long to wait for what.
    """

    def __init__(self, home: str, peer: str, memory: Memory, hand: Hand, pace: Pace) -> None:
        self.home, self.peer, self._memory, self._hand, self._pace = home, peer, memory, hand, pace
        self.form = 0
        self._reads = FORMS[0]  # while an offer is taken in: the newest form that the peer reads
        self._hour, self._kept_now = 0, 0
        self._again_at = 0.0  # when to greet though settled; 0: nobody has looked yet; -inf: at once; inf: never again

    def _word(self, said: Evidence) -> Signed:
        return self._hand.sign([said])[0]

    def _known(self, digest: str) -> bool:
        """Whether this envelope is here, and read."""
        got, sent = self._memory.got(digest), self._memory.sent(digest)
        return (got is not None and got.status is not Status.WAITING) or (sent is not None and not sent.pending)

    def _lacks(self, after: Iterable[str]) -> str:
        """The first of `after` that is not here, or not read; empty: none."""
        return next((digest for digest in after if not self._known(digest)), "")

    def _awaits(self, own: Sent, now: float) -> bool:
        """Whether something that an act which came back stands on is still to be read, or may still come.

        What did not come in as long as others would wait for it either, though the peer has given back all that it has, is
        nowhere: this State lost it before anybody had it, and need not be silent for ever because of that.
        """
        over = self._memory.settled() and now - own.since > self._pace.gap
        return any(not self._known(digest) and (self._held(digest) or not over) for digest in own.after)

    def _held(self, digest: str) -> bool:
        """Whether this envelope is here, read or not."""
        return self._memory.got(digest) is not None or self._memory.sent(digest) is not None

    def _hour_is_full(self, now: float) -> bool:
        """Whether as much was taken from the peer as may be within an hour."""
        if (hour := int(now) // HOUR) != self._hour:
            self._hour, self._kept_now = hour, 0
        return self._kept_now >= self._pace.kept

    def _now_known(self, digests: Collection[str]) -> list[Got]:
        """Those of the peer's that lacked only one of `digests`; the others wait for the next that they lack."""
        moved = (
            [row._replace(lacks=self._lacks(row.after)) for row in self._memory.got_lacking(digests)] if digests else []
        )
        for row in moved:
            self._memory.put_got(row)
        return [row for row in moved if not row.lacks]

    # ── the peer's words ────────────────────────────────────────────────────────────────────────────────────────────

    def _read_about(self, raw: Signed, digest: str) -> Evidence:
        """The peer's signed word about the envelope `digest`. Raises BrokenSeal: it is not that."""
        said = self._hand.read(raw)
        if said.by != self.peer or said.envelope != digest:
            raise BrokenSeal("This is evidence of something else.", code="receipt.other")
        return said

    def _restate(self, digests: Iterable[str], now: float) -> None:
        """See that what is about to be said again about these envelopes of the peer's still counts."""
        for digest in digests:
            row = self._memory.got(digest)
            if row is not None:
                self._restated(row, now)

    def _restated(self, row: Got, now: float) -> Got:
        """An envelope of the peer's, with words about it that count."""
        if row.said_at <= now + SKEW and not self._hand.doubtful():
            return row
        known = self._memory.words(row)
        words = self._by_now(self._hand.restated(known, int(now)), now)
        if words == known:
            return row
        fresh = row._replace(words=len(words), said_at=max(self._hand.said(raw).at for raw in words))
        self._memory.put_got(fresh, words=words)
        return fresh

    def _by_now(self, words: tuple[Signed, ...], now: float) -> tuple[Signed, ...]:
        """This node's `words` about one envelope; from the first of a time to come on, said anew: the peer takes none such.

        They are of a clock that has been set back since. Only while the peer speaks can that be told from a clock that is
        behind: what it sends is no older than five minutes, or in a parcel that is not of a time to come.
        """
        said = [self._hand.said(raw) for raw in words]
        stay = list(takewhile(lambda one: one.at <= now + SKEW, said))
        at = max([int(now), *(one.at for one in stay)])
        return (*words[: len(stay)], *self._hand.sign([replace(one, at=at) for one in said[len(stay) :]]))

    def redate(self, digests: Collection[str], now: float) -> None:
        """Note which of these envelopes of ours were made by a clock that has been set back since: nobody knows when.

        Their receipts may be older than they say of themselves. That can be seen only until their time has come: so it is
        looked at whenever they leave, by line or by courier, and when deadlines are.
        """
        with self._memory.atomically():
            self._memory.look_up(sent=digests)
            for digest in digests:
                row = self._memory.sent(digest)
                if row is not None and row.made_at > now + SKEW:
                    self._memory.put_sent(row._replace(made_at=int(now) - self._pace.gap))

    def _in_time(self, row: Sent, said: Evidence, now: float) -> None:
        """Return when the word states a time at which it can have been said, as far as two clocks tell.

        Not before our envelope was made, not before the word about it that came last, and not in a time to come. What was
        made, or said, by a clock that has been set back since was so nobody knows when; nor what waited when memory was.

        Raises:
            BrokenSeal: ``receipt.time``.
        """
        since = row.said_at if row.words else row.made_at
        since = since if since <= now + SKEW else 0
        if not since - SKEW <= said.at <= now + SKEW:
            raise BrokenSeal("This evidence states a time at which it cannot have been given.", code=UNTIMELY)

    def _untimely(self, row: Sent, now: float) -> None:
        """Let a person see, once, that the peer's word about `row` was not taken for its time."""
        if row.trouble != UNTIMELY:
            self._memory.tell(Alarm(UNTIMELY, row.digest, int(now)))

    def _accepted(self, row: Sent, said: Evidence, receipt: Signed, now: float) -> None:
        if not row.relayed:
            self._wait_for(Stage.CONSIGNMENT, row._replace(relayed=True, words=0), said, receipt, now)

    def _wait_for(self, stage: Stage, row: Sent, said: Evidence, word: Signed, now: float) -> None:
        """Note that `word` has come, which says this, and that `row` waits for `stage` from now on."""
        first = self._pace.consignment.first if stage is Stage.CONSIGNMENT else self._pace.handover.first
        fresh = row._replace(stage=stage, attempts=0, next_at=now + first, since=int(now), told=False, trouble="",
                        words=row.words + 1, said_at=said.at)  # fmt: skip
        self._memory.put_sent(fresh, words=(word,))

    def _learn(self, raw: Signed, now: float) -> None:
        """Keep evidence of a later event; what does not hold, or is known, is left where it came from."""
        try:
            said = self._hand.read(raw)
        except BrokenSeal as error:
            self._memory.doubt(error.code)
            return
        row = self._memory.sent(said.envelope)
        if row is None or said.by != self.peer or row.stage not in {Stage.CONSIGNMENT, Stage.HANDOVER}:
            return
        try:
            self._in_time(row, said, now)
        except BrokenSeal as error:
            self._untimely(row, now)
            self._memory.put_sent(row._replace(trouble=error.code))
            return
        if row.stage is Stage.CONSIGNMENT and said.event is Event.CONTENT_CONSIGNMENT:
            self._wait_for(Stage.HANDOVER, row, said, raw, now)
        elif row.stage is Stage.CONSIGNMENT and said.event is Event.CONTENT_CONSIGNMENT_FAILURE:
            self._refused(row, said, raw, said.code or "conversation.refused", now)
        elif row.stage is Stage.HANDOVER and said.event is Event.CONTENT_HANDOVER:
            self._wait_for(Stage.DONE, row, said, raw, now)

    def _refused(self, row: Sent, said: Evidence, word: Signed, code: str, now: float) -> None:
        """`word` has come, which says that the peer refuses it for good."""
        self._dead(row._replace(words=row.words + 1, said_at=said.at), code, now, word)

    def _dead(self, row: Sent, code: str, now: float, *words: Signed) -> None:
        self._memory.put_sent(row._replace(stage=Stage.DEAD, trouble=code, told=True), words=words)
        self._memory.tell(Alarm(code, row.digest, int(now)))

    # ── after a restore ───────────────────────────────────────────────────────────────────────────────────────────────

    def _have(self) -> Have:
        memory = self._memory
        return Have(memory.got_last(), memory.got_gaps(GAPS), memory.sent_last(), memory.sent_gaps(GAPS))

    def _greets(self, now: float) -> bool:
        """Whether a greeting is due; also when its time was set before the clock went back."""
        return self._again_at != 0 and (self._again_at <= now or now + 2 * IN_FLIGHT < self._again_at < inf)

    def _greeted(self, now: float, *, more: bool) -> None:
        """Settled once nothing more comes back.

        What a node sent just before it was restored may arrive after its greeting. So it greets once again, when nothing as
        old as that is let in any more.

        Older memory may be of a clock that ran ahead, and the receipts given since of the time before: see `_in_time`.
        """
        if not more and not self._memory.settled():
            self._memory.unsure(int(now) - self._pace.gap)
        self._memory.settle(settled=not more)
        if not more and self._again_at <= 0:
            self._again_at = now + IN_FLIGHT
        elif not more and self._greets(now):
            self._again_at = inf

    def _lost(self, have: Have) -> Iterable[Item]:
        """What the peer acknowledged once and does not have, with its own words about it; within the limit of an answer.

        Without what is in a form that it does not read any more: it would refuse that for good. When it reads it again it
        greets, for then it was started anew.
        """
        if self._reads == FORMS[-1]:
            return self._within(self._memory.sent_lost(have, self._pace.batch), self._given_back)
        return self._within(self._readable(self._memory.sent_lost(have, GAPS)), self._given_back)

    def _readable(self, rows: Iterable[Sent]) -> Iterable[Sent]:
        """Those of ours in a form that the peer reads; what is left out hides what stands behind it only if it is much."""
        passed = 0
        for row in rows:
            data = self._memory.sealed(row.digest)
            if form_of(data) <= self._reads:
                yield row
            elif (passed := passed + len(data)) > _PASSED:
                return

    def _back(self, have: Have, now: float) -> Iterable[Own]:
        """What the peer sent once and does not know any more: some, within the limit of an answer.

        In whatever form: a node that cannot read what it sealed itself is to say nothing before it can. A person is told.
        """
        told = False

        def made(row: Got) -> Own:
            nonlocal told
            item = self._given_back(self._restated(row, now))
            if not told and form_of(item.envelope) > self._reads:
                told = True
                self._memory.tell(Alarm(OLDER, "", int(now)))
            return Own(item, self._memory.statement(row))

        return self._within(self._memory.got_lost(have, self._pace.batch), made)

    def _within(self, rows: Iterable[_Row], make: Callable[[_Row], _Back]) -> Iterable[_Back]:
        """What is given back of these rows, as much of it as one answer holds: at least one."""
        size = 0
        for some in few(rows):
            self._memory.look_up(sealed=[row.digest for row in some])
            for made in map(make, some):
                size += made.size
                if size > _GIVEN_BACK and size > made.size:
                    return
                yield made

    def _given_back(self, row: Sent | Got) -> Item:
        return Item(row.number, self._memory.sealed(row.digest), row.after, self._memory.words(row)[:EVIDENCE])

    def _wake(self, now: float) -> None:
        """The peer is about to be settled: what it put off until then need not wait longer."""
        for row in list(self._memory.sent_put_off()):
            self._memory.put_sent(row._replace(next_at=min(row.next_at, now), trouble=""))

    def _refill(self, answer: Answer, now: float) -> bool:
        """Take back what this node has forgotten; whether there was anything.

        Raises:
            BrokenSeal: it is not ours, or we never acknowledged it.
        """
        found = [self._adopt(own, now) for own in answer.back] + [self._restore(item) for item in answer.items]
        news = [at for at in found if at is not None]
        if signed := [at for at in news if at != _NO_SIGN]:
            self._memory.reminded(min(max(signed), int(now)), now)
        return bool(news)

    def _restore(self, item: Item) -> int | None:
        """Keep again what this node has acknowledged: with the very receipt that it gave. When it was; None: it is known."""
        digest = item.digest
        if self._memory.got(digest) is not None or self._memory.got_taken([item.number]):
            return None
        words = [self._hand.read(raw) for raw in item.evidence]
        if not words or words[0].event is not Event.RELAY_ACCEPTANCE:
            raise BrokenSeal("What comes back carries no receipt.", code="conversation.not-ours")
        if any(word.by != self.home or word.envelope != digest for word in words):
            raise BrokenSeal("What comes back carries another's receipt.", code="conversation.not-ours")
        if tuple(word.event for word in words[1:]) not in _COURSES:
            raise BrokenSeal("What comes back carries words out of their order.", code="conversation.not-ours")
        # Their times need not be in order: one that the peer took when both clocks were ahead is followed by later ones.
        lacks, latest = self._lacks(item.after), max(word.at for word in words)
        row = Got(item.number, digest, item.after, words[0].at, Status.WAITING, lacks, len(words), latest)
        self._memory.put_got(row, item.envelope, words=item.evidence)
        return words[0].at

    def _adopt(self, own: Own, now: float) -> int | None:
        """Take back an act of this State that the peer has and this node has forgotten.

        By when it was made; `_NO_SIGN`: it is void; None: it is known.
        """
        item, digest = own.item, own.item.digest
        if self._memory.sent(digest) is not None:
            return None
        taken = self._memory.sent_number(item.number)
        if taken is not None and taken.relayed:
            raise BrokenSeal("What comes back stands under the number of another.", code="conversation.not-ours")
        code = self._hand.own(item, own.statement)
        words = [self._read_about(raw, digest) for raw in item.evidence]
        if taken is not None:  # given anew before that came back
            self._memory.put_sent(taken._replace(number=self._memory.sent_last() + 1))
        made = min([int(now), *(said.at for said in words)])  # when, is forgotten: not after the peer had it
        row = Sent(item.number, digest, item.after, made, Stage.RELAY, now, int(now), pending=not code)
        if code:
            self._void(row, own, words, code, now)
            return _NO_SIGN
        self._memory.take_back(row, own)
        for raw, said in zip(item.evidence, words, strict=True):
            if said.event is Event.RELAY_ACCEPTANCE:
                self._in_time(row, said, now)
                self._accepted(row, said, raw, now)
            else:
                self._learn(raw, now)
        return made

    def _void(self, row: Sent, own: Own, words: Sequence[Evidence], code: str, now: float) -> None:
        """Keep the place of an envelope that nobody here can read, or need believe, so that no other gets it; a person is told.

        It is in no case, and shows nothing: neither what was forgotten here, nor that anything was. Without the peer's
        receipt for it there is no such envelope. It counts among what is taken from this peer within an hour: then the
        others have to wait, for what is passed over would come back for ever, and hide what stands behind it.
        """
        if self._hour_is_full(now):
            raise BrokenSeal("More comes back than is taken within an hour.", code="conversation.room")
        self._kept_now += 1
        if not words or words[0].event is not Event.RELAY_ACCEPTANCE or row.number > self._memory.sent_last() + GAPS:
            message = "What comes back was never acknowledged, or its number lies too far ahead."
            raise BrokenSeal(message, code="conversation.not-ours")
        dead = row._replace(
            stage=Stage.DEAD, relayed=True, told=True, trouble=VOID, words=len(words), said_at=words[-1].at
        )
        self._memory.put_sent(dead, own.item.envelope, words=own.item.evidence)
        self._memory.tell(Alarm(code, row.digest, row.since))
