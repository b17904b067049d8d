"""The command line. Only `demo` and `node` need more than the files that they are given."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from comity.cli import conformance, figures, law
from comity.errors import ComityError, Invalid
from comity.seal import canon, stream
from comity.verify import CHECKS, Report, Verdict, verify_code, verify_file, verify_letter
from comity.wire import bag
from comity.wording.speech import error_text, visible

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help=__doc__)
app.add_typer(law.app, name="law")
app.add_typer(conformance.app, name="conformance")
app.command("assess")(law.check_request)
app.command("figures")(figures.figures)
_MARKS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.UNDETERMINED: "yellow"}


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="An exported case, an evidence bag, or a letter (PDF).")],
    case: Annotated[Path | None, typer.Option(help="For a letter: the exported case it belongs to.")] = None,
    pin: Annotated[list[Path] | None, typer.Option(help="A directory entry you trust; may be given often.")] = None,
    code: Annotated[str | None, typer.Option(help="For an exported case: the code on a printed letter.")] = None,
    stamp_roots: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) of the time-stamping authorities that you trust.")
    ] = None,
) -> None:
    """Say what FILE proves: each check passed, failed or undetermined. Exit code 0 only if all passed."""
    console = Console()
    if not file.is_file():
        console.print(f"There is no file {file}.", style="red", markup=False)
        raise typer.Exit(2)
    if file.suffix.lower() == ".pdf":
        beside = case or file.with_name("case.asice")
        if not beside.is_file():
            console.print("undetermined: a letter alone proves nothing. Name its exported case with --case.")
            raise typer.Exit(1)
        report = verify_letter(file, beside, roots=stamp_roots)
    elif code is not None:
        report = verify_code(code, file, pins=pin or (), roots=stamp_roots)
    else:
        with _bar(console) as bar:
            task = bar.add_task("reading", total=None)
            report = verify_file(
                file, pins=pin or (), roots=stamp_roots,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
    _print(console, report)
    raise typer.Exit(0 if report.passed else 1)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=console, transient=True,
        disable=not sys.stderr.isatty(),
    )  # fmt: skip


def _say(console: Console, text: str, style: str | None = None) -> None:
    """One line of the screen, whatever a file put into it."""
    console.print(visible(text), style=style, markup=False, highlight=False, soft_wrap=True)


def _print(console: Console, report: Report) -> None:
    if report.about:
        _say(console, report.about, "bold")
    for name in CHECKS:
        if name in report.verdicts:
            verdict, words = report.verdicts[name]
            _say(console, f"{verdict:<13}{name:<11} {words}", _MARKS[verdict])
    for signer in report.signers:
        _say(console, f"key of       {signer}")
    if report.signers and "pins" not in report.verdicts:
        console.print(
            "These are the keys that the file itself names. Compare them with what each State published,\n"
            "or give the entries you trust with --pin.", markup=False, highlight=False,
        )  # fmt: skip
    console.print("all passed" if report.passed else "NOT all passed", style="bold")


@app.command()
def unpack(
    file: Annotated[Path, typer.Argument(help="An evidence bag.")],
    folder: Annotated[Path, typer.Argument(help="Where to unpack; must not exist yet.")],
    key: Annotated[Path, typer.Option(help="The bag's content-key file.")],
) -> None:
    """Unpack an evidence bag: every exhibit under its own name, with its own bytes, each digest checked."""
    console = Console()
    if folder.exists():
        raise Invalid(f"{folder} exists already. Name a new folder.", code="unpack.exists", where=str(folder))
    secret = _content_key(key)
    report = verify_file(file)
    if not report.passed:
        _print(console, report)
    if any(verdict is Verdict.FAILED for verdict, _ in report.verdicts.values()):
        raise Invalid("Nothing is unpacked from a file of which a check failed.", code="unpack.failed", where=str(file))
    with bag.Bag(file) as opened, _bar(console) as bar:
        task = bar.add_task("unpacking", total=None)
        manifest = opened.unpack(secret, folder, lambda done, total: bar.update(task, completed=done, total=total))
    files = sum(1 for _ in manifest.files)
    left_out = [item.name for item in manifest.exhibits if item.kind == "link" and not bag.leads_inside(item)]
    _say(console, f"{files} files, {manifest.size:,} bytes of {manifest.case} in {folder}")
    if left_out:
        _say(console, f"{len(left_out)} links that lead outside were not made, e.g. {left_out[0]}")
    for condition in manifest.conditions:
        _say(console, f"Condition of use: {condition}", "bold")


def _content_key(path: Path) -> bytes:
    """The key in a content-key file. Raises Invalid."""
    try:
        found = canon.fields(canon.loads(path.read_bytes().strip(), limit=4096), "comity", "case", "key")
        if found["comity"] != "content-key/1":
            raise ValueError(found["comity"])
        secret = bytes.fromhex(found["key"])
    except (OSError, ValueError, TypeError) as error:
        raise Invalid(f"{path} is no content-key file.", code="unpack.key", where=str(path)) from error
    if len(secret) != stream.KEY:
        raise Invalid(f"{path} is no content-key file.", code="unpack.key", where=str(path))
    return secret


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the story; otherwise the nodes stay up.")] = False,
    evidence: Annotated[Path | None, typer.Option(help="A file or folder to use as the provider's data.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the exported cases, the evidence and the letter go.")] = None,
    seed: Annotated[
        int, typer.Option(help="Seed of the mailbox that is written when --evidence is not given.")
    ] = 20261124,
    home: Annotated[
        Path | None, typer.Option(help="Where the three nodes live; a new temporary folder if not given.")
    ] = None,
) -> None:
    """An exercise: Iran asks Viet Nam for electronic evidence, Qatar witnesses. Three nodes on this machine."""
    from comity.demo.story import play

    raise typer.Exit(play(once=once, evidence=evidence, out=out, seed=seed, home=home))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def node(ctx: typer.Context) -> None:
    """Make and run a node; see `comity node --help`."""
    os.execv(sys.executable, [sys.executable, "-m", "comity.node.run", *ctx.args])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def parcel(ctx: typer.Context) -> None:
    """Carry by courier what would cross the line between two nodes; see `comity parcel --help`."""
    os.execv(sys.executable, [sys.executable, "-m", "comity.node.run", "parcel", *ctx.args])


def main() -> None:
    """Run the command line; a `ComityError` becomes one line and exit code 2."""
    try:
        app()
    except ComityError as error:
        typer.echo(f"comity: {error_text(error)}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
