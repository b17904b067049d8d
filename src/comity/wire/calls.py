"""Test calls to another State's 24/7 point of contact (Article 41), as values <-> bytes, and what can be counted of them.

One kind of statement has two forms: a **call** that one State asks, and the **answer** of a named officer of the other, which
names the call by the digest of its statement. A machine's word that it keeps the call is its receipt, and no answer.

What is measured is measured by the clock of who keeps it. What the other State signed stands beside it, so that who reads both
sees whether clocks or lines were wrong. A call that was not delivered while it had time says nothing of the people who were
called, whoever is to blame: it is shown, and counts for nobody.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_low
from typing import Any, Final

from comity.casework.moments import moment_text, strict_moment
from comity.casework.request import STATE, Urgency
from comity.errors import BrokenSeal, Invalid
from comity.reporting.axes import edges
from comity.seal import canon, envelope
from comity.seal.envelope import Statement
from comity.seal.keys import SigningKey

TEXT_LIMIT: Final = 1_000  # characters of a question, an answer or a name
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=1)  # from the call to the moment by which it is to be answered
FEW: Final = 5  # counts from 1 on that are below this are not published
PART: Final = 4  # hours of a part of the day
_LIMIT: Final = 16_384  # bytes of a payload
_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Call:
    """A test call.

    Args:
        caller: who calls: name and office of an officer; empty when the node called by its plan.
        at: when, UTC, whole seconds.
        due: by when an answer is expected, a minute to a day later.
        urgency: how urgent a request would be for which this stands.
        question: what is asked; may be empty.
        id: 128 random bits, hex: no two calls are the same.
    """

    caller: str
    at: datetime
    due: datetime
    urgency: Urgency
    question: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        """Raise Invalid: no call can mean this."""
        _short(caller=self.caller, question=self.question)
        if not SHORTEST <= self.due - self.at <= LONGEST:
            raise Invalid("A call is to be answered within a minute to a day.", code="call.due", where="minutes")
        if not _ID.fullmatch(self.id):
            raise Invalid("A call is named by 32 hex digits.", code="call.form", where="id")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"form": "asked", "id": self.id, "caller": self.caller, "at": moment_text(self.at),
                "due": moment_text(self.due), "urgency": str(self.urgency), "question": self.question}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A person's answer to a test call.

    Args:
        asked: digest of the call's statement.
        officer: the name under which he signs in.
        name: his name and office.
        at: when he answered, UTC, whole seconds.
        text: what he says; may be empty.
    """

    asked: str
    officer: str
    name: str
    at: datetime
    text: str = ""

    def __post_init__(self) -> None:
        """Raise Invalid: nobody can have answered this."""
        _short(officer=self.officer, name=self.name, text=self.text)
        named = all(any(map(str.isalnum, text)) for text in (self.officer, self.name))
        if not (named and _DIGEST.fullmatch(self.asked)):
            raise Invalid("An answer names its call and the officer who gives it.", code="call.form", where="officer")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"form": "answered", "asked": self.asked, "officer": self.officer, "name": self.name,
                "at": moment_text(self.at), "text": self.text}  # fmt: skip


def _short(**texts: object) -> None:
    for name, text in texts.items():
        if not isinstance(text, str):
            raise Invalid("A text is needed here.", code="call.form", where=name)
        if len(text) > TEXT_LIMIT:
            raise Invalid(f"At most {TEXT_LIMIT} characters are taken here.", code="call.too-long", where=name)


def sign(said: Call | Answer, *, sender: str, to: str, key: SigningKey) -> bytes:
    """The signed statement of a call or an answer; `canon.content_id` of it names the call.

    Args:
        said: what is said.
        sender: the State that says it.
        to: the State it is for.
        key: the sender's signing key.
    """
    return envelope.sign("call", canon.dumps(said.to_dict()), sender=sender, to=to, key=key)


def read(statement: Statement) -> Call | Answer:
    """The call or the answer in a verified statement of the kind ``call``.

    Raises:
        Invalid: ``call.form``, ``call.due`` or ``call.too-long``.
        BrokenSeal: it is not canonical, or too long.
    """
    return _said(canon.loads(statement.payload, limit=_LIMIT))


