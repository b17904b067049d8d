"""The life of a case, on both sides of the border, as one table.

A case is its acts, in order. `advance(case, act, home=…)` answers one question: may this act happen now? It is asked by
the node of `home`, which sees its own acts (also the internal ones) and, of the other State, only the acts that cross::

    requesting State                          requested State
    ────────────────                          ───────────────
    drafted · checked · approved (or discarded)
    requested  ─────────────────────────────▶ (open)
                                              assessed
    (queried)  ◀───────────────────────────── asked               40(16)
    amended · checked · approved
    supplemented ───────────────────────────▶ (open)
               ◀───────────────────────────── consulted           40(28)
               ◀───────────────────────────── accepted | postponed
               ◀───────────────────────────── refused             40(21)-(25), until something was executed
                                              authorised          24   (stored data)
                                              ordered
               ◀───────────────────────────── preserved           42   (preservation)
                                              executed
               ◀───────────────────────────── disclosed           44
    verified
    closed     ─────────────────────────────▶ (closing)
               ◀───────────────────────────── closed
    withdrawn  ─────────────────────────────▶                     40(26)

What a foreign act can do is therefore one column of the table: move a case from one of the stages in `seen`. No such
row leads past a decision or an authorisation, which only `home`'s own officers can record (Article 5). The four-eyes
rule is law, not manners, and lives here: nobody approves his own draft, and who decides does not also authorise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from comity.casework.request import Measure, Request, moment_text, parse_date, strict_moment
from comity.errors import Invalid, NotPossible, NotYours


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
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DISCARDED = "discarded"
    CLOSING = "closing"
    CLOSED = "closed"


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
    VERIFIED = "verified"
    ASSESSED = "assessed"
    ASKED = "asked"
    CONSULTED = "consulted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    POSTPONED = "postponed"
    AUTHORISED = "authorised"
    ORDERED = "ordered"
    PRESERVED = "preserved"
    EXECUTED = "executed"
    DISCLOSED = "disclosed"
    CLOSED = "closed"


class Power(StrEnum):
    """What an officer may do. An officer without powers can do nothing."""

    DRAFT = "draft"  # prepare requests and check them
    APPROVE = "approve"  # let a request leave in the name of the State
    DECIDE = "decide"  # decide on another State's request
    AUTHORISE = "authorise"  # the domestic authorisation, Article 24: a judge or who the law names
    EXECUTE = "execute"  # order, take in, disclose; verify what came back; close


_TEXT, _LIST, _DICT = str, list, dict
_BODY: dict[Kind, dict[str, type]] = {
    Kind.DRAFTED: {"request": _DICT},
    Kind.CHECKED: {"assessment": _DICT},
    Kind.APPROVED: {"despite": _TEXT},
    Kind.REQUESTED: {"request": _DICT, "letter": _TEXT},
    Kind.AMENDED: {"request": _DICT},
    Kind.SUPPLEMENTED: {"request": _DICT},
    Kind.DISCARDED: {"reasons": _TEXT},
    Kind.WITHDRAWN: {"reasons": _TEXT},
    Kind.VERIFIED: {"container": _TEXT, "manifest": _TEXT},
    Kind.ASSESSED: {"assessment": _DICT},
    Kind.ASKED: {"questions": _TEXT, "fields": _LIST},
    Kind.CONSULTED: {"message": _TEXT},
    Kind.ACCEPTED: {"conditions": _LIST, "reasons": _TEXT},
    Kind.REFUSED: {"grounds": _LIST, "reasons": _TEXT},
    Kind.POSTPONED: {"reasons": _TEXT},
    Kind.AUTHORISED: {"authority": _TEXT, "decision": _TEXT, "ground": _TEXT, "scope": _TEXT, "until": _TEXT},
    Kind.ORDERED: {"provider": _TEXT, "order": _TEXT, "content": _TEXT},
    Kind.PRESERVED: {"effected_at": _TEXT, "until": _TEXT},
    Kind.EXECUTED: {"manifest": _TEXT, "files": int, "bytes": int},
    Kind.DISCLOSED: {"container": _TEXT, "size": int, "manifest": _TEXT, "files": int, "conditions": _LIST},
    Kind.CLOSED: {"note": _TEXT},
}
MAY_BE_EMPTY = frozenset({"despite", "letter", "conditions", "note", "fields", "bytes", "files"})


def _digest(text: str) -> None:
    """Raise ValueError if `text` is no SHA-256 in hex: it names a file here, and no peer chooses names of files."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError(text)


