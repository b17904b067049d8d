"""What a node remembers of a conversation with one peer: rows, how long it waits, and the two seams to the node.

`Memory` is kept in the node's tables, and in a dictionary that can crash in the simulation; `Hand` signs and verifies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from comity.seal.envelope import Signed
from comity.wire.exchange import BATCH, Evidence, Have, Item, Own

HOUR: Final = 3600  # seconds
DAY: Final = 86400
VOID: Final = "conversation.void"  # the trouble of an envelope of ours that came back and can be in no case any more
OLDER: Final = "conversation.older-form"  # the trouble of one in a form that the peer does not read now


class Stage(StrEnum):
    """What an envelope of ours is waiting for."""

    RELAY = "relay"  # that the peer's node keeps it
    CONSIGNMENT = "consignment"  # that the peer's node reads it
    HANDOVER = "handover"  # that an officer there has it before him
    DONE = "done"
    DEAD = "dead"  # refused for good: a person sees it, and can release it


class Status(StrEnum):
    """What became of an envelope of the peer's."""

    WAITING = "waiting"  # kept; not read yet, or others must come first
    ADMITTED = "admitted"
    REFUSED = "refused"


class Sent(NamedTuple):
    """An envelope of ours.

    Args:
        number: its place among all for this peer, from 1.
        digest: its name, under which its bytes are kept.
        after: digests that it stands on.
        made_at: when, POSIX seconds.
        stage: what it waits for.
        attempts: how often that was tried in vain.
        next_at: when to try again.
        since: since when it waits for this stage.
        told: a person knows that this stage is late.
        relayed: the peer's node has acknowledged it.
        pending: it came back from the peer and is not in its case again yet.
        trouble: code of the last failure, or empty.
        words: how many signed words of the peer about it are kept.
        said_at: the time that the last of these states, or a refusal that is not kept, POSIX seconds.
    """

    number: int
    digest: str
    after: tuple[str, ...]
    made_at: int
    stage: Stage
    next_at: float
    since: int
    attempts: int = 0
    told: bool = False
    relayed: bool = False
    pending: bool = False
    trouble: str = ""
    words: int = 0
    said_at: int = 0


