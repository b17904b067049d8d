"""What is said in two ways: both contents side by side, and the form by which an officer says which one holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from comity.errors import ComityError
from comity.node import models
from comity.node.desk import contested as desk
from comity.node.officers import answers, reading, texts
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.signing import see_other
from comity.node.settings import current
from comity.sharing.tlp import Level

_STANDING: Final = 20  # objects that stand there and are shown
_VALUE: Final = 2_000  # characters of a value that are shown
_State = models.Contested.State


@dataclass(frozen=True)
class Side:
    """One of the contents.

    Args:
        row: where it is kept.
        raw: its bytes; empty: it is not here any more.
    """

    row: models.Contested | models.StixObject
    raw: bytes

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """What it says; it was checked when it came."""
        found: dict[str, Any] = json.loads(self.raw) if self.raw else {}
        return found

    @property
    def all(self) -> list[tuple[str, str]]:
        """(property, value) of all that it says."""
        return [(name, _written(value)) for name, value in self.body.items()]

    def differing(self, others: list[Side]) -> list[tuple[str, str]]:
        """(property, value) where it is unlike any of the others; what is long is shortened."""
        names = sorted({*self.body, *(name for one in others for name in one.body)})
        odd = [name for name in names if any(one.body.get(name) != self.body.get(name) for one in others)]
        return [(name, _written(self.body[name])) for name in odd if name in self.body]


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    return text if len(text) <= _VALUE else text[:_VALUE] + "…"


@require_safe
@answered
def contested(request: HttpRequest, number: int) -> HttpResponse:
    """One of them, beside all that stands in its way."""
    return _page(request, number, "", None)


def _page(request: HttpRequest, number: int, reason: str, problem: Problem | None) -> HttpResponse:
    row = models.Contested.objects.select_related("collection").filter(pk=number).first()
    if row is None:
        raise Http404
    found = desk.standing(row)
    sides = [Side(one, bytes(one.raw)) for one in found[:_STANDING]]
    other, held = Side(row, _bytes(row)), desk.held(found)
    given = {
        "row": row, "why": texts.sentence(row.code), "before": desk.seen(row, found), "home": current().state,
        "standing": [(side, side.differing([other])) for side in sides], "other": (other, other.differing(sides)),
        "more": len(found) - len(sides), "held": held, "level": Level(row.told["level"]).label if row.told else "",
        "can_take": not held and (bool(found) or row.state != _State.IN), "held_why": texts.sentence("contest.held"),
        "can_keep": row.state == _State.OPEN, "problem": problem, "reason": reason, "states": _State,
    }  # fmt: skip
    return render(request, "contested.html", given, status=problem.status if problem else 200)


def _bytes(row: models.Contested) -> bytes:
    """The object, be it kept aside or on the shelf."""
    if row.raw:
        return bytes(row.raw)
    names = {"collection__id": row.collection_id, "object_id": row.object_id}
    held = models.StixObject.objects.filter(**names, digest=row.digest).first()
    return bytes(held.raw) if held else b""


@require_POST
@answered
def settle(request: HttpRequest, number: int) -> HttpResponse:
    """Say which one holds: ``hold`` is ``kept`` for what stands, ``taken`` for the other."""
    reason, hold = request.POST.get("reason", "").replace("\r\n", "\n"), request.POST.get("hold")
    if hold not in {"kept", "taken"}:
        raise Http404
    try:
        desk.settle(
            current(), number, take=hold == "taken", reason=reason, before=request.POST.get("before", ""),
            officer=reading.officer(request), at=timezone.now(),
        )  # fmt: skip
    except ComityError as error:
        return _page(request, number, reason, answers.problem(error))
    return see_other("contested", number)
