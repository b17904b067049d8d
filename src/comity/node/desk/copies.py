"""Who has a copy of what: the memory of `sharing.recall` in this node's tables, and what is heard from other States about it.

Hearing a notice is one transaction: what it says is kept, what follows from it is noted to be told (`desk.telling`). What an
officer says goes through `desk.prevention`. What a recall takes away goes to nobody any more, at any door: the objects with its
digest are marked `withdrawn`.
"""

# ruff: noqa: D102  what the methods of Kept do is said in comity.sharing.recall.Memory

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from comity.casework.act import SKEW
from comity.errors import Invalid, NotPossible
from comity.node import archive, models
from comity.node.desk import _claims, _known, communities, telling
from comity.node.desk.shelf import Shelves, let_out, opened, owe
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.seal.envelope import Opened, Statement
from comity.seal.trust import Trust
from comity.sharing import notices, stix, tlp
from comity.sharing.notices import Acknowledgement, AnyNotice, Ask, Recall, Report, Shared, Standing
from comity.sharing.recall import Copy, Send, Sharer
from comity.sharing.tlp import Level
from comity.wire import shares
from comity.wire.directory import trust_in
from comity.wire.shares import Carried, Spoken

PATIENCE: Final = timedelta(days=7)  # copies are used so long after their source was last heard of
RECEIVED: Final = str(uuid.UUID("6a0c7ab6-2f5c-5d0e-9d3e-3a51f0b6a1d7"))  # the collection of what other States gave
_STANDS: Final = timedelta(days=1)  # from one standing notice to the next
_CLAIMED: Final = timedelta(hours=1)  # how long others are waited for when somebody only claims that memory was lost
_REPORTS: Final = 20  # of one State about one object that are kept
FRESH: Final = 5.0  # seconds that `silent` answers the same; also how far apart the moments may be that are asked about


