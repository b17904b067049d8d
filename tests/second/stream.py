"""Evidence streams. Streams."""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from second.plain import Refused

_SEALED = (1 << 20) + 16


def key_of(content_key: bytes, name: str) -> bytes:
    """The key of one stream (HKDF-Expand, RFC 5869)."""
    return hmac.digest(content_key, f"comity/v1/stream/{name}".encode() + b"\x01", "sha256")


def opened(data: bytes, key: bytes) -> bytes:
    """The plaintext of a whole stream."""
    chunks = [data[at : at + _SEALED] for at in range(0, len(data), _SEALED)] or [b""]
    made = []
    for number, chunk in enumerate(chunks):
        nonce = number.to_bytes(11, "big") + bytes([number == len(chunks) - 1])
        try:
            made.append(AESGCM(key).decrypt(nonce, chunk, b""))
        except (InvalidTag, ValueError) as error:
            raise Refused(f"chunk {number} does not open") from error
    return b"".join(made)
