"""Offers, answers, newer proofs, and the signature of a request. The exchange, Newer proofs, Signed requests."""

import base64
import hashlib
import re
from dataclasses import dataclass

from second import notes, plain
from second.keys import ed25519_holds
from second.plain import need

BODY, ENVELOPE, WORD = 6 << 20, 1 << 20, 1 << 16
BATCH, ASKED, GAPS, AFTER, EVIDENCE, PROOFS = 256, 256, 4096, 16, 8, 256


@dataclass(frozen=True)
class Item:
    """An envelope on its way."""

    number: int
    envelope: bytes
    after: list[str]
    evidence: list[bytes]


@dataclass(frozen=True)
class Offer:
    """What one node asks of another; `have` is (got, gaps, sent, gaps), or None."""

    items: list[Item]
    ask: list[str]
    have: tuple[int, list[int], int, list[int]] | None


@dataclass(frozen=True)
class Answer:
    """What it is answered; an outcome is (envelope, receipt, later), what comes back is (item, statement)."""

    outcomes: list[tuple[str, bytes, str]]
    evidence: list[bytes]
    missing: list[str]
    items: list[Item]
    back: list[tuple[Item, bytes]]


def _digests(raw, most: int) -> list[str]:
    return [plain.is_digest(one) for one in plain.listed(raw, most)]


def _item(raw, pairs: list[tuple[str, str]], runs: plain.Runs | plain.Inside) -> Item:
    number, envelope, after, evidence = plain.fields(raw, "number", "envelope", "after", "evidence")
    sealed = runs.run(envelope, ENVELOPE)
    words = [_word(one, pairs, runs) for one in plain.listed(evidence, EVIDENCE)]
    return Item(plain.integer(number, 1), sealed, _digests(after, AFTER), words)


def _word(raw, pairs: list[tuple[str, str]], runs: plain.Runs | plain.Inside) -> bytes:
    """A word, its signatures put where it leaves them empty."""
    place, bare = plain.fields(raw, "signatures", "word")
    need(plain.integer(place, 0) < len(pairs), "signatures that are not there")
    parts = runs.run(bare, WORD)
    for name, half in zip(("ed25519", "mldsa65"), pairs[place], strict=True):
        before, *after = parts.split(b'"%s":""' % name.encode())
        need(len(after) == 1, "no place for a signature, or two")
        parts = b'%s"%s":"%s"%s' % (before, name.encode(), half.encode(), after[0])
    return parts


def _pair(raw) -> tuple[str, str]:
    halves = plain.fields(raw, "ed25519", "mldsa65")
    for half, most in zip(halves, (64, 3309), strict=True):
        need(len(plain.binary(half)) <= most, "a signature too long")
    return tuple(halves)


def offer(data: bytes) -> Offer:
    """The offer in `data`."""
    runs = plain.runs(data, BODY, 32_768)
    items, ask, have = plain.fields(runs.head, "items", "ask", "have")
    held = None
    if have is not None:
        got, got_gaps, sent, sent_gaps = plain.fields(have, "got", "got_gaps", "sent", "sent_gaps")
        gaps = [[plain.integer(one, 1) for one in plain.listed(raw, GAPS)] for raw in (got_gaps, sent_gaps)]
        held = (plain.integer(got, 0), gaps[0], plain.integer(sent, 0), gaps[1])
    brought = [_item(one, [], runs) for one in plain.listed(items, BATCH)]
    runs.end()
    return Offer(brought, _digests(ask, ASKED), held)


def answer(data: bytes) -> Answer:
    """The answer in `data`."""
    runs = plain.runs(data, BODY, 32_768)
    back, evidence, items, missing, outcomes, signatures = plain.fields(
        runs.head, "back", "evidence", "items", "missing", "outcomes", "signatures"
    )
    pairs = [_pair(one) for one in plain.listed(signatures, BATCH * EVIDENCE)]
    own = []
    for raw in plain.listed(back, BATCH):
        item, statement = plain.fields(raw, "item", "statement")
        own.append((_item(item, pairs, runs), runs.run(statement, ENVELOPE)))
    words = [_word(one, pairs, runs) for one in plain.listed(evidence, ASKED * EVIDENCE)]
    kept = [_item(one, pairs, runs) for one in plain.listed(items, BATCH)]
    became = []
    for raw in plain.listed(outcomes, BATCH):
        envelope, receipt, later = plain.fields(raw, "envelope", "receipt", "later")
        plain.texts(later)
        need(len(later) <= 200, "a word too long")
        became.append((plain.is_digest(envelope), b"" if receipt is None else _word(receipt, pairs, runs), later))
    runs.end()
    return Answer(became, words, _digests(missing, BATCH * AFTER), kept, own)


