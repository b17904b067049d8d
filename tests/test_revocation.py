"""What stands under a key that was revoked: what was seen before counts, nothing after does, and nobody is stuck."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from answering import answered, proof_of, said
from django.test import Client, override_settings
from peer import arrive, request

from comity.errors import BrokenProof
from comity.ledger import checkpoint as cp
from comity.ledger.log import Proof
from comity.node import archive, models
from comity.node.desk import crossing, issuing, registry
from comity.node.peers import views
from comity.seal import canon, envelope
from comity.seal.keys import NoteKey, SigningKey
from comity.wire import messages
from comity.wire.directory import DatedKey, Purpose, in_log, trust_in
from comity.wire.exchange import Event, Evidence, Item, Offer
from comity.wire.transport import hop_headers

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def receipt(row, peer, at, proof):
    """The peer's receipt for our envelope."""
    what = Evidence(Event.RELAY_ACCEPTANCE, peer.state, row.digest, int(at.timestamp()))
    return messages.proved(messages.sign_words([what], to="IR", places={row.digest: 0}, key=peer.signing)[0], proof)


def disowns_log(node, peer, *, since, at):
    """The peer revokes the key of its log; its new one."""
    moment = peer.entry.issued_at + SECOND
    fresh = NoteKey.generate(peer.log.name)
    keys = [replace(key, revoked=since) if key.purpose is Purpose.LOG else key for key in peer.entry.keys]
    peer.issues(
        keys=(*keys, DatedKey(Purpose.LOG, fresh.public, moment, moment + timedelta(days=400), name=fresh.name))
    )
    registry.renewed(node, peer.state, peer.chain, by=peer.state, at=at + 2 * SECOND)
    return fresh


@pytest.mark.parametrize(
    ("seen", "stage", "trouble"),
    [(-1, "consignment", ""), (0, "relay", "checkpoint.revoked"), (None, "relay", "checkpoint.revoked")],
)
def test_a_receipt_under_a_revoked_log_key(node, sent, at, seen, stage, trouble):
    """It counts if a witness of another State saw its head before; else it is refused by name, and another way is open."""
    (row, peer), (_, qatar) = sent["VN"], sent["QA"]
    fresh = disowns_log(node, peer, since=at, at=at)
    lines = [] if seen is None else [(qatar.witness, at + seen * SECOND)]
    talk = crossing.conversation(node, "VN")
    answered(talk, row, receipt(row, peer, at, proof_of(row, peer.log, *lines)), at)
    row.refresh_from_db()
    assert (row.stage, row.trouble) == (stage, trouble)
    answered(talk, row, receipt(row, peer, at, proof_of(row, fresh)), at)
    row.refresh_from_db()
    assert row.stage == "consignment"


@pytest.mark.parametrize("seen", [-1, 1])
def test_receipts_that_are_kept_are_looked_at_again(node, sent, at, seen):
    """What was seen in time stays as it is; of what was not, a proof under the new key is asked for and taken."""
    (row, peer), (_, qatar) = sent["VN"], sent["QA"]
    kept = receipt(row, peer, at, proof_of(row, peer.log, (qatar.witness, at + seen * SECOND)))
    answered(crossing.conversation(node, "VN"), row, kept, at)
    models.Departure.objects.filter(pk=row.pk).update(witnessed=True)
    fresh = disowns_log(node, peer, since=at, at=at)
    crossing.proved_still("VN")
    asked = crossing.unproved("VN", at=at + SECOND)
    assert asked == ([] if seen < 0 else [row.digest])
    if asked:
        better = proof_of(row, fresh, (qatar.witness, at + 3 * SECOND))
        crossing.proved(node, "VN", asked, {row.digest: better}, at=at + 4 * SECOND)
    row.refresh_from_db()
    assert row.witnessed
    proof = Proof.from_dict(archive.receipt(row)["proof"])
    assert in_log(proof, messages.logged_receipt(row.digest), archive.peer_entry("VN"), archive.entries())


@pytest.mark.parametrize(("seen", "trouble"), [(-1, ""), (1, "trust.revoked"), (None, "trust.revoked")])
def test_a_receipt_signed_by_a_revoked_key(node, sent, at, seen, trouble):
    """Whoever has the key can state any time: only a witness shows that it was before. Later words have no witness."""
    (row, peer), (_, qatar) = sent["VN"], sent["QA"]
    offline = [SigningKey.generate() for _ in range(2)]
    moment = peer.entry.issued_at + SECOND
    added = [DatedKey(Purpose.RECOVERY, key.public, moment, moment + timedelta(days=400)) for key in offline]
    peer.issues(keys=(*peer.entry.keys, *added), threshold=2)
    lines = [] if seen is None else [(qatar.witness, at + seen * SECOND)]
    word = receipt(row, peer, at - 2 * SECOND, proof_of(row, peer.log, *lines))
    late = said(row, peer, Event.CONTENT_CONSIGNMENT)
    peer.rotates(*offline, revoked=at)
    registry.renewed(node, "VN", peer.chain, by="VN", at=at + 5 * SECOND)
    talk = crossing.conversation(node, "VN")
    answered(talk, row, word, at + 6 * SECOND)
    row.refresh_from_db()
    assert (row.stage, row.trouble) == ("relay" if trouble else "consignment", trouble)
    answered(talk, row, None, at + 6 * SECOND, late)
    row.refresh_from_db()
    assert row.stage in {"relay", "consignment"}


