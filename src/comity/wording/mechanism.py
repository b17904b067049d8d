"""Words for who has joined a treaty, what a State owes the depositary, and what the Conference may decide.

Keys are those of the law room's `standing`, `owed`, `mechanism` and `conference`; a test sees to it that none is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from comity.law.conference import Count, Opening
from comity.law.countdown import Countdown
from comity.law.standing import Standing
from comity.wording import marked as _
from comity.wording.speech import Speech
from comity.wording.terms import Terms

SIGNATURES: Final[Terms] = {
    "signed": _("signed"),
    "reported": _("signature reported, not verified"),
    "unsigned": _("not signed by then"),
    "unknown": _("signature unknown"),
}
INSTRUMENTS: Final[Terms] = {
    "deposited": _("instrument deposited"),
    "reported": _("instrument reported, not verified"),
    "left": _("denounced"),
    "none": _("no instrument by then"),
    "unknown": _("instrument unknown"),
}
EVENTS: Final[Terms] = {
    "signed": _("it signed"),
    "deposited": _("it deposited its instrument"),
    "declared": _("it made a declaration"),
    "reserved": _("it made a reservation"),
    "objected": _("it objected to what another State reserved or declared"),
    "lifted": _("it lifted an earlier word"),
    "denounced": _("it denounced the treaty"),
    "mistaken": _("an earlier word was a mistake"),
}
"""What a State says of itself, `wire.standing.Event`."""
HOWS: Final[Terms] = {
    "ratification": _("ratification"),
    "acceptance": _("acceptance"),
    "approval": _("approval"),
    "accession": _("accession"),
}
UNDONE: Final[Terms] = {
    "lifted": _("lifted since"),
    "mistaken": _("said by mistake, it says"),
}
BESIDE: Final[Terms] = {
    "agrees": _("as in the list"),
    "silent": _("the list does not have it"),
    "differs": _("the list says otherwise"),
}
"""How a State's own word fits the list, `law.standing.beside`."""
REPORTS: Final[Terms] = {
    "V": _("by a primary source"),
    "S": _("by reliable reports"),
    "M": _("report not verified"),
    "?": _("doubtful report"),
}
"""How sure a report of something that happened is; `terms.SURENESS` says it of a text."""
BOUND: Final[dict[bool | None, str]] = {
    True: _("bound by it"),
    False: _("not bound by it"),
    None: _("cannot be told"),
}
NOTIFICATIONS: Final[Terms] = {
    "central-authority": _("Central authority, or authorities"),
    "languages": _("Languages in which requests are accepted"),
    "contact-point": _("24/7 point of contact"),
    "extradition-authority": _("Authority for extradition and provisional arrest"),
    "extradition-basis": _("Whether the Convention serves as the basis of extradition"),
    "confiscation-laws": _("Laws on confiscation for others, and their changes"),
    "prevention-authority": _("Authority that can help others with prevention"),
    "organisation-competence": _("How far the organisation’s competence reaches, and changes"),
    "disputes": _("Reservation on the settlement of disputes"),
    "devices": _("Reservation on the misuse of devices"),
    "powers": _("Reservation on the powers to collect data in real time"),
    "preservation": _("Reservation on dual criminality in preservation"),
}
STEPS: Final[Terms] = {
    "due": _("due now"),
    "unknown": _("it cannot be told whether it is due"),
    "reported": _("reported as done, not verified"),
    "later": _("not due yet"),
    "open": _("may still be made"),
    "done": _("done"),
    "lapsed": _("can no longer be made"),
    "ended": _("ended: it has left"),
}
WHEN: Final[Terms] = {
    "signature-or-deposit": _("on signature, or with the instrument at the latest"),
    "deposit": _("with the instrument"),
    "bound": _("once the treaty binds it, and whenever it changes"),
}
ONLY: Final[Terms] = {
    "organisation": _("only an organisation of regional economic integration"),
    "treaty-dependent": _("only a State that extradites by treaty alone"),
}
PREPARED: Final[dict[bool | None, str]] = {
    True: _("its directory entry names it; that does not show that it was told"),
    False: _("its directory entry does not name it"),
}
DECISIONS: Final[Terms] = {
    "amendment": _("An amendment of the Convention"),
    "protocol": _("A protocol to the Convention"),
}
OPENINGS: Final[Terms] = {
    "open": _("It can be proposed now: %(count)s States are surely Parties."),
    "not-in-force": _("It cannot be decided yet: nobody is bound on this day."),
    "too-early": _("It is too early: the time since the entry into force has not passed."),
    "too-few": _("There are too few Parties: at most %(number)s, and %(needed)s are needed."),
    "unknown": _("It cannot be told: %(count)s States are surely Parties, %(number)s may be."),
}
STANCES: Final[Terms] = {
    "for": _("in favour"),
    "against": _("against"),
    "abstain": _("abstaining"),
}
ADOPTED: Final[dict[bool | None, str]] = {
    True: _("The majority is reached."),
    False: _("The majority is not reached."),
    None: _("It is open: votes that are not known decide."),
}

