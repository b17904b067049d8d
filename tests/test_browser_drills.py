"""A test call between two real nodes, in a real Chromium: Iran calls in Persian, a person in Viet Nam answers in English.

Each page is looked over as in `test_browser`: languages, labels, focus, widths of a desk and a telephone, a silent console.
"""

import json
import ssl
import time
from urllib.parse import urlsplit

import httpx2
import pytest
from screens import PATIENCE, Desk, exercise

from comity.node.officers.pages.calls import STANDINGS
from comity.wire.calls import Standing

FIRST_PORT = 9871  # not those of other tests, which may run beside these
CALLING = "Somebody is calling our 24/7 point of contact"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three running nodes, a browser, and an officer with a power in each of two States; one who only looks in the third."""
    seats = {"rahimi": "IR", "tran": "VN", "saleh": "QA"}
    with exercise(tmp_path_factory.mktemp("calls"), FIRST_PORT, seats) as found:
        for name in seats:
            getattr(found, name).sign_in()
        yield found


def call(desk: Desk, state: str, question: str) -> None:
    """Call a State by the form of the page, as soon as its node has said what it holds."""
    end = time.monotonic() + PATIENCE
    while True:
        desk.open("/calls")
        form = desk.page.locator("form[action='/calls/call']")
        form.locator("select[name=peer]").select_option(state)
        form.locator("[name=question]").fill(question)
        desk.press("Call now")
        if urlsplit(desk.page.url).path == "/calls":
            return
        assert time.monotonic() < end, desk.text()


def last(desk: Desk) -> str:
    """The last call as the page tells it."""
    return desk.text(".rounds li:first-child")


def test_iran_calls_and_a_person_in_viet_nam_answers(world):
    """The call stands above all else there; no machine answers it; then both pages tell how long it took, in their words."""
    call(world.rahimi, "VN", "آیا کسی حاضر است؟")
    assert world.rahimi.word(STANDINGS[Standing.OPEN]) in last(world.rahimi)
    world.tran.open("/cases")
    world.tran.until(lambda: CALLING in world.tran.text())
    world.tran.look("calling")
    assert world.tran.text().startswith(CALLING)
    kept = world.rahimi.word("Its machine kept the call after")
    world.rahimi.until(lambda: "ثانیه" in last(world.rahimi).split(kept)[-1][:12])
    assert world.rahimi.word(STANDINGS[Standing.OPEN]) in last(world.rahimi)  # a machine's word is no answer
    world.tran.type("Answer (may be empty)", "Tran, on duty.")
    world.tran.press("I am here")
    assert CALLING not in world.tran.text()
    assert world.tran.word(STANDINGS[Standing.ANSWERED]) in last(world.tran)
    world.rahimi.until(lambda: world.rahimi.word(STANDINGS[Standing.ANSWERED]) in last(world.rahimi))
    world.rahimi.look("answered")
    assert "Tran V. (exercise), Central authority" in last(world.rahimi)
    assert "Tran, on duty." in last(world.rahimi)


def test_who_only_looks_sees_the_call_and_cannot_answer(world):
    """Qatar's officer has no power: the call stands there, without a button; at Iran's page it stays open."""
    call(world.rahimi, "QA", "")
    world.saleh.open("/cases")
    world.saleh.until(lambda: CALLING in world.saleh.text())
    world.saleh.look("only-looks")
    assert world.saleh.page.get_by_role("button", name="I am here").count() == 0
    assert "Call an officer who holds a power" in world.saleh.text()


def test_a_plan_is_kept_and_shown(world):
    """In the digits of the page; zero takes it back."""
    for every, word in (("۷", "هر ۷ روز"), ("۰", world.rahimi.word("never"))):
        world.rahimi.open("/calls")
        world.rahimi.unfold("Call by itself")
        form = world.rahimi.page.locator("form[action='/calls/plan']")
        form.locator("select[name=peer]").select_option("VN")
        form.locator("[name=every]").fill(every)
        world.rahimi.press("Keep this plan")
        assert word in world.rahimi.text(".list tbody tr:has-text('ویتنام')")


def test_both_tell_the_same_and_publish_no_quarter_that_runs(world):
    """The JSON beside the page, and what anybody can fetch at the peers' door."""
    found = {}
    for desk in (world.rahimi, world.tran):
        found[desk.node.state] = json.loads(desk.page.context.request.get("/calls.json").text())
    ours = next(one for one in found["IR"]["calls"] if one["peer"] == "VN")
    theirs = next(one for one in found["VN"]["calls"] if one["peer"] == "IR")
    assert ours["id"] == theirs["id"]
    assert ours["answered_said"] == theirs["answered_said"]
    assert (ours["standing"], theirs["standing"]) == ("answered", "answered")
    iran = world.states["IR"]
    context = ssl.create_default_context(cafile=str(iran.home / "keys" / "tls.crt"))
    with httpx2.Client(verify=context, base_url=iran.peers, trust_env=False, timeout=20) as client:
        answer = client.get("/figures/calls")
    assert (answer.status_code, answer.json()["code"]) == (404, "figures.none")  # this quarter's are told in the next