class Kept:
    """What this node keeps of copies, in the caller's transaction (`sharing.recall.Memory`).

    Args:
        home: this State.
        at: now.
    """

    def __init__(self, home: str, at: datetime) -> None:
        self._home, self._at = home, at

    def copy(self, what: str) -> Copy | None:
        row = models.Copy.objects.filter(pk=what).first()
        return None if row is None else copy_of(row)

    def put_copy(self, copy: Copy) -> None:
        said = {"source": copy.source, "hops": copy.hops, "level": copy.level, "direct": copy.direct,
                "withdrawn": copy.withdrawn}  # fmt: skip
        _silent.clear()
        models.Copy.objects.update_or_create(what=copy.what, defaults=said)
        mark(self._home, copy.what, copy.source, at=self._at)

    def _paths(self, source: str, *, outward: bool) -> Iterable[str]:
        rows = models.CopyPath.objects.filter(source=source, outward=outward)
        return rows.values_list("state", flat=True).distinct()

    def givers(self, source: str) -> Iterable[str]:
        return self._paths(source, outward=False)

    def takers(self, source: str) -> Iterable[str]:
        return self._paths(source, outward=True)

    def takers_of(self, what: str) -> Iterable[str]:
        return models.CopyPath.objects.filter(what=what, outward=True).values_list("state", flat=True)

    def _put_path(self, what: str, source: str, state: str, *, outward: bool) -> None:
        said = {"source": source, "at": self._at}
        models.CopyPath.objects.get_or_create(what=what, state=state, outward=outward, defaults=said)

    def put_giver(self, what: str, source: str, giver: str) -> None:
        self._put_path(what, source, giver, outward=False)

    def put_taker(self, what: str, source: str, taker: str) -> None:
        self._put_path(what, source, taker, outward=True)

    def recalls(self, source: str, after: int, to: int) -> Iterable[tuple[Recall, bytes]]:
        rows = models.CopyRecall.objects.filter(source=source, number__gt=after, number__lte=to)
        return [(recall_of(row), bytes(row.raw)) for row in rows]

    def recalls_of(self, what: str) -> Iterable[Recall]:
        return [recall_of(row) for row in models.CopyRecall.objects.filter(what=what)]

    def put_recall(self, recall: Recall, raw: bytes) -> None:
        said = {"what": recall.what, "notice": notices.encode(recall), "raw": raw}
        _silent.clear()
        models.CopyRecall.objects.update_or_create(source=recall.source, number=recall.number, defaults=said)
        mark(self._home, recall.what, recall.source, at=self._at)  # also what came by another way, with no copy noted

    def complete(self, source: str) -> int:
        rows = models.CopyRecall.objects.filter(source=source)
        if not rows.filter(number=1).exists():
            return 0
        following = models.CopyRecall.objects.filter(source=source, number=OuterRef("number") + 1)
        return int(rows.filter(~Exists(following)).order_by("number").values_list("number", flat=True)[0])

    def standing(self, source: str) -> tuple[Standing, bytes] | None:
        row = models.CopyStanding.objects.filter(pk=source).first()
        found = notices.decode(bytes(row.notice)) if row else None
        return (found, bytes(row.raw)) if row and isinstance(found, Standing) else None

    def put_standing(self, standing: Standing, raw: bytes) -> None:
        said = {"notice": notices.encode(standing), "raw": raw, "at": standing.at}
        _silent.clear()
        models.CopyStanding.objects.update_or_create(pk=standing.source, defaults=said)

    def first_time(self, notice: bytes, to: str) -> bool:
        return models.CopyTold.objects.get_or_create(digest=canon.content_id(notice), state=to)[1]

    def put_holder(self, what: str, holder: str) -> None:
        models.CopyHolder.objects.get_or_create(what=what, state=holder)

    def holders(self, what: str) -> Iterable[str]:
        return models.CopyHolder.objects.filter(what=what).values_list("state", flat=True)

    def put_acknowledgement(self, said: Acknowledgement, raw: bytes) -> None:
        given = {"deed": said.deed, "passed_to": list(said.passed_to), "statement": raw, "at": _moment(said.at)}
        models.CopyAcknowledgement.objects.update_or_create(number=said.number, by=said.by, defaults=given)

    def acknowledged(self, number: int) -> Iterable[str]:
        return models.CopyAcknowledgement.objects.filter(number=number).values_list("by", flat=True)

    def put_report(self, said: Report, raw: bytes) -> None:
        given = {"what": said.what, "by": said.by, "concern": said.concern, "statement": raw, "at": _moment(said.at)}
        if models.CopyReport.objects.filter(what=said.what, by=said.by).count() < _REPORTS:
            models.CopyReport.objects.get_or_create(pk=canon.content_id(raw), defaults=given)


def copy_of(row: models.Copy) -> Copy:
    """A row as `sharing.recall` knows it."""
    return Copy(row.what, row.source, row.hops, row.level, row.direct, row.withdrawn)


def recall_of(row: models.CopyRecall) -> Recall:
    """The recall in a row. Raises Invalid: the table was tampered with."""
    found = notices.decode(bytes(row.notice))
    if not isinstance(found, Recall):
        raise Invalid("This row holds no recall.", code="notice.form")
    return found


def mark(home: str, what: str, source: str, *, at: datetime) -> None:
    """Mark the objects of a source with this digest as its recalls want it, however they came here.

    What is called back goes to no client any more, nor does what was marked too freely: clients go by the mark in it.

    Args:
        home: this State.
        what: the digest.
        source: the State whose objects they are.
        at: now.
    """
    rows = _known.named(what).filter(source="" if source == home else source)
    copy = models.Copy.objects.filter(pk=what, source=source).first()
    recalls = [recall_of(row) for row in models.CopyRecall.objects.filter(what=what, source=source)]
    levels = [recall.level for recall in recalls] + ([copy.level] if copy and source != home else [])
    ended = bool(copy and copy.withdrawn) or any(recall.kind != notices.Kind.TIGHTEN for recall in recalls)
    for row in rows.select_related("collection"):
        told = tlp.marked(stix.kept(bytes(row.raw), row.digest).body).level or Level.CLEAR
        gone = ended or any(level > told for level in levels)
        if row.withdrawn is not gone:
            models.StixObject.objects.filter(pk=row.pk).update(withdrawn=gone)
            let_out(row.collection.pk, [] if gone else [row.pk], at=at)
            owe([what], at=at)


