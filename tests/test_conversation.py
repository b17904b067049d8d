"""The conversation with a peer: its bytes, its rules one by one, and thousands of seeds of everything at once."""

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from math import inf
from pathlib import Path

import pytest
import spoken
from frozen import parts_of
from planted import FAULTS, found
from simulation import (
    DAY,
    NOISE,
    PACE,
    Crash,
    Disk,
    Hand,
    Node,
    Notary,
    Shelf,
    World,
    digest_of,
    envelope_of,
    statement_of,
)

from comity.errors import BrokenSeal, NotPossible, NotYet
from comity.seal import canon, envelope
from comity.wire import exchange
from comity.wire.conversation import Conversation
from comity.wire.exchange import Answer, Event, Evidence, Failure, Have, Item, Offer, Outcome, Own
from comity.wire.remembered import Pace, Stage, Status, Wait, backoff

BENCH = Path(__file__).parent.parent / "bench/simulate.py"
SLICE = 500
SOON = [title for title in FAULTS if "room" not in title and title not in {
    "only the last word about an envelope is told", "gaps are forgotten, only the highest number counts",
    "what waits is thrown out by this node's own clock", "a number that is taken is a refusal like any other",
    "a deadline noted by a wrong clock never comes", "a clock that is set back stops the mail",
    "the pause has no upper limit", "a receipt by another State is accepted", "what is not read is given up",
    "who can keep nothing refuses for want of what is missing",
}]  # fmt: skip


# ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

WORD, OTHER = (envelope.Signed(b'{"ed25519":"","mldsa65":""}', envelope.Pair(one, "QUJD")) for one in ("QUJD", "QUJE"))
ITEM = Item(3, b"sealed", ("a" * 64,), (WORD, OTHER))
OFFER = Offer((replace(ITEM, evidence=()),), ("b" * 64,), Have(3, (1,), 2, ()))
ANSWER = Answer((Outcome("c" * 64, OTHER), Outcome("d" * 64, later="conversation.room")), (WORD,), ("f" * 64,), (ITEM,),
                (Own(ITEM, b"said"),))  # fmt: skip


def test_an_exchange_survives_its_bytes():
    """Offer and answer are read back as they were written, in their one form."""
    assert exchange.read_offer(exchange.dumps(OFFER)) == OFFER
    assert exchange.read_offer(exchange.dumps(Offer())) == Offer()
    assert exchange.read_answer(exchange.dumps(ANSWER)) == ANSWER
    head, runs = parts_of(exchange.dumps(OFFER))
    assert exchange.dumps(OFFER) == canon.framed(head, runs)
    head, runs = parts_of(exchange.dumps(ANSWER))
    assert len(head["signatures"]) == 2  # each once, however many words are under it
    bare = WORD.bare
    assert (
        runs == b"sealed" + bare + bare + b"said" + bare + b"sealed" + bare + bare + bare
    )  # as the head tells of them


BROKEN = {
    "too many envelopes": lambda raw: raw | {"items": raw["items"] * (exchange.BATCH + 1)},
    "no number": lambda raw: raw | {"items": [raw["items"][0] | {"number": True}]},
    "number nought": lambda raw: raw | {"items": [raw["items"][0] | {"number": 0}]},
    "no digest": lambda raw: raw | {"ask": ["B" * 64]},
    "another field": lambda raw: raw | {"more": 1},
    "a field less": lambda raw: {"items": []},
    "no list": lambda raw: raw | {"items": {}},
    "base64": lambda raw: raw | {"items": [raw["items"][0] | {"envelope": "c2VhbGVk"}]},
    "a length too short": lambda raw: raw | {"items": [raw["items"][0] | {"envelope": 5}]},
    "a length too long": lambda raw: raw | {"items": [raw["items"][0] | {"envelope": 7}]},
    "a negative memory": lambda raw: raw | {"have": raw["have"] | {"got": -1}},
}


@pytest.mark.parametrize("title", BROKEN)
def test_an_offer_of_another_form_is_refused(title):
    """Every field is of its kind and within its limit, or nothing is read."""
    head, runs = parts_of(exchange.dumps(OFFER))
    raw = BROKEN[title](head)
    with pytest.raises(BrokenSeal):
        exchange.read_offer(canon.framed(raw, runs * len(raw["items"])))


