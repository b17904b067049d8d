"""Signed statements and sealed envelopes.

`sign` makes a *statement*: a payload with who says it, to whom, of which kind, under both signatures. `seal` puts a
statement into an *envelope* that only its addressee opens. `unseal` is the way back, in steps:

1. the envelope is a head with exactly the known fields and its ciphertext, as its form has it, within the limit;
2. it is addressed to this State and to a key that this node holds;
3. the ciphertext opens with that key, for this purpose (HPKE, X-Wing);
4. what is inside is the very statement that the envelope committed to;
5. the statement is canonical, names a known kind, and says it is for this State (no forwarding of another's letter);
6. the key it names may sign this kind for that State now;
7. both signatures hold over the payload *and* all of that.

One pair of signatures can cover several statements made together (`sign_all`): it is made over the root of their Merkle
tree, and each statement carries its own path to it. So each of them stands alone, and tells of the others only their number.
Where many of them lie or travel together, the pair, which is most of their bytes, need not be there for each (`Signed`).

Only step 7 makes an `Opened`. What a caller must still do: ask whether the payload fits the case (`casework.advance`).

Each kind is signed under its own label, so that no statement of one kind can pass as one of another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self, final

from comity.errors import BrokenProof, BrokenSeal
from comity.seal import canon, merkle
from comity.seal.keys import OpeningKey, SealKey, Signature, SigningKey, VerifyKey
from comity.seal.trust import Trust

KINDS = frozenset({
    "act", "receipt", "entry", "container", "call", "figures", "notice", "share", "community", "need", "offer", "programme",
    "standing", "restore",
})  # fmt: skip
MESSAGE_LIMIT = 1 << 20  # bytes of one envelope: a request with its facts, never evidence
_OUTSIDE = 8  # commas and opening brackets outside of an envelope: it has five fields
FIELDS = 64  # commas and opening brackets of a statement: it has twelve fields, and a path of ten hashes at most
_PAD = 1024  # plaintext sizes are rounded up to this, so that length tells little
TOGETHER = 1024  # statements under one pair of signatures
_VERSION = "comity/v1"
_LABELS = {1: "comity/v1/envelope", 2: "comity/v2/envelope"}  # form -> what stands in it, and what it is sealed under
_FIRST_BEGINS = b'{"comity":"%b",' % _LABELS[1].encode()
_PLACES = (b'"ed25519":""', b'"mldsa65":""')  # in the order of `Pair`


def _parts(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def _leaf(kind: str, sender: str, to: str, key_id: str, payload: bytes) -> bytes:
    """The leaf that stands for a statement: over every part with its length, under the kind's own label."""
    label = f"{_VERSION}/{kind}".encode()
    return merkle.leaf_hash(_parts(label, sender.encode(), to.encode(), key_id.encode(), payload))


def _signed_bytes(key_id: str, size: int, root: bytes) -> bytes:
    """What both signatures cover: the root of the tree of `size` statements, by the key that says them."""
    return _parts(f"{_VERSION}/statements".encode(), key_id.encode(), size.to_bytes(8, "big"), root)


@dataclass(frozen=True)
class Statement:
    """A statement whose signatures hold.

    Args:
        kind: one of `KINDS`.
        sender: the State that says it.
        to: the State it is for; the sender itself for internal acts; empty for what is said to everybody.
        payload: the bytes said, opaque here.
        raw: the whole statement as received; its `canon.content_id` names it.
        key_id: the key it was signed with.
    """

    kind: str
    sender: str
    to: str
    payload: bytes
    raw: bytes
    key_id: str


class Pair(NamedTuple):
    """The two signatures under which one or several statements stand, in base64 as they stand there."""

    ed25519: str
    mldsa65: str


class Signed(NamedTuple):
    """A statement, or canonical JSON that has one statement in it, apart from its signatures.

    Args:
        bare: the bytes with both signatures left empty.
        pair: the signatures.
    """

    bare: bytes
    pair: Pair

    @property
    def size(self) -> int:
        """How many bytes it has as a whole."""
        return len(self.bare) + len(self.pair.ed25519) + len(self.pair.mldsa65)

    def whole(self) -> bytes:
        """The bytes with the signatures in their places: its one form outside of a node."""
        signed = self.bare
        for place, half in zip(_PLACES, self.pair, strict=True):
            signed = signed.replace(place, b'%b%b"' % (place[:-1], half.encode()))
        return signed


