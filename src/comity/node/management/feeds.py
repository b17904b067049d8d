"""What the operator does about feeds: foreign collections that warnings are fetched from, or sent to, by schedule."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from comity.errors import Invalid
from comity.node.management import Home, read_file, start
from comity.node.management.sharing import By, Several, decided_by

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Foreign collections: fetched from, or sent to.")
File = Annotated[Path | None, typer.Option(help="It is copied to keys/feeds/; remove yours.")]


@app.command("add")
def add_feed(
    home: Home,
    name: str,
    by: By,
    address: Annotated[str, typer.Option(help="https://…/ of the API root there.")],
    remote: Annotated[str, typer.Option(help="Id or alias of the collection there.")],
    into: Annotated[str, typer.Option(help="Fetch: id or alias of the collection here.")] = "",
    out_of: Annotated[str, typer.Option("--from", help="Send: id or alias of the collection here.")] = "",
    state: Annotated[str, typer.Option(help="Whose the server is, by ISO code.")] = "",
    community: Several = None,
    purpose: Annotated[str, typer.Option(help="Send, for what: a word of the collection's rules.")] = "",
    user: Annotated[str, typer.Option(help="With which this node signs in there.")] = "",
    secret: File = None,
    ca: File = None,
    every: Annotated[int, typer.Option(help="Minutes between two visits.")] = 15,
    most: Annotated[int, typer.Option(help="Fetch: how many objects it may bring in all.")] = 1_000_000,
) -> None:
    """Fetch from a foreign collection into one here, or send what is in one here, from now on."""
    officer = decided_by(home, by)
    from comity.node import models
    from comity.node.desk import feeds
    from comity.node.settings import current

    if bool(into) == bool(out_of):
        raise Invalid("Name a collection with --into or with --from.", code="feed.direction")
    ways = models.Feed.Direction
    terms = feeds.Terms(
        address=address, remote=remote, direction=ways.PULL if into else ways.PUSH, collection=into or out_of, state=state,
        communities=tuple(community or ()), purpose=purpose, user=user, every=every, most=most,
    )  # fmt: skip
    files = (read_file(path).strip() if path else b"" for path in (secret, ca))
    given, trusted = files
    feeds.add(current(), name, terms, officer=officer, at=datetime.now(UTC), secret=given, trusted=trusted)


@app.command("list")
def list_feeds(home: Home) -> None:
    """Print the feeds, how far each is, and what went wrong."""
    start(home)
    from django.db.models import Count, Min

    from comity.node import models
    from comity.node.desk import feeds as desk
    from comity.wording.speech import visible

    for row in models.Feed.objects.order_by("name"):
        ways = "from" if row.direction == row.Direction.PULL else "to"
        paused = "  PAUSED" if row.paused else ""
        visited = row.visited_at.isoformat(timespec="seconds") if row.visited_at else "never"
        typer.echo(f"{row.name}  {ways} {row.address} {row.remote}  every {row.every} minutes{paused}")
        typer.echo(
            f"    {row.state or 'public'}  {row.communities}  collection {row.collection_id}  brought {row.brought}"
        )
        typer.echo(f"    last success {visited}  last visit {row.done}")
        if row.again:
            typer.echo(f"    {row.again} visits in a row brought again what is here: visited less")
        owed = desk.called_back(row).aggregate(number=Count("pk"), since=Min("owed_at"))
        if owed["number"]:
            since = owed["since"].isoformat(timespec="seconds")
            typer.echo(f"    called back and not yet deleted there: {owed['number']}, the oldest since {since}")
        for named, reason in row.refused:
            typer.echo(f"    refused {visible(named) or 'an object without an id'}: {reason!r}")
        if row.code:
            typer.echo(
                f"    failed {row.attempts} times: {row.trouble!r}; again at {row.next_at.isoformat(timespec='seconds')}"
            )


@app.command("pause")
def pause(
    home: Home,
    name: str,
    by: By,
    resume: Annotated[bool, typer.Option("--resume", help="Visit it again, from now on.")] = False,
) -> None:
    """Fetch or send nothing until it is resumed; what was sent and is called back is asked to be deleted all the same."""
    officer = decided_by(home, by)
    from comity.node.desk import feeds

    feeds.pause(name, paused=not resume, officer=officer, at=datetime.now(UTC))


@app.command("remove")
def remove(home: Home, name: str, by: By) -> None:
    """Forget a feed and its secret. What it brought stays."""
    officer = decided_by(home, by)
    from comity.node.desk import feeds
    from comity.node.settings import current

    feeds.remove(current(), name, officer=officer)
