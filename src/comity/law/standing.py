"""What is known of one State and one treaty on a day: signature, instrument, whether it is bound, how sure, from where.

The list of a treaty's book names those of whom something was reported. Of everybody else on the roll nothing is known, and
that is what is said: a list that was read late or in part proves no absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from comity.law.book import Books
from comity.law.treaty import SURE, Party, Treaty


@dataclass(frozen=True)
class Standing:
    """One State and one treaty on a day.

    Args:
        state: ISO code, or an organisation's.
        signature: ``signed`` (sure), ``reported`` (not sure), ``unsigned`` (sure for that day), or ``unknown``.
        signed: the day of signature as reported, or None.
        signed_sure: mark of the signature, or of the report that there was none.
        instrument: ``deposited`` (sure), ``reported`` (not sure), ``left`` (denounced, in effect), ``none`` (it could not
            be deposited yet) or ``unknown``.
        deposited: its day, or the latest day that reports allow, or None.
        deposit_sure: mark of that day.
        leaves: the day on which a denunciation takes effect, or None.
        bound: whether the State is bound; None when the books cannot tell.
        since: the day by which it is surely bound, or None.
        en: the state of knowledge in words, in English, or empty.
        fa: the same in Persian.
        source: where this comes from.
        listed: whether that is a source of its own; otherwise it is that of the whole list.
        known_on: the day up to which the treaty's list was kept.
    """

    state: str
    signature: str
    signed: date | None
    signed_sure: str
    instrument: str
    deposited: date | None
    deposit_sure: str
    leaves: date | None
    bound: bool | None
    since: date | None
    en: str
    fa: str
    source: str
    listed: bool
    known_on: date


_NOTHING: Final = Party("", None, "", None, "", None, "", None, "", "", "")


def standing(books: Books, basis: str, state: str, on: date) -> Standing | None:
    """What is known of `state` and the instrument `basis` on `on`; None where there is nothing to join.

    Raises:
        Invalid: no book of that instrument (``law.basis``), or the State is not known (``law.state``).
    """
    treaty = books.treaty(basis)
    if treaty.entry is None:
        return None
    state = books.named(state, "state")
    party = treaty.parties.get(state, _NOTHING)
    signature, signed, signed_sure = _signature(treaty.entry.opened, party, on)
    instrument, deposited, deposit_sure = _instrument(treaty, party, on)
    bound = books.bound(basis, state, on)
    since = books.since(basis, state)
    return Standing(
        state=state,
        signature=signature,
        signed=signed,
        signed_sure=signed_sure,
        instrument=instrument,
        deposited=deposited,
        deposit_sure=deposit_sure,
        leaves=treaty.leaves.get(state),
        bound=bound,
        since=since if bound else None,
        en=party.en,
        fa=party.fa,
        source=party.source or treaty.entry.source,
        listed=bool(party.source),
        known_on=treaty.entry.known_on,
    )


def beside(books: Books, basis: str, state: str, event: str, on: date) -> str:
    """How a State's own word fits what the list of a treaty says: ``agrees``, ``silent`` or ``differs``.

    Args:
        books: the law books.
        basis: id of the treaty.
        state: who says it of itself.
        event: ``signed``, ``deposited`` or ``denounced``; of anything else the list is silent here.
        on: the day on which it says that it happened.

    Raises:
        Invalid: no book of that instrument (``law.basis``), or the State is not known (``law.state``).
    """
    known = standing(books, basis, state, on)
    if known is None:
        return "silent"
    said, day = {
        "signed": (known.signature, known.signed),
        "deposited": (known.instrument, known.deposited),
        "denounced": (known.instrument if known.instrument == "left" else "unknown", known.deposited),
    }.get(event, ("unknown", None))
    if said == "unknown":
        return "silent"
    return "agrees" if day == on else "differs"


def standings(books: Books, basis: str, on: date) -> tuple[Standing, ...]:
    """The same of everybody on the roll, or of every State with a book where there is no roll. Raises Invalid."""
    found = (standing(books, basis, code, on) for code in books.roll.states or books.states)
    return tuple(item for item in found if item is not None)


def _signature(opened: date, party: Party, on: date) -> tuple[str, date | None, str]:
    if on < opened:
        return "unsigned", None, ""
    if party.signed and party.signed <= on:
        return "signed" if party.signed_sure in SURE else "reported", party.signed, party.signed_sure
    if party.signed and party.signed_sure in SURE:
        return "unsigned", None, party.signed_sure
    if party.unsigned and on <= party.unsigned:
        return ("unsigned" if party.unsigned_sure in SURE else "unknown"), None, party.unsigned_sure
    return "unknown", None, ""


def _instrument(treaty: Treaty, party: Party, on: date) -> tuple[str, date | None, str]:
    entry = treaty.entry
    if entry is None or on < entry.opened:
        return "none", None, ""
    if treaty.left(party.state, on):
        return "left", party.denounced, party.denounced_sure
    latest, reported = party.latest(), party.reported()
    if latest and latest <= on:
        exact = party.deposited if party.deposited and party.deposit_sure in SURE else None
        return "deposited", exact or latest, party.deposit_sure if exact else party.by_sure
    if reported and reported <= on:
        return "reported", reported, party.deposit_sure or party.by_sure
    earliest = party.earliest(entry.opened)
    if earliest and on < earliest:
        return "none", None, ""
    return "unknown", None, ""
