"""Checks of single properties: each kind of `_types`, as a function that refuses by name.

A check takes the value, the property's name and a list for remarks; it raises `Invalid`, and the caller adds the place.
Source: STIX 2.1, sections 2 (common data types) and 7 (meta objects).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple, NoReturn

from comity.casework.moments import YEARS
from comity.errors import Invalid
from comity.sharing import _types


class Remark(NamedTuple):
    """Something that is allowed and yet worth knowing.

    Args:
        code: `vocabulary`, `custom-property`, `custom-type`, `observable-id`, `deprecated`, `extension`.
        where: the property.
    """

    code: str
    where: str


Check = Callable[[Any, str, list[Remark]], None]

ID = re.compile(
    r"([a-z][a-z0-9-]{1,58}[a-z0-9])--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
TYPE = re.compile(
    r"(?!.*--)[a-z][a-z0-9-]{1,58}[a-z0-9]"
)  # of 250 characters that STIX allows: the columns of tables end
NAME = re.compile(r"[a-z][a-z0-9_]{2,249}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_SELECTOR = re.compile(r"[A-Za-z0-9_-]{3,250}(?:\.(?:\[\d{1,5}\]|[A-Za-z0-9_-]{1,250}))*")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,250}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_MOST_OBSERVED = 999_999_999
_NO_TIME = "A time is written like 2026-11-30T09:15:00.000Z, in UTC."


def moment(text: Any) -> datetime:
    """The moment that a timestamp of STIX or TAXII names (RFC 3339 in UTC, up to nine digits; microseconds are kept).

    Raises:
        Invalid: `stix.time`.
    """
    if isinstance(text, str):
        return _moment(text)
    raise Invalid(_NO_TIME, code="stix.time")


@lru_cache(maxsize=4096)  # the times of one object are mostly the same, and those of its neighbours
def _moment(text: str) -> datetime:
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise Invalid(_NO_TIME, code="stix.time")


def properties(kind: str) -> tuple[dict[str, Check], frozenset[str]]:
    """(check of each property, names of the required ones) for a row of `_types`."""
    checks: dict[str, Check] = {}
    required = set()
    for entry in kind.split():
        name, _, said = entry.partition(":")
        if name.endswith("!"):
            name = name[:-1]
            required.add(name)
        checks[name] = _check(said or "text")
    return checks, frozenset(required)


def _check(kind: str) -> Check:
    kind, _, words = kind.partition("=")
    if kind in {"ref", "refs"}:
        one = partial(_reference, *_targets(words))
        return partial(_each, one) if kind == "refs" else one
    if kind in {"word", "words"}:
        one = partial(_word, frozenset(_types.VOCABULARIES[words].split()))
        return partial(_each, one) if kind == "words" else one
    if kind in {"one", "ones"}:
        one = partial(_enum, frozenset(_types.ENUMS[words].split()))
        return partial(_each, one) if kind == "ones" else one
    return _KINDS[kind]


def _targets(words: str) -> tuple[frozenset[str], bool, bool]:
    """(types, whether they are those that are forbidden, whether types of somebody's own are allowed)."""
    if words == "*":
        return frozenset(), True, True
    names = words.removeprefix("!").split("|")
    types = {each for name in names for each in _types.CATEGORIES.get(name, {name: ""})}
    return frozenset(types), words.startswith("!"), any(name in _types.CATEGORIES for name in names)


def _wrong(sentence: str) -> NoReturn:
    raise Invalid(sentence, code="stix.value")


def _text(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) is not str:
        _wrong("A string is needed.")


def _bool(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) is not bool:
        _wrong("true or false is needed.")


def _integer(least: int | None, most: int | None, value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) is not int or (least is not None and value < least) or (most is not None and value > most):
        span = "" if least is None else f" from {least}" + ("" if most is None else f" to {most}")
        _wrong(f"A whole number{span} is needed.")


def _number(least: float, most: float, value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) not in {int, float} or not least <= value <= most:
        _wrong(f"A number from {least} to {most} is needed.")


def _time(value: Any, _name: str, _remarks: list[Remark]) -> None:
    moment(value)


def _dated(value: Any, _name: str, _remarks: list[Remark]) -> None:
    """A time at which somebody said or saw something.

    STIX bounds no time. What people did lies in the years of every moment that crosses the border, or somebody mistyped; what
    they write down of things does not: files of 1601, certificates and indicators that end in 9999 are usual.
    """
    year = moment(value).year
    if year not in YEARS:
        message = f"It was not said or seen in {year}: a year from {YEARS[0]} to {YEARS[-1]} is needed."
        raise Invalid(message, code="stix.year")


def _version(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if value != "2.1":
        raise Invalid("Only objects of STIX 2.1 are taken.", code="stix.spec-version")


def _language(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if not (isinstance(value, str) and _LANGUAGE.fullmatch(value)):
        _wrong("A language is named as in RFC 5646, e.g. fa.")


def _each(check: Check, value: Any, name: str, remarks: list[Remark]) -> None:
    if type(value) is not list or not value:
        _wrong("A list with at least one member is needed.")
    for item in value:
        check(item, name, remarks)


def _reference(types: frozenset[str], forbidden: bool, custom: bool, value: Any, _name: str, _r: list[Remark]) -> None:  # noqa: FBT001 -- a row of the table, bound once
    found = ID.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Invalid("An identifier (type--UUID) is needed.", code="stix.id")
    named = found[1]
    allowed = named not in types if forbidden else named in types or (custom and named not in _types.PROPERTIES)
    if not allowed:
        raise Invalid(f"This may not refer to '{named[:60]}'.", code="stix.reference")


def _word(words: frozenset[str], value: Any, name: str, remarks: list[Remark]) -> None:
    if type(value) is not str:
        _wrong("A string is needed.")
    if value not in words:
        remarks.append(Remark("vocabulary", name))


def _enum(words: frozenset[str], value: Any, _name: str, _remarks: list[Remark]) -> None:
    if not isinstance(value, str) or value not in words:
        _wrong("One of these is needed: " + ", ".join(sorted(words)) + ".")


def _dictionary(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) is not dict or not value or not all(_KEY.fullmatch(key) for key in value):
        _wrong("An object is needed, not empty, its keys of letters, digits, _ and -.")


def _phase(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) is not dict or not all(isinstance(value.get(key), str) for key in ("kill_chain_name", "phase_name")):
        _wrong("A kill chain phase has kill_chain_name and phase_name.")


def _hashes(value: Any, name: str, remarks: list[Remark]) -> None:
    _dictionary(value, name, remarks)
    for algorithm, digest in value.items():
        if not isinstance(digest, str):
            _wrong("A hash is a string.")
        length = _types.HASHES.get(algorithm)
        if length and not (len(digest) == length and _HEX.fullmatch(digest)):
            _wrong(f"A hash by {algorithm} has {length} hex digits.")
        if not length and algorithm not in _HASHING:
            remarks.append(Remark("vocabulary", name))


def _external(value: Any, name: str, remarks: list[Remark]) -> None:
    if type(value) is not dict or not isinstance(value.get("source_name"), str):
        _wrong("An external reference has a source_name.")
    others = [value[key] for key in ("description", "url", "external_id") if key in value]
    if not others or not all(isinstance(other, str) for other in others):
        _wrong("An external reference has a description, url or external_id.")
    if "hashes" in value:
        _hashes(value["hashes"], name, remarks)


def _granular(value: Any, name: str, remarks: list[Remark]) -> None:
    if type(value) is not dict or ("marking_ref" in value) == ("lang" in value):
        _wrong("A granular marking has either marking_ref or lang.")
    if "marking_ref" in value:
        _reference(frozenset({"marking-definition"}), False, False, value["marking_ref"], name, remarks)  # noqa: FBT003
    else:
        _language(value["lang"], name, remarks)
    selectors = value.get("selectors")
    if type(selectors) is not list or not selectors:
        _wrong("A granular marking has selectors.")
    if not all(isinstance(each, str) and _SELECTOR.fullmatch(each) for each in selectors):
        _wrong("A selector is a path like object_refs.[0].")


def _extensions(value: Any, name: str, remarks: list[Remark]) -> None:
    if type(value) is not dict or not value:
        _wrong("Extensions are an object, not empty.")
    for key, said in value.items():
        if type(said) is not dict:
            raise Invalid("An extension is an object.", code="stix.extension")
        if not key.startswith("extension-definition--"):
            if key not in _PREDEFINED:
                remarks.append(Remark("extension", name))
            continue
        if not ID.fullmatch(key):
            raise Invalid("An extension is named by the id of its definition.", code="stix.extension")
        if "extension_type" in said and said["extension_type"] not in _EXTENSION_TYPES:
            raise Invalid("This is no extension_type.", code="stix.extension")


def _embedded(value: Any, name: str, remarks: list[Remark]) -> None:
    _dictionary(value, name, remarks)
    if not all(isinstance(each, dict) and isinstance(each.get("type"), str) for each in value.values()):
        _wrong("Embedded observables are objects with a type.")
    remarks.append(Remark("deprecated", name))


def _registry(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if type(value) is not dict or not value or not all(isinstance(each, str) for each in value.values()):
        _wrong("A registry value has a name, data or data_type, all strings.")
    if value.get("data_type", "REG_NONE") not in _REGISTRY_TYPES:
        _wrong("This is no data_type of the registry.")


def _base64(value: Any, _name: str, _remarks: list[Remark]) -> None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        _wrong("Base64 is needed.")


def _hex(value: Any, _name: str, _remarks: list[Remark]) -> None:
    if not (isinstance(value, str) and _HEX.fullmatch(value)):
        _wrong("An even number of hex digits is needed.")


_HASHING = frozenset(_types.VOCABULARIES["hashing-algorithm"].split())
_PREDEFINED = frozenset(" ".join(_types.PREDEFINED.values()).split())
_EXTENSION_TYPES = frozenset(_types.ENUMS["extension-type"].split())
_REGISTRY_TYPES = frozenset(_types.ENUMS["registry-type"].split())
_KINDS: dict[str, Check] = {
    "text": _text, "texts": partial(_each, _text), "bool": _bool, "time": _time, "dated": _dated, "version": _version,
    "language": _language, "dictionary": _dictionary, "dictionaries": partial(_each, _dictionary),
    "phases": partial(_each, _phase), "hashes": _hashes, "externals": partial(_each, _external),
    "granular": partial(_each, _granular), "extensions": _extensions, "embedded": _embedded,
    "registry": partial(_each, _registry), "base64": _base64, "hex": _hex, "integer": partial(_integer, None, None),
    "count": partial(_integer, 0, None), "percent": partial(_integer, 0, 100), "port": partial(_integer, 0, 65535),
    "observed": partial(_integer, 1, _MOST_OBSERVED), "seen": partial(_integer, 0, _MOST_OBSERVED),
    "number": partial(_number, 0, float("inf")), "latitude": partial(_number, -90, 90),
    "longitude": partial(_number, -180, 180),
}  # fmt: skip
