"""An act: a statement by a named authority about a case, in the one form that each kind has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from comity.casework.moments import moment_text, parse_date, strict_moment
from comity.casework.request import LINE_LIMIT, LIST_LIMITS, REFERENCE, TEXT_LIMIT, Request
from comity.errors import Invalid

SKEW: Final = timedelta(minutes=5)
"""By how much the clocks of two nodes may differ, wherever one State's time is held against another's."""


class Kind(StrEnum):
    """What an act says."""

    DRAFTED = "drafted"
    CHECKED = "checked"
    APPROVED = "approved"
    REQUESTED = "requested"
    AMENDED = "amended"
    SUPPLEMENTED = "supplemented"
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"
    AGREED = "agreed"
    REPLIED = "replied"
    ENQUIRED = "enquired"
    EXTENSION_ASKED = "extension-asked"
    DISCHARGED = "discharged"
    LEAVING_HINDERED = "leaving-hindered"
    SAFE_CONDUCT_ENDED = "safe-conduct-ended"
    VERIFIED = "verified"
    RELEASED = "released"
    ASSESSED = "assessed"
    ASKED = "asked"
    CONSULTED = "consulted"
    PROGRESS = "progress"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    POSTPONED = "postponed"
    AUTHORISED = "authorised"
    ORDERED = "ordered"
    PRESERVED = "preserved"
    EXTENDED = "extended"
    EXTENSION_REFUSED = "extension-refused"
    EXECUTED = "executed"
    DISCLOSED = "disclosed"
    PERFORMED = "performed"
    DEADLINE_MET = "deadline-met"
    DEADLINE_ESCALATED = "deadline-escalated"
    DEADLINE_WAIVED = "deadline-waived"
    CLOSED = "closed"


class Power(StrEnum):
    """What an officer may do. An officer without powers can do nothing."""

    DRAFT = "draft"  # prepare requests and check them
    APPROVE = "approve"  # let a request, or any other word on it, leave in the name of the State that asks
    DECIDE = "decide"  # decide on another State's request, and speak with that State about it
    AUTHORISE = "authorise"  # the domestic authorisation, Article 24: a judge or who the law names
    EXECUTE = "execute"  # order, take in, disclose, perform; verify and release what came back; close
    WARN = "warn"  # share warnings and call them back, publish bulletins (Articles 53, 55)
    TRIAGE = "triage"  # read what the public reports, and decide what becomes of it (Article 53)
    ASSIST = "assist"  # publish needs, offers and figures, agree programmes (Articles 54 to 57)


CROSSING: Final = frozenset({
    Kind.REQUESTED, Kind.SUPPLEMENTED, Kind.WITHDRAWN, Kind.AGREED, Kind.REPLIED, Kind.ENQUIRED, Kind.EXTENSION_ASKED,
    Kind.ASKED, Kind.CONSULTED, Kind.PROGRESS, Kind.ACCEPTED, Kind.REFUSED, Kind.POSTPONED, Kind.PRESERVED,
    Kind.EXTENDED, Kind.EXTENSION_REFUSED, Kind.DISCLOSED, Kind.PERFORMED, Kind.CLOSED,
    Kind.DISCHARGED, Kind.LEAVING_HINDERED, Kind.SAFE_CONDUCT_ENDED,
})  # fmt: skip
"""The kinds that are told to the other State; the others stay at home."""

EVIDENCE, INTELLIGENCE = (
    "evidence",
    "intelligence",
)  # what disclosed material may serve as; 47: police information is none
LEFT, RETURNED, STAYED = "left", "returned", "stayed"  # how the safe conduct of a person ends, 40(29)

_TEXT, _LIST, _DICT = str, list, dict
_DEADLINE: dict[str, type] = {"clock": _TEXT, "due": _TEXT, "reasons": _TEXT}
FORMS: Final[dict[Kind, dict[str, type]]] = {
    Kind.DRAFTED: {"request": _DICT},
    Kind.CHECKED: {"assessment": _DICT},
    Kind.APPROVED: {"despite": _TEXT},
    Kind.REQUESTED: {"request": _DICT, "letter": _TEXT},
    Kind.AMENDED: {"request": _DICT},
    Kind.SUPPLEMENTED: {"request": _DICT},
    Kind.DISCARDED: {"reasons": _TEXT},
    Kind.WITHDRAWN: {"reasons": _TEXT},
    Kind.AGREED: {"conditions": _LIST},
    Kind.REPLIED: {"message": _TEXT},
    Kind.ENQUIRED: {"message": _TEXT},
    Kind.EXTENSION_ASKED: {"until": _TEXT, "reasons": _TEXT},
    Kind.DISCHARGED: {"person": _TEXT, "told_at": _TEXT, "days": int, "agreed": _TEXT},
    Kind.LEAVING_HINDERED: {"person": _TEXT, "since": _TEXT, "until": _TEXT, "reasons": _TEXT},
    Kind.SAFE_CONDUCT_ENDED: {"person": _TEXT, "how": _TEXT, "ended_at": _TEXT},
    Kind.VERIFIED: {"container": _TEXT, "manifest": _TEXT},
    Kind.RELEASED: {"manifest": _TEXT, "recipient": _TEXT, "state": _TEXT, "purpose": _TEXT, "use": _TEXT,
                    "leave": _TEXT, "leave_head": _TEXT, "conditions": _LIST},
    Kind.ASSESSED: {"assessment": _DICT},
    Kind.ASKED: {"questions": _TEXT, "fields": _LIST},
    Kind.CONSULTED: {"message": _TEXT},
    Kind.PROGRESS: {"message": _TEXT},
    Kind.ACCEPTED: {"conditions": _LIST, "reasons": _TEXT},
    Kind.REFUSED: {"grounds": _LIST, "reasons": _TEXT},
    Kind.POSTPONED: {"reasons": _TEXT},
    Kind.AUTHORISED: {"authority": _TEXT, "decision": _TEXT, "ground": _TEXT, "scope": _TEXT, "until": _TEXT},
    Kind.ORDERED: {"provider": _TEXT, "order": _TEXT, "content": _TEXT},
    Kind.PRESERVED: {"effected_at": _TEXT, "until": _TEXT},
    Kind.EXTENDED: {"until": _TEXT, "reasons": _TEXT},
    Kind.EXTENSION_REFUSED: {"reasons": _TEXT},
    Kind.EXECUTED: {"manifest": _TEXT, "files": int, "bytes": int},
    Kind.DISCLOSED: {"container": _TEXT, "size": int, "manifest": _TEXT, "files": int, "conditions": _LIST,
                     "use": _TEXT, "rest": _TEXT},
    Kind.PERFORMED: {"report": _TEXT, "done_on": _TEXT, "rest": _TEXT},
    Kind.DEADLINE_MET: _DEADLINE,
    Kind.DEADLINE_ESCALATED: _DEADLINE,
    Kind.DEADLINE_WAIVED: _DEADLINE,
    Kind.CLOSED: {"note": _TEXT},
}  # fmt: skip
"""The names and types of what each kind of act says; nothing else is allowed."""

MAY_BE_EMPTY: Final = frozenset({
    "despite", "letter", "conditions", "note", "fields", "bytes", "files", "rest", "leave", "leave_head", "purpose",
    "grounds", "released.manifest", "days", "discharged.agreed", "leaving-hindered.until",
})  # fmt: skip

TALK_LIMIT: Final = 200  # messages of one kind that one side says in a case
MESSAGE_LIMIT: Final = 5_000  # characters of one: what is longer belongs into the request or the return
_LINES: Final = frozenset({
    "recipient", "state", "clock", "authority", "decision", "ground", "provider", "order", "person", "agreed",
})  # fmt: skip


def _digest(text: str) -> None:
    """Raise ValueError if `text` is no SHA-256 in hex: it names a file here, and no peer chooses names of files."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError(text)


