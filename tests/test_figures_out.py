"""Figures out and in again: SDMX-CSV 2.0, and the questions of a review, where what is hidden stays hidden."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from counting import facts, mirrored
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code
from typer.testing import CliRunner

from comity.cli import app
from comity.errors import ComityError
from comity.reporting import questionnaire, sdmx
from comity.reporting.axes import DIRECTION, NONE, PARTNER, RECEIVED, SPEED, TOTAL, Event
from comity.reporting.questionnaire import Said, Standing
from comity.reporting.release import Release, draw
from comity.reporting.tables import Table, is_listed
from comity.wording import review

AT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def many() -> Release:
    """A year of many cases with few States and measures."""
    return draw(facts(11, 400, partners=3), state="IR", through="2025-Q4", at=AT)


def test_read_back_equal(many):
    """Through the file, and an empty release as well."""
    for one in (many, draw([], state="IR", through="2025-Q4", at=AT)):
        assert sdmx.from_csv(sdmx.to_csv(one)) == one
        assert Release.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_the_columns_of_sdmx_csv(many):
    """Structure first, then dimensions, the value, the attributes; what is hidden has no value and says no more."""
    rows = list(csv.DictReader(io.StringIO(sdmx.to_csv(many))))
    assert tuple(rows[0])[:5] == ("STRUCTURE", "STRUCTURE_ID", "ACTION", "REF_AREA", "NATURE")
    assert {(row["STRUCTURE"], row["STRUCTURE_ID"], row["ACTION"]) for row in rows} == {
        ("dataflow", "COMITY:FIGURES(1.0.0)", "I")
    }
    assert {(bool(row["OBS_VALUE"]), row["OBS_STATUS"], row["CONF_STATUS"]) for row in rows} == {
        (True, "A", "F"), (False, "Q", "C"),
    }  # fmt: skip
    assert sum(not row["OBS_VALUE"] for row in rows) == many.hidden
    assert not any(
        row[name].startswith(("=", "+", "-", "@")) for row in rows for name in row
    )  # no spreadsheet's formula


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_altered_file_is_refused_or_says_what_it_says(many, data):
    """Whatever character is changed: it is refused, or it reads back as just what then stands there."""
    text = sdmx.to_csv(many)
    place = data.draw(st.integers(0, 20_000)) % len(text)
    other = text[:place] + data.draw(st.sampled_from('0159,"\n-=TQx')) + text[place + 1 :]
    refused = code(sdmx.from_csv, other)
    if refused:
        assert refused.startswith("figures.")
    else:
        found = sdmx.from_csv(other)
        assert sdmx.from_csv(sdmx.to_csv(found)) == found


def changed(many, **more):
    """The release's own dictionary with something else in it."""
    return many.to_dict() | more


def test_implausible_figures_are_refused(many):
    """Negative, fractions, too few to be told, more parts than the whole, more answered than were sent."""
    good = many.to_dict()
    first = next(place for place, row in enumerate(good["cells"]) if row[-1] is not None)
    for value in (-1, 1, 4, 1.5, True, "7", 10**7):
        cells = [list(row) for row in good["cells"]]
        cells[first][-1] = value
        assert code(Release.from_dict, good | {"cells": cells}) == "figures.value"
    sent = ["real", "requested", RECEIVED, TOTAL, TOTAL, TOTAL, NONE, TOTAL, "2025"]
    less = [[*row[:-1], 5] if row[:-1] == sent else row for row in good["cells"]]
    assert code(Release.from_dict, good | {"cells": less}) in ("figures.sum", "figures.order")
    tiny = [
        ["real", "answered", RECEIVED, TOTAL, TOTAL, TOTAL, TOTAL, "up-to-7d", "2025-Q1", 9],
        ["real", "answered", RECEIVED, TOTAL, TOTAL, TOTAL, TOTAL, TOTAL, "2025-Q1", 9],
        ["real", "requested", RECEIVED, TOTAL, TOTAL, TOTAL, NONE, TOTAL, "2025-Q1", 8],
    ]
    tables = [
        {"event": event, "by": ["SPEED"], "yearly": False, "direction": RECEIVED} for event in ("answered", "requested")
    ]
    small = good | {"tables": tables, "through": "2025-Q1"}
    assert code(Release.from_dict, small | {"cells": sorted(tiny)}) == "figures.order"
    assert code(Release.from_dict, small | {"cells": tiny[:1]}) == "figures.sum"
    whole = [[*row[:-1], None] if row[1] == "requested" else row for row in sorted(tiny)]
    assert code(Release.from_dict, small | {"cells": whole}) == ""


