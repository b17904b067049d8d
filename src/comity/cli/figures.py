"""Published figures on the command line: what they give away together, and whether two States' figures of each other agree.

Who reads them needs nothing else: no act is known to him, and where two States differ, which is wrong cannot be told.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Annotated

import typer

from comity.cli._asked import Language, speech_of
from comity.cli._paper import Paper
from comity.errors import ComityError, Invalid
from comity.law.book import NO_BOOKS
from comity.reporting import sdmx
from comity.reporting.axes import EVENT, NATURE, NONE, PARTNER, PERIOD, TOTAL
from comity.reporting.reconciliation import Difference, between
from comity.reporting.release import Release, attack
from comity.wording import figures as words


def figures(
    files: Annotated[list[Path], typer.Argument(help="Releases as published: /figures.csv of a State's public door.")],
    language: Language = "en",
) -> None:
    """Say which hidden figures can be worked out, and where two States' figures of each other differ.

    All releases of a State are looked at together. Exit code 0: nothing was found; 1: something was; 2: no figures.
    """
    paper = Paper(speech_of(language, None, NO_BOOKS))
    releases = _releases(files)
    found = 0
    for those in releases.values():
        lost = attack(*those)
        _print_hidden(paper, those[-1], lost)
        found += len(lost)
    for one, other in combinations((those[-1] for those in releases.values()), 2):
        differences = between(one, other)
        _print_differences(paper, one, other, differences)
        found += len(differences)
    raise typer.Exit(1 if found else 0)


def _releases(files: list[Path]) -> dict[str, list[Release]]:
    """State -> its releases, oldest first. Raises Invalid: no figures, or two releases under one number (``figures.fork``)."""
    read: dict[str, dict[int, Release]] = defaultdict(dict)
    for file in files:
        try:
            one = sdmx.from_csv(file.read_bytes().decode())
        except OSError as error:
            raise Invalid(f"The file cannot be read: {error.strerror}.", code="cli.file", where=str(file)) from error
        except UnicodeDecodeError as error:
            raise Invalid("This is no file of figures.", code="figures.csv", where=str(file)) from error
        except ComityError as error:
            raise Invalid(error.message, code=error.code, where=f"{file} {error.where}".strip()) from error
        if read[one.state].setdefault(one.number, one) != one:
            raise Invalid(
                f"{one.state} has two releases under number {one.number}.", code="figures.fork", where=str(file)
            )
    return {state: [those[number] for number in sorted(those)] for state, those in sorted(read.items())}


def _print_hidden(paper: Paper, release: Release, lost: tuple[tuple[str, ...], ...]) -> None:
    speech = paper.speech
    paper.head(speech.said(words.RELEASE_OF, {"state": release.state, "number": str(release.number)}))
    numbers = {"count": str(len(release.cells) - release.hidden), "number": str(release.hidden)}
    paper.say(speech.said(words.TOLD_AND_HIDDEN, numbers))
    paper.say(speech.translate(words.WORKED_OUT if lost else words.NOT_WORKED_OUT), style="red" if lost else "green")
    for key in lost:
        paper.bullet(_about(paper, key))


def _print_differences(paper: Paper, one: Release, other: Release, found: tuple[Difference, ...]) -> None:
    speech = paper.speech
    paper.head(f"{speech.state(one.state)} · {speech.state(other.state)}")
    paper.say(speech.translate(words.DIFFER if found else words.AGREE), style="red" if found else "green")
    for item in found:
        nature, event, asker, _, period = item.cell
        about = [
            _word(paper, NATURE, nature),
            _word(paper, EVENT, event),
            speech.said(words.ASKED_BY, {"state": asker}),
        ]
        counts = [(one.state, item.ours), (other.state, item.theirs)]
        sides = speech.listing([f"{speech.state(state)} {speech.digits(count)}" for state, count in counts])
        paper.bullet(f"{' · '.join((*about, speech.code(period)))}: {sides}")


def _about(paper: Paper, key: tuple[str, ...]) -> str:
    """What a figure is about, in a line: what is total or does not apply is left out."""
    return " · ".join(_word(paper, axis, code) for axis, code in enumerate(key) if code not in (TOTAL, NONE))


def _word(paper: Paper, axis: int, code: str) -> str:
    speech = paper.speech
    if axis == PARTNER:
        return speech.state(code)
    return speech.code(code) if axis == PERIOD else speech.plain(speech.translate(words.word(axis, code)))
