"""Canonical JSON, base64, digests and moments, read in their one form. Canonical JSON, A head and its bytes, Statements."""

import base64
import hashlib
import re
from datetime import UTC, date, datetime

DEEPEST, LARGEST = 32, 2**53 - 1
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_UNESCAPED = {short[1]: letter for letter, short in _ESCAPED.items()}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """What was read is not of the form, or does not hold."""


def need(holds: object, words: str) -> None:
    """Refuse, in these words, what does not hold."""
    if not holds:
        raise Refused(words)


class _Reader:
    """Reads the canonical form alone: it has no way to skip a blank, and knows one spelling of each value."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def take(self, mark: str) -> bool:
        """Go on after `mark`, if it stands here."""
        there = self.text.startswith(mark, self.at)
        self.at += len(mark) * there
        return there

    def value(self, depth: int):
        """The value that begins here."""
        need(depth <= DEEPEST, "nested too deep")
        if self.take("{"):
            return self.members(depth + 1)
        if self.take("["):
            return self.items(depth + 1)
        if self.take('"'):
            return self.string()
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.take(word):
                return value
        return self.number()

    def number(self) -> int:
        """An integer, spelt as it must be."""
        found = _INTEGER.match(self.text, self.at)
        need(found and found[0] != "-0", "no value")
        self.at = found.end()
        need(abs(int(found[0])) <= LARGEST, "a number too large")
        return int(found[0])

    def string(self) -> str:
        """The rest of a string, whose quotation mark is read already."""
        parts = []
        while True:
            piece = _PLAIN.match(self.text, self.at)
            parts.append(piece[0])
            self.at = piece.end()
            if self.take('"'):
                return "".join(parts)
            need(self.take("\\"), "a control character, or no end")
            parts.append(self.escape())

    def escape(self) -> str:
        """What an escape stands for, where only this escape may stand."""
        short = self.text[self.at : self.at + 1]
        if short in _UNESCAPED:
            self.at += 1
            return _UNESCAPED[short]
        found = re.compile(r"u00([01][0-9a-f])").match(self.text, self.at)
        need(found, "an escape that is not needed")
        self.at = found.end()
        letter = chr(int(found[1], 16))
        need(letter not in _ESCAPED, "a long escape where a short one is")
        return letter

    def items(self, depth: int) -> list:
        """The rest of an array."""
        found = []
        if self.take("]"):
            return found
        while True:
            found.append(self.value(depth))
            if self.take("]"):
                return found
            need(self.take(","), "no comma")

    def members(self, depth: int) -> dict:
        """The rest of an object, its keys each after the one before in the order of UTF-16 code units."""
        found, last = {}, None
        if self.take("}"):
            return found
        while True:
            need(self.take('"'), "no key")
            key = self.string()
            unit = key.encode("utf-16-be")
            need(last is None or unit > last, "keys out of order, or twice")
            last = unit
            need(self.take(":"), "no colon")
            found[key] = self.value(depth)
            if self.take("}"):
                return found
            need(self.take(","), "no comma")


def read(data: bytes, limit: int, values: int | None = None):
    """The value whose canonical form `data` is, if it has so few commas and opening brackets."""
    need(len(data) <= limit, "too long")
    need(values is None or len(re.findall(rb"[,\[{]", data)) <= values, "too many values")
    try:
        reader = _Reader(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused("no UTF-8") from error
    value = reader.value(0)
    need(reader.at == len(reader.text), "something behind the value")
    return value


class Runs:
    """The runs of bytes behind a head, in their order."""

    def __init__(self, data: bytes, limit: int, values: int) -> None:
        need(len(data) <= limit, "too long")
        head, feed, self.left = data.partition(b"\n")
        need(feed, "no head")
        self.head = read(head, limit, values)

    def run(self, length, most: int) -> bytes:
        """The next one, which has this length."""
        need(integer(length, 0) <= min(most, len(self.left)), "a run too long")
        found, self.left = self.left[:length], self.left[length:]
        return found

    def end(self) -> None:
        """Nothing is left."""
        need(not self.left, "bytes that the head does not tell of")


class Inside:
    """What has its bytes in the JSON itself, in base64: the first form. It is read as `Runs` are."""

    def __init__(self, data: bytes, limit: int, values: int) -> None:
        self.head = read(data, limit, values)

    def run(self, text, most: int) -> bytes:
        """The bytes that this text stands for."""
        found = binary(text)
        need(len(found) <= most, "too many bytes")
        return found

    def end(self) -> None:
        """Nothing can be left."""


def runs(data: bytes, limit: int, values: int) -> Runs | Inside:
    """An offer or an answer: without a line feed it is of the first form."""
    return (Runs if b"\n" in data else Inside)(data, limit, values)


def write(value) -> bytes:
    """The canonical form of a value that `read` gave."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return b"{" + b",".join(write(key) + b":" + write(item) for key, item in members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(write, value)) + b"]"
    if isinstance(value, str):
        spelt = (_ESCAPED.get(letter) or (f"\\u{ord(letter):04x}" if letter < " " else letter) for letter in value)
        return ('"' + "".join(spelt) + '"').encode()
    return (
        {True: b"true", False: b"false", None: b"null"}[value]
        if value is None or value is True or value is False
        else b"%d" % value
    )


def fields(value, *names: str) -> list:
    """The fields of an object that has exactly these, in this order."""
    need(isinstance(value, dict) and set(value) == set(names), f"no object with exactly {', '.join(names)}")
    return [value[name] for name in names]


def texts(*values) -> None:
    """All of them are texts."""
    need(all(isinstance(value, str) for value in values), "no text")


def integer(value, least: int | None = None) -> int:
    """An integer, not below `least`."""
    need(type(value) is int and (least is None or value >= least), "no number, or too small")
    return value


def listed(value, most: int | None = None) -> list:
    """A list of at most `most`."""
    need(isinstance(value, list) and (most is None or len(value) <= most), "no list, or too long")
    return value


def binary(text) -> bytes:
    """The bytes whose base64 `text` is: four letters for three bytes, unused bits zero, padding at the end."""
    need(isinstance(text, str) and re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text),
         "no base64")  # fmt: skip
    data = base64.b64decode(text)
    need(base64.b64encode(data).decode() == text, "unused bits of base64 are set")
    return data


def digest(data: bytes) -> str:
    """The name of `data`."""
    return hashlib.sha256(data).hexdigest()


def is_digest(text) -> str:
    """A text that can be a digest."""
    need(isinstance(text, str) and _DIGEST.fullmatch(text), "no digest")
    return text


def moment(text) -> datetime:
    """A moment in UTC with whole seconds."""
    need(isinstance(text, str) and _MOMENT.fullmatch(text), "no moment")
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused("no such moment") from error
    need(1900 <= found.year <= 2199, "a moment of another age")
    return found


def day(text) -> date:
    """A day of the Gregorian calendar."""
    need(isinstance(text, str) and _DAY.fullmatch(text), "no day")
    try:
        found = date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError as error:
        raise Refused("no such day") from error
    need(1900 <= found.year <= 2199, "a day of another age")
    return found
