"""Where the node under test finds a State of ours: greetings are answered there, so that the node settles, and no more."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from comity.conformance.identity import Identity
from comity.conformance.line import address
from comity.errors import BrokenSeal, Invalid
from comity.seal import canon
from comity.wire.exchange import BODY_LIMIT, WRITTEN, Answer, Outcome, dumps, form_of, read_offer, tell_forms

_LATER = "conversation.room"  # nothing is kept here: the node is to keep what it has for us
_SECONDS = 20  # that one connection may be silent


class _Asked(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", _SECONDS

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""

    def do_GET(self) -> None:
        """Which forms are read here; nothing else stands here."""
        if self.path == "/forms":
            self._answer(200, tell_forms(), WRITTEN[1].media_type)
        else:
            self._nothing()

    def do_POST(self) -> None:
        """The answer to an offer: nothing was forgotten, and there is no room for anything."""
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), BODY_LIMIT)) if length.isdecimal() else b""
        try:
            offer = read_offer(body) if self.path == "/exchange" else None
        except BrokenSeal:
            offer = None
        if offer is None:
            self._nothing()
        else:
            answer = Answer(tuple(Outcome(item.digest, later=_LATER) for item in offer.items))
            self._answer(200, dumps(answer, form_of(body)), WRITTEN[form_of(body)].media_type)

    def _nothing(self) -> None:
        self._answer(404, canon.dumps({"code": "door.nothing", "reason": "Nothing stands here."}), "application/json")

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Who ends a connection early is no fault of ours."""


class Door:
    """The door of `who` at the address of its entry. Use it as a context manager.

    Args:
        who: an identity with a certificate for its address.

    Raises:
        Invalid: on entering: it has none, or the address cannot be taken.
    """

    def __init__(self, who: Identity) -> None:
        self._who = who

    def __enter__(self) -> Self:
        """Open it."""
        place, chain = self._who.entry.address, self._who.chain
        if chain is None:
            raise Invalid("This State has no address.", code="conformance.listen", where=self._who.state)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(chain)
        try:
            self._server = _Server(address(place, anywhere=True), _Asked)
        except OSError as error:
            message = f"Nothing can listen here: {error.strerror}."
            raise Invalid(message, code="conformance.listen", where=place) from error
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._server.shutdown()
        self._server.server_close()
