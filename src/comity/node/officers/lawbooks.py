"""The law books as pages show them: what binds two States, States side by side, and what one book says.

The values are those of the law room and of ``comity law``; only the form is a page's. Nothing here decides, and a gap in a
book is shown as a gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from comity.casework.measure import COERCIVE, LIVES, Measure
from comity.casework.request import Offence, Request, Scope
from comity.errors import Invalid
from comity.law import bond as between
from comity.law import comparison, instrument
from comity.law.bond import Bond
from comity.law.book import Books
from comity.law.instrument import Option
from comity.law.state import State
from comity.law.treaty import Content, Objection, Party, Territory, Treaty, TreatyOffence
from comity.node.officers import judgement
from comity.node.officers.judgement import Cite, Voice
from comity.node.settings import Settings
from comity.wording import labels, lawbook, mechanism, terms

FORCES: Final[dict[str, str | Promise]] = {
    "binds": _("in force between the two"),
    "open": _("cannot be told"),
    "not": _("not in force between the two"),
    "none": _("no treaty"),
}


@dataclass(frozen=True)
class Line:
    """One thing that a book says, and the provision that it stands on, or None."""

    text: SafeString
    cite: Cite | None


@dataclass(frozen=True)
class Fact:
    """A named value of one or more lines; no line means that the book is silent."""

    label: SafeString
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Joined:
    """What is known of one State and a treaty."""

    state: SafeString
    signed: date | None
    signed_sure: str
    deposited: date | None
    deposited_by: date | None
    deposit_sure: str
    denounced: date | None
    denounced_sure: str
    note: SafeString


@dataclass(frozen=True)
class Shown:
    """One instrument between two States: whether it binds, who joined when, and what was reserved or declared."""

    basis: str
    name: SafeString
    force: str
    sentence: SafeString
    deposits: int
    needed: int
    parties: tuple[Joined, ...]
    reservations: tuple[Line, ...]
    declarations: tuple[Line, ...]
    objections: tuple[Line, ...]
    territories: tuple[Line, ...]
    closed: tuple[str, ...]
    cites: tuple[Cite, ...]


@dataclass(frozen=True)
class Ranked:
    """One instrument in the order of choice, with its reasons."""

    basis: str
    name: SafeString
    usable: bool | None
    verdict: SafeString
    reasons: tuple[SafeString, ...]


def book_of(books: Books, code: str, where: str) -> str:
    """`code`, in capitals, when a book of that State is there. Raises Invalid."""
    return books.state(code.strip().upper()[:10], where).code


def about_of(books: Books, text: str, where: str) -> str:
    """`text` when it is a form of cooperation or an offence of a treaty. Raises Invalid."""
    if not text:
        raise Invalid("Choose an offence or a form of cooperation.", code="form.required", where=where)
    if text in set(Measure) or any(text in treaty.offences for treaty in books.treaties.values()):
        return text
    raise Invalid("Choose one of the options.", code="form.choice", where=where)


# ---- two States -----------------------------------------------------------------------------------------------


def bonds(settings: Settings, pair: tuple[str, str], on: date) -> list[Shown]:
    """Every instrument between the two States of `pair` on `on`, those that bind first. Raises Invalid: no book."""
    voice = Voice()
    return [_bond(settings, voice, bond, pair, on) for bond in between.bonds(settings.books, *pair, on)]


def _bond(settings: Settings, voice: Voice, bond: Bond, pair: tuple[str, str], on: date) -> Shown:
    status = bond.status
    force = {True: "binds", None: "open", False: "not"}[status.in_force] if bond.treaty.entry else "none"
    joined = (_joined(voice, code, bond.treaty.parties.get(code)) for code in pair if bond.treaty.entry)
    return Shown(
        basis=bond.treaty.id,
        name=SafeString(voice.basis(bond.treaty.id)),
        force=force,
        sentence=SafeString(voice.bond(bond)),
        deposits=status.deposits,
        needed=status.needed,
        parties=tuple(joined),
        reservations=tuple(_line(settings, voice.state(item.state), item.provision, on) for item in bond.reservations),
        declarations=tuple(_line(settings, voice.state(item.state), item.provision, on) for item in bond.declarations),
        objections=tuple(_objection(settings, voice, item, on) for item in bond.objections),
        territories=tuple(_territory(settings, voice, item, on) for item in bond.territories),
        closed=bond.closed,
        cites=tuple(judgement.cite(settings, name, on) for name in bond.cites),
    )


def _objection(settings: Settings, voice: Voice, item: Objection, on: date) -> Line:
    effect = mechanism.OBJECTION_PRECLUDES if item.precludes else mechanism.OBJECTION_LEAVES
    parts = [voice.state(item.state), judgement.cited(item.to), voice.plain(voice.translate(effect))]
    return _line(settings, voice.listing(parts), item.provision, on)


def _territory(settings: Settings, voice: Voice, item: Territory, on: date) -> Line:
    applies = voice.plain(voice.translate(mechanism.APPLIES[item.applies]))
    parts = [voice.state(item.state), voice.state(item.territory), applies]
    return _line(settings, voice.listing(parts), item.provision, on)


def _joined(voice: Voice, code: str, party: Party | None) -> Joined:
    sure = {mark: voice.translate(text) for mark, text in mechanism.REPORTS.items()}
    name = SafeString(voice.state(code))
    if party is None:
        return Joined(name, None, "", None, None, "", None, "", SafeString(""))
    return Joined(
        state=name,
        signed=party.signed,
        signed_sure=sure.get(party.signed_sure, ""),
        deposited=party.deposited,
        deposited_by=party.deposited_by,
        deposit_sure=sure.get(party.deposit_sure or party.by_sure, ""),
        denounced=party.denounced,
        denounced_sure=sure.get(party.denounced_sure, ""),
        note=SafeString(voice.plain(party.fa if voice.language == "fa" else party.en)),
    )


def _line(settings: Settings, text: str, provision: str, on: date) -> Line:
    return Line(SafeString(text), judgement.cite(settings, provision, on) if provision else None)


def listed(settings: Settings, pair: tuple[str, str], on: date) -> list[tuple[SafeString, list[Cite]]]:
    """Treaties that one of the two States lists in its own book, without a book of their own."""
    voice, found = Voice(), []
    for code, partner in (pair, pair[::-1]):
        book = settings.books.states.get(code)
        if book is None:
            continue
        rows = book.lines(tuple(item for item in book.treaties if partner in item.partners), on)
        if rows:
            title = voice.said(labels.LISTED_BY, {"state": code})
            found.append((title, [judgement.cite(settings, row.provision, on) for row in rows]))
    return found


def ranked(
    settings: Settings, pair: tuple[str, str], measure: Measure, about: tuple[Scope, str], on: date
) -> list[Ranked]:
    """The instruments by which the first State may ask the second, the one to look at first at the head.

    Args:
        about: the scope, and the treaty's offence or an empty text.
    """
    scope, code = about
    request = Request(
        reference=f"{pair[0]}-{on.year}-0001",
        requesting=pair[0],
        requested=pair[1],
        measure=measure,
        scope=scope,
        offence=Offence(code=code),
    )
    voice = Voice()
    return [_ranked(voice, option) for option in instrument.options(request, settings.books, on)]


def _ranked(voice: Voice, option: Option) -> Ranked:
    return Ranked(
        option.basis,
        SafeString(voice.basis(option.basis)),
        option.usable,
        SafeString(voice.plain(voice.translate(labels.USABLE[option.usable]))),
        tuple(SafeString(text) for text in voice.reasons(option)),
    )


# ---- States side by side --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """One row of a comparison: what it is about, and what each State's book says; no line means that it is silent."""

    label: SafeString
    cells: tuple[tuple[Line, ...], ...]


