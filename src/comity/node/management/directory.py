"""What the operator does with directory entries: this State's own, its keys over time, and those of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.errors import BrokenSeal, Invalid, Misconfigured
from comity.node.management import Home, moment, read_authorities, read_file, start
from comity.seal import canon
from comity.seal.keys import SigningKey, VerifyKey, read_key, write_key

app = typer.Typer(add_completion=False)
_RESTART = "Start the node again, so that it works with the new keys."
Draft = Annotated[
    Path | None,
    typer.Option(help="A new file for a version that `recovery-sign` signs elsewhere and `take-up` publishes."),
]
Offline = Annotated[list[Path] | None, typer.Option(help="A private recovery key; may be given often.")]


def _say(entry: Any) -> None:
    typer.echo(f"{entry.state}: version {entry.version} of the entry. Fingerprint: {entry.fingerprint}")


@app.command()
def rotate(
    home: Home,
    purpose: Annotated[str, typer.Argument(help="sign, open, log, witness, hop or container")],
    days: Annotated[int, typer.Option(help="How long the old key stays valid beside the new one.")] = 7,
    name: Annotated[str, typer.Option(help="A new name for the log or witness: its memory was lost.")] = "",
    key: Annotated[
        Path | None, typer.Option(help="A key file that was made elsewhere; without it one is made.")
    ] = None,
) -> None:
    """Replace a key of this State, vouched for by the old one."""
    settings = start(home)
    from comity.node.desk import issuing

    kept = timedelta(days=days)
    _say(issuing.rotate(settings, _purpose(purpose), at=datetime.now(UTC), kept=kept, name=name, key=key))
    typer.echo(_RESTART)


def _purpose(word: str) -> Any:
    from comity.wire.directory import Purpose

    try:
        return Purpose(word)
    except ValueError as error:
        message = f"'{word}' is no purpose of a key. There are: {', '.join(Purpose)}."
        raise Invalid(message, code="entry.purpose", where="purpose") from error


@app.command()
def revoke(
    home: Home,
    key_id: Annotated[str, typer.Argument(help="As `comity node directory HOME` shows it.")],
    at: Annotated[
        str, typer.Option(help="From when on: RFC 3339, e.g. 2026-11-24T09:00:00Z; without it from now on.")
    ] = "",
) -> None:
    """Revoke a key of this State; one that is in use is replaced."""
    settings, now = start(home), datetime.now(UTC)
    from comity.node.desk import issuing

    _say(issuing.revoke(settings, key_id, since=moment(at, now), at=now))
    typer.echo(_RESTART)


@app.command()
def confirm(home: Home) -> None:
    """Confirm that this State's entry is right, as Articles 40(12) and 41(2) ask for yearly."""
    settings = start(home)
    from comity.node.desk import issuing

    _say(issuing.confirm(settings, at=datetime.now(UTC)))


@app.command()
def withdraw(home: Home, key: Offline = None) -> None:
    """Take back versions of this State's entry that were made while the clock ran ahead; set it right first."""
    settings = start(home)
    from comity.node.desk import issuing

    signers = [_private(path) for path in key or []]
    _say(issuing.withdraw(settings, signers, at=datetime.now(UTC)))
    typer.echo("Say again what the versions that were taken back said. Their keys stay: nothing else is here.")
    typer.echo(_RESTART)


@app.command()
def authorities(
    home: Home, named: Annotated[Path, typer.Argument(help="JSON file: the authorities named in the entry.")]
) -> None:
    """Name other authorities in this State's entry."""
    settings = start(home)
    from comity.node.desk import issuing

    _say(issuing.describe(settings, read_authorities(named), at=datetime.now(UTC)))


@app.command()
def readdress(
    home: Home,
    tls: Annotated[
        list[Path] | None,
        typer.Option(help="A certificate (PEM) it answers with; may be given often, e.g. old and new."),
    ] = None,
) -> None:
    """Publish the address in node.toml and the certificates that it answers with."""
    settings = start(home)
    from comity.node.desk import issuing

    files = tls or [settings.keys / "tls.crt"]
    named = "".join(read_file(path).decode(errors="replace") for path in files)
    _say(issuing.readdress(settings, tls=named, at=datetime.now(UTC)))


@app.command("recovery-key")
def recovery_key(file: Annotated[Path, typer.Argument(help="A new file, on a medium that is kept offline.")]) -> None:
    """Make a recovery key: FILE is private and kept offline, FILE.pub is for `comity node recovery`."""
    key = SigningKey.generate()
    write_key(file, key)
    file.with_name(file.name + ".pub").write_bytes(canon.dumps(key.public.to_dict()))
    typer.echo(f"{key.public.id}: keep {file} offline, and give {file}.pub to the node.")


@app.command()
def recovery(
    home: Home,
    threshold: Annotated[int, typer.Option(help="How many of the keys must sign together.")],
    key: Annotated[list[Path] | None, typer.Option(help="A public recovery key (.pub); may be given often.")] = None,
    by: Offline = None,
    draft: Draft = None,
) -> None:
    """Say which keys, kept offline, can together name a new signing key. If there are some already, they must sign."""
    settings = start(home)
    from comity.node.desk import issuing

    keys, signers = [_public(path) for path in key or []], [_private(path) for path in by or []]
    with _new(draft):
        made = issuing.set_recovery(
            settings, keys, threshold=threshold, signers=signers, at=datetime.now(UTC), draft=draft
        )
    _say(made)
    if draft is not None:
        _tell(made, draft)


