"""What the query of a request to a TAXII server asks for: filters, how much, and from where on (3.4, 3.5)."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from comity.errors import ComityError, Invalid
from comity.sharing import stix
from comity.sharing._checks import moment
from comity.sharing.shelf import Cursor, Filter

_MOST_VALUES = 1_000  # values of all filters together
_MOST_TYPES = 50  # each is asked for by itself
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,18})-([0-9a-f]{8})")


class Query:
    """A query, as sent without the question mark.

    Raises:
        Invalid: ``taxii.query``, here and in each method: it is not well formed, or asks for what is not answered.
    """

    def __init__(self, text: str) -> None:
        try:
            self._pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20, errors="strict")
        except ValueError as error:
            raise _bad("The query cannot be read.") from error
        if any("\0" in value for _, value in self._pairs):  # no text of a database
            raise _bad("The query cannot be read.")

    def filter(self, *matches: str, otherwise: str = "last") -> Filter:
        """What is asked for, of which `matches` may be named; `otherwise` are the versions where none is."""
        given: dict[str, frozenset[str]] = {}
        for name, value in self._pairs:
            if name.startswith("match[") and name.endswith("]"):
                field = name[len("match[") : -1]
                if field not in {*matches, "spec_version"} or field in given:
                    raise _bad(f"{name} is not answered here, or stands twice.")
                given[field] = frozenset(filter(None, value.split(",")))
        many = sum(map(len, given.values())) > _MOST_VALUES or len(given.get("type", ())) > _MOST_TYPES
        if many or not all(given.values()):
            raise _bad("A filter has no value, or too many.")
        versions = frozenset(
            each if each in {"all", "first", "last"} else _moment(each) for each in given.get("version", {otherwise})
        )
        added_after = self._single("added_after")
        return Filter(
            ids=given.get("id", frozenset()), types=given.get("type", frozenset()),
            after="" if added_after is None else _moment(added_after),
            versions=versions if "2.1" in given.get("spec_version", {"2.1"}) else frozenset(),
        )  # fmt: skip

    def limit(self, most: int) -> int:
        """How many are asked for, at most `most`."""
        asked = self._single("limit")
        if asked is None:
            return most
        if not re.fullmatch(r"[1-9]\d{0,8}", asked):
            raise _bad("limit is a whole number above 0.")
        return min(most, int(asked))

    def after(self, collection: str) -> Cursor | None:
        """The place that `next` names; None: the beginning.

        One of another collection names none here: OpenCTI's connector asks with what it was told last, wherever that was.
        """
        text = self._single("next")
        if not text:
            return None
        found = _CURSOR.fullmatch(text)
        if found is None:
            raise _bad("next is not what was given out here.")
        micros = int(found[1])
        try:
            added = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
        except (ValueError, OverflowError, OSError) as error:
            raise _bad("next is not what was given out here.") from error
        return Cursor(stix.version_key(added), int(found[2])) if found[3] == _tag(collection) else None

    def _single(self, name: str) -> str | None:
        values = [value for each, value in self._pairs if each == name]
        if len(values) > 1:
            raise _bad(f"{name} stands twice.")
        return values[0] if values else None


def next_of(cursor: Cursor, collection: str) -> str:
    """`cursor` as a `next` that `Query.after` reads."""
    at = moment(cursor.added)
    return f"{int(at.timestamp()) * 1_000_000 + at.microsecond}-{cursor.row}-{_tag(collection)}"


def _tag(collection: str) -> str:
    return hashlib.sha256(collection.encode()).hexdigest()[:8]


def _moment(text: str) -> str:
    try:
        return stix.version_key(moment(text))
    except ComityError as error:
        raise _bad(error.message) from error


def _bad(description: str) -> Invalid:
    return Invalid(description, code="taxii.query")
