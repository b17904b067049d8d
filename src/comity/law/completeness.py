"""Is the request complete and understandable? One predicate for each rule of form; none judges the substance."""

from __future__ import annotations

import ipaddress
import re
from datetime import date, timedelta
from typing import Any

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
    for name in field.split("."):
        if isinstance(value, tuple):
            return any(getattr(item, name) for item in value)
        value = getattr(value, name)
    parts = value if isinstance(value, tuple) else (value,)
    return any(bool(part.strip()) if isinstance(part, str) else bool(part) for part in parts)


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

    Source: 42(1) and 44(1) speak of data that are stored.
    """
    cites = books.cites(request.basis, request.measure, "dates")
    limit = on + timedelta(days=1) if on < date.max else on
    found: tuple[Finding, ...] = ()
    for field, day, code in (
        ("period_from", request.period_from, "dates.period-future"),
        ("period_to", request.period_to, "dates.period-future"),
        ("offence.committed_on", request.offence.committed_on, "dates.offence-future"),
    ):
        if day and day > limit:
            params = {"date": day.isoformat(), "field": field}
            found += say(Verdict.FAILED, code, cites, params, remedy="remedy.date", fields=(field,))
    return found


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
    if request.deadline is None:
        return ()
    cites = books.cites(request.basis, request.measure, "deadline")
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
    if not _REFERENCE.fullmatch(name) or not name.startswith(request.requesting + "-") or name == request.reference:
        return say(Verdict.FAILED, "link.malformed", cites, remedy="remedy.name-earlier", fields=("follows",))
    return say(Verdict.PASSED, "link.named", cites, {"reference": name, "measure": earlier})