def test_a_word_has_an_end():
    """Another State may sign what it likes: what it says of an envelope is short, or nothing of the answer is read."""
    for size, taken in ((exchange.WORD, True), (exchange.WORD + 1, False)):
        word = WORD._replace(bare=b'{"ed25519":"","mldsa65":"","to":"' + b"A" * (size - 35) + b'"}')
        assert len(word.bare) == size
        data = exchange.dumps(Answer((Outcome("c" * 64, word),)))
        if taken:
            assert exchange.read_answer(data).outcomes[0].receipt == word
        else:
            with pytest.raises(BrokenSeal, match="bytes"):
                exchange.read_answer(data)


def test_the_simulations_bytes_are_canonical():
    """What the simulation writes quickly is what `canon` writes."""
    said = Evidence(Event.RELAY_REJECTION, "IR", "a" * 64, 7, "conversation.room")
    statement = statement_of("IR", "VN", "IR-VN-1", "t1")
    for raw in (Notary().sign(said).whole(), statement, envelope_of(statement, "VN", "n")):
        assert canon.dumps(json.loads(raw)) == raw


def test_attempts_are_spread_and_bounded():
    """Twice as long each time, never longer than the longest, never in step with another envelope."""
    wait = Wait(1, 60, 0, 0)
    times = [backoff(wait, attempts, "1234abcd") for attempts in range(2000)]
    assert all(0.5 <= time < 60 for time in times)
    assert times[3] > 2 * times[1]
    assert len({backoff(wait, 9, f"{seed:08x}") for seed in range(100)}) > 90


# ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Pair:
    """Two nodes of the simulation that talk when a test says so."""

    def __init__(self) -> None:
        self.world = World(0)
        self.nodes, self.talk = {}, {}
        for state, peer in (("IR", "VN"), ("VN", "IR")):
            node = self.nodes[state] = Node(self.world, state)
            node.disk.hurt = lambda when: None
            node.up = True
            self.begin(state, peer)

    def begin(self, state, peer):
        """Start a node, or start it again."""
        hand = Hand(self.world.notary, state, peer)
        self.talk[state] = Conversation(state, peer, Shelf(self.nodes[state], peer), hand, PACE)

    def exchange(self, state, now):
        """One exchange that `state` begins; its offer and the answer."""
        offer = self.talk[state].offer(now)
        if offer is None:
            return None, None
        answer = self.talk[self.talk[state].peer].receive(offer, now)
        self.talk[state].answered(offer, answer, now)
        return offer, answer

    def settle(self, now=0.0):
        """Both greet."""
        for state in ("IR", "VN"):
            self.exchange(state, now)

    def post(self, text, now, *, state="IR", after=()):
        """An act of `state` on its way."""
        peer = self.talk[state].peer
        with self.nodes[state].disk:
            return self.talk[state].post(envelope_of(statement_of(state, peer, "c", text), peer, text), after, now)

    def item(self, row):
        """Our envelope as it goes."""
        return Item(row.number, self.nodes["IR"].disk.tables["kept", "VN"][row.digest], row.after)

    def stage(self, row):
        """What our envelope waits for now."""
        return self.nodes["IR"].disk.tables["sent", "VN"][row.digest].stage

    def words(self, row):
        """The events of which the sender has evidence."""
        disk = self.nodes["IR"].disk
        found = disk.words("VN", disk.tables["sent", "VN"][row.digest])
        return [self.world.notary.read(raw).event for raw in found]


@pytest.fixture
def pair():
    """Two nodes that have greeted each other."""
    found = Pair()
    found.settle()
    for talk in found.talk.values():
        talk._again_at = inf  # the second greeting has a test of its own
    return found


def test_an_envelope_is_relayed_consigned_and_handed_over(pair):
    """The three pieces of evidence come one after the other, and then nothing is asked any more."""
    row = pair.post("a", 1.0)
    pair.exchange("IR", 1.0)
    assert pair.stage(row) is Stage.CONSIGNMENT
    pair.talk["VN"].admit(2.0)
    pair.exchange("IR", 100.0)
    assert pair.stage(row) is Stage.HANDOVER
    pair.talk["VN"].handed(row.digest, 200.0)
    pair.talk["VN"].handed(row.digest, 201.0)
    pair.exchange("IR", 3 * DAY)
    assert pair.stage(row) is Stage.DONE
    assert pair.words(row) == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER]
    assert pair.talk["IR"].next_due(9 * DAY) is None


