"""What arrives: kept, receipted, admitted or refused with its reason; and nothing else changes."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from peer import Peer, arrive, request

from comity.casework.lifecycle import Kind
from comity.errors import Invalid, NotYours
from comity.node import archive, models
from comity.node.desk import crossing, evidence, registry, requested
from comity.seal import canon, envelope
from comity.wire import messages
from comity.wire.directory import read_entry, sign_entry, trust_in

pytestmark = pytest.mark.django_db


def snapshot():
    """Everything that a refused message must not change."""
    return (
        list(models.Case.objects.values_list()),
        list(models.Act.objects.values_list("digest", "seq")),
        list(models.Departure.objects.values_list("digest")),
        list(models.Job.objects.values_list("kind", "status")),
        list(models.Container.objects.values_list("digest")),
    )


def test_a_request_opens_a_case(node, peer, at):
    """A complete, true request is admitted; its case stands open; nothing was assessed or decided by the machine."""
    data, act = peer.asks(request())
    row = arrive(node, data, at)
    assert row.status == "admitted"
    case = archive.load("VN-2026-0001", home="IR")
    assert (case.stage, case.acts) == ("open", (act,))


def test_the_receipt_proves_itself(node, peer, at):
    """The receipt is signed, names the envelope, and its proof leads to a signed head of our log."""
    data, _ = peer.asks(request())
    receipt = crossing.receive(node, data, hop="VN", at=at)
    own = read_entry(evidence.own_entry(node), at=at)
    read = messages.read_receipt(json.loads(receipt.to_bytes()), trust_in([own]), now=at)
    assert read.envelope == canon.content_id(data)
    assert read.proof.check(messages.logged_receipt(read.envelope), *own.log, {}) == {}


def test_the_same_bytes_again_are_answered_with_the_same_receipt(node, peer, at):
    """Replayed, at once and later, before and after reading: one arrival, one act, the same signed receipt."""
    data, _ = peer.asks(request())
    first = crossing.receive(node, data, hop="VN", at=at)
    again = crossing.receive(node, data, hop="VN", at=at + timedelta(days=3))
    arrive(node, data, at)
    before = snapshot()
    later = crossing.receive(node, data, hop="VN", at=at + timedelta(days=30))
    crossing.admit(node, "VN", at=at)
    assert first.statement == again.statement == later.statement
    assert snapshot() == before
    assert models.Arrival.objects.count() == models.Act.objects.count() == 1


def _tampered(peer, node):
    data, act = peer.asks(request())
    statement = messages.sign_act(peer.act(Kind.REQUESTED, "VN-2026-0001", act.body), to="IR", key=peer.signing)[1]
    raw = json.loads(statement)
    stranger, other = Peer("QA", node), Peer("VN", node, which=1)
    key = peer.home_entry.open

    def sealed(changed):
        return envelope.seal(canon.dumps(raw | changed), to="IR", key=key)

    half = canon.b64(b"\0" * 3309)
    elsewhere = messages.sign_act(peer.act(Kind.REQUESTED, "VN-2026-0001", act.body), to="QA", key=peer.signing)[1]
    posing = peer.act(Kind.REQUESTED, "VN-2026-0001", act.body, by="QA")
    forged = envelope.sign("act", canon.dumps(posing.to_dict()), sender="VN", to="IR", key=peer.signing)
    yield "truncated", data[:-20], "canon.frame"
    yield "with something behind", data + b"\0", "canon.frame"
    yield "not an envelope", b"{}\n", "canon.fields"
    yield "empty", b"", "canon.frame"
    yield "one half of the signature only", sealed({"mldsa65": half}), "seal.mldsa65"
    yield "the other half only", sealed({"ed25519": canon.b64(b"\1" * 64)}), "seal.ed25519"
    yield (
        "from an unknown State",
        stranger.asks(request(reference="QA-2026-0001", requesting="QA"))[0],
        "trust.unknown-key",
    )
    yield "from an unknown key of a known State", other.asks(request())[0], "trust.unknown-key"
    yield "sealed for someone else", envelope.seal(statement, to="QA", key=stranger.opening.public), "seal.addressee"
    yield (
        "sealed for us with another's key",
        envelope.seal(statement, to="IR", key=other.opening.public),
        "seal.addressee",
    )
    yield "forwarded: addressed to another State inside", envelope.seal(elsewhere, to="IR", key=key), "seal.addressee"
    yield "signed by another than its author", envelope.seal(forged, to="IR", key=key), "seal.author"
    posed = request(reference="QA-2026-0001", requesting="QA")
    yield "a request in another State's name", peer.asks(posed)[0], "request.parties"
    yield "a request for another State", peer.asks(request(requested="QA"))[0], "request.parties"
    yield "another number inside", peer.say(Kind.REQUESTED, "VN-2026-0009", act.body)[0], "request.parties"
    bad_date = act.body["request"] | {"period_from": "2026-02-30"}
    bad = {"request": bad_date, "letter": ""}
    yield "a date that does not exist", peer.say(Kind.REQUESTED, "VN-2026-0001", bad)[0], "request.value"
    unknown = act.body["request"] | {"colour": "red"}
    bad = {"request": unknown, "letter": ""}
    yield "an unknown field", peer.say(Kind.REQUESTED, "VN-2026-0001", bad)[0], "request.unknown-field"
    earnest = {"request": request(exercise=False).to_dict(), "letter": ""}
    yield "in earnest, to a node of exercises", peer.say(Kind.REQUESTED, "VN-2026-0001", earnest)[0], "request.earnest"
    yield "an act of a case that is not here", peer.say(Kind.CLOSED, "VN-2026-0001", {"note": ""})[0], "case.unknown"


@pytest.mark.parametrize("number", range(19))
def test_what_does_not_hold_is_kept_and_refused_with_its_reason(node, peer, at, number):
    """Each forged or broken message: kept as bytes, receipted, refused with its code, and nothing else changed."""
    title, data, code = list(_tampered(peer, node))[number]
    before = snapshot()
    row = arrive(node, data, at)
    assert (row.status, row.code) == ("refused", code), title
    assert archive.sealed(row) == data
    assert row.reason
    assert snapshot() == before


def test_there_are_as_many_attacks_as_numbers(node, peer):
    """The table above is run whole."""
    assert len(list(_tampered(peer, node))) == 19


def test_an_act_sealed_twice_counts_once(node, peer, at):
    """The very same signed act in a fresh envelope is another arrival, refused as known."""
    _, act = peer.asks(request())
    statement = messages.sign_act(act, to="IR", key=peer.signing)[1]
    rows = [
        arrive(node, envelope.seal(statement, to="IR", key=peer.home_entry.open), at) for _ in range(2)
    ]  # fmt: skip
    assert [row.code for row in rows] == ["", "act.known"]
    assert models.Act.objects.count() == 1


def test_a_foreign_act_cannot_leave_its_column(node, peer, officers, at):
    """Viet Nam asks; then it 'decides', 'authorises' and 'discloses' its own request: all refused, the case stays open."""
    data, act = peer.asks(request())
    arrive(node, data, at)
    bodies = {
        Kind.ACCEPTED: {"conditions": [], "reasons": "we accept"},
        Kind.AUTHORISED: {"authority": "a", "decision": "d", "ground": "g", "scope": "s", "until": "2027-01-01"},
        Kind.EXECUTED: {"manifest": "0" * 64, "files": 1, "bytes": 1},
        Kind.DISCLOSED: {
            "container": "0" * 64,
            "size": 1,
            "manifest": "0" * 64,
            "files": 1,
            "conditions": [],
            "use": "evidence",
            "rest": "",
        },
        Kind.PERFORMED: {"report": "r", "done_on": "2026-11-24", "rest": ""},
        Kind.PROGRESS: {"message": "m"},
        Kind.RELEASED: {
            "manifest": "",
            "recipient": "r",
            "state": "VN",
            "purpose": "p",
            "use": "evidence",
            "leave": "",
            "leave_head": "",
            "conditions": [],
        },
        Kind.DEADLINE_WAIVED: {"clock": "c", "due": "2026-11-24T09:00:00Z", "reasons": "r"},
    }
    for kind, body in bodies.items():
        forged, _ = peer.say(kind, "VN-2026-0001", body, after=act.id)
        assert arrive(node, forged, at).code == "case.stage", kind
    assert archive.load("VN-2026-0001", home="IR").stage == "open"
    assert not models.Job.objects.exists()


def test_a_stale_history_is_refused(node, peer, at):
    """An act that stands on an act unknown here is refused: no history is taken on trust."""
    arrive(node, peer.asks(request())[0], at)
    forged, _ = peer.say(Kind.WITHDRAWN, "VN-2026-0001", {"reasons": "r"}, after="0" * 64)
    assert arrive(node, forged, at).code == "case.history"


def test_what_the_door_turns_away_is_noted_and_bounded(node, at):
    """Refusals at the door keep their reason and first bytes; the newest hundred of each reason stay, no flood erases all."""
    crossing.turn_away(code="hop.missing", reason="first", head=b"", size=2**70, path="/messages", at=at)
    for number in range(130):
        crossing.turn_away(code="door.too-long", reason="r", head=b"x" * 9000, size=number, path="/messages", at=at)
    assert models.Refusal.objects.count() == 101
    assert models.Refusal.objects.filter(reason="first").exists()
    assert len(models.Refusal.objects.order_by("-pk")[0].head) == 4096


def test_powers_are_needed(node, peer, officers, at):
    """An officer without the power decides nothing, and nothing is written."""
    arrive(node, peer.asks(request())[0], at)
    before = snapshot()
    with pytest.raises(NotYours):
        requested.assess(node, "VN-2026-0001", officer=officers.idle, at=at)
    assert snapshot() == before


def test_refusing_needs_consultation_reasons_and_a_ground(node, peer, officers, at):
    """40(25), 40(28): a refusal without any of the three cannot be recorded."""
    arrive(node, peer.asks(request())[0], at)
    requested.assess(node, "VN-2026-0001", officer=officers.decider, at=at)
    ground = requested.grounds_for(node, archive.load("VN-2026-0001", home="IR"), at.date())[0].id
    refuse = {"officer": officers.decider, "at": at}
    with pytest.raises(Invalid, match="ground"):
        requested.refuse(node, "VN-2026-0001", grounds=["politics"], reasons="r", **refuse)
    with pytest.raises(Exception, match="Consult"):
        requested.refuse(node, "VN-2026-0001", grounds=[ground], reasons="r", **refuse)
    requested.consult(node, "VN-2026-0001", message="Would a narrower request serve?", **refuse)
    with pytest.raises(Invalid, match="filled"):
        requested.refuse(node, "VN-2026-0001", grounds=[ground], reasons="", **refuse)
    assert requested.refuse(node, "VN-2026-0001", grounds=[ground], reasons="r", **refuse).stage == "refused"


def test_a_pinned_key_is_not_replaced(node, peer, at):
    """Another key for a State that is pinned already is refused, and a wrong fingerprint pins nothing."""
    other = Peer("VN", node, which=1)
    with pytest.raises(Exception, match="Another key"):
        registry.pin(node, other.entry_bytes, fingerprint=other.entry.fingerprint, by="t", at=at)
    with pytest.raises(Exception, match="fingerprint"):
        registry.pin(node, Peer("QA", node).entry_bytes, fingerprint="00", by="t", at=at)
    assert models.Peer.objects.count() == 1


def test_an_incomplete_request_is_admitted_and_the_book_names_what_is_missing(node, peer, officers, at):
    """What is merely missing is no forgery: the request is admitted, and its assessment names the missing content."""
    arrive(node, peer.asks(request(period_from=None, period_to=None))[0], at)
    assessment = requested.assess(node, "VN-2026-0001", officer=officers.decider, at=at)
    assert {field for finding in assessment.failed for field in finding.fields} >= {"period_from", "period_to"}


def test_a_renamed_draft_is_still_the_same_officer(node, officers, at):
    """Four eyes go by the sign-in name: a new display name does not make another person."""
    from comity.node.desk import requesting

    own = replace(request(), reference="IR-2026-0001", requesting="IR", requested="QA")
    requesting.draft(node, own, officer=officers.all, at=at)
    requesting.check(node, own.reference, officer=officers.all, at=at)
    officers.all.full_name = "Somebody else"
    officers.all.save()
    with pytest.raises(NotYours, match="own"):
        requesting.approve(node, own.reference, despite="x", officer=officers.all, at=at)


def test_one_container_announced_in_two_cases_stops_nobody(node, peer, officers, at):
    """The second announcement is refused with its reason; what comes after it is admitted all the same."""
    from comity.node.desk import requesting

    said = []
    for number in (1, 2):
        own = replace(request(), reference=f"IR-2026-000{number}", requesting="IR", requested="VN")
        requesting.draft(node, own, officer=officers.drafter, at=at)
        requesting.check(node, own.reference, officer=officers.drafter, at=at)
        requesting.approve(node, own.reference, despite="x", officer=officers.approver, at=at)
        requesting.send(node, own.reference, officer=officers.approver, at=at)
        head = archive.load(own.reference, home="IR").head
        data, act = peer.say(Kind.ACCEPTED, own.reference, {"conditions": [], "reasons": "r"}, after=head)
        arrive(node, data, at)
        body = {"container": "a" * 64, "size": 1, "manifest": "b" * 64, "files": 1, "conditions": [],
                "use": "evidence", "rest": ""}  # fmt: skip
        data, _ = peer.say(Kind.DISCLOSED, own.reference, body, after=act.id)
        said.append(arrive(node, data, at).code)
    assert said == ["", "evidence.announced"]
    assert arrive(node, peer.asks(request())[0], at).status == "admitted"


def test_a_defect_of_ours_stops_nobody_either(node, peer, at, monkeypatch):
    """An error that nobody foresaw refuses the one message, keeps its bytes, and lets the next one pass."""
    monkeypatch.setattr(messages, "decode_act", lambda opened: 1 / 0)
    row = arrive(node, peer.asks(request())[0], at)
    assert (row.status, row.code) == ("refused", "node.defect")
    monkeypatch.undo()
    assert arrive(node, peer.asks(request(reference="VN-2026-0002"))[0], at).status == "admitted"


@pytest.mark.parametrize("days", [-30, 2])
def test_an_act_dated_when_it_cannot_have_been_signed_is_refused(node, peer, at, days):
    """Dated before the key began, or tomorrow: who verifies our file later would go by that time."""
    what = request()
    body = {"request": what.to_dict(), "letter": ""}
    data, _ = peer.say(Kind.REQUESTED, what.reference, body, at=at + timedelta(days=days))
    assert arrive(node, data, at).code == "act.time"


def test_what_was_shown_is_what_is_decided(node, peer, officers, at):
    """An officer who was shown an older state of the case decides nothing."""
    _, act = peer.asks(request())
    statement = messages.sign_act(act, to="IR", key=peer.signing)[1]
    arrive(node, envelope.seal(statement, to="IR", key=peer.home_entry.open), at)
    seen = archive.load("VN-2026-0001", home="IR").acts[-1].id
    requested.assess(node, "VN-2026-0001", officer=officers.decider, at=at, seen=seen)
    with pytest.raises(Exception, match="changed since"):
        requested.accept(node, "VN-2026-0001", conditions=[], reasons="r", officer=officers.decider, at=at, seen=seen)


def test_a_name_of_another_log_cannot_be_claimed(node, peer, at):
    """A State whose entry names Viet Nam's log or our own as its own is not pinned."""
    thief = Peer("QA", node)
    for name in (peer.entry.log[0], node.log.name):
        keys = (replace(key, name=name) if key.purpose == "log" else key for key in thief.entry.keys)
        thief.entry = replace(thief.entry, keys=tuple(keys))
        data = sign_entry(thief.entry, thief.signing)
        with pytest.raises(Invalid, match="both claim"):
            registry.pin(node, data, fingerprint=thief.entry.fingerprint, by="t", at=at)
