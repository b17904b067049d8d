"""The law books together, one question at a time, always for a date. Loaded once; nothing here reads a file later.

There is no book inside the code and no default State: `load` reads ``treaties/*.toml`` and ``states/*.toml``, and beside
them the roll of States and the mechanisms of treaties, which no check of a request asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from comity.casework.measure import Measure
from comity.errors import BrokenLawbook, Invalid
from comity.law._row import Page, open_page
from comity.law.mechanism import Mechanism, read_mechanism
from comity.law.provision import Provision, Provisions, in_force
from comity.law.roll import NO_ROLL, Roll, read_roll
from comity.law.state import NationalOffence, State, read_state
from comity.law.treaty import SURE, ClockRule, Content, Duty, Ground, MeasureRule, Treaty, TreatyOffence
from comity.law.treaty_reader import read_treaty


@dataclass(frozen=True)
class Status:
    """Whether a basis binds two States on a day, and why.

    Args:
        in_force: True or False between the two on that day; None when the books cannot tell.
        since: the day from which both are bound, when `in_force`.
        deposits: deposits reported up to that day; 0 for reciprocity.
        needed: deposits needed; 0 for reciprocity.
        unbound: those of the two that are not bound although the treaty itself is in force.
        known_on: the day up to which the list of deposits was kept, or None.
        left: those of the two that have left the treaty.
        precluded: provisions of objections by which the treaty does not bind one to the other, although it may bind both.
    """

    in_force: bool | None
    since: date | None
    deposits: int
    needed: int
    unbound: tuple[str, ...]
    known_on: date | None
    left: tuple[str, ...] = ()
    precluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Books:
    """All law books. Each question names what it is about; an unknown basis, measure, State or provision is Invalid.

    `texts` are the files themselves by their SHA-256, as they were read, so that a node can keep them (`law.shelf`).
    `roll` names every State of which a status is asked; `mechanisms` are those of treaties, by their ids.
    """

    treaties: Mapping[str, Treaty]
    states: Mapping[str, State]
    texts: Mapping[str, bytes] = field(default_factory=dict)
    roll: Roll = NO_ROLL
    mechanisms: Mapping[str, Mechanism] = field(default_factory=dict)

    @cached_property
    def provisions(self) -> Provisions:
        """All provisions of all books; an id begins with its book's, so that none stands in two."""
        found: dict[str, tuple[Provision, ...]] = {}
        for provisions in (
            *(x.provisions for x in self.treaties.values()),
            *(x.provisions for x in self.states.values()),
        ):
            found.update(provisions)
        return MappingProxyType(found)

    def treaty(self, basis: str) -> Treaty:
        """The book of the instrument `basis`. Raises Invalid (``law.basis``)."""
        found = self.treaties.get(basis)
        if found is None:
            raise Invalid(
                f"There is no law book for the legal basis {basis!r}. Known: {', '.join(sorted(self.treaties))}.",
                code="law.basis",
                where="basis",
            )
        return found

    def state(self, code: str, where: str = "requested") -> State:
        """The book of the State `code`; `where` is the field that names it. Raises Invalid (``law.state``)."""
        found = self.states.get(code)
        if found is None:
            raise Invalid(
                f"There is no law book for the State {code!r}. Known: {', '.join(sorted(self.states))}.",
                code="law.state",
                where=where,
            )
        return found

    def named(self, code: str, where: str) -> str:
        """`code`, when it is on the roll or has a book; `where` is the field. Raises Invalid (``law.state``)."""
        return code if code in self.roll.states else self.state(code, where).code

    def mechanism(self, basis: str) -> Mechanism:
        """The mechanism of the treaty `basis`. Raises Invalid (``law.mechanism``)."""
        found = self.mechanisms.get(basis)
        if found is None:
            text = f"There is no mechanism of {basis!r} in these books. Known: {', '.join(sorted(self.mechanisms)) or '-'}."
            raise Invalid(text, code="law.mechanism", where="basis")
        return found

    def measure(self, basis: str, measure: Measure) -> MeasureRule:
        """What `basis` says of `measure`. Raises Invalid (``law.basis``, ``law.measure``)."""
        found = self.treaty(basis).measures.get(measure)
        if found is None:
            raise Invalid(f"{basis} does not know the measure {measure}.", code="law.measure", where="measure")
        return found

    def provision(self, name: str, on: date | None = None) -> Provision:
        """The provision `name`: the version in force on `on`, or the newest when no day is given.

        Raises:
            Invalid: no book has it, or not on that day (``law.provision``).
        """
        versions = self.provisions.get(name, ())
        found = in_force(self.provisions, name, on) if on else max(versions, key=_newness, default=None)
        if found:
            return found
        when = f" on {on.isoformat()}" if on else ""
        raise Invalid(f"No law book has the provision {name!r}{when}.", code="law.provision", where=name)

    def contents(self, basis: str, measure: Measure) -> tuple[Content, ...]:
        """What a request for `measure` under `basis` must say. Raises Invalid as `measure`."""
        rule = self.measure(basis, measure)
        return self.treaty(basis).contents_of[rule.id]

    def grounds(self, basis: str, measure: Measure, on: date) -> tuple[Ground, ...]:
        """The grounds for `measure` under `basis` that apply on `on`, with their stance. Raises Invalid."""
        rule, treaty = self.measure(basis, measure), self.treaty(basis)
        return tuple(
            ground for ground in treaty.grounds_of[rule.id] if in_force(treaty.provisions, ground.provision, on)
        )

    def duties(self, basis: str, measure: Measure) -> tuple[Duty, ...]:
        """The duties that come with `measure` under `basis`. Raises Invalid as `measure`."""
        rule = self.measure(basis, measure)
        return tuple(duty for duty in self.treaty(basis).duties if rule.id in duty.measures)

    def clocks(self, basis: str, measure: Measure) -> tuple[ClockRule, ...]:
        """The clocks that `measure` sets running under `basis`. Raises Invalid as `measure`."""
        rule = self.measure(basis, measure)
        return self.treaty(basis).clocks_of[rule.id]

    def clock(self, book: str, name: str) -> ClockRule:
        """The clock `name` of a treaty or a State, e.g. ``preservation``. Raises Invalid (``law.basis``, ``law.clock``)."""
        clocks = (self.states.get(book) or self.treaty(book)).clocks
        found = next((clock for clock in clocks if clock.id == name), None)
        if found is None:
            raise Invalid(f"{book} sets no clock {name!r}.", code="law.clock", where="clock")
        return found

    def cites(self, basis: str, measure: Measure, rule: str) -> tuple[str, ...]:
        """What `rule` stands on for `measure` under `basis`. Raises Invalid (``law.basis``, ``law.rule``)."""
        found = self.treaty(basis).citations.get((measure, rule))
        if not found:
            raise Invalid(f"{basis} has no rule {rule!r} for {measure}.", code="law.rule", where="basis")
        return found

    def cited(self, basis: str, measure: Measure, rule: str) -> tuple[str, ...]:
        """The same, but empty when the book of `basis` has no such rule for `measure`. Raises Invalid (``law.basis``)."""
        return self.treaty(basis).citations.get((measure, rule), ())

    def treaty_offence(self, basis: str, code: str) -> TreatyOffence | None:
        """The offence of `basis` that `code` names, in that book or in a sister's; None when it has none."""
        treaty = self.treaty(basis)
        if code in treaty.offences:
            return treaty.offences[code]
        if ":" not in code:
            return None
        own = self.offence(code).same_as
        found = treaty.offences.get(own) or next(
            (item for item in treaty.offences.values() if item.same_as in (code, own) and item.same_as), None
        )
        return self.treaty_offence(treaty.supplements, code) if found is None and treaty.supplements else found

    def offence(self, code: str) -> TreatyOffence:
        """The treaty offence `code`, e.g. ``uncc:13``. Raises Invalid (``law.offence``)."""
        for treaty in self.treaties.values():
            if code in treaty.offences:
                return treaty.offences[code]
        raise Invalid(f"No treaty book has the offence {code!r}.", code="law.offence", where="offence.code")

    def offences(self, state: str, code: str, on: date) -> tuple[NationalOffence, ...]:
        """The provisions of `state` that answer to the offence `code`, in force on `on`; empty when it is silent.

        Raises:
            Invalid: there is no book for the State, or no treaty's book has the offence.
        """
        book, code = self.state(state), self.offence(code).same_as or code
        return book.lines(book.offences_of.get(code, ()), on)

    def status(self, basis: str, requesting: str, requested: str, on: date) -> Status:
        """Whether `basis` binds the two States on `on`; computed from the deposits listed, never typed.

        A deposit that is not sure (marks M and ?) never makes the treaty bind; it only makes the answer None.

        Raises:
            Invalid: there is no book for the basis.
        """
        key = (basis, requesting, requested, on)
        found = self._answered.get(key)
        if found is None:
            if len(self._answered) >= _MOST_ANSWERS:
                self._answered.clear()
            found = self._answered[key] = self._status(self.treaty(basis), (requesting, requested), on)
        return found

    @cached_property
    def _answered(self) -> dict[tuple[str, str, str, date], Status]:
        """Answers given already: every check asks for the same pair and day several times."""
        return {}

    def _status(self, treaty: Treaty, pair: tuple[str, str], on: date) -> Status:
        if treaty.entry is None:
            return Status(None, None, 0, 0, (), None)
        bound = {state: self.bound(treaty.id, state, on) for state in pair}
        in_force = False if False in bound.values() else None if None in bound.values() else True
        barred = tuple(item for item in treaty.objected(pair, on) if item.precludes)
        if barred and in_force is not False:
            in_force = False if any(self.provision(item.provision, on).sure in SURE for item in barred) else None
        started = treaty.perhaps is not None and treaty.perhaps <= on
        return Status(
            in_force=in_force,
            since=max(day for state in pair if (day := self.since(treaty.id, state))) if in_force else None,
            deposits=treaty.deposits(on),
            needed=treaty.entry.needed,
            unbound=tuple(state for state, answer in bound.items() if answer is False) if started else (),
            known_on=treaty.entry.known_on,
            left=tuple(state for state, answer in bound.items() if answer is False and treaty.left(state, on)),
            precluded=tuple(item.provision for item in barred) if False not in bound.values() else (),
        )

    def bound(self, basis: str, state: str, on: date) -> bool | None:
        """Whether `state` is bound by `basis` on `on`; by a protocol only if by the treaty that it supplements too.

        None when the books cannot tell, and where there is nothing to be bound by. Raises Invalid (``law.basis``).
        """
        treaty = self.treaty(basis)
        if treaty.between and state not in treaty.between:
            return False
        own = treaty.bound(state, on)
        if own is False or not treaty.supplements:
            return own
        parent = self.bound(treaty.supplements, state, on)
        return own if parent is True else parent

    def since(self, basis: str, state: str) -> date | None:
        """The day by which `state` is surely bound by `basis`, or None. Raises Invalid (``law.basis``)."""
        treaty = self.treaty(basis)
        own = treaty.since(state)
        parent = self.since(treaty.supplements, state) if treaty.supplements else own
        return max(own, parent) if own and parent else None


