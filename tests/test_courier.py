"""The courier on its way: whoever is silent, slow or wrong holds back what is for himself, and nothing else."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from math import inf
from types import SimpleNamespace

import pytest
import spoken
from answering import Post, answered, receipt, said, until
from django.db import connection
from lines import PEM, TLS, line
from peer import Peer, arrive, request
from plans import explained

from comity.casework.lifecycle import Kind
from comity.errors import NotPossible, Unreachable
from comity.node import archive, models
from comity.node import courier as rounds
from comity.node.courier import Courier, errands
from comity.node.desk import crossing, registry
from comity.seal import envelope
from comity.seal.envelope import Signed
from comity.seal.keys import SigningKey
from comity.wire import transport
from comity.wire.directory import trust_in
from comity.wire.exchange import Event, Have, Item, Offer, tell_forms
from comity.wire.remembered import Heard

DAY = timedelta(days=1)
BYTE_BY_BYTE = {
    "headers": b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 400,
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"b" * 400,
    "nothing": b"",
}


@contextmanager
def dripping(data: bytes, folder):
    """A peer's address that takes a request and answers a byte every twentieth of a second."""
    (folder / "peer.pem").write_bytes(PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "peer.pem")
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        try:
            there, _ = listener.accept()
            with context.wrap_socket(there, server_side=True) as secure:
                secure.recv(65536)
                for place in range(len(data)):
                    if over.wait(0.05):
                        return
                    secure.sendall(data[place : place + 1])
                over.wait(10)
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
    thread.join(5)


@pytest.mark.parametrize("title", BYTE_BY_BYTE)
def test_an_exchange_ends_at_its_deadline(title, tmp_path, monkeypatch, at):
    """Also when every single byte comes in good time: in the headers, in the body, or none at all."""
    monkeypatch.setattr(transport, "DEADLINE", 1.0)
    began = time.monotonic()
    with dripping(BYTE_BY_BYTE[title], tmp_path) as port, pytest.raises(Unreachable) as caught:
        line(port, TLS).post("/messages", b"x" * 100, at=at)
    assert caught.value.code in {"wire.unreachable", "wire.too-slow"}
    assert 0.9 < time.monotonic() - began < 4


@pytest.mark.django_db(transaction=True)
def test_a_silent_peer_holds_nobody_back(node, sent, monkeypatch):
    """While one peer takes its time, the other one is served; the silent one is then left alone for a while."""
    courier, post = Courier(node), Post(node, slow={"VN"})
    monkeypatch.setattr(errands, "line_to", post.line)
    courier.round()
    until(lambda: ("VN", "/exchange") in post.asked and ("QA", "/exchange") in post.asked)
    assert courier._errands["VN"].away
    until(lambda: not courier._errands["QA"].away)
    courier.round()
    assert post.asked.count(("VN", "/exchange")) == 1
    post.gate.set()
    until(lambda: not courier._errands["VN"].away)
    courier.round()
    until(lambda: not courier._errands["VN"].away)
    assert post.asked.count(("VN", "/exchange")) == 1
    now = time.time()
    assert courier._errands["VN"]._talk.next_due(now) > now  # silent: for a while nothing is asked of it


@pytest.fixture
def answering_only(node, sent, at, monkeypatch):
    """Viet Nam's node answers every offer with one status: (how often it was asked, the letter) after an hour of that."""

    def asked(status: int):
        clock, times, (row, _) = [at], [], sent["VN"]

        def post(*_, **__):
            times.append(clock[0])
            return status, b""

        monkeypatch.setattr(errands, "now", lambda: clock[0])
        line = SimpleNamespace(post=post, get_if_any=lambda *_, **__: tell_forms())
        monkeypatch.setattr(errands, "line_to", lambda *_: line)
        runs = errands.Errands(node, "VN")
        runs._talk._again_at = inf  # it was greeted
        while clock[0] < at + timedelta(hours=1):
            if runs._has_to_say() and (offer := runs._talk.offer(clock[0].timestamp())):
                runs._exchange(offer)
            clock[0] += timedelta(seconds=15)
        row.refresh_from_db()
        return len(times), row

    return asked


