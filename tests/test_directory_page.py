"""The directory page: what a State says, what this node makes of it, what others say; in English and Persian."""

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import peer as peers
import pytest
import segno
from browsing import HOSTILE, Browser
from directory_page import card, page
from django.utils import translation
from peer import Peer

from comity.casework.measure import Measure
from comity.errors import Invalid
from comity.node import models
from comity.node.desk import crossing, registry, requesting
from comity.node.officers.pages import directory
from comity.wire.directory import Authority, Purpose, read_entry, sign_entry
from comity.wording import aloud

TOKYO = Authority(
    "contact", {"en": "Night desk", "fa": "میز شب"}, ("ja", "en"), "Asia/Tokyo", "+81 3 0000 0000", ("41",)
)


def pinned(node, at, state="VN", **changes) -> Peer:
    """A State whose first entry, changed like this, is pinned at the node under test."""
    found = Peer(state, node)
    found.entry = replace(found.entry, **changes)
    found.entry_bytes = sign_entry(found.entry, found.signing)
    registry.pin(node, found.entry_bytes, fingerprint=found.entry.fingerprint, by="R. Rahimi", at=at)
    peers.settle(state)
    return found


def after(found: Peer, **changes) -> bytes:
    """The next version of its entry, signed."""
    entry = replace(found.entry, version=found.entry.version + 1, previous=found.entry.digest, **changes)
    return sign_entry(entry, found.signing)


def plain(text: str) -> str:
    """The words of a part of the page."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


# --------------------------------------------------------------------------------------------------- the fingerprint


@pytest.mark.parametrize("language", ["en", "fa"])
def test_a_fingerprint_stands_in_digits_in_words_and_as_a_code(node, officers, at, language):
    """All three say the same, in the language of the officer; the words carry their check."""
    found = pinned(node, at)
    shown = card(page(officers, language), "VN")
    mark = found.entry.fingerprint
    assert re.findall(r"<span>([0-9a-f]{4})</span>", shown) == mark.split()
    words = re.findall(r"<li(?: class=\"check\")?>(\w+)</li>", shown)
    assert aloud.from_spoken(words, language) == mark
    text = aloud.scanned("VN", mark)
    assert aloud.heard(text) == mark
    drawn = segno.make_qr(text, error="m").svg_inline(scale=4, border=4, omitsize=True, svgclass=None)
    assert drawn in shown


def test_this_nodes_own_entry_is_there_to_be_read_out(node, officers, peer):
    """Its own words and address come first, so that the other State's officer can compare them."""
    shown = card(page(officers), "own")
    own = peer.home_entry
    assert " ".join(re.findall(r"<span>([0-9a-f]{4})</span>", shown)) == own.fingerprint
    assert own.address in shown
    assert own.code in plain(shown)
    assert "Line to its node" not in shown


# ------------------------------------------------------------------------------------------------- how to reach it


@pytest.mark.parametrize(("language", "said"), [("en", "Now there: {day} "), ("fa", "اکنون در آنجا: ")])
def test_each_authority_has_the_time_that_it_is_there(node, officers, at, language, said):
    """Name, role, article, languages, how to reach it, and the day and time in its zone."""
    pinned(node, at, authorities=(TOKYO,))
    shown = plain(card(page(officers, language), "VN"))
    there = datetime.now(UTC) + timedelta(hours=9)
    assert said.format(day=f"{there:%A}") in shown
    assert "UTC+09:00" in shown
    assert "+81 3 0000 0000" in shown
    expected = ["Night desk", "24/7 point of contact", "Article 41", "Japanese"]
    if language == "fa":
        expected = ["میز شب", "نقطه تماس شبانه‌روزی", "ماده ۴۱", "ژاپنی"]
    assert [words for words in expected if words not in shown] == []


