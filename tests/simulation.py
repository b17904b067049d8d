"""Several nodes, some weeks, every trouble at once, from one seed: a deterministic simulation of `wire.conversation`.

The core is the real one, and so are digests and canonical bytes of envelopes and evidence; signatures are a keyed hash
behind the core's own seam (`Hand`), because a million seeds of Ed25519 and ML-DSA would take months. What is simulated:
time, the network (loss, delay, doubling, reordering, cuts in both directions or one, flapping), crashes at every commit,
backups and restores, clocks that jump, and States that lie. What is judged: only what clients saw, at both ends.

    world = World(seed); world.run(); world.faults  -> what clients would complain of, empty when all is well
"""

# ruff: noqa: D102  what the methods of Shelf and Hand do is said in comity.wire.remembered

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from math import log
from operator import attrgetter
from typing import Any, TypeVar

from comity.errors import BrokenSeal, NotPossible
from comity.seal.envelope import Pair, Signed
from comity.wire import exchange
from comity.wire.conversation import Conversation
from comity.wire.exchange import FORMS, Answer, Event, Evidence, Failure, Have, Item, Offer, Outcome, Own
from comity.wire.remembered import DAY, HOUR, Alarm, Got, Heard, Pace, Sent, Stage, Status, Wait

STATES = ("IR", "VN", "QA", "BR", "ZA", "NZ", "KE")
TROUBLE, END = 20 * DAY, 31 * DAY  # faults until the one, and the other is when the judge comes
PROBE = 28 * DAY
EPOCH = 1_790_000_000.0  # what a right clock shows when it all begins
TIMEOUT = 30.0
MINUTES = 60
PACE = Pace(
    relay=Wait(2, 8 * HOUR, 6, 12 * HOUR), consignment=Wait(20, 12 * HOUR, 30, DAY), handover=Wait(2 * HOUR, DAY, 12, 3 * DAY),
    peer=Wait(2, 12 * HOUR, 0, 0), batch=3, room=4, gap=6 * DAY, kept=60,
)  # fmt: skip
NOISE = Signed(b"?", Pair("", ""))
OPEN = {Stage.RELAY, Stage.CONSIGNMENT, Stage.HANDOVER, Stage.DEAD}
UNHEARD, UNREACHABLE = Heard(), Failure("wire.unreachable")

Answered = TypeVar("Answered")
Row = TypeVar("Row", Sent, Got)


class Crash(Exception):
    """The node dies here."""


def digest_of(data: bytes) -> str:
    """SHA-256 in hex, as `canon.content_id`."""
    return hashlib.sha256(data).hexdigest()


# ── bytes that are signed ───────────────────────────────────────────────────────────────────────────────────────────


class Notary:
    """Fast signatures with one key for each State; who forges has another key."""

    def __init__(self) -> None:
        self._known: dict[Signed, Evidence] = {}

    @staticmethod
    def mac(state: str, body: str) -> str:
        """Return the signature of `state` over `body`."""
        return hashlib.blake2b(body.encode(), key=state.encode(), digest_size=16).hexdigest()

    def sign(self, said: Evidence, key: str = "") -> Signed:
        """Signed evidence, in canonical bytes; `key`: a forger's."""
        head, tail = (
            f'"at":{said.at},"by":"{said.by}","code":"{said.code}"',
            f'"envelope":"{said.envelope}","event":"{said.event}"',
        )
        mac = self.mac(key or said.by, head + tail)  # 32 hexadecimal digits are base64 too
        word = Signed(f'{{{head},"ed25519":"",{tail},"mldsa65":""}}'.encode(), Pair(mac, mac))
        if not key:
            self._known[word] = said
        return word

    def read(self, raw: Signed) -> Evidence:
        """What was signed, and by whom. Raises BrokenSeal."""
        known = self._known.get(raw)
        if known is None:
            raise BrokenSeal("forged", code="seal.ed25519")
        return known


def statement_of(by: str, to: str, case: str, text: str) -> bytes:
    """A signed act, canonical."""
    head, tail = f'"by":"{by}","case":"{case}"', f'"text":"{text}","to":"{to}"'
    return f'{{{head},"mac":"{Notary.mac(by, head + tail)}",{tail}}}'.encode()


def envelope_of(statement: bytes, to: str, nonce: str) -> bytes:
    """A sealed statement, canonical: another nonce gives another envelope."""
    return f'{{"nonce":"{nonce}","sealed":"{base64.b64encode(statement).decode()}","to":"{to}"}}'.encode()


@lru_cache(maxsize=256)
def opened(envelope: bytes) -> tuple[dict[str, str], bytes]:
    """(what the statement inside says, its bytes). Raises ValueError: it is none, or not signed by who it says."""
    statement = base64.b64decode(json.loads(envelope)["sealed"])
    act: dict[str, str] = json.loads(statement)
    if statement_of(act["by"], act["to"], act["case"], act["text"]) != statement:
        raise ValueError(act)
    return act, statement


# ── memory that crashes ─────────────────────────────────────────────────────────────────────────────────────────────


