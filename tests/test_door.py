"""The peers' door of a real node, from the outside: limits, signatures, receipts, witnessing; what it must not do."""

import json
import re
import socket
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx2
import postgres
import pytest
import spoken
from flooding import memory
from peer import Peer, request

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.ledger import checkpoint as cp
from comity.seal import canon, merkle
from comity.wire import messages
from comity.wire.directory import read_entry, trust_in
from comity.wire.exchange import Event
from comity.wire.transport import hop_headers

pytestmark = pytest.mark.usefixtures("_no_network")


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """Iran's node as processes of its own, at which Viet Nam (keys in this test) is pinned."""
    folder = tmp_path_factory.mktemp("door")
    iran = three_states()[0]
    nodes.make_all([iran], folder)
    state = SimpleNamespace(state="IR", home=iran.home)  # what `Peer` needs to know of a node
    found = {name: Peer(name, state) for name in ("VN", "QA")}
    (folder / "vn.json").write_bytes(found["VN"].entry_bytes)
    nodes._run(
        "pin", str(iran.home), str(folder / "vn.json"), "--fingerprint", found["VN"].entry.fingerprint, "--by", "t"
    )
    iran.start()
    context = ssl.create_default_context(cafile=str(iran.home / "keys" / "tls.crt"))
    with httpx2.Client(verify=context, base_url=iran.peers, trust_env=False, timeout=20) as client:
        for _ in range(100):
            try:
                client.get("/entry")
                break
            except httpx2.TransportError:
                subprocess.run(["sleep", "0.1"], check=True)
        yield SimpleNamespace(node=iran, client=client, vn=found["VN"], stranger=found["QA"])
    iran.stop()


def signed(door, method, path, body=b"", *, peer=None, at=None, state=None, **changed):
    """Send what a peer's node would send; `changed` headers replace its own."""
    peer = peer or door.vn
    headers = hop_headers(method, door.node.peers + path, body, state=state or peer.state, key=peer.hop,
                          at=at or datetime.now(UTC))  # fmt: skip
    return door.client.request(method, path, content=body, headers=headers | changed)


def rows(door, question):
    """What the node's database holds, read from beside it."""
    return postgres.rows(door.node.home, question)


def test_a_true_envelope_is_receipted_and_admitted(door):
    """The answer is a receipt whose signatures and proof hold; a moment later the case stands open."""
    data, _ = door.vn.asks(request())
    answer = signed(door, "POST", "/messages", data)
    assert answer.status_code == 200
    own = read_entry(door.client.get("/entry").content, at=datetime.now(UTC))
    receipt = messages.read_receipt(canon.loads(answer.content, limit=1 << 20), trust_in([own]))
    receipt.proof.check(messages.logged_receipt(canon.content_id(data)), *own.log, {})
    again = signed(door, "POST", "/messages", data)
    assert json.loads(again.content)["receipt"] == json.loads(answer.content)["receipt"]
    fetched = signed(door, "GET", f"/receipts/{canon.content_id(data)}")
    assert json.loads(fetched.content)["receipt"] == json.loads(answer.content)["receipt"]
    for _ in range(100):
        if rows(door, "select status from node_arrival") == [("admitted",)]:
            break
        subprocess.run(["sleep", "0.1"], check=True)
    assert rows(door, "select reference from node_case") == [("VN-2026-0001",)]
    word = spoken.evidence(signed(door, "GET", f"/outcomes/{canon.content_id(data)}").content, trust_in([own]))
    assert (word.event, word.envelope) == (Event.CONTENT_CONSIGNMENT, canon.content_id(data))
    assert signed(door, "GET", f"/outcomes/{'0' * 64}").json()["code"] == "receipt.unread"
    assert signed(door, "GET", f"/outcomes/{canon.content_id(data)}", peer=door.stranger).status_code == 401


REFUSED = {
    "no signature": ({"Signature": "", "Signature-Input": ""}, "hop.missing"),
    "a signature over another body": ({"Content-Digest": "sha-256=:AAAA:"}, "hop.digest"),
    "garbage for a signature": ({"Signature": "hop=:AAAA:"}, "seal.note"),
}


