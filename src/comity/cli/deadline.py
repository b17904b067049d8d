"""A deadline on the command line: when a clock of a law book runs out, with what made it stand still or last longer.

The machine counts; what follows from a deadline is for a person to say.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from comity.cli._asked import Asked, about_the_law, write_json
from comity.cli._input import near, state_of
from comity.cli._paper import Paper
from comity.errors import Invalid
from comity.law import clocks
from comity.law._row import Period
from comity.law.book import Books
from comity.law.clocks import Deadline
from comity.law.dates import Pause
from comity.law.state import State
from comity.law.treaty import ClockRule
from comity.wording import labels, terms


@about_the_law
def deadline(
    asked: Asked,
    book: Annotated[str, typer.Argument(help="The instrument or the State whose clock it is: uncc, IR.")],
    clock: Annotated[str, typer.Argument(help="The clock, as `comity law show` names it: preservation.")],
    state: Annotated[str, typer.Argument(help="The State that it binds: its zone, working week and holidays count.")],
    began: Annotated[str, typer.Option("--from", help="What set it running: 2026-11-24T10:00:00+03:30.")],
    stood: Annotated[
        list[str] | None, typer.Option(help="A time during which it stood still, BEGIN/END, or BEGIN/ while it lasts.")
    ] = None,
    until: Annotated[str, typer.Option(help="Extended to this day, or by this period: 2027-03-01, or '30 days'.")] = "",
    extended: Annotated[str, typer.Option("--asked", help="With --until: when the extension was asked for.")] = "",
) -> None:
    """Count a deadline: its last moment where it binds, or between which it lies when the book cannot tell.

    What stood still is made up for. Safe conduct (Article 40(29)) is counted anew instead, from when the person could leave.
    """
    house = asked.speech.books.state(state_of(state, asked.speech.books, "STATE"))
    found = _counted(
        _clock(asked.speech.books, book, clock), house, _moment(began, "--from"), stood or [], (until, extended)
    )
    if asked.as_json:
        write_json({"book": book, "state": house.code, "zone": house.zone, "deadline": found})
    else:
        _print(Paper(asked.speech), found, house)


def _clock(books: Books, book: str, name: str) -> ClockRule:
    """The clock `name` of a book, a State's in capitals or not. Raises Invalid (``law.basis``, ``law.clock``)."""
    owner = book.upper() if book.upper() in books.states else book.lower()
    try:
        return books.clock(owner, name)
    except Invalid as error:
        if error.code != "law.clock":
            raise
        known = [item.id for item in (books.states.get(owner) or books.treaty(owner)).clocks]
        words = f"{error.message}{near(name, known)} Known: {', '.join(known) or 'none'}."
        raise Invalid(words, code=error.code, where="CLOCK") from error


def _counted(rule: ClockRule, house: State, began: datetime, stood: list[str], longer: tuple[str, str]) -> Deadline:
    """The deadline. Raises Invalid, NotPossible as `law.clocks`."""
    zone, pauses = ZoneInfo(house.zone), [_pause(text) for text in stood]
    found = clocks.counted(rule, began, pauses, zone, house)
    until, asked = longer
    if bool(until) != bool(asked):
        raise Invalid(
            "An extension has its end and the moment at which it was asked for.", code="clock.asked", where="--until"
        )
    if until:
        found = clocks.extended(found, _end(until), at=_moment(asked, "--asked"), zone=zone, state=house)
    return found


def _moment(text: str, where: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        words = f"{text[:40]!r} is no moment. Write it with its UTC offset, as 2026-11-24T10:00:00+03:30."
        raise Invalid(words, code="date.form", where=where) from error


def _pause(text: str) -> Pause:
    since, stroke, until = text.partition("/")
    if not stroke:
        raise Invalid("A time has a beginning and an end, with / between.", code="date.form", where="--stood")
    return Pause(_moment(since, "--stood"), _moment(until, "--stood") if until else None)


def _end(text: str) -> Period | date:
    try:
        return Period.parse(text) if " " in text else date.fromisoformat(text)
    except ValueError as error:
        words = f"{text[:40]!r} is neither a day (2027-03-01) nor a period (30 days)."
        raise Invalid(words, code="date.form", where="--until") from error


def _print(paper: Paper, found: Deadline, house: State) -> None:
    speech, zone = paper.speech, ZoneInfo(house.zone)

    def said(moment: datetime) -> str:
        local = moment.astimezone(zone)
        return speech.listing([speech.day(local.date()), speech.digits(f"{local:%H:%M:%S}")])

    paper.head(speech.listing([speech.term(terms.CLOCKS, found.kind), speech.state(house.code)]), gap=False)
    paper.fact(labels.BEGINS, said(found.started))
    known = found.uncertain
    if known is None:
        paper.fact(labels.ENDS if found.stopped is None else labels.ENDS_BUT_FOR, said(found.due))
    else:
        paper.fact(labels.ENDS_EARLIEST, said(found.due))
        paper.fact(labels.ENDS_LATEST, said(known.latest) if known.latest else speech.unknown)
        paper.fact(labels.ENDS_BY_BOOK, said(known.by_book) if known.by_book else speech.unknown)
        for doubt in known.doubts:
            paper.bullet(f"{speech.translate(labels.DOUBTS[doubt.code])} · {speech.code(doubt.about)}", 2)
    if found.stopped is not None:
        paper.fact(labels.STANDS_SINCE, said(found.stopped))
    paper.fact(labels.TIME_ZONE, speech.code(house.zone))
    paper.facts(labels.STANDS_ON, [speech.code(name) for name in found.cites])
    paper.head(speech.translate(labels.COUNTED_ONLY), style="dim")
