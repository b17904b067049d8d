"""What is promised, and what one try found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether the node kept what it promises. Undetermined never counts as kept."""

    KEPT = "kept"
    BROKEN = "broken"
    UNDETERMINED = "undetermined"


class Promise(StrEnum):
    """What a node owes to its own State and to the others, whatever a peer sends."""

    ORIGIN = "Nobody speaks for another State."
    INTEGRITY = "No changed, cut, added or exchanged byte counts."
    ONCE = "What is sent again has no second effect."
    HYBRID = "Both signatures must hold; nothing is negotiated down."
    MEANING = "What was signed as one thing is never taken for another."
    DECISION = "No foreign act takes a decision of this State, or comes out of its order."
    HISTORY = "One log, one history; a witness cosigns growth only."
    SERVICE = "A hostile peer does not keep the node from serving the others."
    DOOR = "The door reads one request one way, and shows nothing but what is for this peer."
    TEXT = "Hostile text does nothing, here or elsewhere."


@dataclass(frozen=True)
class Probe:
    """One thing that was tried.

    Args:
        sent: what was sent, in a few words.
        got: what came back.
        verdict: whether the promise was kept.
    """

    sent: str
    got: str
    verdict: Verdict
