"""Asking a peer for newer proofs of its receipts, as values <-> bytes: one signed head, and a path to it for each.

A receipt comes with a proof under a head that perhaps no witness has seen yet. Once one has, the proof is asked for anew; it
takes the place of the old one, and the receipt's own statement stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from comity.errors import BrokenSeal
from comity.ledger.log import Proof
from comity.seal import canon

TOGETHER: Final = 256  # receipts asked about at a time
LIMIT: Final = 1 << 20  # bytes of an answer
_DIGEST = re.compile(r"[0-9a-f]{64}")


def ask(digests: Sequence[str]) -> bytes:
    """The bytes that ask for proofs of the receipts of the envelopes `digests`."""
    return canon.dumps({"prove": list(digests)})


def read_ask(data: bytes) -> list[str]:
    """The digests that are asked about. Raises BrokenSeal."""
    found = canon.fields(canon.loads(data, limit=LIMIT), "prove")["prove"]
    if not isinstance(found, list) or len(found) > TOGETHER or not all(map(_is_digest, found)):
        raise BrokenSeal(f"At most {TOGETHER} digests are asked about.", code="proofs.form")
    return found


def _is_digest(raw: Any) -> bool:
    return isinstance(raw, str) and _DIGEST.fullmatch(raw) is not None


def answer(found: Mapping[str, Proof]) -> bytes:
    """The bytes of proofs under one head, by the digest of the envelope; for some that were asked about, or none."""
    note = next((proof.note for proof in found.values()), "")
    said = {
        digest: {"index": proof.index, "path": [step.hex() for step in proof.path]} for digest, proof in found.items()
    }
    return canon.dumps({"note": note, "proofs": said})


def read_answer(data: bytes) -> dict[str, Proof]:
    """The proofs in `data`, by the digest of the envelope; none of them is checked yet. Raises BrokenSeal or BrokenProof."""
    found = canon.fields(canon.loads(data, limit=LIMIT), "note", "proofs")
    if not isinstance(found["proofs"], dict) or len(found["proofs"]) > TOGETHER:
        raise BrokenSeal("Proofs are an object, by envelope.", code="proofs.form")
    return {
        digest: Proof.from_dict(canon.fields(raw, "index", "path") | {"note": found["note"]})
        for digest, raw in found["proofs"].items()
    }
