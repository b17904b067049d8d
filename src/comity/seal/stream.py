"""Encryption of evidence of any size, in chunks, at constant memory.

Each chunk is sealed by AES-256-GCM under the stream's key with its number as the nonce, and the last one is marked, so
that chunks cannot be exchanged, repeated, left out or cut off (the STREAM construction, Hoang, Reyhanitabar, Rogaway
and Vizár, 2015). A key is used for one stream only: derive one for each with `subkey`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from comity.errors import BrokenSeal

CHUNK = 1 << 20
TAG = 16
KEY = 32


def subkey(key: bytes, label: str) -> bytes:
    """A key for one stream, derived from a 32-byte `key` that is itself random (HKDF-Expand, RFC 5869)."""
    return HKDFExpand(SHA256(), KEY, b"comity/v1/stream/" + label.encode()).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _blocks(source: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The bytes of `source` cut into blocks of `size`; only the last may be shorter, and there is always one."""
    held: list[bytes] = []  # joined once, so that many small pieces cost no more than few; one alone passes uncopied
    length = 0
    for piece in source:
        start = 0
        while start < len(piece):
            if length == size:
                yield b"".join(held)
                held, length = [], 0
            held.append(piece[start : start + size - length])
            start += len(held[-1])
            length += len(held[-1])
    yield b"".join(held)


def _marked(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Each block with its number and whether it is the last."""
    number, held = 0, next(blocks)
    for block in blocks:
        yield number, held, False
        number, held = number + 1, block
    yield number, held, True


def encrypt(source: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The encrypted stream of `source`'s bytes, chunk by chunk.

    Args:
        source: plaintext in pieces of any size.
        key: 32 bytes, used for this one stream.
    """
    cipher = AESGCM(key)
    for number, block, last in _marked(_blocks(source, CHUNK)):
        yield cipher.encrypt(_nonce(number, last=last), block, None)


def decrypt(source: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The plaintext, chunk by chunk; each chunk is genuine when it is given out, the whole only once this ends.

    Raises:
        BrokenSeal: a chunk is changed, missing, out of place, or the stream is cut off.
    """
    cipher = AESGCM(key)
    for number, block, last in _marked(_blocks(source, CHUNK + TAG)):
        try:
            yield cipher.decrypt(_nonce(number, last=last), block, None)
        except (InvalidTag, ValueError) as error:
            raise BrokenSeal(f"Chunk {number} of the evidence cannot be opened.", code="stream.chunk") from error
