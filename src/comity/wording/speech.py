"""Findings as sentences in a language: plain text for the command line, and the rules by which a page says the same.

A page makes its own `Speech` that escapes and marks up; what each parameter of a sentence means stands here once.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date
from persiantools.jdatetime import JalaliDate

from comity.casework.request import LIFE_MONTHS
from comity.errors import ComityError
from comity.law._row import Period
from comity.law.book import Books
from comity.law.instrument import Bond
from comity.wording import terms
from comity.wording.findings import FINDINGS

LANGUAGES: Final = ("en", "fa")
_CATALOGUES: Final = Path(__file__).resolve().parent.parent / "node" / "locale"
_PERSIAN: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_SolarHijri: Final[Any] = JalaliDate  # the package says that it is typed, but its constructor is not
_MONTHS: Final = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip


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
        solar = _SolarHijri(value)
        return self.digits(f"{solar.day} {_MONTHS[solar.month - 1]} {solar.year} ({value:%Y/%m/%d})")

    def listing(self, parts: list[str]) -> str:
        """`parts` in one line."""
        return ("، " if self.language == "fa" else ", ").join(parts)

    # ---- what is said ---------------------------------------------------------------------------------------------

    def digits(self, value: object) -> str:
        """`value` with the digits of the language."""
        return str(value).translate(_PERSIAN) if self.language == "fa" else str(value)

    def term(self, table: Mapping[str, str], key: str) -> str:
        """The word for `key` in `table`; the key itself where the table has none."""
        return self.plain(self.translate(table[key])) if key in table else self.code(key)

    def sentence(self, code: str, params: Mapping[str, str], measure: str = "") -> str:
        """The sentence of `code` with its parameters in words; the code itself where no sentence is known."""
        if code not in FINDINGS:
            return self.code(code)
        text = self.plain(self.translate(FINDINGS[code]))
        try:
            return text % {name: self.word(name, value, measure) for name, value in params.items()}
        except (KeyError, ValueError, TypeError):
            return text

    def word(self, name: str, value: str, measure: str = "") -> str:
        """The parameter `name` of a sentence in words."""
        if value in ("", "-"):
            return self.plain(self.translate(terms.NONE))
        if name in _LISTS:
            return self.listing([self._one(_LISTS[name], part, measure) for part in value.split(", ")])
        return self._one(_KINDS.get(name, "code"), value, measure)

    def _one(self, kind: str, value: str, measure: str) -> str:
        if kind in _TABLES:
            return self.term(_TABLES[kind], value)
        show: Callable[[str], str] = {
            "number": lambda text: self.plain(self.digits(text)),
            "date": self._date,
            "state": self.state,
            "basis": self.basis,
            "language": self.tongue,
            "offence": self.offence,
            "period": self.period,
            "field": lambda text: self.field(text, measure),
        }.get(kind, self.code)
        return show(value)

    def _date(self, value: str) -> str:
        try:
            return self.day(date.fromisoformat(value))
        except ValueError:
            return self.plain(self.digits(value)) if value.isdigit() else self.code(value)

    def field(self, name: str, measure: str = "") -> str:
        """What a field of the request, or an element of an offence, is called."""
        del measure  # a page names some fields differently for a measure
        if name in terms.ELEMENTS:
            return self.term(terms.ELEMENTS, name)
        return self.term(terms.FIELDS, name)

    def state(self, code: str) -> str:
        """The name of a State: as its book has it, else as Unicode's tables have it."""
        book = self.books.states.get(code)
        if book is not None:
            return self.foreign(book.fa if self.language == "fa" else book.en)
        return self.foreign(Locale.parse(self.language).territories.get(code, code))

    def basis(self, name: str) -> str:
        """The name of an instrument."""
        book = self.books.treaties.get(name)
        return self.code(name) if book is None else self.foreign(book.fa if self.language == "fa" else book.en)

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

    def bond(self, bond: Bond) -> str:
        """Whether an instrument binds two States on the day that was asked for, in one sentence."""
        status = bond.status
        if bond.treaty.entry is None:
            code = "no-treaty"
        elif status.in_force:
            code = "binds"
        elif status.in_force is None:
            code = "unverified"
        else:
            code = "left" if status.left else "not-party" if status.unbound else "not-yet"
        params = {
            "since": status.since.isoformat() if status.since else "-",
            "deposits": str(status.deposits),
            "needed": str(status.needed),
            "known": status.known_on.isoformat() if status.known_on else "-",
            "states": ", ".join(status.left or status.unbound) or "-",
        }
        text = self.plain(self.translate(terms.BONDS[code]))
        return text % {name: self.word(name, value) for name, value in params.items()}

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
    "article": "number", "basis": "basis", "committed": "date", "date": "date", "deposits": "number", "field": "field",
    "known": "date", "language": "language", "least": "number", "months": "number", "needed": "number",
    "number": "number", "offence": "offence", "period": "period", "requested": "state", "requesting": "state",
    "sentence": "number", "since": "date", "state": "state", "treaty": "basis", "until": "date",
}  # fmt: skip
_LISTS: Final[dict[str, str]] = {
    "accepted": "language", "by": "authoriser", "forbidden": "ground", "grounds": "ground", "missing": "field",
    "states": "state", "urgent": "authoriser",
}  # fmt: skip
