"""A treaty's book: measures with their contents, grounds, duties and clocks; offences; who is bound since when.

Entry into force is never written in a book: it is computed from the deposits listed, each with how sure it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property
from types import MappingProxyType

from comity.casework.measure import Measure
from comity.casework.request import Account, Asset, DataCategory, Offence, Order, Person, Request, Scope, Subject
from comity.law._row import Page, Period, Row, unique
from comity.law.dates import after
from comity.law.provision import MARKS, Provisions, in_force, read_provisions

ALWAYS = frozenset({
    "basis", "clocks", "confidentiality", "data-protection", "dates", "emergency", "exercise", "grounds", "identifiers",
    "language", "non-discrimination", "other-treaty", "reservation", "rights", "urgency",
})  # fmt: skip
"""Rules that every measure has; a book must say what each stands on."""

OPTIONAL = frozenset({
    "assurances", "authorisation", "consent", "costs", "deadline", "dual-criminality", "handling", "link",
    "minimum-penalty", "order", "period-ahead", "refusal-policy", "retention", "scope-A", "scope-B", "scope-C", "scope-D",
})  # fmt: skip
"""Rules that a measure has when the book says what they stand on."""

SURE = frozenset({"V", "S"})
"""Marks that may settle a question; M and ? may not."""

_TABLES = frozenset({
    "book", "clock", "content", "declaration", "duty", "entry", "ground", "measure", "offence", "party", "provision",
    "reservation", "rule",
})  # fmt: skip
_KINDS = frozenset({"treaty", "bilateral", "reciprocity"})


@dataclass(frozen=True)
class MeasureRule:
    """What a treaty says of one measure as a whole.

    Args:
        id: the measure.
        provision: the provision that founds it.
        scopes: scopes of Article 35(1) in which it is open; empty when no treaty governs that.
        dual_criminality: ``not-required`` (no condition), ``may-refuse`` (its absence allows to decline, no more) or
            ``required``.
        follows: the measure it usually stands on, or empty.
        closed_list: whether the grounds that exist are a closed list for this measure.
        least_penalty: the least maximum penalty of the offence, in months, where the treaty sets one; otherwise None.
    """

    id: Measure
    provision: str
    scopes: tuple[Scope, ...]
    dual_criminality: str
    follows: str
    closed_list: bool
    least_penalty: int | None


@dataclass(frozen=True)
class Content:
    """One thing that a request for a measure must say.

    Args:
        measures: the measures.
        id: short name, e.g. ``period``.
        provision: where it is asked for.
        fields: the fields of the request that answer, dotted, e.g. ``conducting.name``.
        one_suffices: whether one of the fields is enough.
        always: whether it is always required; otherwise "where applicable".
        always_for: categories of data for which it is always required.
    """

    measures: tuple[Measure, ...]
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
    """A period that a measure sets running, in a treaty's or a State's book.

    Args:
        id: what it is about, e.g. ``preservation``.
        measures: the measures that set it running.
        period: its length.
        least: whether it is a minimum (the clock ends not before) or a maximum.
        bearer: the side that is bound, ``requesting`` or ``requested``.
        extendable: whether it can be extended on request before it ends.
        provision: the source.
    """

    id: str
    measures: tuple[Measure, ...]
    period: Period
    least: bool
    bearer: str
    extendable: bool
    provision: str


@dataclass(frozen=True)
class TreatyOffence:
    """An offence: all `elements`, one of the ways `one_of` (if any), and what a State `may_require` in addition.

    `same_as` names the offence of another book with the same elements, in whose name the States' lines stand (or empty).
    No elements at all means that they are not entered yet: the book is silent.
    """

    code: str
    provision: str
    elements: tuple[str, ...]
    one_of: tuple[str, ...]
    may_require: tuple[str, ...]
    same_as: str = ""


@dataclass(frozen=True)
class Party:
    """What is known of one State: signature, deposit and denunciation, each with how sure it is.

    Args:
        state: ISO code.
        signed: day of signature, or None.
        signed_sure: mark of that day, or empty.
        deposited: day of deposit (ratification, acceptance, accession), or None.
        deposit_sure: mark of that day, or empty.
        deposited_by: the latest day that reports allow for the deposit, or None.
        by_sure: mark of that report, or empty.
        denounced: day on which its notice of denunciation was received, or None.
        denounced_sure: mark of that day, or empty.
        en: the state of knowledge in one sentence, in English; empty when there is nothing to add.
        fa: the same in Persian.
    """

    state: str
    signed: date | None
    signed_sure: str
    deposited: date | None
    deposit_sure: str
    deposited_by: date | None
    by_sure: str
    denounced: date | None
    denounced_sure: str
    en: str
    fa: str

    def latest(self) -> date | None:
        """The day by which the deposit was surely made, or None when no line that is sure says so."""
        days = ((self.deposited, self.deposit_sure), (self.deposited_by, self.by_sure))
        return min((day for day, sure in days if day and sure in SURE), default=None)

    def earliest(self, opened: date) -> date | None:
        """The earliest day on which the deposit may have been made, or None when no line speaks of a deposit."""
        if self.deposited is None and self.deposited_by is None:
            return None
        if self.deposited and self.deposit_sure in SURE:
            return self.deposited
        return self.signed if self.signed and self.signed_sure in SURE else opened

    def reported(self) -> date | None:
        """The day to count it by when people are told how many deposits there are."""
        return self.deposited or self.deposited_by


@dataclass(frozen=True)
class Reservation:
    """A reservation: `state` does not accept `articles` (``14``, ``42(5)``), said in `provision`."""

    state: str
    articles: tuple[str, ...]
    provision: str


@dataclass(frozen=True)
class Declaration:
    """A declaration by `state` that a reader must know of when Article `articles` are used, said in `provision`."""

    state: str
    articles: tuple[str, ...]
    provision: str


@dataclass(frozen=True)
class Entry:
    """How the treaty enters into force and ends.

    Args:
        opened: the day it was opened for signature.
        needed: deposits needed.
        period: from the last deposit needed until it enters into force.
        joiner_period: the same for a State that comes later, from its own deposit.
        first_of_month: whether it enters into force on the first day of the month that follows the end of the period.
        denunciation_period: from the receipt of a notice of denunciation until it takes effect.
        provision: where entry into force stands.
        joiner_provision: where the later States stand.
        denunciation_provision: where denunciation stands.
        known_on: the day up to which the list of deposits was kept.
        source: where that list comes from.
    """

    opened: date
    needed: int
    period: Period
    joiner_period: Period
    first_of_month: bool
    denunciation_period: Period
    provision: str
    joiner_provision: str
    denunciation_provision: str
    known_on: date
    source: str

    def effect(self, deposit: date, period: Period) -> date:
        """The day on which a deposit made on `deposit` takes effect after `period`."""
        day = after(deposit, period)
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1) if self.first_of_month else day


@dataclass(frozen=True)
class Treaty:
    """One treaty, or reciprocity as a basis without one (`entry` is None then). See the rows' own classes.

    `supplements` names the treaty that a protocol supplements, or is empty: it binds only who is bound by that, and has its
    offences.
    """

    id: str
    kind: str
    between: tuple[str, ...]
    supplements: str
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
    parties: Mapping[str, Party]
    reservations: tuple[Reservation, ...]
    declarations: tuple[Declaration, ...]
    entry: Entry | None

    @cached_property
    def surely(self) -> date | None:
        """The day by which the treaty has surely entered into force, by the deposits that are sure; or None.

        Source: for the UN Convention Article 65(1), the ninetieth day after the fortieth deposit.
        """
        return self._entered([party.latest() for party in self.parties.values()])

    @cached_property
    def perhaps(self) -> date | None:
        """The earliest day on which the treaty may have entered into force, if every report is true; or None."""
        opened = self.entry.opened if self.entry else date.min
        return self._entered([party.earliest(opened) for party in self.parties.values()])

    def _entered(self, deposits: list[date | None]) -> date | None:
        days = sorted(day for day in deposits if day)
        if self.entry is None or len(days) < self.entry.needed:
            return None
        return self.entry.effect(days[self.entry.needed - 1], self.entry.period)

    def bound(self, state: str, on: date) -> bool | None:
        """Whether `state` is bound on `on`: True or False when that is sure, None when the book cannot tell.

        A list that was kept up to a day proves nothing about later deposits; but a deposit takes effect only after its
        period, so that "not bound" stays sure for that long.

        Source: Article 65(2), the thirtieth day after its own deposit, or the day of 65(1) if that is later; 67(1).
        """
        if self.entry is None:
            return None
        if self.left(state, on):
            return False if self.parties[state].denounced_sure in SURE else None
        surely, perhaps = self._joined.get(state, (None, None))
        if surely is not None and surely <= on:
            return True
        if perhaps is not None and perhaps <= on:
            return None
        return None if on >= self._unlisted else False

    def since(self, state: str) -> date | None:
        """The day by which `state` is surely bound, or None."""
        return self._joined.get(state, (None, None))[0]

    def left(self, state: str, on: date) -> bool:
        """Whether a denunciation by `state` is reported that has taken effect by `on`."""
        return state in self._leaves and on >= self._leaves[state]

    def deposits(self, on: date) -> int:
        """How many deposits are reported up to `on`, sure or not."""
        return bisect_right(self._reported, on)

    @cached_property
    def _reported(self) -> list[date]:
        return sorted(day for day in (party.reported() for party in self.parties.values()) if day)

    @cached_property
    def _joined(self) -> Mapping[str, tuple[date | None, date | None]]:
        """For each State: the day by which it is surely bound, and the earliest day on which it may be."""
        opened = self.entry.opened if self.entry else date.min
        return {
            state: (self._joins(party.latest(), self.surely), self._joins(party.earliest(opened), self.perhaps))
            for state, party in self.parties.items()
        }

    @cached_property
    def _leaves(self) -> Mapping[str, date]:
        entry = self.entry
        return {
            state: entry.effect(party.denounced, entry.denunciation_period)
            for state, party in self.parties.items()
            if entry and party.denounced
        }

    @cached_property
    def _unlisted(self) -> date:
        """The first day on which a deposit that this list does not know could have taken effect."""
        if self.entry is None:
            return date.max
        period = self.entry.joiner_period if self.perhaps else self.entry.period
        return self.entry.effect(self.entry.known_on + timedelta(days=1), period)

    def _joins(self, deposit: date | None, start: date | None) -> date | None:
        if self.entry is None or deposit is None or start is None:
            return None
        return max(start, self.entry.effect(deposit, self.entry.joiner_period))

    def reserved(self, states: Collection[str], article: str, on: date) -> tuple[Reservation, ...]:
        """The reservations by one of `states` that stand on `on` and reach `article` (``14``, ``42(5)``, ``45(1)``)."""
        if not any(state in self._reserving for state in states):
            return ()
        return tuple(
            item
            for item in self.reservations
            if item.state in states and self._reaches(item, article) and self.stands(item, on)
        )

    def declared(self, states: Collection[str], article: str, on: date) -> tuple[Declaration, ...]:
        """The declarations by one of `states` that stand on `on` and speak of `article`."""
        if not any(state in self._declaring for state in states):
            return ()
        return tuple(
            item
            for item in self.declarations
            if item.state in states and self._reaches(item, article) and self.stands(item, on)
        )

    @cached_property
    def _reserving(self) -> frozenset[str]:
        return frozenset(item.state for item in self.reservations)

    @cached_property
    def _declaring(self) -> frozenset[str]:
        return frozenset(item.state for item in self.declarations)

    @cached_property
    def contents_of(self) -> Mapping[Measure, tuple[Content, ...]]:
        """The contents that a request for each measure must have."""
        return {name: tuple(item for item in self.contents if name in item.measures) for name in self.measures}

    @cached_property
    def clocks_of(self) -> Mapping[Measure, tuple[ClockRule, ...]]:
        """The clocks that each measure sets running."""
        return {name: tuple(item for item in self.clocks if name in item.measures) for name in self.measures}

    @cached_property
    def grounds_of(self) -> Mapping[Measure, tuple[Ground, ...]]:
        """The grounds for each measure, with their stance."""
        return {name: tuple(item for item in self.grounds if name in item.measures) for name in self.measures}

    def stands(self, item: Reservation | Declaration, on: date) -> bool:
        """Whether the reservation or declaration `item` stands on `on`."""
        return in_force(self.provisions, item.provision, on) is not None

    @staticmethod
    def _reaches(item: Reservation | Declaration, article: str) -> bool:
        return any(article == mine or article.startswith(f"{mine}(") for mine in item.articles)


def read_treaty(page: Page) -> Treaty:
    """The treaty's book in `page`.

    Raises:
        BrokenLawbook: anything that is missing, unknown, contradictory or uncited; names file, line, place and remedy.
    """
    page.only(_TABLES)
    head = page.table("book")
    book, kind = head.text("id"), head.choice("kind", _KINDS)
    names = head.text("en"), head.text("fa")
    supplements = head.text("supplements", "")
    between = head.texts("between", required=kind == "bilateral")
    if len(between) != (2 if kind == "bilateral" else 0):
        head.fault(
            'A bilateral treaty stands between = ["IR", "VN"], and no other book does.', "lawbook.value", "between"
        )
    head.done()
    provisions = read_provisions(page, book, treaty=True)
    measures = {rule.id: rule for rule in _measures(page, provisions)}
    return Treaty(
        id=book,
        kind=kind,
        between=between,
        supplements=supplements,
        en=names[0],
        fa=names[1],
        sha256=page.sha256,
        provisions=provisions,
        measures=MappingProxyType(measures),
        contents=_contents(page, provisions, measures),
        grounds=_grounds(page, provisions, measures),
        duties=_duties(page, provisions, measures),
        clocks=read_clocks(page, provisions, measures),
        offences=_offences(page, provisions, book),
        citations=_citations(page, provisions, measures),
        parties=_parties(page, between),
        reservations=tuple(
            Reservation(row.text("state"), row.texts("articles", required=True), row.cite("provision", provisions))
            for row in _complete(page, "reservation")
        ),
        declarations=tuple(
            Declaration(row.text("state"), row.texts("articles", required=True), row.cite("provision", provisions))
            for row in _complete(page, "declaration")
        ),
        entry=_entry(page, provisions) if kind != "reciprocity" else None,
    )


def _measures(page: Page, known: Collection[str]) -> list[MeasureRule]:
    found: list[tuple[Row, MeasureRule]] = []
    for row in page.rows("measure"):
        rule = MeasureRule(
            id=Measure(row.choice("id", set(Measure))),
            provision=row.cite("provision", known),
            scopes=tuple(Scope(item) for item in row.choices("scopes", set(Scope), required=True)),
            dual_criminality=row.choice("dual_criminality", {"not-required", "may-refuse", "required"}),
            follows=row.choice("follows", {"", *Measure}, ""),
            closed_list=row.flag("closed_list", default=False),
            least_penalty=row.penalty("least_penalty"),
        )
        row.done()
        found.append((row, rule))
    unique(((row, rule.id) for row, rule in found), "This measure")
    follows = {str(rule.id): rule.follows for _, rule in found}
    for row, rule in found:
        seen, name = {str(rule.id)}, rule.follows
        while name:
            if name in seen:
                row.fault(f"{rule.id} follows itself in a circle. Correct one `follows`.", "lawbook.circle", "follows")
            seen.add(name)
            name = follows.get(name, "")
    return [rule for _, rule in found]


def _contents(page: Page, provisions: Collection[str], measures: Collection[Measure]) -> tuple[Content, ...]:
    found: list[tuple[Row, Content]] = []
    known = request_fields()
    for row in page.rows("content"):
        content = Content(
            measures=row.measures("measures", measures),
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
    unique(
        ((row, (content.id, measure)) for row, content in found for measure in content.measures),
        "This content for this measure",
    )
    return tuple(content for _, content in found)


def request_fields() -> frozenset[str]:
    """The fields of a request that a book may name, dotted, such as ``facts``, ``conducting.name``, ``accounts.at``."""
    found = {part.name for part in fields(Request)}
    records = (
        ("conducting", Person), ("offence", Offence), ("accounts", Account), ("persons", Subject), ("assets", Asset),
        ("order", Order),
    )  # fmt: skip
    for name, kind in records:
        found |= {f"{name}.{part.name}" for part in fields(kind)}
    return frozenset(found)


def _grounds(page: Page, provisions: Collection[str], measures: Collection[Measure]) -> tuple[Ground, ...]:
    found: list[tuple[Row, Ground]] = []
    for row in page.rows("ground"):
        ground = Ground(
            id=row.text("id"),
            stance=row.choice("stance", {"exists", "reserved", "postpone", "forbidden"}),
            measures=row.measures("measures", measures),
            provision=row.cite("provision", provisions),
        )
        row.done()
        found.append((row, ground))
    unique(
        ((row, (item.id, measure)) for row, item in found for measure in item.measures), "This ground for this measure"
    )
    return tuple(ground for _, ground in found)


def _duties(page: Page, provisions: Collection[str], measures: Collection[Measure]) -> tuple[Duty, ...]:
    found: list[tuple[Row, Duty]] = []
    for row in page.rows("duty"):
        duty = Duty(
            id=row.text("id"),
            bearer=row.choice("bearer", {"requesting", "requested"}),
            measures=row.measures("measures", measures),
            provision=row.cite("provision", provisions),
        )
        row.done()
        found.append((row, duty))
    unique(((row, (item.id, item.bearer, measure)) for row, item in found for measure in item.measures), "This duty")
    return tuple(duty for _, duty in found)


def read_clocks(page: Page, provisions: Collection[str], measures: Collection[Measure]) -> tuple[ClockRule, ...]:
    """The ``[[clock]]`` rows of a treaty's or a State's book. Raises BrokenLawbook."""
    found: list[tuple[Row, ClockRule]] = []
    for row in page.rows("clock"):
        clock = ClockRule(
            id=row.text("id"),
            measures=row.measures("measures", measures),
            period=row.period("period"),
            least=row.flag("least"),
            bearer=row.choice("bearer", {"requesting", "requested"}),
            extendable=row.flag("extendable", default=False),
            provision=row.cite("provision", provisions),
        )
        row.done()
        found.append((row, clock))
    unique(((row, (clock.id, measure)) for row, clock in found for measure in clock.measures), "This clock")
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
            same_as=row.text("same_as", ""),
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
        rule = row.choice("rule", ALWAYS | OPTIONAL)
        cites = row.cites("cites", provisions)
        found += [(row, (measure, rule), cites) for measure in row.measures("measures", measures)]
        row.done()
    unique(((row, key) for row, key, _ in found), "This rule for this measure")
    citations = {key: cites for _, key, cites in found}
    for row in page.rows("measure"):
        measure = Measure(row.text("id"))
        needed = ALWAYS | {f"scope-{scope}" for scope in measures[measure].scopes}
        needed |= {"dual-criminality"} if measures[measure].dual_criminality == "required" else set()
        needed |= {"link"} if measures[measure].follows else set()
        for rule in sorted(needed):
            if (measure, rule) not in citations:
                row.fault(f"The rule {rule} has no citation for this measure. Add a [[rule]].", "lawbook.uncited")
    return MappingProxyType(citations)


def _complete(page: Page, table: str) -> Iterator[Row]:
    """The rows of `table`, each refused when a field was not taken."""
    for row in page.rows(table):
        yield row
        row.done()


def _parties(page: Page, between: tuple[str, ...]) -> Mapping[str, Party]:
    found: list[tuple[Row, Party]] = []
    for row in page.rows("party"):
        days = {name: row.day(name) for name in ("signed", "deposited", "deposited_by", "denounced")}
        marks = {
            name: row.choice(mark, MARKS) if days[name] else ""
            for name, mark in (
                ("signed", "signed_sure"), ("deposited", "deposit_sure"), ("deposited_by", "by_sure"),
                ("denounced", "denounced_sure"),
            )
        }  # fmt: skip
        party = Party(
            state=row.text("state"),
            signed=days["signed"],
            signed_sure=marks["signed"],
            deposited=days["deposited"],
            deposit_sure=marks["deposited"],
            deposited_by=days["deposited_by"],
            by_sure=marks["deposited_by"],
            denounced=days["denounced"],
            denounced_sure=marks["denounced"],
            en=row.text("en", ""),
            fa=row.text("fa", ""),
        )
        row.done()
        if between and party.state not in between:
            row.fault("This treaty stands between two other States. Remove the line.", "lawbook.value", "state")
        known = [day for day in (party.signed, party.deposited, party.deposited_by) if day]
        if known != sorted(known):
            text = "signed, deposited and deposited_by (the latest day that reports allow) follow one another. Correct one."
            row.fault(text, "lawbook.date", "deposited")
        if party.denounced and not (party.deposited or party.deposited_by):
            row.fault("A State denounces only what it has joined. Add its deposit.", "lawbook.date", "denounced")
        found.append((row, party))
    unique(((row, party.state) for row, party in found), "This State")
    return MappingProxyType({party.state: party for _, party in found})


def _entry(page: Page, provisions: Collection[str]) -> Entry:
    row = page.table("entry")
    days = {name: row.day(name) for name in ("opened", "known_on")}
    for name, day in days.items():
        if day is None:
            row.fault(f"{name} is missing. Write {name} = 2026-11-24.", "lawbook.field-missing", name)
    entry = Entry(
        opened=days["opened"] or date.min,
        needed=row.whole("needed"),
        period=row.period("period"),
        joiner_period=row.period("joiner_period"),
        first_of_month=row.flag("first_of_month", default=False),
        denunciation_period=row.period("denunciation_period"),
        provision=row.cite("provision", provisions),
        joiner_provision=row.cite("joiner_provision", provisions),
        denunciation_provision=row.cite("denunciation_provision", provisions),
        known_on=days["known_on"] or date.min,
        source=row.text("source"),
    )
    row.done()
    return entry
