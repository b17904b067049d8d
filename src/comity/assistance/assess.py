"""A State's self-assessment: what is known already answers most questions; each gap has its evidence.

Three kinds of evidence: lines of the State's own law book, its own figures, and the word of its own officer. A book that is
silent shows nothing, and a line that was not compared with the official text shows nothing for sure: both leave the question
open. Where evidence differs, the question is open too, and both sides are shown. Only evidence makes a gap.

A gap becomes a need with its State's consent, and is then still released to nobody. Source: Articles 54(1), 54(3) and 57(5)(h).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from comity.assistance.needs import Need, Release
from comity.assistance.questions import DEFECTS, LEAST, OTHER_DEFECT, QUESTIONS, Question
from comity.assistance.topics import Topic
from comity.errors import Invalid, NotYours

WITHIN: Final = timedelta(days=730)  # defects older than two years suggest nothing


class Holds(StrEnum):
    """What a State's law book says of an article."""

    PRESENT = "present"
    PARTIAL = "partial"  # a line is there, but leaves out what the article asks for
    SILENT = "silent"  # the book has no line: which says nothing about the law
    UNKNOWN = "unknown"  # a line is there; what it covers is not known


@dataclass(frozen=True)
class Line:
    """What the law book says of one article.

    Args:
        holds: see `Holds`.
        sources: ids of the provisions it stands on.
        verified: whether each was compared with the official text.
        missing: for ``partial``: what is left out, by the treaty's words for it.
    """

    holds: Holds
    sources: tuple[str, ...] = ()
    verified: bool = False
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises Invalid: a line without a source, a silent one with one, or missing parts that do not fit."""
        if bool(self.sources) == (self.holds is Holds.SILENT):
            raise Invalid("A line has its sources; silence has none.", code="assess.source", where="sources")
        if bool(self.missing) != (self.holds is Holds.PARTIAL):
            raise Invalid("What is partial says what is missing.", code="assess.missing", where="missing")


@dataclass(frozen=True)
class Figure:
    """One of the State's own figures: `count` cases went wrong `of` all; `source` says where it was counted."""

    count: int
    of: int
    source: str

    def __post_init__(self) -> None:
        """Raises Invalid: it cannot be meant, or nobody says where it comes from."""
        if not 0 <= self.count <= self.of:
            raise Invalid("A part is not more than the whole.", code="assess.figure", where="count")
        if not self.source:
            raise Invalid("A figure says where it was counted.", code="assess.source", where="source")


@dataclass(frozen=True)
class Said:
    """An officer's own answer: whether the State can do it, since when that is known, and what it stands on."""

    yes: bool
    officer: str
    on: date
    evidence: str

    def __post_init__(self) -> None:
        """Raises Invalid: an answer without evidence or without a name."""
        if not self.evidence or not self.officer:
            raise Invalid("An answer says who gives it, and what it stands on.", code="assess.source", where="evidence")


class Verdict(StrEnum):
    """Three values; what is open counts neither as met nor as a gap."""

    MET = "met"
    GAP = "gap"
    OPEN = "open"


