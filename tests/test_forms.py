"""Nodes of neighbouring versions exchange: each is spoken to in a form that it reads, and the older form gives nothing away."""

import os
import ssl
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx2
import postgres
import pytest
import typer
from answering import items
from django.db import connection
from django.test.utils import CaptureQueriesContext
from frozen import OPENER, TRUST, bytes_of
from hypothesis import given, settings
from hypothesis import strategies as st
from old import OldNode
from peer import request
from refusing import code
from second import plain, talk

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.errors import BrokenSeal, Unreachable
from comity.node import models
from comity.node.courier import errands
from comity.node.desk import _record, crossing, parcels
from comity.node.management import parcels as commands
from comity.seal import canon, envelope
from comity.seal.envelope import Pair, Signed
from comity.wire import conversation as conversation_module
from comity.wire import exchange, messages, parcel
from comity.wire.exchange import Answer, Have, Item, Offer, Outcome, Own
from comity.wire.remembered import Stage

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

# ------------------------------------------------------------------------------------------------------------- the forms

digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
pairs = st.builds(Pair, st.binary(max_size=64).map(canon.b64), st.binary(max_size=99).map(canon.b64))
words = st.builds(lambda told, pair: Signed(b'{"ed25519":"","mldsa65":"","x":"%d"}' % told, pair), st.integers(), pairs)
found = st.builds(
    Item, st.integers(1, 2**53 - 1), st.binary(max_size=300), st.lists(digests, max_size=3).map(tuple),
    st.lists(words, max_size=2).map(tuple),
)  # fmt: skip
gaps = st.lists(st.integers(1, 99), max_size=3).map(tuple)
haves = st.none() | st.builds(Have, st.integers(0, 99), gaps, st.integers(0, 99), gaps)
offers = st.builds(
    Offer, st.lists(found.map(lambda item: replace(item, evidence=())), max_size=3).map(tuple),
    st.lists(digests, max_size=3).map(tuple), haves,
)  # fmt: skip
outcomes = st.builds(Outcome, digests, st.none() | words, st.text(max_size=20))
answers = st.builds(
    Answer, st.lists(outcomes, max_size=3).map(tuple), st.lists(words, max_size=3).map(tuple),
    st.lists(digests, max_size=3).map(tuple), st.lists(found, max_size=2).map(tuple),
    st.lists(st.builds(Own, found, st.binary(max_size=99)), max_size=2).map(tuple),
)  # fmt: skip


@settings(deadline=None)
@given(offers, answers)
def test_both_forms_say_the_same(offer, answer):
    """What is said in one form and read is what is said in the other and read: nothing is stripped."""
    for form in exchange.FORMS:
        sent, back = exchange.dumps(offer, form), exchange.dumps(answer, form)
        assert (exchange.read_offer(sent), exchange.read_answer(back)) == (offer, answer)
        assert (exchange.form_of(sent), exchange.form_of(back)) == (form, form)
        assert exchange.dumps(exchange.read_offer(sent), form) == sent
    assert canon.loads(exchange.dumps(offer, 1), limit=1 << 20).keys() == {"items", "ask", "have"}


ITEM = {"after": [], "envelope": "YWJj", "evidence": [], "number": 1}
SAID = {"ask": [], "have": None, "items": [ITEM]}
FIRST = {
    "a length in place of base64": ({"items": [ITEM | {"envelope": 3}]}, "canon.base64"),
    "an envelope beyond its limit": ({"items": [ITEM | {"envelope": canon.b64(bytes((1 << 20) + 1))}]}, "canon.too-long"),
    "unused bits": ({"items": [ITEM | {"envelope": "YWJjZB=="}]}, "canon.base64"),
    "base64 with line feeds": ({"items": [ITEM | {"envelope": "YW\nJj"}]}, "canon.base64"),
    "base64 for addresses": ({"items": [ITEM | {"envelope": "YW-_"}]}, "canon.base64"),
    "a list of bytes": ({"items": [ITEM | {"envelope": ["YWJj"]}]}, "canon.base64"),
    "257 items": ({"items": [ITEM] * 257}, "exchange.form"),
    "number 0": ({"items": [ITEM | {"number": 0}]}, "exchange.form"),
    "17 to stand on": ({"items": [ITEM | {"after": ["ab" * 32] * 17}]}, "exchange.form"),
    "more values than are looked at": ({"ask": ["ab" * 32] * 32_768}, "canon.too-long"),
    "a field too many": ({"form": 1}, "canon.fields"),
    "too long": ({"items": [ITEM | {"envelope": "A" * (6 << 20)}]}, "canon.too-long"),
}  # fmt: skip


