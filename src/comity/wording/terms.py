"""What the things of the law are called: measures, scopes, offences and their elements, grounds, duties, clocks, fields.

Keys are the ids of the law books and of the casework room; every id that a book uses has its word here (a test sees to
it). Words stand in the middle of a sentence unless they name a thing by itself, as measures do.
"""

from __future__ import annotations

from typing import Final

from comity.wording import marked as _

Terms = dict[str, str]
NONE: Final = _("none")
YES: Final = _("yes")
NO: Final = _("no")
FROM: Final = _("from")
UNTIL: Final = _("until")
FOR_LIFE: Final = _("for life")
NO_PRISON: Final = _("no deprivation of liberty")
NO_DECISION: Final = _("These are findings and questions. They decide nothing: an officer does.")
NOT_LAW: Final = _("These lines are summaries in our own words. They are not legal text.")
SILENT: Final = _("? means that the book is silent. It does not mean no.")
PROVISIONS: Final = _("Provisions")
NOT_COVERED: Final = _("Not covered")
ASKED_BEYOND: Final = _("Asked beyond the treaty")
MAXIMUM: Final = _("Maximum penalty")
SERIOUS: Final = _("Serious crime")
AUTHORISED_BY: Final = _("Authorised by")
REFUSES: Final = _("When it refuses")
LANGUAGES: Final = _("Languages accepted")
AUTHORITIES: Final = _("Authorities published")
PERIODS: Final = _("Periods")
KEPT: Final = _("Data kept by providers")
BONDS: Final[Terms] = {
    "binds": _("In force between the two since %(since)s at the latest."),
    "not-yet": _("Not in force on this day: %(deposits)s of %(needed)s deposits are reported (as known on %(known)s)."),
    "not-party": _("In force, but it does not bind: %(states)s (as known on %(known)s)."),
    "left": _("%(states)s has left it."),
    "unverified": _("It cannot be told: deposits are not verified, or the list is too old (as known on %(known)s)."),
    "no-treaty": _("No treaty: what is open, and on which conditions, is for each State’s own law."),
}

