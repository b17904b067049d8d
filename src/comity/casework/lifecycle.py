"""The life of a case, on both sides of the border, as one table.

A case is its acts, in order. `advance(case, act, home=…)` answers one question: may this act happen now? It is asked by
the node of `home`, which sees its own acts (also the internal ones) and, of the other State, only the acts that cross::

    requesting State                          requested State
    ────────────────                          ───────────────
    drafted · checked · approved (or discarded)
    requested  ─────────────────────────────▶ (open)
                                              assessed
    (queried)  ◀───────────────────────────── asked               40(16)
    amended · checked · approved
    supplemented ───────────────────────────▶ (open)
               ◀───────────────────────────── consulted           40(28), 42(7), 22(5); at any running stage
    replied    ─────────────────────────────▶
    enquired   ─────────────────────────────▶                     40(26), at any running stage
               ◀───────────────────────────── progress
               ◀───────────────────────────── accepted | postponed
    agreed     ─────────────────────────────▶                     40(28), when there are conditions
               ◀───────────────────────────── refused             40(21)-(25), while something is still to be given

    HOLD                                      ordered
               ◀───────────────────────────── preserved           42
    extension-asked ────────────────────────▶                     42(9)
               ◀───────────────────────────── extended | extension-refused

    EVIDENCE                                  authorised          24; where the measure is coercive, or law asks for it
                                              ordered · executed
    (disclosed) ◀──────────────────────────── disclosed           44; again, while it says that something is missing
    verified · released

    DEED                                      authorised · ordered
    (performed) ◀──────────────────────────── performed           again, while it says that something is missing

    NOTICE, CONSENT: the answer is all: accepted or refused.

    APPEARANCE                                                    40(29), after the acceptance
    discharged · leaving-hindered · safe-conduct-ended ──▶

    closed     ─────────────────────────────▶ (closing)
               ◀───────────────────────────── closed
    withdrawn  ─────────────────────────────▶                     40(26)

What a foreign act can do is therefore one column of the table: move a case from one of the stages in `seen`. No such
row leads past a decision or an authorisation, which only `home`'s own officers can record (Article 5). The four-eyes
rule is law, not manners, and lives in `guards`: nobody approves his own draft, and who decides does not also authorise.

Acts of both States can cross on their way. One of the other State that comes too late for that reason, genuine and in its
place in the chain, is kept without effect (`Case.crossed`), so that it does not break the chain of all later ones. What was
given or done stays visible all the same, and what came back can be verified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from comity.casework import guards as g
from comity.casework.act import CROSSING, SKEW, Act, Kind, Power
from comity.casework.case import Case, Stage
from comity.casework.measure import COERCIVE, LIVES, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.release import as_received
from comity.casework.request import Request
from comity.errors import NotPossible, NotYours

__all__ = [
    "CROSSING", "LIFE", "TABLE", "Act", "Case", "Kind", "Power", "Stage", "Step", "advance", "open_case", "power_for",
    "steps",
]  # fmt: skip

Guard = Callable[[Case, Act], None]
S, K, P = Stage, Kind, Power

LIFE: Final[dict[Life, frozenset[Measure]]] = {
    life: frozenset(measure for measure, its in LIVES.items() if its is life) for life in Life
}
"""The measures of each life."""

_ALL = frozenset(Measure)
_HOLD, _EVIDENCE, _DEED, _NOTICE, _CONSENT = (LIFE[life] for life in Life)
_CARRIED_OUT = _EVIDENCE | _DEED
_ASKED_FOR = _ALL - _NOTICE


@dataclass(frozen=True)
class Step:
    """One row of the table.

    Args:
        kind: the act.
        side: who may do it: ``requesting`` or ``requested``.
        power: the power its officer needs.
        own: stage before -> stage after, at the State that acts.
        seen: the same at the other State; empty when the act does not cross the border.
        guards: what else must hold at the State that acts.
        measures: the measures whose life knows it.
        both: what must hold at either State, by what both have seen.
    """

    kind: Kind
    side: str
    power: Power
    own: Mapping[Stage, Stage]
    seen: Mapping[Stage, Stage] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    measures: frozenset[Measure] = _ALL
    both: tuple[Guard, ...] = ()


def _to(target: Stage, *sources: Stage) -> dict[Stage, Stage]:
    return dict.fromkeys(sources, target)


def _stay(*stages: Stage) -> dict[Stage, Stage]:
    return {stage: stage for stage in stages}


# Where a case runs, as each side sees it. What finds it elsewhere has crossed something on its way.
_ASKING = (
    S.OPEN,
    S.QUERIED,
    S.REDRAFT,
    S.REREADY,
    S.POSTPONED,
    S.ACCEPTED,
    S.PRESERVED,
    S.DISCLOSED,
    S.VERIFIED,
    S.PERFORMED,
)
_ASKED = (
    S.OPEN,
    S.QUERIED,
    S.POSTPONED,
    S.ACCEPTED,
    S.AUTHORISED,
    S.ORDERED,
    S.EXECUTED,
    S.PRESERVED,
    S.DISCLOSED,
    S.PERFORMED,
)
_UNDONE = (
    S.OPEN,
    S.QUERIED,
    S.POSTPONED,
    S.ACCEPTED,
    S.AUTHORISED,
    S.ORDERED,
    S.EXECUTED,
)  # nothing lies with the other State
_AWAITED = (S.OPEN, S.QUERIED, S.REDRAFT, S.REREADY, S.POSTPONED, S.ACCEPTED)  # the same, as the other side sees it
_UNANSWERED = (S.OPEN, S.QUERIED, S.REDRAFT, S.REREADY)
_DONE = _to(S.PERFORMED, S.ACCEPTED, S.PERFORMED)

_BEFORE: tuple[Step, ...] = (
    Step(K.DRAFTED, "requesting", P.DRAFT, _to(S.DRAFT, S.NEW, S.DRAFT, S.READY)),
    Step(K.DISCARDED, "requesting", P.DRAFT, _to(S.DISCARDED, S.DRAFT, S.READY)),
    Step(K.CHECKED, "requesting", P.DRAFT, _stay(S.DRAFT, S.REDRAFT)),
    Step(K.APPROVED, "requesting", P.APPROVE, {S.DRAFT: S.READY, S.REDRAFT: S.REREADY},
         guards=(g.not_by_author, g.checked)),
    Step(K.REQUESTED, "requesting", P.APPROVE, _to(S.OPEN, S.READY), _to(S.OPEN, S.NEW), (g.as_approved,)),
    Step(K.AMENDED, "requesting", P.DRAFT, _to(S.REDRAFT, S.QUERIED, S.REDRAFT, S.REREADY)),
    Step(K.SUPPLEMENTED, "requesting", P.APPROVE, _to(S.OPEN, S.REREADY), _to(S.OPEN, S.QUERIED), (g.as_approved,)),
)  # fmt: skip

_TALK: tuple[Step, ...] = (
    Step(K.ENQUIRED, "requesting", P.APPROVE, _stay(*_ASKING), _stay(*_ASKED), both=(g.few,)),
    Step(K.PROGRESS, "requested", P.DECIDE, _stay(*_ASKED), _stay(*_ASKING), both=(g.few,)),
    Step(K.CONSULTED, "requested", P.DECIDE, _stay(*_ASKED), _stay(*_ASKING), both=(g.few,)),
    Step(K.REPLIED, "requesting", P.APPROVE, _stay(*_ASKING), _stay(*_ASKED), (g.was_consulted,), both=(g.few,)),
    *(
        Step(kind, side, power, _stay(*stages))
        for kind in (K.DEADLINE_MET, K.DEADLINE_ESCALATED, K.DEADLINE_WAIVED)
        for side, power, stages in (("requesting", P.APPROVE, _ASKING), ("requested", P.DECIDE, _ASKED))
    ),
)

_DECISION: tuple[Step, ...] = (
    Step(K.ASSESSED, "requested", P.DECIDE, _stay(S.OPEN, S.QUERIED, S.POSTPONED)),
    Step(K.ASKED, "requested", P.DECIDE, _to(S.QUERIED, S.OPEN), _to(S.QUERIED, S.OPEN), (g.assessed,)),
    Step(K.ACCEPTED, "requested", P.DECIDE, _to(S.ACCEPTED, S.OPEN, S.POSTPONED, S.ACCEPTED),
         _to(S.ACCEPTED, S.OPEN, S.POSTPONED, S.ACCEPTED), (g.assessed,), _CARRIED_OUT, (g.few,)),
    Step(K.ACCEPTED, "requested", P.DECIDE, _to(S.ACCEPTED, S.OPEN, S.POSTPONED),
         _to(S.ACCEPTED, S.OPEN, S.POSTPONED), (g.assessed,), _HOLD | _CONSENT),
    Step(K.ACCEPTED, "requested", P.DECIDE, _to(S.ACCEPTED, S.OPEN), _to(S.ACCEPTED, S.OPEN), (g.assessed,), _NOTICE,
         (g.as_told,)),
    Step(K.AGREED, "requesting", P.APPROVE, _stay(S.ACCEPTED, S.PRESERVED),
         _stay(S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.PRESERVED), (g.as_decided,), _ASKED_FOR, (g.few,)),
    Step(K.POSTPONED, "requested", P.DECIDE, _to(S.POSTPONED, S.OPEN), _to(S.POSTPONED, S.OPEN),
         (g.assessed, g.consulted), _ASKED_FOR),
    Step(K.REFUSED, "requested", P.DECIDE, _to(S.REFUSED, *_UNDONE), _to(S.REFUSED, *_AWAITED),
         (g.assessed, g.consulted), _HOLD | _CARRIED_OUT),
    Step(K.REFUSED, "requested", P.DECIDE, _to(S.REFUSED, S.DISCLOSED, S.PERFORMED),
         _to(S.REFUSED, S.DISCLOSED, S.VERIFIED, S.PERFORMED), (g.assessed, g.consulted), _CARRIED_OUT, (g.more_due,)),
    Step(K.REFUSED, "requested", P.DECIDE, _to(S.REFUSED, S.OPEN, S.QUERIED, S.POSTPONED, S.ACCEPTED),
         _to(S.REFUSED, *_AWAITED), (g.assessed, g.consulted), _CONSENT),
    Step(K.REFUSED, "requested", P.DECIDE, _stay(S.CLOSING, S.CLOSED), _stay(S.CLOSING, S.CLOSED), (g.consents,),
         _CONSENT, (g.few,)),  # a consent is revoked also when the case is over
    Step(K.REFUSED, "requested", P.DECIDE, _to(S.REFUSED, S.OPEN, S.QUERIED), _to(S.REFUSED, *_UNANSWERED),
         (g.assessed,), _NOTICE),
)  # fmt: skip

_EXECUTION: tuple[Step, ...] = (
    Step(K.AUTHORISED, "requested", P.AUTHORISE,
         _to(S.AUTHORISED, S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.DISCLOSED, S.PERFORMED),
         guards=(g.not_by_decider, g.more_due), measures=_CARRIED_OUT),
    Step(K.ORDERED, "requested", P.EXECUTE, _to(S.ORDERED, S.ACCEPTED, S.ORDERED), measures=_HOLD),
    Step(K.ORDERED, "requested", P.EXECUTE,
         _to(S.ORDERED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.DISCLOSED, S.PERFORMED),
         guards=(g.still_authorised, g.more_due), measures=_CARRIED_OUT & COERCIVE),
    Step(K.ORDERED, "requested", P.EXECUTE,
         _to(S.ORDERED, S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.DISCLOSED, S.PERFORMED),
         guards=(g.still_authorised, g.more_due), measures=_CARRIED_OUT - COERCIVE),
    Step(K.PRESERVED, "requested", P.EXECUTE, _to(S.PRESERVED, S.ORDERED), _to(S.PRESERVED, S.ACCEPTED),
         measures=_HOLD, both=(g.held,)),
    Step(K.EXECUTED, "requested", P.EXECUTE, _to(S.EXECUTED, S.ORDERED, S.DISCLOSED),
         guards=(g.still_authorised, g.more_due), measures=_EVIDENCE),
    Step(K.DISCLOSED, "requested", P.EXECUTE, _to(S.DISCLOSED, S.EXECUTED),
         _to(S.DISCLOSED, S.ACCEPTED, S.DISCLOSED, S.VERIFIED), (g.as_executed, g.still_authorised), _EVIDENCE,
         (g.accepted, g.more_due, g.agreed, g.as_accepted, g.flagged, g.not_disclosed_before, g.few)),
    Step(K.PERFORMED, "requested", P.EXECUTE, _to(S.PERFORMED, S.AUTHORISED, S.ORDERED, S.PERFORMED), _DONE,
         (g.done_in_time,), _DEED & COERCIVE, (g.accepted, g.more_due, g.agreed, g.few)),
    Step(K.PERFORMED, "requested", P.EXECUTE, _to(S.PERFORMED, S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.PERFORMED), _DONE,
         (g.done_in_time,), _DEED - COERCIVE, (g.accepted, g.more_due, g.agreed, g.few)),
)  # fmt: skip

_MORE_TIME: tuple[Step, ...] = (
    Step(K.EXTENSION_ASKED, "requesting", P.APPROVE, _stay(S.PRESERVED), _stay(S.PRESERVED), (g.later,), _HOLD,
         (g.in_time, g.few)),
    Step(K.EXTENSION_ASKED, "requesting", P.APPROVE, _stay(S.ACCEPTED, S.DISCLOSED, S.VERIFIED),
         _stay(S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.DISCLOSED), (g.more_due, g.later),
         TRAFFIC_AND_CONTENT, (g.in_time, g.few)),
    Step(K.EXTENDED, "requested", P.DECIDE, _stay(S.PRESERVED), _stay(S.PRESERVED),
         (g.to_come,), _HOLD, (g.was_asked, g.later)),
    Step(K.EXTENDED, "requested", P.DECIDE, _stay(S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.DISCLOSED),
         _stay(S.ACCEPTED, S.DISCLOSED, S.VERIFIED), (g.to_come, g.reached),
         TRAFFIC_AND_CONTENT, (g.was_asked, g.later, g.as_asked)),
    Step(K.EXTENSION_REFUSED, "requested", P.DECIDE, _stay(S.PRESERVED), _stay(S.PRESERVED), (),
         _HOLD, (g.was_asked,)),
    Step(K.EXTENSION_REFUSED, "requested", P.DECIDE,
         _stay(S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.EXECUTED, S.DISCLOSED),
         _stay(S.ACCEPTED, S.DISCLOSED, S.VERIFIED), (), TRAFFIC_AND_CONTENT, (g.was_asked,)),
)  # fmt: skip

_APPEARANCE = frozenset({Measure.APPEARANCE})
_COME = (S.ACCEPTED, S.PERFORMED, S.REFUSED, S.WITHDRAWN)  # where a person can have come, as each side sees it
_GONE = (S.ACCEPTED, S.AUTHORISED, S.ORDERED, S.PERFORMED, S.REFUSED, S.WITHDRAWN)

_CONDUCT: tuple[Step, ...] = (
    Step(K.DISCHARGED, "requesting", P.APPROVE, _stay(*_COME), _stay(*_GONE), (), _APPEARANCE,
         (g.told, g.period_agreed, g.few)),
    Step(K.LEAVING_HINDERED, "requesting", P.APPROVE, _stay(*_COME), _stay(*_GONE), (), _APPEARANCE,
         (g.hindered, g.few)),
    Step(K.SAFE_CONDUCT_ENDED, "requesting", P.APPROVE, _stay(*_COME), _stay(*_GONE), (), _APPEARANCE,
         (g.conduct_over, g.few)),
    *(
        Step(kind, side, power, _stay(S.REFUSED, S.WITHDRAWN), guards=(g.some_under_conduct,), measures=_APPEARANCE)
        for kind in (K.DEADLINE_MET, K.DEADLINE_ESCALATED, K.DEADLINE_WAIVED)
        for side, power in (("requesting", P.APPROVE), ("requested", P.DECIDE))
    ),  # safe conduct outlasts the request
)  # fmt: skip

_AFTER: tuple[Step, ...] = (
    Step(K.VERIFIED, "requesting", P.EXECUTE,
         _to(S.VERIFIED, S.DISCLOSED, S.VERIFIED) | _stay(S.REFUSED, S.WITHDRAWN, S.CLOSING, S.CLOSED),
         guards=(g.as_disclosed,), measures=_EVIDENCE),
    Step(K.RELEASED, "requesting", P.EXECUTE,
         _stay(S.DISCLOSED, S.VERIFIED, S.REFUSED, S.WITHDRAWN, S.CLOSING, S.CLOSED), guards=(as_received,),
         measures=_EVIDENCE),
    Step(K.RELEASED, "requested", P.EXECUTE, _stay(S.ACCEPTED, S.CLOSING, S.CLOSED), guards=(as_received,),
         measures=_NOTICE),
    Step(K.WITHDRAWN, "requesting", P.APPROVE, _to(S.WITHDRAWN, *_AWAITED, S.PRESERVED, S.DISCLOSED),
         _to(S.WITHDRAWN, *_ASKED, S.REFUSED)),  # what is refused is no longer needed either
    Step(K.WITHDRAWN, "requesting", P.APPROVE, _to(S.WITHDRAWN, S.VERIFIED, S.PERFORMED),
         _to(S.WITHDRAWN, *_ASKED, S.REFUSED), (g.unfinished,), _CARRIED_OUT),
    Step(K.CLOSED, "requesting", P.EXECUTE, _to(S.CLOSING, S.VERIFIED, S.PERFORMED),
         _to(S.CLOSING, S.DISCLOSED, S.PERFORMED), (g.all_verified,), _CARRIED_OUT, (g.all_done, g.none_under_conduct)),
    Step(K.CLOSED, "requesting", P.EXECUTE, _to(S.CLOSING, S.ACCEPTED), _to(S.CLOSING, S.ACCEPTED),
         measures=_NOTICE | _CONSENT),
    Step(K.CLOSED, "requesting", P.EXECUTE, _to(S.CLOSING, S.PRESERVED, S.REFUSED, S.WITHDRAWN),
         _to(S.CLOSING, S.PRESERVED, S.REFUSED, S.WITHDRAWN), both=(g.none_under_conduct,)),
    Step(K.CLOSED, "requested", P.EXECUTE, _to(S.CLOSED, S.CLOSING), _to(S.CLOSED, S.CLOSING)),
)  # fmt: skip

TABLE: Final[tuple[Step, ...]] = (*_BEFORE, *_TALK, *_DECISION, *_EXECUTION, *_MORE_TIME, *_CONDUCT, *_AFTER)
"""Every step there is. At one stage of one measure, a kind of act has one row at most at the State that acts."""


def power_for(case: Case, kind: Kind, *, home: str) -> Power:
    """The power that `home`'s officer needs for an act of `kind` in `case`. Raises NotPossible: not its act."""
    side = "requesting" if home == case.requesting else "requested"
    for step in TABLE:
        if step.kind is kind and step.side == side and case.measure in step.measures:
            return step.power
    raise NotPossible(f"'{kind}' is not an act of the {side} State.", code="case.side", where=case.reference)


