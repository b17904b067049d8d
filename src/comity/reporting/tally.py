"""From acts to facts, and from facts to figures.

A *fact* is one thing that can be counted: an event of a case, with its coordinates and the act that makes it. The acts of
cases that cross the border are the only source, so that both States count the same. Therefore also:

* acts go by the time that their author signed, not by when they arrived; an event is never in a quarter before the one that
  it follows, however wrong a clock is;
* a request has one answer, the first; what is refused has no other end, and what is given follows a yes;
* an act that crossed another one on its way counts as what was said, though it led nowhere at one of the two;
* what a refusal or a question is about goes by names that the law book knows; what a peer writes in their place is `OTHER`.

Assistance and test calls come as plain values (`Programme`, `Call`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from statistics import median_low
from typing import Final

from comity.casework.act import CROSSING, Act, Kind
from comity.casework.case import Case
from comity.casework.measure import Life
from comity.casework.request import Request
from comity.errors import Invalid
from comity.reporting.axes import (
    ANSWERS,
    CODE,
    EXERCISE,
    MADE,
    NONE,
    OTHER,
    REAL,
    RECEIVED,
    SEVERAL,
    UNNAMED,
    Event,
    Key,
    band,
    quarter,
)

_FIELDS: Final = frozenset(part.name for part in fields(Request))
_GIVEN: Final = (Kind.DISCLOSED, Kind.PERFORMED, Kind.PRESERVED)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that can be counted.

    Args:
        event: what happened.
        nature: `REAL` or `EXERCISE`.
        direction: `MADE`: this State asked, called or gives; `RECEIVED`: the other did.
        subject: the measure, or the topic of a programme.
        partner: ISO code of the other State.
        urgency: as the request was first sent.
        outcome: the answer or its ground, what was asked for, how it ended; `NONE` where the event has none.
        period: the quarter that it counts in.
        at: when, as its author signed it.
        took: since the request was sent, or the call made; None: not known, or not measured.
        case: the reference of the case, programme or call.
        act: id of the act that makes it; empty where there is none.
        mentions: all grounds or fields, where there are several.
    """

    event: Event
    nature: str = REAL
    direction: str
    subject: str = NONE
    partner: str
    urgency: str = NONE
    outcome: str = NONE
    period: str
    at: datetime
    took: timedelta | None = None
    case: str = ""
    act: str = ""
    mentions: tuple[str, ...] = ()

    @property
    def speed(self) -> str:
        """The band of time taken; `NONE` for events that take none."""
        return NONE if self.event in (Event.BEGUN, Event.CONCLUDED) else band(self.took)

    @property
    def key(self) -> Key:
        """Its coordinates, in the order of `axes.AXES`."""
        return (
            self.nature, str(self.event), self.direction, self.subject, self.partner, self.urgency, self.outcome,
            self.speed, self.period,
        )  # fmt: skip


def of_case(
    case: Case, *, home: str, received: datetime | None = None, grounds: frozenset[str] = frozenset()
) -> tuple[Fact, ...]:
    """The facts of a case: at most one of each event, but one for each time that more was asked for.

    Args:
        case: as `home` knows it; one that was never sent has none.
        home: the State that counts.
        received: when the requested State kept the request, as its receipt says; None: no receipt is known.
        grounds: ids of grounds of refusal that are counted by name.
    """
    said = sorted((act for act in case.acts if act.kind in CROSSING), key=lambda act: (act.at, act.by))
    sent = next((act for act in said if act.kind is Kind.REQUESTED), None)
    if sent is None:
        return ()
    urgency = str((sent.request or case.request).urgency)

    def fact(event: Event, act: Act, outcome: str = NONE, mentions: tuple[str, ...] = (), since: str = "") -> Fact:
        until = act.at if act is not sent else received
        return Fact(
            event=event, nature=EXERCISE if sent.exercise else REAL,
            direction=MADE if home == case.requesting else RECEIVED,
            subject=str(case.measure), partner=case.peer(home), urgency=urgency, outcome=outcome,
            period=max(quarter(act.at), quarter(sent.at), since), at=act.at,
            took=None if until is None else max(until - sent.at, timedelta(0)),
            case=case.reference, act=act.id, mentions=mentions,
        )  # fmt: skip

    found = [fact(Event.REQUESTED, sent)]
    for act in said:
        if act.kind is Kind.ASKED:
            names = tuple(dict.fromkeys(_known(name.partition(".")[0], _FIELDS) for name in act.body["fields"]))
            found.append(fact(Event.RETURNED, act, _one_of(names), names))
    answer = _first(said, Kind.ACCEPTED, Kind.REFUSED)
    if answer is not None:
        found.append(fact(Event.ANSWERED, answer, *_answer(answer, grounds)))
    given = _first(said, *_GIVEN)
    if given is not None and answer is not None and answer.kind is Kind.ACCEPTED:
        since = found[-1].period
        part = "part" if str(given.body.get("rest", "")).strip() else "complete"
        found.append(fact(Event.GIVEN, given, part, since=since))
    end = _first(said, Kind.REFUSED, Kind.WITHDRAWN, Kind.CLOSED)
    if end is not None and (answer is None or answer.kind is Kind.ACCEPTED):
        found.append(fact(Event.ENDED, end, _end(case.life, end, said[: said.index(end)])))
    return tuple(found)


