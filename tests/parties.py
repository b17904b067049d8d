"""The Convention with other Parties than it has."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from lawroom import BOOKS

from comity.law.book import Books
from comity.law.treaty import Party, Treaty

UNCC = BOOKS.treaty("uncc")
ROLL = tuple(BOOKS.roll.states)
FIRST = date(2026, 3, 1)


def party(state: str, deposited: date | None, mark: str = "V", left: date | None = None, left_mark: str = "V") -> Party:
    """A line that says no more than this."""
    return Party(
        state, None, "", deposited, mark if deposited else "", None, "", left, left_mark if left else "", "", ""
    )


def treaty(parties: Iterable[Party], **changes: Any) -> Treaty:
    """The Convention with these Parties, its list kept for ever."""
    entry = replace(UNCC.entry, known_on=date(2099, 12, 31), **changes.pop("entry", {}))
    return replace(UNCC, parties={item.state: item for item in parties}, entry=entry, reservations=(), **changes)


def shelf(found: Treaty) -> Books:
    """The books with `found` as the Convention."""
    return replace(BOOKS, treaties={**BOOKS.treaties, "uncc": found})


def forty(day: date, number: int = 40) -> list[Party]:
    """The first `number` States of the roll that deposited on consecutive days, the last on `day`."""
    states = [code for code in ROLL if code != "EU"][:number]
    return [party(code, day - timedelta(days=number - 1 - at)) for at, code in enumerate(states)]
