"""The story of the exercise, told through the officers' own pages.

A phishing ring empties accounts of Iranian bank customers; its mailbox lies with a provider in Viet Nam. Each step is done by
an officer at his page and repeated until the case shows it, so that a node may be killed at any moment: it is started again,
and the story goes on.
"""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.table import Table

from comity.demo import cast, mailbox, nodes
from comity.demo.nodes import Node
from comity.demo.officer import Fields, Officer
from comity.errors import Invalid, Unreachable
from comity.seal import canon
from comity.verify import verify_file, verify_letter
from comity.wire import bag

_PATIENCE = 300.0  # seconds without any progress after which the story gives up
Hook = Callable[["Stage", str], None]


def _no_hook(stage: Stage, name: str) -> None:
    """Nothing happens beside the story."""


@dataclass
class Done:
    """A step that was done, for the table at the end."""

    state: str
    who: str
    what: str
    seconds: float
    place: str


@dataclass
class Stage:
    """Everything the story needs at hand.

    Args:
        console: where progress is shown.
        nodes: the three nodes by State.
        hook: called with this and a step's name before it is done and after: tests kill nodes there.
        done: what happened so far.
    """

    console: Console
    nodes: dict[str, Node]
    hook: Hook = _no_hook
    done: list[Done] = field(default_factory=list)
    desks: dict[str, Officer] = field(default_factory=dict)

    def officer(self, username: str) -> Officer:
        """The session of an officer, opened once."""
        if username not in self.desks:
            node = next(node for node in self.nodes.values() if any(p.username == username for p in node.people))
            self.desks[username] = Officer(node, username)
        return self.desks[username]

    def revive(self) -> None:
        """Start again whatever node is not running."""
        for node in self.nodes.values():
            if not node.alive():
                self.console.print(f"[yellow]  the node of {node.state} is not running; it is started again[/]")
                node.start()

    def until(self, what: str, look: Callable[[], Any], status: Status | None = None) -> Any:
        """Look again and again until `look` gives something; nodes that are down are started again meanwhile."""
        shown, still, waited = "", time.monotonic(), 0.05
        while True:
            try:
                found = look()
            except Unreachable as error:
                found, shown_now = None, str(error)
            else:
                shown_now = status.status if status and isinstance(status.status, str) else ""
            if found:
                return found
            if shown_now != shown:
                shown, still = shown_now, time.monotonic()
            if time.monotonic() - still > _PATIENCE:
                raise Unreachable(
                    f"{what}: nothing happened for {_PATIENCE:.0f} seconds. {shown}", code="demo.patience"
                )
            self.revive()
            time.sleep(waited)
            waited = min(waited * 1.5, 0.5)


@contextmanager
def _running(stage: Stage) -> Iterator[None]:
    """The nodes run while this lasts; then sessions are closed and nodes stopped."""
    try:
        for node in stage.nodes.values():
            node.start()
        yield
    finally:
        for desk in stage.desks.values():
            desk.close()
        for node in stage.nodes.values():
            node.stop()


def _step(stage: Stage, username: str, reference: str, verb: str, what: str, fields: Fields | None = None,
          *, path: str = "", kind: str, times: int = 1) -> None:  # fmt: skip
    """One officer does one thing: fills in the form of `verb` until the case shows the act `kind` for the `times`-th time.

    Args:
        stage: the story's.
        username: who does it.
        reference: in which case.
        verb: the form.
        what: in words, for the table.
        fields: what is filled in.
        path: of the form, where it is not ``/cases/<reference>/<verb>``.
        kind: the act by which the case shows that it was done.
        times: how many such acts there are then.
    """
    officer, began = stage.officer(username), time.monotonic()
    stage.hook(stage, f"before {verb} {reference}")
    with stage.console.status(f"{officer.node.state}: {what}") as status:
        errand = Errand(reference, path or f"/cases/{reference}/{verb}", fields or {}, kind, times)
        act = stage.until(what, lambda: _did(officer, errand, status), status)
    stage.hook(stage, f"after {verb} {reference}")
    place = f"log {officer.node.state} #{act['entry']}" if act.get("entry") is not None else ""
    _note(stage, officer, what, began, place)


