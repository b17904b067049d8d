"""Canonical JSON (RFC 8785), alone or before bytes, read by a parser that accepts that one form only; content ids.

Most parsers keep the last of two equal keys, and some accept NaN, round large numbers or cut nothing off deep nesting; a
signature over such text can be read in two ways. Here bytes are accepted only when writing their meaning again gives
the same bytes.
Numbers are integers within ±(2^53 - 1) (I-JSON, RFC 7493); fractions do not occur in Comity's acts and are refused.
"""

from __future__ import annotations

import binascii
import hashlib
import json
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, NoReturn, final

import orjson
import rfc8785

from comity.errors import BrokenSeal

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 32
_HASH = 44  # characters of one, in base64
_MARKS = (b",", b"[", b"{")

# Where all keys are ASCII and all numbers integers, orjson writes RFC 8785's form, and many times as fast: the order of
# bytes is then that of UTF-16, and both escape the same characters in the same way (tests/test_canon.py: each of them).
_SORTED = orjson.OPT_SORT_KEYS
_SIMPLE = frozenset({str, bool, type(None)})  # nothing in these could be wrong, but lone surrogates


def dumps(value: Any) -> bytes:
    """`value` in its one canonical form (RFC 8785).

    Args:
        value: dicts with string keys, lists, strings without lone surrogates, integers within ±(2^53 - 1), booleans,
            None.

    Raises:
        BrokenSeal: a value of another kind, or one that has no canonical form.
    """
    try:
        return orjson.dumps(value, option=_SORTED) if _only_plain(value, 0) else rfc8785.dumps(value)
    except (orjson.JSONEncodeError, rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise BrokenSeal("This value has no canonical form.", code="canon.value") from error


def loads(data: bytes, *, limit: int, values: int | None = None) -> Any:
    """The value whose canonical form `data` is.

    Args:
        data: UTF-8 bytes, nothing before or after.
        limit: the most bytes that are looked at.
        values: the most commas and opening brackets in them, also in texts: each value takes up many times its bytes.

    Raises:
        BrokenSeal: too long or too many values, not JSON, duplicate keys, a fraction, NaN, an integer beyond 2^53 - 1, a
            lone surrogate, nesting beyond 32, or any other form than the canonical one.
    """
    if len(data) > limit:
        raise BrokenSeal(f"More than {limit} bytes.", code="canon.too-long")
    if values is not None and sum(map(data.count, _MARKS)) > values:
        raise BrokenSeal(f"More than {values} commas and opening brackets.", code="canon.too-long")
    try:
        value = orjson.loads(data)
        if _only_plain(value, 0) and orjson.dumps(value, option=_SORTED) == data:
            return value
    except (ValueError, BrokenSeal):
        pass
    value = None  # not two of them at a time
    return _strictly(data)


def kept(data: bytes) -> Any:
    """The value of canonical JSON that `loads` has read, or `dumps` has written, before it was kept."""
    return orjson.loads(data)


def _strictly(data: bytes) -> Any:
    """As `loads`, of any canonical form, also with keys beyond ASCII; of what is none, what is wrong with it."""
    try:
        value = _reader().decode(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BrokenSeal("This is not JSON in UTF-8.", code="canon.json") from error
    if dumps(value) != data:
        raise BrokenSeal("This JSON is not in its canonical form (RFC 8785).", code="canon.form")
    return value


def framed(head: Any, *runs: bytes) -> bytes:
    """`head` in its canonical form, a line feed, and `runs` one after the other: how what is mostly bytes is written.

    A canonical form has no line feed, so the first one ends it. In `head` stands the length of each of `runs`.
    """
    return b"".join((dumps(head), b"\n", *runs))


@final
class Frame:
    """What `framed` wrote: its head, and the runs behind it, which are taken in their order.

    Args:
        data: the bytes, nothing before or after.
        limit: the most bytes that are looked at.
        values: as in `loads`, of the head.

    Raises:
        BrokenSeal: as `loads` does of the head; ``canon.frame``: there is no line feed.
    """

    def __init__(self, data: bytes, *, limit: int, values: int) -> None:
        if len(data) > limit:
            raise BrokenSeal(f"More than {limit} bytes.", code="canon.too-long")
        end = data.find(b"\n")
        if end < 0:
            raise BrokenSeal("JSON, a line feed and the bytes that it tells of are needed.", code="canon.frame")
        self.head: Any = loads(data[:end], limit=limit, values=values)
        self._data, self._at = data, end + 1

    def take(self, length: Any, most: int) -> bytes:
        """The next run, of `length` as the head says, which may be at most `most`. Raises BrokenSeal: ``canon.frame``."""
        if type(length) is not int or not 0 <= length <= most:
            raise BrokenSeal(f"A length of at most {most} bytes is needed.", code="canon.frame")
        begun, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise BrokenSeal("There are fewer bytes than the head tells of.", code="canon.frame")
        return self._data[begun : self._at]

    def close(self) -> None:
        """Return when all of it was taken. Raises BrokenSeal: ``canon.frame``."""
        if self._at != len(self._data):
            raise BrokenSeal("There are more bytes than the head tells of.", code="canon.frame")


@final
class Whole:
    """Canonical JSON in which bytes stand in base64, read as a `Frame` is: how the first form of everything was written.

    Arguments and errors are those of `Frame`.
    """

    def __init__(self, data: bytes, *, limit: int, values: int) -> None:
        self.head: Any = loads(data, limit=limit, values=values)

    def take(self, text: Any, most: int) -> bytes:
        """The bytes of `text`, which may be at most `most`. Raises BrokenSeal: ``canon.base64``, ``canon.too-long``."""
        found = unb64(text)
        if len(found) > most:
            raise BrokenSeal(f"More than {most} bytes.", code="canon.too-long")
        return found

    def close(self) -> None:
        """Return: nothing can be left behind."""


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


@lru_cache(maxsize=4096)  # the paths of statements that were signed together share most of their hashes
def hash_b64(value: bytes) -> str:
    """`b64` of a hash."""
    return b64(value)


def hash_unb64(text: Any) -> bytes:
    """`unb64` of what should be a hash. Raises BrokenSeal."""
    return _hash(text) if type(text) is str and len(text) == _HASH else unb64(text)


_hash = lru_cache(maxsize=4096)(unb64)  # as above; what is no base64 is not remembered


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


def _all_plain(values: Iterable[Any], depth: int) -> bool:
    """As `_only_plain`, of all that stands in one value at `depth`."""
    found = True
    for item in values:
        kind = type(item)
        if kind in _SIMPLE or (kind is int and -MAX_INTEGER <= item <= MAX_INTEGER):
            continue
        found = _only_plain(item, depth + 1) and found
    return found


def _only_plain(value: Any, depth: int) -> bool:
    """Whether `value` is of plain types with ASCII keys. Raises BrokenSeal: something in it has no canonical form here."""
    kind = type(value)
    if kind in _SIMPLE:
        return True
    if depth == MAX_DEPTH and isinstance(value, (dict, list, tuple)) and value:
        raise BrokenSeal(f"Nested deeper than {MAX_DEPTH}.", code="canon.depth")
    if isinstance(value, dict):
        plain = {*map(type, value)} <= {str}
        if not (plain or all(isinstance(key, str) for key in value)):
            raise BrokenSeal("Keys are strings.", code="canon.value")
        return _all_plain(value.values(), depth) and plain and "".join(value).isascii()
    if isinstance(value, (list, tuple)):
        return _all_plain(value, depth) and (kind is list or kind is tuple)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise BrokenSeal("An integer is beyond 2^53 - 1.", code="canon.number")
        return kind is int
    if isinstance(value, str):
        return False
    raise BrokenSeal(f"A {kind.__name__} has no place in an act.", code="canon.value")
