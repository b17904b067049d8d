"""What stands around the law on the command line: headings, what a book says of its State, acts and lives of a case.

The ids of the law itself are in `terms`. Keys are those of the law and casework rooms; a test sees to it that none is
missing here.
"""

from __future__ import annotations

from typing import Final

from comity.wording import marked as _
from comity.wording.terms import Terms

YES: Final = _("yes")
NO: Final = _("no")
FROM: Final = _("from")
UNTIL: Final = _("until")
NO_DECISION: Final = _("These are findings and questions. They decide nothing: an officer does.")
NOT_LAW: Final = _("These lines are summaries in our own words. They are not legal text.")
SILENT: Final = _("? means that the book is silent. It does not mean no.")

# One book
MEASURES: Final = _("Forms of cooperation")
OFFENCES: Final = _("Offences")
SCOPES: Final = _("Open for")
DUAL_CRIMINALITY: Final = _("Dual criminality")
LEAST_PENALTY: Final = _("Least maximum penalty of the offence")
FOLLOWS: Final = _("Usually stands on an earlier request")
CONTENTS: Final = _("What a request must say")
GROUNDS: Final = _("Grounds")
DUTIES: Final = _("Duties")
CLOCKS: Final = _("Clocks")
LIFE: Final = _("How a case can run")
ACTS: Final = _("Acts, in the order of the table; → crosses to the other State")
CITATIONS: Final = _("What the check stands on")
ALWAYS: Final = _("always")
WHERE_APPLICABLE: Final = _("where applicable")
ALWAYS_FOR: Final = _("where applicable; always for: %(categories)s")
ONE_OF_THEM: Final = _("one of them is enough")
CLOSED_LIST: Final = _("For this measure the list of grounds is closed.")
COERCIVE: Final = _("It needs an authorisation at home before anything is ordered.")
AT_LEAST: Final = _("at least %(period)s")
AT_MOST: Final = _("at most %(period)s")
BOUND: Final = _("bound by it: %(bearer)s")
EXTENDABLE: Final = _("can be extended")
FROM_AND_TO: Final[Terms] = {  # `law.treaty.ClockRule`
    "requested": _("begins with the request"),
    "accepted": _("begins with the acceptance"),
    "decided": _("ends with the decision"),
    "done": _("ends when it is done"),
}
SUSPENDED: Final[Terms] = {  # `casework.times.WAITS`
    "information": _("stands still while further information is awaited"),
    "consultation": _("stands still while the States consult"),
    "postponement": _("stands still while it is postponed"),
}
ELEMENTS: Final = _("Elements, all of them")
ONE_OF: Final = _("Ways, one of them")
MAY_REQUIRE: Final = _("What a State may ask for beyond")
SAME_AS: Final = _("Same elements as")
COVERED: Final = _("Covered")
TIME_ZONE: Final = _("Time zone")
CALENDAR: Final = _("Calendar")
REGION: Final = _("Regional group")
TRADITION: Final = _("Legal tradition")
WEEK: Final = _("Working days")
HOLIDAYS: Final = _("Holidays known")
OTHER_TREATIES: Final = _("Other treaties listed")
ASSURANCE: Final = _("an assurance can lift it")
IN_URGENCY: Final = _("in urgency: %(by)s")
BEGINS: Final = _("Begins")
ENDS: Final = _("Ends")
ENDS_BUT_FOR: Final = _("Would end, had it not stopped")
ENDS_EARLIEST: Final = _("Ends at the earliest")
ENDS_LATEST: Final = _("Ends at the latest")
ENDS_BY_BOOK: Final = _("Ends by the book as it stands")
STANDS_ON: Final = _("Stands on")
STANDS_SINCE: Final = _("Stands still since")
DOUBTS: Final[Terms] = {  # `law.calendars.Doubt`
    "week": _("the book has no working week for that time"),
    "holidays": _("the book lists no holidays"),
    "dates": _("a holiday is listed by its dates, and not for that year"),
    "calendar": _("a holiday’s calendar does not reach so far"),
    "unverified": _("not verified"),
}
COUNTED_ONLY: Final = _("This is counted. What follows from a deadline, a person decides.")
COUNTED: Final = _("%(provisions)s provisions, %(verified)s of them verified")
BOOK_SHA256: Final = _("SHA-256 of the book: %(digest)s")

# Several States, or two of them
PROVISIONS: Final = _("Provisions")
NOT_COVERED: Final = _("Not covered")
ASKED_BEYOND: Final = _("Asked beyond the treaty")
MAXIMUM: Final = _("Maximum penalty")
SERIOUS: Final = _("Serious crime")
ALL_VERIFIED: Final = _("All lines verified")
AUTHORISED_BY: Final = _("Authorised by")
REFUSES: Final = _("When it refuses")
LANGUAGES: Final = _("Languages accepted")
AUTHORITIES: Final = _("Authorities published")
PERIODS: Final = _("Periods")
KEPT: Final = _("Data kept by providers")
PERSONAL_DATA: Final = _("Personal data")
RESERVATION_OF: Final = _("Reservation of %(state)s")
DECLARATION_OF: Final = _("Declaration of %(state)s")
LISTED_BY: Final = _("Listed in the law book of %(state)s")
ORDER: Final = _("Which instrument to look at first (%(measure)s)")
ORDER_NOTE: Final = _(
    "Another treaty on legal assistance comes before the UN Convention’s own rules, unless both States agree to use "
    "these. The order is a suggestion with its reasons; a person chooses."
)

