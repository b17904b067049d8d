"""Test calls between 24/7 points of contact (Article 41): called by an officer or by a plan, answered by a person only.

The one place where an answer is made is `answer`, and it takes an officer who acts now. Nothing here answers by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from comity.casework.act import SKEW
from comity.casework.moments import moment_text
from comity.casework.request import Urgency
from comity.errors import ComityError, Invalid, NotPossible, NotYours
from comity.node import archive, models
from comity.node.desk import _record, restores
from comity.node.desk._due import is_due
from comity.node.desk.conversing import handed, holding
from comity.node.settings import Settings
from comity.reporting.axes import before, edges, quarter
from comity.seal import canon, envelope
from comity.seal.envelope import Opened, Statement
from comity.wire import calls, messages
from comity.wire.calls import Answer, Call, Round, Standing
from comity.wire.directory import trust_in
from comity.wire.exchange import Event
from comity.wire.remembered import Stage

MOST: Final = 24  # calls of one peer within a day; more are refused
DAYS: Final = range(1, 366)  # between two planned calls
MINUTES: Final = range(1, 1441)  # until a call is to be answered
_DAY: Final = timedelta(days=1)
_AGAIN: Final = timedelta(minutes=10)


def call(
    settings: Settings, to: str, *, urgency: Urgency, question: str, minutes: int, officer: models.Officer, at: datetime
) -> models.Call:
    """Call the point of contact of `to` now, as `officer` decided.

    Args:
        settings: the node's.
        to: the State that is called.
        urgency: how urgent a request would be for which this stands.
        question: what is asked; may be empty.
        minutes: by when an answer is expected.
        officer: who calls.
        at: now.

    Raises:
        NotYours: he has no power here.
        NotPossible: ``call.open``: the last call still has time; or that State cannot be written to now.
        Invalid: ``call.due`` or ``call.too-long``.
    """
    _may(officer)
    return _call(settings, to, caller=_named(officer), urgency=urgency, question=question, minutes=minutes, at=at)


def _call(
    settings: Settings, to: str, *, caller: str, urgency: Urgency, question: str, minutes: int, at: datetime
) -> models.Call:
    if minutes not in MINUTES:
        raise Invalid("A call is to be answered within a minute to a day.", code="call.due", where="minutes")
    archive.peer_entry(to)
    moment = at.replace(microsecond=0)
    said = Call(caller, moment, moment + timedelta(minutes=minutes), urgency, question)
    with holding(settings, to):  # holds the conversation: two officers do not call at once
        over = is_due("due", moment, moment + _DAY)  # a call that a clock made that ran ahead holds up none
        if models.Call.objects.filter(peer=to, ours=True, answered_at=None).exclude(over).exists():
            raise NotPossible(f"{to} is being called: that call still has time.", code="call.open", where="peer")
        statement = calls.sign(said, sender=settings.state, to=to, key=settings.signing)
        carried = _record.post(settings, statement, to=to, at=at)
        return _keep(said, statement, peer=to, ours=True, carried=carried, hop=to, at=at)


def _keep(said: Call, statement: bytes, *, peer: str, ours: bool, carried: str, hop: str, at: datetime) -> models.Call:
    return models.Call.objects.create(
        digest=canon.content_id(statement), peer=peer, ours=ours, statement=statement, envelope=carried, hop=hop,
        at=said.at, due=said.due, came_at=at,
    )  # fmt: skip


def _may(officer: models.Officer) -> None:
    if not officer.is_active or not officer.powers:
        raise NotYours("Who has no power here neither calls nor answers.", code="case.power", where="power")


def _named(officer: models.Officer) -> str:
    return f"{officer.full_name}, {officer.office}"


def plan(
    settings: Settings, to: str, *, every: int, urgency: Urgency, question: str, minutes: int,
    officer: models.Officer, at: datetime,
) -> None:  # fmt: skip
    """Decide how often `to` is called by itself: at a random minute of the day, at night too. The first call is within a day.

    Args:
        settings: the node's.
        to: the State that is called.
        every: days from one call to the next; 0: never.
        urgency: as in `call`; so are `question` and `minutes`.
        question: what is asked.
        minutes: by when an answer is expected.
        officer: who decides so.
        at: now.

    Raises:
        NotYours: he has no power here.
        NotPossible: this State is not pinned here.
        Invalid: ``call.every``, ``call.due`` or ``call.too-long``.
    """
    _may(officer)
    archive.peer_entry(to)
    if every == 0:
        models.CallPlan.objects.filter(pk=to).delete()
        return
    if every not in DAYS:
        raise Invalid("A State is called every 1 to 365 days, or never (0).", code="call.every", where="every")
    if minutes not in MINUTES:
        raise Invalid("A call is to be answered within a minute to a day.", code="call.due", where="minutes")
    if len(question) > calls.TEXT_LIMIT:
        raise Invalid(f"At most {calls.TEXT_LIMIT} characters are taken here.", code="call.too-long", where="question")
    given = {
        "every": every, "minutes": minutes, "urgency": str(urgency), "question": question, "by": _named(officer),
        "made_at": at, "next_at": at + timedelta(minutes=secrets.randbelow(24 * 60)), "trouble": "",
    }  # fmt: skip
    models.CallPlan.objects.update_or_create(pk=to, defaults=given)


def _next(every: int, at: datetime) -> datetime:
    """A random minute of the day that lies `every` days after that of `at` (UTC): no hour is spared or favoured."""
    day = at.astimezone(UTC).date() + timedelta(days=every)
    return datetime.combine(day, time(), UTC) + timedelta(minutes=secrets.randbelow(24 * 60))


def due(settings: Settings, *, at: datetime) -> bool:
    """Make the planned calls that are due, note which calls the peers' machines keep by now, and publish what is over.

    Returns:
        Whether there was anything.
    """
    plans = [
        row
        for every in set(models.CallPlan.objects.values_list("every", flat=True))
        for row in models.CallPlan.objects.filter(is_due("next_at", at, at + (every + 1) * _DAY), every=every)
    ]
    for row in plans:
        row.next_at, row.trouble = _next(row.every, at), ""
        try:
            _call(settings, row.peer, caller="", urgency=Urgency(row.urgency), question=row.question, minutes=row.minutes,
                  at=at)  # fmt: skip
        except ComityError as error:
            row.trouble = error.code[:60]
            if error.code != "call.open":  # that one counts in this one's place
                row.next_at = at + _AGAIN
        models.CallPlan.objects.filter(pk=row.pk, made_at=row.made_at).update(next_at=row.next_at, trouble=row.trouble)
    noted = bool(_note_kept(at))
    return _publish(settings, at) or noted or bool(plans)


def _publish(settings: Settings, at: datetime) -> bool:
    """Draw up the figures of the quarter that ended last, signed, once for good; whether there was anything.

    A day after its end, for late answers to its last calls. What comes later changes nothing. After memory was set back it
    cannot be known whether others had been published: then none are.
    """
    period = before(quarter(at - _DAY))
    begin, end = edges(period)
    rows = models.Call.objects.filter(due__gte=begin, due__lt=end)
    if models.CallFigures.objects.filter(pk=period).exists() or not rows.exists():
        return False
    forgotten = restores.set_back_until()
    if forgotten is not None and forgotten >= end + _DAY:
        return False
    said = calls.figures(rounds(rows.defer("statement", "answer")), period=period) | {"at": moment_text(at)}
    value = envelope.sign("figures", canon.dumps(said), sender=settings.state, to="", key=settings.signing)
    return models.CallFigures.objects.get_or_create(pk=period, defaults={"at": at, "value": value})[1]


def published(period: str = "") -> bytes | None:
    """The signed figures of test calls of a quarter, or of the newest one that there are some of; None: there are none."""
    rows = models.CallFigures.objects.order_by("period")
    row = (rows.filter(pk=period) if period else rows).last()
    return None if row is None else bytes(row.value)


def _note_kept(at: datetime) -> int:
    waiting = models.Call.objects.filter(ours=True, kept_known_at=None)
    kept = models.Departure.objects.filter(digest__in=waiting.values("envelope"), relayed=True)
    for row in kept:
        try:
            trust = trust_in([archive.peer_entry(row.peer)])
            said = messages.read_word(archive.words(row)[0], trust).said
        except ComityError:  # its key was revoked since
            models.Call.objects.filter(envelope=row.digest).update(kept_known_at=at)
            continue
        moment = datetime.fromtimestamp(said.at, UTC)
        models.Call.objects.filter(envelope=row.digest).update(kept_at=moment, kept_known_at=at)
    return len(kept)


def answer(settings: Settings, digest: str, *, text: str, officer: models.Officer, at: datetime) -> None:
    """Answer a call that came in, as the person who is here now.

    Args:
        settings: the node's.
        digest: names the call.
        text: what he says; may be empty.
        officer: who answers.
        at: now.

    Raises:
        NotYours: he has no power here.
        NotPossible: ``call.unknown``, or ``call.answered``: somebody was quicker; or that State cannot be written to now.
        Invalid: ``call.too-long``.
    """
    _may(officer)
    row = models.Call.objects.filter(pk=digest, ours=False).first()
    if row is None:
        raise NotPossible("No such call has come in.", code="call.unknown")
    said = Answer(digest, officer.username, _named(officer), at.replace(microsecond=0), text)
    with holding(settings, row.peer):  # holds the conversation: two officers do not answer at once
        if models.Call.objects.filter(pk=digest, answered_at__isnull=False).exists():
            raise NotPossible("This call is answered already.", code="call.answered")
        statement = calls.sign(said, sender=settings.state, to=row.peer, key=settings.signing)
        stands_on = (row.envelope,) if row.hop == row.peer else ()  # else the peer knows no such envelope of its own
        carried = _record.post(settings, statement, to=row.peer, at=at, after=stands_on)
        _answered(row, said, statement, carried=carried, at=at)
    seen(settings, [row], officer=officer, at=at)


def _answered(row: models.Call, said: Answer, statement: bytes, *, carried: str, at: datetime) -> None:
    models.Call.objects.filter(pk=row.pk).update(
        answer=statement, answer_envelope=carried, answered_at=said.at, answer_known_at=at
    )


def arrived(settings: Settings, row: models.Arrival, opened: Opened) -> None:
    """Take in a call or an answer that a peer's envelope held.

    Raises:
        Invalid: it does not follow its form; ``call.time``: it states a time at which it cannot have been signed.
        NotPossible: why it is not taken: ``call.known``, ``call.open``, ``call.too-many``; ``call.unknown``,
            ``call.not-asked``, ``call.before``, ``call.answered``.
    """
    statement = opened.statement
    said = calls.read(statement)
    entry = archive.peer_entry(statement.sender)
    if not entry.named(statement.key_id).holds(said.at) or said.at > row.at + SKEW:
        raise Invalid("The call states a time at which it cannot have been signed.", code="call.time", where="at")
    if isinstance(said, Call):
        _called(row, said, statement)
    else:
        asked = _asked(said, statement)
        _answered(asked, said, statement.raw, carried=row.digest, at=row.at)


def _called(row: models.Arrival, said: Call, statement: Statement) -> None:
    """Keep a call that came in. It counts against its sender, whichever node brought it."""
    digest, rows = canon.content_id(statement.raw), models.Call.objects.filter(peer=statement.sender, ours=False)
    if rows.filter(pk=digest).exists():
        raise NotPossible("This call came before.", code="call.known")
    if not _admitted_once(row):
        _room(rows, said, at=row.at)
    _keep(said, statement.raw, peer=statement.sender, ours=False, carried=row.digest, hop=row.hop, at=row.at)


def _admitted_once(row: models.Arrival) -> bool:
    """Whether it came back after memory was lost, with this node's own word that it was admitted: it is not judged again."""
    return any(messages.said_of(word).event is Event.CONTENT_CONSIGNMENT for word in archive.words(row))


