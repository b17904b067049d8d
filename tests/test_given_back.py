"""What a peer is given back after a restore, and what this node takes back: it opens, feigns and holds up nothing."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import answering
import pytest
from answering import until
from peer import request

from comity.errors import BrokenSeal, Unreachable
from comity.node import archive, models
from comity.node.courier import Courier, errands
from comity.node.desk import crossing, issuing, requesting, restores
from comity.seal import canon, envelope
from comity.seal.keys import OpeningKey
from comity.wire.exchange import (
    Answer,
    Event,
    Have,
    Item,
    Offer,
    Outcome,
    Own,
    dumps,
    read_answer,
    read_offer,
)  # fmt: skip
from comity.wire.remembered import VOID, Pace

pytestmark = pytest.mark.django_db
GREETING = Offer(have=Have(0, (), 0, ()))
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SECRET = "The informant lives in the third house."


def brought(node, state, *items, at):
    """What the peer's node is answered to an offer that crossed the line, and was read since."""
    talk = crossing.conversation(node, state)
    answer = crossing.exchange(node, talk, read_offer(dumps(Offer(items))), at=at)
    crossing.admit(node, state, at=at)
    return answer


def given(node, state, *, at):
    """What the peer's node is given back when it says that it knows nothing."""
    return read_answer(dumps(crossing.exchange(node, crossing.conversation(node, state), GREETING, at=at)))


def departed(node, officers, at, peer):
    """A request of ours for the peer, on its way: (its row, what the envelope holds)."""
    reference = requesting.new_reference(node, at=at)
    ours = request(reference=reference, requesting="IR", requested=peer.state)
    requesting.draft(node, ours, officer=officers.drafter, at=at)
    requesting.check(node, reference, officer=officers.drafter, at=at)
    requesting.approve(node, reference, despite="x", officer=officers.approver, at=at)
    requesting.send(node, reference, officer=officers.approver, at=at)
    row = models.Departure.objects.latest("number")
    return row, envelope.opened(archive.sealed(row), home=peer.state, keys=[peer.opening])


def receipt(peer, data, at):
    """The peer's receipt for our envelope, of which no row need be here."""
    return answering.receipt(peer, SimpleNamespace(digest=canon.content_id(data), made_at=at))


def forgotten(node, at):
    """Put the tables back to before anything was sent, as the start of a node does that finds it out."""
    for table in (models.Letter, models.Departure, models.Act):
        table.objects.all().delete()
    models.Case.objects.all().delete()
    crossing.forget_settled(node, "log.size", at=at)


def greeted(node, state, answer, at, days=1):
    """The peer answers each greeting so, as long as its own letter is not known here; until it is settled, or so many days."""
    for day in range(days):
        now = (at + day * DAY).timestamp()
        talk = crossing.conversation(node, state)
        talk.next_due(now)
        offer = talk.offer(now)
        talk.answered(offer, read_answer(dumps(answer(offer.have))), now)
        crossing.admit(node, state, at=at + day * DAY)
        if models.Talk.objects.get(pk=state).settled:
            return True
    return False


# ---- what is given back -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [False, True], ids=["its own node never brought it", "its own node brought it too"])
@pytest.mark.parametrize("read", [False, True])
def test_a_peer_has_nothing_opened_here_that_another_state_sealed(node, peer, qatar, at, known, read):
    """Qatar got hold of Viet Nam's sealed letter; its node offers it as its own, and says that it forgot it."""
    sealed, _ = peer.asks(request(facts=SECRET))
    if known:
        brought(node, "VN", Item(1, sealed), at=at)
    if read:
        brought(node, "QA", Item(1, sealed), at=at)
    else:
        crossing.exchange(node, crossing.conversation(node, "QA"), Offer((Item(1, sealed),)), at=at)
    (own,) = given(node, "QA", at=at).back
    assert (own.item.envelope, own.statement) == (sealed, b"")


