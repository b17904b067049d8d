"""The State's assessment of itself: what is known of each question, officers' own answers, needs that follow. For `assist`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from comity.assistance.assess import Answer, Evidence, Verdict
from comity.casework.request import LINE_LIMIT
from comity.errors import ComityError, Invalid
from comity.node.desk import selfassessment as desk
from comity.node.officers import answers, fields, helpforms, helping, judgement, markup, words
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.assistance import may
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current
from comity.wording import assistance as wording

_QUESTIONS: Final = words.shown(wording.QUESTIONS)
_EVIDENCE: Final = words.shown(wording.EVIDENCE)
VERDICTS: Final[dict[Verdict, tuple[str, Promise]]] = {
    Verdict.GAP: ("failed", _("Gaps")),
    Verdict.OPEN: ("unknown", _("Not known yet")),
    Verdict.MET: ("passed", _("Fulfilled")),
}


@dataclass(frozen=True)
class Shown:
    """An answer, for people."""

    answer: Answer

    @property
    def text(self) -> Promise:
        """The question."""
        return _QUESTIONS[self.answer.question.id]

    @property
    def evidence(self) -> list[tuple[SafeString, list[SafeString]]]:
        """(what it says, where that can be seen) of each piece."""
        return [(_piece(each), _sources(each)) for each in self.answer.evidence]


def _piece(found: Evidence) -> SafeString:
    if found.code.startswith("figure."):
        numbers = dict(zip(("count", "of", "limit"), map(markup.digits, found.values), strict=True))
        return helping.sentence(_EVIDENCE[found.code], numbers)
    named = helping.joined([judgement.Voice().field(value) for value in found.values])
    return helping.sentence(_EVIDENCE[found.code], {"values": named})


def _sources(found: Evidence) -> list[SafeString]:
    if found.code.startswith("law."):
        return [judgement.cited(name) for name in found.sources]
    if found.code.startswith("figure."):
        return []
    return [markup.inert(text) for text in (*found.sources, found.values[0])]


def _page(request: HttpRequest, *, form: str = "", typed: str = "", problem: Problem | None = None) -> HttpResponse:
    settings, at = current(), timezone.now()
    found = desk.answers(settings, at=at)
    parts = [
        (verdict, style, name, [Shown(one) for one in found if one.verdict is verdict])
        for verdict, (style, name) in VERDICTS.items()
    ]
    suggested = [
        (each, fields.label(each.defect), helpforms.TOPICS[each.topic]) for each in desk.suggestions(settings, at=at)
    ]
    shown = {"parts": parts, "suggested": suggested, "form": form, "typed": typed, "problem": problem}
    return render(request, "selfassessment.html", shown, status=problem.status if problem else 200)


@require_safe
@answered
def page(request: HttpRequest) -> HttpResponse:
    """Every question with what is known of it: gaps first."""
    may(request)
    return _page(request)


@require_POST
@answered
def answer(request: HttpRequest, question: str) -> HttpResponse:
    """An officer's own answer to a question."""
    officer = may(request)
    evidence = request.POST.get("evidence", "")[: LINE_LIMIT + 1].strip()
    try:
        said = request.POST.get("said", "")
        if said not in {"yes", "no"}:
            raise Invalid("Choose one of these.", code="form.choice", where="said")
        desk.answer(question, yes=said == "yes", evidence=evidence, officer=officer, at=timezone.now())
    except ComityError as error:
        return _page(request, form=question, typed=evidence, problem=answers.problem(error))
    return see_other("assistance-self")


@require_POST
@answered
def need(request: HttpRequest, about: str) -> HttpResponse:
    """The draft of a need for a gap, with the State's consent; the officer then completes it."""
    officer = may(request)
    try:
        if request.POST.get("consent") != "on":
            raise Invalid("Read and tick it.", code="form.acknowledge", where="consent")
        row = desk.need_of(current(), about, officer=officer, at=timezone.now())
    except ComityError as error:
        return _page(request, form=about, problem=answers.problem(error))
    return see_other("assistance-change", row.pk)
