"""Feeds: an officer says which foreign collections are read into this node's, or get what is in them, and how often.

What a feed brings is its State's, in the communities that are named for it, and goes on from here only as
`sharing.release` lets what is another's. It can take nobody else's place: what is known here as another's stays so, and
what was called back is not taken again. What a feed sends passes the rules of its collection, object by object; when
these rules change, everything is looked at anew. What the server has taken is sent once: a feed that is made anew sends it
again. Each page is kept in one transaction with the place that it leads to: cut off anywhere, nothing is missed.

What is sent is noted before it goes: a server whose answer is lost may have it. When something is called back that a feed
sent, its server is asked to delete it, and what it said is kept. It need not. That goes on while the feed is paused: a pause
ends what is fetched and sent, and a warning that is wrong does harm until it is gone.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Q, QuerySet

from comity.casework.act import Power
from comity.casework.request import STATE
from comity.errors import ComityError, Invalid, NotPossible
from comity.node import models
from comity.node.desk import collections, copies
from comity.node.desk._due import is_due
from comity.node.desk._record import needs
from comity.node.desk.shelf import Held, Outlet, Shelves, owe
from comity.node.settings import Settings
from comity.seal import canon
from comity.seal.keys import write_secret
from comity.sharing import feed, release, stix
from comity.sharing.shelf import Cursor, Filter, goes_on

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,59}")
_REMOTE = re.compile(r"[A-Za-z0-9._~-]{1,120}")
_WORD: Final = 60  # characters of a purpose, of a community's name
_USER: Final = 150  # characters
_ADDRESS: Final = 500  # characters
EVERY: Final = range(1, 7 * 24 * 60 + 1)  # minutes between two visits
MOST: Final = range(1, 1_000_000_001)  # objects that a feed may bring
_STALE: Final = 10  # so many objects that are here already for each new one: the server brings them again
_AGAIN, _LONGEST = 10, timedelta(days=1)  # how often the usual pause doubles then, and how long it is at the most
_FIRST_RETRY: Final = timedelta(minutes=1)
_NAMED: Final = 20  # refused objects that are named
_LAST: Final = Filter()
_AT_ONCE: Final = 8 << 20  # bytes of the objects that are read for one batch


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an officer says about a feed.

    Args:
        address: ``https://…/`` of the API root there.
        remote: id or alias of the collection there.
        direction: of `models.Feed.Direction`.
        collection: id or alias of the collection here.
        state: whose the server is, by ISO code; empty, to push only: the public's.
        communities: that this State shares with whoever runs it.
        purpose: to push, for what: a word of the collection's rules.
        user: with which this node signs in; empty: it does not.
        every: minutes between two visits.
        most: objects that it may bring.
    """

    address: str
    remote: str
    direction: str
    collection: str
    state: str
    communities: tuple[str, ...]
    purpose: str
    user: str
    every: int
    most: int


@dataclass
class Tally:
    """What a visit did so far.

    Args:
        counts: `new`, `held` and `refused` objects that came; `sent` ones, `kept` ones that may not go, and ones that are
            `known` there.
        refused: (id, reason) of the first that were refused.
    """

    counts: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def note(self, **more: int) -> None:
        """Add to the counts."""
        for name, number in more.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def name(self, refused: Sequence[tuple[str, str]]) -> None:
        """Count what was refused, and name the first of it."""
        self.note(refused=len(refused))
        self.refused = (self.refused + [each for each in refused if each not in self.refused])[:_NAMED]


@dataclass(frozen=True)
class Batch:
    """What is to be sent at once.

    Args:
        held: objects.
        place: how far the collection is sent when these are; and from where it is to be looked at again, when one of the
            sources whose copies were kept back is heard of again.
        kept: objects in between that may not go.
        known: objects in between that were sent already, and that the server said it took.
        too_long: ids of those that the server takes no body long enough for.
        more: whether the collection goes on.
    """

    held: tuple[Held, ...]
    place: dict[str, Any]
    kept: int
    known: int
    too_long: tuple[str, ...]
    more: bool

    @property
    def raws(self) -> list[bytes]:
        """The objects in their own bytes."""
        return [one.raw for one in self.held]


