"""The operator's commands: make a node, add officers, pin peers, run it.

One node is a few processes under one parent: a server for each door and the courier. If the parent dies, they die with it.
"""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.casework.act import Power
from comity.errors import ComityError, Misconfigured
from comity.law.book import default_folder, load
from comity.node.management import (
    Home,
    directory,
    feeds,
    only_one,
    parcels,
    read_authorities,
    read_file,
    restoring,
    sharing,
    tokens,
)
from comity.node.management import start as _django
from comity.seal.container import CadesKey
from comity.seal.keys import NoteKey, OpeningKey, SigningKey, write_key, write_secret
from comity.seal.tls import self_signed

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Make and run a State's node.")
app.add_typer(directory.app)
app.add_typer(restoring.app)
app.add_typer(tokens.app)
app.add_typer(parcels.app, name="parcel")
app.add_typer(sharing.collections, name="collection")
app.add_typer(sharing.clients, name="client")
app.add_typer(feeds.app, name="feed")
_YEARS = 5
_THREADS = 32  # of a door; each slow sender holds one, so a proxy that buffers requests belongs in front (OPERATIONS)
_ASKING = 5  # seconds that the officers' door waits at the start for peers and witnesses: a silent one holds nobody up
_GRACE = 4  # seconds for what a door is answering when the node is told to stop
_MADE = 50_000  # objects of Python between two looks for what holds each other: a thousand warnings make fewer


@app.command()
def init(
    home: Home,
    state: Annotated[str, typer.Option(help="ISO code of the State.")],
    officers: Annotated[str, typer.Option(help="https://host:port of the officers' door.")],
    peers: Annotated[str, typer.Option(help="https://host:port of the peers' door.")],
    witness: Annotated[list[str] | None, typer.Option(help="States that cosign this node's log.")] = None,
    language: Annotated[str, typer.Option(help="The officers' first language.")] = "en",
    time_zone: Annotated[str, typer.Option(help="IANA time zone.")] = "UTC",
    authorities: Annotated[Path | None, typer.Option(help="JSON file: the authorities named in the entry.")] = None,
    database: Annotated[
        Path | None, typer.Option(help="TOML file: the settings of a PostgreSQL database. Without it: SQLite.")
    ] = None,
    public: Annotated[str, typer.Option(help="https://host:port of the public's door. Without it there is none.")] = "",
    live: Annotated[bool, typer.Option(help="Not an exercise. Only with a legal basis in force.")] = False,
) -> None:
    """Make a node: its keys, certificates, law books, database and signed directory entry."""
    from comity.node.settings import check

    os.umask(0o077)
    if (home / "entry.json").exists() or (home / "db.sqlite3").exists():
        message = f"{home} holds a node already; if its making was cut off, remove the folder first."
        raise Misconfigured(message, code="init.exists")
    values = {"state": state, "exercise": not live, "officers": officers, "peers": peers, "witnesses": witness or [],
              "language": language, "time_zone": time_zone}  # fmt: skip
    if public:
        values["public"] = public
    if database is not None:
        values["database"] = _table(database)
    check(values, "init")
    book = load(default_folder()).state(state)
    named = read_authorities(authorities) if authorities else []
    shutil.rmtree(home / "keys", ignore_errors=True)  # of an init that was cut off: its keys were never published
    for name in ("", "keys", "intake", "vault", "shelf", "reports"):
        (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(default_folder(), home / "lawbooks", dirs_exist_ok=True)
    (home / "node.toml").write_text(_toml(values))
    moment = datetime.now(UTC).replace(microsecond=0)
    _make_keys(home, state, moment)
    _make_tls(home, tuple(filter(None, (officers, peers, public))), moment)
    settings = _django(home)
    from django.core.management import call_command

    from comity.node.database import vacant

    vacant()
    call_command("migrate", verbosity=0)
    from comity.node.desk import crossing, issuing

    entry = issuing.first(settings, names={"en": book.en, "fa": book.fa}, authorities=named, at=moment)
    crossing.begun(settings)
    typer.echo(f"{state}: node made in {home}. Fingerprint to read aloud: {entry.fingerprint}")


def _table(path: Path) -> dict[str, Any]:
    """The settings in a TOML file. Raises Misconfigured: it is none."""
    try:
        return tomllib.loads(read_file(path).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}", code="settings.file") from error


def _toml(values: dict[str, Any]) -> str:
    """What `tomllib` reads as `values`: settings first, then their tables, of plain values."""
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items() if name not in tables)
    return text + "".join(f"\n[{name}]\n{_toml(table)}" for name, table in tables.items())


