"""How far a treaty is from its entry into force, and when it enters into force for a State that comes later.

Source: for the UN Convention Article 65: the ninetieth day after the fortieth instrument; for a State that joins later the
thirtieth day after its own, or the Convention's own day if that is later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from comity.errors import Invalid
from comity.law.treaty import Entry, Treaty


@dataclass(frozen=True)
class Countdown:
    """Where the count stands on a day, once by what is sure and once by every report.

    Args:
        needed: instruments needed.
        sure: instruments that were surely deposited by that day.
        reported: those and the ones that are only reported.
        last: the day by which the last one needed was surely deposited, or None.
        enters: the day by which the treaty surely enters into force, or None.
        perhaps: the earliest day that the reports allow, or None.
        earliest: the day on which it would enter into force if all that lack came on the day asked for; None once it is sure.
        joins: the day on which a State that deposits on the day asked for is bound, once the entry into force is sure; or None.
        days: days from the day asked for to `enters`, or None; below zero when it lies behind.
        known_on: the day up to which the list of deposits was kept; what came later is not counted.
        uncounted: organisations whose instruments are not counted.
        cites: where the numbers stand.
    """

    needed: int
    sure: int
    reported: int
    last: date | None
    enters: date | None
    perhaps: date | None
    earliest: date | None
    joins: date | None
    days: int | None
    known_on: date
    uncounted: tuple[str, ...]
    cites: tuple[str, ...]

    @property
    def missing(self) -> tuple[int, int]:
        """How many instruments lack at least (if every report is true) and at most (by what is sure)."""
        return max(self.needed - self.reported, 0), max(self.needed - self.sure, 0)


def countdown(treaty: Treaty, on: date) -> Countdown:
    """The count of `treaty` on `on`; deposits after that day are left out.

    Raises:
        Invalid: nothing has to enter into force (``law.entry``).
    """
    entry = _entry(treaty)
    sure = sorted(day for party in treaty.counted if (day := party.latest()) and day <= on)
    seen = [party.earliest(entry.opened) for party in treaty.counted if (day := party.reported()) and day <= on]
    early = sorted(day for day in seen if day)
    last = sure[entry.needed - 1] if len(sure) >= entry.needed else None
    enters = entry.effect(last, entry.period) if last else None
    return Countdown(
        needed=entry.needed,
        sure=len(sure),
        reported=len(early),
        last=last,
        enters=enters,
        perhaps=entry.effect(early[entry.needed - 1], entry.period) if len(early) >= entry.needed else None,
        earliest=None if enters else entry.effect(on, entry.period),
        joins=max(enters, entry.effect(on, entry.joiner_period)) if enters else None,
        days=(enters - on).days if enters else None,
        known_on=entry.known_on,
        uncounted=entry.uncounted,
        cites=tuple(name for name in (entry.provision, entry.joiner_provision, entry.uncounted_provision) if name),
    )


def _entry(treaty: Treaty) -> Entry:
    if treaty.entry is None:
        raise Invalid(f"{treaty.id} does not enter into force: it is no treaty.", code="law.entry", where="basis")
    return treaty.entry
