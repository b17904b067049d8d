"""Two readers of one protocol: Comity, and tests/second, which was written from docs/PROTOCOL.md alone.

What one takes, the other takes, and makes the same of it: on the vectors, on all that a run of real nodes left, and on
things that were changed.
"""

import ast
import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import spoken
from frozen import AT, CERTIFICATE, CHAIN, LOG, OPENER, SIGNER, TRUST, UNTIL, WITNESS, bytes_of, parts_of, vector
from hypothesis import given, settings
from hypothesis import strategies as st
from second import conduct, entries, files, notes, plain, statements, talk, tree
from second import keys as second_keys
from second import stream as second_stream
from second.plain import Refused

from comity.casework.act import Act
from comity.casework.case import Case
from comity.casework.measure import Measure
from comity.casework.moments import moment_text
from comity.casework.times import conducts
from comity.errors import ComityError
from comity.law import clocks
from comity.law._row import Period
from comity.law.treaty import ClockRule
from comity.ledger import checkpoint
from comity.ledger.log import Proof
from comity.seal import canon, container, envelope, keys, merkle, stream
from comity.seal.container import CadesKey
from comity.wire import calls, directory, exchange, messages, parcel, proofs, transport

NEXT = keys.SigningKey(b"vector: next ed25519 seed of IR ."[:32], b"vector: next ml-dsa-65 seed of IR"[:32])
SIGNERS = [second_keys.Signer("IR", SIGNER.public.ed25519, SIGNER.public.mldsa65, statements.KINDS, AT, UNTIL)]
OPENERS = [second_keys.Opener(OPENER.seed)]


def seconds(moment: datetime) -> int:
    """POSIX seconds."""
    return int(moment.timestamp())


# ------------------------------------------------------------------ each thing, as the one and as the other reads it


def first_receipt(data: bytes):
    """A receipt whose proof leads to the log."""
    found = messages.read_receipt(canon.loads(data, limit=1 << 20), TRUST, now=AT)
    seen = found.proof.check(
        messages.logged_receipt(found.envelope), LOG.origin, bytes.fromhex(LOG.public), dict([WITNESS])
    )
    return found.by, found.to, found.envelope, found.index, seconds(found.at), set(map(seconds, seen.values()))


def second_receipt(data: bytes):
    """The same."""
    word, proof = statements.receipt(plain.read(data, 1 << 20), SIGNERS, AT)
    proof.leads(statements.logged("received", word.envelope), LOG.origin, bytes.fromhex(LOG.public))
    seen = notes.by_witness(proof.note, *WITNESS)
    return word.by, word.to, word.envelope, word.index, seconds(word.at), {seconds(seen)} if seen else set()


def first_word(data: bytes):
    """A later word."""
    word = messages.read_word(spoken.apart(data), TRUST, now=AT)
    found = word.said
    return found.event.value, found.by, word.to, found.envelope, found.at, found.code


def second_word(data: bytes):
    """The same."""
    found = statements.word(data, SIGNERS, AT)
    return found.event, found.by, found.to, found.envelope, seconds(found.at), found.code


def named(*found: bytes) -> list[str]:
    """The names of some bytes."""
    return [canon.content_id(one) for one in found]


def item_of(item):
    """An item of either reader, by names."""
    words = (word.whole() if isinstance(word, envelope.Signed) else word for word in item.evidence)
    return item.number, canon.content_id(item.envelope), list(item.after), named(*words)


def first_offer(data: bytes):
    """An offer, by names."""
    found = exchange.read_offer(data)
    have = found.have and (found.have.got, list(found.have.got_gaps), found.have.sent, list(found.have.sent_gaps))
    return list(map(item_of, found.items)), list(found.ask), have


def second_offer(data: bytes):
    """The same."""
    found = talk.offer(data)
    return list(map(item_of, found.items)), found.ask, found.have


def first_answer(data: bytes):
    """An answer, by names."""
    found = exchange.read_answer(data)
    return ([(one.envelope, one.receipt.whole() if one.receipt else b"", one.later) for one in found.outcomes],
            [word.whole() for word in found.evidence], list(found.missing),
            list(map(item_of, found.items)), [(item_of(own.item), own.statement) for own in found.back])  # fmt: skip


def second_answer(data: bytes):
    """The same."""
    found = talk.answer(data)
    return (found.outcomes, found.evidence, found.missing, list(map(item_of, found.items)),
            [(item_of(item), statement) for item, statement in found.back])  # fmt: skip


def first_statement(data: bytes):
    """An act."""
    found = envelope.verify(data, TRUST, kind="act", at=AT)
    return found.sender, found.to, found.payload


def second_statement(data: bytes):
    """The same."""
    found = statements.statement(data, SIGNERS, {"act"}, AT)
    return found.sender, found.to, found.payload


def first_envelope(data: bytes):
    """What an envelope for Viet Nam holds."""
    found = envelope.unseal(data, home="VN", keys=[OPENER], trust=TRUST, kinds={"act", "call"}, at=AT)
    return found.statement.sender, found.statement.raw


def second_envelope(data: bytes):
    """The same."""
    found = statements.opened(data, "VN", OPENERS, SIGNERS, AT)
    return found.sender, found.raw


def first_note(data: bytes):
    """A checkpoint of the log, and when the witness saw it."""
    note = canon.loads(data, limit=1 << 20)["note"]
    found = checkpoint.check_log(note, LOG.origin, bytes.fromhex(LOG.public))
    return found.size, found.root, set(map(seconds, checkpoint.check_witnesses(note, dict([WITNESS])).values()))


def second_note(data: bytes):
    """The same."""
    note = plain.read(data, 1 << 20)["note"]
    found, seen = notes.by_log(note, LOG.origin, bytes.fromhex(LOG.public)), notes.by_witness(note, *WITNESS)
    return found.size, found.root, {seconds(seen)} if seen else set()


