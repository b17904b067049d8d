"""What every attack works with: who we are, whom we attack, ways to say things, and the judgement of what comes back."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from comity.casework.act import Kind
from comity.casework.measure import Measure
from comity.casework.request import Account, DataCategory, Offence, Person, Request
from comity.conformance import craft
from comity.conformance.identity import Identity
from comity.conformance.inbox import Inbox
from comity.conformance.line import Answer, Line
from comity.conformance.verdict import Probe, Verdict
from comity.errors import ComityError, Invalid
from comity.ledger import checkpoint as cp
from comity.seal import canon
from comity.seal.envelope import Signed
from comity.wire import exchange, messages
from comity.wire.directory import Entry, trust_in
from comity.wire.exchange import Event, Evidence, Offer

READ_WITHIN = 30.0  # seconds that a node may take to read what it holds
SERVED_WITHIN = 15.0  # seconds in which a well-behaved message has its receipt, also under attack
_OTHERS = ("ZZ", "XA", "XB", "XD")
_SAMPLE = 4  # envelopes of an attack whose word is asked for by its address too
REFUSED = range(400, 500)
_OK = 200
LIE = ", but its word: "
NO_OTHER = "no other State is named (--other)"


@dataclass(frozen=True)
class Said:
    """An act on its way: its envelope, the signed statement in it, and the act's id."""

    envelope: bytes
    statement: bytes
    id: str
    case: str


