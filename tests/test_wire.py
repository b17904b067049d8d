"""What crosses the border: acts, receipts, directory entries, signed requests, and the line that carries them."""

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines import AT, HOP, LOG, OPEN, PEM, SAW, SIGN, SINCE, TLS, UNTIL, certificate, entry_of, line
from refusing import code

from comity.casework.lifecycle import Act, Kind
from comity.casework.measure import Measure
from comity.casework.request import Request
from comity.conformance.line import Line as LineUnderTest
from comity.errors import BrokenSeal, ComityError, Invalid, Unreachable
from comity.ledger.checkpoint import Checkpoint, cosignature, signed
from comity.ledger.log import ACT, Proof, entry
from comity.seal import canon, envelope, merkle
from comity.seal.envelope import KINDS, Statement
from comity.seal.keys import SealKey
from comity.seal.trust import Trust
from comity.wire import transport
from comity.wire.directory import Entry, read_entry, sign_entry, trust_in
from comity.wire.exchange import Event, Evidence
from comity.wire.messages import (
    BRACKETS,
    Receipt,
    decode_act,
    logged_receipt,
    read_act,
    read_receipt,
    sign_act,
    sign_words,
)
from comity.wire.transport import ANSWER_LIMIT, COLLECT, Line, check_hop, content_digest, hop_headers

ENTRY = entry_of()
TRUST = trust_in([ENTRY, entry_of("VN")])


# ----------------------------------------------------------------------------------------------------------- acts

REQUEST = Request("IR-2026-0001", "IR", "VN", Measure.STORED_DATA, facts="شرح واقعه")
ACT_ = Act(Kind.REQUESTED, "IR-2026-0001", "IR", "reza", "Reza, prosecutor", "approve", AT,
           {"request": REQUEST.to_dict(), "letter": ""})  # fmt: skip


def test_an_act_crosses():
    """An act that is signed, sealed, opened and decoded is the act, with the id that its statement has."""
    act, statement = sign_act(ACT_, to="VN", key=SIGN["IR"])
    assert act.id == canon.content_id(statement)
    assert len(act.salt) == 32
    sealed = envelope.seal(statement, to="VN", key=OPEN["VN"].public)
    opened = envelope.unseal(sealed, home="VN", keys=[OPEN["VN"]], trust=TRUST, kinds={"act"}, at=AT)
    again = decode_act(opened)
    assert again == act
    assert again.id == act.id
    assert Request.from_dict(again.body["request"]) == REQUEST


def test_an_act_has_whole_seconds():
    """What its author keeps is what crosses: fractions of a second are gone before anybody signs them."""
    act, statement = sign_act(replace(ACT_, at=AT.replace(microsecond=999_999)), to="VN", key=SIGN["IR"])
    assert act.at == AT
    assert read_act(envelope.verify(statement, TRUST, kind="act", at=AT)) == act


def test_equal_acts_have_unlike_ids():
    """The salt keeps an id from telling what it names: the same words twice are two ids."""
    assert sign_act(ACT_, to="VN", key=SIGN["IR"])[0].id != sign_act(ACT_, to="VN", key=SIGN["IR"])[0].id


def said(payload: bytes, sender: str = "IR") -> Statement:
    """Stand in for a statement that was verified."""
    return Statement("act", sender, "VN", payload, b"raw " + payload, "key")


GOOD_ACT = canon.dumps(ACT_.to_dict())
ACTS = [
    ("its own", said(GOOD_ACT), ""),
    ("signed by another State", said(GOOD_ACT, "QA"), "seal.author"),
    ("signed by the addressee", said(GOOD_ACT, "VN"), "seal.author"),
    ("by nobody", said(canon.dumps(ACT_.to_dict() | {"by": ""})), "seal.author"),
    ("not canonical", said(b" " + GOOD_ACT), "canon.form"),
    ("no object", said(b"[]"), "act.form"),
    ("no JSON", said(b"\xff"), "canon.json"),
    ("nothing", said(b""), "canon.json"),
    ("a thing of nothing but lists", said(canon.dumps(ACT_.to_dict() | {"body": [[]] * BRACKETS})), "act.form"),
    ("a field too many", said(canon.dumps(ACT_.to_dict() | {"granted": True})), "act.form"),
    (
        "a receipt's words",
        said(canon.dumps({"receipt": "RelayAcceptance", "envelope": "", "at": "", "index": 0})),
        "act.form",
    ),
]


@pytest.mark.parametrize(("statement", "expected"), [row[1:] for row in ACTS], ids=[row[0] for row in ACTS])
def test_what_a_statement_may_say(statement, expected):
    """Only its sender's own act, in its one form."""
    assert code(read_act, statement) == expected


# ------------------------------------------------------------------------------------------------------- receipts

DIGEST = "ab" * 32


def receipt(by: str = "VN", digest: str = DIGEST, index: int = 2, *, at=AT, cosign: bool = False) -> Receipt:
    """Let a node keep an envelope at a place of its log, and say so."""
    leaves = [b"before", b"before that", logged_receipt(digest), b"after"]
    nodes = {}
    for size, leaf in enumerate(leaves):
        for level, place, value in merkle.appended(size, merkle.leaf_hash(leaf), lambda *at_: nodes[at_]):
            nodes[level, place] = value
    head = Checkpoint(LOG[by].name, 4, merkle.root(4, lambda *at_: nodes[at_]))
    note = signed(head, LOG[by]) + (cosignature(head, SAW["QA"], AT) if cosign else "")
    proof = Proof(index, tuple(merkle.inclusion(2, 4, lambda *at_: nodes[at_])), note)
    kept = Evidence(Event.RELAY_ACCEPTANCE, by, digest, int(at.timestamp()))
    statement = sign_words([kept], to="IR", places={digest: index}, key=SIGN[by])[0].whole()
    return Receipt(by, "IR", digest, at, index, statement, proof)