def _room(rows: QuerySet[models.Call], said: Call, *, at: datetime) -> None:
    """Return when there is room for a call that came at `at` beside `rows`, its sender's others. Raises NotPossible."""
    if rows.filter(answered_at=None, at__lt=said.due, due__gt=said.at).exists():
        raise NotPossible("An earlier call of yours still has time.", code="call.open")
    if rows.filter(came_at__range=(at - _DAY, at)).count() >= MOST:
        raise NotPossible(f"More than {MOST} calls a day are not taken.", code="call.too-many")


def _asked(said: Answer, statement: Statement) -> models.Call:
    """The call of ours that is answered. Raises NotPossible: it is not one that this State may answer so."""
    found = models.Call.objects.select_for_update().filter(pk=said.asked, ours=True).first()
    if found is None:
        raise NotPossible("This node has made no such call.", code="call.unknown", where="asked")
    if found.peer != statement.sender:
        raise NotPossible("Another State was asked.", code="call.not-asked", where="asked")
    if said.at < found.at - SKEW:
        raise NotPossible("This was answered before it was asked.", code="call.before", where="at")
    if found.answered_at is not None:
        raise NotPossible("This call was answered before.", code="call.answered", where="asked")
    return found


def adopt(said: Statement, row: models.Departure) -> None:
    """Take back a call or an answer of this State that the peer gave back after memory was lost.

    Raises:
        Invalid, NotPossible: it does not fit.
    """
    found = calls.read(said)
    if isinstance(found, Call):
        if models.Call.objects.filter(envelope=row.digest).exists():
            raise NotPossible("This call is known already.", code="call.known")
        _keep(found, said.raw, peer=row.peer, ours=True, carried=row.digest, hop=row.peer, at=row.made_at)
        return
    asked = models.Call.objects.filter(pk=found.asked, peer=row.peer, ours=False, answered_at=None).first()
    if asked is None:
        raise NotPossible("No such call waits for an answer.", code="call.unknown")
    _answered(asked, found, said.raw, carried=row.digest, at=row.made_at)


