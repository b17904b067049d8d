"""What a drafter is asked: only what this measure, these two States and this day need, and what each question stands on.

The books decide. A content of the basis names its fields; a rule of the basis needs the fields that it reads; a line of the
requested State's own book on refusing makes fields relevant that answer it. What every request says of itself is common.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Final

from comity.casework.measure import Measure
from comity.casework.request import DataCategory, Request, Scope
from comity.errors import ComityError
from comity.law.book import Books
from comity.law.treaty import Content
from comity.node.officers import fields


class Need(IntEnum):
    """How much a field is needed, the strongest first."""

    ALWAYS = 0  # the basis asks for it whatever the case
    ONE = 1  # one of several that the basis names is enough
    APPLICABLE = 2  # the basis asks for it where it applies
    SHOWN = 3  # a rule reads it, or every request says it
    FOLDED = 4  # it may matter; it is offered, and folded away


@dataclass(frozen=True)
class Situation:
    """What is known of a request when it is asked what else must be said.

    Args:
        basis: the instrument.
        measure: the form of cooperation.
        scope: why the treaty applies, one of `Scope`; another text while it is not chosen.
        requested: ISO code of the State that is asked; empty while it is not chosen.
        categories: categories of data chosen.
        on: the day for which the law is asked.
    """

    basis: str
    measure: Measure
    scope: str
    requested: str
    categories: frozenset[str]
    on: date

    @classmethod
    def of(cls, request: Request, on: date) -> Situation:
        """The situation of a request that is there already."""
        categories = frozenset(str(item) for item in request.categories)
        return cls(request.basis, request.measure, str(request.scope), request.requested, categories, on)


@dataclass(frozen=True)
class Question:
    """One field that is asked.

    Args:
        name: of the form's field; the columns of repeated rows are one field.
        need: how much.
        cites: the provisions that ask for it, the first the foremost; none for what only the node needs.
        instead: the other fields of which one is enough instead.
        columns: of rows: those that are asked.
    """

    name: str
    need: Need
    cites: tuple[str, ...]
    instead: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


_COMMON: Final = dict.fromkeys(
    (
        "reference", "requested", "basis", "scope", "exercise", "language", "authority", "confidential", "urgency",
        "urgency_reason", "rights",
    ),
    Need.SHOWN,
) | dict.fromkeys(
    (
        "conducting.name", "conducting.function", "conducting.contact", "offence.label", "offence.provision",
        "offence.max_penalty_months", "offence.committed_on",
    ),
    Need.FOLDED,
)  # fmt: skip
"""What every request says, or may say, of itself."""

_S, _F = Need.SHOWN, Need.FOLDED
RULES: Final[Mapping[str, Mapping[str, Need]]] = {
    "basis": {"basis": _S, "exercise": _S},
    "exercise": {"exercise": _S},
    "language": {"language": _S},
    "confidentiality": {"confidential": _S},
    "urgency": {"urgency": _S, "urgency_reason": _S},
    "rights": {"rights": _S},
    "dates": {"offence.committed_on": _F},
    "identifiers": {"accounts": _F},
    "order": {
        "order.authority": _S, "order.reference": _S, "order.issued_on": _S, "order.extent": _F, "order.final": _F,
        "order.copy": _F, "order.notice": _F, "order.sentence_months": _F, "order.remaining_months": _F,
    },
    "consent": {"persons": _S, "persons.consent": _S},
    "assurances": {"assurances": _S},
    "costs": {"costs": _F},
    "deadline": {"deadline": _F, "deadline_reason": _F},
    "link": {"follows": _S},
    "period-ahead": {"period_from": _S, "period_to": _S, "period_reason": _S},
    "dual-criminality": {"offence.code": _F, "offence.label": _S, "offence.provision": _S, "facts": _S},
    "minimum-penalty": {"offence.max_penalty_months": _S},
    "retention": {"categories": _S, "period_from": _F, "period_to": _F},
    "handling": {"offence.code": _F},
    "scope-A": {"offence.code": _S},
    "scope-B": {"offence.code": _S},
    "scope-C": {"offence.max_penalty_months": _S},
}  # fmt: skip
"""The fields that each rule of the check reads; those of a scope only while it is chosen."""

POLICIES: Final[Mapping[str, tuple[str, ...]]] = {
    "own-national": ("persons.nationality",),
    "below-minimum": ("offence.max_penalty_months",),
    "death-penalty": ("assurances", "offence.max_penalty_months"),
    "no-reciprocity": ("assurances",),
    "torture-risk": ("assurances",),
    "in-absentia": ("assurances",),
    "lapse-of-time": ("offence.committed_on",),
    "no-dual-criminality": ("offence.label", "offence.provision", "facts"),
    "political-offence": ("facts",),
    "military-offence": ("facts",),
    "double-jeopardy": ("facts",),
    "fiscal-offence": ("facts",),
    "de-minimis": ("facts",),
}
"""The fields that answer what the requested State's own law says of refusing."""