def read_kept(statement: bytes) -> Call | Answer:
    """The same of a statement that was verified before it was kept."""
    outer = canon.loads(statement, limit=envelope.MESSAGE_LIMIT)
    return _said(canon.loads(canon.unb64(outer["payload"]), limit=_LIMIT))


def _said(raw: Any) -> Call | Answer:
    form = raw.get("form") if isinstance(raw, dict) else None
    make = _FORMS.get(form) if isinstance(form, str) else None
    if make is None:
        raise Invalid("This is neither a call nor an answer to one.", code="call.form", where="form")
    try:
        return make(raw)
    except (BrokenSeal, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("This call does not follow its form.", code="call.form") from error


def _call(raw: Any) -> Call:
    found = canon.fields(raw, "form", "id", "caller", "at", "due", "urgency", "question")
    at, due = strict_moment(found["at"]), strict_moment(found["due"])
    return Call(found["caller"], at, due, Urgency(found["urgency"]), found["question"], found["id"])


def _answer(raw: Any) -> Answer:
    found = canon.fields(raw, "form", "asked", "officer", "name", "at", "text")
    return Answer(found["asked"], found["officer"], found["name"], strict_moment(found["at"]), found["text"])


_FORMS: Final[Mapping[str, Callable[[Any], Call | Answer]]] = {"asked": _call, "answered": _answer}


class Standing(StrEnum):
    """What became of a call by now."""

    OPEN = "open"  # there is still time
    ANSWERED = "answered"
    LATE = "late"  # answered, after its time
    SILENT = "silent"  # delivered and not answered, and its time is over
    UNDELIVERED = "undelivered"  # not delivered while it had time, or refused: nobody was there to answer or not to


@dataclass(frozen=True)
class Round:
    """A call with its moments, as one of the two States remembers them.

    Args:
        peer: the other State.
        ours: whether this State called.
        began: when it was sent, by the caller's clock; at the State that was called, when it was kept there, by its own.
        due: by when an answer is expected.
        kept: when this State knew that the other's machine keeps it; None while it does not, and for calls that came in.
        kept_said: when that machine kept it, as its receipt says.
        ended: when this State had the answer, by its own clock; None while there is none.
        ended_said: when the officer answered, as his State signed it.
        refused: whether the other State's machine refused it, or this State gave up sending it.
    """

    peer: str
    ours: bool
    began: datetime
    due: datetime
    kept: datetime | None = None
    kept_said: datetime | None = None
    ended: datetime | None = None
    ended_said: datetime | None = None
    refused: bool = False

    def standing(self, at: datetime) -> Standing:
        """What became of it by the moment `at`."""
        if self.ended is None and at <= self.due and not self.refused:
            return Standing.OPEN
        if self.ended is not None and self.ended <= self.due:
            return Standing.ANSWERED
        if not self.delivered:
            return Standing.UNDELIVERED
        return Standing.SILENT if self.ended is None else Standing.LATE

    @property
    def delivered(self) -> bool:
        """Whether a machine of the State that was called kept it while it had time, by either clock, and did not refuse it."""
        kept = (self.kept, self.kept_said) if self.ours else (self.began,)
        return not self.refused and any(one is not None and one <= self.due for one in kept)

    @property
    def waited(self) -> int | None:
        """Seconds until a person answered, by the clock of who remembers this; None while nobody has."""
        return _seconds(self.began, self.ended)

    @property
    def machine(self) -> int | None:
        """Seconds until this State knew that the other's machine keeps the call."""
        return _seconds(self.began, self.kept)

    @property
    def waited_said(self) -> int | None:
        """Seconds from the call to the answer as their two States signed them: two clocks."""
        return _seconds(self.began, self.ended_said)

    @property
    def machine_said(self) -> int | None:
        """Seconds from the call to the moment of the receipt: two clocks."""
        return _seconds(self.began, self.kept_said)


def _seconds(first: datetime, last: datetime | None) -> int | None:
    """Whole seconds between two moments; 0 when the second lies before the first, which happens between two clocks."""
    return None if last is None else max(0, int((last - first).total_seconds()))


@dataclass(frozen=True)
class Tally:
    """What can be counted of several calls.

    Args:
        open: how many still have time; none of the other figures counts them.
        undelivered: how many were not delivered while they had time; none of the other figures counts them either.
        asked: how many are left: the sum of the next three.
        answered: how many of these were answered in time.
        late: how many after it.
        silent: how many were not.
        median: seconds until a person answered, late answers too: the lower median; None when nobody has.
        worst: the most seconds.
    """

    open: int
    undelivered: int
    asked: int
    answered: int
    late: int
    silent: int
    median: int | None
    worst: int | None

    @property
    def share(self) -> int | None:
        """How many of a hundred were answered in time, rounded down: 100 means all; None when nothing was asked."""
        return self.answered * 100 // self.asked if self.asked else None

    def to_dict(self) -> dict[str, int | None]:
        """Plain JSON values."""
        return {**vars(self), "share": self.share}


def tally(rounds: Iterable[Round], at: datetime) -> Tally:
    """What can be counted of `rounds` by the moment `at`."""
    counts, waits = dict.fromkeys(Standing, 0), []
    for one in rounds:
        standing = one.standing(at)
        counts[standing] += 1
        if one.waited is not None and standing is not Standing.UNDELIVERED:
            waits.append(one.waited)
    closed = counts[Standing.ANSWERED], counts[Standing.LATE], counts[Standing.SILENT]
    return Tally(
        counts[Standing.OPEN], counts[Standing.UNDELIVERED], sum(closed), *closed, median_low(waits) if waits else None,
        max(waits, default=None),
    )  # fmt: skip


def by_part(rounds: Iterable[Round], at: datetime, hour: Callable[[datetime], int]) -> dict[int, Tally]:
    """First hour of each part of the day (0, 4 … 20) -> what can be counted of the calls that began in it.

    Args:
        rounds: the calls.
        at: now.
        hour: the hour that it is at a moment, in the time zone to go by.
    """
    parts: dict[int, list[Round]] = {first: [] for first in range(0, 24, PART)}
    for one in rounds:
        parts[hour(one.began) // PART * PART].append(one)
    return {first: tally(those, at) for first, those in parts.items()}


def figures(rounds: Iterable[Round], *, period: str) -> dict[str, Any]:
    """What a State publishes of its test calls of a quarter, as plain JSON values.

    For each State apart: the calls to it (``made``) and from it (``received``). How many were asked is told from `FEW` on. How
    many of them were answered in time, late and not at all, and the median, are told together, and only if none of the three is
    a count from 1 to `FEW` - 1: so no such count follows from what is told, nor from what is left out. Each call is in one
    quarter, so that the figures of two have none in common.

    Args:
        rounds: the calls; only those that were to be answered in that quarter count, and that were delivered.
        period: the quarter (UTC), which is over: ``2026-Q4``.

    Raises:
        Invalid: ``figures.period``: it is no quarter.
    """
    begin, end = edges(period)
    kept = [one for one in rounds if begin <= one.due < end and one.standing(end) is not Standing.UNDELIVERED]
    found: dict[str, list[dict[str, Any]]] = {"made": [], "received": []}
    for peer in sorted({one.peer for one in kept if STATE.fullmatch(one.peer)}):
        for name, ours in (("made", True), ("received", False)):
            those = [one for one in kept if one.peer == peer and one.ours is ours]
            if those:
                found[name].append({"state": peer} | _published(tally(those, end)))
    return {"figures": "calls", "quarter": period, **found}


def _published(whole: Tally) -> dict[str, int | None]:
    parts = {"answered": whole.answered, "late": whole.late, "silent": whole.silent}
    told = not any(0 < number < FEW for number in parts.values())
    return {
        "asked": whole.asked if whole.asked >= FEW else None,
        **(parts if told else dict.fromkeys(parts)),
        "median_minutes": None if not told or whole.median is None else max(1, -(-whole.median // 60)),
    }