@pytest.mark.parametrize("title", FIRST)
def test_the_limits_of_the_first_form_are_those_of_the_second(title):
    """It is as bounded, and as strict, as what stands behind a head."""
    changed, expected = FIRST[title]
    with pytest.raises(BrokenSeal) as caught:
        exchange.read_offer(canon.dumps(SAID | changed))
    assert caught.value.code == expected
    assert exchange.read_offer(canon.dumps(SAID)).items[0].envelope == b"abc"


def test_what_is_too_much_is_refused_before_it_is_parsed(monkeypatch):
    """In the first form too: the bytes are counted, and the values, before a value is made of them."""
    monkeypatch.setattr(canon.orjson, "loads", lambda data: pytest.fail("parsed"))
    for data in (b"[" * 40_000, b'{"ask":' + b" " * (6 << 20)):
        with pytest.raises(BrokenSeal) as caught:
            exchange.read_offer(data)
        assert caught.value.code == "canon.too-long"
    with pytest.raises(BrokenSeal) as caught:
        envelope.commitment(b'{"comity":"comity/v1/envelope",' + b"[" * 9)
    assert caught.value.code == "canon.too-long"


def test_a_word_has_the_same_end_in_the_first_form():
    """64 KiB without its signatures; and a signature is no longer than one."""
    bare = b'{"ed25519":"","mldsa65":"","x":"%b"}'
    for size, right in ((1 << 16, True), ((1 << 16) + 1, False)):
        word = Signed(bare % (b"x" * (size - len(bare) + 2)), Pair("AAAA", "AAAA"))
        data = exchange.dumps(Answer(evidence=(word,)), 1)
        assert code(exchange.read_answer, data) == ("" if right else "canon.too-long")
    long = exchange.dumps(Answer(evidence=(Signed(bare % b"", Pair(canon.b64(bytes(65)), "AAAA")),)), 1)
    assert code(exchange.read_answer, long) == "exchange.form"


def unsealed(data: bytes) -> str:
    """The code with which Viet Nam's node refuses an envelope; empty: it opens."""
    given_ = {"home": "VN", "keys": [OPENER], "trust": TRUST, "kinds": {"act"}, "at": AT}
    return code(envelope.unseal, data, **given_)


def test_an_envelope_in_the_clothes_of_the_other_form_does_not_open():
    """The form stands under the seal: who rewrites an envelope into an older one has none left. Both are checked alike."""
    for form, other in ((1, 2), (2, 1)):
        sealed = envelope.seal(bytes_of("statement"), to="VN", key=OPENER.public, form=form)
        assert (unsealed(sealed), envelope.form_of(sealed)) == ("", form)
        outside = envelope._outside(sealed)
        head = {"comity": f"comity/v{other}/envelope", "key": outside.key, "statement": outside.statement, "to": "VN"}
        changed = (
            canon.dumps(head | {"sealed": canon.b64(outside.sealed)})
            if other == 1
            else canon.framed(head | {"sealed": len(outside.sealed)}, outside.sealed)
        )
        assert envelope.form_of(changed) == other
        assert unsealed(changed) == "seal.open"
    for half in ("ed25519", "mldsa65"):
        stripped = canon.dumps(canon.loads(bytes_of("statement"), limit=1 << 20) | {half: ""})
        for form in exchange.FORMS:
            assert unsealed(envelope.seal(stripped, to="VN", key=OPENER.public, form=form)).startswith(
                ("seal.", "canon.")
            )


SAID_FORMS = {
    "both": ({"comity": "forms/1", "reads": [1, 2]}, 2),
    "the first": ({"comity": "forms/1", "reads": [1]}, 1),
    "the second": ({"comity": "forms/1", "reads": [2]}, 2),
    "newer ones too": ({"comity": "forms/1", "reads": [9, 2, 3]}, 2),
    "newer ones alone": ({"comity": "forms/1", "reads": [3, 4]}, "exchange.no-form"),
    "none": ({"comity": "forms/1", "reads": []}, "exchange.no-form"),
    "a form that is no number": ({"comity": "forms/1", "reads": [True]}, "exchange.form"),
    "form 0": ({"comity": "forms/1", "reads": [0, 1]}, "exchange.form"),
    "words": ({"comity": "forms/1", "reads": ["1"]}, "exchange.form"),
    "as many as there may be": ({"comity": "forms/1", "reads": list(range(1, 65))}, 2),
    "as many as there may be, none of them known": (
        {"comity": "forms/1", "reads": list(range(3, 67))},
        "exchange.no-form",
    ),
    "too many": ({"comity": "forms/1", "reads": [1] * 65}, "exchange.form"),
    "another word": ({"comity": "forms/2", "reads": [1]}, "exchange.form"),
    "no list": ({"comity": "forms/1", "reads": {"1": 1}}, "exchange.form"),
    "a field too many": ({"comity": "forms/1", "reads": [1], "x": 1}, "exchange.form"),
}