def plain(found: Receipt) -> dict:
    """The receipt, parsed as it travels."""
    return canon.loads(found.to_bytes(), limit=1 << 20)


def proved(found: Receipt, digest: str = DIGEST, peer: str = "VN") -> dict:
    """Check a receipt's proof as the desk does, for the envelope that was sent to the peer."""
    seen = {SAW["QA"].name: SAW["QA"].public}
    return found.proof.check(logged_receipt(digest), LOG[peer].name, LOG[peer].public, seen)


def test_a_receipt_comes_back():
    """A receipt is read as it was written, and its proof leads to the receiver's log."""
    one = receipt(cosign=True)
    assert one.to_bytes() == canon.dumps(plain(one))
    again = read_receipt(canon.loads(one.to_bytes(), limit=1 << 20), TRUST, now=AT)
    assert again == one
    assert proved(again) == {SAW["QA"].name: AT}
    assert proved(receipt()) == {}


def test_receipts_of_others_and_for_others():
    """A receipt of another peer, or for another envelope, or an index that was changed, shows nothing."""
    assert code(read_receipt, plain(receipt("QA")), TRUST, now=AT) == "trust.unknown-key"
    stranger = read_receipt(plain(receipt("IR")), TRUST, now=AT)
    assert stranger.by == "IR"  # whose it is, the reader must compare
    assert code(proved, stranger) == "checkpoint.signature"
    other = read_receipt(plain(receipt(digest="cd" * 32)), TRUST, now=AT)
    assert other.envelope == "cd" * 32
    assert code(proved, other) == "proof.inclusion"
    moved = read_receipt(plain(receipt(index=1)), TRUST, now=AT)
    assert code(proved, moved) == "proof.inclusion"
    assert code(proved, receipt(), "cd" * 32) == "proof.inclusion"
    internal = entry(ACT, DIGEST)
    assert code(receipt().proof.check, internal, LOG["VN"].name, LOG["VN"].public, {}) == "proof.inclusion"


def stating(said_: dict) -> dict:
    """Sign anything as a receipt of Viet Nam."""
    return canon.loads(envelope.sign("receipt", canon.dumps(said_), sender="VN", to="", key=SIGN["VN"]), limit=1 << 20)


TEXT = {"receipt": "RelayAcceptance", "envelope": DIGEST, "at": "2026-11-24T12:00:05Z", "index": 2}
ACT_AS_RECEIPT = canon.loads(envelope.sign("act", canon.dumps(TEXT), sender="VN", to="", key=SIGN["VN"]), limit=1 << 20)
PROOF = receipt().proof.to_dict()

RECEIPTS = [
    # (what is said, the receipt, its proof) -> the code of the refusal
    ("as it should be", stating(TEXT), PROOF, ""),
    ("another place than the proof's", stating(TEXT | {"index": 3}), PROOF, "receipt.form"),
    ("another place in the proof", stating(TEXT), PROOF | {"index": 3}, "receipt.form"),
    ("a place that is text", stating(TEXT | {"index": "2"}), PROOF, "receipt.form"),
    ("a place that is true", stating(TEXT | {"index": True}), PROOF | {"index": 1}, "receipt.form"),
    ("of another thing than delivery", stating(TEXT | {"receipt": "reading"}), PROOF, "receipt.form"),
    ("for an envelope that is a number", stating(TEXT | {"envelope": 5}), PROOF, "receipt.form"),
    ("at no time", stating(TEXT | {"at": "soon"}), PROOF, "receipt.form"),
    ("at a local time", stating(TEXT | {"at": "2026-11-24T12:00:05"}), PROOF, "receipt.form"),
    ("at a number", stating(TEXT | {"at": 5}), PROOF, "receipt.form"),
    ("before all time", stating(TEXT | {"at": "0001-01-01T00:00:00+10:00"}), PROOF, "receipt.form"),
    ("a field too many", stating(TEXT | {"granted": True}), PROOF, "canon.fields"),
    ("a list", stating([]), PROOF, "canon.fields"),
    ("signed as an act", ACT_AS_RECEIPT, PROOF, "seal.kind"),
    ("no proof", stating(TEXT), None, "proof.form"),
    ("no statement", "said", PROOF, "canon.fields"),
    ("no receipt", None, PROOF, "canon.fields"),
]


@pytest.mark.parametrize(("data", "proof", "expected"), [row[1:] for row in RECEIPTS], ids=[r[0] for r in RECEIPTS])
def test_forms_of_receipts(data, proof, expected):
    """A receipt is read strictly, whoever signed it, also when its own time is taken for granted."""
    raw = {"receipt": data, "proof": proof}
    assert code(read_receipt, raw, TRUST, now=AT) == expected
    assert bool(code(read_receipt, raw, TRUST)) == bool(expected)