MEASURES: Final[Terms] = {
    "preservation": _("Expedited preservation of data"),
    "traffic-disclosure": _("Disclosure of preserved traffic data"),
    "stored-data": _("Disclosure of stored data"),
    "real-time-traffic": _("Collection of traffic data in real time"),
    "interception": _("Interception of content data"),
    "production-order": _("Giving effect to an order for production"),
    "emergency-data": _("Data to avert an emergency"),
    "statements": _("Evidence or statements from persons"),
    "service": _("Service of documents"),
    "search": _("Search and seizure"),
    "examination": _("Examination of objects and sites"),
    "expert-evidence": _("Information and expert evaluation"),
    "records": _("Documents and records"),
    "tracing": _("Tracing of proceeds and property"),
    "appearance": _("Voluntary appearance of a person"),
    "video-hearing": _("Hearing by video"),
    "prisoner-transfer": _("Transfer of a person in custody to testify"),
    "other-assistance": _("Other assistance"),
    "contact-point": _("Help by the 24/7 point of contact"),
    "extradition": _("Extradition"),
    "provisional-arrest": _("Provisional arrest"),
    "sentenced-person": _("Transfer of a sentenced person"),
    "proceedings": _("Transfer of criminal proceedings"),
    "jurisdiction": _("Consultation on jurisdiction"),
    "police-cooperation": _("Police cooperation"),
    "joint-investigation": _("Joint investigation"),
    "freezing": _("Freezing of property"),
    "confiscation": _("Confiscation"),
    "return": _("Return or disposal of confiscated property"),
    "spontaneous-information": _("Information without a request"),
    "onward-transfer": _("Consent to pass on or to other use"),
}
SCOPES: Final[Terms] = {
    "A": _("An offence of the treaty"),
    "B": _("Electronic evidence of an offence of the treaty"),
    "C": _("Electronic evidence of another serious crime (maximum of at least four years)"),
    "D": _("Electronic evidence of any other crime"),
}
CATEGORIES: Final[Terms] = {
    "subscriber": _("Subscriber information"),
    "traffic": _("Traffic data"),
    "content": _("Content data"),
    "other": _("Other electronic data"),
}
URGENCY_SHORT: Final[Terms] = {
    "ordinary": _("as ordinary"),
    "urgent": _("as urgent"),
    "emergency": _("as an emergency"),
}
ACCOUNT_KINDS: Final[Terms] = {
    "email": _("E-mail address"),
    "ip": _("IP address"),
    "phone": _("Telephone number"),
    "url": _("Web address"),
    "account": _("User account"),
    "other": _("Other identifier"),
}
OFFENCES: Final[Terms] = {
    "uncc:7": _("Illegal access"),
    "uncc:8": _("Illegal interception"),
    "uncc:9": _("Interference with electronic data"),
    "uncc:10": _("Interference with an ICT system"),
    "uncc:11": _("Misuse of devices"),
    "uncc:12": _("ICT-related forgery"),
    "uncc:13": _("ICT-related theft or fraud"),
    "uncc:14": _("Online child sexual abuse or exploitation material"),
    "uncc:15": _("Solicitation or grooming of a child"),
    "uncc:16": _("Non-consensual dissemination of intimate images"),
    "uncc:17": _("Laundering of proceeds of crime"),
    "uncc:19": _("Participation, attempt or preparation"),
}
CONTENTS: Final[Terms] = {
    "authority": _("the authority making the request"),
    "offence": _("the offence"),
    "facts": _("the facts"),
    "data": _("the data"),
    "link": _("the link between data and offence"),
    "location": _("the custodian or the place of the system"),
    "purpose": _("the purpose"),
    "follow-up": _("the intention to send a request for the data"),
    "subject": _("the subject and nature of the investigation"),
    "conducting": _("who conducts the investigation, and his or her functions"),
    "assistance": _("the help that is sought"),
    "identity": _("the persons or accounts"),
    "period": _("the period of the evidence"),
}
ELEMENTS: Final[Terms] = {
    "intent": _("intent"),
    "without-right": _("without right"),
    "access": _("access to a system"),
    "interception": _("interception"),
    "technical-means": _("technical means"),
    "non-public": _("non-public transmission"),
    "data-harm": _("harm to data"),
    "system-hindering": _("hindering of a system"),
    "criminal-purpose": _("purpose of committing an offence"),
    "tool": _("a tool"),
    "credential": _("a password or credential"),
    "number-of-items": _("a number of items"),
    "data-manipulation": _("manipulation of data"),
    "inauthentic-data": _("inauthentic data"),
    "property-loss": _("loss of property"),
    "dishonest-gain": _("intent of dishonest gain"),
    "system-interference": _("interference with a system"),
    "deception": _("deception of a person"),
    "knowledge-of-proceeds": _("knowledge that it is proceeds of crime"),
    "conversion": _("conversion or transfer"),
    "concealment": _("concealment"),
    "acquisition": _("acquisition, possession or use"),
    "security-measure": _("infringement of a security measure"),
    "dishonest-intent": _("dishonest intent"),
    "connected-system": _("a connected system"),
    "serious-harm": _("serious harm"),
    "ict-system": _("use of an ICT system"),
    "child-material": _("material of sexual abuse of a child"),
    "distribution": _("producing, offering or distributing"),
    "procuring": _("soliciting, procuring or accessing"),
    "possession": _("possession"),
    "financing": _("financing"),
    "visual-only": _("pictures only"),
    "existing-person": _("a child that really exists"),
    "child": _("a child"),
    "sexual-purpose": _("purpose of a sexual offence"),
    "solicitation": _("solicitation"),
    "grooming": _("grooming"),
    "arrangement": _("an arrangement"),
    "act-in-furtherance": _("an act in furtherance"),
    "intimate-image": _("an intimate image"),
    "no-consent": _("no consent of the person shown"),
    "intent-to-harm": _("intent to harm"),
    "convention-offence": _("an offence of the Convention"),
    "participation": _("participation"),
    "attempt": _("attempt"),
    "preparation": _("preparation"),
}
GROUNDS: Final[Terms] = {
    "form": _("the request does not meet the Convention’s form"),
    "essential-interests": _("sovereignty, security, public order or other essential interests"),
    "own-law-bars": _("our own law would bar the step for a similar domestic offence"),
    "legal-system": _("contrary to our legal system on mutual assistance"),
    "discrimination": _("substantial grounds to believe that the aim is discrimination"),
    "dual-criminality": _("the conduct is no offence here"),
    "de-minimis": _("a trivial matter"),
    "data-protection": _("personal data cannot be transferred under our law"),
    "dual-criminality-doubt": _("dual criminality is in doubt, and a reservation was made"),
    "ongoing-case": _("it would interfere with a proceeding here"),
    "fiscal": _("fiscal matters alone"),
    "bank-secrecy": _("bank secrecy"),
    "own-law": _("our own law"),
}
DUTIES: Final[Terms] = {
    "consult": _("consult before refusing or postponing"),
    "reasons": _("give reasons for a refusal"),
    "speed": _("act as quickly as possible"),
    "status": _("answer reasonable questions about progress"),
    "secrecy": _("keep the request secret if asked to"),
    "warn-preservation-fails": _("warn if preservation will not secure the data"),
    "authorisation": _("have an authorisation at home first"),
    "use-limit": _("use what is received for the stated purpose only"),
    "protect-data": _("protect personal data"),
    "onward-transfer": _("pass nothing on without authorisation"),
    "conditions": _("keep the conditions that were accepted"),
    "no-longer-needed": _("say when the help is no longer needed"),
}
CLOCKS: Final[Terms] = {
    "preservation": _("holding of preserved data"),
    "suggested": _("suggested deadline"),
}
SUBJECTS: Final[Terms] = {
    "no-dual-criminality": _("the conduct is no offence in both States"),
    "no-treaty": _("no treaty binds the two States"),
    "no-reciprocity": _("reciprocity is not assured"),
    "own-national": _("the person is a national of the requested State"),
    "below-minimum": _("the maximum penalty is below the minimum"),
    "death-penalty": _("the offence is punishable by death"),
    "political-offence": _("the offence is political"),
    "military-offence": _("the offence is purely military"),
    "double-jeopardy": _("the person was finally judged for the same conduct"),
    "discrimination": _("the aim is to pursue a person for who he or she is"),
    "torture-risk": _("the person risks torture or inhuman treatment"),
    "lapse-of-time": _("prosecution or penalty is barred by lapse of time"),
    "in-absentia": _("the person was judged in absence"),
    "de-minimis": _("the matter is trivial"),
    "fiscal-offence": _("the offence is fiscal"),
}
STANCES: Final[Terms] = {
    "must-refuse": _("it refuses"),
    "may-refuse": _("it may refuse"),
    "no-bar": _("that is no bar"),
}
AUTHORISERS: Final[Terms] = {
    "judge": _("a judge"),
    "prosecutor": _("a prosecutor"),
    "police": _("the police"),
    "minister": _("a minister"),
    "central-authority": _("the central authority"),
}
BEARERS: Final[Terms] = {
    "requesting": _("the requesting State"),
    "requested": _("the requested State"),
}
UNITS: Final[dict[str, tuple[str, str]]] = {
    "hour": (_("%(count)s hour"), _("%(count)s hours")),
    "day": (_("%(count)s day"), _("%(count)s days")),
    "working-day": (_("%(count)s working day"), _("%(count)s working days")),
    "week": (_("%(count)s week"), _("%(count)s weeks")),
    "month": (_("%(count)s month"), _("%(count)s months")),
    "year": (_("%(count)s year"), _("%(count)s years")),
}
VERDICTS: Final[Terms] = {
    "failed": _("To be mended"),
    "unknown": _("Questions for a person"),
    "passed": _("In order"),
}
SURENESS: Final[Terms] = {
    "V": _("checked against an authentic text"),
    "S": _("derived from a sister treaty; to be compared with the authentic text"),
    "M": _("not yet compared with the authentic text"),
    "?": _("doubtful; read the authentic text first"),
    "verified": _("verified against the official text"),
    "unverified": _("not verified against the official text"),
}
FIELDS: Final[Terms] = {
    "reference": _("Our reference"),
    "requesting": _("State that asks"),
    "requested": _("State that is asked"),
    "measure": _("Form of cooperation"),
    "basis": _("Legal basis"),
    "scope": _("Why the treaty applies"),
    "exercise": _("This is an exercise"),
    "follows": _("Earlier case that it stands on"),
    "authority": _("Authority making the request"),
    "conducting.name": _("Officer conducting the investigation"),
    "conducting.function": _("His or her functions"),
    "conducting.contact": _("How to reach this officer"),
    "subject": _("Subject and nature of the investigation"),
    "offence.code": _("Offence under the treaty"),
    "offence.label": _("What our law calls it"),
    "offence.provision": _("Provision of our law"),
    "offence.max_penalty_months": _("Maximum penalty, in months"),
    "offence.committed_on": _("Committed on"),
    "facts": _("Summary of the facts"),
    "assistance": _("What help is sought"),
    "procedure": _("Special procedure wanted"),
    "categories": _("Categories of data"),
    "link": _("Link between the data and the offence"),
    "custodian": _("Custodian of the data, or where the system is"),
    "accounts": _("Accounts and addresses"),
    "accounts.kind": _("Kind of identifier"),
    "accounts.value": _("Identifier"),
    "accounts.at": _("Moment of use, with offset from UTC"),
    "accounts.port": _("Source port"),
    "persons": _("Persons concerned"),
    "persons.name": _("Full name"),
    "persons.role": _("Role"),
    "persons.nationality": _("Nationality"),
    "persons.born": _("Born on"),
    "persons.whereabouts": _("Whereabouts"),
    "persons.description": _("Description or documents"),
    "persons.consent": _("Has agreed, informed of what it means"),
    "assets": _("Property"),
    "assets.description": _("What it is"),
    "assets.location": _("Where it is"),
    "assets.value": _("Estimated value, with currency"),
    "order.authority": _("Court or authority that made the decision"),
    "order.reference": _("Number of the decision"),
    "order.issued_on": _("Day of the decision"),
    "order.extent": _("What it orders, and how far it is to be carried out"),
    "order.final": _("The decision is final"),
    "order.notice": _("How third parties were notified"),
    "order.copy": _("An admissible copy comes with the request"),
    "order.sentence_months": _("Sentence imposed, in months"),
    "order.remaining_months": _("What is left to serve, in months"),
    "period_from": _("Evidence from"),
    "period_to": _("Evidence until"),
    "period_reason": _("Why the period has this length"),
    "documents": _("Documents"),
    "questions": _("Questions to be put"),
    "event_at": _("Planned time"),
    "event_place": _("Planned place"),
    "assurances": _("What our State undertakes"),
    "arrangement": _("How the joint work is arranged"),
    "others": _("Other States or organisations"),
    "conditions": _("Limits on the use"),
    "costs": _("Substantial costs foreseen"),
    "purpose": _("Purpose for which the evidence is sought"),
    "intends_request": _("A request for the data will follow"),
    "confidential": _("Keep the request secret and do not tell the user"),
    "urgency": _("How fast"),
    "urgency_reason": _("Why it is urgent"),
    "deadline": _("Suggested deadline"),
    "deadline_reason": _("Reason for the deadline"),
    "language": _("Language of the request"),
    "rights": _("Rights and safeguards"),
}