def together(bare: bytes, pair: Pair) -> Signed:
    """Bytes and signatures that came apart. Raises BrokenSeal: signatures have no place in `bare`."""
    if any(bare.count(place) != 1 for place in _PLACES):
        raise BrokenSeal("Signatures have no place here.", code="seal.detached")
    return Signed(bare, pair)


def apart(statement: bytes) -> Signed:
    """A statement that was verified, or made here, apart from its signatures."""
    bare, halves = statement, []
    for place in _PLACES:
        begin = bare.index(place[:-1]) + len(place) - 1
        end = bare.index(b'"', begin)
        halves.append(bare[begin:end].decode())
        bare = bare[:begin] + bare[end:]
    return Signed(bare, Pair(*halves))


class Checked(NamedTuple):
    """What a statement says that was parsed, and whose signatures hold: as in `Statement`."""

    sender: str
    to: str
    payload: bytes


_VERIFIED = object()


@final
class Opened:
    """A statement that `unseal` opened. Nothing else can make one: `wire.messages` takes nothing less."""

    __slots__ = ("statement",)
    statement: Statement

    def __init__(self, statement: Statement, *, proof: object) -> None:
        if proof is not _VERIFIED:
            raise TypeError("Only unseal() makes an Opened.")
        object.__setattr__(self, "statement", statement)

    def __setattr__(self, name: str, value: object) -> None:
        """What was opened stays what it was."""
        raise AttributeError("An Opened does not change.")

    def __init_subclass__(cls) -> None:
        """No other class passes for it."""
        raise TypeError("Only unseal() makes an Opened.")

    @classmethod
    def _make(cls, statement: Statement) -> Self:
        return cls(statement, proof=_VERIFIED)


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement not signed yet.

    Args:
        kind: one of `KINDS`.
        payload: the bytes to say.
        to: ISO code of the State it is for, or empty for everybody.
    """

    kind: str
    payload: bytes
    to: str


def sign_all(drafts: Sequence[Draft], *, sender: str, key: SigningKey) -> list[bytes]:
    """Signed statements in the order of `drafts`, as canonical JSON, under one pair of signatures. As `sign_apart`."""
    return [signed.whole() for signed in sign_apart(drafts, sender=sender, key=key)]


def sign_apart(drafts: Sequence[Draft], *, sender: str, key: SigningKey) -> list[Signed]:
    """Signed statements in the order of `drafts`, each apart from the one pair of signatures that they stand under.

    Args:
        drafts: what to say; at most `TOGETHER`.
        sender: ISO code of the State that says it.
        key: the sender's signing key.

    Raises:
        BrokenSeal: a kind is not known, or they are too many.
    """
    unknown = next((draft.kind for draft in drafts if draft.kind not in KINDS), None)
    if unknown is not None:
        raise BrokenSeal(f"'{unknown}' is no kind of statement.", code="seal.kind")
    if len(drafts) > TOGETHER:
        raise BrokenSeal(f"At most {TOGETHER} statements are signed together.", code="seal.tree")
    if not drafts:
        return []
    key_id, size = key.public.id, len(drafts)
    get = merkle.tree([_leaf(draft.kind, sender, draft.to, key_id, draft.payload) for draft in drafts])
    both = key.sign(_signed_bytes(key_id, size, merkle.root(size, get)))
    pair = Pair(canon.b64(both.ed25519), canon.b64(both.mldsa65))
    return [
        Signed(canon.dumps({
            "comity": _VERSION, "kind": draft.kind, "from": sender, "to": draft.to, "key": key_id,
            "payload": canon.b64(draft.payload), "place": place, "of": size, "ed25519": "", "mldsa65": "",
            "path": [canon.hash_b64(step) for step in merkle.inclusion(place, size, get)],
        }), pair)
        for place, draft in enumerate(drafts)
    ]  # fmt: skip


def sign(kind: str, payload: bytes, *, sender: str, to: str, key: SigningKey) -> bytes:
    """A signed statement, as canonical JSON.

    Args:
        kind: one of `KINDS`.
        payload: the bytes to say.
        sender: ISO code of the State that says it.
        to: ISO code of the State it is for, or empty for everybody.
        key: the sender's signing key.
    """
    return sign_all([Draft(kind, payload, to)], sender=sender, key=key)[0]


def verify(
    data: bytes, trust: Trust, *, kind: str, at: datetime | Callable[[bytes], datetime], limit: int = MESSAGE_LIMIT,
    parsed: Any = None,
) -> Statement:  # fmt: skip
    """The statement in `data`, when it is of this kind and both signatures hold.

    Args:
        data: as `sign` wrote it.
        trust: the grants to go by.
        kind: the kind that is expected; no other is accepted.
        at: the moment for which the key must be valid; or what reads it from the payload, where that states it.
        limit: the most bytes accepted.
        parsed: what `canon.loads` gave for `data`, where it was read already.

    Raises:
        BrokenSeal: with the step's code.
    """
    return _verified(data, _read(data, limit) if parsed is None else parsed, trust, {kind}, at)


def _read(statement: bytes, limit: int = MESSAGE_LIMIT) -> Any:
    """A statement parsed; nothing of it is verified. Raises BrokenSeal."""
    return canon.loads(statement, limit=limit, values=FIELDS)


def _verified(
    data: bytes, raw: Any, trust: Trust, kinds: Collection[str], at: datetime | Callable[[bytes], datetime],
    home: str | None = None,
) -> Statement:  # fmt: skip
    found, payload = _holds(raw, trust, kinds, at, home)
    return Statement(found["kind"], found["from"], found["to"], payload, data, found["key"])


def parsed(word: Signed, raw: Any) -> Any:
    """What `canon.loads` would give for the statement of `word`, made from what it gave for its bare form: `raw`.

    Raises:
        BrokenSeal: signatures have no place there.
    """
    if not isinstance(raw, dict) or any(raw.get(name) != "" for name in Pair._fields):
        raise BrokenSeal("Signatures have no place here.", code="seal.detached")
    return raw | word.pair._asdict()


def checked(raw: Any, trust: Trust, *, kind: str, at: datetime | Callable[[bytes], datetime]) -> Checked:
    """What a statement says that was parsed; as `verify` otherwise."""
    found, payload = _holds(raw, trust, {kind}, at)
    return Checked(found["from"], found["to"], payload)


def _holds(
    raw: Any, trust: Trust, kinds: Collection[str], at: datetime | Callable[[bytes], datetime], home: str | None = None
) -> tuple[dict[str, Any], bytes]:
    """The fields and the payload of a statement, when it is of one of these kinds, for `home`, and its signatures hold."""
    found = _statement_fields(raw)
    kind: str = found["kind"]
    if kind not in kinds:
        raise BrokenSeal(f"A statement of another kind is needed here: {', '.join(sorted(kinds))}.", code="seal.kind")
    payload = canon.unb64(found["payload"])
    if home is not None and found["to"] != home:  # whoever signed it
        raise BrokenSeal("The statement inside is addressed to another State.", code="seal.addressee")
    key = trust.key(found["from"], found["key"], kind, at(payload) if callable(at) else at)
    leaf = _leaf(kind, found["from"], found["to"], found["key"], payload)
    try:
        path = [canon.hash_unb64(step) for step in found["path"]]
        root = merkle.root_by(leaf, found["place"], found["of"], path)
    except BrokenProof as error:
        raise BrokenSeal("The statement's path leads to no tree.", code="seal.tree") from error
    _check(key, _signed_bytes(key.id, found["of"], root), Pair(found["ed25519"], found["mldsa65"]))
    return found, payload


@lru_cache(maxsize=1024)
def _check(key: VerifyKey, message: bytes, pair: Pair) -> None:
    """As `VerifyKey.check`, once for all statements under one pair of signatures; only what holds is remembered."""
    key.check(message, Signature(canon.unb64(pair.ed25519), canon.unb64(pair.mldsa65)))


_TEXTS = ("comity", "kind", "from", "to", "key", "payload", "ed25519", "mldsa65")


def _statement_fields(raw: Any) -> dict[str, Any]:
    found = canon.fields(raw, *_TEXTS, "place", "of", "path")
    if not all(isinstance(found[name], str) for name in _TEXTS) or found["comity"] != _VERSION:
        raise BrokenSeal("This is no statement of a version that is known here.", code="seal.version")
    place, size, path = found["place"], found["of"], found["path"]
    if (
        type(place) is not int
        or type(size) is not int
        or not isinstance(path, list)
        or not 0 <= place < size <= TOGETHER
    ):
        raise BrokenSeal("The statement names no place in a tree.", code="seal.tree")
    if found["kind"] not in KINDS:
        raise BrokenSeal("This kind of statement is not known.", code="seal.kind")
    return found


def _info(to: str, key_id: str, digest: str, form: int = 2) -> bytes:
    return f"{_LABELS[form]}\n{to}\n{key_id}\n{digest}".encode()


def seal(statement: bytes, *, to: str, key: SealKey, form: int = 2) -> bytes:
    """An envelope that only the owner of `key` opens.

    Args:
        statement: as `sign` wrote it.
        to: ISO code of the addressee.
        key: the addressee's public opening key.
        form: 1, JSON as a whole, for a node that reads no newer one; else 2.
    """
    digest = canon.content_id(statement)
    padded = len(statement).to_bytes(4, "big") + statement
    padded += b"\0" * (-len(padded) % _PAD)
    sealed = key.seal(padded, _info(to, key.id, digest, form))
    head = {"comity": _LABELS[form], "to": to, "key": key.id, "statement": digest}
    if form == 1:
        return canon.dumps(head | {"sealed": canon.b64(sealed)})
    return canon.framed(head | {"sealed": len(sealed)}, sealed)


def form_of(envelope: bytes) -> int:
    """The form of an envelope, by how it begins. Whether it is one at all, is for `commitment` and `unseal` to say."""
    return 1 if envelope.startswith(_FIRST_BEGINS) else 2


def commitment(envelope: bytes) -> tuple[str, str]:
    """(addressee, digest of the statement inside) as the envelope's outside says. Raises BrokenSeal."""
    found = _outside(envelope)
    return found.to, found.statement


