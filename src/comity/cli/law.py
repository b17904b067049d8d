"""The law on the command line: check a request, read a book, compare States, say what binds two of them on a day.

Nothing here needs a node, a database or a network; nothing here decides. Texts are in English or Persian.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.table import Table

from comity.casework.measure import LIVES, Measure
from comity.casework.request import Request, parse_date
from comity.errors import Invalid
from comity.law import comparison, instrument
from comity.law.assess import Assessment, Side, assess
from comity.law.book import Books, default_folder, load
from comity.law.finding import Finding
from comity.law.state import State
from comity.law.treaty import Treaty
from comity.wording import terms
from comity.wording.speech import LANGUAGES, Speech

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Read the law books: show, compare, status, check.")
_STYLE = {"failed": "red", "unknown": "yellow", "passed": "green"}
_MOST = 1_000_000  # bytes of a request: far more than the longest that can cross

On = Annotated[str, typer.Option(help="The day for which the law is asked, YYYY-MM-DD; today if not given.")]
Language = Annotated[str, typer.Option("--language", help="en or fa.")]
Folder = Annotated[Path | None, typer.Option("--books", help="Folder of law books; those of the program if not given.")]


class _Row(Protocol):
    @property
    def provision(self) -> str: ...
    @property
    def measures(self) -> tuple[Measure, ...]: ...


def _speech(language: str, folder: Path | None) -> Speech:
    if language not in LANGUAGES:
        raise Invalid(f"There are texts in {', '.join(LANGUAGES)}.", code="cli.language", where="--language")
    return Speech(language, load(folder or default_folder()))


def _day(text: str) -> date:
    try:
        return parse_date(text) if text else date.today()  # noqa: DTZ011 - the day where the reader sits
    except ValueError as error:
        raise Invalid(f"'{text[:40]}' is no date. Write it as YYYY-MM-DD.", code="date.form", where="--on") from error


def check_request(
    file: Annotated[str, typer.Argument(help="The request, JSON or TOML; - for standard input.")] = "-",
    requesting: Annotated[str, typer.Option(help="ISO code of the State that asks, if the file does not say.")] = "",
    requested: Annotated[str, typer.Option(help="ISO code of the State that is asked, if the file does not say.")] = "",
    side: Annotated[str, typer.Option(help="requesting: before sending; requested: on receipt.")] = "requesting",
    on: On = "",
    as_json: Annotated[bool, typer.Option("--json", help="The assessment as it stands in a signed act.")] = False,
    language: Language = "en",
    books: Folder = None,
) -> None:
    """Check a request against the treaty and both States' books. Exit code 0: nothing failed; 1: something did; 2: unusable.

    The machine assesses; an officer decides.
    """
    speech, day = _speech(language, books), _day(on)
    request = _request(_raw(file), requesting, requested, day)
    sides: dict[str, Side] = {"requesting": "requesting", "requested": "requested"}
    if side not in sides:
        raise Invalid("A side is requesting or requested.", code="cli.side", where="--side")
    found = assess(request, speech.books, on=day, side=sides[side])
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2, sort_keys=True))
    else:
        _print_assessment(Console(highlight=False), speech, request, found)
    raise typer.Exit(1 if found.failed else 0)


def _raw(file: str) -> dict[str, Any]:
    """What the file says, JSON or TOML. Raises Invalid."""
    if file == "-":
        source, data = "standard input", sys.stdin.buffer.read(_MOST + 1)
    else:
        source = file
        try:
            with Path(file).open("rb") as opened:
                data = opened.read(_MOST + 1)
        except OSError as error:
            raise Invalid(f"{file} cannot be read: {error.strerror}.", code="cli.file", where=file) from error
    if len(data) > _MOST:
        raise Invalid("This is longer than any request.", code="cli.file", where=source)
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text) if text.lstrip()[:1] == "{" else _plain(tomllib.loads(text))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Invalid(f"This is neither JSON nor TOML: {error}.", code="cli.file", where=source) from error
    if not isinstance(found, dict):
        raise Invalid("A request is an object with named fields.", code="cli.file", where=source)
    return found


def _plain(value: Any) -> Any:
    """TOML's dates and times as the text that a request is written with."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _request(raw: dict[str, Any], requesting: str, requested: str, day: date) -> Request:
    for field, code in (("requesting", requesting), ("requested", requested)):
        if code and raw.get(field, code) != code:
            raise Invalid(f"The file says {raw[field]}, the option {code}.", code="cli.state", where=f"--{field}")
        if code:
            raw[field] = code
    if "reference" not in raw and isinstance(raw.get("requesting"), str):
        raw["reference"] = f"{raw['requesting']}-{day.year}-0001"
    return Request.from_dict(raw)


