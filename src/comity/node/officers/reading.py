"""What the pages read: cases, the States' names and entries, what is in trouble. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from comity.casework.lifecycle import Case, Kind
from comity.errors import BrokenProof, ComityError
from comity.law import clocks
from comity.law.clocks import ClockState
from comity.ledger import checkpoint as cp
from comity.node import archive, models
from comity.node.desk import crossing
from comity.node.desk.evidence import own_entry
from comity.node.officers import words
from comity.node.settings import Settings
from comity.seal import canon
from comity.wire.directory import Entry, read_entry

_LIMIT = 256 * 1024
_SHOWN_FOR = timedelta(days=14)  # refused messages and what was turned away
_UNDECIDED = frozenset({"open", "queried", "redraft", "reready", "postponed"})


def case(settings: Settings, reference: str) -> Case:
    """The case `reference`, folded from its acts. Raises Invalid (``case.unknown``): there is none."""
    return archive.load(reference, home=settings.state)


def officer(request: HttpRequest) -> models.Officer:
    """The signed-in officer. Raises PermissionDenied: nobody is signed in."""
    if not isinstance(request.user, models.Officer):
        raise PermissionDenied
    return request.user


def side(settings: Settings, found: Case) -> str:
    """``requesting`` or ``requested``: on which side of the case this node stands."""
    return "requesting" if found.requesting == settings.state else "requested"


@lru_cache(maxsize=64)
def _entry(data: bytes) -> Entry | None:
    """The signed entry in `data`; None when it does not hold, so that pages still open."""
    try:
        stated = Entry.from_dict(canon.loads(canon.unb64(canon.loads(data, limit=_LIMIT)["payload"]), limit=_LIMIT))
        return read_entry(data, at=stated.since)
    except (ComityError, KeyError, TypeError):
        return None


def own(settings: Settings) -> Entry | None:
    """This State's own entry, or None."""
    try:
        return _entry(own_entry(settings))
    except OSError:
        return None


def peer(state: str) -> Entry | None:
    """The pinned entry of `state`, or None."""
    row = models.Peer.objects.filter(pk=state).first()
    return _entry(bytes(row.entry)) if row else None


def peers(settings: Settings) -> list[tuple[models.Peer, Entry | None]]:
    """Every pinned entry of another State, in the order of their codes."""
    rows = models.Peer.objects.exclude(pk=settings.state).order_by("state")
    return [(row, _entry(bytes(row.entry))) for row in rows]


def state_name(settings: Settings, code: str, language: str) -> str:
    """The name of the State `code` in `language`: from its own entry, else as CLDR has it, else its code."""
    entry = own(settings) if code == settings.state else peer(code)
    if entry is not None:
        return entry.name(language)
    return str(Locale.parse(language).territories.get(code, code))


@dataclass(frozen=True)
class Clock:
    """A deadline as pages show it.

    Args:
        kind: ``preservation`` (Article 42(8)) or ``suggested`` (Article 40(26)).
        due: its last moment, UTC.
        left: whole days until then; negative once it has passed.
        total: whole days that it had from the beginning.
        state: running, warning, held, expired or met.
        cites: what it stands on.
    """

    kind: str
    due: datetime
    left: int
    total: int
    state: ClockState
    cites: tuple[str, ...]


def clock(settings: Settings, found: Case, *, at: datetime) -> Clock | None:
    """The preservation period, or the deadline that the requesting State suggested; None if neither runs."""
    preserved = found.last(Kind.PRESERVED)
    try:
        if preserved is not None:
            effected = datetime.fromisoformat(preserved.body["effected_at"])
            due = datetime.fromisoformat(preserved.body["until"])
            deadline = clocks.Deadline("preservation", effected, due, _period(settings, found))
            held, met = _held(settings, found), found.stage in ("closed", "closing", "withdrawn")
            return _shown(deadline, at, held=held and not met, met=met)
        sent = found.last(Kind.REQUESTED)
        if sent is None or found.request.deadline is None:
            return None
        cites = settings.books.cites(found.request.basis, found.measure, "deadline")
        deadline = clocks.suggested(sent.at, found.request.deadline, cites, _zone(settings, found.requested))
        return _shown(deadline, at, held=False, met=found.stage not in _UNDECIDED and found.stage != "accepted")
    except (ComityError, ValueError):
        return None