# ── what an officer does ────────────────────────────────────────────────────────────────────────────────────────────────


def add(
    settings: Settings, name: str, terms: Terms, *, officer: models.Officer, at: datetime, secret: bytes = b"",
    trusted: bytes = b"",
) -> models.Feed:  # fmt: skip
    """Make a feed; it is visited at once.

    Args:
        settings: the node's.
        name: of the feed here.
        terms: what it does.
        officer: who decides so.
        at: now.
        secret: with which `terms.user` signs in; it is kept in ``keys/feeds/``.
        trusted: certificates (PEM), the only ones that may vouch for the server; empty: those of this machine.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: there is no such collection.
        Invalid: ``feed.…``: what of the terms cannot be.
    """
    needs(officer, Power.WARN)
    _check(name, terms, secret)
    _check_trusted(trusted)
    files = {secret_file(settings, name): secret, trusted_file(settings, name): trusted}
    with transaction.atomic():
        if models.Feed.objects.filter(pk=name).exists():
            raise Invalid(f"'{name}' is a feed already.", code="feed.name", where="name")
        row = models.Feed.objects.create(
            name=name, address=terms.address.rstrip("/") + "/", remote=terms.remote, direction=terms.direction,
            collection=collections.find(terms.collection), user=terms.user, state=terms.state,
            communities=sorted(terms.communities), purpose=terms.purpose, every=terms.every, most=terms.most, next_at=at,
            made_at=at, made_by=f"{officer.full_name}, {officer.office}",
        )  # fmt: skip
        secret_file(settings, name).parent.mkdir(mode=0o700, exist_ok=True)
        for path, content in files.items():
            path.unlink(missing_ok=True)  # of a feed of this name that was removed and cut off
            if content:
                write_secret(path, content)
    return row


def pause(name: str, *, paused: bool, officer: models.Officer, at: datetime) -> None:
    """Fetch or send nothing any more, or again from now on. What was sent and is called back is asked for all the same.

    Raises NotYours; NotPossible: there is no such feed.
    """
    needs(officer, Power.WARN)
    if not models.Feed.objects.filter(pk=name).update(paused=paused, next_at=at, attempts=0):
        raise _unknown(name)


def remove(settings: Settings, name: str, *, officer: models.Officer) -> None:
    """Forget a feed and its secret; what it brought stays. Raises NotYours; NotPossible: there is no such feed."""
    needs(officer, Power.WARN)
    if not models.Feed.objects.filter(pk=name).delete()[0]:
        raise _unknown(name)
    for path in (secret_file(settings, name), trusted_file(settings, name)):
        path.unlink(missing_ok=True)


def secret_file(settings: Settings, name: str) -> Path:
    """Where the secret of a feed lies, if it has one."""
    return settings.keys / "feeds" / f"{name}.secret"


def trusted_file(settings: Settings, name: str) -> Path:
    """Where the certificates lie that may vouch for its server, if not this machine's."""
    return settings.keys / "feeds" / f"{name}.crt"


def _check(name: str, terms: Terms, secret: bytes) -> None:
    """Return when terms can be. Raises Invalid."""
    parts = urlsplit(terms.address)
    pulls = terms.direction == models.Feed.Direction.PULL
    more = (
        parts.query or parts.fragment or parts.username or len(terms.address) > _ADDRESS or not terms.address.isascii()
    )
    words = (*terms.communities, *([] if pulls else [terms.purpose]))
    _refuse(not _NAME.fullmatch(name), code="feed.name")
    _refuse(parts.scheme != "https" or not parts.hostname or bool(more), code="feed.address")
    _refuse(not _REMOTE.fullmatch(terms.remote), code="feed.remote")
    _refuse(terms.direction not in models.Feed.Direction.values, code="feed.direction")
    _refuse(not STATE.fullmatch(terms.state) and (pulls or bool(terms.state)), code="feed.state")
    _refuse(not all(0 < len(word) <= _WORD for word in words), code="feed.word")
    _refuse(bool(terms.user) != bool(secret) or ":" in terms.user or len(terms.user) > _USER, code="feed.user")
    _refuse(terms.every not in EVERY or terms.most not in MOST, code="feed.every")


