"""The messages that cross the border, as values <-> bytes.

`decode_act` takes nothing less than an `Opened`, so that bytes which were not verified never become an act.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from comity.casework.lifecycle import Act
from comity.casework.moments import moment_text, strict_moment
from comity.errors import BrokenSeal, Invalid
from comity.ledger.log import RECEIVED, Proof, entry
from comity.seal import canon, envelope
from comity.seal.envelope import MESSAGE_LIMIT, Opened, Signed, Statement
from comity.seal.keys import SigningKey
from comity.seal.trust import Trust
from comity.wire.exchange import Event, Evidence

BRACKETS = 20_000  # opening ones in the payload of an act, also in its texts
_EVENTS = frozenset(Event)
_SHORT = 16_384  # bytes of a statement whose act is remembered, read or refused: most are shorter


def sign_act(act: Act, *, to: str, key: SigningKey) -> tuple[Act, bytes]:
    """(`act` with its salt and id, the signed statement).

    Args:
        act: the act, without salt or id.
        to: the State it is for; the author's own for an internal act.
        key: the author State's signing key.

    Raises:
        Invalid: it has too many parts for one act.
    """
    salted = replace(act, salt=secrets.token_hex(16), at=act.at.replace(microsecond=0))
    statement = envelope.sign("act", _bounded(canon.dumps(salted.to_dict())), sender=act.by, to=to, key=key)
    return replace(salted, id=canon.content_id(statement)), statement


def read_act(statement: Statement) -> Act:
    """The act that a verified statement says.

    Raises:
        Invalid: it does not follow the form of its kind.
        BrokenSeal: it is signed by another State than it says it is by.
    """
    act = _act(_Source(canon.content_id(statement.raw), statement.raw, statement.payload))
    if act.by != statement.sender:
        raise BrokenSeal("The act is signed by another State than its author.", code="seal.author")
    return act


def kept_act(digest: str, statement: bytes) -> Act:
    """The act `digest` in a statement that was verified before it was kept, with its signatures or without them."""
    return _act(_Source(digest, statement))


@dataclass(frozen=True)
class _Source:
    """A verified statement that says an act. Its digest names its bytes, and tells it from others.

    Args:
        digest: of the statement.
        statement: its bytes.
        payload: what it says, where that was taken out of it already.
    """

    digest: str
    statement: bytes = field(compare=False)
    payload: bytes | None = field(default=None, compare=False)


def _act(said: _Source) -> Act:
    return (_remembered if len(said.statement) <= _SHORT else _parsed)(said)


def _parsed(said: _Source) -> Act:
    payload = canon.unb64(canon.kept(said.statement)["payload"]) if said.payload is None else said.payload
    raw = canon.loads(_bounded(payload), limit=MESSAGE_LIMIT)
    if not isinstance(raw, dict):
        raise Invalid("An act is an object.", code="act.form", where="act")
    return Act.from_dict(raw, id=said.digest)


_remembered = lru_cache(maxsize=1024)(_parsed)  # what has just been read is read again with its case


def decode_act(opened: Opened) -> Act:
    """The act inside an opened envelope. Raises as `read_act` does."""
    if not isinstance(opened, Opened):
        raise TypeError("Only an Opened is decoded.")
    return read_act(opened.statement)


def _bounded(payload: bytes) -> bytes:
    """An act's `payload`. Raises Invalid: parsed, it would take up far more room than it has bytes."""
    if payload.count(b"[") + payload.count(b"{") > BRACKETS:
        raise Invalid(f"An act has at most {BRACKETS} opening brackets: shorten it.", code="act.form", where="act")
    return payload


@dataclass(frozen=True)
class Receipt:
    """A node's signed word that it holds an envelope, with the proof that its log remembers it.

    Args:
        by: the State whose node received.
        to: the State whose node brought it.
        envelope: digest of the envelope, hex.
        at: when it was kept, UTC.
        index: place in the receiver's log.
        statement: the signed statement that says all this.
        proof: that the log's head covers it; newer proofs may replace older ones.
    """

    by: str
    to: str
    envelope: str
    at: datetime
    index: int
    statement: bytes
    proof: Proof

    def to_bytes(self) -> bytes:
        """Canonical JSON, as it travels."""
        return _with_proof(self.statement, self.proof)


def sign_words(words: Sequence[Evidence], *, to: str, places: Mapping[str, int], key: SigningKey) -> list[Signed]:
    """The signed statements of what became of envelopes, under one pair of signatures.

    Args:
        words: what is said, all by one State.
        to: the State whose node brought the envelopes.
        places: digest -> place in this node's log, for each envelope whose acceptance is said.
        key: the State's signing key.
    """
    drafts = [envelope.Draft("receipt", canon.dumps(_payload(said, places)), to) for said in words]
    return envelope.sign_apart(drafts, sender=words[0].by if words else "", key=key)


def _payload(said: Evidence, places: Mapping[str, int]) -> dict[str, Any]:
    at = moment_text(datetime.fromtimestamp(said.at, UTC))
    found = {"receipt": said.event.value, "envelope": said.envelope, "at": at}
    if said.event is Event.RELAY_ACCEPTANCE:
        return found | {"index": places[said.envelope]}
    return found | {"code": said.code}


def proved(statement: Signed, proof: Proof) -> Signed:
    """A receipt's signed statement with its proof."""
    return Signed(_with_proof(statement.bare, proof), statement.pair)


