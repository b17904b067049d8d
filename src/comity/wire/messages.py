"""The messages that cross the border, as values <-> bytes.

`decode_act` takes nothing less than an `Opened`, so that bytes which were not verified never become an act.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from comity.casework.lifecycle import Act
from comity.casework.request import moment_text, strict_moment
from comity.errors import BrokenSeal, Invalid
from comity.ledger.log import RECEIVED, Proof, entry
from comity.seal import canon, envelope
from comity.seal.envelope import MESSAGE_LIMIT, Opened, Statement
from comity.seal.keys import SigningKey
from comity.seal.trust import Trust
from comity.wire.exchange import Event, Evidence

_OTHERS = frozenset(Event) - {Event.RELAY_ACCEPTANCE}


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
        return proved(self.statement, self.proof)


def sign_words(words: Sequence[Evidence], *, places: Mapping[str, int], key: SigningKey) -> list[bytes]:
    """The signed statements of what became of envelopes, under one pair of signatures.

    Args:
        words: what is said, all by one State.
        places: digest -> place in this node's log, for each envelope whose acceptance is said.
        key: the State's signing key.
    """
    drafts = [envelope.Draft("receipt", canon.dumps(_payload(said, places)), "") for said in words]
    return envelope.sign_all(drafts, sender=words[0].by if words else "", key=key)


def _payload(said: Evidence, places: Mapping[str, int]) -> dict[str, Any]:
    at = moment_text(datetime.fromtimestamp(said.at, UTC))
    found = {"receipt": said.event.value, "envelope": said.envelope, "at": at}
    if said.event is Event.RELAY_ACCEPTANCE:
        return found | {"index": places[said.envelope]}
    return found | {"code": said.code}


def proved(statement: bytes, proof: Proof) -> bytes:
    """A receipt's signed statement with its proof, as they travel."""
    return b'{"proof":%b,"receipt":%b}' % (canon.dumps(proof.to_dict()), statement)


@dataclass(frozen=True)
class Word:
    """A signed word about an envelope, its signatures verified.

    Args:
        said: what it says.
        proof: of a receipt, not yet checked; None for every other word.
    """

    said: Evidence
    proof: Proof | None = None


def read_word(raw: bytes, trust: Trust, *, now: datetime | None = None) -> Word:
    """The signed word in `raw`: a receipt with its proof, or the bare statement of any other event.

    Args:
        raw: canonical JSON.
        trust: whose keys may sign receipts.
        now: the moment for which the key must be valid; when None, the moment that the word itself states.

    Raises:
        BrokenSeal: a signature does not hold, or the contents do not follow the form.
    """
    outer = canon.loads(raw, limit=MESSAGE_LIMIT)
    if not isinstance(outer, dict) or "proof" not in outer:
        return Word(read_evidence(raw, trust, now=now, parsed=outer))
    found = read_receipt(outer, trust, now=now)
    at = int(found.at.timestamp())
    return Word(Evidence(Event.RELAY_ACCEPTANCE, found.by, found.envelope, at), found.proof)


def read_receipt(raw: Any, trust: Trust, *, now: datetime | None = None) -> Receipt:
    """The receipt in `raw` (parsed `Receipt.to_bytes`), its signatures verified; its proof is *not* yet checked.

    Args:
        raw: the parsed object.
        trust: whose keys may sign receipts.
        now: the moment for which the key must be valid; when None, the moment the receipt itself states.

    Raises:
        BrokenSeal: a signature does not hold, or the contents do not follow the form.
    """
    found = canon.fields(raw, "receipt", "proof")
    data = canon.dumps(found["receipt"])
    statement = envelope.verify(data, trust, kind="receipt", at=now or _stated, parsed=found["receipt"])
    said = canon.fields(canon.loads(statement.payload, limit=4096), "receipt", "envelope", "at", "index")
    proof = Proof.from_dict(found["proof"])
    if said["receipt"] != Event.RELAY_ACCEPTANCE or type(said["index"]) is not int or said["index"] != proof.index:
        raise BrokenSeal("The receipt and its proof speak of different places.", code="receipt.form")
    if not isinstance(said["envelope"], str):
        raise BrokenSeal("The receipt names no envelope.", code="receipt.form")
    return Receipt(statement.sender, said["envelope"], _moment(said["at"]), proof.index, data, proof)


