"""The evidence bag: exhibits on their way from one State to another, in an ASiC-E container.

::

    about.json        what this is, for whom, and the directory entries to check it with: readable by everybody
    executed.json     the sender's signed word that these exhibits were taken in, and the proof that its log holds it
    key.json          the bag's content key, sealed to the addressee (HPKE, X-Wing)
    manifest.sealed   the manifest: names, sizes, digests, custody, use limits
    exhibits.sealed   the exhibits' bytes, one after another in the manifest's order

`about.json` names the manifest by its SHA-256, which reveals nothing else of it: so everybody can check that the act is
about these exhibits (`Bag.check_executed`), and who opens the manifest, that it is the one of the act and of the case.

Anybody can check that a bag is whole and whose it is; only who has the content key can see how many exhibits it holds,
what they are called and what they say. `Bag` does the reading; the steps of checking are those of `seal.container`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from comity.casework.act import EVIDENCE, INTELLIGENCE, Act, Kind
from comity.casework.evidence import Exhibit, Manifest
from comity.casework.moments import moment_text, strict_moment
from comity.errors import BrokenSeal, Invalid
from comity.ledger.log import ACT, Proof, entry
from comity.seal import canon, container, envelope, stream
from comity.seal.container import SEAL_NAME, CadesKey, Progress, open_container
from comity.seal.keys import OpeningKey, SealKey, SigningKey
from comity.seal.trust import Trust
from comity.wire import messages
from comity.wire.directory import Entry, in_log

_ABOUT, _EXECUTED, _KEY = "about.json", "executed.json", "key.json"
_MANIFEST, _EXHIBITS = "manifest.sealed", "exhibits.sealed"
NAMES = (_ABOUT, _EXECUTED, _KEY, _MANIFEST, _EXHIBITS)
_ABOUT_FIELDS = ("comity", "case", "from", "to", "exercise", "use", "at", "manifest", "entries")
_SMALL = 1 << 20
_ABOUT_LIMIT = 8 << 20  # it holds the chains of entries of a few States, over decades
MANIFEST_LIMIT = (
    24 << 20
)  # bytes of the manifest: some 150,000 exhibits, and less than 1 GB to read the most hostile one
# Everything up to the next opening bracket that stands in no string; possessive, so that it keeps nothing in memory.
_TO_BRACKET = re.compile(rb'(?s)(?:[^"\[{]++|"(?:[^"\\]++|\\.)*+"?)*+(?:[\[{]|\Z)')
_PER_BRACKET = 40  # bytes that go to each at least: an exhibit takes 49


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest's one form; its SHA-256 names it."""
    return canon.dumps(manifest.to_dict())


def read_manifest(data: bytes) -> Manifest:
    """The manifest in `data`; one that is mostly brackets, and would fill the memory, is not even parsed.

    Raises:
        BrokenSeal, Invalid: it is too long, not canonical, or says what no manifest says.
    """
    if len(data) <= MANIFEST_LIMIT:
        for brackets, _ in enumerate(_TO_BRACKET.finditer(data)):
            if (brackets - 100) * _PER_BRACKET > len(data):
                raise Invalid("The manifest's contents do not follow its form.", code="manifest.form")
    return Manifest.from_dict(canon.loads(data, limit=MANIFEST_LIMIT))


@dataclass(frozen=True)
class Sender:
    """Whose bag it is.

    Args:
        state: ISO code.
        entries: every signed version of its directory entry, oldest first, and those of its witnesses.
        signing: its signing key.
        cades: its classical key.
    """

    state: str
    entries: tuple[bytes, ...]
    signing: SigningKey
    cades: CadesKey


def _info(case: str, to: str) -> bytes:
    return f"comity/v1/bag\n{case}\n{to}".encode()


def write(
    path: Path,
    *,
    sender: Sender,
    case: str,
    to: str,
    key: SealKey,
    exercise: bool,
    use: str,
    executed: dict[str, Any],
    manifest: bytes,
    exhibits: Iterable[bytes],
    at: datetime,
) -> None:
    """Write a bag to `path`, whole or not at all.

    Args:
        sender: whose bag it is.
        case: the requesting State's reference.
        to: the addressee, and `key` its public opening key.
        exercise: True when it is part of an exercise.
        use: what the exhibits may serve as: ``evidence`` or ``intelligence`` (47).
        executed: ``{"statement": base64, "proof": Proof}`` of the act that took the exhibits in.
        manifest: canonical bytes of the manifest.
        exhibits: the exhibits' bytes in the manifest's order, in chunks.
        at: now.
    """
    secret = secrets.token_bytes(stream.KEY)
    about = {"comity": "evidence/1", "case": case, "from": sender.state, "to": to, "exercise": exercise, "use": use,
             "at": moment_text(at), "manifest": canon.content_id(manifest),
             "entries": [canon.b64(signed) for signed in sender.entries]}  # fmt: skip
    sealed = {"key": key.id, "sealed": canon.b64(key.seal(secret, _info(case, to)))}
    files: list[tuple[str, container.Source]] = [
        (_ABOUT, canon.dumps(about)),
        (_EXECUTED, canon.dumps(executed)),
        (_KEY, canon.dumps(sealed)),
        (_MANIFEST, b"".join(stream.encrypt([manifest], stream.subkey(secret, "manifest")))),
        (_EXHIBITS, stream.encrypt(exhibits, stream.subkey(secret, "exhibits"))),
    ]
    container.write(
        path, files, cades=sender.cades, at=at,
        seal=lambda listing: envelope.sign("container", listing, sender=sender.state, to=to, key=sender.signing),
    )  # fmt: skip