_READ: dict[str, Callable[[str], object]] = {  # what a text must be, beyond being text
    "container": _digest, "manifest": _digest, "letter": _digest,
    "effected_at": strict_moment, "preserved.until": strict_moment, "authorised.until": parse_date,
}  # fmt: skip


def _fits(value: Any, kind: type, read: Callable[[str], object] | None) -> bool:
    """Whether `value` is of `kind`: a list holds texts, a count is not negative, `read` takes a text unless empty."""
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    if isinstance(value, int):
        return value >= 0
    try:
        if read is not None and isinstance(value, str) and value:
            read(value)
    except ValueError:
        return False
    return True


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
        form = _BODY[self.kind]
        if set(self.body) != set(form):
            odd = min(set(self.body) ^ set(form))
            raise Invalid("The act's contents do not follow its form.", code="act.form", where=f"{self.kind}.{odd}")
        for name, kind in form.items():
            value, where = self.body[name], f"{self.kind}.{name}"
            if not _fits(value, kind, _READ.get(where, _READ.get(name))):
                raise Invalid("This field has the wrong type.", code="act.type", where=where)
            if not value and name not in MAY_BE_EMPTY:
                raise Invalid("This field must be filled in.", code="act.empty", where=where)

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


Guard = Callable[[Case, Act], None]


@dataclass(frozen=True)
class Step:
    """One row of the table.

    Args:
        kind: the act.
        side: who may do it: ``requesting`` or ``requested``.
        power: the power its officer needs.
        own: stage before -> stage after, at the State that acts.
        seen: the same at the other State; empty when the act does not cross the border.
        guards: what else must hold at the State that acts.
        measures: the measures whose life knows it.
        both: what must hold at either State, by what both have seen.
    """

    kind: Kind
    side: str
    power: Power
    own: Mapping[Stage, Stage]
    seen: Mapping[Stage, Stage] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    measures: frozenset[Measure] = frozenset(Measure)
    both: tuple[Guard, ...] = ()


def _to(target: Stage, *sources: Stage) -> dict[Stage, Stage]:
    return dict.fromkeys(sources, target)


def _since(case: Case, kind: Kind, *after: Kind) -> Act | None:
    """The latest act of `kind`, if nothing of `after` came later."""
    act = case.last(kind, *after)
    return act if act is not None and act.kind is kind else None


def _checked(case: Case, act: Act) -> None:
    """What leaves has been checked as it stands; leaving despite a failed finding needs a written reason."""
    check = _since(case, Kind.CHECKED, Kind.DRAFTED, Kind.AMENDED)
    if check is None:
        raise NotPossible("Check the request first: it changed since the last check.", code="case.unchecked")
    try:
        failed = any(item["verdict"] == "failed" for item in check.body["assessment"]["findings"])
    except (KeyError, TypeError) as error:
        raise NotPossible("The last check holds no findings. Check again.", code="case.unchecked") from error
    if failed and not act.body["despite"].strip():
        raise NotPossible(
            "Some findings failed. Mend the request, or state why it leaves all the same.", code="case.despite",
            where="despite",
        )  # fmt: skip


def _not_by_author(case: Case, act: Act) -> None:
    """Four eyes on what leaves: who drafted or amended since anything was last sent does not approve."""
    for earlier in reversed(case.acts):
        if earlier.kind in (Kind.REQUESTED, Kind.SUPPLEMENTED):
            return
        if earlier.kind in (Kind.DRAFTED, Kind.AMENDED) and earlier.officer == act.officer:
            raise NotYours("Nobody approves his own request.", code="case.four-eyes", where="officer")


