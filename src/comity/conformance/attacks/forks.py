"""Forks: two histories where there may be one, of a case and of a log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from comity.casework.act import Kind
from comity.conformance.attack import attack
from comity.conformance.bench import Bench, Said
from comity.conformance.line import Answer
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.errors import BrokenProof
from comity.ledger import checkpoint as cp
from comity.seal import canon, merkle

_GROWTH = 5
_LONGEST = 1 << 20  # entries of our log: each run adds ten
_HEADS = 6  # envelopes between which the node's log is looked at


def _opened(bench: Bench) -> Said:
    """A request of ours that the node has read."""
    said = bench.asks()
    bench.post("/messages", said.envelope)
    bench.fates([said.envelope])
    return said


def _one_of(bench: Bench, sent: str, rivals: list[Said]) -> Probe:
    """Post `rivals` together: one of them may be admitted."""
    bench.many(said.envelope for said in rivals)
    fates = bench.fates(said.envelope for said in rivals)
    if "" in fates:
        return Probe(sent, "both receipted; what became of them is not told", Verdict.UNDETERMINED)
    right = fates.count("admitted") == 1 and not any("defect" in fate for fate in fates)
    return Probe(sent, "; ".join(fates), Verdict.KEPT if right else Verdict.BROKEN)


@attack("fork-acts", Promise.DECISION, "Chaining")
def two_acts_after_one(bench: Bench) -> Iterator[Probe]:
    """Withdraw a request twice, in two different acts after the same one, together; then go on after the withdrawal.

    Right: one of the two is admitted, and nothing that an open case would allow.
    """
    said = _opened(bench)
    rivals = [bench.say(Kind.WITHDRAWN, said.case, {"reasons": why}, after=said.id) for why in ("one", "other")]
    yield _one_of(bench, "two withdrawals after the same act", rivals)
    late = [bench.say(Kind.ENQUIRED, said.case, {"message": "m"}, after=before.id) for before in (said, *rivals)]
    yield from bench.never_admitted([("an enquiry after the withdrawal", act.envelope) for act in late])


@attack("fork-requests", Promise.DECISION, "The lifecycle")
def two_requests_of_one_reference(bench: Bench) -> Iterator[Probe]:
    """Ask for two different things under one reference, together, and a third time later.

    Right: one of the two opens the case; the others are refused.
    """
    first = bench.request()
    requests = [bench.request(reference=first.reference, subject=subject) for subject in ("one", "other")]
    yield _one_of(bench, "two requests of one reference", [bench.asks(request) for request in requests])
    late = bench.asks(bench.request(reference=first.reference, subject="third"))
    yield from bench.never_admitted([("a third request of that reference", late.envelope)])


@attack("fork-history", Promise.DECISION, "Chaining")
def acts_on_unknown_history(bench: Bench) -> Iterator[Probe]:
    """Let acts stand on what the node does not know, on nothing, or on another case.

    Right: each is refused (`case.history`); a first act stands on nothing.
    """
    said, other = _opened(bench), _opened(bench)
    names = {
        "an unknown act": "0" * 64, "nothing": "", "an act of another case": other.id, "no digest": "x",
        "the digest in upper case": said.id.upper(), "an envelope": canon.content_id(said.envelope), "two": said.id * 2,
    }  # fmt: skip
    cases = [
        (f"an act after {words}", bench.say(Kind.ENQUIRED, said.case, {"message": "m"}, after=after).envelope)
        for words, after in names.items()
    ]
    cases.append(("a first act after another", bench.asks(after=said.id).envelope))
    yield from bench.never_admitted(cases)


class _Log:
    """A log of ours: its leaves are the same in every run, so that it grows from what the witness saw in an earlier one."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.seen = 0
        answer = self.ask(0, [], self.note(1))
        self.seen = 1 if answer.status == 200 else int(answer.body) if answer.status == 409 else 0
        if self.seen > _LONGEST:
            raise BrokenProof("The witness saw a log of ours that we never had.", code="proof.range")

    def _tree(self, size: int, forked: int) -> merkle.Get:
        store: dict[tuple[int, int], bytes] = {}

        def get(level: int, index: int) -> bytes:
            return store[level, index]

        for place in range(size):
            word = "other" if forked <= place else "leaf"
            leaf = merkle.leaf_hash(hashlib.sha256(f"conformance {word} {place}".encode()).digest())
            store |= {(level, index): value for level, index, value in merkle.appended(place, leaf, get)}
        return get

    def note(self, size: int, *, forked: int = 1 << 62) -> str:
        """The signed head at `size`; from leaf `forked` on another history."""
        root = merkle.root(size, self._tree(size, forked))
        return cp.signed(cp.Checkpoint(self._bench.me.log.name, size, root), self._bench.me.log)

    def proof(self, old: int, size: int, *, forked: int = 1 << 62) -> list[bytes]:
        """That the tree of `size` begins with the one of `old`."""
        return merkle.consistency(old, size, self._tree(size, forked)) if 0 < old < size else []

    def ask(self, old: int | str, proof: list[bytes], note: str) -> Answer:
        """The answer to add-checkpoint."""
        body = "\n".join([f"old {old}", *(canon.b64(step) for step in proof)]) + "\n\n" + note
        return self._bench.post("/witness", body.encode())


