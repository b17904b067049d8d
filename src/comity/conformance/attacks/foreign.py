"""Foreign affairs: acts that are another State's to say, or this State's to decide, or not yet in turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from comity.casework.act import CROSSING, Kind
from comity.casework.moments import moment_text
from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.verdict import Probe, Promise

_REQUESTING = frozenset({
    Kind.REQUESTED, Kind.SUPPLEMENTED, Kind.WITHDRAWN, Kind.AGREED, Kind.REPLIED, Kind.ENQUIRED, Kind.EXTENSION_ASKED,
    Kind.DISCHARGED, Kind.LEAVING_HINDERED, Kind.SAFE_CONDUCT_ENDED,
})  # fmt: skip


def _body(bench: Bench, kind: Kind) -> dict[str, Any]:
    """A right body for an act of `kind`."""
    later = moment_text(bench.now() + timedelta(days=30))
    day, digest, due = later[:10], bench.random.randbytes(32).hex(), {"clock": "c", "due": later, "reasons": "r"}
    request = bench.request().to_dict()
    assessment = {"on": day, "side": "requested", "findings": [], "books": {}}
    bodies: dict[Kind, dict[str, Any]] = {
        Kind.DRAFTED: {"request": request}, Kind.CHECKED: {"assessment": assessment}, Kind.APPROVED: {"despite": ""},
        Kind.REQUESTED: {"request": request, "letter": ""}, Kind.AMENDED: {"request": request},
        Kind.SUPPLEMENTED: {"request": request}, Kind.DISCARDED: {"reasons": "r"}, Kind.WITHDRAWN: {"reasons": "r"},
        Kind.AGREED: {"conditions": []}, Kind.REPLIED: {"message": "m"}, Kind.ENQUIRED: {"message": "m"},
        Kind.DISCHARGED: {"person": "p", "told_at": moment_text(bench.now()), "days": 0, "agreed": ""},
        Kind.LEAVING_HINDERED: {"person": "p", "since": moment_text(bench.now()), "until": "", "reasons": "r"},
        Kind.SAFE_CONDUCT_ENDED: {"person": "p", "how": "stayed", "ended_at": moment_text(bench.now())},
        Kind.EXTENSION_ASKED: {"until": later, "reasons": "r"}, Kind.VERIFIED: {"container": digest, "manifest": digest},
        Kind.RELEASED: {"manifest": "", "recipient": "r", "state": bench.home.state, "purpose": "p", "use": "evidence",
                        "leave": "", "conditions": []},
        Kind.ASSESSED: {"assessment": assessment}, Kind.ASKED: {"questions": "q", "fields": []},
        Kind.CONSULTED: {"message": "m"}, Kind.PROGRESS: {"message": "m"},
        Kind.ACCEPTED: {"conditions": [], "reasons": "r"}, Kind.REFUSED: {"grounds": [], "reasons": "r"},
        Kind.POSTPONED: {"reasons": "r"}, Kind.EXTENDED: {"until": later, "reasons": "r"},
        Kind.AUTHORISED: {"authority": "a", "decision": "d", "ground": "g", "scope": "s", "until": day},
        Kind.ORDERED: {"provider": "p", "order": "o", "content": "c"},
        Kind.PRESERVED: {"effected_at": later, "until": later}, Kind.EXTENSION_REFUSED: {"reasons": "r"},
        Kind.EXECUTED: {"manifest": digest, "files": 1, "bytes": 1},
        Kind.DISCLOSED: {"container": digest, "size": 1, "manifest": digest, "files": 1, "conditions": [], "use": "evidence",
                         "rest": ""},
        Kind.PERFORMED: {"report": "r", "done_on": moment_text(bench.now())[:10], "rest": ""}, Kind.DEADLINE_MET: due,
        Kind.DEADLINE_ESCALATED: due, Kind.DEADLINE_WAIVED: due, Kind.CLOSED: {"note": ""},
    }  # fmt: skip
    return bodies[kind]


@attack("decide-own-request", Promise.DECISION, "The lifecycle")
def own_decisions(bench: Bench) -> Iterator[Probe]:
    """Ask, and then answer oneself: accept, authorise, order, disclose, perform, extend, close one's own request.

    Right: never admitted: what is the requested State's to say only its own officers say.
    """
    case = bench.standing()
    kinds = [kind for kind in Kind if kind not in _REQUESTING]
    yield from bench.never_admitted(
        (f"'{kind}' on our own request", bench.say(kind, case.case, _body(bench, kind), after=case.id).envelope)
        for kind in kinds
    )


@attack("act-at-home", Promise.DECISION, "The lifecycle")
def internal_acts(bench: Bench) -> Iterator[Probe]:
    """Send acts that stay at home: on an open case, and as the first act of a new one.

    Right: never admitted.
    """
    case, kinds = bench.standing(), [kind for kind in Kind if kind not in CROSSING]
    cases = [(f"'{kind}'", bench.say(kind, case.case, _body(bench, kind), after=case.id).envelope) for kind in kinds]
    new = [
        (f"'{kind}' of a new case", bench.say(kind, bench.reference(), _body(bench, kind)).envelope) for kind in kinds
    ]
    yield from bench.never_admitted(cases + new)


@attack("out-of-order", Promise.DECISION, "The lifecycle")
def out_of_order(bench: Bench) -> Iterator[Probe]:
    """Say acts that are ours before their turn: on a case that was never opened, and answers to what nobody asked.

    Right: never admitted.
    """
    case = bench.standing()
    first = [(f"'{kind}' without a request", bench.say(kind, bench.reference(), _body(bench, kind)).envelope)
             for kind in CROSSING - {Kind.REQUESTED}]  # fmt: skip
    supplement = bench.request(reference=case.case, subject="changed").to_dict()
    early = {
        Kind.SUPPLEMENTED: {"request": supplement}, Kind.AGREED: {"conditions": ["c"]}, Kind.CLOSED: {"note": ""},
        Kind.EXTENSION_ASKED: _body(bench, Kind.EXTENSION_ASKED), Kind.DISCHARGED: _body(bench, Kind.DISCHARGED),
    }  # fmt: skip
    then = [(f"'{kind}' before its turn", bench.say(kind, case.case, body, after=case.id).envelope)
            for kind, body in early.items()]  # fmt: skip
    yield from bench.never_admitted(first + then)


@attack("act-times", Promise.DECISION, "Envelopes")
def impossible_times(bench: Bench) -> Iterator[Probe]:
    """State times at which an act cannot have been signed, or that are none.

    Right: never admitted: before the key began, or ahead of the receiver's clock, or of another form.
    """
    case, now = bench.standing(), bench.now()
    moments = {
        "tomorrow": moment_text(now + timedelta(days=1)), "in ten minutes": moment_text(now + timedelta(minutes=10)),
        "before the key began": moment_text(bench.me.entry.since - timedelta(days=1)), "1970": "1970-01-01T00:00:00Z",
        "the year 9999": "9999-12-31T23:59:59Z", "a leap second": "2026-06-30T23:59:60Z",
        "no such day": "2026-02-30T00:00:00Z",
        "another offset": moment_text(now).replace("Z", "+00:00"), "fractions": moment_text(now).replace("Z", ".5Z"),
        "no offset": moment_text(now)[:-1], "a date": moment_text(now)[:10], "nothing": "",
        "Persian digits": "۲۰۲۶-۰۱-۰۱T۰۰:۰۰:۰۰Z",
        "the Solar Hijri year": "1405-01-01T00:00:00Z", "a number": 0,
    }  # fmt: skip
    yield from bench.never_admitted(
        (f"said at: {words}", bench.say(Kind.ENQUIRED, case.case, {"message": "m"}, after=case.id, at=at).envelope)
        for words, at in moments.items()
    )


@attack("forge-author", Promise.ORIGIN, "Acts")
def authors(bench: Bench) -> Iterator[Probe]:
    """Say acts in the name of other States, under our own signature: of a third one, and of the node's own.

    Right: never admitted: `by` is the State that signed.
    """
    case, home, other = bench.standing(), bench.home.state, bench.stranger.state
    theirs = f"{other}-{bench.now().year}-{bench.random.randrange(10_000, 10**9)}"
    request = bench.request(reference=theirs, requesting=other)
    body = {"conditions": [], "reasons": "r"}
    yield from bench.never_admitted([
        ("a third State's request", bench.asks(request, by=other).envelope),
        ("a third State's request, as our own act", bench.asks(request).envelope),
        ("the node's own decision", bench.say(Kind.ACCEPTED, case.case, body, after=case.id, by=home).envelope),
        ("a third State's act in our case", bench.say(Kind.ENQUIRED, case.case, {"message": "m"}, after=case.id,
                                                      by=other).envelope),
        ("nobody's act", bench.say(Kind.ENQUIRED, case.case, {"message": "m"}, after=case.id, by="").envelope),
        ("our act in lower case", bench.say(Kind.ENQUIRED, case.case, {"message": "m"}, after=case.id,
                                            by=bench.me.state.lower()).envelope),
    ])  # fmt: skip


@attack("foreign-cases", Promise.ORIGIN, "The lifecycle")
def cases_of_others(bench: Bench) -> Iterator[Probe]:
    """Act on cases of two other States, on cases that nobody has, under names that only look like ours.

    Right: never admitted, whether the case exists or not.
    """
    home, other, me = bench.home.state, bench.stranger.state, bench.me.state
    year = bench.now().year
    known = bench.inbox.foreign_case(me) if bench.inbox else ""
    names = {
        "of two others": known or f"{other}-{year}-0001", "of the node's State": f"{home}-{year}-0001",
        "that nobody has": f"{me}-{year}-999999999", "of an earlier year": f"{me}-1999-0001",
        "in lower case": f"{me.lower()}-{year}-0001",
        "with a blank": f" {me}-{year}-0001", "with a line feed": f"{me}-{year}-0001\n",
        "in Persian digits": f"{me}-{year}-۰۰۰۱",
        "of 5,000 letters": "X" * 5000, "of another dash": f"{me}–{year}–0001", "of nothing": "", "a wild card": "%",
        "a quote": "' or 1=1 --",
    }  # fmt: skip
    cases = []
    for words, name in names.items():
        cases.append((f"an enquiry on a case {words}", bench.say(Kind.ENQUIRED, name, {"message": "m"}).envelope))
        cases.append((f"an acceptance on a case {words}",
                      bench.say(Kind.ACCEPTED, name, _body(bench, Kind.ACCEPTED)).envelope))  # fmt: skip
        raw = bench.request().to_dict() | {"reference": name}
        if name != f"{me}-{year}-999999999" and not name.startswith(f"{me}-1999"):
            cases.append((f"a request of a case {words}",
                          bench.say(Kind.REQUESTED, name, {"request": raw, "letter": ""}).envelope))  # fmt: skip
    request = bench.request()
    for words, changed in {"for a third State": {"requested": other}, "of a third State": {"requesting": other},
                           "of the node's State for itself": {"requesting": home},
                           "for ourselves": {"requested": me}}.items():  # fmt: skip
        raw = request.to_dict() | changed
        cases.append(
            (
                f"a request {words}",
                bench.say(Kind.REQUESTED, request.reference, {"request": raw, "letter": ""}).envelope,
            )
        )
    cases.append(
        (
            "another reference inside than outside",
            bench.say(Kind.REQUESTED, bench.reference(), {"request": request.to_dict(), "letter": ""}).envelope,
        )
    )
    yield from bench.never_admitted(cases)
