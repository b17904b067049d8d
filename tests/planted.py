"""Protocol faults to plant in `wire.conversation`, each as a subclass or a setting: what the simulation must find."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf

from simulation import World, digest_of, envelope_of, opened

from comity.errors import BrokenSeal
from comity.seal.envelope import Signed
from comity.wire.conversation import Conversation
from comity.wire.exchange import Answer, Event, Evidence, Failure, Have, Item, Offer, Outcome, Own
from comity.wire.remembered import Alarm, Got, Sent, Stage, Status, Wait

FAULTS: dict[str, Callable[[int], World]] = {}


def planted(title: str, *, long: bool = False) -> Callable[[type[Conversation]], type[Conversation]]:
    """Enter a faulty conversation under `title`, in a world of cuts that last `long`."""

    def enter(talk: type[Conversation]) -> type[Conversation]:
        FAULTS[title] = lambda seed: World(seed, talk=talk, long=long)
        return talk

    return enter


FAULTS["acknowledged before it is durable"] = lambda seed: World(seed, lag=True)
FAULTS["one line for all peers"] = lambda seed: World(seed, lock=True)


# ── duplicates and receipts ─────────────────────────────────────────────────────────────────────────────────────────


@planted("duplicates are known by number only")
class _ByNumber(Conversation):
    def _keep(self, item: Item, now: float) -> Outcome | Evidence:
        known = self._memory.got_number(item.number)
        return Outcome(known.digest, self._memory.words(known)[0]) if known else super()._keep(item, now)


@planted("duplicates are kept again")
class _NoDuplicates(Conversation):
    def _keep_all(self, items: Iterable[Item], now: float) -> Iterable[Outcome]:
        for outcome in list(super()._keep_all(items, now)):
            row = self._memory.got(outcome.envelope)
            if row is None:
                yield outcome
                continue
            receipt = self._word(Evidence(Event.RELAY_ACCEPTANCE, self.home, row.digest, int(now)))
            self._memory.put_got(row._replace(status=Status.WAITING, words=1, said_at=int(now)), words=(receipt,))
            yield Outcome(row.digest, receipt)


@planted("a duplicate gets a fresh receipt")
class _FreshReceipt(Conversation):
    def _keep_all(self, items: Iterable[Item], now: float) -> Iterable[Outcome]:
        for outcome in list(super()._keep_all(items, now)):
            if self._memory.got(outcome.envelope) is None:
                yield outcome
            else:
                word = Evidence(Event.RELAY_ACCEPTANCE, self.home, outcome.envelope, int(now))
                yield replace(outcome, receipt=self._word(word))


@planted("a receipt for another envelope is accepted")
class _OtherEnvelope(Conversation):
    def _read_about(self, raw: Signed, digest: str) -> Evidence:
        said = self._hand.read(raw)
        return super()._read_about(raw, said.envelope)


@planted("a receipt by another State is accepted")
class _OtherState(Conversation):
    def _read_about(self, raw: Signed, digest: str) -> Evidence:
        said = self._hand.read(raw)
        return said if said.envelope == digest else super()._read_about(raw, digest)


@planted("a receipt may state any time")
class _AnyTime(Conversation):
    def _in_time(self, row: Sent, said: Evidence, now: float) -> None:
        pass


@planted("a receipt's signature is not looked at")
class _Unsigned(Conversation):
    def _read_about(self, raw: Signed, digest: str) -> Evidence:
        try:
            found = json.loads(raw.bare)
        except ValueError:
            return super()._read_about(raw, digest)
        said = Evidence(Event(found["event"]), found["by"], found["envelope"], found["at"], found["code"])
        return said if (said.by, said.envelope) == (self.peer, digest) else super()._read_about(raw, digest)


@planted("'later' is taken for yes")
class _LaterIsYes(Conversation):
    def _outcome(self, row: Sent, outcome: Outcome | None, now: float) -> None:
        if outcome is not None and outcome.later:
            self._memory.put_sent(row._replace(stage=Stage.DONE, relayed=True))
        else:
            super()._outcome(row, outcome, now)


@planted("the first receipt of a batch counts for all of it")
class _FirstForAll(Conversation):
    def _take(self, offer: Offer, answer: Answer, now: float) -> None:
        super()._take(offer, answer, now)
        if answer.outcomes and answer.outcomes[0].receipt:
            for item in offer.items:
                row = self._memory.sent(digest_of(item.envelope))
                if row is not None:
                    receipt = answer.outcomes[0].receipt
                    self._accepted(row, self._hand.read(receipt), receipt, now)


@planted("sent once and forgotten")
class _Forgotten(Conversation):
    def failed(self, offer: Offer, failure: Failure, now: float) -> None:
        super().failed(offer, failure, now)
        with self._memory.atomically():
            for item in offer.items:
                row = self._memory.sent(digest_of(item.envelope))
                if row is not None:
                    self._memory.put_sent(row._replace(stage=Stage.DONE))


@planted("every attempt is a new envelope")
class _NewEnvelope(Conversation):
    def failed(self, offer: Offer, failure: Failure, now: float) -> None:
        super().failed(offer, failure, now)
        with self._memory.atomically():
            for item in offer.items:
                row = self._memory.sent(digest_of(item.envelope))
                if row is not None and row.stage is Stage.RELAY:
                    self._again(row, now)

    def _again(self, row: Sent, now: float) -> None:
        _, statement = opened(self._memory.sealed(row.digest))
        envelope = envelope_of(statement, self.peer, f"{now}")
        self._memory.put_sent(row._replace(stage=Stage.DONE))
        number = self._memory.sent_last() + 1
        self._memory.put_sent(row._replace(digest=digest_of(envelope), number=number), envelope)


@planted("a receipt is receipted")
class _ReceiptOfReceipt(Conversation):
    def _accepted(self, row: Sent, said: Evidence, receipt: Signed, now: float) -> None:
        super()._accepted(row, said, receipt, now)
        number = self._memory.sent_last() + 1
        thanks = Sent(number, digest_of(receipt.whole()), (), int(now), Stage.RELAY, now, int(now))
        self._memory.put_sent(thanks, receipt.whole())


# ── order and the waiting room ──────────────────────────────────────────────────────────────────────────────────────


@planted("read in the order of arrival")
class _ByArrival(Conversation):
    def _lacks(self, after: Iterable[str]) -> str:
        return ""


@planted("what comes before its time is acknowledged and dropped")
class _Dropped(Conversation):
    def _keep(self, item: Item, now: float) -> Outcome | Evidence:
        if self._memory.settled() and not all(map(self._held, item.after)):
            digest = digest_of(item.envelope)
            return Outcome(digest, self._word(Evidence(Event.RELAY_ACCEPTANCE, self.home, digest, int(now))))
        return super()._keep(item, now)


@planted("the waiting room has no end")
class _EndlessRoom(Conversation):
    def _room(self, item: Item, now: float) -> bool:
        return True

    def _expire(self, now: float) -> None:
        pass


@planted("a full waiting room refuses for good")
class _RoomRefuses(Conversation):
    def _keep(self, item: Item, now: float) -> Outcome | Evidence:
        outcome = super()._keep(item, now)
        if isinstance(outcome, Evidence) or outcome.later != "conversation.room":
            return outcome
        return Evidence(Event.RELAY_REJECTION, self.home, outcome.envelope, int(now), "conversation.room")


@planted("a full waiting room keeps out what the others wait for")
class _RoomLocks(Conversation):
    def _room(self, item: Item, now: float) -> bool:
        return self._memory.got_lacking_count() < self._pace.room and super()._room(item, now)


@planted("what waits is thrown out by this node's own clock")
class _OwnClock(Conversation):
    def admit(self, now: float) -> bool:
        with self._memory.atomically():
            self._expire(now)
        return super().admit(now)


@planted("what is not read is given up", long=True)
class _GivenUp(Conversation):
    def _postpone(self, row: Sent, now: float, trouble: str) -> None:
        super()._postpone(row, now, trouble)
        if row.stage is Stage.CONSIGNMENT and row.attempts + 1 >= self._pace.consignment.tries:
            self._memory.put_sent(row._replace(attempts=row.attempts + 1, stage=Stage.DONE))


@planted("who can keep nothing refuses for want of what is missing", long=True)
class _RefusesUnsettled(Conversation):
    def _hear(self, offer: Offer, now: float) -> None:
        ready, self._ready = self._ready, True
        super()._hear(offer, now)
        self._ready = ready


@planted("the act and the word about it are two transactions")
class _TwoTransactions(Conversation):
    def admit_some(self, now: float) -> bool:
        row = next(iter(self._memory.got_ready(1)), None)
        if row is not None:
            with self._memory.atomically():
                self._memory.admit(row)
        return super().admit_some(now)


@planted("only the last word about an envelope is told")
class _LastWord(Conversation):
    def _told_about(self, digests: Iterable[str]) -> Iterable[Signed]:
        for digest in digests:
            row = self._memory.got(digest)
            if row is not None:
                yield self._memory.words(row)[-1]


# ── after a restore ─────────────────────────────────────────────────────────────────────────────────────────────────


@planted("a started node trusts its memory")
class _NoGreeting(Conversation):
    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._memory.settle(settled=True)
        self._again_at = inf


@planted("own acts are not taken back")
class _NothingBack(Conversation):
    def _adopt(self, own: Own, now: float) -> int | None:
        return None


@planted("the peer's acts are not taken back")
class _NothingRestored(Conversation):
    def _restore(self, item: Item) -> int | None:
        return None


@planted("what is taken back gets a fresh receipt")
class _FreshOnRestore(Conversation):
    def _restore(self, item: Item) -> int | None:
        done = super()._restore(item)
        row = self._memory.got(digest_of(item.envelope))
        if done and row is not None:
            word = Evidence(Event.RELAY_ACCEPTANCE, self.home, row.digest, row.at + 7)
            self._memory.put_got(row._replace(words=1, said_at=word.at), words=(self._word(word),))
        return done


@planted("one page of what was lost is enough")
class _OnePage(Conversation):
    def _refill(self, answer: Answer, now: float) -> bool:
        super()._refill(answer, now)
        return False


@planted("gaps are forgotten, only the highest number counts")
class _NoGaps(Conversation):
    def _lost(self, have: Have) -> Iterable[Item]:
        return super()._lost(replace(have, got_gaps=()))


@planted("own acts are taken back out of order")
class _AdoptedAtOnce(Conversation):
    def _adopt(self, own: Own, now: float) -> int | None:
        done = super()._adopt(own, now)
        row = self._memory.sent(digest_of(own.item.envelope))
        if done and row is not None and row.pending:
            self._memory.adopt(row)
            self._memory.put_sent(row._replace(pending=False))
        return done


@planted("anybody's act is taken back as one's own")
class _AdoptsAll(Conversation):
    def _adopt(self, own: Own, now: float) -> int | None:
        self._hand.own = lambda item, statement: ""  # type: ignore[method-assign]
        return super()._adopt(own, now)


@planted("anything is taken back as acknowledged")
class _RestoresAll(Conversation):
    def _restore(self, item: Item) -> int | None:
        digest = digest_of(item.envelope)
        if self._memory.got(digest) is not None or not item.evidence:
            return None
        lacks = self._lacks(item.after)
        row = Got(item.number, digest, item.after, 0, Status.WAITING, lacks, len(item.evidence))
        with suppress(BrokenSeal):
            row = row._replace(said_at=self._hand.read(item.evidence[-1]).at)
        self._memory.put_got(row, item.envelope, words=item.evidence)
        return row.at


@planted("a number that is taken is a refusal like any other")
class _NumberIsFinal(Conversation):
    def post_all(self, envelopes: Sequence[bytes], after: tuple[str, ...], now: float) -> list[Sent]:
        self._memory.settle(settled=True)
        return super().post_all(envelopes, after, now)

    def _rejected(self, row: Sent, said: Evidence, receipt: Signed, now: float) -> None:
        self._dead(row, said.code, now)


# ── time, deadlines and how often ───────────────────────────────────────────────────────────────────────────────────


@planted("no pause between attempts")
class _NoPause(Conversation):
    def _silent(self, now: float, wait: Wait | None = None) -> None:
        super()._silent(now, wait)
        self._next_at = now


@planted("the pause has no upper limit")
class _NoCap(Conversation):
    def _silent(self, now: float, wait: Wait | None = None) -> None:
        super()._silent(now, wait)
        self._next_at = now + 2.0 * 2**self._failures

    def _quiet_until(self, now: float) -> float:
        return max(now, self._next_at)


@planted("an unusable answer is asked for again at once")
class _AtOnce(Conversation):
    def _postpone(self, row: Sent, now: float, trouble: str) -> None:
        super()._postpone(row, now, trouble)
        if trouble.startswith(("receipt", "seal")):
            self._memory.put_sent(row._replace(next_at=now, trouble=trouble))


@planted("what is asked about is asked again at once")
class _AsksAgain(Conversation):
    def _postpone(self, row: Sent, now: float, trouble: str) -> None:
        if trouble or row.stage is Stage.RELAY:
            super()._postpone(row, now, trouble)


@planted("a greeting is answered by a greeting")
class _Echo(Conversation):
    def receive(self, offer: Offer, now: float) -> Answer:
        answer = super().receive(offer, now)
        if offer.have is not None:
            self._memory.settle(settled=False)
        return answer


@planted("an exchange that failed is never over")
class _NeverOver(Conversation):
    def failed(self, offer: Offer, failure: Failure, now: float) -> None:
        super().failed(offer, failure, now)
        self._busy = True


@planted("a clock that is set back stops the mail")
class _ClockBack(Conversation):
    def _due_rows(self, stages: Collection[Stage], now: float, limit: int) -> Iterable[Sent]:
        return self._memory.sent_due(stages, now, inf, limit)

    def _is_due(self, span: tuple[float, float], stage: Stage, now: float) -> bool:
        return span[0] <= now

    def _quiet_until(self, now: float) -> float:
        return max(now, self._next_at)


@planted("a deadline noted by a wrong clock never comes")
class _SinceTomorrow(Conversation):
    def overdue(self, now: float) -> None:
        ahead = {row.digest: row for row in self._memory.sent_open() if row.since > now}
        super().overdue(now)
        with self._memory.atomically():
            for row in ahead.values():
                self._memory.put_sent(row)


@planted("nobody is told that something is late")
class _Untold(Conversation):
    def overdue(self, now: float) -> None:
        pass


@planted("people are told the same every day")
class _EveryDay(Conversation):
    def overdue(self, now: float) -> None:
        with self._memory.atomically():
            for row in list(self._memory.sent_open()):
                self._memory.put_sent(row._replace(told=False))
        super().overdue(now)


@planted("noted as told before anybody was")
class _ToldBefore(Conversation):
    def overdue(self, now: float) -> None:
        for row in list(self._memory.sent_open()):
            if row.told or now - row.since <= self._wait(row.stage).deadline:
                continue
            with self._memory.atomically():
                self._memory.put_sent(row._replace(told=True))
            with self._memory.atomically():
                self._memory.tell(Alarm(f"conversation.late-{row.stage}", row.digest, int(now)))


@planted("a dead letter that is sent again stays dead")
class _StaysDead(Conversation):
    def release(self, digest: str, now: float) -> None:
        row = self._memory.sent(digest)
        super().release(digest, now)
        if row is not None:
            with self._memory.atomically():
                self._memory.put_sent(row._replace(attempts=0))


@planted("everything is sent at once")
class _NoWindow(Conversation):
    def _due_rows(self, stages: Collection[Stage], now: float, limit: int) -> Iterable[Sent]:
        return super()._due_rows(stages, now, 10 * limit)


def found(title: str, seeds: Iterable[int]) -> tuple[int, str] | None:
    """(seed, complaint) of the first of `seeds` at which the fault `title` is found; None: at none of them."""
    for seed in seeds:
        faults = FAULTS[title](seed).run().faults
        if faults:
            return seed, faults[0]
    return None
