"""Forgeries: statements, envelopes and HTTP signatures of which every part can be chosen, right or wrong.

What is right is written here anew after docs/PROTOCOL.md, apart from `seal.envelope` and `wire.transport`, which make no
wrong ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from comity.casework.act import Kind
from comity.casework.moments import moment_text
from comity.seal import canon, merkle
from comity.seal.keys import NoteKey, SealKey, SigningKey

VERSION = "comity/v1"
_PAD = 1024
_COVERED = ("@method", "@target-uri", "content-digest")

POWERS = {Kind.CLOSED: "execute", Kind.DISCLOSED: "execute", Kind.PRESERVED: "execute", Kind.PERFORMED: "execute"}


def act(kind: str, case: str, body: Any, *, by: str, at: datetime, after: str = "", **changed: Any) -> dict[str, Any]:
    """An act as plain values, right in its form; `changed` fields replace its own."""
    return {
        "act": str(kind), "case": case, "by": by, "officer": "conformance", "name": "Officer of the conformance run",
        "power": POWERS.get(Kind(kind), "approve") if kind in set(Kind) else "approve", "at": moment_text(at), "body": body,
        "after": after, "salt": "", "exercise": True,
    } | changed  # fmt: skip


def _parts(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def statement(payload: bytes, *, sender: str, to: str, key: SigningKey, kind: str = "act", version: str = VERSION,
              label: str = "", **changed: Any) -> bytes:  # fmt: skip
    """A signed statement.

    Args:
        payload: what is said.
        sender: the State that says it.
        to: the State it is for.
        key: what signs; its id is named.
        kind: the kind that is written, and signed unless `label` says another.
        version: the version that is written and signed.
        label: what is signed instead of version and kind.
        changed: fields that replace its own after signing; None takes a field out.
    """
    key_id = key.public.id
    leaf = merkle.leaf_hash(
        _parts((label or f"{version}/{kind}").encode(), sender.encode(), to.encode(), key_id.encode(), payload)
    )
    both = key.sign(_parts(f"{version}/statements".encode(), key_id.encode(), (1).to_bytes(8, "big"), leaf))
    fields = {
        "comity": version, "kind": kind, "from": sender, "to": to, "key": key_id, "payload": canon.b64(payload),
        "place": 0, "of": 1, "path": [], "ed25519": canon.b64(both.ed25519), "mldsa65": canon.b64(both.mldsa65),
    } | changed  # fmt: skip
    return canon.dumps({name: value for name, value in fields.items() if value is not None})


def envelope(said: bytes, *, to: str, key: SealKey, digest: str = "", padded: bytes | None = None, info: bytes | None = None,
             form: int = 2, **changed: Any) -> bytes:  # fmt: skip
    """An envelope around the statement `said`.

    Args:
        said: the statement.
        to: the addressee.
        key: the addressee's opening key.
        digest: the commitment, where it is not that of `said`.
        padded: the whole plaintext, where it is not the right one.
        info: what it is sealed under, where it is not the right text.
        form: 1, JSON as a whole; 2, a head and its bytes.
        changed: fields that replace its own after sealing; None takes a field out.
    """
    digest = digest or canon.content_id(said)
    if padded is None:
        padded = len(said).to_bytes(4, "big") + said
        padded += b"\0" * (-len(padded) % _PAD)
    label = f"comity/v{form}/envelope"
    sealed = key.seal(padded, info or f"{label}\n{to}\n{key.id}\n{digest}".encode())
    fields = {"comity": label, "to": to, "key": key.id, "statement": digest,
              "sealed": canon.b64(sealed) if form == 1 else len(sealed)} | changed  # fmt: skip
    said_outside = {name: value for name, value in fields.items() if value is not None}
    return canon.dumps(said_outside) if form == 1 else canon.framed(said_outside, sealed)


def head_and_bytes(data: bytes) -> tuple[dict[str, Any], bytes]:
    """What a good envelope says outside, and its ciphertext."""
    frame = canon.Frame(data, limit=len(data), values=8)
    return frame.head, frame.take(frame.head["sealed"], len(data))


def signed_headers(method: str, uri: str, body: bytes, *, state: str, key: NoteKey, created: int,
                   covered: tuple[str, ...] = _COVERED, label: str = "hop", digest: str = "",
                   **parameters: str | int | None) -> dict[str, str]:  # fmt: skip
    """The headers of a signed HTTP request (RFC 9421).

    Args:
        method: as it is signed.
        uri: the address that is signed.
        body: whose digest is signed.
        state: the State whose node asks.
        key: its hop key.
        created: seconds since 1970.
        covered: the components, in their order.
        label: of the signature.
        digest: the Content-Digest, where it is not the right one.
        parameters: replace or follow the right ones; None takes one out.
    """
    digest = digest or content_digest(body)
    chosen: dict[str, str | int | None] = {
        "created": created,
        "keyid": state,
        "alg": "ed25519",
        "tag": "comity-v1",
    }
    chosen |= parameters
    words = [f"{name}={_parameter(value)}" for name, value in chosen.items() if value is not None]
    line = ";".join([f"({' '.join(f'{chr(34)}{name}{chr(34)}' for name in covered)})", *words])
    values = {"@method": method, "@target-uri": uri, "content-digest": digest}
    base = [f'"{name}": {values.get(name, "")}' for name in covered] + [f'"@signature-params": {line}']
    signature = key.sign("\n".join(base).encode())
    return {"Content-Digest": digest, "Signature-Input": f"{label}={line}",
            "Signature": f"{label}=:{canon.b64(signature)}:"}  # fmt: skip


def _parameter(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f'"{value}"'


def content_digest(body: bytes) -> str:
    """The Content-Digest of `body` (RFC 9530, SHA-256)."""
    return f"sha-256=:{canon.b64(bytes.fromhex(canon.content_id(body)))}:"


def spliced(value: Mapping[str, Any], place: str, text: bytes) -> bytes:
    """`value` as JSON in which the member `place` is `text` as it is: what no writer of canonical JSON writes."""
    marked = dict(value) | {place: "\0here\0"}
    whole = json.dumps(marked, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return whole.replace(b'"\\u0000here\\u0000"', text)
