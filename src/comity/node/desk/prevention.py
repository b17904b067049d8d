"""The prevention desk (Articles 53, 55): an officer shares warnings with other States, hands them on, reports, calls back.

Each verb takes the power `warn`, passes the State's own rules for what goes out (`sharing.release`), is signed and logged, and
leaves in one transaction what other States are to be told. What is here, `desk.copies` knows; who belongs together,
`desk.communities`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from comity.casework.lifecycle import Power
from comity.errors import Invalid, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _known, _record, communities, copies
from comity.node.desk._log import log_append
from comity.node.desk.shelf import Shelves
from comity.node.settings import Settings
from comity.seal import canon
from comity.sharing import release, stix, tlp
from comity.sharing.notices import REASON_LIMIT, AnyNotice, Concern, Kind, Recall, Report, Shared
from comity.sharing.recall import Copy, Send
from comity.sharing.release import Audience, Came, Rules, Verdict
from comity.sharing.stix import Object
from comity.sharing.tlp import Level
from comity.wire.communities import HOPS
from comity.wire.shares import OBJECT_LIMIT, PURPOSE_LIMIT

TEXT_LIMIT: Final = REASON_LIMIT  # characters of a reason, or of what is reported
SEEN: Final = range(1, 1_000_000_000)  # STIX 2.1, 5.2: how often something was seen
_SAID: Final[dict[str, type[Shared | Recall | Report]]] = {
    "share": Shared, "hand-on": Shared, "recall": Recall, "report": Report,
}  # fmt: skip
_STATES: Final = uuid.UUID("0f4b0e6e-7a0f-5a25-8c0b-8d9d7b1f3e52")  # our namespace for the identities of States


def share(
    settings: Settings,
    row: models.StixObject,
    to: str,
    *,
    purpose: str,
    hops: int,
    officer: models.Officer,
    at: datetime,
) -> None:
    """Give a copy of an object of this State to another one.

    Args:
        settings: the node's.
        row: the object, in the collection by whose rules it goes.
        to: the State that gets it.
        purpose: for which, in the words of these rules.
        hops: how many times it may be handed on.
        officer: who decides so.
        at: now.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``sharing.release``: the rules do not let it go there, `where` says by which reason; ``sharing.not-ours``;
            ``sharing.withdrawn``; ``recall.relearning``; or that State is not pinned here.
        Invalid: ``sharing.hops``, ``share.too-long``.
    """
    _record.needs(officer, Power.WARN)
    if hops not in HOPS:
        raise Invalid("Things are handed on 0 to 10 times.", code="sharing.hop-count", where="hops")
    with transaction.atomic():
        row = _now(row)
        sends = _shared(settings, row, to, purpose=purpose, hops=hops, at=at)
        _say(settings, "share", row.digest, sends, officer=officer, at=at, purpose=purpose)


def hand_on(
    settings: Settings, row: models.StixObject, to: str, *, purpose: str, officer: models.Officer, at: datetime
) -> None:
    """Hand on a copy of another State's object. Args as `share`.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``sharing.release``; what `sharing.recall.Sharer.hand_on` raises; or that State is not pinned here.
    """
    _record.needs(officer, Power.WARN)
    with transaction.atomic():
        row = _now(row)
        sends = _handed_on(settings, row, to, purpose=purpose, at=at)
        _say(settings, "hand-on", row.digest, sends, officer=officer, at=at, purpose=purpose)


def give_in(
    settings: Settings, row: models.StixObject, community: str, *, officer: models.Officer, at: datetime
) -> list[str]:
    """Give a copy to every other member of a community, for its purpose and with its hops: to all or to nobody.

    Args:
        settings: the node's.
        row: the object, of this State or of another.
        community: digest of its terms.
        officer: who decides so.
        at: now.

    Returns:
        The members that get it; its source does not.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``community.unknown``: this State does not belong to it; ``community.empty``: nobody else does; and what
            `share` and `hand_on` raise for any of them.
    """
    _record.needs(officer, Power.WARN)
    with transaction.atomic():
        row = _now(row)
        circle = next((one for one in communities.ours(settings) if one.pk == community), None)
        if circle is None:
            raise NotPossible("This State does not belong to such a community.", code="community.unknown")
        members = [state for state in communities.members(settings, circle) if state != row.source]
        if not members:
            raise NotPossible("Nobody else has agreed to this community yet.", code="community.empty")
        sends: list[Send] = []
        for to in members:
            sends += (
                _handed_on(settings, row, to, purpose=circle.purpose, at=at)
                if row.source
                else _shared(settings, row, to, purpose=circle.purpose, hops=circle.hops, at=at)
            )
        verb = "hand-on" if row.source else "share"
        _say(settings, verb, row.digest, sends, officer=officer, at=at, purpose=circle.purpose, circle=circle)
    return members


def recall(
    settings: Settings, what: str, kind: Kind, *, officer: models.Officer, at: datetime,
    level: Level = Level.CLEAR, successor: str = "", reason: str = "",
) -> None:  # fmt: skip
    """Call back, mark stricter or replace all copies of an object of this State, and of what `derive` made of it.

    Args:
        settings: the node's.
        what: its digest.
        kind: what is asked of the holders.
        officer: who decides so.
        at: now.
        level: the stricter level, for `Kind.TIGHTEN`.
        successor: digest of the object of this State that takes its place, for `Kind.CORRECT`.
        reason: a sentence for the holders; may be empty. It goes to whoever ever had something of this State.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``recall.not-ours``; ``recall.level``; ``recall.done``: it was called back already; ``recall.relearning``:
            this node's memory was restored, and not every State has said yet which recalls it knows.
        Invalid: ``recall.successor``; ``recall.too-long``.
    """
    _record.needs(officer, Power.WARN)
    if len(reason) > TEXT_LIMIT:
        raise Invalid(f"At most {TEXT_LIMIT} characters are taken here.", code="recall.too-long", where="reason")
    said: dict[str, Any] = {"kind": kind, "reason": reason} | ({"level": level} if kind is Kind.TIGHTEN else {})
    with transaction.atomic():
        _knows(at)
        made = _derived(settings, what)
        if kind is Kind.CORRECT and (successor == what or not _known.named(successor).filter(source="").exists()):
            raise Invalid(
                "What takes its place is another object of this State.", code="recall.successor", where="successor"
            )
        more = {"successor": successor} if kind is Kind.CORRECT else {}
        _call_back(settings, what, officer, at, said | more)
        for each in set(made) - {successor}:
            with suppress(NotPossible):  # it was called back, or marked as strictly, already
                _call_back(settings, each, officer, at, said | more)


def _call_back(
    settings: Settings, what: str, officer: models.Officer, at: datetime, said: Mapping[str, Any]
) -> None:  # fmt: skip
    """Say one recall. Raises NotPossible, before anything is said."""
    _ours(settings, _known.named(what).filter(source="").first(), what, at)
    sends = copies.sharer(settings, at).recall(what, at=at, **said)
    newest = list(copies.Kept(settings.state, at).recalls_of(what))[-1:]
    _say(settings, "recall", what, sends, officer=officer, at=at, also=newest)


def _derived(settings: Settings, what: str) -> list[str]:
    """Digests of this State's objects that `derive` made of this one."""
    kinds = _known.named(what).values_list("type", flat=True).distinct()
    names = [release.derived_id(kind, what, identity(settings.state)) for kind in kinds]
    rows = models.StixObject.objects.filter(object_id__in=names, source="")
    return sorted(set(rows.values_list("digest", flat=True)) - {what})


