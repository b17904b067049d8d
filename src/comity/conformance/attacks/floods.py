"""Floods, within bounds that a machine survives: many requests, many connections, senders that dribble.

A thorough run sends more than a node without a buffering proxy in front can stand (OPERATIONS, Ports, names and proxies).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

from comity.conformance.attack import attack
from comity.conformance.bench import Bench
from comity.conformance.line import request
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.errors import Unreachable

_AT_ONCE = 8  # threads of a flood
_DRIBBLES = 3  # times that each slow sender sends another byte


def _times(bench: Bench, few: int, many: int) -> int:
    return many if bench.thorough else few


@attack("flood-refused", Promise.SERVICE, "The peers' door")
def refused_requests(bench: Bench) -> Iterator[Probe]:
    """Send hundreds of requests that must be refused, eight at a time, and good messages in between.

    Right: each is refused, as unknown or as too many; the good messages have their receipts in time.
    """
    count = _times(bench, 240, 5000)

    def one(number: int) -> int:
        headers = bench.hop("POST", "/messages", b"x", who=bench.stranger) if number % 2 else {}
        return bench.line.ask("POST", "/messages", headers, b"x", heed=False).status

    bench.standing()
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as together:
        flood = [together.submit(one, number) for number in range(count)]
        yield bench.served("a good message during the flood")
        statuses = {item.result() for item in flood}
    got = ", ".join(str(status) for status in sorted(statuses))
    yield Probe(f"{count} requests of strangers", got, Verdict.KEPT if statuses <= {401, 429} else Verdict.BROKEN)


@attack("flood-admitted", Promise.SERVICE, "Receipts")
def many_messages(bench: Bench) -> Iterator[Probe]:
    """Send a great many envelopes that are noise under a good HTTP signature, and a good message in between.

    Right: receipts or a refusal for each (429 where there are quotas); the good message has its receipt in time, and is read.
    """
    count = _times(bench, 60, 2000)
    bodies = [bench.random.randbytes(64) for _ in range(count)]

    def one(body: bytes) -> int:
        return bench.line.ask("POST", "/messages", bench.hop("POST", "/messages", body), body, heed=False).status

    bench.standing()
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as together:
        flood = [together.submit(one, body) for body in bodies]
        yield bench.served("a good message during the flood")
        statuses = {item.result() for item in flood}
    got = ", ".join(str(status) for status in sorted(statuses))
    right = statuses <= {200, 429, 503}
    yield Probe(f"{count} envelopes of noise", got, Verdict.KEPT if right else Verdict.BROKEN)


@attack("flood-connections", Promise.SERVICE, "The peers' door")
def idle_connections(bench: Bench) -> Iterator[Probe]:
    """Open many connections and say nothing: half of them before the handshake, half after it.

    Right: a good message has its receipt in time.
    """
    count = _times(bench, 120, 600)
    with ExitStack() as open_ones:
        try:
            for number in range(count):
                open_ones.enter_context(bench.line.plain() if number % 2 else bench.line.secure())
        except Unreachable as error:
            yield Probe(f"connection {number} of {count}", f"not taken: {error}"[:80], Verdict.KEPT)
        yield bench.served(f"a good message beside {count} idle connections")


def _dribbled(bench: Bench, sent: str, count: int, head: bytes) -> Iterator[Probe]:
    """Open `count` connections, send `head` on each and then a byte at a time; a good message meanwhile."""
    with ExitStack() as open_ones:
        slow = []
        with suppress(OSError, Unreachable):  # who takes no more of them is as good
            for _ in range(count):
                slow.append(open_ones.enter_context(bench.line.secure()))
                slow[-1].sendall(head)
        for _ in range(_DRIBBLES):
            for held in slow:
                with suppress(OSError):
                    held.sendall(b"a")
            time.sleep(0.1)
        yield bench.served(f"a good message beside {len(slow)} senders of {sent}")


@attack("flood-slow-heads", Promise.SERVICE, "The peers' door")
def slow_heads(bench: Bench) -> Iterator[Probe]:
    """Send heads of requests drop by drop, on many connections.

    Right: a good message has its receipt in time.
    """
    head = request("POST", "/messages", {"Host": bench.line.netloc, "X": ""})[:-4]
    yield from _dribbled(bench, "slow heads", _times(bench, 48, 400), head)


@attack("flood-slow-bodies", Promise.SERVICE, "The peers' door")
def slow_bodies(bench: Bench) -> Iterator[Probe]:
    """Send bodies drop by drop, on many connections, without any signature.

    Right: a good message has its receipt in time. Behind a proxy that buffers requests the number does not matter.
    """
    head = request("POST", "/messages", {"Host": bench.line.netloc, "Content-Length": "100000"})
    yield from _dribbled(bench, "slow bodies", _times(bench, 24, 200), head)
