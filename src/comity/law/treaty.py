"""A treaty's book: measures with their contents, grounds, duties and clocks; offences; who is bound since when.

Entry into force is never written in a book: it is computed from the deposits listed, each with how sure it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from types import MappingProxyType

from comity.casework.request import Account, DataCategory, Measure, Offence, Person, Request, Scope
from comity.law._row import Page, Row, unique
from comity.law.provision import MARKS, Provisions, in_force, read_provisions

RULES = frozenset({
    "authorisation", "basis", "confidentiality", "data-protection", "dates", "deadline", "dual-criminality",
    "emergency", "exercise", "grounds", "identifiers", "language", "link", "non-discrimination", "other-treaty",
    "reservation", "rights", "scope-A", "scope-B", "scope-C", "urgency",
})  # fmt: skip
"""The rules of the check; a book says for each measure what each of them stands on."""

SURE = frozenset({"V", "S"})
"""Marks that may settle a question; M and ? may not."""

_TABLES = frozenset({
    "book", "clock", "content", "duty", "entry", "ground", "measure", "offence", "party", "provision", "reservation",
    "rule",
})  # fmt: skip


@dataclass(frozen=True)
class MeasureRule:
    """What a treaty says of one measure as a whole.

    Args:
        id: the measure.
        provision: the provision that founds it.
        scopes: scopes of Article 35(1) in which it is open; empty when no treaty governs that.
        dual_criminality: ``not-required`` (no condition) or ``may-refuse`` (its absence allows to decline, no more).
        follows: the measure it usually stands on, or empty.
        closed_list: whether the grounds that exist are a closed list for this measure.
    """

    id: Measure
    provision: str
    scopes: tuple[Scope, ...]
    dual_criminality: str
    follows: str
    closed_list: bool


@dataclass(frozen=True)
class Content:
    """One thing that a request for a measure must say.

    Args:
        measure: the measure.
        id: short name, e.g. ``period``.
        provision: where it is asked for.
        fields: the fields of the request that answer, dotted, e.g. ``conducting.name``.
        one_suffices: whether one of the fields is enough.
        always: whether it is always required; otherwise "where applicable".
        always_for: categories of data for which it is always required.
    """

    measure: Measure
    id: str
    provision: str
    fields: tuple[str, ...]
    one_suffices: bool
    always: bool
    always_for: tuple[DataCategory, ...]


@dataclass(frozen=True)
class Ground:
    """A ground and its standing for one or more measures.

    Args:
        id: short name, e.g. ``essential-interests``.
        stance: ``exists``; ``reserved`` (only for a State that reserved it); ``postpone``; ``forbidden``.
        measures: the measures for which it stands so.
        provision: the source.
    """

    id: str
    stance: str
    measures: tuple[Measure, ...]
    provision: str


@dataclass(frozen=True)
class Duty:
    """A duty that comes with a measure, and which side bears it (``requesting`` or ``requested``)."""

    id: str
    bearer: str
    measures: tuple[Measure, ...]
    provision: str


@dataclass(frozen=True)
class ClockRule:
    """A period in days that a measure sets running; `least`: a minimum. `bearer` is the side that is bound."""

    id: str
    measure: Measure
    days: int
    least: bool
    bearer: str
    provision: str


@dataclass(frozen=True)
class TreatyOffence:
    """An offence: all `elements`, one of the ways `one_of` (if any), and what a State `may_require` in addition.

    No elements at all means that they are not entered yet: the book is silent.
    """

    code: str
    provision: str
    elements: tuple[str, ...]
    one_of: tuple[str, ...]
    may_require: tuple[str, ...]


@dataclass(frozen=True)
class Party:
    """What is known of one State: signature and deposit, each with how sure it is.

    Args:
        state: ISO code.
        signed: day of signature, or None.
        signed_sure: mark of that day, or empty.
        deposited: day of deposit, or the latest day that the reports allow; None when no deposit is known.
        exact: whether `deposited` is the day itself.
        deposit_sure: mark of the deposit, or empty.
        en: the state of knowledge in one sentence, in English.
        fa: the same in Persian.
    """

    state: str
    signed: date | None
    signed_sure: str
    deposited: date | None
    exact: bool
    deposit_sure: str
    en: str
    fa: str


@dataclass(frozen=True)
class Reservation:
    """A reservation: `state` does not accept `articles` (``14``, ``42(5)``), said in `provision`."""

    state: str
    articles: tuple[str, ...]
    provision: str


@dataclass(frozen=True)
class Entry:
    """How the treaty enters into force: `days` after `needed` deposits; `joiner_days` for those who come later.

    `known_on` is the day up to which the list of deposits was kept, `source` where it comes from.
    """

    needed: int
    days: int
    joiner_days: int
    provision: str
    joiner_provision: str
    known_on: date
    source: str


@dataclass(frozen=True)
class Treaty:
    """One treaty, or reciprocity as a basis without one (`entry` is None then). See the rows' own classes."""

    id: str
    en: str
    fa: str
    sha256: str
    provisions: Provisions
    measures: Mapping[Measure, MeasureRule]
    contents: tuple[Content, ...]
    grounds: tuple[Ground, ...]
    duties: tuple[Duty, ...]
    clocks: tuple[ClockRule, ...]
    offences: Mapping[str, TreatyOffence]
    citations: Mapping[tuple[Measure, str], tuple[str, ...]]
    parties: tuple[Party, ...]
    reservations: tuple[Reservation, ...]
    entry: Entry | None

    def deposits(self, *, sure: bool) -> tuple[date, ...]:
        """Days of deposit, earliest first: only those marked V or S when `sure`, otherwise all that are reported."""
        return tuple(sorted(
            party.deposited for party in self.parties if party.deposited and (not sure or party.deposit_sure in SURE)
        ))  # fmt: skip

    def entered(self, *, sure: bool) -> date | None:
        """The day the treaty enters into force, computed from the deposits listed, or None when they do not suffice.

        Source: for the UN Convention Article 65(1), the ninetieth day after the fortieth deposit.
        """
        days = self.deposits(sure=sure)
        if self.entry is None or len(days) < self.entry.needed:
            return None
        return days[self.entry.needed - 1] + timedelta(days=self.entry.days)

    def bound_since(self, state: str, *, sure: bool) -> date | None:
        """The day from which `state` is bound, or None.

        Source: Article 65(2), the thirtieth day after its own deposit, or the day of 65(1) if that is later.
        """
        start = self.entered(sure=sure)
        party = next((item for item in self.parties if item.state == state), None)
        if self.entry is None or start is None or party is None or party.deposited is None:
            return None
        if sure and party.deposit_sure not in SURE:
            return None
        return max(start, party.deposited + timedelta(days=self.entry.joiner_days))

    def reserved(self, states: Collection[str], article: str, on: date) -> tuple[Reservation, ...]:
        """The reservations by one of `states` on `article` (``14``, ``42(5)``) that stand on `on`."""
        return tuple(
            item
            for item in self.reservations
            if item.state in states and article in item.articles and in_force(self.provisions, item.provision, on)
        )


