"""The collections of this node as a shelf (`comity.sharing.shelf`): what is added, and what is read page by page.

A row's moment (`added`) is later than that of every row before it in its collection, even within one addition, and even
if the clock went back: a microsecond at least. So the moment alone says where a page begins, and who asks on from the
last moment that he saw misses nothing. What was kept back and is let out later gets a new moment then (`let_out`).

`Outlet` is what every way out asks about every row. What it found out once is kept for equal rules, audience and content.
"""

from __future__ import annotations

import heapq
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any, Final, Literal

from django.db import connection, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q

from comity.errors import Invalid, NotPossible
from comity.node import models
from comity.node.desk import _known, blind
from comity.node.desk._alarm import note_alarm_daily
from comity.node.settings import Settings
from comity.seal import canon
from comity.sharing import release, shelf, stix
from comity.sharing.shelf import Cursor, Filter, Row

_TOGETHER: Final = 500  # objects that one statement asks about
_STATUS_KEPT: Final = timedelta(days=1)
_STEP: Final = timedelta(microseconds=1)
_ASIDE: Final = 1_000  # objects of a feed, or of a client that reads, that are kept aside: they fill no disk
_VERDICTS: Final = 100_000  # that are kept, about 40 MB
# The tables of `models.Collection` and `models.StixObject`, in plain SQL: a page is asked for too often, and too many objects
# are added, to go through Django's objects (ten times as slow).
_COLLECTIONS = "SELECT id, title, description, alias FROM node_collection ORDER BY made_at, id"
_RULES = "SELECT rules FROM node_collection WHERE id = %s"
_MOVED = "UPDATE node_stixobject SET added = %s WHERE id = %s"
_INSERT = """INSERT INTO node_stixobject
    (collection_id, object_id, type, version, digest, head, raw, added, "by", source, communities, "first", "last", withdrawn)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_NOT_FIRST = """UPDATE node_stixobject SET "first" = %s WHERE collection_id = %s AND object_id = %s AND version = %s"""
_NOT_LAST = """UPDATE node_stixobject SET "last" = %s WHERE collection_id = %s AND object_id = %s AND version = %s"""
_PAGE = """SELECT added, id, object_id, version, raw, digest, source, communities,
    source <> '' AND EXISTS (SELECT 1 FROM node_copy WHERE what = digest AND node_copy.source = node_stixobject.source)
    FROM node_stixobject
    WHERE {} ORDER BY added LIMIT %s"""
_SIZES = "SELECT length(raw) FROM node_stixobject WHERE {} ORDER BY added LIMIT %s"
_HERE = "collection_id = (SELECT number FROM node_collection WHERE id = %s) AND NOT withdrawn"
# Of rows asked for by id: with a bare number, SQLite would look through the whole collection for them.
_NAMED = _HERE.replace("collection_id", "collection_id + 0", 1)
_MOMENTS = "SELECT added FROM node_stixobject WHERE {}"
_OF_TYPE = _MOMENTS + " AND type = %s ORDER BY added LIMIT %s"
_THEIRS = """SELECT id, object_id, digest, EXISTS (SELECT 1 FROM node_copy WHERE what = digest) FROM node_stixobject
    WHERE {} AND "by" = %s"""


@dataclass(frozen=True)
class Held(Row):
    """A row with what its way out depends on.

    Args:
        collection: its id.
        digest: `stix.Object.digest`.
        source: the State whose object it is; empty: this one's.
        communities: those that it was given in, if it came from another State.
        copy: whether its source gave it over the wire, so that it can call it back; a feed's object is no such copy.
    """

    collection: str
    digest: str
    source: str
    communities: tuple[str, ...]
    copy: bool = False


class Shelves:
    """All collections of this node; implements `comity.sharing.shelf.Shelf`.

    Args:
        settings: the node's.
        client: whose program asks; None: this State itself does. What a client adds is its State's, in its communities, and
            it brings newer versions only of what it added itself.
    """

    def __init__(self, settings: Settings, client: models.Client | None = None) -> None:
        self._home, self._client = settings.state, client

    def collections(self, root: str) -> Sequence[shelf.Collection]:  # noqa: ARG002 -- there is one root
        """All collections, in the order in which they were made."""
        rows = _known.asked(_COLLECTIONS, [])
        return [shelf.Collection(id=id_, title=title, description=description, alias=alias)
                for id_, title, description, alias in rows]  # fmt: skip

    def rules(self, collection: str) -> release.Rules:
        """What may go out of a collection now. Raises NotPossible: there is no such collection."""
        for (said,) in _known.asked(_RULES, [collection]):
            return _rules(said)
        raise _unknown(collection)

    def together(self) -> AbstractContextManager[None]:
        """One transaction, which is on disk once for all that is done within."""
        return transaction.atomic()

    def add(
        self,
        collection: str,
        found: Sequence[stix.Object],
        *,
        by: str,
        at: datetime,
        source: str = "",
        communities: Iterable[str] = (),
        again: bool = False,
        aside: bool = False,
    ) -> Mapping[int, Literal["new", "same"] | Invalid]:
        """Add versions in order, in one transaction.

        What was called back does not come back, and what is known as one State's becomes nobody else's: its source could
        not call it back any more, and its own rules would no longer hold. A version that another collection holds with other
        content is not taken either, unless a State itself gives it over the wire: what somebody else said under its name must
        not keep out its own word. Then both are here, and officers are told (`models.Contested`).

        A client that may not read what its object conflicts with is not told that it does: the object is kept aside for
        officers, and the client hears that it was taken in, as it was.

        Args:
            collection: its id.
            found: objects that were read.
            by: who adds them.
            at: now.
            source: the State whose objects they are; empty: this one's, or the client's.
            communities: those that they were given in, if they came from another State.
            again: the source itself gives them, so they may have been called back before.
            aside: other content under a known name is kept for officers (`desk.contested`), and refused all the same.

        Returns:
            For each place in `found` what `stix.compared` said, or why it is not taken: ``sharing.withdrawn``,
            ``sharing.other-source``, ``sharing.other-author``, ``sharing.contested``.

        Raises:
            NotPossible: there is no such collection.
        """
        # Without a savepoint: SQLite would keep each page as it was before, only to go back half the way.
        with transaction.atomic(savepoint=False):
            row = models.Collection.objects.select_for_update().filter(pk=collection).first()
            if row is None:
                raise _unknown(collection)
            if self._client is not None:
                source, communities = self._client.state, self._client.communities
            known = _known.known(found)
            edges, digests = _known.held(row.number, known)
            came = ("", []) if source in ("", self._home) else (source, sorted(communities))
            outcomes = _known.compared(found, digests)
            author = by if self._client is not None else ""
            ids = {one.id for one in known}
            new = [place for place, said in outcomes.items() if said == "new" and found[place].id in ids]
            beside = _known.bar(
                row.number, found, outcomes, new, source=came[0], again=again, author=author, home=self._home
            )
            secret = [place for place, said in outcomes.items() if self._is_secret(collection, said)]
            contrary = [place for place, said in outcomes.items() if aside and _is_contrary(said)]
            kept = secret + contrary
            if self._client is not None and collection not in self._client.reads:
                blind.count(self._client, found)
            elif kept:
                kept = kept[: self._aside(row, len(kept), by, at)]
            _contest(row, {place: found[place] for place in beside + kept}, outcomes, (by, *came), at)
            fresh = [one for place, one in enumerate(found) if outcomes[place] == "new"]
            _insert(row, fresh, edges, (by, *came), at)
            return outcomes | dict.fromkeys(secret, "new")

    def _aside(self, row: models.Collection, count: int, by: str, at: datetime) -> int:
        """How many more are kept aside; an officer is told, once a day, when that is fewer: the client is not."""
        left = max(0, _ASIDE - models.Contested.objects.filter(collection=row, by=by, settled_at=None).count())
        if count > left and self._client is not None:
            note_alarm_daily(self._client.state, code="contest.full", at=at)
        return left

    def room(self, collection: str, size: int) -> None:
        """Return when this client may add so many bytes more. Raises NotPossible: ``client.full`` (`blind`)."""
        if self._client is not None and collection not in self._client.reads:
            blind.room(self._client, size)

    def _is_secret(self, collection: str, said: str | Invalid) -> bool:
        """Whether a refusal would tell the client what it may not read."""
        return (
            self._client is not None
            and isinstance(said, Invalid)
            and (collection not in self._client.reads or said.code == _known.CONTESTED)
        )

    def page(
        self, collection: str, wanted: Filter, after: Cursor | None, limit: int, *, most_bytes: int | None = None
    ) -> Sequence[Held]:
        """At most `limit` rows after a place, in order, up to the one that reaches `most_bytes`; none is called back."""
        where, values = _conditions(collection, wanted)
        if since := max(wanted.after, after.added if after else ""):
            where, values = f"{where} AND added > %s", [*values, since]
        moments: list[str] | None = None
        if wanted.types and not wanted.ids and wanted.versions == {"last"}:
            moments = _moments_of_types(where, values, wanted.types, limit)
        elif wanted.types:
            where, values = f"{where} AND type IN ({_marks(wanted.types)})", [*values, *wanted.types]
        if wanted.ids:
            moments = sorted(moment for (moment,) in _known.asked(_MOMENTS.format(where), values))[:limit]
        if moments is not None:
            where, values = f"{where} AND added IN ({_marks(moments) or 'NULL'})", [*values, *moments]
        if most_bytes is not None:
            limit = _fitting(where, values, limit, most_bytes)
        found = _known.asked(_PAGE.format(where), [*values, limit])
        return [
            Held(Cursor(added, key), named, version or added, bytes(raw), collection, digest, source,
                 tuple(json.loads(communities)) if source else (), bool(copy))
            for added, key, named, version, raw, digest, source, communities, copy in found
        ]  # fmt: skip

    def delete(self, collection: str, wanted: Filter, *, by: str, at: datetime) -> int:
        """Take away the rows that `by` added; how many. What was called back stays, so that it cannot come again.

        Raises:
            NotPossible: ``sharing.shared``: other States have it; who has to call it back must have it too. All stays.
        """
        where, values = _conditions(collection, wanted)
        if wanted.types:
            where, values = f"{where} AND type IN ({_marks(wanted.types)})", [*values, *wanted.types]
        with transaction.atomic():
            models.Collection.objects.select_for_update().filter(pk=collection).first()
            rows = _known.asked(_THEIRS.format(where), [*values, by])
            if any(shared for *_, shared in rows):
                raise NotPossible("Other States have this: it is called back, not deleted.", code="sharing.shared")
            models.StixObject.objects.filter(pk__in=[key for key, *_ in rows]).delete()
            for named in {named for _, named, *_ in rows}:
                mark_edges(collection, named)
            owe([digest for _, _, digest, _ in rows], at=at)
        return len(rows)

    def keep_status(self, by: str, status: str, body: bytes, *, at: datetime) -> None:
        """Keep the answer to an addition under its id, for him who added, for a day."""
        with transaction.atomic():
            models.Addition.objects.filter(until__lt=at).delete()
            models.Addition.objects.create(id=status, by=by, body=body, until=at + _STATUS_KEPT)

    def status(self, by: str, status: str) -> bytes | None:
        """The answer that was kept for `by` under this id; None: there is none, or no longer."""
        row = models.Addition.objects.filter(pk=status, by=by).first()
        return None if row is None else bytes(row.body)


def _is_contrary(said: str | Invalid) -> bool:
    return isinstance(said, Invalid) and said.code in _known.CONTRARY


def _contest(
    row: models.Collection, odd: Mapping[int, stix.Object], outcomes: _known.Outcomes, who: tuple[str, str, list[str]],
    at: datetime,
) -> None:  # fmt: skip
    """Note objects for officers; those that are not taken are kept aside and said to be taken in."""
    rows = []
    by, source, communities = who
    for place, one in odd.items():
        said = outcomes[place]
        aside = isinstance(said, Invalid)
        rows.append(
            models.Contested(
                collection=row, object_id=one.id, version=one.version, digest=one.digest, raw=one.raw if aside else b"",
                by=by, source=source, communities=communities, at=at,
                code=said.code if isinstance(said, Invalid) else _known.CONTESTED,
            )
        )  # fmt: skip
    if rows:
        models.Contested.objects.bulk_create(rows, ignore_conflicts=True)
        gone = models.Contested.objects.filter(collection=row, by=by, raw=b"")
        again = set(gone.filter(digest__in=[each.digest for each in rows if each.raw]).values_list("digest", flat=True))
        for each in rows:  # what was taken once, left the shelf, and comes back to find another in its place
            if each.raw and each.digest in again:
                gone.filter(digest=each.digest).update(raw=each.raw, state=each.state, code=each.code, at=at)


def _insert(
    row: models.Collection, fresh: Sequence[stix.Object], held: Mapping[str, _known.Edges], who: tuple[str, str, list[str]],
    at: datetime,
) -> None:  # fmt: skip
    """Add rows, each of a moment of its own, and keep right which version is the first and the last."""
    if not fresh:
        return
    edges = dict(held)
    for one in fresh:
        known = edges.get(one.id)
        edges[one.id] = (
            _known.Edges(min(known.first, one.version), max(known.last, one.version))
            if known
            else _known.Edges(one.version, one.version)
        )
    by, source, communities = who
    given = json.dumps(communities)
    rows = [
        (row.number, one.id, one.type, one.version, one.digest, one.digest[:_known.HEAD], one.raw, moment, by, source, given,
         edges[one.id].first == one.version, edges[one.id].last == one.version, False)
        for moment, one in zip(_moments(row, at, len(fresh)), fresh, strict=True)
    ]  # fmt: skip
    names = {one.id for one in fresh} & held.keys()
    early = [
        (False, row.number, named, held[named].first) for named in names if edges[named].first != held[named].first
    ]
    late = [(False, row.number, named, held[named].last) for named in names if edges[named].last != held[named].last]
    with connection.cursor() as cursor:
        for statement, changed in ((_NOT_FIRST, early), (_NOT_LAST, late)):
            if changed:
                cursor.executemany(statement, changed)
        cursor.executemany(_INSERT, rows)
    models.Collection.objects.filter(pk=row.pk).update(newest=rows[-1][7])


def _moments(row: models.Collection, at: datetime, count: int) -> list[str]:
    """The moments of the next rows: from now on, or later than the latest one that this collection has given out.

    The last is of a whole millisecond: OpenCTI keeps no more of the date that it goes on from, and would get what shares it
    again and again.
    """
    moment = max(at, datetime.fromisoformat(row.newest) + _STEP) if row.newest else at
    moment += timedelta(microseconds=-(moment + (count - 1) * _STEP).microsecond % 1_000)
    found: list[str] = []
    while len(found) < count:
        first = moment.microsecond
        second = stix.version_key(moment)[: -len("000000Z")]
        found += [f"{second}{micro:06}Z" for micro in range(first, min(1_000_000, first + count - len(found)))]
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return found


def opened(named: str, **given: Any) -> models.Collection:
    """The collection of this id; made with these fields, under the next number, if there is none."""
    with transaction.atomic():
        last = models.Collection.objects.aggregate(last=Max("number"))["last"] or 0
        return models.Collection.objects.get_or_create(pk=named, defaults=given | {"number": last + 1})[0]


def let_out(collection: str, rows: Sequence[int], *, at: datetime) -> None:
    """Give rows that are seen only from now on a new moment: who asks on from the last one that he saw gets them.

    Args:
        collection: its id.
        rows: their numbers, in the order in which they are to come.
        at: now.
    """
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            row = models.Collection.objects.select_for_update().get(pk=collection)
            moments = _moments(row, at, len(rows))
            cursor.executemany(_MOVED, list(zip(moments, rows, strict=True)))
            models.Collection.objects.filter(pk=collection).update(newest=moments[-1])


def owe(digests: Sequence[str], *, at: datetime) -> None:
    """Have foreign servers to which objects were sent asked to delete those that go to nobody here any more, and no others.

    Args:
        digests: of what changed, inside the caller's transaction.
        at: now.
    """
    same = models.StixObject.objects.filter(object_id=OuterRef("object_id"), digest=OuterRef("what"))
    stands = Exists(same.filter(withdrawn=False))
    for start in range(0, len(digests), _TOGETHER):
        sent = models.Pushed.objects.filter(what__in=digests[start : start + _TOGETHER], answer="")
        sent.filter(stands, owed_at__isnull=False).update(owed_at=None)
        owed = sent.filter(~stands, owed_at=None)
        models.Feed.objects.filter(pk__in=list(owed.values_list("feed", flat=True))).update(next_at=at)
        owed.update(owed_at=at)


def mark_edges(collection: str, named: str) -> None:
    """Note anew which version of an object is the first and the last."""
    rows = models.StixObject.objects.filter(collection__id=collection, object_id=named)
    edges = rows.aggregate(first=Min("version"), last=Max("version"))
    rows.filter(Q(first=True) | Q(last=True)).update(first=False, last=False)
    rows.filter(version=edges["first"]).update(first=True)
    rows.filter(version=edges["last"]).update(last=True)


def _conditions(collection: str, wanted: Filter) -> tuple[str, list[str]]:
    """The condition, and its values, of the rows that fit a filter, but for types and moments of addition."""
    where, values = _NAMED if wanted.ids else _HERE, [collection]
    if wanted.ids:
        where, values = f"{where} AND object_id IN ({_marks(wanted.ids)})", [*values, *wanted.ids]
    if "all" in wanted.versions:
        return where, values
    choices = [f'"{edge}"' for edge in ("first", "last") if edge in wanted.versions]
    if moments := wanted.versions - {"first", "last"}:  # an observable's version is the moment of its addition
        marks = _marks(moments)
        choices.append(f"version IN ({marks}) OR (version = '' AND added IN ({marks}))")
        values = [*values, *moments, *moments]
    return f"{where} AND ({' OR '.join(choices) or 'FALSE'})", values


def _moments_of_types(where: str, values: list[str], types: frozenset[str], limit: int) -> list[str]:
    """The moments of the first rows of some types: each type has its own place in the index, and they are merged."""
    each = [_known.asked(_OF_TYPE.format(where), [*values, kind, limit]) for kind in sorted(types)]
    return [moment for (moment,) in islice(heapq.merge(*each), limit)]


def _fitting(where: str, values: list[str], limit: int, most_bytes: int) -> int:
    """How many of the first `limit` rows there are up to the one with which they reach `most_bytes`."""
    size = 0
    for count, (length,) in enumerate(_known.asked(_SIZES.format(where), [*values, limit]), 1):
        size += length
        if size >= most_bytes:
            return count
    return limit


def _marks(values: Iterable[str]) -> str:
    return ", ".join("%s" for _ in values)


@lru_cache(maxsize=256)
def _rules(said: str) -> release.Rules:
    return release.read_rules(json.loads(said))


def _unknown(collection: str) -> NotPossible:
    return NotPossible("There is no such collection.", code="collection.unknown", where=collection[:60])


# ── what may go out ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Outlet:
    """The way out to one audience under one set of rules: every row is asked about.

    Args:
        audience: who would get it.
        rules: of the collection.
    """

    def __init__(self, audience: release.Audience, rules: release.Rules) -> None:
        self._audience, self._rules = audience, rules
        whole = release.rules_said(rules), audience.state, sorted(audience.communities), audience.purpose
        self._scope = canon.content_id(canon.dumps(whole))

    def lets(self, row: Held) -> bool:
        """Whether a row may go (`release.allowed`)."""
        key = self._scope, row.digest, row.source, row.communities
        verdict = _verdicts.get(key)
        if verdict is None:
            came = release.Came(row.source, frozenset(row.communities)) if row.source else None
            ruling = release.allowed(stix.kept(row.raw, row.digest), self._audience, self._rules, came=came)
            verdict = ruling.verdict is release.Verdict.PASSED
            _verdicts.keep(key, verdict=verdict)
        return verdict


class _Verdicts:
    """What was found out already; what was not asked for the longest time is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most, self._found, self._lock = most, OrderedDict[Any, bool](), Lock()

    def get(self, key: Any) -> bool | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def keep(self, key: Any, *, verdict: bool) -> None:
        with self._lock:
            self._found[key] = verdict
            if len(self._found) > self._most:
                self._found.popitem(last=False)


_verdicts = _Verdicts(_VERDICTS)
