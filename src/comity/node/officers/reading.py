"""What the pages read: cases, the States' names and entries, what is in trouble. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from babel import Locale
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from comity.casework.lifecycle import Case
from comity.errors import BrokenProof, ComityError
from comity.ledger import checkpoint as cp
from comity.node import archive, models
from comity.node.desk import crossing
from comity.node.desk.evidence import own_entry
from comity.node.settings import Settings
from comity.wire.directory import Entry, read_entry

_SHOWN_FOR = timedelta(days=14)  # refused messages and what was turned away


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
        return read_entry(data)
    except ComityError:
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


def following(found: Case) -> QuerySet[models.Case]:
    """The cases that stand on this one: of the same two States, whatever a third one writes into its requests."""
    pair = (found.requesting, found.requested)
    rows = models.Case.objects.filter(follows=found.reference, requesting__in=pair, requested__in=pair)
    return rows.exclude(pk=found.reference)


@dataclass(frozen=True)
class Attention:
    """What a person should look at."""

    deliveries: list[models.Departure]
    alarms: list[models.Alarm]
    refused: list[models.Arrival]
    turned_away: list[models.Refusal]
    jobs: list[models.Job]

    def __bool__(self) -> bool:
        return any((self.deliveries, self.alarms, self.refused, self.turned_away, self.jobs))


def attention(*, at: datetime, most: int = 10) -> Attention:
    """Deliveries in trouble, refused arrivals, what the peers' door turned away, failed jobs: the newest of each."""
    lately = at - _SHOWN_FOR
    refused = models.Arrival.objects.filter(status=models.Arrival.Status.REFUSED, at__gt=lately).order_by("-at")
    turned_away = models.Refusal.objects.filter(at__gt=lately).order_by("-pk")
    jobs = models.Job.objects.filter(Q(status=models.Job.Status.FAILED) | Q(attempts__gte=5, status="waiting"))
    latest = [job for job in jobs.order_by("-pk")[:most] if not _done_later(job)]
    return Attention(
        crossing.troubled()[:most],
        crossing.alarms(since=lately)[:most],
        list(refused[:most]),
        list(turned_away[:most]),
        latest,
    )


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
    seen = models.Cosigned.objects.filter(head=row).exists()
    return Head(found.origin, found.size, found.root.hex(), seen)


@dataclass(frozen=True)
class Witness:
    """A State that is named as a witness of this node's log.

    Args:
        state: its code.
        pinned: whether its entry is pinned here; otherwise it cannot be asked.
        seen: the size of the log at which it cosigned its head last; 0: never.
    """

    state: str
    pinned: bool
    seen: int


@dataclass(frozen=True)
class Stamper:
    """A time-stamping authority that stamps heads of this node's log.

    Args:
        address: where it is asked.
        name: as its certificate gives it; empty: it has given no stamp yet.
        size: the size of the log at which it stamped its head last; 0: never.
        latest: by when that head existed; None: never.
        trouble: code of why the last attempt failed; empty: it did not.
    """

    address: str
    name: str
    size: int
    latest: datetime | None
    trouble: str


def stampers(settings: Settings) -> list[Stamper]:
    """The time-stamping authorities, in the order in which the settings name them."""
    troubles = dict(models.Stamper.objects.values_list("address", "trouble"))
    newest = {url: models.Stamp.objects.filter(stamper=url).order_by("-size").first() for url in settings.stamp.urls}
    return [
        Stamper(
            url, row.name if row else "", row.size if row else 0, row.latest if row else None, troubles.get(url, "")
        )
        for url, row in newest.items()
    ]


def witnesses(settings: Settings) -> list[Witness]:
    """The witnesses of this node's log, in the order in which they are named."""
    pinned = set(models.Peer.objects.filter(pk__in=settings.witnesses).values_list("pk", flat=True))
    seen = dict(models.Cosigned.objects.values_list("witness", "head"))
    return [Witness(state, state in pinned, seen.get(state, 0)) for state in settings.witnesses]