def _print_assessment(console: Console, speech: Speech, request: Request, found: Assessment) -> None:
    heading = (
        f"{speech.term(terms.MEASURES, request.measure)}: {speech.state(request.requesting)} → "
        f"{speech.state(request.requested)}, {speech.basis(request.basis)}, {speech.day(found.on)}"
    )
    console.print(heading, style="bold", markup=False)
    for verdict in ("failed", "unknown", "passed"):
        lines = [item for item in found.findings if item.verdict == verdict]
        title = f"{speech.translate(terms.VERDICTS[verdict])} ({speech.digits(len(lines))})"
        console.print(f"\n{title}", style=f"bold {_STYLE[verdict]}", markup=False)
        for item in lines:
            _print_finding(console, speech, item, request, found.on)
    console.print(f"\n{speech.translate(terms.NO_DECISION)}", style="bold", markup=False)
    for name, digest in found.books:
        console.print(f"{name:<12} sha256 {digest}", style="dim", markup=False, soft_wrap=True)


def _print_finding(console: Console, speech: Speech, item: Finding, request: Request, on: date) -> None:
    params, measure = dict(item.params), str(request.measure)
    console.print(f"• {speech.sentence(item.code, params, measure)}", markup=False, soft_wrap=True)
    if item.remedy:
        console.print(f"  → {speech.sentence(item.remedy, params, measure)}", markup=False, soft_wrap=True)
    for name in item.cites:
        text, sure = speech.provision(name, on)
        console.print(f"  {name} [{sure}] {text}", style="dim", markup=False, soft_wrap=True)


@app.command("show")
def show(
    book: Annotated[str, typer.Argument(help="A State (ISO code, IR) or an instrument (uncc).")],
    about: Annotated[str, typer.Argument(help="An article, a measure or an offence; everything if not given.")] = "",
    on: On = "",
    language: Language = "en",
    books: Folder = None,
) -> None:
    """Read a book: its provisions in force on a day, each with how sure it is and where it comes from."""
    speech, day, console = _speech(language, books), _day(on), Console(highlight=False)
    found: Treaty | State = speech.books.states[book] if book in speech.books.states else speech.books.treaty(book)
    console.print(speech.state(book) if isinstance(found, State) else speech.basis(book), style="bold", markup=False)
    names = _about(speech.books, found, about, day)
    if not names:
        raise Invalid(f"The book {book} says nothing on {about!r} on {day}.", code="law.provision", where=about)
    if about in set(Measure):
        console.print(f"{speech.term(terms.MEASURES, about)} · {LIVES[Measure(about)]}", markup=False)
    for name in names:
        _print_provision(console, speech, name, day)
    console.print(
        f"{speech.translate(terms.NOT_LAW)}\nsha256 {found.sha256}", style="dim", markup=False, soft_wrap=True
    )


