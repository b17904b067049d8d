"""Reconciliation: what this State counts of its cases with another, held against what that one counts of the same.

An officer asks by saying this State's own figures to the other State; its node answers with its own (`due`), so that each has
both and finds the same differences. A statement holds what both States know, and nothing else: acts of the other, and own
ones for which it has signed a receipt. Nobody else learns anything of it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.act import Power
from comity.casework.case import Case
from comity.errors import BrokenSeal, ComityError, Invalid, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _record, figures
from comity.node.desk._log import log_append
from comity.node.desk.conversing import Tables, note_alarm
from comity.node.settings import Settings
from comity.reporting import reconciliation, tally
from comity.reporting.axes import edges
from comity.reporting.reconciliation import Difference, Statement
from comity.reporting.tally import Fact
from comity.seal import canon
from comity.seal import envelope as seal
from comity.seal.envelope import Opened
from comity.wire import figures as wire
from comity.wire.directory import trust_in

MOST: Final = 400  # statements of one other State that are kept
SHOWN: Final = 200  # comparisons on one page
_AGAIN: Final = timedelta(seconds=2)  # when the other State has not said yet what it holds
_PAUSE: Final = timedelta(minutes=10)  # until who says more on the same quarters is answered: each answer counts anew
_BATCH: Final = 200  # cases read together


def ask(
    settings: Settings, peer: str, since: str, through: str, *, officer: models.Officer, at: datetime
) -> models.FiguresBetween:
    """Say to another State what this one counts of the cases between the two; its node answers with its own figures.

    Args:
        settings: the node's.
        peer: the other State.
        since: the first quarter, e.g. ``2026-Q1``.
        through: the last; it must be over.
        officer: who says it.
        at: now.

    Raises:
        NotYours: he has no power to assist.
        NotPossible: that State is not pinned here, or cannot be written to now.
        Invalid: ``figures.period``: no quarter, or one that is not over; ``between.form``; ``between.too-long``.
    """
    _record.needs(officer, Power.ASSIST)
    archive.peer_entry(peer)
    with Tables(settings, peer).atomically():  # holds the conversation, as whoever hears does
        said = drawn(settings, peer, since, through, at=at)
        return _say(settings, said, by=f"{officer.full_name}, {officer.office}", at=at)


def drawn(settings: Settings, peer: str, since: str, through: str, *, at: datetime) -> Statement:
    """What this State counts of the cases between the two, as far as both know their acts.

    Raises:
        Invalid: ``figures.period``; ``between.form``.
    """
    moment = at.replace(microsecond=0)
    # An empty one first: what cannot be meant is refused before any case is read.
    reconciliation.state((), by=settings.state, to=peer, since=since, through=through, at=moment)
    facts = _facts(settings, peer)
    return reconciliation.state(facts, by=settings.state, to=peer, since=since, through=through, at=moment)


def _facts(settings: Settings, peer: str) -> Iterator[Fact]:
    references = list(_record.between(settings.state, peer).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(references), _BATCH):
        those = references[start : start + _BATCH]
        sent = models.Departure.objects.filter(act__case__in=those, peer=peer, relayed=True)
        known: set[str | None] = {*sent.values_list("act", flat=True)}
        known |= {*models.Act.objects.filter(case__in=those, by=peer).values_list("pk", flat=True)}
        for case in archive.load_all(those, home=settings.state).values():
            yield from tally.of_case(_as_both_know(case, known), home=settings.state)


def _as_both_know(case: Case, known: set[str | None]) -> Case:
    return replace(case, acts=tuple(act for act in case.acts if act.id in known))


def _say(settings: Settings, said: Statement, *, by: str, at: datetime) -> models.FiguresBetween:
    """Log, post and keep this State's statement, inside the caller's transaction; each is drawn up after the one before it."""
    before = _of(said.to, said.since, said.through, own=True).first()
    if before is not None and before.drawn >= said.drawn:  # within one second: else the two would contradict each other
        said = replace(said, drawn=before.drawn + timedelta(seconds=1))
    raw = wire.sign(said, key=settings.signing)
    log_append(log.entry(log.NOTICE, canon.content_id(raw)))
    _record.post(settings, raw, to=said.to, at=at)
    return _kept(said, raw, own=True, by=by)


def _kept(
    said: Statement, raw: bytes, *, own: bool, by: str = "", answer_at: datetime | None = None
) -> models.FiguresBetween:
    """Keep a statement beside those before it; one that says the same as the newest takes its place."""
    peer, given = said.to if own else said.by, {"drawn": said.drawn, "statement": raw, "by": by, "answer_at": answer_at}
    newest = _of(peer, said.since, said.through, own=own).first()
    row = newest if newest is not None and newest.content == content(said) else models.FiguresBetween()
    named = {"peer": peer, "own": own, "since": said.since, "through": said.through, "content": content(said)}
    for name, value in (named | given).items():
        setattr(row, name, value)
    row.save()
    return row


def content(said: Statement) -> str:
    """Names what a statement says, whenever it was drawn up."""
    return hashlib.sha256(canon.dumps(said.to_dict() | {"at": ""})).hexdigest()


# ── hearing and answering ───────────────────────────────────────────────────────────────────────────────────────────


def arrived(settings: Settings, row: models.Arrival, opened: Opened) -> None:
    """Take in what another State counts of its cases with this one. It is answered by `due`, and changes nothing else.

    Raises:
        Invalid: it does not follow its form, or is not plausible; ``figures.period``: these quarters are not over here;
            ``between.time``: it states a time at which it cannot have been signed.
        BrokenSeal: ``figures.sender``: it is of another State, or of another pair.
        NotPossible: ``between.known``: it came before; ``between.too-many``.
    """
    said = wire.read(opened.statement)
    key = archive.peer_entry(said.by).named(opened.statement.key_id)
    if not key.holds(said.drawn) or said.drawn > row.at + reconciliation.SKEW:
        raise Invalid("This states a time at which it cannot have been signed.", code="between.time", where="at")
    if edges(said.through)[1] > row.at:
        raise Invalid("A quarter is counted once it is over.", code="figures.period", where="through")
    those = _of(said.by, said.since, said.through, own=False)
    if those.filter(content=content(said), drawn__gte=said.drawn).exists():
        raise NotPossible("This statement came before.", code="between.known")
    if models.FiguresBetween.objects.filter(peer=said.by, own=False).count() >= MOST:
        raise NotPossible(f"More than {MOST} statements of one State are not kept.", code="between.too-many")
    waits = those.filter(answer_at__isnull=False).order_by("answer_at").values_list("answer_at", flat=True).first()
    soon = waits or (row.at + _PAUSE if those.exists() else row.at)
    _kept(said, opened.statement.raw, own=False, answer_at=soon)


def due(settings: Settings, *, at: datetime) -> bool:
    """Answer those who said their figures, unless they know this State's as they are now; whether there was anything."""
    waiting = models.FiguresBetween.objects.filter(own=False, answer_at__lte=at).order_by("peer", "since", "through")
    asked = list(waiting.values_list("peer", "since", "through").distinct())
    for peer, since, through in asked:
        again = None
        try:
            _answer(settings, peer, since, through, at=at)
        except ComityError as error:
            again = at + _AGAIN if error.code == "conversation.unsettled" else None
            if again is None:
                note_alarm(peer, code=error.code, at=at)
        _of(peer, since, through, own=False).filter(answer_at__lte=at).update(answer_at=again)
    return bool(asked)


