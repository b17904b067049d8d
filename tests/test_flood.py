"""One peer asks a hundred times too much, or sends a byte now and then: the others, and the node's own people, are served.

Figures of a longer flood: ``python tests/test_flood.py --seconds 60``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
from peer import Peer

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.errors import Misconfigured, Unreachable
from comity.node.peers.quota import BURST, OverQuota, Quotas
from comity.node.settings import Quota
from comity.node.settings import read as read_settings
from comity.seal import canon
from comity.seal.keys import NoteKey
from comity.wire import transport
from comity.wire.directory import read_entry
from comity.wire.transport import Line, check_refusal, content_digest, hop_headers, refusal_headers

SHARE = 5  # requests a second
TIMES = 100
HELD = 3  # places of a peer in the node of these tests


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


# ── a real door ─────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def flooded(folder: Path, *, share: int, at_once: int):
    """Iran's node with small quotas, at which Viet Nam and Qatar (keys in this process) are pinned."""
    iran = three_states()[0]
    nodes.make_all([iran], folder)
    state = SimpleNamespace(state="IR", home=iran.home)
    found = {name: Peer(name, state) for name in ("VN", "QA")}
    for name, peer in found.items():
        (folder / f"{name}.json").write_bytes(peer.entry_bytes)
        nodes._run(
            "pin", str(iran.home), str(folder / f"{name}.json"), "--fingerprint", peer.entry.fingerprint, "--by", "t"
        )
    with (iran.home / "node.toml").open("a") as file:
        file.write(f"\n[quota]\nrequests = {share}\nat_once = {at_once}\n")
    iran.start()
    door = SimpleNamespace(node=iran, vn=found["VN"], qa=found["QA"])
    try:
        _opened(door)
        yield door
    finally:
        iran.stop()


def _opened(door) -> None:
    with _client(door) as client:
        for _ in range(200):
            try:
                client.get("/entry")
                client.get(door.node.officers + "/sign-in")
                return
            except httpx2.TransportError:
                time.sleep(0.1)
    pytest.fail("the doors do not open")


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """One node for the tests of this module."""
    with flooded(tmp_path_factory.mktemp("flood"), share=SHARE, at_once=HELD) as found:
        yield found


def _context(door) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(door.node.home / "keys" / "tls.crt"))


def _client(door) -> httpx2.Client:
    return httpx2.Client(verify=_context(door), base_url=door.node.peers, trust_env=False, timeout=60)


