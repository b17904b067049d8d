"""What the stages, acts and verbs of a case are called: by how it can run, and by its measure where that has words of its own.

Tables hold the usual word under its key, and what a life or a measure calls it instead under ``(life or measure, key)``.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.casework.lifecycle import Case, Kind, Stage
from comity.casework.measure import GROUPS, LIVES, Life, Measure
from comity.wording import labels

Called = dict[str | tuple[str, str], Promise]
_DATA: Final = tuple(sorted(str(measure) for measure in GROUPS["data"]))
_POLICE: Final = str(Measure.POLICE_COOPERATION)
_HOLD, _DEED, _NOTICE, _CONSENT = (str(life) for life in (Life.HOLD, Life.DEED, Life.NOTICE, Life.CONSENT))


def called(table: Called, key: str, measure: Measure) -> str | Promise:
    """What `key` is called in a case of `measure`; the key itself where the table has no word."""
    for name in ((str(measure), key), (str(LIVES[measure]), key), key):
        if name in table:
            return table[name]
    return key


def _data(key: str, text: Promise) -> Called:
    """The word for `key` where the measure is about data."""
    return {(measure, key): text for measure in _DATA}


# Where a case stands, as the State on that side knows it: keys are ``side stage``, with `` part`` while a rest is due.
STAGES: Final[Called] = {
    "requesting new": _("Not yet drafted"),
    "requesting draft": _("Draft"),
    "requesting ready": _("Approved, ready to send"),
    "requesting open": _("Sent, waiting for a decision"),
    "requesting queried": _("More information asked for"),
    "requesting redraft": _("Answer being drafted"),
    "requesting reready": _("Answer approved, ready to send"),
    "requesting postponed": _("Postponed by the other State"),
    "requesting accepted": _("Accepted, being carried out"),
    "requesting preserved": _("Data preserved"),
    "requesting disclosed": _("Evidence disclosed, to be verified"),
    "requesting disclosed part": _("Part disclosed, to be verified"),
    "requesting verified": _("Evidence verified"),
    "requesting verified part": _("Part verified, the rest is due"),
    "requesting performed": _("Done and reported"),
    "requesting performed part": _("Done in part, the rest is due"),
    "requesting refused": _("Refused"),
    "requesting withdrawn": _("Withdrawn"),
    "requesting discarded": _("Draft discarded"),
    "requesting closing": _("Closed here, the other State still to close"),
    "requesting closed": _("Closed"),
    "requested open": _("Received, to be decided"),
    "requested queried": _("More information asked for"),
    "requested postponed": _("Postponed"),
    "requested accepted": _("Accepted, to be carried out"),
    "requested authorised": _("Authorised"),
    "requested ordered": _("Ordered"),
    "requested preserved": _("Data preserved"),
    "requested executed": _("Evidence taken in"),
    "requested disclosed": _("Evidence disclosed"),
    "requested disclosed part": _("Part disclosed, the rest is due"),
    "requested performed": _("Done and reported"),
    "requested performed part": _("Done in part, the rest is due"),
    "requested refused": _("Refused"),
    "requested withdrawn": _("Withdrawn by the other State"),
    "requested closing": _("Closed by the other State, to be closed here"),
    "requested closed": _("Closed"),
    **_data("requested ordered", _("Provider ordered")),
    (_HOLD, "requesting accepted"): _("Accepted, data to be preserved"),
    (_NOTICE, "requesting open"): _("Sent, not yet taken note of"),
    (_NOTICE, "requesting accepted"): _("Taken note of"),
    (_NOTICE, "requesting refused"): _("Returned by the other State"),
    (_NOTICE, "requested open"): _("Received, to be taken note of"),
    (_NOTICE, "requested accepted"): _("Taken note of"),
    (_NOTICE, "requested refused"): _("Returned"),
    (_CONSENT, "requesting open"): _("Asked, waiting for an answer"),
    (_CONSENT, "requesting accepted"): _("Consent given"),
    (_CONSENT, "requesting refused"): _("Consent withheld or revoked"),
    (_CONSENT, "requested accepted"): _("Consent given"),
    (_CONSENT, "requested refused"): _("Consent withheld or revoked"),
    (_POLICE, "requesting disclosed"): _("Information disclosed, to be verified"),
    (_POLICE, "requesting verified"): _("Information verified"),
    (_POLICE, "requested executed"): _("Information taken in"),
    (_POLICE, "requested disclosed"): _("Information disclosed"),
}
_IN_PART: Final = frozenset({Stage.DISCLOSED, Stage.VERIFIED, Stage.PERFORMED})


def standing(case: Case, side: str) -> str | Promise:
    """Where the case stands, in words."""
    part = " part" if case.stage in _IN_PART and case.rest else ""
    return called(STAGES, f"{side} {case.stage}{part}", case.measure)


# Whose move it is. What may be done without need (withdraw, close early) makes it nobody's move.
_OURS: Final = {
    "requesting": {"new", "draft", "ready", "queried", "redraft", "reready", "disclosed", "refused", "withdrawn"},
    "requested": {"open", "postponed", "accepted", "authorised", "ordered", "executed", "closing"},
}
_NOBODYS: Final = {"requesting": {"preserved", "discarded", "closed"}, "requested": {"preserved", "closed"}}
_ANSWERED: Final = frozenset({Life.NOTICE, Life.CONSENT})


def turn(case: Case, side: str) -> str:
    """``ours``, ``theirs`` or ``nobodys``: whose move it is in the case, seen from `side`."""
    stage = str(case.stage)
    if _owed(case, side):
        return "ours"
    if case.life in _ANSWERED and stage == "accepted":
        return "ours" if (case.life, side) == (Life.NOTICE, "requesting") else "nobodys"
    if stage in ("verified", "performed", "disclosed") and (side == "requested" or stage != "disclosed"):
        ours = bool(case.rest) if side == "requested" else not case.rest
        return "ours" if ours else "theirs"
    if stage in _OURS[side]:
        return "ours"
    return "nobodys" if stage in _NOBODYS[side] else "theirs"


def _owed(case: Case, side: str) -> bool:
    """Whether this side owes the other a word, whatever the stage."""
    if not runs(case):
        return False
    if side == "requested":
        return bool(case.enquiry or case.asked_to_extend)
    return bool(case.consultation) or not_agreed(case) or any(not case.verified(said) for said in case.returns)


_OVER: Final = frozenset({Stage.CLOSING, Stage.CLOSED, Stage.DISCARDED, Stage.WITHDRAWN, Stage.REFUSED})


def runs(case: Case) -> bool:
    """Whether something can still be asked for, given or done in the case."""
    return case.stage not in _OVER


def not_agreed(case: Case) -> bool:
    """Whether the requesting State has still to agree to the conditions; information was told under its sender's own."""
    return case.life is not Life.NOTICE and runs(case) and not case.agreed