@dataclass(frozen=True)
class Errand:
    """What an officer is to do: fill in the form at `path` until the case shows `kind` for the `times`-th time."""

    reference: str
    path: str
    fields: Fields
    kind: str
    times: int


def _did(officer: Officer, errand: Errand, status: Status) -> dict[str, Any] | None:
    """The act, if the case shows it; else fill in the form, unless the work that it orders is going on already."""
    case, home = officer.read(errand.reference), officer.node.state
    acts = [act for act in (case or {}).get("acts", ()) if act["kind"] == errand.kind and act["by"] == home]
    if len(acts) >= errand.times:
        found: dict[str, Any] = acts[errand.times - 1]
        return found
    waiting = [job for job in (case or {}).get("jobs", ()) if job["status"] == "waiting"]
    if waiting:
        job = waiting[-1]
        share = f" {100 * job['done'] // job['total']} %" if job["total"] else ""
        status.update(f"{officer.node.state}: {job['kind']}{share} {job['trouble']}")
        return None
    _failed_job(case)
    officer.fill_in(errand.path, errand.fields)
    return None


def _failed_job(case: dict[str, Any] | None) -> None:
    failed = [job for job in (case or {}).get("jobs", ()) if job["status"] == "failed"]
    if failed:
        raise Invalid(failed[-1]["trouble"], code="demo.job")


def _note(stage: Stage, officer: Officer, what: str, began: float, place: str) -> None:
    seconds = time.monotonic() - began
    stage.done.append(Done(officer.node.state, officer.person.full_name, what, seconds, place))
    number = len(stage.done)
    stage.console.print(
        f"[green]✓[/] {number:>2}  {officer.node.state}  {what}  [dim]{seconds:.1f} s  {place}[/]", highlight=False
    )  # fmt: skip


def _arrives(stage: Stage, username: str, reference: str, stage_name: str, what: str) -> None:
    """Wait until the case stands at `stage_name` on this officer's side."""
    officer = stage.officer(username)

    def there() -> bool:
        case = officer.read(reference)
        return case is not None and case["stage"] == stage_name

    with stage.console.status(f"{officer.node.state}: {what}") as status:
        stage.until(what, there, status)
    stage.hook(stage, f"arrived {stage_name} {reference}")


def _knows(stage: Stage, username: str, reference: str, kind: str, what: str) -> None:
    """Wait until the case shows an act `kind` of the other State on this officer's side."""
    officer = stage.officer(username)

    def there() -> bool:
        case = officer.read(reference) or {}
        return any(act["kind"] == kind and act["by"] != officer.node.state for act in case.get("acts", ()))

    with stage.console.status(f"{officer.node.state}: {what}") as status:
        stage.until(what, there, status)


def _send(stage: Stage, reference: str, measure: str, fields: dict[str, Any], what: str, *, despite: str = "") -> None:
    """Draft, check, approve and send a request: Iran's half of the way out."""
    _step(stage, "rahimi", reference, "draft", f"drafts {what}", fields | {"reference": reference},
          path=f"/cases/new/{measure}", kind="drafted")  # fmt: skip
    _step(stage, "rahimi", reference, "check", "checks it under the treaty and both States' books", kind="checked")
    words = "approves it although a finding failed, with the reason" if despite else "approves it (four eyes)"
    _step(stage, "karimi", reference, "approve", words, {"despite": despite}, kind="approved")
    _step(stage, "karimi", reference, "send", "signs, seals and sends it", kind="requested")
    _arrives(stage, "tran", reference, "open", "the request arrives")


def _preservation(stage: Stage, reference: str) -> None:
    """Article 42: from the 24/7 contact's request to the running clock."""
    _send(stage, reference, "preservation", cast.PRESERVATION, "the request for expedited preservation (Art. 42)")
    _step(stage, "tran", reference, "assess", "assesses it under the treaty and Viet Nam's own book", kind="assessed")
    _step(stage, "tran", reference, "accept", "decides to help",
          {"conditions": "", "reasons": "Complete, and no ground of Article 42(6) is seen."}, kind="accepted")  # fmt: skip
    _step(stage, "tran", reference, "order", "orders the provider to preserve",
          {"provider": cast.PROVIDER, "order": "VN-PO-2026-117",
           "content": "Preserve the mailbox, its traffic data and subscriber record as they are; do not tell the user."},
          kind="ordered")  # fmt: skip
    _step(stage, "tran", reference, "preserve", "tells Iran that the data are preserved; 60 days run (42(8))",
          _a_minute_ago(), kind="preserved")  # fmt: skip
    _arrives(stage, "rahimi", reference, "preserved", "the answer arrives")


