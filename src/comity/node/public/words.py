"""What things are called at the public's door, in words for everybody; and a sentence for each error that one can meet here."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.casework.report import Deed, Kind, OddCharacter
from comity.errors import ComityError

Words = dict[str, Promise]

KINDS: Final[Words] = {
    Kind.FRAUD: _("I lost money or goods, or somebody tried to cheat me"),
    Kind.ACCESS: _("Somebody got into my account, telephone or computer"),
    Kind.IMAGES: _("Private pictures are shown without consent, or somebody threatens to show them"),
    Kind.DATA: _("Files were deleted, changed or locked, perhaps for ransom"),
    Kind.SYSTEM: _("A website, network or system was attacked or stopped"),
    Kind.FORGERY: _("A false website, message or document poses as somebody else’s"),
    Kind.INTERCEPTION: _("Somebody reads or listens along"),
    Kind.TOOLS: _("Stolen passwords, cards or tools for break-ins are offered"),
    Kind.LAUNDERING: _("Money from crimes is moved or hidden"),
    Kind.GROOMING: _("Somebody approaches a child for sexual purposes"),
    Kind.CHILD: _("A child is sexually abused or exploited, or pictures of it are shown"),
    Kind.OTHER: _("Something else"),
}
STAGES: Final[Words] = {
    Deed.NEW: _("It has been received. No officer has taken it up yet."),
    Deed.TAKEN: _("An officer has taken it up."),
    Deed.ANSWERED: _("An officer has written to you: read below."),
    Deed.CLOSED: _("It is closed. What you add is read all the same."),
    Deed.MERGED: _("It is looked at together with another report."),
    Deed.CASE: _("It is being worked on."),
    Deed.INDICATOR: _("It is being worked on."),
}
NEWS: Final[Words] = {
    "pattern": _("How they go about it"),
    "method": _("A new trick"),
    "advice": _("Advice"),
}

FAULTS: Final[Words] = {
    "report.kind": _("Choose what fits best."),
    "report.happened": _("Write what happened."),
    "report.too-long": _("This is too long. Shorten it."),
    "report.files": _("At most 10 files are taken. Choose fewer."),
    "report.file-size": _("A file may have at most 20 MB. Choose smaller ones."),
    "report.no-files": _(
        "Do not send pictures or videos of a child: to pass them on does harm again and may be a crime. Nothing of them was "
        "kept. Write where they can be found: the address, the name of the account or group."
    ),
    "report.room": _("There is no room for files now. Send your report without them; you can add them later."),
    "report.trap": _("Leave this field empty."),
    "report.empty": _("Write something, or choose a file."),
    "report.additions": _("So much was added to this report already that no more is taken. Call the police."),
    "report.receipt": _("No report has this code. Look at each digit again."),
    "report.receipt-form": _("The code has 28 digits, in seven groups of four. Letters do not belong to it."),
    "report.receipt-digit": _("One of the digits is not right, or two changed places. Look at each group again."),
    "report.cut": _("Not everything arrived. Go back and send it again."),
    "report.busy": _(
        "Very many reports are coming in just now. Wait a little, then send yours again; nothing was kept of it."
    ),
    "report.full": _(
        "So many reports are kept here that no more are taken now. Nothing was kept of yours. Call the police, or come back in "
        "some days."
    ),
    "report.elsewhere": _(
        "This was sent from another website, perhaps without your knowledge. Nothing of it was kept. If you want to report "
        "something, go to the first page."
    ),
    "report.method": _("This page takes nothing. Go back."),
    "report.nothing": _("There is no page here."),
    "report.broken": _("Something is broken on our side. If you were sending something, send it again later."),
    "door.turns": _("Too many attempts. Wait some minutes, then try again."),
    "door.requests": _("Too much at once. Wait a moment, then try again."),
    "door.bytes": _("Too much at once. Wait a minute, then try again with fewer files."),
    "door.at-once": _("Too much at once. Wait a moment, then try again."),
    "door.too-long": _("Together this is more than 64 MB. Go back and choose fewer files, or smaller ones."),
    "door.length": _("Not everything arrived. Go back and send it again."),
}
_CHARACTER: Final = _("There is a character here that nobody can see (%(code)s), after “%(before)s”. Remove it.")
_FIRST: Final = _("It begins with a character that nobody can see (%(code)s). Remove it.")
_BROKEN: Final = FAULTS["report.broken"]


def fault(error: ComityError) -> str | Promise:
    """What is wrong and what to do."""
    if isinstance(error, OddCharacter):
        return (_CHARACTER if error.before else _FIRST) % {"code": f"\u200e{error.named}\u200e", "before": error.before}
    return FAULTS.get(error.code, _BROKEN)
