"""Witnesses of a log: who is asked and when, whose word counts as a third State's, and what people are told of it."""

import itertools
import json
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import peer as peers
import pytest
from answering import Post, answered, proof_of, receipt, until
from browsing import Browser
from directory_page import card, page
from django.utils import translation
from exhibits import execute, ordered, worked

from comity.errors import BrokenProof, Unreachable
from comity.ledger import checkpoint as cp
from comity.node import models
from comity.node.courier import Courier, errands
from comity.node.desk import crossing, dossier, registry, requested
from comity.node.officers import reading, texts
from comity.verify import Verdict, verify_file
from comity.wire.exchange import Answer, Offer, dumps

pytestmark = pytest.mark.django_db
OURS, THEIRS = "IR-2026-0001", "VN-2026-0001"


def name(node, monkeypatch, *states):
    """Name these as witnesses of the node's log."""
    monkeypatch.setitem(vars(node), "witnesses", states)


def seen(note, *peers_):
    """Those of these States that have cosigned a head."""
    return {one.state for one in peers_ if cp.check_witnesses(note, dict([one.entry.witness]))}


def cosigns(node, witness, at):
    """A witness cosigns the node's log as it is now; its size."""
    note, size = registry.checkpoint_to_witness(node, witness.state)
    registry.witnessed(size, cp.cosignature(cp.parse(note)[0], witness.witness, at), by=witness.state)
    return size


def test_of_a_witness_s_answer_its_own_line_is_kept(node, peer, qatar, at):
    """What it adds in another's name, or to fill the head up, would shut others out, and spoil the head for who knows them."""
    note, size = registry.checkpoint_to_witness(node, "VN")
    head = cp.parse(note)[0]
    good, true = (cp.cosignature(head, one.witness, at) for one in (peer, qatar))
    forged = cp.cosignature(head, replace(peer.witness, name=qatar.witness.name), at)
    for answer in (forged, "", "nonsense", true, "\n" * 9_000):
        with pytest.raises(BrokenProof, match=r"witness\.missing"):
            registry.witnessed(size, answer, by="VN")
    filler = "".join(f"\N{EM DASH} x{number} AAAA\n" for number in range(500))
    registry.witnessed(size, forged + filler + good + filler, by="VN")
    assert models.Checkpoint.objects.get(pk=size).note == note + good
    registry.witnessed(size, true, by="QA")
    assert models.Checkpoint.objects.get(pk=size).note == note + good + true
    assert seen(registry.newest_checkpoint(node), peer, qatar) == {"VN", "QA"}


# ── who is asked, and when ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_a_witness_that_is_not_pinned_is_asked_as_soon_as_it_is(node, peer, at, monkeypatch, caplog):
    """Until then nobody sets out for it, and it is said once; then the next round does, without a wait."""
    name(node, monkeypatch, "QA")
    courier, post = Courier(node), Post(node)
    monkeypatch.setattr(errands, "line_to", post.line)
    for _ in range(20):
        courier.round()
    until(lambda: courier.asked_all)
    assert set(courier._errands) == {"VN"}
    assert [told.message for told in caplog.records if "QA" in told.message] == [
        "QA is named as a witness, and is not pinned: it is asked as soon as it is"
    ]
    peers.pinned("QA", node, at)
    assert "QA" not in crossing.expecting(at=at)  # nothing else is due for it
    courier._looked = time.monotonic()  # and nobody looks at every peer now
    courier.round()
    until(lambda: ("QA", "/witness") in post.asked)


class Asked:
    """The errands to Viet Nam, a witness that answers as it is told, on a clock of their own.

    Args:
        answer: (status, body) of what it says now; None: it cosigns.
    """

    def __init__(self, node, peer, at, monkeypatch, answer) -> None:
        name(node, monkeypatch, peer.state)
        self.answer, self.clock, self.times, self.talks = answer, 1000.0, [], False
        self._peer, self._at = peer, at
        monkeypatch.setattr(errands, "time", SimpleNamespace(monotonic=lambda: self.clock))
        line = SimpleNamespace(
            post=self._post, get=lambda path, **_: self._post(path, b""), get_if_any=lambda *_, **__: None
        )
        monkeypatch.setattr(errands, "line_to", lambda *_: line)
        self.errands = errands.Errands(node, peer.state)

    def _post(self, path, body, **_):
        if path == "/exchange" and self.talks:
            return 200, dumps(Answer())
        if path != "/witness":
            raise Unreachable("nothing here", code="wire.status")
        self.times.append(self.clock)
        if self.answer is not None:
            return self.answer
        head = cp.parse(body.decode().partition("\n\n")[2])[0]
        return 200, cp.cosignature(head, self._peer.witness, self._at).encode()

    def goes_on(self, seconds, *, every=0.5):
        """Rounds for so long."""
        end = self.clock + seconds
        while self.clock < end:
            for step in self.errands._due(looking=False):
                step()
            self.clock += every

    @property
    def waits(self):
        """Seconds between two asks."""
        return [later - before for before, later in itertools.pairwise(self.times)]


