"""Texts: what reorders, hides, commands or leads elsewhere, in every field that a person or a program will read."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from comity.casework.act import Kind
from comity.casework.request import Account, Asset, Order, Person, Subject
from comity.conformance.attack import attack
from comity.conformance.bench import Bench, Said
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.seal import canon

_HOSTILE = {
    "overrides": "a\u202egnp.exe\u202c", "isolates": "\u2066\u2067x", "marks": "\u200e\u200f\u061c",
    "joiners": "می\u200cخواهم",
    "a NUL": "a\0b", "an escape": "\x1b[2J\x1b]0;x\x07", "line ends": "a\r\nb\u2028c\u2029d",
    "a markup": "<script>alert(1)</script>",
    "a quote": "'\"`;--", "a formula": '=cmd|"/c calc"!A1', "a template": "{{7*7}}{% x %}${7*7}#eval(1)",
    "a format": "%s%n%x{0}",
    "combining": "e" + "\u0301" * 200, "no characters": "\ufdd0\uffff\U0010ffff", "a tag": "\U000e0001\U000e0041",
    "private": "\ue000", "the order mark": "\ufeff", "a path": "../../etc/passwd", "blanks": "\u00a0\u3000\u2003",
}  # fmt: skip
_LISTENING = 2.0  # seconds after which who would fetch an address has come


_LONG = (
    "subject", "facts", "assistance", "procedure", "link", "purpose", "rights", "documents", "questions", "assurances",
    "arrangement", "period_reason", "urgency_reason",
)  # fmt: skip
_NAMES = ("requesting", "requested", "reference", "measure", "urgency", "scope", "period_from", "event_at")


def _some(bench: Bench, fields: Sequence[str], count: int) -> Sequence[str]:
    """Some of `fields`, or all of them in a thorough run."""
    return fields if bench.thorough else bench.random.sample(fields, count)


def _everywhere(bench: Bench, text: str) -> Said:
    """A request of ours with `text` in every field that takes any text."""
    whole = bench.request(
        authority=text, conducting=Person(text, text, text), subject=text, facts=text, assistance=text, procedure=text,
        link=text, accounts=(Account("other", text), Account("url", text)), custodian=text,
        persons=(Subject(name=text, nationality=text, whereabouts=text, description=text),),
        assets=(Asset(text, text, text),), order=Order(authority=text, reference=text, extent=text, notice=text),
        period_reason=text, documents=text, questions=text, event_place=text, assurances=text, arrangement=text,
        others=(text,), conditions=(text,), costs=text, purpose=text, urgency_reason=text, deadline_reason=text, rights=text,
    )  # fmt: skip
    return bench.asks(whole, officer=text, name=text)


def _read(bench: Bench, sent: list[tuple[str, Said]]) -> Iterator[Probe]:
    """Post each: it is admitted as it is, or refused with a reason; a defect is neither."""
    answers = bench.many(said.envelope for _, said in sent)
    fates = bench.fates(said.envelope for _, said in sent)
    for (words, _), answer, fate in zip(sent, answers, fates, strict=True):
        got = f"{answer} {fate}".strip()
        if answer.status not in {200, *range(400, 500)} or "defect" in fate or fate == "kept":
            yield Probe(words, got, Verdict.BROKEN)
        else:
            yield Probe(words, got, Verdict.KEPT if fate or answer.status != 200 else Verdict.UNDETERMINED)


@attack("text-requests", Promise.TEXT, "The request")
def hostile_requests(bench: Bench) -> Iterator[Probe]:
    """Send requests with hostile text in every field: bidi controls, escapes, markup, formulas, no characters at all.

    Right: taken as it is or refused with a reason; never a failure. (What pages and letters make of it is for other tests.)
    """
    yield from _read(bench, [(f"{words} in every field", _everywhere(bench, text)) for words, text in _HOSTILE.items()])


@attack("text-acts", Promise.TEXT, "Acts")
def hostile_acts(bench: Bench) -> Iterator[Probe]:
    """Say acts with hostile text in each of their own fields: officer, name, power, salt, message.

    Right: taken as it is or refused with a reason; never a failure.
    """
    case, sent = bench.standing(), []
    for words, text in _HOSTILE.items():
        for field in _some(bench, ("officer", "name", "power", "salt"), 1):
            told = bench.say(Kind.ENQUIRED, case.case, {"message": "m"}, after=case.id, **{field: text})
            sent.append((f"{words} in {field}", told))
        sent.append((f"{words} in message", bench.say(Kind.ENQUIRED, case.case, {"message": text}, after=case.id)))
    sent.append(
        ("a message of 300,000 letters", bench.say(Kind.ENQUIRED, case.case, {"message": "ا" * 150_000}, after=case.id))
    )
    yield from _read(bench, sent)


@attack("text-names", Promise.TEXT, "The request")
def hostile_names(bench: Bench) -> Iterator[Probe]:
    """Put hostile text where a name of a fixed form belongs: States, references, measures, kinds of acts, codes, dates.

    Right: never admitted.
    """
    request, case, cases = bench.request(), bench.standing(), []
    raw = request.to_dict()
    for words, text in _HOSTILE.items():
        for field in _some(bench, _NAMES, 2):
            body = {"request": raw | {field: text}, "letter": ""}
            cases.append((f"{words} in {field}", bench.say(Kind.REQUESTED, request.reference, body).envelope))
        for field in _some(bench, ("act", "case", "by", "at", "after"), 1):
            told = bench.say(Kind.ENQUIRED, case.case, {"message": "m"}, **{"after": case.id} | {field: text})
            cases.append((f"{words} as {field} of the act", told.envelope))
    similar = {
        "another letter": "ХХ",
        "wide letters": "ＸＸ",
        "with a joiner": f"{bench.me.state}\u200d",
        "with a mark": "X\u0301X",
    }
    for words, text in similar.items():
        body = {"request": raw | {"requesting": text}, "letter": ""}
        cases.append((f"a State's code in {words}", bench.say(Kind.REQUESTED, request.reference, body).envelope))
    yield from bench.never_admitted(cases)


@attack("text-values", Promise.TEXT, "The request")
def impossible_values(bench: Bench) -> Iterator[Probe]:
    """Ask with values that cannot be meant, of wrong types, of no end, and with fields that nobody knows.

    Right: never admitted.
    """
    request = bench.request()
    raw, cases = request.to_dict(), []
    rows: dict[str, dict[str, object]] = {
        "a day that does not exist": {"period_from": "2026-02-30"}, "a day of the year 3000": {"period_to": "3000-01-01"},
        "an unknown field": {"colour": "red"}, "an unknown measure": {"measure": "torture"},
        "a number for a text": {"facts": 1},
        "an object for a text": {"facts": {}}, "a list for a text": {"facts": []}, "null": {"facts": None},
        "a text for a list": {"categories": "content"}, "a text for a flag": {"confidential": "true"},
        "201 accounts": {"accounts": [{"kind": "email", "value": "a"}] * 201}, "20,001 letters": {"facts": "x" * 20_001},
        "1,001 letters": {"custodian": "x" * 1_001}, "51 conditions": {"conditions": ["c"] * 51},
        "a port of 65536": {"accounts": [{"kind": "ip", "value": "192.0.2.1", "port": 65536}]},
        "1,201 months": {"offence": {"max_penalty_months": 1201}},
        "months below nothing": {"offence": {"max_penalty_months": -1}},
        "a person of another role": {"persons": [{"name": "a", "role": "wizard"}]},
        "a moment without an offset": {"event_at": "2026-01-01T00:00:00"},
        "a role of another kind": {"persons": [{"role": "king"}]},
        "a period that ends before it begins": {"period_from": "2026-02-01", "period_to": "2026-01-01"},
        "more than fits": dict.fromkeys(_LONG, "ا" * 20_000),
    }  # fmt: skip
    for words, changed in rows.items():
        body = {"request": raw | changed, "letter": ""}
        cases.append((words, bench.say(Kind.REQUESTED, request.reference, body).envelope))
    for field in ("reference", "requesting", "requested", "measure"):
        body = {"request": {name: value for name, value in raw.items() if name != field}, "letter": ""}
        cases.append((f"no {field}", bench.say(Kind.REQUESTED, request.reference, body).envelope))
    yield from bench.never_admitted(cases)


@attack("text-bodies", Promise.TEXT, "Kinds and their bodies")
def bodies_of_another_form(bench: Bench) -> Iterator[Probe]:
    """Say acts whose bodies lack a field, have one more, are empty or of a wrong type; and acts of no known kind.

    Right: never admitted: every field is there and no other.
    """
    case = bench.standing()
    forms: dict[str, object] = {
        "no message": {}, "an empty message": {"message": ""}, "a number": {"message": 1}, "a list": {"message": ["m"]},
        "a flag": {"message": True}, "null": {"message": None}, "one more field": {"message": "m", "more": ""},
        "a list for a body": ["m"], "a text for a body": "m", "no body": None,
    }  # fmt: skip
    cases = [
        (words, bench.say(Kind.ENQUIRED, case.case, body, after=case.id).envelope) for words, body in forms.items()
    ]
    cases += [(f"the kind {kind!r}", bench.say(kind, case.case, {"message": "m"}, after=case.id).envelope)
              for kind in ("nothing", "", "ENQUIRED", "enquired ", "requested\0", "__init__")]  # fmt: skip
    told = canon.unb64(canon.loads(bench.enquiry().statement, limit=1 << 20)["payload"])
    value = canon.loads(told, limit=1 << 20)
    for field in value:
        less = canon.dumps({name: item for name, item in value.items() if name != field})
        cases.append((f"an act without '{field}'", bench.seal(bench.sign(less))))
        other = canon.dumps(value | {field: 1})
        cases.append((f"a number for '{field}'", bench.seal(bench.sign(other))))
    cases += [
        (f"the payload {raw!r}", bench.seal(bench.sign(raw))) for raw in (b"", b"[]", b"null", b'"act"', b"1", b"{}")
    ]
    cases.append(("one field more", bench.seal(bench.sign(canon.dumps(value | {"more": ""})))))
    yield from bench.never_admitted(cases)


class _Trap(http.server.BaseHTTPRequestHandler):
    """Notes who comes."""

    visits: list[str]

    def do_GET(self) -> None:
        """Note the visit."""
        self.visits.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815  the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing on the screen."""