def asked(
    door, peer: Peer, method: str = "GET", path: str = "/receipts/" + "0" * 64, body: bytes = b"", length=None
) -> bytes:
    """The bytes of a signed request, good for some minutes, also again and again."""
    headers = hop_headers(method, door.node.peers + path, body, state=peer.state, key=peer.hop, at=datetime.now(UTC))
    length = len(body) if length is None else length
    lines = [f"{method} {path} HTTP/1.1", f"Host: {door.node.peers.removeprefix('https://')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode() + body


def _line(door) -> ssl.SSLSocket:
    host, port = door.node.peers.removeprefix("https://").split(":")
    return _context(door).wrap_socket(socket.create_connection((host, int(port)), timeout=60), server_hostname=host)


def pour(door, request: bytes, rate: int, seconds: float, counted) -> None:
    """Send `request` so many times a second on one line, and count the answers: of all, and of those refused by 429."""
    with _line(door) as line:
        reader = threading.Thread(target=_count, args=(line, counted), daemon=True)
        reader.start()
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            more = int(passed * rate) - sent
            for _ in range(min(more, 50)):
                line.sendall(request)
            sent += min(more, 50)
            time.sleep(0.02)
        time.sleep(0.5)


def _count(line: ssl.SSLSocket, counted) -> None:
    tail = b""
    try:
        while data := line.recv(1 << 16):
            seen = tail + data
            counted[0] += seen.count(b"HTTP/1.1 ")
            counted[1] += seen.count(b"HTTP/1.1 429")
            tail = seen[-8:] if b"HTTP/1.1" not in seen[-12:] else b""
    except OSError:
        return


@contextmanager
def flood(door, seconds: float, rate: int = SHARE * TIMES, lines: int = 2):
    """Qatar asks so often, on several lines, from a process of its own; yields what it counts."""
    context = multiprocessing.get_context("fork")
    counts = [context.Array("l", 2) for _ in range(lines)]
    request = asked(door, door.qa)
    working = [
        context.Process(target=pour, args=(door, request, rate // lines, seconds, count), daemon=True)
        for count in counts
    ]
    for process in working:
        process.start()
    try:
        yield counts
    finally:
        for process in working:
            process.join(seconds + 30)
            process.kill()


def served(door, seconds: float) -> list[float]:
    """Seconds that each request of Viet Nam took, three of them a second: within its share. All are answered."""
    took, path = [], "/proofs"
    body = canon.dumps([])
    with _client(door) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            headers = hop_headers(
                "POST", door.node.peers + path, body, state="VN", key=door.vn.hop, at=datetime.now(UTC)
            )
            began = time.monotonic()
            answer = client.post(path, content=body, headers=headers)
            took.append(time.monotonic() - began)
            assert answer.status_code in {200, 422}, answer.text
            time.sleep(max(0.0, 0.33 - took[-1]))
    return sorted(took)


def _memory(door) -> int:
    """Bytes that the processes of the node hold (RSS)."""
    listed = subprocess.run(["ps", "-eo", "rss,args"], capture_output=True, text=True, check=True).stdout
    return sum(int(line.split()[0]) << 10 for line in listed.splitlines() if str(door.node.home) in line)


@dataclass
class Figures:
    """What a flood did: p99 in seconds without and with it, memory before and after in bytes, requests of the flood."""

    calm: float
    flooded: float
    before: int
    after: int
    asked: int
    refused: int
    officers: float

    @property
    def line(self) -> str:
        """To be printed."""
        return (
            f"p99 {self.calm * 1000:.0f} ms calm, {self.flooded * 1000:.0f} ms flooded ({self.flooded / self.calm:.1f} times); "
            f"{self.asked} answers to the flood, {self.refused} of them 429; memory {self.before >> 20} -> {self.after >> 20} "
            f"MiB; sign-in page {self.officers * 1000:.0f} ms"
        )


def measured(door, seconds: float) -> Figures:
    """Viet Nam's p99 before and during a flood of Qatar's of so many seconds."""
    calm, before = served(door, seconds)[-1], _memory(door)
    with flood(door, seconds + 1) as counts, _client(door) as client:
        took = served(door, seconds)
        began = time.monotonic()
        assert client.get(door.node.officers + "/sign-in").status_code == 200
        officers = time.monotonic() - began
    total, turned = (sum(count[place] for count in counts) for place in (0, 1))
    return Figures(calm, took[int(len(took) * 0.99) - 1], before, _memory(door), total, turned, officers)


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
    time.sleep(0)
    with flood(door, 2.0), _client(door) as client:
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
        status, body = line.post("/proofs", canon.dumps([]), at=datetime.now(UTC))
        assert (status, json.loads(body)["code"]) in {(429, "door.requests"), (429, "door.at-once")}


def test_a_refusal_of_somebody_else_is_none(door, monkeypatch):
    """What is signed, but not by the peer, is no refusal of the peer's."""
    entry = read_entry((door.node.home / "entry.json").read_bytes())
    monkeypatch.setattr(transport, "check_refusal", lambda *_, **__: False)
    with flood(door, 2.0):
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
        for number in range(60):
            line = lines.enter_context(_line(door))
            line.sendall((slow, slow.replace(b'keyid="QA"', b'keyid="XX"'), slow[:40])[number % 3])
        assert served(door, 2.0)
        with _client(door) as client:
            assert client.get(door.node.officers + "/sign-in").status_code == 200


def main() -> None:
    """Print the figures of a longer flood."""
    given = argparse.ArgumentParser(description="A flood, measured.")
    given.add_argument("--seconds", type=float, default=60.0)
    with tempfile.TemporaryDirectory() as folder, flooded(Path(folder), share=SHARE, at_once=HELD) as found:
        sys.stdout.write(measured(found, given.parse_args().seconds).line + "\n")


if __name__ == "__main__":
    main()