def forms(data: bytes) -> list[int]:
    """The forms that a node says it reads."""
    version, reads = plain.fields(plain.read(data, 4096), "comity", "reads")
    need(version == "forms/1", "another word")
    return [plain.integer(one, 1) for one in plain.listed(reads, 64)]


def ask(data: bytes) -> list[str]:
    """What a body of /proofs asks about."""
    (prove,) = plain.fields(plain.read(data, 1 << 20), "prove")
    return _digests(prove, PROOFS)


def proofs(data: bytes) -> dict[str, notes.Proof]:
    """The proofs in its answer, by envelope; not followed yet."""
    note, found = plain.fields(plain.read(data, 1 << 20), "note", "proofs")
    need(isinstance(found, dict) and len(found) <= PROOFS, "no proofs")
    for raw in found.values():
        plain.fields(raw, "index", "path")
    return {digest: notes.proof(raw | {"note": note}) for digest, raw in found.items()}


_COVERED = ("@method", "@target-uri", "content-digest")
_LIST = re.compile(
    r' *hop=(\( *"@method" +"@target-uri" +"content-digest" *\)((?:; *[a-z]+=(?:"[^"\\]*"|[0-9]{1,15}))*)) *'
)
_ONE = re.compile(r'; *([a-z]+)=(?:"([^"\\]*)"|([0-9]{1,15}))')
_SIGNATURE = re.compile(r" *hop=:([A-Za-z0-9+/=]*): *")


def hop(method: str, uri: str, headers: dict[str, str], body: bytes, keys: dict[str, bytes], now: int) -> str:
    """The State whose node signed this HTTP request; `keys` are the hop keys of States. Signed requests."""
    given, signature = _LIST.fullmatch(headers["Signature-Input"]), _SIGNATURE.fullmatch(headers["Signature"])
    need(given and signature, "no signature of this form")
    found = _ONE.findall(given[2])
    named = {name: int(number) if number else text for name, text, number in found}
    need(len(found) == len(named) == 4 and set(named) == {"created", "keyid", "alg", "tag"}, "other parameters")
    need((named["alg"], named["tag"]) == ("ed25519", "comity-v1") and type(named["created"]) is int, "other parameters")
    need(abs(named["created"] - now) <= 300, "not of now")
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    need(headers["Content-Digest"] == digest and named["keyid"] in keys, "another body, or nobody's")
    values = zip(_COVERED, (method, uri, digest), strict=True)
    lines = [*(f'"{name}": {value}' for name, value in values), f'"@signature-params": {given[1]}']
    ed25519_holds(keys[named["keyid"]], "\n".join(lines).encode(), plain.binary(signature[1]))
    return named["keyid"]


_REFUSED = (
    '"@status"',
    '"content-digest"',
    '"@method";req',
    '"@target-uri";req',
    '"content-digest";req',
    '"signature";req',
)


def refusal(
    status: int, headers: dict[str, str], body: bytes, asked: tuple[str, str, dict[str, str]], state: str, keys: list[bytes],
    now: int,
) -> None:  # fmt: skip
    """A 429 of the node of `state`, whose hop keys are `keys`, to the request (method, address, headers). The peers' door."""
    covered = " ".join(_REFUSED)
    given = re.fullmatch(
        rf'hop=(\({re.escape(covered)}\);created=([0-9]{{1,12}});keyid="{state}";alg="ed25519";tag="comity-v1-refusal")',
        headers["Signature-Input"],
    )
    signature = _SIGNATURE.fullmatch(headers["Signature"])
    need(given and signature, "no refusal of this form")
    need(abs(int(given[2]) - now) <= 300, "not of now")
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    need(headers["Content-Digest"] == digest, "another body")
    method, uri, sent = asked
    values = (str(status), digest, method, uri, sent["Content-Digest"], sent["Signature"])
    lines = [f"{name}: {value}" for name, value in zip(_REFUSED, values, strict=True)]
    base = "\n".join([*lines, f'"@signature-params": {given[1]}']).encode()
    for key in keys[:-1]:
        try:
            return ed25519_holds(key, base, plain.binary(signature[1]))
        except plain.Refused:
            continue
    need(keys, "no hop key")
    return ed25519_holds(keys[-1], base, plain.binary(signature[1]))