def seen(settings: Settings, rows: Iterable[models.Call], *, officer: models.Officer, at: datetime) -> None:
    """Note that an officer who can act has these calls, or the answers to these of ours, before him: their senders learn it."""
    if not officer.is_active or not officer.powers:
        return
    shown = {row.answer_envelope if row.ours else row.envelope for row in rows}
    handed(settings, models.Arrival.objects.filter(digest__in=shown), at=at)


# ── what pages and figures read ─────────────────────────────────────────────────────────────────────────────────────


def waiting() -> list[models.Call]:
    """The calls that came in and that nobody has answered, the one with the least time first."""
    return list(models.Call.objects.filter(ours=False, answered_at=None).order_by("due"))


def made(state: str, *, at: datetime) -> QuerySet[models.Call]:
    """Our calls to `state`, the newest first, without those of a clock that ran ahead: they would be the newest until then."""
    return models.Call.objects.filter(ours=True, peer=state, at__lte=at + SKEW)


def rounds(rows: Iterable[models.Call]) -> Iterator[Round]:
    """The moments of calls, as `wire.calls` counts them, in the same order."""
    unanswered = models.Call.objects.filter(ours=True, answered_at=None)
    dead = models.Departure.objects.filter(digest__in=unanswered.values("envelope"), stage=Stage.DEAD)
    refused = set(dead.values_list("digest", flat=True))
    for row in rows:
        yield Round(
            row.peer, row.ours, row.at if row.ours else row.came_at, row.due, row.kept_known_at, row.kept_at,
            row.answer_known_at, row.answered_at, row.ours and row.envelope in refused,
        )  # fmt: skip


