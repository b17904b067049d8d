"""ASiC-E: the form that courts and foreign tools can open, written and read in one byte form only.

::

    mimetype                    application/vnd.etsi.asic-e+zip
    the files                   as they were given, in that order
    META-INF/ASiCManifest.xml   the SHA-256 of each file
    META-INF/signature.p7s      CAdES over the manifest: for the tools of others, which know P-256 and X.509
    META-INF/comity-seal.json   the caller's statement over the list of everything before it

The container is a ZIP file, stored without compression, so that a file of any size passes at constant memory
and its bytes lie in the container as they are. `_zip` fixes every byte outside the contents, the seal fixes
the contents, and the CAdES signature lets anyone check the files with nothing of ours (``unzip``, ``openssl
cms -verify``).

Whoever checks a container does these steps in this order; `Container` does the work, the caller has the keys:

1. `open_container`: the file is the one form, and nothing hides between its parts.
2. `Container.listing`: every content is read and hashed. The statement in ``META-INF/comity-seal.json`` must
   be good for exactly these bytes: **that check is the caller's**.
3. `Container.manifest_mismatches`: the manifest that others will check says the same. It must be empty.
4. `Container.check_cades`: the CAdES signature over that manifest is by the certificate that the caller
   trusts.

There is no reading of containers made by others, no time stamp (heads of the log have them: `comity.seal.stamp`), no
certificate chain and no revocation here: which certificate is good, and when, is the business of `comity.seal.trust`.

Source: ETSI EN 319 162-1 V1.1.1 (ASiC-E with CAdES: 4.4, Annex A); ETSI EN 319 122-1 (CAdES B-B: 6.3).
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Self
from urllib.parse import quote

from comity.errors import BrokenContainer
from comity.seal import canon
from comity.seal._cades import MAX_SIGNATURE, CadesKey, cades_check
from comity.seal._names import check_names, fold
from comity.seal._zip import Entry, Part, Source, Writer, content, read_entries

__all__ = [
    "MANIFEST_NAME",
    "MIMETYPE",
    "MIMETYPE_NAME",
    "SEAL_NAME",
    "SIGNATURE_NAME",
    "CadesKey",
    "Container",
    "Entry",
    "Part",
    "Progress",
    "Source",
    "cades_check",
    "listing_of",
    "manifest_of",
    "open_container",
    "write",
]

MIMETYPE: Final = "application/vnd.etsi.asic-e+zip"
MIMETYPE_NAME: Final = "mimetype"
MANIFEST_NAME: Final = "META-INF/ASiCManifest.xml"
SIGNATURE_NAME: Final = "META-INF/signature.p7s"
SEAL_NAME: Final = "META-INF/comity-seal.json"

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes to do."""

_TAIL: Final = (MANIFEST_NAME, SIGNATURE_NAME, SEAL_NAME)
_MAX_MANIFEST: Final = 128 << 20  # what 65,534 names of the permitted length can come to, and more


# ---------------------------------------------------------------------------------- what the signatures cover


def listing_of(parts: Sequence[Part]) -> bytes:
    """Make the bytes that the seal is over: name, SHA-256 and size of each part before the seal, in order.

    Args:
        parts: from ``mimetype`` to ``META-INF/signature.p7s``.

    Returns:
        Canonical JSON (RFC 8785): ``{"files":[{"name":…,"sha256":…,"size":…},…]}``.
    """
    return canon.dumps({"files": [{"name": part.name, "sha256": part.sha256, "size": part.size} for part in parts]})


def manifest_of(files: Sequence[Part]) -> bytes:
    """Make the manifest that the CAdES signature is over.

    Args:
        files: what was put in, without ``mimetype`` and ``META-INF/``.

    Returns:
        XML in UTF-8 (ETSI EN 319 162-1, Annex A), one file a line; names as URIs (RFC 3986, percent-encoded
        UTF-8).
    """
    return b"\n".join([_MANIFEST_HEAD, *map(_reference, files), b"</asic:ASiCManifest>\n"])


_MANIFEST_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n'
    f'<asic:SigReference URI="{SIGNATURE_NAME}" MimeType="application/pkcs7-signature"/>'
).encode()


def _reference(part: Part) -> bytes:
    """Make the manifest's line for one file."""
    value = base64.b64encode(bytes.fromhex(part.sha256)).decode()
    return (
        f'<asic:DataObjectReference URI="{quote(part.name)}">'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{value}</ds:DigestValue></asic:DataObjectReference>"
    ).encode()


