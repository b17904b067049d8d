"""Paths: other addresses, other methods, names of files, parts of evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from comity.conformance.attack import attack
from comity.conformance.bench import NO_OTHER, Bench
from comity.conformance.line import Answer
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.seal import canon
from comity.wire.exchange import Offer, dumps
from comity.wire.proofs import ask

_PART = 8 << 20  # bytes of evidence in one answer
_NOWHERE = (400, 401, 404, 405, 414)


@attack("path-tricks", Promise.DOOR, "The peers' door")
def other_paths(bench: Bench) -> Iterator[Probe]:
    """Ask for what is not at this door: officers' pages, files of the node, its addresses written in other ways.

    Right: 404, or another refusal; never a page, a file or a header of our choice.
    """
    home, digest = "../" * 6, "0" * 64
    places = [
        "/", "/cases", "/sign-in", "/admin/", "/static/style.css", "/.env", "/entry/", "//entry", "/ENTRY", "/entry;x",
        "/entry%00",
        "/entry%20", "/receipts/../entry", "/receipts/%2e%2e/entry", "/receipts/..%2fentry", "/messages/x", "/witness/",
        f"/receipts/{digest}/", f"/receipts/{digest}0", f"/receipts/{digest[:-1]}", "/receipts/", "/receipts/%2a",
        "/receipts/%",
        "/receipts/%ff", "/receipts/%d9%a0" * 3, f"/{home}etc/passwd", "/entry.json", "/db.sqlite3", "/keys/signing.key",
        "*", "", "entry", "\\entry", "/\x01", "/é", "/" + "a" * 70_000, "/" + "a/" * 4_000, "/checkpoint%0d%0aX-Evil:%20yes",
        "/%0d%0aSet-Cookie:%20evil=1",
    ]  # fmt: skip
    for path in places:
        yield _elsewhere(bench, path, bench.get(path))
    for name in ("db.sqlite3", "entry.json", "keys/signing.key", "shelf/x", "../../../../etc/passwd"):
        for written in (
            f"../{name}",
            f"..%2f{name.replace('/', '%2f')}",
            f"%2e%2e/{name}",
            f"..\\{name}",
            f"{name}%00",
        ):
            path = f"/evidence/{written}"
            yield _elsewhere(bench, path, bench.get(path, {"Range": "bytes=0-99"}))


def _elsewhere(bench: Bench, path: str, answer: Answer) -> Probe:
    """The judgement of an answer to a path that is not there."""
    injected = {"x-evil", "set-cookie"} & set(answer.headers)
    if injected:
        return Probe(path[:60], f"{answer}, with the header {min(injected)}", Verdict.BROKEN)
    return bench.turned_away(path[:60], answer, statuses=_NOWHERE, closing=True)


@attack("path-methods", Promise.DOOR, "The peers' door")
def other_methods(bench: Bench) -> Iterator[Probe]:
    """Use other methods at each address, signed as they are sent.

    Right: 405, HEAD included; never an effect.
    """
    for path, right in {"/messages": "POST", "/witness": "POST", "/entry": "GET", "/checkpoint": "GET",
                        f"/receipts/{'0' * 64}": "GET", f"/evidence/{'0' * 64}": "GET"}.items():  # fmt: skip
        for method in (
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "TRACE",
            "CONNECT",
            "PROPFIND",
            "NOTHING",
        ):
            if method != right:
                answer = bench.line.ask(method, path, bench.hop(method, path))
                yield bench.turned_away(f"{method} {path[:12]}", answer, statuses=(400, 405, 501))


@attack("path-unsigned", Promise.DOOR, "Signed requests")
def unsigned(bench: Bench) -> Iterator[Probe]:
    """Ask at each address that is for States only: without a signature, as a State that is not pinned, as us with others' keys.

    Right: 401, also where the same is answered when we sign it.
    """
    digest = canon.content_id(bench.standing().envelope)
    places = [
        ("GET", f"/receipts/{digest}", b""), ("GET", f"/outcomes/{digest}", b""),
        ("GET", f"/evidence/{bench.shelf or digest}", b""), ("GET", "/directory", b""),
        ("POST", "/exchange", dumps(Offer(ask=(digest,)))), ("POST", "/proofs", ask([digest])),
        ("POST", "/messages", bench.asks().envelope), ("POST", "/witness", b"old 0\n\n"),
    ]  # fmt: skip
    for method, path, body in places:
        ways = {
            "signed by nobody": {}, "signed by a State that is not pinned": bench.hop(method, path, body, who=bench.stranger),
            "signed as us with a stranger's key": bench.hop(method, path, body, key=bench.stranger.hop),
        }  # fmt: skip
        if bench.theirs is not None:
            ways["signed as us with another State's key"] = bench.hop(method, path, body, key=bench.theirs.me.hop)
        for words, headers in ways.items():
            answer = bench.line.ask(method, path, {"Range": "bytes=0-9"} | headers, body)
            kept = body if path == "/messages" else b""
            yield bench.turned_away(f"{method} {path[:12]}, {words}", answer, envelope=kept)
    if bench.theirs is None:
        yield Probe("all of it, signed as us with another State's key", NO_OTHER, Verdict.UNDETERMINED)


@attack("path-names", Promise.DOOR, "Kinds and their bodies")
def names_of_files(bench: Bench) -> Iterator[Probe]:
    """Say acts whose digests, references and names are paths, so that something is written or read there.

    Right: never admitted: a digest is 64 hex digits, a reference is State, year and number.
    """
    request, open_case = bench.request(), bench.standing()
    names = (
        "../../../../tmp/conformance",
        "/etc/passwd",
        "..\\..\\x",
        "a" * 63,
        "A" * 64,
        "0" * 65,
        "٠" * 64,
        "0" * 63 + "\n",
    )
    cases = []
    for name in names:
        body = {
            "container": name,
            "size": 1,
            "manifest": "0" * 64,
            "files": 1,
            "conditions": [],
            "use": "evidence",
            "rest": "",
        }
        told = bench.say("disclosed", open_case.case, body, after=open_case.id)
        cases.append((f"a container named {name[:20]!r}", told.envelope))
        letter = bench.say("requested", request.reference, {"request": request.to_dict(), "letter": name})
        cases.append((f"a letter named {name[:20]!r}", letter.envelope))
    for reference in ("../../../x", "/etc/passwd", "XX-2026-0001/../../x", "%2e%2e", "CON", ""):
        raw = request.to_dict() | {"reference": reference}
        cases.append(
            (f"a case named {reference!r}", bench.say("requested", reference, {"request": raw, "letter": ""}).envelope)
        )
        raw = request.to_dict() | {"follows": reference}
        told = bench.say("requested", reference, {"request": raw, "letter": ""})
        cases.append((f"a case that follows {reference!r}, under it", told.envelope))
    yield from bench.never_admitted(cases)


_RANGES = {
    "no range": "", "from the end": "bytes=-5", "to the end": "bytes=5-", "backwards": "bytes=9-0", "two": "bytes=0-1,3-4",
    "two that overlap": "bytes=0-9,5-14", "a thousand": "bytes=" + ",".join(["0-0"] * 1000), "below nothing": "bytes=-1-5",
    "a blank": "bytes= 0-9", "Persian digits": "bytes=۰-۹", "another unit": "items=0-9", "no number": "bytes=a-b",
    "a number of 40 digits": f"bytes=0-{'9' * 40}", "a sign": "bytes=+0-+9", "hex": "bytes=0x0-0x9",
}  # fmt: skip


@attack("path-ranges", Promise.DOOR, "The peers' door")
def parts_of_evidence(bench: Bench) -> Iterator[Probe]:
    """Ask for parts of evidence: of what does not lie here, with ranges that are none; of what does, if its digest is known.

    Right: 404 for what is not for us and for what is no range, 416 beyond the end; otherwise exactly those bytes, at most
    8 MiB, which together are the container.
    """
    strange = {"what nobody has": "0" * 64, "an envelope": canon.content_id(bench.standing().envelope)}
    for words, digest in strange.items():
        answer = bench.get(f"/evidence/{digest}", {"Range": "bytes=0-99"})
        yield bench.turned_away(f"a part of {words}", answer, statuses=(404,))
    if not bench.shelf:
        yield Probe("parts of what lies here for us", "no container is named (--evidence)", Verdict.UNDETERMINED)
        return
    place = f"/evidence/{bench.shelf}"
    for words, wanted in _RANGES.items():
        answer = bench.get(place, {"Range": wanted} if wanted else {})
        yield bench.turned_away(f"a range: {words}", answer, statuses=(400, 404, 416))
    yield from _whole(bench, place)


def _whole(bench: Bench, place: str) -> Iterator[Probe]:
    """Whether the parts of the container at `place` are what they say, overlap rightly and make it up."""
    first = bench.get(place, {"Range": f"bytes=0-{1 << 40}"})
    size = int(first.headers.get("content-range", "/0").rpartition("/")[2])
    right = first.status == 206 and len(first.body) == min(size, _PART)
    yield Probe("more than there is", f"{first}, {len(first.body)} bytes", Verdict.KEPT if right else Verdict.BROKEN)
    beyond = bench.get(place, {"Range": f"bytes={size}-{size + 9}"})
    yield bench.turned_away("a range beyond the end", beyond, statuses=(416,))
    held = bytearray()
    while len(held) < size:
        wanted = f"bytes={len(held)}-{len(held) + _PART - 1}"
        part = bench.get(place, {"Range": wanted})
        if part.status != 206 or not part.body:
            yield Probe(wanted, str(part), Verdict.BROKEN)
            return
        held += part.body
    whole = hashlib.sha256(held).hexdigest() == bench.shelf
    yield Probe("all its parts", f"{size} bytes", Verdict.KEPT if whole else Verdict.BROKEN)
    for _ in range(8):
        start = bench.random.randrange(size)
        end = bench.random.randrange(start, size)
        part = bench.get(place, {"Range": f"bytes={start}-{end}"})
        wanted_bytes = bytes(held[start : end + 1][:_PART])
        right = part.status == 206 and part.body == wanted_bytes
        said = part.headers.get("content-range", "")
        right = right and said == f"bytes {start}-{start + len(wanted_bytes) - 1}/{size}"
        yield Probe(f"bytes {start}-{end}", f"{part}, {said}", Verdict.KEPT if right else Verdict.BROKEN)
