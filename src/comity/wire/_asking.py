"""How many envelopes to ask about at a time, and from when on: few as long as the peer has nothing new to say."""

from __future__ import annotations

from typing import Final

from comity.wire.exchange import ASKED

_FEW: Final = 8


class Asking:
    """What one conversation may ask of its peer.

    Args:
        pause: seconds without a question after an answer that said nothing new.
        horizon: no pause is longer; one that is, began before the clock went back.
    """

    def __init__(self, pause: float, horizon: float) -> None:
        self._pause, self._horizon = pause, horizon
        self._from = 0.0
        self._most = _FEW

    def soonest(self, now: float) -> float:
        """From when on to ask; `now`: at once."""
        return now if self._from > now + self._horizon else max(now, self._from)

    def most(self, now: float) -> int:
        """About how many to ask now."""
        return self._most if self.soonest(now) <= now else 0

    def answered(self, now: float, *, news: bool) -> None:
        """Note whether anything new was said. What has read so far, has perhaps read on: then for more, and at once."""
        self._most = min(ASKED, 4 * self._most) if news else _FEW
        self._from = 0.0 if news else now + self._pause