@pytest.mark.parametrize("title", SAID_FORMS)
def test_what_a_node_says_of_its_forms(title):
    """The newest that both read; what is no such word is refused by its name."""
    said, expected = SAID_FORMS[title]
    if isinstance(expected, str):
        assert code(exchange.common_form, canon.dumps(said)) == expected
    else:
        assert exchange.common_form(canon.dumps(said)) == expected
        assert talk.forms(canon.dumps(said)) == said["reads"]
    assert talk.forms(exchange.tell_forms()) == list(exchange.FORMS)


# ---------------------------------------------------------------------------------------------------- asking and noting


class Door:
    """A peer's door in this process, which the courier's errands go to; it can be upgraded and set back.

    Args:
        reads: the forms of offers that it takes.
        says: what stands at /forms; None: nothing.
    """

    def __init__(self, node, monkeypatch, reads, says) -> None:
        self.reads, self.says, self.asked, self.offers, self.bodies = reads, says, [], [], []
        self.clock = 1000.0
        line = SimpleNamespace(post=self.post, get=self.get, get_if_any=self.forms)
        monkeypatch.setattr(errands, "line_to", lambda *_: line)
        monkeypatch.setattr(errands, "time", SimpleNamespace(monotonic=lambda: self.clock))
        self.errands = errands.Errands(node, "VN")

    def get(self, path, **_):
        """Nothing else stands here."""
        raise Unreachable("nothing here", code="wire.status")

    def forms(self, path, **_):
        """What stands at /forms."""
        self.asked.append(path)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def post(self, path, body, **_):
        """An offer, if it is of a form that is read here."""
        form = exchange.form_of(body)
        self.asked.append((path, form))
        if form not in self.reads:
            return 422, canon.dumps({"code": "canon.json", "reason": "This is not JSON in UTF-8."})
        offer = exchange.read_offer(body)
        self.offers.append(offer)
        self.bodies.append(body)
        return 200, exchange.dumps(Answer(tuple(Outcome(item.digest, later="x") for item in offer.items)), form)

    def goes(self, times=1, seconds=60.0):
        """Exchange, so often, with a pause before each."""
        for _ in range(times):
            self.clock += seconds
            models.Departure.objects.update(next_at=0)
            self.errands._talk._next_at = 0.0
            self.errands._converse()

    def looks(self):
        """A day later, which forms are read here?"""
        self.clock += 24 * 3600
        self.errands._look_at_forms()

    @property
    def brought(self):
        """Digests of the last offer that had any."""
        return [item.digest for item in next((one for one in reversed(self.offers) if one.items), Offer()).items]


def says(*forms) -> bytes:
    """What stands at /forms."""
    return canon.dumps({"comity": "forms/1", "reads": list(forms)})


def noted() -> int:
    """What is noted of Viet Nam's node."""
    return models.Talk.objects.get(pk="VN").form


def alarms() -> list[tuple[str, str]]:
    """What people were told."""
    return list(models.Alarm.objects.order_by("pk").values_list("code", "envelope"))


@pytest.mark.django_db(transaction=True)
def test_an_old_node_is_asked_once_and_spoken_to_in_its_form(node, peer, monkeypatch):
    """Nothing stands at /forms: it knows of the first form alone. No exchange costs one more round trip after that."""
    models.Talk.objects.update(form=0)
    door = Door(node, monkeypatch, {1}, None)
    door.goes(5)
    assert door.asked == ["/forms", *[("/exchange", 1)] * len(door.offers)]
    assert (noted(), len(door.offers) > 0) == (1, True)
    again = Door(node, monkeypatch, {1}, None)  # the process is started anew
    again.goes()
    assert set(again.asked) == {("/exchange", 1)}


@pytest.mark.django_db(transaction=True)
def test_what_is_sealed_is_of_the_form_that_the_peer_reads(node, sent, officers, at):
    """Until it has said that it reads the second one, all that goes to it is of the first."""
    assert {
        envelope.form_of(bytes(row.data)) for row in models.Kept.objects.all() if b"/envelope" in row.data[:40]
    } == {2}
    for form, expected in ((0, 1), (1, 1), (2, 2)):
        models.Talk.objects.filter(pk="VN").update(form=form)
        statement = envelope.sign("call", b"{}", sender="IR", to="VN", key=node.signing)
        digest = _record.post(node, statement, to="VN", at=at)
        data = bytes(models.Kept.objects.get(pk=digest).data)
        assert envelope.form_of(data) == expected
        assert envelope.opened(data, home="VN", keys=[sent["VN"][1].opening]) == statement