def test_who_wrote_it_is_given_back_what_it_held(node, peer, at):
    """As before: else a State that was restored would not have its own acts back."""
    sealed, act = peer.asks(request(facts=SECRET))
    brought(node, "VN", Item(1, sealed), at=at)
    (own,) = given(node, "VN", at=at).back
    assert canon.content_id(own.statement) == act.id


def test_a_greeting_has_little_read_beyond_what_is_given_back(node, peer, at, monkeypatch):
    """And so has reading what came: few bytes asked for by few bytes must not fill the memory."""
    talk = crossing.conversation(node, "VN")
    large = [b"%d " % number + bytes(1 << 19) for number in range(48)]
    for start in range(0, 48, 8):
        items = tuple(Item(start + place + 1, data) for place, data in enumerate(large[start : start + 8]))
        assert all(outcome.receipt for outcome in crossing.exchange(node, talk, Offer(items), at=at).outcomes)
    sizes, right = [], archive.kept

    def kept(digests):
        found = right(digests)
        sizes.append(sum(map(len, found.values())))
        return found

    monkeypatch.setattr(archive, "kept", kept)
    assert len(crossing.exchange(node, talk, GREETING, at=at).back) == 2
    assert sum(sizes) <= 5 << 20
    while crossing.admit_some(node, "VN", at=at):
        assert sum(sizes) <= 18 << 20
        sizes.clear()
    assert not models.Arrival.objects.filter(status="waiting").exists()


# ---- what is taken back -------------------------------------------------------------------------------------------


def test_one_statement_in_another_envelope_shows_no_restore(node, officers, peer, qatar, at):
    """Who really got something of ours could seal it again and again, and give it back each time as what we forgot."""
    row, statement = departed(node, officers, at, peer)
    again = envelope.seal(statement, to="VN", key=peer.opening.public)
    item = Item(row.number + 1, again, (), (receipt(peer, again, at),))
    before = (models.Departure.objects.count(), restores.notes())
    greeted(node, "VN", lambda _have: Answer(back=(Own(item, statement),)), at + SECOND)
    assert (models.Departure.objects.count(), restores.notes()) == before
    assert models.Alarm.objects.latest("pk").code == "conversation.not-ours"
    assert models.Talk.objects.get(pk="QA").settled


def test_a_receipt_for_one_state_is_none_for_another(node, peer, qatar, at):
    """Qatar gives Viet Nam what it was told here; Viet Nam gives it back, as if this node had said it to it and forgot."""
    letters = [
        Item(number, qatar.asks(request(reference=f"QA-2026-{number:04}", requesting="QA"))[0]) for number in (1, 2)
    ]
    words = [outcome.receipt for outcome in brought(node, "QA", *letters, at=at).outcomes]
    back = Answer(items=tuple(replace(item, evidence=(word,)) for item, word in zip(letters, words, strict=True)))
    greeted(node, "VN", lambda _have: back, at + SECOND)
    assert not models.Arrival.objects.filter(hop="VN").exists()
    assert (restores.notes(), models.Talk.objects.get(pk="QA").settled) == ([], True)
    talk = crossing.conversation(node, "VN")
    with pytest.raises(BrokenSeal, match=r"receipt\.other"):
        talk._hand.read(words[0])
    assert crossing.conversation(node, "QA")._hand.read(words[0]).envelope == canon.content_id(letters[0].envelope)


def test_what_the_peer_could_not_open_keeps_nobody_waiting(node, officers, peer, at):
    """It comes back without what it held. Its place stays its own, a person is told, and the conversation goes on."""
    row, _ = departed(node, officers, at, peer)
    data = archive.sealed(row)
    item = Item(row.number, data, (), (receipt(peer, data, at),))
    forgotten(node, at + SECOND)
    back = Answer(back=(Own(item, b""),))
    assert greeted(node, "VN", lambda have: back if have.sent < item.number else Answer(), at + SECOND, days=2)
    kept = models.Departure.objects.get()
    assert (kept.number, kept.stage, kept.trouble, kept.act_id, kept.relayed) == (1, "dead", VOID, None, True)
    assert [one.code for one in models.Alarm.objects.all()] == ["conversation.unopened"]
    assert [one.why for one in restores.notes()] == ["log.size"]
    assert departed(node, officers, at + 2 * DAY, peer)[0].number == 2
    assert kept in crossing.troubled()


