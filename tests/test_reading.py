"""Read together or one by one, ahead of the transaction or in it: what comes out is the same, and no fault spreads."""

import random
import sqlite3
import threading
import time
from dataclasses import replace

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from peer import Peer, request

from comity.casework.lifecycle import Kind
from comity.node import archive, courier, models
from comity.node.courier import Courier
from comity.node.courier.threads import Messenger
from comity.node.database import occupied
from comity.node.desk import _memory, _record, crossing, registry
from comity.node.peers import views
from comity.seal import canon, envelope
from comity.wire import _receiving
from comity.wire.remembered import Sent, Stage

pytestmark = pytest.mark.django_db


def letters(peer):
    """Envelopes about three cases: such as fit, and such as do not, one act in two envelopes, one in no case."""
    found = []
    for number in (1, 2, 3):
        name = f"VN-2026-000{number}"
        data, asked = peer.asks(request(reference=name))
        enquiry, said = peer.say(Kind.ENQUIRED, name, {"message": "How does it stand?"}, after=asked.id)
        withdrawal, _ = peer.say(Kind.WITHDRAWN, name, {"reasons": "r"}, after=said.id)
        stale, _ = peer.say(Kind.ENQUIRED, name, {"message": "?"}, after="0" * 64)
        found += [data, enquiry, withdrawal, stale, peer.asks(request(reference=name))[0]]
    found += [peer.say(Kind.CLOSED, "VN-2026-0009", {"note": ""})[0], b"{}"]
    return found


def outcome(node, data, at, *, together):
    """What the tables say after these have come and been read; nothing of it stays."""
    try:
        with transaction.atomic():
            for one in data:
                crossing.receive(node, one, hop="VN", at=at)
                if not together:
                    crossing.admit(node, "VN", at=at)
            crossing.admit(node, "VN", at=at)
            tables = (
                list(models.Arrival.objects.order_by("entry").values_list("digest", "status", "code", "reason", "act")),
                list(
                    models.Act.objects.order_by("case", "seq").values_list(
                        "digest", "case", "seq", "kind", "statement", "pair"
                    )
                ),
                list(models.Case.objects.order_by("pk").values_list()),
                {
                    name: archive.load(name, home="IR").stage
                    for name in models.Case.objects.values_list("pk", flat=True)
                },
            )
            raise InterfaceError
    except InterfaceError:
        return tables


@pytest.mark.parametrize("seed", range(4))
def test_together_is_as_one_by_one(node, peer, at, seed):
    """In whatever order they come: every case, act, code and reason is the same."""
    data = letters(peer)
    random.Random(seed).shuffle(data)
    alone = outcome(node, data, at, together=False)
    assert outcome(node, data, at, together=True) == alone
    assert {status for _, status, *_ in alone[0]} == {"admitted", "refused"}


def test_what_was_opened_ahead_counts_only_under_the_keys_of_now(node, peer, at):
    """A State that got other keys between opening and admitting has said nothing by the old ones."""
    crossing.receive(node, peer.asks(request())[0], hop="VN", at=at)
    talk = crossing.conversation(node, "VN")
    talk._memory.prepare(64, 1 << 20)
    talk._memory.prepare = lambda *_: None
    anew = Peer("VN", node, which=1)
    registry.pin(node, anew.entry_bytes, fingerprint=anew.entry.fingerprint, by="t", at=at, anew=True)
    talk.admit(at.timestamp())
    row = models.Arrival.objects.get()
    assert (row.status, row.code) == ("refused", "trust.unknown-key")
    assert not models.Act.objects.exists()


