"""What the law is asked about on the command line: a request from a file or from standard input, days, States, measures."""

from __future__ import annotations

import difflib
import json
import re
import sys
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

from comity.casework.measure import Measure
from comity.casework.moments import parse_date
from comity.casework.request import DataCategory, Request, Scope, Urgency
from comity.errors import Invalid
from comity.law.book import Books
from comity.law.treaty_reader import request_fields

_MOST: Final = 1_000_000  # bytes: far more than the longest request that can cross
_DAY, _MOMENT = "Write a date as YYYY-MM-DD.", "Write a moment with its offset from UTC, e.g. 2026-09-03T08:15:00Z."
_MONTHS: Final = "Write a whole number of months, without quotes."
_HINTS: Final = {
    "scope": f"Write one of: {', '.join(Scope)}.",
    "urgency": f"Write one of: {', '.join(Urgency)}.",
    "categories": f"Write a list of: {', '.join(DataCategory)}.",
    "period_from": _DAY, "period_to": _DAY, "deadline": _DAY, "offence.committed_on": _DAY, "persons.born": _DAY,
    "order.issued_on": _DAY, "accounts.at": _MOMENT, "event_at": _MOMENT,
    "offence.max_penalty_months": _MONTHS, "order.sentence_months": _MONTHS, "order.remaining_months": _MONTHS,
}  # fmt: skip


def day_of(text: str) -> date:
    """The day written in `text`, today where it is empty. Raises Invalid (``date.form``)."""
    try:
        return parse_date(text) if text else date.today()  # noqa: DTZ011 - the day where the reader sits
    except ValueError as error:
        raise Invalid(f"{text[:40]!r} is no date. Write it as YYYY-MM-DD.", code="date.form", where="--on") from error


def measure_of(text: str, where: str) -> Measure:
    """The form of cooperation `text`. Raises Invalid (``cli.measure``)."""
    try:
        return Measure(text)
    except ValueError as error:
        words = f"There is no form of cooperation {text[:40]!r}.{near(text, Measure)} Known: {', '.join(Measure)}."
        raise Invalid(words, code="cli.measure", where=where) from error


def state_of(text: str, books: Books, where: str) -> str:
    """The State whose book `text` names, in capitals or not. Raises Invalid (``law.state``)."""
    return books.state(text.upper()[:40], where).code


def near(text: str, known: Iterable[str]) -> str:
    """A hint at what of `known` was meant, to be put behind a sentence, or nothing."""
    found = difflib.get_close_matches(text.lower(), list(known), n=3, cutoff=0.6)
    return f" Meant: {' or '.join(found)}?" if found else ""


def raw_request(file: str) -> dict[str, Any]:
    """What the file says, JSON or TOML; ``-`` is standard input. Raises Invalid (``cli.file``) naming line and column."""
    source, data = _bytes(file)
    if len(data) > _MOST:
        raise Invalid("This is longer than any request.", code="cli.file", where=source)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"{source}, byte {error.start}"
        raise Invalid("This is no text in UTF-8. Give JSON or TOML.", code="cli.file", where=place) from error
    if not text.strip():
        raise Invalid("There is nothing in it. Give a request as JSON or TOML.", code="cli.file", where=source)
    found = _json(text, source) if text.lstrip()[:1] in "{[" and not _is_toml(text) else _toml(text, source)
    if not isinstance(found, dict):
        raise Invalid("A request is an object with named fields.", code="cli.file", where=source)
    return found


def _bytes(file: str) -> tuple[str, bytes]:
    if file == "-":
        if sys.stdin.isatty():
            raise Invalid("Name a file, or pass the request on standard input.", code="cli.file", where="FILE")
        return "standard input", sys.stdin.buffer.read(_MOST + 1)
    try:
        with Path(file).open("rb") as opened:
            return file, opened.read(_MOST + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        why = getattr(error, "strerror", None) or "its name is not usable"
        raise Invalid(f"The file cannot be read: {why}.", code="cli.file", where=file) from error


def _is_toml(text: str) -> bool:
    """Whether `text` begins with a TOML table, ``[offence]`` or ``[[accounts]]``, which JSON cannot."""
    return re.match(r"\s*\[\[?\s*[A-Za-z_.\"-]+\s*\]", text) is not None and not re.match(r'\s*\[\s*"', text)


def _json(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{source}, line {error.lineno}, column {error.colno}"
        raise Invalid(f"This is not JSON: {error.msg}.", code="cli.file", where=place) from error
    except (ValueError, RecursionError) as error:
        raise Invalid(f"This is no usable JSON: {error}.", code="cli.file", where=source) from error


def _toml(text: str, source: str) -> Any:
    try:
        return _plain(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r" \(at (line \d+, column \d+)\)$", str(error))
        words, place = (str(error)[: found.start()], f"{source}, {found[1]}") if found else (str(error), source)
        raise Invalid(f"This is neither JSON nor TOML: {words}.", code="cli.file", where=place) from error


def _plain(value: Any) -> Any:
    """TOML's dates and times as the text that a request is written with."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def request_of(raw: dict[str, Any], requesting: str, requested: str, day: date) -> Request:
    """The request in `raw`, its States filled in from the options, a draft without reference named after the year.

    Raises:
        Invalid: as ``Request.from_dict``, with a hint at what to write; file and option name two States
            (``cli.state``); an unknown form of cooperation (``cli.measure``).
    """
    for field, code in (("requesting", requesting.upper()), ("requested", requested.upper())):
        if code and raw.get(field, code) != code:
            said = f"The file says {str(raw[field])[:40]!r}, the option {code}."
            raise Invalid(said, code="cli.state", where=f"--{field}")
        if code:
            raw[field] = code
    if "reference" not in raw and isinstance(raw.get("requesting"), str):
        raw["reference"] = f"{raw['requesting']}-{day.year}-0001"
    if isinstance(raw.get("measure"), str):
        raw["measure"] = measure_of(raw["measure"], "measure")
    try:
        return Request.from_dict(raw)
    except Invalid as error:
        hint = _HINTS.get(error.where, "") if error.code == "request.value" else ""
        if error.code == "request.unknown-field":
            hint = near(error.where, request_fields()).strip()
        raise Invalid(f"{error.message} {hint}".strip(), code=error.code, where=error.where) from error
