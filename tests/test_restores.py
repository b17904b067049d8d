"""Notes of a restore: what shows it, a note by a wrong clock corrected, and what such a word cannot do."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import peer as peers
import pytest
from answering import answered, items, receipt, until

from comity.errors import BrokenSeal, Invalid, NotPossible, Unreachable
from comity.ledger import checkpoint as cp
from comity.ledger import log
from comity.node import archive, models
from comity.node.courier import Courier, errands
from comity.node.desk import crossing, registry, requesting, restores
from comity.seal import canon, envelope, merkle
from comity.wire import messages
from comity.wire._remembering import IN_FLIGHT
from comity.wire.directory import trust_in
from comity.wire.exchange import Answer, Event, Evidence, Have, Item, Offer, Outcome
from comity.wire.remembered import Stage

pytestmark = pytest.mark.django_db
OFFER = Offer(have=Have(0, (), 0, ()))  # a greeting
YEARS, MINUTE = timedelta(days=3 * 365), timedelta(minutes=1)
MEMORY = (
    models.Talk,
    models.Departure,
    models.Arrival,
    models.Word,
    models.Act,
    models.Case,
    models.Kept,
    models.Alarm,
)


@pytest.fixture
def moment(at):
    """A moment late in a year whose numbers can be foretold."""
    return at.replace(year=2026, month=11, day=30, hour=0, minute=0, second=0, microsecond=0)


def number(node, at):
    """The next reference's number."""
    return int(requesting.new_reference(node, at=at).rpartition("-")[2])


def corrected(node, at, until=None, **given):
    """The only standing note, corrected."""
    (wrong,) = restores.standing()
    words = {"by": "S. Karimi", "why": "The clock was years ahead.", "instead": wrong.digest[:12]} | given
    return restores.stated(node, until or at, at=at, **words)


def memory():
    """All that this node remembers of its conversations and cases."""
    return [list(table.objects.order_by("pk").values()) for table in MEMORY]


def test_a_moment_noted_by_a_clock_that_ran_ahead_is_corrected(node, moment):
    """Counting goes on from the true moment; both notes stay, are signed, and are in the log."""
    crossing.forget_settled(node, "log.size", at=moment + YEARS)
    assert number(node, moment) == 10**8  # of no year until that one is anything known
    noted = corrected(node, moment)
    assert number(node, moment) == 38_771_200
    wrong, right = restores.notes()
    assert (right, right.instead, restores.standing()) == (noted, wrong.digest, [noted])
    assert (wrong.until - right.until, wrong.by, right.by) == (YEARS, "", "S. Karimi")
    trust = trust_in([archive.own_entry(node)])
    for row in models.Restore.objects.all():
        raw = bytes(row.statement)
        said = envelope.verify(raw, trust, kind="restore", at=archive.own_entry(node).issued_at)
        assert (said.sender, said.to) == ("IR", "IR")
        hashed = models.LogNode.objects.get(level=0, index=row.entry).hash
        assert bytes(hashed) == merkle.leaf_hash(log.entry(log.NOTICE, canon.content_id(raw)))
        with pytest.raises(BrokenSeal):
            envelope.verify(raw.replace(b'"to":"IR"', b'"to":"VN"'), trust, kind="restore", at=moment)


def test_a_moment_noted_by_a_clock_that_was_behind_is_corrected(node, moment):
    """References of the years between are protected only then: no clock says that it is wrong."""
    crossing.forget_settled(node, "log.size", at=moment - YEARS)
    assert number(node, moment) == 1
    corrected(node, moment, why="The clock was years behind.")
    assert number(node, moment) == 38_771_200


def test_an_earlier_note_never_lowers_a_later_one(node, moment):
    """Two restores, the second one seen by a clock that is behind: what the first forbids stays forbidden."""
    crossing.forget_settled(node, "log.size", at=moment)
    crossing.forget_settled(node, "log.size", at=moment - YEARS)
    assert number(node, moment) == 38_771_200


def test_no_correction_makes_a_node_forget_or_send_again(node, peer, moment):
    """Of conversations, cases and alarms nothing changes, whatever is corrected; the same envelope is no second one."""
    talk, mine = crossing.conversation(node, "VN"), items(peer, 2)
    receipts = crossing.exchange(node, talk, Offer(tuple(mine)), at=moment).outcomes
    crossing.admit(node, "VN", at=moment)
    crossing.forget_settled(node, "log.size", at=moment + YEARS)
    peers.settle("VN")
    offer = crossing.conversation(node, "VN").offer(moment.timestamp())
    for said in (moment, moment - YEARS, moment - MINUTE):
        before = memory()
        corrected(node, moment, said)
        assert memory() == before
        assert crossing.conversation(node, "VN").offer(moment.timestamp()) == offer
        assert (
            crossing.exchange(node, crossing.conversation(node, "VN"), Offer(tuple(mine)), at=moment).outcomes
            == receipts
        )
    assert models.Arrival.objects.count() == 2


