"""The particulars of a request as the numbered sections of a letter, each with its article.

Which particulars stand in the letter and in which order is what the law book of the basis says: its contents for the
form of cooperation, one after the other, each with its provision. What the request states besides follows, in the order
of `Request`. Nothing stated is left out; nothing empty is printed, but for what the book requires: "not stated".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Final

from comity.casework.request import (
    STATE,
    Account,
    Asset,
    DataCategory,
    Offence,
    Order,
    Person,
    Request,
    Subject,
    Urgency,
)
from comity.errors import ComityError
from comity.law.treaty import Content
from comity.node.letters import parts
from comity.node.letters.characters import Run
from comity.node.letters.parts import Part, Said, Tongues
from comity.wording import letters, terms, variants

HEAD: Final = frozenset({
    "reference", "requesting", "requested", "measure", "basis", "exercise", "scope", "language", "follows",
})  # fmt: skip
"""Fields that stand above the sections, under the title."""

_RECORDS: Final[Mapping[str, type]] = {"conducting": Person, "offence": Offence, "order": Order}
_LISTS: Final = frozenset({"accounts", "persons", "assets"})
_TOGETHER: Final = {
    "period_from": "period", "period_to": "period", "period_reason": "period", "event_at": "event", "event_place": "event",
    "urgency_reason": "urgency", "deadline": "urgency", "deadline_reason": "urgency",
}  # fmt: skip
_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts": ("identifiers",),
    "assurances": ("assurances",),
    "confidential": ("confidentiality",),
    "costs": ("costs",),
    "deadline": ("deadline",),
    "language": ("language",),
    "follows": ("link",),
    "offence.max_penalty_months": ("minimum-penalty",),
    "period_reason": ("period-ahead",),
    "rights": ("rights", "non-discrimination"),
    "urgency": ("urgency",),
}
"""The rules of the check that a particular answers where the book asks for no content of that name."""


def _units() -> dict[str, tuple[str, ...]]:
    """The fields that always stand together, by the name of their unit, in the order of `Request`."""
    found: dict[str, tuple[str, ...]] = {}
    for one in fields(Request):
        if one.name in HEAD:
            continue
        record = _RECORDS.get(one.name)
        names = tuple(f"{one.name}.{inner.name}" for inner in fields(record)) if record else (one.name,)
        unit = _TOGETHER.get(one.name, one.name)
        found[unit] = found.get(unit, ()) + names
    return found


_UNITS: Final = _units()


def _unit(name: str) -> str:
    """The unit that the field `name` belongs to; a list such as ``persons`` is one unit with all its columns."""
    head = name.partition(".")[0]
    return _TOGETHER.get(head, head)


@dataclass
class _Plan:
    """What is to be printed: sections with their heading and units, what must not be silent, and what each answers."""

    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    articles: dict[str, list[str]] = field(default_factory=dict)


def sections(request: Request, tongues: Tongues) -> list[dict[str, Any]]:
    """The sections, as ``letter.typ`` reads them: ``title``, ``articles`` or None, ``parts``.

    Args:
        request: what is asked, proposed or told.
        tongues: the languages and the law books.

    Raises:
        Invalid: there is no book for the basis, or it does not know the measure.
    """
    found = _plan(request, tongues.books.contents(request.basis, request.measure))
    return [_section(request, tongues, found, heading, units) for heading, units in found.sections]


def head_articles(request: Request, tongues: Tongues, name: str) -> Said | None:
    """The articles of a field under the title."""
    contents = tongues.books.contents(request.basis, request.measure)
    asked = [content.provision for content in contents if name in content.fields]
    return tongues.articles(asked or _cited(request, tongues, name))


def needed_head(request: Request, tongues: Tongues, name: str) -> bool:
    """Whether the book always asks for a field under the title."""
    contents = tongues.books.contents(request.basis, request.measure)
    return any(content.always and name in content.fields for content in contents)


def label(request: Request, tongues: Tongues, name: str) -> Said:
    """What the field `name` is called."""
    return tongues.heading(variants.label(name, request.measure))


# ---- which sections there are --------------------------------------------------------------------------------


def _plan(request: Request, contents: Iterable[Content]) -> _Plan:
    found = _Plan()
    placed: set[str] = set()
    for content in contents:
        names = [name for name in content.fields if name not in HEAD]
        _ask(request, content, names, found)
        units = list(dict.fromkeys(map(_unit, names)))
        new = [unit for unit in units if unit not in placed and _printed(request, found, unit)]
        shared = [unit for unit in new if unit not in _RECORDS]  # a record has a section of its own
        if shared:
            found.sections.append((content.id if len(shared) > 1 else shared[0], shared))
        found.sections += [(unit, [unit]) for unit in new if unit in _RECORDS]
        placed.update(new)
    found.needed |= _owed(request)
    rest = [unit for unit in _UNITS if unit not in placed and _printed(request, found, unit)]
    found.sections += [(unit, [unit]) for unit in rest]
    return found


def _ask(request: Request, content: Content, names: list[str], found: _Plan) -> None:
    """Note what `content` asks for: the article of each field, and which of them must not be silent."""
    for name in names:
        found.articles.setdefault(_whole(name), []).append(content.provision)
    lacking = [name for name in names if not _stated(request, name)]
    required = content.always or bool({*content.always_for} & {*request.categories})
    if required and (len(lacking) == len(names) or not content.one_suffices):
        found.needed.update(lacking)


def _owed(request: Request) -> set[str]:
    """What is to be said because something else is: a reason for haste, a reason for a deadline."""
    owed = {"urgency_reason"} if request.urgency is not Urgency.ORDINARY else set()
    return owed | ({"deadline_reason"} if request.deadline else set())


def _printed(request: Request, found: _Plan, unit: str) -> bool:
    needed = {_unit(name) for name in found.needed}
    return unit in needed or any(_stated(request, name) for name in _UNITS[unit])


def _whole(name: str) -> str:
    """The list that a column belongs to; any other field itself."""
    head = name.partition(".")[0]
    return head if head in _LISTS else name


def _value(request: Request, name: str) -> Any:
    value: Any = request
    for inner in name.split("."):
        value = getattr(value, inner)
    return value


def _stated(request: Request, name: str) -> bool:
    """Whether the request says something in `name`; in a column, when every row does."""
    head, _, column = name.partition(".")
    if head in _LISTS:
        rows = getattr(request, head)
        return bool(rows) and (not column or all(_says(getattr(row, column)) for row in rows))
    if name == "urgency":
        return request.urgency is not Urgency.ORDINARY
    return _says(_value(request, name))


def _says(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return bool(value) if isinstance(value, bool | tuple) else value is not None


# ---- one section ---------------------------------------------------------------------------------------------


def _section(request: Request, tongues: Tongues, found: _Plan, heading: str, units: list[str]) -> dict[str, Any]:
    names = [name for unit in units for name in _UNITS[unit] if name in found.needed or _shown(request, found, name)]
    alone = len(units) == 1 and len(names) == 1
    made: list[tuple[Part, tuple[str, ...]]] = []
    for name in names:
        called = None if alone else label(request, tongues, name)
        cites = tuple(found.articles.get(name) or _cited(request, tongues, name))
        made += [(one, cites) for one in _parts(request, tongues, found, name, called)]
    sources = {cites for _, cites in made if cites}
    if len(sources) > 1:
        for one, cites in made:
            one["articles"] = tongues.articles(cites)
    return {
        "title": _heading(request, tongues, heading, names[0] if alone else ""),
        "articles": tongues.articles(sources.pop()) if len(sources) == 1 else None,
        "parts": [one for one, _ in made],
    }


def _shown(request: Request, found: _Plan, name: str) -> bool:
    """Whether `name` has something to print: stated, a list that lacks a column, or how fast beside a deadline."""
    if name in _LISTS:
        return bool(getattr(request, name)) or any(_whole(needed) == name for needed in found.needed)
    beside = ("urgency_reason", "deadline", "deadline_reason")
    return _stated(request, name) or (name == "urgency" and any(_stated(request, other) for other in beside))


def _heading(request: Request, tongues: Tongues, heading: str, alone: str) -> Said:
    """The title of a section: the name of its only field, else what its unit or the book's content is called."""
    name = alone or heading
    if name in terms.FIELDS:
        return label(request, tongues, name)
    return tongues.each(lambda speech: parts.capital(speech.term(terms.CONTENTS, name)))