class Bag:
    """A bag being read. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.container = open_container(path)
        try:
            if self.container.files() != NAMES:
                raise Invalid("This container is no evidence bag.", code="bag.form")
            self.about = canon.fields(self._json(_ABOUT, limit=_ABOUT_LIMIT), *_ABOUT_FIELDS)
            self.executed = canon.fields(self._json(_EXECUTED), "statement", "proof")
            if self.about["comity"] != "evidence/1":
                raise Invalid("This evidence bag is of another version.", code="bag.version")
            for name, value in self.about.items():
                if not isinstance(value, {"exercise": bool, "entries": list}.get(name, str)):
                    raise Invalid("This container is no evidence bag.", code="bag.form", where=name)
            if self.about["use"] not in (EVIDENCE, INTELLIGENCE):
                raise Invalid("This container is no evidence bag.", code="bag.form", where="use")
            self.made_at()
        except BaseException:
            self.container.close()
            raise

    def __enter__(self) -> Self:
        """The bag itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.container.close()

    def _json(self, name: str, *, limit: int = _SMALL) -> Any:
        return canon.loads(self.container.read(name, limit=limit), limit=limit)

    def check_seal(self, trust: Trust, progress: Progress | None = None) -> None:
        """Return when the sender's two signatures hold over every byte of the container. Raises BrokenSeal."""
        listing = self.container.listing(progress)
        raw = self.container.read(SEAL_NAME, limit=_SMALL)
        found = envelope.verify(raw, trust, kind="container", at=self.made_at(), limit=_SMALL)
        if found.payload != listing:
            raise BrokenSeal("The container's contents are not those that were signed.", code="bag.listing")
        if (found.sender, found.to) != (self.about["from"], self.about["to"]):
            raise BrokenSeal("The container is signed by or for another State than it says.", code="bag.parties")

    def made_at(self) -> datetime:
        """When the sender says it was made: the moment for which its key must be valid."""
        try:
            return strict_moment(self.about["at"])
        except ValueError as error:
            raise Invalid("The bag states no time.", code="bag.form", where="at") from error

    def content_key(self, keys: Iterable[OpeningKey]) -> bytes:
        """The bag's content key, opened with one of the addressee's keys. Raises BrokenSeal."""
        sealed = canon.fields(self._json(_KEY), "key", "sealed")
        key = next((key for key in keys if key.public.id == sealed["key"]), None)
        if key is None:
            raise BrokenSeal("The bag is sealed for a key not held here.", code="seal.addressee")
        secret = key.open(canon.unb64(sealed["sealed"]), _info(self.about["case"], self.about["to"]))
        if len(secret) != stream.KEY:
            raise BrokenSeal("The bag's content key has not 32 bytes.", code="bag.key")
        return secret

    def check_executed(self, trust: Trust) -> Act:
        """The act by which the sender took these exhibits in.

        What the exhibits are is sealed; that the manifest inside is the one of this act, `manifest` checks. Its key must be
        valid at the time that the act states, which is not after that of the bag: the key of that day may have ended since.

        Raises:
            BrokenSeal: a signature does not hold, or the act is of another kind, State, case or manifest than `about` says,
                or said in an exercise when the bag is in earnest (or the other way round).
            Invalid: it is no act.
        """
        raw = canon.unb64(self.executed["statement"])
        act = messages.read_act(envelope.verify(raw, trust, kind="act", at=min(_stated_at(raw), self.made_at())))
        said = (act.kind, act.by, act.case, act.exercise, act.body.get("manifest"))
        about = self.about
        if said != (Kind.EXECUTED, about["from"], about["case"], about["exercise"], about["manifest"]):
            raise BrokenSeal("The act does not say that these exhibits were taken in.", code="bag.executed")
        return act

    def check_logged(self, sender: Entry, witnesses: Iterable[Entry]) -> dict[str, datetime]:
        """When each witness saw a head of the sender's log that holds the act of `check_executed`.

        Args:
            sender: the sender's entry.
            witnesses: entries of the witnesses known here.

        Raises:
            BrokenProof: the log does not hold the act, or a cosignature of a known witness does not hold.
        """
        logged = entry(ACT, canon.content_id(canon.unb64(self.executed["statement"])))
        return in_log(Proof.from_dict(self.executed["proof"]), logged, sender, witnesses)

    def manifest(self, secret: bytes) -> tuple[Manifest, bytes]:
        """(the manifest, its canonical bytes).

        Raises:
            BrokenSeal: another key, more than `MANIFEST_LIMIT`, or not the manifest, case or exercise that `about` names.
        """
        held = bytearray()
        for chunk in stream.decrypt(self.container.stream(_MANIFEST), stream.subkey(secret, "manifest")):
            held += chunk
            if len(held) > MANIFEST_LIMIT:
                raise BrokenSeal(f"The manifest has more than {MANIFEST_LIMIT} bytes.", code="canon.too-long")
        data = bytes(held)
        if canon.content_id(data) != self.about["manifest"]:
            raise BrokenSeal("The manifest is not the one that the bag names.", code="bag.manifest")
        found = read_manifest(data)
        if (found.case, found.exercise) != (self.about["case"], self.about["exercise"]):
            raise BrokenSeal("The manifest belongs to another case than the bag.", code="bag.manifest")
        return found, data

    def exhibits(self, secret: bytes, manifest: Manifest) -> Iterator[tuple[Exhibit, Iterator[bytes]]]:
        """Each exhibit with its bytes, in order; read each to its end before the next.

        Raises:
            BrokenSeal: an exhibit is not what the manifest says, or bytes are left over.
        """
        source = stream.decrypt(self.container.stream(_EXHIBITS), stream.subkey(secret, "exhibits"))
        yield from split(source, manifest)

    def unpack(self, secret: bytes, folder: Path, progress: Callable[[int, int], None] | None = None) -> Manifest:
        """Write every exhibit below `folder`, which must not exist yet, under its own name and with its own bytes.

        Links are made only when they lead to somewhere inside `folder`; a link that does not is left out. They are
        made last, when every folder is there already, so that nothing is written through one.

        Returns:
            The manifest.

        Raises:
            BrokenSeal: an exhibit is not what the manifest says; what was written so far stays, marked ``.partial``.
            FileExistsError: `folder` is there, or a ``.partial`` of it.
        """
        if os.path.lexists(folder):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
        manifest, _ = self.manifest(secret)
        partial = folder.with_name(folder.name + ".partial")
        partial.mkdir(parents=True, exist_ok=False)
        root = os.fsencode(partial) + b"/"
        for exhibit in manifest.exhibits:
            place = root + exhibit.path
            os.makedirs(place if exhibit.kind == "folder" else os.path.dirname(place), exist_ok=True)
        self._write_files(secret, manifest, root, progress)
        for exhibit in manifest.exhibits:
            if exhibit.kind == "link" and leads_inside(exhibit):
                os.symlink(exhibit.target, root + exhibit.path)
        partial.rename(folder)
        return manifest

    def _write_files(
        self, secret: bytes, manifest: Manifest, root: bytes, progress: Callable[[int, int], None] | None
    ) -> None:
        done, total = 0, manifest.size
        for exhibit, chunks in self.exhibits(secret, manifest):
            if exhibit.kind != "file":
                continue
            with open(root + exhibit.path, "xb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    done += len(chunk)
                    if progress:
                        progress(done, total)


def _stated_at(statement: bytes) -> datetime:
    """The time that a signed act states. Raises Invalid: none."""
    try:
        payload = canon.unb64(canon.loads(statement, limit=_SMALL)["payload"])
        return strict_moment(canon.loads(payload, limit=_SMALL)["at"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("The act that took the exhibits in states no time.", code="bag.executed") from error


def leads_inside(exhibit: Exhibit) -> bool:
    """Whether a link surely stays inside the folder of the exhibits, wherever the manifest's other links lead.

    It may go up only at its beginning, where what it leaves is a folder: after a name that may be another link, ``..``
    leads to no place that can be told from the text.
    """
    parts = [part for part in exhibit.target.split(b"/") if part not in {b"", b"."}]
    ups = next((count for count, part in enumerate(parts) if part != b".."), len(parts))
    inside = ups <= exhibit.path.count(b"/") and b".." not in parts[ups:]
    return inside and not exhibit.target.startswith(b"/")


def split(source: Iterator[bytes], manifest: Manifest) -> Iterator[tuple[Exhibit, Iterator[bytes]]]:
    """The exhibits of `manifest` with their bytes, cut from the one stream that holds them all; digests are checked.

    Raises:
        BrokenSeal: an exhibit's bytes are not those of its digest, bytes are missing or left over.
    """
    held = bytearray()
    for exhibit in manifest.exhibits:
        if exhibit.kind == "link":
            continue
        chunks = _take(source, held, exhibit)
        yield exhibit, chunks
        for _ in chunks:  # what the caller did not read is checked all the same
            pass
    if held or any(source):
        raise BrokenSeal("There are more bytes than the manifest names.", code="bag.more")


def _take(source: Iterator[bytes], held: bytearray, exhibit: Exhibit) -> Iterator[bytes]:
    digest, left = hashlib.sha256(), exhibit.size
    while left:
        if not held:
            held += next(source, b"")
            if not held:
                raise BrokenSeal(f"The bytes of {exhibit.name} are missing.", code="bag.missing")
        piece = bytes(held[:left])
        del held[: len(piece)]
        left -= len(piece)
        digest.update(piece)
        yield piece
    if exhibit.kind == "file" and digest.hexdigest() != exhibit.sha256:
        raise BrokenSeal(f"The bytes of {exhibit.name} are not those of its digest.", code="bag.digest")
