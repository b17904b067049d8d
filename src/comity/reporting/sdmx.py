"""Figures as SDMX-CSV 2.0 (the SDMX 3.0 format; RFC 4180), out and in.

Columns: ``STRUCTURE, STRUCTURE_ID, ACTION``, the dimensions (``REF_AREA``, then `axes.AXES`), ``OBS_VALUE``, and the
attributes ``OBS_STATUS`` (A: normal; Q: suppressed), ``CONF_STATUS`` (F: free; C: confidential) and those of the release.
A hidden figure has no ``OBS_VALUE``. Which of them are hidden for their own sake and which for others' (codes A and D of
that list) is not told: it would say which are small. A figure that the tables cover and that has no row is zero.
"""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from comity.casework.moments import moment_text
from comity.errors import Invalid
from comity.reporting.axes import AXES
from comity.reporting.release import CELLS, VERSION, Release

STRUCTURE_ID: Final = "COMITY:FIGURES(1.0.0)"
DIMENSIONS: Final = ("REF_AREA", *AXES)
ATTRIBUTES: Final = ("OBS_STATUS", "CONF_STATUS", "RELEASE", "THROUGH", "DRAWN", "THRESHOLD", "REACH", "TABLES")
COLUMNS: Final = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "OBS_VALUE", *ATTRIBUTES)
MEDIA_TYPE: Final = "application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8"
LIMIT: Final = 32 << 20  # bytes
_BEGINNING: Final = ("dataflow", STRUCTURE_ID, "I")
_TOLD, _HIDDEN = ("A", "F"), ("Q", "C")


def to_csv(release: Release) -> str:
    """A release as SDMX-CSV 2.0. A release without any figure has one row without dimensions that carries its attributes."""
    said = release.to_dict()
    tables = ";".join(
        ":".join(
            (table["direction"], table["event"], "+".join(table["by"]), "yearly" if table["yearly"] else "quarterly")
        )
        for table in said["tables"]
    )
    end = (release.number, release.through, moment_text(release.drawn), release.threshold, release.reach, tables)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in said["cells"] or [["" for _ in AXES] + [None]]:
        status = _TOLD if row[-1] is not None else _HIDDEN
        value = "" if row[-1] is None else row[-1]
        writer.writerow([*_BEGINNING, release.state, *row[:-1], value, *status, *end])
    return text.getvalue()


def from_csv(text: str) -> Release:
    """The release in `text`, as `to_csv` writes it, plausible or not at all.

    Raises:
        Invalid: `figures.csv`: it is none; otherwise as `Release.from_dict`.
    """
    if len(text) > LIMIT:
        raise Invalid(f"More than {LIMIT} bytes.", code="figures.csv")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Invalid("This is no CSV.", code="figures.csv") from error
    if (
        len(rows) < 2
        or len(rows) > CELLS + 1
        or tuple(rows[0]) != COLUMNS
        or any(len(row) != len(COLUMNS) for row in rows)
    ):
        raise Invalid("These are not the columns of figures.", code="figures.csv")
    first, ends = rows[1], {(tuple(row[:4]), tuple(row[-6:])) for row in rows[1:]}
    if len(ends) != 1 or tuple(first[:3]) != _BEGINNING:
        raise Invalid("All rows are of one release.", code="figures.csv")
    number, through, drawn, threshold, reach, tables = first[-6:]
    cells = [_figure(row) for row in rows[1:]] if any(first[4:13]) or len(rows) > 2 else []
    return Release.from_dict({
        "comity": VERSION, "state": first[3], "number": _number(number), "through": through, "drawn": drawn,
        "threshold": _number(threshold), "reach": _number(reach), "tables": [_table(one) for one in tables.split(";")],
        "cells": cells,
    })  # fmt: skip


def _figure(row: list[str]) -> list[Any]:
    axes, value, status = row[4:13], row[13], tuple(row[14:16])
    if status != (_TOLD if value else _HIDDEN):
        raise Invalid("A figure is told, or it is hidden.", code="figures.csv", where="/".join(axes))
    return [*axes, _number(value) if value else None]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and str(int(text)) == text):
        raise Invalid("A figure is a whole number that is not below zero.", code="figures.csv", where=text[:20])
    return int(text)


def _table(text: str) -> dict[str, Any]:
    parts = text.split(":")
    if len(parts) != 4 or parts[3] not in ("yearly", "quarterly"):
        raise Invalid("This is no table.", code="figures.csv", where=text[:60])
    direction, event, by, times = parts
    return {"direction": direction, "event": event, "by": by.split("+") if by else [], "yearly": times == "yearly"}
