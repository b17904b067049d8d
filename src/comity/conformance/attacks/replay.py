"""Replays: the same bytes again, here and elsewhere, now and later."""

from __future__ import annotations

from collections.abc import Iterator

from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.errors import ComityError
from comity.seal import canon

_TIMES = 6


def _same(bench: Bench, sent: str, envelope: bytes, answers: list[tuple[str, bytes]], first: bytes) -> Iterator[Probe]:
    """Whether each of `answers` (words, receipt statement or nothing) carries the very receipt `first`."""
    for words, receipt in answers:
        right = receipt == first != b""
        verdict = Verdict.KEPT if right else Verdict.BROKEN
        yield Probe(sent, words if right else f"{words}: another receipt or none", verdict)
    if not bench.holds(envelope):
        yield Probe(sent, "the receipt cannot be asked for", Verdict.BROKEN)


def _receipt(
    bench: Bench, envelope: bytes, *, ask: str = "", headers: dict[str, str] | None = None
) -> tuple[str, bytes]:
    """(what came back in words, the signed receipt in it or nothing) to `envelope` posted, or to its receipt asked for."""
    if ask:
        answer = bench.get(ask)
    elif headers:
        answer = bench.line.ask("POST", "/messages", headers, envelope)
    else:
        answer = bench.post("/messages", envelope)
    try:
        return str(answer), bench.receipt(answer, envelope).statement
    except ComityError as error:
        return f"{answer}: {error}", b""


@attack("replay-same", Promise.ONCE, "Receipts")
def same_bytes(bench: Bench) -> Iterator[Probe]:
    """Post one good envelope again and again: at once, many at a time, after it was read.

    Right: the very same signed receipt each time; one arrival, one act.
    """
    said = bench.asks()
    _, first = _receipt(bench, said.envelope)
    answers = bench.many([said.envelope] * _TIMES)
    found = []
    for answer in answers:
        try:
            found.append((str(answer), bench.receipt(answer, said.envelope).statement))
        except ComityError as error:
            found.append((str(error), b""))
    yield from _same(bench, "the same envelope, four at a time", said.envelope, found, first)
    before = bench.traces()
    again = [
        _receipt(bench, said.envelope),
        _receipt(bench, said.envelope, ask=f"/receipts/{canon.content_id(said.envelope)}"),
    ]
    yield from _same(bench, "the same envelope after it was read", said.envelope, again, first)
    if bench.traces() != before:
        yield Probe("the same envelope after it was read", "the case changed", Verdict.BROKEN)


@attack("replay-request", Promise.ONCE, "Signed requests")
def same_request(bench: Bench) -> Iterator[Probe]:
    """Send one HTTP request again within five minutes, signature and all, as who listened on the line would.

    Right: the same answer, no second effect.
    """
    said = bench.asks()
    headers = bench.hop("POST", "/messages", said.envelope)
    _, first = _receipt(bench, said.envelope, headers=headers)
    found = [_receipt(bench, said.envelope, headers=headers) for _ in range(_TIMES)]
    yield from _same(bench, "the same HTTP request", said.envelope, found, first)


@attack("replay-receipt-once", Promise.ONCE, "Receipts")
def one_receipt_while_others_arrive(bench: Bench) -> Iterator[Probe]:
    """Post two good envelopes by turns.

    Right: each keeps its own receipt and its own place in the log, also while the log grows.
    """
    one, other = bench.asks(), bench.asks()
    _, first = _receipt(bench, one.envelope)
    _, second = _receipt(bench, other.envelope)
    turns = [(one, first), (other, second)] * 2
    for said, own in turns:
        yield from _same(bench, "two envelopes by turns", said.envelope, [_receipt(bench, said.envelope)], own)
    if first == second:
        yield Probe("two envelopes", "one receipt for both", Verdict.BROKEN)


@attack("replay-resealed", Promise.ONCE, "The lifecycle")
def sealed_anew(bench: Bench) -> Iterator[Probe]:
    """Seal a signed act that was admitted already into a fresh envelope.

    Right: another receipt, and the act is refused, because it is known.
    """
    said = bench.asks()
    bench.post("/messages", said.envelope)
    bench.fates([said.envelope])
    yield from bench.never_admitted([("an act known already, in a fresh envelope", bench.seal(said.statement))])


