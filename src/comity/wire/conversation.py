"""The conversation with one peer, without I/O: time, offers and answers go in; what to send, keep and tell comes out.

Rules, and where each is kept:

1. An envelope is acknowledged when it is durable, never before: every answer is made after `Memory.atomically` has ended.
2. The same bytes are answered by the same signed receipt, at any time, also by a node that had to be restored: who holds
   a receipt gives it back together with what was lost (`_lost`, `_refill`). Only what no peer would take any more, for
   its key or for a time to come, is said anew (`_restate`).
3. Every envelope names those of its case that it stands on. It waits, kept and acknowledged, until they are there
   (`admit`); a gap is asked for, and the waiting room is bounded (`_keep`).
4. A node that may have lost memory knows nothing better than its peers: until the peer has answered its greeting, it
   neither keeps nor sends in this conversation (`settled`). An envelope that comes alone has no place in it, and is kept.
5. A silent peer is asked again ever less often, an unwilling one as well; what it refuses for good goes to the dead
   letters, which a person sees and can release (`_postpone`, `_dead`, `release`).
6. Every step that is waited for has a deadline, after which a person is told, once (`overdue`).
7. Evidence is fetched by who wants it. So it is never acknowledged, and no error is ever answered (`offer`, `failed`).

One `Conversation` stands for one peer and shares nothing with others: what a peer does can hold back itself alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import Final

from comity.errors import BrokenSeal, NotPossible
from comity.seal import canon
from comity.seal.envelope import Signed
from comity.wire._asking import Asking
from comity.wire._remembering import IN_FLIGHT, UNTIMELY, Remembering
from comity.wire.exchange import (
    AFTER,
    BATCH,
    GAPS,
    Answer,
    Event,
    Evidence,
    Failure,
    Item,
    Offer,
    Outcome,
)
from comity.wire.remembered import HOUR, Alarm, Got, Hand, Memory, Pace, Sent, Stage, Status, Wait, backoff

_OPEN: Final = frozenset({Stage.RELAY, Stage.CONSIGNMENT, Stage.HANDOVER})
_ASKING: Final = _OPEN - {Stage.RELAY}
_READ: Final = 128  # envelopes that are read in one transaction: others who write wait for it
_LATE: Final = 256  # rows dealt with at a time when something is late
_BATCH_BYTES: Final = 4 << 20  # of envelopes in one offer: in base64 they stay within exchange.BODY_LIMIT
_VERDICT = {Event.CONTENT_CONSIGNMENT: Status.ADMITTED, Event.CONTENT_CONSIGNMENT_FAILURE: Status.REFUSED}


class Conversation(Remembering):
    """The conversation of `home` with `peer`.

    Args:
        home: this State.
        peer: the other one.
        memory: what is remembered; may be shared by several objects that stand for one conversation.
        hand: signs and reads.
        pace: how long to wait for what.
    """

    def __init__(self, home: str, peer: str, memory: Memory, hand: Hand, pace: Pace = Pace()) -> None:  # noqa: B008
        super().__init__(home, peer, memory, hand, pace)
        self._seed = canon.content_id(f"{home}-{peer}".encode())
        self._busy = False
        self._failures, self._next_at, self._heard = 0, 0.0, 0
        self._batch, self._horizon = pace.batch, pace.horizon
        self._asking = Asking(pace.consignment.first, pace.horizon)
        self._hour, self._kept_now = 0, 0
        self._last_heard = self._talking_since = 0.0
        self._ready, self._last, self._taken = False, 0, set[int]()  # while an offer is taken in: see `_look`

    # ── ours, going out ─────────────────────────────────────────────────────────────────────────────────────────────

    def post(self, envelope: bytes, after: tuple[str, ...], now: float) -> Sent:
        """Note an envelope as on its way, inside the transaction of the step that made it. Raises as `post_all`."""
        return self.post_all([envelope], after, now)[0]

    def post_all(self, envelopes: Sequence[bytes], after: tuple[str, ...], now: float) -> list[Sent]:
        """Note envelopes as on their way, inside the transaction of the step that made them.

        Raises:
            NotPossible: the peer has not answered since memory may have been lost, so something may be missing here.
        """
        with self._memory.atomically():
            if not self._memory.settled() or any(self._memory.sent_pending()):
                raise NotPossible(
                    f"{self.peer} has not said yet what it holds. Try again in a moment.", code="conversation.unsettled"
                )
            rows = [
                Sent(number, canon.content_id(envelope), after[:AFTER], int(now), Stage.RELAY, now, int(now))
                for number, envelope in enumerate(envelopes, self._memory.sent_last() + 1)
            ]
            self._memory.look_up(sent=[row.digest for row in rows])
            for row, envelope in zip(rows, envelopes, strict=True):
                self._memory.put_sent(row, envelope)
        return rows

    def next_due(self, now: float) -> float | None:
        """When to call `offer` next; None: only after something else has happened."""
        if self._busy:
            return None
        quiet = self._quiet_until(now)
        if not self._memory.settled():
            return quiet
        if not self._again_at:  # started anew: what was under way before a restore may still arrive
            self._again_at = now + IN_FLIGHT
        soonest = now if self._greets(now) else self._again_at or inf
        for stage, span in self._memory.sent_spans(_OPEN).items():
            due = now if self._is_due(span, now) else span[0]
            soonest = min(soonest, due if stage is Stage.RELAY else max(due, self._asking.soonest(now)))
        return max(quiet, soonest) if soonest < inf else None

    def _is_due(self, span: tuple[float, float], now: float) -> bool:
        """Whether anything between these times is due: as in `_due_rows`."""
        return span[0] <= now or span[1] > now + self._horizon

    def offer(self, now: float) -> Offer | None:
        """What to send to the peer now; None: nothing. Its end MUST be told by `answered` or `failed`."""
        if self._busy or self._quiet_until(now) > now:
            return None
        greets = not self._memory.settled() or self._greets(now)
        offer = Offer(have=self._have()) if greets else self._due_offer(now)
        self._busy = offer is not None
        return offer

    def _quiet_until(self, now: float) -> float:
        """Until when a silent peer is left alone: it has spoken, or the clock went back, and it is asked at once."""
        if self._failures and self._memory.heard() != self._heard:
            self._heard, self._next_at = self._memory.heard(), now
        return now if self._next_at > now + self._horizon else max(now, self._next_at)

    def _due_rows(self, stages: Collection[Stage], now: float, limit: int) -> Iterable[Sent]:
        """What is due: also when its time lies so far ahead that the clock must have been set back since."""
        return self._memory.sent_due(stages, now, self._horizon, limit)

    def _due_offer(self, now: float) -> Offer | None:
        """Envelopes that are due, each after those of ours that it stands on or together with them; and what to ask."""
        items: list[Item] = []
        taken: set[str] = set()
        size = 0
        with self._memory.atomically():
            rows = list(self._due_rows({Stage.RELAY}, now, self._batch))
            after = {digest for row in rows for digest in row.after}
            self._memory.look_up(sent=after, sealed=[row.digest for row in rows])
            for row in rows:
                item = Item(row.number, self._memory.sealed(row.digest), row.after)
                front = self._front(row, taken)
                if front is not None:
                    self._memory.put_sent(replace(row, next_at=self._behind(front, now)))
                elif self._fits(items, size := size + item.size):
                    items.append(item)
                    taken.add(row.digest)
                else:
                    break
            self.redate(taken, now)
            ask = tuple(self._memory.sent_to_ask(_ASKING, now, self._horizon, self._asking.most(now)))
        return Offer(tuple(items), ask) if items or ask else None

    def _front(self, row: Sent, taken: set[str]) -> Sent | None:
        """One of ours that `row` stands on and that has not reached the peer, nor goes with it; None: there is none."""
        for digest in row.after:
            own = None if digest in taken else self._memory.sent(digest)
            if own is not None and own.stage in {Stage.RELAY, Stage.DEAD}:
                return own
        return None

    def _behind(self, front: Sent, now: float) -> float:
        """When to look again at what stands on `front`."""
        last = now + self._pace.relay.last
        return last if front.stage is Stage.DEAD else min(last, max(front.next_at, now + self._pace.relay.first))

    def _fits(self, items: list[Item], size: int) -> bool:
        """Whether one more goes into the offer; one always does."""
        return not items or size <= _BATCH_BYTES

    def answered(self, offer: Offer, answer: Answer, now: float) -> None:
        """Take in the answer to `offer`. One that gives back what is not ours counts as silence; a person is told, once."""
        try:
            with self._memory.atomically():
                if offer.have is not None:
                    self._greeted(now, more=self._refill(answer, now))
                self._take(offer, answer, now)
        except BrokenSeal as error:
            if not self._failures:
                with self._memory.atomically():
                    self._memory.tell(Alarm(error.code, "", int(now)))
            self._silent(now)
        else:
            self._reached()

    def _take(self, offer: Offer, answer: Answer, now: float) -> None:
        outcomes = {outcome.envelope: outcome for outcome in answer.outcomes}
        self._memory.look_up(
            sent=[*(canon.content_id(item.envelope) for item in offer.items), *offer.ask, *answer.missing]
        )
        for item in offer.items:
            row = self._memory.sent(canon.content_id(item.envelope))
            if row is not None:
                self._outcome(row, outcomes.get(row.digest), now)
        for raw in answer.evidence:
            self._learn(raw, now)
        silent = 0
        for digest in offer.ask:
            row = self._memory.sent(digest)
            if row is not None and not now < row.next_at <= now + self._horizon:  # nothing new was said
                self._postpone(row, now, UNTIMELY if row.trouble == UNTIMELY else "")
                silent += 1
        if offer.ask:
            self._asking.answered(now, news=silent < len(offer.ask))
        for digest in answer.missing:
            row = self._memory.sent(digest)
            if row is not None and row.stage is Stage.RELAY:
                self._memory.put_sent(replace(row, next_at=now))

    def _outcome(self, row: Sent, outcome: Outcome | None, now: float) -> None:
        if row.relayed:  # by stick meanwhile
            return
        if outcome is None or not outcome.receipt:
            self._postpone(row, now, outcome.later if outcome else "conversation.no-outcome")
            return
        try:
            said = self._read_about(outcome.receipt, row.digest)
            self._in_time(row, said, now)
        except BrokenSeal as error:
            if error.code == UNTIMELY:
                self._untimely(row, now)
            self._memory.doubt(error.code)
            self._postpone(row, now, error.code)
            return
        if said.event is Event.RELAY_REJECTION:
            self._rejected(row, said, outcome.receipt, now)
        elif said.event is Event.RELAY_ACCEPTANCE:
            self._accepted(row, outcome.receipt, now)
        else:
            self._postpone(row, now, "receipt.form")

    def _rejected(self, row: Sent, said: Evidence, receipt: Signed, now: float) -> None:
        """It was refused for good; but a number that the peer knows for another envelope says that we have forgotten one."""
        if said.code == "conversation.number":
            attempts = row.attempts + 1
            if attempts >= self._pace.relay.tries:
                self._dead(replace(row, evidence=(receipt,)), said.code, now)
                return
            later = now + backoff(self._pace.relay, row.attempts, row.digest)
            number = self._memory.sent_last() + 1
            self._memory.put_sent(replace(row, number=number, attempts=attempts, next_at=later, trouble=said.code))
            self._memory.settle(settled=False)
        else:
            self._dead(replace(row, evidence=(receipt,)), said.code or "conversation.rejected", now)

    def _postpone(self, row: Sent, now: float, trouble: str) -> None:
        wait = self._wait(row.stage)
        attempts = row.attempts + 1
        later = replace(row, attempts=attempts, next_at=now + backoff(wait, attempts, row.digest), trouble=trouble)
        if row.stage in {Stage.CONSIGNMENT, Stage.HANDOVER} and attempts >= wait.tries:
            later = replace(later, stage=Stage.DONE)
        self._memory.put_sent(later)

    def _wait(self, stage: Stage) -> Wait:
        if stage is Stage.RELAY:
            return self._pace.relay
        return self._pace.consignment if stage is Stage.CONSIGNMENT else self._pace.handover

    def failed(self, offer: Offer, failure: Failure, now: float) -> None:
        """Note that `offer` got no usable answer. Nothing is sent about that."""
        if not failure.reached or offer.have is not None:
            self._silent(now)
            return
        self._reached()
        self._batch = max(1, len(offer.items) // 2)
        with self._memory.atomically():
            for item in offer.items:
                row = self._memory.sent(canon.content_id(item.envelope))
                if row is None or row.relayed:
                    continue
                if len(offer.items) == 1 and row.attempts + 1 >= self._pace.relay.tries:
                    self._dead(row, failure.code, now)
                else:
                    self._postpone(row, now, failure.code)
            for digest in offer.ask:
                row = self._memory.sent(digest)
                if row is not None:
                    self._postpone(row, now, failure.code)

    def _reached(self) -> None:
        """The peer has answered; one that answers now and then only is still asked less often than a good one."""
        self._busy = False
        self._failures, self._next_at = self._failures // 2, 0.0
        self._batch = min(self._pace.batch, self._batch * 2)

    def _silent(self, now: float) -> None:
        """The peer is not to be reached, or says nothing usable: one attempt for all that waits, ever less often."""
        self._busy = False
        self._failures += 1
        self._heard = self._memory.heard()
        self._next_at = now + backoff(self._pace.peer, self._failures, self._seed)

    def release(self, digest: str, now: float) -> None:
        """Send a dead letter again, as a person decided.

        Raises:
            NotPossible: it is none, or the peer has read and refused it: that is final, and another act must be made.
        """
        with self._memory.atomically():
            row = self._memory.sent(digest)
            if row is None or row.stage is not Stage.DEAD or row.relayed:
                raise NotPossible("This is no letter that can be sent again.", code="conversation.no-dead-letter")
            again = replace(row, stage=Stage.RELAY, attempts=0, next_at=now, since=int(now), told=False)
            self._memory.put_sent(again)

    def overdue(self, now: float) -> None:
        """Tell a person, once for each stage, what is waited for beyond its deadline."""
        deadlines = {stage: self._wait(stage).deadline for stage in _OPEN}
        for late in list(self._memory.sent_late(deadlines, now, _LATE)):
            with self._memory.atomically():
                row = self._memory.sent(late.digest)
                if row is None or (row.stage, row.since, row.told) != (late.stage, late.since, late.told):
                    continue
                if row.since > now:  # it was noted by a clock that has been set back since
                    self._memory.put_sent(replace(row, since=int(now)))
                    self.redate([row.digest], now)
                else:
                    self._memory.tell(self._late(row, now))
                    self._memory.put_sent(replace(row, told=True))

    def _late(self, row: Sent, now: float) -> Alarm:
        code, word = f"conversation.late-{row.stage}", b""
        if row.stage is Stage.RELAY:
            word = self._word(Evidence(Event.RELAY_FAILURE, self.home, row.digest, int(now), code)).whole()
        return Alarm(code, row.digest, int(now), word)

    # ── theirs, coming in ───────────────────────────────────────────────────────────────────────────────────────────

    def receive(self, offer: Offer, now: float) -> Answer:
        """Keep what an offer of the peer brings; the answer may leave as soon as this returns."""
        if abs(now - self._last_heard) > self._pace.gap / 3:
            self._talking_since = now
        self._last_heard = now
        with self._memory.atomically():
            self._memory.hear()
            self._look(offer)
            if offer.have is not None or any(self._memory.got(digest) for digest in map(_digest, offer.items)):
                self._talking_since = now  # it greets, or brings what is acknowledged: so far it has not heard us
            self._restate({*map(_digest, offer.items), *offer.ask}, now)
            outcomes = tuple(self._keep_all(offer.items, now))
            self._expire(now)
            lost = tuple(self._lost(offer.have)) if offer.have is not None else ()
            back = tuple(self._back(offer.have)) if offer.have is not None else ()
            if offer.have is not None and not lost and not back:
                self._wake(now)
            told = tuple(self._told_about(offer.ask))
            missing = self._missing()
        return Answer(outcomes, told, missing, lost, back)

    def _look(self, offer: Offer) -> None:
        """Read together what the items of an offer will be compared with."""
        after = {digest for item in offer.items for digest in item.after}
        self._memory.look_up(got={*map(_digest, offer.items), *after, *offer.ask}, sent=after)
        self._ready = self._memory.settled()
        if offer.items:
            self._last = self._memory.got_last()
            self._taken = self._memory.got_taken([item.number for item in offer.items])

    def _keep_all(self, items: Iterable[Item], now: float) -> Iterable[Outcome]:
        """Keep what may be kept; the words about all of it are signed together."""
        found = [self._keep(item, now) for item in items]
        words = [said for said in found if isinstance(said, Evidence)]
        receipts = dict(zip((said.envelope for said in words), self._hand.sign(words), strict=True))
        for said in found:
            if isinstance(said, Evidence):
                row = self._memory.got(said.envelope)
                if row is not None:
                    self._memory.put_got(replace(row, evidence=(receipts[row.digest],)))
                yield Outcome(said.envelope, receipts[said.envelope])
            else:
                yield said

    def _keep(self, item: Item, now: float) -> Outcome | Evidence:
        """Keep one; what became of it, or the word about it that is to be signed."""
        digest = _digest(item)
        known = self._memory.got(digest)
        if known is not None:
            return Outcome(digest, known.evidence[0]) if known.evidence else Outcome(digest, later="conversation.twice")
        if item.number and not self._ready:
            return Outcome(digest, later="conversation.unsettled")
        if refused := self._number_refused(item.number):
            return Evidence(Event.RELAY_REJECTION, self.home, digest, int(now), refused)
        if not self._room(item, now):
            return Outcome(digest, later="conversation.room")
        lacks = self._lacks(item.after)
        row = Got(item.number, digest, item.after, int(now), Status.WAITING, lacks)
        self._memory.put_got(row, item.envelope)
        self._kept_now += 1
        self._taken.add(item.number)
        self._last = max(self._last, item.number)
        return Evidence(Event.RELAY_ACCEPTANCE, self.home, digest, int(now))

    def _number_refused(self, number: int) -> str:
        """Why nothing is kept under this number, or empty: it is taken, or further ahead than gaps are remembered.

        What comes alone has the number 0, and no place.
        """
        if not number:
            return ""
        if number in self._taken:
            return "conversation.number"
        return "conversation.number-ahead" if number > self._last + GAPS else ""

    def _room(self, item: Item, now: float) -> bool:
        """Whether there is room: within the hour, and in the waiting room, which what others wait for need not enter."""
        hour = int(now) // HOUR
        if hour != self._hour:
            self._hour, self._kept_now = hour, 0
        if self._kept_now >= self._pace.kept:
            return False
        if not self._lacks(item.after) or self._memory.got_lacking_count() < self._pace.room:
            return True
        return all(map(self._held, item.after)) and any(self._memory.got_lacking([_digest(item)], limit=1))

    def _missing(self) -> tuple[str, ...]:
        return tuple(self._memory.got_missing(BATCH * AFTER))

    def _held(self, digest: str) -> bool:
        return self._memory.got(digest) is not None or self._memory.sent(digest) is not None

    def _told_about(self, digests: Iterable[str]) -> Iterable[Signed]:
        for digest in digests:
            row = self._memory.got(digest)
            if row is not None:
                yield from row.evidence[1:]

    def admit(self, now: float) -> bool:
        """Read what waits here and may be read, in order; whether there was anything."""
        busy = False
        while self.admit_some(now):
            busy = True
        return busy

    def admit_some(self, now: float) -> bool:
        """Read some, and what stands on them: the effects, and the words about them, are one transaction."""
        busy = False
        self._memory.prepare(_READ)
        with self._memory.atomically():
            for own in list(self._memory.sent_pending()):
                if not self._lacks(own.after):
                    self._memory.adopt(own)
                    self._memory.put_sent(replace(own, pending=False))
                    self._now_known([own.digest])
                    busy = True
            words: list[Evidence] = []
            rows, left = list(self._memory.got_ready(_READ)), _READ
            while rows:
                self._memory.look_up(sealed=[row.digest for row in rows])
                for row in rows:
                    words += self._read(row, now)
                left, busy = left - len(rows), True
                rows = self._now_known([row.digest for row in rows])[: max(left, 0)]
            self._say(words)
        return busy

    def _read(self, row: Got, now: float) -> list[Evidence]:
        """Read one envelope; the words about it that are to be signed. A word given once stays."""
        later = map(self._hand.said, row.evidence[1:])  # the first is the receipt
        given = next((said.event for said in later if said.event in _VERDICT), None)
        code = "" if given is Event.CONTENT_CONSIGNMENT_FAILURE else self._memory.admit(row)
        if given is not None:
            self._memory.put_got(replace(row, status=_VERDICT[given]))
            if code:  # it was read once, and cannot be read again
                self._memory.tell(Alarm(code, row.digest, int(now)))
            return []
        said = Event.CONTENT_CONSIGNMENT_FAILURE if code else Event.CONTENT_CONSIGNMENT
        self._memory.put_got(replace(row, status=_VERDICT[said]))
        return [Evidence(said, self.home, row.digest, max(int(now), row.at), code)]  # whatever the clock does, in order

    def _say(self, words: list[Evidence]) -> None:
        """Sign words about the peer's envelopes, together, and keep them beside these."""
        for said, signed in zip(words, self._hand.sign(words), strict=True):
            row = self._memory.got(said.envelope)
            if row is not None:
                self._memory.put_got(replace(row, evidence=(*row.evidence, signed)))

    def handed(self, digest: str, now: float) -> None:
        """Note that an officer has this envelope's act before him. Said once."""
        row = self._memory.got(digest)
        if row is None or row.status is not Status.ADMITTED:
            return
        if not any(self._hand.said(raw).event is Event.CONTENT_HANDOVER for raw in row.evidence):
            with self._memory.atomically():
                at = max(int(now), self._hand.said(row.evidence[-1]).at)
                self._say([Evidence(Event.CONTENT_HANDOVER, self.home, digest, at)])

    def _expire(self, now: float) -> None:
        """Refuse what has waited too long for something that does not come, while nothing else came either.

        The time counts only while the peer talks to us without long silences, and hears us too: then it could have sent what is
        missing, and its signed request has just shown that both clocks agree.
        """
        if now - max(self._memory.got_last_at(), self._talking_since) <= self._pace.gap:
            return
        words = []
        for row in list(self._memory.got_lacking((), limit=_LATE)):
            self._memory.put_got(replace(row, status=Status.REFUSED, lacks=""))
            self._memory.tell(Alarm("conversation.gap", row.digest, int(now)))
            words.append(
                Evidence(
                    Event.CONTENT_CONSIGNMENT_FAILURE, self.home, row.digest, max(int(now), row.at), "conversation.gap"
                )
            )
        self._say(words)
        self._now_known([said.envelope for said in words])


def _digest(item: Item) -> str:
    return canon.content_id(item.envelope)
