"""A sentence for every error code that an officer can meet, in words that say what to do.

A code without a sentence of its own gets that of its family (what stands before the dot), and then a general one
with the English message, so that nothing is ever hidden.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEXTS: Final[dict[str, Promise]] = {
    # what was typed
    "form.required": _("Fill this in."),
    "form.choice": _("Choose one of the options."),
    "form.number": _("Write a whole number."),
    "date.form": _("This is not a date we can read. Write it as YYYY-MM-DD."),
    "date.year": _("This year cannot be meant. Write the date as YYYY-MM-DD."),
    "date.none": _("There is no such day or time in the calendar."),
    "date.moment": _("Write the date, the time and the offset from UTC, for example 2026-11-20 14:03:00 +03:30."),
    "form.acknowledge": _("Read and tick each one."),
    "request.reference": _("A reference looks like IR-2026-0001 and begins with our own State’s code."),
    "request.state": _("Choose the State that is asked."),
    "request.same-state": _("A State does not send itself a request."),
    "request.offence": _("Choose one of the treaty’s offences, or none."),
    "request.penalty": _("Write the penalty in months, from 0 to 1200."),
    "request.period": _("The period ends before it begins."),
    "request.time-zone": _("A time needs its offset from UTC, for example +03:30."),
    "request.port": _("A port is a number from 1 to 65535."),
    "request.role": _("Choose one of the options."),
    "request.too-long": _(
        "This is too long: a line takes 1,000 characters, a text 20,000, a list of persons, accounts or property 200 "
        "entries, another list 50."
    ),
    "request.too-large": _("Together the texts are too long to cross in one message. Shorten them."),
    "request.follows": _(
        "Only another case between the same two States can be named here, by its reference such as IR-2026-0001."
    ),
    "request.unknown-field": _("This form holds a field that is not known here. Open the page again."),
    "request.value": _("This value is not usable here."),
    "request.type": _("This value is not usable here."),
    "request.parties": _("The message names States that are not its sender and its addressee."),
    "act.empty": _("Fill this in."),
    "act.too-long": _("Together the texts are too long to cross in one message. Shorten them."),
    "authorise.until": _("No authorisation in force reaches that day: it has expired, or has to be obtained first."),
    "preserve.until": _("The legal basis sets no period: write until which day the data are held."),
    "preserve.future": _("The preservation cannot have begun in the future."),
    "perform.future": _("This day lies in the future."),
    "perform.early": _("On that day it was not accepted or authorised yet."),
    "case.time": _("This act is dated before the one that it stands on. Check the clock of this machine."),
    "dossier.too-large": _("The exported case would be longer than its own verifier reads. Ask the operator."),
    "talk.too-many": _("Too many messages of this kind were said in this case already."),
    "job.disclosing": _("What was taken in is just being disclosed. Wait until that is done."),
    "extend.none": _("There is no period that could be extended."),
    "extend.late": _("The period is over: more time has to be asked for before it ends. Make a new request."),
    "extend.until": _("Choose a later day: it must lie after the present end, and in the future."),
    "extend.unasked": _("The other State has not asked for more time."),
    "release.unverified": _("Only what came back and was verified is released."),
    "release.which": _("Choose which return is released."),
    "release.recipient": _("Another State or organisation needs a consent that names it."),
    "release.purpose": _("Another purpose needs the consent of the State that gave it."),
    "release.use": _("Police information is no evidence: ask for the evidence, or for consent."),
    "release.conditions": _(
        "Each condition under which it was given has to be told to the recipient. Tick all of them."
    ),
    "release.leave": _("This consent does not hold for this: it is not given, has ended, or is about something else."),
    "evidence.unreleased": _(
        "Release the material first: say to whom and under which conditions. Then its key is handed out."
    ),
    "refuse.ground": _("A refusal names at least one ground that the law books know for this measure."),
    "letter.character": _("A text holds a character that cannot be written. Remove it."),
    "letter.too-long": _("The request is too long for a letter. Shorten its texts."),
    "letter.not-printable": _("The letter cannot be typeset from these texts."),
    "letter.authority": _("A central authority’s name in English is missing in a directory entry."),
    # the case and the officer
    "case.unknown": _("There is no case with this reference here."),
    "case.exists": _("This reference is taken already. A free one is proposed instead."),
    "case.forgotten": _(
        "Older memory was restored at this node: this reference may have been given before. A free one is proposed instead."
    ),
    "case.changed": _(
        "The case has changed since this page was shown. It is shown anew; what you typed is kept. Read it again first."
    ),
    "case.stage": _("The case has moved on: this can no longer be done, or not yet."),
    "case.side": _("This is for the other State to do."),
    "case.power": _("You do not hold the power that this needs."),
    "case.four-eyes": _("Four eyes are needed: another officer has to do this."),
    "case.unchecked": _("The request changed since it was last checked. Check it first."),
    "case.despite": _("Some findings failed. Mend the request, or write why it leaves all the same."),
    "case.unassessed": _("Assess the request first: a decision is made beside the findings."),
    "case.consult": _("Consult the other State first: the Convention asks for it before a refusal or a postponement."),
    "case.differs": _("What would be sent differs from what was approved."),
    "case.complete": _("All that was accepted has been given or done already."),
    "case.disclosed": _("This was disclosed already. Take in what is still missing first."),
    "case.agreed": _("These conditions are agreed to already."),
    "case.no-consent": _("There is no consent to revoke."),
    "case.no-conditions": _("There are no conditions to agree to."),
    "case.no-consultation": _("The other State has not consulted: there is nothing to answer."),
    "case.not-agreed": _("The other State has not agreed to the conditions yet. Nothing is given before."),
    "case.rest": _("Something is still missing: wait for it, or withdraw the request for the rest first."),
    "case.unverified": _("A return is not verified yet."),
    "case.use": _("Police information is never disclosed as evidence."),
    "case.no-request": _("The case has no request yet."),
    "conduct.person": _("The request names no such person."),
    "conduct.none": _("This person was not told yet, or the safe conduct has ended already."),
    "conduct.time": _(
        "This moment does not fit: it lies in the future, or before what was said of this person already."
    ),
    "conduct.days": _("Write the agreed period as a number of days, or leave it empty."),
    "conduct.agreed": _(
        "Another period has to stand in a condition that both States agreed on: choose it, and write its days."
    ),
    "conduct.hindrance": _(
        "While a hindrance lasts, say first when it ended. One that is over is not told again, nor corrected."
    ),
    "conduct.early": _("By the law book the time had not run out by then."),
    "conduct.runs": _("A person is still under safe conduct. Say first how it ended."),
    "case.other": _("Reference, States and measure of a case do not change."),
    "case.history": _("The message stands on a history that this node does not know."),
    "peer.expired": _("The keys of the other State are not valid now. Its new directory entry is needed."),
    "entry.behind": _(
        "Others go by a version of this State’s entry that did not come from its own node, or was not accepted here. Call it: "
        "perhaps its address is a thief’s by now. The page of States shows who knows which version."
    ),
    "peer.unknown": _("No directory entry of this State is pinned at this node."),
    "job.running": _("This is being done already."),
    "job.done": _("This work is done already."),
    "evidence.incomplete": _("The evidence has not arrived in full yet."),
    "evidence.none": _("No evidence has come back for this case."),
    "intake.unknown": _("This delivery is not in the intake folder."),
    "intake.empty": _("The delivery is empty."),
    "intake.special": _("The delivery holds something that is no file, folder or link."),
    "intake.changed": _("The delivery changed while it was being read. Order it again when nobody writes to it."),
    "intake.too-many": _("The delivery holds more files than one manifest can list. Divide it."),
    "intake.unreadable": _("A file of the delivery cannot be read."),
    # test calls
    "call.due": _("Give from 1 minute to 1,440 (a day) to answer."),
    "call.every": _("Write 1 to 365 days, or 0 for never."),
    "call.too-long": _("At most 1,000 characters are taken here."),
    "call.open": _("This State is being called already: that call still has time."),
    "call.answered": _("This call is answered already."),
    "call.unknown": _("There is no such call here."),
    "call.too-many": _("More calls in a day than are taken from one State."),
    "call.known": _("This call was taken in before."),
    "call.not-asked": _("An answer to a call that another State was asked."),
    "call.before": _("Answered before it was asked: a clock is wrong, or the answer is false."),
    "call.time": _("A call that states a time at which it cannot have been signed."),
    # figures
    "figures.key": _("The tables have no such figure."),
    "figures.form": _("These figures do not follow their form."),
    "figures.period": _("Write a quarter that is over, such as 2026-Q3."),
    "figures.table": _("These tables cannot be published together."),
    "figures.threshold": _("Choose a threshold of 3 or more."),
    "figures.changed": _("Something was counted or published since these figures were shown. Look at them again."),
    "figures.sender": _("These figures are signed by another State than the one they are of."),
    "figures.none": _("No figures were published yet."),
    "figures.plan": _("A release goes on where the last one stopped, with its tables."),
    "figures.exposed": _("A small figure could be worked out from what was published before. Nothing is published."),
    "figures.solver": _("The figures could not be worked through in time. Try again."),
    "figures.inconsistent": _("These figures contradict each other: some were altered."),
    "figures.value": _("This figure is not plausible."),
    "figures.sum": _("The parts do not come to their whole."),
    "figures.order": _("More was answered, given or ended than was asked for."),
    "figures.programme": _("This programme ended before it began, or names no topic."),
    "figures.csv": _("This is no file of figures."),
    "figures.older": _("That State publishes older figures than before. Perhaps it has restored a backup: ask it."),
    "figures.fork": _("That State has published two releases under one number. Both are kept: ask it which holds."),
    "between.form": _("This statement of figures does not follow its form."),
    "between.pair": _("These statements are not about the same States and quarters."),
    "between.time": _("These figures state a time at which they cannot have been signed. Compare both clocks."),
    "between.known": _("These figures came before."),
    "between.let-go": _("Statements of figures about the oldest quarters are not kept any more: there were too many."),
    "between.meanwhile": _("Figures were said to that State meanwhile. Ask again."),
    "between.too-long": _("There are too many acts for one message. Take a quarter instead of a year."),
    "between.none": _("That State has said nothing about this that was read here."),
    "review.source": _("An answer says where it is from."),
    "review.question": _("This is not asked in words."),
    # needs, offers, programmes
    "need.units": _("Write a number from 1 to 10,000. The most for one need is not more than all."),
    "need.dates": _("It ends before it begins, or is more than ten years long."),
    "need.year": _("This year cannot be meant."),
    "need.language": _("Choose a language."),
    "need.article": _("Write articles of the Convention, such as 40(15)."),
    "need.percent": _("Write 0 to 100."),
    "need.empty": _("Fill this in: an empty list would reach nobody."),
    "need.twice": _("The same stands here twice."),
    "need.too-long": _("This is too long: a line takes 1,000 characters, a text 20,000."),
    "need.source": _("Say where the State states its position in development, or leave it unstated."),
    "need.release": _("Choose either everyone, or States by name."),
    "need.unreleased": _("It is released to nobody. Tick who may see it, or keep it as a draft."),
    "need.owner": _("It is another State’s: only that State changes it."),
    "need.stage": _("It was withdrawn or closed, or is open already. File a new one."),
    "need.agreed": _("Programmes hold more of it than that. End one first."),
    "programme.units": _(
        "The parts of the milestones make up the whole, and nothing delivers more than its milestone brings."
    ),
    "programme.dates": _("It ends before it begins, or a milestone lies outside its days."),
    "programme.milestone": _("Each milestone has a name, and only one of the programme’s can be chosen."),
    "programme.reasons": _("Say it in words."),
    "programme.mark": _("Choose 1 to 5."),
    "programme.time": _(
        "The last word is dated later than this one. Check the clock of this machine, then say it again."
    ),
    "programme.side": _("This is for the other State to say."),
    "programme.stage": _("The programme has moved on: this can no longer be said, or not yet."),
    "programme.pending": _("There is no proposal that this would answer."),
    "programme.terms": _("Other terms were proposed since. Read them first."),
    "programme.delivery": _("Nothing waits to be confirmed, or not everything is confirmed yet."),
    "programme.done": _("What was delivered or confirmed is not changed any more."),
    "programme.evaluated": _("This State has given its evaluation."),
    "programme.parties": _("A programme follows from a need and an offer, one of them this State’s own."),
    "assistance.unknown": _("There is no such need, offer or programme here."),
    "assistance.changed": _("It has changed since this page was shown. Open it again; what you typed is kept here."),
    "assistance.lapsed": _("It is not open any more: it was withdrawn or closed."),
    "assistance.released": _("Release it to the other State first."),
    "assistance.room": _("More than is left of it: other programmes hold the rest."),
    "assistance.too-long": _("Together the texts are too long to cross in one message. Shorten them."),
    "assistance.speaker": _("A State spoke about another one’s need or offer, or in its name."),
    "assistance.release": _("A need or an offer came that was not released to this State."),
    "assistance.time": _(
        "A word about assistance states a time at which it cannot have been signed: a clock is wrong, or it is false."
    ),
    "assistance.conflict": _("A State said two different things under one number of a need or an offer. Call it."),
    "assistance.too-many": _("More needs, offers or unanswered proposals than are kept of one State."),
    "assistance.known": _("This word of a programme was taken in before."),
    "assistance.back-dated": _(
        "A State’s word passes over what its own node had signed as read. It was refused; call that State."
    ),
    "programme.unanswered": _(
        "The other State has not answered yet. Wait for its answer, or bring the programme to an end."
    ),
    "programme.late-word": _(
        "A word of the other State crossed one of ours and changed where a programme stands. "
        "Look at the programme, and call that State."
    ),
    "programme.too-long": _("No programme needs so many words. Complete it or end it."),
    "assistance.order": _("A word of a programme stands on words that are not here, or passes over its own State’s."),
    "assess.source": _("Say where that can be seen, in up to 1,000 characters."),
    "assess.region": _("File a need by hand first: it names the regional group."),
    "assess.no-gap": _("Only a gap becomes a need."),
    "assess.question": _("There is no such question."),
    # warnings
    "feed.unknown": _("There is no such feed any more."),
    "feed.full": _("It would bring more objects than it may."),
    "feed.unreachable": _("The server does not answer, or shows another certificate than it may."),
    "feed.too-long": _("An answer of the server is too long."),
    "feed.sign-in": _("The server does not know our name and secret."),
    "feed.forbidden": _("The server does not let this node do it."),
    "feed.missing": _("The server knows no such collection."),
    "feed.body": _("An object is longer than the server takes."),
    "feed.busy": _("The server asks to come later."),
    "feed.redirect": _("The server sends elsewhere; that is not followed."),
    "feed.away": _("The server has trouble of its own."),
    "feed.pending": _("The server has not looked at everything yet. The same is sent again."),
    "feed.repeats": _("The server brings the same page again, without end."),
    "feed.defect": _("This node has a defect. Its log names it: tell the operator."),
    "sharing.release": _("The rules of its collection keep it."),
    "sharing.not-held": _("There is no copy of another State’s object here."),
    "sharing.not-ours": _("It is another State’s object: only its source does this."),
    "sharing.withdrawn": _("It was called back: it goes to nobody."),
    "sharing.suspended": _(
        "Its source was not heard of for a week, or a recall of it is missing. It goes to nobody until then."
    ),
    "sharing.hops": _("Its source lets it go no further."),
    "sharing.hop-count": _("Write 0 to 10 times."),
    "sharing.level": _("It is marked above TLP:GREEN: its source alone gives it to others."),
    "sharing.purpose": _("A purpose has at most 60 characters."),
    "sharing.other-source": _(
        "An object that is known here as another State’s, or as ours, was given as the giver’s own."
    ),
    "sharing.other-author": _("Only who added it here brings a newer version of it."),
    "sharing.contested": _("Another collection here holds the same id and version with other content."),
    "contest.reason": _("Say why, in at most 1,000 characters."),
    "contest.unknown": _("Nothing of the kind is kept aside."),
    "contest.changed": _("What stands there has changed since you opened the page. Look at it again."),
    "contest.settled": _("It is so already."),
    "contest.held": _(
        "What stands there is a State’s signed word, other States hold it, or it was called back: nothing takes its place here."
        " Its source calls it back, or writes a newer version."
    ),
    "contest.full": _(
        "A State or a client of it says more against what is known here than is kept for an officer. Settle what is there."
    ),
    "contest.gone": _("What is to take its place is not here any more, or was called back."),
    "sharing.nothing-personal": _("Nothing in it is personal."),
    "sharing.underivable": _("What is personal in it cannot be left out: it stays here."),
    "sharing.report-text": _("Say what is wrong."),
    "sharing.report-count": _("Write how often it was seen."),
    "sharing.too-long": _("It is too large."),
    "sharing.many": _("There are too many objects in one file."),
    "sharing.depth": _("The file is nested too deeply."),
    "sharing.string": _("A text in the file is too long."),
    "sharing.items": _("A list in the file is too long."),
    "sharing.json": _("The file is not JSON."),
    "sharing.envelope": _("The file holds no list of objects."),
    "sharing.duplicate": _("A name stands twice in one object of the file."),
    "sharing.number": _("A number in the file cannot be taken."),
    "sharing.canonical": _("A text in the file cannot be written."),
    "share.too-long": _("Objects of more than 256 kB do not go from State to State."),
    "share.speaker": _(
        "Somebody else than its speaker says this: a recall its source, a word of a holder that holder."
    ),
    "share.origin": _("A copy of another’s object came without its source’s own words about it, or with false ones."),
    "share.hops": _("A copy came further than its source lets it go."),
    "share.level": _("A copy came under a lower mark than its source gave it."),
    "share.object": _("Another object came than was said."),
    "share.time": _("A word about a copy states a time that has not come."),
    "recall.not-ours": _("Only its source calls an object back."),
    "recall.level": _("That is not stricter than it is marked now."),
    "recall.done": _("It was called back already."),
    "recall.number": _("An acknowledgement of a recall that was not said."),
    "recall.conflict": _("A State said two different things under one number of its recalls. Both are kept. Call it."),
    "recall.successor": _("Name another object of this State that takes its place."),
    "recall.too-long": _("At most 1,000 characters are taken here."),
    "recall.relearning": _(
        "Not every State has said yet which of our recalls it knows. Try again when they have answered."
    ),
    "stix.type": _("This is no type of an object of STIX 2.1."),
    "stix.spec-version": _("Only objects of STIX 2.1 are taken."),
    "stix.id": _("An identifier of an object is wrong."),
    "stix.missing": _("A required property of an object is missing."),
    "stix.name": _("A property of an object has a name that is not taken."),
    "stix.custom": _("Properties of one’s own are not taken here."),
    "stix.value": _("A property of an object has a value that is not taken."),
    "stix.year": _("An object says that it was made or seen in a year that cannot be meant."),
    "stix.time": _("A time in an object is wrong."),
    "stix.reference": _("An object refers to something that it may not refer to."),
    "stix.extension": _("An extension of an object does not follow its form."),
    "stix.selector": _("A mark of a part names something that is not there."),
    "stix.rule": _("Properties of one object contradict each other."),
    "stix.spoofed": _(
        "A mark wears the name of a colour of the Traffic Light Protocol and is another. Do not share it."
    ),
    "stix.other-content": _(
        "The same id and version is held here with other content: a mistake, or a forgery. Call the giver."
    ),
    "stix.pattern-long": _("A pattern is too long."),
    "stix.pattern-depth": _("A pattern is nested too deeply."),
    "stix.pattern-brackets": _("The brackets of a pattern do not balance."),
    "notice.early": _("A word about a copy is of the future. Check both clocks."),
    "notice.form": _("A word about a copy does not follow its form."),
    "notice.value": _("A word about a copy holds a value that is not taken."),
    "community.form": _("A name and a purpose of up to 60 characters, at least one other member, and 0 to 10 times."),
    "community.members": _("Who speaks of a community, and to whom, are its members."),
    "community.name": _("This State has agreed to other terms under this name before. Choose another name."),
    "community.unknown": _("This State does not belong to such a community."),
    "community.empty": _("Nobody else has agreed to this community yet."),
    "community.time": _("A word about a community states a time that has not come."),
    "standing.form": _("A word on a treaty cannot hold this. Correct it, or leave it empty."),
    "standing.day": _("This day has not come yet."),
    "standing.early": _("The treaty was not open for signature yet on this day."),
    "standing.treaty": _("There is no book here of a treaty of this name that States join."),
    "standing.self": _("A State objects to what another one has said."),
    "standing.earlier": _("There is no such word of this State that could be taken back."),
    "standing.known": _("This State has said the very same before."),
    "standing.time": _("A word on a treaty states a time that has not come."),
    "standing.too-many": _("More words on treaties than are kept of one State."),
    "community.too-many": _("More proposals of communities than are kept of one State."),
    "telling.dead": _(
        "What this State was to be told about shared objects has waited for a week and was given up. "
        "Send it again under Sharing."
    ),
    "telling.full": _("Too much waits for this State. Further words about shared objects are not kept for it."),
    "telling.none": _("Nothing that this State is to be told was given up."),
    "conversation.late-relay": _("The other State’s node has not acknowledged a message for hours."),
    "conversation.late-consignment": _("The other State’s node has not read a message for hours."),
    "conversation.late-handover": _(
        "No officer of the other State has had a message before him for days. Call its contact."
    ),
    "case.reference-twice": _(
        "What came back from the other State is another case under a reference that this State has given again. "
        "Call it, and name both."
    ),
    "receipt.time": _(
        "The other State’s node confirmed a message with a time at which it cannot have done so. "
        "Check both clocks, and call it."
    ),
    "conversation.gap": _(
        "A message stands on one that never came, and was refused. Ask the other State to send both again."
    ),
    "conversation.room": _("The other State’s node has no room for more now. It is tried again."),
    "conversation.number": _("The other State’s node knows another message under this number. It is given a new one."),
    "conversation.number-ahead": _("The number of a message lies too far ahead."),
    "conversation.not-ours": _("The other State’s node gave back what this State never said or acknowledged. Call it."),
    "exchange.form": _("The other State’s node says what has no meaning here. Call it."),
    "exchange.no-form": _(
        "The other State’s node and this one have no version in common: nothing can be exchanged. One of them must be "
        "upgraded. Call that State."
    ),
    "conversation.older-form": _(
        "A message was sealed in a form that the other State’s node does not read any more. It waits until that node is "
        "upgraded again. Call that State."
    ),
    "conversation.no-dead-letter": _(
        "This cannot be sent again: it is on its way, or was read and refused. Make another act."
    ),
    "conversation.no-outcome": _("The other State’s node did not say what became of a message. It is tried again."),
    "conversation.unopened": _(
        "The other State’s node holds a message of this State that was forgotten here, and could not open it. What it said "
        "is lost. Call that State."
    ),
    "conversation.unpinned": _(
        "Its node does not know this State. Have our directory entry pinned there; until then it is asked less and less "
        "often, and nothing reaches it."
    ),
    "conversation.unheard": _(
        "Its node answers, and refuses to talk with ours. The operator finds its reason in the log. Call its contact point."
    ),
    "conversation.void": _("A message of this State came back that can be in no case any more. It is not sent again."),
    "conversation.unsettled": _("The other State’s node has not said yet what it holds. Try again in a moment."),
    # hits
    "hit.unknown": _("There is no such hit here."),
    "hit.reason": _("Write why this is of no concern."),
    "hit.measure": _("Choose one of the options."),
    "hit.drafted": _("A request was drafted from this hit already."),
    "hit.own": _("The warning is this State’s own: there is nobody to ask."),
    "hit.withdrawn": _("The warning does not stand any more: nothing can rest on it."),
    "hit.gone": _("The case does not name any more what the warning names."),
    "hit.theirs": _(
        "What meets was told by another State, or is held for it. Ask that State for leave, or to write itself."
    ),
    # reports of the public, bulletins
    "report.unknown": _("There is no such report here."),
    "report.changed": _(
        "Something was done with this report since this page was shown. It is shown anew; what you typed is kept."
    ),
    "report.stage": _("This cannot be done with the report where it stands. Take it up first."),
    "report.merge": _("Write the number of another report."),
    "report.too-long": _("This is too long. Shorten it."),
    "report.character": _("A text holds a character that nobody can see. Remove it."),
    "indicator.reporter": _("This names who reported. Write it without."),
    "collection.words": _("Write 1 to 200 characters."),
    "collection.alias": _("Only a-z, 0-9, dots and hyphens, and what no other collection has."),
    "client.state": _("Write codes of two letters, with blanks between them."),
    "client.word": _("Each has 1 to 60 characters, on a line of its own."),
    "client.full": _(
        "A client has sent as much as it may to collections that it may not read. Look at it, then set its access."
    ),
    "client.unknown": _("There is no such client, or no longer."),
    "writing.value": _("This value is none of the chosen kind. Write it plainly, without brackets around dots."),
    "writing.until": _("It ends before it begins."),
    "writing.about": _("No object of this id is here."),
    "collection.unknown": _("There is no such collection."),
    "bulletin.unknown": _("There is no such bulletin here."),
    "bulletin.changed": _("There is a newer version of this bulletin. Open it again; what you typed is not published."),
    "bulletin.empty": _("Write it in one language at least."),
    "bulletin.objects": _("At most 50 objects are named."),
    "bulletin.object": _("The public may not have one of these objects, or it is not here."),
    # the law books
    "law.basis": _("There is no law book for this legal basis."),
    "law.state": _("There is no law book for this State; the request cannot be checked."),
    "law.measure": _("This legal basis does not know this measure."),
    "law.offence": _("No treaty’s law book has this offence."),
    "law.provision": _("The book says nothing on this on that day."),
    "law.mechanism": _("There is no mechanism of this treaty in the law books."),
    "law.states": _("Choose at least two States."),
    "shelf.missing": _("A law book of that day is not kept here any more. Take it from a backup."),
    "shelf.changed": _("A kept law book is not what it was. Take it from a backup."),
    # trust, memory, wire
    "act.known": _("This message was taken in before."),
    "trust.unknown-key": _("Signed with a key that is not pinned here."),
    "trust.time": _("Signed with a key that was not valid at that time."),
    "seal.addressee": _("Sealed for someone else."),
    "seal.open": _("The seal cannot be opened with this node’s key."),
    "seal.author": _("Signed by another State than the one it speaks for."),
    "seal.version": _("Of a form that this node does not know."),
    "log.range": _("The log does not reach that far yet. Try again in a moment."),
    "hop.missing": _("Came without the signature of a known node."),
    "hop.time": _("The sender’s signature was not of that moment; a clock may be wrong."),
    "hop.digest": _("The content was changed on its way."),
    "door.too-long": _("Larger than what the peers’ door takes."),
    "stamp.unreachable": _("The time-stamping authority did not answer."),
    "stamp.answer": _("The time-stamping authority answered with an error, too much, or too slowly."),
    "stamp.refused": _("The time-stamping authority refused."),
    "stamp.time": _("The clock of the time-stamping authority and that of this node differ. Call the operator."),
    "stamp.untrusted": _(
        "The time stamp leads to none of the certificates that the operator named. Call the operator."
    ),
    "wire.unreachable": _("The other State’s node did not answer."),
    "wire.status": _("The other State’s node answered with an error."),
    "witness.unpinned": _(
        "As a witness of our log it does not know this State. Have our directory entry pinned there; "
        "until then it is asked less and less often."
    ),
    "witness.refused": _(
        "As a witness it goes on refusing to cosign our log. The operator finds its reason in the log."
    ),
    "witness.ahead": _("As a witness it saw a longer log than this node has. Was an older database restored here?"),
    "collect.digest": _("What was collected is not what was announced. It is collected anew."),
    "verify.container": _("The sealed file changed since it arrived."),
    "verify.manifest": _("The list of exhibits is not the one that was announced."),
}
RELEASES: Final[dict[str, Promise]] = {
    "nobody": _("The rules of its collection let nothing go to anybody yet."),
    "purpose": _("The rules of its collection do not permit this purpose."),
    "recipient": _("The rules of its collection do not name this State, nor a community that we share with it."),
    "community": _(
        "TLP:GREEN stays in the community in which it was given: this State is not in it, or the rules do not name it."
    ),
    "not-ours": _("It is another State’s, above TLP:GREEN: it is not ours to give."),
    "unmarked": _(
        "It bears no mark of the Traffic Light Protocol, and the rules do not say how such objects are taken."
    ),
    "marking-unknown": _("It bears a mark that nobody here has read yet."),
    "tlp-lowered": _("A part of it is marked below the whole. Nothing goes out then."),
    "personal-data": _(
        "It may hold personal data, and no legal basis is named. Make one without them, or name the basis."
    ),
}
"""Why a State's own rules keep an object (`sharing.release.Ruling.reason`)."""
FAMILIES: Final[dict[str, Promise]] = {
    "feed": _("The server does not keep to the standard. Tell whoever runs it."),
    "sharing": _("This does not hold as a file of warnings."),
    "stix": _("The object does not follow STIX 2.1."),
    "notice": _("The word about a copy does not follow its form."),
    "recall": _("The recall cannot be said so."),
    "share": _("The copy, or the word about one, does not hold."),
    "community": _("The word about a community does not hold."),
    "standing": _("The word on a treaty does not hold."),
    "need": _("The need or offer holds a value that cannot be used."),
    "programme": _("The programme holds a value that cannot be used."),
    "match": _("Needs and offers could not be matched."),
    "assistance": _("The word about assistance does not follow its form."),
    "request": _("The request holds a value that cannot be used."),
    "act": _("The message does not follow the agreed form."),
    "call": _("The test call does not follow its form."),
    "canon": _("The message does not follow the agreed form."),
    "seal": _("The seal or its signature does not hold."),
    "trust": _("The signature’s key may not sign this."),
    "receipt": _("The receipt does not hold."),
    "proof": _("The proof from the log does not hold."),
    "checkpoint": _("The proof from the log does not hold."),
    "witness": _("A witness’s cosignature does not hold."),
    "stamp": _("The time-stamping authority gave no stamp that holds."),
    "hop": _("The sending node’s signature does not hold."),
    "door": _("Turned away at the peers’ door."),
    "wire": _("The other State’s node did not give a usable answer."),
    "bag": _("The evidence file is not whole or not as announced."),
    "container": _("The evidence file is not whole or not as announced."),
    "cades": _("The evidence file’s signature does not hold."),
    "stream": _("The evidence file is not whole or not as announced."),
    "manifest": _("The list of exhibits does not follow its form."),
    "exhibit": _("The list of exhibits does not follow its form."),
    "vault": _("The vault does not hold what was recorded."),
    "entry": _("The directory entry does not hold."),
    "law": _("The law books cannot answer this."),
    "lawbook": _("A law book is not usable."),
    "letter": _("The letter cannot be made."),
    "key": _("A key of this node cannot be used."),
    "hsm": _("The token that holds this node’s keys does not sign. Nothing was changed. Call the operator."),
}
GENERAL: Final = _("This cannot be done.")


def sentence(code: str) -> Promise:
    """The sentence for `code`, that of its family, or a general one."""
    return TEXTS.get(code) or FAMILIES.get(code.partition(".")[0]) or GENERAL


def is_general(code: str) -> bool:
    """Whether `code` has no sentence of its own, so that the English message should be shown too."""
    return code not in TEXTS