def _about(books: Books, book: Treaty | State, about: str, on: date) -> list[str]:
    """The provisions of `book` that speak of `about` on `on`."""
    alive = [name for name, versions in book.provisions.items() if any(item.applies(on) for item in versions)]
    if not about:
        return alive
    if about in set(Measure):
        asked = Measure(about)
        if isinstance(book, State):
            return [*comparison.measure(books, (book.code,), asked, on)[0].provisions]
        rows: tuple[_Row, ...] = (*book.contents, *book.grounds, *book.duties, *book.clocks)
        cited = [cite for (measure, _), cites in book.citations.items() if measure is asked for cite in cites]
        own = [book.measures[asked].provision] if asked in book.measures else []
        named = dict.fromkeys([*own, *(row.provision for row in rows if asked in row.measures), *cited])
        return [name for name in named if name in alive]
    if isinstance(book, State) and ":" in about and about.partition(":")[0] in books.treaties:
        return [line.provision for line in books.offences(book.code, about, on)]
    return [
        name
        for name in alive
        if name == about
        or any(item.article == about or item.article.startswith(f"{about}(") for item in book.provisions[name])
    ]


def _print_provision(console: Console, speech: Speech, name: str, on: date) -> None:
    found = speech.books.provision(name, on)
    text, sure = speech.provision(name, on)
    span = " · ".join(
        f"{word} {speech.day(day)}"
        for word, day in ((speech.translate(terms.FROM), found.since), (speech.translate(terms.UNTIL), found.until))
        if day
    )
    console.print(f"\n{name}  [{sure}]{'  ' + span if span else ''}", style="bold", markup=False, soft_wrap=True)
    console.print(text, markup=False, soft_wrap=True)
    if found.source:
        console.print(found.source, style="dim", markup=False, soft_wrap=True)


@app.command("compare")
def compare(
    states: Annotated[list[str], typer.Argument(help="Two or more States, ISO codes.")],
    article: Annotated[str, typer.Option(help="An offence (uncc:13) or a measure (extradition).")],
    on: On = "",
    language: Language = "en",
    books: Folder = None,
) -> None:
    """Put States side by side: what their own law says of an offence of the treaty, or of carrying out a measure."""
    speech, day, console = _speech(language, books), _day(on), Console(highlight=False)
    pick = tuple(dict.fromkeys(code.upper() for code in states))
    if len(pick) < 2:
        raise Invalid("Name at least two States.", code="cli.states", where="STATES")
    if article in set(Measure):
        table = _houses(speech, pick, Measure(article), day)
    else:
        table = _offences(speech, pick, article if ":" in article else f"uncc:{article}", day)
    console.print(table)
    console.print(speech.translate(terms.SILENT), style="dim", markup=False, soft_wrap=True)


def _offences(speech: Speech, states: tuple[str, ...], code: str, on: date) -> Table:
    table = Table(title=f"{speech.offence(code)} ({code}), {speech.day(on)}", title_justify="left")
    rows = comparison.offence(speech.books, states, code, on)
    table.add_column("")
    for row in rows:
        table.add_column(speech.state(row.state), overflow="fold")
    say = speech.translate
    yes_no = {True: say(terms.YES), False: say(terms.NO), None: "?"}
    table.add_row(say(terms.PROVISIONS), *(_listed(line.provision for line in row.lines) for row in rows))
    table.add_row(say(terms.NOT_COVERED), *(_words(speech, row.missing) if row.lines else "?" for row in rows))
    table.add_row(say(terms.ASKED_BEYOND), *(_words(speech, row.narrower) if row.lines else "?" for row in rows))
    table.add_row(say(terms.MAXIMUM), *(_penalties(speech, row) for row in rows))
    table.add_row(say(terms.SERIOUS), *(yes_no[row.serious] for row in rows))
    table.add_row(say(terms.SURENESS["verified"]), *(yes_no[row.verified] if row.lines else "?" for row in rows))
    return table


def _words(speech: Speech, elements: Iterable[str]) -> str:
    return speech.listing([speech.field(item) for item in elements]) or "–"


def _penalties(speech: Speech, row: comparison.Criminalised) -> str:
    months = [line.max_penalty_months for line in row.lines]
    return _listed(speech.months(item) if item is not None else "?" for item in months)


def _listed(parts: Iterable[str]) -> str:
    return "\n".join(parts) or "?"