def refusal(code):
    """The body of a refusal at the peers' door."""
    return json.dumps({"code": code, "reason": "no"}, separators=(",", ":")).encode()


@pytest.mark.parametrize("status", [500, 503])
def test_a_witness_that_does_not_cosign_is_asked_less_and_less_often(node, peer, at, monkeypatch, status):
    """As deliveries are: in ten minutes a dozen times and some, not three hundred; at once again after it did cosign."""
    witness = Asked(node, peer, at, monkeypatch, (status, b"{}"))
    witness.goes_on(600)
    assert 10 <= len(witness.times) <= 20
    assert witness.waits == sorted(witness.waits)
    assert witness.waits[-1] == 60
    assert not models.Alarm.objects.exists()  # it is away: that is told by what waits for it
    witness.answer = None
    witness.goes_on(61)
    assert models.Cosigned.objects.get().witness == "VN"
    asked = len(witness.times)
    peers.arrive(node, peer.asks(peers.request())[0], at)
    witness.goes_on(1)
    assert len(witness.times) == asked + 1


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [(401, "peer.unknown", "unpinned"), (422, "witness.unknown", "unpinned"), (422, "checkpoint.form", "refused")],
)
def test_a_witness_that_goes_on_refusing_is_asked_once_an_hour_and_officers_see_why(
    node, peer, at, monkeypatch, status, code, told
):
    """It was asked every minute for ever, and nobody but the log of the node knew."""
    witness = Asked(node, peer, at, monkeypatch, (status, refusal(code)))
    witness.goes_on(60)
    assert not models.Alarm.objects.exists()  # a newer entry may be on its way there
    witness.goes_on(5 * 3600, every=30)
    assert len(witness.times) <= 20
    assert 3600 <= witness.waits[-1] < 3630
    assert [(row.peer, row.code) for row in models.Alarm.objects.all()] == [("VN", f"witness.{told}")]
    with translation.override("en"):  # whatever the page before was in
        assert str(texts.sentence(f"witness.{told}")).startswith("As a witness")


def test_the_silence_of_a_witness_is_not_counted_as_refusals(node, peer, at, monkeypatch):
    """Back after ten minutes it says no for the first time: it is asked again soon, and only a row of refusals is told."""
    witness = Asked(node, peer, at, monkeypatch, (503, b"{}"))
    witness.goes_on(600)
    witness.answer = (422, refusal("witness.unknown"))
    silent = len(witness.times)
    witness.goes_on(61)
    assert len(witness.times) > silent  # the first no
    witness.goes_on(60)
    assert len(witness.times) - silent >= 6
    assert witness.waits[silent] == 0.5
    assert not models.Alarm.objects.exists()
    witness.goes_on(300)
    assert models.Alarm.objects.count() == 1


@pytest.mark.parametrize("answer", [(200, b"nonsense"), (409, b"many\n")])
def test_a_witness_whose_answers_hold_nothing_is_asked_once_an_hour_too(node, peer, at, monkeypatch, answer):
    """Nobody makes a State ask him every minute by answering nonsense."""
    witness = Asked(node, peer, at, monkeypatch, answer)
    witness.goes_on(3 * 3600, every=30)
    assert len(witness.times) <= 20
    assert models.Alarm.objects.count() == 1


