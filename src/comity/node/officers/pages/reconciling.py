"""Reconciliation: this State's figures said to another, and what the two count differently. For the power `assist`."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from comity.errors import ComityError, NotPossible
from comity.node import models
from comity.node.desk import figures as published
from comity.node.desk import reconciling as desk
from comity.node.officers import answers
from comity.node.officers.answers import answered
from comity.node.officers.pages import figures
from comity.node.officers.pages.assistance import may
from comity.node.settings import current
from comity.reporting import overview
from comity.reporting.axes import quarters_of
from comity.reporting.reconciliation import Difference

_LONG: Final = 20  # characters of what is sent
_ACTS: Final = 500  # shown on one page


@require_POST
@answered
def ask(request: HttpRequest) -> HttpResponse:
    """Say this State's figures to another, and so ask for its own."""
    officer = may(request)
    peer, period = (request.POST.get(name, "")[:_LONG] for name in ("peer", "period"))
    try:
        since, through = quarters_of(period)
        desk.ask(current(), peer, since, through, officer=officer, at=timezone.now())
    except ComityError as error:
        return figures.page(request, problem=answers.problem(error))
    return redirect("figures-between", peer=peer, since=since, through=through)


@require_safe
@answered
def between(request: HttpRequest, peer: str, since: str, through: str) -> HttpResponse:
    """What two States say of the same quarters, and every difference with the acts that explain it."""
    may(request)
    found = desk.compared(peer, since, through)
    if found.ours is None and found.theirs is None:
        raise NotPossible("Nothing was said about these quarters.", code="between.none")
    more = found.count - len(found.differences)
    shown = {"found": found, "more": max(0, more), "home": current().state, "differences": _shown(found.differences)}
    return render(request, "figures_between.html", shown)


@require_safe
@answered
def of(request: HttpRequest, peer: str) -> HttpResponse:
    """What another State has published last, as its own public reads it."""
    may(request)
    row = models.FiguresHeard.objects.filter(pk=peer).first()
    if row is None:
        raise NotPossible("This State has published nothing that was read here.", code="between.none")
    release = published.said(bytes(row.value))
    shown = {"row": row, "release": release, "sheets": overview.sheets(release), "events": overview.EVENTS}
    return render(request, "figures_of.html", shown)


def _shown(differences: tuple[Difference, ...]) -> list[tuple[Difference, list[tuple[str, str]], int]]:
    """Each difference with its acts, (id, reference of the case if it is here), and how many more acts it has."""
    each = _ACTS // max(1, len(differences))
    wanted = {act for one in differences for act in one.acts[:each]}
    here: dict[str, Any] = dict(models.Act.objects.filter(pk__in=wanted).values_list("pk", "case"))
    return [(one, [(act, here.get(act, "")) for act in one.acts[:each]], len(one.acts[each:])) for one in differences]
