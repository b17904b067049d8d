"""Makes the frozen vectors from fixed seeds, once: a file that is there is never written again.

    .venv/bin/python tests/vectors/make.py

Each file says first what is to be expected. The keys in them are for tests and open nothing else. `xwing.json` is not
ours: its values are those of draft-connolly-cfrg-xwing-kem-08, Appendix C.
"""

import json
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from comity.casework.act import Act, Kind
from comity.errors import ComityError
from comity.ledger import checkpoint
from comity.ledger.log import ACT, ENTRY, RECEIVED, Proof
from comity.ledger.log import entry as log_entry
from comity.seal import canon, container, envelope, merkle, stream
from comity.seal.container import CadesKey
from comity.seal.keys import NoteKey, OpeningKey, SigningKey
from comity.seal.trust import Grant, Trust
from comity.wire import directory, exchange, messages, proofs, transport
from comity.wire.exchange import Answer, Event, Evidence, Have, Item, Offer, Outcome, Own

sys.path.insert(0, str(Path(__file__).parent.parent))
import spoken

HERE = Path(__file__).parent
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SIGNER = SigningKey(b"vector: ed25519 seed of IR ......"[:32], b"vector: ml-dsa-65 seed of IR ...."[:32])
OPENER = OpeningKey(b"vector: x-wing seed of VN ......."[:32])
LOG = NoteKey("comity.example/IR/log", b"vector: note seed of IR ........."[:32])
WITNESS = NoteKey("comity.example/QA/witness", b"vector: witness seed of QA ......"[:32])
PAYLOAD = '{"said":"سلام, đồng nghiệp, dear colleague"}'
NEXT = SigningKey(b"vector: next ed25519 seed of IR ."[:32], b"vector: next ml-dsa-65 seed of IR"[:32])
NEVER = SigningKey(b"vector: never ed25519 seed of IR "[:32], b"vector: never mldsa65 seed of IR "[:32])
TRUST = Trust([Grant("IR", SIGNER.public, envelope.KINDS, AT, AT.replace(year=2027))])
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]


def tree(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """Give the complete subtrees over `leaves`."""
    nodes: dict[tuple[int, int], bytes] = {}
    for size, leaf in enumerate(leaves):
        written = merkle.appended(size, merkle.leaf_hash(leaf), lambda level, index: nodes[level, index])
        nodes.update({(level, index): value for level, index, value in written})
    return nodes


def sealed() -> dict[str, dict]:
    """Make the vectors of `comity.seal`."""
    statement = envelope.sign("act", PAYLOAD.encode(), sender="IR", to="VN", key=SIGNER)
    said = {"kind": "act", "sender": "IR", "to": "VN", "payload": PAYLOAD, "key_id": SIGNER.public.id,
            "id": canon.content_id(statement)}  # fmt: skip
    keys = {"ed25519_seed": SIGNER.ed25519.hex(), "mldsa65_seed": SIGNER.mldsa65.hex(), "at": AT.isoformat()}
    closed = envelope.seal(statement, to="VN", key=OPENER.public)
    opening = {"xwing_seed": OPENER.seed.hex(), "home": "VN"}
    return {
        "statement": {"expect": said, "given": keys | {"statement": statement.decode()}},
        "envelope": {
            "expect": said | {"digest": canon.content_id(closed)},
            "given": keys | opening | {"envelope": canon.b64(closed)},
        },
    }


def logged() -> dict[str, dict]:
    """Make the vectors of `comity.ledger`, over the leaves of the tests of Certificate Transparency."""
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    nodes = tree(leaves)
    root = merkle.root(7, lambda level, index: nodes[level, index])
    head = checkpoint.Checkpoint(LOG.name, 7, root)
    path = merkle.inclusion(5, 7, lambda level, index: nodes[level, index])
    note = {"origin": LOG.name, "size": 7, "root": root.hex()}
    return {
        "checkpoint": {
            "expect": {"note": checkpoint.signed(head, LOG)},
            "given": note | {"seed": LOG.seed.hex(), "public": LOG.public.hex()},
        },
        "cosignature": {
            "expect": {"line": checkpoint.cosignature(head, WITNESS, AT), "seen": AT.isoformat()},
            "given": note
            | {"name": WITNESS.name, "seed": WITNESS.seed.hex(), "public": WITNESS.public.hex()}
            | {"at": int(AT.timestamp())},
        },
        "inclusion": {
            "expect": {"root": root.hex(), "path": [step.hex() for step in path]},
            "given": {"leaves": LEAVES[:7], "index": 5, "size": 7},
        },
    }


def given(name: str) -> dict:
    """Give what a frozen vector gives; those that follow are made of it."""
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))["given"]


