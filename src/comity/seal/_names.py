"""Which names the files of a container may have: those that every file system can hold, side by side.

A container is opened years later, in another State, on a machine that nobody here knows. A name that leads
out of the folder, means a device, shows itself as another name, or falls together with a second one there, is
refused here, when the container is made; and when it is read, because others may not have been so careful.

Persian and Arabic names with ZWNJ, ZWJ and direction marks are as good as any other. *Ya* and *kaf* of the
two alphabets stay different letters, as file systems see them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from comity.errors import BrokenContainer

MAX_PARTS: Final = 65_534
"""More would need a second way of counting (APPNOTE 6.3.10, 4.4.21)."""

MAX_DIRECTORY: Final = 16 << 20
"""Longest directory of a container, in bytes: it is held in memory."""

MAX_NAME: Final = 1_024
"""Longest name, in bytes of UTF-8."""

MAX_SEGMENT: Final = 255
"""Longest piece of a name between slashes, in bytes of UTF-8: what a file system can hold."""

_HEADER: Final = 46 + 28  # what a part's header in the directory needs beside its name, at most
_BIDI: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # overrides, isolates
_NOT_ON_WINDOWS: Final = frozenset('\\:*?"<>|')
_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)


def fold(name: str) -> str:
    """Bring names together that some file system takes for one: by case, or by composed letters.

    Args:
        name: any name.

    Returns:
        The canonical caseless form (Unicode 15.0, D145), in NFC.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def check_names(names: Sequence[str]) -> None:
    """Require names that can stand beside each other in one folder, on any file system.

    Args:
        names: all names of a container: relative paths, with ``/``.

    Raises:
        BrokenContainer: ``container.name`` (not fit for a file), ``container.duplicate`` (two are equal, or
            equal but for case or composition, or one is the folder of another), ``container.too-many`` (over
            `MAX_PARTS`, or too long together).
    """
    if len(names) > MAX_PARTS or sum(_HEADER + len(name) for name in names) > MAX_DIRECTORY:
        raise _too_many()
    for name in names:
        if fault := _fault(name):
            raise BrokenContainer(
                f"A file name {fault}. Give the file another name.", code="container.name", where=repr(name)
            )
    if sum(_HEADER + len(name.encode()) for name in names) > MAX_DIRECTORY:
        raise _too_many()
    # With "/" sorted before every letter, a folder's name stands directly before what is in the folder.
    ordered = sorted((fold(name).replace("/", "\0"), name) for name in names)
    for (folded, name), (following, other) in pairwise(ordered):
        if folded == following or following.startswith(folded + "\0"):
            raise BrokenContainer(
                f"The file names {name!r} and {other!r} meet: they are equal, perhaps but for case or "
                "composed letters, or one is the folder of the other. Give one of the files another name.",
                code="container.duplicate",
                where=repr(other),
            )


def _fault(name: str) -> str:
    """Say why a file may not have this name; empty if it may."""
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        return "holds half a surrogate pair"
    if not raw or len(raw) > MAX_NAME:
        return f"is empty or longer than {MAX_NAME} bytes"
    if bad := _NOT_ON_WINDOWS.intersection(name):
        return f"holds the character {min(bad)}, which cannot stand in a file name everywhere"
    if _BIDI.intersection(name) or any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in name):
        return "holds a control character, a line break or a direction override"
    return next((fault for segment in name.split("/") if (fault := _segment_fault(segment))), "")


def _segment_fault(segment: str) -> str:
    """Say why this may not stand between two slashes; empty if it may."""
    if segment in ("", ".", ".."):
        return "is not a plain relative path"
    if len(segment.encode()) > MAX_SEGMENT:
        return f"has a piece longer than {MAX_SEGMENT} bytes"
    if segment[-1] in ". ":
        return "has a piece that ends in a space or a dot"
    if segment.split(".", maxsplit=1)[0].rstrip(" ").casefold() in _DEVICES:
        return "is the name of a device on Windows"
    return ""


def _too_many() -> BrokenContainer:
    """Word the error about limits."""
    return BrokenContainer(
        f"A container holds at most {MAX_PARTS} parts, and a directory of {MAX_DIRECTORY} bytes. "
        "Make several containers.",
        code="container.too-many",
    )
