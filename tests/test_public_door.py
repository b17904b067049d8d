"""The public's door of a real node, from the outside: what is refused before it is read, what is left of what was cut off."""

import re
import socket
import ssl
import time
from contextlib import ExitStack
from types import SimpleNamespace

import httpx2
import pytest

from comity.casework import report as said
from comity.demo import nodes
from comity.demo.cast import three_states

pytestmark = pytest.mark.usefixtures("_no_network")
MARKER = "Words-Of-The-Reporter"
BROWSER = "A-Very-Rare-Browser/9"
BOUNDARY = "----comity"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """Iran's node as processes of its own, with a door for the public."""
    iran = three_states()[0]
    nodes.make_all([iran], tmp_path_factory.mktemp("public"))
    iran.start()
    context = ssl.create_default_context(cafile=str(iran.home / "keys" / "tls.crt"))
    try:
        with httpx2.Client(verify=context, base_url=iran.public, trust_env=False, timeout=60) as client:
            client.headers["User-Agent"] = BROWSER
            for _ in range(200):
                try:
                    client.get("/en/")
                    break
                except httpx2.TransportError:
                    time.sleep(0.1)
            yield SimpleNamespace(node=iran, client=client, context=context)
    finally:
        iran.stop()


def form(*files, **fields) -> bytes:
    """What a browser sends."""
    given = {"form": "0" * 32, "kind": "fraud", "happened": MARKER} | fields
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="'
    parts = [f'{head}{name}"\r\n\r\n{text}\r\n'.encode() for name, text in given.items()]
    parts += [f'{head}files"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n" for name, data in files]
    return b"".join(parts) + f'{head}end"\r\n\r\n1\r\n--{BOUNDARY}--\r\n'.encode()


HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def line(door, address: str, head: bytes) -> ssl.SSLSocket:
    """A line from an address of this machine, on which the head of a request was sent."""
    host, port = door.node.public.removeprefix("https://").split(":")
    plain = socket.create_connection((host, int(port)), timeout=30, source_address=(address, 0))
    made = door.context.wrap_socket(plain, server_hostname=host)
    made.sendall(head)
    return made


def head(length: int) -> bytes:
    """The head of a form of this length."""
    return (
        f"POST /en/report HTTP/1.1\r\nHost: x\r\nContent-Type: {HEADERS['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def blobs(door) -> list:
    """The files that the node keeps of reports."""
    return [path for path in (door.node.home / "reports").iterdir() if not path.name.startswith(".")]


def test_a_report_with_a_large_file_is_read_again(door):
    """In pieces, through real HTTPS; then found by its receipt in Persian digits."""
    data = bytes(range(256)) * (60 << 10)
    answer = door.client.post("/en/report", content=form(("film.mp4", data), form="1" * 32), headers=HEADERS)
    assert answer.status_code == 200, answer.text
    code = "".join(re.findall(r"<span>(\d{4})</span>", answer.text))
    assert [path.stat().st_size > len(data) for path in blobs(door)] == [True]
    typed = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    answer = door.client.post("/fa/receipt", data={"code": typed, "end": "1"})
    assert answer.status_code == 200
    assert "گزارش رسیده است" in answer.text


def test_nothing_of_who_reported_is_on_the_disk(door):
    """Neither the browser nor a word in clear nor the code, in tables, files and logs of the node."""
    answer = door.client.post("/en/report", content=form(("a.txt", MARKER.encode()), form="2" * 32), headers=HEADERS)
    code = "".join(re.findall(r"<span>(\d{4})</span>", answer.text))
    assert len(code) == 28
    door.client.post("/en/receipt", data={"code": code[:-1] + "x", "end": "1"})
    assert {door.client.get(f"{path}{code}").status_code for path in ("/", "/en/", "/en/receipt/")} == {404}
    places = [*door.node.home.glob("db.sqlite3*"), *(door.node.home / "reports").iterdir(), door.node.log]
    held = b"".join(path.read_bytes() for path in places)
    assert b"node_report" in held
    for secret in (MARKER, BROWSER, code, "a.txt"):
        assert secret.encode() not in held
    assert b"public: answered 404" in door.node.log.read_bytes()
    assert b"127.0.0.1" not in door.node.log.read_bytes().replace(b"https://127.0.0.1", b"")


def test_too_long_a_body_is_refused_without_being_read(door):
    """A gibibyte is announced, and answered before it comes; so is a body of which the length is not stated."""
    for length in (1 << 30, said.TOGETHER + 1):
        with line(door, "127.0.0.1", head(length)) as made:
            assert made.recv(100).startswith(b"HTTP/1.1 413 ")
    answer = door.client.post("/en/report", content=iter([form()]), headers=HEADERS)
    assert answer.status_code == 411


def test_what_is_cut_off_leaves_nothing(door):
    """A telephone that loses its line in the middle of a file: no report, no blob, no file in clear."""
    before, body = len(blobs(door)), form(("secret.jpg", b"clear-marker" * 100_000), form="3" * 32)
    with line(door, "127.0.0.1", head(len(body))) as made:
        made.sendall(body[: len(body) // 2])
        time.sleep(0.3)
        left = list((door.node.home / "reports").rglob("*"))
        assert all(b"clear-marker" not in path.read_bytes() for path in left)
    time.sleep(0.5)
    assert len(blobs(door)) == before
    answer = door.client.post("/en/report", content=body.replace(b'name="end"', b'name="and"'), headers=HEADERS)
    assert answer.status_code == 422
    assert len(blobs(door)) == before


def test_slow_senders_of_one_address_keep_nobody_else_out(door):
    """Twelve that never finish: their address waits, another is served."""
    body = form(form="4" * 32)
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(line(door, "127.0.0.2", head(len(body)) + body[:50]))
        time.sleep(0.5)
        ask = b"GET /fa/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with line(door, "127.0.0.2", ask) as made:
            assert made.recv(100).startswith(b"HTTP/1.1 429 ")
        with line(door, "127.0.0.3", ask) as made:
            assert made.recv(100).startswith(b"HTTP/1.1 200 ")


def test_other_doors_pages_are_not_here_and_this_doors_not_there(door):
    """Each door has its own addresses."""
    for path in ("/cases", "/sign-in", "/entry", "/taxii2/", "/reports"):
        assert door.client.get(path).status_code == 404
    with httpx2.Client(verify=door.context, trust_env=False) as client:
        for other in (door.node.officers, door.node.peers):
            assert client.get(other + "/fa/report").status_code in (302, 404)