def frozen(name: str) -> bytes:
    """Give the frozen bytes of a vector."""
    found = given(name)[name]
    return canon.unb64(found) if name in ("envelope", "offer", "answer") else found.encode()


def together() -> dict:
    """Make three statements under one pair of signatures; the second of them."""
    drafts = [envelope.Draft("act", f'{{"said":{number}}}'.encode(), "VN") for number in range(3)]
    data = envelope.sign_all(drafts, sender="IR", key=SIGNER)[1]
    found = canon.loads(data, limit=1 << 20)
    return {
        "expect": {"kind": "act", "sender": "IR", "to": "VN", "payload": '{"said":1}', "key_id": SIGNER.public.id,
                   "id": canon.content_id(data), "place": 1, "of": 3, "path": found["path"]},
        "given": keys_given() | {"together": data.decode()},
    }  # fmt: skip


def keys_given() -> dict:
    """Give the seeds of the signing key, and the moment."""
    return {name: given("statement")[name] for name in ("ed25519_seed", "mldsa65_seed", "at")}


def words() -> dict[str, dict]:
    """Make a receipt with its proof, a later word, and newer proofs, about the frozen envelope, as if it were for IR's node."""
    digest, other = canon.content_id(frozen("envelope")), canon.content_id(b"another envelope")
    leaves = [
        log_entry(ENTRY, "00" * 32),
        log_entry(RECEIVED, other),
        log_entry(RECEIVED, digest),
        log_entry(ACT, "ab" * 32),
    ]
    nodes = tree(leaves)

    def get(level: int, index: int) -> bytes:
        return nodes[level, index]

    head = checkpoint.Checkpoint(LOG.name, 4, merkle.root(4, get))
    note = checkpoint.signed(head, LOG) + checkpoint.cosignature(head, WITNESS, AT)
    proof = Proof(2, tuple(merkle.inclusion(2, 4, get)), note)
    kept = Evidence(Event.RELAY_ACCEPTANCE, "IR", digest, int(AT.timestamp()))
    failed = Evidence(Event.CONTENT_CONSIGNMENT_FAILURE, "IR", digest, int(AT.timestamp()) + 60, "case.history")
    receipt = messages.proved(messages.sign_words([kept], to="VN", places={digest: 2}, key=SIGNER)[0], proof).whole()
    word = messages.sign_words([failed, replace(failed, envelope=other)], to="VN", places={}, key=SIGNER)[0].whole()
    newer = proofs.answer({digest: proof, other: Proof(1, tuple(merkle.inclusion(1, 4, get)), note)})
    log = {
        "origin": LOG.name,
        "public": LOG.public.hex(),
        "witness": WITNESS.name,
        "witness_public": WITNESS.public.hex(),
    }
    about = {"by": "IR", "to": "VN", "envelope": digest}
    return {
        "receipt": {
            "expect": about | {"event": "RelayAcceptance", "at": AT.isoformat(), "index": 2, "seen": AT.isoformat()},
            "given": keys_given() | log | {"receipt": receipt.decode()},
        },
        "word": {
            "expect": about
            | {"event": failed.event.value, "at": (AT + timedelta(minutes=1)).isoformat(), "code": failed.code},
            "given": keys_given() | {"word": word.decode()},
        },
        "proofs": {
            "expect": {"proofs": {digest: 2, other: 1}, "ask": [digest, other]},
            "given": log | {"ask": proofs.ask([digest, other]).decode(), "proofs": newer.decode()},
        },
    }


