"""What this node does at one peer's: exchange, have its log witnessed, have proofs renewed, read news of that State.

What is due is looked up in the tables, each time anew. What is remembered here is how the last errands went, so that nobody is
asked for ever and again; a process that begins anew may forget it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from math import inf

from comity.errors import ComityError, Unreachable
from comity.ledger.log import Proof
from comity.node import archive, bell
from comity.node.courier.threads import Messenger, guarded
from comity.node.desk import crossing, reconciling, registry
from comity.node.settings import Settings
from comity.wire import proofs
from comity.wire.conversation import Conversation
from comity.wire.directory import BUNDLE_LIMIT, read_bundle
from comity.wire.exchange import BODY_LIMIT, FORMS, Failure, Offer, dumps, read_answer
from comity.wire.transport import Line, refusal

_log = logging.getLogger("comity.courier")
_RENEW_SOON = 20.0  # seconds between two of them when something did not hold
_RENEW = 24 * 3600.0  # seconds between two looks for a newer entry of a peer, or for the forms that it reads
_UPGRADED = 3600.0  # the latter, of one that does not read the newest: it may have been upgraded
# What a door says of an offer that reads other forms than before.
_OTHER_FORM = ("canon.", "exchange.form")
_LARGE = 256 << 10  # bytes of an offer: a bad line perhaps does not bring more over in time
_SILENCE = frozenset({"wire.unreachable", "wire.too-slow"})  # the peer cannot be reached now, whatever is said to it
_LASTS = 8  # failures in a row: two minutes
_STRETCH = 2.0  # seconds of one conversation after which what else is due for the peer has its turn
_TOO_MANY = 429  # it hears no more of this node for now, whatever is said: nothing of it was refused
_FAULT = 500  # and above: its node fails, or a proxy before it says that it is away; nothing was refused by that either
_REFUSED_AGAIN = timedelta(hours=1)  # between two asks in the end of a witness that refuses: people must act first
_UNPINNED = frozenset(
    {"peer.unknown", "witness.unknown"}
)  # said by a witness that does not know this State, or its log

Step = Callable[[], bool]


def now() -> datetime:
    """The courier's clock."""
    return datetime.now(UTC)


def line_to(settings: Settings, state: str) -> Line:
    """The line to the node of a State. Raises NotPossible: it is not pinned here."""
    return Line(archive.peer_entry(state), state=settings.state, key=settings.hop)


class _Patience:
    """How long to leave alone what failed: longer after each failure, as deliveries wait; not at all once it went well."""

    def __init__(self) -> None:
        self._times, self._until = 0, 0.0

    def failed(self, most: timedelta = crossing.LAST_RETRY) -> None:
        self._until = time.monotonic() + crossing.retry_after(self._times, most).total_seconds()
        self._times += 1

    def went_well(self) -> None:
        self._times, self._until = 0, 0.0

    @property
    def waits(self) -> bool:
        return self._until > time.monotonic()

    @property
    def lasts(self) -> bool:
        """Whether it failed so often in a row that it does not mend itself, as what a newer entry mends does."""
        return self._times > _LASTS


