"""What a particular of a request is called where a form of cooperation has a word of its own for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from comity.casework.measure import GROUPS, LIVES, Life, Measure
from comity.wording import marked as _
from comity.wording.terms import FIELDS, Terms

_DATA: Final = GROUPS["data"]
_AHEAD: Final = (Measure.REAL_TIME_TRAFFIC, Measure.INTERCEPTION)
_SOUGHT: Final = (Measure.EXTRADITION, Measure.PROVISIONAL_ARREST)
_COMING: Final = (Measure.APPEARANCE, Measure.PRISONER_TRANSFER, Measure.EXTRADITION, Measure.SENTENCED_PERSON)
_HEARINGS: Final = (Measure.STATEMENTS, Measure.VIDEO_HEARING)
_NO_REQUEST: Final = (Measure.SPONTANEOUS_INFORMATION, Measure.JOINT_INVESTIGATION)
_NO_DATA: Final = tuple(measure for measure in Measure if measure not in _DATA)
_NOT_EVIDENCE: Final = tuple(
    measure for measure, life in LIVES.items() if life in (Life.DEED, Life.CONSENT, Life.NOTICE)
)


def _same(measures: Iterable[Measure], text: str) -> Terms:
    return dict.fromkeys((str(measure) for measure in measures), text)


LABELS: Final[dict[str, Terms]] = {
    "authority": {
        "preservation": _("Authority seeking the preservation"),
        "spontaneous-information": _("Authority that gives the information"),
        "joint-investigation": _("Authority that makes the proposal"),
    },
    "follows": {
        "stored-data": _("Preservation that it stands on"),
        "traffic-disclosure": _("Preservation that it stands on"),
        "onward-transfer": _("Case in which it was received"),
        "extradition": _("Request for provisional arrest, if there was one"),
    },
    "assistance": {
        "preservation": _("Data to be preserved"),
        "spontaneous-information": _("What is told"),
        "onward-transfer": _("What is to be passed on, or used otherwise"),
        "jurisdiction": _("What is to be settled between the two States"),
        "joint-investigation": _("What is proposed"),
        "proceedings": _("What is to be taken over"),
        "return": _("What is to be returned or disposed of, and how"),
        "confiscation": _("What is to be carried out"),
        "freezing": _("What is to be carried out"),
    },
    "documents": {
        "service": _("Documents to be served"),
        "records": _("Documents and records sought"),
        "proceedings": _("Files that come with it"),
    },
    "persons": {
        **_same(_SOUGHT, _("Person sought")),
        **_same(_HEARINGS, _("Persons to be heard")),
        "sentenced-person": _("Sentenced person"),
        "prisoner-transfer": _("Person in custody"),
        "appearance": _("Person who is to appear"),
        "service": _("Persons on whom they are to be served"),
    },
    "event_at": {
        **_same(_HEARINGS, _("When the hearing is planned")),
        **_same(_COMING, _("When the person is expected")),
    },
    "event_place": {
        **_same(_HEARINGS, _("Where the hearing is planned")),
        **_same(_COMING, _("Where the person is expected")),
    },
    "custodian": {
        "search": _("Place to be searched, and who holds it"),
        "examination": _("Object or site, and who holds it"),
        "records": _("Who holds the documents"),
        "tracing": _("Bank or other holder, as far as known"),
        "freezing": _("Bank or other holder, as far as known"),
        "confiscation": _("Bank or other holder, as far as known"),
        "production-order": _("Provider to which the order is addressed"),
    },
    "period_from": _same(_AHEAD, _("Collection from")),
    "period_to": _same(_AHEAD, _("Collection until")),
    "others": {
        "joint-investigation": _("States and organisations that take part"),
        "onward-transfer": _("To whom it is to be passed on"),
        "jurisdiction": _("Other States that act on the same conduct"),
    },
    "purpose": {
        **_same(_NOT_EVIDENCE, _("Purpose of the request")),
        "preservation": _("Why preservation is needed"),
        "joint-investigation": _("Purpose of the joint investigation"),
        "spontaneous-information": _("What it can be used for"),
        "onward-transfer": _("Purpose of the other use"),
    },
    "conditions": {"spontaneous-information": _("Limits on the use of what is told")},
    "confidential": {
        **_same(_NO_DATA, _("Keep the request secret")),
        "joint-investigation": _("Keep the proposal secret"),
        "spontaneous-information": _("Keep what is told secret"),
    },
    "language": _same(_NO_REQUEST, _("Language")),
    "order.copy": _same(_NO_REQUEST, _("An admissible copy comes with it")),
    "order.authority": {
        **_same(_SOUGHT, _("Court or authority that issued the warrant or judgment")),
        "sentenced-person": _("Court that passed the sentence"),
    },
}


def label(name: str, measure: str = "") -> str:
    """What the field `name` of a request is called in English, marked for translation.

    Args:
        name: of a field of `Request`, dotted inside; one of `terms.FIELDS`.
        measure: the form of cooperation; empty for the word that is common to all.
    """
    return LABELS.get(name, {}).get(measure) or FIELDS[name]
