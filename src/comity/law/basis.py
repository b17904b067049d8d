"""Does the instrument carry this request between these two States on this day? Its force, its reach, its rivals."""

from __future__ import annotations

from datetime import date

from comity.casework.request import Request, Scope, Urgency
from comity.law import instrument
from comity.law.book import Books, Status
from comity.law.finding import Finding, Verdict, say
from comity.law.state import NationalOffence
from comity.law.treaty import SURE

SERIOUS_MONTHS = 48
"""Article 2(h): a crime is serious when its maximum is at least four years' deprivation of liberty."""


def basis(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Does the legal basis bind these two States on this day? Source: 65(1)-(2), computed from the deposits listed.

    An exercise passes as what it is: it asks for no real assistance and needs none of these.
    """
    cites = books.cites(request.basis, request.measure, "basis")
    status = books.status(request.basis, request.requesting, request.requested, on)
    params = {"basis": request.basis, "date": on.isoformat()}
    if status.needed:
        params |= {"deposits": str(status.deposits), "needed": str(status.needed)}
    if status.known_on:
        params["known"] = status.known_on.isoformat()
    if request.exercise:
        return say(Verdict.PASSED, "basis.exercise", cites, params)
    if status.in_force:
        params["since"] = status.since.isoformat() if status.since else ""
        return say(Verdict.PASSED, "basis.in-force", cites, params)
    verdict, code, more = _not_bound(status)
    cited = (*cites, *status.precluded)
    if verdict is Verdict.UNKNOWN:
        return say(verdict, code, cited, params | more, remedy="remedy.check-law", fields=("basis",))
    return say(verdict, code, cited, params | more, remedy="remedy.basis", fields=("basis", "exercise"))


def _not_bound(status: Status) -> tuple[Verdict, str, dict[str, str]]:
    """Why a basis does not bind two States, or cannot be told to: verdict, code, and what the sentence names besides."""
    if status.precluded:
        unsure = status.in_force is None
        return (Verdict.UNKNOWN, "basis.objected", {}) if unsure else (Verdict.FAILED, "basis.precluded", {})
    if status.in_force is None:
        return Verdict.UNKNOWN, "basis.unverified" if status.needed else "basis.no-treaty", {}
    if status.left:
        return Verdict.FAILED, "basis.left", {"states": ", ".join(status.left)}
    if status.unbound:
        return Verdict.FAILED, "basis.not-party", {"states": ", ".join(status.unbound)}
    return Verdict.FAILED, "basis.not-in-force", {}


def exercise(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """An exercise says that it is one, and does not frighten anybody with an emergency or a basis that really binds."""
    if not request.exercise:
        return ()
    if request.urgency is Urgency.EMERGENCY:
        cites = books.cites(request.basis, request.measure, "exercise") + books.cites(
            request.basis, request.measure, "emergency"
        )
        return say(Verdict.UNKNOWN, "exercise.emergency", cites, remedy="remedy.judge", fields=("exercise", "urgency"))
    cites = books.cites(request.basis, request.measure, "exercise")
    if books.status(request.basis, request.requesting, request.requested, on).in_force:
        return say(Verdict.UNKNOWN, "exercise.in-force", cites, remedy="remedy.judge", fields=("exercise",))
    return say(Verdict.PASSED, "exercise.declared", cites)


def other_treaty(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Is there another treaty between the two, whose rules would come first? Source: 40(6)-(7), 60(1); all books.

    A treaty that is a book here and binds both is named; one that a State's book only lists is a question, as is none.
    Which to use is for a person to say.
    """
    cites = books.cites(request.basis, request.measure, "other-treaty")
    found: tuple[Finding, ...] = ()
    for option in instrument.options(request, books, on):
        if option.basis == request.basis or not option.knows or not option.entry or option.in_force is False:
            continue  # comity is no treaty: its rules come last
        params = {"treaty": option.basis, "requesting": request.requesting, "requested": request.requested}
        sources = (*cites, *option.cites)
        if option.in_force is None:
            if not option.listed:
                continue  # no report at all: what no book lists is asked below, once
            code, remedy = "other-treaty.unverified", "remedy.check-law"
        elif option.reaches is False:
            continue
        else:
            code, remedy = "other-treaty.in-force", "remedy.choose-basis"
        found += say(Verdict.UNKNOWN, code, sources, params, remedy=remedy, fields=("basis",))
    return found + _listed(request, books, on, cites)


def _listed(request: Request, books: Books, on: date, cites: tuple[str, ...]) -> tuple[Finding, ...]:
    """What the two States' own books list beside the books of treaties; a book that lists none proves nothing."""
    listed: tuple[str, ...] = ()
    for own, other, field in (
        (request.requesting, request.requested, "requesting"),
        (request.requested, request.requesting, "requested"),
    ):
        book = books.state(own, field)
        lines = [line for line in book.treaties if other in line.partners and request.measure in line.measures]
        listed += tuple(line.provision for line in book.lines(tuple(lines), on))
    code = "other-treaty.listed" if listed else "other-treaty.none-listed"
    params = {"requesting": request.requesting, "requested": request.requested}
    return say(Verdict.UNKNOWN, code, cites + listed, params, remedy="remedy.check-law", fields=("basis",))


def reservation(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Has one of the two excluded this offence or this measure by a reservation, or declared something on it?

    No finding when none is known. A reservation on the measure's own article removes the measure between the two.
    """
    cites, treaty = books.cites(request.basis, request.measure, "reservation"), books.treaty(request.basis)
    pair = {request.requesting, request.requested}
    measure = books.provision(books.measure(request.basis, request.measure).provision)
    offence = books.treaty_offence(request.basis, request.offence.code)
    found: tuple[Finding, ...] = ()
    for article, what, fields in (
        (offence.code.partition(":")[2] if offence else "", "offence", ("basis", "scope", "offence.code")),
        (measure.article, "measure", ("basis", "measure")),
    ):
        for item in treaty.reserved(pair, article, on) if article else ():
            sure = books.provision(item.provision, on).sure in SURE
            verdict = Verdict.FAILED if sure else Verdict.UNKNOWN
            code = f"reservation.excludes-{what}" if sure else "reservation.unverified"
            params = {"state": item.state, "article": article}
            found += say(verdict, code, (*cites, item.provision), params, remedy="remedy.basis", fields=fields)
        for line in treaty.declared(pair, article, on) if article else ():
            params = {"state": line.state, "article": article}
            code = "reservation.declaration"
            found += say(
                Verdict.UNKNOWN, code, (*cites, line.provision), params, remedy="remedy.check-law", fields=fields
            )
    return found


def scope(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Does the treaty apply, and is the measure open, for the scope chosen? Source: Article 35(1)-(2)."""
    rule = books.measure(request.basis, request.measure)
    cites = books.cited(request.basis, request.measure, f"scope-{request.scope}") or (rule.provision,)
    params = {"scope": str(request.scope), "measure": str(request.measure)}
    if not rule.scopes:
        return say(Verdict.UNKNOWN, "scope.not-governed", cites, params, remedy="remedy.check-law", fields=("scope",))
    if request.scope not in rule.scopes:
        return say(
            Verdict.FAILED, "scope.measure-closed", cites, params, remedy="remedy.scope", fields=("scope", "measure")
        )
    if request.scope is Scope.SERIOUS:
        return _serious(request, books, on, cites)
    if request.scope is Scope.ANY:
        return say(Verdict.PASSED, "scope.any-crime", cites, params)
    offence = books.treaty_offence(request.basis, request.offence.code)
    if offence is None:
        fields = ("offence.code", "scope")
        return say(Verdict.FAILED, "scope.no-offence", cites, params, remedy="remedy.scope", fields=fields)
    params["offence"] = offence.code
    return say(Verdict.PASSED, "scope.convention-offence", (*cites, offence.provision), params)


def _serious(request: Request, books: Books, on: date, cites: tuple[str, ...]) -> tuple[Finding, ...]:
    """Is the crime serious, by the maximum that the request states and the requesting State's book? Source: 2(h)."""
    stated = request.offence.max_penalty_months
    line = _penalty_line(request, books, on)
    known = line.max_penalty_months if line else None
    sure = line is not None and books.state(request.requesting).verified(line.provision, on)
    sources = (*cites, line.provision) if line else cites
    fields = ("offence.max_penalty_months",)
    if stated is None and known is None:
        return say(Verdict.UNKNOWN, "scope.penalty-unstated", cites, remedy="remedy.penalty", fields=fields)
    params = {"months": str(known if stated is None else stated), "least": str(SERIOUS_MONTHS)}
    if stated is None and not sure:
        code = "scope.serious-unverified"
        return say(Verdict.UNKNOWN, code, sources, params, remedy="remedy.penalty", fields=fields)
    if None not in (stated, known) and stated != known:
        params["known"] = str(known)
        verdict = Verdict.FAILED if sure else Verdict.UNKNOWN
        code = "scope.penalty-differs" if sure else "scope.penalty-differs-unverified"
        return say(verdict, code, sources, params, remedy="remedy.penalty", fields=fields)
    sources = sources if sure else cites  # an unverified line confirms nothing and is not relied on
    if int(params["months"]) < SERIOUS_MONTHS:
        return say(
            Verdict.FAILED, "scope.not-serious", sources, params, remedy="remedy.basis", fields=("scope", *fields)
        )
    return say(Verdict.PASSED, "scope.serious" if sure else "scope.serious-as-stated", sources, params)


def _penalty_line(request: Request, books: Books, on: date) -> NationalOffence | None:
    """The line of the requesting State's book that gives the penalty of the provision named in the request."""
    book = books.state(request.requesting, "requesting")
    named = tuple(line for line in book.offences if line.provision == request.offence.provision)
    return next((line for line in book.lines(named, on) if line.max_penalty_months is not None), None)
