"""The messages that cross the border, as values <-> bytes.

`decode_act` takes nothing less than an `Opened`, so that bytes which were not verified never become an act.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from comity.casework.lifecycle import Act
from comity.casework.request import moment_text, parse_moment
from comity.errors import BrokenSeal, Invalid
from comity.ledger.log import RECEIVED, Proof, entry
from comity.seal import canon, envelope
from comity.seal.envelope import MESSAGE_LIMIT, Opened, Statement
from comity.seal.keys import SigningKey
from comity.seal.trust import Trust
from comity.wire.exchange import Event, Evidence

_LATER = frozenset({Event.CONTENT_CONSIGNMENT, Event.CONTENT_CONSIGNMENT_FAILURE})


def sign_act(act: Act, *, to: str, key: SigningKey) -> tuple[Act, bytes]:
    """(`act` with its salt and id, the signed statement).

    Args:
        act: the act, without salt or id.
        to: the State it is for; the author's own for an internal act.
        key: the author State's signing key.
    """
    salted = replace(act, salt=secrets.token_hex(16), at=act.at.replace(microsecond=0))
    statement = envelope.sign("act", canon.dumps(salted.to_dict()), sender=act.by, to=to, key=key)
    return replace(salted, id=canon.content_id(statement)), statement


def read_act(statement: Statement) -> Act:
    """The act that a verified statement says.

    Raises:
        Invalid: it does not follow the form of its kind.
        BrokenSeal: it is signed by another State than it says it is by.
    """
    raw = canon.loads(statement.payload, limit=MESSAGE_LIMIT)
    if not isinstance(raw, dict):
        raise Invalid("An act is an object.", code="act.form", where="act")
    act = Act.from_dict(raw, id=canon.content_id(statement.raw))
    if act.by != statement.sender:
        raise BrokenSeal("The act is signed by another State than its author.", code="seal.author")
    return act


def decode_act(opened: Opened) -> Act:
    """The act inside an opened envelope. Raises as `read_act` does."""
    if not isinstance(opened, Opened):
        raise TypeError("Only an Opened is decoded.")
    return read_act(opened.statement)


@dataclass(frozen=True)
class Receipt:
    """A node's signed word that it holds an envelope, with the proof that its log remembers it.

    Args:
        by: the State whose node received.
        envelope: digest of the envelope, hex.
        at: when it was kept, UTC.
        index: place in the receiver's log.
        statement: the signed statement that says all this.
        proof: that the log's head covers it; newer proofs may replace older ones.
    """

    by: str
    envelope: str
    at: datetime
    index: int
    statement: bytes
    proof: Proof

    def to_bytes(self) -> bytes:
        """Canonical JSON, as it travels."""
        return canon.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"receipt": canon.b64(self.statement), "proof": self.proof.to_dict()}


def sign_receipt(*, by: str, digest: str, at: datetime, index: int, key: SigningKey) -> bytes:
    """The signed statement of a receipt for the envelope `digest`, kept at place `index` of the log."""
    said = {"receipt": Event.RELAY_ACCEPTANCE.value, "envelope": digest, "at": moment_text(at), "index": index}
    return envelope.sign("receipt", canon.dumps(said), sender=by, to="", key=key)


def read_receipt(raw: Any, trust: Trust, *, now: datetime | None = None) -> Receipt:
    """The receipt in `raw` (a parsed `Receipt.to_dict`), its signatures verified; its proof is *not* yet checked.

    Args:
        raw: the parsed object.
        trust: whose keys may sign receipts.
        now: the moment for which the key must be valid; when None, the moment the receipt itself states.

    Raises:
        BrokenSeal: a signature does not hold, or the contents do not follow the form.
    """
    found = canon.fields(raw, "receipt", "proof")
    data = canon.unb64(found["receipt"])
    at = now or _stated_at(data)
    statement = envelope.verify(data, trust, kind="receipt", at=at)
    said = canon.fields(canon.loads(statement.payload, limit=4096), "receipt", "envelope", "at", "index")
    proof = Proof.from_dict(found["proof"])
    if said["receipt"] != Event.RELAY_ACCEPTANCE or type(said["index"]) is not int or said["index"] != proof.index:
        raise BrokenSeal("The receipt and its proof speak of different places.", code="receipt.form")
    if not isinstance(said["envelope"], str):
        raise BrokenSeal("The receipt names no envelope.", code="receipt.form")
    return Receipt(statement.sender, said["envelope"], _moment(said["at"]), proof.index, data, proof)


def sign_evidence(said: Evidence, *, key: SigningKey) -> bytes:
    """The signed statement of what became of an envelope after its receipt."""
    at = datetime.fromtimestamp(said.at, UTC)
    payload = {"receipt": said.event.value, "envelope": said.envelope, "at": moment_text(at), "code": said.code}
    return envelope.sign("receipt", canon.dumps(payload), sender=said.by, to="", key=key)


def read_evidence(data: bytes, trust: Trust, *, now: datetime | None = None) -> Evidence:
    """What a statement of `sign_evidence` says, its signatures verified.

    Args:
        data: the signed statement.
        trust: whose keys may sign receipts.
        now: the moment for which the key must be valid; when None, the moment the statement itself states.

    Raises:
        BrokenSeal: a signature does not hold, or the contents do not follow the form.
    """
    statement = envelope.verify(data, trust, kind="receipt", at=now or _stated_at(data))
    said = canon.fields(canon.loads(statement.payload, limit=4096), "receipt", "envelope", "at", "code")
    if said["receipt"] not in _LATER or not all(isinstance(said[name], str) for name in ("envelope", "code")):
        raise BrokenSeal("This is no evidence of what became of an envelope.", code="receipt.form")
    at = int(_moment(said["at"]).timestamp())
    return Evidence(Event(said["receipt"]), statement.sender, said["envelope"], at, said["code"])


def _stated_at(data: bytes) -> datetime:
    try:
        outer = canon.loads(data, limit=MESSAGE_LIMIT)
        return _moment(canon.loads(canon.unb64(outer["payload"]), limit=4096)["at"])
    except (KeyError, TypeError) as error:
        raise BrokenSeal("The receipt states no time.", code="receipt.form") from error


def _moment(text: Any) -> datetime:
    try:
        return parse_moment(text)
    except (TypeError, ValueError) as error:
        raise BrokenSeal("The receipt states no time.", code="receipt.form") from error


def logged_receipt(digest: str) -> bytes:
    """The log entry that a receipt for the envelope `digest` stands on."""
    return entry(RECEIVED, digest)