STATUS_OF: Final = _("Who has joined: %(treaty)s")
BOUND_TO: Final = _("Bound to %(count)s others; of %(number)s it cannot be told.")
NOTHING_KNOWN: Final = _("Nothing is reported of it (as known on %(known)s). That proves nothing.")
COUNTED_STATES: Final = _("%(count)s names: %(number)s signed, %(deposits)s with an instrument that is sure.")
LIST_SOURCE: Final = _("Source of the whole list:")
COUNTDOWN: Final = _("Countdown: %(treaty)s")
SO_FAR: Final = _("%(deposits)s of %(needed)s instruments are sure, %(count)s are reported (as known on %(known)s).")
LACKING: Final = _("Between %(count)s and %(number)s instruments lack.")
EARLIEST: Final = _("If all that lack came on this very day, it would enter into force on %(since)s.")
ENTERS: Final = _("It enters into force on %(since)s: the last instrument needed was deposited by %(date)s.")
PERHAPS: Final = _("If every report is true, it may enter into force on %(since)s.")
NOT_COUNTED: Final = _("The instrument of %(states)s is not counted beside those of its members.")
FIRST_SESSION: Final = _("The first session of the Conference is held by %(until)s.")
NO_SESSION: Final = _("When the Conference first meets hangs on the entry into force.")
SESSIONS: Final = _("Sessions and their documents")
PROPOSALS: Final = _("Proposals and positions")
OWED_BY: Final = _("What %(state)s tells the depositary")
SINCE: Final = _("since %(since)s")
EFFECT: Final = _("It binds only a Party that ratifies it, from %(period)s after its own instrument.")
JOINS: Final = _("A State that deposits on this very day is bound on %(since)s.")
NOT_BEFORE: Final = _("Not before %(since)s.")
NOBODY_VOTES: Final = _("Nobody is a Party on this day, so that no position is a vote.")
VOTES: Final = _(
    "For %(for)s, against %(against)s, abstaining %(abstain)s, open %(open)s; %(needed)s votes are needed."
)
CONSENSUS_FIRST: Final = _("Consensus comes first; a vote is the last resort.")
RULE_UNSETTLED: Final = _("The rule of the count is not verified: %(cites)s. The answer is no more sure than that.")
SAID_TOO: Final = _(
    "By their own words these have deposited too: %(states)s. The list does not have it so, and only the list counts."
)
MACHINE_COUNTS: Final = _("The machine counts; the Conference decides.")
OBJECTION_OF: Final = _("Objection of %(state)s")
OBJECTION_PRECLUDES: Final = _("by it the treaty does not bind the two to each other")
OBJECTION_LEAVES: Final = _("the treaty stays in force between the two, without what was reserved")
TERRITORY_OF: Final = _("Territories of %(state)s")
APPLIES: Final[dict[bool, str]] = {
    True: _("the treaty applies there"),
    False: _("the treaty does not apply there"),
}


def countdown(speech: Speech, found: Countdown) -> list[str]:
    """How far a treaty is from its entry into force, one sentence for each thing that is known."""
    least, most = found.missing
    params = {
        "needed": str(found.needed),
        "deposits": str(found.sure),
        "count": str(found.reported),
        "known": found.known_on.isoformat(),
        "states": ", ".join(found.uncounted) or "-",
    }
    lines = [speech.said(SO_FAR, params)]
    if found.enters and found.last:
        lines.append(speech.said(ENTERS, {"since": found.enters.isoformat(), "date": found.last.isoformat()}))
        if found.joins:
            lines.append(speech.said(JOINS, {"since": found.joins.isoformat()}))
    elif found.earliest:
        lines.append(speech.said(LACKING, {"count": str(least), "number": str(most)}))
        if found.perhaps:
            lines.append(speech.said(PERHAPS, {"since": found.perhaps.isoformat()}))
        lines.append(speech.said(EARLIEST, {"since": found.earliest.isoformat()}))
    if found.uncounted:
        lines.append(speech.said(NOT_COUNTED, params))
    return lines


def said_too(speech: Speech, states: Sequence[str]) -> list[str]:
    """Who says of itself that it has deposited, where the list does not have that; nothing where nobody does."""
    return [speech.said(SAID_TOO, {"states": ", ".join(states)})] if states else []


def first_meeting(speech: Speech, by: date | None) -> str:
    """When the Conference meets first."""
    return speech.said(FIRST_SESSION, {"until": by.isoformat()}) if by else speech.said(NO_SESSION, {})


def opening(speech: Speech, found: Opening) -> list[str]:
    """Whether a decision can be proposed, and from which day on."""
    params = {"count": str(found.parties), "number": str(found.perhaps), "needed": str(found.needed)}
    lines = [speech.said(OPENINGS[found.reason], params), speech.said(CONSENSUS_FIRST, {})]
    if found.reason == "too-early" and found.not_before:
        lines.insert(1, speech.said(NOT_BEFORE, {"since": found.not_before.isoformat()}))
    if found.effect:
        lines.append(speech.said(EFFECT, {"period": str(found.effect)}))
    return lines


def votes(speech: Speech, found: Count) -> list[str]:
    """A count, whether it reaches the majority, and how sure its rule is."""
    params = {name: str(number) for name, number in found.votes.items()}
    params |= {"open": str(found.open), "needed": str(found.needed)}
    lines = [speech.said(VOTES, params), speech.said(ADOPTED[found.adopted], {})]
    if found.unsettled:
        lines.append(speech.said(RULE_UNSETTLED, {"cites": ", ".join(found.unsettled)}))
    return lines


def reported(speech: Speech, found: Standing) -> list[str]:
    """What is known of a signature and an instrument, in a few words each, with day and mark."""
    parts = (
        (SIGNATURES, found.signature, found.signed, found.signed_sure),
        (INSTRUMENTS, found.instrument, found.deposited, found.deposit_sure),
    )
    return [
        " · ".join(
            part
            for part in (
                speech.term(table, name),
                speech.day(day) if day else "",
                speech.translate(REPORTS[sure]) if sure else "",
            )
            if part
        )
        for table, name, day, sure in parts
    ]
