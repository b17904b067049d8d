"""Test calls between 24/7 points of contact: who calls us, whom we call, and how quickly people answered, day and night."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from comity.casework.request import Urgency
from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.desk import drills
from comity.node.officers import almanac, answers, markup, reading, words
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current
from comity.wire import calls as wire
from comity.wire.calls import Answer, Call, Round, Standing, Tally
from comity.wire.directory import Entry

_RECENT: Final = 20  # calls shown one by one
_MACHINE: Final = 200  # the same for machines
_TYPED: Final = ("peer", "every", "urgency", "minutes", "question")
_USUAL: Final = {"urgency": str(Urgency.EMERGENCY), "minutes": "30", "every": "7"}
STANDINGS: Final[dict[Standing, Promise]] = {
    Standing.OPEN: gettext_lazy("still has time"),
    Standing.ANSWERED: gettext_lazy("answered in time"),
    Standing.LATE: gettext_lazy("answered late"),
    Standing.SILENT: gettext_lazy("not answered"),
    Standing.UNDELIVERED: gettext_lazy("not delivered in time"),
}
_PILLS: Final = {
    Standing.OPEN: "nobodys",
    Standing.ANSWERED: "passed",
    Standing.LATE: "warning",
    Standing.SILENT: "failed",
    Standing.UNDELIVERED: "unknown",
}


def lasting(seconds: int | None) -> str:
    """A length of time in words, to two units: ``4 min 30 s``; a dash where there is none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        text = _("%(days)s d %(hours)s h") % {"days": days, "hours": hours % 24}
    elif hours:
        text = _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes % 60}
    elif minutes:
        text = _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    else:
        text = _("%(seconds)s s") % {"seconds": rest}
    return markup.digits(text)


def zone_of(entry: Entry | None) -> tzinfo:
    """The time zone of a State's 24/7 point of contact, else of its first authority, else UTC."""
    named = entry.authorities if entry else ()
    for authority in sorted(named, key=lambda one: one.role != "contact"):
        try:
            return ZoneInfo(authority.zone)
        except (KeyError, ValueError, OSError):
            continue
    return UTC


@dataclass(frozen=True)
class Counted:
    """A tally, for people.

    Args:
        tally: the figures.
    """

    tally: Tally

    @property
    def over(self) -> bool:
        """Whether the time of any call is over."""
        return bool(self.tally.asked or self.tally.undelivered)

    @property
    def median(self) -> str:
        """How long a person took, half of the times at most."""
        return lasting(self.tally.median)

    @property
    def worst(self) -> str:
        """The longest that a person took."""
        return lasting(self.tally.worst)


@dataclass(frozen=True)
class Shown:
    """A call, for people.

    Args:
        row: as it is kept.
        round: its moments.
        at: now.
        zone: where the other State's point of contact sits.
    """

    row: models.Call
    round: Round
    at: datetime
    zone: tzinfo

    @property
    def call(self) -> Call | Answer:
        """What was asked."""
        return wire.read_kept(bytes(self.row.statement))

    @property
    def answer(self) -> Call | Answer | None:
        """What was answered, or None."""
        return wire.read_kept(bytes(self.row.answer)) if self.row.answer else None

    @property
    def standing(self) -> Standing:
        """What became of it."""
        return self.round.standing(self.at)

    @property
    def word(self) -> Promise:
        """The same in words."""
        return STANDINGS[self.standing]

    @property
    def pill(self) -> str:
        """The same as a style."""
        return _PILLS[self.standing]

    @property
    def there(self) -> tuple[str, str]:
        """Day and time of the call where the other State's point of contact sits, and the offset."""
        words_, offset, _utc = almanac.moment_parts(self.round.began, self.zone, markup.language())
        return words_, offset

    @property
    def waited(self) -> tuple[str, str]:
        """How long a person took: by our clock, and by what both States signed."""
        return lasting(self.round.waited), lasting(self.round.waited_said)

    @property
    def machine(self) -> tuple[str, str]:
        """The same of the other State's machine."""
        return lasting(self.round.machine), lasting(self.round.machine_said)


@dataclass(frozen=True)
class Contact:
    """Another State's point of contact, as this State knows it from test calls.

    Args:
        state: its code.
        made: what can be counted of our calls to it.
        received: of its calls to us.
        parts: (first hour, hour after the last, figures) of our calls, by the hour of day there.
        last: our last call to it, or None.
        plan: how often it is called by itself, or None.
        unreached: why this State cannot rely on it now, or None.
    """

    state: str
    made: Counted
    received: Counted
    parts: list[tuple[int, int, Counted]]
    last: Shown | None
    plan: models.CallPlan | None
    unreached: drills.Unreached | None


def _contact(
    state: str, entry: Entry | None, rounds: list[Round], unreached: drills.Unreached | None, at: datetime
) -> Contact:
    zone = zone_of(entry)
    ours = [one for one in rounds if one.ours]
    theirs = [one for one in rounds if not one.ours]
    parts = wire.by_part(ours, at, lambda moment: moment.astimezone(zone).hour)
    last = drills.made(state, at=at).first()
    return Contact(
        state,
        Counted(wire.tally(ours, at)),
        Counted(wire.tally(theirs, at)),
        [(first, first + wire.PART, Counted(found)) for first, found in parts.items() if found.asked],
        Shown(last, drills.round_of(last), at, zone) if last else None,
        models.CallPlan.objects.filter(pk=state).first(),
        unreached,
    )


def contacts(at: datetime) -> list[Contact]:
    """Every State that is pinned here, by its code."""
    rounds: dict[str, list[Round]] = {}
    for one in drills.rounds(models.Call.objects.defer("statement", "answer")):
        rounds.setdefault(one.peer, []).append(one)
    unreached = {found.state: found for found in drills.unreached(at=at)}
    return [
        _contact(row.state, entry, rounds.get(row.state, []), unreached.get(row.state), at)
        for row, entry in reading.peers(current())
    ]  # fmt: skip


