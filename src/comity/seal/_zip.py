"""The one ZIP form: a writer, and a reader that accepts what the writer makes and nothing else.

::

    for each part       local header · content, stored as it is                    APPNOTE 4.3.7, 4.3.8
    for each part       directory header, in the same order                        4.3.12
    where needed        Zip64 end record · Zip64 locator                           4.3.14, 4.3.15
    once                end record, without a comment                              4.3.16

A header holds four facts: name, size, CRC-32 and place. All else in it is fixed, so the reader takes these
four from the directory, *makes* the header that the writer would have made, and compares bytes. Each part
begins where the one before it ends, the first at 0, the directory at the end of the last, and the end record
closes the file. Thus every byte outside the contents is settled, and no two programs can read two different
lists from one file.

There is no compression, encryption, data descriptor, time, comment, link or folder entry. The standard
library's ``zipfile`` is not used: it takes archives whose two lists of names disagree.

Source: PKWARE APPNOTE.TXT 6.3.10; ISO/IEC 21320-1; ETSI EN 319 162-1, Annex A.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from comity.errors import BrokenContainer
from comity.seal._names import MAX_DIRECTORY, MAX_PARTS, check_names

Source = bytes | Path | Iterable[bytes]
"""A part's content: bytes, the path of a regular file, or chunks that are made on the way."""

CHUNK: Final = 1 << 20
"""How much is read at a time, in bytes."""

ZIP64_LIMIT = 0xFFFF_FFFF
"""Sizes and places from here on need Zip64 (APPNOTE 4.4.8). A variable, so that tests can reach it."""

_FULL: Final = 0xFFFF_FFFF  # in a 32-bit field: "look in the Zip64 field"
_DATE: Final = 0x0021  # 1980-01-01, the first day that a ZIP can name
_MADE_BY: Final = 3 << 8  # Unix: if this says MS-DOS, Info-ZIP's unzip garbles Persian names
_ATTRIBUTES: Final = 0o100644 << 16  # a regular file, and no link
_UTF8: Final = 0x0800  # general purpose bit 11 (APPNOTE appendix D)

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR: Final = struct.Struct("<4sIQI")
_END: Final = struct.Struct("<4s4H2IH")
_ZIP64_GROWTH: Final = 20  # what a local header gains when its part outgrows 32 bits