def compared(settings: Settings, states: tuple[str, ...], about: str, on: date) -> list[Compared]:
    """What the books of `states` say of the offence or form of cooperation `about` on `on`. Raises Invalid: no book."""
    voice, books = Voice(), settings.books
    if about in set(Measure):
        rows = lawbook.measure_rows(voice, comparison.measure(books, states, Measure(about), on))
    else:
        rows = lawbook.offence_rows(voice, comparison.offence(books, states, about, on))
    return [
        Compared(
            SafeString(voice.plain(voice.translate(row.label))),
            tuple(tuple(_line(settings, said.text, said.provision, on) for said in cell) for cell in row.cells),
        )
        for row in rows
    ]


# ---- one book -------------------------------------------------------------------------------------------------


def book_named(books: Books, name: str) -> Treaty | State:
    """The book `name`, a State's in capitals or not. Raises Invalid (``law.basis``)."""
    return books.states.get(name.upper()) or books.treaty(name.lower())


@dataclass(frozen=True)
class Read:
    """A provision as a book has it, with its span."""

    cite: Cite
    since: date | None
    until: date | None


def read(settings: Settings, names: Iterable[str], on: date) -> list[Read]:
    """The provisions `names` as they are in force on `on`."""
    found = [(judgement.cite(settings, name, on), settings.books.provision(name, on)) for name in names]
    return [Read(cite, provision.since, provision.until) for cite, provision in found]


def facts(settings: Settings, book: Treaty | State, about: str, on: date) -> list[Fact]:
    """What stands above the provisions: of the State as a whole, of a measure, or of an offence."""
    voice = Voice()
    if isinstance(book, State):
        return [] if about else _state(settings, voice, book, on)
    if about in book.measures:
        return _measure(settings, voice, book, Measure(about), on)
    code = about if about in book.offences else f"{book.id}:{about}"
    return _offence(voice, book.offences[code]) if code in book.offences else []


