"""Repeated rows of a form (accounts, persons, property): as typed, as meant, and with each fault at its own cell.

Their names in the form are ``persons-0-born``: the list, the number of the row, the column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from django.http import QueryDict

from comity.casework.request import Request
from comity.errors import ComityError, Invalid
from comity.node.officers import almanac
from comity.node.officers.fields import Column

Row = dict[str, Any]
BLANK: Final[Mapping[str, int]] = {"accounts": 2, "persons": 1, "assets": 1}
"""Empty rows that stand at the end of each list."""
MORE: Final = 5
"""Empty rows that "Add rows" adds."""
_NAME: Final = re.compile(r"([a-z]+)-(\d{1,4})-([a-z]+)", re.ASCII)
_LEFT_OPEN: Final = "other"  # what a choice that cannot be left open means when nothing was sent for it
_YES: Final = frozenset({"on", "true", "1", "True"})


def posted(post: QueryDict, name: str, columns: Iterable[Column]) -> list[Row]:
    """The rows of the list `name` exactly as typed, those without any content left out."""
    numbers = sorted({int(found[2]) for key in post if (found := _NAME.fullmatch(key)) and found[1] == name})
    rows = [
        {column.name: _typed(post, f"{name}-{number}-{column.name}", column) for column in columns}
        for number in numbers
    ]
    return [row for row in rows if says(row, columns)]


def _typed(post: QueryDict, key: str, column: Column) -> Any:
    return post.get(key) in _YES if column.kind == "flag" else post.get(key, "")


def says(row: Row, columns: Iterable[Column]) -> bool:
    """Whether something is typed in `row`; a choice that cannot be left open says nothing by itself."""
    return any(
        bool(str(row.get(column.name) or "").strip()) for column in columns if column.kind != "choice" or column.open
    )


def filled(raw: Iterable[Mapping[str, Any]], columns: Iterable[Column], language: str) -> list[Row]:
    """The rows that hold what `Request.to_dict` says."""
    return [{column.name: _filled(item.get(column.name), column, language) for column in columns} for item in raw]


def _filled(value: Any, column: Column, language: str) -> Any:
    if column.kind == "flag":
        return bool(value)
    if column.kind == "date" and value:
        return almanac.day_typed(date.fromisoformat(value), language)
    return "" if value is None else str(value)


def meant(
    name: str, rows: list[Row], columns: Iterable[Column], language: str, blame: Callable[[Invalid], None]
) -> list[dict[str, Any]]:
    """What `rows` mean, as plain values of `Request.from_dict`; each fault goes to `blame`, with its cell as its place."""
    found = []
    for number, row in enumerate(rows):
        if not says(row, columns):
            continue
        raw: dict[str, Any] = {}
        for column in columns:
            place = f"{name}-{number}-{column.name}"
            try:
                typed = row.get(column.name) or ("" if column.open else _LEFT_OPEN)
                value = usable(typed, column.kind, place, language, column.options)
            except Invalid as error:
                blame(error)
            else:
                if value not in ("", None, False):
                    raw[column.name] = value
        if _alone(name, number, raw, blame):
            found.append(raw)
    return found


def _alone(name: str, number: int, raw: Mapping[str, Any], blame: Callable[[Invalid], None]) -> bool:
    """Whether one row can be meant, in a request of its own: if not, that is said at this row."""
    try:
        Request.from_dict(
            {"reference": "AA-2000-0001", "requesting": "AA", "requested": "BB", "measure": "stored-data", name: [raw]}
        )
    except ComityError as error:
        head, _, column = error.where.partition(".")
        place = f"{name}-{number}-{column}" if head == name and column else name
        blame(Invalid(error.message, code=error.code, where=place))
        return False
    return True


def usable(value: Any, kind: str, where: str, language: str, options: Mapping[str, Any]) -> Any:
    """What was typed as a plain value: text, number, ISO date or moment; None where nothing is. Raises Invalid."""
    if kind == "flag":
        return bool(value)
    text = str(value).replace("\r\n", "\n").strip()
    if not text:
        return None
    if kind == "date":
        return almanac.parse_day(text, where=where, language=language).isoformat()
    if kind == "moment":
        return almanac.parse_moment(text, where=where, language=language).isoformat()
    if kind == "number":
        return whole(text, where)
    if kind == "choice" and text not in options:
        raise Invalid("Choose one of the options.", code="form.choice", where=where)
    return text


def whole(text: str, where: str) -> int:
    """The whole number that was typed, in digits of either script. Raises Invalid (``form.number``)."""
    digits = almanac.latin(text)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Invalid("This is no whole number.", code="form.number", where=where)
    return int(digits)
