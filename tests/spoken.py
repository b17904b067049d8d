"""Signed words about envelopes, as they stand whole in files and at doors: taken apart, and read."""

from __future__ import annotations

import re
from datetime import datetime

from comity.errors import BrokenSeal
from comity.seal.envelope import Pair, Signed
from comity.seal.trust import Trust
from comity.wire import messages
from comity.wire.exchange import Evidence

_HALF = re.compile(rb'"(?:ed25519|mldsa65)":"([A-Za-z0-9+/=]+)"')


def apart(raw: bytes) -> Signed:
    """`raw` without its signatures, and these. Raises BrokenSeal: it does not carry both, each once."""
    halves = _HALF.findall(raw)
    if len(halves) != 2:
        raise BrokenSeal("This is not signed.", code="seal.detached")
    bare = raw
    for half in halves:
        bare = bare.replace(b'"%b"' % half, b'""', 1)
    return Signed(bare, Pair(*(half.decode() for half in halves)))


def evidence(raw: bytes, trust: Trust, *, now: datetime | None = None) -> Evidence:
    """What a word that is no receipt says, verified."""
    found = messages.read_word(apart(raw), trust, now=now)
    if found.proof is not None:
        raise BrokenSeal("This is a receipt.", code="receipt.form")
    return found.said
