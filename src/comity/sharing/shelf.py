"""The seam to whoever keeps shared objects: what a TAXII server asks of its shelf, and the values that pass.

The office implements `Shelf` with its tables; tests with a small database of their own. Rows are handed out in the order
(`added`, `row`), which MUST be the order in which they became visible: one writer at a time. Then a reader who asks on
from the last row that he saw misses nothing, and a page costs what the page costs, however full the shelf is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, Protocol

from comity.errors import Invalid
from comity.sharing.stix import Object

_LOOKED_AT: Final = 10_000  # rows that are looked at for one page, visible or not
_BYTES: Final = 8 << 20  # of these rows; the one that reaches them is the last


class Cursor(NamedTuple):
    """A place on a shelf: after this row.

    Args:
        added: when the row was added, as `stix.version_key` writes it.
        row: its number.
    """

    added: str
    row: int


@dataclass(frozen=True)
class Row:
    """One version of an object on a shelf.

    Args:
        at: its place.
        id: of the object.
        version: as `stix.Object.version`; for an observable, when it was added.
        raw: its bytes.
    """

    at: Cursor
    id: str
    version: str
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which rows are asked for: those that fit all of these; an empty set does not restrict.

    Args:
        ids: of objects.
        types: of objects.
        versions: any of `all`, `first`, `last`, and versions as `stix.version_key` writes them; first and last are those
            of the collection, whatever else is asked for.
        after: only what was added after this (`stix.version_key`); empty: everything.
    """

    ids: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset({"last"})
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A collection as everybody sees it.

    Args:
        id: UUID, lower case.
        title: a few words.
        description: more, or empty.
        alias: another name for its address, or empty.
    """

    id: str
    title: str
    description: str = ""
    alias: str = ""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who asks: signed in by the caller.

    Args:
        name: by which the shelf knows him; statuses and objects that he added are his.
        reads: ids of the collections that he may read. Empty: none.
        writes: ids of the collections that he may add to. Empty: none.
        visible: whether a row may go out to him (`release.allowed`); asked for every row.
    """

    name: str
    reads: frozenset[str]
    writes: frozenset[str]
    visible: Callable[[Row], bool]


class Shelf(Protocol):
    """Who keeps the objects."""

    def collections(self, root: str) -> Sequence[Collection]:
        """All collections of an API root, in their order."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """What is done within is kept at once when it ends, or not at all."""
        ...

    def room(self, collection: str, size: int) -> None:
        """Return when who asks may add so many bytes more. Raises NotPossible: not before somebody has looked at the rest."""
        ...

    def add(
        self, collection: str, found: Sequence[Object], *, by: str, at: datetime
    ) -> Mapping[int, Literal["new", "same"] | Invalid]:
        """Add versions in order, all or none: for each place in `found` what `stix.compared` said."""
        ...

    def page(
        self, collection: str, wanted: Filter, after: Cursor | None, limit: int, *, most_bytes: int | None = None
    ) -> Sequence[Row]:
        """At most `limit` rows after a place, in order; at the cost of these rows.

        With `most_bytes` it ends with the row that reaches them: see `goes_on`.
        """
        ...

    def delete(self, collection: str, wanted: Filter, *, by: str, at: datetime) -> int:
        """Take away the rows that `by` added; how many. Raises NotPossible: they must stay."""
        ...

    def keep_status(self, by: str, status: str, body: bytes, *, at: datetime) -> None:
        """Keep the answer to an addition under its id, for him who added."""
        ...

    def status(self, by: str, status: str) -> bytes | None:
        """The answer that was kept for `by` under this id."""
        ...


def goes_on(rows: Sequence[Row], limit: int, most_bytes: int) -> bool:
    """Whether the shelf may hold more after a page that was asked for with these limits."""
    return len(rows) >= limit or sum(len(row.raw) for row in rows) >= most_bytes


def looked(
    shelf: Shelf, reader: Reader, collection: str, wanted: Filter, after: Cursor | None, *, limit: int, page: int
) -> tuple[list[Row], Cursor | None]:
    """(at most `limit` rows that the reader may see; where the next begin, None: there are none).

    So many rows and bytes are looked at, visible or not, and no more: there may be fewer rows than asked for, even none, and
    yet more behind them.

    Args:
        shelf: who keeps the rows.
        reader: who asks.
        collection: its id, one that he may read.
        wanted: which rows.
        after: a place; None: from the beginning.
        limit: rows.
        page: rows that are read at once where the first `limit` are not all visible, however few were asked for.
    """
    rows: list[Row] = []
    step, count, size = limit + 1, 0, 0
    while count < _LOOKED_AT and size < _BYTES:
        left = _BYTES - size
        found = shelf.page(collection, wanted, after, step, most_bytes=left)
        more = goes_on(found, step, left)
        for row in found:
            after = row.at
            if reader.visible(row):
                rows.append(row)
                if len(rows) == limit:
                    return rows, after if more or row is not found[-1] else None
        if not more:
            return rows, None
        count, size, step = count + len(found), size + sum(len(row.raw) for row in found), page + 1
    return rows, after
