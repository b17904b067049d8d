"""The law on the command line, as it is typed: in both languages, with good and bad input, exit codes, no network, no node."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from lawroom import BOOKS, FOLDER
from rich.console import Console
from typer.testing import CliRunner

from comity import cli
from comity.casework.measure import Measure
from comity.casework.request import Request
from comity.cli import _asked, deadline
from comity.cli._paper import Paper
from comity.errors import ComityError
from comity.law import comparison
from comity.law.assess import Assessment, assess
from comity.law.book import load
from comity.law.calendars import Doubt
from comity.law.clocks import Deadline, Uncertain
from comity.wording import labels
from comity.wording.speech import LANGUAGES, Screen, Speech

ON = date(2026, 11, 24)
DAY = ("--on", "2026-11-24")
RUNNER = CliRunner()


DRAFT = {
    "requesting": "IR", "requested": "GB", "measure": "stored-data", "basis": "uncc", "exercise": False, "scope": "A",
    "offence": {"code": "uncc:13", "provision": "IR-CCA:13", "max_penalty_months": 60, "committed_on": "2026-09-02"},
    "accounts": [{"kind": "ip", "value": "203.0.113.7"}], "categories": ["traffic"], "language": "fa",
    "facts": "A phishing ring emptied accounts.",
}  # fmt: skip
EXERCISE = {
    "reference": "IR-2026-0002", "requesting": "IR", "requested": "VN", "measure": "preservation", "basis": "uncc",
    "exercise": True, "scope": "A", "offence": {"code": "uncc:13", "provision": "IR-CCA:13", "committed_on": "2026-09-02"},
    "authority": "24/7 contact point", "facts": "A phishing ring emptied accounts.", "assistance": "The mailbox.",
    "link": "It received the passwords.", "categories": ["traffic"], "accounts": [{"kind": "email", "value": "a@b.example"}],
    "custodian": "Example Mail", "purpose": "The provider deletes the log.", "intends_request": True, "confidential": True,
    "language": "en",
}  # fmt: skip
TOML = """
requesting = "IR"
requested = "VN"
measure = "preservation"
facts = "A phishing ring."
period_to = 2026-09-30

[offence]
code = "uncc:13"
committed_on = 2026-09-02