@app.command()
def recover(
    home: Home,
    key: Offline = None,
    at: Annotated[str, typer.Option(help="From when on the old key does not count; without it from now on.")] = "",
    draft: Draft = None,
) -> None:
    """Take a new signing key under the recovery keys, because the old one was lost or stolen."""
    settings, now = start(home), datetime.now(UTC)
    from comity.node.desk import issuing

    signers = [_private(path) for path in key or []]
    with _new(draft):
        made = issuing.recover(settings, signers, since=moment(at, now), at=now, draft=draft)
    _say(made)
    if draft is not None:
        _tell(made, draft)
        return
    if made.threshold == 0:
        typer.echo("There are no recovery keys: every other State must compare this fingerprint and pin it anew.")
    typer.echo(_RESTART)


@contextmanager
def _new(draft: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if draft is None:
            raise
        raise Misconfigured(
            f"{draft} cannot be written: {error.strerror}. Name a new file.", code="key.file"
        ) from error


def _tell(made: Any, draft: Path) -> None:
    typer.echo(
        f"Nothing is published yet. Let enough keepers of recovery keys sign {draft}, and read to them: {made.code}"
    )


@app.command("recovery-sign")
def recovery_sign(
    file: Annotated[
        Path, typer.Argument(help="What `recover --draft` or `recovery --draft` wrote; it is signed in place.")
    ],
    key: Annotated[Path, typer.Argument(help="A private recovery key.")],
    code: Annotated[str, typer.Option(help="As the node's operator reads it aloud.")],
) -> None:
    """Sign a drafted version of the State's entry with a recovery key, on a machine without a node or a network."""
    from comity.wire.directory import Purpose, countersigned, read_entry

    data = read_file(file)
    entry = read_entry(data)
    if code.replace(" ", "").lower() != entry.code.replace(" ", ""):
        raise BrokenSeal(
            "This is another version than was read aloud. Do not sign it.", code="entry.draft", where=str(file)
        )
    file.write_bytes(countersigned(data, _private(key)))
    _say(entry)
    for one in entry.keys:
        if one.since >= entry.issued_at:  # one that began before and is new is refused: `wire.directory.succeeds`
            typer.echo(f"new, to {one.purpose}: {one.id} {one.name}".rstrip())
        if one.revoked is not None:
            typer.echo(f"revoked from {one.revoked.isoformat()} on: {one.id}")
    held = ", ".join(one.id for one in entry.valid(Purpose.RECOVERY, entry.issued_at))
    typer.echo(f"after it, {entry.threshold} of these can name a new key: {held}")


@app.command("take-up")
def take_up(
    home: Home,
    files: Annotated[
        list[Path], typer.Argument(help="The drafted version as it came back; copies of it may be given together.")
    ],
) -> None:
    """Publish a drafted version that enough recovery keys have signed."""
    settings = start(home)
    from comity.node.desk import issuing

    _say(issuing.take_up(settings, [read_file(path) for path in files], at=datetime.now(UTC)))
    typer.echo(_RESTART)


def _public(path: Path) -> VerifyKey:
    return VerifyKey.from_dict(canon.loads(read_file(path), limit=1 << 16))


def _private(path: Path) -> SigningKey:
    key = read_key(path)
    if not isinstance(key, SigningKey):
        raise Misconfigured(f"{path} holds a key of another purpose.", code="key.purpose")
    return key


@app.command()
def renew(
    home: Home,
    versions: Annotated[list[Path], typer.Argument(help="Signed versions of one pinned State's entry, oldest first.")],
) -> None:
    """Follow another State's entry to a newer version, as the line does by itself: no fingerprint is compared."""
    settings = start(home)
    from comity.node.desk import registry
    from comity.wire.directory import read_entry

    chain = [read_file(path) for path in versions]
    state = read_entry(chain[-1]).state
    _say(registry.renewed(settings, state, chain, by=state, at=datetime.now(UTC)))


@app.command()
def directory(home: Home) -> None:
    """List what this node knows of each State's entry: its own, those it goes by, and what others say."""
    settings, now = start(home), datetime.now(UTC)
    from comity.node import archive
    from comity.wire.directory import version_code

    own = archive.own_entry(settings)
    for entry in (own, *archive.entries()):
        stale = ", STALE" if entry.stale(now.date()) else ""
        typer.echo(
            f"{entry.state}  version {entry.version}  {entry.fingerprint}  confirmed {entry.confirmed_on}{stale}"
        )
        typer.echo(f"    code of this version: {entry.code}")
        for told in archive.told(entry.state):
            words = (
                "says the same" if told.agrees else "says otherwise" if told.version <= entry.version else "knows newer"
            )
            typer.echo(f"    {told.by} {words}: version {told.version}, {told.at:%Y-%m-%d %H:%M} UTC")
    for key in own.keys:
        end = f"revoked {key.revoked:%Y-%m-%d %H:%M}" if key.revoked else f"until {key.until:%Y-%m-%d}"
        typer.echo(f"    {key.id}  {key.purpose}  {key.name}  since {key.since:%Y-%m-%d %H:%M}, {end}")
    for fork in archive.forks():
        typer.echo(
            f"{fork.state}  TWO VERSIONS {fork.version}: "
            f"that of the code {version_code(fork.digest)} came from {fork.by} on {fork.at:%Y-%m-%d}"
        )