def _fact(voice: Voice, label: str, lines: Iterable[str | Line]) -> Fact:
    shown = tuple(line if isinstance(line, Line) else Line(SafeString(line), None) for line in lines if line)
    return Fact(SafeString(voice.plain(voice.translate(label))), shown)


def _state(settings: Settings, voice: Voice, book: State, on: date) -> list[Fact]:
    del settings
    weeks = [voice.listing([voice.term(labels.DAYS, day) for day in week.days]) for week in book.lines(book.weeks, on)]
    names = [line.fa if voice.language == "fa" else line.en for line in book.lines(book.holidays, on)]
    return [
        _fact(voice, labels.TIME_ZONE, [voice.code(book.zone)]),
        _fact(voice, labels.CALENDAR, [voice.term(labels.CALENDARS, book.calendar)]),
        _fact(voice, labels.REGION, [voice.term(labels.REGIONS, book.region)]),
        _fact(
            voice, labels.TRADITION, [voice.listing([voice.term(labels.TRADITIONS, word) for word in book.tradition])]
        ),
        _fact(voice, labels.WEEK, weeks),
        _fact(voice, labels.HOLIDAYS, [voice.listing([voice.foreign(name) for name in dict.fromkeys(names)])]),
    ]


def _measure(settings: Settings, voice: Voice, book: Treaty, asked: Measure, on: date) -> list[Fact]:
    """Everything that a treaty's book says of a form of cooperation."""
    rule = book.measures[asked]
    least = [voice.months(rule.least_penalty)] if rule.least_penalty is not None else []
    scopes = [f"{voice.code(scope)}: {voice.term(terms.SCOPES, scope)}" for scope in rule.scopes]
    grounds = [
        _line(settings, f"{voice.term(labels.GROUND_STANCES, item.stance)}: {voice.term(terms.GROUNDS, item.id)}",
              item.provision, on)
        for stance in labels.GROUND_STANCES
        for item in book.grounds_of[asked]
        if item.stance == stance
    ]  # fmt: skip
    duties = [
        _line(settings, f"{voice.term(terms.BEARERS, item.bearer)}: {voice.term(terms.DUTIES, item.id)}",
              item.provision, on)
        for item in book.duties
        if asked in item.measures
    ]  # fmt: skip
    clocks = [_line(settings, lawbook.clock(voice, item), item.provision, on) for item in book.clocks_of[asked]]
    life = [voice.term(labels.LIVES, LIVES[asked])]
    if asked in COERCIVE:
        life.append(voice.plain(voice.translate(labels.COERCIVE)))
    shown = [
        _fact(voice, labels.SCOPES, scopes or [voice.plain(voice.translate(labels.OPTIONS["no-treaty"]))]),
        _fact(voice, labels.DUAL_CRIMINALITY, [voice.term(labels.DUAL, rule.dual_criminality)]),
        _fact(voice, labels.LEAST_PENALTY, least),
        _fact(voice, labels.FOLLOWS, [voice.term(terms.MEASURES, rule.follows)] if rule.follows else []),
        _fact(
            voice,
            labels.CONTENTS,
            [_content(settings, voice, item, str(asked), on) for item in book.contents_of[asked]],
        ),
        _fact(voice, labels.GROUNDS, grounds),
        _fact(voice, labels.DUTIES, duties),
        _fact(voice, labels.CLOCKS, clocks),
        _fact(voice, labels.LIFE, life),
    ]
    return [fact for fact in shown if fact.lines]


def _content(settings: Settings, voice: Voice, item: Content, measure: str, on: date) -> Line:
    if item.always_for:
        words = voice.listing([voice.term(terms.CATEGORIES, name) for name in item.always_for])
        need = voice.translate(labels.ALWAYS_FOR) % {"categories": words}
    else:
        need = voice.translate(labels.ALWAYS if item.always else labels.WHERE_APPLICABLE)
    if item.one_suffices and len(item.fields) > 1:
        need = f"{need}{'؛' if voice.language == 'fa' else ';'} {voice.translate(labels.ONE_OF_THEM)}"
    asks = voice.listing([voice.field(name, measure) for name in item.fields])
    return _line(settings, f"{voice.term(terms.CONTENTS, item.id)} ({need}): {asks}", item.provision, on)


def _offence(voice: Voice, found: TreatyOffence) -> list[Fact]:
    shown = [
        _fact(voice, labels.ELEMENTS, [lawbook.elements(voice, found.elements)]),
        _fact(voice, labels.ONE_OF, [lawbook.elements(voice, found.one_of)]),
        _fact(voice, labels.MAY_REQUIRE, [lawbook.elements(voice, found.may_require)]),
        _fact(voice, labels.SAME_AS, [voice.offence(found.same_as)] if found.same_as else []),
    ]
    return [fact for fact in shown if fact.lines]