@pytest.mark.django_db(transaction=True)
def test_a_peer_that_was_upgraded_or_set_back_is_asked_again_and_nothing_is_counted(node, sent, monkeypatch):
    """A refusal of the form is none of the envelopes: they wait as if the peer had been silent, and go in the other form."""
    row, _ = sent["VN"]
    sealed_first(row)
    door = Door(node, monkeypatch, {1}, None)
    models.Talk.objects.filter(pk="VN").update(form=1)
    for reads, word, form in (({2}, says(2, 3), 2), ({1}, None, 1)):
        door.goes(2)
        row.refresh_from_db()
        before, door.reads, door.says, door.asked, door.offers = row.attempts, reads, word, [], []
        door.goes()
        assert door.asked == [("/exchange", 3 - form), "/forms"]
        row.refresh_from_db()
        assert (noted(), row.stage, row.attempts) == (form, Stage.RELAY, before)
        door.goes()
        assert (door.brought, exchange.form_of(door.bodies[-1])) == ([row.digest], form)


def sealed_first(row) -> None:
    """Let an envelope of ours have been sealed in the first form."""
    outside = envelope._outside(bytes(models.Kept.objects.get(pk=row.digest).data))
    head = {"comity": "comity/v1/envelope", "key": outside.key, "statement": outside.statement, "to": row.peer,
            "sealed": canon.b64(outside.sealed)}  # fmt: skip
    data = canon.dumps(head)
    models.Kept.objects.create(digest=canon.content_id(data), data=data)
    models.Departure.objects.filter(pk=row.pk).update(digest=canon.content_id(data))
    row.digest = canon.content_id(data)


@pytest.mark.django_db(transaction=True)
def test_what_was_sealed_in_a_form_that_is_not_read_any_more_waits_and_is_told(node, sent, officers, at, monkeypatch):
    """The peer was set back: the newer envelope is not lost and not refused for good; a person is told once. It goes later."""
    row, _ = sent["VN"]
    door = Door(node, monkeypatch, {1}, None)
    door.goes(3)
    statement = envelope.sign("call", b"{}", sender="IR", to="VN", key=node.signing)
    later = _record.post(node, statement, to="VN", at=at)
    door.goes(4)
    assert (noted(), door.brought) == (1, [later])
    assert alarms() == [("conversation.older-form", "")]
    row.refresh_from_db()
    assert (row.stage, row.trouble, row.attempts) == (Stage.RELAY, "conversation.older-form", 0)
    assert not any(row.digest == item.digest for offer in door.offers for item in offer.items)
    door.reads, door.says = {1, 2}, says(1, 2)
    door.looks()
    door.goes(2)
    assert noted() == 2
    assert set(door.brought) == {row.digest, later}
    assert len(alarms()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("word", "told"),
    [(says(3, 4), "exchange.no-form"), (b"?", "exchange.form"), (Unreachable("429", code="wire.status"), "")],
)
def test_nothing_goes_to_the_dead_letters_for_its_form(node, sent, monkeypatch, word, told):
    """A peer that reads none of ours, or does not say what it reads, and refuses each offer: all waits until it says so."""
    row, _ = sent["VN"]
    door = Door(node, monkeypatch, {3}, word)
    door.goes(40, seconds=30.0)
    row.refresh_from_db()
    assert (row.stage, row.attempts) == (Stage.RELAY, 0)
    assert {code for code, _ in alarms()} - {told} == set()
    assert len(alarms()) == bool(told)
    if told == "exchange.no-form":
        assert (noted(), [one for one in door.asked if one != "/forms"]) == (0, [("/exchange", 2)])
    door.reads, door.says = {1, 2}, says(1, 2)
    door.goes(2)
    assert (noted(), door.brought) == (2, [row.digest])


@pytest.mark.django_db(transaction=True)
def test_a_peer_that_was_set_back_gets_back_what_it_can_read(node, sent, at):
    """Its older memory lacks a letter that it had acknowledged in the newer form: it would refuse that for good now."""
    statement = envelope.sign("call", b"{}", sender="IR", to="VN", key=node.signing)
    models.Talk.objects.filter(pk="VN").update(form=1)
    _record.post(node, statement, to="VN", at=at)
    models.Departure.objects.update(relayed=True, stage=Stage.CONSIGNMENT)
    for noted_form, form, numbers in ((1, 1, [2]), (2, 2, [1, 2]), (1, 2, [1, 2]), (2, 1, [2]), (1, 0, [2])):
        models.Talk.objects.filter(pk="VN").update(form=noted_form)
        talk = crossing.conversation(node, "VN")
        answer = crossing.exchange(node, talk, Offer(have=Have(0, (), 0, ())), at=at, form=form)
        assert [item.number for item in answer.items] == numbers  # by the form of the greeting, not by what was noted
    models.Talk.objects.filter(pk="VN").update(form=2)
    crossing.exchange(node, crossing.conversation(node, "VN"), Offer((items(sent["VN"][1], 1)[0],)), at=at, form=2)
    crossing.admit(node, "VN", at=at)
    assert alarms() == []
    models.Talk.objects.filter(pk="VN").update(form=1)
    talk = crossing.conversation(node, "VN")
    for _ in range(3):  # its own are given back in whatever form: it stays silent until it can read them
        answer = crossing.exchange(node, talk, Offer(have=Have(0, (), 0, ())), at=at, form=1)
        assert [envelope.form_of(own.item.envelope) for own in answer.back] == [2]
    assert alarms() == [("conversation.older-form", "")]


