"""The contents of a request, field by field: how each is typed and explained, and where it stands in form and sheet.

What a field is called stands in `comity.wording.terms`; some measures have a name of their own for it
(`comity.wording.variants`). Which fields are asked for a measure is for the law books to say (`interview`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.node.officers import variants, words
from comity.wording import letters, terms
from comity.wording import variants as wordings

Options = Mapping[str, str | Promise]
LABELS: Final = words.shown(terms.FIELDS)
_VARIANTS: Final = {name: words.shown(table) for name, table in wordings.LABELS.items()}
ROLES: Final = words.shown(letters.ROLES)
"""What a person is in the case; the ids are `comity.casework.request.ROLES`."""


@dataclass(frozen=True)
class Column:
    """One column of repeated rows.

    Args:
        name: of the record's field.
        kind: ``line``, ``text``, ``choice``, ``date``, ``moment``, ``number`` or ``flag``.
        options: for choices: value -> words.
        open: whether a choice may be left open; one that may not says nothing by itself.
        broad: whether it takes the whole width.
        latin: whether it is written from left to right, as identifiers are.
    """

    name: str
    kind: str = "line"
    options: Options = field(default_factory=dict)
    open: bool = True
    broad: bool = False
    latin: bool = False


@dataclass(frozen=True)
class Field:
    """One field.

    Args:
        name: of `Request`, dotted inside; also the name in the form.
        kind: ``line``, ``text``, ``lines``, ``date``, ``moment``, ``number``, ``choice``, ``radio``, ``checks``, ``flag``
            or ``rows``.
        help: one sentence for the drafter, or empty.
        options: for choices: value -> words; some are filled in by the form.
        columns: for rows.
    """

    name: str
    kind: str = "line"
    help: str | Promise = ""
    options: Options = field(default_factory=dict)
    columns: tuple[Column, ...] = ()

    @property
    def id(self) -> str:
        """The element's id on a page."""
        return anchor(self.name)

    def named(self, measure: str) -> str | Promise:
        """Its label for `measure`."""
        return _VARIANTS.get(self.name, {}).get(measure) or LABELS[self.name]

    def helped(self, measure: str) -> str | Promise:
        """Its help for `measure`."""
        return variants.HELPS.get(self.name, {}).get(measure) or self.help


@dataclass(frozen=True)
class Section:
    """Fields that belong together, in the order in which they are asked."""

    title: str | Promise
    lead: str | Promise
    names: tuple[str, ...]


ACCOUNTS: Final = (
    Column("kind", "choice", words.ACCOUNT_KINDS, open=False),
    Column("value", latin=True),
    Column("port", "number"),
    Column("at", "moment"),
)
PERSONS: Final = (
    Column("name"),
    Column("role", "choice", ROLES),
    Column("nationality"),
    Column("born", "date"),
    Column("whereabouts", broad=True),
    Column("description", broad=True),
    Column("consent", "flag", broad=True),
)
ASSETS: Final = (Column("description", broad=True), Column("location"), Column("value"))

SECTIONS: Final = (
    Section(
        _("Where it goes"),
        _("To whom, on what legal basis, and after which earlier case."),
        ("reference", "requested", "basis", "scope", "follows", "language", "exercise"),
    ),
    Section(
        _("Who asks, and for which case"),
        _("The authority, the investigation and who conducts it."),
        ("authority", "subject", "conducting.name", "conducting.function", "conducting.contact"),
    ),
    Section(
        _("The offence and the facts"),
        _("What happened, and how our law calls it."),
        (
            "offence.code",
            "offence.label",
            "offence.provision",
            "offence.max_penalty_months",
            "offence.committed_on",
            "facts",
        ),
    ),
    Section(
        _("The decision that it rests on"),
        _("The warrant, judgment or order of our own court or authority."),
        (
            "order.authority",
            "order.reference",
            "order.issued_on",
            "order.extent",
            "order.final",
            "order.copy",
            "order.notice",
            "order.sentence_months",
            "order.remaining_months",
        ),
    ),
    Section(
        _("The help that is sought"),
        _("What is to be done, and how."),
        (
            "assistance",
            "categories",
            "link",
            "documents",
            "questions",
            "event_at",
            "event_place",
            "procedure",
            "arrangement",
            "others",
        ),
    ),
    Section(_("Persons"), _("Everybody whom it concerns, as far as known."), ("persons",)),
    Section(
        _("Accounts and where the data are"),
        _("As exact as possible: it is what a provider searches by."),
        ("accounts", "custodian"),
    ),
    Section(_("Property"), _("As exact as possible, so that it can be found."), ("assets",)),
    Section(_("Period"), _("From the first to the last day."), ("period_from", "period_to", "period_reason")),
    Section(
        _("Purpose and limits"),
        _("What it is for, and what must not be done with it."),
        ("purpose", "intends_request", "conditions", "confidential"),
    ),
    Section(
        _("What our State undertakes"),
        _("Undertakings bind; write only what was approved."),
        ("assurances", "costs"),
    ),
    Section(
        _("Urgency and deadline"),
        _("Only what is needed, with reasons."),
        ("urgency", "urgency_reason", "deadline", "deadline_reason"),
    ),
    Section(
        _("Rights and safeguards"),
        _("The answer goes with the request and is read by the State that decides."),
        ("rights",),
    ),
)
"""All fields, in the order in which they are asked and shown."""

