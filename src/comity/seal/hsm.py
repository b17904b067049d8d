"""Private keys that lie in a hardware security module and never leave it (PKCS #11).

A `TokenKey` says where such a key lies and what its public half is; it stands in a key file where a seed would stand
otherwise. What can lie in a token is what tokens know: Ed25519 (half of a signing key, and every note key) and P-256
(the key of container signatures). ML-DSA-65 and X-Wing keys are files.

One process holds one session with each token, opened at the first signature and again after a fork or when the token
was away. Every signature is verified before it is handed on: a token that holds another key under that label, or
miscalculates, is noticed here and not by another State. A PIN that the token refused is not shown to it again while
it stands in its file: tokens lock themselves after a few wrong ones.

Whoever asks may hold the node's database meanwhile, so nobody waits longer than `DEADLINE`: a token that says nothing by then
is left to itself, what it gives later is thrown away, and until it has come back everybody else is refused at once.

Source: OASIS PKCS #11 Specification Version 3.1 (2.3.6 ECDSA, 2.3.14 EdDSA); RFC 8032; FIPS 186-5.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, NoReturn, Self

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from comity.errors import Misconfigured
from comity.seal._secrets import read_secret

DEADLINE: Final = 10.0  # seconds for a signature, waiting for others included
_MAKING: Final = 60.0  # and for a new key
_ATTRIBUTE, _MECHANISM = pkcs11.Attribute, pkcs11.Mechanism
_PIN_ERRORS: Final = (
    pkcs11.exceptions.PinIncorrect, pkcs11.exceptions.PinInvalid, pkcs11.exceptions.PinLenRange,
    pkcs11.exceptions.PinExpired, pkcs11.exceptions.PinLocked, pkcs11.exceptions.UserPinNotInitialized,
)  # fmt: skip


class Curve(Enum):
    """What a key in a token can be: type, way to make it, DER of its parameters, length of its public half in bytes."""

    ED25519 = (pkcs11.KeyType.EC_EDWARDS, _MECHANISM.EC_EDWARDS_KEY_PAIR_GEN, bytes.fromhex("06032b6570"), 32)
    P256 = (pkcs11.KeyType.EC, _MECHANISM.EC_KEY_PAIR_GEN, bytes.fromhex("06082a8648ce3d030107"), 65)


@dataclass(frozen=True)
class Place:
    """Where in which token.

    Args:
        module: path of the PKCS #11 library that the token's maker supplies.
        token: label of the token.
        label: label of the key in it.
        pin_file: path of a file of mode 0600 with the user's PIN.
    """

    module: str
    token: str
    label: str
    pin_file: str

    def __str__(self) -> str:
        """The key's place, as errors name it."""
        return f"{self.label} in {self.token}"


@dataclass(frozen=True)
class TokenKey:
    """A private key in a token.

    Args:
        place: where it lies.
        public: its public half: 32 raw bytes (Ed25519) or an uncompressed point of 65 (P-256).
    """

    place: Place
    public: bytes

    @classmethod
    def generate(cls, curve: Curve, place: Place) -> Self:
        """Make a key in the token: it signs, and neither its owner nor anyone else can take it out.

        Raises:
            Misconfigured: `hsm.label`: a key of that label is there already; `hsm.curve`: the token cannot make such a
                key; and what `sign` raises.
        """
        return cls(place, _in_time(place, lambda session: _generate(session, curve, place), _MAKING))

    @property
    def curve(self) -> Curve:
        """Which kind of key it is."""
        return Curve.ED25519 if len(self.public) == Curve.ED25519.value[3] else Curve.P256

    def sign(self, message: bytes) -> bytes:
        """A signature over `message`: Ed25519 (64 bytes), or ECDSA with SHA-256 in DER.

        Raises:
            Misconfigured: `hsm.module`, `hsm.token`, `hsm.pin`, `hsm.key` or `hsm.failed`: what is missing, and where;
                `hsm.timeout`: the token did not answer within `DEADLINE`.
        """
        raw = _in_time(self.place, lambda session: _sign(session, self, message), DEADLINE)
        try:
            return self._checked(message, raw)
        except (InvalidSignature, ValueError) as error:
            message_ = f"The token holds another key as {self.place} than the key file says. Name the right one."
            raise Misconfigured(message_, code="hsm.key") from error

    def _checked(self, message: bytes, raw: bytes) -> bytes:
        if self.curve is Curve.ED25519:
            ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(raw, message)
            return raw
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.public)
        point.verify(der, message, ec.ECDSA(hashes.SHA256()))
        return der

    def to_dict(self) -> dict[str, str]:
        """Plain JSON values, as they stand in a key file."""
        return vars(self.place) | {"public": self.public.hex()}

    @classmethod
    def from_dict(cls, raw: Any) -> Self:
        """The key in `raw`. Raises ValueError, KeyError or TypeError: it has another form."""
        place, public = dict(raw), bytes.fromhex(raw["public"])
        del place["public"]
        if len(public) not in {curve.value[3] for curve in Curve} or not all(
            isinstance(value, str) and value for value in place.values()
        ):
            raise ValueError(place)
        return cls(Place(**place), public)


