"""What the pages of warnings read: objects, who holds copies of them, and who has said that a recall was done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from django.db.models import BinaryField, Case, F, Func, IntegerField, Max, Value, When
from django.db.models.functions import Length
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from comity.node import models
from comity.node.desk import communities, copies
from comity.node.settings import Settings
from comity.seal import canon
from comity.sharing import feed, release, stix, tlp
from comity.sharing.notices import Recall
from comity.sharing.recall import Use
from comity.sharing.tlp import Level
from comity.wire import shares

PER_PAGE: Final = 50
_DONE: Final = frozenset({feed.DELETED, feed.MISSING})
LOOKED_THROUGH: Final = 50_000  # the newest objects, when a value is looked for in all of them
_LABEL: Final = 160  # characters
_REASON: Final = 4_000  # characters
_REPORTS: Final = 50  # the newest, that are shown with an object
_SHOWN: Final = 16_384  # bytes of a report's object that is shown beside it; what is longer is fetched by itself
_LABELS: Final = ("name", "value", "pattern", "abstract", "content", "description", "key", "path", "subject")
_ID: Final = re.compile(r"[a-z][a-z0-9-]+--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TYPE: Final = re.compile(r"[a-z][a-z0-9-]{2,59}")
USES: Final[dict[str, tuple[str, Promise]]] = {
    "usable": ("passed", gettext_lazy("in use")),
    "suspended": ("warning", gettext_lazy("suspended: its source is not heard")),
    "withdrawn": ("failed", gettext_lazy("called back")),
}
RECALLS: Final[dict[str, Promise]] = {
    "withdraw": gettext_lazy("called back"),
    "tighten": gettext_lazy("marked stricter"),
    "correct": gettext_lazy("replaced by another"),
}
DEEDS: Final[dict[str, Promise]] = {
    "withdrawn": gettext_lazy("withdrawn"),
    "tightened": gettext_lazy("kept under the stricter mark"),
}
CONCERNS: Final[dict[str, Promise]] = {
    "sighting": gettext_lazy("It was seen"),
    "correction": gettext_lazy("Something in it is wrong"),
}
VERBS: Final[dict[str, Promise]] = {
    "share": gettext_lazy("shared"),
    "hand-on": gettext_lazy("handed on"),
    "recall": gettext_lazy("called back"),
    "report": gettext_lazy("reported to its source"),
    "settle": gettext_lazy("settled: this one holds"),
}


class _Position(Func):
    """Where bytes stand in others, from 1; 0: nowhere."""

    function, output_field = "INSTR", IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """PostgreSQL asks it the other way round."""
        turned = self.copy()
        turned.set_source_expressions(self.get_source_expressions()[::-1])
        return turned.as_sql(compiler, connection, function="POSITION", arg_joiner=" IN ", **more)


@dataclass(frozen=True)
class Listed:
    """An object as the list shows it.

    Args:
        row: the object.
        copy: where it is, as this node knows; None while it was given to nobody.
        silent: whether its source is not heard of now.
    """

    row: models.StixObject
    copy: models.Copy | None
    silent: bool = False

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """What it says; it was checked when it came."""
        found: dict[str, Any] = json.loads(bytes(self.row.raw))
        return found

    @property
    def label(self) -> str:
        """What it is about, in its own words, shortened."""
        text = next((str(self.body[name]) for name in _LABELS if self.body.get(name)), "")
        return text if len(text) <= _LABEL else text[:_LABEL] + "…"

    @property
    def level(self) -> Level | None:
        """The stricter of its mark and what its source set; None: nothing is marked."""
        mark = tlp.marked(self.body).level
        told = Level(self.copy.level) if self.copy else None
        return max((one for one in (mark, told) if one is not None), default=None)

    @property
    def badge(self) -> str:
        """The same as a style: ``amber-strict``; empty for none."""
        return "" if self.level is None else self.level.name.lower().replace("_", "-")

    @property
    def use(self) -> str:
        """``usable``, ``suspended`` or ``withdrawn``."""
        if self.copy is not None and self.copy.withdrawn:
            return str(Use.WITHDRAWN)
        return str(Use.SUSPENDED if self.silent else Use.USABLE)

    @property
    def shown_use(self) -> tuple[str, Promise]:
        """The same as a style, and in words."""
        return USES[self.use]

    @property
    def clients(self) -> bool:
        """Whether clients get it, by the rules of its collection; False while its mark is not true any more."""
        return not self.row.withdrawn


def listed(settings: Settings, rows: Iterable[models.StixObject], *, at: datetime) -> list[Listed]:
    """`rows` with what is known of their copies."""
    rows = list(rows)
    known = models.Copy.objects.in_bulk([row.digest for row in rows])
    silent = copies.suspended(settings, at=at)
    return [Listed(row, known.get(row.digest), _given(known.get(row.digest), row) in silent) for row in rows]


def _given(copy: models.Copy | None, row: models.StixObject) -> str:
    """The State that gave an object over the wire; empty: none did, a feed brought it, or it is this State's."""
    return row.source if copy is not None and copy.source == row.source else ""


