"""Findings as sentences in a language: what each parameter of a sentence means stands here once.

A page and a letter make of it what they need; a `Screen` says it on the command line.
"""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date

from comity.casework.request import LIFE_MONTHS
from comity.errors import ComityError, Invalid, Misconfigured
from comity.law import calendars
from comity.law._row import Period
from comity.law.bond import Bond
from comity.law.book import Books
from comity.law.instrument import Option
from comity.wording import labels, terms
from comity.wording.findings import ASKED, FINDINGS

LANGUAGES: Final = ("en", "fa")
_CATALOGUES: Final = Path(__file__).resolve().parent.parent / "node" / "locale"
_PERSIAN: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_MONTHS: Final = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_LATIN: Final = re.compile(r"[A-Za-z]")
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff]")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")  # Persian cannot do without them
_WITH_ARTICLE: Final = re.compile(
    r"\b(Republic|Kingdom|Federation|Commonwealth|Principality|Sultanate|Union|States?|Emirates|Netherlands|Philippines|"
    r"Bahamas|Gambia|Maldives|Comoros|Congo|Holy See|Marshall Islands|Convention|Protocol|Treaty|Agreement)\b"
)


class Speech:
    """How findings are said in `language`, by `books`. A page overrides the four hooks `plain`, `code`, `day`, `listing`.

    Args:
        language: ``en`` or ``fa``.
        books: the law books: names of States and treaties, texts of provisions.
        translate: from an English text to this language's; None for the catalogue that came with the program.
    """

    def __init__(self, language: str, books: Books, translate: Callable[[str], str] | None = None) -> None:
        self.language = language
        self.books = books
        self.translate = (
            translate
            or gettext.translation(
                "django", localedir=str(_CATALOGUES), languages=[language], fallback=language == "en"
            ).gettext
        )

    # ---- the hooks ------------------------------------------------------------------------------------------------

    def plain(self, text: str) -> str:
        """A word of ours, in this language already."""
        return text

    def code(self, value: str) -> str:
        """An identifier, never translated."""
        return value

    def foreign(self, text: str) -> str:
        """A name from elsewhere."""
        return text

    def day(self, value: date) -> str:
        """A day in words; in Persian the Solar Hijri day with the Gregorian one beside it."""
        if self.language != "fa":
            return format_date(value, "d MMMM y", locale="en")
        gregorian = f"{value:%Y/%m/%d}"
        try:
            year, month, day = calendars.written(value, "solar-hijri")
        except Invalid:  # so far away that the two calendars are not surely known side by side
            return self.digits(gregorian)
        return self.digits(f"{day} {_MONTHS[month - 1]} {year} ({gregorian})")

    def listing(self, parts: list[str]) -> str:
        """`parts` in one line, parted by the language's comma, or its semicolon where a part has a comma itself."""
        comma, semicolon = ("،", "؛") if self.language == "fa" else (",", ";")
        mark = semicolon if any(comma in part for part in parts) else comma
        return f"{mark} ".join(parts)

    @property
    def unknown(self) -> str:
        """The mark for what a book is silent on."""
        return "؟" if self.language == "fa" else "?"

    # ---- what is said ---------------------------------------------------------------------------------------------

    def digits(self, value: object) -> str:
        """`value` with the digits of the language."""
        return str(value).translate(_PERSIAN) if self.language == "fa" else str(value)

    def term(self, table: Mapping[str, str], key: str) -> str:
        """The word for `key` in `table`; the key itself where the table has none."""
        return self.plain(self.translate(table[key])) if key in table else self.code(key)

    def sentence(self, code: str, params: Mapping[str, str], measure: str = "") -> str:
        """The sentence of `code` with its parameters in words; the code itself where no sentence is known."""
        return self.said(FINDINGS[code], params, measure) if code in FINDINGS else self.code(code)

    def remedy(self, code: str, params: Mapping[str, str], measure: str = "", side: str = "requesting") -> str:
        """What to do about a finding: who is asked cannot mend the request, but ask for it."""
        if side == "requested" and code in ASKED:
            return self.said(ASKED[code], params, measure)
        return self.sentence(code, params, measure)

    def said(self, text: str, params: Mapping[str, str], measure: str = "") -> str:
        """The English `text` in this language, its ``%(names)s`` replaced by `params` in words; ``?`` where one is missing."""
        opens = re.match(r"%\((\w+)\)s", text)
        words = {
            name: self.word(name, value, measure, opens=opens is not None and name == opens[1])
            for name, value in params.items()
        }
        return self.plain(self.translate(text)) % _Known(words)

    def word(self, name: str, value: str, measure: str = "", *, opens: bool = False) -> str:
        """The parameter `name` of a sentence in words; `opens`: the sentence begins with it."""
        if value in ("", "-"):
            return self.plain(self.translate(terms.NOT_NAMED if name in _NAMED else terms.NONE))
        if name not in _LISTS:
            return self._one(_KINDS.get(name, "code"), value, measure, opens=opens)
        parts = value.split(", ")
        return self.listing(
            [self._one(_LISTS[name], part, measure, opens=opens and not at) for at, part in enumerate(parts)]
        )

    def _one(self, kind: str, value: str, measure: str, *, opens: bool = False) -> str:
        if kind in _TABLES:
            return self.term(_TABLES[kind], value)
        show: Callable[[str], str] = {
            "number": lambda text: self.plain(self.digits(text)) if text.isdigit() else self.code(text),
            "date": self._date,
            "penalty": self._penalty,
            "state": lambda text: self._article(self._state(text), opens=opens) + self.state(text),
            "basis": lambda text: self._article(self._basis(text), opens=opens) + self.basis(text),
            "language": self.tongue,
            "offence": self.offence,
            "period": self.period,
            "field": lambda text: self.field(text, measure),
        }.get(kind, self.code)
        return show(value)

    def _article(self, name: str, *, opens: bool) -> str:
        """The definite article that an English sentence puts before the name of a State or treaty, or nothing."""
        needed = self.language == "en" and _WITH_ARTICLE.search(name)
        return self.plain(("The " if opens else "the ") if needed else "")

    def _date(self, value: str) -> str:
        try:
            return self.day(date.fromisoformat(value))
        except ValueError:
            return self._penalty(value)  # two sentences name what is known of a penalty

    def _penalty(self, value: str) -> str:
        try:
            months = int(value)
        except ValueError:
            return self.code(value)
        return self.months(months) if 0 <= months <= LIFE_MONTHS else self.code(value)

    def field(self, name: str, measure: str = "") -> str:
        """What a field of the request, or an element of an offence, is called."""
        del measure  # a page names some fields differently for a measure
        if name in terms.ELEMENTS:
            return self.term(terms.ELEMENTS, name)
        return self.term(terms.FIELDS, name)

    def state(self, code: str) -> str:
        """The name of a State: as its book has it, else the roll of States, else Unicode's tables."""
        return self.foreign(self._state(code))

    def _state(self, code: str) -> str:
        book = self.books.states.get(code) or self.books.roll.states.get(code)
        if book is not None:
            return book.fa if self.language == "fa" else book.en
        return str(Locale.parse(self.language).territories.get(code, code))

    def basis(self, name: str) -> str:
        """The name of an instrument."""
        return self.foreign(self._basis(name)) if name in self.books.treaties else self.code(name)

    def _basis(self, name: str) -> str:
        book = self.books.treaties.get(name)
        return name if book is None else book.fa if self.language == "fa" else book.en

    def offence(self, code: str) -> str:
        """The name of a treaty's offence; a sister's name where it has none of its own."""
        try:
            own = self.books.offence(code)
        except ComityError:
            return self.code(code)
        return self.term(terms.OFFENCES, code if code in terms.OFFENCES else own.same_as)

    def period(self, text: str) -> str:
        """A period in words: ``60 days``."""
        try:
            found = Period.parse(text)
        except ValueError:
            return self.code(text)
        one, many = terms.UNITS[found.unit]
        words = self.translate(one if found.count == 1 else many)
        return self.plain(words % {"count": self.digits(found.count)})

    def months(self, count: int) -> str:
        """A penalty in words: years where they are whole, ``for life``, or none."""
        if count == LIFE_MONTHS:
            return self.plain(self.translate(terms.FOR_LIFE))
        if count == 0:
            return self.plain(self.translate(terms.NO_PRISON))
        return self.period(str(Period(count, "month") if count % 12 else Period(count // 12, "year")))

    def rule(self, name: str) -> str:
        """What a rule of the check is called; those of the scopes by their letter."""
        head, _, letter = name.partition("scope-")
        if letter and not head:
            return f"{self.term(FINDINGS, 'rule.scope')} {self.code(letter)}"
        return self.term(FINDINGS, f"rule.{name}") if f"rule.{name}" in FINDINGS else self.code(name)

    def bond(self, bond: Bond) -> str:
        """Whether an instrument binds two States on the day that was asked for, in one sentence."""
        status = bond.status
        if bond.treaty.entry is None:
            code = "no-treaty"
        elif status.in_force:
            code = "binds"
        elif status.in_force is None:
            code = "objected" if status.precluded else "unverified"
        elif status.precluded:
            code = "precluded"
        else:
            code = "left" if status.left else "not-party" if status.unbound else "not-yet"
        return self.said(
            terms.BONDS[code],
            {
                "since": status.since.isoformat() if status.since else "-",
                "deposits": str(status.deposits),
                "needed": str(status.needed),
                "known": status.known_on.isoformat() if status.known_on else "-",
                "states": ", ".join(status.left or status.unbound) or "-",
                "cites": ", ".join(status.precluded) or "-",
            },
        )

    def reasons(self, option: Option) -> list[str]:
        """Why an instrument can carry a request, cannot, or may: one sentence for each thing that bears on it."""
        force = {True: "binds", False: "not-in-force", None: "unverified"}[option.in_force]
        codes = [force if option.entry else "no-treaty"]
        if not option.knows:
            codes.append("measure")
        elif option.removed:
            codes.append("removed")
        elif option.reaches is not None:
            codes.append("reaches" if option.reaches else "offence")
        params = {
            "since": option.since.isoformat() if option.since else "-",
            "cites": ", ".join(option.removed) or "-",
        }
        return [self.said(labels.OPTIONS[code], params) for code in codes]

    def tongue(self, tag: str) -> str:
        """The name of a language."""
        try:
            return self.foreign(str(Locale.parse(tag, sep="-").get_display_name(self.language) or tag))
        except (ValueError, UnknownLocaleError):
            known = tag in get_global("likely_subtags")
            return self.foreign(Locale.parse(self.language).languages.get(tag, tag) if known else tag)

    def provision(self, name: str, on: date) -> tuple[str, str]:
        """(text, how sure it is) of the provision `name` in force on `on`, or the newest; empty when no book has it."""
        for day in (on, None):
            try:
                found = self.books.provision(name, day)
            except ComityError:
                continue
            sure = found.sure or ("verified" if found.verified else "unverified")
            return found.fa if self.language == "fa" else found.en, self.translate(terms.SURENESS[sure])
        return "", ""


class Screen(Speech):
    """Findings as lines of a screen: what runs the other way than the language stands in an isolate, nothing steers.

    So that identifiers keep their order inside Persian, and no text of others can move the cursor or hide a word.
    """

    def code(self, value: str) -> str:
        """An identifier, never translated."""
        return self._isolated(visible(value))

    def foreign(self, text: str) -> str:
        """A name from elsewhere."""
        return self._isolated(visible(text))

    def _isolated(self, text: str) -> str:
        other = _LATIN if self.language == "fa" else _RIGHT_TO_LEFT
        return f"\u2068{text}\u2069" if other.search(text) else text


class _Known(dict[str, str]):
    """The words of a sentence; what an assessment does not name is shown as a gap, not as a placeholder."""

    def __missing__(self, key: str) -> str:
        return "?"


def unnamed(books: Books) -> tuple[str, ...]:
    """The ids that `books` use and for which there is no word here: they would be shown as they are."""
    used: list[tuple[Mapping[str, str], str]] = []
    for treaty in books.treaties.values():
        used += [(terms.CONTENTS, item.id) for item in treaty.contents]
        used += [(terms.GROUNDS, item.id) for item in treaty.grounds]
        used += [(terms.DUTIES, item.id) for item in treaty.duties]
        used += [(terms.CLOCKS, item.id) for item in treaty.clocks]
        for offence in treaty.offences.values():
            words = (*offence.elements, *offence.one_of, *offence.may_require)
            used += [(terms.ELEMENTS, word) for word in words]
            used += [] if offence.same_as else [(terms.OFFENCES, offence.code)]
    for state in books.states.values():
        used += [(terms.CLOCKS, item.id) for item in state.clocks]
    return tuple(sorted({name for table, name in used if name not in table}))


def visible(text: str) -> str:
    """`text` with every character that hides, reorders or steers shown as its code, so that no terminal obeys it."""
    return "".join(
        sign if sign in _JOINERS or unicodedata.category(sign) not in _UNSEEN else f"\\u{ord(sign):04x}"
        for sign in text
    )


def error_text(error: ComityError) -> str:
    """`error` as a terminal shows it: what it quotes steers nothing, and only the list of a node's faults has several lines."""
    lines = str(error).split("\n") if isinstance(error, Misconfigured) else [str(error)]
    return "\n".join(map(visible, lines))


_TABLES: Final[dict[str, Mapping[str, str]]] = {
    "authoriser": terms.AUTHORISERS,
    "bearer": terms.BEARERS,
    "category": terms.CATEGORIES,
    "clock": terms.CLOCKS,
    "content": terms.CONTENTS,
    "ground": terms.GROUNDS,
    "kind": terms.ACCOUNT_KINDS,
    "measure": terms.MEASURES,
    "scope": terms.SCOPES,
    "stance": terms.STANCES,
    "subject": terms.SUBJECTS,
    "urgency": terms.URGENCY_SHORT,
}
_KINDS: Final[dict[str, str]] = {name: name for name in _TABLES} | {
    "abstain": "number", "against": "number", "article": "number", "basis": "basis", "committed": "date", "date": "date",
    "deposits": "number", "field": "field",
    "count": "number", "for": "number", "open": "number", "instruments": "number", "provisions": "number", "verified": "number",
    "known": "date", "language": "language", "least": "penalty", "months": "penalty", "needed": "number",
    "number": "number", "offence": "offence", "period": "period", "requested": "state", "requesting": "state",
    "sentence": "penalty", "since": "date", "state": "state", "treaty": "basis", "until": "date",
}  # fmt: skip
_LISTS: Final[dict[str, str]] = {
    "accepted": "language", "by": "authoriser", "cites": "code", "forbidden": "ground", "grounds": "ground", "ids": "code",
    "missing": "field", "number": "number", "states": "state", "urgent": "authoriser",
}  # fmt: skip
_NAMED: Final = frozenset({"by", "urgent"})  # where nothing is named, which is not the same as: nobody