def test_a_peer_that_has_not_read_is_asked_about_few(pair):
    """Nothing new: a few, and not again at once. News: more each time, until all is known."""
    rows = [pair.post(f"{number}", 1.0) for number in range(60)]
    while not all(pair.stage(row) is Stage.CONSIGNMENT for row in rows):
        pair.exchange("IR", 1.0)
    assert 0 < len(pair.exchange("IR", 100.0)[0].ask) < 10
    assert pair.exchange("IR", 100.0) == (None, None)
    assert pair.talk["IR"].next_due(100.0) == pytest.approx(100.0 + PACE.consignment.first)
    pair.talk["VN"].admit(101.0)
    sizes = []
    while (offer := pair.exchange("IR", 101.0 + PACE.consignment.first)[0]) is not None:
        sizes.append(len(offer.ask))
    assert sizes[1] > 2 * sizes[0]
    pair.exchange("IR", 2000.0)  # those that were asked about in vain
    assert all(pair.stage(row) is Stage.HANDOVER for row in rows)


def test_nothing_is_signed_kept_or_sent_before_the_peer_has_answered():
    """A node that has just started may have been restored: it asks first."""
    pair = Pair()
    with pytest.raises(NotYet, match="what it holds"):
        pair.post("a", 0.0)
    envelope = envelope_of(statement_of("IR", "VN", "c", "a"), "VN", "a")
    answer = pair.talk["VN"].receive(Offer((Item(1, envelope),)), 0.0)
    assert answer.outcomes[0] == Outcome(digest_of(envelope), later="conversation.unsettled")
    assert pair.talk["IR"].offer(0.0).have == Have(0, (), 0, ())


def test_the_same_bytes_have_one_receipt(pair):
    """Brought again, at any time: the very same signed words."""
    pair.post("a", 1.0)
    offer, answer = pair.exchange("IR", 1.0)
    again = pair.talk["VN"].receive(offer, 5 * DAY)
    assert again.outcomes == answer.outcomes


@pytest.mark.parametrize(
    ("at", "taken"),
    [(10_000 - 301, False), (10_000 - 300, True), (20_000 + 300, True), (20_000 + 301, False), (0, False)],
)
def test_a_receipt_is_not_older_than_its_envelope_nor_from_a_time_to_come(pair, at, taken):
    """Beyond what two clocks may differ by it is refused by name, a person is told, once, and nothing else changes."""
    row = pair.post("a", 10_000)
    receipt = pair.world.notary.sign(Evidence(Event.RELAY_ACCEPTANCE, "VN", row.digest, at))
    for now in (20_000, 20_100):
        offer = pair.talk["IR"].offer(now)
        if offer is not None:
            pair.talk["IR"].answered(offer, Answer((Outcome(row.digest, receipt),)), min(now, 20_000))
    disk = pair.nodes["IR"].disk
    kept = disk.tables["sent", "VN"][row.digest]
    told = [alarm.code for _, alarm in disk.tables["alarms"].values()]
    assert (kept.stage is Stage.CONSIGNMENT, kept.trouble) == (taken, "" if taken else "receipt.time")
    assert told == ([] if taken else ["receipt.time"])


def test_words_about_one_envelope_are_in_order(pair):
    """A later word of an earlier time is not taken, however often it comes; what an honest node says is in order."""
    row = pair.post("a", 10_000)
    pair.exchange("IR", 10_000)
    backdated = pair.world.notary.sign(Evidence(Event.CONTENT_CONSIGNMENT, "VN", row.digest, 9_000))
    for now in (20_000, 90_000):
        pair.talk["IR"].answered(pair.talk["IR"].offer(now), Answer(evidence=(backdated,)), now)
    disk = pair.nodes["IR"].disk
    assert disk.tables["sent", "VN"][row.digest].stage is Stage.CONSIGNMENT
    assert [alarm.code for _, alarm in disk.tables["alarms"].values()] == ["receipt.time"]
    pair.talk["VN"].admit(1_000)  # its clock was set back since it gave its receipt
    pair.talk["VN"].handed(row.digest, 2_000)
    pair.exchange("IR", 9 * DAY)
    assert pair.words(row) == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER]


@pytest.mark.parametrize("step", [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER])
def test_what_was_said_by_a_clock_that_ran_ahead_is_said_anew(pair, step):
    """The peer keeps, reads or hands over in a time to come: at the next exchange all its words are of a time that was."""
    row, ahead = pair.post("a", 10_000), 10_000 + 400 * DAY
    vn, events = pair.talk["VN"], list(Event)
    times = [ahead if event is step else 10_000 for event in (Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT, step)]
    offer = pair.talk["IR"].offer(10_000)
    lost = vn.receive(offer, times[0])  # by a parcel whose answer says nothing that counts
    pair.talk["IR"].answered(offer, lost, 10_000)
    vn.admit(times[1])
    vn.handed(row.digest, times[2])
    for day in range(1, 9):
        pair.exchange("IR", 10_000 + day * DAY)
    assert pair.stage(row) is Stage.DONE
    said = [pair.world.notary.read(raw) for raw in pair.nodes["VN"].disk.tables["got words", "IR"][row.digest]]
    assert [one.event for one in said] == pair.words(row) == sorted(pair.words(row), key=events.index)
    assert [one.at for one in said] == sorted(one.at for one in said)
    assert said[-1].at < ahead
    assert said[0].at == 10_000 or step is Event.RELAY_ACCEPTANCE  # what counts stays the same bytes


