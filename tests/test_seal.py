"""Signed statements and sealed envelopes: both signatures, the right addressee, the right kind, or nothing."""

import copy
import hashlib
import hmac
import json
import os
import pickle
import random
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from frozen import VECTORS, parts_of, vector
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.errors import BrokenSeal, Misconfigured
from comity.seal import canon, envelope, keys
from comity.seal.envelope import KINDS, MESSAGE_LIMIT, Opened, Statement
from comity.seal.keys import NoteKey, OpeningKey, SealKey, SigningKey, VerifyKey
from comity.seal.trust import Grant, Trust
from comity.wire.messages import decode_act

AT = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
SINCE, UNTIL = AT - timedelta(days=30), AT + timedelta(days=30)
SIGN = {state: SigningKey(bytes([n]) * 32, bytes([n + 100]) * 32) for n, state in enumerate(("IR", "VN", "QA"), 1)}
OPEN = {state: OpeningKey(bytes([n + 50]) * 32) for n, state in enumerate(("IR", "VN", "QA"), 1)}
TRUST = Trust(Grant(state, key.public, KINDS, SINCE, UNTIL) for state, key in SIGN.items())
ORDER_ED25519 = 2**252 + 27742317777372353535851937790883648493
PAYLOAD = b'{"said":"preserve the mailbox"}'


def signed(payload=PAYLOAD, *, kind="act", sender="IR", to="VN", key=SIGN["IR"]) -> bytes:
    """Sign a statement, by Iran to Viet Nam unless told otherwise."""
    return envelope.sign(kind, payload, sender=sender, to=to, key=key)


STATEMENT = signed()
ENVELOPE = envelope.seal(STATEMENT, to="VN", key=OPEN["VN"].public)


def verify(data, *, kind="act", trust=TRUST, at=AT) -> Statement:
    """Verify a statement as Viet Nam's node does."""
    return envelope.verify(data, trust, kind=kind, at=at)


def unseal(data, *, home="VN", held=None, trust=TRUST, kind="act", at=AT) -> Opened:
    """Open an envelope as the node of `home` does."""
    return envelope.unseal(
        data, home=home, keys=[OPEN[home]] if held is None else held, trust=trust, kinds={kind}, at=at
    )


def edit(data, **changes) -> bytes:
    """Change fields of canonical JSON, or of a head with its bytes behind it; what is None is left out."""
    head, feed, runs = data.partition(b"\n")
    found = json.loads(head) | changes
    return canon.dumps({name: value for name, value in found.items() if value is not None}) + feed + runs


# ------------------------------------------------------------------------------------------- what holds, holds


def test_what_is_sealed_is_opened():
    """An envelope gives back who said what to whom, and names the statement outside."""
    opened = unseal(ENVELOPE)
    assert opened.statement == Statement("act", "IR", "VN", PAYLOAD, STATEMENT, SIGN["IR"].public.id)
    assert envelope.commitment(ENVELOPE) == ("VN", canon.content_id(STATEMENT))
    assert verify(STATEMENT) == opened.statement


@pytest.mark.parametrize("payload", [b"", b"\0", b"\xff" * 999, "سلام".encode(), b"x" * 300_000])
def test_any_payload_passes(payload):
    """The payload is opaque bytes: none, zeros, no UTF-8, Persian, long."""
    assert unseal(envelope.seal(signed(payload), to="VN", key=OPEN["VN"].public)).statement.payload == payload


def test_an_envelope_tells_little():
    """Neither the payload nor the sender stands outside, sizes are rounded, and no two envelopes are alike."""
    assert b"preserve" not in ENVELOPE
    assert canon.b64(PAYLOAD).encode() not in ENVELOPE
    assert b'"IR"' not in ENVELOPE
    sizes = {len(envelope.seal(signed(b"x" * n), to="VN", key=OPEN["VN"].public)) for n in range(60, 80)}
    assert len(sizes) == 1
    other = envelope.seal(STATEMENT, to="VN", key=OPEN["VN"].public)
    assert parts_of(other)[1] != parts_of(ENVELOPE)[1]


# ------------------------------------------------------------------------------------- both signatures, always


def _half_of(other: SigningKey, half: str) -> str:
    """One half of a signature by another key, over the very bytes that are to be signed."""
    key_id = SIGN["IR"].public.id
    message = envelope._signed_bytes(key_id, 1, envelope._leaf("act", "IR", "VN", key_id, PAYLOAD))
    return canon.b64(getattr(other.sign(message), half))


def _of(data: bytes, half: str) -> str:
    return json.loads(data)[half]


def _malleable() -> str:
    """The Ed25519 signature with the group's order added to S: the same point, other bytes (RFC 8032, 8.4)."""
    raw = canon.unb64(_of(STATEMENT, "ed25519"))
    other = int.from_bytes(raw[32:], "little") + ORDER_ED25519
    return canon.b64(raw[:32] + other.to_bytes(32, "little"))


MIXED = [SigningKey(SIGN["IR"].ed25519, SIGN["QA"].mldsa65), SigningKey(SIGN["QA"].ed25519, SIGN["IR"].mldsa65)]
AGAIN = signed(b"something else")
ZERO_ED, ZERO_ML = canon.b64(bytes(64)), canon.b64(bytes(3309))