def _a_minute_ago() -> Fields:
    """When the preservation was effected, as the form takes it."""
    return {"effected_at": (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}


def _disclosure(stage: Stage, reference: str, follows: str) -> None:
    """Articles 40 and 44: from the request, over the question and its answer, to the sealed return."""
    _send(stage, reference, "stored-data", cast.STORED_DATA | {"follows": follows},
          "the request for the stored data (Arts. 40, 44), linked to the preservation", despite=cast.DESPITE)  # fmt: skip
    _step(stage, "tran", reference, "assess", "assesses it: the period of the evidence is missing", kind="assessed")
    _step(stage, "tran", reference, "ask", "asks for more information (40(16))",
          {"questions": "Please state the period of the evidence, Article 40(15)(f).", "fields": ["period_from", "period_to"]},
          kind="asked")  # fmt: skip
    _arrives(stage, "rahimi", reference, "queried", "the question arrives")
    _step(stage, "rahimi", reference, "amend", "adds the period",
          cast.STORED_DATA | cast.PERIOD | {"follows": follows, "reference": reference}, kind="amended")  # fmt: skip
    _step(stage, "rahimi", reference, "check", "checks it again", kind="checked", times=2)
    _step(stage, "karimi", reference, "approve", "approves it (four eyes)", {"despite": ""}, kind="approved", times=2)
    _step(stage, "karimi", reference, "supplement", "signs, seals and sends the supplement", kind="supplemented")
    _arrives(stage, "tran", reference, "open", "the supplement arrives")
    _step(stage, "tran", reference, "assess", "assesses it again", kind="assessed", times=2)
    _step(stage, "tran", reference, "accept", "accepts it under conditions of use (40(19), 36)",
          {"conditions": f"{cast.CONDITION}\n{cast.ADDED_CONDITION}",
           "reasons": "The conduct is an offence here too; the request is complete now."}, kind="accepted")  # fmt: skip
    _arrives(stage, "karimi", reference, "accepted", "the decision arrives")
    _step(
        stage,
        "karimi",
        reference,
        "agree",
        "agrees to each condition (40(28))",
        {"conditions": ["0", "1"]},
        kind="agreed",
    )
    _knows(stage, "tran", reference, "agreed", "the agreement arrives")
    _execution(stage, reference)


def _execution(stage: Stage, reference: str) -> None:
    """Article 24 and 44: the judge, the order, the provider's data, the sealed return."""
    _step(stage, "nguyen", reference, "authorise", "authorises the search (Art. 24)",
          {"authority": "Exercise court", "decision": "EX-441/2026", "ground": "Criminal procedure law (exercise)",
           "scope": "The one mailbox named, for the period stated; not correspondence with counsel.",
           "until": (datetime.now(UTC) + timedelta(days=60)).date().isoformat()}, kind="authorised")  # fmt: skip
    _step(stage, "tran", reference, "order", "orders the provider to hand the data over",
          {"provider": cast.PROVIDER, "order": "VN-PO-2026-131", "content": "Hand over the preserved data."},
          kind="ordered")  # fmt: skip
    _step(stage, "tran", reference, "execute", "takes the provider's data in: hashed, listed, locked away",
          {"delivery": cast.DELIVERY, "source": cast.PROVIDER}, kind="executed")  # fmt: skip
    _step(stage, "tran", reference, "disclose", "seals them for Iran and discloses them (Art. 44)",
          {"use": "evidence", "rest": ""}, kind="disclosed")  # fmt: skip
    _arrives(stage, "rahimi", reference, "disclosed", "the evidence is announced")
    officer = stage.officer("rahimi")
    with stage.console.status("IR: collects the sealed evidence") as status:
        stage.until("the evidence is collected", lambda: _collected(officer, reference, status), status)
    _step(
        stage,
        "rahimi",
        reference,
        "verify",
        "verifies container, signatures, manifest and every exhibit",
        kind="verified",
    )
    _step(stage, "rahimi", reference, "release", "releases it to the court, under its conditions (40(19))",
          {"recipient": cast.COURT, "conditions": ["0", "1"]}, kind="released")  # fmt: skip


def _collected(officer: Officer, reference: str, status: Status) -> bool:
    case = officer.read(reference) or {}
    _failed_job(case)
    jobs = [job for job in case.get("jobs", ()) if job["kind"] == "collect"]
    for job in jobs:
        share = f" {100 * job['done'] // job['total']} %" if job["total"] else ""
        status.update(f"IR: collects the sealed evidence{share}")
    return bool(jobs) and all(job["status"] == "done" for job in jobs)


def _close(stage: Stage, reference: str) -> None:
    """Both sides close."""
    _step(stage, "rahimi", reference, "close", f"closes {reference}", {"note": "With thanks."}, kind="closed")
    _arrives(stage, "tran", reference, "closing", "the closure arrives")
    _step(stage, "tran", reference, "close", f"closes {reference}", {"note": ""}, kind="closed")
    _arrives(stage, "rahimi", reference, "closed", "both sides have closed")


def _tell(stage: Stage) -> tuple[str, str]:
    """The whole story; returns (reference of the preservation, of the request for the data)."""
    desk = stage.officer("rahimi")
    first: str = stage.until("the nodes answer", lambda: desk.proposed_reference("preservation"))
    number = int(first.rsplit("-", 1)[1])
    second = f"{first.rsplit('-', 1)[0]}-{number + 1:04d}"
    _preservation(stage, first)
    _disclosure(stage, second, first)
    _close(stage, second)
    _close(stage, first)
    return first, second


def _hand_out(stage: Stage, reference: str, out: Path, evidence: Path) -> bool:
    """Write both exported cases, the sealed evidence, its key and the letter to `out`, and verify each."""
    files = {"IR": out / "IR" / "case.asice", "VN": out / "VN" / "case.asice"}
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    desk = stage.officer("rahimi")
    for state, username in (("IR", "rahimi"), ("VN", "tran")):
        with stage.console.status(f"{state}: exports the case") as status:
            look = partial(_exported, stage, username, reference, files[state])
            stage.until("the exported case holds", look, status)
    letter, sealed, key = out / "IR" / "letter.pdf", out / "evidence.asice", out / "IR" / "evidence.key"
    desk.download(f"/cases/{reference}/letter.pdf", letter)
    desk.download(f"/cases/{reference}/evidence.asice", sealed)
    desk.download(f"/cases/{reference}/evidence.key", key, {})
    key.chmod(0o600)
    reports = {path: verify_file(path) for path in (*files.values(), sealed)} | {
        letter: verify_letter(letter, files["IR"])
    }
    for path, report in reports.items():
        mark = "[green]✓[/]" if report.passed else "[red]✗[/]"
        stage.console.print(
            f"{mark} comity verify {path}: {'all passed' if report.passed else 'NOT all passed'}", highlight=False
        )
    same = _compare(stage.console, sealed, key, evidence)
    return same and all(report.passed for report in reports.values())


def _exported(stage: Stage, username: str, reference: str, path: Path) -> bool:
    """Export once more until the newest heads are witnessed and the file proves everything."""
    stage.officer(username).download(f"/cases/{reference}/export", path)
    return verify_file(path).passed


def _compare(console: Console, sealed: Path, key: Path, evidence: Path) -> bool:
    """Whether every exhibit is, byte for byte, what the provider handed over."""
    secret = bytes.fromhex(canon.loads(key.read_bytes().strip(), limit=4096)["key"])
    files = links = 0
    with bag.Bag(sealed) as opened:
        manifest, _ = opened.manifest(secret)
        single = evidence.is_file()
        for exhibit, chunks in opened.exhibits(secret, manifest):
            if exhibit.kind != "file":
                continue
            with (evidence if single else evidence / exhibit.path.decode("utf-8", "surrogateescape")).open(
                "rb"
            ) as file:
                if any(file.read(len(chunk)) != chunk for chunk in chunks) or file.read(1):
                    console.print(f"[red]✗ {exhibit.name} differs from what was handed over[/]")
                    return False
            files += 1
        links = sum(1 for exhibit in manifest.exhibits if exhibit.kind == "link")
    more = f", {links} links listed and not followed" if links else ""
    console.print(f"[green]✓[/] {files:,} files, {manifest.size:,} bytes: byte for byte what the provider handed over{more}",
                  highlight=False)  # fmt: skip
    return True


def _table(stage: Stage) -> Table:
    table = Table(title="EXERCISE: what happened", title_justify="left")
    for heading in ("step", "State", "who", "what", "seconds", "place in the log"):
        table.add_column(heading, justify="right" if heading in ("step", "seconds") else "left")
    for number, done in enumerate(stage.done, 1):
        table.add_row(str(number), done.state, done.who, done.what, f"{done.seconds:.1f}", done.place)
    return table


def _sign_ins(stage: Stage) -> Table:
    table = Table(title="Officers' addresses and sign-ins (this exercise only)", title_justify="left")
    for heading in ("State", "address", "name", "password", "powers"):
        table.add_column(heading)
    for node in stage.nodes.values():
        for person in node.people:
            powers = ", ".join(person.powers) or "looks only"
            table.add_row(node.state, node.officers, person.username, node.passwords[person.username], powers)
    return table


def _checked_paths(evidence: Path | None, out: Path | None, home: Path | None) -> None:
    if evidence is not None and not evidence.exists():
        raise Invalid(f"There is no file or folder {evidence}.", code="demo.evidence", where="--evidence")
    for name, path in (("--out", out), ("--home", home)):
        if path is not None and path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise Invalid(f"{path} is not an empty folder. Name a new one.", code="demo.folder", where=name)


def play(
    *, once: bool, evidence: Path | None, out: Path | None, seed: int, home: Path | None, hook: Hook | None = None
) -> int:
    """Play the exercise.

    Args:
        once: end after the story; otherwise the nodes stay up until Ctrl-C.
        evidence: what the provider hands over; when None, a mailbox is written from `seed`.
        out: where the exported cases, the evidence and the letter go; nothing is kept when None.
        seed: of the mailbox.
        home: where the nodes live; a temporary folder, removed at the end, when None.
        hook: see `Stage`.

    Returns:
        0 when the story ended well and every file that it leaves holds.
    """
    _checked_paths(evidence, out, home)
    console = Console()
    console.print(
        "[bold]EXERCISE.[/] The Convention is not in force; no real assistance is asked for. Names are invented."
    )
    with tempfile.TemporaryDirectory(prefix="comity-demo-") as temporary, _interruptible():
        folder = home or Path(temporary) / "nodes"
        folder.mkdir(parents=True, exist_ok=True)
        if evidence is None:
            evidence = Path(temporary) / "mailbox"
            mailbox.write(evidence, seed)
            console.print(f"The provider's data: a mailbox written from seed {seed}.", highlight=False)
        stage = Stage(console, {node.state: node for node in cast.three_states()}, hook or _no_hook)
        with console.status("three nodes are made: keys, law books, databases, directory entries"):
            nodes.make_all(list(stage.nodes.values()), folder)
        nodes.place_delivery(stage.nodes["VN"], evidence, cast.DELIVERY)
        target = out or Path(temporary) / "out"
        with _running(stage):
            for node in stage.nodes.values():
                public = f"  public {node.public}" if node.public else ""
                console.print(f"{node.state}: officers {node.officers}  peers {node.peers}{public}", highlight=False)
            _, reference = _tell(stage)
            well = _hand_out(stage, reference, target, evidence)
            console.print(_table(stage))
            if out or not once:
                sealed, key = target / "evidence.asice", target / "IR" / "evidence.key"
                console.print(f"To unpack the evidence: comity unpack {sealed} FOLDER --key {key}", highlight=False)
            if not once:
                _stay(stage)
    return 0 if well else 1


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the story as Ctrl-C does, so that nodes are stopped and folders removed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stay(stage: Stage) -> None:
    stage.console.print(_sign_ins(stage))
    stage.console.print(
        "The nodes stay up until Ctrl-C. Each has a certificate of its own making: the browser will ask once.",
        highlight=False,
    )
    try:
        while True:
            stage.revive()
            time.sleep(1)
    except KeyboardInterrupt:
        stage.console.print("The nodes are stopped.")
