"""The sentences for what the law room says: findings, what to do, and the names of the rules.

The law room speaks in codes, so that it has no language. Keys are finding codes (``content.missing``), remedies
(``remedy.fill-in``) and rules (``rule.basis``). The words for their parameters stand in `terms`.
"""

from __future__ import annotations

from typing import Final

from comity.wording import marked as _

FINDINGS: Final[dict[str, str]] = {
    # What a rule found
    "basis.in-force": _("%(basis)s is in force between the two States since %(since)s and can carry this request."),
    "basis.exercise": _(
        "This is an exercise under %(basis)s on %(date)s: no real assistance is asked for and no real data may "
        "be given."
    ),
    "basis.not-in-force": _(
        "%(basis)s is not in force on %(date)s: %(deposits)s of %(needed)s deposits are reported (as known on "
        "%(known)s). It cannot carry a real request."
    ),
    "basis.not-party": _(
        "%(basis)s is in force, but on %(date)s it does not bind: %(states)s. It cannot carry a real request "
        "between the two."
    ),
    "basis.left": _(
        "%(basis)s has been left by %(states)s, and on %(date)s this has taken effect. It cannot carry a new request "
        "between the two."
    ),
    "basis.precluded": _(
        "By an objection to a reservation, %(basis)s does not bind the two States to each other on %(date)s. It cannot carry "
        "a real request between them."
    ),
    "basis.objected": _(
        "Whether %(basis)s binds the two States to each other on %(date)s hangs on an objection that is not verified. "
        "A person must check with the depositary."
    ),
    "basis.unverified": _(
        "Whether %(basis)s binds the two States on %(date)s rests on deposits that are not verified (as known on "
        "%(known)s). A person must check with the depositary."
    ),
    "basis.no-treaty": _(
        "No treaty carries this request. Whether the requested State may help on comity or reciprocity is for "
        "its own law."
    ),
    "exercise.declared": _("The request says plainly that it is an exercise; nobody may take it for a real one."),
    "exercise.emergency": _(
        "The request is an exercise and yet claims an emergency. Nobody may be misled about a danger to life."
    ),
    "exercise.in-force": _(
        "The request is marked as an exercise although its legal basis really binds the two States. Make sure "
        "that nothing real is sought."
    ),
    "other-treaty.listed": _(
        "The books list a treaty on legal assistance between %(requesting)s and %(requested)s. If it is in "
        "force, its rules come first, unless both agree to use the Convention's instead."
    ),
    "other-treaty.none-listed": _(
        "The books list no treaty on legal assistance between %(requesting)s and %(requested)s. That proves "
        "nothing: check whether there is one, since its rules would come first."
    ),
    "other-treaty.in-force": _(
        "%(treaty)s also binds %(requesting)s and %(requested)s, and provides for this measure. Its rules come first, "
        "unless both agree to use those of the basis chosen."
    ),
    "other-treaty.unverified": _(
        "%(treaty)s may also bind %(requesting)s and %(requested)s, and provides for this measure; its deposits are not "
        "verified. If it is in force, its rules come first."
    ),
    "reservation.excludes-offence": _(
        "%(state)s has by reservation not accepted Article %(article)s. Between these two States the treaty does "
        "not reach this offence."
    ),
    "reservation.excludes-measure": _(
        "%(state)s has by reservation not accepted Article %(article)s. Between these two States the treaty does "
        "not give this measure."
    ),
    "reservation.unverified": _(
        "%(state)s is reported not to have accepted Article %(article)s; this is not verified. If it is so, the "
        "treaty does not carry this request between these two States."
    ),
    "reservation.declaration": _(
        "%(state)s has declared something on Article %(article)s. A person must read it and say what it means here."
    ),
    "scope.convention-offence": _("The request is about %(offence)s, an offence of the treaty (scope: %(scope)s)."),
    "scope.no-offence": _("This scope (%(scope)s) needs an offence of the treaty, and the request names none."),
    "scope.measure-closed": _("This measure (%(measure)s) is not open for this scope (%(scope)s)."),
    "scope.not-governed": _(
        "Without a treaty nothing says for which offences this measure (%(measure)s) is open; the requested "
        "State's own law does."
    ),
    "scope.serious": _(
        "The maximum penalty is %(months)s, verified in the requesting State's law book: the crime is serious (at "
        "least %(least)s)."
    ),
    "scope.serious-as-stated": _(
        "The requesting authority states a maximum penalty of %(months)s: the crime is serious as stated (at least "
        "%(least)s). No verified line of its law book confirms the figure."
    ),
    "scope.not-serious": _(
        "The maximum penalty is %(months)s; a crime is serious from %(least)s. The treaty does not reach it."
    ),
    "scope.penalty-unstated": _("The maximum penalty is not stated, so nobody can tell whether the crime is serious."),
    "scope.serious-unverified": _(
        "The request states no maximum penalty. The law book gives %(months)s, but this line is not verified."
    ),
    "scope.penalty-differs": _(
        "The request states a maximum of %(months)s; the requesting State's law book has %(known)s, verified. One of "
        "the two is wrong."
    ),
    "scope.penalty-differs-unverified": _(
        "The request states a maximum of %(months)s; the requesting State's law book has %(known)s, not verified. A "
        "person must check which is right."
    ),
    "scope.any-crime": _(
        "This measure (%(measure)s) is open for electronic evidence of any crime, however light (scope: %(scope)s)."
    ),
    "content.present": _("The request says: %(content)s."),
    "content.missing": _(
        "Required and missing: %(content)s. Without it the request can be returned. To fill in: %(missing)s."
    ),
    "content.question": _(
        "Asked for where applicable, and not stated: %(content)s. If it matters here, fill in: %(missing)s."
    ),
    "identifiers.complete": _("Identifier %(number)s (%(kind)s) can be searched for."),
    "identifiers.incomplete": _(
        "Identifier %(number)s is an IP address without: %(missing)s. Many people share an address; only time, "
        "UTC offset and port tell them apart."
    ),
    "identifiers.malformed": _(
        "Identifier %(number)s does not look like this kind: %(kind)s. A provider would find nothing, or somebody else."
    ),
    "identifiers.empty": _("Identifier %(number)s (%(kind)s) is empty."),
    "identifiers.unknown-kind": _(
        "Identifier %(number)s is of a kind that the check does not know (%(kind)s). A person must see whether a "
        "provider can search for it."
    ),
    "dates.period-future": _(
        "%(field)s is %(date)s and lies ahead. Only data that are already stored can be asked for by this measure."
    ),
    "dates.offence-future": _(
        "%(field)s is %(date)s and lies ahead. An offence cannot have been committed on a day to come."
    ),
    "dates.period-before-offence": _(
        "The evidence asked for ends on %(date)s, before the offence was committed (%(committed)s). Is that meant?"
    ),
    "dates.born-after": _(
        "A person said to have committed the offence was born on %(date)s, after it was committed (%(committed)s)."
    ),
    "period-ahead.past": _("The period ends on %(date)s, which is past. This measure collects data from now on."),
    "period-ahead.no-reason": _("The period ends on %(date)s, and nothing says why it has to be so long."),
    "period-ahead.reasoned": _("The period lies ahead, until %(date)s, and the request says why it has this length."),
    "order.undated": _("The decision that the request rests on has no date."),
    "order.future": _("The decision that the request rests on is dated %(date)s, a day to come."),
    "order.before-offence": _(
        "The decision that the request rests on is dated %(date)s, before the offence was committed (%(committed)s)."
    ),
    "order.sentence": _(
        "What is said to be left to serve, %(months)s, is more than the sentence itself, %(sentence)s. One of the two is wrong."
    ),
    "order.dated": _("The decision that the request rests on is dated %(date)s."),
    "consent.nobody": _(
        "This measure needs the informed consent of the person concerned, and the request names nobody."
    ),
    "consent.not-stated": _(
        "This measure needs the informed consent of the person concerned. It is not stated for person %(number)s."
    ),
    "consent.stated": _(
        "The request states that the persons concerned have agreed. The requested State will make sure of it."
    ),
    "assurances.none": _(
        "The requesting State does not say what it undertakes, such as safe conduct, custody and return, use for the "
        "purpose only, or no death penalty."
    ),
    "assurances.to-judge": _("The requesting State gives undertakings. Whether they suffice is for a person to judge."),
    "costs.foreseen": _(
        "The request foresees substantial costs. The two States consult on how they are borne before it is carried out."
    ),
    "costs.question": _("Will carrying this out cost much? If so, the two States consult on the costs first."),
    "language.accepted": _("%(requested)s accepts requests in this language (%(language)s)."),
    "language.not-accepted": _("%(requested)s does not accept this language (%(language)s). Accepted: %(accepted)s."),
    "language.unverified": _(
        "Whether %(requested)s accepts this language (%(language)s) is not verified. Its law book lists: %(accepted)s."
    ),
    "language.silent": _(
        "The law book of %(requested)s does not say which languages it accepts. The request is in: %(language)s."
    ),
    "language.unstated": _(
        "The request does not say in which language it is written, so %(requested)s cannot tell whether it accepts it."
    ),
    "urgency.reasoned": _("The request is urgent and says why."),
    "urgency.no-reason": _(
        "The request is marked %(urgency)s and gives no reason. Without one it will be handled like any other."
    ),
    "urgency.emergency-claimed": _(
        "The request claims an emergency. A person must confirm a significant and imminent risk to somebody's "
        "life or safety; nothing less is one."
    ),
    "deadline.reasoned": _(
        "A deadline is suggested (%(date)s), with its reason. It is taken into account as far as possible; it "
        "does not bind."
    ),
    "deadline.no-reason": _(
        "A deadline is suggested (%(date)s) without a reason. Only a reasoned deadline must be taken into account."
    ),
    "deadline.past": _("The suggested deadline (%(date)s) is already past."),
    "confidentiality.asked": _("The request asks to be kept secret and that the user not be told."),
    "confidentiality.question": _(
        "The request does not ask for secrecy. Should it be kept secret, and the user not be told?"
    ),
    "link.named": _(
        "The request stands on the earlier request %(reference)s (%(measure)s), so that what was preserved is "
        "held until this one is decided."
    ),
    "link.none": _(
        "The request names no earlier request (%(measure)s). If data were preserved for it, they may be deleted "
        "when the period ends."
    ),
    "link.malformed": _(
        "The earlier request is not named by one of your own reference numbers, so the requested State cannot find it."
    ),
    "dual-criminality.not-required": _("Dual criminality is not a condition of this measure."),
    "dual-criminality.reserved": _(
        "%(requested)s reserved the right to refuse this measure when it doubts dual criminality."
    ),
    "dual-criminality.no-offence": _(
        "The request names no offence whose elements could be compared with the law of %(requested)s. A person "
        "must compare the conduct."
    ),
    "dual-criminality.silent": _(
        "The law book of %(requested)s has no line on %(offence)s, so nobody can tell from it whether the "
        "conduct is an offence there."
    ),
    "dual-criminality.unverified": _(
        "The law book of %(requested)s has lines on %(offence)s, but they are not verified. Not seen to be "
        "covered: %(missing)s."
    ),
    "dual-criminality.met": _(
        "The law of %(requested)s has all elements of %(offence)s. Whether the facts fit them is for a person to say."
    ),
    "dual-criminality.narrower": _(
        "The law of %(requested)s is narrower than %(offence)s. It depends on the facts, because of: %(missing)s."
    ),
    "dual-criminality.elements-missing": _(
        "The law of %(requested)s lacks elements of %(offence)s: %(missing)s. It may decline for that reason, "
        "and may help all the same."
    ),
    "minimum-penalty.unstated": _("The maximum penalty is not stated, so nobody can tell whether it is high enough."),
    "minimum-penalty.silent": _(
        "The treaty leaves the least penalty to the law of %(requested)s, and its law book gives none. The request states "
        "a maximum of %(months)s."
    ),
    "minimum-penalty.below": _(
        "The maximum penalty is %(months)s; the treaty asks for at least %(least)s for this measure."
    ),
    "minimum-penalty.met": _(
        "The request states a maximum penalty of %(months)s; the treaty asks for at least %(least)s."
    ),
    "refusal-policy.bars": _("The law of %(requested)s, verified, bars this here: %(subject)s (%(stance)s)."),
    "refusal-policy.given": _(
        "By what the request says, this is given: %(subject)s. For that case the law book of %(requested)s says: "
        "%(stance)s."
    ),
    "refusal-policy.question": _(
        "Is this given: %(subject)s? For that case the law book of %(requested)s says: %(stance)s."
    ),
    "refusal-policy.silent": _("The law book of %(requested)s does not say when its own law refuses this measure."),
    "authorisation.named": _(
        "Before anything is done, %(requested)s needs its own authorisation at home (%(measure)s), from: %(by)s. In "
        "urgency: %(urgent)s. A person must obtain and record it."
    ),
    "authorisation.unverified": _(
        "Before anything is done, %(requested)s needs its own authorisation at home (%(measure)s). The law book "
        "says from whom (%(by)s; in urgency: %(urgent)s), but the line is not verified."
    ),
    "authorisation.silent": _(
        "Before anything is done, %(requested)s needs its own authorisation at home (%(measure)s). Its law book "
        "does not say whose."
    ),
    "rights.unanswered": _(
        "Nobody has said yet how this request fits the duties under human rights law: necessity, "
        "proportionality, protected freedoms."
    ),
    "rights.answered-by-drafter": _(
        "The drafter has answered the human rights questions. Whether the answer holds is for a person to judge."
    ),
    "rights.for-decision": _(
        "You who decide: does execution fit your State's duties under human rights law, and is it necessary and "
        "proportionate?"
    ),
    "non-discrimination.unanswered": _(
        "Nobody has said yet that the request does not aim at a person for sex, race, language, religion, "
        "nationality, ethnic origin or political opinions."
    ),
    "non-discrimination.answered-by-drafter": _(
        "The drafter has answered the question of discrimination. Whether the answer holds is for a person to judge."
    ),
    "non-discrimination.for-decision": _(
        "You who decide: are there substantial grounds to believe that the request aims at a person for sex, "
        "race, language, religion, nationality, ethnic origin or political opinions?"
    ),
    "data-protection.question": _(
        "Personal data may leave %(requested)s only under its own law. Are conditions needed before a transfer?"
    ),
    "data-protection.unverified": _(
        "Personal data may leave %(requested)s only under its own law. The law book names it, but the line is "
        "not verified. Are conditions needed before a transfer?"
    ),
    "data-protection.silent": _(
        "Personal data may leave %(requested)s only under its own law, and its law book says nothing on it. Are "
        "conditions needed before a transfer?"
    ),
    "retention.date-unknown": _(
        "In %(requested)s these data (%(category)s) are kept for %(period)s. The request does not say from which day they "
        "are, so nobody can tell whether they still exist."
    ),
    "retention.may-be-gone": _(
        "In %(requested)s these data (%(category)s) are kept for %(period)s by law, for the oldest until %(until)s: they "
        "may be gone."
    ),
    "retention.kept": _(
        "In %(requested)s these data (%(category)s) are kept for %(period)s by law, for the oldest until %(until)s."
    ),
    "retention.unverified": _(
        "The law book of %(requested)s says that these data (%(category)s) are kept for %(period)s, for the oldest until "
        "%(until)s, but the line is not verified."
    ),
    "retention.silent": _(
        "The law book of %(requested)s does not say how long these data (%(category)s) are kept. They may be deleted any day."
    ),
    "handling.strict": _(
        "Evidence of this offence (%(offence)s) shows victims. Who may see it, on which machines, without previews and "
        "copies, must be settled before it is handed over."
    ),
    "clocks.least": _("A clock will run (%(clock)s): at least %(period)s. Bound by it: %(bearer)s."),
    "clocks.most": _("A clock will run (%(clock)s): at most %(period)s. Bound by it: %(bearer)s."),
    "clocks.national-least": _(
        "By the law of %(state)s a clock will run (%(clock)s): at least %(period)s. Bound by it: %(bearer)s."
    ),
    "clocks.national-most": _(
        "By the law of %(state)s a clock will run (%(clock)s): at most %(period)s. Bound by it: %(bearer)s."
    ),
    "clocks.unverified": _(
        "A clock may run (%(clock)s): %(period)s. Bound by it: %(bearer)s. The line is not verified."
    ),
    "clocks.none": _(
        "No book sets a number of days for this measure (%(measure)s). Only a suggested deadline, with its reason, can."
    ),
    "grounds.for-decision": _(
        "Only these may be a reason to refuse: %(grounds)s. Never a reason: %(forbidden)s. Consult before "
        "refusing, and give reasons."
    ),
    "grounds.closed-list": _(
        "For this measure the list of grounds is closed; only these may be a reason to refuse: %(grounds)s. "
        "Never a reason: %(forbidden)s. Consult before refusing, and give reasons."
    ),
    # What to do
    "remedy.fill-in": _("Fill in the fields named."),
    "remedy.identifier": _(
        "Complete or correct the identifier; an IP address needs time with UTC offset and source port."
    ),
    "remedy.date": _("Correct the date."),
    "remedy.translate": _("Attach a translation into an accepted language, or agree on the language first."),
    "remedy.reason": _("Write the reason."),
    "remedy.name-earlier": _("Name the earlier request by its reference number, if there is one."),
    "remedy.basis": _("Choose another legal basis that binds both States, or mark the request as an exercise."),
    "remedy.scope": _("Name the offence of the treaty, or choose another scope or measure."),
    "remedy.penalty": _("State the maximum penalty in months, as the law in force has it."),
    "remedy.check-law": _("Have a jurist check the provisions cited against the official text."),
    "remedy.ask-authority": _("Ask the requested State's authority."),
    "remedy.judge": _("A person must answer this and record the answer."),
    "remedy.rights": _(
        "Answer in the rights field, with reasons; somebody else will read it before the request leaves."
    ),
    "remedy.decide": _("Answer this in your decision, with reasons."),
    "remedy.choose-basis": _("Decide which treaty to use; if both are to be used, say so in the request."),
    "remedy.assure": _("Write down what your State undertakes."),
    "remedy.hurry": _("Ask for preservation at once, or for data that are kept longer."),
    "remedy.handle": _("Agree on the handling with the other State and write it into the request."),
    "remedy.consent": _("Obtain the person’s informed consent and state it."),
    "remedy.consult": _("Consult the other State on the costs."),
    # The rules
    "rule.basis": _("Legal basis"),
    "rule.exercise": _("Exercise"),
    "rule.other-treaty": _("Other treaties"),
    "rule.reservation": _("Reservations"),
    "rule.scope": _("Scope"),
    "rule.content": _("Required contents"),
    "rule.identifiers": _("Identifiers"),
    "rule.dates": _("Dates"),
    "rule.language": _("Language"),
    "rule.urgency": _("Urgency"),
    "rule.deadline": _("Suggested deadline"),
    "rule.confidentiality": _("Confidentiality"),
    "rule.link": _("Earlier request"),
    "rule.dual-criminality": _("Dual criminality"),
    "rule.authorisation": _("Domestic authorisation"),
    "rule.data-protection": _("Personal data"),
    "rule.rights": _("Human rights"),
    "rule.non-discrimination": _("Non-discrimination"),
    "rule.grounds": _("Grounds for refusal"),
    "rule.period-ahead": _("Period ahead"),
    "rule.order": _("Decision it rests on"),
    "rule.consent": _("Consent of the person"),
    "rule.assurances": _("Undertakings"),
    "rule.costs": _("Costs"),
    "rule.minimum-penalty": _("Least penalty"),
    "rule.refusal-policy": _("Refusal under national law"),
    "rule.retention": _("Keeping of data"),
    "rule.handling": _("Handling of the evidence"),
    "rule.clocks": _("Clocks"),
    "rule.emergency": _("Emergency"),
}

# What to do at the State that is asked, where the request is not its own to mend
ASKED: Final[dict[str, str]] = {
    "remedy.fill-in": _("Ask the other State for it."),
    "remedy.identifier": _(
        "Ask the other State for the complete identifier; an IP address needs time and source port."
    ),
    "remedy.date": _("Ask the other State which date is meant."),
    "remedy.translate": _("Ask the other State for a translation, or agree on the language."),
    "remedy.reason": _("Ask the other State for the reason."),
    "remedy.name-earlier": _("Ask the other State for the reference of the earlier request, if there is one."),
    "remedy.basis": _("Ask the other State for another legal basis; this one cannot carry a real request."),
    "remedy.scope": _("Ask the other State for the offence of the treaty, or for another scope."),
    "remedy.penalty": _("Ask the other State for the maximum penalty, as its law in force has it."),
    "remedy.ask-authority": _("Ask our own competent authority."),
    "remedy.choose-basis": _("Settle with the other State which treaty is used."),
    "remedy.assure": _("Ask the other State for its undertaking in writing."),
    "remedy.hurry": _("Have the data preserved at once."),
    "remedy.handle": _("Agree on the handling with the other State before anything is handed over."),
    "remedy.consent": _("Ask the other State how the person consented, or ask the person."),
}
