"""ASiC-E containers: what is made can be checked by others, and no byte of it can be changed unseen."""

import hashlib
import io
import os
import random
import shutil
import struct
import subprocess
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from comity.errors import BrokenContainer, BrokenSeal, ComityError
from comity.seal import _names, _zip
from comity.seal._names import MAX_PARTS, check_names
from comity.seal.container import (
    MANIFEST_NAME,
    MIMETYPE,
    MIMETYPE_NAME,
    SEAL_NAME,
    SIGNATURE_NAME,
    CadesKey,
    Container,
    listing_of,
    manifest_of,
    open_container,
    write,
)

AT = datetime(2026, 11, 24, 12, 0, 5, 77, tzinfo=timezone(timedelta(hours=3, minutes=30)))
SPAN = {"not_before": AT - timedelta(days=1), "not_after": AT + timedelta(days=730)}
KEY = CadesKey.generate("Comity node of A", **SPAN)
OTHER = CadesKey.generate("Comity node of A", **SPAN)
TOY = ed25519.Ed25519PrivateKey.from_private_bytes(b"toy seal" * 4)
FILES = [("letter.txt", b"Dear colleague,\n"), ("مدارک/گزارش\u200cها.txt", "سلام\n".encode()), ("empty", b"")]
TAIL = (MANIFEST_NAME, SIGNATURE_NAME, SEAL_NAME)


def toy_seal(listing: bytes) -> bytes:
    """Sign as the real seal does, with one signature instead of two."""
    return TOY.sign(b"toy seal\0" + listing)


def make(path: Path, files=FILES, cades: CadesKey = KEY):
    """Write a container with the toy seal."""
    return write(path, files, cades=cades, seal=toy_seal, at=AT)


def verdict(path: Path) -> None:
    """Check a container in the steps that a verifier does; raise if there is anything to say against it."""
    with open_container(path) as box:
        listing = box.listing()
        try:
            TOY.public_key().verify(box.read(SEAL_NAME, limit=1000), b"toy seal\0" + listing)
        except InvalidSignature as error:
            raise BrokenSeal("The seal is for other contents.", code="toy.seal") from error
        if wrong := box.manifest_mismatches():
            raise BrokenSeal("The manifest is for other contents.", code="toy.manifest", where=str(wrong))
        box.check_cades(KEY.certificate_der)


def refusal(path: Path) -> str:
    """Return the code with which a container is refused; empty if it is accepted."""
    try:
        verdict(path)
    except ComityError as error:
        return error.code
    return ""


def listed(folder: Path) -> list[str]:
    """Name what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> bytes:
    """Make the bytes of a small container."""
    path = tmp_path_factory.mktemp("small") / "small.asice"
    make(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def contents(small) -> list[tuple[str, bytes]]:
    """Give the parts of the small container."""
    file = io.BytesIO(small)
    return [(entry.name, b"".join(_zip.content(file, entry))) for entry in _zip.read_entries(file)]


def same(raw: bytes, _: _zip.Entry) -> bytes:
    """Leave a header as it is."""
    return raw


def assemble(
    parts: list[tuple[str, bytes]],
    *,
    local: Callable[[bytes, _zip.Entry], bytes] = same,
    central: Callable[[bytes, _zip.Entry], bytes] = same,
    gaps: dict[int, bytes] | None = None,
) -> bytes:
    """Build an archive by hand, with a hook for each header and with bytes put before some parts."""
    out, entries = bytearray(), []
    for index, (name, data) in enumerate(parts):
        out += (gaps or {}).get(index, b"")
        entry = _zip.Entry(name, len(data), zlib.crc32(data), len(out))
        out += local(_zip.local_header(entry), entry) + data
        entries.append(entry)
    out += (gaps or {}).get(len(parts), b"")
    directory = b"".join(central(_zip.central_header(entry), entry) for entry in entries)
    return bytes(out) + directory + _zip.end_records(len(entries), len(out), len(directory))


def on(name: str, at: int, new: bytes) -> Callable[[bytes, _zip.Entry], bytes]:
    """Overwrite bytes in the header of one part."""

    def edit(raw: bytes, entry: _zip.Entry) -> bytes:
        return raw[:at] + new + raw[at + len(new) :] if entry.name == name else raw

    return edit


# --------------------------------------------------------------------------------------------------- what is made


def test_round_trip(tmp_path):
    """Bytes, a file and chunks come back as they went in, with their hashes, sizes and places."""
    (tmp_path / "on disk").write_bytes(b"disk" * 700_000)
    files = [
        ("bytes.bin", b"\0\1\2"),
        ("disk.bin", tmp_path / "on disk"),
        ("chunks.bin", (b"c" * size for size in (0, 5, 70_000))),
        ("دادگستری/پرونده ۲۴.pdf", b"%PDF"),
        ("nothing", iter(())),
    ]
    parts = make(tmp_path / "c.asice", files)
    verdict(tmp_path / "c.asice")
    raw = (tmp_path / "c.asice").read_bytes()
    with open_container(tmp_path / "c.asice") as box:
        assert box.parts() == parts
        assert box.names() == (MIMETYPE_NAME, *(name for name, _ in files), *TAIL)
        assert box.files() == tuple(name for name, _ in files)
        assert b"".join(box.stream("disk.bin")) == b"disk" * 700_000
        assert box.read("chunks.bin", limit=70_005) == b"c" * 70_005
        assert box.read("nothing", limit=0) == b""
    for part in parts:
        content = raw[part.offset : part.offset + part.size]
        assert hashlib.sha256(content).hexdigest() == part.sha256
    assert raw[30:69] == b"mimetype" + MIMETYPE.encode()  # where `file` and its like look


def test_one_form(tmp_path, small, contents):
    """Two containers of the same parts are the same bytes: nothing of time, place or maker gets in."""
    assert assemble(contents) == small


def test_listing_is_what_the_seal_gets(tmp_path):
    """The seal signs canonical JSON of everything before it, and its answer is stored as it is."""
    got = []

    def seal(listing: bytes) -> bytes:
        got.append(listing)
        return b'{"any":"bytes"}\n'

    parts = write(tmp_path / "c", [("a", b"x")], cades=KEY, seal=seal, at=AT)
    with open_container(tmp_path / "c") as box:
        assert box.listing() == got[0] == listing_of(parts[:-1])
        assert box.read(SEAL_NAME, limit=100) == b'{"any":"bytes"}\n'
    head = b'{"files":[{"name":"mimetype","sha256":"'
    assert got[0].startswith(head)
    assert got[0].count(b'"name"') == 4


def test_manifest_is_asic(tmp_path):
    """The manifest names each file by URI, with its SHA-256, in the schema's elements and order."""
    make(tmp_path / "c", [("a b+%.txt", b"1"), ("نامه.txt", b"2")])
    with open_container(tmp_path / "c") as box:
        root = ET.fromstring(box.read(MANIFEST_NAME, limit=10_000))
    asic, ds = "{http://uri.etsi.org/02918/v1.2.1#}", "{http://www.w3.org/2000/09/xmldsig#}"
    assert root.tag == asic + "ASiCManifest"
    assert [child.tag for child in root] == [asic + "SigReference"] + [asic + "DataObjectReference"] * 2
    assert [child.get("URI") for child in root] == [
        SIGNATURE_NAME,
        "a%20b%2B%25.txt",
        "%D9%86%D8%A7%D9%85%D9%87.txt",
    ]
    assert [child.tag for child in root[1]] == [ds + "DigestMethod", ds + "DigestValue"]
    assert root[1][1].text == "a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="


