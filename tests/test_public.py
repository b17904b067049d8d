"""The public's door: what anybody may report and how it is kept, receipts, limits, triage by officers, bulletins.

A node of its own over real HTTPS stands in `test_public_door`; Chromium on a telephone's screen in `test_browser_public`.
"""

import html
import json
import logging
import re
import shutil
import threading
import unicodedata
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from io import BytesIO, StringIO
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from browsing import FORM, HOSTILE, Browser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from refusing import code as code_of
from visitor import AT_THE_DOOR, PERSIAN, a_minute_passes, forget, get

from comity.casework import report as said
from comity.casework.report import WAYS, Deed, Kind
from comity.casework.request import Account
from comity.errors import Invalid, NotPossible, NotYours
from comity.node import models
from comity.node.desk import bulletins, collections, indicators, reports, room
from comity.node.desk.attached import File, looks_like, safe_name
from comity.node.officers import triage
from comity.node.officers.pages import reports as report_pages
from comity.node.public import door, news, views, words
from comity.node.public.files import _Spool
from comity.node.public.quiet import Quiet
from comity.node.quota import OverQuota, Quotas, Turns
from comity.node.settings import Quota
from comity.sharing import stix, tlp
from comity.sharing.tlp import Level

ROOM = {"states": ["VN"], "purposes": ["prevention"], "free_text": True}
SECRET = "the-words-of-the-reporter"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
ONE = [("a", 1)]
NUMBERS = st.integers(0, said.RECEIPTS - 1)
PAGES = ("/en/", "/fa/", "/en/report", "/fa/report", "/en/receipt", "/fa/receipt", "/en/bulletins", "/fa/bulletins",
         "/en/needs", "/fa/needs")  # fmt: skip


# ---- the receipt ----------------------------------------------------------------------------------------------------------


@given(
    NUMBERS,
    st.sampled_from(["", " ", "-", "\u200c", " \u200e", "\u2067", ".", "\n"]),
    st.sampled_from([None, PERSIAN, ARABIC]),
)
def test_a_receipt_is_read_as_it_was_given(number, blank, script):
    """In Latin, Persian and Arabic digits, mixed, with anything that people put between groups."""
    code = said.receipt(number)
    typed = blank.join(said.grouped(code).split()) + blank
    assert said.read_receipt(typed.translate(script) if script else typed) == code
    half = len(typed) // 2
    assert said.read_receipt(typed[:half].translate(PERSIAN) + typed[half:]) == code


@given(NUMBERS, st.integers(0, 27), st.integers(1, 9))
def test_one_wrong_digit_is_found(number, place, by):
    """Whichever digit it is, whatever stands in its place."""
    code = said.receipt(number)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert code_of(said.read_receipt, wrong) == "report.receipt-digit"


@given(NUMBERS, st.integers(0, 26))
def test_two_digits_that_changed_places_are_found(number, place):
    """Beside each other, as fingers do it."""
    code = said.receipt(number)
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert code_of(said.read_receipt, wrong) == ("" if wrong == code else "report.receipt-digit")


@given(st.text(max_size=60))
def test_anything_else_is_no_receipt(text):
    """It is refused by name, and nothing breaks."""
    assert code_of(said.read_receipt, text) in {"report.receipt-form", "report.receipt-digit", ""}


def test_a_receipt_has_enough_chance():
    """More than 80 bits; the two last digits are of no use to who guesses."""
    assert said.RECEIPTS > 2**80
    assert len(said.receipt(0)) == len(said.receipt(said.RECEIPTS - 1)) == 28


# ---- texts, names, traces --------------------------------------------------------------------------------------------------


@given(st.text(max_size=80))
def test_a_text_is_kept_as_it_was_written(text):
    """But for line ends and blanks around it; a control character is named with what stands before it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip(" \n\t")
    odd = [sign for sign in plain if unicodedata.category(sign) == "Cc" and sign not in "\n\t"]
    if not odd:
        assert said.check_text(text, most=80, where="happened") == plain
        return
    with pytest.raises(said.OddCharacter) as caught:
        said.check_text(text, most=80, where="happened")
    assert (caught.value.named, caught.value.where) == (f"U+{ord(odd[0]):04X}", "happened")


def test_what_persian_and_telephones_need_is_no_fault():
    """ZWNJ, marks of direction as messengers put them around numbers, emoji."""
    for text in ("می\u200cخواهم", "\u202a+98 912 000\u202c", "👩\u200d💻 ok", "a\tb\nc"):
        assert said.check_text(text, most=100, where="x") == text


@given(st.text(max_size=300))
def test_a_safe_name_leads_nowhere_and_hides_nothing(name):
    """No path, no device, nothing unseen; never empty, never long."""
    safe = safe_name(name)
    assert 0 < len(safe) <= 80
    assert not set(safe) & set('/\\<>:"|?*\0\n\u202e\u200f')
    assert safe not in (".", "..")
    assert not safe.startswith(".")
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\photo.jpg", "photo.jpg"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a" * 200 + ".jpeg", "a" * 75 + ".jpeg"),
        ("رسید بانک.pdf", "رسید بانک.pdf"),
        ("...", "file"),
    ],
)
def test_names_of_files(name, safe):
    """Some that were tried elsewhere."""
    assert safe_name(name) == safe


def test_what_a_file_looks_like_is_told_by_its_bytes():
    """Whatever it is called."""
    assert looks_like(b"\xff\xd8\xff\xe0") == "jpeg"
    assert looks_like(b"MZ\x90\x00") == "program"
    assert looks_like(b"\0\0\0\x18ftypheic") == "heic"
    assert looks_like(b"") == looks_like(b"hello") == ""


def test_traces_are_told_apart_and_harmless_forms_are_undone():
    """Each line is one thing, or is left as it is."""
    lines = """203.0.113.9
    ۲۰۳.۰.۱۱۳.۹
    hxxps://bad[.]example/login
    evil(dot)example
    boss@bad.example,
    ۰۹۱۲ ۳۴۵ ۶۷۸۹
    2001:DB8::1
    the man with the hat""".splitlines()
    assert [(one.kind, one.value) for one in said.traces(lines)] == [
        ("ip", "203.0.113.9"), ("url", "https://bad.example/login"), ("domain", "evil.example"),
        ("email", "boss@bad.example"), ("phone", "0912 345 6789"), ("ip", "2001:db8::1"), ("other", "the man with the hat"),
    ]  # fmt: skip


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_lines_give_traces_that_a_request_takes(lines):
    """Nothing that was written is lost, and every trace fits into a draft."""
    found = said.traces(lines)
    assert bool(found) == any(line.split() for line in lines)
    for one in found:
        assert Account(kind=triage._AS.get(one.kind, one.kind), value=one.value).kind


@given(st.integers(1, 20), st.lists(st.floats(0, 50), max_size=60))
def test_turns_come_back_at_their_pace(most, pauses):
    """Never more than so many at once, and one more for every ten seconds; who has waited long enough has one."""
    turns, now, taken = Turns(most, 10), 0.0, 0
    for pause in pauses:
        now += pause
        wait = turns.wait(ONE, now)
        if wait:
            with pytest.raises(OverQuota) as caught:
                turns.take(ONE, now)
            assert wait <= caught.value.after
            assert not turns.fresh(ONE, now)
        else:
            turns.take(ONE, now)
            taken += 1
        assert taken <= most + now / 10 + 1e-6
    assert turns.fresh([("b", 1)], now)
    assert turns.fresh(ONE, now + most * 10 + 1)


# ---- the door, in this process ---------------------------------------------------------------------------------------------


def narrow(monkeypatch, name: str, most: int) -> None:
    """Let a limit of the door be `most`, for good."""
    turns = Turns(most, 10_000)
    monkeypatch.setattr(views, name, cache(lambda: turns))


@pytest.fixture
def public(node):
    """The public's door of the node under test: a browser without a memory."""
    forget()
    shutil.rmtree(node.reports, ignore_errors=True)
    node.reports.mkdir(mode=0o700)
    yield SimpleNamespace(get=get, post=post)
    forget()


