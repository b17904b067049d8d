"""What fields of a request are called, and how they are explained, where a measure has words of its own for them."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.casework.measure import GROUPS, LIVES, Life

ByMeasure = dict[str, str | Promise]

_DATA: Final = frozenset(str(item) for item in GROUPS["data"])
_AHEAD: Final = ("real-time-traffic", "interception")
_SOUGHT: Final = ("extradition", "provisional-arrest")
_COMING: Final = ("appearance", "prisoner-transfer", "extradition", "sentenced-person")
_HEARINGS: Final = ("statements", "video-hearing")
_NO_DATA: Final = tuple(str(item) for item in LIVES if str(item) not in _DATA)
_NOT_EVIDENCE: Final = tuple(
    str(item) for item, life in LIVES.items() if life in (Life.DEED, Life.CONSENT, Life.NOTICE)
)


def _same(names: tuple[str, ...], text: str | Promise) -> ByMeasure:
    return dict.fromkeys(names, text)


LABELS: Final[dict[str, ByMeasure]] = {
    "authority": {
        "preservation": _("Authority seeking the preservation"),
        "spontaneous-information": _("Authority that gives the information"),
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
        "spontaneous-information": _("What it can be used for"),
        "onward-transfer": _("Purpose of the other use"),
    },
    "conditions": {"spontaneous-information": _("Limits on the use of what is told")},
    "confidential": {
        **_same(_NO_DATA, _("Keep the request secret")),
        "spontaneous-information": _("Keep what is told secret"),
    },
    "order.authority": {
        **_same(_SOUGHT, _("Court or authority that issued the warrant or judgment")),
        "sentenced-person": _("Court that passed the sentence"),
    },
}
HELPS: Final[dict[str, ByMeasure]] = {
    "facts": {
        "preservation": _("A brief summary is enough: what happened, and when."),
        "provisional-arrest": _("A brief summary is enough: what happened, and when."),
    },
    "assistance": {
        "preservation": _("Which data, of which account or system, from when to when."),
        "spontaneous-information": _("What was found, and how reliable it is. Nothing is asked for."),
        "police-cooperation": _("Police information only: what is needed as evidence is asked for by legal assistance."),
    },
    "period_from": _same(_AHEAD, _("First day on which data are collected.")),
    "period_to": _same(_AHEAD, _("Last day; the period lies ahead.")),
    "purpose": {
        **_same(_NOT_EVIDENCE, _("What it serves in the proceedings here.")),
        "preservation": _("For example: the provider deletes such data after a few weeks."),
    },
    "rights": {
        "spontaneous-information": _("Could what is told serve to pursue someone for race, sex, religion or opinion? Answer "
                                     "in words; the machine does not judge this."),
    },
}  # fmt: skip
