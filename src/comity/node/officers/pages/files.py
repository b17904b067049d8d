"""What can be carried away: the letter, the sealed evidence and its key, the exported case."""

from __future__ import annotations

import logging
from io import BytesIO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from comity.casework.lifecycle import Kind
from comity.errors import NotPossible
from comity.node import models
from comity.node.desk import dossier, release
from comity.node.letter import request_letter
from comity.node.officers import reading
from comity.node.officers.answers import answered
from comity.node.settings import current

_log = logging.getLogger("comity.officers")
_ASICE = "application/vnd.etsi.asic-e+zip"


@require_safe
@answered
def letter(request: HttpRequest, reference: str) -> HttpResponse | FileResponse:  # noqa: ARG001  Django hands every view its request
    """The request letter: the one that was sent, or what it would be today."""
    settings, at = current(), timezone.now()
    case = reading.case(settings, reference)
    sent = case.last(Kind.REQUESTED)
    row = models.Letter.objects.filter(pk=sent.body["letter"]).first() if sent else None
    if row is None and sent is not None:
        raise NotPossible("The letter stays with the State that sent it.", code="letter.elsewhere", where=reference)
    if row is not None:
        data = bytes(row.data)
    else:
        drafted = case.last(Kind.DRAFTED)
        data = request_letter(
            case.request,
            books=settings.books,
            authority_names=dict(_names()),
            written_on=at.date(),
            drafted_by=drafted.name if drafted else "",
            approved_by="",
        )
    name = f"{reference}.pdf" if sent else f"{reference}-draft.pdf"
    return FileResponse(BytesIO(data), filename=name, content_type="application/pdf")


def _names() -> dict[str, dict[str, str]]:
    settings = current()
    found = {row.state: entry.central for row, entry in reading.peers(settings) if entry}
    own = reading.own(settings)
    return found | ({own.state: own.central} if own else {})


@require_safe
@answered
def sealed(request: HttpRequest, reference: str) -> FileResponse:
    """The sealed evidence of one return (``?container=``; the newest), byte for byte; without its key it says nothing."""
    settings = current()
    reading.case(settings, reference)
    container = request.GET.get("container", "")
    path = release.sealed(settings, reference, officer=reading.officer(request), container=container)
    number = models.Container.objects.get(pk=path.stem).number
    name = f"{reference}.asice" if number == 1 else f"{reference}-{number}.asice"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=_ASICE)


@require_POST
@answered
def content_key(request: HttpRequest, reference: str) -> FileResponse:
    """The content key of what was released (``release``; the newest), for who shall open this one file."""
    settings, officer = current(), reading.officer(request)
    reading.case(settings, reference)
    data = release.content_key(settings, reference, officer=officer, release=request.POST.get("release", ""),
                                at=timezone.now())  # fmt: skip
    _log.warning("content key of %s given to %s", reference, officer.username)
    return FileResponse(
        BytesIO(data), as_attachment=True, filename=f"{reference}.key.json", content_type="application/json"
    )


@require_safe
@answered
def exported(request: HttpRequest, reference: str) -> FileResponse:
    """The whole case as one file that anybody can verify offline."""
    settings, at = current(), timezone.now()
    reading.case(settings, reference)
    path = dossier.export(settings, reference, officer=reading.officer(request), at=at)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type=_ASICE)