def post(path, fields, *, address="192.0.2.77", **headers):
    """Send a form, or bytes of some type, from an address."""
    kind = {"content_type": headers.pop("content_type")} if "content_type" in headers else {}
    with override_settings(**AT_THE_DOOR):
        return Client().post(path, fields, secure=True, REMOTE_ADDR=address, headers=headers, **kind)


def filled(**fields) -> dict:
    """A report's form, as the page would send it."""
    given_ = {"kind": "fraud", "happened": f"{SECRET}: my account was emptied.", "form": "0" * 32}
    return given_ | fields | {"end": "1"}


def receipt_in(answer) -> str:
    """The receipt code that a page shows."""
    found = re.findall(r"<span>(\S{4})</span>", answer.content.decode())
    assert len(found) == 7, answer.content.decode()[:2000]
    return " ".join(found)


def reported(public, **fields) -> str:
    """Report something; the receipt code."""
    answer = public.post("/en/report", filled(**fields))
    assert answer.status_code == 200, answer.content.decode()
    return receipt_in(answer)


def faults(answer) -> list[str]:
    """The sentences beside the fields of a form."""
    assert answer.status_code in (422, 429, 503)
    return [html.unescape(text) for text in re.findall(r'class="error"[^>]*>([^<]*)<', answer.content.decode())]


def everything() -> bytes:
    """All that the database holds."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
                      for row in cursor.fetchall() for value in row]  # fmt: skip
    return b"\n".join(found)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_plain_small_and_keeps_nothing_in_the_browser(public, path):
    """No script, no cookie, nothing of others; in the language of its address, below 30 kB with its styles."""
    answer = public.get(path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert not answer.cookies
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert len(answer.content) < 30_000
    language = path[1:3]
    assert f'<html lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}">' in text
    assert "script" not in answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["Referrer-Policy"] == "no-referrer"


def test_the_style_of_the_page_is_the_one_that_is_allowed(public):
    """The browser computes the same hash over what stands in the page."""
    text = public.get("/fa/").content.decode()
    assert text.count("<style>") == 1
    assert text.split("<style>")[1].split("</style>")[0] == door.STYLE


def test_the_bare_address_leads_to_the_browsers_language(public):
    """Else to the node's; another language is not there."""
    assert public.get("/", headers={"accept-language": "fa-IR,fa;q=0.9"})["Location"] == "/fa/"
    assert public.get("/", headers={"accept-language": "xx"})["Location"] == "/en/"
    assert public.get("/zz/").status_code == public.get("/en/officers").status_code == 404


def test_an_exercise_says_so_on_every_page(public, node):
    """Nobody takes a trial for the police."""
    assert node.exercise
    for path in PAGES:
        assert 'class="band"' in public.get(path).content.decode()


def test_a_report_is_kept_and_found_by_its_receipt_alone(public, node):
    """In Persian digits too. A page shows where it stands, and none of what was written."""
    code = reported(public, suspects="203.0.113.9", contact="Ali, 0912")
    answer = public.post("/fa/receipt", {"code": code.translate(PERSIAN), "end": "1"})
    assert answer.status_code == 200
    assert str(words.STAGES[Deed.NEW]) == "It has been received. No officer has taken it up yet."
    assert "گزارش رسیده است" in answer.content.decode()
    assert SECRET not in answer.content.decode()
    row = models.Report.objects.get()
    assert reports.words(node, row)["contact"] == "Ali, 0912"
    assert row.at.second == row.at.microsecond == 0


def test_nothing_tells_who_reported(public, node, caplog):
    """Neither tables nor logs hold the address, the browser, the receipt, or a word of the report in clear."""
    caplog.set_level("DEBUG")
    code = reported(public)
    answer = public.post("/en/report", filled(happened="", contact="x"), user_agent="A-Very-Rare-Browser/1.0")
    public.post(
        "/en/receipt", {"code": code, "text": f"{SECRET} again", "end": "1"}, user_agent="A-Very-Rare-Browser/1.0"
    )
    assert answer.status_code == 422
    assert models.ReportAct.objects.count() == 2
    held, logged = everything(), caplog.text
    for secret in ("192.0.2.77", "Rare-Browser", SECRET, code, code.replace(" ", "")):
        assert secret.encode() not in held
        assert secret not in logged


def test_another_nodes_key_finds_and_opens_nothing(public, node):
    """The hash of a receipt, and what was written, are under the vault's key."""
    code = reported(public)
    row = models.Report.objects.get()
    other = SimpleNamespace(vault_key=b"\1" * 32, reports=node.reports, report_words=1 << 30)
    assert code_of(reports.find, other, code) == "report.receipt"
    assert code_of(reports.words, other, row) == "stream.chunk"
    row.words = bytes(row.words)[:-1] + bytes([row.words[-1] ^ 1])
    assert code_of(reports.words, node, row) == "stream.chunk"


def test_the_same_form_sent_again_is_the_same_report(public):
    """As after an answer that got lost on the way; with another text it is another report, whoever sends it."""
    first = reported(public)
    again = public.post("/en/report", filled())
    assert receipt_in(again) == first
    assert "It had arrived already" in again.content.decode()
    assert reported(public, happened="Another one, on the same telephone.") != first
    assert reported(public, form="1" * 32) != first
    assert models.Report.objects.count() == 3


def test_a_receipt_cannot_be_computed_from_the_form(public, node, at):
    """Who saw the form but has not the node's key knows no receipt."""
    code = reported(public).replace(" ", "")
    other = SimpleNamespace(vault_key=b"\1" * 32, reports=node.reports, report_words=1 << 30)
    kept_ = {name: text for name, text in filled().items() if name in said.LIMITS}
    assert reports.take_in(node, "fraud", kept_, [], language="en", form="0" * 32, at=at) == (code, False)
    assert reports.take_in(other, "fraud", kept_, [], language="en", form="0" * 32, at=at)[0] != code