def _not_by_decider(case: Case, act: Act) -> None:
    """Four eyes at home: the authorisation is independent of the decision (Article 24(2))."""
    decision = case.last(Kind.ACCEPTED)
    if decision is not None and decision.officer == act.officer:
        raise NotYours("Who decided does not also authorise.", code="case.four-eyes", where="officer")


def _assessed(case: Case, act: Act) -> None:
    """A decision is made beside the findings of the request as it stands now."""
    if _since(case, Kind.ASSESSED, Kind.REQUESTED, Kind.SUPPLEMENTED) is None:
        raise NotPossible("Assess the request first.", code="case.unassessed")


def _consulted(case: Case, act: Act) -> None:
    """Article 40(28): consult before refusing or postponing."""
    if case.last(Kind.CONSULTED) is None:
        raise NotPossible("Consult the requesting State before refusing or postponing (40(28)).", code="case.consult")


def _follows_approval(case: Case, act: Act) -> None:
    """What is sent is what was approved, and the letter belongs to it."""
    draft = case.last(Kind.DRAFTED, Kind.AMENDED)
    if draft is None or draft.body["request"] != act.body["request"]:
        raise NotPossible("What is sent differs from what was approved.", code="case.differs")


def _still_authorised(case: Case, act: Act) -> None:
    """An order rests on an authorisation in force: refused once its last day is over everywhere on Earth."""
    grant = case.last(Kind.AUTHORISED)
    ended = (act.at.astimezone(UTC) - timedelta(hours=36)).date()  # a day in UTC ends twelve hours later in UTC-12
    if grant is None or ended >= parse_date(grant.body["until"]):
        raise NotPossible("The authorisation has expired.", code="authorise.until", where="until")


def _as_executed(case: Case, act: Act) -> None:
    """What is disclosed is what was taken in."""
    taken = case.last(Kind.EXECUTED)
    if taken is None or any(taken.body[name] != act.body[name] for name in ("manifest", "files")):
        raise NotPossible("What is disclosed differs from what was taken in.", code="case.differs", where="manifest")


def _as_accepted(case: Case, act: Act) -> None:
    """The conditions of use are those of the decision: neither State changes them afterwards (36, 40(19))."""
    decision = case.last(Kind.ACCEPTED)
    if decision is None or decision.body["conditions"] != act.body["conditions"]:
        raise NotPossible("The conditions differ from those decided.", code="case.differs", where="conditions")


def _as_disclosed(case: Case, act: Act) -> None:
    """What is verified is what was disclosed."""
    said = case.last(Kind.DISCLOSED)
    if said is None or any(said.body[name] != act.body[name] for name in ("container", "manifest")):
        raise NotPossible("What is verified differs from what was disclosed.", code="case.differs", where="container")


S, K, P = Stage, Kind, Power
_DATA, _HOLD = frozenset({Measure.STORED_DATA}), frozenset({Measure.PRESERVATION})
_RUNNING = (S.OPEN, S.QUERIED, S.POSTPONED, S.ACCEPTED, S.PRESERVED)
_AT_HOME = (S.AUTHORISED, S.ORDERED, S.EXECUTED)
_UNDONE = (S.OPEN, S.QUERIED, S.POSTPONED, S.ACCEPTED, S.AUTHORISED, S.ORDERED)  # nothing has been executed yet
_AWAITED = (S.OPEN, S.QUERIED, S.REDRAFT, S.REREADY, S.POSTPONED, S.ACCEPTED)  # the same, as the other side sees it


def _stay(*stages: Stage) -> dict[Stage, Stage]:
    return {stage: stage for stage in stages}


