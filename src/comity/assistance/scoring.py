"""How good a possible pair is: whole points, each row with the article or reason it stands on. There are no other weights.

Points are per need, not per unit: a small State's small need weighs as much as a large one's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from comity.assistance.needs import Need, Offer
from comity.assistance.topics import Development


class Part(NamedTuple):
    """A part of a score: the row's code, and its points for this pair."""

    code: str
    points: int


@dataclass(frozen=True)
class Row:
    """One row of the scoring.

    Args:
        code: stable, names the sentence that people read.
        points: what it is worth; may be negative.
        article: where it comes from in the Convention; empty: a choice of this programme, and said to be one.
        reason: why, in English.
    """

    code: str
    points: int
    article: str
    reason: str


ROWS: Final[Mapping[str, Row]] = MappingProxyType({
    row.code: row
    for row in (
        Row("met", 100, "54(1)", "A need is met: States help each other as widely as they can."),
        Row("status.least-developed", 60, "54(1)", "Developing countries first, the least developed among them above all."),
        Row("status.landlocked-developing", 45, "54(1)", "Developing countries first."),
        Row("status.small-island-developing", 45, "54(1)", "Developing countries first."),
        Row("status.developing", 40, "54(1)", "Developing countries first."),
        Row("status.in-transition", 15, "56", "Implementation that serves development."),
        Row("article", 20, "54(3)", "The offer is made for an article that the need names."),
        Row("region", 15, "", "The offer is meant for this region and few others: its makers know the law and the ways there."),
        Row("language.best", 15, "54(3)", "It is given in the language that serves the need best."),
        Row("language.other", 5, "54(3)", "It is given in another language that serves the need."),
        Row("free", 10, "56", "The receiving State carries no costs."),
        Row("soon", 15, "", "The need is pressing: help must begin within 90 days."),
        Row("waiting", 1, "", "For each 30 days that the need has waited, up to twelve times: nobody waits for ever."),
        Row("tried-together", -25, "", "The same two tried it before; another partner may do better."),
    )
})  # fmt: skip
"""Every row, by its code."""

SOON_DAYS, WAITING_DAYS, WAITING_MOST, FEW_REGIONS = 90, 30, 12, 2


def parts(need: Need, offer: Offer, *, on: date) -> tuple[Part, ...]:
    """What makes up the score of a possible pair; rows that say nothing are left out.

    Args:
        need: what is needed.
        offer: what is offered.
        on: today.
    """
    return tuple(
        Part(code, ROWS[code].points * times)
        for code, count in _COUNTS
        if (times := count(need, offer, on)) and ROWS[code].points
    )


def _status(status: Development) -> Callable[[Need, Offer, date], int]:
    return lambda need, _offer, _on: need.development is status


def _region(_need: Need, offer: Offer, _on: date) -> int:
    return len(offer.regions) <= FEW_REGIONS


def _best(need: Need, offer: Offer, _on: date) -> int:
    return need.languages[0] in offer.languages


def _other(need: Need, offer: Offer, _on: date) -> int:
    return need.languages[0] not in offer.languages


def _article(need: Need, offer: Offer, _on: date) -> int:
    return any(article in offer.articles for article in need.articles)


def _waiting(need: Need, _offer: Offer, on: date) -> int:
    return min(max((on - need.filed).days, 0) // WAITING_DAYS, WAITING_MOST)


_COUNTS: Final[tuple[tuple[str, Callable[[Need, Offer, date], int]], ...]] = (
    ("met", lambda _need, _offer, _on: 1),
    *((f"status.{status}", _status(status)) for status in Development if f"status.{status}" in ROWS),
    ("article", _article),
    ("region", _region),
    ("language.best", _best),
    ("language.other", _other),
    ("free", lambda _need, offer, _on: offer.share == 0),
    ("soon", lambda need, _offer, on: (need.by - on).days <= SOON_DAYS),
    ("waiting", _waiting),
    ("tried-together", lambda need, offer, _on: any(each.partner == offer.state for each in need.tried)),
)
"""How often each row counts for a pair: 0 or 1, but for ``waiting``."""
