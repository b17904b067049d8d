"""What States say to each other about assistance (Articles 54 to 56), as signed statements <-> values.

Three kinds of statements:

``need``, ``offer``   a version of a need or an offer, for one State to which it is released; or that it is open no more. Each
                      State learns that it was released to it, and not to whom else.
``programme``         one word of one side of a programme (`assistance.programme`), which names the words that its speaker knew.

Both States of a programme keep the same words. Two of them may cross on their way; `history` puts all of them in the one order
that both find, whatever came first where. A word that then does not fit is kept, shown, and changes nothing.

What a caller must still do: see that the key was valid at the moment that is stated, and that it has come.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from comity.assistance import programme as room
from comity.assistance.needs import NEED as NEED_NAME
from comity.assistance.needs import OFFER as OFFER_NAME
from comity.assistance.needs import Need, Offer, Published, Release, Stage
from comity.assistance.programme import Programme, Word
from comity.casework.moments import moment_text, strict_moment
from comity.errors import BrokenSeal, ComityError, Invalid
from comity.seal import canon, envelope
from comity.seal.envelope import Statement
from comity.seal.keys import SigningKey

NEED: Final = "need"
OFFER: Final = "offer"
PROGRAMME: Final = "programme"
LIMIT: Final = 131_072  # bytes of a payload
SIDES: Final = 2  # words that one word can stand on: one of each side
VERSIONS: Final = range(1, 1_000_000_000)
_DIGEST: Final = 64  # hex digits
_KINDS: Final[Mapping[str, type[Need | Offer]]] = {NEED: Need, OFFER: Offer}
_NAMES: Final = {NEED: NEED_NAME, OFFER: OFFER_NAME}
_SAID: Final = (Stage.OPEN, Stage.WITHDRAWN, Stage.CLOSED)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a need or an offer, as its State says it to one other.

    Args:
        kind: `NEED` or `OFFER`.
        reference: its State's own number.
        version: greater than that of any version before it.
        stage: ``open``, ``withdrawn`` or ``closed``; who no longer may see it is told that it is withdrawn.
        at: when, UTC, whole seconds.
        value: while it is open: all of it; else None.
    """

    kind: str
    reference: str
    version: int
    stage: Stage
    at: datetime
    value: Published | None = None

    def __post_init__(self) -> None:
        """Raise Invalid: no version can mean this."""
        fits = type(self.reference) is str and self.kind in _NAMES and _NAMES[self.kind].fullmatch(self.reference)
        if not fits or type(self.version) is not int or self.version not in VERSIONS or self.stage not in _SAID:
            raise Invalid("A version names what it is of, its number and its stage.", code="assistance.form")
        if (self.value is not None) != (self.stage is Stage.OPEN):
            raise Invalid("What is open is said, and nothing else is.", code="assistance.form", where="value")
        if self.value is not None and self.value.reference != self.reference:
            raise Invalid("This is another need or offer.", code="assistance.form", where="reference")


def narrowed(value: Published, to: str) -> Published:
    """`value` as the State `to` may read it: it learns that it may see it, and not who else may."""
    return value if value.release.everyone else replace(value, release=Release((to,)))


def packed(said: Version) -> bytes:
    """The payload of the kind ``need`` or ``offer``, as canonical JSON.

    Raises:
        Invalid: ``assistance.too-long``.
    """
    value = said.value.to_dict() if said.value is not None else None
    return _short({
        "reference": said.reference, "version": said.version, "stage": str(said.stage),
        "at": moment_text(said.at.replace(microsecond=0)), "value": value,
    })  # fmt: skip


def _short(raw: Mapping[str, Any]) -> bytes:
    found = canon.dumps(dict(raw))
    if len(found) > LIMIT:
        raise Invalid(f"At most {LIMIT} bytes cross in one message.", code="assistance.too-long")
    return found