def first_entry(data: bytes):
    """A version of an entry, with what decides which key counts when."""
    found = directory.read_entry(data)
    return (found.digest, found.version, found.fingerprint,
            [(key.id, key.name, key.since, key.until, key.revoked) for key in found.keys], found.threshold)  # fmt: skip


def second_entry(data: bytes):
    """The same."""
    found = entries.entry(data)
    return (found.digest, found.number, entries.fingerprint(found),
            [(key.id, key.name, key.since, key.until, key.revoked) for key in found.keys], found.threshold)  # fmt: skip


def first_next(data: bytes):
    """A version that follows the first one."""
    return directory.succeeds(directory.read_entry(CHAIN[0]), data).digest


def second_next(data: bytes):
    """The same."""
    return entries.follows(entries.entry(CHAIN[0]), data).digest


def first_container(data: bytes):
    """The names and digests in a container of Iran, with its seal and the certificate of the vector."""
    path = SCRATCH / "c.asice"
    path.write_bytes(data)
    with container.open_container(path) as found:
        sealed = envelope.verify(found.read(container.SEAL_NAME, limit=1 << 20), TRUST, kind="container", at=AT)
        if sealed.payload != found.listing() or found.manifest_mismatches():
            raise ComityError("It is not what was signed.", code="listing")
        found.check_cades(CERTIFICATE)
        return [(part.name, part.sha256) for part in found.parts()]


def second_container(data: bytes):
    """The same."""
    found = files.container(data)
    files.sealed(found, SIGNERS, AT)
    files.manifest(found)
    files.cades(found.parts[files.TAIL[1]], found.parts[files.TAIL[0]], CERTIFICATE)
    return [(name, plain.digest(part)) for name, part in found.parts.items()]


SCRATCH = Path("/nonexistent")


@pytest.fixture(scope="module", autouse=True)
def _scratch(tmp_path_factory):
    """A folder for containers, which are read from files."""
    global SCRATCH  # noqa: PLW0603  the readers above take bytes alone
    SCRATCH = tmp_path_factory.mktemp("second")


def first_stream(data: bytes):
    """The plaintext of a stream."""
    return b"".join(stream.decrypt([data], stream.subkey(b"\x07" * 32, "exhibits")))


def second_stream_(data: bytes):
    """The same."""
    return second_stream.opened(data, second_stream.key_of(b"\x07" * 32, "exhibits"))


def first_proofs(data: bytes):
    """Newer proofs, each of which leads to the log."""
    found = proofs.read_answer(data)
    for digest, proof in found.items():
        proof.check(messages.logged_receipt(digest), LOG.origin, bytes.fromhex(LOG.public), dict([WITNESS]))
    return {digest: proof.index for digest, proof in found.items()}


def second_proofs(data: bytes):
    """The same."""
    found = talk.proofs(data)
    for digest, proof in found.items():
        proof.leads(statements.logged("received", digest), LOG.origin, bytes.fromhex(LOG.public))
        notes.by_witness(proof.note, *WITNESS)
    return {digest: proof.index for digest, proof in found.items()}


BOTH = {
    "json": (lambda data: canon.loads(data, limit=1 << 20), lambda data: plain.read(data, 1 << 20)),
    "statement": (first_statement, second_statement), "together": (first_statement, second_statement),
    "envelope": (first_envelope, second_envelope), "receipt": (first_receipt, second_receipt),
    "word": (first_word, second_word), "offer": (first_offer, second_offer), "answer": (first_answer, second_answer),
    "ask": (proofs.read_ask, talk.ask), "proofs": (first_proofs, second_proofs), "note": (first_note, second_note),
    "entry": (first_entry, second_entry), "next": (first_next, second_next),
    "container": (first_container, second_container), "stream": (first_stream, second_stream_),
}  # fmt: skip


def both(what: str, data: bytes) -> tuple[object, object]:
    """What each of the two makes of `data`; None: it is refused. Any other end is a defect of a reader."""
    one, other = BOTH[what]
    try:
        first = (one(data),)
    except ComityError:
        first = None
    try:
        second = (other(data),)
    except Refused:
        second = None
    return first, second


def agreed(what: str, data: bytes) -> object:
    """What both make of it; they must not differ."""
    first, second = both(what, data)
    assert first == second, (what, data[:400])
    return first


# ---------------------------------------------------------------------------------------------------- independence


def test_the_second_reader_is_independent():
    """It imports the standard library, `cryptography` and itself, and nothing of Comity."""
    allowed = set(sys.stdlib_module_names) | {"cryptography", "second"}
    there = list((Path(__file__).parent / "second").glob("*.py"))
    assert len(there) > 5
    for path in there:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert {name.split(".")[0] for name in names} <= allowed, path.name


# ---------------------------------------------------------------------------------------------------------- vectors


@pytest.mark.parametrize("name", ["statement", "together", "envelope", "receipt", "word", "offer", "answer", "proofs"])
def test_both_take_the_vector(name):
    """A frozen thing is taken by both, and means the same to both."""
    assert agreed(name, bytes_of(name)) is not None


