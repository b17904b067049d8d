"""The findings of a check as a page shows them: the sentence, what it stands on, how sure that is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from comity.casework.lifecycle import Case, Kind
from comity.errors import ComityError
from comity.law.assess import Assessment
from comity.law.provision import Provision
from comity.node.officers import fields, markup, reading, words
from comity.node.officers._findings import FINDINGS
from comity.node.settings import Settings, current

ORDER: Final = ("failed", "unknown", "passed")
"""The groups, what needs work first."""

CONTENTS: Final[words.Words] = {
    "authority": gettext_lazy("the authority making the request"),
    "offence": gettext_lazy("the offence"),
    "facts": gettext_lazy("the facts"),
    "data": gettext_lazy("the data"),
    "link": gettext_lazy("the link between data and offence"),
    "location": gettext_lazy("the custodian or the place of the system"),
    "purpose": gettext_lazy("the purpose"),
    "follow-up": gettext_lazy("the intention to send a request for the data"),
    "subject": gettext_lazy("the subject and nature of the investigation"),
    "conducting": gettext_lazy("who conducts the investigation, and his or her functions"),
    "assistance": gettext_lazy("the help that is sought"),
    "identity": gettext_lazy("the persons or accounts"),
    "period": gettext_lazy("the period of the evidence"),
}
ELEMENTS: Final[words.Words] = {
    "intent": gettext_lazy("intent"),
    "without-right": gettext_lazy("without right"),
    "access": gettext_lazy("access to a system"),
    "interception": gettext_lazy("interception"),
    "technical-means": gettext_lazy("technical means"),
    "non-public": gettext_lazy("non-public transmission"),
    "data-harm": gettext_lazy("harm to data"),
    "system-hindering": gettext_lazy("hindering of a system"),
    "criminal-purpose": gettext_lazy("purpose of committing an offence"),
    "tool": gettext_lazy("a tool"),
    "credential": gettext_lazy("a password or credential"),
    "number-of-items": gettext_lazy("a number of items"),
    "data-manipulation": gettext_lazy("manipulation of data"),
    "inauthentic-data": gettext_lazy("inauthentic data"),
    "property-loss": gettext_lazy("loss of property"),
    "dishonest-gain": gettext_lazy("intent of dishonest gain"),
    "system-interference": gettext_lazy("interference with a system"),
    "deception": gettext_lazy("deception of a person"),
    "knowledge-of-proceeds": gettext_lazy("knowledge that it is proceeds of crime"),
    "conversion": gettext_lazy("conversion or transfer"),
    "concealment": gettext_lazy("concealment"),
    "security-measure": gettext_lazy("infringement of a security measure"),
    "dishonest-intent": gettext_lazy("dishonest intent"),
    "connected-system": gettext_lazy("a connected system"),
    "serious-harm": gettext_lazy("serious harm"),
}
GROUNDS: Final[words.Words] = {
    "form": gettext_lazy("the request does not meet the Convention’s form"),
    "essential-interests": gettext_lazy("sovereignty, security, public order or other essential interests"),
    "own-law-bars": gettext_lazy("our own law would bar the step for a similar domestic offence"),
    "legal-system": gettext_lazy("contrary to our legal system on mutual assistance"),
    "discrimination": gettext_lazy("substantial grounds to believe that the aim is discrimination"),
    "dual-criminality": gettext_lazy("the conduct is no offence here"),
    "de-minimis": gettext_lazy("a trivial matter"),
    "data-protection": gettext_lazy("personal data cannot be transferred under our law"),
    "dual-criminality-doubt": gettext_lazy("dual criminality is in doubt, and a reservation was made"),
    "ongoing-case": gettext_lazy("it would interfere with a proceeding here"),
    "fiscal": gettext_lazy("fiscal matters alone"),
    "bank-secrecy": gettext_lazy("bank secrecy"),
    "own-law": gettext_lazy("our own law"),
}


@dataclass(frozen=True)
class Cite:
    """A provision as shown: its name, its words in the page's language, how sure it is, and where it comes from."""

    id: str
    name: SafeString
    text: str
    sure: str
    doubtful: bool
    source: str