[[accounts]]
kind = "ip"
value = "203.0.113.7"
at = 2026-09-03T08:15:00Z
port = 40112
"""


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    error: str


@pytest.fixture(autouse=True)
def _read_once(monkeypatch):
    """The shipped books are read once for all commands; other folders anew."""
    monkeypatch.setattr(_asked, "load", lambda folder: BOOKS if folder == FOLDER else load(folder))


def run(*words: object, given: str | bytes | None = None, columns: int = 200) -> Ran:
    """`comity` with `words`, `given` on standard input; an error as `main` shows it."""
    found = RUNNER.invoke(cli.app, [str(word) for word in words], input=given, env={"COLUMNS": str(columns)})
    if isinstance(found.exception, ComityError):
        return Ran(2, found.stdout, f"comity: {found.exception}")
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return Ran(found.exit_code, found.stdout, found.stderr)


def bare(text: str) -> str:
    """`text` without isolates, its lines drawn into one."""
    return " ".join(re.sub("[\u2068\u2069]", "", text).split())


@pytest.fixture
def draft(tmp_path):
    """A file with a request that can be asked about."""
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(DRAFT), "utf-8")
    return path


# ----------------------------------------------------------------------------------------------------- a request


def test_a_draft_is_checked(draft):
    """What fails, what is asked, what is in order; every source once; nothing is decided. Exit code 1: something failed."""
    found = run("assess", draft, *DAY)
    assert found.code == 1
    text = bare(found.out)
    assert "Disclosure of stored data: Islamic Republic of Iran → United Kingdom" in text
    assert "The United Nations Convention against Cybercrime is not in force on 24 November 2026" in text
    assert "(period_from, period_to)" in text
    assert "To be mended" in text
    assert "an officer does" in text
    assert text.count("A request states the purpose for which") == 1
    assert BOOKS.treaties["uncc"].sha256 in text
    assert "%(" not in text


def test_a_draft_is_checked_in_persian(draft):
    """Persian words and digits; identifiers in isolates of their own."""
    found = run("assess", draft, *DAY, "--language", "fa")
    assert found.code == 1
    assert "افشای داده‌های ذخیره‌شده: جمهوری اسلامی ایران ← بریتانیا" in found.out
    assert "۳ آذر ۱۴۰۵" in found.out
    assert "\u2068uncc:40(15)(g)\u2069" in found.out
    outside = re.sub("\u2068.*?\u2069", "", found.out)
    assert not re.search(r"[a-z]+:[0-9]", outside)
    assert "%(" not in outside


def test_nothing_failed_is_exit_code_zero(tmp_path):
    """An exercise that is complete asks only questions."""
    path = tmp_path / "exercise.json"
    path.write_text(json.dumps(EXERCISE), "utf-8")
    found = run("assess", path, *DAY)
    assert (found.code, "To be mended (0)" in found.out) == (0, True)


@pytest.mark.parametrize("side", ["requesting", "requested"])
def test_json_can_be_replayed(draft, side):
    """--json is the assessment as it stands in a signed act: read again, it is what the room says of the same request."""
    found = run("assess", draft, *DAY, "--json", "--side", side)
    stored = Assessment.from_dict(json.loads(found.out))
    request = Request.from_dict({**DRAFT, "reference": "IR-2026-0001"})
    assert stored == assess(request, BOOKS, on=stored.on, side=side)
    assert (stored.side, found.code) == (side, 1)


def test_the_language_does_not_change_the_json(draft):
    """Codes have no language."""
    assert run("assess", draft, *DAY, "--json", "--language", "fa").out == run("assess", draft, *DAY, "--json").out


def test_toml_and_standard_input(tmp_path):
    """TOML with its own dates and times; `-`, or nothing, is standard input; a byte order mark does no harm."""
    path = tmp_path / "draft.toml"
    path.write_text(TOML, "utf-8")
    from_file = run("assess", path, *DAY, "--json")
    assert from_file.code in (0, 1)
    assert run("assess", "-", *DAY, "--json", given=TOML).out == from_file.out
    assert run("assess", *DAY, "--json", given=b"\xef\xbb\xbf" + TOML.encode()).out == from_file.out
    table_first = run("assess", "-", "--requesting", "IR", "--requested", "VN", given='[offence]\ncode = "uncc:13"\n')
    assert (table_first.code, "names measure" in table_first.error) == (2, True)


def test_the_states_can_be_given_as_options(tmp_path):
    """In capitals or not; what the file says otherwise is refused."""
    bare_draft = {name: value for name, value in DRAFT.items() if name not in ("requesting", "requested")}
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(bare_draft), "utf-8")
    named = run("assess", path, *DAY, "--json", "--requesting", "ir", "--requested", "GB")
    assert json.loads(named.out)["books"][-2:] == [
        {"id": code, "sha256": BOOKS.states[code].sha256} for code in ("IR", "GB")
    ]
    assert run("assess", path, *DAY).code == 2
    path.write_text(json.dumps(DRAFT), "utf-8")
    other = run("assess", path, *DAY, "--requested", "FR")
    assert (other.code, "(cli.state)" in other.error, "'GB'" in other.error) == (2, True, True)


BAD = [
    ('{"requesting": "IR",\n "requested": }', "standard input, line 2, column 15", "cli.file"),
    ('requesting = "IR"\nrequested = VN\n', "standard input, line 2, column", "cli.file"),
    ("", "nothing in it", "cli.file"),
    (" \n ", "nothing in it", "cli.file"),
    ("[1, 2]", "object with named fields", "cli.file"),
    ('["a"]', "object with named fields", "cli.file"),
    ("[" * 100_000, "no usable JSON", "cli.file"),
    ('{"a": ' * 100_000, "no usable JSON", "cli.file"),
    (b"\x00\xff\xfe", "no text in UTF-8", "cli.file"),
    (b"\x89PNG\r\n\x1a\n\x00", "no text in UTF-8", "cli.file"),
    ("hello", "neither JSON nor TOML", "cli.file"),
    (" " * 1_000_001, "longer than any request", "cli.file"),
    (json.dumps({**DRAFT, "measure": "stored-date"}), "Meant: stored-data?", "cli.measure"),
    (json.dumps({**DRAFT, "measure": ["search"]}), "measure", "request.value"),
    (json.dumps({**DRAFT, "basis": "unc"}), "Known: budapest", "law.basis"),
    (json.dumps({**DRAFT, "requested": "ZQ"}), "Known: AU", "law.state"),
    (json.dumps({**DRAFT, "requested": "IR"}), "itself", "request.same-state"),
    (json.dumps({**DRAFT, "requesting": 7}), "requesting", "request.type"),
    (json.dumps({**DRAFT, "acounts": []}), "Meant: accounts", "request.unknown-field"),
    (json.dumps({**DRAFT, "period_from": "2026/08/01"}), "YYYY-MM-DD", "request.value"),
    (json.dumps({**DRAFT, "accounts": [{"kind": "ip", "at": "2026-09-03"}]}), "offset from UTC", "request.value"),
    (json.dumps({**DRAFT, "scope": "E"}), "A, B, C, D", "request.value"),
    (json.dumps({**DRAFT, "offence": {"max_penalty_months": "60"}}), "months, without quotes", "request.value"),
    (json.dumps({**DRAFT, "basis": "budapest", "measure": "sentenced-person"}), "sentenced-person", "law.measure"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "words", "code"), BAD, ids=range(len(BAD)))
def test_bad_input_is_named(given, words, code):
    """One line that says what is wrong, where, and what to write; exit code 2; no traceback."""
    found = run("assess", "-", *DAY, given=given)
    assert (found.code, found.out) == (2, "")
    assert words in found.error
    assert found.error.endswith(f"({code})")
    assert "\n" not in found.error


def test_files_that_cannot_be_read(tmp_path):
    """Not there, a folder, a name that no file can have."""
    for name, words in (
        (tmp_path / "none.json", "No such file"),
        (tmp_path, "directory"),
        ("a\0b", "name is not usable"),
    ):
        found = run("assess", name, *DAY)
        assert (found.code, "(cli.file)" in found.error) == (2, True)
        assert words in found.error


def test_options_that_are_wrong(draft):
    """A language without texts, a side that is none, a day that does not exist; folders without books."""
    for words, code in (
        (("--language", "de"), "cli.language"),
        (("--side", "both"), "cli.side"),
        (("--on", "2026-02-30"), "date.form"),
        (("--on", "24.11.2026"), "date.form"),
        (("--on", "0001-01-01"), "date.form"),
        (("--books", draft.parent), "lawbook.file"),
        (("--books", draft.parent / "none"), "lawbook.file"),
    ):
        found = run("assess", draft, *words)
        assert (found.code, f"({code})" in found.error) == (2, True), found.error
    assert run("assess", draft, "--moon", "full").code == 2


def test_what_a_request_says_steers_no_screen(tmp_path):
    """Control characters and what turns lines round are shown as codes."""
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({**DRAFT, "accounts": [{"kind": "\x1b[2J\u202e\ud800", "value": "x"}]}), "utf-8")
    for language in LANGUAGES:
        found = run("assess", path, *DAY, "--language", language)
        assert found.code == 1
        assert not re.search("[\x1b\u202e\ud800]", found.out)
        assert "\\u001b[2J\\u202e\\ud800" in found.out
    assert json.loads(run("assess", path, *DAY, "--json").out)


# --------------------------------------------------------------------------------------------------------- a book


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("book", [*BOOKS.treaties, *BOOKS.states])
def test_every_book_can_be_read(book, language):
    """Every provision in force on the day stands there, with its text; the book's hash at the end."""
    found = run("law", "show", book, *DAY, "--language", language)
    assert found.code == 0
    owner = BOOKS.treaties.get(book) or BOOKS.states[book]
    text = bare(found.out)
    assert owner.sha256 in text
    for name in owner.provisions:
        with contextlib.suppress(ComityError):
            item = BOOKS.provision(name, ON)
            assert bare(item.fa if language == "fa" else item.en) in text, name
    assert "%(" not in text


