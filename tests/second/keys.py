"""Key ids, both signatures, and HPKE with X-Wing (RFC 9180, draft-connolly-cfrg-xwing-kem), step by step. Keys, Envelopes."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from second.plain import Refused, need

_SUITE = b"HPKE" + bytes.fromhex("647a00010002")  # X-Wing, HKDF-SHA256, AES-256-GCM
_MLKEM_CIPHERTEXT, _X25519 = 1088, 32


def key_id(purpose: str, *parts: bytes) -> str:
    """The id of a key for this purpose."""
    return f"{purpose}-" + hashlib.sha256(f"comity/v1 {purpose} key\n".encode() + b"".join(parts)).hexdigest()[:32]


_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """The sum of two points of edwards25519 (RFC 8032, 5.1.4, in affine form)."""
    (x1, y1), (x2, y2) = one, other
    both = _D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + both, -1, _P) % _P, (y1 * y2 + x1 * x2) * pow(1 - both, -1, _P) % _P


def _point(public: bytes) -> tuple[int, int]:
    """The point that a public key is, in its one encoding (RFC 8032, 5.1.3)."""
    need(len(public) == 32, "no key")
    number = int.from_bytes(public, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    need(y < _P, "a number beyond the field")
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    need(x * x % _P == square and not (x == 0 and odd), "no point")
    return (x if x & 1 == odd else _P - x), y


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> None:
    """An Ed25519 signature (RFC 8032) holds, under a key of large order."""
    point = _point(public)
    for _ in range(3):
        point = _added(point, point)
    need(point != (0, 1), "a key of small order")
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Refused("the Ed25519 signature does not hold") from error


@dataclass(frozen=True)
class Signer:
    """A key that signs for a State: both halves, and when."""

    state: str
    ed25519: bytes
    mldsa65: bytes
    kinds: frozenset[str]
    since: datetime
    until: datetime
    revoked: datetime | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return key_id("sign", self.ed25519, self.mldsa65)

    def valid(self, at: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.since <= at < self.until and (self.revoked is None or at < self.revoked)

    def both_hold(self, message: bytes, first: bytes, second: bytes) -> None:
        """Both signatures hold over one message."""
        ed25519_holds(self.ed25519, message, first)
        try:
            mldsa.MLDSA65PublicKey.from_public_bytes(self.mldsa65).verify(second, message)
        except (InvalidSignature, ValueError) as error:
            raise Refused("the ML-DSA-65 signature does not hold") from error


def _extract(salt: bytes, label: bytes, data: bytes, suite: bytes = _SUITE) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + data, "sha256")


def _expand(key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    wanted = length.to_bytes(2, "big") + b"HPKE-v1" + _SUITE + label + info
    block = made = b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + wanted + bytes([number]), "sha256")
        made += block
    return made[:length]


@dataclass(frozen=True)
class Opener:
    """An opening key: the seed of an X-Wing private key."""

    seed: bytes

    def _halves(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        wide = hashlib.shake_256(self.seed).digest(96)
        return mlkem.MLKEM768PrivateKey.from_seed_bytes(wide[:64]), x25519.X25519PrivateKey.from_private_bytes(
            wide[64:]
        )

    @property
    def id(self) -> str:
        """Its id."""
        lattice, curve = self._halves()
        return key_id("open", lattice.public_key().public_bytes_raw(), curve.public_key().public_bytes_raw())

    def shared(self, encapsulated: bytes) -> bytes:
        """The shared secret: SHA3-256 over both secrets, the curve's ciphertext and key, and the label."""
        lattice, curve = self._halves()
        theirs = encapsulated[_MLKEM_CIPHERTEXT:]
        one = lattice.decapsulate(encapsulated[:_MLKEM_CIPHERTEXT])
        two = curve.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
        own = curve.public_key().public_bytes_raw()
        return hashlib.sha3_256(one + two + theirs + own + b"\\.//^\\").digest()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """The plaintext of a single-shot HPKE message in base mode, without associated data."""
        size = _MLKEM_CIPHERTEXT + _X25519
        need(len(sealed) >= size, "no encapsulated key")
        try:
            shared = self.shared(sealed[:size])
            context = b"\x00" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
            secret = _extract(shared, b"secret", b"")
            key, nonce = _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)
            return AESGCM(key).decrypt(nonce, sealed[size:], b"")
        except (InvalidTag, ValueError) as error:
            raise Refused("it does not open") from error