@pytest.mark.parametrize("moment", ["2026-03-29T00:30:00+00:00", "2026-03-29T01:30:00+00:00"])
def test_the_time_there_knows_summer(moment):
    """In the night in which Europe's clocks go forward, before and after."""
    at = datetime.fromisoformat(moment)
    with translation.override("en"):  # whatever the test before left
        found = directory._there("Europe/Vienna", at)
    assert found == (("Sunday 01:30", "UTC+01:00") if at.hour == 0 else ("Sunday 03:30", "UTC+02:00"))


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../../etc/passwd", "/etc/passwd", "a" * 500, "Asia/\x00"])
def test_a_zone_that_is_none_has_no_time(node, officers, at, zone):
    """A State may write what it likes: the page opens, and shows no time for it."""
    assert directory._there(zone, at) == ()
    if zone == "Mars/Base":
        pinned(node, at, authorities=(replace(TOKYO, zone=zone),))
        shown = plain(card(page(officers), "VN"))
        assert "Now there" not in shown
        assert "Time zone: Mars/Base" in shown


@pytest.mark.parametrize("language", ["en", "fa"])
def test_what_a_state_writes_is_shown_inert(node, officers, at, language):
    """Markup in every field that a State fills in stays text; with characters that reorder text there is no entry."""
    for text, taken in ((HOSTILE, False), (re.sub("[\u202a-\u202e\u2066-\u2069]", "", HOSTILE), True)):
        named = Authority(text, {"en": text, "fa": text}, (text,), text, text, (text,))
        with nullcontext() if taken else pytest.raises(Invalid, match="control characters"):
            pinned(node, at, authorities=(named,), names={"en": text, "fa": text})
    raw = Browser(officers.idle, language).get("/directory").content.decode()
    assert "=cmd|" in raw
    assert "<script>" not in raw


# ----------------------------------------------------------------------------------------------- versions and keys


def test_a_version_that_came_by_itself_says_who_brought_it(node, officers, at):
    """After a rotation: the new number, who brought it, and the old key with its end."""
    found = pinned(node, at)
    assert "brought by" not in plain(card(page(officers), "VN"))
    later = at + timedelta(seconds=1)
    data = after(found, issued_at=later, confirmed_on=later.date())
    registry.renewed(node, "VN", [data], by="VN", at=later)
    shown = plain(card(page(officers), "VN"))
    assert "2, issued on" in shown
    assert "brought by" in shown


def test_an_entry_that_nobody_confirms_grows_stale(node, officers, at):
    """366 days are in time, 367 are not (Article 41(2))."""
    pinned(node, at, confirmed_on=at.date() - timedelta(days=366))
    assert "not confirmed for more than a year" not in page(officers)
    pinned(node, at, "QA", confirmed_on=at.date() - timedelta(days=367))
    text = page(officers)
    assert "not confirmed for more than a year" in card(text, "QA")
    assert "not confirmed for more than a year" not in card(text, "VN")


def test_every_key_has_its_purpose_and_its_time(node, officers, at):
    """Valid ones first; of a revoked one the moment is shown."""
    found = pinned(node, at)
    old = found.entry.key(Purpose.HOP, at)
    later = at + timedelta(seconds=1)
    fresh = replace(old, public=b"h" * 32, since=later)
    keys = tuple(replace(key, revoked=at) if key == old else key for key in found.entry.keys)
    registry.renewed(node, "VN", [after(found, issued_at=later, keys=(*keys, fresh))], by="VN", at=later)
    listed = re.findall(r"<li><strong>.*?</li>", card(page(officers), "VN"), re.DOTALL)
    assert len(listed) == len(found.entry.keys) + 1
    [revoked] = [item for item in listed if old.id in item]
    assert "revoked from" in plain(revoked)
    serving = [
        item for item in listed if "valid now" in plain(item) and fresh.id not in item
    ]  # that one begins in a second
    assert serving == [item for item in listed[: len(found.entry.keys)] if fresh.id not in item][: len(serving)]
    assert len(serving) == len(found.entry.keys) - 1
    assert fresh.id in " ".join(listed)
    assert "signs what the State says" in plain(" ".join(listed))