def test_a_receipt_dates_its_key():
    """Without another moment, the one that the receipt states is the one for which its key must be valid."""
    late = receipt(at=UNTIL + timedelta(days=1))
    assert code(read_receipt, plain(late), TRUST) == "trust.time"
    assert code(read_receipt, plain(late), TRUST, now=AT) == ""
    assert code(read_receipt, plain(receipt()), TRUST, now=UNTIL) == "trust.time"


def test_every_byte_of_a_receipt():
    """One bit flipped in each byte of a receipt: it is refused, or its proof is."""
    raw = receipt().to_bytes()
    for place in range(len(raw)):
        other = bytearray(raw)
        other[place] ^= 1 << place % 8
        try:
            proved(read_receipt(canon.loads(bytes(other), limit=1 << 20), TRUST, now=AT))
        except ComityError:
            continue
        pytest.fail(f"byte {place}")


# -------------------------------------------------------------------------------------------------------- entries


def test_an_entry_comes_back():
    """An entry signed by its own key is read as it was, and its fingerprint is what two officers compare."""
    data = sign_entry(ENTRY, SIGN["IR"])
    assert read_entry(data, at=AT) == ENTRY
    groups = ENTRY.fingerprint.split(" ")
    assert [len(group) for group in groups] == [4] * 8
    assert "sign-" + "".join(groups) == SIGN["IR"].public.id
    assert read_entry(sign_entry(entry_of(names={}, authorities=()), SIGN["IR"]), at=AT).names == {}


def signed_as(payload, *, kind="entry", sender="IR", to="", form="entry/2") -> bytes:
    """Sign the payload of an entry with Iran's key, as told."""
    statement = json.loads(envelope.sign(kind, payload, sender=sender, to=to, key=SIGN["IR"]))
    return canon.dumps({"comity": form, "payload": statement.pop("payload"), "statements": [statement]})


def test_forged_entries():
    """Who puts his own key into another's entry changes its fingerprint; who does not, cannot sign it."""
    forged = entry_of(sign=SIGN["QA"].public)
    found = read_entry(sign_entry(forged, SIGN["QA"]), at=AT)  # whole, and yet not Iran's
    assert found.fingerprint != ENTRY.fingerprint
    assert code(read_entry, sign_entry(ENTRY, SIGN["QA"]), at=AT) == "trust.unknown-key"
    relabelled = json.loads(sign_entry(ENTRY, SIGN["QA"]))
    relabelled["statements"][0]["key"] = SIGN["IR"].public.id
    assert code(read_entry, canon.dumps(relabelled), at=AT) == "seal.ed25519"
    payload = canon.dumps(ENTRY.to_dict())
    assert code(read_entry, signed_as(payload, sender="QA"), at=AT) == "trust.unknown-key"
    assert code(read_entry, signed_as(payload, kind="act"), at=AT) == "seal.kind"
    assert code(read_entry, signed_as(payload, to="VN"), at=AT) == "entry.signers"
    assert code(read_entry, signed_as(payload, form="entry/1"), at=AT) == "entry.form"


def test_an_entry_has_its_time():
    """Before it begins and after it ends, an entry is not read, and its key signs nothing."""
    data = sign_entry(ENTRY, SIGN["IR"])
    assert code(read_entry, data, at=SINCE) == ""
    for at in (SINCE - timedelta(seconds=1), UNTIL):
        assert code(read_entry, data, at=at) == "trust.time"
        assert code(TRUST.key, "IR", SIGN["IR"].public.id, "act", at) == "trust.time"


def test_trust_is_in_each_for_itself():
    """Entries give each State's key to that State only, for every kind, and no entries give nothing."""
    for kind in KINDS:
        assert TRUST.key("IR", SIGN["IR"].public.id, kind, AT) == SIGN["IR"].public
        assert code(TRUST.key, "VN", SIGN["IR"].public.id, kind, AT) == "trust.unknown-key"
        assert code(trust_in([]).key, "IR", SIGN["IR"].public.id, kind, AT) == "trust.unknown-key"
    assert isinstance(trust_in([]), Trust)


RAW = ENTRY.to_dict()
AUTHORITY = RAW["authorities"][0]
SIGNS, OPENS, LOGS, SAWS, HOPS, CONTAINERS = RAW["keys"]


def with_key(place: int, /, **changes):
    """Give the list of keys with one of them changed."""
    return {"keys": [key | changes if at == place else key for at, key in enumerate(RAW["keys"])]}


