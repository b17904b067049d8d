"""Words: what is no act of a case (sharing, communities, assistance, calls), said for others or for no time; and exchanges."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from comity.casework.moments import moment_text
from comity.conformance.attack import attack
from comity.conformance.attacks.figures import counted
from comity.conformance.bench import NO_OTHER, READ_WITHIN, Bench
from comity.conformance.door import Door
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.errors import ComityError
from comity.seal import canon
from comity.sharing.notices import Standing
from comity.wire import shares
from comity.wire.exchange import GAPS, Event, Have, Item, Offer, Outcome

_OFFERS = 422
_UNSETTLED = "conversation.unsettled"
_KEPT = Event.RELAY_ACCEPTANCE.value
_TAKEN = f"{Event.RELAY_REJECTION} conversation.number"
_PAUSE = 0.2  # seconds between two offers to a node that is not settled yet


def _need(state: str, to: str, at: datetime, number: int) -> dict[str, Any]:
    """A right need of `state`, released to `to`."""
    reference, day = f"{state}-NEED-{at.year}-{number:04d}", moment_text(at)[:10]
    value = {
        "by": f"{at.year + 1}-06-01", "filed": day, "languages": ["en"], "reference": reference, "region": "asia-pacific",
        "release": {"states": [to]}, "state": state, "topic": "forensics", "unit": "places", "units": 12,
    }  # fmt: skip
    return {"at": moment_text(at), "reference": reference, "stage": "open", "value": value, "version": 1}


def _community(members: list[str], at: datetime) -> dict[str, Any]:
    terms = {"hops": 1, "members": sorted(members), "name": "Conformance", "purpose": "prevention"}
    return {"agrees": True, "at": moment_text(at), "terms": terms}


def _standing(bench: Bench, source: str, at: datetime) -> bytes:
    """A carried notice, signed by us, that tells how many recalls `source` has said."""
    said = Standing(source=source, number=3, at=int(at.timestamp()))
    notice = shares.sign([said], sender=bench.me.state, key=bench.me.signing, at=at)[0]
    return shares.packed(shares.Carried(at=at, notice=notice))


def _call(bench: Bench, at: datetime) -> dict[str, Any]:
    """An answer to a call that nobody made."""
    return {"asked": bench.random.randbytes(32).hex(), "at": moment_text(at), "form": "answered", "name": "N. N.",
            "officer": "o", "text": ""}  # fmt: skip


@attack("words-of-others", Promise.ORIGIN, "Assistance")
def of_others(bench: Bench) -> Iterator[Probe]:
    """Say a need, a standing of recalls, a community and an answer to a call for another State: each right in its form.

    Right: never admitted: each State speaks for itself only, and answers what it was asked.
    """
    at, other, home = bench.now(), bench.stranger.state, bench.home.state
    cases = [
        ("need", "a need of another State", canon.dumps(_need(other, home, at, bench.random.randrange(1, 9999)))),
        ("need", "a need of the node's State", canon.dumps(_need(home, home, at, bench.random.randrange(1, 9999)))),
        ("community", "a community without us", canon.dumps(_community([home, other], at))),
        ("community", "a community without the node's State", canon.dumps(_community([bench.me.state, other], at))),
        ("share", "a standing of another source", _standing(bench, other, at)),
        ("share", "a standing of the node's own State", _standing(bench, home, at)),
        ("call", "an answer to no call", canon.dumps(_call(bench, at))),
    ]
    yield from bench.never_admitted((title, bench.seal(bench.sign(said, kind=kind))) for kind, title, said in cases)


@attack("words-of-no-time", Promise.MEANING, "Assistance")
def of_no_time(bench: Bench) -> Iterator[Probe]:
    """Say a need, a community and a standing at a time to come, and a need that is not released to the node's State.

    Right: never admitted: nobody can have said it yet; and what is not for a State is not told to it.
    """
    at, me, home = bench.now(), bench.me.state, bench.home.state
    later, number = at + timedelta(hours=1), bench.random.randrange(1, 9999)
    cases = [
        ("need", "a need of tomorrow's", canon.dumps(_need(me, home, later, number))),
        ("need", "a need for others only", canon.dumps(_need(me, bench.stranger.state, at, number))),
        ("community", "a community of tomorrow's", canon.dumps(_community([me, home], later))),
        ("share", "a standing of tomorrow's", _standing(bench, me, later)),
    ]
    yield from bench.never_admitted((title, bench.seal(bench.sign(said, kind=kind))) for kind, title, said in cases)


@attack("words-exchanged", Promise.MEANING, "What is signed")
def exchanged(bench: Bench) -> Iterator[Probe]:
    """Sign what is right as one kind under every other: need, offer, community, share, programme, call, figures, standing, act.

    Right: never admitted: a kind is read in its own form only.
    """
    at, me, home = bench.now(), bench.me.state, bench.home.state
    right = {
        "need": canon.dumps(_need(me, home, at, bench.random.randrange(1, 9999))),
        "community": canon.dumps(_community([me, home], at)), "share": _standing(bench, me, at),
        "call": canon.dumps(_call(bench, at)), "figures": canon.dumps(counted(bench)),
    }  # fmt: skip
    others = (
        "act", "need", "offer", "community", "share", "notice", "programme", "call", "figures", "standing", "restore",
    )  # fmt: skip
    yield from bench.never_admitted(
        (f"a right '{kind}', signed as '{other}'", bench.seal(bench.sign(said, kind=other)))
        for kind, said in right.items() for other in others if other != kind
    )  # fmt: skip


@attack("exchange-unsettled", Promise.ONCE, "What the receiver does")
def unsettled(bench: Bench) -> Iterator[Probe]:
    """Offer numbered envelopes to a node that has not heard yet what we hold, since it cannot reach us.

    Right: each is put off (`conversation.unsettled`), and nothing of it is kept.
    """
    said = [bench.asks() for _ in range(3)]
    answer = bench.offer(Offer(tuple(Item(number, one.envelope) for number, one in enumerate(said, 1))))
    later = [outcome.later for outcome in answer.outcomes]
    held = [bench.holds(one.envelope) for one in said]
    right = later == ["conversation.unsettled"] * 3 and not any(held)
    yield Probe("three numbered envelopes", f"{later}, held: {held}", Verdict.KEPT if right else Verdict.BROKEN)


def _newest(bench: Bench) -> int:
    """The highest number that we gave to an envelope for the node, which gives back what we do not say that we remember."""
    newest = 0
    while back := bench.offer(Offer(have=Have(0, (), newest, ()))).back:
        newest = max(own.item.number for own in back)
    return newest


def _numbered(bench: Bench, number: int, envelope: bytes) -> Outcome:
    """The outcome of an envelope under a number; it is offered again until the node is settled, or long enough."""
    end = time.monotonic() + READ_WITHIN
    while True:
        (outcome,) = bench.offer(Offer((Item(number, envelope),))).outcomes
        if outcome.later != _UNSETTLED or time.monotonic() > end:
            return outcome
        time.sleep(_PAUSE)


def _said(bench: Bench, outcome: Outcome) -> str:
    """What an outcome says, its word checked."""
    if outcome.receipt is None:
        return outcome.later
    try:
        word = bench.word(outcome.receipt, outcome.envelope)
    except ComityError as error:
        return f"a word that does not hold: {error}"
    return f"{word.event} {word.code}".strip()


@attack("exchange-numbers", Promise.ONCE, "What the receiver does")
def numbers(bench: Bench) -> Iterator[Probe]:
    """Let the node find the other State, so that it settles; number an envelope, another so too, one far ahead, the first anew.

    Right: a receipt, `conversation.number`, `conversation.number-ahead`, a receipt. Who forgets the first one is given it back,
    with what it held; another State is not.
    """
    theirs = bench.theirs
    if theirs is None or theirs.me.chain is None:
        got = NO_OTHER if theirs is None else f"{theirs.me.state} has no address (prepare --address)"
        yield Probe("numbered envelopes", got, Verdict.UNDETERMINED)
        return
    with Door(theirs.me):
        place, (said, rival, ahead) = _newest(theirs) + 1, [theirs.asks() for _ in range(3)]
        first = _numbered(theirs, place, said.envelope)
        if first.later == _UNSETTLED:
            yield Probe("numbered envelopes", f"the node does not find {theirs.me.entry.address}", Verdict.UNDETERMINED)
            return
        cases = {
            "an envelope under the next number": (first, _KEPT),
            "another one under that number": (_numbered(theirs, place, rival.envelope), _TAKEN),
            "one far ahead": (_numbered(theirs, place + GAPS + 1, ahead.envelope), f"{_TAKEN}-ahead"),
            "the first one under another number": (_numbered(theirs, place + 1, said.envelope), _KEPT),
        }
        for sent, (outcome, right) in cases.items():
            got = _said(theirs, outcome)
            yield Probe(sent, got, Verdict.KEPT if got == right else Verdict.BROKEN)
        theirs.fates([said.envelope])
        forgotten = [(place, said.envelope, said.statement)]
        for who, due in ((theirs, forgotten), (bench, [])):
            back = who.offer(Offer(have=Have(0, (), place - 1, ()))).back
            same = [(own.item.number, own.item.envelope, own.statement) for own in back] == due
            yield Probe(
                f"what {who.me.state} forgot", f"{len(back)} given back", Verdict.KEPT if same else Verdict.BROKEN
            )


@attack("exchange-strange", Promise.DOOR, "Offers")
def strange(bench: Bench) -> Iterator[Probe]:
    """Post what is no offer; ask about envelopes that nobody brought; claim to remember, and to have forgotten, everything.

    Right: what is no offer is refused as such; nothing is told, and nothing is given back where nothing was numbered.
    """
    whole: dict[str, Any] = {"ask": [], "have": None, "items": []}
    item = {"number": 1, "envelope": 3, "after": [], "evidence": []}
    broken = {
        "no object": [], "a field more": whole | {"more": 1}, "a field less": {"items": [], "ask": []},
        "number nought": whole | {"items": [item | {"number": 0}]},
        "a number that is true": whole | {"items": [item | {"number": True}]},
        "a length below nothing": whole | {"items": [item | {"envelope": -1}]},
        "a length that is a text": whole | {"items": [item | {"envelope": "YWJj"}]},
        "a length beyond all bytes": whole | {"items": [item | {"envelope": 1 << 20}]},
        "two envelopes and bytes for one": whole | {"items": [item, item | {"number": 2}]},
        "bytes for no envelope": whole,
        "a digest in capitals": whole | {"ask": ["A" * 64]}, "too many questions": whole | {"ask": ["a" * 64] * 257},
        "a negative memory": whole | {"have": {"got": -1, "got_gaps": [], "sent": 0, "sent_gaps": []}},
    }  # fmt: skip
    for title, raw in broken.items():
        yield bench.turned_away(title, bench.post("/exchange", canon.framed(raw, b"abc")), statuses=(_OFFERS,))
    alone = {"nothing": b"", "a head alone": canon.dumps(whole | {"items": [item]}), "a line feed alone": b"\n"}
    first = canon.dumps(whole | {"items": [item | {"envelope": "YWJj"}]})
    alone |= {
        "the first form with a blank behind": first + b" ", "the first form with a line feed behind": first + b"\n",
        "the first form with unused bits": first.replace(b"YWJj", b"YWJjZB=="),
        "the first form with too many values": canon.dumps(whole | {"ask": ["a" * 64] * 32_768}),
        "the first form with an envelope of 2 MiB": first.replace(b"YWJj", b"AAAA" * ((2 << 20) // 3)),
    }  # fmt: skip
    for title, body in alone.items():
        yield bench.turned_away(title, bench.post("/exchange", body), statuses=(_OFFERS,))
    asked = tuple(bench.random.randbytes(32).hex() for _ in range(16))
    told = bench.offer(Offer(ask=asked)).evidence
    yield Probe("questions about what nobody brought", f"{len(told)} words", Verdict.BROKEN if told else Verdict.KEPT)
    for have in (Have(0, (), 0, ()), Have(10**9, (), 10**9, (1,))):
        answer = bench.offer(Offer(have=have))
        got = f"{len(answer.items)} of the node's, {len(answer.back)} of ours"
        right = not answer.items and not answer.back
        yield Probe(
            f"a memory of {have.got}, where nothing is numbered", got, Verdict.KEPT if right else Verdict.BROKEN
        )
