"""What peers say about our envelopes, how they answer an offer, and lines to them in one process."""

import threading
import time
from types import SimpleNamespace

from peer import request

from comity.errors import Unreachable
from comity.ledger import checkpoint as cp
from comity.ledger.log import Proof
from comity.node import archive
from comity.seal import merkle
from comity.seal.envelope import Signed
from comity.wire import messages
from comity.wire.exchange import Answer, Event, Evidence, Item, Offer, Outcome

_receipts: dict[tuple[str, str], Signed] = {}


def said(row, peer, event, code="", *, digest=""):
    """The peer's signed word about our envelope."""
    what = Evidence(event, peer.state, digest or row.digest, int(row.made_at.timestamp()), code)
    return messages.sign_words([what], to="IR", places={}, key=peer.signing)[0]


def until(true) -> None:
    """Wait until it is, at most ten seconds."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()


def receipt(peer, row):
    """The peer's receipt for our envelope: the only entry of its log."""
    raw = _receipts.get((peer.state, row.digest))
    if raw is None:
        kept = Evidence(Event.RELAY_ACCEPTANCE, peer.state, row.digest, int(row.made_at.timestamp()))
        word = messages.sign_words([kept], to="IR", places={row.digest: 0}, key=peer.signing)[0]
        root = merkle.leaf_hash(messages.logged_receipt(row.digest))
        note = cp.signed(cp.Checkpoint(peer.log.name, 1, root), peer.log)
        raw = _receipts[peer.state, row.digest] = messages.proved(word, Proof(0, (), note))
    return raw


def answered(talk, row, outcome, at, *words):
    """The peer's answer to an offer of this row, or to a question about it."""
    offer = Offer((Item(row.number, archive.sealed(row)),)) if outcome else Offer(ask=(row.digest,))
    outcomes = (Outcome(row.digest, outcome),) if outcome else ()
    talk.answered(offer, Answer(outcomes, words), at.timestamp())


def items(peer, count=1, *, first=1):
    """Requests of the peer, each in a case of its own, as they are offered."""
    return [
        Item(number, peer.asks(request(reference=f"VN-2026-{number:04}"))[0]) for number in range(first, first + count)
    ]


class Post:
    """Lines to peers, in one process: each peer answers, is silent for a while, or takes its time.

    Args:
        node: the node under test.
        slow: peers that take as long as `gate` is closed.
    """

    def __init__(self, node, slow=()) -> None:
        self.node, self.slow, self.gate = node, set(slow), threading.Event()
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[tuple[str, str], bytes] = {}

    def line(self, _settings, state):
        """What `errands.line_to` gives."""

        def ask(path: str) -> bytes:
            self.asked.append((state, path))
            if state in self.slow:
                self.gate.wait(10)
                raise Unreachable("silent", code="wire.unreachable")
            if (state, path) not in self.answers:
                raise Unreachable("nothing here", code="wire.status")
            return self.answers[state, path]

        return SimpleNamespace(
            post=lambda path, body, at, limit=0: (200, ask(path)), get=lambda path, at, limit=0: ask(path),
            get_if_any=lambda path, at: ask(path),
        )  # fmt: skip


def proof_of(row, log, *seen):
    """That this log, of one entry, holds our envelope; its head cosigned by (key, moment) of `seen`."""
    head = cp.Checkpoint(log.name, 1, merkle.leaf_hash(messages.logged_receipt(row.digest)))
    return Proof(0, (), cp.signed(head, log) + "".join(cp.cosignature(head, key, at) for key, at in seen))
