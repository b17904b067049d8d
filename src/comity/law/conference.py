"""The Conference of the States Parties: who has a vote, what may be proposed already, and whether a majority is reached.

The machine counts; the Conference decides, and makes its own rules of procedure. A count rests on who is a Party on that day
and on rules that are marked: what is not sure never makes a majority, it only leaves the answer open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from comity.errors import Invalid
from comity.law._row import Period
from comity.law.book import Books
from comity.law.dates import after
from comity.law.mechanism import STANCES, Decision
from comity.law.treaty import SURE


@dataclass(frozen=True)
class Voters:
    """Who is a Party on a day: `sure`, and `open` those of whom it cannot be told."""

    sure: frozenset[str]
    open: frozenset[str]


@dataclass(frozen=True)
class Opening:
    """Whether a kind of decision can be proposed or taken on a day.

    Args:
        open: True or False when the books are sure, else None.
        reason: ``open``, ``not-in-force``, ``too-early``, ``too-few``, or ``unknown``.
        not_before: the first day by the time that has to pass, when the entry into force is sure; or None.
        parties: States that are surely Parties.
        perhaps: States that may be, these included.
        needed: the least number of States Parties, 0 when none is set.
        effect: from a Party's own instrument until what was decided binds it, and nobody else; None: not known.
        cites: where it stands.
    """

    open: bool | None
    reason: str
    not_before: date | None
    parties: int
    perhaps: int
    needed: int
    effect: Period | None
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """A count of votes for one decision.

    Args:
        votes: votes that count, for each of ``for``, ``against`` and ``abstain``.
        open: votes of which it is not known whether or how they count.
        needed: votes in favour that the majority needs of those surely cast for or against.
        adopted: whether the majority is reached however the open votes fall; None when they decide.
        against: who is against: there is no consensus while there is one.
        silent: Parties of which no vote or position is known.
        unsettled: provisions that the count rests on and that are not sure.
        cites: where the majority and the votes stand.
    """

    votes: Mapping[str, int]
    open: int
    needed: int
    adopted: bool | None
    against: tuple[str, ...]
    silent: tuple[str, ...]
    unsettled: tuple[str, ...]
    cites: tuple[str, ...]


def voters(books: Books, basis: str, on: date) -> Voters:
    """Who on the roll is a Party to `basis` on `on`. Raises Invalid (``law.basis``)."""
    bound = {code: books.bound(basis, code, on) for code in books.roll.states or books.treaty(basis).parties}
    return Voters(
        frozenset(code for code, answer in bound.items() if answer),
        frozenset(code for code, answer in bound.items() if answer is None),
    )


def first_meeting(books: Books, basis: str) -> date | None:
    """The last day for the first session; None while it is not sure that the treaty enters into force.

    Source: Article 57(2), within one year of the entry into force.

    Raises:
        Invalid: no such treaty or no mechanism of it.
    """
    surely = books.treaty(basis).surely
    return after(surely, books.mechanism(basis).first_meeting) if surely else None


def opening(books: Books, basis: str, name: str, on: date) -> Opening:
    """Whether the decision `name` can be proposed or taken on `on`.

    Source: Article 66(1), five years after the entry into force; 62(1), at least sixty States Parties; 66(4)-(5) whom it
    binds, and from which day on.

    Raises:
        Invalid: no such treaty, no mechanism of it, no such decision (``conference.decision``).
    """
    rule, treaty, who = decision(books, basis, name), books.treaty(basis), voters(books, basis, on)
    states = sum(not books.roll.is_organisation(code) for code in who.sure)
    perhaps = states + sum(not books.roll.is_organisation(code) for code in who.open)
    starts = [after(day, rule.after) if day and rule.after else day for day in (treaty.surely, treaty.perhaps)]
    if states and starts[0] and starts[0] <= on and states >= rule.parties:
        verdict: bool | None = True
        reason = "open"
    elif not perhaps:
        verdict, reason = False, "not-in-force"
    elif perhaps < max(rule.parties, 1):
        verdict, reason = False, "too-few"
    elif rule.after and starts[1] and on < starts[1]:
        verdict, reason = False, "too-early"
    else:
        verdict, reason = None, "unknown"
    return Opening(verdict, reason, starts[0], states, perhaps, rule.parties, rule.effect, rule.cites)


def decision(books: Books, basis: str, name: str) -> Decision:
    """How the Conference of `basis` takes the decision `name`. Raises Invalid (``conference.decision``)."""
    known = books.mechanism(basis).decisions
    if name not in known:
        text = f"The books know no decision {name[:40]!r}. Known: {', '.join(known) or '-'}."
        raise Invalid(text, code="conference.decision", where="decision")
    return known[name]


def needed(majority: Fraction, cast: int) -> int:
    """The votes in favour that `majority` needs of `cast` votes for and against; at least one. A half is not a majority."""
    if majority == Fraction(1, 2):
        return cast // 2 + 1
    return max(ceil(majority * cast), 1)


def count(books: Books, basis: str, name: str, ballots: Mapping[str, str], on: date, *, final: bool = True) -> Count:
    """The votes `ballots` for the decision `name`, counted on `on`.

    Who abstains is not "voting" and is left out of the count, as in the General Assembly (rule 86 of its rules of
    procedure); the Conference may decide otherwise in rules of its own. An organisation votes with as many votes as it has
    members that are Parties, and not beside them (66(2)).

    Args:
        books: the law books.
        basis: the treaty.
        name: ``amendment`` or ``protocol``.
        ballots: ``for``, ``against`` or ``abstain`` by State or organisation.
        on: the day of the vote.
        final: whether the vote was taken: who cast none was absent. Otherwise he may still vote either way.

    Raises:
        Invalid: as `opening`; a vote that is none (``conference.ballot``), by somebody who is no Party
            (``conference.no-party``), or by an organisation beside its members (``conference.twice``).
    """
    rule, who = decision(books, basis, name), voters(books, basis, on)
    _check(books, basis, ballots, who)
    sure, perhaps = dict.fromkeys(STANCES, 0), dict.fromkeys(STANCES, 0)
    spoken_for: set[str] = set()
    for state, stance in ballots.items():
        voices = books.roll.members_of(state) if books.roll.is_organisation(state) else frozenset({state})
        counts = state in who.sure and bool(rule.votes_provision or voices == {state})
        spoken_for |= {state, *voices}
        certain = len(voices & who.sure) if counts else 0
        sure[stance] += certain
        perhaps[stance] += len(voices & (who.sure | who.open)) - certain
    silent = sorted(code for code in who.sure - spoken_for if not books.roll.is_organisation(code))
    free = 0 if final else len(silent) + sum(not books.roll.is_organisation(code) for code in who.open - spoken_for)
    used = [rule.provision, *([rule.votes_provision] if any(map(books.roll.is_organisation, ballots)) else [])]
    cites = tuple(item for item in used if item)
    return Count(
        votes=sure,
        open=free + sum(perhaps.values()),
        needed=needed(rule.majority, sure["for"] + sure["against"]),
        adopted=_adopted(rule.majority, sure, perhaps, free),
        against=tuple(sorted(state for state, stance in ballots.items() if stance == "against")),
        silent=tuple(silent),
        unsettled=tuple(item for item in cites if books.provision(item, on).sure not in SURE),
        cites=cites,
    )


def _check(books: Books, basis: str, ballots: Mapping[str, str], who: Voters) -> None:
    for state, stance in ballots.items():
        if stance not in STANCES:
            text = f"A vote is one of: {', '.join(STANCES)}."
            raise Invalid(text, code="conference.ballot", where=state)
        if state not in who.sure | who.open:
            text = f"{state} is no Party to {basis} on this day and has no vote."
            raise Invalid(text, code="conference.no-party", where=state)
        if books.roll.is_organisation(state) and books.roll.members_of(state) & set(ballots):
            text = f"{state} does not vote beside its members. Leave out the one or the others."
            raise Invalid(text, code="conference.twice", where=state)


def _adopted(majority: Fraction, sure: Mapping[str, int], perhaps: Mapping[str, int], free: int) -> bool | None:
    """Whether the majority is reached however the open votes fall, or not at all; None between the two."""
    worst = sure["for"], sure["against"] + perhaps["against"] + free
    best = sure["for"] + perhaps["for"] + free, sure["against"]
    if worst[0] >= needed(majority, sum(worst)):
        return True
    return None if best[0] >= needed(majority, sum(best)) else False


def ballots(books: Books, basis: str, proposal: str, on: date) -> dict[str, str]:
    """The positions on `proposal` as votes: of those who are or may be Parties on `on`, as far as a report is sure.

    An organisation's position gives way to those of its members.

    Raises:
        Invalid: no such treaty or no mechanism of it.
    """
    mechanism, who = books.mechanism(basis), voters(books, basis, on)
    heard = (mechanism.stance(proposal, code, on) for code in sorted(who.sure | who.open))
    found = {item.state: item.stance for item in heard if item and item.sure in SURE}
    return {
        state: stance
        for state, stance in found.items()
        if not (books.roll.is_organisation(state) and books.roll.members_of(state) & set(found))
    }
