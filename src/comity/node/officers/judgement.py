"""The findings of a check as a page shows them: the sentence, what it stands on, how sure that is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from django.utils.html import escape
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
    lines = [_line(settings, item, found.on, measure) for item in raw["findings"]]
    groups = tuple((verdict, tuple(line for line in lines if line.verdict == verdict)) for verdict in ORDER)
    return Shown(found.on, groups, found.books)


def _line(settings: Settings, item: Mapping[str, Any], on: date, measure: str) -> Line:
    return Line(
        item["verdict"],
        item["code"],
        _(FINDINGS.get("rule." + item["rule"], item["rule"])),
        sentence(item["code"], item["params"], measure),
        sentence(item["remedy"], item["params"], measure) if item["remedy"] else SafeString(""),
        tuple(_cite(settings, name, on) for name in item["cites"]),
        tuple(item["fields"]),
    )


class _Page(Speech):
    """Findings as a page says them: escaped, names in isolates, days marked up."""

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
        """`parts` with the comma of the page's language."""
        return markup.listing([*parts])

    def field(self, name: str, measure: str = "") -> SafeString:
        """A field as this measure's form names it."""
        if name in terms.ELEMENTS:
            return self.plain(_(terms.ELEMENTS[name]))
        return self.plain(str(fields.label(name, measure)))


def sentence(code: str, params: Mapping[str, str], measure: str) -> SafeString:
    """The sentence of `code` with its parameters in words; the code itself where no sentence is known."""
    return SafeString(_Page().sentence(code, params, measure))


def _cite(settings: Settings, name: str, on: date) -> Cite:
    provision = find(settings, name, on)
    if provision is None:
        return Cite(name, markup.ident(name), "", "", doubtful=True, source="")
    text = provision.fa if markup.language() == "fa" else provision.en
    sure = _(terms.SURENESS[provision.sure or ("verified" if provision.verified else "unverified")])
    return Cite(name, _name(provision), text, sure, not provision.verified and provision.sure != "S", provision.source)


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
