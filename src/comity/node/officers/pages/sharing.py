"""Warnings: the objects that are shared, who holds copies of them, and the verbs of the prevention desk as forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.desk import communities, copies, prevention, telling, writing
from comity.node.officers import almanac, answers, markup, reading, shared, texts
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current
from comity.sharing.notices import Concern, Kind
from comity.sharing.tlp import Level
from comity.wire.communities import Terms

_LONGEST: Final = 200  # characters of what is looked for
_TYPED: Final = (
    "to", "purpose", "hops", "community", "kind", "level", "successor", "reason", "concern", "text", "count", "name",
)  # fmt: skip
Typed = dict[str, str]
Act = Callable[["_Given"], None]


@dataclass(frozen=True)
class _Given:
    """What a form says, and who sends it.

    Args:
        row: the object that it is about.
        typed: field -> text.
        officer: who is signed in.
        at: now.
    """

    row: models.StixObject
    typed: Typed
    officer: models.Officer
    at: datetime

    @property
    def who(self) -> dict[str, Any]:
        """As every verb takes it."""
        return {"officer": self.officer, "at": self.at}


@dataclass(frozen=True)
class _Tried:
    """A form that could not be done.

    Args:
        form: which one; empty while nothing was tried.
        typed: field -> text.
        problem: what is wrong, or None.
    """

    form: str = ""
    typed: Typed = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def status(self) -> int:
        """Of the answer."""
        return self.problem.status if self.problem else 200


def _problem(error: ComityError) -> Problem:
    """As `answers.problem`; of a State's own rules the reason is told."""
    if error.code == "sharing.release":
        return Problem(error.code, texts.RELEASES.get(error.where, texts.sentence(error.code)), "", "", 422)
    return answers.problem(error)


def _typed(request: HttpRequest) -> Typed:
    return {
        name: request.POST.get(name, "")[: prevention.TEXT_LIMIT + 1].replace("\r\n", "\n").strip() for name in _TYPED
    }


def _number(typed: Typed, name: str) -> int:
    text = almanac.latin(typed[name])
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid("A whole number is needed here.", code="form.number", where=name)
    return int(text)


def _choice(kind: Callable[[str], Any], typed: Typed, name: str) -> Any:
    try:
        return kind(typed[name])
    except ValueError as error:
        raise Invalid("Choose one of these.", code="form.choice", where=name) from error


# ── the list ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_safe
@answered
def sharing(request: HttpRequest) -> HttpResponse:
    """Collections, their objects by id, type or value, and the communities in which this State shares."""
    return _listing(request, _Tried())


def _listing(request: HttpRequest, tried: _Tried) -> HttpResponse:
    settings, at = current(), timezone.now()
    wanted, collection = request.GET.get("q", "").strip()[:_LONGEST], request.GET.get("in", "")
    before = request.GET.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 0
    rows = shared.found(wanted=wanted, collection=collection, before=start)
    page = shared.listed(settings, rows[: shared.PER_PAGE], at=at)
    given = {
        "collections": list(models.Collection.objects.all()), "received": copies.RECEIVED, "objects": page, "wanted": wanted,
        "collection": collection, "more": page[-1].row.pk if len(rows) > shared.PER_PAGE else 0,
        "looked_through": shared.LOOKED_THROUGH, "circles": shared.circles(settings), "peers": reading.peers(settings),
        "odd": models.Contested.objects.filter(state=models.Contested.State.OPEN).count(),
        "waiting": telling.waiting(), "relearning": copies.relearning(at=at), "form": tried.form, "typed": tried.typed,
        "problem": tried.problem, "places": list(writing.places()), "observables": _OBSERVABLES, "levels": list(Level),
        "written": _WRITTEN, "by_hand": tried.form in ("indicator", "note"),
    }  # fmt: skip
    return render(request, "sharing.html", given, status=tried.status)