def _newness(provision: Provision) -> date:
    return provision.since or date.min


_MOST_ANSWERS: Final = 100_000
NO_BOOKS: Final = Books(MappingProxyType({}), MappingProxyType({}))


def load(folder: Path) -> Books:
    """All law books in `folder`: ``treaties/*.toml`` first, then ``states/*.toml``, then the roll and the mechanisms.

    Args:
        folder: e.g. what `default_folder` returns.

    Raises:
        BrokenLawbook: a book is missing, unreadable, contradictory or incomplete; `where` names file, line and place,
            and the text says what to write instead.
    """
    books = renewed(NO_BOOKS, pages(folder))
    if not books.treaties:
        raise BrokenLawbook(
            "The folder has no treaties/*.toml. Name the folder that holds the law books.",
            code="lawbook.file",
            where=str(folder),
        )
    return beside(books, folder)


def beside(books: Books, folder: Path) -> Books:
    """`books` with the roll and the mechanisms of `folder`, as far as it has them. Raises BrokenLawbook."""
    roll = folder / "roll.toml"
    read = [open_page(path, f"mechanism/{path.name}") for path in sorted((folder / "mechanism").glob("*.toml"))]
    mechanisms: dict[str, Mechanism] = {}
    for page in read:
        found = read_mechanism(page, books.treaties)
        _named_after_file(page, found.treaty)
        mechanisms[found.treaty] = found
    known = read_roll(open_page(roll, roll.name)) if roll.exists() else NO_ROLL
    return replace(books, roll=known, mechanisms=MappingProxyType(mechanisms))


