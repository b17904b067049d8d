"""What a situation supposes of the law books although they do not say it, such as that a jurist had verified a State's lines.

A supposition changes the tables of a book, which is then read anew and checked as any other: nothing is loosened for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from comity.errors import BrokenLawbook
from comity.law._row import Page, Row, unique
from comity.law.book import Books, renewed

Tables = dict[str, Any]

INVENTED = (
    *("AA", "ZZ"),
    *(f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"),
    *(f"X{letter}" for letter in "DEFGHIJKLMNOPQRSTUVWXYZABC"),
)
"""Codes that ISO 3166 leaves to its users: no State has them."""


@dataclass(frozen=True)
class Supposition:
    """What is supposed.

    Args:
        id: short name.
        en: what is supposed, in English.
        fa: the same in Persian.
        where: file and line.
        verified: States all of whose lines count as compared with the official text.
        silent: States whose book says nothing but its working week.
        book: the book that the following change.
        like: the book of which it is a copy with its own ids, where it is a book that does not exist.
        drop: rows that it has not, each a table and words that stand in the row, ``offence uncc:13``; or a whole table.
        add: rows that it has in addition, as a book writes them.
        deposits: how many States that do not exist have deposited their instrument, on `deposited`, as sure as `sure`.
        deposited: see `deposits`.
        sure: see `deposits`.
    """

    id: str
    en: str
    fa: str
    where: str
    verified: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    book: str = ""
    like: str = ""
    drop: tuple[str, ...] = ()
    add: Mapping[str, Any] = field(default_factory=dict)
    deposits: int = 0
    deposited: date | None = None
    sure: str = ""

    @property
    def touched(self) -> tuple[str, ...]:
        """The ids of the books that it changes."""
        return (*self.verified, *self.silent, *([self.book] if self.book else []))

    def change(self, books: Mapping[str, Tables]) -> None:
        """Change the tables of the books `touched`. Raises BrokenLawbook when a row to drop is not there."""
        for code in self.verified:
            for row in books[code].get("provision", []):
                row["verified"] = True
                row.setdefault("from", min(date(1900, 1, 1), row.get("to", date.max)))
        for code in self.silent:
            _silence(books[code])
        for words in self.drop:
            self._remove(books[self.book], words)
        for table, rows in self.add.items():
            if isinstance(rows, list):
                books[self.book].setdefault(table, []).extend(deepcopy(rows))
            else:
                books[self.book][table] = dict(rows)
        for code in INVENTED[: self.deposits]:
            party = {"state": code, "deposited": self.deposited, "deposit_sure": self.sure}
            books[self.book].setdefault("party", []).append(party)

    def _remove(self, tables: Tables, words: str) -> None:
        table, *marks = words.split()
        rows = tables.get(table, [])
        kept = [row for row in rows if not set(marks) <= _words(row)]
        if len(kept) == len(rows):
            self.fault(f"The book {self.book} has no row {words}.")
        tables[table] = kept

    def fault(self, message: str) -> NoReturn:
        """Raise BrokenLawbook for this supposition."""
        raise BrokenLawbook(f"{message} Correct the supposition.", code="lawbook.cite", where=self.where)


def _words(row: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for value in row.values():
        found |= {str(item) for item in value} if isinstance(value, list) else {str(value)}
    return found


def _silence(tables: Tables) -> None:
    """Leave of a State's book its head, its house and its working week."""
    cited = {row["provision"] for row in tables.get("week", [])}
    for name in list(tables):
        if name not in ("book", "state", "week", "provision"):
            del tables[name]
    tables["provision"] = [row for row in tables["provision"] if row["id"] in cited]


def supposed(books: Books, shelf: Iterable[Page], suppositions: Iterable[Supposition]) -> Books:
    """`books`, which were read from the pages `shelf`, as they would be under `suppositions`, one after the other.

    Raises:
        BrokenLawbook: a supposition names a book or a row that is not there, or the book that it makes is refused.
    """
    by_id = {Path(page.file).stem: page for page in shelf}
    changed: dict[str, Tables] = {}
    for item in suppositions:
        if item.like in by_id:
            by_id[item.book] = _copied(by_id[item.like], item.like, item.book)
        for code in item.touched:
            if code not in by_id:
                item.fault(f"There is no law book {code}.")
            changed.setdefault(code, deepcopy(dict(by_id[code].tables)))
        item.change(changed)
    read = {code: replace(by_id[code], tables=tables, sha256="") for code, tables in changed.items()}
    if any(tables.get("offence") != by_id[code].tables.get("offence") for code, tables in changed.items()):
        read = {**by_id, **read}  # a State's lines are checked against the offences of the treaties
    return renewed(books, read.values())


def _copied(page: Page, old: str, new: str) -> Page:
    """The page of the book `old` as that of a book `new`: every id that begins with the one begins with the other."""

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: renamed(item) for name, item in value.items()}
        if isinstance(value, list):
            return [renamed(item) for item in value]
        return (
            f"{new}:{value.removeprefix(f'{old}:')}"
            if isinstance(value, str) and value.startswith(f"{old}:")
            else value
        )

    return Page(page.file.replace(old, new), "", renamed(dict(page.tables)), "")


def read_suppositions(read: Iterable[Page]) -> Mapping[str, Supposition]:
    """The ``[[supposition]]`` rows of the pages `read`, by id. Raises BrokenLawbook."""
    found: list[tuple[Row, Supposition]] = []
    for page in read:
        for row in page.rows("supposition"):
            item = Supposition(
                id=row.text("id"),
                en=row.text("en"),
                fa=row.text("fa"),
                where=row.where(),
                verified=row.texts("verified"),
                silent=row.texts("silent"),
                book=row.text("book", ""),
                like=row.text("like", ""),
                drop=row.texts("drop"),
                add=_toml(row, "add"),
                deposits=row.whole("deposits", 0, len(INVENTED), default=0),
                deposited=row.day("deposited"),
                sure=row.text("sure", ""),
            )
            row.done()
            if bool(item.book) != bool(item.drop or item.add or item.deposits):
                row.fault("drop, add and deposits change one book: name it.", "lawbook.value", "book")
            if item.deposits and not (item.deposited and item.sure):
                row.fault("deposits need their day and mark: deposited and sure.", "lawbook.value", "deposits")
            found.append((row, item))
    unique(((row, item.id) for row, item in found), "This supposition")
    return {item.id: item for _, item in found}


def _toml(row: Row, field: str) -> Mapping[str, Any]:
    """The rows written in the text `field` as a book would write them."""
    try:
        found = tomllib.loads(row.text(field, "\n"))
    except tomllib.TOMLDecodeError as error:
        row.fault(f"This is not TOML: {error}. Write rows as a book has them.", "lawbook.syntax", field)
    if not all(isinstance(rows, list | dict) for rows in found.values()):
        row.fault("Write each entry under its own heading [[…]].", "lawbook.type", field)
    return found
