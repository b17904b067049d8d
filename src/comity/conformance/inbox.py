"""What the node's own operator sees: what became of an envelope after its receipt. Peers have only the node's word for that.

This reads the database of a Comity node, as its `node.toml` on this machine names it, and writes nothing. A node without one,
or another implementation, has no inbox here; then what happens behind the receipt stays undetermined.
"""

from __future__ import annotations

import sqlite3
import time
import tomllib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from comity.errors import Invalid, Misconfigured
from comity.seal.keys import read_secret

_BLOCK = 500  # digests in one question
_PAUSE = 0.05  # seconds between two looks

# What an envelope of the attacking State may have changed, by its cases and by its name.
_TRACES = (
    "select count(*) from node_case where ? in (requesting, requested)",
    "select count(*) from node_act join node_case on reference = case_id where ? in (requesting, requested)",
    "select count(*) from node_departure where peer = ?",
    "select count(*) from node_container where peer = ?",
    "select count(*) from node_job join node_case on reference = case_id where ? in (requesting, requested)",
)


def _database(home: Path) -> dict[str, Any]:
    """How the PostgreSQL server of the node in `home` is reached, to read only; empty where the node is on SQLite.

    The settings are those of its ``node.toml`` (docs/OPERATIONS.md), and nothing else: not the environment's.

    Raises:
        Invalid: they cannot be read.
    """
    try:
        given = tomllib.loads((home / "node.toml").read_text("utf-8")).get("database", {})
        if not given:
            return {}
        password = read_secret(Path(given["password_file"])).decode().rstrip("\r\n") if "password_file" in given else ""
        found = {
            "host": given["host"], "port": given.get("port", 5432), "dbname": given["name"], "user": given["user"],
            "password": password, "passfile": "/dev/null", "connect_timeout": 10,
            "options": "-c default_transaction_read_only=on",
            "require_auth": "scram-sha-256" if password else "none",
        }  # fmt: skip
        return found | ({"sslmode": "verify-full", "sslrootcert": given["ca_file"]} if given.get("ca_file") else {})
    except (OSError, ValueError, KeyError, TypeError, Misconfigured) as error:
        message = "The node's settings in this folder cannot be read."
        raise Invalid(message, code="conformance.home", where=str(home)) from error


@dataclass(frozen=True)
class Fate:
    """What became of an envelope.

    Args:
        status: ``waiting`` while nobody has read it, ``admitted`` or ``refused``; empty when the inbox does not hold it.
        code: why it was refused.
    """

    status: str
    code: str = ""


class Inbox:
    """The inbox of the node in the folder `home`. Raises Invalid: no node is there, or its database does not answer."""

    def __init__(self, home: Path) -> None:
        self._home, self._server = home, _database(home)
        try:
            self._ask("select count(*) from node_arrival", ())
        except (sqlite3.Error, psycopg.Error) as error:
            message = "No node's database is in this folder, or it does not answer."
            raise Invalid(message, code="conformance.home", where=str(home)) from error

    def _ask(self, question: str, given: Iterable[str]) -> list[tuple[Any, ...]]:
        if self._server:
            text = question.replace("?", "%s").encode()  # no other question mark, and no per cent, stands in one
            with psycopg.connect(**self._server) as server:
                return server.execute(text, tuple(given)).fetchall()
        path = f"{(self._home / 'db.sqlite3').absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=20)) as base:
            return base.execute(question, tuple(given)).fetchall()

    def fates(self, digests: Iterable[str], *, patience: float) -> dict[str, Fate]:
        """What became of each envelope, waited for at most `patience` seconds."""
        wanted, end = list(dict.fromkeys(digests)), time.monotonic() + patience
        while True:
            found = dict.fromkeys(wanted, Fate(""))
            for start in range(0, len(wanted), _BLOCK):
                block = wanted[start : start + _BLOCK]
                marks = ",".join("?" * len(block))
                question = f"select digest, status, code from node_arrival where digest in ({marks})"  # noqa: S608
                found |= {digest: Fate(status, code) for digest, status, code in self._ask(question, block)}
            if all(fate.status != "waiting" for fate in found.values()) or time.monotonic() > end:
                return found
            time.sleep(_PAUSE)

    def settle(self, state: str, *, patience: float) -> None:
        """Wait until everything that `state` brought is read, at most `patience` seconds."""
        end = time.monotonic() + patience
        question = "select 1 from node_arrival where hop = ? and status = 'waiting' limit 1"
        while self._ask(question, [state]) and time.monotonic() < end:
            time.sleep(_PAUSE)

    def traces(self, state: str) -> tuple[int, ...]:
        """How much the node holds of `state` beyond its envelopes: cases, acts, departures, containers, jobs."""
        return tuple(int(self._ask(question, [state])[0][0]) for question in _TRACES)

    def foreign_case(self, state: str) -> str:
        """The reference of a case in which `state` has no part; empty when there is none."""
        question = "select reference from node_case where ? not in (requesting, requested) limit 1"
        return next((found[0] for found in self._ask(question, [state])), "")
