"""Nothing that was changed is taken, and nothing that was signed as one thing is taken as another.

Every bit of everything that is signed or sealed is flipped, every cut is made, every pair of fields exchanged or doubled; the
number of what was tried stands beside each zero. In the long fields, which are one number each, the suite takes one bit in
some; all of them are taken by

    .venv/bin/python tests/test_tamper.py --full [NAME …]
"""

import base64
import json
import sys
import time
from datetime import UTC, datetime
from functools import partial
from itertools import permutations

import pytest
import spoken
from frozen import AT, CERTIFICATE, CHAIN, LOG, OPENER, SIGNER, TRUST, WITNESS, bytes_of, parts_of, vector

from comity.errors import BrokenProof, ComityError
from comity.ledger import checkpoint
from comity.ledger.log import ACT, RECEIVED, entry
from comity.seal import canon, container, envelope, keys, merkle
from comity.seal.envelope import KINDS
from comity.wire import bag, directory, exchange, messages, parcel, transport
from comity.wire.exchange import Event, Evidence

NOTE_SEED, WITNESS_SEED = (bytes.fromhex(vector(name)[1]["seed"]) for name in ("checkpoint", "cosignature"))
LOG_KEY, WITNESS_KEY = keys.NoteKey(LOG.origin, NOTE_SEED), keys.NoteKey(LOG.witness, WITNESS_SEED)
STRIDE = 31  # of the bits of a long field, one in so many is flipped in the suite
LONG = 120  # letters from which on a text is a long field: signatures, ciphertexts, keys


# ---------------------------------------------------------------------------------------------------- what is tampered


def take_statement(data: bytes) -> None:
    """Take an act."""
    envelope.verify(data, TRUST, kind="act", at=AT)


def take_envelope(data: bytes) -> None:
    """Take an envelope for Viet Nam."""
    envelope.unseal(data, home="VN", keys=[OPENER], trust=TRUST, kinds={"act", "call"}, at=AT)


def seen(note: str) -> None:
    """A head counts when the witness saw it: a line that nobody knows is ignored, and must not be what is missing."""
    if not checkpoint.check_witnesses(note, dict([WITNESS])):
        raise BrokenProof("No witness saw it.", code="unseen")


def take_receipt(data: bytes) -> None:
    """Take a receipt whose proof leads to a head that a witness saw."""
    found = messages.read_receipt(canon.loads(data, limit=1 << 20), TRUST, now=AT)
    found.proof.check(messages.logged_receipt(found.envelope), LOG.origin, bytes.fromhex(LOG.public), dict([WITNESS]))
    seen(found.proof.note)


def take_word(data: bytes) -> None:
    """Take a later word."""
    spoken.evidence(data, TRUST, now=AT)


def take_note(data: bytes) -> None:
    """Take a checkpoint that a witness saw."""
    try:
        note = data.decode()
    except UnicodeDecodeError as error:
        raise BrokenProof("It is no text.", code="witness.form") from error
    checkpoint.check_log(note, LOG.origin, bytes.fromhex(LOG.public))
    seen(note)


def take_entry(data: bytes) -> None:
    """Take an entry."""
    directory.read_entry(data, at=AT)


def take_next(data: bytes) -> None:
    """Take the version that follows."""
    directory.succeeds(FIRST, data)


def take_offer(data: bytes) -> None:
    """Take an offer under the signature of the request that brought the true one."""
    transport.check_hop("POST", URI, HOP, data, keys_of=lambda _: [LOG_KEY.public], at=AT)
    exchange.read_offer(data)


FIRST = directory.read_entry(CHAIN[0])
NOTE = json.loads(bytes_of("receipt"))["proof"]["note"].encode()
URI = "https://192.0.2.7:8442/exchange"
OFFER = exchange.dumps(exchange.Offer((exchange.Item(7, bytes_of("envelope")[:600], ("ab" * 32,)),), ("cd" * 32,)))
HOP = transport.hop_headers("POST", URI, OFFER, state="IR", key=LOG_KEY, at=AT)

