"""What things are called: measures, powers, offences, work going on, in words that an officer would use.

All lazy, so that each page's language holds.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.wording import labels, letters, terms

Words = dict[str, Promise]


def shown(table: terms.Terms) -> Words:
    """`table` in the language of whoever reads it."""
    return {key: _(text) for key, text in table.items()}


MEASURES: Final = shown(terms.MEASURES)
SCOPES: Final = shown(terms.SCOPES)
CATEGORIES: Final = shown(terms.CATEGORIES)
ACCOUNT_KINDS: Final = shown(terms.ACCOUNT_KINDS)
OFFENCES: Final = shown(terms.OFFENCES)
CONTENTS: Final = shown(terms.CONTENTS)
GROUNDS: Final = shown(terms.GROUNDS)
DUTIES: Final = shown(terms.DUTIES)
VERDICTS: Final = shown(terms.VERDICTS)
CATEGORY_HELP: Final[Words] = {
    "subscriber": _("Who holds the service: name, address, number, billing."),
    "traffic": _("Where a communication came from and went, when and how long."),
    "content": _("What was said: text, sound, pictures. The strictest category."),
    "other": _("Anything else, such as logs or files."),
}
DOUBTS: Final = shown(labels.DOUBTS)
CONDUCT_ENDS: Final[Words] = {
    "left": _("The person left"),
    "returned": _("The person left, and came back freely"),
    "stayed": _("The person stayed until the time had run out"),
}
URGENCIES: Final = shown(letters.URGENCIES)
LANGUAGES: Final = ("en", "fa", "ar", "vi", "fr", "es", "ru", "zh")

POWERS: Final = shown(labels.POWERS)
ROLES: Final[Words] = {
    "central": _("Central authority"),
    "contact": _("24/7 point of contact"),
    "judicial": _("Judicial authority"),
    "police": _("Police authority"),
    "cert": _("Computer emergency response team"),
    "assistance": _("Technical assistance and capacity-building"),
}
PURPOSES: Final[Words] = {
    "sign": _("signs what the State says"),
    "open": _("opens what is sealed for it"),
    "log": _("signs its log"),
    "witness": _("witnesses other logs"),
    "hop": _("signs its node’s requests"),
    "container": _("signs evidence for other tools"),
    "recovery": _("kept offline, to name a new key"),
}
KEY_STANDINGS: Final[Words] = {
    "valid": _("valid now"),
    "ended": _("ended"),
    "revoked": _("revoked"),
    "to-come": _("not valid yet"),
}
LINES: Final[Words] = {
    "answers": _("answers"),
    "silent": _("does not answer"),
    "unused": _("not used yet"),
}
JOBS: Final[Words] = {
    "take-in": _("Taking the delivery in"),
    "disclose": _("Sealing the evidence"),
    "collect": _("Collecting the evidence"),
    "verify": _("Verifying the evidence"),
}
JOB_STATES: Final[Words] = {
    "waiting": _("in progress"),
    "done": _("done"),
    "failed": _("failed"),
}
