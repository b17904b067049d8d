"""What this officer may do next in a case, and why he may not do the rest.

The answer is that of `casework.lifecycle` itself, asked without writing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from comity.casework.lifecycle import Act, Case, Kind, Step, advance, steps
from comity.casework.request import moment_text
from comity.errors import ComityError, NotPossible, NotYours
from comity.node import models
from comity.node.officers import answers, reading, words
from comity.node.officers.answers import Problem
from comity.node.settings import Settings

VERB: Final[Mapping[Kind, str]] = {
    Kind.DRAFTED: "draft",
    Kind.CHECKED: "check",
    Kind.APPROVED: "approve",
    Kind.REQUESTED: "send",
    Kind.AMENDED: "amend",
    Kind.SUPPLEMENTED: "supplement",
    Kind.WITHDRAWN: "withdraw",
    Kind.VERIFIED: "verify",
    Kind.ASSESSED: "assess",
    Kind.ASKED: "ask",
    Kind.CONSULTED: "consult",
    Kind.ACCEPTED: "accept",
    Kind.REFUSED: "refuse",
    Kind.POSTPONED: "postpone",
    Kind.AUTHORISED: "authorise",
    Kind.ORDERED: "order",
    Kind.PRESERVED: "preserve",
    Kind.EXECUTED: "execute",
    Kind.DISCLOSED: "disclose",
    Kind.CLOSED: "close",
}
KIND: Final[Mapping[str, Kind]] = {verb: kind for kind, verb in VERB.items()}
DECISIONS: Final = ("accept", "refuse", "postpone")
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
    """The steps that `case` is ready for on this side, with what stands in this officer's way."""
    aside = _aside(case)
    found = [
        Move(
            step.kind,
            VERB[step.kind],
            str(step.power),
            why_not(settings, case, step, officer, at=at),
            step.kind in aside,
        )
        for step in steps(case, home=settings.state)
    ]
    return sorted(found, key=lambda move: move.kind is not Kind.ACCEPTED)


def _aside(case: Case) -> frozenset[Kind]:
    """What the case does not wait for: ending it early, doing again what was done, asking when nothing failed."""
    found = {Kind.WITHDRAWN, Kind.POSTPONED, Kind.CONSULTED, Kind.REFUSED}
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
        found |= {Kind.DRAFTED, Kind.ASKED} | ({Kind.AMENDED} if case.stage == "redraft" else set())
    if case.stage == "preserved":
        found.add(Kind.CLOSED)
    return frozenset(found)


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
    work = _WORK.get(step.kind)
    if work and models.Job.objects.filter(case=case.reference, kind=work, status="waiting").exists():
        return _problem("job.running")
    if step.kind is Kind.VERIFIED and not models.Container.objects.filter(case=case.reference, complete=True).exists():
        return _problem("evidence.incomplete")
    try:
        body = _probe(step.kind, case, at)
        advance(
            case,
            Act(step.kind, case.reference, settings.state, officer.username, "", step.power, at, body, after=case.head),
            home=settings.state,
        )
    except ComityError as error:
        return answers.problem(error)
    return None


def _problem(code: str) -> Problem:
    return answers.problem(NotPossible("", code=code))


def _probe(kind: Kind, case: Case, at: datetime) -> dict[str, Any]:
    """A body that an act of `kind` might have, to ask the table with; it is thrown away."""
    if kind in (Kind.DRAFTED, Kind.AMENDED, Kind.SUPPLEMENTED):
        return {"request": case.request.to_dict()}
    if kind is Kind.REQUESTED:
        return {"request": case.request.to_dict(), "letter": ""}
    if kind in (Kind.CHECKED, Kind.ASSESSED):
        return {"assessment": {"findings": []}}
    return {name: moment_text(at) if value == "time" else value for name, value in _PROBES[kind].items()}


_PROBES: Final[Mapping[Kind, Mapping[str, Any]]] = {
    Kind.APPROVED: {"despite": "-"},
    Kind.WITHDRAWN: {"reasons": "-"},
    Kind.VERIFIED: {"container": "-", "manifest": "-"},
    Kind.ASKED: {"questions": "-", "fields": []},
    Kind.CONSULTED: {"message": "-"},
    Kind.ACCEPTED: {"conditions": [], "reasons": "-"},
    Kind.REFUSED: {"grounds": ["-"], "reasons": "-"},
    Kind.POSTPONED: {"reasons": "-"},
    Kind.AUTHORISED: {"authority": "-", "decision": "-", "ground": "-", "scope": "-", "until": "-"},
    Kind.ORDERED: {"provider": "-", "order": "-", "content": "-"},
    Kind.PRESERVED: {"effected_at": "time", "until": "time"},
    Kind.EXECUTED: {"manifest": "-", "files": 0, "bytes": 0},
    Kind.DISCLOSED: {"container": "-", "size": 1, "manifest": "-", "files": 0, "conditions": []},
    Kind.CLOSED: {"note": ""},
}


@dataclass(frozen=True)
class Mark:
    """One step on the line that shows how far a case is."""

    kind: str
    state: str  # done, now or ahead
    by: str


def walk(settings: Settings, case: Case) -> list[Mark]:
    """The steps of the case as this side sees them: done, now, ahead."""
    side = reading.side(settings, case)
    done = {str(act.kind) for act in case.acts}
    ended = "refused" if case.stage == "refused" or "refused" in done else "withdrawn" if "withdrawn" in done else ""
    kinds = list(words.WALKS[side, str(case.measure)])
    if ended:
        kinds = [kind for kind in kinds if kind in done and kind != "closed"] + [ended, "closed"]
    marks = []
    current = next((kind for kind in kinds if not _reached(case, kind, done)), "")
    for kind in kinds:
        state = "done" if _reached(case, kind, done) else "now" if kind == current else "ahead"
        marks.append(Mark(kind, state, _whose(case, kind)))
    return marks


def _reached(case: Case, kind: str, done: set[str]) -> bool:
    if kind == "closed":
        return case.stage == "closed"
    return kind in done


_REQUESTING: Final = frozenset({"drafted", "approved", "requested", "verified", "withdrawn"})


def _whose(case: Case, kind: str) -> str:
    if kind == "closed":
        return ""
    return case.requesting if kind in _REQUESTING else case.requested
