"""The drafting form: what an officer typed, kept as typed, and the request that it means.

Nothing typed is ever lost: a value that cannot be used stays in its field with a sentence beside it, and everything else
is kept. What is not asked any more (because basis, scope or State were changed) but says something is still shown, and is
still part of the request until the officer removes it. Field names are those of `Request`, dotted inside
(``offence.code``); rows are ``accounts-0-kind`` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.http import QueryDict

from comity.casework.measure import Measure
from comity.casework.request import DataCategory, Request
from comity.errors import ComityError, Invalid
from comity.law.assess import assess
from comity.node import models
from comity.node.officers import almanac, answers, fields, interview, judgement, reading, rows
from comity.node.officers.answers import Problem
from comity.node.officers.fields import FIELDS, FLAGS, ROWS
from comity.node.settings import Settings

Typed = dict[str, Any]
GIVEN: Final = ("requested", "basis", "scope", "offence.code", "follows")
"""What an address may say of a new request."""


@dataclass
class Form:
    """A request as typed.

    Args:
        measure: what kind of request it is.
        typed: field -> text as typed (a list for ``categories`` and for rows, True or False for flags).
        problems: field, or cell of a row (``accounts-0-port``) -> what is wrong there.
        other: problems that belong to no field of this form.
        asked: fields that the other State asked about.
        more: lists of rows for which more empty rows were asked.
    """

    measure: str
    typed: Typed
    problems: dict[str, Problem] = field(default_factory=dict)
    other: list[Problem] = field(default_factory=list)
    asked: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()

    def blame(self, error: ComityError) -> None:
        """Note `error` at its field, or at its cell; once for each."""
        found = answers.problem(error)
        where = found.where
        if where not in FIELDS and not _is_cell(where):
            where = fields.block(where)
            if where in ROWS and any(place.startswith(f"{where}-") for place in self.problems):
                return  # a row of this list has said so already
        if where in FIELDS or _is_cell(where):
            self.problems.setdefault(where, found)
        else:
            self.other.append(found)

    @property
    def status(self) -> int:
        """The HTTP status that its problems call for; 200 when there are none."""
        found = [*self.problems.values(), *self.other]
        return max((item.status for item in found), default=200)

    def situation(self, on: date) -> interview.Situation:
        """What is typed so far of that on which the questions depend."""
        said = {name: str(self.typed.get(name, "")).strip() for name in ("basis", "scope", "requested")}
        categories = interview.categories(self.typed.get("categories"))
        return interview.Situation(measure=Measure(self.measure), categories=categories, on=on, **said)


def _is_cell(where: str) -> bool:
    return where.partition("-")[0] in ROWS and where.count("-") == 2


# ---- from a request to a form ---------------------------------------------------------------------------------


def blank(settings: Settings, measure: str, reference: str, language: str, given: Mapping[str, str]) -> Form:
    """An empty form for a new request, with what is known already.

    Args:
        measure: one of `Measure`.
        reference: a free one.
        language: the page's language.
        given: what the address says, of `GIVEN`.
    """
    typed: Typed = {name: _nothing(name) for name in FIELDS}
    others = [row.state for row, _ in reading.peers(settings)]
    typed |= {
        "reference": reference,
        "requested": others[0] if len(others) == 1 else "",
        "basis": basis_for(settings, Measure(measure)),
        "scope": "A",
        "urgency": "ordinary",
        "language": "en",
        "exercise": True,
        "authority": _own_authority(settings, language),
    }
    earlier = models.Case.objects.filter(pk=given.get("follows", "")).first()
    if earlier is not None:
        typed["requested"] = earlier.requested if earlier.requesting == settings.state else earlier.requesting
    typed |= {name: value for name, value in given.items() if name in GIVEN and value}
    form = Form(measure, typed)
    asked = {item.name for item in interview.ask(settings.books, form.situation(date.min))}
    typed["intends_request"] = "intends_request" in asked
    return form


def _nothing(name: str) -> Any:
    """What stands in an empty field."""
    if name in FLAGS:
        return False
    return [] if name in ROWS or name == "categories" else ""


def basis_for(settings: Settings, measure: Measure) -> str:
    """The first instrument that knows `measure`, the UN Convention before the others."""
    knowing = [name for name, treaty in settings.books.treaties.items() if measure in treaty.measures]
    return "uncc" if "uncc" in knowing or not knowing else knowing[0]


def _own_authority(settings: Settings, language: str) -> str:
    entry = reading.own(settings)
    central = [item for item in entry.authorities if item.role == "central"] if entry else []
    return (central[0].names.get(language) or central[0].names.get("en", "")) if central else ""


def filled(request: Request, language: str) -> Form:
    """The form that holds `request`."""
    raw = request.to_dict()
    typed = {name: _filled(name, _at(raw, name), language) for name in FIELDS}
    typed["exercise"] = request.exercise
    return Form(str(request.measure), typed)


def _filled(name: str, value: Any, language: str) -> Any:
    if name in FLAGS:
        return bool(value)
    if name in ROWS:
        return rows.filled(value or (), ROWS[name], language)
    kind = FIELDS[name].kind
    if kind == "checks":
        return list(value or ())
    if kind == "lines":
        return "\n".join(value or ())
    if kind == "date" and value:
        return almanac.day_typed(date.fromisoformat(value), language)
    return "" if value is None else str(value)


def _at(raw: Mapping[str, Any], name: str) -> Any:
    head, _, rest = name.partition(".")
    found = raw.get(head)
    return found.get(rest) if rest and isinstance(found, Mapping) else found


# ---- from what was posted to a form, and on to a request ------------------------------------------------------


def posted(post: QueryDict, measure: str) -> Form:
    """The form as it was posted, exactly as typed; also what is not asked."""
    typed: Typed = {}
    for name, found in FIELDS.items():
        if name in FLAGS:
            typed[name] = post.get(name) in ("on", "true", "1", "True")
        elif name in ROWS:
            typed[name] = rows.posted(post, name, ROWS[name])
        else:
            typed[name] = post.getlist(name) if found.kind == "checks" else post.get(name, "")
    return Form(measure, typed, more=frozenset(post.getlist("add")) & set(ROWS))


def meant(settings: Settings, form: Form, language: str) -> Request | None:
    """The request that `form` means; None when something typed cannot be used, which is then noted in the form."""
    raw: dict[str, Any] = {"requesting": settings.state, "measure": form.measure}
    for name, value in form.typed.items():
        if name in ROWS:
            _put(raw, name, rows.meant(name, value, ROWS[name], language, form.blame))
            continue
        try:
            _put(raw, name, _usable(name, value, language))
        except Invalid as error:
            form.blame(error)
    for check in (_pinned, _known_offence, _known_measure):
        try:
            check(settings, form)
        except Invalid as error:
            form.blame(error)
    raw["exercise"] = bool(form.typed["exercise"]) or settings.exercise
    found: Request | None = None
    try:  # also when something cannot be used, so that what else is wrong is said at once
        found = Request.from_dict({"requested": ""} | raw)
    except ComityError as error:
        form.blame(error)
    return None if form.problems or form.other else found


def _put(raw: dict[str, Any], name: str, value: Any) -> None:
    if value in ("", None, [], {}):
        return
    head, _, rest = name.partition(".")
    if rest:
        raw.setdefault(head, {})[rest] = value
    else:
        raw[head] = value


def _usable(name: str, value: Any, language: str) -> Any:
    """What was typed in the field `name` as a plain value of `Request.from_dict`. Raises Invalid."""
    found = FIELDS[name]
    if found.kind == "checks":
        if not set(value) <= set(DataCategory):
            raise Invalid("Choose one of the options.", code="form.choice", where=name)
        return value
    if found.kind == "lines":
        return [line.strip() for line in str(value).splitlines() if line.strip()]
    if found.kind == "radio" and value not in found.options:
        raise Invalid("Choose one of the options.", code="form.choice", where=name)
    kind = found.kind if found.kind in ("flag", "date", "moment", "number") else "line"
    typed = rows.usable(value, kind, name, language, {})
    return almanac.latin(typed) if name == "reference" and typed else typed


def _pinned(settings: Settings, form: Form) -> None:
    """Refuse a State that cannot be asked. Raises Invalid."""
    code = str(form.typed["requested"])
    if not code:
        raise Invalid("Choose the State that is asked.", code="request.state", where="requested")
    if code not in {row.state for row, _ in reading.peers(settings)}:
        raise Invalid(
            f"No directory entry of {code[:40]} is pinned at this node.", code="peer.unknown", where="requested"
        )


def _known_offence(settings: Settings, form: Form) -> None:
    """Refuse an offence that no treaty's book has: nobody could compare anything with it. Raises Invalid."""
    code = str(form.typed["offence.code"]).strip()
    if code and not any(code in treaty.offences for treaty in settings.books.treaties.values()):
        raise Invalid("No treaty's book has this offence.", code="request.offence", where="offence.code")


def _known_measure(settings: Settings, form: Form) -> None:
    """Refuse a basis whose book does not know the measure; one without a book is left to the check. Raises Invalid."""
    treaty = settings.books.treaties.get(str(form.typed["basis"]).strip())
    if treaty is not None and Measure(form.measure) not in treaty.measures:
        raise Invalid(f"{treaty.id} does not know {form.measure}.", code="law.measure", where="basis")


def looked_at(
    settings: Settings, request: Request | None, *, at: datetime
) -> tuple[judgement.Shown | None, Problem | None]:
    """(the findings for what stands in the form now, without writing anything; why they cannot be had)."""
    if request is None:
        return None, None
    try:
        found = assess(request, settings.books, on=at.date(), side="requesting")
    except ComityError as error:
        return None, answers.problem(error)
    return judgement.shown(settings, found.to_dict(), str(request.measure)), None


def first_look(settings: Settings, form: Form, language: str) -> Request | None:
    """The request that the untouched form means, to look at, even while no State is chosen."""
    trial = Form(form.measure, dict(form.typed))
    if not trial.typed["requested"]:
        others = [row.state for row, _ in reading.peers(settings)]
        trial.typed["requested"] = others[0] if others else ""
    return meant(settings, trial, language)
