"""What the operator does for the prevention desk: collections, their rules, and the clients that fetch and add."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.errors import Invalid, Misconfigured, NotPossible
from comity.node.management import Home, read_file, start
from comity.seal.keys import write_secret

collections = typer.Typer(add_completion=False, no_args_is_help=True, help="Collections of warnings.")
clients = typer.Typer(add_completion=False, no_args_is_help=True, help="Programs that fetch and add warnings.")
By = Annotated[str, typer.Option(help="Sign-in name of the officer who decided it; he has the power to warn.")]
Several = Annotated[list[str] | None, typer.Option(help="May be given often.")]
Secret = Annotated[Path, typer.Option(help="New file that the secret is written to, of mode 0600.")]


@collections.command("add")
def add_collection(
    home: Home,
    title: str,
    by: By,
    description: Annotated[str, typer.Option()] = "",
    alias: Annotated[str, typer.Option(help="Another name for its address.")] = "",
) -> None:
    """Make a collection, out of which nothing goes until it has rules; prints its id."""
    officer = decided_by(home, by)
    from comity.node.desk import collections as desk

    typer.echo(desk.make(title, officer=officer, at=datetime.now(UTC), description=description, alias=alias).pk)


@collections.command("list")
def list_collections(home: Home) -> None:
    """Print the collections, how many objects each holds, and its rules."""
    start(home)
    from comity.node import models

    for row in models.Collection.objects.all():
        held = models.StixObject.objects.filter(collection=row, last=True).count()
        typer.echo(f"{row.pk}  {row.alias or '-'}  {row.title}: {held} objects")
        said = f"by {row.ruled_by}" if row.ruled_by else "never set: nothing goes out"
        typer.echo(f"    rules ({said}): {json.dumps(row.rules, ensure_ascii=False, sort_keys=True)}")


@collections.command("rules")
def set_rules(
    home: Home, collection: Annotated[str, typer.Argument(help="Its id or alias.")], file: Path, by: By
) -> None:
    """Say what may go out of a collection, from a TOML file; an empty one: nothing."""
    officer = decided_by(home, by)
    from comity.node.desk import collections as desk

    try:
        said: dict[str, Any] = tomllib.loads(read_file(file).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}", code="release.rules") from error
    desk.set_rules(collection, said, officer=officer, at=datetime.now(UTC))


@clients.command("add")
def add_client(
    home: Home,
    name: str,
    by: By,
    secret: Secret,
    organisation: Annotated[str, typer.Option(help="Whose it is, in words.")],
    purpose: Annotated[str, typer.Option(help="What it fetches warnings for: a word of the collections' rules.")],
    state: Annotated[str, typer.Option(help="Of which State, by its ISO code. Without it: the public.")] = "",
    community: Several = None,
    read: Several = None,
    write: Several = None,
) -> None:
    """Make a client that may read and add to the collections named; its secret is written to a file, once."""
    officer = decided_by(home, by)
    _vacant(secret)
    from django.db import transaction

    from comity.node.desk import collections as desk

    with transaction.atomic():
        made = desk.admit(name, organisation=organisation, state=state, communities=community or [], purpose=purpose,
                          officer=officer, at=datetime.now(UTC))  # fmt: skip
        desk.give(name, reads=read or [], writes=write or [], officer=officer)
        write_secret(secret, made.encode() + b"\n")


@clients.command("give")
def give(home: Home, name: str, by: By, read: Several = None, write: Several = None) -> None:
    """Say which collections a client may read and add to; what is not named, it may not any more."""
    officer = decided_by(home, by)
    from comity.node.desk import collections as desk

    desk.give(name, reads=read or [], writes=write or [], officer=officer)


@clients.command("renew")
def renew(home: Home, name: str, by: By, secret: Secret) -> None:
    """Give a client a new secret, written to a file; the old one holds no longer."""
    officer = decided_by(home, by)
    _vacant(secret)
    from django.db import transaction

    from comity.node.desk import collections as desk

    with transaction.atomic():
        write_secret(secret, desk.renew(name, officer=officer).encode() + b"\n")


@clients.command("end")
def end(home: Home, name: str, by: By) -> None:
    """Let a client in no longer. What it added stays."""
    officer = decided_by(home, by)
    from comity.node.desk import collections as desk

    desk.end(name, officer=officer, at=datetime.now(UTC))


@clients.command("list")
def list_clients(home: Home) -> None:
    """Print the clients: whose, for what, and what each may."""
    start(home)
    from comity.node import models

    for row in models.Client.objects.order_by("name"):
        ended = f"  ended by {row.ended_by}" if row.ended_at else ""
        typer.echo(f"{row.name}  {row.state or 'public'}  {row.organisation}  for {row.purpose}{ended}")
        typer.echo(f"    communities {row.communities}  reads {row.reads}  writes {row.writes}")
        if row.blind_objects:
            typer.echo(f"    sent where it may not read: {row.blind_objects} objects, {row.blind_bytes} bytes")


def decided_by(home: Path, username: str) -> Any:
    """The officer of this sign-in name at the node in `home`. Raises NotPossible."""
    start(home)
    from comity.node import models

    row = models.Officer.objects.filter(username=username).first()
    if row is None:
        raise NotPossible(f"There is no officer '{username}'.", code="officer.unknown", where="by")
    return row


def _vacant(file: Path) -> None:
    """Return when there is no such file, but its folder. Raises Invalid."""
    if file.exists() or not file.absolute().parent.is_dir():
        raise Invalid(f"{file} is there already, or its folder is not. Name a new file.", code="client.file")
