"""The forms of the verbs: what each asks an officer for. Names are those of the desk functions' arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _

from comity.casework.act import EVIDENCE, INTELLIGENCE
from comity.casework.lifecycle import Case, Kind
from comity.casework.measure import GROUPS, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.moments import strict_moment
from comity.casework.times import under_conduct
from comity.errors import ComityError, Invalid
from comity.node.desk import intake
from comity.node.officers import (
    almanac,
    answers,
    asking,
    deadlines,
    fields,
    interview,
    judgement,
    reading,
    releasing,
    words,
)
from comity.node.officers.answers import Problem
from comity.node.settings import Settings
from comity.wording.speech import visible

Options = Sequence[tuple[str, str | Promise]]


@dataclass(frozen=True)
class Input:
    """One thing that a verb asks for.

    Args:
        name: of the desk function's argument.
        label: what it is called.
        help: one sentence, or empty.
        kind: ``line``, ``number``, ``text``, ``lines``, ``date``, ``moment``, ``choice``, ``checks``; ``all``: every
            option has to be ticked; ``which``: a choice that means the text of its option; ``deadline``: one that means a
            clock and its end; ``hidden``: what was chosen before.
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


_MESSAGE: Final = Input("message", _("Message to the other State"), "", "text")
_UNTIL: Final = Input("until", _("Until when"), _("The last day. It must lie after the present end."), "date")
_CLOCK: Final = Input("deadline", _("Deadline"), "", "deadline")
_PERSON: Final = Input("person", _("Person"), _("As the request names him or her."), "which")
_REST: Final = Input(
    "rest",
    _("What is still missing"),
    _("Leave it empty if this is all. Otherwise the rest follows later, or is refused."),
    "text",
    optional=True,
)
_REASONS: Final = Input("reasons", _("Reasons"), _("They are sent to the other State."), "text")

_OWN_RECORD: Final = _("It stays in this State’s own record.")
_OWN_TIME: Final = _("Date and time; without an offset, this node’s own time is meant.")

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
    "agree": (Input("conditions", _("Conditions"), _("Read each one and tick it. They bind from then on."), "all"),),
    "reply": (replace(_MESSAGE, label=_("Answer to the other State")),),
    "enquire": (replace(_MESSAGE, help=_("What you want to know, and by when.")),),
    "report": (replace(_MESSAGE, help=_("What has been done, what is under way, when it will be ready.")),),
    "ask-extension": (_UNTIL, _REASONS),
    "extend": (_UNTIL, _REASONS),
    "refuse-extension": (_REASONS,),
    "discharge": (
        _PERSON,
        Input("told_at", _("When the person was told"), _OWN_TIME, "moment"),
        Input(
            "agreed",
            _("Condition that sets another period"),
            _("Only where both States agreed on one."),
            "which",
            optional=True,
        ),
        Input(
            "days",
            _("Its days"),
            _("In a row. Leave it empty for the period of the legal basis."),
            "number",
            optional=True,
        ),
    ),
    "hinder": (
        _PERSON,
        Input(
            "since",
            _("Since when the person cannot leave"),
            _("Leave it empty to end a hindrance that was told before."),
            "moment",
            optional=True,
        ),
        Input(
            "until", _("Until when"), _("Leave it empty while it lasts; say the end later."), "moment", optional=True
        ),
        replace(_REASONS, label=_("What stands in the way")),
    ),
    "end-safe-conduct": (
        _PERSON,
        Input("how", _("How it ended"), "", "choice"),
        Input("ended_at", _("When"), _OWN_TIME, "moment"),
    ),
    "verify": (Input("container", _("Return"), "", "hidden", optional=True),),
    "release": (
        Input("recipient", _("Who receives it"), _("The court, authority or person, by name.")),
        Input("state", _("Recipient’s State or organisation"), _("Only those that the consent names."), "choice"),
        Input("use", _("What it may serve as"), _("As the consent says."), "choice"),
        Input("conditions", _("Conditions"), _("They go with the material. Tick each one that you have told."), "all"),
        Input("manifest", _("Return"), "", "hidden", optional=True),
        Input("leave", _("Consent"), "", "hidden", optional=True),
    ),
    "meet": (_CLOCK, replace(_REASONS, label=_("How it was met"), help=_OWN_RECORD)),
    "escalate": (_CLOCK, replace(_REASONS, label=_("Who was told, and what"), help=_OWN_RECORD)),
    "waive": (_CLOCK, replace(_REASONS, label=_("Why it does not matter any more"), help=_OWN_RECORD)),
    "perform": (
        Input("report", _("What was done"), "", "text"),
        Input("done_on", _("Done on"), "", "date"),
        _REST,
    ),
    "disclose": (Input("use", _("What it may serve as"), "", "choice"), _REST),
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
            _OWN_TIME,
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


