"""What the requested State's own law, and both States' duties, say of it: one predicate for each rule of substance.

*Unknown* where a book is silent or unverified. What only a person can judge (rights, discrimination, essential interests,
the conditions of personal data) is always a question here, whatever the request says of it.
"""

from __future__ import annotations

import re
from datetime import date

from comity.casework.request import Request
from comity.law.book import Books
from comity.law.dates import after
from comity.law.finding import Finding, Verdict, say
from comity.law.state import NationalOffence, Policy
from comity.law.treaty import SURE, TreatyOffence


def dual_criminality(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Is the conduct an offence there too? By elements, not by name. Source: 40(8), 35(3); 42(4)-(5).

    Missing dual criminality only *allows* to decline: the finding informs a decision and makes none.
    """
    cites = books.cited(request.basis, request.measure, "dual-criminality")
    if not cites:
        return ()
    params = {"requested": request.requested}
    if books.measure(request.basis, request.measure).dual_criminality == "not-required":
        own = books.treaty_offence(request.basis, request.offence.code) is not None
        treaty = books.treaty(request.basis)
        reserved = [
            item.provision
            for cite in (() if own else cites)  # reserved for other offences than the treaty's own
            for item in treaty.reserved({request.requested}, cite.partition(":")[2], on)
        ]
        if reserved:
            sources, code = (*cites, *reserved), "dual-criminality.reserved"
            return say(Verdict.UNKNOWN, code, sources, params, remedy="remedy.ask-authority", fields=("offence.code",))
        return say(Verdict.PASSED, "dual-criminality.not-required", cites)
    code = request.offence.code
    if not code:
        fields = ("offence.code", "facts")
        return say(Verdict.UNKNOWN, "dual-criminality.no-offence", cites, params, remedy="remedy.judge", fields=fields)
    offence = books.treaty_offence(request.basis, code) or books.offence(code)
    lines = books.offences(request.requested, offence.code, on)
    params["offence"] = offence.code
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
    missing, narrower = gaps(offence, verified)
    sources = cites + tuple(line.provision for line in verified)
    if verified and not missing and not narrower:
        return say(Verdict.PASSED, "dual-criminality.met", sources, params)
    if len(verified) < len(lines):
        missing, narrower = gaps(offence, lines)
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


def gaps(offence: TreatyOffence, lines: tuple[NationalOffence, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
    cites = books.cited(request.basis, request.measure, "authorisation")
    if not cites:
        return ()
    book = books.state(request.requested)
    lines = [line for line in book.lines(book.authorisations, on) if request.measure in line.measures]
    sources = cites + tuple(line.provision for line in lines)
    sure = bool(lines) and all(book.verified(line.provision, on) for line in lines)
    code = "authorisation.named" if sure else "authorisation.unverified" if lines else "authorisation.silent"
    remedy = "remedy.judge" if sure else "remedy.check-law" if lines else "remedy.ask-authority"
    params = {"requested": request.requested, "measure": str(request.measure)}
    if lines:
        params["by"] = ", ".join(dict.fromkeys(line.by for line in lines if line.by)) or "-"
        params["urgent"] = ", ".join(dict.fromkeys(line.urgent_by for line in lines if line.urgent_by)) or "-"
    return say(Verdict.UNKNOWN, code, sources, params, remedy=remedy)


def rights(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The rights question, for the drafter: never passed by a machine. Source: 6(1)-(2), 24(1)."""
    return _question(request, books, "rights")


def non_discrimination(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The question of the aim behind the request, for the drafter: never passed by a machine. Source: 40(22)."""
    return _question(request, books, "non-discrimination")


def _question(request: Request, books: Books, rule: str) -> tuple[Finding, ...]:
    code = "answered-by-drafter" if request.rights.strip() else "unanswered"
    cites = books.cites(request.basis, request.measure, rule)
    return say(Verdict.UNKNOWN, f"{rule}.{code}", cites, remedy="remedy.rights", fields=("rights",))


def rights_to_decide(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The same two questions for the officer who decides, whatever the drafter answered. Source: 6, 24(1), 40(22)."""
    return tuple(
        finding
        for rule in ("rights", "non-discrimination")
        for finding in say(
            Verdict.UNKNOWN,
            f"{rule}.for-decision",
            books.cites(request.basis, request.measure, rule),
            remedy="remedy.decide",
        )
    )


def data_protection(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Can personal data be transferred, under which conditions? Always a question. Source: Article 36; State book."""
    cites = books.cites(request.basis, request.measure, "data-protection")
    book = books.state(request.requested)
    lines = book.lines(book.data_protection, on)
    sources = cites + tuple(line.provision for line in lines)
    sure = bool(lines) and all(book.verified(line.provision, on) for line in lines)
    code = "data-protection.question" if sure else "data-protection.unverified" if lines else "data-protection.silent"
    remedy = "remedy.judge" if sure else "remedy.check-law" if lines else "remedy.ask-authority"
    return say(Verdict.UNKNOWN, code, sources, {"requested": request.requested}, remedy=remedy)


def grounds_to_decide(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The grounds that exist for this measure, and no others, for who decides. Source: 40(21)-(28), 42(6)."""
    cites = books.cites(request.basis, request.measure, "grounds")
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


def refusal_policy(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """What the requested State's own law says of refusing: one finding for each line that may bear on this request.

    Where the request itself shows that the case is given (an own national, a penalty below the minimum, no treaty), the
    finding says so; otherwise it is a question for who knows the case. Source: the requested State's book; 37(8), 40(8).
    """
    cites = books.cited(request.basis, request.measure, "refusal-policy")
    if not cites:
        return ()
    book = books.state(request.requested)
    lines = book.lines(tuple(line for line in book.policies if request.measure in line.measures), on)
    found: tuple[Finding, ...] = ()
    for line in lines:
        given = _given(line, request, books, on)
        if given is False or line.stance == "no-bar":
            continue
        sure = book.verified(line.provision, on)
        settled = sure and given is True and line.stance == "must-refuse" and not line.assurance
        params = {"subject": line.subject, "stance": line.stance, "requested": request.requested}
        code = "refusal-policy.bars" if settled else "refusal-policy.given" if given else "refusal-policy.question"
        remedy = "remedy.assure" if line.assurance else "remedy.judge" if sure else "remedy.check-law"
        verdict = Verdict.FAILED if settled else Verdict.UNKNOWN
        found += say(
            verdict, code, (*cites, line.provision), params, remedy=remedy, fields=_BEARS.get(line.subject, ())
        )
    if not lines:
        params = {"requested": request.requested}
        found = say(Verdict.UNKNOWN, "refusal-policy.silent", cites, params, remedy="remedy.ask-authority")
    return found


_BEARS = {
    "own-national": ("persons.nationality",),
    "below-minimum": ("offence.max_penalty_months",),
    "death-penalty": ("assurances",),
    "no-treaty": ("basis",),
    "no-reciprocity": ("assurances",),
}


def _given(line: Policy, request: Request, books: Books, on: date) -> bool | None:
    """Whether the situation of `line` is given by what the request and the books say; None when they do not tell."""
    if line.subject == "own-national":
        named = [person.nationality.upper() for person in request.persons if person.nationality.strip()]
        if not named:
            return None
        return any(request.requested in re.findall(r"[A-Z]{2,}", nationality) for nationality in named) or None
    if line.subject == "below-minimum" and line.penalty_months is not None:
        months = request.offence.max_penalty_months
        return None if months is None else months < line.penalty_months
    if line.subject == "no-treaty":
        return {True: False, False: True, None: None}[
            books.status(request.basis, request.requesting, request.requested, on).in_force
        ]
    if line.subject == "no-dual-criminality":
        return False  # the elements are compared by their own rule
    return None


def minimum_penalty(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Is the maximum penalty as high as the treaty, or the requested State's law, asks for?

    Source: the treaty's own minimum where it has one (Budapest 24(1)); otherwise 37(8): the requested State's law.
    """
    cites = books.cited(request.basis, request.measure, "minimum-penalty")
    if not cites:
        return ()
    months, least = request.offence.max_penalty_months, books.measure(request.basis, request.measure).least_penalty
    fields = ("offence.max_penalty_months",)
    if months is None:
        return say(Verdict.UNKNOWN, "minimum-penalty.unstated", cites, remedy="remedy.penalty", fields=fields)
    if least is None:
        book = books.state(request.requested)
        lines = [line for line in book.lines(book.policies, on) if line.subject == "below-minimum"]
        if any(request.measure in line.measures for line in lines):
            return ()  # the State's own minimum is compared with its other policies
        params = {"requested": request.requested, "months": str(months)}
        return say(Verdict.UNKNOWN, "minimum-penalty.silent", cites, params, remedy="remedy.ask-authority")
    params = {"months": str(months), "least": str(least)}
    if months < least:
        code = "minimum-penalty.below"
        return say(Verdict.FAILED, code, cites, params, remedy="remedy.basis", fields=fields)
    return say(Verdict.PASSED, "minimum-penalty.met", cites, params)


def retention(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """May the data be gone? One finding for each category asked for. Source: the requested State's book."""
    cites = books.cited(request.basis, request.measure, "retention")
    if not cites:
        return ()
    book = books.state(request.requested)
    oldest = min((day for day in (request.period_from, request.offence.committed_on) if day), default=None)
    found: tuple[Finding, ...] = ()
    for category in request.categories:
        lines = tuple(line for line in book.retention if line.category == category)
        params = {"requested": request.requested, "category": str(category)}
        for line in book.lines(lines, on):
            params |= {"period": str(line.period)}
            sources = (*cites, line.provision)
            if oldest is None:
                code = "retention.date-unknown"
                found += say(Verdict.UNKNOWN, code, sources, params, remedy="remedy.fill-in", fields=("period_from",))
                continue
            params["until"] = after(oldest, line.period).isoformat()
            gone, sure = after(oldest, line.period) < on, book.verified(line.provision, on)
            code = "retention.may-be-gone" if gone else "retention.kept" if sure else "retention.unverified"
            verdict = Verdict.PASSED if code == "retention.kept" else Verdict.UNKNOWN
            remedy = "" if verdict is Verdict.PASSED else "remedy.hurry" if gone else "remedy.check-law"
            found += say(verdict, code, sources, params, remedy=remedy)
        if not book.lines(lines, on):
            found += say(Verdict.UNKNOWN, "retention.silent", cites, params, remedy="remedy.ask-authority")
    return found


def handling(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Evidence of the offences of Articles 14 and 16 is handled more strictly: asked whenever they are named."""
    del on
    cites = books.cited(request.basis, request.measure, "handling")
    offence = books.treaty_offence("uncc", request.offence.code) if request.offence.code else None
    if not cites or offence is None or offence.provision not in ("uncc:14", "uncc:16"):
        return ()
    params = {"offence": offence.code}
    return say(Verdict.UNKNOWN, "handling.strict", (*cites, offence.provision), params, remedy="remedy.handle")


def clocks(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Which periods this request will set running: the treaty's, and the requested State's own."""
    cites, book = books.cites(request.basis, request.measure, "clocks"), books.state(request.requested)
    found: tuple[Finding, ...] = ()
    for clock in books.clocks(request.basis, request.measure):
        provision = books.provision(clock.provision)
        params = {"clock": clock.id, "period": str(clock.period), "bearer": clock.bearer}
        sure = provision.sure in SURE
        code = ("clocks.least" if clock.least else "clocks.most") if sure else "clocks.unverified"
        verdict = Verdict.PASSED if sure else Verdict.UNKNOWN
        remedy = "" if sure else "remedy.check-law"
        found += say(verdict, code, (*cites, clock.provision), params, remedy=remedy)
    own = tuple(clock for clock in book.clocks if request.measure in clock.measures)
    for clock in book.lines(own, on):
        params = {"clock": clock.id, "period": str(clock.period), "bearer": clock.bearer, "state": book.code}
        sure = book.verified(clock.provision, on)
        code = ("clocks.national-least" if clock.least else "clocks.national-most") if sure else "clocks.unverified"
        verdict = Verdict.PASSED if sure else Verdict.UNKNOWN
        remedy = "" if sure else "remedy.check-law"
        found += say(verdict, code, (*cites, clock.provision), params, remedy=remedy)
    return found or say(Verdict.UNKNOWN, "clocks.none", cites, {"measure": str(request.measure)}, remedy="remedy.judge")