def test_the_vectors_say_what_is_expected():
    """What is expected stands in each file, so that a third reader can be held to it."""
    for name in ("statement", "together"):
        expect, _ = vector(name)
        assert second_statement(bytes_of(name)) == (expect["sender"], expect["to"], expect["payload"].encode())
        assert plain.digest(bytes_of(name)) == expect["id"]
        assert SIGNERS[0].id == expect["key_id"]
    expect, _ = vector("envelope")
    assert plain.digest(second_envelope(bytes_of("envelope"))[1]) == expect["id"]
    expect, _ = vector("first-envelope")
    first = bytes_of("first-envelope")
    assert plain.digest(second_envelope(first)[1]) == expect["id"]
    assert first_envelope(first) == second_envelope(first)
    expect, _ = vector("receipt")
    by, to, digest, index, at, seen = second_receipt(bytes_of("receipt"))
    assert (by, to, digest, index) == (expect["by"], expect["to"], expect["envelope"], expect["index"])
    assert {at} == seen == {seconds(datetime.fromisoformat(expect["seen"]))}
    expect, _ = vector("word")
    assert second_word(bytes_of("word")) == (
        expect["event"], expect["by"], expect["to"], expect["envelope"],
        seconds(datetime.fromisoformat(expect["at"])), expect["code"],
    )  # fmt: skip
    expect, given_ = vector("proofs")
    assert second_proofs(bytes_of("proofs")) == expect["proofs"]
    assert agreed("ask", given_["ask"].encode()) == (expect["ask"],)


def test_the_vectors_of_the_exchange_say_what_is_expected():
    """Every field of an offer and of an answer, in either form."""
    offers_and_answers("offer", "answer")
    offers_and_answers("first-offer", "first-answer")


def offers_and_answers(offer: str, answer: str) -> None:
    """Every field of these."""
    expect, _ = vector(offer)
    items, ask, have = second_offer(bytes_of(offer))
    assert [list(item[:3]) for item in items] == expect["items"]
    assert (ask, list(have)) == (expect["ask"], expect["have"])
    expect, _ = vector(answer)
    outcomes, evidence, missing, items, back = second_answer(bytes_of(answer))
    assert [[digest, plain.digest(word) if word else "", later] for digest, word, later in outcomes] == expect[
        "outcomes"
    ]
    assert (named(*evidence), missing) == (expect["evidence"], expect["missing"])
    assert list(map(list, items)) == expect["items"]
    assert [[*item[:2], item[3], plain.digest(statement)] for item, statement in back] == expect["back"]


def test_the_vector_of_an_entry():
    """Two versions; the second follows by rotation, and not the other way round."""
    expect, _ = vector("entry")
    found = [agreed("entry", data)[0] for data in CHAIN]
    assert [one[0] for one in found] == expect["digests"]
    assert [one[2] for one in found] == expect["fingerprints"]
    assert agreed("next", CHAIN[1]) == (expect["digests"][1],)
    assert agreed("next", CHAIN[0]) is None
    assert entries.chains(CHAIN)["IR"].digest == expect["digests"][1]


RULE = ClockRule(
    "safe-conduct", (Measure.APPEARANCE,), Period(15, "day"), least=True, bearer="requesting", extendable=False,
    provision="uncc:40(29)",
)  # fmt: skip


def first_conduct(acts: list[str], zone: str) -> dict[str, tuple[str, str]]:
    """What the acts say of each person, as Comity counts it."""
    read = [Act.from_dict(json.loads(act), id=f"{number:064x}") for number, act in enumerate(acts)]
    found = {}
    for one in conducts(Case("IR-2026-0002", "IR", "VN", Measure.APPEARANCE, acts=tuple(read))):
        due = clocks.conduct(one, RULE, ZoneInfo(zone))
        if one.ended:
            found[one.person] = (one.ended.body["how"], one.ended.body["ended_at"])
        else:
            found[one.person] = ("stands", moment_text(due.stopped)) if due.stopped else ("runs", moment_text(due.due))
    return found


def test_the_vector_of_safe_conduct():
    """Both count it alike, from the acts alone."""
    expect, given_ = vector("conduct")
    expected = {person: tuple(said) for person, said in expect.items()}
    assert first_conduct(given_["acts"], given_["zone"]) == expected
    acts = [plain.read(act.encode(), 1 << 20) for act in given_["acts"]]
    assert conduct.standings(acts, given_["days"], given_["zone"]) == expected


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["told", "hindered", "lasts"]),
                          st.integers(0, 1_500), st.integers(1, 300), st.integers(0, 40)), max_size=9),
       st.sampled_from(["Asia/Tehran", "Asia/Ho_Chi_Minh", "America/New_York", "Pacific/Apia"]))  # fmt: skip
def test_both_count_safe_conduct_alike(said, zone):
    """Whoever is told, hindered and told again, whenever: the two end at the same second, or stand since the same."""
    _, given_ = vector("conduct")
    acts, told = [], {}
    for person, what, since, long, days in said:
        begun, over = (moment_text(AT + timedelta(hours=hour)) for hour in (since, since + long))
        act = json.loads(given_["acts"][0 if what == "told" else 2])
        if what == "told":
            told[person] = max(told.get(person, ""), begun)
            act["body"] = act["body"] | {"told_at": told[person], "days": days, "agreed": "x" if days else ""}
        elif person in told and begun >= told[person]:
            act["body"] = act["body"] | {"since": begun, "until": over if what == "hindered" else ""}
        else:
            continue
        act["body"]["person"] = person
        acts.append(canon.dumps(act).decode())
    assert conduct.standings([json.loads(act) for act in acts], 15, zone) == first_conduct(acts, zone)


def test_the_vectors_of_files():
    """A container with its listing, and a stream."""
    expect, _ = vector("container")
    assert agreed("container", bytes_of("container")) is not None
    assert files.container(bytes_of("container")).listing.decode() == expect["listing"]
    expect, given_ = vector("stream")
    assert agreed("stream", bytes.fromhex(given_["stream"])) == (expect["plain"].encode(),)
    assert second_stream.key_of(bytes.fromhex(given_["content_key"]), given_["name"]).hex() == expect["key"]


