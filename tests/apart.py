"""Network namespaces for nodes: each has one cable, to a hub, and the hub hands nothing on but what its proxies do.

A node's door is looked for at an address of the hub (RFC 5737, for documentation), where a proxy of ours stands; from there
alone another address leads to the door itself. Making namespaces needs the rights of root; see `possible`.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import cache

_NETWORK = 0x40000000  # CLONE_NEWNET
_LIBC = ctypes.CDLL(None, use_errno=True)
_thread = threading.local()


def _called(name: str, *given: int) -> None:
    if getattr(_LIBC, name)(*given):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def enter(space: str) -> None:
    """From now on this thread, and what it starts, has the network of the namespace `space` and no other."""
    with open(space) as held:
        _called("setns", held.fileno(), _NETWORK)
    _thread.apart = True


def inside() -> bool:
    """Whether this thread has entered a namespace, from which no way leads to another machine."""
    return getattr(_thread, "apart", False)


def within(space: str, target: Callable[..., object], *given: object) -> None:
    """Let a process do `target` in a namespace."""
    enter(space)
    target(*given)


def _in_a_thread(work: Callable[[], object]) -> None:
    """Do `work` in a thread of its own, for this one stays where it is. Raises what it raises."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except (OSError, subprocess.SubprocessError) as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


@cache
def possible() -> bool:
    """Whether this process may make namespaces and cables here."""
    try:
        Spaces(("IR", "VN")).close()
    except (OSError, subprocess.SubprocessError):
        return False
    return True


class Spaces:
    """A hub and a namespace for each of `states`.

    Raises:
        OSError: the kernel does not allow it, or there is no ``ip`` (iproute2).
        CalledProcessError: ``ip`` says no.
    """

    def __init__(self, states: Sequence[str]) -> None:
        self._held: dict[str, int] = {}
        self._states = list(states)
        for name in ("hub", *states):
            _in_a_thread(lambda name=name: self._make(name))
        self.ip("hub", "link set lo up")
        for state in states:
            self._join(state)

    def _make(self, name: str) -> None:
        _called("unshare", _NETWORK)
        self._held[name] = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def of(self, name: str) -> str:
        """The namespace of a State or of the hub, for `enter`, also in another process while this object is open."""
        return f"/proc/{os.getpid()}/fd/{self._held[name]}"

    @staticmethod
    def looked_for(place: int) -> str:
        """Where the node at `place` (0, 1 …) is looked for: an address of the hub."""
        return f"192.0.2.{place + 1}"

    @staticmethod
    def lies(place: int) -> str:
        """Where its door really is."""
        return f"198.51.100.{4 * place + 2}"

    def _join(self, state: str) -> None:
        place = self._states.index(state)
        hub, cable = f"198.51.100.{4 * place + 1}", f"to-{state.lower()}"
        self.ip("hub", f"address add {self.looked_for(place)}/32 dev lo")
        self.ip("hub", f"link add {cable} type veth peer name eth0 netns {self.of(state)}")
        self.ip("hub", f"address add {hub}/30 dev {cable}", f"link set {cable} up")
        self.ip(state, "link set lo up", f"address add {self.lies(place)}/30 dev eth0", "link set eth0 up")
        self.ip(state, f"route add default via {hub}")

    def ip(self, name: str, *lines: str) -> None:
        """Run ``ip`` in a namespace."""

        def run() -> None:
            enter(self.of(name))
            for line in lines:
                subprocess.run(["ip", *line.split()], check=True, capture_output=True)

        _in_a_thread(run)

    def plug(self, state: str, *, there: bool) -> None:
        """Pull the cable of a State's node out, or plug it in again: packets are lost, nobody is told."""
        self.ip("hub", f"link set to-{state.lower()} {'up' if there else 'down'}")

    def close(self) -> None:
        """Let the namespaces go; the kernel removes them with the last process in them."""
        for held in self._held.values():
            os.close(held)
        self._held.clear()