class Errands:
    """The errands to one peer. They are looked up by the thread of the round, and done by a messenger's while it is away.

    Args:
        settings: the node's.
        peer: its State, which is pinned.
    """

    def __init__(self, settings: Settings, peer: str) -> None:
        self._settings, self._peer = settings, peer
        self._messenger = Messenger(f"to {peer}", partial(bell.ring, settings.home))
        self._silence = _Patience()  # when it was asked for something apart from the conversation
        self._witness = _Patience()  # when it was not heard as a witness
        self._refuses = _Patience()  # when it said no as a witness
        self._seen = 0  # the size at which it cosigned this log last, as far as this process knows
        self._ahead = False  # whether it said that it saw a longer log
        self._talked = False  # whether the last exchange with it went well
        self._renewed = 0.0  # when that was done last
        self._renew_next = 0.0  # when to look for a newer entry of its State
        self._forms_asked = -inf  # when it was asked last which forms it reads
        self._forms_said = False  # whether it said so then
        self.asked = False  # whether it was asked, since this process began, what it holds

    @cached_property
    def _talk(self) -> Conversation:
        return crossing.conversation(self._settings, self._peer)

    @property
    def away(self) -> bool:
        """Whether somebody is on the way."""
        return self._messenger.away

    def set_out(self, *, looking: bool) -> None:
        """See that somebody is on the way if anything is due; `looking`: also tell people what is late, and renew proofs."""
        if not self.away and (steps := self._due(looking=looking)):
            self._messenger.send(partial(_each, steps))

    def _due(self, *, looking: bool) -> list[Step]:
        """What is due, in order; none of it needs that another one went well."""
        if looking:
            self._talk.overdue(now().timestamp())
            if crossing.doubted(self._peer) and self._renewed + _RENEW_SOON < time.monotonic():
                self._renew_next = 0.0  # perhaps its State signs with newer keys
        first: list[Step] = [self._converse] if self._has_to_say() else []
        later: list[Step] = []
        if not self._silence.waits:
            if head := self._unseen():
                first.append(partial(self._have_witnessed, *head))
            if looking and crossing.unproved(self._peer, at=now()):
                later.append(self._prove)
            if self._renew_next <= time.monotonic():
                later += [self._renew, self._read_figures]
            if self._forms_due:
                later.append(self._look_at_forms)
        # Officers are let in as soon as everybody was asked what he holds: they do not wait for what comes later.
        return [*first, self._was_asked, *later] if first or later else []

    def _has_to_say(self) -> bool:
        due = self._talk.next_due(now().timestamp())
        return due is not None and due <= now().timestamp()

    def _unseen(self) -> tuple[str, int] | None:
        """This log's head, if the peer is a witness that has not cosigned it and may be asked now."""
        if self._peer not in self._settings.witnesses or self._witness.waits or self._refuses.waits:
            return None
        return registry.checkpoint_to_witness(self._settings, self._peer, anew=not self.asked)

    def _was_asked(self) -> bool:
        self.asked = True
        return False

    def _line(self) -> Line:
        return line_to(self._settings, self._peer)

    def _note(self, error: ComityError | None) -> None:
        """Note whether the peer answered at all."""
        if error is not None and error.code in _SILENCE:
            self._silence.failed()
        else:
            self._silence.went_well()

    def _converse(self) -> bool:
        """Exchange offers and answers with the peer as long as something is due, but not for ever: other errands wait."""
        end = time.monotonic() + _STRETCH
        while self._has_to_say() and time.monotonic() <= end:
            offer = self._talk.offer(now().timestamp())
            if offer is not None:
                self._exchange(offer)
        return False

    def _exchange(self, offer: Offer) -> None:
        """One exchange; however it ends, the conversation is told."""
        failure, body = Failure("node.defect", fewer=True), b""
        try:
            line = self._line()
            form = self._talk.form or self._ask_forms(line)
            body = dumps(offer, form)
            status, said = line.post("/exchange", body, at=now(), limit=BODY_LIMIT)
            if status != 200:
                refused = _refuses(status)
                failure = Failure(refusal(said) or f"wire.status-{status}", reached=refused, fewer=not refused)
                if failure.reached and self._refused_form(line, form, failure.code):
                    failure = Failure(failure.code)  # nothing was refused but the form
                raise Unreachable(f"{self._peer} answered {status}: {said[:200]!r}", code="wire.status")
            answer = read_answer(said)
            self._talk.answered(offer, answer, now().timestamp())
            failure = Failure("")
            self._note(None)
            if not self._talked:  # it may have pinned this State just now
                self._witness.went_well()
                self._refuses.went_well()
        except ComityError as error:
            self._note(error)
            _log.info("an exchange with %s: %s", self._peer, error)
            if failure.code == "node.defect":
                failure = Failure(error.code, fewer=error.code not in _SILENCE or len(body) > _LARGE)
        finally:
            self._talked = not failure.code
            if failure.code:
                self._talk.failed(offer, failure, now().timestamp())

    @property
    def _forms_due(self) -> bool:
        wait = _RENEW if self._talk.form == FORMS[-1] else _UPGRADED
        return self._forms_asked + wait <= time.monotonic()

    def _ask_forms(self, line: Line) -> int:
        """Ask the peer which forms of an exchange it reads; the newest that is written here too."""
        self._forms_asked, self._forms_said = time.monotonic(), False
        said = line.get_if_any("/forms", at=now())
        self._talk.form = crossing.reads(self._settings, self._peer, said, at=now())
        self._forms_said = True
        return self._talk.form

    def _refused_form(self, line: Line, form: int, code: str) -> bool:
        """Whether the peer refused an offer because it reads another form by now, as far as it can be asked.

        It may have been upgraded, or set back. As long as it does not say what it reads, no envelope was refused.
        """
        if not code.startswith(_OTHER_FORM):
            return False
        if self._forms_asked + _RENEW_SOON <= time.monotonic():
            self._renew_forms(line)
        return not self._forms_said or self._talk.form != form

    def _have_witnessed(self, note: str, size: int) -> bool:
        """Ask the peer to cosign this log's head `note` of `size`."""
        try:
            self._ask_witness(note, size)
            self._note(None)
            self._witness.went_well()
            self._refuses.went_well()
        except ComityError as error:
            self._note(error)
            self._not_witnessed(error)
            _log.warning("%s did not cosign: %s", self._peer, error)
            if error.code == "witness.ahead" and not self._ahead:
                self._ahead = True  # once: what it says is not signed
                why = f"{error.code} {self._peer} {error.where}"
                crossing.forget_settled(self._settings, why, at=now(), claimed=True)
                crossing.turn_away(code=error.code, reason=str(error), head=b"", size=0, path="/witness", at=now())
        return False

    def _not_witnessed(self, error: ComityError) -> None:
        """Leave the witness alone for a while; if it goes on refusing, it is asked seldom, and officers see why."""
        if error.code in _SILENCE | {"witness.status"}:
            self._witness.failed()
            return
        self._refuses.failed(_REFUSED_AGAIN)  # its silence before is no refusal
        if self._refuses.lasts:
            registry.not_witnessed(self._peer, error.code, at=now())

    def _ask_witness(self, note: str, size: int) -> None:
        line, old = self._line(), self._seen
        status, answer = line.post("/witness", registry.ask_witness(note, size, old).encode(), at=now())
        if status == 409:  # it remembers another size than this process does
            old = _size_seen(self._peer, answer)
            if old > size:
                reason = f"{self._peer} saw this log at {old}, it is at {size}: was an older database restored?"
                raise Unreachable(reason, code="witness.ahead", where=str(old))
            status, answer = line.post("/witness", registry.ask_witness(note, size, old).encode(), at=now())
        if status != 200:
            raise _no_cosignature(self._peer, status, answer)
        registry.witnessed(size, answer.decode("utf-8", "replace"), by=self._peer)
        self._seen = size

    def _prove(self) -> bool:
        """Ask for newer proofs of receipts whose head no third State had seen."""
        crossing.proved_still(self._peer)
        asked = crossing.unproved(self._peer, at=now())
        if not asked:
            return False
        found: dict[str, Proof] = {}
        try:
            status, body = self._line().post("/proofs", proofs.ask(asked), at=now())
            if status != 200:
                raise Unreachable(f"{self._peer} answered {status}: {body[:200]!r}", code="wire.status")
            found = proofs.read_answer(body)
            self._note(None)
        except ComityError as error:
            self._note(error)
            _log.info("proofs of %s: %s", self._peer, error)
        crossing.proved(self._settings, self._peer, asked, found, at=now())
        return False

    def _renew(self) -> bool:
        """Look for newer versions of the peer's entry, and hear what it says about the entries of others."""
        self._renewed = time.monotonic()
        self._renew_next = self._renewed + _RENEW
        doubted = crossing.doubted(self._peer)
        crossing.doubt(self._peer, doubted=False)  # now: what is doubted meanwhile is looked at again
        asked = now()
        try:
            line = self._line()
            chain = read_bundle(line.get("/entries", at=now(), limit=BUNDLE_LIMIT))
            registry.renewed(self._settings, self._peer, chain, by=self._peer, at=now())
            for data in read_bundle(line.get("/directory", at=now(), limit=BUNDLE_LIMIT)):
                registry.heard(self._settings, data, by=self._peer, at=now())
            self._note(None)
        except ComityError as error:
            self._note(error)
            if doubted:
                crossing.doubt(self._peer, doubted=True)
            _log.warning("the entry of %s: %s", self._peer, error)
        registry.compare_told(self._peer, at=asked)
        return False

    def _look_at_forms(self) -> bool:
        """Look which forms of an exchange the peer reads by now, unless an exchange has just shown it."""
        if self._forms_due:
            self._renew_forms(self._line())
        return False

    def _renew_forms(self, line: Line) -> None:
        try:
            self._ask_forms(line)
        except ComityError as error:
            _log.warning("the forms that %s reads: %s", self._peer, error)

    def _read_figures(self) -> bool:
        """Read the newest figures that the peer has published, if it has."""
        try:
            said = self._line().get("/figures/cases", at=now(), limit=BUNDLE_LIMIT)
            reconciling.published(self._settings, self._peer, said, at=now())
        except ComityError as error:
            _log.info("the figures of %s: %s", self._peer, error)
        return False


