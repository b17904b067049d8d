"""Drafting: a new request, a draft changed, and the answer to questions; beside the form, what is still missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from comity.casework.lifecycle import Case, Kind
from comity.casework.measure import Measure
from comity.casework.request import Request
from comity.errors import ComityError
from comity.node.desk import reports, requesting
from comity.node.officers import choosing, drafting, laying, markup, moves, reading, triage
from comity.node.officers.answers import answered
from comity.node.officers.drafting import Form
from comity.node.officers.pages.case import heading
from comity.node.officers.pages.signing import see_other
from comity.node.settings import Settings, current


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def new(request: HttpRequest, measure: str) -> HttpResponse:
    """A new request. On GET a free reference is proposed; a POST saves the draft, unless it only looks or adds rows."""
    if measure not in set(Measure):
        raise Http404(measure)
    settings, at, language = current(), timezone.now(), markup.language()
    report = triage.origin(request)
    free = requesting.new_reference(settings, at=at)
    if request.method != "POST":
        form = drafting.blank(settings, measure, free, language, request.GET.dict())
        form.typed |= triage.drafted(request, settings, language)
        return _shown(request, settings, form, drafting.first_look(settings, form, language), at)
    form = drafting.posted(request.POST, measure)
    form.typed["reference"] = form.typed["reference"] or free
    typed = drafting.meant(settings, form, language)
    if typed is not None and _saves(request):
        officer = reading.officer(request)
        try:
            if report:
                reports.draft(settings, report, typed, officer=officer, at=at)
            else:
                requesting.draft(settings, typed, new=True, officer=officer, at=at)
        except ComityError as error:
            form.blame(error)
            if error.code in {"case.exists", "case.forgotten"}:
                form.typed["reference"] = requesting.new_reference(settings, at=at)
        else:
            request.session["done"] = "draft"
            return see_other("case", typed.reference)
    return _shown(request, settings, form, typed, at)


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def change(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """Change the draft (``draft``), or the request so that it answers the other State's questions (``amend``)."""
    settings, at, language = current(), timezone.now(), markup.language()
    case = reading.case(settings, reference)
    do: Callable[..., Any] | None = {"draft": requesting.draft, "amend": requesting.amend}.get(verb)
    if do is None or reading.side(settings, case) != "requesting":
        raise Http404(verb)
    if request.method != "POST":
        form = drafting.filled(case.request, language)
        way = moves.may(settings, case, moves.KIND[verb], reading.officer(request), at=at)
        if way is not None:
            form.other.append(way)
        return _shown(request, settings, form, case.request, at, case=case, verb=verb)
    form = drafting.posted(request.POST, str(case.measure))
    form.typed |= {"reference": case.reference, "requested": case.requested}
    if verb == "amend" and case.request.exercise:
        form.typed["exercise"] = True  # what was asked as an exercise never becomes real on the way
    typed, seen = drafting.meant(settings, form, language), request.POST.get("seen", "")
    if typed is not None and _saves(request):
        try:
            do(settings, typed, officer=reading.officer(request), at=at, seen=seen)
        except ComityError as error:
            form.blame(error)
            if error.code == "case.changed":
                case, seen = reading.case(settings, reference), ""
        else:
            request.session["done"] = verb
            return see_other("case", reference)
    return _shown(request, settings, form, typed, at, case=case, verb=verb, seen=seen)


def _saves(request: HttpRequest) -> bool:
    """Whether the form was sent to be saved, not to be looked at or to get more rows."""
    return "look" not in request.POST and "add" not in request.POST


def _shown(
    request: HttpRequest,
    settings: Settings,
    form: Form,
    typed: Request | None,
    at: datetime,
    *,
    case: Case | None = None,
    verb: str = "",
    seen: str = "",
) -> HttpResponse:
    questions = case.last(Kind.ASKED) if case and verb == "amend" else None
    if questions is not None:
        form.asked = frozenset(questions.body["fields"])
    sections = laying.laid(settings, form, markup.language(), at.date())
    judgement, unread = drafting.looked_at(settings, typed, at=at)
    shown = (
        (heading(settings, case) if case else {})
        | ({"seen": seen} if seen else {})
        | {
            "form": form,
            "measure": form.measure,
            "sentence": choosing.SENTENCES[form.measure],
            "verb": verb,
            "questions": questions,
            "sections": sections,
            "wrong": laying.wrong(sections),
            "unfit": laying.unfit(settings, form.measure),
            "provisions": laying.provisions(settings),
            "judgement": judgement,
            "unread": unread,
            "fixed": case is not None,
        }
    )
    return render(request, "draft.html", shown, status=form.status)