def proved_anew(bare: bytes, proof: Proof) -> bytes:
    """A receipt that was verified before, with another proof of its place; both apart from their signatures."""
    return _with_proof(canon.dumps(canon.loads(bare, limit=MESSAGE_LIMIT)["receipt"]), proof)


def _with_proof(statement: bytes, proof: Proof) -> bytes:
    return b'{"proof":%b,"receipt":%b}' % (canon.dumps(proof.to_dict()), statement)


@dataclass(frozen=True)
class Word:
    """A signed word about an envelope, its signatures verified.

    Args:
        said: what it says.
        to: the State whose node brought the envelope.
        proof: of a receipt, not yet checked; None for every other word.
    """

    said: Evidence
    to: str
    proof: Proof | None = None


def read_word(word: Signed, trust: Trust, *, now: datetime | None = None) -> Word:
    """The signed `word`: a receipt with its proof, or the bare statement of any other event.

    Args:
        word: as `sign_words` or `proved` made it.
        trust: whose keys may sign receipts.
        now: the moment for which the key must be valid; when None, the moment that the word itself states.

    Raises:
        BrokenSeal: a signature does not hold, or the contents do not follow the form.
    """
    outer = canon.loads(word.bare, limit=MESSAGE_LIMIT)
    if not isinstance(outer, dict) or "proof" not in outer:
        return _evidence(envelope.parsed(word, outer), trust, now)
    found = canon.fields(outer, "receipt", "proof")
    return _receipt(envelope.parsed(word, found["receipt"]), found["proof"], trust, now)[0]


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
    word, proof, at = _receipt(found["receipt"], found["proof"], trust, now)
    by, statement = word.said.by, canon.dumps(found["receipt"])
    return Receipt(by, word.to, word.said.envelope, at, proof.index, statement, proof)


class _Told(NamedTuple):
    """What the payload of a word says; `place` (in the log) only of a receipt, `code` only of other words."""

    event: Event
    envelope: str
    at: datetime
    place: int = -1
    code: str = ""

    def by(self, state: str) -> Evidence:
        return Evidence(self.event, state, self.envelope, int(self.at.timestamp()), self.code)


@lru_cache(maxsize=1024)  # a word is read when it comes, and again when the next one does
def _told(payload: bytes) -> _Told:
    """What a payload of `sign_words` says. Raises BrokenSeal."""
    raw = canon.loads(payload, limit=4096)
    placed = isinstance(raw, dict) and "index" in raw
    found = canon.fields(raw, "receipt", "envelope", "at", "index" if placed else "code")
    event, digest, place, code = found["receipt"], found["envelope"], found.get("index", -1), found.get("code", "")
    if (
        not all(isinstance(text, str) for text in (event, digest, code))
        or type(place) is not int
        or event not in _EVENTS
        or placed != (event == Event.RELAY_ACCEPTANCE)
    ):
        raise BrokenSeal("This is no evidence of what became of an envelope.", code="receipt.form")
    return _Told(Event(event), digest, _moment(found["at"]), place, code)


def _said_at(payload: bytes) -> datetime:
    return _told(payload).at


def _receipt(raw: Any, proof: Any, trust: Trust, now: datetime | None) -> tuple[Word, Proof, datetime]:
    """What a parsed receipt says, the proof that comes with it, which is not checked, and when it was given."""
    sealed = envelope.checked(raw, trust, kind="receipt", at=now or _said_at)
    told, found = _told(sealed.payload), Proof.from_dict(proof)
    if told.event is not Event.RELAY_ACCEPTANCE or told.place != found.index:
        raise BrokenSeal("The receipt and its proof speak of different places.", code="receipt.form")
    return Word(told.by(sealed.sender), sealed.to, found), found, told.at


def _evidence(raw: Any, trust: Trust, now: datetime | None) -> Word:
    sealed = envelope.checked(raw, trust, kind="receipt", at=now or _said_at)
    told = _told(sealed.payload)
    if told.event is Event.RELAY_ACCEPTANCE:
        raise BrokenSeal("This is no evidence of what became of an envelope.", code="receipt.form")
    return Word(told.by(sealed.sender), sealed.to)


def said_of(word: Signed) -> Evidence:
    """What a signed word says, which was verified before."""
    by, _, payload = _outside(word.bare)
    return _told(payload).by(by)


def key_of(word: Signed) -> str:
    """The id of the key that signed a word, which was verified before."""
    return _outside(word.bare)[1]


def proof_of(word: Signed) -> Proof | None:
    """The proof that a word carries which was verified before; None: it is no receipt."""
    proof = canon.loads(word.bare, limit=MESSAGE_LIMIT).get("proof")
    return None if proof is None else Proof.from_dict(proof)


@lru_cache(maxsize=1024)
def _outside(bare: bytes) -> tuple[str, str, bytes]:
    """(who signed a word that was verified before, with which key, its payload)."""
    outer = canon.kept(bare)
    found = outer["receipt"] if "proof" in outer else outer
    return found["from"], found["key"], canon.unb64(found["payload"])


def read_stated(statement: bytes, trust: Trust) -> Statement:
    """A signed statement of whatever kind, its signatures verified for the moment that it states itself. Raises BrokenSeal."""
    outer = canon.loads(statement, limit=MESSAGE_LIMIT, values=envelope.FIELDS)
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
