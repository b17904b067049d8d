"""One case: how far it is, what may be done next, what is asked, what the law books say, and the acts of both sides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from comity.casework.lifecycle import Act, Case, Kind
from comity.casework.measure import Life
from comity.casework.moments import moment_text
from comity.errors import ComityError
from comity.law.book import Status
from comity.law.clocks import Uncertain
from comity.node import models
from comity.node.desk import crossing, hits
from comity.node.officers import (
    acts,
    answers,
    board,
    deadlines,
    following,
    history,
    judgement,
    moves,
    reading,
    sheet,
)
from comity.node.officers.answers import answered
from comity.node.settings import Settings, current
from comity.seal.canon import dumps

_UNSETTLED = frozenset({"new", "draft", "ready", "open", "queried", "redraft", "reready", "postponed"})
"""Stages in which the findings and the request come before the history on the page."""


def heading(settings: Settings, case: Case) -> dict[str, Any]:
    """What every page of a case shows on top."""
    side = reading.side(settings, case)
    return {
        "case": case,
        "side": side,
        "stage": str(case.stage),
        "turn": acts.turn(case, side),
        "peer": case.peer(settings.state),
        "asked": case.request,
        "walk": moves.walk(settings, case),
        "case_exercise": case.request.exercise,
        "seen": case.acts[-1].id,
    }


@require_safe
@answered
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of a case."""
    settings, at = current(), timezone.now()
    found = reading.case(settings, reference)
    crossing.handed(settings, reference, officer=reading.officer(request), at=at)
    possible = moves.possible(settings, found, reading.officer(request), at=at)
    jobs = list(models.Job.objects.filter(case=reference).order_by("pk"))
    waiting = [job for job in jobs if job.status == models.Job.Status.WAITING]
    shown = heading(settings, found) | {
        "moves": [move for move in possible if not move.aside],
        "asides": [move for move in possible if move.aside],
        "status": _status(settings, found, at),
        "judgement": judgement.latest(settings, found),
        "sheet": sheet.sheet(settings, found.request),
        "lines": history.lines(settings, found),
        "conditions": _conditions(found),
        "not_agreed": acts.not_agreed(found),
        "question": _open_question(settings, found),
        "open": _open_matters(settings, found),
        "clocks": deadlines.of(settings, found, at=at),
        "settles": _settles(settings, found, reading.officer(request), at),
        "jobs": _newest(jobs),
        "taken_in": found.last(Kind.EXECUTED),
        "returns": _returns(found),
        "releases": _releases(found),
        "hit_count": hits.open_in(reference) if hits.sees(reading.officer(request)) else 0,
        "follow_ups": following.follow_ups(settings, found),
        "letter": found.requesting == settings.state,
        "linked": _linked(found),
        "measure_cite": judgement.measure_cite(settings, found),
        "scope_cite": judgement.scope_cite(settings, found),
        "sent": found.last(Kind.REQUESTED),
        "done": acts.called(acts.VERB_DONE, request.session.pop("done"), found.measure)
        if "done" in request.session
        else "",
        "settled": str(found.stage) not in _UNSETTLED,
        "refresh": bool(waiting) and request.GET.get("refresh") != "off",
        "working": bool(waiting),
    }
    return render(request, "case.html", shown)


def _open_question(settings: Settings, found: Case) -> Act | None:
    """What the other State asks and this one has not answered yet (40(16)): it belongs beside what may be done next."""
    waiting = found.requesting == settings.state and found.stage in ("queried", "redraft", "reready")
    return found.last(Kind.ASKED) if waiting else None


def _status(settings: Settings, found: Case, at: datetime) -> Status | None:
    try:
        return settings.books.status(found.request.basis, found.requesting, found.requested, at.date())
    except ComityError:
        return None


def _open_matters(settings: Settings, found: Case) -> list[dict[str, Any]]:
    """What waits for a word: whose, since when, and what was said."""
    side = reading.side(settings, found)
    return [{"what": what, "act": act, "ours": board.owed_by(what) == side} for what, act in board.open_matters(found)]


def _conditions(found: Case) -> tuple[str, ...]:
    """The conditions that bind or would bind: of the decision, or those that information was sent with."""
    if found.life is Life.NOTICE and found.last(Kind.ACCEPTED) is None:
        return found.request.conditions
    return found.conditions


def _settles(settings: Settings, found: Case, officer: models.Officer, at: datetime) -> bool:
    """Whether this officer may say what became of a deadline."""
    return moves.may(settings, found, Kind.DEADLINE_MET, officer, at=at) is None


def _newest(jobs: list[models.Job]) -> list[models.Job]:
    """The newest job of each kind and return, in the order in which they began."""
    return list({(job.kind, job.about): job for job in jobs}.values())


