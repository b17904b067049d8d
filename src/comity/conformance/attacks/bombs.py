"""Bombs: small things that grow when they are read, and large ones that are only announced."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator

from comity.conformance import craft
from comity.conformance.attack import attack
from comity.conformance.bench import REFUSED, Bench
from comity.conformance.line import request
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.seal import canon

_LIMIT = 1 << 20  # bytes of an envelope
_PROMPT = 3.0  # seconds in which what is too long is refused, though no byte of it was sent
_DRAWN = 6
_SLOW = 10.0  # seconds that no answer may take

_NUMBERS = {
    "NaN": b"NaN", "infinity": b"Infinity", "minus infinity": b"-Infinity", "1e400": b"1e400", "minus nothing": b"-0",
    "a fraction": b"1.0", "an exponent": b"1e2", "2^53": b"9007199254740992", "100,000 digits": b"9" * 100_000,
    "a leading zero": b"007", "a plus": b"+1", "hex": b"0x10", "true in Python": b"True", "a lone surrogate": b'"\\ud800"',
    "no UTF-8": b'"\xff\xfe"', "a long way to write a letter": b'"\xc1\xa1"', "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a NUL": b'"\0"', "a line feed": b'"\n"', "an open text": b'"x', "an open object": b'{"x":', "nothing": b"",
    "100,000 arrays": b"[" * 100_000 + b"]" * 100_000, "100,000 open arrays": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "33 arrays": b"[" * 33 + b"]" * 33,
    "one key twice": b'{"a":1,"a":2}', "one key 20,000 times": b"{" + b",".join([b'"a":1'] * 20_000) + b"}",
    "50,000 keys": b"{" + b",".join(b'"%05d":1' % number for number in range(50_000)) + b"}",
    "a prototype": b'{"__proto__":{"x":1}}',
}  # fmt: skip


@attack("bomb-json", Promise.INTEGRITY, "Canonical JSON")
def json_bombs(bench: Bench) -> Iterator[Probe]:
    """Post what is no canonical JSON: depth, duplicate keys, NaN, huge numbers, broken UTF-8, for a field of an envelope.

    Right: never admitted, and quickly.
    """
    value, sealed = craft.head_and_bytes(bench.asks().envelope)
    yield from bench.never_admitted(
        (f"{words} in an envelope", craft.spliced(value, "statement", text) + b"\n" + sealed)
        for words, text in _NUMBERS.items()
    )


@attack("bomb-acts", Promise.INTEGRITY, "Acts")
def bombs_inside(bench: Bench) -> Iterator[Probe]:
    """Say the same in acts, rightly signed and sealed, so that they reach the reader inside.

    Right: never admitted, and the node goes on reading.
    """
    value = canon.loads(canon.unb64(canon.loads(bench.enquiry().statement, limit=_LIMIT)["payload"]), limit=_LIMIT)
    cases = [(f"{words} in an act", bench.seal(bench.sign(craft.spliced(value, place, text))))
             for words, text in _NUMBERS.items() for place in (("salt", "body") if bench.thorough else ("salt",))]  # fmt: skip
    statement = canon.loads(bench.enquiry().statement, limit=_LIMIT)
    drawn = list(_NUMBERS.items()) if bench.thorough else bench.random.sample(list(_NUMBERS.items()), _DRAWN)
    cases += [
        (f"{words} in a statement", bench.seal(craft.spliced(statement, "payload", text))) for words, text in drawn
    ]
    yield from bench.never_admitted(cases)


@attack("bomb-length", Promise.SERVICE, "The peers' door")
def announced_lengths(bench: Bench) -> Iterator[Probe]:
    """Announce bodies of 1 GiB and more and send none of it; then a body that is one byte too long; then one that is not.

    Right: 413 (or 400, or the line closed) at once, before the body is read; what fits is taken.
    """
    for signed in (True, False):
        for words, length in {
            "1 GiB": 1 << 30,
            "one byte too many": _LIMIT + 1,
            "2^63": 1 << 63,
            "2^64": 1 << 64,
        }.items():
            fields = {"Host": bench.line.netloc, "Content-Length": str(length)}
            fields |= bench.hop("POST", "/messages") if signed else {}
            yield _prompt(bench, f"{words} announced, {'signed' if signed else 'unsigned'}", fields)
    yield _prompt(bench, "1 GiB, waiting to be asked for it",
                  {"Host": bench.line.netloc, "Content-Length": str(1 << 30), "Expect": "100-continue"})  # fmt: skip
    long = bench.random.randbytes(_LIMIT + 1)
    yield bench.turned_away(
        "1 MiB and a byte", bench.post("/messages", long), statuses=(413,), envelope=long, closing=True
    )
    headers = bench.hop("POST", "/messages", long) | {"Content_Length": "5"}
    answer = bench.line.ask("POST", "/messages", headers, long)
    yield bench.turned_away("the same, and another length with an underscore", answer, statuses=REFUSED, envelope=long,
                            closing=True)  # fmt: skip
    yield from bench.never_admitted([("exactly 1 MiB of noise", long[:_LIMIT])])


def _prompt(bench: Bench, sent: str, fields: dict[str, str]) -> Probe:
    """Whether the head alone is answered with a refusal, or the line closed."""
    begun = time.monotonic()
    answers = bench.line.raw([request("POST", "/messages", fields)], patience=_PROMPT, most=1)
    if not answers and time.monotonic() - begun >= _PROMPT:
        return Probe(sent, f"no answer in {_PROMPT:.0f} s: the body is waited for", Verdict.BROKEN)
    got = str(answers[0]) if answers else "closed without an answer"
    right = all(answer.status in REFUSED for answer in answers)
    return Probe(sent, got, Verdict.KEPT if right else Verdict.BROKEN)


@attack("bomb-compressed", Promise.SERVICE, "Signed requests")
def compressed_bodies(bench: Bench) -> Iterator[Probe]:
    """Post bodies that say they are compressed: 512 MiB of blanks, and a good envelope.

    Right: taken as the bytes that they are, or refused; never unpacked.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(512)) + packer.flush()
    packed = gzip.compress(bench.asks().envelope)
    for words, body, encoding in (("512 MiB of blanks", bomb, "gzip"), ("512 MiB of blanks", bomb, "gzip, gzip"),
                                  ("a good envelope", packed, "gzip"), ("a good envelope", packed, "deflate")):  # fmt: skip
        headers = bench.hop("POST", "/messages", body) | {"Content-Encoding": encoding}
        answer = bench.line.ask("POST", "/messages", headers, body)
        yield bench.outcome(f"{words}, {encoding}", body, answer, bench.fates([body])[0])


