"""Bulletins for the public: the list, and the form to publish, correct and withdraw one. For the power `warn`."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comity.casework.act import Power
from comity.errors import ComityError, NotYours
from comity.node import models
from comity.node.desk import bulletins as desk
from comity.node.officers import answers, markup, reading
from comity.node.officers.answers import Problem, answered
from comity.node.officers.pages.signing import see_other
from comity.node.settings import LANGUAGES, current

_PER_PAGE: Final = 25
KINDS: Final[dict[str, Promise]] = {
    "pattern": _("Pattern of crime"),
    "method": _("New method"),
    "advice": _("Advice"),
}


def _may(request: HttpRequest) -> models.Officer:
    officer = reading.officer(request)
    if Power.WARN not in officer.powers:
        raise NotYours("Bulletins are for who shares warnings.", code="case.power", where="power")
    return officer


def title(row: models.Bulletin) -> str:
    """The title of a bulletin in the page's language, or else in the first in which it is written."""
    said: dict[str, str] = row.texts.get(markup.language()) or next(iter(row.texts.values()))
    return said["title"]


@require_safe
@answered
def bulletins(request: HttpRequest) -> HttpResponse:
    """Every bulletin in its newest version."""
    _may(request)
    page = Paginator(desk.newest(), _PER_PAGE).get_page(request.GET.get("page"))
    lines = [(row, title(row), KINDS[row.kind]) for row in page.object_list]
    return render(request, "bulletins.html", {"page": page, "lines": lines, "door": current().public})


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def new(request: HttpRequest) -> HttpResponse:
    """A new bulletin; sent, it is published."""
    officer = _may(request)
    if request.method != "POST":
        return _form(request, {"kind": "advice"})
    typed = _typed(request)
    try:
        row = desk.publish(typed["kind"], _texts(typed), typed["objects"].split(), officer=officer, at=timezone.now())
    except ComityError as error:
        return _form(request, typed, problem=answers.problem(error))
    return see_other("edit-bulletin", row.series)


@require_http_methods(["GET", "HEAD", "POST"])
@answered
def edit(request: HttpRequest, series: UUID) -> HttpResponse:
    """One bulletin; sent, its next version is published."""
    officer, row = _may(request), _found(series)
    if request.method != "POST":
        return _form(request, _filled(row), row)
    typed = _typed(request)
    try:
        desk.correct(row.series, typed["kind"], _texts(typed), typed["objects"].split(), seen=_seen(typed),
                     officer=officer, at=timezone.now())  # fmt: skip
    except ComityError as error:
        return _form(request, typed, row, answers.problem(error))
    return see_other("edit-bulletin", row.series)


@require_POST
@answered
def withdraw(request: HttpRequest, series: UUID) -> HttpResponse:
    """Withdraw a bulletin, for a reason that the public is told."""
    officer, row = _may(request), _found(series)
    typed = _typed(request)
    try:
        desk.withdraw(row.series, typed["reason"], seen=_seen(typed), officer=officer, at=timezone.now())
    except ComityError as error:
        return _form(request, _filled(row) | {"reason": typed["reason"]}, row, answers.problem(error))
    return see_other("edit-bulletin", row.series)


def _found(series: UUID) -> models.Bulletin:
    row = desk.find(str(series))
    if row is None:
        raise Http404(series)
    return row


def _typed(request: HttpRequest) -> dict[str, str]:
    names = [f"{language}-{part}" for language in LANGUAGES for part in desk.LIMITS]
    return {name: request.POST.get(name, "") for name in (*names, "kind", "objects", "seen", "reason")}


def _seen(typed: dict[str, str]) -> int:
    return int(typed["seen"]) if typed["seen"].isascii() and typed["seen"].isdigit() else 0


def _texts(typed: dict[str, str]) -> dict[str, dict[str, str]]:
    return {language: {part: typed[f"{language}-{part}"] for part in desk.LIMITS} for language in LANGUAGES}


def _filled(row: models.Bulletin) -> dict[str, str]:
    said = {f"{language}-{part}": text for language, texts in row.texts.items() for part, text in texts.items()}
    return said | {"kind": row.kind, "objects": "\n".join(row.objects_named), "seen": str(row.version)}


def _form(
    request: HttpRequest, typed: dict[str, str], row: models.Bulletin | None = None, problem: Problem | None = None
) -> HttpResponse:
    languages = [
        {"code": code, "name": name, "title": typed.get(f"{code}-title", ""), "body": typed.get(f"{code}-body", ""),
         "title_at": f"{code}-title", "body_at": f"{code}-body"}
        for code, name in LANGUAGES.items()
    ]  # fmt: skip
    versions = models.Bulletin.objects.filter(series=row.series) if row else ()
    shown: dict[str, Any] = {
        "typed": typed, "row": row, "texts": languages, "kinds": KINDS, "problem": problem, "versions": versions,
        "door": current().public,
    }  # fmt: skip
    return render(request, "bulletin.html", shown, status=problem.status if problem else 200)