@dataclass(frozen=True)
class Line:
    """One finding as shown."""

    verdict: str
    code: str
    rule: str | Promise
    sentence: SafeString
    remedy: SafeString
    cites: tuple[Cite, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A check as shown: its findings in groups, what needs work first."""

    on: date
    groups: tuple[tuple[str, tuple[Line, ...]], ...]
    books: tuple[tuple[str, str], ...]

    def count(self, verdict: str) -> int:
        """How many findings have this verdict."""
        return len(dict(self.groups)[verdict])

    @property
    def failed(self) -> tuple[Line, ...]:
        """What must be mended."""
        return dict(self.groups)["failed"]

    @property
    def unknown(self) -> tuple[Line, ...]:
        """Questions for a person."""
        return dict(self.groups)["unknown"]

    @property
    def passed(self) -> tuple[Line, ...]:
        """What is in order."""
        return dict(self.groups)["passed"]


def latest(settings: Settings, case: Case) -> Shown | None:
    """The newest check that this node made in `case`, or None."""
    act = case.last(Kind.CHECKED, Kind.ASSESSED)
    return shown(settings, act.body["assessment"], str(case.measure)) if act else None


def shown(settings: Settings, raw: Mapping[str, Any], measure: str) -> Shown:
    """The assessment `raw` (as it stands in an act) for a page."""
    found = Assessment.from_dict(raw)
    lines = [_line(settings, item, found.on, measure) for item in raw["findings"]]
    groups = tuple((verdict, tuple(line for line in lines if line.verdict == verdict)) for verdict in ORDER)
    return Shown(found.on, groups, found.books)


def _line(settings: Settings, item: Mapping[str, Any], on: date, measure: str) -> Line:
    return Line(
        item["verdict"],
        item["code"],
        FINDINGS.get("rule." + item["rule"], ""),
        sentence(item["code"], item["params"], measure),
        sentence(item["remedy"], item["params"], measure) if item["remedy"] else SafeString(""),
        tuple(_cite(settings, name, on) for name in item["cites"]),
        tuple(item["fields"]),
    )


def sentence(code: str, params: Mapping[str, str], measure: str) -> SafeString:
    """The sentence of `code` with its parameters in words; the code itself where no sentence is known."""
    text = FINDINGS.get(code)
    if text is None:
        return markup.ident(code)
    try:
        return SafeString(escape(text) % {name: _word(name, value, measure) for name, value in params.items()})
    except (KeyError, ValueError, TypeError):
        return SafeString(escape(text))


def _cite(settings: Settings, name: str, on: date) -> Cite:
    provision = find(settings, name, on)
    if provision is None:
        return Cite(name, markup.ident(name), "", "", doubtful=True, source="")
    text = provision.fa if markup.language() == "fa" else provision.en
    sure = words.SURENESS[provision.sure] if provision.sure else words.VERIFIED[provision.verified]
    return Cite(
        name, _name(provision), text, str(sure), not provision.verified and provision.sure != "S", provision.source
    )


def find(settings: Settings, name: str, on: date | None = None) -> Provision | None:
    """The provision `name` in force on `on`, the newest one if none was, or None."""
    for day in (on, None):
        try:
            return settings.books.provision(name, day)
        except ComityError:
            continue
    return None


def _name(provision: Provision) -> SafeString:
    """What a provision is called: its article for the Convention, else its id."""
    if provision.id.startswith("uncc:") and provision.article:
        return SafeString(escape(markup.article(provision.article)))
    return markup.ident(provision.id)


def cited(name: str) -> SafeString:
    """What the provision `name` is called."""
    provision = find(current(), name)
    return _name(provision) if provision else markup.ident(name)


def provision_text(settings: Settings, name: str, on: date | None = None) -> str:
    """The words of the provision `name` in the page's language, or empty."""
    provision = find(settings, name, on)
    if provision is None:
        return ""
    return provision.fa if markup.language() == "fa" else provision.en


# ---- parameters of a sentence, in words -----------------------------------------------------------------------


def _word(name: str, value: str, measure: str) -> SafeString:
    """The parameter `name` of a finding in the page's language, safe to stand in a sentence."""
    if value in ("", "-"):
        return SafeString(escape(_("none")))
    show = _PARAMS.get(name)
    return show(value, measure) if show else markup.ident(value)


def _from(table: words.Words) -> Callable[[str, str], SafeString]:
    return lambda value, _measure: SafeString(escape(table.get(value, value)))


def _each(show: Callable[[str, str], SafeString]) -> Callable[[str, str], SafeString]:
    return lambda value, measure: markup.listing([show(part, measure) for part in value.split(", ")])


def _number(value: str, _measure: str) -> SafeString:
    return SafeString(escape(markup.digits(value)))


def _day(value: str, _measure: str) -> SafeString:
    try:
        return markup.day(date.fromisoformat(value))
    except ValueError:
        return markup.ident(value)


def _state(value: str, _measure: str) -> SafeString:
    return markup.inert(reading.state_name(current(), value, markup.language()))


def _language(value: str, _measure: str) -> SafeString:
    return markup.inert(language_name(value))


def _basis(value: str, _measure: str) -> SafeString:
    return markup.inert(basis_name(current(), value))


def _missing(value: str, measure: str) -> SafeString:
    """Fields of the request, or elements of an offence."""
    if value in ELEMENTS:
        return SafeString(escape(ELEMENTS[value]))
    return SafeString(escape(fields.label(value, measure)))


_PARAMS: Final[Mapping[str, Callable[[str, str], SafeString]]] = {
    "accepted": _each(_language),
    "article": _number,
    "basis": _basis,
    "content": _from(CONTENTS),
    "date": _day,
    "deposits": _number,
    "field": _missing,
    "forbidden": _each(_from(GROUNDS)),
    "grounds": _each(_from(GROUNDS)),
    "kind": _from(words.ACCOUNT_KINDS),
    "known": lambda value, measure: (_number if value.isdigit() else _day)(value, measure),
    "language": _language,
    "least": _number,
    "measure": _from(words.MEASURES),
    "missing": _each(_missing),
    "months": _number,
    "needed": _number,
    "number": _number,
    "offence": _from(words.OFFENCES),
    "requested": _state,
    "requesting": _state,
    "scope": _from(words.SCOPES),
    "since": _day,
    "state": _state,
    "states": _each(_state),
    "urgency": _from(words.URGENCY_SHORT),
}


def language_name(tag: str) -> str:
    """The name of a language in the page's language."""
    try:
        return str(Locale.parse(tag, sep="-").get_display_name(markup.language()) or tag)
    except (ValueError, UnknownLocaleError):
        return tag


def basis_name(settings: Settings, basis: str) -> str:
    """The name of a legal basis in the page's language."""
    book = settings.books.treaties.get(basis)
    if book is None:
        return basis
    return book.fa if markup.language() == "fa" else book.en
