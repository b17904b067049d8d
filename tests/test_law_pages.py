"""The law books for reading: the same values as ``comity law``, in both languages, by GET alone, with nothing written."""

import html
import itertools
import json
import re
from datetime import date

import pytest
from browsing import HOSTILE, Browser
from django.utils.html import strip_tags
from django.utils.translation import override
from typer.testing import CliRunner

from comity.casework.measure import Measure
from comity.casework.request import Scope
from comity.cli import law
from comity.law import bond as between
from comity.law import comparison, instrument
from comity.node import models
from comity.node.officers import judgement, lawbooks, texts
from comity.wording import labels, lawbook
from comity.wording.speech import Speech

ON = date(2026, 11, 24)
PAGES = (
    "/law/", "/law/status?one=IR&other=VN", "/law/status?one=DE&other=FR&measure=extradition&offence=uncc:13&on=2026-11-24",
    "/law/compare?state=IR&state=VN&about=uncc:13", "/law/compare?state=IR&state=VN&state=DE&about=extradition",
    "/law/books/uncc", "/law/books/uncc?about=42", "/law/books/uncc?about=extradition", "/law/books/uncc?about=uncc:13",
    "/law/books/reciprocity", "/law/books/IR", "/law/books/ir?about=uncc:13", "/law/books/VN?about=stored-data",
)  # fmt: skip


