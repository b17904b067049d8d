"""Background work, outside every request: read, exchange, prove, renew, have the log witnessed, do what officers ordered.

The courier keeps nothing in memory that matters: each round looks at the tables, does what is due and notes it through the
desk. Killed at any moment and started again, it goes on; what it repeats, the other side recognises.

Each peer for which something is due has a thread of its own as long as that takes (`Messenger`). So a peer that is dead, or
answers a byte at a time, holds up what is for itself and nothing else; and no exchange takes longer than `transport.DEADLINE`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from ctypes import c_bool
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, close_old_connections, connections

from comity.errors import BrokenSeal, ComityError, Unreachable
from comity.ledger.log import Proof
from comity.node import archive, bell, feeding, models
from comity.node.desk import (
    assistance,
    collections,
    copies,
    crossing,
    drills,
    evidence,
    feeds,
    reconciling,
    registry,
    sighting,
    silence,
    standing,
)  # fmt: skip
from comity.node.settings import Settings
from comity.seal import canon
from comity.wire import proofs
from comity.wire.conversation import Conversation
from comity.wire.directory import BUNDLE_LIMIT, Entry, read_bundle
from comity.wire.exchange import BODY_LIMIT, Failure, Offer, dumps, read_answer
from comity.wire.transport import Line

_log = logging.getLogger("comity.courier")
_IDLE = 0.5  # seconds between rounds when there was nothing to do and nobody rang
_LOOK = 5.0  # seconds between two looks at every peer, also at those for which nothing is in the tables
_AWAY = frozenset({502, 503, 504})  # said by a proxy whose node is away: that is silence
_RENEW_SOON = 20.0  # seconds between two of them when something did not hold
_RENEW = 24 * 3600.0  # seconds between two looks for a newer entry of a peer
_SILENCE = frozenset({"wire.unreachable", "wire.too-slow"})  # the peer cannot be reached now, whatever is said to it
_SLICE = 0.1  # seconds of work that can be cut off anywhere
_STRETCH = 2.0  # seconds of one conversation after which what else is due for the peer has its turn
_TOO_MANY = 429  # it hears no more of this node for now, whatever is said: nothing of it was refused
_STAYS = 2.0  # seconds that a messenger who came back waits for the next errand, with its connections open
_PROGRESS = 0.5  # seconds between two notes of how far a job is


def now() -> datetime:
    """The courier's clock."""
    return datetime.now(UTC)


