"""Confusion: what was signed or written as one thing, handed in as another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from comity.casework.act import Kind
from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.verdict import Probe, Promise
from comity.ledger import checkpoint as cp
from comity.seal import canon
from comity.wire.directory import sign_entry


def _payload(statement: bytes) -> bytes:
    return canon.unb64(canon.loads(statement, limit=1 << 20)["payload"])


@attack("confuse-kinds", Promise.MEANING, "What is signed")
def kinds(bench: Bench) -> Iterator[Probe]:
    """Say an act under the label of every other kind, say it as an act under another label, and say it as no kind at all.

    Right: never admitted: each kind is signed under its own label.
    """
    payload = _payload(bench.asks().statement)
    cases = []
    for kind in ("receipt", "entry", "container", "checkpoint", "request", "", "ACT", "act "):
        cases.append((f"an act that is signed and named as '{kind}'", bench.seal(bench.sign(payload, kind=kind))))
        label = f"comity/v1/{kind}"
        cases.append((f"an act under the label of '{kind}'", bench.seal(bench.sign(payload, label=label))))
    cases.append(("a directory entry, signed as an act", bench.seal(bench.sign(canon.dumps(bench.me.entry.to_dict())))))
    yield from bench.never_admitted(cases)


@attack("confuse-shapes", Promise.MEANING, "Overview")
def shapes(bench: Bench) -> Iterator[Probe]:
    """Post what is no envelope to /messages: a statement, an act, a checkpoint, an entry, an envelope in an envelope.

    Right: never admitted.
    """
    said, me = bench.asks(), bench.me
    note = cp.signed(cp.Checkpoint(me.log.name, 5, bytes(32)), me.log)
    yield from bench.never_admitted([
        ("a signed statement without an envelope", said.statement),
        ("an act as it is", _payload(said.statement)),
        ("a checkpoint", note.encode()),
        ("a checkpoint, sealed", bench.seal(note.encode())),
        ("a checkpoint, signed as an act", bench.seal(bench.sign(note.encode()))),
        ("a request to a witness", f"old 0\n\n{note}".encode()),
        ("an entry", me.signed),
        ("an envelope in an envelope", bench.seal(said.envelope)),
        ("a statement in a statement", bench.seal(bench.sign(said.statement))),
    ])  # fmt: skip


@attack("confuse-doors", Promise.MEANING, "The peers' door")
def addresses(bench: Bench) -> Iterator[Probe]:
    """Post envelopes, statements and entries where checkpoints are expected.

    Right: 422; nothing is kept and nothing cosigned.
    """
    said = bench.asks()
    entry = sign_entry(replace(bench.me.entry, version=bench.random.randrange(2, 1 << 40)), bench.me.signing)
    bodies = {"an envelope": said.envelope, "a statement": said.statement, "an entry": entry}
    for words, body in bodies.items():
        answer = bench.post("/witness", body)
        yield bench.turned_away(f"{words} at /witness", answer, statuses=(422,), envelope=body)


@attack("confuse-earnest", Promise.MEANING, "The lifecycle")
def in_earnest(bench: Bench) -> Iterator[Probe]:
    """Ask in earnest, at a node of exercises; then mix the two in one act and in one case.

    Right: never admitted: an exercise and earnest are never one case, and a node of exercises takes part in nothing else.
    """
    request, open_case = bench.request(), bench.standing()
    earnest = bench.request(exercise=False)
    ask = {"request": request.to_dict(), "letter": ""}
    yield from bench.never_admitted([
        ("a request in earnest", bench.asks(earnest, exercise=False).envelope),
        ("a request in earnest, said in an exercise", bench.asks(earnest).envelope),
        ("a request of an exercise, said in earnest",
         bench.say(Kind.REQUESTED, request.reference, ask, exercise=False).envelope),
        ("an act in earnest in a case of an exercise",
         bench.say(Kind.ENQUIRED, open_case.case, {"message": "m"}, after=open_case.id, exercise=False).envelope),
        ("an exercise that is a word", bench.say(Kind.ENQUIRED, open_case.case, {"message": "m"}, after=open_case.id,
                                                 exercise="true").envelope),
    ])  # fmt: skip
