"""The law books, for reading: what binds two States, States side by side, and each book. GET only; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from comity.casework.measure import Measure
from comity.casework.request import Scope
from comity.errors import ComityError, Invalid
from comity.law import comparison
from comity.law.state import State
from comity.law.treaty import Treaty
from comity.node.officers import almanac, answers, choosing, lawbooks, laying, markup, standings, words
from comity.node.officers.answers import Problem, answered
from comity.node.officers.judgement import Voice
from comity.node.settings import Settings, current

_V = TypeVar("_V")
_BY_OFFENCE = frozenset({Scope.OFFENCE, Scope.EVIDENCE})
"""Scopes in which it hangs on the offence whether an instrument reaches it."""
_USUAL = "stored-data"
"""The form of cooperation for which the order of choice is shown until another one is chosen."""


class Asked:
    """What an address asks, field by field: each fault is kept at its field, and what was typed stays."""

    def __init__(self, request: HttpRequest, settings: Settings) -> None:
        self.raw = {name: str(value).strip()[:200] for name, value in request.GET.items()}
        self.books = settings.books
        self.problems: dict[str, Problem] = {}

    def read(self, make: Callable[[], _V], otherwise: _V) -> _V:
        """What `make` gives; `otherwise` where it cannot be used, which is then noted at its field."""
        try:
            return make()
        except ComityError as error:
            found = answers.problem(error)
            self.problems.setdefault(found.where, found)
            return otherwise

    def day(self) -> date:
        """The day for which the law is asked; today where none is given."""
        text, today = self.raw.get("on", ""), timezone.localdate()
        return (
            self.read(lambda: almanac.parse_day(text, where="on", language=markup.language()), today) if text else today
        )

    def state(self, name: str) -> str:
        """The State in the field `name`, or empty."""
        return self.read(lambda: standings.state_of(self.books, self.raw.get(name, ""), name), "")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return max((problem.status for problem in self.problems.values()), default=200)


def _options(settings: Settings) -> dict[str, Any]:
    """What the forms of these pages offer."""
    voice = Voice()
    names = {code: str(book.fa if voice.language == "fa" else book.en) for code, book in settings.books.states.items()}
    return {
        "states": sorted(names.items(), key=lambda item: standings.alphabetical(item[1])),
        "members": standings.names(settings.books, voice.language),
        "offences": laying.offences(settings, "").items(),
        "groups": choosing.GROUPS,
        "scopes": words.SCOPES,
    }


@require_safe
@answered
def law(request: HttpRequest) -> HttpResponse:
    """What can be read here, and every book with how much of it is verified."""
    settings = current()
    shown = []
    books: Mapping[str, Treaty | State] = {**settings.books.treaties, **settings.books.states}
    for name, book in books.items():
        versions = [item for found in book.provisions.values() for item in found]
        shown.append((name, isinstance(book, State), len(versions), sum(item.verified for item in versions)))
    given = {"raw": {"one": settings.state, "measure": _USUAL, "scope": "A"}, "picked": [settings.state]}
    joined = [name for name, treaty in settings.books.treaties.items() if treaty.entry and not treaty.between]
    more = {"books": shown, "joined": joined, "mechanisms": tuple(settings.books.mechanisms)}
    return render(request, "law.html", _options(settings) | given | more)


@require_safe
@answered
def status(request: HttpRequest) -> HttpResponse:
    """What binds two States on a day, and which instrument to look at first."""
    settings = current()
    asked = Asked(request, settings)
    on, pair = asked.day(), (asked.state("one"), asked.state("other"))
    if all(pair) and pair[0] == pair[1]:
        asked.problems["other"] = answers.problem(
            Invalid("Choose two different States.", code="request.same-state", where="other")
        )
    measure = asked.raw.setdefault("measure", _USUAL) or _USUAL
    if measure not in set(Measure):
        asked.problems["measure"] = answers.problem(Invalid("", code="form.choice", where="measure"))
    raw = {"scope": asked.raw.setdefault("scope", "A"), "offence": asked.raw.get("offence", "")}
    choice = asked.read(lambda: choosing.chosen(settings.books, raw), None)
    shown = _options(settings) | {"raw": asked.raw, "problems": asked.problems, "on": on, "pair": pair}
    if not asked.problems and choice is not None:
        about, open_yet = (choice.scope, choice.offence), choice.scope in _BY_OFFENCE and not choice.offence
        shown |= {
            "bonds": lawbooks.bonds(settings, pair, on),
            "listed": lawbooks.listed(settings, pair, on),
            "ranked": [] if open_yet else lawbooks.ranked(settings, pair, Measure(measure), about, on),
            "measure": measure,
            "forces": lawbooks.FORCES,
        }
    return render(request, "law_status.html", shown, status=asked.status)


@require_safe
@answered
def compare(request: HttpRequest) -> HttpResponse:
    """Two or more States side by side: what their own books say of an offence, or of a form of cooperation."""
    settings = current()
    asked = Asked(request, settings)
    on, typed = asked.day(), [code[:10] for code in request.GET.getlist("state") if code][:30]
    found = [asked.read(partial(lawbooks.book_of, settings.books, code, "state"), "") for code in typed]
    states = tuple(dict.fromkeys(code for code in found if code))
    if len(states) < 2:
        asked.problems.setdefault(
            "state", answers.problem(Invalid("Choose at least two States.", code="law.states", where="state"))
        )
    about = asked.read(lambda: lawbooks.about_of(settings.books, asked.raw.get("about", ""), "about"), "")
    shown = _options(settings) | {"raw": asked.raw, "picked": typed, "problems": asked.problems, "on": on}
    if not asked.problems:
        shown |= {
            "picked_states": states,
            "rows": [
                (row.label, list(zip(states, row.cells, strict=True)))
                for row in lawbooks.compared(settings, states, about, on)
            ],
            "about": about,
            "is_measure": about in set(Measure),
        }
    return render(request, "law_compare.html", shown, status=asked.status)


@require_safe
@answered
def book(request: HttpRequest, book: str) -> HttpResponse:
    """One book: its provisions in force on a day, each with how sure it is and where it comes from."""
    settings = current()
    asked = Asked(request, settings)
    found, on, about = lawbooks.book_named(settings.books, book[:40]), asked.day(), asked.raw.get("about", "")
    names = comparison.about(settings.books, found, about, on)
    if about in set(Measure) and not isinstance(found, State) and about not in found.measures:
        asked.problems["about"] = answers.problem(Invalid("", code="law.measure", where="about"))
    elif not names and about not in set(Measure):
        asked.problems["about"] = answers.problem(Invalid("", code="law.provision", where="about"))
    shown = _options(settings) | {
        "raw": asked.raw,
        "problems": asked.problems,
        "on": on,
        "book": found,
        "id": found.code if isinstance(found, State) else found.id,
        "is_state": isinstance(found, State),
        "about": about,
        "is_measure": about in set(Measure),
        "facts": lawbooks.facts(settings, found, about, on),
        "read": lawbooks.read(settings, names, on),
        "own_offences": () if isinstance(found, State) else [(code, code) for code in found.offences],
        "measures": () if isinstance(found, State) else tuple(str(item) for item in found.measures),
    }
    return render(request, "law_book.html", shown, status=asked.status)
