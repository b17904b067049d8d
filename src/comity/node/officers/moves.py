"""What this officer may do next in a case, and why he may not do the rest.

The answer is that of `casework.lifecycle` itself, asked without writing anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from comity.casework.act import EVIDENCE, FORMS, INTELLIGENCE, STAYED
from comity.casework.lifecycle import TABLE, Act, Case, Kind, Stage, Step, advance, steps
from comity.casework.measure import COERCIVE, Life, Measure
from comity.casework.moments import moment_text, parse_date, strict_moment
from comity.casework.times import under_conduct
from comity.errors import ComityError, NotPossible, NotYours
from comity.node import models
from comity.node.officers import acts, answers, reading
from comity.node.officers.answers import Problem
from comity.node.settings import Settings

VERB: Final[Mapping[Kind, str]] = {
    Kind.DRAFTED: "draft",
    Kind.CHECKED: "check",
    Kind.APPROVED: "approve",
    Kind.REQUESTED: "send",
    Kind.AMENDED: "amend",
    Kind.SUPPLEMENTED: "supplement",
    Kind.DISCARDED: "discard",
    Kind.WITHDRAWN: "withdraw",
    Kind.AGREED: "agree",
    Kind.REPLIED: "reply",
    Kind.ENQUIRED: "enquire",
    Kind.EXTENSION_ASKED: "ask-extension",
    Kind.DISCHARGED: "discharge",
    Kind.LEAVING_HINDERED: "hinder",
    Kind.SAFE_CONDUCT_ENDED: "end-safe-conduct",
    Kind.VERIFIED: "verify",
    Kind.RELEASED: "release",
    Kind.ASSESSED: "assess",
    Kind.ASKED: "ask",
    Kind.CONSULTED: "consult",
    Kind.PROGRESS: "report",
    Kind.ACCEPTED: "accept",
    Kind.REFUSED: "refuse",
    Kind.POSTPONED: "postpone",
    Kind.AUTHORISED: "authorise",
    Kind.ORDERED: "order",
    Kind.PRESERVED: "preserve",
    Kind.EXTENDED: "extend",
    Kind.EXTENSION_REFUSED: "refuse-extension",
    Kind.EXECUTED: "execute",
    Kind.DISCLOSED: "disclose",
    Kind.PERFORMED: "perform",
    Kind.DEADLINE_MET: "meet",
    Kind.DEADLINE_ESCALATED: "escalate",
    Kind.DEADLINE_WAIVED: "waive",
    Kind.CLOSED: "close",
}
KIND: Final[Mapping[str, Kind]] = {verb: kind for kind, verb in VERB.items()}
DECISIONS: Final = ("accept", "refuse", "postpone")
SETTLING: Final = ("meet", "escalate", "waive")
_WORK: Final[Mapping[Kind, str]] = {
    Kind.EXECUTED: models.Job.Kind.TAKE_IN,
    Kind.DISCLOSED: models.Job.Kind.DISCLOSE,
    Kind.VERIFIED: models.Job.Kind.VERIFY,
}


@dataclass(frozen=True)
class Move:
    """A step that the case is ready for.

    Args:
        kind: the act.
        verb: its page.
        power: what its officer needs.
        why_not: why this officer may not do it now, or None.
        aside: possible, but not what the case waits for.
    """

    kind: Kind
    verb: str
    power: str
    why_not: Problem | None
    aside: bool

    @property
    def allowed(self) -> bool:
        """Whether this officer may do it now."""
        return self.why_not is None

    @property
    def lacks_power(self) -> bool:
        """Whether he lacks the power."""
        return self.why_not is not None and self.why_not.code == "case.power"


def possible(settings: Settings, case: Case, officer: models.Officer, *, at: datetime) -> list[Move]:
    """The steps that `case` is ready for on this side, with what stands in this officer's way.

    What has nothing to be about is left out: a reply where nobody consulted, a deadline, which stands with its clock.
    """
    aside = _aside(case, at)
    found = [
        Move(
            step.kind,
            VERB[step.kind],
            str(step.power),
            why_not(settings, case, step, officer, at=at),
            step.kind in aside,
        )
        for step in steps(case, home=settings.state)
        if not _about_nothing(case, step.kind)
    ]
    return sorted(found, key=lambda move: _FIRST.get(move.kind, len(_FIRST)))


_FIRST: Final[Mapping[Kind, int]] = {
    kind: place for place, kind in enumerate((Kind.AGREED, Kind.REPLIED, Kind.EXTENDED, Kind.EXTENSION_REFUSED, Kind.ACCEPTED))
}  # fmt: skip


_NOTHING: Final[Mapping[Kind, Callable[[Case], bool]]] = {
    Kind.AGREED: lambda case: case.agreed,
    Kind.REPLIED: lambda case: case.consultation is None,
    Kind.EXTENDED: lambda case: case.asked_to_extend is None,
    Kind.EXTENSION_REFUSED: lambda case: case.asked_to_extend is None,
    Kind.EXTENSION_ASKED: lambda case: case.until is None or case.complete or case.asked_to_extend is not None,
    Kind.DISCHARGED: lambda case: not any(subject.name for subject in case.request.persons),
    Kind.LEAVING_HINDERED: lambda case: not under_conduct(case),
    Kind.SAFE_CONDUCT_ENDED: lambda case: not under_conduct(case),
    Kind.VERIFIED: lambda case: all(case.verified(said) for said in case.returns),
    Kind.RELEASED: lambda case: case.life is not Life.NOTICE and not any(case.verified(said) for said in case.returns),
    Kind.AUTHORISED: lambda case: case.complete,
    Kind.ORDERED: lambda case: case.complete,
    Kind.EXECUTED: lambda case: case.complete,
    Kind.PERFORMED: lambda case: case.complete,
    Kind.REFUSED: lambda case: case.complete or (case.stage in (Stage.CLOSING, Stage.CLOSED) and not case.consents),
    Kind.WITHDRAWN: lambda case: case.complete and all(case.verified(said) for said in case.returns),
}


def _about_nothing(case: Case, kind: Kind) -> bool:
    return VERB[kind] in SETTLING or (kind in _NOTHING and _NOTHING[kind](case))


_NEVER_AWAITED: Final = frozenset({
    Kind.WITHDRAWN, Kind.DISCARDED, Kind.POSTPONED, Kind.CONSULTED, Kind.REFUSED, Kind.ENQUIRED, Kind.PROGRESS,
    Kind.EXTENSION_ASKED, Kind.DISCHARGED, Kind.LEAVING_HINDERED, Kind.SAFE_CONDUCT_ENDED,
})  # fmt: skip


def _aside(case: Case, at: datetime) -> frozenset[Kind]:
    """What the case does not wait for: ending it early, doing again what was done, asking when nothing failed."""
    found = set(_NEVER_AWAITED) | _again(case, at)
    checked = case.last(Kind.CHECKED, Kind.ASSESSED, Kind.DRAFTED, Kind.AMENDED, Kind.REQUESTED, Kind.SUPPLEMENTED)
    fresh = checked is not None and checked.kind in (Kind.CHECKED, Kind.ASSESSED)
    failed = (
        checked is not None
        and fresh
        and any(item["verdict"] == "failed" for item in checked.body["assessment"]["findings"])
    )
    if fresh:
        found |= {Kind.CHECKED, Kind.ASSESSED}
    if not failed:
        found |= {Kind.DRAFTED, Kind.ASKED} | ({Kind.AMENDED} if case.stage is Stage.REDRAFT else set())
    if case.stage is Stage.PRESERVED or case.rest or (case.life is Life.CONSENT and case.consents):
        found.add(Kind.CLOSED)
    if case.enquiry is not None:
        found.discard(Kind.PROGRESS)
    return frozenset(found)


def _again(case: Case, at: datetime) -> set[Kind]:
    """What may be done once more although it was done, and what a measure can do without."""
    found: set[Kind] = set()
    if case.stage in (Stage.READY, Stage.REREADY):
        found |= {Kind.DRAFTED, Kind.AMENDED}
    if case.stage is Stage.ACCEPTED:
        found.add(Kind.ACCEPTED)
    if case.stage is Stage.ORDERED:
        found.add(Kind.ORDERED)
    if case.last(Kind.RELEASED) or not acts.runs(case):
        found.add(Kind.RELEASED)
    if case.stage is Stage.EXECUTED:
        found |= {Kind.ORDERED, Kind.EXECUTED}
    if case.stage in (Stage.DISCLOSED, Stage.PERFORMED):
        found |= {Kind.ORDERED, Kind.AUTHORISED}
    if case.measure not in COERCIVE:
        found.add(Kind.AUTHORISED)
    if case.life is Life.DEED:
        found.add(Kind.ORDERED)
    grant = case.last(Kind.AUTHORISED)
    if grant is not None:
        valid = parse_date(grant.body["until"]) >= at.date()
        found = found | {Kind.AUTHORISED} if valid else found - {Kind.AUTHORISED}
    return found


def may(settings: Settings, case: Case, kind: Kind, officer: models.Officer, *, at: datetime) -> Problem | None:
    """What stands in the way of an act of `kind` by this officer now, or None."""
    for step in steps(case, home=settings.state):
        if step.kind is kind:
            return why_not(settings, case, step, officer, at=at)
    return _problem("case.stage")


def why_not(settings: Settings, case: Case, step: Step, officer: models.Officer, *, at: datetime) -> Problem | None:
    """What stands in the way of `step`: the power, four eyes, an earlier step, work that is still going on."""
    if not officer.is_active or step.power not in officer.powers:
        return answers.problem(NotYours("", code="case.power"))
    if step.kind in _WORK and _busy(case, step.kind):
        return _problem("job.running")
    if step.kind is Kind.VERIFIED and not _arrived(case):
        return _problem("evidence.incomplete")
    try:
        body = _probe(step.kind, case, at)
        advance(
            case,
            Act(step.kind, case.reference, settings.state, officer.username, "", step.power, at, body, after=case.head,
                exercise=case.request.exercise),
            home=settings.state,
        )  # fmt: skip
    except ComityError as error:
        return answers.problem(error)
    return None


def _busy(case: Case, kind: Kind) -> bool:
    """Whether the work for an act of `kind` is going on; of several returns each can be verified by itself."""
    waiting = models.Job.objects.filter(case=case.reference, kind=_WORK[kind], status="waiting")
    if kind is not Kind.VERIFIED:
        return waiting.exists()
    open_yet = {said.body["container"] for said in case.returns if not case.verified(said)}
    return bool(open_yet) and open_yet <= set(waiting.values_list("about", flat=True))


def _arrived(case: Case) -> bool:
    """Whether a return that is not verified yet is here in full."""
    open_yet = [said.body["container"] for said in case.returns if not case.verified(said)]
    return models.Container.objects.filter(pk__in=open_yet, complete=True).exists()


def _problem(code: str) -> Problem:
    return answers.problem(NotPossible("", code=code))


def _probe(kind: Kind, case: Case, at: datetime) -> dict[str, Any]:
    """A body that an act of `kind` might have, to ask the table with; it is thrown away."""
    said: dict[str, Any] = {
        "request": case.request.to_dict(),
        "assessment": {"findings": []},
        "letter": "",
        "effected_at": moment_text(at),
        "until": at.date().isoformat() if kind is Kind.AUTHORISED else moment_text(_later(case, at)),
        "conditions": _conditions(case, kind),
        "grounds": ["-"],
        "fields": [],
        "container": _UNKNOWN,
        "manifest": _UNKNOWN,
        "size": 1,
        "files": 0,
        "bytes": 0,
        "done_on": _done_on(case, at),
        "rest": "",
        "due": moment_text(at),
        "use": INTELLIGENCE if case.measure is Measure.POLICE_COOPERATION else EVIDENCE,
        "leave": "",
        "leave_head": "",
        "state": case.requesting if case.life is not Life.NOTICE else case.requested,
        "purpose": case.request.purpose,
    } | _material(kind, case, at)  # fmt: skip
    return {name: said.get(name, "-") for name in FORMS[kind]}


_UNKNOWN: Final = "0" * 64


def _material(kind: Kind, case: Case, at: datetime) -> dict[str, Any]:
    """What is taken in, disclosed, verified and released must agree with what was said before."""
    taken = case.last(Kind.EXECUTED)
    if kind is Kind.DISCLOSED and taken is not None:
        return {name: taken.body[name] for name in ("manifest", "files")}
    if kind is Kind.VERIFIED:
        waiting = [said for said in case.returns if not case.verified(said)]
        return {name: said.body[name] for said in waiting[:1] for name in ("container", "manifest")}
    if kind in _OF_A_PERSON:
        return _of_a_person(kind, case, at)
    if kind is Kind.RELEASED:
        if case.life is Life.NOTICE:
            return {"manifest": ""}
        ready = [said for said in case.returns if case.verified(said)]
        return {name: said.body[name] for said in ready[:1] for name in ("manifest", "conditions", "use")}
    return {}


_OF_A_PERSON: Final = frozenset({Kind.DISCHARGED, Kind.LEAVING_HINDERED, Kind.SAFE_CONDUCT_ENDED})


def _of_a_person(kind: Kind, case: Case, at: datetime) -> dict[str, Any]:
    """A word on the safe conduct of the first person of whom one is possible."""
    running, now = under_conduct(case), moment_text(at)
    names = [subject.name for subject in case.request.persons if subject.name]
    if kind is Kind.DISCHARGED:
        free = [name for name in names if name not in {one.person for one in running}] or names
        return {"person": (free or ["-"])[0], "told_at": now, "days": 0, "agreed": ""}
    one = running[0] if running else None
    since = one.hindrance if one else None
    span = {"since": moment_text(since or at), "until": now if since else ""}
    return {"person": one.person if one else "-", "how": STAYED, "ended_at": now} | span


def _conditions(case: Case, kind: Kind) -> list[str]:
    if kind is Kind.ACCEPTED and case.life is Life.NOTICE:
        return list(case.request.conditions)
    return list(case.conditions)


def _later(case: Case, at: datetime) -> datetime:
    """A moment to which a period could be extended: the one that was asked for, if one was."""
    asked = case.asked_to_extend
    if asked is not None:
        return strict_moment(asked.body["until"])
    return max(case.until or at, at) + timedelta(days=1)


def _done_on(case: Case, at: datetime) -> str:
    """A day on which a deed could have been done: within its authorisation, if it rests on one."""
    grant = case.last(Kind.AUTHORISED)
    days = [at.date(), *([parse_date(grant.body["until"])] if grant else [])]
    return min(days).isoformat()


@dataclass(frozen=True)
class Mark:
    """One step on the line that shows how far a case is."""

    kind: str
    state: str  # done, now or ahead
    by: str


def walk(settings: Settings, case: Case) -> list[Mark]:
    """The steps of the case as this side sees them: done, now, ahead."""
    kinds = [kind for kind in acts.WALKS[reading.side(settings, case)] if _has(case, Kind(kind))]
    ended = case.last(Kind.REFUSED, Kind.WITHDRAWN, Kind.DISCARDED)
    if ended is not None:
        kinds = [kind for kind in kinds if kind != "closed" and _reached(case, kind)] + [str(ended.kind)]
        kinds += ["closed"] if ended.kind is not Kind.DISCARDED else []
    current = next((kind for kind in kinds if not _reached(case, kind)), "")
    marks = []
    for kind in kinds:
        state = "done" if _reached(case, kind) else "now" if kind == current else "ahead"
        marks.append(Mark(kind, state, _whose(case, kind)))
    return marks


def _has(case: Case, kind: Kind) -> bool:
    """Whether a case of this measure goes through `kind`; what it can do without is shown when it was done."""
    if kind is Kind.AGREED:
        return bool(case.conditions) and case.life is not Life.NOTICE
    if kind is Kind.AUTHORISED and case.measure not in COERCIVE:
        return case.last(kind) is not None
    if kind is Kind.ORDERED and case.life is Life.DEED:
        return case.last(kind) is not None
    return any(step.kind is kind and case.measure in step.measures for step in TABLE)


def _reached(case: Case, kind: str) -> bool:
    """Whether the step is done and still holds: a new draft undoes the approval, a new authorisation the order."""
    if kind == "closed":
        return case.stage is Stage.CLOSED
    done = Kind(kind)
    if done is Kind.AGREED:
        return case.agreed
    if done is Kind.VERIFIED and not (case.complete and all(case.verified(said) for said in case.returns)):
        return False
    if done in (Kind.DISCLOSED, Kind.PERFORMED) and not case.complete:
        return False
    latest = case.last(done, *_UNDOES.get(done, ()))
    return latest is not None and latest.kind is done


_UNDOES: Final[Mapping[Kind, tuple[Kind, ...]]] = {
    Kind.APPROVED: (Kind.DRAFTED,),
    Kind.ORDERED: (Kind.AUTHORISED,),
}
_REQUESTING: Final = frozenset({"drafted", "approved", "requested", "agreed", "verified", "withdrawn", "discarded"})


def _whose(case: Case, kind: str) -> str:
    if kind == "closed":
        return ""
    return case.requesting if kind in _REQUESTING else case.requested