def talk() -> dict[str, dict]:
    """Make an offer with everything that one can hold, and an answer likewise."""
    sealed_in, statement = frozen("envelope"), frozen("statement")
    receipt, word = frozen("receipt"), frozen("word")
    digest, waits = canon.content_id(sealed_in), "cd" * 32
    item = Item(7, sealed_in, (waits,), ())
    offer = Offer((item,), (waits,), Have(9, (3, 4), 12, (11,)))
    words = tuple(map(spoken.apart, (receipt, word)))
    back = Own(Item(7, sealed_in, (), words), statement)
    answer = Answer((Outcome(digest, words[0]), Outcome(waits, later="conversation.room")), words[1:], (waits,),
                    (replace(item, evidence=words[:1]),), (back,))  # fmt: skip
    outcomes = [[digest, canon.content_id(receipt), ""], [waits, "", "conversation.room"]]
    return {
        "offer": {
            "expect": {"items": [[7, digest, [waits]]], "ask": [waits], "have": [9, [3, 4], 12, [11]]},
            "given": {"offer": canon.b64(exchange.dumps(offer))},
        },
        "answer": {
            "expect": {"outcomes": outcomes, "evidence": [canon.content_id(word)], "missing": [waits],
                       "items": [[7, digest, [waits], [canon.content_id(receipt)]]],
                       "back": [[7, digest, [canon.content_id(receipt), canon.content_id(word)], canon.content_id(statement)]]},
            "given": {"answer": canon.b64(exchange.dumps(answer))},
        },
    }  # fmt: skip


def first_talk() -> dict[str, dict]:
    """Make an offer with an envelope of the first form and one of the second, and the frozen answer, both in the first form."""
    items = (Item(1, given("first-envelope")["first-envelope"].encode()), Item(2, frozen("envelope"), ("cd" * 32,)))
    offer = Offer(items, ("ef" * 32,), Have(9, (3, 4), 12, ()))
    answer = exchange.read_answer(frozen("answer"))
    by_name = [[item.number, item.digest, list(item.after)] for item in items]
    second = json.loads((HERE / "answer.json").read_text("utf-8"))["expect"]
    return {
        "first-offer": {
            "expect": {"items": by_name, "ask": list(offer.ask), "have": [9, [3, 4], 12, []]},
            "given": {"first-offer": exchange.dumps(offer, 1).decode()},
        },
        "first-answer": {"expect": second, "given": {"first-answer": exchange.dumps(answer, 1).decode()}},
    }


def signed_request() -> dict:
    """Make the headers of a signed request."""
    uri, body = "https://192.0.2.7:8442/exchange", exchange.dumps(Offer())
    headers = transport.hop_headers("POST", uri, body, state="IR", key=LOG, at=AT)
    return {
        "expect": {"state": "IR"},
        "given": {"method": "POST", "uri": uri, "body": body.decode(), "headers": headers, "public": LOG.public.hex(),
                  "at": int(AT.timestamp())},
    }  # fmt: skip