def found(*, wanted: str, collection: str, before: int) -> list[models.StixObject]:
    """Objects, the newest first, one more than a page shows.

    Args:
        wanted: an id, a type, or a text that stands in them as it is written there; empty: all.
        collection: id; empty: in all collections.
        before: only objects that came before this one; 0: from the newest on.
    """
    places = models.Collection.objects.filter(pk=collection) if collection else models.Collection.objects.all()
    rows = models.StixObject.objects.filter(collection__in=list(places.values_list("number", flat=True)))
    if before:
        rows = rows.filter(pk__lt=before)
    if _ID.fullmatch(wanted):
        rows = rows.filter(object_id=wanted)
    elif _TYPE.fullmatch(wanted) and rows.filter(type=wanted).exists():
        rows = rows.filter(type=wanted, last=True)
    elif wanted:
        newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
        written = json.dumps(wanted, ensure_ascii=False)[1:-1].encode("utf-8", "replace")
        place = _Position(F("raw"), Value(written, output_field=BinaryField()))
        rows = rows.filter(pk__gt=newest - LOOKED_THROUGH, last=True).annotate(place=place).filter(place__gt=0)
    else:
        rows = rows.filter(last=True)
    return list(rows.select_related("collection").order_by("-pk")[: PER_PAGE + 1])


# ── one object ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Called:
    """A recall, and who has said that it was done.

    Args:
        said: what its source said.
        acknowledged: the signed words of holders; of this State's own recalls only.
        outstanding: those who hold, or held, a copy and have not said so.
    """

    said: Recall
    acknowledged: list[models.CopyAcknowledgement] = field(default_factory=list)
    outstanding: tuple[str, ...] = ()

    @property
    def word(self) -> Promise:
        """What was asked."""
        return RECALLS[self.said.kind]

    @property
    def at(self) -> datetime:
        """When it was said."""
        return datetime.fromtimestamp(self.said.at, UTC)

    @property
    def reason(self) -> str:
        """Why, in the words of its source, shortened."""
        return self.said.reason[:_REASON]

    @property
    def label(self) -> str:
        """The stricter level."""
        return Level(self.said.level).label


@dataclass(frozen=True)
class Told:
    """A report that came in.

    Args:
        row: as it is kept, without its object.
        raw: the object that says more; empty: there is none, or it is long.
        size: its length in bytes.
    """

    row: models.CopyReport
    raw: bytes
    size: int

    @property
    def word(self) -> Promise:
        """What it is about."""
        return CONCERNS[self.row.concern]

    @property
    def body(self) -> Mapping[str, Any]:
        """The object that says more; empty if there is none."""
        found: dict[str, Any] = json.loads(self.raw) if self.raw else {}
        return found

    @property
    def long(self) -> bool:
        """Whether it is too long to be shown in a list."""
        return self.size > _SHOWN

    @property
    def text(self) -> str:
        """Its words."""
        return str(self.body.get("content") or self.body.get("description") or "")

    @property
    def count(self) -> object:
        """How often it was seen, as a sighting says; empty if none does."""
        return self.body.get("count", "")


@dataclass(frozen=True)
class Whole:
    """One object with all that is known of its copies.

    Args:
        one: the object.
        own: whether it is this State's.
        recalls: of its source about it.
        holders: States that are known to hold, or to have held, a copy of an object of this State.
        servers: foreign servers to which it was sent, and what they said when they were asked to delete it.
        ways: from whom it was had, and to whom it was handed.
        reports: what holders told about it.
        deeds: what officers here did about it.
        rules: of its collection.
        circles: communities of this State, each with the other States that agreed to it.
    """

    one: Listed
    own: bool
    recalls: list[Called]
    holders: list[str]
    servers: list[models.Pushed]
    ways: list[models.CopyPath]
    reports: list[Told]
    deeds: list[tuple[models.SharingDeed, Promise]]
    rules: release.Rules
    circles: list[tuple[models.Community, list[str]]]

    @property
    def written(self) -> str:
        """The object, as it is to be read by people."""
        return json.dumps(self.one.body, ensure_ascii=False, indent=2)

    @property
    def purposes(self) -> list[str]:
        """For what it may be given."""
        return sorted(self.rules.purposes)

    @property
    def personal(self) -> bool:
        """Whether something in it is taken for personal data, and nothing permits that it goes."""
        row = self.one.row
        return self.own and bool(release.withheld(stix.kept(bytes(row.raw), row.digest), self.rules))

    @property
    def can_go(self) -> bool:
        """Whether it may be given or handed on at all now."""
        return self.one.use == Use.USABLE

    @property
    def stricter(self) -> list[tuple[int, str]]:
        """The levels above its own."""
        now = self.one.level or Level.CLEAR
        return [(int(level), level.label) for level in Level if level > now]


