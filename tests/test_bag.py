"""Evidence bags: what comes out is byte for byte what went in, in one folder only, and no byte is changed unseen."""

import copy
import hashlib
import os
import random
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.casework.evidence import Custody, Exhibit, Manifest
from comity.casework.lifecycle import Act, Kind
from comity.errors import BrokenSeal, Invalid
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.checkpoint import signed as note
from comity.ledger.log import ACT, Proof, entry
from comity.seal import canon, container, envelope, stream
from comity.seal.container import CadesKey
from comity.seal.envelope import KINDS
from comity.seal.keys import NoteKey, OpeningKey, SigningKey
from comity.seal.merkle import leaf_hash
from comity.seal.trust import Grant, Trust
from comity.wire import bag, messages
from comity.wire.bag import Bag, Sender, leads_inside, manifest_bytes, read_manifest, split
from comity.wire.directory import Entry, first_keys

AT = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
SIGN = {state: SigningKey(bytes([n]) * 32, bytes([n + 100]) * 32) for n, state in enumerate(("IR", "VN", "QA"), 1)}
OPEN = {state: OpeningKey(bytes([n + 50]) * 32) for n, state in enumerate(SIGN, 1)}
CADES = CadesKey.generate("Comity node VN", not_before=AT - timedelta(days=1), not_after=AT + timedelta(days=9))
TRUST = Trust(Grant(s, key.public, KINDS, AT - timedelta(days=9), AT + timedelta(days=9)) for s, key in SIGN.items())
LOG = NoteKey.generate("vn/log")
VN = Sender("VN", (b"entry of VN",), SIGN["VN"], CADES)
CASE, SECRET = "IR-2026-0001", b"s" * 32