FAULTS = {
    "version": {"comity": "comity/v2/figures"}, "state": {"state": "Iran"}, "number": {"number": 0}, "text": {"number": "1"},
    "threshold": {"threshold": 2}, "reach": {"reach": 0}, "not over": {"drawn": "2025-12-31T23:59:59Z"},
    "no time": {"drawn": "now"}, "quarter": {"through": "2025"}, "no tables": {"tables": []},
    "tables": {"tables": [{"event": "x"}]},
    "by State": {"tables": [{"event": "requested", "by": ["PARTNER"], "yearly": False, "direction": RECEIVED}]},
    "order": {"tables": [{"event": "requested", "by": ["URGENCY", "SUBJECT"], "yearly": False, "direction": RECEIVED}]},
    "cells": {"cells": {}}, "short": {"cells": [["real", 5]]}, "more": {"extra": 1}, "years": {"through": "2025-Q3"},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_release_is_read_strictly(many, fault):
    """Exactly the known fields, of the known forms."""
    assert code(Release.from_dict, changed(many, **FAULTS[fault])).startswith("figures.")


@pytest.mark.parametrize("text", ["", "a,b\r\n", '"', "a;b"])
def test_what_is_no_file_of_figures(text):
    """Said, not broken over."""
    assert code(sdmx.from_csv, text) == "figures.csv"
    assert code(sdmx.from_csv, "x" * (sdmx.LIMIT + 1)) == "figures.csv"


# --------------------------------------------------------------------------------------------------- the command line


def read(*releases, folder, language="en"):
    """(exit code, what is said) of ``comity figures`` over these releases."""
    files = []
    for number, one in enumerate(releases):
        files.append(folder / f"{number}.csv")
        files[-1].write_bytes(sdmx.to_csv(one).encode())
    found = CliRunner().invoke(app, ["figures", *map(str, files), "--language", language])
    if isinstance(found.exception, ComityError):
        return 2, found.exception.code
    return found.exit_code, re.sub("[\u2068\u2069]", "", found.stdout)


def test_anybody_can_see_what_two_states_figures_say_of_each_other(tmp_path):
    """The same, or which figure is not; nothing that is hidden comes out by that."""
    found = facts(7, 200)
    ours, theirs = (draw(those, state=state, through="2025-Q4", at=AT)
                    for state, those in (("IR", found), ("QA", mirrored(found))))  # fmt: skip
    agreed = read(theirs, ours, folder=tmp_path)
    assert agreed[0] == 0
    assert [line for line in agreed[1].split("\n") if "release" in line] == ["Iran, release 1", "Qatar, release 1"]
    assert f"{len(ours.cells) - ours.hidden} figures are told, {ours.hidden} are hidden." in agreed[1]
    key = next(key for key in ours.cells if is_listed(key) and key[PARTNER] == "QA" and key[DIRECTION] == RECEIVED)
    told = ours.cells[key]
    altered = replace(ours, cells={**ours.cells, key: told + 1})
    differ = read(altered, theirs, folder=tmp_path)
    assert differ[0] == 1
    assert f"• Real cases · Requests · asked by Qatar · 2025: Iran {told + 1}, Qatar {told}" in differ[1]
    assert "به درخواست قطر" in read(altered, theirs, folder=tmp_path, language="fa")[1]
    assert read(ours, altered, folder=tmp_path) == (2, "figures.fork")


def test_anybody_can_see_which_hidden_figure_comes_out(tmp_path):
    """Of a table with one part the part is the whole."""
    whole = ("real", "answered", RECEIVED, TOTAL, TOTAL, TOTAL, TOTAL, TOTAL, "2025-Q1")
    sent = ("real", "requested", RECEIVED, TOTAL, TOTAL, TOTAL, NONE, TOTAL, "2025-Q1")
    part = (*whole[:SPEED], "up-to-7d", "2025-Q1")
    careless = Release(
        state="IR", number=1, through="2025-Q1", drawn=AT, threshold=5, reach=4, cells={whole: 9, part: None, sent: 9},
        tables=(Table(Event.ANSWERED, frozenset({SPEED})),
                Table(Event.REQUESTED, frozenset({SPEED}))),
    )  # fmt: skip
    code_, said = read(careless, folder=tmp_path)
    assert code_ == 1
    assert "• Real cases · Requests answered · of other States to this one · within a week · 2025-Q1" in said


# ------------------------------------------------------------------------------------------------------ the questionnaire


def test_every_question_has_its_sentence():
    """And no sentence stands there for nobody."""
    assert set(review.QUESTIONS) == {question.id for question in questionnaire.QUESTIONS}
    assert set(review.STANDINGS) == set(Standing)
    assert all(question.id.startswith(question.article[:2]) for question in questionnaire.QUESTIONS)


def test_what_is_known_is_filled_in(many):
    """Figures from the release, words from where they are known; what nobody knows says so."""
    said = {"40.languages": Said("Persian, English.", "IR-MLA:7", verified=True)}
    found = {answer.question.id: answer for answer in questionnaire.fill(many, year="2025", said=said)}
    assert len(found) == len(questionnaire.QUESTIONS)
    came = many.value(("real", "requested", RECEIVED, TOTAL, TOTAL, TOTAL, NONE, TOTAL, "2025"))
    assert came
    assert found["40.received"].figures[0].value == came
    assert (found["40.received"].standing, found["40.received"].source) == (Standing.KNOWN, "IR/1")
    assert {figure.code for figure in found["40.made"].figures} == {"QA", "QB", "QC", "other"}
    assert (found["40.made"].standing, found["40.made"].figures[-1].value) == (Standing.PARTLY, None)
    assert found["40.languages"].said == said["40.languages"]
    assert found["36.data-protection"].standing is Standing.UNKNOWN
    assert found["40.measures"].standing is Standing.PARTLY
    measures = {figure.code: figure.value for figure in found["40.measures"].figures}
    assert "electronic-data" in measures
    assert "preservation" not in measures  # one step down, not two
    assert {figure.code for figure in found["40.grounds"].figures} <= {"", "sovereignty", "trivial"}
    for answer in found.values():
        for figure in answer.figures:
            assert figure.value is None or figure.value == 0 or figure.value >= many.threshold


def test_what_the_release_does_not_reach_is_unknown(many):
    """Another year, or a table that it does not have: unknown, not nothing."""
    for answer in questionnaire.fill(many, year="2026", said={}):
        assert (answer.standing, answer.figures) == (Standing.UNKNOWN, ())
    few = draw([], state="IR", through="2025-Q4", at=AT, tables=many.tables[:1])
    found = {answer.question.id: answer for answer in questionnaire.fill(few, year="2025", said={})}
    assert found["40.received"].figures[0].value == 0
    assert found["40.received"].standing is Standing.KNOWN
    assert found["40.made"].standing is Standing.HIDDEN
    assert found["40.measures"].standing is Standing.UNKNOWN
    assert found["54.receiving"].standing is Standing.UNKNOWN


def test_answers_have_a_source_and_a_question(many):
    """No words without a source, none to what is not asked, none in place of a figure."""
    assert code(Said, "Persian.", " ") == "review.source"
    for name in ("40.made", "99.nothing"):
        assert code(questionnaire.fill, many, year="2025", said={name: Said("a", "b")}) == "review.question"
    assert code(questionnaire.fill, many, year="25", said={}) == "figures.period"


def test_the_middle_time_is_what_the_bands_say(many):
    """From what is published alone: where a band is hidden, so is the middle."""
    assert questionnaire.middle(many, Event.ANSWERED, RECEIVED, "2025") in ("up-to-30d", "up-to-90d", None)
    shown = {key: value for key, value in many.cells.items() if key[1] == "requested" and key[3] == TOTAL}
    loose = replace(many, cells={})
    assert questionnaire.middle(loose, Event.ANSWERED, RECEIVED, "2025") is None
    assert shown
    hours = questionnaire.middle(many, Event.REQUESTED, RECEIVED, "2025")
    assert hours in ("up-to-1h", "up-to-1d")
