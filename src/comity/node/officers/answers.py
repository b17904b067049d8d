"""The one place where errors become answers: which status, which sentence, at which field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise

from comity.casework.lifecycle import Kind
from comity.errors import ComityError, Invalid, NotPossible, NotYet, NotYours
from comity.node.officers import texts

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Problem:
    """An error as a page shows it.

    Args:
        code: of the error.
        text: what is wrong and what to do, in the page's language.
        detail: the error's English message, where `text` only names its kind; else empty.
        where: the form field it is about, or empty.
        status: of the answer.
    """

    code: str
    text: str | Promise
    detail: str
    where: str
    status: int


def problem(error: ComityError) -> Problem:
    """`error` for a page."""
    detail = error.message if texts.is_general(error.code) else ""
    return Problem(error.code, texts.sentence(error.code), detail, _field(error.where), status(error))


def _field(where: str) -> str:
    """The form's field for an error's place: acts name theirs ``kind.field``, requests theirs by field."""
    kind, dot, field = where.partition(".")
    return field if dot and kind in _ACT_PLACES else where


_ACT_PLACES = frozenset(str(kind) for kind in Kind)


def status(error: ComityError) -> int:
    """The HTTP status: 404 no such case, 403 not this officer, 503 not yet, 422 not so, 500 this node is broken."""
    if error.code == "case.unknown":
        return 404
    if isinstance(error, NotYours):
        return 403
    if isinstance(error, NotYet):
        return 503
    return 422 if isinstance(error, (Invalid, NotPossible)) else 500


def answered(view: View) -> View:
    """Turn a `ComityError` that `view` lets through into a page of its own."""

    @wraps(view)
    def answering(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ComityError as error:
            found = problem(error)
            return render(request, "problem.html", {"problem": found}, status=found.status)

    return answering
