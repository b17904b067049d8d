"""Others: what a State brought, and what lies here for it, is asked for by another State, which is pinned as well."""

from __future__ import annotations

from collections.abc import Iterator

from comity.conformance.attack import attack
from comity.conformance.bench import NO_OTHER, Bench
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.seal import canon
from comity.wire.exchange import Offer

_GIVEN = (200, 206)


def _places(bench: Bench, digest: str) -> dict[str, tuple[str, str]]:
    """What is ours -> (its address, why another State is not given it)."""
    found = {
        "our receipt": (f"/receipts/{digest}", "receipt.unknown"),
        "the word about our envelope": (f"/outcomes/{digest}", "receipt.unread"),
    }
    return found | ({"our evidence": (f"/evidence/{bench.shelf}", "evidence.unknown")} if bench.shelf else {})


@attack("others-by-address", Promise.DOOR, "The peers' door")
def by_address(bench: Bench) -> Iterator[Probe]:
    """Ask, as another pinned State, for our receipt, the word about our envelope, and the evidence that lies here for us.

    Right: 404, as of what nobody brought. We are given each of them.
    """
    part = {"Range": "bytes=0-9"}
    for words, (path, code) in _places(bench, canon.content_id(bench.standing().envelope)).items():
        own = bench.get(path, part)
        if own.status not in _GIVEN:
            yield Probe(words, f"we are not given it either: {own}", Verdict.UNDETERMINED)
        elif bench.theirs is None:
            yield Probe(words, NO_OTHER, Verdict.UNDETERMINED)
        else:
            answer = bench.theirs.get(path, part)
            right = (answer.status, answer.code) == (404, code)
            wrong = Verdict.BROKEN if answer.status in _GIVEN else Verdict.UNDETERMINED
            yield Probe(f"{words}, asked for by {bench.theirs.me.state}", str(answer), Verdict.KEPT if right else wrong)
    if not bench.shelf:
        yield Probe("our evidence", "no container is named (--evidence)", Verdict.UNDETERMINED)


@attack("others-by-offer", Promise.DOOR, "Offers")
def by_offer(bench: Bench) -> Iterator[Probe]:
    """Ask in an offer, as another pinned State, what became of our envelope; and ask ourselves what became of its envelope.

    Right: no word about it. Who brought it is told.
    """
    theirs = bench.theirs
    if theirs is None:
        yield Probe("questions about another State's envelopes", NO_OTHER, Verdict.UNDETERMINED)
        return
    for own, foreign in ((bench, theirs), (theirs, bench)):
        ask = Offer(ask=(canon.content_id(own.standing().envelope),))
        if not own.offer(ask).evidence:
            yield Probe(f"what {own.me.state} brought", "it is not told either", Verdict.UNDETERMINED)
            continue
        told = foreign.offer(ask).evidence
        sent = f"what {own.me.state} brought, asked about by {foreign.me.state}"
        yield Probe(sent, f"{len(told)} words", Verdict.BROKEN if told else Verdict.KEPT)