class Table(dict[Any, Any]):
    """Rows by their keys, and what was asked about all of them: an answer holds until a row changes."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[Callable[..., Any], Any] = {}

    def ask(self, question: Callable[[Collection[Any]], Answered]) -> Answered:
        """What `question` says of the rows, as they stand: never None."""
        answer = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = question(self.values())
        return answer

    def put(self, key: Any, value: Any) -> None:
        """Write a row; None: there is none."""
        if self._answers:
            self._answers.clear()
        if value is None:
            self.pop(key, None)
        else:
            self[key] = value

    def refill(self, rows: Mapping[Any, Any]) -> None:
        """Hold nothing but `rows`."""
        self._answers.clear()
        self.clear()
        self.update(rows)


class Disk:
    """Tables with transactions. `world.hurt` may raise Crash before or after a commit."""

    lag = False  # a planted fault: what was committed last is lost in a crash

    def __init__(self) -> None:
        self.tables: dict[Any, Table] = defaultdict(Table)
        self.news: list[tuple[str, str]] = []  # what clients are shown when it is committed
        self.hurt: Callable[[str], None] = lambda when: None
        self.shown: Callable[[list[tuple[str, str]]], None] = lambda news: None
        self._undo: list[tuple[Table, Any, Any]] = []
        self._last: list[tuple[Table, Any, Any]] = []
        self._depth = 0

    def put(self, table: Any, key: Any, value: Any) -> None:
        """Write, to be undone until the commit."""
        where = self.tables[table]
        self._undo.append((where, key, where.get(key)))
        where.put(key, value)

    def words(self, peer: str, row: Sent | Got | None) -> tuple[Signed, ...]:
        """The words about an envelope for this peer, or of it."""
        if row is None:
            return ()
        found: tuple[Signed, ...] = self.tables["sent words" if isinstance(row, Sent) else "got words", peer].get(
            row.digest, ()
        )
        return found

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        if kind is not None:
            self.back()
            return
        if self._undo:
            self.hurt("before")
            self._last, self._undo = self._undo, []
            news, self.news = self.news, []
            self.shown(news)
            self.hurt("after")

    def back(self) -> None:
        """Undo what is not committed; with `lag`, also the last commit."""
        self._depth = 0
        undo = self._last + self._undo if self.lag else self._undo
        for where, key, old in undo[::-1]:
            where.put(key, old)
        self._undo, self._last, self.news = [], [], []

    def copy(self) -> dict[Any, dict[Any, Any]]:
        """A backup."""
        return {name: dict(table) for name, table in self.tables.items()}

    def restore(self, backup: dict[Any, dict[Any, Any]]) -> None:
        """Go back to it. That memory is missing shows: the log is shorter than a file beside the tables says."""
        for name, table in self.tables.items():
            table.refill(backup.get(name, {}) if name != "settled" else {})


# what a memory asks about its rows


def _last(rows: Collection[Sent | Got]) -> int:
    return max((row.number for row in rows), default=0)


def _numbers(rows: Collection[Sent | Got]) -> set[int]:
    return {row.number for row in rows}


def _gaps(rows: Collection[Sent | Got]) -> tuple[int, ...]:
    held = _numbers(rows)
    return tuple(number for number in range(1, max(held, default=0)) if number not in held)


def _by_number(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=attrgetter("number"))


def _open(rows: Collection[Sent]) -> list[Sent]:
    return _by_number([row for row in rows if row.stage in OPEN and not (row.stage is Stage.DEAD and row.relayed)])


def _dead(rows: Collection[Sent]) -> list[Sent]:
    return [row for row in rows if row.stage is Stage.DEAD and not row.relayed]


def _spans(rows: Collection[Sent]) -> dict[Stage, tuple[float, float]]:
    times: dict[Stage, list[float]] = {}
    for row in rows:
        times.setdefault(row.stage, []).append(row.next_at)
    return {stage: (min(found), max(found)) for stage, found in times.items()}


def _relayed(rows: Collection[Sent]) -> list[Sent]:
    return _by_number([row for row in rows if row.relayed])


def _pending(rows: Collection[Sent]) -> list[Sent]:
    return _by_number([row for row in rows if row.pending])


def _last_at(rows: Collection[Got]) -> int:
    return max((row.at for row in rows), default=0)


def _waiting(rows: Collection[Got]) -> list[Got]:
    return _by_number([row for row in rows if row.status is Status.WAITING])


def _ready(rows: Collection[Got]) -> list[Got]:
    return [row for row in _waiting(rows) if not row.lacks]


def _lacking(rows: Collection[Got]) -> list[Got]:
    return [row for row in _waiting(rows) if row.lacks]


def _lacks(rows: Collection[Got]) -> list[str]:
    return list(dict.fromkeys([row.lacks for row in _lacking(rows)]))


class Shelf:
    """`remembered.Memory` of one node for one peer."""

    def __init__(self, node: Node, peer: str) -> None:
        self._node, self._disk, self._peer = node, node.disk, peer
        self._sent, self._got, self._kept = (self._disk.tables[name, peer] for name in ("sent", "got", "kept"))
        self._settled, self._heard = self._disk.tables["settled"], self._disk.tables["heard"]

    def atomically(self) -> Disk:
        return self._disk

    def look_up(self, *, sent: Iterable[str] = (), got: Iterable[str] = (), sealed: Iterable[str] = ()) -> None:
        pass

    def settled(self) -> bool:
        return bool(self._settled.get(self._peer))

    def settle(self, settled: bool) -> None:  # noqa: FBT001
        self._disk.put("settled", self._peer, settled)

    def unsure(self, since: int) -> None:
        for row in list(self._sent.values()):
            if row.stage is Stage.RELAY and row.made_at > since:
                self.put_sent(row._replace(made_at=since))

    def form(self) -> int:
        return FORMS[-1]

    def hear(self, heard: Heard) -> None:
        self._heard[self._peer] = heard  # no commit: nodes that die of being spoken to never rest

    def heard(self) -> Heard:
        return self._heard.get(self._peer, UNHEARD)

    def sent(self, digest: str) -> Sent | None:
        return self._sent.get(digest)

    def sent_number(self, number: int) -> Sent | None:
        return next((row for row in self._sent.values() if row.number == number), None)

    def sent_last(self) -> int:
        return self._sent.ask(_last)

    def sent_gaps(self, limit: int) -> tuple[int, ...]:
        return self._sent.ask(_gaps)[:limit]

    def sent_due(self, stages: Collection[Stage], now: float, horizon: float, limit: int) -> Sequence[Sent]:
        rows = [
            row
            for row in self._sent.ask(_open)
            if row.stage in stages and (row.next_at <= now or row.next_at > now + horizon)
        ]
        return rows[:limit]

    def sent_to_ask(self, stages: Collection[Stage], now: float, horizon: float, limit: int) -> Sequence[str]:
        return [row.digest for row in self.sent_due(stages, now, horizon, limit)]

    def sent_spans(self, stages: Collection[Stage]) -> Mapping[Stage, tuple[float, float]]:
        spans = self._sent.ask(_spans)
        return {stage: spans[stage] for stage in spans if stage in stages}

    def sent_late(self, deadlines: Mapping[Stage, int], now: float, limit: int) -> Iterable[Sent]:
        rows = [
            row
            for row in self._sent.ask(_open)
            if row.stage in deadlines and (row.since > now or (not row.told and now - row.since > deadlines[row.stage]))
        ]
        return rows[:limit]

    def sent_put_off(self) -> Iterable[Sent]:
        return [row for row in self.sent_open() if row.stage is Stage.RELAY and row.trouble == "conversation.unsettled"]

    def sent_open(self) -> Iterable[Sent]:
        return self._sent.ask(_open)

    def sent_lost(self, have: Have, limit: int) -> Iterable[Sent]:
        gaps = set(have.got_gaps)
        return [row for row in self._sent.ask(_relayed) if row.number > have.got or row.number in gaps][:limit]

    def sent_pending(self) -> Iterable[Sent]:
        return self._sent.ask(_pending)

    def sealed(self, digest: str) -> bytes:
        return self._kept[digest]

    def put_sent(self, row: Sent, envelope: bytes | None = None, *, words: Sequence[Signed] = ()) -> None:
        self._put("sent", row, envelope, words)

    def words(self, row: Sent | Got, since: int = 0) -> tuple[Signed, ...]:
        return self._disk.words(self._peer, row)[since:]

    def _put(self, table: str, row: Sent | Got, envelope: bytes | None, words: Sequence[Signed]) -> None:
        known = self.words(row)
        about = (*known[: row.words - len(words)], *words)
        if len(about) != row.words:
            raise LookupError(f"{row.digest}: {row.words} words are said to be there, and {len(about)} are")
        with suppress(BrokenSeal):  # of a liar: the judge sees that
            counted = words[-1:] if isinstance(row, Sent) else about
            if words and row.said_at != max(self._node.world.notary.read(word).at for word in counted):
                raise LookupError(f"{row.digest}: another time is noted than its words state")
        if about != known:
            self._disk.put((f"{table} words", self._peer), row.digest, about)
        self._disk.put((table, self._peer), row.digest, row)
        if envelope is not None:
            self._disk.put(("kept", self._peer), row.digest, envelope)

    def take_back(self, row: Sent, own: Own) -> None:
        self.put_sent(row, own.item.envelope)

    def reminded(self, signed_at: int, now: float) -> None:
        self._node.world.reminded(self._node)

    def adopt(self, row: Sent) -> None:
        self._node.add(opened(self.sealed(row.digest))[0])

    def got(self, digest: str) -> Got | None:
        return self._got.get(digest)

    def got_number(self, number: int) -> Got | None:
        return next((row for row in self._got.values() if row.number == number), None)

    def got_taken(self, numbers: Collection[int]) -> set[int]:
        return self._got.ask(_numbers).intersection(numbers)

    def got_last(self) -> int:
        return self._got.ask(_last)

    def got_gaps(self, limit: int) -> tuple[int, ...]:
        return self._got.ask(_gaps)[:limit]

    def got_last_at(self) -> int:
        return self._got.ask(_last_at)

    def got_ready(self, limit: int) -> Iterable[Got]:
        return self._got.ask(_ready)[:limit]

    def got_lacking(self, digests: Collection[str], limit: int = 0) -> Iterable[Got]:
        rows = self._got.ask(_lacking)
        if digests:
            rows = [row for row in rows if row.lacks in digests]
        return rows[: limit or None]

    def got_lacking_count(self) -> int:
        return len(self._got.ask(_lacking))

    def got_missing(self, limit: int) -> Iterable[str]:
        wanted = self._got.ask(_lacks)
        return [digest for digest in wanted if not self.got(digest) and not self.sent(digest)][:limit]

    def got_lost(self, have: Have, limit: int) -> Iterable[Got]:
        gaps = set(have.sent_gaps)
        return [row for row in self._got.ask(_by_number) if row.number > have.sent or row.number in gaps][:limit]

    def put_got(self, row: Got, envelope: bytes | None = None, *, words: Sequence[Signed] = ()) -> None:
        self._put("got", row, envelope, words)

    def statement(self, row: Got) -> bytes:
        try:
            return opened(self.sealed(row.digest))[1]
        except (ValueError, KeyError):
            return b""

    def prepare(self, limit: int, most_bytes: int) -> None:
        pass

    def admit(self, row: Got) -> str:
        try:
            act, _ = opened(self.sealed(row.digest))
        except (ValueError, KeyError):
            return "seal.form"
        return self._node.admit(act, self._peer)

    def doubt(self, code: str) -> None:
        pass

    def tell(self, alarm: Alarm) -> None:
        self._disk.put("alarms", len(self._disk.tables["alarms"]), (self._peer, alarm))


class Hand:
    """`remembered.Hand` of one node for one peer."""

    def __init__(self, notary: Notary, home: str, peer: str) -> None:
        self._notary, self._home, self._peer = notary, home, peer

    def sign(self, words: Sequence[Evidence]) -> list[Signed]:
        return [self._notary.sign(said) for said in words]

    def read(self, word: Signed) -> Evidence:
        return self._notary.read(word)

    def doubtful(self) -> bool:
        return False

    def restated(self, words: tuple[Signed, ...], now: int) -> tuple[Signed, ...]:
        return words

    def said(self, word: Signed) -> Evidence:
        return self._notary.read(word)

    def own(self, item: Item, statement: bytes) -> str:
        try:
            act, inside = opened(item.envelope)
        except (ValueError, KeyError) as error:
            raise BrokenSeal("Nothing is inside.", code="conversation.not-ours") from error
        if (inside, act["by"], act["to"]) != (statement, self._home, self._peer):
            raise BrokenSeal("It is somebody else's.", code="conversation.not-ours")
        return ""


class Loose(Conversation):
    """A peer of another make: it does not keep its own envelopes in order, but for the oldest, which always goes along."""

    def _due_offer(self, now: float) -> Offer | None:
        letters = list(self._due_rows({Stage.RELAY}, now, 10**6))
        letters = (letters[:1] + sorted(letters[1:], key=lambda row: row.digest))[: self._batch]
        self.redate([row.digest for row in letters], now)
        items = [Item(row.number, self._memory.sealed(row.digest), row.after) for row in letters]
        ask = tuple(row.digest for row in self._due_rows(OPEN - {Stage.RELAY, Stage.DEAD}, now, 10**6))
        return Offer(tuple(items), ask) if items or ask else None


def loose_of(talk: type[Conversation]) -> type[Conversation]:
    """A class of conversations as `talk`, of another make."""
    return Loose if talk is Conversation else type("LooseTalk", (Loose, talk), {})


# ── who takes part ──────────────────────────────────────────────────────────────────────────────────────────────────


class Node:
    """An honest node, with its clients."""

    talk_class: type[Conversation] = Conversation

    def __init__(self, world: World, state: str) -> None:
        self.world, self.state, self.disk = world, state, Disk()
        self.disk.hurt = partial(world.hurt, self)
        self.disk.shown = self.shown
        self.offset, self.up, self.life = 0.0, False, 0
        self.talk: dict[str, Conversation] = {}
        self.open: dict[str, tuple[int, Offer]] = {}  # the exchange under way with each peer
        self.wakes: dict[str, float] = {}
        self.backup: dict[Any, dict[Any, Any]] | None = None
        self.released: Counter[str] = Counter()  # digest -> how often a person has sent it again
        self.shown_times: Counter[str] = Counter()  # act -> how often its client was told that it has come

    def clock(self) -> float:
        return EPOCH + self.world.now + self.offset

    def start(self) -> None:
        """Start, or start again: only the disk is left of an earlier life."""
        self.up, self.life = True, self.life + 1
        self.open.clear()
        self.wakes.clear()
        world = self.world
        for peer in world.states:
            if peer != self.state:
                self.talk[peer] = self.talk_class(
                    self.state, peer, Shelf(self, peer), Hand(world.notary, self.state, peer), PACE
                )
                world.later(world.rng.random() * 5, self.admit_all, peer, self.life)
                self.wake(peer)
        world.later(DAY, self.look, self.life)

    def die(self, seconds: float) -> None:
        """Crash, and be started again after a while."""
        if not self.up:
            return
        self.world.note("die", self.state)
        self.disk.back()
        self.up, self.life = False, self.life + 1
        self.world.later(seconds, self.start)

    def wake(self, peer: str) -> None:
        """See to it that what is due is sent when it is."""
        if not self.up or peer in self.open:
            return
        due = self.talk[peer].next_due(self.clock())
        if due is None:
            self.wakes.pop(peer, None)
            return
        when = max(self.world.now, due - EPOCH - self.offset + 0.001)  # clocks of years and floats of seconds
        if abs(self.wakes.get(peer, -1.0) - when) > 1e-6:
            self.wakes[peer] = when
            self.world.at(when, self.send, peer, when, self.life)

    def send(self, peer: str, when: float, life: int) -> None:
        if life != self.life or self.wakes.get(peer) != when or peer in self.open:
            return
        del self.wakes[peer]
        if not self.world.may_send(self.state, peer):
            self.world.later(TIMEOUT, self.wake, peer)
            return
        try:
            offer = self.talk[peer].offer(self.clock())
        except Crash:
            self.die(self.world.rng.expovariate(1 / 600))
            return
        if offer is None:
            self.wake(peer)
        else:
            self.world.begin(self, peer, offer)

    def receive(self, peer: str, offer: Offer) -> Answer:
        answer = self.talk[peer].receive(offer, self.clock())
        if offer.items:
            self.world.later(1 + self.world.rng.random() * 20, self.admit_all, peer, self.life)
        if peer not in self.open:
            self.wake(peer)
        return answer

    def ended(self, peer: str, offer: Offer, result: Answer | Failure) -> None:
        talk = self.talk[peer]
        if isinstance(result, Failure):
            talk.failed(offer, result, self.clock())
        else:
            talk.answered(offer, result, self.clock())
            if result.items or result.back:
                self.world.later(1, self.admit_all, peer, self.life)
        self.wake(peer)

    def admit_all(self, peer: str, life: int) -> None:
        if life != self.life:
            return
        try:
            self.talk[peer].admit(self.clock())
        except Crash:
            self.die(self.world.rng.expovariate(1 / 600))

    def look(self, life: int) -> None:
        """What came back, or can be read, is looked at by every round of a node's courier; here once a day."""
        for peer, talk in self.talk.items():
            if life == self.life and (any(talk._memory.sent_pending()) or any(talk._memory.got_ready(1))):
                self.admit_all(peer, life)
        if life == self.life:
            self.world.later(DAY, self.look, life)

    # what the node does with acts

    def add(self, act: dict[str, str]) -> None:
        """Add an act of this State to its case."""
        case = ("case", act["case"])
        history = self.disk.tables[case].get("acts", ())
        self.disk.put(case, "acts", (*history, act["text"]))
        self.disk.put("texts", act["text"], act["by"])

    def admit(self, act: dict[str, str], peer: str) -> str:
        """The same for an act that came; or why not."""
        if act["to"] != self.state or act["by"] != peer:
            return "seal.addressee"
        if act["text"] in self.disk.tables["texts"]:
            return "act.known"
        self.add(act)
        self.disk.news.append((peer, act["text"]))
        return ""

    def shown(self, news: list[tuple[str, str]]) -> None:
        """Clients see what has come; some time later an officer opens it."""
        for peer, text in news:
            self.shown_times[text] += 1
            self.world.note("seen", self.state, text)
            self.world.later(self.world.rng.expovariate(1 / (5 * HOUR)), self.hand_over, peer, text)

    def hand_over(self, peer: str, text: str) -> None:
        if not self.up:
            self.world.later(HOUR, self.hand_over, peer, text)
            return
        row = self.disk.tables["got", peer].get(self.world.digest_of_text.get(text))
        if row is not None:
            try:
                self.talk[peer].handed(row.digest, self.clock())
            except Crash:
                self.die(600)

    def submit(self, act: Act) -> None:
        """A client hands an act to its node; he tries again until the node has it."""
        world = self.world
        if not self.up:
            world.later(10 * MINUTES, self.submit, act)
            return
        if act.text in self.disk.tables["texts"]:  # it went well, only the answer was lost
            act.recorded = True
            return
        history = self.disk.tables["case", act.case].get("acts", ())
        named = (world.digest_of_text[text] for text in history)
        heads: dict[str, str] = {}
        for text, digest in zip(history, named, strict=True):
            heads[self.disk.tables["texts"][text]] = digest
        try:
            with self.disk:
                self.talk[act.to].post(world.envelopes[act.text], tuple(heads.values()), self.clock())
                self.add({"by": self.state, "case": act.case, "text": act.text})
            act.recorded, act.at, act.saw, act.clock = True, world.now, frozenset(history), self.clock()
        except NotPossible:
            act.tries += 1
            world.later(min(6 * HOUR, 10 * MINUTES * act.tries), self.submit, act)
            return
        except Crash:
            self.die(world.rng.expovariate(1 / 600))
            act.saw = frozenset(history)
            world.later(20 * MINUTES, self.submit, act)
            return
        world.note("act", self.state, act.text)
        self.wake(act.to)

    def watch(self) -> None:
        """What happens once a day: the node looks at the deadlines, and a person at the dead letters."""
        if self.up:
            try:
                for peer, talk in self.talk.items():
                    talk.overdue(self.clock())
                    self.release(peer, talk)
            except Crash:
                self.die(600)
        if self.world.now < END - DAY:
            self.world.later(DAY, self.watch)

    def release(self, peer: str, talk: Conversation) -> None:
        """A person sends dead letters again, now and then."""
        dead = self.disk.tables["sent", peer].ask(_dead)
        if dead and self.world.rng.random() < 0.3:
            self.released[dead[0].digest] += 1
            talk.release(dead[0].digest, self.clock())
            row = self.disk.tables["sent", peer][dead[0].digest]
            if row.stage is not Stage.RELAY or row.next_at > self.clock() + 1:
                self.world.faults.append(f"stuck: {self.state} sent a dead letter again, and it is not on its way")
            self.wake(peer)

    def close(self) -> None:
        """Let go of the world."""
        self.talk.clear()
        self.disk = Disk()

    def history(self, case: str) -> tuple[str, ...]:
        return self.disk.tables["case", case].get("acts", ())


