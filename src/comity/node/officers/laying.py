"""The drafting form as it is shown: sections with their fields, what may be folded away, options, and where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _

from comity.casework.lifecycle import Kind
from comity.casework.measure import Measure
from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.officers import almanac, fields, interview, judgement, markup, reading, rows, words
from comity.node.officers.answers import Problem
from comity.node.officers.drafting import Form
from comity.node.officers.fields import FIELDS, ROWS, Column, Field, Section
from comity.node.officers.interview import Need, Question
from comity.node.settings import Settings

Options = Mapping[str, str | Promise]
_UNASKED: Final = Section(
    _("Stated, though not asked for here"),
    _("It stays part of the request. Empty what is not wanted."),
    (),
)


@dataclass(frozen=True)
class Cell:
    """One cell of a row, ready to be shown."""

    column: Column
    name: str
    label: str | Promise
    value: Any
    problem: Problem | None
    beside: str

    @property
    def id(self) -> str:
        """Its element's id."""
        return f"f-{self.name}"


@dataclass(frozen=True)
class Bound:
    """A field with what stands in it, ready to be shown.

    Args:
        field: which.
        measure: of the request.
        question: why and how much it is asked; None when it is not asked and only says something.
        value: what is typed.
        problem: what is wrong with it, or None.
        asked: whether the other State asked about it.
        options: for choices.
        marks: for choices: value -> the provision that it stands on.
        beside: the date that was typed, in words and in the other calendar too.
        lines: for rows: the cells of each.
    """

    field: Field
    measure: str
    question: Question | None
    value: Any
    problem: Problem | None
    asked: bool
    options: Options
    marks: Mapping[str, str]
    beside: str
    lines: tuple[tuple[Cell, ...], ...]

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
    def cite(self) -> str:
        """The provision that asks for it, or empty."""
        return self.question.cites[0] if self.question and self.question.cites else ""

    @property
    def need(self) -> str:
        """How much it is needed: ``always``, ``one``, ``applicable``, ``shown``, ``folded``; empty when it is not asked."""
        return self.question.need.name.lower() if self.question else ""

    @property
    def instead(self) -> list[str | Promise]:
        """The other fields of which one is enough instead, as they are called here."""
        return [fields.label(name, self.measure) for name in self.question.instead] if self.question else []

    @property
    def speaks(self) -> bool:
        """Whether something is typed in it, or has to be said of it."""
        if self.problem or self.asked:
            return True
        if self.field.kind == "rows":
            return any(cell.problem for line in self.lines for cell in line) or any(
                rows.says(row, ROWS[self.name]) for row in self.value
            )
        return bool(self.value)


@dataclass(frozen=True)
class Laid:
    """A section of the form: what is shown, and what is folded away."""

    section: Section
    shown: list[Bound]
    folded: list[Bound]

    @property
    def open(self) -> bool:
        """Whether what can be folded stands open, because something is said there."""
        return any(item.speaks for item in self.folded)


@dataclass(frozen=True)
class Wrong:
    """One fault of the form, for the list above it."""

    id: str
    label: str | Promise
    problem: Problem
    row: int = 0
    cell: Cell | None = None


@dataclass
class _Layout:
    settings: Settings
    form: Form
    language: str
    questions: Mapping[str, Question]
    options: Mapping[str, Options] = field(default_factory=dict)


def laid(settings: Settings, form: Form, language: str, on: date) -> list[Laid]:
    """The form section by section: only what is asked on the day `on`, and what says something although it is not."""
    asked = {item.name: item for item in interview.ask(settings.books, form.situation(on))}
    layout = _Layout(settings, form, language, asked, _options(settings, form))
    found, unasked = [], []
    for section in fields.SECTIONS:
        bound = [_bound(layout, name) for name in section.names]
        shown = [item for item in bound if item.question and item.question.need is not Need.FOLDED]
        folded = [item for item in bound if item.question and item.question.need is Need.FOLDED]
        unasked += [item for item in bound if not item.question and item.speaks]
        if shown or folded:
            found.append(Laid(section, shown, folded))
    return [*found, Laid(_UNASKED, unasked, [])] if unasked else found


def wrong(sections: list[Laid]) -> list[Wrong]:
    """Every fault of the fields, in their order; those of rows with row and cell."""
    found = []
    for item in (item for laid in sections for item in (*laid.shown, *laid.folded)):
        if item.problem:
            found.append(Wrong(item.id, item.label, item.problem))
        for number, line in enumerate(item.lines, 1):
            found += [Wrong(item.id, item.label, cell.problem, number, cell) for cell in line if cell.problem]
    return found


def _bound(layout: _Layout, name: str) -> Bound:
    found, form, question = FIELDS[name], layout.form, layout.questions.get(name)
    value = form.typed.get(name, "")
    return Bound(
        field=found,
        measure=form.measure,
        question=question,
        value=value,
        problem=form.problems.get(name),
        asked=name in {fields.block(asked) for asked in form.asked},
        options=layout.options.get(name, found.options),
        marks=_marks(layout) if name == "scope" else {},
        beside=_beside(found.kind, value, layout.language),
        lines=_lines(layout, name, value, question) if name in ROWS else (),
    )


