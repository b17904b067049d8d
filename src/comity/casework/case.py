"""A case as one State knows it: the fold of its acts, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from comity.casework.act import CROSSING, Act, Kind
from comity.casework.measure import LIVES, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.request import Request, strict_moment
from comity.errors import NotPossible


class Stage(StrEnum):
    """Where a case stands, as `home` can know it. Always derived from the acts."""

    NEW = "new"
    DRAFT = "draft"
    READY = "ready"
    OPEN = "open"
    QUERIED = "queried"
    REDRAFT = "redraft"
    REREADY = "reready"
    POSTPONED = "postponed"
    ACCEPTED = "accepted"
    AUTHORISED = "authorised"
    ORDERED = "ordered"
    PRESERVED = "preserved"
    EXECUTED = "executed"
    DISCLOSED = "disclosed"
    VERIFIED = "verified"
    PERFORMED = "performed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True)
class Case:
    """A case as `home` knows it: the fold of its acts."""

    reference: str
    requesting: str
    requested: str
    measure: Measure
    stage: Stage = Stage.NEW
    acts: tuple[Act, ...] = ()

    def last(self, *kinds: Kind) -> Act | None:
        """The latest act of one of `kinds`, or None."""
        return next((act for act in reversed(self.acts) if act.kind in kinds), None)

    def since(self, kind: Kind, *after: Kind) -> Act | None:
        """The latest act of `kind`, if nothing of `after` came later."""
        act = self.last(kind, *after)
        return act if act is not None and act.kind is kind else None

    @property
    def life(self) -> Life:
        """How it can run."""
        return LIVES[self.measure]

    @property
    def request(self) -> Request:
        """The request as it stands: the latest draft, sent request or supplement that `home` knows."""
        act = self.last(Kind.DRAFTED, Kind.AMENDED, Kind.REQUESTED, Kind.SUPPLEMENTED)
        if act is None:
            raise NotPossible("The case has no request yet.", code="case.no-request", where=self.reference)
        return Request.from_dict(act.body["request"])

    @property
    def head(self) -> str:
        """Id of the last act that crossed the border, or empty."""
        return next((act.id for act in reversed(self.acts) if act.kind in CROSSING), "")

    def peer(self, home: str) -> str:
        """The other State."""
        return self.requested if home == self.requesting else self.requesting

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions of the decision as it stands, Articles 36, 40(5), 40(19) and 40(28)."""
        decision = self.last(Kind.ACCEPTED)
        return tuple(decision.body["conditions"]) if decision else ()

    @property
    def agreed(self) -> bool:
        """Whether the requesting State agreed to just the conditions of the decision; true where there are none.

        By contents, not by place: an agreement and a decision that repeats the same conditions may pass on their way.
        """
        asked = list(self.conditions)
        return not asked or any(act.kind is Kind.AGREED and act.body["conditions"] == asked for act in self.acts)

    @property
    def consents(self) -> bool:
        """Whether the last word on the request is yes."""
        word = self.last(Kind.ACCEPTED, Kind.REFUSED, Kind.WITHDRAWN)
        return word is not None and word.kind is Kind.ACCEPTED

    @property
    def returns(self) -> tuple[Act, ...]:
        """Every return of exhibits, oldest first."""
        return tuple(act for act in self.acts if act.kind is Kind.DISCLOSED)

    def verified(self, disclosed: Act) -> bool:
        """Whether this return is verified."""
        container = disclosed.body["container"]
        return any(act.kind is Kind.VERIFIED and act.body["container"] == container for act in self.acts)

    @property
    def rest(self) -> str:
        """What the last return or deed said is still missing; empty when nothing is, or nothing was done yet."""
        done = self.last(Kind.DISCLOSED, Kind.PERFORMED)
        return str(done.body["rest"]) if done else ""

    @property
    def complete(self) -> bool:
        """Whether all that was accepted has been given or done."""
        return self.last(Kind.DISCLOSED, Kind.PERFORMED) is not None and not self.rest

    @property
    def enquiry(self) -> Act | None:
        """The oldest question how the case stands (40(26)) after which the requested State said nothing."""
        waiting: Act | None = None
        for act in self.acts:
            if act.kind is Kind.ENQUIRED:
                waiting = waiting or act
            elif act.kind in CROSSING and act.by == self.requested:
                waiting = None
        return waiting

    @property
    def consultation(self) -> Act | None:
        """The consultation (40(28), 22(5)) that the requesting State has not replied to."""
        return self.since(Kind.CONSULTED, Kind.REPLIED)

    @property
    def asked_to_extend(self) -> Act | None:
        """The oldest wish for more time that is not answered yet, 42(9): each has one answer, in their order."""
        asked = [act for act in self.acts if act.kind is Kind.EXTENSION_ASKED]
        answers = sum(act.kind in (Kind.EXTENDED, Kind.EXTENSION_REFUSED) for act in self.acts)
        return asked[answers] if answers < len(asked) else None

    @property
    def until(self) -> datetime | None:
        """The last moment for which data are kept, or collected as they come, with extensions; None without such a period."""
        named = self.last(Kind.PRESERVED, Kind.EXTENDED)
        if named is not None:
            return strict_moment(named.body["until"])
        day = self.request.period_to if self.measure in TRAFFIC_AND_CONTENT else None
        return datetime.combine(day, time(23, 59, 59), UTC) + BEHIND if day else None


BEHIND = timedelta(hours=12)  # UTC-12: a day ends there twelve hours later than in UTC
AHEAD = timedelta(hours=14)  # UTC+14: and begins there fourteen hours earlier
