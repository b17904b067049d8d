"""The page for what this node got wrong: it stands alone, so that it can be shown when the database cannot be read."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_bidi

from comity.node.officers import markup
from comity.node.officers.pages import assets

_log = logging.getLogger("comity.officers")


def broken(request: HttpRequest) -> HttpResponse:
    """A page in the style of the others, made without session, officer or case."""
    _log.error("no answer to %s %s", request.method, request.path)
    shown = {
        "language": markup.language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
        "style": assets.url("style.css"),
        "icon": assets.url("mark.svg"),
    }
    return HttpResponse(render_to_string("500.html", shown), status=500)