# What is tampered with, what takes it, and another good one of the same sort, whose fields are put into it.
SIGNED = envelope.sign("act", b'{"said":"another"}', sender="IR", to="VN", key=SIGNER)
OTHER = Evidence(Event.CONTENT_CONSIGNMENT, "IR", "ef" * 32, int(AT.timestamp()))
THINGS = {
    "statement": (bytes_of("statement"), take_statement, SIGNED),
    "one of several": (bytes_of("together"), take_statement, bytes_of("statement")),
    "envelope": (bytes_of("envelope"), take_envelope, envelope.seal(SIGNED, to="VN", key=OPENER.public)),
    "receipt": (bytes_of("receipt"), take_receipt, None),
    "later word": (bytes_of("word"), take_word, messages.sign_words([OTHER], to="VN", places={}, key=SIGNER)[0].whole()),
    "checkpoint and cosignature": (NOTE, take_note, None),
    "entry": (CHAIN[0], take_entry, None),
    "next entry": (CHAIN[1], take_next, CHAIN[0]),
    "offer": (OFFER, take_offer, None),
}  # fmt: skip


def taken(take, data: bytes) -> bool:
    """Whether it is taken."""
    try:
        take(data)
    except ComityError:
        return False
    return True


def bits(data: bytes, *, full: bool):
    """The bits to flip: all of them, or of the long fields, but for their ends, one in STRIDE."""
    found, run = [], 0
    inside = [chr(letter).isalnum() or letter in b"+/=" for letter in data] + [False] * 4
    for place in range(len(data)):
        run = run + 1 if inside[place] else 0
        if full or run <= LONG or not inside[place + 4]:
            found += range(8 * place, 8 * place + 8)
        else:
            found += [bit for bit in range(8 * place, 8 * place + 8) if bit % STRIDE == 0]
    return found


