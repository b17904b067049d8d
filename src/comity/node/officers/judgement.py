"""The findings of a check as a page shows them: the sentence, what it stands on, how sure that is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from django.utils.html import conditional_escape, escape, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from comity.casework.lifecycle import Case, Kind
from comity.errors import ComityError
from comity.law.assess import Assessment
from comity.law.provision import Provision
from comity.node.officers import fields, markup
from comity.node.settings import Settings, current
from comity.wording import terms
from comity.wording.findings import FINDINGS
from comity.wording.speech import Speech

ORDER: Final = ("failed", "unknown", "passed")
"""The groups, what needs work first."""


@dataclass(frozen=True)
class Cite:
    """A provision as shown: its name, its words in the page's language, how sure it is, where it comes from; its book."""

    id: str
    name: SafeString
    text: str
    sure: str
    doubtful: bool
    source: str
    book: str


@dataclass(frozen=True)
class Line:
    """One finding as shown."""

    verdict: str
    code: str
    rule: str
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
    lines = [_line(settings, item, found.on, measure, found.side) for item in raw["findings"]]
    groups = tuple((verdict, tuple(line for line in lines if line.verdict == verdict)) for verdict in ORDER)
    return Shown(found.on, groups, found.books)


def _line(settings: Settings, item: Mapping[str, Any], on: date, measure: str, side: str) -> Line:
    return Line(
        item["verdict"],
        item["code"],
        _(FINDINGS.get("rule." + item["rule"], item["rule"])),
        sentence(item["code"], item["params"], measure),
        SafeString(Voice().remedy(item["remedy"], item["params"], measure, side) if item["remedy"] else ""),
        tuple(cite(settings, name, on) for name in item["cites"]),
        tuple(item["fields"]),
    )


class Voice(Speech):
    """The law as a page says it: escaped, names in isolates, days marked up."""

    def __init__(self) -> None:
        super().__init__(markup.language(), current().books, _)

    def plain(self, text: str) -> SafeString:
        """A word of ours."""
        return SafeString(escape(text))

    def code(self, value: str) -> SafeString:
        """An identifier, left to right."""
        return markup.ident(value)

    def foreign(self, text: str) -> SafeString:
        """A name from elsewhere, inert."""
        return markup.inert(text)

    def day(self, value: date) -> SafeString:
        """A day with its machine form."""
        return markup.day(value)

    def listing(self, parts: list[str]) -> SafeString:
        """`parts` in one line, as `Speech` parts them."""
        return SafeString(super().listing([conditional_escape(part) for part in parts]))

    def said(self, text: str, params: Mapping[str, str], measure: str = "") -> SafeString:
        """`text` with its parameters in words, each escaped already."""
        return SafeString(super().said(text, params, measure))

    def field(self, name: str, measure: str = "") -> SafeString:
        """A field as this measure's form names it."""
        if name in terms.ELEMENTS:
            return self.plain(_(terms.ELEMENTS[name]))
        return self.plain(str(fields.label(name, measure)))


def sentence(code: str, params: Mapping[str, str], measure: str) -> SafeString:
    """The sentence of `code` with its parameters in words; the code itself where no sentence is known."""
    return SafeString(Voice().sentence(code, params, measure))


def cite(settings: Settings, name: str, on: date) -> Cite:
    """The provision `name` in force on `on`, ready to be shown."""
    provision, book = find(settings, name, on), book_of(settings, name)
    if provision is None:
        return Cite(name, markup.ident(name), "", "", doubtful=True, source="", book="")
    text = provision.fa if markup.language() == "fa" else provision.en
    sure = _(terms.SURENESS[provision.sure or ("verified" if provision.verified else "unverified")])
    return Cite(name, _name(provision), text, sure, doubtful(settings, name, on), provision.source, book)


def doubtful(settings: Settings, name: str, on: date) -> bool:
    """Whether nobody compared the provision `name` in force on `on` with its text, or its sister's; also where none is."""
    provision = find(settings, name, on)
    return provision is None or (not provision.verified and provision.sure != "S")


def book_of(settings: Settings, name: str) -> str:
    """The id of the law book in which the provision `name` stands; empty where there is none."""
    head = name.partition(":")[0]
    for book in (head, head.partition("-")[0]):
        if book in settings.books.treaties or book in settings.books.states:
            return book
    return ""


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


def offence(code: str) -> SafeString:
    """The name of a treaty's offence; the code itself where no book has it."""
    return SafeString(Voice().offence(code))


def clock(kind: str) -> SafeString:
    """What a deadline is called; a State's own with its name, that of one of several persons with its place."""
    kind, _slash, place = kind.partition("/")
    code, _colon, name = kind.rpartition(":")
    voice = Voice()
    text = voice.plain(_(terms.COLLECTION)) if name == "collection" else voice.term(terms.CLOCKS, name)
    text = SafeString(text[:1].upper() + text[1:]) if text[:1].isalpha() else text
    if place:
        return SafeString(f"{text} ({voice.digits(place)})")
    return SafeString(f"{text} ({voice.said(terms.BY_LAW_OF, {'state': code})})") if code else SafeString(text)


def measure_cite(settings: Settings, case: Case) -> str:
    """The provision of the basis that the measure stands on, or empty."""
    try:
        return settings.books.measure(case.request.basis, case.measure).provision
    except ComityError:
        return ""


def scope_cite(settings: Settings, case: Case) -> str:
    """The provision of the basis by which the treaty applies for the scope, or empty."""
    try:
        cites = settings.books.cited(case.request.basis, case.measure, f"scope-{case.request.scope}")
    except ComityError:
        return ""
    return next(iter(cites), "")


def language_name(tag: str) -> str:
    """The name of a language in the page's language."""
    try:
        return str(Locale.parse(tag, sep="-").get_display_name(markup.language()) or tag)
    except (ValueError, UnknownLocaleError):
        return tag


def offence_name(code: str) -> str:
    """The name of a treaty's offence with its article, as plain text for options."""
    name, cite_of = plain(offence(code)), plain(cited(current().books.offence(code).provision))
    return f"{name} ({cite_of})"


def plain(sentence: str) -> str:
    """The text of what was made for a page."""
    return unescape(strip_tags(sentence))


def basis_name(settings: Settings, basis: str) -> str:
    """The name of a legal basis in the page's language."""
    book = settings.books.treaties.get(basis)
    if book is None:
        return basis
    return book.fa if markup.language() == "fa" else book.en
