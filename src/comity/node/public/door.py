"""What holds for every page of the public's door.

1. a form that another website makes its visitors send is refused;
2. the stated length of a body is looked at before a byte of it is read;
3. where a request came from is told apart, in memory only, and its sender, the networks around him and all senders together
   stay within their quotas, whatever the address they ask for;
4. the page speaks the language of its address; nothing is set or kept in the browser;
5. headers forbid scripts, frames and everything that is not our own.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache, wraps
from hashlib import blake2b, sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
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
from comity.node.quota import OverQuota, Quotas, Shares
from comity.node.settings import LANGUAGES, Quota, Settings, current

_EACH: Final = Quota(
    requests=10, bytes=2 * TOGETHER, at_once=8
)  # of one address, behind which there may be many people
_WIDE: Final = 16  # requests of one network at once, so that others find the door open
_NETWORKS: Final = ((64, 1), (56, 2), (48, 4))  # bits of IPv6 that are one sender, times the share that he has
_ALL: Final = Quota(requests=200, bytes=2 << 30, at_once=24)  # of the door's 32 threads; each may hold the longest form
_FORM: Final = 1 << 20  # bytes of a body with fields only
_SALT: Final = secrets.token_bytes(16)  # of this process: what is remembered of a sender is not his address
_NOBODY: Final = ip_address(0)
STYLE: Final = (Path(__file__).parent / "assets" / "style.css").read_text("utf-8")
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; img-src data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_UNREADABLE = (SuspiciousOperation, MultiPartParserError, BadRequest, UnreadablePostError)
_STATUS: Final = {"door.too-long": 413, "door.length": 411, "report.method": 405, "report.elsewhere": 403}
View = Callable[..., HttpResponse]


@cache
def _each() -> Quotas:
    return Quotas(_EACH, _WIDE)


@cache
def _all() -> Quotas:
    return Quotas(_ALL)


def sender(request: HttpRequest, settings: Settings) -> Shares:
    """What tells one sender from another, for the limits: no address, and nothing that means anything tomorrow.

    Behind a proxy that the settings name, the last address that it states counts. A network of IPv6 is easily had: its
    addresses are one sender (/64), and the networks around it (/56, /48) have a few shares together.
    """
    said = _address(str(request.META.get("REMOTE_ADDR", "")))
    if said in {_address(proxy) for proxy in settings.proxies}:
        said = _address(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or str(said))
    if isinstance(said, IPv4Address):
        return [(_name(said.packed), 1)]
    around = [(ip_network((said, bits), strict=False).network_address, bits, times) for bits, times in _NETWORKS]
    return [(_name(network.packed + bytes([bits])), times) for network, bits, times in around]


def _name(told: bytes) -> str:
    return blake2b(told, key=_SALT, digest_size=16).hexdigest()


def _address(text: str) -> IPv4Address | IPv6Address:
    """The address in `text`, with a port or without; of IPv4, however it is written; `_NOBODY` where there is none."""
    text = text.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return _NOBODY
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found


def page(*, sends: bool = False) -> Callable[[View], View]:
    """Make a page of the door of a view that takes the request, the node's settings and the moment.

    Args:
        sends: whether its form may be sent, with files too. Other pages take no body.
    """

    def made(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, language: str = "", **given: Any) -> HttpResponse:
            spoken = language or language_of(request)
            there = spoken in LANGUAGES
            with override(spoken if there else language_of(request)):
                answer = _headers(_within_quota(request, view if there else _nothing, sends=sends and there, **given))
            if not language or not there:
                answer["Vary"] = "Accept-Language"
            return answer

        return guarded

    return made


def _nothing(request: HttpRequest, settings: Settings, at: datetime, **given: Any) -> HttpResponse:
    del request, settings, at, given
    return sentence(NotPossible("Nothing stands here.", code="report.nothing"), 404)


def _within_quota(request: HttpRequest, view: View, *, sends: bool, **given: Any) -> HttpResponse:
    settings = current()
    try:
        size, fault = _stated(request, sends=sends)
        with _places(request, settings, size):
            if fault is not None:
                raise fault
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
        return sentence(error, _STATUS.get(error.code, 422))


@contextmanager
def _places(request: HttpRequest, settings: Settings, size: int) -> Iterator[None]:
    """A place of the sender, of each network around him, and of all: charged is what was read; nothing, if one is refused."""
    now, held = monotonic(), []
    with ExitStack() as places:
        try:
            for name, times in sender(request, settings):
                held.append(places.enter_context(_each().place(name, size, now, times)))
            held.append(places.enter_context(_all().place("", size, now)))
        except OverQuota:
            for place in held:
                place.give_back(size, requests=1)
            raise
        read = _counted(request)
        try:
            yield
        finally:
            for place in held:
                place.give_back(max(0, size - sum(read)))


def _counted(request: HttpRequest) -> list[int]:
    """How long each piece is that is read of the body from now on."""
    lengths, read = list[int](), request.read

    def counting(*given: Any, **named: Any) -> bytes:
        piece = read(*given, **named)
        lengths.append(len(piece))
        return piece

    request.read = counting  # type: ignore[method-assign]  # through which Django reads forms of every type
    return lengths


def _stated(request: HttpRequest, *, sends: bool) -> tuple[int, ComityError | None]:
    """The stated length of a body that may be read, and why none may."""
    if request.method in ("GET", "HEAD"):
        return 0, None
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return 0, ComityError("Another website sent this form.", code="report.elsewhere")
    if request.method != "POST" or not sends:
        return 0, NotPossible("This address takes no form.", code="report.method")
    raw = request.META.get("CONTENT_LENGTH") or ""
    if not (raw.isascii() and raw.isdigit()):
        return 0, ComityError("State the length of the body.", code="door.length")
    most = TOGETHER if request.content_type == "multipart/form-data" else _FORM
    if len(raw) > len(str(most)) or int(raw) > most:
        return 0, ComityError(f"{raw[:20]} bytes are more than the {most} that are taken.", code="door.too-long")
    return int(raw), None


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


def language_of(request: HttpRequest) -> str:
    """The language that the browser asks for, if it is one of ours; else the node's."""
    found = get_language_from_request(request)[:2]
    return found if found in LANGUAGES and request.headers.get("Accept-Language") else current().language


def nothing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing stands at this address. It is asked for within the quotas all the same."""
    del exception
    return page()(_nothing)(request)


def broken(request: HttpRequest) -> HttpResponse:
    """This node is broken; what was sent may not have been kept."""
    with override(language_of(request)):
        return _headers(sentence(NotPossible("This node is broken.", code="report.broken"), 500))


@page()
def front(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """From the bare address to the first page in the browser's language."""
    del request, settings, at
    return HttpResponseRedirect(f"/{(get_language() or 'en')[:2]}/")
