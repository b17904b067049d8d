"""By courier: the operator packs what waits for a peer into a file, and takes in the file that came back.

Exit codes: 0, done; 1, there was nothing to carry, or a person should look at something that is named; 2, not done.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from comity.errors import Misconfigured, Unreachable
from comity.node.management import Home, start
from comity.seal.container import Progress

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Carry by courier what would cross the line.")
_OURS = {"consignment": "kept there", "handover": "read there", "done": "seen there by an officer",
         "dead": "refused there for good", "unknown": "not known here"}  # fmt: skip


@app.command("out")
def out(
    home: Home,
    peer: Annotated[str, typer.Argument(help="The State that it is for.")],
    file: Annotated[Path, typer.Argument(help="The new file.")],
    evidence: Annotated[
        list[str] | None, typer.Option(help="A case whose sealed bags go too; may be given often.")
    ] = None,
) -> None:
    """Pack everything that waits for a peer into one file."""
    settings = start(home)
    from comity.node.desk import parcels

    with _at_work(settings, file), _bar("packing") as progress:
        packed = parcels.pack(settings, peer, file, at=datetime.now(UTC), cases=evidence or (), progress=progress)
    _carries(packed, f"{file} for {peer}", nothing=f"There is nothing to carry to {peer}; no file was made.")
    if packed.empty:
        raise typer.Exit(1)


@app.command("in")
def take_in(
    home: Home,
    file: Annotated[Path, typer.Argument(help="The parcel.")],
    answer: Annotated[Path | None, typer.Option(help="The new file that goes back to who sent this one.")] = None,
) -> None:
    """Take in a parcel of a peer, as if its node had called."""
    settings = start(home)
    from comity.node.desk import parcels

    with _at_work(settings, file), _bar("reading") as progress:
        taken = parcels.take(settings, file, at=datetime.now(UTC), answer=answer, progress=progress)
    _tell(taken)
    if taken.answered is not None:
        nothing = f"Nothing goes back to {taken.sender}; {answer} was not made."
        _carries(taken.answered, f"{answer} goes back to {taken.sender}", nothing=nothing)
    if not taken.clean:
        raise typer.Exit(1)


@contextmanager
def _at_work(settings: Any, file: Path) -> Iterator[None]:
    """What the node does at its start and end too, if it is not running: an older database that was restored is noticed.

    Raises:
        Misconfigured: a file cannot be read or written.
        Unreachable: the node's database was busy for too long.
    """
    from django.db import OperationalError

    from comity.node.desk import crossing

    try:
        crossing.started(settings, at=datetime.now(UTC))
        yield
        if not _running(settings.home):
            crossing.mark(settings)
    except OSError as error:
        message = (
            f"{error.filename or file} cannot be read or written: {error.strerror}. What was taken in stays; try again."
        )
        raise Misconfigured(message, code="parcel.file") from error
    except OperationalError as error:
        message = "The node's database was busy for too long. What was taken in stays; try again."
        raise Unreachable(message, code="parcel.busy") from error


def _running(home: Path) -> bool:
    with (home / ".lock").open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _carries(packed: Any, what: str, *, nothing: str) -> None:
    from comity.wording.speech import visible

    typer.echo(nothing if packed.empty else f"{what}:")
    if packed.greets:
        typer.echo("  a greeting: envelopes follow when it is answered")
    if packed.answers:
        typer.echo(f"  answers      {packed.answers}")
    _rows("envelopes", {case or "of no case": count for case, count in packed.envelopes.items()})
    if packed.asked:
        typer.echo(f"  questions    about {packed.asked} envelopes that went before")
    for case, size in packed.bags:
        typer.echo(f"  evidence     {visible(case)}: {size:,} bytes")
    if packed.unread:
        typer.echo(
            f"  stay here    {packed.unread} envelopes in a form that is not known to be read there, or behind one"
        )


def _tell(taken: Any) -> None:
    typer.echo(f"A parcel of {taken.sender}, made {taken.made_at:%Y-%m-%d %H:%M} UTC:")
    _rows("envelopes", taken.envelopes)
    _rows("acts", taken.acts)
    _rows("ours", {_OURS.get(name, name): count for name, count in taken.ours.items()})
    for digest, came in taken.bags.items():
        typer.echo(f"  evidence     {digest[:16]}…: {came}")
    if not taken.settled:
        typer.echo(f"  {taken.sender} has not said yet what it holds: send it a parcel, and take in its answer.")


def _rows(name: str, counted: Mapping[str, int]) -> None:
    from comity.wording.speech import visible

    for what, count in sorted(counted.items()):
        typer.echo(f"  {name:<12} {count} {visible(what)}")