def test_what_nobody_acknowledged_is_not_kept_for_its_place(node, peer, at):
    """Else a peer could fill this node with envelopes that nobody ever sent."""
    junk = envelope.seal(b"nothing", to="VN", key=peer.opening.public)
    greeted(node, "VN", lambda _have: Answer(back=(Own(Item(1, junk), b""),)), at)
    assert (models.Departure.objects.count(), models.Alarm.objects.get().code) == (0, "conversation.not-ours")
    far = Item(2**53 - 1, junk, (), (receipt(peer, junk, at),))  # after it no number could be given any more
    greeted(node, "VN", lambda _have: Answer(back=(Own(far, b""),)), at + SECOND)
    assert models.Departure.objects.count() == 0


def test_places_of_what_nobody_can_read_are_bounded(node, peer, at):
    """A peer that acknowledges what it made up fills within an hour no more than it could with letters, and is shown."""
    made = [envelope.seal(b"%d" % number, to="VN", key=peer.opening.public) for number in range(6)]
    back = tuple(Own(Item(number, data, (), (receipt(peer, data, at),)), b"") for number, data in enumerate(made, 1))
    hour = at.replace(minute=0, second=0).timestamp()
    for now in (hour + 60, hour + 3660):  # more than an hour holds: the whole answer waits
        talk = crossing.conversation(node, "VN")
        talk._pace = Pace(kept=4)
        talk.next_due(now)
        talk.answered(talk.offer(now), Answer(back=back), now)
        assert models.Departure.objects.count() == 0
    assert models.Alarm.objects.latest("pk").code == "conversation.room"
    talk = crossing.conversation(node, "VN")
    talk.next_due(now)
    talk.answered(talk.offer(now), Answer(back=back), now)
    assert models.Departure.objects.filter(trouble=VOID).count() == 6


def test_what_stands_behind_what_nobody_can_read_comes_back_too(node, officers, peer, at):
    """An answer of nothing but void envelopes is no end: the peer is greeted until it gives nothing back."""
    row, statement = departed(node, officers, at, peer)
    data = archive.sealed(row)
    last = Own(Item(9, data, (), (receipt(peer, data, at),)), statement)
    made = [envelope.seal(b"%d" % number, to="VN", key=peer.opening.public) for number in range(8)]
    voids = [Own(Item(number, one, (), (receipt(peer, one, at),)), b"") for number, one in enumerate(made, 1)]
    forgotten(node, at + SECOND)

    def answer(have):
        return Answer(back=tuple([*voids, last][have.sent : have.sent + 4]))

    assert greeted(node, "VN", answer, at + SECOND, days=4)
    assert models.Act.objects.filter(departure__number=9).exists()
    assert models.Departure.objects.filter(trouble=VOID).count() == 8


@pytest.mark.parametrize(
    "dated", [timedelta(hours=-1), timedelta(seconds=30)], ids=["signed after it", "signed before it"]
)
def test_what_a_revoked_key_of_ours_signed_is_not_taken_back_and_keeps_nobody_waiting(own, peer, officers, at, dated):
    """Whoever has the key can make such an act, of any moment: it shows no restore, and is in no case."""
    row, statement = departed(own.now(), officers, at, peer)
    data = archive.sealed(row)
    item = Item(row.number, data, (), (receipt(peer, data, at),))
    issuing.recover(own.now(), [], since=at + dated, at=at + SECOND * 60)
    forgotten(own.now(), at + SECOND * 61)
    notes, back = len(restores.notes()), Answer(back=(Own(item, statement),))
    since = at + SECOND * 62
    assert greeted(own.now(), "VN", lambda have: back if have.sent < item.number else Answer(), since, days=2)
    assert (models.Departure.objects.get().trouble, models.Act.objects.count()) == (VOID, 0)
    assert [one.code for one in models.Alarm.objects.all()] == ["trust.revoked"]
    assert len(restores.notes()) == notes


