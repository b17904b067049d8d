"""The contents of a request, field by field: what each is called, how it is explained, and the article that it answers.

The same list makes the drafting form, the readable sheet, the questions that may be asked and the list of what changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.node.officers import words

Articles = Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """One field.

    Args:
        name: of `Request`, dotted inside; also the name in the form.
        label: what it is called.
        help: one sentence for the drafter, or empty.
        articles: measure -> the article it answers; none where no article asks for it.
        kind: ``line``, ``text``, ``lines``, ``date``, ``number``, ``choice``, ``radio``, ``checks``, ``flag`` or
            ``accounts``.
        options: for choices: value -> words; some are filled in by the form.
        labels: other labels for a measure.
        helps: other help for a measure.
    """

    name: str
    label: str | Promise
    help: str | Promise = ""
    articles: Articles = field(default_factory=dict)
    kind: str = "line"
    options: Mapping[str, str | Promise] = field(default_factory=dict)
    labels: Mapping[str, str | Promise] = field(default_factory=dict)
    helps: Mapping[str, str | Promise] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The element's id on a page."""
        return "f-" + self.name.replace(".", "-")

    def named(self, measure: str) -> str | Promise:
        """Its label for `measure`."""
        return self.labels.get(measure, self.label)

    def helped(self, measure: str) -> str | Promise:
        """Its help for `measure`."""
        return self.helps.get(measure, self.help)


@dataclass(frozen=True)
class Section:
    """Fields that belong together, in the order in which they are asked."""

    title: str | Promise
    lead: str | Promise
    names: tuple[str, ...]
    article: str = ""


_P, _D = "preservation", "stored-data"


def _both(preservation: str, data: str) -> Articles:
    return {name: article for name, article in ((_P, preservation), (_D, data)) if article}


