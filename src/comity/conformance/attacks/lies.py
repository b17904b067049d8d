"""Lies: checkpoints, proofs, entries and receipts that are not what they say, and names that are not ours."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

from comity.casework.moments import moment_text
from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.identity import Identity
from comity.conformance.verdict import Probe, Promise
from comity.ledger import checkpoint as cp
from comity.seal import canon
from comity.wire.directory import sign_entry

_HEAD = "\N{EM DASH}"


def _notes(bench: Bench) -> dict[str, str]:
    """Checkpoints that deserve no cosignature, by what is wrong with them."""
    log, size, root = bench.me.log, 1 << 40, secrets.token_bytes(32)
    stranger, node = bench.stranger.log, bench.home.log[0]
    right = cp.signed(cp.Checkpoint(log.name, size, root), log)
    text, _, lines = right.partition("\n\n")
    return {
        "the node's own log, signed by us": cp.signed(cp.Checkpoint(node, size, root), replace(log, name=node)),
        "a log that nobody knows": cp.signed(cp.Checkpoint(stranger.name, size, root), stranger),
        "our log, signed by another key": cp.signed(
            cp.Checkpoint(log.name, size, root), replace(stranger, name=log.name)
        ),
        "another size than was signed": right.replace(f"\n{size}\n", f"\n{size + 1}\n"),
        "another root than was signed": f"{log.name}\n{size}\n{canon.b64(bytes(32))}\n\n{lines}",
        "no signature": text + "\n\n",
        "its signature twice": right + lines,
        "an extension line": f"{text}\nextension\n\n{lines}",
        "a root of 31 bytes": f"{log.name}\n{size}\n{canon.b64(root[:31])}\n\n{lines}",
        "a size beyond 2^63": cp.signed(cp.Checkpoint(log.name, 1 << 64, root), log),
        "a size below nothing": cp.signed(cp.Checkpoint(log.name, -1, root), log),
        "a size with a sign": right.replace(f"\n{size}\n", f"\n+{size}\n"),
        "a size in Persian digits": right.replace(f"\n{size}\n", "\n۱۲\n"),
        "lines that end in CR LF": right.replace("\n", "\r\n"),
        "a control character": right.replace(log.name, log.name + "\x1b[2J"),
        "ten thousand signature lines": right + f"{_HEAD} x {canon.b64(bytes(76))}\n" * 10_000,
    }


@attack("lie-checkpoints", Promise.HISTORY, "Witnessing")
def checkpoints(bench: Bench) -> Iterator[Probe]:
    """Ask for cosignatures on heads of others' logs, of forged ones and of malformed ones.

    Right: 422, or 409 for what does not start from the last head; never a cosignature.
    """
    for sent, note in _notes(bench).items():
        answer = bench.post("/witness", f"old 0\n\n{note}".encode())
        yield bench.turned_away(sent, answer, statuses=(409, 413, 422))


@attack("lie-proofs", Promise.HISTORY, "Witnessing")
def requests_to_a_witness(bench: Bench) -> Iterator[Probe]:
    """Ask a witness in other forms than the one there is: sizes, proofs and bytes that do not belong there.

    Right: 422 (or 409); never a cosignature, never a failure.
    """
    log = bench.me.log
    note = cp.signed(cp.Checkpoint(log.name, 1 << 41, secrets.token_bytes(32)), log)
    step = canon.b64(bytes(32))
    bodies = {
        "a size with a sign": f"old +1\n\n{note}", "a size below nothing": f"old -1\n\n{note}",
        "a size in Arabic digits": f"old ١\n\n{note}", "a size of 5,000 digits": f"old {'9' * 5000}\n\n{note}",
        "another word": f"new 0\n\n{note}", "no empty line": f"old 0\n{note}",
        "65 hashes": f"old 1\n{(step + chr(10)) * 65}\n{note}",
        "hashes that are none": f"old 1\n!\n\n{note}", "hashes in another base64": f"old 1\n{step[:-1]}\n\n{note}",
        "a short hash": f"old 1\n{canon.b64(bytes(31))}\n\n{note}", "nothing": "", "a line feed": "\n",
        "canonical JSON": '{"old":0}',
    }  # fmt: skip
    for sent, body in bodies.items():
        yield bench.turned_away(sent, bench.post("/witness", body.encode()), statuses=(409, 422))
    for sent, raw in {"no text": b"\xff\xfe" * 50, "a NUL": b"old 0\n\n" + note.encode().replace(b"\n", b"\0")}.items():
        yield bench.turned_away(sent, bench.post("/witness", raw), statuses=(409, 422))


@attack("lie-entries", Promise.ORIGIN, "Directory entry")
def entries(bench: Bench) -> Iterator[Probe]:
    """Send a newer entry of our State that names other keys, sealed and plain; then speak under the new keys.

    Right: no message replaces a pinned key: what the new keys sign is refused, what the old ones sign still counts.
    """
    made = Identity.generate(bench.me.state, at=bench.now())
    newer = replace(made.entry, version=99, previous="0" * 64)
    signed_by_new, signed_by_old = sign_entry(newer, made.signing), sign_entry(newer, bench.me.signing)
    yield from bench.never_admitted([
        ("our newer entry, signed by its own key", bench.seal(signed_by_new)),
        ("our newer entry, signed by the pinned key", bench.seal(signed_by_old)),
        ("our newer entry as it is", signed_by_new),
        ("our newer entry as the payload of an act", bench.seal(bench.sign(signed_by_old))),
    ])  # fmt: skip
    said = bench.asks()
    answer = bench.post("/messages", said.envelope, who=made)
    yield bench.turned_away("a request under the new hop key", answer, envelope=said.envelope)
    payload = canon.unb64(canon.loads(said.statement, limit=1 << 20)["payload"])
    yield from bench.never_admitted([("an act under the new keys", bench.seal(bench.sign(payload, key=made.signing)))])
    yield bench.served("an act under the pinned keys")


@attack("lie-names", Promise.ORIGIN, "Signed requests")
def names_of_others(bench: Bench) -> Iterator[Probe]:
    """Sign HTTP requests in the name of other States, and of none; and as us with keys that are not ours, or not any more.

    Right: 401; nothing is kept.
    """
    said, me, other = bench.asks(), bench.me, bench.stranger
    names = {
        "a State that is not pinned": other.state, "the node's own State": bench.home.state, "nobody": "",
        "our code in lower case": me.state.lower(), "our code and a blank": me.state + " ", "a path": "../" + me.state,
        "a wild card": "%", "2,000 letters": "X" * 2000,
    }  # fmt: skip
    for sent, name in names.items():
        answer = bench.post("/messages", said.envelope, state=name)
        yield bench.turned_away(f"signed as {sent}", answer, envelope=said.envelope)
    answer = bench.post("/messages", said.envelope, key=other.hop)
    yield bench.turned_away("signed as us with another key", answer, envelope=said.envelope)
    answer = bench.post("/messages", said.envelope, key=me.ended)
    yield bench.turned_away("signed as us with a key that has ended", answer, envelope=said.envelope)
    answer = bench.post("/messages", said.envelope, who=other)
    yield bench.turned_away("signed by a node that is not pinned", answer, envelope=said.envelope)


@attack("lie-receipts", Promise.MEANING, "Receipts")
def receipts(bench: Bench) -> Iterator[Probe]:
    """Send the node its own receipt, and forged ones, as messages; ask for receipts of what we never brought.

    Right: never admitted (a receipt calls for no receipt of its own making); 404 for what nobody brought.
    """
    said, home = bench.asks(), bench.home
    receipt = bench.receipt(bench.post("/messages", said.envelope), said.envelope)
    told = {"receipt": "RelayAcceptance", "envelope": "0" * 64, "at": moment_text(bench.now()), "index": 0}
    forged = bench.sign(canon.dumps(told), sender=home.state, to="", kind="receipt")
    ours = bench.sign(canon.dumps(told), to="", kind="receipt")
    yield from bench.never_admitted([
        ("its own receipt, sealed", bench.seal(receipt.statement)),
        ("its own receipt with its proof, as it travels", receipt.to_bytes()),
        ("its own signed receipt", receipt.statement),
        ("a receipt in its name, signed by us", bench.seal(forged)),
        ("a receipt of ours", bench.seal(ours)),
        ("the contents of a receipt, signed as an act", bench.seal(bench.sign(canon.dumps(told)))),
    ])  # fmt: skip
    for words, digest in {"what nobody brought": secrets.token_hex(32), "an act's id": said.id}.items():
        answer = bench.get(f"/receipts/{digest}")
        yield bench.turned_away(f"the receipt of {words}", answer, statuses=(404,))
