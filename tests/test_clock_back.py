"""A clock that ran a year ahead for a minute and was set right: whatever was put off in that minute waits out no year."""

from datetime import timedelta

import pytest
from answering import answered, receipt
from depositing import DEPOSITED
from donor import need
from holding import Circle, indicator, shelved
from peer import request

from comity.casework.request import Urgency
from comity.errors import NotPossible
from comity.ledger.log import Proof
from comity.node import models
from comity.node.courier.jobs import work
from comity.node.desk import assistance, copies, crossing, drills, evidence, prevention, requesting, standing, telling
from comity.seal import canon
from comity.wire.exchange import Answer, Outcome

pytestmark = pytest.mark.django_db
YEAR, SECOND = timedelta(days=365), timedelta(seconds=1)


def called(node, officers, at) -> models.Call:
    """A call of ours to Viet Nam."""
    return drills.call(node, "VN", urgency=Urgency.URGENT, question="?", minutes=1440, officer=officers.decider, at=at)


def test_what_others_are_to_be_told_is_told(node, officers, at):
    """Also what could not be told while the clock was wrong; and a person hears of it in time if it cannot be told later."""
    Circle(node, at, "VN", "QA")
    ahead = at + YEAR
    prevention.share(
        node, shelved(node, at, indicator()), "VN", purpose="prevention", hops=1, officer=officers.all, at=ahead
    )
    models.Talk.objects.update(settled=False)
    assert telling.deliver(node, at=ahead)
    assert telling.deliver(node, at=at)
    assert not telling.deliver(node, at=at + SECOND)
    assert [row.code for row in telling.waiting()] == ["conversation.unsettled"]
    telling.deliver(node, at=at + telling.PATIENCE)
    assert [row.given_up for row in telling.waiting()] == [True]
    models.Talk.objects.update(settled=True)
    assert telling.deliver(node, at=at + telling.PATIENCE + SECOND)
    assert not models.Telling.objects.exists()


def test_a_state_s_own_words_and_needs_are_looked_at_again(node, officers, at):
    """What is said to everybody, and what is told to whom it is released: each minute, as it was."""
    said = {"officer": officers.all, "at": at + YEAR}
    standing.say(node, DEPOSITED, **said)
    assistance.publish(node, need(), **said)
    for desk, told in ((standing, models.StandingWord), (assistance, models.Listing)):
        desk.due(node, at=at + YEAR)
        assert told.objects.get().next_at > at + YEAR
        desk.due(node, at=at)
        assert told.objects.get().next_at == at + timedelta(minutes=1)


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=365)])
def test_a_letter_that_was_put_off_is_offered(sent, node, at, ahead):
    """A clock in the wrong zone is hours ahead; set right, a letter is offered as soon as it is ever put off."""
    row, _ = sent["VN"]
    talk, wrong, right = crossing.conversation(node, "VN"), (at + ahead).timestamp(), at.timestamp() + 5
    talk._again_at = float("inf")
    talk.answered(talk.offer(wrong), Answer((Outcome(row.digest, later="conversation.room"),)), wrong)
    talk = crossing.conversation(node, "VN")
    talk._again_at = float("inf")
    assert talk.next_due(right) == right
    assert [canon.content_id(item.envelope) for item in talk.offer(right).items] == [row.digest]


@pytest.mark.parametrize("every", [1, 365])
def test_a_planned_call_is_made(node, officers, peer, at, every):
    """However often it is planned; and a call that the clock dated ahead holds up none."""
    models.CallPlan.objects.create(peer="VN", every=every, urgency="urgent", question="?", minutes=60, by="x",
                                   made_at=at, next_at=at)  # fmt: skip
    drills.due(node, at=at + YEAR)
    drills.due(node, at=at)
    row = models.CallPlan.objects.get()
    assert (models.Call.objects.count(), row.trouble, row.next_at < at + timedelta(days=every + 1)) == (2, "", True)
    with pytest.raises(NotPossible) as caught:
        called(node, officers, at + SECOND)
    assert caught.value.code == "call.open"
    assert not drills.due(node, at=at + SECOND)


def test_a_job_is_done(node, officers, at):
    """The courier's own clock is the right one; a job that waits for another attempt waits for that."""
    asked = request(reference="IR-2026-0001", requesting="IR", requested="VN")
    requesting.draft(node, asked, officer=officers.drafter, at=at)
    make = models.Job.objects.create
    job = make(kind=models.Job.Kind.COLLECT, case_id=asked.reference, about="x", made_at=at, next_at=at + YEAR)
    made = evidence.next_job(at=at, latest=at + crossing.LAST_RETRY)
    assert made == job
    job.next_at = at + crossing.LAST_RETRY
    job.save()
    assert evidence.next_job(at=at, latest=at + crossing.LAST_RETRY) is None
    models.Job.objects.update(next_at=at + 50 * YEAR)
    assert work(node)


def test_a_proof_is_asked_for(sent, node, at):
    """A day apart at most, also for what the clock dated ahead; and not at every look."""
    row, peer = sent["VN"]
    answered(crossing.conversation(node, "VN"), row, receipt(peer, row), row.made_at)
    crossing.proved(node, "VN", [row.digest], {}, at=at + YEAR)
    assert crossing.unproved("VN", at=at) == [row.digest]
    models.Departure.objects.update(made_at=at + YEAR)
    crossing.proved(node, "VN", [row.digest], {}, at=at)
    assert crossing.unproved("VN", at=at + timedelta(hours=23)) == []
    assert crossing.unproved("VN", at=at + timedelta(hours=25)) == [row.digest]


def test_a_state_goes_on_saying_how_many_recalls_there_are(node, officers, at):
    """Else its copies would be out of use everywhere after a week."""
    Circle(node, at, "VN", "QA")
    prevention.share(
        node, shelved(node, at, indicator()), "VN", purpose="prevention", hops=1, officer=officers.all, at=at
    )
    for moment, said in ((at + YEAR, at + YEAR), (at, at), (at + SECOND, at)):
        copies.due(node, at=moment)
        assert models.CopyStanding.objects.get(pk="IR").at == int(said.timestamp())


def test_bad_proofs_are_put_off_and_told_once(sent, node, at):
    """One of a receipt holds up no other, is not asked for at every look, and is no defect of this node."""
    row, peer = sent["VN"]
    answered(crossing.conversation(node, "VN"), row, receipt(peer, row), row.made_at)
    now, times = row.made_at + 10 * SECOND, 0
    for _ in range(200):
        if asked := crossing.unproved("VN", at=now):
            times += 1
            crossing.proved(node, "VN", asked, {row.digest: Proof(0, (), "no note")}, at=now)
        now += 5 * SECOND
    assert times < 12
    alarm = models.Alarm.objects.get(peer="VN")
    assert (alarm.envelope, alarm.code in {one.code for one in crossing.alarms(since=at)}) == (row.digest, True)
    row.refresh_from_db()
    assert not row.witnessed
