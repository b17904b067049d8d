"""What every command about the law is asked: on which day, in which language, of which books, for people or for a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from comity.casework.measure import Measure
from comity.cli._input import day_of, near
from comity.cli._paper import plain
from comity.errors import Invalid
from comity.law.book import Books, default_folder, load
from comity.wording.speech import LANGUAGES, Screen, Speech

Language = Annotated[str, typer.Option("--language", help="en or fa.")]
_P = ParamSpec("_P")


@dataclass(frozen=True)
class Asked:
    """What a command about the law is asked besides its own: the words to answer in, the day, whether a program reads it."""

    speech: Speech
    day: date
    as_json: bool


def _options(
    on: Annotated[str, typer.Option(help="The day for which the law is asked, YYYY-MM-DD; today if not given.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Ids, numbers and days for a program, instead of words.")
    ] = False,
    language: Language = "en",
    books: Annotated[
        Path | None, typer.Option("--books", help="Folder of law books; those of the program if not given.")
    ] = None,
) -> Asked:
    return Asked(speech_of(language, books), day_of(on), as_json)


def about_the_law(command: Callable[Concatenate[Asked, _P], None]) -> Callable[..., None]:
    """`command` as it is given to typer: after its own options come --on, --json, --language and --books, for its `Asked`.

    Raises, beside what `command` does:
        Invalid: no such day (``date.form``), or no such language (``cli.language``).
        BrokenLawbook: the books cannot be read.
    """
    shared = signature(_options, eval_str=True).parameters
    _, *own = signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def run(*args: _P.args, **given: _P.kwargs) -> None:
        asked = _options(**{name: given.pop(name) for name in shared})  # type: ignore[arg-type]
        command(asked, *args, **given)

    run.__signature__ = Signature([*own, *shared.values()])  # type: ignore[attr-defined]
    return run


def speech_of(language: str, folder: Path | None, books: Books | None = None) -> Speech:
    """The words of `language` over `books`, else those of `folder`. Raises Invalid (``cli.language``), BrokenLawbook."""
    if language not in LANGUAGES:
        raise Invalid(f"There are texts in {', '.join(LANGUAGES)}.", code="cli.language", where="--language")
    return Screen(language, books or load(folder or default_folder()))


def write_json(value: Any) -> None:
    """Write `value` for a program."""
    typer.echo(json.dumps(plain(value), ensure_ascii=True, indent=2, sort_keys=True))


def offence_of(books: Books, text: str, where: str) -> str:
    """The code of the offence `text`: ``uncc:13``, or ``13`` for short. Raises Invalid (``cli.article``)."""
    known = [code for treaty in books.treaties.values() for code in treaty.offences]
    code = text if ":" in text else f"uncc:{text}"
    if code in known:
        return code
    words = f"{text[:40]!r} is neither an offence nor a form of cooperation.{near(text, [*known, *Measure])}"
    known_words = f"Offences: {', '.join(known)}. Forms of cooperation: {', '.join(Measure)}."
    raise Invalid(f"{words} {known_words}", code="cli.article", where=where)
