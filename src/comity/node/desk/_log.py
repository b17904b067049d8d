"""This node's log, as the desk appends to it: inside the transaction of the step that is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.db.models import Q

from comity.errors import BrokenProof
from comity.ledger import checkpoint as cp
from comity.ledger.log import Proof
from comity.node import models
from comity.node.archive import log_node, log_proof
from comity.node.desk._rows import put
from comity.node.settings import Settings
from comity.seal import merkle


class Tail:
    """The end of the log, locked for this transaction: appends in memory, and one `write`.

    Sequencing and integrating are one step here, so that a receipt can carry its proof at once.
    """

    def __init__(self) -> None:
        self._head = models.LogHead.objects.select_for_update().get_or_create(pk=1)[0]
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._new: list[tuple[int, int, bytes]] = []
        size = self._head.size
        edge = Q()
        for level in range(size.bit_length()):
            if size >> level & 1:
                edge |= Q(level=level, index=(size >> level) - 1)
        if edge:
            for row in models.LogNode.objects.filter(edge):
                self._nodes[row.level, row.index] = bytes(row.hash)

    def _get(self, level: int, index: int) -> bytes:
        found = self._nodes.get((level, index))
        if found is None:
            found = self._nodes[level, index] = log_node(level, index)
        return found

    def append(self, data: bytes) -> int:
        """The place of `data`, which is in the log with the next `write`."""
        for level, index, value in merkle.appended(self._head.size, merkle.leaf_hash(data), self._get):
            self._nodes[level, index] = value
            self._new.append((level, index, value))
        self._head.size += 1
        return self._head.size - 1

    def write(self) -> None:
        """Write what was appended."""
        if self._new:
            put(models.LogNode, ["level", "index", "hash"], self._new)
            self._head.save(update_fields=["size"])
            self._new = []

    def checkpoint(self, settings: Settings) -> str:
        """The log's present head, signed and kept."""
        return _checkpoint(settings, self._head.size, self._get)

    def proof(self, index: int, note: str) -> Proof:
        """The proof that entry `index` is in the log whose head `note` is."""
        return log_proof(index, note, self._get)


def log_append(data: bytes) -> int:
    """Append `data` to this node's log, inside the caller's transaction; returns its place."""
    tail = Tail()
    place = tail.append(data)
    tail.write()
    return place


def log_note(settings: Settings, *, covering: int, peer: str) -> str:
    """A signed head of the log that covers entry `covering`: one that was seen, as `seen_note` says, else any that there is.

    Raises:
        BrokenProof: the log does not reach so far.
    """
    if note := seen_note(covering=covering, peer=peer):
        return note
    row = models.Checkpoint.objects.filter(size__gt=covering).order_by("-size").first()
    return row.note if row is not None else new_checkpoint(settings, covering=covering)


def seen_note(*, covering: int = -1, peer: str = "") -> str:
    """The newest signed head that covers entry `covering` and that a witness has cosigned; empty: there is none.

    Args:
        covering: place of the entry in this node's log.
        peer: the State to which it is to be proved, or with which the case is: a party's own cosignature shows nobody else
            anything, so that of a third State goes before it.
    """
    rows = models.Cosigned.objects.filter(head__gt=covering).select_related("head").order_by("-head")
    row = rows.exclude(witness=peer).first() or rows.first()
    return row.head.note if row is not None else ""


def new_checkpoint(settings: Settings, *, covering: int = -1) -> str:
    """The log's present head, signed and kept. Raises BrokenProof: it does not cover entry `covering`."""
    size = models.LogHead.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    if size <= covering:
        raise BrokenProof(f"The log does not reach entry {covering}.", code="log.range")
    return _checkpoint(settings, size, log_node)


def _checkpoint(settings: Settings, size: int, get: merkle.Get) -> str:
    head = cp.Checkpoint(settings.log.name, size, merkle.root(size, get))
    row, _ = models.Checkpoint.objects.get_or_create(size=size, defaults={"note": cp.signed(head, settings.log)})
    return row.note


def proofs(entries: Iterable[int], note: str) -> dict[int, Proof]:
    """Proofs that each of `entries` is in the log whose head `note` is; subtrees that they share are read once."""
    size, get = cp.parse(note)[0].size, cache(log_node)
    return {entry: log_proof(entry, note, get) for entry in entries if entry < size}
