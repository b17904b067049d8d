"""The law books together, one question at a time, always for a date. Loaded once; nothing here reads a file later.

There is no book inside the code and no default State: `load` reads ``treaties/*.toml`` and ``states/*.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from comity.casework.request import Measure
from comity.errors import BrokenLawbook, Invalid
from comity.law._row import open_page
from comity.law.provision import Provision, in_force
from comity.law.state import NationalOffence, State, read_state
from comity.law.treaty import ClockRule, Content, Duty, Ground, MeasureRule, Treaty, TreatyOffence, read_treaty


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
    """

    in_force: bool | None
    since: date | None
    deposits: int
    needed: int
    unbound: tuple[str, ...]
    known_on: date | None


@dataclass(frozen=True)
class Books:
    """All law books. Each question names what it is about; an unknown basis, measure, State or provision is Invalid."""

    treaties: Mapping[str, Treaty]
    states: Mapping[str, State]

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
        shelves = [book.provisions for book in self.treaties.values()] + [
            book.provisions for book in self.states.values()
        ]
        for shelf in shelves:
            versions = shelf.get(name, ())
            found = in_force(shelf, name, on) if on else max(versions, key=_newness, default=None)
            if found:
                return found
        when = f" on {on.isoformat()}" if on else ""
        raise Invalid(f"No law book has the provision {name!r}{when}.", code="law.provision", where=name)

    def contents(self, basis: str, measure: Measure) -> tuple[Content, ...]:
        """What a request for `measure` under `basis` must say. Raises Invalid as `measure`."""
        rule = self.measure(basis, measure)
        return tuple(content for content in self.treaty(basis).contents if content.measure == rule.id)

    def grounds(self, basis: str, measure: Measure, on: date) -> tuple[Ground, ...]:
        """The grounds for `measure` under `basis` that apply on `on`, with their stance. Raises Invalid."""
        rule, treaty = self.measure(basis, measure), self.treaty(basis)
        return tuple(
            ground
            for ground in treaty.grounds
            if rule.id in ground.measures and in_force(treaty.provisions, ground.provision, on)
        )

    def duties(self, basis: str, measure: Measure) -> tuple[Duty, ...]:
        """The duties that come with `measure` under `basis`. Raises Invalid as `measure`."""
        rule = self.measure(basis, measure)
        return tuple(duty for duty in self.treaty(basis).duties if rule.id in duty.measures)

    def clock(self, basis: str, name: str) -> ClockRule:
        """The clock `name` of `basis`, e.g. ``preservation``. Raises Invalid (``law.basis``, ``law.clock``)."""
        found = next((clock for clock in self.treaty(basis).clocks if clock.id == name), None)
        if found is None:
            raise Invalid(f"{basis} sets no clock {name!r}.", code="law.clock", where="basis")
        return found

    def cites(self, basis: str, measure: Measure, rule: str) -> tuple[str, ...]:
        """What `rule` stands on for `measure` under `basis`. Raises Invalid (``law.basis``, ``law.rule``)."""
        found = self.treaty(basis).citations.get((measure, rule))
        if not found:
            raise Invalid(f"{basis} has no rule {rule!r} for {measure}.", code="law.rule", where="basis")
        return found

    def offence(self, code: str) -> TreatyOffence:
        """The treaty offence `code`, e.g. ``uncc:13``. Raises Invalid (``law.offence``)."""
        for treaty in self.treaties.values():
            if code in treaty.offences:
                return treaty.offences[code]
        raise Invalid(f"No treaty book has the offence {code!r}.", code="law.offence", where="offence.code")

    def offences(self, state: str, code: str, on: date) -> tuple[NationalOffence, ...]:
        """The provisions of `state` that answer to the offence `code`, in force on `on`; empty when it is silent.

        Raises:
            Invalid: there is no book for the State.
        """
        book = self.state(state)
        return book.lines(tuple(line for line in book.offences if line.code == code), on)

    def status(self, basis: str, requesting: str, requested: str, on: date) -> Status:
        """Whether `basis` binds the two States on `on`; computed from the deposits listed, never typed.

        A deposit that is not sure (marks M and ?) never makes the treaty bind; it only makes the answer None.

        Raises:
            Invalid: there is no book for the basis.
        """
        treaty = self.treaty(basis)
        if treaty.entry is None:
            return Status(None, None, 0, 0, (), None)
        pair = (requesting, requested)
        surely = [treaty.bound_since(state, sure=True) for state in pair]
        perhaps = {state: treaty.bound_since(state, sure=False) for state in pair}
        unbound = tuple(state for state, day in perhaps.items() if day is None or day > on)
        since = max((day for day in surely if day), default=None) if all(surely) else None
        bound = since is not None and since <= on
        start = treaty.entered(sure=False)
        return Status(
            in_force=True if bound else False if unbound else None,
            since=since if bound else None,
            deposits=sum(day <= on for day in treaty.deposits(sure=False)),
            needed=treaty.entry.needed,
            unbound=unbound if start and start <= on else (),
            known_on=treaty.entry.known_on,
        )


def _newness(provision: Provision) -> date:
    return provision.since or date.min


def load(folder: Path) -> Books:
    """All law books in `folder`: ``treaties/*.toml`` first, then ``states/*.toml``.

    Args:
        folder: e.g. what `default_folder` returns.

    Raises:
        BrokenLawbook: a book is missing, unreadable, contradictory or incomplete; `where` names file, line and place,
            and the text says what to write instead.
    """
    treaties: dict[str, Treaty] = {}
    for path in sorted((folder / "treaties").glob("*.toml")):
        treaty = read_treaty(open_page(path, f"treaties/{path.name}"))
        _named_after_file(path, "treaties", treaty.id)
        treaties[treaty.id] = treaty
    if not treaties:
        raise BrokenLawbook(
            "The folder has no treaties/*.toml. Name the folder that holds the law books.",
            code="lawbook.file",
            where=str(folder),
        )
    offences = {code: offence for treaty in treaties.values() for code, offence in treaty.offences.items()}
    states: dict[str, State] = {}
    for path in sorted((folder / "states").glob("*.toml")):
        state = read_state(open_page(path, f"states/{path.name}"), offences)
        _named_after_file(path, "states", state.code)
        states[state.code] = state
    return Books(MappingProxyType(treaties), MappingProxyType(states))


def _named_after_file(path: Path, folder: str, name: str) -> None:
    if path.stem != name:
        raise BrokenLawbook(
            f"The book {name} must be the file {name}.toml. Rename the file or correct its id.",
            code="lawbook.value",
            where=f"{folder}/{path.name}, [book], field id",
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
