"""Encrypted blobs by digest, in a folder.

A blob is a random 16-byte header followed by an encrypted stream (`seal.stream`) under a key derived from the vault's key,
that header and a label that says what the blob is for. Its name is the SHA-256 of the file.

Reading finds at once, chunk by chunk, whatever was changed, exchanged, or put in the place of a blob for something else. A
whole genuine blob with the same label under another's name is found when its last byte was read: by then all bytes
were given out, so who reads must not act on them before the end.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from comity.errors import BrokenSeal
from comity.seal import stream

_HEADER = 16


def settle(made: Path, place: Path) -> None:
    """Move a file that is whole to its place, so that it is there also after a power cut."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sweep(*folders: Path) -> None:
    """Remove what a killed process left half-written in `folders`: whatever is still hidden."""
    for folder in folders:
        for partial in folder.glob(".*"):
            partial.unlink(missing_ok=True)


class Vault:
    """The vault in `folder`.

    Args:
        folder: made if it is not there, mode 0700.
        key: 32 bytes.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder, self._key = folder, key
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, source: Iterable[bytes], label: str, *, at: datetime | None = None) -> str:
        """Keep the bytes of `source`; returns the blob's name. It is whole and on disk when this returns.

        Args:
            source: plaintext in pieces of any size.
            label: what the blob is for; only `get` with the same label opens it.
            at: the moment that the file itself states; None: when it was written, to the nanosecond.
        """
        header = secrets.token_bytes(_HEADER)
        partial = self._folder / f".{header.hex()}.partial"
        digest = hashlib.sha256(header)
        try:
            with partial.open("xb") as file:
                file.write(header)
                for chunk in stream.encrypt(source, self._stream_key(header, label)):
                    digest.update(chunk)
                    file.write(chunk)
            name = digest.hexdigest()
            if at is not None:
                os.utime(partial, (at.timestamp(), at.timestamp()))
            settle(partial, self._folder / name)
        finally:
            partial.unlink(missing_ok=True)
        return name

    def get(self, name: str, label: str) -> Iterator[bytes]:
        """The blob's plaintext in chunks: each genuine and of `label` when given out, the blob's name compared at the end.

        Raises:
            BrokenSeal: the blob is missing, damaged, another node's, for something else, or not the one of this name.
        """
        digest = hashlib.sha256()

        def pieces(file: BinaryIO) -> Iterator[bytes]:
            while piece := file.read(stream.CHUNK + stream.TAG):
                digest.update(piece)
                yield piece

        try:
            with (self._folder / name).open("rb") as file:
                header = file.read(_HEADER)
                digest.update(header)
                yield from stream.decrypt(pieces(file), self._stream_key(header, label))
        except OSError as error:
            raise BrokenSeal(f"The vault does not hold {name}.", code="vault.missing") from error
        if digest.hexdigest() != name:
            raise BrokenSeal(f"The vault holds another blob under the name {name}.", code="vault.name")

    def names(self) -> list[str]:
        """The names of all blobs."""
        return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))

    def remove(self, name: str) -> None:
        """Remove a blob that is needed no more; it may be gone already."""
        (self._folder / name).unlink(missing_ok=True)

    def _stream_key(self, header: bytes, label: str) -> bytes:
        return stream.subkey(self._key, f"vault/{header.hex()}/{label}")