def _knows(at: datetime) -> None:
    """Return when this State knows all its recalls. Raises NotPossible: some may be forgotten since a restore."""
    if copies.relearning(at=at):
        message = "Not every State has said yet which recalls of this State it knows."
        raise NotPossible(message, code="recall.relearning")


def _ours(settings: Settings, row: models.StixObject | None, what: str, at: datetime) -> None:
    """Return when this State can call an object back: also one that was shared with no State. Raises NotPossible."""
    kept = copies.Kept(settings.state, at)
    held = kept.copy(what)
    if held is None and row is not None:
        level = tlp.marked(_read(row).body).level
        kept.put_copy(Copy(what, settings.state, 0, level or Level.CLEAR, direct=True))
    if held is not None and held.withdrawn:
        raise NotPossible("This was called back already.", code="recall.done")


def report(
    settings: Settings, row: models.StixObject, concern: Concern, *, text: str, officer: models.Officer, at: datetime,
    count: int = 1,
) -> None:  # fmt: skip
    """Tell the source of a copy that it was seen here, or that something in it is wrong.

    Args:
        settings: the node's.
        row: the copy.
        concern: which of both.
        text: what to say; may be empty for a sighting. States on the way can read it.
        officer: who says so.
        at: now.
        count: how often it was seen.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``sharing.not-held``: it is not another State's.
        Invalid: ``report.text``, ``report.count``, ``recall.too-long``.
    """
    _record.needs(officer, Power.WARN)
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"At most {TEXT_LIMIT} characters are taken here.", code="recall.too-long", where="text")
    if concern is Concern.CORRECTION and not any(map(str.isalnum, text)):
        raise Invalid("Say what is wrong.", code="sharing.report-text", where="text")
    if count not in SEEN:
        raise Invalid("Write how often it was seen.", code="sharing.report-count", where="count")
    with transaction.atomic():
        row = _now(row)
        about = _about(settings, row, concern, text, count, at)
        sends = copies.sharer(settings, at).report(row.digest, concern, at=at, about=about.digest)
        _say(settings, "report", row.digest, sends, officer=officer, at=at, beside=about.raw)