def test_what_was_made_by_a_clock_that_ran_ahead_may_have_an_older_receipt(pair):
    """Carried while the clock was ahead; the deadlines are looked at when it is right; the answer comes long after."""
    row = pair.post("a", 10_000 + DAY)
    offer = pair.talk["IR"].offer(10_000 + DAY)
    answer = pair.talk["VN"].receive(offer, 20_000)
    pair.talk["IR"].overdue(30_000)
    pair.talk["IR"].answered(offer, answer, 10_000 + 9 * DAY)
    assert pair.stage(row) is Stage.CONSIGNMENT


def test_a_memory_of_a_clock_that_ran_ahead_takes_an_older_receipt(pair):
    """The letter was made, and backed up, a day ahead; its receipt is of before, and was lost with the memory since."""
    row = pair.post("a", 1.0 + DAY)
    pair.talk["VN"].receive(Offer((Item(row.number, pair.talk["IR"]._memory.sealed(row.digest)),)), 10.0)
    memory = pair.talk["IR"]._memory
    with memory.atomically():
        memory.settle(settled=False)
    for now in (2.0 * DAY, 2.1 * DAY, 2.2 * DAY, 2.3 * DAY):
        pair.exchange("IR", now)
    assert pair.stage(row) is Stage.CONSIGNMENT


def test_words_that_both_took_by_clocks_that_ran_ahead_hold_nothing_up(pair):
    """A receipt of a time to come that was taken, because both clocks ran ahead, is no reason to refuse the next word."""
    row = pair.post("a", 10_000)
    pair.exchange("IR", 10_000 + 400 * DAY)
    pair.talk["VN"].admit(20_000)
    pair.exchange("IR", 30_000)
    assert pair.stage(row) is Stage.HANDOVER


def test_a_number_names_one_envelope(pair):
    """Another envelope under a number that is taken, or far ahead, is refused for good, with a signed reason."""
    pair.post("a", 1.0)
    pair.exchange("IR", 1.0)
    for number, code in ((1, "conversation.number"), (10**6, "conversation.number-ahead")):
        envelope = envelope_of(statement_of("IR", "VN", "c", code), "VN", code)
        receipt = pair.talk["VN"].receive(Offer((Item(number, envelope),)), 2.0).outcomes[0].receipt
        said = pair.world.notary.read(receipt)
        assert (said.event, said.code) == (Event.RELAY_REJECTION, code)


def test_what_comes_before_its_time_waits(pair):
    """It is acknowledged, not read; the gap is asked for; when it is filled, both are read in their order."""
    first, second = pair.post("a", 1.0), None
    second = pair.post("b", 1.0, after=(first.digest,))
    vn = pair.talk["VN"]
    answer = vn.receive(Offer((pair.item(second),)), 2.0)
    assert answer.outcomes[0].receipt
    assert answer.missing == (first.digest,)
    vn.admit(3.0)
    assert pair.nodes["VN"].history("c") == ()
    vn.receive(Offer((pair.item(first),)), 4.0)
    vn.admit(5.0)
    assert pair.nodes["VN"].history("c") == ("a", "b")


def test_who_asks_for_what_he_has_put_off_is_not_answered_at_once(pair):
    """He has no room for one, and names the other as missing, in turn: both come later each time, as if he had not."""
    rows, now, times = [pair.post("a", 1.0)], 1.0, []
    for _ in range(20):
        offer = pair.talk["IR"].offer(now)
        put_off = tuple(Outcome(digest_of(item.envelope), later="conversation.room") for item in offer.items)
        pair.talk["IR"].answered(offer, Answer(put_off, missing=tuple(row.digest for row in rows)), now)
        if len(rows) == 1:
            rows.append(pair.post("b", now))
        now = pair.talk["IR"].next_due(now)
        times.append(now)
    assert times[-1] > 300 * PACE.relay.first