# What is done to the two signatures of a statement -> the code of the refusal.
HALVES = [
    ("nothing", {}, ""),
    ("Ed25519 stripped", {"ed25519": None}, "canon.fields"),
    ("ML-DSA-65 stripped", {"mldsa65": None}, "canon.fields"),
    ("both stripped", {"ed25519": None, "mldsa65": None}, "canon.fields"),
    ("Ed25519 empty", {"ed25519": ""}, "seal.ed25519"),
    ("ML-DSA-65 empty", {"mldsa65": ""}, "seal.mldsa65"),
    ("Ed25519 zeroed", {"ed25519": ZERO_ED}, "seal.ed25519"),
    ("ML-DSA-65 zeroed", {"mldsa65": ZERO_ML}, "seal.mldsa65"),
    ("both zeroed", {"ed25519": ZERO_ED, "mldsa65": ZERO_ML}, "seal.ed25519"),
    ("Ed25519 by another key", {"ed25519": _half_of(SIGN["QA"], "ed25519")}, "seal.ed25519"),
    ("ML-DSA-65 by another key", {"mldsa65": _half_of(SIGN["QA"], "mldsa65")}, "seal.mldsa65"),
    ("Ed25519 of another statement", {"ed25519": _of(AGAIN, "ed25519")}, "seal.ed25519"),
    ("ML-DSA-65 of another statement", {"mldsa65": _of(AGAIN, "mldsa65")}, "seal.mldsa65"),
    ("both of another statement", {half: _of(AGAIN, half) for half in ("ed25519", "mldsa65")}, "seal.ed25519"),
    ("both of the same, signed again", {half: _of(signed(), half) for half in ("ed25519", "mldsa65")}, ""),
    ("the halves in each other's place", {"ed25519": _of(STATEMENT, "mldsa65"), "mldsa65": _of(STATEMENT, "ed25519")},
     "seal.ed25519"),
    ("Ed25519 with S + L", {"ed25519": _malleable()}, "seal.ed25519"),
    ("Ed25519 one byte short", {"ed25519": canon.b64(canon.unb64(_of(STATEMENT, "ed25519"))[:-1])}, "seal.ed25519"),
    ("Ed25519 one byte long", {"ed25519": canon.b64(canon.unb64(_of(STATEMENT, "ed25519")) + b"\0")}, "seal.ed25519"),
    ("ML-DSA-65 one byte short", {"mldsa65": canon.b64(canon.unb64(_of(STATEMENT, "mldsa65"))[:-1])}, "seal.mldsa65"),
    ("ML-DSA-65 one byte long", {"mldsa65": canon.b64(canon.unb64(_of(STATEMENT, "mldsa65")) + b"\0")}, "seal.mldsa65"),
    ("a signature that is no text", {"ed25519": 5}, "seal.version"),
    ("signatures that are no base64", {"ed25519": "no base64!"}, "canon.base64"),
    ("a third signature", {"rsa": "AAAA"}, "canon.fields"),
    ("signed by a key of one right half (Ed25519)", {"key": MIXED[0].public.id}, "trust.unknown-key"),
    ("signed by a key of one right half (ML-DSA)", {"key": MIXED[1].public.id}, "trust.unknown-key"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in HALVES], ids=[row[0] for row in HALVES])
def test_both_signatures_must_hold(changes, expected):
    """Each half alone, from elsewhere or in another's place is refused, by its own code."""
    assert code(verify, edit(STATEMENT, **changes)) == expected
    resealed = envelope.seal(edit(STATEMENT, **changes), to="VN", key=OPEN["VN"].public)
    assert code(unseal, resealed) == expected


@pytest.mark.parametrize(("key", "expected"), [(MIXED[0], "seal.mldsa65"), (MIXED[1], "seal.ed25519")])
def test_a_thief_of_one_half_signs_nothing(key, expected):
    """With one private half stolen and the other his own, a forger is stopped by the half he lacks."""
    key_id = SIGN["IR"].public.id
    message = envelope._signed_bytes(key_id, 1, envelope._leaf("act", "IR", "VN", key_id, PAYLOAD))
    both = key.sign(message)
    forged = edit(STATEMENT, ed25519=canon.b64(both.ed25519), mldsa65=canon.b64(both.mldsa65))
    assert code(verify, forged) == expected


def test_a_key_of_the_wrong_size_verifies_nothing():
    """Public halves that are cut, empty or moved across the seam between them are no keys."""
    good, message = SIGN["IR"].public, b"message"
    signature = SIGN["IR"].sign(message)
    good.check(message, signature)
    moved = VerifyKey(good.ed25519 + good.mldsa65[:1], good.mldsa65[1:])
    assert moved.id == good.id  # the id runs over both; the lengths are the key's own
    for key in (moved, VerifyKey(b"", good.mldsa65), VerifyKey(good.ed25519, b""), VerifyKey(b"", b"")):
        assert code(key.check, message, signature)


@settings(deadline=None, max_examples=200)
@given(*[st.tuples(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.binary(max_size=8))] * 2)
def test_no_two_statements_are_signed_as_one(one, other):
    """What is signed keeps its parts apart: other parts give other bytes, however they are cut."""
    for kind in ("act", "receipt"):
        same = envelope._leaf(kind, *one) == envelope._leaf(kind, *other)
        assert same == (one == other)
    assert envelope._leaf("act", *one) != envelope._leaf("receipt", *other)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40, unique=True), st.data())