# ---------------------------------------------------------------------------------------------------- writing


def write(
    path: Path,
    files: Sequence[tuple[str, Source]],
    *,
    cades: CadesKey,
    seal: Callable[[bytes], bytes],
    at: datetime,
    progress: Progress | None = None,
) -> tuple[Part, ...]:
    """Write a container, whole or not at all, readable by this account only.

    It grows as ``.….part`` beside its place, is brought to the disk, and then takes the place of `path`, also
    if something is there. After a loss of power such a ``.part`` may be left and can be deleted.

    Args:
        path: where the container shall be.
        files: name and content of each; at least one. A path must be a regular file at rest.
        cades: signs the manifest.
        seal: gets the listing (`listing_of`) and returns the signed statement, which is stored as it is.
        at: the time that the CAdES signature claims; aware.
        progress: told of the bytes written, and of those to write as far as they are known before.

    Returns:
        All parts as written, ``mimetype`` and ``META-INF/`` too.

    Raises:
        BrokenContainer: ``container.empty``, ``container.reserved``, ``container.source``, and what
            `_names.check_names` says of names.
        BrokenSeal: ``cades.time``.
        OSError: the disk is full, the folder is not there.
    """
    if not files:
        raise BrokenContainer("A container needs at least one file.", code="container.empty")
    names = [name for name, _ in files]
    for name in names:
        if _reserved(name):
            raise BrokenContainer(
                "META-INF is for signatures only. Give the file another name.",
                code="container.reserved",
                where=repr(name),
            )
    check_names([MIMETYPE_NAME, *names, *_TAIL])
    cades.require_valid(at)  # not only after hours of writing
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            parts = _fill(Writer(file, _noted(files, progress)), files, cades, seal, at)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return parts


def _noted(files: Sequence[tuple[str, Source]], progress: Progress | None) -> Callable[[int], None] | None:
    """Make what tells `progress` of the bytes that are written."""
    if progress is None:
        return None
    sources = [source for _, source in files]
    total = sum(len(source) for source in sources if isinstance(source, bytes))
    total += sum(source.stat().st_size for source in sources if isinstance(source, Path))
    return lambda done: progress(min(done, total), total)


def _fill(
    writer: Writer,
    files: Sequence[tuple[str, Source]],
    cades: CadesKey,
    seal: Callable[[bytes], bytes],
    at: datetime,
) -> tuple[Part, ...]:
    """Write all parts in their order."""
    parts = [writer.add(MIMETYPE_NAME, MIMETYPE.encode())]
    parts += [writer.add(name, source) for name, source in files]
    manifest = manifest_of(parts[1:])
    parts.append(writer.add(MANIFEST_NAME, manifest))
    parts.append(writer.add(SIGNATURE_NAME, cades.sign(manifest, at=at)))
    parts.append(writer.add(SEAL_NAME, seal(listing_of(parts))))
    writer.finish()
    return tuple(parts)


def _reserved(name: str) -> bool:
    """Tell whether a name is in the folder of the signatures."""
    return fold(name.split("/", maxsplit=1)[0]) == "meta-inf"


# ---------------------------------------------------------------------------------------------------- reading


