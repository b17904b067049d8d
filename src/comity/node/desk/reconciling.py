"""Reconciliation: what this State counts of its cases with another, held against what that one counts of the same.

An officer asks by saying this State's own figures to the other State; its node answers with its own (`due`), so that each has
both and finds the same differences. A statement holds what both States know, and nothing else: acts of the other, and own
ones for which it has signed a receipt. Nobody else learns anything of it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.act import SKEW, Power
from comity.casework.case import Case
from comity.errors import BrokenSeal, ComityError, Invalid, NotPossible, NotYet
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _record, figures
from comity.node.desk._alarm import note_alarm
from comity.node.desk._log import log_append
from comity.node.desk.conversing import holding
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

KEPT: Final = 10  # different statements of one State on the same quarters: the first, and the newest
MOST: Final = 400  # of one State together; the oldest quarters go first
SHOWN: Final = 200  # comparisons on one page
_OF_ONE: Final = 24  # of them with one State, so that nobody fills the page
DIFFERENCES: Final = 100  # shown of one comparison
_PAUSE: Final = timedelta(minutes=10)  # between two answers to one State: for each, all cases with it are counted anew
_TOGETHER: Final = 12  # quarters and years that are answered by one count
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
        NotPossible: that State is not pinned here, or cannot be written to now; NotYet: ``between.meanwhile``.
        Invalid: ``figures.period``: no quarter, or one that is not over; ``between.form``; ``between.too-long``.
    """
    _record.needs(officer, Power.ASSIST)
    archive.peer_entry(peer)
    _state((), settings, peer, since, through, at=at)  # what cannot be meant is refused before any case is read
    with _counted(settings, peer, at=at) as counted:
        said = _state(counted, settings, peer, since, through, at=at)
        return _say(settings, said, by=f"{officer.full_name}, {officer.office}", at=at)


def _state(
    counted: Iterable[Fact], settings: Settings, peer: str, since: str, through: str, *, at: datetime
) -> Statement:
    moment = at.replace(microsecond=0)
    return reconciliation.state(counted, by=settings.state, to=peer, since=since, through=through, at=moment)


@contextmanager
def _counted(settings: Settings, peer: str, *, at: datetime) -> Iterator[list[Fact]]:
    """All facts with a State, read before its conversation is held, because that takes long; inside it is held.

    Raises:
        NotYet: ``between.meanwhile``: figures were said to it since: with older ones this State would contradict itself.
    """
    own = models.FiguresBetween.objects.filter(peer=peer, own=True)
    newest = own.order_by("-pk").values_list("pk", flat=True)[:1]
    before, counted = [*newest.all()], list(facts(settings, peer))
    with holding(settings, peer):
        if [*newest.all()] != before:
            raise NotYet("Figures were said to that State meanwhile.", code="between.meanwhile")
        # Drawn up by a clock that was wrong: the other State refuses them.
        own.filter(drawn__gt=at + SKEW).delete()
        yield counted


def facts(settings: Settings, peer: str) -> Iterator[Fact]:
    """What this State counts of the cases between the two, as far as both know their acts."""
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


def _kept(said: Statement, raw: bytes, *, own: bool, by: str = "", waits: bool = False) -> models.FiguresBetween:
    """Keep a statement beside those before it; one that says the same as the newest takes its place."""
    peer = said.to if own else said.by
    before = _of(peer, said.since, said.through, own=own).filter(drawn__lte=said.drawn).first()
    if before is not None and before.content == content(said):
        row = before
    else:
        row = models.FiguresBetween(own=own, peer=peer, since=said.since, through=said.through)
        row.taken_back = len(reconciliation.retracted(_read(before), said)) if before else 0
    row.content, row.drawn, row.statement, row.by, row.waits = content(said), said.drawn, raw, by, waits
    row.save()
    _let_go(row)
    return row


