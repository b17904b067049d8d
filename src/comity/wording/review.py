"""The questions of a review, in our own words. Which there are, and what answers them, is in `reporting.questionnaire`."""

from __future__ import annotations

from typing import Final

from comity.wording import marked as _
from comity.wording.terms import Terms

QUESTIONS: Final[Terms] = {
    "21.sanctions": _("Which penalties does the law provide for the offences of the Convention?"),
    "24.safeguards": _("Which conditions and safeguards apply to powers of investigation, and who reviews their use?"),
    "36.data-protection": _("Which law protects personal data that are given to another State?"),
    "37.received": _("How many requests for extradition were received?"),
    "40.central-authority": _("Which central authority receives and carries out requests for mutual legal assistance?"),
    "40.languages": _("In which languages are requests accepted?"),
    "40.made": _("How many requests were sent to which State?"),
    "40.received": _("How many requests were received from other States?"),
    "40.partners": _("How many of these came from which State?"),
    "40.measures": _("For which forms of cooperation were requests received?"),
    "40.returned-by-us": _("How often was more asked for about requests that were received, and about what?"),
    "40.answered": _("How many of the requests received were answered?"),
    "40.refused": _("How many of them were refused?"),
    "40.grounds": _("On which grounds were they refused?"),
    "40.times": _("How long did it take to answer?"),
    "40.given": _("In how many cases was something given, done or preserved?"),
    "41.contact-point": _("Which point of contact is available 24 hours a day, 7 days a week?"),
    "41.calls": _("How quickly does the point of contact answer test calls?"),
    "42.received": _("How many requests for expedited preservation were received?"),
    "42.preserved": _("In how many of these cases were data preserved?"),
    "50.received": _("How many requests about property were received?"),
    "53.prevention": _("Which measures of prevention are taken, and how can the public report an offence?"),
    "54.receiving": _("For which topics did programmes begin in which technical assistance is received?"),
    "54.results": _("What came of the programmes that ended?"),
    "57.measures": _("Which programmes, plans and practices, and which laws, carry out the Convention?"),
    "57.needs": _("Which technical assistance is needed, and for what?"),
}
STANDINGS: Final[Terms] = {
    "known": _("answered in full"),
    "partly": _("answered in part: some figures are not told, because they are of few cases"),
    "hidden": _("not told, because it is of few cases"),
    "unknown": _("not known"),
}
