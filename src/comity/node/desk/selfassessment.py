"""A State's assessment of itself (Articles 54, 57): what its law book, its figures and its officers say, article by article.

Most is filled in from what this node knows. It is for this State alone: nothing of it goes to anybody. With the State's consent
a gap becomes the draft of a need, which is released to nobody until an officer says to whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from comity.assistance import assess as room
from comity.assistance.assess import Answer, Consent, Figure, Holds, Line, Returned, Said, Suggestion
from comity.assistance.questions import QUESTIONS
from comity.assistance.topics import Region, Topic, Unit
from comity.casework.act import Kind, Power
from comity.casework.measure import Measure
from comity.casework.request import LINE_LIMIT
from comity.errors import ComityError, Invalid, NotPossible
from comity.law import comparison
from comity.law.state import State
from comity.node import archive, models
from comity.node.desk import _record, assistance, drills
from comity.node.settings import Settings
from comity.wire import assistance as wire
from comity.wire import calls

_OFFENCES: Final = range(7, 18)  # articles that ask for a crime
_MEASURES: Final[Mapping[str, Measure]] = {
    "25": Measure.PRESERVATION, "26": Measure.TRAFFIC_DISCLOSURE, "27": Measure.PRODUCTION_ORDER,
    "28": Measure.STORED_DATA, "29": Measure.REAL_TIME_TRAFFIC, "30": Measure.INTERCEPTION,
    "42(1)": Measure.PRESERVATION, "43(1)": Measure.TRAFFIC_DISCLOSURE, "44(1)": Measure.STORED_DATA,
    "45(1)": Measure.REAL_TIME_TRAFFIC, "46": Measure.INTERCEPTION,
}  # fmt: skip
_UNITS: Final[Mapping[Topic, Unit]] = {
    Topic.EQUIPMENT: Unit.ITEMS, Topic.TRANSLATION: Unit.PAGES, Topic.LAW: Unit.DAYS, Topic.STATISTICS: Unit.DAYS,
}  # fmt: skip
_YEAR: Final = timedelta(days=365)


def answer(question: str, *, yes: bool, evidence: str, officer: models.Officer, at: datetime) -> None:
    """Answer a question as an officer of this State; it replaces an earlier answer.

    Args:
        question: its id.
        yes: whether the State can do what is asked.
        evidence: where that can be seen.
        officer: who says so.
        at: now.

    Raises:
        NotYours: he has no power to assist.
        Invalid: ``assess.question``; ``assess.source``: no evidence, or too long.
    """
    _record.needs(officer, Power.ASSIST)
    if question not in QUESTIONS:
        raise Invalid("There is no such question.", code="assess.question", where=question)
    if not evidence or len(evidence) > LINE_LIMIT:
        raise Invalid("Say where that can be seen.", code="assess.source", where="evidence")
    said = {"yes": yes, "evidence": evidence, "officer": f"{officer.full_name}, {officer.office}", "at": at}
    models.SelfAnswer.objects.update_or_create(pk=question, defaults=said)


def need_of(settings: Settings, about: str, *, officer: models.Officer, at: datetime) -> models.Listing:
    """The draft of a need for a gap or a suggestion, with the consent that `officer` gives for the State.

    Args:
        settings: the node's.
        about: id of the question, or the defect.
        officer: who consents, to this alone.
        at: now.

    Raises:
        NotYours: he has no power to assist.
        Invalid: ``assess.no-gap``; ``assess.question``.
        NotPossible: ``assess.region``: no law book says to which regional group this State belongs, and no need of it does.
    """
    _record.needs(officer, Power.ASSIST)
    known: tuple[Answer | Suggestion, ...] = (*answers(settings, at=at), *suggestions(settings, at=at))
    found = next((one for one in known if about_of(one) == about), None)
    if found is None:
        raise Invalid("There is no such question.", code="assess.question", where=about)
    region = region_of(settings)
    if region is None:
        raise NotPossible("File a need by hand first: it names the regional group.", code="assess.region")
    topic = found.question.topic if isinstance(found, Answer) else found.topic
    consent = Consent(settings.state, f"{officer.full_name}, {officer.office}", at.date(), about)
    value = room.draft(
        found, consent, state=settings.state, filed=at.date(), unit=_UNITS.get(topic, Unit.PLACES), units=1,
        reference=assistance.next_reference(settings, wire.NEED, at=at), by=at.date() + _YEAR,
        languages=(settings.language,), region=region,
    )  # fmt: skip
    return assistance.keep(settings, value, officer=officer, at=at)


def about_of(found: Answer | Suggestion) -> str:
    """What a consent names: the question's id, or the defect."""
    return found.question.id if isinstance(found, Answer) else found.defect