def steps(case: Case, *, home: str) -> tuple[Step, ...]:
    """What `home`'s officers may do next, by stage alone (guards may still object)."""
    side = "requesting" if home == case.requesting else "requested"
    return tuple(
        step for step in TABLE if step.side == side and case.measure in step.measures and case.stage in step.own
    )


def _rows(case: Case, act: Act) -> list[Step]:
    """The rows of its author's side and the case's measure that `act` could use at one stage or another."""
    side = "requesting" if act.by == case.requesting else "requested"
    return [step for step in TABLE if step.kind is act.kind and step.side == side and case.measure in step.measures]


def _row(case: Case, act: Act, home: str) -> tuple[Step, Stage]:
    """The row that `act` uses and the stage it leads to; raises NotPossible when there is none."""
    for step in _rows(case, act):
        stages = step.own if act.by == home else step.seen
        if case.stage in stages:
            return step, stages[case.stage]
    raise NotPossible(
        f"'{act.kind}' by {act.by} does not fit a case that is '{case.stage}'.", code="case.stage", where=case.reference
    )


def _chained(case: Case, act: Act) -> None:
    """A crossing act names the last crossing act its author knew: one of this case, or none for the first.

    It was not said before that one: clocks differ by `SKEW` at most.
    """
    before = next((old for old in reversed(case.acts) if old.id == act.after and old.kind in CROSSING), None)
    if before is None and (act.after or case.head):
        raise NotPossible("The act stands on a history that this node does not know.", code="case.history")
    if before is not None and act.at < before.at - SKEW:
        raise NotPossible("The act says that it is older than the one it stands on.", code="case.time", where="at")