class Got(NamedTuple):
    """An envelope of the peer's.

    Args:
        number: as the peer counts.
        digest: its name, under which its bytes are kept.
        after: digests that it stands on.
        at: when it was kept.
        status: what became of it.
        lacks: one of `after` that is not here, or not read yet; empty when it can be read.
        words: how many signed words of this node about it are kept; the receipt is the first.
        said_at: the latest time that any of these states, POSIX seconds.
    """

    number: int
    digest: str
    after: tuple[str, ...]
    at: int
    status: Status
    lacks: str = ""
    words: int = 0
    said_at: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """How the peer has spoken so far.

    Args:
        times: how often, since whenever.
        at: when it did last, POSIX seconds.
        since: since when it talks without long silences, and hears what this node says.
        greetings: how many greetings came last, one after the other; beyond a few they are not counted.
    """

    times: int = 0
    at: float = 0.0
    since: float = 0.0
    greetings: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a person is told.

    Args:
        code: what is the matter.
        envelope: digest of the envelope it is about; empty for the conversation as a whole.
        at: when.
        evidence: this node's signed word about that, where the standard has one; else empty.
    """

    code: str
    envelope: str
    at: int
    evidence: bytes = b""


@dataclass(frozen=True, slots=True)
class Wait:
    """How one stage is waited for: seconds to the first and at most between two attempts, how many, and the deadline."""

    first: float
    last: float
    tries: int
    deadline: int

    @property
    def horizon(self) -> float:
        """No attempt is ever set further ahead: one that is, was set before the clock went back."""
        return 2 * self.last


@dataclass(frozen=True, slots=True)
class Pace:
    """How a conversation waits. All times in seconds.

    Args:
        relay: for the peer's node to keep an envelope; `tries` counts refusals of this very envelope only.
        consignment: for it to be read; asked for until the peer says what became of it, after `tries` as seldom as for
            `handover`. That MUST be more often than a third of `gap`, or the peer counts it as silence.
        handover: for an officer to see it.
        peer: for a peer that does not answer.
        refused: for one that answers, and does not talk with this State; told to a person after `tries`.
        batch: envelopes in one offer, and given back in one answer.
        room: envelopes that may wait here for others.
        gap: how long they may, counted from the last envelope that came.
        kept: envelopes taken from one peer within an hour.
    """

    relay: Wait = Wait(0.5, 30, 20, 4 * HOUR)
    consignment: Wait = Wait(1, 15 * 60, 1000, 4 * HOUR)
    handover: Wait = Wait(15 * 60, 6 * HOUR, 160, 3 * DAY)
    peer: Wait = Wait(0.5, 30, 0, 0)
    refused: Wait = Wait(0.5, 10 * 60, 8, 0)
    batch: int = BATCH
    room: int = 256
    gap: int = 7 * DAY
    kept: int = 20_000


class Hand(Protocol):
    """Signs and reads for one conversation."""

    def sign(self, words: Sequence[Evidence]) -> list[Signed]:
        """This node's signed words, in their order, within the transaction that notes them."""

    def read(self, word: Signed) -> Evidence:
        """Anybody's signed word, verified. Raises BrokenSeal."""

    def doubtful(self) -> bool:
        """Whether nobody may go by some of this node's own words any more, for a key of this State was revoked."""

    def restated(self, words: tuple[Signed, ...], now: int) -> tuple[Signed, ...]:
        """This node's own words about one envelope, within a transaction; new ones where nobody goes by the old ones any more.

        That is so when the key that they stand under was revoked since.
        """

    def said(self, word: Signed) -> Evidence:
        """What a signed word from this node's own memory says; nothing is verified again."""

    def own(self, item: Item, statement: bytes) -> str:
        """Why an envelope of this State for the peer, which came back, can be in no case any more; empty: it can.

        Args:
            item: the envelope.
            statement: what it holds, as the peer says; empty if the peer could not open it.

        Raises:
            BrokenSeal: it is not this State's, not for the peer, or what it holds is known here in another envelope.
        """


