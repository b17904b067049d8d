"""A column of JSON that is read and written quickly: each row of what crosses the border has one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from django.db import models


class _Writer(json.JSONEncoder):
    """What Django makes to write one value."""

    def encode(self, o: Any) -> str:
        """The text of `o`: dicts with string keys, lists, texts, integers within 64 bits."""
        return orjson.dumps(o).decode()


class Json(models.JSONField):
    """A `JSONField` as any other to the database and its migrations."""

    def __init__(self, **options: Any) -> None:
        """As `JSONField`."""
        super().__init__(**options | {"encoder": _Writer})

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """What the column says."""
        return orjson.loads(value) if type(value) is str else super().from_db_value(value, expression, connection)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Django's own field: how it is written is no matter of the table."""
        name, _, given, options = super().deconstruct()
        options.pop("encoder", None)
        return name, "django.db.models.JSONField", given, options