# What stands in an entry instead -> the code of the refusal.
ENTRIES = [
    ("as it was", {}, ""),
    ("another State's name", {"names": {"en": "Iran"}}, ""),
    ("no State", {"state": "Iran"}, "entry.form"),
    ("a State in small letters", {"state": "ir"}, "entry.form"),
    ("a State that is a number", {"state": 5}, "entry.form"),
    ("a version that is text", {"version": "1"}, "entry.form"),
    ("a version that is true", {"version": True}, "entry.form"),
    ("an exercise in words", {"exercise": "no"}, "entry.form"),
    ("an exercise that is 1", {"exercise": 1}, "entry.form"),
    ("a version of none", {"version": 0}, "entry.form"),
    ("a version before the first", {"previous": "0" * 64}, "entry.form"),
    ("a version without one before", {"version": 2}, "entry.form"),
    ("a second version", {"version": 2, "previous": "0" * 64}, ""),
    ("a digest in capitals", {"version": 2, "previous": "A" * 64}, "entry.form"),
    ("a day of no calendar", {"confirmed_on": "2026-13-01"}, "entry.form"),
    ("a day in Persian digits", {"confirmed_on": "۲۰۲۶-۱۰-۰۱"}, "entry.form"),
    ("a confirmation to come", {"confirmed_on": "2026-10-25"}, "entry.form"),
    ("a moment without a zone", {"issued_at": "2026-10-24T12:00:05"}, "entry.form"),
    ("names that are a list of pairs", {"names": [["en", "Iran"]]}, "entry.form"),
    ("a name that is a number", {"names": {"en": 5}}, "entry.form"),
    ("an authority that is text", {"authorities": ["central"]}, "entry.form"),
    ("an authority with a field more", {"authorities": [AUTHORITY | {"fax": "1"}]}, "entry.form"),
    ("an authority with a field less", {"authorities": [{"role": "central"}]}, "entry.form"),
    ("languages that are one text", {"authorities": [AUTHORITY | {"languages": "fa"}]}, "entry.form"),
    ("a language that is a number", {"authorities": [AUTHORITY | {"languages": [5]}]}, "entry.form"),
    ("powers that are one text", {"authorities": [AUTHORITY | {"powers": "40"}]}, "entry.form"),
    ("a power that is a number", {"authorities": [AUTHORITY | {"powers": [40]}]}, "entry.form"),
    ("a zone that is a number", {"authorities": [AUTHORITY | {"zone": 3}]}, "entry.form"),
    ("http", {"address": "http://127.0.0.1:1"}, "entry.form"),
    ("a file", {"address": "file:///etc/passwd"}, "entry.form"),
    ("an address that is a number", {"address": 5}, "entry.form"),
    ("an address that is nothing", {"address": None}, "entry.form"),
    ("a certificate that is a number", {"tls": 5}, "entry.form"),
    ("a threshold without keys", {"threshold": 1}, "entry.form"),
    ("a threshold below nothing", {"threshold": -1}, "entry.form"),
    ("a threshold that is true", {"threshold": True}, "entry.form"),
    ("half a signing key", with_key(0, key={"ed25519": SIGNS["key"]["ed25519"]}), "canon.fields"),
    (
        "halves of other lengths",
        with_key(0, key={"ed25519": canon.b64(bytes(31)), "mldsa65": canon.b64(bytes(1953))}),
        "entry.form",
    ),
    ("a signing key that is text", with_key(0, key="key"), "canon.fields"),
    ("no signing key", {"keys": RAW["keys"][1:]}, "entry.form"),
    ("no keys", {"keys": []}, "entry.form"),
    ("a key twice", {"keys": [*RAW["keys"], SIGNS]}, "entry.form"),
    (
        "a key that signs and recovers",
        {"keys": [*RAW["keys"], SIGNS | {"purpose": "recovery"}], "threshold": 1},
        "entry.form",
    ),
    ("two at once", {"keys": [*RAW["keys"], HOPS | {"key": LOGS["key"]}]}, "entry.form"),
    ("a purpose of ours only", with_key(0, purpose="rule"), "entry.form"),
    ("another suite", with_key(0, suite="ed25519"), "entry.form"),
    ("a key with a field more", with_key(0, note=""), "canon.fields"),
    ("an opening key that is no base64", with_key(1, key="!"), "canon.base64"),
    ("a log without a name", with_key(2, name=""), "entry.form"),
    ("a log with a name of two words", with_key(2, name="a log"), "entry.form"),
    ("a log key of 31 bytes", with_key(2, key=canon.b64(bytes(31))), "entry.form"),
    ("a witness whose name is a number", with_key(3, name=5), "entry.form"),
    ("a hop key with a name", with_key(4, name="hop"), "entry.form"),
    ("no hop key", with_key(4, key=""), "entry.form"),
    ("no certificate", with_key(5, key=""), "entry.form"),
    ("a beginning without a zone", with_key(0, since="2026-10-24T12:00:05"), "entry.form"),
    ("a beginning in another form", with_key(0, since="2026-10-24T15:30:05+03:30"), "entry.form"),
    ("a beginning before all time", with_key(0, since="0001-01-01T00:00:00+10:00"), "entry.form"),
    ("a beginning after its issue", with_key(0, since="2026-10-24T12:00:06Z"), "entry.form"),
    ("an end before its beginning", with_key(0, until="2026-09-24T12:00:05Z"), "entry.form"),
    ("a revoked key that signs", with_key(0, revoked="2026-10-24T12:00:05Z"), "entry.form"),
    ("a revocation to come", with_key(0, revoked="2026-10-24T12:00:06Z"), "entry.form"),
    ("a field too many", {"root": "me"}, "canon.fields"),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in ENTRIES], ids=[row[0] for row in ENTRIES])
def test_forms_of_entries(changes, expected):
    """An entry is read strictly, even when it is well signed."""
    assert code(Entry.from_dict, RAW | changes) == expected
    assert code(read_entry, signed_as(canon.dumps(RAW | changes)), at=AT) == expected


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"5", b'{"payload":5}', b'{"payload":"AAAA"}', b"\xff" * 10])
def test_what_is_no_entry(data):
    """Anything else is refused with a code."""
    assert code(read_entry, data, at=AT)


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(RAW)), junk)
def test_whatever_stands_in_an_entry(name, value):
    """With anything in any field, an entry is refused by a code or is written again as it was read."""
    raw = RAW | {name: value}
    try:
        found = Entry.from_dict(raw)
    except (Invalid, BrokenSeal):
        return
    assert found.to_dict() == raw


