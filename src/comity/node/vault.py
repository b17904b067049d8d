"""Encrypted blobs by digest, in a folder.

A blob is a random 16-byte header followed by an encrypted stream (`seal.stream`) under a key derived from the vault's key
and that header. Its name is the SHA-256 of the file, so a damaged blob is noticed before anything else.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

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

    def put(self, source: Iterable[bytes]) -> str:
        """Keep the bytes of `source`; returns the blob's name. It is whole and on disk when this returns."""
        header = secrets.token_bytes(_HEADER)
        partial = self._folder / f".{header.hex()}.partial"
        digest = hashlib.sha256(header)
        try:
            with partial.open("xb") as file:
                file.write(header)
                for chunk in stream.encrypt(source, stream.subkey(self._key, "vault/" + header.hex())):
                    digest.update(chunk)
                    file.write(chunk)
            name = digest.hexdigest()
            settle(partial, self._folder / name)
        finally:
            partial.unlink(missing_ok=True)
        return name

    def get(self, name: str) -> Iterator[bytes]:
        """The blob's plaintext in chunks, each genuine when given out.

        Raises:
            BrokenSeal: the blob is missing, damaged or another node's.
        """
        try:
            with (self._folder / name).open("rb") as file:
                header = file.read(_HEADER)
                pieces = iter(lambda: file.read(stream.CHUNK + stream.TAG), b"")
                yield from stream.decrypt(pieces, stream.subkey(self._key, "vault/" + header.hex()))
        except OSError as error:
            raise BrokenSeal(f"The vault does not hold {name}.", code="vault.missing") from error