@pytest.mark.django_db(transaction=True)
def test_what_is_not_read_does_not_hide_what_stands_behind_it(node, sent, at):
    """More than one answer holds is in the newer form; what was sealed in the older one after that comes back all the same."""
    statement = envelope.sign("call", b"{}", sender="IR", to="VN", key=node.signing)
    for form, many in ((2, 300), (1, 2)):
        models.Talk.objects.filter(pk="VN").update(form=form)
        _record.post_all(node, [statement] * many, to="VN", at=at)
    models.Departure.objects.update(relayed=True, stage=Stage.CONSIGNMENT)
    answer = crossing.conversation(node, "VN").receive(Offer(have=Have(0, (), 0, ())), at.timestamp(), 1)
    assert [item.number for item in answer.items] == [302, 303]


@pytest.mark.django_db(transaction=True)
def test_a_peer_that_says_something_else_each_minute_costs_itself_alone(node, sent, officers, at, monkeypatch):
    """It refuses whatever form it is spoken to in, and says the other: it is asked at most every twenty seconds."""
    row, _ = sent["VN"]
    sealed_first(row)
    door = Door(node, monkeypatch, {1, 2}, says(1, 2))
    door.goes()
    door.reads, door.offers = set(), []
    for turn in range(120):
        door.says = says(2) if turn % 2 else None
        door.goes(1, seconds=5.0)
    assert door.asked.count("/forms") <= 120 * 5 / errands._RENEW_SOON + 1
    assert door.offers == []
    row.refresh_from_db()
    assert (row.stage, row.relayed) == (Stage.DEAD, False)  # refused alone so often: a person sees it, and releases it
    assert models.Talk.objects.get(pk="QA").form == 2
    door.reads, door.says = {1, 2}, says(1, 2)
    door.looks()
    crossing.release(node, row.digest, officer=officers.approver, at=at)
    door.goes(3)
    assert door.brought == [row.digest]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "lie", [b"", b"[" * 4000, b"\xff", says(1, 2) + b"\n", b'{"reads":[1],"reads":[2]}', says(0), says()]
)
def test_a_lie_about_forms_changes_nothing(lie, node, sent, monkeypatch):
    """What is no word of forms is not taken for the first form: nothing goes, and a person is told once a day."""
    door = Door(node, monkeypatch, {1, 2}, lie)
    models.Talk.objects.filter(pk="VN").update(form=0)
    door.goes(3)
    assert door.offers == []
    assert noted() == 0
    assert len(alarms()) == 1
    assert alarms()[0][0] == ("exchange.no-form" if lie == says() else "exchange.form")
    models.Talk.objects.filter(pk="VN").update(form=2)
    door.looks()
    assert noted() == (0 if lie == says() else 2)
    door.goes()
    assert bool(door.offers) == (lie != says())


@pytest.mark.django_db(transaction=True)
def test_who_is_away_says_nothing_of_forms(node, sent, monkeypatch):
    """No answer, and one of a proxy whose node is away, are not the 404 of an old node: nothing is noted, no form goes down."""
    door = Door(node, monkeypatch, {1, 2}, Unreachable("away", code="wire.status"))
    models.Talk.objects.filter(pk="VN").update(form=0)
    door.goes(2)
    assert (noted(), door.offers, alarms()) == (0, [], [])
    models.Talk.objects.filter(pk="VN").update(form=2)
    door.looks()
    assert noted() == 2


@pytest.mark.django_db(transaction=True)
def test_who_offers_in_a_form_reads_it(node, peer, at):
    """An offer in a newer form than noted shows that the peer was upgraded; one in an older form takes nothing back."""
    one, two, three = items(peer, 3)
    conversation = crossing.conversation(node, "VN")
    for before, form, after in ((1, 2, 2), (2, 1, 2), (0, 1, 0), (0, 2, 2)):
        models.Talk.objects.filter(pk="VN").update(form=before)
        crossing.exchange(node, conversation, Offer((one,)), at=at, form=form, line=True)
        assert noted() == after
    counts = []
    for form, item in ((0, two), (2, three)):
        with CaptureQueriesContext(connection) as asked_:
            crossing.exchange(node, conversation, Offer((item,)), at=at, form=form, line=True)
        counts.append(len(asked_))
    assert counts[0] == counts[1]  # nothing more is asked of the database for it


