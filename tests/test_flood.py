"""One peer asks a hundred times too much, or sends a byte now and then: the others, and the node's own people, are served.

Figures of a longer flood: ``python bench/flood.py --seconds 60``.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.urls import resolve
from flooding import HELD, SHARE, asked, browser, flood, flooded, line_to, measured, served
from peer import Peer

from comity.casework.request import Urgency
from comity.errors import Misconfigured, Unreachable
from comity.node import models
from comity.node.courier.errands import Errands
from comity.node.desk import drills
from comity.node.peers import limits
from comity.node.quota import BURST, OverQuota, Quotas
from comity.node.settings import Quota
from comity.node.settings import read as read_settings
from comity.seal import canon
from comity.seal.keys import NoteKey
from comity.wire import transport
from comity.wire.directory import read_entry
from comity.wire.transport import Line, check_refusal, content_digest, hop_headers, refusal_headers

# ── what is counted ─────────────────────────────────────────────────────────────────────────────────────────────────


def refused(quotas: Quotas, sender: str, size: int, now: float) -> str:
    """Ask for a place and leave it again; the code of the refusal, or empty."""
    try:
        with quotas.place(sender, size, now):
            return ""
    except OverQuota as error:
        return error.code


def test_requests_come_back_at_their_rate():
    """A burst, then so many a second; the time to wait is told, and is enough."""
    quotas = Quotas(Quota(requests=2))
    assert [refused(quotas, "VN", 0, 0.0) for _ in range(2 * BURST)] == [""] * (2 * BURST)
    assert refused(quotas, "VN", 0, 0.0) == "door.requests"
    assert refused(quotas, "QA", 0, 0.0) == ""
    assert refused(quotas, "VN", 0, 0.4) == "door.requests"
    assert [refused(quotas, "VN", 0, now) for now in (1.4, 1.4, 1.4)] == ["", "", "door.requests"]
    with pytest.raises(OverQuota) as caught, quotas.place("VN", 0, 1.4):
        pass
    assert refused(quotas, "VN", 0, 1.4 + caught.value.after) == ""


def test_bytes_are_counted_as_stated():
    """A minute's worth at once; after half a minute half of it is there again."""
    quotas = Quotas(Quota(bytes=1000))
    assert refused(quotas, "VN", 1000, 0.0) == ""
    assert refused(quotas, "VN", 1, 0.0) == "door.bytes"
    assert refused(quotas, "VN", 501, 30.0) == "door.bytes"
    assert refused(quotas, "VN", 499, 30.0) == ""


def test_places_are_given_back_also_after_an_error():
    """So many at a time, of each sender."""
    quotas = Quotas(Quota(at_once=2))
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(quotas.place("VN", 0, 0.0))
        assert refused(quotas, "VN", 0, 0.0) == "door.at-once"
        assert refused(quotas, "QA", 0, 0.0) == ""
    with pytest.raises(ZeroDivisionError), quotas.place("VN", 0, 0.0):
        raise ZeroDivisionError
    assert [refused(quotas, "VN", 0, 0.0) for _ in range(3)] == [""] * 3


def test_a_clock_that_goes_back_gives_and_takes_nothing():
    """Tokens never come from a moment that has been."""
    quotas = Quotas(Quota(requests=1))
    assert [refused(quotas, "VN", 0, 100.0) for _ in range(BURST + 1)][-1] == "door.requests"
    assert refused(quotas, "VN", 0, 50.0) == "door.requests"
    assert refused(quotas, "VN", 0, 50.5) == "door.requests"


def test_an_excess_is_noted_once_a_minute_and_many_senders_are_forgotten():
    """Who floods writes nothing into the database, and who comes from many addresses fills no memory."""
    quotas, noted = Quotas(Quota(requests=1)), []
    for now in (0.0, 1e-6, 2e-6, 61.0):
        for _ in range(2 * BURST):
            try:
                with quotas.place("VN", 0, now):
                    pass
            except OverQuota as error:
                noted.append(not error.noted)
    assert sum(noted) == 2
    for number in range(10_000):
        assert refused(quotas, f"{number}", 0, 62.0) == ""
    assert len(quotas._senders) <= 4096


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("requests = 0", "'requests' must be a number, 1 at least"),
        ("requests = true", "'requests' must be a number, 1 at least"),
        ("bytes = 1000", "'bytes' must be a number, 8388608 at least"),
        ("at_once = '8'", "'at_once' must be a number, 1 at least"),
        ("request = 5", "'request' is none of requests, bytes, envelopes, at_once"),
    ],
)
def test_a_quota_that_cannot_be_is_a_fault(tmp_path, written, said):
    """Each fault is named; what is left out has its default."""
    usual = ('state = "IR"\nexercise = true\nofficers = "https://127.0.0.1:1"\npeers = "https://127.0.0.1:2"\n'
             'witnesses = []\nlanguage = "en"\ntime_zone = "UTC"\n[quota]\n')  # fmt: skip
    (tmp_path / "node.toml").write_text(usual + written)
    with pytest.raises(Misconfigured, match=said):
        read_settings(tmp_path)
    (tmp_path / "node.toml").write_text(usual + "at_once = 3")
    assert read_settings(tmp_path).quota == Quota(at_once=3)


