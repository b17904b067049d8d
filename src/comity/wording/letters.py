"""The words of a letter that stand in no form: titles, openings, notes, and how an article is cited in a language.

What a particular is called stands in `terms`, and in `variants` where a form of cooperation has a word of its own.
"""

from __future__ import annotations

import re
from typing import Final

from comity.casework.measure import LIVES, Life, Measure
from comity.wording import marked as _
from comity.wording.terms import Terms

KINDS: Final[dict[Measure, str]] = {
    measure: {Life.NOTICE: "notice", Life.CONSENT: "consent"}.get(life, "request") for measure, life in LIVES.items()
} | {Measure.JOINT_INVESTIGATION: "proposal", Measure.JURISDICTION: "consultation"}
"""What kind of letter each form of cooperation has: only some of them ask for something."""

TITLES: Final[Terms] = {
    "request": _("Request for %(measure)s"),
    "consent": _("Request for %(measure)s"),
    "consultation": _("Invitation to %(measure)s"),
    "proposal": _("Proposal for %(measure)s"),
    "notice": _("Transmission of %(measure)s"),
}
OPENINGS: Final[Terms] = {
    "request": _(
        "%(sender)s presents its compliments to %(recipient)s and, on the legal basis stated above, requests "
        "%(measure)s as set out below."
    ),
    "consent": _(
        "%(sender)s presents its compliments to %(recipient)s and, on the legal basis stated above, asks for consent "
        "to what is set out below. Until consent is given, nothing is passed on or put to another use."
    ),
    "consultation": _(
        "%(sender)s presents its compliments to %(recipient)s and, on the legal basis stated above, invites it to "
        "%(measure)s over the conduct set out below, so that the two States can coordinate their actions."
    ),
    "proposal": _(
        "%(sender)s presents its compliments to %(recipient)s and, on the legal basis stated above, proposes "
        "%(measure)s as set out below."
    ),
    "notice": _(
        "%(sender)s presents its compliments to %(recipient)s and, on the legal basis stated above, transmits the "
        "information set out below. It is transmitted without a request, and nothing is asked for."
    ),
}
EXERCISE: Final = _("EXERCISE: no real cooperation is asked for or offered")
YES: Final = _("yes")
TO: Final = _("To")
REFERENCE: Final = _("Reference")
DATE: Final = _("Date")
NOT_STATED: Final = _("not stated")
AS_WRITTEN: Final = _("As written; not translated")
NUMBER: Final = _("No.")
PAGE: Final = _("Page {here} of {all}")
DRAFTED_BY: Final = _("Drafted by")
APPROVED_BY: Final = _("Approved by")
SIGNED: Final = _("For the central authority")
MOMENT: Final = _("%(day)s, %(time)s (%(offset)s)")
PENALTY: Final = _("%(months)s (%(years)s)")
ARTICLE: Final = _("Article %(article)s")
CODE: Final = _(
    "The square code names what this letter says by its digest. Checked against the exported case, it shows whether the "
    "sender said so, and which letter belongs to it."
)
NOTES: Final[Terms] = {
    "authenticity": _(
        "This letter carries no seal and no image of a signature. Its authenticity follows from the electronic signature "
        "of the message that it travels with, not from its appearance."
    ),
    "written": _(
        "Text on a grey ground is printed as its author wrote it and has not been translated. “Not stated” means that "
        "nothing was entered."
    ),
    "dates": _("Dates are those of the Gregorian calendar."),
    "courtesy": _("The Persian of the headings is for convenience. Of two dates the Gregorian one counts."),
    "doubtful": _("An asterisk marks an article whose number has not been compared with the official text."),
    "odd": _(
        "A code such as U+202E in a frame stands for a character that cannot be printed or that would change the order "
        "of the text."
    ),
}
URGENCIES: Final[Terms] = {
    "ordinary": _("Ordinary"),
    "urgent": _("Urgent"),
    "emergency": _("Emergency: significant and imminent risk to life or safety"),
}
ROLES: Final[Terms] = {
    "suspect": _("suspect"),
    "accused": _("accused"),
    "convicted": _("convicted"),
    "witness": _("witness"),
    "victim": _("victim"),
    "expert": _("expert"),
    "owner": _("owner or holder"),
    "other": _("other"),
}

_PARTS: Final = re.compile(r"(\d+)(?:\((\d+)\))?(?:\(([a-z])\))?(?:\(([ivx]{1,5})\))?")
_LETTERS: Final = dict(
    zip(
        "abcdefghijklmnop",
        ["الف", "ب", "ج", "د", "ه", "و", "ز", "ح", "ط", "ی", "ک", "ل", "م", "ن", "س", "ع"],
        strict=True,
    )
)
_ROMAN: Final = dict(zip(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"], range(1, 11), strict=True))
_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_NBSP: Final = "\u00a0"


def persian_article(article: str) -> str:
    """An article as Iranian treaty practice numbers it: ``8(3)(a)(iv)`` -> ماده ۸، بند ۳ (الف) (۴).

    Args:
        article: as printed in the treaty's book; what is not of that form stays as it is, after the word for article.
    """
    found = _PARTS.fullmatch(article)
    if found is None:
        return f"ماده{_NBSP}{article}"
    number, paragraph, letter, point = found.groups()
    text = f"ماده{_NBSP}{number}"
    if paragraph:
        text += f"، بند{_NBSP}{paragraph}"
    if letter:
        text += f"{_NBSP}({_LETTERS.get(letter, letter)})"
    if point:
        text += f"{_NBSP}({_ROMAN.get(point, point)})"
    return text.translate(_DIGITS)
