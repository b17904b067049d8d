"""Looking at new warnings and new cases, to see where they name the same. On this node only: nothing of it leaves.

Each is looked at once, some at a time, from where the last look ended: shared objects by their number, cases by their mark
`fresh`, which is set when what they mention may have changed. What each side names is kept under keys (`sharing.sighted`), and
what is new on one side is looked up among those of the other. So the work is that of what is new, however much there is.

Withdrawn objects and earlier versions are met by nobody.
"""

from __future__ import annotations

import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from comity.casework.lifecycle import Case
from comity.node import archive, models
from comity.node.desk import _rows, evidence
from comity.node.settings import Settings
from comity.sharing import patterns, sighted
from comity.sharing.patterns import Observable
from comity.sharing.sighted import Mention, Met

OF_SOURCE: Final = (
    200  # hits of a case with warnings of one State: more say nothing more, and could hide those of others
)
OF_WARNING: Final = 200  # cases that one warning is matched with: what names more of them names nobody in particular
KEPT: Final = 50  # mentions that are kept with a hit
_CASES = 128  # looked at together
_OBJECTS = 2_000  # looked at together: a page of the tables that many of them change is written once for all
_BYTES, _KEYS = 8 << 20, 5_000  # of objects that are looked at together
_ROWS: Final = 5_000  # written in one transaction
_FOUND: Final = 2_000  # rows that one question gives at most
_ASKED: Final = 2_000  # keys in one question
_log = logging.getLogger("comity.sighting")


def look(settings: Settings, *, at: datetime) -> bool:
    """Look at the next few of what is new; whether there was anything.

    Args:
        settings: the node's.
        at: now.
    """
    return _cases(settings, at) or _objects(at)


class _Looking(NamedTuple):
    """A version of a shared object, and one key of what it looks for."""

    key: str
    row: int
    warning: str
    version: str
    source: str


class _Naming(NamedTuple):
    """A case, and one key of what it mentions."""

    key: str
    case: str
    mention: Mention


