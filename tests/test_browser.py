"""Both officers' pages in a real Chromium, through the whole story: Persian on Iran's side, English on Viet Nam's.

People click and type here; nothing is posted behind their backs. Every page that they come to is looked over: language and
direction, the exercise band, labels, headings, identifiers from left to right, no English on Persian pages, focus that can be
seen, no overflow on a desk's screen or a telephone's, a silent console, and no request that leaves the node. If
COMITY_PICTURES is set, pictures of them are kept.
"""

import re
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from lawroom import BOOKS
from screens import PATIENCE, Desk, exercise

from comity.casework.measure import Measure
from comity.demo import cast, mailbox, nodes
from comity.node.officers import acts, almanac, fields, texts, words
from comity.node.officers.interview import Situation, ask
from comity.seal import canon
from comity.verify import verify_file, verify_letter

FIRST_PORT = 9841  # not those of other tests, which may run beside these
MORE_POWERS = {
    "rahimi": ("approve", "authorise"),
    "karimi": ("decide",),
    "tran": ("authorise", "draft"),
    "nguyen": ("approve",),
}  # four eyes stand in their way, not a missing power; and each State can be asked and ask

IRAN_SAW = (
    "drafted", "checked", "approved", "requested", "asked", "amended", "checked", "approved", "supplemented", "accepted",
    "agreed", "disclosed", "verified", "released", "released", "closed", "closed",
)  # fmt: skip
VIET_NAM_SAW = (
    "Request received", "assessed", "asked", "Supplement received", "assessed", "accepted", "agreed",
    "authorised", "ordered", "executed", "disclosed", "closed", "closed",
)  # fmt: skip
REASON = "بانک هنوز بازه دقیق را تعیین نکرده است و بیم از بین رفتن داده‌ها می‌رود؛ بازه به‌زودی اعلام می‌شود."


def verb(name: str, measure: str = "stored-data") -> object:
    """What the button of a verb says in a case of `measure`."""
    return acts.called(acts.VERBS, name, Measure(measure))


TYPED = """() => [...document.querySelectorAll("main :is(input:not([type=hidden]), select, textarea)")].map((control) =>
  [control.name, ["checkbox", "radio"].includes(control.type) ? `${control.value} ${control.checked}` : control.value])"""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three running nodes with the provider's delivery, a browser, and a desk for each name of the cast."""
    root = tmp_path_factory.mktemp("browser")
    states = {node.state: node for node in cast.three_states()}
    for node in states.values():
        node.people = tuple(
            replace(person, powers=person.powers + MORE_POWERS.get(person.username, ())) for person in node.people
        )
    written = mailbox.write(root / "mailbox", 7)

    def placed(made: dict[str, nodes.Node]) -> None:
        nodes.place_delivery(made["VN"], root / "mailbox", cast.DELIVERY)

    with exercise(root, FIRST_PORT, states=states, before=placed) as found:
        found.mailbox = written
        yield found


# ---- drafting ---------------------------------------------------------------------------------------------------


def choose(desk: Desk, measure: str) -> None:
    """From the list of cases to the empty form for `measure`, asked of Viet Nam under the UN Convention."""
    desk.follow("New request")
    desk.control(fields.label("requested")).select_option("VN")
    desk.press("Show what is open")
    desk._leads(desk.page.locator(f"#m-{measure} .way a[href*='basis=uncc']"))


def fill_in(desk: Desk, measure: str, values: dict, names: tuple[str, ...]) -> None:
    """Fill in the fields `names` of a drafting form, also those that are folded away."""
    folded = desk.page.locator("main details.more:not([open]) > summary")
    while folded.count():
        folded.first.click()
    for name in names:
        found, value = fields.FIELDS[name], values.get(name)
        if found.kind in ("checks", "radio"):
            for option in value if isinstance(value, list) else [value]:
                desk.box(found.options[option]).check()
        elif found.kind == "flag":
            desk.box(found.named(measure)).set_checked(value == "on")
        elif found.kind == "choice":
            desk.control(found.named(measure)).select_option(value)
        elif name == "accounts":
            fill_in_accounts(desk, values)
        else:
            keyboard = desk.digits if found.kind in ("date", "number") else str
            desk.type(found.named(measure), keyboard(value or ""))


def fill_in_accounts(desk: Desk, values: dict) -> None:
    """Fill in the two rows of accounts."""
    for row in (0, 1):
        given = {part: values.get(f"accounts-{row}-{part}", "") for part in ("kind", "value", "port", "at")}
        desk.control(fields.label("accounts.kind"), row).select_option(given["kind"])
        desk.type(fields.label("accounts.value"), given["value"], row)
        desk.type(fields.label("accounts.port"), desk.digits(given["port"]), row)
        desk.type(fields.label("accounts.at"), given["at"], row)


