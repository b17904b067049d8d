"""A flood at the peers' door of a real node, and what the others notice of it: for tests/test_flood.py and bench/flood.py."""

from __future__ import annotations

import multiprocessing
import os
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import httpx2

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.node import management
from comity.seal import canon
from comity.wire.transport import hop_headers

SHARE = 5  # requests a second
TIMES = 100
HELD = 3  # places of a peer


@contextmanager
def flooded(folder: Path, *, share: int, at_once: int):
    """Iran's node with small quotas, at which Viet Nam and Qatar (keys in this process) are pinned."""
    iran = three_states()[0]
    nodes.make_all([iran], folder)
    if "COMITY_HOME" not in os.environ:  # outside of the tests nobody is a node yet
        management.start(iran.home)
    from peer import Peer

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
    with browser(door) as client:
        for _ in range(200):
            try:
                client.get("/entry")
                client.get(door.node.officers + "/sign-in")
            except httpx2.TransportError:
                time.sleep(0.1)
            else:
                return
    raise TimeoutError("the doors do not open")


def _context(door) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(door.node.home / "keys" / "tls.crt"))


def browser(door) -> httpx2.Client:
    """Who asks both doors, and trusts their certificate."""
    return httpx2.Client(verify=_context(door), base_url=door.node.peers, trust_env=False, timeout=60)


def asked(
    door, peer, method: str = "GET", path: str = "/receipts/" + "0" * 64, body: bytes = b"", length=None
) -> bytes:
    """The bytes of a signed request, good for some minutes, also again and again."""
    headers = hop_headers(method, door.node.peers + path, body, state=peer.state, key=peer.hop, at=datetime.now(UTC))
    length = len(body) if length is None else length
    lines = [f"{method} {path} HTTP/1.1", f"Host: {door.node.peers.removeprefix('https://')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode() + body


def line_to(door) -> ssl.SSLSocket:
    """A line to the peers' door on which anything can be sent."""
    host, port = door.node.peers.removeprefix("https://").split(":")
    return _context(door).wrap_socket(socket.create_connection((host, int(port)), timeout=60), server_hostname=host)


def pour(door, request: bytes, rate: int, seconds: float, counted) -> None:
    """Send `request` so many times a second on one line, and count the answers: of all, and of those refused by 429."""
    with line_to(door) as line:
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
    with browser(door) as client:
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


def memory(door) -> int:
    """Bytes that the processes of the node hold (RSS)."""
    listed = subprocess.run(
        ["ps", "--sid", str(door.node.process.pid), "-o", "rss="], capture_output=True, text=True, check=True
    )
    return sum(int(line) << 10 for line in listed.stdout.split())


def p99(took: list[float]) -> float:
    """What ninety-nine of a hundred did not exceed; `took` is sorted."""
    return took[max(0, -(-len(took) * 99 // 100) - 1)]


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
    calm, before = p99(served(door, seconds)), memory(door)
    with flood(door, seconds + 1) as counts, browser(door) as client:
        took = served(door, seconds)
        began = time.monotonic()
        assert client.get(door.node.officers + "/sign-in").status_code == 200
        officers = time.monotonic() - began
    total, turned = (sum(count[place] for count in counts) for place in (0, 1))
    return Figures(calm, p99(took), before, memory(door), total, turned, officers)
