"""Assistance between two real nodes, in a real Chromium: a need in Persian, an offer in English, a programme to its outcome.

Each page is looked over as in `test_browser`: languages, labels, focus, widths of a desk and a telephone, a silent console.
"""

import pytest
from screens import Desk, exercise

FIRST_PORT = 9941  # not those of other tests, which may run beside these


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two running nodes, a browser, an officer with the power to assist in each."""
    with exercise(tmp_path_factory.mktemp("assistance"), FIRST_PORT, {"karimi": "IR", "tran": "VN"}) as found:
        found.karimi.sign_in()
        found.tran.sign_in()
        yield found


def files_a_need(desk: Desk) -> str:
    """Iran files its need: first it forgets who may see it, and is told so; the need's number."""
    desk.follow("Assistance", within="nav")
    desk.follow("File a need")
    desk.control("What it is about").select_option("forensics")
    desk.type("How many", "۱۲")
    desk.type("Help must begin by", "۱۴۰۷/۰۶/۱۰")
    desk.type("In words", "آموزش کارشناسان آزمایشگاه در گرفتن نسخه از دستگاه‌ها")
    assert desk.control("Regional group").input_value() == "asia-pacific"  # as the law book has it
    desk.press("Publish")
    assert desk.word("It is released to nobody. Tick who may see it, or keep it as a draft.") in desk.text()
    desk.page.locator("input[name=release][value=VN]").check()
    desk.page.locator("details.more").evaluate("(more) => { more.open = true; }")
    desk.page.locator("input[name=languages][value=en]").check()
    desk.press("Publish")
    assert "آموزش کارشناسان" in desk.text()
    return desk.text(".eyebrow .id")


def offers(desk: Desk, need: str) -> None:
    """Viet Nam reads it, offers as many places and more, and proposes what the match suggests."""
    desk.follow("Assistance", within="nav")
    desk.until(lambda: need in desk.text())
    desk.follow(need)
    assert "آموزش کارشناسان" in desk.text()
    desk.follow("Assistance", within="nav")
    desk.follow("Make an offer")
    desk.page.locator("input[name=topics][value=forensics]").check()
    desk.type("How many", "20")
    desk.type("First day", "2027-01-10")
    desk.type("Last day", "2028-12-20")
    desk.type("In words", "Courses of one week in our laboratory.")
    desk.page.locator("input[name=release][value=IR]").check()
    desk.press("Publish")
    desk.follow("Look for matches")
    assert need in desk.text("section[aria-labelledby=best]"), desk.text()
    desk.follow("Set beside it what is found by hand")
    desk.follow("Propose a programme")
    desk.press("Propose these terms")
    assert "proposed" in desk.text(".eyebrow")


def to_programme(desk: Desk) -> None:
    """From the list to the programme, as soon as it is there."""
    desk.follow("Assistance", within="nav")
    programme = desk.page.locator("section[aria-labelledby=programmes] tbody a")
    desk.until(programme.count)
    desk._leads(programme.first)


def says(desk: Desk, verb: str, **typed: str) -> None:
    """Say something in the programme by its form, as soon as the page has it."""
    form = desk.page.locator(f"form[action$='/{verb}']")
    desk.until(form.count)
    fold = desk.page.locator("details", has=form)
    if fold.count():
        fold.evaluate("(fold) => { fold.open = true; }")
    for name, text in typed.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("(field) => field.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
    desk._leads(form.locator("button"))


def test_a_need_a_match_a_programme_and_its_outcome(world):
    """Filed, seen, offered, proposed, agreed, delivered, confirmed, completed, evaluated; both count the same."""
    world.karimi.open("/assistance/self")
    need = files_a_need(world.karimi)
    offers(world.tran, need)
    to_programme(world.karimi)
    says(world.karimi, "agreed")
    assert world.karimi.word("running") in world.karimi.text(".eyebrow")
    says(world.tran, "delivered", text="Two courses were held.")
    says(world.karimi, "confirmed", text="دوازده نفر آموزش دیدند.")
    says(world.karimi, "completed", text="آزمایشگاه اکنون خود نسخه می‌گیرد.")
    says(world.karimi, "evaluated", mark="5", text="بسیار سودمند")
    world.tran.until(lambda: "بسیار سودمند" in world.tran.text())
    world.tran.look()
    for desk, units in ((world.karimi, "۱۲"), (world.tran, "12")):
        desk.follow("Assistance", within="nav")
        counted = desk.text("section[aria-labelledby=counted]")
        assert counted.count(units) >= 2, counted
    assert "given 12" in world.tran.text("section[aria-labelledby=counted]")
