"""The clocks of a case by its acts: what sets each running, lets it stand still and ends it, on both sides and on the pages."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from affairs import OURS, THEIRS, asked, load, says, sent, turned_away
from browsing import Browser
from exhibits import bring
from peer import request
from refusing import code

from comity.casework.act import FORMS, Act, Kind
from comity.casework.case import Case
from comity.casework.measure import Measure
from comity.casework.moments import moment_text
from comity.casework.request import Subject
from comity.law.book import default_folder
from comity.law.book import load as read_books
from comity.node.desk import deadlines as settling
from comity.node.desk import dossier, requested, requesting
from comity.node.officers import board, deadlines, moves
from comity.node.settings import Settings
from comity.verify import Verdict, verify_file
from comity.wording import lawbook
from comity.wording.speech import Screen

pytestmark = pytest.mark.django_db

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WITNESS = Subject("N. Rahimi", "witness", consent=True)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEHRAN, HANOI = ZoneInfo("Asia/Tehran"), ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def books(tmp_path, monkeypatch):
    """Gives the node other books: those that are shipped, with a text added to one of them."""

    def given(book: str, added: str = "", **instead: str) -> None:
        shutil.rmtree(folder := tmp_path / "lawbooks", ignore_errors=True)
        shutil.copytree(default_folder(), folder)
        place = folder / book
        text = place.read_text("utf-8") + added
        for name, period in instead.items():
            assert f'id = "{name}"' in text
            text = re.sub(rf'(\[\[clock\]\]\nid = "{name}"\nmeasures = .*\nperiod = )"[^"]+"', rf"\1{period}", text)
        place.write_text(text, "utf-8")
        found = read_books(folder)
        monkeypatch.setattr(Settings, "books", property(lambda _settings: found))

    return given


def clock(row: str, law: str, article: str = "9") -> str:
    """A clock of a State's book, with its line of law."""
    line = (
        f'id = "{law}"\narticle = "{article}"\nverified = true\nfrom = 2000-01-01\nsource = "s"\nen = "x"\nfa = "x"\n'
    )
    return f'\n[[clock]]\n{row}\nprovision = "{law}"\n\n[[provision]]\n{line}'


def clocks_of(node, reference: str, at: datetime) -> dict[str, deadlines.Clock]:
    """The clocks of a case as they stand here."""
    return {one.kind: one for one in deadlines.of(node, load(reference), at=at)}


# ------------------------------------------------------------------------------------- which act does what, for every clock

BEGINS = {
    # clock: the act that sets it running, and whether the requesting State sees it run too
    "preservation": (Kind.PRESERVED, True), "service-on-provider": (Kind.REQUESTED, True),
    "subscriber-return": (Kind.ORDERED, False), "traffic-return": (Kind.ORDERED, False),
    "interception": (Kind.ORDERED, False), "surrender": (Kind.ACCEPTED, True),
    "provisional-arrest": (Kind.PERFORMED, True), "provisional-arrest-outside-europe": (Kind.PERFORMED, True),
    "safe-conduct": (Kind.DISCHARGED, True),
}  # fmt: skip
ACTS = (Kind.REQUESTED, Kind.ACCEPTED, Kind.ORDERED, Kind.PRESERVED, Kind.PERFORMED, Kind.DISCHARGED)
BODY = {
    "effected_at": moment_text(AT), "until": moment_text(AT + 60 * DAY), "told_at": moment_text(AT), "days": 0, "agreed": "",
    "done_on": "2026-11-24", "rest": "More.", "conditions": [], "letter": "", "person": WITNESS.name,
}  # fmt: skip


def case_of(measure: Measure, basis: str, requested_: str, kinds) -> Case:
    """A case in which these were said, whether its table would let them or not."""
    found = replace(request(measure=measure, basis=basis, persons=(WITNESS,)), requested=requested_)
    case = Case(found.reference, found.requesting, found.requested, measure, written=found)
    for number, kind in enumerate(kinds):
        body = {name: BODY.get(name, "x") for name in FORMS[kind]} | (
            {"request": found.to_dict()} if kind is ACTS[0] else {}
        )
        by = found.requesting if kind in (Kind.REQUESTED, Kind.DISCHARGED) else found.requested
        act = Act(kind, found.reference, by, "o", "O", "", AT + timedelta(minutes=number), body, id=f"{number:064x}")
        case = replace(case, acts=(*case.acts, act))
    return case


def every_clock(books):
    """Each clock of each shipped book, with a measure that sets it running."""
    for treaty in books.treaties.values():
        yield from ((rule, rule.id, treaty.id, "IR") for rule in treaty.clocks)
    for state in books.states.values():
        yield from (
            (rule, f"{state.code}:{rule.id}", "uncc", state.code) for rule in state.clocks if state.code != "VN"
        )


