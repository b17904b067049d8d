"""Where a deadline stands at a moment, and what officers said of it. No clock is read here: `now` always comes from the door.

There is no timer and no penalty: what follows from a deadline is decided by a person, and one that has run out stays so until
a named officer says that it was met, escalated or waived. Between the earliest and the latest end that a law book allows, a
deadline is `ClockState.UNCERTAIN`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from comity.casework.moments import strict_moment
from comity.errors import Invalid
from comity.law.clocks import Deadline
from comity.law.dates import utc

WARN_DAYS = (30, 14, 7)
_DAY = timedelta(days=1)


class ClockState(StrEnum):
    """Where a deadline stands.

    *Held* means that it cannot run out while a linked request is undecided, *paused* that it stands still, *uncertain*
    that it may have run out: the law book cannot tell. Only a named officer's word makes it *escalated* or *waived*.
    """

    RUNNING = "running"
    WARNING = "warning"
    HELD = "held"
    PAUSED = "paused"
    UNCERTAIN = "uncertain"
    EXPIRED = "expired"
    MET = "met"
    ESCALATED = "escalated"
    WAIVED = "waived"


@dataclass(frozen=True)
class Settled:
    """A named officer's word on a clock.

    Args:
        how: ``met``, ``escalated`` or ``waived``.
        clock: the deadline's kind.
        due: the deadline's end as the officer saw it.
        officer: who says so.
        at: when.
        reasons: why.
    """

    how: ClockState
    clock: str
    due: datetime
    officer: str
    at: datetime
    reasons: str

    @property
    def late(self) -> bool:
        """Whether it was said only after the end."""
        return self.at > self.due


def settled(kind: str, body: Mapping[str, Any], officer: str, at: datetime) -> Settled:
    """What an act ``met``, ``escalated`` or ``waived`` says of a clock.

    Args:
        kind: the act's kind.
        body: its contents: ``clock``, ``due`` (RFC 3339, UTC, whole seconds) and ``reasons``.
        officer: the name of the officer who said it.
        at: when it was said, with its UTC offset.

    Raises:
        Invalid: any of this is missing or of another form (``clock.settled``), or `at` has no offset (``clock.zone``).
    """
    moment = utc(at, "at")
    try:
        how, due = ClockState(kind), strict_moment(body["due"])
        texts = [body["clock"], body["reasons"], officer]
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("This is no word on a clock.", code="clock.settled", where=kind) from error
    if how not in (ClockState.MET, ClockState.ESCALATED, ClockState.WAIVED) or not all(texts):
        raise Invalid(
            "A clock is met, escalated or waived, by name and with reasons.", code="clock.settled", where=kind
        )
    return Settled(how, texts[0], due, officer, moment, texts[1])


def answer(deadline: Deadline, now: datetime, said: Iterable[Settled]) -> Settled | None:
    """What officers last said of `deadline` up to `now`, or None.

    Only what was said since the clock began and was last extended counts, and of just this end: a new end needs a new
    answer. What was met stays met: the books of that day said until when, and no corrected book takes it back. An act of the
    case does: of what was said before an act that moved the end, `said` holds nothing.
    """
    began, now = utc(deadline.started, "started"), utc(now, "now")
    since = utc(deadline.extended, "extended") if deadline.extended else began
    due = utc(deadline.due, "due").replace(microsecond=0)  # as it is written in an act
    found = [
        item for item in said
        if item.clock == deadline.kind and since <= utc(item.at, "at") <= now
        and (utc(item.due, "due") == due or (item.how is ClockState.MET and utc(item.due, "due") >= began))
    ]  # fmt: skip
    return max(found, key=lambda item: item.at, default=None)


def state_of(
    deadline: Deadline, now: datetime, *, held: bool = False, met: bool = False, settled: Iterable[Settled] = ()
) -> ClockState:
    """Where `deadline` stands at `now`.

    Args:
        deadline: the deadline.
        now: the moment, with its UTC offset.
        held: a linked request has arrived and is not decided yet, Article 42(8).
        met: what was due has been done, as the acts of the case show.
        settled: what officers said of this or other clocks.

    Raises:
        Invalid: `now` has no UTC offset (``clock.zone``).
    """
    now = utc(now, "now")
    said = answer(deadline, now, settled)
    if met or said is not None:
        return ClockState.MET if said is None or met else said.how
    if held:
        return ClockState.HELD
    if deadline.stopped is not None and deadline.stopped <= now:
        return ClockState.PAUSED
    if now > deadline.due:
        latest = deadline.uncertain.latest if deadline.uncertain else deadline.due
        return ClockState.EXPIRED if latest is not None and now > latest else ClockState.UNCERTAIN
    return ClockState.RUNNING if warning(deadline, now) is None else ClockState.WARNING


def warnings(deadline: Deadline) -> tuple[timedelta, ...]:
    """How long before its end to warn of `deadline`, longest first: 30, 14 and 7 days, as far as it lasts twice as long.

    A clock too short for any of them warns when half, a quarter and an eighth of it is left.
    """
    if deadline.warn is not None:
        return deadline.warn
    whole = utc(deadline.due, "due") - utc(deadline.started, "started")
    usual = tuple(timedelta(days=days) for days in WARN_DAYS if timedelta(days=2 * days) <= whole)
    return usual or (whole / 2, whole / 4, whole / 8)


def warning(deadline: Deadline, now: datetime) -> timedelta | None:
    """The shortest of `warnings` whose moment has come at `now`, or None. Raises Invalid as `state_of`."""
    left = utc(deadline.due, "due") - deadline.reads(now)
    return min((ahead for ahead in warnings(deadline) if left <= ahead), default=None)


def days_left(deadline: Deadline, now: datetime) -> int:
    """Whole days from `now` until `deadline` is due; negative once it has passed. While it stands still, so do they.

    Raises Invalid as `state_of`.
    """
    return (utc(deadline.due, "due") - deadline.reads(now)) // _DAY
