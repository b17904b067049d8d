"""STIX 2.1 objects: kept as the bytes they came in, checked by rules of our own, named by version and digest.

1. the whole is measured before it is parsed: bytes, nesting, objects, strings, lists (`Limits`);
2. each object is read with the very characters it was written in, and refused by name without harm to its neighbours;
3. its properties are checked against the standard's tables, then against each other;
4. a marking that bears a well-known id of the Traffic Light Protocol must be that marking.

A version is named by (id, modified); what has no `modified` is named by `created`, an observable by its id alone. The
same name with other content is refused (`compared`): it is either a mistake or a forgery, and never a newer version.

What is not checked: the insides of the predefined extensions of observables, and whether what is referred to exists.
Source: STIX Version 2.1, OASIS Standard.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from comity.errors import Invalid
from comity.seal import canon
from comity.sharing import _checks, _json, _types, patterns, tlp
from comity.sharing._checks import Remark
from comity.sharing._json import Limits, Piece
from comity.sharing._rules import RULES

__all__ = [
    "Limits",
    "Object",
    "Refused",
    "Remark",
    "compared",
    "kept",
    "objects",
    "observable_id",
    "read",
    "version_key",
]

_NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, 2.9
_MILLISECONDS = len("2026-11-30T09:15:00.000Z")
_HASH_ORDER = ("MD5", "SHA-1", "SHA-256", "SHA-512")
_CUSTOM = _checks.properties(_types.CUSTOM)
_CUSTOM_OBSERVABLE = _checks.properties(_types.CUSTOM_OBSERVABLE)
_TABLES = {name: _checks.properties(row) for name, row in _types.PROPERTIES.items()}


class Object(NamedTuple):
    """An object that was read and holds.

    Args:
        raw: the bytes it came in, alone.
        digest: SHA-256 of its canonical form (RFC 8785), hex: equal content, equal digest.
        type: e.g. `indicator`.
        id: `type--UUID`.
        version: `modified`, or `created`, in UTC with six digits (`version_key`); empty for an observable.
        body: what it says; never to be changed.
        remarks: what is allowed and yet worth knowing.
    """

    raw: bytes
    digest: str
    type: str
    id: str
    version: str
    body: Mapping[str, Any]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Refused:
    """An object of a bundle that was not taken.

    Args:
        place: its place in the list, from 0.
        id: what it calls itself, if that is an identifier; else empty.
        version: as `Object.version`, if it can be told; else empty.
        error: why.
    """

    place: int
    id: str
    version: str
    error: Invalid


def read(raw: bytes, *, limits: Limits | None = None, custom: bool = True) -> Object:
    """The object in `raw`.

    Args:
        raw: one object in JSON, UTF-8.
        limits: what is read at all; the usual ones if None.
        custom: whether types and properties of somebody's own are taken (and remarked upon).

    Raises:
        Invalid: `sharing.…` for the JSON, `stix.…` for the object; `where` names the property.
    """
    return _checked(_json.one(raw, limits or Limits()), custom=custom)


def objects(data: bytes, *, limits: Limits | None = None, custom: bool = True) -> Iterator[Object | Refused]:
    """The objects of a bundle or a TAXII envelope, one after the other; what is wrong with one spoils no other.

    Args:
        data: JSON with a list `objects`, UTF-8.
        limits: what is read at all; the usual ones if None.
        custom: as in `read`.

    Raises:
        Invalid: the whole cannot be read (`sharing.…`). What was yielded before holds.
    """
    for piece in _json.pieces(data, limits or Limits()):
        try:
            yield _checked(piece, custom=custom)
        except Invalid as error:
            yield _refused(piece, error)


def kept(raw: bytes, digest: str) -> Object:
    """The object in bytes that were read once and kept since, without checking them again.

    Args:
        raw: as `Object.raw`.
        digest: as `Object.digest`.

    Returns:
        The same object, of whose remarks only `custom-property` is made anew.
    """
    body = json.loads(raw.decode())  # of bytes it would guess the encoding first
    checks, _ = _table(body["type"], body)
    remarks = tuple([Remark("custom-property", name) for name in body if name not in checks])
    return Object(raw, digest, body["type"], body["id"], _version(body, read=True), body, remarks)


def version_key(moment: datetime) -> str:
    """A moment as versions are written here: UTC, six digits, so that text sorts as time does."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def compared(new: Object, held: str | None) -> Literal["new", "same"]:
    """Whether an object is new, when `held` is the digest under its id and version here; None if there is none.

    Raises:
        Invalid: `stix.other-content`.
    """
    if held is None:
        return "new"
    if held == new.digest:
        return "same"
    raise Invalid(
        "This id and version are held with other content. A change needs a later 'modified'.",
        code="stix.other-content", where=new.id,
    )  # fmt: skip


def observable_id(body: Mapping[str, Any]) -> str:
    """The identifier that an observable gets from its content (STIX 2.1, 2.9); empty if nothing in it makes one."""
    names = _types.NAMED_BY.get(body["type"], "").split()
    made: dict[str, Any] = {name: body[name] for name in names if name in body}
    if "hashes" in made:
        hashes = made["hashes"]
        first = next((name for name in _HASH_ORDER if name in hashes), min(hashes))
        made["hashes"] = {first: hashes[first]}
    if not made:
        return ""
    text = _json.canonical(Piece(0, b"", made, plain=False)).decode()
    return f"{body['type']}--{uuid.uuid5(_NAMESPACE, text)}"


