"""Test calls between 24/7 points of contact: their form, what is counted, and what nobody can make a node believe."""

import ast
import html
import json
import re
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from answering import answered, receipt
from answering import said as word_of
from browsing import HOSTILE, Browser
from django.test import RequestFactory
from django.urls import Resolver404, resolve
from hypothesis import given
from hypothesis import strategies as st
from peer import Peer, arrive, pinned, settle

from comity.casework.lifecycle import Kind
from comity.casework.moments import moment_text
from comity.casework.request import Urgency
from comity.errors import BrokenSeal, ComityError, Invalid, NotPossible, NotYours
from comity.node import archive, models
from comity.node.desk import crossing, drills, registry, restores
from comity.node.desk.conversing import conversation
from comity.node.officers.pages import calls as page
from comity.node.peers import views
from comity.reporting.axes import edges, quarter
from comity.seal import canon, envelope
from comity.wire import calls, messages
from comity.wire.calls import FEW, Answer, Call, Round, Standing
from comity.wire.directory import Authority, trust_in
from comity.wire.exchange import Answer as Reply
from comity.wire.exchange import Event, Evidence, Item, Offer, Outcome, Own

pytestmark = pytest.mark.usefixtures("fresh_cache")

AT = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)


# ---------------------------------------------------------------------------------------------------------- the form

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
NAMES = TEXTS.filter(lambda text: any(map(str.isalnum, text)))
MOMENTS = st.integers(978_307_200, 5_680_281_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CALLS = st.builds(
    lambda caller, at, minutes, urgency, question: Call(caller, at, at + timedelta(minutes=minutes), urgency, question),
    TEXTS, MOMENTS, st.integers(1, 1440), st.sampled_from(Urgency), TEXTS,
)  # fmt: skip
ANSWERS = st.builds(Answer, st.just("ab" * 32), NAMES, NAMES, MOMENTS, TEXTS)
JSON = st.none() | st.booleans() | st.integers(-5, 5) | TEXTS | st.lists(TEXTS, max_size=2) | st.just({})


def said(payload) -> envelope.Statement:
    """A verified statement with this payload."""
    return envelope.Statement("call", "VN", "IR", canon.dumps(payload), b"", "")


@given(CALLS | ANSWERS)
def test_what_is_said_is_read(one):
    """Both forms cross and come out as they went in."""
    assert calls.read(said(one.to_dict())) == one


@given(CALLS | ANSWERS, st.data())
def test_nothing_else_is_read(one, data):
    """A field that is missing, added or of another type is refused by name; nothing but Invalid ever comes out."""
    whole = one.to_dict()
    name = data.draw(st.sampled_from(sorted(whole)))
    how = data.draw(st.sampled_from(["drop", "change", "add"]))
    if how == "drop":
        del whole[name]
    elif how == "add":
        whole["more"] = data.draw(JSON)
    else:
        other = data.draw(JSON.filter(lambda value: not isinstance(value, str)))
        whole[name] = other
    with pytest.raises(Invalid) as refused:
        calls.read(said(whole))
    assert refused.value.code == "call.form"


@pytest.mark.parametrize("at", ["2026-11-24T21:00:00+00:00", "2026-11-24T21:00:00.5Z", "2026-11-24", "", "now"])
def test_moments_have_one_form(at):
    """UTC, whole seconds, with Z."""
    whole = Answer("ab" * 32, "x", "X", AT).to_dict() | {"at": at}
    with pytest.raises(Invalid, match=re.escape("call.form")):
        calls.read(said(whole))


@pytest.mark.parametrize("minutes", [-30, 0, 1441])
def test_a_call_gives_a_minute_to_a_day(minutes):
    """Nobody can be asked to have answered yesterday, or has a call hang over him for a week."""
    with pytest.raises(Invalid, match=re.escape("call.due")):
        Call("", AT, AT + timedelta(minutes=minutes), Urgency.URGENT)


def test_texts_are_short_and_an_answer_has_a_name():
    """1,000 characters; an answer without an officer is none."""
    with pytest.raises(Invalid, match=re.escape("call.too-long")):
        Call("", AT, AT + HALF_AN_HOUR, Urgency.URGENT, "x" * 1001)
    for officer, name in (("", "X"), ("x", ""), (" ", "X"), ("x", "\u200b")):
        with pytest.raises(Invalid, match=re.escape("call.form")):
            Answer("ab" * 32, officer, name, AT)
    with pytest.raises(FrozenInstanceError):
        Answer("ab" * 32, "x", "X", AT).text = "y"


def test_no_two_calls_are_the_same():
    """Else the answer to one would be an answer to another."""
    one, other = (Call("", AT, AT + HALF_AN_HOUR, Urgency.URGENT) for _ in range(2))
    assert one != other


# ----------------------------------------------------------------------------------------------------- what is counted

SECONDS = st.integers(0, 200_000)


@st.composite
def rounds(draw, peers=("VN", "QA")):
    """Calls with and without answers, early and late."""
    began = draw(MOMENTS)
    due = began + timedelta(minutes=draw(st.integers(1, 1440)))
    waited, kept = (draw(st.none() | SECONDS.map(lambda seconds: began + timedelta(seconds=seconds))) for _ in range(2))
    refused = draw(st.sampled_from([False, False, False, True]))
    return Round(draw(st.sampled_from(peers)), draw(st.booleans()), began, due, kept, kept, waited, waited, refused)


@given(st.lists(rounds(), max_size=30), MOMENTS)
def test_every_call_is_counted_once(found, at):
    """Open, undelivered, in time, late or silent; the sum is all; the median is one of the times; worst is worst."""
    whole = calls.tally(found, at)
    assert whole.open + whole.undelivered + whole.asked == len(found)
    assert whole.answered + whole.late + whole.silent == whole.asked
    delivered = [one for one in found if one.standing(at) is not Standing.UNDELIVERED]
    waits = sorted(one.waited for one in delivered if one.waited is not None)
    assert len(waits) == whole.answered + whole.late
    assert whole.worst == (waits[-1] if waits else None)
    assert whole.median == (waits[(len(waits) - 1) // 2] if waits else None)
    assert whole.share is None if not whole.asked else 0 <= whole.share <= 100
    assert (whole.share == 100) == (whole.answered == whole.asked > 0)


@given(st.lists(rounds(), max_size=30), MOMENTS, st.sampled_from(["UTC", "Asia/Tehran", "Pacific/Auckland"]))
def test_the_parts_of_the_day_are_the_whole(found, at, zone):
    """Each call is in one part, that of the hour where the other State sits."""
    there = ZoneInfo(zone)
    parts = calls.by_part(found, at, lambda moment: moment.astimezone(there).hour)
    assert sum(one.asked + one.open + one.undelivered for one in parts.values()) == len(found)
    assert list(parts) == [0, 4, 8, 12, 16, 20]


PERIOD = "2026-Q4"
TOLD = ("asked", "answered", "late", "silent", "median_minutes")


def heard(answered: int, late: int, silent: int, at: datetime = AT) -> list[Round]:
    """Calls of a quarter, of which so many were answered in time, late and not at all."""
    found = Round("VN", ours=True, began=at, due=at + HALF_AN_HOUR, kept=at)
    waits = [61] * answered + [7_000] * late
    return [replace(found, ended=at + timedelta(seconds=wait)) for wait in waits] + [found] * silent


def told(answered: int, late: int, silent: int) -> tuple[int | None, ...]:
    """What everybody reads of them."""
    (row,) = calls.figures(heard(answered, late, silent), period=PERIOD)["made"]
    assert set(row) == {"state", *TOLD}
    return tuple(row[name] for name in TOLD)


def test_nothing_hidden_follows_from_what_is_published():
    """Every possible quarter of up to fourteen calls, by itself and beside every other: what is told fits several counts.

    What a reader can know is what all those have in common that would be told alike. Of the three parts, of the whole and of
    any two parts together no count from one to four is common to them, and none is that is not told; nor is the sum, or the
    difference, of a count that is hidden and the same count of the quarter before or after it.
    """
    worlds = [(a, b, c) for a in range(15) for b in range(15 - a) for c in range(15 - a - b) if a + b + c]
    sums = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]
    alike: dict[tuple[int | None, ...], list[set[int]]] = {}
    for world in worlds:
        kinds = alike.setdefault(told(*world), [set() for _ in sums])
        for found, taken in zip(kinds, sums, strict=True):
            found.add(sum(number for number, take in zip(world, taken, strict=True) if take))
    assert len(alike) > 40
    for row, kinds in alike.items():
        shown = dict(zip(TOLD, row, strict=True))
        parts = (shown["answered"], shown["late"], shown["silent"])
        for found, taken in zip(kinds, sums, strict=True):
            known = [number for number, take in zip(parts, taken, strict=True) if take]
            is_told = None not in known or (all(taken) and shown["asked"] is not None)
            assert (len(found) == 1) == is_told, (row, taken, found)
            assert not (is_told and found <= {1, 2, 3, 4}), (row, taken, found)
        assert not any(number in {1, 2, 3, 4} for number in row[:4])
        assert (shown["median_minutes"] is None) == (None in parts or not parts[0] + parts[1])
    for one in alike.values():
        for other in alike.values():
            for these, those in zip(one, other, strict=True):
                if len(these) > 1 or len(those) > 1:
                    assert len({x + y for x in these for y in those}) > 1
                    assert len({x - y for x in these for y in those}) > 1


@given(st.lists(rounds(), max_size=40), st.sampled_from(["2026-Q1", "2026-Q4", "2027-Q1"]))
def test_small_counts_are_not_published(found, period):
    """Of each State, by what was delivered and over; what is told is so, to a whole minute, and of that quarter alone."""
    begin, end = edges(period)
    found = [replace(one, **moved(one, begin - timedelta(days=20))) for one in found]
    published = calls.figures(found, period=period)
    canon.dumps(published)
    inside = [one for one in found if begin <= one.due < end]
    assert published == calls.figures(inside, period=period) == calls.figures(reversed(found), period=period)
    for kind, ours in (("made", True), ("received", False)):
        those = {peer: [one for one in inside if one.peer == peer and one.ours is ours] for peer in ("QA", "VN")}
        wholes = {peer: calls.tally(some, end) for peer, some in those.items()}
        assert [row["state"] for row in published[kind]] == [peer for peer, whole in wholes.items() if whole.asked]
        for row in published[kind]:
            whole = wholes[row["state"]]
            assert row["asked"] == (whole.asked if whole.asked >= FEW else None)
            parts = [whole.answered, whole.late, whole.silent]
            small = any(0 < number < FEW for number in parts)
            assert [row[name] for name in TOLD[1:4]] == ([None] * 3 if small else parts)
            if row["median_minutes"] is not None:
                assert row["median_minutes"] - 1 <= whole.median / 60 <= row["median_minutes"] >= 1


def moved(one: Round, begin: datetime) -> dict[str, datetime | None]:
    """The moments of a call, as many days after `begin` as it had minutes: some in the quarter before, some after."""
    to = begin + timedelta(days=(one.due - one.began) // timedelta(minutes=8)) - one.began
    moments = {name: getattr(one, name) for name in ("began", "due", "kept", "kept_said", "ended", "ended_said")}
    return {name: None if moment is None else moment + to for name, moment in moments.items()}


@pytest.mark.parametrize(
    ("world", "row"),
    [((4, 0, 0), (None, None, None, None, None)), ((5, 0, 0), (5, 5, 0, 0, 2)), ((0, 0, 5), (5, 0, 0, 5, None)),
     ((8, 1, 0), (9, None, None, None, None)), ((5, 5, 5), (15, 5, 5, 5, 2)), ((0, 6, 0), (6, 0, 6, 0, 117))],
)  # fmt: skip
def test_five_is_enough_and_four_is_not(world, row):
    """Each figure at its very edge; a median to the next whole minute."""
    assert told(*world) == row
    for period in ("2026-Q3", "2027-Q1"):
        assert calls.figures(heard(*world), period=period) == {
            "figures": "calls", "quarter": period, "made": [], "received": []
        }  # fmt: skip
    with pytest.raises(Invalid, match=re.escape("figures.period")):
        calls.figures([], period="2026-Q5")


@pytest.mark.parametrize(
    ("seconds", "en", "fa"),
    [(None, "–", "–"), (0, "0 s", "۰ ثانیه"), (270, "4 min 30 s", "۴ دقیقه و ۳۰ ثانیه"),
     (7_500, "2 h 5 min", "۲ ساعت و ۵ دقیقه"), (200_000, "2 d 7 h", "۲ روز و ۷ ساعت")],
)  # fmt: skip
def test_lengths_of_time_in_words(seconds, en, fa):
    """Two units, in the page's language and digits."""
    from django.utils.translation import override

    with override("en"):
        assert page.lasting(seconds) == en
    with override("fa"):
        assert page.lasting(seconds) == fa


# ------------------------------------------------------------------------------------------------------ a node, attacked


def seal(peer, statement: bytes) -> bytes:
    """An envelope for the node under test."""
    return envelope.seal(statement, to="IR", key=peer.home_entry.open)


def says(peer, one, *, sender="", to="IR", key=None) -> bytes:
    """The envelope in which a peer says this."""
    return seal(peer, calls.sign(one, sender=sender or peer.state, to=to, key=key or peer.signing))


def asking(at, minutes=30, **changed) -> Call:
    """A call of the peer."""
    return replace(Call("", at, at + timedelta(minutes=minutes), Urgency.EMERGENCY, "Anybody?"), **changed)


def came(peer, node, at, minutes=30) -> models.Call:
    """A call of the peer that came in."""
    row = arrive(node, says(peer, asking(at, minutes)), at)
    assert row.code == ""
    return models.Call.objects.get(envelope=row.digest)


def made(node, officers, at, to="VN", minutes=30) -> models.Call:
    """A call of ours."""
    return drills.call(
        node, to, urgency=Urgency.URGENT, question="?", minutes=minutes, officer=officers.decider, at=at
    )  # fmt: skip


def kept(node, peer, row, at) -> None:
    """The peer's machine says at once that it keeps this call of ours."""
    sent = models.Departure.objects.get(digest=row.envelope)
    answered(conversation(node, peer.state), sent, receipt(peer, sent), at)
    assert drills.due(node, at=at)


def test_a_call_comes_in_and_a_person_answers(node, officers, peer, at):
    """It waits until somebody is there; his name and hour cross, signed, on top of the call; it is answered once."""
    row = came(peer, node, at)
    assert drills.waiting() == [row]
    later = at + timedelta(minutes=4)
    drills.answer(node, row.pk, text="Here.", officer=officers.judge, at=later)
    assert drills.waiting() == []
    sent = models.Departure.objects.get()
    assert (sent.peer, sent.after) == ("VN", [row.envelope])
    opened = envelope.unseal(archive.sealed(sent), home="VN", keys=[peer.opening], trust=trust_in([peer.home_entry]),
                             kinds={"call"}, at=later)  # fmt: skip
    expected = Answer(row.pk, "judge", "Officer judge, Exercise office", later, "Here.")
    assert calls.read(opened.statement) == expected
    with pytest.raises(NotPossible, match=re.escape("call.answered")):
        drills.answer(node, row.pk, text="", officer=officers.all, at=later)
    assert models.Departure.objects.count() == 1
    assert drills.round_of(models.Call.objects.get()).standing(later) is Standing.ANSWERED
    assert models.Arrival.objects.get().handed


def test_who_only_looks_neither_calls_nor_answers_nor_plans(node, officers, peer, at):
    """Any power is enough; none is not; a deactivated officer has none."""
    row = came(peer, node, at)
    officers.drafter.is_active = False
    for nobody in (officers.idle, officers.drafter):
        with pytest.raises(NotYours):
            drills.answer(node, row.pk, text="", officer=nobody, at=at)
        with pytest.raises(NotYours):
            drills.call(node, "VN", urgency=Urgency.URGENT, question="", minutes=30, officer=nobody, at=at)
        with pytest.raises(NotYours):
            drills.plan(node, "VN", every=1, urgency=Urgency.URGENT, question="", minutes=30, officer=nobody, at=at)
    assert (models.Departure.objects.count(), models.CallPlan.objects.count()) == (0, 0)


def test_nothing_answers_by_itself(node, officers, peer, at):
    """Reading, receipts and a day of rounds of the courier's step answer nothing; one function alone makes answers."""
    came(peer, node, at)
    for hour in range(24):
        drills.due(node, at=at + timedelta(hours=hour))
        crossing.admit(node, "VN", at=at + timedelta(hours=hour))
    assert models.Departure.objects.count() == 0
    assert drills.waiting()
    source = Path(drills.__file__).parents[2]
    made_by = {
        (path.name, function.name)
        for path in source.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef) and path.name in {"drills.py", "calls.py"}
        for one in ast.walk(function)
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "Answer"
    }
    assert made_by == {("drills.py", "answer"), ("calls.py", "_answer")}
    callers = {
        path.name
        for path in source.rglob("*.py")
        for one in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "drills.answer"
    }
    assert callers == {"calls.py"}


def test_our_call_is_measured_by_both_clocks(node, officers, peer, at):
    """Sent, kept by the machine, answered by a person: by our clock, and as the other State signed."""
    row = made(node, officers, at)
    talk = conversation(node, "VN")
    offer = talk.offer(at.timestamp())
    keeps = Evidence(Event.RELAY_ACCEPTANCE, "VN", row.envelope, int(at.timestamp()) + 7)
    statement = messages.sign_words([keeps], to="IR", places={row.envelope: 0}, key=peer.signing)[0]
    from comity.ledger import checkpoint as cp
    from comity.ledger.log import Proof
    from comity.seal import merkle

    leaf = merkle.leaf_hash(messages.logged_receipt(row.envelope))
    note = cp.signed(cp.Checkpoint(peer.log.name, 1, leaf), peer.log)
    receipt = messages.proved(statement, Proof(0, (), note))
    talk.answered(offer, Reply((Outcome(row.envelope, receipt),)), at.timestamp() + 3)
    assert drills.due(node, at=at + timedelta(seconds=3))
    answer = Answer(row.pk, "tran", "Tran V.", at + timedelta(minutes=2), "We are here.")
    arrived = arrive(node, says(peer, answer), at + timedelta(minutes=3))
    assert arrived.code == ""
    one = drills.round_of(models.Call.objects.get())
    assert (one.machine, one.machine_said, one.waited, one.waited_said) == (3, 7, 180, 120)
    assert one.standing(at + timedelta(days=1)) is Standing.ANSWERED
    assert not drills.due(node, at=at + timedelta(minutes=4))


def test_an_answer_after_its_time_is_late_and_none_is_silence(node, officers, peer, at):
    """By our own clock, whatever the other State's answer claims."""
    row = made(node, officers, at)
    kept(node, peer, row, at)
    assert [one.state for one in drills.unreached(at=at)] == []
    over = at + timedelta(minutes=31)
    assert [(one.state, one.silent) for one in drills.unreached(at=over)] == [("VN", at)]
    arrive(node, says(peer, Answer(row.pk, "tran", "Tran V.", at + timedelta(minutes=1))), over)
    assert drills.round_of(models.Call.objects.get()).standing(over) is Standing.LATE
    assert drills.unreached(at=over) == []


def read(data: bytes):
    """What is published, as it was signed."""
    return canon.loads(canon.unb64(canon.loads(data, limit=1 << 20)["payload"]), limit=1 << 20)


@pytest.mark.parametrize("how", ["no line", "refused", "refused when read", "kept when its time was over"])
@pytest.mark.parametrize(("language", "words"), [("en", "not counted: 1 not delivered in time"),
                                                 ("fa", "شمرده نشده: ۱ تماس که به‌موقع تحویل نشد")])  # fmt: skip
def test_what_was_not_delivered_is_nobodys_silence(node, officers, peer, at, how, language, words):
    """Our line, their clock, their machine: shown apart, also on the board, and counted nowhere. Delivered, it is silence."""
    at -= timedelta(hours=1)
    row, over = made(node, officers, at), at + timedelta(minutes=31)
    sent = models.Departure.objects.get()
    if how == "refused":
        answered(conversation(node, "VN"), sent, word_of(sent, peer, Event.RELAY_REJECTION, "call.time"), at)
    elif how == "refused when read":
        kept(node, peer, row, at)
        failure = word_of(sent, peer, Event.CONTENT_CONSIGNMENT_FAILURE, "call.open")
        answered(conversation(node, "VN"), sent, None, at, failure)
    elif how == "kept when its time was over":
        models.Call.objects.update(kept_known_at=over, kept_at=over)
    drills.due(node, at=over)
    assert drills.round_of(models.Call.objects.get()).standing(over) is Standing.UNDELIVERED
    assert [(one.silent, one.undelivered) for one in drills.unreached(at=over)] == [(None, at)]
    browser = Browser(officers.decider, language)
    shown = plain(browser.text("/calls"))
    assert words in shown
    found = json.loads(browser.get("/calls.json").content)["states"][0]
    assert (found["made"]["asked"], found["made"]["undelivered"], found["silent"]) == (0, 1, False)
    assert found["undelivered"]
    models.Departure.objects.update(stage="handover")
    models.Call.objects.update(kept_known_at=at, kept_at=at)
    assert [(one.silent, one.undelivered) for one in drills.unreached(at=over)] == [(at, None)]


def test_a_call_that_was_not_delivered_hides_no_silence(node, officers, peer, at):
    """The last one that was delivered counts; an answer in time shows that its call was delivered, whatever else is known."""
    row = made(node, officers, at)
    kept(node, peer, row, at)
    later = [made(node, officers, at + number * timedelta(hours=1)) for number in (1, 2, 3)]
    over = at + timedelta(hours=4)
    assert [(one.silent, one.undelivered) for one in drills.unreached(at=over)] == [(at, later[-1].at)]
    soon = later[0].at + timedelta(minutes=1)
    arrive(node, says(peer, Answer(later[0].pk, "tran", "Tran V.", soon)), soon)
    assert [(one.silent, one.undelivered) for one in drills.unreached(at=over)] == [(None, later[-1].at)]


def test_a_clock_that_ran_ahead_hides_no_silence(node, officers, peer, at):
    """Calls of months to come, open or answered there, are not the last ones of today: neither on the board nor on the page."""
    for month in (10, 11):
        made(node, officers, at + month * timedelta(days=30), minutes=1)
    models.Call.objects.filter(at__gt=at + timedelta(days=310)).update(answered_at=at, answer_known_at=at)
    row = made(node, officers, at, minutes=30)
    kept(node, peer, row, at)
    over = at + timedelta(minutes=31)
    assert [one.silent for one in drills.unreached(at=over)] == [at]
    made(node, officers, over, minutes=1440)
    assert [one.silent for one in drills.unreached(at=over + timedelta(hours=20))] == [at]
    assert page.contacts(over)[0].last.row.at == over.replace(microsecond=0)


def test_nobody_makes_this_state_say_that_it_does_not_answer(node, officers, peer, at):
    """Twenty-four calls of yesterday, each over before it came: shown, answered, and counted nowhere."""
    early = at - timedelta(days=1)
    for number in range(drills.MOST):
        arrive(node, says(peer, asking(early - number * timedelta(minutes=10), minutes=1)), at)
    text = plain(Browser(officers.decider).text("/cases"))
    assert text.count("it came after its time and does not count: answer all the same") == drills.MOST
    for row in drills.waiting():
        drills.answer(node, row.pk, text="", officer=officers.all, at=at + timedelta(seconds=20))
    assert {one.standing(at) for one in drills.rounds(models.Call.objects.all())} == {Standing.UNDELIVERED}
    found = json.loads(Browser(officers.decider).get("/calls.json").content)["states"][0]["received"]
    assert (found["asked"], found["undelivered"], found["worst"]) == (0, drills.MOST, None)
    assert drills.due(node, at=edges(quarter(at))[1] + timedelta(days=1))
    assert read(drills.published())["received"] == []


def code(node, data, at, hop="VN") -> str:
    """What the node refuses the envelope by."""
    return arrive(node, data, at, hop).code


def test_an_answer_to_anothers_call_is_refused(node, officers, peer, at):
    """Qatar answers what Viet Nam was asked; Viet Nam answers what nobody asked, or its own call."""
    qatar, row = pinned("QA", node, at), made(node, officers, at)
    assert code(node, says(qatar, Answer(row.pk, "x", "X", at)), at, "QA") == "call.not-asked"
    assert code(node, says(peer, Answer("ab" * 32, "x", "X", at)), at) == "call.unknown"
    own = came(peer, node, at)
    assert code(node, says(peer, Answer(own.pk, "x", "X", at)), at) == "call.unknown"
    assert models.Call.objects.exclude(answered_at=None).count() == 0


def test_an_answer_counts_once_and_not_before_its_call(node, officers, peer, at):
    """Five minutes of clock difference are borne; the first answer stays."""
    row = made(node, officers, at)
    early = Answer(row.pk, "tran", "Tran V.", at - timedelta(minutes=6))
    assert code(node, says(peer, early), at) == "call.before"
    ahead = Answer(row.pk, "tran", "Tran V.", at + timedelta(hours=1))
    assert code(node, says(peer, ahead), at) == "call.time"
    assert code(node, says(peer, replace(early, at=at - timedelta(minutes=4))), at) == ""
    assert code(node, says(peer, replace(early, at=at, name="Another")), at) == "call.answered"
    assert drills.round_of(models.Call.objects.get()).waited_said == 0
    assert calls.read_kept(bytes(models.Call.objects.get().answer)).name == "Tran V."


def test_a_forged_answer_is_refused(node, officers, peer, at):
    """Signed by another's key, for another State, by the sender in another's name, or with a bit changed."""
    qatar, row = pinned("QA", node, at), made(node, officers, at)
    one = Answer(row.pk, "tran", "Tran V.", at)
    assert code(node, says(qatar, one, sender="VN"), at, "QA").startswith("trust.")
    assert code(node, says(peer, one, sender="QA"), at).startswith("trust.")
    assert code(node, says(peer, one, to="QA"), at) == "seal.addressee"
    statement = canon.loads(calls.sign(one, sender="VN", to="IR", key=peer.signing), limit=1 << 20)
    statement["payload"] = canon.b64(canon.dumps(replace(one, name="Somebody else").to_dict()))
    assert code(node, seal(peer, canon.dumps(statement)), at).startswith("seal.")
    act = envelope.sign("act", canon.dumps(one.to_dict()), sender="VN", to="IR", key=peer.signing)
    assert code(node, seal(peer, act), at) != ""
    receipt = envelope.sign("receipt", canon.dumps(one.to_dict()), sender="VN", to="IR", key=peer.signing)
    assert code(node, seal(peer, receipt), at) == "seal.kind"
    assert models.Call.objects.get().answered_at is None


def test_a_call_counts_once(node, officers, peer, at):
    """The same envelope is the same arrival; the same statement in another envelope, by anybody's hand, is refused."""
    statement = calls.sign(asking(at), sender="VN", to="IR", key=peer.signing)
    first = seal(peer, statement)
    assert [code(node, data, at) for data in (first, first, seal(peer, statement))] == ["", "", "call.known"]
    pinned("QA", node, at)
    assert code(node, seal(peer, statement), at, "QA") == "call.known"
    assert models.Call.objects.count() == 1


def test_one_call_at_a_time_for_each_pair(node, officers, peer, at):
    """A second while the first has time is refused, in both directions; after it, or once it is answered, another may come."""
    row = came(peer, node, at)
    assert code(node, says(peer, asking(at + timedelta(minutes=1))), at + timedelta(minutes=1)) == "call.open"
    assert code(node, says(peer, asking(at + HALF_AN_HOUR)), at + HALF_AN_HOUR) == ""
    drills.answer(node, row.pk, text="", officer=officers.all, at=at + HALF_AN_HOUR)
    newest = drills.waiting()[0]
    drills.answer(node, newest.pk, text="", officer=officers.all, at=at + HALF_AN_HOUR)
    assert code(node, says(peer, asking(at + timedelta(minutes=35))), at + timedelta(minutes=35)) == ""
    assert code(node, says(pinned("QA", node, at), asking(at)), at, "QA") == ""  # each pair counts by itself
    made(node, officers, at)
    with pytest.raises(NotPossible, match=re.escape("call.open")):
        made(node, officers, at + timedelta(minutes=29))
    made(node, officers, at + HALF_AN_HOUR)


def test_a_flood_of_calls_is_refused(node, officers, peer, at):
    """Twenty-four in a day, however short each; the next day there is room again."""
    minute = timedelta(minutes=1)
    found = [code(node, says(peer, asking(at + number * minute, 1)), at + number * minute) for number in range(26)]
    assert found == [""] * drills.MOST + ["call.too-many"] * 2
    assert len(drills.waiting()) == drills.MOST
    tomorrow = at + timedelta(days=1, minutes=1)
    assert code(node, says(peer, asking(tomorrow)), tomorrow) == ""


def test_a_call_from_another_time_is_refused(node, officers, peer, at):
    """Ahead of our clock, or before the State had its key."""
    assert code(node, says(peer, asking(at + timedelta(minutes=6))), at) == "call.time"
    assert code(node, says(peer, asking(at - timedelta(days=3))), at) == "call.time"
    assert code(node, says(peer, asking(at - timedelta(hours=3))), at) == ""  # the line was down for so long


@pytest.mark.parametrize(
    "payload", [b"[]", b"{}", b'"asked"', b'{"form":["asked"]}', b'{"form":"asked"}', b"\xff", b""]
)
def test_what_is_no_call_is_refused(node, officers, peer, at, payload):
    """With a reason; nothing else happens."""
    statement = envelope.sign("call", payload, sender="VN", to="IR", key=peer.signing)
    found = code(node, seal(peer, statement), at)
    assert found.startswith(("call.form", "canon."))
    assert models.Call.objects.count() == 0


def test_what_was_forgotten_comes_back_from_the_peer(node, officers, peer, at):
    """A call and an answer of ours that the peer gives back after our memory was lost stand in the table again, once."""
    row, theirs = made(node, officers, at), came(peer, node, at)
    drills.answer(node, theirs.pk, text="Here.", officer=officers.all, at=at)
    own = trust_in([peer.home_entry])
    kept = [bytes(row.statement), bytes(models.Call.objects.get(pk=theirs.pk).answer)]
    departures = list(models.Departure.objects.order_by("number"))
    models.Call.objects.filter(pk=row.pk).delete()
    models.Call.objects.filter(pk=theirs.pk).update(answer=b"", answered_at=None, answer_envelope="")
    for statement, departure in zip(kept, departures, strict=True):
        drills.adopt(messages.read_stated(statement, own), departure)
        with pytest.raises(ComityError):
            drills.adopt(messages.read_stated(statement, own), departure)
    assert models.Call.objects.filter(ours=True).count() == 1
    assert models.Call.objects.get(ours=False).answered_at == at


@pytest.mark.parametrize("many", [2, drills.MOST])
def test_what_was_admitted_once_is_admitted_again(node, officers, peer, at, many):
    """Calls that were answered while they had time, and the answers, come back after a restore: none is refused now."""
    for number in range(many):
        now = at + timedelta(minutes=5 * number)
        crossing.exchange(node, conversation(node, "VN"), Offer((Item(number + 1, says(peer, asking(now))),)), at=now)
        crossing.admit(node, "VN", at=now)
        drills.answer(node, drills.waiting()[0].pk, text="Here.", officer=officers.all, at=now + timedelta(minutes=4))
    before = list(models.Call.objects.values_list("pk", "came_at", "answered_at"))
    given = [
        Item(row.number, archive.sealed(row), tuple(row.after), tuple(archive.words(row)))
        for row in models.Arrival.objects.order_by("number")
    ]
    back = []
    for row in models.Departure.objects.order_by("number"):
        data = archive.sealed(row)
        item = Item(row.number, data, tuple(row.after), (receipt(peer, row),))
        back.append(Own(item, envelope.opened(data, home="VN", keys=[peer.opening])))
    for model in (models.Call, models.Departure, models.Arrival):
        model.objects.all().delete()
    later = at + timedelta(hours=3)
    crossing.forget_settled(node, "log.size", at=later)
    talk = conversation(node, "VN")
    talk.answered(talk.offer(later.timestamp()), Reply(items=tuple(given), back=tuple(back)), later.timestamp())
    crossing.admit(node, "VN", at=later)
    assert set(models.Arrival.objects.values_list("status", "code")) == {("admitted", "")}
    assert list(models.Call.objects.values_list("pk", "came_at", "answered_at")) == before
    assert {one.standing(later) for one in drills.rounds(models.Call.objects.all())} == {Standing.ANSWERED}


# ------------------------------------------------------------------------------------------------------------- by a plan


def planned(node, officers, at, every=7, to="VN", minutes=30):
    """Viet Nam is called by itself."""
    drills.plan(
        node, to, every=every, urgency=Urgency.URGENT, question="?", minutes=minutes, officer=officers.decider, at=at
    )


def test_nobody_is_called_without_a_plan(node, officers, peer, at):
    """Empty means no; 0 takes a plan back."""
    assert not drills.due(node, at=at + timedelta(days=400))
    planned(node, officers, at)
    planned(node, officers, at, every=0)
    assert not drills.due(node, at=at + timedelta(days=400))
    assert models.Call.objects.count() == 0


def test_a_plan_calls_when_it_is_due(node, officers, peer, at):
    """First within a day, then in the seventh day after; nobody is named as its caller."""
    planned(node, officers, at)
    first = models.CallPlan.objects.get().next_at
    assert at <= first < at + timedelta(days=1)
    assert not drills.due(node, at=first - timedelta(seconds=1))
    assert drills.due(node, at=first)
    assert not drills.due(node, at=first)
    row = models.Call.objects.get()
    assert (row.at, calls.read_kept(bytes(row.statement)).caller) == (first.replace(microsecond=0), "")
    assert models.CallPlan.objects.get().next_at.date() == first.date() + timedelta(days=7)


@given(st.integers(1, 365), MOMENTS)
def test_the_minute_is_any_of_the_day(every, at):
    """In UTC, the night like the day: whoever knows the plan knows the day and no hour."""
    found = [drills._next(every, at) for _ in range(20)]
    assert {one.date() for one in found} == {at.date() + timedelta(days=every)}
    assert all(one.second == 0 for one in found)
    assert len({one.hour for one in found}) > 3


def test_a_plan_that_cannot_call_says_why_and_tries_again(node, officers, peer, at):
    """While the peer has not said what it holds; a call that is open counts in its place."""
    planned(node, officers, at)
    models.Talk.objects.update(settled=False)
    models.CallPlan.objects.update(next_at=at)
    drills.due(node, at=at)
    row = models.CallPlan.objects.get()
    assert (row.trouble, row.next_at) == ("conversation.unsettled", at + timedelta(minutes=10))
    settle("VN")
    drills.due(node, at=row.next_at)
    assert models.CallPlan.objects.get().trouble == ""
    models.CallPlan.objects.update(next_at=at + timedelta(minutes=11))
    drills.due(node, at=at + timedelta(minutes=11))
    row = models.CallPlan.objects.get()
    assert (row.trouble, row.next_at.date()) == ("call.open", (at + timedelta(minutes=11)).date() + timedelta(days=7))
    assert models.Call.objects.count() == 1


@pytest.mark.parametrize(("given_", "expected"), [({"every": 366}, "call.every"), ({"every": -1}, "call.every"),
                                                  ({"minutes": 0}, "call.due"), ({"minutes": 1441}, "call.due")])  # fmt: skip
def test_a_plan_has_its_limits(node, officers, peer, at, given_, expected):
    """Days and minutes."""
    with pytest.raises(Invalid, match=re.escape(expected)):
        planned(node, officers, at, **given_)


# ----------------------------------------------------------------------------------------------------------- the pages


def plain(text: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(text)).split())


@pytest.mark.parametrize(("language", "calling"), [("en", "Somebody is calling our 24/7 point of contact"),
                                                   ("fa", "با نقطه تماس شبانه‌روزی ما تماس گرفته‌اند")])  # fmt: skip
def test_a_call_stands_above_everything(node, officers, peer, at, language, calling):
    """On the first page, before the heading, in the officer's language, until a person answers: one button, one empty text."""
    row = came(peer, node, at)
    browser = Browser(officers.judge, language)
    text = browser.text("/cases")
    assert text.index(calling) < text.index("<h1>")
    answer = browser.post(f"/calls/{row.pk}/answer", text="")
    assert (answer.status_code, answer["Location"]) == (303, "/calls")
    assert calling not in browser.text("/cases")
    assert models.Call.objects.get().answered_at is not None


def test_who_only_looks_has_no_button(node, officers, peer, at):
    """He is told to fetch somebody; his POST is refused."""
    row = came(peer, node, at)
    browser = Browser(officers.idle)
    assert "I am here" not in browser.text("/cases")
    assert "Call an officer who holds a power" in browser.text("/cases")
    assert "Call now" not in browser.text("/calls")
    assert browser.post(f"/calls/{row.pk}/answer", text="").status_code == 403
    assert models.Call.objects.get().answered_at is None


def test_the_page_shows_each_state(node, officers, peer, at):
    """Calls by officer and plan, figures, the hour there, who was silent; as words and as JSON."""
    long_ago = at - timedelta(days=1)
    for number, waited in enumerate([2, 6, None]):
        row = made(node, officers, long_ago + number * timedelta(hours=1))
        kept(node, peer, row, row.at)
        if waited:
            when = row.at + timedelta(minutes=waited)
            arrive(node, says(peer, Answer(row.pk, "tran", "Tran V.", when, "Here.")), when)
    browser = Browser(officers.decider)
    text = plain(browser.text("/calls"))
    for words in (
        "66% 2 of 3 in time",
        "1 not answered",
        "median 2 min 0 s, worst 6 min 0 s",
        "silent",
        "Tran V.",
        "there:",
    ):
        assert words in text, words
    assert "Points of contact that cannot be relied on now" in browser.text("/cases")
    found = json.loads(browser.get("/calls.json").content)
    assert found["states"][0]["made"] == {
        "open": 0, "undelivered": 0, "asked": 3, "answered": 2, "late": 0, "silent": 1, "median": 120, "worst": 360, "share": 66
    }  # fmt: skip
    assert [one["standing"] for one in found["calls"]] == ["silent", "answered", "answered"]
    assert sum(part["asked"] for part in found["states"][0]["by_hour_there"].values()) == 3


def test_seeing_is_handing_over(node, officers, peer, at):
    """Once an officer has a call before him, its sender can learn it: that is a word of the node, and no answer."""
    row = came(peer, node, at)
    Browser(officers.idle).get("/cases")  # who only looks does not count
    assert not models.Arrival.objects.get(digest=row.envelope).handed
    for _ in range(2):
        Browser(officers.judge).get("/cases")
    arrival = models.Arrival.objects.get(digest=row.envelope)
    events = [messages.said_of(word).event for word in archive.words(arrival)]
    assert events == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER]
    assert arrival.handed
    assert models.Departure.objects.count() == 0