def entries(cades: CadesKey) -> tuple[dict, tuple[bytes, ...]]:
    """Make two versions of an entry, the second by rotation of the signing key."""
    first = directory.Entry(
        state="IR", version=1, previous="", issued_at=AT, confirmed_on=AT.date(), names={"en": "Iran", "fa": "ایران"},
        authorities=(directory.Authority("central", {"en": "Central authority"}, ("fa", "en"), "Asia/Tehran", "post",
                                         ("40",)),),
        keys=directory.first_keys(
            sign=SIGNER.public, open=OPENER.public, log=(LOG.name, LOG.public), witness=(WITNESS.name, WITNESS.public),
            hop=NoteKey("hop", b"vector: hop seed of IR .........."[:32]).public, certificate=cades.certificate_der,
            since=AT, until=AT.replace(year=2031)),
        threshold=0, tls="(PEM)", address="https://192.0.2.7:8442", exercise=True,
    )  # fmt: skip
    at = AT + timedelta(days=30)
    fresh = directory.DatedKey(directory.Purpose.SIGN, NEXT.public, at, AT.replace(year=2032))
    second = replace(first, version=2, previous=first.digest, issued_at=at,
                     keys=(replace(first.keys[0], until=at), *first.keys[1:], fresh))  # fmt: skip
    chain = (directory.sign_entry(first, SIGNER), directory.sign_entry(second, SIGNER, NEXT))
    fingerprints = [version.fingerprint for version in (first, second)]
    return {
        "expect": {"digests": [first.digest, second.digest], "fingerprints": fingerprints, "state": "IR"},
        "given": {"chain": [signed.decode() for signed in chain]},
    }, chain


def files() -> dict[str, dict]:
    """Make the chain of an entry, a small container, and a stream."""
    cades = CadesKey.generate("Comity IR", not_before=AT, not_after=AT.replace(year=2031))
    entry, _ = entries(cades)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.asice"
        container.write(
            path, [("case.json", b"{}"), ("نامه.txt", "سلام".encode())], cades=cades, at=AT,
            seal=lambda listing: envelope.sign("container", listing, sender="IR", to="", key=SIGNER),
        )  # fmt: skip
        data = path.read_bytes()
        with container.open_container(path) as opened:
            listing = opened.listing()
    key = stream.subkey(b"\x07" * 32, "exhibits")
    return {
        "entry": entry,
        "container": {
            "expect": {"listing": listing.decode(), "sha256": canon.content_id(data)},
            "given": keys_given() | {"certificate": canon.b64(cades.certificate_der), "container": canon.b64(data)},
        },
        "stream": {
            "expect": {"key": key.hex(), "plain": "evidence"},
            "given": {"content_key": "07" * 32, "name": "exhibits",
                      "stream": b"".join(stream.encrypt([b"evidence"], key)).hex()},
        },
    }  # fmt: skip


def changed(name: str, **changes) -> bytes:
    """Give a frozen object with some fields changed, in canonical form; what is None is left out."""
    found = canon.loads(frozen(name), limit=1 << 23) | changes
    return canon.dumps({field: value for field, value in found.items() if value is not None})


def resigned(kind: str, payload: object, to: str = "VN") -> bytes:
    """Give a statement, rightly signed, that says something wrong."""
    return envelope.sign(kind, canon.dumps(payload), sender="IR", to=to, key=SIGNER)


