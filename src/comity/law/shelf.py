"""The law books of earlier days, kept by their hash: a check can be made again years later with what it was made with.

A shelf is a folder of files ``<sha256>.toml``, each exactly as it was when it was asked. It can be copied, and handed to a
court beside an exported case.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from comity.casework.request import Request
from comity.errors import Invalid
from comity.law._row import Page, read_page
from comity.law.assess import Assessment, assess
from comity.law.book import NO_BOOKS, Books, renewed


def keep(folder: Path, books: Books, assessment: Assessment) -> None:
    """Put the books that `assessment` was made with into the shelf `folder`; those that are there already stay.

    A file appears whole or not at all: it is written beside its place and then renamed.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for _, digest in assessment.books:
        place = folder / f"{digest}.toml"
        if place.exists() or digest not in books.texts:
            continue
        draft = folder / f".{digest}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(books.texts[digest])
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)


def recall(folder: Path, names: Iterable[tuple[str, str]]) -> Books:
    """The law books `names` (id and SHA-256) from the shelf `folder`.

    Raises:
        Invalid: the shelf has not all of them (``shelf.missing``), or a file is not what its name says (``shelf.changed``).
        BrokenLawbook: this version of the program cannot read one of them.
    """
    return renewed(NO_BOOKS, [_page(folder, name, digest) for name, digest in names])


def _page(folder: Path, name: str, digest: str) -> Page:
    place = folder / f"{digest}.toml"
    try:
        raw = place.read_bytes()
    except OSError as error:
        text = f"The book {name} of that day is not on this shelf ({digest}.toml). Name the folder that has it."
        raise Invalid(text, code="shelf.missing", where=str(folder)) from error
    if sha256(raw).hexdigest() != digest:
        text = f"{place.name} is not the book that it was. Take it from a copy."
        raise Invalid(text, code="shelf.changed", where=str(place))
    kind = "states" if name.isupper() else "treaties"
    return read_page(raw, f"{kind}/{name}.toml")


def replay(folder: Path, request: Request, assessment: Assessment) -> Assessment:
    """The check of `request` made again with the books that `assessment` names; equal to it if nothing was changed.

    Raises:
        Invalid: as `recall`, or the books cannot check this request.
        BrokenLawbook: this version of the program cannot read one of the books.
    """
    books = recall(folder, assessment.books)
    return assess(request, books, on=assessment.on, side=assessment.side)