def _releases(found: Case) -> list[Act]:
    """Every release once, the newest word on it: handing its key out records it anew."""
    said = [act for act in found.acts if act.kind is Kind.RELEASED]
    return list({dumps({**act.body, "leave_head": ""}): act for act in said}.values())


def _returns(found: Case) -> list[dict[str, Any]]:
    """Every return with its state: announced, here in full, verified."""
    rows = {row.digest: row for row in models.Container.objects.filter(case=found.reference)}
    shown = []
    for number, said in enumerate(found.returns, 1):
        row = rows.get(said.body["container"])
        verified = next((act for act in found.acts if act.kind is Kind.VERIFIED
                         and act.body["container"] == said.body["container"]), None)  # fmt: skip
        shown.append({
            "number": number, "said": said.body, "at": said.at, "verified": verified.at if verified else None,
            "complete": row is not None and row.complete, "outgoing": row is not None and row.outgoing,
        })  # fmt: skip
    return shown


def _linked(found: Case) -> list[models.Case]:
    """The case that this one follows, and those that follow it."""
    pair = (found.requesting, found.requested)
    earlier = models.Case.objects.filter(pk=found.request.follows, requesting__in=pair, requested__in=pair)
    return [*earlier, *reading.following(found)]


@require_safe
def machine(request: HttpRequest, reference: str) -> HttpResponse:
    """The same case for machines of the same State: JSON, under the officer's session."""
    settings, at = current(), timezone.now()
    jobs = list(
        models.Job.objects.filter(case=reference).order_by("pk")
    )  # before the case: what is done shows as an act
    try:
        found = reading.case(settings, reference)
    except ComityError as error:
        return JsonResponse({"code": error.code, "reason": error.message}, status=answers.status(error))
    side, crossed = reading.side(settings, found), history.passages(settings, reference)
    possible = moves.possible(settings, found, reading.officer(request), at=at)
    said = {
        "reference": found.reference,
        "requesting": found.requesting,
        "requested": found.requested,
        "measure": str(found.measure),
        "exercise": found.request.exercise,
        "side": side,
        "stage": str(found.stage),
        "turn": acts.turn(found, side),
        "rest": found.rest,
        "conditions": list(found.conditions),
        "agreed": found.agreed,
        "open": [what for what, _ in board.open_matters(found)],
        "acts": [_act(act, crossed[act.id]) for act in found.acts],
        "jobs": [_job(job) for job in jobs],
        "deliveries": [_delivery(act, crossed[act.id]) for act in found.acts if crossed[act.id].crosses],
        "next": [str(move.kind) for move in possible if move.allowed],
        "clocks": [_clock(clock) for clock in deadlines.of(settings, found, at=at)],
    }
    return JsonResponse(said)


def _job(job: models.Job) -> dict[str, Any]:
    names = ("kind", "status", "done", "total", "attempts", "code", "trouble")
    return {name: getattr(job, name) for name in names}


def _delivery(act: Act, way: history.Passage) -> dict[str, Any]:
    return {
        "act": act.id,
        "kind": str(act.kind),
        "delivered": way.delivered,
        "attempts": way.attempts,
        "trouble": way.trouble,
    }


def _clock(clock: deadlines.Clock) -> dict[str, Any]:
    said = {"kind": clock.kind, "due": moment_text(clock.due), "days_left": clock.left, "state": str(clock.state)}
    said |= {"held": str(clock.state) == "held", "bearer": clock.bearer, "needs_somebody": clock.needs_somebody}
    said |= {"cites": [{"provision": name, "verified": name not in clock.doubtful} for name in clock.cites]}
    said |= {"person": clock.person, "days": clock.days, "agreed": clock.agreed, "early": clock.early}
    return said | {"stopped": _moment(clock.stopped), "uncertain": _uncertain(clock.uncertain)}


def _uncertain(found: Uncertain | None) -> dict[str, Any] | None:
    if found is None:
        return None
    doubts = [{"code": doubt.code, "about": doubt.about} for doubt in found.doubts]
    return {"latest": _moment(found.latest), "by_book": _moment(found.by_book), "doubts": doubts}


def _moment(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None


def _act(act: Act, way: history.Passage) -> dict[str, Any]:
    return {
        "kind": str(act.kind),
        "by": act.by,
        "officer": act.officer,
        "name": act.name,
        "at": moment_text(act.at),
        "id": act.id,
        "entry": way.entry,
        "arrived": moment_text(way.arrived) if way.arrived else None,
        "receipt": way.receipt,
        "witness": way.witness or None,
        "stamp": {"by": moment_text(way.stamp.latest), "authority": way.stamp.name} if way.stamp else None,
    }