def derive(settings: Settings, row: models.StixObject, *, officer: models.Officer, at: datetime) -> Object:
    """Add an object of this State without the personal data of another of its own, in the same collection.

    Raises:
        NotYours: he has no power to warn.
        NotPossible: ``sharing.not-ours``: it is another State's; ``sharing.withdrawn``: it was called back or marked
            stricter, and what is derived would be marked as it was before; ``sharing.nothing-personal``;
            ``sharing.underivable``: what must be left out cannot be.
    """
    _record.needs(officer, Power.WARN)
    with transaction.atomic():
        row = _now(row)
        if row.source:
            raise NotPossible("This is another State's object.", code="sharing.not-ours")
        if _is_stricter(row):
            raise NotPossible("This was called back, or marked stricter.", code="sharing.withdrawn")
        made, left_out = release.derived(_read(row), creator=identity(settings.state), at=at)
        if not left_out:
            raise NotPossible("Nothing in it is personal.", code="sharing.nothing-personal")
        if made is None:
            raise NotPossible(
                "What is personal in it cannot be left out.", code="sharing.underivable", where=left_out[0]
            )
        outcome = Shelves(settings).add(row.collection.pk, [made], by=officer.username, at=at)[0]
        if isinstance(outcome, Invalid):
            raise outcome
        return made


def _is_stricter(row: models.StixObject) -> bool:
    """Whether an object was called back, or told at a stricter level than is marked in it."""
    held = models.Copy.objects.filter(pk=row.digest).first()
    mark = tlp.marked(_read(row).body).level
    return row.withdrawn or (held is not None and (bool(held.withdrawn) or (mark is not None and held.level > mark)))


def identity(state: str) -> str:
    """The id under which a State's node makes STIX objects."""
    return f"identity--{uuid.uuid5(_STATES, state)}"


# ── the parts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _now(row: models.StixObject) -> models.StixObject:
    """A row and its collection as they are in this transaction: what an officer saw may be called back, its rules changed."""
    found = models.StixObject.objects.select_for_update().select_related("collection").filter(pk=row.pk).first()
    if found is None:
        raise NotPossible("The object is not here any more.", code="sharing.not-held")
    return found


def _read(row: models.StixObject) -> Object:
    return stix.kept(bytes(row.raw), row.digest)  # it was checked when it came, by the rules of then


def _shared(
    settings: Settings, row: models.StixObject, to: str, *, purpose: str, hops: int, at: datetime
) -> list[Send]:
    archive.peer_entry(to)
    _knows(at)  # a first taker is told how many recalls there are
    held = models.Copy.objects.filter(pk=row.digest).first()
    if row.source or (held is not None and held.source != settings.state):
        raise NotPossible("This is another State's object: hand it on.", code="sharing.not-ours")
    rules = release.read_rules(row.collection.rules)
    least = Level(held.level) if held else Level.CLEAR
    level = _may_go(settings, row, to, rules, purpose=purpose, least=least)
    return copies.sharer(settings, at).share(row.digest, to, hops=hops, level=level, at=at)


