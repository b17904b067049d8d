"""The way of evidence through a node: read while others change it, kept for one purpose, sealed, collected, believed."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from exhibits import OURS, THEIRS, accepted, bring, disclosed, execute, ordered, sealed, sha, stage, worked
from refusing import code

from comity.casework.evidence import Exhibit, Manifest
from comity.casework.lifecycle import Kind
from comity.errors import ComityError, Unreachable
from comity.ledger import checkpoint
from comity.node import archive, models
from comity.node.desk import evidence, intake, requested, requesting
from comity.node.vault import Vault
from comity.seal import canon
from comity.wire import bag
from comity.wire.transport import Line

pytestmark = pytest.mark.django_db

SECRET = b"a key of this node"


def nothing(done, total):
    """Take no notice of progress."""


def read(node, name="d", progress=nothing):
    """Read the delivery `name` to its end: (its exhibits, all bytes)."""
    found = []
    with intake.opened(node, name) as delivery:
        return found, b"".join(intake.exhibits(delivery, found, progress))


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def delivery(node):
    """A folder in the intake folder: two files, a folder with one file, a link, an empty folder."""
    top = node.intake / "d"
    (top / "f").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "a").write_bytes(b"first")
    (top / "b").write_bytes(b"second")
    (top / "f" / "c").write_bytes(b"third")
    (top / "l").symlink_to("a")
    (node.home / "secret").write_bytes(SECRET)
    return top


# ------------------------------------------------------------------------------------------------- reading a delivery


def test_everything_in_its_order(node, delivery):
    """Files, links and empty folders are listed folder by folder, in the order of the names' bytes, and read in it."""
    (delivery / "f-").write_bytes(b"4")
    Path(os.fsdecode(os.fsencode(delivery) + b"/\xff")).write_bytes(b"5")
    found, data = read(node)
    assert [(exhibit.path, exhibit.kind) for exhibit in found] == [
        (b"a", "file"), (b"b", "file"), (b"empty", "folder"), (b"f/c", "file"), (b"f-", "file"), (b"l", "link"),
        (b"\xff", "file"),
    ]  # fmt: skip
    assert data == b"firstsecondthird45"
    assert found[0] == Exhibit(b"a", 5, sha(b"first"))
    assert found[5].target == b"a"
    assert read(node)[0] == found


def test_one_file_is_a_delivery(node):
    """A file is listed under its own name; a link to it under that of the file."""
    (node.intake / "d").write_bytes(b"x")
    assert read(node) == ([Exhibit(b"d", 1, sha(b"x"))], b"x")


def swapped(monkeypatch, name: bytes, swap, *, time: int = 2):
    """Call `swap` directly after `name` was looked at for the `time`-th time, and before it is opened."""
    real, seen = os.stat, []

    def stat(path, *args, **named):
        found = real(path, *args, **named)
        if path == name and "dir_fd" in named:
            seen.append(path)
            if len(seen) == time:
                swap()
        return found

    monkeypatch.setattr(os, "stat", stat)


def becomes(make):
    """A swap of `path` for what `make` makes of it."""

    def swap(path: Path, home: Path) -> None:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        make(path, home)

    return swap


LINK = becomes(lambda path, home: path.symlink_to(home / "secret"))
# What is swapped between being looked at and being opened -> the code of the refusal.
SWAPS = [
    ("a file for a link to a key", "a", LINK, "intake.changed"),
    ("a file for a pipe", "a", becomes(lambda path, home: os.mkfifo(path)), "intake.special"),
    ("a file for a folder", "a", becomes(lambda path, home: path.mkdir()), "intake.changed"),
    ("a file for nothing", "a", becomes(lambda path, home: None), "intake.changed"),
    ("a folder for a link to the keys", "f", becomes(lambda path, home: path.symlink_to(home)), "intake.changed"),
    ("a folder for a file", "f", becomes(lambda path, home: path.write_bytes(b"")), "intake.changed"),
    ("a folder for a pipe", "f", becomes(lambda path, home: os.mkfifo(path)), "intake.special"),
    ("a link for a file", "l", becomes(lambda path, home: path.write_bytes(b"")), "intake.changed"),
]


