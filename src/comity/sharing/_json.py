"""JSON from strangers: measured before it is parsed, and read one object at a time.

The standard library's parser keeps the last of two equal keys, reads NaN, and gives the whole tree before anything can
be said about its size. Here the bytes are counted and their brackets balanced first, without recursion; then the text
is read object by object, each with the exact characters that it was written in.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, repeat
from math import isfinite
from typing import Any, NamedTuple, NoReturn

import rfc8785

from comity.errors import Invalid

# The last quotation mark is optional: a string left open ends with the text. Otherwise each mark in it would be tried as
# a beginning, in quadratic time; the parser refuses it anyway.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ALL_BUT_MARKS = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = bytes.maketrans(b"[]{}", b"\x01\xff\x01\xff")  # in and out; which closes which, the parser will see
_STEP = re.compile(r"[ \t\n\r]*([{}\[\]:,]?)[ \t\n\r]*")
_PLAIN = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)
_NUMBER_LENGTH = 40  # characters; a double has at most 24
_KEY_LENGTH = 250  # the longest name of a property (STIX 2.1, 3.1)
_MOST = 2**53 - 1
_DIGITS = 17  # characters of an integer that may be within that


@dataclass(frozen=True)
class Limits:
    """What is read at all.

    Args:
        size: bytes of the whole.
        nesting: arrays and objects inside each other.
        objects: objects of one bundle or envelope.
        object_size: bytes of one object.
        string: characters of one string.
        items: members of one list or object.
    """

    size: int = 8 << 20
    nesting: int = 32
    objects: int = 10_000
    object_size: int = 1 << 20
    string: int = 256 << 10
    items: int = 10_000


class Piece(NamedTuple):
    """One object of a bundle, as it stood there.

    Args:
        place: its place in the list, from 0.
        raw: its own bytes, UTF-8.
        value: what they say; never to be changed.
        plain: whether it holds no fraction, no escape by number and no character beyond U+FFFF, so that its canonical form
            is quickly written.
    """

    place: int
    raw: bytes
    value: Any
    plain: bool


def measure(data: bytes, limits: Limits) -> None:
    """Refuse what is too long or nested too deeply, before any parser sees it; linear in its length.

    Raises:
        Invalid: `sharing.too-long`, `sharing.depth`, or brackets that do not balance: `sharing.json`.
    """
    if len(data) > limits.size:
        raise Invalid(f"More than {limits.size} bytes: send it in parts.", code="sharing.too-long")
    # Without escapes, every second quotation mark ends a string; that is told three times as fast.
    if b"\\" in data:
        rest = _STRING.sub(b"", data)
    else:
        rest = b"".join(data.translate(None, _ALL_BUT_MARKS).replace(b'""', b"").split(b'"')[::2])
    steps = array("b", rest.translate(_STEPS, _ALL_BUT_BRACKETS))
    if max(accumulate(steps), default=0) > limits.nesting:
        raise Invalid(f"Nested deeper than {limits.nesting}.", code="sharing.depth")
    if min(accumulate(steps), default=0) < 0 or steps.count(1) != steps.count(-1):
        raise Invalid("Brackets do not balance: this is not JSON.", code="sharing.json")


def pieces(data: bytes, limits: Limits) -> Iterator[Piece]:
    """The objects of a bundle or envelope (its list `objects`), one after the other, never all at once.

    What stands beside `objects` is read and passed over.

    Raises:
        Invalid: as `measure`; not JSON in UTF-8; a key that stands twice; `sharing.envelope`: not an object, or
            `objects` is no list of objects; `sharing.many`: more than `limits.objects`. What was yielded before has
            been read and holds.
    """
    measure(data, limits)
    reader = _Reader(_text(data), limits)
    reader.take("{", "sharing.envelope")
    seen: set[str] = set()
    while not reader.ends("}", first=not seen):
        name = reader.value()
        if not isinstance(name, str):
            reader.refuse()
        if name in seen:
            raise Invalid(f"'{name[:40]}' stands twice.", code="sharing.duplicate")
        seen.add(name)
        if len(seen) > limits.items:
            raise Invalid(f"An object has more than {limits.items} members.", code="sharing.items")
        reader.take(":")
        if name != "objects":
            reader.value()
            continue
        reader.take("[", "sharing.envelope")
        place = 0
        while not reader.ends("]", first=not place):
            if place == limits.objects:
                raise Invalid(f"More than {limits.objects} objects: send them in parts.", code="sharing.many")
            yield reader.piece(place)
            place += 1
    reader.finish()


def one(raw: bytes, limits: Limits) -> Piece:
    """A single object in its own bytes. Raises Invalid, as `pieces`."""
    measure(raw, limits)
    reader = _Reader(_text(raw), limits)
    found = reader.piece(0)
    reader.finish()
    return found


def canonical(piece: Piece) -> bytes:
    """The canonical form (RFC 8785) of what a piece says. Raises Invalid: it has none, e.g. a lone surrogate."""
    try:
        if piece.plain:  # many times as fast, and the same: code points have the order of UTF-16 there
            return _PLAIN.encode(piece.value).encode()
        return rfc8785.dumps(piece.value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, ValueError) as error:
        raise Invalid("This object has no canonical form.", code="sharing.canonical") from error


class _Reader:
    """A place in a text, which only goes forward."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._text, self._at, self._limits = text, 0, limits
        self._step("")
        self._fractions = False
        self._roomy = min(limits.string, 2 * limits.items)  # characters, too few for anything that is too long
        self._scan = json.JSONDecoder(
            object_pairs_hook=_object, parse_float=self._float, parse_int=_integer, parse_constant=_constant
        ).raw_decode

    def value(self) -> Any:
        """The value that begins here."""
        start = self._at
        try:
            value, self._at = self._scan(self._text, start)
        except (ValueError, RecursionError) as error:
            where = getattr(error, "pos", start)
            raise Invalid("This is not JSON.", code="sharing.json", where=f"character {where}") from error
        if self._at - start > self._roomy:
            self._check("", value)
        return value

    def piece(self, place: int) -> Piece:
        """The object that begins here, with the characters it is written in."""
        start, self._fractions = self._at, False
        value = self.value()
        text = self._text[start : self._at]
        if type(value) is not dict:
            raise Invalid("A list of objects is needed.", code="sharing.envelope", where=f"object {place}")
        if len(text) > self._limits.object_size:
            raise Invalid(f"An object is longer than {self._limits.object_size}.", code="sharing.too-long")
        plain = not self._fractions and "\\u" not in text and (text.isascii() or max(text) < "\U00010000")
        return Piece(place, text.encode(), value, plain)

    def take(self, mark: str, code: str = "sharing.json") -> None:
        """Go past `mark`, which must stand here, to what follows."""
        if self._step(mark) != mark:
            if code == "sharing.envelope":
                message = "An object with a list 'objects' is needed: a bundle or an envelope."
                raise Invalid(message, code="sharing.envelope")
            self.refuse()

    def ends(self, mark: str, *, first: bool) -> bool:
        """Whether a list or object ends here; if it goes on, go past the comma."""
        found = self._step(mark if first else mark + ",")
        if not (first or found):
            self.refuse()
        return found == mark

    def finish(self) -> None:
        """Refuse anything that follows."""
        self._step("")
        if self._at != len(self._text):
            self.refuse()

    def refuse(self) -> NoReturn:
        """Say where it is not JSON."""
        raise Invalid("This is not JSON.", code="sharing.json", where=f"character {self._at}")

    def _step(self, marks: str) -> str:
        """Go past blanks, and past one of `marks` and the blanks behind it if it stands here; which it is, or empty."""
        found = _STEP.match(self._text, self._at)
        mark: str = found[1]  # type: ignore[index]
        self._at = found.end() if mark in marks else found.start(1)  # type: ignore[union-attr]
        return mark if mark in marks else ""

    def _float(self, text: str) -> float:
        self._fractions = True
        if len(text) > _NUMBER_LENGTH or not isfinite(number := float(text)):
            raise Invalid(f"The number {text[:20]} is beyond what is exchanged.", code="sharing.number")
        return number

    def _check(self, key: str, value: Any) -> None:
        """Refuse a string, list or object that is beyond what is taken, however deep."""
        kind = type(value)
        if kind is str:
            if len(value) > self._limits.string:
                raise Invalid("A string is too long.", code="sharing.string", where=key[:60])
        elif kind is list or kind is dict:
            if len(value) > self._limits.items:
                name = "A list" if kind is list else "An object"
                message = f"{name} has more than {self._limits.items} members."
                raise Invalid(message, code="sharing.items", where=key[:60])
            for name, one in value.items() if kind is dict else zip(repeat(key), value):
                self._check(name, one)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Invalid("A key stands twice in one object.", code="sharing.duplicate")
    if len("".join(found)) > _KEY_LENGTH:  # of all keys together: few objects have so much
        for key in found:
            if len(key) > _KEY_LENGTH:
                raise Invalid("The name of a property is too long.", code="sharing.string", where=key[:60])
    return found


def _integer(text: str) -> int:
    if len(text) > _DIGITS or not -_MOST <= (number := int(text)) <= _MOST:
        raise Invalid("A number is beyond 2^53 - 1.", code="sharing.number")
    return number


def _constant(text: str) -> NoReturn:
    raise Invalid(f"{text} is no number of JSON.", code="sharing.number")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("This is not UTF-8.", code="sharing.json", where=f"byte {error.start}") from error