def _moment(seconds: int) -> datetime:
    """A moment of a notice: none of the future comes so far."""
    return datetime.fromtimestamp(seconds, UTC)


def sharer(settings: Settings, at: datetime) -> Sharer:
    """This State's side of sharing, over the tables."""
    return Sharer(settings.state, Kept(settings.state, at), patience=PATIENCE)


# ── saying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def say(
    settings: Settings, sends: Iterable[Send], *, at: datetime, beside: bytes = b"",
    communities_: tuple[str, ...] = (), purpose: str = "", also: Iterable[AnyNotice] = (),
) -> dict[AnyNotice, bytes]:  # fmt: skip
    """Sign what is said here and note all that is to be carried, inside the caller's transaction.

    Args:
        settings: the node's.
        sends: what follows, as `Sharer` gave it.
        at: now.
        beside: the object that goes beside a report.
        communities_: digests of the communities in which copies are given.
        purpose: for which they are given.
        also: what is said although there is nobody to tell yet.

    Returns:
        Each notice of this State with its signed statement.
    """
    sends = list(sends)
    own = list(dict.fromkeys([*also, *(send.notice for send in sends if not send.raw)]))
    signed = dict(zip(own, shares.sign(own, sender=settings.state, key=settings.signing, at=at), strict=True))
    words = []
    for send in sends:
        carried = Carried(at=at, notice=send.raw or signed[send.notice])
        if isinstance(send.notice, Shared):
            carried = replace(carried, communities=communities_, purpose=purpose, **_going(settings, send.notice))
        elif isinstance(send.notice, Report) and send.notice.about:
            carried = replace(carried, beside=beside)
        words.append(telling.Word(send.to, shares.SHARE, shares.packed(carried)))
    telling.note(settings, words, at=at)
    return signed


def _going(settings: Settings, said: Shared) -> dict[str, Any]:
    """What goes beside a copy: the object, and its source's own words where it is another's."""
    source = "" if said.source == settings.state else said.source
    row = _known.named(said.what).filter(source=source).first()
    if row is None:
        raise NotPossible("The object is not here any more.", code="sharing.not-held")
    if not source:
        return {"beside": bytes(row.raw)}
    origin = models.Copy.objects.values_list("origin", flat=True).get(pk=said.what)
    return {"beside": bytes(row.raw), "origin": bytes(origin)}


# ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def arrived(settings: Settings, row: models.Arrival, opened: Opened) -> Invalid | None:
    """Take in a notice that a peer's envelope held, and note what follows from it.

    Returns:
        Why a copy is not taken, which is kept for an officer to look at (`_claims`): ``sharing.other-source``: the object is
        another State's, or this one's; or what the shelf refuses.

    Raises:
        BrokenSeal, Invalid: it does not hold, or is not for him to say (`wire.shares.spoken`); ``share.time``; what
            `sharing.recall` refuses.
    """
    carried = shares.read(opened.statement)
    if carried.at > row.at + SKEW:
        raise Invalid("This share states a time that has not come.", code="share.time", where="at")
    carrier = opened.statement.sender
    spoken = shares.spoken(carried, carrier=carrier, trust=_trust(settings), at=row.at)
    refused = _heard(settings, spoken, carried, carrier, at=row.at)
    if refused is not None and spoken.found is not None:
        _claims.note(
            row, spoken, carried, communities.named(settings, carried.communities, with_=carrier), carrier=carrier,
            place=_received(settings, at=row.at), code=refused.code,
        )  # fmt: skip
    return refused