@dataclass(frozen=True)
class Evidence:
    """One piece: its code (the sentence), what it shows (None: nothing for sure), where it is from, and its values."""

    code: str
    shows: bool | None
    sources: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What is known of one question."""

    question: Question
    verdict: Verdict
    evidence: tuple[Evidence, ...]

    @property
    def contradicted(self) -> bool:
        """Whether pieces of evidence differ: a person must look."""
        return {True, False} <= {piece.shows for piece in self.evidence}


def assess(lines: Mapping[str, Line], figures: Mapping[str, Figure], said: Mapping[str, Said]) -> tuple[Answer, ...]:
    """An answer to every question, as far as what is handed in goes.

    Args:
        lines: the State's own law book, by article as questions name it (``7``, ``40(13)``); none: silent.
        figures: its own figures, by name.
        said: its officers' answers, by id of the question.

    Raises:
        Invalid: an answer to a question that there is not.
    """
    unknown = sorted(set(said) - set(QUESTIONS))
    if unknown:
        raise Invalid("There is no such question.", code="assess.question", where=unknown[0])
    found = []
    for question in QUESTIONS.values():
        pieces = (
            *(_by_law(lines.get(question.article, Line(Holds.SILENT))) if question.law else ()),
            *(_by_figure(question, figures[question.figure]) if question.figure in figures else ()),
            *(_by_word(said[question.id]) if question.id in said else ()),
        )
        found.append(Answer(question, _verdict(pieces), pieces))
    return tuple(found)


def _by_law(line: Line) -> tuple[Evidence, ...]:
    shows = {Holds.PRESENT: True, Holds.PARTIAL: False}.get(line.holds) if line.verified else None
    code = f"law.{line.holds}" if line.verified or line.holds is Holds.SILENT else f"law.{line.holds}-unverified"
    return (Evidence(code, shows, line.sources, line.missing),)


def _by_figure(question: Question, figure: Figure) -> tuple[Evidence, ...]:
    values = (str(figure.count), str(figure.of), str(question.limit))
    if figure.of < LEAST:
        return (Evidence("figure.too-few", None, (figure.source,), values),)
    above = figure.count * 100 >= question.limit * figure.of
    if above and figure.count < LEAST:
        return (Evidence("figure.too-few", None, (figure.source,), values),)
    return (Evidence("figure.above" if above else "figure.below", not above, (figure.source,), values),)


def _by_word(said: Said) -> tuple[Evidence, ...]:
    code = "said.yes" if said.yes else "said.no"
    return (Evidence(code, said.yes, (said.evidence,), (said.officer, said.on.isoformat())),)


def _verdict(pieces: Iterable[Evidence]) -> Verdict:
    shown = {piece.shows for piece in pieces} - {None}
    if len(shown) != 1:
        return Verdict.OPEN
    return Verdict.MET if shown == {True} else Verdict.GAP


@dataclass(frozen=True)
class Returned:
    """A request that came back.

    Args:
        reference: of the request; counted once for each defect, however often it came back.
        state: ISO code of the State that had sent it.
        defect: the field at fault, as the request names it (``period_from``), or ``manifest`` for what was wrong with evidence.
        on: when it came back.
    """

    reference: str
    state: str
    defect: str
    on: date


@dataclass(frozen=True)
class Suggestion:
    """Help that a State's own repeated defects suggest. It is for that State alone.

    Args:
        state: ISO code of the State that it is for; nobody else is shown it.
        defect: the field at fault.
        count: how many of its requests came back for it.
        references: of these requests.
        topic: what help would be about.
        article: what it would serve.
    """

    state: str
    defect: str
    count: int
    references: tuple[str, ...]
    topic: Topic
    article: str


def repeated(returned: Iterable[Returned], *, home: str, on: date, least: int = LEAST) -> tuple[Suggestion, ...]:
    """What a State's own repeated defects suggest, most frequent first.

    Args:
        returned: its own requests that came back.
        home: ISO code of the State whose node asks.
        on: today.
        least: how many requests with one defect are needed.

    Raises:
        NotYours: a request of another State is among them (``assess.foreign``).
    """
    found: dict[str, set[str]] = defaultdict(set)
    for each in returned:
        if each.state != home:
            raise NotYours("Another State's defects are its own affair.", code="assess.foreign", where=each.reference)
        if on - WITHIN <= each.on <= on:
            found[each.defect.split(".")[0]].add(each.reference)
    chosen = sorted(((defect, names) for defect, names in found.items() if len(names) >= max(least, 1)),
                    key=lambda item: (-len(item[1]), item[0]))  # fmt: skip
    return tuple(
        Suggestion(home, defect, len(names), tuple(sorted(names)), *DEFECTS.get(defect, OTHER_DEFECT))
        for defect, names in chosen
    )


@dataclass(frozen=True)
class Consent:
    """A State's consent to make a need of a gap or a suggestion.

    Args:
        state: ISO code of the State that consents.
        officer: who gives it for the State.
        on: the day.
        about: id of the question, or the defect; it covers nothing else.
    """

    state: str
    officer: str
    on: date
    about: str


def draft(found: Answer | Suggestion, consent: Consent, *, state: str, filed: date, **rest: Any) -> Need:
    """A need for what `found` shows: topic and article are filled in, and it is released to nobody yet.

    Args:
        found: a gap, or a suggestion.
        consent: the State's own, for exactly this.
        state: ISO code of the State in need.
        filed: today.
        rest: the other fields of `Need`; a topic, articles or a release given here are refused.

    Raises:
        NotYours: the consent is another State's, for something else, without a name, or dated after the need
            (``assess.consent``).
        Invalid: the answer shows no gap, or the need cannot be meant.
    """
    if isinstance(found, Answer):
        if found.verdict is not Verdict.GAP:
            raise Invalid("Only a gap becomes a need.", code="assess.no-gap", where=found.question.id)
        about, topic, article = found.question.id, found.question.topic, found.question.article
        fits = consent.state == state
    else:
        about, topic, article = found.defect, found.topic, found.article
        fits = consent.state == state == found.state
    if not fits or consent.about != about or not consent.officer or consent.on > filed:
        raise NotYours(
            "A need is drafted with its State's consent to exactly this.", code="assess.consent", where=about
        )
    if {"topic", "articles", "release"} & set(rest):
        raise Invalid("What the gap says, and whom it goes to, is not set here.", code="assess.fixed")
    return Need(topic=topic, articles=(article,), release=Release(), state=state, filed=filed, **rest)
