"""Threads that nothing ends: each step of theirs is guarded, and what they hold of the database is let go when it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, close_old_connections, connections

_log = logging.getLogger("comity.courier")
_STAYS = 2.0  # seconds that a messenger who came back waits for the next errand, with its connections open


def guarded(step: Callable[[], bool]) -> bool:
    """Take one step; a defect in it must neither end the courier nor hold back the other steps."""
    try:
        return step()
    except (
        OperationalError,
        InterfaceError,
    ):  # it was busy for too long, or is away: the next round sees the same work
        _log.exception("the database did not answer")
    except Exception:  # noqa: BLE001  it is logged whole, and the work stays in the tables
        _log.exception("a step failed")
    return False


def refreshed() -> bool:
    """Let go of a connection to the database that is too old, or has failed."""
    close_old_connections()
    return False


class Messenger:
    """Who goes to one peer: a thread that stays for a while when it is back, so that its connections need not be made anew.

    Args:
        name: of the thread.
        back: called whenever it is back.
    """

    def __init__(self, name: str, back: Callable[[], None]) -> None:
        self._name, self._back = name, back
        self._turn = threading.Condition()
        self._errand: Callable[[], bool] | None = None
        self._there = False

    @property
    def away(self) -> bool:
        """Whether it is on its way."""
        with self._turn:
            return self._errand is not None

    def send(self, errand: Callable[[], bool]) -> None:
        """Let it do an errand; it must not be away."""
        with self._turn:
            self._errand = errand
            if self._there:
                self._turn.notify()
            else:
                try:
                    threading.Thread(target=self._run, name=self._name, daemon=True).start()
                except RuntimeError:  # the machine has no room for another thread now
                    self._errand = None
                    raise
                self._there = True

    def _run(self) -> None:
        try:
            while (errand := self._next()) is not None:
                guarded(refreshed)
                guarded(errand)
                with self._turn:
                    self._errand = None
                self._back()
        finally:
            connections.close_all()

    def _next(self) -> Callable[[], bool] | None:
        """The next errand; None: there was none for a while, and nobody is there any more."""
        with self._turn:
            self._turn.wait_for(lambda: self._errand is not None, _STAYS)
            self._there = self._errand is not None
            return self._errand