FIELDS: Final[dict[str, Field]] = {
    found.name: found
    for found in (
        Field(
            "reference",
            _("Our reference"),
            _("Names the case on both sides of the border. It cannot be changed later."),
        ),
        Field(
            "requested",
            _("State that is asked"),
            _("Only States whose directory entry is pinned here can be asked."),
            kind="choice",
        ),
        Field("basis", _("Legal basis"), _("The instrument that the request relies on."), kind="choice"),
        Field(
            "scope",
            _("Why the Convention applies"),
            _("This decides which forms of cooperation are open."),
            _both("35(1)", "35(1)"),
            "radio",
            words.SCOPES,
        ),
        Field(
            "exercise",
            _("This is an exercise"),
            _("No real assistance is asked for. Every page and the letter say so."),
            kind="flag",
        ),
        Field(
            "follows",
            _("Preservation that it stands on"),
            _("Our earlier request by which the data were preserved. Naming it keeps the data held until a decision."),
            _both("", "42(8)"),
            "choice",
        ),
        Field(
            "authority",
            _("Authority making the request"),
            _("In full, as it should stand in the letter."),
            _both("42(3)(a)", "40(15)(a)"),
            labels={_P: _("Authority seeking the preservation")},
        ),
        Field(
            "conducting.name",
            _("Officer conducting the investigation"),
            _("The name of a person."),
            _both("", "40(15)(b)"),
        ),
        Field(
            "conducting.function",
            _("His or her functions"),
            _("Rank or office, and authority."),
            _both("", "40(15)(b)"),
        ),
        Field(
            "conducting.contact",
            _("How to reach this officer"),
            _("Telephone or e-mail, with office hours if limited."),
        ),
        Field(
            "subject",
            _("Subject and nature of the investigation"),
            _("One or two sentences: what kind of proceedings, at which stage."),
            _both("", "40(15)(b)"),
            "text",
        ),
        Field(
            "offence.code",
            _("Offence under the Convention"),
            "",
            _both("42(3)(b)", "40(15)(b)"),
            "choice",
            words.OFFENCES,
        ),
        Field("offence.label", _("What our law calls it"), "", _both("42(3)(b)", "40(15)(b)")),
        Field(
            "offence.provision",
            _("Provision of our law"),
            _("Choose from our law book or write it out, for example IR-CCA:13."),
            _both("42(3)(b)", "40(15)(b)"),
        ),
        Field(
            "offence.max_penalty_months",
            _("Maximum penalty, in months"),
            _("Deprivation of liberty. 48 months or more make a crime serious."),
            _both("2(h)", "2(h)"),
            "number",
        ),
        Field("offence.committed_on", _("Committed on"), _("The first day, if it lasted longer."), kind="date"),
        Field(
            "facts",
            _("Summary of the facts"),
            _("Who did what, when, to whose harm, as far as it matters here. Name no one who need not be named."),
            _both("42(3)(b)", "40(15)(c)"),
            "text",
            helps={_P: _("A brief summary is enough: what happened, and when.")},
        ),
        Field(
            "assistance",
            _("What help is sought"),
            _("The data to be disclosed, and any special procedure that our courts need."),
            _both("42(3)(c)", "40(15)(d)"),
            "text",
            labels={_P: _("Data to be preserved")},
            helps={_P: _("Which data, of which account or system, from when to when.")},
        ),
        Field(
            "categories",
            _("Categories of data"),
            _("Ask for no more than is needed."),
            _both("42(3)(c)", "40(15)(d)"),
            "checks",
            words.CATEGORIES,
        ),
        Field(
            "link",
            _("Link between the data and the offence"),
            _("Why just these data show something about this offence."),
            _both("42(3)(c)", ""),
            "text",
        ),
        Field(
            "custodian",
            _("Custodian of the data, or where the system is"),
            _("The provider’s name and country, a data centre, a host name: whatever is known."),
            _both("42(3)(d)", "40(15)(e)"),
        ),
        Field(
            "accounts",
            _("Accounts and addresses"),
            _("An IP address names nobody without the moment of use, its offset from UTC and the source port."),
            _both("42(3)(d)", "40(15)(e)"),
            "accounts",
        ),
        Field(
            "persons",
            _("Persons concerned"),
            _("One in each line, as far as known: name, nationality, place."),
            _both("", "40(15)(e)"),
            "lines",
        ),
        Field("period_from", _("Evidence from"), _("First day of the data."), _both("", "40(15)(f)"), "date"),
        Field("period_to", _("Evidence until"), _("Last day of the data."), _both("", "40(15)(f)"), "date"),
        Field(
            "purpose",
            _("Purpose for which the evidence is sought"),
            _("It may be used for nothing else without consent."),
            _both("42(3)(e)", "40(15)(g)"),
            "text",
            labels={_P: _("Why preservation is needed")},
            helps={_P: _("For example: the provider deletes such data after a few weeks.")},
        ),
        Field(
            "intends_request",
            _("A request for the data will follow"),
            _("The Convention requires this intention for a preservation."),
            _both("42(3)(f)", ""),
            "flag",
        ),
        Field(
            "confidential",
            _("Keep the request secret and do not tell the user"),
            "",
            _both("42(3)(g)", "40(20)"),
            "flag",
        ),
        Field(
            "urgency",
            _("How fast"),
            _("An emergency is a significant and imminent risk to the life or safety of a person; nothing less."),
            _both("2(o)", "2(o)"),
            "radio",
            words.URGENCIES,
        ),
        Field("urgency_reason", _("Why it is urgent"), _("Needed unless the request is ordinary."), kind="text"),
        Field(
            "deadline",
            _("Suggested deadline"),
            _("The Convention sets no number of days; a reasoned deadline is honoured."),
            _both("40(26)", "40(26)"),
            "date",
        ),
        Field("deadline_reason", _("Reason for the deadline"), "", _both("40(26)", "40(26)")),
        Field(
            "language",
            _("Language of the request"),
            _("One that the other State accepts."),
            _both("40(13)", "40(13)"),
            "choice",
        ),
        Field(
            "rights",
            _("Rights and safeguards"),
            _(
                "Is the step necessary and proportionate? Could it serve to prosecute someone for race, sex, religion, "
                "nationality, ethnic origin or opinion? Answer in words; the machine does not judge this."
            ),
            _both("6", "6"),
            "text",
        ),
    )
}

