"""The drafting form: what an officer typed, kept as typed, and the request that it means.

Nothing typed is ever lost: a value that cannot be used stays in its field with a sentence beside it, and everything
else is kept. Field names are those of `Request`, dotted inside (``offence.code``); accounts are ``accounts-0-kind`` and
so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise

from comity.casework.lifecycle import Kind
from comity.casework.request import LIST_LIMITS, Request
from comity.errors import ComityError, Invalid
from comity.law.assess import assess
from comity.node import models
from comity.node.officers import almanac, answers, fields, judgement, markup, reading, words
from comity.node.officers.answers import Problem
from comity.node.settings import Settings

_FLAGS: Final = frozenset(name for name, item in fields.FIELDS.items() if item.kind == "flag")
_BLANK_ROWS: Final = 2
_MOST_ROWS: Final = LIST_LIMITS["accounts"] + 1  # so that one too many is said to be, not lost
Typed = dict[str, Any]


@dataclass
class Form:
    """A request as typed.

    Args:
        measure: what kind of request it is.
        typed: field -> text as typed (lists for ``categories`` and ``accounts``, True or False for flags).
        problems: field -> what is wrong there.
        other: problems that belong to no field of this form.
        asked: fields that the other State asked about.
    """

    measure: str
    typed: Typed
    problems: dict[str, Problem] = field(default_factory=dict)
    other: list[Problem] = field(default_factory=list)
    asked: frozenset[str] = frozenset()

    def blame(self, error: ComityError) -> None:
        """Note `error` at its field."""
        found = answers.problem(error)
        where = found.where if found.where in fields.FIELDS else found.where.partition(".")[0]
        if where in fields.names_of(self.measure):
            self.problems.setdefault(where, found)
        else:
            self.other.append(found)

    @property
    def status(self) -> int:
        """The HTTP status that its problems call for; 200 when there are none."""
        found = [*self.problems.values(), *self.other]
        return max((item.status for item in found), default=200)


@dataclass(frozen=True)
class Bound:
    """A field with what stands in it, ready to be shown."""

    field: fields.Field
    measure: str
    value: Any
    problem: Problem | None
    asked: bool
    options: Mapping[str, str | Promise]
    beside: str

    @property
    def name(self) -> str:
        """Its name in the form."""
        return self.field.name

    @property
    def id(self) -> str:
        """Its element's id."""
        return self.field.id

    @property
    def label(self) -> str | Promise:
        """What it is called here."""
        return self.field.named(self.measure)

    @property
    def help(self) -> str | Promise:
        """Its help here."""
        return self.field.helped(self.measure)

    @property
    def article(self) -> str:
        """The article it answers, or empty."""
        return self.field.articles.get(self.measure, "")


# ---- from a request to a form ---------------------------------------------------------------------------------


def blank(settings: Settings, measure: str, reference: str, language: str) -> Form:
    """An empty form for a new request, with what is known already."""
    typed: Typed = {name: False if name in _FLAGS else "" for name in fields.names_of(measure)}
    others = [row.state for row, _ in reading.peers(settings)]
    typed |= {
        "reference": reference,
        "requested": others[0] if len(others) == 1 else "",
        "basis": "uncc",
        "scope": "A",
        "urgency": "ordinary",
        "language": "en",
        "categories": [],
        "accounts": [{}] * _BLANK_ROWS,
        "exercise": True,
        "intends_request": measure == "preservation",
        "authority": _own_authority(settings, language),
    }
    return Form(measure, typed)


def _own_authority(settings: Settings, language: str) -> str:
    entry = reading.own(settings)
    central = [item for item in entry.authorities if item.role == "central"] if entry else []
    return (central[0].names.get(language) or central[0].names.get("en", "")) if central else ""