ONWARD: Final = frozenset({Measure.ONWARD_TRANSFER})
"""Measures that always speak of a case that was there before, though their life does not hang on it."""


def ask(books: Books, found: Situation) -> tuple[Question, ...]:
    """What is asked in the situation `found`, in the order of the form; only the common part where no book can say more."""
    asked: dict[str, _Asked] = {}
    for name, need, cites in _wanted(books, found):
        asked.setdefault(fields.block(name), _Asked()).note(name, need, cites)
    instead = _instead(books, found)
    return tuple(
        Question(
            name,
            item.need,
            tuple(dict.fromkeys(item.cites)),
            instead.get(name, ()) if item.need is Need.ONE else (),
            _columns(name, item.columns),
        )
        for name in fields.FIELDS
        if (item := asked.get(name))
    )


@dataclass
class _Asked:
    """What asks for one field, gathered reason by reason."""

    need: Need = Need.FOLDED
    cites: list[str] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)

    def note(self, name: str, need: Need, cites: tuple[str, ...]) -> None:
        """One more reason; what asks more strongly is cited first."""
        self.cites = [*cites, *self.cites] if need < self.need else [*self.cites, *cites]
        self.need = min(self.need, need)
        if fields.block(name) != name:
            self.columns.add(name.partition(".")[2])


def _wanted(books: Books, found: Situation) -> Iterator[tuple[str, Need, tuple[str, ...]]]:
    """(field, how much, what asks for it), once for each reason."""
    for name, need in _COMMON.items():
        yield name, need, ()
    if found.measure in ONWARD:
        yield "follows", Need.SHOWN, ()
    try:
        contents = books.contents(found.basis, found.measure)
    except ComityError:
        return
    for content in contents:
        for name in content.fields:
            yield name, _need(content, found.categories), (content.provision,)
    for rule, names in RULES.items():
        if not rule.startswith("scope-") or rule == f"scope-{found.scope}":
            cites = books.cited(found.basis, found.measure, rule)
            for name, need in names.items() if cites else ():
                yield name, need, cites
    yield from _of_the_requested(books, found)


def _need(content: Content, categories: frozenset[str]) -> Need:
    if content.always or {str(item) for item in content.always_for} & categories:
        return Need.ONE if content.one_suffices and len(_blocks(content)) > 1 else Need.ALWAYS
    return Need.APPLICABLE


def _blocks(content: Content) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fields.block(name) for name in content.fields))


def _instead(books: Books, found: Situation) -> dict[str, tuple[str, ...]]:
    """For each field of a content of which one is enough: the others."""
    try:
        contents = [item for item in books.contents(found.basis, found.measure) if item.one_suffices]
    except ComityError:
        return {}
    return {
        name: tuple(other for other in _blocks(item) if other != name) for item in contents for name in _blocks(item)
    }


def _of_the_requested(books: Books, found: Situation) -> Iterator[tuple[str, Need, tuple[str, ...]]]:
    """What the requested State's own law on refusing makes relevant."""
    book = books.states.get(found.requested)
    if book is None or not books.cited(found.basis, found.measure, "refusal-policy"):
        return
    for line in book.lines(tuple(item for item in book.policies if found.measure in item.measures), found.on):
        if line.stance == "no-bar":
            continue
        names = (*POLICIES.get(line.subject, ()), *(("assurances",) if line.assurance else ()))
        for name in names:
            yield name, Need.SHOWN, (line.provision,)


def _columns(name: str, asked: set[str]) -> tuple[str, ...]:
    """The columns of rows that are asked: all, but for a person's consent where no rule needs it."""
    return tuple(
        column.name for column in fields.ROWS.get(name, ()) if column.name != "consent" or column.name in asked
    )


def questions(books: Books, request: Request, on: date) -> dict[str, Question]:
    """What is asked of a request that is there already, by the field's name."""
    return {item.name: item for item in ask(books, Situation.of(request, on))}


def names(books: Books, request: Request, on: date) -> tuple[str, ...]:
    """The fields that `request` speaks of: those that are asked, and those that say something; in the form's order."""
    asked = questions(books, request, on)
    return tuple(name for name in fields.FIELDS if name in asked or said(request, name))


def said(request: Request, name: str) -> bool:
    """Whether the field `name` of `request` says something."""
    return value_of(request, name) not in ("", None, (), False)


def value_of(request: Request, name: str) -> object:
    """What stands in the field `name` of `request`."""
    found: object = request
    for part in name.split("."):
        found = getattr(found, part)
    return found


def scopes(books: Books, basis: str, measure: Measure) -> tuple[Scope, ...]:
    """The scopes in which `basis` opens `measure`; all of them where nothing governs that, or no book can say."""
    try:
        return books.measure(basis, measure).scopes or tuple(Scope)
    except ComityError:
        return tuple(Scope)


def categories(typed: object) -> frozenset[str]:
    """Those of the typed `categories` that there are."""
    return (
        frozenset(str(item) for item in typed if item in set(DataCategory)) if isinstance(typed, list) else frozenset()
    )
