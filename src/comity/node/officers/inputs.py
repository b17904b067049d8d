"""The forms of the verbs: what each asks an officer for. Names are those of the desk functions' arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _

from comity.casework.lifecycle import Case, Kind
from comity.errors import ComityError, Invalid
from comity.node.desk import evidence
from comity.node.officers import almanac, answers, asking, fields, interview
from comity.node.officers.answers import Problem
from comity.node.settings import Settings

Options = Sequence[tuple[str, str | Promise]]


@dataclass(frozen=True)
class Input:
    """One thing that a verb asks for.

    Args:
        name: of the desk function's argument.
        label: what it is called.
        help: one sentence, or empty.
        kind: ``line``, ``text``, ``lines``, ``date``, ``moment``, ``choice`` or ``checks``.
        optional: whether it may be left empty.
        options: for choices; for lines: what may be picked.
        value: what stands in it.
        problem: what is wrong with it.
    """

    name: str
    label: str | Promise
    help: str | Promise = ""
    kind: str = "line"
    optional: bool = False
    options: Options = ()
    value: Any = ""
    problem: Problem | None = None

    @property
    def id(self) -> str:
        """Its element's id."""
        return f"f-{self.name}"


_REASONS: Final = Input("reasons", _("Reasons"), _("They are sent to the other State."), "text")

INPUTS: Final[Mapping[str, tuple[Input, ...]]] = {
    "approve": (
        Input(
            "despite",
            _("Why it leaves although findings failed"),
            _("Needed only if findings failed. It stays in this State’s own record."),
            "text",
            optional=True,
        ),
    ),
    "discard": (replace(_REASONS, help=_("They stay in this State’s own record.")),),
    "withdraw": (_REASONS,),
    "ask": (
        Input(
            "questions",
            _("Questions"),
            _("One for each thing that is missing or unclear. They are sent as written."),
            "text",
        ),
        Input("fields", _("Fields of the request that they are about"), "", "checks", optional=True),
    ),
    "consult": (
        Input(
            "message",
            _("Message to the other State"),
            _("What stands in the way, and under which conditions help could be given."),
            "text",
        ),
    ),
    "accept": (
        Input(
            "conditions",
            _("Conditions of use"),
            _("One in each line. They bind and travel with the evidence."),
            "lines",
            optional=True,
        ),
        replace(_REASONS, help=_("Why the help is given, in a sentence or two.")),
    ),
    "refuse": (
        Input("grounds", _("Grounds"), _("Only what the law books know for this measure."), "checks"),
        replace(_REASONS, help=_("Reasons must be given for every refusal. They are sent to the other State.")),
    ),
    "postpone": (
        replace(
            _REASONS, help=_("Only because it would interfere with an investigation, prosecution or proceeding here.")
        ),
    ),
    "authorise": (
        Input("authority", _("Authority that authorised"), _("The court or other independent authority.")),
        Input("decision", _("Number of its decision")),
        Input("ground", _("Provision that it rests on"), _("Choose from our law book or write it out.")),
        Input("scope", _("What it covers, and what not"), "", "text"),
        Input("until", _("Valid until"), _("The last day on which it may be used."), "date"),
    ),
    "order": (
        Input("provider", _("Provider or other custodian")),
        Input("order", _("Number of the order")),
        Input("content", _("What it orders"), "", "text"),
    ),
    "preserve": (
        Input(
            "effected_at",
            _("Since when the data are preserved"),
            _("Date and time; without an offset, this node’s own time is meant."),
            "moment",
        ),
        Input(
            "until", _("Until when"), _("The last day. It is asked for because the legal basis sets no period."), "date"
        ),
    ),
    "execute": (
        Input("delivery", _("Delivery"), _("What lies in the intake folder of this node."), "choice"),
        Input(
            "source", _("Who handed it over"), _("The provider or other custodian; it stands in the custody record.")
        ),
    ),
    "close": (Input("note", _("Note"), _("Optional; it is sent to the other State."), "text", optional=True),),
}


def prefilled(settings: Settings, case: Case, verb: str, *, at: datetime, language: str) -> list[Input]:
    """The inputs of `verb` with what is known already."""
    known = _KNOWN.get(verb, _nothing)(settings, case, at, language)
    asked = [item for item in INPUTS.get(verb, ()) if (verb, item.name) != _PERIOD or not _has_period(settings, case)]
    return [replace(item, **known.get(item.name, {})) for item in asked]