SECTIONS: Final[dict[str, tuple[Section, ...]]] = {
    _P: (
        Section(
            _("Where it goes"),
            _("To whom, and on what legal basis."),
            ("reference", "requested", "basis", "scope", "language", "exercise"),
        ),
        Section(
            _("Who asks"),
            _("The authority that wants the data preserved."),
            ("authority", "subject", "conducting.name", "conducting.function", "conducting.contact"),
            "42(3)(a)",
        ),
        Section(
            _("The offence and the facts"),
            _("What is being investigated."),
            (
                "offence.code",
                "offence.label",
                "offence.provision",
                "offence.max_penalty_months",
                "offence.committed_on",
                "facts",
            ),
            "42(3)(b)",
        ),
        Section(
            _("The data"),
            _("What must be preserved, and what it has to do with the offence."),
            ("assistance", "categories", "period_from", "period_to", "link"),
            "42(3)(c)",
        ),
        Section(
            _("Where the data are"),
            _("Anything that helps to find the custodian or the system."),
            ("custodian", "accounts", "persons"),
            "42(3)(d)",
        ),
        Section(
            _("Why, and what comes next"),
            _("The need, the request that will follow, and secrecy."),
            ("purpose", "intends_request", "confidential"),
            "42(3)(e)",
        ),
        Section(_("Urgency"), _("Only what is needed."), ("urgency", "urgency_reason", "deadline", "deadline_reason")),
        Section(
            _("Rights and safeguards"),
            _("The answer goes with the request and is read by the State that decides."),
            ("rights",),
        ),
    ),
    _D: (
        Section(
            _("Where it goes"),
            _("To whom, on what legal basis, and after which preservation."),
            ("reference", "requested", "basis", "scope", "follows", "language", "exercise"),
        ),
        Section(
            _("Who asks, and for which case"),
            _("The authority, the investigation and who conducts it."),
            ("authority", "subject", "conducting.name", "conducting.function", "conducting.contact"),
            "40(15)(a)",
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
            "40(15)(c)",
        ),
        Section(
            _("The help that is sought"),
            _("Which data, in which form, by which procedure."),
            ("assistance", "categories", "link"),
            "40(15)(d)",
        ),
        Section(
            _("Persons, accounts and where the data are"),
            _("As exact as possible: it is what a provider searches by."),
            ("accounts", "persons", "custodian"),
            "40(15)(e)",
        ),
        Section(
            _("Period of the evidence"), _("From the first to the last day."), ("period_from", "period_to"), "40(15)(f)"
        ),
        Section(_("Purpose and secrecy"), _("What the evidence is for."), ("purpose", "confidential"), "40(15)(g)"),
        Section(
            _("Urgency and deadline"),
            _("Only what is needed, with reasons."),
            ("urgency", "urgency_reason", "deadline", "deadline_reason"),
            "40(26)",
        ),
        Section(
            _("Rights and safeguards"),
            _("The answer goes with the request and is read by the State that decides."),
            ("rights",),
        ),
    ),
}


def names_of(measure: str) -> tuple[str, ...]:
    """Every field of a request for `measure`, in order."""
    return tuple(name for section in SECTIONS[measure] for name in section.names)


def label(name: str, measure: str = "") -> str | Promise:
    """What the field `name` is called; ``accounts.at`` and the like are parts of the accounts."""
    if name in ACCOUNT_FIELDS:
        return ACCOUNT_FIELDS[name]
    found = FIELDS.get(name)
    return found.named(measure) if found else name


def anchor(name: str) -> str:
    """The id of the element that holds the field `name`."""
    return FIELDS["accounts"].id if name in ACCOUNT_FIELDS else "f-" + name.replace(".", "-")


ACCOUNT_FIELDS: Final[words.Words] = {
    "accounts.kind": _("Kind of identifier"),
    "accounts.value": _("Identifier"),
    "accounts.at": _("Moment of use, with offset from UTC"),
    "accounts.port": _("Source port"),
}
