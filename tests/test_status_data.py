"""The shipped data on statuses: everybody is on the roll, each line has its source, and what is not known says so."""

import json
import re
import shutil
from datetime import date

import pytest
from lawroom import BOOKS, FOLDER
from typer.testing import CliRunner

from comity.cli import _asked, law
from comity.errors import BrokenLawbook, Invalid
from comity.law.book import beside, load
from comity.law.mechanism import ONLY, STANCES, WHEN
from comity.law.owed import STEPS
from comity.law.provision import MARKS
from comity.law.roll import KINDS
from comity.law.standing import standing, standings
from comity.wording import mechanism as words

ON = date(2026, 11, 24)
UNCC = BOOKS.treaty("uncc")
ROLL = BOOKS.roll.states
EARLY = date(2025, 10, 28)
ABSENT = ("US", "JP", "IN", "CA", "NZ", "MX", "IL", "UA")


def test_everybody_is_on_the_roll() -> None:
    """193 Members, two observers, the European Union and its 27 members; every State with a book, every Party."""
    kinds = [item.kind for item in ROLL.values()]
    assert [kinds.count(kind) for kind in KINDS] == [193, 2, 1]
    assert len(BOOKS.roll.members_of("EU")) == 27
    assert BOOKS.roll.members_of("EU") <= set(ROLL)
    assert set(BOOKS.states) <= set(ROLL)
    for treaty in BOOKS.treaties.values():
        assert set(treaty.parties) <= set(ROLL), treaty.id
    names = [name for item in ROLL.values() for name in (item.en, item.fa)]
    assert len(set(names)) == len(names)
    for item in ROLL.values():
        assert re.fullmatch("[A-Z]{2}", item.code)
        assert re.fullmatch(r"[آ-ی‌ ()]+", item.fa), item.fa
        assert not re.search("[يكة]", item.fa), item.fa


@pytest.mark.parametrize("basis", ["uncc", "budapest", "protocol2"])
def test_each_line_has_its_source(basis: str) -> None:
    """Of everybody something is said, with a source; a day always with its mark; nobody is bound to the unknown."""
    found = standings(BOOKS, basis, ON)
    assert [item.state for item in found] == list(ROLL)
    for item in found:
        assert item.source, item.state
        assert item.signature in words.SIGNATURES
        assert item.instrument in words.INSTRUMENTS
        assert bool(item.signed) == (item.signature in ("signed", "reported")), item.state
        assert (item.signed_sure in MARKS) or not item.signed
        assert (item.deposit_sure in MARKS) or not item.deposited
        assert item.bound is not True or item.instrument == "deposited"
        assert not item.bound or item.since is not None


def test_every_line_of_the_convention_names_its_own_source() -> None:
    """No line of the Convention's list leans on the source of the whole list; what was not read is said."""
    for party in UNCC.parties.values():
        assert party.source, party.state
        assert bool(party.en) == bool(party.fa)


def test_signatories_of_hanoi() -> None:
    """Seventy-two signed in Hanoi, the European Union among them, and Mauritius after; two more names are not known."""
    hanoi = [party for party in UNCC.parties.values() if party.signed and party.signed <= date(2025, 10, 26)]
    assert len(hanoi) == 72
    assert "EU" in {party.state for party in hanoi}
    assert len({party.state for party in hanoi} & BOOKS.roll.members_of("EU")) == 13
    counted = [item.signature for item in standings(BOOKS, "uncc", ON)]
    assert counted.count("signed") == 73
    assert counted.count("unknown") == 196 - 73


@pytest.mark.parametrize("code", ABSENT)
def test_who_had_not_signed(code: str) -> None:
    """A report that a State had not signed holds up to its day, and says nothing of later days."""
    assert standing(BOOKS, "uncc", code, EARLY).signature == "unsigned"
    assert standing(BOOKS, "uncc", code, date(2025, 10, 30)).signature == "unknown"


def test_what_is_not_known_says_so() -> None:
    """Kenya has no line: unknown, from the source of the list. India's blog does not count. Before the opening: not yet."""
    kenya = standing(BOOKS, "uncc", "KE", ON)
    assert (kenya.signature, kenya.instrument, kenya.signed, kenya.deposited) == ("unknown", "unknown", None, None)
    assert kenya.source == UNCC.entry.source
    india = standing(BOOKS, "uncc", "IN", ON)
    assert (india.signature, india.instrument) == ("unknown", "unknown")
    assert standing(BOOKS, "uncc", "KE", date(2025, 10, 24)).instrument == "none"
    assert standing(BOOKS, "reciprocity", "KE", ON) is None
    with pytest.raises(Invalid, match="XX") as caught:
        standing(BOOKS, "uncc", "XX", ON)
    assert caught.value.code == "law.state"


def test_instruments_as_reported() -> None:
    """Qatar's is sure by its latest day; those of Viet Nam and Azerbaijan are only reported; Iran's is unknown."""
    steps = {code: standing(BOOKS, "uncc", code, ON).instrument for code in ("QA", "VN", "AZ", "IR", "RU", "EU")}
    assert steps == {
        "QA": "deposited", "VN": "reported", "AZ": "reported", "IR": "unknown", "RU": "unknown", "EU": "unknown",
    }  # fmt: skip
    assert standing(BOOKS, "uncc", "QA", date(2026, 2, 10)).instrument == "unknown"
    assert standing(BOOKS, "uncc", "QA", date(2025, 10, 24)).instrument == "none"


