"""The pages of reports: the first page, the form, the receipt, coming back with it. Views parse and show; the desk writes."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from time import monotonic
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from comity.casework import report as said
from comity.errors import ComityError, Invalid, NotPossible
from comity.node import models
from comity.node.desk import bulletins, reports
from comity.node.desk.attached import File
from comity.node.public import door, news, words
from comity.node.public.files import Intake
from comity.node.quota import OverQuota, Turns
from comity.node.settings import Settings

_log = logging.getLogger("comity.public")
_NEWS: Final = 3  # bulletins on the first page
_TOKEN: Final = re.compile("[0-9a-f]{32}")
_CODE: Final = 200  # characters of a code as typed
_EVERYBODY: Final = (("", 1),)
_ROOM: Final = "report.room"
_TRAP: Final = "website"
"""A field that no person sees; programs that fill in every field of a form are told so."""


@cache
def _sent() -> Turns:
    """Reports and additions of one sender, behind whom there may be many people."""
    return Turns(20, 120)


@cache
def _sent_by_all() -> Turns:
    return Turns(600, 6)


@cache
def _noted() -> Turns:
    """Notes in the log that there is no room."""
    return Turns(1, 600)


@cache
def _wrong() -> Turns:
    """Receipt codes of one sender that no report has."""
    return Turns(10, 90)


@cache
def _wrong_by_all() -> Turns:
    return Turns(1000, 0.1)


@dataclass(frozen=True)
class Sent:
    """A form as it came in.

    Args:
        typed: field -> text as typed.
        files: what came with it, until the request is answered.
        faults: of the files.
    """

    typed: dict[str, str]
    files: list[File]
    faults: list[ComityError]


@contextmanager
def _sent_form(request: HttpRequest, settings: Settings) -> Iterator[Sent]:
    """The form that `request` sends.

    Raises:
        NotPossible: ``report.cut``: it ends before its last field.
    """
    intake = Intake(settings)
    request.upload_handlers = [intake]
    try:
        typed = {name: request.POST.get(name, "") for name in request.POST}
        if typed.pop("end", "") != "1":
            raise NotPossible("The form ended early.", code="report.cut")
        if any(fault.code == _ROOM for fault in intake.faults):
            _note_room()
        yield Sent(typed, intake.files, intake.faults)
    finally:
        intake.close()


def _note_room() -> None:
    """Tell the operator, now and then, that the public is refused its files."""
    now = monotonic()
    if not _noted().wait(_EVERYBODY, now):
        _noted().take(_EVERYBODY, now)
        _log.warning("public: files are refused; the disk is too full, or report_bytes is reached")


def _turn(request: HttpRequest, settings: Settings) -> None:
    """Take one of the turns to send something. Raises OverQuota (``door.turns``); NotPossible (``report.busy``)."""
    now = monotonic()
    if _sent_by_all().wait(
        _EVERYBODY, now
    ):  # looked at first: who is refused for others' sake loses no turn of his own
        raise NotPossible("Too many reports are coming in.", code="report.busy")
    _sent().take(door.sender(request, settings), now)
    try:
        _sent_by_all().take(_EVERYBODY, now)
    except OverQuota as error:
        raise NotPossible("Too many reports are coming in.", code="report.busy") from error


@door.page()
def home(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """What this door is for, whom to call instead, and the newest bulletins."""
    del request, settings, at
    return door.shown("home.html", news=[news.shown(row) for row in bulletins.newest()[:_NEWS]])


@door.page(sends=True)
def report(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The form; sent, the receipt. What is wrong stands beside its field, and everything typed is kept."""
    if request.method != "POST":
        return _form({"form": secrets.token_hex(16)}, [])
    with _sent_form(request, settings) as sent:
        kind = sent.typed.get("kind", "")
        faults = [*reports.report_faults(kind, sent.typed, sent.files)[1], *sent.faults]
        if sent.typed.get(_TRAP):
            faults.append(Invalid("This field is for nobody.", code="report.trap", where=_TRAP))
        if faults:
            return _form(sent.typed, faults, _status(faults))
        try:
            _turn(request, settings)
            token = sent.typed.get("form", "")
            code, fresh = reports.take_in(
                settings, kind, sent.typed, sent.files, language=get_language() or "",
                form=token if _TOKEN.fullmatch(token) else secrets.token_hex(16), at=at,
            )  # fmt: skip
        except OverQuota as error:
            return _form(sent.typed, [Invalid(error.message, code=error.code)], status=429)
        except NotPossible as error:
            return _form(sent.typed, [error], status=503)
    return door.shown("receipt.html", groups=said.grouped(code).split(), fresh=fresh)