def test_a_witness_that_has_pinned_this_state_is_asked_at_once(node, peer, at, monkeypatch):
    """That shows by the first exchange that goes well; those after it change nothing."""
    witness = Asked(node, peer, at, monkeypatch, (401, refusal("peer.unknown")))
    witness.goes_on(2 * 3600, every=30)
    witness.errands._exchange(Offer())
    assert witness.errands._refuses.waits  # it does not talk either
    asked, witness.talks = len(witness.times), True
    for _ in range(50):
        witness.errands._exchange(Offer())
        witness.goes_on(1)
    assert 5 <= len(witness.times) - asked <= 10  # it refuses still, and each exchange does not begin it anew
    witness.talks = False
    witness.errands._exchange(Offer())
    witness.answer, witness.talks = None, True
    witness.errands._exchange(Offer())
    witness.goes_on(1)
    assert models.Cosigned.objects.get().witness == "VN"


def test_every_witness_is_asked_until_it_has_cosigned(node, peer, qatar, at):
    """That another one was quicker does not end it: else the only third State might never see a head."""
    size = cosigns(node, peer, at)
    assert registry.checkpoint_to_witness(node, "VN") is None
    assert registry.checkpoint_to_witness(node, "QA")[1] == size
    cosigns(node, qatar, at)
    assert registry.checkpoint_to_witness(node, "QA") is None
    peers.arrive(node, peer.asks(peers.request())[0], at)
    assert registry.checkpoint_to_witness(node, "QA")[1] == size + 1


def test_a_false_cosignature_is_not_kept(node, peer, qatar, at):
    """By another key, of another head, or none: the head stays as it was, and the witness has seen nothing."""
    note, size = registry.checkpoint_to_witness(node, "VN")
    head = cp.parse(note)[0]
    for line, code in (
        (cp.cosignature(head, qatar.witness, at), "witness.missing"),
        (cp.cosignature(replace(head, size=size + 1), peer.witness, at), "checkpoint.signature"),
        ("", "witness.missing"),
    ):
        with pytest.raises(BrokenProof) as caught:
            registry.witnessed(size, line, by="VN")
        assert caught.value.code == code
    assert models.Checkpoint.objects.get(pk=size).note == note
    assert not models.Cosigned.objects.exists()


# ── whose word is shown to whom ─────────────────────────────────────────────────────────────────────────────────────


def test_a_peer_is_shown_a_head_that_a_third_state_saw(node, peer, qatar, at):
    """Also when it has itself cosigned a newer one; of what no third State saw, it gets a proof under its own."""
    old = peers.arrive(node, peer.asks(peers.request())[0], at)
    cosigns(node, qatar, at)
    new = peers.arrive(node, peer.asks(peers.request(reference="VN-2026-0002"))[0], at)
    cosigns(node, peer, at)

    def seen_by(*rows):
        found = crossing.proofs([row.digest for row in rows], hop="VN")
        return {digest: seen(proof.note, peer, qatar) for digest, proof in found.items()}

    assert seen_by(old, new) == {old.digest: {"QA"}}
    assert seen_by(new) == {new.digest: {"VN"}}
    cosigns(node, qatar, at)
    assert seen_by(old, new) == {old.digest: {"QA", "VN"}, new.digest: {"QA", "VN"}}


def test_what_a_third_state_saw_is_exported(node, officers, peer, qatar, at):
    """A head that the other State of the case cosigned is taken only while there is no other that covers the case."""
    row = peers.arrive(node, peer.asks(peers.request())[0], at)
    size = cosigns(node, peer, at)
    path = dossier.export(node, THEIRS, officer=officers.all, at=at)
    verdict, words = verify_file(path).verdicts["witness"]
    assert verdict is Verdict.UNDETERMINED
    assert words == (
        f"seen by no third State, only by VN, a party to the case: entry {row.entry} of the log of IR,"
        " which needs another witness"
    )
    assert cosigns(node, qatar, at) == size
    peers.arrive(node, peer.asks(peers.request(reference="VN-2026-0002"))[0], at)
    cosigns(node, peer, at)
    path = dossier.export(node, THEIRS, officer=officers.all, at=at)
    assert verify_file(path).verdicts["witness"] == (Verdict.PASSED, "all heads cosigned by QA")


