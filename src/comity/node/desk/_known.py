"""What this node knows of objects that are to be added: the same, other content under their name, another's, called back.

Most of what is added is new: whether anything is known of it is asked first, and the rest only of what is. An id is part of the
content: whoever has the content has the id. Plain SQL, as in `shelf`; each lookup is one step down an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from comity.errors import Invalid
from comity.node import models
from comity.sharing import stix

CONTESTED: Final = "sharing.contested"
CONTRARY: Final = frozenset({"stix.other-content", CONTESTED})  # other content under the same id and version
Outcomes = dict[int, Literal["new", "same"] | Invalid]
HEAD: Final = 8  # characters of a digest: `models.StixObject.head`
_TOGETHER: Final = 1_000  # objects that are looked up by one statement
_KNOWN = """SELECT asked.column1 FROM (VALUES {}) AS asked
    WHERE EXISTS (SELECT 1 FROM node_stixobject WHERE object_id = asked.column1)
    OR EXISTS (SELECT 1 FROM node_copyrecall WHERE what = asked.column2)"""
_HELD = """SELECT asked.column1, asked.column2,
    (SELECT min(version) FROM node_stixobject WHERE object_id = asked.column1 AND collection_id = %s),
    (SELECT max(version) FROM node_stixobject WHERE object_id = asked.column1 AND collection_id = %s),
    (SELECT digest FROM node_stixobject
     WHERE object_id = asked.column1 AND collection_id = %s AND version = asked.column2)
    FROM (VALUES {}) AS asked"""
_BARRED = """SELECT asked.column1, asked.column2,
    EXISTS (SELECT 1 FROM node_stixobject WHERE object_id = asked.column1 AND digest = asked.column2 AND withdrawn)
    OR EXISTS (SELECT 1 FROM node_copyrecall WHERE what = asked.column2 AND source = %s),
    EXISTS (SELECT 1 FROM node_stixobject WHERE object_id = asked.column1 AND digest = asked.column2 AND source <> %s)
    OR EXISTS (SELECT 1 FROM node_stixobject WHERE object_id = asked.column1 AND collection_id = %s AND source <> %s),
    (SELECT "by" FROM node_stixobject WHERE object_id = asked.column1 AND collection_id = %s
     ORDER BY version DESC LIMIT 1),
    EXISTS (SELECT 1 FROM node_collection AS other WHERE EXISTS (SELECT 1 FROM node_stixobject
     WHERE object_id = asked.column1 AND collection_id = other.number AND version = asked.column3 AND digest <> asked.column2))
    FROM (VALUES {}) AS asked"""


class Edges(NamedTuple):
    """The earliest and the latest version of an object, as `models.StixObject.version` writes them."""

    first: str
    last: str


def named(digest: str) -> QuerySet[models.StixObject]:
    """The objects of this digest, in all collections. An index of whole digests would be the largest of all."""
    return models.StixObject.objects.filter(head=digest[:HEAD], digest=digest)


def known(found: Sequence[stix.Object]) -> list[stix.Object]:
    """Those of `found` of which this node knows anything, in any collection or by a recall."""
    ids = set[str]()
    for start in range(0, len(found), _TOGETHER):
        some = found[start : start + _TOGETHER]
        keys = [text for one in some for text in (one.id, one.digest)]
        ids.update(named for (named,) in asked(_KNOWN.format(",".join(["(%s, %s)"] * len(some))), keys))
    return [one for one in found if one.id in ids]


def held(collection: int, found: Sequence[stix.Object]) -> tuple[dict[str, Edges], dict[tuple[str, str], str | None]]:
    """(edges of each object that is held, digest of each version that is): what `found` is compared with."""
    edges: dict[str, Edges] = {}
    digests: dict[tuple[str, str], str | None] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(found), _TOGETHER):
            some = found[start : start + _TOGETHER]
            keys = [text for one in some for text in (one.id, one.version)]
            cursor.execute(
                _HELD.format(",".join(["(%s, %s)"] * len(some))), [collection, collection, collection, *keys]
            )
            for named, version, first, last, digest in cursor.fetchall():
                if last is not None:
                    edges[named] = Edges(first, last)
                    digests[named, version] = digest
    return edges, digests


def compared(found: Sequence[stix.Object], digests: dict[tuple[str, str], str | None]) -> Outcomes:
    """What `stix.compared` says of each, beside what is held and those before it; `digests` goes along."""
    outcomes: Outcomes = {}
    for place, one in enumerate(found):
        key = one.id, one.version
        try:
            outcomes[place] = stix.compared(one, digests.get(key))
            digests[key] = one.digest
        except Invalid as error:
            outcomes[place] = error
    return outcomes


def bar(
    collection: int, found: Sequence[stix.Object], outcomes: Outcomes, new: Sequence[int],
    *, source: str, again: bool, author: str, home: str,
) -> list[int]:  # fmt: skip
    """Put into `outcomes` why what would be new, at the places `new`, is not taken from this source, or by this author.

    An author brings newer versions only of what is his own.

    Returns:
        The places of what is taken although another collection holds that version with other content.
    """
    beside: list[int] = []
    for start in range(0, len(new), _TOGETHER):
        places = new[start : start + _TOGETHER]
        keys = [text for place in places for text in (found[place].id, found[place].digest, found[place].version)]
        marks = ",".join(["(%s, %s, %s)"] * len(places))
        rows = asked(_BARRED.format(marks), [source or home, source, collection, source, collection, *keys])
        barred = {(named, digest): said for named, digest, *said in rows}
        for place in places:
            gone, theirs, reviser, elsewhere = barred[found[place].id, found[place].digest]
            if gone and not again:
                outcomes[place] = Invalid("This was called back by its source.", code="sharing.withdrawn")
            elif theirs:
                outcomes[place] = Invalid(
                    "This is known here as another State's, or as this one's.", code="sharing.other-source"
                )
            elif author and reviser not in (None, author):
                outcomes[place] = Invalid("Only who added this brings a newer version.", code="sharing.other-author")
            elif elsewhere and not again:
                message = "Another collection here holds this id and version with other content."
                outcomes[place] = Invalid(message, code="sharing.contested")
            elif elsewhere:
                beside.append(place)
    return beside


def asked(statement: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
    """The rows that a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