TABLE: tuple[Step, ...] = (
    Step(K.DRAFTED, "requesting", P.DRAFT, _to(S.DRAFT, S.NEW, S.DRAFT, S.READY)),
    Step(K.DISCARDED, "requesting", P.DRAFT, _to(S.DISCARDED, S.DRAFT, S.READY)),
    Step(K.CHECKED, "requesting", P.DRAFT, _stay(S.DRAFT, S.REDRAFT)),
    Step(K.APPROVED, "requesting", P.APPROVE, {S.DRAFT: S.READY, S.REDRAFT: S.REREADY},
         guards=(_not_by_author, _checked)),
    Step(K.REQUESTED, "requesting", P.APPROVE, _to(S.OPEN, S.READY), _to(S.OPEN, S.NEW), (_follows_approval,)),
    Step(K.AMENDED, "requesting", P.DRAFT, _to(S.REDRAFT, S.QUERIED, S.REDRAFT, S.REREADY)),
    Step(K.SUPPLEMENTED, "requesting", P.APPROVE, _to(S.OPEN, S.REREADY), _to(S.OPEN, S.QUERIED), (_follows_approval,)),
    Step(K.WITHDRAWN, "requesting", P.APPROVE, _to(S.WITHDRAWN, *_RUNNING, S.REDRAFT, S.REREADY, S.DISCLOSED),
         _to(S.WITHDRAWN, *_RUNNING, *_AT_HOME, S.REFUSED, S.DISCLOSED)),  # the two may cross on their way
    Step(K.ASSESSED, "requested", P.DECIDE, _stay(S.OPEN, S.QUERIED, S.POSTPONED)),
    Step(K.ASKED, "requested", P.DECIDE, _to(S.QUERIED, S.OPEN), _to(S.QUERIED, S.OPEN), (_assessed,)),
    Step(K.CONSULTED, "requested", P.DECIDE, _stay(*_UNDONE), _stay(*_AWAITED)),
    Step(K.ACCEPTED, "requested", P.DECIDE, _to(S.ACCEPTED, S.OPEN, S.POSTPONED), _to(S.ACCEPTED, S.OPEN, S.POSTPONED),
         (_assessed,)),
    Step(K.REFUSED, "requested", P.DECIDE, _to(S.REFUSED, *_UNDONE), _to(S.REFUSED, *_AWAITED),
         (_assessed, _consulted)),
    Step(K.POSTPONED, "requested", P.DECIDE, _to(S.POSTPONED, S.OPEN), _to(S.POSTPONED, S.OPEN),
         (_assessed, _consulted)),
    Step(K.AUTHORISED, "requested", P.AUTHORISE, _to(S.AUTHORISED, S.ACCEPTED, S.AUTHORISED, S.ORDERED),
         guards=(_not_by_decider,), measures=_DATA),
    Step(K.ORDERED, "requested", P.EXECUTE, _to(S.ORDERED, S.ACCEPTED, S.ORDERED), measures=_HOLD),
    Step(K.ORDERED, "requested", P.EXECUTE, _to(S.ORDERED, S.AUTHORISED, S.ORDERED), guards=(_still_authorised,),
         measures=_DATA),
    Step(K.PRESERVED, "requested", P.EXECUTE, _to(S.PRESERVED, S.ORDERED), _to(S.PRESERVED, S.ACCEPTED),
         measures=_HOLD),
    Step(K.EXECUTED, "requested", P.EXECUTE, _to(S.EXECUTED, S.ORDERED), measures=_DATA),
    Step(K.DISCLOSED, "requested", P.EXECUTE, _to(S.DISCLOSED, S.EXECUTED), _to(S.DISCLOSED, S.ACCEPTED),
         (_as_executed,), _DATA, (_as_accepted,)),
    Step(K.VERIFIED, "requesting", P.EXECUTE, _to(S.VERIFIED, S.DISCLOSED), guards=(_as_disclosed,), measures=_DATA),
    Step(K.CLOSED, "requesting", P.EXECUTE, _to(S.CLOSING, S.VERIFIED, S.PRESERVED, S.REFUSED, S.WITHDRAWN),
         _to(S.CLOSING, S.DISCLOSED, S.PRESERVED, S.REFUSED, S.WITHDRAWN)),
    Step(K.CLOSED, "requested", P.EXECUTE, _to(S.CLOSED, S.CLOSING), _to(S.CLOSED, S.CLOSING)),
)  # fmt: skip

CROSSING: frozenset[Kind] = frozenset(step.kind for step in TABLE if step.seen)