# First byte after the field, the field, the code of its error: to name what differs between two headers.
_CENTRAL_FIELDS: Final = (
    (4, "signature", "container.directory"),
    (8, "version", "container.version"),
    (10, "flags", "container.flags"),
    (12, "compression method", "container.compressed"),
    (16, "time", "container.time"),
    (20, "CRC-32", "container.directory"),
    (28, "size", "container.size"),
    (30, "length of the name", "container.name"),
    (32, "length of the extra field", "container.extra"),
    (34, "length of the comment", "container.comment"),
    (36, "disk number", "container.disks"),
    (42, "file attributes", "container.attributes"),
    (46, "place", "container.directory"),
)
_LOCAL_FIELDS: Final = (
    (4, "signature"),
    (6, "version"),
    (8, "flags"),
    (10, "compression method"),
    (14, "time"),
    (18, "CRC-32"),
    (26, "size"),
    (28, "length of the name"),
    (30, "length of the extra field"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the headers say of one part.

    Args:
        name: relative path, with ``/``.
        size: bytes of content.
        crc: CRC-32 of the content.
        start: where its local header begins, in bytes from the start of the file.
    """

    name: str
    size: int
    crc: int
    start: int

    @property
    def offset(self) -> int:
        """Where the content begins, in bytes from the start of the file."""
        grown = _ZIP64_GROWTH if self.size >= ZIP64_LIMIT else 0
        return self.start + _LOCAL.size + len(self.name.encode()) + grown

    @property
    def end(self) -> int:
        """Where the content ends, and the next header must begin."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Part:
    """One file inside a container, with its hash.

    Args:
        name: relative path, with ``/``.
        size: bytes of content.
        sha256: of the content, 64 hexadecimal digits in lower case.
        offset: where the content begins, in bytes from the start of the container.
    """

    name: str
    size: int
    sha256: str
    offset: int


# ---------------------------------------------------------------------------------------------------- headers


def local_header(entry: Entry) -> bytes:
    """Make the header that stands before a part's content.

    A Zip64 field holds both sizes, and is there exactly when they do not fit (APPNOTE 4.5.3).
    """
    raw = entry.name.encode()
    large = entry.size >= ZIP64_LIMIT
    extra = struct.pack("<2H2Q", 1, 16, entry.size, entry.size) if large else b""
    shown = _FULL if large else entry.size
    flags = 0 if entry.name.isascii() else _UTF8
    version = 45 if large else 20
    fixed = _LOCAL.pack(
        b"PK\3\4", version, flags, 0, 0, _DATE, entry.crc, shown, shown, len(raw), len(extra)
    )  # fmt: skip
    return fixed + raw + extra


def central_header(entry: Entry) -> bytes:
    """Make a part's header in the directory.

    Its Zip64 field holds the sizes, the place, or all three: exactly what does not fit (APPNOTE 4.5.3).
    """
    raw = entry.name.encode()
    large, far = entry.size >= ZIP64_LIMIT, entry.start >= ZIP64_LIMIT
    values = [entry.size, entry.size] * large + [entry.start] * far
    extra = struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values) if values else b""
    shown = _FULL if large else entry.size
    version = 45 if values else 20
    flags = 0 if entry.name.isascii() else _UTF8
    fixed = _CENTRAL.pack(
        b"PK\1\2", _MADE_BY | version, version, flags, 0, 0, _DATE, entry.crc, shown, shown, len(raw),
        len(extra), 0, 0, 0, _ATTRIBUTES, _FULL if far else entry.start,
    )  # fmt: skip
    return fixed + raw + extra


def end_records(count: int, start: int, length: int) -> bytes:
    """Make what follows the directory.

    Args:
        count: number of parts.
        start: where the directory begins, in bytes from the start of the file.
        length: of the directory, in bytes.
    """
    far, long = start >= ZIP64_LIMIT, length >= ZIP64_LIMIT
    zip64 = b""
    if far or long:
        zip64 = _END64.pack(b"PK\6\6", _END64.size - 12, 45, 45, 0, 0, count, count, length, start)
        zip64 += _LOCATOR.pack(b"PK\6\7", 0, start + length, 1)
    shown = (_FULL if long else length, _FULL if far else start)
    return zip64 + _END.pack(b"PK\5\6", 0, 0, count, count, *shown, 0)


# ----------------------------------------------------------------------------------------------------- writer


@contextmanager
def _opened(source: Source) -> Iterator[tuple[int | None, Iterable[bytes]]]:
    """Open a source: its size in bytes if that is known before it is read, and its chunks."""
    if isinstance(source, bytes):
        yield len(source), (source,)
    elif isinstance(source, Path):
        if not stat.S_ISREG(source.stat().st_mode):  # before it is opened: a pipe would wait for its other end
            raise BrokenContainer(
                "Only regular files can be put into a container.",
                code="container.source",
                where=repr(str(source)),
            )
        with source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            # Bounded: a file that grows as fast as it is read must not fill the disk.
            yield size, islice(iter(lambda: file.read(CHUNK), b""), size // CHUNK + 2)
    else:
        yield None, source


class Writer:
    """Writes the form into an empty file, part by part.

    Args:
        file: empty, open for reading, writing and seeking, in binary.
        note: told of the bytes of content written, now and then.
    """

    def __init__(self, file: BinaryIO, note: Callable[[int], None] | None = None) -> None:
        """Begin at the start of the file."""
        self._file, self._note = file, note
        self._entries: list[Entry] = []
        self._end = 0

    def add(self, name: str, source: Source) -> Part:
        """Write one part. Its header is written twice: size and CRC are known when the content has passed.

        Args:
            name: relative path, with ``/``; one of those that went through `check_names` together.
            source: the content, of any size; one chunk of it is held at a time.

        Raises:
            BrokenContainer: ``container.source`` (the path is not a regular file, or it changed while it was
                read).
        """
        with _opened(source) as (known, chunks):
            entry, sha256 = self._pour(Entry(name, known or 0, 0, self._end), chunks)
        if known is not None and entry.size != known:
            raise BrokenContainer(
                "The file changed while it was read. Try again when it is at rest.",
                code="container.source",
                where=repr(name),
            )
        self._file.seek(entry.start)
        self._file.write(local_header(entry))
        self._file.seek(entry.end)
        self._entries.append(entry)
        self._end = entry.end
        return Part(name, entry.size, sha256, entry.offset)

    def _pour(self, expected: Entry, chunks: Iterable[bytes]) -> tuple[Entry, str]:
        """Write a header for what is expected, then the content; return what came, and its SHA-256."""
        digest, crc, size, large = hashlib.sha256(), 0, 0, expected.size >= ZIP64_LIMIT
        self._file.write(local_header(expected))
        for chunk in chunks:
            if not large and size + len(chunk) >= ZIP64_LIMIT:
                self._make_room(expected.offset, size)
                large = True
            self._file.write(chunk)
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            if self._note:
                self._note(self._end + size)
        return replace(expected, size=size, crc=crc), digest.hexdigest()

    def _make_room(self, offset: int, size: int) -> None:
        """Move content up by the length of a Zip64 field: a source of unknown size has outgrown 32 bits."""
        left = size
        while left:
            step = min(left, 8 * CHUNK)
            left -= step
            self._file.seek(offset + left)
            block = self._file.read(step)
            self._file.seek(offset + left + _ZIP64_GROWTH)
            self._file.write(block)
        self._file.seek(offset + _ZIP64_GROWTH + size)

    def finish(self) -> None:
        """Write the directory and the end record. Nothing can be added after that."""
        start = self._end
        self._file.seek(start)
        for entry in self._entries:
            self._end += self._file.write(central_header(entry))
        self._file.write(end_records(len(self._entries), start, self._end - start))


# ----------------------------------------------------------------------------------------------------- reader


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    """Read exactly `length` bytes from a place in the file."""
    file.seek(offset)
    found = file.read(length)
    if len(found) != length:
        raise BrokenContainer(
            "The file ends too early. Fetch the container again.",
            code="container.truncated",
            where=f"offset {offset + len(found)}",
        )
    return found


def _broken(what: str, code: str, offset: int) -> BrokenContainer:
    """Word an error about a place in the file."""
    advice = "The file is not as its maker closed it: fetch it again, or ask the sender for another copy."
    return BrokenContainer(f"{what} {advice}", code=code, where=f"offset {offset}")


def _difference(found: bytes, expected: bytes) -> int:
    """The index of the first byte that differs."""
    pairs = zip(found, expected, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(found), len(expected)))


def _directory_place(file: BinaryIO) -> tuple[int, int, int]:
    """Read what follows the directory: number of parts, its start and its length, in bytes."""
    total = file.seek(0, os.SEEK_END)
    if total < _END.size:
        raise _broken("The file is too short to be a container.", "container.truncated", total)
    at = total - _END.size
    signature, _, _, _, count, length, start, comment = _END.unpack(_at(file, at, _END.size))
    if signature != b"PK\5\6":
        raise _broken("The file does not end with a ZIP end record: cut off, or added to.", "container.end", at)
    if comment:
        raise _broken("The end record announces a comment.", "container.comment", at + 20)
    if _FULL in (start, length):
        at -= _END64.size + _LOCATOR.size
        if at < 0:
            raise _broken("The Zip64 end record is missing.", "container.zip64", 0)
        *_, count, length, start = _END64.unpack(_at(file, at, _END64.size))
    if start + length != at:
        raise _broken(
            f"The directory ends at {start + length}, and the end record begins at {at}: "
            "something was put before, between or behind.",
            "container.directory",
            at,
        )
    if not count:
        raise _broken("The container is empty.", "container.empty", at)
    if count > MAX_PARTS or length > MAX_DIRECTORY:
        raise _broken(f"{count} parts, in {length} bytes of directory, are too many.", "container.too-many", at)
    expected = end_records(count, start, length)
    if len(expected) != total - at:
        raise _broken("Zip64 is used where it is not needed, or the other way round.", "container.zip64", at)
    if (found := _at(file, at, len(expected))) != expected:
        raise _broken("The end record contradicts itself.", "container.end", at + _difference(found, expected))
    return count, start, length


def _listed(file: BinaryIO, at: int) -> tuple[Entry, int]:
    """Read one directory header; return it, and where the next one begins."""
    fixed = _at(file, at, _CENTRAL.size)
    signature, *_, crc, _, size, named, extended, _, _, _, _, start = _CENTRAL.unpack(fixed)
    if signature != b"PK\1\2":
        raise _broken("Here should be a directory header.", "container.directory", at)
    raw, extra = _at(file, at + _CENTRAL.size, named), _at(file, at + _CENTRAL.size + named, extended)
    values = list(struct.unpack_from(f"<{extended // 8}Q", extra, 4)) if extended % 8 == 4 else []
    if len(values) < 2 * (size == _FULL) + (start == _FULL):
        raise _broken("A Zip64 field is announced, and is not there.", "container.zip64", at + 30)
    if start == _FULL:
        start = values[-1]
    if size == _FULL:
        size = values[0]
    try:
        entry = Entry(raw.decode(), size, crc, start)
    except UnicodeDecodeError as error:
        raise _broken("A name in the directory is not UTF-8.", "container.name", at + _CENTRAL.size) from error
    _match_central(fixed + raw + extra, entry, at)
    return entry, at + len(fixed + raw + extra)


def _match_central(found: bytes, entry: Entry, at: int) -> None:
    """Require the directory header that the writer would have made, and name the field that differs."""
    expected = central_header(entry)
    if found == expected:
        return
    index = _difference(found, expected)
    field, code = next(
        ((field, code) for after, field, code in _CENTRAL_FIELDS if index < after),
        ("extra field", "container.extra"),
    )
    raise _broken(
        f"The directory header of {entry.name!r} has a {field} that our writer never makes.", code, at + index
    )


def _match_local(file: BinaryIO, entry: Entry) -> None:
    """Require the local header that follows from the directory header, and name the field that differs."""
    expected = local_header(entry)
    found = _at(file, entry.start, len(expected))
    if found == expected:
        return
    index = _difference(found, expected)
    field = next((field for after, field in _LOCAL_FIELDS if index < after), "name or extra field")
    raise _broken(
        f"The two headers of {entry.name!r} do not belong together: the {field} differs.",
        "container.local",
        entry.start + index,
    )


def read_entries(file: BinaryIO) -> tuple[Entry, ...]:
    """Read the headers of a whole file, and require the one form. The contents are not read.

    1. The file ends with an end record that says where the directory is, and the directory touches it.
    2. Each directory header is what the writer makes for its four facts.
    3. The names are fit, and none meets another.
    4. The first part begins at 0, each next where the last one ended, the directory after the last.
    5. Each local header is what the writer makes for the same four facts.

    Args:
        file: open for reading and seeking, in binary.

    Raises:
        BrokenContainer: with the code of what is wrong, and the offset.
    """
    count, start, length = _directory_place(file)  # 1
    entries: list[Entry] = []
    at = start
    while at < start + length:
        entry, at = _listed(file, at)  # 2
        entries.append(entry)
    if at != start + length or len(entries) != count:
        raise _broken("The directory is longer or shorter than is announced.", "container.directory", at)
    check_names([entry.name for entry in entries])  # 3
    _match_places(entries, start)  # 4
    for entry in entries:
        _match_local(file, entry)  # 5
    return tuple(entries)


def _match_places(entries: Sequence[Entry], directory: int) -> None:
    """Require that the parts follow each other without gap or overlap, from 0 to the directory."""
    free = 0
    for entry in entries:
        if entry.start > free:
            code = "container.gap" if free else "container.prefix"
            raise _broken(f"Bytes that belong to nothing stand before {entry.name!r}.", code, free)
        if entry.start < free or entry.end > directory:
            raise _broken(f"{entry.name!r} lies over something else.", "container.overlap", entry.start)
        free = entry.end
    if free != directory:
        raise _broken("Bytes that belong to nothing stand before the directory.", "container.gap", free)


def content(file: BinaryIO, entry: Entry, sha256: str = "") -> Iterator[bytes]:
    """Read a part, chunk by chunk. The last chunk comes only when the whole agrees with the CRC-32.

    Args:
        file: the container.
        entry: a part of it.
        sha256: hexadecimal, if the hash is known from an earlier reading: the content must still have it.

    Raises:
        BrokenContainer: ``container.crc``, ``container.truncated``, or ``container.changed`` (while it was
            open).
    """
    digest, crc, done = hashlib.sha256(), 0, 0
    while done < entry.size:
        chunk = _at(file, entry.offset + done, min(CHUNK, entry.size - done))
        crc = zlib.crc32(chunk, crc)
        if sha256:
            digest.update(chunk)
        done += len(chunk)
        if done == entry.size:
            break
        yield chunk
    if crc != entry.crc:
        raise _broken(f"The content of {entry.name!r} does not have its CRC-32.", "container.crc", entry.offset)
    if sha256 and digest.hexdigest() != sha256:
        raise _broken(f"{entry.name!r} changed since it was checked.", "container.changed", entry.offset)
    if entry.size:
        yield chunk
