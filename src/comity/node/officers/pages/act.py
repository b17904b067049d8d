"""The verbs: each is a small form, and one call of the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from comity.casework.lifecycle import Case, steps
from comity.errors import ComityError
from comity.node.desk import deadlines, requested, requesting
from comity.node.desk import release as releases
from comity.node.officers import asking, inputs, judgement, markup, moves, reading, releasing, sheet
from comity.node.officers.answers import Problem, answered
from comity.node.officers.inputs import Asking, Input
from comity.node.officers.pages.case import heading
from comity.node.officers.pages.signing import see_other
from comity.node.settings import Settings, current

_DO: Final[Mapping[str, Mapping[str, Callable[..., Any]]]] = {
    "requesting": {
        "check": requesting.check,
        "approve": requesting.approve,
        "send": requesting.send,
        "supplement": requesting.supplement,
        "discard": requesting.discard,
        "withdraw": requesting.withdraw,
        "agree": requesting.agree,
        "reply": requesting.reply,
        "enquire": requesting.enquire,
        "ask-extension": requesting.ask_extension,
        "discharge": requesting.discharge,
        "hinder": requesting.hinder,
        "end-safe-conduct": requesting.end_safe_conduct,
        "verify": requesting.verify,
        "release": releases.release,
        "meet": deadlines.meet,
        "escalate": deadlines.escalate,
        "waive": deadlines.waive,
        "close": requesting.close,
    },
    "requested": {
        "assess": requested.assess,
        "ask": requested.ask,
        "consult": requested.consult,
        "report": requested.report_progress,
        "accept": requested.accept,
        "refuse": requested.refuse,
        "postpone": requested.postpone,
        "authorise": requested.authorise,
        "order": requested.order,
        "preserve": requested.preserve,
        "extend": requested.extend,
        "refuse-extension": requested.refuse_extension,
        "execute": requested.execute,
        "disclose": requested.disclose,
        "perform": requested.perform,
        "release": releases.release,
        "meet": deadlines.meet,
        "escalate": deadlines.escalate,
        "waive": deadlines.waive,
        "close": requested.close,
    },
}
_UNASKED: Final[Mapping[str, Mapping[str, Any]]] = {
    "accept": {"conditions": ()},
    "release": {"conditions": ()},
    "refuse": {"grounds": ()},
}
"""What a verb says where its form does not ask for it."""


@dataclass(frozen=True)
class Page:
    """A verb's page: the case, the verb, what was typed, and what stands in the way.

    Args:
        settings: the node's.
        case: the case.
        verb: the verb; empty while none of the decisions was tried.
        at: now.
        inputs: what the form asks, with what was typed.
        problem: what is wrong and belongs to no input, or None.
        closed: whether the form is not offered at all.
        seen: id of the last act that the form stands on; empty for the case's last one.
    """

    settings: Settings
    case: Case
    verb: str
    at: datetime
    inputs: list[Input] = field(default_factory=list)
    problem: Problem | None = None
    closed: bool = False
    seen: str = ""

    @property
    def wrong(self) -> list[Input]:
        """The inputs that have a problem."""
        return [item for item in self.inputs if item.problem]

    @property
    def status(self) -> int:
        """The HTTP status."""
        found = [item.problem for item in self.wrong] + [self.problem]
        return max((problem.status for problem in found if problem), default=200)

    def shown(self) -> dict[str, Any]:
        """What its template needs."""
        found = heading(self.settings, self.case)
        return (
            found
            | {
                "seen": self.seen or found["seen"],
                "verb": self.verb or "decide",
                "inputs": self.inputs,
                "problem": self.problem,
                "wrong": self.wrong,
                "closed": self.closed,
                "judgement": judgement.latest(self.settings, self.case),
                "sheet": sheet.sheet(self.settings, self.case.request),
                "notes": asking.notes(self.settings, self.case, self.verb, at=self.at),
            }
            | self._release()
        )

    def _release(self) -> dict[str, Any]:
        """For a release: how material may go while one way has to be chosen, or the way that was."""
        if self.verb != "release":
            return {}
        found = releasing.ways(self.settings, self.case, at=self.at)
        way = releasing.chosen(found, {item.name: item.value for item in self.inputs if item.kind == "hidden"})
        return {"ways": [] if way else found, "way": way}


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def act(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """The form of a verb, and what it does."""
    settings, at, language = current(), timezone.now(), markup.language()
    officer, found = reading.officer(request), reading.case(settings, reference)
    do = _DO[reading.side(settings, found)].get(verb)
    if do is None:
        raise Http404(verb)
    named = (request.POST if request.method == "POST" else request.GET).dict()
    asked = inputs.prefilled(Asking(settings, found, at, language, named), verb)
    if request.method != "POST" or (verb == "release" and not asked):  # first it is chosen what is released
        way = moves.may(settings, found, moves.KIND[verb], officer, at=at)
        return _shown(request, Page(settings, found, verb, at, asked, way, closed=way is not None))
    asked, seen = inputs.typed(asked, request.POST), request.POST.get("seen", "")
    try:
        given = {**_UNASKED.get(verb, {}), **inputs.meant(asked, language)}
        do(settings, reference, **given, officer=officer, at=at, seen=seen)
    except ComityError as error:
        asked, problem = inputs.blamed(asked, error)
        if error.code == "case.changed":
            found, seen = reading.case(settings, reference), ""
        return _shown(request, Page(settings, found, verb, at, asked, problem, seen=seen))
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
    return _decision(request, Page(settings, found, "", at))


def _shown(request: HttpRequest, page: Page) -> HttpResponse:
    if page.verb in moves.DECISIONS:
        return _decision(request, page)
    return render(request, "act.html", page.shown(), status=page.status)


def _prefix(verb: str) -> str:
    """What the ids of a decision's inputs begin with: three forms share one page."""
    return f"{verb}-" if verb else ""


def _decision(request: HttpRequest, page: Page) -> HttpResponse:
    """The decision page: what was typed for its verb, and fresh forms for the others that the case is ready for."""
    settings, case, at, officer = page.settings, page.case, page.at, reading.officer(request)
    open_now = {step.kind for step in steps(case, home=settings.state)}
    offered = [verb for verb in moves.DECISIONS if verb == page.verb or moves.KIND[verb] in open_now]
    choices = []
    for verb in offered or moves.DECISIONS:
        fresh = inputs.prefilled(Asking(settings, case, at, markup.language()), verb)
        way = moves.may(settings, case, moves.KIND[verb], officer, at=at)
        typed = page.inputs if verb == page.verb else fresh
        beside = asking.notes(settings, case, verb, at=at)
        choices.append({"verb": verb, "inputs": typed, "way": way, "prefix": _prefix(verb), "notes": beside})
    shown = page.shown() | {
        "choices": choices,
        "prefix": _prefix(page.verb),
        "grounds": {ground.id: ground for ground in asking.grounds(settings, case, at.date())},
        "suggested": asking.suggested_conditions(settings, case),
    }
    return render(request, "decide.html", shown, status=page.status)
