"""What a State tells the depositary, and the Conference. GET only; nothing is written."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from comity.node.officers import markup, standings
from comity.node.officers.answers import answered
from comity.node.officers.pages.law import Asked
from comity.node.settings import current


@require_safe
@answered
def conference(request: HttpRequest, book: str) -> HttpResponse:
    """The countdown, what a State tells the depositary, what may be decided, sessions, proposals and positions."""
    settings = current()
    asked = Asked(request, settings)
    asked.raw.setdefault("state", settings.state)
    on, basis, state = asked.day(), settings.books.mechanism(book[:40].lower()).treaty, asked.state("state")
    shown = {
        "raw": asked.raw, "problems": asked.problems, "on": on, "basis": basis, "state": state,
        "members": standings.names(settings.books, markup.language()),
        "counted": standings.counted(settings, basis, on),
        "told": standings.told(settings, basis, state, on) if state else [],
        "ruled": standings.ruled(settings, basis, on),
        "meetings": standings.meetings(settings, basis, on),
        "proposals": standings.proposals(settings, basis, on),
    }  # fmt: skip
    return render(request, "law_conference.html", shown, status=asked.status)