def _each(steps: list[Step]) -> bool:
    """Take each of the steps, even if another fails."""
    for step in steps:
        guarded(step)
    return False


def _refuses(status: int) -> bool:
    """Whether a peer that answers an offer with this status refuses what was offered: with a 4xx, and nothing else."""
    return 400 <= status < _FAULT and status != _TOO_MANY


def _no_cosignature(witness: str, status: int, answer: bytes) -> Unreachable:
    """That a witness answered with no cosignature: it refused, or is away or hears no more just now."""
    if refusal(answer) in _UNPINNED:
        message = (
            f"{witness} does not know this State, or this log, and answered {status}. Have your entry pinned there."
        )
        return Unreachable(message, code="witness.unpinned", where=witness)
    for_now = status == _TOO_MANY or status >= _FAULT
    message = f"{witness} answered {status}: {answer[:200]!r}"
    return Unreachable(message, code="witness.status" if for_now else "witness.refused", where=witness)


def _size_seen(witness: str, answer: bytes) -> int:
    """The size that a witness says it saw last. Raises Unreachable: it says nothing of the kind."""
    text = answer.decode("ascii", "replace").removesuffix("\n")
    if not text.isdecimal() or len(text) > 15:
        raise Unreachable(f"{witness} answered no size.", code="witness.refused", where=witness)
    return int(text)
