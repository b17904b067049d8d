"""Reading what has arrived: opened and verified while others write, held against its case, written together.

Opening an envelope costs more than keeping it and changes nothing, so `Reading.ahead` does it for some of them before the
transaction that admits them begins; what it found counts as long as the same keys are trusted. The acts of a transaction
(`_Acts`) are then held against their cases in memory: what they need is read together, and what they make is written together.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, transaction

from comity.casework.act import SKEW
from comity.casework.lifecycle import Act, Case, Kind
from comity.casework.request import Request
from comity.errors import BrokenSeal, ComityError, Invalid, NotPossible
from comity.node import archive, models
from comity.node.desk import _record, _rows, evidence
from comity.node.settings import Settings
from comity.seal import envelope
from comity.seal.envelope import Opened
from comity.seal.trust import Trust
from comity.wire import messages
from comity.wire.directory import DatedKey, Entry, trust_in

_logger = logging.getLogger("comity.crossing")
_ACT = "act"
Reader = Callable[[Settings, models.Arrival, Opened], ComityError | None]
"""Takes in a statement. Raises ComityError: it is refused, and nothing of it is written; returns it: what was written stays."""


class Reading:
    """What reads the envelopes that one peer brought.

    Args:
        settings: the node's.
        readers: kind of statement -> what takes in one that is no act of a case.
        alone: write each act by itself, so that one which the tables do not take is found, and refused.
    """

    def __init__(self, settings: Settings, readers: Mapping[str, Reader], *, alone: bool = False) -> None:
        self._settings, self._readers, self._alone = settings, readers, alone
        self._entries: dict[str, Entry] = {}
        self._trust = Trust()
        self._ahead: dict[str, tuple[Opened, Act | None] | ComityError] = {}
        self._next: frozenset[str] = frozenset()
        self._acts: _Acts | None = None

    def still(self, digests: Sequence[str], first: int) -> Collection[str]:
        """Those of these that were opened ahead; the others are forgotten.

        Args:
            digests: of what can be read, in its order.
            first: so many of them are read next.
        """
        self._trusting()
        self._next = frozenset(digests[:first])
        self._ahead = {digest: self._ahead[digest] for digest in digests if digest in self._ahead}
        return self._ahead.keys()

    def ahead(self, arrivals: Iterable[tuple[str, datetime, bytes]]) -> None:
        """Open and verify what is likely to be read next, before a transaction begins.

        Args:
            arrivals: digest, time of arrival and envelope of each, of those that `still` was asked about.
        """
        for digest, at, data in arrivals:
            try:
                self._ahead[digest] = _, act = self._opened(data, at)
                if act is not None:
                    with suppress(Invalid):  # `admit` says so when the act's turn comes
                        _ = act.request
            except ComityError as error:
                self._ahead[digest] = error
            except Exception:  # noqa: BLE001  a defect of ours: `read` meets it again, and notes it
                _logger.debug("arrival %s was not opened ahead", digest)

    def _trusting(self) -> None:
        """Go by the entries as they are pinned now; what was found by others is forgotten."""
        pinned = {entry.state: entry for entry in archive.entries()}
        if pinned != self._entries:
            self._entries = pinned
            self._trust = trust_in(pinned.values(), retired=self._settings.retired)
            self._ahead = {}

    def _opened(self, data: bytes, at: datetime) -> tuple[Opened, Act | None]:
        """What the envelope that arrived then holds, verified; an act is read too. Raises ComityError."""
        opened = envelope.unseal(
            data, home=self._settings.state, keys=self._settings.openings, trust=self._trust,
            kinds={_ACT, *self._readers}, at=at,
        )  # fmt: skip
        if opened.statement.kind != _ACT:
            return opened, None
        act = messages.decode_act(opened)
        _said_now(act, at, self._entries[act.by].named(opened.statement.key_id))
        return opened, act

    def read(self, row: models.Arrival, data: bytes, aside: Callable[[], None]) -> None:
        """Take in what the envelope holds, or give the row the code and reason of why not.

        Args:
            row: the arrival; gets its act, where it is one.
            data: its envelope.
            aside: what is called before others write in this transaction.
        """
        try:
            self._take(row, data, aside)
        except ComityError as error:
            row.act, row.code, row.reason = None, error.code[:60], str(error)
        except (DatabaseError, InterfaceError):
            raise  # the database, or what others left to be written: this message is read again
        except Exception as error:  # a defect of ours must not let one message hold back all others
            _logger.exception("arrival %s", row.digest)
            row.act, row.code, row.reason = None, "node.defect", _defect(error)

    def _take(self, row: models.Arrival, data: bytes, aside: Callable[[], None]) -> None:
        acts = self._begun()
        found = self._ahead.pop(row.digest, None) or self._opened(data, row.at)
        if isinstance(found, ComityError):
            raise found
        opened, act = found
        if act is not None and act.kind is not Kind.DISCLOSED and not self._alone:
            acts.admit(row, act, opened.statement.raw)
            return
        aside()
        refused: ComityError | None = None
        try:
            with transaction.atomic():
                if act is None:
                    refused = self._readers[opened.statement.kind](self._settings, row, opened)
                elif self._begun().admit(row, act, opened.statement.raw):
                    self.write()
                    evidence.announced(self._settings, act, at=row.at)
        except (IntegrityError, DataError) as error:  # of this message alone: what others left was written before
            _logger.exception("arrival %s", row.digest)
            raise Invalid(_defect(error), code="node.defect") from error
        finally:
            self.forget()
        if refused is not None:
            raise refused

    def _begun(self) -> _Acts:
        """The acts of this transaction: first of all, what was opened ahead is held against the keys of now."""
        if self._acts is None:
            self._trusting()
            self._acts = _Acts(self._settings)
            ready = [found for digest, found in self._ahead.items() if digest in self._next]
            acts = [found[1] for found in ready if not isinstance(found, ComityError)]
            self._acts.look_up([act for act in acts if act is not None])
        return self._acts

    def write(self) -> None:
        """Write what was read."""
        if self._acts is not None:
            self._acts.write()

    def forget(self) -> None:
        """Others write, or the transaction is over: what is known of cases may change."""
        self._acts = None


def _defect(error: Exception) -> str:
    return f"This node has a defect: {type(error).__name__}. The bytes are kept."


def _said_now(act: Act, at: datetime, key: DatedKey) -> None:
    """The act's own time is one for which its key is valid, and not ahead of our clock: who verifies later goes by it."""
    if not key.holds(act.at) or act.at > at + SKEW:
        raise BrokenSeal("The act states a time at which it cannot have been signed.", code="act.time", where=act.case)