def test_every_clock_of_the_books_is_set_running_by_an_act(node):
    """Just the act that docs/LAWBOOKS.md names, and none before it; without it the clock does not run."""
    found = set()
    for rule, kind, basis, requested_ in every_clock(node.books):
        first, crosses = BEGINS[rule.id]
        for measure in rule.measures:
            begun = []
            for number in range(1, len(ACTS) + 1):
                case = case_of(measure, basis, requested_, ACTS[:number])
                running = {one.kind.partition("/")[0] for one in deadlines.of(node, case, at=AT)}
                begun += [ACTS[number - 1]] if kind in running else []
            assert begun[0] is first, (kind, measure)
            there = case_of(measure, basis, requested_, [one for one in ACTS if one is not Kind.ORDERED])
            assert (kind in {one.kind.partition("/")[0] for one in deadlines.of(node, there, at=AT)}) == crosses, kind
        found.add(rule.id)
    assert found == set(BEGINS)


def test_no_shipped_book_suspends_a_clock(node):
    """None of the laws entered so far says so; then nothing does, whatever the case waits for."""
    assert [rule.id for rule, *_ in every_clock(node.books) if rule.suspended_by] == []


def test_the_page_names_every_clock():
    """docs/LAWBOOKS.md says of each clock what begins it."""
    page = (Path(__file__).parent.parent / "docs" / "LAWBOOKS.md").read_text("utf-8")
    _, _, table = page.partition("## What the acts of a case do to a clock")
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", table.partition("\n## ")[0], flags=re.MULTILINE))
    assert set(BEGINS) | {"suggested", "collection"} <= set(listed)
    for name, (kind, crosses) in BEGINS.items():
        assert f"`{kind}`" in listed[name] or listed[name] == "the same"
        assert ("(here)" in listed[name] and "else" not in listed[name]) == (not crosses), name


# ---------------------------------------------------------------------------------------------------------- safe conduct


@pytest.fixture
def came(node, peer, officers, at):
    """A witness of Viet Nam's has come to Iran; the moment at which the request was accepted."""
    sent(node, officers, at, Measure.APPEARANCE, persons=(WITNESS,))
    says(node, peer, at, Kind.ACCEPTED, {"conditions": ["Safe for thirty days."], "reasons": "r"})
    requesting.agree(node, OURS, conditions=["Safe for thirty days."], officer=officers.approver, at=at)
    says(node, peer, at, Kind.PERFORMED, {"report": "She left.", "done_on": at.date().isoformat(), "rest": ""})
    return at


def end(day, zone) -> datetime:
    """The last second of a day."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone)


def test_who_is_told_is_safe_for_fifteen_days(node, officers, came):
    """The clock begins with the word, is counted here, warns, runs out, and ends by a name; until then nobody closes."""
    officer = officers.approver
    about = {"officer": officer, "at": came + SECOND}
    assert clocks_of(node, OURS, came) == {}
    requesting.discharge(node, OURS, person=WITNESS.name, told_at=came, **about)
    shown = clocks_of(node, OURS, came)["safe-conduct/1"]
    due = end(came.astimezone(TEHRAN).date() + 15 * DAY, TEHRAN)
    assert (shown.due, shown.bearer, shown.person, shown.cites) == (due, "requesting", WITNESS.name, ("uncc:40(29)",))
    late = due + DAY
    for moment, state in ((came, "running"), (due - 7 * DAY, "warning"), (late, "expired")):
        assert str(clocks_of(node, OURS, moment)["safe-conduct/1"].state) == state
    closing = {"note": "", "officer": officers.all}
    assert code(requesting.close, node, OURS, at=late, **closing) == "conduct.runs"
    ended = {"person": WITNESS.name, "officer": officer, "at": late}
    for moment in (came - 60 * SECOND * 60, late + DAY):
        assert code(requesting.end_safe_conduct, node, OURS, how="left", ended_at=moment, **ended) == "conduct.time"
    assert code(requesting.end_safe_conduct, node, OURS, how="stayed", ended_at=due, **ended) == "conduct.early"
    requesting.end_safe_conduct(node, OURS, how="stayed", ended_at=due + SECOND, **ended)
    assert str(clocks_of(node, OURS, late)["safe-conduct/1"].state) == "met"
    requesting.close(node, OURS, at=late, **closing)


def test_the_days_are_in_a_row(node, officers, came):
    """While she cannot leave they stand still; from then on they begin anew; a machine ends nothing meanwhile."""
    about = {"person": WITNESS.name, "officer": officers.approver}
    requesting.discharge(node, OURS, told_at=came, at=came, **about)
    ill, well = came + 10 * DAY, came + 12 * DAY
    requesting.hinder(node, OURS, since=ill, until=None, reasons="In hospital.", at=ill, **about)
    stands = clocks_of(node, OURS, came + 99 * DAY)["safe-conduct/1"]
    assert (str(stands.state), stands.stopped) == ("paused", ill)
    stayed = {"how": "stayed", "ended_at": came + 98 * DAY, "at": came + 99 * DAY}
    assert code(requesting.end_safe_conduct, node, OURS, **stayed, **about) == "conduct.early"
    requesting.hinder(node, OURS, since=None, until=well, reasons="She is well.", at=well, **about)
    assert clocks_of(node, OURS, well)["safe-conduct/1"].due == end(well.astimezone(TEHRAN).date() + 15 * DAY, TEHRAN)
    nothing = {"since": None, "until": well + DAY, "reasons": "x", "at": well + DAY}
    assert code(requesting.hinder, node, OURS, **nothing, **about) == "form.required"


def test_another_period_has_to_be_agreed(node, officers, came):
    """By a condition that both agreed on; neither shorter nor longer by one State's word."""
    about = {"person": WITNESS.name, "told_at": came, "officer": officers.approver, "at": came}
    for days, agreed in (
        (5, ""),
        (5, "Safe for five days."),
        (0, "Safe for thirty days."),
        (10_000, "Safe for thirty days."),
    ):
        assert code(requesting.discharge, node, OURS, days=days, agreed=agreed, **about).startswith("conduct.")
    requesting.discharge(node, OURS, days=30, agreed="Safe for thirty days.", **about)
    due = clocks_of(node, OURS, came)["safe-conduct/1"].due
    assert due == end(came.astimezone(TEHRAN).date() + 30 * DAY, TEHRAN)


