"""How the command line writes: headings, facts and bullets that stay readable on a narrow screen and in a pipe."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from comity.law._row import Period
from comity.law.provision import Provision
from comity.wording import labels
from comity.wording.lawbook import Row, Said
from comity.wording.speech import Speech

_LABEL, _CELL = 20, 24  # columns that a row's heading and a State need at least for a table to be readable


class Paper:
    """What one command writes on, in the language of `speech`.

    On a screen long lines are broken under their own beginning; in a pipe each stays one line, so that it can be searched.
    """

    def __init__(self, speech: Speech, console: Console | None = None) -> None:
        if isinstance(
            sys.stdout, io.TextIOWrapper
        ):  # a screen without these letters shows their codes, and nothing breaks off
            sys.stdout.reconfigure(errors="backslashreplace")
        self.speech = speech
        self.console = console or Console(highlight=False)

    def say(self, text: str, indent: int = 0, style: str = "", mark: str = "") -> None:
        """One paragraph, `indent` columns from the edge, behind `mark`, under which its further lines are not written."""
        if not self.console.is_terminal:
            self.console.print(Text(" " * indent + mark + text, style), soft_wrap=True)
            return
        width = max(self.console.width - indent - len(mark), 20)
        for at, line in enumerate(Text(text).wrap(self.console, width)):
            begins = " " * indent + (" " * len(mark) if at else mark)
            self.console.print(Text(begins + line.plain.rstrip(), style), soft_wrap=True)

    def head(self, text: str, *, gap: bool = True, style: str = "bold") -> None:
        """A heading, after an empty line."""
        if gap:
            self.console.print()
        self.say(text, style=style)

    def bullet(self, text: str, indent: int = 0) -> None:
        """One thing of several."""
        self.say(text, indent, mark="• ")

    def fact(self, label: str, value: str) -> None:
        """A named value, left out where there is none."""
        if value:
            self.say(f"{self.speech.translate(label)}: {value}")

    def facts(self, label: str, lines: Sequence[str]) -> None:
        """A named value of several lines; a question mark where there is none, because then the book is silent."""
        if len(lines) < 2:
            self.fact(label, lines[0] if lines else self.speech.unknown)
            return
        self.say(f"{self.speech.translate(label)}:")
        for line in lines:
            self.bullet(line, 2)

    def digest(self, sha256: str) -> None:
        """That nothing here is legal text, and which book it was."""
        self.head(self.speech.translate(labels.NOT_LAW), style="dim")
        self.say(self.speech.said(labels.BOOK_SHA256, {"digest": sha256}), style="dim")

    def provision(self, name: str, on: date) -> None:
        """A provision in force on `on`: its name and span, how sure it is, its text, where it comes from."""
        found = self.speech.books.provision(name, on)
        text, sure = self.speech.provision(name, on)
        spans = ((labels.FROM, found.since), (labels.UNTIL, found.until))
        span = " ".join(f"{self.speech.translate(word)} {self.speech.day(day)}" for word, day in spans if day)
        self.head(" · ".join(part for part in (self.speech.code(name), span, sure) if part))
        self.say(text)
        if found.source:
            self.say(self.speech.foreign(found.source), style="dim")

    def comparison(self, states: Sequence[str], rows: Iterable[Row], on: date) -> None:
        """The States side by side, a mark at each line that was not verified on the day `on`.

        They stand one after the other where a table could not be read: on a narrow screen, and always in Persian, because
        a screen that turns lines round would turn the columns too.
        """
        names = [self.speech.state(state) for state in states]
        lines = [(row.label, [[self._cited(said, on) for said in cell] for cell in row.cells]) for row in rows]
        narrow = self.console.width < _LABEL + _CELL * len(states)
        if self.speech.language == "fa" or len(states) == 1 or narrow:
            for at, name in enumerate(names):
                self.head(name)
                for label, cells in lines:
                    self.facts(label, cells[at])
            return
        table = Table("", *names, show_lines=True)
        for label, cells in lines:
            shown = (Text("\n".join(cell) or self.speech.unknown) for cell in cells)
            table.add_row(Text(self.speech.translate(label)), *shown)
        self.console.print(table)

    def _cited(self, said: Said, on: date) -> str:
        parts = [said.text]
        if said.provision:
            parts.append(self.speech.code(said.provision))
            if not self.speech.books.provision(said.provision, on).verified:
                parts.append(self.speech.translate(labels.DOUBTS["unverified"]))
        return " · ".join(part for part in parts if part)


def plain(value: Any) -> Any:
    """`value` as JSON has it: ids, numbers and days, never words."""
    if isinstance(value, Period):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, StrEnum):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def line_of(provision: Provision) -> dict[str, Any]:
    """A provision for `plain`, its span under the names that a book gives it."""
    found: dict[str, Any] = plain(provision)
    found["from"], found["to"] = found.pop("since"), found.pop("until")
    return found
