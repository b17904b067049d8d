"""What holds for every page of the public's door.

1. where a request came from is told apart, in memory only, and its sender and all senders together stay within their quotas;
2. the stated length of its body is looked at before a byte of it is read;
3. the page speaks the language of its address; nothing is set or kept in the browser;
4. headers forbid scripts, frames and everything that is not our own.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache, wraps
from hashlib import blake2b, sha256
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from time import monotonic
from typing import Any, Final

from babel import Locale
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_bidi, get_language_from_request, override

from comity.casework.report import TOGETHER
from comity.errors import ComityError, NotPossible
from comity.node.public import words
from comity.node.quota import OverQuota, Quotas
from comity.node.settings import LANGUAGES, Quota, Settings, current

_EACH: Final = Quota(
    requests=10, bytes=2 * TOGETHER, at_once=8
)  # of one address, behind which there may be many people
_ALL: Final = Quota(requests=200, bytes=1 << 30, at_once=24)  # of the door's 32 threads
_FORM: Final = 1 << 20  # bytes of a body with fields only
_SALT: Final = secrets.token_bytes(16)  # of this process: what is remembered of a sender is not his address
STYLE: Final = (Path(__file__).parent / "assets" / "style.css").read_text("utf-8")
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_UNREADABLE = (SuspiciousOperation, MultiPartParserError, BadRequest, UnreadablePostError)
View = Callable[..., HttpResponse]


@cache
def _each() -> Quotas:
    return Quotas(_EACH)


@cache
def _all() -> Quotas:
    return Quotas(_ALL)


def sender(request: HttpRequest, settings: Settings) -> str:
    """What tells one sender from another, for the limits: no address, and nothing that means anything tomorrow.

    Behind a proxy that the settings name, the last address that it states counts. Of IPv6 the network counts (/64).
    """
    said = str(request.META.get("REMOTE_ADDR", ""))
    if said in settings.proxies:
        said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or said
    try:
        address = ip_address(said)
    except ValueError:
        address = ip_address(0)
    if isinstance(address, IPv6Address):
        address = ip_network((address, 64), strict=False).network_address
    return blake2b(address.packed, key=_SALT, digest_size=16).hexdigest()


def page(*, sends: bool = False) -> Callable[[View], View]:
    """Make a page of the door of a view that takes the request, the node's settings and the moment.

    Args:
        sends: whether its form may be sent, with files too. Other pages take no body.
    """

    def made(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, language: str = "", **given: Any) -> HttpResponse:
            language = language or language_of(request)
            if language not in LANGUAGES:
                return _plain(request, "report.nothing", 404)
            with override(language):
                return _headers(_within_quota(request, view, sends=sends, **given))

        return guarded

    return made


def _within_quota(request: HttpRequest, view: View, *, sends: bool, **given: Any) -> HttpResponse:
    settings, now = current(), monotonic()
    try:
        with ExitStack() as places:
            size = _stated(request, sends=sends)
            places.enter_context(_each().place(sender(request, settings), size, now))
            places.enter_context(_all().place("", size, now))
            return view(request, settings, datetime.now(UTC), **given)
    except OverQuota as error:
        answer = sentence(error, 429)
        answer["Retry-After"] = str(error.after)
        return answer
    except RequestDataTooBig:
        return sentence(NotPossible("The texts are too long together.", code="door.too-long"), 413)
    except _UNREADABLE:
        return sentence(NotPossible("What was sent cannot be read.", code="report.cut"), 400)
    except ComityError as error:
        return sentence(error, {"door.too-long": 413, "door.length": 411, "report.method": 405}.get(error.code, 422))


def _stated(request: HttpRequest, *, sends: bool) -> int:
    """The stated length of the body. Raises ComityError before any of it is read."""
    if request.method in ("GET", "HEAD"):
        return 0
    if request.method != "POST" or not sends:
        raise NotPossible("This address takes no form.", code="report.method")
    raw = request.META.get("CONTENT_LENGTH") or ""
    if not (raw.isascii() and raw.isdigit()):
        raise ComityError("State the length of the body.", code="door.length")
    most = TOGETHER if request.content_type == "multipart/form-data" else _FORM
    if len(raw) > len(str(most)) or int(raw) > most:
        raise ComityError(f"{raw} bytes are more than the {most} that are taken.", code="door.too-long")
    return int(raw)


def _headers(answer: HttpResponse) -> HttpResponse:
    answer["Content-Security-Policy"] = _POLICY
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Frame-Options"] = "DENY"
    answer["X-Robots-Tag"] = "noarchive"
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def shown(template: str, status: int = 200, *, here: str = "", **given: Any) -> HttpResponse:
    """The page made of `template` in the language that is active; `here`: its address below that of its language."""
    settings, language = current(), (get_language() or "en")[:2]
    frame = {
        "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "languages": [(code, name) for code, name in LANGUAGES.items() if code != language],
        "style": STYLE,
        "here": here,
        "state": Locale.parse(language).territories.get(settings.state, settings.state),
        "exercise": settings.exercise,
        "emergency": settings.emergency,
    }
    return HttpResponse(render_to_string(f"public/{template}", frame | given), status=status)


def sentence(error: ComityError, status: int) -> HttpResponse:
    """A page that says what is wrong, and what to do."""
    return shown("problem.html", status, text=words.fault(error))


def _plain(request: HttpRequest, code: str, status: int) -> HttpResponse:
    with override(language_of(request)):
        return _headers(sentence(NotPossible("Nothing stands here.", code=code), status))


def language_of(request: HttpRequest) -> str:
    """The language that the browser asks for, if it is one of ours; else the node's."""
    found = get_language_from_request(request)[:2]
    return found if found in LANGUAGES and request.headers.get("Accept-Language") else current().language


def nothing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing stands at this address."""
    del exception
    return _plain(request, "report.nothing", 404)


def broken(request: HttpRequest) -> HttpResponse:
    """This node is broken; what was sent may not have been kept."""
    return _plain(request, "report.broken", 500)


def front(request: HttpRequest) -> HttpResponse:
    """From the bare address to the first page in the browser's language."""
    return _headers(HttpResponseRedirect(f"/{language_of(request)}/"))