def test_the_other_state_sees_the_same_clock(node, peer, officers, at):
    """Counted in Viet Nam, where our witness is; what Viet Nam says of her beyond the rules is turned away."""
    asked(node, peer, officers, at, Measure.APPEARANCE, persons=(WITNESS,))
    requested.perform(node, THEIRS, report="r", done_on=at.date(), rest="", officer=officers.decider, at=at)
    body = {"person": WITNESS.name, "told_at": moment_text(at), "days": 0, "agreed": ""}
    for wrong, expected in (
        ({"person": "Q"}, "conduct.person"), ({"days": 3, "agreed": "x"}, "conduct.agreed"),
        ({"told_at": moment_text(at + DAY)}, "conduct.time"),
    ):  # fmt: skip
        data = peer.say(Kind.DISCHARGED, THEIRS, body | wrong, after=load(THEIRS).head, at=at)[0]
        assert turned_away(node, data, at) == expected
    assert clocks_of(node, THEIRS, at) == {}
    says(node, peer, at, Kind.DISCHARGED, body, THEIRS)
    assert clocks_of(node, THEIRS, at)["safe-conduct/1"].due == end(at.astimezone(HANOI).date() + 15 * DAY, HANOI)
    says(
        node,
        peer,
        at,
        Kind.SAFE_CONDUCT_ENDED,
        {"person": WITNESS.name, "how": "left", "ended_at": moment_text(at)},
        THEIRS,
    )
    assert str(clocks_of(node, THEIRS, at)["safe-conduct/1"].state) == "met"


def test_a_hostile_state_sets_no_period_and_hides_no_clock(node, peer, officers, at):
    """Not by a word that passed ours either; and a period that it reads in a condition is shown as its own reading."""
    asked(node, peer, officers, at, Measure.APPEARANCE, persons=(WITNESS,))
    early = load(THEIRS).head
    requested.perform(node, THEIRS, report="r", done_on=at.date(), rest="", officer=officers.decider, at=at)
    body = {"person": WITNESS.name, "told_at": moment_text(at)}
    for days, expected in ((1, "conduct.agreed"), (10**9, "conduct.days")):
        crossed = peer.say(Kind.DISCHARGED, THEIRS, body | {"days": days, "agreed": "x"}, after=early, at=at)[0]
        assert turned_away(node, crossed, at) == expected
    assert clocks_of(node, THEIRS, at) == {}


@pytest.mark.parametrize("language", ["en", "fa"])
def test_an_agreed_period_is_shown_as_the_reading_of_its_author(node, officers, came, language):
    """A machine does not read conditions: who sees the clock sees which words are said to set it."""
    about = {"person": WITNESS.name, "officer": officers.approver, "at": came}
    requesting.discharge(node, OURS, told_at=came, days=1, agreed="Safe for thirty days.", **about)
    page = Browser(officers.decider, language)
    shown = page.text(f"/cases/{OURS}").partition('id="clock-safe-conduct-1"')[2].partition("</li>")[0]
    assert "Safe for thirty days." in shown
    assert ("1 day, as the requesting State reads this condition" in shown) == (language == "en")
    said = page.get(f"/cases/{OURS}.json").json()["clocks"][0]
    assert (said["days"], said["agreed"]) == (1, "Safe for thirty days.")


