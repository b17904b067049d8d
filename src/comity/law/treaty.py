"""A treaty's book: measures with their contents, grounds, duties and clocks; offences; who is bound since when.

Entry into force is never written in a book: it is computed from the deposits listed, each with how sure it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from comity.casework.measure import Measure
from comity.casework.request import DataCategory, Scope
from comity.law._row import Period
from comity.law.dates import after
from comity.law.provision import Provisions, in_force

SURE = frozenset({"V", "S"})
"""Marks that may settle a question; M and ? may not."""


@dataclass(frozen=True)
class MeasureRule:
    """What a treaty says of one measure as a whole.

    Args:
        id: the measure.
        provision: the provision that founds it.
        scopes: scopes of Article 35(1) in which it is open; empty when no treaty governs that.
        dual_criminality: ``not-required`` (no condition), ``may-refuse`` (its absence allows to decline, no more) or
            ``required``.
        follows: the measure it usually stands on, or empty.
        closed_list: whether the grounds that exist are a closed list for this measure.
        least_penalty: the least maximum penalty of the offence, in months, where the treaty sets one; otherwise None.
    """

    id: Measure
    provision: str
    scopes: tuple[Scope, ...]
    dual_criminality: str
    follows: str
    closed_list: bool
    least_penalty: int | None


@dataclass(frozen=True)
class Content:
    """One thing that a request for a measure must say.

    Args:
        measures: the measures.
        id: short name, e.g. ``period``.
        provision: where it is asked for.
        fields: the fields of the request that answer, dotted, e.g. ``conducting.name``.
        one_suffices: whether one of the fields is enough.
        always: whether it is always required; otherwise "where applicable".
        always_for: categories of data for which it is always required.
    """

    measures: tuple[Measure, ...]
    id: str
    provision: str
    fields: tuple[str, ...]
    one_suffices: bool
    always: bool
    always_for: tuple[DataCategory, ...]


@dataclass(frozen=True)
class Ground:
    """A ground and its standing for one or more measures.

    Args:
        id: short name, e.g. ``essential-interests``.
        stance: ``exists``; ``reserved`` (only for a State that reserved it); ``postpone``; ``forbidden``.
        measures: the measures for which it stands so.
        provision: the source.
    """

    id: str
    stance: str
    measures: tuple[Measure, ...]
    provision: str


@dataclass(frozen=True)
class Duty:
    """A duty that comes with a measure, and which side bears it (``requesting`` or ``requested``)."""

    id: str
    bearer: str
    measures: tuple[Measure, ...]
    provision: str


@dataclass(frozen=True)
class ClockRule:
    """A period that a measure sets running, in a treaty's or a State's book.

    Args:
        id: what it is about, e.g. ``preservation``.
        measures: the measures that set it running.
        period: its length.
        least: whether it is a minimum (the clock ends not before) or a maximum.
        bearer: the side that is bound, ``requesting`` or ``requested``.
        extendable: whether it can be extended on request before it ends.
        provision: the source.
        suspended_by: while what the case waits for it stands still, ids of `casework.times.WAITS`; nothing unless the
            book says so.
        begins: the act that sets it running, ``requested`` or ``accepted``; empty: by what the clock is about.
        ends: what it waits for, ``decided`` or ``done``; empty: by what the clock is about.
    """

    id: str
    measures: tuple[Measure, ...]
    period: Period
    least: bool
    bearer: str
    extendable: bool
    provision: str
    suspended_by: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""


@dataclass(frozen=True)
class TreatyOffence:
    """An offence: all `elements`, one of the ways `one_of` (if any), and what a State `may_require` in addition.

    `same_as` names the offence of another book with the same elements, in whose name the States' lines stand (or empty).
    No elements at all means that they are not entered yet: the book is silent.
    """

    code: str
    provision: str
    elements: tuple[str, ...]
    one_of: tuple[str, ...]
    may_require: tuple[str, ...]
    same_as: str = ""


@dataclass(frozen=True)
class Party:
    """What is known of one State: signature, deposit and denunciation, each with how sure it is.

    Args:
        state: ISO code.
        signed: day of signature, or None.
        signed_sure: mark of that day, or empty.
        deposited: day of deposit (ratification, acceptance, accession), or None.
        deposit_sure: mark of that day, or empty.
        deposited_by: the latest day that reports allow for the deposit, or None.
        by_sure: mark of that report, or empty.
        denounced: day on which its notice of denunciation was received, or None.
        denounced_sure: mark of that day, or empty.
        en: the state of knowledge in one sentence, in English; empty when there is nothing to add.
        fa: the same in Persian.
        unsigned: the latest day for which it is reported that the State had not signed, or None.
        unsigned_sure: mark of that day, or empty.
        source: where the line comes from and what was not seen; empty: as the whole list, see `Entry.source`.
    """

    state: str
    signed: date | None
    signed_sure: str
    deposited: date | None
    deposit_sure: str
    deposited_by: date | None
    by_sure: str
    denounced: date | None
    denounced_sure: str
    en: str
    fa: str
    unsigned: date | None = None
    unsigned_sure: str = ""
    source: str = ""

    def latest(self) -> date | None:
        """The day by which the deposit was surely made, or None when no line that is sure says so."""
        days = ((self.deposited, self.deposit_sure), (self.deposited_by, self.by_sure))
        return min((day for day, sure in days if day and sure in SURE), default=None)

    def earliest(self, opened: date) -> date | None:
        """The earliest day on which the deposit may have been made, or None when no line speaks of a deposit."""
        if self.deposited is None and self.deposited_by is None:
            return None
        if self.deposited and self.deposit_sure in SURE:
            return self.deposited
        return self.signed if self.signed and self.signed_sure in SURE else opened

    def reported(self) -> date | None:
        """The day to count it by when people are told how many deposits there are."""
        return self.deposited or self.deposited_by


@dataclass(frozen=True)
class Reservation:
    """A reservation: `state` does not accept `articles` (``14``, ``42(5)``), said in `provision`."""

    state: str
    articles: tuple[str, ...]
    provision: str


@dataclass(frozen=True)
class Declaration:
    """A declaration by `state` that a reader must know of when Article `articles` are used, said in `provision`."""

    state: str
    articles: tuple[str, ...]
    provision: str


@dataclass(frozen=True)
class Objection:
    """An objection by `state` to the reservation that stands in the provision `to`, said in `provision`.

    An objection leaves the treaty in force between the two, without what was reserved. Only if the objecting State said
    plainly that it `precludes` this, the treaty does not bind the two to each other at all.

    Source: Vienna Convention on the Law of Treaties, Articles 20(4)(b) and 21(3).
    """

    state: str
    to: str
    precludes: bool
    provision: str


@dataclass(frozen=True)
class Territory:
    """Whether the treaty `applies` to `territory` (ISO code) of `state`, as it declared in `provision`."""

    state: str
    territory: str
    applies: bool
    provision: str


@dataclass(frozen=True)
class Entry:
    """How the treaty enters into force and ends.

    Args:
        opened: the day it was opened for signature.
        needed: deposits needed.
        period: from the last deposit needed until it enters into force.
        joiner_period: the same for a State that comes later, from its own deposit.
        first_of_month: whether it enters into force on the first day of the month that follows the end of the period.
        denunciation_period: from the receipt of a notice of denunciation until it takes effect.
        provision: where entry into force stands.
        joiner_provision: where the later States stand.
        denunciation_provision: where denunciation stands.
        known_on: the day up to which the list of deposits was kept.
        source: where that list comes from.
        uncounted: organisations whose instruments are not counted beside those of their members.
        uncounted_provision: where that stands; empty when none is named.
    """

    opened: date
    needed: int
    period: Period
    joiner_period: Period
    first_of_month: bool
    denunciation_period: Period
    provision: str
    joiner_provision: str
    denunciation_provision: str
    known_on: date
    source: str
    uncounted: tuple[str, ...] = ()
    uncounted_provision: str = ""

    def effect(self, deposit: date, period: Period) -> date:
        """The day on which a deposit made on `deposit` takes effect after `period`."""
        day = after(deposit, period)
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1) if self.first_of_month else day


@dataclass(frozen=True)
class Treaty:
    """One treaty, or reciprocity as a basis without one (`entry` is None then). See the rows' own classes.

    `supplements` names the treaty that a protocol supplements, or is empty: it binds only who is bound by that, and has its
    offences.
    """

    id: str
    kind: str
    between: tuple[str, ...]
    supplements: str
    en: str
    fa: str
    sha256: str
    provisions: Provisions
    measures: Mapping[Measure, MeasureRule]
    contents: tuple[Content, ...]
    grounds: tuple[Ground, ...]
    duties: tuple[Duty, ...]
    clocks: tuple[ClockRule, ...]
    offences: Mapping[str, TreatyOffence]
    citations: Mapping[tuple[Measure, str], tuple[str, ...]]
    parties: Mapping[str, Party]
    reservations: tuple[Reservation, ...]
    declarations: tuple[Declaration, ...]
    entry: Entry | None
    objections: tuple[Objection, ...] = ()
    territories: tuple[Territory, ...] = ()

    @cached_property
    def surely(self) -> date | None:
        """The day by which the treaty has surely entered into force, by the deposits that are sure; or None.

        Source: for the UN Convention Article 65(1), the ninetieth day after the fortieth deposit.
        """
        return self._entered([party.latest() for party in self.counted])

    @cached_property
    def perhaps(self) -> date | None:
        """The earliest day on which the treaty may have entered into force, if every report is true; or None."""
        opened = self.entry.opened if self.entry else date.min
        return self._entered([party.earliest(opened) for party in self.counted])

    @cached_property
    def counted(self) -> tuple[Party, ...]:
        """The lines whose deposits are counted for the entry into force: not those of organisations beside their members."""
        uncounted = self.entry.uncounted if self.entry else ()
        return tuple(party for party in self.parties.values() if party.state not in uncounted)

    def _entered(self, deposits: list[date | None]) -> date | None:
        days = sorted(day for day in deposits if day)
        if self.entry is None or len(days) < self.entry.needed:
            return None
        return self.entry.effect(days[self.entry.needed - 1], self.entry.period)

    def bound(self, state: str, on: date) -> bool | None:
        """Whether `state` is bound on `on`: True or False when that is sure, None when the book cannot tell.

        A list that was kept up to a day proves nothing about later deposits; but a deposit takes effect only after its
        period, so that "not bound" stays sure for that long.

        Source: Article 65(2), the thirtieth day after its own deposit, or the day of 65(1) if that is later; 67(1).
        """
        if self.entry is None:
            return None
        if self.left(state, on):
            return False if self.parties[state].denounced_sure in SURE else None
        surely, perhaps = self._joined.get(state, (None, None))
        if surely is not None and surely <= on:
            return True
        if perhaps is not None and perhaps <= on:
            return None
        return None if on >= self.unlisted else False

    def heard_of(self, state: str) -> bool:
        """Whether anything but a missing signature is reported of `state`."""
        party = self.parties.get(state)
        return party is not None and (
            party.unsigned is None or party.signed is not None or party.reported() is not None
        )

    def since(self, state: str) -> date | None:
        """The day by which `state` is surely bound, or None."""
        return self._joined.get(state, (None, None))[0]

    def left(self, state: str, on: date) -> bool:
        """Whether a denunciation by `state` is reported that has taken effect by `on`."""
        return state in self.leaves and on >= self.leaves[state]

    def deposits(self, on: date) -> int:
        """How many deposits are reported up to `on`, sure or not."""
        return bisect_right(self._reported, on)

    @cached_property
    def _reported(self) -> list[date]:
        return sorted(day for day in (party.reported() for party in self.counted) if day)

    @cached_property
    def _joined(self) -> Mapping[str, tuple[date | None, date | None]]:
        """For each State: the day by which it is surely bound, and the earliest day on which it may be."""
        opened = self.entry.opened if self.entry else date.min
        return {
            state: (self._joins(party.latest(), self.surely), self._joins(party.earliest(opened), self.perhaps))
            for state, party in self.parties.items()
        }

    @cached_property
    def leaves(self) -> Mapping[str, date]:
        """The day on which each denunciation that is reported takes effect, by State."""
        entry = self.entry
        return {
            state: entry.effect(party.denounced, entry.denunciation_period)
            for state, party in self.parties.items()
            if entry and party.denounced
        }

    @cached_property
    def unlisted(self) -> date:
        """The first day on which a deposit that this list does not know could have taken effect."""
        if self.entry is None:
            return date.max
        period = self.entry.joiner_period if self.perhaps else self.entry.period
        return self.entry.effect(self.entry.known_on + timedelta(days=1), period)

    def _joins(self, deposit: date | None, start: date | None) -> date | None:
        if self.entry is None or deposit is None or start is None:
            return None
        return max(start, self.entry.effect(deposit, self.entry.joiner_period))

    def reserved(self, states: Collection[str], article: str, on: date) -> tuple[Reservation, ...]:
        """The reservations by one of `states` that stand on `on` and reach `article` (``14``, ``42(5)``, ``45(1)``)."""
        if not any(state in self._reserving for state in states):
            return ()
        return tuple(
            item
            for item in self.reservations
            if item.state in states and self._reaches(item, article) and self.stands(item, on)
        )

    def declared(self, states: Collection[str], article: str, on: date) -> tuple[Declaration, ...]:
        """The declarations by one of `states` that stand on `on` and speak of `article`."""
        if not any(state in self._declaring for state in states):
            return ()
        return tuple(
            item
            for item in self.declarations
            if item.state in states and self._reaches(item, article) and self.stands(item, on)
        )

    @cached_property
    def _reserving(self) -> frozenset[str]:
        return frozenset(item.state for item in self.reservations)

    @cached_property
    def _declaring(self) -> frozenset[str]:
        return frozenset(item.state for item in self.declarations)

    @cached_property
    def contents_of(self) -> Mapping[Measure, tuple[Content, ...]]:
        """The contents that a request for each measure must have."""
        return {name: tuple(item for item in self.contents if name in item.measures) for name in self.measures}

    @cached_property
    def clocks_of(self) -> Mapping[Measure, tuple[ClockRule, ...]]:
        """The clocks that each measure sets running."""
        return {name: tuple(item for item in self.clocks if name in item.measures) for name in self.measures}

    @cached_property
    def grounds_of(self) -> Mapping[Measure, tuple[Ground, ...]]:
        """The grounds for each measure, with their stance."""
        return {name: tuple(item for item in self.grounds if name in item.measures) for name in self.measures}

    def objected(self, pair: Collection[str], on: date) -> tuple[Objection, ...]:
        """The objections that stand on `on` by one of the two States of `pair` to a standing reservation of the other."""
        reserved = {item.provision for item in self.reservations if item.state in pair and self.stands(item, on)}
        return tuple(
            item for item in self.objections if item.state in pair and item.to in reserved and self.stands(item, on)
        )

    def applied(self, states: Collection[str], on: date) -> tuple[Territory, ...]:
        """What one of `states` declared of its territories, as it stands on `on`; what is not named here is not known."""
        return tuple(item for item in self.territories if item.state in states and self.stands(item, on))

    def stands(self, item: Reservation | Declaration | Objection | Territory, on: date) -> bool:
        """Whether what `item` says stands on `on`."""
        return in_force(self.provisions, item.provision, on) is not None

    @staticmethod
    def _reaches(item: Reservation | Declaration, article: str) -> bool:
        return any(article == mine or article.startswith(f"{mine}(") for mine in item.articles)