def _handed_on(settings: Settings, row: models.StixObject, to: str, *, purpose: str, at: datetime) -> list[Send]:
    archive.peer_entry(to)
    sends = copies.sharer(settings, at).hand_on(row.digest, to, at=at)
    held = models.Copy.objects.get(pk=row.digest)
    if held.source == settings.state:
        raise NotPossible("This is this State's own: share it.", code="sharing.not-ours")
    ways = models.CopyPath.objects.filter(what=row.digest, outward=False)
    givers = set(ways.values_list("state", flat=True))
    known = frozenset(name for those in ways.values_list("communities", flat=True) for name in those)
    came = Came(to if to in givers else held.source, known)
    told = replace(release.read_rules(row.collection.rules), unmarked=Level(held.level))  # what its source told with it
    _may_go(settings, row, to, told, purpose=purpose, least=Level(held.level), came=came)
    return sends


def _may_go(
    settings: Settings, row: models.StixObject, to: str, rules: Rules, *, purpose: str, least: Level,
    came: Came | None = None,
) -> Level:  # fmt: skip
    """The level at which an object goes to a State. Raises NotPossible (``sharing.release``): the rules do not let it go."""
    if len(row.raw) > OBJECT_LIMIT:
        raise Invalid(f"Objects of more than {OBJECT_LIMIT} bytes do not go here.", code="share.too-long")
    if len(purpose) > PURPOSE_LIMIT:
        raise Invalid(f"A purpose has at most {PURPOSE_LIMIT} characters.", code="sharing.purpose", where="purpose")
    found = _read(row)
    circles = frozenset(one.name for one in communities.with_state(settings, to))
    audience = Audience(state=to, communities=circles, purpose=purpose)
    ruling = release.allowed(found, audience, rules, came=came, least=least)
    if ruling.verdict is not Verdict.PASSED:
        raise NotPossible(
            f"The rules of its collection keep it: {ruling.reason}.", code="sharing.release", where=ruling.reason
        )
    mark = tlp.marked(found.body).level
    return max(least, (rules.unmarked or Level.CLEAR) if mark is None else mark)


def _say(
    settings: Settings, verb: str, what: str, sends: Iterable[Send], *, officer: models.Officer, at: datetime,
    beside: bytes = b"", purpose: str = "", circle: models.Community | None = None, also: Iterable[AnyNotice] = (),
) -> None:  # fmt: skip
    """Sign, log and note what follows from a verb; the words about this object are the officer's deed."""
    sends = list(sends)
    digests = (circle.pk,) if circle is not None else ()
    signed = copies.say(settings, sends, at=at, beside=beside, communities_=digests, purpose=purpose, also=also)
    for notice, statement in signed.items():
        if isinstance(notice, _SAID[verb]) and notice.what == what:
            to = sorted({send.to for send in sends if send.notice == notice})
            _keep(verb, what, to, statement, officer=officer, at=at)
            if isinstance(notice, Shared):
                names = [circle.name] if circle is not None else []
                path = models.CopyPath.objects.filter(what=what, state__in=to, outward=True)
                path.update(purpose=purpose, communities=names)


def _keep(verb: str, what: str, to: list[str], statement: bytes, *, officer: models.Officer, at: datetime) -> None:
    digest = canon.content_id(statement)
    models.SharingDeed.objects.create(
        digest=digest, verb=verb, what=what, to=to, by=f"{officer.full_name}, {officer.office}", at=at,
        statement=statement, entry=log_append(log.entry(log.NOTICE, digest)),
    )  # fmt: skip


def _about(settings: Settings, row: models.StixObject, concern: Concern, text: str, count: int, at: datetime) -> Object:
    """The object that goes beside a report: a sighting of what can be sighted, else a note; TLP:AMBER."""
    moment = stix.version_key(at)[:23] + "Z"
    sighted = concern is Concern.SIGHTING and "created" in _read(row).body
    kind = "sighting" if sighted else "note"
    body: dict[str, Any] = {
        "type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid4()}", "created": moment, "modified": moment,
        "created_by_ref": identity(settings.state), "object_marking_refs": [tlp.IDS[Level.AMBER]],
    }  # fmt: skip
    if sighted:
        body |= {"sighting_of_ref": row.object_id, "count": count} | ({"description": text} if text else {})
    else:
        body |= {"content": text or f"{count} ×", "object_refs": [row.object_id]}
    return stix.read(canon.dumps(body))
