"""Situations that a lawyer can read: what the law room must say of each, checked against the law books.

Each file of ``lawbooks/cases`` is TOML in flat rows, as the law books are. A ``[[request]]`` is a base that situations vary;
a ``[[supposition]]`` says plainly what is supposed of the books. The other rows are the situations: a request and what the
check finds (``[[case]]``), which instruments there are for it (``[[choice]]``), whom an instrument binds (``[[status]]``),
what stands between two States (``[[bond]]``), what a book says of a subject (``[[line]]``), when a clock is due
(``[[clock]]``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from comity.casework.request import Request
from comity.errors import Invalid
from comity.law import sayings
from comity.law._row import Page, Row, open_page, unique
from comity.law.assess import Side, assess
from comity.law.book import Books, load, pages
from comity.law.dates import Pause
from comity.law.finding import Finding, Verdict
from comity.law.supposition import Supposition, read_suppositions, supposed

_TABLES = frozenset({"bond", "cases", "case", "choice", "clock", "line", "request", "status", "supposition"})
_SIDES: Mapping[str, tuple[Side, ...]] = {
    "requesting": ("requesting",),
    "requested": ("requested",),
    "both": ("requesting", "requested"),
}
_ANSWERS: Mapping[str, bool | None] = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True)
class Expected:
    """What must be found: ``code: value; value > field, field @ provision, provision``; only the code is needed.

    Each value is one of the finding's parameters, or a part of a list among them, or the remedy. The fields, where given,
    are all that are to be mended; the provisions, where given, are all that the finding cites.
    """

    code: str
    values: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    cites: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Expected:
        """What `text` says. Raises ValueError when it names no code."""
        head, _, cites = text.partition(" @ ")
        head, _, names = head.partition(" > ")
        code, _, values = head.partition(": ")
        if not code.strip() or " " in code:
            raise ValueError(text)
        return cls(code, tuple(_parts(values, ";")), frozenset(_parts(names, ",")), frozenset(_parts(cites, ",")))

    def met_by(self, finding: Finding) -> bool:
        """Whether `finding` is what is expected."""
        if finding.code != self.code or (self.cites and self.cites != set(finding.cites)):
            return False
        known = {finding.remedy}
        for _, value in finding.params:
            known |= {value, *value.split(", ")}
        return known.issuperset(self.values) and (not self.fields or self.fields == set(finding.fields))

    def __str__(self) -> str:
        """As a case writes it."""
        values = f": {'; '.join(self.values)}" if self.values else ""
        names = f" > {', '.join(sorted(self.fields))}" if self.fields else ""
        return f"{self.code}{values}{names}" + (f" @ {', '.join(sorted(self.cites))}" if self.cites else "")


def _parts(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]


@dataclass(frozen=True)
class Head:
    """What every situation has.

    Args:
        id: short name, its own among all cases.
        en: the situation and what the law says, in English.
        fa: the same in Persian.
        where: file and line.
        on: the day for which the law is asked.
        suppose: ids of the suppositions under which it stands.
    """

    id: str
    en: str
    fa: str
    where: str
    on: date
    suppose: tuple[str, ...]


class Situation(Protocol):
    """A situation and what must be said of it."""

    @property
    def head(self) -> Head:
        """Name, texts, place, day and suppositions."""

    def faults(self, books: Books) -> Iterator[str]:
        """What `books` say otherwise than the situation does, each in one line. Raises Invalid."""


@dataclass(frozen=True)
class Case:
    """A request, and what the check finds.

    Args:
        head: see `Head`.
        request: the request.
        sides: whose check it is.
        failed: all findings that fail, no more and no fewer.
        unknown: findings among those that are questions.
        passed: findings among those that pass.
        absent: findings that are not there.
        whole: all findings in their order, when the case names them all.
        invalid: code of the error instead, when no book can carry the request.
    """

    head: Head
    request: Request
    sides: tuple[Side, ...]
    failed: tuple[Expected, ...]
    unknown: tuple[Expected, ...]
    passed: tuple[Expected, ...]
    absent: tuple[Expected, ...]
    whole: tuple[Expected, ...]
    invalid: str

    def faults(self, books: Books) -> Iterator[str]:
        """See `Situation`."""
        for side in self.sides:
            try:
                findings = assess(self.request, books, on=self.head.on, side=side).findings
            except Invalid as error:
                if error.code != self.invalid:
                    yield f"{side}: {error}"
                continue
            if self.invalid:
                yield f"{side}: not refused as {self.invalid}"
            else:
                yield from (f"{side}: {fault}" for fault in self._missed(findings))

    def _missed(self, findings: tuple[Finding, ...]) -> Iterator[str]:
        by_verdict = {verdict: [item for item in findings if item.verdict is verdict] for verdict in Verdict}
        failed = list(by_verdict[Verdict.FAILED])
        for want in self.failed:
            found = next((item for item in failed if want.met_by(item)), None)
            if found is None:
                yield f"not failed: {want}"
            else:
                failed.remove(found)
        yield from (f"failed as well: {sayings.finding(item)}" for item in failed)
        for verdict, wanted in ((Verdict.UNKNOWN, self.unknown), (Verdict.PASSED, self.passed)):
            for want in wanted:
                if not any(want.met_by(item) for item in by_verdict[verdict]):
                    yield f"not {verdict}: {want}"
        yield from (f"found: {want}" for want in self.absent if any(want.met_by(item) for item in findings))
        if self.whole:
            if len(self.whole) != len(findings):
                yield f"{len(findings)} findings, not {len(self.whole)}"
            for want, item in zip(self.whole, findings, strict=False):
                if not want.met_by(item):
                    yield f"found {sayings.finding(item)}, not {want}"


@dataclass(frozen=True)
class StatusCase:
    """Whether an instrument binds two States on a day: `binds`, the day `since`, who is `unbound` and who has `left`."""

    head: Head
    basis: str
    between: tuple[str, str]
    binds: bool | None
    since: date | None
    unbound: tuple[str, ...]
    left: tuple[str, ...]
    deposits: int | None

    def faults(self, books: Books) -> Iterator[str]:
        """See `Situation`."""
        status = books.status(self.basis, *self.between, self.head.on)
        for name, want, said in (
            ("binds", self.binds, status.in_force),
            ("since", self.since, status.since),
            ("unbound", self.unbound, status.unbound),
            ("left", self.left, status.left),
            ("deposits", status.deposits if self.deposits is None else self.deposits, status.deposits),
        ):
            if want != said:
                yield f"{name} is {said}, not {want}"


@dataclass(frozen=True)
class ChoiceCase:
    """Which instruments there are for a request, the first to look at first: `options` as `sayings.option` writes them."""

    head: Head
    request: Request
    options: tuple[str, ...]

    def faults(self, books: Books) -> Iterator[str]:
        """See `Situation`."""
        said = sayings.options(self.request, books, self.head.on)
        if said != self.options:
            yield f"the options are {list(said)}, not {list(self.options)}"


@dataclass(frozen=True)
class BondCase:
    """What stands between two States whatever is asked: `says` are the instruments as `sayings.bonds` writes them."""

    head: Head
    between: tuple[str, str]
    says: tuple[str, ...]

    def faults(self, books: Books) -> Iterator[str]:
        """See `Situation`."""
        said = sayings.bonds(books, *self.between, self.head.on)
        if said != self.says:
            yield f"it says {list(said)}, not {list(self.says)}"


@dataclass(frozen=True)
class LineCase:
    """What a book says of a subject: `says` are its lines as `sayings.lines` writes them, no more and no fewer."""

    head: Head
    book: str
    about: str
    says: tuple[str, ...]

    def faults(self, books: Books) -> Iterator[str]:
        """See `Situation`."""
        said = sayings.lines(books, self.book, self.about, self.head.on)
        yield from (f"does not say: {line}" for line in self.says if line not in said)
        yield from (f"says as well: {line}" for line in said if line not in self.says)
        if sorted(self.says) == sorted(said) and list(self.says) != list(said):
            yield "says it in another order"


@dataclass(frozen=True)
class ClockCase:
    """When the clock `clock` of the book `book`, started at `started`, is due in the State `state`.

    `stood` names the times during which it stood still, each as ``BEGIN/END``, or ``BEGIN/`` while it lasts.
    """

    head: Head
    book: str
    clock: str
    state: str
    started: datetime
    due: str
    stood: tuple[Pause, ...] = ()

    def faults(self, books: Books) -> Iterator[str]:
        """See `Situation`."""
        said = sayings.due(books, self.book, self.clock, self.state, self.started, self.stood)
        if said != self.due:
            yield f"due {said}, not {self.due}"


@dataclass(frozen=True)
class Cases:
    """All situations, with the books that they are asked of.

    Args:
        shelf: the pages of the books.
        books: the books read from them.
        suppositions: by id.
        situations: in the order of the files.
    """

    shelf: tuple[Page, ...]
    books: Books
    suppositions: Mapping[str, Supposition]
    situations: tuple[Situation, ...]

    def books_for(self, situation: Situation) -> Books:
        """The books under what `situation` supposes; made once. Raises BrokenLawbook."""
        suppose = situation.head.suppose
        if suppose not in self._made:
            items = [self.suppositions[name] for name in suppose]
            self._made[suppose] = supposed(self.books, self.shelf, items)
        return self._made[suppose]

    @cached_property
    def _made(self) -> dict[tuple[str, ...], Books]:
        return {(): self.books}

    def faults(self, situations: Iterable[Situation] | None = None) -> Iterator[tuple[Situation, str]]:
        """Each of `situations` (or of all) of which the books say otherwise, with what they say. Raises BrokenLawbook."""
        for situation in self.situations if situations is None else situations:
            try:
                yield from ((situation, fault) for fault in situation.faults(self.books_for(situation)))
            except Invalid as error:
                yield situation, str(error)


def load_cases(folder: Path) -> Cases:
    """The law books in `folder` and the situations in its ``cases``.

    Args:
        folder: e.g. what `book.default_folder` returns.

    Raises:
        BrokenLawbook: a book or a file of situations is not as it must be; names file, line, place and remedy.
    """
    books, home = load(folder), folder / "cases"
    read = [open_page(path, f"cases/{path.relative_to(home)}") for path in sorted(home.rglob("*.toml"))]
    for page in read:
        page.only(_TABLES)
    suppositions = read_suppositions(read)
    bases = _bases(read)
    found: list[tuple[Row, Situation]] = []
    for page in read:
        title = page.table("cases")
        title.text("en"), title.text("fa")
        on = title.day("on")
        title.done()
        for table, make in _MAKERS.items():
            for row in page.rows(table):
                found.append((row, make(row, _head(row, on, suppositions), bases)))
                row.done()
    unique(((row, situation.head.id) for row, situation in found), "This situation")
    return Cases(pages(folder), books, suppositions, tuple(situation for _, situation in found))


def _head(row: Row, on: date | None, suppositions: Mapping[str, Supposition]) -> Head:
    day = row.day("on") or on
    if day is None:
        row.fault("on is missing. Write on = 2026-11-24, here or under [cases].", "lawbook.field-missing", "on")
    return Head(
        id=row.text("id"),
        en=row.text("en"),
        fa=row.text("fa"),
        where=row.where(),
        on=day,
        suppose=row.choices("suppose", suppositions),
    )


Raw = dict[str, Any]


def _bases(read: Iterable[Page]) -> Mapping[str, Raw]:
    """The ``[[request]]`` rows as plain values; one that is `like` another takes what it does not state from that."""
    found: dict[str, Raw] = {}
    for page in read:
        for row in page.rows("request"):
            name, like = row.text("id"), row.text("like", "")
            if name in found or (like and like not in found):
                row.fault("A base has a name of its own, and is like one that stands above.", "lawbook.value", "like")
            row.text("en", ""), row.text("fa", "")
            stated = {part.name: row.value(part.name) for part in fields(Request) if row.has(part.name)}
            found[name] = _varied(row, found.get(like, {}), stated, row.texts("clear"))
            row.done()
            _request(row, found[name])
    return found


def _varied(row: Row, raw: Raw, change: Raw, clear: Iterable[str]) -> Raw:
    """`raw` with the fields `clear` taken out and those of `change` put in their place."""
    found = deepcopy(raw)
    for name in clear:
        if not _cleared(found, name.split(".")):
            row.fault(f"The base does not state {name}. Remove it here.", "lawbook.value", "clear")
    _merge(found, _plain(change))
    return found


def _cleared(raw: Any, path: list[str]) -> bool:
    """Take the field `path` out of `raw`, or out of each record of a list; whether it was there."""
    if isinstance(raw, list):
        return sum(_cleared(item, path) for item in raw) > 0  # each of them, not only the first
    if not isinstance(raw, dict) or path[0] not in raw:
        return False
    if len(path) > 1:
        return _cleared(raw[path[0]], path[1:])
    del raw[path[0]]
    return True


def _merge(raw: Raw, change: Raw) -> None:
    """Put `change` into `raw`: parts of a record one by one, of a list of records into each; all else as a whole."""
    for name, value in change.items():
        here = raw.get(name)
        if isinstance(value, dict) and isinstance(here, list):
            for item in here:
                _merge(item, value)
        elif isinstance(value, dict) and isinstance(here, dict):
            _merge(here, value)
        else:
            raw[name] = value


def _plain(value: Any) -> Any:
    """What TOML made of a value, as JSON has it: days and moments as text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _request(row: Row, raw: Raw) -> Request:
    """The request in `raw`; its reference, where none is stated, is the first of its State in 2026."""
    named = {"reference": f"{raw.get('requesting', 'XX')}-2026-0001", **raw}
    try:
        return Request.from_dict(named)
    except Invalid as error:
        row.fault(f"{error.message} ({error.where})", "lawbook.value", "change")