def test_the_vectors_of_notes():
    """The checkpoint, the cosignature and the path of before; the signature of a request."""
    expect, given_ = vector("checkpoint")
    found = notes.by_log(expect["note"], given_["origin"], bytes.fromhex(given_["public"]))
    assert (found.size, found.root.hex()) == (given_["size"], given_["root"])
    saw, seen = vector("cosignature")
    assert notes.by_witness(expect["note"] + saw["line"], seen["name"], bytes.fromhex(seen["public"])) == (
        datetime.fromisoformat(saw["seen"])
    )
    expect, given_ = vector("inclusion")
    path = [bytes.fromhex(step) for step in expect["path"]]
    leaf = tree.leaf(bytes.fromhex(given_["leaves"][given_["index"]]))
    assert tree.root(leaf, given_["index"], given_["size"], path).hex() == expect["root"]
    expect, given_ = vector("hop")
    assert hops(given_["headers"], given_["uri"]) == ((expect["state"],), (expect["state"],))


def hops(headers: dict, uri: str) -> tuple[object, object]:
    """Whose node signed a request with these headers, as both say."""
    given_ = vector("hop")[1]
    body, public, at = given_["body"].encode(), bytes.fromhex(given_["public"]), given_["at"]
    try:
        first = (transport.check_hop("POST", uri, headers, body, keys_of=lambda state: [public] if state == "IR" else [],
                                     at=datetime.fromtimestamp(at, UTC)),)  # fmt: skip
    except ComityError:
        first = None
    try:
        second = (talk.hop("POST", uri, headers, body, {"IR": public}, at),)
    except Refused:
        second = None
    return first, second


REFUSED = vector("refused")


@pytest.mark.parametrize("name", REFUSED[1])
def test_both_refuse_the_vector(name):
    """What must be refused is refused by both, by Comity with the code that stands there."""
    given_ = REFUSED[1][name]
    data = canon.unb64(given_["data"])
    with pytest.raises(ComityError) as error:
        BOTH[given_["as"]][0](data)
    assert error.value.code == REFUSED[0][name]
    with pytest.raises(Refused):
        BOTH[given_["as"]][1](data)


# --------------------------------------------------------------------------------------------------- changed things

ODD = [None, True, False, 0, 1, -1, 2, 2**53 - 1, "", "IR", "VN", "QA", "act", "receipt", "call", "AAAA", "0" * 64, "AB" * 32,
       "2026-11-24T09:00:00Z", "2026-11-24T12:30:00+03:30", "2026-11-24", "2026-13-24T09:00:00Z", "2026-11-24T09:00:00.0Z",
       "1899-12-31T23:59:59Z", "2199-12-31T23:59:59Z", [], {}, [1], {"a": ""}, "é", "\x7f", "\x00", "a b", "a+b", "شهر",
       "x" * 201,
       "https://", "http://x", "a" * 63]  # fmt: skip