def test_a_bag_waits_for_a_third_state(node, officers, peer, qatar, at, monkeypatch):
    """Its addressee cosigns, and is not waited for; sealed without another one, it is undetermined, and says why."""
    name(node, monkeypatch, "VN", "QA")
    (node.intake / "d").mkdir()
    (node.intake / "d" / "mail").write_bytes(b"evidence")
    ordered(node, peer, officers, at)
    assert execute(node, officers, at).status == "done"
    cosigns(node, peer, at)
    job = worked(node, requested.disclose(node, THEIRS, officer=officers.decider, at=at))
    assert (job.status, job.code) == ("waiting", "log.unwitnessed")
    name(node, monkeypatch, "VN")
    assert worked(node, job).status == "done"
    (path,) = node.shelf.glob("*.asice")
    verdict, words = verify_file(path).verdicts["witness"]
    assert verdict is Verdict.UNDETERMINED
    assert words.startswith("seen by no third State, only by VN, a party to the case: ")


# ── what officers are told ──────────────────────────────────────────────────────────────────────────────────────────

ALONE = {
    "en": "Witnessed by this State alone, which sent it, and by no third State yet.",
    "fa": "تنها خود این کشور، که فرستنده است، گواهی کرده و هنوز هیچ کشور ثالثی گواهی نکرده است.",
}


def test_a_receipt_that_only_the_sender_witnessed_is_shown_as_that(node, officers, sent, at):
    """Its page and its JSON say so and what to do, as long as it is so; it is asked for further, and a third State ends it."""
    (row, peer), (_, qatar) = sent["VN"], sent["QA"]
    answered(crossing.conversation(node, "VN"), row, receipt(peer, row), at)

    def told():
        browser = Browser(officers.all)
        said = json.loads(browser.get(f"/cases/{OURS}.json").content)
        shown = {language: Browser(officers.all, language).text(f"/cases/{OURS}") for language in ALONE}
        return said["acts"][-1]["witness"], {ALONE[language] in text for language, text in shown.items()}

    assert told() == ("none", {False})
    for witness, expected in ((node.witness, ("sender", {True})), (qatar.witness, ("third", {False}))):
        assert crossing.unproved("VN", at=at + timedelta(hours=2)) == [row.digest]
        crossing.proved(node, "VN", [row.digest], {row.digest: proof_of(row, peer.log, (witness, at))}, at=at)
        assert told() == expected
    assert crossing.unproved("VN", at=at + timedelta(hours=2)) == []


def test_an_exported_case_says_that_only_its_sender_witnessed_a_receipt(node, officers, sent, at):
    """Its own log may have been seen by a third State: the log of the addressee has its own witnesses."""
    (row, peer), (_, qatar) = sent["VN"], sent["QA"]
    answered(crossing.conversation(node, "VN"), row, receipt(peer, row), at)
    cosigns(node, qatar, at)
    for witness, verdict, words in (
        (
            node.witness,
            Verdict.UNDETERMINED,
            "seen by no third State, only by IR, a party to the case: entry 0 of the log of VN",
        ),
        (qatar.witness, Verdict.PASSED, "all heads cosigned by QA"),
    ):
        crossing.proved(node, "VN", [row.digest], {row.digest: proof_of(row, peer.log, (witness, at))}, at=at)
        found = verify_file(dossier.export(node, OURS, officer=officers.all, at=at)).verdicts["witness"]
        assert (found[0], found[1].startswith(words)) == (verdict, True), found


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_page_of_states_tells_how_far_each_witness_is(node, officers, peer, at, monkeypatch, language):
    """One that is not pinned, one that has cosigned nothing, one that has; and that a single one is a party to some cases."""
    unpinned, lone = {
        "en": ("not pinned yet", "is the only State that witnesses our log"),
        "fa": ("هنوز ثبت و تأیید نشده", "تنها کشوری است که دفتر ثبت ما را گواهی می‌کند"),
    }[language]
    name(node, monkeypatch, "QA")
    shown = card(page(officers, language), "own")
    assert (unpinned in shown, lone in shown) == (True, False)
    name(node, monkeypatch, "VN")
    assert reading.witnesses(node) == [reading.Witness("VN", pinned=True, seen=0)]
    size = cosigns(node, peer, at)
    assert reading.witnesses(node) == [reading.Witness("VN", pinned=True, seen=size)]
    shown = card(page(officers, language), "own")
    assert (unpinned in shown, lone in shown) == (False, True)
    other = peers.Peer("QA", node)
    registry.pin(node, other.entry_bytes, fingerprint=other.entry.fingerprint, by="test", at=at)
    name(node, monkeypatch, "VN", "QA")
    assert lone not in card(page(officers, language), "own")