def _first(said: Iterable[Act], *kinds: Kind) -> Act | None:
    return next((act for act in said if act.kind in kinds), None)


def _known(name: str, names: frozenset[str]) -> str:
    return name if name in names and CODE.fullmatch(name) else OTHER


def _one_of(names: tuple[str, ...]) -> str:
    return SEVERAL if len(names) > 1 else names[0] if names else UNNAMED


def _answer(act: Act, grounds: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    if act.kind is Kind.ACCEPTED:
        return ("conditional" if act.body["conditions"] else "accepted"), ()
    names = tuple(dict.fromkeys(_known(name, grounds - {*ANSWERS}) for name in act.body["grounds"]))
    return _one_of(names), names


def _end(life: Life, end: Act, before: list[Act]) -> str:
    """How a case ended, by what had been said before."""
    given = [act for act in before if act.kind in _GIVEN]
    if end.kind is Kind.REFUSED:
        return "partly-given" if given else "revoked"
    if end.kind is Kind.WITHDRAWN:
        return "withdrawn"
    if life in (Life.NOTICE, Life.CONSENT):
        return "complete" if _first(before, Kind.ACCEPTED) else "incomplete"
    if not given:
        return "incomplete"
    return "partly-given" if str(given[-1].body.get("rest", "")).strip() else "complete"


@dataclass(frozen=True, kw_only=True)
class Programme:
    """A programme of assistance, Article 54, as the caller knows it.

    Args:
        reference: its number.
        partner: the other State.
        gives: whether this State gives.
        topic: a code.
        begun: when it began.
        ended: when it ended, or None.
        result: a code for how; empty while it runs.
    """

    reference: str
    partner: str
    gives: bool
    topic: str
    begun: datetime
    ended: datetime | None = None
    result: str = ""


def of_programme(programme: Programme) -> tuple[Fact, ...]:
    """The facts of a programme. Raises Invalid: it ended before it began, or names no codes."""
    if not CODE.fullmatch(programme.topic) or (programme.ended is not None and not CODE.fullmatch(programme.result)):
        raise Invalid("A programme's topic and result are codes.", code="figures.programme", where="topic")
    if programme.ended is not None and programme.ended < programme.begun:
        raise Invalid("This programme ended before it began.", code="figures.programme", where="ended")
    direction = MADE if programme.gives else RECEIVED

    def fact(event: Event, at: datetime, outcome: str) -> Fact:
        return Fact(event=event, direction=direction, subject=programme.topic, partner=programme.partner, outcome=outcome,
                    period=quarter(at), at=at, case=programme.reference)  # fmt: skip

    begun = fact(Event.BEGUN, programme.begun, NONE)
    if programme.ended is None:
        return (begun,)
    return begun, fact(Event.CONCLUDED, programme.ended, programme.result)


# ----------------------------------------------------------------------------------- for the officers, nothing is hidden


@dataclass(frozen=True)
class Waits:
    """How long things took.

    Args:
        known: how many have a known time.
        unknown: how many have not.
        median: the lower median, a time that was really taken; None if none is known.
        ninth: nine of ten took no longer (nearest rank).
        longest: the longest.
    """

    known: int
    unknown: int
    median: timedelta | None
    ninth: timedelta | None
    longest: timedelta | None


def waits(facts: Iterable[Fact]) -> Waits:
    """How long these facts took. A median is somebody's case: not for the public, which gets bands."""
    times = [fact.took for fact in facts]
    known = sorted(one for one in times if one is not None)
    if not known:
        return Waits(0, len(times), None, None, None)
    ninth = known[-(-9 * len(known) // 10) - 1]
    return Waits(len(known), len(times) - len(known), median_low(known), ninth, known[-1])


def defects(facts: Iterable[Fact]) -> dict[tuple[str, str], tuple[Fact, ...]]:
    """(direction, field) -> the times that more was asked for about this field of a request, 40(16)."""
    found: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.event is Event.RETURNED:
            for name in fact.mentions or (UNNAMED,):
                found[fact.direction, name].append(fact)
    return {key: tuple(those) for key, those in found.items()}
