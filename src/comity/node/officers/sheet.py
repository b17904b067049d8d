"""A request as a readable sheet: each field, what stands in it, and the provision that asks for it.

What is missing is said to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from comity.casework.request import Request
from comity.errors import ComityError
from comity.law.completeness import stated
from comity.node.officers import fields, interview
from comity.node.officers.fields import Column, Field, Section
from comity.node.settings import Settings

_OUTSIDE = frozenset({"reference", "requested", "exercise"})  # stand in the heading


@dataclass(frozen=True)
class Said:
    """One cell of a row that says something."""

    column: Column
    label: str | Promise
    value: Any


@dataclass(frozen=True)
class Entry:
    """One field on the sheet.

    Args:
        field: which.
        measure: of the request.
        value: what stands in it.
        gap: ``missing`` when the law asks for more than stands there, ``open`` when it does so where applicable, else empty.
        lacking: for rows that say something: what none of them says although the law asks for it.
        cite: the provision that asks for it, or empty.
        mark: the provision that what stands in it rests on, or empty.
    """

    field: Field
    measure: str
    value: Any
    gap: str
    lacking: tuple[str | Promise, ...]
    cite: str
    mark: str = ""

    @property
    def label(self) -> str | Promise:
        """What it is called here."""
        return self.field.named(self.measure)

    @property
    def says(self) -> bool:
        """Whether something stands in it."""
        return self.value not in ("", None, (), False)

    @property
    def lines(self) -> list[list[Said]]:
        """For rows: what each says."""
        return [
            [
                Said(column, fields.LABELS[f"{self.field.name}.{column.name}"], value)
                for column in self.field.columns
                if (value := getattr(item, column.name)) not in ("", None, False)
            ]
            for item in self.value
        ]


def gaps(settings: Settings, request: Request) -> Mapping[str, str]:
    """Fields that the legal basis asks for and that say nothing.

    Returns:
        Name -> ``missing``, or ``open`` where it is asked for only where applicable.
    """
    found: dict[str, str] = {}
    try:
        contents = settings.books.contents(request.basis, request.measure)
    except ComityError:
        return found
    for content in contents:
        silent = [name for name in content.fields if not stated(request, name)]
        if silent and not (content.one_suffices and len(silent) < len(content.fields)):
            needed = content.always or bool(set(content.always_for) & set(request.categories))
            for name in silent:
                found[name] = "missing" if needed else found.get(name, "open")
    return found


def sheet(settings: Settings, request: Request, on: date | None = None) -> list[tuple[Section, list[Entry]]]:
    """The sheet, section by section, by the law of the day `on` (today if not given).

    Fields that say nothing and need not are left out; what says something is always shown.
    """
    day = on or timezone.now().date()
    silent, asked = gaps(settings, request), interview.questions(settings.books, request, day)
    found = []
    for section in fields.SECTIONS:
        entries = [
            _entry(settings, request, name, open_here, asked.get(name))
            for name in section.names
            if name not in _OUTSIDE and ((open_here := _within(silent, name)) or interview.said(request, name))
        ]
        if entries:
            found.append((section, entries))
    return found


def _within(silent: Mapping[str, str], name: str) -> dict[str, str]:
    """What of `silent` belongs to the field `name` of the form."""
    return {place: gap for place, gap in silent.items() if fields.block(place) == name}


def _entry(
    settings: Settings, request: Request, name: str, silent: Mapping[str, str], question: interview.Question | None
) -> Entry:
    mark = ""
    if name == "scope" and request.basis in settings.books.treaties:
        mark = next(iter(settings.books.cited(request.basis, request.measure, f"scope-{request.scope}")), "")
    elif name == "offence.code":
        mark = request.offence.code
    return Entry(
        field=fields.FIELDS[name],
        measure=str(request.measure),
        value=interview.value_of(request, name),
        gap="missing" if "missing" in silent.values() else "open" if silent else "",
        lacking=tuple(fields.label(place) for place in silent),
        cite=question.cites[0] if question and question.cites else "",
        mark=mark,
    )