def test_the_largest_offer_fits_in_the_first_form():
    """As many envelopes, bytes, digests and gaps as there may be: in base64 too it is one that both sides take."""
    size, after = (
        conversation_module._BATCH_BYTES // exchange.BATCH,
        tuple(f"{place:064x}" for place in range(exchange.AFTER)),
    )
    most = tuple(Item(2**53 - 1, bytes(size), after) for _ in range(exchange.BATCH))
    gaps_ = tuple(range(1, exchange.GAPS + 1))
    offer = Offer(most, ("ab" * 32,) * exchange.ASKED, Have(2**53 - 1, gaps_, 2**53 - 1, gaps_))
    data = exchange.dumps(offer, 1)
    assert len(data) <= exchange.BODY_LIMIT
    assert exchange.read_offer(data) == offer


# --------------------------------------------------------------------------------------------------------------- parcels


def taken(path):
    """(form, offers, answers) of a parcel for Viet Nam."""
    with parcel.Parcel(path, home="VN") as found_:
        return found_.head.form, list(found_.offers()), list(found_.answers())


@pytest.mark.django_db
def test_a_parcel_is_of_the_form_that_its_addressee_reads(node, sent, at, tmp_path):
    """As far as that is known; what it cannot read waits, and so does what stands on it."""
    row, _ = sent["VN"]
    parcels.pack(node, "VN", tmp_path / "2", at=at)
    form, offers_, _ = taken(tmp_path / "2")
    assert (form, [item.digest for item in offers_[0].items]) == (2, [row.digest])
    for known in (0, 1):
        models.Talk.objects.filter(pk="VN").update(form=known)
        packed = parcels.pack(node, "VN", tmp_path / f"none-{known}", at=at)
        assert (packed.empty, packed.unread, (tmp_path / f"none-{known}").exists()) == (True, 1, False)
    statement = envelope.sign("call", b"{}", sender="IR", to="VN", key=node.signing)
    after = _record.post(node, statement, to="VN", at=at, after=(row.digest,))
    free = _record.post(node, statement, to="VN", at=at)
    packed = parcels.pack(node, "VN", tmp_path / "1", at=at)
    assert (packed.empty, packed.unread, packed.envelopes) == (False, 2, {"": 1})
    form, offers_, _ = taken(tmp_path / "1")
    assert (form, [item.digest for item in offers_[0].items]) == (1, [free])
    assert after not in [item.digest for item in offers_[0].items]


def written(peer, path, at, form, said, names=None):
    """A parcel of the peer's with one offer, in bytes of one's own."""
    with pytest.MonkeyPatch.context() as patch:
        if names:
            patch.setattr(parcel, "WRITTEN", dict.fromkeys(exchange.FORMS, exchange.Form("", names)))
        (path.parent / f"{path.name}.offer").write_bytes(said)
        parcel.write(path, parcel.Head("VN", "IR", at, form=form), answers=[], offers=[path.parent / f"{path.name}.offer"],
                     bags={}, signing=peer.signing, cades=peer.cades)  # fmt: skip
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("known", [0, 1, 2])
def test_both_forms_of_a_parcel_are_taken_in(known, node, peer, at, tmp_path):
    """What a parcel says of itself is noted only where nothing is known: it may be years old."""
    one, two = items(peer, 2)
    models.Talk.objects.filter(pk="VN").update(form=known)
    for form, item, after in ((1, one, known), (2, two, known or 2)):
        path = written(peer, tmp_path / f"{form}", at, form, exchange.dumps(Offer((item,)), form))
        got = parcels.take(node, path, at=at, answer=tmp_path / f"answer-{form}")
        assert (got.envelopes, got.clean) == ({"new": 1}, True)
        assert noted() == after
        assert taken(tmp_path / f"answer-{form}")[0] == form


@pytest.mark.django_db
def test_a_parcel_is_answered_in_its_own_form_whatever_is_noted(node, sent, at, tmp_path):
    """By courier alone nothing else shows what the peer reads: it can read the answer, and no newer letter lies in it."""
    row, peer = sent["VN"]
    one, two = items(peer, 2)
    models.Talk.objects.filter(pk="VN").update(form=2)  # and it was set back since
    got = parcels.take(
        node, written(peer, tmp_path / "1", at, 1, exchange.dumps(Offer((one,)), 1)), at=at, answer=tmp_path / "a1"
    )
    form, offers_, answers_ = taken(tmp_path / "a1")
    assert (form, len(answers_) > 0, [offer.items for offer in offers_ if offer.items]) == (1, True, [])
    assert (got.answered.unread, noted()) == (1, 2)
    models.Talk.objects.filter(pk="VN").update(form=1)  # and it was upgraded since
    got = parcels.take(
        node, written(peer, tmp_path / "2", at, 2, exchange.dumps(Offer((two,)), 2)), at=at, answer=tmp_path / "a2"
    )
    form, offers_, _ = taken(tmp_path / "a2")
    assert (form, [item.digest for offer in offers_ for item in offer.items]) == (2, [row.digest])
    assert (got.answered.unread, noted()) == (0, 1)  # the parcel may be years old: it is no word about others


