"""The board: every case as a line, and above the lines what needs somebody: a deadline, an enquiry, a talk, a wish for time.

A case is folded from all of its acts each time that it is read; the board shows many, so it remembers what it folded by the
case's last act, which says all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from comity.casework.lifecycle import Act, Case, Kind
from comity.node import archive, models
from comity.node.officers import acts, deadlines, reading
from comity.node.officers.deadlines import Clock
from comity.node.settings import Settings

_MOST: Final = 50  # matters shown; the lists below name every case


@lru_cache(maxsize=8192)
def _folded(reference: str, last: str, home: str) -> Case:
    del last
    return archive.load(reference, home=home)


def _with_last(rows: QuerySet[models.Case]) -> QuerySet[models.Case]:
    """`rows`, each with the id of its last act as `last`."""
    newest = models.Act.objects.filter(case=OuterRef("pk")).order_by("-seq").values("digest")[:1]
    return rows.annotate(last=Subquery(newest))


def _last(row: models.Case) -> str:
    """The id that `_with_last` put beside the row."""
    found: str = vars(row)["last"]
    return found


def listing() -> QuerySet[models.Case]:
    """All cases, the newest first, as `listed` takes them."""
    return _with_last(models.Case.objects.order_by("-opened_at", "-reference"))


@dataclass(frozen=True)
class Row:
    """A case in a list.

    Args:
        case: the case.
        peer: the other State.
        side: on which side this State stands.
        turn: whose move it is.
        clock: the deadline that presses most, or None.
        age: whole days since it was opened.
        trouble: whether work in it failed.
    """

    case: Case
    peer: str
    side: str
    turn: str
    clock: Clock | None
    age: int
    trouble: bool


def listed(settings: Settings, rows: Iterable[models.Case], *, at: datetime) -> list[Row]:
    """`rows` of `listing` as lines of a list."""
    lines = []
    for row in rows:
        found = _folded(row.reference, _last(row), settings.state)
        side = reading.side(settings, found)
        lines.append(
            Row(
                found,
                found.peer(settings.state),
                side,
                acts.turn(found, side),
                deadlines.most_pressing(deadlines.of(settings, found, at=at)),
                max(0, (at - row.opened_at).days),
                models.Job.objects.filter(case=row, status="failed").exists(),
            )
        )
    return lines


@dataclass(frozen=True)
class Matter:
    """Something in a case that needs somebody of this State.

    Args:
        case: the case.
        peer: the other State.
        kind: ``enquiry``, ``consultation``, ``extension``, ``conditions`` or ``deadline``.
        since: when it arose; None for a deadline.
        clock: the deadline, or None.
    """

    case: Case
    peer: str
    kind: str
    since: datetime | None
    clock: Clock | None = None


def open_matters(case: Case) -> list[tuple[str, Act]]:
    """(what, the act that raised it) of everything that waits for a word of either State."""
    found = [("enquiry", case.enquiry), ("consultation", case.consultation), ("extension", case.asked_to_extend)]
    if acts.not_agreed(case):
        found.append(("conditions", case.last(Kind.ACCEPTED)))
    return [(what, act) for what, act in found if act is not None] if acts.runs(case) else []


_OWED_BY: Final = {
    "enquiry": "requested",
    "consultation": "requesting",
    "extension": "requested",
    "conditions": "requesting",
}


def owed_by(what: str) -> str:
    """The side that owes the word."""
    return _OWED_BY[what]


def matters(settings: Settings, *, at: datetime) -> list[Matter]:
    """What needs somebody of this State in any open case: deadlines by their end, then the rest by age."""
    found = []
    for row in _with_last(_open()):
        case = _folded(row.reference, _last(row), settings.state)
        side, peer = reading.side(settings, case), case.peer(settings.state)
        found += [Matter(case, peer, what, act.at) for what, act in open_matters(case) if owed_by(what) == side]
        pressing = [clock for clock in deadlines.of(settings, case, at=at) if clock.needs_somebody]
        found += [Matter(case, peer, "deadline", None, clock) for clock in pressing]
    return sorted(found, key=lambda matter: matter.since or (matter.clock.due if matter.clock else at))[:_MOST]


def _open() -> QuerySet[models.Case]:
    """Cases that neither both States closed nor their drafter threw away."""
    rows = models.Case.objects.annotate(closings=Count("acts", filter=Q(acts__kind=Kind.CLOSED)))
    return rows.filter(closings__lt=2).exclude(acts__kind=Kind.DISCARDED)