def wrong_entries() -> dict[str, tuple[str, bytes]]:
    """Give versions of an entry that must be refused, alone or behind the first one of the chain."""
    chain = [version.encode() for version in given("entry")["chain"]]
    first, second = (directory.read_entry(version).to_dict() for version in chain)
    signed = canon.loads(chain[0], limit=1 << 20)

    def made(said: dict, *keys: SigningKey, to: str = "") -> bytes:
        payload = canon.dumps(said)
        statements = [
            canon.loads(envelope.sign("entry", payload, sender="IR", to=to, key=key), limit=1 << 20) for key in keys
        ]
        for one in statements:
            del one["payload"]
        return canon.dumps({"comity": "entry/2", "payload": canon.b64(payload), "statements": statements})

    def planted(purpose: str, since: str) -> bytes:
        public = canon.b64(bytes(31) + b"\x07") if purpose == "hop" else NEVER.public.to_dict()
        suite = "ed25519" if purpose == "hop" else "ed25519+mldsa65"
        key = kept | {
            "purpose": purpose,
            "suite": suite,
            "key": public,
            "since": since,
            "until": "2032-11-24T09:00:00Z",
        }
        return made(second | {"keys": [*second["keys"], key]}, SIGNER, NEXT)

    old, *others = first["keys"]
    kept, *rest = second["keys"]
    central = first["authorities"][0]
    return {
        "an entry of another form": ("entry", canon.dumps(signed | {"comity": "entry/3"})),
        "an entry that nobody signed": ("entry", canon.dumps(signed | {"statements": []})),
        "an entry that one key signed twice": ("entry", canon.dumps(signed | {"statements": signed["statements"] * 2})),
        "an entry by a key that it does not list": ("entry", made(first, NEXT)),
        "an entry with an addressee": ("entry", made(first, SIGNER, to="VN")),
        "another entry under the signature": (
            "entry", canon.dumps(signed | {"payload": canon.b64(canon.dumps(first | {"address": "https://192.0.2.8"}))})),
        "an entry with a field too many": ("entry", made(first | {"x": ""}, SIGNER)),
        "an entry with a key twice": ("entry", made(first | {"keys": [old, old, *others]}, SIGNER)),
        "an entry without a hop key": (
            "entry", made(first | {"keys": [key for key in first["keys"] if key["purpose"] != "hop"]}, SIGNER)),
        "an entry with a threshold of nobody": ("entry", made(first | {"threshold": 1}, SIGNER)),
        "an entry with an address without TLS": ("entry", made(first | {"address": "http://192.0.2.7"}, SIGNER)),
        "a version that passes over one": ("next", made(second | {"version": 3}, SIGNER, NEXT)),
        "a version behind another one": ("next", made(second | {"previous": "ab" * 32}, SIGNER, NEXT)),
        "a version in earnest": ("next", made(second | {"exercise": False}, SIGNER, NEXT)),
        "a version that leaves a key out": ("next", made(second | {"keys": rest}, NEXT)),
        "a version that moves a key's beginning": (
            "next", made(second | {"keys": [kept, rest[0] | {"since": second["issued_at"]}, *rest[1:]]}, SIGNER, NEXT)),
        "a version that only the new key signed": ("next", made(second, NEXT)),
        "a version with a signing key to come": ("next", planted("sign", "2026-12-24T09:00:01Z")),
        "a version with a recovery key to come": ("next", planted("recovery", "2026-12-24T09:00:01Z")),
        "a version with a hop key to come": ("next", planted("hop", "2027-12-24T09:00:00Z")),
        "a version with a hop key from before": ("next", planted("hop", "2026-12-24T08:59:59Z")),
        "an entry whose name steers a screen": ("entry", made(first | {"names": {"en": "\x1b[1GIran"}}, SIGNER)),
        "an entry whose name holds a line feed": ("entry", made(first | {"names": {"en": "Iran\nall passed"}}, SIGNER)),
        "an entry with a language that reorders": ("entry", made(first | {"names": {"e\u202en": "Iran"}}, SIGNER)),
        "an entry with an authority that reorders": (
            "entry", made(first | {"authorities": [central | {"reach": "post\u2067"}]}, SIGNER)),
    }  # fmt: skip


