"""The letter: right in form, honest about what is missing, deaf to what hostile text asks for."""

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typst
from hypothesis import example, given, settings
from hypothesis import strategies as st

from comity.casework.request import (, Subject
    Account,
    DataCategory,
    Measure,
    Offence,
    Person,
    Request,
    Scope,
    Urgency,
)
from comity.errors import Invalid, Misconfigured
from comity.node import letter

NAMES = {
    "IR": {"en": "Central Authority (fictional)", "fa": "مرجع مرکزی (فرضی)"},
    "VN": {"en": "Central Authority of Viet Nam (fictional)", "fa": "مرجع مرکزی ویتنام (فرضی)"},
}
DAY = date(2026, 11, 24)
BARE = Request(reference="IR-2026-0001", requesting="IR", requested="VN", measure=Measure.STORED_DATA)
FULL = replace(
    BARE,
    offence=Offence("uncc:13", "کلاهبرداری رایانه‌ای", "IR-CCA:13", 60, date(2026, 9, 1)),
    authority="دادسرای نمونه",
    conducting=Person("بازپرس نمونه", "Investigating judge", "desk@dadsara.example"),
    subject="Phishing, stage 1",
    facts="در 2026-09-03T08:12:44Z از 203.0.113.24:51820 وارد شد.",
    assistance="Please disclose the mailbox.",
    link="The mailbox sent the messages.",
    categories=tuple(DataCategory),
    accounts=(
        Account("email", "hesab-yar@thu-vien-mail.example"),
        Account("ip", "2001:db8::7", datetime(2026, 9, 3, 11, 42, tzinfo=UTC), 51820),
        Account("steam", "player-1"),
    ),
    custodian="thu-vien-mail.example",
    persons=(Subject("Fulan Nemuneh"), Subject("ناشناس")),
    period_from=date(2026, 9, 1),
    period_to=date(2026, 10, 15),
    purpose="To prove the offence.",
    intends_request=True,
    confidential=True,
    urgency=Urgency.URGENT,
    urgency_reason="Logs are kept for 90 days.",
    deadline=date(2026, 12, 15),
    deadline_reason="Hearing on 2026-12-20.",
    language="vi",
    follows="IR-2026-0002",
    rights="One mailbox, one period.",
)
MARKUP = '#import "@preview/evil:1.0.0" ] } #panic("x") $x$ *b* _i_ `r` <l> @r /* */ // \\ #read("/etc/passwd")'
HOSTILE = [
    MARKUP,
    "]" * 2000,
    "pay \u202eexe.cod\u202c \u2066now\u2069 \u200f\u200e",
    "واقعه در تاریخ 2026-09-01 رخ داد. " * 300,
    "x" * 10_000,
    "سلام" * 2_500,
    "https://x.example/" + "a1" * 5_000,
    "😀👨‍👩‍👧🇮🇷 中文 \ue000 \U000e0041 \ufeff\u00ad\x07\x0b\x1b \u2028 \u0301 م\u0301 e\u0301 \u200c\u0651",
    "\r\n\r\n\n",
]


def pdf(request=FULL, **changes):
    """Make a letter, with the usual names unless told otherwise."""
    asked = {"authority_names": NAMES, "written_on": DAY, "drafted_by": "A. Nemuneh", "approved_by": "B. Nemuneh"}
    return letter.request_letter(request, **(asked | changes))


def form(request=FULL, languages=("en", "fa")):
    """Make what the letter prints, before it is set."""
    signers = [letter._text("drafted-by", "A"), letter._text("approved-by", "B")]
    return letter._form(request, NAMES, DAY, signers, languages)


def texts(printed):
    """All that a form prints, without the cuts between runs."""
    return re.sub(r'"\], \["[^"]*", "|\u200b', "", json.dumps(printed, ensure_ascii=False))


def parts(printed, key):
    """Return the parts of the field with this heading."""
    return next(list(field["parts"]) for field in printed["fields"] if field["key"] == key)


def svg_pages(request):
    """Return each page as SVG, from the same form, fonts and file as the PDF."""
    inputs = {"form": json.dumps(form(request)), "odd": "no"}
    file = letter._LETTERS / "request.typ"
    found, warnings = typst.compile_with_warnings(
        file, font_paths=letter._fonts(), ignore_system_fonts=True, sys_inputs=inputs, format="svg"
    )
    assert warnings == []
    return found if isinstance(found, list) else [found]


def test_it_is_pdf_a_2b_dated_by_the_letter():
    """The file says that it is PDF/A-2b, in XMP, and was created on the letter's date."""
    made = pdf()
    assert made.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in made
    assert b"<xmp:CreateDate>2026-11-24T00:00:00+00:00</xmp:CreateDate>" in made


