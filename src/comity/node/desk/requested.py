"""The requested State's desk: the life of another State's request, read from top to bottom.

assess · (ask | consult | report_progress) · accept or refuse or postpone · authorise · order · preserve (extend), or execute
and disclose, or perform · close

What arrives is kept and admitted in `crossing`; from there on nothing moves without an officer of this State.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction

from comity.casework.act import EVIDENCE, INTELLIGENCE
from comity.casework.lifecycle import Case, Kind
from comity.casework.measure import Life, Measure
from comity.casework.moments import moment_text
from comity.errors import Invalid, NotPossible
from comity.law import clocks, shelf
from comity.law.assess import Assessment
from comity.law.assess import assess as assess_law
from comity.law.treaty import Ground
from comity.node import archive, models
from comity.node.desk import _record, evidence, intake
from comity.node.settings import Settings


def assess(settings: Settings, reference: str, *, officer: models.Officer, at: datetime, seen: str = "") -> Assessment:
    """Assess the request as it stands under the treaty and this State's own book."""
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        assessment = assess_law(case.request, settings.books, on=at.date(), side="requested")
        body = {"assessment": assessment.to_dict()}
        _record.record(settings, reference, Kind.ASSESSED, body, officer=officer, at=at, seen=seen or case.acts[-1].id)
        shelf.keep(settings.home / "lawbooks", settings.books, assessment)
    return assessment


