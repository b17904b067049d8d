"""One step = one transaction: the act, its log entry and, if it crosses, the envelope on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.lifecycle import CROSSING, Act, Case, Kind, Power, advance, open_case, power_for
from comity.casework.moments import moment_text
from comity.casework.request import Request
from comity.errors import Invalid, NotPossible, NotYours
from comity.ledger import log
from comity.node import bell, models
from comity.node.archive import load, peer_entry
from comity.node.desk._kept import pair_row
from comity.node.desk._log import log_append
from comity.node.desk._numbers import not_given_before
from comity.node.desk._rows import inserted
from comity.node.desk.conversing import conversation, form_with
from comity.node.settings import Settings
from comity.seal import envelope
from comity.seal.keys import SealKey
from comity.wire import messages
from comity.wire.directory import Purpose


def record(
    settings: Settings,
    reference: str,
    kind: Kind,
    body: Mapping[str, Any],
    *,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record an act of this State in the case `reference`: what every verb of the desks ends in.

    Args:
        settings: the node's.
        reference: the case.
        kind: what the act says.
        body: its contents.
        officer: who acts.
        at: now.
        seen: id of the last act that the officer was shown, when he was shown one.

    Returns:
        The case after the act.

    Raises:
        NotYours: the officer lacks the power, or four eyes are required.
        NotPossible: the act does not fit the case, or the case has changed since the officer saw it.
        Invalid: the body does not follow its form.
    """
    with transaction.atomic():
        case = load(reference, home=settings.state)
        act = drawn_up(settings, case, kind, body, officer=officer, at=at)
        unchanged(case, seen)
        crosses = kind in CROSSING
        to = case.peer(settings.state) if crosses else settings.state
        act, statement = messages.sign_act(act, to=to, key=settings.signing)
        after = advance(case, act, home=settings.state)
        row = _keep(act, statement, seq=len(case.acts), entry=log_append(log.entry(log.ACT, act.id)))
        if crosses:
            _depart(settings, row, statement, to, at)
        return after


def drawn_up(
    settings: Settings, case: Case, kind: Kind, body: Mapping[str, Any], *, officer: models.Officer, at: datetime
) -> Act:
    """The act by which `officer` would say this, not signed yet.

    Raises:
        NotYours: the officer lacks the power.
        NotPossible: it is no act of this State.
        Invalid: the body does not follow its form.
    """
    power = power_for(case, kind, home=settings.state)
    needs(officer, power)
    exercise = Request.from_dict(body["request"]).exercise if "request" in body else case.request.exercise
    name = f"{officer.full_name}, {officer.office}"
    moment = at.replace(microsecond=0)
    return Act(kind, case.reference, settings.state, officer.username, name, power, moment, body, after=case.head,
               exercise=exercise)  # fmt: skip


def end_of(settings: Settings, day: date) -> str:
    """The last moment of `day` at this node, as it crosses the border."""
    return moment_text(datetime.combine(day, time(23, 59, 59), ZoneInfo(settings.time_zone)))


def unchanged(case: Case, seen: str) -> None:
    """Return when `seen` is the case's last act, or empty. Raises NotPossible: what is decided must be what was shown."""
    if seen and (not case.acts or case.acts[-1].id != seen):
        raise NotPossible("The case has changed since this page was shown.", code="case.changed", where=case.reference)


def needs(officer: models.Officer, power: Power) -> None:
    """Return when `officer` holds `power`. Raises NotYours."""
    if not officer.is_active or power not in officer.powers:
        raise NotYours(f"{officer.full_name} has no power to {power}.", code="case.power", where="power")


def carries(officer: models.Officer) -> None:
    """Return when `officer` may carry a case away: who has no power at all only looks. Raises NotYours."""
    if not officer.is_active or not officer.powers:
        raise NotYours("Who has no power here does not carry cases away.", code="case.power", where="power")


_TELLING = frozenset({Kind.DRAFTED, Kind.AMENDED, Kind.SUPPLEMENTED, Kind.EXECUTED, Kind.VERIFIED})
"""After these a case may mention more than before. A case that was just opened is `fresh` as it is."""


def act_row(act: Act, statement: bytes, *, seq: int, entry: int | None) -> tuple[models.Act, models.Kept]:
    """(the row of an act, that of the signatures it stands under), not in the tables yet. Raises Invalid: it is too long."""
    if len(statement) > envelope.MESSAGE_LIMIT * 3 // 4:  # exported in base64 it grows by a third
        raise Invalid("This is too long. Shorten its texts.", code="act.too-long")
    said = envelope.apart(statement)
    pair = pair_row(said.pair)
    row = models.Act(digest=act.id, case_id=act.case, seq=seq, kind=act.kind, by=act.by, at=act.at,
                     statement=said.bare, pair=pair.digest, entry=entry)  # fmt: skip
    return row, pair


def _keep(act: Act, statement: bytes, *, seq: int, entry: int | None) -> models.Act:
    row, pair = act_row(act, statement, seq=seq, entry=entry)
    inserted(models.Kept, [pair], unless_there=True)
    if act.kind in _TELLING:
        models.Case.objects.filter(pk=act.case).update(fresh=True)
    row.save(force_insert=True)
    return row


def _depart(settings: Settings, row: models.Act, statement: bytes, to: str, at: datetime) -> None:
    digest = post(settings, statement, to=to, after=_stands_on(row, to), at=at)
    models.Departure.objects.filter(digest=digest).update(act=row)