def _houses(speech: Speech, states: tuple[str, ...], asked: Measure, on: date) -> Table:
    title = f"{speech.term(terms.MEASURES, asked)} ({asked}), {speech.day(on)}"
    table = Table(title=title, title_justify="left")
    rows = comparison.measure(speech.books, states, asked, on)
    table.add_column("")
    for row in rows:
        table.add_column(speech.state(row.state), overflow="fold")
    say = speech.translate
    table.add_row(say(terms.AUTHORISED_BY), *(_listed(
        f"{speech.term(terms.AUTHORISERS, line.by) if line.by else '?'} ({line.provision})" for line in row.authorisations
    ) for row in rows))  # fmt: skip
    table.add_row(say(terms.REFUSES), *(_listed(
        f"{speech.term(terms.SUBJECTS, line.subject)}: {speech.term(terms.STANCES, line.stance)}" for line in row.policies
    ) for row in rows))  # fmt: skip
    table.add_row(say(terms.LANGUAGES), *(_listed(speech.tongue(line.tag) for line in row.languages) for row in rows))
    table.add_row(say(terms.AUTHORITIES), *(_listed(
        line.fa if speech.language == "fa" else line.en for line in row.authorities
    ) for row in rows))  # fmt: skip
    table.add_row(say(terms.PERIODS), *(_listed(
        f"{speech.term(terms.CLOCKS, line.id)}: {speech.period(str(line.period))}" for line in row.clocks
    ) for row in rows))  # fmt: skip
    table.add_row(say(terms.KEPT), *(_listed(
        f"{speech.term(terms.CATEGORIES, line.category)}: {speech.period(str(line.period))}" for line in row.retention
    ) for row in rows))  # fmt: skip
    return table


@app.command("status")
def status(
    one: Annotated[str, typer.Argument(help="A State, ISO code.")],
    other: Annotated[str, typer.Argument(help="Another State, ISO code.")],
    on: On = "",
    language: Language = "en",
    books: Folder = None,
) -> None:
    """Say what binds two States on a day, computed from deposits, reservations and declarations, and what does not."""
    speech, day, console = _speech(language, books), _day(on), Console(highlight=False)
    pair = one.upper(), other.upper()
    console.print(f"{speech.state(pair[0])} · {speech.state(pair[1])}, {speech.day(day)}", style="bold", markup=False)
    for bond in instrument.bonds(speech.books, *pair, day):
        _print_bond(console, speech, bond, pair, day)
    for code, partner in (pair, pair[::-1]):
        book = speech.books.state(code)
        for line in book.lines(tuple(item for item in book.treaties if partner in item.partners), day):
            text, sure = speech.provision(line.provision, day)
            console.print(f"\n{speech.state(code)}: {line.provision} [{sure}] {text}", markup=False, soft_wrap=True)


def _print_bond(console: Console, speech: Speech, bond: instrument.Bond, pair: tuple[str, str], on: date) -> None:
    console.print(f"\n{speech.basis(bond.treaty.id)}", style="bold", markup=False, soft_wrap=True)
    console.print(speech.bond(bond), markup=False, soft_wrap=True)
    for code in pair:
        party = bond.treaty.parties.get(code)
        note = (party.fa if speech.language == "fa" else party.en) if party else ""
        if note:
            console.print(f"{speech.state(code)}: {note}", markup=False, soft_wrap=True)
    for name in (*(line.provision for line in bond.reservations), *(line.provision for line in bond.declarations)):
        text, sure = speech.provision(name, on)
        console.print(f"{name} [{sure}] {text}", markup=False, soft_wrap=True)


@app.command("check")
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of law books; those of the program if not given.")
    ] = None,
) -> None:
    """Load every law book of a folder and say what is in them; the first fault is named with file, line and remedy."""
    books = load(folder or default_folder())
    rows: Mapping[str, Treaty | State] = {**books.treaties, **books.states}
    for name, book in rows.items():
        versions = [item for found in book.provisions.values() for item in found]
        sure = sum(item.verified for item in versions)
        typer.echo(f"{name:<12} {len(versions):>4} provisions, {sure:>4} verified  sha256 {book.sha256}")
    typer.echo(f"{len(books.treaties)} instruments, {len(books.states)} States: no fault found.")
