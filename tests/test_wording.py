"""What people read about the law: every id has its word, every finding its sentence, in both languages; the jurist's page."""

import ast
import itertools
import re
import tomllib
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import typer.main
from lawroom import BOOKS, FOLDER

import comity.law
from comity.casework.act import Kind, Power
from comity.casework.measure import GROUPS, Life, Measure
from comity.casework.request import Account, Asset, DataCategory, Offence, Order, Request, Scope, Subject, Urgency
from comity.casework.times import WAITS
from comity.cli import law
from comity.errors import Invalid
from comity.law import state as states
from comity.law import treaty_reader as treaties
from comity.law._row import Period
from comity.law.assess import ORDER, assess
from comity.law.bond import bonds
from comity.law.finding import Verdict
from comity.law.instrument import options
from comity.law.provision import MARKS
from comity.wording import labels, terms
from comity.wording.findings import FINDINGS
from comity.wording.speech import LANGUAGES, Screen, Speech, unnamed, visible

ON = date(2026, 11, 24)
LAW = Path(comity.law.__file__).parent
SAID = {code: text for code, text in FINDINGS.items() if not code.startswith(("remedy.", "rule."))}
OPEN = re.compile(r"%\(\w+\)|%s")


@cache
def speech(language: str) -> Screen:
    """The words of a language, as a screen shows them."""
    return Screen(language, BOOKS)


# ---------------------------------------------------------------------------------------------- every id has its word


def test_every_id_of_every_book_has_its_word():
    """Contents, grounds, duties, clocks, elements and offences that a shipped book uses are called something."""
    assert unnamed(BOOKS) == ()


def test_no_word_stands_there_for_nobody():
    """Words for contents, grounds and duties that no shipped book uses are taken out."""
    books = BOOKS.treaties.values()
    assert set(terms.CONTENTS) == {item.id for book in books for item in book.contents}
    assert set(terms.GROUNDS) == {item.id for book in books for item in book.grounds}
    assert set(terms.DUTIES) == {item.id for book in books for item in book.duties}
    clocks = {item.id for book in (*books, *BOOKS.states.values()) for item in book.clocks}
    assert set(terms.CLOCKS) == clocks | {"suggested"}  # law.clocks makes that one, of what the request suggests


def test_an_id_without_a_word_is_found():
    """The check sees what it should."""
    book = BOOKS.treaties["uncc"]
    odd = replace(book, grounds=(*book.grounds, replace(book.grounds[0], id="moon-phase")))
    assert unnamed(replace(BOOKS, treaties={**BOOKS.treaties, "uncc": odd})) == ("moon-phase",)


TABLES = [
    (terms.MEASURES, set(Measure)), (terms.SCOPES, set(Scope)), (terms.CATEGORIES, set(DataCategory)),
    (terms.URGENCY_SHORT, set(Urgency)), (terms.SUBJECTS, set(states.SUBJECTS)), (terms.STANCES, set(states.STANCES)),
    (terms.AUTHORISERS, set(states.AUTHORISERS)), (terms.BEARERS, {"requesting", "requested"}),
    (terms.VERDICTS, set(Verdict)), (terms.SURENESS, {*MARKS, "verified", "unverified"}),
    (labels.KINDS, set(Kind)), (labels.POWERS, set(Power)), (labels.LIVES, set(Life)),
    (labels.CALENDARS, set(states.CALENDARS)), (labels.REGIONS, set(states.REGIONS)),
    (labels.TRADITIONS, set(states.TRADITIONS)), (labels.ROLES, set(states.ROLES)), (labels.DAYS, set(states.DAYS)),
    (labels.USABLE, {True, False, None}),
]  # fmt: skip


@pytest.mark.parametrize(("table", "ids"), TABLES)
def test_every_table_has_all_its_words(table, ids):
    """No id of the code without a word, no word without an id."""
    assert set(table) == ids


def test_every_field_that_a_book_names_is_called_something():
    """The fields that contents ask for, and those that findings name, have words."""
    named = {name for book in BOOKS.treaties.values() for item in book.contents for name in item.fields}
    named |= {field for code in cases() for item in code.findings for field in item.fields}
    assert {name for name in named if name not in terms.FIELDS} == set()