def _crossed(case: Case, act: Act, home: str) -> bool:
    """Whether `act` of the other State passed one of `home` on its way: its author did not know home's last one."""
    if act.by == home or act.kind not in CROSSING:
        return False
    mine = next((old for old in reversed(case.acts) if old.by == home and old.kind in CROSSING), None)
    known = case.knowing(act)[-1][1]
    late = sum(old.id in case.crossed for old in case.acts)
    return mine is not None and (known is None or known.id != mine.id) and late < CROSSED_LIMIT


def _effect(case: Case, act: Act, home: str) -> Stage | None:
    """The stage that `act` leads to; None if it came too late, because it crossed an act of `home`, to lead anywhere.

    Raises:
        NotPossible: it does not fit, and did not cross anything; or its contents contradict what its author said before.
        NotYours: an officer of `home` may not.
    """
    try:
        step, target = _row(case, act, home)
        if act.by == home and act.power != step.power:
            raise NotYours(f"This needs the power to {step.power}.", code="case.power", where="power")
        for guard in (*(step.guards if act.by == home else ()), *step.both):
            guard(case, act)
    except NotPossible:
        rows = _rows(case, act)
        if not rows or not _crossed(case, act, home):
            raise
        for guard in {guard for row in rows for guard in row.both} & _OF_ITSELF:
            guard(case, act)
        return None
    return target