def read_treaty(page: Page) -> Treaty:
    """The treaty's book in `page`.

    Raises:
        BrokenLawbook: anything that is missing, unknown, contradictory or uncited; names file, line, place and remedy.
    """
    page.only(_TABLES)
    head = page.table("book")
    book, kind = head.text("id"), head.choice("kind", {"treaty", "reciprocity"})
    names = head.text("en"), head.text("fa")
    head.done()
    provisions = read_provisions(page, book, treaty=True)
    measures = {rule.id: rule for rule in _measures(page, provisions)}
    known = frozenset(str(measure) for measure in measures)
    return Treaty(
        id=book,
        en=names[0],
        fa=names[1],
        sha256=page.sha256,
        provisions=provisions,
        measures=MappingProxyType(measures),
        contents=_contents(page, provisions, known),
        grounds=_grounds(page, provisions, known),
        duties=_duties(page, provisions, known),
        clocks=_clocks(page, provisions, known),
        offences=_offences(page, provisions, book),
        citations=_citations(page, provisions, measures),
        parties=_parties(page),
        reservations=_reservations(page, provisions),
        entry=_entry(page, provisions) if kind == "treaty" else None,
    )


def _measures(page: Page, known: Collection[str]) -> list[MeasureRule]:
    found: list[tuple[Row, MeasureRule]] = []
    for row in page.rows("measure"):
        rule = MeasureRule(
            id=Measure(row.choice("id", set(Measure))),
            provision=row.cite("provision", known),
            scopes=tuple(Scope(item) for item in row.choices("scopes", set(Scope), required=True)),
            dual_criminality=row.choice("dual_criminality", {"not-required", "may-refuse"}),
            follows=row.choice("follows", {"", *Measure}, ""),
            closed_list=row.flag("closed_list", default=False),
        )
        row.done()
        found.append((row, rule))
    unique(((row, rule.id) for row, rule in found), "This measure")
    return [rule for _, rule in found]


