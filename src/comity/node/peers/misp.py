"""Warnings for clients of MISP at the peers' door: `comity.sharing.misp_server`, with this node's collections and clients.

The order is that of TAXII (`peers.taxii`): who asks, from the headers alone; what he has left of his quota; the stated
length; and only then the body. What goes wrong before that is said in MISP's form too.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from comity.errors import ComityError
from comity.node.desk import crossing
from comity.node.desk.shelf import Shelves
from comity.node.peers import access, limits
from comity.node.quota import OverQuota
from comity.node.settings import current
from comity.sharing import misp_server

_STATUSES = {"client.sign-in": 401, "door.length": 411, "door.too-long": 413}
_logger = logging.getLogger("comity.peers")


def answer(request: HttpRequest, collection: str, asked: str) -> HttpResponse:
    """Any request of MISP's API to a collection; `asked` is read by `comity.sharing.misp_server`."""
    try:
        return _answered(request, collection, asked)
    except limits.DOWN:
        _logger.exception("the database did not answer")
        return _sent(request, misp_server.refusal(503, limits.away(), asked), ("Retry-After", limits.AGAIN))


def _answered(request: HttpRequest, collection: str, asked: str) -> HttpResponse:
    settings, at = current(), datetime.now(UTC)
    try:
        with access.signed_in(request, misp_server.LONGEST, access.by_secret) as client:
            shelves = Shelves(settings, client)
            body = limits.body(request, misp_server.LONGEST)
            wanted = misp_server.Request(request.method or "", collection, asked, body)
            with access.reading(client, shelves, settings, at=at) as reader:
                return _sent(request, misp_server.answer(wanted, shelves, reader, at, organisation=client.organisation))
    except OverQuota as over:
        if not over.noted:
            _note(request, over, at)
        return _sent(request, misp_server.refusal(429, over, asked), ("Retry-After", str(over.after)))
    except access.NotKnown as error:
        _note(request, error, at)
        return _sent(request, misp_server.refusal(401, error, asked))
    except ComityError as error:
        return _sent(request, misp_server.refusal(_STATUSES.get(error.code, 400), error, asked))


def _sent(request: HttpRequest, said: misp_server.Answer, *more: tuple[str, str]) -> HttpResponse:
    allow = (("Allow", said.allow),) if said.allow else ()
    body = b"" if request.method == "HEAD" else said.body
    return HttpResponse(body, status=said.status, content_type="application/json", headers=dict((*allow, *more)))


def _note(request: HttpRequest, error: ComityError, at: datetime) -> None:
    """Note what is turned away; of its body nothing was read."""
    crossing.turn_away(code=error.code, reason=str(error), head=b"", size=0, path=request.path_info, at=at)