def wrong() -> dict[str, tuple[str, bytes]]:
    """Give (what it is handed in as, its bytes) of each thing that must be refused."""
    said, item = frozen("statement"), {"after": [], "envelope": 3, "evidence": [], "number": 1}
    offer, answer = (
        {"items": [], "ask": [], "have": None},
        canon.Frame(exchange.dumps(Answer()), limit=1 << 20, values=99).head,
    )
    first = exchange.dumps(Offer((Item(1, b"abc"),)), 1)
    outside = canon.Frame(frozen("envelope"), limit=1 << 20, values=8)
    around, sealed_in = outside.head, outside.take(outside.head["sealed"], 1 << 20)
    signed = canon.loads(said, limit=1 << 20)
    zero = canon.b64(bytes(64))
    receipt = canon.loads(frozen("receipt"), limit=1 << 20)
    pair, spoken = {"ed25519": "AAAA", "mldsa65": "AAAA"}, {"signatures": 0}
    heard = answer | {"signatures": [pair]}
    bare = b'{"ed25519":"","mldsa65":""}'
    known = spoken | {"word": len(bare)}
    word = {"receipt": "ContentConsignment", "envelope": "ab" * 32, "at": "2026-11-24T09:00:00Z", "code": ""}
    return {
        "a blank before": ("statement", b" " + said),
        "a line feed behind": ("statement", said + b"\n"),
        "a key twice": ("statement", said[:-1] + b',"to":"VN"}'),
        "an escape that is not needed": ("statement", said.replace(b'"act"', b'"\\u0061ct"')),
        "a fraction": ("statement", said.replace(b'"of":1', b'"of":1.0')),
        "a field too many": ("statement", changed("statement", x="")),
        "the first signature stripped": ("statement", changed("statement", ed25519=None)),
        "the second signature stripped": ("statement", changed("statement", mldsa65=None)),
        "the first signature of zeros": ("statement", changed("statement", ed25519=zero)),
        "the second signature of zeros": ("statement", changed("statement", mldsa65=canon.b64(bytes(3309)))),
        "the halves exchanged": ("statement", changed("statement", ed25519=signed["mldsa65"], mldsa65=signed["ed25519"])),
        "another payload": ("statement", changed("statement", payload=canon.b64(b"{}"))),
        "another addressee": ("statement", changed("statement", to="QA")),
        "another kind": ("statement", changed("statement", kind="call")),
        "a kind that is not known": ("statement", changed("statement", kind="order")),
        "another version": ("statement", changed("statement", comity="comity/v2")),
        "another State": ("statement", changed("statement", **{"from": "QA"})),
        "a place that is not there": ("statement", changed("statement", place=1)),
        "a path too long": ("statement", changed("statement", path=[canon.b64(bytes(32))])),
        "of more than 1,024": ("statement", changed("statement", of=1025)),
        "another place among several": ("together", changed("together", place=0)),
        "another number of them": ("together", changed("together", of=4)),
        "a path too short": ("together", changed("together", path=[])),
        "another addressee outside": ("envelope", canon.framed(around | {"to": "QA"}, sealed_in)),
        "another commitment": ("envelope", canon.framed(around | {"statement": "0" * 64}, sealed_in)),
        "a key that is not held": ("envelope", canon.framed(around | {"key": "open-" + "0" * 32}, sealed_in)),
        "no ciphertext": ("envelope", canon.framed(around | {"sealed": 0})),
        "no line feed behind the head": ("envelope", canon.dumps(around) + sealed_in.replace(b"\n", b"x")),
        "a blank behind the head": ("envelope", canon.dumps(around) + b" \n" + sealed_in),
        "fewer bytes than the head tells of": ("envelope", canon.framed(around, sealed_in[:-1])),
        "more bytes than the head tells of": ("envelope", canon.framed(around, sealed_in, b"\0")),
        "a field too many outside": ("envelope", canon.framed(around | {"x": ""}, sealed_in)),
        "too many values outside": ("envelope", canon.framed(around | {"x": ["", "", "", ""]}, sealed_in)),
        "a ciphertext in base64": ("envelope", canon.framed(around | {"sealed": canon.b64(sealed_in)})),
        "a statement without an envelope": ("envelope", said),
        "another's letter, sealed again": ("envelope", envelope.seal(resigned("act", {}, "QA"), to="VN", key=OPENER.public)),
        "a receipt in an envelope": ("envelope", envelope.seal(resigned("receipt", word), to="VN", key=OPENER.public)),
        "a receipt for another place": ("receipt", changed("receipt", proof=receipt["proof"] | {"index": 1})),
        "a receipt with a proof of something else": ("receipt", changed("receipt", proof=receipt["proof"] | {"path": []})),
        "a receipt without a proof": ("receipt", changed("receipt", proof=None)),
        "a later word with a moment of another form": (
            "word", resigned("receipt", word | {"at": "2026-11-24T12:30:00+03:30"})),
        "a later word of no known event": ("word", resigned("receipt", word | {"receipt": "Reading"})),
        "an acceptance without a place": ("word", resigned("receipt", word | {"receipt": "RelayAcceptance"})),
        "a later word of more than 4,096 bytes": ("word", resigned("receipt", word | {"code": "x" * 4096})),
        "a later word that was said as an act": ("word", resigned("act", word)),
        "number 0 in an offer": ("offer", canon.framed(offer | {"items": [item | {"number": 0}]}, b"abc")),
        "a digest in capitals": ("offer", canon.framed(offer | {"ask": ["AB" * 32]})),
        "17 envelopes to stand on": ("offer", canon.framed(offer | {"items": [item | {"after": ["ab" * 32] * 17}]}, b"abc")),
        "257 items": ("offer", canon.framed(offer | {"items": [item] * 257}, b"abc" * 257)),
        "257 questions": ("offer", canon.framed(offer | {"ask": ["ab" * 32] * 257})),
        "an envelope in base64": ("offer", canon.framed(offer | {"items": [item | {"envelope": "AAAA"}]})),
        "a length below nothing": ("offer", canon.framed(offer | {"items": [item | {"envelope": -1}]})),
        "a length that is no number": ("offer", canon.framed(offer | {"items": [item | {"envelope": True}]}, b"a")),
        "an envelope of which a part is missing": ("offer", canon.framed(offer | {"items": [item]}, b"ab")),
        "an envelope of more than 1 MiB": (
            "offer", canon.framed(offer | {"items": [item | {"envelope": (1 << 20) + 1}]}, bytes((1 << 20) + 1))),
        "bytes behind the last envelope": ("offer", canon.framed(offer | {"items": [item]}, b"abcd")),
        "a head that says too much": ("offer", canon.framed(offer | {"ask": ["ab" * 32] * 32_768})),
        "a head alone": ("offer", canon.dumps(offer | {"items": [item]})),
        "a line feed behind the first form": ("offer", first + b"\n"),
        "a blank behind the first form": ("offer", first + b" "),
        "unused bits set in the first form": ("offer", first.replace(b'"YWJj"', b'"YWJjZB=="')),
        "base64 without its end in the first form": ("offer", first.replace(b'"YWJj"', b'"YWJjZA"')),
        "too many values in the first form": ("offer", canon.dumps(offer | {"ask": ["ab" * 32] * 32_768})),
        "a word in an offer of the first form": (
            "offer", canon.dumps(offer | {"items": [item | {"envelope": "YWJj", "evidence": [known | {"word": "e30="}]}]})),
        "a word of the first form without a place for signatures": (
            "answer", canon.dumps(heard | {"evidence": [spoken | {"word": "e30="}]})),
        "an offer of the first form as an answer": ("answer", first),
        "a word in an offer": ("offer", canon.framed(offer | {"items": [item | {"evidence": [known]}]}, b"abc", bare)),
        "9 words about one envelope": (
            "answer", canon.framed(heard | {"items": [item | {"evidence": [known] * 9}]}, b"abc", bare * 9)),
        "a word whose signatures are not there": ("answer", canon.framed(answer | {"evidence": [known]}, bare)),
        "a word without a place for signatures": ("answer", canon.framed(heard | {"evidence": [spoken | {"word": 2}]}, b"{}")),
        "a word with two places for a signature": ("answer", canon.framed(heard | {"evidence": [
            spoken | {"word": 40}]}, b'{"ed25519":"","ed25519":"","mldsa65":""}')),
        "a signature that is too long": ("answer", canon.framed(answer | {"signatures": [
            pair | {"ed25519": canon.b64(bytes(65))}]})),
        "an offer as an answer": ("answer", canon.framed(offer)),
        "an answer as an offer": ("offer", canon.framed(answer)),
        "a long excuse": (
            "answer", canon.framed(answer | {"outcomes": [{"envelope": "ab" * 32, "later": "x" * 201, "receipt": None}]})),
    }  # fmt: skip


