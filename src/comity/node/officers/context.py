"""What every template knows: whose node this is, whether it only exercises, and the other language."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest
from django.utils.translation import get_language_bidi

from comity.node.officers import markup, reading
from comity.node.officers.pages import assets
from comity.node.settings import current


def node(request: HttpRequest) -> dict[str, Any]:
    """The node's own name in the page's language, the exercise, the language switch, where styles and script lie."""
    settings, language = current(), markup.language()
    return {
        "home": settings.state,
        "home_name": reading.state_name(settings, settings.state, language),
        "exercise": settings.exercise,
        "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "languages": [(code, name) for code, name in django_settings.LANGUAGES if code != language],
        "here": request.get_full_path(),
        "style": assets.url("style.css"),
        "script": assets.url("page.js"),
        "icon": assets.url("mark.svg"),
    }