def test_every_offence_is_called_something():
    """A sister's name stands for an offence that has none of its own."""
    for language, book in itertools.product(LANGUAGES, BOOKS.treaties.values()):
        for code in book.offences:
            assert code not in speech(language).offence(code), code


def test_every_rule_is_called_something():
    """Each rule that a book can cite, and each that the check follows, has its name."""
    for language, rule in itertools.product(LANGUAGES, sorted(treaties.ALWAYS | treaties.OPTIONAL)):
        assert speech(language).rule(rule) != speech(language).code(rule), rule


# --------------------------------------------------------------------------------- every finding has its sentence


def written() -> tuple[set[str], list[re.Pattern]]:
    """Codes in the rooms that find something: as they stand, and as patterns where a part is put in."""
    names, patterns = set(), []
    rules = {code.partition(".")[2] for code in FINDINGS if code.startswith("rule.")}
    for room in ("basis", "completeness", "grounds"):
        tree = ast.parse((LAW / f"{room}.py").read_text("utf-8"))
        constants = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        fields = set(terms.FIELDS)
        names |= {
            text for text in constants if re.fullmatch(r"[a-z-]+\.[a-z-]+[a-z]", text) and text.split(".")[0] in rules
        } - fields
        words = sorted((re.escape(text) for text in constants if re.fullmatch(r"[a-z-]+", text)), key=len, reverse=True)
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(part.value) if isinstance(part, ast.Constant) else f"(?:{'|'.join(words)})"
                    for part in node.values
                ]
                if "\\." in "".join(part for part in parts if "|" not in part) and len(parts) > 1:
                    patterns.append(re.compile("".join(parts)))
    return names, patterns


def test_every_code_of_the_law_room_has_its_sentence():
    """What the rules can say is said in words; where a code is put together, at least one sentence fits."""
    names, patterns = written()
    assert len(names) > 90
    assert names - set(SAID) == set()
    for pattern in patterns:
        assert any(pattern.fullmatch(code) for code in SAID), pattern.pattern[:60]


def test_every_sentence_is_said_by_some_code():
    """No sentence is left over from a rule that is gone."""
    names, patterns = written()
    left = {code for code in SAID if code not in names and not any(pattern.fullmatch(code) for pattern in patterns)}
    assert left == set()


def test_every_remedy_and_rule_is_known():
    """What to do, and the names of the rules: none missing, none left over."""
    source = "\n".join((LAW / f"{room}.py").read_text("utf-8") for room in ("basis", "completeness", "grounds"))
    remedies = set(re.findall(r'"(remedy\.[a-z-]+)"', source))
    assert remedies == {code for code in FINDINGS if code.startswith("remedy.")}
    assert {f"rule.{rule.split('.')[0]}" for rule in SAID} <= set(FINDINGS)


EXAMPLES = {
    "accepted": "fa, en", "article": "14", "basis": "uncc", "bearer": "requested", "by": "judge, prosecutor",
    "category": "traffic", "clock": "preservation", "committed": "2026-09-02", "content": "period", "date": "2026-11-24",
    "deposits": "3", "field": "period_to", "forbidden": "bank-secrecy", "grounds": "essential-interests, own-law",
    "kind": "ip", "known": "2026-11-24", "language": "vi", "least": "48", "measure": "stored-data",
    "missing": "intent, access", "months": "60", "needed": "40", "number": "1, 3", "offence": "budapest:8",
    "period": "12 months", "reference": "IR-2026-0001", "requested": "GB", "requesting": "IR", "scope": "A",
    "sentence": "1200", "since": "2026-12-01", "stance": "may-refuse", "state": "RU", "states": "US, IR",
    "subject": "own-national", "treaty": "budapest", "until": "2027-09-02", "urgency": "urgent", "urgent": "-",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(FINDINGS))
def test_every_sentence_is_whole(code, language):
    """Each sentence with its parameters: nothing left open, no id where a word belongs, no Latin digit in Persian."""
    names = re.findall(r"%\((\w+)\)s", FINDINGS[code])
    assert set(names) <= set(EXAMPLES), names
    text = speech(language).sentence(code, {name: EXAMPLES[name] for name in names})
    assert text
    assert not OPEN.search(text)
    for name in set(names) - {"reference"}:
        assert not re.search(r"[-:_]|^[A-Z]{2}", EXAMPLES[name]) or EXAMPLES[name] not in text, name
    if language == "fa":
        outside = re.sub("\u2068.*?\u2069", "", text)
        assert not re.search(r"[0-9]|(?<![A-Za-z])(?!UTC|IP)[A-Za-z]{2,}|, ", outside), text


