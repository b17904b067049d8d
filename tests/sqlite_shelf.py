"""A shelf in SQLite: the smallest thing that keeps what `comity.sharing.shelf` asks of a shelf."""

import sqlite3
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from comity.errors import Invalid
from comity.sharing import stix
from comity.sharing.shelf import Collection, Cursor, Filter, Row

TABLES = """
CREATE TABLE IF NOT EXISTS held (
    row INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT, id TEXT, type TEXT, version TEXT, named TEXT, digest TEXT,
    raw BLOB, added TEXT, adder TEXT, first INTEGER, last INTEGER,
    UNIQUE (collection, id, named)
);
CREATE INDEX IF NOT EXISTS newest ON held (collection, last, added, row);
CREATE INDEX IF NOT EXISTS all_rows ON held (collection, added, row);
CREATE TABLE IF NOT EXISTS statuses (adder TEXT, status TEXT, body BLOB, PRIMARY KEY (adder, status));
"""


class SqliteShelf:
    """Rows in one table; which version is the first and the last is noted when it is added."""

    def __init__(self, path: Path | str = ":memory:", collections: Sequence[Collection] = ()) -> None:
        self.base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.base.execute("PRAGMA journal_mode=WAL")
        self.base.executescript(TABLES)
        self._collections = tuple(collections)
        self.asked: list[int] = []  # how many rows each page looked up

    def collections(self, root: str) -> Sequence[Collection]:
        """The same in every root but one of the name `empty`."""
        return () if root == "empty" else self._collections

    @contextmanager
    def together(self):
        """All or nothing."""
        self.base.execute("BEGIN IMMEDIATE")
        with self.base:
            yield

    def add(self, collection: str, found: Sequence[stix.Object], *, by: str, at: datetime):
        """Inside `together`."""
        added, outcomes = stix.version_key(at), {}
        for place, one in enumerate(found):
            held = self.base.execute(
                "SELECT digest FROM held WHERE collection = ? AND id = ? AND named = ?",
                (collection, one.id, one.version),
            ).fetchone()
            try:
                outcomes[place] = stix.compared(one, held and held[0])
            except Invalid as error:
                outcomes[place] = error
                continue
            if outcomes[place] == "new":
                self.base.execute(
                    "INSERT INTO held (collection, id, type, version, named, digest, raw, added, adder)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (collection, one.id, one.type, one.version or added, one.version, one.digest, one.raw, added, by),
                )
                self._order(collection, one.id)
        return outcomes

    def _order(self, collection: str, named: str) -> None:
        edges = "(SELECT {}(version) FROM held WHERE collection = :c AND id = :i)"
        self.base.execute(
            f"UPDATE held SET first = version = {edges.format('min')}, last = version = {edges.format('max')}"
            " WHERE collection = :c AND id = :i",
            {"c": collection, "i": named},
        )

    @staticmethod
    def _where(collection: str, wanted: Filter) -> tuple[str, list[object]]:
        parts, values = ["collection = ?"], [collection]
        for column, those in (("id", wanted.ids), ("type", wanted.types)):
            if those:
                parts.append(f"{column} IN ({','.join('?' * len(those))})")
                values += sorted(those)
        if "all" not in wanted.versions:
            choices = [f"{edge} = 1" for edge in ("first", "last") if edge in wanted.versions]
            if moments := sorted(wanted.versions - {"first", "last"}):
                choices.append(f"version IN ({','.join('?' * len(moments))})")
                values += moments
            parts.append("(" + (" OR ".join(choices) or "0") + ")")
        if wanted.after:
            parts.append("added > ?")
            values.append(wanted.after)
        return " AND ".join(parts), values

    def page(
        self, collection: str, wanted: Filter, after: Cursor | None, limit: int, *, most_bytes: int | None = None
    ) -> Sequence[Row]:
        """By the index, from the cursor on."""
        where, values = self._where(collection, wanted)
        if after is not None:
            where += " AND (added, row) > (?, ?)"
            values += after
        rows = self.base.execute(
            f"SELECT added, row, id, version, raw FROM held WHERE {where} ORDER BY added, row LIMIT ?", [*values, limit]
        ).fetchall()
        self.asked.append(len(rows))
        found, size = [], 0
        for added, row, named, version, raw in rows:
            if most_bytes is not None and size >= most_bytes:
                break
            found.append(Row(Cursor(added, row), named, version, raw))
            size += len(raw)
        return found

    def delete(self, collection: str, wanted: Filter, *, by: str, at: datetime) -> int:
        """Only what `by` added."""
        where, values = self._where(collection, wanted)
        gone = self.base.execute(f"DELETE FROM held WHERE {where} AND adder = ?", [*values, by]).rowcount
        for named in wanted.ids:
            self._order(collection, named)
        return gone

    def room(self, collection: str, size: int) -> None:
        """Always."""

    def keep_status(self, by: str, status: str, body: bytes, *, at: datetime) -> None:
        """For him alone."""
        self.base.execute("INSERT INTO statuses VALUES (?, ?, ?)", (by, status, body))

    def status(self, by: str, status: str) -> bytes | None:
        """Of him alone."""
        found = self.base.execute("SELECT body FROM statuses WHERE adder = ? AND status = ?", (by, status)).fetchone()
        return found and found[0]