@dataclass(slots=True)
class Act:
    """One act, as its author's client remembers it.

    Args:
        text: its contents, unique.
        by: the author's State.
        to: the other one.
        case: where it belongs.
        recorded: the node has said that it is recorded.
        at: when.
        clock: what his node's clock showed then.
        saw: what the client saw of the case when he wrote it.
        gone: a restored backup may have lost it before it left.
        tries: how often his node was not ready for it.
    """

    text: str
    by: str
    to: str
    case: str
    recorded: bool = False
    at: float = 0.0
    clock: float = 0.0
    saw: frozenset[str] = field(default_factory=frozenset)
    gone: bool = False
    tries: int = 0


class Hostile:
    """A State that lies. It speaks when it is asked and when it is not; its signature is its own."""

    def __init__(self, world: World, state: str) -> None:
        self.world, self.state, self.up = world, state, True
        self.rng = world.rng
        self.habits = [habit for habit in self.HABITS if self.rng.random() < 0.4] or ["honest"]
        self.number: Counter[str] = Counter()
        self.mine: dict[str, list[Item]] = defaultdict(list)
        self.seen: list[tuple[str, Item]] = []  # what others sent it, and what it can replay
        self.words: list[Signed] = []
        self.count = 0

    HABITS = ("honest", "other", "stranger", "forged", "wrong", "refuse", "error", "silent", "drip", "plant", "changed",
              "garbage")  # fmt: skip

    def start(self) -> None:
        for _ in range(self.rng.randrange(3, 9)):
            self.world.later(self.rng.random() * (END - DAY), self.speak)

    def speak(self) -> None:
        """Say something unasked to somebody."""
        honest = sorted(self.world.nodes)
        victim = self.rng.choice(honest)
        for _ in range(self.rng.choice((1, 1, 2, 8))):
            self.world.unasked(self, victim, self._said(victim))

    def _fresh(self, victim: str, number: int = 0, after: tuple[str, ...] = ()) -> Item:
        self.count += 1
        case = f"{self.state}-{victim}-1"
        statement = statement_of(self.state, victim, case, f"{self.state}h{self.count}")
        envelope = envelope_of(statement, victim, str(self.count))
        if not number:
            self.number[victim] += 1
            number = self.number[victim]
        item = Item(number, envelope, after)
        self.world.known.add(digest_of(envelope))
        self.mine[victim].append(item)
        return item

    def _said(self, victim: str) -> Offer:  # noqa: PLR0911  one line for each lie
        rng, mine = self.rng, self.mine[victim]
        kind = rng.randrange(9)
        if kind == 0 or not mine:
            return Offer(tuple(self._fresh(victim) for _ in range(rng.choice((1, 3)))))
        if kind == 1:  # the same again
            return Offer((rng.choice(mine),))
        if kind == 2:  # two letters under one number
            return Offer((self._fresh(victim, rng.choice(mine).number),))
        if kind == 3:  # on a history that does not exist
            return Offer(tuple(self._fresh(victim, after=(digest_of(b"%d" % rng.randrange(99)),)) for _ in range(3)))
        if kind == 4:  # the same act sealed twice
            _, statement = opened(rng.choice(mine).envelope)
            again = envelope_of(statement, victim, f"again{rng.random()}")
            self.world.known.add(digest_of(again))
            self.number[victim] += 1
            return Offer((Item(self.number[victim], again),))
        if kind == 5:  # "I remember everything", "I remember nothing"
            high = rng.choice((0, 10**6))
            return Offer(have=Have(high, (), rng.choice((0, 10**6)), ()))
        if kind == 6:  # ask about what is not its own
            return Offer(ask=tuple(digest_of(b"%d" % n) for n in range(5)))
        if kind == 7 and self.seen:  # forward another's letter, or send its own back
            _, item = rng.choice(self.seen)
            self.number[victim] += 1
            return Offer((Item(self.number[victim], item.envelope),))
        return Offer((Item(10**6 + rng.randrange(10**6), self._fresh(victim).envelope),))

    def answer(self, victim: str, offer: Offer) -> Answer | Failure | None:
        """Answer an offer of `victim`, as its habits are; None: never."""
        habit = self.rng.choice(self.habits)
        self.seen += [(victim, item) for item in offer.items]
        if habit in {"silent", "drip"}:
            return None
        if habit == "error":
            reached = self.rng.random() < 0.5
            return Failure("door.too-long", reached=reached, fewer=not reached)
        if habit == "plant" and offer.have is not None:
            return self._planted(victim)
        outcomes = tuple(self._outcome(habit, digest_of(item.envelope)) for item in offer.items)
        if habit == "garbage":
            outcomes = outcomes[1:] + outcomes[:1] + (Outcome(digest_of(b"x"), later="later"),)
        evidence = tuple(self._later_word(digest) for digest in offer.ask)
        return Answer(outcomes, evidence, offer.ask if habit == "garbage" else ())

    def _outcome(self, habit: str, digest: str) -> Outcome:  # noqa: PLR0911  one line for each lie
        at = int(EPOCH + self.world.now)
        word = Evidence(Event.RELAY_ACCEPTANCE, self.state, digest, at)
        sign = self.world.notary.sign
        if habit == "other":
            return Outcome(digest, sign(replace(word, envelope=digest_of(b"other"))))
        if habit == "stranger":
            return Outcome(digest, self.rng.choice(self.world.words or [NOISE]))
        if habit == "forged":
            return Outcome(digest, sign(word, key="forger"))
        if habit == "wrong" and digest < "8":  # before it was sent, or when nobody can know yet
            return Outcome(digest, sign(replace(word, at=at - 9 * DAY if digest < "4" else at + 9 * DAY)))
        if habit == "wrong":
            return Outcome(digest, sign(replace(word, event=Event.CONTENT_HANDOVER)))
        if habit == "refuse":
            code = self.rng.choice(("door.no", "conversation.number"))
            return Outcome(digest, sign(replace(word, event=Event.RELAY_REJECTION, code=code)))
        if habit == "garbage":
            return Outcome(digest, later="not now")
        raw = sign(word)
        self.words.append(raw)
        return Outcome(digest, raw)

    def _later_word(self, digest: str) -> Signed:
        event = self.rng.choice((Event.CONTENT_CONSIGNMENT, Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONTENT_HANDOVER))
        return self.world.notary.sign(Evidence(event, self.state, digest, int(EPOCH + self.world.now)))

    def _planted(self, victim: str) -> Answer:
        """Foist on a node that has just started what it never said or never acknowledged."""
        rng, at = self.rng, int(EPOCH + self.world.now)
        sign = self.world.notary.sign
        item = self._fresh(victim, 900 + rng.randrange(99))
        digest = digest_of(item.envelope)
        forged = sign(Evidence(Event.RELAY_ACCEPTANCE, victim, digest, at), key="forger")
        mine = sign(Evidence(Event.RELAY_ACCEPTANCE, self.state, digest, at))
        kind = rng.randrange(4)
        if kind == 0:
            return Answer(items=(replace(item, evidence=(rng.choice((forged, mine)),)),))
        if kind == 1:
            return Answer(items=(replace(item, evidence=(rng.choice(self.world.words or [NOISE]),)),))
        statement = statement_of(self.state, victim, "x", f"planted{rng.random()}")
        false = envelope_of(statement, self.state, str(rng.random()))
        if kind == 2 and self.seen:  # a true act of the victim's, to another State or under another number
            _, item = rng.choice(self.seen)
            false, statement = item.envelope, opened(item.envelope)[1]
        raw = sign(Evidence(Event.RELAY_ACCEPTANCE, self.state, digest_of(false), at))
        return Answer(back=(Own(Item(800 + rng.randrange(99), false, (), (raw,)), statement),))