class Courier:
    """The courier of one node."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._talks: dict[str, Conversation] = {}  # used by one thread at a time: that of the round, or of the errand
        self._messengers: dict[str, Messenger] = {}  # peer -> who goes to it
        self._visitors: dict[str, Messenger] = {}  # feed -> who goes to its server
        self._silent: dict[str, tuple[int, float]] = {}  # peer -> how often it did not answer, and until when to wait
        self._witness_next: dict[str, datetime] = {}
        self._witness_size: dict[str, int] = {}
        self._ahead: set[str] = set()  # witnesses that said that they saw a longer log
        self._renewed: dict[str, float] = {}  # peer -> when that was done last
        self._renew_next: dict[str, float] = {}  # peer -> when to look for a newer entry of its State
        self._asked: set[str] = set()  # peers that were asked, since this process began, what they hold
        self._looked = 0.0  # when every peer was looked at last
        self._paused = 0.0  # when there was a pause last
        self._rest = (
            0.0  # seconds to the next one at the earliest: each exchange rings, and there may be many in a second
        )

    @property
    def asked_all(self) -> bool:
        """Whether every peer, and every witness, has said what it knows of this node, or was silent."""
        return self._asked.issuperset(models.Peer.objects.values_list("state", flat=True))

    def _line(self, peer: Entry) -> Line:
        return Line(peer, state=self._settings.state, key=self._settings.hop)

    def _talk(self, peer: str) -> Conversation:
        if peer not in self._talks:
            self._talks[peer] = crossing.conversation(self._settings, peer)
        return self._talks[peer]

    def round(self) -> bool:
        """Read what has come, and see that somebody is on the way to each peer for which something is due."""
        _guarded(self._send_out)  # first: whoever rang waits for that
        busy = _guarded(self._admit)
        return self._pause(busy=busy) or busy

    def _pause(self, *, busy: bool) -> bool:
        """What else there is to do: in the pauses of the mail, and under steady mail now and then."""
        if time.monotonic() - self._paused < (_LOOK if busy else self._rest):
            return False
        self._paused = time.monotonic()
        _guarded(partial(drills.due, self._settings, at=now()))
        _guarded(partial(copies.due, self._settings, at=now()))
        _guarded(partial(assistance.due, self._settings, at=now()))
        _guarded(partial(standing.due, self._settings, at=now()))
        _guarded(partial(reconciling.due, self._settings, at=now()))
        _guarded(self._visit)
        left = [_guarded(partial(self._for_a_while, look)) for look in (silence.due, collections.look, sighting.look)]
        self._rest = 0.0 if any(left) else _IDLE
        return any(left)

    def _for_a_while(self, look: Callable[..., bool]) -> bool:
        """Look again as long as there is something, but not for long: the mail waits. Whether something may be left."""
        end = time.monotonic() + _SLICE
        while look(self._settings, at=now()):
            if time.monotonic() > end:
                return True
        return False

    def _visit(self) -> bool:
        """See that somebody is on the way to the server of each feed that is due."""
        for name in feeds.due(at=now()):
            visitor = self._visitors.setdefault(
                name, Messenger(f"feed {name}", partial(bell.ring, self._settings.home))
            )
            if not visitor.away:
                visitor.send(partial(feeding.visit, self._settings, name, now))
        return False

    def _admit(self) -> bool:
        """Read what arrived and can be read."""
        busy = False
        for peer in sorted(crossing.unread()):  # some of each, so that nobody holds up the others
            busy |= _guarded(partial(crossing.admit_some, self._settings, peer, at=now()))
        return busy

    def _send_out(self) -> bool:
        witnesses = [state for state in self._settings.witnesses if self._witness_next.get(state, now()) <= now()]
        anew = not self._asked.issuperset(witnesses)
        head = registry.checkpoint_to_witness(self._settings, anew=anew) if witnesses else None
        wanted = set(witnesses if head else ()) | crossing.expecting(at=now())
        everybody = time.monotonic() - self._looked > _LOOK
        if everybody:
            self._looked = time.monotonic()
            wanted |= set(models.Peer.objects.values_list("state", flat=True))
        for peer in wanted:
            messenger = self._messengers.get(peer)
            if messenger is None:
                messenger = self._messengers[peer] = Messenger(f"to {peer}", partial(bell.ring, self._settings.home))
            if messenger.away:
                continue
            for_witness = head if peer in witnesses and not self._waits(peer) else None
            if for_witness is not None or self._due(peer, looking=everybody):
                messenger.send(partial(self._errand, peer, for_witness, everybody))
        return False

    def _due(self, peer: str, *, looking: bool) -> bool:
        """Whether something is to be said to the peer now; `looking`: also tell people what is late."""
        talk = self._talk(peer)
        if looking:
            talk.overdue(now().timestamp())
            if crossing.doubted(peer) and self._renewed.get(peer, 0.0) + _RENEW_SOON < time.monotonic():
                self._renew_next[peer] = 0.0  # perhaps its State signs with newer keys
        due = talk.next_due(now().timestamp())
        if self._renew_next.get(peer, 0.0) <= time.monotonic() and not self._waits(peer):
            return True
        return (due is not None and due <= now().timestamp()) or (
            looking and not self._waits(peer) and bool(crossing.unproved(peer, at=now()))
        )

    def _errand(self, peer: str, head: tuple[str, int] | None, proving: bool) -> bool:  # noqa: FBT001  a thread's
        """Everything that is due for one peer; each kind of it even if another fails.

        Args:
            peer: its State.
            head: this log's head (note, size), if the peer is a witness that is to be asked.
            proving: ask for newer proofs too.
        """
        steps: list[Callable[[], bool]] = [partial(self._converse, peer)]
        if head is not None:
            steps.append(partial(self._witness, peer, head))
        for step in steps:
            _guarded(step)
        self._asked.add(peer)
        steps = [partial(self._prove, peer)] if proving else []
        if self._renew_next.get(peer, 0.0) <= time.monotonic():
            steps += [partial(self._renew, peer), partial(self._read_figures, peer)]
        for step in steps:
            _guarded(step)
        return False

    def _waits(self, peer: str) -> bool:
        """Whether the peer was silent a moment ago, when it was asked for something apart from the conversation."""
        return self._silent.get(peer, (0, 0.0))[1] > time.monotonic()

    def _note(self, peer: str, error: ComityError | None) -> None:
        """Note whether an exchange with the peer was answered at all."""
        if error is None or error.code not in _SILENCE:
            self._silent.pop(peer, None)
        else:
            times = self._silent.get(peer, (0, 0.0))[0]
            self._silent[peer] = (times + 1, time.monotonic() + crossing.retry_after(times).total_seconds())

    def _converse(self, peer: str) -> bool:
        """Exchange offers and answers with the peer as long as something is due, but not for ever: other errands wait."""
        talk, end = self._talk(peer), time.monotonic() + _STRETCH
        while (due := talk.next_due(now().timestamp())) is not None and due <= now().timestamp():
            if time.monotonic() > end:
                break
            offer = talk.offer(now().timestamp())
            if offer is not None:
                self._exchange(peer, talk, offer)
        return False

    def _exchange(self, peer: str, talk: Conversation, offer: Offer) -> None:
        """One exchange; however it ends, the conversation is told."""
        failure = Failure("node.defect")
        try:
            line = self._line(archive.peer_entry(peer))
            status, body = line.post("/exchange", dumps(offer), at=now(), limit=BODY_LIMIT)
            if status != 200:
                refused = status not in {_TOO_MANY, *_AWAY}
                failure = Failure(_code(body) or f"wire.status-{status}", reached=refused)
                raise Unreachable(f"{peer} answered {status}: {body[:200]!r}", code="wire.status")
            answer = read_answer(body)
            talk.answered(offer, answer, now().timestamp())
            failure = Failure("")
            self._note(peer, None)
        except ComityError as error:
            self._note(peer, error)
            _log.info("an exchange with %s: %s", peer, error)
            if failure.code == "node.defect":
                failure = Failure(error.code)
        finally:
            if failure.code:
                talk.failed(offer, failure, now().timestamp())

    def _prove(self, peer: str) -> bool:
        """Ask for newer proofs of receipts whose head no witness had seen."""
        if not models.Peer.objects.filter(pk=peer).exists():  # a witness that is not pinned yet has given no receipt
            return False
        crossing.proved_still(peer)
        asked = [] if self._waits(peer) else crossing.unproved(peer, at=now())
        if not asked:
            return False
        found: dict[str, Proof] = {}
        try:
            status, body = self._line(archive.peer_entry(peer)).post("/proofs", proofs.ask(asked), at=now())
            if status != 200:
                raise Unreachable(f"{peer} answered {status}: {body[:200]!r}", code="wire.status")
            found = proofs.read_answer(body)
            self._note(peer, None)
        except ComityError as error:
            self._note(peer, error)
            _log.info("proofs of %s: %s", peer, error)
        crossing.proved(self._settings, peer, asked, found, at=now())
        return False

    def _renew(self, peer: str) -> bool:
        """Look for newer versions of the peer's entry, and hear what it says about the entries of others."""
        self._renewed[peer] = time.monotonic()
        self._renew_next[peer] = self._renewed[peer] + _RENEW
        doubted = crossing.doubted(peer)
        crossing.doubt(peer, doubted=False)  # now: what is doubted meanwhile is looked at again
        try:
            line = self._line(archive.peer_entry(peer))
            chain = read_bundle(line.get("/entries", at=now(), limit=BUNDLE_LIMIT))
            registry.renewed(self._settings, peer, chain, by=peer, at=now())
            for data in read_bundle(line.get("/directory", at=now(), limit=BUNDLE_LIMIT)):
                registry.heard(self._settings, data, by=peer, at=now())
            self._note(peer, None)
        except ComityError as error:
            self._note(peer, error)
            if doubted:
                crossing.doubt(peer, doubted=True)
            _log.warning("the entry of %s: %s", peer, error)
        return False

    def _read_figures(self, peer: str) -> bool:
        """Read the newest figures that the peer has published, if it has."""
        try:
            said = self._line(archive.peer_entry(peer)).get("/figures/cases", at=now(), limit=BUNDLE_LIMIT)
            reconciling.published(self._settings, peer, said, at=now())
        except ComityError as error:
            _log.info("the figures of %s: %s", peer, error)
        return False

    def _witness(self, peer: str, head: tuple[str, int]) -> bool:
        """Ask `peer` to cosign this log's head."""
        try:
            self._ask_witness(archive.peer_entry(peer), *head)
            self._note(peer, None)
            self._witness_next.pop(peer, None)
        except ComityError as error:
            self._note(peer, error)
            _log.warning("%s did not cosign: %s", peer, error)
            if error.code == "witness.ahead" and peer not in self._ahead:
                self._ahead.add(peer)  # once for each witness: what it says is not signed
                crossing.forget_settled(self._settings, f"{error.code} {peer}", at=now(), claimed=True)
                crossing.turn_away(code=error.code, reason=str(error), head=b"", size=0, path="/witness", at=now())
            self._witness_next[peer] = now() + timedelta(seconds=2)
        return False

    def _ask_witness(self, witness: Entry, note: str, size: int) -> None:
        old = self._witness_size.get(witness.state, 0)
        line = self._line(witness)
        status, answer = line.post("/witness", registry.ask_witness(note, size, old).encode(), at=now())
        if status == 409:  # it remembers another size than this process does
            old = _size_seen(witness, answer)
            if old > size:
                reason = f"{witness.state} saw this log at {old}, it is at {size}: was an older database restored?"
                raise Unreachable(reason, code="witness.ahead")
            status, answer = line.post("/witness", registry.ask_witness(note, size, old).encode(), at=now())
        if status != 200:
            raise Unreachable(f"{witness.state} answered {status}: {answer[:200]!r}", code="witness.status")
        registry.witnessed(self._settings, size, answer.decode("utf-8", "replace"), witness)
        self._witness_size[witness.state] = size

    def work(self) -> bool:
        """Do the next job that an officer ordered; returns whether there was one."""
        job = (
            models.Job.objects.filter(status=models.Job.Status.WAITING, next_at__lte=now()).order_by("next_at").first()
        )
        if job is None:
            return False
        try:
            if job.kind == models.Job.Kind.COLLECT:
                self._collect(job)
            else:
                evidence.WORK[job.kind](self._settings, job, now=now, progress=_throttled(job))
        except (Unreachable, BrokenSeal) as error:
            if isinstance(error, BrokenSeal) and job.kind != models.Job.Kind.COLLECT:
                _fail(job, error)
                return True
            evidence.again(job, error, at=now() + crossing.retry_after(job.attempts))
        except ComityError as error:
            _fail(job, error)
        except OSError as error:  # the disk: full, or gone for a while
            trouble = Unreachable(f"The disk did not do its part: {error.strerror}.", code="job.disk")
            evidence.again(job, trouble, at=now() + crossing.retry_after(job.attempts))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001  a defect of ours must not hold back all other jobs
            _log.exception("job %s of %s", job.kind, job.case_id)
            _fail(job, ComityError(f"This node has a defect: {type(error).__name__}.", code="job.defect"))
        return True

    def _collect(self, job: models.Job) -> None:
        """Collect a container from the peer's shelf, going on where an earlier attempt stopped."""
        row, path = evidence.collecting(self._settings, job)
        line, progress = self._line(archive.peer_entry(row.peer)), _throttled(job)
        with path.open("ab") as file:
            while file.tell() < row.size:
                piece = line.collect(f"/evidence/{row.digest}", file.tell(), at=now())
                if not piece or file.tell() + len(piece) > row.size:
                    raise Unreachable(f"{row.peer} sent {len(piece)} bytes where others belong.", code="collect.size")
                file.write(piece)
                progress(file.tell(), row.size)
        evidence.collected(self._settings, job)