def test_constant_memory(tmp_path):
    """A file of 96 MiB passes through writing and checking within a few MiB."""
    tracemalloc.start()
    make(tmp_path / "c", [("big", (bytes(1 << 20) for _ in range(96)))])
    with open_container(tmp_path / "c") as box:
        box.listing()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_progress(tmp_path):
    """Whoever waits is told how many bytes are done, up to all of them."""
    make(tmp_path / "c", [("big", bytes(3 << 20))])
    told = []
    with open_container(tmp_path / "c") as box:
        box.listing(lambda done, total: told.append((done, total)))
        assert told[-1] == (sum(entry.size for entry in box.entries),) * 2
    assert len(told) > 3
    assert told == sorted(told)


@pytest.mark.parametrize("kind", ["bytes", "path", "chunks"])
def test_zip64(tmp_path, monkeypatch, kind):
    """Sizes and places that need more than 32 bits are written, read, and read by others.

    The limit is lowered: 4 GiB take 15 s. With the real one it was tried by hand (path, chunks; unzip, jar).
    """
    monkeypatch.setattr(_zip, "ZIP64_LIMIT", 1000)
    monkeypatch.setattr(_zip, "CHUNK", 70)  # so that what was written is moved in several steps
    data = random.Random(7).randbytes(40_000)
    (tmp_path / "src").write_bytes(data)
    source = {"bytes": data, "path": tmp_path / "src", "chunks": (data[at : at + 300] for at in range(0, 40_000, 300))}
    path = tmp_path / "c"
    make(path, [("before", b"b" * 999), ("large", source[kind]), ("exact", iter([b"e" * 1000])), ("after", b"a")])
    verdict(path)
    with open_container(path) as box:
        assert box.read("large", limit=40_000) == data
        assert [entry.name for entry in box.entries if entry.size >= 1000] == ["large", "exact", MANIFEST_NAME]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("large") == data
        assert archive.read("after") == b"a"
    subprocess.run(["unzip", "-tq", path], check=True, capture_output=True)
    monkeypatch.setattr(_zip, "ZIP64_LIMIT", 0xFFFFFFFF)
    assert refusal(path) == "container.zip64"  # where it is not needed, it is not allowed