def filled(request: Request, language: str) -> Form:
    """The form that holds `request`."""
    raw, measure = request.to_dict(), str(request.measure)
    typed: Typed = {}
    for name in fields.names_of(measure):
        value = _at(raw, name)
        if name in _FLAGS:
            typed[name] = bool(value)
        elif fields.FIELDS[name].kind == "date":
            typed[name] = almanac.day_typed(date.fromisoformat(value), language) if value else ""
        elif name == "persons":
            typed[name] = "\n".join(item.get("name", "") for item in value or ())
        elif name in ("categories", "accounts"):
            typed[name] = list(value or ())
        else:
            typed[name] = "" if value is None else str(value)
    typed["exercise"] = request.exercise
    typed["accounts"] = [_account_typed(item) for item in typed["accounts"]] + [{}] * _BLANK_ROWS
    return Form(measure, typed)


def _account_typed(raw: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(raw.get(name, "")) for name in ("kind", "value", "port", "at")}


def _at(raw: Mapping[str, Any], name: str) -> Any:
    head, _, rest = name.partition(".")
    found = raw.get(head)
    return found.get(rest) if rest and isinstance(found, Mapping) else found


# ---- from what was posted to a form, and on to a request ------------------------------------------------------


def posted(post: QueryDict, measure: str) -> Form:
    """The form as it was posted, exactly as typed."""
    typed: Typed = {}
    for name in fields.names_of(measure):
        if name in _FLAGS:
            typed[name] = post.get(name) in ("on", "true", "1", "True")
        elif name == "categories":
            typed[name] = post.getlist(name)
        elif name != "accounts":
            typed[name] = post.get(name, "")
    typed["accounts"] = _posted_accounts(post) + [{}] * _BLANK_ROWS
    return Form(measure, typed)


def _posted_accounts(post: QueryDict) -> list[dict[str, str]]:
    numbers = sorted(
        {
            int(parts[1])
            for key in post
            if len(parts := key.split("-")) == 3
            and parts[0] == "accounts"
            and parts[1].isascii()
            and parts[1].isdigit()
            and len(parts[1]) < 4
        }
    )[:_MOST_ROWS]
    rows = [
        {name: post.get(f"accounts-{number}-{name}", "") for name in ("kind", "value", "port", "at")}
        for number in numbers
    ]
    return [row for row in rows if any(row[name].strip() for name in ("value", "port", "at"))]


def meant(settings: Settings, form: Form, language: str) -> Request | None:
    """The request that `form` means; None when something typed cannot be used, which is then noted in the form."""
    raw: dict[str, Any] = {"requesting": settings.state, "measure": form.measure}
    for name, value in form.typed.items():
        try:
            _put(raw, name, _usable(name, value, language))
        except Invalid as error:
            form.blame(error)
    try:
        raw["requested"] = _pinned(settings, str(form.typed["requested"]))
    except Invalid as error:
        form.blame(error)
        raw["requested"] = ""
    raw["exercise"] = bool(form.typed["exercise"]) or settings.exercise
    found: Request | None = None
    try:  # also when something cannot be used, so that what else is wrong is said at once
        found = Request.from_dict(raw)
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
    kind = fields.FIELDS[name].kind
    if name == "accounts":
        return [account for row in value if (account := _account(row, language))]
    if kind in ("checks", "flag"):
        return value
    text = str(value).replace("\r\n", "\n").strip()
    if kind == "lines":
        return [{"name": line.strip()} for line in text.splitlines() if line.strip()]
    if kind == "date":
        return almanac.parse_day(text, where=name, language=language).isoformat() if text else None
    if kind == "number":
        return _whole(text, name)
    if kind == "radio" and text not in fields.FIELDS[name].options:
        raise Invalid("Choose one of the options.", code="form.choice", where=name)
    return almanac.latin(text) if name == "reference" else text


def _whole(text: str, where: str) -> int | None:
    digits = almanac.latin(text)
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Invalid("This is no whole number.", code="form.number", where=where)
    return int(digits)


def _account(row: Mapping[str, str], language: str) -> dict[str, Any]:
    """The account of one row; empty when nothing is typed in it. Raises Invalid."""
    if not any(row.get(name, "").strip() for name in ("value", "port", "at")):
        return {}
    found: dict[str, Any] = {"kind": row["kind"] or "other", "value": row["value"].strip()}
    if row["kind"] and row["kind"] not in words.ACCOUNT_KINDS:
        raise Invalid("Choose one of the options.", code="form.choice", where="accounts")
    port = _whole(row["port"], "accounts")
    if port is not None:
        found["port"] = port
    if row["at"].strip():
        found["at"] = almanac.parse_moment(row["at"], where="accounts", language=language).isoformat()
    return found