@pytest.mark.parametrize(
    ("book", "measure"), [(book.id, str(measure)) for book in BOOKS.treaties.values() for measure in book.measures]
)
def test_every_measure_can_be_read(book, measure):
    """Contents, grounds, duties, clocks, scopes, the life and its acts, what the check stands on: all in words."""
    language = "fa" if book == "uncc" else "en"
    found = run("law", "show", book, measure, *DAY, "--language", language)
    assert found.code == 0
    text, speech, owner = bare(found.out), Speech(language, BOOKS), BOOKS.treaties[book]
    asked = Measure(measure)
    rows = {
        labels.GROUNDS: owner.grounds_of[asked], labels.CONTENTS: owner.contents_of[asked],
        labels.CLOCKS: owner.clocks_of[asked], labels.DUTIES: [item for item in owner.duties if asked in item.measures],
    }  # fmt: skip
    for label in (labels.SCOPES, labels.LIFE, labels.ACTS, labels.CITATIONS, *(label for label in rows if rows[label])):
        assert speech.translate(label) in text, label
    for item in (*owner.contents_of[asked], *owner.grounds_of[asked], *owner.clocks_of[asked]):
        assert item.provision in text
    assert "%(" not in text


def test_the_acts_of_a_life():
    """A preservation is extended and brings nothing back; stored data are disclosed; information is only noted."""
    hold, evidence, notice = (
        bare(run("law", "show", "uncc", name, *DAY).out)
        for name in ("preservation", "stored-data", "spontaneous-information")
    )
    assert "(extended)" in hold
    assert "(disclosed)" not in hold
    assert "→ Evidence disclosed (disclosed)" in evidence
    assert "needs an authorisation at home" in evidence
    assert "needs an authorisation at home" not in hold
    assert "(authorised)" not in notice


