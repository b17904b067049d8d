"""The sentences for what the law room says, translated when shown: findings, what to do, and the names of the rules.

The law room speaks in codes, so that it has no language. Keys are finding codes (``content.missing``), remedies
(``remedy.fill-in``) and rules (``rule.basis``). The words for their parameters stand in `words` and `judgement`.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FINDINGS: dict[str, Promise] = {
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
    "reservation.excludes": _(
        "%(state)s has by reservation not accepted Article %(article)s. Between these two States the treaty does "
        "not reach this offence."
    ),
    "reservation.unverified": _(
        "%(state)s is reported not to have accepted Article %(article)s; this is not verified. If it is so, the "
        "treaty does not reach this offence between these two States."
    ),
    "scope.convention-offence": _("The request is about %(offence)s, an offence of the treaty (scope: %(scope)s)."),
    "scope.no-offence": _("This scope (%(scope)s) needs an offence of the treaty, and the request names none."),
    "scope.measure-closed": _("This measure (%(measure)s) is not open for this scope (%(scope)s)."),
    "scope.not-governed": _(
        "Without a treaty nothing says for which offences this measure (%(measure)s) is open; the requested "
        "State's own law does."
    ),
    "scope.serious": _(
        "The maximum penalty is %(months)s months, verified in the requesting State's law book: the crime is "
        "serious (at least %(least)s months)."
    ),
    "scope.serious-as-stated": _(
        "The requesting authority states a maximum penalty of %(months)s months: the crime is serious as stated "
        "(at least %(least)s months). No verified line of its law book confirms the figure."
    ),
    "scope.not-serious": _(
        "The maximum penalty is %(months)s months; a crime is serious from %(least)s months. The treaty does not "
        "reach it."
    ),
    "scope.penalty-unstated": _("The maximum penalty is not stated, so nobody can tell whether the crime is serious."),
    "scope.serious-unverified": _(
        "The request states no maximum penalty. The law book gives %(months)s months, but this line is not verified."
    ),
    "scope.penalty-differs": _(
        "The request states a maximum of %(months)s months; the requesting State's law book has %(known)s "
        "months, verified. One of the two is wrong."
    ),
    "scope.penalty-differs-unverified": _(
        "The request states a maximum of %(months)s months; the requesting State's law book has %(known)s "
        "months, not verified. A person must check which is right."
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
    "dual-criminality.not-required": _("Dual criminality is not a condition of preservation."),
    "dual-criminality.reserved": _(
        "%(requested)s reserved the right to refuse preservation when it doubts dual criminality."
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
    "authorisation.named": _(
        "Before anything is done, %(requested)s needs its own authorisation at home (%(measure)s); the provision "
        "cited says whose. A person must obtain and record it."
    ),
    "authorisation.unverified": _(
        "Before anything is done, %(requested)s needs its own authorisation at home (%(measure)s). The law book "
        "says whose, but the line is not verified."
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
}
