"""The verbs: each is a small form, and one call of the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from comity.casework.lifecycle import Case
from comity.errors import ComityError
from comity.node.desk import requested, requesting
from comity.node.officers import asking, inputs, judgement, markup, moves, reading, sheet
from comity.node.officers.answers import Problem, answered
from comity.node.officers.inputs import Input
from comity.node.officers.pages.case import heading
from comity.node.officers.pages.signing import see_other
from comity.node.settings import Settings, current

_ASKING: Final[Mapping[str, Callable[..., Any]]] = {
    "check": requesting.check, "approve": requesting.approve, "send": requesting.send, "supplement": requesting.supplement,
    "withdraw": requesting.withdraw, "verify": requesting.verify, "close": requesting.close,
}  # fmt: skip
_ASKED: Final[Mapping[str, Callable[..., Any]]] = {
    "assess": requested.assess, "ask": requested.ask, "consult": requested.consult, "accept": requested.accept,
    "refuse": requested.refuse, "postpone": requested.postpone, "authorise": requested.authorise, "order": requested.order,
    "preserve": requested.preserve, "execute": requested.execute, "disclose": requested.disclose, "close": requested.close,
}  # fmt: skip
VERBS: Final = tuple(dict.fromkeys([*_ASKING, *_ASKED]))


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def act(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """The form of a verb, and what it does."""
    settings, at, language = current(), timezone.now(), markup.language()
    found = reading.case(settings, reference)
    do = (_ASKING if reading.side(settings, found) == "requesting" else _ASKED).get(verb)
    if do is None:
        raise Http404(verb)
    asked = inputs.prefilled(settings, found, verb, at=at, language=language)
    if request.method != "POST":
        way = moves.may(settings, found, moves.KIND[verb], request.user, at=at)
        return _shown(request, settings, found, verb, asked, at, problem=way, closed=way is not None)
    asked = inputs.typed(asked, request.POST)
    try:
        do(settings, reference, **inputs.meant(asked, language), officer=request.user, at=at)
    except ComityError as error:
        asked, problem = inputs.blamed(asked, error)
        return _shown(request, settings, found, verb, asked, at, problem=problem)
    request.session["done"] = verb
    return see_other("case", reference)


@require_http_methods(["GET", "HEAD"])
@answered
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """The three decisions beside the findings: accept, refuse, postpone."""
    settings, at = current(), timezone.now()
    found = reading.case(settings, reference)
    if reading.side(settings, found) != "requested":
        raise Http404(reference)
    return _decision(request, settings, found, "", [], at)


def _shown(
    request: HttpRequest,
    settings: Settings,
    found: Case,
    verb: str,
    asked: list[Input],
    at: datetime,
    *,
    problem: Problem | None = None,
    closed: bool = False,
) -> HttpResponse:
    if verb in moves.DECISIONS:
        return _decision(request, settings, found, verb, asked, at, problem=problem)
    wrong = [item.problem for item in asked if item.problem] + ([problem] if problem else [])
    shown = heading(settings, found, at=at) | {
        "verb": verb, "inputs": asked, "problem": problem, "wrong": [item for item in asked if item.problem], "closed": closed,
        "judgement": judgement.latest(settings, found), "sheet": sheet.sheet(settings, found.request),
    }  # fmt: skip
    return render(request, "act.html", shown, status=wrong[0].status if wrong else 200)


def _decision(
    request: HttpRequest,
    settings: Settings,
    found: Case,
    verb: str,
    asked: list[Input],
    at: datetime,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    """The decision page; `asked` is what was typed for `verb`, the other two forms are fresh."""
    language, choices = markup.language(), []
    for name in moves.DECISIONS:
        typed = asked if name == verb else inputs.prefilled(settings, found, name, at=at, language=language)
        way = moves.may(settings, found, moves.KIND[name], request.user, at=at)
        choices.append({"verb": name, "inputs": typed, "way": way, "problem": problem if name == verb else None})
    wrong = [item for item in asked if item.problem]
    status = wrong[0].problem.status if wrong and wrong[0].problem else problem.status if problem else 200
    shown = heading(settings, found, at=at) | {
        "verb": verb or "decide", "choices": choices, "wrong": wrong, "problem": problem,
        "grounds": {ground.id: ground for ground in asking.grounds(settings, found, at.date())},
        "suggested": asking.suggested_conditions(found), "judgement": judgement.latest(settings, found),
        "sheet": sheet.sheet(settings, found.request),
    }  # fmt: skip
    return render(request, "decide.html", shown, status=status)
