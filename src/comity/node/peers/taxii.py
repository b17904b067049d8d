"""Warnings over TAXII 2.1 at the peers' door: `comity.sharing.taxii`, with this node's collections and its clients.

The order is: who asks, from the headers alone; what he has left of his quota; the stated length; and only then the body.
What goes wrong before TAXII is asked is said in TAXII's form too.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from comity.errors import ComityError
from comity.node.desk import crossing
from comity.node.desk.shelf import Shelves
from comity.node.peers import access, limits
from comity.node.quota import OverQuota
from comity.node.settings import Settings, current
from comity.sharing import taxii

ROOT: Final = taxii.Root(path="shared", title="Warnings")
_STATUSES = {"client.sign-in": 401, "door.length": 411, "door.too-long": 413}
_PASSED_ON = ("Accept", "Content-Type")
_logger = logging.getLogger("comity.peers")


def answer(request: HttpRequest, **_named: str) -> HttpResponse:
    """Any request of TAXII; the parts of its address are read by `comity.sharing.taxii`."""
    try:
        return _answered(request)
    except limits.DOWN:
        _logger.exception("the database did not answer")
        return _sent(taxii.refusal(503, limits.away()), ("Retry-After", limits.AGAIN))


def _answered(request: HttpRequest) -> HttpResponse:
    settings, at = current(), datetime.now(UTC)
    try:
        with access.signed_in(request, ROOT.max_content_length, access.by_name) as client:
            shelves = Shelves(settings, client)
            with access.reading(client, shelves, settings, at=at) as reader:
                return _sent(taxii.answer(_asked(request), shelves, reader, at, site=_site(settings)))
    except OverQuota as over:
        if not over.noted:
            _note(request, over, at)
        return _sent(taxii.refusal(429, over), ("Retry-After", str(over.after)))
    except access.NotKnown as error:
        _note(request, error, at)
        return _sent(taxii.refusal(401, error), ("WWW-Authenticate", 'Basic realm="warnings", charset="UTF-8"'))
    except ComityError as error:
        return _sent(taxii.refusal(_STATUSES.get(error.code, 400), error))


def _site(settings: Settings) -> taxii.Site:
    exercise = " (exercise)" if settings.exercise else ""
    return taxii.Site(title=f"Comity {settings.state}{exercise}", address=settings.peers.rstrip("/"), roots=(ROOT,))


def _asked(request: HttpRequest) -> taxii.Request:
    """The request as TAXII reads it, with its body. Raises ComityError: it ends before its stated length."""
    headers = {name.lower(): request.headers[name] for name in _PASSED_ON if name in request.headers}
    query = request.META.get("QUERY_STRING", "")
    body = limits.body(request, ROOT.max_content_length)
    return taxii.Request(request.method or "", quote(request.path_info), query, headers, body)


def _sent(said: taxii.Answer, *more: tuple[str, str]) -> HttpResponse:
    return HttpResponse(said.body, status=said.status, headers=dict((*said.headers, *more)))


def _note(request: HttpRequest, error: ComityError, at: datetime) -> None:
    """Note what is turned away; of its body nothing was read."""
    crossing.turn_away(code=error.code, reason=str(error), head=b"", size=0, path=request.path_info, at=at)
