"""The law on the command line: check a request, read a book, compare States, say what binds two of them on a day.

Who joined what, what is owed and what the Conference may decide stands in `standing`. Nothing here needs a node, a database
or a network; nothing here decides. Texts are in English or Persian, errors in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.casework.measure import LIVES, Measure
from comity.casework.request import Request
from comity.cli import _book, standing
from comity.cli import deadline as deadlines
from comity.cli._asked import Asked, Language, about_the_law, offence_of, speech_of, write_json
from comity.cli._input import near, raw_request, request_of, state_of
from comity.cli._paper import Paper, line_of, plain
from comity.errors import BrokenLawbook, Invalid
from comity.law import comparison, shelf
from comity.law.assess import Assessment, Side, assess
from comity.law.book import NO_BOOKS, Books, beside, default_folder, load, pages, renewed
from comity.law.finding import Finding
from comity.law.situation import load_cases
from comity.law.state import State
from comity.law.treaty import Treaty
from comity.law.treaty_reader import read_treaty
from comity.wording import labels, lawbook, terms
from comity.wording.speech import unnamed

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Read the law books: show, compare, status, owed, count, deadline, check, cases.",
)
for _name, _command in standing.COMMANDS.items():
    app.command(_name)(_command)
app.command("deadline")(deadlines.deadline)
_STYLE = {"failed": "red", "unknown": "yellow", "passed": "green"}

# ── A request ───────────────────────────────────────────────────────────────────────────────────────────────────────


@about_the_law
def check_request(
    asked: Asked,
    file: Annotated[str, typer.Argument(help="The request, JSON or TOML; - for standard input.")] = "-",
    requesting: Annotated[str, typer.Option(help="ISO code of the State that asks, if the file does not say.")] = "",
    requested: Annotated[str, typer.Option(help="ISO code of the State that is asked, if the file does not say.")] = "",
    side: Annotated[str, typer.Option(help="requesting: before sending; requested: on receipt.")] = "requesting",
) -> None:
    """Check a request against the treaty and both States' books. Exit code 0: nothing failed; 1: something did; 2: unusable.

    The machine assesses; an officer decides. With --json, the assessment as it stands in a signed act.
    """
    speech, day = asked.speech, asked.day
    sides: dict[str, Side] = {"requesting": "requesting", "requested": "requested"}
    if side not in sides:
        raise Invalid("A side is requesting or requested.", code="cli.side", where="--side")
    request = request_of(raw_request(file), requesting, requested, day)
    found = assess(request, speech.books, on=day, side=sides[side])
    if asked.as_json:
        write_json(found.to_dict())
    else:
        _print_assessment(Paper(speech), request, found)
    raise typer.Exit(1 if found.failed else 0)


def _print_assessment(paper: Paper, request: Request, found: Assessment) -> None:
    speech = paper.speech
    parties = f"{speech.state(request.requesting)} {'←' if speech.language == 'fa' else '→'} {speech.state(request.requested)}"
    about = [parties, speech.basis(request.basis), speech.day(found.on)]
    paper.head(f"{speech.term(terms.MEASURES, request.measure)}: {speech.listing(about)}", gap=False)
    for verdict in ("failed", "unknown", "passed"):
        lines = [item for item in found.findings if item.verdict == verdict]
        title = f"{speech.translate(terms.VERDICTS[verdict])} ({speech.digits(len(lines))})"
        paper.head(title, style=f"bold {_STYLE[verdict]}")
        for item in lines:
            _print_finding(paper, item, str(request.measure), found.side)
    paper.head(speech.translate(labels.CITATIONS))
    for name in dict.fromkeys(name for item in found.findings for name in item.cites):
        text, sure = speech.provision(name, found.on)
        paper.say(f"{speech.code(name)} · {sure} · {text}", style="dim")
    paper.head(speech.translate(labels.NO_DECISION))
    for name, digest in found.books:
        paper.say(speech.code(f"{name} SHA-256 {digest}"), style="dim")


def _print_finding(paper: Paper, item: Finding, measure: str, side: str) -> None:
    speech, params = paper.speech, dict(item.params)
    paper.bullet(f"{speech.rule(item.rule)}: {speech.sentence(item.code, params, measure)}")
    if item.remedy:
        fields = f" ({speech.listing([speech.code(name) for name in item.fields])})" if item.fields else ""
        arrow = "←" if speech.language == "fa" else "→"
        paper.say(f"{arrow} {speech.remedy(item.remedy, params, measure, side)}{fields}", 2)
    paper.say(speech.listing([speech.code(name) for name in item.cites]), 2, "dim")


@app.command("replay")
def replay(
    request: Annotated[str, typer.Argument(help="The request that was checked, JSON or TOML.")],
    check: Annotated[str, typer.Argument(help="The check, JSON, as `comity assess --json` and signed acts have it.")],
    shelf_folder: Annotated[
        Path, typer.Option("--shelf", help="Folder with the books of that day, named by their hash.")
    ],
) -> None:
    """Make an earlier check again with the law books of its day. Exit code 0: the same findings; 1: others; 2: unusable."""
    asked, earlier = Request.from_dict(raw_request(request)), Assessment.from_dict(raw_request(check))
    again = shelf.replay(shelf_folder, asked, earlier)
    if again == earlier:
        typer.echo(f"The same {len(again.findings)} findings, by {len(again.books)} books of {earlier.on}.")
        raise typer.Exit(0)
    for word, gone, come in (("no longer", earlier, again), ("now", again, earlier)):
        for item in gone.findings:
            if item not in come.findings:
                typer.echo(f"{word:<10} {item.verdict}: {item.code} ({', '.join(item.cites)})")
    raise typer.Exit(1)


# ── A book ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command("show")
@about_the_law
def show(
    asked: Asked,
    book: Annotated[str, typer.Argument(help="A State (ISO code, IR) or an instrument (uncc).")],
    about: Annotated[
        str,
        typer.Argument(help="An article (42, 40(15)), a measure, an offence or a provision; everything if not given."),
    ] = "",
) -> None:
    """Read a book: what it says of an article, a measure or an offence on a day, how sure it is and where it comes from."""
    speech, day = asked.speech, asked.day
    found = _named_book(speech.books, book)
    names = comparison.about(speech.books, found, about, day)
    if isinstance(found, Treaty) and about in set(Measure) and about not in found.measures:
        known = ", ".join(found.measures)
        raise Invalid(f"The book {found.id} does not know {about}. Known: {known}.", code="law.measure", where=about)
    if not names and about not in set(Measure):
        raise _nothing(speech.books, found, about, day)
    if asked.as_json:
        write_json(_as_data(speech.books, found, about, day, names))
        return
    paper = Paper(speech)
    _print_about(paper, found, about, day)
    for name in names:
        paper.provision(name, day)
    paper.digest(found.sha256)


def _named_book(books: Books, name: str) -> Treaty | State:
    """The book `name`, a State's in capitals or not. Raises Invalid (``law.book``)."""
    found: Treaty | State | None = books.treaties.get(name.lower()) or books.states.get(name.upper())
    if found is not None:
        return found
    known = f"Instruments: {', '.join(sorted(books.treaties))}. States: {', '.join(sorted(books.states))}."
    hint = near(name, books.treaties)
    raise Invalid(f"There is no law book {name[:40]!r}.{hint} {known}", code="law.book", where="BOOK")