def test_zip64_begins_where_32_bits_end():
    """The first size and place that need Zip64 are 0xFFFFFFFF, which in a 32-bit field means "look there"."""
    for size, start in [(0xFFFFFFFE, 0xFFFFFFFE), (0xFFFFFFFF, 0), (0, 0xFFFFFFFF), (1 << 40, 1 << 41)]:
        entry = _zip.Entry("a", size, 0, start)
        local, central = _zip.local_header(entry), _zip.central_header(entry)
        large, far = size >= 0xFFFFFFFF, start >= 0xFFFFFFFF
        assert local[31:] == (struct.pack("<2H2Q", 1, 16, size, size) if large else b"")
        assert local[18:26] == (b"\xff" * 8 if large else struct.pack("<2I", size, size))
        assert central[47:][4:] == struct.pack("<2Q", size, size) * large + struct.pack("<Q", start) * far
        assert central[42:46] == struct.pack("<I", min(start, 0xFFFFFFFF))
        assert entry.offset == start + len(local)
        end = _zip.end_records(1, start, 50)
        assert len(end) == 22 + 76 * far
        assert end[-6:] == struct.pack("<IH", min(start, 0xFFFFFFFF), 0)


def test_zip64_every_byte(tmp_path, monkeypatch):
    """Also in a container with Zip64 records, a change of any byte outside the contents is found."""
    monkeypatch.setattr(_zip, "ZIP64_LIMIT", 900)
    make(tmp_path / "c", [("large", b"l" * 900), ("after", b"a")])
    raw = (tmp_path / "c").read_bytes()
    rng = random.Random(64)
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= rng.randrange(1, 256)
        (tmp_path / "c").write_bytes(changed)
        assert refusal(tmp_path / "c"), at


def test_many_files(tmp_path, monkeypatch):
    """Thousands of files are no trouble; more than a directory can count are refused before anything is read."""
    make(tmp_path / "c", [(f"{number // 100}/{number}.txt", b"%d" % number) for number in range(3_000)])
    verdict(tmp_path / "c")
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "d", [(f"{number}", b"") for number in range(70_000)])
    assert error.value.code == "container.too-many"
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "d", [(f"{number:05}" + "n" * 250, b"") for number in range(MAX_PARTS - 4)])
    assert error.value.code == "container.too-many"  # their names alone have 16 MB
    monkeypatch.setattr(_names, "MAX_DIRECTORY", 900)
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "d", [("ی" * 100, b""), ("ک" * 100, b"")])
    assert error.value.code == "container.too-many"  # letters are not bytes
    assert listed(tmp_path) == ["c"]


# ----------------------------------------------------------------------------------------- writing, whole or not at all


def test_nothing_half_written(tmp_path):
    """Until all is done there is only a .part; after a failure there is nothing, and what was there stays."""
    path = tmp_path / "c.asice"
    path.write_bytes(b"earlier")
    seen = []

    def breaking() -> Iterator[bytes]:
        yield b"x"
        seen.extend(listed(tmp_path))
        raise OSError("the disk has gone")

    with pytest.raises(OSError, match="the disk has gone"):
        make(path, [("a", breaking())])
    assert len(seen) == 2
    assert any(name.endswith(".part") for name in seen)
    with pytest.raises(RuntimeError, match="no signer"):
        write(path, FILES, cades=KEY, seal=lambda _: (_ for _ in ()).throw(RuntimeError("no signer")), at=AT)
    assert listed(tmp_path) == ["c.asice"]
    assert path.read_bytes() == b"earlier"
    make(path)
    verdict(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_refused_before_writing(tmp_path):
    """What can be known beforehand is said before the first byte is read."""

    def untouched() -> Iterator[bytes]:
        pytest.fail("read")
        yield b""

    for name, at, code in [("../a", AT, "container.name"), ("a", AT + timedelta(days=9999), "cades.time")]:
        with pytest.raises(ComityError) as error:
            write(tmp_path / "c", [(name, untouched())], cades=KEY, seal=toy_seal, at=at)
        assert error.value.code == code
    assert listed(tmp_path) == []


def test_sources_that_cannot_be(tmp_path):
    """A folder, a pipe, a missing file, text, or a file that changes under the pen is not put into a container."""
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(BrokenContainer) as error:
            make(tmp_path / "c", [("a", source)])
        assert error.value.code == "container.source"
    with pytest.raises(FileNotFoundError):
        make(tmp_path / "c", [("a", tmp_path / "none")])
    with pytest.raises(TypeError):
        make(tmp_path / "c", [("a", "text")])
    assert listed(tmp_path) == ["pipe"]


def test_source_that_changes(tmp_path, monkeypatch):
    """A file that grows or shrinks while it is read is refused, and reading it comes to an end."""
    grow = tmp_path / "log"
    grow.write_bytes(bytes(3000))
    monkeypatch.setattr(_zip, "CHUNK", 1000)
    crc32 = zlib.crc32

    def meddle(*args):
        with grow.open("ab") as file:
            file.write(bytes(2000))
        return crc32(*args)

    monkeypatch.setattr(_zip.zlib, "crc32", meddle)
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "c", [("log", grow)])
    assert error.value.code == "container.source"
    assert listed(tmp_path) == ["log"]
    assert grow.stat().st_size < 20_000


def test_empty_means_no(tmp_path):
    """A container without files is not made, and one is not accepted."""
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "c", [])
    assert error.value.code == "container.empty"
    (tmp_path / "c").write_bytes(
        assemble([(MIMETYPE_NAME, MIMETYPE.encode()), (MANIFEST_NAME, b""), (SIGNATURE_NAME, b""), (SEAL_NAME, b"")])
    )
    assert refusal(tmp_path / "c") == "container.order"