def ask(
    settings: Settings,
    reference: str,
    *,
    questions: str,
    fields: Sequence[str],
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Ask for more information (40(16)).

    Args:
        questions: in words.
        fields: names of the request's fields that are missing or unclear.
    """
    body = {"questions": questions, "fields": list(fields)}
    return _record.record(settings, reference, Kind.ASKED, body, officer=officer, at=at, seen=seen)


def consult(
    settings: Settings, reference: str, *, message: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Consult the requesting State: before refusing or postponing (40(28)), on what would not serve it (42(7)), 22(5)."""
    return _record.record(settings, reference, Kind.CONSULTED, {"message": message}, officer=officer, at=at, seen=seen)


def report_progress(
    settings: Settings, reference: str, *, message: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Tell the requesting State how its request stands, asked or unasked (40(26))."""
    return _record.record(settings, reference, Kind.PROGRESS, {"message": message}, officer=officer, at=at, seen=seen)


def accept(
    settings: Settings,
    reference: str,
    *,
    conditions: Sequence[str],
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Decide that the help will be given, under `conditions` of use if there are any (36, 40(19), 40(28))."""
    body = {"conditions": [text for text in conditions if text.strip()], "reasons": reasons}
    return _record.record(settings, reference, Kind.ACCEPTED, body, officer=officer, at=at, seen=seen)


def grounds_for(settings: Settings, case: Case, on: date) -> list[Ground]:
    """The grounds on which `case` may be refused on that day; forbidden ones and postponement are not among them."""
    grounds = settings.books.grounds(case.request.basis, case.measure, on)
    return [ground for ground in grounds if ground.stance in ("exists", "reserved")]


def refuse(
    settings: Settings,
    reference: str,
    *,
    grounds: Sequence[str],
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Decide to refuse, on grounds of the book, with reasons (40(21)-(25)), after consultation (40(28)).

    Information is returned, and consent withheld, on no ground but the reasons; so is help for which the book knows none.

    Raises:
        Invalid: a ground that the book does not know for this measure, or none where it knows some.
    """
    case = archive.load(reference, home=settings.state)
    known = {ground.id for ground in grounds_for(settings, case, at.date())}
    for ground in grounds:
        if ground not in known:
            raise Invalid(f"'{ground}' is no ground for refusing this.", code="refuse.ground", where="grounds")
    if not grounds and known and case.life not in (Life.NOTICE, Life.CONSENT):
        raise Invalid("A refusal names its grounds.", code="refuse.ground", where="grounds")
    body = {"grounds": list(grounds), "reasons": reasons}
    return _record.record(settings, reference, Kind.REFUSED, body, officer=officer, at=at, seen=seen)


def postpone(
    settings: Settings, reference: str, *, reasons: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Postpone because it would interfere with a proceeding here (40(27)), after consultation."""
    return _record.record(settings, reference, Kind.POSTPONED, {"reasons": reasons}, officer=officer, at=at, seen=seen)


def authorise(
    settings: Settings,
    reference: str,
    *,
    authority: str,
    decision: str,
    ground: str,
    scope: str,
    until: date,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record the domestic authorisation that safeguards require (Article 24), by someone other than who decided.

    Args:
        authority: the body that authorises, e.g. a court.
        decision: its file number.
        ground: the provision it rests on.
        scope: what it covers and what not.
        until: last day it is valid.

    Raises:
        Invalid: it has expired already.
    """
    if until < at.date():
        raise Invalid("The authorisation has expired already.", code="authorise.until", where="until")
    body = {"authority": authority, "decision": decision, "ground": ground, "scope": scope, "until": until.isoformat()}
    return _record.record(settings, reference, Kind.AUTHORISED, body, officer=officer, at=at, seen=seen)


def order(
    settings: Settings,
    reference: str,
    *,
    provider: str,
    order: str,
    content: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record the domestic order to the provider: its number and what it orders. Raises NotPossible as `execute`."""
    _nothing_leaves(reference)
    body = {"provider": provider, "order": order, "content": content}
    return _record.record(settings, reference, Kind.ORDERED, body, officer=officer, at=at, seen=seen)


def preserve(
    settings: Settings,
    reference: str,
    *,
    effected_at: datetime,
    until: date | None = None,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Tell the requesting State that the data are preserved; the period of Article 42(8) runs from `effected_at`.

    Args:
        effected_at: since when they are.
        until: the last day of the period, when the legal basis sets none; otherwise left out.

    Raises:
        NotPossible: the moment lies in the future.
        Invalid: the basis sets no period and `until` is missing or past.
    """
    case = archive.load(reference, home=settings.state)
    due = _preserved_until(settings, case, effected_at, until)
    body = {"effected_at": moment_text(effected_at), "until": moment_text(due)}
    return _record.record(settings, reference, Kind.PRESERVED, body, officer=officer, at=at, seen=seen)


def _preserved_until(settings: Settings, case: Case, effected_at: datetime, until: date | None) -> datetime:
    zone = ZoneInfo(settings.time_zone)
    try:
        rule = settings.books.clock(case.request.basis, "preservation")
    except Invalid:
        if until is None or until < effected_at.astimezone(zone).date():
            message = "The legal basis sets no period: say until which day the data are held."
            raise Invalid(message, code="preserve.until", where="until") from None
        return datetime.combine(until, time(23, 59, 59), zone)
    return clocks.preservation(effected_at, rule, zone).due


def extend(
    settings: Settings,
    reference: str,
    *,
    until: date,
    reasons: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Grant more time when it was asked for: data stay preserved (42(9)), or are collected, to the end of the day `until`.

    A preservation may be extended by more than was asked; a collection by no more, and no further than it is authorised.
    """
    body = {"until": _record.end_of(settings, until), "reasons": reasons}
    return _record.record(settings, reference, Kind.EXTENDED, body, officer=officer, at=at, seen=seen)


def refuse_extension(
    settings: Settings, reference: str, *, reasons: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Refuse the time that was asked for, with reasons; the period ends when it would have."""
    body = {"reasons": reasons}
    return _record.record(settings, reference, Kind.EXTENSION_REFUSED, body, officer=officer, at=at, seen=seen)


def execute(
    settings: Settings,
    reference: str,
    *,
    delivery: str,
    source: str,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> models.Job:
    """Order that the provider's delivery be taken in: hashed, listed and locked in the vault.

    The courier does the long work (`evidence.take_in`); the act is recorded when all is in.

    Args:
        delivery: name of a file or folder in the node's intake folder.
        source: who handed it over.

    Raises:
        NotPossible: what was taken in before is just being sealed.
    """
    _nothing_leaves(reference)
    intake.find_delivery(settings, delivery)
    given = {"delivery": delivery, "source": source}
    return evidence.order(
        settings, reference, models.Job.Kind.TAKE_IN, Kind.EXECUTED, given,
        would=lambda _: {"manifest": _UNKNOWN, "files": 0, "bytes": 0}, officer=officer, at=at, seen=seen,
    )  # fmt: skip


def _nothing_leaves(reference: str) -> None:
    """What is being sealed and disclosed stays what its officer saw. Raises NotPossible: wait until that is done."""
    waiting = {"kind": models.Job.Kind.DISCLOSE, "status": models.Job.Status.WAITING}
    if models.Job.objects.filter(case=reference, **waiting).exists():
        raise NotPossible("What was taken in is just being disclosed.", code="job.disclosing", where=reference)


_UNKNOWN = "0" * 64  # the digest of what is still to be made


def disclose(
    settings: Settings,
    reference: str,
    *,
    rest: str = "",
    use: str = "",
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> models.Job:
    """Order that what was taken in last be sealed for the requesting State and disclosed.

    The courier does the long work (`evidence.seal_return`); the act is recorded, and crosses, when the container is whole.

    Args:
        settings: the node's.
        reference: the case.
        rest: what is still missing: it follows in another return, or is refused; empty: this is all.
        use: ``evidence`` or ``intelligence`` (47); empty: by the measure.
        officer: who orders it.
        at: now.
        seen: id of the last act that he was shown.
    """
    police = archive.load_row(reference).measure == Measure.POLICE_COOPERATION
    said = {"use": use or (INTELLIGENCE if police else EVIDENCE), "rest": rest}
    with transaction.atomic():
        given = (
            evidence.as_taken_in(archive.load(reference, home=settings.state)) | said
        )  # what he sees now, and no other
        return evidence.order(
            settings, reference, models.Job.Kind.DISCLOSE, Kind.DISCLOSED, given,
            would=lambda case: evidence.as_taken_in(case) | said | {"container": _UNKNOWN, "size": 1},
            officer=officer, at=at, seen=seen,
        )  # fmt: skip


def perform(
    settings: Settings,
    reference: str,
    *,
    report: str,
    done_on: date,
    rest: str = "",
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Tell the requesting State what was done: the person surrendered, the document served, the property frozen.

    Args:
        settings: the node's.
        reference: the case.
        report: what was done, by whom, with what outcome.
        done_on: the day.
        rest: what is still to be done; empty: this is all.
        officer: who says so.
        at: now.
        seen: id of the last act that he was shown.
    """
    body = {"report": report, "done_on": done_on.isoformat(), "rest": rest}
    return _record.record(settings, reference, Kind.PERFORMED, body, officer=officer, at=at, seen=seen)


def close(
    settings: Settings, reference: str, *, note: str, officer: models.Officer, at: datetime, seen: str = ""
) -> Case:
    """Close the case on this side, after the requesting State closed it on its own."""
    return _record.record(settings, reference, Kind.CLOSED, {"note": note}, officer=officer, at=at, seen=seen)