def _nothing(books: Books, book: Treaty | State, about: str, on: date) -> Invalid:
    """What to say when `book` has nothing on `about`: what may have been meant."""
    articles = {item.article for versions in book.provisions.values() for item in versions if item.article}
    codes = {code for treaty in books.treaties.values() for code in treaty.offences}
    hint = near(about, {*book.provisions, *articles, *codes, *Measure})
    name = book.id if isinstance(book, Treaty) else book.code
    words = f"The book {name} says nothing on {about[:40]!r} on {on}.{hint} Ask for an article, a measure, an offence (uncc:7)"
    return Invalid(f"{words} or a provision, or for nothing to see all.", code="law.provision", where="ABOUT")


def _print_about(paper: Paper, book: Treaty | State, about: str, on: date) -> None:
    """What stands above the provisions: the book, a measure or an offence in readable form."""
    speech = paper.speech
    if isinstance(book, State):
        if about in set(Measure):
            rows = lawbook.measure_rows(speech, comparison.measure(speech.books, (book.code,), Measure(about), on))
            named = f"{speech.term(terms.MEASURES, about)} ({speech.code(about)})"
            paper.head(speech.listing([named, speech.day(on)]), gap=False)
            paper.comparison((book.code,), rows, on)
        elif any(about in treaty.offences for treaty in speech.books.treaties.values()):
            _book.treaty_offence(paper, speech.books.offence(about))
            paper.comparison(
                (book.code,),
                lawbook.offence_rows(speech, comparison.offence(speech.books, (book.code,), about, on)),
                on,
            )
        elif not about:
            _book.state_head(paper, book, on)
        else:
            paper.head(speech.state(book.code), gap=False)
    elif about in set(Measure):
        _book.treaty_measure(paper, book, Measure(about))
    elif (code := about if about in book.offences else f"{book.id}:{about}") in book.offences:
        _book.treaty_offence(paper, book.offences[code])
    elif not about:
        _book.treaty_head(paper, book)
    else:
        paper.head(speech.basis(book.id), gap=False)


