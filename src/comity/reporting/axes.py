"""What a figure is about: nine coordinates, as codes that SDMX takes, and which code is part of which.

A figure's key has one code for each of `AXES`. ``_T`` is the total over an axis, ``_Z`` says that the axis does not apply,
``_U`` that it is not known. Time is in quarters (UTC) and in years.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from comity.casework.measure import Measure
from comity.casework.moments import YEARS
from comity.casework.request import STATE
from comity.errors import Invalid

Key = tuple[str, ...]

AXES: Final = (
    "NATURE", "EVENT", "DIRECTION", "SUBJECT", "PARTNER", "URGENCY", "OUTCOME", "SPEED", "TIME_PERIOD",
)  # fmt: skip
"""The coordinates, in the order in which they stand in a key."""
NATURE, EVENT, DIRECTION, SUBJECT, PARTNER, URGENCY, OUTCOME, SPEED, PERIOD = range(len(AXES))

TOTAL, NONE, UNKNOWN = "_T", "_Z", "_U"
REAL, EXERCISE = "real", "exercise"  # never added up
MADE, RECEIVED = "made", "received"  # by this State, or from another; never added up
REFUSED, SEVERAL, UNNAMED, OTHER = "refused", "several", "unnamed", "other"
ANSWERS: Final = ("accepted", "conditional", REFUSED)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_QUARTER, _YEAR = re.compile(r"[0-9]{4}-Q[1-4]"), re.compile(r"[0-9]{4}")


class Event(StrEnum):
    """What happened."""

    REQUESTED = "requested"  # a request was sent
    RETURNED = "returned"  # the requested State asked for more, 40(16): each time counts
    ANSWERED = "answered"  # the first decision
    GIVEN = "given"  # the first return of exhibits, deed done, or data preserved
    ENDED = "ended"  # withdrawn, closed, or refused after a yes; a refusal that is the first answer is counted there
    BEGUN = "begun"  # a programme of assistance began, 54
    CONCLUDED = "concluded"  # it ended


OF_CASES: Final = (Event.REQUESTED, Event.RETURNED, Event.ANSWERED, Event.GIVEN, Event.ENDED)
"""The events that acts of cases make."""

_ALL = frozenset({SUBJECT, PARTNER, URGENCY, OUTCOME, SPEED})
APPLIES: Final[dict[Event, frozenset[int]]] = {
    Event.REQUESTED: _ALL - {OUTCOME},
    Event.RETURNED: _ALL,
    Event.ANSWERED: _ALL,
    Event.GIVEN: _ALL,
    Event.ENDED: _ALL,
    Event.BEGUN: frozenset({SUBJECT, PARTNER}),
    Event.CONCLUDED: frozenset({SUBJECT, PARTNER, OUTCOME}),
}
"""The axes that an event has; every event has those of nature, direction and time."""

FAMILIES: Final[dict[str, frozenset[Measure]]] = {
    "electronic-data": frozenset({
        Measure.PRESERVATION, Measure.TRAFFIC_DISCLOSURE, Measure.STORED_DATA, Measure.REAL_TIME_TRAFFIC,
        Measure.INTERCEPTION, Measure.PRODUCTION_ORDER, Measure.EMERGENCY_DATA,
    }),
    "legal-assistance": frozenset({
        Measure.STATEMENTS, Measure.SERVICE, Measure.SEARCH, Measure.EXAMINATION, Measure.EXPERT_EVIDENCE,
        Measure.RECORDS, Measure.TRACING, Measure.APPEARANCE, Measure.VIDEO_HEARING, Measure.PRISONER_TRANSFER,
        Measure.OTHER_ASSISTANCE, Measure.CONTACT_POINT,
    }),
    "persons-and-proceedings": frozenset({
        Measure.EXTRADITION, Measure.PROVISIONAL_ARREST, Measure.SENTENCED_PERSON, Measure.PROCEEDINGS,
        Measure.JURISDICTION,
    }),
    "police-and-joint-work": frozenset({Measure.POLICE_COOPERATION, Measure.JOINT_INVESTIGATION}),
    "assets": frozenset({Measure.FREEZING, Measure.CONFISCATION, Measure.RETURN}),
    "telling": frozenset({Measure.SPONTANEOUS_INFORMATION, Measure.ONWARD_TRANSFER}),
}  # fmt: skip
"""Families of measures: each measure is in one, unlike in `casework.measure.GROUPS`, so that they add up."""
_FAMILY: Final[dict[str, str]] = {str(one): family for family, those in FAMILIES.items() for one in those}

BANDS: Final[tuple[tuple[str, timedelta], ...]] = (
    ("up-to-1h", timedelta(hours=1)), ("up-to-1d", timedelta(days=1)), ("up-to-7d", timedelta(days=7)),
    ("up-to-30d", timedelta(days=30)), ("up-to-90d", timedelta(days=90)), ("up-to-180d", timedelta(days=180)),
    ("up-to-365d", timedelta(days=365)),
)  # fmt: skip
LONGER: Final = "over-365d"
SPEEDS: Final = (*(name for name, _ in BANDS), LONGER)
"""The bands of time taken, shortest first."""


def band(took: timedelta | None) -> str:
    """The band that a length of time falls in; `UNKNOWN` for None. Below zero, where clocks differ, counts as nothing."""
    if took is None:
        return UNKNOWN
    return next((name for name, most in BANDS if took <= most), LONGER)


def quarter(moment: datetime) -> str:
    """The quarter of `moment` in UTC: ``2026-Q4``."""
    there = moment.astimezone(UTC)
    return f"{there.year:04}-Q{(there.month + 2) // 3}"


def edges(period: str) -> tuple[datetime, datetime]:
    """The first moment of a quarter, and the first after it, UTC. Raises Invalid: it is no quarter."""
    check_quarter(period)
    year, month = int(period[:4]), int(period[6]) * 3 - 2
    after = (year + 1, 1) if month == 10 else (year, month + 3)
    return datetime(year, month, 1, tzinfo=UTC), datetime(*after, 1, tzinfo=UTC)


def before(period: str) -> str:
    """The quarter before this one."""
    year, number = int(period[:4]), int(period[6])
    return f"{year:04}-Q{number - 1}" if number > 1 else f"{year - 1:04}-Q4"


def over(at: datetime, quarters: int) -> list[str]:
    """The last quarters that are over at `at`, the newest first, each fourth one followed by its year if that is over too."""
    found: list[str] = []
    period = quarter(at)
    for _ in range(quarters):
        period = before(period)
        found += [period, period[:4]] if period.endswith("Q4") else [period]
    return found


def quarters_of(period: str) -> tuple[str, str]:
    """The first and the last quarter of a quarter or a year. Raises Invalid: it is neither."""
    first, last = (f"{period}-Q1", f"{period}-Q4") if _YEAR.fullmatch(period) else (period, period)
    return check_quarter(first), check_quarter(last)


def check_quarter(text: str) -> str:
    """`text`, if it is a quarter between 1900 and 2199. Raises Invalid."""
    if not _QUARTER.fullmatch(text) or int(text[:4]) not in YEARS:
        raise Invalid("A quarter is written like 2026-Q4.", code="figures.period", where=text[:20])
    return text


def years(through: str) -> str:
    """The last year that is complete at the end of the quarter `through`."""
    return text if (text := through[:4]) and through.endswith("Q4") else f"{int(text) - 1:04}"


def parent(event: str, axis: int, code: str) -> str | None:
    """The code that `code` is a part of, on this axis of this event; None if it is part of none."""
    if axis == PERIOD:
        return code[:4] if _QUARTER.fullmatch(code) else None
    if axis <= DIRECTION or code in (TOTAL, NONE):
        return None
    if axis == SUBJECT:
        return _FAMILY.get(code, TOTAL)
    if axis == OUTCOME and event == Event.ANSWERED and code not in ANSWERS:
        return REFUSED  # a ground
    return TOTAL


def lineage(event: str, axis: int, code: str) -> tuple[str, ...]:
    """`code` and all that it is part of, from the part to the whole."""
    found = [code]
    while (above := parent(event, axis, found[-1])) is not None:
        found.append(above)
    return tuple(found)


def is_leaf(event: str, axis: int, code: str) -> bool:
    """Whether nothing is counted below `code`."""
    if axis == PERIOD:
        return bool(_QUARTER.fullmatch(code))
    if axis == SUBJECT:
        return code not in FAMILIES and code != TOTAL
    return code != TOTAL and not (axis == OUTCOME and event == Event.ANSWERED and code == REFUSED)


def check_key(key: Key) -> Key:
    """`key`, if each of its codes can stand where it stands. Raises Invalid naming the axis."""
    if len(key) != len(AXES) or not all(isinstance(code, str) for code in key):
        raise Invalid("A figure has nine coordinates.", code="figures.key")
    if key[EVENT] not in set(Event):
        raise Invalid("This event is not known.", code="figures.key", where="EVENT")
    applies = APPLIES[Event(key[EVENT])]
    for axis, code in enumerate(key):
        if not _stands(axis, code, applies=axis in applies):
            raise Invalid("This code cannot stand here.", code="figures.key", where=AXES[axis])
    return key


def _stands(axis: int, code: str, *, applies: bool) -> bool:
    if axis == PERIOD:
        return bool(_QUARTER.fullmatch(code) or _YEAR.fullmatch(code)) and int(code[:4]) in YEARS
    if axis <= DIRECTION:
        return code in {NATURE: (REAL, EXERCISE), EVENT: tuple(Event), DIRECTION: (MADE, RECEIVED)}[axis]
    if not applies:
        return code == NONE
    if code in (TOTAL, UNKNOWN):
        return True
    if axis == PARTNER:
        return bool(STATE.fullmatch(code))
    return code in SPEEDS if axis == SPEED else bool(CODE.fullmatch(code))
