"""The one HTTP client: post, fetch, collect. Addresses and certificates come from pinned entries, never from a message.

TLS 1.3 only, with the very certificate that the peer's entry names (`pinned`); no redirects, no proxies from the environment,
no answer longer than asked for. Requests carry an HTTP message signature (RFC 9421, Ed25519) of the sender's node. A
time-stamping authority, whose address the operator names, is asked without one (`ask_stamp`), within the same limits.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

import http_sf
import httpx2

from comity.casework.act import SKEW
from comity.errors import BrokenSeal, Unreachable
from comity.seal import canon, stamp
from comity.seal.keys import NoteKey, note_check
from comity.wire.deadline import Transport, within
from comity.wire.directory import Entry, Purpose

DEADLINE = 120.0  # seconds that an exchange may take, from connecting to the last byte of the answer
ANSWER_LIMIT = 1 << 20
COLLECT = 8 << 20  # bytes of evidence asked for at a time
_TAG = "comity-v1"
_COVERED = ("@method", "@target-uri", "content-digest")
_TOO_MANY = 429
_REFUSAL_TAG = "comity-v1-refusal"
_REFUSED = (
    '"@status"', '"content-digest"', '"@method";req', '"@target-uri";req', '"content-digest";req', '"signature";req',
)  # fmt: skip
_DIGEST = re.compile(r"sha-256=:[A-Za-z0-9+/]{43}=:")
_MOMENT = re.compile(r"[0-9]{1,12}")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
Asked = tuple[str, str, Mapping[str, str]]
"""A request: method, full address, and headers, among them Content-Digest and Signature."""


def _signature_base(method: str, uri: str, content_digest: str, parameters: str) -> bytes:
    values = (method, uri, content_digest)
    lines = [f'"{name}": {value}' for name, value in zip(_COVERED, values, strict=True)]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def content_digest(body: bytes) -> str:
    """The Content-Digest field of `body` (RFC 9530, SHA-256)."""
    return f"sha-256=:{canon.b64(bytes.fromhex(canon.content_id(body)))}:"


def hop_headers(method: str, uri: str, body: bytes, *, state: str, key: NoteKey, at: datetime) -> dict[str, str]:
    """The headers that sign an HTTP request for the node of `state` (RFC 9421)."""
    covered = " ".join(f'"{name}"' for name in _COVERED)
    parameters = f'({covered});created={int(at.timestamp())};keyid="{state}";alg="ed25519";tag="{_TAG}"'
    digest = content_digest(body)
    signature = key.sign(_signature_base(method, uri, digest, parameters))
    return {
        "Content-Digest": digest, "Signature-Input": f"hop={parameters}", "Signature": f"hop=:{canon.b64(signature)}:",
    }  # fmt: skip


def check_hop(
    method: str,
    uri: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys_of: Callable[[str], Sequence[bytes]],
    at: datetime,
) -> str:
    """The State whose node signed this HTTP request.

    Args:
        method: e.g. ``GET``.
        uri: the full address asked for, as the sender wrote it.
        headers: Content-Digest, Signature-Input and Signature.
        body: the request's body.
        keys_of: State -> Ed25519 keys of its node that are valid now; raises for an unknown State.
        at: now; the signature may be five minutes off.

    Raises:
        BrokenSeal: no signature, not of this form, too old, or it does not hold.
    """
    state, base, signature = _signed(method, uri, headers, at)
    if headers.get("Content-Digest", "") != content_digest(body):
        raise BrokenSeal("The request's body is not the one that was signed.", code="hop.digest")
    _checked(keys_of(state), base, signature)
    return state


def hop_signer(
    method: str, uri: str, headers: Mapping[str, str], *, keys_of: Callable[[str], Sequence[bytes]], at: datetime
) -> str:
    """The State whose node signed these headers, before the body is read; the body is what `check_hop` is for.

    Args and errors are those of `check_hop`.
    """
    state, base, signature = _signed(method, uri, headers, at)
    if not _DIGEST.fullmatch(headers.get("Content-Digest", "")):
        raise BrokenSeal("The request's Content-Digest is none.", code="hop.digest")
    _checked(keys_of(state), base, signature)
    return state


def _signed(method: str, uri: str, headers: Mapping[str, str], at: datetime) -> tuple[str, bytes, bytes]:
    """(State, what its node signed, signature) as these headers claim. Raises BrokenSeal."""
    try:
        inputs, signatures = _dictionary(headers["Signature-Input"]), _dictionary(headers["Signature"])
        (items, parameters), (signature, _) = inputs["hop"], signatures["hop"]
        names = tuple(name for name, special in items if not special)
        state, created = parameters["keyid"], parameters["created"]
        if not isinstance(signature, bytes) or not isinstance(state, str) or type(created) is not int:
            raise TypeError(signature)
    except (KeyError, ValueError, TypeError) as error:
        raise BrokenSeal("The request carries no signature of a node.", code="hop.missing") from error
    raw = headers["Signature-Input"].split("=", 1)[1]
    if len(inputs) + len(signatures) > 2 or len(items) != len(names) or names != _COVERED or parameters != {
        "created": created, "keyid": state, "alg": "ed25519", "tag": _TAG
    }:  # fmt: skip
        raise BrokenSeal("The request's signature does not cover what it must.", code="hop.cover")
    if abs(created - at.timestamp()) > SKEW.total_seconds():
        raise BrokenSeal("The request's signature is not of now.", code="hop.time")
    return state, _signature_base(method, uri, headers.get("Content-Digest", ""), raw), signature


def refusal_headers(
    status: int, body: bytes, asked: Asked, *, state: str, key: NoteKey, at: datetime
) -> dict[str, str]:
    """The headers that sign a refusal of the node of `state` (RFC 9421, 2.4): who was refused can prove what, and why.

    Args:
        status: of the answer.
        body: of the answer.
        asked: the request that is refused.
        state: this State.
        key: its node's hop key.
        at: now.
    """
    parameters = (
        f'({" ".join(_REFUSED)});created={int(at.timestamp())};keyid="{state}";alg="ed25519";tag="{_REFUSAL_TAG}"'
    )
    digest = content_digest(body)
    signature = key.sign(_refusal_base(status, digest, asked, parameters))
    return {
        "Content-Digest": digest, "Signature-Input": f"hop={parameters}", "Signature": f"hop=:{canon.b64(signature)}:",
    }  # fmt: skip


def check_refusal(
    status: int, headers: Mapping[str, str], body: bytes, asked: Asked, *, peer: Entry, at: datetime
) -> bool:
    """Whether an answer is signed by the node of `peer` as its refusal of this very request.

    Args:
        status: of the answer.
        headers: of the answer.
        body: of the answer.
        asked: the request that was sent.
        peer: the entry of the State that answered.
        at: now; the signature may be five minutes off.
    """
    given, signed = headers.get("Signature-Input", ""), headers.get("Signature", "")
    start = f"hop=({' '.join(_REFUSED)});created="
    created, _, rest = given.removeprefix(start).partition(";")
    if not given.startswith(start) or rest != f'keyid="{peer.state}";alg="ed25519";tag="{_REFUSAL_TAG}"':
        return False
    digest = content_digest(body)
    if not _MOMENT.fullmatch(created) or abs(int(created) - at.timestamp()) > SKEW.total_seconds():
        return False
    keys = [key.public for key in peer.valid(Purpose.HOP, at) if isinstance(key.public, bytes)]
    try:
        signature, _ = _dictionary(signed)["hop"]
        _checked(keys, _refusal_base(status, digest, asked, given.removeprefix("hop=")), signature)
    except (KeyError, ValueError, TypeError, BrokenSeal):
        return False
    return headers.get("Content-Digest", "") == digest


def refusal(body: bytes) -> str:
    """The code with which a door refuses, in the body of its answer; empty: this is none of a door."""
    try:
        said = canon.fields(canon.loads(body, limit=4096), "code", "reason")["code"]
    except BrokenSeal:
        return ""
    return said if isinstance(said, str) else ""


def _refusal_base(status: int, digest: str, asked: Asked, parameters: str) -> bytes:
    method, uri, headers = asked
    values = (str(status), digest, method, uri, headers["Content-Digest"], headers["Signature"])
    lines = [f"{name}: {value}" for name, value in zip(_REFUSED, values, strict=True)]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def _checked(keys: Sequence[bytes], base: bytes, signature: bytes) -> None:
    """Return when one of `keys` made `signature`. Raises BrokenSeal."""
    for key in keys[:-1]:
        with suppress(BrokenSeal):
            return note_check(key, base, signature)
    note_check(keys[-1] if keys else b"", base, signature)
    return None


def _dictionary(field: str) -> dict[str, Any]:
    """The structured field `field` (RFC 9651), in which nothing stands twice. Raises ValueError."""

    def refuse(name: str, _where: str) -> None:
        raise ValueError(name)

    found: Any = http_sf.parse(field.encode(), tltype="dictionary", on_duplicate_key=refuse)
    return dict(found)


def pinned(tls: str) -> ssl.SSLContext:
    """What connects, by TLS 1.3, to whoever holds one of these very certificates, for the address and in its time.

    Who issued it does not matter: no other certificate of that issuer will do. So the handshake with another one fails,
    before anything is said.

    Args:
        tls: X.509 certificates in PEM, as an entry names them.

    Raises:
        ValueError, ssl.SSLError: there is none in it.
    """
    if not tls.isascii():
        raise ValueError("No certificate in PEM.")
    certificates = {ssl.PEM_cert_to_DER_cert(pem) for pem in _PEM.findall(tls)}

    class Pinned(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  as the class above has it
            super().do_handshake(block)
            if self.getpeercert(binary_form=True) not in certificates:
                raise ssl.SSLCertVerificationError("its certificate is none that its entry names")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Else one that an authority issued would need that authority, which is not pinned.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=tls)
    context.sslsocket_class = Pinned
    return context


@lru_cache(maxsize=256)
def _client(tls: str) -> httpx2.Client:
    timeout = httpx2.Timeout(20.0, connect=5.0)
    return httpx2.Client(transport=Transport(pinned(tls)), timeout=timeout, follow_redirects=False, trust_env=False)


class Line:
    """The line from this node to one peer.

    Args:
        peer: the peer's pinned entry.
        state: this node's State.
        key: this node's hop key.
    """

    def __init__(self, peer: Entry, *, state: str, key: NoteKey) -> None:
        self._peer, self._state, self._key = peer, state, key

    def _ask(
        self, method: str, path: str, body: bytes, at: datetime, extra: Mapping[str, str] | None = None,
        limit: int = ANSWER_LIMIT,
    ) -> tuple[int, bytes]:  # fmt: skip
        uri = self._peer.address.rstrip("/") + path
        headers = hop_headers(method, uri, body, state=self._state, key=self._key, at=at) | dict(extra or {})
        headers["Accept-Encoding"] = "identity"  # what is not unpacked cannot burst
        limit += COLLECT if extra else 0
        try:
            with (
                within(DEADLINE),
                _client(self._peer.tls).stream(method, uri, content=body, headers=headers) as answer,
            ):
                status, found = answer.status_code, _limited(answer.iter_raw(), limit, partial=bool(extra))
                said = answer.headers
        except (httpx2.ReadTimeout, httpx2.WriteTimeout) as error:
            raise Unreachable(f"{self._peer.state} did not answer in time.", code="wire.too-slow") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise Unreachable(f"{self._peer.state} did not answer: {error}.", code="wire.unreachable") from error
        signed = status == _TOO_MANY and "Signature" in said
        if signed and not check_refusal(status, said, found, (method, uri, headers), peer=self._peer, at=at):
            raise Unreachable(f"A refusal that {self._peer.state} did not sign.", code="wire.refusal")
        return status, found

    def post(self, path: str, body: bytes, *, at: datetime, limit: int = ANSWER_LIMIT) -> tuple[int, bytes]:
        """(status, body) of the answer to `body` posted to `path`, within `limit` bytes. Raises Unreachable."""
        return self._ask("POST", path, body, at, limit=limit)

    def get(self, path: str, *, at: datetime, limit: int = ANSWER_LIMIT) -> bytes:
        """What stands at `path`, within `limit` bytes. Raises Unreachable, also when the answer is not 200."""
        status, body = self._ask("GET", path, b"", at, limit=limit)
        if status != 200:
            raise Unreachable(f"{self._peer.state} answered {status} for {path}.", code="wire.status")
        return body

    def get_if_any(self, path: str, *, at: datetime) -> bytes | None:
        """As `get`; None: the peer's node says itself that nothing stands at `path`, not a proxy before it."""
        status, body = self._ask("GET", path, b"", at)
        if (status, refusal(body)) == (404, "door.nothing"):
            return None
        if status != 200:
            raise Unreachable(f"{self._peer.state} answered {status} for {path}.", code="wire.status")
        return body

    def collect(self, path: str, start: int, *, at: datetime) -> bytes:
        """The bytes at `path` from `start` on, at most `COLLECT` of them; fewer on a slow line. Raises Unreachable."""
        wanted = {"Range": f"bytes={start}-{start + COLLECT - 1}"}
        status, body = self._ask("GET", path, b"", at, wanted)
        if status != 206 or len(body) > COLLECT:
            raise Unreachable(f"{self._peer.state} answered {status} for {path}.", code="wire.status")
        return body


