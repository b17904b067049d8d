"""The questions of a review, filled in as far as they can be from what a State publishes and knows. Source: Article 57(5)-(6).

The questions are our own, by article; their sentences stand in `wording.review` under the same ids. What is filled in goes
to the Conference: figures are therefore taken from a release, never from the facts behind it, and a hidden one stays hidden.
What nobody knows says so; it is never filled with a guess, nor is silence of a law book taken for a no.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from comity.casework.measure import Measure
from comity.errors import Invalid
from comity.reporting.axes import (
    APPLIES,
    MADE,
    NONE,
    OTHER,
    OUTCOME,
    PARTNER,
    PERIOD,
    REAL,
    RECEIVED,
    REFUSED,
    SPEED,
    SPEEDS,
    SUBJECT,
    TOTAL,
    UNKNOWN,
    Event,
    Key,
    lineage,
    years,
)
from comity.reporting.release import Release


class Standing(StrEnum):
    """How far a question is answered."""

    KNOWN = "known"
    PARTLY = "partly"  # some of its figures are hidden
    HIDDEN = "hidden"  # all of its figures are, because they tell of few
    UNKNOWN = "unknown"  # nobody has said, or the figures do not go so far


@dataclass(frozen=True)
class Said:
    """An answer in words, as the caller knows it: from the law book, a self-assessment, or an officer.

    Args:
        text: the answer.
        source: provision, question of the self-assessment, or office; never empty.
        verified: whether it was compared with the official text.
    """

    text: str
    source: str
    verified: bool = False

    def __post_init__(self) -> None:
        """Raise Invalid: an answer without words or without a source is none."""
        if not self.text.strip() or not self.source.strip():
            raise Invalid("An answer says where it is from.", code="review.source", where="source")


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        id: stable, begins with the article.
        article: the article and paragraph that it is about.
        event: of figures: what is counted; None: it is answered in words.
        direction: of figures.
        codes: of figures: (axis, code) that narrow them.
        along: of figures: the axis along which they are listed one by one; None: one figure.
    """

    id: str
    article: str
    event: Event | None = None
    direction: str = ""
    codes: tuple[tuple[int, str], ...] = ()
    along: int | None = None


@dataclass(frozen=True)
class Figure:
    """A figure of an answer: what of, as a code or empty, and how many; None: it is hidden."""

    code: str
    value: int | None


@dataclass(frozen=True)
class Answer:
    """A question, as far as it is answered.

    Args:
        question: which.
        standing: how far.
        figures: of a question about figures.
        said: of one that is answered in words.
        source: the release, or where the words are from; empty if it is unknown.
    """

    question: Question
    standing: Standing
    figures: tuple[Figure, ...] = ()
    said: Said | None = None
    source: str = ""


def _counted(
    name: str, article: str, event: Event, direction: str, *codes: tuple[int, str], along: int | None = None
) -> Question:
    return Question(name, article, event, direction, codes, along)


QUESTIONS: Final = (
    Question("21.sanctions", "21"),
    Question("24.safeguards", "24"),
    Question("36.data-protection", "36"),
    _counted("37.received", "37", Event.REQUESTED, RECEIVED, (SUBJECT, str(Measure.EXTRADITION))),
    Question("40.central-authority", "40(12)"),
    Question("40.languages", "40(13)"),
    _counted("40.made", "40", Event.REQUESTED, MADE, along=PARTNER),
    _counted("40.received", "40", Event.REQUESTED, RECEIVED),
    _counted("40.partners", "40", Event.REQUESTED, RECEIVED, along=PARTNER),
    _counted("40.measures", "40(3)", Event.REQUESTED, RECEIVED, along=SUBJECT),
    _counted("40.returned-by-us", "40(16)", Event.RETURNED, RECEIVED, along=OUTCOME),
    _counted("40.answered", "40(26)", Event.ANSWERED, RECEIVED),
    _counted("40.refused", "40(21)", Event.ANSWERED, RECEIVED, (OUTCOME, REFUSED)),
    _counted("40.grounds", "40(21)", Event.ANSWERED, RECEIVED, (OUTCOME, REFUSED), along=OUTCOME),
    _counted("40.times", "40(26)", Event.ANSWERED, RECEIVED, along=SPEED),
    _counted("40.given", "40", Event.GIVEN, RECEIVED),
    Question("41.contact-point", "41(1)"),
    Question("41.calls", "41(1)"),
    _counted("42.received", "42", Event.REQUESTED, RECEIVED, (SUBJECT, str(Measure.PRESERVATION))),
    _counted("42.preserved", "42", Event.GIVEN, RECEIVED, (SUBJECT, str(Measure.PRESERVATION))),
    _counted("50.received", "50", Event.REQUESTED, RECEIVED, (SUBJECT, "assets")),
    Question("53.prevention", "53"),
    _counted("54.receiving", "54(1)", Event.BEGUN, RECEIVED, along=SUBJECT),
    _counted("54.results", "54(3)", Event.CONCLUDED, RECEIVED, along=OUTCOME),
    Question("57.measures", "57(6)"),
    Question("57.needs", "57(5)"),
)
"""The questions, by article."""


