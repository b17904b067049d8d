"""Who has joined a treaty, by its list and by each State's own word; and this State's own word, said to the others."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from comity.errors import ComityError, Invalid
from comity.node.desk import standing as desk
from comity.node.officers import almanac, answers, markup, reading, standings
from comity.node.officers.answers import answered
from comity.node.officers.judgement import Voice
from comity.node.officers.pages.law import Asked
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current
from comity.wire.standing import BACKWARD, HOWS, Event, Word
from comity.wording import mechanism as words

_FIELDS: Final = ("event", "on", "how", "about", "text", "language", "source")
_FORWARD: Final = tuple(event for event in Event if event not in BACKWARD)


@require_safe
@answered
def parties(request: HttpRequest, book: str) -> HttpResponse:
    """Everybody and one treaty on a day: signature, instrument, whether it binds him, how sure, from where."""
    return _page(request, book, {}, None)


def _page(request: HttpRequest, book: str, typed: dict[str, str], error: ComityError | None) -> HttpResponse:
    settings, voice = current(), Voice()
    asked = Asked(request, settings)
    on, treaty = asked.day(), settings.books.treaty(book[:40].lower())
    problem = answers.problem(error) if error else None
    shown = {
        "raw": asked.raw, "problems": asked.problems, "on": on, "basis": treaty.id,
        "rows": standings.rows(settings, treaty.id, on), "sums": standings.sums(settings, treaty.id, on),
        "source": standings.list_source(settings, treaty.id), "home": settings.state, "typed": typed, "problem": problem,
        "fields": _FIELDS, "joins": treaty.entry is not None,
        "events": [(name, voice.term(words.EVENTS, name)) for name in _FORWARD],
        "hows": [(name, voice.term(words.HOWS, name)) for name in HOWS],
        "members": standings.names(settings.books, markup.language()),
    }  # fmt: skip
    return render(request, "law_parties.html", shown, status=problem.status if problem else asked.status)


@require_POST
@answered
def say(request: HttpRequest, book: str) -> HttpResponse:
    """Say what this State did."""
    typed = {name: request.POST.get(name, "").replace("\r\n", "\n").strip() for name in _FIELDS}
    try:
        at = timezone.now()
        desk.say(current(), _word(book, typed, at), officer=reading.officer(request), at=at)
    except ComityError as error:
        return _page(request, book, typed, error)
    return see_other("law-parties", book)


def _word(book: str, typed: dict[str, str], at: datetime) -> Word:
    """The word that was typed. Raises Invalid; `where` names the field."""
    for name, known in (("event", _FORWARD), ("how", ("", *HOWS))):
        if typed[name] not in known:
            raise Invalid("Choose one of the options.", code="form.choice", where=name)
    on = almanac.parse_day(typed["on"], where="on", language=markup.language())
    rest = {name: typed[name] for name in ("how", "about", "text", "source")}
    rest["language"] = typed["language"].lower()
    return Word(treaty=book, event=Event(typed["event"]), on=on, at=at.replace(microsecond=0), **rest)


@require_POST
@answered
def take_back(request: HttpRequest, book: str, digest: str, verb: str) -> HttpResponse:
    """Lift an earlier word of this State, or say that it was a mistake."""
    at = timezone.now()
    event = {"lift": Event.LIFTED, "mistake": Event.MISTAKEN}.get(verb)
    if event is None:
        raise Invalid("Choose one of the options.", code="form.choice")
    word = Word(treaty=book, event=event, on=timezone.localdate(at), about=digest, at=at.replace(microsecond=0))
    desk.say(current(), word, officer=reading.officer(request), at=at)
    return see_other("law-parties", book)