def test_the_waiting_room_is_bounded_but_lets_in_what_is_waited_for(pair):
    """Beyond its size: later. What the others stand on needs no place in it."""
    rows = [pair.post("first", 1.0)]
    for number in range(PACE.room + 2):
        rows.append(pair.post(f"t{number}", 1.0, after=(rows[-1].digest,)))
    items = [pair.item(row) for row in rows]
    outcomes = pair.talk["VN"].receive(Offer(tuple(reversed(items))), 2.0).outcomes
    assert [outcome.later for outcome in outcomes] == [""] * PACE.room + ["conversation.room"] * 2 + [""]


def test_what_waits_for_nothing_that_comes_is_refused_in_the_end(pair):
    """After a week, while the peer talks, with a reason that a person sees."""
    row = pair.post("b", 1.0, after=("0" * 64,))
    pair.exchange("IR", 1.0)
    pair.talk["VN"].admit(2.0)
    for day in range(1, 9):
        pair.exchange("IR", day * DAY)
    assert pair.stage(row) is Stage.DEAD
    assert pair.words(row)[-1] is Event.CONTENT_CONSIGNMENT_FAILURE
    alarms = [alarm.code for _, alarm in pair.nodes["VN"].disk.tables["alarms"].values()]
    assert alarms == ["conversation.gap"]


def second_alone(pair):
    """Two envelopes of which the peer has only the second, which stands on the first."""
    first = pair.post("a", 1.0)
    second = pair.post("b", 1.0, after=(first.digest,))
    pair.talk["VN"].receive(Offer((pair.item(second),)), 2.0)
    return first, second


def test_who_lost_what_others_stand_on_asks_until_it_is_refused(pair):
    """The peer cannot refuse it for all the time that was asked, so it is asked on: seldom, but never given up."""
    row = pair.post("b", 1.0, after=("0" * 64,))
    pair.exchange("IR", 1.0)
    now, asked = 1.0, []
    while pair.stage(row) is Stage.CONSIGNMENT and now < 60 * DAY:
        now = pair.talk["IR"].next_due(now)
        assert now is not None, "it has fallen silent"
        asked.append(now)
        if now > 40 * DAY:
            pair.exchange("IR", now)
        else:  # such a peer as keeps, and says nothing more
            pair.talk["IR"].answered(pair.talk["IR"].offer(now), Answer(), now)
    assert pair.words(row)[-1] is Event.CONTENT_CONSIGNMENT_FAILURE
    assert now < 40 * DAY + 2 * PACE.gap
    seldom = [then - before for before, then in pairwise(asked[PACE.consignment.tries :])]
    assert PACE.handover.last / 2 <= min(seldom) <= max(seldom) < PACE.gap / 3


def test_what_stands_on_a_refused_one_is_read(pair):
    """Only that of which something is nowhere is refused; what stands on it waited for it, and is read when it is over."""
    first = pair.post("b", 1.0, after=("0" * 64,))
    second = pair.post("c", 1.0, after=(first.digest,))
    pair.exchange("IR", 1.0)
    for day in range(1, 10):
        pair.exchange("IR", day * DAY)
        pair.talk["VN"].admit(day * DAY + 1)
    table = Shelf(pair.nodes["VN"], "IR")
    assert [table.got(row.digest).status for row in (first, second)] == [Status.REFUSED, Status.ADMITTED]
    assert (pair.words(first)[-1], pair.words(second)[-1]) == (
        Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONTENT_CONSIGNMENT,
    )  # fmt: skip


def test_a_peer_is_asked_more_often_than_it_counts_as_silence():
    """The pace that nodes go by, too."""
    for pace in (PACE, Pace()):
        assert max(pace.consignment.last, pace.handover.last) < pace.gap / 3


def test_a_node_that_is_started_again_counts_on(pair):
    """It is updated every other day, as its peer is, which greets twice: what waits for nothing is refused all the same."""
    row = pair.post("b", 1.0, after=("0" * 64,))
    pair.exchange("IR", 1.0)
    for half in range(2, 18):
        for state, peer in (("IR", "VN"), ("VN", "IR")):
            if half % 4 == 0:
                pair.begin(state, peer)
                assert pair.talk[state].next_due(half * DAY / 2) == half * DAY / 2
                pair.exchange(state, half * DAY / 2)
                pair.exchange(state, half * DAY / 2 + 661)
        pair.exchange("IR", half * DAY / 2 + 1000)
    assert pair.words(row)[-1] is Event.CONTENT_CONSIGNMENT_FAILURE