def code(what: str, data: bytes) -> str:
    """Give the code with which the first implementation refuses it."""
    try:
        if what == "envelope":
            envelope.unseal(data, home="VN", keys=[OPENER], trust=TRUST, kinds={"act", "call"}, at=AT)
        elif what == "receipt":
            found = messages.read_receipt(canon.loads(data, limit=1 << 20), TRUST, now=AT)
            found.proof.check(
                messages.logged_receipt(found.envelope), LOG.name, LOG.public, {WITNESS.name: WITNESS.public}
            )
        elif what == "word":
            spoken.evidence(data, TRUST, now=AT)
        elif what == "entry":
            directory.read_entry(data)
        elif what == "next":
            directory.succeeds(directory.read_entry(given("entry")["chain"][0].encode()), data)
        elif what in ("offer", "answer"):
            {"offer": exchange.read_offer, "answer": exchange.read_answer}[what](data)
        else:
            envelope.verify(data, TRUST, kind="act", at=AT)
    except ComityError as error:
        return error.code
    raise AssertionError(what)


def refused() -> dict[str, dict]:
    """Make the negative vectors."""
    rows = wrong() | wrong_entries()
    return {
        "refused": {
            "expect": {name: code(*row) for name, row in rows.items()},
            "given": {name: {"as": what, "data": canon.b64(data)} for name, (what, data) in rows.items()},
        }
    }


