"""Background work, outside every request: admit, post, fetch receipts, have the log witnessed, do what officers ordered.

The courier keeps nothing in memory that matters: each round looks at the tables, does what is due and notes it through the
desk. Killed at any moment and started again, it goes on; what it repeats, the other side recognises.

Each peer for which something is due has a thread of its own as long as that takes. So a peer that is dead, or answers a byte
at a time, holds up what is for itself and nothing else; and no exchange takes longer than `transport.DEADLINE`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import OperationalError, close_old_connections, connections
from django.db.models import Q

from comity.errors import BrokenSeal, ComityError, Unreachable
from comity.node import archive, models
from comity.node.desk import crossing, evidence, registry
from comity.node.settings import Settings
from comity.wire.directory import Entry
from comity.wire.transport import Line

_log = logging.getLogger("comity.courier")
_IDLE = 0.2  # seconds between rounds when there was nothing to do
_SILENCE = frozenset({"wire.unreachable", "wire.too-slow"})  # the peer cannot be reached now, whatever is said to it
_PROGRESS = 0.5  # seconds between two notes of how far a job is


def now() -> datetime:
    """The courier's clock."""
    return datetime.now(UTC)


class Courier:
    """The courier of one node."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._errands: dict[str, threading.Thread] = {}  # peer -> who is on the way to it
        self._silent: dict[str, tuple[int, float]] = {}  # peer -> how often it did not answer, and until when to wait
        self._witness_next: dict[str, datetime] = {}
        self._witness_size: dict[str, int] = {}

    def _line(self, peer: Entry) -> Line:
        return Line(peer, state=self._settings.state, key=self._settings.hop)

    def round(self) -> bool:
        """Admit what has come, and see that somebody is on the way to each peer for which something is due."""
        busy = _guarded(self._admit)
        _guarded(self._send_out)
        return busy

    def _send_out(self) -> bool:
        due = models.Departure.objects.filter(
            Q(receipt__isnull=True) | Q(witnessed=False) | Q(outcome=b""), next_at__lte=now()
        )
        witnesses = [state for state in self._settings.witnesses if self._witness_next.get(state, now()) <= now()]
        head = registry.checkpoint_to_witness(self._settings) if witnesses else None
        for peer in {*due.values_list("peer", flat=True).distinct(), *(witnesses if head else ())}:
            under_way = self._errands.get(peer)
            if (under_way is None or not under_way.is_alive()) and not self._waits(peer):
                given = (peer, head if peer in witnesses else None)
                self._errands[peer] = threading.Thread(target=self._errand, args=given, name=f"to {peer}", daemon=True)
                self._errands[peer].start()
        return False

    def _errand(self, peer: str, head: tuple[str, int] | None) -> None:
        """Everything that is due for one peer; each kind of it even if another fails, as long as the peer answers.

        Args:
            peer: its State.
            head: this log's head (note, size), if the peer is a witness that is to be asked.
        """
        steps: list[Callable[[], bool]] = [partial(self._deliver, peer), partial(self._complete_receipts, peer)]
        if head is not None:
            steps.insert(1, partial(self._witness, peer, head))
        try:
            for step in steps:
                if not self._waits(peer):
                    _guarded(step)
        finally:
            connections.close_all()

    def _waits(self, peer: str) -> bool:
        """Whether the peer was silent a moment ago: then everything for it waits, ever longer, whatever it is."""
        return self._silent.get(peer, (0, 0.0))[1] > time.monotonic()

    def _note(self, peer: str, error: ComityError | None) -> None:
        """Note whether an exchange with the peer was answered at all."""
        if error is None or error.code not in _SILENCE:
            self._silent.pop(peer, None)
        else:
            times = self._silent.get(peer, (0, 0.0))[0]
            self._silent[peer] = (times + 1, time.monotonic() + crossing.retry_after(times).total_seconds())

    def _admit(self) -> bool:
        """Open and read what arrived, in the order of arrival."""
        waiting = models.Arrival.objects.filter(status=models.Arrival.Status.KEPT).order_by("entry")
        digests = list(waiting.values_list("digest", flat=True)[:100])
        for digest in digests:
            crossing.admit(self._settings, digest, at=now())
        return bool(digests)

    def _deliver(self, peer: str) -> bool:
        """Post what is on its way; the acts of a case go in their order, so the first that fails holds the rest back."""
        due = models.Departure.objects.filter(peer=peer, receipt__isnull=True, next_at__lte=now())
        stuck: set[str] = set()
        for row in due.order_by("made_at", "act__seq").select_related("act")[:100]:
            if row.act.case_id in stuck or self._earlier_waits(row):
                continue
            try:
                status, answer = self._line(archive.peer_entry(peer)).post("/messages", bytes(row.data), at=now())
                if status != 200:
                    raise Unreachable(f"{peer} answered {status}: {answer[:200]!r}", code="wire.status")
                crossing.delivered(self._settings, row.digest, answer, at=now())
                self._note(peer, None)
            except ComityError as error:
                self._note(peer, error)
                crossing.not_delivered(row.digest, str(error), at=now())
                _log.warning("%s for %s not delivered: %s", row.act.case_id, peer, error)
                if self._waits(peer):
                    break
                stuck.add(row.act.case_id)
        return False

    @staticmethod
    def _earlier_waits(row: models.Departure) -> bool:
        return models.Departure.objects.filter(
            receipt__isnull=True, act__case_id=row.act.case_id, act__seq__lt=row.act.seq
        ).exists()

    def _complete_receipts(self, peer: str) -> bool:
        """Ask what became of what was receipted, and for newer proofs where no witness had seen the head yet."""
        lacking = Q(witnessed=False) | Q(outcome=b"")
        due = models.Departure.objects.filter(lacking, peer=peer, receipt__isnull=False, next_at__lte=now())
        for row in due.order_by("next_at")[:20]:
            try:
                line = self._line(archive.peer_entry(peer))
                if not row.outcome:
                    crossing.learned(row.digest, line.get(f"/outcomes/{row.digest}", at=now()), at=now())
                if not row.witnessed:
                    crossing.delivered(
                        self._settings, row.digest, line.get(f"/receipts/{row.digest}", at=now()), at=now()
                    )
                self._note(peer, None)
            except ComityError as error:
                self._note(peer, error)
                _log.info("evidence of %s for %s not completed: %s", peer, row.digest[:12], error)
            if models.Departure.objects.filter(lacking, pk=row.pk).exists():
                crossing.not_witnessed(row.digest, at=now())
            if self._waits(peer):
                break
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
            if error.code == "witness.ahead" and peer not in self._witness_next:
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
        except OperationalError:
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


def run(settings: Settings, stop: Stop) -> None:
    """Rounds until a stop is requested; long work runs beside them, so that it holds no message back."""
    courier = Courier(settings)
    worker = threading.Thread(target=_loop, args=(courier.work, stop), daemon=True)
    worker.start()
    _loop(courier.round, stop)
    worker.join(timeout=5)


def _guarded(step: Callable[[], bool]) -> bool:
    """Take one step; a defect in it must neither end the courier nor hold back the other steps."""
    try:
        return step()
    except OperationalError:  # the database was busy for too long: the next round sees the same work
        _log.exception("the database did not answer")
    except Exception:  # noqa: BLE001  it is logged whole, and the work stays in the tables
        _log.exception("a step failed")
    return False


def _loop(step: Callable[[], bool], stop: Stop) -> None:
    while not stop.requested:
        busy = _guarded(step)
        close_old_connections()
        if not busy:
            stop.wait(_IDLE)