def test_statements_signed_together_stand_each_alone(payloads, data):
    """Each of several statements under one pair of signatures verifies by itself, with its own payload and place only."""
    drafts = [envelope.Draft("act", payload, "VN") for payload in payloads]
    signed_all = envelope.sign_all(drafts, sender="IR", key=SIGN["IR"])
    assert [verify(one).payload for one in signed_all] == payloads
    raw = [json.loads(one) for one in signed_all]
    assert {one["of"] for one in raw} == {len(payloads)}
    place = data.draw(st.integers(0, len(payloads) - 1))
    path, spare = raw[place]["path"], canon.b64(bytes(32))
    changes = [
        {"place": place + 1}, {"place": place - 1}, {"of": len(payloads) + 1}, {"path": [*path, spare]},
        {"path": path[:-1] if path else [spare]}, {"payload": canon.b64(b"another" * 9)}, {"place": True}, {"path": None},
    ]  # fmt: skip
    for change in changes:
        assert code(verify, edit(signed_all[place], **change)) in {"seal.tree", "seal.ed25519", "canon.fields"}, change
    neighbour = (place + 1) % len(payloads)
    if payloads[place] != payloads[neighbour]:
        moved = {name: raw[neighbour][name] for name in ("place", "path")}
        assert code(verify, edit(signed_all[place], **moved)) == "seal.ed25519"


def test_signing_together_has_its_bounds():
    """Nothing is signed for nobody, no unknown kind, and never more than a tree of 1,024."""
    assert envelope.sign_all([], sender="IR", key=SIGN["IR"]) == []
    many = [envelope.Draft("act", b"x", "VN")] * (envelope.TOGETHER + 1)
    assert code(lambda: envelope.sign_all(many, sender="IR", key=SIGN["IR"])) == "seal.tree"
    assert (
        code(lambda: envelope.sign_all([envelope.Draft("order", b"", "")], sender="IR", key=SIGN["IR"])) == "seal.kind"
    )


# ------------------------------------------------------------------------------------------------ the right kind


@pytest.mark.parametrize("expected", sorted(KINDS))
@pytest.mark.parametrize("made", sorted(KINDS))
def test_no_kind_passes_as_another(made, expected):
    """For every pair of kinds: refused as it is, refused relabelled, sealed or not."""
    data = signed(kind=made)
    relabelled = edit(data, kind=expected)
    sealed = envelope.seal(data, to="VN", key=OPEN["VN"].public)
    if made == expected:
        assert verify(data, kind=expected).kind == unseal(sealed, kind=expected).statement.kind == made
    else:
        assert code(verify, data, kind=expected) == code(unseal, sealed, kind=expected) == "seal.kind"
        assert code(verify, relabelled, kind=expected) == "seal.ed25519"


def test_unknown_kinds_and_versions():
    """A kind or version of tomorrow, or of nobody, is neither made nor read."""
    assert code(signed, kind="checkpoint") == "seal.kind"
    assert code(signed, kind="") == "seal.kind"
    assert code(verify, edit(STATEMENT, kind="checkpoint"), kind="checkpoint") == "seal.kind"
    for version in ("comity/v2", "comity/v1 ", "COMITY/V1", "", "comity/v3/envelope", "comity/v2/envelope"):
        assert code(verify, edit(STATEMENT, comity=version)) == "seal.version"
        assert code(unseal, edit(ENVELOPE, comity=version)) == (
            "" if version == "comity/v2/envelope" else "seal.version"
        )
    assert code(verify, edit(STATEMENT, comity=1)) == "seal.version"
    assert code(verify, ENVELOPE) in {"canon.json", "canon.too-long"}  # as its ciphertext has commas
    assert code(unseal, STATEMENT) == "canon.frame"
    head, sealed = parts_of(ENVELOPE)
    posing = canon.dumps(head | {"comity": "comity/v1/envelope", "sealed": canon.b64(sealed)})
    assert code(unseal, posing) == "seal.open"  # its version is bound to its ciphertext
    assert code(unseal, canon.framed(head | {"comity": "comity/v1/envelope"}, sealed)) in {
        "canon.json",
        "canon.too-long",
    }