@pytest.mark.django_db
def test_what_waited_for_a_form_is_looked_at_again_when_a_parcel_shows_it(node, sent, at, tmp_path):
    """Where nothing else is known any more, a parcel of the form does as much as the line."""
    row, peer = sent["VN"]
    for known, next_at in ((0, 0), (1, 9e9)):
        models.Talk.objects.filter(pk="VN").update(form=known)
        models.Departure.objects.filter(pk=row.pk).update(trouble="conversation.older-form", next_at=9e9)
        path = written(peer, tmp_path / f"{known}", at, 2, exchange.dumps(Offer(ask=("ab" * 32,)), 2))
        parcels.take(node, path, at=at)
        row.refresh_from_db()
        assert (noted(), row.next_at) == (known or 2, next_at)


@pytest.mark.django_db
def test_what_waits_for_the_sake_of_a_form_is_said_by_the_command(node, sent, at, tmp_path, monkeypatch, capsys):
    """Not that nothing waits; and what a dead letter holds back is not counted among it."""
    row, _ = sent["VN"]
    monkeypatch.setattr(commands, "start", lambda home: node)
    crossing.begun(node)
    models.Talk.objects.filter(pk="VN").update(form=1)
    with pytest.raises(typer.Exit) as left:
        commands.out(node.home, "VN", tmp_path / "p")
    assert (left.value.exit_code, (tmp_path / "p").exists()) == (1, False)
    assert "stay here    1 envelopes" in capsys.readouterr().out
    models.Departure.objects.filter(pk=row.pk).update(stage=Stage.DEAD)
    statement = envelope.sign("call", b"{}", sender="IR", to="VN", key=node.signing)
    _record.post(node, statement, to="VN", at=at, after=(row.digest,))
    with pytest.raises(typer.Exit):
        commands.out(node.home, "VN", tmp_path / "p")
    assert capsys.readouterr().out == "There is nothing to carry to VN; no file was made.\n"


@pytest.mark.django_db
def test_a_parcel_of_two_forms_is_none(node, peer, at, tmp_path):
    """What it says of itself, its names and its bytes are of one form; else nothing of it is used."""
    offer = Offer((items(peer)[0],))
    first, second = exchange.dumps(offer, 1), exchange.dumps(offer, 2)
    wrong = [(1, second, None), (2, first, None), (1, first, "bin"), (2, second, "json")]
    for number, (form, said, names) in enumerate(wrong):
        path = written(peer, tmp_path / str(number), at, form, said, names)
        assert code(parcels.take, node, path, at=at) == "parcel.form"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parcel, "WRITTEN", {3: exchange.Form("", "bin")})
        path = written(peer, tmp_path / "3", at, 3, second)
    assert code(parcels.take, node, path, at=at) == "parcel.form"
    assert not models.Arrival.objects.exists()


# --------------------------------------------------------------------------------------------- two nodes, one of them old


POST = """
import os, sys
os.environ |= {"COMITY_HOME": sys.argv[1], "DJANGO_SETTINGS_MODULE": "comity.node.django_settings"}
import django
django.setup()
from datetime import UTC, datetime
from django.db import transaction
from comity.node.desk import _record
from comity.node.settings import current
from comity.seal import envelope
with transaction.atomic():
    said = envelope.sign("call", sys.argv[2].encode(), sender="IR", to="VN", key=current().signing)
    print(_record.post(current(), said, to="VN", at=datetime.now(UTC)))
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Iran's node as processes of its own, and an old node of Viet Nam's at a door of its own; each knows the other."""
    folder = tmp_path_factory.mktemp("forms")
    iran = three_states()[0]
    nodes.make_all([iran], folder)
    old = OldNode("VN", SimpleNamespace(state="IR", home=iran.home))
    with old.open(folder):
        (folder / "vn.json").write_bytes(old.peer.entry_bytes)
        mark = ("--fingerprint", old.peer.entry.fingerprint, "--by", "t")
        nodes._run("pin", str(iran.home), str(folder / "vn.json"), *mark)
        old.knows((iran.home / "entry.json").read_bytes())
        context = ssl.create_default_context(cafile=str(iran.home / "keys" / "tls.crt"))
        iran.start()
        with httpx2.Client(verify=context, base_url=iran.peers, trust_env=False, timeout=20) as client:
            yield SimpleNamespace(iran=iran, old=old, client=client)
        iran.stop()


def waits(true) -> None:
    """Until it is, at most half a minute."""
    end = time.monotonic() + 30
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    assert true()


def asked(two, question):
    """What the tables of Iran's node say."""
    return postgres.rows(two.iran.home, question)


def posts(two, payload: str) -> str:
    """Iran's node sends this; the envelope's digest."""
    given_ = [sys.executable, "-c", POST, str(two.iran.home), payload]
    done = subprocess.run(given_, capture_output=True, text=True, check=True, env=dict(os.environ))
    return done.stdout.split()[-1]