def test_calling_and_planning_by_the_forms(node, officers, peer, at):
    """What is typed in either script does it; what is wrong stays, with its sentence at its field."""
    browser = Browser(officers.judge, "fa")
    form = {"peer": "VN", "urgency": "emergency", "minutes": "۱۵", "question": "هستید؟"}
    assert browser.post("/calls/call", **form).status_code == 303
    row = models.Call.objects.get()
    assert row.due - row.at == timedelta(minutes=15)
    assert browser.post("/calls/plan", **form, every="۷").status_code == 303
    assert models.CallPlan.objects.get().every == 7
    again = browser.post("/calls/call", **form)
    assert again.status_code == 422
    assert "هم‌اکنون تماسی با این دولت باز است" in again.content.decode()
    assert "هستید؟" in again.content.decode()
    wrong = {"minutes": "soon", "peer": "XX", "urgency": "at once", "question": "x" * 1001}
    for name, text in wrong.items():
        answer = browser.post("/calls/plan", **(form | {"every": "1", name: text}))
        assert answer.status_code == 422, name
        assert f'<div class="field wrong"><label for="plan-{name}"' in answer.content.decode(), name
    assert browser.post("/calls/plan", **form, every="0").status_code == 303
    assert models.CallPlan.objects.count() == 0


def test_hostile_texts_stay_texts(node, officers, peer, at):
    """What another State writes into question, caller or answer is shown inert."""
    evil = HOSTILE[:900] if isinstance(HOSTILE, str) else "<script>alert(1)</script>\u202e"
    row = arrive(node, says(peer, asking(at, question=evil, caller=evil)), at)
    assert row.code == ""
    mine = made(node, officers, at)
    arrive(node, says(peer, Answer(mine.pk, "x", evil, at, evil)), at)
    for path in ("/cases", "/calls"):
        shown = Browser(officers.judge).get(path).content.decode()
        assert "<script>alert" not in shown
        assert "\u202e" not in shown