@attack("replay-others", Promise.ORIGIN, "Envelopes")
def of_others(bench: Bench) -> Iterator[Probe]:
    """Bring what is not ours, or not for this node, as who collected bytes elsewhere would.

    Right: receipted or refused at once; never admitted.
    """
    other, home = bench.stranger, bench.home
    reference = bench.reference().replace(bench.me.state, other.state, 1)
    theirs = bench.request(reference=reference, requesting=other.state)
    told = bench.asks(theirs, by=other.state)
    payload = canon.loads(told.statement, limit=1 << 20)["payload"]
    of_stranger = bench.sign(canon.unb64(payload), sender=other.state, key=other.signing)
    elsewhere = bench.sign(canon.unb64(canon.loads(bench.asks().statement, limit=1 << 20)["payload"]), to=other.state)
    yield from bench.never_admitted([
        ("an act of a State that is not pinned", bench.seal(of_stranger)),
        ("our letter to another State, sealed anew for this one", bench.seal(elsewhere)),
        ("an envelope for another State", bench.seal(bench.asks().statement, to=other.state, key=other.opening.public)),
        ("an envelope for this State under another's key", bench.seal(bench.asks().statement, key=other.opening.public)),
        ("an envelope for another State under this node's key", bench.seal(bench.asks().statement, to=other.state)),
        ("an act to everybody", bench.seal(bench.sign(canon.unb64(payload), to=""))),
        ("an act that we say at home", bench.seal(bench.sign(canon.unb64(payload), to=bench.me.state))),
        ("an act in the name of the node's own State", bench.seal(bench.sign(canon.unb64(payload), sender=home.state))),
    ])  # fmt: skip


@attack("replay-old", Promise.ONCE, "Signed requests")
def old_signatures(bench: Bench) -> Iterator[Probe]:
    """Send signed requests of another time: minutes, years, before 1970, beyond what an integer may be.

    Right: 401 for more than 300 seconds, either way; nothing is kept.
    """
    said, now = bench.asks(), int(bench.now().timestamp())
    moments = (
        now - 320,
        now - 3600,
        now - 366 * 86400,
        now + 330,
        now + 86400,
        0,
        -1,
        2**31,
        2**53,
        999_999_999_999_999,
    )
    for moment in moments:
        answer = bench.post("/messages", said.envelope, created=moment)
        yield bench.turned_away(f"created {moment - now:+} seconds from now", answer, envelope=said.envelope)
    for path in (f"/receipts/{'0' * 64}", f"/evidence/{'0' * 64}"):
        yield bench.turned_away(f"GET {path[:10]}… of an hour ago", bench.get(path, created=now - 3600))


@attack("replay-elsewhere", Promise.ONCE, "Signed requests")
def signed_for_another_place(bench: Bench) -> Iterator[Probe]:
    """Send a signature that was made for another node, another path or another method.

    Right: 401; nothing is kept.
    """
    said, here = bench.asks(), bench.uri("/messages")
    places = {
        "another node": "https://127.0.0.1:1/messages", "http instead of https": here.replace("https", "http", 1),
        "another path": bench.uri("/witness"), "a path with a query": here + "?x=1", "a path with a slash": here + "/",
        "the path alone": "/messages", "upper case": here.upper(), "an empty fragment": here + "#",
    }  # fmt: skip
    for words, uri in places.items():
        answer = bench.post("/messages", said.envelope, uri=uri)
        yield bench.turned_away(f"signed for {words}", answer, envelope=said.envelope)
    answer = bench.post("/messages", said.envelope, signed_method="GET")
    yield bench.turned_away("signed for GET", answer, envelope=said.envelope)
    headers = bench.hop("POST", "/messages", said.envelope)
    answer = bench.line.ask("POST", "/messages?x=1", headers, said.envelope)
    yield bench.turned_away("sent to a path with a query", answer, envelope=said.envelope)
    headers = bench.hop("POST", "/messages", said.envelope)
    yield bench.turned_away(
        "a message's signature at /witness", bench.line.ask("POST", "/witness", headers, said.envelope)
    )
