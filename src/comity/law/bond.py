"""Who is bound to whom on a day, by which instrument, and what of it does not stand between the two.

Whether an instrument binds is computed from deposits, denunciations and objections (`Books.status`). Here stands what comes
with it: reservations, objections to them, declarations, territories. Nothing here reads a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from comity.law.book import Books, Status
from comity.law.treaty import Declaration, Objection, Reservation, Territory, Treaty

Said = Reservation | Declaration | Objection | Territory
"""What a State said beside its instrument: who, and in which provision it stands."""


@dataclass(frozen=True)
class Bond:
    """What one instrument is between two States on a day, whatever is asked.

    Args:
        treaty: its book.
        status: whether it binds both, and why.
        reservations: reservations of the two that stand on that day.
        declarations: declarations of the two that stand on that day.
        objections: objections of one of the two to a standing reservation of the other.
        territories: what the two declared of their territories. Of a territory that is not named nothing is known here.
        cites: where entry into force stands.
    """

    treaty: Treaty
    status: Status
    reservations: tuple[Reservation, ...]
    declarations: tuple[Declaration, ...]
    objections: tuple[Objection, ...]
    territories: tuple[Territory, ...]
    cites: tuple[str, ...]

    @property
    def closed(self) -> tuple[str, ...]:
        """The articles that do not stand between the two: a reservation works both ways, whoever made it.

        Source: Vienna Convention on the Law of Treaties, Article 21(1) and (3).
        """
        return tuple(dict.fromkeys(article for item in self.reservations for article in item.articles))


def bonds(books: Books, one: str, other: str, on: date) -> tuple[Bond, ...]:
    """Every instrument of the books between the States `one` and `other` on `on`, those that bind first.

    Raises:
        Invalid: one of the States is neither on the roll nor has a book (``law.state``).
    """
    pair = books.named(one, "one"), books.named(other, "other")
    found = [
        bond(books, treaty, pair, on)
        for treaty in books.treaties.values()
        if not treaty.between or set(pair) == set(treaty.between)
    ]
    order = {True: 0, None: 1, False: 2}
    return tuple(
        sorted(found, key=lambda bond: (bond.treaty.entry is None, order[bond.status.in_force], bond.treaty.id))
    )


def bond(books: Books, treaty: Treaty, pair: tuple[str, str], on: date) -> Bond:
    """What `treaty` is between the two States of `pair` on `on`."""
    return Bond(
        treaty,
        books.status(treaty.id, *pair, on),
        tuple(item for item in treaty.reservations if item.state in pair and treaty.stands(item, on)),
        tuple(item for item in treaty.declarations if item.state in pair and treaty.stands(item, on)),
        treaty.objected(pair, on),
        treaty.applied(pair, on),
        (treaty.entry.provision, treaty.entry.joiner_provision) if treaty.entry else (),
    )


def partners(books: Books, basis: str, state: str, on: date) -> Mapping[str, Status]:
    """Everybody else on the roll, and whether `basis` binds `state` and him to each other on `on`.

    Raises:
        Invalid: no book of that instrument (``law.basis``), or the State is not known (``law.state``).
    """
    books.named(state, "state")
    others = (code for code in (books.roll.states or books.states) if code != state)
    return {other: books.status(basis, state, other, on) for other in others}
