"""Collections and their clients: what may go out of each by which rules, and which programs may read it or add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from comity.casework.request import STATE
from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.desk import blind, copies
from comity.node.desk import collections as desk
from comity.node.officers import almanac, answers, reading, texts
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.signing import see_other
from comity.sharing import release
from comity.sharing.tlp import Level

_WORD: Final = 60  # characters of a purpose, of a community's name
_CONTESTED: Final = 20  # that are shown at once: those that nobody has settled first, the newest of each
_DIGITS: Final = 10  # of a number in the address
_RULES: Final = ("states", "communities", "purposes", "public", "unmarked", "basis", "free_text")
_MAKE: Final = ("title", "description", "alias")
Typed = dict[str, str]


@dataclass(frozen=True)
class _Tried:
    """A form that could not be done.

    Args:
        form: id of the collection or name of the client that it is about; ``new``; empty: nothing was tried.
        typed: field -> text.
        problem: what is wrong, or None.
    """

    form: str = ""
    typed: Typed = field(default_factory=dict)
    problem: Problem | None = None


@require_safe
@answered
def collections(request: HttpRequest) -> HttpResponse:
    """Every collection with its rules, and every client with what it may."""
    return _page(request, _Tried())


def _page(request: HttpRequest, tried: _Tried) -> HttpResponse:
    rows = list(models.Collection.objects.all())
    said = [(row, _shown(release.read_rules(row.rules))) for row in rows]
    shown = [(row, tried.typed if tried.form == row.pk else rules, rules) for row, rules in said]
    first = Case(When(state=models.Contested.State.OPEN, then=Value(0)), default=Value(1))
    odd = models.Contested.objects.annotate(open=first).defer("raw")
    start = _number(request.GET.get("older", ""))
    aside = list(odd.order_by("open", "-at", "-pk")[start : start + _CONTESTED + 1])
    clients = models.Client.objects.filter(ended_at=None).order_by("name")
    given = {
        "collections": shown, "received": copies.RECEIVED, "levels": [level.label for level in Level],
        "clients": [(one, set(one.writes) - set(one.reads) and blind.is_full(one)) for one in clients],
        "most_objects": blind.OBJECTS // blind.SHARES, "most_bytes": blind.BYTES // blind.SHARES,
        "form": tried.form, "typed": tried.typed,
        "contested": [(row, texts.sentence(row.code)) for row in aside[:_CONTESTED]],
        "older": start + _CONTESTED if len(aside) > _CONTESTED else 0,
        "contested_all": odd.filter(open=0).count(), "open": models.Contested.State.OPEN,
        "problem": tried.problem, "fields": _RULES + _MAKE,
    }  # fmt: skip
    return render(request, "collections.html", given, status=tried.problem.status if tried.problem else 200)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0


def _shown(rules: release.Rules) -> Typed:
    """Rules as the form's fields."""
    return {
        "states": " ".join(sorted(rules.states)), "communities": "\n".join(sorted(rules.communities)),
        "purposes": "\n".join(sorted(rules.purposes)), "public": "yes" if rules.public else "",
        "unmarked": "" if rules.unmarked is None else rules.unmarked.label, "basis": rules.basis,
        "free_text": "yes" if rules.free_text else "",
    }  # fmt: skip


def _typed(request: HttpRequest, names: Sequence[str]) -> Typed:
    return {name: request.POST.get(name, "").replace("\r\n", "\n") for name in names}


@require_POST
@answered
def make(request: HttpRequest) -> HttpResponse:
    """Make a collection, out of which nothing goes until it has rules."""
    typed = _typed(request, _MAKE)
    try:
        desk.make(
            typed["title"].strip(), description=typed["description"].strip(), alias=typed["alias"].strip(),
            officer=reading.officer(request), at=timezone.now(),
        )  # fmt: skip
    except ComityError as error:
        return _page(request, _Tried("new", typed, answers.problem(error)))
    return see_other("sharing-collections")


@require_POST
@answered
def rule(request: HttpRequest, collection: UUID) -> HttpResponse:
    """Say what may go out of a collection. What the form does not show of its rules stays as it is."""
    named, typed = str(collection), _typed(request, _RULES)
    try:
        hidden = {name: said for name, said in desk.find(named).rules.items() if name not in _RULES}
        desk.set_rules(named, hidden | _said(typed), officer=reading.officer(request), at=timezone.now())
    except ComityError as error:
        return _page(request, _Tried(named, typed, answers.problem(error)))
    return see_other("sharing-collections")


def _said(typed: Typed) -> dict[str, Any]:
    """The rules that were typed; an empty field permits nothing. Raises Invalid; `where` names the field."""
    states = almanac.latin(typed["states"]).upper().replace(",", " ").split()
    if not all(STATE.fullmatch(each) for each in states):
        raise Invalid("These are no States' ISO codes.", code="client.state", where="states")
    level = typed["unmarked"]
    if level and level not in {one.label for one in Level}:
        raise Invalid("Choose one of the options.", code="form.choice", where="unmarked")
    found: dict[str, Any] = {"states": states, "basis": typed["basis"].strip()}
    found |= {name: _lines(typed, name) for name in ("communities", "purposes")}
    found |= {name: bool(typed[name]) for name in ("public", "free_text")}
    return found | ({"unmarked": level} if level else {})


def _lines(typed: Typed, name: str) -> list[str]:
    lines = [line.strip() for line in typed[name].split("\n") if line.strip()]
    if any(len(line) > _WORD for line in lines):
        raise Invalid(f"Each has 1 to {_WORD} characters.", code="client.word", where=name)
    return lines


@require_POST
@answered
def give(request: HttpRequest, name: str) -> HttpResponse:
    """Say which collections a client may read and add to; none ticked: it may nothing."""
    reads, writes = request.POST.getlist("reads"), request.POST.getlist("writes")
    try:
        desk.give(name, reads=reads, writes=writes, officer=reading.officer(request))
    except ComityError as error:
        return _page(request, _Tried(name, {}, answers.problem(error)))
    return see_other("sharing-collections")