# What an act says, as the heading of its line in the history.
KINDS: Final[Called] = {
    **{kind: _(text) for kind, text in labels.KINDS.items()},
    "received": _("Request received"),
    "supplement received": _("Supplement received"),
    **_data("ordered", _("Provider ordered")),
    (_NOTICE, "drafted"): _("Information drafted"),
    (_NOTICE, "requested"): _("Information sent"),
    (_NOTICE, "received"): _("Information received"),
    (_NOTICE, "withdrawn"): _("Information withdrawn"),
    (_NOTICE, "accepted"): _("Taken note of, under its conditions"),
    (_NOTICE, "refused"): _("Information returned"),
    (_CONSENT, "requested"): _("Consent asked for"),
    (_CONSENT, "accepted"): _("Consent given"),
    (_CONSENT, "refused"): _("Consent withheld or revoked"),
    (_POLICE, "executed"): _("Information taken in"),
    (_POLICE, "disclosed"): _("Information disclosed"),
    (_POLICE, "verified"): _("Information verified"),
}
_RECEIVED: Final = {Kind.REQUESTED: "received", Kind.SUPPLEMENTED: "supplement received"}


def heading(kind: Kind, measure: Measure, *, own: bool) -> str | Promise:
    """What an act of `kind` is called at the State that said it (`own`), or at the other."""
    return called(KINDS, str(kind) if own else _RECEIVED.get(kind, str(kind)), measure)


