"""Values as plain JSON and back, strictly, by the types that their fields declare.

Known types: text, whole numbers, flags, days, moments, words of an enumeration, other values, and tuples of these.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, TypeVar

from comity.casework.moments import moment_text, parse_date, strict_moment
from comity.errors import Invalid


class Value(Protocol):
    """A frozen dataclass that is checked when it is made."""

    __dataclass_fields__: typing.ClassVar[dict[str, Any]]


V = TypeVar("V", bound=Value)


def plain(value: Any) -> Any:
    """`value` as plain JSON values; fields that hold their default are left out."""
    if hasattr(value, "__dataclass_fields__"):
        return {
            part.name: plain(item)
            for part in fields(value)
            if (item := getattr(value, part.name)) != part.default or part.default is MISSING
        }
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, StrEnum) else value


def made(kind: type[V], raw: Any, where: str = "") -> V:
    """The value of `kind` that `plain` wrote as `raw`.

    Args:
        kind: a frozen dataclass.
        raw: plain JSON values.
        where: the dotted place of `raw`, for messages.

    Raises:
        Invalid: a field is unknown, missing, of the wrong type, or cannot be meant; `where` names it.
    """
    if not isinstance(raw, dict):
        raise Invalid("This must be an object with named fields.", code="assistance.type", where=where)
    place = f"{where}." if where else ""
    readers = _readers(kind)
    unknown = sorted(set(raw) - set(readers), key=str)
    if unknown:
        raise Invalid("This field is not known.", code="assistance.unknown-field", where=f"{place}{unknown[0]}")
    for part in fields(kind):
        if part.name not in raw and part.default is MISSING:
            raise Invalid("This field is missing.", code="assistance.missing", where=f"{place}{part.name}")
    values = {name: readers[name](item, f"{place}{name}") for name, item in raw.items()}
    return kind(**values)


_Reader = Callable[[Any, str], Any]


@cache
def _readers(kind: type) -> dict[str, _Reader]:
    hints = typing.get_type_hints(kind)
    return {part.name: _reader(hints[part.name]) for part in fields(kind)}


def _reader(kind: Any) -> _Reader:
    if isinstance(kind, types.UnionType):  # only "or None" is used, and None is left out in what is written
        return _reader(next(part for part in typing.get_args(kind) if part is not type(None)))
    if typing.get_origin(kind) is tuple:
        one = _reader(typing.get_args(kind)[0])

        def many(raw: Any, where: str) -> tuple[Any, ...]:
            _of(list, raw, where)
            return tuple(one(item, where) for item in raw)

        return many
    if hasattr(kind, "__dataclass_fields__"):
        return lambda raw, where: made(kind, raw, where)
    return lambda raw, where: _simple(kind, raw, where)


def _simple(kind: Any, raw: Any, where: str) -> Any:
    if kind in {str, int, bool}:
        return _of(kind, raw, where)
    _of(str, raw, where)
    make = strict_moment if kind is datetime else parse_date if kind is date else kind
    try:
        return make(raw)
    except ValueError as error:
        raise Invalid("This value is not usable here.", code="assistance.value", where=where) from error


def _of(kind: type, raw: Any, where: str) -> Any:
    if type(raw) is not kind:  # True is an int, too
        raise Invalid("This field has the wrong type.", code="assistance.type", where=where)
    return raw