def _cited(request: Request, tongues: Tongues, name: str) -> tuple[str, ...]:
    rules = _RULES.get(name, ())
    if name == "urgency" and request.urgency is Urgency.EMERGENCY:
        rules = ("emergency",)
    if name == "scope":
        rules = (f"scope-{request.scope}",)
    return tuple(
        dict.fromkeys(cite for rule in rules for cite in tongues.books.cited(request.basis, request.measure, rule))
    )


# ---- one field -----------------------------------------------------------------------------------------------


def _parts(request: Request, tongues: Tongues, found: _Plan, name: str, called: Said | None) -> list[Part]:
    """What the field `name` says, as parts under the label `called`."""
    value = _value(request, name)
    if not _says(value):
        return [parts.missing(called)]
    if name == "persons":
        lacking = {item.partition(".")[2] for item in found.needed if _whole(item) == name}
        return [parts.part(called, "cards", cards=[_person(tongues, person, lacking) for person in value])]
    if name == "offence.code":
        return [parts.said(called, _offence(request, tongues))]
    make = _MAKERS.get(name)
    return make(tongues, value, called) if make else [_plain(tongues, value, called)]


def _plain(tongues: Tongues, value: Any, called: Said | None) -> Part:
    """A value by its type: a moment, a day, a number of months, a flag, or what somebody wrote."""
    if isinstance(value, datetime):
        return parts.said(called, tongues.moment(value))
    if isinstance(value, date):
        return parts.said(called, tongues.day(value))
    if isinstance(value, bool):
        return parts.yes(called, tongues)
    if isinstance(value, int):
        return parts.said(called, tongues.months(value))
    return parts.text(called, value)