def power_for(case: Case, kind: Kind, *, home: str) -> Power:
    """The power that `home`'s officer needs for an act of `kind` in `case`. Raises NotPossible: not its act."""
    side = "requesting" if home == case.requesting else "requested"
    for step in TABLE:
        if step.kind is kind and step.side == side and case.measure in step.measures:
            return step.power
    raise NotPossible(f"'{kind}' is not an act of the {side} State.", code="case.side", where=case.reference)


def steps(case: Case, *, home: str) -> tuple[Step, ...]:
    """What `home`'s officers may do next, by stage alone (guards may still object)."""
    side = "requesting" if home == case.requesting else "requested"
    return tuple(
        step for step in TABLE if step.side == side and case.measure in step.measures and case.stage in step.own
    )


def _row(case: Case, act: Act, home: str) -> tuple[Step, Stage]:
    """The row that `act` uses and the stage it leads to; raises NotPossible when there is none."""
    side = "requesting" if act.by == case.requesting else "requested"
    for step in TABLE:
        if step.kind is act.kind and step.side == side and case.measure in step.measures:
            stages = step.own if act.by == home else step.seen
            if case.stage in stages:
                return step, stages[case.stage]
    raise NotPossible(
        f"'{act.kind}' by {act.by} does not fit a case that is '{case.stage}'.", code="case.stage", where=case.reference
    )


def _chained(case: Case, act: Act) -> None:
    """A crossing act names the last crossing act its author knew: one of this case, or none for the first."""
    known = {earlier.id for earlier in case.acts if earlier.kind in CROSSING}
    if (act.after in known) if known else (act.after == ""):
        return
    raise NotPossible("The act stands on a history that this node does not know.", code="case.history")


def advance(case: Case, act: Act, *, home: str) -> Case:
    """`case` with `act` added, if that may happen.

    Args:
        case: the case as `home` knows it.
        act: the next act, by `home` or by the other State.
        home: the State whose node is asking.

    Returns:
        The case after the act.

    Raises:
        NotPossible: the act does not fit the stage, the side, the measure or the history.
        NotYours: the power is not the one required, or four eyes are.
    """
    if act.case != case.reference or not {act.by, home} <= {case.requesting, case.requested}:
        raise NotPossible("The act belongs to another case.", code="case.other", where=act.case)
    if act.id and any(earlier.id == act.id for earlier in case.acts):
        raise NotPossible("This act is known already.", code="act.known", where=act.case)
    step, target = _row(case, act, home)
    if act.kind in CROSSING:
        _chained(case, act)
    if act.by == home and act.power != step.power:
        raise NotYours(f"This needs the power to {step.power}.", code="case.power", where="power")
    for guard in (*(step.guards if act.by == home else ()), *step.both):
        guard(case, act)
    request = Request.from_dict(act.body["request"]) if "request" in act.body else case.request
    _same_case(case, request)
    if act.exercise != request.exercise:
        raise NotPossible(
            "Every act of an exercise says so, and no other does.", code="case.exercise", where="exercise"
        )
    return replace(case, stage=target, acts=(*case.acts, act))


def _same_case(case: Case, request: Request) -> None:
    """A draft or supplement cannot turn the case into another one, nor an exercise that was sent into earnest."""
    mine = (case.reference, case.requesting, case.requested, case.measure)
    if (request.reference, request.requesting, request.requested, request.measure) != mine:
        raise NotPossible("Reference, States and measure of a case do not change.", code="case.other")
    if case.last(Kind.REQUESTED) is not None and case.request.exercise != request.exercise:
        raise NotPossible("An exercise stays an exercise.", code="case.other", where="exercise")


def open_case(request: Request) -> Case:
    """An empty case for `request`: no act yet."""
    return Case(request.reference, request.requesting, request.requested, request.measure)


def replay(case: Case, acts: tuple[Act, ...], *, home: str) -> Case:
    """`case` after all `acts`, each allowed in its turn. Raises as `advance` does."""
    for act in acts:
        case = advance(case, act, home=home)
    return case