def _use(text: str) -> None:
    if text not in (EVIDENCE, INTELLIGENCE):
        raise ValueError(text)


def _how(text: str) -> None:
    if text not in (LEFT, RETURNED, STAYED):
        raise ValueError(text)


def _reference(text: str) -> None:
    if not REFERENCE.fullmatch(text):
        raise ValueError(text)


_READ: dict[str, Callable[[str], object]] = {  # what a text must be, beyond being text
    "container": _digest, "manifest": _digest, "letter": _digest, "leave_head": _digest, "use": _use, "leave": _reference,
    "told_at": strict_moment, "since": strict_moment, "ended_at": strict_moment, "how": _how,
    "effected_at": strict_moment, "until": strict_moment, "due": strict_moment,
    "authorised.until": parse_date, "done_on": parse_date,
}  # fmt: skip


def _fits(value: Any, kind: type, read: Callable[[str], object] | None) -> bool:
    """Whether `value` is of `kind`. A list holds different texts, none blank; a count is not negative; `read` takes a text."""
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) and item.strip() for item in value) and len(set(value)) == len(value)
    if isinstance(value, int):
        return value >= 0
    try:
        if read is not None and isinstance(value, str) and value:
            read(value)
    except ValueError:
        return False
    return True


def _short(value: Any, name: str) -> bool:
    """Whether the texts of a field have the lengths that those of a request have."""
    if isinstance(value, list):
        return len(value) <= LIST_LIMITS["conditions"] and all(len(item) <= LINE_LIMIT for item in value)
    most = MESSAGE_LIMIT if name == "message" else LINE_LIMIT if name in _LINES else TEXT_LIMIT
    return not isinstance(value, str) or len(value) <= most