def test_articles_offences_and_provisions():
    """An article with its paragraphs, an offence with its elements, a provision by name; a State's lines for an offence."""
    article = bare(run("law", "show", "uncc", "42", *DAY).out)
    assert "uncc:42(3)(a)" in article
    assert "uncc:43" not in article
    for about in ("13", "uncc:13"):
        assert "Ways, one of them: manipulation of data" in bare(run("law", "show", "uncc", about, *DAY).out)
    assert "Same elements as" in run("law", "show", "budapest", "2", *DAY).out
    assert "uncc:40(15)(f)" in run("law", "show", "uncc", "uncc:40(15)(f)", *DAY).out
    assert "5 years · IR-CCA:13" in bare(run("law", "show", "ir", "uncc:13", *DAY).out)
    assert "When it refuses" in run("law", "show", "IR", "extradition", *DAY).out
    house = bare(run("law", "show", "IR", *DAY).out)
    assert "Working days: Saturday" in house
    assert "Solar Hijri" in house


UNKNOWN = [
    (("show", "XX"), "Instruments: budapest", "law.book"),
    (("show", "budapst"), "Meant: budapest?", "law.book"),
    (("show", "uncc", "999"), "Ask for an article", "law.provision"),
    (("show", "uncc", "preservatoin"), "Meant: preservation?", "law.provision"),
    (("show", "budapest", "sentenced-person"), "Known: preservation", "law.measure"),
    (("show", "uncc", "--on", "yesterday"), "YYYY-MM-DD", "date.form"),
    (("compare", "IR", "--article", "13"), "at least two", "cli.states"),
    (("compare", "IR", "ir", "--article", "13"), "at least two", "cli.states"),
    (("compare", "IR", "ZQ", "--article", "13"), "Known: AU", "law.state"),
    (("compare", "IR", "VN", "--article", "99"), "Offences: ", "cli.article"),
    (("compare", "IR", "VN", "--article", "extraditoin"), "Meant: extradition?", "cli.article"),
    (("status", "IR", "IR"), "two different", "cli.states"),
    (("status", "IR", "ZQ"), "Known: AU", "law.state"),
    (("status", "IR", "VN", "--measure", "serch", "--months", "60"), "Meant: search", "cli.measure"),
    (("status", "IR", "VN", "--measure", "search"), "--offence uncc:13", "cli.offence"),
    (("status", "IR", "VN", "--months", "60"), "--measure", "cli.measure"),
    (("status", "IR", "VN", "--measure", "search", "--offence", "uncc:99"), "Offences: ", "cli.article"),
]


@pytest.mark.parametrize(("words", "hint", "code"), UNKNOWN, ids=lambda value: str(value)[:40])
def test_unknown_names_are_helped(words, hint, code):
    """What was meant, or what there is; exit code 2."""
    found = run("law", *words)
    assert (found.code, found.out) == (2, "")
    assert hint in found.error
    assert f"({code})" in found.error


@pytest.mark.parametrize("months", ["-1", "1201", "x"])
def test_months_have_their_range(months):
    """A penalty is 0 to 1200 months."""
    assert run("law", "status", "IR", "VN", "--measure", "search", "--months", months).code == 2


# ------------------------------------------------------------------------------------------------- several States