def places(value, path=()):
    """Every place in a value, as a path from the outside."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*path, key))


def mutated(value, chance: random.Random):
    """A value with one thing in it changed, exchanged, added, doubled or left out."""
    value = json.loads(json.dumps(value))
    path = chance.choice([path for path in places(value) if path] or [()])
    if not path:
        return chance.choice(ODD)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    key, how = path[-1], chance.randrange(8)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), holder[key])
    elif how == 2 and isinstance(holder, dict):
        holder[chance.choice(["", "x", "payload", "é"])] = chance.choice(ODD)
    elif how == 3:
        other = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        holder[key], holder[other] = holder[other], holder[key]
    elif how == 4 and isinstance(holder[key], str) and holder[key]:
        place = chance.randrange(len(holder[key]))
        holder[key] = holder[key][:place] + chance.choice(["", "A", "=", "é", " ", "0"]) + holder[key][place + 1 :]
    elif how == 5 and type(holder[key]) is int:
        holder[key] += chance.choice([-1, 1, 2, 300])
    else:
        holder[key] = chance.choice(ODD)
    return value


def cut(data: bytes, chance: random.Random) -> bytes:
    """Bytes with a bit, a byte or a piece changed."""
    one, other = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    raw = bytearray(data)
    how = chance.randrange(6)
    if how == 0 and one < len(raw):
        raw[one] ^= 1 << chance.randrange(8)
    elif how == 1:
        del raw[one : one + chance.choice([1, 2, 40])]
    elif how == 2:
        raw[one:one] = chance.choice([b" ", b"\n", b"\0", b'"', b"{", b"\xff", b"\\u0061", bytes(raw[one : one + 9])])
    elif how == 3:
        raw[one : one + 8], raw[other : other + 8] = raw[other : other + 8], raw[one : one + 8]
    elif how == 4:
        del raw[other:]
    elif one < len(raw):
        raw[one] = chance.choice(b'0aA"}{]:,')
    return bytes(raw)


def said_anew(kind: str, payload, to: str) -> bytes:
    """A payload, rightly signed."""
    return envelope.sign(kind, plain.write(payload), sender="IR", to=to, key=SIGNER)


def entry_anew(payload, *signing: keys.SigningKey) -> bytes:
    """A version of an entry, rightly signed by some keys."""
    raw = plain.write(payload)
    made = [plain.read(envelope.sign("entry", raw, sender="IR", to="", key=key), 1 << 20) for key in signing]
    return plain.write({
        "comity": "entry/2", "payload": canon.b64(raw),
        "statements": [{name: value for name, value in one.items() if name != "payload"} for one in made],
    })  # fmt: skip


def payload_of(data: bytes):
    """What a statement, or an entry, says."""
    return plain.read(plain.binary(plain.read(data, 1 << 20)["payload"]), 1 << 20)


WORDS = payload_of(bytes_of("word"))
RECEIPT = plain.read(bytes_of("receipt"), 1 << 20)
VERSIONS = [payload_of(data) for data in CHAIN]
NOTE = {"note": RECEIPT["proof"]["note"]}


def with_receipt(chance: random.Random) -> bytes:
    """A receipt whose signed words or whose proof is changed."""
    signed = plain.write(RECEIPT["receipt"])
    if chance.random() < 0.5:
        signed = said_anew("receipt", mutated(payload_of(signed), chance), "")
        return plain.write(RECEIPT | {"receipt": plain.read(signed, 1 << 20)})
    return plain.write(mutated(RECEIPT, chance))


def note_lines(chance: random.Random) -> bytes:
    """A note with its lines cut, doubled or exchanged."""
    lines = NOTE["note"].split("\n")
    one, other = (chance.randrange(len(lines)) for _ in range(2))
    how = chance.randrange(4)
    if how == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif how == 1:
        lines.insert(one, lines[other])
    elif how == 2:
        lines[one] = lines[one].replace(" ", chance.choice(["  ", "\t", "+"]), 1)
    else:
        lines[one] = chance.choice(["", "3", "03", "-1", "+4", str(1 << 63), "QUFB", lines[one] + " ", lines[one][:-1]])
    return plain.write({"note": "\n".join(lines)})


SMALL_OFFER = parts_of(bytes_of("offer"))[0]
SMALL_OFFER["items"][0]["envelope"] = 3
FIRST_OFFER, FIRST_ANSWER = (plain.read(bytes_of(name), 1 << 20) for name in ("first-offer", "first-answer"))
FIRST_OFFER["items"][0]["envelope"] = "YWJj"
SMALL_ANSWER = parts_of(bytes_of("answer"))[0]
BARE = b'{"ed25519":"","mldsa65":""}'
SMALL_WORD = {"signatures": 0, "word": len(BARE)}
SMALL_ANSWER["signatures"] = [{"ed25519": "AAAA", "mldsa65": "AAAA"}]
for _item in (*SMALL_ANSWER["items"], *(own["item"] for own in SMALL_ANSWER["back"])):
    _item["envelope"], _item["evidence"] = 3, [SMALL_WORD]
SMALL_ANSWER["outcomes"][0]["receipt"] = SMALL_ANSWER["evidence"][0] = SMALL_WORD
SMALL_ANSWER["back"][0]["statement"] = 3
RUNS = {
    "offer": b"abc",
    "answer": b"abc" + BARE + b"def" + BARE + b"abc" + BARE + BARE,
}  # back, evidence, items, outcomes


def framed(head, runs: bytes) -> bytes:
    """A head and its bytes."""
    return plain.write(head) + b"\n" + runs


def reframed(what: str, head, chance: random.Random) -> bytes:
    """An offer or an answer with another head, and now and then with other bytes behind it."""
    return framed(head, cut(RUNS[what], chance) if chance.random() < 0.2 else RUNS[what])


def other_envelope(chance: random.Random) -> bytes:
    """The frozen envelope with its head changed."""
    head, sealed = parts_of(bytes_of("envelope"))
    return framed(mutated(head, chance), sealed)


MOMENTS = ["", "2026-11-24T09:00:00Z", "2026-11-24T09:00:01Z", "2026-12-24T09:00:00Z", "2026-12-24T09:00:01Z",
           "2027-01-01T00:00:00Z", "2031-11-24T09:00:00Z", "2031-11-24T09:00:01Z"]  # fmt: skip


def redated(chance: random.Random):
    """The second version with a date of one of its keys set anew."""
    value = json.loads(json.dumps(VERSIONS[1]))
    chance.choice(value["keys"])[chance.choice(["since", "until", "revoked", "revoked"])] = chance.choice(MOMENTS)
    return value


CHANGES = {
    "json": lambda chance: chance.choice([
        cut(plain.write(SMALL_ANSWER), chance), plain.write(mutated(VERSIONS[0], chance)),
        json.dumps(mutated(WORDS, chance), ensure_ascii=chance.random() < 0.5, separators=(",", ":")).encode(),
    ]),
    "statement": lambda chance: chance.choice([
        cut(bytes_of("statement"), chance), plain.write(mutated(plain.read(bytes_of("statement"), 1 << 20), chance)),
        said_anew(chance.choice(["act", "call"]), mutated(WORDS, chance), chance.choice(["VN", "", "IR"])),
    ]),
    "together": lambda chance: plain.write(mutated(plain.read(bytes_of("together"), 1 << 20), chance)),
    "envelope": lambda chance: chance.choice([
        cut(bytes_of("envelope"), chance), other_envelope(chance),
        envelope.seal(cut(bytes_of("statement"), chance), to="VN", key=OPENER.public),
        envelope.seal(said_anew(chance.choice(["act", "call", "receipt"]), WORDS, chance.choice(["VN", "", "QA"])),
                      to=chance.choice(["VN", "VN", "QA"]), key=OPENER.public),
    ]),
    "receipt": with_receipt,
    "word": lambda chance: said_anew(chance.choice(["receipt"] * 5 + ["act"]), mutated(WORDS, chance), ""),
    "offer": lambda chance: chance.choice([
        reframed("offer", mutated(SMALL_OFFER, chance), chance), plain.write(mutated(FIRST_OFFER, chance)),
    ]),
    "answer": lambda chance: chance.choice([
        reframed("answer", mutated(SMALL_ANSWER, chance), chance), plain.write(mutated(FIRST_ANSWER, chance)),
    ]),
    "ask": lambda chance: plain.write(mutated({"prove": ["ab" * 32, "cd" * 32]}, chance)),
    "proofs": lambda chance: plain.write(mutated(plain.read(bytes_of("proofs"), 1 << 20), chance)),
    "note": lambda chance: chance.choice([note_lines(chance), plain.write(NOTE)]),
    "entry": lambda chance: chance.choice([
        cut(CHAIN[1], chance), plain.write(mutated(plain.read(CHAIN[1], 1 << 20), chance)),
        entry_anew(mutated(VERSIONS[0], chance), SIGNER), entry_anew(mutated(VERSIONS[1], chance), NEXT, SIGNER),
    ]),
    "next": lambda chance: entry_anew(
        redated(chance) if chance.random() < 0.4 else mutated(VERSIONS[1], chance),
        *chance.choice([(NEXT, SIGNER), (NEXT, SIGNER), (NEXT,)]),
    ),
    "container": lambda chance: cut(bytes_of("container"), chance),
    "stream": lambda chance: cut(bytes.fromhex(vector("stream")[1]["stream"]), chance),
}  # fmt: skip
TRIED = 60  # times four changed things of each sort


@pytest.mark.parametrize("what", CHANGES)
def test_both_take_the_same_of_what_was_changed(what):
    """Bits, pieces, fields and values changed, also under right signatures: accepted by both or by none, with one meaning."""
    found = Counter()

    @settings(max_examples=TRIED, deadline=None)
    @given(st.integers(0, 2**64 - 1))
    def changed(seed):
        chance = random.Random(seed)
        for _ in range(4):
            found[agreed(what, CHANGES[what](chance)) is not None] += 1

    changed()
    assert found[False] > TRIED // 2
    if what not in ("container", "stream", "together"):  # there everything is bound to everything
        assert found[True] > 3, found


def test_both_take_the_same_headers():
    """The signature of a request with its headers cut and changed."""
    given_ = vector("hop")[1]
    found = Counter()
    chance = random.Random(7)
    for _ in range(1500):
        name = chance.choice(list(given_["headers"]))
        data = cut(given_["headers"][name].encode(), chance).decode("utf-8", "replace")
        first, second = hops(given_["headers"] | {name: data}, given_["uri"])
        assert first == second, (name, data)
        found[first is not None] += 1
    assert found[False] > 1000


def test_both_follow_the_same_proofs():
    """Inclusion and consistency in all trees of up to 20 leaves, with every proof right, cut, and of other sizes."""
    leaves = [tree.leaf(bytes([number])) for number in range(20)]
    get = merkle.tree(leaves)
    roots = [merkle.root(size, get) for size in range(21)]
    tried = Counter()
    for old in range(21):
        for new in range(max(old, 1), 21):
            proof = merkle.consistency(old, new, get) if old else []
            for said, sizes in ((proof, (old, new)), (proof[:-1], (old, new)), ([*proof, roots[1]], (old, new)),
                                (proof, (old, new - 1)), (proof, (old + 1, new)), (proof[::-1], (old, new))):  # fmt: skip
                outcomes = set()
                for check, wrong in ((merkle.check_consistency, ComityError), (tree.consistent, Refused)):
                    try:
                        check(*sizes, roots[old], roots[new], said)
                        outcomes.add("taken")
                    except wrong:
                        outcomes.add("refused")
                assert len(outcomes) == 1, (sizes, said is proof)
                tried[outcomes.pop()] += 1
    assert tried["taken"] >= 210
    assert tried["refused"] > 400


# ----------------------------------------------------------------------------------------------- what real nodes left


def test_all_that_real_nodes_left(tmp_path_factory):
    """One exercise between two States and a witness: every envelope, receipt, later word, proof, entry, checkpoint and file."""
    root = tmp_path_factory.mktemp("real")
    (root / "given").mkdir()
    (root / "given" / "نامه.txt").write_bytes(b"evidence")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COMITY_HOME", "DJANGO"))}
    command = [str(Path(sys.executable).with_name("comity")), "demo", "--once", "--evidence", str(root / "given")]
    command += ["--out", str(root / "out"), "--home", str(root / "home")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, env=clean)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    read_all(root)


def read_all(root: Path) -> None:
    """Read what an exercise left in `root`, with both readers."""
    versions = {
        state: entries.entry((root / "home" / state / "entry.json").read_bytes()) for state in ("IR", "VN", "QA")
    }
    firsts = {state: directory.read_entry((root / "home" / state / "entry.json").read_bytes()) for state in versions}
    found = Counter()
    for state, own in versions.items():
        base = sqlite3.connect(f"file:{root / 'home' / state / 'db.sqlite3'}?mode=ro", uri=True)
        read_letters(root, base, state, versions, firsts, found)
        read_log(base, own, versions.values(), found)
        for (data,) in base.execute("select data from node_entryversion"):
            assert entries.entry(bytes(data)).digest == directory.read_entry(bytes(data)).digest
            found["entry"] += 1
        base.close()
    for place, acts in (("IR", "requested"), ("VN", "executed")):
        assert files.case(files.container((root / "out" / place / "case.asice").read_bytes())) > 10, acts
    bag = files.container((root / "out" / "evidence.asice").read_bytes())
    assert files.bag(bag)["from"] == "VN"
    key = plain.read((root / "out" / "IR" / "evidence.key").read_bytes().rstrip(b"\n"), 4096)["key"]
    secret = files.content_key(bag, opener_of(root, "IR"))
    assert secret.hex() == key
    assert files.exhibits(bag, secret)
    assert min(found[what] for what in ("arrival", "departure", "receipt", "word", "checkpoint", "entry")) > 3, found


def opener_of(root: Path, state: str) -> second_keys.Opener:
    """A State's opening key."""
    return second_keys.Opener(
        bytes.fromhex(json.loads((root / "home" / state / "keys" / "opening.key").read_text())["seed"])
    )


