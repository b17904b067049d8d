"""What things are called: stages, acts, measures, powers, in words that an officer would use.

All lazy, so that each page's language holds.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.wording import terms

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
MEASURE_ARTICLES: Final = {"preservation": "42", "stored-data": "44"}
SCOPE_ARTICLES: Final = {"A": "35(1)(a)", "B": "35(1)(b)", "C": "35(1)(c)"}
CATEGORY_HELP: Final[Words] = {
    "subscriber": _("Who holds the service: name, address, number, billing."),
    "traffic": _("Where a communication came from and went, when and how long."),
    "content": _("What was said: text, sound, pictures. The strictest category."),
    "other": _("Anything else, such as logs or files."),
}
URGENCIES: Final[Words] = {
    "ordinary": _("Ordinary"),
    "urgent": _("Urgent"),
    "emergency": _("Emergency: significant and imminent risk to life or safety"),
}
LANGUAGES: Final = ("en", "fa", "ar", "vi", "fr", "es", "ru", "zh")

POWERS: Final[Words] = {
    "draft": _("draft requests"),
    "approve": _("approve what leaves"),
    "decide": _("decide on other States’ requests"),
    "authorise": _("authorise measures at home"),
    "execute": _("carry out, verify and close"),
}
ROLES: Final[Words] = {
    "central": _("Central authority"),
    "contact": _("24/7 point of contact"),
}

# Where a case stands, as the State on that side knows it.
STAGES: Final[dict[tuple[str, str], Promise]] = {
    ("requesting", "new"): _("Not yet drafted"),
    ("requesting", "draft"): _("Draft"),
    ("requesting", "ready"): _("Approved, ready to send"),
    ("requesting", "open"): _("Sent, waiting for a decision"),
    ("requesting", "queried"): _("More information asked for"),
    ("requesting", "redraft"): _("Answer being drafted"),
    ("requesting", "reready"): _("Answer approved, ready to send"),
    ("requesting", "postponed"): _("Postponed by the other State"),
    ("requesting", "accepted"): _("Accepted, being carried out"),
    ("requesting", "preserved"): _("Data preserved"),
    ("requesting", "disclosed"): _("Evidence disclosed, to be verified"),
    ("requesting", "verified"): _("Evidence verified"),
    ("requesting", "refused"): _("Refused"),
    ("requesting", "withdrawn"): _("Withdrawn"),
    ("requesting", "discarded"): _("Draft discarded"),
    ("requesting", "closing"): _("Closed here, the other State still to close"),
    ("requesting", "closed"): _("Closed"),
    ("requested", "open"): _("Received, to be decided"),
    ("requested", "queried"): _("More information asked for"),
    ("requested", "postponed"): _("Postponed"),
    ("requested", "accepted"): _("Accepted, to be carried out"),
    ("requested", "authorised"): _("Authorised"),
    ("requested", "ordered"): _("Provider ordered"),
    ("requested", "preserved"): _("Data preserved"),
    ("requested", "executed"): _("Evidence taken in"),
    ("requested", "disclosed"): _("Evidence disclosed"),
    ("requested", "refused"): _("Refused"),
    ("requested", "withdrawn"): _("Withdrawn by the other State"),
    ("requested", "closing"): _("Closed by the other State, to be closed here"),
    ("requested", "closed"): _("Closed"),
}

# Whose move it is. What may be done without need (withdraw, close early) makes it nobody's move.
_OURS: Final = {
    "requesting": {
        "new",
        "draft",
        "ready",
        "queried",
        "redraft",
        "reready",
        "disclosed",
        "verified",
        "refused",
        "withdrawn",
    },
    "requested": {"open", "postponed", "accepted", "authorised", "ordered", "executed", "closing"},
}
_NOBODYS: Final = {"requesting": {"preserved", "discarded", "closed"}, "requested": {"preserved", "closed"}}


def turn(side: str, stage: str) -> str:
    """``ours``, ``theirs`` or ``nobodys``: whose move it is in a case that stands at `stage`, seen from `side`."""
    if stage in _OURS[side]:
        return "ours"
    return "nobodys" if stage in _NOBODYS[side] else "theirs"


# What an act says, as the heading of its line in the history.
KINDS: Final[Words] = {
    "drafted": _("Request drafted"),
    "checked": _("Checked against the law books"),
    "approved": _("Approved"),
    "requested": _("Request sent"),
    "amended": _("Request amended"),
    "supplemented": _("Supplement sent"),
    "discarded": _("Draft discarded"),
    "withdrawn": _("Request withdrawn"),
    "verified": _("Evidence verified"),
    "assessed": _("Assessed against the law books"),
    "asked": _("More information asked for"),
    "consulted": _("Consultation opened"),
    "accepted": _("Request accepted"),
    "refused": _("Request refused"),
    "postponed": _("Request postponed"),
    "authorised": _("Domestic authorisation recorded"),
    "ordered": _("Provider ordered"),
    "preserved": _("Data preserved"),
    "executed": _("Evidence taken in"),
    "disclosed": _("Evidence disclosed"),
    "closed": _("Case closed"),
}
_BY_MEASURE: Final = ("preservation", "stored-data")
KIND_ARTICLES: Final[dict[str, dict[str, str]]] = {
    "requested": {"preservation": "42(3)", "stored-data": "40(15)"},
    "ordered": {"preservation": "25", "stored-data": "27"},
} | {
    kind: dict.fromkeys(_BY_MEASURE, article)
    for kind, article in {
        "supplemented": "40(16)",
        "withdrawn": "40(26)",
        "asked": "40(16)",
        "consulted": "40(28)",
        "accepted": "40(17)",
        "refused": "40(25)",
        "postponed": "40(27)",
        "authorised": "24(4)",
        "preserved": "42(8)",
        "disclosed": "44(1)",
    }.items()
}

# The verbs: what the button says, and what it does.
VERBS: Final[Words] = {
    "draft": _("Change the draft"),
    "check": _("Check against the law"),
    "approve": _("Approve"),
    "send": _("Seal and send"),
    "amend": _("Answer the questions"),
    "supplement": _("Seal and send the answer"),
    "discard": _("Discard the draft"),
    "withdraw": _("Withdraw"),
    "verify": _("Verify the evidence"),
    "assess": _("Assess against the law"),
    "ask": _("Ask for more information"),
    "consult": _("Consult the other State"),
    "accept": _("Accept"),
    "refuse": _("Refuse"),
    "postpone": _("Postpone"),
    "decide": _("Decide"),
    "authorise": _("Record the authorisation"),
    "order": _("Record the order to the provider"),
    "preserve": _("Report the data as preserved"),
    "execute": _("Take the delivery in"),
    "disclose": _("Seal and disclose"),
    "close": _("Close the case"),
}
VERB_HELP: Final[Words] = {
    "draft": _("Change what is asked. It has to be checked again afterwards."),
    "check": _("The machine compares the request with the Convention and both States’ law books. It decides nothing."),
    "approve": _("A second officer lets the request leave in the name of the State."),
    "send": _("The request is signed, sealed for the other State alone and put on its way, with its letter."),
    "amend": _("Change the request so that it answers what was asked; it is checked and approved again."),
    "supplement": _("The approved answer is signed, sealed and put on its way."),
    "discard": _("The request is not sent. Nothing leaves this State; the reference is not used again."),
    "withdraw": _("Say that the help is no longer needed."),
    "verify": _("Signatures, seal, list of exhibits and every single file are compared with what was announced."),
    "assess": _("The machine lists findings and open questions. It decides nothing."),
    "ask": _("Name what is missing or unclear; the other State answers with a supplement."),
    "consult": _("The Convention asks for consultation before a refusal or a postponement."),
    "decide": _("Accept, with conditions if needed, or refuse or postpone with reasons."),
    "accept": _("The help will be given, under conditions of use if there are any."),
    "refuse": _("On grounds that the law books know, with reasons, after consultation."),
    "postpone": _("Because it would interfere with a proceeding here, with reasons, after consultation."),
    "authorise": _(
        "What the court or other independent authority decided. Who decided on the request does not record it."
    ),
    "order": _("The domestic order to whoever holds the data."),
    "preserve": _(
        "Tell the other State that the data are held. Under the Convention a period of at least 60 days runs from then."
    ),
    "execute": _("What the provider delivered is read once, hashed, listed and locked in the vault."),
    "disclose": _("What was taken in is sealed for the requesting State alone, with its conditions of use."),
    "close": _("End the case on this side and tell the other State."),
}

VERB_DONE: Final[Words] = {
    "draft": _("The draft is saved."),
    "check": _("Checked. The findings stand below."),
    "approve": _("Approved. It can be sealed and sent now."),
    "send": _("Sealed and put on its way."),
    "amend": _("The amended request is saved. It has to be checked and approved again."),
    "supplement": _("The answer is sealed and put on its way."),
    "discard": _("Discarded. Nothing was sent."),
    "withdraw": _("Withdrawn; the other State is told."),
    "verify": _("The verification has been ordered."),
    "assess": _("Assessed. The findings stand below; the decision is yours."),
    "ask": _("The questions are sealed and put on their way."),
    "consult": _("The consultation is sealed and put on its way."),
    "accept": _("Accepted; the other State is told."),
    "refuse": _("Refused; the other State is told the reasons."),
    "postpone": _("Postponed; the other State is told the reasons."),
    "authorise": _("The authorisation is recorded."),
    "order": _("The order is recorded."),
    "preserve": _("Reported as preserved; the period runs."),
    "execute": _("The taking in has been ordered."),
    "disclose": _("The sealing has been ordered; when it is done, the evidence is disclosed."),
    "close": _("Closed on this side."),
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
# The steps of a case as a line across the page: what each side sees of it.
WALKS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("requesting", "preservation"): ("drafted", "approved", "requested", "accepted", "preserved", "closed"),
    ("requesting", "stored-data"): (
        "drafted",
        "approved",
        "requested",
        "accepted",
        "disclosed",
        "verified",
        "closed",
    ),
    ("requested", "preservation"): ("requested", "assessed", "accepted", "ordered", "preserved", "closed"),
    ("requested", "stored-data"): (
        "requested",
        "assessed",
        "accepted",
        "authorised",
        "ordered",
        "executed",
        "disclosed",
        "closed",
    ),
}
WALK_WORDS: Final[Words] = {
    "drafted": _("Draft"),
    "approved": _("Approval"),
    "requested": _("Request"),
    "assessed": _("Assessment"),
    "accepted": _("Decision"),
    "authorised": _("Authorisation"),
    "ordered": _("Order"),
    "preserved": _("Preservation"),
    "executed": _("Taking in"),
    "disclosed": _("Disclosure"),
    "verified": _("Verification"),
    "closed": _("Closure"),
    "refused": _("Refusal"),
    "postponed": _("Postponement"),
    "withdrawn": _("Withdrawal"),
    "discarded": _("Discarded"),
}