def _let_go(kept: models.FiguresBetween) -> None:
    """Keep the first and the newest statements on the same quarters, and of all quarters the newest."""
    rows = list(_of(kept.peer, kept.since, kept.through, own=kept.own).defer("statement"))
    for gone in rows[KEPT - 1 : -1]:
        after = rows[KEPT - 2]
        after.let_go += gone.let_go + 1
        after.taken_back += gone.taken_back
        after.save(update_fields=["let_go", "taken_back"])
        gone.delete()
    every = models.FiguresBetween.objects.filter(peer=kept.peer, own=kept.own)
    others = every.exclude(since=kept.since, through=kept.through).order_by("through", "since")
    oldest = others.values("since", "through").first()
    if oldest is not None and every.count() > MOST:
        others.filter(**oldest).delete()
        note_alarm(kept.peer, code="between.let-go", at=kept.drawn)


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
        NotPossible: ``between.known``: it, or one drawn up later, came before.
    """
    said = wire.read(opened.statement)
    key = archive.peer_entry(said.by).named(opened.statement.key_id)
    if not key.holds(said.drawn) or said.drawn > row.at + SKEW:
        raise Invalid("This states a time at which it cannot have been signed.", code="between.time", where="at")
    if edges(said.through)[1] > row.at:
        raise Invalid("A quarter is counted once it is over.", code="figures.period", where="through")
    newest = _of(said.by, said.since, said.through, own=False).filter(drawn__lte=row.at + SKEW).first()
    if newest is not None and (
        newest.drawn > said.drawn  # nobody puts one before the first
        or (newest.drawn, newest.content) == (said.drawn, content(said))
    ):
        raise NotPossible("This statement came before.", code="between.known")
    _kept(said, opened.statement.raw, own=False, waits=True)


def due(settings: Settings, *, at: datetime) -> bool:
    """Answer those who said their figures, unless they know this State's as they are now; whether there was anything.

    All cases with a State are counted once in `_PAUSE`, however much it says; then what it has asked about last is answered.
    """
    asking = models.FiguresBetween.objects.filter(own=False, waits=True).order_by().values_list("peer", flat=True)
    rested = models.Talk.objects.filter(pk__in=set(asking.distinct()), settled=True)
    rested = rested.exclude(figures_at__range=(at - _PAUSE, at))  # one that lies ahead is of a wrong clock
    peers = sorted(rested.values_list("pk", flat=True))
    for peer in peers:
        models.Talk.objects.filter(pk=peer).update(figures_at=at)
        try:
            _answer(settings, peer, at=at)
        except NotYet:
            continue  # it waits
        except ComityError as error:
            note_alarm(peer, code=error.code, at=at)
            models.FiguresBetween.objects.filter(peer=peer, own=False).update(waits=False)
    return bool(peers)


def _answer(settings: Settings, peer: str, *, at: datetime) -> None:
    waiting = models.FiguresBetween.objects.filter(peer=peer, own=False, waits=True).order_by("-drawn", "-pk")
    asked = dict.fromkeys(waiting.values_list("since", "through"))
    with _counted(settings, peer, at=at) as counted:
        for since, through in itertools.islice(asked, _TOGETHER):
            try:
                said = _state(counted, settings, peer, since, through, at=at)
                before = _of(peer, since, through, own=True).first()
                if before is None or before.content != content(said):
                    _say(settings, said, by="", at=at)
            except Invalid as error:  # before anything was written
                note_alarm(peer, code=error.code, at=at)
            _of(peer, since, through, own=False).update(waits=False)


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
        differences: between the two; where one of them has published otherwise; and what it takes back of what it said
            before. At most `DIFFERENCES`.
        count: how many there are.
        unexplained: how many of them somebody must look at.
        let_go: statements between the first and the newest that are not kept any more.
    """

    peer: str
    since: str
    through: str
    ours: models.FiguresBetween | None
    theirs: models.FiguresBetween | None
    differences: tuple[Difference, ...]
    count: int
    unexplained: int
    let_go: int