# ── the world ───────────────────────────────────────────────────────────────────────────────────────────────────────


class World:
    """Everything that happens, from one seed.

    Args:
        seed: decides all.
        talk: the class of conversations; another one for planted faults.
        encoded: let every offer and answer go through its canonical bytes (slower).
        lock: a planted fault: a node talks to one peer at a time.
        lag: a planted fault: what was committed last is lost in a crash.
        long: lines are cut for longer than anybody waits for what is missing, while a node is set back and another sends out of
            order: letters that stand on lost ones, which few seeds have otherwise.
    """

    def __init__(
        self, seed: int, *, talk: type[Conversation] = Conversation, encoded: bool = False, lock: bool = False,
        lag: bool = False, long: bool = False,
    ) -> None:  # fmt: skip
        self.seed, self.rng, self.now = seed, random.Random(seed), 0.0
        self.encoded, self._lock, self._long = encoded, lock, long
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self.notary = Notary()
        self.faults: list[str] = []
        self._happened: list[tuple[float, tuple[object, ...]]] = []
        self.known: set[str] = set()  # digests of envelopes that clients have sealed
        self.words: list[Signed] = []  # receipts that passed over the wire
        self.envelopes: dict[str, bytes] = {}  # by the text of the act
        self.digest_of_text: dict[str, str] = {}
        self.acts: dict[str, Act] = {}
        self.act_of: dict[str, Act] = {}  # by the digest of its envelope
        self.sent: Counter[tuple[str, str]] = Counter()  # exchanges begun
        self.receipts: dict[tuple[str, str, str], Signed] = {}
        self._exchanges = 0
        self._plan(talk, lag)

    # the plan

    def _plan(self, talk: type[Conversation], lag: bool) -> None:  # noqa: FBT001
        rng = self.rng
        count = rng.choice((3, 3, 3, 3, 3, 3, 4, 4, 5, 7))
        self.states = STATES[:count]
        self.hostile = {self.states[-1]: Hostile(self, self.states[-1])} if rng.random() < 0.45 else {}
        self.nodes = {state: Node(self, state) for state in self.states if state not in self.hostile}
        self.loose = loose = rng.choice(sorted(self.nodes)) if rng.random() < 0.3 or self._long else ""
        for state, node in self.nodes.items():
            node.talk_class = loose_of(talk) if state == loose else talk
            node.disk.lag = lag
        self.loss = rng.choice((0.0, 0.0, 0.05, 0.2, 0.4))
        self.double = rng.choice((0.0, 0.1, 0.4))
        self.delay = rng.choice((0.1, 2.0, 8.0, 20.0))
        self.fragile = rng.choice((0.0, 0.0, 0.01, 0.04))
        self.cuts: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for start in (*(node.start for node in self.nodes.values()), *(liar.start for liar in self.hostile.values())):
            self.at(rng.random() * HOUR, start)
        for node in self.nodes.values():
            self.at(DAY, node.watch)
        self._plan_cuts()
        self._plan_crashes()
        self._plan_restores()
        self._plan_clocks()
        self._plan_acts()
        self.at(TROUBLE, self.heal)

    def _plan_cuts(self) -> None:
        rng = self.rng
        for _ in range(rng.randrange(4)):
            one, other = rng.sample(self.states, 2)
            start, length = rng.random() * TROUBLE, rng.choice((HOUR, 10 * HOUR, 72 * HOUR))
            pieces = [(start, start + length)]
            if rng.random() < 0.3:  # flapping
                pieces = [(start + n * 600, start + n * 600 + 300) for n in range(12)]
            if rng.random() < 0.2:  # one State alone against all
                for state in self.states:
                    if state != one:
                        self.cuts[one, state] += pieces
                        self.cuts[state, one] += pieces
                continue
            self.cuts[one, other] += pieces
            if rng.random() < 0.6:  # else in one direction only
                self.cuts[other, one] += pieces
        if self._long:
            self._cut_for_days()

    def _cut_for_days(self) -> None:
        """The line of who sends out of order, mostly in one direction only."""
        rng = self.rng
        pair = [self.loose, rng.choice([state for state in self.states if state != self.loose])]
        rng.shuffle(pair)
        start = rng.random() * (TROUBLE - 5 * DAY)
        piece = (start, start + rng.choice((2, 5, 7, 9)) * DAY)
        self.cuts[pair[0], pair[1]].append(piece)
        if rng.random() < 0.3:
            self.cuts[pair[1], pair[0]].append(piece)

    def _plan_crashes(self) -> None:
        rng = self.rng
        for _ in range(rng.randrange(4)):
            node = self.nodes[rng.choice(sorted(self.nodes))]
            self.at(rng.random() * TROUBLE, node.die, rng.choice((1.0, 60.0, HOUR, 2 * DAY)))

    def _plan_restores(self) -> None:
        """One node at most: what two States have both forgotten, nobody can give back."""
        self.restored, self.set_back = "", set[str]()
        if self.rng.random() < 0.5 or self._long:
            self.restored = self.rng.choice(sorted(self.nodes))
            node = self.nodes[self.restored]
            self.before = self.rng.random() * (TROUBLE - 4 * DAY)
            self.after = self.before + self.rng.choice((HOUR, 12 * HOUR, 3 * DAY))
            self.at(self.before, self.back_up, node)
            self.at(self.after, self.restore, node)

    def _plan_clocks(self) -> None:
        rng = self.rng
        for _ in range(rng.choice((0, 0, 1, 2))):
            node = self.nodes[rng.choice(sorted(self.nodes))]
            start, length = rng.random() * (TROUBLE - 2 * DAY), rng.choice((HOUR, DAY))
            jump = rng.choice((200.0, -200.0, DAY, -DAY, 12 * 365 * DAY, -5 * 365 * DAY, 3 * HOUR))
            self.at(start, self.jump, node, jump)
            self.at(start + length, self.jump, node, 0.0)
            if self.hostile and rng.random() < 0.5:  # something is said while the clock is wrong
                liar = rng.choice(sorted(self.hostile))
                self._plan_act(
                    start + length / 2, Act(f"skewed{start:.0f}", node.state, liar, f"{node.state}-{liar}-0")
                )

    def _plan_acts(self) -> None:
        """Bursts of acts, both States of a case in turn; some of them just before a node is to be restored."""
        rng, honest = self.rng, sorted(self.nodes)
        number = 0
        for _ in range(rng.randrange(3, 7)):
            one, other = rng.sample(honest, 2)
            if self.hostile and rng.random() < 0.3:
                other = rng.choice(sorted(self.hostile))
            start = rng.random() * (TROUBLE - DAY)
            if self.restored and rng.random() < 0.6:
                start = self.before + rng.random() * (self.after - self.before)
                if self.restored not in (one, other) and other not in self.hostile:
                    one = self.restored
            case = f"{one}-{other}-{rng.randrange(2)}"
            for _ in range(rng.choice((1, 2, 3, 3, 5))):
                by, to = (one, other) if rng.random() < 0.6 or other in self.hostile else (other, one)
                number += 1
                self._plan_act(start, Act(f"t{number}", by, to, case))
                start += rng.choice((1.0, 30.0, 600.0, 2 * HOUR))
        if self.loose:
            self._plan_rush()
        one, other = rng.sample(honest, 2)
        for liar in self.hostile:  # what is said to a liar holds nobody else back
            self._plan_act(PROBE - 1, Act("bait", one, liar, f"{one}-{liar}-p"))
        self._plan_act(PROBE, Act("probe", one, other, f"{one}-{other}-p"))

    def _plan_rush(self) -> None:
        """Many acts of one case at once, from a node that does not send them in order, perhaps amid a backup or a jump."""
        rng, one = self.rng, self.loose
        other = rng.choice([state for state in sorted(self.nodes) if state != one])
        start = rng.random() * (TROUBLE - 4 * DAY)
        if self.restored and self.restored != one:
            other, start = self.restored, self.before - rng.choice((2.0, 10.0, 60.0))
        for number in range(rng.choice((4, 7, 10))):
            self._plan_act(start + number * 0.01, Act(f"r{number}", one, other, f"{one}-{other}-0"))
        if rng.random() < 0.2:
            self.at(start + rng.choice((2.0, 10.0, 30.0)), self.jump, self.nodes[other], 12 * 365 * DAY)
            self.at(start + HOUR, self.jump, self.nodes[other], 0.0)

    def _plan_act(self, when: float, act: Act) -> None:
        self.acts[act.text] = act
        envelope = envelope_of(statement_of(act.by, act.to, act.case, act.text), act.to, act.text)
        digest = digest_of(envelope)
        self.envelopes[act.text] = envelope
        self.digest_of_text[act.text] = digest
        self.act_of[digest] = act
        self.known.add(digest)
        self.at(when, self.nodes[act.by].submit, act)

    # time

    def at(self, when: float, what: Callable[..., None], *given: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (when, self._count, what, given))

    def later(self, seconds: float, what: Callable[..., None], *given: Any) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + seconds, self._count, what, given))

    def note(self, *what: object) -> None:
        self._happened.append((self.now, what))

    def when(self, *what: object) -> float | None:
        """When this was noted first; None: never."""
        return next((now for now, noted in self._happened if noted == what), None)

    @property
    def trace(self) -> list[str]:
        """All that happened, line by line."""
        return [f"{now:.3f} {' '.join(map(str, what))}" for now, what in self._happened]

    def run(self) -> World:
        """Let it happen, and judge."""
        queue, pop = self._queue, heapq.heappop
        for _ in range(40_000):
            if not queue or queue[0][0] > END:
                break
            self.now, _, what, given = pop(queue)
            try:
                what(*given)
            except Exception as error:  # noqa: BLE001  whatever goes wrong in a node is a fault of that node
                self.faults.append(f"broken: {type(error).__name__} {error}")
        else:
            self.faults.append("storm: it never comes to rest")
        Judge(self).judge()
        return self

    def close(self) -> None:
        """Let go of all that took part: its memory is free at once, and need not be looked for."""
        self._queue.clear()
        for node in self.nodes.values():
            node.close()
        self.nodes.clear()
        self.hostile.clear()

    @property
    def hash(self) -> str:
        """Digest of all that happened."""
        return digest_of("\n".join(self.trace).encode())

    # trouble

    def heal(self) -> None:
        self.loss, self.double, self.delay, self.fragile = 0.0, 0.0, 0.1, 0.0
        self.cuts.clear()
        for node in self.nodes.values():
            if node.offset:
                self.jump(node, 0.0)

    def hurt(self, node: Node, when: str) -> None:
        """Perhaps let the node die, before or after a commit."""
        if self.fragile and self.rng.random() < self.fragile:
            self.note("crash", node.state, when)
            raise Crash

    def jump(self, node: Node, offset: float) -> None:
        self.note("clock", node.state, f"{offset:.0f}")
        node.offset = offset
        for peer in list(node.talk):
            node.wakes.pop(peer, None)
            node.wake(peer)

    def back_up(self, node: Node) -> None:
        node.backup = node.disk.copy()

    def restore(self, node: Node) -> None:
        """Go back to the backup. What had not reached the peer by then may be gone, and its client knows that."""
        self.note("restore", node.state)
        self.set_back.add(node.state)
        kept = node.backup or {}
        for act in self.acts.values():
            row = node.disk.tables["sent", act.to].get(self.digest_of_text[act.text])
            old = kept.get(("sent", act.to), {}).get(self.digest_of_text[act.text])
            unreturned = row is None or not row.relayed or act.to in self.hostile
            if act.by == node.state and old is None and unreturned:
                act.gone = True
        node.disk.back()
        node.disk.restore(kept)
        node.shown_times = Counter({text: 1 for text, by in node.disk.tables["texts"].items() if by != node.state})
        for key in [key for key in self.receipts if key[0] == node.state]:
            del self.receipts[key]
        if node.up:
            node.die(self.rng.choice((1.0, 600.0)))

    def reminded(self, node: Node) -> None:
        """A node noted that it had been set back: only one that was may."""
        if node.state not in self.set_back:
            self.faults.append(f"{node.state} took for lost what it never had")

    def may_send(self, one: str, peer: str) -> bool:
        return not (self._lock and self.nodes[one].open)

    # the network

    def _lost(self, one: str, other: str) -> bool:
        if self.loss and self.rng.random() < self.loss:
            return True
        cuts = self.cuts.get((one, other), ())
        return bool(cuts) and any(start <= self.now < end for start, end in cuts)

    def _takes(self) -> float:
        return min(240.0, -log(1.0 - self.rng.random()) * self.delay)

    def begin(self, node: Node, peer: str, offer: Offer) -> None:
        self._exchanges += 1
        number = self._exchanges
        node.open[peer] = (number, offer)
        self.sent[node.state, peer] += 1
        self.note("offer", node.state, peer, len(offer.items), len(offer.ask), offer.have is not None)
        for item in offer.items:
            if item.digest not in self.known:
                self.faults.append(f"{node.state} sent {peer} something that is no letter of a client")
        if len(offer.items) > PACE.batch:
            self.faults.append(f"{node.state} sent {len(offer.items)} letters at once")
        if self.encoded:
            offer = exchange.read_offer(exchange.dumps(offer, self._form(node.state, peer)))
        if not self._lost(node.state, peer):
            self.later(self._takes(), self.arrive, node.state, peer, number, offer, node.clock())
            if self.double and self.rng.random() < self.double:
                self.later(self._takes() * 4, self.arrive, node.state, peer, number, offer, node.clock())
        self.later(TIMEOUT, self.end, node.state, peer, number, UNREACHABLE)

    def unasked(self, hostile: Hostile, victim: str, offer: Offer) -> None:
        self.later(self._takes(), self.arrive, hostile.state, victim, 0, offer, EPOCH + self.now)

    def arrive(self, one: str, peer: str, number: int, offer: Offer, created: float) -> None:
        """An offer comes to the door of `peer`."""
        if peer in self.hostile:
            result: Answer | Failure | None = self.hostile[peer].answer(one, offer)
        else:
            result = self._at_door(self.nodes[peer], one, offer, created)
        if result is not None and not self._lost(peer, one):
            self.later(self._takes(), self.end, one, peer, number, result)

    def _at_door(self, node: Node, one: str, offer: Offer, created: float) -> Answer | Failure | None:
        if not node.up:
            return None
        if abs(created - node.clock()) > 300:
            return Failure("hop.time")
        try:
            answer = node.receive(one, offer)
        except Crash:
            node.die(self.rng.expovariate(1 / 600))
            return None
        self._look_at(node, one, offer, answer)
        return exchange.read_answer(exchange.dumps(answer, self._form(one, node.state))) if self.encoded else answer

    @staticmethod
    def _form(one: str, other: str) -> int:
        """In which these two speak to each other: some in the first form."""
        return FORMS[len({one, other} & {"IR", "QA"}) % 2]

    def _look_at(self, node: Node, one: str, offer: Offer, answer: Answer) -> None:
        """What the client at the other end sees in an answer."""
        if len(answer.outcomes) != len(offer.items):
            self.faults.append(f"{node.state} answered {len(answer.outcomes)} of {len(offer.items)} letters")
        if not offer.items:
            return
        for item, outcome in zip(offer.items, answer.outcomes, strict=False):
            if outcome.envelope != item.digest:
                self.faults.append(f"{node.state} answered for another letter")
            elif outcome.receipt:
                said = self.notary.read(outcome.receipt)
                if said.envelope != outcome.envelope or said.by != node.state:
                    self.faults.append(f"{node.state} gave a receipt for another letter")
                self.words.append(outcome.receipt)

    def end(self, one: str, peer: str, number: int, result: Answer | Failure) -> None:
        """An answer, or the lack of one, comes back to who began."""
        node = self.nodes.get(one)
        if node is None:
            if isinstance(result, Answer):
                self._seen_receipts(one, peer, result)
            return
        under_way = node.open.get(peer)
        if not node.up or under_way is None or under_way[0] != number:
            return
        del node.open[peer]
        self.note("end", one, peer, type(result).__name__)
        try:
            node.ended(peer, under_way[1], result)
        except Crash:
            node.die(self.rng.expovariate(1 / 600))
            return
        if isinstance(result, Answer) and peer in self.nodes:
            self._seen_receipts(one, peer, result)

    def _seen_receipts(self, one: str, peer: str, answer: Answer) -> None:
        """A client has seen a receipt: from now on there is no other for this letter, unless its clock ran ahead."""
        for outcome in answer.outcomes:
            if outcome.receipt and self.notary.read(outcome.receipt).event is Event.RELAY_ACCEPTANCE:
                key = (one if one in self.nodes else peer, peer, outcome.envelope)
                known = self.receipts.get(key, outcome.receipt)
                self.receipts[key] = outcome.receipt
                if not self.same(known, outcome.receipt):
                    self.faults.append(f"{peer} gave {one} another receipt for the same letter")

    def same(self, known: Signed | None, receipt: Signed | None) -> bool:
        """Whether a receipt is the one that is known; or that one was of a time to come, and was said anew."""
        if known == receipt or not (known and receipt):
            return known == receipt
        return self.notary.read(known).at > self.notary.read(receipt).at + exchange.SKEW


