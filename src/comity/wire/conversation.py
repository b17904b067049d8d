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
5. A silent peer is asked again ever less often, an unwilling one as well; of one that does not talk with this State a person
   is told (`_silent`). What it refuses for good goes to the dead letters, which a person sees and can release (`_postpone`,
   `_dead`, `release`); what it only fails at holds up nothing else (`_fewer`).
6. Every step that is waited for has a deadline, after which a person is told, once (`overdue`).
7. Evidence is fetched by who wants it. So it is never acknowledged, and no error is ever answered (`offer`, `failed`).

Here is what goes out; `_receiving` has what comes in, `_remembering` what the peer's words do, and what is filled again.
One `Conversation` stands for one peer and shares nothing with others: what a peer does can hold back itself alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import inf
from typing import Final

from comity.errors import BrokenSeal, NotPossible, NotYet
from comity.seal import canon
from comity.seal.envelope import Signed, form_of
from comity.wire._asking import Asking
from comity.wire._receiving import Receiving
from comity.wire._remembering import UNTIMELY
from comity.wire.exchange import (
    AFTER,
    FORMS,
    SKEW,
    Answer,
    Event,
    Evidence,
    Failure,
    Item,
    Offer,
    Outcome,
)
from comity.wire.remembered import OLDER, Alarm, Hand, Memory, Pace, Sent, Stage, Wait, backoff

_OPEN: Final = frozenset({Stage.RELAY, Stage.CONSIGNMENT, Stage.HANDOVER})
_ASKING: Final = _OPEN - {Stage.RELAY}
_LATE: Final = 256  # rows dealt with at a time when something is late
_BATCH_BYTES: Final = 4 << 20  # of envelopes in one offer: in base64 and with all else within exchange.BODY_LIMIT


