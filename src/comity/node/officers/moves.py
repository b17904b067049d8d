"""What this officer may do next in a case, and why he may not do the rest.

The answer is that of `casework.lifecycle` itself, asked without writing anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from comity.casework.lifecycle import Act, Case, Kind, Stage, Step, advance, steps
from comity.casework.request import moment_text, parse_date
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
    Kind.DISCARDED: "discard",
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
    ]
    return sorted(found, key=lambda move: move.kind is not Kind.ACCEPTED)


def _aside(case: Case, at: datetime) -> frozenset[Kind]:
    """What the case does not wait for: ending it early, doing again what was done, asking when nothing failed."""
    found = {Kind.WITHDRAWN, Kind.DISCARDED, Kind.POSTPONED, Kind.CONSULTED, Kind.REFUSED} | _again(case, at)
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
    if case.stage is Stage.PRESERVED:
        found.add(Kind.CLOSED)
    return frozenset(found)


def _again(case: Case, at: datetime) -> set[Kind]:
    """What may be done once more although it was done: changing what is approved, authorising, ordering."""
    found: set[Kind] = set()
    if case.stage in (Stage.READY, Stage.REREADY):
        found |= {Kind.DRAFTED, Kind.AMENDED}
    if case.stage is Stage.ORDERED:
        found.add(Kind.ORDERED)
    grant = case.last(Kind.AUTHORISED)
    if grant is not None and parse_date(grant.body["until"]) >= at.date():
        found.add(Kind.AUTHORISED)
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
    said: dict[str, Any] = {
        "request": case.request.to_dict(),
        "assessment": {"findings": []},
        "letter": "",
        "effected_at": moment_text(at),
        "until": at.date().isoformat() if kind is Kind.AUTHORISED else moment_text(at),
        "conditions": [],
        "grounds": ["-"],
        "fields": [],
        "container": "0" * 64,
        "manifest": "0" * 64,
        "size": 1,
        "files": 0,
        "bytes": 0,
    }
    for earlier in case.acts:  # what is taken in, disclosed and verified must agree with what was said before
        said |= {name: value for name, value in earlier.body.items() if name in _CARRIED}
    return {name: said.get(name, "-") for name in _NAMES[kind]}


_CARRIED: Final = frozenset({"conditions", "container", "manifest", "size", "files", "bytes"})
_NAMES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.DRAFTED: ("request",),
    Kind.CHECKED: ("assessment",),
    Kind.APPROVED: ("despite",),
    Kind.REQUESTED: ("request", "letter"),
    Kind.AMENDED: ("request",),
    Kind.SUPPLEMENTED: ("request",),
    Kind.DISCARDED: ("reasons",),
    Kind.WITHDRAWN: ("reasons",),
    Kind.VERIFIED: ("container", "manifest"),
    Kind.ASSESSED: ("assessment",),
    Kind.ASKED: ("questions", "fields"),
    Kind.CONSULTED: ("message",),
    Kind.ACCEPTED: ("conditions", "reasons"),
    Kind.REFUSED: ("grounds", "reasons"),
    Kind.POSTPONED: ("reasons",),
    Kind.AUTHORISED: ("authority", "decision", "ground", "scope", "until"),
    Kind.ORDERED: ("provider", "order", "content"),
    Kind.PRESERVED: ("effected_at", "until"),
    Kind.EXECUTED: ("manifest", "files", "bytes"),
    Kind.DISCLOSED: ("container", "size", "manifest", "files", "conditions"),
    Kind.CLOSED: ("note",),
}


@dataclass(frozen=True)
class Mark:
    """One step on the line that shows how far a case is."""

    kind: str
    state: str  # done, now or ahead
    by: str


def walk(settings: Settings, case: Case) -> list[Mark]:
    """The steps of the case as this side sees them: done, now, ahead."""
    kinds = list(words.WALKS[reading.side(settings, case), str(case.measure)])
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


def _reached(case: Case, kind: str) -> bool:
    """Whether the step is done and still holds: a new draft undoes the approval, a new authorisation the order."""
    if kind == "closed":
        return case.stage is Stage.CLOSED
    done = Kind(kind)
    latest = case.last(done, *_UNDOES.get(done, ()))
    return latest is not None and latest.kind is done


_UNDOES: Final[Mapping[Kind, tuple[Kind, ...]]] = {
    Kind.APPROVED: (Kind.DRAFTED,),
    Kind.ORDERED: (Kind.AUTHORISED,),
}
_REQUESTING: Final = frozenset({"drafted", "approved", "requested", "verified", "withdrawn", "discarded"})


def _whose(case: Case, kind: str) -> str:
    if kind == "closed":
        return ""
    return case.requesting if kind in _REQUESTING else case.requested
