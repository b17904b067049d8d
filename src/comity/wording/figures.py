"""What figures are about, in words: events, natures, bands of time, outcomes. Other codes have theirs in `terms`."""

from __future__ import annotations

from typing import Final

from comity.reporting.axes import DIRECTION, EVENT, NATURE, OUTCOME, SPEED, SUBJECT, URGENCY
from comity.wording import assistance, terms
from comity.wording import marked as _
from comity.wording.terms import Terms

EVENTS: Final[Terms] = {
    "requested": _("Requests"),
    "returned": _("More was asked for"),
    "answered": _("Requests answered"),
    "given": _("Something given, done or preserved"),
    "ended": _("Cases ended"),
    "begun": _("Programmes begun"),
    "concluded": _("Programmes ended"),
}
NATURES: Final[Terms] = {
    "real": _("Real cases"),
    "exercise": _("Cases of exercises"),
}
DIRECTIONS: Final[Terms] = {
    "made": _("of this State to others"),
    "received": _("of other States to this one"),
}
URGENCIES: Final[Terms] = {
    "ordinary": _("ordinary"),
    "urgent": _("urgent"),
    "emergency": _("emergency"),
}
SPEEDS: Final[Terms] = {
    "up-to-1h": _("within an hour"),
    "up-to-1d": _("within a day"),
    "up-to-7d": _("within a week"),
    "up-to-30d": _("within 30 days"),
    "up-to-90d": _("within 90 days"),
    "up-to-180d": _("within 180 days"),
    "up-to-365d": _("within a year"),
    "over-365d": _("after more than a year"),
}
FAMILIES: Final[Terms] = {
    "electronic-data": _("electronic data"),
    "legal-assistance": _("legal assistance"),
    "persons-and-proceedings": _("persons and proceedings"),
    "police-and-joint-work": _("police and joint work"),
    "assets": _("property"),
    "telling": _("telling and handing on"),
}
OUTCOMES: Final[Terms] = {
    "accepted": _("accepted"),
    "conditional": _("accepted on conditions"),
    "refused": _("refused"),
    "complete": _("complete"),
    "part": _("in part"),
    "partly-given": _("given in part"),
    "incomplete": _("nothing given"),
    "revoked": _("the acceptance was taken back"),
    "withdrawn": _("withdrawn"),
    "completed": _("completed"),
    "ended": _("ended early"),
    "several": _("several together"),
    "unnamed": _("not named"),
    "other": _("another one"),
}
REST: Final[Terms] = {
    "": _("All together"),
    "_T": _("All together"),
    "_U": _("not known"),
    "other": _("every other one"),
}
WHYS: Final[Terms] = {
    "on-the-way": _("One of the two had not got the act yet: gone in the next comparison."),
    "clock": _("Said within minutes of the end of a quarter, and counted on both sides of it."),
    "missing": _("An act that one State counts is not there, or is not counted, at:"),
    "period": _("The two count the same act in different quarters."),
    "kind": _("The two count the same act as something else."),
    "figure": _("A figure is not the number of the acts under it, at:"),
    "published": _("A published figure is not the one that was said to the other State, by:"),
    "retracted": _("It was said otherwise before, and late acts do not explain that, by:"),
}
"""Why two States count differently, `reporting.reconciliation.Why`."""
RELEASE_OF: Final = _("%(state)s, release %(number)s")
TOLD_AND_HIDDEN: Final = _("%(count)s figures are told, %(number)s are hidden.")
NOT_WORKED_OUT: Final = _("No hidden figure can be worked out from all that this State has published here.")
WORKED_OUT: Final = _("These hidden figures can be worked out by anybody:")
AGREE: Final = _("Wherever both tell how many requests they made to each other, they tell the same.")
DIFFER: Final = _("They tell different numbers of requests to each other. Which is wrong cannot be told from here:")
ASKED_BY: Final = _("asked by %(state)s")
_OF: Final[dict[int, tuple[Terms, ...]]] = {
    NATURE: (NATURES,),
    EVENT: (EVENTS,),
    DIRECTION: (DIRECTIONS,),
    SUBJECT: (FAMILIES, terms.MEASURES, assistance.TOPICS),
    URGENCY: (URGENCIES,),
    OUTCOME: (OUTCOMES, terms.GROUNDS, terms.FIELDS),
    SPEED: (SPEEDS,),
}


def word(axis: int, code: str) -> str:
    """What a code of an axis is called, in English and marked for translation; the code itself where it has no word.

    Args:
        axis: its place in `reporting.axes.AXES`; States and periods have their names elsewhere.
        code: as in a figure's key; empty: the whole.
    """
    return next((table[code] for table in (*_OF.get(axis, ()), REST) if code in table), code)