def test_a_stale_entry_stands_on_the_board_of_who_tried(node, officers, at):
    """Who never called is not bothered with it; who did sees it, whatever the answers were."""
    old = Peer("VN", node)
    old.entry = replace(old.entry, confirmed_on=date(2024, 1, 1),
                        authorities=(Authority("contact", {"en": "Desk"}, ("en",), "Asia/Tokyo", ""),))  # fmt: skip
    from comity.wire.directory import sign_entry

    registry.pin(node, sign_entry(old.entry, old.signing), fingerprint=old.entry.fingerprint, by="test", at=at)
    settle("VN")
    assert drills.unreached(at=at) == []
    planned(node, officers, at)
    assert [(one.silent, one.confirmed_on) for one in drills.unreached(at=at)] == [(None, date(2024, 1, 1))]
    assert "its entry was last confirmed on" in Browser(officers.idle).text("/cases")
    assert page.zone_of(old.entry) == ZoneInfo("Asia/Tokyo")


def test_a_delivery_of_a_call_in_trouble_opens_the_page(node, officers, peer, at):
    """It belongs to no case, and the list of what needs attention says so."""
    row = made(node, officers, at)
    models.Departure.objects.filter(digest=row.envelope).update(stage="dead", trouble="call.open")
    text = Browser(officers.idle).text("/cases")
    assert "Deliveries in trouble" in text
    assert '<a href="/calls">Test calls</a> · ' in text