def pages(folder: Path) -> tuple[Page, ...]:
    """The files of the law books in `folder`, treaties first. Raises BrokenLawbook when one cannot be read as TOML."""
    return tuple(
        open_page(path, f"{room}/{path.name}")
        for room in ("treaties", "states")
        for path in sorted((folder / room).glob("*.toml"))
    )


def renewed(books: Books, read: Iterable[Page]) -> Books:
    """`books` with the pages `read` in place of those of the same file, or beside them.

    A State's book is checked against the offences of the treaties: when these change, read the States' pages again too.

    Raises:
        BrokenLawbook: as `load`.
    """
    treaties, states = dict(books.treaties), dict(books.states)
    read = tuple(read)
    for page in read:
        if page.file.startswith("treaties/"):
            treaty = read_treaty(page)
            _named_after_file(page, treaty.id)
            treaties[treaty.id] = treaty
    offences = {code: offence for treaty in treaties.values() for code, offence in treaty.offences.items()}
    for code, offence in offences.items():
        _sisters(code, offence, offences)
    for treaty in treaties.values():
        parent = treaties.get(treaty.supplements)
        if treaty.supplements and (parent is None or parent.supplements):
            raise BrokenLawbook(
                "supplements names the book of a treaty that stands on its own. Correct it, or add that book.",
                code="lawbook.cite",
                where=f"treaties/{treaty.id}.toml, [book], field supplements",
            )
    for page in read:
        if page.file.startswith("states/"):
            state = read_state(page, offences)
            _named_after_file(page, state.code)
            states[state.code] = state
    texts = {**books.texts, **{page.sha256: page.text.encode() for page in read}}
    return replace(
        books,
        treaties=MappingProxyType(treaties),
        states=MappingProxyType(states),
        texts=MappingProxyType(texts),
    )