def _make_keys(home: Path, state: str, moment: datetime) -> None:
    host = state.lower()
    write_key(home / "keys" / "signing.key", SigningKey.generate())
    write_key(home / "keys" / "opening.key", OpeningKey.generate())
    for name in ("log", "witness", "hop"):
        write_key(home / "keys" / f"{name}.key", NoteKey.generate(f"comity.{host}/{name}"))
    cades = CadesKey.generate(f"Comity {state}", not_before=moment - timedelta(hours=1),
                              not_after=moment + timedelta(days=365 * _YEARS))  # fmt: skip
    write_secret(home / "keys" / "cades.key", cades.stored())
    (home / "keys" / "cades.crt").write_bytes(cades.certificate_der)
    write_secret(home / "keys" / "vault.key", os.urandom(32))
    write_secret(home / "keys" / "django.key", os.urandom(48).hex().encode())


def _make_tls(home: Path, urls: tuple[str, ...], moment: datetime) -> None:
    """A self-signed certificate for all doors; peers pin it by the entry, officers' browsers will ask once."""
    until = moment + timedelta(days=365 * _YEARS)
    key, certificate = self_signed("Comity node", urls, since=moment - timedelta(hours=1), until=until)
    (home / "keys" / "tls.crt").write_bytes(certificate)
    write_secret(home / "keys" / "tls.key", key)


@app.command()
def officer(
    home: Home,
    username: str,
    full_name: Annotated[str, typer.Option()],
    office: Annotated[str, typer.Option()],
    power: Annotated[list[str] | None, typer.Option(help=", ".join(Power))] = None,
    language: Annotated[str, typer.Option()] = "en",
) -> None:
    """Add an officer; the password is read from standard input, never from the command line."""
    _django(home)
    from comity.node.desk import registry

    password = sys.stdin.readline().strip()
    registry.add_officer(username, password, full_name=full_name, office=office, powers=power or [], language=language)


@app.command()
def enrol(home: Home) -> None:
    """Add many officers, from a JSON list on standard input: username, password, full_name, office, powers, language."""
    _django(home)
    from comity.node.desk import registry

    try:
        for given in json.load(sys.stdin):
            registry.add_officer(given.pop("username"), given.pop("password"), **given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Misconfigured(f"This is no list of officers: {error}.", code="enrol.form") from error


@app.command()
def pin(
    home: Home,
    entry: Path,
    fingerprint: Annotated[str, typer.Option(help="As read aloud by the other State, in digits or words.")],
    by: Annotated[str, typer.Option(help="Who compared it.")],
    anew: Annotated[
        bool, typer.Option("--anew", help="It does not follow what is pinned: that State lost its keys.")
    ] = False,
    code: Annotated[
        str,
        typer.Option(help="That of this version, as read aloud too: asked for where that State has said two things."),
    ] = "",
) -> None:
    """Pin another State's directory entry after comparing its fingerprint."""
    settings = _django(home)
    from comity.node.desk import registry
    from comity.wording.aloud import heard

    given = {"fingerprint": heard(fingerprint), "code": heard(code) if code else ""}
    pinned = registry.pin(settings, read_file(entry), by=by, at=datetime.now(UTC), anew=anew, **given)
    typer.echo(f"{pinned.state} is pinned.")


@app.command()
def fingerprint(
    entry: Path,
    words: Annotated[str, typer.Option(help="A language (en, fa): as words to read aloud, the last one a check.")] = "",
    code: Annotated[
        bool, typer.Option("--code", help="Instead the code of this version, for all that it says.")
    ] = False,
) -> None:
    """Print the fingerprint of a directory entry file: of its signing key, which many versions may have in common."""
    from comity.wire.directory import read_entry
    from comity.wording import aloud

    version = read_entry(read_file(entry))
    found = version.code if code else version.fingerprint
    typer.echo(" ".join(aloud.spoken(found, words)) if words else found)


@app.command()
def sweep(home: Home) -> None:
    """Remove blobs and bags that nothing names: left by work that was cut off. Not after restoring an older database."""
    settings = _django(home)
    from comity.node.desk import evidence, reports

    only_one(home)
    for name in evidence.sweep(settings) + reports.sweep(settings):
        typer.echo(f"removed {name}")


@app.command()
def serve(
    home: Home, attached: Annotated[bool, typer.Option("--attached", help="End when the parent process ends.")] = False
) -> None:
    """Run the node until it is told to stop."""
    if attached:
        _die_with_parent(os.getppid())
    settings = _django(home)
    from comity.node.courier import Stop
    from comity.node.vault import sweep as sweep_hidden

    only_one(home)
    from django.db import connections

    from comity.node.desk import crossing, issuing

    issuing.settle(settings, at=datetime.now(UTC))
    crossing.started(settings, at=datetime.now(UTC))
    connections.close_all()  # no child goes on with its parent's
    _ = settings.books  # a node with a broken law book does not start; read once, for all its processes
    settings.require_tokens()
    sweep_hidden(settings.home / "vault", settings.shelf, settings.reports)
    asked = multiprocessing.get_context("fork").RawValue(ctypes.c_bool, False)
    work: dict[str, Callable[[str, Any], None]] = {
        "officers": partial(_door, asked=asked), "peers": _door, "courier": partial(_courier, asked=asked),
    }  # fmt: skip
    if settings.public:
        work["public"] = _door
    children = {name: _start(name, target, settings) for name, target in work.items()}
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(stop, "requested", True))
    doors = (f"{name} {getattr(settings, name)}" for name in work if name != "courier")
    typer.echo(f"{settings.state}: " + "  ".join(doors))
    sys.stdout.flush()
    while not stop.requested:
        for name, child in children.items():
            if not child.is_alive():
                logging.getLogger("comity").error("%s ended with %s; starting it again", name, child.exitcode)
                stop.wait(1)
                children[name] = _start(name, work[name], settings)
        stop.wait(0.5)
    for child in children.values():
        child.terminate()
    end = time.monotonic() + 2 * _GRACE  # a door has stopped its own workers by then
    for name, child in children.items():
        child.join(max(0.0, end - time.monotonic()))
        if child.is_alive():
            logging.getLogger("comity").error("%s did not end when it was told to; it is ended now", name)
            child.kill()