@dataclass
class _Meeting:
    """What a case mentions and a version of an object looks for."""

    row: int
    version: str
    source: str
    met: dict[Met, None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Read:
    """What became of a case: what it mentions now and did not before, and the other way round.

    Args:
        case: its reference.
        head: id of its last act when it was read; empty if it could not be.
        added: new mentions.
        gone: id of the row -> a mention that is no more.
    """

    case: str
    head: str = ""
    added: tuple[_Naming, ...] = ()
    gone: dict[int, Mention] = field(default_factory=dict)


# ---- what is new among the shared objects ---------------------------------------------------------------------


def _objects(at: datetime) -> bool:
    """Look at the next shared objects; whether there were any."""
    begun = models.Indexed.objects.get_or_create(pk=1)[0].objects_to
    found, usable, end = _batch(begun)
    if end == begun:
        return False
    current = [one for one in found if one.row in usable]
    meetings = _meetings(current, _naming({one.key for one in current}))
    with transaction.atomic():
        if models.Indexed.objects.filter(pk=1, objects_to=begun).update(objects_to=end):
            _rows.put(models.Observed, ["row_id", "key"], [(one.row, one.key) for one in found])
            _note(meetings, at)
    return True


def _batch(begun: int) -> tuple[list[_Looking], set[int], int]:
    """(what the objects after number `begun` look for; the numbers of those that may make hits; the number of the last)."""
    columns = ("pk", "raw", "object_id", "version", "source", "last", "withdrawn", "tightened")
    rows = models.StixObject.objects.filter(pk__gt=begun).annotate(tightened=_tightened("digest")).order_by("pk")
    found: list[_Looking] = []
    usable, size, end = set(), 0, begun
    for end, raw, warning, version, source, last, withdrawn, tightened in rows.values_list(*columns)[
        :_OBJECTS
    ].iterator(chunk_size=100):
        found += [_Looking(key, end, warning, version, source) for key in keys(bytes(raw), warning)]
        size += len(raw)
        if last and (tightened or not withdrawn):
            usable.add(end)
        if size > _BYTES or len(found) > _KEYS:
            break
    return found, usable, end


def _tightened(digest: str) -> Exists:
    """Whether an object only goes to nobody because its mark is stricter by now: here it is used as before."""
    return Exists(models.Copy.objects.filter(pk=OuterRef(digest), withdrawn=0))


def keys(raw: bytes, warning: str) -> set[str]:
    """The keys of what an object looks for; none if it is revoked, or looks for nothing that is understood here.

    Args:
        raw: its bytes, which were read before (`sharing.stix.read`).
        warning: its id.
    """
    if warning.partition("--")[0] not in _LOOKING:
        return set()
    try:
        body = json.loads(raw)
        named = () if body.get("revoked") else patterns.observed(body).observables
        return {key for one in named if (key := sighted.key(one))}
    except Exception:  # noqa: BLE001  one object must not hold up those behind it
        _log.exception("%s could not be looked at", warning)
        return set()


_LOOKING: Final = frozenset({"indicator", "file", "ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr"})


def _naming(wanted: set[str]) -> list[_Naming]:
    """What cases name of this."""
    rows = models.Mentioned.objects.values_list("key", "case_id", "kind", "value", "where", "origin")
    return [
        _Naming(key, case, Mention(Observable(kind, value), where, origin))
        for key, case, kind, value, where, origin in _found(rows, "-pk", wanted)
    ]


# ---- what is new among the cases ------------------------------------------------------------------------------


def _cases(settings: Settings, at: datetime) -> bool:
    """Look at the next cases; whether there were any."""
    fresh = list(models.Case.objects.filter(fresh=True).order_by("pk").values_list("pk", flat=True)[:_CASES])
    if not fresh:
        return False
    read = _read_all(settings, fresh)
    added = [one for each in read for one in each.added]
    for start in range(0, max(len(added), 1), _ROWS):
        some = added[start : start + _ROWS]
        meetings = _meetings(_looking({one.key for one in some}), some) if some else {}
        with transaction.atomic():
            _rows.inserted(models.Mentioned, [_row(one) for one in some])
            _note(meetings, at)
            if start + _ROWS >= len(added):
                _settle(read)
    return True


def _read_all(settings: Settings, references: Sequence[str]) -> list[_Read]:
    """What became of these cases, read together."""
    try:
        cases = archive.load_all(references, home=settings.state)
    except Exception:  # noqa: BLE001  one of them cannot be read: `_read` finds out which
        cases = {}
    holding = set(models.Holding.objects.filter(case__in=references).values_list("case", flat=True))
    held: dict[str, dict[Mention, int]] = {reference: {} for reference in references}
    columns = ("pk", "case_id", "kind", "value", "where", "origin")
    for row, case, kind, value, where, origin in models.Mentioned.objects.filter(case__in=references).values_list(
        *columns
    ):
        held[case][Mention(Observable(kind, value), where, origin)] = row
    return [_read(settings, one, cases.get(one), held[one], holding=one in holding) for one in references]


def _read(
    settings: Settings, reference: str, case: Case | None, held: Mapping[Mention, int], *, holding: bool
) -> _Read:
    """What became of a case. What cannot be read is logged, and does not hold up the others.

    Args:
        settings: the node's.
        reference: the case.
        case: as it was loaded; None: it was not.
        held: what it mentioned when it was read last -> id of the row.
        holding: whether anything was taken in for it here.
    """
    head, now = "", dict[Mention, None]()
    try:
        case = case or archive.load(reference, home=settings.state)
        head = case.acts[-1].id
        now |= dict.fromkeys(sighted.mentioned(case.request))
        for digest, manifest in evidence.manifests(settings, case) if holding or case.returns else ():
            now |= dict.fromkeys(sighted.held(manifest, digest))
    except Exception:  # noqa: BLE001  as in `keys`
        _log.exception("what %s mentions could not be read", reference)
        if not head:
            return _Read(reference)
    added = tuple(
        _Naming(key, reference, one) for one in now if one not in held and (key := sighted.key(one.observable))
    )
    gone = {row: one for one, row in held.items() if one not in now and not one.origin}
    return _Read(reference, head, added, gone)


def _row(one: _Naming) -> models.Mentioned:
    kind, value = one.mention.observable
    return models.Mentioned(case_id=one.case, key=one.key, kind=kind, value=value, where=one.mention.where,
                            origin=one.mention.origin)  # fmt: skip


def _settle(read: Sequence[_Read]) -> None:
    """Forget what cases mention no more; they are looked at, unless they have gone on meanwhile."""
    for each in read:
        if each.gone:
            _forget(each)
    acts = models.Act.objects.filter(case__in=[each.case for each in read]).order_by("seq")
    newest = dict(acts.values_list("case_id", "pk"))
    done = [each.case for each in read if each.head in ("", newest.get(each.case))]
    models.Case.objects.filter(pk__in=done).update(fresh=False)


def _forget(read: _Read) -> None:
    models.Mentioned.objects.filter(pk__in=read.gone).delete()
    gone = set(read.gone.values())
    for hit in models.Hit.objects.filter(case=read.case):
        left = [one for one in map(Met._make, hit.met) if _mention(one) not in gone]
        if len(left) < len(hit.met):
            hit.met = left
            hit.save(update_fields=["met"])


def _mention(one: Met) -> Mention:
    return Mention(Observable(one.kind, one.value), one.where, one.origin)


def _looking(wanted: set[str]) -> list[_Looking]:
    """The newest versions of objects that are not withdrawn and look for this."""
    stands = Q(row__withdrawn=False) | Q(_tightened("row__digest"))
    rows = models.Observed.objects.filter(stands, row__last=True)
    columns = ("key", "row_id", "row__object_id", "row__version", "row__source")
    return [_Looking(*found) for found in _found(rows.values_list(*columns), "-row_id", wanted)]


# ---- where both meet ------------------------------------------------------------------------------------------


def _found(rows: QuerySet[Any, Any], newest: str, wanted: set[str]) -> set[Any]:
    """The rows under these keys, under those of blocks around them, and under those of what is inside them.

    Args:
        rows: all of their kind.
        newest: by which the newest come first.
        wanted: keys.
    """
    around = sorted({each for key in wanted for each in sighted.covering(key)})
    found: set[Any] = set()
    for start in range(0, len(around), _ASKED):
        found.update(_under(rows, newest, around[start : start + _ASKED]))
    for span in filter(None, map(sighted.inside, wanted)):
        found.update(rows.filter(key__range=span)[:_FOUND])
    return found


def _under(rows: QuerySet[Any, Any], newest: str, some: Sequence[str]) -> list[Any]:
    """The rows under these keys. Of a key that has more than `_FOUND` the newest, and it takes nothing from the others."""
    if len(some) == 1:
        return list(rows.filter(key=some[0]).order_by(newest)[:_FOUND])
    found = list(rows.filter(key__in=some)[:_FOUND])  # without an order it ends there, however many there are
    if len(found) < _FOUND:
        return found
    half = len(some) // 2
    return _under(rows, newest, some[:half]) + _under(rows, newest, some[half:])


def _meetings(looking: Iterable[_Looking], naming: Iterable[_Naming]) -> dict[tuple[str, str], _Meeting]:
    """(case, id of the object) -> where they meet."""
    seekers, namers = defaultdict[str, list[_Looking]](list), defaultdict[str, list[_Naming]](list)
    for one in looking:
        seekers[one.key].append(one)
    for each in naming:
        namers[each.key].append(each)
    found: dict[tuple[str, str], _Meeting] = {}
    cases = Counter[str]()  # by warning
    for sought, named in sighted.meetings(seekers, namers):
        for one in seekers[sought]:
            for each in namers[named]:
                place = (each.case, one.warning)
                if place not in found:
                    if cases[one.warning] >= OF_WARNING:
                        continue
                    cases[one.warning] += 1
                    found[place] = _Meeting(one.row, one.version, one.source)
                _add(found[place], one, each.mention)
    return found


def _add(meeting: _Meeting, one: _Looking, mention: Mention) -> None:
    if one.version > meeting.version:  # of another collection, or just replaced
        meeting.row, meeting.version, meeting.source, meeting.met = one.row, one.version, one.source, {}
    if one.version == meeting.version and len(meeting.met) < KEPT:
        kind, value = mention.observable
        block = sighted.shown(one.key)
        meeting.met[Met(kind, value, mention.where, mention.origin, block if block != value else "")] = None


def _note(meetings: dict[tuple[str, str], _Meeting], at: datetime) -> None:
    """Keep the hits (inside the caller's transaction). What was drafted after a hit with a warning is no hit with it."""
    places = list(meetings)
    for start in range(0, len(places), _ASKED):
        some = {place: meetings[place] for place in places[start : start + _ASKED]}
        cases = {case for case, _ in some}
        drafted = set(models.Hit.objects.filter(draft__in=cases).values_list("draft", "warning"))
        rows = models.Hit.objects.filter(case__in=cases, warning__in={warning for _, warning in some})
        held = {(row.case_id, row.warning): row for row in rows}
        changed = [row for place, row in held.items() if place in some and _met_again(row, some[place])]
        models.Hit.objects.bulk_update(changed, ["row", "version", "source", "met", "state"])
        new = [place for place in some if place not in held and place not in drafted]
        models.Hit.objects.bulk_create(
            models.Hit(
                case_id=case, warning=warning, version=meeting.version, source=meeting.source, row_id=meeting.row,
                met=list(meeting.met), found_at=at,
            )
            for case, warning, meeting in _room(new, some)
        )  # fmt: skip


def _met_again(row: models.Hit, meeting: _Meeting) -> bool:
    """Bring a hit up to date; whether anything of it changed. What is new in it is to be looked at again."""
    before = [Met._make(one) for one in row.met]
    if meeting.version < row.version:
        return False
    kept = before if meeting.version == row.version else []
    now = list(dict.fromkeys([*kept, *meeting.met]))[:KEPT]
    if set(now) - set(before):
        row.state = models.Hit.State.NEW
    changed = now != before or (row.row_id, row.version) != (meeting.row, meeting.version)
    row.met, row.row_id, row.version, row.source = now, meeting.row, meeting.version, meeting.source
    return changed


def _room(
    new: Iterable[tuple[str, str]], meetings: dict[tuple[str, str], _Meeting]
) -> Iterator[tuple[str, str, _Meeting]]:
    """Those for which their cases have room: warnings of one State cannot crowd out those of another."""
    new = list(new)
    rows = models.Hit.objects.filter(case__in={case for case, _ in new}).values_list("case", "source")
    counted = Counter({(case, source): number for case, source, number in rows.annotate(Count("pk"))})
    for case, warning in new:
        meeting = meetings[case, warning]
        counted[case, meeting.source] += 1
        if counted[case, meeting.source] <= OF_SOURCE:
            yield case, warning, meeting