def _answer(settings: Settings, peer: str, since: str, through: str, *, at: datetime) -> None:
    with Tables(settings, peer).atomically():
        said = drawn(settings, peer, since, through, at=at)
        before = _of(peer, since, through, own=True).first()
        if before is None or before.content != content(said):
            _say(settings, said, by="", at=at)


def adopt(said: seal.Statement) -> None:
    """Take back a statement of this State that the other gave back after memory was lost. Raises Invalid, BrokenSeal."""
    found = wire.read(said)
    if not _of(found.to, found.since, found.through, own=True).filter(drawn__gte=found.drawn).exists():
        _kept(found, said.raw, own=True)


def published(settings: Settings, peer: str, value: bytes, *, at: datetime) -> None:
    """Keep the newest release that another State has published, as its door gave it, to be compared with what it says here.

    Args:
        settings: the node's.
        peer: whose door it was.
        value: the signed statement.
        at: now.

    Raises:
        BrokenSeal, Invalid: as `figures.read`; ``figures.sender``: it is another State's.
    """
    release = figures.read(value, trust_in([archive.peer_entry(peer)], retired=settings.retired))
    if release.state != peer:
        raise BrokenSeal("A State publishes its own figures.", code="figures.sender", where="state")
    with transaction.atomic():
        known = models.FiguresHeard.objects.select_for_update().filter(pk=peer).first()
        if known is None or release.number > known.number:
            given = {"number": release.number, "value": value, "at": at, "other": b""}
            models.FiguresHeard.objects.update_or_create(pk=peer, defaults=given)
        elif release.number < known.number:
            note_alarm(peer, code="figures.older", at=at)
        elif figures.said(bytes(known.value)) != release and not known.other:
            models.FiguresHeard.objects.filter(pk=peer).update(other=value)
            note_alarm(peer, code="figures.fork", at=at)


