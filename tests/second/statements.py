"""Statements, envelopes, receipts and later words. Statements, Envelopes, Receipts."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from second import notes, plain, tree
from second.keys import Opener, Signer
from second.plain import need

VERSION, MESSAGE, TOGETHER = "comity/v1", 1 << 20, 1024
KINDS = frozenset({
    "act", "receipt", "entry", "container", "call", "figures", "notice", "share", "community", "need", "offer", "programme",
    "standing", "restore",
})  # fmt: skip
EVENTS = frozenset({
    "SubmissionAcceptance", "SubmissionRejection", "RelayRejection", "RelayFailure", "ContentConsignment",
    "ContentConsignmentFailure", "ContentHandover",
})  # fmt: skip
_FIELDS = ("comity", "kind", "from", "to", "key", "payload", "ed25519", "mldsa65", "of", "place", "path")


@dataclass(frozen=True)
class Said:
    """A statement whose signatures hold."""

    kind: str
    sender: str
    to: str
    payload: bytes
    key: str
    raw: bytes


def _long(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def statement(
    data: bytes,
    signers: Iterable[Signer],
    kinds: Collection[str],
    at: datetime | Callable[[bytes], datetime],
    limit: int = MESSAGE,
) -> Said:
    """The statement in `data`, when it is of one of `kinds` and both signatures hold by a key that counts at `at`."""
    found = plain.fields(plain.read(data, limit, 64), *_FIELDS)
    plain.texts(*found[:8])
    version, kind, sender, to, key, payload, first, second, of, place, path = found
    need(version == VERSION and kind in KINDS and kind in kinds, "another version or kind")
    plain.integer(of)
    plain.integer(place)
    need(0 <= place < of <= TOGETHER, "no place in a tree")
    steps = [plain.binary(step) for step in plain.listed(path)]
    said = plain.binary(payload)
    signer = next((one for one in signers if (one.state, one.id) == (sender, key)), None)
    need(signer, "no key of that State")
    need(kind in signer.kinds and signer.valid(at(said) if callable(at) else at), "a key that does not count for this")
    leaf = tree.leaf(_long(f"{VERSION}/{kind}".encode(), sender.encode(), to.encode(), key.encode(), said))
    root = tree.root(leaf, place, of, steps)
    message = _long(f"{VERSION}/statements".encode(), key.encode(), of.to_bytes(8, "big"), root)
    signer.both_hold(message, plain.binary(first), plain.binary(second))
    return Said(kind, sender, to, said, key, data)


def outside(data: bytes) -> tuple[str, str, str, str, bytes]:
    """(version, addressee, key id, commitment, ciphertext) of an envelope."""
    if data.startswith(b'{"comity":"comity/v1/envelope",'):
        version, to, key, commitment, sealed = plain.fields(
            plain.read(data, MESSAGE, 8), "comity", "to", "key", "statement", "sealed"
        )
        plain.texts(to, key, commitment, sealed)
        return version, to, key, commitment, plain.binary(sealed)
    runs = plain.Runs(data, MESSAGE, 8)
    version, to, key, commitment, sealed = plain.fields(runs.head, "comity", "to", "key", "statement", "sealed")
    plain.texts(version, to, key, commitment)
    need(version == "comity/v2/envelope", "another version")
    ciphertext = runs.run(sealed, MESSAGE)
    runs.end()
    return version, to, key, commitment, ciphertext


def opened(data: bytes, home: str, openers: Iterable[Opener], signers: Iterable[Signer], at: datetime,
           kinds: Collection[str] = ("act", "call")) -> Said:  # fmt: skip
    """The statement inside an envelope for `home` that arrived at `at`."""
    version, to, key, commitment, sealed = outside(data)
    opener = next((one for one in openers if one.id == key), None)
    need(to == home and opener, "for another State or key")
    inside = opener.open(sealed, f"{version}\n{to}\n{key}\n{commitment}".encode())
    need(len(inside) >= 4, "no length")
    size = int.from_bytes(inside[:4], "big")
    held, rest = inside[4 : 4 + size], inside[4 + size :]
    need(len(held) == size and not rest.strip(b"\0"), "another length, or padding that says something")
    need(plain.digest(held) == commitment, "another statement than it says")
    found = statement(held, signers, kinds, at)
    need(found.to == home, "another's letter")
    return found


def stated(payload: bytes) -> datetime:
    """The moment that a payload states."""
    found = plain.read(payload, MESSAGE)
    need(isinstance(found, dict) and "at" in found, "no moment")
    return plain.moment(found["at"])


@dataclass(frozen=True)
class Word:
    """What a node says of an envelope."""

    event: str
    by: str
    to: str
    envelope: str
    at: datetime
    code: str = ""
    index: int = -1


def word(data: bytes, signers: Iterable[Signer], now: datetime | None = None) -> Word:
    """A later word: every event but the acceptance of an envelope, which travels with a proof."""
    found = statement(data, signers, {"receipt"}, now or stated)
    event, envelope, at, code = plain.fields(plain.read(found.payload, 4096), "receipt", "envelope", "at", "code")
    plain.texts(event, envelope, code)
    need(event in EVENTS, "no such event")
    return Word(event, found.sender, found.to, envelope, plain.moment(at), code)


def receipt(raw, signers: Iterable[Signer], now: datetime | None = None) -> tuple[Word, notes.Proof]:
    """(what a receipt says, its proof, not followed yet); `raw` is the object as it travels."""
    signed, proof = plain.fields(raw, "receipt", "proof")
    found = statement(plain.write(signed), signers, {"receipt"}, now or stated)
    event, envelope, at, index = plain.fields(plain.read(found.payload, 4096), "receipt", "envelope", "at", "index")
    plain.texts(event, envelope)
    shown = notes.proof(proof)
    need(event == "RelayAcceptance" and plain.integer(index) == shown.index, "another event, or another place")
    return Word(event, found.sender, found.to, envelope, plain.moment(at), index=index), shown


def logged(kind: str, digest: str) -> bytes:
    """The entry of a log."""
    return plain.write({"entry": kind, "digest": digest})
