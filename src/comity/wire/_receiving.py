"""What a conversation does with what the peer brings: keep it, read it in order, say what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from comity.seal.envelope import Signed
from comity.wire._remembering import Remembering, few
from comity.wire.exchange import AFTER, BATCH, FORMS, GAPS, Answer, Event, Evidence, Item, Offer, Outcome
from comity.wire.remembered import Alarm, Got, Hand, Heard, Memory, Pace, Status

_GREETINGS: Final = 2  # of a peer that has started and has nothing to say
_READ: Final = 128  # envelopes that are read in one transaction: others who write wait for it
_READ_BYTES: Final = 8 << 20  # of them; the one that reaches it is the last
_LATE: Final = 256  # rows refused at a time when they have waited too long
_VERDICT = {Event.CONTENT_CONSIGNMENT: Status.ADMITTED, Event.CONTENT_CONSIGNMENT_FAILURE: Status.REFUSED}


class Receiving(Remembering):
    """The part of `Conversation` that takes in the peer's envelopes. Arguments as there."""

    def __init__(self, home: str, peer: str, memory: Memory, hand: Hand, pace: Pace) -> None:
        super().__init__(home, peer, memory, hand, pace)
        self._ready, self._last, self._taken = False, 0, set[int]()  # while an offer is taken in: see `_look`

    def receive(self, offer: Offer, now: float, form: int = 0) -> Answer:
        """Keep what an offer of the peer brings; the answer may leave as soon as this returns.

        Args:
            offer: what it brings.
            now: POSIX seconds.
            form: in which it came: its sender reads that, and is given nothing back that is newer; 0: what is noted counts.
        """
        with self._memory.atomically():
            self._look(offer)
            self._reads = form or self.form or FORMS[0]
            self._hear(offer, now)
            self._restate({*(item.digest for item in offer.items), *offer.ask}, now)
            outcomes = tuple(self._keep_all(offer.items, now))
            self._expire(now)
            lost = tuple(self._lost(offer.have)) if offer.have is not None else ()
            back = tuple(self._back(offer.have, now)) if offer.have is not None else ()
            if offer.have is not None and not lost and not back:
                self._wake(now)
            told = tuple(self._told_about(offer.ask))
            put_off = {outcome.envelope for outcome in outcomes if outcome.later}
            missing = tuple(digest for digest in self._missing() if digest not in put_off)
        return Answer(outcomes, told, missing, lost, back)

    def restate(self, digest: str, now: float) -> None:
        """See that this node's words about an envelope of the peer's count, before they are given outside an exchange.

        Args:
            digest: of the envelope; nothing happens if there is none such.
            now: POSIX seconds.
        """
        with self._memory.atomically():
            self._memory.look_up(got={digest})
            self._restate([digest], now)

    def _look(self, offer: Offer) -> None:
        """Read together what the items of an offer will be compared with."""
        after = {digest for item in offer.items for digest in item.after}
        self._memory.look_up(got={*(item.digest for item in offer.items), *after, *offer.ask}, sent=after)
        self._ready, self.form = self._memory.settled(), self._memory.form()
        if offer.items:
            self._last = self._memory.got_last()
            self._taken = self._memory.got_taken([item.number for item in offer.items])

    def _hear(self, offer: Offer, now: float) -> None:
        """Note that the peer has spoken, and since when it talks and hears us, so that it could bring what is missing.

        That begins anew after a long silence; when it brings what is acknowledged, or greets on, because it has not heard us;
        and as long as nothing can be kept here, whatever it brings.
        """
        last = self._memory.heard()
        greetings = min(last.greetings, _GREETINGS) + 1 if offer.have is not None else 0
        silent = abs(now - last.at) > self._pace.gap / 3
        deaf = greetings > _GREETINGS or any(self._memory.got(item.digest) for item in offer.items)
        since = now if silent or deaf or not self._ready else last.since
        self._memory.hear(Heard(last.times + 1, now, since, greetings))

    def _keep_all(self, items: Iterable[Item], now: float) -> Iterable[Outcome]:
        """Keep what may be kept; the words about all of it are signed together."""
        found = [self._keep(item, now) for item in items]
        words = [said for said in found if isinstance(said, Evidence)]
        receipts = dict(zip((said.envelope for said in words), self._hand.sign(words), strict=True))
        for said in found:
            if isinstance(said, Evidence):
                row = self._memory.got(said.envelope)
                if row is not None:
                    self._memory.put_got(row._replace(words=1, said_at=said.at), words=(receipts[row.digest],))
                yield Outcome(said.envelope, receipts[said.envelope])
            else:
                yield said

    def _keep(self, item: Item, now: float) -> Outcome | Evidence:
        """Keep one; what became of it, or the word about it that is to be signed."""
        digest = item.digest
        known = self._memory.got(digest)
        if known is not None:
            words = self._memory.words(known)
            return Outcome(digest, words[0]) if words else Outcome(digest, later="conversation.twice")
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
        if self._hour_is_full(now):
            return False
        if not self._lacks(item.after) or self._memory.got_lacking_count() < self._pace.room:
            return True
        return all(map(self._held, item.after)) and any(self._memory.got_lacking([item.digest], limit=1))

    def _missing(self) -> tuple[str, ...]:
        return tuple(self._memory.got_missing(BATCH * AFTER))

    def _told_about(self, digests: Iterable[str]) -> Iterable[Signed]:
        for digest in digests:
            row = self._memory.got(digest)
            if row is not None:
                yield from self._memory.words(row, since=1)

    def admit(self, now: float) -> bool:
        """Read what waits here and may be read, in order; whether there was anything."""
        busy = False
        while self.admit_some(now):
            busy = True
        return busy

    def admit_some(self, now: float) -> bool:
        """Read some, and what stands on them: the effects, and the words about them, are one transaction."""
        busy = False
        self._memory.prepare(_READ, _READ_BYTES)
        with self._memory.atomically():
            for own in list(self._memory.sent_pending()):
                if not self._awaits(own, now):
                    self._memory.adopt(own)
                    self._memory.put_sent(own._replace(pending=False))
                    self._now_known([own.digest])
                    busy = True
            words: list[Evidence] = []
            rows, left, size = list(self._memory.got_ready(_READ)), _READ, 0
            while rows and size < _READ_BYTES:
                read: list[str] = []
                for some in few(rows):
                    if size >= _READ_BYTES:
                        break
                    self._memory.look_up(sealed=[row.digest for row in some])
                    for row in some:
                        words += self._read(row, now)
                        size += len(self._memory.sealed(row.digest))
                        read.append(row.digest)
                left, busy = left - len(read), True
                rows = self._now_known(read)[: max(left, 0)]
            self._say(words)
        return busy

    def _read(self, row: Got, now: float) -> list[Evidence]:
        """Read one envelope; the words about it that are to be signed. A word given once stays."""
        later = map(self._hand.said, self._memory.words(row, since=1))
        given = next((said.event for said in later if said.event in _VERDICT), None)
        code = "" if given is Event.CONTENT_CONSIGNMENT_FAILURE else self._memory.admit(row)
        if given is not None:
            self._memory.put_got(row._replace(status=_VERDICT[given]))
            if code:  # it was read once, and cannot be read again
                self._memory.tell(Alarm(code, row.digest, int(now)))
            return []
        said = Event.CONTENT_CONSIGNMENT_FAILURE if code else Event.CONTENT_CONSIGNMENT
        self._memory.put_got(row._replace(status=_VERDICT[said]))
        return [Evidence(said, self.home, row.digest, self._after(row, now), code)]

    def _after(self, row: Got, now: float) -> int:
        """The time of the next word about it: whatever the clock does, words state their times in order."""
        return max(int(now), row.at, row.said_at)

    def _say(self, words: list[Evidence]) -> None:
        """Sign words about the peer's envelopes, together, and keep them beside these."""
        for said, signed in zip(words, self._hand.sign(words), strict=True):
            row = self._memory.got(said.envelope)
            if row is not None:
                self._memory.put_got(row._replace(words=row.words + 1, said_at=said.at), words=(signed,))

    def handed(self, digest: str, now: float) -> None:
        """Note that an officer has this envelope's act before him. Said once."""
        row = self._memory.got(digest)
        if row is None or row.status is not Status.ADMITTED:
            return
        if all(self._hand.said(word).event is not Event.CONTENT_HANDOVER for word in self._memory.words(row)):
            with self._memory.atomically():
                self._say([Evidence(Event.CONTENT_HANDOVER, self.home, digest, self._after(row, now))])

    def _expire(self, now: float) -> None:
        """Refuse what has waited too long for something that does not come, while nothing else came either.

        The time counts only while the peer talks to us without long silences, and hears us too: then it could have sent what is
        missing, and its signed request has just shown that both clocks agree.
        """
        if now - max(self._memory.got_last_at(), self._memory.heard().since) <= self._pace.gap:
            return
        words = []
        for row in list(self._memory.got_lacking((), limit=_LATE)):
            if self._held(row.lacks):
                continue  # it stands on one that waits here itself, and is read when that is over, whatever becomes of it
            self._memory.put_got(row._replace(status=Status.REFUSED, lacks=""))
            self._memory.tell(Alarm("conversation.gap", row.digest, int(now)))
            words.append(
                Evidence(
                    Event.CONTENT_CONSIGNMENT_FAILURE, self.home, row.digest, self._after(row, now), "conversation.gap"
                )
            )
        self._say(words)
        self._now_known([said.envelope for said in words])
