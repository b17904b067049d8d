"""How material may leave the file: within its purpose, or by leave of the State that gave it. What the form of a release asks.

Source: Articles 36(3), 40(5), 40(19) and 47.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from comity.casework.case import BEHIND
from comity.casework.lifecycle import Case
from comity.casework.measure import Life, Measure
from comity.casework.release import together
from comity.node.officers import reading
from comity.node.settings import Settings


@dataclass(frozen=True)
class Way:
    """One piece of material, and how it may go.

    Args:
        manifest: of the return; empty for information that was told.
        number: which return it is, from 1; 0 for information.
        use: what it was given for: ``evidence``, ``intelligence``, or empty for information.
        leave: the onward transfer that lets it go further; None: within the purpose it was given for.
        conditions: those to acknowledge.
        purpose: what it may be used for.
    """

    manifest: str
    number: int
    use: str
    leave: Case | None
    conditions: tuple[str, ...]
    purpose: str

    @property
    def by(self) -> str:
        """The reference of the leave, or empty."""
        return self.leave.reference if self.leave else ""


def ways(settings: Settings, case: Case, *, at: datetime) -> list[Way]:
    """Every way in which material of `case` may be released now."""
    leaves: list[Case | None] = [None, *_leaves(settings, case, at)]
    return [
        Way(
            manifest,
            number,
            use,
            leave,
            tuple(together(list(given), leave.conditions)) if leave else given,
            (leave or case).request.purpose,
        )
        for manifest, number, use, given in _material(case)
        for leave in leaves
    ]


def _material(case: Case) -> list[tuple[str, int, str, tuple[str, ...]]]:
    """(manifest, number, use, conditions) of everything that is here and verified."""
    if case.life is Life.NOTICE:
        return [("", 0, "", case.conditions)] if case.consents else []
    return [
        (said.body["manifest"], number, said.body["use"], tuple(said.body["conditions"]))
        for number, said in enumerate(case.returns, 1)
        if case.verified(said)
    ]


def _leaves(settings: Settings, case: Case, at: datetime) -> list[Case]:
    """The consents to pass this case's material on that hold now."""
    rows = reading.following(case).filter(requesting=settings.state, measure=Measure.ONWARD_TRANSFER)
    found = [reading.case(settings, row.reference) for row in rows.order_by("pk")]
    return [leave for leave in found if leave.consents and leave.agreed and not _expired(leave, at)]


def _expired(leave: Case, at: datetime) -> bool:
    day = leave.request.period_to
    return day is not None and (at - BEHIND).date() > day


def chosen(found: list[Way], named: Mapping[str, str]) -> Way | None:
    """The way that `named` (``manifest``, ``leave``) names; the only one where there is no choice."""
    if len(found) == 1:
        return found[0]
    if "leave" not in named:
        return None
    return next((way for way in found if (way.manifest, way.by) == (named.get("manifest", ""), named["leave"])), None)