def _as_data(books: Books, book: Treaty | State, about: str, on: date, names: list[str]) -> dict[str, Any]:
    """What `show` says, for a program."""
    name = book.id if isinstance(book, Treaty) else book.code
    found: dict[str, Any] = {"book": name, "sha256": book.sha256, "on": on, "about": about}
    found["provisions"] = [line_of(books.provision(cite, on)) for cite in names]
    if about in set(Measure):
        asked = Measure(about)
        if isinstance(book, State):
            found["house"] = comparison.measure(books, (book.code,), asked, on)[0]
        else:
            found["measure"] = {
                "rule": book.measures[asked], "life": LIVES[asked], "contents": book.contents_of[asked],
                "grounds": book.grounds_of[asked], "duties": [item for item in book.duties if asked in item.measures],
                "clocks": book.clocks_of[asked],
                "cites": {rule: cites for (measure, rule), cites in book.citations.items() if measure is asked},
            }  # fmt: skip
    elif isinstance(book, State) and any(about in treaty.offences for treaty in books.treaties.values()):
        found["offence"] = comparison.offence(books, (book.code,), about, on)[0]
    elif isinstance(book, Treaty) and (code := about if about in book.offences else f"{name}:{about}") in book.offences:
        found["offence"] = book.offences[code]
    return found


# ── Several States ──────────────────────────────────────────────────────────────────────────────────────────────────


@app.command("compare")
@about_the_law
def compare(
    asked: Asked,
    states: Annotated[list[str], typer.Argument(help="Two or more States, ISO codes.")],
    article: Annotated[str, typer.Option(help="An offence (uncc:13, or 13) or a measure (extradition).")],
) -> None:
    """Put States side by side: what their own law says of an offence of the treaty, or of carrying out a measure."""
    speech, day = asked.speech, asked.day
    pick = tuple(dict.fromkeys(state_of(code, speech.books, "STATES") for code in states))
    if len(pick) < 2:
        raise Invalid("Name at least two States.", code="cli.states", where="STATES")
    if article in set(Measure):
        houses = comparison.measure(speech.books, pick, Measure(article), day)
        title, data, rows = speech.term(terms.MEASURES, article), plain(houses), lawbook.measure_rows(speech, houses)
    else:
        code = offence_of(speech.books, article, "--article")
        lines = comparison.offence(speech.books, pick, code, day)
        title, data, rows = speech.offence(code), plain(lines), lawbook.offence_rows(speech, lines)
    if asked.as_json:
        write_json({"about": article, "on": day, "states": data})
        return
    paper = Paper(speech)
    paper.head(speech.listing([f"{title} ({speech.code(article)})", speech.day(day)]), gap=False)
    paper.comparison(pick, rows, day)
    paper.head(speech.translate(labels.SILENT), style="dim")


