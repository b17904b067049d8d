"""The letter: right in form for each kind of cooperation, honest about what is missing, deaf to hostile text."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typst
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lawroom import BOOKS
from writing import BARE, DAY, FULL, NAMES, TEHRAN, form, pdf, tongues

from comity.casework.request import (
    ROLES,
    Account,
    Asset,
    Measure,
    Offence,
    Order,
    Person,
    Scope,
    Subject,
    Urgency,
)
from comity.errors import Invalid, Misconfigured
from comity.node import letter
from comity.node.letters import characters, particulars, parts
from comity.wording import letters, terms, variants

KNOWN = [(basis, measure) for basis, book in sorted(BOOKS.treaties.items()) for measure in book.measures]
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


def whole(runs):
    """Put the runs of one text together."""
    return "".join(text for _, text in runs).replace("\u200b", "")


def said(found, language="en"):
    """Yield everything that the form itself says in a language."""
    if isinstance(found, dict):
        if language in found and isinstance(found[language], list):
            yield whole(found[language])
        else:
            for value in found.values():
                yield from said(value, language)
    elif isinstance(found, list):
        for value in found:
            yield from said(value, language)


def written(found):
    """Yield everything that people wrote, paragraph by paragraph, and every identifier."""
    if isinstance(found, dict):
        if "runs" in found:
            yield whole(found["runs"])
        elif found.get("kind") == "id":
            yield found["id"]
        else:
            for value in found.values():
                yield from written(value)
    elif isinstance(found, list):
        for value in found:
            yield from written(value)


def called(found):
    """Return what a part or a section is called in English."""
    return whole(found["en"]) if found else ""


def cited(found):
    """Return the articles that stand beside a part or a section."""
    return called(found["articles"])


def beside(printed, name):
    """Return the articles beside the particular of that name, wherever it stands."""
    for head in printed["heads"]:
        if called(head["label"]) == name:
            return cited(head)
    for section in printed["sections"]:
        if called(section["title"]) == name:
            return cited(section) or " ".join(map(cited, section["parts"]))
        for part in section["parts"]:
            if called(part["label"]) == name:
                return cited(part) or cited(section)
    raise AssertionError(name)


def section(printed, name):
    """Return the parts of the section with this title."""
    return next(item["parts"] for item in printed["sections"] if called(item["title"]) == name)


def svg_pages(request):
    """Return each page as SVG, from the same form, fonts and file as the PDF."""
    found, warnings = typst.compile_with_warnings(
        letter._LETTERS / "letter.typ",
        font_paths=characters.fonts(),
        ignore_system_fonts=True,
        sys_inputs={"form": json.dumps(form(request))},
        format="svg",
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
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); import writing;"
        "print(hashlib.sha256(writing.pdf()).hexdigest())"
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


@pytest.mark.parametrize(("basis", "measure"), KNOWN, ids=map("-".join, KNOWN))
def test_there_is_a_letter_for_every_form_of_cooperation(basis, measure):
    """Under every instrument that knows it, in both languages."""
    for language in letter.LANGUAGES:
        assert pdf(replace(FULL, basis=basis, measure=measure), language=language).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("measure", Measure)
def test_there_is_a_letter_of_a_request_that_says_nothing(measure):
    """A draft can be looked at from the first moment."""
    basis = next(basis for basis, known in KNOWN if known is measure)
    assert pdf(replace(BARE, basis=basis, measure=measure), drafted_by="", approved_by=" ").startswith(b"%PDF-1.7")


@pytest.mark.parametrize(("basis", "measure"), KNOWN, ids=map("-".join, KNOWN))
def test_everything_stated_is_printed(basis, measure):
    """No field of a request is left out: each text, day, moment, number, name and flag stands in the letter."""
    printed = form(replace(FULL, basis=basis, measure=measure))
    texts = [*written(printed), *said(printed)]
    raw = FULL.to_dict()
    own = {name: value for name, value in raw.items() if name not in particulars.HEAD and isinstance(value, str)}
    days = {"period_from", "period_to", "deadline", "event_at", "urgency"}
    expected = [line for name, value in own.items() if name not in days for line in value.splitlines()]
    expected += [
        FULL.follows,
        FULL.reference,
        "Vietnamese",
        "Urgent",
        *FULL.conditions,
        tongues().speeches["en"].state("AZ"),
        "INTERPOL",
    ]
    expected += ["3 September 2026", "15 October 2026", "15 December 2026", "18 December 2026, 10:00 (UTC+03:30)"]
    expected += [FULL.offence.label, FULL.offence.provision, "60 months (5 years)", "1 September 2026"]
    expected += [FULL.conducting.name, FULL.conducting.function, FULL.conducting.contact]
    expected += ["Branch 5", "140500012", "1 October 2026", "In full", "By post", "48 months (4 years)", "30 months"]
    expected += [
        "Fulan Nemuneh",
        "suspect",
        "Islamic Republic of Iran, State of Qatar",
        "21 March 1990",
        "Ha Noi",
        "Passport X1",
    ]
    expected += [
        "ناشناس",
        "victim",
        "stateless",
        "Balance of account 0000-1111",
        "Ngan Hang Nemuneh",
        "VND 9 000 000",
        "خودروی سفید",
    ]
    expected += [
        "hesab-yar@thu-vien-mail.example",
        "2001:db8::7",
        "2026-09-03T11:42:00+03:30",
        "51820",
        "steam",
        "player-1",
    ]
    assert [text for text in expected if text not in texts] == []
    assert any(text.startswith("ICT-related theft or fraud") for text in texts)
    assert "Subscriber information, Traffic data, Content data, Other electronic data" in texts
    assert sum(text == "Yes" for text in texts) == 5  # a person's consent, two of the order, follow-up, secrecy


@pytest.mark.parametrize(("basis", "measure"), KNOWN, ids=map("-".join, KNOWN))
def test_each_particular_has_its_article_in_the_order_of_the_book(basis, measure):
    """What the book asks for comes first, in its order, and beside each stands the article that asks for it."""
    printed = form(replace(FULL, basis=basis, measure=measure))
    first = []
    for content in BOOKS.contents(basis, measure):
        article = BOOKS.provision(content.provision).article
        for name in map(particulars._whole, content.fields):
            title = parts.capital(variants.label(name, measure))
            assert f"Article {article}" in beside(printed, title) or not article, (content.id, name)
            unit = particulars._unit(name)
            if unit not in first and name not in particulars.HEAD:
                first.append(unit)
    found = particulars._plan(replace(FULL, basis=basis, measure=measure), BOOKS.contents(basis, measure))
    units = [unit for _, group in found.sections for unit in group]
    assert sorted(units[: len(first)]) == sorted(first)
    assert sorted(units) == sorted(particulars._UNITS)
    assert len(printed["sections"]) == len(found.sections)


@pytest.mark.parametrize(("basis", "measure"), KNOWN, ids=map("-".join, KNOWN))
def test_only_the_book_of_the_basis_is_cited(basis, measure):
    """Articles that stand in the letter are in that book; no other instrument is named."""
    printed = form(replace(FULL, basis=basis, measure=measure))
    book = BOOKS.treaties[basis]
    known = {item.article for versions in book.provisions.values() for item in versions if item.article}
    texts = list(said(printed))
    assert {article for text in texts for article in re.findall(r"Article (\d+(?:\([0-9a-z-]+\))*)", text)} <= known
    others = [other.en for name, other in BOOKS.treaties.items() if name != basis and other.en not in book.en]
    assert not any(other in text for text in texts for other in others)
    assert book.en in texts


@pytest.mark.parametrize(("basis", "measure"), KNOWN, ids=map("-".join, KNOWN))
def test_what_is_missing_is_said_only_where_the_book_asks_for_it(basis, measure):
    """An empty request prints what is required as not stated, and nothing else that is empty."""
    printed = form(replace(BARE, basis=basis, measure=measure))
    shown = {
        particulars._unit(name)
        for content in BOOKS.contents(basis, measure)
        if content.always
        for name in content.fields
    }
    shown -= {particulars._unit(name) for name in particulars.HEAD}
    found = particulars._plan(replace(BARE, basis=basis, measure=measure), BOOKS.contents(basis, measure))
    assert {unit for _, group in found.sections for unit in group} == shown
    assert {part["kind"] for item in printed["sections"] for part in item["parts"]} <= {"missing"}


KINDS = {
    "request": (" requests ", "درخواست می‌کند"),
    "consent": (" asks for consent to ", "رضایت آن مرجع"),
    "consultation": (" invites it to consultation on jurisdiction ", "دعوت می‌کند"),
    "proposal": (" proposes joint investigation ", "پیشنهاد می‌کند"),
    "notice": (" transmits the information ", "چیزی خواسته نمی‌شود"),
}


@pytest.mark.parametrize("measure", Measure)
def test_no_letter_has_the_words_of_another_kind(measure):
    """Who tells or proposes does not ask; who asks does not tell."""
    kind = letters.KINDS[measure]
    basis = next(basis for basis, known in KNOWN if known is measure)
    printed = form(replace(FULL, basis=basis, measure=measure, intends_request=False, follows="", procedure=""))
    opening = [whole(printed["opening"][code]) for code in ("en", "fa")]
    for other, words in KINDS.items():
        for text, word in zip(opening, words, strict=True):
            assert (word in text) == (other == kind), (other, text)
    if kind in ("notice", "proposal"):
        ours = " ".join(said(printed)).replace("ithout a request", "")
        theirs = " ".join(said(printed, "fa")).replace("بدون درخواست", "")
        assert "request" not in ours.lower()
        assert "درخواست" not in theirs


def test_titles_say_what_is_asked():
    """Each title names the form of cooperation, in both languages."""
    titles = {
        measure: form(replace(BARE, measure=measure))["title"] for measure in (Measure.EXTRADITION, Measure.SERVICE)
    }
    assert whole(titles[Measure.EXTRADITION]["en"]) == "Request for extradition"
    assert whole(titles[Measure.SERVICE]["en"]) == "Request for service of documents"
    assert whole(titles[Measure.EXTRADITION]["fa"]).startswith("درخواست استرداد")
    told = form(replace(BARE, measure=Measure.SPONTANEOUS_INFORMATION))["title"]
    assert whole(told["en"]) == "Transmission of information without a request"


def test_names_of_particulars_are_those_of_the_pages():
    """Every label of a variant is of a field and a measure that exist."""
    assert variants.LABELS.keys() <= terms.FIELDS.keys()
    assert {measure for table in variants.LABELS.values() for measure in table} <= set(Measure)
    assert letters.ROLES.keys() == ROLES
    assert letters.URGENCIES.keys() == set(Urgency)


def test_haste_and_a_deadline_owe_their_reasons():
    """They are shown as not stated where they are missing, and so is the moment of an address."""
    hasty = replace(BARE, urgency=Urgency.EMERGENCY, deadline=DAY, accounts=(Account("ip", "203.0.113.9"),))
    printed = form(hasty)
    kinds = {called(part["label"]): part["kind"] for part in section(printed, "How fast")}
    assert kinds["Why it is urgent"] == kinds["Reason for the deadline"] == "missing"
    [table] = [part for item in printed["sections"] for part in item["parts"] if part["kind"] == "table"]
    assert [cell["kind"] for cell in table["rows"][0]] == ["said", "text", "missing", "missing"]


def test_a_column_that_the_book_asks_for_is_missed_in_each_row():
    """Of two persons to be heard, the one without a name is shown as such."""
    two = replace(
        BARE, basis="protocol2", measure=Measure.VIDEO_HEARING, persons=(Subject(role="suspect"), Subject("Fulan"))
    )
    [cards] = section(form(two), "Persons to be heard")
    assert {part["kind"] for part in cards["cards"][0] if called(part["label"]) == "Full name"} == {"missing"}
    assert {part["kind"] for part in cards["cards"][1] if called(part["label"]) == "Full name"} == {"text"}


def test_an_article_that_is_not_verified_has_an_asterisk():
    """And the note that explains it stands in the letter only then."""
    printed = form(FULL)
    assert beside(printed, "Rights and safeguards").startswith("Article 6(1); Article 6(2); Article 24(1)*")
    notes = [whole(note["en"]) for note in printed["notes"]]
    assert letters.NOTES["doubtful"] in notes
    bare = form(replace(BARE, basis="reciprocity"))
    assert letters.NOTES["doubtful"] not in [whole(note["en"]) for note in bare["notes"]]


@pytest.mark.parametrize(
    ("article", "persian"),
    [
        ("42", "ماده ۴۲"),
        ("2(o)", "ماده ۲ (س)"),
        ("40(15)(a)", "ماده ۴۰، بند ۱۵ (الف)"),
        ("8(3)(b)(vii)", "ماده ۸، بند ۳ (ب) (۷)"),
        ("Annex A", "ماده Annex A"),
    ],
)
def test_articles_are_numbered_as_persian_treaties_number_them(article, persian):
    """Letters become those of abjad, Roman numerals figures."""
    assert letters.persian_article(article).replace("\u00a0", " ") == persian


def test_the_band_is_on_every_page_of_an_exercise():
    """Twice on each page of an exercise, never otherwise (its red has no other use where no code is framed)."""
    long = replace(FULL, facts="Facts. " * 2000)
    found = [page.count(b'fill="#8b1a1a"') for page in svg_pages(long)]
    assert len(found) > 5
    assert set(found) == {2}
    assert all(b'fill="#8b1a1a"' not in page for page in svg_pages(replace(long, exercise=False)))


def test_days_are_gregorian_with_solar_hijri_beside_them():
    """Nowruz 1405 and its eve; Persian digits; English has the Gregorian day alone."""
    eve, nowruz = (tongues().day(date(2026, 3, day)) for day in (20, 21))
    assert eve["en"] == [("Noto Sans", "20 March 2026")]
    assert whole(eve["fa"]) == "۲۹ اسفند ۱۴۰۴ (۲۰۲۶/۰۳/۲۰)"
    assert whole(nowruz["fa"]) == "۱ فروردین ۱۴۰۵ (۲۰۲۶/۰۳/۲۱)"


def test_moments_have_their_offset_as_it_was_stated():
    """Nobody's clock is turned into another's."""
    found = tongues().moment(datetime(2026, 3, 21, 9, 5, 7, tzinfo=TEHRAN))
    assert whole(found["en"]) == "21 March 2026, 09:05:07 (UTC+03:30)"
    assert whole(found["fa"]) == "۱ فروردین ۱۴۰۵ (۲۰۲۶/۰۳/۲۱)، ساعت ۰۹:۰۵:۰۷ (UTC+03:30)"
    assert whole(tongues().moment(datetime(2026, 3, 21, 9, 5, tzinfo=UTC))["en"]).endswith("09:05 (UTC)")


def test_penalties_are_said_in_years_where_they_are_whole():
    """None and for life have their words."""
    found = {count: whole(tongues().months(count)["en"]) for count in (0, 1, 12, 30, 1200)}
    assert found == {
        0: "no deprivation of liberty",
        1: "1 month",
        12: "12 months (1 year)",
        30: "30 months",
        1200: terms.FOR_LIFE,
    }


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
    runs = characters.runs(f"از نشانی {identifier}، سپس")
    assert ("id", identifier) in runs
    assert [face for face, _ in runs] == ["Amiri", "id", "Amiri"]


def test_each_paragraph_has_its_own_direction():
    """The first letter decides, as UAX 9 has it; digits and signs do not."""
    paragraphs = parts.text(None, "English.\n۱) 2026 متن\n\n(۲) Text\n123")["paragraphs"]
    assert [paragraph["dir"] for paragraph in paragraphs] == ["ltr", "rtl", "ltr", "ltr"]


def test_what_reorders_or_hides_is_shown_as_its_code():
    """An override is printed, not obeyed; ZWNJ, which Persian needs, stays."""
    assert characters.runs("a\u202ebc")[1] == ("odd", "U+202E")
    assert characters.runs("می\u200cخواهم") == [("Amiri", "می\u200cخواهم")]
    assert characters.runs("\U000e0041😀") == [("odd", "U+E0041"), ("odd", "U+1F600")]


def test_a_letter_and_its_mark_have_one_font():
    """Typst drops the letter where the first font has only the mark: م with an acute, in a Latin paragraph."""
    assert characters.runs("x م\u0301 e\u0301") == [
        ("Noto Sans", "x "),
        ("Amiri", "م\u0301"),
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
    runs = characters.runs(text)
    assert restored(runs) == text.replace("\t", " ")
    for face, part in runs:
        assert face in ("odd", "id") or set(part) - characters._JOINERS - {"\u200b"} <= characters._characters()[face]


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_any_text_can_be_set(text):
    """No text that a person can write stops a letter."""
    line = text[:1000]
    odd = replace(FULL, facts=text, custodian=line, accounts=(Account(line, line),), persons=(Subject(line, "", line),))
    assert pdf(replace(odd, assets=(Asset(line, line, line),), conditions=(line,), others=(line,)), drafted_by=text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_text(text):
    """Markup, overrides, endless words and emoji make a letter like any other, in every place."""
    line = text[:1000]  # the most that a field of one line takes
    long = {name: text for name in particulars._UNITS if isinstance(getattr(FULL, name, None), str)}
    long |= {"authority": line, "custodian": line, "event_place": line, "deadline_reason": line}
    del long["urgency"]
    hostile = replace(
        FULL,
        **long,
        conducting=Person(line, line, line),
        persons=(Subject(line, "", line, None, line, line),),
        assets=(Asset(line, line, line),),
        order=Order(line, line, None, text, notice=text),
        others=(line,),
        conditions=(line,),
        accounts=(Account("other", line), Account(line, "")),
        offence=Offence("", line, line),
        language=line,
        follows=line,
    )
    names = {"IR": {"en": text.strip() or "x", "fa": text}, "VN": NAMES["VN"]}
    assert pdf(hostile, authority_names=names, drafted_by=text, approved_by=text).startswith(b"%PDF")


def test_markup_reaches_the_page_as_it_was_written():
    """Not one character of it is eaten."""
    [found] = section(form(replace(BARE, facts=MARKUP)), "Summary of the facts")
    assert [restored(paragraph["runs"]) for paragraph in found["paragraphs"]] == [MARKUP]


@pytest.mark.parametrize(
    "extreme",
    [
        {
            "persons": tuple(
                Subject(f"نام {n}", "witness", "IR", DAY, "x" * 300, "y " * 200, consent=True) for n in range(200)
            )
        },
        {"assets": tuple(Asset("Thing " * 100, "place " * 60, "1 " * 30) for _ in range(200))},
        {
            "accounts": tuple(
                Account("ip", f"203.0.113.{n}", datetime(2026, 9, 3, tzinfo=UTC), n + 1) for n in range(200)
            )
        },
        {"conditions": ("c" * 1000,) * 50, "others": ("INTERPOL " * 100,) * 50},
        dict.fromkeys(("facts", "assistance", "rights", "assurances", "questions"), "متن بلند, long text. " * 900),
    ],
    ids=["persons", "assets", "accounts", "conditions", "texts"],
)
def test_the_most_that_a_request_can_hold_is_printed(extreme):
    """Hundreds of rows and tens of thousands of characters: pages more, nothing less."""
    assert pdf(replace(FULL, **extreme)).startswith(b"%PDF")


def test_persian_can_be_searched_in_the_pdf(tmp_path):
    """A reader of PDFs finds the words of the letter; it is why Persian is set in Amiri."""
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    (tmp_path / "letter.pdf").write_bytes(
        pdf(replace(FULL, facts="اطلاعات حساب قربانی با کلاهبرداری الکترونیکی به دست آمد"))
    )
    text = subprocess.run([reader, tmp_path / "letter.pdf", "-"], capture_output=True, check=True).stdout.decode()
    for word in ["جمهوری اسلامی ایران", "درخواست", "کلاهبرداری", "الکترونیکی", "اطلاعات", "کنوانسیون", "ارتباطات"]:
        assert word in text, word


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
        ({"drafted_by": "x" * 600_001}, "letter.too-long"),
    ],
)
def test_what_cannot_be_a_letter_is_refused(changes, code):
    """Unknown languages, letters to nobody and letters without end."""
    with pytest.raises(Invalid) as caught:
        pdf(**changes)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("basis", "measure", "code"),
    [("no-such", Measure.SERVICE, "law.basis"), ("budapest", Measure.CONFISCATION, "law.measure")],
)
def test_there_is_no_letter_by_what_no_book_knows(basis, measure, code):
    """What the instrument does not know cannot be asked for under its name."""
    with pytest.raises(Invalid) as caught:
        pdf(replace(FULL, basis=basis, measure=measure))
    assert caught.value.code == code


def test_english_stands_in_for_a_name_that_is_not_known():
    """A peer that gave no Persian name is named in English, not guessed at."""
    found = letter._authority("VN", tongues(), {"VN": {"en": "Ministry (fictional)"}})
    assert whole(found["authority"]["fa"]) == "Ministry (fictional)"


def test_scope_is_said_where_a_treaty_applies():
    """Without a treaty there is none that could apply."""
    name = "Why the treaty applies"
    assert "Article 35(1)(c)" in beside(form(replace(BARE, scope=Scope.SERIOUS)), name)
    assert name not in {called(part["label"]) for part in form(replace(BARE, basis="reciprocity"))["heads"]}


def test_a_font_without_a_full_map_is_refused():
    """The reader of fonts says so instead of finding no character drawable."""
    with pytest.raises(Misconfigured):
        characters._characters_in(
            b"\0\1\0\0\0\1" + b"\0" * 6 + b"cmap" + bytes(4) + (28).to_bytes(4, "big") + bytes(20)
        )
