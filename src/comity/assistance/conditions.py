"""Why an offer cannot meet a need: every obstacle by name, with the numbers or words on both sides.

No obstacle means that the pair is possible, not that it is good; that is for `scoring`, and for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from comity.assistance.needs import Need, Offer


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way.

    Args:
        code: stable, names the sentence that people read, e.g. ``pair.language``.
        needs: what the need has, as ids, codes, days or numbers; never whom else it is released to.
        offers: what the offer has; the same.
    """

    code: str
    needs: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()


_Check = Callable[[Need, Offer, int, date], Obstacle | None]


def _same_state(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    return Obstacle("pair.same-state", (need.state,), (offer.state,)) if need.state == offer.state else None


def _need_released(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    if need.state == offer.state or need.release.reaches(offer.state):
        return None
    return Obstacle("pair.need-not-released", offers=(offer.state,))


def _offer_released(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    if need.state == offer.state or offer.release.reaches(need.state):
        return None
    return Obstacle("pair.offer-not-released", needs=(need.state,))


def _topic(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    return None if need.topic in offer.topics else Obstacle("pair.topic", (need.topic,), offer.topics)


def _unit(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    return None if need.unit is offer.unit else Obstacle("pair.unit", (need.unit,), (offer.unit,))


def _capacity(_need: Need, offer: Offer, units: int, _on: date) -> Obstacle | None:
    return None if units <= offer.units else Obstacle("pair.capacity", (str(units),), (str(offer.units),))


def _most(_need: Need, offer: Offer, units: int, _on: date) -> Obstacle | None:
    if offer.most is None or units <= offer.most:
        return None
    return Obstacle("pair.most", (str(units),), (str(offer.most),))


def _language(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    if any(tag in offer.languages for tag in need.languages):
        return None
    return Obstacle("pair.language", need.languages, offer.languages)


def _region(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    return None if need.region in offer.regions else Obstacle("pair.region", (need.region,), offer.regions)


def _status(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    return None if need.development in offer.statuses else Obstacle("pair.status", (need.development,), offer.statuses)


def _begins(need: Need, offer: Offer, _units: int, on: date) -> Obstacle | None:
    """Help can begin on the later of today and the offer's first day; the need says by when it must."""
    first = max(offer.starts, on)
    return None if first <= need.by else Obstacle("pair.too-late", (need.by.isoformat(),), (first.isoformat(),))


def _over(_need: Need, offer: Offer, _units: int, on: date) -> Obstacle | None:
    return None if on <= offer.ends else Obstacle("pair.offer-over", (on.isoformat(),), (offer.ends.isoformat(),))


def _costs(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    return None if offer.share <= need.pays else Obstacle("pair.costs", (str(need.pays),), (str(offer.share),))


def _offer_requires(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    unmet = tuple(each for each in offer.requires if each not in need.accepts)
    return Obstacle("pair.offer-requires", need.accepts, unmet) if unmet else None


def _need_requires(need: Need, offer: Offer, _units: int, _on: date) -> Obstacle | None:
    unmet = tuple(each for each in need.requires if each not in offer.accepts)
    return Obstacle("pair.need-requires", unmet, offer.accepts) if unmet else None


CHECKS: Final[tuple[_Check, ...]] = (
    _topic, _unit, _same_state, _need_released, _offer_released, _language, _region, _status, _begins, _over, _capacity,
    _most, _costs, _offer_requires, _need_requires,
)  # fmt: skip
"""Every condition of a pair; those that fail most often stand first, so that `possible` is quick."""


def obstacles(need: Need, offer: Offer, *, on: date, units: int | None = None) -> tuple[Obstacle, ...]:
    """Everything that stands between `need` and `offer`, by themselves; what else an offer is used for is not looked at.

    Args:
        need: what is needed.
        offer: what is offered.
        on: today.
        units: how many of the need's units are still open; None: all.
    """
    left = need.units if units is None else units
    return tuple(found for check in CHECKS if (found := check(need, offer, left, on)) is not None)


def possible(need: Need, offer: Offer, *, on: date, units: int | None = None) -> bool:
    """Whether there is no obstacle."""
    left = need.units if units is None else units
    return all(check(need, offer, left, on) is None for check in CHECKS)