def compared(peer: str, since: str, through: str, *, shown: int = DIFFERENCES) -> Compared:
    """What the two States say of these quarters. Nothing is written; both nodes find the same.

    Args:
        peer: the other State.
        since: the first quarter.
        through: the last.
        shown: how many differences at most.
    """
    ours, theirs = (list(_of(peer, since, through, own=own).defer("statement")) for own in (True, False))
    every, unexplained = _counts(_name(ours[0]), _name(theirs[0])) if ours and theirs else (0, 0)
    more = sum(row.taken_back for row in (*ours, *theirs))
    own = models.FiguresRelease.objects.order_by("number").only("number").last()
    heard = models.FiguresHeard.objects.filter(pk=peer).only("number").first()
    public: list[tuple[_Name, str, int]] = [
        (_name(rows[0]), of, release.number)
        for rows, of, release in ((ours, "", own), (theirs, peer, heard))
        if rows and release is not None
    ]
    more += sum(map(_otherwise, public))
    found = itertools.islice(_differences(ours, theirs, public), shown) if every + more else ()
    let_go = sum(row.let_go for row in (*ours, *theirs))
    ends = (ours[0] if ours else None, theirs[0] if theirs else None)
    return Compared(peer, since, through, *ends, tuple(found), every + more, unexplained + more, let_go)


_Name = tuple[int, str, datetime]  # of a statement: while these are the same, it is


def _name(row: models.FiguresBetween) -> _Name:
    return row.pk, row.content, row.drawn


def _read(row: models.FiguresBetween) -> Statement:
    return wire.kept(bytes(row.statement))


_Rows = list[models.FiguresBetween]


def _differences(ours: _Rows, theirs: _Rows, public: list[tuple[_Name, str, int]]) -> Iterator[Difference]:
    """Of the statements of both sides, each the newest first, one after the other as far as somebody asks."""
    if ours and theirs:
        yield from reconciliation.compare(_read(ours[0]), _read(theirs[0]))
    for one in public:
        yield from _as_published(one)
    for rows in (ours, theirs):
        for later, earlier in itertools.pairwise(rows):
            if later.taken_back:
                yield from reconciliation.retracted(_read(earlier), _read(later))


@lru_cache(maxsize=1024)
def _counts(ours: _Name, theirs: _Name) -> tuple[int, int]:
    """How many differences there are between two statements, and how many of them somebody must look at."""
    mine, other = (_read(models.FiguresBetween.objects.get(pk=one[0])) for one in (ours, theirs))
    found = reconciliation.compare(mine, other)
    return len(found), sum(not one.explained for one in found)


@lru_cache(maxsize=1024)
def _otherwise(said: tuple[_Name, str, int]) -> int:
    """How many there are of `_as_published`."""
    return len(_as_published(said))


def _as_published(said: tuple[_Name, str, int]) -> tuple[Difference, ...]:
    """Where the release of that number of a State (empty: this one) does not tell what its statement tells the other."""
    (pk, *_), of, number = said
    heard = models.FiguresHeard.objects.get(pk=of) if of else models.FiguresRelease.objects.get(pk=number)
    statement = models.FiguresBetween.objects.get(pk=pk)
    return reconciliation.against_public(figures.said(bytes(heard.value)), _read(statement))


def heard() -> list[models.FiguresHeard]:
    """The newest release of every other State that has published one, in the order of their codes; without what it says."""
    return list(models.FiguresHeard.objects.defer("value").order_by("state"))


def all_compared() -> list[Compared]:
    """What was compared, without its differences, the newest quarters first: at most `SHOWN`, and `_OF_ONE` with one State."""
    names = models.FiguresBetween.objects.order_by("-through", "-since", "peer").values_list("peer", "since", "through")
    found: list[Compared] = []
    times = Counter[str]()
    for each in names.distinct():
        times[each[0]] += 1
        if times[each[0]] <= _OF_ONE and len(found) < SHOWN:
            found.append(compared(*each, shown=0))
    return found
