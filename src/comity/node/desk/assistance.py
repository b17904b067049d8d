"""The assistance desk (Articles 54 to 56): what this State needs and offers, told to whom it is released, and to nobody else.

A verb changes the newest version here, in one transaction with its place in the log; `due` tells each State that may see it,
as soon as that State can be written to. What others released to this State is kept in its newest version (`arrived`). The
programmes that follow are the work of `desk.programmes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction

from comity.assistance import needs
from comity.assistance.needs import Entry, Need, Offer, Published, Release, Stage, Turn
from comity.casework.act import Power
from comity.errors import ComityError, Invalid, NotPossible, NotYet, NotYours
from comity.ledger import log
from comity.node import bell, models
from comity.node.desk import _record, programmes
from comity.node.desk._due import is_due
from comity.node.desk._log import log_append
from comity.node.desk._numbers import free_reference
from comity.node.desk.conversing import holding
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.seal.envelope import Opened, Statement
from comity.wire import assistance as wire
from comity.wire.assistance import Version

MOST: Final = 1_000  # needs and offers of one other State that are kept
_KINDS: Final[Mapping[str, type[Need | Offer]]] = {wire.NEED: Need, wire.OFFER: Offer}
_AGAIN: Final = timedelta(minutes=1)
_AT_ONCE: Final = 64  # statements put into envelopes in one transaction


def publish(
    settings: Settings, value: Published, *, officer: models.Officer, at: datetime, seen: int | None = None
) -> models.Listing:
    """Publish a need or an offer to whom it is released: its first version, or the next one.

    Args:
        settings: the node's.
        value: all of it.
        officer: who decides so.
        at: now.
        seen: the version that the officer was shown; None: he files it.

    Raises:
        NotYours: he has no power to assist, or it is another State's.
        NotPossible: ``need.unreleased``; ``need.stage``; ``need.agreed``; ``assistance.changed``: it has changed since, or its
            number is taken.
        Invalid: ``assistance.too-long``.
    """
    return _turned(settings, value, officer=officer, at=at, seen=seen, draft=False)


def keep(
    settings: Settings, value: Published, *, officer: models.Officer, at: datetime, seen: int | None = None
) -> models.Listing:
    """Keep a draft, which nobody else learns of. Args and errors as `publish`."""
    return _turned(settings, value, officer=officer, at=at, seen=seen, draft=True)


def _turned(
    settings: Settings, value: Published, *, officer: models.Officer, at: datetime, seen: int | None, draft: bool
) -> models.Listing:
    _record.needs(officer, Power.ASSIST)
    with transaction.atomic():
        row = models.Listing.objects.select_for_update().filter(pk=value.reference).first()
        if (row.version if row else None) != seen:
            raise NotPossible("It has changed since this page was shown.", code="assistance.changed")
        before = _entry(row) if row else Entry(value)
        held = programmes.held(value.reference)
        if row is not None:
            before = needs.turned(before, Turn.REVISED, by=settings.state, at=at, value=value, held=held)
        elif value.state != settings.state:
            raise NotYours("Only this State's own are filed here.", code="need.owner", where="reference")
        if draft and before.stage is not Stage.DRAFT:
            raise NotPossible("What is open is no draft any more.", code="need.stage", where=value.reference)
        after = before
        if not draft and before.stage is Stage.DRAFT:
            after = needs.turned(before, Turn.OPENED, by=settings.state, at=at, held=held)
        turn = "kept" if draft else Turn.OPENED if after is not before else Turn.REVISED
        return _written(settings, row, after, str(turn), officer=officer, at=at)


def end(
    settings: Settings, reference: str, turn: Turn, *, officer: models.Officer, at: datetime, seen: int
) -> models.Listing:
    """Withdraw or close a need or an offer of this State. What was agreed on it stands; who could see it is told.

    Args:
        settings: the node's.
        reference: which.
        turn: ``withdrawn`` or ``closed``.
        officer: who decides so.
        at: now.
        seen: the version that the officer was shown.

    Raises:
        NotYours: he has no power to assist, or it is another State's.
        NotPossible: ``assistance.unknown``; ``assistance.changed``; ``need.stage``.
    """
    _record.needs(officer, Power.ASSIST)
    with transaction.atomic():
        row = models.Listing.objects.select_for_update().filter(pk=reference).first()
        if row is None:
            raise NotPossible("There is no such need or offer here.", code="assistance.unknown", where=reference)
        if row.version != seen:
            raise NotPossible("It has changed since this page was shown.", code="assistance.changed")
        after = needs.turned(_entry(row), turn, by=settings.state, at=at)
        return _written(settings, row, after, str(turn), officer=officer, at=at)


def _written(
    settings: Settings, row: models.Listing | None, entry: Entry, turn: str, *, officer: models.Officer, at: datetime
) -> models.Listing:
    """Keep the next version, and log this State's own signed word on it, unless it was never said to anybody."""
    value, said = entry.value, row is not None and row.version > 0
    version = (row.version if row else 0) + (entry.stage is not Stage.DRAFT and (said or entry.stage is Stage.OPEN))
    statement = b""
    if version:
        open_ = value if entry.stage is Stage.OPEN else None
        whole = Version(
            kind=kind_of(value), reference=value.reference, version=version, stage=entry.stage, at=at, value=open_
        )
        statement = envelope.sign(
            kind_of(value), wire.packed(whole), sender=settings.state, to=settings.state, key=settings.signing
        )
        log_append(log.entry(log.NOTICE, canon.content_id(statement)))
    turns = [*(row.turns if row else []), [turn, f"{officer.full_name}, {officer.office}", at.isoformat()]]
    given = {
        "kind": kind_of(value), "state": value.state, "stage": str(entry.stage), "version": version,
        "value": value.to_dict(), "statement": statement, "at": at, "turns": turns, "next_at": at,
    }  # fmt: skip
    transaction.on_commit(partial(bell.ring, settings.home))
    return models.Listing.objects.update_or_create(pk=value.reference, defaults=given)[0]


