"""Signing and opening keys, their ids, and their files.

A *signing key* is a pair: Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204). It has one id, made of both public halves, and
that id stands in every signed message, so neither half can be used, stripped or exchanged alone. An *opening key* is
X-Wing (ML-KEM-768 with X25519), the KEM of HPKE here. A *note key* is Ed25519 alone and signs checkpoints in the form
that existing witnesses read. There is no key ring, no default place and no key in the environment: a key is a file of
mode 0600. Where a token signs (`comity.seal.hsm`), the file says where the private Ed25519 half lies instead of
holding its seed; all else is the same for whoever signs.

Expanding a key costs more than using it, so expanded keys are kept by this process, in bounded numbers and outside the
values: a key's value holds only what its file does.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519

from comity.errors import BrokenSeal, Misconfigured
from comity.seal import canon
from comity.seal._secrets import read_secret, write_secret
from comity.seal.hsm import Curve, TokenKey

__all__ = [
    "NOTE_SUITE",
    "SEALING_SUITE",
    "SIGNING_SUITE",
    "NoteKey",
    "OpeningKey",
    "SealKey",
    "Secret",
    "Signature",
    "SigningKey",
    "VerifyKey",
    "note_check",
    "read_key",
    "read_secret",
    "write_key",
    "write_secret",
]

SIGNING_SUITE: Final = "ed25519+mldsa65"
SEALING_SUITE: Final = "xwing+hkdf-sha256+aes-256-gcm"
NOTE_SUITE: Final = "ed25519"
"""Names of what is signed and sealed with, whole: a policy can retire a suite, and never half of one."""

_HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_MLKEM_PUBLIC = 1184
_FIELD = 2**255 - 19  # of Curve25519
_EIGHTH = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _EIGHTH, _FIELD - _EIGHTH})  # y of the points under which anybody can sign
_OWN, _FOREIGN = 32, 512  # keys that stay expanded: this State's are few, other States' are bounded


def _key_id(purpose: str, *parts: bytes) -> str:
    return purpose + "-" + hashlib.sha256(f"comity/v1 {purpose} key\n".encode() + b"".join(parts)).hexdigest()[:32]


@dataclass(frozen=True)
class VerifyKey:
    """The public half of a signing key.

    Args:
        ed25519: 32 raw bytes.
        mldsa65: 1952 raw bytes.
    """

    ed25519: bytes
    mldsa65: bytes

    @cached_property
    def id(self) -> str:
        """Key id, made of both halves."""
        return _key_id("sign", self.ed25519, self.mldsa65)

    def check(self, message: bytes, signature: Signature) -> None:
        """Return when *both* signatures hold over `message`.

        Raises:
            BrokenSeal: `seal.ed25519` or `seal.mldsa65`, naming the half that does not hold.
        """
        try:
            _ed25519_public(self.ed25519).verify(signature.ed25519, message)
        except (InvalidSignature, ValueError) as error:
            raise BrokenSeal("The Ed25519 signature does not hold.", code="seal.ed25519") from error
        try:
            _mldsa65_public(self.mldsa65).verify(signature.mldsa65, message)
        except (InvalidSignature, ValueError) as error:
            raise BrokenSeal("The ML-DSA-65 signature does not hold.", code="seal.mldsa65") from error

    def to_dict(self) -> dict[str, str]:
        """Plain JSON values."""
        return {"ed25519": canon.b64(self.ed25519), "mldsa65": canon.b64(self.mldsa65)}

    @classmethod
    def from_dict(cls, raw: Any) -> Self:
        """The key in `raw`. Raises BrokenSeal."""
        found = canon.fields(raw, "ed25519", "mldsa65")
        return cls(canon.unb64(found["ed25519"]), canon.unb64(found["mldsa65"]))


@dataclass(frozen=True)
class Signature:
    """Both signatures over one message."""

    ed25519: bytes
    mldsa65: bytes


@dataclass(frozen=True)
class SigningKey:
    """A State's signing key.

    Args:
        ed25519: 32-byte private seed, or where the key lies in a token.
        mldsa65: 32-byte private seed.
    """

    ed25519: bytes | TokenKey
    mldsa65: bytes

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(32), secrets.token_bytes(32))

    @property
    def public(self) -> VerifyKey:
        """The half that others may see."""
        return _verify_key(self)

    def sign(self, message: bytes) -> Signature:
        """Both signatures over `message`. Raises Misconfigured as `TokenKey.sign` does."""
        return Signature(_ed25519_signer(self.ed25519)(message), _mldsa65_private(self.mldsa65).sign(message))

    def __repr__(self) -> str:
        """Never the secret."""
        return f"<SigningKey {self.public.id}>"


@dataclass(frozen=True)
class SealKey:
    """The public half of an opening key: what others seal to.

    Args:
        raw: ML-KEM-768 public key (1184 bytes) followed by the X25519 one (32 bytes).
    """

    raw: bytes

    @cached_property
    def id(self) -> str:
        """Key id."""
        return _key_id("open", self.raw)

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """`plaintext`, readable by the key's owner alone (HPKE base mode, RFC 9180, X-Wing, AES-256-GCM).

        Args:
            info: what the bytes are for; opening with another `info` fails.

        Raises:
            BrokenSeal: nothing can be sealed to this key.
        """
        try:
            return _HPKE.encrypt(plaintext, _xwing_public(self.raw), info)
        except ValueError as error:
            raise BrokenSeal("This is no X-Wing public key.", code="seal.key") from error


@dataclass(frozen=True)
class OpeningKey:
    """A State's opening key.

    Args:
        seed: 32 bytes, expanded as X-Wing does (SHAKE256 to an ML-KEM-768 seed and an X25519 key).
    """

    seed: bytes

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(32))

    @property
    def public(self) -> SealKey:
        """The half that others seal to."""
        return _xwing(self.seed)[1]

    def open(self, ciphertext: bytes, info: bytes) -> bytes:
        """The plaintext. Raises BrokenSeal: sealed for another key or purpose, or changed on the way."""
        try:
            return _HPKE.decrypt(ciphertext, _xwing(self.seed)[0], info)
        except (InvalidTag, ValueError) as error:
            raise BrokenSeal("This cannot be opened with this key.", code="seal.open") from error

    def __repr__(self) -> str:
        """Never the secret."""
        return f"<OpeningKey {self.public.id}>"


@dataclass(frozen=True)
class NoteKey:
    """An Ed25519 key that signs checkpoints and cosignatures (C2SP signed-note).

    Args:
        name: the log's or witness's name, without spaces or ``+``.
        seed: 32-byte private seed, or where the key lies in a token.
    """

    name: str
    seed: bytes | TokenKey

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key from the system's randomness."""
        return cls(name, secrets.token_bytes(32))

    @property
    def public(self) -> bytes:
        """32 raw bytes."""
        return _ed25519_half(self.seed)

    def sign(self, message: bytes) -> bytes:
        """64-byte signature over `message`. Raises Misconfigured as `TokenKey.sign` does."""
        return _ed25519_signer(self.seed)(message)

    def __repr__(self) -> str:
        """Never the secret."""
        return f"<NoteKey {self.name}>"