def heard_anew(settings: Settings, digest: str, *, at: datetime) -> Invalid | None:
    """Hear a copy that was refused once more, as if it came now: an officer has put aside what stood against it.

    Args:
        settings: the node's.
        digest: of the envelope in which it was given.
        at: now.

    Returns, raises:
        As `arrived`; BrokenSeal also if a key that signed it was revoked meanwhile.
    """
    row = models.Arrival.objects.filter(digest=digest).order_by("pk").first()
    if row is None:
        raise NotPossible("The envelope is not here any more.", code="contest.gone")
    opened = envelope.unseal(
        archive.sealed(row), home=settings.state, keys=settings.openings, trust=_trust(settings), kinds={shares.SHARE},
        at=row.at,
    )  # fmt: skip
    carried, carrier = shares.read(opened.statement), opened.statement.sender
    spoken = shares.spoken(carried, carrier=carrier, trust=_trust(settings), at=at)
    return _heard(settings, spoken, carried, carrier, at=at)


def _heard(settings: Settings, spoken: Spoken, carried: Carried, carrier: str, *, at: datetime) -> Invalid | None:
    """Keep a notice, and say what follows; or why its copy is not taken, before anything is kept."""
    notice = spoken.notice
    if notice.source == settings.state and isinstance(notice, (Recall, Standing)):
        _reminded(settings, carrier, notice, at=at)
        return None
    if isinstance(notice, Shared) and notice.source != settings.state:
        refused = _taken(settings, notice, spoken, carrier, at)
        if refused is not None:
            return refused
    following = sharer(settings, at).heard(carrier, notice, spoken.raw, at=at)
    if isinstance(notice, Shared) and notice.source != settings.state:
        _given(settings, notice, spoken, carried, carrier)
    elif isinstance(notice, Report) and spoken.found is not None:
        models.CopyReport.objects.filter(pk=canon.content_id(spoken.raw)).update(object=spoken.found.raw)
    say(settings, following, at=at, beside=carried.beside)
    return None


def _trust(settings: Settings) -> Trust:
    """Trust in every State's keys and this one's own, but in none that was revoked: who stole it can state any time."""
    entries = [archive.own_entry(settings), *(one for one in archive.entries() if one.state != settings.state)]
    standing = [replace(one, keys=tuple(key for key in one.keys if key.revoked is None)) for one in entries]
    return trust_in(standing, retired=settings.retired)


def _taken(settings: Settings, notice: Shared, spoken: Spoken, carrier: str, at: datetime) -> Invalid | None:
    """Put the object of a copy on the shelf; or say why not: it is somebody else's, or what the shelf refuses."""
    held = models.Copy.objects.filter(pk=notice.what).values_list("source", flat=True).first()
    elsewhere = _known.named(notice.what).exclude(source=notice.source)
    if (held not in (None, notice.source)) or elsewhere.exists():
        return Invalid("This object is known as another State's, or this one's.", code="sharing.other-source")
    if spoken.found is None:
        return None
    place = _received(settings, at=at).pk
    outcome = Shelves(settings).add(place, [spoken.found], by=carrier, at=at, source=notice.source, again=True)[0]
    return outcome if isinstance(outcome, Invalid) else None


def _received(settings: Settings, *, at: datetime) -> models.Collection:
    """The collection of what other States gave."""
    return opened(RECEIVED, title="Received from other States", made_at=at, made_by=f"Comity {settings.state}")