class P256(ec.EllipticCurvePrivateKey):
    """A P-256 key in a token, to be used wherever `cryptography` takes a private key.

    Args:
        key: where it lies.
    """

    def __init__(self, key: TokenKey) -> None:
        self.key: Final = key

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return ec.SECP256R1()

    @property
    def key_size(self) -> int:
        """256."""
        return 256

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.key.public)

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A signature over `data`: ECDSA with SHA-256 in DER."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            self._stays()
        return self.key.sign(bytes(data))

    def exchange(self, *_: object) -> NoReturn:
        """Nothing: this key only signs."""
        self._stays()

    def private_numbers(self) -> NoReturn:
        """Nothing: the key does not leave its token."""
        self._stays()

    def private_bytes(self, *_: object) -> NoReturn:
        """Nothing: the key does not leave its token."""
        self._stays()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def _stays(self) -> NoReturn:
        raise Misconfigured(f"{self.key.place} signs with SHA-256, and does not leave its token.", code="hsm.stays")


# ----------------------------------------------------------------------------------------------- sessions with tokens


@dataclass
class _Tokens:
    """What this process has open: a session for each token with the keys found in it, and PINs that were refused."""

    sessions: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    refused: dict[tuple[str, str], bytes] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)


class _Turn:
    """One operation at a time, as a session of PKCS #11 has room for one; by one thread, so that who asks need not wait.

    A thread for each operation would end while the process forks, with locks of the C libraries in its hands.
    """

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._asked: SimpleQueue[tuple[Future[bytes], Callable[[], bytes]]] = SimpleQueue()
        self._begun = False
        self._under_way: Future[bytes] = Future()
        self._until = inf  # when nobody waits any more for what is under way

    def within(self, seconds: float, work: Callable[[], bytes]) -> bytes:
        """What `work` gives. Raises what it raises; TimeoutError: it did not end in time, or had no chance to begin."""
        now = time.monotonic()
        late = now > self._until and not self._under_way.done()
        if late or not self._free.acquire(timeout=seconds):
            raise TimeoutError
        try:
            if not self._begun:
                threading.Thread(target=self._run, name="token", daemon=True).start()
                self._begun = True
        except RuntimeError:  # the machine has no room for another thread now
            self._free.release()
            raise TimeoutError from None
        self._until = now + seconds  # first: what was under way is done, so that nobody is late by either
        found = self._under_way = Future()
        self._asked.put((found, work))
        return found.result(max(0.0, self._until - time.monotonic()))

    def _run(self) -> None:
        while True:
            found, work = self._asked.get()
            try:
                found.set_result(work())
            except BaseException as error:  # noqa: BLE001  whoever waits gets it
                found.set_exception(error)
            self._free.release()


_tokens = _Tokens()
_inherited: list[_Tokens] = []
_turn = _Turn()


def _after_fork() -> None:
    """Leave the parent's sessions alone: they are kept unused, so that collecting them cannot close the parent's."""
    global _tokens, _turn
    _inherited.append(_tokens)
    _tokens, _turn = _Tokens(), _Turn()


os.register_at_fork(after_in_child=_after_fork)


def close() -> None:
    """End all sessions of this process. Some makers' modules must not be open while a process forks."""
    with suppress(TimeoutError):
        _turn.within(DEADLINE, _close)


def _close() -> bytes:
    for path in _tokens.loaded:
        with suppress(pkcs11.PKCS11Error):
            pkcs11.lib(path).finalize()
    _tokens.sessions.clear()
    _tokens.loaded.clear()
    return b""


def _in_time(place: Place, work: Callable[[Any], bytes], seconds: float) -> bytes:
    """What `work` gives in a session with the token. Raises Misconfigured: `hsm.timeout`, and as `TokenKey.sign`."""
    try:
        return _turn.within(seconds, lambda: _tried(place, work))
    except TimeoutError as error:
        words = f"{place} did not answer in time. Nothing was signed. See whether the token is in order, and try again."
        raise Misconfigured(words, code="hsm.timeout") from error


