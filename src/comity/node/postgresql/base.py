"""The connection: its transactions go one after another, and it takes every text."""

from __future__ import annotations

import re
from typing import Any

from django.db.backends.postgresql import base
from psycopg.abc import Buffer
from psycopg.types.json import Jsonb, JsonbDumper
from psycopg.types.string import StrDumperUnknown

_ONE_AT_A_TIME = 0x636F6D697479  # "comity": PostgreSQL keeps advisory locks by number, for each database apart


class _Text(StrDumperUnknown):
    """Text with U+FFFD where it holds U+0000, which PostgreSQL cannot keep.

    What counts as proof is kept as bytes. What is left is text for people, such as the reason for which a message was refused,
    and names that are looked up: the sender of a message must not be able to make that fail.
    """

    def dump(self, obj: str) -> Buffer | None:
        """`obj` as PostgreSQL takes it."""
        return super().dump(obj.replace("\0", "\ufffd"))


_ESCAPE = re.compile(rb"\\(?:ud[89ab]..\\ud[c-f]..|(u0000|ud[89a-f]..)|.)")  # group 1: of what jsonb cannot keep


class _Json(JsonbDumper):
    """JSON as `_Text`: U+FFFD where its texts hold U+0000, or half of a pair of surrogates."""

    def dump(self, obj: Jsonb) -> Buffer | None:
        """`obj` as PostgreSQL takes it."""
        said = bytes(super().dump(obj) or b"")
        if b"\\u0000" not in said and b"\\ud" not in said:
            return said
        return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], said)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL.

    A transaction waits until it is alone, as SQLite's ``BEGIN IMMEDIATE`` does, and only then sees its first row: what the desk
    reads and what it writes after that belong together. So no two transactions meet at a row, and none has to be repeated
    because of another; who waits longer than ``lock_timeout`` gets an OperationalError, by which the work is done later.
    Reading outside of a transaction waits for nobody.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that takes every text."""
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_dumper(str, _Text)
        connection.adapters.register_dumper(Jsonb, _Json)
        return connection

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001  Django calls it so
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # unknown to django-stubs
        if autocommit:
            return
        try:
            with self.wrap_database_errors:
                self.connection.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
        except BaseException:
            self.close()  # Django does not know yet that a transaction began
            raise