def _period(settings: Settings, found: Case) -> tuple[str, ...]:
    """The provision that sets the period of preservation; none where the officer had to set it."""
    try:
        return (settings.books.clock(found.request.basis, "preservation").provision,)
    except ComityError:
        return ()


def _zone(settings: Settings, state: str) -> tzinfo:
    """The time zone of `state`, as its law book has it; UTC while there is no book."""
    book = settings.books.states.get(state)
    return ZoneInfo(book.zone) if book else UTC


def _shown(deadline: clocks.Deadline, at: datetime, *, held: bool, met: bool) -> Clock:
    return Clock(
        deadline.kind,
        deadline.due,
        clocks.days_left(deadline, at),
        max(1, (deadline.due - deadline.started).days),
        clocks.state_of(deadline, at, held=held, met=met),
        deadline.cites,
    )


def following(found: Case) -> QuerySet[models.Case]:
    """The cases that stand on this one: of the same two States, whatever a third one writes into its requests."""
    return models.Case.objects.filter(follows=found.reference, requesting=found.requesting, requested=found.requested)


def _held(settings: Settings, found: Case) -> bool:
    """Whether a request that follows this preservation is undecided: until then the data stay held (42(8))."""
    for row in following(found):
        later = case(settings, row.reference)
        if later.last(Kind.REQUESTED) is not None and later.stage in _UNDECIDED:
            return True
    return False


@dataclass(frozen=True)
class Row:
    """A case in a list."""

    case: Case
    peer: str
    side: str
    stage: str
    turn: str
    clock: Clock | None
    age: int
    trouble: bool


def listed(settings: Settings, rows: Iterable[models.Case], *, at: datetime) -> list[Row]:
    """`rows` as lines of a list."""
    lines = []
    for row in rows:
        found = case(settings, row.reference)
        where = side(settings, found)
        stage = str(found.stage)
        lines.append(
            Row(
                found,
                found.peer(settings.state),
                where,
                stage,
                words.turn(where, stage),
                clock(settings, found, at=at),
                max(0, (at - row.opened_at).days),
                models.Job.objects.filter(case=row, status="failed").exists(),
            )
        )
    return lines


@dataclass(frozen=True)
class Attention:
    """What a person should look at."""

    deliveries: list[models.Departure]
    refused: list[models.Arrival]
    turned_away: list[models.Refusal]
    jobs: list[models.Job]

    def __bool__(self) -> bool:
        return any((self.deliveries, self.refused, self.turned_away, self.jobs))


def attention(*, at: datetime, most: int = 10) -> Attention:
    """Deliveries in trouble, refused arrivals, what the peers' door turned away, failed jobs: the newest of each."""
    lately = at - _SHOWN_FOR
    refused = models.Arrival.objects.filter(status=models.Arrival.Status.REFUSED, at__gt=lately).order_by("-at")
    turned_away = models.Refusal.objects.filter(at__gt=lately).order_by("-pk")
    jobs = models.Job.objects.filter(Q(status=models.Job.Status.FAILED) | Q(attempts__gte=5, status="waiting"))
    latest = [job for job in jobs.order_by("-pk")[:most] if not _done_later(job)]
    return Attention(crossing.troubled()[:most], list(refused[:most]), list(turned_away[:most]), latest)


def _done_later(job: models.Job) -> bool:
    return models.Job.objects.filter(case=job.case_id, kind=job.kind, pk__gt=job.pk).exists()


@dataclass(frozen=True)
class Head:
    """The newest head of this node's log that was signed."""

    origin: str
    size: int
    root: str
    witnessed: bool


def log_head() -> Head | None:
    """The newest signed head of this node's log, or None while there is none."""
    row = models.Checkpoint.objects.order_by("-size").first()
    if row is None:
        return None
    try:
        found = cp.parse(row.note)[0]
    except BrokenProof:
        return None
    return Head(found.origin, found.size, found.root.hex(), row.witnessed)