def _status(faults: list[ComityError]) -> int:
    return 503 if any(fault.code == _ROOM for fault in faults) else 422


def _form(typed: dict[str, str], faults: list[Any], status: int = 422) -> HttpResponse:
    """The empty form, or the one that was sent with its faults."""
    beside = {fault.where: words.fault(fault) for fault in reversed(faults)}
    shown = {
        "typed": typed, "faults": beside, "kinds": words.KINDS, "most": said.FILES,
    }  # fmt: skip
    return door.shown("report.html", status if faults else 200, here="report", **shown)


@door.page(sends=True)
def receipt(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """Coming back with a receipt code: where the report stands, what officers wrote, and the form to add something."""
    if request.method != "POST":
        return door.shown("code.html", here="receipt")
    with _sent_form(request, settings) as sent:
        typed = sent.typed.get("code", "")[:_CODE]
        try:
            row = _found(request, settings, typed)
        except (Invalid, OverQuota) as error:
            status = 429 if isinstance(error, OverQuota) else 422
            again = said.grouped("".join(typed.split()))  # so that each group can be looked at
            return door.shown("code.html", status, here="receipt", typed=again, fault=words.fault(error))
        if "text" not in sent.typed:
            return _standing(settings, row, typed)
        return _added(request, settings, row, sent, typed, at)


def _found(request: HttpRequest, settings: Settings, typed: str) -> models.Report:
    """The report of the code that was typed. Who has one is answered, whatever others at his address or elsewhere have tried.

    Wrong codes are counted, by sender and of all together.

    Raises:
        Invalid: there is none. OverQuota: too many wrong ones.
    """
    code = said.read_receipt(typed)
    try:
        return reports.find(settings, code)
    except Invalid:
        now, who = monotonic(), door.sender(request, settings)
        first = _wrong().fresh(who, now)
        _wrong().take(who, now)
        if not _wrong_by_all().wait(_EVERYBODY, now):
            _wrong_by_all().take(_EVERYBODY, now)
        elif not first:  # who mistypes once is told so, whatever others do
            raise OverQuota("Too many wrong codes.", code="door.turns", after=1, noted=True) from None
        raise


def _added(
    request: HttpRequest, settings: Settings, row: models.Report, sent: Sent, typed: str, at: datetime
) -> HttpResponse:
    text, faults = sent.typed["text"], list[ComityError](sent.faults)
    status = _status(faults)
    if not faults:
        try:
            _turn(request, settings)
            reports.add(settings, row, text, sent.files, at=at)
        except OverQuota as error:
            faults, status = [Invalid(error.message, code=error.code)], 429
        except (Invalid, NotPossible) as error:
            faults, status = [error], 422
    if not faults:
        return _standing(settings, row, typed, done=True)
    beside = {fault.where: words.fault(fault) for fault in reversed(faults)}
    return _standing(settings, row, typed, status=status, text=text, faults=beside)


def _standing(settings: Settings, row: models.Report, typed: str, status: int = 200, **given: Any) -> HttpResponse:
    standing = reports.stage(row)
    shown: dict[str, Any] = {
        "code": typed, "row": row, "standing": words.STAGES[standing], "told": reports.told(settings, row),
        "kind": words.KINDS[row.kind], "takes_files": row.kind not in set(said.NO_FILES),
        "added": said.ADDED, "most": said.FILES,
    }  # fmt: skip
    return door.shown("standing.html", status, **shown, **given)