def count_flips(data: bytes, take, *, full: bool) -> tuple[int, int]:
    """(how many single bits were flipped, how many of the results were taken)."""
    raw, tried, accepted = bytearray(data), 0, 0
    for bit in bits(data, full=full):
        raw[bit // 8] ^= 1 << bit % 8
        accepted += taken(take, bytes(raw))
        raw[bit // 8] ^= 1 << bit % 8
        tried += 1
    return tried, accepted


@pytest.mark.parametrize("name", THINGS)
def test_every_bit(name):
    """One bit flipped, anywhere: taken 0."""
    data, take, _ = THINGS[name]
    take(data)
    tried, accepted = count_flips(data, take, full=False)
    assert accepted == 0
    assert tried > min(len(data) * 8, 2500) // 2


@pytest.mark.parametrize("name", THINGS)
def test_every_cut(name):
    """Cut at every length, and with each of some pieces before, behind and in the middle: taken 0."""
    data, take, _ = THINGS[name]
    step = 1 if len(data) < 10_000 else 3
    assert sum(taken(take, data[:length]) for length in range(0, len(data), step)) == 0
    assert sum(taken(take, data[length:]) for length in range(1, len(data), step)) == 0
    pieces = (b" ", b"\n", b"\0", b"{}", b"\xef\xbb\xbf", data)
    wrapped = [made for piece in pieces for made in (piece + data, data + piece, data[:50] + piece + data[50:])]
    assert [made for made in wrapped if taken(take, made)] == []


def objects(value, path=()):
    """Each object inside a value, with its path."""
    if isinstance(value, dict):
        yield path, value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from objects(item, (*path, key))


def at_path(value, path):
    """What stands at a path."""
    for key in path:
        value = value[key]
    return value


def exchanged(data: bytes, other: bytes | None) -> list[bytes]:
    """Every pair of values of one object exchanged; each left out, or put in again; and each taken from another thing."""
    head, feed, runs = data.partition(b"\n")
    value = json.loads(head)
    made = []
    for path, found in objects(value):
        for one, two in permutations(found, 2):
            changed = json.loads(head)
            holder = at_path(changed, path)
            holder[one], holder[two] = found[two], found[one]
            made.append(canon.dumps(changed))
            changed = json.loads(head)
            at_path(changed, path)[one] = found[two]
            made.append(canon.dumps(changed))
        for one in found:
            changed = json.loads(head)
            del at_path(changed, path)[one]
            made.append(canon.dumps(changed))
            spelt = canon.dumps({one: found[one]})[1:-1]
            made += [head.replace(spelt, spelt + b"," + spelt), head.replace(spelt, spelt + b',"x":0')]
    made = [one + feed + runs for one in made]
    if other:
        outer, _, others = other.partition(b"\n")
        made += [canon.dumps(value | {key: item}) + feed + runs for key, item in json.loads(outer).items()]
        made += [head + feed + others] if feed else []
    return sorted({one for one in made if one != data})


@pytest.mark.parametrize("name", [name for name in THINGS if name != "checkpoint and cosignature"])
def test_every_exchange_of_fields(name):
    """Fields exchanged, written over each other, left out, doubled, or taken from another good one: taken 0."""
    data, take, other = THINGS[name]
    made = exchanged(data, other)
    assert [one for one in made if taken(take, one)] == []
    assert len(made) > 10


def test_lines_of_a_note():
    """Lines of a checkpoint exchanged, doubled and left out, also the signature's under another name: taken 0."""
    lines = NOTE.decode().splitlines(keepends=True)
    made = {"".join(lines[:one] + lines[one + 1 :]) for one in range(len(lines))}
    made |= {"".join([*lines[: one + 1], *lines[one:]]) for one in range(len(lines))}
    for one, two in permutations(range(len(lines)), 2):
        rest = list(lines)
        rest[one], rest[two] = lines[two], lines[one]
        made.add("".join(rest))
    made |= {NOTE.decode().replace(LOG.origin, other, 1) for other in (LOG.witness, LOG.origin + "2")}
    made -= {NOTE.decode()}
    good = "".join([*lines[:-2], lines[-1], lines[-2]])  # the two signatures may stand in either order
    assert [note for note in made - {good} if taken(take_note, note.encode())] == []
    assert taken(take_note, good.encode())
    assert len(made) > 25


# -------------------------------------------------------------------------------------------------------- confusion

# Every thing that a key signs, here all by one Ed25519 key, so that nothing but its form keeps them apart.
ONE = keys.SigningKey(NOTE_SEED, SIGNER.mldsa65)
ALL = keys.NoteKey(LOG.origin, NOTE_SEED)
TRUSTED = envelope.Trust([directory.Grant("IR", ONE.public, KINDS, AT, AT.replace(year=2027))])
HEAD = checkpoint.Checkpoint(ALL.name, 3, bytes(32))
PAYLOADS = {
    "act": b'{"act":"enquired"}', "receipt": canon.dumps(
        {"receipt": "ContentConsignment", "envelope": "ab" * 32, "at": "2026-11-24T09:00:00Z", "code": ""}),
    "entry": canon.dumps(FIRST.to_dict()), "container": b'{"files":[]}', "call": b'{"form":"asked"}',
    "figures": b'{"figures":"calls"}', "notice": b'{"said":"standing"}', "share": b'{"notice":""}',
    "community": b'{"said":"agreed"}', "need": b'{"form":"need"}', "offer": b'{"form":"offer"}',
    "programme": b'{"form":"word"}', "standing": b'{"event":"signed"}',
    "restore": b'{"by":""}',
}  # fmt: skip
BODY = b"{}"


def request() -> bytes:
    """What a request's signature covers."""
    digest = transport.content_digest(BODY)
    headers = transport.hop_headers("POST", URI, BODY, state="IR", key=ALL, at=AT)
    return transport._signature_base("POST", URI, digest, headers["Signature-Input"].removeprefix("hop="))


def covered(kind: str) -> bytes:
    """What the signatures of a statement of this kind cover."""
    leaf = envelope._leaf(kind, "IR", "", ONE.public.id, PAYLOADS[kind])
    return envelope._signed_bytes(ONE.public.id, 1, leaf)


# What is signed -> the very bytes under its signature.
MESSAGES = {kind: covered(kind) for kind in sorted(KINDS)} | {
    "checkpoint": HEAD.text.encode(), "cosignature": checkpoint._cosigned_message(HEAD.text, int(AT.timestamp())),
    "request": request(),
}  # fmt: skip


def as_statement(kind: str, signature: bytes, second: bytes) -> None:
    """Take these two signatures for those of a statement."""
    data = json.loads(envelope.sign(kind, PAYLOADS[kind], sender="IR", to="", key=ONE))
    made = data | {"ed25519": canon.b64(signature), "mldsa65": canon.b64(second)}
    envelope.verify(canon.dumps(made), TRUSTED, kind=kind, at=AT)


def as_checkpoint(signature: bytes, _second: bytes) -> None:
    """Take it for that of a log."""
    line = checkpoint._line(ALL.name, checkpoint._note_id(ALL.name, 1, ALL.public) + signature)
    checkpoint.check_log(HEAD.text + "\n" + line, ALL.name, ALL.public)


def as_cosignature(signature: bytes, _second: bytes) -> None:
    """Take it for that of a witness."""
    blob = checkpoint._note_id(ALL.name, 4, ALL.public) + int(AT.timestamp()).to_bytes(8, "big") + signature
    note = HEAD.text + "\n" + checkpoint._line(ALL.name, blob)
    if not checkpoint.check_witnesses(note, {ALL.name: ALL.public}):
        raise BrokenProof("Nobody saw it.", code="unseen")


def as_request(signature: bytes, _second: bytes) -> None:
    """Take it for that of a node that brings something."""
    headers = transport.hop_headers("POST", URI, BODY, state="IR", key=ALL, at=AT)
    headers["Signature"] = f"hop=:{canon.b64(signature)}:"
    transport.check_hop("POST", URI, headers, BODY, keys_of=lambda _: [ALL.public], at=AT)


TAKES = {kind: partial(as_statement, kind) for kind in sorted(KINDS)} | {
    "checkpoint": as_checkpoint, "cosignature": as_cosignature, "request": as_request,
}  # fmt: skip


def test_no_signature_passes_for_another():
    """All ordered pairs of what is signed, by one and the same key: a signature of one is none of another."""
    both = {name: ONE.sign(message) for name, message in MESSAGES.items()}
    found = {}
    for made, takes in [(made, takes) for made in MESSAGES for takes in TAKES]:
        found[made, takes] = taken(
            lambda pair, take=TAKES[takes]: take(*pair), (both[made].ed25519, both[made].mldsa65)
        )
    assert {pair for pair, good in found.items() if good} == {(name, name) for name in MESSAGES}
    assert len(found) == (len(KINDS) + 3) ** 2 == 289


def test_no_signed_bytes_are_those_of_another():
    """What is under one signature has not even the beginning of what is under another, whatever stands in its fields."""
    begins = {name: message[:25] for name, message in MESSAGES.items() if name not in KINDS}
    assert len({MESSAGES[kind][:60] for kind in KINDS}) == 1  # the kind stands in the leaf
    assert len({MESSAGES[kind] for kind in KINDS}) == len(KINDS)
    for one, two in permutations([*begins.values(), MESSAGES["act"][:25]], 2):
        assert not one.startswith(two)
    for origin in ("cosignature/v1", "comity/v1/statements", '"@method":'):
        text = checkpoint.Checkpoint(origin, 3, bytes(32)).text.encode()
        assert not text.startswith((b"cosignature/v1\ntime ", b"\0", b'"@method": '))


STATEMENTS = {kind: envelope.sign(kind, PAYLOADS[kind], sender="IR", to="", key=SIGNER) for kind in sorted(KINDS)}
WHOLE = STATEMENTS | {
    "an envelope": bytes_of("envelope"), "a receipt with its proof": bytes_of("receipt"), "a checkpoint": NOTE,
    "a signed entry": CHAIN[0], "an offer": bytes_of("offer"), "an answer": bytes_of("answer"),
    "an entry of the log": entry(ACT, "ab" * 32), "proofs": bytes_of("proofs"), "an act": PAYLOADS["act"],
}  # fmt: skip
READS = {kind: lambda data, kind=kind: envelope.verify(data, TRUST, kind=kind, at=AT) for kind in sorted(KINDS)} | {
    "an envelope": take_envelope, "a receipt with its proof": take_receipt, "a checkpoint": take_note,
    "a signed entry": take_entry, "an offer": exchange.read_offer, "an answer": exchange.read_answer,
    "a later word": take_word,
}  # fmt: skip


def test_nothing_whole_passes_for_something_else():
    """All ordered pairs of what crosses: each is read as itself alone, and as nothing else."""
    found = {(made, reads) for made in WHOLE for reads in READS if taken(READS[reads], WHOLE[made])}
    assert found == {(name, name) for name in WHOLE if name in READS} | {("receipt", "a later word")}


def test_no_statement_of_one_kind_becomes_one_of_another():
    """For every pair of kinds: relabelled, or with the signatures of the other over the very same payload."""
    for one, two in permutations(sorted(KINDS), 2):
        first, second = (envelope.sign(kind, b"{}", sender="IR", to="", key=SIGNER) for kind in (one, two))
        raw, other = json.loads(first), json.loads(second)
        halves = {name: other[name] for name in ("ed25519", "mldsa65")}
        for made in (raw | {"kind": two}, raw | halves, raw | halves | {"kind": one}):
            for kind in (one, two):
                assert not taken(READS[kind], canon.dumps(made)), (one, two)


def test_nothing_sealed_for_one_purpose_opens_for_another():
    """A bag's content key and an envelope, each in the place of the other."""
    info = bag._info("IR-2026-0001", "VN")
    key = OPENER.public
    head, sealed = parts_of(bytes_of("envelope"))
    assert not taken(lambda data: OPENER.open(data, info), sealed)
    assert not taken(
        lambda data: take_envelope(canon.framed(head | {"sealed": len(data)}, data)),
        key.seal(b"k" * 32, info),
    )
    assert not taken(lambda data: OPENER.open(data, bag._info("IR-2026-0002", "VN")), key.seal(b"k" * 32, info))


def test_no_file_passes_for_another(tmp_path):
    """A container that holds a case is no bag and no parcel, though all three are sealed as containers."""
    path = tmp_path / "c.asice"
    path.write_bytes(bytes_of("container"))
    with container.open_container(path) as opened:
        opened.check_cades(CERTIFICATE)
    assert not taken(bag.Bag, path)
    assert not taken(lambda one: parcel.Parcel(one, home="VN"), path)


def test_entries_of_the_log_tell_kinds_apart():
    """That an act stands in a log does not show that an envelope arrived there, and no inner node is an entry."""
    one, other = entry(ACT, "ab" * 32), entry(RECEIVED, "ab" * 32)
    get = merkle.tree([merkle.leaf_hash(one), merkle.leaf_hash(other)])
    root, path = merkle.root(2, get), merkle.inclusion(0, 2, get)
    assert not taken(lambda data: merkle.check_inclusion(merkle.leaf_hash(data), 0, 2, path, root), other)
    inner = merkle.leaf_hash(one) + merkle.leaf_hash(other)
    assert not taken(lambda data: merkle.check_inclusion(merkle.leaf_hash(data), 0, 1, [], root), inner)


# -------------------------------------------------------------------------------------- the tests notice a weakness


def _any_label(kind, sender, to, key_id, payload):
    return merkle.leaf_hash(envelope._parts(sender.encode(), to.encode(), key_id.encode(), payload))


def _any_json(data, *, limit, values=None):
    return json.loads(data)


def _no_first_half(key, message, signature):
    try:
        keys._mldsa65_public(key.mldsa65).verify(signature.mldsa65, message)
    except Exception as error:
        raise ComityError("no", code="seal.mldsa65") from error


WEAK = {
    "the first signature is not looked at": (keys.VerifyKey, "check", _no_first_half, "statement"),
    "base64 with other unused bits": (canon, "unb64", base64.b64decode, "statement"),
    "JSON with blanks": (canon, "loads", _any_json, "one of several"),
    "fields that nobody knows": (canon, "fields", lambda value, *names: value, "later word"),
    "a body that nobody signed": (transport, "content_digest", lambda body: HOP["Content-Digest"], "offer"),
    "a cosignature that is not checked": (checkpoint, "_holds", lambda *_: None, "checkpoint and cosignature"),
    "a path that leads anywhere": (merkle, "check_inclusion", lambda *_: None, "receipt"),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAK)
def test_a_weakness_is_noticed(name, monkeypatch):
    """With the weakness in place, something that was changed is taken."""
    owner, attribute, weak, what = WEAK[name]
    data, take, other = THINGS[what]
    monkeypatch.setattr(owner, attribute, weak)
    envelope._check.cache_clear()
    accepted = 0
    for bit in bits(data, full=False):
        raw = bytearray(data)
        raw[bit // 8] ^= 1 << bit % 8
        accepted += _taken_or_fallen(take, bytes(raw))
    if what not in ("checkpoint and cosignature", "offer"):
        accepted += sum(_taken_or_fallen(take, one) for one in exchanged(data, other))
    envelope._check.cache_clear()
    assert accepted


def _taken_or_fallen(take, data: bytes) -> bool:
    try:
        return taken(take, data)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def test_a_label_that_is_missing_is_noticed(monkeypatch):
    """Without the kind in what is signed, the pairs of kinds pass for each other."""
    monkeypatch.setattr(envelope, "_leaf", _any_label)
    envelope._check.cache_clear()
    with pytest.raises(AssertionError):
        test_no_statement_of_one_kind_becomes_one_of_another()
    envelope._check.cache_clear()


def main() -> None:
    """Flip every single bit, and say how many were tried and taken."""
    whole, wanted = 0, [name for name in sys.argv[1:] if name != "--full"] or THINGS
    for name in wanted:
        data, take, _ = THINGS[name]
        started = time.monotonic()
        tried, accepted = count_flips(data, take, full="--full" in sys.argv)
        whole += tried
        sys.stdout.write(f"{name:28} {tried:>8,} bits flipped, taken {accepted}, {time.monotonic() - started:.0f} s\n")
        if accepted:
            raise SystemExit(1)
    sys.stdout.write(f"{whole:,} bits at {datetime.now(UTC):%Y-%m-%d}\n")


if __name__ == "__main__":
    main()
