"""Signing and opening keys, their ids, and their files.

A *signing key* is a pair: Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204). It has one id, made of both public halves, and
that id stands in every signed message, so neither half can be used, stripped or exchanged alone. An *opening key* is
X-Wing (ML-KEM-768 with X25519), the KEM of HPKE here. A *note key* is Ed25519 alone and signs checkpoints in the form
that existing witnesses read. There is no key ring, no default place and no key in the environment: a key is a file of
mode 0600.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519

from comity.errors import BrokenSeal, Misconfigured
from comity.seal import canon

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_MLKEM_PUBLIC = 1184


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

    @property
    def id(self) -> str:
        """Key id, made of both halves."""
        return _key_id("sign", self.ed25519, self.mldsa65)

    def check(self, message: bytes, signature: Signature) -> None:
        """Return when *both* signatures hold over `message`.

        Raises:
            BrokenSeal: `seal.ed25519` or `seal.mldsa65`, naming the half that does not hold.
        """
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(self.ed25519).verify(signature.ed25519, message)
        except (InvalidSignature, ValueError) as error:
            raise BrokenSeal("The Ed25519 signature does not hold.", code="seal.ed25519") from error
        try:
            mldsa.MLDSA65PublicKey.from_public_bytes(self.mldsa65).verify(signature.mldsa65, message)
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
        ed25519: 32-byte private seed.
        mldsa65: 32-byte private seed.
    """

    ed25519: bytes
    mldsa65: bytes

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's randomness."""
        return cls(secrets.token_bytes(32), secrets.token_bytes(32))

    @property
    def public(self) -> VerifyKey:
        """The half that others may see."""
        return VerifyKey(
            ed25519.Ed25519PrivateKey.from_private_bytes(self.ed25519).public_key().public_bytes_raw(),
            mldsa.MLDSA65PrivateKey.from_seed_bytes(self.mldsa65).public_key().public_bytes_raw(),
        )

    def sign(self, message: bytes) -> Signature:
        """Both signatures over `message`."""
        return Signature(
            ed25519.Ed25519PrivateKey.from_private_bytes(self.ed25519).sign(message),
            mldsa.MLDSA65PrivateKey.from_seed_bytes(self.mldsa65).sign(message),
        )

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

    @property
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
            key = hpke.MLKEM768X25519PublicKey(
                mlkem.MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_PUBLIC]),
                x25519.X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC:]),
            )
            return _SUITE.encrypt(plaintext, key, info)
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

    def _halves(self) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        wide = hashlib.shake_256(self.seed).digest(96)
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(wide[:64]),
            x25519.X25519PrivateKey.from_private_bytes(wide[64:]),
        )

    @property
    def public(self) -> SealKey:
        """The half that others seal to."""
        kem, exchange = self._halves()
        return SealKey(kem.public_key().public_bytes_raw() + exchange.public_key().public_bytes_raw())

    def open(self, ciphertext: bytes, info: bytes) -> bytes:
        """The plaintext. Raises BrokenSeal: sealed for another key or purpose, or changed on the way."""
        try:
            return _SUITE.decrypt(ciphertext, hpke.MLKEM768X25519PrivateKey(*self._halves()), info)
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
        seed: 32-byte private seed.
    """

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key from the system's randomness."""
        return cls(name, secrets.token_bytes(32))

    @property
    def public(self) -> bytes:
        """32 raw bytes."""
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64-byte signature over `message`."""
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def __repr__(self) -> str:
        """Never the secret."""
        return f"<NoteKey {self.name}>"


def note_check(public: bytes, message: bytes, signature: bytes) -> None:
    """Return when `signature` by the Ed25519 key `public` holds over `message`. Raises BrokenSeal."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise BrokenSeal("The Ed25519 signature of the note does not hold.", code="seal.note") from error


Secret = SigningKey | OpeningKey | NoteKey


def write_key(path: Path, key: Secret) -> None:
    """Write `key` to a new file of mode 0600; an existing file is never replaced (FileExistsError)."""
    raw = {"type": type(key).__name__} | {
        name: value.hex() if isinstance(value, bytes) else value for name, value in vars(key).items()
    }
    write_secret(path, json.dumps(raw).encode())


def write_secret(path: Path, content: bytes) -> None:
    """Write `content` to a new file of mode 0600, on disk before this returns. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_secret(path: Path) -> bytes:
    """The content of a secret file.

    Raises:
        Misconfigured: the file is missing, or others than its owner may read it.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"The secret file {path} cannot be read: {error.strerror}.", code="key.file") from error
    if mode & 0o077:
        raise Misconfigured(f"Others may read {path}. Run: chmod 600 {path}", code="key.mode")
    return content


def read_key(path: Path) -> Secret:
    """The key in the file at `path`. Raises Misconfigured naming the file and what to do."""
    kinds: dict[str, type[Secret]] = {kind.__name__: kind for kind in (SigningKey, OpeningKey, NoteKey)}
    try:
        raw = json.loads(read_secret(path))
        kind = kinds[raw.pop("type")]
        values: dict[str, Any] = {
            name: value if name == "name" else bytes.fromhex(value) for name, value in raw.items()
        }
        if not all(isinstance(value, str) if name == "name" else len(value) == 32 for name, value in values.items()):
            raise ValueError(path)
        return kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{path} is no key file of Comity.", code="key.file") from error