# ── A folder of books ───────────────────────────────────────────────────────────────────────────────────────────────

Where = Annotated[Path | None, typer.Argument(help="Folder of law books; those of the program if not given.")]


@app.command("check")
def check(folder: Where = None, language: Language = "en") -> None:
    """Read every law book of a folder: what is in each, or its first fault with file, line and remedy.

    Exit code 0: no fault; 1: a fault; 2: no law books there.
    """
    paper = Paper(speech_of(language, None, NO_BOOKS))
    books, faults, waiting = _checked(folder or default_folder())
    for fault in faults:
        paper.say(str(fault), style="red")
    if faults:
        if waiting:
            paper.say(paper.speech.translate(labels.STATES_WAIT))
        paper.say(paper.speech.said(labels.FAULTS, {"count": str(len(faults))}), style="bold")
        raise typer.Exit(1)
    _print_books(Paper(speech_of(language, None, books)))


def _checked(folder: Path) -> tuple[Books, list[BrokenLawbook], bool]:
    """(the books of `folder`, the first fault of each broken one, whether States' books had to wait). Raises BrokenLawbook.

    What is raised: the folder has no treaty's book at all, or a file is no TOML.
    """
    read, faults = pages(folder), list[BrokenLawbook]()
    treaties = [page for page in read if page.file.startswith("treaties/")]
    states = [page for page in read if not page.file.startswith("treaties/")]
    if not treaties:
        load(folder)
    for page in treaties:
        faults += _fault(partial(read_treaty, page))
    books = NO_BOOKS
    if not faults:
        faults += _fault(partial(renewed, NO_BOOKS, treaties))
    if faults:
        return books, faults, bool(states)
    books = renewed(NO_BOOKS, treaties)
    for page in states:
        faults += _fault(partial(renewed, books, [page]))
    faults += _fault(partial(beside, books, folder))
    return (books if faults else beside(renewed(books, states), folder)), faults, False


def _fault(read: Callable[[], object]) -> list[BrokenLawbook]:
    try:
        read()
    except BrokenLawbook as error:
        return [error]
    return []


def _print_books(paper: Paper) -> None:
    speech = paper.speech
    rows: Mapping[str, Treaty | State] = {**speech.books.treaties, **speech.books.states}
    for name, book in rows.items():
        versions = [item for found in book.provisions.values() for item in found]
        numbers = {"provisions": str(len(versions)), "verified": str(sum(item.verified for item in versions))}
        paper.say(
            f"{speech.code(name)} · {speech.said(labels.COUNTED, numbers)} · {speech.code(f'SHA-256 {book.sha256}')}"
        )
    if words := unnamed(speech.books):
        paper.say(speech.said(labels.UNNAMED, {"ids": ", ".join(words)}), style="yellow")
    numbers = {"instruments": str(len(speech.books.treaties)), "number": str(len(speech.books.states))}
    paper.say(speech.said(labels.CHECKED, numbers), style="bold")


@app.command("cases")
def cases(folder: Where = None, language: Language = "en") -> None:
    """Try the situations in the folder's `cases`: what the books must say of each. Exit code 1: they say otherwise."""
    speech_of(language, None, NO_BOOKS)
    found = load_cases(folder or default_folder())
    paper = Paper(speech_of(language, None, found.books))
    failed: dict[str, list[str]] = {}
    for situation, fault in found.faults():
        failed.setdefault(situation.head.id, []).append(fault)
    for situation in found.situations:
        if (head := situation.head).id in failed:
            paper.head(f"{paper.speech.code(head.id)} · {paper.speech.code(head.where)}", style="bold red")
            paper.say(head.fa if language == "fa" else head.en)
            for fault in failed[head.id]:
                paper.bullet(paper.speech.code(fault), 2)
    numbers = {"count": str(len(found.situations)), "number": str(len(failed))}
    paper.head(paper.speech.said(labels.TRIED, numbers))
    raise typer.Exit(1 if failed else 0)