def _cosigned(bench: Bench, answer: Answer, note: str) -> bool:
    """Whether `answer` is the node's cosignature on `note`."""
    try:
        seen = cp.check_witnesses(note + answer.body.decode(), dict([bench.home.witness]))
    except (BrokenProof, UnicodeDecodeError):
        return False
    return answer.status == 200 and bench.home.witness[0] in seen


@attack("fork-log", Promise.HISTORY, "Witnessing")
def two_histories_of_our_log(bench: Bench) -> Iterator[Probe]:
    """Have the node witness our log: honest growth first, then a fork, another root at one size, a shorter log, a stale start.

    Right: growth is cosigned; a stale start is answered 409 with the size; nothing else is cosigned.
    """
    log = _Log(bench)
    old, new = log.seen, log.seen + _GROWTH
    note = log.note(new)
    answer = log.ask(old, log.proof(old, new), note)
    right = _cosigned(bench, answer, note)
    yield Probe("honest growth of our log", str(answer), Verdict.KEPT if right else Verdict.BROKEN)
    later, begun = new + _GROWTH, new - 1
    lies = {
        "a fork before the last head": (new, log.proof(new, later, forked=begun), log.note(later, forked=begun)),
        "a fork with the honest proof": (new, log.proof(new, later), log.note(later, forked=begun)),
        "another root at the same size": (new, [], log.note(new, forked=begun)),
        "a shorter log": (new, [], log.note(begun)),
        "an empty log": (new, [], cp.signed(cp.Checkpoint(bench.me.log.name, 0, merkle.EMPTY_ROOT), bench.me.log)),
        "growth without a proof": (new, [], log.note(later)),
        "growth with a proof that is too long": (new, [*log.proof(new, later), bytes(32)], log.note(later)),
    }  # fmt: skip
    for sent, lie in lies.items():
        yield bench.turned_away(sent, log.ask(*lie), statuses=(422,))
    stale = {"a start that is too early": old, "a start of nothing": 0, "a start in the future": later}
    for sent, start in stale.items():
        answer = log.ask(start, log.proof(start, later), log.note(later))
        right = answer.status == 409 and answer.body == f"{new}\n".encode()
        verdict = Verdict.KEPT if right else Verdict.BROKEN if answer.status == 200 else Verdict.UNDETERMINED
        yield Probe(sent, f"{answer} {answer.body[:20]!r}", verdict)


@attack("fork-log-race", Promise.HISTORY, "Witnessing")
def many_heads_at_once(bench: Bench) -> Iterator[Probe]:
    """Ask for cosignatures on five different heads at the same moment, each of them grown from the last one.

    Right: at most one is cosigned; for the others the start is stale. What the witness saw is compared and stored in one
    transaction. (The five are of one history, so that an honest witness goes on with our log in the next run.)
    """
    log = _Log(bench)
    old = log.seen
    heads = [(log.note(size), log.proof(old, size)) for size in range(old + 1, old + 6)]
    with ThreadPoolExecutor(max_workers=len(heads)) as together:
        answers = list(together.map(lambda head: log.ask(old, head[1], head[0]), heads))
    signed = sum(answer.status == 200 for answer in answers)
    got = ", ".join(map(str, answers))
    yield Probe("five heads after one, at once", got, Verdict.KEPT if signed <= 1 else Verdict.BROKEN)


@attack("fork-node", Promise.HISTORY, "Checkpoints")
def two_histories_of_the_node(bench: Bench) -> Iterator[Probe]:
    """Collect the node's own heads: at /checkpoint and in every proof of the run, before and after new entries.

    Right: signed by its log key; never two roots of one size; never shorter than before; older receipts proved in newer heads.
    """
    last, posted = 0, []
    for _ in range(_HEADS):
        said = bench.asks()
        try:
            receipt = bench.receipt(bench.post("/messages", said.envelope), said.envelope)
            head = cp.check_log(bench.line.ask("GET", "/checkpoint", {}).body.decode(), *bench.home.log)
            bench.saw(bench.line.ask("GET", "/checkpoint", {}).body.decode())
        except (BrokenProof, UnicodeDecodeError) as error:
            yield Probe("GET /checkpoint", str(error), Verdict.BROKEN)
            return
        posted.append((said.envelope, receipt.index))
        right = head.size >= last and receipt.proof.index == receipt.index
        yield Probe(
            "a head after a new entry", f"size {head.size} after {last}", Verdict.KEPT if right else Verdict.BROKEN
        )
        last = head.size
    for envelope, index in posted:
        again = bench.receipt(bench.get(f"/receipts/{canon.content_id(envelope)}"), envelope)
        yield Probe("an older receipt's newer proof", f"place {again.index}",
                    Verdict.KEPT if again.index == index else Verdict.BROKEN)  # fmt: skip
    twice = [size for size, roots in bench.heads.items() if len(roots) > 1]
    got = f"two roots at size {twice[0]}" if twice else f"{len(bench.heads)} heads, each with one root"
    yield Probe("all heads of this run", got, Verdict.BROKEN if twice else Verdict.KEPT)