def _asked(row: Row, bases: Mapping[str, Raw]) -> Request:
    base = row.choice("request", bases)
    change = row.value("change") or {}
    if not isinstance(change, dict):
        row.fault('change has the wrong type. Write change = { facts = "" }.', "lawbook.type", "change")
    return _request(row, _varied(row, bases[base], change, row.texts("clear")))


def _expected(row: Row, field: str, *, required: bool = False) -> tuple[Expected, ...]:
    found = []
    for text in row.texts(field, required=required):
        try:
            found.append(Expected.parse(text))
        except ValueError:
            row.fault(f"{text!r} names no code. Write code: value @ provision.", "lawbook.value", field)
    return tuple(found)


def _case(row: Row, head: Head, bases: Mapping[str, Raw]) -> Case:
    invalid = row.text("invalid", "")
    return Case(
        head=head,
        request=_asked(row, bases),
        sides=_SIDES[row.choice("side", _SIDES, "both")],
        failed=_expected(row, "failed", required=not invalid),
        unknown=_expected(row, "unknown"),
        passed=_expected(row, "passed"),
        absent=_expected(row, "absent"),
        whole=_expected(row, "findings"),
        invalid=invalid,
    )


def _choice(row: Row, head: Head, bases: Mapping[str, Raw]) -> ChoiceCase:
    return ChoiceCase(head, _asked(row, bases), row.texts("options", required=True))


