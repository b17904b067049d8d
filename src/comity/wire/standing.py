"""A State's own word on where it stands in a treaty: that it signed, deposited its instrument, declared, reserved, objected.

Such a word is a statement of the kind ``standing``, one to each State that is to know it (Articles 62 to 66; Vienna Convention
on the Law of Treaties, Articles 11 to 23). It is the State's own and binds nobody: the depositary's list alone says who is a
Party. A word is never changed. It is named by the digest of its payload, and a later word of the same State may lift it, or say
that it was a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from comity.casework.moments import moment_text, parse_date, strict_moment
from comity.casework.request import STATE
from comity.errors import BrokenSeal, Invalid
from comity.seal import canon
from comity.seal.envelope import Statement

STANDING: Final = "standing"
TEXT_LIMIT: Final = 4_000  # characters of a declaration, reservation or objection
SOURCE_LIMIT: Final = 400  # characters of where the depositary's own record is found
_PAYLOAD_LIMIT: Final = 65_536  # bytes
_TREATY: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_ZONES: Final = timedelta(days=1)  # it may be tomorrow already where it happened


class Event(StrEnum):
    """What a State did, or takes back."""

    SIGNED = "signed"
    DEPOSITED = "deposited"
    DECLARED = "declared"
    RESERVED = "reserved"
    OBJECTED = "objected"  # to what another State has reserved or declared
    LIFTED = "lifted"  # an earlier declaration, reservation or objection of its own
    DENOUNCED = "denounced"
    MISTAKEN = "mistaken"  # an earlier word of its own never was so


HOWS: Final = ("ratification", "acceptance", "approval", "accession")
WORDED: Final = frozenset({Event.DECLARED, Event.RESERVED, Event.OBJECTED})  # these are nothing without their text
BACKWARD: Final = frozenset({Event.LIFTED, Event.MISTAKEN})  # these are about an earlier word


@dataclass(frozen=True, kw_only=True)
class Word:
    """A State's own word on its standing.

    Args:
        treaty: id of the treaty, as its law book has it.
        event: what happened.
        on: the day on which it did, at the depositary's.
        how: ``ratification``, ``acceptance``, ``approval`` or ``accession``, of an instrument; else empty.
        about: of an objection the code of the other State; of `BACKWARD` the digest of the earlier word; else empty.
        text: of a declaration, reservation or objection, as it was made.
        language: ISO 639 code of `text`; empty without one.
        source: where the depositary's own record of it is found; may be empty.
        at: when this is said, UTC, whole seconds.

    Raises:
        Invalid: ``standing.form``, ``standing.day``; `where` names the field.
    """

    treaty: str
    event: Event
    on: date
    how: str = ""
    about: str = ""
    text: str = ""
    language: str = ""
    source: str = ""
    at: datetime

    def __post_init__(self) -> None:
        """Raise Invalid: no State can mean this."""
        about = _DIGEST if self.event in BACKWARD else STATE if self.event is Event.OBJECTED else re.compile("")
        fits = {
            "treaty": _TREATY.fullmatch(self.treaty),
            "how": self.how in HOWS if self.event is Event.DEPOSITED else not self.how,
            "about": about.fullmatch(self.about),
            "text": len(self.text) <= TEXT_LIMIT and (self.text.strip() or self.event not in WORDED),
            "language": _LANGUAGE.fullmatch(self.language) if self.text else not self.language,
            "source": len(self.source) <= SOURCE_LIMIT,
        }
        for where, fit in fits.items():
            if not fit:
                raise Invalid(f"A word on a treaty cannot have this {where}.", code="standing.form", where=where)
        if self.on > (self.at + _ZONES).date():
            raise Invalid("This day has not come yet.", code="standing.day", where="on")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the payload, hex: what names the word among those of its State."""
        return canon.content_id(packed(self))


def packed(word: Word) -> bytes:
    """The payload of the kind ``standing``, as canonical JSON, to be signed for one State."""
    given = asdict(word) | {"event": str(word.event), "on": word.on.isoformat(), "at": moment_text(word.at)}
    return canon.dumps(given)


def unpacked(payload: bytes) -> Word:
    """The word in a payload.

    Raises:
        Invalid: ``standing.form``, ``standing.day``.
        BrokenSeal: it is not canonical, or too long.
    """
    raw = canon.loads(payload, limit=_PAYLOAD_LIMIT)
    try:
        names = ("about", "at", "event", "how", "language", "on", "source", "text", "treaty")
        found = {name: value for name, value in canon.fields(raw, *names).items() if isinstance(value, str)}
        event, on, at = Event(found.pop("event")), parse_date(found.pop("on")), strict_moment(found.pop("at"))
        word = Word(event=event, on=on, at=at, **found)
    except (BrokenSeal, KeyError, TypeError, ValueError) as error:
        raise Invalid("This does not follow the form of a word on a treaty.", code="standing.form") from error
    if packed(word) != payload:  # a day or a moment can be written in other ways
        raise Invalid("This does not follow the form of a word on a treaty.", code="standing.form")
    return word


def read(statement: Statement) -> Word:
    """The word in a verified statement of the kind ``standing``. Raises as `unpacked`."""
    return unpacked(statement.payload)


def undone(words: Mapping[str, Word]) -> dict[str, Event]:
    """Which words of one State its later ones have taken back: ``lifted`` or ``mistaken``, by digest.

    Args:
        words: all of that State, by digest.
    """
    wrong = {word.about for word in words.values() if word.event is Event.MISTAKEN}
    lifted = {word.about for name, word in words.items() if word.event is Event.LIFTED and name not in wrong}
    found = {name: Event.LIFTED for name in lifted if name in words and words[name].event in WORDED}
    return found | {name: Event.MISTAKEN for name in wrong if name in words and words[name].event is not Event.MISTAKEN}