def _pinned(settings: Settings, code: str) -> str:
    """`code`, when it is a State that can be asked. Raises Invalid."""
    if not code:
        raise Invalid("Choose the State that is asked.", code="request.state", where="requested")
    if code not in {row.state for row, _ in reading.peers(settings)}:
        raise Invalid(
            f"No directory entry of {code[:40]} is pinned at this node.", code="peer.unknown", where="requested"
        )
    return code


# ---- what the page shows --------------------------------------------------------------------------------------


def sections(settings: Settings, form: Form, language: str) -> list[tuple[fields.Section, list[Bound]]]:
    """The form section by section, ready to be shown."""
    options = _options(settings, form)
    return [
        (section, [_bound(form, name, options, language) for name in section.names])
        for section in fields.SECTIONS[form.measure]
    ]


def _bound(form: Form, name: str, options: Mapping[str, Mapping[str, Any]], language: str) -> Bound:
    found, value = fields.FIELDS[name], form.typed.get(name, "")
    parts = {asked.partition(".")[0] if asked.startswith("accounts.") else asked for asked in form.asked}
    return Bound(
        found,
        form.measure,
        value,
        form.problems.get(name),
        name in parts,
        options.get(name, found.options),
        _beside(name, value, language),
    )


def _beside(name: str, value: Any, language: str) -> str:
    """The date that was typed, in words and in the other calendar too."""
    if fields.FIELDS[name].kind != "date" or not value:
        return ""
    try:
        return almanac.day_words(almanac.parse_day(str(value), where=name, language=language), language)
    except Invalid:
        return ""


def _options(settings: Settings, form: Form) -> dict[str, Mapping[str, Any]]:
    language = markup.language()
    earlier = [form.typed.get("follows", ""), *(row.reference for row in own_preservations(settings))]
    tags = dict.fromkeys([*words.LANGUAGES, *([form.typed["language"]] if form.typed.get("language") else [])])
    return {
        "requested": {
            row.state: reading.state_name(settings, row.state, language) for row, _ in reading.peers(settings)
        },
        "basis": {basis: judgement.basis_name(settings, basis) for basis in settings.books.treaties},
        "language": {tag: judgement.language_name(tag) for tag in tags},
        "follows": {name: name for name in dict.fromkeys(earlier) if name},
    }


def own_preservations(settings: Settings) -> list[models.Case]:
    """Our own requests for preservation that were not discarded, newest first."""
    found = models.Case.objects.filter(requesting=settings.state, measure="preservation")
    return list(found.exclude(acts__kind=Kind.DISCARDED).order_by("-opened_at")[:100])


def provisions(settings: Settings) -> list[tuple[str, str]]:
    """(id, text) of the provisions of this State's book that its offences stand on, for the picker."""
    book = settings.books.states.get(settings.state)
    names = dict.fromkeys(line.provision for line in book.offences) if book else {}
    return [(name, judgement.provision_text(settings, name)) for name in names]


def looked_at(settings: Settings, request: Request | None, *, at: datetime) -> judgement.Shown | None:
    """The findings for what stands in the form now, without writing anything; None when they cannot be had."""
    if request is None:
        return None
    try:
        found = assess(request, settings.books, on=at.date(), side="requesting")
    except ComityError:
        return None
    return judgement.shown(settings, found.to_dict(), str(request.measure))


def first_look(settings: Settings, form: Form, language: str) -> Request | None:
    """The request that the untouched form means, to look at, even while no State is chosen."""
    trial = Form(form.measure, dict(form.typed))
    if not trial.typed["requested"]:
        others = [row.state for row, _ in reading.peers(settings)]
        trial.typed["requested"] = others[0] if others else ""
    return meant(settings, trial, language)
