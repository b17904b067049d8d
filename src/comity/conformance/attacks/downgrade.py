"""Downgrade: half a signature, an older version, a weaker line, a signature that covers less."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Iterator
from typing import Any

from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.line import read, request
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.errors import Unreachable
from comity.seal import canon

_SIZES = {"ed25519": 64, "mldsa65": 3309}


def _payload(statement: bytes) -> bytes:
    return canon.unb64(canon.loads(statement, limit=1 << 20)["payload"])


@attack("strip-half", Promise.HYBRID, "What is signed")
def half_signatures(bench: Bench) -> Iterator[Probe]:
    """Take either half of the hybrid signature away, in every way that a verifier might forget.

    Right: never admitted: both must hold.
    """
    payload = _payload(bench.asks().statement)
    right = canon.loads(bench.sign(payload), limit=1 << 20)
    stranger = canon.loads(bench.sign(payload, key=bench.stranger.signing), limit=1 << 20)
    cases = []
    for half, size in _SIZES.items():
        ways = {
            "taken out": None, "empty": "", "zeros": canon.b64(bytes(size)), "of another key": stranger[half],
            "cut": right[half][:-4], "null": "null", "twice": canon.b64(canon.unb64(right[half]) * 2),
            "over something else": canon.loads(bench.sign(b"{}"), limit=1 << 20)[half],
        }  # fmt: skip
        cases += [(f"{half} {way}", bench.seal(bench.sign(payload, **{half: word}))) for way, word in ways.items()]
    mixed = {"key": stranger["key"], "ed25519": stranger["ed25519"]}
    borrowed = bench.sign(payload, key=bench.stranger.signing, mldsa65=right["mldsa65"])
    cases.append(("another key's id", bench.seal(borrowed)))
    cases.append(("another key's id and one half", bench.seal(canon.dumps(right | mixed))))
    yield from bench.never_admitted(cases)


@attack("old-version", Promise.HYBRID, "Versions")
def versions(bench: Bench) -> Iterator[Probe]:
    """Speak other versions of the protocol, rightly signed and sealed under their labels.

    Right: never admitted: what is signed has one version, and an envelope the two forms that are written down.
    """
    payload = _payload(bench.asks().statement)
    cases = [
        (f"a statement of '{version}'", bench.seal(bench.sign(payload, version=version, label=f"{version}/act")))
        for version in ("comity/v0", "comity/v2", "comity/v1.0", "comity/v01", "Comity/v1", "comity", "")
    ]
    for version in ("comity/v0", "comity/v1", "comity/v3", "comity/v2.0", "comity/v02", "Comity/v2", "comity", ""):
        said, home = bench.sign(payload), bench.home
        info = f"{version}/envelope\n{home.state}\n{home.open.id}\n{canon.content_id(said)}".encode()
        cases.append((f"an envelope of '{version}'", bench.seal(said, info=info, comity=f"{version}/envelope")))
        cases.append((f"an envelope under the label of '{version}'", bench.seal(said, info=info)))
    yield from bench.never_admitted(cases)


@attack("first-form", Promise.HYBRID, "Forms")
def in_the_first_form(bench: Bench) -> Iterator[Probe]:
    """Seal in the first form what would be refused in the second: half signatures, another commitment, another's clothes.

    Right: never admitted: the older form is as strict as the newer one, and stands under the seal.
    """
    payload, home = _payload(bench.asks().statement), bench.home
    cases = []
    for half, size in _SIZES.items():
        ways: dict[str, Any] = {"taken out": None, "empty": "", "zeros": canon.b64(bytes(size))}
        cases += [
            (f"{half} {way}", bench.seal(bench.sign(payload, **{half: word}), form=1)) for way, word in ways.items()
        ]
    said = bench.sign(payload)
    digest = canon.content_id(said)
    infos = {form: f"comity/v{form}/envelope\n{home.state}\n{home.open.id}\n{digest}".encode() for form in (1, 2)}
    cases += [
        ("another commitment", bench.seal(said, form=1, digest="0" * 64)),
        ("a length in place of base64", bench.seal(said, form=1, sealed=len(said))),
        ("base64 in place of a length", bench.seal(said, sealed=canon.b64(said))),
        ("sealed as the second form, shown as the first", bench.seal(said, form=1, info=infos[2])),
        ("sealed as the first form, shown as the second", bench.seal(said, info=infos[1])),
        ("the first form with a line feed behind", bench.seal(said, form=1) + b"\n"),
        ("for another State", bench.seal(said, form=1, to=bench.stranger.state)),
    ]
    yield from bench.never_admitted(cases)


@attack("hop-missing", Promise.ORIGIN, "Signed requests")
def missing_signatures(bench: Bench) -> Iterator[Probe]:
    """Send good envelopes without an HTTP signature, with half of one, with two, under another label.

    Right: 401; nothing is kept.
    """
    said = bench.asks()
    right = bench.hop("POST", "/messages", said.envelope)
    other = bench.hop("POST", "/messages", said.envelope, label="other")
    stranger = bench.hop("POST", "/messages", said.envelope, who=bench.stranger, label="second")
    both = {name: f"{right[name]}, {stranger[name]}" for name in ("Signature", "Signature-Input")}
    ways = {
        "nothing at all": {}, "an empty signature": right | {"Signature": ""}, "another label": other,
        "no input": {name: right[name] for name in ("Content-Digest", "Signature")},
        "no signature": {name: right[name] for name in ("Content-Digest", "Signature-Input")},
        "an input of another label": right | {"Signature-Input": other["Signature-Input"]},
        "two signatures": right | both, "a signature of zeros": right | {"Signature": f"hop=:{canon.b64(bytes(64))}:"},
        "a short signature": right | {"Signature": "hop=:AAAA:"}, "no bytes": right | {"Signature": 'hop="AAAA"'},
        "an old draft's header": {"Authorization": f'Signature keyId="{bench.me.state}",signature="AAAA"'},
        "a bearer token": {"Authorization": "Bearer " + "0" * 40},
    }  # fmt: skip
    for words, headers in ways.items():
        answer = bench.line.ask("POST", "/messages", headers, said.envelope)
        yield bench.turned_away(words, answer, envelope=said.envelope)
    for path in (f"/receipts/{'0' * 64}", f"/evidence/{'0' * 64}"):
        yield bench.turned_away(f"GET {path[:10]}… unsigned", bench.line.ask("GET", path, {"Range": "bytes=0-9"}))


@attack("hop-weaker", Promise.HYBRID, "Signed requests")
def weaker_signatures(bench: Bench) -> Iterator[Probe]:
    """Sign HTTP requests that cover less, name other algorithms, leave parameters out or add some.

    Right: 401; nothing is kept.
    """
    said = bench.asks()
    ways: dict[str, dict[str, Any]] = {
        "covers no body": {"covered": ("@method", "@target-uri")}, "covers nothing": {"covered": ()},
        "covers no address": {"covered": ("@method", "content-digest")},
        "covers a path instead": {"covered": ("@method", "@path", "content-digest")},
        "in another order": {"covered": ("content-digest", "@target-uri", "@method")},
        "covers one twice": {"covered": ("@method", "@target-uri", "content-digest", "content-digest")},
        "covers more": {"covered": ("@method", "@target-uri", "content-digest", "date")},
        "no algorithm": {"alg": None}, "alg none": {"alg": "none"}, "alg hmac-sha256": {"alg": "hmac-sha256"},
        "alg rsa-v1_5-sha256": {"alg": "rsa-v1_5-sha256"}, "alg in upper case": {"alg": "ED25519"},
        "no tag": {"tag": None}, "another tag": {"tag": "comity-v0"}, "no key": {"keyid": None},
        "no time": {"created": None}, "a time that is a word": {"created": str(int(bench.now().timestamp()))},
        "an end": {"expires": 1 << 40}, "a nonce": {"nonce": "x"},
    }  # fmt: skip
    for words, changed in ways.items():
        given = {"created": int(bench.now().timestamp())} | changed
        headers = bench.hop("POST", "/messages", said.envelope, **given)
        answer = bench.line.ask("POST", "/messages", headers, said.envelope)
        yield bench.turned_away(words, answer, envelope=said.envelope)


@attack("wrong-digest", Promise.INTEGRITY, "Signed requests")
def content_digests(bench: Bench) -> Iterator[Probe]:
    """Send a Content-Digest that is not that of the body, rightly signed: another body's, another algorithm's, two, none.

    Right: 401; nothing is kept.
    """
    said, other = bench.asks(), bench.asks()
    body = said.envelope
    right = bench.hop("POST", "/messages", body)["Content-Digest"]
    ways = {
        "another body's": bench.hop("POST", "/messages", other.envelope)["Content-Digest"],
        "SHA-512": f"sha-512=:{canon.b64(hashlib.sha512(body).digest())}:",
        "MD5": f"md5=:{canon.b64(hashlib.md5(body, usedforsecurity=False).digest())}:",
        "two": f"{right}, sha-512=:{canon.b64(hashlib.sha512(body).digest())}:", "two of one kind": f"{right}, {right}",
        "a kind that nobody knows": "id-x=:AAAA:", "no bytes": "sha-256=:AAAA:", "a word": "sha-256=x",
        "of nothing": bench.hop("GET", "/messages")["Content-Digest"], "upper case": right.replace("sha", "SHA"),
    }  # fmt: skip
    for words, digest in ways.items():
        answer = bench.post("/messages", body, digest=digest)
        yield bench.turned_away(f"a digest: {words}", answer, envelope=body)
    headers = bench.hop("POST", "/messages", body)
    del headers["Content-Digest"]
    yield bench.turned_away("no digest", bench.line.ask("POST", "/messages", headers, body), envelope=body)


@attack("old-tls", Promise.HYBRID, "The peers' door")
def older_lines(bench: Bench) -> Iterator[Probe]:
    """Connect with TLS 1.2 at most, and without TLS.

    Right: no handshake, and not a word of HTTP.
    """
    older = bench.line.context()
    older.minimum_version = older.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        with bench.line.secure(older) as held:
            yield Probe("TLS 1.2", f"{held.version()} is spoken", Verdict.BROKEN)
    except OSError as error:
        yield Probe("TLS 1.2", f"refused: {error}"[:80], Verdict.KEPT)
    with bench.line.plain() as plain:
        plain.settimeout(5)
        plain.sendall(request("GET", "/entry", {"Host": bench.line.netloc}))
        answers = read(plain, most=1, begun=time.monotonic())
    got = ", ".join(map(str, answers)) or "closed without an answer"
    told = any(answer.status == 200 for answer in answers)
    yield Probe("HTTP without TLS", got, Verdict.BROKEN if told else Verdict.KEPT)
    try:
        with bench.line.secure() as held:
            right = held.version() == "TLSv1.3"
            yield Probe("TLS 1.3", str(held.version()), Verdict.KEPT if right else Verdict.BROKEN)
    except Unreachable as error:
        yield Probe("TLS 1.3", str(error), Verdict.BROKEN)
