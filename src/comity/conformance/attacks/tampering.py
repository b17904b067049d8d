"""Tampering: cut, added, flipped, exchanged."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence

from comity.conformance import craft
from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.line import request
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.seal import canon

_SAMPLE = 24
_BLOCK = 256  # envelopes that are posted before their fate is asked for
_LIMIT = 1 << 20


def _drawn(bench: Bench, among: int, count: int = _SAMPLE) -> Sequence[int]:
    """Some of the numbers below `among`, or all of them in a thorough run."""
    return range(among) if bench.thorough or among <= count else sorted(bench.random.sample(range(among), count))


def _flipped(data: bytes, bit: int) -> bytes:
    made = bytearray(data)
    made[bit // 8] ^= 1 << bit % 8
    return bytes(made)


def _blocks(bench: Bench, places: Sequence[int], made: Callable[[int], tuple[str, bytes]]) -> Iterator[Probe]:
    for start in range(0, len(places), _BLOCK):
        yield from bench.never_admitted(made(place) for place in places[start : start + _BLOCK])


@attack("truncate-envelope", Promise.INTEGRITY, "Envelopes")
def cut_envelopes(bench: Bench) -> Iterator[Probe]:
    """Post a good envelope cut at many lengths, each under a good HTTP signature.

    Right: what was cut is never admitted.
    """
    said = bench.asks()
    lengths = [0, 1, 2, *_drawn(bench, len(said.envelope)), len(said.envelope) - 1]
    yield from _blocks(bench, lengths, lambda length: (f"the first {length} bytes", said.envelope[:length]))


@attack("truncate-body", Promise.INTEGRITY, "The peers' door")
def cut_bodies(bench: Bench) -> Iterator[Probe]:
    """State a longer body than is sent, and end the line in the middle; sign the whole, or just what is sent.

    Right: no receipt, and neither the whole nor the piece is held: a line that breaks is no message.
    """
    said = bench.asks()
    for length in (0, 1, 1000, len(said.envelope) - 1):
        piece = said.envelope[:length] + secrets.token_bytes(8)  # that nobody brought before
        for words, signed in (("the whole is signed", said.envelope), ("the piece is signed", piece)):
            headers = bench.hop("POST", "/messages", signed)
            fields = {"Host": bench.line.netloc, "Content-Length": str(len(said.envelope) + 50)} | headers
            answers = bench.line.raw([request("POST", "/messages", fields, piece)], patience=3, shut=True, most=1)
            held = [data for data in (said.envelope, piece) if bench.holds(data)]
            got = ", ".join(map(str, answers)) or "closed without an answer"
            broken = bool(held) or any(answer.status == 200 for answer in answers)
            got += ", and it is held" * bool(held)
            yield Probe(f"{len(piece)} bytes of more, {words}", got, Verdict.BROKEN if broken else Verdict.KEPT)


@attack("add-bytes", Promise.INTEGRITY, "Canonical JSON")
def added_bytes(bench: Bench) -> Iterator[Probe]:
    """Post good envelopes with something before, behind or within.

    Right: never admitted: there is one way to write an envelope.
    """
    data = bench.asks().envelope
    value, sealed = craft.head_and_bytes(data)
    head, feed = canon.dumps(value), b"\n" + sealed
    rows = {
        "a line feed behind": data + b"\n", "a blank before": b" " + data, "a byte order mark": b"\xef\xbb\xbf" + data,
        "a NUL behind": data + b"\0", "itself behind": data + data, "an empty object behind": data + b"{}",
        "blanks within": data.replace(b'":"', b'": "'), "an escaped letter": data.replace(b'"to"', b'"\\u0074o"'),
        "an escaped slash": data.replace(b"comity/v1", b"comity\\/v1"), "UTF-16": head.decode().encode("utf-16") + feed,
        "an array around": b"[" + head + b"]" + feed, "a comment": head + b"//" + feed, "no line feed": head + sealed,
        "two line feeds": head + b"\n" + feed, "a return before the line feed": head + b"\r" + feed,
        "a field more": canon.framed(value | {"x": ""}, sealed),
        "a field less": canon.framed({name: value[name] for name in value if name != "key"}, sealed),
        "a number for a text": canon.framed(value | {"to": 1}, sealed),
        "null for a text": canon.framed(value | {"key": None}, sealed),
        "other order of fields": b"{" + b",".join(head[1:-1].split(b",")[::-1]) + b"}" + feed,
        "a field twice": head[:-1] + f',"to":"{bench.home.state}"}}'.encode() + feed,
        "a ciphertext in base64": canon.dumps(value | {"sealed": canon.b64(sealed)}) + b"\n",
        "a length in a text": canon.framed(value | {"sealed": str(len(sealed))}, sealed),
    } | {
        f"a length of {length}": canon.framed(value | {"sealed": length}, sealed)
        for length in (0, -1, len(sealed) - 1, len(sealed) + 1, 2**53 - 1, True, None)
    }  # fmt: skip
    yield from bench.never_admitted((words, made) for words, made in rows.items() if made != data)


@attack("flip-signed", Promise.INTEGRITY, "Signed requests")
def flipped_under_one_signature(bench: Bench) -> Iterator[Probe]:
    """Flip single bits of an envelope on its way, under the HTTP signature of the true one. A sample, or all of them.

    Right: 401; nothing is kept.
    """
    said = bench.asks()
    headers = bench.hop("POST", "/messages", said.envelope)
    for bit in _drawn(bench, len(said.envelope) * 8):
        if bench.now().timestamp() % 200 < 1:
            headers = bench.hop("POST", "/messages", said.envelope)
        answer = bench.line.ask("POST", "/messages", headers, _flipped(said.envelope, bit))
        yield bench.turned_away(f"bit {bit} flipped", answer)
    held = bench.holds(said.envelope)
    yield Probe(
        "the true envelope, never sent", "held" if held else "not held", Verdict.BROKEN if held else Verdict.KEPT
    )


@attack("flip-envelope", Promise.INTEGRITY, "Envelopes")
def flipped_envelopes(bench: Bench) -> Iterator[Probe]:
    """Flip single bits of a good envelope and sign the HTTP request anew, as a hostile carrier would.

    Right: never admitted. A sample by the seed, or every bit.
    """
    said = bench.asks()
    bits = _drawn(bench, len(said.envelope) * 8)
    yield from _blocks(bench, bits, lambda bit: (f"bit {bit} flipped", _flipped(said.envelope, bit)))


@attack("flip-statement", Promise.INTEGRITY, "What is signed")
def flipped_statements(bench: Bench) -> Iterator[Probe]:
    """Flip single bits of a signed statement and seal it rightly, as who took over the addressee's friend would.

    Right: never admitted: both signatures cover every part.
    """
    said = bench.asks()
    bits = _drawn(bench, len(said.statement) * 8)
    yield from _blocks(bench, bits, lambda bit: (f"bit {bit} flipped", bench.seal(_flipped(said.statement, bit))))


@attack("flip-signature", Promise.INTEGRITY, "Signed requests")
def flipped_headers(bench: Bench) -> Iterator[Probe]:
    """Flip single bits of the three headers of the HTTP signature.

    Right: refused, 401 or 400; nothing is kept.
    """
    said = bench.asks()
    for name in ("Signature", "Signature-Input", "Content-Digest"):
        for bit in _drawn(bench, len(bench.hop("POST", "/messages", said.envelope)[name]) * 8, _SAMPLE // 2):
            headers = bench.hop("POST", "/messages", said.envelope)
            flipped = _flipped(headers[name].encode(), bit).decode("utf-8", "surrogateescape")
            answer = bench.line.ask("POST", "/messages", headers | {name: flipped}, said.envelope)
            yield bench.turned_away(f"bit {bit} of {name}", answer, statuses=(400, 401), closing=True)
    held = bench.holds(said.envelope)
    yield Probe(
        "the envelope under all these", "held" if held else "not held", Verdict.BROKEN if held else Verdict.KEPT
    )


@attack("swap-envelope", Promise.INTEGRITY, "Envelopes")
def swapped_envelope_fields(bench: Bench) -> Iterator[Probe]:
    """Exchange the fields of two good envelopes, one by one, and put other words in them.

    Right: never admitted: what an envelope says outside is bound to what it holds.
    """
    (one, raw), (other, sealed) = (craft.head_and_bytes(bench.asks().envelope) for _ in range(2))
    cases = [
        ("the ciphertext of another envelope", canon.framed(one | {"sealed": len(sealed)}, sealed)),
        ("statement of another envelope", canon.framed(one | {"statement": other["statement"]}, raw)),
    ]
    words = {"to": bench.me.state, "key": bench.me.opening.public.id, "statement": "0" * 64, "comity": "comity/v1"}
    cases += [(f"{name} of its own choice", canon.framed(one | {name: word}, raw)) for name, word in words.items()]
    pieces = {"no ciphertext": b"", "the encapsulated key alone": raw[:1120], "no tag": raw[:-16],
    "a longer one": raw + b"\0",
              "an encapsulated key of zeros": bytes(1120) + raw[1120:], "all zeros": bytes(len(raw))}  # fmt: skip
    cases += [(words, canon.framed(one | {"sealed": len(piece)}, piece)) for words, piece in pieces.items()]
    yield from bench.never_admitted(cases)


@attack("swap-statement", Promise.INTEGRITY, "What is signed")
def swapped_statement_fields(bench: Bench) -> Iterator[Probe]:
    """Exchange the fields of two signed statements, one by one, and seal the result rightly.

    Right: never admitted.
    """
    one, other = (canon.loads(bench.asks().statement, limit=_LIMIT) for _ in range(2))
    cases = [
        (f"{name} of another statement", bench.seal(canon.dumps(one | {name: other[name]})))
        for name in ("payload", "ed25519", "mldsa65")
    ]
    words = {"from": bench.stranger.state, "to": bench.me.state, "key": bench.stranger.signing.public.id, "kind": "entry",
             "payload": canon.b64(b"{}"), "ed25519": one["mldsa65"], "mldsa65": one["ed25519"]}  # fmt: skip
    cases += [
        (f"{name} of its own choice", bench.seal(canon.dumps(one | {name: word}))) for name, word in words.items()
    ]
    less = [{key: item for key, item in one.items() if key != name} for name in one]
    cases += [("a field less", bench.seal(canon.dumps(value))) for value in less]
    cases.append(("a field more", bench.seal(canon.dumps(one | {"x": ""}))))
    yield from bench.never_admitted(cases)


@attack("swap-padding", Promise.INTEGRITY, "Envelopes")
def other_plaintexts(bench: Bench) -> Iterator[Probe]:
    """Seal rightly what is not the plaintext of an envelope: another length, padding that says something, another statement.

    Right: never admitted: length, zeros and commitment are checked.
    """
    said, other = bench.asks().statement, bench.asks().statement
    length = len(said).to_bytes(4, "big")
    plain = {
        "padding that is not zero": length + said + b"\0\1", "no length": said, "nothing": b"", "a length alone": length,
        "a longer length": (len(said) + 10).to_bytes(4, "big") + said, "the longest length": b"\xff" * 4 + said,
        "a shorter length": (len(said) - 1).to_bytes(4, "big") + said,
    }  # fmt: skip
    cases = [(words, bench.seal(said, padded=padded)) for words, padded in plain.items()]
    cases.append(("another statement than the commitment names", bench.seal(said, digest=canon.content_id(other))))
    cases.append(("a commitment in upper case", bench.seal(said, digest=canon.content_id(said).upper())))
    info = f"{craft.VERSION}/bag\nx\n{bench.home.state}".encode()
    cases.append(("sealed for another purpose", bench.seal(said, info=info)))
    yield from bench.never_admitted(cases)