def shown(rows: Iterable[models.Call], at: datetime) -> list[Shown]:
    """`rows` for people."""
    kept = list(rows)
    return [
        Shown(row, one, at, zone_of(reading.peer(row.peer))) for row, one in zip(kept, drills.rounds(kept), strict=True)
    ]


def standing_above(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """What stands above everything else on an officer's first page: calls to answer, and who did not answer ours."""
    waiting = drills.waiting()
    drills.seen(current(), waiting, officer=reading.officer(request), at=at)
    return {"calling": shown(waiting, at), "unreached": drills.unreached(at=at)}


@dataclass(frozen=True)
class _Page:
    """The page, with what was typed and what is wrong with it.

    Args:
        form: ``call`` or ``plan``: which form it was; empty while nothing was typed.
        typed: field -> text.
        problem: what is wrong, or None.
    """

    form: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    problem: Problem | None = None

    def shown(self, request: HttpRequest) -> HttpResponse:
        """The page as HTML."""
        at = timezone.now()
        recent = list(models.Call.objects.all()[:_RECENT])
        drills.seen(current(), recent, officer=reading.officer(request), at=at)
        listed = contacts(at)
        found = {
            "contacts": listed,
            "any_received": any(one.received.over for one in listed),
            "recent": shown(recent, at),
            "urgencies": words.URGENCIES,
            "form": self.form,
            "typed": _USUAL | self.typed,
            "problem": self.problem,
        }
        status = self.problem.status if self.problem else 200
        return render(request, "calls.html", standing_above(request, at) | found, status=status)


@require_safe
@answered
def calls(request: HttpRequest) -> HttpResponse:
    """Calls to answer, every State with its figures, and the forms to call now or by a plan."""
    return _Page().shown(request)


@require_safe
@answered
def machine(request: HttpRequest) -> HttpResponse:
    """The same for machines: seconds, UTC, codes."""
    del request  # whoever is signed in sees the same
    at = timezone.now()
    states = [
        {
            "state": one.state,
            "made": one.made.tally.to_dict(),
            "by_hour_there": {f"{first:02d}-{end:02d}": found.tally.to_dict() for first, end, found in one.parts},
            "received": one.received.tally.to_dict(),
            "every_days": one.plan.every if one.plan else 0,
            "silent": bool(one.unreached and one.unreached.silent),
            "undelivered": bool(one.unreached and one.unreached.undelivered),
            "stale": bool(one.unreached and one.unreached.confirmed_on),
        }
        for one in contacts(at)
    ]
    newest = models.Call.objects.defer("statement", "answer")[:_MACHINE]
    told = [_plain(one) for one in shown(newest, at)]
    return JsonResponse({"at": at, "states": states, "calls": told})


def _plain(shown: Shown) -> dict[str, Any]:
    row, one = shown.row, shown.round
    return {
        "id": row.pk, "peer": row.peer, "ours": row.ours, "began": one.began, "due": one.due, "kept": one.kept,
        "kept_said": one.kept_said, "answered": one.ended, "answered_said": one.ended_said,
        "standing": str(shown.standing), "seconds": one.waited,
    }  # fmt: skip


def _number(typed: dict[str, str], name: str) -> int:
    text = almanac.latin(typed[name])
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Invalid("A whole number is needed here.", code="form.number", where=name)
    return int(text)


def _urgency(typed: dict[str, str]) -> Urgency:
    try:
        return Urgency(typed["urgency"])
    except ValueError as error:
        raise Invalid("This is no urgency.", code="form.choice", where="urgency") from error


def _do(request: HttpRequest, form: str, act: Callable[[dict[str, str]], None]) -> HttpResponse:
    """What a form of the page does; the page again, with what was typed, where it cannot."""
    typed = {name: request.POST.get(name, "")[: wire.TEXT_LIMIT + 1].replace("\r\n", "\n").strip() for name in _TYPED}
    try:
        if not models.Peer.objects.filter(pk=typed["peer"]).exists():
            raise Invalid("Choose the State.", code="form.choice", where="peer")
        act(typed)
    except ComityError as error:
        return _Page(form, typed, answers.problem(error)).shown(request)
    return see_other("calls")


@require_POST
@answered
def call(request: HttpRequest) -> HttpResponse:
    """Call a State's point of contact now."""

    def act(typed: dict[str, str]) -> None:
        drills.call(current(), typed["peer"], urgency=_urgency(typed), question=typed["question"],
                    minutes=_number(typed, "minutes"), officer=reading.officer(request), at=timezone.now())  # fmt: skip

    return _do(request, "call", act)


@require_POST
@answered
def plan(request: HttpRequest) -> HttpResponse:
    """Decide how often a State is called by itself, or never."""

    def act(typed: dict[str, str]) -> None:
        drills.plan(current(), typed["peer"], every=_number(typed, "every"), urgency=_urgency(typed),
                    question=typed["question"], minutes=_number(typed, "minutes"), officer=reading.officer(request),
                    at=timezone.now())  # fmt: skip

    return _do(request, "plan", act)


@require_POST
@answered
def answer(request: HttpRequest, digest: str) -> HttpResponse:
    """Answer a call that came in."""
    text = request.POST.get("text", "").replace("\r\n", "\n").strip()
    try:
        drills.answer(current(), digest, text=text, officer=reading.officer(request), at=timezone.now())
    except ComityError as error:
        return _Page("answer", {"text": text[: wire.TEXT_LIMIT]}, answers.problem(error)).shown(request)
    return see_other("calls")
