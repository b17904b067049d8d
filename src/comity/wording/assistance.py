"""Words for needs, offers, programmes, matching and self-assessment.

Keys are the ids and codes of the `assistance` room; a test sees to it that none is missing.
"""

from __future__ import annotations

from typing import Final

from comity.wording import marked as _
from comity.wording.terms import Terms

TOPICS: Final[Terms] = {
    "investigation": _("Detection and investigation"),
    "forensics": _("Digital forensics"),
    "chain-of-custody": _("Chain of custody"),
    "drafting-requests": _("Drafting of requests"),
    "central-authority": _("Work of the central authority"),
    "law": _("Legislation"),
    "contact-24-7": _("Staffing of the 24/7 point of contact"),
    "asset-recovery": _("Recovery of assets"),
    "victims-witnesses": _("Protection of victims and witnesses"),
    "data-protection": _("Protection of personal data"),
    "prevention": _("Prevention of cybercrime"),
    "statistics": _("Statistics and analysis"),
    "equipment": _("Equipment"),
    "translation": _("Translation of requests and evidence"),
    "training": _("Training of staff"),
}
"""What help is about."""

UNITS: Final[Terms] = {
    "places": _("places for training"),
    "days": _("days of an expert"),
    "items": _("items of equipment"),
    "pages": _("pages of translation"),
}
"""What is counted."""

POSITIONS: Final[Terms] = {
    "least-developed": _("least developed country"),
    "landlocked-developing": _("landlocked developing country"),
    "small-island-developing": _("small island developing State"),
    "developing": _("developing country"),
    "in-transition": _("economy in transition"),
    "developed": _("developed country"),
    "unstated": _("position not stated"),
}
"""A State's position, as it states it itself."""

CONDITIONS: Final[Terms] = {
    "report": _("Results are reported to the other side."),
    "publish": _("Results may be published."),
    "host": _("The receiving State provides the place."),
    "counterpart": _("The receiving State names an official who answers for the programme."),
    "passed-on": _("Those who were trained train others."),
    "own-use": _("Equipment is not passed on to third parties."),
    "no-live-data": _("Nobody works on data of real cases."),
    "at-home": _("Help is given in the receiving State."),
    "open-tools": _("Only tools are used that the receiving State can keep using without a licence."),
}
"""What one side may ask of the other."""

OBSTACLES: Final[Terms] = {
    "pair.topic": _("The need is about %(needs)s; the offer is about %(offers)s."),
    "pair.unit": _("The need counts in %(needs)s, the offer in %(offers)s."),
    "pair.same-state": _("Both are of one State."),
    "pair.need-not-released": _("The need was not released to %(offers)s."),
    "pair.offer-not-released": _("The offer was not released to %(needs)s."),
    "pair.language": _("The need is served in %(needs)s; the offer is given in %(offers)s."),
    "pair.region": _("The need is of the group %(needs)s; the offer is meant for %(offers)s."),
    "pair.status": _("The State in need states that it is: %(needs)s. The offer is meant for: %(offers)s."),
    "pair.too-late": _("Help must begin by %(needs)s; it can begin on %(offers)s at the earliest."),
    "pair.offer-over": _("The offer ended on %(offers)s."),
    "pair.capacity": _("%(needs)s are needed; the offer has %(offers)s in all."),
    "pair.most": _("%(needs)s are needed; the offer gives at most %(offers)s for one need."),
    "pair.costs": _(
        "The State in need can carry %(needs)s per cent of the costs; the offer asks for %(offers)s per cent."
    ),
    "pair.offer-requires": _("The offer has conditions that the State in need has not accepted: %(offers)s"),
    "pair.need-requires": _("The need has conditions that the offer cannot come under: %(needs)s"),
}
"""Why an offer cannot meet a need; `needs` and `offers` are what either side has."""

REASONS: Final[Terms] = {
    "pair.agreed": _("The two States have agreed on this; no matching changes that."),
    "pair.matched": _("Proposed: the offer meets the need."),
    "pair.met": _("Nothing of the need is open any more: what is agreed meets it."),
    "pair.impossible": _("The offer cannot meet the need."),
    "pair.no-room": _("What is agreed with others leaves %(room)s of the offer; %(units)s are needed."),
    "pair.elsewhere": _("Possible, but the need is proposed for another offer."),
    "pair.full": _("Possible, but others are proposed for the offer: %(room)s are left, %(units)s are needed."),
    "pair.elsewhere-and-full": _("Possible, but the need is proposed for another offer, and others for this one."),
}
"""What became of a pair."""

PROOFS: Final[Terms] = {
    "settled": _("No assignment with this pair has more than %(at_most)s points; the proposed one has %(score)s."),
    "open": _(
        "It is not proven whether an assignment with this pair "
        "would be better: at most %(at_most)s points, beside %(score)s."
    ),
    "hidden": _("A need or an offer that was not released to this State"),
    "first": _("The first programme of its State"),
    "optimal": _("Proven: no assignment reaches more States, and none that reaches as many has more points."),
    "gap": _("Not proven to be the best: at most %(ceiling)s points are possible; this has %(score)s."),
}
"""What the numbers beside a reason say."""

