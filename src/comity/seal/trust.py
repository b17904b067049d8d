"""Who may sign what, from when to when.

A key that ended, or was revoked, still proves what it signed before: each question names the moment that it is about. For
what just arrived that is the moment of arrival, whatever time the statement claims; for what is verified later it is the
time that the statement states, which no key of the signer can prove by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from comity.errors import BrokenSeal
from comity.seal.keys import SIGNING_SUITE, VerifyKey


@dataclass(frozen=True)
class Grant:
    """That a key may sign for a State.

    Args:
        state: ISO code.
        key: both public halves.
        kinds: what it may sign; an empty set lets nothing through.
        since: from this moment on.
        until: before this moment.
        revoked: and before this moment, if there is one.
        suite: name of what it signs with, whole.
    """

    state: str
    key: VerifyKey
    kinds: frozenset[str]
    since: datetime
    until: datetime
    revoked: datetime | None = None
    suite: str = SIGNING_SUITE


class Trust:
    """The grants a node goes by. Empty means that nobody may sign anything.

    Args:
        grants: one for each key of a State.
        retired: suite -> the moment from which on nothing that it signed is accepted.
    """

    def __init__(self, grants: Iterable[Grant] = (), *, retired: Mapping[str, datetime] | None = None) -> None:
        self._grants = {(grant.state, grant.key.id): grant for grant in grants}
        self._retired = dict(retired or {})

    def key(self, state: str, key_id: str, kind: str, at: datetime) -> VerifyKey:
        """The key `key_id` of `state`, if it may sign `kind` at the moment `at`.

        Raises:
            BrokenSeal: `trust.unknown-key`, `trust.kind`, `trust.time`, `trust.revoked` or `trust.retired`.
        """
        grant = self._grants.get((state, key_id))
        if grant is None:
            raise BrokenSeal(f"{key_id} is no known key of {state}.", code="trust.unknown-key")
        if kind not in grant.kinds:
            raise BrokenSeal(f"{key_id} of {state} may not sign a {kind}.", code="trust.kind")
        if not grant.since <= at < grant.until:
            raise BrokenSeal(f"{key_id} of {state} was not valid at {at.isoformat()}.", code="trust.time")
        if grant.revoked is not None and at >= grant.revoked:
            raise BrokenSeal(
                f"{key_id} of {state} is revoked from {grant.revoked.isoformat()} on.", code="trust.revoked"
            )
        if grant.suite in self._retired and at >= self._retired[grant.suite]:
            raise BrokenSeal(f"{grant.suite} signs nothing any more at {at.isoformat()}.", code="trust.retired")
        return grant.key
