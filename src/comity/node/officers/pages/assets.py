"""Styles, script and fonts from our own origin.

Each has the hash of its content in its address, so that browsers can keep it for a year.

The fonts come from the packages fontpkg-noto-sans and fontpkg-noto-sans-arabic and are never copied.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

_FOLDER: Final = Path(__file__).parent.parent / "assets"
_FONTS: Final = {"noto-sans.ttf": "Noto Sans", "noto-sans-arabic.ttf": "Noto Sans Arabic"}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    name: str  # with the hash: style.3f9a….css
    type: str
    data: bytes


@cache
def _assets() -> dict[str, Asset]:
    """Every asset by its plain name. The style sheet names the fonts plainly; their hashes are put in here."""
    fontpkg = import_module("fontpkg")
    found = {name: _asset(name, Path(fontpkg.path(family)).read_bytes()) for name, family in _FONTS.items()}
    for name in ("page.js", "mark.svg"):
        found[name] = _asset(name, (_FOLDER / name).read_bytes())
    style = (_FOLDER / "style.css").read_text("utf-8")
    for name, asset in found.items():
        style = style.replace(f'url("{name}")', f'url("{asset.name}")')
    found["style.css"] = _asset("style.css", style.encode())
    return found


def _asset(name: str, data: bytes) -> Asset:
    stem, _, suffix = name.rpartition(".")
    return Asset(f"{stem}.{sha256(data).hexdigest()[:16]}.{suffix}", _TYPES["." + suffix], data)


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_by_address()[name].data, 6, mtime=0)


@cache
def _by_address() -> dict[str, Asset]:
    return {asset.name: asset for asset in _assets().values()}


def url(name: str) -> str:
    """The address of the asset `name`."""
    return reverse("asset", args=[_assets()[name].name])


@login_not_required
@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """One asset, for a year; packed if the browser unpacks."""
    found = _by_address().get(name)
    if found is None:
        raise Http404(name)
    packs = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(_packed(name) if packs else found.data, content_type=found.type)
    if packs:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