# The verbs: what the button says, and what it does.
VERBS: Final[Called] = {
    "draft": _("Change the draft"),
    "check": _("Check against the law"),
    "approve": _("Approve"),
    "send": _("Seal and send"),
    "amend": _("Answer the questions"),
    "supplement": _("Seal and send the answer"),
    "discard": _("Discard the draft"),
    "withdraw": _("Withdraw"),
    "agree": _("Agree to the conditions"),
    "reply": _("Answer the consultation"),
    "enquire": _("Ask how the case stands"),
    "ask-extension": _("Ask for more time"),
    "discharge": _("Say that a person was told that he or she may go"),
    "hinder": _("Say that a person could not leave"),
    "end-safe-conduct": _("Say how safe conduct ended"),
    "verify": _("Verify the evidence"),
    "release": _("Release the material"),
    "assess": _("Assess against the law"),
    "ask": _("Ask for more information"),
    "consult": _("Consult the other State"),
    "report": _("Report progress"),
    "accept": _("Accept"),
    "accept again": _("Decide on other conditions"),
    "refuse": _("Refuse"),
    "refuse rest": _("Refuse the rest"),
    "postpone": _("Postpone"),
    "decide": _("Decide"),
    "authorise": _("Record the authorisation"),
    "order": _("Record the order"),
    "preserve": _("Report the data as preserved"),
    "extend": _("Grant more time"),
    "refuse-extension": _("Refuse more time"),
    "execute": _("Take the delivery in"),
    "disclose": _("Seal and disclose"),
    "perform": _("Report what was done"),
    "meet": _("Record as met"),
    "escalate": _("Escalate"),
    "waive": _("Waive"),
    "close": _("Close the case"),
    **_data("order", _("Record the order to the provider")),
    (_NOTICE, "accept"): _("Take note, under these conditions"),
    (_NOTICE, "refuse"): _("Return it"),
    (_NOTICE, "decide"): _("Take note or return it"),
    (_NOTICE, "release"): _("Release the information"),
    (_CONSENT, "accept"): _("Consent"),
    (_CONSENT, "refuse"): _("Do not consent"),
    (_CONSENT, "refuse rest"): _("Revoke the consent"),
    (_CONSENT, "decide"): _("Consent or not"),
    (_POLICE, "verify"): _("Verify the information"),
}
VERB_HELP: Final[Called] = {
    "draft": _("Change what is asked. It has to be checked again afterwards."),
    "check": _("The machine compares the request with the treaty and both States’ law books. It decides nothing."),
    "approve": _("A second officer lets the request leave in the name of the State."),
    "send": _("The request is signed, sealed for the other State alone and put on its way, with its letter."),
    "amend": _("Change the request so that it answers what was asked; it is checked and approved again."),
    "supplement": _("The approved answer is signed, sealed and put on its way."),
    "discard": _("The request is not sent. Nothing leaves this State; the reference is not used again."),
    "withdraw": _("Say that the help is no longer needed."),
    "agree": _(
        "The conditions bind this State from then on. Until it agrees, nothing is given. Who cannot agree, withdraws."
    ),
    "reply": _("The other State wants to settle something before it decides or goes on."),
    "enquire": _("The other State answers reasonable questions about progress."),
    "ask-extension": _("More time must be asked for before the period ends. The other State grants it or not."),
    "discharge": _(
        "The presence is no longer needed: safe conduct runs from when the person was told, and both States see it."
    ),
    "hinder": _("Who could not leave has the whole period anew, from when he or she can."),
    "end-safe-conduct": _("The person left, came back freely, or stayed until the time ran out."),
    "verify": _("Signatures, seal, list of exhibits and every single file are compared with what was announced."),
    "release": _("Say who gets what came back, for what, and under which conditions. Only then is its key handed out."),
    "assess": _("The machine lists findings and open questions. It decides nothing."),
    "ask": _("Name what is missing or unclear; the other State answers with a supplement."),
    "consult": _("The treaty asks for consultation before a refusal or a postponement; it is open at any time."),
    "report": _("Tell the other State how its request stands, asked or unasked."),
    "decide": _("Accept, with conditions if needed, or refuse or postpone with reasons."),
    "accept": _("The help will be given, under conditions of use if there are any."),
    "accept again": _("Only before something was carried out. The other State has to agree to the new conditions."),
    "refuse": _("On grounds that the law books know, with reasons, after consultation."),
    "refuse rest": _("What is still due will not be given. What was given stays given."),
    "postpone": _("Because it would interfere with a proceeding here, with reasons, after consultation."),
    "authorise": _(
        "What the court or other independent authority decided. Who decided on the request does not record it."
    ),
    "order": _("The domestic order by which it is carried out."),
    "preserve": _(
        "Tell the other State that the data are held. Under the Convention a period of at least 60 days runs from then."
    ),
    "extend": _("The other State asked for it in time."),
    "refuse-extension": _("The period ends when it would have ended. The reasons are sent."),
    "execute": _("What was delivered is read once, hashed, listed and locked in the vault."),
    "disclose": _("What was taken in is sealed for the requesting State alone, with its conditions of use."),
    "perform": _("Tell the other State what was done and when, and what is still missing."),
    "meet": _("What was due has been done. It is recorded with your name."),
    "escalate": _("The deadline is, or will be, missed: say who was told."),
    "waive": _("The deadline does not matter here any more: say why."),
    "close": _("End the case on this side and tell the other State."),
    **_data("order", _("The domestic order to whoever holds the data.")),
    (_NOTICE, "approve"): _("A second officer lets the information leave in the name of the State."),
    (_NOTICE, "send"): _("The information is signed, sealed for the other State alone and put on its way."),
    (_NOTICE, "withdraw"): _("Say that the information is not to be relied on."),
    (_NOTICE, "decide"): _("Take note of it and keep its conditions, or return it."),
    (_NOTICE, "accept"): _("The information may be used here, under the conditions that came with it."),
    (_NOTICE, "refuse"): _("The information is not used here. The sender is told why."),
    (_NOTICE, "release"): _("Say who gets the information, and under which conditions."),
    (_CONSENT, "decide"): _("Consent, with conditions if needed, or do not, with reasons."),
    (_CONSENT, "accept"): _("What was given may be passed on or used as asked, under these conditions."),
    (_CONSENT, "refuse"): _("What was given stays under its conditions."),
    (_CONSENT, "refuse rest"): _("From then on nothing is released under this consent."),
}
VERB_DONE: Final[Called] = {
    "draft": _("The draft is saved."),
    "check": _("Checked. The findings stand below."),
    "approve": _("Approved. It can be sealed and sent now."),
    "send": _("Sealed and put on its way."),
    "amend": _("The amended request is saved. It has to be checked and approved again."),
    "supplement": _("The answer is sealed and put on its way."),
    "discard": _("Discarded. Nothing was sent."),
    "withdraw": _("Withdrawn; the other State is told."),
    "agree": _("Agreed; the other State is told."),
    "reply": _("The answer is sealed and put on its way."),
    "enquire": _("The question is sealed and put on its way."),
    "ask-extension": _("Asked for; the other State decides."),
    "discharge": _("Recorded; safe conduct runs, and the other State is told."),
    "hinder": _("Recorded; the other State is told."),
    "end-safe-conduct": _("Recorded; the other State is told."),
    "verify": _("The verification has been ordered."),
    "release": _("Recorded. The key can be handed out now."),
    "assess": _("Assessed. The findings stand below; the decision is yours."),
    "ask": _("The questions are sealed and put on their way."),
    "consult": _("The consultation is sealed and put on its way."),
    "report": _("The report is sealed and put on its way."),
    "accept": _("Accepted; the other State is told."),
    "refuse": _("Refused; the other State is told the reasons."),
    "postpone": _("Postponed; the other State is told the reasons."),
    "authorise": _("The authorisation is recorded."),
    "order": _("The order is recorded."),
    "preserve": _("Reported as preserved; the period runs."),
    "extend": _("Granted; the other State is told."),
    "refuse-extension": _("Refused; the other State is told the reasons."),
    "execute": _("The taking in has been ordered."),
    "disclose": _("The sealing has been ordered; when it is done, the evidence is disclosed."),
    "perform": _("Reported; the other State is told."),
    "meet": _("Recorded as met."),
    "escalate": _("Recorded as escalated."),
    "waive": _("Recorded as waived."),
    "close": _("Closed on this side."),
    (_NOTICE, "accept"): _("Taken note of; the sender is told."),
    (_NOTICE, "refuse"): _("Returned; the sender is told why."),
    (_NOTICE, "release"): _("Recorded."),
    (_CONSENT, "accept"): _("Consent given; the other State is told."),
    (_CONSENT, "refuse"): _("Consent withheld; the other State is told the reasons."),
}


