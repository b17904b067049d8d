"""An exported case: what `case.json` in its container holds.

::

    {"comity": "case/1", "home": "IR", "at": …, "exercise": true,
     "entries": [signed directory entries, base64],
     "cases": [{"reference": …, "acts": [
         {"statement": the signed act, base64,
          "proof": inclusion in home's log: of the act itself if it is home's own, else of the envelope that arrived,
          "envelope": the sealed envelope it crossed in, base64, or "",
          "receipt": the other State's receipt and its log's proof, or null,
         "restored": true when home had lost this act of its own and took it back from the other State}, …]}, …]}

The acts of both States stand in the order in which `home` knew them, so that the life of the case can be replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comity.casework.moments import moment_text, strict_moment
from comity.errors import Invalid
from comity.ledger.log import Proof
from comity.seal import canon

NAME = "case.json"
LIMIT = 256 << 20


def letter_name(reference: str) -> str:
    """The name of a case's request letter in the container."""
    return f"letter-{reference}.pdf"


def act(
    statement: bytes, proof: Proof, *, envelope: bytes, receipt: dict[str, Any] | None, restored: bool = False
) -> dict[str, Any]:
    """One act of an exported case."""
    return {
        "statement": canon.b64(statement), "proof": proof.to_dict(), "envelope": canon.b64(envelope), "receipt": receipt,
        "restored": restored,
    }  # fmt: skip


def build(
    *, home: str, at: datetime, exercise: bool, entries: Sequence[bytes], cases: Sequence[dict[str, Any]]
) -> bytes:
    """The canonical bytes of ``case.json``."""
    return canon.dumps({
        "comity": "case/1", "home": home, "at": moment_text(at), "exercise": exercise,
        "entries": [canon.b64(entry) for entry in entries], "cases": list(cases),
    })  # fmt: skip


@dataclass(frozen=True)
class ActRecord:
    """One act as exported; nothing of it verified."""

    statement: bytes
    proof: Proof
    envelope: bytes
    receipt: dict[str, Any] | None
    restored: bool


@dataclass(frozen=True)
class Dossier:
    """An exported case as read; nothing of it verified."""

    home: str
    at: datetime
    exercise: bool
    entries: tuple[bytes, ...]
    cases: tuple[tuple[str, tuple[ActRecord, ...]], ...]


def read(data: bytes) -> Dossier:
    """The dossier in `data`. Raises BrokenSeal, BrokenProof or Invalid: not of the form."""
    found = canon.fields(canon.loads(data, limit=LIMIT), "comity", "home", "at", "exercise", "entries", "cases")
    try:
        if found["comity"] != "case/1" or not isinstance(found["exercise"], bool):
            raise ValueError(found["comity"])
        return Dossier(
            str(found["home"]), strict_moment(found["at"]), found["exercise"],
            tuple(canon.unb64(entry) for entry in found["entries"]),
            tuple(
                (str(canon.fields(case, "reference", "acts")["reference"]), tuple(_record(item) for item in case["acts"]))
                for case in found["cases"]
            ),
        )  # fmt: skip
    except (TypeError, ValueError) as error:
        raise Invalid("This is no exported case of version 1.", code="dossier.form") from error


def _record(raw: Any) -> ActRecord:
    found = canon.fields(raw, "statement", "proof", "envelope", "receipt", "restored")
    if not (found["receipt"] is None or isinstance(found["receipt"], dict)) or not isinstance(found["restored"], bool):
        raise ValueError(found["receipt"])
    return ActRecord(
        canon.unb64(found["statement"]),
        Proof.from_dict(found["proof"]),
        canon.unb64(found["envelope"]),
        found["receipt"],
        found["restored"],
    )