def asked_again(settings, data, at):
    """(the receipt, the later words) that this node gives when an envelope comes once more."""
    talk = crossing.conversation(settings, "VN")
    digest = canon.content_id(data)
    answer = crossing.exchange(settings, talk, Offer((Item(1, data),), (digest,)), at=at)
    return answer.outcomes[0].receipt, answer.evidence


def counts(settings, word):
    """Whether a peer that has this State's newest entry goes by the word."""
    entry = archive.own_entry(settings)
    revoked = {key.id for key in entry.keys if key.revoked}
    found = messages.read_word(word, trust_in([entry]))
    if found.proof is not None:
        in_log(found.proof, messages.logged_receipt(found.said.envelope), entry, archive.entries())
    return messages.key_of(word) not in revoked


def test_receipts_of_this_node_outlive_its_logs_key(own, peer, at):
    """The key is revoked: the same signed words, proved under the next head; a second time the very same bytes."""
    data, _ = peer.asks(request())
    arrive(own.now(), data, at)
    before, later = asked_again(own.now(), data, at)
    issuing.revoke(own.now(), archive.own_entry(own.now()).key(Purpose.LOG, at).id, since=at, at=at + SECOND)
    with pytest.raises(BrokenProof):
        counts(own.now(), before)
    after, words = asked_again(own.now(), data, at + 2 * SECOND)
    assert counts(own.now(), after)
    assert json.loads(after.whole())["receipt"] == json.loads(before.whole())["receipt"]
    assert words == later
    assert asked_again(own.now(), data, at + 9 * SECOND) == (after, words)
    for row in models.Checkpoint.objects.all():  # those under the old key are gone
        cp.check_log(row.note, *archive.own_entry(own.now()).log)


def test_words_of_this_node_are_signed_anew_when_its_key_is_lost(own, peer, at):
    """After a recovery the peer, which goes by the old key no more, is not left waiting; a second time the same bytes."""
    data, _ = peer.asks(request())
    arrive(own.now(), data, at)
    before, later = asked_again(own.now(), data, at)
    issuing.recover(own.now(), [], since=at, at=at + SECOND)
    after, words = asked_again(own.now(), data, at + 2 * SECOND)
    assert after != before
    assert words != later
    assert counts(own.now(), after)
    assert all(counts(own.now(), word) for word in words)
    found = [messages.read_word(word, trust_in([archive.own_entry(own.now())])).said for word in (after, *words)]
    assert [one.event for one in found] == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT]
    assert asked_again(own.now(), data, at + 9 * SECOND) == (after, words)


@pytest.fixture
def fetched(own, peer, at, monkeypatch):
    """What the peers' door answers, over HTTP, to Viet Nam's node that asks for words about an envelope."""
    plain = {"ALLOWED_HOSTS": ["testserver"], "MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"]}
    monkeypatch.setattr(views, "current", own.now)

    def get(path: str) -> bytes:
        monkeypatch.setattr(views, "_talks", {})  # the node was started again since
        headers = hop_headers("GET", own.now().peers + path, b"", state="VN", key=peer.hop, at=at)
        with override_settings(ROOT_URLCONF="comity.node.peers.urls", **plain):
            answer = Client().get(path, secure=True, headers=headers)
        assert answer.status_code == 200
        return answer.content

    return get


def _set_right(own, at):
    """Set the clock right, by which all was said so far."""


def _recover(own, at):
    """Take a new signing key, because the old one was stolen before all was said."""
    issuing.recover(own.now(), [], since=at, at=at)


@pytest.mark.parametrize(("wrong", "then"), [(timedelta(0), _recover), (timedelta(days=365), _set_right)])
def test_words_that_do_not_count_are_not_fetched_either(own, peer, at, fetched, wrong, then):
    """The receipt and the outcome are said anew before they are given; a second time the very same words."""
    data, _ = peer.asks(request())
    arrive(own.now(), data, at - SECOND + wrong)
    paths = [f"/{name}/{canon.content_id(data)}" for name in ("receipts", "outcomes")]
    then(own, at)
    entry = archive.own_entry(own.now())
    receipt, outcome = (json.loads(fetched(path)) for path in paths)
    for statement in (receipt["receipt"], outcome):
        assert not entry.named(statement["key"]).revoked
        verified = envelope.verify(canon.dumps(statement), trust_in([entry]), kind="receipt", at=at)
        assert json.loads(verified.payload)["at"] <= f"{at + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    found = Proof.from_dict(receipt["proof"])
    in_log(found, messages.logged_receipt(canon.content_id(data)), entry, [])
    assert [json.loads(fetched(path)) for path in paths] == [receipt, outcome]