def test_an_entry_with_a_bad_opening_key_harms_its_owner_only():
    """It can be pinned; what is sealed to it fails with a code."""
    bad = read_entry(sign_entry(entry_of(open=SealKey(b"\xff" * 1216)), SIGN["IR"]), at=AT)
    assert code(envelope.seal, b"statement", to="IR", key=bad.open) == "seal.key"


# ------------------------------------------------------------------------------------- signed requests (RFC 9421)

ALL = ("@method", "@target-uri", "content-digest")
URI = "https://127.0.0.1:8443/messages?x=1"
BODY = b'{"sealed":"..."}'
HEADERS = hop_headers("POST", URI, BODY, state="IR", key=HOP["IR"], at=AT)


def hop_key(state: str) -> bytes:
    """Look a State's hop key up, as the peers' door does."""
    if state not in ("IR", "VN"):
        raise BrokenSeal("This State is not pinned.", code="peer.unknown")
    return HOP[state].public


def checked(method="POST", uri=URI, headers=HEADERS, body=BODY, at=AT) -> str:
    """Check a request as the peers' door does; the State, or the code of the refusal."""
    try:
        return check_hop(method, uri, headers, body, keys_of=lambda state: [hop_key(state)], at=at)
    except ComityError as error:
        return error.code


def by_hand(parameters: str, *, covered=ALL, label="hop", key=HOP["IR"]) -> dict:
    """Sign a request as another implementation would, with any components and parameters (RFC 9421, 2.5)."""
    values = {"@method": "POST", "@target-uri": URI, "content-digest": content_digest(BODY), "@authority": "127.0.0.1"}
    listed = "(" + " ".join(f'"{name}"' for name in covered) + ")" + parameters
    base = "".join(f'"{name}": {values[name]}\n' for name in covered) + f'"@signature-params": {listed}'
    return {"Content-Digest": content_digest(BODY), "Signature-Input": f"{label}={listed}",
            "Signature": f"{label}=:{canon.b64(key.sign(base.encode()))}:"}  # fmt: skip


STAMP = int(AT.timestamp())
USUAL = f';created={STAMP};keyid="IR";alg="ed25519";tag="comity-v1"'


def changed(**changes) -> dict:
    """Change the headers of a good request; what is None is left out."""
    return {name: value for name, value in (HEADERS | changes).items() if value is not None}


def swap(old: str, new: str) -> dict:
    """Change words in the signature's parameters, which are signed."""
    return changed(**{"Signature-Input": HEADERS["Signature-Input"].replace(old, new)})


def flagged() -> dict:
    """Sign a fourth component with a flag as if it were not there, as a careless reader would check it."""
    listed = f'("@method" "@target-uri" "content-digest" "x";req){USUAL}'
    base = transport._signature_base("POST", URI, content_digest(BODY), listed)
    return changed(**{"Signature-Input": f"hop={listed}", "Signature": f"hop=:{canon.b64(HOP['IR'].sign(base))}:"})


