"""Signing in and out, and the language switch."""

from __future__ import annotations

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

_MOST_FAILURES: Final = 5
_WINDOW: Final = 15 * 60  # seconds


def see_other(where: str, *args: Any) -> HttpResponse:
    """303 See Other, as after every successful POST."""
    return HttpResponseRedirect(resolve_url(where, *args), status=303)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form. After five failures for a name or an address within a quarter of an hour, it asks to wait."""
    to = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        return see_other(to) if request.user.is_authenticated else render(request, "sign_in.html", {"next": to})
    name, address, at = request.POST.get("username", "").strip(), request.META.get("REMOTE_ADDR", ""), timezone.now()
    keys = [_key("name", name.casefold()), _key("address", address)]
    given = {"next": to, "username": name[:150]}
    if any(_failures(key, at) >= _MOST_FAILURES for key in keys):
        return render(request, "sign_in.html", {**given, "wait": True}, status=429)
    officer = authenticate(request, username=name[:150], password=request.POST.get("password", "")[:1000])
    if officer is None:
        for key in keys:
            _note_failure(key, at)
        return render(request, "sign_in.html", {**given, "failed": True}, status=422)
    cache.set(keys[0], [], _WINDOW)
    login(request, officer)
    return see_other(to)


def _key(kind: str, text: str) -> str:
    return f"sign-in-{kind}-{sha256(text.encode()).hexdigest()}"


def _recent(key: str, at: datetime) -> list[float]:
    return [moment for moment in cache.get(key, []) if at.timestamp() - moment < _WINDOW]


def _failures(key: str, at: datetime) -> int:
    return len(_recent(key, at))


def _note_failure(key: str, at: datetime) -> None:
    cache.set(key, [*_recent(key, at), at.timestamp()][-_MOST_FAILURES:], _WINDOW)


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
