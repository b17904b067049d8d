"""What the law room and the books say, each in one line of ids, numbers and dates: what situations are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from comity.casework.measure import GROUPS, Measure
from comity.casework.request import Request
from comity.errors import Invalid
from comity.law import bond, clocks, instrument
from comity.law.book import Books
from comity.law.dates import Pause
from comity.law.finding import Finding
from comity.law.provision import Provision
from comity.law.state import Holiday, NationalOffence, State
from comity.law.treaty import ClockRule, MeasureRule, Objection, Party, Territory, Treaty


def finding(item: Finding) -> str:
    """``code: value; value > field, field @ provision, provision``."""
    values = "; ".join(value for _, value in item.params if value)
    names = f" > {', '.join(item.fields)}" if item.fields else ""
    return f"{item.code}{': ' if values else ''}{values}{names} @ {', '.join(item.cites)}"


def options(request: Request, books: Books, on: date) -> tuple[str, ...]:
    """Which instruments there are for `request`, in their order, each with its reasons. Raises Invalid."""
    return tuple(_option(item) for item in instrument.options(request, books, on))


def _option(item: instrument.Option) -> str:
    usable = {True: "usable", False: "not usable", None: "open"}[item.usable]
    if not item.entry:
        force = "no treaty"
    elif item.in_force:
        force = f"in force since {item.since}"
    else:
        force = "not in force" if item.in_force is False else "force unknown"
    reaches = {True: "reaches it", False: "does not reach it", None: "nothing governs its reach"}[item.reaches]
    scopes = f"scopes {' '.join(item.scopes)}" if item.scopes else ""
    removed = f"removed by {', '.join(item.removed)}" if item.removed else ""
    known = (reaches, scopes, removed) if item.knows else ("does not know the measure",)
    return f"{item.basis}: {'; '.join(part for part in (usable, force, *known) if part)} @ {', '.join(item.cites)}"


def bonds(books: Books, one: str, other: str, on: date) -> tuple[str, ...]:
    """Every instrument between the two States, in their order: whether it binds, and what they said of it and each other."""
    found = []
    for tie in bond.bonds(books, one, other, on):
        status = tie.status
        force = {True: f"in force since {status.since}", False: "not in force", None: "force unknown"}[status.in_force]
        said = [f"{item.state} reserved {', '.join(item.articles)}" for item in tie.reservations]
        said += [f"{item.state} declared on {', '.join(item.articles)}" for item in tie.declarations]
        said += [_objection(item) for item in tie.objections]
        said += [_territory(item) for item in tie.territories]
        cites = f" @ {', '.join(tie.cites)}" if tie.cites else ""
        found.append(f"{tie.treaty.id}: {'; '.join([force if tie.treaty.entry else 'no treaty', *said])}{cites}")
    return tuple(found)


def _objection(item: Objection) -> str:
    force = "and is not bound to it" if item.precludes else "and stays bound"
    return f"{item.state} objected to {item.to} {force} @ {item.provision}"


def _territory(item: Territory) -> str:
    return (
        f"{item.state} {'applies it' if item.applies else 'does not apply it'} to {item.territory} @ {item.provision}"
    )


def due(books: Books, book: str, clock: str, state: str, started: datetime, stood: Iterable[Pause] = ()) -> str:
    """When the clock `clock` of `book` is due in `state`: a moment in UTC, or ``between … and …``. Raises Invalid.

    A clock that stands still says so: ``stands still since …``.
    """
    house = books.state(state)
    found = clocks.counted(books.clock(book, clock), started, stood, ZoneInfo(house.zone), house)
    if found.stopped is not None:
        return f"stands still since {_moment(found.stopped)}"
    if found.uncertain is None:
        return _moment(found.due)
    latest = _moment(found.uncertain.latest) if found.uncertain.latest else "nobody knows when"
    return f"between {_moment(found.due)} and {latest}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(books: Books, book: str, about: str, on: date) -> tuple[str, ...]:
    """What `book` says of `about` on `on`, line by line.

    Args:
        books: the books.
        book: id of a State's or a treaty's book.
        about: ``offence uncc:7``, ``policy``, ``house``, …: the keys of the tables below; some need a word in addition.
        on: the day.

    Raises:
        Invalid: there is no such book (``law.book``) or subject (``law.subject``).
    """
    subject, _, word = about.partition(" ")
    state, treaty = books.states.get(book), books.treaties.get(book)
    if state is not None and subject in _OF_STATE:
        return tuple(_OF_STATE[subject](state, word, on))
    if treaty is not None and subject in _OF_TREATY:
        return tuple(_OF_TREATY[subject](treaty, word, on))
    if state is None and treaty is None:
        raise Invalid(f"There is no law book {book!r}.", code="law.book", where="book")
    known = ", ".join(_OF_STATE if state else _OF_TREATY)
    raise Invalid(f"A book says nothing of {subject!r}. Known: {known}.", code="law.subject", where="about")


def _named(measures: Iterable[Measure]) -> str:
    """The measures, by the names of groups that lie wholly among them, the widest first, and the others by their own."""
    found, rest, names = frozenset(measures), set(measures), []
    for name, group in sorted(GROUPS.items(), key=lambda item: (-len(item[1]), item[0])):
        if group <= found and len(group & rest) > 1:
            names.append(name)
            rest -= group
    return ", ".join([*names, *(measure for measure in Measure if measure in rest)])


# ── States ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _house(state: State, _word: str, on: date) -> Iterator[str]:
    yield f"{state.zone}; {state.calendar}; {state.region}; {', '.join(state.tradition)}"
    for week in state.lines(state.weeks, on):
        yield f"works {' '.join(week.days)} @ {week.provision}"


def _holidays(state: State, _word: str, on: date) -> Iterator[str]:
    for item in state.lines(state.holidays, on):
        moved = f"; moved to {item.moved}" if item.moved else ""
        length = f"; {item.days} days" if item.days != 1 else ""
        yield f"{item.en}: {_falls(item)}{length}{moved} @ {item.provision}"


def _falls(item: Holiday) -> str:
    offset = f" {item.offset:+d}" if item.offset else ""
    if item.dates:
        return " ".join(day.isoformat() for day in item.dates)
    if item.easter:
        return f"{item.easter} Easter{offset}"
    if item.weekday:
        return f"{item.weekday} {item.nth} of {item.month}{offset}"
    return f"{item.month}-{item.day} {item.calendar}"


def _national(item: NationalOffence) -> str:
    extra = f"; also asks for {', '.join(item.requires_also)}" if item.requires_also else ""
    most = "" if item.max_penalty_months is None else f"; at most {item.max_penalty_months} months"
    return f"{item.code} @ {item.provision}: {', '.join(item.elements)}{extra}{most}"


def _offences(state: State, word: str, on: date) -> Iterator[str]:
    yield from (_national(item) for item in state.lines(state.offences, on) if word in ("", item.code))


def _authorisations(state: State, _word: str, on: date) -> Iterator[str]:
    for item in state.lines(state.authorisations, on):
        urgent = f", in urgency {item.urgent_by}" if item.urgent_by else ""
        yield f"{_named(item.measures)}: {item.by or 'not said'}{urgent} @ {item.provision}"


def _policies(state: State, _word: str, on: date) -> Iterator[str]:
    for item in state.lines(state.policies, on):
        least = "" if item.penalty_months is None else f" of {item.penalty_months} months"
        lifted = ", unless assured" if item.assurance else ""
        yield f"{item.subject}{least}: {item.stance}{lifted}; {_named(item.measures)} @ {item.provision}"


def _treaties(state: State, _word: str, on: date) -> Iterator[str]:
    for item in state.lines(state.treaties, on):
        yield f"{' '.join(item.partners)}: {_named(item.measures)} @ {item.provision}"


def _clock(item: ClockRule) -> str:
    kind = "at least" if item.least else "at most"
    more = ", extendable" if item.extendable else ""
    more += f", suspended by {' '.join(item.suspended_by)}" if item.suspended_by else ""
    more += f", begins with {item.begins}" if item.begins else ""
    more += f", ends when {item.ends}" if item.ends else ""
    return f"{item.id}: {kind} {item.period}{more}; {item.bearer}; {_named(item.measures)} @ {item.provision}"


def _span(item: Provision) -> str:
    since = f" from {item.since}" if item.since else ""
    until = f" to {item.until}" if item.until else ""
    return f"{item.id}{since}{until}"


_OF_STATE: dict[str, Callable[[State, str, date], Iterable[str]]] = {
    "house": _house,
    "holiday": _holidays,
    "offence": _offences,
    "authorisation": _authorisations,
    "authority": lambda state, _word, on: (
        f"{item.role}: {item.en} @ {item.provision}" for item in state.lines(state.authorities, on)
    ),
    "language": lambda state, _word, on: (
        f"{item.tag} @ {item.provision}" for item in state.lines(state.languages, on)
    ),
    "policy": _policies,
    "data-protection": lambda state, _word, on: (item.provision for item in state.lines(state.data_protection, on)),
    "retention": lambda state, _word, on: (
        f"{item.category}: {item.period} @ {item.provision}" for item in state.lines(state.retention, on)
    ),
    "clock": lambda state, _word, on: (_clock(item) for item in state.lines(state.clocks, on)),
    "treaty": _treaties,
    "provision": lambda state, _word, _on: (
        _span(item) + (", verified" if item.verified else "")
        for versions in state.provisions.values()
        for item in versions
    ),
}

# ── Treaties ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rule(treaty: Treaty, word: str) -> MeasureRule | None:
    return next((rule for name, rule in treaty.measures.items() if name == word), None)


def _measure(treaty: Treaty, word: str, _on: date) -> Iterator[str]:
    rule = _rule(treaty, word)
    if rule is None:
        return
    article = next(item.article for item in treaty.provisions[rule.provision])
    named = f", Article {article}" if article else ""
    yield f"stands on {rule.provision}{named}; scopes {' '.join(rule.scopes) or 'not governed'}"
    yield f"dual criminality {rule.dual_criminality}"
    if rule.follows:
        yield f"follows {rule.follows}"
    if rule.closed_list:
        yield "closed list of grounds"
    if rule.least_penalty is not None:
        yield f"least penalty {rule.least_penalty} months"
    for ground in treaty.grounds_of[rule.id]:
        yield f"ground {ground.id} {ground.stance} @ {ground.provision}"
    for duty in treaty.duties:
        if rule.id in duty.measures:
            yield f"duty of the {duty.bearer} State: {duty.id} @ {duty.provision}"


def _elements(treaty: Treaty, word: str, _on: date) -> Iterator[str]:
    for item in treaty.offences.values():
        if word in ("", item.code):
            ways = f"; one of {', '.join(item.one_of)}" if item.one_of else ""
            extra = f"; may ask for {', '.join(item.may_require)}" if item.may_require else ""
            same = f"; same as {item.same_as}" if item.same_as else ""
            yield f"{item.code} @ {item.provision}: {', '.join(item.elements) or 'not entered'}{ways}{extra}{same}"


def _party(item: Party) -> str:
    days = (
        ("not signed by", item.unsigned, item.unsigned_sure),
        ("signed", item.signed, item.signed_sure),
        ("deposited", item.deposited, item.deposit_sure),
        ("deposited by", item.deposited_by, item.by_sure),
        ("denounced", item.denounced, item.denounced_sure),
    )
    said = "; ".join(f"{name} {day} ({sure})" for name, day, sure in days if day)
    return f"{item.state}: {said or 'nothing known'}"


def _entry(treaty: Treaty, _word: str, _on: date) -> Iterator[str]:
    entry = treaty.entry
    if entry is None:
        return
    yield f"opened {entry.opened}; known up to {entry.known_on}"
    month = ", on the first of the month" if entry.first_of_month else ""
    yield f"in force {entry.period} after {entry.needed} deposits{month} @ {entry.provision}"
    yield f"for a later State after {entry.joiner_period} @ {entry.joiner_provision}"
    yield f"denunciation takes effect after {entry.denunciation_period} @ {entry.denunciation_provision}"
    if entry.uncounted:
        yield f"not counted: {', '.join(entry.uncounted)} @ {entry.uncounted_provision}"


def _marked(treaty: Treaty, word: str, _on: date) -> Iterator[str]:
    for versions in treaty.provisions.values():
        yield from (_span(item) for item in versions if item.sure == word)


_OF_TREATY: dict[str, Callable[[Treaty, str, date], Iterable[str]]] = {
    "entry": _entry,
    "party": lambda treaty, _word, _on: (_party(item) for item in treaty.parties.values()),
    "measure": _measure,
    "offence": _elements,
    "clock": lambda treaty, _word, _on: (_clock(item) for item in treaty.clocks),
    "reservation": lambda treaty, _word, _on: (
        f"{item.state}: {', '.join(item.articles)} @ {item.provision}" for item in treaty.reservations
    ),
    "declaration": lambda treaty, _word, _on: (
        f"{item.state}: {', '.join(item.articles)} @ {item.provision}" for item in treaty.declarations
    ),
    "objection": lambda treaty, _word, _on: (_objection(item) for item in treaty.objections),
    "territory": lambda treaty, _word, _on: (_territory(item) for item in treaty.territories),
    "mark": _marked,
}