@pytest.mark.django_db
@pytest.mark.parametrize("status", [500, 503, 599, 302, 204, 429])
def test_what_is_no_refusal_kills_no_letter(answering_only, status):
    """A fault of the peer's, a redirect or what is no answer: the letter waits, and not one attempt of it is counted."""
    times, row = answering_only(status)
    assert times > 40
    assert (row.stage, row.attempts, row.trouble) == ("relay", 0, "")


@pytest.mark.django_db
@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_alone_counts_against_a_letter(answering_only, status):
    """The same peer with a 4xx: the letter is refused, again and again, and in the end put before a person."""
    times, row = answering_only(status)
    assert times == 20
    assert (row.stage, row.trouble) == ("dead", f"wire.status-{status}")


@pytest.mark.django_db
def test_no_round_looks_through_all_that_waits(node, sent, at):
    """Whatever a round, an offer, an answer or a reading asks of the tables goes down an index, however much is in them."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan is SQLite's")
    row, peer = sent["VN"]
    talk, now = crossing.conversation(node, "VN"), at.timestamp()
    with explained() as plans:
        assert crossing.expecting(at=at + DAY) == {"VN", "QA"}
        assert not crossing.unread() | {one for one in ("VN", "QA") if crossing.doubted(one)}
        talk.next_due(now)
        talk.overdue(now + 9 * DAY.total_seconds())
        answered(talk, row, receipt(peer, row), at)
        talk.receive(Offer((Item(1, peer.asks(request())[0]),), (row.digest,)), now)
        talk.admit_some(now)
        some = [envelope.seal(b"said %d" % number, to="VN", key=peer.opening.public) for number in range(8)]
        talk.post_all(some, (row.digest,), now)
        crossing.unproved("VN", at=at + DAY)
        with talk._memory.atomically():  # many at once are looked for as one is
            many = [f"{number:064x}" for number in range(300)]
            talk._memory.look_up(sent=many, got=many, sealed=many)
            talk._memory.got_taken(range(300))
    large = ("departure", "arrival", "word", "kept", "act", "case", "lognode")
    assert len(plans) > 40
    assert [plan for plan in plans if plan.startswith(tuple(f"SCAN node_{name}" for name in large))] == []
    # Under a peer and nothing else lies everything that was ever said to it: one end of it may be asked for, no more.
    assert {plan for plan in plans if plan.endswith(("(peer=?)", "(hop=?)")) and "COVERING" not in plan} <= {
        "SEARCH node_departure USING INDEX departure_pending (peer=?)",
        "SEARCH U0 USING INDEX departure_pending (peer=?)",
        "SEARCH node_talk USING INDEX sqlite_autoindex_node_talk_1 (peer=?)",
        "SEARCH U0 USING INDEX sqlite_autoindex_node_talk_1 (peer=?)",
    }  # fmt: skip


@pytest.mark.django_db
def test_how_a_peer_has_spoken_outlives_the_process(node, sent, at):
    """The door and its next life go by the same: only a silence of days begins anew."""
    first = at.timestamp()
    crossing.conversation(node, "VN").receive(Offer(), first)
    later = crossing.conversation(node, "VN")
    later.receive(Offer(have=Have(0, (), 0, ())), first + 9)
    assert later._memory.heard() == Heard(2, first + 9, first, 1)


@pytest.mark.django_db(transaction=True)
def test_a_doubt_outlives_a_renewal_that_failed(node, sent, at, monkeypatch):
    """A receipt under an unknown key: the peer's entry is looked for, and again while it is not to be had."""
    row, _ = sent["VN"]
    stranger = SimpleNamespace(state="VN", signing=SigningKey.generate())
    answered(crossing.conversation(node, "VN"), row, said(row, stranger, Event.RELAY_REJECTION, "x"), at)
    assert crossing.doubted("VN")
    monkeypatch.setattr(errands, "line_to", Post(node).line)
    registry.heard(node, Peer("VN", node, which=1).rotates(), by="QA", at=at - DAY)
    errands.Errands(node, "VN")._renew()
    assert models.Alarm.objects.filter(peer="VN", code="entry.behind").count() == 1
    assert crossing.doubted("VN")
    talk = crossing.conversation(node, "VN")
    crossing.doubt("VN", doubted=False)
    answered(talk, row, None, at, said(row, stranger, Event.CONTENT_CONSIGNMENT))
    assert crossing.doubted("VN")