def _sisters(code: str, offence: TreatyOffence, offences: Mapping[str, TreatyOffence]) -> None:
    """Refuse an offence that is the same as none, or as one that itself points on: the chain could be a circle."""
    if not offence.same_as:
        return
    sister = offences.get(offence.same_as)
    where = f"treaties/{code.partition(':')[0]}.toml, [[offence]] ({code}), field same_as"
    if sister is None:
        text = f"{code} is the same as {offence.same_as}, which no treaty's book has. Correct same_as."
        raise BrokenLawbook(text, code="lawbook.cite", where=where)
    if sister.same_as:
        text = f"{offence.same_as} itself points to {sister.same_as}. Name the offence that stands on its own."
        raise BrokenLawbook(text, code="lawbook.circle", where=where)
    if extra := sorted({*offence.elements, *offence.one_of} - {*sister.elements, *sister.one_of}):
        text = f"{code} has what its sister {sister.code} has not: {', '.join(extra)}. Use its words, or no same_as."
        raise BrokenLawbook(text, code="lawbook.value", where=where)


def _named_after_file(page: Page, name: str) -> None:
    if page.file.partition("/")[2] != f"{name}.toml":
        raise BrokenLawbook(
            f"The book {name} must be the file {name}.toml. Rename the file or correct its id.",
            code="lawbook.value",
            where=f"{page.file}, [{'mechanism' if page.file.startswith('mechanism/') else 'book'}], field id",
        )


def default_folder() -> Path:
    """The law books that came with the program: ``comity/_lawbooks`` in a wheel, ``lawbooks`` in a clone.

    Raises:
        BrokenLawbook: neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_lawbooks", package.parent.parent / "lawbooks"):
        if folder.is_dir():
            return folder
    raise BrokenLawbook(
        "The law books are not installed with the program. Name their folder.", code="lawbook.file", where=str(package)
    )
