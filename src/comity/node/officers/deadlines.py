"""The deadlines of a case: the treaty's, the requested State's own, what was suggested, the period of collection.

Each is computed from the acts and carried on by what officers recorded. Where one stands is for `law.due` to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from comity.casework.act import STAYED
from comity.casework.lifecycle import Act, Case, Kind, Stage
from comity.casework.measure import GROUPS, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.moments import parse_date, strict_moment
from comity.casework.times import Conduct, conducts, waited
from comity.errors import ComityError
from comity.law import clocks, dates
from comity.law.clocks import Deadline, Uncertain
from comity.law.dates import Pause, last_moment
from comity.law.due import ClockState, Settled, answer, days_left, settled, state_of
from comity.law.state import State
from comity.law.treaty import ClockRule
from comity.node.officers import judgement, reading
from comity.node.settings import Settings

COLLECTION: Final = "collection"  # of data in real time: its period is named by the request
PRESERVATION, SUGGESTED = "preservation", "suggested"
_OVER: Final = frozenset({Stage.CLOSING, Stage.CLOSED, Stage.WITHDRAWN, Stage.REFUSED, Stage.DISCARDED})
_FOR_THE_DATA: Final = (GROUPS["data"] | GROUPS["mla"]) - {Measure.PRESERVATION}
_UNDECIDED: Final = frozenset({Stage.OPEN, Stage.QUERIED, Stage.REDRAFT, Stage.REREADY, Stage.POSTPONED})
_NEEDS_SOMEBODY: Final = frozenset({ClockState.WARNING, ClockState.UNCERTAIN, ClockState.EXPIRED})


@dataclass(frozen=True)
class Clock:
    """A deadline as pages show it.

    Args:
        kind: what it is about; a State's own clock has its code before it: ``IR:preservation``; one of several persons the
            person's place behind it: ``safe-conduct/1``.
        due: its last moment, UTC; the earliest possible one when it is uncertain. Once it is met: the one that was known then.
        left: whole days until then; negative once it has passed.
        total: whole days that it had from the beginning.
        state: where it stands.
        cites: what it stands on.
        doubtful: those of `cites` that were not compared with the official text, as in force on the day on which it began.
        bearer: the side that is bound.
        settled: what an officer of this State last said of it, or None.
        case_open: whether the case runs, or the safe conduct of a person whose request is over: somebody may still settle it.
        uncertain: the other ends that its book allows and why it is not sure, or None.
        stopped: since when it stands still, or None.
        person: whose it is, as the request names him or her; empty where it is about no one person.
        days: the period that the requesting State reads in the condition `agreed`; 0: that of the legal basis.
        agreed: a condition that both States agreed on; empty where `days` is 0.
        early: whether the person is said to have stayed until the time ran out, at a moment at which, by our book, it had not.
    """

    kind: str
    due: datetime
    left: int
    total: int
    state: ClockState
    cites: tuple[str, ...]
    doubtful: tuple[str, ...]
    bearer: str
    settled: Settled | None
    case_open: bool
    uncertain: Uncertain | None = None
    stopped: datetime | None = None
    person: str = ""
    days: int = 0
    agreed: str = ""
    early: bool = False

    @property
    def id(self) -> str:
        """How a form names it: its kind and its end."""
        return f"{self.kind}@{self.due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def anchor(self) -> str:
        """The id of its element on the page of the case."""
        return f"clock-{self.kind.replace(':', '-').replace('/', '-')}"

    @property
    def needs_somebody(self) -> bool:
        """Whether it is near its end, or past it, and nobody has said what became of it."""
        return self.case_open and self.state in _NEEDS_SOMEBODY

    @property
    def open(self) -> bool:
        """Whether it can be settled now."""
        return self.case_open and self.state is not ClockState.MET


def of(settings: Settings, case: Case, *, at: datetime) -> list[Clock]:
    """The deadlines of `case`, in the order in which they were set running; none while it is a draft."""
    if case.last(Kind.REQUESTED) is None:
        return []
    said = tuple(_settled(case))[::-1]  # of two words of the same second the later one counts
    found = []
    for running in _running(settings, case):
        try:
            found.append(
                _shown(
                    settings, case, running, at, [word for then, word in said if _holds(settings, running, word, then)]
                )
            )
        except ComityError:  # an end that no calendar reaches
            continue
    return found


def most_pressing(found: list[Clock]) -> Clock | None:
    """The one to show where there is room for one: what needs somebody first, then what ends first."""
    return min(found, key=lambda clock: (not clock.needs_somebody, not clock.open, clock.due), default=None)


@dataclass(frozen=True)
class _Running:
    deadline: Deadline
    bearer: str
    met: bool
    held: bool = False
    conduct: Conduct | None = None


def _running(settings: Settings, case: Case) -> Iterator[_Running]:
    """Every deadline that the acts of the case have set running."""
    book, zone = settings.books.states.get(case.requested), _zone(settings, case)
    for found in (_preservation(settings, case), _collection(settings, case, zone), _suggested(settings, case, zone)):
        if found is not None:
            yield found
    treaty = settings.books.treaties.get(case.request.basis)
    for rule in treaty.clocks if treaty else ():
        if case.measure not in rule.measures or rule.id == PRESERVATION:
            continue
        if rule.id == clocks.SAFE_CONDUCT:
            yield from _safe_conduct(settings, case, rule)
        else:
            yield from _by_rule(case, rule, rule.id, zone, book)
    for rule in book.clocks if book else ():
        began = _began(case, rule, zone) if case.measure in rule.measures else None
        if book and began and book.lines((rule,), began.astimezone(zone).date()):  # under the law of the day it began
            yield from _by_rule(case, rule, f"{case.requested}:{rule.id}", zone, book)


def _zone(settings: Settings, case: Case) -> tzinfo:
    """That of the requested State, by whose days most clocks are counted."""
    book = settings.books.states.get(case.requested)
    return ZoneInfo(book.zone) if book else UTC


def _preservation(settings: Settings, case: Case) -> _Running | None:
    """The last moment for which data are held, extensions included."""
    preserved, until = case.last(Kind.PRESERVED), case.until
    if preserved is None or until is None:
        return None
    try:
        cites: tuple[str, ...] = (settings.books.clock(case.request.basis, PRESERVATION).provision,)
    except ComityError:  # the officer had to set the period
        cites = ()
    try:
        began = strict_moment(preserved.body["effected_at"])
        running = Deadline(PRESERVATION, began, until, cites, least=True, extended=_extended(case))
    except ComityError:  # another State may name an end that lies before its beginning
        return None
    over = case.stage in _OVER
    return _Running(running, "requested", met=over, held=not over and _awaited(settings, case))


def _extended(case: Case) -> datetime | None:
    act = case.last(Kind.EXTENDED)
    return act.at if act else None


def _awaited(settings: Settings, case: Case) -> bool:
    """Whether a request that follows this preservation is undecided: until then the data stay held, Article 42(8).

    It is one for the data, of the same State, and came before the end.
    """
    rows = reading.following(case).filter(requesting=case.requesting, measure__in=_FOR_THE_DATA)
    for row in rows:
        later = reading.case(settings, row.reference)
        sent = later.last(Kind.REQUESTED)
        if sent is None or later.stage not in _UNDECIDED or later.request.exercise != case.request.exercise:
            continue
        if (
            case.until is not None and max(sent.at, row.opened_at) <= case.until
        ):  # when it came, for who did not send it
            return True
    return False


def _collection(settings: Settings, case: Case, zone: tzinfo) -> _Running | None:
    """The period over which data are collected in real time; it runs once the request is accepted."""
    accepted, day = case.last(Kind.ACCEPTED), case.request.period_to
    if case.measure not in TRAFFIC_AND_CONTENT or accepted is None or day is None:
        return None
    named = case.last(Kind.EXTENDED)
    due = strict_moment(named.body["until"]) if named else last_moment(day, zone)
    cites = settings.books.cited(case.request.basis, case.measure, "period-ahead")
    if due < accepted.at:
        return None
    running = Deadline(COLLECTION, accepted.at, due, cites, extendable=True, extended=_extended(case))
    return _Running(running, "requested", met=_given(case))


def _suggested(settings: Settings, case: Case, zone: tzinfo) -> _Running | None:
    """The day that the requesting State suggested, to its end where the answer is made, Article 40(26)."""
    sent, day = case.last(Kind.REQUESTED), case.request.deadline
    if sent is None or day is None:
        return None
    cites = settings.books.cited(case.request.basis, case.measure, "deadline")
    try:
        running = clocks.suggested(sent.at, day, cites, zone)
    except ComityError:
        return None
    return _Running(running, "requested", met=_given(case))


def _given(case: Case) -> bool:
    """Whether the requested State has done what it was asked for, or the case is over."""
    if case.stage in _OVER or case.complete or case.stage is Stage.PRESERVED:
        return True
    return case.life in (Life.NOTICE, Life.CONSENT) and case.last(Kind.ACCEPTED, Kind.REFUSED) is not None


def _safe_conduct(settings: Settings, case: Case, rule: ClockRule) -> Iterator[_Running]:
    """The safe conduct of each person who was told, counted where he or she is: in the requesting State, Article 40(29)."""
    home = settings.books.states.get(case.requesting)
    for place, conduct in enumerate(conducts(case), 1):
        try:
            found = clocks.conduct(conduct, rule, ZoneInfo(home.zone) if home else UTC)
        except ComityError:
            continue
        running = replace(found, kind=f"{rule.id}/{place}")
        yield _Running(running, rule.bearer, met=conduct.ended is not None, conduct=conduct)


def _by_rule(case: Case, rule: ClockRule, kind: str, zone: tzinfo, book: State | None) -> Iterator[_Running]:
    """The deadline of `rule`, once the act that sets it running has been said; none where the acts do not tell.

    It stands still while the case waits for what its book names, and for nothing else.
    """
    began = _began(case, rule, zone)
    if began is None:
        return
    pauses = [Pause(since, until) for since, until in waited(case, rule.suspended_by)]
    try:
        found = replace(clocks.counted(rule, began, pauses, zone, book), kind=kind)
        until, longer = case.until, _extended(case)
        if (
            rule.extendable
            and until is not None
            and longer
            and until > _due_then(rule, began, pauses, longer, zone, book)
        ):
            named = replace(found, due=until, extended=longer, uncertain=None, stopped=None, unit="day", run_on=False)
            found = clocks.paused(named, dates.merged(pauses, longer), zone, book)
    except ComityError:
        return
    yield _Running(found, rule.bearer, met=_rule_met(case, rule))


def _due_then(
    rule: ClockRule, began: datetime, pauses: list[Pause], then: datetime, zone: tzinfo, book: State | None
) -> datetime:
    """When the deadline ended by what had stood still up to `then`: what it stood later does not take an extension away."""
    past = [Pause(one.since, min(one.until or then, then)) for one in pauses if one.since < then]
    return clocks.counted(rule, began, past, zone, book).due


def _began(case: Case, rule: ClockRule, zone: tzinfo) -> datetime | None:
    """When the clock was set running, as the acts of the case tell."""
    name = rule.id.removesuffix("-outside-europe")
    act: Act | None = None
    if rule.begins:
        act = _first(case, Kind(rule.begins))
    elif name == "service-on-provider":
        act = case.last(Kind.REQUESTED, Kind.SUPPLEMENTED)
    elif name in ("subscriber-return", "traffic-return"):
        act = _first(case, Kind.ORDERED)
    elif name in ("interception", "surrender"):
        act = case.last(Kind.ORDERED) or (case.last(Kind.ACCEPTED) if name == "surrender" else None)
    elif name == PRESERVATION and (act := case.last(Kind.PRESERVED)):
        return strict_moment(act.body["effected_at"])
    elif name == "provisional-arrest" and (act := _first(case, Kind.PERFORMED)):
        day: date = parse_date(act.body["done_on"])
        return datetime.combine(day, time(12), zone)
    return act.at if act else None


def _first(case: Case, kind: Kind) -> Act | None:
    return next((act for act in case.acts if act.kind is kind), None)


def _rule_met(case: Case, rule: ClockRule) -> bool:
    """Whether what the clock is about has been done, as far as the acts tell."""
    clock = rule.id
    if rule.ends:
        decided = rule.ends == "decided" and case.last(Kind.ACCEPTED, Kind.REFUSED) is not None
        return decided or _given(case)
    if clock == "service-on-provider":
        return _first(case, Kind.ORDERED) is not None or _given(case)
    if clock.startswith("provisional-arrest"):
        rows = reading.following(case).filter(measure=Measure.EXTRADITION, acts__kind=Kind.REQUESTED)
        return case.stage in _OVER or rows.exists()
    return case.stage in _OVER if clock == PRESERVATION else _given(case)


def _settled(case: Case) -> Iterator[tuple[Case, Settled]]:
    """What officers of this State said of deadlines, each with the case as it stood when it was said."""
    for place, act in enumerate(case.acts):
        how = _HOW.get(act.kind)
        if how is not None:
            before = case.acts[:place]
            written = next((old.request for old in reversed(before) if old.request), case.written)
            yield replace(case, acts=before, written=written), settled(str(how), act.body, act.name, act.at)


def _holds(settings: Settings, running: _Running, word: Settled, then: Case) -> bool:
    """Whether no act has moved the end since `word` was said: by the books of today, the acts of `then` give the same."""
    found = running.deadline
    if word.clock != found.kind:
        return False
    if word.due == found.due.replace(microsecond=0) and found.stopped is None:
        return True
    before = next((one.deadline for one in _running(settings, then) if one.deadline.kind == found.kind), None)
    return before is not None and (before.due, before.stopped) == (found.due, found.stopped)


_HOW: Final = {
    Kind.DEADLINE_MET: ClockState.MET,
    Kind.DEADLINE_ESCALATED: ClockState.ESCALATED,
    Kind.DEADLINE_WAIVED: ClockState.WAIVED,
}


def _shown(settings: Settings, case: Case, running: _Running, at: datetime, said: list[Settled]) -> Clock:
    found, word = running.deadline, answer(running.deadline, at, said)
    conduct, day = running.conduct, found.started.astimezone(_zone(settings, case)).date()
    if word is not None and word.how is ClockState.MET:  # as it was known then
        found = replace(found, due=word.due, uncertain=None, stopped=None)
    return Clock(
        found.kind,
        found.due,
        days_left(found, at),
        max(1, (found.due - found.started).days),
        state_of(found, at, held=running.held, met=running.met, settled=said),
        found.cites,
        tuple(name for name in found.cites if judgement.doubtful(settings, name, day)),
        running.bearer,
        word,
        conduct.ended is None if conduct else case.stage not in _OVER,
        found.uncertain,
        found.stopped,
        *((conduct.person, conduct.days, conduct.agreed, _early(running)) if conduct else ()),
    )


def _early(running: _Running) -> bool:
    ended = running.conduct.ended if running.conduct else None
    return (
        ended is not None
        and ended.body["how"] == STAYED
        and not running.deadline.over(strict_moment(ended.body["ended_at"]))
    )