def plain(text: object) -> str:
    """The words of a piece of a page, without marks that only order them."""
    return re.sub("[\u2068\u2069]", "", html.unescape(strip_tags(str(text)))).replace("؟", "?")


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_and_writes_nothing(node, officers, path, language):
    """In both languages, turned as it should be, with no template left open and no id twice; POST is refused."""
    browser = Browser(officers.idle, language)
    answer = browser.get(path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'dir="{"rtl" if language == "fa" else "ltr"}"' in text
    assert "{{" not in text
    assert "{%" not in text
    assert "&lt;" not in text  # a piece of a page that was taken for text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert browser.client.post(path, secure=True).status_code == 405
    assert models.Act.objects.count() == 0
    for link in set(re.findall(r'href="(/law/[^"]*)"', text)):
        if "about=" not in link:
            assert browser.get(html.unescape(link)).status_code in (200, 422)


def test_the_law_is_in_the_menu_and_needs_an_officer(officers):
    """Who is not signed in reads nothing; every page leads to the books."""
    assert Browser().get("/law/").status_code == 302
    assert 'href="/law/"' in Browser(officers.idle).text("/cases")
    assert 'aria-current="page"' in Browser(officers.idle).text("/law/books/uncc")


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("pair", [("IR", "VN"), ("DE", "FR"), ("QA", "US")])
def test_status_says_what_the_law_room_says(node, pair, language):
    """Sentences, deposits, reservations, declarations and the order of choice: those of `instrument` and `wording`."""
    speech = Speech(language, node.books)
    with override(language):
        shown = lawbooks.bonds(node, pair, ON)
        for mine, bond in zip(shown, between.bonds(node.books, *pair, ON), strict=True):
            assert plain(mine.sentence) == plain(speech.bond(bond)) or language == "fa"  # days are marked up otherwise
            assert (mine.basis, mine.deposits, mine.needed) == (
                bond.treaty.id,
                bond.status.deposits,
                bond.status.needed,
            )
            assert [line.cite.id for line in mine.reservations] == [item.provision for item in bond.reservations]
            assert [line.cite.id for line in mine.declarations] == [item.provision for item in bond.declarations]
            assert [cite.id for cite in mine.cites] == list(bond.cites)
            assert {"binds": True, "open": None, "not": False, "none": None}[mine.force] is bond.status.in_force
        from comity.casework.request import Offence, Request

        request = Request(reference=f"{pair[0]}-2026-0001", requesting=pair[0], requested=pair[1],
                          measure=Measure.EXTRADITION, offence=Offence("uncc:13"))  # fmt: skip
        ranked = lawbooks.ranked(node, pair, Measure.EXTRADITION, (Scope.OFFENCE, "uncc:13"), ON)
        options = instrument.options(request, node.books, ON)
        assert [(item.basis, item.usable) for item in ranked] == [(item.basis, item.usable) for item in options]
        for item, option in zip(ranked, options, strict=True):
            assert len(item.reasons) == len(speech.reasons(option))
            assert plain(item.verdict) == speech.translate(labels.USABLE[option.usable])


@pytest.mark.parametrize("language", ["en", "fa"])
def test_comparisons_say_what_the_command_line_says(node, language):
    """Every offence and every measure, of all States: the same rows, and in each cell the same words and provisions."""
    states, speech, books = tuple(sorted(node.books.states)), Speech(language, node.books), node.books
    codes = [code for treaty in books.treaties.values() for code in treaty.offences]
    for about in (*codes, *Measure):
        if about in set(Measure):
            theirs = lawbook.measure_rows(speech, comparison.measure(books, states, Measure(about), ON))
        else:
            theirs = lawbook.offence_rows(speech, comparison.offence(books, states, about, ON))
        with override(language):
            mine = lawbooks.compared(node, states, str(about), ON)
        assert [plain(row.label) for row in mine] == [speech.translate(row.label) for row in theirs]
        for row, other in zip(mine, theirs, strict=True):
            shown = [[(plain(line.text), line.cite.id if line.cite else "") for line in cell] for cell in row.cells]
            assert shown == [[(plain(said.text), said.provision) for said in cell] for cell in other.cells]


def test_a_book_reads_as_on_the_command_line(node, officers):
    """The provisions that `comity law show` names stand on the page, all of them and no others, in the same order."""
    browser, runner = Browser(officers.idle), CliRunner()
    for name, about in itertools.product(
        ("uncc", "budapest", "IR", "FR"), ("", "extradition", "uncc:13", "13", "nothing")
    ):
        answer = browser.get(f"/law/books/{name}?about={about}&on={ON}")
        said = runner.invoke(law.app, ["show", name, *([about] if about else []), "--on", str(ON), "--json"])
        theirs = [item["id"] for item in json.loads(said.stdout)["provisions"]] if said.exit_code == 0 else []
        assert [item.cite.id for item in answer.context["read"]] == theirs, (name, about)


@pytest.mark.parametrize(
    ("path", "at", "code"),
    [
        ("/law/status?one=IR", "other", "form.required"),
        ("/law/status?one=IR&other=XX", "other", "law.state"),
        ("/law/status?one=IR&other=IR", "other", "request.same-state"),
        ("/law/status?one=IR&other=VN&on=soon", "on", "date.form"),
        ("/law/status?one=IR&other=VN&on=2026-02-30", "on", "date.none"),
        ("/law/status?one=IR&other=VN&measure=magic", "measure", "form.choice"),
        ("/law/status?one=IR&other=VN&scope=Z", "scope", "form.choice"),
        ("/law/status?one=IR&other=VN&offence=uncc:99", "offence", "request.offence"),
        ("/law/compare?state=IR&about=uncc:13", "state", "law.states"),
        ("/law/compare?state=IR&state=XX&about=uncc:13", "state", "law.state"),
        ("/law/compare?state=IR&state=VN", "about", "form.required"),
        ("/law/compare?state=IR&state=VN&about=magic", "about", "form.choice"),
        ("/law/compare?state=IR&state=VN&about=uncc:13&on=1404/12/30", "on", "date.year"),
        ("/law/books/uncc?about=magic", "about", "law.provision"),
        ("/law/books/protocol2?about=extradition", "about", "law.measure"),
        ("/law/books/uncc?on=never", "on", "date.form"),
        ("/law/books/nobook", "", "law.basis"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fa"])
def test_bad_input_is_said_at_its_field(officers, path, at, code, language):
    """A clear sentence beside the control, and nothing else is shown as an answer."""
    if code == "date.year" and language == "fa":
        code = "date.none"
    answer = Browser(officers.idle, language).get(path)
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    with override(language):
        assert str(texts.TEXTS[code]) in text
    assert not at or re.search(r'class="field wrong"', text)


def test_hostile_input_is_shown_inert(officers):
    """Whatever stands in the address, it stays text."""
    browser = Browser(officers.idle)
    for path in ("/law/status", "/law/compare", "/law/books/uncc", "/cases/new"):
        for name in ("one", "other", "on", "measure", "scope", "offence", "state", "about", "requested", "follows"):
            answer = browser.client.get(path, {name: HOSTILE}, secure=True)
            assert answer.status_code in (200, 422)
            assert "<script>alert" not in answer.content.decode()
    assert browser.client.get("/law/books/<script>", secure=True).status_code == 422


def test_findings_lead_into_the_book(node, officers, peer, at):
    """Each provision that a finding cites is a link to it, on the day of the check."""
    with override("en"):
        cite = judgement.cite(node, "uncc:40(15)(a)", ON)
    assert cite.book == "uncc"
    assert judgement.book_of(node, "IR-CCA:13") == "IR"
    assert judgement.book_of(node, "XX:1") == ""
    text = Browser(officers.idle).text("/law/books/uncc?about=uncc:40(15)(a)")
    assert cite.text in text


def test_a_day_counts(officers):
    """The same question on an earlier day has another answer: before it was opened the Convention bound nobody."""
    browser = Browser(officers.idle)
    old = browser.text("/law/status?one=IR&other=VN&on=2020-01-01")
    assert "1 January 2020" in old
    persian = Browser(officers.idle, "fa").text("/law/status?one=IR&other=VN&on=۱۴۰۵/۰۹/۰۳")
    assert "۳ آذر ۱۴۰۵" in persian
