"""Files that came with a report of the public: their names made safe, their first bytes looked at, never opened."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_NAME: Final = 80  # characters of a name
_UNWANTED: Final = str.maketrans(dict.fromkeys('<>:"|?*%;', "_"))
_LOOKS: Final = (
    (0, b"\xff\xd8\xff", "jpeg"), (0, b"\x89PNG\r\n\x1a\n", "png"), (0, b"GIF8", "gif"), (8, b"WEBP", "webp"),
    (0, b"%PDF-", "pdf"), (0, b"PK\x03\x04", "zip"), (0, b"Rar!\x1a\x07", "rar"), (0, b"7z\xbc\xaf", "7z"),
    (0, b"\x1f\x8b", "gzip"), (4, b"ftypheic", "heic"), (4, b"ftyp", "mp4"), (0, b"OggS", "ogg"), (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"), (0, b"#!AMR", "amr"), (8, b"WAVE", "wav"), (0, b"\xd0\xcf\x11\xe0", "ole"),
    (0, b"MZ", "program"), (0, b"\x7fELF", "program"), (0, b"dex\n", "program"),
)  # fmt: skip
HEAD: Final = 512
"""First bytes of a file by which it is told what it looks like."""


@dataclass(frozen=True)
class File:
    """A file as it was sent.

    Args:
        name: as its sender calls it; `safe_name` before it is kept.
        size: bytes.
        digest: SHA-256 in hex.
        head: its first `HEAD` bytes.
        pieces: gives its bytes, from the first.
    """

    name: str
    size: int
    digest: str
    head: bytes
    pieces: Callable[[], Iterator[bytes]]


def safe_name(name: str) -> str:
    """A name that is no path and hides nothing: at most 80 characters, its ending kept; ``file`` where nothing is left."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2].translate(_UNWANTED)
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C" or sign == "\u200c")
    shown = " ".join(shown.split()).strip(". ")
    stem, dot, ending = shown.rpartition(".")
    if len(shown) > _NAME:
        shown = stem[: _NAME - 1 - len(ending)] + dot + ending if dot and len(ending) <= 10 else shown[:_NAME]
    return shown or "file"


def looks_like(head: bytes) -> str:
    """What the first bytes of a file look like, whatever it is called; empty: nothing that is known here."""
    return next((kind for at, mark, kind in _LOOKS if head[at : at + len(mark)] == mark), "")