# Checking a folder
CHECKED: Final = _("%(instruments)s instruments, %(number)s States: no fault found.")
FAULTS: Final = _("Books with a fault: %(count)s. Nothing can be asked of a folder until it has none.")
STATES_WAIT: Final = _("The States’ books are checked against the treaties; mend the treaties first, then check again.")
UNNAMED: Final = _("The program has no word yet for: %(ids)s. It will be shown as it is.")

# Trying situations
TRIED: Final = _("%(count)s situations, of which the books say otherwise in: %(number)s.")

DUAL: Final[Terms] = {
    "not-required": _("no condition"),
    "may-refuse": _("its absence allows to decline, no more"),
    "required": _("required"),
}
GROUND_STANCES: Final[Terms] = {
    "exists": _("May be a reason to refuse"),
    "reserved": _("Only for a State that reserved it"),
    "postpone": _("May be a reason to postpone"),
    "forbidden": _("Never a reason to refuse"),
}
DUTIES_OF: Final[Terms] = {
    "requesting": _("Of the requesting State"),
    "requested": _("Of the requested State"),
}
OPTIONS: Final[Terms] = {
    "binds": _("It binds both, since %(since)s at the latest."),
    "not-in-force": _("It is not in force between the two on this day."),
    "unverified": _("Whether it binds both rests on deposits that are not verified."),
    "no-treaty": _("It is no treaty: what is open is for the requested State’s own law."),
    "measure": _("It does not know this form of cooperation."),
    "removed": _("A reservation takes this away between the two: %(cites)s."),
    "offence": _("It does not reach this offence."),
    "reaches": _("It provides for this form of cooperation and reaches the offence."),
}
USABLE: Final[dict[bool | None, str]] = {
    True: _("can carry the request"),
    None: _("a person must find out"),
    False: _("cannot carry the request"),
}
LIVES: Final[Terms] = {
    "hold": _("data are kept for a time, which can be extended"),
    "evidence": _("something comes back: sealed exhibits, at once or in parts"),
    "deed": _("something is done in the other State and reported"),
    "notice": _("nothing is asked for; the other State takes note"),
    "consent": _("the answer itself is what was asked for"),
}
POWERS: Final[Terms] = {
    "draft": _("draft requests"),
    "approve": _("approve what leaves"),
    "decide": _("decide on other States’ requests"),
    "authorise": _("authorise measures at home"),
    "execute": _("carry out, verify and close"),
    "warn": _("share warnings and publish bulletins"),
    "triage": _("read what the public reports"),
    "assist": _("publish needs and offers, agree programmes"),
}
KINDS: Final[Terms] = {
    "drafted": _("Request drafted"),
    "checked": _("Checked against the law books"),
    "approved": _("Approved"),
    "requested": _("Request sent"),
    "amended": _("Request amended"),
    "supplemented": _("Supplement sent"),
    "discarded": _("Draft discarded"),
    "withdrawn": _("Request withdrawn"),
    "agreed": _("Conditions agreed to"),
    "replied": _("Consultation answered"),
    "enquired": _("Asked how the case stands"),
    "extension-asked": _("More time asked for"),
    "discharged": _("Person told that he or she may go"),
    "leaving-hindered": _("Person could not leave"),
    "safe-conduct-ended": _("Safe conduct ended"),
    "verified": _("Evidence verified"),
    "released": _("Material released"),
    "assessed": _("Assessed against the law books"),
    "asked": _("More information asked for"),
    "consulted": _("Consultation opened"),
    "progress": _("Progress reported"),
    "accepted": _("Request accepted"),
    "refused": _("Request refused"),
    "postponed": _("Request postponed"),
    "authorised": _("Domestic authorisation recorded"),
    "ordered": _("Order recorded"),
    "preserved": _("Data preserved"),
    "extended": _("More time granted"),
    "extension-refused": _("More time refused"),
    "executed": _("Evidence taken in"),
    "disclosed": _("Evidence disclosed"),
    "performed": _("Carried out and reported"),
    "deadline-met": _("Deadline recorded as met"),
    "deadline-escalated": _("Deadline escalated"),
    "deadline-waived": _("Deadline waived"),
    "closed": _("Case closed"),
}
CALENDARS: Final[Terms] = {
    "gregorian": _("Gregorian"),
    "solar-hijri": _("Solar Hijri"),
    "umm-al-qura": _("Umm al-Qura"),
    "buddhist": _("Buddhist"),
}
REGIONS: Final[Terms] = {
    "africa": _("African States"),
    "asia-pacific": _("Asia-Pacific States"),
    "eastern-europe": _("Eastern European States"),
    "latin-america-caribbean": _("Latin American and Caribbean States"),
    "western-europe-others": _("Western European and other States"),
}
TRADITIONS: Final[Terms] = {
    "civil": _("civil law"),
    "common": _("common law"),
    "customary": _("customary law"),
    "islamic": _("Islamic law"),
}
ROLES: Final[Terms] = {
    "central": _("central authority for legal assistance"),
    "contact-24-7": _("24/7 point of contact"),
    "extradition": _("authority for extradition"),
    "prevention": _("authority for prevention"),
}
DAYS: Final[Terms] = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
