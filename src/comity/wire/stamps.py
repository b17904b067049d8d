"""Time stamps in an exported case: which heads of its State's log existed by when, and that the case is under them.

::

    stamps.json         {"comity": "stamps/1", "stamps": [{"consistency": [hash, hex, …]}, …]}: one for each of these, in order
    stamp-1.checkpoint  a signed head of the log, as the log signed it: what is stamped
    stamp-1.tst         its time stamp, a TimeStampToken in DER (RFC 3161)
    …

Checkpoint and token are files of their own, so that anybody's tool can check them, e.g. ``openssl ts -verify``. `consistency`
leads from the smaller to the larger of the stamped head and the head under which the case's acts are proved (RFC 9162, 2.1.4):
one of both is the beginning of the other, so what stands in the smaller one stands in both, at the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from comity.errors import BrokenSeal
from comity.ledger import checkpoint as cp
from comity.seal import canon, merkle, stamp
from comity.seal.container import Container
from comity.wire.directory import Entry, head_seen

NAME: Final = "stamps.json"
MOST: Final = 1_000  # of a case
_LIMIT: Final = 16 << 20  # bytes of `NAME`


@dataclass(frozen=True)
class Exported:
    """A time stamp as it is exported; nothing of it verified.

    Args:
        note: the head, as its log signed it.
        token: TimeStampToken in DER.
        consistency: hashes of 32 bytes.
    """

    note: str
    token: bytes
    consistency: tuple[bytes, ...]


@dataclass(frozen=True)
class Covering:
    """A verified time stamp of a head, and how far it covers the tree under another head. `covering` makes it.

    Args:
        size: entries before this one existed by then.
        stamped: what the authority said.
    """

    size: int
    stamped: stamp.Stamped


def parts(exported: Sequence[Exported]) -> list[tuple[str, bytes]]:
    """(name, content) of the files that hold `exported`; none for none."""
    if not exported:
        return []
    said = [{"consistency": [step.hex() for step in one.consistency]} for one in exported]
    files = [(NAME, canon.dumps({"comity": "stamps/1", "stamps": said}))]
    for number, one in enumerate(exported, start=1):
        files += [(f"stamp-{number}.checkpoint", one.note.encode()), (f"stamp-{number}.tst", one.token)]
    return files


def read(opened: Container) -> list[Exported]:
    """The time stamps in an exported case, each within its limits. Raises BrokenSeal or BrokenContainer: not of the form."""
    names = {name for name in opened.files() if name.startswith("stamp")}
    if not names:
        return []
    found = canon.fields(canon.loads(opened.read(NAME, limit=_LIMIT), limit=_LIMIT), "comity", "stamps")
    if found["comity"] != "stamps/1" or not isinstance(found["stamps"], list) or not 0 < len(found["stamps"]) <= MOST:
        raise BrokenSeal(f"{NAME} is no list of time stamps.", code="stamp.export")
    paths = [_path(canon.fields(one, "consistency")["consistency"]) for one in found["stamps"]]
    pairs = [(f"stamp-{number}.checkpoint", f"stamp-{number}.tst") for number in range(1, len(paths) + 1)]
    if names != {NAME, *(name for pair in pairs for name in pair)}:
        raise BrokenSeal(f"{NAME} does not list what is there.", code="stamp.export")
    return [
        Exported(
            opened.read(note, limit=cp.LIMIT).decode("utf-8", "replace"), opened.read(token, limit=stamp.LIMIT), path
        )
        for (note, token), path in zip(pairs, paths, strict=True)
    ]


def _path(raw: Any) -> tuple[bytes, ...]:
    try:
        path = tuple(bytes.fromhex(step) for step in raw)
        if len(path) > 64 or [step.hex() for step in path] != raw:
            raise ValueError(raw)
    except (TypeError, ValueError) as error:
        raise BrokenSeal(f"{NAME} holds no proof.", code="stamp.export") from error
    return path


def covering(exported: Exported, head: cp.Checkpoint, log: Entry, roots: stamp.Roots) -> Covering:
    """Check a time stamp, and that it covers the beginning of the tree under `head`.

    1. The stamp is good, by `roots`, for the bytes of the checkpoint.
    2. The log signed that checkpoint; if its key was revoked, the stamp shows that it had before.
    3. One of the two heads is the beginning of the other.

    Args:
        exported: the stamp.
        head: that of the proofs.
        log: the newest entry of the State whose log both are of.
        roots: as for `comity.seal.stamp.verify`.

    Raises:
        BrokenSeal: as `comity.seal.stamp.verify`.
        BrokenProof: as `comity.wire.directory.head_seen`, or the heads do not fit together.
    """
    stamped = stamp.verify(exported.token, exported.note.encode(), roots)  # 1
    head_seen(exported.note, log, (), [stamped.latest])  # 2
    older, newer = sorted((cp.parse(exported.note)[0], head), key=lambda one: one.size)
    merkle.check_consistency(older.size, newer.size, older.root, newer.root, exported.consistency)  # 3
    return Covering(older.size, stamped)