def test_nothing_is_refused_while_nothing_can_be_kept(pair):
    """A node that was set back and reaches nobody cannot take what it lacks, however often that is brought."""
    first, second = second_alone(pair)
    pair.nodes["VN"].disk.restore(pair.nodes["VN"].disk.copy())
    pair.begin("VN", "IR")
    for half in range(4, 20):
        answer = pair.talk["VN"].receive(Offer((pair.item(first),), (second.digest,)), half * DAY / 2)
        assert (answer.outcomes[0].later, answer.evidence) == ("conversation.unsettled", ())
    pair.exchange("VN", 10 * DAY)
    pair.talk["VN"].receive(Offer((pair.item(first),)), 10 * DAY + 1)
    pair.talk["VN"].admit(10 * DAY + 2)
    assert pair.nodes["VN"].history("c") == ("a", "b")


def test_what_was_kept_by_a_clock_that_ran_ahead_is_given_back_with_words_of_now(pair):
    """The peer kept it, and read it, in a time to come; its clock was set right, and then this node lost its memory."""
    backup = pair.nodes["IR"].disk.copy()
    row = pair.post("a", 1.0)
    pair.talk["VN"].receive(pair.talk["IR"].offer(1.0), 400 * DAY)
    pair.talk["VN"].admit(400 * DAY + 1)
    pair.nodes["IR"].disk.restore(backup)
    pair.begin("IR", "VN")
    for second in range(3):
        pair.exchange("IR", 2 * DAY + second)
        pair.talk["IR"].admit(2 * DAY + second)
    assert pair.nodes["IR"].history("c") == ("a",)
    assert pair.post("b", 2 * DAY + 9, after=(row.digest,)).number == 2


def test_who_lost_an_act_before_anybody_had_it_is_not_silent_for_ever(pair):
    """What stood on it came back, and waits for it as long as others would; then it is taken in, and this node speaks again."""
    backup = pair.nodes["IR"].disk.copy()
    second_alone(pair)
    pair.nodes["IR"].disk.restore(backup)
    pair.begin("IR", "VN")
    for now in (10.0, 11.0, DAY):
        pair.exchange("IR", now)
        pair.talk["IR"].admit(now)
    with pytest.raises(NotPossible):
        pair.post("c", DAY)
    assert pair.nodes["IR"].history("c") == ()
    pair.talk["IR"].admit(DAY + PACE.gap + 1)
    assert pair.nodes["IR"].history("c") == ("b",)
    pair.post("c", DAY + PACE.gap + 2)


@pytest.mark.parametrize("greets", [False, True])
def test_nothing_is_refused_while_the_peer_does_not_hear(pair, greets):
    """It brings the same again, or greets, day after day, for no answer reaches it: so it cannot know what is missing."""
    (first, second), vn = second_alone(pair), pair.talk["VN"]
    for day in range(1, 12):
        vn.receive(Offer(have=Have(0, (), 2, ())) if greets else Offer((pair.item(second),)), day * DAY)
        vn.admit(day * DAY + 1.0)
    vn.receive(Offer((pair.item(first),)), 12 * DAY)
    vn.admit(12 * DAY + 1.0)
    assert pair.nodes["VN"].history("c") == ("a", "b")


def test_a_restored_node_asks_and_is_filled_before_it_speaks(pair):
    """Own acts and the peer's come back, each with the receipt that was given; only then is anything signed."""
    backup = pair.nodes["VN"].disk.copy()
    theirs = pair.post("a", 1.0)
    _, answer = pair.exchange("IR", 1.0)
    pair.talk["VN"].admit(2.0)
    own = pair.post("b", 3.0, state="VN", after=(theirs.digest,))
    pair.exchange("VN", 3.0)
    pair.nodes["VN"].disk.restore(backup)
    pair.begin("VN", "IR")
    pair.exchange("VN", 10.0)
    with pytest.raises(NotPossible):
        pair.post("c", 10.0, state="VN")
    pair.talk["VN"].admit(11.0)
    pair.exchange("VN", 12.0)
    assert pair.nodes["VN"].history("c") == ("a", "b")
    assert pair.nodes["VN"].disk.tables["got words", "IR"][theirs.digest][0] == answer.outcomes[0].receipt
    assert pair.post("c", 13.0, state="VN").number == own.number + 1


