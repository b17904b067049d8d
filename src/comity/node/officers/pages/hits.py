"""Hits: warnings that name what a case here names, what met where, and what an officer makes of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from comity.casework.lifecycle import Power
from comity.errors import ComityError, NotYours
from comity.node import archive, models
from comity.node.desk import hits as desk
from comity.node.desk.hits import Standing
from comity.node.officers import answers, reading, shared
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.signing import see_other
from comity.node.officers.shared import Listed
from comity.node.settings import Settings, current
from comity.sharing.sighted import Met

_PAGE: Final = 25
_State = models.Hit.State
STATES: Final[dict[str, Promise]] = {
    _State.NEW: _("New"),
    _State.SEEN: _("Looked at"),
    _State.DRAFTED: _("Request drafted"),
    _State.DISMISSED: _("No concern"),
}
STANDINGS: Final[dict[Standing, Promise]] = {
    Standing.WITHDRAWN: _("called back by its source"),
    Standing.REPLACED: _("replaced by a later version"),
    Standing.GONE: _("not here any more"),
}
_KINDS: Final[dict[str, Promise]] = {
    "email-addr": _("Mailbox"),
    "ipv4-addr": _("Address"),
    "ipv6-addr": _("Address"),
    "domain-name": _("Domain name"),
    "url": _("Link"),
}


@dataclass(frozen=True)
class Meeting:
    """One thing that met, for people.

    Args:
        met: it.
        kind: what kind of thing it is, in words; a hash by the name of its algorithm.
        field: the request's field in which it stands; empty for an exhibit.
        number: its place in a list there, from 1; 0 if it is no list.
    """

    met: Met
    kind: str | Promise
    field: str
    number: int


@dataclass(frozen=True)
class Shown:
    """A hit, for people.

    Args:
        row: it, with its object.
        warning: its object; None if that is not here any more.
        standing: what became of the object; empty while it stands.
        meetings: what met.
    """

    row: models.Hit
    warning: Listed | None
    standing: str | Promise
    meetings: list[Meeting]

    @property
    def state(self) -> Promise:
        """What officers made of it, in words."""
        return STATES[self.row.state]


def _meeting(met: Met) -> Meeting:
    field, _dot, place = ("", "", "") if met.origin else met.where.partition(".")
    kind = _KINDS.get(met.kind, met.kind.removeprefix("file:"))
    return Meeting(met, kind, field, int(place) + 1 if place else 0)


def shown(rows: Sequence[models.Hit], *, at: datetime) -> list[Shown]:
    """`rows` for people."""
    objects = {one.row.pk: one for one in shared.listed(current(), [row.row for row in rows if row.row], at=at)}
    return [
        Shown(
            row,
            objects.get(row.row_id or 0),
            STANDINGS.get(desk.standing(row), ""),
            [_meeting(Met._make(one)) for one in row.met],
        )
        for row in rows
    ]


@require_safe
@answered
def hits(request: HttpRequest) -> HttpResponse:
    """The hits of one state, or of one case, the newest first."""
    if not desk.sees(reading.officer(request)):
        raise NotYours("Hits are for who shares warnings or drafts requests.", code="case.power", where="power")
    state, case = request.GET.get("state", ""), request.GET.get("case", "")[:20]
    state = state if state in STATES else "" if case else _State.NEW
    rows = models.Hit.objects.select_related("row").order_by("-pk")
    rows = rows.filter(case=case) if case else rows
    rows = rows.filter(state=state) if state else rows
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: _PAGE + 1])
    found_here = {
        "found": shown(found[:_PAGE], at=timezone.now()),
        "older": found[_PAGE - 1].pk if len(found) > _PAGE else None,
        "states": STATES,
        "state": state,
        "case": case,
    }
    return render(request, "hits.html", found_here)


@require_safe
@answered
def hit(request: HttpRequest, number: int) -> HttpResponse:
    """One hit; it is before an officer now."""
    officer = reading.officer(request)
    row = desk.look(number, officer=officer, at=timezone.now())
    return _page(request, row)


def _page(request: HttpRequest, row: models.Hit, problem: Problem | None = None, reason: str = "") -> HttpResponse:
    settings = current()
    found = {
        "one": shown([row], at=timezone.now())[0],
        "bar": _bar(settings, row),
        "drafts": Power.DRAFT in reading.officer(request).powers,
        "measures": desk.MEASURES,
        "problem": problem,
        "reason": reason,
    }
    return render(request, "hit.html", found, status=problem.status if problem else 200)


def _bar(settings: Settings, row: models.Hit) -> Problem | None:
    """Why nothing can be asked about a hit; None if something can."""
    try:
        desk.tellable(settings, row, archive.load(row.case_id, home=settings.state))
        archive.peer_entry(row.source)
    except ComityError as error:
        return answers.problem(error)
    return None


@require_POST
@answered
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Draft a request to the State whose warning it is (``draft``), or say that it is no concern (``dismiss``)."""
    settings, officer, at = current(), reading.officer(request), timezone.now()
    row = desk.find(number, officer=officer)
    reason = request.POST.get("reason", "").replace("\r\n", "\n")
    try:
        if verb == "draft":
            case = desk.draft(settings, number, measure=request.POST.get("measure", ""), officer=officer, at=at)
            request.session["done"] = "draft"
            return see_other("case", case.reference)
        if verb != "dismiss":
            raise Http404(verb)
        desk.dismiss(number, reason=reason, officer=officer, at=at)
    except ComityError as error:
        return _page(request, row, answers.problem(error), reason)
    return see_other("hit", number)