TWO = f'hop=("@method"){USUAL}, {HEADERS["Signature-Input"]}'
HOPS = [
    ("as it was sent", {}, "IR"),
    ("by hand, as the RFC says", {"headers": by_hand(USUAL)}, "IR"),
    ("by hand, parameters in another order",
     {"headers": by_hand(f';keyid="IR";tag="comity-v1";alg="ed25519";created={STAMP}')}, "IR"),
    ("another method", {"method": "PUT"}, "seal.note"),
    ("the method in small letters", {"method": "post"}, "seal.note"),
    ("another path", {"uri": URI.replace("messages", "message")}, "seal.note"),
    ("another query", {"uri": URI.replace("x=1", "x=2")}, "seal.note"),
    ("another host", {"uri": URI.replace("127.0.0.1", "127.0.0.2")}, "seal.note"),
    ("another port", {"uri": URI.replace("8443", "8444")}, "seal.note"),
    ("without TLS", {"uri": URI.replace("https", "http")}, "seal.note"),
    ("another body", {"body": BODY + b" "}, "hop.digest"),
    ("no body", {"body": b""}, "hop.digest"),
    ("another body and its digest", {"body": b"x", "headers": changed(**{"Content-Digest": content_digest(b"x")})},
     "seal.note"),
    ("a second digest", {"headers": changed(**{"Content-Digest": HEADERS["Content-Digest"] + ", md5=:AAAA:"})},
     "hop.digest"),
    ("no digest", {"headers": changed(**{"Content-Digest": None})}, "hop.digest"),
    ("five minutes late", {"at": AT + timedelta(minutes=5)}, "IR"),
    ("and a second", {"at": AT + timedelta(minutes=5, seconds=1)}, "hop.time"),
    ("five minutes early", {"at": AT - timedelta(minutes=5)}, "IR"),
    ("and a second early", {"at": AT - timedelta(minutes=5, seconds=1)}, "hop.time"),
    ("replayed a day later", {"at": AT + timedelta(days=1)}, "hop.time"),
    ("another time written in", {"headers": swap(str(STAMP), str(STAMP + 60)), "at": AT + timedelta(minutes=1)},
     "seal.note"),
    ("a time with a fraction", {"headers": by_hand(USUAL.replace(str(STAMP), f"{STAMP}.5"))}, "hop.missing"),
    ("a time that is text", {"headers": by_hand(USUAL.replace(str(STAMP), f'"{STAMP}"'))}, "hop.missing"),
    ("a time that is true", {"headers": by_hand(USUAL.replace(str(STAMP), "?1"))}, "hop.missing"),
    ("no time", {"headers": by_hand(USUAL.replace(f";created={STAMP}", ""))}, "hop.missing"),
    ("in another State's name", {"headers": swap('"IR"', '"VN"')}, "seal.note"),
    ("in the name of a State that is not pinned", {"headers": swap('"IR"', '"QA"')}, "peer.unknown"),
    ("in nobody's name", {"headers": by_hand(USUAL.replace(';keyid="IR"', ""))}, "hop.missing"),
    ("signed by another State", {"headers": by_hand(USUAL, key=HOP["VN"])}, "seal.note"),
    ("another tag", {"headers": by_hand(USUAL.replace("comity-v1", "comity-v2"))}, "hop.cover"),
    ("no tag", {"headers": by_hand(USUAL.replace(';tag="comity-v1"', ""))}, "hop.cover"),
    ("another algorithm", {"headers": by_hand(USUAL.replace("ed25519", "hmac-sha256"))}, "hop.cover"),
    ("no algorithm", {"headers": by_hand(USUAL.replace(';alg="ed25519"', ""))}, "hop.cover"),
    ("a parameter that is not known", {"headers": by_hand(USUAL + ";expires=1")}, "hop.cover"),
    ("a parameter twice", {"headers": by_hand(USUAL + ';keyid="VN"')}, "hop.missing"),
    ("the body not covered", {"headers": by_hand(USUAL, covered=ALL[:2])}, "hop.cover"),
    ("the address not covered", {"headers": by_hand(USUAL, covered=(ALL[0], ALL[2]))}, "hop.cover"),
    ("nothing covered", {"headers": by_hand(USUAL, covered=())}, "hop.cover"),
    ("more covered", {"headers": by_hand(USUAL, covered=(*ALL, "@authority"))}, "hop.cover"),
    ("covered in another order", {"headers": by_hand(USUAL, covered=ALL[::-1])}, "hop.cover"),
    ("covered with a flag", {"headers": swap('"@method"', '"@method";req')}, "hop.cover"),
    ("covered, and something flagged beside", {"headers": flagged()}, "hop.cover"),
    ("two signatures under one label", {"headers": changed(**{"Signature-Input": TWO})}, "hop.missing"),
    ("two labels", {"headers": changed(**{"Signature-Input": HEADERS["Signature-Input"] + ', x=("@method")'})},
     "hop.cover"),
    ("a second signature", {"headers": changed(Signature=HEADERS["Signature"] + ", x=:AAAA:")}, "hop.cover"),
    ("a label doubled", {"headers": changed(Signature=HEADERS["Signature"] + ", " + HEADERS["Signature"])},
     "hop.missing"),
    ("another label", {"headers": by_hand(USUAL, label="sig1")}, "hop.missing"),
    ("labels that differ", {"headers": changed(Signature=HEADERS["Signature"].replace("hop", "sig1"))}, "hop.missing"),
    ("no signature", {"headers": changed(Signature=None)}, "hop.missing"),
    ("an empty signature", {"headers": changed(Signature="hop=::")}, "seal.note"),
    ("a signature that is a number", {"headers": changed(Signature="hop=999999999999999")}, "hop.missing"),
    ("a signature that is text", {"headers": changed(Signature='hop="AAAA"')}, "hop.missing"),
    ("a signature that is true", {"headers": changed(Signature="hop")}, "hop.missing"),
    ("a signature that is a list", {"headers": changed(Signature="hop=(1 2 3)")}, "hop.missing"),
    ("no parameters", {"headers": changed(**{"Signature-Input": None})}, "hop.missing"),
    ("parameters that are a number", {"headers": changed(**{"Signature-Input": "hop=5"})}, "hop.missing"),
    ("parameters that are text", {"headers": changed(**{"Signature-Input": 'hop="abc"'})}, "hop.missing"),
    ("parameters that are nothing", {"headers": changed(**{"Signature-Input": ""})}, "hop.missing"),
    ("parameters that cannot be read", {"headers": changed(**{"Signature-Input": "hop=("})}, "hop.missing"),
    ("parameters in Persian", {"headers": changed(**{"Signature-Input": "امضا=()"})}, "hop.missing"),
    ("no headers", {"headers": {}}, "hop.missing"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in HOPS], ids=[row[0] for row in HOPS])
def test_who_sent_a_request(changes, expected):
    """Method, address, body, time and sender are signed; everything else is refused without a crash."""
    assert checked(**changes) == expected


@settings(deadline=None, max_examples=300)
@given(st.text('hop=()";:?@,.0123456789abct -\x00é', max_size=40), st.text('hop=():;,?"0123456789Az -', max_size=40))
def test_any_headers_are_refused(inputs, signature):
    """Whatever stands in the two headers, only a code comes out."""
    assert checked(headers=changed(**{"Signature-Input": inputs, "Signature": signature})).startswith("hop.")
    assert checked(headers=changed(**{"Signature-Input": inputs})).startswith("hop.")
    assert checked(headers=changed(Signature=signature)).split(".")[0] in ("hop", "seal")