@dataclass(frozen=True)
class Act:
    """A statement by a named authority about a case.

    Args:
        kind: what it says.
        case: the requesting State's reference.
        by: the State that says it.
        officer: the officer's sign-in name, which the four-eyes rule goes by.
        name: the officer's name and office for people to read, as that State states them.
        power: the power it was done under.
        at: when, UTC, whole seconds.
        body: the statement's contents; the names and types for each kind are fixed, nothing else is allowed.
        after: id of the last crossing act of the case that its author knew; empty for the first. This chains the
            acts of both States into one history.
        salt: random text, so that an act's id tells nothing to who holds only the id.
        exercise: True: said in an exercise only, with no legal effect; the same for all acts of a case.
        id: SHA-256 of the signed statement that says it, hex; known once it is signed.
    """

    kind: Kind
    case: str
    by: str
    officer: str
    name: str
    power: str
    at: datetime
    body: Mapping[str, Any]
    after: str = ""
    salt: str = ""
    exercise: bool = True
    id: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Check the body against its form. Raises Invalid naming the field."""
        form = FORMS[self.kind]
        if set(self.body) != set(form):
            odd = min(set(self.body) ^ set(form))
            raise Invalid("The act's contents do not follow its form.", code="act.form", where=f"{self.kind}.{odd}")
        for name, kind in form.items():
            value, where = self.body[name], f"{self.kind}.{name}"
            if not _fits(value, kind, _READ.get(where, _READ.get(name))):
                raise Invalid("This field has the wrong type.", code="act.type", where=where)
            if not _short(value, name):
                raise Invalid("This is too long. Shorten its texts.", code="act.too-long", where=where)
            if not (value.strip() if isinstance(value, str) else value) and not {name, where} & MAY_BE_EMPTY:
                raise Invalid("This field must be filled in.", code="act.empty", where=where)

    @cached_property
    def request(self) -> Request | None:
        """The request that its body brings, read once; None where it brings none. Raises Invalid: it is none."""
        return Request.from_dict(self.body["request"]) if "request" in self.body else None

    def to_dict(self) -> dict[str, Any]:
        """The act as plain JSON values, without its id."""
        return {
            "act": str(self.kind), "case": self.case, "by": self.by, "officer": self.officer, "name": self.name,
            "power": self.power, "at": moment_text(self.at), "body": dict(self.body), "after": self.after,
            "salt": self.salt, "exercise": self.exercise,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], *, id: str) -> Act:  # noqa: A002  the field's own name
        """The act in `raw`, strictly: exactly the known fields, each a string, and a body of the right form.

        Raises:
            Invalid: anything else.
        """
        names = {"act", "case", "by", "officer", "name", "power", "at", "body", "after", "salt", "exercise"}
        texts = names - {"body", "exercise"}
        if (
            set(raw) != names
            or not all(isinstance(raw[name], str) for name in texts)
            or type(raw["exercise"]) is not bool
        ):
            raise Invalid("The act's fields are not the known ones.", code="act.form", where="act")
        try:
            kind, at = Kind(raw["act"]), strict_moment(raw["at"])
        except ValueError as error:
            raise Invalid("The act's kind or time is not usable.", code="act.form", where="act") from error
        if not isinstance(raw["body"], dict):
            raise Invalid("The act's body must be an object.", code="act.form", where="body")
        rest = {name: raw[name] for name in names - {"act", "at"}}
        return cls(kind=kind, at=at, id=id, **rest)