def test_an_envelope_of_the_first_form_is_read():
    """What was sealed, receipted and exported before envelopes had a head stays readable, for years; none is made any more."""
    expect, given_ = vector("first-envelope")
    trust, at = trusted(given_)
    data, key = given_["first-envelope"].encode(), OpeningKey(bytes.fromhex(given_["xwing_seed"]))
    opened = unseal(data, home=given_["home"], held=[key], trust=trust, at=at)
    assert (canon.content_id(data), canon.content_id(opened.statement.raw)) == (expect["digest"], expect["id"])
    assert envelope.commitment(data) == ("VN", expect["id"])
    chance = random.Random(7)
    for place in chance.sample(range(len(data) * 8), 600):
        raw = bytearray(data)
        raw[place // 8] ^= 1 << place % 8
        assert code(unseal, bytes(raw), home="VN", held=[key], trust=trust, at=at), place
    for sealed_in in (1, None, "", "====", []):
        assert code(unseal, edit(data, sealed=sealed_in), home="VN", held=[key], trust=trust, at=at)
    assert not envelope.seal(STATEMENT, to="VN", key=OPEN["VN"].public).startswith(data[:30])


# -------------------------------------------------------------------------------------------- the right addressee


def _to(state: str, statement: bytes = STATEMENT) -> bytes:
    return envelope.seal(statement, to=state, key=OPEN[state].public)


FORWARDED = _to("QA", unseal(ENVELOPE).statement.raw)
OLD = OpeningKey(b"o" * 32)

# An envelope, and what the node of a State says to it.
ADDRESSED = [
    ("for this State", ENVELOPE, "VN", None, ""),
    ("for another State", ENVELOPE, "QA", None, "seal.addressee"),
    ("for another State, with its key stolen", ENVELOPE, "QA", [OPEN["QA"], OPEN["VN"]], "seal.addressee"),
    ("for this State, no key held", ENVELOPE, "VN", [], "seal.addressee"),
    ("for this State, another key held", ENVELOPE, "VN", [OLD], "seal.addressee"),
    ("for a key that was changed since, still held", envelope.seal(STATEMENT, to="VN", key=OLD.public), "VN",
     [OPEN["VN"], OLD], ""),
    ("opened by Viet Nam and sealed anew for Qatar", FORWARDED, "QA", None, "seal.addressee"),
    ("the same, Qatar written outside", edit(ENVELOPE, to="QA"), "QA", [OPEN["VN"]], "seal.open"),
    ("key id of another", edit(ENVELOPE, key=OPEN["QA"].public.id), "VN", [OPEN["VN"], OPEN["QA"]], "seal.open"),
    ("key id of nobody", edit(ENVELOPE, key="open-" + "0" * 32), "VN", None, "seal.addressee"),
    ("said to everybody, sealed for one", _to("VN", signed(to="")), "VN", None, "seal.addressee"),
    ("an internal act of Iran, sealed for Viet Nam", _to("VN", signed(to="IR")), "VN", None, "seal.addressee"),
    ("an act of Viet Nam, sent back to it by Iran", _to("VN", signed(sender="VN", to="IR", key=SIGN["VN"])), "VN", None,
     "seal.addressee"),
    ("a letter to Qatar by a key that nobody knows", _to("VN", signed(to="QA", key=SigningKey(b"u" * 32, b"v" * 32))), "VN",
     None, "seal.addressee"),
    ("a letter to Qatar under no signature", _to("VN", edit(signed(to="QA"), ed25519="", mldsa65="")), "VN", None,
     "seal.addressee"),
    ("sealed to Viet Nam's key for Qatar", envelope.seal(signed(to="QA"), to="QA", key=OPEN["VN"].public), "VN", None,
     "seal.addressee"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "home", "held", "expected"), [row[1:] for row in ADDRESSED], ids=[row[0] for row in ADDRESSED]
)
def test_only_the_addressee_opens(data, home, held, expected):
    """What is for another, or was for another, opens nowhere else: no forwarding of a letter as one's own."""
    assert code(unseal, data, home=home, held=held) == expected


# -------------------------------------------------------------------------------------------------- who may sign


def grant(**changes) -> Trust:
    """Trust in Iran's key alone, changed as told."""
    given_ = {"state": "IR", "key": SIGN["IR"].public, "kinds": KINDS, "since": SINCE, "until": UNTIL}
    return Trust([Grant(**(given_ | changes))])


SECOND = timedelta(seconds=1)

# Whom a node trusts -> what it says to Iran's act of AT.
TRUSTED = [
    ("Iran's key, all kinds", grant(), ""),
    ("Iran's key, acts", grant(kinds=frozenset({"act"})), ""),
    ("Iran's key, receipts only", grant(kinds=frozenset({"receipt", "entry", "container"})), "trust.kind"),
    ("Iran's key, no kinds", grant(kinds=frozenset()), "trust.kind"),
    ("nobody", Trust(), "trust.unknown-key"),
    ("another key of Iran", grant(key=SIGN["QA"].public), "trust.unknown-key"),
    ("this key, of another State", grant(state="QA"), "trust.unknown-key"),
    ("from this second on", grant(since=AT), ""),
    ("from the next second on", grant(since=AT + SECOND), "trust.time"),
    ("until the next second", grant(until=AT + SECOND), ""),
    ("until this second", grant(until=AT), "trust.time"),
    ("never", grant(since=UNTIL, until=SINCE), "trust.time"),
]


@pytest.mark.parametrize(("trust", "expected"), [row[1:] for row in TRUSTED], ids=[row[0] for row in TRUSTED])
def test_who_may_sign(trust, expected):
    """Only a known key, of that State, for that kind, at that time; empty means no."""
    assert code(verify, STATEMENT, trust=trust) == expected
    assert code(unseal, ENVELOPE, trust=trust) == expected


def test_nobody_speaks_for_another_state():
    """Qatar's good key does not sign for Iran, whichever key it names."""
    forged = signed(key=SIGN["QA"])
    assert code(verify, forged) == "trust.unknown-key"
    assert code(verify, edit(forged, key=SIGN["IR"].public.id)) == "seal.ed25519"
    assert code(verify, edit(forged, **{"from": "QA"})) == "seal.ed25519"
    assert code(verify, signed(sender="QA", key=SIGN["QA"])) == ""


# --------------------------------------------------------------------------------------- every byte, every cut


def test_every_byte_of_a_statement():
    """One bit flipped in each byte of a small statement: refused every time."""
    chance = random.Random(1)
    for place in range(len(STATEMENT)):
        raw = bytearray(STATEMENT)
        raw[place] ^= 1 << chance.randrange(8)
        assert code(verify, bytes(raw)), place


def test_bits_of_an_envelope():
    """Six hundred single bits flipped all over an envelope: refused every time."""
    chance = random.Random(2)
    for place in chance.sample(range(len(ENVELOPE) * 8), 600):
        raw = bytearray(ENVELOPE)
        raw[place // 8] ^= 1 << place % 8
        assert code(unseal, bytes(raw)), place


def test_every_truncation_and_addition():
    """Cut short anywhere, or with anything before or after, nothing is accepted."""
    for size in range(0, len(STATEMENT), 7):
        assert code(verify, STATEMENT[:size])
    for size in range(0, len(ENVELOPE), 7):
        assert code(unseal, ENVELOPE[:size])
    for extra in (b" ", b"\n", b"\0", b"{}", STATEMENT):
        assert code(verify, STATEMENT + extra)
        assert code(verify, extra + STATEMENT)
        assert code(unseal, ENVELOPE + extra)


def test_too_long_is_not_read():
    """More than the limit is refused before anything is parsed or opened."""
    assert code(unseal, b"{" * (MESSAGE_LIMIT + 1)) == "canon.too-long"
    assert code(verify, signed(b"x" * MESSAGE_LIMIT)) == "canon.too-long"
    assert code(envelope.verify, STATEMENT, TRUST, kind="act", at=AT, limit=len(STATEMENT) - 1) == "canon.too-long"
    assert code(envelope.verify, STATEMENT, TRUST, kind="act", at=AT, limit=len(STATEMENT)) == ""


# What stands inside an envelope's padding -> the code of the refusal. `n` is the statement's length in four bytes.
SIZE = len(STATEMENT).to_bytes(4, "big")
PADDED = SIZE + STATEMENT + bytes(-(len(STATEMENT) + 4) % 1024)
INSIDE = [
    ("as it should be", PADDED, STATEMENT, ""),
    ("without padding", SIZE + STATEMENT, STATEMENT, ""),
    ("a block of zeros more", PADDED + bytes(1024), STATEMENT, ""),
    ("garbage at the padding's end", PADDED[:-1] + b"x", STATEMENT, "seal.commitment"),
    ("garbage behind the padding", PADDED + b"x", STATEMENT, "seal.commitment"),
    ("a second statement behind the first", SIZE + STATEMENT + AGAIN, STATEMENT, "seal.commitment"),
    ("a length too long", (len(PADDED) + 1).to_bytes(4, "big") + PADDED[4:], STATEMENT, "seal.commitment"),
    ("a length too short", (len(STATEMENT) - 1).to_bytes(4, "big") + PADDED[4:], STATEMENT, "seal.commitment"),
    ("the largest length", b"\xff" * 4 + PADDED[4:], STATEMENT, "seal.commitment"),
    ("length zero", bytes(4) + PADDED[4:], STATEMENT, "seal.commitment"),
    ("nothing", b"", STATEMENT, "seal.commitment"),
    ("three bytes", b"\0\0\0", b"", "canon.json"),
    ("nothing, committed to", bytes(1024), b"", "canon.json"),
    ("another statement of the same sender", PADDED, AGAIN, "seal.commitment"),
    ("text, committed to", b"\0\0\0\x02hi" + bytes(10), b"hi", "canon.json"),
]


@pytest.mark.parametrize(("inside", "committed", "expected"), [r[1:] for r in INSIDE], ids=[r[0] for r in INSIDE])
def test_what_is_inside_is_what_was_committed_to(inside, committed, expected):
    """A sealer who puts something else inside than the outside says is found out when it is opened."""
    digest, key = canon.content_id(committed), OPEN["VN"].public
    sealed = key.seal(inside, envelope._info("VN", key.id, digest))
    made = canon.framed(parts_of(ENVELOPE)[0] | {"statement": digest, "sealed": len(sealed)}, sealed)
    assert code(unseal, made) == expected


def test_the_outside_cannot_be_changed():
    """Another commitment, addressee or key outside does not open: all of it is bound to the ciphertext."""
    other = canon.content_id(AGAIN)
    assert code(unseal, edit(ENVELOPE, statement=other)) == "seal.open"
    assert code(unseal, edit(ENVELOPE, statement=other.upper())) == "seal.open"
    head, sealed = parts_of(ENVELOPE)
    for length in (-1, len(sealed) - 1, len(sealed) + 1, 1 << 50, True, str(len(sealed)), canon.b64(sealed), [], {}):
        assert code(unseal, canon.framed(head | {"sealed": length}, sealed)) == "canon.frame"
    assert code(unseal, canon.framed(head | {"sealed": 0})) == "seal.open"
    assert code(unseal, edit(ENVELOPE, sealed=None)) == "canon.fields"
    assert code(unseal, edit(ENVELOPE, note="x")) == "canon.fields"
    assert code(envelope.commitment, edit(ENVELOPE, to=1)) == "seal.version"
    assert code(unseal, b"[]\n") == code(unseal, b"1\n") == "canon.fields"
    assert code(unseal, b"[]") == code(unseal, b"") == "canon.frame"


# --------------------------------------------------------------------------- only unseal makes what can be decoded


class Looks:
    """Something with the attributes of an Opened."""

    statement, digest = unseal(ENVELOPE).statement, "0" * 64


def _subclass():
    type("Fake", (Opened,), {"__init__": lambda self: None})


BY_HAND = [
    ("without proof", lambda: Opened(Looks.statement)),
    ("with None for a proof", lambda: Opened(Looks.statement, proof=None)),
    ("with something for a proof", lambda: Opened(Looks.statement, proof=object())),
    ("by a class of its own", _subclass),
    ("by changing one", lambda: setattr(unseal(ENVELOPE), "statement", Looks.statement)),
    ("by filling an empty one", lambda: setattr(object.__new__(Opened), "statement", Looks.statement)),
    ("by copying one", lambda: copy.copy(unseal(ENVELOPE))),
    ("from storage", lambda: pickle.loads(pickle.dumps(unseal(ENVELOPE)))),
]


@pytest.mark.parametrize("make", [row[1] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
def test_an_opened_is_not_made_by_hand(make):
    """Nothing but `unseal` makes one, and none is changed afterwards."""
    with pytest.raises((TypeError, AttributeError)):
        make()


@pytest.mark.parametrize(
    "thing", [None, b"", ENVELOPE, STATEMENT, {}, Looks, Looks(), Looks.statement, (Looks.statement, "0" * 64)]
)
def test_decode_act_takes_an_opened_only(thing):
    """Bytes, verified statements and look-alikes never become an act by this way."""
    with pytest.raises(TypeError):
        decode_act(thing)


# ------------------------------------------------------------------------------------------------------ key files

ALL_KEYS = [SIGN["IR"], OPEN["IR"], NoteKey("comity.example/IR", b"n" * 32)]


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: type(key).__name__)
def test_key_files(tmp_path, key):
    """A key is a file of mode 0600, read back as what it was, and never written over."""
    place = tmp_path / "one.key"
    old = os.umask(0)
    try:
        keys.write_key(place, key)
    finally:
        os.umask(old)
    assert place.stat().st_mode & 0o777 == 0o600
    assert keys.read_key(place) == key
    before = place.read_bytes()
    with pytest.raises(FileExistsError):
        keys.write_key(place, type(key).generate(*(["x"] if isinstance(key, NoteKey) else [])))
    assert place.read_bytes() == before
    (tmp_path / "link.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        keys.write_key(tmp_path / "link.key", key)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: type(key).__name__)
def test_no_secret_is_shown(key):
    """Neither repr nor str nor formatting shows a byte of a secret, as text or as hex."""
    shown = f"{key} {key!r} {[key]} { ({'k': key}) }"
    for part in fields(key):
        value = getattr(key, part.name)
        if isinstance(value, bytes):
            assert value.hex() not in shown
            assert repr(value)[2:-1] not in shown
            assert canon.b64(value) not in shown


MODES = [(0o600, ""), (0o400, ""), (0o640, "key.mode"), (0o644, "key.mode"), (0o604, "key.mode"), (0o620, "key.mode"),
         (0o610, "key.mode"), (0o666, "key.mode"), (0o700, "")]  # fmt: skip


@pytest.mark.parametrize(("mode", "expected"), MODES, ids=[f"{mode:o}" for mode, _ in MODES])
def test_a_secret_is_for_its_owner_only(tmp_path, mode, expected):
    """A file that others could read, write or run is refused, with the command that mends it."""
    place = tmp_path / "one.key"
    keys.write_key(place, OPEN["IR"])
    place.chmod(mode)
    assert code(keys.read_key, place) == expected
    if expected:
        with pytest.raises(Misconfigured, match=f"chmod 600 {place}"):
            keys.read_key(place)


# What stands in a key file -> what is said of it.
SEED = "00" * 32
KEY_FILES = [
    ("an opening key", {"type": "OpeningKey", "seed": SEED}, ""),
    ("a signing key", {"type": "SigningKey", "ed25519": SEED, "mldsa65": SEED}, ""),
    ("a note key", {"type": "NoteKey", "name": "n", "seed": SEED}, ""),
    ("one half of a signing key", {"type": "SigningKey", "ed25519": SEED}, "key.file"),
    ("an empty half", {"type": "SigningKey", "ed25519": SEED, "mldsa65": ""}, "key.file"),
    ("a seed too short", {"type": "OpeningKey", "seed": "00" * 31}, "key.file"),
    ("a seed too long", {"type": "OpeningKey", "seed": "00" * 33}, "key.file"),
    ("a seed of no bytes", {"type": "OpeningKey", "seed": ""}, "key.file"),
    ("a seed that is no hex", {"type": "OpeningKey", "seed": "xy" * 32}, "key.file"),
    ("a name that is no text", {"type": "NoteKey", "name": 5, "seed": SEED}, "key.file"),
    ("a field too many", {"type": "OpeningKey", "seed": SEED, "more": SEED}, "key.file"),
    ("an unknown type", {"type": "RsaKey", "seed": SEED}, "key.file"),
    ("a type of Python", {"type": "Secret", "seed": SEED}, "key.file"),
    ("no type", {"seed": SEED}, "key.file"),
    ("a list", ["OpeningKey", SEED], "key.file"),
    ("a number", 5, "key.file"),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in KEY_FILES], ids=[row[0] for row in KEY_FILES])
def test_what_a_key_file_holds(tmp_path, content, expected):
    """A key file holds one whole key of a known type, or the node says so and does not start."""
    place = tmp_path / "one.key"
    keys.write_secret(place, json.dumps(content).encode())
    assert code(keys.read_key, place) == expected


def test_a_key_file_that_is_not_there(tmp_path):
    """A missing file, a folder and bytes that are no JSON: named, and no secret in the words."""
    assert code(keys.read_key, tmp_path / "none.key") == "key.file"
    (tmp_path / "folder").mkdir(mode=0o700)
    assert code(keys.read_key, tmp_path / "folder") == "key.file"
    keys.write_secret(tmp_path / "raw", b"\xffsecret")
    with pytest.raises(Misconfigured) as caught:
        keys.read_key(tmp_path / "raw")
    assert "secret" not in str(caught.value)
    assert str(tmp_path / "raw") in str(caught.value)


def test_ids_tell_purposes_apart():
    """Key ids begin with their purpose and depend on every byte of the public key."""
    assert SIGN["IR"].public.id.startswith("sign-")
    assert OPEN["IR"].public.id.startswith("open-")
    ids = {key.public.id for key in (*SIGN.values(), *OPEN.values(), *MIXED)}
    assert len(ids) == len(SIGN) + len(OPEN) + len(MIXED)
    assert VerifyKey.from_dict(SIGN["IR"].public.to_dict()) == SIGN["IR"].public
    assert code(VerifyKey.from_dict, {"ed25519": "AAAA"}) == "canon.fields"
    assert code(VerifyKey.from_dict, SIGN["IR"].public.to_dict() | {"rsa": ""}) == "canon.fields"


# ---------------------------------------------------------------------------------------------------- HPKE, X-Wing

SUITE = b"HPKE" + bytes.fromhex("647a00010002")  # X-Wing, HKDF-SHA256, AES-256-GCM (RFC 9180, 5.1)


def extract(salt: bytes, label: bytes, value: bytes) -> bytes:
    """LabeledExtract of RFC 9180, section 4."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + SUITE + label + value, "sha256")


def expand(secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """LabeledExpand of RFC 9180, section 4, for at most 32 bytes."""
    return hmac.digest(secret, size.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + info + b"\x01", "sha256")[:size]


def xwing(seed: bytes, ciphertext: bytes) -> bytes:
    """X-Wing's decapsulation (draft-connolly-cfrg-xwing-kem, 5.5) from its two parts."""
    wide = hashlib.shake_256(seed).digest(96)
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(wide[:64]).decapsulate(ciphertext[:1088])
    curve = x25519.X25519PrivateKey.from_private_bytes(wide[64:])
    shared = curve.exchange(x25519.X25519PublicKey.from_public_bytes(ciphertext[1088:]))
    own = curve.public_key().public_bytes_raw()
    return hashlib.sha3_256(lattice + shared + ciphertext[1088:] + own + b"\\.//^\\").digest()


def by_hand(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """Open an HPKE ciphertext in base mode (RFC 9180, 5.1 and 6.1) with nothing of the code under test."""
    shared = xwing(seed, sealed[:1120])
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, sealed[1120:], b"")


def test_xwing_is_that_of_the_draft():
    """Our key expansion and the computation by hand below agree with the draft's published vector."""
    vector = json.loads((VECTORS / "xwing.json").read_text())
    seed, sealed = (bytes.fromhex(vector["given"][name]) for name in ("seed", "ciphertext"))
    assert xwing(seed, sealed).hex() == vector["expect"]["shared_secret"]
    assert OpeningKey(seed).public.raw.hex() == vector["expect"]["public"]


@pytest.mark.parametrize("plaintext", [b"", b"x", b"y" * 5000])
def test_what_we_seal_opens_by_hand(plaintext):
    """Our ciphertext is HPKE with X-Wing (0x647a), HKDF-SHA256 and AES-256-GCM: an independent computation opens it."""
    sealed = OPEN["VN"].public.seal(plaintext, b"some info")
    assert len(sealed) == 1120 + len(plaintext) + 16
    assert by_hand(OPEN["VN"].seed, sealed, b"some info") == plaintext
    assert OPEN["VN"].open(sealed, b"some info") == plaintext


def test_an_envelope_opens_by_hand():
    """What another State must implement to read an envelope, from PROTOCOL.md alone, in a dozen lines."""
    found, sealed = parts_of(ENVELOPE)
    info = f"comity/v2/envelope\nVN\n{found['key']}\n{found['statement']}".encode()
    assert len(sealed) == found["sealed"]
    padded = by_hand(OPEN["VN"].seed, sealed, info)
    assert padded[4 : 4 + int.from_bytes(padded[:4], "big")] == STATEMENT
    assert len(padded) % 1024 == 0


SEALED = OPEN["VN"].public.seal(b"secret", b"info")
CIPHERTEXTS = [
    ("as it was", SEALED, b"info", ""),
    ("for another purpose", SEALED, b"other", "seal.open"),
    ("for no purpose", SEALED, b"", "seal.open"),
    ("empty", b"", b"info", "seal.open"),
    ("only the key's part", SEALED[:1120], b"info", "seal.open"),
    ("cut in the key's part", SEALED[:1119], b"info", "seal.open"),
    ("cut by one byte", SEALED[:-1], b"info", "seal.open"),
    ("with one byte more", SEALED + b"\0", b"info", "seal.open"),
    ("another ML-KEM part", OPEN["VN"].public.seal(b"", b"")[:1088] + SEALED[1088:], b"info", "seal.open"),
    ("another X25519 part", SEALED[:1088] + b"\x09" + bytes(31) + SEALED[1120:], b"info", "seal.open"),
    ("an X25519 point of small order", SEALED[:1088] + bytes(32) + SEALED[1120:], b"info", "seal.open"),
    ("another tag", SEALED[:-1] + bytes([SEALED[-1] ^ 1]), b"info", "seal.open"),
]


@pytest.mark.parametrize(("sealed", "info", "expected"), [r[1:] for r in CIPHERTEXTS], ids=[r[0] for r in CIPHERTEXTS])
def test_ciphertexts(sealed, info, expected):
    """Both parts of the key exchange, the purpose and the text are covered."""
    assert code(OPEN["VN"].open, sealed, info) == expected
    assert code(OPEN["QA"].open, sealed, info) == "seal.open"


PUBLIC = OPEN["VN"].public.raw
SEAL_KEYS = [
    ("a good one", PUBLIC, ""),
    ("empty", b"", "seal.key"),
    ("one byte short", PUBLIC[:-1], "seal.key"),
    ("one byte long", PUBLIC + b"\0", "seal.key"),
    ("coefficients beyond the modulus", b"\xff" * 1216, "seal.key"),
    ("an X25519 point of small order", PUBLIC[:1184] + bytes(32), "seal.key"),
]


@pytest.mark.parametrize(("raw", "expected"), [row[1:] for row in SEAL_KEYS], ids=[row[0] for row in SEAL_KEYS])
def test_nothing_is_sealed_to_a_bad_key(raw, expected):
    """A peer's entry may name any bytes as its key; sealing to what is none fails with a code, not a crash."""
    assert code(SealKey(raw).seal, b"secret", b"info") == expected


# --------------------------------------------------------------------------------------------------- frozen vectors


def trusted(given_: dict) -> tuple[Trust, datetime]:
    """Trust in the signer of a vector, and its moment."""
    key = SigningKey(bytes.fromhex(given_["ed25519_seed"]), bytes.fromhex(given_["mldsa65_seed"]))
    at = datetime.fromisoformat(given_["at"])
    return Trust([Grant("IR", key.public, KINDS, at, at + SECOND)]), at


def test_frozen_statement():
    """A statement signed when the format was fixed still verifies, and says the same."""
    expect, given_ = vector("statement")
    trust, at = trusted(given_)
    data = given_["statement"].encode()
    found = verify(data, trust=trust, at=at)
    assert {"kind": found.kind, "sender": found.sender, "to": found.to, "payload": found.payload.decode(),
            "key_id": found.key_id, "id": canon.content_id(found.raw)} == expect  # fmt: skip
    assert code(verify, edit(data, payload=canon.b64(b"another")), trust=trust, at=at) == "seal.ed25519"


def test_frozen_envelope():
    """An envelope sealed when the format was fixed still opens, with the key it was sealed to and no other."""
    expect, given_ = vector("envelope")
    trust, at = trusted(given_)
    data, key = canon.unb64(given_["envelope"]), OpeningKey(bytes.fromhex(given_["xwing_seed"]))
    opened = unseal(data, home=given_["home"], held=[key], trust=trust, at=at)
    found = opened.statement
    assert {"kind": found.kind, "sender": found.sender, "to": found.to, "payload": found.payload.decode(),
            "key_id": found.key_id, "id": canon.content_id(found.raw), "digest": canon.content_id(data)} == expect  # fmt: skip
    assert code(unseal, data, held=[OPEN["VN"]], trust=trust, at=at) == "seal.addressee"
    assert code(unseal, data, held=[key], trust=trust, at=at + SECOND) == "trust.time"


def test_every_refusal_is_a_broken_seal():
    """Whatever canonical JSON stands where a statement or an envelope should, only BrokenSeal comes out."""
    shapes = [None, True, 5, "x", [], {}, [[]], {"comity": "comity/v1"}]
    base, (outer, sealed) = json.loads(STATEMENT), parts_of(ENVELOPE)
    for shape in shapes:
        with pytest.raises(BrokenSeal):
            verify(canon.dumps(shape))
        with pytest.raises(BrokenSeal):
            unseal(canon.framed(shape))
        for name in base:
            if shape == base[name]:
                continue
            with pytest.raises(BrokenSeal):
                verify(canon.dumps(base | {name: shape}))
        for name in outer:
            with pytest.raises(BrokenSeal):
                unseal(canon.framed(outer | {name: shape}, sealed))
