"""What a self-assessment asks, article by article; each question says what could answer it without asking anybody.

The questions are data, in codes; a question's sentence stands under its id. They ask whether a State can do what an article
asks of it, never whether it did right in a case. Source: the articles named; articles that ask nothing of a State's own law
or practice have no question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from comity.assistance.topics import Topic


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        id: stable, begins with the article, e.g. ``40.languages``.
        article: the article and paragraph that asks.
        topic: what help would be about, if the answer shows a gap.
        law: whether a line of the State's own law book can answer it; under the same article.
        figure: the figure that can answer it, or empty: so many cases `of` all that went wrong.
        limit: from how many per cent of all on the figure shows a gap.
    """

    id: str
    article: str
    topic: Topic
    law: bool = True
    figure: str = ""
    limit: int = 0


LEAST: Final = 3
"""Cases from which on a figure says anything; fewer are chance."""

_OFFENCES = ("7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17")
_POWERS = ("25", "26", "27", "28", "29", "30")
_ALL: Final[tuple[Question, ...]] = (
    *(Question(f"{article}.offence", article, Topic.LAW) for article in _OFFENCES),
    Question("18.legal-persons", "18", Topic.LAW),
    Question("19.attempt", "19", Topic.LAW),
    Question("20.limitation", "20", Topic.LAW),
    Question("21.sanctions", "21", Topic.LAW),
    Question("22.jurisdiction", "22", Topic.LAW),
    Question("24.safeguards", "24", Topic.LAW),
    *(Question(f"{article}.power", article, Topic.LAW) for article in _POWERS),
    Question("31.confiscation", "31", Topic.RECOVERY),
    Question("33.witnesses", "33", Topic.PROTECTION),
    Question("34.victims", "34", Topic.PROTECTION),
    Question("36.data-protection", "36", Topic.DATA),
    Question("37.extradition", "37", Topic.LAW),
    Question("40.central-authority", "40(12)", Topic.CENTRAL),
    Question("40.languages", "40(13)", Topic.TRANSLATION, figure="returned-language", limit=10),
    Question("40.custody", "40(14)", Topic.CUSTODY, law=False, figure="custody-broken", limit=5),
    Question("40.complete", "40(15)", Topic.DRAFTING, law=False, figure="returned-incomplete", limit=20),
    Question("40.in-time", "40(26)", Topic.CENTRAL, law=False, figure="answered-late", limit=25),
    Question("41.contact-point", "41(1)", Topic.CONTACT),
    Question("41.answers", "41(1)", Topic.CONTACT, law=False, figure="calls-unanswered", limit=5),
    Question("41.trained", "41(5)", Topic.TRAINING, law=False),
    Question("41.equipped", "41(5)", Topic.EQUIPMENT, law=False),
    Question("42.preserves", "42(1)", Topic.INVESTIGATION, figure="preserved-too-late", limit=10),
    Question("43.traffic", "43(1)", Topic.LAW),
    Question("44.stored-data", "44(1)", Topic.LAW),
    Question("45.real-time", "45(1)", Topic.LAW),
    Question("46.content", "46", Topic.LAW),
    Question("47.police", "47(1)", Topic.INVESTIGATION),
    Question("48.joint", "48", Topic.INVESTIGATION),
    Question("49.foreign-orders", "49(1)", Topic.RECOVERY),
    Question("50.freezing", "50(2)", Topic.RECOVERY),
    Question("53.policy", "53(1)", Topic.PREVENTION, law=False),
    Question("53.public-reports", "53(4)", Topic.PREVENTION, law=False),
    Question("54.training", "54(2)", Topic.TRAINING, law=False),
    Question("54.forensics", "54(3)", Topic.FORENSICS, law=False, figure="evidence-unread", limit=10),
    Question("54.investigators", "54(3)", Topic.INVESTIGATION, law=False),
    Question("55.statistics", "55(2)", Topic.STATISTICS, law=False),
)  # fmt: skip

QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType({question.id: question for question in _ALL})
"""Every question by its id, in the order of articles."""

DEFECTS: Final[Mapping[str, tuple[Topic, str]]] = MappingProxyType({
    "language": (Topic.TRANSLATION, "40(13)"),
    "authority": (Topic.CENTRAL, "40(12)"),
    "custodian": (Topic.INVESTIGATION, "42(3)"),
    "accounts": (Topic.INVESTIGATION, "40(15)"),
    "categories": (Topic.INVESTIGATION, "40(15)"),
    "link": (Topic.INVESTIGATION, "42(3)"),
    "offence": (Topic.LAW, "40(15)"),
    "order": (Topic.LAW, "50(3)"),
    "assets": (Topic.RECOVERY, "50(3)"),
    "rights": (Topic.LAW, "24"),
    "urgency_reason": (Topic.CONTACT, "41(1)"),
    "manifest": (Topic.CUSTODY, "40(14)"),
})  # fmt: skip
"""What help a repeated defect suggests: field of the request that was at fault -> topic and article. Any other: drafting."""
OTHER_DEFECT: Final = (Topic.DRAFTING, "40(15)")