def _given(settings: Settings, notice: Shared, spoken: Spoken, carried: Carried, carrier: str) -> None:
    """Note in which communities and for what a copy was given, and keep the source's words that allow most."""
    names = communities.named(settings, carried.communities, with_=carrier)
    path = models.CopyPath.objects.filter(what=notice.what, state=carrier, outward=False)
    path.update(communities=names, purpose=carried.purpose)
    words = {"origin": spoken.origin, "origin_hops": spoken.origin_hops}
    rows = models.Copy.objects.filter(pk=notice.what)
    (rows.filter(origin=b"") or rows.filter(origin_hops__lt=spoken.origin_hops)).update(**words)
    ways = models.CopyPath.objects.filter(what=notice.what, outward=False)
    known = {name for those in ways.values_list("communities", flat=True) for name in those}
    _known.named(notice.what).filter(source=notice.source).update(communities=sorted(known))


# ── after memory was lost ───────────────────────────────────────────────────────────────────────────────────────────


def forget(claimed: datetime | None = None) -> None:
    """Note that recalls of this State may have been forgotten here: whoever it has spoken with may know of them.

    Args:
        claimed: when somebody said so, without a signature, and nothing here bears it out; None: this node knows it. On
            such a word nobody is waited for longer than an hour: whoever is reachable has answered by then, and one witness
            could otherwise keep this State from calling anything back for a week.

    Until they have said so, this State calls nothing back (`relearning`): two recalls under one number would contradict. A
    State that was never heard of, as far as is remembered, is not waited for: a new node would never begin.
    """
    heard = models.Talk.objects.filter(heard__gt=0).values_list("peer", flat=True)
    states = {*heard, *models.CopyPath.objects.order_by().values_list("state", flat=True).distinct()}
    since = None if claimed is None else claimed - PATIENCE + _CLAIMED
    rows = [models.Relearning(state=state, since=since) for state in sorted(states)]
    if claimed is None:
        models.Relearning.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["state"], update_fields=["since", "asked"]
        )
    else:  # who is waited for already, for a better reason, still is
        models.Relearning.objects.bulk_create(rows, ignore_conflicts=True)


def relearning(*, at: datetime) -> list[str]:
    """The States that may still know of a recall of this State that was forgotten here.

    Whoever stays silent for as long as `PATIENCE` is not waited for: his copies are not in use any more.
    """
    rows = models.Relearning.objects.exclude(since__lte=at - PATIENCE)
    return list(rows.order_by("state").values_list("state", flat=True))


def _relearn(settings: Settings, *, at: datetime) -> None:
    """Ask who has given back what it had of this State, once; who has nothing to tell is not waited for."""
    models.Relearning.objects.filter(Q(since=None) | Q(since__gt=at)).update(since=at)  # or by a clock that ran ahead
    settled = models.Talk.objects.filter(settled=True).values("peer")
    pending = models.Departure.objects.filter(pending=True).values("peer")
    rows = models.Relearning.objects.filter(state__in=settled, asked=False).exclude(state__in=pending)
    kept = Kept(settings.state, at)
    for row in list(rows):
        with transaction.atomic():
            if row.state not in {*kept.givers(settings.state), *kept.takers(settings.state)}:
                row.delete()
                continue
            models.Relearning.objects.filter(pk=row.pk).update(asked=True)
            ask = Ask(source=settings.state, after=kept.complete(settings.state), at=int(at.timestamp()))
            say(settings, [Send(row.state, ask)], at=at)


def _reminded(settings: Settings, carrier: str, notice: Recall | Standing, *, at: datetime) -> None:
    """A State brings back what this State itself had signed: what was forgotten is known again."""
    kept = Kept(settings.state, at)
    if isinstance(notice, Recall):
        _recalled_before(kept, notice)
    elif kept.complete(settings.state) >= notice.number:
        models.Relearning.objects.filter(state=carrier).delete()
    else:  # it answers with so many at once
        ask = Ask(source=settings.state, after=kept.complete(settings.state), at=notice.at)
        if kept.first_time(notices.encode(ask), carrier):
            say(settings, [Send(carrier, ask)], at=at)


