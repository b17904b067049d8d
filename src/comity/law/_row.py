"""Reading a law book row by row, so that each fault is named with file, line, place and remedy.

A book is one TOML file: single tables (``[book]``) and lists of rows (``[[provision]]``). Rows are never nested, so
that a jurist can write and read them one below the other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from comity.casework.measure import GROUPS, Measure, named
from comity.casework.request import LIFE_MONTHS
from comity.errors import BrokenLawbook

_PENALTY = re.compile(r"^([1-9][0-9]{0,3}) (month|year)s?$")
_MONTHS = {"month": 1, "year": 12}
_WORDS = {"none": 0, "life": LIFE_MONTHS}
_PERIOD = re.compile(r"^([1-9][0-9]{0,3}) (hour|day|working-day|week|month|year)s?$")


@dataclass(frozen=True)
class Period:
    """A length of time as the law writes it: `count` of `unit`: hour, day, working-day, week, month or year."""

    count: int
    unit: str

    def __str__(self) -> str:
        """As a book writes it: ``60 days``."""
        return f"{self.count} {self.unit}{'s' if self.count != 1 else ''}"

    @classmethod
    def parse(cls, text: str) -> Period:
        """The period written as `str` writes it. Raises ValueError."""
        found = _PERIOD.match(text)
        if not found:
            raise ValueError(text)
        return cls(int(found[1]), found[2])


@dataclass(frozen=True)
class Page:
    """One law book as a file: its tables, its text (to find lines again) and the hash of its bytes.

    Args:
        file: path inside the folder, e.g. ``states/IR.toml``.
        text: the whole file.
        tables: what TOML made of it.
        sha256: hash of the file's bytes, lower-case hex; what an assessment names the book by.
    """

    file: str
    text: str
    tables: Mapping[str, Any]
    sha256: str

    def table(self, name: str) -> Row:
        """The single table ``[name]``. Raises BrokenLawbook when it is missing or not a table."""
        found = self.tables.get(name)
        if not isinstance(found, dict):
            raise BrokenLawbook(
                f"The book has no table [{name}]. Add it.", code="lawbook.field-missing", where=f"{self.file}, [{name}]"
            )
        return Row(self, name, 0, found)

    def rows(self, name: str) -> tuple[Row, ...]:
        """The rows ``[[name]]`` in order; none if the book has none. Raises BrokenLawbook when they are not a list."""
        found = self.tables.get(name, [])
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise BrokenLawbook(
                f"Write each entry under its own heading [[{name}]].",
                code="lawbook.type",
                where=f"{self.file}, [[{name}]]",
            )
        return tuple(Row(self, name, number, item) for number, item in enumerate(found, 1))

    def only(self, names: Collection[str]) -> None:
        """Refuse tables other than `names`. Raises BrokenLawbook."""
        for name in self.tables:
            if name not in names:
                raise BrokenLawbook(
                    f"The table {name} is not known. Known here: {', '.join(sorted(names))}.",
                    code="lawbook.field-unknown",
                    where=f"{self.file}, {name}",
                )

    def line(self, name: str, number: int, field: str = "") -> int:
        """The line (from 1) of the `number`-th heading `name`, or of `field` below it; 0 when it cannot be found."""
        heading = re.compile(rf"^\s*\[\[?\s*{re.escape(name)}\s*\]\]?\s*(#.*)?$")
        assignment = re.compile(rf"^\s*{re.escape(field)}\s*=") if field else None
        seen, at = 0, 0
        for index, text in enumerate(self.text.splitlines(), 1):
            if heading.match(text):
                seen += 1
                if seen > max(number, 1):
                    break
                at = index if seen == max(number, 1) else 0
            elif at and assignment and assignment.match(text):
                return index
            elif at and text.lstrip().startswith("["):
                break
        return at


class Row:
    """The fields of one table or row, taken out one by one; `done` refuses what nobody took.

    Every method raises BrokenLawbook: its `where` names file, line and place, its text says what to write instead.
    """

    def __init__(self, page: Page, name: str, number: int, values: Mapping[str, Any]) -> None:
        self._page = page
        self._name = name
        self._number = number
        self._values = values
        self._taken: set[str] = set()

    def where(self, field: str = "") -> str:
        """File, line and place of this row, at `field` if given."""
        place = f"[{self._name}]" if not self._number else f"[[{self._name}]] {self._number}"
        name = self._values.get("id") or self._values.get("code")
        if isinstance(name, str):
            place += f" ({name})"
        if field:
            place += f", field {field}"
        return f"{self._page.file}, line {self._page.line(self._name, self._number, field)}, {place}"

    def fault(self, message: str, code: str, field: str = "") -> NoReturn:
        """Raise BrokenLawbook for this row, at `field` if given."""
        raise BrokenLawbook(message, code=code, where=self.where(field))

    def has(self, field: str) -> bool:
        """Whether the row states `field`."""
        return field in self._values

    def value(self, field: str) -> Any:
        """Whatever TOML made of `field`, for its reader to check; None when the row does not state it."""
        self._taken.add(field)
        return self._values.get(field)

    def _take(self, field: str, kind: type, how: str) -> Any:
        self._taken.add(field)
        if field not in self._values:
            self.fault(f"{field} is missing. Write {how}.", "lawbook.field-missing", field)
        value = self._values[field]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(f"{field} has the wrong type. Write {how}.", "lawbook.type", field)
        return value

    def text(self, field: str, default: str | None = None) -> str:
        """The text `field`, not empty; `default` when the row does not state it and a default is given."""
        if default is not None and not self.has(field):
            return default
        value: str = self._take(field, str, f'{field} = "…"')
        if not value.strip():
            self.fault(
                f"{field} is empty. Write the text, or leave the field out if it may be.", "lawbook.value", field
            )
        return value

    def texts(self, field: str, *, required: bool = False) -> tuple[str, ...]:
        """The list of texts `field`; empty when it is not stated and not `required`."""
        if not required and not self.has(field):
            return ()
        value: list[Any] = self._take(field, list, f'{field} = ["…", "…"]')
        if not all(isinstance(item, str) and item for item in value):
            self.fault(f"{field} holds something that is not text. Write " + f'{field} = ["…"].', "lawbook.type", field)
        if len(set(value)) != len(value):
            self.fault(f"{field} names something twice. Remove one.", "lawbook.duplicate", field)
        return tuple(value)

    def flag(self, field: str, *, default: bool | None = None) -> bool:
        """The yes-or-no `field`."""
        if default is not None and not self.has(field):
            return default
        value: bool = self._take(field, bool, f"{field} = true or {field} = false")
        return value

    def whole(self, field: str, low: int = 1, high: int = 10_000, default: int | None = None) -> int:
        """The whole number `field`, `low` to `high`."""
        if default is not None and not self.has(field):
            return default
        value: int = self._take(field, int, f"{field} = {low} or more, without quotes")
        if not low <= value <= high:
            self.fault(f"{field} must be {low} to {high}.", "lawbook.value", field)
        return value

    def day(self, field: str) -> date | None:
        """The date `field`, or None when the row does not state it. An impossible date is refused by TOML itself."""
        if not self.has(field):
            return None
        value: date = self._take(field, date, f"{field} = 2026-11-24, without quotes and without a time")
        if isinstance(value, datetime):
            self.fault(f"{field} has a time. Write only the date, {field} = 2026-11-24.", "lawbook.date", field)
        return value

    def days(self, field: str) -> tuple[date, ...]:
        """The list of dates `field`; empty when it is not stated."""
        if not self.has(field):
            return ()
        value: list[Any] = self._take(field, list, f"{field} = [2026-11-24, 2027-11-13], without quotes")
        if not all(isinstance(item, date) and not isinstance(item, datetime) for item in value):
            self.fault(f"{field} holds something that is not a date. Write 2026-11-24.", "lawbook.date", field)
        return tuple(value)

    def measures(self, field: str, known: Collection[Measure] = frozenset(Measure)) -> tuple[Measure, ...]:
        """The measures `field`: ids and names of groups; of a group only those that are `known` to the book."""
        names = self.choices(field, {*GROUPS, *known}, required=True)
        found = named(names) & frozenset(known)
        if not found:
            self.fault(f"{field} names no measure of this book. Name one.", "lawbook.value", field)
        return tuple(measure for measure in Measure if measure in found)

    def choice(self, field: str, allowed: Collection[str], default: str | None = None) -> str:
        """The text `field`, one of `allowed`."""
        value = self.text(field, default)
        if value not in allowed:
            self.fault(f"{field} is {value!r}. Write one of: {', '.join(sorted(allowed))}.", "lawbook.value", field)
        return value

    def choices(self, field: str, allowed: Collection[str], *, required: bool = False) -> tuple[str, ...]:
        """The list of texts `field`, each one of `allowed`."""
        values = self.texts(field, required=required)
        for value in values:
            if value not in allowed:
                self.fault(f"{field} names {value!r}. Known: {', '.join(sorted(allowed))}.", "lawbook.value", field)
        return values

    def cite(self, field: str, known: Collection[str]) -> str:
        """The provision id `field`, which the same book must have."""
        value = self.text(field)
        if value not in known:
            self.fault(f"There is no provision {value!r}. Add a [[provision]] with this id.", "lawbook.cite", field)
        return value

    def cites(self, field: str, known: Collection[str]) -> tuple[str, ...]:
        """The list of provision ids `field`, at least one, each of which the same book must have."""
        values = self.texts(field, required=True)
        if not values:
            self.fault(f"{field} is empty. Name at least one provision.", "lawbook.cite", field)
        for value in values:
            if value not in known:
                self.fault(f"There is no provision {value!r}. Add a [[provision]] with this id.", "lawbook.cite", field)
        return values

    def penalty(self, field: str) -> int | None:
        """The penalty `field` in months, or None when it is not stated.

        It is written with its unit, ``"5 years"``, or ``"life"``, or ``"none"`` for no deprivation of liberty.
        """
        if not self.has(field):
            return None
        self._taken.add(field)
        value = self._values[field]
        if isinstance(value, str) and value in _WORDS:
            return _WORDS[value]
        found = _PENALTY.match(value) if isinstance(value, str) else None
        months = int(found[1]) * _MONTHS[found[2]] if found else 0
        if not 0 < months <= LIFE_MONTHS:
            self.fault(
                f'A penalty needs its unit. Write {field} = "5 years", "18 months", "life" or "none".',
                "lawbook.unit",
                field,
            )
        return months

    def period(self, field: str) -> Period:
        """The period `field`, written with its unit: ``"60 days"``, ``"10 working-days"``, ``"3 months"``."""
        value = self.text(field)
        try:
            return Period.parse(value)
        except ValueError:
            self.fault(
                f'A period needs its unit. Write {field} = "60 days", "24 hours", "10 working-days", "2 weeks", '
                '"3 months" or "1 year".',
                "lawbook.unit",
                field,
            )

    def done(self) -> None:
        """Refuse fields that nobody took."""
        for field in self._values:
            if field not in self._taken:
                known = ", ".join(sorted(self._taken))
                self.fault(f"The field {field} is not known. Known here: {known}.", "lawbook.field-unknown", field)


def open_page(path: Path, file: str) -> Page:
    """The law book at `path`, named `file` in messages.

    Raises:
        BrokenLawbook: the file cannot be read, is not UTF-8, or is not TOML (also: a date that does not exist).
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BrokenLawbook(
            f"The file cannot be read: {error.strerror}. Check its name and permissions.",
            code="lawbook.file",
            where=file,
        ) from error
    return read_page(raw, file)


def read_page(raw: bytes, file: str) -> Page:
    """The law book whose file holds `raw`, named `file` in messages. Raises BrokenLawbook as `open_page`."""
    try:
        text = raw.decode("utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise BrokenLawbook(
            "The file is not UTF-8. Save it as UTF-8.", code="lawbook.syntax", where=f"{file}, byte {error.start}"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BrokenLawbook(
            f"This is not TOML: {error}. Mend that line; a date must exist and be written 2026-11-24.",
            code="lawbook.syntax",
            where=file,
        ) from error
    return Page(file, text, tables, sha256(raw).hexdigest())


def unique(rows: Iterable[tuple[Row, object]], what: str) -> None:
    """Refuse two rows with one key. Raises BrokenLawbook at the second."""
    seen: set[object] = set()
    for row, key in rows:
        if key in seen:
            row.fault(f"{what} stands here twice. Remove one.", "lawbook.duplicate")
        seen.add(key)
