"""The acts of both sides, in order: who, when, what, and where each is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise

from comity.casework.lifecycle import CROSSING, Act, Case, Kind
from comity.errors import BrokenProof, ComityError
from comity.node import archive, models
from comity.node.officers import acts, fields, judgement
from comity.node.settings import Settings
from comity.wire.directory import head_seen
from comity.wire.remembered import Stage


@dataclass(frozen=True)
class Passage:
    """How one act crossed the border and where it is remembered.

    Args:
        entry: place in this node's log: of the act itself, or of the envelope that brought it.
        arrived: when a foreign act came in, or None.
        crosses: whether acts of this kind cross.
        delivered: for own crossing acts: whether the peer gave its receipt.
        receipt: place in the peer's log that the receipt names, or None.
        witness: who has witnessed the head that proves the receipt: ``third``, a State that is no party; ``sender``, this
            State alone; or ``none`` known here. Empty without a receipt.
        attempts: deliveries tried.
        trouble: why the last attempt failed, or empty.
        heard: the last that the other State has said of it: ``kept``, ``read``, ``seen`` or ``refused``; or empty.
        restored: it had been lost here, and came back from the other State.
        stamp: the first time stamp of this node's log that covers it, or None.
    """

    entry: int | None
    arrived: datetime | None
    crosses: bool
    delivered: bool
    receipt: int | None
    witness: str
    attempts: int
    trouble: str
    heard: str
    restored: bool
    stamp: models.Stamp | None


@dataclass(frozen=True)
class Line:
    """One act in the history."""

    act: Act
    own: bool
    title: str | Promise
    cite: str  # the provision that the act stands on, or empty
    passage: Passage
    changed: tuple[str, ...]  # fields of the request that differ from the version before
    counts: Mapping[str, int]  # findings by verdict, for a check
    late: bool  # it crossed one of the other State's acts on its way, and changes nothing


def passages(settings: Settings, reference: str) -> dict[str, Passage]:
    """How each act of the case crossed, by the act's id."""
    rows = models.Act.objects.filter(case=reference).select_related("departure", "arrival")
    covering = models.Stamp.objects.filter(size__gt=OuterRef("place")).order_by("size", "latest").values("pk")[:1]
    placed = rows.annotate(place=Coalesce("entry", "arrival__entry")).annotate(covered=Subquery(covering))
    stamps = models.Stamp.objects.in_bulk({row.covered for row in placed if row.covered})
    return {row.digest: _passage(settings, row, stamps.get(row.covered)) for row in placed}


def _passage(settings: Settings, row: models.Act, stamp: models.Stamp | None) -> Passage:
    arrival: models.Arrival | None = getattr(row, "arrival", None)
    departure: models.Departure | None = getattr(row, "departure", None)
    receipt = archive.receipt(departure) if departure else None
    return Passage(
        entry=arrival.entry if arrival else row.entry,
        arrived=arrival.at if arrival else None,
        crosses=row.by == settings.state and row.kind in CROSSING,
        delivered=receipt is not None,
        receipt=receipt["proof"]["index"] if receipt else None,
        witness=_witness(settings, departure, receipt) if departure and receipt else "",
        attempts=departure.attempts if departure else 0,
        trouble=departure.trouble if departure else "",
        heard=_heard(departure),
        restored=row.restored,
        stamp=stamp,
    )


def _witness(settings: Settings, departure: models.Departure, receipt: Mapping[str, Any]) -> str:
    if departure.witnessed:
        return "third"
    try:
        ours = head_seen(receipt["proof"]["note"], archive.peer_entry(departure.peer), [archive.own_entry(settings)])
    except BrokenProof:  # its log's key is revoked, and nobody saw the head before
        return "none"
    return "sender" if ours else "none"


def _heard(departure: models.Departure | None) -> str:
    if departure is None or not departure.words:
        return ""
    if departure.stage == Stage.DEAD:
        return "refused"
    return ("kept", "read", "seen")[min(departure.words, 3) - 1]


def lines(settings: Settings, case: Case) -> list[Line]:
    """The history of `case`, oldest first."""
    found, crossed = [], passages(settings, case.reference)
    before: Mapping[str, Any] = {}
    for act in case.acts:
        changed: tuple[str, ...] = ()
        if "request" in act.body:
            now = act.body["request"]
            changed = tuple(_changed(before, now)) if before else ()
            before = now
        own = act.by == settings.state
        title, cite = acts.heading(act.kind, case.measure, own=own), cited(settings, case, act.kind)
        found.append(Line(act, own, title, cite, crossed[act.id], changed, _counts(act), late=not case.counts(act)))
    return found


_DUTY: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.CONSULTED: ("consult",),
    Kind.REPLIED: ("consult",),
    Kind.REFUSED: ("reasons",),
    Kind.ENQUIRED: ("status",),
    Kind.PROGRESS: ("status",),
    Kind.AGREED: ("conditions",),
    Kind.WITHDRAWN: ("no-longer-needed",),
    Kind.AUTHORISED: ("authorisation",),
    Kind.RELEASED: ("use-limit", "onward-transfer"),
    Kind.ACCEPTED: ("honour-limits",),
    Kind.DISCHARGED: ("safe-conduct",),
    Kind.LEAVING_HINDERED: ("safe-conduct",),
    Kind.SAFE_CONDUCT_ENDED: ("safe-conduct",),
}
_RULE: Final[Mapping[Kind, str]] = {
    Kind.EXTENSION_ASKED: "clocks",
    Kind.EXTENDED: "clocks",
    Kind.EXTENSION_REFUSED: "clocks",
}
_MEASURE: Final = frozenset({Kind.REQUESTED, Kind.DISCLOSED, Kind.PERFORMED})


def cited(settings: Settings, case: Case, kind: Kind) -> str:
    """The provision of the basis that an act of `kind` stands on in this case, by its law book; empty where it is silent."""
    books, basis = settings.books, case.request.basis
    try:
        rule = books.measure(basis, case.measure)
    except ComityError:
        return ""
    if kind in _MEASURE:
        return rule.provision
    if kind is Kind.PRESERVED:
        return next((clock.provision for clock in books.clocks(basis, case.measure) if clock.id == "preservation"), "")
    if kind is Kind.POSTPONED:
        grounds = books.treaty(basis).grounds_of[rule.id]
        return next((ground.provision for ground in grounds if ground.stance == "postpone"), "")
    if kind in _RULE:
        return next(reversed(books.cited(basis, case.measure, _RULE[kind])), "")
    found = {duty.id: duty.provision for duty in books.duties(basis, case.measure)}
    return next((found[name] for name in _DUTY.get(kind, ()) if name in found), "")


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of the request's fields that differ, in the order of the form."""
    return [name for name in fields.FIELDS if _at(before, name) != _at(now, name)]


def _at(raw: Mapping[str, Any], name: str) -> Any:
    head, _, rest = name.partition(".")
    found = raw.get(head)
    return found.get(rest) if rest and isinstance(found, Mapping) else found


def _counts(act: Act) -> dict[str, int]:
    if act.kind not in (Kind.CHECKED, Kind.ASSESSED):
        return {}
    verdicts = [item["verdict"] for item in act.body["assessment"]["findings"]]
    return {name: verdicts.count(name) for name in judgement.ORDER}
