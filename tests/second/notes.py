"""Signed notes, checkpoints, cosignatures and inclusion proofs, in the forms of C2SP. The log."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from second import plain, tree
from second.keys import ed25519_holds
from second.plain import need

NOTE = 8192
_LOG, _WITNESS = 1, 4
_LAST = 253_402_300_800  # the year 10000


@dataclass(frozen=True)
class Head:
    """A log's head, with the lines under it; nothing of it verified."""

    origin: str
    size: int
    root: bytes
    text: str
    lines: tuple[tuple[str, bytes], ...]


def _id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def head(note: str) -> Head:
    """The checkpoint in a note."""
    try:
        size = len(note.encode())
    except UnicodeEncodeError as error:
        raise plain.Refused("no text") from error
    need(size <= NOTE, "too long")
    need(not re.search(r"[\x00-\x09\x0b-\x1f]", note), "a control character")
    found = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n\n((?:[^\n]*\n)+)", note)
    need(found, "no checkpoint")
    root, count = plain.binary(found[3]), int(found[2])
    need(len(root) == 32 and count < 1 << 63, "no head")
    lines = []
    for line in found[4].removesuffix("\n").split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "—" and parts[1], "no signature line")
        lines.append((parts[1], plain.binary(parts[2])))
    return Head(found[1], count, root, note[: note.index("\n\n") + 1], tuple(lines))


def by_log(note: str, origin: str, public: bytes) -> Head:
    """The checkpoint, when the log `origin` signed it with this key, once."""
    found = head(note)
    own = [blob[4:] for name, blob in found.lines if name == origin and blob[:4] == _id(origin, _LOG, public)]
    need(found.origin == origin and len(own) == 1, "not signed by the log")
    ed25519_holds(public, found.text.encode(), own[0])
    return found


def by_witness(note: str, name: str, public: bytes) -> datetime | None:
    """When this witness saw the checkpoint; None: it did not."""
    found = head(note)
    own = [blob for named, blob in found.lines if named == name and blob[:4] == _id(name, _WITNESS, public)]
    need(len(own) <= 1, "a witness twice")
    if not own:
        return None
    seconds = int.from_bytes(own[0][4:12], "big")
    need(seconds < _LAST, "no time")
    ed25519_holds(public, f"cosignature/v1\ntime {seconds}\n{found.text}".encode(), own[0][12:])
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class Proof:
    """That an entry stands at a place of a log; not followed yet."""

    index: int
    path: list[bytes]
    note: str

    def leads(self, entry: bytes, origin: str, public: bytes) -> Head:
        """The log's head, when the path leads to it from `entry`."""
        found = by_log(self.note, origin, public)
        root = tree.root(tree.leaf(entry), self.index, found.size, self.path)
        need(root == found.root, "a path to another root")
        return found


def proof(raw) -> Proof:
    """The proof in an object."""
    index, path, note = plain.fields(raw, "index", "path", "note")
    plain.texts(note, *plain.listed(path))
    need(all(re.fullmatch(r"(?:[0-9a-f]{2})*", step) for step in path), "no hex")
    return Proof(plain.integer(index), [bytes.fromhex(step) for step in path], note)