# --------------------------------------------------------------------------------------------------------- the figures


def answered_six(node, officers, peer, at) -> None:
    """Six of our calls, an hour after each other, kept at once and answered within minutes."""
    for number in range(6):
        row = made(node, officers, at + number * timedelta(hours=1))
        kept(node, peer, row, row.at)
        when = row.at + timedelta(minutes=number)
        arrive(node, says(peer, Answer(row.pk, "tran", "Tran V.", when)), when)


def test_figures_are_published_signed(node, officers, peer, at):
    """For anybody, by the State's own key, a day after the quarter's end; the newest, or those of a quarter by its name."""
    ask = RequestFactory(secure=True)
    period, end = quarter(at), edges(quarter(at))[1]
    assert (views.figures(ask.get("/figures/calls")).status_code, drills.published(period)) == (404, None)
    answered_six(node, officers, peer, at)
    late = came(peer, node, end - timedelta(minutes=31))
    assert not drills.due(node, at=end + timedelta(days=1, seconds=-1))
    assert drills.published() is None
    drawn = end + timedelta(days=1)
    assert drills.due(node, at=drawn)
    answer = views.figures(ask.get("/figures/calls"))
    assert answer.status_code == 200
    statement = envelope.verify(answer.content, trust_in([peer.home_entry]), kind="figures", at=drawn)
    assert (statement.sender, statement.to) == ("IR", "")
    assert canon.loads(statement.payload, limit=1 << 20) == {
        "figures": "calls", "quarter": period, "at": moment_text(drawn),
        "made": [{"state": "VN", "asked": 6, "answered": 6, "late": 0, "silent": 0, "median_minutes": 2}],
        "received": [dict.fromkeys(TOLD) | {"state": "VN"}],
    }  # fmt: skip
    with pytest.raises(BrokenSeal):
        envelope.verify(answer.content, trust_in([peer.entry]), kind="figures", at=drawn)
    # whatever is learnt, forgotten or done afterwards, nothing is said again otherwise
    drills.answer(node, late.pk, text="", officer=officers.all, at=drawn)
    models.Call.objects.filter(ours=True).update(kept_at=None, kept_known_at=None, answer_known_at=None)
    drills.due(node, at=drawn + timedelta(days=1))
    assert drills.published() == answer.content
    made(node, officers, drawn)
    assert drills.due(node, at=edges(quarter(end))[1] + timedelta(days=1))
    assert drills.published(period) == answer.content != drills.published()
    assert read(drills.published())["made"] == []  # it never left
    found = resolve(f"/figures/calls/{period}", "comity.node.peers.urls")
    assert found.func(ask.get("/"), **found.kwargs).content == answer.content
    for wrong in ("2026-Q5", "2026", f"{period}x"):
        found = resolve(f"/figures/calls/{wrong}", "comity.node.peers.urls")
        assert found.func(ask.get("/"), **found.kwargs).status_code == 404
    with pytest.raises(Resolver404):
        resolve("/figures/calls/2026-Q4\0", "comity.node.peers.urls")
    assert views.figures(ask.post("/figures/calls")).status_code == 405