def _recalled_before(kept: Kept, notice: Recall) -> None:
    known = next((said for said, _ in kept.recalls(notice.source, notice.number - 1, notice.number)), None)
    if known is None:
        kept.put_recall(notice, b"")
        held = kept.copy(notice.what) or Copy(notice.what, notice.source, 0, Level.CLEAR, direct=True)
        if held.source == notice.source:
            kept.put_copy(_obeyed(held, notice))
    elif known != notice:
        raise Invalid("This State has said two things under one number.", code="recall.conflict")


def _obeyed(held: Copy, recall: Recall) -> Copy:
    """What a recall made of an object of this State."""
    if recall.kind == notices.Kind.TIGHTEN:
        return replace(held, level=max(held.level, recall.level))
    return replace(held, withdrawn=held.withdrawn or recall.number)


def adopt(settings: Settings, said: Statement, row: models.Departure) -> None:
    """Take back what this State told a peer, who gave it back after memory was lost. Raises Invalid: it does not fit."""
    carried = shares.read(said)
    notice = shares.said_in(carried.notice)
    kept = Kept(settings.state, row.made_at)
    if isinstance(notice, Shared):
        if notice.source == settings.state:
            held = kept.copy(notice.what) or Copy(notice.what, notice.source, notice.hops, notice.level, direct=True)
            held = replace(held, level=max(held.level, notice.level))
            for recall in kept.recalls_of(notice.what):  # it may have come back before what it calls back
                held = _obeyed(held, recall) if recall.source == notice.source else held
            kept.put_copy(held)
            kept.put_holder(notice.what, row.peer)
        kept.put_taker(notice.what, notice.source, row.peer)
    elif isinstance(notice, Recall) and notice.source == settings.state:
        _recalled_before(kept, notice)


# ── what the courier does, and what others read ─────────────────────────────────────────────────────────────────────


def due(settings: Settings, *, at: datetime) -> bool:
    """Say once a day how many recalls there are; after memory was lost, ask; send what waits. Whether there was anything."""
    newest = models.CopyStanding.objects.filter(pk=settings.state).aggregate(at=Max("at"))["at"]
    forgotten = models.Relearning.objects.exists()
    known = newest is not None
    late = known and not 0 <= at.timestamp() - newest < _STANDS.total_seconds()  # or it is of a clock that ran ahead
    if late and not relearning(at=at):
        with transaction.atomic():
            say(settings, sharer(settings, at).stand(at), at=at)
    if forgotten:
        _relearn(settings, at=at)
    return telling.deliver(settings, at=at)


def suspended(settings: Settings, *, at: datetime) -> frozenset[str]:
    """The sources whose copies are not in use now: they were not heard of for too long, or recalls of theirs are missing."""
    kept = Kept(settings.state, at)
    sources = models.Copy.objects.exclude(source=settings.state).order_by().values_list("source", flat=True).distinct()
    return frozenset(source for source in sources if is_suspended(kept, source, at=at))


def is_suspended(kept: Kept, source: str, *, at: datetime) -> bool:
    """Whether the copies of a source are not in use now."""
    newest = kept.standing(source)
    latest = at.timestamp() - PATIENCE.total_seconds()
    return newest is None or newest[0].at < latest or kept.complete(source) < newest[0].number


_silent: dict[
    str, tuple[float, datetime, frozenset[str]]
] = {}  # State -> when it was asked, about when, and the answer


def silent(settings: Settings, *, at: datetime) -> frozenset[str]:
    """The same as `suspended`, for doors that ask at every request: it may be some seconds old.

    What a page of a collection, a feed or a bulletin would give out of these sources' copies, it keeps back. What came over
    a feed is not meant: nobody calls that back over the wire.
    """
    now = time.monotonic()
    known = _silent.get(settings.state)
    if known is not None and now - known[0] < FRESH and abs((at - known[1]).total_seconds()) < FRESH:
        return known[2]
    found = suspended(settings, at=at)
    _silent[settings.state] = now, at, found
    return found
