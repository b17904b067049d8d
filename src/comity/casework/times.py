"""What the acts of a case say of time: who is under safe conduct, and while what a case waited.

Both States hold the same acts, so both read the same here. How long a period is, and whether it stands still while a case
waits, is for the law books to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from comity.casework.act import Act, Kind
from comity.casework.case import Case
from comity.casework.moments import strict_moment

Span = tuple[datetime, datetime | None]
"""From when, and up to when; None while it lasts."""


@dataclass(frozen=True)
class Conduct:
    """The safe conduct of one person, once told that the presence is no longer needed, Article 40(29).

    Args:
        person: the name, as the request has it.
        told: when he or she was officially told.
        days: the period that the two States agreed on; 0: that of the legal basis.
        hindered: when the person could not leave.
        ended: the act that says how it ended, or None.
        agreed: the condition in which the requesting State reads that period; empty where `days` is 0.
    """

    person: str
    told: datetime
    days: int
    hindered: tuple[Span, ...] = ()
    ended: Act | None = None
    agreed: str = ""

    @property
    def hindrance(self) -> datetime | None:
        """Since when the person is hindered from leaving, or None."""
        return next((since for since, until in self.hindered if until is None), None)


def conducts(case: Case) -> tuple[Conduct, ...]:
    """The safe conduct of each person who was told, in the order in which they were told first; the last word on each."""
    found: dict[str, Conduct] = {}
    for act in case.acts:
        if act.kind not in _CONDUCT:
            continue
        person, known = act.body["person"], found.get(act.body["person"])
        if act.kind is Kind.DISCHARGED:
            still = known.hindered if known is not None and known.ended is None else ()
            told, days = strict_moment(act.body["told_at"]), act.body["days"]
            found[person] = Conduct(person, told, days, still, agreed=act.body["agreed"])
        elif known is not None and act.kind is Kind.LEAVING_HINDERED:
            since, until = strict_moment(act.body["since"]), act.body["until"]
            others = tuple(span for span in known.hindered if span != (since, None))
            found[person] = replace(known, hindered=(*others, (since, strict_moment(until) if until else None)))
        elif known is not None:
            found[person] = replace(known, ended=act)
    return tuple(found.values())


def under_conduct(case: Case) -> tuple[Conduct, ...]:
    """Those whose safe conduct is not said to have ended."""
    return tuple(one for one in conducts(case) if one.ended is None)


_CONDUCT: Final = frozenset({Kind.DISCHARGED, Kind.LEAVING_HINDERED, Kind.SAFE_CONDUCT_ENDED})

_OUTCOMES: Final = frozenset({Kind.ACCEPTED, Kind.REFUSED, Kind.WITHDRAWN})
WAITS: Final[dict[str, tuple[Kind, frozenset[Kind]]]] = {
    "information": (Kind.ASKED, _OUTCOMES | {Kind.SUPPLEMENTED}),  # 40(16)
    "consultation": (Kind.CONSULTED, _OUTCOMES | {Kind.REPLIED, Kind.POSTPONED}),  # 40(28)
    "postponement": (Kind.POSTPONED, _OUTCOMES),  # 40(27)
}
"""What a case can wait for, as a law book names it: the act with which that begins, and those that end it."""


def waited(case: Case, reasons: Collection[str]) -> Iterator[Span]:
    """When `case` waited for one of `reasons`, by the time that each act states. Raises KeyError: no such reason.

    Each act that begins it waits for itself, until somebody who knew of it ended that: the spans may overlap. Who withdraws
    waits for nothing.
    """
    for reason in reasons:
        begins, ends = WAITS[reason]
        over = case.last(Kind.WITHDRAWN)
        for asked, ended in case.answers(begins, *ends):
            moments = [act.at for act in (*ended, *((over,) if over else ()))]
            yield asked.at, max(asked.at, min(moments)) if moments else None  # two States' clocks may differ a little