def test_the_same_letter_has_the_same_bytes_everywhere():
    """Another process, with another hash seed, makes the same bytes."""
    script = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); import test_letter;"
        "print(hashlib.sha256(test_letter.pdf()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script, str(Path(__file__).parent)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def test_it_needs_no_django():
    """The letter is made where Django cannot be imported."""
    script = "import sys; sys.modules['django'] = None; import comity.node.letter"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_languages_have_the_same_words():
    """A heading that one language lacks would break its letters."""
    keys = {
        code: re.findall(r'^  "([^"]+)":', (letter._LETTERS / f"{code}.typ").read_text("utf-8"), re.MULTILINE)
        for code in letter.LANGUAGES
    }
    assert len(set(keys["en"])) == len(keys["en"])
    assert keys["en"] == keys["fa"]


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize("language", letter.LANGUAGES)
def test_every_value_has_its_word(measure, language):
    """No measure, scope, urgency, offence or category is without a word."""
    for number, scope in zip(range(7, 18), [*Scope] * 4, strict=False):
        for urgency in Urgency:
            code = "" if scope == Scope.SERIOUS else f"uncc:{number}"
            request = replace(FULL, measure=measure, scope=scope, urgency=urgency, offence=Offence(code))
            assert pdf(request, language=language)


@pytest.mark.parametrize("measure", Measure)
def test_everything_stated_is_printed(measure):
    """No field of a request is left out of the letter: each text, date and identifier stands in it."""
    printed = texts(form(replace(FULL, measure=measure)))
    own = [value.name for value in fields(FULL) if isinstance(getattr(FULL, value.name), str)]
    for name in set(own) - {"requesting", "requested", "basis", "scope", "urgency", "language", "measure"}:
        assert getattr(FULL, name) in printed, name
    for text in ["کلاهبرداری رایانه‌ای", "IR-CCA:13", "بازپرس نمونه", "Investigating judge", "Vietnamese"]:
        assert text in printed
    for text in ["1 September 2026", "15 October 2026", "15 December 2026", "2026-09-03T11:42:00Z", "51820"]:
        assert text in printed
    for text in ["desk@dadsara.example", "2001:db8::7", "player-1", "steam", "ناشناس", "confidential.yes"]:
        assert text in printed


@pytest.mark.parametrize(("measure", "article"), [(Measure.STORED_DATA, (40, 15)), (Measure.PRESERVATION, (42, 3))])
def test_fields_follow_the_article(measure, article):
    """Letters (a) to (g) come first, in order, each in one field."""
    found = [field["articles"] for field in form(replace(BARE, measure=measure))["fields"]]
    assert found[:7] == [[(*article, sub)] for sub in "abcdefg"]


@pytest.mark.parametrize("measure", Measure)
def test_what_is_missing_is_said_and_not_invented(measure):
    """An empty request prints "not stated" in every field that could hold something, and sets."""
    printed = form(replace(BARE, measure=measure))
    known = {"confidentiality", "urgency", "language"}  # these always have a value
    for field in printed["fields"]:
        kinds = {part["kind"] for part in field["parts"]}
        assert field["key"] in known or kinds == {"missing"}, field["key"]
    assert pdf(replace(BARE, measure=measure), drafted_by="", approved_by=" ")


def test_a_serious_crime_is_none_of_the_offences():
    """Scope C without a code is not a missing code."""
    words = parts(form(replace(BARE, scope=Scope.SERIOUS)), "subject")[1]["words"]
    assert words == ("offence.none",)


def test_the_band_is_on_every_page_of_an_exercise():
    """Twice on each page of an exercise, never otherwise (its red has no other use where no code is framed)."""
    long = replace(FULL, facts="Facts. " * 2000)
    assert [page.count(b'fill="#8b1a1a"') for page in svg_pages(long)] == [2] * 5
    assert all(b'fill="#8b1a1a"' not in page for page in svg_pages(replace(long, exercise=False)))


def test_dates_are_gregorian_with_solar_hijri_beside_them():
    """Nowruz 1405 and its eve; Persian digits; English has the Gregorian date alone."""
    eve, nowruz = (letter._date("", date(2026, 3, day)) for day in (20, 21))
    assert json.dumps(eve["en"]) == '[["Noto Sans", "20 March 2026"]]'
    assert "".join(text for _, text in eve["fa"]) == "۲۰ مارس ۲۰۲۶ (۲۹ اسفند ۱۴۰۴)"
    assert "".join(text for _, text in nowruz["fa"]) == "۲۱ مارس ۲۰۲۶ (۱ فروردین ۱۴۰۵)"


@pytest.mark.parametrize(
    "identifier",
    [
        "2026-09-03T08:12:44Z",
        "2026-09-01",
        "203.0.113.24:51820",
        "192.0.2.0/24",
        "2001:db8::8a2e:370:7334",
        "hesab-yar@thu-vien-mail.example",
        "https://bank-nemuneh.example/login?id=4471",
        "IR-2026-0001",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "+98 21 5555 0100",
    ],
)
def test_identifiers_are_cut_out_of_running_text(identifier):
    """In a Persian sentence they would otherwise come out in pieces, in another order."""
    runs = letter._runs(f"از نشانی {identifier}، سپس")
    assert ("id", identifier) in runs
    assert [face for face, _ in runs] == ["Noto Sans Arabic", "id", "Noto Sans Arabic"]


def test_each_paragraph_has_its_own_direction():
    """The first letter decides, as UAX 9 has it; digits and signs do not."""
    paragraphs = letter._text("", "English.\n۱) 2026 متن\n\n(۲) Text\n123")["paragraphs"]
    assert [paragraph["dir"] for paragraph in paragraphs] == ["ltr", "rtl", "ltr", "ltr"]