def _contents(page: Page, provisions: Collection[str], measures: Collection[str]) -> tuple[Content, ...]:
    found: list[tuple[Row, Content]] = []
    known = request_fields()
    for row in page.rows("content"):
        content = Content(
            measure=Measure(row.choice("measure", measures)),
            id=row.text("id"),
            provision=row.cite("provision", provisions),
            fields=row.choices("fields", known, required=True),
            one_suffices=row.flag("any", default=False),
            always=row.choice("need", {"always", "where-applicable"}) == "always",
            always_for=tuple(DataCategory(item) for item in row.choices("always_for", set(DataCategory))),
        )
        row.done()
        if not content.fields:
            row.fault("A content names at least one field that answers it.", "lawbook.value", "fields")
        found.append((row, content))
    unique(((row, (content.measure, content.id)) for row, content in found), "This content")
    return tuple(content for _, content in found)


def request_fields() -> frozenset[str]:
    """The fields of a request that a book may name, dotted, such as ``facts``, ``conducting.name``, ``accounts.at``."""
    found = {part.name for part in fields(Request)}
    for name, kind in (("conducting", Person), ("offence", Offence), ("accounts", Account)):
        found |= {f"{name}.{part.name}" for part in fields(kind)}
    return frozenset(found)


def _some_measures(row: Row, known: Collection[str]) -> tuple[Measure, ...]:
    names = row.choices("measures", known, required=True)
    if not names:
        row.fault("measures is empty. Name the measures for which this line stands.", "lawbook.value", "measures")
    return tuple(Measure(item) for item in names)


def _grounds(page: Page, provisions: Collection[str], measures: Collection[str]) -> tuple[Ground, ...]:
    found: list[tuple[Row, Ground]] = []
    for row in page.rows("ground"):
        ground = Ground(
            id=row.text("id"),
            stance=row.choice("stance", {"exists", "reserved", "postpone", "forbidden"}),
            measures=_some_measures(row, measures),
            provision=row.cite("provision", provisions),
        )
        row.done()
        found.append((row, ground))
    unique(
        ((row, (item.id, measure)) for row, item in found for measure in item.measures), "This ground for this measure"
    )
    return tuple(ground for _, ground in found)


def _duties(page: Page, provisions: Collection[str], measures: Collection[str]) -> tuple[Duty, ...]:
    found: list[tuple[Row, Duty]] = []
    for row in page.rows("duty"):
        duty = Duty(
            id=row.text("id"),
            bearer=row.choice("bearer", {"requesting", "requested"}),
            measures=_some_measures(row, measures),
            provision=row.cite("provision", provisions),
        )
        row.done()
        found.append((row, duty))
    unique(((row, (item.id, item.bearer, measure)) for row, item in found for measure in item.measures), "This duty")
    return tuple(duty for _, duty in found)