# ── the signed refusal ──────────────────────────────────────────────────────────────────────────────────────────────

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
URI, BODY = "https://127.0.0.1:8443/exchange", b'{"code":"door.requests","reason":"..."}'


def test_a_refusal_is_signed_for_one_request(node):
    """Changed in whatever it covers, or for another request, of another State or time, it proves nothing."""
    vn = Peer("VN", node)
    asking = hop_headers("POST", URI, b"body", state="IR", key=NoteKey.generate("x/hop"), at=AT)
    other = hop_headers("POST", URI, b"body", state="IR", key=NoteKey.generate("x/hop"), at=AT)
    at = datetime.now(UTC)
    signed = refusal_headers(429, BODY, ("POST", URI, asking), state="VN", key=vn.hop, at=at)

    def holds(status=429, headers=signed, body=BODY, asked=("POST", URI, asking), peer=vn.entry, now=at) -> bool:
        return check_refusal(status, headers, body, asked, peer=peer, at=now)

    assert holds()
    assert not holds(status=200)
    assert not holds(body=BODY + b" ")
    assert not holds(headers=signed | {"Content-Digest": content_digest(b"x")})
    assert not holds(headers=signed | {"Signature": "hop=:AAAA:"})
    assert not holds(headers=signed | {"Signature": ""})
    assert not holds(headers=signed | {"Signature-Input": signed["Signature-Input"].replace('"@status" ', "")})
    assert not holds(asked=("GET", URI, asking))
    assert not holds(asked=("POST", URI + "x", asking))
    assert not holds(asked=("POST", URI, other))
    assert not holds(peer=Peer("QA", node).entry)
    assert not holds(now=datetime(2027, 1, 1, tzinfo=UTC))
    of_request = hop_headers("POST", URI, b"body", state="VN", key=vn.hop, at=at)
    assert not holds(headers=of_request)


def test_a_peer_without_room_has_refused_nothing(node, officers, peer, at):
    """However often it says 429, the letter waits: it is neither dead nor counted as refused."""
    drills.call(node, "VN", urgency=Urgency.ORDINARY, question="", minutes=5, officer=officers.all, at=at)
    errands, said = Errands(node, "VN"), canon.dumps({"code": "door.requests", "reason": "More than 5."})
    errands._line = lambda: SimpleNamespace(post=lambda *_, **__: (429, said))
    for number in range(25):
        offer = errands._talk.offer(at.timestamp() + 60 * (number + 1))
        assert offer.items
        errands._exchange(offer)
    row = models.Departure.objects.get()
    assert (row.stage, row.attempts) == ("relay", 0)


# ── what is for anybody ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asks(node, peer, monkeypatch):
    """Ask this node's door, as from behind one proxy: a path, whose key signs, and for which State, moment and path."""
    quotas = Quotas(Quota(requests=2))
    monkeypatch.setattr(limits, "places", lambda: quotas)

    def ask(path, key=None, *, state="VN", late=0, signed=""):
        at = datetime.now(UTC) - timedelta(seconds=late)
        uri = node.peers.rstrip("/") + (signed or path)
        headers = hop_headers("GET", uri, b"", state=state, key=key, at=at) if key else {}
        asked_ = RequestFactory().get(path, REMOTE_ADDR="192.0.2.1", headers=headers)
        return resolve(path, "comity.node.peers.urls").func(asked_), ("GET", uri, headers)

    return ask


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/forms", "/entries"])
def test_strangers_at_the_address_of_a_proxy_silence_no_peer(path, asks, node, peer):
    """What a pinned node signed counts as its own also where anybody may ask; no forged, old or other signature does."""
    assert [asks(path)[0].status_code for _ in range(2 * BURST)] == [200] * (2 * BURST)
    stranger = Peer("QA", node)
    forged = [{"key": None}, {"key": stranger.hop}, {"key": stranger.hop, "state": "QA"},
              {"key": peer.hop, "late": 600}, {"key": peer.hop, "signed": "/directory"}]  # fmt: skip
    for other in forged:
        answer, _ = asks(path, **other)
        assert (answer.status_code, "Signature" in answer) == (429, False)
    assert [asks(path, peer.hop)[0].status_code for _ in range(2 * BURST)] == [200] * (2 * BURST)
    answer, request = asks(path, peer.hop)  # its own share has an end, and it can show that it was refused
    own = read_entry((node.home / "entry.json").read_bytes())
    said = {name: answer[name] for name in ("Content-Digest", "Signature-Input", "Signature")}
    assert answer.status_code == 429
    assert check_refusal(429, said, answer.content, request, peer=own, at=datetime.now(UTC))


