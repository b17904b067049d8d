"""The officers' door: what its pages show, what its forms write, what they refuse. Rows are made by the desk."""

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import peer as peers
import pytest
from browsing import FORM, HOSTILE, OURS, THEIRS, Browser, saved
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from comity.casework.lifecycle import TABLE, Case, Kind, Stage
from comity.casework.measure import LIVES, Measure
from comity.casework.request import Account, Subject
from comity.errors import Invalid
from comity.node import archive, models
from comity.node.desk import crossing, registry, requested, requesting
from comity.node.officers import acts, almanac, answers, deadlines, inputs, moves, reading, texts
from comity.node.officers.pages import broken, signing
from comity.node.officers.pages.act import _DO
from comity.wire.exchange import Failure, Item, Offer

pytestmark = pytest.mark.usefixtures("fresh_cache")

PASSWORD = "correct horse battery staple"


@pytest.fixture
def asked(node, officers, peer, at):
    """A request of Viet Nam that has come in; its reference."""
    envelope, _ = peer.asks(peers.request())
    peers.arrive(node, envelope, at)
    return THEIRS


@pytest.fixture
def drafted(node, officers, peer, at):
    """A request of ours, drafted and checked; its reference."""
    what = peers.request(
        reference=OURS, requesting="IR", requested="VN", measure=Measure.PRESERVATION, intends_request=True
    )
    requesting.draft(node, what, officer=officers.drafter, at=at)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    return OURS


# ---- signing in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/cases", "/directory", "/cases/new/preservation", f"/cases/{OURS}", f"/cases/{OURS}.json"]
)
def test_every_page_asks_who_is_there(node, path):
    """Without a session every page leads to the sign-in form."""
    answer = Browser().get(path)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in")


def test_signing_in_and_out(node, officers, peer):
    """The right password opens the door and leads to the page that was asked for; signing out closes it."""
    registry.add_officer("lan", PASSWORD, full_name="Lan", office="desk", powers=[], language="en")
    browser = Browser()
    assert browser.post("/sign-in", username="lan", password="wrong").status_code == 422
    answer = browser.post("/sign-in", username="lan", password=PASSWORD, next="/directory")
    assert (answer.status_code, answer["Location"]) == (303, "/directory")
    assert browser.get("/cases").status_code == 200
    assert browser.post("/sign-out")["Location"] == "/sign-in"
    assert browser.get("/cases").status_code == 302


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(node, to):
    """What stands in `next` never leads out of this node."""
    registry.add_officer("lan", PASSWORD, full_name="Lan", office="desk", powers=[], language="en")
    assert Browser().post("/sign-in", username="lan", password=PASSWORD, next=to)["Location"] == "/cases"


@pytest.fixture
def pauses(monkeypatch):
    """The seconds that answers to wrong passwords were held back."""
    found = []
    monkeypatch.setattr(signing.time, "sleep", found.append)
    return found


def tries(username, password, address="10.0.0.1") -> int:
    """The status that an attempt to sign in from `address` gets."""
    form = {"username": username, "password": password}
    return Client().post("/sign-in", form, secure=True, REMOTE_ADDR=address).status_code


def test_five_failures_mean_waiting(node, pauses):
    """After five failures for a name from an address the right password helps no more there; other names go on."""
    for name in ("lan", "minh"):
        registry.add_officer(name, PASSWORD, full_name=name, office="desk", powers=[], language="en")
    assert [tries("lan", "wrong") for _ in range(5)] == [422] * 5
    assert tries("LAN", PASSWORD) == 429
    assert tries("minh", PASSWORD) == 303


@pytest.fixture
def quick_passwords(settings):
    """Passwords are hashed in no time: for tests that count attempts, not what an attempt costs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("quick_passwords")
def test_nobody_locks_an_officer_out_from_elsewhere(node, pauses):
    """Guesses at a name from many addresses are answered ever more slowly; the right password is answered at once."""
    registry.add_officer("lan", PASSWORD, full_name="Lan", office="desk", powers=[], language="en")
    for number in range(10):
        assert [tries("lan", "wrong", f"10.0.1.{number}") for _ in range(5)] == [422] * 5
    assert pauses == sorted(pauses)
    assert (pauses[0], max(pauses)) == (0, 2.0)
    held = len(pauses)
    assert tries("lan", PASSWORD) == 303
    assert len(pauses) == held


@pytest.mark.usefixtures("quick_passwords")
def test_thirty_failures_from_an_address_mean_waiting(node, pauses):
    """Who tries many names from one address is asked to wait there, and only there."""
    registry.add_officer("lan", PASSWORD, full_name="Lan", office="desk", powers=[], language="en")
    assert [tries(f"name{number}", "wrong") for number in range(30)] == [422] * 30
    assert (tries("lan", PASSWORD), tries("lan", PASSWORD, "10.0.0.2")) == (429, 303)


@pytest.mark.parametrize(
    ("where", "value"), [("username", ""), ("username", "a" * 151), ("full_name", " "), ("office", "o" * 201)]
)
def test_a_name_that_no_table_holds_is_refused_by_name(node, where, value):
    """Also where the database would cut it or fail."""
    given = {"username": "newcomer", "full_name": "N. N.", "office": "desk"} | {where: value}
    with pytest.raises(Invalid, match="characters is needed") as caught:
        registry.add_officer(given.pop("username"), "a long password", **given, powers=[], language="en")
    assert (caught.value.code, caught.value.where) == ("officer.name", where)


def test_the_language_switch(node, officers):
    """Without a session a cookie keeps the language, with one the officer's row does."""
    browser = Browser()
    assert browser.post("/language", language="fa", next="/sign-in")["Location"] == "/sign-in"
    assert 'dir="rtl"' in browser.text("/sign-in")
    signed_in = Browser(officers.drafter)
    signed_in.post("/language", language="fa", next="/cases")
    assert models.Officer.objects.get(pk=officers.drafter.pk).language == "fa"
    assert '<html lang="fa" dir="rtl">' in signed_in.text("/cases")
    signed_in.post("/language", language="xx", next="/cases")
    assert models.Officer.objects.get(pk=officers.drafter.pk).language == "fa"


# ---- what holds on every page ---------------------------------------------------------------------------------


