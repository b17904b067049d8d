"""What comes back: exhibits, the manifest that lists them, and custody hash-linked from hand to hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from comity.casework.moments import moment_text, parse_moment
from comity.errors import Invalid


@dataclass(frozen=True)
class Exhibit:
    """One file or link as it was handed over.

    Args:
        path: its name relative to what was handed over, parts joined by ``/``, the bytes of the file system kept.
        size: in bytes; 0 for a link.
        sha256: of its content, hex; empty for a link and a folder.
        kind: ``file``, ``link`` (symbolic, never followed) or ``folder`` (an empty one; others follow from files).
        target: where a link points, as written.
    """

    path: bytes
    size: int
    sha256: str
    kind: str = "file"
    target: bytes = b""

    def __post_init__(self) -> None:
        """Refuse a path that could leave the folder it is unpacked into, and a link that no file system holds.

        Raises:
            Invalid: naming the exhibit.
        """
        parts = self.path.split(b"/")
        if not self.path or b"\0" in self.path or any(part in (b"", b".", b"..") for part in parts):
            raise Invalid("An exhibit's path must stay inside its folder.", code="exhibit.path", where=self.name)
        if self.kind not in ("file", "link", "folder") or self.size < 0 or (self.kind != "file" and self.size):
            raise Invalid("An exhibit is a file, a link or a folder.", code="exhibit.kind", where=self.name)
        if bool(self.target) != (self.kind == "link") or b"\0" in self.target:
            raise Invalid("A link, and nothing else, leads somewhere.", code="exhibit.kind", where=self.name)

    @property
    def name(self) -> str:
        """The path for people to read; bytes that are no UTF-8 are shown as escapes."""
        return self.path.decode("utf-8", "backslashreplace")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; names that are no UTF-8 travel as hex."""
        found: dict[str, Any] = {**_name("path", self.path), "size": self.size, "sha256": self.sha256}
        if self.kind != "file":
            found["kind"] = self.kind
        if self.target:
            found.update(_name("target", self.target))
        return found

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Exhibit:
        """The exhibit in `raw`, which must be what `to_dict` writes: one way to say each name. Raises Invalid."""
        if not isinstance(raw, dict) or type(raw.get("size")) is not int or not isinstance(raw.get("sha256"), str):
            raise Invalid("This is no exhibit of a manifest.", code="exhibit.form")
        found = cls(_bytes("path", raw), raw["size"], raw["sha256"], raw.get("kind", "file"), _bytes("target", raw))
        if found.to_dict() != raw:
            raise Invalid("This is no exhibit of a manifest.", code="exhibit.form", where=found.name)
        return found


def _name(field: str, value: bytes) -> dict[str, str]:
    try:
        return {field: value.decode("utf-8")}
    except UnicodeDecodeError:
        return {field + "_hex": value.hex()}


def _bytes(field: str, raw: Mapping[str, Any]) -> bytes:
    try:
        return bytes.fromhex(raw[field + "_hex"]) if field + "_hex" in raw else str(raw.get(field, "")).encode()
    except (ValueError, TypeError) as error:
        raise Invalid("An exhibit's name is not usable.", code="exhibit.form", where=field) from error


@dataclass(frozen=True)
class Custody:
    """One hand-over: who had the exhibits from when on, and what was done.

    Args:
        step: ``handed-over`` (by the provider) or ``taken-in`` (by the authority). What follows stands in acts, outside
            the manifest: `executed` names the manifest, `disclosed` the container it was sealed into.
        by: who did it.
        at: when, UTC.
        digest: SHA-256 over the exhibits' list at that moment, hex: the same in each entry, or the chain is broken.
        previous: SHA-256 of the entry before, hex; empty for the first.
    """

    step: str
    by: str
    at: datetime
    digest: str
    previous: str = ""

    def to_dict(self) -> dict[str, str]:
        """Plain JSON values."""
        return {"step": self.step, "by": self.by, "at": moment_text(self.at), "digest": self.digest,
                "previous": self.previous}  # fmt: skip


@dataclass(frozen=True)
class Manifest:
    """What is handed over with a case: every exhibit, its custody, and the limits of its use.

    Args:
        case: the requesting State's reference.
        source: who handed the data over.
        exhibits: in the order in which their bytes follow one another.
        custody: oldest first.
        conditions: use limits that travel with the exhibits, Articles 36, 40(19) and 40(28).
        exercise: True when made in an exercise.
    """

    case: str
    source: str
    exhibits: tuple[Exhibit, ...]
    custody: tuple[Custody, ...]
    conditions: tuple[str, ...]
    exercise: bool

    @property
    def files(self) -> Iterator[Exhibit]:
        """The exhibits that have bytes."""
        return (exhibit for exhibit in self.exhibits if exhibit.kind == "file")

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(exhibit.size for exhibit in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "manifest": 1, "case": self.case, "source": self.source, "exercise": self.exercise,
            "conditions": list(self.conditions),
            "custody": [entry.to_dict() for entry in self.custody],
            "exhibits": [exhibit.to_dict() for exhibit in self.exhibits],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Any) -> Manifest:
        """The manifest in `raw`.

        Raises:
            Invalid: unknown fields, wrong types, a path named twice, a path below what is no folder (so that nothing
                is ever written through a link), a broken custody chain.
        """
        names = {"manifest", "case", "source", "exercise", "conditions", "custody", "exhibits"}
        if not isinstance(raw, dict) or set(raw) != names or raw["manifest"] != 1:
            raise Invalid("This is no manifest of version 1.", code="manifest.form")
        try:
            custody = tuple(
                Custody(entry["step"], entry["by"], parse_moment(entry["at"]), entry["digest"], entry["previous"])
                for entry in raw["custody"]
            )
            exhibits = tuple(Exhibit.from_dict(item) for item in raw["exhibits"])
            found = cls(raw["case"], raw["source"], exhibits, custody, tuple(raw["conditions"]), raw["exercise"])
            texts = (raw["case"], raw["source"], *raw["conditions"])
            texts += tuple(text for entry in raw["custody"] for text in entry.values())
            if not isinstance(raw["exercise"], bool) or not all(isinstance(text, str) for text in texts):
                raise ValueError(raw)
            if found.to_dict() != raw:
                raise ValueError(raw)
            _check_custody(custody, raw["exhibits"])
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise Invalid("The manifest's contents do not follow its form.", code="manifest.form") from error
        _check_paths(exhibits)
        return found


def _check_paths(exhibits: Sequence[Exhibit]) -> None:
    """No path twice, and none below another: a folder that holds something has no line of its own."""
    # With "/" sorted before every byte that a name can hold, what is below a path stands directly after it.
    ordered = sorted(exhibit.path.replace(b"/", b"\0") for exhibit in exhibits)
    for path, following in pairwise(ordered):
        if path == following or following.startswith(path + b"\0"):
            name = following.replace(b"\0", b"/").decode("utf-8", "backslashreplace")
            raise Invalid("The manifest names a path twice, or one below a file.", code="manifest.twice", where=name)


def _check_custody(custody: Sequence[Custody], exhibits: list[dict[str, Any]]) -> None:
    """Each entry is about this very list of exhibits and names the entry before it."""
    previous, listed = "", _digest(exhibits)
    for entry in custody:
        if (entry.previous, entry.digest) != (previous, listed):
            raise Invalid("The chain of custody is broken.", code="manifest.custody", where=entry.step)
        previous = _digest(entry.to_dict())


def _digest(value: Any) -> str:
    """SHA-256 of `value` in RFC 8785's form, which `json` writes when names are ASCII and numbers integers."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
