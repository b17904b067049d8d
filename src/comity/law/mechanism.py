"""A treaty's mechanism as data: what States owe the depositary, how the Conference decides, its meetings and proposals.

The rules themselves are provisions of the treaty's own book, which say how sure they are. Reports of what happened carry a
mark and a source of their own, as the lines on Parties do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from comity.law._row import Page, Period, Row, unique
from comity.law.provision import MARKS
from comity.law.treaty import Treaty

WHEN: Final = ("signature-or-deposit", "deposit", "bound")
ONLY: Final = ("", "organisation", "treaty-dependent")
STANCES: Final = ("for", "against", "abstain")
_MAJORITIES: Final = {"1/2": Fraction(1, 2), "2/3": Fraction(2, 3), "3/4": Fraction(3, 4)}
_TABLES: Final = frozenset({
    "decision", "document", "mechanism", "notification", "notified", "position", "proposal", "meeting",
})  # fmt: skip


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


@dataclass(frozen=True)
class Notification:
    """Something that a State tells the depositary.

    Args:
        id: short name, e.g. ``central-authority``.
        provision: the source.
        when: ``deposit``, ``signature-or-deposit`` (with the instrument at the latest) or ``bound`` (once it is bound).
        only: whom alone it concerns: ``organisation``, ``treaty-dependent`` (States that extradite by treaty), or empty.
        optional: a right that ends with the deposit, not a duty.
        role: the role that an authority in its directory entry has when this is prepared, or empty.
        power: the article that an authority in its directory entry answers for when this is prepared, or empty.
    """

    id: str
    provision: str
    when: str
    only: str
    optional: bool
    role: str
    power: str


@dataclass(frozen=True)
class Notified:
    """A report that `state` made a notification on a day, with how sure it is and where it comes from."""

    state: str
    notification: str
    on: date
    sure: str
    source: str


@dataclass(frozen=True)
class Decision:
    """How the Conference takes one kind of decision. Consensus is sought first; `majority` is the last resort.

    Args:
        id: ``amendment`` or ``protocol``.
        provision: where the majority stands.
        after: the time from the entry into force before which it cannot be proposed, or None.
        parties: the least number of Parties, 0 when none is set.
        parties_provision: where that stands, or empty.
        majority: the share of the Parties present and voting that is needed.
        votes_provision: where the votes of organisations stand, or empty: then the books do not know how they count.
        effect: from a Party's own deposit until what was decided binds it, or None: not known.
        effect_provision: where it stands whom the decision binds.
    """

    id: str
    provision: str
    after: Period | None
    parties: int
    parties_provision: str
    majority: Fraction
    votes_provision: str
    effect: Period | None
    effect_provision: str

    @property
    def cites(self) -> tuple[str, ...]:
        """Every provision that the decision rests on."""
        found = (self.provision, self.parties_provision, self.votes_provision, self.effect_provision)
        return tuple(name for name in found if name)


@dataclass(frozen=True)
class Meeting:
    """A session of the Conference, or of a body that prepares it; texts in English and Persian."""

    id: str
    since: date
    until: date
    place: str
    en: str
    fa: str
    sure: str
    source: str


@dataclass(frozen=True)
class Document:
    """A document of a session: its symbol where one was seen, its day where it is known."""

    meeting: str
    symbol: str
    on: date | None
    en: str
    fa: str
    sure: str
    source: str


@dataclass(frozen=True)
class Proposal:
    """Something proposed for decision, by a State (ISO code) where that is known, on a day where that is known."""

    id: str
    decision: str
    by: str
    on: date | None
    en: str
    fa: str
    sure: str
    source: str


@dataclass(frozen=True)
class Position:
    """What a State said of a proposal, ``for``, ``against`` or ``abstain``, from a day on where that is known."""

    proposal: str
    state: str
    stance: str
    since: date | None
    sure: str
    source: str


@dataclass(frozen=True)
class Mechanism:
    """All of one treaty's mechanism.

    `first_meeting` is the time after the entry into force within which the Conference meets first, said in `provision`;
    `rules_provision` says that it makes its own rules of procedure. `known_on` and `source` are those of the reports.
    """

    treaty: str
    first_meeting: Period
    provision: str
    rules_provision: str
    known_on: date
    source: str
    sha256: str
    notifications: Mapping[str, Notification]
    notified: tuple[Notified, ...]
    decisions: Mapping[str, Decision]
    meetings: Mapping[str, Meeting]
    documents: tuple[Document, ...]
    proposals: Mapping[str, Proposal]
    positions: tuple[Position, ...]

    def stance(self, proposal: str, state: str, on: date) -> Position | None:
        """The latest position of `state` on `proposal` that is reported up to `on`, or None."""
        mine = [item for item in self.positions if item.proposal == proposal and item.state == state]
        heard = [item for item in mine if (item.since or date.min) <= on]
        return max(heard, key=lambda item: item.since or date.min, default=None)

    def stances(self, proposal: str, on: date) -> tuple[Position, ...]:
        """The latest position of everybody of whom one is reported up to `on`, by State."""
        states = sorted({item.state for item in self.positions if item.proposal == proposal})
        return tuple(found for state in states if (found := self.stance(proposal, state, on)))


def read_mechanism(page: Page, treaties: Mapping[str, Treaty]) -> Mechanism:
    """The mechanism in `page`.

    Args:
        page: the file.
        treaties: the books; what is cited must stand in that of its treaty.

    Raises:
        BrokenLawbook: anything that is missing, unknown, contradictory or uncited; names file, line, place and remedy.
    """
    page.only(_TABLES)
    head = page.table("mechanism")
    treaty = treaties[head.choice("treaty", treaties)]
    known = treaty.provisions
    first, provision, rules = (
        head.period("first_meeting"),
        head.cite("provision", known),
        head.cite("rules_provision", known),
    )
    known_on, source = _day(head, "known_on"), head.text("source")
    head.done()
    if treaty.entry is None:
        head.fault("Only a treaty that enters into force has a mechanism. Correct its id.", "lawbook.value", "treaty")
    notifications = _by_id(page, "notification", lambda row: _notification(row, known))
    decisions = _by_id(page, "decision", lambda row: _decision(row, known))
    meetings, proposals = _by_id(page, "meeting", _meeting), _by_id(page, "proposal", lambda r: _proposal(r, decisions))
    return Mechanism(
        treaty=treaty.id,
        first_meeting=first,
        provision=provision,
        rules_provision=rules,
        known_on=known_on,
        source=source,
        sha256=page.sha256,
        notifications=notifications,
        notified=tuple(_notified(row, notifications) for row in page.rows("notified")),
        decisions=decisions,
        meetings=meetings,
        documents=tuple(_document(row, meetings) for row in page.rows("document")),
        proposals=proposals,
        positions=_positions(page, proposals),
    )


def _by_id(page: Page, table: str, read: Callable[[Row], _N]) -> Mapping[str, _N]:
    """The rows of `table` by their id, which stands once."""
    found: list[tuple[Row, _N]] = []
    for row in page.rows(table):
        item = read(row)
        row.done()
        found.append((row, item))
    unique(((row, item.id) for row, item in found), f"This {table}")
    return MappingProxyType({item.id: item for _, item in found})


def _day(row: Row, field: str) -> date:
    found = row.day(field)
    if found is None:
        row.fault(f"{field} is missing. Write {field} = 2026-11-24.", "lawbook.field-missing", field)
    return found


def _cite(row: Row, field: str, known: Collection[str]) -> str:
    return row.cite(field, known) if row.has(field) else ""


def _notification(row: Row, known: Collection[str]) -> Notification:
    return Notification(
        id=row.text("id"),
        provision=row.cite("provision", known),
        when=row.choice("when", WHEN),
        only=row.choice("only", ONLY, ""),
        optional=row.flag("optional", default=False),
        role=row.text("role", ""),
        power=row.text("power", ""),
    )


def _notified(row: Row, known: Collection[str]) -> Notified:
    item = Notified(
        state=row.text("state"),
        notification=row.choice("notification", known),
        on=_day(row, "on"),
        sure=row.choice("sure", MARKS),
        source=row.text("source"),
    )
    row.done()
    return item


def _decision(row: Row, known: Collection[str]) -> Decision:
    item = Decision(
        id=row.text("id"),
        provision=row.cite("provision", known),
        after=row.period("after") if row.has("after") else None,
        parties=row.whole("parties", 0, default=0),
        parties_provision=_cite(row, "parties_provision", known),
        majority=_MAJORITIES[row.choice("majority", _MAJORITIES)],
        votes_provision=_cite(row, "votes_provision", known),
        effect=row.period("effect") if row.has("effect") else None,
        effect_provision=row.cite("effect_provision", known),
    )
    if bool(item.parties) != bool(item.parties_provision):
        text = "A least number of Parties needs the provision that sets it, parties_provision, and the other way round."
        row.fault(text, "lawbook.cite", "parties")
    return item


def _meeting(row: Row) -> Meeting:
    item = Meeting(
        id=row.text("id"),
        since=_day(row, "from"),
        until=_day(row, "to"),
        place=row.text("place", ""),
        en=row.text("en"),
        fa=row.text("fa"),
        sure=row.choice("sure", MARKS),
        source=row.text("source"),
    )
    if item.until < item.since:
        row.fault("`to` lies before `from`. Correct one of the two dates.", "lawbook.date", "to")
    return item


def _document(row: Row, meetings: Collection[str]) -> Document:
    item = Document(
        meeting=row.choice("meeting", meetings),
        symbol=row.text("symbol", ""),
        on=row.day("on"),
        en=row.text("en"),
        fa=row.text("fa"),
        sure=row.choice("sure", MARKS),
        source=row.text("source"),
    )
    row.done()
    return item


def _proposal(row: Row, decisions: Collection[str]) -> Proposal:
    return Proposal(
        id=row.text("id"),
        decision=row.choice("decision", decisions),
        by=row.text("by", ""),
        on=row.day("on"),
        en=row.text("en"),
        fa=row.text("fa"),
        sure=row.choice("sure", MARKS),
        source=row.text("source"),
    )


def _positions(page: Page, proposals: Collection[str]) -> tuple[Position, ...]:
    found: list[tuple[Row, Position]] = []
    for row in page.rows("position"):
        item = Position(
            proposal=row.choice("proposal", proposals),
            state=row.text("state"),
            stance=row.choice("stance", STANCES),
            since=row.day("from"),
            sure=row.choice("sure", MARKS),
            source=row.text("source"),
        )
        row.done()
        found.append((row, item))
    unique(((row, (item.proposal, item.state, item.since)) for row, item in found), "This position of that day")
    return tuple(item for _, item in found)