def stage(two, digest: str) -> str:
    """Where it stands."""
    return asked(two, f"select stage from node_departure where digest = '{digest}'")[0][0]


def test_a_new_node_and_an_old_one_talk_both_ways(two):
    """Greeted, offered, receipted, read and asked about over HTTPS, in the form of the old one alone."""
    old = two.old
    waits(lambda: asked(two, "select settled, form from node_talk where peer = 'VN'") in ([(1, 1)], [(True, 1)]))
    ours = posts(two, '{"number":1}')
    waits(lambda: stage(two, ours) == "handover")  # receipted, and known to be read
    assert old.said == [b'{"number":1}']
    assert set(old.forms) == {1}
    assert set(old.asked) <= {"/exchange", "/forms", "/entries", "/directory", "/figures/cases", "/proofs"}

    def statement(number):
        what = request(reference=f"VN-2026-{number:04}")
        act = old.peer.act("requested", what.reference, {"request": what.to_dict(), "letter": ""})
        return messages.sign_act(act, to="IR", key=old.peer.signing)[1]

    status, _ = old.offer(two.client, two.iran.peers, [], greets=True)
    assert status == 200
    theirs = old.seals(statement(1))
    status, body = old.offer(two.client, two.iran.peers, [theirs])
    assert (status, b"\n" in body) == (200, False)
    (receipt,), _ = old.read_answer(body)
    assert (receipt.event, receipt.envelope, receipt.by) == ("RelayAcceptance", plain.digest(theirs), "IR")
    assert old.offer(two.client, two.iran.peers, [theirs])[1] == body  # the same receipt
    waits(lambda: asked(two, "select status from node_arrival") == [("admitted",)])
    status, body = old.offer(two.client, two.iran.peers, [], ask=[plain.digest(theirs)])
    assert [word.event for word in old.read_answer(body)[1]][:1] == ["ContentConsignment"]


def test_the_old_node_is_upgraded_and_set_back_and_upgraded(two):
    """Each time the new one finds out by itself; what was sealed for the newer node waits for it, and nothing is lost."""
    old = two.old
    old.reads = [2]  # and the first one no more: what comes in it is refused
    first = posts(two, '{"number":2}')
    waits(lambda: stage(two, first) == "handover")
    assert asked(two, "select form from node_talk where peer = 'VN'") == [(2,)]
    assert old.forms[2] > 0
    old.reads = []
    time.sleep(errands._RENEW_SOON)  # it is not asked more often
    newer = posts(two, '{"number":3}')
    waits(lambda: asked(two, "select code, envelope from node_alarm") == [("conversation.older-form", "")])
    older = posts(two, '{"number":4}')
    waits(lambda: stage(two, older) == "handover")
    assert (stage(two, newer), newer in old.kept) == ("relay", False)
    assert b'{"number":3}' not in old.said
    old.reads = [1, 2]
    two.iran.stop()
    two.iran.start()  # it asks everybody when it is started
    waits(lambda: stage(two, newer) == "handover")
    assert sorted(old.said) == [b'{"number":%d}' % number for number in (1, 2, 3, 4)]
    assert "an envelope of another form" not in old.asked
    assert asked(two, "select count(*) from node_departure where stage = 'dead'") == [(0,)]


HOSTILE = {
    "a line feed behind": lambda body: body + b"\n",
    "a blank behind": lambda body: body + b" ",
    "a blank in it": lambda body: body.replace(b",", b", ", 1),
    "another key": lambda body: body.replace(b'"ask"', b'"asks"'),
    "base64 that goes on": lambda body: body.replace(b'"YWJj"', b'"YWJj===="'),
    "a length": lambda body: body.replace(b'"YWJj"', b"3"),
    "nothing": lambda body: b"",
    "a million brackets": lambda body: b"[" * 1_000_000,
}


@pytest.mark.parametrize("title", HOSTILE)
def test_the_door_is_as_strict_with_the_first_form(two, title):
    """422 with its code; nothing is kept, and the node goes on."""
    from comity.wire.transport import hop_headers

    body = HOSTILE[title](canon.dumps(SAID | {"items": [ITEM | {"number": 99}]}))
    before = asked(two, "select count(*) from node_arrival")
    peer, at = two.old.peer, datetime.now(UTC)
    headers = hop_headers("POST", two.iran.peers + "/exchange", body, state="VN", key=peer.hop, at=at)
    answer = two.client.post("/exchange", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["code"].startswith(("canon.", "exchange."))
    assert asked(two, "select count(*) from node_arrival") == before


def test_forms_are_said_to_anybody(two):
    """Unsigned, canonical, and for GET alone."""
    answer = two.client.get("/forms")
    assert (answer.status_code, talk.forms(answer.content)) == (200, [1, 2])
    assert two.client.post("/forms", content=b"{}").status_code == 405
