"""Smuggling: requests that two readers might cut at different places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from comity.conformance.attack import attack
from comity.conformance.bench import Bench, Said
from comity.conformance.line import request
from comity.conformance.verdict import Probe, Promise, Verdict

_PATIENCE = 1.0  # seconds in which a second answer would come


def _inner(bench: Bench) -> bytes:
    """The request that is hidden in another: anybody may make it, and its answer is known by its type."""
    return request("GET", "/checkpoint", {"Host": bench.line.netloc})


def _chunked(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n"


def _judged(bench: Bench, sent: str, raw: bytes, envelope: bytes, *, allowed: bool = False, most: int = 3) -> Probe:
    """The judgement of a request that can be cut in two ways.

    Args:
        sent: what it is.
        raw: its bytes.
        envelope: what it carries, which must not be held after it unless it is `allowed`.
        allowed: whether the node may take it, as long as it reads no second request.
        most: how many answers are waited for; one where no request is hidden.
    """
    answers = bench.line.raw([raw], patience=_PATIENCE, most=most)
    got = ", ".join(map(str, answers)) or "closed without an answer"
    if any(answer.status == 200 for answer in answers[1:]):
        return Probe(sent, f"{got}: the hidden request was answered", Verdict.BROKEN)
    if not allowed and bench.holds(envelope):
        return Probe(sent, f"{got}, and the envelope is held", Verdict.BROKEN)
    wrong = any(answer.status >= 500 or (not allowed and answer.status == 200) for answer in answers)
    return Probe(sent, got, Verdict.BROKEN if wrong else Verdict.KEPT)


def _fields(bench: Bench, said: Said, more: Mapping[str, str]) -> dict[str, str]:
    return {"Host": bench.line.netloc} | bench.hop("POST", "/messages", said.envelope) | dict(more)


@attack("smuggle-lengths", Promise.DOOR, "The peers' door")
def two_lengths(bench: Bench) -> Iterator[Probe]:
    """Say a signed message's length in two ways, or in none that counts, with another request behind or within it.

    Right: refused or closed; the envelope is not held and the hidden request is not answered.
    """
    said, inner = bench.asks(), _inner(bench)
    body = said.envelope
    size, chunks = len(body), _chunked(body)
    rows = {
        "a length and chunks": ({"Content-Length": f"{size}", "Transfer-Encoding": "chunked"}, chunks + inner),
        "chunks and a length": ({"Transfer-Encoding": "chunked", "Content-Length": f"{size}"}, b"0\r\n\r\n" + inner),
        "chunks alone": ({"Transfer-Encoding": "chunked"}, chunks),
        "an encoding that is none": ({"Content-Length": f"{size}", "Transfer-Encoding": "xchunked"}, body + inner),
        "encoding identity": ({"Content-Length": f"{size}", "Transfer-Encoding": "identity"}, body + inner),
        "chunks, then identity": ({"Transfer-Encoding": "chunked, identity"}, chunks + inner),
        "a blank before the colon": ({"Content-Length": f"{size}", "Transfer-Encoding ": "chunked"}, body + inner),
        "a vertical tab": ({"Content-Length": f"{size}", "Transfer-Encoding": "\vchunked"}, body + inner),
        "two lengths": ({"Content-Length": f"{size}", "content-length": "0"}, body + inner),
        "two lengths in one field": ({"Content-Length": f"{size}, {size}"}, body + inner),
        "a length with a sign": ({"Content-Length": f"+{size}"}, body + inner),
        "a length in hex": ({"Content-Length": f"0x{size:x}"}, body + inner),
        "a length below nothing": ({"Content-Length": "-1"}, body + inner),
        "a length with a blank": ({"Content-Length": f"{size} 0"}, body + inner),
        "a length in Persian digits": ({"Content-Length": "۱۲"}, body + inner),
        "no length": ({"Content-Length": ""}, body + inner),
        "a chunk of endless size": ({"Transfer-Encoding": "chunked"}, b"f" * 17 + b"\r\n" + body + b"\r\n0\r\n\r\n" + inner),
        "a line feed in a chunk's extension": ({"Transfer-Encoding": "chunked"}, b"5;a=\n\r\nhello\r\n0\r\n\r\n" + inner),
    }  # fmt: skip
    for sent, (more, data) in rows.items():
        yield _judged(bench, sent, request("POST", "/messages", _fields(bench, said, more), data), body)
    hidden = {"a length": ({"Content-Length": f"{len(inner)}"}, inner),
              "chunks": ({"Transfer-Encoding": "chunked"}, _chunked(inner))}  # fmt: skip
    for sent, (more, data) in hidden.items():
        raw = request("GET", "/checkpoint", {"Host": bench.line.netloc} | more, data)
        yield _judged(bench, f"a GET whose body is a request, by {sent}", raw, body, allowed=True)


@attack("smuggle-lines", Promise.DOOR, "The peers' door")
def line_ends(bench: Bench) -> Iterator[Probe]:
    """Send a signed message with line ends, folds and bytes in its head that some readers take for the end of a field.

    Right: refused or closed; the envelope is not held.
    """
    said = bench.asks()
    size = str(len(said.envelope))
    rows = {
        "a line feed in a value": {"X": "a\nContent-Length: 0"},
        "a carriage return in a value": {"X": "a\rContent-Length: 0"},
        "a folded line": {"X": "a\r\n b"}, "a folded length": {"Content-Length": f"\r\n {size}"},
        "a NUL in a value": {"X": "a\0b"}, "a blank in a name": {"X a": "b"}, "a NUL in a name": {"X\0": "b"},
        "an empty name": {"": "b"}, "a delete in a value": {"X": "a\x7fb"},
    }  # fmt: skip
    for sent, more in rows.items():
        fields = _fields(bench, said, {"Content-Length": size} | more)
        yield _judged(bench, sent, request("POST", "/messages", fields, said.envelope), said.envelope, most=1)
    fields = _fields(bench, said, {"Content-Length": size})
    raw = request("POST", "/messages", fields, said.envelope)
    yield _judged(bench, "a line without a colon", raw.replace(b"\r\n", b"\r\nnothing\r\n", 1), said.envelope, most=1)
    yield _judged(
        bench, "a first line that is folded", raw.replace(b"\r\n", b"\r\n X: y\r\n", 1), said.envelope, most=1
    )
    for version in ("HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.10"):
        yield _judged(bench, f"version {version}", raw.replace(b"HTTP/1.1", version.encode(), 1), said.envelope, most=1)


@attack("smuggle-names", Promise.DOOR, "Signed requests")
def hosts_and_names(bench: Bench) -> Iterator[Probe]:
    """Name other hosts, two or none; other forms of the address; fields that proxies add; fields twice.

    Right: refused, or read as if they were not there: what counts is the signature over the node's own address. Never a
    second request, never another answer than to the path that was signed.
    """
    said = bench.asks()
    size = {"Content-Length": str(len(said.envelope))}
    signed = bench.hop("POST", "/messages", said.envelope)
    rows = {
        "another host": {"Host": "nobody.example"}, "no host": {"Host": ""}, "two hosts": {"host": "nobody.example"},
        "a host with a path": {"Host": f"{bench.line.netloc}/../entry"},
        "other addresses of proxies": {"X-Forwarded-Host": "nobody.example", "X-Original-URL": "/entry",
                                       "X-Rewrite-URL": "/entry", "Forwarded": "host=nobody.example"},
        "another method of proxies": {"X-HTTP-Method-Override": "GET"},
        "a length with an underscore": {"Content_Length": "0"}, "a digest with an underscore": {"Content_Digest": "x"},
        "an upgrade": {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQ"},
        "an upgrade to a socket": {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                                   "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="},
    }  # fmt: skip
    for sent, more in rows.items():
        raw = request("POST", "/messages", _fields(bench, said, size | more), said.envelope)
        yield _judged(bench, sent, raw, said.envelope, allowed=True, most=1)
    for target in (bench.uri("/messages"), "https://nobody.example/messages"):
        fields = _fields(bench, said, size)
        yield _judged(bench, f"the target {target[:24]}…", request("POST", target, fields, said.envelope), said.envelope,
                      allowed=True, most=1)  # fmt: skip
    other = bench.asks()
    for name, value in signed.items():
        fields = {"Host": bench.line.netloc, **bench.hop("POST", "/messages", other.envelope),
                  "Content-Length": str(len(other.envelope)), name.lower(): value}  # fmt: skip
        raw = request("POST", "/messages", fields, other.envelope)
        yield _judged(bench, f"{name} twice, of two messages", raw, other.envelope, most=1)
