"""The requesting State's desk: the life of a request, read from top to bottom.

draft · check · approve · send · (amend · check · approve · supplement) · agree · (reply | enquire | ask_extension) · verify ·
(discharge · hinder · end_safe_conduct) · close · withdraw

What leaves the file afterwards is the business of `release`.

A draft that is not to leave is discarded. Every verb takes `seen`: the id of the case's last act as its officer saw it.
When the case has moved on since, the verb is refused; empty means that nobody looked, as with machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from comity.casework.act import STAYED
from comity.casework.lifecycle import Case, Kind, Power
from comity.casework.moments import moment_text
from comity.casework.request import Request
from comity.casework.times import conducts, under_conduct
from comity.errors import Invalid, NotPossible
from comity.law import clocks, shelf
from comity.law.assess import Assessment, assess
from comity.node import archive, models
from comity.node.desk import _record, evidence
from comity.node.desk._numbers import free_reference
from comity.node.letter import request_letter
from comity.node.settings import Settings
from comity.seal import canon
from comity.wire.directory import read_entry


def new_reference(settings: Settings, *, at: datetime) -> str:
    """The next free reference of this State in the year of `at`."""
    head = f"{settings.state}-{at.year}-"
    rows = models.Case.objects.filter(requesting=settings.state, reference__startswith=head)
    return free_reference(head, rows.values_list("reference", flat=True))


def draft(
    settings: Settings, request: Request, *, new: bool = False, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Draft a request, or draft it anew; a new one opens a case. Its reference may be left to `new_reference`.

    Args:
        new: it must open a case: a reference that is taken is refused, so that no other draft is overwritten.

    Raises:
        NotYours: the officer may not draft.
        NotPossible: the reference is taken, or the case has gone further already.
        Invalid: the request is not this State's own, or follows a case that is not there.
    """
    _record.needs(officer, Power.DRAFT)
    whole = replace(request, exercise=request.exercise or settings.exercise)
    with transaction.atomic():
        _must_follow_a_case(whole)
        if new or not models.Case.objects.filter(pk=whole.reference).exists():
            _record.open_new(settings, whole, at=at)
        body = {"request": whole.to_dict()}
        case = _record.record(settings, whole.reference, Kind.DRAFTED, body, officer=officer, at=at, seen=seen)
        _record.relink(whole)
        return case


def _must_follow_a_case(request: Request) -> None:
    """The case that `request` stands on is another one of the same two States, whichever of them asked."""
    others = _record.between(request.requesting, request.requested).exclude(pk=request.reference)
    if request.follows and not others.filter(pk=request.follows).exists():
        raise Invalid("No case between these two States has this reference.", code="request.follows", where="follows")


