"""The main job as a newcomer runs it, and what its files prove: one exercise for this whole module."""

import copy
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from comity.seal import canon, container, envelope
from comity.seal.container import CadesKey, open_container
from comity.seal.keys import SigningKey, read_key, read_secret
from comity.verify import CHECKS, Verdict, verify_file, verify_letter
from comity.wire import dossier, messages

COMITY = str(Path(sys.executable).with_name("comity"))
FLIPS = 300  # random single-byte changes of each exported file


def comity(*arguments: str) -> subprocess.CompletedProcess:
    """Run the command line as a person does."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COMITY_HOME", "DJANGO"))}
    return subprocess.run(
        [COMITY, *arguments], capture_output=True, text=True, timeout=400, check=False, env=clean | {"COLUMNS": "200"}
    )


def provider_data(folder: Path) -> Path:
    """A delivery with everything that names and files can be: several hundred files, a few megabytes."""
    rng = random.Random(5)
    for name in ("inbox", "صندوق ورودی", "Hộp thư", "deep/er/still"):
        (folder / name).mkdir(parents=True)
        for number in range(80):
            (folder / name / f"{number:03} پیام.eml").write_bytes(rng.randbytes(rng.randrange(0, 9000)))
    (folder / "empty").mkdir()
    (folder / "none.txt").write_bytes(b"")
    (folder / "big.bin").write_bytes(rng.randbytes((3 << 20) + 17))
    Path(os.fsdecode(os.fsencode(folder) + b"/not-utf8-\xff\xfe.dat")).write_bytes(b"x")
    (folder / "link-inside").symlink_to("inbox/000 پیام.eml")
    (folder / "link-outside").symlink_to("/etc/passwd")
    (folder / "link-nowhere").symlink_to("gone")
    return folder


@pytest.fixture(scope="module")
def exercise(tmp_path_factory):
    """One exercise with its output folder, its nodes' homes and what it printed."""
    root = tmp_path_factory.mktemp("exercise")
    given = provider_data(root / "given")
    done = comity("demo", "--once", "--evidence", str(given), "--out", str(root / "out"), "--home", str(root / "home"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root, done.stdout


def files(root: Path) -> list[Path]:
    """The files that the exercise leaves and that `comity verify` takes by themselves."""
    return [root / "out" / "IR" / "case.asice", root / "out" / "VN" / "case.asice", root / "out" / "evidence.asice"]


def test_it_says_that_it_is_an_exercise_and_shows_each_step(exercise):
    """The band, every step with who did it and its place in the log, and the table at the end."""
    said = exercise[1]
    assert said.startswith("EXERCISE.")
    for words in (
        "asks for more information (40(16))",
        "authorises the search (Art. 24)",
        "log VN #",
        "log IR #",
        "seconds",
    ):
        assert words in said


def test_each_file_verifies_with_exit_code_0(exercise):
    """`comity verify` on both cases, the evidence and the letter: all passed, every check named."""
    for path in files(exercise[0]):
        done = comity("verify", str(path))
        assert (done.returncode, "all passed" in done.stdout) == (0, True), done.stdout
        for name in ("container", "manifest", "hashes", "ed25519", "ml-dsa-65", "inclusion", "witness"):
            assert f"passed       {name}" in done.stdout
        assert "EXERCISE" in done.stdout
    letter = exercise[0] / "out" / "IR" / "letter.pdf"
    assert letter.read_bytes().startswith(b"%PDF")
    assert comity("verify", str(letter)).returncode == 0


def test_pinned_entries_say_whose_keys_they_are(exercise):
    """With the true entries pinned all passes; with another State's entry in its place it fails."""
    root = exercise[0]
    pins = [part for state in ("IR", "VN", "QA") for part in ("--pin", str(root / "home" / state / "entry.json"))]
    case = str(files(root)[0])
    assert comity("verify", case, *pins).returncode == 0
    done = comity("verify", case, *pins[:2])
    assert (done.returncode, "failed       directory" in done.stdout) == (1, True)


def same_tree(left: Path, right: Path) -> list[bytes]:
    """Paths below `left` that are not the same, bytes and names, below `right`."""
    wrong = []
    for folder, folders, names in os.walk(os.fsencode(left)):
        for name in [*names, *(item for item in folders if os.path.islink(os.path.join(folder, item)))]:
            one = os.path.join(folder, name)
            two = os.path.join(os.fsencode(right), os.path.relpath(one, os.fsencode(left)))
            if os.path.islink(one) or os.path.islink(two):
                if not (os.path.islink(two) and os.readlink(one) == os.readlink(two)):
                    wrong.append(one)
            elif not os.path.exists(two) or Path(os.fsdecode(one)).read_bytes() != Path(os.fsdecode(two)).read_bytes():
                wrong.append(one)
    return wrong


def test_unpacked_evidence_is_byte_for_byte_what_went_in(exercise, tmp_path):
    """Every file, also with names that are no UTF-8, and links inside; a link that leads outside is named, not made."""
    root = exercise[0]
    done = comity(
        "unpack",
        str(root / "out" / "evidence.asice"),
        str(tmp_path / "un"),
        "--key",
        str(root / "out" / "IR" / "evidence.key"),
    )
    assert done.returncode == 0, done.stderr
    assert same_tree(root / "given", tmp_path / "un") == [os.fsencode(root / "given" / "link-outside")]
    assert (tmp_path / "un" / "empty").is_dir()
    assert "link-outside" in done.stdout
    assert "Condition of use" in done.stdout


def test_another_key_unpacks_nothing(exercise, tmp_path):
    """A wrong content key: refused with a reason, and no folder is left under the final name."""
    key = tmp_path / "wrong.key"
    key.write_bytes(canon.dumps({"comity": "content-key/1", "case": "IR-2026-0002", "key": "00" * 32}))
    done = comity("unpack", str(files(exercise[0])[2]), str(tmp_path / "un"), "--key", str(key))
    assert (done.returncode, (tmp_path / "un").exists()) == (2, False)
    assert "stream.chunk" in done.stderr


@pytest.mark.parametrize("which", [0, 1, 2])
def test_any_single_changed_byte_is_found_and_the_failed_check_named(exercise, tmp_path, which):
    """Hundreds of random places of each exported file, each changed by a random value: never passed, a check named."""
    data = bytearray(files(exercise[0])[which].read_bytes())
    rng, changed = random.Random(which), tmp_path / "changed.asice"
    small = [rng.randrange(min(len(data), 3000)) for _ in range(40)] + [
        len(data) - 1 - rng.randrange(2500) for _ in range(40)
    ]
    for place in [*small, *(rng.randrange(len(data)) for _ in range(FLIPS - 80))]:
        before = data[place]
        data[place] = before ^ rng.randrange(1, 256)
        changed.write_bytes(data)
        report = verify_file(changed)
        data[place] = before
        failed = [name for name, (verdict, _) in report.verdicts.items() if verdict is Verdict.FAILED]
        assert failed, f"byte {place} changed and nothing failed"
        assert not report.passed
        assert set(failed) <= set(CHECKS)


def test_any_single_changed_byte_of_the_letter_is_found(exercise, tmp_path):
    """The letter is held to the digest in the signed request."""
    root = exercise[0]
    data, rng = bytearray((root / "out" / "IR" / "letter.pdf").read_bytes()), random.Random(9)
    for _ in range(25):
        place = rng.randrange(len(data))
        data[place] ^= 0x20
        (tmp_path / "letter.pdf").write_bytes(data)
        data[place] ^= 0x20
        report = verify_letter(tmp_path / "letter.pdf", files(root)[0])
        assert report.verdicts["letter"][0] is Verdict.FAILED


def test_a_truncated_or_lengthened_file_is_refused(exercise, tmp_path):
    """Cut anywhere, or with bytes added: the container check fails, with exit code 1."""
    data = files(exercise[0])[0].read_bytes()
    for number, changed in enumerate((data[:-1], data[: len(data) // 2], data[:10], b"", data + b"\0", b"\0" + data)):
        path = tmp_path / f"{number}.asice"
        path.write_bytes(changed)
        assert comity("verify", str(path)).returncode == 1 if number < 2 else not verify_file(path).passed


def _resigned(root: Path, tmp_path: Path, change) -> Path:
    """Iran's exported case, changed and signed anew with Iran's own keys: what a lying State can make of its history."""
    keys = root / "home" / "IR" / "keys"
    signing = read_key(keys / "signing.key")
    assert isinstance(signing, SigningKey)
    cades = CadesKey.load(read_secret(keys / "cades.key"), (keys / "cades.crt").read_bytes())
    with open_container(files(root)[0]) as opened:
        parts = [(name, opened.read(name, limit=1 << 28)) for name in opened.files()]
    said = canon.loads(parts[0][1], limit=1 << 28)
    parts = change(said, parts) or parts
    path = tmp_path / "resigned.asice"
    container.write(
        path, [(dossier.NAME, canon.dumps(said)), *parts[1:]], cades=cades, at=datetime.now(UTC),
        seal=lambda listing: envelope.sign("container", listing, sender="IR", to="", key=signing),
    )  # fmt: skip
    return path


def test_a_resigned_but_unchanged_case_passes(exercise, tmp_path):
    """The attack's tool itself is sound: without a change its file passes."""
    assert verify_file(_resigned(exercise[0], tmp_path, lambda said, parts: None)).passed


def test_a_state_cannot_drop_or_reorder_the_acts_of_its_history(exercise, tmp_path):
    """Every act but the last dropped, every pair of neighbours swapped, signed anew by Iran itself: never passed.

    But for a release: nothing stands on that note of one's own, so without it, or later, the rest is a possible life. It is
    found by its absence in the log only.
    """
    root = exercise[0]
    with open_container(files(root)[0]) as opened:
        whole = canon.loads(opened.read(dossier.NAME, limit=1 << 28), limit=1 << 28)
    survivors, released = [], []
    for number, case in enumerate(whole["cases"]):
        kinds = [canon.loads(canon.unb64(canon.loads(canon.unb64(act["statement"]), limit=1 << 24)["payload"]), limit=1 << 24)
                 ["act"] for act in case["acts"]]  # fmt: skip
        for place in range(len(case["acts"]) - 1):
            if kinds[place] == "released":
                released.append(place)
                continue

            def drop(said, parts, number=number, place=place):
                del said["cases"][number]["acts"][place]

            def swap(said, parts, number=number, place=place):
                acts = said["cases"][number]["acts"]
                acts[place], acts[place + 1] = acts[place + 1], acts[place]

            survivors += [(number, place, change.__name__) for change in (drop, swap)
                          if verify_file(_resigned(root, tmp_path, change)).passed]  # fmt: skip
    assert (survivors, len(released)) == ([], 1)


def test_receipts_and_proofs_cannot_be_exchanged(exercise, tmp_path):
    """A receipt of another act, none at all, or a proof of another entry: found."""

    def crossing(said):
        return [act for case in said["cases"] for act in case["acts"] if act["receipt"]]

    def exchanged(said, parts):
        one, two = crossing(said)[:2]
        one["receipt"], two["receipt"] = two["receipt"], one["receipt"]

    def missing(said, parts):
        crossing(said)[0]["receipt"] = None

    def other_proof(said, parts):
        acts = said["cases"][0]["acts"]
        acts[0]["proof"] = copy.deepcopy(acts[1]["proof"])

    def unwitnessed(said, parts):
        for case in said["cases"]:
            for act in case["acts"]:
                note = act["proof"]["note"]
                act["proof"]["note"] = "".join(
                    line for line in note.splitlines(keepends=True) if "/witness" not in line
                )

    expected = {exchanged: "receipts", missing: "receipts", other_proof: "inclusion"}
    for change, name in expected.items():
        report = verify_file(_resigned(exercise[0], tmp_path, change))
        assert report.verdicts[name][0] is Verdict.FAILED, change.__name__
    report = verify_file(_resigned(exercise[0], tmp_path, unwitnessed))
    assert report.verdicts["witness"][0] is Verdict.UNDETERMINED
    assert not report.passed


@pytest.mark.parametrize(("hours", "verdict"), [(-2, Verdict.UNDETERMINED), (48, Verdict.FAILED)])
def test_a_receipt_that_is_older_than_its_act_shows_a_wrong_clock_and_no_forger(exercise, monkeypatch, hours, verdict):
    """Which of two clocks was wrong no file can show; a receipt from after the file is false."""
    read = messages.read_receipt

    def shifted(*given):
        found = read(*given)
        return replace(found, at=found.at + timedelta(hours=hours))

    monkeypatch.setattr(messages, "read_receipt", shifted)
    report = verify_file(files(exercise[0])[0])
    wrong = {name: found for name, (found, _) in report.verdicts.items() if found is not Verdict.PASSED}
    assert wrong.pop("receipts") is verdict
    assert not report.passed
    assert not wrong or verdict is Verdict.FAILED


def test_what_a_lying_state_can_resign_is_not_passed(exercise, tmp_path):
    """The exercise made earnest, a case listed twice, the linked case left out: signed anew by Iran, never passed."""

    def earnest(said, parts):
        said["exercise"] = False

    def twice(said, parts):
        fragment = copy.deepcopy(said["cases"][0])
        del fragment["acts"][3:]
        said["cases"].insert(0, fragment)

    def unlinked(said, parts):
        del said["cases"][0]
        return [part for part in parts if "0001" not in part[0]]

    expected = {
        earnest: ("acts", Verdict.FAILED),
        twice: ("acts", Verdict.FAILED),
        unlinked: ("history", Verdict.UNDETERMINED),
    }
    for change, (name, verdict) in expected.items():
        report = verify_file(_resigned(exercise[0], tmp_path, change))
        assert report.verdicts[name][0] is verdict, (change.__name__, report.verdicts)
        assert not report.passed


def test_nothing_is_unpacked_from_a_bag_that_was_repacked(exercise, tmp_path):
    """The same parts in a container that another key signed: refused, no folder is made."""
    root = exercise[0]
    stranger = SigningKey.generate()
    cades = CadesKey.load(read_secret(root / "home" / "IR" / "keys" / "cades.key"),
                          (root / "home" / "IR" / "keys" / "cades.crt").read_bytes())  # fmt: skip
    with open_container(files(root)[2]) as opened:
        parts = [(name, opened.read(name, limit=1 << 28)) for name in opened.files()]
    container.write(
        tmp_path / "repacked.asice", parts, cades=cades, at=datetime.now(UTC),
        seal=lambda listing: envelope.sign("container", listing, sender="VN", to="IR", key=stranger),
    )  # fmt: skip
    key = str(root / "out" / "IR" / "evidence.key")
    done = comity("unpack", str(tmp_path / "repacked.asice"), str(tmp_path / "un"), "--key", key)
    assert (done.returncode, (tmp_path / "un").exists()) == (2, False)
    assert "unpack.failed" in done.stderr


def test_bad_arguments_are_refused_before_anything_starts(tmp_path):
    """A folder that is not there, and one that is not empty: one clear sentence, exit code 2."""
    done = comity("demo", "--once", "--evidence", str(tmp_path / "gone"))
    assert (done.returncode, "There is no file or folder" in done.stderr) == (2, True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    done = comity("demo", "--once", "--out", str(tmp_path / "full"))
    assert (done.returncode, "not an empty folder" in done.stderr) == (2, True)
    assert comity("verify", str(tmp_path / "gone")).returncode == 2
