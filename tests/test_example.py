"""The walk, as an example to learn from: one request, read from top to bottom on both desks.

The node under test is Iran's. It is asked by a peer that has keys but no node (`tests/peer.py`), so that both sides of the
border fit on this page: what the desk functions do, and what crosses.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from peer import arrive, request

from comity.casework.lifecycle import Kind, Stage
from comity.errors import NotPossible, NotYours
from comity.node import archive, models
from comity.node.courier import now
from comity.node.desk import evidence, requested, requesting
from comity.seal import envelope
from comity.wire import bag, messages
from comity.wire.directory import trust_in

pytestmark = pytest.mark.django_db


def bring(node, data, at):
    """The peers' door keeps the bytes; the courier reads them later."""
    arrive(node, data, at)


def work(node):
    """What the courier does with the job that an officer ordered."""
    job = models.Job.objects.filter(status="waiting").latest("pk")
    evidence.WORK[job.kind](node, job, now=now, progress=lambda done, total: None)


def opened(peer, kind):
    """The latest act of `kind` that left for the peer, opened with the peer's own key, as it would be there."""
    row = models.Departure.objects.filter(act__kind=kind).latest("act__at")
    home = peer.home_entry
    at = home.since + timedelta(hours=2)
    trust = trust_in([home])
    found = envelope.unseal(
        archive.sealed(row), home=peer.state, keys=[peer.opening], trust=trust, kinds={"act"}, at=at
    )
    return messages.decode_act(found)


def test_we_are_asked(node, peer, officers, at, tmp_path):
    """Viet Nam asks Iran for stored data: received, assessed, decided, authorised, executed, disclosed, closed."""
    reference = "VN-2026-0001"
    data, asked = peer.asks(request())

    # 6-7  what arrives is kept and receipted, then opened, verified and admitted: the case stands open, undecided
    bring(node, data, at)
    assert archive.load(reference, home="IR").stage is Stage.OPEN

    # 8    a decision is made beside the findings: without an assessment there is none
    with pytest.raises(NotPossible, match="Assess"):
        requested.accept(node, reference, conditions=[], reasons="r", officer=officers.decider, at=at)
    assessment = requested.assess(node, reference, officer=officers.decider, at=at)
    assert not assessment.failed
    conditions = ["Only for the proceedings named."]
    requested.accept(node, reference, conditions=conditions, reasons="r", officer=officers.decider, at=at)
    said = opened(peer, Kind.ACCEPTED)
    assert said.body["conditions"] == conditions

    # 8c   conditions bind when the requesting State agrees to them (40(28)); until then nothing is disclosed
    agreement, _ = peer.agrees(reference, conditions, after=said.id)
    bring(node, agreement, at)
    assert archive.load(reference, home="IR").agreed

    # 9    nothing is executed without the domestic authorisation, and who decided does not give it (Article 24)
    grant = {"authority": "Court", "decision": "1/2026", "ground": "g", "scope": "s", "until": at.date(), "at": at}
    with pytest.raises(NotPossible):
        requested.order(node, reference, provider="p", order="o", content="c", officer=officers.decider, at=at)
    with pytest.raises(NotYours):
        requested.authorise(node, reference, officer=officers.decider, **grant)
    requested.authorise(node, reference, officer=officers.judge, **grant)
    requested.order(node, reference, provider="p", order="o", content="c", officer=officers.decider, at=at)
    (node.intake / "delivery").mkdir()
    (node.intake / "delivery" / "نامه.eml").write_bytes(b"evidence")
    requested.execute(node, reference, delivery="delivery", source="provider", officer=officers.decider, at=at)
    work(node)
    assert archive.load(reference, home="IR").last(Kind.EXECUTED).body["files"] == 1

    # 10   the exhibits are sealed for Viet Nam: only its key opens the bag, and the conditions travel inside
    requested.disclose(node, reference, officer=officers.decider, at=at)
    models.Job.objects.filter(kind="disclose").update(attempts=6)  # no witness answers in this test: go on without
    work(node)
    said = opened(peer, Kind.DISCLOSED)
    with bag.Bag(node.shelf / f"{said.body['container']}.asice") as found:
        found.check_seal(trust_in([peer.home_entry]))
        manifest = found.unpack(found.content_key([peer.opening]), tmp_path / "unpacked")
    assert (tmp_path / "unpacked" / "نامه.eml").read_bytes() == b"evidence"
    assert list(manifest.conditions) == conditions

    # 12   Viet Nam closes, then Iran does
    closing, _ = peer.say(Kind.CLOSED, reference, {"note": ""}, after=said.id)
    bring(node, closing, at)
    assert requested.close(node, reference, note="", officer=officers.decider, at=at).stage is Stage.CLOSED
    assert asked.id == models.Act.objects.get(seq=0).digest


def test_we_ask(node, peer, officers, at):
    """Iran asks Viet Nam: drafted, checked, approved by another officer, sent; asked for more, supplemented."""
    draft = replace(
        request(period_from=None, period_to=None), reference="IR-2026-0001", requesting="IR", requested="VN"
    )

    # 1-3  drafted, checked under the treaty and both books; a failed finding needs a written reason, and another officer
    requesting.draft(node, draft, officer=officers.drafter, at=at)
    with pytest.raises(NotPossible, match="Check"):
        requesting.approve(node, draft.reference, despite="", officer=officers.approver, at=at)
    assessment = requesting.check(node, draft.reference, officer=officers.drafter, at=at)
    assert [finding.fields for finding in assessment.failed] == [("period_from", "period_to")]
    with pytest.raises(NotPossible, match="state why"):
        requesting.approve(node, draft.reference, despite="", officer=officers.approver, at=at)
    requesting.approve(node, draft.reference, despite="The period follows.", officer=officers.approver, at=at)

    # 4    signed, sealed and put on its way with its letter; Viet Nam's key opens it
    requesting.send(node, draft.reference, officer=officers.approver, at=at)
    sent = opened(peer, Kind.REQUESTED)
    assert bytes(models.Letter.objects.get(pk=sent.body["letter"]).data).startswith(b"%PDF")
    assert sent.body["request"]["exercise"] is True

    # 8b   Viet Nam asks for more (40(16)); the answer is amended, checked and approved anew
    body = {"questions": "Which period?", "fields": ["period_from"]}
    question, _ = peer.say(Kind.ASKED, draft.reference, body, after=sent.id)
    bring(node, question, at)
    whole = replace(draft, period_from=request().period_from, period_to=request().period_to)
    requesting.amend(node, whole, officer=officers.drafter, at=at)
    assert not requesting.check(node, draft.reference, officer=officers.drafter, at=at).failed
    requesting.approve(node, draft.reference, despite="", officer=officers.approver, at=at)
    requesting.supplement(node, draft.reference, officer=officers.approver, at=at)
    assert opened(peer, Kind.SUPPLEMENTED).body["request"]["period_from"] == "2026-09-01"