def variant(case: Case, verb: str) -> str:
    """The key of `verb` as it is meant now: what was given or accepted already gives a decision another meaning."""
    given = case.last(Kind.DISCLOSED, Kind.PERFORMED) is not None
    if verb == "refuse" and (given or (case.life is Life.CONSENT and case.consents)):
        return "refuse rest"
    return "accept again" if verb == "accept" and case.stage is Stage.ACCEPTED else verb


# The steps of a case as a line across the page.
WALK_WORDS: Final[Called] = {
    "drafted": _("Draft"),
    "approved": _("Approval"),
    "requested": _("Request"),
    "assessed": _("Assessment"),
    "accepted": _("Decision"),
    "agreed": _("Agreement"),
    "authorised": _("Authorisation"),
    "ordered": _("Order"),
    "preserved": _("Preservation"),
    "executed": _("Taking in"),
    "disclosed": _("Disclosure"),
    "verified": _("Verification"),
    "performed": _("Carrying out"),
    "closed": _("Closure"),
    "refused": _("Refusal"),
    "postponed": _("Postponement"),
    "withdrawn": _("Withdrawal"),
    "discarded": _("Discarded"),
    (_NOTICE, "requested"): _("Transmission"),
    (_NOTICE, "accepted"): _("Taking note"),
    (_NOTICE, "refused"): _("Returning"),
    (_CONSENT, "accepted"): _("Answer"),
    (_CONSENT, "refused"): _("No consent"),
}
WALKS: Final[dict[str, tuple[str, ...]]] = {
    "requesting": ("drafted", "approved", "requested", "accepted", "agreed", "preserved", "disclosed", "verified",
                   "performed", "closed"),
    "requested": ("requested", "assessed", "accepted", "agreed", "authorised", "ordered", "preserved", "executed",
                  "disclosed", "performed", "closed"),
}  # fmt: skip
"""Every step that a side may see, in order; which of them a case has is for its table to say."""
