"""A case as one State knows it: the fold of its acts, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from comity.casework.act import CROSSING, Act, Kind
from comity.casework.measure import LIVES, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.moments import strict_moment
from comity.casework.request import Request
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
    """A case as `home` knows it: the fold of its acts, which only `lifecycle.advance` carries on.

    Args:
        reference: the requesting State's number.
        requesting: the State that asks.
        requested: the State that is asked.
        measure: what for.
        stage: where it stands.
        acts: all that was said, in the order in which `home` came to know it.
        crossed: ids of those acts of the other State that came too late, because they crossed an act of `home` on their
            way: they are kept and shown, and change nothing.
        written: the request as it stands, read once.
    """

    reference: str
    requesting: str
    requested: str
    measure: Measure
    stage: Stage = Stage.NEW
    acts: tuple[Act, ...] = ()
    crossed: frozenset[str] = frozenset()
    written: Request | None = field(default=None, compare=False, repr=False)

    def last(self, *kinds: Kind) -> Act | None:
        """The latest act of one of `kinds` that had an effect, or None. What was given or done is a fact, also when late."""
        return next((act for act in reversed(self.acts) if act.kind in kinds and self.counts(act)), None)

    def counts(self, act: Act) -> bool:
        """Whether `act` changed the case, or says what was given, done, or befell a person."""
        return act.id not in self.crossed or act.kind in FACTS

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
        if self.written is None:
            raise NotPossible("The case has no request yet.", code="case.no-request", where=self.reference)
        return self.written

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
        decisions = (
            act for act in reversed(self.acts) if act.kind is Kind.ACCEPTED
        )  # what is given too late follows one
        return next((tuple(act.body["conditions"]) for act in decisions), ())

    @property
    def agreed(self) -> bool:
        """Whether the requesting State agreed to just the conditions of the decision; true where there are none.

        By contents, not by place: an agreement and a decision that repeats the same conditions may pass on their way.
        """
        asked = list(self.conditions)
        return not asked or any(act.kind is Kind.AGREED and act.body["conditions"] == asked for act in self.acts)

    @property
    def agreed_upon(self) -> tuple[str, ...]:
        """Every condition that the two States ever agreed on: decided by the one, repeated by the other, 40(28)."""
        decided = [act.body["conditions"] for act in self.acts if act.kind is Kind.ACCEPTED]
        repeated = [act.body["conditions"] for act in self.acts if act.kind is Kind.AGREED]
        return tuple(dict.fromkeys(one for conditions in repeated if conditions in decided for one in conditions))

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
        return str(done.body["rest"]).strip() if done else ""

    @property
    def complete(self) -> bool:
        """Whether all that was accepted has been given or done."""
        return self.last(Kind.DISCLOSED, Kind.PERFORMED) is not None and not self.rest

    @property
    def enquiry(self) -> Act | None:
        """The oldest question how the case stands (40(26)) that the requested State said nothing after.

        What answers it is an act whose author knew of it: one that passed it on its way does not.
        """
        asked = [act for act in self.acts if act.by == self.requesting and act.kind in CROSSING]
        place = {act.id: number for number, act in enumerate(asked)}
        said = (known for act, known in self.knowing() if act.by == self.requested and known is not None)
        answered = max((place[known.id] for known in said), default=-1)
        return next((act for act in asked[answered + 1 :] if act.kind is Kind.ENQUIRED), None)

    def knowing(self, following: Act | None = None) -> list[tuple[Act, Act | None]]:
        """Every crossing act, and `following` after them, each with the last act of the other State that its author knew."""
        found: dict[str, tuple[Act, Act | None]] = {}
        for act in (*self.acts, *((following,) if following else ())):
            if act.kind in CROSSING:
                before, known = found.get(act.after, (None, None))
                found[act.id] = (act, before if before is not None and before.by != act.by else known)
        return list(found.values())

    def answers(self, begins: Kind, *ends: Kind) -> list[tuple[Act, list[Act]]]:
        """Every act of the kind `begins` that counts, with those of `ends` whose author knew of it.

        In the order of acts of one State, so that both States find the same: what passed it on its way does not answer it.
        """
        place = {act.id: number for number, act in enumerate(self.acts)}
        known = {act.id: seen for act, seen in self.knowing()}

        def knew(act: Act, asked: Act) -> bool:
            seen = act if act.by == asked.by else known[act.id]
            return seen is not None and place[seen.id] >= place[asked.id]

        counted = [act for act in self.acts if self.counts(act)]
        ending = [act for act in counted if act.kind in ends]
        return [(asked, [act for act in ending if knew(act, asked)]) for asked in counted if asked.kind is begins]

    @property
    def consultation(self) -> Act | None:
        """The latest consultation (40(28), 22(5)) to which the requesting State has not replied."""
        found = self.answers(Kind.CONSULTED, Kind.REPLIED)
        return next((asked for asked, replies in reversed(found) if not replies), None)

    @property
    def asked_to_extend(self) -> Act | None:
        """The oldest wish for more time that is not answered yet, 42(9): each has one answer, in their order.

        None waits any longer once the case is over, or all has been given.
        """
        if self.stage in OVER or self.complete:
            return None
        counted = [act for act in self.acts if self.counts(act)]
        asked = [act for act in counted if act.kind is Kind.EXTENSION_ASKED]
        answers = sum(act.kind in (Kind.EXTENDED, Kind.EXTENSION_REFUSED) for act in counted)
        return asked[answers] if answers < len(asked) else None

    @property
    def until(self) -> datetime | None:
        """The last moment for which data are kept, or collected as they come, with extensions; None without such a period."""
        named = self.last(Kind.PRESERVED, Kind.EXTENDED)
        if named is not None:
            return strict_moment(named.body["until"])
        day = self.request.period_to if self.measure in TRAFFIC_AND_CONTENT else None
        return datetime.combine(day, time(23, 59, 59), UTC) + BEHIND if day else None


FACTS = frozenset({
    Kind.DISCLOSED, Kind.PERFORMED, Kind.DISCHARGED, Kind.LEAVING_HINDERED, Kind.SAFE_CONDUCT_ENDED,
})  # fmt: skip
OVER = frozenset({Stage.WITHDRAWN, Stage.REFUSED, Stage.CLOSING, Stage.CLOSED, Stage.DISCARDED})
BEHIND = timedelta(hours=12)  # UTC-12: a day ends there twelve hours later than in UTC
AHEAD = timedelta(hours=14)  # UTC+14: and begins there fourteen hours earlier
