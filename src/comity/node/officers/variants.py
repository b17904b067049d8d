"""How fields of a request are explained to a drafter, where a measure has words of its own for them.

What they are called there stands in `comity.wording.variants`.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.casework.measure import LIVES, Life

ByMeasure = dict[str, str | Promise]

_AHEAD: Final = ("real-time-traffic", "interception")
_NOT_EVIDENCE: Final = tuple(
    str(item) for item, life in LIVES.items() if life in (Life.DEED, Life.CONSENT, Life.NOTICE)
)


def _same(names: tuple[str, ...], text: str | Promise) -> ByMeasure:
    return dict.fromkeys(names, text)


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