def _offence(request: Request, tongues: Tongues) -> Said:
    """The treaty's offence, with its article where the book of the basis has it."""
    code = request.offence.code
    try:
        own = tongues.books.treaty_offence(request.basis, code)
    except ComityError:  # an offence of no book here: its code is all that can be said
        own = None
    known = tongues.books.treaty(request.basis).provisions  # an article of a sister would be taken for one of its own
    cited = tongues.articles([own.provision]) if own and own.provision in known else None
    named = tongues.each(lambda speech: speech.offence(code))
    if cited is None:
        return named
    return {tongue: [*named[tongue], *_bracketed(cited[tongue])] for tongue in named}


def _bracketed(runs: list[Run]) -> list[Run]:
    face = runs[0][0]
    return [(face, " ("), *runs, (face, ")")]


def _person(tongues: Tongues, person: Subject, lacking: set[str]) -> list[Part]:
    """One person; `lacking` are the columns that the book asks for and somebody has not."""
    found: list[Part] = []
    for one in fields(Subject):
        value = getattr(person, one.name)
        called = tongues.heading(terms.FIELDS[f"persons.{one.name}"])
        if not _says(value):
            found += [parts.missing(called)] if one.name in lacking else []
        elif one.name == "role":
            found.append(parts.said(called, tongues.names(letters.ROLES, [value])))
        elif one.name == "nationality":
            found += _others(tongues, value.split(","), called)
        else:
            found.append(_plain(tongues, value, called))
    return found or [parts.missing(tongues.heading(terms.FIELDS["persons.name"]))]


def _others(tongues: Tongues, values: Iterable[str], called: Said | None) -> list[Part]:
    """States by their names in each language; what is no State's code as it was written."""
    stated = [value.strip() for value in values if value.strip()]
    states = [value for value in stated if STATE.fullmatch(value)]
    rest = [value for value in stated if not STATE.fullmatch(value)]
    found = []
    if states:
        found.append(
            parts.said(called, tongues.each(lambda speech: speech.listing([speech.state(code) for code in states])))
        )
    if rest:
        found.append(parts.text(called, "\n".join(rest)))
    return found


def _conditions(tongues: Tongues, values: Iterable[str], called: Said | None) -> list[Part]:
    """Conditions, numbered, as they were written."""
    del tongues  # none of it is ours
    return [parts.part(called, "cards", cards=[[parts.text(None, item)] for item in values if item.strip()])]


def _categories(tongues: Tongues, values: Iterable[DataCategory], called: Said | None) -> list[Part]:
    return [parts.said(called, tongues.names(terms.CATEGORIES, [str(value) for value in values]))]


def _urgency(tongues: Tongues, value: Urgency, called: Said | None) -> list[Part]:
    return [parts.said(called, tongues.word(letters.URGENCIES[value]))]


# ---- tables --------------------------------------------------------------------------------------------------


def _accounts(tongues: Tongues, accounts: tuple[Account, ...], called: Said | None) -> list[Part]:
    """Accounts as a table. An IP address without its moment and port names nobody: there a gap is said."""
    columns = (("kind", 30), ("value", 0), ("at", 48), ("port", 20))
    rows = [
        [
            parts.said(None, tongues.names(terms.ACCOUNT_KINDS, [account.kind]))
            if account.kind in terms.ACCOUNT_KINDS
            else parts.cell(account.kind),
            parts.identifier(account.value) if account.value.strip() else parts.missing(None),
            _exact(account.at.isoformat() if account.at else "", needed=account.kind == "ip"),
            _exact(str(account.port or ""), needed=account.kind == "ip"),
        ]
        for account in accounts
    ]
    return [_table(tongues, "accounts", columns, rows, called)]


def _exact(value: str, *, needed: bool) -> Part:
    if value:
        return parts.part(None, "id", id=value)
    return parts.missing(None) if needed else parts.part(None, "none")


def _assets(tongues: Tongues, assets: tuple[Asset, ...], called: Said | None) -> list[Part]:
    """Property as a table."""
    columns = (("description", 0), ("location", 52), ("value", 36))
    rows = [[parts.cell(getattr(asset, name)) for name, _ in columns] for asset in assets]
    return [_table(tongues, "assets", columns, rows, called)]


def _table(
    tongues: Tongues, name: str, columns: Iterable[tuple[str, int]], rows: list[list[Part]], called: Said | None
) -> Part:
    titles = [{"title": tongues.heading(terms.FIELDS[f"{name}.{column}"]), "width": width} for column, width in columns]
    return parts.part(called, "table", columns=titles, rows=rows)


_MAKERS: Final[Mapping[str, Callable[[Tongues, Any, Said | None], list[Part]]]] = {
    "accounts": _accounts, "assets": _assets, "categories": _categories, "conditions": _conditions, "others": _others,
    "urgency": _urgency,
}  # fmt: skip