class Messenger:
    """Who goes to one peer: a thread that stays for a while when it is back, so that its connections need not be made anew.

    Args:
        name: of the thread.
        back: called whenever it is back.
    """

    def __init__(self, name: str, back: Callable[[], None]) -> None:
        self._name, self._back = name, back
        self._turn = threading.Condition()
        self._errand: Callable[[], bool] | None = None
        self._there = False

    @property
    def away(self) -> bool:
        """Whether it is on its way."""
        with self._turn:
            return self._errand is not None

    def send(self, errand: Callable[[], bool]) -> None:
        """Let it do an errand; it must not be away."""
        with self._turn:
            self._errand = errand
            if self._there:
                self._turn.notify()
            else:
                try:
                    threading.Thread(target=self._run, name=self._name, daemon=True).start()
                except RuntimeError:  # the machine has no room for another thread now
                    self._errand = None
                    raise
                self._there = True

    def _run(self) -> None:
        try:
            while (errand := self._next()) is not None:
                _guarded(_refreshed)
                _guarded(errand)
                with self._turn:
                    self._errand = None
                self._back()
        finally:
            connections.close_all()

    def _next(self) -> Callable[[], bool] | None:
        """The next errand; None: there was none for a while, and nobody is there any more."""
        with self._turn:
            self._turn.wait_for(lambda: self._errand is not None, _STAYS)
            self._there = self._errand is not None
            return self._errand


