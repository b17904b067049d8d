"""Reports of the public: the list, one report, its files, and what an officer does with it. For the power `triage`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from comity.casework.act import Power
from comity.casework.report import OFFENCES, Deed, Kind
from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.desk import indicators, room
from comity.node.desk import reports as desk
from comity.node.officers import almanac, answers, reading, triage
from comity.node.officers.answers import Problem, answered
from comity.node.settings import Settings, current
from comity.sharing.tlp import Level

_PER_PAGE: Final = 25
_LEVELS: Final = {
    level.label: level for level in (Level.RED, Level.AMBER_STRICT, Level.AMBER, Level.GREEN, Level.CLEAR)
}
Typed = dict[str, str]


@require_safe
@answered
def reports(request: HttpRequest) -> HttpResponse:
    """The reports, the newest first, of one standing and kind."""
    settings, asked = current(), {name: request.GET.get(name, "") for name in ("stage", "kind")}
    known = {"stage": {"", "waiting", *triage.STAGES}, "kind": {"", *triage.KINDS}}
    if any(value not in known[name] for name, value in asked.items()):
        raise Invalid("Choose one of the options.", code="form.choice")
    page = Paginator(desk.listed(reading.officer(request), **asked), _PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "page": page, "lines": [triage.line(settings, row) for row in page.object_list], "asked": asked,
        "query": urlencode(asked), "stages": triage.STAGES, "kinds": triage.KINDS, "scarce": room.scarce(settings),
    }  # fmt: skip
    return render(request, "reports.html", shown)


@require_safe
@answered
def report(request: HttpRequest, number: int) -> HttpResponse:
    """One report."""
    return _shown(request, number)


def _shown(
    request: HttpRequest, number: int, verb: str = "", typed: Typed | None = None, problem: Problem | None = None
) -> HttpResponse:
    settings, officer = current(), reading.officer(request)
    row: Any = desk.opened(settings, number, officer=officer)
    words, deeds = desk.words(settings, row), desk.deeds(settings, row)
    powers = set(officer.powers)
    shown = {
        "line": triage.line(settings, row), "row": row, "deeds": deeds, "names": triage.DEEDS, "verb": verb,
        "words": [(triage.FIELDS[name], text) for name, text in words.items() if text],
        "ways": triage.ways(row.stage), "seen": deeds[-1].row.pk, "typed": typed or {}, "problem": problem,
        "merged": models.ReportAct.objects.filter(kind=Deed.MERGED, about=str(number)).values_list("report", flat=True),
        "offered": indicators.offered(words) if Power.WARN in powers else [],
        "collections": models.Collection.objects.all(), "levels": list(_LEVELS), "drafts": Power.DRAFT in powers,
        "new_case": reverse("choose") + "?" + urlencode(_case(row)),
    }  # fmt: skip
    return render(request, "report.html", shown, status=problem.status if problem else 200)


def _case(row: models.Report) -> dict[str, str]:
    """What the page on which one chooses what to ask for is told of a report."""
    offence = OFFENCES.get(Kind(row.kind), "")
    return {"report": str(row.pk)} | ({"offence": offence} if offence else {})


@require_safe
@answered
def file(request: HttpRequest, number: int, place: int) -> StreamingHttpResponse:
    """A file of a report: only ever to be saved, whatever it calls itself; the browser is to open nothing of it."""
    name, size, pieces = desk.content(current(), number, place, officer=reading.officer(request))
    answer = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    answer["Content-Length"] = str(size)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _take_up(settings: Settings, number: int, typed: Typed, **by: Any) -> None:
    del typed
    desk.take_up(settings, number, **by)


def _answer(settings: Settings, number: int, typed: Typed, **by: Any) -> None:
    desk.answer(settings, number, typed["text"], **by)


def _close(settings: Settings, number: int, typed: Typed, **by: Any) -> None:
    desk.close(settings, number, typed["text"], **by)


def _merge(settings: Settings, number: int, typed: Typed, **by: Any) -> None:
    desk.merge(settings, number, _number(typed["into"], "into"), **by)


def _indicator(settings: Settings, number: int, typed: Typed, *, seen: int, **by: Any) -> None:
    del seen  # a warning stands by itself, whatever is written to the reporter meanwhile
    level = _LEVELS.get(typed["level"])
    if level is None:
        raise Invalid("Choose one of the options.", code="form.choice", where="level")
    indicators.make(settings, number, typed["value"], typed["name"], level=level, collection=typed["collection"], **by)


_DO: Final[dict[str, Callable[..., None]]] = {
    "take": _take_up, "answer": _answer, "close": _close, "merge": _merge, "indicator": _indicator,
}  # fmt: skip


@require_POST
@answered
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Do something with a report; the page again, with what was typed, where that cannot be."""
    do = _DO.get(verb)
    if do is None:
        raise Http404(verb)
    typed = {name: request.POST.get(name, "") for name in ("text", "into", "value", "name", "level", "collection")}
    try:
        do(current(), number, typed, seen=_number(request.POST.get("seen") or "0", "seen"),
           officer=reading.officer(request), at=timezone.now())  # fmt: skip
    except ComityError as error:
        if error.code in ("report.unknown", "case.power"):
            raise
        return _shown(request, number, verb, typed, answers.problem(error))
    return HttpResponseRedirect(reverse("report", args=[number]), status=303)


def _number(text: str, where: str) -> int:
    text = almanac.latin(text)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("A whole number is needed here.", code="form.number", where=where)
    return int(text)
