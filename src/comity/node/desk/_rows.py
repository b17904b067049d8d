"""Many rows written at once: one statement, prepared once, where Django's own would be composed anew for each batch.

All of it works inside the caller's transaction and knows nothing of signals or defaults of the database: rows come complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import Field, Model

_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.FloatField, models.BooleanField)


def _columns(model: type[Model], names: Sequence[str] = ()) -> list[Field[Any, Any]]:
    """The columns of `names`; without names: all but a number that the database gives."""
    known: Any = model._meta  # noqa: SLF001  this is how Django names it
    if names:
        return [known.get_field(name) for name in names]
    return [column for column in known.concrete_fields if column is not known.auto_field]


def _values(rows: Sequence[Model], columns: Sequence[Field[Any, Any]]) -> list[list[Any]]:
    """What the database is given for each of the rows. Texts and numbers go as they are."""
    made = [(column.attname, _made(column)) for column in columns]
    return [[getattr(row, name) if make is None else make(getattr(row, name)) for name, make in made] for row in rows]


def _made(column: Field[Any, Any]) -> Callable[[Any], Any] | None:
    """What makes of a value that which the database is given; None: it goes as it is."""
    if isinstance(column, _PLAIN) or (
        isinstance(column, models.ForeignKey) and isinstance(column.target_field, _PLAIN)
    ):
        return None
    make: Callable[[Any], Any] = partial(column.get_db_prep_save, connection=connections[DEFAULT_DB_ALIAS])
    # Rows that are made together share their moments.
    return lru_cache(maxsize=16)(make) if isinstance(column, models.DateTimeField) else make


def inserted(model: type[Model], rows: Sequence[Model], *, unless_there: bool = False) -> None:
    """Write rows that are not in the table yet.

    Args:
        model: the rows' table.
        rows: complete.
        unless_there: leave out those that are there.

    Raises:
        IntegrityError: one is there.
    """
    columns = _columns(model)
    put(model, [column.attname for column in columns], _values(rows, columns), unless_there=unless_there)


def put(
    model: type[Model], names: Sequence[str], values: Sequence[Sequence[Any]], *, unless_there: bool = False
) -> None:
    """As `inserted`, of rows that are given as the values of these fields, as the database takes them."""
    if not values:
        return
    columns, quote = _columns(model, names), connection.ops.quote_name
    named = ", ".join(quote(str(column.column)) for column in columns)
    places = ", ".join("%s" for _ in columns)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(model._meta.db_table)} ({named}) VALUES ({places})"  # noqa: S608, SLF001  names of our own model
            + (" ON CONFLICT DO NOTHING" if unless_there else ""),
            values,
        )


def changed(model: type[Model], rows: Sequence[Model], names: Sequence[str], *, key: Sequence[str]) -> None:
    """Write the fields `names` of rows that are in the table.

    Args:
        model: the rows' table.
        rows: as they are to be.
        names: fields that may have changed.
        key: fields by which the table knows a row, and which never change.
    """
    if not rows:
        return
    columns, keys, quote = _columns(model, names), _columns(model, key), connection.ops.quote_name
    named = ", ".join(f"{quote(str(column.column))} = %s" for column in columns)
    where = " AND ".join(f"{quote(str(column.column))} = %s" for column in keys)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(model._meta.db_table)} SET {named} WHERE {where}",  # noqa: S608, SLF001  names of our own model
            _values(rows, [*columns, *keys]),
        )