def _restored(case: Case, act: Act, home: str) -> Stage | None:
    """The stage that an act of `home` which came back leads to, from wherever the case stood in the older memory.

    None: `home` has said something since that does not stand on it; the newer word counts.

    Raises:
        NotPossible: it is no act that has crossed, or it contradicts what both have seen.
    """
    place = next((number for number, old in enumerate(case.acts, 1) if old.id == act.after), 0)
    if any(old.by == home and old.kind in CROSSING for old in case.acts[place:]):
        return None
    rows = _rows(case, act) if act.by == home and act.kind in CROSSING else []
    for step in sorted(rows, key=lambda row: case.stage not in {**row.own, **row.seen}):
        targets = {**step.own, **step.seen}
        for guard in step.both:
            guard(case, act)
        ends = set(step.own.values())
        return targets.get(case.stage) or (ends.pop() if len(ends) == 1 else case.stage)
    raise NotPossible(f"'{act.kind}' is no act that comes back.", code="case.side", where=case.reference)


_OF_ITSELF: Final = frozenset(
    {
        g.accepted,
        g.more_due,
        g.as_accepted,
        g.flagged,
        g.not_disclosed_before,
        g.as_told,
        g.held,
        g.few,
        g.told,
        g.period_agreed,
        g.hindered,
        g.conduct_over,
        g.none_under_conduct,
    }
)
"""Conditions that hang on what the author itself said and did: an act that breaks one is refused, crossed or not."""
CROSSED_LIMIT: Final = 100  # acts in a case that came too late; honest States stay far below it


