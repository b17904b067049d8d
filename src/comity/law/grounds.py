"""Does the law allow it? One predicate for each rule of substance; *unknown* where a book is silent or unverified.

What only a person can judge (rights, discrimination, essential interests, the conditions of personal data) is always
a question here, whatever the request says of it.
"""

from __future__ import annotations

from datetime import date

from comity.casework.request import Request, Scope, Urgency
from comity.law.book import Books
from comity.law.finding import Finding, Verdict, say
from comity.law.state import NationalOffence
from comity.law.treaty import SURE, TreatyOffence

SERIOUS_MONTHS = 48
"""Article 2(h): a crime is serious when its maximum is at least four years' deprivation of liberty."""


def _cites(request: Request, books: Books, rule: str) -> tuple[str, ...]:
    return books.cites(request.basis, request.measure, rule)


def basis(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Does the legal basis bind these two States on this day? Source: 65(1)-(2), computed from the deposits listed.

    An exercise passes as what it is: it asks for no real assistance and needs none of these.
    """
    cites = _cites(request, books, "basis")
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
    fields = ("basis", "exercise")
    if status.in_force is None:
        code = "basis.unverified" if status.needed else "basis.no-treaty"
        return say(Verdict.UNKNOWN, code, cites, params, remedy="remedy.check-law", fields=("basis",))
    if status.unbound:
        params["states"] = ", ".join(status.unbound)
        return say(Verdict.FAILED, "basis.not-party", cites, params, remedy="remedy.basis", fields=fields)
    return say(Verdict.FAILED, "basis.not-in-force", cites, params, remedy="remedy.basis", fields=fields)


def exercise(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """An exercise says that it is one, and does not frighten anybody with an emergency or a basis that really binds."""
    if not request.exercise:
        return ()
    if request.urgency is Urgency.EMERGENCY:
        cites = _cites(request, books, "exercise") + _cites(request, books, "emergency")
        return say(Verdict.UNKNOWN, "exercise.emergency", cites, remedy="remedy.judge", fields=("exercise", "urgency"))
    cites = _cites(request, books, "exercise")
    if books.status(request.basis, request.requesting, request.requested, on).in_force:
        return say(Verdict.UNKNOWN, "exercise.in-force", cites, remedy="remedy.judge", fields=("exercise",))
    return say(Verdict.PASSED, "exercise.declared", cites)


def other_treaty(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Is there another treaty between the two, whose rules would come first? Source: 40(6)-(7), 60(1); both books.

    Whether such a treaty is in force and to be used is for a person to say; a book that lists none proves nothing.
    """
    cites = _cites(request, books, "other-treaty")
    listed: tuple[str, ...] = ()
    for own, other, field in (
        (request.requesting, request.requested, "requesting"),
        (request.requested, request.requesting, "requested"),
    ):
        book = books.state(own, field)
        lines = book.lines(book.treaties, on)
        listed += tuple(line.provision for line in lines if line.partner == other)
    code = "other-treaty.listed" if listed else "other-treaty.none-listed"
    return say(
        Verdict.UNKNOWN,
        code,
        cites + listed,
        {"requesting": request.requesting, "requested": request.requested},
        remedy="remedy.check-law",
        fields=("basis",),
    )


def reservation(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Has one of the two excluded the article of this offence by a reservation? No finding when none is known."""
    code = request.offence.code
    if not code.startswith(f"{request.basis}:"):
        return ()
    article, treaty = code.partition(":")[2], books.treaty(request.basis)
    found: tuple[Finding, ...] = ()
    for item in treaty.reserved({request.requesting, request.requested}, article, on):
        sure = books.provision(item.provision, on).sure in SURE
        found += say(
            Verdict.FAILED if sure else Verdict.UNKNOWN,
            "reservation.excludes" if sure else "reservation.unverified",
            (*_cites(request, books, "reservation"), item.provision),
            {"state": item.state, "article": article},
            remedy="remedy.basis",
            fields=("basis", "scope", "offence.code"),
        )
    return found


def scope(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Does the treaty apply, and is the measure open, for the scope chosen? Source: Article 35(1)-(2)."""
    cites = _cites(request, books, f"scope-{request.scope}")
    rule = books.measure(request.basis, request.measure)
    params = {"scope": str(request.scope), "measure": str(request.measure)}
    if not rule.scopes:
        return say(Verdict.UNKNOWN, "scope.not-governed", cites, params, remedy="remedy.check-law", fields=("scope",))
    if request.scope not in rule.scopes:
        return say(
            Verdict.FAILED, "scope.measure-closed", cites, params, remedy="remedy.scope", fields=("scope", "measure")
        )
    if request.scope is Scope.SERIOUS:
        return _serious(request, books, on, cites)
    code = request.offence.code
    if not code.startswith(f"{request.basis}:"):
        fields = ("offence.code", "scope")
        return say(Verdict.FAILED, "scope.no-offence", cites, params, remedy="remedy.scope", fields=fields)
    provision = books.offence(code).provision
    return say(Verdict.PASSED, "scope.convention-offence", (*cites, provision), {"offence": code, **params})


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


def dual_criminality(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Is the conduct an offence there too? By elements, not by name. Source: 40(8), 35(3); 42(4)-(5).

    Missing dual criminality only *allows* to decline: the finding informs a decision and makes none.
    """
    cites = _cites(request, books, "dual-criminality")
    params = {"requested": request.requested}
    if books.measure(request.basis, request.measure).dual_criminality == "not-required":
        reserved = [
            item.provision
            for cite in cites
            for item in books.treaty(request.basis).reserved({request.requested}, cite.partition(":")[2], on)
        ]
        if reserved:
            sources, code = (*cites, *reserved), "dual-criminality.reserved"
            return say(Verdict.UNKNOWN, code, sources, params, remedy="remedy.ask-authority", fields=("offence.code",))
        return say(Verdict.PASSED, "dual-criminality.not-required", cites)
    code = request.offence.code
    if not code:
        fields = ("offence.code", "facts")
        return say(Verdict.UNKNOWN, "dual-criminality.no-offence", cites, params, remedy="remedy.judge", fields=fields)
    offence, lines = books.offence(code), books.offences(request.requested, code, on)
    params["offence"] = code
    if not lines:
        sources = (*cites, offence.provision)
        return say(Verdict.UNKNOWN, "dual-criminality.silent", sources, params, remedy="remedy.ask-authority")
    return _compared(request, books, on, (*cites, offence.provision), offence, lines)


def _compared(
    request: Request,
    books: Books,
    on: date,
    cites: tuple[str, ...],
    offence: TreatyOffence,
    lines: tuple[NationalOffence, ...],
) -> tuple[Finding, ...]:
    """The elements of the treaty's offence against the national lines: only verified lines can settle it."""
    book = books.state(request.requested)
    verified = tuple(line for line in lines if book.verified(line.provision, on))
    params = {"requested": request.requested, "offence": offence.code}
    missing, narrower = _gaps(offence, verified)
    sources = cites + tuple(line.provision for line in verified)
    if verified and not missing and not narrower:
        return say(Verdict.PASSED, "dual-criminality.met", sources, params)
    if len(verified) < len(lines):
        missing, narrower = _gaps(offence, lines)
        params["missing"] = ", ".join((*missing, *narrower)) or "-"
        return say(
            Verdict.UNKNOWN,
            "dual-criminality.unverified",
            cites + tuple(line.provision for line in lines),
            params,
            remedy="remedy.check-law",
            fields=("facts",),
        )
    params["missing"] = ", ".join(missing or narrower)
    verdict, code = (
        (Verdict.FAILED, "dual-criminality.elements-missing")
        if missing
        else (Verdict.UNKNOWN, "dual-criminality.narrower")
    )
    fields = ("facts", "offence.code")
    return say(verdict, code, sources, params, remedy="remedy.ask-authority", fields=fields)


def _gaps(offence: TreatyOffence, lines: tuple[NationalOffence, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the lines leave open: (elements that none of the closest lines has, what makes the law narrower).

    A line counts only if it has all elements and, where the offence has ways, at least one of them. The second part
    names the ways that no such line covers, and what the lines require beyond the treaty when each requires something.
    """
    ways = set(offence.one_of)
    whole = [
        line
        for line in lines
        if set(offence.elements) <= set(line.elements) and (not ways or ways & set(line.elements))
    ]
    if not whole:
        covered = [set(line.elements) for line in lines]
        closest = max(covered, key=lambda items: len(items & set(offence.elements)), default=set())
        open_elements = tuple(item for item in offence.elements if item not in closest)
        return open_elements or offence.one_of, ()
    plain = [line for line in whole if not line.requires_also]
    reached = {item for line in plain or whole for item in line.elements}
    extra = () if plain else tuple(dict.fromkeys(item for line in whole for item in line.requires_also))
    return (), tuple(item for item in offence.one_of if item not in reached) + extra


def authorisation(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Which authorisation does the requested State need at home before anything coercive? Always a question.

    Source: Article 24(2) and (4): the safeguards apply at home also when the power helps another State.
    """
    cites = _cites(request, books, "authorisation")
    book = books.state(request.requested)
    lines = [line for line in book.lines(book.authorisations, on) if line.measure == request.measure]
    sources = cites + tuple(line.provision for line in lines)
    sure = bool(lines) and all(book.verified(line.provision, on) for line in lines)
    code = "authorisation.named" if sure else "authorisation.unverified" if lines else "authorisation.silent"
    remedy = "remedy.judge" if sure else "remedy.check-law" if lines else "remedy.ask-authority"
    params = {"requested": request.requested, "measure": str(request.measure)}
    return say(Verdict.UNKNOWN, code, sources, params, remedy=remedy)


def rights(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The rights question, for the drafter: never passed by a machine. Source: 6(1)-(2), 24(1)."""
    return _question(request, books, "rights")


def non_discrimination(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The question of the aim behind the request, for the drafter: never passed by a machine. Source: 40(22)."""
    return _question(request, books, "non-discrimination")


def _question(request: Request, books: Books, rule: str) -> tuple[Finding, ...]:
    code = "answered-by-drafter" if request.rights.strip() else "unanswered"
    cites = _cites(request, books, rule)
    return say(Verdict.UNKNOWN, f"{rule}.{code}", cites, remedy="remedy.rights", fields=("rights",))


def rights_to_decide(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The same two questions for the officer who decides, whatever the drafter answered. Source: 6, 24(1), 40(22)."""
    return tuple(
        finding
        for rule in ("rights", "non-discrimination")
        for finding in say(
            Verdict.UNKNOWN, f"{rule}.for-decision", _cites(request, books, rule), remedy="remedy.decide"
        )
    )


def data_protection(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Can personal data be transferred, under which conditions? Always a question. Source: Article 36; State book."""
    cites = _cites(request, books, "data-protection")
    book = books.state(request.requested)
    lines = book.lines(book.data_protection, on)
    sources = cites + tuple(line.provision for line in lines)
    sure = bool(lines) and all(book.verified(line.provision, on) for line in lines)
    code = "data-protection.question" if sure else "data-protection.unverified" if lines else "data-protection.silent"
    remedy = "remedy.judge" if sure else "remedy.check-law" if lines else "remedy.ask-authority"
    return say(Verdict.UNKNOWN, code, sources, {"requested": request.requested}, remedy=remedy)


def grounds_to_decide(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The grounds that exist for this measure, and no others, for who decides. Source: 40(21)-(28), 42(6)."""
    cites = _cites(request, books, "grounds")
    found = books.grounds(request.basis, request.measure, on)
    existing = [ground for ground in found if ground.stance == "exists"]
    forbidden = [ground for ground in found if ground.stance == "forbidden"]
    closed = books.measure(request.basis, request.measure).closed_list
    return say(
        Verdict.UNKNOWN,
        "grounds.closed-list" if closed else "grounds.for-decision",
        cites + tuple(ground.provision for ground in existing),
        {
            "grounds": ", ".join(ground.id for ground in existing) or "-",
            "forbidden": ", ".join(ground.id for ground in forbidden) or "-",
        },
        remedy="remedy.decide",
    )
