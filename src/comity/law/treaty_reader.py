"""Reading a treaty's book: row by row, every fault named with file, line, place and remedy; the values stand in `treaty`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from datetime import date
from types import MappingProxyType

from comity.casework.measure import Measure
from comity.casework.request import Account, Asset, DataCategory, Offence, Order, Person, Request, Scope, Subject
from comity.casework.times import WAITS
from comity.law._row import Page, Row, unique
from comity.law.provision import MARKS, read_provisions
from comity.law.treaty import (
    ClockRule,
    Content,
    Declaration,
    Duty,
    Entry,
    Ground,
    MeasureRule,
    Objection,
    Party,
    Reservation,
    Territory,
    Treaty,
    TreatyOffence,
)  # fmt: skip

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

_TABLES = frozenset({
    "book", "clock", "content", "declaration", "duty", "entry", "ground", "measure", "objection", "offence", "party",
    "provision", "reservation", "rule", "territory",
})  # fmt: skip
_KINDS = frozenset({"treaty", "bilateral", "reciprocity"})
_BY_THEIR_OWN_ACTS = frozenset({"preservation", "safe-conduct"})  # clocks with acts that are made for them


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
    reservations = tuple(
        Reservation(row.text("state"), row.texts("articles", required=True), row.cite("provision", provisions))
        for row in _complete(page, "reservation")
    )
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
        clocks=read_clocks(page, provisions, measures, fixed=_BY_THEIR_OWN_ACTS),
        offences=_offences(page, provisions, book),
        citations=_citations(page, provisions, measures),
        parties=_parties(page, between),
        reservations=reservations,
        declarations=tuple(
            Declaration(row.text("state"), row.texts("articles", required=True), row.cite("provision", provisions))
            for row in _complete(page, "declaration")
        ),
        entry=_entry(page, provisions) if kind != "reciprocity" else None,
        objections=_objections(page, provisions, reservations),
        territories=_territories(page, provisions),
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


def read_clocks(
    page: Page, provisions: Collection[str], measures: Collection[Measure], *, fixed: Collection[str] = ()
) -> tuple[ClockRule, ...]:
    """The ``[[clock]]`` rows of a treaty's or a State's book.

    Args:
        page: the law book.
        provisions: ids of its provisions.
        measures: those that a row may name.
        fixed: ids of clocks for which no row says what begins, suspends or ends them.

    Raises:
        BrokenLawbook: a field is missing, unknown or wrong.
    """
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
            suspended_by=row.choices("suspended_by", WAITS),
            begins=row.choice("begins", {"requested", "accepted"}) if row.has("begins") else "",
            ends=row.choice("ends", {"decided", "done"}) if row.has("ends") else "",
        )
        for field in ("begins", "ends", "suspended_by"):
            if clock.id in fixed and row.has(field):
                row.fault(f"The clock {clock.id} goes by acts of its own. Leave {field} out.", "lawbook.value", field)
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


def _objections(
    page: Page, provisions: Collection[str], reservations: tuple[Reservation, ...]
) -> tuple[Objection, ...]:
    owner = {item.provision: item.state for item in reservations}
    found: list[tuple[Row, Objection]] = []
    for row in _complete(page, "objection"):
        item = Objection(
            row.text("state"),
            row.cite("to", owner),
            row.flag("precludes", default=False),
            row.cite("provision", provisions),
        )
        if item.state == owner[item.to]:
            row.fault("A State does not object to its own reservation. Correct one of the two.", "lawbook.value", "to")
        found.append((row, item))
    unique(((row, (item.state, item.to)) for row, item in found), "This objection")
    return tuple(item for _, item in found)


def _territories(page: Page, provisions: Collection[str]) -> tuple[Territory, ...]:
    found = [
        (
            row,
            Territory(row.text("state"), row.text("territory"), row.flag("applies"), row.cite("provision", provisions)),
        )
        for row in _complete(page, "territory")
    ]
    unique(((row, (item.territory, item.provision)) for row, item in found), "This territory")
    return tuple(item for _, item in found)


def _parties(page: Page, between: tuple[str, ...]) -> Mapping[str, Party]:
    found: list[tuple[Row, Party]] = []
    for row in page.rows("party"):
        days = {name: row.day(name) for name in ("unsigned", "signed", "deposited", "deposited_by", "denounced")}
        marks = {
            name: row.choice(mark, MARKS) if days[name] else ""
            for name, mark in (
                ("unsigned", "unsigned_sure"), ("signed", "signed_sure"), ("deposited", "deposit_sure"),
                ("deposited_by", "by_sure"), ("denounced", "denounced_sure"),
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
            unsigned=days["unsigned"],
            unsigned_sure=marks["unsigned"],
            source=row.text("source", ""),
        )
        row.done()
        if between and party.state not in between:
            row.fault("This treaty stands between two other States. Remove the line.", "lawbook.value", "state")
        known = [day for day in (party.signed, party.deposited, party.deposited_by) if day]
        if known != sorted(known):
            text = "signed, deposited and deposited_by (the latest day that reports allow) follow one another. Correct one."
            row.fault(text, "lawbook.date", "deposited")
        if party.unsigned and party.signed and party.signed <= party.unsigned:
            row.fault("It had not signed on a day after it signed. Correct one of the two.", "lawbook.date", "unsigned")
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
        uncounted=row.texts("uncounted"),
        uncounted_provision=row.cite("uncounted_provision", provisions) if row.has("uncounted") else "",
    )
    row.done()
    return entry