SCORES: Final[Terms] = {
    "met": _("A need is met: States help each other as widely as they can."),
    "status.least-developed": _("Developing countries first, the least developed among them above all."),
    "status.landlocked-developing": _("Developing countries first."),
    "status.small-island-developing": _("Developing countries first."),
    "status.developing": _("Developing countries first."),
    "status.in-transition": _("Implementation that serves development."),
    "article": _("The offer is made for an article that the need names."),
    "region": _("The offer is meant for this region and few others: its makers know the law and the ways there."),
    "language.best": _("It is given in the language that serves the need best."),
    "language.other": _("It is given in another language that serves the need."),
    "free": _("The receiving State carries no costs."),
    "soon": _("The need is pressing: help must begin within 90 days."),
    "waiting": _("For each 30 days that the need has waited, up to twelve times: nobody waits for ever."),
    "tried-together": _("The same two tried it before; another partner may do better."),
}
"""Why a row of the scoring counts; the same sentences as `assistance.scoring.ROWS`."""

EVIDENCE: Final[Terms] = {
    "law.present": _("A verified line of this State's law book covers it."),
    "law.present-unverified": _(
        "A line of this State's law book covers it, but was not compared with the official text."
    ),
    "law.partial": _("A verified line of this State's law book leaves out: %(values)s"),
    "law.partial-unverified": _(
        "A line of this State's law book leaves this out, but was not compared with the official text: %(values)s"
    ),
    "law.unknown": _("There is a line in this State's law book; what it covers is not known."),
    "law.unknown-unverified": _(
        "There is a line in this State's law book; it was not compared, and what it covers is not known."
    ),
    "law.silent": _("This State's law book is silent, which says nothing about the law."),
    "figure.above": _("%(count)s of %(of)s, which is at or above the limit of %(limit)s per cent."),
    "figure.below": _("%(count)s of %(of)s, which is below the limit of %(limit)s per cent."),
    "figure.too-few": _("%(count)s of %(of)s: too few to say anything."),
    "said.yes": _("An officer of this State says that it can."),
    "said.no": _("An officer of this State says that it cannot."),
}
"""What answers a question of the self-assessment."""

QUESTIONS: Final[Terms] = {
    "7.offence": _("Does the law make illegal access a crime, with all its elements?"),
    "8.offence": _("Does the law make illegal interception a crime, with all its elements?"),
    "9.offence": _("Does the law make interference with electronic data a crime, with all its elements?"),
    "10.offence": _("Does the law make interference with a system a crime, with all its elements?"),
    "11.offence": _("Does the law make misuse of devices a crime, with all its elements?"),
    "12.offence": _("Does the law make forgery by means of systems a crime, with all its elements?"),
    "13.offence": _("Does the law make theft or fraud by means of systems a crime, with all its elements?"),
    "14.offence": _("Does the law make online material of child sexual abuse a crime, with all its elements?"),
    "15.offence": _("Does the law make solicitation or grooming of a child a crime, with all its elements?"),
    "16.offence": _(
        "Does the law make dissemination of intimate images without consent a crime, with all its elements?"
    ),
    "17.offence": _("Does the law make laundering of proceeds a crime, with all its elements?"),
    "18.legal-persons": _("Are legal persons liable?"),
    "19.attempt": _("Are participation and attempt punishable?"),
    "20.limitation": _("Is the period of limitation long enough?"),
    "21.sanctions": _("Do sanctions weigh with the offence, and are the rights of the defence secured?"),
    "22.jurisdiction": _("Is jurisdiction established over these offences?"),
    "24.safeguards": _("Are there safeguards and independent review for each power?"),
    "25.power": _("Can the authorities preserve stored data?"),
    "26.power": _("Can the authorities preserve traffic data and disclose them in part?"),
    "27.power": _("Can the authorities order the production of data?"),
    "28.power": _("Can the authorities search systems and seize data?"),
    "29.power": _("Can the authorities collect traffic data in real time?"),
    "30.power": _("Can the authorities intercept content data?"),
    "31.confiscation": _("Can proceeds be traced, frozen and confiscated?"),
    "33.witnesses": _("Are witnesses protected?"),
    "34.victims": _("Are victims helped and heard?"),
    "36.data-protection": _("Does the law protect personal data that are transferred?"),
    "37.extradition": _("Does the law provide for extradition for these offences?"),
    "40.central-authority": _("Is a central authority named?"),
    "40.languages": _("Are accepted languages known, and do requests go out in them?"),
    "40.custody": _("Is the chain of custody of electronic evidence unbroken?"),
    "40.complete": _("Do requests go out complete?"),
    "40.in-time": _("Are requests answered in time?"),
    "41.contact-point": _("Is a 24/7 point of contact named?"),
    "41.answers": _("Does the 24/7 point of contact answer at every hour?"),
    "41.trained": _("Is the staff of the 24/7 point of contact trained?"),
    "41.equipped": _("Is the 24/7 point of contact equipped?"),
    "42.preserves": _("Can data be preserved at another State's request, before they are lost?"),
    "43.traffic": _("Can preserved traffic data be disclosed to another State?"),
    "44.stored-data": _("Can stored data be searched and disclosed at another State's request?"),
    "45.real-time": _("Can traffic data be collected in real time for another State?"),
    "46.content": _("Can content data be intercepted for another State, as far as the law allows?"),
    "47.police": _("Can the police work with the police of other States?"),
    "48.joint": _("Can joint investigations be agreed?"),
    "49.foreign-orders": _("Can another State's orders of confiscation be carried out?"),
    "50.freezing": _("Can property be traced and frozen at another State's request?"),
    "53.policy": _("Is there a policy of prevention?"),
    "53.public-reports": _("Can the public report crimes, also without a name?"),
    "54.training": _("Are there programmes of training for those who work on these cases?"),
    "54.forensics": _("Can seized devices and data be examined?"),
    "54.investigators": _("Are there investigators who know these offences?"),
    "55.statistics": _("Are statistics kept and shared?"),
}
"""The questions of the self-assessment."""