@pytest.mark.parametrize("title", REFUSED)
def test_unsigned_and_wrongly_signed_requests_are_refused_and_noted(door, title):
    """401 with the reason; nothing is kept but the note of the refusal."""
    headers, code = REFUSED[title]
    before = rows(door, "select count(*) from node_arrival")
    answer = signed(door, "POST", "/messages", b"x", **headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert rows(door, "select count(*) from node_arrival") == before
    assert rows(door, "select code from node_refusal order by id desc limit 1") == [(code,)]


def test_strangers_old_signatures_and_impostors_are_refused(door):
    """An unknown State, a signature of ten minutes ago, and another State's key in Viet Nam's name."""
    now = datetime.now(UTC)
    assert signed(door, "POST", "/messages", b"x", peer=door.stranger).status_code == 401
    assert signed(door, "POST", "/messages", b"x", at=now - timedelta(minutes=10)).json()["code"] == "hop.time"
    assert signed(door, "POST", "/messages", b"x", peer=door.stranger, state="VN").json()["code"] == "seal.note"
    assert signed(door, "GET", "/receipts/" + "0" * 64).status_code == 404
    assert signed(door, "GET", "/evidence/" + "0" * 64, Range="bytes=0-10").status_code == 404


def _raw(door) -> ssl.SSLSocket:
    host, port = door.node.peers.removeprefix("https://").split(":")
    context = ssl.create_default_context(cafile=str(door.node.home / "keys" / "tls.crt"))
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname=host)


def test_a_message_of_1_gib_is_refused_without_being_read(door):
    """The answer comes before the body does, memory stays flat, and the refusal is noted with its size."""
    before = memory(door)
    with _raw(door) as line:
        line.sendall(b"POST /messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1073741824\r\n\r\n")
        sent, block = 0, b"\0" * 65536
        line.settimeout(5)
        try:
            while sent < 64 << 20:
                sent += line.send(block)
        except (OSError, TimeoutError):
            pass
        try:
            answer = line.recv(4096)
        except OSError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert sent < 64 << 20 or answer.startswith(b"HTTP/1.1 413")
    assert memory(door) - before < 40 << 20
    assert rows(door, "select code, size from node_refusal where size > 1000000") == [("door.too-long", 1073741824)]


def test_a_body_that_stops_short_leaves_nothing(door):
    """A line cut in the middle of a message: no arrival, and the door still answers."""
    before = rows(door, "select count(*) from node_arrival")
    with _raw(door) as line:
        line.sendall(b"POST /messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\nshort")
    assert door.client.get("/checkpoint").status_code == 200
    assert rows(door, "select count(*) from node_arrival") == before


def test_only_tls_1_3_is_spoken(door):
    """A client that offers TLS 1.2 at most is turned away in the handshake."""
    context = ssl.create_default_context(cafile=str(door.node.home / "keys" / "tls.crt"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    host, port = door.node.peers.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=host)


def test_nothing_else_stands_at_the_door(door):
    """Officers' pages, other methods and unknown paths are not there."""
    for path in ("/", "/cases", "/sign-in", "/messages/x", "/.env"):
        assert door.client.get(path).status_code in (404, 405), path
    assert door.client.get("/messages").status_code == 405


def _note(door, leaves):
    """The signed head of a log of Viet Nam's that holds `leaves`, and how to ask its tree."""
    store = {}

    def get(level, index):
        return store[level, index]

    for place, leaf in enumerate(leaves):
        store |= {(level, index): value for level, index, value in merkle.appended(place, leaf, get)}
    head = cp.Checkpoint(door.vn.log.name, len(leaves), merkle.root(len(leaves), get))
    return cp.signed(head, door.vn.log), get


def _ask(door, old, proof, note):
    body = "\n".join([f"old {old}", *(canon.b64(step) for step in proof)]) + "\n\n" + note
    return signed(door, "POST", "/witness", body.encode())


def test_the_witness_cosigns_growth_and_refuses_forks(door):
    """C2SP: 200 with the cosignature for consistent growth, 409 with the size for a stale start, 422 for a fork."""
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(20)]
    note5, _ = _note(door, leaves[:5])
    first = _ask(door, 0, [], note5)
    own = read_entry(door.client.get("/entry").content, at=datetime.now(UTC))
    assert own.witness[0] in cp.check_witnesses(note5 + first.text, dict([own.witness]))
    note9, get = _note(door, leaves[:9])
    stale = _ask(door, 3, merkle.consistency(3, 9, get), note9)
    assert (stale.status_code, stale.text) == (409, "5\n")
    forked, other = _note(door, [merkle.leaf_hash(b"other"), *leaves[1:9]])
    assert _ask(door, 5, merkle.consistency(5, 9, other), forked).status_code == 422
    same_size, _ = _note(door, [merkle.leaf_hash(b"other"), *leaves[1:5]])
    assert _ask(door, 5, [], same_size).status_code == 422
    assert _ask(door, 5, merkle.consistency(5, 9, get), note9).status_code == 200
    assert _ask(door, 9, [], "nonsense").status_code == 422
    assert re.fullmatch(r"\d+\n", _ask(door, 5, [], note9).text)
