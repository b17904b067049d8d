"""A node whose database is an older copy: its peer gives back what it lost, its own acts and the other State's."""

import re
import shutil
import sqlite3
from pathlib import Path

import warm

from comity.demo import story
from comity.verify import Verdict, verify_file


def copied(source: Path, target: Path) -> None:
    """A backup of a database in use."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def witnessed(home: Path) -> bool:
    """Whether every receipt that this node got is proved under a head that a witness has seen."""
    with sqlite3.connect(f"file:{home}/db.sqlite3?mode=ro", uri=True) as base:
        found = base.execute("select count(*) from node_departure where not witnessed").fetchone()[0]
    base.close()
    return found == 0


def unproved(path: Path) -> set[str]:
    """The checks that an exported case does not pass."""
    return {name for name, (verdict, _) in verify_file(path).verdicts.items() if verdict is not Verdict.PASSED}


CASE = "IR-2026-0002"


class SetBack:
    """Copies Iran's database before a step of the story, and puts the copy back after another one."""

    def __init__(self, backup: Path) -> None:
        self._backup, self.done, self.first = backup, False, ""

    def __call__(self, stage, name: str) -> None:
        """Called before and after each step."""
        iran = stage.nodes["IR"]
        if name == f"before approve {CASE}" and not self._backup.exists():
            copied(iran.home / "db.sqlite3", self._backup)
        if name == f"arrived accepted {CASE}" and not self.done:
            self.done = True
            stage.until(
                "witnessed", lambda: witnessed(stage.nodes["VN"].home)
            )  # what nobody saw before is lost with the log
            self._put_back(iran)
            officer = stage.officer("rahimi")
            self.first = stage.until("up", lambda: officer.proposed_reference("stored-data"))
            stage.until("taken back", lambda: (officer.read(CASE) or {}).get("stage") == "accepted")
            self._corrects(iran)

    @staticmethod
    def _corrects(iran) -> None:
        """The operator lists what was noted, and corrects it, as if the clock had been wrong, while the node runs."""
        first = warm.node("restores", iran.home)
        name, why = first.stdout.split(":")[0], first.stdout.rstrip().rpartition(": ")[2]
        assert re.fullmatch(r"conversation\.back (VN|QA)|witness\.ahead QA", why)
        said = ("--by", "S. Karimi", "--because", "The clock was wrong.")
        warm.node("restored", iran.home, "--instead", name, *said).check_returncode()
        assert f"by S. Karimi, instead of {name}: The clock was wrong." in warm.node("restores", iran.home).stdout
        again = warm.node("restored", iran.home, "--instead", name, *said)
        assert (again.returncode, "restore.unknown" in again.stderr) == (2, True)
        assert "serve.twice" in warm.node("restored", iran.home, *said).stderr

    def _put_back(self, iran) -> None:
        """As docs/OPERATIONS.md says: the older database, and a new log; `log.size` is older too, so nothing here shows it."""
        iran.stop()
        for path in iran.home.glob("db.sqlite3*"):
            path.unlink()
        shutil.copy(self._backup, iran.home / "db.sqlite3")
        warm.node("rotate", iran.home, "log", "--name", "comity.ir/log-2").check_returncode()
        with sqlite3.connect(iran.home / "db.sqlite3") as base:
            (size,) = base.execute("select size from node_loghead").fetchone()
        base.close()
        (iran.home / "log.size").write_text(f"{size}")
        iran.start()


def hand_out(stage, reference: str, out: Path, _evidence: Path) -> bool:
    """Export both cases until they prove all that can be proved: Iran's letter was lost too."""
    for state, username, lost in (("IR", "rahimi", {"history", "letter"}), ("VN", "tran", set())):
        path = out / state / "case.asice"
        path.parent.mkdir(parents=True)

        def exported(path=path, username=username, lost=lost) -> bool:
            stage.officer(username).download(f"/cases/{reference}/export", path)
            return unproved(path) <= lost

        stage.until("exported", exported)
    return True


def test_a_restored_node_takes_back_what_it_lost(tmp_path, monkeypatch):
    """Iran's database is set back behind a request, a question and an answer: both States' acts come back, and the story ends.

    The internal steps that were lost stay lost, and the exported case says so.
    """
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "mail.eml").write_bytes(b"Subject: x\r\n\r\ntext")
    seen, told, out, hook = {}, story._tell, tmp_path / "out", SetBack(tmp_path / "backup.sqlite3")

    def tell(stage):
        both = told(stage)
        for state, username in (("IR", "rahimi"), ("VN", "tran")):
            case = stage.until("read", lambda u=username: stage.officer(u).read(CASE))
            seen[state] = [act["kind"] for act in case["acts"]]
        return both

    monkeypatch.setattr(story, "_tell", tell)
    monkeypatch.setattr(story, "_hand_out", hand_out)
    ended = story.play(once=True, evidence=tmp_path / "given", out=out, seed=1, home=tmp_path / "home", hook=hook)
    assert hook.done
    assert ended == 0
    assert re.fullmatch(r"IR-\d{4}-\d{8}", hook.first)  # already the first one that an officer saw after the start
    crossing = ["requested", "asked", "supplemented", "accepted"]
    ends = ["agreed", "disclosed", "verified", "released", "closed", "closed"]
    assert seen["IR"] == ["drafted", "checked", *crossing, *ends]
    assert [kind for kind in seen["VN"] if kind in crossing] == crossing
    assert unproved(out / "IR" / "case.asice") == {"history", "letter"}
    verdicts = verify_file(out / "IR" / "case.asice").verdicts
    assert verdicts["history"][0] is verdicts["letter"][0] is Verdict.UNDETERMINED
    assert verify_file(out / "VN" / "case.asice").passed