def conduct() -> dict[str, dict]:
    """Make the vector of safe conduct: what acts say of four persons, and what follows for fifteen days in Tehran."""

    def said(kind: str, **body: object) -> str:
        made = Act(
            Kind(kind), "IR-2026-0002", "IR", "reza", "Reza, central authority", "approve", AT.replace(year=2027), body,
            after="5a" * 32, salt="07" * 16,
        )  # fmt: skip
        return canon.dumps(made.to_dict()).decode()

    def told(person: str, at: str, days: int = 0) -> str:
        return said("discharged", person=person, told_at=at, days=days, agreed="Thirty days." if days else "")

    def hindered(person: str, since: str, until: str) -> str:
        return said("leaving-hindered", person=person, since=since, until=until, reasons="Ill.")

    acts = [
        told("Stays", "2026-11-24T21:00:00Z"), told("Is ill", "2026-11-24T09:00:00Z"),
        hindered("Is ill", "2026-12-04T21:00:00Z", ""), hindered("Is ill", "2026-12-04T21:00:00Z", "2026-12-07T10:00:00Z"),
        told("Is held", "2026-11-24T09:00:00Z", 30), hindered("Is held", "2026-12-20T09:00:00Z", ""),
        told("Is gone", "2026-11-24T09:00:00Z"),
        said("safe-conduct-ended", person="Is gone", how="left", ended_at="2026-11-30T09:00:00Z"),
    ]  # fmt: skip
    expect = {
        "Stays": ["runs", "2026-12-10T20:29:59Z"], "Is ill": ["runs", "2026-12-22T20:29:59Z"],
        "Is held": ["stands", "2026-12-20T09:00:00Z"], "Is gone": ["left", "2026-11-30T09:00:00Z"],
    }  # fmt: skip
    return {"conduct": {"expect": expect, "given": {"zone": "Asia/Tehran", "days": 15, "acts": acts}}}


def keep(made: dict[str, dict]) -> None:
    """Write those vectors that are not there yet."""
    for name, vector in made.items():
        place = HERE / f"{name}.json"
        if not place.exists():
            place.write_text(json.dumps(vector, ensure_ascii=False, indent=1) + "\n", "utf-8")
            sys.stdout.write(f"made {place.name}\n")


if __name__ == "__main__":
    keep(sealed() | logged())
    keep({"together": together(), "hop": signed_request()} | words())
    keep(talk())
    keep(first_talk())
    keep(files())
    keep(refused())
    keep(conduct())
    import kinds  # they are made of the others

    keep(kinds.made() | {"refusal": kinds.refusal()})