# ── what is read ────────────────────────────────────────────────────────────────────────────────────────────────────


def _of(peer: str, since: str, through: str, *, own: bool) -> QuerySet[models.FiguresBetween]:
    """The statements of one side on these quarters, the newest first."""
    return models.FiguresBetween.objects.filter(peer=peer, own=own, since=since, through=through)


@dataclass(frozen=True)
class Compared:
    """What two States say of the same quarters.

    Args:
        peer: the other State.
        since: the first quarter.
        through: the last.
        ours: this State's newest statement; None: it has said nothing yet.
        theirs: the other's.
        differences: between the two; what one of them takes back of what it said before; and where it has published otherwise.
    """

    peer: str
    since: str
    through: str
    ours: models.FiguresBetween | None
    theirs: models.FiguresBetween | None
    differences: tuple[Difference, ...]

    @property
    def unexplained(self) -> int:
        """How many differences somebody must look at."""
        return sum(not one.explained for one in self.differences)


def compared(peer: str, since: str, through: str) -> Compared:
    """What the two States say of these quarters. Nothing is written; both nodes find the same."""
    ours, theirs = (list(_of(peer, since, through, own=own).defer("statement")) for own in (True, False))
    found = _differences(*(tuple(map(_name, rows)) for rows in (ours, theirs)))
    own = models.FiguresRelease.objects.order_by("number").only("number").last()
    heard = models.FiguresHeard.objects.filter(pk=peer).only("number").first()
    for rows, of, release in ((ours, "", own), (theirs, peer, heard)):
        if rows and release is not None:
            found += _as_published(_name(rows[0]), of, release.number)
    return Compared(peer, since, through, ours[0] if ours else None, theirs[0] if theirs else None, found)


_Name = tuple[int, str, datetime]  # of a statement: while these are the same, it is


def _name(row: models.FiguresBetween) -> _Name:
    return row.pk, row.content, row.drawn


@lru_cache(maxsize=1024)
def _differences(ours: tuple[_Name, ...], theirs: tuple[_Name, ...]) -> tuple[Difference, ...]:
    """Of the statements of both sides, each the newest first."""
    rows = models.FiguresBetween.objects.in_bulk([one[0] for one in (*ours, *theirs)])
    mine, other = ([wire.kept(bytes(rows[one[0]].statement)) for one in those] for those in (ours, theirs))
    found = list(reconciliation.compare(mine[0], other[0])) if mine and other else []
    for those in (mine, other):
        for later, earlier in itertools.pairwise(those):
            found += reconciliation.retracted(earlier, later)
    return tuple(found)


@lru_cache(maxsize=1024)
def _as_published(said: _Name, of: str, number: int) -> tuple[Difference, ...]:
    """Where release `number` of a State (empty: this one) does not tell what it says to the other."""
    heard = models.FiguresHeard.objects.get(pk=of) if of else models.FiguresRelease.objects.get(pk=number)
    statement = models.FiguresBetween.objects.get(pk=said[0])
    return reconciliation.against_public(figures.said(bytes(heard.value)), wire.kept(bytes(statement.statement)))


def heard() -> list[models.FiguresHeard]:
    """The newest release of every other State that has published one, in the order of their codes; without what it says."""
    return list(models.FiguresHeard.objects.defer("value").order_by("state"))


def all_compared() -> list[Compared]:
    """What was compared, the newest quarters first; at most `SHOWN`."""
    names = models.FiguresBetween.objects.order_by("-through", "-since", "peer").values_list("peer", "since", "through")
    return [compared(*each) for each in names.distinct()[:SHOWN]]