def _refuse(wrong: bool, *, code: str) -> None:  # noqa: FBT001 -- the whole of what it is asked
    """Return when nothing is wrong. Raises Invalid."""
    if wrong:
        raise Invalid("This cannot be said of a feed.", code=code, where=code.partition(".")[2])


def _check_trusted(trusted: bytes) -> None:
    """Return when these are certificates, or nothing. Raises Invalid."""
    try:
        ssl.create_default_context(cadata=trusted.decode("ascii") or None)
    except (ssl.SSLError, ValueError) as error:
        raise Invalid("These are no certificates in PEM.", code="feed.trusted", where="ca") from error


def _unknown(name: str) -> NotPossible:
    return NotPossible("There is no such feed.", code="feed.unknown", where=name[:60])


# ── what a visit does ───────────────────────────────────────────────────────────────────────────────────────────────────


def due(*, at: datetime) -> list[str]:
    """The feeds that are to be visited now; one that sends and is paused, for what its server is to be asked to delete."""
    rows = models.Feed.objects.filter(Q(paused=False) | Q(direction=models.Feed.Direction.PUSH))
    found: list[str] = []
    for every in set(rows.values_list("every", flat=True)):
        usual = timedelta(minutes=every)
        same = rows.filter(every=every)
        calm = same.filter(is_due("next_at", at, at + usual), attempts=0, again=0)
        # One that fails, or brings again what is here, may wait longer.
        late = same.filter(is_due("next_at", at, at + max(usual, _LONGEST)))
        found += {*calm.values_list("name", flat=True), *late.values_list("name", flat=True)}
    return found


def _current(feed_: models.Feed) -> QuerySet[models.Feed]:
    """The row of a feed, unless it was removed, made anew under its name, paused or resumed since the visit began."""
    return models.Feed.objects.filter(pk=feed_.name, made_at=feed_.made_at, paused=feed_.paused)


def took(settings: Settings, feed_: models.Feed, page: feed.Page, tally: Tally, *, at: datetime) -> None:
    """Keep what a page brought, and where the next begins.

    Args:
        settings: the node's.
        feed_: as the visit began with it.
        page: what it brought.
        tally: of the visit.
        at: now.

    Raises:
        NotPossible: ``feed.unknown``: it was removed or paused; ``feed.full``: it would bring more than it may. Then nothing
            is kept.
    """
    with transaction.atomic():
        row = _current(feed_).select_for_update().first()
        if row is None:
            raise _unknown(feed_.name)
        good = _sorted(row, page.objects, settings.state)
        held = len(page.objects) - len(good)
        outcomes = Shelves(settings).add(
            row.collection_id,
            good,
            by=f"feed {row.name}",
            at=at,
            source=row.state,
            communities=row.communities,
            aside=True,
        )
        new = sum(outcome == "new" for outcome in outcomes.values())
        if row.brought + new > row.most:
            raise NotPossible(f"This feed may bring {row.most} objects, and there are more.", code="feed.full")
        models.Feed.objects.filter(pk=row.name).update(place={"added": page.added}, brought=F("brought") + new)
    refused = [(one.id, one.error.code) for one in page.refused]
    refused += [(good[place].id, said.code) for place, said in outcomes.items() if isinstance(said, Invalid)]
    tally.note(new=new, held=held + sum(outcome == "same" for outcome in outcomes.values()))
    tally.name(refused)


def _sorted(row: models.Feed, found: Sequence[stix.Object], home: str) -> list[stix.Object]:
    """What a feed brought without what is held as another's already, in the very same words."""
    source = "" if row.state == home else row.state
    known = models.StixObject.objects.filter(object_id__in={one.id for one in found}, withdrawn=False)
    elsewhere = set(known.exclude(source=source).values_list("digest", flat=True))
    return [one for one in found if one.digest not in elsewhere]


