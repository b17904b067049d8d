"""What two nodes say to each other in one exchange, as values <-> bytes: an offer, and the answer to it.

An **offer** brings envelopes, asks what became of earlier ones, and says, when memory may be lost, what a node remembers. The
**answer** has one outcome for each envelope, the evidence asked for, and whatever the asking node has lost. Evidence is
named by the events of ETSI EN 319 522-1 (used by registered electronic mail, EN 319 532). Nothing here acknowledges
evidence, and an error is never answered: an exchange ends with its answer.

Words that were signed together share their signatures, which are most of a word's bytes. So these stand once in an answer, and
each word names its own by its place among them. No word stands in an offer.

All of it has two **forms**. In the second one the bytes stand behind a head in JSON; in the first one, which a node of before
December 2026 reads alone, they stand in the JSON, in base64. Each State's node says which ones it reads (`FORMS`); what
is written for it is of the newest that both read. The same is said, under the same signatures, with the same limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, NamedTuple

from comity.casework import act
from comity.errors import BrokenSeal
from comity.seal import canon
from comity.seal.envelope import MESSAGE_LIMIT, Pair, Signed, together


class Form(NamedTuple):
    """How what is said in one form is named where it goes.

    Args:
        media_type: of an answer on the line.
        ending: of the names of offers and answers in a parcel.
    """

    media_type: str
    ending: str


WRITTEN: Final = {1: Form("application/json", "json"), 2: Form("application/octet-stream", "bin")}
FORMS: Final = tuple(WRITTEN)  # that are read here, of envelopes too; what all read that know of no others, first
BATCH: Final = 256  # envelopes in one offer
ASKED: Final = 256  # digests asked about in one offer
GAPS: Final = 4096  # numbers listed as not held; more are told in a later greeting
AFTER: Final = 16  # envelopes that one stands on
WORD: Final = 65_536  # bytes of a word without its signatures
EVIDENCE: Final = 8  # pieces of evidence about one envelope
BODY_LIMIT: Final = 6 << 20  # bytes of an offer or an answer
VALUES: Final = 32_768  # commas and opening brackets in the JSON of either: what the limits above allow has fewer
SKEW: Final = int(act.SKEW.total_seconds())  # by which two clocks may differ
_MANY: Final = 64  # forms
_SAYS_FORMS: Final = "forms/1"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_Frame = canon.Frame | canon.Whole


class Event(StrEnum):
    """What evidence says has happened (ETSI EN 319 522-1, clause 6), and who says it."""

    SUBMISSION_ACCEPTANCE = "SubmissionAcceptance"  # the sender's node, to its officer: it will be sent
    SUBMISSION_REJECTION = "SubmissionRejection"  # the same: it cannot be sent
    RELAY_ACCEPTANCE = "RelayAcceptance"  # the addressee's node: it is kept, unread
    RELAY_REJECTION = "RelayRejection"  # the addressee's node: it is not kept, and never will be
    RELAY_FAILURE = "RelayFailure"  # the sender's node: no answer by the deadline
    CONTENT_CONSIGNMENT = "ContentConsignment"  # the addressee's node: verified, and in its case
    CONTENT_CONSIGNMENT_FAILURE = "ContentConsignmentFailure"  # the addressee's node: read, and refused with its reason
    CONTENT_HANDOVER = "ContentHandover"  # the addressee's node: an officer has it before him


@dataclass(frozen=True, slots=True)
class Evidence:
    """One event of one envelope, as its State's node signs it.

    Args:
        event: what happened.
        by: the State whose node says so.
        envelope: digest of the envelope, hex.
        at: when, POSIX seconds.
        code: why, for a rejection or a failure; else empty.
    """

    event: Event
    by: str
    envelope: str
    at: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An envelope on its way.

    Args:
        number: its place among all that its sender ever sent to this State, from 1; 0 for one that came alone.
        envelope: the sealed bytes.
        after: digests of the envelopes of the same case, of either State, that it stands on.
        evidence: the addressee's own signed words about it; only when it is given back to who lost it, in an answer.

    Attributes:
        digest: what names the envelope.
    """

    number: int
    envelope: bytes
    after: tuple[str, ...] = ()
    evidence: tuple[Signed, ...] = ()
    digest: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Name the envelope once, by its bytes."""
        object.__setattr__(self, "digest", canon.content_id(self.envelope))

    @property
    def size(self) -> int:
        """How many bytes it brings with it."""
        return len(self.envelope) + sum(word.size for word in self.evidence)


@dataclass(frozen=True, slots=True)
class Own:
    """An envelope of the asking State itself, given back by who holds it.

    Args:
        item: as it came.
        statement: what it held, signed by the asking State.
    """

    item: Item
    statement: bytes

    @property
    def size(self) -> int:
        """How many bytes it brings with it."""
        return self.item.size + len(self.statement)


@dataclass(frozen=True, slots=True)
class Have:
    """What a node remembers of a conversation.

    Args:
        got: highest number of the peer's envelopes that it holds; 0 for none.
        got_gaps: lower numbers that it does not hold.
        sent: highest number that it gave to an envelope of its own.
        sent_gaps: lower numbers under which it knows none.
    """

    got: int
    got_gaps: tuple[int, ...]
    sent: int
    sent_gaps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one node asks of another.

    Args:
        items: envelopes to keep.
        ask: digests of envelopes whose evidence is wanted.
        have: what the asking node remembers, in a greeting; else None.
    """

    items: tuple[Item, ...] = ()
    ask: tuple[str, ...] = ()
    have: Have | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one envelope of an offer.

    Args:
        envelope: its digest.
        receipt: signed evidence of its acceptance or rejection; None for "later".
        later: why it cannot be kept now; else empty.
    """

    envelope: str
    receipt: Signed | None = None
    later: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an offer.

    Args:
        outcomes: one for each item, in the offer's order.
        evidence: signed evidence about what was asked.
        missing: digests of the asking node's envelopes for which others wait here.
        items: in answer to a greeting: envelopes that the asking node acknowledged once and does not have.
        back: the same: envelopes of its own that it does not know any more.
    """

    outcomes: tuple[Outcome, ...] = ()
    evidence: tuple[Signed, ...] = ()
    missing: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    back: tuple[Own, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """An exchange that ended without a usable answer.

    Args:
        code: why.
        reached: whether the peer refused what was offered; else it may never have seen it.
        fewer: whether less might have gone well: it was answered, but badly, or was large and did not come over in time.
    """

    code: str
    reached: bool = False
    fewer: bool = False


def dumps(said: Offer | Answer, form: int = FORMS[-1]) -> bytes:
    """The bytes of an offer or an answer in one of `FORMS`."""
    pairs: dict[Pair, int] = {}
    runs: list[bytes] = []

    def behind(data: bytes) -> int:
        runs.append(data)
        return len(data)

    plain = _plain(said, pairs, canon.b64 if form == 1 else behind)
    if isinstance(said, Answer):
        plain["signatures"] = [pair._asdict() for pair in pairs]
    return canon.dumps(plain) if form == 1 else canon.framed(plain, *runs)


def form_of(data: bytes) -> int:
    """The form of an offer or an answer: canonical JSON has no line feed, and the second form always has one."""
    return 2 if b"\n" in data else 1


def _frame(data: bytes) -> _Frame:
    return (canon.Whole if form_of(data) == 1 else canon.Frame)(data, limit=BODY_LIMIT, values=VALUES)


def read_offer(data: bytes) -> Offer:
    """The offer in `data`, of either form. Raises BrokenSeal."""
    frame = _frame(data)
    found, none = _object(Offer, frame.head), _Words([], frame)
    ask, have = _digests(found["ask"], ASKED), None if found["have"] is None else _have(found["have"])
    items = tuple(_item(item, none, frame) for item in _list(found["items"], BATCH))
    frame.close()
    return Offer(items, ask, have)


def read_answer(data: bytes) -> Answer:
    """The answer in `data`, of either form. Raises BrokenSeal."""
    frame = _frame(data)
    found = _object(Answer, frame.head, "signatures")
    words = _Words(found["signatures"], frame)
    # The runs of bytes stand in the order of the fields.
    back = tuple(_own(raw, words, frame) for raw in _list(found["back"], BATCH))
    evidence = words.read(found["evidence"], ASKED * EVIDENCE)
    items = tuple(_item(item, words, frame) for item in _list(found["items"], BATCH))
    missing = _digests(found["missing"], BATCH * AFTER)
    outcomes = tuple(_outcome(raw, words) for raw in _list(found["outcomes"], BATCH))
    frame.close()
    return Answer(outcomes, evidence, missing, items, back)


def tell_forms() -> bytes:
    """What a node says at ``/forms``: canonical JSON."""
    return canon.dumps({"comity": _SAYS_FORMS, "reads": list(FORMS)})


def common_form(data: bytes) -> int:
    """The newest of `FORMS` that is among those which a node says it reads, in `data`.

    Raises:
        BrokenSeal: ``exchange.form``: it is no such word; ``exchange.no-form``: there is none.
    """
    try:
        found = canon.fields(canon.loads(data, limit=4096), "comity", "reads")
        reads = {_number(one, 1) for one in _list(found["reads"], _MANY)}
        if found["comity"] != _SAYS_FORMS:
            raise BrokenSeal("It is of another version.", code="exchange.form")
    except BrokenSeal as error:
        raise BrokenSeal(f"This does not say which forms are read: {error.message}", code="exchange.form") from error
    if common := reads.intersection(FORMS):
        return max(common)
    raise BrokenSeal("There is no form that both nodes read. Upgrade the older one.", code="exchange.no-form")


class _Words:
    """The words in something said.

    Args:
        signatures: as they stand there, each once.
        frame: what it was read from.
    """

    def __init__(self, signatures: Any, frame: _Frame) -> None:
        self._frame = frame
        found = (canon.fields(raw, *Pair._fields) for raw in _list(signatures, BATCH * EVIDENCE))
        self._pairs = [Pair(_base64(pair["ed25519"], 64), _base64(pair["mldsa65"], 3309)) for pair in found]

    def _word(self, raw: Any) -> Signed:
        found = canon.fields(raw, "signatures", "word")
        place = _number(found["signatures"], 0)
        if place >= len(self._pairs):
            raise BrokenSeal("A word names signatures that are not here.", code="exchange.form")
        return together(self._frame.take(found["word"], WORD), self._pairs[place])

    def receipt(self, raw: Any) -> Signed | None:
        """The word in `raw`, which may be None."""
        return None if raw is None else self._word(raw)

    def read(self, raw: Any, most: int) -> tuple[Signed, ...]:
        """The words in a list."""
        return tuple(map(self._word, _list(raw, most)))


def _plain(value: Any, pairs: dict[Pair, int], put: Callable[[bytes], int | str]) -> Any:
    """What stands in the JSON for `value`; its bytes go to `put`, in the order of the fields."""
    if isinstance(value, (str, int)) or value is None:
        return value
    if isinstance(value, bytes):
        return put(value)
    if isinstance(value, Signed):
        return {"signatures": pairs.setdefault(value.pair, len(pairs)), "word": put(value.bare)}
    if isinstance(value, tuple):
        return [_plain(item, pairs, put) for item in value]
    return {name: _plain(getattr(value, name), pairs, put) for name in _NAMES[type(value)]}


def _object(kind: type[Offer | Answer | Item | Own | Have | Outcome], raw: Any, *more: str) -> dict[str, Any]:
    return canon.fields(raw, *_NAMES[kind], *more)


_NAMES: Final = {
    kind: tuple(sorted(part.name for part in fields(kind) if part.init))
    for kind in (Offer, Answer, Item, Own, Have, Outcome)
}


def _list(raw: Any, most: int) -> list[Any]:
    if not isinstance(raw, list) or len(raw) > most:
        raise BrokenSeal(f"A list of at most {most} is needed here.", code="exchange.form")
    return raw


def _text(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > 200:
        raise BrokenSeal("A short text is needed here.", code="exchange.form")
    return raw


def _number(raw: Any, least: int) -> int:
    if type(raw) is not int or raw < least:
        raise BrokenSeal("A number is needed here.", code="exchange.form")
    return raw


def _digest(raw: Any) -> str:
    if not isinstance(raw, str) or not _DIGEST.fullmatch(raw):
        raise BrokenSeal("A digest is needed here.", code="exchange.form")
    return raw


def _digests(raw: Any, most: int) -> tuple[str, ...]:
    return tuple(_digest(item) for item in _list(raw, most))


def _base64(raw: Any, most: int) -> str:
    if len(canon.unb64(raw)) > most:  # or a few bytes could say the same long one many times
        raise BrokenSeal(f"A signature of at most {most} bytes is needed here.", code="exchange.form")
    return str(raw)


def _item(raw: Any, words: _Words, frame: _Frame) -> Item:
    found = _object(Item, raw)
    after, envelope = _digests(found["after"], AFTER), frame.take(found["envelope"], MESSAGE_LIMIT)
    return Item(_number(found["number"], 1), envelope, after, words.read(found["evidence"], EVIDENCE))


def _own(raw: Any, words: _Words, frame: _Frame) -> Own:
    found = _object(Own, raw)
    return Own(_item(found["item"], words, frame), frame.take(found["statement"], MESSAGE_LIMIT))


def _outcome(raw: Any, words: _Words) -> Outcome:
    found = _object(Outcome, raw)
    return Outcome(_digest(found["envelope"]), words.receipt(found["receipt"]), _text(found["later"]))


def _have(raw: Any) -> Have:
    found = _object(Have, raw)
    got_gaps, sent_gaps = (
        tuple(_number(item, 1) for item in _list(found[name], GAPS)) for name in ("got_gaps", "sent_gaps")
    )
    return Have(_number(found["got"], 0), got_gaps, _number(found["sent"], 0), sent_gaps)