WRONG = [
    ({"kind": ""}, "report.kind"),
    ({"kind": "murder"}, "report.kind"),
    ({"happened": " \n "}, "report.happened"),
    ({"happened": "x" * 10_001}, "report.too-long"),
    ({"contact": "y" * 501}, "report.too-long"),
]


@pytest.mark.parametrize(("fields", "code"), WRONG)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(public, fields, code):
    """Beside its field, in the page's language; nothing is written."""
    answer = public.post("/en/report", filled(harm="I am “afraid” & <b>", **fields))
    assert faults(answer) == [str(words.FAULTS[code])]
    assert "I am “afraid” &amp; &lt;b&gt;" in answer.content.decode()
    assert not models.Report.objects.exists()


def test_a_control_character_is_named_with_what_stands_before_it(public):
    """And everything typed is kept."""
    answer = public.post("/en/report", filled(happened="They wrote to\x0bme"))
    (fault,) = faults(answer)
    assert "U+000B" in fault
    assert "They wrote to" in fault
    assert "They wrote to\x0bme" in answer.content.decode()
    (fault,) = faults(public.post("/fa/report", filled(happened="\x07me")))
    assert "U+0007" in fault


def test_a_program_that_fills_in_everything_is_told_so(public):
    """A person never sees the field; nothing is pretended."""
    answer = public.post("/en/report", filled(website="http://spam.example"))
    assert "Leave this field empty." in answer.content.decode().split("note bad")[1]
    assert answer.status_code == 422


def test_a_form_that_was_cut_off_is_no_report(public):
    """Its last field is missing: nobody would see the receipt."""
    fields = filled()
    del fields["end"]
    answer = public.post("/en/report", fields)
    assert answer.status_code == 422
    assert "Not everything arrived" in answer.content.decode()
    assert not models.Report.objects.exists()


def test_hostile_text_is_inert_everywhere(public, node, officers):
    """On the reporter's page and on the officers'."""
    code = reported(public, happened=HOSTILE, suspects=HOSTILE)
    row = models.Report.objects.get()
    reports.take_up(node, row.pk, officer=officers.all, at=row.at)
    reports.answer(node, row.pk, HOSTILE, officer=officers.all, at=row.at)
    pages = [public.post("/fa/receipt", {"code": code, "text": HOSTILE * 200, "end": "1"}).content.decode()]
    pages += [Browser(officers.all).get(path).content.decode() for path in ("/reports", f"/reports/{row.pk}")]
    for text in pages:
        assert "<script>alert" not in text
        assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", text, flags=re.DOTALL)


# ---- files -----------------------------------------------------------------------------------------------------------------


def attached(name="photo.jpg", data=b"\xff\xd8\xff picture") -> SimpleUploadedFile:
    """A file that a browser sends."""
    return SimpleUploadedFile(name, data, content_type="text/html")


def test_files_are_kept_encrypted_and_given_back_byte_for_byte(public, node, officers):
    """Their names made safe, what they look like noted; as something to save, whatever they call themselves."""
    big = bytes(range(256)) * 9000
    reported(
        public, files=[attached(), attached("..\\<x>.html", b"<script>secret-marker</script>"), attached("big", big)]
    )
    row = models.Report.objects.get()
    shown = reports.deeds(node, row)[0].files
    assert [(name, file.size, file.kind) for file, name in shown] == [
        ("photo.jpg", 11, "jpeg"), ("_x_.html", 30, ""), ("big", len(big), ""),
    ]  # fmt: skip
    for path in node.reports.iterdir():
        assert b"secret-marker" not in path.read_bytes()
    assert b"photo.jpg" not in everything()
    for (file, _name), data in zip(
        shown, (b"\xff\xd8\xff picture", b"<script>secret-marker</script>", big), strict=True
    ):
        answer = Browser(officers.all).get(f"/reports/{row.pk}/files/{file.pk}")
        assert b"".join(answer.streaming_content) == data
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer["Content-Security-Policy"]
    assert Browser(officers.drafter).get(f"/reports/{row.pk}/files/{file.pk}").status_code == 403


def test_too_many_and_too_long_files_spoil_nothing_else(public, monkeypatch, node):
    """The fault stands beside the field, what was typed is kept, nothing of them is left on the disk."""
    monkeypatch.setattr("comity.node.public.files.FILE", 1000)
    answer = public.post("/en/report", filled(files=[attached(), attached("long", b"x" * 1001)]))
    assert faults(answer) == [str(words.FAULTS["report.file-size"])]
    assert SECRET in answer.content.decode()
    answer = public.post("/en/report", filled(files=[attached(f"{number}.jpg") for number in range(11)]))
    assert faults(answer) == [str(words.FAULTS["report.files"])]
    assert SECRET in answer.content.decode()
    assert list(node.reports.iterdir()) == []
    assert not models.Report.objects.exists()


@pytest.mark.parametrize("kind", sorted(said.NO_FILES))
def test_no_picture_of_a_child_is_taken(public, node, kind):
    """Neither with the report nor later, whatever the form sends; the page says what to do instead."""
    answer = public.post("/en/report", filled(kind=kind, files=[attached()]))
    assert faults(answer) == [str(words.FAULTS["report.no-files"])]
    code = reported(public, kind=kind)
    answer = public.post("/en/receipt", {"code": code, "text": "here", "files": [attached()], "end": "1"})
    assert faults(answer) == [str(words.FAULTS["report.no-files"])]
    assert 'type="file"' not in answer.content.decode()
    assert list(node.reports.iterdir()) == []


def test_no_room_for_files_is_room_for_words(public, monkeypatch, caplog):
    """A disk that is nearly full takes the report without them; the operator is told once in a while."""
    monkeypatch.setattr("comity.node.desk.room.shutil.disk_usage", lambda _: SimpleNamespace(free=room.SPARE))
    monkeypatch.setattr(_Spool, "write", lambda *_: pytest.fail("a byte was written"))
    answer = public.post("/en/report", filled(files=[attached(), attached("two")]))
    assert answer.status_code == 503
    assert faults(answer) == [str(words.FAULTS["report.room"])]
    assert SECRET in answer.content.decode()
    code = reported(public)
    answer = public.post("/en/receipt", {"code": code, "text": "more", "files": [attached()], "end": "1"})
    assert faults(answer) == [str(words.FAULTS["report.room"])]
    assert room.of_the_public._promised == 0
    assert caplog.text.count("files are refused") == 1


def test_the_same_room_is_never_given_twice(node, monkeypatch):
    """Eight at once, room for five: five get it, whoever is quicker; what is given back can be taken again."""
    free = room.SPARE + room._COPIES * 5 * 100
    monkeypatch.setattr("comity.node.desk.room.shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr(room, "_kept", lambda: 0)
    place, together, got = room.Room(), threading.Barrier(8), []

    def ask() -> None:
        together.wait()
        try:
            with place.taken(node, 100):
                got.append(True)
                together.wait()
        except NotPossible:
            got.append(False)
            together.wait()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(got) == [False] * 3 + [True] * 5
    with place.taken(node, 500):
        assert code_of(place.taken(node, 1).__enter__) == "report.room"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=40), st.integers(0, 1000), st.integers(0, 1000))