def test_what_reorders_or_hides_is_shown_as_its_code():
    """An override is printed, not obeyed; ZWNJ, which Persian needs, stays."""
    assert letter._runs("a\u202ebc")[1] == ("odd", "U+202E")
    assert letter._runs("می\u200cخواهم") == [("Noto Sans Arabic", "می\u200cخواهم")]
    assert letter._runs("\U000e0041😀") == [("odd", "U+E0041"), ("odd", "U+1F600")]


def test_a_letter_and_its_mark_have_one_font():
    """Typst drops the letter where the first font has only the mark: م with an acute, in a Latin paragraph."""
    assert letter._runs("x م\u0301 e\u0301") == [
        ("Noto Sans", "x "),
        ("Noto Sans Arabic", "م\u0301"),
        ("Noto Sans", " e\u0301"),
    ]


def restored(runs):
    """Undo the cutting: the text as it was before."""
    return "".join(
        chr(int(text.removeprefix("U+"), base=16)) if face == "odd" else text.replace("\u200b", "")
        for face, text in runs
    )


@given(st.text())
@example("a\u0301\u200b😀\u0651م\u0301")
def test_cutting_loses_and_invents_nothing(text):
    """The runs put together again are the text, and each face can draw its runs."""
    runs = letter._runs(text)
    assert restored(runs) == text.replace("\t", " ")
    for face, part in runs:
        assert face in ("odd", "id") or set(part) - letter._JOINERS - {"\u200b"} <= letter._characters()[face]


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_can_be_set(text):
    """No text that a person can write stops a letter."""
    assert pdf(replace(FULL, facts=text, custodian=text, accounts=(Account(text, text),)), drafted_by=text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_text(text):
    """Markup, overrides, endless words and emoji make a letter like any other, in every place."""
    line = text[:1000]  # the most that a field of one line takes
    person = Person(line, line, line)
    hostile = replace(
        FULL, basis=line, authority=line, conducting=person, facts=text, persons=(Subject(line),), language=line, follows=line
    )
    hostile = replace(hostile, accounts=(Account("other", line), Account(line, "")), offence=Offence("", line, line))
    names = {"IR": {"en": text.strip() or "x", "fa": text}, "VN": NAMES["VN"]}
    assert pdf(hostile, authority_names=names, drafted_by=text, approved_by=text).startswith(b"%PDF")


def test_markup_reaches_the_page_as_it_was_written():
    """Not one character of it is eaten."""
    found = parts(form(replace(BARE, facts=MARKUP)), "facts")[0]["paragraphs"]
    assert [restored(paragraph["runs"]) for paragraph in found] == [MARKUP]


@pytest.mark.parametrize("bad", ["a\x00b", "a\ud800b"])
@pytest.mark.parametrize("place", ["facts", "accounts", "drafted_by", "authority_names"])
def test_what_is_no_text_is_refused(bad, place):
    """NUL and half a surrogate pair are refused wherever they stand."""
    changes = {"drafted_by": {"drafted_by": bad}, "authority_names": {"authority_names": NAMES | {"VN": {"en": bad}}}}
    request = replace(
        FULL, **{"facts": {"facts": bad}, "accounts": {"accounts": (Account("email", bad),)}}.get(place, {})
    )
    with pytest.raises(Invalid) as caught:
        pdf(request, **changes.get(place, {}))
    assert caught.value.code == "letter.character"
    assert place in caught.value.where


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"language": "../fa"}, "letter.language"),
        ({"language": "ar"}, "letter.language"),
        ({"authority_names": {"IR": NAMES["IR"]}}, "letter.authority"),
        ({"authority_names": NAMES | {"VN": {"fa": "مرجع"}}}, "letter.authority"),
        ({"drafted_by": "x" * 300_001}, "letter.too-long"),
    ],
)
def test_what_cannot_be_a_letter_is_refused(changes, code):
    """Unknown languages, letters to nobody and letters without end."""
    with pytest.raises(Invalid) as caught:
        pdf(**changes)
    assert caught.value.code == code


def test_english_stands_in_for_a_name_that_is_not_known():
    """A peer that gave no Persian name is named in English, not guessed at."""
    names = NAMES | {"VN": {"en": "Ministry (fictional)"}}
    assert letter._authority("VN", names, ("en", "fa"))["authority"]["fa"] == [("Noto Sans", "Ministry (fictional)")]


def test_states_without_a_formal_name_here_have_their_common_one():
    """CLDR names the rest; an unknown code stays a code."""
    assert [letter._state("QA", code) for code in letter.LANGUAGES] == ["Qatar", "قطر"]
    assert letter._state("XQ", "fa") == "XQ"


def test_a_font_without_a_full_map_is_refused():
    """The reader of fonts says so instead of finding no character drawable."""
    with pytest.raises(Misconfigured):
        letter._characters_in(b"\0\1\0\0\0\1" + b"\0" * 6 + b"cmap" + bytes(4) + (28).to_bytes(4, "big") + bytes(20))
