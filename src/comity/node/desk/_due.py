"""When something that waits is due: also after the clock ran ahead."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Q

_T = TypeVar("_T")


def is_due(column: str, now: _T, latest: _T) -> Q:
    """What is due now: what it waited for has come, or lies further ahead than it can ever wait for.

    A clock that runs ahead for a minute, by a year, puts off by a year whatever is due in that minute. When the clock is right
    again, that is seen by this, and nothing waits out the year.

    Args:
        column: the moment until which a row waits; a row that has none is not due.
        now: this moment, as the column has it.
        latest: where the longest wait ends that can begin now.
    """
    come, ahead = come_or_ahead(column, now, latest)
    return come | ahead


def come_or_ahead(column: str, now: _T, latest: _T) -> tuple[Q, Q]:
    """Both halves of `is_due`, for where so much waits that each must go down an index by itself. Args: as there."""
    return Q(**{f"{column}__lte": now}), Q(**{f"{column}__gt": latest})
