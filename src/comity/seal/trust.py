"""Who may sign what, from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from comity.errors import BrokenSeal
from comity.seal.keys import VerifyKey


@dataclass(frozen=True)
class Grant:
    """That a key may sign for a State.

    Args:
        state: ISO code.
        key: both public halves.
        kinds: what it may sign; an empty set lets nothing through.
        since: from this moment on.
        until: before this moment.
    """

    state: str
    key: VerifyKey
    kinds: frozenset[str]
    since: datetime
    until: datetime


class Trust:
    """The grants a node goes by. Empty means that nobody may sign anything."""

    def __init__(self, grants: Iterable[Grant] = ()) -> None:
        self._grants = {(grant.state, grant.key.id): grant for grant in grants}

    def key(self, state: str, key_id: str, kind: str, at: datetime) -> VerifyKey:
        """The key `key_id` of `state`, if it may sign `kind` at the moment `at`.

        Raises:
            BrokenSeal: `trust.unknown-key`, `trust.kind` or `trust.time`.
        """
        grant = self._grants.get((state, key_id))
        if grant is None:
            raise BrokenSeal(f"{key_id} is no known key of {state}.", code="trust.unknown-key")
        if kind not in grant.kinds:
            raise BrokenSeal(f"{key_id} of {state} may not sign a {kind}.", code="trust.kind")
        if not grant.since <= at < grant.until:
            raise BrokenSeal(f"{key_id} of {state} was not valid at {at.isoformat()}.", code="trust.time")
        return grant.key