@pytest.mark.django_db
def test_the_sender_learns_what_became_of_an_envelope(node, sent, at):
    """The peer's receipt and then its signed refusal are kept, and shown to a person; no later word replaces them."""
    row, peer = sent["VN"]
    talk = crossing.conversation(node, "VN")
    refusal = said(row, peer, Event.CONTENT_CONSIGNMENT_FAILURE, "case.history")
    answered(talk, row, receipt(peer, row), at)
    answered(talk, row, None, at, refusal)
    answered(talk, row, None, at, said(row, peer, Event.CONTENT_CONSIGNMENT))
    row.refresh_from_db()
    assert archive.words(row) == [receipt(peer, row), refusal]
    assert (row.stage, row.trouble, row.relayed) == ("dead", "case.history", True)
    assert row in crossing.troubled()
    with pytest.raises(NotPossible):
        talk.release(row.digest, at.timestamp())


@pytest.mark.django_db
def test_false_words_about_an_envelope_are_not_believed(node, sent, at):
    """About another envelope, by another State, of another kind, or broken: nothing is noted, and it is sent again."""
    row, peer = sent["VN"]
    _, other = sent["QA"]
    talk, right = crossing.conversation(node, "VN"), receipt(peer, row)
    cut = Signed(right.bare[:-1], right.pair)
    for outcome in (
        said(row, peer, Event.CONTENT_CONSIGNMENT), said(row, peer, Event.CONTENT_HANDOVER), receipt(other, row),
        receipt(peer, sent["QA"][0]), cut, Signed(b"{}", cut.pair), Signed(b"x", cut.pair),
    ):  # fmt: skip
        answered(talk, row, outcome, at)
    row.refresh_from_db()
    assert (row.stage, archive.words(row), row.attempts) == ("relay", [], 7)
    answered(talk, row, receipt(peer, row), at)
    for word in (
        said(row, peer, Event.CONTENT_CONSIGNMENT, digest="0" * 64),
        said(row, other, Event.CONTENT_CONSIGNMENT),
        said(row, peer, Event.CONTENT_HANDOVER),
        Signed(b"{}", cut.pair),
    ):
        answered(talk, row, None, at, word)
    row.refresh_from_db()
    assert (row.stage, row.words, len(archive.words(row))) == ("consignment", 1, 1)


@pytest.mark.django_db
def test_this_node_says_what_became_of_an_envelope(node, peer, at):
    """One signed word about each, admitted or refused with its code, in the transaction of its effect."""
    good, act = peer.asks(request())
    bad, _ = peer.say(Kind.WITHDRAWN, act.case, {"reasons": "r"}, after="0" * 64)
    own = trust_in([archive.own_entry(node)])
    for data, expected in (
        (good, (Event.CONTENT_CONSIGNMENT, "")),
        (bad, (Event.CONTENT_CONSIGNMENT_FAILURE, "case.history")),
    ):
        row = arrive(node, data, at)
        word = spoken.evidence(archive.words(row)[1].whole(), own, now=at)
        assert (word.event, word.code, word.by, word.envelope) == (*expected, "IR", row.digest)
    assert archive.load(act.case, home="IR").stage == "open"


@pytest.mark.django_db(transaction=True)
def test_a_look_that_took_long_is_not_paid_for_with_minutes(node, monkeypatch):
    """Whatever held up the look at everything else: the next one is soon."""
    looks = []
    monkeypatch.setattr(rounds.drills, "due", lambda *_, **__: looks.append(time.monotonic()) or time.sleep(0.3))
    courier = Courier(node)
    begun = time.monotonic()
    while len(looks) < 2:
        courier._pause(busy=False)
        assert time.monotonic() - begun < 5  # a hundred times as long as it took would be half a minute
        time.sleep(0.02)
    assert looks[1] - looks[0] >= 0.5
