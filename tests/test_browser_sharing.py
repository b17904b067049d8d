"""A warning between two real nodes, in a real Chromium: Iran shares it in Persian, Viet Nam holds it in English; called back.

Each page is looked over as in `test_browser`: languages, labels, focus, widths of a desk and a telephone, a silent console.
"""

import os
import subprocess
import sys

import pytest
from holding import indicator
from screens import Desk, exercise

SETTINGS = "comity.node.django_settings"
FIRST_PORT = 9891  # not those of other tests, which may run beside these
PLACED = """
import sys, django
django.setup()
from datetime import UTC, datetime
from comity.node import models
from comity.node.desk.shelf import Shelves, opened
from comity.node.settings import current
from comity.sharing import stix
made_at, at, pk = datetime(2026, 11, 1, tzinfo=UTC), datetime.now(UTC), "5b1a7a2e-0f0c-4a57-9d1e-6a4f1f1f7b01"
rules = {"states": ["VN"], "communities": ["Gulf of exercises"], "purposes": ["prevention"]}
opened(pk, title="Own findings", rules=rules, ruled_at=at, made_at=at, made_by="exercise")
for raw in sys.stdin.buffer.read().split(b"\\0"):
    Shelves(current()).add(pk, [stix.read(raw)], by="exercise", at=at)
blind = models.Client.objects.create(name="soc", secret="0" * 64, organisation="CERT", state="VN", purpose="prevention",
    writes=[pk], made_at=at, made_by="exercise")
other = stix.read(raw.replace(b"Ali", b"Eli"))
Shelves(current(), blind).add(pk, [other], by="client soc", at=at)
same = stix.read(raw)
models.Contested.objects.create(collection_id=pk, object_id=same.id, version=same.version, digest=same.digest, raw=raw, by="VN",
    source="VN", code="sharing.other-source", at=made_at, envelope="a" * 64,
    told={"level": 1, "hops": 2, "purpose": "prevention"}, communities=["Gulf of exercises"])
feed = models.Feed.objects.create(name="to-qa", address="https://127.0.0.1:1/api/", remote="in", direction="push", state="QA",
    collection_id=pk, purpose="prevention", every=15, most=1, next_at=at, made_at=at, made_by="exercise", paused=True)
models.Pushed.objects.create(feed=feed, where="https://127.0.0.1:1/api/collections/in", what="0" * 64, object_id=other.id,
    sent_at=at, owed_at=at)
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two running nodes, a collection with two indicators at Iran's, a browser, an officer with the power to warn in each."""

    def placed(states) -> None:
        env = os.environ | {"COMITY_HOME": str(states["IR"].home)} | {"DJANGO_SETTINGS_MODULE": SETTINGS}
        given = indicator() + b"\0" + indicator("second.example", description="Written by Ali.")
        subprocess.run([sys.executable, "-c", PLACED], env=env, input=given, check=True)

    seats = {"rahimi": "IR", "tran": "VN"}
    with exercise(tmp_path_factory.mktemp("sharing"), FIRST_PORT, seats, before=placed) as found:
        found.rahimi.sign_in()
        found.tran.sign_in()
        yield found


def to_object(desk: Desk, value: str) -> None:
    """From the list to the object with this value, as soon as it is there."""
    desk.follow("Warnings", within="nav")
    desk.type("Id, type or value", value)
    desk.press("Look")
    desk.until(lambda: desk.page.locator("tbody a").count())
    desk.look(f"list-{desk.username}")
    desk._leads(desk.page.locator("tbody a").first)


def share(desk: Desk, state: str) -> None:
    """Share by the form, as soon as the other State's node has said what it holds."""
    desk.unfold("Share with a State")
    form = desk.page.locator("form[action$='/share']")
    form.locator("select[name=to]").select_option(state)
    form.locator("select[name=purpose]").select_option("prevention")
    form.locator("[name=hops]").fill("۱")
    desk.press("Share")


def test_shared_held_called_back_and_acknowledged(world):
    """The list that proves grows on Iran's page; the copy in Viet Nam is out of use; both read it in their own words."""
    to_object(world.rahimi, "evil.example")
    share(world.rahimi, "VN")
    assert "ویتنام" in world.rahimi.text("section[aria-labelledby=holders]"), world.rahimi.text()
    to_object(world.tran, "evil.example")
    assert "in use" in world.tran.text(".page-head")
    world.tran.look("held")
    world.tran.unfold("Report to its source")
    world.tran.box("It was seen").check()
    world.tran.type("In words", "On two servers.")
    world.tran.press("Report")
    world.rahimi.until(lambda: "On two servers." in world.rahimi.text())
    world.rahimi.unfold("Call back")
    world.rahimi.box("Withdraw it").check()
    world.rahimi.type("Reason (may be empty)", "نام یک بانک در آن بود.")
    world.rahimi.press("Call back")
    world.rahimi.until(lambda: "ویتنام" in world.rahimi.text(".acknowledged"))
    world.rahimi.look("acknowledged")
    assert world.rahimi.page.locator(".outstanding").count() == 0
    world.tran.until(lambda: "called back" in world.tran.text(".page-head"))
    world.tran.look("called-back")
    assert "نام یک بانک در آن بود." in world.tran.text()