Known = dict[str, dict[str, Any] | None]
"""What is known of the inputs of a verb by name; None: this case needs no such input."""


@dataclass(frozen=True)
class Asking:
    """For what a form is made: the case, the moment, the reader's language, and what the page's address names."""

    settings: Settings
    case: Case
    at: datetime
    language: str
    named: Mapping[str, str] = field(default_factory=dict)


def prefilled(asking_for: Asking, verb: str) -> list[Input]:
    """The inputs of `verb` with what is known already, without those that this case does not need."""
    known = _KNOWN[verb](asking_for) if verb in _KNOWN else {}
    found = []
    for item in INPUTS.get(verb, ()):
        changes = known.get(item.name, {})
        if changes is not None:
            found.append(replace(item, **changes))
    return found


def _approve(of: Asking) -> Known:
    checked = of.case.last(Kind.CHECKED)
    findings = checked.body["assessment"]["findings"] if checked else []
    failed = any(item["verdict"] == "failed" for item in findings)
    return {"despite": {"optional": not failed}}


def _ask(of: Asking) -> Known:
    found, measure = asking.suggested_questions(of.case), str(of.case.measure)
    options = [
        (name, fields.label(name, measure))
        for name in interview.names(of.settings.books, of.case.request, of.at.date())
        if name not in ("reference", "exercise")
    ]
    return {"questions": {"value": found.text}, "fields": {"options": options, "value": list(found.names)}}


def _accept(of: Asking) -> Known:
    if of.case.life is Life.NOTICE:
        told = of.case.request.conditions
        acknowledged = {"options": _each(told), "value": [], "kind": "all", "help": _("Read each one and tick it."),
                        "label": _("Conditions under which it was told"), "optional": False}  # fmt: skip
        return {"conditions": acknowledged if told else None,
                "reasons": {"help": _("A sentence for the sender: what will be done with it.")}}  # fmt: skip
    offered = [(text, text) for _, text in asking.suggested_conditions(of.settings, of.case)]
    decided = of.case.last(Kind.ACCEPTED)
    conditions = {"options": offered, "value": "\n".join(of.case.conditions)}
    return {"conditions": conditions, "reasons": {"value": decided.body["reasons"] if decided else ""}}


def _refuse(of: Asking) -> Known:
    options = [(ground.id, ground.name) for ground in asking.grounds(of.settings, of.case, of.at.date())]
    if not options or of.case.life in (Life.NOTICE, Life.CONSENT):
        return {"grounds": None}
    return {"grounds": {"options": options, "value": []}}


def _authorise(of: Asking) -> Known:
    return {"ground": {"options": asking.authorisations(of.settings, of.case)}}


def _order(of: Asking) -> Known:
    if of.case.measure in GROUPS["data"]:
        return {"provider": {"value": of.case.request.custodian}}
    return {"provider": {"label": _("Who is to carry it out"), "value": of.case.request.custodian}}


def _moment_typed(of: Asking, moment: datetime) -> str:
    local = moment.astimezone(get_current_timezone())
    clock, day = f"{local:%H:%M}", local.date()
    if of.language == "fa":
        return f"{almanac.day_typed(day, of.language)} {almanac.persian_digits(clock)}"
    return f"{day.isoformat()} {clock}"


def _preserve(of: Asking) -> Known:
    return {"effected_at": {"value": _moment_typed(of, of.at)}, "until": None if _has_period(of) else {}}


def _people(names: Sequence[str]) -> dict[str, Any]:
    """The choice of a person, made already where there is one."""
    return {"options": _each(names), "value": "0" if len(names) == 1 else ""}


def _discharge(of: Asking) -> Known:
    names = list(dict.fromkeys(subject.name for subject in of.case.request.persons if subject.name))
    agreed = of.case.agreed_upon
    known: Known = {"person": _people(names), "told_at": {"value": _moment_typed(of, of.at)}}
    return known | {"agreed": {"options": _each(agreed)} if agreed else None,
                    "days": {} if agreed else None}  # fmt: skip