# ── the judge ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Judge:
    """Holds what clients of both ends saw against what was promised."""

    def __init__(self, world: World) -> None:
        self.world, self.fault = world, world.faults.append

    def judge(self) -> None:
        for act in self.world.acts.values():
            if act.to in self.world.hostile:
                self._towards_liar(act)
            else:
                self._between_honest(act)
        self._order()
        for node in self.world.nodes.values():
            self._node(node)
        self._bounded()

    def _row(self, act: Act) -> Sent | None:
        node = self.world.nodes[act.by]
        return node.disk.tables["sent", act.to].get(self.world.digest_of_text[act.text])

    def _between_honest(self, act: Act) -> None:
        world = self.world
        author, reader = world.nodes[act.by], world.nodes[act.to]
        read, own, row = reader.history(act.case), author.history(act.case), self._row(act)
        came = read.count(act.text)
        if came > 1 or own.count(act.text) > 1:
            self.fault(f"doubled: {act.text} stands {came} and {own.count(act.text)} times")
        if came and act.text not in own:
            self.fault(f"forgotten: {act.by} does not know {act.text} any more, which {act.to} has")
        if not act.recorded and not came and not row:
            self.fault(f"stuck: {act.by} never took {act.text}")
            return
        vanished = any(world.acts[text].gone and text not in read for text in act.saw if text in world.acts)
        if not came and not (act.gone and row is None) and not vanished:
            self.fault(f"lost: {act.text} of {act.by} is not at {act.to} ({row.stage if row else 'no row'})")
        if row is not None and row.stage not in {Stage.HANDOVER, Stage.DONE} and not vanished:
            self.fault(f"stuck: {act.text} of {act.by} for {act.to} is at '{row.stage}' ({row.trouble})")
        if (
            came
            and row is not None
            and row.stage is Stage.DONE
            and not self._says(act, row, Event.CONTENT_HANDOVER)
            and row.attempts < PACE.handover.tries
        ):
            self.fault(f"{act.text} counts as handed over without evidence")
        theirs = reader.disk.tables["got", act.by].get(world.digest_of_text[act.text])
        about = (self._words(act, row), reader.disk.words(act.by, theirs))
        taken, given = (words[0] if words else None for words in about)
        if row is not None and row.relayed and theirs is not None and not world.same(taken, given):
            self.fault(f"{act.by} and {act.to} hold different receipts for {act.text}")
        if act.text == "probe" and act.recorded:
            seen = world.when("seen", act.to, "probe")
            if seen is None or seen - act.at > 28:
                self.fault(f"slow: a letter between {act.by} and {act.to} took long though nothing was wrong")

    def _words(self, act: Act, row: Sent | None) -> tuple[Signed, ...]:
        return self.world.nodes[act.by].disk.words(act.to, row)

    def _says(self, act: Act, row: Sent, event: Event) -> bool:
        return any(self.world.notary.read(raw).event is event for raw in self._words(act, row))

    def _towards_liar(self, act: Act) -> None:
        row = self._row(act)
        if row is None:
            if act.recorded and not act.gone:
                self.fault(f"lost: {act.by} does not know its own {act.text}")
            return
        try:
            words = [self.world.notary.read(raw) for raw in self._words(act, row)]
        except BrokenSeal:
            self.fault(f"{act.by} kept a forged receipt for {act.text}")
            return
        if any(word.by != act.to or word.envelope != row.digest for word in words):
            self.fault(f"{act.by} kept evidence of something else for {act.text}")
        right = max(abs(EPOCH + act.at - act.clock), abs(row.made_at - act.clock)) < 400  # else no time to compare with
        if right and any(not act.clock - 301 <= word.at <= EPOCH + self.world.now + 301 for word in words):
            self.fault(f"{act.by} kept evidence of a time before or after {act.text}")
        if row.stage in {Stage.CONSIGNMENT, Stage.HANDOVER, Stage.DONE} and not self._says(
            act, row, Event.RELAY_ACCEPTANCE
        ):
            self.fault(f"{act.text} counts as relayed without a receipt")

    def _order(self) -> None:
        """Everywhere an act stands behind all that its author saw when he wrote it."""
        for state, node in self.world.nodes.items():
            for table, rows in node.disk.tables.items():
                if table[0] != "case" or not self.world.hostile.keys().isdisjoint(table[1].split("-")):
                    continue  # a liar can give back to a restored node what it knows in any order: it harms its own case
                place = {text: index for index, text in enumerate(rows.get("acts", ()))}
                for text, index in place.items():
                    act = self.world.acts.get(text)
                    if act is not None and any(place.get(saw, -1) > index for saw in act.saw):
                        self.fault(f"order: at {state}, {text} stands before what its author had seen")

    def _node(self, node: Node) -> None:
        for text, times in node.shown_times.items():
            if times > 1:
                self.fault(f"doubled: {node.state} showed {text} {times} times")
        for text in node.disk.tables["texts"]:
            if text.startswith("planted"):
                self.fault(f"planted: {node.state} counts {text} as its own")
        told = Counter(
            (peer, alarm.code, alarm.envelope) for peer, alarm in node.disk.tables["alarms"].values() if alarm.envelope
        )
        for (_, code, digest), times in told.items():
            if times > 1 + node.released[digest] and code.startswith("conversation.late"):
                self.fault(f"{node.state} told the same {times} times: {code}")
        for peer in self.world.states:
            if peer == node.state:
                continue
            waiting = [row for row in node.disk.tables["got", peer].values() if row.status is Status.WAITING]
            if len(waiting) > PACE.room + 8 or (peer in self.world.nodes and waiting):
                self.fault(f"{node.state} has {len(waiting)} letters of {peer} waiting")
            for row in node.disk.tables["got", peer].values():
                self._word(node, peer, row)
            self._deadlines(node, peer)

    def _word(self, node: Node, peer: str, row: Got) -> None:
        try:
            words = [self.world.notary.read(raw) for raw in node.disk.words(peer, row)]
        except BrokenSeal:
            self.fault(f"{node.state} holds a receipt as its own that it never gave")
            return
        if any(word.by != node.state or word.envelope != row.digest for word in words):
            self.fault(f"{node.state} holds evidence as its own that is not")

    def _deadlines(self, node: Node, peer: str) -> None:
        for row in node.disk.tables["sent", peer].values():
            late = {Stage.RELAY: PACE.relay, Stage.CONSIGNMENT: PACE.consignment, Stage.HANDOVER: PACE.handover}
            wait = late.get(row.stage)
            if wait and EPOCH + self.world.now - row.since > wait.deadline + 2 * DAY + 60 and not row.told:
                self.fault(f"nobody was told that a letter of {node.state} for {peer} is late ({row.stage})")
            act = self.world.act_of.get(row.digest)
            early = act is not None and act.at < self.world.now - PACE.relay.deadline - 3 * DAY
            if row.stage is Stage.RELAY and early and not row.told and not node.released[row.digest]:
                self.fault(f"nobody was told that a letter of {node.state} for {peer} never left")
            alarms = {alarm.envelope for name, alarm in node.disk.tables["alarms"].values() if name == peer}
            if (row.told or row.stage is Stage.DEAD) and row.digest not in alarms:
                self.fault(f"nobody was told of a letter of {node.state} for {peer}, though it says so")

    def _bounded(self) -> None:
        letters = Counter((act.by, act.to) for act in self.world.acts.values())
        for (one, peer), count in self.world.sent.items():
            lives = self.world.nodes[one].life
            # Who puts off for ever is asked for ever, at the slowest pace.
            each = 300 if peer in self.world.hostile else 30
            most = 60 + 8 * lives + each * letters[one, peer] + 25 * letters[peer, one] + 10 * END / DAY
            if count > most:
                self.fault(f"storm: {one} began {count} exchanges with {peer}, {most:.0f} would do")