def test_a_table_where_there_is_room():
    """Side by side on a wide screen; one State after the other on a narrow one, and always in Persian."""
    words = ("law", "compare", "IR", "VN", "GB", "--article", "13", *DAY)
    wide, narrow = run(*words, columns=160).out, run(*words, columns=60).out
    assert "│" in wide
    assert "│" not in narrow
    assert "│" not in run(*words, "--language", "fa", columns=160).out
    for text in (wide, narrow):
        assert "VN-PC:290" in text
        assert "It does not mean no" in text
    assert (
        narrow.index("Republic of Iran")
        < narrow.index("IR-CCA:13")
        < narrow.index("Viet Nam")
        < narrow.index("VN-PC:290")
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("article", ["uncc:7", "16", "budapest:8", "extradition", "stored-data"])
def test_all_states_can_be_compared(article, language):
    """Every State that has a book, beside all others, for offences and measures."""
    found = run("law", "compare", *BOOKS.states, "--article", article, *DAY, "--language", language)
    assert found.code == 0
    for code in BOOKS.states:
        assert Speech(language, BOOKS).state(code) in found.out
    assert "%(" not in found.out


ROWS = ("weeks", "holidays", "languages", "authorisations", "authorities", "policies", "data_protection", "retention",
        "clocks", "treaties", "offences")  # fmt: skip


def test_no_provision_on_which_a_line_stands_is_left_out_of_all_comparisons():
    """Languages, authorities, other treaties, working week and holidays with theirs too: whose they are is not guessed."""
    offences = [code for treaty in BOOKS.treaties.values() for code in treaty.offences]
    states, told = list(BOOKS.states), ""
    for about in (*Measure, *offences):
        told += run("law", "compare", *states, "--article", about, *DAY).out
    shown = set(told.split())
    for code, book in BOOKS.states.items():
        named = {line.provision for rows in ROWS for line in book.lines(getattr(book, rows), ON)}
        assert named, code
        assert named <= shown, code


@pytest.mark.parametrize("asked", Measure)
def test_a_comparison_of_a_measure_names_what_each_book_has_for_it(asked):
    """Every provision of both houses stands in it."""
    told = run("law", "compare", "IR", "VN", "--article", asked, *DAY, columns=200).out
    for house in comparison.measure(BOOKS, ("IR", "VN"), asked, ON):
        assert {name for name in house.provisions if name not in told} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asked", [Measure.EXTRADITION, Measure.PRESERVATION, "13"])
def test_a_line_that_is_not_verified_says_so_in_a_comparison(asked, language):
    """At each line that cites it; and none that is verified does."""
    told = run("law", "compare", "IR", "VN", "--article", asked, *DAY, "--language", language, columns=40).out
    mark = Speech(language, BOOKS).translate(labels.DOUBTS["unverified"])
    text = " ".join(bare(told).split())
    cites = {
        name: name for book in (BOOKS.states["IR"], BOOKS.states["VN"]) for name in book.provisions if name in text
    }
    assert cites
    for name in cites:
        loose = not BOOKS.provision(name, ON).verified
        assert {
            rest.startswith(f" · {mark}") for rest in re.split(rf"(?<![\w:-]){re.escape(name)}(?![\w:.-])", text)[1:]
        } <= {loose}, name


def test_comparison_as_json():
    """Ids and months for a program; a silent book is an empty list or null."""
    found = json.loads(run("law", "compare", "IR", "SA", "--article", "13", *DAY, "--json").out)
    assert [state["state"] for state in found["states"]] == ["IR", "SA"]
    assert {line["provision"] for line in found["states"][0]["lines"]} >= {"IR-CCA:13"}
    house = json.loads(run("law", "compare", "IR", "VN", "--article", "extradition", *DAY, "--json").out)
    assert house["states"][1]["policies"][0]["subject"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_binds_two_states(language):
    """Each instrument with its sentence, notes, reservations; treaties that only a State's book lists."""
    found = run("law", "status", "ir", "vn", *DAY, "--language", language)
    text, speech = bare(found.out), Speech(language, BOOKS)
    assert found.code == 0
    for book in BOOKS.treaties:
        assert speech.basis(book) in text
    assert "IR:treaty-VN" in text
    assert BOOKS.treaties["uncc"].parties["IR"].fa in text or language == "en"
    assert "%(" not in text


def test_the_order_of_choice_has_its_reasons():
    """What binds comes first; what does not, does not know the measure, or is taken away, says so."""
    words = ("law", "status", "FR", "DE", "--measure", "stored-data", "--offence", "uncc:13", *DAY)
    text = bare(run(*words).out)
    assert "1. Convention on Cybercrime (Budapest): can carry the request • It binds both" in text
    assert "cannot carry the request • It is not in force between the two on this day." in text
    assert "It does not know this form of cooperation." in text
    assert "a person chooses" in text
    persian = run(*words, "--language", "fa").out
    assert "۱. کنوانسیون جرایم سایبری (بوداپست): می‌تواند مبنای درخواست باشد" in persian
    taken = bare(run("law", "status", "QA", "VN", "--measure", "stored-data", "--offence", "14", *DAY).out)
    assert "A reservation takes this away between the two: uncc:QA-reservation(14-16)" in taken
    light = bare(run("law", "status", "FR", "DE", "--measure", "stored-data", "--months", "12", *DAY).out)
    assert "It does not reach this offence." in light
    assert "Which instrument" not in run("law", "status", "FR", "DE", *DAY).out


def test_status_as_json():
    """What binds, since when, and the options in their order with whether they can be used."""
    words = ("law", "status", "FR", "DE", "--measure", "stored-data", "--months", "60", *DAY, "--json")
    found = json.loads(run(*words).out)
    assert found["bonds"][0]["instrument"] == "budapest"
    assert found["bonds"][0]["status"]["since"] == "2009-07-01"
    assert [item["usable"] for item in found["options"]] == [True, None, False, False]
    assert found["options"][0]["basis"] == "budapest"


def test_a_book_as_json():
    """A measure with all rows, a State's house, an offence; provisions in both languages with their spans."""
    found = json.loads(run("law", "show", "uncc", "preservation", *DAY, "--json").out)
    assert found["measure"]["life"] == "hold"
    assert found["measure"]["clocks"][0]["period"] == "60 days"
    assert {"id", "en", "fa", "sure", "from", "to"} <= set(found["provisions"][0])
    assert json.loads(run("law", "show", "IR", "extradition", *DAY, "--json").out)["house"]["state"] == "IR"
    assert json.loads(run("law", "show", "IR", "uncc:13", *DAY, "--json").out)["offence"]["serious"] is True
    assert json.loads(run("law", "show", "uncc", "13", *DAY, "--json").out)["offence"]["one_of"]


# ---------------------------------------------------------------------------------------------- a folder of books


def folder(home: Path, *edits: tuple[str, str, str]) -> Path:
    """A copy of the shipped books, edited as a jurist would: file, old text, new text."""
    copy = home / "books"
    shutil.copytree(FOLDER, copy)
    for file, old, new in edits:
        text = (copy / file).read_text("utf-8")
        assert old in text
        (copy / file).write_text(text.replace(old, new, 1), "utf-8")
    return copy


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_books_hold(language):
    """Each is named with how many of its lines are verified, and its hash."""
    found = run("law", "check", "--language", language)
    assert found.code == 0
    for name, book in (*BOOKS.treaties.items(), *BOOKS.states.items()):
        assert name in found.out
        assert book.sha256 in found.out
    assert ("no fault found" in found.out) == (language == "en")


def test_a_broken_book_is_named_with_line_and_remedy(tmp_path):
    """One fault of each broken book, in one go; exit code 1."""
    copy = folder(
        tmp_path,
        ("states/IR.toml", 'calendar = "solar-hijri"', 'calendar = "lunar"'),
        ("states/VN.toml", "[state]", "[stat]"),
    )
    found = run("law", "check", copy)
    assert found.code == 1
    line = next(
        at for at, text in enumerate((copy / "states/IR.toml").read_text("utf-8").splitlines(), 1) if "lunar" in text
    )
    text = bare(found.out)
    assert f"states/IR.toml, line {line}, [state], field calendar" in text
    assert "Write one of: buddhist" in text
    assert "(lawbook.value)" in text
    assert "states/VN.toml, stat" in text
    assert "Books with a fault: 2." in text


def test_treaties_are_mended_first(tmp_path):
    """A State's book is checked against the treaties, so it waits for them."""
    copy = folder(
        tmp_path, ("treaties/uncc.toml", "needed = 40", "needed = 0"), ("states/VN.toml", "[state]", "[stat]")
    )
    text = bare(run("law", "check", copy).out)
    assert "treaties/uncc.toml" in text
    assert "mend the treaties first" in text
    assert "VN.toml" not in text


def test_what_is_no_toml_is_named(tmp_path):
    """With its file and line; every command refuses such a folder."""
    copy = folder(tmp_path, ("states/IR.toml", "[state]", "[state"))
    for words in (("law", "check", copy), ("law", "show", "IR", "--books", copy)):
        found = run(*words)
        assert found.code in (1, 2)
        text = bare(found.out + found.error)
        assert "states/IR.toml" in text
        assert re.search(r"line \d+", text)
        assert "(lawbook.syntax)" in text


def test_a_folder_without_books(tmp_path):
    """There is nothing to check; exit code 2."""
    assert (run("law", "check", tmp_path).code, run("law", "check", tmp_path / "none").code) == (2, 2)


def test_a_word_that_the_program_has_not_is_named(tmp_path):
    """A jurist's own treaty may name a ground that has no word yet; the check says so and passes."""
    copy = folder(tmp_path, ("treaties/uncc.toml", 'id = "bank-secrecy"', 'id = "moon-phase"'))
    found = run("law", "check", copy)
    assert found.code == 0
    assert "no word yet for: moon-phase" in bare(found.out)


def test_another_folder_is_asked(tmp_path, draft):
    """--books, everywhere: what a jurist turned to verified settles the question there and nowhere else."""
    copy = folder(tmp_path, ("treaties/uncc.toml", "needed = 40", "needed = 2"))
    other = bare(run("assess", draft, *DAY, "--books", copy).out)
    assert "40 deposits" not in other


CASE = """
[cases]
en = "Two situations"
fa = "دو وضعیت"
on = 2026-11-24

[[status]]
id = "iran-not-bound"
en = "The Convention does not bind Iran."
fa = "کنوانسیون ایران را متعهد نمی‌کند."
basis = "uncc"
between = ["IR", "VN"]
binds = "no"

[[status]]
id = "made-up"
en = "The Convention binds Iran and Viet Nam."
fa = "کنوانسیون ایران و ویتنام را متعهد می‌کند."
basis = "uncc"
between = ["IR", "VN"]
binds = "yes"
"""


def test_situations_that_the_books_contradict_are_named(tmp_path):
    """With file and line, its sentence and what the books say; exit code 1; 0 when it is taken out."""
    copy = folder(tmp_path)
    shutil.rmtree(copy / "cases", ignore_errors=True)
    (copy / "cases").mkdir()
    (copy / "cases" / "two.toml").write_text(CASE, "utf-8")
    for language, sentence in (("en", "The Convention binds Iran and Viet Nam."), ("fa", "کنوانسیون ایران و ویتنام")):
        found = run("law", "cases", copy, "--language", language)
        text = bare(found.out)
        assert found.code == 1
        assert sentence in text
        assert "cases/two.toml, line 15" in text
        assert "binds is False, not True" in text
        assert "iran-not-bound" not in text
    (copy / "cases" / "two.toml").write_text(CASE.partition('[[status]]\nid = "made-up"')[0], "utf-8")
    assert run("law", "cases", copy).code == 0
    (copy / "cases" / "two.toml").write_text("[cases]\nen = 7", "utf-8")
    assert "cases/two.toml, line" in run("law", "cases", copy).error


# --------------------------------------------------------------------------------------- outside the office


def test_no_node_and_no_network(draft):
    """In a process of its own, with every socket barred: nothing of the node is imported, nothing is asked of anybody."""
    code = (
        "import sys, socket\n"
        "from comity import cli\n"
        "def barred(*args, **kwargs): raise SystemExit('network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = barred\n"
        f"for words in (['assess', {str(draft)!r}], ['law', 'show', 'IR'], ['law', 'status', 'IR', 'VN'], ['law', 'check']):\n"
        "    sys.argv = ['comity', *words]\n"
        "    try:\n"
        "        cli.main()\n"
        "    except SystemExit as end:\n"
        "        assert end.code in (0, 1), end.code\n"
        "assert not [name for name in sys.modules if name.startswith(('comity.node', 'django'))]\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, env=os.environ | {"COLUMNS": "80"}
    )
    assert found.returncode == 0, found.stderr.decode()[-2000:]


FROM = ("--from", "2026-11-24T10:00:00+03:00")
COUNTED = {
    "sixty days": (("uncc", "preservation", "QA"), "2027-01-23T20:59:59+00:00"),
    "in capitals or not": (("UNCC", "preservation", "qa"), "2027-01-23T20:59:59+00:00"),
    "the State's own, in its zone": (("br", "preservation", "BR"), "2027-01-24T02:59:59+00:00"),
    "a pause is made up for": (
        ("uncc", "preservation", "QA", "--stood", "2026-12-01T00:00+03:00/2026-12-04T00:00+03:00"),
        "2027-01-26T20:59:59+00:00",
    ),
    "safe conduct": (("uncc", "safe-conduct", "QA"), "2026-12-09T20:59:59+00:00"),
    "safe conduct is counted anew": (
        ("uncc", "safe-conduct", "QA", "--stood", "2026-12-01T00:00+03:00/2026-12-04T09:00+03:00"),
        "2026-12-19T20:59:59+00:00",
    ),
    "to a day": (
        ("uncc", "preservation", "QA", "--until", "2027-03-01", "--asked", "2027-01-20T10:00+03:00"),
        "2027-03-01T20:59:59+00:00",
    ),
    "by a period": (
        ("uncc", "preservation", "QA", "--until", "30 days", "--asked", "2027-01-20T10:00+03:00"),
        "2027-02-22T20:59:59+00:00",
    ),
}


@pytest.mark.parametrize("title", COUNTED)
def test_a_deadline_is_counted(title):
    """Of treaties and States, in the zone of the State that is bound, with pauses and extensions; in JSON as in words."""
    words, due = COUNTED[title]
    found = json.loads(run("law", "deadline", *words, *FROM, "--json").out)
    assert found["deadline"]["due"] == due
    assert found["deadline"]["cites"]
    for language, ends in (("en", "Ends: "), ("fa", "پایان: ")):
        said = run("law", "deadline", *words, *FROM, "--language", language)
        assert (said.code, bare(said.out).count(ends)) == (0, 1)


NOT_COUNTED = {
    "no clock": (("uncc", "preserve", "QA"), "Meant: preservation? Known: preservation, safe-conduct. [CLOCK] (law.clock)"),
    "no book": (("XX", "preservation", "QA"), "(law.basis)"),
    "no State": (("uncc", "preservation", "XX"), "(law.state)"),
    "no beginning and end": (("uncc", "preservation", "QA", "--stood", "2026-12-01"), "[--stood] (date.form)"),
    "an end before its beginning": (
        ("uncc", "preservation", "QA", "--stood", "2026-12-02T00:00Z/2026-12-01T00:00Z"), "(clock.order)",
    ),
    "no zone": (("uncc", "preservation", "QA", "--stood", "2026-12-01/"), "(clock.zone)"),
    "never asked for": (("uncc", "preservation", "QA", "--until", "2027-03-01"), "[--until] (clock.asked)"),
    "asked for too late": (
        ("uncc", "preservation", "QA", "--until", "2027-03-01", "--asked", "2027-02-20T10:00Z"), "(clock.expired)",
    ),
    "no period": (("uncc", "preservation", "QA", "--until", "9 moons", "--asked", "2027-01-01T00:00Z"), "(date.form)"),
    "may not be extended": (
        ("br", "preservation", "BR", "--until", "9 days", "--asked", "2027-01-01T00:00Z"), "(clock.fixed)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", NOT_COUNTED)
def test_what_cannot_be_counted_is_said(title):
    """What is wrong, where, and what to write."""
    words, error = NOT_COUNTED[title]
    found = run("law", "deadline", *words, *FROM)
    assert (found.code, found.out) == (2, "")
    assert found.error.endswith(error)


def test_a_deadline_that_the_book_cannot_tell():
    """Between which moments it lies and why; and what stands still has no end yet."""
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    unsure = Uncertain(None, at + timedelta(days=9), (Doubt("holidays", "QA"),))
    for found, shown in (
        (Deadline("preservation", at, at + timedelta(days=5), ("uncc:42(8)",), uncertain=unsure), {
            "Ends at the earliest: 29 November 2026, 13:00:00", "Ends at the latest: ?",
            "Ends by the book as it stands: 3 December 2026, 13:00:00", "  • the book lists no holidays · QA",
        }),
        (Deadline("preservation", at, at + timedelta(days=5), ("uncc:42(8)",), stopped=at + timedelta(days=1)), {
            "Would end, had it not stopped: 29 November 2026, 13:00:00", "Stands still since: 25 November 2026, 13:00:00",
        }),
    ):  # fmt: skip
        out = io.StringIO()
        deadline._print(Paper(Speech("en", BOOKS), Console(file=out, width=200)), found, BOOKS.state("QA"))
        assert shown <= set(out.getvalue().split("\n"))


def test_as_it_is_typed(draft):
    """The installed command: exit code, one line for an error on standard error, a closed pipe without a traceback."""
    comity = [Path(sys.executable).with_name("comity")]
    found = subprocess.run([*comity, "assess", draft, *DAY], capture_output=True, check=False)
    assert (found.returncode, found.stderr) == (1, b"")
    narrow = os.environ | {"PYTHONIOENCODING": "ascii"}
    found = subprocess.run(
        [*comity, "law", "show", "IR", "--language", "fa"], capture_output=True, check=False, env=narrow
    )
    assert (found.returncode, found.stderr, b"\\u062c" in found.stdout) == (0, b"", True)
    found = subprocess.run([*comity, "law", "show", "XX"], capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (2, b"")
    assert found.stderr.decode().startswith("comity: There is no law book 'XX'.")
    piped = subprocess.run(f"{comity[0]} law show uncc | head -1", shell=True, capture_output=True, check=False)
    assert b"Traceback" not in piped.stderr


def test_on_a_screen_lines_break_under_their_beginning():
    """On a terminal no line is longer than the screen; in a pipe a paragraph is one line."""
    out = io.StringIO()
    paper = Paper(Screen("en", BOOKS), Console(file=out, width=40, force_terminal=True, color_system=None))
    paper.bullet("word " * 30, 4)
    lines = out.getvalue().rstrip("\n").split("\n")
    assert len(lines) > 3
    assert all(len(line) <= 40 for line in lines)
    assert lines[0].startswith("    • word")
    assert all(line.startswith("      word") for line in lines[1:])