def test_a_community_is_proposed_and_agreed(world):
    """Viet Nam proposes, Iran agrees; what may name a person is refused, and another object is made without it."""
    world.tran.follow("Warnings", within="nav")
    world.tran.unfold("Propose a community")
    world.tran.type("What it is called", "Gulf of exercises")
    world.tran.type("Purpose", "prevention")
    world.tran.page.locator("#member-IR").check()
    world.tran.press("Propose and agree")
    world.rahimi.follow("Warnings", within="nav")
    world.rahimi.until(lambda: "Gulf of exercises" in world.rahimi.text(".circle"))
    world.rahimi.look("proposed")
    world.rahimi.press("Agree to these terms")
    world.tran.until(lambda: world.tran.text(".circle .states").count("agreed") == 2)
    world.tran.look("agreed")
    to_object(world.rahimi, "second.example")
    share(world.rahimi, "VN")
    assert "داده شخصی" in world.rahimi.text("[role=alert]")
    world.rahimi.look("personal")
    world.rahimi.press("Make one without personal data")
    world.rahimi.unfold("Share with a community")
    world.rahimi.press("Give to all members")
    assert "Gulf of exercises" in world.rahimi.text("section[aria-labelledby=ways]")


def test_what_a_state_claims_is_looked_at(world):
    """In Persian: who gave it, as whose, under which mark; and what taking it would mean."""
    desk = world.rahimi
    desk.follow("Warnings", within="nav")
    desk.follow("Collections and clients")
    desk._leads(desk.page.locator(".contested li", has_text="ویتنام").locator("a").first)
    assert "TLP:GREEN" in desk.text(".claim")
    assert "برگشت‌پذیر نیست" in desk.text("section[aria-labelledby=settle]")
    desk.look("claimed")


def test_a_collection_is_made_ruled_and_written_into(world):
    """In Persian: what was said in two ways, a collection with its rules, what is typed wrongly, an indicator by hand."""
    desk = world.rahimi
    desk.follow("Warnings", within="nav")
    desk.follow("Collections and clients")
    assert "client soc" in desk.text("section[aria-labelledby=contested]")
    desk._leads(desk.page.locator(".contested a").first)
    desk.look("contested")
    desk.press("Keep what stands")
    assert desk.page.locator(".wrong [role=alert]").count() == 1
    desk.type("Why", "نویسندهٔ آن تأیید کرد.")
    desk.press("Keep what stands")
    assert "نویسندهٔ آن تأیید کرد." in desk.text("aside")
    desk.look("settled")
    desk.follow("Warnings", within="nav")
    desk.follow("Feeds")
    assert "۱" in desk.text("section[aria-labelledby=f-to-qa] .failed")
    desk.look("feeds")
    desk.follow("Warnings", within="nav")
    desk.follow("Collections and clients")
    desk.unfold("Make a collection")
    desk.type("Title", "یافته‌های تازه")
    desk.press("Make it")
    made = desk.page.locator("section.card", has_text="یافته‌های تازه").filter(has=desk.page.locator("[name=purposes]"))
    made.locator("summary").click()
    made.locator("[name=states]").fill("ویتنام")
    desk._leads(made.locator("button"))
    assert desk.page.locator(".wrong [role=alert]").count() == 1
    desk.look("rules-wrong")
    made.locator("[name=states]").fill("VN")
    made.locator("[name=purposes]").fill("prevention")
    desk._leads(made.locator("button"))
    assert desk.page.locator("[role=alert]").count() == 0
    desk.look("rules")
    desk.follow("Warnings", within="nav")
    desk.unfold("An indicator")
    form = desk.page.locator("form[action$='/indicator']")
    form.locator("[name=collection]").select_option(label="یافته‌های تازه")
    form.locator("[name=mark]").select_option(label="TLP:GREEN")
    form.locator("[name=title]").fill("نشانی فریب")
    form.locator("[name=observable]").select_option("ipv4-addr")
    form.locator("[name=value]").fill("198.51.100.300")
    desk.press("Add the indicator")
    assert desk.page.locator(".wrong [role=alert]").count() == 1
    desk.look("writing-wrong")
    desk.page.locator("form[action$='/indicator'] [name=value]").fill("198.51.100.30")
    desk.press("Add the indicator")
    assert "198.51.100.30" in desk.text()
    desk.look("written")