@cache
def cases() -> tuple:
    """What the check finds for each measure of each instrument, on both sides, for an empty request and a full one."""
    found = []
    for book, measure, side in itertools.product(BOOKS.treaties.values(), Measure, ORDER):
        if measure not in book.measures:
            continue
        empty = Request("IR-2026-0001", "IR", "GB", measure, basis=book.id, exercise=False)
        full = replace(
            empty, requesting="US", requested="DE", reference="US-2026-0001", urgency=Urgency.EMERGENCY, language="fa",
            scope=Scope.SERIOUS, categories=tuple(DataCategory), follows="US-2026-0002", costs="much", assurances="return",
            offence=Offence("uncc:14", "label", "law", 24, date(2026, 9, 2)), period_from=date(2026, 8, 1),
            period_to=date(2026, 8, 2), deadline=date(2020, 1, 1), order=Order(issued_on=date(2026, 1, 1)),
            accounts=(Account("ip", "203.0.113.7"), Account("email", "x"), Account("carrier-pigeon", "y")),
            persons=(Subject("N. N.", "accused", "DE", date(2026, 10, 1)), Subject("M. M.", "witness")), assets=(Asset("car"),),
        )  # fmt: skip
        found += [assess(request, BOOKS, on=ON, side=side) for request in (empty, full)]
    return tuple(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_of_real_requests_is_whole(language):
    """Whatever the check finds for any measure under any instrument is said in whole words, remedies too."""
    assert len(cases()) > 100
    for item in {(item.code, item.remedy, item.params) for found in cases() for item in found.findings}:
        for code in filter(None, item[:2]):
            text = speech(language).sentence(code, dict(item[2]), "stored-data")
            assert not OPEN.search(text), text
            assert "?" not in text.removesuffix("?").replace("? ", " "), text


# ------------------------------------------------------------------------------------------------ how it is said


def test_states_and_treaties_in_a_sentence():
    """In English with the article that a name needs, with a capital at the beginning; in Persian without."""
    say = speech("en").sentence
    assert say("language.accepted", {"requested": "GB", "language": "en"}).startswith("The United Kingdom accepts")
    assert "The law book of the Philippines says" in say("retention.unverified", {**EXAMPLES, "requested": "PH"})
    assert "law of France has" in say("dual-criminality.met", {"requested": "FR", "offence": "uncc:7"})
    assert say("basis.in-force", {"basis": "uncc", "since": "2027-01-01"}).startswith("The United Nations Convention")
    assert "under the United Nations Convention" in say("basis.exercise", {"basis": "uncc", "date": "2026-11-24"})
    assert "does not bind: the Islamic Republic of Iran, Japan." in say(
        "basis.not-party", {"basis": "uncc", "date": "2026-11-24", "states": "IR, JP"}
    )
    assert speech("fa").state("GB") in speech("fa").sentence("language.unstated", {"requested": "GB"})
    assert speech("en").state("GB") == "United Kingdom"  # by itself, as in a heading


def test_a_state_without_a_book_has_unicodes_name():
    """Also a name that needs its article, and a code that no table knows."""
    assert (
        speech("en").sentence("reservation.declaration", {"state": "NL", "article": "14"}).startswith("The Netherlands")
    )
    assert speech("fa").state("NL") == "هلند"
    assert speech("en").state("ZZZ") == "ZZZ"


def test_days_in_both_calendars():
    """English has the Gregorian day; Persian the Solar Hijri with the Gregorian beside it, as far as it is sure."""
    assert speech("en").day(ON) == "24 November 2026"
    assert speech("fa").day(ON) == "۳ آذر ۱۴۰۵ (۲۰۲۶/۱۱/۲۴)"
    assert speech("fa").day(date(2025, 3, 20)) == "۳۰ اسفند ۱۴۰۳ (۲۰۲۵/۰۳/۲۰)"  # a leap year
    assert speech("fa").day(date(2199, 1, 1)) == "۲۱۹۹/۰۱/۰۱"


@pytest.mark.parametrize(
    ("text", "en", "fa"),
    [
        ("1 hour", "1 hour", "۱ ساعت"),
        ("60 days", "60 days", "۶۰ روز"),
        ("10 working-days", "10 working days", "۱۰ روز کاری"),
        ("2 weeks", "2 weeks", "۲ هفته"),
        ("1 month", "1 month", "۱ ماه"),
        ("3 years", "3 years", "۳ سال"),
        ("a while", "a while", "\u2068a while\u2069"),
    ],
)
def test_periods(text, en, fa):
    """Singular and plural, digits of the language; what is no period stands as it is."""
    assert (speech("en").period(text), speech("fa").period(text)) == (en, fa)


def test_every_unit_has_its_words():
    """No unit that a book can write is without its words."""
    for unit in terms.UNITS:
        assert speech("fa").period(str(Period(2, unit))).startswith("۲ ")


def test_penalties():
    """Whole years, else months; for life and none in words; nonsense as it is."""
    assert [speech("en").months(count) for count in (60, 18, 1, 1200, 0)] == [
        "5 years", "18 months", "1 month", "life imprisonment", "no deprivation of liberty",
    ]  # fmt: skip
    assert speech("fa").months(1200) == "حبس ابد"
    for odd in ("-3", "9999", "²", "many"):
        assert odd in speech("en").sentence("scope.not-serious", {"months": odd, "least": "48"})


def test_lists():
    """The comma of the language; its semicolon where a part has a comma itself; nothing named is not the same as none."""
    assert speech("en").word("grounds", "own-law, bank-secrecy") == "our own law, bank secrecy"
    assert speech("en").word("grounds", "essential-interests, own-law").count(";") == 1
    assert speech("fa").word("grounds", "own-law, bank-secrecy") == "قانون خودمان، اسرار بانکی"
    assert speech("fa").word("number", "1, 12") == "۱، ۱۲"
    assert (speech("en").word("urgent", "-"), speech("en").word("forbidden", "-")) == ("not named", "none")


def test_identifiers_keep_their_order_in_persian():
    """On a screen Latin stands in an isolate inside Persian, Persian inside English; a page and a letter do their own."""
    assert speech("fa").code("uncc:42(8)") == "\u2068uncc:42(8)\u2069"
    assert speech("fa").foreign("Lübeck") == "\u2068Lübeck\u2069"
    assert speech("fa").foreign("ایران") == "ایران"
    assert speech("en").foreign("ایران") == "\u2068ایران\u2069"
    assert speech("en").code("uncc:42(8)") == "uncc:42(8)"
    assert Speech("fa", BOOKS).code("uncc:42(8)") == "uncc:42(8)"
    for found in re.findall(
        r"uncc:[0-9()a-z]+", text := speech("fa").listing([speech("fa").code("uncc:40(15)(f)")] * 2)
    ):
        assert f"\u2068{found}\u2069" in text


def test_a_screen_is_not_steered():
    """What came in a request can neither move the cursor nor turn the line round."""
    assert visible("a\x1b[2Jb\u202ec\u2068\ud800") == "a\\u001b[2Jb\\u202ec\\u2068\\ud800"
    assert visible("می‌شود") == "می‌شود"
    text = speech("en").sentence("identifiers.unknown-kind", {"number": "1", "kind": "\x1b[31mred"})
    assert "\x1b" not in text


def test_what_is_missing_is_a_gap_and_no_crash():
    """An assessment of another version may lack a parameter, or have one that nobody knows."""
    assert speech("en").sentence("language.accepted", {}) == "? accepts requests in this language (?)."
    assert speech("en").sentence("order.undated", {"moon": "full"}) == FINDINGS["order.undated"]
    assert speech("en").sentence("no.such-code", {}) == "no.such-code"
    for name in EXAMPLES:
        for odd in ("", "-", "x" * 2000, "١٢", "%s %(a)s", "\ud800", "a, , b", "uncc:99", "2026-99-99"):
            for language in LANGUAGES:
                assert isinstance(speech(language).word(name, odd), str)


def test_bonds_and_options_in_words():
    """Each state of a bond, and each reason for or against an instrument, is a whole sentence."""
    for language, on, pair in itertools.product(
        LANGUAGES, (date(2000, 1, 1), ON, date(2027, 6, 1)), (("FR", "DE"), ("IR", "VN"), ("QA", "AZ"))
    ):
        for bond in bonds(BOOKS, *pair, on):
            assert not OPEN.search(speech(language).bond(bond))
    seen = set()
    for measure, scope, code in itertools.product(Measure, Scope, ("", "uncc:14", "uncc:16")):
        for one, other in (("FR", "DE"), ("QA", "VN")):
            request = Request(f"{one}-2026-0001", one, other, measure, scope=scope, offence=Offence(code))
            for option in options(request, BOOKS, ON):
                found = speech("fa").reasons(option)
                assert len(found) >= 1
                assert not any(OPEN.search(reason) for reason in found)
                seen |= set(speech("en").reasons(option))
    wanted = {re.escape(text) for text in labels.OPTIONS.values()}
    wanted = {re.sub(r"%\\\(\w+\\\)s", ".+", text) for text in wanted}
    assert {text for text in wanted if not any(re.fullmatch(text, one) for one in seen)} == set()


def test_languages():
    """Names of languages, also of a tag that nobody knows."""
    assert (speech("en").tongue("vi"), speech("fa").tongue("vi")) == ("Vietnamese", "ویتنامی")
    assert speech("en").tongue("qqq") == "qqq"
    with pytest.raises(FileNotFoundError):
        Speech("xx", BOOKS)


def test_texts_of_provisions():
    """The words of a provision in force on a day, of the newest when none is, and nothing where no book has it."""
    text, sure = speech("fa").provision("uncc:42(8)", ON)
    assert "۶۰" in text or "شصت" in text
    assert sure in {speech("fa").translate(word) for word in terms.SURENESS.values()}
    assert speech("en").provision("IR-CCA:13", date(1990, 1, 1))[0] == speech("en").provision("IR-CCA:13", ON)[0]
    assert speech("en").provision("uncc:9999", ON) == ("", "")
    with pytest.raises(Invalid):
        BOOKS.provision("uncc:9999")


# ----------------------------------------------------------------------------------------- the page for jurists

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "LAWBOOKS.md").read_text("utf-8")


