"""The list of cases, in and out, with what needs attention."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from comity.node.desk import crossing
from comity.node.officers import board, reading
from comity.node.officers.answers import answered
from comity.node.officers.pages.calls import standing_above
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current

_PER_PAGE = 25


@require_safe
@answered
def cases(request: HttpRequest) -> HttpResponse:
    """Two lists: what we ask of others, and what others ask of us."""
    settings, at = current(), timezone.now()
    rows = board.listing()
    lists = []
    for name, found in (
        ("out", rows.filter(requesting=settings.state)),
        ("in", rows.filter(requested=settings.state)),
    ):
        page = Paginator(found, _PER_PAGE).get_page(request.GET.get(name))
        lists.append((name, page, board.listed(settings, page.object_list, at=at)))
    shown = {
        "lists": lists,
        "matters": board.matters(settings, at=at),
        "attention": reading.attention(at=at),
        "at": at,
    }
    return render(request, "cases.html", shown | standing_above(request, at))


@require_POST
@answered
def send_again(request: HttpRequest, digest: str) -> HttpResponse:
    """Send a letter again that was given up, as the officer decides."""
    crossing.release(current(), digest, officer=reading.officer(request), at=timezone.now())
    return see_other("cases")