@pytest.mark.parametrize("time", [1, 2])
@pytest.mark.parametrize(("name", "swap", "expected"), [row[1:] for row in SWAPS], ids=[row[0] for row in SWAPS])
def test_what_is_swapped_is_not_read(name, swap, expected, time, node, delivery, monkeypatch):
    """A name that leads elsewhere a moment later is refused: nothing is read through it, waited for, or left open."""
    before = descriptors()
    swapped(monkeypatch, name.encode(), lambda: swap(delivery / name, node.home), time=time)
    got = []

    def reading():
        with intake.opened(node, "d") as opened:
            got.extend(intake.exhibits(opened, [], nothing))

    found = code(reading)
    assert found == expected or (
        time == 1 and not found
    )  # swapped while measured, it may be read as what it is by then
    assert SECRET not in b"".join(got)
    assert descriptors() == before


def test_a_parent_swapped_for_a_link(node, delivery, monkeypatch):
    """When a folder is replaced while its files are read, its own files are read; the way back is the way that was come."""
    (delivery / "f" / "d").write_bytes(b"fourth")
    (node.home / "d").write_bytes(SECRET)
    (node.intake / "l").write_bytes(SECRET)  # what would be read next if the way back led to where the folder is by now

    def swap():
        (delivery / "f").rename(delivery.parent / ".aside")
        (delivery / "f").symlink_to(node.home)

    swapped(monkeypatch, b"c", swap)
    got = []

    def reading():
        with intake.opened(node, "d") as opened:
            got.extend(intake.exhibits(opened, [], nothing))

    assert code(reading) == "intake.changed"
    assert got == [b"first", b"second", b"third", b"fourth"]


def test_special_files_are_refused_unopened(node, delivery):
    """A pipe is refused before anything is opened, whatever stands before it."""
    os.mkfifo(delivery / "f" / "z")
    assert code(read, node) == "intake.special"


def test_a_file_that_grows_is_listed_as_read(node, delivery, monkeypatch):
    """A file that changes its size between being measured and read: what was read is what is listed."""
    swapped(monkeypatch, b"a", lambda: (delivery / "a").write_bytes(b"first and more"))
    found, data = read(node)
    assert data == b"first and moresecondthird"
    assert found[0] == Exhibit(b"a", 14, sha(b"first and more"))


