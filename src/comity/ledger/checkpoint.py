"""Signed notes, checkpoints and witness cosignatures, in the formats of C2SP.

A checkpoint (C2SP tlog-checkpoint) is a note of three lines: the log's origin, its size, its root in base64. The log
signs it as a note (C2SP signed-note, Ed25519, type 0x01); a witness adds a cosignature (C2SP tlog-cosignature, type
0x04) that also states when the witness saw it. Existing witnesses and verifiers read both.

One head covers many entries, so a note is read once for all proofs that lead to it; only what holds is remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from comity.errors import BrokenProof, BrokenSeal
from comity.seal import canon
from comity.seal.keys import NoteKey, note_check

_PLAIN, _COSIGNATURE = 0x01, 0x04
LIMIT = 8192  # bytes of a note
_MAX_SIZE = 1 << 63  # what a database's integer holds
_MAX_TIME = 253_402_300_800  # the year 10000


@dataclass(frozen=True)
class Checkpoint:
    """A log's head.

    Args:
        origin: the log's name.
        size: number of entries.
        root: 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text, with its closing newline."""
        return f"{self.origin}\n{self.size}\n{canon.b64(self.root)}\n"


def _note_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def _line(name: str, blob: bytes) -> str:
    return f"\N{EM DASH} {name} {canon.b64(blob)}\n"


def signed(checkpoint: Checkpoint, key: NoteKey) -> str:
    """The checkpoint as a signed note."""
    blob = _note_id(key.name, _PLAIN, key.public) + key.sign(checkpoint.text.encode())
    return checkpoint.text + "\n" + _line(key.name, blob)


def _cosigned_message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosignature(checkpoint: Checkpoint, key: NoteKey, at: datetime) -> str:
    """The witness's line for `checkpoint`, stating that it was seen at `at`, consistent with all seen before."""
    seconds = int(at.timestamp())
    signature = key.sign(_cosigned_message(checkpoint.text, seconds))
    blob = _note_id(key.name, _COSIGNATURE, key.public) + seconds.to_bytes(8, "big") + signature
    return _line(key.name, blob)


@lru_cache(maxsize=256)
def parse(note: str) -> tuple[Checkpoint, tuple[tuple[str, bytes], ...]]:
    """(checkpoint, (name, blob) of each signature line) of a note, nothing verified.

    Raises:
        BrokenProof: not exactly the form that `signed` and `cosignature` write.
    """
    text, separator, rest = note.partition("\n\n")
    lines = text.split("\n")
    try:
        if len(note.encode()) > LIMIT or not separator or not rest.endswith("\n") or len(lines) != 3:
            raise ValueError(note)
        if any(letter < " " for letter in note.replace("\n", "")):  # signed-note allows no other control characters
            raise ValueError(note)
        checkpoint = Checkpoint(lines[0], int(lines[1]), canon.unb64(lines[2]))
        if checkpoint.text != text + "\n" or len(checkpoint.root) != 32 or not checkpoint.origin:
            raise ValueError(note)
        if not 0 <= checkpoint.size < _MAX_SIZE:
            raise ValueError(note)
        signatures = tuple(_signature(line) for line in rest[:-1].split("\n"))
    except (ValueError, BrokenSeal) as error:
        raise BrokenProof("This is no checkpoint.", code="checkpoint.form") from error
    return checkpoint, signatures


def _signature(line: str) -> tuple[str, bytes]:
    dash, name, encoded = line.split(" ")
    if dash != "\N{EM DASH}" or not name:
        raise ValueError(line)
    return name, canon.unb64(encoded)


def as_signed(note: str) -> str:
    """The note as its log signed it, with no cosignature behind it. Raises BrokenProof: it is no checkpoint."""
    checkpoint, _ = parse(note)
    first = note.partition("\n\n")[2].partition("\n")[0]
    return f"{checkpoint.text}\n{first}\n"


@lru_cache(maxsize=256)
def check_log(note: str, origin: str, public: bytes) -> Checkpoint:
    """The checkpoint of `note`, when the log `origin` signed it with the Ed25519 key `public`.

    Raises:
        BrokenProof: another origin, no signature of this key, or one that does not hold.
    """
    checkpoint, signatures = parse(note)
    wanted = _note_id(origin, _PLAIN, public)
    blobs = [blob for name, blob in signatures if name == origin and blob[:4] == wanted]
    if checkpoint.origin != origin or len(blobs) != 1:
        raise BrokenProof(f"The checkpoint is not signed by the log {origin}.", code="checkpoint.signature")
    _holds(public, checkpoint.text.encode(), blobs[0][4:])
    return checkpoint


def cosigned(note: str, answer: str, name: str, public: bytes) -> str:
    """The line of a witness's `answer` by which it cosigns `note`. What else the answer says is the word of nobody.

    Args:
        note: a signed checkpoint.
        answer: as the witness gave it (C2SP tlog-witness).
        name: of the witness.
        public: its Ed25519 key.

    Raises:
        BrokenProof: ``witness.missing``: there is no such line; as `check_witnesses`: it does not hold.
    """
    for line in answer.split("\n"):
        if line.startswith(f"\N{EM DASH} {name} ") and name in check_witnesses(f"{note}{line}\n", {name: public}):
            return f"{line}\n"
    raise BrokenProof(f"{name} answered without its cosignature.", code="witness.missing")


def check_witnesses(note: str, witnesses: Mapping[str, bytes]) -> dict[str, datetime]:
    """When each of `witnesses` (name -> Ed25519 key) saw the checkpoint; one without a cosignature is left out.

    Raises:
        BrokenProof: a cosignature of a known witness does not hold, stands twice or states no time.
    """
    checkpoint, signatures = parse(note)
    seen: dict[str, datetime] = {}
    for name, blob in signatures:
        public = witnesses.get(name)
        if public is None or blob[:4] != _note_id(name, _COSIGNATURE, public):
            continue
        seconds = int.from_bytes(blob[4:12], "big")
        if name in seen or seconds >= _MAX_TIME:
            raise BrokenProof("A witness stands twice, or at no time.", code="checkpoint.twice")
        _holds(public, _cosigned_message(checkpoint.text, seconds), blob[12:])
        seen[name] = datetime.fromtimestamp(seconds, UTC)
    return seen


def _holds(public: bytes, message: bytes, signature: bytes) -> None:
    try:
        note_check(public, message, signature)
    except BrokenSeal as error:
        raise BrokenProof("A signature on the checkpoint does not hold.", code="checkpoint.signature") from error