_ALL: Final = (
    Field(
        "reference", help=_("Names the case on both sides of the border. It cannot be changed later.")
    ),
    Field("requested", "choice", _("Only States whose directory entry is pinned here can be asked.")),
    Field("basis", "choice", _("The instrument that the request relies on.")),
    Field("scope", "radio", _("This decides which forms of cooperation are open."), words.SCOPES),
    Field("follows", "choice", _("An earlier case between the same two States.")),
    Field("language", "choice", _("One that the other State accepts.")),
    Field("exercise", "flag", _("No real assistance is asked for. Every page and the letter say so.")),
    Field("authority", help=_("In full, as it should stand in the letter.")),
    Field("subject", "text", _("One or two sentences: what kind of proceedings, at which stage.")),
    Field("conducting.name", help=_("The name of a person.")),
    Field("conducting.function", help=_("Rank or office, and authority.")),
    Field("conducting.contact", help=_("Telephone or e-mail, with office hours if limited.")),
    Field("offence.code", "choice"),
    Field("offence.label"),
    Field("offence.provision", help=_("Choose from our law book or write it out, for example IR-CCA:13.")),
    Field(
        "offence.max_penalty_months",
        "number",
        _("Deprivation of liberty. 48 months or more make a crime serious; 1200 stands for life."),
    ),
    Field("offence.committed_on", "date", _("The first day, if it lasted longer.")),
    Field(
        "facts",
        "text",
        _("Who did what, when, to whose harm, as far as it matters here. Name no one who need not be named."),
    ),
    Field("order.authority"),
    Field("order.reference"),
    Field("order.issued_on", "date"),
    Field("order.extent", "text"),
    Field("order.final", "flag", _("No ordinary appeal is left.")),
    Field("order.copy", "flag", _("It is handed over with the request, on paper or as a file.")),
    Field("order.notice", "text", _("What was done so that third parties in good faith could be heard.")),
    Field("order.sentence_months", "number"),
    Field("order.remaining_months", "number"),
    Field("assistance", "text", _("What is to be done, as exactly as it can be said.")),
    Field("categories", "checks", _("Ask for no more than is needed."), words.CATEGORIES),
    Field("link", "text", _("Why just these data show something about this offence.")),
    Field("documents", "text", _("Each with its date and number.")),
    Field("questions", "text", _("One in each line, in the order in which they are to be put.")),
    Field("event_at", "moment", _("The date, the time and the offset from UTC.")),
    Field("event_place"),
    Field("procedure", "text", _("A form that our courts need, such as an oath, a recording or a certificate.")),
    Field("arrangement", "text", _("Members, leader, place, duration, and whose law governs which step.")),
    Field("others", "lines", _("One in each line: the two-letter code of a State, or the name of an organisation.")),
    Field(
        "persons",
        "rows",
        _("As far as known. A nationality is the two-letter code of a State; several are parted by commas."),
        columns=PERSONS,
    ),
    Field(
        "accounts",
        "rows",
        _("An IP address names nobody without the moment of use, its offset from UTC and the source port."),
        columns=ACCOUNTS,
    ),
    Field("custodian", help=_("The provider’s name and country, a data centre, a host name: whatever is known.")),
    Field("assets", "rows", _("One row for each thing or account."), columns=ASSETS),
    Field("period_from", "date", _("First day of the data.")),
    Field("period_to", "date", _("Last day of the data.")),
    Field("period_reason", "text", _("Why a shorter one would not do.")),
    Field("purpose", "text", _("It may be used for nothing else without consent.")),
    Field("intends_request", "flag", _("A preservation holds only as long as a request for the data is intended.")),
    Field("conditions", "lines", _("One in each line. They bind the State that receives it.")),
    Field("confidential", "flag"),
    Field(
        "assurances",
        "text",
        _("Such as custody and return, safe conduct, no prosecution for other acts, no death penalty."),
    ),
    Field("costs", "text", _("What will be costly, and who is to bear it. The two States consult on it first.")),
    Field(
        "urgency",
        "radio",
        _("An emergency is a significant and imminent risk to the life or safety of a person; nothing less."),
        words.URGENCIES,
    ),
    Field("urgency_reason", "text", _("Needed unless the request is ordinary.")),
    Field("deadline", "date", _("The other State takes a deadline into account that has a reason.")),
    Field("deadline_reason"),
    Field(
        "rights",
        "text",
        _(
            "Is the step necessary and proportionate? Could it serve to prosecute someone for race, sex, religion, "
            "nationality, ethnic origin or opinion? Answer in words; the machine does not judge this."
        ),
    ),
)  # fmt: skip
FIELDS: Final[dict[str, Field]] = {found.name: found for found in _ALL}
ROWS: Final = {name: found.columns for name, found in FIELDS.items() if found.kind == "rows"}
FLAGS: Final = frozenset(name for name, found in FIELDS.items() if found.kind == "flag")


def block(name: str) -> str:
    """The field of the form that holds `name`: that of a row's column is the whole list."""
    head = name.partition(".")[0]
    return head if head in ROWS else name


def label(name: str, measure: str = "") -> str | Promise:
    """What the field `name` of a request is called; ``accounts.at`` and the like are columns of rows."""
    found = FIELDS.get(name)
    return found.named(measure) if found else LABELS.get(name, name)


def anchor(name: str) -> str:
    """The id of the element that holds the field `name`."""
    return "f-" + block(name).replace(".", "-")