def _tried(place: Place, work: Callable[[Any], bytes]) -> bytes:
    """What `work` gives in a session with the token; once more in a new one, since the token may have been away."""
    try:
        return work(_session(place))
    except pkcs11.PKCS11Error:
        _forget(place)
    try:
        return work(_session(place))
    except pkcs11.PKCS11Error as error:
        _forget(place)
        raise _named(place, error) from error


def _named(place: Place, error: pkcs11.PKCS11Error) -> Misconfigured:
    if isinstance(error, (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned)):
        words = f"There is not one token '{place.token}' at {place.module}. Plug it in, or name another."
        return Misconfigured(words, code="hsm.token")
    if isinstance(error, (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned)):
        return Misconfigured(f"There is not one such key: {place}. Name the right one.", code="hsm.key")
    words = f"{place} did not do what was asked ({type(error).__name__}). See whether the token is there and in order."
    return Misconfigured(words, code="hsm.failed")


def _forget(place: Place) -> None:
    """Let go of every session with the maker's module: it must start anew to see a token that came back."""
    for key in [key for key in _tokens.sessions if key[0] == place.module]:
        del _tokens.sessions[key]
    _tokens.loaded.discard(place.module)


def _module(path: str) -> Any:
    """The maker's library, started in this process."""
    try:
        library = pkcs11.lib(path)
        if path not in _tokens.loaded:  # it may have been started by a parent, or have lost its token
            library.reinitialize()
            _tokens.loaded.add(path)
    except pkcs11.PKCS11Error as error:
        words = f"The PKCS #11 module {path} cannot be loaded. Install what the token's maker supplies: {error}"
        raise Misconfigured(words, code="hsm.module") from error
    return library


def _session(place: Place) -> Any:
    key = (place.module, place.token)
    if key not in _tokens.sessions:
        token = _module(place.module).get_token(token_label=place.token)
        _tokens.sessions[key] = (_logged_in(token, place), {})
    return _tokens.sessions[key]


def _logged_in(token: Any, place: Place) -> Any:
    key, pin = (place.module, place.token), read_secret(Path(place.pin_file)).strip()
    digest = hashlib.sha256(pin).digest()
    words = (
        f"The token '{place.token}' refused the PIN in {place.pin_file}. Correct it; a few wrong ones lock the token."
    )
    if _tokens.refused.get(key) == digest:
        raise Misconfigured(words, code="hsm.pin")
    try:
        return token.open(rw=True, user_pin=pin.decode())
    except (*_PIN_ERRORS, UnicodeDecodeError) as error:
        _tokens.refused[key] = digest
        raise Misconfigured(words, code="hsm.pin") from error


def _sign(opened: tuple[Any, dict[str, Any]], key: TokenKey, message: bytes) -> bytes:
    session, found = opened
    if key.place.label not in found:
        found[key.place.label] = session.get_key(
            object_class=pkcs11.ObjectClass.PRIVATE_KEY, key_type=key.curve.value[0], label=key.place.label
        )
    private = found[key.place.label]
    if key.curve is Curve.ED25519:
        return bytes(private.sign(message, mechanism=_MECHANISM.EDDSA))
    return bytes(private.sign(hashlib.sha256(message).digest(), mechanism=_MECHANISM.ECDSA))  # not all tokens hash


def _generate(opened: tuple[Any, dict[str, Any]], curve: Curve, place: Place) -> bytes:
    session, _ = opened
    kind, way, parameters, length = curve.value
    with suppress(pkcs11.NoSuchKey):
        session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=place.label)
        raise Misconfigured(f"There is a key {place} already. Give another label.", code="hsm.label")
    domain = session.create_domain_parameters(kind, {_ATTRIBUTE.EC_PARAMS: parameters}, local=True)
    try:
        public, _private = domain.generate_keypair(
            mechanism=way, store=True, label=place.label,
            public_template={_ATTRIBUTE.VERIFY: True},
            private_template={_ATTRIBUTE.SIGN: True, _ATTRIBUTE.SENSITIVE: True, _ATTRIBUTE.EXTRACTABLE: False,
                              _ATTRIBUTE.PRIVATE: True, _ATTRIBUTE.DERIVE: False},
        )  # fmt: skip
    except (pkcs11.MechanismInvalid, pkcs11.exceptions.DomainParamsInvalid) as error:
        words = f"The token '{place.token}' cannot make a key for {curve.name}. Use another token, or a file."
        raise Misconfigured(words, code="hsm.curve") from error
    return bytes(public[_ATTRIBUTE.EC_POINT])[-length:]  # a DER octet string around it, with some makers