# ------------------------------------------------------------------------------------------------------- the line


REFUSED = {
    "/nothing": (404, b'{"code":"door.nothing","reason":"Nothing stands here."}'),
    "/another-404": (404, b'{"code":"receipt.unknown","reason":"No such envelope came from you."}'),
    "/unsigned": (401, b'{"code":"door.nothing","reason":"Nothing stands here."}'),
}


class Peer(BaseHTTPRequestHandler):
    """A peer that answers well or badly, by the path that is asked for."""

    server: "Server"

    def log_message(self, *_):
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def do_POST(self) -> None:
        """Note what came, and answer as the path says."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        match self.path:
            case "/ok":
                self.answer(200, b"yes " + body)
            case "/redirect":
                self.answer(302, b"there", Location="/ok")
            case "/cookie":
                self.answer(200, b"", Set_Cookie="track=you")
            case "/long":
                self.answer(200, b"x" * (ANSWER_LIMIT + 1))
            case "/as-long-as-allowed":
                self.answer(200, b"x" * ANSWER_LIMIT)
            case "/endless":
                self.send_response(200)
                self.end_headers()
                with contextlib.suppress(OSError):
                    while True:
                        self.wfile.write(b"x" * 65536)
            case "/bomb":
                packed = gzip.compress(gzip.compress(bytes(64 << 20)))
                self.answer(200, packed, Content_Encoding="gzip, gzip")
            case "/range":
                self.answer(206, b"x" * COLLECT)
            case "/too-much":
                self.answer(206, b"x" * (COLLECT + 1))
            case "/hang-up":
                self.connection.close()
            case "/rubbish":
                self.wfile.write(b"\0\0rubbish\r\n\r\n")
            case "/cut-off":
                self.answer(200, b"half", Content_Length="1000")
            case _:
                self.answer(*REFUSED.get(self.path, (404, b"no")))

    do_GET = do_POST  # noqa: N815  the name that http.server calls


class Server(ThreadingHTTPServer):
    """A peer's address on this machine."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        self.seen = []
        self._context = context
        super().__init__(("127.0.0.1", 0), Peer)

    def finish_request(self, request: socket.socket, client_address) -> None:
        """Speak TLS, then HTTP; a client that hangs up during the handshake is none."""
        try:
            with self._context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError:
            return


@contextlib.contextmanager
def serving(pem: bytes, folder, **limits):
    """Serve with this key and certificate."""
    place = folder / f"{len(list(folder.iterdir()))}.pem"
    place.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    for name, value in limits.items():
        setattr(context, name, value)
    server = Server(context)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _close_lines(monkeypatch):
    """Close every client that a test opened."""
    opened, make = [], transport._client.__wrapped__

    def client(tls):
        opened.append(make(tls))
        return opened[-1]

    monkeypatch.setattr(transport, "_client", client)
    yield
    for one in opened:
        one.close()


@pytest.fixture
def peer(tmp_path):
    """Run a peer with the pinned certificate."""
    with serving(PEM, tmp_path) as server:
        yield server


def test_the_line_carries_and_signs(peer):
    """What is posted arrives with headers that the other door accepts, and the answer comes back."""
    for address in ("https://127.0.0.1:{}", "https://127.0.0.1:{}/"):
        here = line(peer.server_port, address=address)
        assert here.post("/ok", BODY, at=AT) == (200, b"yes " + BODY)
        method, path, headers, body = peer.seen[-1]
        uri = f"https://127.0.0.1:{peer.server_port}{path}"
        assert checked(method, uri, headers, body) == "IR"
        assert checked(method, uri.replace("ok", "no"), headers, body) == "seal.note"
    assert here.get("/ok", at=AT) == b"yes "
    method, path, headers, body = peer.seen[-1]
    assert checked(method, uri, headers, body) == "IR"
    assert len(here.collect("/range", 5, at=AT)) == COLLECT
    assert peer.seen[-1][2]["Range"] == f"bytes=5-{5 + COLLECT - 1}"


def test_it_follows_nobody(peer):
    """A redirect is an answer like any other and is not followed; a cookie is not a way to know us again."""
    here = line(peer.server_port)
    assert here.post("/redirect", BODY, at=AT) == (302, b"there")
    assert [path for _, path, *_ in peer.seen] == ["/redirect"]
    assert code(here.get, "/redirect", at=AT) == "wire.status"
    assert code(here.collect, "/redirect", 0, at=AT) == "wire.status"
    assert code(here.collect, "/ok", 0, at=AT) == "wire.status"
    assert code(here.get, "/nowhere", at=AT) == "wire.status"
    assert here.post("/nowhere", b"", at=AT) == (404, b"no")


def test_that_nothing_stands_there_is_said_by_the_node_itself(peer):
    """Its own 404 alone; neither another status nor the 404 of whatever stands before it."""
    here = line(peer.server_port)
    assert here.get_if_any("/ok", at=AT) == b"yes "
    assert here.get_if_any("/nothing", at=AT) is None
    for path in ("/nowhere", "/another-404", "/unsigned", "/redirect"):
        assert code(here.get_if_any, path, at=AT) == "wire.status"
    assert code(here.get_if_any, "/hang-up", at=AT) == "wire.unreachable"