PAGES = (
    "/cases", "/directory", "/cases/new/preservation", "/cases/new/stored-data", f"/cases/{OURS}", f"/cases/{OURS}/approve",
    f"/cases/{OURS}/draft", f"/cases/{THEIRS}", f"/cases/{THEIRS}/decide", f"/cases/{THEIRS}/ask", "/cases/QA-2026-9999",
    "/nothing",
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_that_this_is_an_exercise(officers, drafted, asked, path, language):
    """The band stands on every page, also on errors; policy and cache headers too; Persian turns the page."""
    answer = Browser(officers.all, language).get(path)
    text = answer.content.decode()
    assert ("Exercise." if language == "en" else "تمرین.") in text
    assert f'<html lang="{language}" dir="{"rtl" if language == "fa" else "ltr"}">' in text
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
    assert not re.search(r'\sstyle="|<style|\son\w+="|<script>', text)
    assert "{{" not in text
    assert "{%" not in text


def test_the_sign_in_page_says_so_too(node):
    """The band stands before anybody is signed in."""
    assert "no real assistance is asked for" in Browser().text("/sign-in")


def test_a_request_that_is_an_exercise_says_so_at_a_live_node(node, officers, drafted, monkeypatch):
    """At a node that is no exercise, the band follows the request."""
    monkeypatch.setitem(node.__dict__, "exercise", value=False)
    browser = Browser(officers.drafter)
    assert "Exercise." not in browser.text("/cases")
    assert "Exercise." in browser.text(f"/cases/{OURS}")


def test_persian_pages_keep_identifiers_apart(officers, drafted, asked, at):
    """References and times are isolated left to right; running text has Persian digits and Solar Hijri dates."""
    text = Browser(officers.all, "fa").text(f"/cases/{OURS}")
    assert f'<bdi dir="ltr" class="id">{OURS}</bdi>' in text
    assert re.search(r'<bdi dir="ltr" class="id">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</bdi>', text)
    assert almanac.solar_words(at.astimezone(ZoneInfo("Asia/Tehran")).date()) in text
    assert "ماده ۴۲، بند ۳ (الف)" in text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fa", "rtl")])
def test_a_defect_has_a_page_in_the_style_of_the_others(language, direction):
    """Without session and without database: nothing here may read it, and pytest-django sees to that."""
    with override(language):
        answer = broken.broken(RequestFactory().get("/cases"))
    text = answer.content.decode()
    assert answer.status_code == 500
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert re.search(r'href="/assets/style\.[0-9a-f]{16}\.css"', text)
    assert not re.search(r"{[{%]", text)


def test_assets_are_ours_and_kept(node):
    """Style and fonts need no session, have their hash in the address, and are kept for a year; packed on request."""
    browser = Browser()
    style = re.search(r'href="(/assets/style\.[0-9a-f]{16}\.css)"', browser.text("/sign-in"))[1]
    answer = browser.get(style)
    assert "immutable" in answer["Cache-Control"]
    assert "https:" not in answer.content.decode()
    for font in re.findall(r'url\("([^"]+)"\)', answer.content.decode()):
        found = browser.get(f"/assets/{font}", **{"accept-encoding": "gzip"})
        assert (found["Content-Type"], found["Content-Encoding"]) == ("font/ttf", "gzip")
    assert browser.get("/assets/style.0000000000000000.css").status_code == 404
    assert browser.get("/assets/..%2fstyle.css").status_code == 404


def test_a_form_from_elsewhere_changes_nothing(officers, drafted):
    """Without the form's own token a POST is refused, and nothing is written."""
    before = saved()
    answer = Browser(officers.approver, checks=True).post(f"/cases/{OURS}/approve", despite="")
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()
    assert saved() == before


@pytest.mark.parametrize("language", ["en", "fa"])
def test_hostile_text_is_shown_inert(node, officers, peer, at, language):
    """Markup of others is escaped, characters that reorder or hide text are shown as codes, on every page."""
    hostile = peers.request(
        subject=HOSTILE, facts=HOSTILE, persons=(Subject(HOSTILE),), authority=HOSTILE, custodian=HOSTILE
    )
    envelope, _ = peer.asks(hostile)
    peers.arrive(node, envelope, at)
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    for path in ("/cases", f"/cases/{THEIRS}", f"/cases/{THEIRS}/decide", f"/cases/{THEIRS}/ask"):
        text = Browser(officers.all, language).get(path).content.decode()
        assert "<script>" not in text
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", text), path
    assert '<span class="odd">U+202E</span>' in text


@pytest.mark.parametrize("follows", ["x", "../../cases", THEIRS, "VN-2026-۰۰۰۱", HOSTILE, "VN-2026-0099"])
def test_what_a_foreign_request_follows_stops_no_page(node, officers, peer, at, follows):
    """Whatever another State wrote there, the pages open; only what looks like a reference becomes a link."""
    envelope, _ = peer.asks(peers.request(follows=follows))
    peers.arrive(node, envelope, at)
    if not models.Case.objects.exists():
        return  # refused when it came in
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    for path in ("/cases", f"/cases/{THEIRS}", f"/cases/{THEIRS}/decide", f"/cases/{THEIRS}.json"):
        assert Browser(officers.all, "fa").get(path).status_code == 200


# ---- drafting -------------------------------------------------------------------------------------------------


def test_a_draft_is_saved_as_meant(node, officers, peer):
    """Every field of the form reaches the request; the answer leads to the case."""
    answer = Browser(officers.drafter).post("/cases/new/preservation", reference=OURS, **FORM)
    assert (answer.status_code, answer["Location"]) == (303, f"/cases/{OURS}")
    found = reading.case(node, OURS).request
    assert (found.offence.code, found.offence.max_penalty_months, found.conducting.name) == ("uncc:13", 60, "N. N.")
    assert (found.accounts[0].port, found.accounts[0].at.isoformat()) == (50122, "2026-11-17T21:14:05+03:30")
    assert (found.exercise, found.intends_request, len(found.accounts)) == (True, True, 1)


def test_a_free_reference_is_proposed(officers, drafted):
    """The form proposes the next reference; one that is taken is refused and does not touch the case that has it."""
    browser = Browser(officers.drafter)
    assert 'value="IR-2026-0002"' in browser.text("/cases/new/preservation")
    before = saved()
    answer = browser.post("/cases/new/preservation", reference=OURS, **FORM)
    assert answer.status_code == 422
    assert str(texts.TEXTS["case.exists"]) in answer.content.decode()
    assert 'value="IR-2026-0002"' in answer.content.decode()
    assert saved() == before


def test_solar_hijri_dates_on_persian_pages(node, officers, peer):
    """On Persian pages a year of 1300 to 1500 means Solar Hijri, in digits of either script."""
    form = FORM | {"offence.committed_on": "۱۴۰۵/۰۸/۱۲", "period_from": "1405-08-12", "period_to": "2026-11-17"}
    assert Browser(officers.drafter, "fa").post("/cases/new/preservation", reference=OURS, **form).status_code == 303
    found = reading.case(node, OURS).request
    assert found.offence.committed_on == found.period_from == date(2026, 11, 3)
    assert found.period_to == date(2026, 11, 17)
    text = Browser(officers.drafter, "fa").text(f"/cases/{OURS}/draft")
    assert 'value="۱۴۰۵/۰۸/۱۲"' in text
    assert "۳ نوامبر ۲۰۲۶ (۱۲ آبان ۱۴۰۵)" in text


@pytest.mark.parametrize(
    ("field", "value", "language", "code"),
    [
        ("period_from", "2026-02-30", "en", "date.none"),
        ("period_from", "1404/12/30", "fa", "date.none"),
        ("period_from", "1404/12/30", "en", "date.year"),
        ("period_from", "17.11.2026", "en", "date.form"),
        ("period_from", "2026-11-17T10:00", "en", "date.form"),
        ("deadline", "soon", "fa", "date.form"),
        ("offence.max_penalty_months", "five years", "en", "form.number"),
        ("offence.max_penalty_months", "9999", "en", "request.penalty"),
        ("offence.code", "uncc:99", "en", "request.offence"),
        ("scope", "Z", "en", "form.choice"),
        ("urgency", "", "en", "form.choice"),
        ("requested", "", "en", "request.state"),
        ("requested", "FR", "en", "peer.unknown"),
        ("requested", "IR", "en", "peer.unknown"),
        ("basis", "<script>", "en", "law.basis"),
        ("reference", "VN-2026-0001", "en", "request.reference"),
        ("reference", "1", "en", "request.reference"),
        ("accounts-0-at", "2026-11-17 21:14:05", "en", "request.time-zone"),
        ("accounts-0-at", "yesterday", "en", "date.moment"),
        ("accounts-0-at", "2026-11-17 25:14 +03:30", "en", "date.none"),
        ("accounts-0-port", "70000", "en", "request.port"),
        ("accounts-0-kind", "pigeon", "en", "form.choice"),
        ("facts", "x" * 20_001, "en", "request.too-long"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(node, officers, peer, field, value, language, code):
    """A bad value gives a sentence beside its field; what was typed is kept; nothing is saved."""
    form = {"reference": OURS} | FORM | {field: value, "authority": "An authority typed with care"}
    answer = Browser(officers.drafter, language).post("/cases/new/stored-data", **form)
    if code == "law.basis":  # only the check finds that there is no such book; a draft may wait for one
        assert answer.status_code == 303
        return
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    with override(language):
        assert str(texts.TEXTS[code]) in text
    assert "An authority typed with care" in text
    assert value[:100] in text or not value or field in ("requested", "scope", "offence.code", "accounts-0-kind")
    assert 'class="note bad top-note"' in text
    assert saved() == 0


def test_the_period_ends_after_it_begins(node, officers, peer):
    """Faults that only the request as a whole shows are said at their field too."""
    form = FORM | {"period_from": "2026-11-17", "period_to": "2026-11-03"}
    answer = Browser(officers.drafter).post("/cases/new/preservation", reference=OURS, **form)
    assert answer.status_code == 422
    assert str(texts.TEXTS["request.period"]) in answer.content.decode()


def test_looking_saves_nothing_and_names_what_is_missing(node, officers, peer):
    """The side panel shows the law's findings for what stands in the form; nothing is written."""
    answer = Browser(officers.drafter).post(
        "/cases/new/preservation", look="1", reference=OURS, **(FORM | {"purpose": "", "facts": ""})
    )
    text = answer.content.decode()
    assert (answer.status_code, saved()) == (200, 0)
    assert 'href="#f-purpose"' in text
    assert 'href="#f-facts"' in text
    assert 'href="#f-authority"' not in text


@pytest.mark.parametrize(
    ("field", "value", "at_field"),
    [
        ("authority", "x" * 1_001, "authority"),
        ("rights", "x" * 20_001, "rights"),
        ("offence.label", "x" * 1_001, "offence-label"),
        ("conducting.contact", "x" * 1_001, "conducting-contact"),
        ("accounts-0-value", "x" * 1_001, "accounts"),
        ("persons-0-name", "x" * 1_001, "persons"),
    ],
)
def test_what_is_too_long_is_said_at_its_field(officers, peer, field, value, at_field):
    """A draft that nobody could read again is not saved; the form says where it is too long and keeps it."""
    form = FORM | {field: value}
    answer = Browser(officers.drafter).post("/cases/new/stored-data", reference=OURS, **form)
    text = answer.content.decode()
    assert (answer.status_code, saved(), models.Case.objects.count()) == (422, 0, 0)
    assert f'<a href="#f-{at_field}">' in text
    assert str(texts.TEXTS["request.too-long"]) in html.unescape(text)
    assert value[:1_000] in text


def test_everything_that_is_wrong_is_said_at_once(officers, peer):
    """A date that cannot be read does not hide that another text is too long; what was chosen is kept."""
    form = FORM | {"reference": OURS, "deadline": "soon", "authority": "x" * 1_001, "follows": "IR-2026-0099"}
    text = Browser(officers.drafter).post("/cases/new/stored-data", **form).content.decode()
    assert '<a href="#f-deadline">' in text
    assert '<a href="#f-authority">' in text
    assert '<option value="IR-2026-0099" selected>' in text


def test_two_hundred_accounts_are_kept(node, officers, peer, at):
    """The form shows and keeps as many rows as a request may have; one more is refused, not lost."""
    rows = {f"accounts-{number}-value": f"a{number}@mail.example" for number in range(201)}
    rows |= {f"accounts-{number}-kind": "email" for number in range(201)}
    form = {name: value for name, value in FORM.items() if not name.startswith("accounts")} | rows
    assert Browser(officers.drafter).post("/cases/new/stored-data", reference=OURS, **form).status_code == 422
    del form["accounts-200-value"]
    assert Browser(officers.drafter).post("/cases/new/stored-data", reference=OURS, **form).status_code == 303
    assert reading.case(node, OURS).request.accounts[199] == Account("email", "a199@mail.example")


def test_a_request_follows_a_case_that_is_there(officers, drafted):
    """A reference in the address bar or form that names no case between the two is refused at its field."""
    for follows in ("x", "IR-2026-0099", "VN-2026-0001"):
        answer = Browser(officers.drafter).post(
            "/cases/new/stored-data", **(FORM | {"reference": "IR-2026-0002", "follows": follows})
        )
        assert answer.status_code == 422
        assert '<a href="#f-follows">' in answer.content.decode()
        assert Browser(officers.drafter).get(f"/cases/new/stored-data?follows={follows}").status_code in (200, 422)
    form = FORM | {"reference": "IR-2026-0002", "follows": OURS}
    assert Browser(officers.drafter).post("/cases/new/stored-data", **form).status_code == 303


def test_text_with_markup_comes_back_as_typed(node, officers, peer):
    """What is shown again in a form is escaped."""
    form = FORM | {"facts": "</textarea><script>alert(1)</script>", "authority": '"><img src=x onerror=alert(1)>'}
    text = Browser(officers.drafter).post("/cases/new/preservation", look="1", reference=OURS, **form).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_a_draft_can_be_changed_but_not_turned_into_another_case(officers, drafted):
    """Reference and State of a draft stay, whatever is posted."""
    form = FORM | {"reference": "IR-2026-0009", "requested": "QA", "facts": "Other facts."}
    answer = Browser(officers.drafter).post(f"/cases/{OURS}/draft", **form)
    assert answer.status_code == 303
    assert models.Case.objects.count() == 1
    assert "Other facts." in Browser(officers.drafter).text(f"/cases/{OURS}")


@given(st.dates(date(1921, 3, 21), date(2121, 3, 20)))
def test_solar_hijri_there_and_back(day):
    """Every day that is written in Solar Hijri is read as the same day."""
    assert almanac.parse_day(almanac.day_typed(day, "fa"), where="", language="fa") == day
    assert almanac.parse_day(day.isoformat(), where="", language="en") == day


def test_leap_years_of_the_solar_hijri_calendar():
    """1403 has a 30 Esfand; 1404 has none."""
    assert almanac.parse_day("1403/12/30", where="", language="fa") == date(2025, 3, 20)
    with pytest.raises(Invalid):
        almanac.parse_day("1404/12/30", where="", language="fa")


ODD = (date.min, date(621, 3, 21), date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31))


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("day", ODD)
def test_no_date_stops_a_page(day, language):
    """What another State may once have said is shown in ISO where a calendar ends; nothing raises."""
    assert almanac.day_words(day, language) == day.isoformat()
    assert almanac.day_typed(day, language)
    assert almanac.solar_words(day)
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Etc/GMT+12"), ZoneInfo("Asia/Tehran")):
        for moment in (
            datetime.combine(day, datetime.min.time(), UTC),
            datetime.combine(day, datetime.max.time(), UTC),
        ):
            assert all(almanac.moment_parts(moment, zone, language))


@given(st.datetimes(timezones=st.timezones()), st.timezones())
def test_every_moment_can_be_shown(moment, zone):
    """Any moment in any zone, in both languages."""
    for language in ("en", "fa"):
        assert all(almanac.moment_parts(moment, zone, language))
        assert all((almanac.day_words(moment.date(), language), almanac.day_typed(moment.date(), language)))


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_foreign_date_stops_no_page(node, officers, peer, asked, at, day, language):
    """A request with a date of no usable year is refused when it comes in; the list opens for every reader."""
    raw = peers.request(reference="VN-2026-0002").to_dict() | {"deadline": day}
    envelope, _ = peer.say(Kind.REQUESTED, "VN-2026-0002", {"request": raw, "letter": ""})
    peers.arrive(node, envelope, at)
    assert not models.Case.objects.filter(pk="VN-2026-0002").exists()
    assert Browser(officers.all, language).get("/cases").status_code == 200


# ---- verbs, powers, four eyes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", sorted(_DO["requesting"]))
def test_without_powers_nothing_of_ours_moves(officers, drafted, verb):
    """An officer without powers sees the case, gets 403 for every verb, and nothing changes."""
    browser, before = Browser(officers.idle), saved()
    assert browser.get(f"/cases/{OURS}").status_code == 200
    assert browser.post(f"/cases/{OURS}/{verb}", reasons="x", note="x", despite="x").status_code in (403, 422)
    assert browser.get(f"/cases/{OURS}/{verb}").status_code in (403, 422)
    assert (saved(), models.Job.objects.count()) == (before, 0)


@pytest.mark.parametrize("verb", sorted(_DO["requested"]))
def test_without_powers_nothing_of_theirs_moves(node, officers, asked, verb):
    """The same on the requested side."""
    (node.intake / "data").write_bytes(b"x")
    given = {
        "questions": "x", "message": "x", "reasons": "x", "grounds": ["form"], "authority": "x", "decision": "x",
        "ground": "x", "scope": "x", "until": "2027-01-01", "provider": "x", "order": "x", "content": "x",
        "effected_at": "2026-11-01 10:00", "delivery": "data", "source": "x", "note": "x", "report": "x",
        "done_on": "2026-11-01", "rest": "", "use": "evidence", "recipient": "x",
        "deadline": "suggested@2027-01-01T20:29:59Z",
    }  # fmt: skip
    browser, before = Browser(officers.idle), saved()
    answer = browser.post(f"/cases/{THEIRS}/{verb}", **given)
    other_lives = {
        "preserve",
        "perform",
        "release",
        "disclose",
        "extend",
        "refuse-extension",
        "meet",
        "escalate",
        "waive",
    }
    assert answer.status_code == (422 if verb in other_lives else 403)  # no act of this case, or about nothing
    assert (saved(), models.Job.objects.count(), models.Departure.objects.count()) == (before, 0, 0)


def test_nobody_approves_his_own_draft(node, officers, peer, at):
    """Not even an officer with every power; another one can, and then it leaves."""
    what = peers.request(
        reference=OURS, requesting="IR", requested="VN", measure=Measure.PRESERVATION, intends_request=True
    )
    requesting.draft(node, what, officer=officers.all, at=at)
    requesting.check(node, OURS, officer=officers.all, at=at)
    before, browser = saved(), Browser(officers.all)
    assert str(texts.TEXTS["case.four-eyes"]) in browser.text(f"/cases/{OURS}")
    answer = browser.post(f"/cases/{OURS}/approve", despite="")
    assert (answer.status_code, saved()) == (403, before)
    assert str(texts.TEXTS["case.four-eyes"]) in answer.content.decode()
    assert browser.get(f"/cases/{OURS}.json").json()["next"] == ["drafted", "discarded", "checked"]
    second = Browser(officers.approver)
    assert second.post(f"/cases/{OURS}/approve", despite="").status_code == 303
    assert second.post(f"/cases/{OURS}/send").status_code == 303
    assert models.Departure.objects.count() == 1


def test_what_waits_for_the_other_node_is_not_an_error_of_the_officer(node, officers, drafted, at):
    """503 and what to do, nothing signed; the same form again does it once that node has said what it holds."""
    requesting.approve(node, OURS, despite="", officer=officers.approver, at=at)
    models.Talk.objects.update(settled=False)
    before, browser = saved(), Browser(officers.approver)
    answer = browser.post(f"/cases/{OURS}/send")
    assert (answer.status_code, saved(), models.Departure.objects.count()) == (503, before, 0)
    assert str(texts.TEXTS["conversation.unsettled"]) in html.unescape(answer.content.decode())
    models.Talk.objects.update(settled=True)
    assert browser.post(f"/cases/{OURS}/send").status_code == 303
    assert models.Departure.objects.count() == 1


def shown(browser, path) -> str:
    """The id of the last act that the form at `path` stands on."""
    found = set(re.findall(r'name="seen" value="([0-9a-f]{64})"', browser.text(path)))
    assert len(found) == 1, path
    return found.pop()


def test_nobody_approves_what_he_did_not_see(node, officers, drafted, at):
    """The draft changed after the approver's page was shown: he is told, what he wrote is kept, and then he may."""
    browser = Browser(officers.approver)
    seen = shown(browser, f"/cases/{OURS}/approve")
    changed = replace(reading.case(node, OURS).request, facts="Something else.")
    requesting.draft(node, changed, officer=officers.drafter, at=at)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    before = saved()
    answer = browser.post(f"/cases/{OURS}/approve", despite="For a reason.", seen=seen)
    text = html.unescape(answer.content.decode())
    assert (answer.status_code, saved()) == (422, before)
    for part in (str(texts.TEXTS["case.changed"]), "For a reason.", "Something else."):
        assert part in text
    again = re.search(r'name="seen" value="([0-9a-f]{64})"', text)[1]
    assert again == reading.case(node, OURS).acts[-1].id
    assert browser.post(f"/cases/{OURS}/approve", despite="For a reason.", seen=again).status_code == 303


def test_a_form_stands_on_what_it_first_showed(node, officers, drafted, at):
    """Looking, or a fault in the form, does not make a drafter take over changes that he never read."""
    browser = Browser(officers.drafter)
    seen = shown(browser, f"/cases/{OURS}/draft")
    requesting.draft(node, replace(reading.case(node, OURS).request, facts="Others’."), officer=officers.all, at=at)
    for form in (FORM | {"look": "1"}, FORM | {"deadline": "soon"}):
        text = browser.post(f"/cases/{OURS}/draft", **(form | {"seen": seen})).content.decode()
        assert f'name="seen" value="{seen}"' in text
    answer = browser.post(f"/cases/{OURS}/draft", **(FORM | {"facts": "Mine.", "seen": seen}))
    assert answer.status_code == 422
    assert str(texts.TEXTS["case.changed"]) in html.unescape(answer.content.decode())
    assert "Mine." in answer.content.decode()
    assert reading.case(node, OURS).request.facts == "Others’."


@pytest.mark.parametrize("verb", ["ask", "consult", "decide", "assess"])
def test_every_form_says_what_it_stands_on(node, officers, asked, at, verb):
    """The forms of the requested side too; a decision on a request that was withdrawn meanwhile says so."""
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    browser = Browser(officers.decider)
    seen = shown(browser, f"/cases/{THEIRS}/{verb}")
    first = reading.case(node, THEIRS).acts[0].id
    envelope, _ = peers.Peer("VN", node).say(Kind.WITHDRAWN, THEIRS, {"reasons": "x"}, after=first)
    peers.arrive(node, envelope, at)
    verb = "accept" if verb == "decide" else verb
    given = {"questions": "x", "message": "x", "reasons": "Because.", "conditions": ""}
    text = browser.post(f"/cases/{THEIRS}/{verb}", seen=seen, **given).content.decode()
    assert str(texts.TEXTS["case.changed"]) in html.unescape(text)


def test_a_draft_is_discarded_with_a_reason(officers, drafted):
    """The page of a draft offers it aside; the reason stands in the history; nobody's move is left."""
    browser = Browser(officers.drafter)
    assert f'href="/cases/{OURS}/discard"' in browser.text(f"/cases/{OURS}")
    assert browser.post(f"/cases/{OURS}/discard", reasons="").status_code == 422
    assert browser.post(f"/cases/{OURS}/discard", reasons="Settled otherwise.").status_code == 303
    text = browser.text(f"/cases/{OURS}")
    for part in ("Settled otherwise.", "Draft discarded", "Nobody’s move", "Discarded. Nothing was sent."):
        assert part in text
    assert (models.Departure.objects.count(), browser.get(f"/cases/{OURS}.json").json()["next"]) == (0, [])
    assert OURS not in browser.text("/cases/new/stored-data")


def test_what_is_open_is_offered(node, officers, asked, at):
    """The authorisation, the disclosure, doing it again: the pages offer what the table allows, and no dead buttons."""
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    requested.accept(node, THEIRS, conditions=[], reasons="x", officer=officers.decider, at=at)
    judge, decider = Browser(officers.judge), Browser(officers.decider)
    assert "authorised" in judge.get(f"/cases/{THEIRS}.json").json()["next"]
    assert 'name="decision"' in judge.text(f"/cases/{THEIRS}/authorise")
    grant = {"authority": "Court", "decision": "1", "ground": "x", "scope": "x", "until": "2099-01-01"}
    assert judge.post(f"/cases/{THEIRS}/authorise", **grant).status_code == 303
    order = {"provider": "Provider", "order": "1", "content": "x"}
    assert decider.post(f"/cases/{THEIRS}/order", **order).status_code == 303
    assert {"consulted", "ordered", "executed"} <= set(decider.get(f"/cases/{THEIRS}.json").json()["next"])
    assert judge.post(f"/cases/{THEIRS}/authorise", **grant).status_code == 303
    states = {mark.kind: mark.state for mark in moves.walk(node, reading.case(node, THEIRS))}
    assert (states["authorised"], states["ordered"]) == ("done", "now")
    assert decider.post(f"/cases/{THEIRS}/consult", message="x").status_code == 303
    text = decider.text(f"/cases/{THEIRS}/refuse")
    assert 'value="essential-interests"' in text
    assert 'id="choice-accept"' not in text  # decided already: only what the case is ready for


def test_leaving_despite_a_failed_finding_needs_a_reason(node, officers, peer, at):
    """The approval form asks for the reason and keeps it in the history."""
    what = peers.request(
        reference=OURS, requesting="IR", requested="VN", measure=Measure.PRESERVATION, intends_request=True, purpose=""
    )
    requesting.draft(node, what, officer=officers.drafter, at=at)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    browser = Browser(officers.approver)
    answer = browser.post(f"/cases/{OURS}/approve", despite="  ")
    assert answer.status_code == 422
    assert str(texts.TEXTS["case.despite"]) in answer.content.decode()
    assert browser.post(f"/cases/{OURS}/approve", despite="It will follow tomorrow.").status_code == 303
    assert "It will follow tomorrow." in browser.text(f"/cases/{OURS}")


def test_a_decision_stands_beside_the_findings(officers, asked):
    """The decision form shows the findings, says who decides, and closes refusal until there was a consultation."""
    browser = Browser(officers.decider)
    assert browser.post(f"/cases/{THEIRS}/accept", conditions="", reasons="x").status_code == 422  # assess first
    assert browser.post(f"/cases/{THEIRS}/assess").status_code == 303
    text = browser.text(f"/cases/{THEIRS}/decide")
    assert "The machine assesses. You decide." in text
    assert str(texts.TEXTS["case.consult"]) in text
    assert 'name="grounds"' not in text
    answer = browser.post(f"/cases/{THEIRS}/refuse", grounds=["essential-interests"], reasons="x")
    assert answer.status_code == 422
    browser.post(f"/cases/{THEIRS}/consult", message="Could it be narrowed?")
    text = browser.text(f"/cases/{THEIRS}/decide")
    assert 'value="essential-interests"' in text
    for forbidden in ("fiscal", "bank-secrecy", "ongoing-case"):
        assert f'value="{forbidden}"' not in text
        assert browser.post(f"/cases/{THEIRS}/refuse", grounds=[forbidden], reasons="x").status_code == 422
    assert browser.post(f"/cases/{THEIRS}/refuse", grounds=["essential-interests"], reasons="").status_code == 422
    assert (
        browser.post(f"/cases/{THEIRS}/refuse", grounds=["essential-interests"], reasons="Because.").status_code == 303
    )


def test_conditions_come_from_boxes_and_lines(node, officers, asked, at):
    """Chosen texts and written lines together are the conditions, one each; the page of the case shows them."""
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    browser = Browser(officers.decider)
    answer = browser.post(
        f"/cases/{THEIRS}/accept", conditions=["Only here.", "First\r\n\r\n  Second  "], reasons="Complete."
    )
    assert answer.status_code == 303
    assert reading.case(node, THEIRS).last(Kind.ACCEPTED).body["conditions"] == ["Only here.", "First", "Second"]
    assert "Conditions of use" in browser.text(f"/cases/{THEIRS}")


def test_questions_are_prepared_from_what_failed(node, officers, peer, at):
    """The form to ask is filled with the failed findings and their fields, in the language of the request."""
    envelope, _ = peer.asks(peers.request(purpose="", facts=""))
    peers.arrive(node, envelope, at)
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    text = Browser(officers.decider, "fa").text(f"/cases/{THEIRS}/ask")
    assert "Please state the purpose (Article 40(15)(g))." in text
    assert re.search(r'value="purpose" checked', text)
    assert not re.search(r'value="authority" checked', text)


def test_asked_fields_are_marked_when_answering(node, officers, drafted, peer, at):
    """The form to answer shows the questions and marks the fields that they are about."""
    requesting.approve(node, OURS, despite="", officer=officers.approver, at=at)
    requesting.send(node, OURS, officer=officers.approver, at=at)
    after = models.Act.objects.get(kind="requested").digest
    envelope, _ = peer.say(Kind.ASKED, OURS, {"questions": "Which days?", "fields": ["period_from"]}, after=after)
    peers.arrive(node, envelope, at)
    text = Browser(officers.drafter).text(f"/cases/{OURS}/amend")
    assert "Which days?" in text
    assert len(re.findall(r'class="field asked"', text)) == 1
    answer = Browser(officers.drafter).post(f"/cases/{OURS}/amend", **(FORM | {"period_from": "2026-09-01"}))
    assert answer.status_code == 303
    assert "Answer being drafted" in Browser(officers.drafter).text("/cases")


def test_the_authorisation_is_another_officers(node, officers, asked, at):
    """Who decided does not authorise; an expired authorisation is refused at its field."""
    requested.assess(node, THEIRS, officer=officers.all, at=at)
    requested.accept(node, THEIRS, conditions=[], reasons="x", officer=officers.all, at=at)
    given = {"authority": "Court", "decision": "1", "ground": "IR-CPC:671", "scope": "One mailbox."}
    assert Browser(officers.all).post(f"/cases/{THEIRS}/authorise", until="2099-01-01", **given).status_code == 403
    judge = Browser(officers.judge)
    for until in ("2020-01-01", "", "never"):
        answer = judge.post(f"/cases/{THEIRS}/authorise", until=until, **given)
        assert answer.status_code == 422
        assert "One mailbox." in answer.content.decode()
        assert 'aria-invalid="true"' in answer.content.decode()
    assert judge.post(f"/cases/{THEIRS}/authorise", until="2099-01-01", **given).status_code == 303


def test_work_is_ordered_and_shown(node, officers, asked, at):
    """Taking a delivery in becomes a job that the page shows and refreshes for; a second order is refused."""
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    requested.accept(node, THEIRS, conditions=[], reasons="x", officer=officers.decider, at=at)
    until = at.date() + timedelta(days=9)
    requested.authorise(node, THEIRS, authority="Court", decision="1", ground="x", scope="x", until=until,
                        officer=officers.judge, at=at)  # fmt: skip
    requested.order(node, THEIRS, provider="Provider", order="1", content="x", officer=officers.decider, at=at)
    (node.intake / "delivery").write_bytes(b"data")
    browser = Browser(officers.decider)
    assert "delivery" in browser.text(f"/cases/{THEIRS}/execute")
    assert browser.post(f"/cases/{THEIRS}/execute", delivery="../../etc", source="x").status_code == 422
    assert browser.post(f"/cases/{THEIRS}/execute", delivery="delivery", source="Provider").status_code == 303
    text = browser.text(f"/cases/{THEIRS}")
    assert 'http-equiv="refresh"' in text
    assert "<progress" in text
    assert 'http-equiv="refresh"' not in browser.text(f"/cases/{THEIRS}?refresh=off")
    assert browser.post(f"/cases/{THEIRS}/execute", delivery="delivery", source="Provider").status_code == 422
    found = browser.get(f"/cases/{THEIRS}.json").json()
    assert [(job["kind"], job["status"]) for job in found["jobs"]] == [("take-in", "waiting")]
    assert "executed" not in found["next"]


# ---- what is shown --------------------------------------------------------------------------------------------


def test_the_machine_reads_the_same_case(officers, drafted, asked):
    """The JSON twin: stage, acts with their places, what this officer may do, deliveries."""
    found = Browser(officers.drafter).get(f"/cases/{OURS}.json").json()
    assert (found["stage"], found["side"], found["exercise"], found["next"]) == (
        "draft",
        "requesting",
        True,
        ["drafted", "discarded", "checked"],
    )
    assert [(act["kind"], act["by"], act["officer"], act["receipt"]) for act in found["acts"]] == [
        ("drafted", "IR", "drafter", None), ("checked", "IR", "drafter", None),
    ]  # fmt: skip
    assert all(isinstance(act["entry"], int) and len(act["id"]) == 64 for act in found["acts"])
    theirs = Browser(officers.decider).get(f"/cases/{THEIRS}.json").json()
    assert (theirs["stage"], theirs["side"], theirs["turn"]) == ("open", "requested", "ours")
    assert theirs["acts"][0]["arrived"]
    assert Browser(officers.decider).get("/cases/QA-2026-0001.json").status_code == 404


def test_work_never_seems_to_be_gone(node, officers, drafted, at, monkeypatch):
    """Work that ends while the twin is being read shows as still going on or as its act, never as neither."""
    models.Job.objects.create(kind="verify", case_id=OURS, made_at=at, next_at=at)
    real = reading.case

    def slow(*args):
        models.Job.objects.update(status="done")
        return real(*args)

    monkeypatch.setattr(reading, "case", slow)
    found = Browser(officers.all).get(f"/cases/{OURS}.json").json()
    assert [job["status"] for job in found["jobs"]] == ["waiting"]


@pytest.mark.parametrize(
    "path", ["/cases/QA-2026-0001", f"/cases/{THEIRS}/draft", f"/cases/{THEIRS}/send", f"/cases/{THEIRS}/fly"]
)
def test_what_is_not_there_is_not_found(officers, asked, path):
    """An unknown case, a verb of the other side, an unknown verb."""
    assert Browser(officers.all).get(path).status_code == 404


def test_the_list_names_what_matters(node, officers, drafted, asked, at):
    """Both lists, whose move it is, and the clock of a preservation with its due day."""
    envelope, _ = peers.Peer("VN", node).asks(peers.request(reference="VN-2026-0002", measure=Measure.PRESERVATION))
    peers.arrive(node, envelope, at)
    requested.assess(node, "VN-2026-0002", officer=officers.decider, at=at)
    requested.accept(node, "VN-2026-0002", conditions=[], reasons="x", officer=officers.decider, at=at)
    requested.order(node, "VN-2026-0002", provider="P", order="1", content="x", officer=officers.decider, at=at)
    requested.preserve(node, "VN-2026-0002", effected_at=at - timedelta(days=50), officer=officers.decider, at=at)
    text = Browser(officers.all).text("/cases")
    for reference in (OURS, THEIRS, "VN-2026-0002"):
        assert f'href="/cases/{reference}"' in text
    assert "Our move" in text
    assert re.search(r"\b(9|10) days left", text)
    assert 'class="pill warning"' in text


def test_a_preservation_is_held_while_a_request_for_the_data_is_undecided(node, officers, drafted, peer, at):
    """Article 42(8): once the linked request is there, the list says held."""
    envelope, _ = peer.asks(peers.request(reference="VN-2026-0002", measure=Measure.PRESERVATION))
    peers.arrive(node, envelope, at)
    requested.assess(node, "VN-2026-0002", officer=officers.decider, at=at)
    requested.accept(node, "VN-2026-0002", conditions=[], reasons="x", officer=officers.decider, at=at)
    requested.order(node, "VN-2026-0002", provider="P", order="1", content="x", officer=officers.decider, at=at)
    requested.preserve(node, "VN-2026-0002", effected_at=at, officer=officers.decider, at=at)
    browser = Browser(officers.all)
    assert 'class="pill held"' not in browser.text("/cases")
    envelope, _ = peer.asks(peers.request(reference="VN-2026-0003", follows="VN-2026-0002"))
    peers.arrive(node, envelope, at)
    assert 'class="pill held"' in browser.text("/cases")
    assert browser.get("/cases/VN-2026-0002.json").json()["clocks"][0]["held"]
    requested.assess(node, "VN-2026-0003", officer=officers.decider, at=at)
    requested.accept(node, "VN-2026-0003", conditions=[], reasons="x", officer=officers.decider, at=at)
    assert 'class="pill held"' not in browser.text("/cases")


def test_trouble_is_shown(node, officers, drafted, peer, at):
    """Deliveries without receipt, refused arrivals, things turned away and failed jobs stand on the first page."""
    requesting.approve(node, OURS, despite="", officer=officers.approver, at=at)
    requesting.send(node, OURS, officer=officers.approver, at=at)
    browser = Browser(officers.approver)
    assert "Needs attention" not in browser.text("/cases")
    departure = models.Departure.objects.get()
    talk = crossing.conversation(node, "VN")
    offer = Offer((Item(departure.number, archive.sealed(departure)),))
    for _ in range(20):
        talk.failed(offer, Failure("door.full <b>", reached=True), at.timestamp())
    peers.arrive(node, b"garbage", at)
    crossing.turn_away(code="hop.missing", reason="none", head=b"", size=7, path="/messages", at=at)
    text = browser.get("/cases").content.decode()
    for part in (
        "Deliveries in trouble", "19 attempts", "Send it again", "Messages refused after they arrived",
        "1 thing turned away", str(texts.TEXTS["hop.missing"]),
    ):  # fmt: skip
        assert part in text
    assert "door.full <b>" not in text
    again = f"/deliveries/{departure.digest}/again"
    assert Browser(officers.idle).post(again).status_code == 403
    assert browser.post(again).status_code == 303
    departure.refresh_from_db()
    assert (departure.stage, departure.attempts) == ("relay", 0)
    assert "Send it again" not in browser.text("/cases")
    assert browser.post(again).status_code == 422  # it is on its way


def test_the_history_says_where_each_act_is_remembered(node, officers, asked, at):
    """Each act with its place in this node's log; foreign acts with arrival, own crossing acts with delivery."""
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    requested.ask(node, THEIRS, questions="Which days?", fields=["period_from"], officer=officers.decider, at=at)
    text = Browser(officers.decider).text(f"/cases/{THEIRS}")
    assert "Request received" in text
    assert "Arrived" in text
    entry = models.Arrival.objects.get().entry
    assert f"Entry {entry} of our log." in text
    assert "On its way." in text
    assert "Foreign officer" in text


def test_the_letter_can_be_seen_before_it_is_sent(officers, drafted, asked):
    """The requesting side sees the letter as it would be; the requested side has none."""
    answer = Browser(officers.drafter).get(f"/cases/{OURS}/letter.pdf")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"
    assert Browser(officers.decider).get(f"/cases/{THEIRS}/letter.pdf").status_code == 422


def test_the_content_key_needs_its_power(officers, asked):
    """No key by GET, none without the power, none where no evidence came back."""
    assert Browser(officers.drafter).get(f"/cases/{THEIRS}/evidence.key").status_code == 405
    assert Browser(officers.approver).post(f"/cases/{THEIRS}/evidence.key").status_code == 403
    assert Browser(officers.drafter).post(f"/cases/{THEIRS}/evidence.key").status_code == 422
    assert Browser(officers.drafter).get(f"/cases/{THEIRS}/evidence.asice").status_code == 422


def test_the_case_can_be_carried_away(officers, asked):
    """The export is one file, given as such; an officer without any power looks, but does not carry away."""
    assert Browser(officers.idle).get(f"/cases/{THEIRS}/export").status_code == 403
    answer = Browser(officers.decider).get(f"/cases/{THEIRS}/export")
    assert b"".join(answer.streaming_content).startswith(b"PK")
    assert "attachment" in answer["Content-Disposition"]


def test_the_states_page(node, officers, peer):
    """Own fingerprint and log head, and each pinned State with its own."""
    text = Browser(officers.idle).text("/directory")
    for part in peer.entry.fingerprint.split():
        assert f"<span>{part}</span>" in text
    assert "State VN" in text
    assert peer.entry.address in text


# ---- every kind and stage -------------------------------------------------------------------------------------


def reachable() -> set[tuple[str, Stage]]:
    """(side, stage) of every stage that the table leads to."""
    other = {"requesting": "requested", "requested": "requesting"}
    found = {("requesting", Stage.NEW)}
    for step in TABLE:
        found |= {(step.side, stage) for stage in step.own.values()}
        found |= {(other[step.side], stage) for stage in step.seen.values()}
    return found


def measures_at(side: str, stage: Stage) -> set[Measure]:
    """The measures whose cases can come to `stage` at `side`."""
    found = set()
    for step in TABLE:
        ends = step.own if step.side == side else step.seen
        if stage in ends.values() or stage is Stage.NEW:
            found |= step.measures
    return found


@pytest.mark.parametrize(("side", "stage"), sorted(reachable()))
def test_every_stage_has_words(side, stage):
    """Each stage that a case of a measure can reach is called something, and whose move it is follows from the table."""
    assert {stage for _, stage in reachable()} == set(Stage)
    for measure in measures_at(side, stage):
        case = Case("IR-2026-0001", "IR", "VN", measure, stage)
        assert not isinstance(acts.standing(case, side), str), "no word"
        goes_on = any(step.side == side and stage in step.own and measure in step.measures for step in TABLE)
        assert acts.turn(case, side) != "ours" or goes_on, measure
    assert acts.turn(Case("IR-2026-0001", "IR", "VN", Measure.SERVICE, Stage.DISCARDED), "requesting") == "nobodys"


SAID = {
    "reasons": "reasons-said", "despite": "despite-said", "questions": "questions-said", "fields": ["facts"],
    "message": "message-said", "conditions": ["condition-said"], "grounds": ["ground-said"], "authority": "authority-said",
    "decision": "decision-said", "ground": "provision-said", "scope": "scope-said", "until": "2027-01-01T00:00:00Z",
    "provider": "provider-said", "order": "order-said", "content": "content-said", "effected_at": "2026-11-01T00:00:00Z",
    "note": "note-said", "files": 3, "bytes": 4_000, "size": 5_000, "container": "0" * 64, "manifest": "1" * 64,
    "letter": "", "request": {"facts": "x"}, "assessment": {"findings": []}, "report": "report-said",
    "rest": "rest-said", "done_on": "2026-11-01", "clock": "suggested", "due": "2026-11-01T00:00:00Z",
    "recipient": "recipient-said", "state": "VN", "purpose": "purpose-said", "use": "intelligence", "leave": OURS,
    "leave_head": "2" * 64, "person": "person-said", "told_at": "2026-11-01T00:00:00Z", "days": 3, "agreed": "agreed-said",
    "since": "2026-11-01T00:00:00Z", "how": "left", "ended_at": "2026-11-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_known(node, officers, drafted, at, kind):
    """Each kind of act has a heading, a verb with its words, a probe, and a sentence that tells what was said."""
    verb = moves.VERB[kind]
    assert moves.KIND[verb] is kind
    assert all(str(table[verb]) for table in (acts.VERBS, acts.VERB_HELP, acts.VERB_DONE))
    assert str(acts.KINDS[str(kind)])
    assert verb in {"draft", "amend"} or any(verb in verbs for verbs in _DO.values())
    probe = moves._probe(kind, reading.case(node, OURS), at)
    act = peers.Peer("VN", node).act(kind, OURS, probe)  # its form is checked when it is made
    shown = {name: SAID[name] for name in act.body if (kind, name) != (Kind.DISCLOSED, "conditions")}  # the decision's
    line = {"counts": {"failed": 1}, "changed": ["facts"]}
    text = render_to_string(
        "_said.html", {"act": replace_body(kind, shown), "line": line, "case": reading.case(node, OURS)}
    )
    for name, value in shown.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item.endswith("-said"):
                assert item in text, name
    assert "said" in text or {"request", "assessment"} & set(shown) or re.search("[0-9]|compared|announced", text)


def replace_body(kind, body):
    """What a template sees of an act, with any body."""
    return {"kind": str(kind), "body": body}


def test_an_error_of_every_kind_finds_its_input():
    """Errors name their place as ``kind.field``; each input of a verb is found by the field alone."""
    for verb, asked in inputs.INPUTS.items():
        for item in asked:
            assert (
                answers.problem(Invalid("", code="act.empty", where=f"{moves.KIND[verb]}.{item.name}")).where
                == item.name
            )


@pytest.mark.parametrize("measure", list(Measure))
def test_the_steps_of_a_case_are_called_something(node, measure):
    """Every step on the line across the page, also those that end a case early; it begins and ends where it should."""
    assert all(str(acts.WALK_WORDS[kind]) for walk in acts.WALKS.values() for kind in walk)
    assert all(str(acts.WALK_WORDS[kind]) for kind in ("refused", "withdrawn", "discarded"))
    for parties in (("IR", "VN"), ("VN", "IR")):
        kinds = [mark.kind for mark in moves.walk(node, Case("IR-2026-0001", *parties, measure))]
        assert kinds[-1] == "closed"
        assert {"evidence": "disclosed", "deed": "performed", "hold": "preserved"}.get(
            LIVES[measure], "accepted"
        ) in kinds


# ---- clocks, other States, caches -----------------------------------------------------------------------------


def preserving(node, officers, peer, at, **changed) -> str:
    """A preservation of Viet Nam's that was ordered; its reference."""
    what = peers.request(**({"reference": "VN-2026-0002", "measure": Measure.PRESERVATION} | changed))
    peers.arrive(node, peer.asks(what)[0], at)
    requested.assess(node, what.reference, officer=officers.decider, at=at)
    requested.accept(node, what.reference, conditions=[], reasons="x", officer=officers.decider, at=at)
    requested.order(node, what.reference, provider="P", order="1", content="x", officer=officers.decider, at=at)
    return what.reference


def test_preservation_without_a_period_in_the_basis(node, officers, peer, at):
    """Under reciprocity the officer says until when, is asked for it, and the clock shows it."""
    reference, browser = preserving(node, officers, peer, at, basis="reciprocity"), Browser(officers.decider)
    assert 'name="until"' in browser.text(f"/cases/{reference}/preserve")
    local = at.astimezone(ZoneInfo("Asia/Tehran"))
    given = {"effected_at": f"{local - timedelta(hours=1):%Y-%m-%d %H:%M}"}
    answer = browser.post(f"/cases/{reference}/preserve", until="", **given)
    assert (answer.status_code, '<a href="#f-until">' in answer.content.decode()) == (422, True)
    until = (local + timedelta(days=90)).date()
    assert browser.post(f"/cases/{reference}/preserve", until=until.isoformat(), **given).status_code == 303
    assert reading.case(node, reference).last(Kind.PRESERVED).body["until"].startswith(until.isoformat())
    clock = browser.get(f"/cases/{reference}.json").json()["clocks"][0]
    assert (clock["kind"], clock["days_left"]) == ("preservation", 90)
    assert browser.get(f"/cases/{reference}").status_code == 200


def test_preservation_with_a_period_in_the_basis(node, officers, peer, at):
    """Under the Convention nobody is asked until when."""
    reference = preserving(node, officers, peer, at)
    assert 'name="until"' not in Browser(officers.decider).text(f"/cases/{reference}/preserve")


def test_a_suggested_deadline_ends_in_the_requested_state(node, officers, peer, at):
    """The last moment of the day is that of the State that acts."""
    day = at.date() + timedelta(days=20)
    what = peers.request(deadline=day, deadline_reason="A hearing.")
    peers.arrive(node, peer.asks(what)[0], at)
    due = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=ZoneInfo("Asia/Tehran"))
    assert deadlines.of(node, reading.case(node, THEIRS), at=at)[0].due == due


def test_a_third_state_holds_no_clock(node, officers, peer, at):
    """Whatever another State's request says that it follows, only one of the same two States holds the data."""
    reference, qatar = preserving(node, officers, peer, at), peers.pinned("QA", node, at)
    requested.preserve(node, reference, effected_at=at, officer=officers.decider, at=at)
    browser = Browser(officers.all)
    stranger = peers.request(reference="QA-2026-0001", requesting="QA", follows=reference)
    peers.arrive(node, qatar.asks(stranger)[0], at, "QA")
    assert models.Case.objects.filter(pk="QA-2026-0001").exists()
    assert not browser.get(f"/cases/{reference}.json").json()["clocks"][0]["held"]
    assert "QA-2026-0001" not in browser.text(f"/cases/{reference}")
    own = peers.request(reference="VN-2026-0003", follows=reference)
    peers.arrive(node, peer.asks(own)[0], at)
    assert browser.get(f"/cases/{reference}.json").json()["clocks"][0]["held"]


def test_no_cache_keeps_what_belongs_to_a_case(officers, drafted, asked):
    """Pages, the JSON twin, letter, export, refusals, redirects: none is stored; only assets are."""
    browser = Browser(officers.all)
    for path in (f"/cases/{OURS}", f"/cases/{OURS}.json", f"/cases/{OURS}/letter.pdf", f"/cases/{OURS}/draft", "/cases",
                 f"/cases/{THEIRS}/export", f"/cases/{THEIRS}/evidence.asice", "/cases/QA-2026-0001.json", "/"):  # fmt: skip
        answer = browser.get(path)
        b"".join(answer.streaming_content if answer.streaming else ())  # so that no file stays open
        assert answer["Cache-Control"] == "no-store", path
    for verb in ("approve", "check", "evidence.key"):
        assert browser.post(f"/cases/{OURS}/{verb}")["Cache-Control"] == "no-store"
    assert Browser().get(f"/cases/{OURS}")["Cache-Control"] == "no-store"
