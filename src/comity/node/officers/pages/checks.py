"""A check from the history, made once more with the law books of its day: the same, or what is not."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from comity.casework.lifecycle import Act, Case, Kind
from comity.casework.request import Request
from comity.errors import ComityError
from comity.law.assess import Assessment
from comity.law.shelf import replay
from comity.node.officers import answers, judgement, reading
from comity.node.officers.answers import answered
from comity.node.officers.pages.case import heading
from comity.node.settings import current


@require_safe
@answered
def again(request: HttpRequest, reference: str, act_id: str) -> HttpResponse:
    """What the check `act_id` found, and whether the books of that day still find it. Nothing is written."""
    settings = current()
    case = reading.case(settings, reference)
    act = _check(case, act_id, settings.state)
    earlier = Assessment.from_dict(act.body["assessment"])
    problem, same = None, False
    try:
        same = replay(settings.home / "lawbooks", _request(case, act), earlier) == earlier
    except ComityError as error:
        problem = answers.problem(error)
    shown = heading(settings, case) | {
        "act": act,
        "same": same,
        "problem": problem,
        "judgement": judgement.shown(settings, act.body["assessment"], str(case.measure)),
    }
    return render(request, "check.html", shown, status=problem.status if problem else 200)


def _check(case: Case, act_id: str, home: str) -> Act:
    """The check of this State that `act_id` names."""
    for act in case.acts:
        if act.id == act_id and act.by == home and act.kind in (Kind.CHECKED, Kind.ASSESSED):
            return act
    raise Http404(act_id)


def _request(case: Case, check: Act) -> Request:
    """The request as it stood when it was checked."""
    before = case.acts[: case.acts.index(check)]
    return Request.from_dict(next(act.body["request"] for act in reversed(before) if "request" in act.body))