class Bench:
    """One run against one node.

    Args:
        me: who attacks.
        home: the entry of the node under test.
        line: to it.
        inbox: of the node, when it lies on this machine.
        seed: of what is drawn at random.
        thorough: all of it instead of samples.
        shelf: digest of a container that lies on the node's shelf for `me`, if there is one.
        other: a second State that the node has pinned, if there is one: what is ours is not for it.

    Attributes:
        theirs: the same for `other`, if there is one.
    """

    def __init__(
        self, me: Identity, home: Entry, line: Line, *, inbox: Inbox | None = None, seed: int = 1, thorough: bool = False,
        shelf: str = "", other: Identity | None = None,
    ) -> None:  # fmt: skip
        self.me, self.home, self.line, self.inbox, self.shelf = me, home, line, inbox, shelf
        self.thorough, self._seed = thorough, seed
        self.random = random.Random(seed)  # noqa: S311  a sample to be drawn again, no secret
        if other is not None and other.state == me.state:
            raise Invalid("The other State is to be another one.", code="conformance.other", where=other.state)
        code = next(code for code in _OTHERS if code not in {me.state, home.state, other and other.state})
        self.stranger = Identity.generate(code, at=self.now())
        self.theirs = Bench(other, home, line, inbox=inbox, seed=seed) if other is not None else None
        self.heads: dict[int, set[bytes]] = {}
        self._number = secrets.randbelow(900_000_000)  # references of an earlier run are taken
        self._standing: Said | None = None
        self._lock = threading.Lock()

    @staticmethod
    def now() -> datetime:
        """The moment, in whole seconds."""
        return datetime.now(UTC).replace(microsecond=0)

    def start(self, name: str) -> None:
        """Draw anew for the attack `name`, so that it draws the same when it runs alone."""
        self.random.seed(f"{self._seed}/{name}")

    # ── What is said ────────────────────────────────────────────────────────────────────────────────────────────────

    def reference(self) -> str:
        """A reference of ours that nobody has used."""
        with self._lock:
            self._number += 1
        return f"{self.me.state}-{self.now().year}-{self._number:09d}"

    def request(self, **changed: Any) -> Request:
        """A complete request of ours to the node's State."""
        today = self.now().date()
        changed.setdefault("reference", self.reference())
        whole = Request(
            reference=f"{self.me.state}-{today.year}-0001", requesting=self.me.state,
            requested=self.home.state, measure=Measure.STORED_DATA,
            offence=Offence("uncc:13", "fraud", "penal code", 84, date(2026, 1, 5)), authority="Exercise authority",
            conducting=Person("N. N.", "prosecutor", "desk"), subject="conformance run", facts="None: an exercise.",
            assistance="None: an exercise.", link="None.", categories=(DataCategory.CONTENT,),
            accounts=(Account("email", "nobody@mail.example"),), custodian="Nobody",
            period_from=today - timedelta(days=60), period_to=today - timedelta(days=30), purpose="an exercise",
            rights="None is touched.",
        )  # fmt: skip
        return replace(whole, **changed)

    def seal(self, statement: bytes, **changed: Any) -> bytes:
        """An envelope for the node around `statement`."""
        given: dict[str, Any] = {"to": self.home.state, "key": self.home.open}
        return craft.envelope(statement, **given | changed)

    def sign(self, payload: bytes, **changed: Any) -> bytes:
        """A statement of ours to the node's State."""
        given: dict[str, Any] = {"sender": self.me.state, "to": self.home.state, "key": self.me.signing}
        return craft.statement(payload, **given | changed)

    def say(self, kind: str, case: str, body: Any, /, *, after: str = "", **changed: Any) -> Said:
        """An act of ours; `changed` fields replace the act's own."""
        told = craft.act(kind, case, body, by=self.me.state, at=self.now(), after=after, salt=secrets.token_hex(16))
        statement = self.sign(canon.dumps(told | changed))
        return Said(self.seal(statement), statement, canon.content_id(statement), case)

    def asks(self, request: Request | None = None, **changed: Any) -> Said:
        """A good request under a new reference."""
        what = request or self.request()
        return self.say(Kind.REQUESTED, what.reference, {"request": what.to_dict(), "letter": ""}, **changed)

    def standing(self) -> Said:
        """The request of the case that stands open at the node throughout the run."""
        if self._standing is None:
            said = self.asks()
            if self.post("/messages", said.envelope).status == _OK:
                self.fates([said.envelope])
            self._standing = said
        return self._standing

    def enquiry(self) -> Said:
        """A good act: how does the standing case stand?"""
        first = self.standing()
        return self.say(Kind.ENQUIRED, first.case, {"message": "An exercise."}, after=first.id)

    # ── What is sent ────────────────────────────────────────────────────────────────────────────────────────────────

    def uri(self, path: str) -> str:
        """The address that is signed for `path`."""
        return self.home.address.rstrip("/") + path

    def hop(
        self, method: str, path: str, body: bytes = b"", *, who: Identity | None = None, **changed: Any
    ) -> dict[str, str]:
        """The headers that sign a request for `path`; `changed` as `craft.signed_headers` takes it."""
        who = who or self.me
        given: dict[str, Any] = {"state": who.state, "key": who.hop, "created": int(self.now().timestamp())}
        uri = changed.pop("uri", self.uri(path))
        return craft.signed_headers(changed.pop("signed_method", method), uri, body, **given | changed)

    def post(self, path: str, body: bytes, **changed: Any) -> Answer:
        """The answer to `body` posted under our hop signature."""
        return self.line.ask("POST", path, self.hop("POST", path, body, **changed), body)

    def get(self, path: str, extra: Mapping[str, str] | None = None, **changed: Any) -> Answer:
        """The answer to a GET under our hop signature."""
        return self.line.ask("GET", path, self.hop("GET", path, **changed) | dict(extra or {}))

    def many(self, bodies: Iterable[bytes]) -> list[Answer]:
        """The answers to envelopes posted four at a time, in their order."""
        with ThreadPoolExecutor(max_workers=4) as together:
            return list(together.map(lambda body: self.post("/messages", body), bodies))

    def offer(self, offer: Offer) -> exchange.Answer:
        """The node's answer to an offer of ours. Raises Invalid: it gave none."""
        found = self.post("/exchange", exchange.dumps(offer))
        try:
            if found.status == _OK:
                return exchange.read_answer(found.body)
        except ComityError as error:
            raise Invalid(f"This is no answer to an offer: {error}", code="conformance.answer") from error
        raise Invalid(f"An offer was not answered: {found}.", code="conformance.answer")

    # ── How it is judged ────────────────────────────────────────────────────────────────────────────────────────────

    def receipt(self, answer: Answer, envelope: bytes) -> messages.Receipt:
        """The receipt in `answer`: signatures, envelope, place and proof checked, as a sender must.

        Raises:
            ComityError: it is no receipt of this node for this envelope.
        """
        raw = canon.loads(answer.body, limit=1 << 20)
        found = messages.read_receipt(raw, trust_in([self.home]), now=datetime.now(UTC))
        digest = canon.content_id(envelope)
        if (found.by, found.to, found.envelope) != (self.home.state, self.me.state, digest):
            raise ComityError("This is a receipt for something else.", code="receipt.other")
        found.proof.check(messages.logged_receipt(digest), *self.home.log, {})
        self.saw(found.proof.note)
        return found

    def saw(self, note: str) -> None:
        """Remember a head of the node's log. Raises BrokenProof: it is none."""
        head = cp.check_log(note, *self.home.log)
        with self._lock:
            self.heads.setdefault(head.size, set()).add(head.root)

    def holds(self, envelope: bytes) -> bool:
        """Whether the node says that it holds this envelope from us."""
        return self.get(f"/receipts/{canon.content_id(envelope)}").status == 200

    def traces(self) -> tuple[int, ...]:
        """What the node holds of us beyond envelopes, when all that we brought is read; empty where nobody can say."""
        if self.inbox is None:
            return ()
        self.inbox.settle(self.me.state, patience=READ_WITHIN)
        return self.inbox.traces(self.me.state)

    def word(self, signed: Signed, digest: str) -> Evidence:
        """What the node's word `signed` says of the envelope `digest` to us.

        Raises:
            ComityError: it does not hold, is of something else, or of no time at which it can have been said.
        """
        found = messages.read_word(signed, trust_in([self.home]))
        if (found.said.by, found.to, found.said.envelope) != (self.home.state, self.me.state, digest):
            raise ComityError("This word is of something else.", code="receipt.other")
        if found.said.at > self.now().timestamp() + exchange.SKEW:
            raise ComityError("This word is of a time to come.", code="receipt.time")
        return found.said

    def told(self, envelopes: Iterable[bytes]) -> list[str]:
        """What the node's signed words say became of each, in the words of `fates`; empty where there is none.

        They are asked for in offers; for some, by their addresses too. Where an offer is not answered, that is said of each.
        """
        digests = [canon.content_id(data) for data in envelopes]
        found: dict[str, list[Signed]] = {}
        try:
            for start in range(0, len(digests), exchange.ASKED):
                for signed in self.offer(Offer(ask=tuple(digests[start : start + exchange.ASKED]))).evidence:
                    found.setdefault(_about(signed), []).append(signed)
        except Invalid as error:
            return [str(error)] * len(digests)
        said = [self._says(digest, found.get(digest, [])) for digest in digests]
        for place in range(0, len(digests), max(1, len(digests) // _SAMPLE)):
            words = found.get(digests[place])
            if words and self.get(f"/outcomes/{digests[place]}").body != words[0].whole():
                said[place] += ", and another word at its address"
        return said

    def _says(self, digest: str, words: list[Signed]) -> str:
        try:
            read = [self.word(signed, digest) for signed in words]
        except ComityError as error:
            return f"a word that does not hold: {error}"
        events = [said.event for said in read if said.event is not Event.CONTENT_HANDOVER]
        if events == [Event.CONTENT_CONSIGNMENT]:
            return "admitted"
        if events == [Event.CONTENT_CONSIGNMENT_FAILURE] and len(read) == 1:
            return f"refused {read[0].code}".strip()
        return ", ".join(said.event for said in read)

    def fates(self, envelopes: Iterable[bytes]) -> list[str]:
        """What became of each: ``admitted``, ``refused CODE``, ``waiting``, or empty where nobody can say.

        Where the node's signed word says something else than its inbox, that is added: nothing is right then. Where there is
        no inbox, a word that it was admitted is believed, and a word that it was not is none that anybody can check.
        """
        listed = list(envelopes)
        digests = [canon.content_id(data) for data in listed]
        if self.inbox is None:
            return ["" if told.startswith("refused ") else told for told in self.told(listed)]
        found = self.inbox.fates(digests, patience=READ_WITHIN)
        seen = [f"{found[digest].status} {found[digest].code}".strip() for digest in digests]
        told = self.told(listed)
        return [
            fate if word == ("" if fate == "waiting" else fate) else f"{fate}{LIE}{word or 'none'}"
            for fate, word in zip(seen, told, strict=True)
        ]

    def served(self, sent: str = "a good message of the same peer") -> Probe:
        """Whether a well-behaved message still gets a valid receipt, and is admitted, in time."""
        said, answer = self.enquiry(), None
        try:
            answer = self.post("/messages", said.envelope)
            self.receipt(answer, said.envelope)
            fate = self.fates([said.envelope])[0]
        except ComityError as error:
            return Probe(sent, f"{answer}: {error}" if answer else str(error), Verdict.BROKEN)
        right = answer.status == 200 and answer.seconds < SERVED_WITHIN and fate in {"", "admitted"}
        got = f"{answer} in {answer.seconds:.1f} s {fate}".strip()
        return Probe(sent, got, Verdict.KEPT if right else Verdict.BROKEN)

    def turned_away(
        self,
        sent: str,
        answer: Answer,
        *,
        statuses: Iterable[int] = (401,),
        envelope: bytes = b"",
        closing: bool = False,
    ) -> Probe:
        """The judgement of what the door must refuse.

        Args:
            sent: what was sent, in words.
            answer: what came back.
            statuses: the right answers.
            envelope: what must not be held after it.
            closing: whether closing the line without a word is right as well.
        """
        right = answer.status in statuses or (closing and not answer.status)
        verdict = Verdict.KEPT if right else Verdict.UNDETERMINED if answer.status in {0, *REFUSED} else Verdict.BROKEN
        if envelope and self.holds(envelope):
            return Probe(sent, f"{answer}, and the envelope is held", Verdict.BROKEN)
        return Probe(sent, str(answer), verdict)

    def never_admitted(self, cases: Iterable[tuple[str, bytes]]) -> Iterator[Probe]:
        """Post each envelope: it may be receipted or refused at the door, and must change nothing.

        Args:
            cases: (what it is, its bytes).
        """
        listed = list(cases)
        before = self.traces()
        answers = self.many(data for _, data in listed)
        fates = self.fates(data for _, data in listed)
        for (title, data), answer, fate in zip(listed, answers, fates, strict=True):
            yield self.outcome(title, data, answer, fate)
        if (after := self.traces()) != before:
            got = f"cases, acts, departures, containers, jobs: {before} became {after}"
            yield Probe("all of these together", got, Verdict.BROKEN)

    def outcome(self, title: str, data: bytes, answer: Answer, fate: str) -> Probe:
        """The judgement of one envelope that must not be admitted."""
        got = f"{answer} {fate}".strip()
        if answer.status in REFUSED:
            return Probe(title, got, Verdict.BROKEN if fate == "admitted" else Verdict.KEPT)
        try:
            self.receipt(answer, data)
        except ComityError as error:
            return Probe(title, f"{got}: {error}", Verdict.BROKEN)
        if fate.startswith("admitted") or "node.defect" in fate or LIE in fate:
            return Probe(title, got, Verdict.BROKEN)
        return Probe(title, got, Verdict.KEPT if fate.startswith("refused") else Verdict.UNDETERMINED)


def _about(word: Signed) -> str:
    """The envelope that a word names, read before anything of it is checked; empty: none."""
    try:
        payload = canon.unb64(canon.loads(word.bare, limit=1 << 20)["payload"])
        return str(canon.loads(payload, limit=1 << 20)["envelope"])
    except (ComityError, KeyError, TypeError):
        return ""
