"""A request as a readable sheet: each field, what stands in it, and the article it answers.

What is missing is said to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from comity.casework.request import Request
from comity.errors import ComityError
from comity.law.completeness import stated
from comity.node.officers import fields
from comity.node.officers.fields import Field, Section
from comity.node.settings import Settings

_OUTSIDE = frozenset({"reference", "requested", "exercise"})  # stand in the heading


@dataclass(frozen=True)
class Entry:
    """One field on the sheet.

    Args:
        field: which.
        measure: of the request.
        value: what stands in it.
        gap: ``missing`` when the law asks for it, ``open`` when it does so where applicable, else empty.
    """

    field: Field
    measure: str
    value: Any
    gap: str

    @property
    def label(self) -> str | Promise:
        """What it is called here."""
        return self.field.named(self.measure)

    @property
    def article(self) -> str:
        """The article it answers, or empty."""
        return self.field.articles.get(self.measure, "")


def value_of(request: Request, name: str) -> Any:
    """What stands in the field `name` of `request`."""
    found: Any = request
    for part in name.split("."):
        found = getattr(found, part)
    return found


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


def sheet(settings: Settings, request: Request) -> list[tuple[Section, list[Entry]]]:
    """The sheet, section by section; fields that say nothing and need not are left out."""
    measure, silent = str(request.measure), gaps(settings, request)
    found = []
    for section in fields.SECTIONS[measure]:
        entries = [
            Entry(fields.FIELDS[name], measure, value_of(request, name), silent.get(name, ""))
            for name in section.names
            if name not in _OUTSIDE
        ]
        entries = [entry for entry in entries if entry.gap or entry.value not in ("", None, (), False)]
        if entries:
            found.append((section, entries))
    return found