@contextmanager
def _trap() -> Iterator[tuple[str, list[str]]]:
    """(address, visits) of a server on this machine at which nobody has any business."""
    visits: list[str] = []
    made = type("Trap", (_Trap,), {"visits": visits})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), made) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", visits
        finally:
            server.shutdown()
            thread.join()


@attack("text-addresses", Promise.TEXT, "The peers' door")
def addresses(bench: Bench) -> Iterator[Probe]:
    """Put the address of a server of ours into every text and HTTP header that a program might follow, and wait for a visit.

    Right: nobody comes: addresses are taken from pinned entries, never from a message. (A node on another machine cannot reach
    the server; then this is undetermined.)
    """
    with _trap() as (address, visits):
        for text in (f"{address}/request", f'<img src="{address}/image">', f"@import url({address}/style)"):
            said = _everywhere(bench, text)
            bench.post("/messages", said.envelope)
            bench.fates([said.envelope])
        headers = {"Referer": address, "Origin": address, "Link": f"<{address}/link>; rel=preload",
        "Forwarded": f"host={address}",
                   "X-Forwarded-Host": address, "From": address, "Callback": address}  # fmt: skip
        bench.get(f"/receipts/{'0' * 64}", headers)
        bench.post("/witness", f"old 0\n\n{address}/log\n1\n{canon.b64(bytes(32))}\n\n\N{EM DASH} x AAAA\n".encode())
        time.sleep(_LISTENING)
        here = bench.line.local
        quiet = Verdict.KEPT if here else Verdict.UNDETERMINED
        got = f"a visit to {visits[0][:40]}" if visits else "nobody came"
        yield Probe("addresses in every field", got, Verdict.BROKEN if visits else quiet)