@pytest.mark.parametrize(("back", "known"), [(timedelta(0), False), (timedelta(seconds=-1), True)])
def test_what_may_have_been_published_is_not_published_otherwise(node, officers, peer, at, back, known):
    """Memory set back after a quarter's figures may have been read: they are not drawn up again. Before that: they are."""
    answered_six(node, officers, peer, at)
    drawn = edges(quarter(at))[1] + timedelta(days=1)
    restores.note(node, "log.size", at=drawn + back)
    assert drills.due(node, at=drawn + timedelta(minutes=1)) is known
    assert (drills.published() is not None) is known


def test_the_kinds_of_this_room_pass_for_no_other(node, officers, peer, at):
    """A call signed as figures, or figures as a call, is neither."""
    one = asking(at)
    figures = envelope.sign("figures", canon.dumps(one.to_dict()), sender="VN", to="IR", key=peer.signing)
    assert code(node, seal(peer, figures), at) == "between.form"
    act = peer.act(Kind.CLOSED, "VN-2026-0001", {"note": ""}, at=at)
    call = envelope.sign("call", canon.dumps(act.to_dict()), sender="VN", to="IR", key=peer.signing)
    assert code(node, seal(peer, call), at) == "call.form"
    assert moment_text(one.at) in canon.dumps(one.to_dict()).decode()
