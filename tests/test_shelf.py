"""Law books kept by their hash: a check can be made again with the books of its day, and with no others."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest
from lawroom import BOOKS

from comity.casework.measure import Measure
from comity.casework.request import Offence, Request
from comity.errors import Invalid
from comity.law import shelf
from comity.law.assess import assess
from comity.law.book import default_folder, load

ON = date(2026, 11, 24)
REQUEST = Request(
    "IR-2026-0001",
    "IR",
    "VN",
    Measure.STORED_DATA,
    facts="x",
    language="fa",
    offence=Offence("uncc:13", "fraud", "IR-CCA:13"),
)
CHECK = assess(REQUEST, BOOKS, on=ON, side="requesting")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A shelf with the books of `CHECK`."""
    shelf.keep(tmp_path / "shelf", BOOKS, CHECK)
    return tmp_path / "shelf"


def test_the_same_check_years_later(kept: Path, tmp_path: Path) -> None:
    """After the books of the node have changed, the books of that day still give the findings of that day."""
    folder = copytree(default_folder(), tmp_path / "changed")
    book = folder / "states" / "VN.toml"
    book.write_text(book.read_text("utf-8").replace('tag = "vi"', 'tag = "fa"'), "utf-8")
    today = assess(REQUEST, load(folder), on=ON, side="requesting")
    assert today.books != CHECK.books
    assert today.findings != CHECK.findings
    assert shelf.replay(kept, REQUEST, CHECK) == CHECK


def test_only_what_was_asked_is_kept(kept: Path) -> None:
    """All instruments and the two States' books, each once, each under its hash; keeping again changes nothing."""
    names = {path.name for path in kept.iterdir()}
    assert names == {f"{digest}.toml" for _, digest in CHECK.books}
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    shelf.keep(kept, BOOKS, CHECK)
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == before


def test_another_request_gives_another_answer(kept: Path) -> None:
    """A replay that cannot fail would prove nothing."""
    assert shelf.replay(kept, replace(REQUEST, facts=""), CHECK) != CHECK


def test_a_book_that_is_missing(kept: Path) -> None:
    """The error says which book, and what file it is."""
    name, digest = next(item for item in CHECK.books if item[0] == "VN")
    (kept / f"{digest}.toml").unlink()
    with pytest.raises(Invalid) as caught:
        shelf.replay(kept, REQUEST, CHECK)
    assert caught.value.code == "shelf.missing"
    assert name in str(caught.value)
    assert digest in str(caught.value)


def test_a_book_that_was_changed(kept: Path) -> None:
    """One changed byte is named, not used."""
    place = kept / f"{dict(CHECK.books)['uncc']}.toml"
    place.write_bytes(place.read_bytes() + b"\n")
    with pytest.raises(Invalid) as caught:
        shelf.replay(kept, REQUEST, CHECK)
    assert caught.value.code == "shelf.changed"


def test_a_kill_while_keeping_leaves_nothing_half_done(tmp_path: Path) -> None:
    """A draft that a kill left behind is no book, and is no hindrance."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    digest = dict(CHECK.books)["uncc"]
    (folder / f".{digest}.1").write_bytes(b"half")
    shelf.keep(folder, BOOKS, CHECK)
    assert shelf.replay(folder, REQUEST, CHECK) == CHECK


def test_on_the_command_line(kept: Path, tmp_path: Path) -> None:
    """The same findings end with 0, others with 1 and their names, a shelf without the books with 2."""
    request, check = tmp_path / "request.json", tmp_path / "check.json"
    request.write_text(json.dumps(REQUEST.to_dict()), "utf-8")
    check.write_text(json.dumps(CHECK.to_dict()), "utf-8")

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        comity = Path(sys.executable).with_name("comity")
        command = [comity, "law", "replay", request, check, "--shelf", folder]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    same = run(kept)
    assert (same.returncode, same.stderr) == (0, "")
    request.write_text(json.dumps(replace(REQUEST, facts="").to_dict()), "utf-8")
    other = run(kept)
    assert other.returncode == 1
    assert "content.missing" in other.stdout
    assert run(tmp_path).returncode == 2