def whole(settings: Settings, row: models.StixObject, *, at: datetime) -> Whole:
    """One object with all that is known of its copies."""
    one = listed(settings, [row], at=at)[0]
    own = not row.source
    source = row.source or settings.state
    rows = models.CopyRecall.objects.filter(what=row.digest, source=source)
    circles = [(circle, communities.members(settings, circle)) for circle in communities.ours(settings)]
    return Whole(
        one, own, [_called(settings, copies.recall_of(each), own=own, at=at) for each in rows],
        sorted(copies.Kept(settings.state, at).holders(row.digest)) if own else [],
        list(models.Pushed.objects.filter(what=row.digest)),
        list(models.CopyPath.objects.filter(what=row.digest).order_by("outward", "at", "state")),
        told(row.digest),
        [(deed, VERBS[deed.verb]) for deed in models.SharingDeed.objects.filter(what=row.digest)],
        release.read_rules(row.collection.rules), circles,
    )  # fmt: skip


def told(what: str) -> list[Told]:
    """The newest reports about an object, with what they say where it is short: fifty long ones would be many megabytes."""
    rows = models.CopyReport.objects.filter(what=what).annotate(size=Length("object")).defer("object", "statement")
    short = Case(When(size__lte=_SHOWN, then=F("object")), default=Value(b""), output_field=BinaryField())
    return [Told(row, bytes(row.short), row.size) for row in rows.annotate(short=short)[:_REPORTS]]


def _called(settings: Settings, said: Recall, *, own: bool, at: datetime) -> Called:
    if not own:
        return Called(said)
    words = models.CopyAcknowledgement.objects.filter(number=said.number)
    return Called(said, list(words), copies.sharer(settings, at).outstanding(said.number))


def proof(settings: Settings, row: models.StixObject, *, at: datetime) -> dict[str, Any]:
    """The list that proves: for each recall of an object of this State who has signed that it was done, and who has not.

    Args:
        settings: the node's.
        row: the object.
        at: now.

    Returns:
        Plain JSON values; statements in base64, as they were signed.
    """
    own, source = not row.source, row.source or settings.state
    said = models.CopyRecall.objects.filter(what=row.digest, source=source)
    called = [_called(settings, copies.recall_of(each), own=own, at=at) for each in said]
    signed = {}
    for deed in models.SharingDeed.objects.filter(what=row.digest, verb="recall"):
        signed[shares.kept(bytes(deed.statement))["notice"]["number"]] = canon.b64(bytes(deed.statement))
    recalls = [
        {
            "number": one.said.number, "kind": one.said.kind, "at": one.at, "statement": signed.get(one.said.number, ""),
            "acknowledged": [
                {"by": word.by, "deed": word.deed, "passed_to": word.passed_to, "at": word.at,
                 "statement": canon.b64(bytes(word.statement))}
                for word in one.acknowledged
            ],
            "not_acknowledged": list(one.outstanding),
        }
        for one in called
    ]  # fmt: skip
    holders = sorted(copies.Kept(settings.state, at).holders(row.digest)) if own else []
    servers = [
        {"where": one.where, "sent_at": one.sent_at, "taken": one.taken, "answer": one.answer, "answered_at": one.answered_at,
         "acknowledged": one.answer in _DONE}
        for one in models.Pushed.objects.filter(what=row.digest)
    ]  # fmt: skip
    return {"what": row.digest, "object": row.object_id, "source": source, "at": at, "holders": holders,
            "recalls": recalls, "servers": servers}  # fmt: skip


# ── communities ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Circle:
    """A community as the page shows it.

    Args:
        row: its terms.
        standing: member -> ``agreed``, ``left`` or ``silent``.
        ours: this State's own word, or None.
    """

    row: models.Community
    standing: list[tuple[str, str]]
    ours: models.CommunityMember | None


def circles(settings: Settings) -> list[Circle]:
    """Every community that was ever proposed to this State, or by it."""
    found = []
    for row in models.Community.objects.all():
        words = {word.state: word for word in row.words.all()}
        said = {state: "agreed" if word.agrees else "left" for state, word in words.items()}
        found.append(
            Circle(row, [(state, said.get(state, "silent")) for state in row.members], words.get(settings.state))
        )
    return found