@pytest.mark.django_db
def test_a_signature_is_needed_for_nothing_that_is_for_anybody(asks, node, peer):
    """Who signs wrongly is answered as a stranger, and what a peer uses up is taken from nobody else."""
    assert asks("/forms", Peer("QA", node).hop)[0].status_code == 200
    for _ in range(3 * BURST):
        asks("/forms", peer.hop)
    assert asks("/forms", peer.hop)[0].status_code == 429
    assert asks("/forms")[0].status_code == 200


# ── a real door ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """One node for the tests of this module."""
    with flooded(tmp_path_factory.mktemp("flood"), share=SHARE, at_once=HELD) as found:
        yield found


def test_a_flood_does_not_reach_the_others(door, record_property):
    """At a hundred times its share, one peer is told 429; the other is answered, and so are officers. Memory stays flat."""
    found = measured(door, 8.0)
    record_property("figures", found.line)
    assert found.refused > SHARE * 20
    assert found.asked - found.refused <= SHARE * (BURST + 30)
    assert found.flooded < max(20 * found.calm, 3.0), found.line
    assert found.after < found.before * 1.25 + (32 << 20), found.line


def test_a_refusal_says_why_and_when(door):
    """429 with Retry-After, signed by this node for this very request; one line's proof, kept by who asked."""
    entry = read_entry((door.node.home / "entry.json").read_bytes())
    with flood(door, 6.0), browser(door) as client:
        answer = None
        for _ in range(200):
            path = "/receipts/" + "1" * 64
            headers = hop_headers("GET", door.node.peers + path, b"", state="QA", key=door.qa.hop, at=datetime.now(UTC))
            answer = client.get(path, headers=headers)
            if answer.status_code == 429:
                break
        request = ("GET", door.node.peers + path, headers)
        assert answer.status_code == 429
        assert answer.json()["code"] in {"door.requests", "door.at-once"}
        assert int(answer.headers["Retry-After"]) >= 1
        assert check_refusal(429, answer.headers, answer.content, request, peer=entry, at=datetime.now(UTC))
        line = Line(entry, state="QA", key=door.qa.hop)
        for _ in range(200):  # now and then there is a place
            status, body = line.post("/proofs", canon.dumps([]), at=datetime.now(UTC))
            if status == 429:
                break
        assert (status, json.loads(body)["code"]) in {(429, "door.requests"), (429, "door.at-once")}


def test_a_refusal_of_somebody_else_is_none(door, monkeypatch):
    """What is signed, but not by the peer, is no refusal of the peer's."""
    entry = read_entry((door.node.home / "entry.json").read_bytes())
    monkeypatch.setattr(transport, "check_refusal", lambda *_, **__: False)
    with flood(door, 6.0):
        line, codes = Line(entry, state="QA", key=door.qa.hop), set()
        for _ in range(200):
            try:
                line.post("/proofs", canon.dumps([]), at=datetime.now(UTC))
            except Unreachable as error:
                codes.add(error.code)
                break
    assert codes == {"wire.refusal"}


def test_slow_senders_hold_their_own_places_only(door):
    """A peer's bodies that never end take its places; a stranger's, and headers that never end, take none."""
    with ExitStack() as lines:
        slow = asked(door, door.qa, "POST", "/messages", length=1000)
        for number in range(120):
            line = lines.enter_context(line_to(door))
            line.sendall((slow, slow.replace(b'keyid="QA"', b'keyid="XX"'), slow[:40])[number % 3])
        assert served(door, 2.0)
        with browser(door) as client:
            assert client.get(door.node.officers + "/sign-in").status_code == 200
