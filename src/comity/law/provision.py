"""A provision: one dated line of law in our own words, with how sure it is. Whatever is cited is a provision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from comity.law._row import Page, Row

MARKS = frozenset({"V", "S", "M", "?"})

Provisions = Mapping[str, tuple["Provision", ...]]
"""Provisions by id; several versions of one id have spans that do not overlap."""


@dataclass(frozen=True)
class Provision:
    """One line of law.

    Args:
        id: how findings cite it, e.g. ``uncc:40(15)(f)`` or ``IR-CCA:13``; begins with the id of its book.
        article: article and paragraph as printed, e.g. ``40(15)(f)``; empty when the line is about none.
        en: what it says, in our own words, in English; never the treaty's sentences.
        fa: the same in Persian.
        sure: for treaties how sure the line is, V, S, M or ? (see ``lawbooks/treaties/uncc.toml``); empty in State books.
        verified: whether the line was compared with the official text. For treaties: whether the mark is V.
        source: where the line comes from, and what was not seen.
        since: the first day in force, or None when the book does not know or the text has no beginning of its own.
        until: the last day in force, or None.
    """

    id: str
    article: str
    en: str
    fa: str
    sure: str
    verified: bool
    source: str
    since: date | None
    until: date | None

    def applies(self, on: date) -> bool:
        """Whether the line's own span covers the day `on`; an end that is not stated is open."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


def read_provisions(page: Page, book: str, *, treaty: bool) -> Provisions:
    """The ``[[provision]]`` rows of `page`.

    Args:
        page: the law book.
        book: its id; every provision id begins with it.
        treaty: treaty lines carry a mark `sure`; State lines carry `verified` and `source`.

    Raises:
        BrokenLawbook: a field is missing, unknown or wrong; a span ends before it begins; two provisions of one id are
            in force on one day; a verified line has no beginning.
    """
    found: dict[str, list[tuple[Row, Provision]]] = {}
    for row in page.rows("provision"):
        provision = _read(row, book, treaty=treaty)
        for _, other in found.get(provision.id, []):
            if overlap(provision, other):
                row.fault(
                    f"Two provisions {provision.id} are in force on one day. End the older one with `to`, or name the "
                    "newer one differently.",
                    "lawbook.overlap",
                )
        found.setdefault(provision.id, []).append((row, provision))
    return MappingProxyType({name: tuple(item for _, item in items) for name, items in found.items()})


def _read(row: Row, book: str, *, treaty: bool) -> Provision:
    name = row.text("id")
    if not name.startswith((f"{book}:", f"{book}-")):
        row.fault(f"An id in this book begins with {book}: or {book}-.", "lawbook.value", "id")
    sure = row.choice("sure", MARKS) if treaty else ""
    provision = Provision(
        id=name,
        article=row.text("article", ""),
        en=row.text("en"),
        fa=row.text("fa"),
        sure=sure,
        verified=sure == "V" if treaty else row.flag("verified"),
        source=row.text("source", "") if treaty else row.text("source"),
        since=row.day("from"),
        until=row.day("to"),
    )
    if provision.since and provision.until and provision.until < provision.since:
        row.fault("`to` lies before `from`. Correct one of the two dates.", "lawbook.date", "to")
    if not treaty and provision.verified and provision.since is None:
        row.fault("A verified line needs its first day in force. Add `from`.", "lawbook.field-missing", "from")
    row.done()
    return provision


def overlap(one: Provision, other: Provision) -> bool:
    """Whether there is a day on which both are in force."""
    begins = max(one.since or date.min, other.since or date.min)
    ends = min(one.until or date.max, other.until or date.max)
    return begins <= ends


def in_force(provisions: Provisions, name: str, on: date) -> Provision | None:
    """The version of provision `name` whose span covers `on`, or None."""
    for item in provisions.get(name, ()):
        if item.applies(on):
            return item
    return None
