"""The requesting State's desk: the life of a request, read from top to bottom.

draft · check · approve · send · (amend · check · approve · supplement) · verify · close · withdraw
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from comity.casework.lifecycle import Case, Kind, Power
from comity.casework.request import Request
from comity.law.assess import Assessment, assess
from comity.node import archive, models
from comity.node.desk import _record, evidence
from comity.node.letter import request_letter
from comity.node.settings import Settings
from comity.seal import canon
from comity.wire.directory import read_entry


def new_reference(settings: Settings, *, at: datetime) -> str:
    """The next free reference of this State in the year of `at`."""
    prefix = f"{settings.state}-{at.year}-"
    last = models.Case.objects.filter(reference__startswith=prefix).order_by("-reference").first()
    return f"{prefix}{int(last.reference.rsplit('-', 1)[1]) + 1 if last else 1:04d}"


def draft(settings: Settings, request: Request, *, officer: models.Officer, at: datetime) -> Case:
    """Draft a request, or draft it anew; a new one opens a case. Its reference may be left to `new_reference`.

    Raises:
        NotYours: the officer may not draft.
        NotPossible: the case has gone further already.
        Invalid: the request is not this State's own.
    """
    _record.needs(officer, Power.DRAFT)
    with transaction.atomic():
        if not models.Case.objects.filter(pk=request.reference).exists():
            _record.open_new(settings, replace(request, exercise=request.exercise or settings.exercise), at=at)
        body = {"request": replace(request, exercise=request.exercise or settings.exercise).to_dict()}
        return _record.record(settings, request.reference, Kind.DRAFTED, body, officer=officer, at=at)


def check(settings: Settings, reference: str, *, officer: models.Officer, at: datetime) -> Assessment:
    """Assess the request as it stands under the treaty and both States' books, before it leaves."""
    case = archive.load(reference, home=settings.state)
    assessment = assess(case.request, settings.books, on=at.date(), side="requesting")
    body = {"assessment": assessment.to_dict()}
    _record.record(settings, reference, Kind.CHECKED, body, officer=officer, at=at)
    return assessment


def approve(settings: Settings, reference: str, *, despite: str, officer: models.Officer, at: datetime) -> Case:
    """Approve what another officer drafted.

    Args:
        despite: why it leaves although findings failed; needed only then.

    Raises:
        NotYours: it is his own draft, or he may not approve.
        NotPossible: it was changed since it was checked, or findings failed and no reason is given.
    """
    return _record.record(settings, reference, Kind.APPROVED, {"despite": despite}, officer=officer, at=at)


def send(settings: Settings, reference: str, *, officer: models.Officer, at: datetime) -> Case:
    """Seal the approved request, with its letter, and put it on its way."""
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        letter = _letter(settings, case, at)
        body = {"request": case.request.to_dict(), "letter": letter.digest}
        return _record.record(settings, reference, Kind.REQUESTED, body, officer=officer, at=at)


def _letter(settings: Settings, case: Case, at: datetime) -> models.Letter:
    """The request letter, kept under its digest; the same request gives the same letter."""
    drafted, approved = case.last(Kind.DRAFTED, Kind.AMENDED), case.last(Kind.APPROVED)
    parties = (read_entry(evidence.own_entry(settings), at=at), archive.peer_entry(case.requested))
    pdf = request_letter(
        case.request,
        authority_names={party.state: party.central for party in parties},
        written_on=at.date(),
        drafted_by=drafted.name if drafted else "",
        approved_by=approved.name if approved else "",
    )
    row, _ = models.Letter.objects.get_or_create(
        digest=canon.content_id(pdf), defaults={"case_id": case.reference, "data": pdf}
    )
    return row


def amend(settings: Settings, request: Request, *, officer: models.Officer, at: datetime) -> Case:
    """Answer the requested State's questions (40(16)) by a changed request; it is checked and approved again."""
    return _record.record(
        settings, request.reference, Kind.AMENDED, {"request": request.to_dict()}, officer=officer, at=at
    )


def supplement(settings: Settings, reference: str, *, officer: models.Officer, at: datetime) -> Case:
    """Seal the approved supplement and put it on its way."""
    case = archive.load(reference, home=settings.state)
    body = {"request": case.request.to_dict()}
    return _record.record(settings, reference, Kind.SUPPLEMENTED, body, officer=officer, at=at)


def withdraw(settings: Settings, reference: str, *, reasons: str, officer: models.Officer, at: datetime) -> Case:
    """Say that the help is no longer needed (40(26))."""
    return _record.record(settings, reference, Kind.WITHDRAWN, {"reasons": reasons}, officer=officer, at=at)


def verify(settings: Settings, reference: str, *, officer: models.Officer, at: datetime) -> models.Job:
    """Order the verification of what came back: container, signatures, manifest and every exhibit.

    The courier does the long work (`evidence.verify_return`); the act is recorded when everything held.
    """
    return evidence.order(settings, reference, models.Job.Kind.VERIFY, Kind.VERIFIED, {}, officer=officer, at=at)


def close(settings: Settings, reference: str, *, note: str, officer: models.Officer, at: datetime) -> Case:
    """Close the case on this side and tell the other State."""
    return _record.record(settings, reference, Kind.CLOSED, {"note": note}, officer=officer, at=at)
