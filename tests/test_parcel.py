"""By courier: the same envelopes in one file, in any order with the line; and nothing from a file that is not a parcel."""

import os
import random
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import warm
from answering import items, said
from answering import receipt as receipt_of
from django.db import transaction
from exhibits import accepted, disclosed, sealed, sha
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peer import Peer, request
from postgres import rows as beside
from refusing import code
from rich.console import Console

from comity.casework.lifecycle import Kind
from comity.demo import cast, nodes, story
from comity.errors import BrokenContainer, BrokenSeal, ComityError, NotPossible, Unreachable
from comity.node import archive, models
from comity.node.desk import crossing, evidence, parcels
from comity.seal import canon, container, envelope
from comity.wire import messages, parcel
from comity.wire.conversation import Conversation
from comity.wire.exchange import GAPS, Answer, Event, Evidence, Failure, Have, Item, Offer, Outcome, Own, dumps
from comity.wire.remembered import Stage

pytestmark = pytest.mark.django_db
WORD = "ab" * 16


def packed(peer, path, at, *, answers=(), offers=(), bags=None, to="IR", **head):
    """A parcel as the peer's node would write it."""
    with tempfile.TemporaryDirectory() as folder:
        files = {"answers": [], "offers": []}
        for name, all_said in (("answers", answers), ("offers", offers)):
            for one in all_said:
                files[name].append(Path(folder) / f"{name}{len(files[name])}")
                files[name][-1].write_bytes(dumps(one))
        head = parcel.Head(head.pop("sender", peer.state), to, at, **head)
        parcel.write(path, head, **files, bags=bags or {}, signing=peer.signing, cades=peer.cades)
    return path


def opened(path, home="VN"):
    """(its head, its answers, its offers, its bags) of a parcel of the node under test."""
    with parcel.Parcel(path, home=home) as found:
        return found.head, list(found.answers()), list(found.offers()), found.bags


