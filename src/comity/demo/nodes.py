"""Three nodes as processes of their own, made and run by the operator's commands."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from comity.errors import Misconfigured
from comity.wire.directory import read_entry

_FIRST_PORT = 8441


@dataclass(frozen=True)
class Person:
    """An officer of the exercise; the name is invented."""

    username: str
    full_name: str
    office: str
    powers: tuple[str, ...]


@dataclass
class Node:
    """One State's node.

    Args:
        state: ISO code.
        language: its officers' language.
        zone: its time zone.
        witnesses: States that witness its log.
        people: its officers.
        authorities: as named in its directory entry.
        opens: whether it has a door for the public.
    """

    state: str
    language: str
    zone: str
    witnesses: tuple[str, ...]
    people: tuple[Person, ...]
    authorities: tuple[dict[str, object], ...]
    opens: bool = False
    home: Path = field(default_factory=Path)
    officers: str = ""
    peers: str = ""
    public: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    _log: IO[bytes] | None = None

    @property
    def log(self) -> Path:
        """Where what its processes print goes."""
        return self.home.with_name(f"{self.state}.log")

    def make(self) -> None:
        """Make the node's home: keys, law books, database, entry, officers."""
        file = self.home.with_name(f"{self.state}.authorities.json")
        file.write_text(json.dumps(self.authorities, ensure_ascii=False), "utf-8")
        _run("init", str(self.home), "--state", self.state, "--officers", self.officers, "--peers", self.peers,
             *(part for witness in self.witnesses for part in ("--witness", witness)),
             "--language", self.language, "--time-zone", self.zone, "--authorities", str(file),
             *(("--public", self.public) if self.public else ()))  # fmt: skip
        self.passwords = {person.username: secrets.token_urlsafe(12) for person in self.people}
        enrolled = [
            {"username": person.username, "full_name": person.full_name, "office": person.office,
             "powers": list(person.powers), "language": self.language, "password": self.passwords[person.username]}
            for person in self.people
        ]  # fmt: skip
        _run("enrol", str(self.home), given=json.dumps(enrolled))

    def pin(self, others: Sequence[Node]) -> None:
        """Pin the other States' entries: in this exercise the fingerprints are read from the files themselves."""
        for other in others:
            entry = other.home / "entry.json"
            mark = read_entry(entry.read_bytes()).fingerprint
            _run("pin", str(self.home), str(entry), "--fingerprint", mark, "--by", "exercise")

    def start(self) -> None:
        """Start the node's processes."""
        if self._log is None:
            self._log = self.log.open("ab")
        command = [sys.executable, "-m", "comity.node.run", "serve", str(self.home), "--attached"]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log, start_new_session=True)
        self.starts += 1

    def alive(self) -> bool:
        """Whether its parent process runs."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill it at once, as a power cut would (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        if self._log is not None:
            self._log.close()
            self._log = None


def _run(*arguments: str, given: str = "") -> str:
    """Run one of the operator's commands; what it prints."""
    command = [sys.executable, "-m", "comity.node.run", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Misconfigured(f"comity node {arguments[0]}: {done.stderr.strip()[-2000:]}", code="demo.command")
    return done.stdout


@cache
def _claim() -> IO[bytes] | None:
    """A lock on the usual ports, held while this process lives; None when another exercise holds it."""
    file = (Path(tempfile.gettempdir()) / f"comity-exercise-{os.getuid()}.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _ports(count: int) -> list[int]:
    """`count` free ports of loopback: the usual ones if no other exercise has them, so that addresses stay the same."""
    usual = list(range(_FIRST_PORT, _FIRST_PORT + count))
    if _claim() and all(_free(port) for port in usual):
        return usual
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def make_all(nodes: Sequence[Node], folder: Path) -> None:
    """Make `nodes` below `folder`, each pinned at each other."""
    ports = iter(_ports(2 * len(nodes) + sum(node.opens for node in nodes)))
    for node in nodes:
        node.home = folder / node.state
        node.officers, node.peers = f"https://127.0.0.1:{next(ports)}", f"https://127.0.0.1:{next(ports)}"
    for node in nodes:
        node.public = f"https://127.0.0.1:{next(ports)}" if node.opens else ""
    with ThreadPoolExecutor(max_workers=len(nodes)) as together:
        list(together.map(lambda node: node.make(), nodes))
        list(together.map(lambda node: node.pin([other for other in nodes if other is not node]), nodes))


def place_delivery(node: Node, evidence: Path, name: str) -> None:
    """Place what the provider hands over in the node's intake folder, as a link: nothing is copied."""
    place = node.home / "intake" / name
    if not place.is_symlink():
        place.symlink_to(evidence.resolve())
