"""The roll of States of which statuses are asked: Members of the United Nations, observers, organisations of integration.

It knows names and memberships and no law: who is bound is computed from a treaty's book alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from comity.law._row import Page, Row, unique

KINDS: Final = ("member", "observer", "organisation")


@dataclass(frozen=True)
class Enrolled:
    """One State or organisation on the roll.

    Args:
        code: ISO 3166-1 code, or EU.
        kind: ``member`` (of the United Nations), ``observer`` (a State that observes there) or ``organisation``.
        of: the organisation on the roll whose member it is, or empty.
        en: its short name in English.
        fa: the same in Persian.
    """

    code: str
    kind: str
    of: str
    en: str
    fa: str


@dataclass(frozen=True)
class Roll:
    """Everybody on the roll, by code in its order; `known_on` and `source` as in a book. An empty roll knows nobody."""

    states: Mapping[str, Enrolled]
    known_on: date | None
    source: str

    def members_of(self, organisation: str) -> frozenset[str]:
        """The codes of the members of `organisation`."""
        return frozenset(item.code for item in self.states.values() if item.of == organisation)

    def is_organisation(self, code: str) -> bool:
        """Whether `code` is an organisation of integration, and no State."""
        return code in self.states and self.states[code].kind == "organisation"


NO_ROLL: Final = Roll(MappingProxyType({}), None, "")


def read_roll(page: Page) -> Roll:
    """The roll in `page`.

    Raises:
        BrokenLawbook: a field is missing, unknown or wrong; a code stands twice; an organisation is not on the roll.
    """
    page.only({"roll", "state"})
    head = page.table("roll")
    known_on, source = head.day("known_on"), head.text("source")
    head.done()
    found: list[tuple[Row, Enrolled]] = []
    for row in page.rows("state"):
        item = Enrolled(row.text("code"), row.choice("kind", KINDS), row.text("of", ""), row.text("en"), row.text("fa"))
        row.done()
        found.append((row, item))
    unique(((row, item.code) for row, item in found), "This State")
    organisations = {item.code for _, item in found if item.kind == "organisation"}
    for row, item in found:
        if item.of and item.of not in organisations:
            row.fault("`of` names no organisation of this roll. Add it, or correct the code.", "lawbook.cite", "of")
    return Roll(MappingProxyType({item.code: item for _, item in found}), known_on, source)