@pytest.mark.parametrize(
    ("answer", "told"), [("peer.unknown", "conversation.unpinned"), ("hop.time", "conversation.unheard")]
)
def test_a_person_is_told_of_a_peer_that_refuses_to_talk(answer, told):
    """Once, when it goes on; it is asked ever less often, but at once when it has spoken itself."""
    pair = Pair()
    talk, alarms, now = pair.talk["IR"], pair.nodes["IR"].disk.tables["alarms"], 1.0

    def refused(times):
        nonlocal now
        for _ in range(times):
            offer = talk.offer(now)
            assert offer.have is not None
            talk.failed(offer, Failure(answer, reached=True), now)
            waited, now = talk.next_due(now) - now, talk.next_due(now)
            assert 0 < waited <= PACE.refused.last
            assert talk.offer(now - 0.1) is None
        return waited

    refused(PACE.refused.tries - 1)
    assert not alarms
    assert refused(20) > PACE.refused.last / 2
    assert [(peer, alarm.code, alarm.envelope) for peer, alarm in alarms.values()] == [("VN", told, "")]
    talk.receive(pair.talk["VN"].offer(now - 90.0), now - 90.0)
    assert talk.next_due(now - 90.0) == now - 90.0
    pair.exchange("IR", now)
    pair.exchange("IR", now + 1.0)
    assert pair.nodes["IR"].disk.tables["settled"]["VN"]
    assert len(alarms) == 1


def test_what_arrives_after_the_greeting_comes_back_with_the_second_one():
    """Sent just before the restore, on its way meanwhile: a second greeting, when nothing so old passes, brings it back."""
    pair = Pair()
    pair.settle()
    backup = pair.nodes["IR"].disk.copy()
    row = pair.post("a", 1.0)
    late = pair.talk["IR"].offer(1.0)
    pair.nodes["IR"].disk.restore(backup)
    pair.begin("IR", "VN")
    pair.exchange("IR", 2.0)
    pair.talk["VN"].receive(late, 3.0)
    other = pair.post("b", 4.0)
    assert other.number == row.number
    for now in (700.0, 701.0, 702.0):  # nothing is missed; the number is taken; what had it comes back
        pair.exchange("IR", now)
    pair.talk["IR"].admit(702.0)
    assert pair.nodes["IR"].disk.tables["sent", "VN"][other.digest].number == 2
    assert pair.nodes["IR"].history("c") == ("a",)
    for now in (703.0, 704.0):
        pair.exchange("IR", now)
    assert pair.stage(other) is Stage.CONSIGNMENT


def test_a_refused_letter_is_dead_until_a_person_sends_it_again(pair):
    """A signed refusal ends the attempts, a person is told, and can try again; what was read and refused is final."""
    row = pair.post("a", 1.0)
    offer = pair.talk["IR"].offer(1.0)
    no = Evidence(Event.RELAY_REJECTION, "VN", row.digest, 1, "door.no")
    pair.talk["IR"].answered(offer, Answer((Outcome(row.digest, pair.world.notary.sign(no)),)), 1.0)
    assert pair.stage(row) is Stage.DEAD
    assert pair.talk["IR"].next_due(9.0) is None
    pair.talk["IR"].release(row.digest, 10.0)
    pair.exchange("IR", 10.0)
    assert pair.stage(row) is Stage.CONSIGNMENT
    with pytest.raises(NotPossible):
        pair.talk["IR"].release(row.digest, 11.0)


def test_what_refuses_a_batch_is_found_by_halving(pair):
    """Envelopes beside a poisonous one pass; the poisonous one ends among the dead letters."""
    rows = [pair.post(f"t{number}", 1.0) for number in range(3)]
    now = 1.0
    for _ in range(60):
        offer = pair.talk["IR"].offer(now)
        if offer is not None and any(item.number == 2 for item in offer.items):
            pair.talk["IR"].failed(offer, Failure("door.too-long", reached=True), now)
        elif offer is not None:
            pair.talk["IR"].answered(offer, pair.talk["VN"].receive(offer, now), now)
        now += DAY
    assert [pair.stage(row) is Stage.DEAD for row in rows] == [False, True, False]


def test_what_a_peer_fails_at_holds_up_no_other(pair):
    """It fails whenever the second is in an offer. The others pass; that one waits, however long, and goes when it can."""
    rows = [pair.post(f"t{number}", 1.0) for number in range(3)]
    talk, now = pair.talk["IR"], 1.0
    for _ in range(60):
        offer = talk.offer(now)
        if offer is not None and any(item.number == 2 for item in offer.items):
            talk.failed(offer, Failure("wire.status-500", fewer=True), now)
        elif offer is not None:
            talk.answered(offer, pair.talk["VN"].receive(offer, now), now)
        now = max(now + 1, talk.next_due(now) or 0)
    stages = [pair.stage(row) for row in rows]
    assert stages[1] is Stage.RELAY
    assert Stage.RELAY not in (stages[0], stages[2])
    while pair.stage(rows[1]) is Stage.RELAY:
        now = max(now + 1, talk.next_due(now))
        if (offer := talk.offer(now)) is not None:
            talk.answered(offer, pair.talk["VN"].receive(offer, now), now)


