"""A hostile peer on the command line: make its identity, list its attacks, attack a node of one's own."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from comity.errors import Invalid

if TYPE_CHECKING:
    from comity.conformance.attack import Attack
    from comity.conformance.bench import Bench
    from comity.conformance.run import Result

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None,
    help="Attack a node of one's own as a hostile peer State would, and report which promises it kept.",
)  # fmt: skip
_STYLE = {"kept": "green", "broken": "red", "undetermined": "yellow"}


@app.command()
def prepare(
    folder: Annotated[Path, typer.Argument(help="A new folder for the keys.")],
    state: Annotated[str, typer.Option(help="A code that stands for no State: AA, QM to QZ, XA to XZ or ZZ.")] = "XX",
    address: Annotated[
        str, typer.Option(help="https://host:port at which the node finds this State during a run, as its second one.")
    ] = "",
) -> None:
    """Make the keys of an exercise State, and its signed entry to pin on the node under test."""
    from comity.conformance.identity import prepare as make

    made = make(folder, state, at=datetime.now(UTC), address=address)
    mark = made.entry.fingerprint
    typer.echo(f"{state}: keys and entry in {folder}. Pin it on the node under test, which must be for exercises only:")
    typer.echo(f'  comity node pin HOME {folder / "entry.json"} --fingerprint "{mark}" --by NAME')


@app.command("list")
def list_attacks() -> None:
    """List the attacks, with what each tries to break and what a right node answers."""
    from comity.conformance.run import chosen

    console = Console(highlight=False)
    for attack in chosen([]):
        console.print(Text(f"{attack.name}  ({attack.promise})", "bold"), soft_wrap=True)
        console.print(Text(attack.about), soft_wrap=True)
        console.print(Text(f"PROTOCOL.md: {attack.section}\n", "dim"), soft_wrap=True)


@app.command()
def run(
    url: Annotated[str, typer.Argument(help="https://host:port of the node's peers' door.")],
    entry: Annotated[Path, typer.Option(help="The node's signed directory entry.")],
    identity: Annotated[Path, typer.Option(help="The folder that `prepare` made; its entry is pinned on the node.")],
    only: Annotated[list[str] | None, typer.Option(help="An attack, or a kind of attacks; may be given often.")] = None,
    home: Annotated[
        Path | None, typer.Option(help="The node's home folder, to see what becomes of envelopes after their receipts.")
    ] = None,
    other: Annotated[
        Path | None, typer.Option(help="The folder of a second State, pinned as well: what is ours is not for it.")
    ] = None,
    evidence: Annotated[str, typer.Option(help="Digest of a container that lies on the node's shelf for us.")] = "",
    pid: Annotated[int, typer.Option(help="Process id of `comity node serve`, to watch its memory.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the samples.")] = 20261124,
    thorough: Annotated[bool, typer.Option("--thorough", help="Every bit and length, and longer floods.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report, for a program.")] = False,
    operated: Annotated[
        bool, typer.Option("--i-operate-this-node", help="The node lies on another machine, and is mine to attack.")
    ] = False,
) -> None:
    """Attack the node at URL. Exit code 0 if no promise was broken, 1 if one was, 2 if there was nothing to attack."""
    from comity.conformance import run as runs

    attacks = runs.chosen(only or [])
    bench = _bench(url, entry, identity, home, other, operated=operated, seed=seed, thorough=thorough, shelf=evidence)
    results = _attacked(bench, attacks, pid)
    broken = runs.worst(results) == "broken"
    if as_json:
        said = {"node": bench.home.state, "as": bench.me.state, "seed": seed, "verdict": str(runs.worst(results)),
                "results": [result.to_dict() for result in results]}  # fmt: skip
        typer.echo(json.dumps(said, ensure_ascii=True, indent=2))
    else:
        _show(results, f"{bench.home.state} attacked by {bench.me.state}, seed {seed}")
    raise typer.Exit(1 if broken else 0)


def _bench(url: str, entry: Path, identity: Path, home: Path | None, other: Path | None, *, operated: bool, seed: int,
           thorough: bool, shelf: str) -> Bench:  # fmt: skip
    """What the attacks work with. Raises Invalid: a node that may not be attacked, or two States that are one."""
    from comity.conformance.bench import Bench
    from comity.conformance.identity import entry_in, load
    from comity.conformance.inbox import Inbox
    from comity.conformance.line import Line, address

    place = address(url, anywhere=operated)
    node = entry_in(entry)[0]
    if not node.exercise:
        message = "This node is in earnest. Attack a copy of it that is for exercises only."
        raise Invalid(message, code="conformance.earnest", where=node.state)
    inbox = Inbox(home) if home else None
    return Bench(load(identity), node, Line(place, node), inbox=inbox, seed=seed, thorough=thorough, shelf=shelf,
                 other=load(other) if other else None)  # fmt: skip


def _attacked(bench: Bench, attacks: list[Attack], pid: int) -> list[Result]:
    """The results, with a bar on the screen meanwhile."""
    from comity.conformance.run import run as attack_all

    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=len(attacks))
        return attack_all(
            bench, attacks, pid=pid,
            progress=lambda name, done, total: bar.update(task, description=name, completed=done, total=total),
        )  # fmt: skip


def _plain(text: str) -> str:
    """`text` without what would steer the screen: a node under test chose a part of it."""
    return "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text)


def _show(results: list[Result], title: str) -> None:
    console = Console(highlight=False)
    table = Table(title=Text(title), show_edge=False)
    for heading in ("attack", "verdict", "tried", "what came back"):
        table.add_column(heading, overflow="fold")
    for result in results:
        worst = result.probes[0] if result.probes else None
        words = "" if worst is None else worst.got if result.verdict == "kept" else f"{worst.sent}: {worst.got}"
        table.add_row(result.name, Text(result.verdict, _STYLE[result.verdict]), str(result.count), Text(_plain(words)))
    console.print(table)
    counts = {verdict: sum(result.verdict == verdict for result in results) for verdict in _STYLE}
    console.print(Text(", ".join(f"{count} {verdict}" for verdict, count in counts.items()), "bold"))
    for result in results:
        if result.verdict == "broken":
            console.print(
                Text(f"\n{result.name}: {result.promise} (PROTOCOL.md, {result.section})", "red"), soft_wrap=True
            )
            for probe in result.probes:
                if probe.verdict == "broken":
                    console.print(Text(_plain(f"  sent: {probe.sent}\n  back: {probe.got}")), soft_wrap=True)