def outgoing(settings: Settings, row: models.Feed, *, most: int, at: datetime) -> Batch:
    """What is to be sent next, as far as the rules let it go to whoever runs the server.

    A copy whose source is suspended is kept back, and holds up nothing behind it. When that source is in use again, the
    collection is looked at anew from there; what this feed has sent is not sent again.

    Args:
        settings: the node's.
        row: the feed, as the visit began with it.
        most: bytes of a body that the server takes.
        at: now.

    Raises:
        NotPossible: ``feed.unknown``: it was removed or paused.
    """
    if not _current(row).exists():
        raise _unknown(row.name)
    shelves = Shelves(settings)
    audience = release.Audience(state=row.state, communities=frozenset(row.communities), purpose=row.purpose)
    rules = shelves.rules(row.collection_id)
    scope = _scope(audience, rules)
    silent = copies.silent(settings, at=at)
    place = _resumed(row.place, scope, silent)
    added = place["added"]
    outlet, going, long, kept, again, size = Outlet(audience, rules), [], [], 0, 0, len(feed.envelope(()))
    after = Cursor(added, 0) if added else None
    found: Sequence[Held] = shelves.page(row.collection_id, _LAST, after, feed.PAGE, most_bytes=_AT_ONCE)
    more = goes_on(found, feed.PAGE, _AT_ONCE)
    there = _there(row, found)
    for held in found:
        if held.copy and held.source in silent:
            kept += 1
            place["again"] = place.get("again", added)
            place["silent"] = sorted({held.source, *place.get("silent", ())})
        elif not outlet.lets(held):
            kept += 1
        elif held.digest in there:
            again += 1
        elif len(held.raw) + len(feed.envelope(())) >= most:
            long.append(held.id)
        elif size + len(held.raw) + 1 > most:
            more = True
            break
        else:
            going.append(held)
            size += len(held.raw) + 1
        added = held.at.added
    return Batch(tuple(going), place | {"added": added}, kept, again, tuple(long), more)


def _resumed(place: dict[str, Any], scope: str, silent: frozenset[str]) -> dict[str, Any]:
    """Where the sending goes on: from the beginning if the rules are others, from what was kept back if its source speaks."""
    if place.get("scope") != scope:
        return {"added": "", "scope": scope}
    if not silent.issuperset(place.get("silent", ())):
        return {"added": place["again"], "scope": scope}
    return dict(place)


def _there(row: models.Feed, found: Sequence[Held]) -> frozenset[str]:
    """Digests of what this feed sent, its server said that it took, and was not asked to delete."""
    sent_ = models.Pushed.objects.filter(feed=row.name, what__in=[one.digest for one in found], taken=True, answer="")
    return frozenset(sent_.values_list("what", flat=True))


def sending(row: models.Feed, batch: Batch, *, at: datetime) -> frozenset[str]:
    """Note, before a batch is sent, that it may be at the server from now on: its answer may be lost.

    Args:
        row: the feed, as the visit began with it.
        batch: what is about to be sent.
        at: now.

    Returns:
        Digests of what was not noted before: what of this the server refuses, it does not have.

    Raises:
        NotPossible: ``feed.unknown``: it was removed or paused.
    """
    place, digests = where(row), [one.digest for one in batch.held]
    rows = [
        models.Pushed(feed=row, where=place, what=one.digest, object_id=one.id,
                      version="" if one.version == one.at.added else one.version, sent_at=at)
        for one in batch.held
    ]  # fmt: skip
    with transaction.atomic():
        if not _current(row).select_for_update().exists():
            raise _unknown(row.name)
        before = set(models.Pushed.objects.filter(where=place, what__in=digests).values_list("what", flat=True))
        models.Pushed.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["where", "what"],
            update_fields=["feed", "sent_at", "taken", "answer", "answered_at", "owed_at"],
        )  # fmt: skip
        owe(digests, at=at)  # what was called back since the batch was made
    return frozenset(digests) - before