def test_what_a_correction_cannot_say(node, sent, moment):
    """A moment to come, no reason, another's place, the same place twice, or one that another State's receipt contradicts."""
    row, peer = sent["VN"]
    crossing.forget_settled(node, "log.size", at=moment + YEARS)
    refused = {
        "restore.future": {"until": moment + MINUTE}, "restore.why": {"why": " "}, "restore.unknown": {"instead": "0" * 64},
    }  # fmt: skip
    for code, words in refused.items():
        with pytest.raises((Invalid, NotPossible)) as caught:
            corrected(node, moment, **words)
        assert caught.value.code == code
    with pytest.raises(Invalid) as caught:
        corrected(node, moment, by="")
    assert (caught.value.code, caught.value.where) == ("restore.why", "by")
    answered(crossing.conversation(node, "VN"), row, receipt(peer, row), row.made_at)
    models.Act.objects.filter(departure=row).update(restored=True)
    with pytest.raises(NotPossible) as caught:
        corrected(node, row.made_at + 2 * YEARS, row.made_at - MINUTE)
    assert caught.value.code == "restore.early"
    wrong = restores.standing()[0]
    corrected(node, row.made_at + 2 * YEARS, row.made_at + MINUTE)
    with pytest.raises(NotPossible) as caught:
        corrected(node, row.made_at + 2 * YEARS, row.made_at + MINUTE, instead=wrong.digest)
    assert caught.value.code == "restore.unknown"
    assert len(restores.notes()) == 2


def test_what_a_peer_gives_back_shows_a_restore(node, peer, at, django_capture_on_commit_callbacks):
    """The whole machine was set back, with `log.size`: the first greeting shows it, by this State's own receipts.

    Then no number is given twice, and the other peers are asked too. What comes back later is explained by that note.
    """
    models.Talk.objects.create(pk="QA", settled=True)
    talk, theirs = crossing.conversation(node, "VN"), items(peer, 2)
    receipts = [one.receipt for one in crossing.exchange(node, talk, Offer(tuple(theirs)), at=at).outcomes]
    models.Arrival.objects.all().delete()
    started = crossing.conversation(node, "VN")
    later = at.timestamp() + 60
    assert started.next_due(later) <= later
    given_back = [replace(item, evidence=(receipt,)) for item, receipt in zip(theirs, receipts, strict=True)]
    assert restores.notes() == []
    for back, notes in (((), 0), (given_back[:1], 1), (given_back[1:], 1)):
        offer = started.offer(later)
        assert offer.have is not None
        with django_capture_on_commit_callbacks(execute=True):
            started.answered(offer, Answer(items=tuple(back)), later)
            later += IN_FLIGHT
        assert len(restores.notes()) == notes
        assert models.Talk.objects.get(pk="QA").settled == (not notes)
    assert restores.notes()[0].why == "conversation.back VN"
    assert number(node, at) > 10_000_000
    rows = list(models.Arrival.objects.filter(hop="VN"))
    assert [row.said_at for row in rows] == [messages.said_of(archive.words(row)[-1]).at for row in rows]


@pytest.mark.parametrize("order", [(0, 0), (0, 1, 1), (0, 2, 1), (0, 1, 0), (0, 1, 2)])
def test_words_that_come_back_out_of_their_order_are_not_taken(node, peer, at, order):
    """All are this State's own, but it did not say them so: only (0, 1, 2) is taken."""
    talk, (item,), now = crossing.conversation(node, "VN"), items(peer), at.timestamp()
    words = [crossing.exchange(node, talk, Offer((item,)), at=at).outcomes[0].receipt]
    talk.admit(now + 1)
    talk.handed(item.digest, now + 2)
    words += talk.receive(Offer(ask=(item.digest,)), now + 3).evidence
    models.Arrival.objects.all().delete()
    started = crossing.conversation(node, "VN")
    started.next_due(now + 4)
    back = replace(item, evidence=tuple(words[place] for place in order))
    started.answered(OFFER, Answer(items=(back,)), now + 4)
    taken = models.Arrival.objects.filter(said_at=int(now + 2), words=3).count()
    assert taken == models.Arrival.objects.count() == (order == (0, 1, 2))
    assert models.Alarm.objects.filter(code="conversation.not-ours").count() == 1 - taken