def _size_seen(witness: Entry, answer: bytes) -> int:
    """The size that a witness says it saw last. Raises Unreachable: it says nothing of the kind."""
    text = answer.decode("ascii", "replace").removesuffix("\n")
    if not text.isdecimal() or len(text) > 15:
        raise Unreachable(f"{witness.state} answered no size.", code="witness.status")
    return int(text)


def _fail(job: models.Job, error: ComityError) -> None:
    _log.warning("job %s of %s failed: %s", job.kind, job.case_id, error)
    evidence.failed(job, error)


def _throttled(job: models.Job) -> Callable[[int, int], None]:
    last = 0.0

    def note(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _PROGRESS:
            last = time.monotonic()
            evidence.note_progress(job, done, total)

    return note


class Stop:
    """Whether to stop. Set from a signal handler, where the locks of `threading.Event` could be held already."""

    requested = False

    def wait(self, seconds: float) -> None:
        """Sleep, but not much longer than until a stop is requested."""
        end = time.monotonic() + seconds
        while not self.requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


def _code(body: bytes) -> str:
    """The code of a refusal, or empty."""
    try:
        said = canon.fields(canon.loads(body, limit=4096), "code", "reason")["code"]
    except ComityError:
        return ""
    return said if isinstance(said, str) else ""


def run(settings: Settings, stop: Stop, asked: c_bool) -> None:
    """Rounds until a stop is requested; long work runs beside them, so that it holds no message back.

    Args:
        settings: the node's.
        stop: whether to stop.
        asked: becomes true, for other processes too, when every peer was asked what it holds: see `Courier.asked_all`.
    """
    courier, rung = Courier(settings), bell.Bell(settings.home)
    worker = threading.Thread(target=_loop, args=(courier.work, stop, stop.wait), daemon=True)
    worker.start()

    def step() -> bool:
        busy = courier.round()
        crossing.mark(settings)
        asked.value = asked.value or courier.asked_all
        return busy

    _loop(step, stop, rung.wait)
    worker.join(timeout=5)


def _guarded(step: Callable[[], bool]) -> bool:
    """Take one step; a defect in it must neither end the courier nor hold back the other steps."""
    try:
        return step()
    except (
        OperationalError,
        InterfaceError,
    ):  # it was busy for too long, or is away: the next round sees the same work
        _log.exception("the database did not answer")
    except Exception:  # noqa: BLE001  it is logged whole, and the work stays in the tables
        _log.exception("a step failed")
    return False


def _refreshed() -> bool:
    """Let go of a connection to the database that is too old, or has failed."""
    close_old_connections()
    return False


def _loop(step: Callable[[], bool], stop: Stop, pause: Callable[[float], None]) -> None:
    while not stop.requested:
        busy = _guarded(step)
        _guarded(_refreshed)
        if not busy:
            pause(_IDLE)