def note_check(public: bytes, message: bytes, signature: bytes) -> None:
    """Return when `signature` by the Ed25519 key `public` holds over `message`. Raises BrokenSeal."""
    try:
        _ed25519_public(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise BrokenSeal("The Ed25519 signature of the note does not hold.", code="seal.note") from error


Secret = SigningKey | OpeningKey | NoteKey


def write_key(path: Path, key: Secret) -> None:
    """Write `key` to a new file of mode 0600; an existing file is never replaced (FileExistsError)."""
    raw = {"type": type(key).__name__} | {part.name: _written(getattr(key, part.name)) for part in fields(key)}
    write_secret(path, json.dumps(raw).encode())


def _written(value: str | bytes | TokenKey) -> str | dict[str, str]:
    if isinstance(value, TokenKey):
        return value.to_dict()
    return value.hex() if isinstance(value, bytes) else value


def read_key(path: Path) -> Secret:
    """The key in the file at `path`. Raises Misconfigured naming the file and what to do."""
    kinds: dict[str, type[Secret]] = {kind.__name__: kind for kind in (SigningKey, OpeningKey, NoteKey)}
    try:
        raw = json.loads(read_secret(path))
        kind = kinds[raw.pop("type")]
        return kind(**{name: _read(kind, name, value) for name, value in raw.items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{path} is no key file of Comity.", code="key.file") from error


def _read(kind: type[Secret], name: str, value: Any) -> Any:
    """One field of a key file. Raises ValueError, KeyError or TypeError: it has another form."""
    if name == "name" and isinstance(value, str):
        return value
    if isinstance(value, dict) and (kind, name) in ((SigningKey, "ed25519"), (NoteKey, "seed")):
        key = TokenKey.from_dict(value)
        if key.curve is Curve.ED25519:
            return key
    found = bytes.fromhex(value)
    if len(found) != 32:
        raise ValueError(name)
    return found


# ------------------------------------------------------------------------------------------------- keys as expanded


@lru_cache(_OWN)
def _ed25519_private(seed: bytes) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def _ed25519_signer(half: bytes | TokenKey) -> Callable[[bytes], bytes]:
    return half.sign if isinstance(half, TokenKey) else _ed25519_private(half).sign


@lru_cache(_OWN)
def _ed25519_half(half: bytes | TokenKey) -> bytes:
    return half.public if isinstance(half, TokenKey) else _ed25519_private(half).public_key().public_bytes_raw()


@lru_cache(_OWN)
def _mldsa65_private(seed: bytes) -> mldsa.MLDSA65PrivateKey:
    return mldsa.MLDSA65PrivateKey.from_seed_bytes(seed)


@lru_cache(_OWN)
def _verify_key(key: SigningKey) -> VerifyKey:
    return VerifyKey(_ed25519_half(key.ed25519), _mldsa65_private(key.mldsa65).public_key().public_bytes_raw())


@lru_cache(_FOREIGN)
def _ed25519_public(raw: bytes) -> ed25519.Ed25519PublicKey:
    """The public key in `raw`. Raises ValueError: it is none, or OpenSSL takes it and nobody should (RFC 8032, 5.1.3)."""
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if y >= _FIELD or y in _SMALL_ORDER:
        raise ValueError("no canonical point of large order")
    return ed25519.Ed25519PublicKey.from_public_bytes(raw)


@lru_cache(_FOREIGN)
def _mldsa65_public(raw: bytes) -> mldsa.MLDSA65PublicKey:
    return mldsa.MLDSA65PublicKey.from_public_bytes(raw)


@lru_cache(_OWN)
def _xwing(seed: bytes) -> tuple[hpke.MLKEM768X25519PrivateKey, SealKey]:
    """Both halves of an opening key, of `seed` as X-Wing expands it."""
    wide = hashlib.shake_256(seed).digest(96)
    kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(wide[:64])
    exchange = x25519.X25519PrivateKey.from_private_bytes(wide[64:])
    public = kem.public_key().public_bytes_raw() + exchange.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(kem, exchange), SealKey(public)


@lru_cache(_FOREIGN)
def _xwing_public(raw: bytes) -> hpke.MLKEM768X25519PublicKey:
    return hpke.MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC]),
        x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:]),
    )
