"""Figures: this State's own as they are, what a release would tell and hide, and publishing it. For the power `assist`.

What is compared with other States is listed here; the pages of that are `officers.pages.reconciling`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from comity.errors import ComityError
from comity.node import models
from comity.node.desk import figures as desk
from comity.node.desk import reconciling
from comity.node.officers import answers
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.assistance import may
from comity.node.officers.pages.calls import lasting
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current
from comity.reporting import overview
from comity.reporting.axes import OUTCOME, PARTNER, SUBJECT, over
from comity.reporting.tally import Waits

_LONG: Final = 20  # characters of a quarter or a mark as sent
_PERIODS: Final = 12  # quarters back that can be compared


def _took(waits: Waits) -> list[str]:
    """The median, what nine of ten took at most, and the longest."""
    return [lasting(_seconds(each)) for each in (waits.median, waits.ninth, waits.longest)]


def _seconds(took: timedelta | None) -> int | None:
    return None if took is None else int(took.total_seconds())


def _own(one: desk.Own) -> dict[str, Any]:
    parts: list[tuple[Promise, int, Any]] = [
        (_("Requests by State"), PARTNER, one.states),
        (_("Requests by measure"), SUBJECT, one.measures),
        (_("What more was asked for about"), OUTCOME, one.defects),
    ]
    return {
        "nature": one.nature,
        "groups": [(group, _took(group.waits)) for group in one.groups],
        "parts": [
            (title, axis, [(direction, code, count) for (direction, code), count in rows.items()])
            for title, axis, rows in parts
        ],
    }


def page(request: HttpRequest, *, through: str = "", problem: Problem | None = None) -> HttpResponse:
    """The page, with a preview up to the end of the quarter `through`, or with what was wrong."""
    settings, at, drawn = current(), timezone.now(), None
    peers = models.Peer.objects.exclude(pk=settings.state).order_by("state").values_list("state", flat=True)
    if through:
        try:
            drawn = desk.preview(settings, through, at=at)
        except ComityError as error:
            problem = problem or answers.problem(error)
    shown = {
        "own": [_own(one) for one in desk.own(settings)], "released": desk.published(), "through": through,
        "quarters": desk.quarters(at=at), "drawn": drawn, "problem": problem, "events": overview.EVENTS,
        "sheets": overview.sheets(drawn.release) if drawn else (), "compared": reconciling.all_compared(), "peers": peers,
        "heard": reconciling.heard(),
        "periods": over(at, _PERIODS),
    }  # fmt: skip
    return render(request, "figures.html", shown, status=problem.status if problem else 200)


@require_safe
@answered
def figures(request: HttpRequest) -> HttpResponse:
    """Own figures, what was published, and, for a quarter, what the next release would tell."""
    may(request)
    return page(request, through=request.GET.get("through", "")[:_LONG])


@require_POST
@answered
def publish(request: HttpRequest) -> HttpResponse:
    """Publish what was shown."""
    officer, through = may(request), request.POST.get("through", "")[:_LONG]
    try:
        desk.publish(current(), through, seen=request.POST.get("seen", ""), officer=officer, at=timezone.now())
    except ComityError as error:
        return page(request, through=through, problem=answers.problem(error))
    return see_other("figures")
