"""Needs and offers: the list, one of them, and the forms to file, change, withdraw and close. For the power `assist`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comity.assistance.needs import Stage, Turn
from comity.casework.act import Power
from comity.errors import ComityError, Invalid, NotYours
from comity.node import models
from comity.node.desk import assistance as desk
from comity.node.officers import answers, helpforms, helping, markup, reading
from comity.node.officers.answers import Problem, answered
from comity.node.officers.helpforms import Filling, Groups
from comity.node.officers.helping import Listed, Wanted
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current

_TURNS = {"withdraw": Turn.WITHDRAWN, "close": Turn.CLOSED}


def may(request: HttpRequest) -> models.Officer:
    """The signed-in officer. Raises NotYours: he has no power to assist."""
    officer = reading.officer(request)
    if Power.ASSIST not in officer.powers:
        raise NotYours("Assistance is for who publishes needs and offers.", code="case.power", where="power")
    return officer


def filling() -> Filling:
    """For what a form of this page is made."""
    return Filling(current(), timezone.localdate(), markup.language())


def number(text: str) -> int:
    """What a hidden field counts; -1 where it is no number, which fits nothing."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


@require_safe
@answered
def listing(request: HttpRequest) -> HttpResponse:
    """Needs and offers that this State may see, its programmes, and what was counted."""
    may(request)
    settings = current()
    wanted = Wanted(**{name: request.GET.get(name, "")[:40] for name in ("kind", "topic", "whose", "stage")})
    running = helping.all_running()
    counted = helping.counted(running)
    shown = {
        "listed": helping.listed(settings, wanted), "wanted": wanted, "kinds": helping.KINDS,
        "topics": helpforms.TOPICS, "stages": {code: word for code, (_style, word) in helping.STAGES.items()},
        "running": running, "counted": counted, "sums": helping.sums(counted, settings.state),
    }  # fmt: skip
    return render(request, "assistance.html", shown)


# ── one of them ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _found(reference: str) -> Listed:
    found = helping.one(reference)
    if found is None:
        raise Http404(reference)
    return found


@require_safe
@answered
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """A need or an offer: what it says, what programmes hold of it, and what can be done."""
    may(request)
    return _one(request, _found(reference))


def _one(request: HttpRequest, found: Listed, problem: Problem | None = None) -> HttpResponse:
    settings = current()
    shown = {
        "found": found, "own": found.row.state == settings.state, "problem": problem,
        "running": helping.all_running(of=found.row.pk),
    }  # fmt: skip
    return render(request, "listing.html", shown, status=problem.status if problem else 200)


@require_POST
@answered
def end(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """Withdraw or close one of this State's own."""
    officer, found, turn = may(request), _found(reference), _TURNS.get(verb)
    if turn is None:
        raise Http404(verb)
    try:
        desk.end(
            current(), reference, turn, officer=officer, at=timezone.now(), seen=number(request.POST.get("seen", ""))
        )
    except ComityError as error:
        return _one(request, found, answers.problem(error))
    return see_other("assistance-listing", reference)


# ── the form ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """A new need or offer."""
    officer = may(request)
    if kind not in helpforms.GROUPS:
        raise Http404(kind)
    groups = helpforms.form(filling(), kind, None)
    if request.method != "POST":
        return _form(request, kind, groups)
    return _filed(request, officer, kind, groups, None)


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def change(request: HttpRequest, reference: str) -> HttpResponse:
    """The next version of one of this State's own."""
    officer, found = may(request), _found(reference)
    if found.row.state != current().state:
        raise NotYours("Only the State whose need or offer it is can do this.", code="need.owner")
    groups = helpforms.form(filling(), found.row.kind, found.value)
    if request.method != "POST":
        return _form(request, found.row.kind, groups, found)
    return _filed(request, officer, found.row.kind, groups, found)


def _filed(
    request: HttpRequest, officer: models.Officer, kind: str, groups: Groups, found: Listed | None
) -> HttpResponse:
    """Publish what was typed, or keep it as a draft; the form again, with what was typed, where that cannot be."""
    settings, at = current(), timezone.now()
    groups = helpforms.typed(groups, request.POST)
    seen = number(request.POST.get("seen", "")) if found else None
    reference = found.row.pk if found else desk.next_reference(settings, kind, at=at)
    filed = found.value.filed if found else timezone.localdate()
    try:
        value = helpforms.meant(filling(), groups, kind=kind, reference=reference, filed=filed)
        if "draft" in request.POST:
            desk.keep(settings, value, officer=officer, at=at, seen=seen)
        else:
            desk.publish(settings, value, officer=officer, at=at, seen=seen)
    except ComityError as error:
        groups, problem = helpforms.blamed(groups, error)
        status = answers.status(error) if isinstance(error, Invalid) or problem is None else problem.status
        return _form(request, kind, groups, found, problem=problem, status=status)
    return see_other("assistance-listing", reference)


def _form(
    request: HttpRequest, kind: str, groups: Groups, found: Listed | None = None, *, problem: Problem | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    shown: dict[str, Any] = {
        "kind": kind, "groups": groups, "found": found, "problem": problem,
        "wrong": [item for _title, items in groups for item in items if item.problem],
        "draft": found is None or found.row.stage == Stage.DRAFT,
    }  # fmt: skip
    return render(request, "listing_form.html", shown, status=status)