def region_of(settings: Settings) -> Region | None:
    """The regional group of this State: as its law book has it, else as its newest need."""
    book = settings.books.states.get(settings.state)
    if book is not None:
        return Region(book.region)
    row = models.Listing.objects.filter(state=settings.state, kind=wire.NEED).first()
    return Region(row.value["region"]) if row else None


# ── what is known already ───────────────────────────────────────────────────────────────────────────────────────────


def answers(settings: Settings, *, at: datetime) -> tuple[Answer, ...]:
    """An answer to every question, as far as this node knows."""
    said = {
        row.pk: Said(row.yes, row.officer, row.at.date(), row.evidence)
        for row in models.SelfAnswer.objects.filter(pk__in=QUESTIONS)
    }
    return room.assess(lines(settings, on=at.date()), figures(settings, at=at), said)


def suggestions(settings: Settings, *, at: datetime) -> tuple[Suggestion, ...]:
    """Help that this State's own repeated defects suggest."""
    return room.repeated(_returned(settings), home=settings.state, on=at.date())


def lines(settings: Settings, *, on: date) -> dict[str, Line]:
    """What this State's law book says, by article as questions name it; none where there is no book."""
    book = settings.books.states.get(settings.state)
    if book is None:
        return {}
    found = {str(article): _offence(settings, article, on) for article in _OFFENCES}
    for article, asked in _MEASURES.items():
        house = comparison.measure(settings.books, (settings.state,), asked, on)[0]
        found[article] = _line(book, [row.provision for row in house.authorisations], on)
    found["36"] = _line(book, [row.provision for row in book.lines(book.data_protection, on)], on)
    found["40(13)"] = _line(book, [row.provision for row in book.lines(book.languages, on)], on)
    for article, role in (("40(12)", "central"), ("41(1)", "contact")):
        named = [row.provision for row in book.lines(book.authorities, on) if row.role == role]
        found[article] = _line(book, named, on)
    return found


def _offence(settings: Settings, article: int, on: date) -> Line:
    """What the book says of a crime: which of the treaty's elements it leaves out."""
    try:
        found = comparison.offence(settings.books, (settings.state,), f"uncc:{article}", on)[0]
    except ComityError:  # the treaty's book, as it is loaded here, has no such offence
        return Line(Holds.SILENT)
    if not found.lines:
        return Line(Holds.SILENT)
    sources = tuple(dict.fromkeys(line.provision for line in found.lines))
    holds = Holds.PARTIAL if found.missing else Holds.PRESENT
    return Line(holds, sources, verified=found.verified, missing=found.missing)


def _line(book: State, provisions: list[str], on: date) -> Line:
    sources = tuple(dict.fromkeys(provisions))
    if not sources:
        return Line(Holds.SILENT)
    return Line(Holds.PRESENT, sources, verified=all(book.verified(name, on) for name in sources))


def figures(settings: Settings, *, at: datetime) -> dict[str, Figure]:
    """This State's own figures: its requests that came back, and test calls to it that nobody answered in time."""
    sent = models.Act.objects.filter(kind=Kind.REQUESTED, by=settings.state).values("case").distinct().count()
    back = _returned(settings)
    incomplete = len({one.reference for one in back})
    language = len({one.reference for one in back if one.defect == "language"})
    rounds = drills.rounds(models.Call.objects.filter(ours=False).defer("statement", "answer"))
    tally = calls.tally(rounds, at)
    return {
        "returned-incomplete": Figure(incomplete, max(sent, incomplete), "cases"),
        "returned-language": Figure(language, max(sent, language), "cases"),
        "calls-unanswered": Figure(tally.late + tally.silent, tally.asked, "calls"),
    }


def _returned(settings: Settings) -> list[Returned]:
    """Own requests on which the other State asked for more, by the fields that it named."""
    rows = models.Act.objects.filter(kind=Kind.ASKED, case__requesting=settings.state).exclude(by=settings.state)
    found = []
    for row in rows:
        body: Mapping[str, Any] = archive.read_stored(row).body
        found += [Returned(row.case_id, settings.state, str(name), row.at.date()) for name in body.get("fields", ())]
    return found
