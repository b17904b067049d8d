"""A line between nodes that can be cut, delayed, flapping, deaf in one direction, half open, out of order and double.

The proxy stands where a node's entry says its peers' door is, with the door's own certificate and key, and hands on to where
the door really listens. It takes each request in whole, so it knows who sent it and can send it again on another line.
"""

from __future__ import annotations

import asyncio
import random
import re
import ssl
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import apart

_SENDER = re.compile(rb'keyid="([A-Z]{2})"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    """What the line does to the requests of one sender.

    Args:
        cut: none of them arrives; the line is closed.
        hang: none of them arrives; the line stays open and is silent.
        deaf: they arrive, and their answers do not.
        delay: seconds that a request waits, at most; each its own, so that lines overtake each other.
        lose: share of the requests whose line is cut in the middle of the request.
        twice: share of the requests that arrive once more, a moment later, on a line of their own.
    """

    cut: bool = False
    hang: bool = False
    deaf: bool = False
    delay: float = 0.0
    lose: float = 0.0
    twice: float = 0.0


OPEN = Rule()


class Proxy:
    """The proxy before one node's door.

    Args:
        place: where peers look for the door, a host and a port.
        behind: where the door listens.
        keys: the folder with the node's tls.crt and tls.key.
        seed: decides what is by chance.
        space: the network namespace in which the proxy stands; empty: this one.
    """

    def __init__(
        self, place: tuple[str, int], behind: tuple[str, int], keys: Path, seed: int = 0, *, space: str = ""
    ) -> None:
        self._place, self._behind, self._rng, self._space = place, behind, random.Random(seed), space
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(keys / "tls.crt", keys / "tls.key")
        self._inner = ssl.create_default_context(cafile=str(keys / "tls.crt"))
        self._rules: dict[str, Rule] = {}
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._later: set[asyncio.Task[None]] = set()
        self.done = Counter[str]()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def rule(self, sender: str, rule: Rule) -> None:
        """From now on, do this to the requests of `sender`."""
        self._rules[sender] = rule

    def close(self) -> None:
        """Close every line."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        if self._space:
            apart.enter(self._space)
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(lambda *_: None)  # a cut line is no news here
        start = asyncio.start_server(self._line, *self._place, ssl=self._context)
        server = self._loop.run_until_complete(start)
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _line(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Hand on what comes on one line, request by request."""
        far: asyncio.StreamWriter | None = None
        answers: asyncio.Task[None] | None = None
        deaf = [False]
        try:
            while request := await _request(near):
                rule = self._rules.get(_sender(request), OPEN)
                if rule.hang:
                    self.done["hung"] += 1
                    await asyncio.sleep(3600)
                if rule.cut:
                    self.done["cut"] += 1
                    return
                await asyncio.sleep(self._rng.random() * rule.delay)
                deaf[0] = rule.deaf
                if far is None:
                    reader, far = await self._door()
                    answers = asyncio.ensure_future(_answers(reader, back, deaf))
                if self._rng.random() < rule.lose:
                    self.done["lost"] += 1
                    far.write(request[: self._rng.randrange(len(request))])
                    await far.drain()
                    return
                self.done["deaf" if rule.deaf else "handed on"] += 1
                far.write(request)
                await far.drain()
                if self._rng.random() < rule.twice:
                    task = asyncio.ensure_future(self._again(request))
                    self._later.add(task)
                    task.add_done_callback(self._later.discard)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            return
        finally:
            if answers is not None:
                answers.cancel()
            for writer in (far, back):
                if writer is not None:
                    writer.transport.abort()

    async def _door(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._behind, ssl=self._inner, server_hostname="127.0.0.1", limit=1 << 24)

    async def _again(self, request: bytes) -> None:
        """The same bytes once more, on a line of their own; nobody hears the answer."""
        await asyncio.sleep(self._rng.random() * 2)
        with suppress(OSError, ssl.SSLError):
            reader, writer = await self._door()
            writer.write(request)
            await writer.drain()
            await asyncio.wait_for(reader.read(1), 10)
            self.done["twice"] += 1
            writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One whole request; empty at the end of the line."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = _LENGTH.search(head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


def _sender(request: bytes) -> str:
    found = _SENDER.search(request)
    return found[1].decode() if found else ""


async def _answers(reader: asyncio.StreamReader, back: asyncio.StreamWriter, deaf: list[bool]) -> None:
    """Hand back what the door answers, unless the line is deaf."""
    try:
        while data := await reader.read(1 << 16):
            if not deaf[0]:
                back.write(data)
                await back.drain()
    finally:
        back.transport.abort()