def _hinder(of: Asking) -> Known:
    return {"person": _people([one.person for one in under_conduct(of.case)])}


def _end_safe_conduct(of: Asking) -> Known:
    known: Known = {
        "how": {"options": tuple(words.CONDUCT_ENDS.items())},
        "ended_at": {"value": _moment_typed(of, of.at)},
    }
    return _hinder(of) | known


def _has_period(of: Asking) -> bool:
    """Whether the legal basis says how long data are preserved; else the officer has to."""
    try:
        of.settings.books.clock(of.case.request.basis, "preservation")
    except ComityError:
        return False
    return True


def _execute(of: Asking) -> Known:
    ordered = of.case.last(Kind.ORDERED)
    options = [(name, name) for name in intake.deliveries(of.settings)]
    value = options[0][0] if len(options) == 1 else ""
    return {
        "delivery": {"options": options, "value": value},
        "source": {"value": ordered.body["provider"] if ordered else ""},
    }


_USES: Final[Options] = (
    (EVIDENCE, _("Evidence")),
    (INTELLIGENCE, _("Information for the police only, no evidence")),
)


def _disclose(of: Asking) -> Known:
    if of.case.measure is Measure.POLICE_COOPERATION:
        return {"use": None}
    return {"use": {"options": _USES, "value": EVIDENCE}}


def _perform(of: Asking) -> Known:
    today = of.at.astimezone(get_current_timezone()).date()
    help_of = REPORTS.get(str(of.case.measure), "")
    return {"report": {"help": help_of}, "done_on": {"value": almanac.day_typed(today, of.language)}}


REPORTS: Final[Mapping[str, str | Promise]] = {
    "service": _("Which document was handed to whom, where, when and by whom; or why it could not be."),
    "appearance": _("Whether the person was told and agrees, and when and where he or she will appear."),
    "prisoner-transfer": _("Where and when the person was handed over, to whom, and until when."),
    "extradition": _("Where and when the person was surrendered, to whom, and how long he or she was held here."),
    "provisional-arrest": _("Where and when the person was arrested, and before which court he or she was brought."),
    "sentenced-person": _("Where and when the person was taken over, and what is left of the sentence."),
    "proceedings": _("Whether the proceedings were taken over, by whom, and under which number."),
    "jurisdiction": _("What was settled: who prosecutes which conduct."),
    "joint-investigation": _("Whether the team was set up, who belongs to it, or what it has done."),
    "freezing": _("Which property was frozen, where it is, its value, by which decision and until when."),
    "confiscation": _("Which property was confiscated, its value, by which decision, and where it is kept."),
    "return": _("What was returned or disposed of, to whom, and after which deductions."),
}
"""What a report tells, for each deed."""


def _agree(of: Asking) -> Known:
    return {"conditions": {"options": _each(of.case.conditions), "value": []}}