def test_it_takes_no_more_than_it_asked_for(peer):
    """Over-long, endless and packed answers are cut off, at the price of little memory and time."""
    here, began = line(peer.server_port), time.monotonic()
    assert len(here.get("/as-long-as-allowed", at=AT)) == ANSWER_LIMIT
    assert code(here.get, "/long", at=AT) == "wire.too-long"
    assert code(here.post, "/endless", BODY, at=AT) == "wire.too-long"
    assert code(here.collect, "/too-much", 0, at=AT)
    assert code(here.collect, "/endless", 0, at=AT) == "wire.too-long"
    assert len(here.get("/bomb", at=AT)) < 10_000  # as it came: nothing is unpacked
    assert peer.seen[-1][2]["Accept-Encoding"] == "identity"
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("path", ["/hang-up", "/rubbish", "/cut-off"])
def test_it_says_so_when_there_is_no_answer(peer, path):
    """A peer that hangs up, talks rubbish or stops halfway did not answer."""
    assert code(line(peer.server_port).post, path, BODY, at=AT) == "wire.unreachable"


def test_only_the_pinned_certificate(tmp_path):
    """Another certificate, also one for the same address by the same name, is refused before anything is said."""
    other, other_tls = certificate()
    with serving(other, tmp_path) as server:
        assert code(line(server.server_port).post, "/ok", BODY, at=AT) == "wire.unreachable"
        assert server.seen == []
        assert line(server.server_port, other_tls).post("/ok", BODY, at=AT)[0] == 200
    elsewhere, elsewhere_tls = certificate("127.0.0.9")
    with serving(elsewhere, tmp_path) as server:
        assert code(line(server.server_port, elsewhere_tls).post, "/ok", BODY, at=AT) == "wire.unreachable"
        assert server.seen == []


def test_the_certificate_itself_is_pinned_whoever_issued_it(tmp_path):
    """One that an authority issued is enough by itself; no other one of that authority will do, were it pinned or not."""
    authority, authority_tls = certificate()
    ours, ours_tls = certificate(by=authority)
    another, another_tls = certificate(by=authority)
    with serving(ours, tmp_path) as server:
        here = ("127.0.0.1", server.server_port)
        assert line(server.server_port, ours_tls).post("/ok", BODY, at=AT)[0] == 200
        assert line(server.server_port, another_tls + ours_tls).post("/ok", BODY, at=AT)[0] == 200  # while one changes
        with tls_of(here, ours_tls).secure() as held:
            assert held.version() == "TLSv1.3"
    with serving(another, tmp_path) as server:
        here = ("127.0.0.1", server.server_port)
        for tls in (ours_tls, authority_tls, authority_tls + ours_tls):
            assert code(line(server.server_port, tls).post, "/ok", BODY, at=AT) == "wire.unreachable"
            assert code(tls_of(here, tls).secure) == "wire.unreachable"
        assert server.seen == []


def tls_of(place: tuple[str, int], tls: str) -> LineUnderTest:
    """The hostile peer's line to a node whose entry names these certificates."""
    return LineUnderTest(place, entry_of("VN", tls=tls, address=f"https://127.0.0.1:{place[1]}"))


def test_only_tls_1_3(tmp_path):
    """A peer that speaks TLS 1.2 at most is refused; the same peer with 1.3 is not."""
    with serving(PEM, tmp_path, maximum_version=ssl.TLSVersion.TLSv1_2) as server:
        assert code(line(server.server_port).post, "/ok", BODY, at=AT) == "wire.unreachable"
        assert server.seen == []
    with serving(PEM, tmp_path, maximum_version=ssl.TLSVersion.TLSv1_3) as server:
        assert line(server.server_port).post("/ok", BODY, at=AT)[0] == 200


def test_no_tls_at_all():
    """A peer that answers in the clear is refused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            there, _ = listener.accept()
            with there:
                there.recv(4096)
                there.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        assert code(line(listener.getsockname()[1]).post, "/ok", BODY, at=AT) == "wire.unreachable"
        thread.join()


BAD_ENTRIES = [
    ("an address that is none", {"address": "https://[::1"}),
    ("an address without a host", {"address": "https://"}),
    ("a port that is none", {"address": "https://127.0.0.1:99999"}),
    ("a port of letters", {"address": "https://127.0.0.1:x"}),
    ("nobody there", {"address": "https://127.0.0.1:1"}),
    ("a certificate that is none", {"tls": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}),
    ("no certificate", {"tls": ""}),
    ("a certificate with a zero byte", {"tls": "\0"}),
    ("a certificate in Persian", {"tls": "گواهی"}),
]


@pytest.mark.parametrize("changes", [row[1] for row in BAD_ENTRIES], ids=[row[0] for row in BAD_ENTRIES])
def test_a_bad_entry_makes_a_peer_unreachable(changes):
    """What a peer's entry names may be anything: the peer is not reached, and nothing else happens."""
    values = {"tls": TLS, "address": "https://127.0.0.1:1"} | changes
    with pytest.raises(Unreachable):
        Line(entry_of("VN", **values), state="IR", key=HOP["IR"]).post("/ok", BODY, at=AT)


def test_proxies_of_the_environment_are_not_used(peer, monkeypatch):
    """No variable of the environment sends a message another way."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "http://127.0.0.1:1" if "PROXY" in name.upper() else "/nonexistent")
    assert line(peer.server_port).post("/ok", BODY, at=AT)[0] == 200
