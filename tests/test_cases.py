"""The situations that a lawyer can read hold, and they would notice if the law or its books went wrong."""

import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from lawroom import BOOKS, FOLDER, ON, SHELF

from comity.casework.measure import Measure
from comity.errors import BrokenLawbook
from comity.law.assess import assess
from comity.law.finding import Verdict, say
from comity.law.situation import Case, Cases, Expected, LineCase, load_cases
from comity.law.supposition import Supposition, supposed
from comity.wording.findings import FINDINGS

ROOT = Path(__file__).parent.parent


@cache
def cases() -> Cases:
    """The situations, read when the first test asks: whoever only looks for tests does not wait for them."""
    return load_cases(FOLDER)


def requests() -> list[Case]:
    """Those that are requests."""
    return [item for item in cases().situations if isinstance(item, Case)]


def test_every_situation_holds() -> None:
    """The books and the rules say of each situation what it says, no more and no less."""
    faults = [f"{situation.head.where} ({situation.head.id}): {fault}" for situation, fault in cases().faults()]
    assert faults == []


def test_there_are_enough() -> None:
    """Each form of cooperation has a complete request, and several with one defect; each State has its pages."""
    ids = {item.head.id for item in cases().situations}
    assert len(ids) >= 400
    for measure in BOOKS.treaty("uncc").measures:
        assert {f"{measure}-complete", f"{measure}-decision"} <= ids
        needed = [content for content in BOOKS.contents("uncc", measure) if content.always]
        assert {f"{measure}-without-{content.id}" for content in needed} <= ids
    for code in BOOKS.states:
        subjects = {item.about for item in cases().situations if isinstance(item, LineCase) and item.book == code}
        assert {
            "offence",
            "policy",
            "authorisation",
            "language",
            "retention",
            "clock",
            "treaty",
            "provision",
        } <= subjects


def test_texts() -> None:
    """Each situation and each supposition is told in English and in Persian letters and digits, in sentences."""
    told = [(item.head.id, item.head.en, item.head.fa) for item in cases().situations]
    told += [(item.id, item.en, item.fa) for item in cases().suppositions.values()]
    for name, en, fa in told:
        assert en.endswith((".", "?")), name
        assert re.search("[آ-ی]", fa), name
        assert not re.search("[يك0-9]", fa), name
        assert fa.endswith((".", "؟")), name
    for texts in (Counter(en for _, en, _ in told), Counter(fa for _, _, fa in told)):
        assert [text for text, count in texts.items() if count > 1] == []


def test_codes_exist() -> None:
    """A code that no rule can emit would make “not found” true for nothing."""
    for item in requests():
        for want in (*item.failed, *item.unknown, *item.passed, *item.absent, *item.whole):
            assert want.code in FINDINGS, item.head.where


def test_every_supposition_is_used() -> None:
    """Nothing is supposed for nobody."""
    assert {name for item in cases().situations for name in item.head.suppose} == set(cases().suppositions)


def test_each_defect_is_named() -> None:
    """Each planted defect fails with the fields to mend and what to do; nothing is granted, nothing is uncited."""
    for item in requests():
        if item.invalid:
            continue
        for side in item.sides:
            assessment = assess(item.request, cases().books_for(item), on=item.head.on, side=side)
            assert bool(assessment.failed) == bool(item.failed), item.head.id
            for finding in assessment.findings:
                assert finding.cites
                if finding.verdict is Verdict.FAILED:
                    assert finding.remedy in FINDINGS
                    assert finding.fields
            assert not re.search(r"grant|permitted|approved", str(assessment.to_dict()["findings"]))


NATIONAL = {"language", "dual-criminality", "retention", "refusal-policy", "authorisation", "data-protection"}


@pytest.mark.parametrize("side", ["requesting", "requested"])
def test_silence_passes_nothing(side: str) -> None:
    """Asked of silent books, no request of any situation passes in what rests on national law."""
    muted = supposed(BOOKS, SHELF, [Supposition("silent", "x", "x", "the test", silent=tuple(BOOKS.states))])
    for item in requests():
        if item.invalid or item.head.suppose:
            continue
        for finding in assess(item.request, muted, on=item.head.on, side=side).findings:
            national = finding.rule in NATIONAL or "national" in finding.code or finding.code == "scope.serious"
            if national and finding.code != "dual-criminality.not-required":
                assert finding.verdict is Verdict.UNKNOWN or finding.code == "language.unstated", item.head.id