def round_of(row: models.Call) -> Round:
    """The same of one call."""
    return next(rounds([row]))


@dataclass(frozen=True)
class Unreached:
    """A State whose point of contact this State has tried, and on which it cannot rely now.

    Args:
        state: its code.
        silent: when the last call that was delivered to it began, if nobody answered that in time; else None.
        undelivered: when the last call to it began, if that was not delivered while it had time; else None.
        confirmed_on: when it last confirmed its entry, if that is more than a year ago; else None.
    """

    state: str
    silent: datetime | None
    undelivered: datetime | None
    confirmed_on: date | None


def unreached(*, at: datetime) -> list[Unreached]:
    """The States that were called and did not answer, or whose entry is stale though they are called, by their codes."""
    tried = {*models.Call.objects.filter(ours=True).order_by().values_list("peer", flat=True).distinct()}
    tried |= {*models.CallPlan.objects.values_list("peer", flat=True)}
    found = []
    for entry in archive.entries():
        if entry.state not in tried:
            continue
        last = _last(entry.state, at)
        silent, undelivered = last.get(Standing.SILENT), last.get(Standing.UNDELIVERED)
        stale = entry.confirmed_on if entry.stale(at.date()) else None
        if silent or undelivered or stale:
            found.append(Unreached(entry.state, silent, undelivered, stale))
    return found


def _last(state: str, at: datetime) -> dict[Standing, datetime]:
    """What became of the last call to `state` that is over, and of the last before it that was delivered -> its begin."""
    over = Q(due__lt=at) | ~Q(answered_at=None)
    rows = made(state, at=at).filter(over).defer("statement", "answer")
    found: dict[Standing, datetime] = {}
    for one in rounds(rows.iterator(chunk_size=8)):  # mostly the first will do
        standing = one.standing(at)
        found.setdefault(standing, one.began)
        if standing is not Standing.UNDELIVERED:
            break
    return found
