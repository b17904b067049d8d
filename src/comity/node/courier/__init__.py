"""Background work, outside every request: read, exchange, prove, renew, have the log witnessed and stamped, do what is ordered.

The courier keeps nothing in memory that matters: each round looks at the tables, does what is due and notes it through the
desk. Killed at any moment and started again, it goes on; what it repeats, the other side recognises.

Each peer for which something is due has a thread of its own as long as that takes (`errands`). So a peer that is dead, or
answers a byte at a time, holds up what is for itself and nothing else; and no exchange takes longer than `transport.DEADLINE`.
Feeds and time-stamping authorities have theirs too.
What officers ordered is done beside all that (`jobs`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from ctypes import c_bool
from functools import partial

from comity.node import bell, feeding, models
from comity.node.courier.errands import Errands, now
from comity.node.courier.jobs import work
from comity.node.courier.stamps import have_stamped
from comity.node.courier.threads import Messenger, guarded, refreshed
from comity.node.desk import (
    assistance,
    collections,
    copies,
    crossing,
    drills,
    feeds,
    reconciling,
    sighting,
    silence,
    stamping,
    standing,
)  # fmt: skip
from comity.node.settings import Settings
from comity.wire.conversation import Conversation

_log = logging.getLogger("comity.courier")
_IDLE = 0.5  # seconds between rounds when there was nothing to do and nobody rang
_LOOK = 5.0  # seconds between two looks at every peer, also at those for which nothing is in the tables
_SHARE = 100  # beside mail, a hundredth of one processor is for looking whether there is anything else to do;
_LONGEST = 2.0  # but there are no more seconds between two such looks
_SLICE = 0.1  # seconds of work that can be cut off anywhere
_TURN = 0.2  # seconds of reading in one round, if there is so much; some of each peer is read anyway


class Courier:
    """The rounds of one node: what has come is read, and somebody goes to each peer for which something is due."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._errands: dict[str, Errands] = {}  # peer -> what is done there
        self._reading: dict[str, Conversation] = {}  # peer -> in which what it brought is read
        self._visitors: dict[str, Messenger] = {}  # feed -> who goes to its server
        self._stampers: dict[str, Messenger] = {}  # time-stamping authority -> who goes there
        self._missed: set[str] = set()  # witnesses that are not pinned, as was said once
        self._looked = 0.0  # when every peer was looked at last
        self._paused = 0.0  # when there was a pause last
        self._rest = (
            0.0  # seconds to the next one at the earliest: each exchange rings, and there may be many in a second
        )

    @property
    def asked_all(self) -> bool:
        """Whether every peer, and every witness, has said what it knows of this node, or was silent."""
        return all(peer in self._errands and self._errands[peer].asked for peer in _pinned())

    def round(self) -> bool:
        """Read what has come, and see that somebody is on the way to each peer for which something is due."""
        guarded(self._send_out)  # first: whoever rang waits for that
        busy = guarded(self._admit)
        return self._pause(busy=busy) or busy

    def _pause(self, *, busy: bool) -> bool:
        """What else there is to do: in the pauses of the mail, and under steady mail now and then."""
        if time.monotonic() - self._paused < (_LOOK if busy else self._rest):
            return False
        self._paused, begun = time.monotonic(), time.thread_time()
        guarded(partial(drills.due, self._settings, at=now()))
        guarded(partial(copies.due, self._settings, at=now()))
        guarded(partial(assistance.due, self._settings, at=now()))
        guarded(partial(standing.due, self._settings, at=now()))
        guarded(partial(reconciling.due, self._settings, at=now()))
        guarded(self._visit)
        guarded(self._have_stamped)
        left = [guarded(partial(self._for_a_while, look)) for look in (silence.due, collections.look, sighting.look)]
        self._rest = 0.0 if any(left) else min(_LONGEST, max(_IDLE, _SHARE * (time.thread_time() - begun)))
        return any(left)

    def _for_a_while(self, look: Callable[..., bool]) -> bool:
        """Look again as long as there is something, but not for long: the mail waits. Whether something may be left."""
        end = time.monotonic() + _SLICE
        while look(self._settings, at=now()):
            if time.monotonic() > end:
                return True
        return False

    def _visit(self) -> bool:
        """See that somebody is on the way to the server of each feed that is due."""
        for name in feeds.due(at=now()):
            visitor = self._visitors.setdefault(
                name, Messenger(f"feed {name}", partial(bell.ring, self._settings.home))
            )
            if not visitor.away:
                visitor.send(partial(feeding.visit, self._settings, name, now))
        return False

    def _have_stamped(self) -> bool:
        """See that somebody is on the way to each time-stamping authority that is due: one that stalls holds up itself only."""
        for address in stamping.due(self._settings, at=now()):
            messenger = self._stampers.setdefault(
                address, Messenger(f"stamps {address}", partial(bell.ring, self._settings.home))
            )
            if not messenger.away:
                messenger.send(partial(have_stamped, self._settings, address, now))
        return False

    def _admit(self) -> bool:
        """Read what arrived and can be read."""
        busy = False
        peers = sorted(crossing.unread())
        for peer in peers:  # some of each, so that nobody holds up the others
            if peer not in self._reading:
                self._reading[peer] = crossing.conversation(self._settings, peer)
            end = time.monotonic() + _TURN / len(peers)
            while guarded(partial(crossing.admit_some, self._settings, peer, at=now(), talk=self._reading[peer])):
                busy = True
                if time.monotonic() > end:
                    break
        return busy

    def _send_out(self) -> bool:
        """See that somebody is on the way to each peer for which something is due; now and then every peer is looked at."""
        looking = time.monotonic() - self._looked > _LOOK
        if looking:
            self._looked = time.monotonic()
        for peer in _pinned() if looking else crossing.expecting(at=now()) | self._witnesses():
            if peer not in self._errands:
                self._errands[peer] = Errands(self._settings, peer)
            self._errands[peer].set_out(looking=looking)
        return False

    def _witnesses(self) -> set[str]:
        """Those that can be asked: a State that is not pinned has no address, and is asked as soon as it is."""
        named, pinned = set(self._settings.witnesses), _pinned()
        for state in named - pinned - self._missed:
            _log.warning("%s is named as a witness, and is not pinned: it is asked as soon as it is", state)
            self._missed.add(state)
        return named & pinned


def _pinned() -> set[str]:
    return set(models.Peer.objects.values_list("state", flat=True))


class Stop:
    """Whether to stop. Set from a signal handler, where the locks of `threading.Event` could be held already."""

    requested = False

    def wait(self, seconds: float) -> None:
        """Sleep, but not much longer than until a stop is requested."""
        end = time.monotonic() + seconds
        while not self.requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


def run(settings: Settings, stop: Stop, asked: c_bool) -> None:
    """Rounds until a stop is requested; long work runs beside them, so that it holds no message back.

    Args:
        settings: the node's.
        stop: whether to stop.
        asked: becomes true, for other processes too, when every peer was asked what it holds: see `Courier.asked_all`.
    """
    courier, rung = Courier(settings), bell.Bell(settings.home)
    worker = threading.Thread(target=_loop, args=(partial(work, settings), stop, stop.wait), daemon=True)
    worker.start()

    def step() -> bool:
        busy = courier.round()
        crossing.mark(settings)
        asked.value = asked.value or courier.asked_all
        return busy

    _loop(step, stop, rung.wait)
    worker.join(timeout=5)


def _loop(step: Callable[[], bool], stop: Stop, pause: Callable[[float], None]) -> None:
    while not stop.requested:
        busy = guarded(step)
        guarded(refreshed)
        if not busy:
            pause(_IDLE)