def _stands_on(row: models.Act, to: str) -> tuple[str, ...]:
    """The newest envelopes of the act's case, of either State, that `to` knows."""
    before = models.Act.objects.filter(case=row.case_id, seq__lt=row.seq).order_by("-seq")
    ours = before.values_list("departure__digest", flat=True).filter(departure__isnull=False).first()
    theirs = before.filter(arrival__hop=to).values_list("arrival__digest", flat=True).first()
    return tuple(digest for digest in (ours, theirs) if digest)


def post(settings: Settings, statement: bytes, *, to: str, at: datetime, after: tuple[str, ...] = ()) -> str:
    """Seal a signed statement for `to` and note it as on its way, inside the caller's transaction.

    Args:
        settings: the node's.
        statement: as `envelope.sign` made it.
        to: the addressee.
        at: now.
        after: digests of the envelopes that it stands on.

    Returns:
        The envelope's digest.

    Raises:
        NotPossible: the addressee's keys are not valid now.
        NotYet: it has not said yet what it holds.
        Invalid: it is too long.
    """
    return post_all(settings, [statement], to=to, at=at, after=after)[0]


def post_all(
    settings: Settings, statements: Sequence[bytes], *, to: str, at: datetime, after: tuple[str, ...] = ()
) -> list[str]:
    """As `post`, of several statements; none of them stands on another of them."""
    keys = peer_entry(to).valid(Purpose.OPEN, at)
    if not keys or not isinstance(key := keys[-1].public, SealKey):
        raise NotPossible(f"The keys of {to} are not valid now. Ask for its new entry.", code="peer.expired", where=to)
    form = form_with(to)
    envelopes = [envelope.seal(statement, to=to, key=key, form=form) for statement in statements]
    if any(len(data) > envelope.MESSAGE_LIMIT for data in envelopes):
        raise Invalid("This is too long. Shorten its texts.", code="act.too-long")
    posted = conversation(settings, to).post_all(envelopes, after, at.timestamp())
    transaction.on_commit(partial(bell.ring, settings.home))
    return [row.digest for row in posted]


def open_new(settings: Settings, request: Request, *, at: datetime) -> None:
    """Open a case for `request` of this State. Raises NotPossible: the reference is taken, or was perhaps before a restore."""
    if models.Case.objects.filter(pk=request.reference).exists():
        raise NotPossible(f"{request.reference} exists already.", code="case.exists", where="reference")
    not_given_before(request.reference)
    _open(request, at)


def _open(request: Request, at: datetime) -> Case:
    case_row(request, at).save(force_insert=True)
    return open_case(request)


def case_row(request: Request, at: datetime) -> models.Case:
    """The row of a case that `request` opens, not in the tables yet."""
    return models.Case(
        reference=request.reference, requesting=request.requesting, requested=request.requested,
        measure=request.measure, follows=request.follows[:_NAMED], opened_at=at,
    )  # fmt: skip


_NAMED = 20  # characters that a row has for it; no reference is longer


def between(one: str, other: str) -> QuerySet[models.Case]:
    """The cases of two States, in either direction."""
    return models.Case.objects.filter(requesting__in=(one, other), requested__in=(one, other))


def relink(request: Request) -> None:
    """Keep the case's row in step with the case that its request names now. Who reads the link looks whether that is there."""
    models.Case.objects.filter(pk=request.reference).update(follows=request.follows[:_NAMED])


def adopt(settings: Settings, act: Act, statement: bytes, *, at: datetime) -> models.Act:
    """Add an act of this State that came back from the peer to its case, inside the caller's transaction.

    Raises:
        NotPossible, Invalid: it does not fit; nothing was written.
    """
    if models.Act.objects.filter(pk=act.id).exists():
        raise NotPossible("This act is known already.", code="act.known", where=act.case)
    known = models.Case.objects.filter(pk=act.case).first()
    asked = Request.from_dict(act.body["request"]) if act.kind is Kind.REQUESTED else None
    if asked is not None and known is None:
        _open(asked, at)
    elif (
        asked is not None and known is not None and (known.requested, known.measure) != (asked.requested, asked.measure)
    ):
        raise NotPossible(
            "Another case of this State bears this reference.", code="case.reference-twice", where=act.case
        )
    case = load(act.case, home=settings.state)
    relink(advance(case, act, home=settings.state, restored=True).request)
    row = _keep(act, statement, seq=len(case.acts), entry=log_append(log.entry(log.ACT, act.id)))
    row.restored = True
    row.save(update_fields=["restored"])
    return row


def retold(request: Request) -> None:
    """As `relink`, when an act of the other State said anew what is asked: the case may mention more than before."""
    models.Case.objects.filter(pk=request.reference).update(follows=request.follows[:_NAMED], fresh=True)


def admitted(settings: Settings, case: Case | None, act: Act) -> Case:
    """The case after a peer's verified act; nothing is written. A request opens its case.

    Args:
        settings: the node's.
        case: as it is here; None: there is none.
        act: what the peer says.

    Raises:
        NotPossible, Invalid: it does not fit.
    """
    if case is not None:
        if act.by == settings.state:
            raise Invalid("Nobody else speaks for this State.", code="request.parties")
        return advance(case, act, home=settings.state)
    if act.kind is not Kind.REQUESTED or act.request is None:
        raise Invalid(f"There is no case {act.case} here.", code="case.unknown", where=act.case)
    request = act.request
    if settings.exercise and not request.exercise:
        raise Invalid("This node only takes part in exercises.", code="request.earnest", where="exercise")
    if request.requesting != act.by or request.requested != settings.state or request.reference != act.case:
        raise Invalid("The request is not its sender's own, or not for this State.", code="request.parties")
    return advance(open_case(request), act, home=settings.state)