def section(title: str) -> str:
    """The part of the page below the heading `title`, to the next heading of its level or above."""
    _, _, rest = PAGE.partition(f"\n{title}\n")
    assert rest, title
    return re.split(rf"^#{{1,{len(title) - len(title.lstrip('#'))}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a table whose first cell is one name in code: name -> the other cells."""
    found = {}
    for line in text.splitlines():
        if name := re.match(r"\| `([^`]+)` \|", line):
            assert name[1] not in found, name[1]
            found[name[1]] = [cell.strip() for cell in line.split("|")[2:-1]]
    return found


ALLOWED = {
    "Calendars": (states.CALENDARS, labels.CALENDARS), "Regional groups": (states.REGIONS, labels.REGIONS),
    "Legal traditions": (states.TRADITIONS, labels.TRADITIONS), "Days of the week": (states.DAYS, labels.DAYS),
    "Who authorises": (states.AUTHORISERS, terms.AUTHORISERS), "Roles of an authority": (states.ROLES, labels.ROLES),
    "Subjects of a policy": (states.SUBJECTS, terms.SUBJECTS), "Stances of a policy": (states.STANCES, terms.STANCES),
    "Categories of data": (DataCategory, terms.CATEGORIES), "Bearers": (terms.BEARERS, terms.BEARERS),
    "Forms of cooperation": (Measure, terms.MEASURES), "Scopes": (Scope, terms.SCOPES),
    "Dual criminality": (labels.DUAL, labels.DUAL), "Stances of a ground": (labels.GROUND_STANCES, labels.GROUND_STANCES),
    "Marks of a treaty's line": (MARKS, terms.SURENESS), "Contents that have words": (terms.CONTENTS, terms.CONTENTS),
    "Grounds that have words": (terms.GROUNDS, terms.GROUNDS), "Duties that have words": (terms.DUTIES, terms.DUTIES),
    "Clocks that have words": (terms.CLOCKS, terms.CLOCKS), "What suspends a clock": (WAITS, labels.SUSPENDED),
    "Fields of a request": (treaties.request_fields() - {"conducting", "offence", "order"}, terms.FIELDS),
    "Elements in words": (
        {
            word
            for book in BOOKS.treaties.values()
            for offence in book.offences.values()
            for word in (*offence.elements, *offence.one_of, *offence.may_require)
        },
        terms.ELEMENTS,
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", ALLOWED)
def test_the_page_lists_the_allowed_words(title):
    """docs/LAWBOOKS.md has each word that the code takes, and no other, with what it means in both languages."""
    ids, table = ALLOWED[title]
    found = rows(section(f"### {title}"))
    assert set(found) == set(ids)
    for name, cells in found.items():
        assert cells == [speech(language).translate(table[name]) for language in LANGUAGES], name


def test_the_page_lists_the_groups():
    """Each group with exactly its measures."""
    found = rows(section("### Groups of them"))
    assert set(found) == set(GROUPS)
    for name, cells in found.items():
        listed = set(Measure) if name == "all" else set(re.findall(r"`([^`]+)`", cells[0]))
        assert listed == GROUPS[name], name


def test_the_page_lists_the_offences():
    """Each offence of each treaty's book with its elements, ways and what a State may ask for beyond."""
    found = rows(section("### Offences and their elements"))
    offences = {code: offence for book in BOOKS.treaties.values() for code, offence in book.offences.items()}
    assert set(found) == set(offences)
    for code, cells in found.items():
        offence = offences[code]
        assert cells[0] == speech("en").offence(code)
        parts = [tuple(re.findall(r"`([^`]+)`", cell)) for cell in cells[1:]]
        assert parts == [offence.elements, offence.one_of, offence.may_require], code


def test_the_page_lists_the_rules():
    """Each rule that a treaty's book cites, and whether every measure needs it."""
    found = rows(section("### Rules that a treaty's book cites"))
    assert set(found) == treaties.ALWAYS | treaties.OPTIONAL
    for name, cells in found.items():
        assert cells[0] == speech("en").rule(name)
        assert (cells[1] == "for every measure") == (name in treaties.ALWAYS), name


FORMS = {"## A State's book": states._TABLES, "## A treaty's book": treaties._TABLES}


@cache
def fields_read() -> dict[tuple[str, str], set[str]]:
    """The fields that the readers take from the shipped books, by kind of book and table."""
    found: dict[tuple[str, str], set[str]] = {}
    for kind, paths in (
        ("## A State's book", sorted(FOLDER.glob("states/*.toml"))),
        ("## A treaty's book", [*sorted(FOLDER.glob("treaties/*.toml")), FOLDER / "forms" / "bilateral.toml"]),
    ):
        for path in paths:
            for table, items in tomllib.loads(path.read_text("utf-8")).items():
                for item in items if isinstance(items, list) else [items]:
                    found.setdefault((kind, table), set()).update(item)
    return found


@pytest.mark.parametrize("title", FORMS)
def test_the_page_describes_every_table_and_field(title):
    """Each table of a book with each field that a book can have; no field that the readers do not know."""
    found = rows(section(title))
    assert set(found) == FORMS[title]
    sources = {
        "## A State's book": ("state", "provision", "treaty_reader"), "## A treaty's book": ("treaty_reader", "provision"),
    }[title]  # fmt: skip
    known = "\n".join((LAW / f"{room}.py").read_text("utf-8") for room in sources)
    for table, cells in found.items():
        fields = set(re.findall(r"`([a-z_]+)`", cells[1]))
        assert fields_read().get((title, table), set()) - fields == set(), table
        assert {field for field in fields if f'"{field}"' not in known} == set(), table


def test_the_page_names_what_there_is():
    """The commands with all their options, and the page in Persian."""
    table = rows(section("## Checking, reading and trying a book"))
    listed = {name.split()[2]: cells[0] for name, cells in table.items() if name.startswith("comity law ")}
    commands = typer.main.get_command(law.app).commands
    assert set(listed) == set(commands)
    for name, command in commands.items():
        options = {param.opts[0] for param in command.params if param.param_type_name == "option"} - {"--help"}
        named = set(re.findall(r"--[a-z-]+", listed[name]))
        assert named == options, name
    assert "برای حقوق‌دانان" in PAGE
