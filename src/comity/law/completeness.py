"""Is the request complete and understandable? One predicate for each rule of form; none judges the substance."""

from __future__ import annotations

import ipaddress
import re
from datetime import date, timedelta
from functools import cache
from typing import Any

from comity.casework.measure import Measure
from comity.casework.request import Account, Request, Urgency
from comity.law.book import Books
from comity.law.finding import Finding, Verdict, say
from comity.law.treaty import Content

_REFERENCE = re.compile(r"[A-Z]{2}-\d{4}-\d{4,9}")
_FORMS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "phone": re.compile(r"\+?[0-9][0-9 ()-]{4,24}"),
    "url": re.compile(r"[a-z][a-z0-9+.-]*://\S+"),
}
_FREE = frozenset({"account", "other"})


def stated(request: Request, field: str) -> bool:
    """Whether `request` says something in `field` (dotted, e.g. ``conducting.name``); blank text says nothing."""
    value: Any = request
    for name in _names(field):
        if isinstance(value, tuple):
            return any(_says(getattr(item, name)) for item in value)
        value = getattr(value, name)
    return any(map(_says, value)) if isinstance(value, tuple) else _says(value)


def _says(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)


@cache
def _names(field: str) -> tuple[str, ...]:
    return tuple(field.split("."))


def contents(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """One finding for each content that the basis asks for. Source: 40(15) and 42(3), as the book has them."""
    del on  # contents do not change with the day until a book dates them
    return tuple(
        finding for content in books.contents(request.basis, request.measure) for finding in _content(request, content)
    )


def _content(request: Request, content: Content) -> tuple[Finding, ...]:
    missing = tuple(field for field in content.fields if not stated(request, field))
    cites = (content.provision,)
    if not missing or (content.one_suffices and len(missing) < len(content.fields)):
        return say(Verdict.PASSED, "content.present", cites, {"content": content.id})
    needed = content.always or bool(set(content.always_for) & set(request.categories))
    verdict, code = (Verdict.FAILED, "content.missing") if needed else (Verdict.UNKNOWN, "content.question")
    params = {"content": content.id, "missing": ", ".join(missing)}
    return say(verdict, code, cites, params, remedy="remedy.fill-in", fields=missing)


def identifiers(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """One finding for each account or address: can a provider find one subscriber by it?

    An IP address needs the moment of use with its UTC offset and the source port, since addresses are shared and pass
    from hand to hand. Source: 40(15)(e), 42(3)(d); what providers report as the commonest reason for returning requests.
    """
    del on
    cites = books.cites(request.basis, request.measure, "identifiers")
    return tuple(
        finding for number, account in enumerate(request.accounts, 1) for finding in _identifier(account, number, cites)
    )


def _identifier(account: Account, number: int, cites: tuple[str, ...]) -> tuple[Finding, ...]:
    place = {"number": str(number), "kind": account.kind}
    if not account.value.strip():
        return say(
            Verdict.FAILED, "identifiers.empty", cites, place, remedy="remedy.fill-in", fields=("accounts.value",)
        )
    if account.kind != "ip" and account.kind not in _FORMS and account.kind not in _FREE:
        return say(
            Verdict.UNKNOWN, "identifiers.unknown-kind", cites, place, remedy="remedy.judge", fields=("accounts.kind",)
        )
    if not _well_formed(account):
        return say(
            Verdict.FAILED,
            "identifiers.malformed",
            cites,
            place,
            remedy="remedy.identifier",
            fields=("accounts.value",),
        )
    lacking = tuple(
        field
        for field, value in (("accounts.at", account.at), ("accounts.port", account.port))
        if account.kind == "ip" and value is None
    )
    if lacking:
        place["missing"] = ", ".join(lacking)
        return say(Verdict.FAILED, "identifiers.incomplete", cites, place, remedy="remedy.identifier", fields=lacking)
    return say(Verdict.PASSED, "identifiers.complete", cites, place)


def _well_formed(account: Account) -> bool:
    value = account.value.strip()
    if account.kind == "ip":
        try:
            ipaddress.ip_address(value)
        except ValueError:
            return False
        return True
    form = _FORMS.get(account.kind)
    return form is None or form.fullmatch(value) is not None


def dates(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Dates that cannot be: stored data of a day to come, an offence not yet committed; one day is left for time zones.

    Source: 42(1) and 44(1) speak of data that are stored; what lies ahead has a rule of its own (45, 46).
    """
    cites = books.cites(request.basis, request.measure, "dates")
    limit = on + timedelta(days=1) if on < date.max else on
    ahead = bool(books.cited(request.basis, request.measure, "period-ahead"))
    found: tuple[Finding, ...] = ()
    for field, day, code in (
        ("period_from", None if ahead else request.period_from, "dates.period-future"),
        ("period_to", None if ahead else request.period_to, "dates.period-future"),
        ("offence.committed_on", request.offence.committed_on, "dates.offence-future"),
    ):
        if day and day > limit:
            params = {"date": day.isoformat(), "field": field}
            found += say(Verdict.FAILED, code, cites, params, remedy="remedy.date", fields=(field,))
    committed = request.offence.committed_on
    if committed is None:
        return found
    params = {"committed": committed.isoformat()}
    if request.period_to and request.period_to < committed:
        params["date"] = request.period_to.isoformat()
        code, fields = "dates.period-before-offence", ("period_to", "offence.committed_on")
        found += say(Verdict.UNKNOWN, code, cites, params, remedy="remedy.judge", fields=fields)
    for person in request.persons:
        if person.born and person.born >= committed and person.role in ("suspect", "accused", "convicted"):
            params["date"] = person.born.isoformat()
            code, fields = "dates.born-after", ("persons.born", "offence.committed_on")
            found += say(Verdict.FAILED, code, cites, params, remedy="remedy.date", fields=fields)
    return found


def period_ahead(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Collection in real time has a period, which lies ahead, and a reason for its length. Source: 45(3)(f), 46."""
    cites = books.cited(request.basis, request.measure, "period-ahead")
    if not cites or request.period_to is None:
        return ()
    params = {"date": request.period_to.isoformat()}
    if request.period_to < on:
        return say(Verdict.FAILED, "period-ahead.past", cites, params, remedy="remedy.date", fields=("period_to",))
    if not request.period_reason.strip():
        code, fields = "period-ahead.no-reason", ("period_reason",)
        return say(Verdict.UNKNOWN, code, cites, params, remedy="remedy.reason", fields=fields)
    return say(Verdict.PASSED, "period-ahead.reasoned", cites, params)


def order(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """The decision that the request rests on is not of a day to come, nor older than the offence. Source: 50(3)(b), 37."""
    cites, day = books.cited(request.basis, request.measure, "order"), request.order.issued_on
    if not cites:
        return ()
    fields = ("order.issued_on",)
    if day is None:
        return say(Verdict.UNKNOWN, "order.undated", cites, remedy="remedy.fill-in", fields=fields)
    params = {"date": day.isoformat()}
    if day > on:
        return say(Verdict.FAILED, "order.future", cites, params, remedy="remedy.date", fields=fields)
    committed = request.offence.committed_on
    if committed and day < committed:
        params["committed"] = committed.isoformat()
        both = ("order.issued_on", "offence.committed_on")
        return say(Verdict.FAILED, "order.before-offence", cites, params, remedy="remedy.date", fields=both)
    served, whole = request.order.remaining_months, request.order.sentence_months
    if served is not None and whole is not None and served > whole:
        params |= {"months": str(served), "sentence": str(whole)}
        both = ("order.remaining_months", "order.sentence_months")
        return say(Verdict.FAILED, "order.sentence", cites, params, remedy="remedy.penalty", fields=both)
    return say(Verdict.PASSED, "order.dated", cites, params)


def consent(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Has the person agreed, informed of what it means? Source: 40(9)(a), 38; a statement, not a proof."""
    del on
    cites = books.cited(request.basis, request.measure, "consent")
    if not cites:
        return ()
    fields = ("persons.consent",)
    if not request.persons:
        return say(Verdict.UNKNOWN, "consent.nobody", cites, remedy="remedy.fill-in", fields=("persons",))
    lacking = [str(number) for number, person in enumerate(request.persons, 1) if not person.consent]
    if lacking:
        params = {"number": ", ".join(lacking)}
        return say(Verdict.UNKNOWN, "consent.not-stated", cites, params, remedy="remedy.consent", fields=fields)
    return say(Verdict.PASSED, "consent.stated", cites)


def assurances(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Does the requesting State say what it undertakes? Source: 40(10)-(11), 40(29), 37; what suffices, a person says."""
    del on
    cites = books.cited(request.basis, request.measure, "assurances")
    if not cites:
        return ()
    if not request.assurances.strip():
        fields = ("assurances",)
        return say(Verdict.UNKNOWN, "assurances.none", cites, remedy="remedy.assure", fields=fields)
    return say(Verdict.UNKNOWN, "assurances.to-judge", cites, remedy="remedy.judge", fields=("assurances",))


def costs(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Are substantial costs to be expected, on which the two consult first? Always a question. Source: 40(30)."""
    del on
    cites = books.cited(request.basis, request.measure, "costs")
    if not cites:
        return ()
    code = "costs.foreseen" if request.costs.strip() else "costs.question"
    return say(Verdict.UNKNOWN, code, cites, remedy="remedy.consult", fields=("costs",))


def language(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Is the request in a language that the requested State accepts? Source: 40(13) and the requested State's book."""
    cites = books.cites(request.basis, request.measure, "language")
    book = books.state(request.requested)
    lines = book.lines(book.languages, on)
    tag = request.language.partition("-")[0].lower()
    params = {"language": request.language, "requested": request.requested}
    if not tag:
        return say(Verdict.FAILED, "language.unstated", cites, params, remedy="remedy.fill-in", fields=("language",))
    if not lines:
        return say(
            Verdict.UNKNOWN, "language.silent", cites, params, remedy="remedy.ask-authority", fields=("language",)
        )
    sources = cites + tuple(line.provision for line in lines)
    params["accepted"] = ", ".join(line.tag for line in lines)
    verified = [line for line in lines if book.verified(line.provision, on)]
    own = [line for line in verified if line.tag == tag]
    if own:
        return say(Verdict.PASSED, "language.accepted", (*cites, own[0].provision), params)
    if len(verified) < len(lines):
        return say(
            Verdict.UNKNOWN, "language.unverified", sources, params, remedy="remedy.ask-authority", fields=("language",)
        )
    return say(
        Verdict.FAILED, "language.not-accepted", sources, params, remedy="remedy.translate", fields=("language",)
    )


def urgency(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Urgency needs its reason; whether there is an emergency in the sense of 2(o) is for a person to say."""
    del on
    if request.urgency is Urgency.ORDINARY:
        return ()
    rule = "emergency" if request.urgency is Urgency.EMERGENCY else "urgency"
    cites = books.cites(request.basis, request.measure, rule)
    if not request.urgency_reason.strip():
        return say(
            Verdict.FAILED,
            "urgency.no-reason",
            cites,
            {"urgency": str(request.urgency)},
            remedy="remedy.reason",
            fields=("urgency_reason",),
        )
    if request.urgency is Urgency.EMERGENCY:
        return say(
            Verdict.UNKNOWN,
            "urgency.emergency-claimed",
            cites,
            remedy="remedy.judge",
            fields=("urgency", "urgency_reason"),
        )
    return say(Verdict.PASSED, "urgency.reasoned", cites)


def deadline(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """A suggested deadline lies ahead and has its reason. Source: 40(26)."""
    cites = books.cited(request.basis, request.measure, "deadline")
    if request.deadline is None or not cites:
        return ()
    params = {"date": request.deadline.isoformat()}
    if request.deadline < on:
        return say(Verdict.FAILED, "deadline.past", cites, params, remedy="remedy.date", fields=("deadline",))
    if not request.deadline_reason.strip():
        return say(
            Verdict.FAILED, "deadline.no-reason", cites, params, remedy="remedy.reason", fields=("deadline_reason",)
        )
    return say(Verdict.PASSED, "deadline.reasoned", cites, params)


def confidentiality(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Should the request be kept secret and the user not be told? Source: 40(20), 42(3)(g)."""
    del on
    cites = books.cites(request.basis, request.measure, "confidentiality")
    if request.confidential:
        return say(Verdict.PASSED, "confidentiality.asked", cites)
    return say(Verdict.UNKNOWN, "confidentiality.question", cites, remedy="remedy.judge", fields=("confidential",))


def link(request: Request, books: Books, on: date) -> tuple[Finding, ...]:
    """Does a request for data name the preservation that it stands on, so that the hold goes on? Source: 42(8)."""
    del on
    earlier = books.measure(request.basis, request.measure).follows
    if not earlier:
        return ()
    cites = books.cites(request.basis, request.measure, "link")
    name = request.follows.strip()
    if not name:
        return say(
            Verdict.UNKNOWN, "link.none", cites, {"measure": earlier}, remedy="remedy.name-earlier", fields=("follows",)
        )
    if not _REFERENCE.fullmatch(name) or name == request.reference or not _ours(request, name):
        return say(Verdict.FAILED, "link.malformed", cites, remedy="remedy.name-earlier", fields=("follows",))
    return say(Verdict.PASSED, "link.named", cites, {"reference": name, "measure": earlier})


def _ours(request: Request, name: str) -> bool:
    """Whether the case `name` can be the one meant: of our own, or, for consent, also one of theirs."""
    states = [request.requesting, *([request.requested] if request.measure is Measure.ONWARD_TRANSFER else [])]
    return any(name.startswith(state + "-") for state in states)