@require_POST
@answered
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a community to other States."""
    settings, typed = current(), _typed(request)
    chosen = sorted({settings.state, *request.POST.getlist("members")[:200]})
    try:
        terms = Terms(typed["name"], tuple(chosen), typed["purpose"], _number(typed, "hops"))
        communities.propose(settings, terms, officer=reading.officer(request), at=timezone.now())
    except ComityError as error:
        return _listing(request, _Tried("propose", typed | {"members": " ".join(chosen)}, _problem(error)))
    return see_other("sharing")


@require_POST
@answered
def word(request: HttpRequest, digest: str, verb: str) -> HttpResponse:
    """Agree to a community, or leave it."""
    do = {"agree": communities.agree, "leave": communities.leave}.get(verb)
    if do is None:
        raise Http404
    try:
        do(current(), digest, officer=reading.officer(request), at=timezone.now())
    except ComityError as error:
        return _listing(request, _Tried(digest, {}, _problem(error)))
    return see_other("sharing")


@require_POST
@answered
def tell(request: HttpRequest, state: str) -> HttpResponse:
    """Try again to tell a State what was given up, as the officer decides."""
    telling.release(current(), state, officer=reading.officer(request), at=timezone.now())
    return see_other("sharing")


_OBSERVABLES: Final[dict[str, Promise]] = {
    "domain-name": gettext_lazy("domain name"), "ipv4-addr": gettext_lazy("IPv4 address, or a range of them"),
    "ipv6-addr": gettext_lazy("IPv6 address, or a range of them"), "url": gettext_lazy("address of a page (URL)"),
    "email-addr": gettext_lazy("mail address"), "file:SHA-256": gettext_lazy("file, by SHA-256"),
    "file:SHA-1": gettext_lazy("file, by SHA-1"), "file:MD5": gettext_lazy("file, by MD5"),
}  # fmt: skip
_WRITTEN: Final = (
    "collection", "mark", "title", "observable", "value", "since", "until", "text", "about"
)  # fmt: skip


@require_POST
@answered
def write(request: HttpRequest, kind: str) -> HttpResponse:
    """An indicator or a note that an officer writes by hand; the list again, with all that was typed, where it cannot be."""
    readers: dict[str, Callable[[Typed, datetime], writing.Indicator | writing.Note]]
    readers = {"indicator": _indicator, "note": _note}
    read = readers.get(kind)
    if read is None:
        raise Http404
    at, typed = timezone.now(), {name: request.POST.get(name, "") for name in _WRITTEN}
    try:
        level = _choice(lambda text: Level(int(text)), typed, "mark")
        made = writing.write(
            current(), typed["collection"], read(typed, at), level, officer=reading.officer(request), at=at
        )
    except ComityError as error:
        return _listing(request, _Tried(kind, typed, _problem(error)))
    return see_other("sharing-object", made.pk)


def _indicator(typed: Typed, at: datetime) -> writing.Indicator:
    kind, value = typed["observable"], typed["value"].strip()
    if kind.startswith(("ip", "file")):  # a name may hold digits of another script, these cannot
        value = almanac.latin(value)
    return writing.Indicator(
        title=typed["title"], observable=kind, value=value, text=typed["text"], since=_day(typed, "since") or at,
        until=_day(typed, "until"),
    )  # fmt: skip


def _note(typed: Typed, at: datetime) -> writing.Note:
    del at  # as `_indicator`
    return writing.Note(title=typed["title"], text=typed["text"], about=almanac.latin(typed["about"]))


def _day(typed: Typed, name: str) -> datetime | None:
    """The beginning of a day, in UTC; None: none was typed."""
    if not typed[name].strip():
        return None
    day = almanac.parse_day(typed[name], where=name, language=markup.language())
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# ── one object ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _row(number: int) -> models.StixObject:
    row = models.StixObject.objects.select_related("collection").filter(pk=number).first()
    if row is None:
        raise Http404
    return row


@require_safe
@answered
def one(request: HttpRequest, number: int) -> HttpResponse:
    """One object: what it says, who holds it, who has not acknowledged which recall, and what can be done."""
    return _one(request, _row(number), _Tried())


def _one(request: HttpRequest, row: models.StixObject, tried: _Tried) -> HttpResponse:
    settings, at = current(), timezone.now()
    given = {
        "whole": shared.whole(settings, row, at=at), "row": row, "received": copies.RECEIVED,
        "peers": reading.peers(settings), "kinds": shared.RECALLS, "deeds": shared.DEEDS, "concerns": shared.CONCERNS,
        "relearning": copies.relearning(at=at), "form": tried.form, "typed": tried.typed, "problem": tried.problem,
    }  # fmt: skip
    return render(request, "shared_object.html", given, status=tried.status)


@require_safe
@answered
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """The list that proves, for machines: each recall with the signed words of those who did it, and those who did not say."""
    del request  # whoever is signed in sees the same
    return JsonResponse(shared.proof(current(), _row(number), at=timezone.now()))


@require_safe
@answered
def report(request: HttpRequest, digest: str) -> HttpResponse:
    """What a report about an object of this State says, as it came: a file of JSON."""
    del request  # whoever is signed in sees the same
    row = models.CopyReport.objects.filter(pk=digest).first()
    if row is None or not row.object:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="report-{digest[:12]}.json"'}
    return HttpResponse(bytes(row.object), content_type="application/json", headers=headers)


def _share(given: _Given) -> None:
    typed = given.typed
    if given.row.source:
        prevention.hand_on(current(), given.row, _state(typed), purpose=typed["purpose"], **given.who)
        return
    prevention.share(
        current(), given.row, _state(typed), purpose=typed["purpose"], hops=_number(typed, "hops"), **given.who
    )


def _give(given: _Given) -> None:
    prevention.give_in(current(), given.row, given.typed["community"], **given.who)


def _recall(given: _Given) -> None:
    typed = given.typed
    kind = _choice(Kind, typed, "kind")
    level = _choice(lambda text: Level(int(text)), typed, "level") if kind is Kind.TIGHTEN else Level.CLEAR
    successor = _successor(typed) if kind is Kind.CORRECT else ""
    prevention.recall(
        current(), given.row.digest, kind, level=level, successor=successor, reason=typed["reason"], **given.who
    )


def _report(given: _Given) -> None:
    typed = given.typed
    concern = _choice(Concern, typed, "concern")
    count = _number(typed, "count") if concern is Concern.SIGHTING else 1
    prevention.report(current(), given.row, concern, text=typed["text"], count=count, **given.who)


def _derive(given: _Given) -> None:
    prevention.derive(current(), given.row, **given.who)


_VERBS: Final[dict[str, Act]] = {
    "share": _share, "give": _give, "recall": _recall, "report": _report, "derive": _derive
}  # fmt: skip


def _state(typed: Typed) -> str:
    if not models.Peer.objects.filter(pk=typed["to"]).exists():
        raise Invalid("Choose the State.", code="form.choice", where="to")
    return typed["to"]


def _successor(typed: Typed) -> str:
    """The digest of the newest object of this State that is named by its id."""
    rows = models.StixObject.objects.filter(object_id=typed["successor"], source="").order_by("-version", "-pk")
    return rows.values_list("digest", flat=True).first() or ""


@require_POST
@answered
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """What a form of the page does; the page again, with what was typed, where it cannot."""
    row, do, typed = _row(number), _VERBS.get(verb), _typed(request)
    if do is None:
        raise Http404
    try:
        do(_Given(row, typed, reading.officer(request), timezone.now()))
    except ComityError as error:
        return _one(request, row, _Tried(verb, typed, _problem(error)))
    if verb == "derive":
        made = models.StixObject.objects.filter(collection=row.collection, source="").order_by("-pk")[0]
        return see_other("sharing-object", made.pk)
    return see_other("sharing-object", row.pk)