def _between(row: Row) -> tuple[str, str]:
    between = row.texts("between", required=True)
    if len(between) != 2:
        row.fault('A treaty binds two: write between = ["IR", "VN"].', "lawbook.value", "between")
    return between[0], between[1]


def _bond(row: Row, head: Head, _bases: Mapping[str, Raw]) -> BondCase:
    return BondCase(head, _between(row), row.texts("says", required=True))


def _status(row: Row, head: Head, _bases: Mapping[str, Raw]) -> StatusCase:
    return StatusCase(
        head=head,
        basis=row.text("basis"),
        between=_between(row),
        binds=_ANSWERS[row.choice("binds", _ANSWERS)],
        since=row.day("since"),
        unbound=row.texts("unbound"),
        left=row.texts("left"),
        deposits=row.whole("deposits", 0) if row.has("deposits") else None,
    )


def _line(row: Row, head: Head, _bases: Mapping[str, Raw]) -> LineCase:
    return LineCase(head, row.text("book"), row.text("about"), row.texts("says", required=True))


def _clock(row: Row, head: Head, _bases: Mapping[str, Raw]) -> ClockCase:
    started = row.value("started")
    if not isinstance(started, datetime) or started.utcoffset() is None:
        row.fault("started is a moment with its offset: 2026-11-24T10:00:00Z.", "lawbook.date", "started")
    stood = tuple(_pause(row, text) for text in row.texts("stood"))
    return ClockCase(head, row.text("book"), row.text("clock"), row.text("state"), started, row.text("due"), stood)


def _pause(row: Row, text: str) -> Pause:
    since, stroke, until = text.partition("/")
    try:
        return Pause(datetime.fromisoformat(since), datetime.fromisoformat(until) if until or not stroke else None)
    except (ValueError, Invalid):
        row.fault("Write a time as BEGIN/END, both moments with their offset.", "lawbook.date", "stood")


_MAKERS: Mapping[str, Callable[[Row, Head, Mapping[str, Raw]], Situation]] = {
    "case": _case,
    "choice": _choice,
    "status": _status,
    "bond": _bond,
    "line": _line,
    "clock": _clock,
}