def advance(case: Case, act: Act, *, home: str, restored: bool = False) -> Case:
    """`case` with `act` added, if that may happen.

    Args:
        case: the case as `home` knows it.
        act: the next act, by `home` or by the other State.
        home: the State whose node is asking.
        restored: `home` had lost this act of its own, and took it back from the other State. The internal steps before it are
            lost for good: it is held to what both have seen.

    Returns:
        The case after the act.

    Raises:
        NotPossible: the act does not fit the stage, the side, the measure or the history.
        NotYours: the power is not the one required, or four eyes are.
    """
    if act.case != case.reference or not {act.by, home} <= {case.requesting, case.requested}:
        raise NotPossible("The act belongs to another case.", code="case.other", where=act.case)
    if act.id and any(earlier.id == act.id for earlier in case.acts):
        raise NotPossible("This act is known already.", code="act.known", where=act.case)
    if act.kind in CROSSING:
        _chained(case, act)
    target = _restored(case, act, home) if restored else _effect(case, act, home)
    request = act.request or case.request
    _same_case(case, request)
    if act.exercise != request.exercise:
        raise NotPossible(
            "Every act of an exercise says so, and no other does.", code="case.exercise", where="exercise"
        )
    acts = (*case.acts, act)
    if target is None:
        return replace(case, acts=acts, crossed=case.crossed | {act.id})
    return replace(case, stage=target, acts=acts, written=request)


def _same_case(case: Case, request: Request) -> None:
    """A draft or supplement cannot turn the case into another one, nor an exercise that was sent into earnest."""
    mine = (case.reference, case.requesting, case.requested, case.measure)
    if (request.reference, request.requesting, request.requested, request.measure) != mine:
        raise NotPossible("Reference, States and measure of a case do not change.", code="case.other")
    if case.last(Kind.REQUESTED) is not None and case.request.exercise != request.exercise:
        raise NotPossible("An exercise stays an exercise.", code="case.other", where="exercise")


def open_case(request: Request) -> Case:
    """An empty case for `request`: no act yet."""
    return Case(request.reference, request.requesting, request.requested, request.measure)