def read_letters(root: Path, base, state: str, versions, firsts, found: Counter) -> None:
    """Every envelope that came or went, and every signed word about it, by both readers."""
    signers = [signer for version in versions.values() for signer in entries.signers(version)]
    first_trust = directory.trust_in(firsts.values())
    kept, of = "select k.data, a.id,", "join node_kept k on k.digest = a.digest"
    rows = [("arrival", *row) for row in base.execute(f"{kept} a.at, a.hop from node_arrival a {of}")]
    rows += [("departure", *row) for row in base.execute(f"{kept} a.made_at, a.peer from node_departure a {of}")]
    pairs = {digest: bytes(data).decode().split() for digest, data in base.execute("select digest, data from node_kept")
             if len(bytes(data).split()) == 2}  # fmt: skip
    for what, data, row, moment, other in rows:
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        to, by = (state, state) if what == "arrival" else (other, other)
        held = statements.opened(bytes(data), to, [opener_of(root, to)], signers, at)
        keys_ = [keys.OpeningKey(opener_of(root, to).seed)]
        again = envelope.unseal(bytes(data), home=to, keys=keys_, trust=first_trust, kinds={"act", "call"}, at=at)
        assert again.statement.raw == held.raw
        found[what] += 1
        about = f"select pair, bare from node_word where {what}_id = ? order by place"
        for pair, bare in base.execute(about, (row,)):
            raw = bare
            for name, half in zip(("ed25519", "mldsa65"), pairs[pair], strict=True):
                raw = raw.replace(f'"{name}":""'.encode(), f'"{name}":"{half}"'.encode())
            said = plain.read(raw, 1 << 20)
            if "proof" in said:
                word, proof = statements.receipt(said, signers)
                entries.in_log(proof, statements.logged("received", word.envelope), versions[by], versions.values())
                found["receipt"] += 1
            else:
                word = statements.word(raw, signers)
                found["word"] += 1
            first = messages.read_word(spoken.apart(raw), first_trust)
            assert (word.by, word.to, word.envelope) == (by, first.to, plain.digest(bytes(data)))
            told = first.said
            assert (told.event.value, told.by, told.envelope, told.at, told.code) == (
                word.event, word.by, word.envelope, seconds(word.at), word.code)  # fmt: skip


