"""What a State owes the depositary by way of notification, from which day, and what of it is known to be done.

A directory entry shows that something is prepared; it does not show that the Secretary-General was told. Only a report in the
mechanism's file, or a reservation in the treaty's book, shows that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from comity.law.book import Books
from comity.law.mechanism import Notification, Notified
from comity.law.standing import Standing, standing
from comity.law.treaty import SURE

STEPS: Final = ("due", "unknown", "reported", "later", "open", "done", "lapsed", "ended")
"""What needs attention first."""

Authorities = Iterable[tuple[str, Collection[str]]]
"""The authorities of a directory entry: the role of each, and the articles it answers for."""


@dataclass(frozen=True)
class Owed:
    """One notification of one State on a day.

    Args:
        notification: what is owed, or may be said.
        step: ``due``; ``later`` (with its instrument, or once it is bound); ``open`` (a right it still has); ``done``;
            ``reported`` (done, by a report that is not sure); ``lapsed`` (a right that ended with the deposit); ``ended`` (it
            has left); ``unknown`` (it cannot be told whether the day has come).
        since: the day from which it is due, or by which it was done, or None.
        told: the report that it was made, or None.
        cites: where it stands, and the reservations or declarations that show it done.
        prepared: whether its directory entry names what is to be told; None where no entry could show it, or none is known.
    """

    notification: Notification
    step: str
    since: date | None
    told: Notified | None
    cites: tuple[str, ...]
    prepared: bool | None


def owed(books: Books, basis: str, state: str, on: date, *, authorities: Authorities | None = None) -> tuple[Owed, ...]:
    """Every notification that the mechanism of `basis` knows for `state`, what needs attention first.

    Args:
        books: the law books.
        basis: the treaty.
        state: the State or organisation.
        on: the day.
        authorities: those of its directory entry; None when no entry is known.

    Raises:
        Invalid: no such treaty (``law.basis``), no mechanism of it (``law.mechanism``), no such State (``law.state``).
    """
    mechanism, known = books.mechanism(basis), standing(books, basis, state, on)
    if known is None:
        return ()
    named = None if authorities is None else [(role, set(powers)) for role, powers in authorities]
    found = [
        replace(_owed(books, basis, known, on, item), prepared=_prepared(item, named))
        for item in mechanism.notifications.values()
        if item.only != "organisation" or books.roll.is_organisation(state)
    ]
    return tuple(sorted(found, key=lambda item: STEPS.index(item.step)))


def _prepared(item: Notification, named: list[tuple[str, set[str]]] | None) -> bool | None:
    if named is None or not (item.role or item.power):
        return None
    return any((role and role == item.role) or item.power in powers for role, powers in named)


def _owed(books: Books, basis: str, known: Standing, on: date, item: Notification) -> Owed:
    told = max(
        (
            line
            for line in books.mechanism(basis).notified
            if (line.state, line.notification) == (known.state, item.id) and line.on <= on
        ),
        key=lambda line: (line.sure in SURE, line.on),
        default=None,
    )
    shown = _declared(books, basis, known.state, item, on)
    step, since = _step(item, known)
    if step != "ended" and (shown or (told and told.sure in SURE)):
        step, since = "done", told.on if told else None
    elif step != "ended" and told:
        step, since = "reported", told.on
    return Owed(item, step, since, told, (item.provision, *shown), prepared=None)


def _declared(books: Books, basis: str, state: str, item: Notification, on: date) -> tuple[str, ...]:
    """The provisions by which the State used the right `item`, as far as they are sure."""
    article, treaty = books.provision(item.provision).article, books.treaty(basis)
    if not item.optional or not article:
        return ()
    lines = [line.provision for line in treaty.reserved([state], article, on)]
    lines += [line.provision for line in treaty.declared([state], article, on)]
    return tuple(name for name in lines if books.provision(name, on).sure in SURE)


def _step(item: Notification, known: Standing) -> tuple[str, date | None]:
    """Whether the day of `item` has come for a State of which this is known, and since when."""
    if known.instrument == "left":
        return "ended", known.leaves
    if item.when == "bound":
        return {True: ("due", known.since), None: ("unknown", None), False: ("later", None)}[known.bound]
    if known.instrument == "deposited":
        return "lapsed" if item.optional else "due", known.deposited
    if known.instrument == "reported":
        return "unknown", None
    return "open" if item.optional else "later", None
