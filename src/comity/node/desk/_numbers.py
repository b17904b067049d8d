"""References that this State gives out: counted, and never given twice, also after an older copy of the tables was restored.

A restored copy does not know which references were given after it was made, and no peer knows all of them: not those of
drafts, nor those that a silent peer was sent. So counting goes on above every number that can have been given until then:
`_ABOVE` and one for each second of the year. Whoever gives fewer than one reference a second never meets an old one, however
often memory is set back; and a number of eight digits says by itself that this has happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Final

from comity.errors import NotPossible
from comity.node.desk.restores import set_back_until

_COUNTED: Final = 8  # digits: a longer number was typed by mistake, and the counting goes on without it
_ABOVE: Final = 10_000_000


def free_reference(head: str, taken: Iterable[str]) -> str:
    """The next free reference.

    Args:
        head: what it begins with, ending in the year: ``IR-2026-``.
        taken: references that begin so.
    """
    numbers = {reference.removeprefix(head) for reference in taken}
    last = max((int(number) for number in numbers if len(number) <= _COUNTED), default=0)
    first = max(last + 1, _floor(int(head.rstrip("-").rpartition("-")[2])))
    return head + next(number for place in count(first) if (number := f"{place:04d}") not in numbers)


def not_given_before(reference: str) -> None:
    """Return when this reference, as somebody typed it, cannot have been given before memory was set back.

    Raises:
        NotPossible: ``case.forgotten``: it may have been.
    """
    year, number = map(int, reference.split("-")[1:])
    if number < _floor(year):
        message = "Older memory was restored here: this reference may have been given before. Take the one proposed."
        raise NotPossible(message, code="case.forgotten", where="reference")


def _floor(year: int) -> int:
    """The first number of the year that cannot have been given before memory was set back; 0 if it never was."""
    at = set_back_until()
    if at is None or year > at.astimezone(UTC).year:
        return 0
    since = datetime(at.astimezone(UTC).year, 1, 1, tzinfo=UTC)
    return _ABOVE + int((at - since).total_seconds()) if year == since.year else 10**_COUNTED
