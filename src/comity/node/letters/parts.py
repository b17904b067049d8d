"""The parts of a letter: what the form says, in each of its languages, and what people wrote, once and as written.

A part is a dictionary as ``letter.typ`` reads it: ``kind`` and ``label``, and for

``said``   ``value``: runs for each language
``missing``  nothing: the words are the form's
``text``   ``paragraphs``, each with its direction and runs; ``long``: it stands in a block of its own
``id``     ``id``: an identifier
``table``  ``columns`` (``title``, ``width`` in mm, or 0 for what is left) and ``rows`` of cells, which are parts
``cards``  ``cards``, each a list of parts; each is numbered
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from comity.casework.request import LIFE_MONTHS
from comity.errors import ComityError
from comity.law._row import Period
from comity.law.book import Books
from comity.law.provision import Provision
from comity.node.letters.characters import Run, direction, runs
from comity.wording import letters
from comity.wording.speech import Speech

Said = dict[str, list[Run]]  # language -> what is said in it
Part = dict[str, Any]

_SHORT: Final = 90  # a text up to here stands in a row, a longer one in a block of its own
_RIGHTWARD: Final = frozenset({"fa"})


class Tongues:
    """The languages of one letter, and the law books that name things in them.

    Args:
        languages: of the letter, as `Speech` takes them.
        books: the law books.
        on: the day of the letter; provisions are cited as they stand on it.
    """

    def __init__(self, languages: Sequence[str], books: Books, on: date) -> None:
        self.books = books
        self.on = on
        self.doubtful = False  # whether an article was cited that is not verified
        self.speeches = {code: Speech(code, books) for code in languages}

    def each(self, make: Callable[[Speech], str]) -> Said:
        """What `make` says in each language."""
        return {code: runs(make(speech), rightward=code in _RIGHTWARD) for code, speech in self.speeches.items()}

    def word(self, text: str) -> Said:
        """A word of ours, given in English."""
        return self.each(lambda speech: speech.translate(text))

    def heading(self, text: str) -> Said:
        """The same with a capital letter."""
        return self.each(lambda speech: capital(speech.translate(text)))

    def day(self, value: date) -> Said:
        """A day; in Persian the Solar Hijri day with the Gregorian one beside it."""
        return self.each(lambda speech: speech.day(value))

    def moment(self, value: datetime) -> Said:
        """A day and a time, with its offset from UTC as stated."""
        time = value.time().isoformat("auto" if value.second or value.microsecond else "minutes")
        offset = "UTC" + (zone(value) if value.utcoffset() else "")
        return self.each(
            lambda speech: (
                speech.translate(letters.MOMENT)
                % {"day": speech.day(value.date()), "time": speech.digits(time), "offset": offset}
            )
        )

    def months(self, count: int) -> Said:
        """A penalty: in months, and in years where they are whole; for life, or none."""

        def words(speech: Speech) -> str:
            whole = speech.months(count)
            if count in (0, LIFE_MONTHS) or count % 12:
                return whole
            months = speech.period(str(Period(count, "month")))
            return speech.translate(letters.PENALTY) % {"months": months, "years": whole}

        return self.each(words)

    def names(self, table: Mapping[str, str], keys: Sequence[str]) -> Said:
        """The words for `keys` in one line."""
        return self.each(lambda speech: speech.listing([speech.term(table, key) for key in keys]))

    def articles(self, provisions: Sequence[str]) -> Said | None:
        """The articles of `provisions`, an asterisk at those that are not verified; None when they have none."""
        found = {item.article: item for name in provisions if (item := self._provision(name)) and item.article}
        if not found:
            return None
        self.doubtful = self.doubtful or not all(item.verified for item in found.values())
        return self.each(
            lambda speech: ("؛ " if speech.language in _RIGHTWARD else "; ").join(
                article(speech, item) for item in found.values()
            )
        )

    def _provision(self, name: str) -> Provision | None:
        """The provision in force on the day of the letter, the newest one if none was, or None."""
        for day in (self.on, None):
            try:
                return self.books.provision(name, day)
            except ComityError:
                continue
        return None


def zone(value: datetime) -> str:
    """The offset of `value` from UTC, as ISO 8601 has it: ``+03:30``."""
    return value.isoformat().removeprefix(value.replace(tzinfo=None).isoformat())


def article(speech: Speech, provision: Provision) -> str:
    """How an article is cited in a language; with an asterisk when it was not compared with the official text."""
    if speech.language == "fa":
        text = letters.persian_article(provision.article)
    else:
        text = speech.translate(letters.ARTICLE) % {"article": provision.article}
    return text if provision.verified else text + "*"


def capital(text: str) -> str:
    """`text` with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def small(text: str) -> str:
    """`text` as it stands in the middle of a sentence."""
    return text[:1].lower() + text[1:]


def part(label: Said | None, kind: str, **values: Any) -> Part:
    """One part; the reader of the letter takes them apart by `kind`."""
    return {"label": label, "kind": kind, "articles": None, **values}


def missing(label: Said | None) -> Part:
    """What should have been stated and is not."""
    return part(label, "missing")


def said(label: Said | None, value: Said) -> Part:
    """What the form itself expresses, so in each language."""
    return part(label, "said", value=value)


def text(label: Said | None, value: str) -> Part:
    """What an officer wrote, paragraph by paragraph, each in its own direction."""
    lines = [line for line in value.splitlines() if line.strip()]
    if not lines:
        return missing(label)
    paragraphs = [{"dir": direction(line), "runs": runs(line)} for line in lines]
    return part(label, "text", long=len(value) > _SHORT, paragraphs=paragraphs)


def cell(value: str) -> Part:
    """The same in a table, where nothing is long and what is empty is a dash."""
    return text(None, value) | {"long": False} if value.strip() else part(None, "none")


def identifier(value: str) -> Part:
    """A name for machines: left to right wherever it stands; what is no such name in it stays readable."""
    return part(None, "text", long=False, paragraphs=[{"dir": "ltr", "runs": runs(value, identifier=True)}])


def yes(label: Said | None, tongues: Tongues) -> Part:
    """A flag that is set."""
    return said(label, tongues.heading(letters.YES))