class Conversation(Receiving):
    """The conversation of `home` with `peer`.

    Args:
        home: this State.
        peer: the other one.
        memory: what is remembered; may be shared by several objects that stand for one conversation.
        hand: signs and reads.
        pace: how long to wait for what.

    Attributes:
        form: what `Memory.form` said when the peer was last offered or answered something: in this form an offer goes.
    """

    def __init__(self, home: str, peer: str, memory: Memory, hand: Hand, pace: Pace = Pace()) -> None:  # noqa: B008
        super().__init__(home, peer, memory, hand, pace)
        self._seed = canon.content_id(f"{home}-{peer}".encode())
        self._busy = False
        self._failures, self._next_at, self._heard = 0, 0.0, 0
        self._told = False  # a person, that the peer does not talk with this State
        self._batch = pace.batch
        words = max(pace.consignment.horizon, pace.handover.horizon)
        self._horizons = {Stage.RELAY: pace.relay.horizon, Stage.CONSIGNMENT: words, Stage.HANDOVER: words}
        self._asking = Asking(pace.consignment.first, self._horizon(_ASKING))

    # ── ours, going out ─────────────────────────────────────────────────────────────────────────────────────────────

    def post(self, envelope: bytes, after: tuple[str, ...], now: float) -> Sent:
        """Note an envelope as on its way, inside the transaction of the step that made it. Raises as `post_all`."""
        return self.post_all([envelope], after, now)[0]

    def post_all(self, envelopes: Sequence[bytes], after: tuple[str, ...], now: float) -> list[Sent]:
        """Note envelopes as on their way, inside the transaction of the step that made them.

        Raises:
            NotYet: the peer has not answered since memory may have been lost, so something may be missing here.
        """
        with self._memory.atomically():
            if not self._memory.settled() or any(self._memory.sent_pending()):
                raise NotYet(
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
        if not self._again_at:  # started anew, perhaps with older memory that shows by nothing here
            self._again_at = -inf
        soonest = now if self._greets(now) else self._again_at
        for stage, span in self._memory.sent_spans(_OPEN).items():
            due = now if self._is_due(span, stage, now) else span[0]
            soonest = min(soonest, due if stage is Stage.RELAY else max(due, self._asking.soonest(now)))
        return max(quiet, soonest) if soonest < inf else None

    def _is_due(self, span: tuple[float, float], stage: Stage, now: float) -> bool:
        """Whether anything between these times is due: as in `_due_rows`."""
        return span[0] <= now or span[1] > now + self._horizons[stage]

    def _horizon(self, stages: Collection[Stage]) -> float:
        """How far ahead what waits for one of `stages` may be put off; all words as far as those that are asked for seldom."""
        return max(map(self._horizons.__getitem__, stages))

    def offer(self, now: float) -> Offer | None:
        """What to send to the peer now; None: nothing. Its end MUST be told by `answered` or `failed`."""
        if self._busy or self._quiet_until(now) > now:
            return None
        greets = not self._memory.settled() or self._greets(now)
        offer = self._greeting() if greets else self._due_offer(now)
        self._busy = offer is not None
        return offer

    def _greeting(self) -> Offer:
        self.form = self._memory.form()
        return Offer(have=self._have())

    def _quiet_until(self, now: float) -> float:
        """Until when a silent peer is left alone: it has spoken, or the clock went back, and it is asked at once."""
        if self._failures and (times := self._memory.heard().times) != self._heard:
            self._heard, self._next_at = times, now
        longest = max(self._pace.peer.horizon, self._pace.refused.horizon)
        return now if self._next_at > now + longest else max(now, self._next_at)

    def _due_rows(self, stages: Collection[Stage], now: float, limit: int) -> Iterable[Sent]:
        """What is due: also when its time lies so far ahead that the clock must have been set back since."""
        return self._memory.sent_due(stages, now, self._horizon(stages), limit)

    def _due_offer(self, now: float) -> Offer | None:
        """Envelopes that are due, each after those of ours that it stands on or together with them; and what to ask."""
        items: list[Item] = []
        taken: set[str] = set()
        size = 0
        with self._memory.atomically():
            rows = list(self._due_rows({Stage.RELAY}, now, self._batch))
            after = {digest for row in rows for digest in row.after}
            self._memory.look_up(sent=after, sealed=[row.digest for row in rows])
            self.form = self._memory.form()
            for row in rows:
                item = Item(row.number, self._memory.sealed(row.digest), row.after)
                front = self._front(row, taken)
                if form_of(item.envelope) > (self.form or FORMS[0]):
                    self._unread(row, now)
                elif front is not None:
                    self._memory.put_sent(row._replace(next_at=self._behind(front, now)))
                elif self._fits(items, size := size + item.size):
                    items.append(item)
                    taken.add(row.digest)
                else:
                    break
            self.redate(taken, now)
            ask = tuple(self._memory.sent_to_ask(_ASKING, now, self._horizon(_ASKING), self._asking.most(now)))
        return Offer(tuple(items), ask) if items or ask else None

    def _unread(self, row: Sent, now: float) -> None:
        """Put off an envelope in a form that the peer does not read any more; a person is told of the first.

        It would be kept there, and refused for good when it is opened. Sealed anew it would be another envelope.
        """
        if row.trouble != OLDER:
            self._memory.tell(Alarm(OLDER, "", int(now)))
        self._memory.put_sent(row._replace(next_at=now + self._pace.relay.last, trouble=OLDER))

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

    def answered(self, offer: Offer, answer: Answer, now: float, *, last: bool = True) -> bool:
        """Take in the answer to `offer`; whether it was. One that gives back what is not ours counts as silence.

        Of that a person is told, once.

        Args:
            offer: what was sent.
            answer: what came.
            now: POSIX seconds.
            last: whether that is all of the answer; else the conversation is not settled by it.
        """
        try:
            with self._memory.atomically():
                if offer.have is not None:
                    more = self._refill(answer, now)
                    self._greeted(now, more=more or not last)
                self._take(offer, answer, now)
        except BrokenSeal as error:
            if not self._failures:
                with self._memory.atomically():
                    self._memory.tell(Alarm(error.code, "", int(now)))
            self._silent(now)
            return False
        self._reached()
        return True

    def _take(self, offer: Offer, answer: Answer, now: float) -> None:
        outcomes = {outcome.envelope: outcome for outcome in answer.outcomes}
        offered = [item.digest for item in offer.items]
        self._memory.look_up(sent=[*offered, *offer.ask, *answer.missing])
        for digest in offered:
            row = self._memory.sent(digest)
            if row is not None:
                self._outcome(row, outcomes.get(row.digest), now)
        for raw in answer.evidence:
            self._learn(raw, now)
        silent = 0
        for digest in offer.ask:
            row = self._memory.sent(digest)
            if row is not None and not now < row.next_at <= now + self._horizon(_ASKING):  # nothing new was said
                self._postpone(row, now, UNTIMELY if row.trouble == UNTIMELY else "")
                silent += 1
        if offer.ask:
            self._asking.answered(now, news=silent < len(offer.ask))
        for digest in answer.missing:
            row = self._memory.sent(digest)
            # What has been put off, or not answered, waits all the same: else some would be offered in turn, without a pause.
            if row is not None and row.stage is Stage.RELAY and not row.attempts:
                self._memory.put_sent(row._replace(next_at=now))

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
            self._accepted(row, said, outcome.receipt, now)
        else:
            self._postpone(row, now, "receipt.form")

    def _rejected(self, row: Sent, said: Evidence, receipt: Signed, now: float) -> None:
        """It was refused for good; but a number that the peer knows for another envelope says that we have forgotten one.

        By courier a refusal may come that was taken in already, or that is older than a person's word to send it again. It is
        no news; only who says nothing else, again and again, is believed.
        """
        old = said.at <= row.said_at <= now + SKEW or said.at + SKEW < row.since <= now + SKEW
        if old and row.attempts + 1 < self._pace.relay.tries:
            self._postpone(row, now, said.code)
        elif said.code == "conversation.number":
            attempts = row.attempts + 1
            if attempts >= self._pace.relay.tries:
                self._refused(row._replace(words=0), said, receipt, said.code, now)
                return
            later = now + backoff(self._pace.relay, row.attempts, row.digest)
            number = self._memory.sent_last() + 1
            self._memory.put_sent(
                row._replace(number=number, attempts=attempts, next_at=later, trouble=said.code, said_at=said.at)
            )
            self._memory.settle(settled=False)
        else:
            self._refused(row._replace(words=0), said, receipt, said.code or "conversation.rejected", now)

    def _postpone(self, row: Sent, now: float, trouble: str) -> None:
        wait, attempts = self._wait(row.stage), row.attempts + 1
        if row.stage is Stage.CONSIGNMENT and attempts >= wait.tries:  # for ever, but seldom:
            wait = self._pace.handover  # a peer that lacks what it stands on refuses it only while we talk
        later = row._replace(attempts=attempts, next_at=now + backoff(wait, attempts, row.digest), trouble=trouble)
        if row.stage is Stage.HANDOVER and attempts >= wait.tries:
            later = later._replace(stage=Stage.DONE)
        self._memory.put_sent(later)

    def _wait(self, stage: Stage) -> Wait:
        if stage is Stage.RELAY:
            return self._pace.relay
        return self._pace.consignment if stage is Stage.CONSIGNMENT else self._pace.handover

    def failed(self, offer: Offer, failure: Failure, now: float) -> None:
        """Note that `offer` got no usable answer. Nothing is sent about that."""
        if not failure.reached:
            self._silent(now)
            if failure.fewer and offer.items:
                self._fewer(offer)
            return
        if offer.have is not None:
            self._silent(now, self._pace.refused)
            if self._failures >= self._pace.refused.tries and not self._told:
                self._told, unknown = True, failure.code == "peer.unknown"
                alarm = Alarm(
                    code="conversation.unpinned" if unknown else "conversation.unheard", envelope="", at=int(now)
                )
                with self._memory.atomically():
                    self._memory.tell(alarm)
            return
        self._reached()
        self._batch = max(1, len(offer.items) // 2)
        with self._memory.atomically():
            for item in offer.items:
                row = self._memory.sent(item.digest)
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

    def _fewer(self, offer: Offer) -> None:
        """Offer half as much next time, and after an envelope that was alone others first: perhaps it is this one.

        It is no refusal, and nothing is dead by it.
        """
        self._batch = max(1, len(offer.items) // 2)
        if len(offer.items) > 1:
            return
        with self._memory.atomically():
            row = self._memory.sent(offer.items[0].digest)
            if row is not None and not row.relayed:
                later = self._next_at + backoff(self._pace.relay, self._failures, row.digest)
                self._memory.put_sent(row._replace(next_at=later))

    def _reached(self) -> None:
        """The peer has answered; one that answers now and then only is still asked less often than a good one."""
        self._busy = self._told = False
        self._failures, self._next_at = self._failures // 2, 0.0
        self._batch = min(self._pace.batch, self._batch * 2)

    def _silent(self, now: float, wait: Wait | None = None) -> None:
        """The peer is not to be reached, or says nothing usable: one attempt for all that waits, ever less often."""
        self._busy = False
        self._failures += 1
        self._heard = self._memory.heard().times
        self._next_at = now + backoff(wait or self._pace.peer, self._failures, self._seed)

    def release(self, digest: str, now: float) -> None:
        """Send a dead letter again, as a person decided.

        Raises:
            NotPossible: it is none, or the peer has read and refused it: that is final, and another act must be made.
        """
        with self._memory.atomically():
            row = self._memory.sent(digest)
            if row is None or row.stage is not Stage.DEAD or row.relayed:
                raise NotPossible("This is no letter that can be sent again.", code="conversation.no-dead-letter")
            again = row._replace(stage=Stage.RELAY, attempts=0, next_at=now, since=int(now), told=False)
            self._memory.put_sent(again)

    def overdue(self, now: float) -> None:
        """Tell a person, once for each stage, what is waited for beyond its deadline."""
        deadlines = {stage: self._wait(stage).deadline for stage in _OPEN}
        for late in list(self._memory.sent_late(deadlines, now, _LATE)):
            with self._memory.atomically():
                row = self._memory.sent(late.digest)
                if row is not None and (row.stage, row.since, row.told) == (late.stage, late.since, late.told):
                    self._overdue(row, now)

    def _overdue(self, row: Sent, now: float) -> None:
        if row.since > now:  # it was noted by a clock that has been set back since
            self._memory.put_sent(row._replace(since=int(now)))
            self.redate([row.digest], now)
        else:
            self._memory.tell(self._late(row, now))
            self._memory.put_sent(row._replace(told=True))

    def _late(self, row: Sent, now: float) -> Alarm:
        code, word = f"conversation.late-{row.stage}", b""
        if row.stage is Stage.RELAY:
            word = self._word(Evidence(Event.RELAY_FAILURE, self.home, row.digest, int(now), code)).whole()
        return Alarm(code, row.digest, int(now), word)