_PERIOD: Final = ("preserve", "until")


def _has_period(settings: Settings, case: Case) -> bool:
    """Whether the legal basis says how long data are preserved; else the officer has to."""
    try:
        settings.books.clock(case.request.basis, "preservation")
    except ComityError:
        return False
    return True


Known = dict[str, dict[str, Any]]


def _nothing(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del settings, case, at, language
    return {}


def _approve(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del settings, at, language
    checked = case.last(Kind.CHECKED)
    findings = checked.body["assessment"]["findings"] if checked else []
    return {"despite": {"optional": not any(item["verdict"] == "failed" for item in findings)}}


def _ask(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del language
    found, measure = asking.suggested_questions(case), str(case.measure)
    options = [
        (name, fields.label(name, measure))
        for name in interview.names(settings.books, case.request, at.date())
        if name not in ("reference", "exercise")
    ]
    return {"questions": {"value": found.text}, "fields": {"options": options, "value": list(found.names)}}


def _accept(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del settings, at, language
    return {"conditions": {"options": [(text, text) for _, text in asking.suggested_conditions(case)]}}


def _refuse(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del language
    options = [(ground.id, ground.name) for ground in asking.grounds(settings, case, at.date())]
    return {"grounds": {"options": options, "value": []}}


def _authorise(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del at, language
    return {"ground": {"options": asking.authorisations(settings, case)}}


def _order(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del settings, at, language
    return {"provider": {"value": case.request.custodian}}


def _preserve(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del settings, case
    local = at.astimezone(get_current_timezone())
    clock = f"{local:%H:%M}"
    if language == "fa":
        return {
            "effected_at": {"value": f"{almanac.day_typed(local.date(), language)} {almanac.persian_digits(clock)}"}
        }
    return {"effected_at": {"value": f"{local:%Y-%m-%d} {clock}"}}


def _execute(settings: Settings, case: Case, at: datetime, language: str) -> Known:
    del at, language
    ordered = case.last(Kind.ORDERED)
    options = [(name, name) for name in evidence.deliveries(settings)]
    value = options[0][0] if len(options) == 1 else ""
    return {
        "delivery": {"options": options, "value": value},
        "source": {"value": ordered.body["provider"] if ordered else ""},
    }


_KNOWN: Final[Mapping[str, Callable[[Settings, Case, datetime, str], Known]]] = {
    "approve": _approve,
    "ask": _ask,
    "accept": _accept,
    "refuse": _refuse,
    "authorise": _authorise,
    "order": _order,
    "preserve": _preserve,
    "execute": _execute,
}


def typed(found: list[Input], post: QueryDict) -> list[Input]:
    """The inputs with what was posted, exactly as typed."""
    return [replace(item, value=_typed(item, post)) for item in found]


def _typed(item: Input, post: QueryDict) -> Any:
    if item.kind == "checks":
        return post.getlist(item.name)
    if item.kind == "lines":
        return "\n".join(post.getlist(item.name))
    return post.get(item.name, "")


def meant(found: list[Input], language: str) -> dict[str, Any]:
    """What the inputs mean, as arguments for the desk.

    Raises:
        Invalid: a value that cannot be used, or a needed date that is missing; `where` names the input.
    """
    return {item.name: _meant(item, language) for item in found}


def _meant(item: Input, language: str) -> Any:
    if item.kind == "checks":
        return list(item.value)
    text = str(item.value).replace("\r\n", "\n").strip()
    if item.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if item.kind in ("date", "moment"):
        if not text:
            raise Invalid("Fill this in.", code="form.required", where=item.name)
        if item.kind == "date":
            return almanac.parse_day(text, where=item.name, language=language)
        zone = get_current_timezone()
        return almanac.parse_moment(text, where=item.name, language=language, zone=zone).astimezone(UTC)
    return text


def blamed(found: list[Input], error: ComityError) -> tuple[list[Input], Problem | None]:
    """(the inputs with `error` at the one it is about, the problem when it is about none of them)."""
    problem = answers.problem(error)
    if problem.where not in {item.name for item in found}:
        return found, problem
    return [replace(item, problem=problem) if item.name == problem.where else item for item in found], None