def _checked(piece: Piece, *, custom: bool) -> Object:
    body: Mapping[str, Any] = piece.value
    remarks: list[Remark] = []
    kind = _type_of(body, custom=custom)
    _properties(kind, body, remarks, custom=custom)
    for rule in RULES.get(kind, ()):
        if fault := rule(body):
            raise Invalid(fault, code="stix.rule")
    _related(kind, body, remarks)
    digest = canon.content_id(_json.canonical(piece))
    return Object(piece.raw, digest, kind, body["id"], _version(body), body, tuple(remarks))


def _table(kind: str, body: Mapping[str, Any]) -> tuple[dict[str, _checks.Check], frozenset[str]]:
    """The checks of a type's properties, and which of them are required."""
    return _TABLES.get(kind) or (_CUSTOM_OBSERVABLE if _new_observable(body) else _CUSTOM)


def _properties(kind: str, body: Mapping[str, Any], remarks: list[Remark], *, custom: bool) -> None:
    checks, required = _table(kind, body)
    if missing := required - body.keys():
        raise Invalid("A required property is missing.", code="stix.missing", where=min(missing))
    name = ""
    try:
        for name, value in body.items():
            if check := checks.get(name):
                check(value, name, remarks)
            elif not _checks.NAME.fullmatch(name):
                raise Invalid("A property is named by a-z, 0-9 and _.", code="stix.name")
            elif not custom:
                raise Invalid("Properties of one's own are not taken here.", code="stix.custom")
            else:
                remarks.append(Remark("custom-property", name))
    except Invalid as error:
        error.where = name[:60]
        raise
    if kind not in _TABLES:
        remarks.append(Remark("custom-type", "type"))


def _type_of(body: Mapping[str, Any], *, custom: bool) -> str:
    kind = body.get("type")
    if not isinstance(kind, str) or (kind not in _TABLES and not _checks.TYPE.fullmatch(kind)) or kind == "bundle":
        raise Invalid("This is no type of an object.", code="stix.type", where="type")
    if kind not in _TABLES and not custom:
        raise Invalid(f"STIX 2.1 has no type '{kind}'.", code="stix.type", where="type")
    if body.get("spec_version", "2.1") != "2.1":
        raise Invalid("Only objects of STIX 2.1 are taken.", code="stix.spec-version", where="spec_version")
    named = body.get("id")
    found = _checks.ID.fullmatch(named) if isinstance(named, str) else None
    if found is None or found[1] != kind:
        raise Invalid("An id is its type, two hyphens and a UUID.", code="stix.id", where="id")
    return kind


def _new_observable(body: Mapping[str, Any]) -> bool:
    """Whether a type of somebody's own says that it is an observable (STIX 2.1, 7.3)."""
    said = body.get("extensions")
    types = (
        [each.get("extension_type") for each in said.values() if isinstance(each, dict)]
        if isinstance(said, dict)
        else []
    )
    return "new-sco" in types


def _related(kind: str, body: Mapping[str, Any], remarks: list[Remark]) -> None:
    """What looks at several properties in any type: versions, markings, patterns, made ids."""
    if (
        "modified" in body
        and body["modified"] != body["created"]
        and _version(body) < version_key(_checks.moment(body["created"]))
    ):
        raise Invalid("modified is earlier than created.", code="stix.time", where="modified")
    for marking in body.get("granular_markings", ()):
        for selector in marking["selectors"]:
            if not _selects(body, selector):
                message = "A selector names something that is not there."
                raise Invalid(message, code="stix.selector", where=selector[:60])
    if kind == "indicator":
        patterns.scan(body["pattern"], stix=body["pattern_type"] == "stix")
    elif kind == "marking-definition" and tlp.spoofed(body):
        raise Invalid("This marking is not what its id or its name stands for.", code="stix.spoofed", where="id")
    elif kind in _types.OBSERVABLE and body["id"][-22] == "5" and body["id"] != observable_id(body):
        remarks.append(Remark("observable-id", "id"))


def _selects(body: Any, selector: str) -> bool:
    here = body
    for step in selector.split("."):
        if step.startswith("["):
            if not isinstance(here, list) or int(step[1:-1]) >= len(here):
                return False
            here = here[int(step[1:-1])]
        elif not isinstance(here, dict) or step not in here:
            return False
        else:
            here = here[step]
    return True


def _version(body: Mapping[str, Any], *, read: bool = False) -> str:
    """As `Object.version`; `read`: it was told of this object once already. Raises Invalid, TypeError: it cannot be."""
    said = body.get("modified") or body.get("created")
    if not said:
        return ""
    plain = len(said) == _MILLISECONDS and (read or _checks.moment(said))
    return said[:-1] + "000Z" if plain else version_key(_checks.moment(said))


def _refused(piece: Piece, error: Invalid) -> Refused:
    named = piece.value.get("id")
    named = named if isinstance(named, str) and _checks.ID.fullmatch(named) else ""
    try:
        version = _version(piece.value)
    except (Invalid, TypeError):
        version = ""
    return Refused(piece.place, named, version, error)
