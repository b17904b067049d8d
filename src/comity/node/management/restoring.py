"""What the operator says of a restore: one that the node cannot see, or the moment of one that it noted by a wrong clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from comity.casework.moments import moment_text
from comity.node.management import Home, moment, only_one, start

app = typer.Typer(add_completion=False)


@app.command()
def restored(
    home: Home,
    by: Annotated[str, typer.Option(help="Who says so.")],
    because: Annotated[str, typer.Option(help="How that is known, or what was wrong with the other note.")],
    at: Annotated[
        str, typer.Option(help="When it was, or later: RFC 3339, e.g. 2026-11-24T09:00:00Z; without it now.")
    ] = "",
    instead: Annotated[
        str, typer.Option(help="The note whose place this one takes, by its first letters in `restores`.")
    ] = "",
) -> None:
    """Note a restore that shows by nothing here, while the node is stopped; or correct the moment of a noted one."""
    settings, now = start(home), datetime.now(UTC)
    from comity.node.desk import crossing, restores

    until = moment(at, now)
    if instead:
        noted = restores.stated(settings, until, by=by, why=because, instead=instead, at=now)
    else:
        only_one(home)
        noted = crossing.restored(settings, until, by=by, why=because, at=now)
    _say(noted)


@app.command("restores")
def listed(home: Home) -> None:
    """List the notes that this node's memory was set back, oldest first."""
    start(home)
    from comity.node.desk import restores

    for noted in restores.notes():
        _say(noted)


def _say(noted: Any) -> None:
    place = f", instead of {noted.instead[:12]}" if noted.instead else ""
    typer.echo(
        f"{noted.digest[:12]}: set back until {moment_text(noted.until)}, noted {moment_text(noted.noted)} "
        f"by {noted.by or 'the node'}{place}: {noted.why}"
    )