def test_false_receipts_change_nothing(pair):
    """For another envelope, by another State, forged, of another event: the envelope stays on its way."""
    row = pair.post("a", 1.0)
    word = Evidence(Event.RELAY_ACCEPTANCE, "VN", row.digest, 1)
    sign, now = pair.world.notary.sign, 1.0
    for raw in (sign(replace(word, envelope="0" * 64)), sign(replace(word, by="QA")), sign(word, key="forger"), NOISE,
                sign(replace(word, event=Event.CONTENT_CONSIGNMENT))):  # fmt: skip
        offer = pair.talk["IR"].offer(now)
        pair.talk["IR"].answered(offer, Answer((Outcome(row.digest, raw),)), now)
        assert pair.stage(row) is Stage.RELAY
        now += DAY


def test_a_person_is_told_once_of_what_is_late(pair):
    """With this node's own signed word, where the standard has one."""
    row = pair.post("a", 1.0)
    for day in range(1, 5):
        pair.talk["IR"].overdue(day * DAY)
    (_, alarm), = pair.nodes["IR"].disk.tables["alarms"].values()  # fmt: skip
    assert (alarm.code, alarm.envelope) == ("conversation.late-relay", row.digest)
    assert pair.world.notary.read(spoken.apart(alarm.evidence)).event is Event.RELAY_FAILURE


# ── everything at once ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("first", range(0, 5000, SLICE))
def test_no_client_complains(first):
    """Lost 0, doubled 0, order kept, stuck 0, bounded: at none of 5,000 seeds is there a complaint."""
    complaints = [(seed, World(seed).run().faults) for seed in range(first, first + SLICE)]
    assert [found for found in complaints if found[1]] == []


def test_no_client_complains_when_lines_are_cut_for_days():
    """Longer than others wait for what is missing, while a node is set back and its peer sends out of order."""
    complaints = [(seed, World(seed, long=True).run().faults) for seed in (*range(SLICE), 927, 2420, 3_000_166)]
    assert [found for found in complaints if found[1]] == []


@pytest.mark.parametrize("seed", [1_047_017, 2_016_003, 10_051_401])
def test_no_client_complains_any_more(seed):
    """What campaigns have found.

    A letter that waits when both sides are silent; a time compared with a clock that was slow; a restore with words of when
    both clocks were ahead.
    """
    assert World(seed).run().faults == []


def test_the_same_seed_is_the_same_story():
    """Also when every offer and answer goes through its bytes."""
    for seed in range(60):
        story = World(seed).run()
        again = World(seed, encoded=True).run()
        assert (again.hash, again.faults) == (story.hash, [])


def test_a_memory_answers_by_the_rows_that_it_holds_now():
    """Also when a change was undone, or memory is older than it was: no answer outlives its rows."""
    disk, backup = Disk(), Disk().copy()
    numbers = disk.tables["numbers"]
    seen = [numbers.ask(sum)]
    with disk:
        disk.put("numbers", "a", 1)
    seen.append(numbers.ask(sum))
    with suppress(Crash), disk:
        disk.put("numbers", "a", 7)
        disk.put("numbers", "b", 2)
        seen.append(numbers.ask(sum))
        raise Crash
    seen.append(numbers.ask(sum))
    disk.restore(backup)
    seen.append(numbers.ask(sum))
    assert seen == [0, 1, 9, 1, 0]


def simulate(*options):
    """What the bench prints, and how it ends."""
    ran = subprocess.run([sys.executable, BENCH, *options], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.skipif(not (shutil.which("cc") and find_spec("setuptools")), reason="it takes a C compiler and setuptools")
def test_the_same_seed_is_the_same_story_in_machine_code():
    """Everything that happens at some seeds, by its digest; other seeds have another."""
    some = ("--replay", "--seeds", "20")
    assert simulate(*some)[:2] == simulate(*some, "--compiled")[:2]
    assert simulate(*some)[1] != simulate(*some, "--from", "1")[1]


def test_faults_are_not_planted_in_machine_code():
    """The run ends at once, and says why."""
    code, _, said = simulate("--planted", "--compiled")
    assert code == 2
    assert "leave out one" in said


@pytest.mark.parametrize("title", SOON)
def test_a_planted_fault_is_found(title):
    """Soon, for these; `bench/simulate.py --planted` reports all of them."""
    seen = found(title, range(200))
    assert seen, title
    assert not seen[1].startswith("broken: TypeError"), "it is planted wrongly"


def test_there_are_enough_planted_faults():
    """At least 30, or the zeros above say little."""
    assert len(FAULTS) >= 30