class Memory(Protocol):
    """What a node remembers of one conversation. Every change is made within `atomically`."""

    def atomically(self) -> AbstractContextManager[None]:
        """All or nothing; durable when it ends."""

    def look_up(self, *, sent: Iterable[str] = (), got: Iterable[str] = (), sealed: Iterable[str] = ()) -> None:
        """Within `atomically`: these digests will be asked for next, and may be read together."""

    def sealed(self, digest: str) -> bytes:
        """The envelope of this name, ours or the peer's, which is kept here."""

    def settled(self) -> bool:
        """Whether the peer has answered a greeting since memory may have been lost."""

    def settle(self, settled: bool) -> None:  # noqa: FBT001  a flag is what is remembered
        """Note whether it has."""

    def unsure(self, since: int) -> None:
        """Note that no envelope of ours which waits for its receipt need have been made after `since`, POSIX seconds."""

    def form(self) -> int:
        """The newest of `exchange.FORMS` that the peer is known to read; 0: nothing is known of that yet."""

    def hear(self, heard: Heard) -> None:
        """Note how the peer has spoken, now that it has done so again."""

    def heard(self) -> Heard:
        """How it has until now."""

    def sent(self, digest: str) -> Sent | None:
        """Our envelope of this name."""

    def sent_number(self, number: int) -> Sent | None:
        """Our envelope under this number."""

    def sent_last(self) -> int:
        """The highest number given to an envelope of ours; 0 if there is none."""

    def sent_gaps(self, limit: int) -> tuple[int, ...]:
        """The first lower numbers under which there is none."""

    def sent_due(self, stages: Collection[Stage], now: float, horizon: float, limit: int) -> Iterable[Sent]:
        """The first of ours that wait for one of `stages` and are due, by number: in the past, or beyond `horizon`."""

    def sent_to_ask(self, stages: Collection[Stage], now: float, horizon: float, limit: int) -> Sequence[str]:
        """The digests of some that `sent_due` would give."""

    def sent_spans(self, stages: Collection[Stage]) -> Mapping[Stage, tuple[float, float]]:
        """When the first and the last of ours that wait for one of `stages` is due; a stage without any is left out."""

    def sent_late(self, deadlines: Mapping[Stage, int], now: float, limit: int) -> Iterable[Sent]:
        """Some of ours of which nobody was told: they wait longer than the seconds of their stage, or since a time to come."""

    def sent_put_off(self) -> Iterable[Sent]:
        """Ours that the peer put off because it was not settled itself."""

    def sent_lost(self, have: Have, limit: int) -> Iterable[Sent]:
        """Ours that the peer acknowledged and, by its own words, does not have; by number."""

    def sent_pending(self) -> Iterable[Sent]:
        """Ours that came back and are not in their cases again yet; by number."""

    def put_sent(self, row: Sent, envelope: bytes | None = None, *, words: Sequence[Signed] = ()) -> None:
        """Change one of ours; keep it if its bytes are given.

        Args:
            row: as it is from now on.
            envelope: its bytes, if it is new.
            words: the last of `row.words`, if they are new; those before them stay, and others go.
        """

    def take_back(self, row: Sent, own: Own) -> None:
        """Keep one of ours that had been forgotten, with what it held."""

    def adopt(self, row: Sent) -> None:
        """Add the act of one that was taken back to its case."""

    def got(self, digest: str) -> Got | None:
        """The peer's envelope of this name."""

    def got_taken(self, numbers: Collection[int]) -> set[int]:
        """Those of `numbers` under which an envelope of the peer is held."""

    def got_last(self) -> int:
        """The highest number of the peer's envelopes held here; 0 if there is none."""

    def got_gaps(self, limit: int) -> tuple[int, ...]:
        """The first lower numbers that are not held."""

    def got_last_at(self) -> int:
        """When the last of the peer's envelopes was kept; 0 if there is none."""

    def got_ready(self, limit: int) -> Iterable[Got]:
        """The first of the peer's that were not read yet and lack nothing, by number."""

    def got_lacking(self, digests: Collection[str], limit: int = 0) -> Iterable[Got]:
        """The peer's that lack one of `digests`, or for an empty one: anything; all of them, or the first."""

    def got_lacking_count(self) -> int:
        """How many of the peer's lack something."""

    def got_missing(self, limit: int) -> Iterable[str]:
        """Digests that the peer's lack and that are not held here at all."""

    def got_lost(self, have: Have, limit: int) -> Iterable[Got]:
        """The peer's that, by its own words, it does not know any more; by number."""

    def put_got(self, row: Got, envelope: bytes | None = None, *, words: Sequence[Signed] = ()) -> None:
        """Change one of the peer's; keep it if its bytes are given. Arguments as in `put_sent`."""

    def words(self, row: Sent | Got, since: int = 0) -> tuple[Signed, ...]:
        """The signed words about an envelope: the peer's about ours, this node's about the peer's.

        Oldest first, without the first `since` of them.
        """

    def statement(self, row: Got) -> bytes:
        """What the peer's envelope held; empty if it could not be opened, or holds the words of another State."""

    def prepare(self, limit: int, most_bytes: int) -> None:
        """Outside of `atomically`: so many of `got_ready` will be admitted next, and may be opened while others write.

        Those that come after them may be too. With the one that reaches `most_bytes` of envelopes it ends.
        """

    def admit(self, row: Got) -> str:
        """Open, verify and read it, and add its act to its case; empty, or the code of why that was refused."""

    def doubt(self, code: str) -> None:
        """Something that the peer has signed did not hold, for this reason: perhaps it signs with newer keys."""

    def reminded(self, signed_at: int, now: float) -> None:
        """Note that the peer has just given back what this node had forgotten, signed by `signed_at` at the latest."""

    def tell(self, alarm: Alarm) -> None:
        """Let a person see it; what is about the conversation as a whole, once a day."""


def backoff(wait: Wait, attempts: int, seed: str) -> float:
    """Seconds to wait after so many attempts in vain: twice as long each time, and never quite in step with others."""
    spread = (int(seed[:8], 16) * 2654435761 + attempts * 40503) % 65536 / 131072
    longest = min(wait.last, wait.first * float(1 << min(attempts, 30)))
    return longest * (0.5 + spread)