def test_every_word_is_there() -> None:
    """Each status, step, stance and notification has its word; no word stands there for nothing."""
    assert set(words.STEPS) == set(STEPS)
    assert set(words.STANCES) == set(STANCES)
    assert set(words.WHEN) == set(WHEN)
    assert set(words.ONLY) == set(ONLY) - {""}
    assert set(words.REPORTS) == set(MARKS)
    for mechanism in BOOKS.mechanisms.values():
        assert set(words.NOTIFICATIONS) == set(mechanism.notifications)
        assert set(words.DECISIONS) == set(mechanism.decisions)


FAULTS = [
    ("an organisation that is none", "roll.toml", 'of = "EU"', 'of = "AU"', "lawbook.cite"),
    ("a code twice", "roll.toml", 'code = "AL"', 'code = "AF"', "lawbook.duplicate"),
    ("a kind that is none", "roll.toml", 'kind = "observer"', 'kind = "guest"', "lawbook.value"),
    ("a provision that is not there", "mechanism/uncc.toml", '"uncc:41(2)"', '"uncc:99"', "lawbook.cite"),
    ("a majority that is none", "mechanism/uncc.toml", '"2/3"', '"5/7"', "lawbook.value"),
    ("a number without its source", "mechanism/uncc.toml", "parties_provision", "votes_provision", "lawbook.cite"),
    ("a decision that is none", "mechanism/uncc.toml", 'decision = "protocol"', 'decision = "war"', "lawbook.value"),
    ("a session that ends first", "mechanism/uncc.toml", "to = 2026-01-30", "to = 2026-01-20", "lawbook.date"),
    ("another treaty's file", "mechanism/uncc.toml", 'treaty = "uncc"', 'treaty = "budapest"', "lawbook.cite"),
    ("a field nobody knows", "mechanism/uncc.toml", 'stance = "for"', 'stance = "for"\nmood = "x"', "lawbook.field-unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "code"), [pytest.param(*rest, id=name) for name, *rest in FAULTS])
def test_faults_are_named(file: str, old: str, new: str, code: str, tmp_path) -> None:
    """A fault of the roll or a mechanism is named with its file, and its code is stable."""
    target = tmp_path / file
    target.parent.mkdir(parents=True, exist_ok=True)
    text = (FOLDER / file).read_text("utf-8")
    assert old in text
    target.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BrokenLawbook) as caught:
        beside(BOOKS, tmp_path)
    assert caught.value.code == code
    assert file in caught.value.where


def test_a_folder_without_them_knows_nobody(tmp_path) -> None:
    """An older folder of books still opens: its roll is empty, and a State without a book is not known."""
    shutil.copytree(FOLDER / "treaties", tmp_path / "treaties")
    shutil.copytree(FOLDER / "states", tmp_path / "states")
    books = load(tmp_path)
    assert (len(books.roll.states), dict(books.mechanisms)) == (0, {})
    assert [item.state for item in standings(books, "uncc", ON)] == list(books.states)
    for ask in (lambda: books.named("KE", "one"), lambda: books.mechanism("uncc")):
        with pytest.raises(Invalid):
            ask()


@pytest.fixture(autouse=True)
def loaded(monkeypatch) -> None:
    """The commands take the books that are read already; that they read them is shown by the tests of the command line."""
    monkeypatch.setattr(_asked, "load", lambda _folder: BOOKS)


def run(*words_: str) -> str:
    """What ``comity law`` says."""
    done = CliRunner().invoke(law.app, [*words_, "--on", "2026-11-24"])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("command", [("status",), ("status", "KE"), ("owed", "qa"), ("count",), ("count", "budapest")])
def test_commands_in_both_languages(command: tuple[str, ...], language: str) -> None:
    """Every line in its language, nothing left open; Persian in Persian digits."""
    text = run(*command, "--language", language)
    assert not re.search(r"%\(|\{|None", text)
    assert bool(re.search("[آ-ی]", text)) == (language == "fa")


def test_commands_for_a_program() -> None:
    """What a program gets is what the law room says: ids, days, marks."""
    everybody = json.loads(run("status", "--json"))
    assert len(everybody["states"]) == 196
    assert {item["signature"] for item in everybody["states"]} == {"signed", "unknown"}
    kenya = json.loads(run("status", "KE", "--json"))["treaties"]["uncc"]
    assert (kenya["bound"], kenya["bound_to"], kenya["cannot_tell"]) == (False, 0, 0)
    pair = json.loads(run("status", "KE", "FR", "--json"))["bonds"]
    assert {item["instrument"] for item in pair} == set(BOOKS.treaties)
    counted = json.loads(run("count", "--json"))
    assert (counted["countdown"]["sure"], counted["countdown"]["reported"]) == (1, 3)
    assert counted["openings"]["protocol"]["open"] is False
    qatar = json.loads(run("owed", "QA", "--json"))["notifications"]
    assert {item["notification"]["id"]: item["step"] for item in qatar}["disputes"] == "done"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("status", "XX"), "law.state"), (("status", "IR", "IR"), "cli.states"), (("owed", "Atlantis"), "law.state"),
        (("status", "IR", "--measure", "extradition"), "cli.states"), (("count", "none"), "law.basis"),
        (("count", "--for", "IR"), "cli.decision"), (("owed", "IR", "--basis", "budapest"), "law.mechanism"),
        (("count", "--decision", "amendment", "--for", "IR, VN"), "conference.no-party"),
        (("count", "--decision", "amendment", "--for", "IR", "--against", "IR"), "cli.states"),
        (("count", "reciprocity"), "law.entry"), (("owed", "IR", "--entry", "/nowhere"), "cli.file"),
    ],
)  # fmt: skip
def test_bad_input_is_named(command: tuple[str, ...], code: str) -> None:
    """What cannot be answered says why, by code."""
    done = CliRunner().invoke(law.app, [*command, "--on", "2026-11-24"])
    assert isinstance(done.exception, Invalid)
    assert done.exception.code == code