def test_a_defect_in_one_holds_back_no_other(node, peer, at, monkeypatch):
    """What our own code cannot take is refused as that, its bytes are kept, and its neighbours are admitted."""
    whole = _record.admitted

    def broken(settings, case, act):
        if act.case == "VN-2026-0002":
            raise LookupError(act.case)
        return whole(settings, case, act)

    monkeypatch.setattr(_record, "admitted", broken)
    for number in (1, 2, 3):
        crossing.receive(node, peer.asks(request(reference=f"VN-2026-000{number}"))[0], hop="VN", at=at)
    crossing.admit(node, "VN", at=at)
    assert [row.code for row in models.Arrival.objects.order_by("entry")] == ["", "node.defect", ""]
    assert set(models.Case.objects.values_list("pk", flat=True)) == {"VN-2026-0001", "VN-2026-0003"}


def no_table_takes(monkeypatch, case):
    """Let the database refuse the rows of this case's acts."""
    whole = _record.act_row

    def nameless(act, statement, **place):
        row, pair = whole(act, statement, **place)
        row.by = None if act.case == case else row.by
        return row, pair

    monkeypatch.setattr(_record, "act_row", nameless)


def test_what_the_tables_do_not_take_holds_back_no_other(node, peer, at, monkeypatch):
    """A row of ours that the database refuses spoils one message, not all that were to be written with it."""
    no_table_takes(monkeypatch, "VN-2026-0002")
    for number in (1, 2, 3):
        crossing.receive(node, peer.asks(request(reference=f"VN-2026-000{number}"))[0], hop="VN", at=at)
    crossing.admit(node, "VN", at=at)
    assert [row.code for row in models.Arrival.objects.order_by("entry")] == ["", "node.defect", ""]
    assert set(models.Case.objects.values_list("pk", flat=True)) == {"VN-2026-0001", "VN-2026-0003"}


def test_it_is_not_laid_at_another_s_door(node, peer, at, monkeypatch):
    """What is no act has all before it written first: if the tables do not take that, it is not this message's fault."""
    no_table_takes(monkeypatch, "VN-2026-0001")
    call = envelope.sign("call", b"{}", sender="VN", to="IR", key=peer.signing)
    letters = [peer.asks(request(reference=f"VN-2026-000{number}"))[0] for number in (1, 2)]
    letters.insert(1, envelope.seal(call, to="IR", key=peer.home_entry.open))
    for data in letters:
        crossing.receive(node, data, hop="VN", at=at)
    crossing.admit(node, "VN", at=at)
    assert [row.code for row in models.Arrival.objects.order_by("entry")] == ["node.defect", "call.form", ""]


def test_a_case_that_mentions_more_is_looked_at_again(node, peer, officers, at):
    """A supplement from the other State renews what its case is matched with, and the case that it follows."""
    asked = request()
    crossing.receive(node, peer.asks(asked)[0], hop="VN", at=at)
    crossing.admit(node, "VN", at=at)
    models.Case.objects.update(fresh=False)
    _record.retold(replace(asked, follows="VN-2026-0007"))
    assert models.Case.objects.values_list("fresh", "follows").get() == (True, "VN-2026-0007")


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_refuses_nothing(node, peer, at, monkeypatch, error):
    """Neither the message nor the courier suffers: it is read when the database is back."""
    crossing.receive(node, peer.asks(request())[0], hop="VN", at=at)

    def away(*_):
        raise error("away")

    with monkeypatch.context() as broken:
        broken.setattr(_record, "admitted", away)
        with pytest.raises(error):
            crossing.admit(node, "VN", at=at)
        broken.setattr(courier.crossing, "admit_some", away)
        assert Courier(node)._admit() is False
    assert models.Arrival.objects.get().status == "waiting"
    crossing.admit(node, "VN", at=at)
    assert models.Arrival.objects.get().status == "admitted"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_the_door_says_503_when_the_database_is_away(node, monkeypatch, error):
    """Not 500: a peer takes it for silence, not for a refusal of what it offered."""

    def away(*_, **__):
        raise error("away")

    monkeypatch.setattr(views, "hop_signer", away)
    monkeypatch.setattr(views.registry, "newest_checkpoint", away)
    asked = RequestFactory().post("/exchange", b"{}", content_type="application/json")
    for answer in (views.exchange(asked), views.checkpoint(RequestFactory().get("/checkpoint"))):
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert b'"code":"door.away"' in answer.content