def sent(
    row: models.Feed, batch: Batch, failures: Sequence[tuple[str, str]], tally: Tally, *, new: frozenset[str]
) -> None:
    """Note that the server took a batch, but for what it refused.

    Args:
        row: the feed, as the visit began with it.
        batch: what was sent.
        failures: (id, reason) of what the server refused.
        tally: of the visit.
        new: as `sending` said.

    Raises:
        NotPossible: ``feed.unknown``: it was removed or paused.
    """
    refused = {named for named, _ in failures}  # a batch holds one version of each
    taken = {one.digest for one in batch.held if one.id not in refused}
    with transaction.atomic():
        if not _current(row).update(place=batch.place):
            raise _unknown(row.name)
        models.Pushed.objects.filter(where=where(row), what__in=taken).update(taken=True)
        refuse(row, new - taken)
    tally.note(sent=len(batch.held) - len(failures), kept=batch.kept, **({"known": batch.known} if batch.known else {}))
    tally.name([*failures, *((named, "feed.body") for named in batch.too_long)])


def refuse(row: models.Feed, new: frozenset[str]) -> None:
    """Note that the server has none of these, as it says, of which none was ever sent there before."""
    models.Pushed.objects.filter(where=where(row), what__in=new, taken=False).delete()


def called_back(row: models.Feed) -> QuerySet[models.Pushed]:
    """What that server is to be asked to delete: it may be there, by this feed or an earlier one, and goes to nobody now."""
    return models.Pushed.objects.filter(where=where(row), owed_at__isnull=False, answer="").order_by("owed_at", "pk")


def where(row: models.Feed) -> str:
    """The address of the collection there."""
    return f"{row.address}collections/{row.remote}"


def answered(one: models.Pushed, answer: str, *, at: datetime) -> None:
    """Note what a server said when it was asked to delete an object. It is a word without a signature."""
    models.Pushed.objects.filter(pk=one.pk, sent_at=one.sent_at, answer="").update(answer=answer, answered_at=at)


def visited(feed_: models.Feed, tally: Tally, *, more: bool, at: datetime) -> None:
    """Note a visit that went well.

    Args:
        feed_: as the visit began with it.
        tally: what it did.
        more: whether there is more; then it goes on at once, if this visit brought anything. A server that brings again what is
            here already is visited later each time, up to a day.
        at: now.
    """
    row = _current(feed_).first()
    if row is not None:
        said = tally.counts
        stale = said.get("held", 0) > max(feed.PAGE, _STALE * said.get("new", 0))
        useful = more and not stale and (said.get("new") or said.get("sent"))
        again = min(row.again + 1, _AGAIN) if stale else 0
        usual = timedelta(minutes=row.every)
        owing = row.direction == models.Feed.Direction.PUSH and called_back(row).exists()
        _current(feed_).update(
            next_at=at if useful or owing else at + min(usual * 2**again, max(usual, _LONGEST)), attempts=0, again=again,
            visited_at=at, code="", trouble="", done=said, refused=tally.refused,
        )  # fmt: skip


def rested(feed_: models.Feed, *, at: datetime) -> None:
    """Note that a paused feed has nothing to ask for; it is looked at again at its usual time, or when there is something."""
    _current(feed_).filter(next_at=feed_.next_at).update(next_at=at + timedelta(minutes=feed_.every))


def failed(feed_: models.Feed, error: ComityError, tally: Tally, *, at: datetime) -> None:
    """Note a visit that failed; the next is later each time, but never later than it would be otherwise, or is asked for."""
    row = _current(feed_).first()
    if row is not None:
        wait = min(_FIRST_RETRY * 2 ** min(row.attempts, 20), timedelta(minutes=row.every))
        asked = timedelta(seconds=error.after) if isinstance(error, feed.Refusal) else timedelta()
        _current(feed_).update(
            next_at=at + max(wait, asked), attempts=F("attempts") + 1, code=error.code, trouble=str(error)[:500],
            done=tally.counts, refused=tally.refused,
        )  # fmt: skip


def _scope(audience: release.Audience, rules: release.Rules) -> str:
    """What the sending of a collection holds for: when this changes, it begins anew."""
    said = [release.rules_said(rules), audience.state, sorted(audience.communities), audience.purpose]
    return canon.content_id(canon.dumps({"scope": said}))
