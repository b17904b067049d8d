"""Communities: the terms on which several States share, and each State's signed word on them.

A community has no registry. Its terms are named by their digest, so that two States who mean different members, another
purpose or more hops do not mean the same community. A State belongs to it from when it has agreed, until it says that it
has left; each says so to every member by a statement of the kind ``community``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from comity.casework.moments import moment_text, strict_moment
from comity.casework.request import STATE
from comity.errors import BrokenSeal, Invalid
from comity.seal import canon
from comity.seal.envelope import Statement

COMMUNITY: Final = "community"
NAME_LIMIT: Final = 60  # characters of a name, and of a purpose
MEMBERS: Final = range(2, 201)
HOPS: Final = range(11)
_LIMIT: Final = 16_384  # bytes of a payload


@dataclass(frozen=True)
class Terms:
    """What the members of a community agree on.

    Args:
        name: a few words.
        members: ISO codes of the States that may belong to it, sorted.
        purpose: for which its members share, a word or a few.
        hops: how many times what is shared in it may be handed on from the first taker.
    """

    name: str
    members: tuple[str, ...]
    purpose: str
    hops: int

    def __post_init__(self) -> None:
        """Raise Invalid: no community can mean this."""
        _named(name=self.name, purpose=self.purpose)
        codes = self.members
        if len(codes) not in MEMBERS or list(codes) != sorted(set(codes)) or not all(map(_is_state, codes)):
            raise Invalid("A community has at least two members.", code="community.form", where="members")
        if type(self.hops) is not int or self.hops not in HOPS:
            raise Invalid("Things are handed on 0 to 10 times.", code="community.form", where="hops")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"name": self.name, "members": list(self.members), "purpose": self.purpose, "hops": self.hops}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of their canonical form, hex: what names the community."""
        return canon.content_id(canon.dumps(self.to_dict()))


def _named(**texts: object) -> None:
    for place, text in texts.items():
        if not isinstance(text, str) or len(text) > NAME_LIMIT or not any(map(str.isalnum, text)):
            raise Invalid(f"A {place} has up to {NAME_LIMIT} characters.", code="community.form", where=place)


def _is_state(code: object) -> bool:
    return isinstance(code, str) and STATE.fullmatch(code) is not None


@dataclass(frozen=True)
class Word:
    """A State's word on a community.

    Args:
        terms: on which.
        agrees: it agrees to them; else it has left.
        at: when, UTC, whole seconds.
    """

    terms: Terms
    agrees: bool
    at: datetime


def packed(word: Word) -> bytes:
    """The payload of the kind ``community``, as canonical JSON, to be signed for one member."""
    moment = moment_text(word.at.replace(microsecond=0))
    return canon.dumps({"agrees": word.agrees, "at": moment, "terms": word.terms.to_dict()})


def read(statement: Statement) -> Word:
    """The word in a verified statement of the kind ``community``.

    Raises:
        Invalid: ``community.form``.
        BrokenSeal: it is not canonical, or too long.
    """
    raw = canon.loads(statement.payload, limit=_LIMIT)
    try:
        found = canon.fields(raw, "agrees", "at", "terms")
        said = canon.fields(found["terms"], "name", "members", "purpose", "hops")
        if type(found["agrees"]) is not bool:
            raise Invalid("A State agrees or does not.", code="community.form", where="agrees")
        terms = Terms(said["name"], tuple(said["members"]), said["purpose"], said["hops"])
        return Word(terms, found["agrees"], strict_moment(found["at"]))
    except (BrokenSeal, TypeError, ValueError, AttributeError) as error:
        raise Invalid("This does not follow the form of a community.", code="community.form") from error