def test_a_messenger_stays_and_comes_back():
    """The same thread goes again; one that met a defect too; one that was let go is replaced."""
    seen: list[int] = []
    back = threading.Semaphore(0)
    messenger = Messenger("to nobody", back.release)

    def errand() -> bool:
        seen.append(threading.get_ident())
        if len(seen) == 2:
            raise ZeroDivisionError
        return False

    for _ in range(3):
        assert not messenger.away
        messenger.send(errand)
        assert back.acquire(timeout=10)
    assert len(seen) == 3
    assert len(set(seen)) == 1
    end = time.monotonic() + 10
    while messenger._there and time.monotonic() < end:
        time.sleep(0.05)
    messenger.send(errand)
    assert back.acquire(timeout=10)
    assert len(seen) == 4


def test_while_somebody_writes_the_next_are_opened(node, peer, at, monkeypatch):
    """Who would have to wait opens what comes after, and does not open it again; what is not read next is not looked up."""
    monkeypatch.setattr(_receiving, "_READ", 4)
    for number in range(1, 21):
        crossing.receive(node, peer.asks(request(reference=f"VN-2026-{number:04}"))[0], hop="VN", at=at)
    talk, opened, busy = crossing.conversation(node, "VN"), [], [True, False]
    right = envelope.unseal
    monkeypatch.setattr(envelope, "unseal", lambda *given, **named: opened.append(1) or right(*given, **named))
    monkeypatch.setattr(_memory, "occupied", lambda: busy.pop() if busy else False)
    busy[:] = [False, True]
    assert talk.admit_some(at.timestamp())
    assert len(opened) == 8  # four that were read, and as many as are looked at in one step, of those there may be
    assert models.Act.objects.count() == 4
    assert talk.admit_some(at.timestamp())
    assert (len(opened), models.Act.objects.count()) == (8, 8)
    while talk.admit_some(at.timestamp()):
        pass
    assert (len(opened), models.Act.objects.count()) == (20, 20)


@pytest.mark.django_db(transaction=True)
def test_whether_somebody_writes_is_seen_and_nothing_is_left_changed(node):
    """A look at the write lock takes nothing and leaves the patience of the connection as it was."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = cursor.fetchone()
    assert not occupied()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert occupied()
    other.execute("ROLLBACK")
    other.close()
    assert not occupied()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == patience


def test_a_head_that_says_much_costs_nothing(node, peer, at):
    """Outside or inside of an envelope: what would take long to parse is refused for that, and in no time."""
    many = ",".join(['{"\u00e9":[]}'] * 100_000).encode()
    for data in (b"[%b]\n" % many, envelope.seal(b"[%b]" % many[: 1 << 19], to="IR", key=peer.home_entry.open)):
        begun = time.process_time()
        crossing.receive(node, data, hop="VN", at=at)
        crossing.admit(node, "VN", at=at)
        assert models.Arrival.objects.latest("pk").code == "canon.too-long"
        assert time.process_time() - begun < 1  # it took half a second each; a slow machine has as much again


def test_what_did_not_change_is_not_written(node, peer, at):
    """A departure that is noted as it is leaves its row alone; one field, and no other column is written."""
    data = envelope.seal(b"x" * 100, to="VN", key=peer.opening.public)
    tables, digest = _memory.Tables(node, "VN"), canon.content_id(data)
    with tables.atomically():
        tables.put_sent(Sent(1, digest, (), int(at.timestamp()), Stage.RELAY, 0.0, 0), data)
    for change, written in (({}, []), ({"next_at": 5.0}, ['SET "next_at" = %s WHERE'])):
        with CaptureQueriesContext(connection) as seen, tables.atomically():
            tables.put_sent(tables.sent(digest)._replace(**change))
        updates = [one["sql"] for one in seen.captured_queries if "UPDATE" in one["sql"]]
        assert len(updates) == len(written)
        assert all(part in update for part, update in zip(written, updates, strict=True))
