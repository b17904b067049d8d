"""One case: how far it is, what may be done next, what is asked, what the law books say, and the acts of both sides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from comity.casework.lifecycle import Act, Case, Kind
from comity.casework.request import moment_text
from comity.errors import ComityError
from comity.law.book import Status
from comity.node import models
from comity.node.officers import answers, history, judgement, moves, reading, sheet, words
from comity.node.officers.answers import answered
from comity.node.settings import Settings, current

_UNSETTLED = frozenset({"new", "draft", "ready", "open", "queried", "redraft", "reready", "postponed"})
"""Stages in which the findings and the request come before the history on the page."""


def heading(settings: Settings, case: Case, *, at: datetime) -> dict[str, Any]:
    """What every page of a case shows on top."""
    side, stage = reading.side(settings, case), str(case.stage)
    return {
        "case": case,
        "side": side,
        "stage": stage,
        "turn": words.turn(side, stage),
        "peer": case.peer(settings.state),
        "asked": case.request,
        "walk": moves.walk(settings, case),
        "clock": reading.clock(settings, case, at=at),
        "case_exercise": case.request.exercise,
        "seen": case.acts[-1].id,
    }


@require_safe
@answered
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of a case."""
    settings, at = current(), timezone.now()
    found = reading.case(settings, reference)
    possible = moves.possible(settings, found, reading.officer(request), at=at)
    jobs = list(models.Job.objects.filter(case=reference).order_by("pk"))
    waiting = [job for job in jobs if job.status == models.Job.Status.WAITING]
    shown = heading(settings, found, at=at) | {
        "moves": [move for move in possible if not move.aside],
        "asides": [move for move in possible if move.aside],
        "status": _status(settings, found, at),
        "judgement": judgement.latest(settings, found),
        "sheet": sheet.sheet(settings, found.request),
        "lines": history.lines(settings, found),
        "conditions": history.conditions(found),
        "question": _open_question(settings, found),
        "jobs": _newest(jobs),
        "evidence": _evidence(found),
        "letter": found.requesting == settings.state,
        "linked": _linked(found),
        "sent": found.last(Kind.REQUESTED),
        "container": models.Container.objects.filter(case=reference).first(),
        "done": words.VERB_DONE.get(request.session.pop("done", "")) if "done" in request.session else "",
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


def _newest(jobs: list[models.Job]) -> list[models.Job]:
    """The newest job of each kind, in the order in which they began."""
    return list({job.kind: job for job in jobs}.values())


def _evidence(found: Case) -> dict[str, Any] | None:
    """What is known of the evidence: files, bytes, digests."""
    executed, disclosed, verified = (found.last(kind) for kind in (Kind.EXECUTED, Kind.DISCLOSED, Kind.VERIFIED))
    if executed is None and disclosed is None:
        return None
    said = disclosed.body if disclosed else {}
    return {
        "files": executed.body["files"] if executed else said["files"],
        "bytes": executed.body["bytes"] if executed else None,
        "size": said.get("size"),
        "container": said.get("container", ""),
        "manifest": said.get("manifest") or (executed.body["manifest"] if executed else ""),
        "verified": verified.at if verified else None,
    }


def _linked(found: Case) -> list[models.Case]:
    """The case that this one follows, and those that follow it."""
    earlier = models.Case.objects.filter(
        pk=found.request.follows, requesting=found.requesting, requested=found.requested
    )
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
        "turn": words.turn(side, str(found.stage)),
        "acts": [_act(act, crossed[act.id]) for act in found.acts],
        "jobs": [_job(job) for job in jobs],
        "deliveries": [_delivery(act, crossed[act.id]) for act in found.acts if crossed[act.id].crosses],
        "next": [str(move.kind) for move in possible if move.allowed],
        "clocks": _clocks(reading.clock(settings, found, at=at)),
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


def _clocks(clock: reading.Clock | None) -> list[dict[str, Any]]:
    if clock is None:
        return []
    said = {"kind": clock.kind, "due": moment_text(clock.due), "days_left": clock.left, "state": str(clock.state)}
    return [said | {"held": str(clock.state) == "held"}]


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
        "witnessed": way.witnessed,
    }