def read_log(base, home: entries.Version, others, found: Counter) -> None:
    """The log of a node: every head that it ever signed is the root of its leaves, computed anew."""
    leaves = [bytes(row[0]) for row in base.execute('select hash from node_lognode where level = 0 order by "index"')]

    def root(some: list[bytes]) -> bytes:
        if len(some) == 1:
            return some[0]
        split = 1 << (len(some) - 1).bit_length() - 1
        return tree.node(root(some[:split]), root(some[split:]))

    for size, note in base.execute("select size, note from node_checkpoint"):
        head = notes.by_log(note, home.of("log")[0].name, *home.of("log")[0].parts)
        assert (head.size, head.root) == (size, root(leaves[:size]))
        for other in others:
            for key in other.of("witness"):
                notes.by_witness(note, key.name, *key.parts)
        found["checkpoint"] += 1


# ---------------------------------------------------------------------------------------------------------- parcels

CADES = CadesKey.generate("Comity IR", not_before=AT, not_after=UNTIL)
HEAD = {"comity": "parcel/2", "from": "IR", "to": "VN", "at": "2026-11-24T09:00:00Z", "greets": "", "greeted": ""}
GREETING = {"items": [], "ask": [], "have": {"got": 1, "got_gaps": [], "sent": 2, "sent_gaps": [1]}}
ANSWER = {"outcomes": [], "evidence": [], "missing": [], "items": [], "back": [], "signatures": []}


def packed(parts: list[tuple[str, bytes]], to: str = "VN") -> bytes:
    """A container of Iran with these parts."""
    path = SCRATCH / "p.parcel"
    container.write(path, parts, cades=CADES, at=AT,
                    seal=lambda listing: envelope.sign("container", listing, sender="IR", to=to, key=SIGNER))  # fmt: skip
    return path.read_bytes()


def a_parcel(chance: random.Random) -> bytes:
    """A parcel, with something in its head, in a part or among its names changed; or nothing."""
    greets = chance.random() < 0.3
    word = "ab" * 16
    first = chance.random() < 0.3
    head = HEAD | {"greets": word if greets else "", "greeted": chance.choice(["", word])}
    head |= {"comity": "parcel/1"} if first != (chance.random() < 0.05) else {}
    answer, offer = (FIRST_ANSWER, FIRST_OFFER) if first else (SMALL_ANSWER, SMALL_OFFER)
    answers = chance.choice([[], [ANSWER], [answer, ANSWER]])
    offers = [GREETING] if greets else chance.choice([[], [offer | {"have": None}], [offer | {"have": None}] * 2])
    end, parts = ("json" if first else "bin"), [("parcel.json", plain.write(head))]
    parts += [
        (
            f"answers/{number:06}.{end}",
            plain.write(one) if first else framed(one, RUNS["answer"] if one is answer else b""),
        )
        for number, one in enumerate(answers, 1)
    ]
    parts += [
        (
            f"offers/{number:06}.{end}",
            plain.write(one) if first else framed(one, b"" if one is GREETING else RUNS["offer"]),
        )
        for number, one in enumerate(offers, 1)
    ]
    parts += [(f"evidence/{plain.digest(one)}.asice", one) for one in chance.choice([[], [b"a bag"], [b"one", b"two"]])]
    place, how = chance.randrange(len(parts)), chance.randrange(8)
    name, data = parts[place]
    if how == 0 and name.endswith((".json", ".bin")):
        head, feed, runs = data.partition(b"\n")  # of the first form, and of parcel.json, there is nothing behind
        parts[place] = (name, plain.write(mutated(plain.read(head, 1 << 20), chance)) + feed + runs)
    elif how == 1:
        parts[place] = (
            chance.choice(["offers/000002.bin", "x", "evidence/x.asice", "answers/1.bin", name.upper()]),
            data,
        )
    elif how == 2:
        del parts[place]
    elif how == 3:
        parts.insert(place, parts.pop())
    elif how == 4:
        parts[place] = (name, data + b" ")
    parts = list(dict(parts).items()) or [("x", b"")]
    return packed(parts, chance.choice(["VN"] * 9 + ["QA"]))