@pytest.mark.parametrize(
    ("since", "until", "revoked", "expected"),
    [(-2, 2, None, "valid"), (-2, 0, None, "ended"), (1, 2, None, "to-come"), (-2, 2, 0, "revoked"), (-2, 2, 1, "valid"),
     (-2, -1, -2, "revoked")],
)  # fmt: skip
def test_the_standing_of_a_key(node, at, since, until, revoked, expected):
    """Whether it serves now; a revocation outweighs an end."""
    key = Peer("VN", node).entry.key(Purpose.HOP, at)
    hours = {"since": at + timedelta(hours=since), "until": at + timedelta(hours=until)}
    dated = replace(key, **hours, revoked=None if revoked is None else at + timedelta(hours=revoked))
    assert directory._standing(dated, at) == expected


# ----------------------------------------------------------------------------------------------- what others say


def test_what_others_say_stands_beside_and_replaces_nothing(node, officers, at):
    """The same, a newer version, another one: each with its word; the fingerprint stays what was compared."""
    found = pinned(node, at)
    newer = after(found, issued_at=at + timedelta(seconds=5))
    stranger = Peer("VN", node, which=1)
    for by, data in (("QA", found.entry_bytes), ("FR", newer), ("DE", stranger.entry_bytes)):
        registry.heard(node, data, by=by, at=at)
    shown = card(page(officers), "VN")
    told = [plain(item) for item in re.findall(r"<ul class=\"told\">(.*?)</ul>", shown, re.DOTALL)[0].split("</li>")]
    words = {"Qatar": "says the same", "France": "knows a newer version", "Germany": "says otherwise"}
    for name, word in words.items():
        assert any(name in item and word in item for item in told), name
    assert " ".join(re.findall(r"<span>([0-9a-f]{4})</span>", shown)) == found.entry.fingerprint


def test_two_entries_under_one_version_raise_the_alarm(node, officers, at):
    """A State that says two things: both are kept, and the officer is told to call it."""
    found = pinned(node, at)
    assert 'role="alert"' not in page(officers)
    other = sign_entry(replace(found.entry, address="https://127.0.0.1:2"), found.signing)
    registry.heard(node, other, by="QA", at=at)
    shown = card(page(officers), "VN")
    assert "signed two different entries under version 1" in plain(shown)
    codes = (found.entry.code, read_entry(other).code)
    assert all(code in plain(shown) for code in codes)
    assert codes[0] != codes[1]
    assert 'role="alert"' in shown


# ---------------------------------------------------------------------------------------------------- the line


def test_the_line_says_whether_the_node_answers(node, officers, at):
    """Not used yet; then something came; then a message of ours gets no answer, and why."""
    found = pinned(node, at)
    assert "not used yet" in plain(card(page(officers), "VN"))
    envelope, _ = found.asks(peers.request())
    crossing.receive(node, envelope, hop="VN", at=at)
    shown = plain(card(page(officers), "VN"))
    assert " answers " in shown
    assert "last message from it:" in shown
    reference = "IR-2026-0001"
    what = peers.request(
        reference=reference, requesting="IR", requested="VN", measure=Measure.PRESERVATION, intends_request=True
    )
    requesting.draft(node, what, officer=officers.drafter, at=at)
    requesting.check(node, reference, officer=officers.drafter, at=at)
    requesting.approve(node, reference, officer=officers.approver, at=at, despite="the exercise asks for it")
    requesting.send(node, reference, officer=officers.approver, at=at)
    assert "1 message waits" in plain(card(page(officers), "VN"))
    models.Departure.objects.update(attempts=3, trouble="wire.unreachable")
    shown = plain(card(page(officers), "VN"))
    assert "does not answer" in shown
    assert "The other State’s node did not answer." in shown


def test_an_entry_that_cannot_be_read_stops_no_page(node, officers, peer):
    """Of a row that no key signed the page says so, and shows the others."""
    models.Peer.objects.create(state="QA", entry=b"{}", fingerprint="0", pinned_at=datetime.now(UTC), pinned_by="x")
    text = page(officers)
    assert "Its entry cannot be read." in card(text, "QA")
    assert peer.entry.address in card(text, "VN")


def test_nobody_sees_it_without_signing_in(node):
    """The directory is for officers."""
    assert Browser().get("/directory").status_code == 302