def _each(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Texts to tick one by one, by their place: what a browser sends back of a text may differ in its line ends."""
    return [(str(place), text) for place, text in enumerate(texts)]


def _extend(of: Asking) -> Known:
    asked = of.case.asked_to_extend
    if asked is None:
        return {}
    zone = get_current_timezone()
    until = strict_moment(asked.body["until"]).astimezone(zone)
    day = until.date()
    if of.case.measure in TRAFFIC_AND_CONTENT and datetime.combine(day, time(23, 59, 59), zone) > until:
        day -= timedelta(days=1)  # no more than was asked for, and that day ended earlier where it was asked
    return {"until": {"value": almanac.day_typed(day, of.language)}}


def _verify(of: Asking) -> Known:
    return {"container": {"value": of.named.get("container", "")}}


def _release(of: Asking) -> Known:
    found = releasing.ways(of.settings, of.case, at=of.at)
    way = releasing.chosen(found, of.named)
    if way is None:
        return dict.fromkeys(("recipient", "state", "use", "conditions", "manifest", "leave"))
    known: Known = {"manifest": {"value": way.manifest}, "leave": {"value": way.by}, "state": None, "use": None}
    known["conditions"] = {"options": _each(way.conditions), "value": []} if way.conditions else None
    if way.leave is not None:
        others = [of.settings.state, *way.leave.request.others]
        names = [(code, reading.state_name(of.settings, code, of.language)) for code in dict.fromkeys(others)]
        known["state"] = {"options": names}
        known["use"] = {"options": _USES, "value": INTELLIGENCE} if way.use == INTELLIGENCE else None
    return known


def _clock(of: Asking) -> Known:
    running = [clock for clock in deadlines.of(of.settings, of.case, at=of.at) if clock.open]
    options = [(clock.id, _named(of, clock)) for clock in running]
    named = of.named.get("deadline", "")
    value = named if named in dict(options) else options[0][0] if len(options) == 1 else ""
    return {"deadline": {"options": options, "value": value}}


def _named(of: Asking, clock: deadlines.Clock) -> str:
    """A deadline as an option: what it is called and its last day, in the calendars of the page."""
    day = clock.due.astimezone(get_current_timezone()).date()
    person = f" \u2068{visible(clock.person)}\u2069" if clock.person else ""
    name = f"{judgement.plain(judgement.clock(clock.kind))}{person}"
    return f"{name}: {almanac.day_words(day, of.language)}"


_KNOWN: Final[Mapping[str, Callable[[Asking], Known]]] = {
    "approve": _approve,
    "ask": _ask,
    "accept": _accept,
    "refuse": _refuse,
    "authorise": _authorise,
    "order": _order,
    "preserve": _preserve,
    "discharge": _discharge,
    "hinder": _hinder,
    "end-safe-conduct": _end_safe_conduct,
    "execute": _execute,
    "disclose": _disclose,
    "perform": _perform,
    "agree": _agree,
    "extend": _extend,
    "verify": _verify,
    "release": _release,
    "meet": _clock,
    "escalate": _clock,
    "waive": _clock,
}


def typed(found: list[Input], post: QueryDict) -> list[Input]:
    """The inputs with what was posted, exactly as typed."""
    return [replace(item, value=_typed(item, post)) for item in found]


def _typed(item: Input, post: QueryDict) -> Any:
    if item.kind in ("checks", "all"):
        return post.getlist(item.name)
    if item.kind == "lines":
        return "\n".join(post.getlist(item.name))
    return post.get(item.name, "")


def meant(found: list[Input], language: str) -> dict[str, Any]:
    """What the inputs mean, as arguments for the desk.

    Raises:
        Invalid: a value that cannot be used, or a needed date that is missing; `where` names the input.
    """
    said: dict[str, Any] = {}
    for item in found:
        said |= _deadline(item) if item.kind == "deadline" else {item.name: _meant(item, language)}
    return said


def _deadline(item: Input) -> dict[str, Any]:
    """The clock and the end that were chosen."""
    if item.value not in dict(item.options):
        raise Invalid("Choose one of the deadlines.", code="form.choice", where=item.name)
    clock, _, due = str(item.value).rpartition("@")
    return {"clock": clock, "due": strict_moment(due)}


def _meant(item: Input, language: str) -> Any:
    if item.kind == "all":
        if {place for place, _text in item.options} - set(item.value):
            raise Invalid("Read and tick each one.", code="form.acknowledge", where=item.name)
        return [str(text) for _place, text in item.options]
    if item.kind == "checks":
        return list(item.value)
    return _written(item, str(item.value).replace("\r\n", "\n").strip(), language)


def _written(item: Input, text: str, language: str) -> Any:
    """What `text`, written or chosen in one place, means."""
    if item.kind == "lines":
        return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if item.kind == "number":
        return _number(text, item)
    if item.kind not in ("date", "moment"):
        return str(dict(item.options).get(text, "")) if item.kind == "which" else text
    if not text:
        if item.optional:
            return None
        raise Invalid("Fill this in.", code="form.required", where=item.name)
    if item.kind == "date":
        return almanac.parse_day(text, where=item.name, language=language)
    zone = get_current_timezone()
    return almanac.parse_moment(text, where=item.name, language=language, zone=zone).astimezone(UTC)


def _number(text: str, item: Input) -> int:
    """A whole number in any digits; none is 0."""
    try:
        number = int(text or "0")
    except ValueError:
        number = -1
    if number < 0:
        raise Invalid("Write a whole number.", code="form.number", where=item.name)
    return number


def blamed(found: list[Input], error: ComityError) -> tuple[list[Input], Problem | None]:
    """(the inputs with `error` at the one it is about, the problem when it is about none of them)."""
    problem = answers.problem(error)
    if problem.where not in {item.name for item in found if item.kind != "hidden"}:
        return found, problem
    return [replace(item, problem=problem) if item.name == problem.where else item for item in found], None
