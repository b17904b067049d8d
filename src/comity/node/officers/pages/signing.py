"""Signing in and out, and the language switch.

Guessing is stopped where it comes from: an address may try one name five times and all names together thirty times within a
quarter of an hour. Guesses at one name from many addresses are only answered ever more slowly, and the right password is
answered at once: nobody locks an officer out from elsewhere.
"""

from __future__ import annotations

import time
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.conf import settings as django_settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from comity.node import models
from comity.node.desk import registry

_MOST_FOR_A_NAME: Final = 5  # failures from one address, for one name
_MOST_FROM_AN_ADDRESS: Final = 30  # failures from one address, whatever the names
_WINDOW: Final = 15 * 60  # seconds
_SLOWEST: Final = 2.0  # seconds that a wrong password waits for its answer, at most


def see_other(where: str, *args: Any) -> HttpResponse:
    """303 See Other, as after every successful POST."""
    return HttpResponseRedirect(resolve_url(where, *args), status=303)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form. After too many failures from one address it asks to wait; see above."""
    to = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        return see_other(to) if request.user.is_authenticated else render(request, "sign_in.html", {"next": to})
    name, address, at = request.POST.get("username", "").strip(), request.META.get("REMOTE_ADDR", ""), timezone.now()
    named, here = _key("name", name.casefold()), _key("address", address)
    both = _key("both", f"{address} {name.casefold()}")
    given = {"next": to, "username": name[:150]}
    if _failures(both, at) >= _MOST_FOR_A_NAME or _failures(here, at) >= _MOST_FROM_AN_ADDRESS:
        return render(request, "sign_in.html", {**given, "wait": True}, status=429)
    officer = authenticate(request, username=name[:150], password=request.POST.get("password", "")[:1000])
    if officer is None:
        before = _failures(named, at)
        for key in (named, here, both):
            _note_failure(key, at)
        _pause(before)
        return render(request, "sign_in.html", {**given, "failed": True}, status=422)
    cache.delete_many([named, both])
    login(request, officer)
    return see_other(to)


def _pause(failures: int) -> None:
    """Let a wrong password wait, longer with every failure for its name."""
    time.sleep(min(_SLOWEST, 0.05 * 2**failures) if failures else 0)


def _key(kind: str, text: str) -> str:
    return f"sign-in-{kind}-{sha256(text.encode()).hexdigest()}"


def _recent(key: str, at: datetime) -> list[float]:
    return [moment for moment in cache.get(key, []) if at.timestamp() - moment < _WINDOW]


def _failures(key: str, at: datetime) -> int:
    return len(_recent(key, at))


def _note_failure(key: str, at: datetime) -> None:
    cache.set(key, [*_recent(key, at), at.timestamp()][-_MOST_FROM_AN_ADDRESS:], _WINDOW)


def _safe(request: HttpRequest, to: str) -> str:
    """`to` if it is a page of this node, else the list of cases."""
    here = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if to.startswith("/") and here else resolve_url("cases")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return see_other("sign-in")


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Change the language: kept in a cookie, and for a signed-in officer with his name."""
    language = request.POST.get("language", "")
    response = see_other(_safe(request, request.POST.get("next", "")))
    if language in dict(django_settings.LANGUAGES):
        if isinstance(request.user, models.Officer):
            registry.set_language(request.user, language)
        response.set_cookie(
            django_settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 86400,
            secure=True,
            httponly=True,
            samesite="Strict",
        )
    return response