def test_no_more_is_promised_than_there_is(steps, disk, cap):
    """Whatever is taken and given back in whatever order, the spare and the limit of all files hold."""
    place, held = room.Room(), []
    given_ = SimpleNamespace(reports="", report_bytes=cap)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=room.SPARE + disk))
        patch.setattr(room, "_kept", lambda: 100)
        for take, size in steps:
            if not take and held:
                held.pop(size % len(held))[1].close()
                continue
            one, promised = ExitStack(), sum(size_ for size_, _ in held)
            fits = room._COPIES * (promised + size) <= disk and 100 + promised + size <= cap
            assert (code_of(one.enter_context, place.taken(given_, size)) == "") == fits
            if fits:
                held.append((size, one))
        for _size, one in held:
            one.close()
    assert place._promised == 0


def test_files_of_all_reports_have_a_limit_together(public, node):
    """By the setting, counted by what is kept; none is taken where it is 0."""
    reported(public, files=[attached("a", b"x" * 5000)])
    small = replace(node, report_bytes=5000 + room._FILE + 100)
    with room.of_the_public.taken(small, 100):
        assert code_of(room.of_the_public.taken(small, 1).__enter__) == "report.room"
    assert code_of(room.of_the_public.taken(replace(node, report_bytes=0), 1).__enter__) == "report.room"