def kind_of(value: Published) -> str:
    """``need`` or ``offer``."""
    return wire.NEED if isinstance(value, Need) else wire.OFFER


def value_of(row: models.Listing) -> Published:
    """The need or the offer in a row."""
    return _KINDS[row.kind].from_dict(row.value)


def _entry(row: models.Listing) -> Entry:
    return Entry(value_of(row), Stage(row.stage))


def next_reference(settings: Settings, kind: str, *, at: datetime) -> str:
    """A free number for a need or an offer of this State."""
    head = f"{settings.state}-{kind.upper()}-{at.year}-"
    taken = models.Listing.objects.filter(reference__startswith=head).values_list("reference", flat=True)
    return free_reference(head, taken)


# ── telling those who may see it ────────────────────────────────────────────────────────────────────────────────────


def due(settings: Settings, *, at: datetime) -> bool:
    """Tell every pinned State what it may see and does not know yet, and what it may see no more; whether there was anything.

    States that were pinned since are told, too: what was told is looked at again each minute.
    """
    rows = list(models.Listing.objects.filter(is_due("next_at", at, at + _AGAIN), state=settings.state, version__gt=0))
    if not rows:
        return False
    late: set[str] = set()
    for peer in models.Peer.objects.exclude(pk=settings.state).order_by("state").values_list("state", flat=True):
        news = [(row, stage) for row in rows if (stage := _untold(row, peer)) is not None]
        for start in range(0, len(news), _AT_ONCE):
            some = news[start : start + _AT_ONCE]
            try:
                _tell(settings, peer, some, at=at)
            except NotYet:
                late |= {row.pk for row, _ in some}
            except ComityError:
                continue  # as long as that State cannot be written to at all, it is tried again each minute
    for row in rows:
        again = at + (timedelta(seconds=2) if row.pk in late else _AGAIN)
        models.Listing.objects.filter(pk=row.pk, version=row.version, next_at=row.next_at).update(next_at=again)
    return True


def _untold(row: models.Listing, peer: str) -> Stage | None:
    """The stage that `peer` is to be told of; None: nothing. Who never heard of it hears of no end."""
    reaches = value_of(row).release.reaches(peer)
    stage = Stage(row.stage) if reaches else Stage.WITHDRAWN
    before = row.told.get(peer)
    if before is None:
        return stage if stage is Stage.OPEN else None
    known = before[0] == row.version if reaches else before[1] != Stage.OPEN
    return None if known else stage


def _tell(settings: Settings, peer: str, news: Sequence[tuple[models.Listing, Stage]], *, at: datetime) -> None:
    """Tell a State what is still so when it is told; what an officer has changed meanwhile is due again by itself."""
    with holding(settings, peer):  # holds the conversation first, as whoever hears does
        drafts = []
        looked = {row.pk: row.version for row, _stage in news}
        for row in models.Listing.objects.select_for_update().filter(pk__in=looked).order_by("pk"):
            stage = _untold(row, peer)
            if stage is None or row.version != looked[row.pk]:
                continue
            value = wire.narrowed(value_of(row), peer) if stage is Stage.OPEN else None
            said = Version(kind=row.kind, reference=row.pk, version=row.version, stage=stage, at=row.at, value=value)
            drafts.append(envelope.Draft(row.kind, wire.packed(said), peer))
            told = row.told | {peer: [row.version, str(stage)]}
            models.Listing.objects.filter(pk=row.pk).update(told=told)
        if drafts:
            statements = envelope.sign_all(drafts, sender=settings.state, key=settings.signing)
            _record.post_all(settings, statements, to=peer, at=at)


# ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def arrived(settings: Settings, row: models.Arrival, opened: Opened) -> None:
    """Take in a version of another State's need or offer; an older one changes nothing.

    Raises:
        Invalid: it does not follow its form; ``assistance.speaker``; ``assistance.release``: it does not say that this State
            may see it; ``assistance.time``: it states a time at which it cannot have been signed.
        NotPossible: ``assistance.conflict``: the State said two things under one number; ``assistance.too-many``.
    """
    statement = opened.statement
    said = wire.read(statement)
    if said.value is not None and not said.value.release.reaches(settings.state):
        raise Invalid("This was not released to this State.", code="assistance.release", where="release")
    programmes.in_time(statement, said.at, now=row.at, code="assistance.time")
    known = models.Listing.objects.select_for_update().filter(pk=said.reference).first()
    if known is None:
        _first(said, statement)
        return
    if said.version == known.version and _differs(known, said):
        raise NotPossible("Two things were said under one number.", code="assistance.conflict", where=said.reference)
    if said.version > known.version:
        _heard(said, statement.raw, known)


def _first(said: Version, statement: Statement) -> None:
    """Take in the first that is heard of a need or an offer: it is open; or it is over, which no older version undoes.

    Raises:
        NotPossible: ``assistance.conflict``; ``assistance.too-many``.
    """
    ended = models.ListingEnd.objects.select_for_update().filter(pk=said.reference).first()
    if ended is not None and said.version <= ended.version:
        if said.version == ended.version and said.stage != ended.stage:
            raise NotPossible(
                "Two things were said under one number.", code="assistance.conflict", where=said.reference
            )
        return
    table = models.ListingEnd if said.value is None else models.Listing
    if (ended is None or said.value is not None) and table.objects.filter(state=statement.sender).count() >= MOST:
        raise NotPossible(f"More than {MOST} of one State are not kept.", code="assistance.too-many")
    if said.value is None:
        given = {"state": statement.sender, "version": said.version, "stage": str(said.stage)}
        models.ListingEnd.objects.update_or_create(pk=said.reference, defaults=given)
    else:
        models.ListingEnd.objects.filter(pk=said.reference).delete()
        _heard(said, statement.raw)


def _differs(known: models.Listing, said: Version) -> bool:
    value = said.value.to_dict() if said.value is not None else known.value
    return known.stage != said.stage or known.value != value


def _heard(said: Version, raw: bytes, known: models.Listing | None = None) -> None:
    """Keep it; of what is open no more, the last words stay."""
    value: dict[str, Any] = known.value if known else {}
    given = {
        "kind": said.kind, "state": said.reference[:2], "stage": str(said.stage), "version": said.version,
        "value": said.value.to_dict() if said.value is not None else value, "statement": raw, "at": said.at,
        "next_at": None,
    }  # fmt: skip
    models.Listing.objects.update_or_create(pk=said.reference, defaults=given)


def adopt(said: Statement, row: models.Departure) -> None:
    """Take back a version of this State's own that a peer gave back after memory was lost; a later one stays.

    It comes as that peer was told it. So it is released to those who gave it back, and nobody is told anything about it, until
    an officer publishes or ends it anew.

    Raises:
        Invalid: it does not fit.
    """
    found = wire.read(said)
    known = models.Listing.objects.select_for_update().filter(pk=found.reference).first()
    if (known is None and found.value is None) or (known is not None and known.version > found.version):
        return
    told = (known.told if known else {}) | {row.peer: [found.version, str(found.stage)]}
    if known is None or known.version < found.version:
        ends_here = known is not None and found.value is None and not value_of(known).release.everyone
        if not ends_here:  # else perhaps it was withdrawn from this peer alone
            _heard(found, said.raw, known)
    elif found.value is not None and known.stage == Stage.OPEN:
        value = found.value
        both = {*value_of(known).release.states, *value.release.states}
        release = value.release if value.release.everyone else Release(tuple(sorted(both)))
        models.Listing.objects.filter(pk=known.pk).update(value=replace(value, release=release).to_dict())
    models.Listing.objects.filter(pk=found.reference).update(told=told)


# ── what is read ────────────────────────────────────────────────────────────────────────────────────────────────────


def open_needs() -> tuple[Need, ...]:
    """The open needs that are known here."""
    return tuple(Need.from_dict(row.value) for row in _open(wire.NEED))


def open_offers() -> tuple[Offer, ...]:
    """The open offers that are known here."""
    return tuple(Offer.from_dict(row.value) for row in _open(wire.OFFER))


def _open(kind: str) -> Iterable[models.Listing]:
    return models.Listing.objects.filter(kind=kind, stage=Stage.OPEN).only("value")
