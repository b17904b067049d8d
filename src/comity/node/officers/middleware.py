"""What holds for every page of this door.

Nothing but our own styles, fonts and scripts; nothing kept by caches; the officer's language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

Answer = Callable[[HttpRequest], HttpResponse]

POLICY: Final = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def content_security_policy(get_response: Answer) -> Answer:
    """Send the content security policy; keep pages out of every cache unless their view says otherwise."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def officer_language(get_response: Answer) -> Answer:
    """The signed-in officer's language rules over cookie and browser."""
    known = {code for code, _ in django_settings.LANGUAGES}

    def answer(request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if request.user.is_authenticated and language in known:
            translation.activate(language)
            request.LANGUAGE_CODE = language  # as LocaleMiddleware does
        return get_response(request)

    return answer
