"""What sharing nodes say to each other about copies, as values and as canonical bytes.

Each is signed by whoever says it and carried as it was signed, however many nodes it passes; here are only the payloads.
`what` is always the SHA-256 of an object's canonical form: who does not hold the object learns nothing from it.

======================  ===========================================================  ==================
notice                  says                                                         travels
======================  ===========================================================  ==================
`Shared`                here is a copy; you may hand it on so many times             giver to taker
`Holding`               I hold a copy, or: I handed one on                           up to the source
`Recall`                withdraw it, keep it stricter, or take another instead       to every neighbour
`Standing`              so many recalls have I said by now                           to every neighbour
`Ask`                   I lack these recalls                                         to one neighbour
`Acknowledgement`       done here, and passed on to those I had handed it to         up to the source
`Report`                it was seen here; or: something in it is wrong               up to the source
======================  ===========================================================  ==================
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, get_type_hints

from comity.errors import BrokenSeal, Invalid
from comity.seal import canon
from comity.sharing.tlp import Level

LIMIT = 256 << 10  # bytes of one notice
REASON_LIMIT = 1_000  # characters of a recall's reason
_MOST = 10_000  # members of a list
_VERSION = "comity/v1/sharing"


class Kind(StrEnum):
    """What a recall asks of a holder."""

    WITHDRAW = "withdraw"
    TIGHTEN = "tighten"
    CORRECT = "correct"


class Deed(StrEnum):
    """What a holder did."""

    WITHDRAWN = "withdrawn"
    TIGHTENED = "tightened"


class Concern(StrEnum):
    """What a holder tells the source of a copy."""

    SIGHTING = "sighting"
    CORRECTION = "correction"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something said about copies.

    Args:
        source: code of the State whose object it is.
    """

    source: str


@dataclass(frozen=True, kw_only=True)
class Shared(Notice):
    """A copy goes to a taker.

    Args:
        what: digest of the object.
        hops: how many times it may be handed on from there; 0: not at all.
        level: of TLP 2.0, as the source marked it last.
    """

    said: ClassVar[str] = "shared"
    what: str
    hops: int
    level: int


@dataclass(frozen=True, kw_only=True)
class Holding(Notice):
    """A holder exists. Args: what; by: who holds it; giver: from whom he has it."""

    said: ClassVar[str] = "holding"
    what: str
    by: str
    giver: str


@dataclass(frozen=True, kw_only=True)
class Recall(Notice):
    """The source's will about all copies of an object.

    Args:
        number: 1, 2, 3 … among the recalls of this source.
        what: digest of the object.
        kind: one of `Kind`.
        level: the stricter level, for `tighten`; else 0.
        successor: digest of what takes its place, for `correct`; else empty.
        reason: a sentence for people, at most `REASON_LIMIT` characters; may be empty.
        at: when, POSIX seconds.
    """

    said: ClassVar[str] = "recall"
    number: int
    what: str
    kind: str
    level: int
    successor: str
    reason: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Standing(Notice):
    """How many recalls a source has said. Args: number; at: when this was true, POSIX seconds."""

    said: ClassVar[str] = "standing"
    number: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Ask(Notice):
    """The asker lacks recalls. Args: after: those with numbers above this; at: of the standing that says there are."""

    said: ClassVar[str] = "ask"
    after: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Acknowledgement(Notice):
    """A recall was done here and passed on.

    Args:
        number: of the recall.
        what: digest of the object.
        by: who did it.
        deed: one of `Deed`.
        passed_to: those he had handed the object to.
        at: when, POSIX seconds.
    """

    said: ClassVar[str] = "acknowledgement"
    number: int
    what: str
    by: str
    deed: str
    passed_to: tuple[str, ...]
    at: int


@dataclass(frozen=True, kw_only=True)
class Report(Notice):
    """Something a holder tells the source.

    Args:
        what: digest of the object.
        by: who tells it.
        concern: one of `Concern`.
        about: digest of the object (a sighting, a note) that says more and goes beside this notice; may be empty.
        at: when, POSIX seconds.
    """

    said: ClassVar[str] = "report"
    what: str
    by: str
    concern: str
    about: str
    at: int


AnyNotice = Shared | Holding | Recall | Standing | Ask | Acknowledgement | Report
_KINDS: dict[str, type[AnyNotice]] = {
    kind.said: kind for kind in (Shared, Holding, Recall, Standing, Ask, Acknowledgement, Report)
}
_WORDS = {"kind": Kind, "deed": Deed, "concern": Concern}
_DIGESTS = {"what", "successor", "about"}


def encode(notice: AnyNotice) -> bytes:
    """A notice as canonical JSON (RFC 8785), to be signed."""
    said = {field.name: getattr(notice, field.name) for field in fields(notice)}
    return canon.dumps({"comity": _VERSION, "said": notice.said} | said)


def decode(data: bytes) -> AnyNotice:
    """The notice in `data`, exactly as `encode` writes it.

    Raises:
        Invalid: `notice.form`: not canonical, too long, unknown, or with other fields; `notice.value`: a field has a
            value that is not taken.
    """
    try:
        value = canon.loads(data, limit=LIMIT)
    except BrokenSeal as error:
        raise Invalid(f"This is no notice: {error.message}", code="notice.form") from error
    kind = _KINDS.get(value.get("said", "")) if isinstance(value, dict) and isinstance(value.get("said"), str) else None
    if kind is None or value.pop("comity", "") != _VERSION:
        raise Invalid("This is no notice of this version.", code="notice.form")
    del value["said"]
    types = {name: hint for name, hint in get_type_hints(kind).items() if name != "said"}
    if set(value) != set(types):
        raise Invalid("A notice has exactly its fields.", code="notice.form")
    return kind(**{name: _field(name, value[name], types[name]) for name in types})


def _field(name: str, value: Any, hint: Any) -> Any:
    if hint is int:
        right = type(value) is int and 0 <= value <= (max(Level) if name == "level" else canon.MAX_INTEGER)
    elif hint is str:
        right = isinstance(value, str) and _is_text(name, value)
    else:
        right = isinstance(value, list) and len(value) <= _MOST and all(isinstance(one, str) and one for one in value)
        value = tuple(value) if right else value
    if not right:
        raise Invalid("A field of a notice has a value that is not taken.", code="notice.value", where=name)
    return value


def _is_text(name: str, value: str) -> bool:
    if name in _WORDS:
        return value in set(_WORDS[name])
    if name in _DIGESTS:
        digest = len(value) == 64 and set(value) <= set("0123456789abcdef")
        return digest or (name != "what" and not value)
    return len(value) <= REASON_LIMIT if name == "reason" else bool(value)