class Container:
    """An open container whose form has been checked, made by `open_container`. Use it in ``with``.

    Args:
        file: the open container.
        entries: its parts, from the headers.
    """

    def __init__(self, file: BinaryIO, entries: tuple[Entry, ...]) -> None:
        self.entries: Final = entries
        """Name, size and place of each part, ``mimetype`` and ``META-INF/`` too."""
        self._file = file
        self._by_name = {entry.name: entry for entry in entries}
        self._parts: tuple[Part, ...] = ()
        self._hashes: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def names(self) -> tuple[str, ...]:
        """List all parts by name, in order."""
        return tuple(self._by_name)

    def files(self) -> tuple[str, ...]:
        """List what the sender put in: the names without ``mimetype`` and ``META-INF/``."""
        return self.names()[1 : -len(_TAIL)]

    def stream(self, name: str) -> Iterator[bytes]:
        """Read a part in chunks of 1 MiB.

        **Read to the end before using anything**: the last chunk comes only if the whole has its CRC-32 and,
        once `parts` or `listing` has been called, still the hash it had then.

        Raises:
            BrokenContainer: ``container.missing``, ``container.crc``, ``container.changed``,
                ``container.truncated``.
        """
        entry = self._entry(name)
        return content(self._file, entry, self._hashes.get(name, ""))

    def read(self, name: str, *, limit: int) -> bytes:
        """Read a small part whole.

        Args:
            name: of the part.
            limit: the most bytes that are accepted.

        Raises:
            BrokenContainer: ``container.limit``, and what `stream` raises.
        """
        if self._entry(name).size > limit:
            raise BrokenContainer(f"More than {limit} bytes.", code="container.limit", where=repr(name))
        return b"".join(self.stream(name))

    def parts(self, progress: Progress | None = None) -> tuple[Part, ...]:
        """Hash all parts, at constant memory. A second call gives the first one's result.

        Args:
            progress: told of each MiB.

        Raises:
            BrokenContainer: ``container.crc``, ``container.truncated``.
        """
        if self._parts:
            return self._parts
        parts, done, total = [], 0, sum(entry.size for entry in self.entries)
        for entry in self.entries:
            digest = hashlib.sha256()
            for chunk in content(self._file, entry):
                digest.update(chunk)
                done += len(chunk)
                if progress:
                    progress(done, total)
            parts.append(Part(entry.name, entry.size, digest.hexdigest(), entry.offset))
        self._parts = tuple(parts)
        self._hashes = {part.name: part.sha256 for part in parts}
        return self._parts

    def listing(self, progress: Progress | None = None) -> bytes:
        """Make the listing anew from the contents: what the statement in the seal must be good for.

        Args:
            progress: told of each MiB.

        Raises:
            BrokenContainer: as `parts`.
        """
        return listing_of(self.parts(progress)[:-1])

    def manifest_mismatches(self) -> tuple[str, ...]:
        """Compare the manifest with the contents, byte for byte.

        Returns:
            Names of files for which the manifest says something else; the manifest's own if it is at fault
            otherwise; nothing if it is right.

        Raises:
            BrokenContainer: as `parts` and `read`.
        """
        files = self.parts()[1 : -len(_TAIL)]
        stored = self.read(MANIFEST_NAME, limit=_MAX_MANIFEST)
        if stored == manifest_of(files):
            return ()
        lines = set(stored.split(b"\n"))
        return tuple(part.name for part in files if _reference(part) not in lines) or (MANIFEST_NAME,)

    def check_cades(self, certificate_der: bytes) -> datetime:
        """Check the CAdES signature over the manifest as it is stored; return the time it claims, in UTC.

        Args:
            certificate_der: the certificate that the caller trusts for this.

        Raises:
            BrokenSeal: as `cades_check`.
            BrokenContainer: as `read`.
        """
        signature = self.read(SIGNATURE_NAME, limit=MAX_SIGNATURE)
        return cades_check(signature, self.read(MANIFEST_NAME, limit=_MAX_MANIFEST), certificate_der)

    def _entry(self, name: str) -> Entry:
        """Find a part."""
        try:
            return self._by_name[name]
        except KeyError as error:
            raise BrokenContainer("There is no such part.", code="container.missing", where=repr(name)) from error


def open_container(path: Path) -> Container:
    """Open a container and check its form: all of it but the contents, which `Container.parts` reads.

    Args:
        path: a regular file.

    Raises:
        BrokenContainer: what is wrong, at which offset, and what to do. ``container.order`` and
            ``container.mimetype`` if it is a good ZIP file of ours but not a container; other codes from
            `_zip`.
        OSError: the file is not there, or may not be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise BrokenContainer("A container is a regular file.", code="container.source", where=repr(str(path)))
    file = path.open("rb")
    try:
        container = Container(file, read_entries(file))
        _match_layout(container)
    except BaseException:
        file.close()
        raise
    return container


def _match_layout(container: Container) -> None:
    """Require the parts of a container, in their order."""
    names = container.names()
    if names[:1] != (MIMETYPE_NAME,) or names[-len(_TAIL) :] != _TAIL or len(names) < 2 + len(_TAIL):
        raise BrokenContainer(
            "The parts are not those of a container, or not in their order. Ask the sender for another copy.",
            code="container.order",
            where=", ".join(map(repr, (*names[:1], *names[-len(_TAIL) :]))),
        )
    if wrong := [name for name in container.files() if _reserved(name)]:
        raise BrokenContainer(
            "A file stands in META-INF that no signature covers. Ask the sender what it is.",
            code="container.reserved",
            where=repr(wrong[0]),
        )
    if container.read(MIMETYPE_NAME, limit=len(MIMETYPE)) != MIMETYPE.encode():
        raise BrokenContainer(f"The file is not {MIMETYPE}.", code="container.mimetype", where=repr(MIMETYPE_NAME))