class _Acts:
    """The acts of one transaction on their way into their cases. Nothing is in the tables before `write`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cases: dict[str, Case | None] = {}
        self._brought: dict[str, str | None] = {}  # id of an act that is known -> the node that brought it
        self._looked: set[str] = set()  # ids that were looked up
        self._opened: list[models.Case] = []
        self._made: list[models.Act] = []
        self._pairs: dict[str, models.Kept] = {}  # signatures that they stand under, by their digest
        self._retold: list[Request] = []  # of cases that were here

    def look_up(self, acts: Collection[Act]) -> None:
        """Read together what these acts will be held against."""
        wanted = {act.case for act in acts} - set(self._cases)
        if wanted:
            self._cases |= dict.fromkeys(wanted) | archive.load_all(wanted, home=self._settings.state)
        ids = {act.id for act in acts} - self._looked
        if ids:
            self._looked |= ids
            self._brought |= dict(models.Act.objects.filter(pk__in=ids).values_list("pk", "arrival__hop"))

    def admit(self, row: models.Arrival, act: Act, statement: bytes) -> bool:
        """Add a verified act to its case, if it fits. False: it is there already, brought before its own State did.

        Raises:
            NotPossible, Invalid: it does not fit, and nothing has changed.
        """
        self.look_up([act])
        if act.id in self._brought:
            if act.by == row.hop != self._brought[act.id] is not None:
                return False
            raise NotPossible("This act is known already.", code="act.known", where=act.case)
        before = self._cases[act.case]
        after = _record.admitted(self._settings, before, act)
        made, pair = _record.act_row(act, statement, seq=len(after.acts) - 1, entry=None)
        if before is None:
            self._opened.append(_record.case_row(after.request, row.at))
        elif act.request is not None:
            self._retold.append(after.request)
        self._made.append(made)
        self._pairs[pair.pk] = pair
        self._cases[act.case], self._brought[act.id], row.act_id = after, row.hop, made.pk
        return True

    def write(self) -> None:
        """Put what was admitted into the tables."""
        _rows.inserted(models.Kept, [*self._pairs.values()], unless_there=True)
        _rows.inserted(models.Case, self._opened)
        _rows.inserted(models.Act, self._made)
        for request in self._retold:
            _record.retold(request)
        self._opened, self._made, self._retold, self._pairs = [], [], [], {}