def fill(release: Release, *, year: str, said: Mapping[str, Said], nature: str = REAL) -> tuple[Answer, ...]:
    """Every question with its answer, as far as there is one.

    Args:
        release: the State's figures as it has published them.
        year: the year that the review is about, e.g. ``2026``.
        said: id of a question -> the answer in words. Figures are not taken in words.
        nature: `REAL` or `EXERCISE`: of what the figures are.

    Raises:
        Invalid: `review.question`: an answer to what is not asked; `figures.period`: this is no year.
    """
    if not re.fullmatch(r"[0-9]{4}", year):
        raise Invalid("A year is written like 2026.", code="figures.period", where="year")
    in_words = {question.id for question in QUESTIONS if question.event is None}
    if odd := said.keys() - in_words:
        raise Invalid("This is not asked in words.", code="review.question", where=min(odd))
    return tuple(_answer(question, release, (nature, year), said.get(question.id)) for question in QUESTIONS)


def _answer(question: Question, release: Release, about: tuple[str, str], said: Said | None) -> Answer:
    if question.event is None:
        return Answer(question, Standing.UNKNOWN if said is None else Standing.KNOWN, said=said,
                      source="" if said is None else said.source)  # fmt: skip
    try:
        figures = _figures(question, release, about)
    except Invalid:  # the release has no such table, or does not go so far
        return Answer(question, Standing.UNKNOWN)
    hidden = sum(figure.value is None for figure in figures)
    standing = Standing.KNOWN if not hidden else Standing.HIDDEN if hidden == len(figures) else Standing.PARTLY
    return Answer(question, standing, figures, source=f"{release.state}/{release.number}")


def _figures(question: Question, release: Release, about: tuple[str, str]) -> tuple[Figure, ...]:
    """The figure of the whole, and those along the axis. Raises Invalid: the release does not have them."""
    whole, axis = _key(question, *about), question.along
    if axis == PARTNER:
        return _by_state(whole, release)
    total = Figure("", release.value(whole))
    if axis is None:
        return (total,)
    release.value(
        (*whole[:axis], UNKNOWN, *whole[axis + 1 :])
    )  # raises where the table is not broken down by this axis
    return total, *_along(whole, axis, release)


def _along(whole: Key, axis: int, release: Release) -> tuple[Figure, ...]:
    """The parts of a figure, one step down an axis, as far as they are not zero."""
    return tuple(
        Figure(key[axis], value) for key, value in sorted(release.cells.items())
        if (*key[:axis], whole[axis], *key[axis + 1 :]) == whole and lineage(key[1], axis, key[axis])[1:2] == (whole[axis],)
    )  # fmt: skip


def _by_state(whole: Key, release: Release) -> tuple[Figure, ...]:
    """Those of the States that are listed; and of all others that they are not told."""
    if whole[PERIOD] > years(release.through):
        raise Invalid("The figures do not go so far.", code="figures.period", where=whole[PERIOD])
    return *_along(whole, PARTNER, release), Figure(OTHER, None)


def _key(question: Question, nature: str, year: str) -> Key:
    event = question.event
    assert event is not None  # noqa: S101  for the type checker: asked by the caller
    codes = dict(question.codes)
    middle = (codes.get(axis, TOTAL) if axis in APPLIES[event] else NONE for axis in range(SUBJECT, SPEED + 1))
    return (nature, str(event), question.direction, *middle, year)


def middle(release: Release, event: Event, direction: str, period: str) -> str | None:
    """The band of time in which the middle one falls, from what is published alone; None: too much of it is hidden.

    Those whose time is not known are left out.
    """
    key = [
        REAL,
        str(event),
        direction,
        *(TOTAL if axis in APPLIES[event] else NONE for axis in range(SUBJECT, SPEED + 1)),
        period,
    ]
    counts = []
    for name in (*SPEEDS, UNKNOWN):
        key[SPEED] = name
        if (value := release.value(tuple(key))) is None:
            return None
        counts.append(value)
    known = counts[: len(SPEEDS)]
    if not sum(known):
        return None
    passed = list(accumulate(known))
    return next(name for name, so_far in zip(SPEEDS, passed, strict=True) if 2 * so_far >= passed[-1])
