"""Fingerprints as words that two officers can read to each other over the telephone.

Each byte of a fingerprint is one word of a list of 256, and a last word checks the others: it makes the sum of all words,
each multiplied by another power of 2 in GF(256), zero. So one word that was misheard is always noticed, whichever it is,
and so are two words that changed places (a Reed-Solomon code with one check symbol). What the check does not do is make a
fingerprint longer: 128 bits are compared, and nothing less.

Source: Reed and Solomon, "Polynomial Codes over Certain Finite Fields" (1960); GF(256) by x^8+x^4+x^3+x^2+1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Final

from comity.errors import Invalid
from comity.wording import _aloud

LANGUAGES: Final = {"en": _aloud.EN, "fa": _aloud.FA}
"""Language -> its words; a word's place is the byte that it stands for."""

_BYTES: Final = 16
_SAME: Final = str.maketrans("يىكأإ", "ییکاا")  # as other keyboards write Persian


def spoken(fingerprint: str, language: str) -> tuple[str, ...]:
    """The words of a fingerprint, the last one a check on the others.

    Args:
        fingerprint: 32 hex digits; blanks do not matter.
        language: one of `LANGUAGES`.

    Raises:
        Invalid: `aloud.form`: this is no fingerprint; `aloud.language`.
    """
    words = _words(language)
    return tuple(words[value] for value in _with_check(_bytes(fingerprint)))


def from_spoken(words: Sequence[str], language: str) -> str:
    """The fingerprint that was read aloud, in groups of four hex digits.

    Args:
        words: as they were heard, the check word last; upper case and other keyboards' letters do not matter.
        language: one of `LANGUAGES`.

    Raises:
        Invalid: `aloud.language`; `aloud.word`: a word is not in the list, named with the nearest that is; `aloud.count`;
            `aloud.check`: each word is in the list, but they do not belong together.
    """
    _words(language)
    values = [_value(word, language) for word in words]
    if len(values) != _BYTES + 1:
        message = f"A fingerprint has {_BYTES + 1} words; these are {len(values)}. Have them read again."
        raise Invalid(message, code="aloud.count")
    if _with_check(bytes(values[:-1])) != bytes(values):
        message = "One of these words is another than was said, or two changed places. Have them read again."
        raise Invalid(message, code="aloud.check")
    digits = bytes(values[:-1]).hex()
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def scanned(state: str, fingerprint: str) -> str:
    """What the square code beside a fingerprint holds: ``COMITY1:IR:`` and its digits. Raises Invalid: `aloud.form`."""
    return f"COMITY1:{state}:{_bytes(fingerprint).hex().upper()}"


def heard(text: str) -> str:
    """The fingerprint in `text`, in groups of four hex digits.

    Args:
        text: hex digits, words of any language, or what `scanned` gives.

    Raises:
        Invalid: as `from_spoken`, for the language of the first word.
    """
    words = re.findall(r"[^\W_]+", re.sub(r"^\s*comity1:[a-z]{2}:", "", _plain(text)))
    if re.fullmatch(r"[0-9a-f]+", "".join(words)):
        digits = _bytes("".join(words)).hex()
        return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    known = [language for language in LANGUAGES if any(word in _places(language) for word in words[:3])]
    return from_spoken(words, known[0] if known else "en")


def _words(language: str) -> Sequence[str]:
    if language not in LANGUAGES:
        message = f"There are no words in '{language}', but in {', '.join(LANGUAGES)}."
        raise Invalid(message, code="aloud.language", where=language)
    return LANGUAGES[language]


def _bytes(fingerprint: str) -> bytes:
    try:
        found = bytes.fromhex(fingerprint)
    except ValueError:
        found = b""
    if len(found) != _BYTES:
        raise Invalid(f"A fingerprint has {_BYTES * 2} hex digits.", code="aloud.form", where=fingerprint[:64])
    return found


def _plain(text: str) -> str:
    """`text` without what keyboards add or change: composed, lower case, no marks, no joiners."""
    composed = unicodedata.normalize("NFC", text).casefold().translate(_SAME)
    return "".join(c for c in composed if unicodedata.category(c) not in ("Mn", "Cf") and c != "ـ")


@cache
def _places(language: str) -> dict[str, int]:
    return {_plain(word): value for value, word in enumerate(LANGUAGES[language])}


def _value(word: str, language: str) -> int:
    places = _places(language)
    value = places.get(_plain(word))
    if value is None:
        near = get_close_matches(_plain(word), places, 1)
        hint = f" Perhaps '{near[0]}'." if near else ""
        raise Invalid(f"'{word}' is none of the words.{hint} Have it read again.", code="aloud.word", where=word)
    return value


def _doubled(value: int) -> int:
    return (value << 1) ^ (0x11D if value & 0x80 else 0)


def _with_check(values: bytes) -> bytes:
    """`values` and the one byte that makes them a word of the code (Horner's rule at 2)."""
    check = 0
    for value in values:
        check = _doubled(check ^ value)
    return values + bytes([check])