# ------------------------------------------------------------------------------------------------- what is refused


def test_every_byte(tmp_path, small):
    """A change of any one byte, at every offset, is found."""
    rng = random.Random(20261124)
    path = tmp_path / "c"
    path.write_bytes(small)
    verdict(path)
    with path.open("r+b", buffering=0) as file:
        for at, byte in enumerate(small):
            file.seek(at)
            file.write(bytes([byte ^ rng.randrange(1, 256)]))
            assert refusal(path), at
            file.seek(at)
            file.write(bytes([byte]))
    verdict(path)


def test_every_truncation(tmp_path, small):
    """A container that ends early, at whatever byte, is refused when it is opened."""
    path = tmp_path / "c"
    path.write_bytes(small)
    for length in reversed(range(len(small))):
        os.truncate(path, length)
        with pytest.raises(BrokenContainer):
            open_container(path)


def test_every_byte_lost_or_doubled(tmp_path, small):
    """A byte left out or put in, at every offset, is found when the container is opened."""
    path = tmp_path / "c"
    for at in range(len(small)):
        for changed in (small[:at] + small[at + 1 :], small[:at] + small[at : at + 1] + small[at:]):
            path.write_bytes(changed)
            with pytest.raises(BrokenContainer):
                open_container(path)


LETTER = "letter.txt"
MIME = MIMETYPE.encode()


def _doubled_end(raw: bytes) -> bytes:
    return raw + raw[-22:]


def _second_directory(raw: bytes) -> bytes:
    """Hide the true directory in the middle, and close the file with a second, good one for the same parts."""
    *_, count, length, start, _ = struct.unpack("<4s4H2IH", raw[-22:])
    return raw + raw[start : start + length] + _zip.end_records(count, len(raw), length)