def test_words_of_all_reports_have_a_limit_together(public, node, officers, monkeypatch):
    """Officers are warned before; then nothing is kept, both languages say why, and what was there is still answered."""
    monkeypatch.setattr(room, "_FRESH", -1.0)
    code = reported(public)
    held = room._words()
    assert held > len(bytes(models.Report.objects.get().words)) + len(SECRET)
    full = replace(node, report_words=held)
    assert [room.scarce(replace(node, report_words=most)) for most in (held, held * 10 // 9, held * 2, 0)] == [
        100,
        90,
        0,
        100,
    ]
    room.for_words(replace(node, report_words=held + 1))
    monkeypatch.setattr(door, "current", lambda: full)
    for language in ("en", "fa"):
        answer = public.post(f"/{language}/report", filled(form="f" * 32))
        assert answer.status_code == 503
        with override(language):
            assert str(words.FAULTS["report.full"]) in html.unescape(answer.content.decode())
        assert SECRET in answer.content.decode()
    answer = public.post("/en/receipt", {"code": code, "text": "more", "end": "1"})
    assert str(words.FAULTS["report.full"]) in html.unescape(answer.content.decode())
    assert (models.Report.objects.count(), models.ReportAct.objects.count()) == (1, 1)
    assert public.post("/en/receipt", {"code": code, "end": "1"}).status_code == 200
    monkeypatch.setattr(report_pages, "current", lambda: full)
    assert "no further report is taken" in Browser(officers.all).get("/reports").content.decode()


def test_a_file_of_the_vault_states_the_minute(public, node):
    """As the report's row does."""
    reported(public, files=[attached()])
    (blob,) = node.reports.iterdir()
    assert blob.stat().st_mtime == models.Report.objects.get().at.timestamp()


def test_a_report_that_fails_leaves_no_blob(public, node, monkeypatch, at):
    """And `sweep` removes those that a kill left."""
    file = File("a", 1, "0" * 64, b"x", lambda: iter([b"x"]))

    def broken(*args, **named):
        raise NotPossible("broken", code="report.stage")

    with monkeypatch.context() as patch:
        patch.setattr(reports, "_deed", broken)
        with pytest.raises(NotPossible):
            reports.take_in(node, "fraud", {"happened": "x"}, [file], language="en", form="a", at=at)
    assert list(node.reports.iterdir()) == []
    reports.take_in(node, "fraud", {"happened": "x"}, [file], language="en", form="a", at=at)
    orphan = reports._vault(node).put([b"left behind"], "report/x")
    assert reports.sweep(node) == [orphan]
    assert len(list(node.reports.iterdir())) == 1


# ---- limits ----------------------------------------------------------------------------------------------------------------


def test_guessing_receipts_means_waiting(public):
    """Ten wrong ones from one address; who has the right one is answered at once, also from that address."""
    code = reported(public)
    wrong = [said.receipt(number) for number in range(12)]
    answers = [public.post("/en/receipt", {"code": one, "end": "1"}, address="198.51.100.1") for one in wrong]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert public.post("/en/receipt", {"code": code, "end": "1"}, address="198.51.100.1").status_code == 200
    assert public.post("/en/receipt", {"code": code, "end": "1"}).status_code == 200


def test_many_guessers_together_wait_and_lock_nobody_out(public, monkeypatch):
    """When all together have guessed too often, whoever has guessed wrong before waits; a first try is answered."""
    narrow(monkeypatch, "_wrong_by_all", 3)
    code = reported(public)
    for number in range(4):
        public.post("/en/receipt", {"code": said.receipt(number), "end": "1"}, address=f"198.51.100.{number}")
    again = public.post("/en/receipt", {"code": said.receipt(9), "end": "1"}, address="198.51.100.1")
    assert again.status_code == 429
    assert public.post("/en/receipt", {"code": code, "end": "1"}).status_code == 200


def test_wrong_receipts_are_answered_alike(public):
    """A code that no report has says nothing about how near it is."""
    code = reported(public).replace(" ", "")
    near = said.receipt(int(code[:26]) ^ 1)
    answers = [public.post("/en/receipt", {"code": one, "end": "1"}) for one in (near, said.receipt(7))]
    assert {answer.status_code for answer in answers} == {422}
    one, other = (re.sub(r"\d{4}( \d{4}){6}", "", answer.content.decode()) for answer in answers)
    assert one == other


def test_a_flood_of_reports_is_refused_and_what_was_typed_is_kept(public, monkeypatch):
    """From one address, and from all of them."""
    narrow(monkeypatch, "_sent", 2)
    narrow(monkeypatch, "_sent_by_all", 3)
    for number in range(2):
        reported(public, form=f"{number:032x}")
    answer = public.post("/en/report", filled(form="f" * 32))
    assert answer.status_code == 429
    assert SECRET in answer.content.decode()
    assert public.post("/en/report", filled(form="e" * 32), address="198.51.100.9").status_code == 200
    answer = public.post("/en/report", filled(form="d" * 32), address="198.51.100.8")
    assert answer.status_code == 503
    assert str(words.FAULTS["report.busy"]) in html.unescape(answer.content.decode())
    assert models.Report.objects.count() == 3


def test_one_address_cannot_take_the_whole_door(public):
    """A burst, then it waits; others are served."""
    codes = [public.get("/en/receipt", REMOTE_ADDR="198.51.100.1").status_code for _ in range(130)]
    assert codes[:100] == [200] * 100
    assert codes[-1] == 429
    assert public.get("/en/receipt", REMOTE_ADDR="198.51.100.2").status_code == 200


@pytest.mark.parametrize(
    ("length", "status"), [("", 411), ("-1", 411), ("٣", 411), (str(said.TOGETHER + 1), 413), ("9" * 40, 413)]
)
def test_lengths_are_looked_at_before_anything_is_read(public, length, status):
    """A stated length that is too long, or none, is refused without touching the body."""

    class Untouched(BytesIO):
        def read(self, *args):
            pytest.fail("the body was read")

    asked = RequestFactory(**{"wsgi.input": Untouched()}).post(
        "/en/report", secure=True, content_type="multipart/form-data"
    )
    asked.META |= {"CONTENT_LENGTH": length, "wsgi.input": Untouched()}
    assert views.report(asked, language="en").status_code == status


def test_other_methods_and_bodies_where_none_belong_are_refused(public):
    """405, whatever they carry."""
    assert public.post("/en/", {"x": "y"}).status_code == 405
    with override_settings(**AT_THE_DOOR):
        assert Client().put("/en/report", "x", secure=True).status_code == 405
        assert Client().delete("/en/receipt", secure=True).status_code == 405


@pytest.mark.parametrize(
    "body",
    [b"", b"--x", b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nfraud', b"\0" * 500, b"--x\r\n" * 500],
)
def test_bodies_that_are_no_form_leave_nothing(public, body):
    """Refused with a page that says so."""
    answer = public.post("/en/report", body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code in (400, 411, 422)
    assert not models.Report.objects.exists()


def test_a_thousand_files_and_fields_are_refused(public):
    """Django's own limits hold at this door, and end in a page of ours."""
    many = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nz\r\n' for _ in range(1000)
    )
    answer = public.post("/en/report", many + b"--x--", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    answer = public.post("/en/report", filled(harm="x" * (2 << 20)))
    assert answer.status_code == 413


def test_what_is_refused_or_never_read_is_not_charged(public, monkeypatch):
    """A long form is announced and never sent; one is refused because of others. Each leaves the sender all that he had."""
    own, limits = (
        door.sender(RequestFactory().get("/", REMOTE_ADDR="198.51.100.1"), SimpleNamespace(proxies=())),
        door._each(),
    )

    def left() -> tuple[float, float]:
        held = limits._senders[own[0][0]]
        return held.requests._held, held.bytes._held

    for _ in range(5):
        asked = RequestFactory(REMOTE_ADDR="198.51.100.1", **{"wsgi.input": BytesIO(b"--x")}).post(
            "/en/report", secure=True, content_type="multipart/form-data; boundary=x"
        )
        asked.META |= {"CONTENT_LENGTH": str(said.TOGETHER)}
        assert views.report(asked, language="en").status_code in (400, 422)
    assert left()[1] > door._EACH.bytes - 100
    monkeypatch.setattr(door, "_all", cache(lambda: Quotas(Quota(requests=1))))
    codes = [public.get("/en/", REMOTE_ADDR="198.51.100.1").status_code for _ in range(80)]
    assert codes.count(429) > 50
    assert left()[0] > 100 - 5 - codes.count(200) - 1


@pytest.mark.parametrize("path", ["/zz/", "/en/officers", "/", "/nothing/of/this"])
def test_nothing_is_outside_the_limits(public, path, monkeypatch):
    """Pages that are not there, unknown languages and the bare address use up what its sender has."""
    monkeypatch.setattr(door, "monotonic", lambda: 1.0)
    codes = [public.get(path, REMOTE_ADDR="198.51.100.1").status_code for _ in range(101)]
    assert codes[99] in (302, 404)
    assert codes[100] == 429
    assert public.get("/en/receipt", REMOTE_ADDR="198.51.100.2").status_code == 200


def test_a_network_has_a_few_shares_and_not_thousands(public, monkeypatch):
    """Whoever has a /48 of IPv6 has 65,536 networks in it: together they wait, and another network does not."""
    monkeypatch.setattr(door, "monotonic", lambda: 1.0)
    addresses = [f"2001:db8:0:{number:x}::1" for number in range(0, 65_000, 150)]
    codes = [public.get("/en/receipt", REMOTE_ADDR=address).status_code for address in addresses]
    assert codes == [200] * 400 + [429] * (len(addresses) - 400)
    assert public.get("/en/receipt", REMOTE_ADDR="2001:db8:1::1").status_code == 200


def test_no_other_website_makes_its_visitors_report(public):
    """Refused before its body is read, with a page that says what happened; our own pages, and links from anywhere, work."""
    answer = public.post("/fa/report", filled(), **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "وبگاه دیگری" in answer.content.decode()
    assert not models.Report.objects.exists()
    assert public.post("/en/report", filled(), **{"sec-fetch-site": "same-origin"}).status_code == 200
    assert public.get("/en/report", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_no_path_and_no_message_is_written_to_the_log(public, monkeypatch):
    """A receipt code in the address bar; a page that breaks with words in its error."""
    written, secret = StringIO(), "secret-1234567890"
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    handler.addFilter(Quiet())
    logging.getLogger("django").addHandler(handler)
    try:
        public.get("/1234567890")
        public.get("/en/bulletins/1234567890")
        monkeypatch.setattr(news.desk, "newest", lambda: int(secret))
        with override_settings(**AT_THE_DOOR):
            assert Client(raise_request_exception=False).get("/en/?1234567890", secure=True).status_code == 500
    finally:
        logging.getLogger("django").removeHandler(handler)
    assert written.getvalue().count("public: answered 404") == 2
    assert "public: answered 500" in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert "1234567890" not in written.getvalue()


def test_addresses_behind_a_named_proxy_are_told_apart(node):
    """By the last address that it states; what anybody else states is not believed."""
    known = SimpleNamespace(proxies=("192.0.2.1",))

    def sender(peer, stated=None):
        more = {"HTTP_X_FORWARDED_FOR": stated} if stated else {}
        return door.sender(RequestFactory().get("/", REMOTE_ADDR=peer, **more), known)

    assert sender("192.0.2.1", "198.51.100.1") != sender("192.0.2.1", "198.51.100.2")
    assert sender("192.0.2.1", "6.6.6.6, 198.51.100.1") == sender("192.0.2.1", "198.51.100.1")
    assert sender("198.51.100.7", "198.51.100.1") == sender("198.51.100.7")
    assert sender("2001:db8::1") == sender("2001:db8::2") != sender("2001:db8:0:1::1")
    assert sender("192.0.2.1", "nonsense") == sender("also nonsense")
    assert sender("::ffff:198.51.100.1") == sender("198.51.100.1")
    for stated in ("198.51.100.1:4711", "::ffff:198.51.100.1", "[::ffff:198.51.100.1]:80", '"198.51.100.1"'):
        assert sender("192.0.2.1", stated) == sender("198.51.100.1")
        assert sender("::ffff:192.0.2.1", stated) == sender("198.51.100.1")
    assert sender("192.0.2.1", "[2001:db8::1]:443") == sender("192.0.2.1", "[2001:db8::2]") == sender("2001:db8::3")
    same = [{name for name, _ in sender(one)} & {name for name, _ in sender("2001:db8::1")}
            for one in ("2001:db8:0:1::1", "2001:db8:0:100::1", "2001:db8:1::1")]  # fmt: skip
    assert [len(names) for names in same] == [2, 1, 0]
    assert "192.0.2" not in str(sender("192.0.2.7"))


# ---- triage ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(node, officers, at):
    """A report that was taken in, and who may do something with it."""
    shutil.rmtree(node.reports, ignore_errors=True)
    words_ = {
        "happened": "A page like my bank’s took my password.", "suspects": "hxxps://bank-nemuneh[.]example/in\nboss@bad.example\n203.0.113.9",
        "harm": "12 million rials", "contact": "Maryam Ahmadi, maryam@home.example",
    }  # fmt: skip
    code, _ = reports.take_in(node, "fraud", words_, [], language="fa", form="x", at=at)
    row = models.Report.objects.get()
    return SimpleNamespace(code=code, number=row.pk, row=row, by={"officer": officers.all, "at": at})


DO = {
    Deed.TAKEN: lambda node, kept: reports.take_up(node, kept.number, **kept.by),
    Deed.ANSWERED: lambda node, kept: reports.answer(node, kept.number, "When?", **kept.by),
    Deed.CLOSED: lambda node, kept: reports.close(node, kept.number, "Nothing in it.", **kept.by),
    Deed.MERGED: lambda node, kept: reports.merge(node, kept.number, kept.other, **kept.by),
    Deed.CASE: lambda node, kept: reports._act(node, kept.number, Deed.CASE, about="IR-2026-0001", **kept.by),
    Deed.INDICATOR: lambda node, kept: reports.note_indicator(node, kept.number, "indicator--x", **kept.by),
}


@pytest.mark.parametrize("before", [deed for deed in Deed if deed is not Deed.ADDED])
def test_every_way_and_no_other(node, kept, at, before):
    """From each standing exactly what the table says; where it stands follows from its deeds."""
    reports.take_in(node, "fraud", {"happened": "another"}, [], language="en", form="y", at=at)
    kept.other = models.Report.objects.exclude(pk=kept.number).get().pk
    if before not in (Deed.NEW, Deed.TAKEN):
        reports.take_up(node, kept.number, **kept.by)
    if before is not Deed.NEW:
        DO[before](node, kept)
    for deed, do in DO.items():
        assert reports.stage(kept.row) is before
        if before in WAYS[deed]:
            last = kept.row.acts.last().pk
            do(node, kept)
            assert reports.stage(kept.row) is deed
            models.ReportAct.objects.filter(report=kept.number, pk__gt=last).delete()
        else:
            assert code_of(do, node, kept) == "report.stage"


def test_only_who_triages_sees_and_acts(node, kept, officers, at):
    """Every verb asks for the power, the list and the files too; a page of the door too."""
    for officer in (officers.idle, officers.drafter, officers.decider):
        kept.by["officer"], kept.other = officer, kept.number
        for do in DO.values():
            with pytest.raises(NotYours):
                do(node, kept)
        with pytest.raises(NotYours):
            reports.listed(officer)
        browser = Browser(officer)
        for path in ("/reports", f"/reports/{kept.number}", f"/reports/{kept.number}/files/1"):
            assert browser.get(path).status_code == 403
        assert browser.post(f"/reports/{kept.number}/take").status_code == 403
        assert "/reports" not in browser.get("/cases").content.decode()


def test_the_reporter_reads_what_officers_wrote_and_nothing_else(node, kept, public):
    """Not who they are, not why it was closed, not what another reporter was told."""
    reports.take_up(node, kept.number, **kept.by)
    reports.answer(node, kept.number, "On which day was it?", **kept.by)
    reports.close(node, kept.number, "An internal reason.", **kept.by)
    text = public.post("/en/receipt", {"code": kept.code, "end": "1"}).content.decode()
    assert "On which day was it?" in text
    assert "An internal reason." not in text
    assert "Officer all" not in text


def test_what_is_added_waits_for_an_officer_and_changes_no_standing(node, kept, public, officers):
    """It is found by the filter, shown with its words, and refused when nothing is in it or there is too much."""
    reports.take_up(node, kept.number, **kept.by)
    assert not reports.listed(officers.all, stage="waiting").exists()
    answer = public.post(
        "/fa/receipt", {"code": kept.code, "text": "یادم آمد: سه‌شنبه", "files": [attached()], "end": "1"}
    )
    assert "آنچه افزودید رسید" in answer.content.decode()
    assert reports.stage(kept.row) is Deed.TAKEN
    assert [row.pk for row in reports.listed(officers.all, stage="waiting")] == [kept.number]
    page = Browser(officers.all).get(f"/reports/{kept.number}").content.decode()
    assert "یادم آمد: سه‌شنبه" in page
    assert "photo.jpg" in page
    assert faults(public.post("/en/receipt", {"code": kept.code, "text": " ", "end": "1"})) == [
        str(words.FAULTS["report.empty"])
    ]
    models.ReportAct.objects.bulk_create(
        models.ReportAct(report=kept.row, kind=Deed.ADDED, at=kept.by["at"]) for _ in range(said.ADDITIONS)
    )
    assert faults(public.post("/en/receipt", {"code": kept.code, "text": "more", "end": "1"})) == [
        str(words.FAULTS["report.additions"])
    ]


def test_an_officer_acts_on_what_he_was_shown(node, kept, officers):
    """Something was done since: the page is shown anew, what he typed is kept, nothing is recorded."""
    browser = Browser(officers.all)
    seen = models.ReportAct.objects.last().pk
    reports.take_up(node, kept.number, **kept.by)
    answer = browser.post(f"/reports/{kept.number}/close", seen=seen, text="I typed this.")
    assert answer.status_code == 422
    assert "I typed this." in answer.content.decode()
    assert reports.stage(kept.row) is Deed.TAKEN
    assert (
        browser.post(f"/reports/{kept.number}/close", seen=models.ReportAct.objects.last().pk, text="So.").status_code
        == 303
    )
    act = models.ReportAct.objects.last()
    assert (act.kind, act.by) == ("closed", "Officer all, Exercise office")


def test_reports_are_found_by_standing_and_kind(node, kept, officers, at):
    """The list of an officer, with filters; a strange one is refused."""
    for number in range(30):
        reports.take_in(node, "system", {"happened": f"outage {number}"}, [], language="en", form=str(number), at=at)
    browser = Browser(officers.all)
    assert "A page like my bank" in browser.get("/reports?kind=fraud").content.decode()
    text = browser.get("/reports?kind=system&page=2").content.decode()
    assert text.count('class="ref"') == 5
    assert "kind=system&amp;page=1" in text
    assert "No report here." in browser.get("/reports?stage=closed").content.decode()
    assert browser.get("/reports?stage=nonsense").status_code == 422
    assert browser.get("/reports/999999").status_code == 422


def test_reports_are_merged_by_number(node, kept, officers, at):
    """In Persian digits too; not with itself, not with one that is not there; each page names the other."""
    reports.take_in(node, "fraud", {"happened": "the same page"}, [], language="fa", form="y", at=at)
    other = models.Report.objects.exclude(pk=kept.number).get().pk
    reports.take_up(node, kept.number, **kept.by)
    browser = Browser(officers.all)
    for wrong in (kept.number, 999_999, "abc"):
        assert browser.post(f"/reports/{kept.number}/merge", into=wrong).status_code == 422
    assert browser.post(f"/reports/{kept.number}/merge", into=str(other).translate(PERSIAN)).status_code == 303
    assert f'href="/reports/{other}"' in browser.get(f"/reports/{kept.number}").content.decode()
    assert f'href="/reports/{kept.number}"' in browser.get(f"/reports/{other}").content.decode()


def test_a_request_is_drafted_from_a_report(node, kept, officers, peer):
    """What happened and what is known of who did it stand in the form, the offence is chosen; nothing of the reporter does."""
    reports.take_up(node, kept.number, **kept.by)
    browser = Browser(officers.all)
    page = html.unescape(browser.get(f"/reports/{kept.number}").content.decode())
    (choosing,) = re.findall(r'href="(/cases/new\?[^"]*report=[^"]*)"', page)
    assert "offence=uncc%3A13" in choosing
    page = html.unescape(browser.get(choosing + "&requested=VN").content.decode())
    drafting = next(
        link
        for link in re.findall(r'href="([^"]+)"', page)
        if link.startswith("/cases/new/preservation?") and "basis=uncc" in link
    )
    assert f"report={kept.number}" in drafting
    form = html.unescape(browser.get(drafting).content.decode())
    for text in (
        "A page like my bank’s",
        "https://bank-nemuneh.example/in",
        "boss@bad.example",
        "203.0.113.9",
        "12 million",
    ):
        assert text in form
    assert "Maryam" not in form
    assert "maryam@home.example" not in form
    answer = browser.client.post(drafting, FORM, secure=True)
    assert answer.status_code == 303, answer.content.decode()[:3000]
    act = models.ReportAct.objects.last()
    assert (act.kind, act.about) == ("case", models.Case.objects.get().pk)
    assert Browser(officers.drafter).get(drafting).status_code == 403
    assert browser.get("/cases/new/preservation?report=x").status_code == 422


def test_no_draft_without_its_report(node, kept, officers, peer):
    """A report that nobody took up: neither a case nor a deed is recorded."""
    answer = Browser(officers.all).client.post(f"/cases/new/preservation?report={kept.number}", FORM, secure=True)
    assert answer.status_code == 422
    assert not models.Case.objects.exists()
    assert models.ReportAct.objects.count() == 1


# ---- a warning from a report ------------------------------------------------------------------------------------------------


@pytest.fixture
def collection(node, officers, at):
    """A collection whose rules let the public have what is TLP:CLEAR."""
    made = collections.make("Warnings", officer=officers.all, at=at)
    collections.set_rules(str(made.pk), ROOM | {"public": True}, officer=officers.all, at=at)
    return str(made.pk)


def indicator(node, kept, collection, value="203.0.113.9", name="Phishing host", level=Level.CLEAR):
    """Make a warning of the report."""
    return indicators.make(node, kept.number, value, name, level=level, collection=collection, **kept.by)


def test_a_warning_says_nothing_of_the_reporter(node, kept, collection, officers):
    """It holds the one address that the officer chose and the name that he gave; it is read as any other STIX object."""
    reports.take_up(node, kept.number, **kept.by)
    assert [one.value for one in indicators.offered(reports.words(node, kept.row))] == [
        "https://bank-nemuneh.example/in", "boss@bad.example", "203.0.113.9",
    ]  # fmt: skip
    made = indicator(node, kept, collection)
    row = models.StixObject.objects.get()
    assert stix.read(bytes(row.raw)).body["pattern"] == "[ipv4-addr:value = '203.0.113.9']"
    assert tlp.marked(made.body).level is Level.CLEAR
    text = bytes(row.raw).decode()
    assert not any(part in text for part in ("Maryam", "maryam", "bank’s", "12 million"))
    assert (models.ReportAct.objects.last().kind, models.ReportAct.objects.last().about) == ("indicator", made.id)
    for wrong in (
        {"name": "Told by Maryam"},
        {"name": "from MARYAM@home.example"},
        {"name": " "},
        {"value": "8.8.8.8"},
    ):
        with pytest.raises(Invalid):
            indicator(node, kept, collection, **wrong)
    assert models.StixObject.objects.count() == 1


def test_a_warning_needs_both_powers_a_collection_and_a_report_that_was_taken_up(node, kept, collection, officers):
    """Otherwise nothing is added anywhere."""
    assert code_of(indicator, node, kept, collection) == "report.stage"
    reports.take_up(node, kept.number, **kept.by)
    assert code_of(indicator, node, kept, "00000000-0000-4000-8000-000000000000") == "collection.unknown"
    kept.by["officer"].powers = ["triage"]
    assert code_of(indicator, node, kept, collection) == "case.power"
    kept.by["officer"].powers = ["warn"]
    assert code_of(indicator, node, kept, collection) == "case.power"
    assert not models.StixObject.objects.exists()


def test_a_warning_is_made_at_the_page(node, kept, collection, officers):
    """With a level; a strange one is refused at its field."""
    reports.take_up(node, kept.number, **kept.by)
    browser, given_ = (
        Browser(officers.all),
        {"value": "boss@bad.example", "name": "Mailbox of a gang", "collection": collection},
    )
    assert browser.post(f"/reports/{kept.number}/indicator", **given_, level="TLP:PURPLE").status_code == 422
    assert browser.post(f"/reports/{kept.number}/indicator", **given_, level="TLP:AMBER").status_code == 303
    assert "email-addr:value" in bytes(models.StixObject.objects.get().raw).decode()


# ---- bulletins -------------------------------------------------------------------------------------------------------------


TEXTS = {
    "en": {"title": "Pages that copy banks", "body": "They look alike.\nLook at the address."},
    "fa": {"title": "صفحه‌های جعلی بانک", "body": "به نشانی نگاه کنید."},
}


def test_a_bulletin_is_published_corrected_and_withdrawn(node, officers, at, public):
    """Each as a version; the public reads the newest in its language, and what was withdrawn as withdrawn, with the reason."""
    by = {"officer": officers.all, "at": at}
    first = bulletins.publish("method", TEXTS, [], **by)
    path = f"/bulletins/{first.series}"
    assert "They look alike." in public.get(f"/en{path}").content.decode()
    assert "صفحه‌های جعلی بانک" in public.get("/fa/").content.decode()
    bulletins.correct(first.series, "advice", {"en": TEXTS["en"]}, [], seen=1, **by)
    text = public.get(f"/fa{path}").content.decode()
    assert '<article class="card" lang="en">' in text
    assert "نسخه ۲" in text
    assert code_of(bulletins.correct, first.series, "advice", TEXTS, [], seen=1, **by) == "bulletin.changed"
    bulletins.withdraw(first.series, "It was wrong.", seen=2, **by)
    text = public.get(f"/en{path}").content.decode()
    assert "It was wrong." in text
    assert "They look alike." not in text
    assert models.Bulletin.objects.filter(series=first.series).count() == 3
    assert public.get("/en/bulletins/00000000-0000-4000-8000-000000000000").status_code == 404


def test_bulletins_for_programs(node, officers, at, public):
    """Atom that an XML reader takes, with its versions' days; JSON with every language."""
    by = {"officer": officers.all, "at": at}
    rows = [bulletins.publish("advice", {"en": {"title": f"No. {n} <&>", "body": "b"}}, [], **by) for n in range(3)]
    bulletins.withdraw(rows[0].series, "Wrong.", seen=1, **by)
    atom = "{http://www.w3.org/2005/Atom}"
    for path in ("/bulletins.atom", "/fa/bulletins.atom"):
        answer = public.get(path)
        assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
        entries = ET.fromstring(answer.content).findall(f"{atom}entry")
        assert {entry.findtext(f"{atom}id") for entry in entries} == {f"urn:uuid:{row.series}" for row in rows}
        assert sum("No. 1 <&>" in entry.findtext(f"{atom}title") for entry in entries) == 1
    found = json.loads(public.get("/bulletins.json").content)["bulletins"]
    (gone,) = [one for one in found if one["id"] == rows[0].series]
    assert (gone["withdrawn"], gone["reason"], gone["texts"], gone["objects"]) == (True, "Wrong.", {}, [])
    assert "No. 0" not in json.dumps(found)
    assert public.get("/bulletins.atom")["Vary"] == public.get("/")["Vary"] == "Accept-Language"


def test_feeds_are_made_once_in_a_minute(node, officers, at, public, django_assert_num_queries):
    """Who asks again costs the database nothing."""
    bulletins.publish("advice", TEXTS, [], officer=officers.all, at=at)
    news._minute, real = (lambda _: at), news._minute
    try:
        for path in ("/bulletins.json", "/fa/bulletins.atom"):
            first = public.get(path).content
            with django_assert_num_queries(0):
                assert public.get(path).content == first
    finally:
        news._minute = real
    assert "صفحه‌های جعلی" in public.get("/fa/bulletins.atom").content.decode()
    assert "Pages that copy" in public.get("/en/bulletins.atom").content.decode()


def test_a_bulletin_refers_only_to_what_the_public_may_have(node, kept, collection, officers, at, public):
    """By the rules of the collection, when it is published and whenever it is shown; what was called back is gone."""
    reports.take_up(node, kept.number, **kept.by)
    clear, red = indicator(node, kept, collection), indicator(node, kept, collection, level=Level.RED)
    by = {"officer": officers.all, "at": at}
    for wrong in (red.id, "indicator--00000000-0000-4000-8000-000000000000", "nonsense"):
        assert code_of(bulletins.publish, "method", TEXTS, [clear.id, wrong], **by) == "bulletin.object"
    row = bulletins.publish("method", TEXTS, [clear.id], **by)

    def shown() -> bool:
        a_minute_passes()
        page = public.get(f"/en/bulletins/{row.series}").content.decode()
        (plain,) = json.loads(public.get("/bulletins.json").content)["bulletins"]
        assert ("203.0.113.9" in page) == bool(plain["objects"])
        return "203.0.113.9" in page

    assert shown()
    collections.set_rules(collection, ROOM, officer=officers.all, at=at)
    assert not shown()
    collections.set_rules(collection, ROOM | {"public": True}, officer=officers.all, at=at)
    assert shown()
    models.StixObject.objects.filter(object_id=clear.id).update(withdrawn=True)
    assert not shown()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "gossip"}, "form.choice"),
        ({"texts": {}}, "bulletin.empty"),
        ({"texts": {"en": {"title": "x", "body": ""}}}, "form.required"),
        ({"texts": {"en": {"title": "x" * 201, "body": "y"}}}, "report.too-long"),
        ({"texts": {"en": {"title": "x\0", "body": "y"}}}, "report.character"),
        ({"objects": [f"x{number}" for number in range(51)]}, "bulletin.objects"),
    ],
)
def test_what_is_no_bulletin(node, officers, at, fields, code):
    """Refused by name, at its field."""
    given_ = {"kind": "advice", "texts": TEXTS, "objects": []} | fields
    assert code_of(bulletins.publish, *given_.values(), officer=officers.all, at=at) == code
    assert not models.Bulletin.objects.exists()


def test_bulletins_are_for_who_may_warn(node, officers, at):
    """Publishing, correcting, withdrawing, and the pages."""
    row = bulletins.publish("advice", TEXTS, [], officer=officers.all, at=at)
    by = {"officer": officers.drafter, "at": at}
    assert code_of(bulletins.publish, "advice", TEXTS, [], **by) == "case.power"
    assert code_of(bulletins.correct, row.series, "advice", TEXTS, [], seen=1, **by) == "case.power"
    assert code_of(bulletins.withdraw, row.series, "x", seen=1, **by) == "case.power"
    for path in ("/bulletins", "/bulletins/new", f"/bulletins/{row.series}"):
        assert Browser(officers.drafter).get(path).status_code == 403


def test_officers_write_bulletins_at_their_pages(node, officers):
    """Typed, kept where something is wrong, published, corrected, withdrawn; each language of its own."""
    browser = Browser(officers.all, "fa")
    typed = {f"{language}-{part}": text for language, texts in TEXTS.items() for part, text in texts.items()}
    wrong = browser.client.post("/bulletins/new", typed | {"kind": "method", "objects": "nonsense"}, secure=True)
    assert wrong.status_code == 422
    assert "صفحه‌های جعلی بانک" in wrong.content.decode()
    answer = browser.client.post("/bulletins/new", typed | {"kind": "method"}, secure=True)
    assert answer.status_code == 303
    path = answer["Location"]
    assert browser.get(path).status_code == 200
    old = browser.client.post(path, typed | {"kind": "advice", "seen": "7"}, secure=True)
    assert old.status_code == 422
    assert browser.client.post(path, typed | {"kind": "advice", "seen": "1"}, secure=True).status_code == 303
    assert browser.client.post(f"{path}/withdraw", {"seen": "2"}, secure=True).status_code == 422
    assert browser.client.post(f"{path}/withdraw", {"seen": "2", "reason": "نادرست"}, secure=True).status_code == 303
    assert models.Bulletin.objects.count() == 3
    assert "پس گرفته شد" in browser.get("/bulletins").content.decode()


# ---- words -----------------------------------------------------------------------------------------------------------------


def test_everything_is_called_something():
    """Every kind, standing, deed and bulletin has its word, for the public and for officers; each kind its article."""
    assert set(words.KINDS) == set(triage.KINDS) == set(Kind)
    assert set(words.STAGES) == set(triage.STAGES) == set(Deed) - {Deed.ADDED}
    assert set(triage.DEEDS) == set(Deed)
    assert set(triage.FIELDS) == set(said.LIMITS)
    assert set(words.NEWS) == set(bulletins.KINDS)
    assert set(said.OFFENCES.values()) == {f"uncc:{article}" for article in range(7, 18)}
    assert news.shown(models.Bulletin(texts=TEXTS)).language in TEXTS
