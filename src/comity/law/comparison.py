"""What books say of one thing on a day: a book about an article or a measure, or two or more States side by side.

Nothing is judged here; a gap in a book is shown as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from comity.casework.measure import Measure
from comity.law.basis import SERIOUS_MONTHS
from comity.law.book import Books
from comity.law.grounds import gaps
from comity.law.state import (
    Authorisation,
    Authority,
    DataProtection,
    Holiday,
    Language,
    NationalOffence,
    OtherTreaty,
    Policy,
    Retention,
    State,
    Week,
)
from comity.law.treaty import ClockRule, Treaty


class _Line(Protocol):
    @property
    def provision(self) -> str: ...


@dataclass(frozen=True)
class Criminalised:
    """What one State's book says of an offence.

    Args:
        state: ISO code.
        lines: its provisions in force on the day, with elements and maximum penalty.
        missing: elements of the treaty's offence that no line covers; empty when all are covered or there is no line.
        narrower: what its law asks for beyond the treaty.
        serious: whether a line's maximum makes the crime serious (2(h)); None when no line gives one.
        verified: whether every line was compared with the official text; False when there is none.
    """

    state: str
    lines: tuple[NationalOffence, ...]
    missing: tuple[str, ...]
    narrower: tuple[str, ...]
    serious: bool | None
    verified: bool


@dataclass(frozen=True)
class House:
    """What one State's book says of carrying out a measure; each list may be empty, which means: the book is silent.

    Working week and holidays are among it because periods are counted in them, other treaties because they may carry it.
    """

    state: str
    authorisations: tuple[Authorisation, ...]
    policies: tuple[Policy, ...]
    clocks: tuple[ClockRule, ...]
    languages: tuple[Language, ...]
    authorities: tuple[Authority, ...]
    data_protection: tuple[DataProtection, ...]
    retention: tuple[Retention, ...]
    weeks: tuple[Week, ...]
    holidays: tuple[Holiday, ...]
    treaties: tuple[OtherTreaty, ...]

    @property
    def provisions(self) -> tuple[str, ...]:
        """Everything that these lines stand on, once each."""
        rows: tuple[_Line, ...] = (
            *self.authorisations, *self.policies, *self.clocks, *self.languages, *self.authorities,
            *self.data_protection, *self.retention, *self.weeks, *self.holidays, *self.treaties,
        )  # fmt: skip
        return tuple(dict.fromkeys(row.provision for row in rows))


def offence(books: Books, states: tuple[str, ...], code: str, on: date) -> tuple[Criminalised, ...]:
    """What each of `states` says of the treaty's offence `code` on `on`.

    Raises:
        Invalid: no book for a State, or no treaty's book has the offence.
    """
    treaty = books.offence(code)
    found = []
    for state in states:
        book, lines = books.state(state), books.offences(state, code, on)
        missing, narrower = gaps(treaty, lines) if lines else ((), ())
        known = [line.max_penalty_months for line in lines if line.max_penalty_months is not None]
        found.append(
            Criminalised(
                state=book.code,
                lines=lines,
                missing=missing,
                narrower=narrower,
                serious=max(known) >= SERIOUS_MONTHS if known else None,
                verified=bool(lines) and all(book.verified(line.provision, on) for line in lines),
            )
        )
    return tuple(found)


def measure(books: Books, states: tuple[str, ...], asked: Measure, on: date) -> tuple[House, ...]:
    """What each of `states` says of carrying out the measure `asked` on `on`. Raises Invalid: no book for a State."""
    found = []
    for state in states:
        book = books.state(state)
        found.append(
            House(
                state=book.code,
                authorisations=book.lines(tuple(x for x in book.authorisations if asked in x.measures), on),
                policies=book.lines(tuple(x for x in book.policies if asked in x.measures), on),
                clocks=book.lines(tuple(x for x in book.clocks if asked in x.measures), on),
                languages=book.lines(book.languages, on),
                authorities=book.lines(book.authorities, on),
                data_protection=book.lines(book.data_protection, on),
                retention=book.lines(book.retention, on),
                weeks=book.lines(book.weeks, on),
                holidays=book.lines(book.holidays, on),
                treaties=book.lines(tuple(x for x in book.treaties if asked in x.measures), on),
            )
        )
    return tuple(found)


def about(books: Books, book: Treaty | State, asked: str, on: date) -> list[str]:
    """The provisions of `book` in force on `on` that speak of `asked`; all of them where it is empty.

    Args:
        books: all law books.
        book: the one to look in.
        asked: an article, a form of cooperation, an offence or a provision.
        on: the day.
    """
    alive = [name for name, versions in book.provisions.items() if any(item.applies(on) for item in versions)]
    if not asked:
        return alive
    if asked in set(Measure):
        named = _of_measure(books, book, Measure(asked), on)
    elif isinstance(book, State) and any(asked in treaty.offences for treaty in books.treaties.values()):
        named = [line.provision for line in books.offences(book.code, asked, on)]
    else:
        article = asked.removeprefix(f"{book.id}:") if isinstance(book, Treaty) else asked
        named = [
            name
            for name in alive
            if name == asked
            or any(item.article == article or item.article.startswith(f"{article}(") for item in book.provisions[name])
        ]
    return [name for name in named if name in alive]


class _Row(_Line, Protocol):
    @property
    def measures(self) -> tuple[Measure, ...]: ...


def _of_measure(books: Books, book: Treaty | State, asked: Measure, on: date) -> list[str]:
    if isinstance(book, State):
        return [*measure(books, (book.code,), asked, on)[0].provisions]
    rows: tuple[_Row, ...] = (*book.contents, *book.grounds, *book.duties, *book.clocks)
    cited = [cite for (name, _rule), cites in book.citations.items() if name is asked for cite in cites]
    own = [book.measures[asked].provision] if asked in book.measures else []
    return [*dict.fromkeys([*own, *(row.provision for row in rows if asked in row.measures), *cited])]