def _deflated(parts: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _moved(places: dict[str, int]) -> Callable[[bytes, _zip.Entry], bytes]:
    """Let directory entries point somewhere else."""
    return lambda _, entry: _zip.central_header(replace(entry, start=places.get(entry.name, entry.start)))


def _renamed(parts: list[tuple[str, bytes]], *names: str) -> bytes:
    return assemble([parts[0], *((name, name.encode("utf-8", "ignore")) for name in names), *parts[-3:]])


Fault = Callable[[bytes, list[tuple[str, bytes]]], bytes]
# fmt: off
MANY = 17 << 20
FAULTS: list[tuple[str, str, Fault]] = [
    ("a byte behind the end", "container.end", lambda raw, _: raw + b"\n"),
    ("another archive behind the end", "container.directory", lambda raw, _: raw + raw),
    ("a program before the start", "container.directory", lambda raw, _: b"#!/bin/sh\n" + raw),
    ("a program before the start, places set right", "container.prefix", lambda _, p: assemble(p, gaps={0: b"MZ"})),
    ("bytes between two parts", "container.gap", lambda _, p: assemble(p, gaps={2: b"hidden"})),
    ("bytes before the directory", "container.gap", lambda _, p: assemble(p, gaps={len(p): b"hidden"})),
    ("two end records", "container.directory", lambda raw, _: _doubled_end(raw)),
    ("two directories", "container.gap", lambda raw, _: _second_directory(raw)),
    ("a comment on the archive", "container.comment", lambda raw, _: raw[:-2] + b"\1\0"),
    ("the announced comment too", "container.end", lambda raw, _: raw[:-2] + b"\2\0ok"),
    ("another disk", "container.end", lambda raw, _: raw[:-18] + b"\1" + raw[-17:]),
    ("one part fewer than are listed", "container.end", lambda raw, _: raw[:-12] + b"\6" + raw[-11:]),
    ("both counts one fewer", "container.directory", lambda raw, _: raw[:-14] + b"\6\0\6\0" + raw[-10:]),
    ("both counts one more", "container.directory", lambda raw, _: raw[:-14] + b"\x08\0\x08\0" + raw[-10:]),
    ("no part", "container.empty", lambda raw, _: raw[:-14] + bytes(4) + raw[-10:]),
    ("65,535 parts", "container.too-many", lambda raw, _: raw[:-14] + b"\xff" * 4 + raw[-10:]),
    ("17 MB of directory", "container.too-many", lambda raw, _: bytes(MANY) + _zip.end_records(1, 0, MANY)),
    ("nothing but an end record", "container.empty", lambda raw, _: _zip.end_records(0, 0, 0)),
    ("a part twice", "container.duplicate", lambda _, p: assemble([*p[:2], p[1], *p[2:]])),
    ("a compressed part", "container.compressed", lambda _, p: assemble(p, central=on(LETTER, 10, b"\x08\0"))),
    ("an archive by other hands", "container.attributes", lambda _, p: _stored_by_zipfile(p)),
    ("a compressed archive by other hands", "container.compressed", lambda _, p: _deflated(p)),
    ("an encrypted part", "container.flags", lambda _, p: assemble(p, central=on(LETTER, 8, b"\1"))),
    ("a data descriptor", "container.flags", lambda _, p: assemble(p, central=on(LETTER, 8, b"\x08"))),
    ("UTF-8 flag on a plain name", "container.flags", lambda _, p: assemble(p, central=on(LETTER, 9, b"\x08"))),
    ("another time", "container.time", lambda _, p: assemble(p, central=on(LETTER, 12, b"\1"))),
    ("another version", "container.version", lambda _, p: assemble(p, central=on(LETTER, 6, b"\x2d"))),
    ("sizes that differ", "container.size", lambda _, p: assemble(p, central=on(LETTER, 20, b"\1"))),
    ("a symbolic link", "container.attributes", lambda _, p: assemble(p, central=on(LETTER, 40, b"\0\0\xff\xa1"))),
    ("a comment on a part", "container.comment", lambda _, p: assemble(p, central=_with_comment)),
    ("an extra field", "container.extra", lambda _, p: assemble(p, central=_with_extra)),
    ("Zip64 that is not needed", "container.size", lambda _, p: assemble(p, central=_with_zip64)),
    ("Zip64 that is announced and missing", "container.zip64", lambda _, p: assemble(p, central=_without_zip64)),
    ("Zip64 in a file too short for it", "container.zip64", lambda raw, _: raw[-22:-6] + b"\xff" * 4 + bytes(2)),
    ("two names for one content", "container.local", lambda _, p: assemble(p, local=on(LETTER, 30, b"L"))),
    ("another size before the content", "container.local", lambda _, p: assemble(p, local=on(LETTER, 22, b"\1"))),
    ("another CRC before content", "container.local", lambda _, p: assemble(p, local=on(LETTER, 14, b"\0\0\0\0"))),
    ("compressed, says the local header", "container.local", lambda _, p: assemble(p, local=on(LETTER, 8, b"\x08"))),
    ("a part inside another", "container.overlap", lambda _, p: assemble(p, central=_moved({LETTER: 40}))),
    ("two parts in one place", "container.overlap", lambda _, p: assemble(p, central=_moved({LETTER: 0}))),
    ("a part that reaches into the directory", "container.overlap", lambda _, p: _too_long(p)),
    ("a part beyond the end", "container.gap", lambda _, p: assemble(p, central=_moved({LETTER: 1 << 31}))),
    ("another CRC in both headers", "container.crc", lambda _, p: _wrong_crc(p)),
    ("another content, CRC set right", "toy.seal", lambda _, p: assemble([p[0], (LETTER, b"Dear Sir"), *p[2:]])),
    ("a file left out", "toy.seal", lambda _, p: assemble(p[:2] + p[3:])),
    ("a file put in", "toy.seal", lambda _, p: assemble([*p[:2], ("extra", b""), *p[2:]])),
    ("two files exchanged", "toy.seal", lambda _, p: assemble([p[0], p[2], p[1], *p[3:]])),
    ("another name", "toy.seal", lambda _, p: assemble([p[0], ("Letter.txt", p[1][1]), *p[2:]])),
    ("no seal", "container.order", lambda _, p: assemble(p[:-1])),
    ("no signature", "container.order", lambda _, p: assemble(p[:-2] + p[-1:])),
    ("something behind the seal", "container.order", lambda _, p: assemble([*p, ("late", b"")])),
    ("no mimetype", "container.order", lambda _, p: assemble(p[1:])),
    ("mimetype not first", "container.order", lambda _, p: assemble([p[1], p[0], *p[2:]])),
    ("another mimetype", "container.mimetype", lambda _, p: assemble([(MIMETYPE_NAME, MIME[:-4] + b".zip"), *p[1:]])),
    ("a longer mimetype", "container.limit", lambda _, p: assemble([(MIMETYPE_NAME, MIME + b"\n"), *p[1:]])),
    ("a second signature", "container.reserved", lambda _, p: _renamed(p, "META-INF/signature2.p7s")),
    ("the same in lower case", "container.reserved", lambda _, p: _renamed(p, "meta-inf/x")),
    ("a directory entry", "container.name", lambda _, p: _renamed(p, "folder/")),
]
# fmt: on


def _with_comment(raw: bytes, entry: _zip.Entry) -> bytes:
    return raw[:32] + b"\2\0" + raw[34:] + b"hi" if entry.name == LETTER else raw


def _with_extra(raw: bytes, entry: _zip.Entry) -> bytes:
    return raw[:30] + b"\4\0" + raw[32:] + b"\xca\xfe\0\0" if entry.name == LETTER else raw


def _with_zip64(raw: bytes, entry: _zip.Entry) -> bytes:
    if entry.name != LETTER:
        return raw
    extra = struct.pack("<2H2Q", 1, 16, entry.size, entry.size)
    return raw[:20] + b"\xff" * 8 + raw[28:30] + bytes([len(extra), 0]) + raw[32:] + extra


def _without_zip64(raw: bytes, entry: _zip.Entry) -> bytes:
    return raw[:20] + b"\xff" * 8 + raw[28:] if entry.name == LETTER else raw


def _wrong_crc(parts: list[tuple[str, bytes]]) -> bytes:
    return assemble(parts, local=on(LETTER, 14, b"\0\1\2\3"), central=on(LETTER, 16, b"\0\1\2\3"))


def _too_long(parts: list[tuple[str, bytes]]) -> bytes:
    size = (1 << 20).to_bytes(4, "little") * 2
    return assemble(parts, local=on(SEAL_NAME, 18, size), central=on(SEAL_NAME, 20, size))


def _stored_by_zipfile(parts: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


@pytest.mark.parametrize(("code", "fault"), [pytest.param(code, fault, id=title) for title, code, fault in FAULTS])
def test_faults(tmp_path, small, contents, code, fault):
    """Each known way to make an archive say two things is refused, by its name."""
    path = tmp_path / "c"
    path.write_bytes(fault(small, contents))
    assert refusal(path) == code


NAMES_REFUSED = [
    "", "/etc/passwd", "../up", "a/../../up", "a/..", ".", "./a", "a//b", "a/", "C:/x", "c:x", "a\\b", "\\\\host\\x",
    "a\0b", "a\nb", "a\x7f", "a\x85b", "\x1b[2J", "a\u2028b", "gpj.\u202eexe", "\u2066a\u2069", "file.txt:stream",
    "what?", "a*", "a|b", "a<b", 'a"b', "con", "CON.txt", "aux .c", "dir/nul", "COM1.log", "lpt¹", "a.", "a ", "a /b",
    "x" * 256, "ی" * 128, "/".join(["long"] * 206),
    "/".join(["ی" * 100] * 6),
]  # fmt: skip

NAMES_ACCEPTED = [
    "a", "a.b.c", ".hidden", " lead", "console", "a'b", "a&b", "a#b", "100%", "x" * 255,
    "گزارش\u200cها.pdf", "تقرير.pdf", "علي/علی", "پروندهٔ ۱۲۳", "\u200fمتن", "e\u0301",
    "ｆｕｌｌ", "证据/文件.txt", "🔒",
]  # fmt: skip

NAMES_THAT_MEET = [
    ("a", "a"), ("a.txt", "A.TXT"), ("é", "e\u0301"), ("straße", "STRASSE"), ("ΟΔΟΣ", "οδος"), ("x", "x/y"),
    ("x/y/z", "X"), ("x/y", "x/y/z"), ("mimetype", "b"), ("MimeType", "b"), ("x\u0301", "X\u0301/a"),
    ("ᾴ", "α\u0345\u0301"),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_REFUSED)
def test_names_refused(tmp_path, contents, name):
    """A name that leads out of the folder, or means something else somewhere, is neither written nor read."""
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "c", [(name, b"")])
    assert error.value.code == "container.name"
    assert not {"\x1b", "\n", "\u202e", "\0"}.intersection(str(error.value))
    (tmp_path / "c").write_bytes(_renamed(contents, name))
    assert refusal(tmp_path / "c") == "container.name"


def test_name_that_is_not_unicode(tmp_path, contents):
    """Half a surrogate pair is not written; bytes that are not UTF-8 are not read."""
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "c", [("a\udc80", b"")])
    assert error.value.code == "container.name"
    raw = _renamed(contents, "é").replace("é".encode(), b"\xe9a")
    (tmp_path / "c").write_bytes(raw)
    assert refusal(tmp_path / "c") == "container.name"