@lru_cache(maxsize=1)
def _open_client() -> httpx2.Client:
    timeout = httpx2.Timeout(20.0, connect=5.0)
    return httpx2.Client(
        transport=Transport(ssl.create_default_context()), timeout=timeout, follow_redirects=False, trust_env=False
    )


def ask_stamp(address: str, query: bytes) -> bytes:
    """What a time-stamping authority answers, over HTTP or HTTPS (RFC 3161, 3.4). The answer's own signature protects it.

    Args:
        address: of the authority.
        query: TimeStampReq in DER, as `comity.seal.stamp.Query.dump` makes it.

    Raises:
        Unreachable: ``stamp.unreachable``; ``stamp.answer``: it answers other than with 200, within `DEADLINE` and
            `comity.seal.stamp.LIMIT` bytes.
    """
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    headers["Accept-Encoding"] = "identity"
    try:
        with (
            within(DEADLINE),
            _open_client().stream("POST", address, content=query, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise Unreachable(f"It answered {answer.status_code}.", code="wire.status")
            return _limited(answer.iter_raw(), stamp.LIMIT, partial=False)
    except Unreachable as error:
        raise Unreachable(error.message, code="stamp.answer", where=address) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise Unreachable(f"It did not answer: {error}.", code="stamp.unreachable", where=address) from error


def _limited(chunks: Iterator[bytes], limit: int, *, partial: bool) -> bytes:
    """The bytes of an answer, within `limit`; with `partial`, what has come by the deadline will do."""
    found = bytearray()
    try:
        for chunk in chunks:
            found += chunk
            if len(found) > limit:
                raise Unreachable(f"The answer is longer than {limit} bytes.", code="wire.too-long")
    except httpx2.TimeoutException as error:
        if not partial or not found:
            raise Unreachable(f"The answer took longer than {DEADLINE:.0f} seconds.", code="wire.too-slow") from error
    return bytes(found)