def _lines(
    layout: _Layout, name: str, typed: list[rows.Row], question: Question | None
) -> tuple[tuple[Cell, ...], ...]:
    columns = [
        column for column in ROWS[name]
        if not question or column.name in question.columns or any(row.get(column.name) for row in typed)
    ]  # fmt: skip
    empty = rows.BLANK[name] + (rows.MORE if name in layout.form.more else 0)
    return tuple(
        tuple(_cell(layout, name, number, column, row) for column in columns)
        for number, row in enumerate([*typed, *({} for _ in range(empty))])
    )


def _cell(layout: _Layout, name: str, number: int, column: Column, row: rows.Row) -> Cell:
    place, value = f"{name}-{number}-{column.name}", row.get(column.name, "")
    return Cell(
        column,
        place,
        fields.LABELS[f"{name}.{column.name}"],
        value,
        layout.form.problems.get(place),
        _beside(column.kind, value, layout.language),
    )


def _beside(kind: str, value: Any, language: str) -> str:
    """The date that was typed, in words and in the other calendar too; a moment in this node's own time."""
    if not value or kind not in ("date", "moment"):
        return ""
    try:
        if kind == "date":
            return almanac.day_words(almanac.parse_day(str(value), where="", language=language), language)
        moment = almanac.parse_moment(str(value), where="", language=language)
    except Invalid:
        return ""
    return almanac.moment_parts(moment, get_current_timezone(), language)[0]


# ---- options --------------------------------------------------------------------------------------------------


def _options(settings: Settings, form: Form) -> dict[str, Options]:
    language, typed = markup.language(), form.typed
    measure, basis = Measure(form.measure), str(typed.get("basis", ""))
    tags = dict.fromkeys([*words.LANGUAGES, *([typed["language"]] if typed.get("language") else [])])
    open_scopes = {str(scope): words.SCOPES[scope] for scope in interview.scopes(settings.books, basis, measure)}
    chosen = {name: words.SCOPES[name] for name in [typed.get("scope")] if name in words.SCOPES}
    return {
        "requested": {
            row.state: reading.state_name(settings, row.state, language) for row, _entry in reading.peers(settings)
        },
        "basis": {name: judgement.basis_name(settings, name) for name in _bases(settings, measure, basis)},
        "scope": dict(sorted((open_scopes | chosen).items())),
        "language": {tag: judgement.language_name(tag) for tag in tags},
        "follows": earlier(settings, form),
        "offence.code": offences(settings, basis, str(typed.get("offence.code", ""))),
    }


def _bases(settings: Settings, measure: Measure, typed: str) -> list[str]:
    """The instruments that know `measure`, and whatever was typed."""
    knowing = [name for name, treaty in settings.books.treaties.items() if measure in treaty.measures]
    return list(dict.fromkeys([*knowing, *([typed] if typed else [])]))


def unfit(settings: Settings, measure: str) -> list[str]:
    """The instruments that do not know `measure`: they are not offered."""
    return [name for name, treaty in settings.books.treaties.items() if Measure(measure) not in treaty.measures]


def _marks(layout: _Layout) -> dict[str, str]:
    """What each scope stands on under the basis that is chosen."""
    books, basis = layout.settings.books, str(layout.form.typed.get("basis", ""))
    try:
        found = {name: books.cited(basis, Measure(layout.form.measure), f"scope-{name}") for name in words.SCOPES}
    except ComityError:
        return {}
    return {name: cites[0] for name, cites in found.items() if cites}


def offences(settings: Settings, basis: str, typed: str = "") -> dict[str, str]:
    """The offences of the basis, of the treaty that it supplements, or of all where it has none; and whatever was typed."""
    treaties = settings.books.treaties
    own = treaties.get(basis)
    holders = [item for item in (own, treaties.get(own.supplements) if own else None) if item and item.offences]
    codes = [code for treaty in holders[:1] or treaties.values() for code in treaty.offences]
    known = [typed] if typed and any(typed in treaty.offences for treaty in treaties.values()) else []
    return {code: judgement.offence_name(code) for code in dict.fromkeys([*codes, *known])}


def earlier(settings: Settings, form: Form) -> dict[str, str]:
    """Cases between the two States on which the request may stand, the likeliest first; and whatever was typed."""
    home, peer = settings.state, str(form.typed.get("requested", ""))
    ours, theirs = Q(requesting=home), Q(requested=home)
    between = ours & Q(requested=peer) | theirs & Q(requesting=peer) if peer else ours
    found = models.Case.objects.filter(between).exclude(acts__kind=Kind.DISCARDED)
    found = found.exclude(pk=form.typed.get("reference", "")).order_by("-opened_at")[:100]
    treaty = settings.books.treaties.get(str(form.typed.get("basis", "")))
    rule = treaty.measures.get(Measure(form.measure)) if treaty else None
    likely = sorted(found, key=lambda row: rule is None or row.measure != rule.follows)
    named = {row.reference: f"{row.reference} · {words.MEASURES.get(row.measure, row.measure)}" for row in likely}
    typed = str(form.typed.get("follows", ""))
    return named if not typed or typed in named else {typed: typed, **named}


def provisions(settings: Settings) -> list[tuple[str, str]]:
    """(id, text) of the provisions of this State's book that its offences stand on, for the picker."""
    book = settings.books.states.get(settings.state)
    names = dict.fromkeys(line.provision for line in book.offences) if book else {}
    return [(name, judgement.provision_text(settings, name)) for name in names]