def test_words_of_when_both_clocks_were_ahead_come_back(node, peer, at):
    """The peer took a word of a time to come, for it believed in that time too; the next is of the true one.

    Both come back, and from then on the peer is told, at each asking, what no clock need doubt.
    """
    talk, (item,), now = crossing.conversation(node, "VN"), items(peer), at.timestamp()
    words = [crossing.exchange(node, talk, Offer((item,)), at=at).outcomes[0].receipt]
    talk.admit(now + YEARS.total_seconds())
    words += talk.receive(Offer(ask=(item.digest,)), now + YEARS.total_seconds()).evidence
    talk.receive(Offer(ask=(item.digest,)), now + 2)
    talk.handed(item.digest, now + 3)
    words += talk.receive(Offer(ask=(item.digest,)), now + 3).evidence[1:]
    times = [messages.said_of(word).at for word in words]
    assert times == [int(now), int(now + YEARS.total_seconds()), int(now + 3)]
    models.Arrival.objects.all().delete()
    started = crossing.conversation(node, "VN")
    started.next_due(now + 4)
    started.answered(OFFER, Answer(items=(replace(item, evidence=tuple(words)),)), now + 4)
    row = models.Arrival.objects.get()
    assert (row.words, row.said_at) == (3, times[1])
    assert not models.Alarm.objects.exists()
    told = [messages.said_of(word) for word in started.receive(Offer(ask=(item.digest,)), now + 5).evidence]
    assert [said.event for said in told] == [Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER]
    assert [said.at for said in told] == [int(now + 5)] * 2


def test_what_waited_when_memory_was_set_back_may_have_an_older_receipt(node, sent, at):
    """Its time may be of a clock that ran ahead. What is settled all the time goes by what is noted."""
    row, peer = sent["VN"]
    models.Departure.objects.filter(pk=row.pk).update(made_at=at + timedelta(hours=1))
    stages = []
    for lost in (False, True):
        models.Talk.objects.filter(pk="VN").update(settled=not lost)
        talk = crossing.conversation(node, "VN")
        now = (at + timedelta(hours=2)).timestamp()
        if lost:
            talk.answered(OFFER, Answer(), now)
        offer = Offer((Item(row.number, archive.sealed(row), ()),))
        talk.answered(offer, Answer((Outcome(row.digest, receipt(peer, row)),)), now)
        stages.append(models.Departure.objects.get(pk=row.pk).stage)
    assert stages == [Stage.RELAY, Stage.CONSIGNMENT]


def test_what_was_never_acknowledged_shows_no_restore(node, peer, at):
    """A peer cannot make this node believe that it forgot something: the words must be this State's own."""
    started, (item,) = crossing.conversation(node, "VN"), items(peer)
    started.next_due(at.timestamp())
    for by, code in (("IR", "trust.unknown-key"), ("VN", "conversation.not-ours")):
        word = Evidence(Event.CONTENT_CONSIGNMENT, by, canon.content_id(item.envelope), int(at.timestamp()))
        forged = messages.sign_words([word], to="IR", places={}, key=peer.signing)
        started.answered(OFFER, Answer(items=(replace(item, evidence=tuple(forged)),)), at.timestamp())
        assert (restores.notes(), models.Arrival.objects.count()) == ([], 0)
        assert models.Alarm.objects.latest("pk").code == code
        started = crossing.conversation(node, "VN")


@pytest.mark.django_db(transaction=True)
def test_a_witness_is_asked_at_every_start_what_it_saw_last(node, peer, at, monkeypatch):
    """Also when the newest head was cosigned: a longer log that it saw shows the restore before officers are let in."""
    node = replace(node, witnesses=("VN",))
    note, size = registry.checkpoint_to_witness(node, "VN")
    registry.witnessed(size, cp.cosignature(cp.parse(note)[0], peer.witness, at), by="VN")
    assert registry.checkpoint_to_witness(node, "VN") is None
    courier, asked = Courier(node), []

    def post(path, _body, **_):
        asked.append(path)
        if path == "/witness":
            return 409, b"999999\n"
        raise Unreachable("nothing here", code="wire.unreachable")

    line = SimpleNamespace(post=post, get=lambda *_, **__: post("", b""), get_if_any=lambda *_, **__: None)
    monkeypatch.setattr(errands, "line_to", lambda *_: line)
    assert not courier.asked_all
    courier.round()
    until(lambda: courier.asked_all)
    until(lambda: not courier._errands["VN"].away)
    assert {"/exchange", "/witness"} <= set(asked)
    assert [one.why for one in restores.notes()] == ["witness.ahead VN 999999"]
    assert number(node, at) > 10_000_000


def test_an_older_copy_beside_a_newer_mark_is_noticed_at_the_start(node, peer, at):
    """The log is shorter than the file beside it says: noted once, signed, and everybody is asked first."""
    crossing.begun(node)
    crossing.started(node, at=at)
    assert (restores.notes(), models.Talk.objects.get(pk="VN").settled) == ([], True)
    (node.home / "log.size").write_text("999999")
    for _ in range(2):
        crossing.started(node, at=at)
        assert [one.why for one in restores.notes()] == ["log.size"]
    assert not models.Talk.objects.get(pk="VN").settled