def everything():
    """What a refused parcel must not change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (
            models.Arrival,
            models.Departure,
            models.Word,
            models.Act,
            models.Talk,
            models.Job,
            models.Container,
            models.LogHead,
        )
    ]


# ------------------------------------------------------------------------------------------------------------- coming in


def test_an_envelope_by_stick(node, peer, at, tmp_path):
    """Kept, read, and told of in the answer: its receipt, and that it was read. Taken in again, the same answer."""
    one = items(peer)[0]
    path = packed(peer, tmp_path / "p", at, offers=[Offer((one,))])
    taken = parcels.take(node, path, at=at, answer=tmp_path / "a")
    assert (taken.sender, taken.envelopes, taken.acts, taken.clean) == ("VN", {"new": 1}, {"VN-2026-0001": 1}, True)
    head, answers, offers, _ = opened(tmp_path / "a")
    assert (head.sender, head.to, head.greets, head.greeted, offers) == ("IR", "VN", "", "", [])
    events = [messages.said_of(word).event for word in (answers[0].outcomes[0].receipt, *answers[1].evidence)]
    assert events == [Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT]
    again = parcels.take(node, path, at=at + timedelta(days=2), answer=tmp_path / "b")
    assert (again.envelopes, again.acts, again.clean) == ({"known": 1}, {}, True)
    assert opened(tmp_path / "b")[1] == answers


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_line_and_stick_in_any_order_count_once(node, peer, at, tmp_path, data):
    """Repeated, reordered, in parts, by either way: one arrival, one act and one receipt for each envelope."""
    every = _five(peer)
    with transaction.atomic():
        talk, receipts = crossing.conversation(node, "VN"), {}
        steps = data.draw(
            st.lists(st.tuples(st.sampled_from(["line", "stick", "read"]), st.integers(0, 2**16)), max_size=8)
        )
        for number, (way, seed) in enumerate([*steps, ("line", 0), ("stick", 0)]):
            draw = random.Random(seed)
            some = draw.sample(every, draw.randint(1, 5)) if seed else every
            if way == "read":
                crossing.admit(node, "VN", at=at)
                continue
            if way == "line":
                answers = [crossing.exchange(node, talk, Offer(tuple(some)), at=at)]
            else:
                cut = draw.randint(0, len(some))
                offers = [Offer(tuple(part)) for part in (some[:cut], some[cut:]) if part]
                path = packed(peer, tmp_path / f"p{number}", at, offers=offers)
                (tmp_path / "a").unlink(missing_ok=True)
                parcels.take(node, path, at=at, answer=tmp_path / "a")
                answers = opened(tmp_path / "a")[1]
            for outcome in (outcome for answer in answers for outcome in answer.outcomes):
                receipts.setdefault(outcome.envelope, set()).add(outcome.receipt)
        assert models.Arrival.objects.filter(status="admitted").count() == len(receipts) == 5
        assert models.Act.objects.count() == 5
        assert [len(found) for found in receipts.values()] == [1] * 5
        transaction.set_rollback(True)


_made: dict[int, list[Item]] = {}


def _five(peer):
    """Three requests, and two acts of the first case that stand on what came before them in it; the same in every example."""
    if id(peer.signing) not in _made:
        first, act = peer.asks(request())
        ahead, second = peer.say(Kind.ENQUIRED, act.case, {"message": "q"}, after=act.id)
        last, _ = peer.say(Kind.WITHDRAWN, act.case, {"reasons": "r"}, after=second.id)
        one, two = canon.content_id(first), canon.content_id(ahead)
        _made[id(peer.signing)] = [
            Item(1, first),
            *items(peer, 2, first=2),
            Item(4, ahead, (one,)),
            Item(5, last, (two,)),
        ]
    return _made[id(peer.signing)]


def test_an_older_parcel_after_a_newer_one(node, peer, at, tmp_path):
    """What stands on something that is still on its way waits for it, acknowledged; then both are read."""
    every = _five(peer)
    newer = packed(peer, tmp_path / "newer", at, offers=[Offer(tuple(every[3:]))])
    older = packed(peer, tmp_path / "older", at - timedelta(minutes=50), offers=[Offer(tuple(every[:3]))])
    taken = parcels.take(node, newer, at=at, answer=tmp_path / "a")
    assert (taken.envelopes, taken.acts) == ({"waiting": 2}, {})
    assert opened(tmp_path / "a")[1][0].missing == (canon.content_id(every[0].envelope),)
    assert parcels.take(node, older, at=at).acts == {"VN-2026-0001": 1, "VN-2026-0002": 1, "VN-2026-0003": 1}
    assert models.Arrival.objects.filter(status="admitted").count() == 5


def test_what_is_put_off_or_refused_is_named(node, peer, at, tmp_path):
    """A number that is taken, an act that does not fit: the parcel is taken in, and a person should look."""
    bad, _ = peer.say(Kind.WITHDRAWN, "VN-2026-0009", {"reasons": "r"})
    one, other = items(peer)[0], items(peer, first=2)[0]
    offer = Offer((one, replace(other, number=1), Item(2, bad)))
    taken = parcels.take(node, packed(peer, tmp_path / "p", at, offers=[offer]), at=at)
    assert taken.envelopes == {"new": 1, "conversation.number": 1, "case.unknown": 1}
    assert not taken.clean


# ----------------------------------------------------------------------------------------------------------- what is none


def _cut(path, at, peer, node):
    path.write_bytes(path.read_bytes()[:-100])


def _zeros(path, at, peer, node):
    with path.open("wb") as file:
        file.truncate(10 << 30)


def _text(path, at, peer, node):
    path.write_text("Dear colleague, the parcel is attached to this message.")


def _empty(path, at, peer, node):
    path.write_bytes(b"")


def _folder(path, at, peer, node):
    path.unlink()
    path.mkdir()


def _letter(path, at, peer, node):
    seal = lambda listing: envelope.sign("container", listing, sender="VN", to="IR", key=peer.signing)  # noqa: E731
    container.write(path, [("letter.txt", b"x")], cades=peer.cades, seal=seal, at=at)


def _elsewhere(path, at, peer, node):
    packed(peer, path, at, offers=[Offer(tuple(items(peer)))], to="QA")


def _stranger(path, at, peer, node):
    packed(Peer("QA", node), path, at, offers=[Offer(tuple(items(peer)))])


def _posing(path, at, peer, node):
    packed(Peer("QA", node), path, at, offers=[Offer(tuple(items(peer)))], sender="VN")


def _moved(path, at, peer, node):
    """The statement of another parcel of the same State."""
    other = packed(peer, path.with_name("other"), at, offers=[Offer(tuple(items(peer)))])
    with container.open_container(other) as found:
        stolen = found.read(container.SEAL_NAME, limit=1 << 20)
    with container.open_container(path) as found:
        files = [(name, found.read(name, limit=1 << 23)) for name in found.files()]
    container.write(path, files, cades=peer.cades, seal=lambda _: stolen, at=at)


def _greets_unnamed(path, at, peer, node):
    packed(peer, path, at, offers=[Offer(have=Have(0, (), 0, ()))])


def _greets_and_more(path, at, peer, node):
    packed(peer, path, at, offers=[Offer(have=Have(0, (), 0, ())), Offer(tuple(items(peer)))], greets=WORD)


def _gives_unasked(path, at, peer, node):
    packed(peer, path, at, answers=[Answer(items=tuple(items(peer)))])


def _nonsense(path, at, peer, node):
    """An offer that is none, properly signed."""
    spoilt = path.with_name("offer")
    spoilt.write_bytes(b'{"items":[]}')
    head = parcel.Head("VN", "IR", at)
    parcel.write(path, head, answers=[], offers=[spoilt], bags={}, signing=peer.signing, cades=peer.cades)


def _to_come(path, at, peer, node):
    """By this clock, which is behind: receipts given now would be older than what they are for."""
    packed(peer, path, at + timedelta(seconds=301), offers=[Offer(tuple(items(peer)))])


NONE = {
    _to_come: "parcel.time",
    _cut: "container.end", _zeros: "container.end", _text: "container.end", _empty: "container.truncated",
    _folder: "container.source", _letter: "parcel.form", _elsewhere: "parcel.addressee", _stranger: "peer.unknown",
    _posing: "trust.unknown-key", _moved: "parcel.changed", _greets_unnamed: "parcel.form", _greets_and_more: "parcel.form",
    _gives_unasked: "parcel.form", _nonsense: "parcel.form",
}  # fmt: skip


@pytest.mark.parametrize("spoil", NONE, ids=lambda spoil: spoil.__name__)
def test_what_is_no_parcel_changes_nothing(spoil, node, peer, at, tmp_path):
    """Refused with its reason before anything was used; no answer is written."""
    path = packed(peer, tmp_path / "p", at, offers=[Offer(tuple(items(peer)))])
    spoil(path, at, peer, node)
    before = everything()
    assert code(parcels.take, node, path, at=at, answer=tmp_path / "a") == NONE[spoil]
    assert everything() == before
    assert not (tmp_path / "a").exists()
    assert [found.name for found in node.home.glob(".parcel-*")] == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_is_found(node, peer, at, tmp_path, place, bit):
    """Wherever it is."""
    path = tmp_path / "p"
    if not path.exists():
        packed(peer, path, at, offers=[Offer(tuple(_five(peer)))])
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    (tmp_path / "changed").write_bytes(data)
    before = everything()
    with pytest.raises((BrokenContainer, BrokenSeal, ComityError)):
        parcels.take(node, tmp_path / "changed", at=at)
    assert everything() == before


def test_nothing_is_written_over(node, peer, at, tmp_path):
    """Neither by the answer nor by a parcel."""
    (tmp_path / "a").write_bytes(b"kept")
    path = packed(peer, tmp_path / "p", at, offers=[Offer(tuple(items(peer)))])
    assert code(parcels.take, node, path, at=at, answer=tmp_path / "a") == "parcel.exists"
    assert code(parcels.pack, node, "VN", tmp_path / "a", at=at) == "parcel.exists"
    assert models.Arrival.objects.count() == 0
    assert (tmp_path / "a").read_bytes() == b"kept"
    late = partial((tmp_path / "late").write_bytes, b"kept")  # while the parcel is read
    assert (
        code(parcels.take, node, path, at=at, answer=tmp_path / "late", progress=lambda *_: late()) == "parcel.exists"
    )
    assert (tmp_path / "late").read_bytes() == b"kept"


# ------------------------------------------------------------------------------------------------------------ going out


def rows():
    """Our envelopes for Viet Nam, whole."""
    return list(models.Departure.objects.filter(peer="VN").order_by("number").values())


def test_what_waits_is_packed_and_stays_as_it_is(node, sent, at, tmp_path):
    """The very bytes, number and `after` that the line carries; nothing about the row changes, and a second parcel is alike."""
    row, _ = sent["VN"]
    before = rows()
    found = parcels.pack(node, "VN", tmp_path / "p", at=at)
    assert (found.envelopes, found.greets, found.asked) == ({"IR-2026-0001": 1}, False, 0)
    assert opened(tmp_path / "p")[2] == [Offer((Item(row.number, archive.sealed(row), tuple(row.after)),))]
    parcels.pack(node, "VN", tmp_path / "q", at=at)
    assert rows() == before
    assert opened(tmp_path / "p") == opened(tmp_path / "q")


def test_what_was_made_by_a_clock_that_ran_ahead_may_have_an_older_receipt(node, sent, at, tmp_path):
    """Packed when the clock is right again; the answer comes when the time that the act states is over."""
    row, peer = sent["VN"]
    models.Departure.objects.filter(pk=row.pk).update(made_at=at + timedelta(days=1))
    parcels.pack(node, "VN", tmp_path / "p", at=at)
    answer = Answer((Outcome(row.digest, receipt_of(peer, sent["VN"][0])),))  # of `at`
    packed(peer, tmp_path / "q", at + timedelta(days=2), answers=[answer])
    assert parcels.take(node, tmp_path / "q", at=at + timedelta(days=2)).ours == {"consignment": 1}


def test_dead_letters_wait_for_a_person(node, sent, at, tmp_path):
    """They are not packed, nor what stands on them; and then there is nothing to carry, and no file."""
    row, _ = sent["VN"]
    models.Kept.objects.bulk_create(models.Kept(digest=letter * 64, data=b"x") for letter in "de")
    models.Departure.objects.create(
        digest="d" * 64, peer="VN", number=2, after=[row.digest], made_at=at, next_at=0, since=0
    )
    models.Departure.objects.create(
        digest="e" * 64, peer="VN", number=3, after=["d" * 64], made_at=at, next_at=0, since=0
    )
    models.Departure.objects.filter(pk=row.pk).update(stage=Stage.DEAD)
    assert parcels.pack(node, "VN", tmp_path / "p", at=at).empty
    assert list(tmp_path.iterdir()) == []
    models.Departure.objects.filter(pk=row.pk).update(stage=Stage.RELAY)
    parcels.pack(node, "VN", tmp_path / "p", at=at)
    assert [item.number for item in opened(tmp_path / "p")[2][0].items] == [1, 2, 3]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways=st.lists(st.sampled_from(["line", "stick", "later", "refused", "read"]), max_size=6))
def test_answers_by_either_way_in_any_order(node, sent, at, tmp_path, ways):
    """One receipt; an older word that comes after it changes nothing; what was read is read."""
    row, peer = sent["VN"]
    kept = Answer((Outcome(row.digest, receipt_of(peer, row)),))
    answers = {
        "line": kept, "stick": kept, "later": Answer((Outcome(row.digest, later="conversation.room"),)),
        "refused": Answer((Outcome(row.digest, said(row, peer, Event.RELAY_REJECTION, "conversation.number-ahead")),)),
        "read": Answer(evidence=(said(row, peer, Event.CONTENT_CONSIGNMENT),)),
    }  # fmt: skip
    with transaction.atomic():
        for number, way in enumerate([*ways, "stick", "refused", "later", "read"]):
            if way == "line":
                offer = Offer((Item(row.number, archive.sealed(row)),))
                crossing.conversation(node, "VN").answered(offer, kept, at.timestamp())
            else:
                path = packed(peer, tmp_path / f"{number}", at, answers=[answers[way]])
                parcels.take(node, path, at=at)
                path.unlink()
        row.refresh_from_db()
        assert (row.stage, row.relayed, row.number) == ("handover", True, 1)
        assert [messages.said_of(word).event for word in archive.words(row)] == [
            Event.RELAY_ACCEPTANCE, Event.CONTENT_CONSIGNMENT,
        ]  # fmt: skip
        transaction.set_rollback(True)


def test_what_was_carried_is_asked_about(node, sent, at, tmp_path):
    """Acknowledged, it is not packed again, but its fate is asked for."""
    row, peer = sent["VN"]
    answer = Answer((Outcome(row.digest, receipt_of(peer, row)),))
    taken = parcels.take(node, packed(peer, tmp_path / "p", at, answers=[answer]), at=at)
    assert taken.ours == {"consignment": 1}
    assert parcels.pack(node, "VN", tmp_path / "q", at=at).asked == 1
    assert opened(tmp_path / "q")[2] == [Offer(ask=(row.digest,))]
    strange = Answer((Outcome("0" * 64, said(row, peer, Event.RELAY_REJECTION, digest="0" * 64)),))
    taken = parcels.take(node, packed(peer, tmp_path / "r", at, answers=[strange]), at=at)
    assert (taken.ours, taken.clean) == ({"unknown": 1}, False)


def test_a_gap_that_a_parcel_shows_is_told_by_the_next_one(node, sent, at, tmp_path):
    """Nobody carried an answer back: the next parcel to that State asks, and what is asked for is due there at once."""
    row, peer = sent["VN"]
    first, second = items(peer, 2)
    later = replace(second, after=(canon.content_id(first.envelope),))
    parcels.take(node, packed(peer, tmp_path / "p", at, offers=[Offer((later,))]), at=at)
    packs = parcels.pack(node, "VN", tmp_path / "q", at=at)
    assert (packs.answers, opened(tmp_path / "q")[1]) == (1, [Answer(missing=later.after)])
    parcels.take(node, packed(peer, tmp_path / "r", at, offers=[Offer((first,))]), at=at)
    assert parcels.pack(node, "VN", tmp_path / "s", at=at).answers == 0
    models.Departure.objects.filter(pk=row.pk).update(next_at=at.timestamp() + 9)
    parcels.take(node, packed(peer, tmp_path / "t", at, answers=[Answer(missing=(row.digest,))]), at=at)
    row.refresh_from_db()
    assert row.next_at == at.timestamp()


def test_the_courier_goes_on_beside_a_parcel(node, sent, at, tmp_path):
    """An offer is on the line when the receipt comes by stick: however the line ends, it is kept, and not offered."""
    row, peer = sent["VN"]
    talk = crossing.conversation(node, "VN")
    now = at.timestamp() + 60
    offer = talk.offer(now)
    assert offer.items
    answer = Answer((Outcome(row.digest, receipt_of(peer, row)),))
    parcels.take(node, packed(peer, tmp_path / "p", at, answers=[answer]), at=at)
    talk.failed(offer, Failure("x", reached=True), now)
    row.refresh_from_db()
    assert (row.stage, row.relayed) == ("consignment", True)
    later = talk.offer(now + 3600)
    assert (later.items, later.ask) == ((), (row.digest,))


# ------------------------------------------------------------------------------------------------------------- greetings


def unsettled(node):
    """As after a start with a memory that may be older than what the peer has."""
    crossing.forget_settled(node, "log.size", at=datetime.now(UTC))


def test_a_greeting_is_answered_once_and_not_by_an_old_answer(node, peer, at, tmp_path):
    """Its answer settles; one to a greeting from before the memory was lost does not."""
    unsettled(node)
    assert parcels.pack(node, "VN", tmp_path / "1", at=at).greets
    head, _, offers, _ = opened(tmp_path / "1")
    assert offers == [Offer(have=Have(0, (), 0, ()))]
    parcels.pack(node, "VN", tmp_path / "2", at=at)
    assert opened(tmp_path / "2")[0].greets == head.greets != ""
    old = packed(peer, tmp_path / "old", at, answers=[Answer()], greeted=head.greets)
    unsettled(node)
    assert not parcels.take(node, old, at=at).settled
    parcels.pack(node, "VN", tmp_path / "3", at=at)
    fresh = opened(tmp_path / "3")[0].greets
    assert fresh != head.greets
    other = packed(peer, tmp_path / "other", at, answers=[Answer()], greeted=WORD)
    assert not parcels.take(node, other, at=at).settled
    new = packed(peer, tmp_path / "new", at, answers=[Answer()], greeted=fresh)
    assert parcels.take(node, new, at=at).clean
    assert parcels.pack(node, "VN", tmp_path / "4", at=at).empty


def test_a_lost_memory_comes_back_in_one_parcel(node, peer, at, tmp_path):
    """More than one answer holds, in both directions; the last gives nothing back, and so settles who asked."""
    every = [replace(item, number=number) for number, item in enumerate(items(peer, 70), 1)]
    offers = [Offer(tuple(every[:35])), Offer(tuple(every[35:]))]
    parcels.take(node, packed(peer, tmp_path / "p", at, offers=offers), at=at)
    greeting = packed(peer, tmp_path / "g", at, offers=[Offer(have=Have(0, (), 2, (1,)))], greets=WORD)
    parcels.take(node, greeting, at=at, answer=tmp_path / "a")
    head, answers, _, _ = opened(tmp_path / "a")
    back = [own.item.number for answer in answers for own in answer.back]
    assert (head.greeted, back, answers[-1]) == (WORD, [1, *range(3, 71)], Answer())
    assert len(answers) > 2


def _forgotten(node, peer, at, tmp_path, count):
    """(receipts that this node gave and forgot, by digest; the envelopes as the peer gives them back; the greeting's word)."""
    first = packed(peer, tmp_path / "p", at, offers=[Offer(tuple(items(peer, count)))])
    parcels.take(node, first, at=at, answer=tmp_path / "a")
    outcomes = {
        outcome.envelope: outcome.receipt for answer in opened(tmp_path / "a")[1] for outcome in answer.outcomes
    }
    offered = opened(first, home="IR")[2][0].items
    for model in (models.Arrival, models.Act, models.Case):
        model.objects.all().delete()
    unsettled(node)
    parcels.pack(node, "VN", tmp_path / "g", at=at)
    given_back = tuple(replace(item, evidence=(outcomes[canon.content_id(item.envelope)],)) for item in offered)
    return outcomes, given_back, opened(tmp_path / "g")[0].greets


def test_this_node_gets_its_memory_back(node, peer, at, tmp_path):
    """What the peer gives back is kept with the receipts that this node gave, and the empty end settles."""
    outcomes, given_back, word = _forgotten(node, peer, at, tmp_path, 3)
    answers = [Answer(items=given_back[:2]), Answer(items=given_back[2:]), Answer()]
    taken = parcels.take(node, packed(peer, tmp_path / "b", at, answers=answers, greeted=word), at=at)
    assert taken.settled
    kept = {row.digest: archive.words(row)[0] for row in models.Arrival.objects.filter(status="admitted")}
    assert kept == outcomes


def test_a_part_that_does_not_hold_leaves_the_greeting_open(node, peer, at, tmp_path):
    """The others are taken, and nothing is settled: another parcel brings it, to the same word."""
    _, given_back, word = _forgotten(node, peer, at, tmp_path, 4)
    bad = replace(given_back[0], evidence=())
    answers = [Answer(items=(bad, given_back[1])), Answer(items=given_back[2:]), Answer()]
    taken = parcels.take(node, packed(peer, tmp_path / "b", at, answers=answers, greeted=word), at=at)
    assert (taken.settled, taken.clean, models.Arrival.objects.count()) == (False, False, 2)
    parcels.pack(node, "VN", tmp_path / "g2", at=at)
    assert opened(tmp_path / "g2")[0].greets == word
    answers[0] = Answer(items=given_back[:2])
    assert parcels.take(node, packed(peer, tmp_path / "b2", at, answers=answers, greeted=word), at=at).settled
    assert models.Arrival.objects.count() == 4


@pytest.mark.parametrize("cuts", [1, 2])
def test_memory_comes_back_through_cuts(node, peer, at, tmp_path, monkeypatch, cuts):
    """Killed between two parts, once or twice: the parts that are known by then settle nothing."""
    _, given_back, word = _forgotten(node, peer, at, tmp_path, 4)
    answers = [Answer(items=given_back[:2]), Answer(items=given_back[2:]), Answer()]
    path = packed(peer, tmp_path / "b", at, answers=answers, greeted=word)
    with monkeypatch.context() as patched:
        right = Conversation.answered

        def answered(self, offer, answer, *given, **more):
            if answer != answers[0]:
                raise KeyboardInterrupt  # as when the machine stops
            return right(self, offer, answer, *given, **more)

        patched.setattr(Conversation, "answered", answered)
        for _ in range(cuts):
            with pytest.raises(KeyboardInterrupt):
                parcels.take(node, path, at=at)
            assert not models.Talk.objects.get(pk="VN").settled
    assert parcels.take(node, path, at=at).settled
    assert models.Arrival.objects.count() == 4


def test_an_old_refusal_is_no_news(node, sent, officers, at, tmp_path):
    """Taken in again: the number changes once. A letter that a person sent again is not dead by the word from before."""
    row, peer = sent["VN"]

    def refusing(name, why):
        said = Evidence(Event.RELAY_REJECTION, "VN", row.digest, int(at.timestamp()), why)
        word = messages.sign_words([said], to="IR", places={}, key=peer.signing)[0]
        return packed(peer, tmp_path / name, at, answers=[Answer((Outcome(row.digest, word),))])

    numbered = refusing("n", "conversation.number")
    for minute in range(3):
        parcels.take(node, numbered, at=at + timedelta(minutes=minute))
        assert models.Departure.objects.get(pk=row.pk).number == row.number + 1
        assert models.Talk.objects.get(pk="VN").settled == (minute > 0)
        models.Talk.objects.filter(pk="VN").update(settled=True)  # it has greeted, and was answered
    models.Departure.objects.filter(pk=row.pk).update(stage=Stage.DEAD)
    crossing.release(node, row.digest, officer=officers.all, at=at + timedelta(days=9))
    parcels.take(node, refusing("m", "conversation.number-ahead"), at=at + timedelta(days=10))
    assert models.Departure.objects.get(pk=row.pk).stage == Stage.RELAY


def test_whose_list_of_gaps_is_full_greets_again():
    """Gaps that were not told cannot have been filled: no end is said, and the peer stays unsettled."""
    have = Have(9, (1, 4), 7, (2,))
    answer = Answer(items=(Item(4, b"x"), Item(12, b"y")), back=(Own(Item(2, b"z"), b""),))
    assert parcel.further(have, answer) == Have(12, (1,), 7, ())
    assert parcel.further(have, Answer()) == have


def test_a_full_list_of_gaps_is_not_the_end(node, peer, at, tmp_path):
    """As above, through the desk."""
    parcels.take(node, packed(peer, tmp_path / "p", at, offers=[Offer(tuple(items(peer, 2)))]), at=at)
    gaps = tuple(range(2, GAPS + 2))
    greeting = packed(peer, tmp_path / "g", at, offers=[Offer(have=Have(0, (), GAPS + 2, gaps))], greets=WORD)
    parcels.take(node, greeting, at=at, answer=tmp_path / "a")
    assert [[own.item.number for own in answer.back] for answer in opened(tmp_path / "a")[1]] == [[2]]


def test_batches_keep_to_the_limits():
    """At most 256 together, and four mebibytes; in their order, none left out."""
    small, large = [Item(n, b"x") for n in range(1, 515)], [Item(n, bytes(1 << 20)) for n in range(1, 10)]
    assert [len(some) for some in parcel.batches(small)] == [256, 256, 2]
    assert [len(some) for some in parcel.batches(large)] == [4, 4, 1]
    back = tuple(Own(item, bytes(700_000)) for item in large)
    parts = list(parcel.parts(Answer(items=tuple(large), back=back)))
    assert [item for part in parts for item in part.items] == large
    assert [own for part in parts for own in part.back] == list(back)
    assert max(len(dumps(part)) for part in parts) <= 6 << 20


# ------------------------------------------------------------------------------------------------------------------ bags


@pytest.fixture
def returned(node, peer, officers, at, tmp_path):
    """A bag that Viet Nam disclosed, and that waits to be collected: (its file, its digest, the job)."""
    data, about = sealed(node, peer, at)
    job = disclosed(node, peer, at, accepted(node, peer, officers, at), data, **about)
    path = tmp_path / "bag"
    path.write_bytes(data)
    return path, sha(data), job


def shelved(node, digest):
    """What lies on the shelf under this digest, and what the tables say."""
    row, job = models.Container.objects.get(pk=digest), models.Job.objects.get(kind="collect", about=digest)
    path = node.shelf / f"{digest}.asice"
    return path.read_bytes() if path.exists() else b"", row.complete, job.status


@pytest.mark.parametrize("before", ["nothing", "some of it by line", "a failed job", "hidden garbage"])
def test_a_bag_by_stick(before, node, peer, returned, at, tmp_path):
    """It lies on the shelf as if it had been collected, whatever the line had brought of it; a second time it is known."""
    path, digest, job = returned
    if before == "some of it by line":
        evidence.collecting(node, job)[1].write_bytes(path.read_bytes()[:1000])
    elif before == "a failed job":
        evidence.failed(job, NotPossible("x", code="peer.unknown"))
    elif before == "hidden garbage":
        evidence.collecting(node, job)[1].write_bytes(b"another thing")
    made = packed(peer, tmp_path / "p", at, bags={digest: path})
    taken = parcels.take(node, made, at=at, answer=tmp_path / "a")
    assert (taken.bags, taken.clean, taken.answered.answers) == ({digest: "new"}, True, 0)
    assert shelved(node, digest) == (path.read_bytes(), True, "done")
    assert [found.name for found in node.shelf.iterdir()] == [f"{digest}.asice"]
    (node.shelf / f"{digest}.asice").write_bytes(b"ours")
    assert parcels.take(node, made, at=at).bags == {digest: "known"}
    assert (node.shelf / f"{digest}.asice").read_bytes() == b"ours"


def test_a_bag_that_nobody_announced_is_left(node, peer, returned, at, tmp_path):
    """Also one of another State, and one of another length; the parcel's other contents are taken in."""
    path, digest, _ = returned
    (tmp_path / "other").write_bytes(b"other")
    other = sha(b"other")
    models.Container.objects.filter(pk=digest).update(size=5)
    bags = {digest: path, other: tmp_path / "other"}
    made = packed(peer, tmp_path / "p", at, offers=[Offer(tuple(items(peer, first=9)))], bags=bags)
    taken = parcels.take(node, made, at=at)
    assert taken.bags == {digest: "parcel.unannounced", other: "parcel.unannounced"}
    assert (taken.envelopes, taken.clean) == ({"new": 1}, False)
    assert list(node.shelf.iterdir()) == []


def test_a_full_disk_leaves_the_bag_to_be_brought_again(node, peer, returned, at, tmp_path, monkeypatch):
    """There is no room: the job waits, nothing is left behind, and the next time it is taken in."""
    path, digest, _ = returned
    made = packed(peer, tmp_path / "p", at, bags={digest: path})
    with monkeypatch.context() as full:
        full.setattr(evidence.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
        assert parcels.take(node, made, at=at).bags == {digest: "collect.room"}
    assert shelved(node, digest) == (b"", False, "waiting")
    assert parcels.take(node, made, at=at).bags == {digest: "new"}


def test_the_running_courier_was_first(node, peer, returned, at, tmp_path, monkeypatch):
    """While the bag is put on the shelf, the line brings it too: it lies there once, and nobody complains."""
    path, digest, _ = returned
    real = evidence.collected

    def collected(given, same):
        real(given, same)
        real(given, same)

    monkeypatch.setattr(evidence, "collected", collected)
    assert parcels.take(node, packed(peer, tmp_path / "p", at, bags={digest: path}), at=at).bags == {digest: "new"}
    assert shelved(node, digest) == (path.read_bytes(), True, "done")


def test_our_own_bags_go_on_request(node, peer, returned, at, tmp_path):
    """Those of a case that is named, byte for byte; one that changed on the shelf is not sent, and no file is left."""
    path, digest, _ = returned
    row = models.Container.objects.get(pk=digest)
    assert code(parcels.pack, node, "VN", tmp_path / "p", at=at, cases=[row.case_id]) == "parcel.no-bag"
    models.Container.objects.filter(pk=digest).update(outgoing=True, complete=True)
    (node.shelf / f"{digest}.asice").write_bytes(path.read_bytes())
    found = parcels.pack(node, "VN", tmp_path / "p", at=at, cases=[row.case_id])
    assert found.bags == ((row.case_id, path.stat().st_size),)
    with parcel.Parcel(tmp_path / "p", home="VN") as made:
        assert b"".join(made.bag(digest)) == path.read_bytes()
    (node.shelf / f"{digest}.asice").write_bytes(b"changed")
    assert code(parcels.pack, node, "VN", tmp_path / "q", at=at, cases=[row.case_id]) == "parcel.bag"
    assert not (tmp_path / "q").exists()


# --------------------------------------------------------------------------------------------------- two nodes, no line


class Stick(story.Stage):
    """A stage whose nodes reach each other by one stick only: while somebody waits, it goes to and fro."""

    def begin(self, folder) -> None:
        """Nothing is on the stick."""
        self.folder, self.printed, self.hops, self.waiting = folder, [], 0, None

    def hop(self) -> None:
        """What is on the stick is taken in, and the answer goes onto it; if nothing is, whatever waits anywhere is packed."""
        self.hops += 1
        made = self.folder / f"{self.hops}.parcel"
        if self.waiting is None:
            state = next((one for one in ("IR", "VN") if self.comity("out", one, self.other(one), made)), "")
            self.waiting = (self.other(state), made) if state else None
        else:
            state, parcel_file = self.waiting
            self.comity("in", state, parcel_file, "--answer", made)
            self.waiting = (self.other(state), made) if made.exists() else None

    @staticmethod
    def other(state) -> str:
        """The State at the other end."""
        return {"IR": "VN", "VN": "IR"}[state]

    def comity(self, verb, state, *given) -> bool:
        """`comity parcel` at a node, the first time from the command line itself; whether it ended with 0."""
        command = ["parcel", verb, self.nodes[state].home, *given]
        if self.printed:
            done = warm.node(*command)
        else:
            program = [sys.executable, "-c", "from comity.cli import main; main()", *map(str, command)]
            done = subprocess.run(program, capture_output=True, text=True, check=False)
        assert (done.returncode in (0, 1), done.stderr) == (True, "")
        self.printed.append(done.stdout)
        return done.returncode == 0

    def until(self, what, look, status=None):
        """Look; while there is nothing that comes from the other State, the stick goes round."""
        for _ in range(400):
            with suppress(Unreachable):
                if found := look():
                    return found
            assert all(node.alive() for node in self.nodes.values())
            if "collected" in what:
                self.comity("out", "VN", "IR", self.folder / "bags", "--evidence", self.reference)
                self.comity("in", "IR", self.folder / "bags")
            elif re.search("arrives|announced|both sides|settled", what):
                self.hop()
            else:
                subprocess.run(["sleep", "0.2"], check=True)
        raise AssertionError(what)


@pytest.fixture
def stick(tmp_path):
    """Iran and Viet Nam, each listening where the other does not look for it."""
    iran, viet_nam, _ = cast.three_states()
    pair = [replace(node, witnesses=()) for node in (iran, viet_nam)]
    nodes.make_all(pair, tmp_path)
    for node in pair:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        file = node.home / "node.toml"
        file.write_text(file.read_text().replace(node.peers, f"https://127.0.0.1:{port}"))
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    (delivery / "1.eml").write_bytes(os.urandom(3 << 20))
    nodes.place_delivery(pair[1], delivery, cast.DELIVERY)
    stage = Stick(Console(quiet=True), {node.state: node for node in pair})
    stage.begin(tmp_path)
    with story._running(stage):
        yield stage


def test_a_request_lives_by_parcels_alone(stick):
    """Two nodes that never have a line: from the first greeting over the evidence to the close on both sides."""

    def here(state, question):
        return beside(stick.nodes[state].home, question)[0][0]

    settled = "select count(*) from node_talk where settled"
    desk = stick.officer("rahimi")
    stick.reference = stick.until("the nodes answer", lambda: desk.proposed_reference("stored-data"))
    stick.until("both are settled", lambda: here("IR", settled) and here("VN", settled))
    story._send(stick, stick.reference, "stored-data", cast.STORED_DATA | cast.PERIOD, "the request")
    story._step(stick, "tran", stick.reference, "assess", "assesses it", kind="assessed")
    decided = {"conditions": f"{cast.CONDITION}\n{cast.ADDED_CONDITION}", "reasons": "Complete."}
    story._step(stick, "tran", stick.reference, "accept", "accepts it", decided, kind="accepted")
    story._arrives(stick, "karimi", stick.reference, "accepted", "the decision arrives")
    story._step(stick, "karimi", stick.reference, "agree", "agrees", {"conditions": ["0", "1"]}, kind="agreed")
    story._knows(stick, "tran", stick.reference, "agreed", "the agreement arrives")
    story._execution(stick, stick.reference)
    story._close(stick, stick.reference)
    unread = "select count(*) from node_departure where stage not in ('handover', 'done')"
    stick.until("everything is settled", lambda: here("IR", unread) + here("VN", unread) == 0)
    assert here("IR", "select count(*) from node_arrival where status <> 'admitted'") == 0
    assert here("VN", "select count(*) from node_arrival where status <> 'admitted'") == 0
    log = stick.nodes["IR"].log.read_text() + stick.nodes["VN"].log.read_text()
    assert "Traceback" not in log