def claimed_sender(statement: bytes) -> str:
    """The State that a statement names as its sender, nothing of it verified. Raises BrokenSeal: it is no statement."""
    sender: str = _statement_fields(_read(statement))["from"]
    return sender


class _Outside(NamedTuple):
    """What an envelope says outside, and its ciphertext."""

    to: str
    key: str
    statement: str
    sealed: bytes
    form: int


def _outside(envelope: bytes) -> _Outside:
    form = form_of(envelope)
    frame = (canon.Whole if form == 1 else canon.Frame)(envelope, limit=MESSAGE_LIMIT, values=_OUTSIDE)
    to, key, statement = _named(frame.head, _LABELS[form])
    sealed = frame.take(frame.head["sealed"], MESSAGE_LIMIT)
    frame.close()
    return _Outside(to, key, statement, sealed, form)


def _named(head: Any, label: str) -> list[str]:
    """(addressee, key id, commitment) of an envelope under this label, whose ciphertext is not looked at."""
    found = canon.fields(head, "comity", "to", "key", "statement", "sealed")
    named = [found[name] for name in ("to", "key", "statement")]
    if found["comity"] != label or not all(type(name) is str for name in named):
        raise BrokenSeal("This is no envelope of a version that is known here.", code="seal.version")
    return named


def opened(envelope: bytes, *, home: str, keys: Iterable[OpeningKey]) -> bytes:
    """The statement inside `envelope`, as committed to, its signatures not looked at: steps 1 to 4 of `unseal`.

    Raises:
        BrokenSeal: with the code of the step that failed.
    """
    to, key_id, digest, sealed, form = _outside(envelope)  # 1
    key = next((key for key in keys if key.public.id == key_id), None)
    if to != home or key is None:  # 2
        raise BrokenSeal(f"This is sealed for {to} or for a key not held here.", code="seal.addressee")
    padded = key.open(sealed, _info(to, key_id, digest, form))  # 3
    size = int.from_bytes(padded[:4], "big")
    statement = padded[4 : 4 + size]
    if len(statement) != size or canon.content_id(statement) != digest or padded[4 + size :].strip(b"\0"):  # 4
        raise BrokenSeal("The envelope holds another statement than it says.", code="seal.commitment")
    return statement


def unseal(
    envelope: bytes, *, home: str, keys: Iterable[OpeningKey], trust: Trust, kinds: Collection[str], at: datetime
) -> Opened:
    """Open and verify `envelope`, in the steps of this module's docstring.

    Args:
        envelope: the bytes as received.
        home: the State whose node this is.
        keys: its opening keys.
        trust: whose keys may sign what.
        kinds: the kinds of statement that are expected; no other is accepted.
        at: the moment for which the signing key must be valid.

    Raises:
        BrokenSeal: with the code of the step that failed.
    """
    statement = opened(envelope, home=home, keys=keys)  # 1 to 4
    verified = _verified(statement, _read(statement), trust, kinds, at, home)  # 5, 6, 7
    return Opened._make(verified)  # the one place that may