def test_changes_are_noticed() -> None:
    """A few changes of books and rules, chosen by a seed: nearly all are noticed. The whole run is a command."""
    command = [sys.executable, str(ROOT / "bench" / "mutate_law.py"), "--slice", "40", "--seed", "7", "--least", "90"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


# ── The reader ──────────────────────────────────────────────────────────────────────────────────────────────────────

HEAD = '[cases]\nen = "A test"\nfa = "آزمون"\n'
BASE = '[[request]]\nid = "base"\nrequesting = "IR"\nrequested = "VN"\nmeasure = "preservation"\nfacts = "x"\n'
CASE = '[[case]]\nid = "one"\nen = "One."\nfa = "یک."\non = 2026-11-24\nrequest = "base"\nfailed = []\n'
SUPPOSE = '[[supposition]]\nid = "s"\nen = "Suppose."\nfa = "فرض."\n'
REFUSED = [
    ("no title", BASE, "lawbook.field-missing", "[cases]"),
    ("unknown table", HEAD + "[[situation]]\nid = 1\n", "lawbook.field-unknown", "situation"),
    ("no day", HEAD + BASE + CASE.replace("on = 2026-11-24\n", ""), "lawbook.field-missing", "field on"),
    ("no expectation", HEAD + BASE + CASE.replace("failed = []\n", ""), "lawbook.field-missing", "field failed"),
    ("unknown base", HEAD + BASE + CASE.replace('"base"', '"other"'), "lawbook.value", "field request"),
    ("unknown field", HEAD + BASE + CASE + "note = 1\n", "lawbook.field-unknown", "note"),
    ("id twice", HEAD + BASE + CASE + CASE, "lawbook.duplicate", "[[case]] 2"),
    ("base twice", HEAD + BASE + BASE, "lawbook.value", "[[request]] 2"),
    ("like one that stands below", HEAD + BASE + 'like = "later"\n', "lawbook.value", "field like"),
    ("base that cannot be meant", HEAD + BASE + 'scope = "E"\n', "lawbook.value", "base"),
    ("change that cannot be meant", HEAD + BASE + CASE + 'change = { deadline = "soon" }\n', "lawbook.value", "change"),
    ("change that is no table", HEAD + BASE + CASE + 'change = "all"\n', "lawbook.type", "field change"),
    ("field that requests do not have", HEAD + BASE + CASE + "change = { fiction = 1 }\n", "lawbook.value", "change"),
    ("nothing to clear", HEAD + BASE + CASE + 'clear = ["subject"]\n', "lawbook.value", "field clear"),
    ("finding without code", HEAD + BASE + CASE + 'unknown = [" @ uncc:7"]\n', "lawbook.value", "field unknown"),
    ("third side", HEAD + BASE + CASE + 'side = "third"\n', "lawbook.value", "field side"),
    ("unknown supposition", HEAD + BASE + CASE + 'suppose = ["s"]\n', "lawbook.value", "field suppose"),
    ("supposition of no book", HEAD + SUPPOSE + 'drop = ["language"]\n', "lawbook.value", "field book"),
    ("supposition of nothing", HEAD + SUPPOSE + 'book = "VN"\n', "lawbook.value", "field book"),
    ("deposits without day", HEAD + SUPPOSE + 'book = "uncc"\ndeposits = 3\n', "lawbook.value", "field deposits"),
    ("rows that are not TOML", HEAD + SUPPOSE + 'book = "VN"\nadd = "[["\n', "lawbook.syntax", "field add"),
    ("rows that are none", HEAD + SUPPOSE + 'book = "VN"\nadd = "x = 1"\n', "lawbook.type", "field add"),
    ("supposition twice", HEAD + SUPPOSE + SUPPOSE, "lawbook.duplicate", "[[supposition]] 2"),
    ("treaty of one", HEAD + '[[status]]\nid = "s"\nen = "S."\nfa = "س."\non = 2026-11-24\nbasis = "uncc"\nbinds = "no"\n'
     'between = ["IR"]\n', "lawbook.value", "field between"),
    ("moment without offset", HEAD + '[[clock]]\nid = "c"\nen = "C."\nfa = "س."\non = 2026-11-24\nbook = "uncc"\n'
     'clock = "preservation"\nstate = "VN"\nstarted = 2026-11-24T10:00:00\ndue = "x"\n', "lawbook.date", "field started"),
]  # fmt: skip


def written(home: Path, text: str) -> Cases:
    """The treaties and a few States' books with one file of situations."""
    for page in (page for page in SHELF if page.file.startswith("treaties/") or page.file[7:9] in ("IR", "VN", "QA")):
        path = home / page.file
        path.parent.mkdir(exist_ok=True)
        path.write_text(page.text, "utf-8")
    (home / "cases").mkdir()
    (home / "cases" / "test.toml").write_text(text, "utf-8")
    return load_cases(home)


@pytest.mark.parametrize(("text", "code", "place"), [pytest.param(*rest, id=title) for title, *rest in REFUSED])
def test_refused(text: str, code: str, place: str, tmp_path: Path) -> None:
    """A file of situations that is not as it must be is refused with its file, its place and a remedy."""
    with pytest.raises(BrokenLawbook) as error:
        written(tmp_path, text)
    assert error.value.code == code
    assert "cases/test.toml" in error.value.where
    assert place in error.value.where


WRONG = [
    ("a failure that is none", 'failed = ["basis.left"]', "not failed: basis.left"),
    ("a failure that is not named", "failed = []", "failed as well: content.missing: authority"),
    ("a question that is none", 'failed = []\nunknown = ["rights.unanswered: x"]', "not unknown: rights.unanswered: x"),
    ("a pass that is none", 'failed = []\npassed = ["basis.in-force"]', "not passed: basis.in-force"),
    ("something that is there", 'failed = []\nabsent = ["basis.exercise"]', "found: basis.exercise"),
    ("other provisions", 'failed = []\npassed = ["basis.exercise @ uncc:7"]', "not passed: basis.exercise @ uncc:7"),
    ("other fields", 'failed = ["content.missing: facts > link"]', "not failed: content.missing: facts > link"),
    ("not the whole list", 'failed = []\nfindings = ["basis.exercise"]', "findings, not 1"),
    ("no refusal", 'invalid = "law.measure"', "not refused as law.measure"),
    ("another refusal", 'invalid = "law.measure"\nchange = { basis = "vienna" }', "law.basis"),
]


@pytest.mark.parametrize(("lines", "fault"), [pytest.param(*rest, id=title) for title, *rest in WRONG])
def test_what_does_not_hold(lines: str, fault: str, tmp_path: Path) -> None:
    """A situation of which the books say otherwise is named with what they say."""
    cases = written(tmp_path, HEAD + BASE + CASE.replace("failed = []", lines))
    assert any(fault in found for _, found in cases.faults())


OTHER = [
    ('[[status]]\nbasis = "uncc"\nbetween = ["IR", "VN"]\nbinds = "yes"\n', "binds is False, not True"),
    ('[[choice]]\nrequest = "base"\noptions = []\n', "the options are"),
    ('[[bond]]\nbetween = ["IR", "VN"]\nsays = []\n', "it says"),
    ('[[line]]\nbook = "VN"\nabout = "language"\nsays = ["en @ VN:language"]\n', "does not say: en @ VN:language"),
    ('[[line]]\nbook = "VN"\nabout = "weather"\nsays = []\n', "law.subject"),
    ('[[line]]\nbook = "ZZ"\nabout = "language"\nsays = []\n', "law.book"),
    (
        '[[clock]]\nbook = "uncc"\nclock = "preservation"\nstate = "VN"\nstarted = 2026-11-24T10:00:00Z\ndue = "x"\n',
        "not x",
    ),
    ('[[clock]]\nbook = "VN"\nclock = "none"\nstate = "VN"\nstarted = 2026-11-24T10:00:00Z\ndue = "x"\n', "law.clock"),
]


@pytest.mark.parametrize(("row", "fault"), OTHER)
def test_other_kinds_that_do_not_hold(row: str, fault: str, tmp_path: Path) -> None:
    """The same for every kind of situation."""
    head, _, rest = row.partition("\n")
    cases = written(tmp_path, f'{HEAD}{BASE}{head}\nid = "one"\nen = "One."\nfa = "یک."\non = 2026-11-24\n{rest}')
    assert any(fault in found for _, found in cases.faults())


def test_a_request_is_varied(tmp_path: Path) -> None:
    """Parts of a record are put in singly, a record for a list goes into each item, and what is cleared is gone."""
    text = (
        HEAD + BASE + 'persons = [{ name = "A" }, { name = "B", born = 1980-01-01 }]\n'
        'offence = { code = "uncc:7", label = "x" }\nevent_at = 2026-12-01T09:00:00Z\n'
        + '[[request]]\nid = "more"\nlike = "base"\nclear = ["facts"]\nrequesting = "QA"\n'
        + CASE.replace('"base"', '"more"') + 'change = { persons = { role = "witness" }, offence = { label = "y" } }\n'
        'clear = ["persons.born"]\n'
    )  # fmt: skip
    request = written(tmp_path, text).situations[0].request
    assert (request.requesting, request.reference, request.facts) == ("QA", "QA-2026-0001", "")
    assert [(person.name, person.role, person.born) for person in request.persons] == [
        ("A", "witness", None), ("B", "witness", None),
    ]  # fmt: skip
    assert (request.offence.code, request.offence.label) == ("uncc:7", "y")
    assert request.event_at == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert request.measure is Measure.PRESERVATION


def test_supposition_of_what_is_not_there() -> None:
    """A supposition that drops a row or changes a book that is not there is refused: it would suppose nothing."""
    for wrong in (
        Supposition("s", "x", "x", "the test", book="VN", drop=("offence uncc:8",)),
        Supposition("s", "x", "x", "the test", verified=("ZZ",)),
        Supposition("s", "x", "x", "the test", silent=("ZZ",)),
    ):
        with pytest.raises(BrokenLawbook, match="Correct the supposition") as error:
            supposed(BOOKS, SHELF, [wrong])
        assert error.value.where == "the test"


def test_suppositions_add_up() -> None:
    """One supposition stands on the other, and the shipped books remain as they are."""
    row = {"state": "VN", "deposited": date(2026, 1, 1), "deposit_sure": "V"}
    first = Supposition("a", "x", "x", "the test", book="uncc", drop=("party VN",), add={"party": [row]})
    second = Supposition("b", "x", "x", "the test", book="uncc", deposits=39, deposited=date(2026, 1, 1), sure="V")
    both = supposed(BOOKS, SHELF, [first, second])
    assert both.treaty("uncc").bound("VN", ON) is True
    assert BOOKS.treaty("uncc").bound("VN", ON) is False


def test_expected_is_read_as_it_is_written() -> None:
    """What must be found reads and writes as one text, and matches parameters, parts of lists, fields and provisions."""
    text = "content.missing: facts; remedy.fill-in > facts, link @ uncc:42(3)(b)"
    want = Expected.parse(text)
    assert str(want) == text
    (found,) = say(Verdict.FAILED, "content.missing", ("uncc:42(3)(b)",), {"content": "facts", "missing": "facts, link"},
                   remedy="remedy.fill-in", fields=("facts", "link"))  # fmt: skip
    assert want.met_by(found)
    assert Expected.parse("content.missing: link").met_by(found)
    for other in ("content.present", "content.missing: data", "content.missing > link", "content.missing @ uncc:7"):
        assert not Expected.parse(other).met_by(found)
    for wrong in ("", ": x", " @ y", "two words"):
        with pytest.raises(ValueError) as error:  # noqa: PT011 - it carries the text that it could not read
            Expected.parse(wrong)
        assert str(error.value) == wrong