@pytest.mark.parametrize("over", [Kind.REFUSED, Kind.WITHDRAWN])
def test_a_request_that_is_over_silences_no_safe_conduct(node, peer, officers, at, over):
    """Whoever refuses or withdraws: she is there, her time runs out, and an officer is told and says what becomes of it."""
    sent(node, officers, at, Measure.APPEARANCE, persons=(WITNESS,))
    says(node, peer, at, Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    approver = {"officer": officers.approver}
    requesting.discharge(node, OURS, person=WITNESS.name, told_at=at, at=at, **approver)
    if over is Kind.REFUSED:
        says(node, peer, at, Kind.CONSULTED, {"message": "m"})
        says(node, peer, at, Kind.REFUSED, {"grounds": [], "reasons": "r"})
    else:
        requesting.withdraw(node, OURS, reasons="r", at=at, **approver)
    found = clocks_of(node, OURS, at + 13 * DAY)["safe-conduct/1"]
    assert (str(found.state), found.needs_somebody, found.open) == ("warning", True, True)
    late = found.due + DAY
    assert clocks_of(node, OURS, late)["safe-conduct/1"].needs_somebody
    assert [one.clock.kind for one in board.matters(node, at=late) if one.clock] == [found.kind]
    page = Browser(officers.approver, "en")
    assert f'href="/cases/{OURS}/waive?deadline={found.id.replace(":", "%3A").replace("@", "%40")}' in page.text(
        f"/cases/{OURS}"
    )
    why = {"clock": found.kind, "due": found.due, "reasons": "r", "at": late, **approver}
    settling.escalate(node, OURS, **why)
    assert str(clocks_of(node, OURS, late)["safe-conduct/1"].state) == "escalated"
    requesting.end_safe_conduct(node, OURS, person=WITNESS.name, how="left", ended_at=late, at=late, **approver)
    assert not clocks_of(node, OURS, late)["safe-conduct/1"].open
    assert code(settling.waive, node, OURS, **why) == "case.stage"


@pytest.mark.parametrize("language", ["en", "fa"])
def test_who_is_said_to_have_stayed_too_early_is_seen(node, peer, officers, at, language):
    """It is the other State's word, and kept; by our law book the time had not run out, and the clock says so."""
    asked(node, peer, officers, at, Measure.APPEARANCE, persons=(WITNESS, Subject("B. Karimi", "expert", consent=True)))
    page = Browser(officers.decider, language)
    for place, (subject, ended_at) in enumerate(((WITNESS.name, at), ("B. Karimi", at + 17 * DAY)), 1):
        told = {"person": subject, "told_at": moment_text(at), "days": 0, "agreed": ""}
        says(node, peer, at, Kind.DISCHARGED, told, THEIRS)
        ended = {"person": subject, "how": "stayed", "ended_at": moment_text(ended_at)}
        says(node, peer, ended_at, Kind.SAFE_CONDUCT_ENDED, ended, THEIRS)
        assert clocks_of(node, THEIRS, ended_at)[f"safe-conduct/{place}"].early == (place == 1)
        told = page.text(f"/cases/{THEIRS}").partition(f'id="clock-safe-conduct-{place}"')[2].partition("</li>")[0]
        assert ("it had not run out by then" in told) == (place == 1 and language == "en")
    assert [one["early"] for one in page.get(f"/cases/{THEIRS}.json").json()["clocks"]] == [True, False]


def test_a_name_that_turns_text_round_stands_apart(node, peer, officers, at):
    """In the choice of a deadline and of a person: the date beside it stays as it is."""
    evil = "N. \u202eimihaR"
    one = Subject(evil, "witness", consent=True)
    asked(node, peer, officers, at, Measure.APPEARANCE, persons=(one,))
    says(node, peer, at, Kind.DISCHARGED, {"person": evil, "told_at": moment_text(at), "days": 0, "agreed": ""}, THEIRS)
    page = Browser(officers.decider, "en")
    for path in ("", "/meet", "/escalate"):
        assert "\u202e" not in page.text(f"/cases/{THEIRS}{path}")
    assert "\u2068N. \\u202eimihaR\u2069: " in page.text(f"/cases/{THEIRS}/meet")
    sent(node, officers, at, Measure.APPEARANCE, persons=(one,))
    says(node, peer, at, Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    page = Browser(officers.approver, "en")
    assert "\u202e" not in page.text(f"/cases/{OURS}/discharge")
    assert page.post(f"/cases/{OURS}/discharge", person="0", told_at=moment_text(at)).status_code == 303
    assert load(OURS).acts[-1].body["person"] == evil


def test_under_a_basis_that_is_silent_no_clock_runs(node, peer, officers, at):
    """The words are kept and shown; how long safe conduct lasts nobody guesses."""
    sent(node, officers, at, Measure.APPEARANCE, persons=(WITNESS,), basis="reciprocity")
    says(node, peer, at, Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    about = {"person": WITNESS.name, "officer": officers.approver, "at": at}
    requesting.discharge(node, OURS, told_at=at, **about)
    assert clocks_of(node, OURS, at) == {}
    requesting.end_safe_conduct(node, OURS, how="stayed", ended_at=at, **about)


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_pages_of_safe_conduct(node, officers, came, language):
    """An officer says each word on a page, and the case shows them with the deadline, in both languages."""
    page, path = Browser(officers.approver, language), f"/cases/{OURS}"
    for verb in ("discharge", "hinder", "end-safe-conduct"):
        offered = f'href="{path}/{verb}"' in page.text(path)
        assert offered == (verb == "discharge")
    form = page.text(f"{path}/discharge")
    assert 'name="days"' in form
    assert f'value="0" dir="auto" selected>{WITNESS.name}<' in form
    local = f"{came.astimezone(TEHRAN):%Y-%m-%d %H:%M}"
    when = moment_text(came)
    answer = page.post(f"{path}/discharge", person="0", told_at=when, agreed="", days="many")
    assert answer.status_code == 422
    nobody = page.post(f"{path}/discharge", person="7", told_at=when, agreed="", days="")
    assert nobody.status_code == 422
    done = page.post(f"{path}/discharge", person="0", told_at=when, agreed="0", days="۳۰")
    assert done.status_code == 303, local
    assert load(OURS).acts[-1].body["days"] == 30
    assert page.post(f"{path}/hinder", person="0", since=when, until="", reasons="بیمار").status_code == 303
    shown = page.text(path)
    assert "بیمار" in shown
    assert 'id="clock-safe-conduct-1"' in shown
    assert WITNESS.name in shown.partition('id="clock-safe-conduct-1"')[2].partition("</h3>")[0]
    assert ("Stands still" in shown) == (language == "en")
    over = moment_text(came + DAY)
    ended = page.post(f"{path}/end-safe-conduct", person="0", how="left", ended_at=over)
    assert ended.status_code == 422  # that day has not come
    assert page.post(f"{path}/end-safe-conduct", person="0", how="left", ended_at=when).status_code == 303
    assert "{{" not in page.text(path)
    assert moves.possible(node, load(OURS), officers.approver, at=came)
    said = page.get(f"{path}.json").json()["clocks"][0]
    assert (said["kind"], said["person"], said["state"]) == ("safe-conduct/1", WITNESS.name, "met")


# ------------------------------------------------------------------------------------------------ what suspends a clock

ANSWER = 'id = "answer"\nmeasures = ["records"]\nperiod = "{period}"\nleast = false\nbearer = "requested"\nbegins = "requested"'


def supplemented(node, peer, officers, at):
    """Viet Nam asked for records; Iran asks a question on the second day, and has its answer on the fifth."""
    what = request(measure=Measure.RECORDS)
    bring(node, peer.asks(what)[0], at)
    requested.assess(node, THEIRS, officer=officers.decider, at=at + DAY)
    requested.ask(node, THEIRS, questions="q", fields=[], officer=officers.decider, at=at + DAY)
    yield at + DAY
    body = {"request": what.to_dict()}
    data = peer.say(Kind.SUPPLEMENTED, THEIRS, body, after=load(THEIRS).head, at=at + 4 * DAY)[0]
    bring(node, data, at + 4 * DAY)
    yield at + 4 * DAY


@pytest.mark.parametrize("silent", [True, False])
def test_a_question_suspends_what_the_book_says(node, peer, officers, at, books, silent):
    """From the question to its answer, three days; where the book is silent the period runs on."""
    rule = ANSWER.format(period="10 days") + ("" if silent else '\nsuspended_by = ["information"]\nends = "decided"')
    books("states/IR.toml", clock(rule, "IR-X:9"))
    due = end(at.astimezone(TEHRAN).date() + 10 * DAY, TEHRAN)
    for moment, state in zip(supplemented(node, peer, officers, at), ("paused", "running"), strict=True):
        found = clocks_of(node, THEIRS, moment)["IR:answer"]
        assert str(found.state) == ("running" if silent else state)
    assert found.due == (due if silent else due + 3 * DAY)
    assert (str(clocks_of(node, THEIRS, due + DAY)["IR:answer"].state) == "expired") == silent
    requested.assess(node, THEIRS, officer=officers.decider, at=moment)
    requested.accept(node, THEIRS, conditions=[], reasons="r", officer=officers.decider, at=moment)
    assert str(clocks_of(node, THEIRS, moment)["IR:answer"].state) == ("running" if silent else "met")


def test_a_postponement_suspends_only_by_the_book(node, peer, officers, at, books):
    """A word of the State that is bound stretches no period of its own; a book can say that it does."""
    for row in ("", '\nsuspended_by = ["postponement"]', '\nsuspended_by = ["consultation"]'):
        books("states/IR.toml", clock(ANSWER.format(period="10 days") + row, "IR-X:9"))
        if not load_if(THEIRS):
            bring(node, peer.asks(request(measure=Measure.RECORDS))[0], at)
            about = {"officer": officers.decider, "at": at}
            requested.assess(node, THEIRS, **about)
            requested.consult(node, THEIRS, message="m", **about)
            requested.postpone(node, THEIRS, reasons="r", **about)
        state = str(clocks_of(node, THEIRS, at + 20 * DAY)["IR:answer"].state)
        assert state == ("paused" if "postponement" in row else "expired"), row


def load_if(reference: str) -> bool:
    """Whether the case is here."""
    from comity.node import models

    return models.Case.objects.filter(pk=reference).exists()


def test_what_suspends_is_one_of_the_words(books):
    """Another word is refused with the list."""
    for row in (
        'suspended_by = ["holidays"]',
        'suspended_by = ["information", "information"]',
        'begins = "asked"',
        'ends = "x"',
    ):
        rule = ANSWER.format(period="10 days").replace('\nbegins = "requested"', "") + f"\n{row}"
        assert code(books, "states/IR.toml", clock(rule, "IR-X:9")).startswith("lawbook."), row


@pytest.mark.parametrize("row", ['suspended_by = ["consultation"]', 'begins = "accepted"', 'ends = "decided"'])
def test_a_row_of_a_treaty_says_nothing_that_no_count_heeds(books, row):
    """Its preservation and safe conduct go by acts of their own; a State's clock may say all three."""
    for name, period in (("safe-conduct", "15 days"), ("preservation", "60 days")):
        assert code(books, "treaties/uncc.toml", **{name: f'"{period}"\n{row}'}) == "lawbook.value"
    books("states/IR.toml", preservation=f'"3 months"\n{row}')


# ------------------------------------------------------------------------------- both ends, and books that are corrected


@pytest.mark.parametrize("language", ["en", "fa"])
def test_an_uncertain_end_is_shown_with_both_ends(node, peer, officers, at, books, language):
    """The earliest, the latest and that of the book as it stands, and which line is not sure; on the board both days."""
    books("states/IR.toml", clock(ANSWER.format(period="10 working-days"), "IR-X:9"))
    bring(node, peer.asks(request(measure=Measure.RECORDS))[0], at)
    found = clocks_of(node, THEIRS, at)["IR:answer"]
    assert found.uncertain is not None
    assert found.uncertain.doubts
    page = Browser(officers.decider, language)
    text = page.text(f"/cases/{THEIRS}").partition('id="clock-IR-answer"')[2].partition("</li>")[0]
    words = ("Ends at the earliest", "Ends at the latest", "Ends by the book as it stands", "Why it is not sure")
    assert [word in text for word in words] == [language == "en"] * 4
    assert 'class="small uncertain"' in text
    assert {one.about for one in found.uncertain.doubts} <= set(re.findall(r"IR[A-Za-z0-9:-]*", text))
    assert ("not verified" in text) == (language == "en")
    said = page.get(f"/cases/{THEIRS}.json").json()["clocks"][0]["uncertain"]
    assert said["doubts"][0] == {"code": "unverified", "about": found.uncertain.doubts[0].about}
    assert (said["latest"] is None) == (found.uncertain.latest is None)
    if found.uncertain.latest:
        assert str(clocks_of(node, THEIRS, found.due + SECOND)["IR:answer"].state) == "uncertain"
        assert str(clocks_of(node, THEIRS, found.uncertain.latest + SECOND)["IR:answer"].state) == "expired"
    board = page.text("/cases")
    assert "{%" not in board


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("verified", [True, False])
def test_law_that_nobody_verified_says_so_at_the_clock(node, peer, officers, at, books, language, verified):
    """Where the clock cites it, on the page and for a program."""
    law = clock(ANSWER.format(period="10 days"), "IR-X:9")
    books("states/IR.toml", law if verified else law.replace("verified = true", "verified = false"))
    bring(node, peer.asks(request(measure=Measure.RECORDS))[0], at)
    page = Browser(officers.decider, language)
    cites = (
        page.text(f"/cases/{THEIRS}")
        .partition('id="clock-IR-answer"')[2]
        .partition('class="art"')[2]
        .partition("</p>")[0]
    )
    assert "IR-X:9" in cites
    assert ({"en": "not verified", "fa": "راستی‌آزمایی نشده"}[language] in cites) == (not verified)
    said = page.get(f"/cases/{THEIRS}.json").json()["clocks"][0]
    assert said["cites"] == [{"provision": "IR-X:9", "verified": verified}]


def test_a_corrected_book_reopens_nothing_that_was_met(node, peer, officers, at, books):
    """Met under the book of that day it stays met, with the end that its officer saw; a waiver was of one end alone."""
    rule = ANSWER.format(period="10 days")
    books("states/IR.toml", clock(rule, "IR-X:9"))
    bring(node, peer.asks(request(measure=Measure.RECORDS))[0], at)
    seen = clocks_of(node, THEIRS, at)["IR:answer"].due
    about = {"clock": "IR:answer", "due": seen, "reasons": "Answered by telephone.", "officer": officers.decider}
    settling.waive(node, THEIRS, at=at + DAY, **about)
    books("states/IR.toml", clock(rule, "IR-X:9"), answer='"20 days"')
    assert str(clocks_of(node, THEIRS, at + 2 * DAY)["IR:answer"].state) == "running"
    books("states/IR.toml", clock(rule, "IR-X:9"))
    settling.meet(node, THEIRS, at=at + 2 * DAY, **about)
    for period in ("1 day", "5 days", "10 days", "20 days", "10 working-days"):
        books("states/IR.toml", clock(rule, "IR-X:9"), answer=f'"{period}"')
        for moment in (at + 3 * DAY, at + 99 * DAY):
            found = clocks_of(node, THEIRS, moment)["IR:answer"]
            assert (str(found.state), found.due, found.uncertain, found.needs_somebody) == ("met", seen, None, False), (
                period
            )


def test_an_act_that_moves_the_end_reopens_what_was_met(node, officers, came):
    """She says that she goes; then her days begin anew, or stand still: somebody has to look again, whenever it was."""
    about = {"person": WITNESS.name, "officer": officers.approver}
    requesting.discharge(node, OURS, told_at=came, at=came, **about)
    seen = clocks_of(node, OURS, came)["safe-conduct/1"]

    def meets(clock: deadlines.Clock, at: datetime) -> None:
        why = {"reasons": "She says that she goes.", "officer": officers.approver, "at": at}
        settling.meet(node, OURS, clock=clock.kind, due=clock.due, **why)
        assert str(clocks_of(node, OURS, at)["safe-conduct/1"].state) == "met"

    meets(seen, came + 2 * DAY)
    requesting.discharge(
        node, OURS, told_at=came + DAY, at=came + 3 * DAY, **about
    )  # told anew, of a day before that word
    again = clocks_of(node, OURS, came + 3 * DAY)["safe-conduct/1"]
    assert (str(again.state), again.due) == ("running", seen.due + DAY)
    meets(again, came + 14 * DAY)
    ill = {"since": came + 3 * DAY, "until": came + 6 * DAY, "reasons": "Ill.", "at": came + 15 * DAY}
    requesting.hinder(node, OURS, **ill, **about)
    shown = clocks_of(node, OURS, came + 15 * DAY)["safe-conduct/1"]
    assert (str(shown.state), shown.due) == ("warning", end((came + 21 * DAY).astimezone(TEHRAN).date(), TEHRAN))
    meets(shown, came + 15 * DAY)
    requesting.hinder(node, OURS, since=came + 15 * DAY, until=None, reasons="Ill.", at=came + 16 * DAY, **about)
    shown = clocks_of(node, OURS, came + 16 * DAY)["safe-conduct/1"]
    assert (str(shown.state), shown.stopped) == ("paused", came + 15 * DAY)


def test_a_hindrance_after_the_end_moves_nothing(node, officers, came):
    """What was met or waived stays so: the end is the same."""
    about = {"person": WITNESS.name, "officer": officers.approver}
    requesting.discharge(node, OURS, told_at=came, at=came, **about)
    found = clocks_of(node, OURS, came)["safe-conduct/1"]
    late = found.due + DAY
    why = {"clock": found.kind, "due": found.due, "reasons": "r", "officer": officers.approver, "at": late}
    for settle, state in ((settling.waive, "waived"), (settling.meet, "met")):
        settle(node, OURS, **why)
        since, until = (found.due + SECOND, late) if state == "waived" else (late, late + SECOND)
        requesting.hinder(node, OURS, since=since, until=until, reasons="Ill.", at=late + DAY, **about)
        assert str(clocks_of(node, OURS, late + DAY)["safe-conduct/1"].state) == state


def test_another_suggested_day_reopens_what_was_met(node, peer, officers, at, books):
    """Its supplement names it, under whatever book; a supplement with the same day does not."""
    what = request(measure=Measure.RECORDS, deadline=(at + 10 * DAY).date())
    bring(node, peer.asks(what)[0], at)
    about = {"officer": officers.decider}
    due = clocks_of(node, THEIRS, at)["suggested"].due
    settling.meet(node, THEIRS, clock="suggested", due=due, reasons="We answered by a question.", at=at, **about)
    for number, days in enumerate((10, 40), 1):
        now = at + number * DAY
        requested.assess(node, THEIRS, at=now, **about)
        requested.ask(node, THEIRS, questions="q", fields=[], at=now, **about)
        new = replace(what, deadline=(at + days * DAY).date())
        bring(
            node,
            peer.say(Kind.SUPPLEMENTED, THEIRS, {"request": new.to_dict()}, after=load(THEIRS).head, at=now)[0],
            now,
        )
        found = clocks_of(node, THEIRS, at + 39 * DAY)["suggested"]
        assert (str(found.state), found.needs_somebody) == (("met", False) if days == 10 else ("warning", True))


def test_a_book_is_shown_with_what_begins_suspends_and_ends_a_clock(node, books):
    """As `comity law show` says it."""
    rule = ANSWER.format(period="10 days") + '\nends = "decided"\nsuspended_by = ["information", "postponement"]'
    books("states/IR.toml", clock(rule, "IR-X:9"))
    said = lawbook.clock(Screen("en", node.books), node.books.clock("IR", "answer"))
    expected = (
        "begins with the request",
        "ends with the decision",
        "further information is awaited",
        "it is postponed",
    )
    assert all(part in said for part in expected), said


def test_a_law_that_ends_takes_no_clock_with_it(node, peer, officers, at, books):
    """A clock runs under the law of the day on which it began, whatever is said later, and whatever law comes later."""
    rule, day = ANSWER.format(period="10 days"), at.astimezone(TEHRAN).date()
    spans = {"to": (day, True), "from": (day + DAY, False)}
    for number, (name, (limit, runs)) in enumerate(spans.items()):
        old = "from = 2000-01-01\n"
        new = f"{old}to = {limit}\n" if name == "to" else f"from = {limit}\n"
        books("states/IR.toml", clock(rule, "IR-X:9").replace(old, new))
        if not number:
            bring(node, peer.asks(request(measure=Measure.RECORDS))[0], at)
            requested.assess(node, THEIRS, officer=officers.decider, at=at + 2 * DAY)
        assert ("IR:answer" in clocks_of(node, THEIRS, at + 3 * DAY)) == runs, name


def test_what_was_extended_stands_still_from_then_on(node, peer, officers, at, books):
    """A talk before an extension is past; one that comes after it moves the new end by its days."""
    books("states/IR.toml", preservation='"3 months"\nsuspended_by = ["consultation"]')
    asked(node, peer, officers, at, Measure.PRESERVATION, intends_request=True)
    about = {"officer": officers.decider}
    requested.order(node, THEIRS, provider="p", order="o", content="c", at=at, **about)
    requested.preserve(node, THEIRS, effected_at=at, at=at, **about)
    first = clocks_of(node, THEIRS, at)["IR:preservation"].due

    def talk(begun: datetime, over: datetime) -> None:
        requested.consult(node, THEIRS, message="m", at=begun, **about)
        assert str(clocks_of(node, THEIRS, begun + DAY)["IR:preservation"].state) == "paused"
        says(node, peer, over, Kind.REPLIED, {"message": "m"}, THEIRS)

    talk(at + DAY, at + 3 * DAY)
    assert clocks_of(node, THEIRS, at + 4 * DAY)["IR:preservation"].due == first + 2 * DAY
    until = first.astimezone(TEHRAN).date() + 30 * DAY
    body = {"until": moment_text(end(until, TEHRAN)), "reasons": "r"}
    says(node, peer, at + 5 * DAY, Kind.EXTENSION_ASKED, body, THEIRS)
    requested.extend(node, THEIRS, until=until, reasons="r", at=at + 6 * DAY, **about)
    assert clocks_of(node, THEIRS, at + 7 * DAY)["IR:preservation"].due == end(until, TEHRAN)
    talk(at + 8 * DAY, at + 11 * DAY)
    assert clocks_of(node, THEIRS, at + 12 * DAY)["IR:preservation"].due == end(until + 3 * DAY, TEHRAN)


def test_a_long_wait_takes_no_extension_away(node, peer, officers, at, books):
    """It stands for forty days after it was extended by thirty: the thirty stay, and the forty come to them."""
    books("states/IR.toml", preservation='"3 months"\nsuspended_by = ["consultation"]')
    asked(node, peer, officers, at, Measure.PRESERVATION, intends_request=True)
    about = {"officer": officers.decider}
    requested.order(node, THEIRS, provider="p", order="o", content="c", at=at, **about)
    requested.preserve(node, THEIRS, effected_at=at, at=at, **about)
    until = clocks_of(node, THEIRS, at)["IR:preservation"].due.astimezone(TEHRAN).date() + 30 * DAY
    body = {"until": moment_text(end(until, TEHRAN)), "reasons": "r"}
    says(node, peer, at + 5 * DAY, Kind.EXTENSION_ASKED, body, THEIRS)
    requested.extend(node, THEIRS, until=until, reasons="r", at=at + 6 * DAY, **about)
    requested.consult(node, THEIRS, message="m", at=at + 8 * DAY, **about)
    assert clocks_of(node, THEIRS, at + 20 * DAY)["IR:preservation"].due == end(until, TEHRAN)
    says(node, peer, at + 48 * DAY, Kind.REPLIED, {"message": "m"}, THEIRS)
    assert clocks_of(node, THEIRS, at + 49 * DAY)["IR:preservation"].due == end(until + 40 * DAY, TEHRAN)


def test_an_exported_case_holds_safe_conduct(node, officers, came):
    """Whoever verifies it replays these acts by the same rules."""
    about = {"person": WITNESS.name, "officer": officers.approver, "at": came}
    requesting.discharge(node, OURS, told_at=came, **about)
    requesting.hinder(node, OURS, since=came, until=None, reasons="Ill.", **about)
    requesting.end_safe_conduct(node, OURS, how="left", ended_at=came, **about)
    report = verify_file(dossier.export(node, OURS, officer=officers.approver, at=came))
    assert report.verdicts["history"][0] is Verdict.PASSED, report.verdicts["history"]
