"""Text as a letter can draw it: cut into runs of one font, identifiers, and characters that are shown as codes.

1. Identifiers (e-mail, addresses, times, hashes) are cut out of running text and set left to right.
2. A character that no font here can draw, or that would silently reorder or hide text (U+202E and its kin), is
   printed as its code in a frame, so that the reader sees what was written.

Persian is set in Amiri, because what is written in it can be searched for and copied from the PDF: most other fonts
draw dots apart from their letters, or letters in pairs, and the text that comes out is broken.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import typst

from comity.errors import Invalid, Misconfigured

LATIN, ARABIC = "Noto Sans", "Amiri"
FAMILIES: Final = (LATIN, ARABIC)  # fontpkg-*; typst itself brings DejaVu Sans Mono
_LIMIT: Final = 600_000  # characters of all that was written: more than the longest request that crosses the border
_LONG_WORD: Final = 30  # a word may break after so many characters

Run = tuple[str, str]  # (a font family, or "id" | "odd" | "break"; characters)

# ---- characters ----------------------------------------------------------------------------------------------

_IDENTIFIER: Final = re.compile(
    r"""
    https?://[!-~]*[A-Za-z0-9/_=&\#-]
    | [A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}
    | \b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?
    | (?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?
    | (?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/\d{1,3})?
    | \b[A-Z]{2}-\d{4}-\d{4,9}\b
    | \b[0-9A-Fa-f]{32,128}\b
    | \+\d[\d()\ -]{5,18}\d
    """,
    re.VERBOSE | re.ASCII,
)
_JOINERS: Final = frozenset("\u200c\u200d\u200e\u200f")  # ZWNJ, ZWJ, LRM, RLM: Persian cannot do without
_MAY_BREAK: Final = "\u200b"


def refuse_unwritable(written: dict[str, Any]) -> None:
    """Refuse more than a letter should hold, and NUL and unpaired surrogates, which no text holds."""
    texts = list(_texts(written, ""))
    for where, text in texts:
        if re.search("[\x00\ud800-\udfff]", text):
            raise Invalid("This text holds a character that is none.", code="letter.character", where=where)
    if sum(len(text) for _, text in texts) > _LIMIT:
        raise Invalid("There is too much text for a letter.", code="letter.too-long", where="request")


def _texts(value: Any, where: str) -> Iterable[tuple[str, str]]:
    """Every text in `value`, with its place."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{where}.{name}" if where else name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, where)


def direction(line: str) -> str:
    """The direction of the first strong character (UAX 9, rules P2 and P3)."""
    for character in line:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def runs(line: str, *, identifier: bool = False, rightward: bool | None = None) -> list[Run]:
    """`line` cut into text, identifiers and characters to be shown as codes.

    Args:
        line: one paragraph.
        identifier: all of it is an identifier.
        rightward: whether it is of a language written from right to left; None: as its first letter says.
    """
    if identifier:
        return _drawable(line, FAMILIES, identifier=True)
    faces = FAMILIES[::-1] if (direction(line) == "rtl" if rightward is None else rightward) else FAMILIES
    found: list[Run] = []
    end = 0
    for piece in _IDENTIFIER.finditer(line):
        found += _drawable(line[end : piece.start()], faces)
        found.append(("id", piece.group()))
        end = piece.end()
    return found + _drawable(line[end:], faces)


def _drawable(text: str, faces: Iterable[str], *, identifier: bool = False) -> list[Run]:
    """`text` as runs of one face each, the earlier of `faces` first; what no face can draw as codes.

    typst is never left to look for a second font inside a cluster: it was seen to print the mark and drop the
    letter under it.
    """
    found: list[Run] = []
    unbroken = 0
    for face, units in groupby(_units(text), lambda unit: _face(unit, faces, identifier=identifier)):
        if face == "odd":
            found += [("odd", f"U+{ord(unit):04X}") for unit in units]
            continue
        written = []
        for unit in units:
            unbroken = 0 if face == "id" or unit.isspace() else unbroken + 1
            if unbroken > _LONG_WORD:
                written.append(_MAY_BREAK)
                unbroken = 1
            written.append(unit)
        found.append((face, "".join(written)))
    return found


def _face(unit: str, faces: Iterable[str], *, identifier: bool) -> str:
    face = next((face for face in faces if _draws(face, unit)), "odd")
    return "id" if identifier and face != "odd" and unit.isascii() else face


def _units(text: str) -> Iterable[str]:
    """Each character with its marks where one face draws them all, else each alone; a tab counts as a space."""
    for cluster in _clusters(text.replace("\t", " ")):
        if any(_draws(face, cluster) for face in FAMILIES):
            yield cluster
        else:
            yield from cluster


def _clusters(text: str) -> Iterable[str]:
    """Each character with the marks and joiners that follow it."""
    cluster = ""
    for character in text:
        if cluster and not (_is_mark(character) or character in _JOINERS):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _draws(face: str, cluster: str) -> bool:
    """Whether `face` has every character of `cluster`, none of which hides or reorders text."""
    if _is_mark(cluster[0]):
        return False
    plain = [character for character in cluster if character not in _JOINERS]
    if any(unicodedata.category(character) in _UNSEEN for character in plain):
        return False
    return _characters()[face].issuperset(plain)


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


# ---- fonts ---------------------------------------------------------------------------------------------------


@cache
def _font_files() -> dict[str, Path]:
    """The upright file of each family, from the fontpkg packages (import_module: fontpkg ships no types)."""
    fontpkg = import_module("fontpkg")
    return {family: Path(fontpkg.path(family)) for family in FAMILIES}


@cache
def fonts() -> typst.Fonts:
    """The only fonts that letters use. typst wants folders; a font's italic lies beside it."""
    folders = sorted({str(path.parent) for path in _font_files().values()})
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


@cache
def _characters() -> dict[str, frozenset[str]]:
    return {family: _characters_in(path.read_bytes()) for family, path in _font_files().items()}


def _characters_in(font: bytes) -> frozenset[str]:
    """The characters that `font` has glyphs for: its cmap subtable of format 12 (OpenType 1.9, table cmap)."""

    def number(at: int, size: int) -> int:
        return int.from_bytes(font[at : at + size], "big")

    tables = {font[at : at + 4]: number(at + 8, 4) for at in range(12, 12 + 16 * number(4, 2), 16)}
    cmap = tables[b"cmap"]
    for record in range(cmap + 4, cmap + 4 + 8 * number(cmap + 2, 2), 8):
        subtable = cmap + number(record + 4, 4)
        if number(subtable, 2) == 12:
            groups = font[subtable + 16 : subtable + 16 + 12 * number(subtable + 12, 4)]
            spans = struct.iter_unpack(">III", groups)
            return frozenset(chr(code) for first, last, _ in spans for code in range(first, last + 1))
    raise Misconfigured("A font has no full character map.", code="letter.font")
