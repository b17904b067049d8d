"""Choosing what to ask for, before a request is drafted. Nothing is written here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from comity.casework.request import Scope
from comity.errors import ComityError, Invalid
from comity.node.officers import answers, choosing, laying, markup, reading, words
from comity.node.officers.answers import Problem, answered
from comity.node.officers.choosing import Choice
from comity.node.settings import current


@require_safe
@answered
def choose(request: HttpRequest) -> HttpResponse:
    """Every form of cooperation in groups; once a State is chosen, which instruments know each, and why."""
    settings, on, language = current(), timezone.localdate(), markup.language()
    states = {row.state: reading.state_name(settings, row.state, language) for row, _ in reading.peers(settings)}
    raw = {name: request.GET.get(name, "") for name in ("requested", "scope", "offence", "follows", "report")}
    if not raw["requested"] and len(states) == 1:
        raw["requested"] = next(iter(states))
    problem: Problem | None = None
    choice = Choice("", Scope.OFFENCE, "", "")
    try:
        choice = choosing.chosen(settings.books, raw)
        if choice.requested and choice.requested not in states:
            raise Invalid("This State is not pinned here.", code="peer.unknown", where="requested")
        groups = choosing.offers(settings, choice, on)
    except ComityError as error:
        problem = answers.problem(error)
        groups = choosing.offers(settings, Choice("", Scope.OFFENCE, "", raw["follows"], raw["report"]), on)
    shown = {
        "raw": raw,
        "choice": choice,
        "states": states,
        "scopes": words.SCOPES,
        "offences": laying.offences(settings, ""),
        "groups": groups,
        "problem": problem,
        "on": on,
    }
    return render(request, "choose.html", shown, status=problem.status if problem else 200)