# ---- who hurries or stops whom -------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [None, "conversation.room"])
def test_what_a_peer_calls_missing_is_not_offered_again_without_a_pause(node, sent, outcome):
    """Not even when the very answer that names it did not take it."""
    row, _ = sent["VN"]
    talk, now = crossing.conversation(node, "VN"), row.made_at.timestamp() + 1
    talk._again_at = float("inf")
    said = () if outcome is None else (Outcome(row.digest, later=outcome),)
    offers = 0
    while (due := talk.next_due(now)) is not None and due <= now and offers < 9:
        offers += 1
        talk.answered(talk.offer(now), Answer(said, missing=(row.digest,)), now)
    assert offers == 1


def test_what_was_put_off_is_not_called_missing_in_the_same_answer(node, peer, at):
    """Viet Nam's hour is over while an earlier letter lacks: it would be asked for what has just been refused room."""
    one, two = (Item(number, peer.asks(request(reference=f"VN-2026-{number:04}"))[0]) for number in (1, 2))
    talk = crossing.conversation(node, "VN")
    talk._pace = Pace(kept=1)
    lacking = replace(two, after=(canon.content_id(one.envelope),))
    assert crossing.exchange(node, talk, Offer((lacking,)), at=at).missing == lacking.after
    answer = crossing.exchange(node, talk, Offer((one,)), at=at)
    assert (answer.outcomes[0].later, answer.missing) == ("conversation.room", ())
    assert crossing.exchange(node, talk, Offer(), at=at).missing == lacking.after


@pytest.mark.django_db(transaction=True)
def test_what_a_witness_claims_keeps_no_officer_from_writing(node, peer, qatar, officers, at, monkeypatch):
    """Every process greets first in any case. A claim is noted, so that no reference is given twice; it stops nothing else."""
    witnessed = replace(node, witnesses=("VN",))

    def post(path, _body, **_):
        if path == "/witness":
            return 409, b"999999\n"
        raise Unreachable("nothing here", code="wire.unreachable")

    line = SimpleNamespace(post=post, get=lambda *_, **__: post("", b""), get_if_any=lambda *_, **__: None)
    monkeypatch.setattr(errands, "line_to", lambda *_: line)
    for started in (1, 2):
        courier = Courier(witnessed)
        courier.round()
        until(lambda it=courier: it.asked_all and not any(one.away for one in it._errands.values()))
        assert [one.why for one in restores.notes()] == ["witness.ahead VN 999999"] * started
        assert not models.Talk.objects.filter(settled=False).exists()
        later = (at + DAY).timestamp()
        assert all(errand._talk.offer(later).have for errand in courier._errands.values())
    assert departed(node, officers, at, qatar)[0].peer == "QA"


def test_an_envelope_to_a_key_that_is_gone_comes_back_empty(node, peer, at):
    """What an honest node gives back of what it cannot open."""
    sealed, _ = peer.asks(request())
    statement = envelope.opened(sealed, home="IR", keys=node.openings)
    lost = envelope.seal(statement, to="IR", key=OpeningKey.generate().public)
    brought(node, "VN", Item(1, lost), at=at)
    (own,) = given(node, "VN", at=at).back
    assert own.statement == b""
    assert [one.event for one in map(crossing.conversation(node, "VN")._hand.read, own.item.evidence)] == [
        Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT_FAILURE,
    ]  # fmt: skip