def read_evidence(data: bytes, trust: Trust, *, now: datetime | None = None, parsed: Any = None) -> Evidence:
    """What a statement of `sign_words` says of an envelope that was receipted or not, its signatures verified.

    Args:
        data: the signed statement.
        trust: whose keys may sign receipts.
        now: the moment for which the key must be valid; when None, the moment the statement itself states.
        parsed: as `envelope.verify` takes it.

    Raises:
        BrokenSeal: a signature does not hold, or the contents do not follow the form.
    """
    statement = envelope.verify(data, trust, kind="receipt", at=now or _stated, parsed=parsed)
    said = canon.fields(canon.loads(statement.payload, limit=4096), "receipt", "envelope", "at", "code")
    if (
        not all(isinstance(said[name], str) for name in ("receipt", "envelope", "code"))
        or said["receipt"] not in _OTHERS
    ):
        raise BrokenSeal("This is no evidence of what became of an envelope.", code="receipt.form")
    at = int(_moment(said["at"]).timestamp())
    return Evidence(Event(said["receipt"]), statement.sender, said["envelope"], at, said["code"])


def event_of(raw: bytes) -> Event:
    """The event in a signed word that was verified before it was kept. Raises BrokenSeal: it is none."""
    outer = canon.loads(raw, limit=MESSAGE_LIMIT)
    if "proof" in outer:
        return Event.RELAY_ACCEPTANCE
    return Event(canon.loads(canon.unb64(outer["payload"]), limit=4096)["receipt"])


def said_of(raw: bytes) -> Evidence:
    """What a signed word says, which was verified before."""
    outer = _outer(raw)
    found = canon.loads(canon.unb64(outer["payload"]), limit=4096)
    at = int(_moment(found["at"]).timestamp())
    return Evidence(Event(found["receipt"]), outer["from"], found["envelope"], at, found.get("code", ""))


def key_of(raw: bytes) -> str:
    """The id of the key that signed a word, which was verified before."""
    return str(_outer(raw)["key"])


def _outer(raw: bytes) -> dict[str, Any]:
    """The statement of a signed word, parsed."""
    outer = canon.loads(raw, limit=MESSAGE_LIMIT)
    found: dict[str, Any] = outer["receipt"] if "proof" in outer else outer
    return found


def read_stated(statement: bytes, trust: Trust) -> Statement:
    """A signed statement of whatever kind, its signatures verified for the moment that it states itself. Raises BrokenSeal."""
    outer = canon.loads(statement, limit=MESSAGE_LIMIT)
    kind = outer.get("kind") if isinstance(outer, dict) else None
    if not isinstance(kind, str):
        raise BrokenSeal("This is no statement.", code="seal.kind")
    return envelope.verify(statement, trust, kind=kind, at=_stated)


def _stated(payload: bytes) -> datetime:
    """The moment that a payload states. Raises BrokenSeal."""
    try:
        return _moment(canon.loads(payload, limit=MESSAGE_LIMIT)["at"])
    except (KeyError, TypeError) as error:
        raise BrokenSeal("The statement states no time.", code="receipt.form") from error


def _moment(text: Any) -> datetime:
    try:
        return _strict(text)
    except (TypeError, ValueError) as error:
        raise BrokenSeal("The receipt states no time.", code="receipt.form") from error


_strict = lru_cache(maxsize=256)(strict_moment)  # words that are signed together mostly state one moment


def logged_receipt(digest: str) -> bytes:
    """The log entry that a receipt for the envelope `digest` stands on."""
    return entry(RECEIVED, digest)