def test_both_take_the_same_parcels():
    """Heads, names, order, offers and answers of parcels, all under right signatures: the same is taken by both."""
    chance, found = random.Random(3), Counter()
    path = SCRATCH / "q.parcel"
    for _ in range(90):
        data = a_parcel(chance)
        path.write_bytes(data)
        try:
            with parcel.Parcel(path, home="VN") as opened:
                opened.check(TRUST, at=AT)
                first = (list(opened.answers()), list(opened.offers()))
        except ComityError:
            first = None
        try:
            second = files.parcel(files.container(data), "VN", SIGNERS, AT)
        except Refused:
            second = None
        assert (first is None) == (second is None), files.container(data).parts.keys()
        if first and second:
            assert [list(map(item_of, one.items)) for one in first[1]] == [
                list(map(item_of, one.items)) for one in second[1]
            ]
            assert [[word.whole() for word in one.evidence] for one in first[0]] == [one.evidence for one in second[0]]
        found[first is not None] += 1
    assert min(found[True], found[False]) > 20, found


def test_what_is_signed_never_makes_a_reader_fall_over():
    """Whatever a State signs rightly, as an act, a call, a word or a receipt: it is read, or refused by name."""
    chance, found = random.Random(5), Counter()
    asked = {"form": "asked", "id": "0f" * 16, "caller": "", "at": "2026-11-24T09:00:00Z", "due": "2026-11-24T09:30:00Z",
             "urgency": "urgent", "question": ""}  # fmt: skip
    given_ = {"form": "answered", "asked": "ab" * 32, "officer": "tran", "name": "Tran V.", "at": "2026-11-24T09:04:00Z",
              "text": ""}  # fmt: skip
    act = {"act": "asked", "after": "", "at": "2026-11-24T09:00:00Z", "body": {"fields": ["facts"], "questions": "?"},
           "by": "IR", "case": "IR-2026-0002", "exercise": True, "name": "N", "officer": "o", "power": "decide",
           "salt": ""}  # fmt: skip
    for kind, payload, read in (
        ("act", act, messages.read_act),
        ("call", asked, calls.read),
        ("call", given_, calls.read),
    ):
        for _ in range(600):
            said = envelope.Statement(kind, "IR", "VN", plain.write(mutated(payload, chance)), b"raw", "key")
            try:
                read(said)
                found["taken"] += 1
            except ComityError:
                found["refused"] += 1
    assert min(found.values()) > 200, found


# ---------------------------------------------------------------------------------- the comparison notices a weakness


def _first_half(key, message, signature):
    keys.note_check(key.ed25519, message, signature.ed25519)


def _any_json(data, *, limit, values=None):
    return json.loads(data)


def _any_kind(data, raw, trusted, kinds, at, right=envelope._verified):
    return right(data, raw, trusted, envelope.KINDS, at)


WEAK = {
    "one signature of the two": ("statement", keys.VerifyKey, "check", _first_half),
    "any kind": ("word", envelope, "_verified", _any_kind),
    "any JSON": ("json", canon, "loads", _any_json),
    "fields that nobody knows": ("offer", canon, "fields", lambda value, *names: value),
    "any number": ("offer", exchange, "_number", lambda raw, least: raw),
    "any base64": ("answer", canon, "unb64", lambda text: __import__("base64").b64decode(text)),
    "any time in a word": ("word", messages, "_strict", datetime.fromisoformat),
    "a path of any length": (
        "together",
        merkle,
        "root_by",
        lambda leaf, index, size, path: merkle.node_hash(leaf, leaf),
    ),
    "any succession": ("next", directory, "_rotates", lambda old, new, signers: True),
    "a rewritten history": ("next", directory, "_keeps", lambda before, after, issued: None),
    "an unknown meaning of an entry": ("entry", directory.Entry, "digest", "0" * 64),
    "gaps in a container": ("container", container, "read_entries", None),
}


@pytest.mark.parametrize("name", WEAK)
def test_the_comparison_notices(name, monkeypatch):
    """A weakness that is planted in the first reader shows as a difference on vectors or changed things."""
    what, owner, attribute, weak = WEAK[name]
    if weak is None:
        right = container.read_entries
        monkeypatch.setattr(container, attribute, lambda file: right(_repaired(file)))
    else:
        monkeypatch.setattr(owner, attribute, weak)
        envelope._check.cache_clear()
    chance = random.Random(11)
    cases = [(what, CHANGES[what](chance)) for _ in range(120)]
    cases += [(given_["as"], canon.unb64(given_["data"])) for given_ in REFUSED[1].values()]
    cases += [("together", bytes_of("together")), ("container", bytes_of("container")[:-1] + b"\x01")]
    envelope._check.cache_clear()
    assert any(_differ(*case) for case in cases)
    envelope._check.cache_clear()


def _differ(what: str, data: bytes) -> bool:
    try:
        first, second = both(what, data)
    except (ValueError, TypeError, KeyError, AttributeError):
        return True  # it falls over where the second one refuses
    return first != second


def _repaired(file):
    """Let the end of a file be what it should be."""
    from io import BytesIO

    return BytesIO(file.read()[:-1] + b"\x00")


def test_proofs_of_another_place():
    """A `Proof` of each reader with another index leads nowhere."""
    word, proof = statements.receipt(RECEIPT, SIGNERS, AT)
    logged = statements.logged("received", word.envelope)
    public = bytes.fromhex(LOG.public)
    for index in (0, 1, 3, 4, -1):
        with pytest.raises(Refused):
            notes.Proof(index, proof.path, proof.note).leads(logged, LOG.origin, public)
        with pytest.raises(ComityError):
            Proof(index, tuple(proof.path), proof.note).check(logged, LOG.origin, public, {})
