"""How SQLite would answer each question that is asked: to see that none of them reads a table whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def explained() -> Iterator[list[str]]:
    """The steps of the plans of every SELECT asked meanwhile."""
    plans: list[str] = []

    def asked(execute, sql, params, many, context):
        if sql.startswith("SELECT") and not many:
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params or ())
                plans.extend(row[3] for row in cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(asked):
        yield plans