def discard(
    settings: Settings, reference: str, *, reasons: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Throw a draft away that will not be sent. Nothing crosses; the reference is not used again."""
    body = {"reasons": reasons}
    return _record.record(settings, reference, Kind.DISCARDED, body, officer=officer, at=at, seen=seen)


def check(settings: Settings, reference: str, *, officer: models.Officer, at: datetime, seen: str = "") -> Assessment:
    """Assess the request as it stands under the treaty and both States' books, before it leaves."""
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        assessment = assess(case.request, settings.books, on=at.date(), side="requesting")
        body = {"assessment": assessment.to_dict()}
        _record.record(settings, reference, Kind.CHECKED, body, officer=officer, at=at, seen=seen or case.acts[-1].id)
        shelf.keep(settings.home / "lawbooks", settings.books, assessment)
    return assessment


def approve(
    settings: Settings, reference: str, *, despite: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Approve what another officer drafted, as he saw it.

    Args:
        despite: why it leaves although findings failed; needed only then.

    Raises:
        NotYours: it is his own draft, or he may not approve.
        NotPossible: it was changed since it was checked, or findings failed and no reason is given.
    """
    body = {"despite": despite}
    return _record.record(settings, reference, Kind.APPROVED, body, officer=officer, at=at, seen=seen)


def send(settings: Settings, reference: str, *, officer: models.Officer, at: datetime, seen: str = "") -> Case:
    """Seal the approved request, with its letter, and put it on its way."""
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        letter = _letter(settings, case, at)
        body = {"request": case.request.to_dict(), "letter": letter.digest}
        return _record.record(settings, reference, Kind.REQUESTED, body, officer=officer, at=at, seen=seen)


def _letter(settings: Settings, case: Case, at: datetime) -> models.Letter:
    """The request letter, kept under its digest; the same request gives the same letter."""
    drafted, approved = case.last(Kind.DRAFTED, Kind.AMENDED), case.last(Kind.APPROVED)
    parties = (read_entry(evidence.own_entry(settings), at=at), archive.peer_entry(case.requested))
    pdf = request_letter(
        case.request,
        books=settings.books,
        authority_names={party.state: party.central for party in parties},
        written_on=at.date(),
        drafted_by=drafted.name if drafted else "",
        approved_by=approved.name if approved else "",
    )
    row, _ = models.Letter.objects.get_or_create(
        digest=canon.content_id(pdf), defaults={"case_id": case.reference, "data": pdf}
    )
    return row


def amend(settings: Settings, request: Request, *, officer: models.Officer, at: datetime, seen: str = "") -> Case:
    """Answer the requested State's questions (40(16)) by a changed request; it is checked and approved again.

    Raises:
        Invalid: the request follows a case that is not there.
    """
    with transaction.atomic():
        _must_follow_a_case(request)
        body = {"request": request.to_dict()}
        case = _record.record(settings, request.reference, Kind.AMENDED, body, officer=officer, at=at, seen=seen)
        _record.relink(request)
        return case


def supplement(settings: Settings, reference: str, *, officer: models.Officer, at: datetime, seen: str = "") -> Case:
    """Seal the approved supplement and put it on its way."""
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        body = {"request": case.request.to_dict()}
        return _record.record(settings, reference, Kind.SUPPLEMENTED, body, officer=officer, at=at, seen=seen)


def agree(
    settings: Settings,
    reference: str,
    *,
    conditions: Sequence[str],
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Agree to the conditions of the decision, which bind this State from then on (40(28)). Who cannot, withdraws.

    Args:
        settings: the node's.
        reference: the case.
        conditions: those that the officer saw, word by word.
        officer: who agrees.
        at: now.
        seen: id of the last act that he was shown.
    """
    body = {"conditions": list(conditions)}
    return _record.record(settings, reference, Kind.AGREED, body, officer=officer, at=at, seen=seen)


def reply(
    settings: Settings, reference: str, *, message: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Answer what the requested State consulted about (40(28), 42(7), 22(5))."""
    return _record.record(settings, reference, Kind.REPLIED, {"message": message}, officer=officer, at=at, seen=seen)


def enquire(
    settings: Settings, reference: str, *, message: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Ask how the request stands (40(26)). `Case.enquiry` tells whether, and since when, an answer is owed."""
    return _record.record(settings, reference, Kind.ENQUIRED, {"message": message}, officer=officer, at=at, seen=seen)


def ask_extension(
    settings: Settings,
    reference: str,
    *,
    until: date,
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Ask for more time, to the end of the day `until`, before the period is over: to preserve (42(9)), or to collect."""
    body = {"until": _record.end_of(settings, until), "reasons": reasons}
    return _record.record(settings, reference, Kind.EXTENSION_ASKED, body, officer=officer, at=at, seen=seen)


def discharge(
    settings: Settings,
    reference: str,
    *,
    person: str,
    told_at: datetime,
    days: int = 0,
    agreed: str = "",
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Say that a person who came was told that his or her presence is no longer needed: safe conduct runs from then (40(29)).

    Args:
        settings: the node's.
        reference: the case.
        person: the name, as the request has it.
        told_at: when the person was officially told, with its UTC offset.
        days: the period agreed on, in days; 0: that of the legal basis.
        agreed: the agreed condition that sets it, word by word; empty where `days` is 0.
        officer: who says so.
        at: now.
        seen: id of the last act that he was shown.
    """
    body = {"person": person, "told_at": moment_text(told_at), "days": days, "agreed": agreed}
    return _record.record(settings, reference, Kind.DISCHARGED, body, officer=officer, at=at, seen=seen)


def hinder(
    settings: Settings,
    reference: str,
    *,
    person: str,
    since: datetime | None,
    until: datetime | None,
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Say that the person could not leave: the days in which he or she could are consecutive, and begin anew (40(29)).

    Args:
        since: from when, with its UTC offset; None: since when it was said to last.
        until: up to when; None while it lasts: its end is said later.
        reasons: what stood in the way.

    The others are those of `discharge`.

    Raises:
        Invalid: `since` is None, and no hindrance is said to last.
    """
    if since is None:
        case = archive.load(reference, home=settings.state)
        since = next((one.hindrance for one in under_conduct(case) if one.person == person), None)
    if since is None:
        raise Invalid("No hindrance is said to last: say since when.", code="form.required", where="since")
    body = {"person": person, "since": moment_text(since), "until": moment_text(until) if until else "",
            "reasons": reasons}  # fmt: skip
    return _record.record(settings, reference, Kind.LEAVING_HINDERED, body, officer=officer, at=at, seen=seen)


def end_safe_conduct(
    settings: Settings,
    reference: str,
    *,
    person: str,
    how: str,
    ended_at: datetime,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Say how safe conduct ended: the person left, returned freely, or stayed until the time ran out (40(29)).

    Args:
        how: ``left``, ``returned`` or ``stayed``.
        ended_at: when, with its UTC offset.

    The others are those of `discharge`.

    Raises:
        NotPossible: the person is said to have stayed, and by the law book the time has not run out by `ended_at`.
    """
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        if how == STAYED:
            _has_run_out(settings, case, person, ended_at)
        body = {"person": person, "how": how, "ended_at": moment_text(ended_at)}
        return _record.record(settings, reference, Kind.SAFE_CONDUCT_ENDED, body, officer=officer, at=at, seen=seen)


def _has_run_out(settings: Settings, case: Case, person: str, moment: datetime) -> None:
    """Return when safe conduct has run out by `moment`, or the legal basis sets no period. Raises NotPossible."""
    said = next((one for one in conducts(case) if one.person == person), None)
    try:
        rule = settings.books.clock(case.request.basis, clocks.SAFE_CONDUCT)
    except Invalid:
        return
    if said is None:
        return
    found = clocks.conduct(said, rule, ZoneInfo(settings.books.state(case.requesting).zone))
    if not found.over(moment):
        raise NotPossible("The time has not run out by then.", code="conduct.early", where="ended_at")


def withdraw(
    settings: Settings, reference: str, *, reasons: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Say that the help is no longer needed (40(26))."""
    body = {"reasons": reasons}
    return _record.record(settings, reference, Kind.WITHDRAWN, body, officer=officer, at=at, seen=seen)


def verify(
    settings: Settings, reference: str, *, container: str = "", officer: models.Officer, at: datetime, seen: str = ""
) -> models.Job:
    """Order the verification of a return: container, signatures, manifest and every exhibit.

    The courier does the long work (`evidence.verify_return`); the act is recorded when everything held.

    Args:
        settings: the node's.
        reference: the case.
        container: which return; empty: the oldest that is not verified yet.
        officer: who orders it.
        at: now.
        seen: id of the last act that he was shown.
    """
    return evidence.order(
        settings, reference, models.Job.Kind.VERIFY, Kind.VERIFIED, {},
        would=lambda case: evidence.to_verify(case, container), officer=officer, at=at, seen=seen,
    )  # fmt: skip


def close(
    settings: Settings, reference: str, *, note: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Close the case on this side and tell the other State."""
    body = {"note": note}
    return _record.record(settings, reference, Kind.CLOSED, body, officer=officer, at=at, seen=seen)