def _start(name: str, target: Callable[[str, Any], None], settings: Any) -> multiprocessing.process.BaseProcess:
    given = (target, name, settings, os.getpid())
    child = multiprocessing.get_context("fork").Process(target=_child, args=given, name=name)
    child.start()
    return child


def _child(target: Callable[[str, Any], None], name: str, settings: Any, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with_parent(parent)
    target(name, settings)


def _die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when its parent dies (prctl PR_SET_PDEATHSIG), so that no half node goes on.

    Args:
        parent: the parent's process id: if it is another by now, the parent has died already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _door(name: str, settings: Any, asked: ctypes.c_bool | None = None) -> None:
    """Serve one door; before the first answer wait a while until `asked`: what peers and witnesses know of lost memory.

    So no officer is given a reference that was given before.
    """
    from django.conf import settings as django_settings
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from comity.node.settings import address

    if name != "officers":
        django_settings.ROOT_URLCONF = f"comity.node.{name}.urls"
        django_settings.MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]

    parent = os.getpid()

    def application() -> Any:
        from django.core.wsgi import get_wsgi_application
        from django.urls import get_resolver

        _die_with_parent(parent)
        made = get_wsgi_application()
        get_resolver().check()  # every view is imported now
        _settle()
        end = time.monotonic() + _ASKING
        while asked is not None and not asked.value and time.monotonic() < end:
            time.sleep(0.02)
        return made

    host, port = address(getattr(settings, name))
    Granian(
        "comity", socket.gethostbyname(host), port, interface=Interfaces.WSGI, blocking_threads=_THREADS,
        websockets=False, log_access=False, log_level=LogLevels.warning, respawn_failed_workers=True,
        ssl_cert=settings.keys / "tls.crt", ssl_key=settings.keys / "tls.key",
        workers_kill_timeout=_GRACE,  # one that is told while it starts does not hear it
    ).serve(target_loader=lambda *_: application(), wrap_loader=False)  # fmt: skip


def _settle() -> None:
    """What is loaded stays: looking through all of it now and then would hold up everybody for 50 ms.

    And what one request makes is not looked through again and again before it ends: most of it needs no collector at all.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MADE)


def _courier(_name: str, settings: Any, asked: ctypes.c_bool) -> None:
    from comity.node import courier

    _settle()
    stop = courier.Stop()
    signal.signal(signal.SIGTERM, lambda *_: setattr(stop, "requested", True))
    courier.run(settings, stop, asked)


def main() -> None:
    """Run the command line; a `ComityError` becomes one line and exit code 2."""
    try:
        app(prog_name="comity node")
    except ComityError as error:
        from comity.wording.speech import error_text

        typer.echo(f"comity node: {error_text(error)}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