def sha(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def listed(*exhibits: dict, **changes) -> dict:
    """Make a manifest, as it travels, of these exhibits, with a good chain of custody unless told otherwise."""
    digest = sha(canon.dumps(list(exhibits)))
    first = Custody("handed-over", "A provider", AT, digest)
    second = Custody("taken-in", "VN, Lan", AT, digest, sha(canon.dumps(first.to_dict())))
    return {"manifest": 1, "case": CASE, "source": "A provider", "exercise": True, "conditions": ["For this case."],
            "custody": [first.to_dict(), second.to_dict()], "exhibits": list(exhibits)} | changes  # fmt: skip


def file(path: str | bytes, data: bytes = b"") -> dict:
    """List a file."""
    name = path if isinstance(path, bytes) else path.encode()
    return Exhibit(name, len(data), sha(data)).to_dict()


def link(path: str, target: str) -> dict:
    """List a link."""
    return Exhibit(path.encode(), 0, "", "link", target.encode()).to_dict()


def folder(path: str) -> dict:
    """List an empty folder."""
    return Exhibit(path.encode(), 0, "", "folder").to_dict()


def packed(path: Path, manifest: dict, contents=(b"",), *, sender: Sender = VN, to: str = "IR", at=AT) -> Path:
    """Write a bag for Iran with this manifest and these contents."""
    bag.write(path, sender=sender, case=CASE, to=to, key=OPEN["IR"].public, exercise=True, use="evidence", at=at,
              executed={"statement": "", "proof": {}}, manifest=canon.dumps(manifest), exhibits=contents)  # fmt: skip
    return path


def verdict(path: Path, trust: Trust = TRUST) -> None:
    """Check a bag in the steps of `seal.container`; raise if there is anything to say against it."""
    with Bag(path) as found:
        found.check_seal(trust)
        if wrong := found.container.manifest_mismatches():
            raise BrokenSeal("The manifest is for other contents.", code="test.manifest", where=str(wrong))
        found.container.check_cades(CADES.certificate_der)


def unpacked(path: Path, target: Path, progress=None) -> Manifest:
    """Unpack a bag with Iran's key."""
    with Bag(path) as found:
        return found.unpack(found.content_key([OPEN["IR"]]), target, progress)


def tree(root: Path) -> dict[bytes, tuple]:
    """Describe everything below a folder: kind, and bytes or target."""
    found = {}
    for place, names, files in os.walk(os.fsencode(root)):
        for name in names + files:
            full = place + b"/" + name
            inside = os.path.relpath(full, os.fsencode(root))
            if os.path.islink(full):
                found[inside] = ("link", os.readlink(full))
            elif os.path.isdir(full):
                found[inside] = ("folder",)
            else:
                with open(full, "rb") as opened:
                    found[inside] = ("file", opened.read())
    return found


def handed_over(root: Path) -> tuple[dict, list[bytes]]:
    """List a folder as an authority takes it in: (manifest, contents)."""
    exhibits, contents, there = [], [], tree(root)
    for path, (kind, *rest) in sorted(there.items()):
        if kind == "file":
            exhibits.append(Exhibit(path, len(rest[0]), sha(rest[0])).to_dict())
            contents.append(rest[0])
        elif kind == "link":
            exhibits.append(Exhibit(path, 0, "", "link", rest[0]).to_dict())
        elif not any(other.startswith(path + b"/") for other in there):
            exhibits.append(Exhibit(path, 0, "", "folder").to_dict())
    return listed(*exhibits), contents


# ------------------------------------------------------------------------------------------------- there and back


def test_a_folder_comes_back(tmp_path):
    """Names of any bytes, Persian names, links, empty files and folders come back as they were, byte for byte."""
    source = os.fsencode(tmp_path / "delivery")
    for name in (b"mail/2026/09", b"empty/deep", "صندوق پستی/نامه\u200cها".encode(), b"\xff\xfe broken"):
        os.makedirs(source + b"/" + name)
    for name, data in {
        b"mail/2026/09/1.eml": b"Dear customer,\r\n", b"mail/empty": b"", b"new\nline": b"x", b" blanks ": b"y",
        "صندوق پستی/نامه\u200cها/گزارش.txt".encode(): "سلام\n".encode(), b"\xff\xfe broken/\x80.bin": bytes(range(256)),
        b"-rf": b"z", b'a*?|<>:"\\': b"q", b"caf\xc3\xa9": b"1", b"cafe\xcc\x81": b"2", b"big": b"b" * 3_000_000,
        "\u202egpj.exe".encode(): b"3",
    }.items():  # fmt: skip
        with open(source + b"/" + name, "wb") as made:
            made.write(data)
    for name, target in {b"mail/newest": b"2026/09/1.eml", b"mail/up": b"../big", b"mail/2026/09/self": b".",
                         b"dangling": b"nowhere", b"\xff link": b"\xff\xfe broken"}.items():  # fmt: skip
        os.symlink(target, source + b"/" + name)
    manifest, contents = handed_over(tmp_path / "delivery")
    path = packed(tmp_path / "one.asice", manifest, contents)
    verdict(path)
    told = []
    found = unpacked(path, tmp_path / "out", lambda *done: told.append(done))
    assert tree(tmp_path / "out") == tree(tmp_path / "delivery")
    assert found.to_dict() == manifest
    assert told[-1] == (found.size, found.size)
    assert manifest_bytes(found) == canon.dumps(manifest)
    assert not (tmp_path / "out.partial").exists()


def test_thousands_of_small_files(tmp_path):
    """Four thousand small files, many empty, pass in one bag."""
    data = {f"{number % 50}/{number:05d}.eml": b"%d" % number if number % 3 else b"" for number in range(4000)}
    manifest = listed(*[file(name, content) for name, content in data.items()])
    path = packed(tmp_path / "one.asice", manifest, data.values())
    assert sum(1 for _ in unpacked(path, tmp_path / "out").files) == 4000
    assert all((tmp_path / "out" / name).read_bytes() == content for name, content in data.items())


def test_nothing_at_all(tmp_path):
    """A bag of nothing is a bag; what comes out is an empty folder."""
    path = packed(tmp_path / "one.asice", listed(), [])
    verdict(path)
    unpacked(path, tmp_path / "out")
    assert tree(tmp_path / "out") == {}


def test_constant_memory(tmp_path):
    """A file of 256 MiB is sealed, checked and read at the price of a few chunks."""
    block, count = os.urandom(1 << 20), 256
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(block)
    big = Exhibit(b"image.raw", count << 20, digest.hexdigest()).to_dict()
    tracemalloc.start()
    path = packed(tmp_path / "one.asice", listed(big), (block for _ in range(count)))
    verdict(path)
    with Bag(path) as found:
        secret = found.content_key([OPEN["IR"]])
        manifest, _ = found.manifest(secret)
        size = sum(len(chunk) for _, chunks in found.exhibits(secret, manifest) for chunk in chunks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    path.unlink()
    assert size == count << 20
    assert peak < 24 << 20


names = st.lists(st.binary(min_size=1, max_size=4).filter(lambda part: not set(part) & {0, 47}), min_size=1, max_size=3)
paths = names.filter(lambda parts: not {b".", b".."} & set(parts)).map(b"/".join)


@settings(deadline=None, max_examples=25)
@given(files=st.dictionaries(paths, st.binary(max_size=40), max_size=6))
def test_any_names_and_bytes(files, tmp_path_factory):
    """Whatever names and bytes a file system takes: they come back, or meet each other and are refused."""
    place = tmp_path_factory.mktemp("any")
    manifest = listed(*[file(name, data) for name, data in files.items()])
    meet = any(other.startswith(name + b"/") for name in files for other in files)
    path = packed(place / "one.asice", manifest, files.values())
    if meet:
        assert code(unpacked, path, place / "out") == "manifest.twice"
        return
    unpacked(path, place / "out")
    found = {name: value[1] for name, value in tree(place / "out").items() if value[0] == "file"}
    assert found == files


# ----------------------------------------------------------------------------------------- what a manifest may say

GOOD = file("a", b"x")
CHAIN = listed(GOOD)["custody"]
SHA = GOOD["sha256"]

# What stands in a manifest -> the code of the refusal.
MANIFESTS = [
    ("as it should be", listed(GOOD), ""),
    ("a path up", listed(GOOD | {"path": ".."}), "exhibit.path"),
    ("a path up and away", listed(GOOD | {"path": "../../etc/passwd"}), "exhibit.path"),
    ("a path that goes up in its middle", listed(GOOD | {"path": "a/../../b"}), "exhibit.path"),
    ("a path that ends going up", listed(GOOD | {"path": "a/.."}), "exhibit.path"),
    ("an absolute path", listed(GOOD | {"path": "/etc/passwd"}), "exhibit.path"),
    ("two slashes", listed(GOOD | {"path": "a//b"}), "exhibit.path"),
    ("a slash at the end", listed(GOOD | {"path": "a/"}), "exhibit.path"),
    ("a path that stays", listed(GOOD | {"path": "./a"}), "exhibit.path"),
    ("the folder itself", listed(GOOD | {"path": "."}), "exhibit.path"),
    ("no path", listed(GOOD | {"path": ""}), "exhibit.path"),
    ("a zero byte", listed(GOOD | {"path": "a\0b"}), "exhibit.path"),
    ("a path up, in hex", listed({"path_hex": "2e2e2f61ff", "size": 1, "sha256": SHA}), "exhibit.path"),
    ("a path that looks like up", listed(file("...", b"x"), file("..a", b"x"), file("a..", b"x")), ""),
    ("a path twice", listed(GOOD, GOOD), "manifest.twice"),
    ("a file and a folder of one name", listed(GOOD, folder("a")), "manifest.twice"),
    ("a file and a link of one name", listed(GOOD, link("a", "b")), "manifest.twice"),
    ("a file below a file", listed(GOOD, file("a/b", b"")), "manifest.twice"),
    ("a file below a file, the other way round", listed(file("a/b", b""), GOOD), "manifest.twice"),
    ("a file below a link", listed(link("a", "b"), file("a/b", b"")), "manifest.twice"),
    ("a file far below a link", listed(link("a", "b"), file("a-", b""), file("a/c/d/e", b"")), "manifest.twice"),
    ("a link below a link", listed(link("a", "."), link("a/b", "c")), "manifest.twice"),
    ("a folder below a link", listed(link("a", "."), folder("a/b")), "manifest.twice"),
    ("a file below a folder said to be empty", listed(folder("a"), file("a/b", b"")), "manifest.twice"),
    ("names that only begin alike", listed(GOOD, file("ab", b"x"), file("a-b/c", b"x"), file("a\0".strip("\0") + "!",
     b"x")), ""),
    ("names alike but for case and composition", listed(GOOD, file("A", b"x"), file("é", b"x"), file("e\u0301", b"x")),
     ""),
    ("a path that is a number", listed(GOOD | {"path": 5}), "exhibit.form"),
    ("a path that is a list", listed(GOOD | {"path": ["a"]}), "exhibit.form"),
    ("one path as text, another in hex", listed(GOOD | {"path_hex": "62"}), "exhibit.form"),
    ("UTF-8 in hex", listed({"path_hex": "61", "size": 1, "sha256": SHA}), "exhibit.form"),
    ("hex in capitals", listed({"path_hex": "FF", "size": 1, "sha256": SHA}), "exhibit.form"),
    ("no hex", listed({"path_hex": "x", "size": 1, "sha256": SHA}), "exhibit.form"),
    ("a size that is true", listed(GOOD | {"size": True}), "exhibit.form"),
    ("a size that is text", listed(GOOD | {"size": "1"}), "exhibit.form"),
    ("a size below nothing", listed(GOOD | {"size": -1}), "exhibit.kind"),
    ("no digest", listed({"path": "a", "size": 1}), "exhibit.form"),
    ("a digest that is a number", listed(GOOD | {"sha256": 5}), "exhibit.form"),
    ("a kind that says nothing new", listed(GOOD | {"kind": "file"}), "exhibit.form"),
    ("a device", listed(GOOD | {"kind": "device"}), "exhibit.kind"),
    ("a kind that is a list", listed(GOOD | {"kind": []}), "exhibit.kind"),
    ("a link with bytes", listed(link("a", "b") | {"size": 1}), "exhibit.kind"),
    ("a link to nowhere", listed({"path": "a", "size": 0, "sha256": "", "kind": "link"}), "exhibit.kind"),
    ("a link with a zero byte", listed(link("a", "b") | {"target": "b\0c"}), "exhibit.kind"),
    ("a file that leads somewhere", listed(GOOD | {"target": "/etc"}), "exhibit.kind"),
    ("a folder that leads somewhere", listed(folder("a") | {"target": "/etc"}), "exhibit.kind"),
    ("a field too many", listed(GOOD | {"mode": 4755}), "exhibit.form"),
    ("an exhibit that is text", listed("a"), "exhibit.form"),
    ("another version", listed(GOOD, manifest=2), "manifest.form"),
    ("no exhibits", listed(GOOD, exhibits=None), "manifest.form"),
    ("a case that is a number", listed(GOOD, case=5), "manifest.form"),
    ("a source that is a list", listed(GOOD, source=[]), "manifest.form"),
    ("an exercise in words", listed(GOOD, exercise="no"), "manifest.form"),
    ("an exercise that is 1", listed(GOOD, exercise=1), "manifest.form"),
    ("conditions that are one text", listed(GOOD, conditions="none"), "manifest.form"),
    ("a condition that is a number", listed(GOOD, conditions=[5]), "manifest.form"),
    ("a field too many beside", listed(GOOD, note=""), "manifest.form"),
    ("no custody", listed(GOOD, custody=[]), ""),
    ("custody without its first entry", listed(GOOD, custody=CHAIN[1:]), "manifest.custody"),
    ("custody in another order", listed(GOOD, custody=CHAIN[::-1]), "manifest.custody"),
    ("custody with a name changed", listed(GOOD, custody=[CHAIN[0] | {"by": "Somebody"}, CHAIN[1]]),
     "manifest.custody"),
    ("custody with a time changed", listed(GOOD, custody=[CHAIN[0] | {"at": "2026-11-24T12:00:06Z"}, CHAIN[1]]),
     "manifest.custody"),
    ("custody of other exhibits", listed(file("b", b"x"), custody=CHAIN), "manifest.custody"),
    ("custody of fewer exhibits", listed(GOOD, file("b", b"x"), custody=CHAIN), "manifest.custody"),
    ("custody at another zone's time", listed(GOOD, custody=[CHAIN[0] | {"at": "2026-11-24T15:30:05+03:30"}]),
     "manifest.form"),
    ("custody by a number", listed(GOOD, custody=[CHAIN[0] | {"by": 5}]), "manifest.form"),
    ("custody with a field more", listed(GOOD, custody=[CHAIN[0] | {"note": ""}]), "manifest.form"),
    ("custody that is text", listed(GOOD, custody=["handed-over"]), "manifest.form"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [row[1:] for row in MANIFESTS], ids=[row[0] for row in MANIFESTS])
def test_what_a_manifest_may_say(raw, expected):
    """A manifest is read strictly: one way to say each thing, no path out, no two in one place, custody unbroken."""
    assert code(read_manifest, canon.dumps(raw)) == expected
    if not expected:
        assert read_manifest(canon.dumps(raw)).to_dict() == raw


def test_a_path_as_long_as_a_message():
    """A path of half a million folders, and many of them, are looked at in good time."""
    deep = "a/" * 500_000 + "a"
    assert code(read_manifest, canon.dumps(listed(file(deep), file(deep + "/b")))) == "manifest.twice"
    many = [file("a/" * number + "b") for number in range(1500)]
    assert code(read_manifest, canon.dumps(listed(*many))) == ""


@pytest.mark.parametrize("piece", ["[" * 30 + "]" * 30, "{}", '{"":[[]]}', '"\\"[",[]', '"\\\\",[]'])
def test_a_manifest_of_brackets_does_not_fill_the_memory(piece):
    """Four million brackets are refused at less than their own size; strings that hold brackets do not count."""
    data = ("[" + ",".join([piece] * (4_000_000 // len(piece))) + "]").encode()
    tracemalloc.start()
    found = code(read_manifest, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found, peak < len(data)) == ("manifest.form", True)
    names = [file("[{" * 100 + str(number) + '"\\') for number in range(100)]
    assert code(read_manifest, canon.dumps(listed(*names))) == ""


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=300)
@given(st.data(), junk)
def test_whatever_stands_in_a_manifest(data, value):
    """With anything in any field, a manifest is refused by a code or is written again as it was read."""
    raw = copy.deepcopy(listed(GOOD, link("l", "a"), folder("f")))
    places = [raw, *raw["exhibits"], *raw["custody"]]
    place = places[data.draw(st.integers(0, len(places) - 1))]
    place[data.draw(st.sampled_from([*sorted(place), "target", "path_hex", "x"]))] = value
    try:
        found = Manifest.from_dict(raw)
    except Invalid:
        return
    assert found.to_dict() == raw


# -------------------------------------------------------------------------------------- nothing outside the folder

# A link at a path, with a target -> whether it is made.
LINKS = [
    ("a file beside it", "a/l", "b", True),
    ("deeper", "l", "a/b/c", True),
    ("up, and still inside", "a/b/l", "../../c", True),
    ("up to the folder itself", "a/l", "..", True),
    ("here", "l", ".", True),
    ("round about", "l", "./a/./b//c", True),
    ("one too far up", "a/l", "../..", False),
    ("one too far up, and down again", "l", "../out/x", False),
    ("absolute", "l", "/etc/passwd", False),
    ("absolute with two slashes", "l", "//etc", False),
    ("down and up, perhaps through another link", "l", "a/../../x", False),
    ("down and up, to the place itself", "l", "a/..", False),
    ("up, down and up", "a/b/l", "../x/../..", False),
    ("a name of three dots", "l", ".../x", True),
    ("in no encoding", "l", "\udcff", True),
]


@pytest.mark.parametrize(("path", "target", "made"), [row[1:] for row in LINKS], ids=[row[0] for row in LINKS])
def test_which_links_are_made(path, target, made, tmp_path):
    """Only a link that surely stays inside is made; the others are left out, and the rest comes whole."""
    one = Exhibit(path.encode(), 0, "", "link", os.fsencode(target))
    assert leads_inside(one) is made
    packed(tmp_path / "one.asice", listed(one.to_dict(), file("z", b"x")), [b"x"])
    unpacked(tmp_path / "one.asice", tmp_path / "out")
    assert os.path.islink(os.fsencode(tmp_path / "out") + b"/" + path.encode()) is made
    assert (tmp_path / "out" / "z").read_bytes() == b"x"


def outside(sandbox: Path, target: str = "out") -> dict:
    """Describe everything in the sandbox that is not the folder unpacked into."""
    mine = (os.fsencode(target), os.fsencode(target + ".partial"))
    return {path: what for path, what in tree(sandbox).items() if path.split(b"/")[0] not in mine}


def escapes(root: Path) -> list[bytes]:
    """Name the links below a folder that lead out of it, step by step as the kernel resolves them."""
    top = os.fsencode(root)
    links = [(path, what[1]) for path, what in tree(root).items() if what[0] == "link"]
    return [path for path, target in links if leaves(top, os.path.dirname(top + b"/" + path), target)]


def leaves(top: bytes, place: bytes, target: bytes, budget: int = 40) -> bool:
    """Whether the way of a link from a place, itself resolved, ever leaves the folder `top`; a loop does not."""
    ways = [part for part in target.split(b"/") if part not in (b"", b".")]
    if target.startswith(b"/"):
        return True
    while ways:
        step = ways.pop(0)
        place = os.path.dirname(place) if step == b".." else place + b"/" + step
        if place != top and not place.startswith(top + b"/"):
            return True
        if os.path.islink(place):
            budget -= 1
            if budget < 0:
                return False
            target, place = os.readlink(place), os.path.dirname(place)
            if target.startswith(b"/"):
                return True
            ways = [part for part in target.split(b"/") if part not in (b"", b".")] + ways
    return False


def test_links_that_lead_out_together(tmp_path):
    """Two links, each harmless when read alone, lead out together: `b` goes through `a`, and up from where that is."""
    (tmp_path / "victim").mkdir()
    evil = [file("p/q/f"), link("p/q/a", "../.."), link("b", "p/q/a/../victim"), link("c", "p/q/a/p")]
    packed(tmp_path / "one.asice", listed(*evil))
    before = outside(tmp_path)
    unpacked(tmp_path / "one.asice", tmp_path / "out")
    assert not os.path.lexists(tmp_path / "out" / "b")
    assert (tmp_path / "out" / "c").resolve() == (tmp_path / "out" / "p").resolve()
    assert escapes(tmp_path / "out") == []
    assert outside(tmp_path) == before


class Loose(Bag):
    """A bag that gives out any manifest, unchecked: what if the reader's checks had a hole?"""

    def __init__(self, exhibits: list[Exhibit]) -> None:
        self.loose = Manifest(CASE, "x", tuple(exhibits), (), (), exercise=True)

    def manifest(self, _secret):
        """Give it out."""
        return self.loose, b""

    def exhibits(self, _secret, manifest):
        """Give out contents of the right length."""
        for exhibit in manifest.exhibits:
            if exhibit.kind != "link":
                yield exhibit, iter([b"x" * exhibit.size])


def loose(path: str, kind: str = "file", target: str = "") -> Exhibit:
    """Make an exhibit."""
    return Exhibit(path.encode(), 0, "", kind, target.encode())


# What a hole in the checks would let through -> whether writing it is stopped, or the link is left out.
THROUGH = [
    ("a file through a link", [loose("l", "link", "../victim"), loose("l/evil")], False),
    ("a file through a link to here", [loose("l", "link", "."), loose("l/evil")], True),
    ("a link through a link", [loose("l", "link", "a"), loose("a/x"), loose("l/evil", "link", "x")], True),
    ("a folder through a link", [loose("l", "link", "a"), loose("a/x"), loose("l/evil", "folder")], True),
    ("a link through two links", [loose("p/q/f"), loose("p/q/a", "link", "../.."), loose("b", "link",
     "p/q/a/../victim"), loose("b/evil", "link", "x"), loose("b/new/evil", "link", "x")], False),
    ("a link in a file's place", [loose("f"), loose("f", "link", "../victim")], False),
    ("a link inside in a file's place", [loose("f"), loose("f", "link", "g")], True),
    ("a file in a link's place", [loose("f", "link", "../victim/evil"), loose("f")], False),
    ("a file in a folder's place", [loose("d", "folder"), loose("d")], True),
    ("a file below a file", [loose("f"), loose("f/g")], True),
    ("a file over a file", [loose("f"), loose("f")], True),
]  # fmt: skip


@pytest.mark.parametrize(("exhibits", "stopped"), [row[1:] for row in THROUGH], ids=[row[0] for row in THROUGH])
def test_nothing_is_written_through_a_link(exhibits, stopped, tmp_path):
    """Even if the manifest's own checks let everything pass, nothing is written outside, nor a second time."""
    (tmp_path / "victim").mkdir()
    before = outside(tmp_path)
    with suppress(OSError):
        Loose(exhibits).unpack(SECRET, tmp_path / "out")
    assert outside(tmp_path) == before
    assert (tmp_path / "out").exists() is not stopped
    assert (tmp_path / "out.partial").exists() is stopped
    assert escapes(tmp_path / ("out.partial" if stopped else "out")) == []


PART = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(PART, min_size=1, max_size=4).map("/".join)
STEP = st.sampled_from(["a", "b", "c", "..", "..", ".", "", "victim"])
TARGETS = st.lists(STEP, min_size=1, max_size=6).map("/".join).filter(bool)
ANY = st.builds(loose, PATHS) | st.builds(loose, PATHS, st.just("folder"))
ANY |= st.builds(loose, PATHS, st.just("link"), TARGETS)


@settings(deadline=None, max_examples=300)
@given(exhibits=st.lists(ANY, max_size=10), checks=st.booleans())
def test_no_set_of_exhibits_leads_out(exhibits, checks, tmp_path_factory):
    """Files, folders and links in any places, with any targets, checked or not: nothing outside, no link out."""
    sandbox = tmp_path_factory.mktemp("sandbox")
    (sandbox / "victim" / "a").mkdir(parents=True)
    (sandbox / "victim" / "b").write_bytes(b"untouched")
    before = outside(sandbox)
    if checks:
        raw = listed(*[exhibit.to_dict() for exhibit in exhibits])
        raw["exhibits"] = [item | {"sha256": ""} for item in raw["exhibits"]]
        try:
            read_manifest(canon.dumps(listed(*raw["exhibits"])))
        except Invalid:
            return
        Loose(exhibits).unpack(SECRET, sandbox / "out")  # what the checks let pass is unpacked without fail
        wanted = {exhibit.path for exhibit in exhibits if exhibit.kind != "link" or leads_inside(exhibit)}
        assert wanted <= set(tree(sandbox / "out"))
    else:
        with suppress(OSError):
            Loose(exhibits).unpack(SECRET, sandbox / "out")
    assert outside(sandbox) == before
    for place in (sandbox / "out", sandbox / "out.partial"):
        assert not place.exists() or escapes(place) == []


def test_a_folder_that_is_there(tmp_path):
    """Nothing is unpacked over, into or through what is there already."""
    path = packed(tmp_path / "one.asice", listed(file("a", b"x")), [b"x"])
    for name in ("full", "empty", "file", "link", "dangling", "half.partial"):
        (tmp_path / name).mkdir() if name in ("full", "empty", "half.partial") else None
    (tmp_path / "full" / "mine").write_bytes(b"mine")
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("nowhere")
    before = tree(tmp_path)
    for name in ("full", "empty", "file", "link", "dangling", "half"):
        with pytest.raises(FileExistsError):
            unpacked(path, tmp_path / name)
    assert tree(tmp_path) == before
    unpacked(path, tmp_path / "deep" / "er" / "out")
    assert (tmp_path / "deep" / "er" / "out" / "a").read_bytes() == b"x"


# ----------------------------------------------------------------------------------------------- what is inside

TWO = (b"first", b"second")
PAIR = listed(file("a", TWO[0]), file("b", TWO[1]))

# A manifest and the bytes beside it -> the code of the refusal.
CONTENTS = [
    ("as they should be", PAIR, TWO, ""),
    ("cut elsewhere", PAIR, (b"firstse", b"", b"cond"), ""),
    ("exchanged", listed(file("a", TWO[0]), file("b", TWO[0][::-1])), (TWO[0][::-1], TWO[0]), "bag.digest"),
    ("in another order", PAIR, TWO[::-1], "bag.digest"),
    ("one byte changed", PAIR, (b"first", b"secone"), "bag.digest"),
    ("one byte short", PAIR, (b"first", b"secon"), "bag.missing"),
    ("one byte long", PAIR, (b"first", b"second!"), "bag.more"),
    ("nothing", PAIR, (), "bag.missing"),
    ("something where nothing is listed", listed(), (b"x",), "bag.more"),
    ("something behind an empty file", listed(file("a")), (b"x",), "bag.more"),
    ("something for a link", listed(link("a", "b")), (b"b",), "bag.more"),
    ("something for a folder", listed(folder("a")), (b"b",), "bag.more"),
    ("a size too small", listed(file("a", b"firs"), file("b", b"second")), TWO, "bag.digest"),
    ("an empty file of another digest", listed(GOOD | {"size": 0}), (), "bag.digest"),
    ("a digest in capitals", listed(file("a", b"x") | {"sha256": sha(b"x").upper()}), (b"x",), "bag.digest"),
]


@pytest.mark.parametrize(("raw", "contents", "expected"), [r[1:] for r in CONTENTS], ids=[r[0] for r in CONTENTS])
def test_contents(raw, contents, expected, tmp_path):
    """Every exhibit has the bytes of its digest, and there are no others; if not, nothing is given its name."""
    path = packed(tmp_path / "one.asice", raw, contents)
    verdict(path)  # the sender did sign it
    assert code(unpacked, path, tmp_path / "out") == expected
    assert (tmp_path / "out").exists() == (not expected)


def test_what_is_not_read_is_checked_all_the_same():
    """Whoever skips an exhibit, or stops within it, still learns that its bytes are wrong."""
    manifest = Manifest.from_dict(PAIR)
    good = [exhibit.name for exhibit, _ in split(iter(TWO), manifest)]
    assert good == ["a", "b"]
    with pytest.raises(BrokenSeal):
        list(split(iter((b"firsT", b"second")), manifest))
    reader = split(iter((b"f", b"irsT", b"second")), manifest)
    _, chunks = next(reader)
    assert next(chunks) == b"f"
    with pytest.raises(BrokenSeal):
        next(reader)


def test_only_the_addressee_opens(tmp_path):
    """Another State's key, a key not held and another secret open nothing; what is inside is seen by nobody else."""
    path = packed(tmp_path / "one.asice", PAIR, TWO)
    raw = path.read_bytes()
    assert b"first" not in raw
    assert b"A provider" not in raw
    assert b"For this case" not in raw
    with Bag(path) as found:
        assert code(found.content_key, []) == code(found.content_key, [OPEN["VN"], OPEN["QA"]]) == "seal.addressee"
        secret = found.content_key([OPEN["QA"], OPEN["IR"]])
        assert code(found.manifest, SECRET) == "stream.chunk"
        manifest, _ = found.manifest(secret)
        assert code(lambda: list(found.exhibits(SECRET, manifest))) == "stream.chunk"
        assert code(found.unpack, SECRET, tmp_path / "out") == "stream.chunk"
    assert not (tmp_path / "out").exists()
    other = packed(tmp_path / "two.asice", PAIR, TWO)
    with Bag(other) as found:
        assert found.content_key([OPEN["IR"]]) != secret  # each bag has its own


def test_a_manifest_without_end(tmp_path, monkeypatch):
    """A manifest longer than the limit is refused before it is parsed."""
    path = packed(tmp_path / "one.asice", listed(*[file(f"{n}") for n in range(1000)]), [])
    monkeypatch.setattr(bag, "MANIFEST_LIMIT", 10_000)
    with Bag(path) as found:
        assert code(found.manifest, found.content_key([OPEN["IR"]])) == "canon.too-long"


# ------------------------------------------------------------------------------------------------- whose bag it is


def test_whose_bag_it_is(tmp_path):
    """A bag signed by another than it says, for another than it says, or by nobody known is refused."""
    path = packed(tmp_path / "one.asice", PAIR, TWO)
    verdict(path)
    assert code(verdict, path, Trust()) == "trust.unknown-key"
    only_acts = Trust([Grant("VN", SIGN["VN"].public, frozenset({"act"}), AT, AT + timedelta(days=1))])
    assert code(verdict, path, only_acts) == "trust.kind"
    claims = Sender("VN", (), SIGN["QA"], CADES)
    assert code(verdict, packed(tmp_path / "two.asice", PAIR, TWO, sender=claims)) == "trust.unknown-key"
    late = packed(tmp_path / "late.asice", PAIR, TWO, at=AT + timedelta(days=9))
    assert code(verdict, late) == "trust.time"


def crafted(
    path: Path, *, about=None, key=None, executed=None, signer="VN", to="IR", names=bag.NAMES, inside=None
) -> Path:
    """Write a container that looks like a bag, with anything in its parts."""
    inside = inside or PAIR
    outside = {"comity": "evidence/1", "case": CASE, "from": "VN", "to": "IR", "exercise": True, "use": "evidence",
            "at": "2026-11-24T12:00:05Z", "manifest": sha(canon.dumps(inside)), "entries": []}  # fmt: skip
    sealed = OPEN["IR"].public.seal(SECRET, f"comity/v1/bag\n{CASE}\nIR".encode())
    parts = [
        canon.dumps(outside | (about or {})) if about != b"" else b"",
        canon.dumps(executed if executed is not None else {"statement": "", "proof": {}}),
        canon.dumps({"key": OPEN["IR"].public.id, "sealed": canon.b64(sealed)} | (key or {})),
        b"".join(stream.encrypt([canon.dumps(inside)], stream.subkey(SECRET, "manifest"))),
        b"".join(stream.encrypt(TWO, stream.subkey(SECRET, "exhibits"))),
    ]
    container.write(
        path, list(zip(names, parts, strict=True)), cades=CADES, at=AT,
        seal=lambda listing: envelope.sign("container", listing, sender=signer, to=to, key=SIGN[signer]),
    )  # fmt: skip
    return path


SHORT = canon.b64(OPEN["IR"].public.seal(b"short", f"comity/v1/bag\n{CASE}\nIR".encode()))
ELSEWHERE = canon.b64(OPEN["IR"].public.seal(SECRET, b"comity/v1/bag\nIR-2026-0009\nIR"))

# What is put into a container that looks like a bag -> the code of the refusal, on the way to the exhibits.
CRAFTED = [
    ("as it should be", {}, ""),
    ("signed by Qatar as Viet Nam's", {"signer": "QA"}, "bag.parties"),
    ("signed by Viet Nam as Qatar's", {"about": {"from": "QA"}}, "bag.parties"),
    ("signed for Qatar", {"to": "QA"}, "bag.parties"),
    ("for Qatar outside", {"about": {"to": "QA"}}, "bag.parties"),
    ("of another version", {"about": {"comity": "evidence/2"}}, "bag.version"),
    ("of a version that is a number", {"about": {"comity": 1}}, "bag.version"),
    ("of a case that is a number", {"about": {"case": 5}}, "bag.form"),
    ("from a State that is a list", {"about": {"from": []}}, "bag.form"),
    ("an exercise in words", {"about": {"exercise": "yes"}}, "bag.form"),
    ("as intelligence", {"about": {"use": "intelligence"}}, ""),
    ("for a use that is none", {"about": {"use": "gossip"}}, "bag.form"),
    ("for a use that is a flag", {"about": {"use": True}}, "bag.form"),
    ("at no time", {"about": {"at": "soon"}}, "bag.form"),
    ("at a number", {"about": {"at": 5}}, "bag.form"),
    ("at a local time", {"about": {"at": "2026-11-24T12:00:05"}}, "bag.form"),
    ("before all time", {"about": {"at": "0001-01-01T00:00:00+10:00"}}, "bag.form"),
    ("at a time when its key was not valid", {"about": {"at": "2020-01-01T00:00:00Z"}}, "trust.time"),
    ("naming another manifest", {"about": {"manifest": "0" * 64}}, "bag.manifest"),
    ("naming a manifest by a number", {"about": {"manifest": 5}}, "bag.form"),
    ("with another case's manifest", {"inside": PAIR | {"case": "IR-2026-0009"}}, "bag.manifest"),
    ("in an exercise, with a manifest in earnest", {"inside": PAIR | {"exercise": False}}, "bag.manifest"),
    ("in earnest, with a manifest of an exercise", {"about": {"exercise": False}}, "bag.manifest"),
    ("with entries that are one text", {"about": {"entries": "AAAA"}}, "bag.form"),
    ("with a field more", {"about": {"note": ""}}, "canon.fields"),
    ("about nothing", {"about": b""}, "canon.json"),
    ("executed in words", {"executed": "yes"}, "canon.fields"),
    ("a content key that is a number", {"key": {"sealed": 5}}, "canon.base64"),
    ("a content key with a field more", {"key": {"more": 1}}, "canon.fields"),
    ("a content key of another case", {"key": {"sealed": ELSEWHERE}}, "seal.open"),
    ("a content key of five bytes", {"key": {"sealed": SHORT}}, "bag.key"),
    ("sealed to a key that is a list", {"key": {"key": []}}, "seal.addressee"),
    ("with parts in another order", {"names": bag.NAMES[::-1]}, "bag.form"),
    ("with a part of another name", {"names": ("about.jsn", *bag.NAMES[1:])}, "bag.form"),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in CRAFTED], ids=[row[0] for row in CRAFTED])
def test_what_only_looks_like_a_bag(changes, expected, tmp_path):
    """A well-signed container with anything in it is refused by a code, and its file is closed again."""
    path = crafted(tmp_path / "one.asice", **changes)

    def all_of_it():
        verdict(path)
        unpacked(path, tmp_path / "out")

    before = len(list(Path("/proc/self/fd").iterdir()))
    assert code(all_of_it) == expected
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def said(**changes) -> Act:
    """What Viet Nam says when it took PAIR in."""
    body = {"manifest": sha(canon.dumps(PAIR)), "files": 2, "bytes": 11}
    return Act(**({"kind": Kind.EXECUTED, "case": CASE, "by": "VN", "officer": "lan", "name": "Lan", "power": "execute",
                   "at": AT, "body": body, "exercise": True} | changes))  # fmt: skip


def signed(act: Act, *, signer: str = "VN", log: NoteKey = LOG) -> dict:
    """The act, signed, with the proof that a log of one entry holds it."""
    act, statement = messages.sign_act(act, to="VN", key=SIGN[signer])
    head = Checkpoint("vn/log", 1, leaf_hash(entry(ACT, act.id)))
    return {"statement": canon.b64(statement), "proof": Proof(0, (), note(head, log)).to_dict()}


OTHER = {"manifest": "0" * 64, "files": 2, "bytes": 11}
# The act that stands in a bag -> the code of the refusal.
EXECUTED = [
    ("as it should be", said(), "VN", ""),
    ("of another case", said(case="IR-2026-0009"), "VN", "bag.executed"),
    ("in earnest", said(exercise=False), "VN", "bag.executed"),
    ("of another manifest", said(body=OTHER), "VN", "bag.executed"),
    ("of another kind", said(kind=Kind.CLOSED, body={"note": ""}), "VN", "bag.executed"),
    ("by another State", said(by="QA"), "QA", "bag.executed"),
    ("by a State that did not sign it", said(), "QA", "trust.unknown-key"),
]


@pytest.mark.parametrize(("act", "signer", "expected"), [row[1:] for row in EXECUTED], ids=[r[0] for r in EXECUTED])
def test_the_act_that_took_the_exhibits_in(act, signer, expected, tmp_path):
    """The act in a bag is its sender's, says `executed`, and is about this case, this exercise, this manifest."""
    with Bag(crafted(tmp_path / "one.asice", executed=signed(act, signer=signer))) as found:
        assert code(found.check_executed, TRUST) == expected
        if not expected:
            assert found.check_executed(TRUST).body["files"] == 2


def entry_with(log: NoteKey) -> Entry:
    """Viet Nam's entry with this key of its log."""
    keys = first_keys(
        sign=SIGN["VN"].public, open=OPEN["VN"].public, log=(log.name, log.public), witness=("vn/witness", bytes(32)),
        hop=bytes(32), certificate=CADES.certificate_der, since=AT - timedelta(days=9), until=AT + timedelta(days=9),
    )  # fmt: skip
    return Entry("VN", 1, "", AT, AT.date(), {}, (), keys, 0, "pem", "https://127.0.0.1:1", exercise=True)


def test_the_act_stands_in_the_log(tmp_path):
    """The proof beside the act leads to a head that the sender's log signed; no other log's, and of no other act."""
    one, two = signed(said()), signed(said())
    with Bag(crafted(tmp_path / "one.asice", executed=one)) as found:
        assert found.check_logged(entry_with(LOG), []) == {}
        assert code(found.check_logged, entry_with(NoteKey.generate("vn/log")), []) == "checkpoint.signature"
        assert code(found.check_logged, entry_with(NoteKey("vn/other", LOG.seed)), []) == "checkpoint.signature"
    with Bag(crafted(tmp_path / "two.asice", executed=one | {"proof": two["proof"]})) as found:
        assert code(found.check_logged, entry_with(LOG), []) == "proof.inclusion"


def test_parts_of_another_bag(tmp_path):
    """No part of one bag stands in another: not the seal, not the exhibits, not the key."""
    one, two = (packed(tmp_path / f"{name}.asice", PAIR, TWO) for name in ("one", "two"))
    with Bag(one) as first, Bag(two) as second:
        mine = {name: first.container.read(name, limit=1 << 20) for name in first.container.names()}
        theirs = {name: second.container.read(name, limit=1 << 20) for name in second.container.names()}
    for name in (*bag.NAMES, container.SEAL_NAME):
        if mine[name] == theirs[name]:
            continue
        parts = [(n, theirs[n] if n == name else mine[n]) for n in bag.NAMES]
        seal = theirs[container.SEAL_NAME] if name == container.SEAL_NAME else mine[container.SEAL_NAME]
        container.write(tmp_path / "mix.asice", parts, cades=CADES, at=AT, seal=lambda _, seal=seal: seal)
        assert code(verdict, tmp_path / "mix.asice") == "bag.listing"


def test_bytes_of_a_bag(tmp_path):
    """One bit flipped at hundreds of random places, and in every header and end: found every time by the checks."""
    path = packed(tmp_path / "one.asice", PAIR, TWO)
    raw, chance = path.read_bytes(), random.Random(6)
    places = {*chance.sample(range(len(raw)), 350), *range(60), *range(len(raw) - 60, len(raw))}
    spoiled = tmp_path / "spoiled.asice"
    for place in sorted(places):
        other = bytearray(raw)
        other[place] ^= 1 << chance.randrange(8)
        spoiled.write_bytes(other)
        assert code(verdict, spoiled), place
    for size in chance.sample(range(len(raw)), 60):
        spoiled.write_bytes(raw[:size])
        assert code(verdict, spoiled), size
    spoiled.write_bytes(raw + b"\0")
    assert code(verdict, spoiled)
    spoiled.write_bytes(raw)
    assert code(verdict, spoiled) == ""


def test_a_bag_is_written_whole_or_not_at_all(tmp_path):
    """When the exhibits end in an error, no bag and no part of one is left."""

    def failing():
        yield b"x" * 100
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        packed(tmp_path / "one.asice", PAIR, failing())
    assert list(tmp_path.iterdir()) == []
