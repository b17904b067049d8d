"""Canonical JSON (RFC 8785), read by a parser that accepts that one form only, and content ids.

The standard library's `json` keeps the last of two equal keys, accepts NaN and cuts nothing off deep nesting; a
signature over such text can be read in two ways. Here bytes are accepted only when writing their meaning again gives
the same bytes.
Numbers are integers within ±(2^53 - 1) (I-JSON, RFC 7493); fractions do not occur in Comity's acts and are refused.
"""

from __future__ import annotations

import binascii
import hashlib
import json
from functools import cache
from typing import Any, NoReturn

import rfc8785

from comity.errors import BrokenSeal

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
_LONG = 256  # characters

# Where all keys are ASCII and all numbers integers, the standard library writes RFC 8785's form, and thirty times as fast:
# the order of code points is then that of UTF-16, and both escape the same characters in the same way.
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def dumps(value: Any) -> bytes:
    """`value` in its one canonical form (RFC 8785).

    Args:
        value: dicts with string keys, lists, strings without lone surrogates, integers within ±(2^53 - 1), booleans,
            None.

    Raises:
        BrokenSeal: a value of another kind, or one that has no canonical form.
    """
    try:
        if _only_plain(value, 0):
            return _WRITER.encode(value).encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise BrokenSeal("This value has no canonical form.", code="canon.value") from error


def loads(data: bytes, *, limit: int) -> Any:
    """The value whose canonical form `data` is.

    Args:
        data: UTF-8 bytes, nothing before or after.
        limit: the most bytes that are looked at.

    Raises:
        BrokenSeal: too long, not JSON, duplicate keys, a fraction, NaN, an integer beyond 2^53 - 1, a lone surrogate,
            nesting beyond 32, or any other form than the canonical one.
    """
    if len(data) > limit:
        raise BrokenSeal(f"More than {limit} bytes.", code="canon.too-long")
    try:
        value = _reader().decode(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BrokenSeal("This is not JSON in UTF-8.", code="canon.json") from error
    hollow, rest = _hollowed(value, data)
    if _written(hollow, rest) != rest and (hollow is value or _written(value, data) != data):  # a key may be long too
        raise BrokenSeal("This JSON is not in its canonical form (RFC 8785).", code="canon.form")
    return value


def _written(value: Any, data: bytes) -> bytes:
    """The canonical form of `value`, as it was read from `data`. Raises as `dumps` does.

    Where all of the data is ASCII, so are its keys; and with so few brackets it is not nested too deep.
    """
    if data.isascii() and data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        try:
            return _WRITER.encode(value).encode()
        except UnicodeEncodeError as error:
            raise BrokenSeal("This value has no canonical form.", code="canon.value") from error
    return dumps(value)


def _hollowed(value: Any, data: bytes) -> tuple[Any, bytes]:
    """`value` and the `data` that it was read from, both with empty texts for long ones that have one spelling.

    Most of what crosses the border is base64. Such a text stands in the data as it is, between two quotation marks; so the
    data is canonical when it is without them, and that is found much sooner.
    """
    if len(data) < 16 * _LONG:  # it would take longer than it saves
        return value, data
    texts: list[str] = []
    hollow = _without_long(value, texts, 0)
    parts, begun = [], 0
    for text in texts:  # in the order in which they stand in the data
        literal = text.encode()
        place = data.find(b'"' + literal[:32], begun) + 1
        end = place + len(literal)
        if not place or data[place : end + 1] != literal + b'"':
            return value, data
        parts.append(data[begun:place])
        begun = end
    return hollow, b"".join([*parts, data[begun:]])


def _short(value: Any) -> bool:
    return type(value) is str and len(value) < _LONG


def _without_long(value: Any, texts: list[str], depth: int) -> Any:
    """`value`, with empty texts for those that are put into `texts`. Raises BrokenSeal: it is nested too deep."""
    if depth > MAX_DEPTH:
        raise BrokenSeal(f"Nested deeper than {MAX_DEPTH}.", code="canon.depth")
    if isinstance(value, str):
        if len(value) < _LONG or not value[0].isalnum() or not value.isascii() or '"' in value or "\\" in value:
            return value
        texts.append(value)
        return ""
    if isinstance(value, dict):
        return {key: item if _short(item) else _without_long(item, texts, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [item if _short(item) else _without_long(item, texts, depth + 1) for item in value]
    return value


def content_id(data: bytes) -> str:
    """SHA-256 of `data`, lower-case hex: how bytes are named everywhere."""
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes) -> str:
    """`data` in base64 (RFC 4648 section 4, with padding)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def unb64(text: Any) -> bytes:
    """The bytes of `text`, which must be exactly what `b64` writes. Raises BrokenSeal."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except (ValueError, TypeError) as error:
        raise BrokenSeal("This is not base64.", code="canon.base64") from error
    if b64(data[-(len(data) % 3 or 3) :]) != text[-4:]:  # the last characters may say the same bytes in other ways
        raise BrokenSeal("This base64 is not in its canonical form.", code="canon.base64")
    return data


def fields(value: Any, *names: str) -> dict[str, Any]:
    """`value`, if it is an object with exactly these fields. Raises BrokenSeal."""
    if not isinstance(value, dict) or set(value) != set(names):
        raise BrokenSeal("An object with exactly the fields " + ", ".join(names) + " is needed.", code="canon.fields")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BrokenSeal("A key stands twice in one object.", code="canon.duplicate")
    return found


@cache
def _reader() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_float=_refuse, parse_constant=_refuse, parse_int=_integer
    )  # fmt: skip


def _refuse(text: str) -> NoReturn:
    raise BrokenSeal(f"The number {text[:20]} may not occur.", code="canon.number")


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise BrokenSeal("An integer is beyond 2^53 - 1.", code="canon.number")
    return int(text)


def _only_plain(value: Any, depth: int) -> bool:
    """Whether all keys in `value` are ASCII. Raises BrokenSeal: something in it has no canonical form here."""
    if depth > MAX_DEPTH:
        raise BrokenSeal(f"Nested deeper than {MAX_DEPTH}.", code="canon.depth")
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if isinstance(value, dict):
        plain = True
        for key, item in value.items():
            if not isinstance(key, str):
                raise BrokenSeal("Keys are strings.", code="canon.value")
            plain = (type(item) is str or _only_plain(item, depth + 1)) and plain and key.isascii()
        return plain
    if isinstance(value, (list, tuple)):
        plain = True
        for item in value:
            plain = (type(item) is str or _only_plain(item, depth + 1)) and plain
        return plain
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise BrokenSeal("An integer is beyond 2^53 - 1.", code="canon.number")
        return kind is int
    if isinstance(value, str):
        return False
    raise BrokenSeal(f"A {kind.__name__} has no place in an act.", code="canon.value")
