"""Deadlines are met, escalated or waived by a named officer, on either side; none is silently missed.

Which deadlines run is for the law books and `law.clocks` to say. Here an officer puts on record what became of one.
"""

from __future__ import annotations

from datetime import datetime

from comity.casework.lifecycle import Case, Kind
from comity.casework.moments import moment_text
from comity.node import models
from comity.node.desk import _record
from comity.node.settings import Settings


def meet(
    settings: Settings,
    reference: str,
    *,
    clock: str,
    due: datetime,
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record that what was due has been done.

    Args:
        settings: the node's.
        reference: the case.
        clock: kind of the deadline, e.g. ``preservation``.
        due: its last moment, with its UTC offset.
        reasons: how it was met.
        officer: who says so.
        at: now.
        seen: id of the last act that he was shown.
    """
    body = {"clock": clock, "due": moment_text(due), "reasons": reasons}
    return _record.record(settings, reference, Kind.DEADLINE_MET, body, officer=officer, at=at, seen=seen)


def escalate(
    settings: Settings,
    reference: str,
    *,
    clock: str,
    due: datetime,
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record that a deadline is, or will be, missed, and who was told. Arguments as for `meet`."""
    body = {"clock": clock, "due": moment_text(due), "reasons": reasons}
    return _record.record(settings, reference, Kind.DEADLINE_ESCALATED, body, officer=officer, at=at, seen=seen)


def waive(
    settings: Settings,
    reference: str,
    *,
    clock: str,
    due: datetime,
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record that a deadline does not matter here any more, and why. Arguments as for `meet`."""
    body = {"clock": clock, "due": moment_text(due), "reasons": reasons}
    return _record.record(settings, reference, Kind.DEADLINE_WAIVED, body, officer=officer, at=at, seen=seen)
