"""Matches with their reasons, and programmes from their proposal to their evaluation. For the power `assist`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comity.assistance.needs import Need, Offer, Published
from comity.assistance.programme import MARKS, Say
from comity.assistance.programme import Stage as Standing
from comity.assistance.topics import Unit
from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.desk import programmes as desk
from comity.node.officers import almanac, answers, helpforms, helping, inputs, markup
from comity.node.officers.answers import Problem, answered
from comity.node.officers.helpforms import TermsForm
from comity.node.officers.helping import Running
from comity.node.officers.inputs import Input
from comity.node.officers.pages.assistance import filling, may, number
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current

_TEXT: Final = Input("text", _("In words"), _("The other State reads it."), "text")
_FREE: Final = replace(_TEXT, optional=True)
_MILESTONE: Final = Input("milestone", _("Milestone"), "", "choice")
_UNITS: Final = Input("units", _("How many"))
_MARK: Final = Input("mark", _("How useful it was, 1 to 5"), "", "choice")
FORMS: Final[dict[Say, tuple[Input, ...]]] = {
    Say.AGREED: (),
    Say.DECLINED: (_TEXT,),
    Say.WITHDRAWN: (_TEXT,),
    Say.DELIVERED: (_MILESTONE, _UNITS, _FREE),
    Say.CONFIRMED: (_MILESTONE, _FREE),
    Say.DISPUTED: (_MILESTONE, _TEXT),
    Say.COMPLETED: (replace(_FREE, label=_("What came of it")),),
    Say.ENDED: (replace(_TEXT, label=_("Why it ends, and what came of it")),),
    Say.EVALUATED: (_MARK, _TEXT),
}
"""What an officer says with each word; terms have a form of their own."""


# ── matches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_safe
@answered
def matches(request: HttpRequest) -> HttpResponse:
    """Who could help whom, of what this State may see: the best assignment, on demand beside what others find."""
    may(request)
    settings = current()
    plan = helping.plan(settings, on=timezone.localdate())
    about = request.GET.get("about", "")
    known: tuple[Published, ...] = (*plan.board.needs, *plan.board.offers)
    own = [each.reference for each in known if each.state == settings.state]
    beside = "beside" in request.GET  # they are computed on demand
    shown = {
        "plan": plan, "proof": helping.proof(plan), "home": settings.state, "own": own, "about": about if about in own else "",
        "matches": [(each, helping.parts(each.parts)) for each in plan.best.matches],
        "reasons": helping.reasons(settings, plan, about) if about in own else [],
        "beside": [(_("The best pair first"), plan.greedy), (_("By words in a list"), plan.keyword)] if beside else [],
    }  # fmt: skip
    return render(request, "matches.html", shown)


# ── terms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def propose(request: HttpRequest, need: str, offer: str) -> HttpResponse:
    """Propose a programme for a need and an offer."""
    officer, settings = may(request), current()
    wanted, given = helping.one(need), helping.one(offer)
    if wanted is None or given is None or settings.state not in {need[:2], offer[:2]}:
        raise Http404(need)
    if not isinstance(wanted.value, Need) or not isinstance(given.value, Offer):
        raise Http404(need)
    form = helpforms.proposed(filling(), wanted.value, given.value, max(1, wanted.left))
    unit = wanted.value.unit
    if request.method != "POST":
        return _terms(request, form, unit, need=need, offer=offer)
    form = helpforms.terms_typed(form, request.POST)
    try:
        terms = helpforms.terms_meant(filling(), form, unit)
        row = desk.propose(settings, need, offer, terms, officer=officer, at=timezone.now())
    except ComityError as error:
        form, problem = helpforms.terms_blamed(form, error)
        return _terms(request, form, unit, need=need, offer=offer, problem=problem, status=answers.status(error))
    return see_other("assistance-programme", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def amend(request: HttpRequest, reference: str) -> HttpResponse:
    """Propose other terms: of the whole, or while it runs."""
    officer, found = may(request), _found(reference)
    if found.terms is None or found.programme.stage not in {Standing.PROPOSED, Standing.RUNNING}:
        return see_other("assistance-programme", reference)
    pending = found.programme.pending
    form = helpforms.terms_form(filling(), pending[1] if pending else found.terms)
    unit = found.terms.unit
    named: dict[str, Any] = {"need": found.row.need, "offer": found.row.offer, "found": found}
    if request.method != "POST":
        return _terms(request, form, unit, **named)
    form = helpforms.terms_typed(form, request.POST)
    try:
        terms = helpforms.terms_meant(filling(), form, unit)
        desk.say(current(), reference, Say.PROPOSED, officer=officer, at=timezone.now(), terms=terms,
                 seen=number(request.POST.get("seen", "")))  # fmt: skip
    except ComityError as error:
        form, problem = helpforms.terms_blamed(form, error)
        return _terms(request, form, unit, **named, problem=problem, status=answers.status(error))
    return see_other("assistance-programme", reference)


def _terms(
    request: HttpRequest, form: TermsForm, unit: Unit, *, problem: Problem | None = None, status: int = 200, **named: Any
) -> HttpResponse:  # fmt: skip
    shown = {
        "form": form, "unit": helpforms.UNITS[unit], "problem": problem,
        "wrong": [item for item in form.items if item.problem],
    }  # fmt: skip
    return render(request, "terms.html", shown | named, status=status)


# ── one programme ───────────────────────────────────────────────────────────────────────────────────────────────────


def _found(reference: str) -> Running:
    found = helping.running(current(), reference)
    if found is None:
        raise Http404(reference)
    return found


@require_safe
@answered
def programme(request: HttpRequest, reference: str) -> HttpResponse:
    """A programme: what stands, its milestones, every word in order, and what may be said next."""
    officer, found = may(request), _found(reference)
    desk.seen(current(), found.row, officer=officer, at=timezone.now())
    return _programme(request, found)


def _programme(
    request: HttpRequest, found: Running, *, tried: str = "", filled: list[Input] | None = None,
    problem: Problem | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    forms = [
        (
            say,
            helping.VERBS[say],
            filled if say == tried and filled is not None else inputs_of(found, say),
            say == tried,
        )
        for say in found.steps
        if say in FORMS
    ]
    withdrawn = [
        row for row in models.Listing.objects.filter(pk__in=(found.row.need, found.row.offer)) if row.stage == "withdrawn"
    ]  # fmt: skip
    shown = {
        "found": found, "forms": forms, "problem": problem, "withdrawn": withdrawn,
        "pinned": models.Peer.objects.filter(pk=found.row.peer).exists(),
        "amendable": Say.PROPOSED in found.steps,
    }  # fmt: skip
    return render(request, "programme.html", shown, status=status)


def inputs_of(found: Running, say: Say) -> list[Input]:
    """What an officer says with this word, filled as far as it is known."""
    waits = [part for part, word in found.milestones if (word is not None and word.say is Say.DELIVERED)]
    to_come = [part for part, word in found.milestones if word is None or word.say is Say.DISPUTED]
    parts = to_come if say is Say.DELIVERED else waits
    filled = []
    for item in FORMS[say]:
        if item is _MILESTONE:
            options = [(part.name, part.name) for part in parts]
            filled.append(replace(item, options=options, value=options[0][0] if options else ""))
        elif item is _UNITS:
            filled.append(replace(item, value=markup.digits(parts[0].units if parts else 0)))
        elif item is _MARK:
            filled.append(replace(item, options=[(str(mark), markup.digits(mark)) for mark in MARKS]))
        else:
            filled.append(item)
    return filled


@require_POST
@answered
def say(request: HttpRequest, reference: str, what: str) -> HttpResponse:
    """Say a word in a programme; the page again, with what was typed, where it cannot be said."""
    officer, found = may(request), _found(reference)
    if what not in FORMS:
        raise Http404(what)
    word = Say(what)
    filled = inputs.typed(inputs_of(found, word), request.POST)
    try:
        desk.say(current(), reference, word, officer=officer, at=timezone.now(),
                 seen=number(request.POST.get("seen", "")), **_meant(found, word, filled))  # fmt: skip
    except ComityError as error:
        filled, problem = inputs.blamed(filled, error)
        return _programme(request, found, tried=what, filled=filled, problem=problem, status=answers.status(error))
    return see_other("assistance-programme", reference)


def _meant(found: Running, say: Say, filled: list[Input]) -> dict[str, Any]:
    """The fields of the word that the form means. Raises Invalid."""
    said: dict[str, Any] = {item.name: str(item.value).replace("\r\n", "\n").strip() for item in filled}
    for name in ("units", "mark"):
        if name in said:
            text = almanac.latin(said[name])
            if not (text.isascii() and text.isdigit() and len(text) < 6):
                raise Invalid("A whole number is needed here.", code="form.number", where=name)
            said[name] = int(text)
    if say is Say.CONFIRMED:
        delivered = dict(found.programme.reached).get(said["milestone"])
        said["units"] = (delivered.units if delivered else None) or 0
    return said
