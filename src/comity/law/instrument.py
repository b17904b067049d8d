"""Which instrument can carry a request: what binds these two States on this day, what does not, what to choose and why.

Another treaty on legal assistance between the two comes before the UN Convention's own rules, unless both agree to use
these (40(6)-(7)); States that share several may go on using each (60(1)). Without any, comity and reciprocity remain.
Nothing here chooses: the order is a suggestion with its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from comity.casework.request import Request, Scope
from comity.law.book import Books
from comity.law.treaty import Treaty

_GENERAL = "uncc"  # its rules on legal assistance yield to other treaties, 40(6)-(7)


@dataclass(frozen=True)
class Option:
    """One instrument between two States on a day.

    Args:
        basis: id of its book.
        in_force: whether it binds both; None when the books cannot tell, and for comity and reciprocity.
        since: the day by which both are surely bound, when `in_force`.
        knows: whether it provides for the measure.
        reaches: whether it reaches this offence in the scope asked for; None when nothing governs that.
        scopes: the scopes in which the measure is open under it.
        removed: provisions of reservations that remove the measure or the offence between the two.
        entry: whether it is a treaty, which enters into force; comity and reciprocity do not.
        listed: whether its book reports something of each of the two States; one that nobody ever reported is no hint at all.
        cites: what this rests on.
    """

    basis: str
    in_force: bool | None
    since: date | None
    knows: bool
    reaches: bool | None
    scopes: tuple[Scope, ...]
    removed: tuple[str, ...]
    entry: bool
    listed: bool
    cites: tuple[str, ...]

    @property
    def usable(self) -> bool | None:
        """Whether it can carry the request: True, False, or None when somebody has to find out."""
        if not self.knows or self.in_force is False or self.reaches is False or self.removed:
            return False
        return None if self.in_force is None else True


def options(request: Request, books: Books, on: date) -> tuple[Option, ...]:
    """Every instrument of the books for `request` on `on`, the one to look at first at the head.

    Raises:
        Invalid: a State of the request has no book where one is needed.
    """
    return tuple(sorted((_option(treaty, request, books, on) for treaty in _between(request, books)), key=_rank))


def _between(request: Request, books: Books) -> Iterable[Treaty]:
    pair = {request.requesting, request.requested}
    return (treaty for treaty in books.treaties.values() if not treaty.between or pair == set(treaty.between))


def _option(treaty: Treaty, request: Request, books: Books, on: date) -> Option:
    status, rule = (
        books.status(treaty.id, request.requesting, request.requested, on),
        treaty.measures.get(request.measure),
    )
    cites = (treaty.entry.provision, treaty.entry.joiner_provision) if treaty.entry else ()
    listed = all(treaty.heard_of(state) for state in (request.requesting, request.requested))
    if rule is None:
        return Option(
            treaty.id,
            status.in_force,
            status.since,
            knows=False,
            reaches=False,
            scopes=(),
            removed=(),
            entry=treaty.entry is not None,
            listed=listed,
            cites=cites,
        )
    pair = {request.requesting, request.requested}
    article = books.provision(rule.provision).article
    offence = books.treaty_offence(treaty.id, request.offence.code)
    removed = list(treaty.reserved(pair, article, on)) if article else []
    if offence is not None:
        removed += treaty.reserved(pair, offence.code.partition(":")[2], on)
    return Option(
        basis=treaty.id,
        in_force=status.in_force,
        since=status.since,
        knows=True,
        reaches=_reaches(rule.scopes, request.scope, has_offence=offence is not None),
        scopes=rule.scopes,
        removed=tuple(dict.fromkeys(item.provision for item in removed)),
        entry=treaty.entry is not None,
        listed=listed,
        cites=(*cites, rule.provision),
    )


def _reaches(scopes: tuple[Scope, ...], asked: Scope, *, has_offence: bool) -> bool | None:
    """Whether a measure open in `scopes` reaches a request in the scope `asked`; `has_offence`: it has this offence."""
    if not scopes:
        return None
    if asked in (Scope.OFFENCE, Scope.EVIDENCE) and not has_offence:
        return Scope.ANY in scopes
    return asked in scopes


def _rank(option: Option) -> tuple[int, int, str]:
    """Usable first, then what somebody has to find out, then treaties that nobody ever reported for both, then the rest."""
    unheard = option.usable is None and option.entry and not option.listed
    usable = 2 if unheard else {True: 0, None: 1, False: 3}[option.usable]
    kind = 1 if option.basis == _GENERAL else 0 if option.entry else 2
    return usable, kind, option.basis
