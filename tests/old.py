"""A node of before December 2026, by the rules of that time: it knows one form of an exchange, and nothing of forms.

Its keys are those of a `Peer`, and its words are signed as ever. What it reads and writes on the line is written here anew with
`tests/second`, and shares nothing with Comity's own codec. It can be upgraded, and set back.
"""

from __future__ import annotations

import base64
import ssl
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lines import PEM, TLS
from peer import Peer
from second import entries, plain, statements, talk
from second.keys import Opener
from second.plain import Refused, need

from comity.ledger import checkpoint as cp
from comity.ledger.log import Proof
from comity.seal import merkle
from comity.seal.envelope import Signed
from comity.wire import messages
from comity.wire.directory import sign_entry
from comity.wire.exchange import Event, Evidence
from comity.wire.transport import hop_headers

_BEGINS = b'{"comity":"comity/v1/envelope",'
_NOTHING: dict[str, Any] = {"back": [], "evidence": [], "items": [], "missing": [], "outcomes": [], "signatures": []}


def b64(data: bytes) -> str:
    """Base64, as it was written then, too."""
    return base64.b64encode(data).decode()


class OldNode:
    """The node of a State, at a door of its own.

    Args:
        state: its code.
        node: what `Peer` needs to know of the other node: its State and its home.
    """

    def __init__(self, state: str, node: Any) -> None:
        self.peer = Peer(state, node)
        self.reads: list[int] = []  # what it says at /forms; nothing: it has no such address
        self.asked = Counter[str]()  # path, or what was wrong with an offer -> how often
        self.kept: dict[str, bytes] = {}
        self.said: list[bytes] = []  # payloads of what it opened, in their order
        self.forms = Counter[int]()  # of the offers that it took
        self._receipts: dict[str, Signed] = {}
        self._words: dict[str, Signed] = {}
        self._leaves: list[bytes] = []
        self._lock = threading.Lock()

    @contextmanager
    def open(self, folder):
        """Its door stands open as long as this lasts; its entry names it."""
        (folder / "old.pem").write_bytes(PEM)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(folder / "old.pem")
        with ThreadingHTTPServer(("127.0.0.1", 0), self._door()) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            self.address = f"https://127.0.0.1:{server.server_address[1]}"
            self.peer.entry = replace(self.peer.entry, tls=TLS, address=self.address)
            self.peer.entry_bytes = sign_entry(self.peer.entry, self.peer.signing)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            yield self
            server.shutdown()
            thread.join(5)

    def knows(self, entry: bytes) -> None:
        """Pin the other node's entry."""
        version = entries.entry(entry)
        self._home, self._signers, self._hops = version.state, entries.signers(version), version.of("hop")

    def _door(self) -> type[BaseHTTPRequestHandler]:
        old = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(*old.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(*old.post(self.path, dict(self.headers), body))

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Door

    # ── its door ────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, path: str) -> tuple[int, bytes]:
        """What stands at `path`."""
        self.asked[path] += 1
        if path == "/forms" and self.reads:
            return 200, plain.write({"comity": "forms/1", "reads": self.reads})
        if path == "/entries":
            return 200, plain.write({"comity": "entries/1", "entries": [b64(self.peer.entry_bytes)]})
        return 404, plain.write({"code": "door.nothing", "reason": "Nothing stands here."})

    def post(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """An offer that the other node's hop key signed is taken in; nothing else is."""
        self.asked[path] += 1
        if path != "/exchange":
            return 404, plain.write({"code": "door.nothing", "reason": "Nothing stands here."})
        named = {name.title(): value for name, value in headers.items()}
        keys = {self._home: self._hops[0].parts[0]}
        talk.hop("POST", self.address + path, named, body, keys, int(datetime.now(UTC).timestamp()))
        form = 2 if b"\n" in body else 1
        try:
            need(form in (self.reads or [1]), "another form")
            offer = self._offer(body) if form == 1 else talk.offer(body)
        except Refused as error:
            self.asked[str(error)] += 1
            code = "canon.json" if form == 2 else "canon.frame"
            return 422, plain.write({"code": code, "reason": "This is not JSON in UTF-8."})
        with self._lock:
            self.forms[form] += 1
            return 200, self._answer(offer, form)

    def _offer(self, body: bytes) -> talk.Offer:
        """An offer as it was read then: canonical JSON as a whole, and base64 in it."""
        items, ask, have = plain.fields(plain.read(body, 6 << 20), "items", "ask", "have")
        found = []
        for raw in plain.listed(items, 256):
            number, sealed, after, evidence = plain.fields(raw, "number", "envelope", "after", "evidence")
            need(not evidence, "a word in an offer")
            found.append(talk.Item(plain.integer(number, 1), plain.binary(sealed), list(after), []))
        return talk.Offer(found, list(ask), have and tuple(have.values()))

    def _answer(self, offer: talk.Offer, form: int) -> bytes:
        pairs: list[dict[str, str]] = []
        runs: list[bytes] = []

        def word(signed: Signed) -> dict[str, Any]:
            pair = {"ed25519": signed.pair.ed25519, "mldsa65": signed.pair.mldsa65}
            if pair not in pairs:
                pairs.append(pair)
            runs.append(signed.bare)
            return {"signatures": pairs.index(pair), "word": b64(signed.bare) if form == 1 else len(signed.bare)}

        evidence = [word(self._words[digest]) for digest in offer.ask if digest in self._words]
        outcomes = [
            {"envelope": digest, "later": "", "receipt": word(self._keep(digest, item.envelope))}
            for item in offer.items
            for digest in [plain.digest(item.envelope)]
        ]
        said = plain.write(_NOTHING | {"outcomes": outcomes, "evidence": evidence, "signatures": pairs})
        return said if form == 1 else b"\n".join((said, b"".join(runs)))

    def _keep(self, digest: str, sealed: bytes) -> Signed:
        if digest not in self.kept:
            self.kept[digest] = sealed
            self._leaves.append(statements.logged("received", digest))
            place, get = len(self._leaves) - 1, merkle.tree([merkle.leaf_hash(one) for one in self._leaves])
            head = cp.Checkpoint(self.peer.log.name, place + 1, merkle.root(place + 1, get))
            proof = Proof(place, tuple(merkle.inclusion(place, place + 1, get)), cp.signed(head, self.peer.log))
            receipt = self._word(Event.RELAY_ACCEPTANCE, digest, place)
            self._receipts[digest] = messages.proved(receipt, proof)
            self._words[digest] = self._read(digest, sealed)
        return self._receipts[digest]

    def _word(self, event: Event, digest: str, place: int = -1, code: str = "") -> Signed:
        said = Evidence(event, self.peer.state, digest, int(datetime.now(UTC).timestamp()), code)
        return messages.sign_words([said], to=self._home, places={digest: place}, key=self.peer.signing)[0]

    def _read(self, digest: str, sealed: bytes) -> Signed:
        """Open an envelope, which must be of a form that it reads; the word about it."""
        if not sealed.startswith(_BEGINS) and 2 not in self.reads:
            self.asked["an envelope of another form"] += 1
            return self._word(Event.CONTENT_CONSIGNMENT_FAILURE, digest, code="canon.json")
        opener, at = Opener(self.peer.opening.seed), datetime.now(UTC)
        self.said.append(statements.opened(sealed, self.peer.state, [opener], self._signers, at).payload)
        return self._word(Event.CONTENT_CONSIGNMENT, digest)

    # ── as a client ─────────────────────────────────────────────────────────────────────────────────────────────────

    def offer(
        self, client: Any, base: str, envelopes: Sequence[bytes], *, ask: Sequence[str] = (), greets: bool = False
    ):
        """Offer envelopes in the first form; (status, body) of the answer."""
        items = [
            {"after": [], "envelope": b64(sealed), "evidence": [], "number": number}
            for number, sealed in enumerate(envelopes, 1)
        ]
        have = {"got": len(self.kept), "got_gaps": [], "sent": 0, "sent_gaps": []} if greets else None
        body, at = plain.write({"ask": list(ask), "have": have, "items": items}), datetime.now(UTC)
        headers = hop_headers("POST", base + "/exchange", body, state=self.peer.state, key=self.peer.hop, at=at)
        answer = client.post("/exchange", content=body, headers=headers)
        return answer.status_code, answer.content

    def read_answer(self, body: bytes) -> tuple[list[Any], list[Any]]:
        """(outcomes, evidence) of an answer as it was read then, each word whole and verified."""
        found = plain.read(body, 6 << 20)
        plain.fields(found, *_NOTHING)
        pairs = [plain.fields(pair, "ed25519", "mldsa65") for pair in found["signatures"]]

        def word(raw: Any) -> bytes:
            place, bare = plain.fields(raw, "signatures", "word")
            first, second = pairs[place]
            halves = plain.read(plain.binary(bare), 1 << 16)
            inner = halves.get("receipt", halves)
            inner |= {"ed25519": first, "mldsa65": second}
            return plain.write(halves)

        outcomes = [
            statements.receipt(plain.read(word(one["receipt"]), 1 << 20), self._signers)[0] for one in found["outcomes"]
        ]
        return outcomes, [statements.word(word(one), self._signers) for one in found["evidence"]]

    def seals(self, statement: bytes) -> bytes:
        """An envelope of the first form for the other State, sealed as it was then."""
        key, to, digest = self.peer.home_entry.open, self._home, plain.digest(statement)
        padded = len(statement).to_bytes(4, "big") + statement
        padded += b"\0" * (-len(padded) % 1024)
        sealed = key.seal(padded, f"comity/v1/envelope\n{to}\n{key.id}\n{digest}".encode())
        fields = {"comity": "comity/v1/envelope", "key": key.id, "sealed": b64(sealed), "statement": digest, "to": to}
        return plain.write(fields)
