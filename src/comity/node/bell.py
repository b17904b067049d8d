"""A bell between the processes of one node: who has left work in the tables rings it, and the courier looks at once.

It is a Unix datagram socket in Linux's abstract namespace, named after the node's home folder. A ring that nobody hears is no
loss: the courier looks by itself now and then.
"""

from __future__ import annotations

import hashlib
import socket
import time
from contextlib import suppress
from pathlib import Path

_RINGS = 1_000  # that are taken for one: anybody on this machine can ring, and nobody for ever


def _name(home: Path) -> str:
    return "\0comity-bell-" + hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:32]


def ring(home: Path) -> None:
    """Wake whoever listens in the node at `home`; never waits, and never fails."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0)
        sender.sendto(b"!", _name(home))


class Bell:
    """What the courier of the node at `home` listens to."""

    def __init__(self, home: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._bound = True
        try:
            self._socket.bind(_name(home))
        except OSError:  # somebody on this machine has taken the name: then it only looks by itself
            self._bound = False

    def wait(self, seconds: float) -> None:
        """Return when the bell was rung, at the latest after `seconds`."""
        if not self._bound:
            time.sleep(seconds)
            return
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            self._socket.recv(1)
        self._socket.settimeout(0)
        with suppress(BlockingIOError):
            for _ in range(_RINGS):  # several rings are one
                self._socket.recv(1)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