def test_names_accepted(tmp_path):
    """Names that are only unusual are taken, among them Persian and Arabic ones with ZWNJ and direction marks."""
    make(tmp_path / "c", [(name, name.encode()) for name in NAMES_ACCEPTED])
    verdict(tmp_path / "c")
    with open_container(tmp_path / "c") as box:
        assert all(box.read(name, limit=300) == name.encode() for name in NAMES_ACCEPTED)


@pytest.mark.parametrize("names", NAMES_THAT_MEET)
def test_names_that_meet(tmp_path, contents, names):
    """Two names that are one file on some file system are neither written nor read."""
    with pytest.raises(BrokenContainer) as error:
        make(tmp_path / "c", [(name, b"") for name in names])
    assert error.value.code == "container.duplicate"
    (tmp_path / "c").write_bytes(_renamed(contents, *names))
    assert refusal(tmp_path / "c") == "container.duplicate"


def test_reserved_names(tmp_path):
    """Nobody writes into META-INF, in whatever case."""
    for name in ("META-INF/x", "meta-inf/signature2.p7s", "Meta-Inf"):
        with pytest.raises(BrokenContainer) as error:
            make(tmp_path / "c", [(name, b"")])
        assert error.value.code == "container.reserved"


def test_errors_say_where(tmp_path, small):
    """A refusal names the place in the file and what to do."""
    path = tmp_path / "c"
    path.write_bytes(small[:75] + b"\1" + small[76:])  # a flag in the second local header
    with pytest.raises(BrokenContainer) as error:
        open_container(path)
    assert error.value.where == "offset 75"
    assert "flags" in error.value.message
    assert "another copy" in error.value.message