def read(statement: Statement) -> Version:
    """The version in a verified statement of the kind ``need`` or ``offer``.

    Raises:
        Invalid: ``assistance.form``; ``assistance.speaker``: it is another State's; or a field of it cannot be meant.
        BrokenSeal: it is not canonical, or too long.
    """
    raw = canon.loads(statement.payload, limit=LIMIT)
    try:
        found = canon.fields(raw, "reference", "version", "stage", "at", "value")
        value = None if found["value"] is None else _KINDS[statement.kind].from_dict(found["value"])
        said = Version(
            kind=statement.kind, reference=found["reference"], version=found["version"], stage=Stage(found["stage"]),
            at=strict_moment(found["at"]), value=value,
        )  # fmt: skip
    except (BrokenSeal, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("This does not follow the form of a need or an offer.", code="assistance.form") from error
    if said.reference[:2] != statement.sender:
        raise Invalid("Only the State whose need or offer it is says this.", code="assistance.speaker")
    return said


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A word on its way to the other side.

    Args:
        programme: reference of the programme.
        need: reference of the need.
        offer: reference of the offer.
        after: digests of the statements of the last words that the speaker knew, sorted; empty for the first word of all.
        word: what is said.
    """

    programme: str
    need: str
    offer: str
    after: tuple[str, ...]
    word: Word


def sign(said: Spoken, *, to: str, key: SigningKey) -> bytes:
    """The signed statement of a word; `canon.content_id` of it names the word.

    Args:
        said: what is said.
        to: the other State.
        key: the speaker's signing key.

    Raises:
        Invalid: ``assistance.too-long``.
    """
    payload = _short({
        "at": moment_text(said.word.at), "programme": said.programme, "need": said.need, "offer": said.offer,
        "after": list(said.after), "word": said.word.to_dict(),
    })  # fmt: skip
    return envelope.sign(PROGRAMME, payload, sender=said.word.by, to=to, key=key)


def read_word(statement: Statement) -> Spoken:
    """The word in a verified statement of the kind ``programme``.

    Raises:
        Invalid: ``assistance.form``; ``assistance.speaker``: another State's word; or a field of it cannot be meant.
        BrokenSeal: it is not canonical, or too long.
    """
    said = _spoken(canon.loads(statement.payload, limit=LIMIT))
    if said.word.by != statement.sender:
        raise Invalid("Each side speaks for itself.", code="assistance.speaker", where="by")
    return said


def kept_word(statement: bytes) -> Spoken:
    """The same of a statement that was verified before it was kept."""
    outer = canon.loads(statement, limit=envelope.MESSAGE_LIMIT)
    return _spoken(canon.loads(canon.unb64(outer["payload"]), limit=LIMIT))


def _spoken(raw: Any) -> Spoken:
    try:
        found = canon.fields(raw, "at", "programme", "need", "offer", "after", "word")
        after = found["after"]
        listed = isinstance(after, list) and all(_is_digest(one) for one in after) and after == sorted(set(after))
        if not listed or len(after) > SIDES:
            raise Invalid("A word stands on at most two others.", code="assistance.form", where="after")
        said = Spoken(
            programme=found["programme"], need=found["need"], offer=found["offer"], after=tuple(after),
            word=Word.from_dict(found["word"]),
        )  # fmt: skip
        opened(said)
        if strict_moment(found["at"]) != said.word.at:
            raise Invalid("A word is said at one moment.", code="assistance.form", where="at")
    except (BrokenSeal, TypeError, ValueError, AttributeError) as error:
        raise Invalid("This does not follow the form of a word.", code="assistance.form") from error
    return said


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == _DIGEST and not set(text) - set("0123456789abcdef")


def opened(said: Spoken) -> Programme:
    """The programme that `said` is about, with nothing said in it yet. Raises Invalid: its references do not fit."""
    return Programme(said.programme, said.need, said.offer)


@dataclass(frozen=True)
class History:
    """A programme as all words that are known make it.

    Args:
        programme: what stands.
        order: (digest, word) of every word, in the order of both sides.
        crossed: digest -> code of why a word does not fit: it crossed another on its way.
        heads: digests of the words on which none stands, sorted: what the next word stands on.
    """

    programme: Programme
    order: tuple[tuple[str, Word], ...]
    crossed: Mapping[str, str]
    heads: tuple[str, ...]


def history(empty: Programme, said: Mapping[str, Spoken]) -> History:
    """The one order of these words: each after those that it stands on, else the earlier one first.

    Args:
        empty: the programme with nothing said in it.
        said: digest -> word, each of them with all that it stands on.
    """
    waits = {digest: len(one.after) for digest, one in said.items()}
    following: dict[str, list[str]] = defaultdict(list)
    for digest, one in said.items():
        for before in one.after:
            following[before].append(digest)
    ready = [_place(digest, said) for digest, number in waits.items() if not number]
    heapq.heapify(ready)
    programme, order, crossed = empty, [], {}
    while ready:
        digest = heapq.heappop(ready)[-1]
        order.append((digest, said[digest].word))
        try:
            programme = room.advance(programme, said[digest].word)
        except ComityError as error:
            crossed[digest] = error.code
        for other in following[digest]:
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(ready, _place(other, said))
    heads = tuple(sorted(digest for digest in said if not following[digest]))
    return History(programme, tuple(order), crossed, heads)


def _place(digest: str, said: Mapping[str, Spoken]) -> tuple[datetime, str, str]:
    word = said[digest].word
    return word.at, word.by, digest


def unanswered(by: str, said: Mapping[str, Spoken]) -> frozenset[str]:
    """The words of `by` on which no word of the other side stands.

    Who hears a word counts no more of them than its speaker did: what one side refuses for their number, the other did not say.
    """
    heard = stands_on((digest for one in said.values() if one.word.by != by for digest in one.after), said)
    return frozenset(digest for digest, one in said.items() if one.word.by == by) - heard


def stands_on(digests: Iterable[str], said: Mapping[str, Spoken]) -> frozenset[str]:
    """`digests` and all words that they stand on."""
    found: set[str] = set()
    todo = list(digests)
    while todo:
        digest = todo.pop()
        if digest not in found:
            found.add(digest)
            todo += said[digest].after
    return frozenset(found)
