"""What a log holds, and the proof that it holds it.

An entry names bytes by digest; the bytes stay where they are. `Proof` is what a receipt and an exported case carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comity.errors import BrokenProof
from comity.ledger import checkpoint as cp
from comity.seal import canon, merkle

ACT = "act"  # a signed statement of this State about a case, internal or crossing
RECEIVED = "received"  # an envelope that arrived, before anybody read it
ENTRY = "entry"  # a version of a State's directory entry, this State's own too
NOTICE = "notice"  # what was said of copies of shared objects, a community, assistance or a restore: as it was signed


def entry(kind: str, digest: str) -> bytes:
    """The bytes of a log entry.

    Args:
        kind: `ACT`, `RECEIVED`, `ENTRY` or `NOTICE`.
        digest: SHA-256 of the bytes it is about, hex.
    """
    return canon.dumps({"entry": kind, "digest": digest})


@dataclass(frozen=True)
class Proof:
    """That an entry stands at a place of a log whose head is a signed checkpoint.

    Args:
        index: place of the entry, from 0.
        path: audit path, leaf to root (RFC 6962, 2.1.1).
        note: the checkpoint as a signed note, with its witnesses' cosignatures.
    """

    index: int
    path: tuple[bytes, ...]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"index": self.index, "path": [step.hex() for step in self.path], "note": self.note}

    @classmethod
    def from_dict(cls, raw: Any) -> Proof:
        """The proof in `raw`. Raises BrokenProof."""
        try:
            if set(raw) != {"index", "path", "note"} or type(raw["index"]) is not int or type(raw["note"]) is not str:
                raise ValueError(raw)
            path = tuple(bytes.fromhex(step) for step in raw["path"])
            if [step.hex() for step in path] != raw["path"]:
                raise ValueError(raw)
        except (ValueError, TypeError) as error:
            raise BrokenProof("This is no inclusion proof.", code="proof.form") from error
        return cls(raw["index"], path, raw["note"])

    def check(self, data: bytes, origin: str, public: bytes, witnesses: Mapping[str, bytes]) -> dict[str, datetime]:
        """Return when each witness saw a head of the log that contains `data`.

        Args:
            data: the entry's bytes, as `entry` makes them.
            origin: the log's name.
            public: its Ed25519 key.
            witnesses: name -> Ed25519 key of the witnesses known here.

        Raises:
            BrokenProof: the checkpoint is not the log's, a cosignature does not hold, or the entry is not in it.
        """
        head = cp.check_log(self.note, origin, public)
        merkle.check_inclusion(merkle.leaf_hash(data), self.index, head.size, self.path, head.root)
        return cp.check_witnesses(self.note, witnesses)
