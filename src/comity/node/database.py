"""Where a node keeps its tables: in a file of its own (SQLite), or in a database of a PostgreSQL server.

The desk is written for one promise, which both keep: **one transaction writes at a time, it sees all that was committed before
it began, and what it committed is on disk**. SQLite gives it by ``BEGIN IMMEDIATE`` and a write-ahead log that is
synchronised at every commit, PostgreSQL by the lock that `comity.node.postgresql` takes and ``synchronous_commit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from comity.errors import Misconfigured
from comity.seal.keys import read_secret

_PATIENCE = 30  # seconds that a transaction waits for those before it, and a connection for its server
_IDLE = 60  # seconds after which PostgreSQL ends a transaction in which nothing happens: it would hold up all others
_KEPT = 60  # seconds that a thread keeps its connection
_TYPES: dict[str, type] = {"engine": str, "host": str, "port": int, "name": str, "user": str,
                           "password_file": str, "ca_file": str}  # fmt: skip
_NEEDED = ("engine", "host", "name", "user")


@dataclass(frozen=True)
class PostgreSQL:
    """A database of a PostgreSQL server: the table ``[database]`` of node.toml.

    Args:
        host: name or address of the server, or the folder of its socket.
        name: of the database, which is this node's alone.
        user: who signs in, and owns the tables.
        port: of the server, or in the name of its socket.
        password_file: absolute path of a file of mode 0600; empty: the server knows us by the socket, or trusts us.
        ca_file: absolute path of the certificate (PEM) by which the server is known; empty only on this machine.
    """

    host: str
    name: str
    user: str
    port: int = 5432
    password_file: str = ""
    ca_file: str = ""

    @property
    def password(self) -> str:
        """What the password file holds, without the end of the line; empty where there is none. Raises Misconfigured."""
        return read_secret(Path(self.password_file)).decode().rstrip("\r\n") if self.password_file else ""


def read_database(raw: dict[str, Any]) -> PostgreSQL:
    """The database that the table `raw` names, in which `database_faults` found none."""
    return PostgreSQL(**{name: value for name, value in raw.items() if name != "engine"})


def database_faults(raw: dict[str, Any]) -> list[str]:
    """What is wrong with the table ``[database]`` of node.toml, each in words; files that it names are looked at."""
    found = [f"'database.{name}' is not a setting" for name in sorted(set(raw) - set(_TYPES))]
    for name, kind in _TYPES.items():
        if name in raw or name in _NEEDED:
            value = raw.get(name)
            if type(value) is not kind or (name in _NEEDED and not value) or "\0" in str(value):
                found.append(f"'database.{name}' must be a {kind.__name__}" + " that is not empty" * (name in _NEEDED))
    return found or _value_faults(raw)


def _value_faults(raw: dict[str, Any]) -> list[str]:
    given = read_database(raw)
    found = []
    if raw["engine"] != "postgresql":
        found.append(f"'{raw['engine']}' is no engine; it is 'postgresql', or there is no [database] at all")
    if not 0 < given.port < 1 << 16:
        found.append(f"{given.port} is no port")
    if not given.ca_file and not _here(given.host):
        found.append(
            f"'{given.host}' is another machine: database.ca_file must name the certificate that it is known by"
        )
    for name in ("password_file", "ca_file"):
        path = getattr(given, name)
        if path and not (Path(path).is_absolute() and Path(path).is_file()):
            found.append(f"database.{name}: '{path}' is no absolute path of a file")
    if not found:
        try:
            if given.password_file and not given.password:
                found.append(f"{given.password_file} is empty")
        except (Misconfigured, UnicodeDecodeError) as error:
            found.append(f"database.password_file: {getattr(error, 'message', 'it is no text')}")
    return found


def _here(host: str) -> bool:
    """Whether nobody but this machine is asked."""
    try:
        return host.startswith("/") or host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def for_django(home: Path, database: PostgreSQL | None) -> dict[str, Any]:
    """What Django is told of the database of the node in `home`; None: SQLite. Raises Misconfigured: the password file."""
    return _sqlite(home) if database is None else _postgresql(database)


def _sqlite(home: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": home / "db.sqlite3",
        "CONN_MAX_AGE": _KEPT,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": _PATIENCE,
            # A page that many transactions change is written back once for all of them: every 64 MiB of the log, not 4.
            # The cache of a connection (12 MiB at most) holds what an addition of a thousand objects changes.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA wal_autocheckpoint=16384; PRAGMA cache_size=-12288;",
        },
        # Named, so that Django's test runner makes a file too: the desk's threads need to share one database.
        "TEST": {"NAME": home / "test.sqlite3"},
    }


def _postgresql(database: PostgreSQL) -> dict[str, Any]:
    session = {
        "synchronous_commit": "on",  # whatever the server's own setting: a receipt promises that it is on disk
        "default_transaction_isolation": r"read\ committed",  # a later one would not see what was done while it waited
        "lock_timeout": f"{_PATIENCE}s",
        "idle_in_transaction_session_timeout": f"{_IDLE}s",
    }
    options: dict[str, Any] = {
        "application_name": "comity",
        "connect_timeout": 10,
        "tcp_user_timeout": _PATIENCE * 1000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        "target_session_attrs": "read-write",  # never a standby: it may be behind
        # libpq also looks into the environment and the account's home: nothing is to be found there, and nothing is sent
        # to a server that asks for what no file gave us, or wants to see a password in clear.
        "passfile": "/dev/null",
        "require_auth": "scram-sha-256" if database.password_file else "none",
    }
    if database.ca_file:
        options |= {"sslmode": "verify-full", "sslrootcert": database.ca_file}
    return {
        "ENGINE": "comity.node.postgresql",
        "HOST": database.host,
        "PORT": str(database.port),
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password,
        "CONN_MAX_AGE": _KEPT,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def ready() -> None:
    """Return when the database answers and can hold every text; no connection is left open.

    Raises:
        Misconfigured: it does not answer, or its encoding is another than UTF-8.
    """
    from django.db import Error, connection  # noqa: PLC0415  Django's settings are made from this module

    try:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SHOW server_encoding")
                encoding = cursor.fetchone()[0]
                if encoding != "UTF8":
                    message = f"The database is in {encoding}. Make it anew: ENCODING 'UTF8' TEMPLATE template0."
                    raise Misconfigured(message, code="database.encoding")
    except Error as error:
        message = f"The database does not answer: {' '.join(str(error).split())}."
        raise Misconfigured(message, code="database.unreachable") from error
    finally:
        connection.close()


def occupied() -> bool:
    """Whether somebody else is writing just now, so that who begins a transaction waits. On PostgreSQL nobody looks."""
    from django.db import OperationalError, connection  # noqa: PLC0415  as above

    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
        except OperationalError:
            return True
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {1000 * _PATIENCE}")
    return False


def vacant() -> None:
    """Return when the database holds no table yet. Raises Misconfigured: it does."""
    from django.db import connection  # noqa: PLC0415  as above

    if connection.introspection.table_names():
        message = (
            "The database holds tables already, of this node or of others: give each node an empty one of its own."
        )
        raise Misconfigured(message, code="init.database")