def missing(desk: Desk) -> list[str]:
    """The fields that the side panel names as missing."""
    return [text.strip() for text in desk.page.locator(".look li.failed .remedy a").all_inner_texts()]


def asked_for(measure: str, *, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The fields that the form for `measure` asks of Viet Nam and that a person fills in here, but for those named."""
    given = set(but) | {"reference", "exercise", "persons", "assets", "costs", "assurances"}
    found = Situation("uncc", Measure(measure), "A", "VN", frozenset(), date.today())  # noqa: DTZ011
    return tuple(item.name for item in ask(BOOKS, found) if item.name not in given)


# ---- what is shown ------------------------------------------------------------------------------------------------


FORMS = (
    "preservation", "real-time-traffic", "extradition", "confiscation", "prisoner-transfer", "joint-investigation",
    "spontaneous-information", "onward-transfer",
)  # fmt: skip
LAW = (
    "/law/", "/law/status?one=IR&other=VN", "/law/status?one=DE&other=FR&measure=extradition&offence=uncc:13",
    "/law/compare?state=IR&state=VN&state=DE&about=uncc:13", "/law/compare?state=IR&state=VN&about=extradition",
    "/law/compare?state=IR", "/law/books/uncc?about=extradition", "/law/books/IR", "/law/status?one=IR&on=soon",
    "/law/parties/uncc", "/law/conference/uncc?state=QA",
)  # fmt: skip


def test_choosing_drafting_and_the_law_are_whole_in_both_languages(world):
    """Every kind of page on a desk's screen and a telephone's: nothing English in Persian, nothing too wide, no dead link."""
    for desk in (world.rahimi, world.tran):
        other = "VN" if desk is world.rahimi else "IR"
        desk.sign_in()
        desk.open("/cases/new")
        desk.open(f"/cases/new?requested={other}&scope=B")
        for measure in FORMS:
            desk.open(f"/cases/new/{measure}?requested={other}&basis=uncc")
            desk.press("Show the questions")
        for path in LAW:
            desk.open(path)


def test_rows_come_without_a_script(world):
    """The button brings more rows, the page stays at the list, and what was typed stays in its row."""
    desk = world.rahimi
    desk.sign_in()
    choose(desk, "extradition")
    before = desk.page.locator("#f-persons .one").count()
    desk.type(fields.label("persons.name"), "علی نمونه (تمرین)")
    desk.type(fields.label("persons.born"), "۱۳۶۰/۰۵/۲۰")
    desk._leads(desk.page.locator("#f-persons button"))
    assert desk.page.locator("#f-persons .one").count() > before
    assert desk.page.url.endswith("#f-persons")
    assert desk.control(fields.label("persons.name")).input_value() == "علی نمونه (تمرین)"
    assert "۲۰ مرداد ۱۳۶۰" in desk.text("#f-persons .beside")


# ---- what cannot be meant -----------------------------------------------------------------------------------------


def test_what_cannot_be_meant_is_said_at_its_field_and_all_is_kept(world):
    """A Solar Hijri day that does not exist, and a letter for a port: a Persian sentence at each, nothing typed is lost."""
    desk = world.rahimi
    desk.sign_in()
    choose(desk, "stored-data")
    wrong = cast.STORED_DATA | {"period_from": "1404/12/30", "accounts-1-port": "ب"}
    fill_in(desk, "stored-data", wrong, asked_for("stored-data", but=("follows", "period_to")))
    before = desk.page.evaluate(TYPED)
    for button in ("See what is missing", "Save the draft"):
        desk.press(button)
        assert ["period_from", "۱۴۰۴/۱۲/۳۰"] in desk.page.evaluate(TYPED)
        assert [item for item in before if item not in desk.page.evaluate(TYPED)] == []
        day, port = desk.page.locator("#f-period_from-error"), desk.page.locator("#f-accounts-1-port-error")
        assert day.inner_text() == desk.word(texts.TEXTS["date.none"])
        assert "عدد" in port.inner_text()  # a number, it says
        assert desk.control(fields.label("period_from")).get_attribute("aria-invalid") == "true"
        assert desk.text("[role=alert]").count(desk.word(fields.label("period_from"))) == 1
    desk.open("/cases")
    assert desk.page.locator("main table").count() == 0


# ---- the story ----------------------------------------------------------------------------------------------------


def test_the_whole_story(world):
    """From the sign-in page to the closed cases, step by step; a failure names its step."""
    story = SimpleNamespace(first="", second="")
    for step in STEPS:
        try:
            step(world, story)
        except BaseException as error:
            error.add_note(f"in the step: {step.__doc__}")
            for desk in (world.rahimi, world.karimi, world.tran, world.nguyen):
                desk.picture("at-the-failure")
            raise


def everybody_signs_in(world, story):
    """Officers sign in, each in the language of his State."""
    for desk in (world.rahimi, world.karimi, world.tran, world.nguyen):
        desk.sign_in()
    assert world.karimi.text("h1") == "پرونده‌ها"
    assert world.tran.text("h1") == "Cases"
    world.rahimi.open("/directory")
    assert world.tran.text(".who-name").startswith("Tran V. (exercise)")


def preservation_is_drafted(world, story):
    """The 24/7 contact drafts the preservation; the panel names what is missing until nothing is."""
    desk = world.rahimi
    desk.open("/cases")
    desk.follow("Ask to preserve data")
    story.first = desk.control(fields.label("reference")).input_value()
    assert desk.word(fields.label("facts")) in missing(desk)
    last = ("custodian", "accounts", "purpose")
    fill_in(desk, "preservation", cast.PRESERVATION, asked_for("preservation", but=("period_from", "period_to", *last)))
    desk.press("See what is missing")
    named = missing(desk)
    assert desk.word(fields.label("purpose", "preservation")) in named
    assert desk.word(fields.label("facts")) not in named
    desk.page.locator(".look .remedy a").first.click()
    assert desk.page.locator(":target").is_visible()
    fill_in(desk, "preservation", cast.PRESERVATION, last)
    desk.press("See what is missing")
    assert missing(desk) == []
    desk.press("Save the draft")
    assert urlsplit(desk.page.url).path == f"/cases/{story.first}"


def preservation_is_approved_by_another(world, story):
    """His own page tells the author that another officer approves; the other one does, and sends."""
    author = world.rahimi
    author.press(verb("check"))
    four_eyes = author.word(texts.TEXTS["case.four-eyes"])
    assert four_eyes in author.text(".next")
    assert author.page.get_by_role("link", name=author.word(verb("approve")), exact=True).count() == 0
    author.open(f"/cases/{story.first}/approve")
    assert four_eyes in author.text()
    assert author.page.locator("main form").count() == 0
    approver = world.karimi
    approver.to_case(story.first)
    approver.follow(verb("approve"))
    approver.press(verb("approve"))
    approver.follow(verb("send"))
    approver.press(verb("send"))
    approver.until_stage("requesting", "open")


def viet_nam_preserves(world, story):
    """Viet Nam assesses, accepts, orders and preserves."""
    desk = world.tran
    desk.to_case(story.first)
    desk.press(verb("assess"))
    desk.follow("Decide")
    desk.type("Reasons", "Complete, and no ground of Article 42(6) is seen.")
    desk.press(verb("accept"))
    desk.follow(verb("order"))
    assert desk.control("Provider or other custodian").input_value() == cast.PROVIDER
    desk.type("Number of the order", "VN-PO-2026-117")
    desk.type("What it orders", "Preserve the mailbox as it is; do not tell the user.")
    desk.press(verb("order"))
    desk.follow(verb("preserve"))
    desk.press(verb("preserve"))
    desk.until_stage("requested", "preserved")


def sixty_days_run_on_both_sides(world, story):
    """Both pages show the period; the Persian one says the day in both calendars."""
    until = _today(world.tran) + timedelta(days=60)
    days = {until, until - timedelta(days=1)}  # midnight may pass while this test runs
    english, persian = world.tran, world.rahimi
    assert any(f"until {almanac.day_words(day, 'en')}" in english.text("[aria-labelledby=clock]") for day in days)
    persian.to_case(story.first)
    persian.until_stage("requesting", "preserved")
    shown = persian.text("[aria-labelledby=clock]")
    assert any(almanac.solar_words(day) in shown and almanac.day_words(day, "fa") in shown for day in days), shown
    for desk in (english, persian):
        left = desk.text("[aria-labelledby=clock]")
        assert re.search(desk.digits("59") + "|" + desk.digits("60"), left), left


def _today(desk: Desk) -> date:
    return datetime.now(ZoneInfo(desk.node.zone)).date()


def the_request_for_the_data_follows(world, story):
    """The request for the data stands on the preservation; its period is left out and the finding is named in Persian."""
    desk = world.rahimi
    desk.follow(words.MEASURES["stored-data"], within=".follow-ups")
    assert desk.control(fields.label("follows", "stored-data")).input_value() == story.first
    story.second = desk.control(fields.label("reference")).input_value()
    typed = asked_for("stored-data", but=("follows", "period_from", "period_to"))
    fill_in(desk, "stored-data", cast.STORED_DATA, typed)
    desk.press("See what is missing")
    assert missing(desk) == [desk.word(fields.label(name)) for name in ("period_from", "period_to")]
    desk.press("Save the draft")
    desk.press(verb("check"))
    failed = desk.text("[aria-labelledby=findings] li.failed")
    assert "دوره" in failed or "بازه" in failed, failed


def approval_needs_the_reason(world, story):
    """Without a reason the approval is refused at its field; with it the request leaves."""
    desk = world.karimi
    desk.to_case(story.second)
    desk.follow(verb("approve"))
    desk.press(verb("approve"))
    assert desk.page.locator("#f-despite-error").inner_text() == desk.word(texts.TEXTS["case.despite"])
    desk.type("Why it leaves although findings failed", REASON)
    desk.press(verb("approve"))
    assert REASON in desk.text("[aria-labelledby=history]")
    desk.follow(verb("send"))
    desk.press(verb("send"))


def viet_nam_asks(world, story):
    """Viet Nam's page names the missing period, and its officer asks for it."""
    desk = world.tran
    desk.to_case(story.second)
    desk.press(verb("assess"))
    assert "period" in desk.text("[aria-labelledby=findings] li.failed")
    desk.follow(verb("ask"))
    assert "period" in desk.control("Questions").input_value()
    for name in ("period_from", "period_to"):
        assert desk.box(fields.label(name)).is_checked()
    desk.press(verb("ask"))
    desk.until_stage("requested", "queried")


def iran_answers(world, story):
    """Iran sees the question, amends what is marked with Solar Hijri days in Persian digits, and supplements."""
    desk = world.rahimi
    desk.to_case(story.second)
    desk.until_stage("requesting", "queried")
    assert "period of the evidence" in desk.text("[aria-labelledby=history] .quote")
    desk.follow(verb("amend"))
    marked = desk.page.locator(".field.asked")
    assert [name.get_attribute("name") for name in marked.locator("input").all()] == ["period_from", "period_to"]
    fill_in(desk, "stored-data", cast.PERIOD, ("period_from", "period_to"))
    desk.press("See what is missing")
    both_calendars = ["۱ سپتامبر ۲۰۲۶ (۱۰ شهریور ۱۴۰۵)", "۱۵ اکتبر ۲۰۲۶ (۲۳ مهر ۱۴۰۵)"]
    assert marked.locator(".beside").all_inner_texts() == both_calendars
    desk.press("Save the amended request")
    desk.press(verb("check"))
    approver = world.karimi
    approver.to_case(story.second)
    approver.follow(verb("approve"))
    approver.press(verb("approve"))
    approver.follow(verb("supplement"))
    approver.press(verb("supplement"))


def viet_nam_accepts_with_conditions(world, story):
    """Viet Nam assesses again and accepts under conditions: one of those offered, one in its own words."""
    desk = world.tran
    desk.until_stage("requested", "open")
    desk.press(verb("assess"))
    desk.follow("Decide")
    desk.page.locator("#choice-accept input[name=conditions]").first.check()
    desk.type("Conditions of use", cast.ADDED_CONDITION)
    desk.type("Reasons", "The conduct is an offence here too; the request is complete now.")
    desk.press(verb("accept"))
    assert desk.page.locator("[aria-labelledby=conditions] li").count() == 2


def iran_agrees_to_the_conditions(world, story):
    """Nothing is given before: each condition is read and ticked; without a tick the form says so."""
    assert "has not agreed" in world.tran.text(".next")
    desk = world.karimi
    desk.to_case(story.second)
    desk.until_stage("requesting", "accepted")
    agree(desk, 2)


def agree(desk: Desk, conditions: int) -> None:
    """Tick each condition and agree; first without a tick."""
    desk.follow(verb("agree"))
    desk.press(verb("agree"))
    assert desk.word(texts.TEXTS["form.acknowledge"]) in desk.text("main form")
    for box in desk.page.locator("main form [name=conditions]").all():
        box.check()
    assert desk.page.locator("main form [name=conditions]").count() == conditions
    desk.press(verb("agree"))


def the_judge_authorises(world, story):
    """The officer who decided may not record the authorisation; the judge does."""
    assert world.tran.word(texts.TEXTS["case.four-eyes"]) in world.tran.text(".next")
    world.tran.open(f"/cases/{story.second}/authorise")
    assert world.tran.page.locator("main form").count() == 0
    judge = world.nguyen
    judge.to_case(story.second)
    judge.follow(verb("authorise"))
    judge.type("Authority that authorised", "Exercise court")
    judge.type("Number of its decision", "EX-441/2026")
    judge.type("Provision that it rests on", "Criminal procedure law (exercise)")
    judge.type("What it covers, and what not", "The one mailbox named; not correspondence with counsel.")
    judge.type("Valid until", (_today(judge) + timedelta(days=60)).isoformat())
    judge.press(verb("authorise"))


def viet_nam_discloses(world, story):
    """Order, delivery chosen from the list, disclosure."""
    desk = world.tran
    desk.to_case(story.second)
    desk.follow(verb("order"))
    desk.type("Number of the order", "VN-PO-2026-131")
    desk.type("What it orders", "Hand over the preserved data.")
    desk.press(verb("order"))
    desk.follow(verb("execute"))
    desk.control("Delivery").select_option(label=cast.DELIVERY)
    desk.press(verb("execute"))
    desk.until_stage("requested", "executed")
    assert f"{len(world.mailbox.exhibits)} files" in desk.text("[aria-labelledby=history]")
    desk.follow(verb("disclose"))
    assert cast.ADDED_CONDITION in desk.text()
    desk.press(verb("disclose"))
    desk.until_stage("requested", "disclosed")


def iran_verifies(world, story):
    """The evidence arrives in Iran and is verified."""
    desk = world.rahimi
    desk.to_case(story.second)
    desk.until_stage("requesting", "disclosed")
    verify = desk.page.get_by_role("link", name=desk.word(verb("verify")), exact=True)
    desk.until(verify.count)
    assert cast.ADDED_CONDITION in desk.text("[aria-labelledby=conditions]")
    assert desk.digits(str(len(world.mailbox.exhibits))) in desk.text("[aria-labelledby=evidence]")
    desk.follow(verb("verify"))
    desk.press(verb("verify"))
    desk.until_stage("requesting", "verified")


def it_is_released_to_the_court(world, story):
    """The key is handed out for a release only: to whom, and every condition told."""
    desk = world.rahimi
    assert desk.page.get_by_role("button", name=desk.word("Content key of the evidence")).count() == 0
    release(desk, "دادگاه تهران (تمرین)")
    assert "دادگاه تهران" in desk.text("[aria-labelledby=releases]")


def release(desk: Desk, recipient: str, measure: str = "stored-data") -> None:
    """Release what came back, all its conditions told."""
    if (
        not desk.page.get_by_role("link", name=desk.word(verb("release", measure)), exact=True)
        .filter(visible=True)
        .count()
    ):
        desk.unfold("Also possible")
    desk.follow(verb("release", measure))
    desk.type("Who receives it", recipient)
    for box in desk.page.locator("main form [name=conditions]").all():
        box.check()
    desk.press(verb("release", measure))


def files_are_carried_away(world, story):
    """Letter, evidence and both exported cases, through the links of the pages; each passes the offline verifier."""
    desk, out = world.rahimi, world.root
    letter = desk.fetch("Request letter (PDF)", out / "letter.pdf")
    sealed = desk.fetch("Sealed evidence", out / "evidence.asice")
    key = desk.fetch("Content key of the evidence", out / "evidence.key", role="button")
    ours = exported(desk, out / "IR.asice")
    world.tran.to_case(story.second)
    exported(world.tran, out / "VN.asice")
    assert verify_file(sealed).passed
    assert verify_letter(letter, ours).passed
    assert canon.loads(key.read_bytes().strip(), limit=4096)["case"] == story.second


def exported(desk: Desk, to: Path) -> Path:
    """The exported case, once the newest heads are witnessed and it proves everything."""
    end = time.monotonic() + PATIENCE
    while not (report := verify_file(desk.fetch("The whole case, for verification", to))).passed:
        assert time.monotonic() < end, report.verdicts
        desk.page.wait_for_timeout(300)
    return to


def both_close(world, story):
    """Both sides close both cases; the timeline shows the acts of both, and the lists say that all is closed."""
    for reference in (story.second, story.first):
        world.rahimi.to_case(reference)
        close(world.rahimi)
        world.tran.to_case(reference)
        world.tran.until_stage("requested", "closing")
        close(world.tran)
        world.tran.until_stage("requested", "closed")
        world.rahimi.until_stage("requesting", "closed")
    for desk, said in ((world.rahimi, IRAN_SAW), (world.tran, VIET_NAM_SAW)):
        desk.to_case(story.second)
        assert desk.page.locator("ol.line h3").all_inner_texts() == [
            desk.word(acts.called(acts.KINDS, kind, Measure.STORED_DATA)) for kind in said
        ]
        desk.follow("Cases", within="nav")
        assert desk.text("tbody").count(desk.word("Closed")) == 2


def close(desk: Desk) -> None:
    """Close the case that is open on the page."""
    desk.page.reload()
    name = desk.word(verb("close"))
    if not desk.page.get_by_role("link", name=name, exact=True).filter(visible=True).count():
        desk.unfold("Also possible")
    desk.follow(verb("close"))
    desk.type("Note", "With thanks.")
    desk.press(verb("close"))


STEPS = (
    everybody_signs_in, preservation_is_drafted, preservation_is_approved_by_another, viet_nam_preserves,
    sixty_days_run_on_both_sides, the_request_for_the_data_follows, approval_needs_the_reason, viet_nam_asks, iran_answers,
    viet_nam_accepts_with_conditions, iran_agrees_to_the_conditions, the_judge_authorises, viet_nam_discloses, iran_verifies,
    it_is_released_to_the_court, files_are_carried_away,
    both_close,
)  # fmt: skip


# ---- the other measures -------------------------------------------------------------------------------------------

FACTS = {
    "subject": "Fraud (exercise)", "facts": "Accounts were emptied.", "assistance": "As told.", "purpose": "The proceedings.",
    "authority": "Central authority (exercise)", "offence.label": "Fraud", "offence.provision": "IR-CCA:13",
    "offence.max_penalty_months": "60", "link": "The account directed the ring.", "rights": "No ground is seen.",
}  # fmt: skip
WALKS_TAKE = 15  # days from now on over which is collected


class Pair:
    """A case between two States: who drafts and approves on one side, who decides, authorises and carries out on the other.

    Args:
        world: the fixture's.
        measure: the form of cooperation.
        asks: the State that asks, ``IR`` or ``VN``.
    """

    def __init__(self, world, measure: str, asks: str) -> None:
        iran = {"drafter": world.rahimi, "approver": world.karimi, "decider": world.karimi, "judge": world.rahimi,
                "doer": world.rahimi}  # fmt: skip
        viet_nam = {"drafter": world.tran, "approver": world.nguyen, "decider": world.tran, "judge": world.nguyen,
                    "doer": world.tran}  # fmt: skip
        ours, theirs = (iran, viet_nam) if asks == "IR" else (viet_nam, iran)
        self.measure, self.requested = measure, "VN" if asks == "IR" else "IR"
        self.drafter, self.approver = ours["drafter"], ours["approver"]
        self.decider, self.judge, self.doer = theirs["decider"], theirs["judge"], theirs["doer"]
        for desk in (self.drafter, self.approver, self.decider, self.judge):
            desk.sign_in()
        self.reference = self._sent()

    def _sent(self) -> str:
        """Drafted, checked, approved by another, sent: the reference."""
        desk = self.drafter
        desk.open(f"/cases/new/{self.measure}?requested={self.requested}&basis=uncc&scope=A&offence.code=uncc:13")
        reference = desk.page.locator("[name=reference]").input_value()
        self._typed(desk, FACTS | _more(self.measure, _today(desk)))
        desk.press("Save the draft")
        desk.press(verb("check"))
        approver = self.approver
        approver.to_case(reference)
        approver.follow(verb("approve"))
        approver.type("Why it leaves although findings failed", REASON)
        approver.press(verb("approve"))
        approver.follow(verb("send"))
        approver.press(verb("send"))
        return reference

    @staticmethod
    def _typed(desk: Desk, values: dict[str, str]) -> None:
        folded = desk.page.locator("main details.more:not([open]) > summary")
        while folded.count():
            folded.first.click()
        for name, value in values.items():
            control = desk.page.locator(f'main [name="{name}"]')
            if control.count():
                control.first.fill(value)

    def act(self, desk: Desk, name: str, *, then: str = "", **fields: str) -> None:
        """At the case's page: wait until the verb is offered, fill its form in and press its button."""
        desk.to_case(self.reference)
        name_of = desk.word(verb(name, self.measure))
        link = desk.page.get_by_role("link", name=name_of, exact=True, include_hidden=True)
        desk.until(link.count)
        if not link.filter(visible=True).count():
            desk.unfold("Also possible")
        desk.follow(verb(name, self.measure))
        self.fill(desk, fields)
        desk.press(verb(name, self.measure))
        assert urlsplit(desk.page.url).path == f"/cases/{self.reference}", desk.text("[role=alert]")
        if then:
            desk.until_stage(*then.split(" ", 1), self.measure)

    @staticmethod
    def fill(desk: Desk, fields: dict[str, str]) -> None:
        """Fill the form in by the names of its inputs; conditions are ticked, all of them."""
        for box in desk.page.locator("main form [type=checkbox][name=conditions]").all():
            box.check()
        for name, value in fields.items():
            control = desk.page.locator(f"main form [name={name}]").last
            if control.evaluate("it => it.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def accepted(self, conditions: str) -> None:
        """Assessed and accepted; the conditions agreed to."""
        desk = self.decider
        desk.to_case(self.reference)
        desk.press(verb("assess"))
        desk.follow(verb("decide", self.measure))
        form = desk.page.locator("#choice-accept form")
        form.locator("textarea[name=conditions]").fill(conditions)
        form.locator("[name=reasons]").fill(REASON if desk.language == "fa" else "Complete.")
        desk.press(verb("accept", self.measure))
        if conditions:
            self.approver.to_case(self.reference)
            self.approver.until_stage("requesting", "accepted", self.measure)
            agree(self.approver, 1)

    def authorised(self) -> None:
        """The other officer records the court's decision."""
        day = (_today(self.judge) + timedelta(days=60)).isoformat()
        self.act(self.judge, "authorise", authority="Court (exercise)", decision="EX-1", ground="Law (exercise)",
                 scope="As asked.", until=day)  # fmt: skip

    def returned(self, number: int, world, rest: str = "") -> None:
        """A delivery is taken in, sealed and disclosed; the other side collects and verifies it."""
        desk = self.doer
        place = world.root / f"traffic-{number}"
        place.mkdir(exist_ok=True)
        (place / "records.csv").write_text(f"time,from,to\n{number},a,b\n")
        nodes.place_delivery(world.states[self.requested], place, f"traffic-{number}")
        self.act(desk, "execute", delivery=f"traffic-{number}", source="Provider (exercise)", then="requested executed")
        part = " part" if rest else ""
        self.act(desk, "disclose", rest=rest, then=f"requested disclosed{part}")
        asks = self.drafter
        asks.to_case(self.reference)
        self.act(asks, "verify", then=f"requesting verified{part}")

    def closed(self) -> None:
        """Both sides close."""
        asks, asked = self.drafter, self.doer
        asks.to_case(self.reference)
        close(asks)
        asked.to_case(self.reference)
        asked.until_stage("requested", "closing", self.measure)
        close(asked)
        asks.to_case(self.reference)
        asks.until_stage("requesting", "closed", self.measure)


def _more(measure: str, today: date) -> dict[str, str]:
    """What a form asks beyond the facts, so that the walk can go on."""
    if measure == "real-time-traffic":
        return {"period_from": today.isoformat(), "period_to": (today + timedelta(days=WALKS_TAKE)).isoformat(),
                "accounts-0-value": "ring@mail.example"}  # fmt: skip
    if measure == "confiscation":
        return {
            "deadline": today.isoformat(),
            "deadline_reason": "The order lapses.",
            "assets-0-description": "A flat.",
        }
    if measure == "appearance":
        return {"persons-0-name": "Tran Thi Mai"}
    return {"conditions": "Tell no third party."} if measure == "spontaneous-information" else {}


def test_a_witness_is_told_that_she_may_go(world):
    """In Persian where she is: told, hindered, free to go, gone; in English the other State sees the same, and its end."""
    pair = Pair(world, "appearance", "IR")
    pair.accepted("Safe for thirty days.")
    pair.act(pair.doer, "perform", report="She was told and agrees.", done_on=_today(pair.doer).isoformat(),
             then="requested performed")  # fmt: skip
    pair.drafter.to_case(pair.reference)
    pair.drafter.until_stage("requesting", "performed", pair.measure)
    asks, asked = pair.approver, pair.decider
    local = datetime.now(ZoneInfo("Asia/Tehran"))
    told, ill, well = (
        f"{almanac.day_typed(when.date(), 'fa')} {almanac.persian_digits(f'{when:%H:%M}')}"
        for when in (local - timedelta(minutes=ago) for ago in (4, 3, 1))
    )  # just after the acceptance, as far as two States' clocks differ
    pair.act(asks, "discharge", told_at=told, agreed="0", days="۳۰")
    assert "Tran Thi Mai" in asks.text("#clock-safe-conduct-1 h3")
    asked.to_case(pair.reference)
    asked.until(lambda: "Tran Thi Mai" in asked.text("[aria-labelledby=clock]"))
    assert asked.word("It binds the other State.") in asked.text("#clock-safe-conduct-1")
    assert "Safe for thirty days." in asked.text()
    pair.act(asks, "hinder", since=ill, reasons="در بیمارستان است.")
    assert asks.word("Stands still") in asks.text("#clock-safe-conduct-1")
    pair.act(asks, "hinder", until=well, reasons="مرخص شد.")
    pair.act(asks, "end-safe-conduct", how="left")
    asked.to_case(pair.reference)
    asked.until(lambda: asked.word("Ended") in asked.text("#clock-safe-conduct-1"))
    pair.closed()


def test_extradition_in_two_languages(world):
    """Consulted and answered, agreed to, authorised, surrendered in part and then in full."""
    pair = Pair(world, "extradition", "IR")
    pair.decider.to_case(pair.reference)
    pair.act(pair.decider, "consult", message="Will he have a lawyer?")
    pair.approver.to_case(pair.reference)
    pair.approver.until(lambda: "Will he have a lawyer?" in pair.approver.text(".next"))
    pair.act(pair.approver, "reply", message="بله، از آغاز.")
    pair.accepted("No death penalty.")
    pair.authorised()
    day = _today(pair.doer).isoformat()
    pair.act(pair.doer, "perform", report="Surrendered at the airport.", done_on=day, rest="His telephone.",
             then="requested performed part")  # fmt: skip
    pair.drafter.to_case(pair.reference)
    pair.drafter.until_stage("requesting", "performed part", "extradition")
    assert "His telephone." in pair.drafter.text(".next")
    pair.act(pair.doer, "perform", report="The telephone was handed over.", done_on=day, then="requested performed")
    pair.drafter.until_stage("requesting", "performed", "extradition")
    pair.closed()


def test_traffic_data_in_two_returns(world):
    """Collected over a period that is extended; each return is verified; then it is released and closed."""
    pair = Pair(world, "real-time-traffic", "IR")
    pair.accepted("Only in this case.")
    pair.authorised()
    pair.act(pair.doer, "order", provider="Provider", order="1", content="Record.")
    pair.returned(1, world, rest="The second week.")
    later = almanac.day_typed(_today(pair.approver) + timedelta(days=30), "fa")
    pair.act(pair.approver, "ask-extension", until=later, reasons="گروه هنوز فعال است.")
    pair.decider.follow("Cases", within="nav")
    pair.decider.until(lambda: "More time is asked for" in pair.decider.text("[aria-labelledby=matters]"))
    pair.act(pair.decider, "extend", reasons="As the court says.")
    pair.returned(2, world)
    pair.drafter.to_case(pair.reference)
    assert pair.drafter.page.locator("[aria-labelledby=evidence] dl").count() == 2
    pair.drafter.follow(verb("release"))
    pair.drafter._leads(pair.drafter.page.locator("main .moves a").first)
    pair.fill(pair.drafter, {"recipient": "دادگاه تهران"})
    pair.drafter.press(verb("release"))
    pair.closed()


def test_confiscation_asked_of_iran(world):
    """In Persian on the asked side: a deadline stands on the board until somebody says what becomes of it."""
    pair = Pair(world, "confiscation", "VN")
    desk = pair.decider
    desk.to_case(pair.reference)
    settle = desk.page.locator("#clock-suggested .settle a")
    desk._leads(settle.nth(1))
    pair.fill(desk, {"reasons": "به وزیر گفته شد."})
    desk.press(verb("escalate"))
    assert desk.word("Escalated") in desk.text("#clock-suggested")
    pair.accepted("حقوق اشخاص ثالث رعایت شود.")
    pair.authorised()
    pair.act(pair.doer, "perform", report="آپارتمان مصادره شد.", done_on=almanac.day_typed(_today(desk), "fa"),
             then="requested performed")  # fmt: skip
    pair.drafter.to_case(pair.reference)
    pair.drafter.until_stage("requesting", "performed", "confiscation")
    assert pair.drafter.word(words.MEASURES["return"]) in pair.drafter.text(".follow-ups")
    pair.closed()


def test_information_told_to_iran(world):
    """Taken note of under its conditions; released; a request that stands on it is offered; closed by its sender."""
    pair = Pair(world, "spontaneous-information", "VN")
    desk = pair.decider
    desk.to_case(pair.reference)
    desk.press(verb("assess"))
    desk.follow(verb("decide", pair.measure))
    pair.fill(desk, {})
    desk.page.locator("#choice-accept [name=reasons]").fill("با سپاس.")
    desk.press(verb("accept", pair.measure))
    doer = pair.doer
    doer.to_case(pair.reference)
    doer.until_stage("requested", "accepted", pair.measure)
    release(doer, "پلیس تهران", pair.measure)
    assert "پلیس تهران" in doer.text("[aria-labelledby=releases]")
    doer._leads(doer.page.locator(".follow-ups a").first)
    assert urlsplit(doer.page.url).path == "/cases/new"
    pair.drafter.to_case(pair.reference)
    pair.drafter.until_stage("requesting", "accepted", pair.measure)
    pair.closed()


def test_a_joint_investigation(world):
    """Asked how it stands, answered, the team set up, closed; the checks are made again with the books of their day."""
    pair = Pair(world, "joint-investigation", "IR")
    pair.accepted("")
    pair.act(pair.approver, "enquire", message="گروه کِی آغاز می‌کند؟")
    pair.decider.to_case(pair.reference)
    pair.decider.until(lambda: "The other State asks how the case stands" in pair.decider.text(".next"))
    pair.act(pair.decider, "report", message="Tomorrow.")
    pair.act(pair.doer, "perform", report="The team was set up.", done_on=_today(pair.doer).isoformat(),
             then="requested performed")  # fmt: skip
    pair.drafter.to_case(pair.reference)
    pair.drafter.until_stage("requesting", "performed", pair.measure)
    pair.drafter.follow("Check again with the books of that day")
    assert pair.drafter.word("The same findings: nothing was changed since.") in pair.drafter.text()
    pair.closed()