def _clocks(page: Page, provisions: Collection[str], measures: Collection[str]) -> tuple[ClockRule, ...]:
    found: list[tuple[Row, ClockRule]] = []
    for row in page.rows("clock"):
        clock = ClockRule(
            id=row.text("id"),
            measure=Measure(row.choice("measure", measures)),
            days=row.whole("days"),
            least=row.flag("least"),
            bearer=row.choice("bearer", {"requesting", "requested"}),
            provision=row.cite("provision", provisions),
        )
        row.done()
        found.append((row, clock))
    unique(((row, clock.id) for row, clock in found), "This clock")
    return tuple(clock for _, clock in found)


def _offences(page: Page, provisions: Collection[str], book: str) -> Mapping[str, TreatyOffence]:
    found: list[tuple[Row, TreatyOffence]] = []
    for row in page.rows("offence"):
        offence = TreatyOffence(
            code=row.text("code"),
            provision=row.cite("provision", provisions),
            elements=row.texts("elements"),
            one_of=row.texts("one_of"),
            may_require=row.texts("may_require"),
        )
        row.done()
        if not offence.code.startswith(f"{book}:"):
            row.fault(f"An offence in this book is named {book}:…", "lawbook.value", "code")
        found.append((row, offence))
    unique(((row, offence.code) for row, offence in found), "This offence")
    return MappingProxyType({offence.code: offence for _, offence in found})


def _citations(
    page: Page, provisions: Collection[str], measures: Mapping[Measure, MeasureRule]
) -> Mapping[tuple[Measure, str], tuple[str, ...]]:
    found: list[tuple[Row, tuple[Measure, str], tuple[str, ...]]] = []
    for row in page.rows("rule"):
        rule = row.choice("rule", RULES)
        cites = row.cites("cites", provisions)
        found += [(row, (measure, rule), cites) for measure in _some_measures(row, measures)]
        row.done()
    unique(((row, key) for row, key, _ in found), "This rule for this measure")
    citations = {key: cites for _, key, cites in found}
    for row in page.rows("measure"):
        measure = Measure(row.text("id"))
        for rule in sorted(RULES):
            if (measure, rule) not in citations and (rule != "link" or measures[measure].follows):
                row.fault(f"The rule {rule} has no citation for this measure. Add a [[rule]].", "lawbook.uncited")
    return MappingProxyType(citations)


def _parties(page: Page) -> tuple[Party, ...]:
    found: list[tuple[Row, Party]] = []
    for row in page.rows("party"):
        exact, latest = row.day("deposited"), row.day("deposited_by")
        if exact and latest:
            row.fault("Give `deposited` or `deposited_by`, not both.", "lawbook.value", "deposited_by")
        signed, day = row.day("signed"), exact or latest
        party = Party(
            state=row.text("state"),
            signed=signed,
            signed_sure=row.choice("signed_sure", MARKS) if signed else "",
            deposited=day,
            exact=exact is not None,
            deposit_sure=row.choice("deposit_sure", MARKS) if day else "",
            en=row.text("en"),
            fa=row.text("fa"),
        )
        row.done()
        found.append((row, party))
    unique(((row, party.state) for row, party in found), "This State")
    return tuple(party for _, party in found)


def _reservations(page: Page, provisions: Collection[str]) -> tuple[Reservation, ...]:
    found = []
    for row in page.rows("reservation"):
        found.append(
            Reservation(row.text("state"), row.texts("articles", required=True), row.cite("provision", provisions))
        )
        row.done()
    return tuple(found)


def _entry(page: Page, provisions: Collection[str]) -> Entry:
    row = page.table("entry")
    known_on = row.day("known_on")
    if known_on is None:
        row.fault("Say up to which day the list of deposits was kept: known_on = 2026-11-24.", "lawbook.field-missing")
    entry = Entry(
        needed=row.whole("needed"),
        days=row.whole("days"),
        joiner_days=row.whole("joiner_days"),
        provision=row.cite("provision", provisions),
        joiner_provision=row.cite("joiner_provision", provisions),
        known_on=known_on,
        source=row.text("source"),
    )
    row.done()
    return entry