@attack("bomb-heads", Promise.SERVICE, "The peers' door")
def long_heads(bench: Bench) -> Iterator[Probe]:
    """Send long headers, many headers, long paths, long methods, and bytes that are no HTTP.

    Right: refused or closed, and quickly.
    """
    host = {"Host": bench.line.netloc}
    rows = {
        "a header of 1 MiB": request("GET", "/receipts/0", host | {"X": "a" * _LIMIT}),
        "5,000 headers": request("GET", "/receipts/0", host | {f"X-{number}": "1" for number in range(5000)}),
        "a signature of 300,000 letters": request("GET", "/receipts/0", host | {"Signature": "hop=:" + "A" * 300_000 + ":"}),
        "a signature of 5,000 labels": request("GET", "/receipts/0", host | {
            "Signature": ", ".join(f"a{number}=:AAAA:" for number in range(5000)), "Signature-Input": "hop=()"}),
        "a signature of deep lists": request("GET", "/receipts/0", host | {"Signature-Input": "hop=" + "(" * 5000,
                                                                           "Signature": "hop=:AAAA:"}),
        "a path of 70,000 letters": request("GET", "/" + "a" * 70_000, host),
        "a path of 30,000 percent signs": request("GET", "/" + "%41" * 10_000, host),
        "a method of 70,000 letters": request("A" * 70_000, "/", host),
        "5,000 zeros": bytes(5000),
        "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n" * 10,
        "a preface of HTTP/2 that goes on with noise": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 500,
    }  # fmt: skip
    for sent, raw in rows.items():
        answers = bench.line.raw([raw], patience=_PROMPT, most=1)
        got = ", ".join(map(str, answers)) or "closed without an answer"
        right = all(answer.status in REFUSED and answer.seconds < _SLOW for answer in answers)
        yield Probe(sent, got, Verdict.KEPT if right else Verdict.BROKEN)