def test_depth_costs_no_descriptors(node):
    """Two thousand folders within each other, beyond what one path may say, are walked with a handful of descriptors."""
    (node.intake / "d").mkdir()
    here = os.open(node.intake / "d", os.O_RDONLY)
    try:
        for _ in range(2000):
            os.mkdir(b"deep", dir_fd=here)
            below = os.open(b"deep", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        with open("file", "wb", opener=lambda name, flags: os.open(name, flags, dir_fd=here)) as file:
            file.write(b"x")
        before, most = descriptors(), []
        found, data = read(node, progress=lambda done, total: most.append(descriptors()))
        assert (found[0].path, data) == (b"deep/" * 2000 + b"file", b"x")
        assert max(most) <= before + 8
    finally:
        os.close(here)
        subprocess.run(["rm", "-rf", node.intake / "d"], check=True)


def test_many_names_are_refused_before_reading(node, delivery, monkeypatch):
    """A delivery that no manifest could list is refused before a byte of it is read."""
    monkeypatch.setattr(bag, "MANIFEST_LIMIT", 300)
    assert code(read, node, progress=lambda done, total: pytest.fail("it was read")) == "intake.too-many"
    monkeypatch.setattr(bag, "MANIFEST_LIMIT", 3000)
    assert code(read, node) == ""


# --------------------------------------------------------------------------------------------------- the top of it


def test_a_link_of_our_own_is_followed(node, tmp_path):
    """A link that this node's account made leads to a medium, with a folder or a file."""
    (tmp_path / "medium").mkdir()
    (tmp_path / "medium" / "x").write_bytes(b"1")
    (node.intake / "d").symlink_to(tmp_path / "medium")
    (node.intake / "e").symlink_to(tmp_path / "medium" / "x")
    assert read(node)[1] == b"1"
    assert read(node, "e") == ([Exhibit(b"x", 1, sha(b"1"))], b"1")


@pytest.mark.parametrize("target", ["", "keys", "keys/vault.key", "..", "../..", "intake"])
def test_no_link_leads_to_the_own_files(node, target):
    """Neither the node's home nor what is in it, nor a folder around it, is taken in through a link."""
    (node.intake / "d").symlink_to((node.home / target).resolve())
    assert code(intake.find_delivery, node, "d") == "intake.link"


def test_a_link_of_others_is_refused(node, tmp_path, monkeypatch):
    """A link that another account made is refused, wherever it leads."""
    (node.intake / "d").symlink_to(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert code(intake.find_delivery, node, "d") == "intake.link"


def test_a_medium_that_is_not_there(node, tmp_path):
    """A link to what is not there says that it cannot be read; a circle of links ends."""
    (node.intake / "d").symlink_to(tmp_path / "nowhere")
    (node.intake / "e").symlink_to("e")
    assert code(intake.find_delivery, node, "d") == "intake.unreadable"
    assert code(intake.find_delivery, node, "e") == "intake.link"  # it lies in the node's home


@pytest.mark.parametrize("which", ["medium", "medium/export"])
def test_a_target_swapped_while_it_is_opened(node, tmp_path, monkeypatch, which):
    """Between finding out where a link leads and opening it, a part of the way becomes a link into the node's home."""
    (tmp_path / "medium" / "export").mkdir(parents=True)
    (node.intake / "d").symlink_to(tmp_path / "medium" / "export")
    (node.home / "export").mkdir(exist_ok=True)
    real = os.path.realpath

    def realpath(path, **named):
        found = real(path, **named)
        if found == str(tmp_path / "medium" / "export"):
            (tmp_path / which).rename(tmp_path / "aside")
            (tmp_path / which).symlink_to(node.home if which == "medium" else node.keys)
        return found

    monkeypatch.setattr(os.path, "realpath", realpath)
    assert code(intake.find_delivery, node, "d") == "intake.changed"


# -------------------------------------------------------------------------------------------------------- the vault


@pytest.fixture
def vault(node):
    """The vault of the node under test."""
    return Vault(node.home / "vault", node.vault_key)


def taken(vault, name, label):
    """All bytes of a blob."""
    return b"".join(vault.get(name, label))


def test_a_blob_is_for_one_purpose(vault):
    """What was kept for one case, or as one part of it, is not given out as another."""
    name = vault.put([b"x", b"y"], "A/exhibits")
    assert taken(vault, name, "A/exhibits") == b"xy"
    assert code(taken, vault, name, "B/exhibits") == code(taken, vault, name, "A/manifest") == "stream.chunk"


def test_a_blob_has_its_own_name(node, vault):
    """A genuine blob of the same purpose under another's name is found; so are a damaged, a cut and a missing one."""
    one, two = vault.put([b"x"], "A/exhibits"), vault.put([b"y"], "A/exhibits")
    shutil.copy(node.home / "vault" / one, node.home / "vault" / two)
    assert code(taken, vault, two, "A/exhibits") == "vault.name"
    data = (node.home / "vault" / one).read_bytes()
    for damaged in (data[:-1], data + b"x", bytes([data[0] ^ 1]) + data[1:], b""):
        (node.home / "vault" / one).write_bytes(damaged)
        assert code(taken, vault, one, "A/exhibits") == "stream.chunk"
    vault.remove(one)
    vault.remove(one)
    assert code(taken, vault, one, "A/exhibits") == "vault.missing"
    assert vault.names() == [two]


# ------------------------------------------------------------------------------------------- taking in and sealing


def disclose(node, officers, at, reference=THEIRS):
    """Order the disclosure, and let the courier work: the job."""
    job = requested.disclose(node, reference, officer=officers.decider, at=at)
    models.Job.objects.filter(pk=job.pk).update(attempts=6)  # no witness answers here: go on without
    return worked(node, job)


def kept(node):
    """What lies in the vault and on the shelf, hidden files too."""
    return sorted(path.name for folder in ("vault", "shelf") for path in (node.home / folder).iterdir())


def test_a_delivery_is_looked_at_again_when_the_job_runs(node, peer, officers, at, delivery):
    """What became a link into the node's home after it was ordered is refused by the job."""
    ordered(node, peer, officers, at)
    job = requested.execute(node, THEIRS, delivery="d", source="p", officer=officers.decider, at=at)
    LINK(delivery, node.home)
    assert worked(node, job).code == "intake.link"
    assert kept(node) == []


def test_a_failed_taking_in_is_ordered_again(node, peer, officers, at, delivery):
    """What fails half-way leaves nothing in the vault, and the second order takes everything in."""
    ordered(node, peer, officers, at)
    os.mkfifo(delivery / "z")
    job = execute(node, officers, at)
    assert (job.status, job.code, kept(node)) == ("failed", "intake.special", [])
    (delivery / "z").unlink()
    assert execute(node, officers, at).status == "done"
    assert (stage(node), len(kept(node))) == ("executed", 2)


@pytest.mark.parametrize("which", [1, 2])
def test_a_full_disk_while_taking_in(node, peer, officers, at, delivery, monkeypatch, which):
    """When the disk is full at the first or the second blob nothing is left behind, and the next attempt succeeds."""
    ordered(node, peer, officers, at)
    real, calls = Vault.put, []

    def put(self, source, label):
        calls.append(label)
        if len(calls) == which:
            next(iter(source))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, source, label)

    monkeypatch.setattr(Vault, "put", put)
    job = execute(node, officers, at)
    assert (job.status, kept(node)) == ("waiting", [])
    assert worked(node, job).status == "done"
    assert (stage(node), models.Holding.objects.count(), len(kept(node))) == ("executed", 1, 2)


def test_a_manifest_longer_than_others_read_is_refused(node, peer, officers, at, delivery, monkeypatch):
    """A list that the other State's node would not read is not recorded, and nothing of the delivery is kept."""
    ordered(node, peer, officers, at)
    monkeypatch.setattr(bag, "MANIFEST_LIMIT", 600)
    job = execute(node, officers, at)
    assert (job.status, job.code, kept(node)) == ("failed", "intake.too-many", [])


def test_withdrawn_while_taking_in(node, peer, officers, at, delivery):
    """When the request is withdrawn meanwhile, personal data that no case needs do not stay in the vault."""
    ordered(node, peer, officers, at)
    job = requested.execute(node, THEIRS, delivery="d", source="p", officer=officers.decider, at=at)
    head = archive.load(THEIRS, home="IR").head
    bring(node, peer.say(Kind.WITHDRAWN, THEIRS, {"reasons": "x"}, after=head)[0], at)
    assert worked(node, job).status == "failed"
    assert kept(node) == []


def test_a_failed_disclosure_is_ordered_again(node, peer, officers, at, delivery, monkeypatch):
    """A bag that was not recorded does not stay on the shelf, and the next order makes another."""
    ordered(node, peer, officers, at)
    execute(node, officers, at)
    real = evidence._finish
    monkeypatch.setattr(evidence, "_finish", lambda job: (_ for _ in ()).throw(ComityError("no", code="test.no")))
    job = disclose(node, officers, at)
    assert (job.status, job.code, len(kept(node)), stage(node)) == ("failed", "test.no", 2, "executed")
    monkeypatch.setattr(evidence, "_finish", real)
    write = bag.write
    monkeypatch.setattr(bag, "write", lambda *a, **k: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    job = disclose(node, officers, at)
    assert (job.status, len(kept(node))) == ("waiting", 2)
    monkeypatch.setattr(bag, "write", write)
    models.Job.objects.filter(pk=job.pk).update(attempts=6)
    assert worked(node, job).status == "done"
    assert (stage(node), models.Container.objects.count(), len(kept(node))) == ("disclosed", 1, 3)


def test_two_cases_blobs_exchanged(node, peer, officers, at):
    """When two cases' blobs are exchanged in the vault, neither State is sent the other case's evidence."""
    blobs = []
    for number in ("1", "2"):
        reference = f"VN-2026-000{number}"
        ordered(node, peer, officers, at, reference)
        (node.intake / number).write_bytes(b"evidence of case " + number.encode())
        execute(node, officers, at, reference, number)
        blobs.append(models.Holding.objects.get(case=reference).exhibits_blob)
    one, two = (node.home / "vault" / blob for blob in blobs)
    one.rename(one.with_name(".aside"))
    two.rename(one)
    one.with_name(".aside").rename(two)
    assert disclose(node, officers, at).code == "stream.chunk"
    assert (stage(node), list(node.shelf.iterdir())) == ("executed", [])
    assert not models.Container.objects.exists()


def test_other_bytes_under_the_same_label(node, peer, officers, at, delivery, vault):
    """Bytes that are genuine but not those of the manifest, an earlier attempt's for instance, are not disclosed."""
    ordered(node, peer, officers, at)
    execute(node, officers, at)
    holding = models.Holding.objects.get()
    other = vault.put([b"firsTsecondthird"], f"{THEIRS}/exhibits")
    (node.home / "vault" / other).rename(node.home / "vault" / holding.exhibits_blob)
    assert disclose(node, officers, at).code == "bag.digest"
    assert (stage(node), list(node.shelf.iterdir())) == ("executed", [])


def test_a_manifest_of_another_case_in_the_vault(node, peer, officers, at, delivery, vault, monkeypatch):
    """A manifest that names another case is not sealed, even when the database was changed to name it."""
    ordered(node, peer, officers, at)
    execute(node, officers, at)
    holding = models.Holding.objects.get()
    data = bag.manifest_bytes(Manifest("VN-2026-0009", "p", (), (), (), exercise=True))
    blob = vault.put([data], f"{THEIRS}/manifest")
    models.Holding.objects.update(manifest_blob=blob)
    assert disclose(node, officers, at).code == "vault.manifest"
    models.Holding.objects.update(manifest=canon.content_id(data))
    assert disclose(node, officers, at).code == "vault.manifest"
    models.Holding.objects.update(manifest=holding.manifest, manifest_blob=holding.manifest_blob)
    with monkeypatch.context() as patch:
        patch.setattr(bag, "read_manifest", lambda _, real=bag.read_manifest: real(data))
        assert disclose(node, officers, at).code == "vault.manifest"
    assert disclose(node, officers, at).status == "done"


def test_the_sweep_removes_what_no_row_names(node, peer, officers, at, delivery, vault):
    """Blobs and bags that a killed process left go; what is held, disclosed, exported or being collected stays."""
    ordered(node, peer, officers, at)
    execute(node, officers, at)
    disclose(node, officers, at)
    for name in ("VN-2026-0001.case.asice", "c" * 64 + ".collecting"):
        (node.shelf / name).write_bytes(b"")
    before = kept(node)
    blob = vault.put([b"personal data"], f"{THEIRS}/exhibits")
    (node.shelf / f"{'d' * 64}.asice").write_bytes(b"")
    assert evidence.sweep(node) == [blob, "d" * 64]
    assert kept(node) == before
    assert evidence.sweep(node) == []


# ------------------------------------------------------------------------------------------------------- collecting


@pytest.fixture
def line(monkeypatch):
    """What the peer answers to who collects, in pieces of four bytes: [bytes], [starts]."""
    answers, starts = [b""], []

    def collect(self, path, start, *, at):
        starts.append(start)
        return answers[0][start : start + 4]

    monkeypatch.setattr(Line, "collect", collect)
    return answers, starts


def test_what_was_renamed_is_not_fetched_again(node, peer, officers, at, line):
    """A process killed after it moved the whole container to its place finds it done."""
    job = disclosed(node, peer, at, accepted(node, peer, officers, at), b"0123456789")
    (node.shelf / f"{sha(b'0123456789')}.asice").write_bytes(b"0123456789")
    assert worked(node, job).status == "done"
    assert line[1] == []
    assert kept(node) == [f"{sha(b'0123456789')}.asice"]
    assert models.Container.objects.get().complete


@pytest.mark.parametrize("name", [".asice", ".collecting"])
def test_wrong_bytes_are_thrown_away(node, peer, officers, at, line, name):
    """Bytes of another digest, or too many, are thrown away whatever their file is called, and collected anew."""
    job = disclosed(node, peer, at, accepted(node, peer, officers, at), b"0123456789")
    (node.shelf / f"{sha(b'0123456789')}{name}").write_bytes(b"0123456780")
    line[0][0] = b"0123456789"
    job = worked(node, job)
    assert (job.status, job.code, kept(node)) == ("waiting", "collect.digest", [])
    assert worked(node, job).status == "done"
    assert line[1] == [0, 4, 8]


def test_collecting_needs_room_for_the_rest_only(node, peer, officers, at, line, monkeypatch):
    """What is here already takes no room a second time."""
    job = disclosed(node, peer, at, accepted(node, peer, officers, at), b"0123456789")
    free = type("Usage", (), {"free": evidence._SPARE + 4})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    with pytest.raises(Unreachable):
        evidence.collecting(node, job)
    (node.shelf / f"{sha(b'0123456789')}.collecting").write_bytes(b"012345")
    assert evidence.collecting(node, job)[1].stat().st_size == 6
    (node.shelf / f"{sha(b'0123456789')}.collecting").write_bytes(b"0123456789")
    free.free = 0
    assert evidence.collecting(node, job)[1].stat().st_size == 10


# -------------------------------------------------------------------------------------------------- what came back


# What is wrong with a bag that came back -> the code of the refusal.
BAGS = [
    ("nothing", {}, ""),
    ("another case outside", {"outside": {"case": "IR-2026-0007"}}, "verify.case"),
    ("another case inside", {"manifest": {"case": "IR-2026-0007"}}, "bag.manifest"),
    ("another case throughout", {"outside": {"case": "IR-2026-0007"}, "manifest": {"case": "IR-2026-0007"},
                                 "act": {"case": "IR-2026-0007"}}, "verify.case"),
    ("taken in for another case", {"act": {"case": "IR-2026-0007"}}, "bag.executed"),
    ("another manifest taken in", {"act": {"body": {"manifest": "c" * 64}}}, "bag.executed"),
    ("more files taken in", {"act": {"body": {"files": 3}}}, "verify.manifest"),
    ("more bytes taken in", {"act": {"body": {"bytes": 12}}}, "verify.manifest"),
    ("more files announced", {"said": {"files": 3}}, "verify.manifest"),
    ("another manifest announced", {"said": {"manifest": "c" * 64}}, "verify.manifest"),
    ("other conditions", {"manifest": {"conditions": ()}}, "verify.manifest"),
    ("intelligence outside", {"outside": {"use": "intelligence"}}, "verify.case"),
    ("announced as intelligence", {"said": {"use": "intelligence"}}, "verify.case"),
    ("intelligence throughout", {"outside": {"use": "intelligence"}, "said": {"use": "intelligence"}}, ""),
    ("in earnest outside", {"outside": {"exercise": False}}, "verify.case"),
    ("in earnest inside", {"manifest": {"exercise": False}}, "bag.manifest"),
    ("another act", {"act": {"kind": Kind.CLOSED, "whole": {"note": ""}}}, "bag.executed"),
    ("no place in the log", {"proof": {"index": 1}}, "proof.range"),
    ("another path in the log", {"proof": {"path": ["00" * 32]}}, "proof.inclusion"),
    ("no head of the log", {"proof": {"note": ""}}, "checkpoint.form"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in BAGS], ids=[row[0] for row in BAGS])
def test_what_came_back_is_this_cases(changes, expected, node, peer, officers, at):
    """Only a bag whose cover, manifest, act and log all speak of this very case and these very exhibits is verified."""
    data, said = sealed(node, peer, at, **changes)
    job = disclosed(node, peer, at, accepted(node, peer, officers, at), data, **said)
    evidence.collecting(node, job)[1].write_bytes(data)
    evidence.collected(node, job)
    job = worked(node, requesting.verify(node, OURS, officer=officers.all, at=at))
    assert (job.code, stage(node, OURS)) == (expected, "disclosed" if expected else "verified")


def test_another_log_than_the_pinned_one(node, peer, officers, at):
    """The proof counts only under the log key that was pinned with the sender's entry."""
    head = checkpoint.Checkpoint(peer.log.name, 1, b"r" * 32)
    data, said = sealed(node, peer, at, proof={"note": checkpoint.signed(head, peer.witness)})
    job = disclosed(node, peer, at, accepted(node, peer, officers, at), data, **said)
    evidence.collecting(node, job)[1].write_bytes(data)
    evidence.collected(node, job)
    job = worked(node, requesting.verify(node, OURS, officer=officers.all, at=at))
    assert (job.code, stage(node, OURS)) == ("checkpoint.signature", "disclosed")