def test_not_a_file(tmp_path):
    """A folder, a pipe or nothing at all is not opened, and does not hang."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(BrokenContainer) as error:
            open_container(path)
        assert error.value.code == "container.source"
    with pytest.raises(FileNotFoundError):
        open_container(tmp_path / "none")


def test_reading_parts(tmp_path, small):
    """A part that is not there, or larger than expected, is not read."""
    path = tmp_path / "c"
    path.write_bytes(small)
    with open_container(path) as box:
        with pytest.raises(BrokenContainer) as error:
            box.read("none", limit=1)
        assert error.value.code == "container.missing"
        with pytest.raises(BrokenContainer) as error:
            box.read(LETTER, limit=15)
        assert error.value.code == "container.limit"
        first, second = box.stream(LETTER), box.stream(LETTER)
        assert next(first) == next(second) == FILES[0][1]


def test_change_between_check_and_use(tmp_path):
    """A content exchanged after the check is not handed out, even if it has the right CRC."""
    path, data = tmp_path / "c", bytes(100_000)
    make(path, [("a", data)])
    with open_container(path) as box:
        box.listing()
        entry = box.entries[1]
        with path.open("r+b") as file:
            file.seek(entry.offset)
            file.write(b"other")
        with pytest.raises(BrokenContainer) as error:
            box.read("a", limit=len(data))
        assert error.value.code == "container.crc"
        with path.open("r+b") as file:
            file.seek(entry.offset)
            file.write(_same_crc(b"other", data))
        with pytest.raises(BrokenContainer) as error:
            box.read("a", limit=len(data))
        assert error.value.code == "container.changed"
        os.truncate(path, entry.offset + 50_000)
        with pytest.raises(BrokenContainer) as error:
            box.read("a", limit=len(data))
        assert error.value.code == "container.truncated"


def _same_crc(start: bytes, data: bytes) -> bytes:
    """Begin otherwise and end in four bytes that give the CRC-32 of `data`: what anyone can do with a CRC."""
    wanted, head = zlib.crc32(data), start + bytes(len(data) - len(start) - 4)
    base = zlib.crc32(head + bytes(4))
    columns = [zlib.crc32(head + (1 << bit).to_bytes(4, "little")) ^ base for bit in range(32)]
    rows = {}
    for bit, column in enumerate(columns):  # Gaussian elimination over GF(2)
        combination = 1 << bit
        while column and column.bit_length() in rows:
            other, more = rows[column.bit_length()]
            column, combination = column ^ other, combination ^ more  # noqa: PLW2901
        rows[column.bit_length()] = (column, combination)
    rest, tail = wanted ^ base, 0
    while rest:
        column, combination = rows[rest.bit_length()]
        rest, tail = rest ^ column, tail ^ combination
    return head + tail.to_bytes(4, "little")


def test_manifest_mismatches(tmp_path, contents):
    """A manifest that says something else than the contents is named, file by file, also under a good seal."""

    def resealed(edit: Callable[[bytes], bytes]) -> Container:
        parts = [(name, edit(data) if name == MANIFEST_NAME else data) for name, data in contents]
        (tmp_path / "c").write_bytes(assemble(parts))
        return open_container(tmp_path / "c")

    persian = FILES[1][0]
    for edit, expected in [
        (lambda raw: raw, ()),
        (lambda raw: raw.replace(b"letter.txt", b"Letter.txt"), (LETTER,)),
        (lambda raw: raw.replace(b"%D9%85", b"%d9%85"), (persian,)),
        (lambda raw: raw.replace(b"sha256", b"sha512"), tuple(name for name, _ in FILES)),
        (lambda raw: raw.replace(b"</asic:ASiCManifest>\n", b"</asic:ASiCManifest>"), (MANIFEST_NAME,)),
        (lambda raw: raw.replace(b"<asic:SigRef", b"<!-- hidden --><asic:SigRef"), (MANIFEST_NAME,)),
    ]:
        with resealed(edit) as box:
            assert box.manifest_mismatches() == expected


def test_seal_of_another_container(tmp_path, small, contents):
    """Neither the seal nor the signature of another container does for this one."""
    path = tmp_path / "c"
    make(path, [(LETTER, b"Other text\n"), *FILES[1:]])
    with open_container(path) as box:
        other = {name: box.read(name, limit=10_000) for name in TAIL}
    for names, code in [
        ((SEAL_NAME,), "toy.seal"),
        ((SIGNATURE_NAME,), "toy.seal"),
        ((SIGNATURE_NAME, SEAL_NAME), "toy.seal"),
        (TAIL, "toy.seal"),
    ]:
        mixed = [(name, other[name] if name in names else data) for name, data in contents]
        path.write_bytes(assemble(mixed))
        assert refusal(path) == code
    with open_container(path) as box:
        assert box.manifest_mismatches() == (LETTER,)
        assert box.check_cades(KEY.certificate_der) == AT.replace(microsecond=0)  # it is good, for the other one
    path.write_bytes(assemble([(n, other[n] if n == SIGNATURE_NAME else data) for n, data in contents]))
    with open_container(path) as box, pytest.raises(BrokenSeal) as error:
        box.check_cades(KEY.certificate_der)
    assert error.value.code == "cades.digest"


# --------------------------------------------------------------------------------------------------- third parties


def _extract(path: Path, to: Path) -> None:
    """Write out what openssl needs: manifest, signature, certificate."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(to)
    certificate = x509.load_der_x509_certificate(KEY.certificate_der)
    (to / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _openssl(folder: Path, *more: str) -> subprocess.CompletedProcess[bytes]:
    """Let openssl check the CAdES signature over the manifest."""
    command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", SIGNATURE_NAME]
    command += [
        "-content",
        MANIFEST_NAME,
        "-CAfile",
        "cert.pem",
        "-attime",
        str(int(AT.timestamp())),
        "-out",
        "/dev/null",
    ]
    return subprocess.run([*command, *more], cwd=folder, capture_output=True, check=False)


def test_openssl_verifies(tmp_path):
    """OpenSSL accepts the signature over the manifest by the certificate, ESS binding too; and no other manifest."""
    make(tmp_path / "c")
    _extract(tmp_path / "c", tmp_path / "out")
    done = _openssl(tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert b"CAdES Verification successful" in done.stderr
    manifest = tmp_path / "out" / MANIFEST_NAME
    manifest.write_bytes(manifest.read_bytes().replace(b"letter", b"Letter"))
    assert _openssl(tmp_path / "out").returncode != 0


def test_sha256sum_agrees(tmp_path):
    """What the manifest says of an extracted file is what sha256sum says of it."""
    make(tmp_path / "c")
    _extract(tmp_path / "c", tmp_path / "out")
    with open_container(tmp_path / "c") as box:
        for part in box.parts():
            out = subprocess.run(["sha256sum", tmp_path / "out" / part.name], capture_output=True, check=True).stdout
            assert out.decode().lstrip("\\").split()[0] == part.sha256


@pytest.mark.parametrize("tool", ["unzip -t", "unzip -l", "jar tf", "bsdtar tf", "7z t", "python3 -m zipfile -t"])
def test_ordinary_tools(tmp_path, tool):
    """Ordinary ZIP tools read the container, and list the Persian name as it is."""
    command = tool.split()
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    make(tmp_path / "c.zip")
    done = subprocess.run(
        [*command, tmp_path / "c.zip"], capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )
    if command[0] not in ("python3", "7z"):
        assert FILES[1][0] in done.stdout.decode()


def test_extracted_files_are_plain(tmp_path):
    """Unzipping makes readable files, not links, programs or files without rights."""
    if not shutil.which("unzip"):
        pytest.skip("no unzip here")
    make(tmp_path / "c.zip")
    subprocess.run(["unzip", "-q", "c.zip", "-d", "out"], cwd=tmp_path, check=True, env={"LC_ALL": "C.UTF-8"})
    for name, data in FILES:
        path = tmp_path / "out" / name
        assert path.read_bytes() == data
        assert not path.is_symlink()
        assert path.stat().st_mode & 0o700 == 0o600


# ------------------------------------------------------------------------------------------------------ properties

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=12)
CONTENTS = st.binary(max_size=300) | st.lists(st.binary(max_size=100), max_size=4)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def _fit(names: list[str]) -> bool:
    """Tell whether files may have these names."""
    try:
        check_names([MIMETYPE_NAME, *names, *TAIL])
    except BrokenContainer:
        return False
    return True


@RELAXED
@given(st.lists(st.tuples(NAMES, CONTENTS), min_size=1, max_size=5))
def test_any_files_round_trip(tmp_path, files):
    """Whatever the names that are accepted and the contents: written, accepted, the same again, and so to zipfile."""
    assume(_fit([name for name, _ in files]))
    make(tmp_path / "c", [(name, iter(data) if isinstance(data, list) else data) for name, data in files])
    verdict(tmp_path / "c")
    with open_container(tmp_path / "c") as box, zipfile.ZipFile(tmp_path / "c") as archive:
        assert archive.namelist() == list(box.names())
        for name, data in files:
            expected = b"".join(data) if isinstance(data, list) else data
            assert box.read(name, limit=400) == archive.read(name) == expected


@RELAXED
@given(st.data())
def test_any_edit_is_found(tmp_path, small, data):
    """Whatever piece is replaced, moved, repeated or taken out: only the container itself is accepted."""
    start = data.draw(st.integers(0, len(small)))
    end = data.draw(st.integers(start, len(small)))
    other = data.draw(st.integers(0, len(small)))
    piece = data.draw(
        st.sampled_from([b"", small[start:end] * 2, small[other : other + end - start], bytes(end - start)])
        | st.binary(max_size=60)
    )
    changed = small[:start] + piece + small[end:]
    assume(changed != small)
    (tmp_path / "c").write_bytes(changed)
    assert refusal(tmp_path / "c")


@RELAXED
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_refused(tmp_path, raw, ending):
    """Bytes of any kind are refused with a code, and raise nothing else."""
    (tmp_path / "c").write_bytes(raw + _zip.end_records(1, 0, len(raw)) * ending)
    assert refusal(tmp_path / "c").startswith("container.")


def test_manifest_of_is_stable():
    """The manifest's bytes are part of the form: the same parts give these bytes in every version."""
    part = _zip.Part("نامه.txt", 1, hashlib.sha256(b"2").hexdigest(), 0)
    assert (
        hashlib.sha256(manifest_of([part])).hexdigest()
        == "c24205439c83826224bce1d4be88e6797a0a2f38740ca3ffc22f3eb79c02c163"
    )
