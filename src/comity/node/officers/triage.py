"""Reports of the public as officers see them: what they and their deeds are called, what may be done, what a draft takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.casework.report import OFFENCES, WAYS, Deed, Kind, traces
from comity.errors import Invalid
from comity.node import models
from comity.node.desk import reports
from comity.node.officers import reading, rows, words
from comity.node.officers.fields import ROWS
from comity.node.settings import Settings

KINDS: Final[dict[str, str | Promise]] = {
    kind: words.OFFENCES[OFFENCES[kind]] if kind in OFFENCES else _("Something else") for kind in Kind
}
STAGES: Final[dict[str, Promise]] = {
    Deed.NEW: _("New"),
    Deed.TAKEN: _("Taken up"),
    Deed.ANSWERED: _("Answered"),
    Deed.CLOSED: _("Closed"),
    Deed.MERGED: _("With another report"),
    Deed.CASE: _("Request drafted"),
    Deed.INDICATOR: _("Warning made"),
}
DEEDS: Final[dict[str, Promise]] = {
    **STAGES, Deed.NEW: _("Received"), Deed.ADDED: _("The reporter added something"),
    Deed.ANSWERED: _("Written to the reporter"),
}  # fmt: skip
FIELDS: Final[dict[str, Promise]] = {
    "happened": _("What happened"),
    "when": _("When"),
    "suspects": _("What is known of who did it"),
    "harm": _("Harm"),
    "contact": _("How to reach the reporter"),
}
PILLS: Final = {Deed.NEW: "ours", Deed.CLOSED: "nobodys", Deed.MERGED: "nobodys", Deed.CASE: "passed",
                Deed.INDICATOR: "passed"}  # fmt: skip
_PREVIEW: Final = 160  # characters
_ACCOUNTS: Final = 50  # rows of a draft that are filled in from a report
_AS: Final = {"domain": "other"}  # kinds of traces that a request calls otherwise


@dataclass(frozen=True)
class Line:
    """A report in the list.

    Args:
        row: it, with where it stands.
        start: its first words.
    """

    row: Any
    start: str

    @property
    def kind(self) -> str | Promise:
        """What it is about."""
        return KINDS[self.row.kind]

    @property
    def stage(self) -> Promise:
        """Where it stands, in words."""
        return STAGES[self.row.stage]

    @property
    def pill(self) -> str:
        """The same as a style."""
        return PILLS.get(self.row.stage, "theirs")

    @property
    def waiting(self) -> bool:
        """Whether the last word is the reporter's, after an officer took it up."""
        return bool(self.row.latest == Deed.ADDED)


def line(settings: Settings, row: models.Report) -> Line:
    """`row`, which `reports.listed` gave, for the list."""
    start = " ".join(reports.words(settings, row)["happened"].split())
    return Line(row, start[:_PREVIEW] + "…" if len(start) > _PREVIEW else start)


def ways(stage: str) -> set[str]:
    """What may be done with a report that stands there."""
    return {str(deed) for deed, before in WAYS.items() if Deed(stage) in before}


def origin(request: HttpRequest) -> int:
    """The number of the report from which a request is drafted, as the address says; 0: from none. Raises Invalid."""
    said = request.GET.get("report", "")
    if said and not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Invalid("There is no such report.", code="report.unknown")
    return int(said or 0)


def drafted(request: HttpRequest, settings: Settings, language: str) -> dict[str, Any]:
    """What a draft takes from the report that the address names: what happened, and what is known of who did it.

    How to reach the reporter is left out. Raises NotYours, Invalid.
    """
    number = origin(request)
    if not number:
        return {}
    said = reports.words(settings, reports.opened(settings, number, officer=reading.officer(request)))
    found = traces(said["suspects"].splitlines())[:_ACCOUNTS]
    accounts = [{"kind": _AS.get(one.kind, one.kind), "value": one.value} for one in found]
    facts = "\n\n".join(said[name] for name in ("happened", "when", "harm") if said[name])
    return {"facts": facts, "accounts": rows.filled(accounts, ROWS["accounts"], language)}
