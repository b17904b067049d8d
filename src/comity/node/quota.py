"""What each sender may ask of a door: counted here, in the door's one process, before any body is read.

At the peers' door a State is counted by the signature of its node, whoever else claims its name; everybody else by address.
Each has tokens that come at a steady rate and are taken by requests and by bytes, and a few places at which its requests are
worked on at the same time. So one sender's flood, or its slow ones, use up what is its own and leave the door's other threads
alone. What is done only now and then, such as trying a receipt code, is counted by `Turns`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from threading import Lock
from typing import Final

from comity.errors import NotPossible
from comity.node.settings import Quota

Shares = Sequence[tuple[str, int]]
"""The names under which one sender is counted, each with how many times the share of one it may use: a network has more."""

BURST: Final = 10  # seconds whose requests may come at once after a pause
_MINUTE: Final = 60.0
_SENDERS: Final = 4096  # that are remembered; who is forgotten begins with a full measure
_NOTED: Final = 60.0  # seconds between two notes about the same sender


class OverQuota(NotPossible):
    """More than this sender may ask for now.

    Args:
        message: what was too much, and when to try again.
        code: ``door.requests``, ``door.bytes``, ``door.at-once`` or ``door.turns``.
        after: seconds after which it may try again.
        noted: whether this sender's excess was noted a moment ago already.
    """

    def __init__(self, message: str, *, code: str, after: int, noted: bool) -> None:
        super().__init__(message, code=code)
        self.after, self.noted = after, noted


class _Bucket:
    """Tokens that come at `rate` a second, `most` of them at the most."""

    def __init__(self, rate: float, most: float, now: float) -> None:
        self._rate, self._most, self._held, self._at = rate, most, most, now

    def lacks(self, wanted: float, now: float) -> float:
        """Seconds until `wanted` tokens are there; 0: they are."""
        self._held = min(self._most, self._held + max(0.0, now - self._at) * self._rate)
        self._at = now
        return max(0.0, (wanted - self._held) / self._rate)

    def take(self, wanted: float) -> None:
        self._held -= wanted

    def give_back(self, unused: float) -> None:
        self._held = min(self._most, self._held + unused)


class _Sender:
    def __init__(self, quota: Quota, now: float) -> None:
        self.quota = quota
        self.requests = _Bucket(quota.requests, quota.requests * BURST, now)
        self.bytes = _Bucket(quota.bytes / _MINUTE, quota.bytes, now)
        self.at_work = 0
        self._noted_at = -_NOTED

    def over(self, said: str, wait: float, now: float, *, code: str) -> OverQuota:
        """What to raise: so much that it has to wait so many seconds."""
        noted = now - self._noted_at < _NOTED
        self._noted_at = self._noted_at if noted else now
        seconds = max(1, ceil(wait))
        return OverQuota(f"{said}. Try again in {seconds} seconds.", code=code, after=seconds, noted=noted)


class Place:
    """A place at which one request is worked on, and what was charged for it."""

    def __init__(self, sender: _Sender, lock: Lock) -> None:
        self._sender, self._lock = sender, lock

    def give_back(self, size: int, *, requests: int = 0) -> None:
        """Give back what was charged and not used: `size` bytes that were never read, `requests` that were not worked on."""
        with self._lock:
            self._sender.bytes.give_back(size)
            self._sender.requests.give_back(requests)


class Quotas:
    """The senders of one door, and what they have left.

    Args:
        quota: what each of them may ask for.
        most: requests that are worked on at the same time of one that has several times the share.
    """

    def __init__(self, quota: Quota, most: int = 0) -> None:
        self._quota, self._most = quota, most or quota.at_once
        self._senders, self._lock = OrderedDict[str, _Sender](), Lock()

    @contextmanager
    def place(self, sender: str, size: int, now: float, times: int = 1) -> Iterator[Place]:
        """A place at which one request of `sender` is worked on.

        Args:
            sender: a State whose node signed the request, or the address of somebody else.
            size: bytes of the request's body, as stated.
            now: seconds, by a clock that never goes back.
            times: how many times the quota it may use; always the same for one sender.

        Raises:
            OverQuota: it has none left.
        """
        with self._lock:
            held = self._sender(sender, now, times)
            self._refuse(held, size, now)
            held.requests.take(1)
            held.bytes.take(size)
            held.at_work += 1
        try:
            yield Place(held, self._lock)
        finally:
            with self._lock:
                held.at_work -= 1

    def _sender(self, name: str, now: float, times: int) -> _Sender:
        held = self._senders.get(name)
        if held is None:
            if len(self._senders) >= _SENDERS:
                idle = next((other for other, known in self._senders.items() if not known.at_work), None)
                if idle is not None:
                    del self._senders[idle]
            one = self._quota
            at_once = min(one.at_once * times, max(one.at_once, self._most))
            share = replace(one, requests=one.requests * times, bytes=one.bytes * times, at_once=at_once)
            held = self._senders[name] = _Sender(share, now)
        self._senders.move_to_end(name)
        return held

    def _refuse(self, held: _Sender, size: int, now: float) -> None:
        """Return when there is enough left for one more request. Raises OverQuota."""
        quota = held.quota
        if held.at_work >= quota.at_once:
            raise held.over(f"{quota.at_once} of your requests are being worked on", 1.0, now, code="door.at-once")
        if wait := held.requests.lacks(1, now):
            raise held.over(
                f"More than {quota.requests} requests a second are not taken", wait, now, code="door.requests"
            )
        if wait := held.bytes.lacks(size, now):
            raise held.over(f"More than {quota.bytes} bytes a minute are not taken", wait, now, code="door.bytes")


class Turns:
    """What each sender may do now and then: so much at once after a pause, and then one more every so many seconds.

    Args:
        most: at once.
        seconds: until there is another turn.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._rate = most, 1 / seconds
        self._buckets, self._lock = OrderedDict[str, _Bucket](), Lock()

    def wait(self, sender: Shares, now: float) -> float:
        """Seconds until `sender` has a turn; 0: he has one. `now` is of a clock that never goes back."""
        with self._lock:
            return self._wait(sender, now)

    def fresh(self, sender: Shares, now: float) -> bool:
        """Whether `sender` has taken no turn lately."""
        with self._lock:
            return not any(self._bucket(*share, now).lacks(self._most * share[1], now) for share in sender)

    def take(self, sender: Shares, now: float) -> None:
        """Take a turn of `sender`, under each of its names or under none. Raises OverQuota: there is none."""
        with self._lock:
            wait = self._wait(sender, now)
            if not wait:
                for share in sender:
                    self._bucket(*share, now).take(1)
        if wait:
            seconds = max(1, ceil(wait))
            raise OverQuota(
                f"Not so often. Try again in {seconds} seconds.", code="door.turns", after=seconds, noted=True
            )

    def _wait(self, sender: Shares, now: float) -> float:
        return max(self._bucket(*share, now).lacks(1, now) for share in sender)

    def _bucket(self, name: str, times: int, now: float) -> _Bucket:
        held = self._buckets.get(name)
        if held is None:
            if len(self._buckets) >= _SENDERS:
                self._buckets.popitem(last=False)
            held = self._buckets[name] = _Bucket(self._rate * times, self._most * times, now)
        self._buckets.move_to_end(name)
        return held
