"""The peers' door. Limits come before reading, signatures before keeping; nothing here parses what an envelope holds.

A refusal is canonical JSON ``{"code": …, "reason": …}``; a stale witness request is answered as C2SP says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from threading import Lock

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from comity.errors import BrokenProof, BrokenSeal, ComityError, NotPossible
from comity.node import archive, models
from comity.node.desk import crossing, drills, issuing, registry
from comity.node.desk.evidence import own_entry
from comity.node.settings import Settings, current
from comity.seal import canon
from comity.seal.envelope import MESSAGE_LIMIT
from comity.wire.conversation import Conversation
from comity.wire.directory import bundle
from comity.wire.exchange import BODY_LIMIT, dumps, read_offer
from comity.wire.proofs import answer as proof_answer
from comity.wire.proofs import read_ask
from comity.wire.transport import COLLECT, check_hop

_HEAD = 4096
_A_DAY = 86_400  # seconds
_SIGNED = ("Content-Digest", "Signature-Input", "Signature")
View = Callable[..., HttpResponse]


def _refusal(status: int, error: ComityError) -> HttpResponse:
    body = canon.dumps({"code": error.code, "reason": error.message})
    return HttpResponse(body, status=status, content_type="application/json")


def nothing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing stands at this address."""
    return _refusal(404, ComityError("Nothing stands here.", code="door.nothing"))


def _body(request: HttpRequest, limit: int) -> bytes:
    """The request's body, never more than `limit` bytes of it. Raises ComityError."""
    if request.method == "GET":
        return b""
    raw = request.META.get("CONTENT_LENGTH") or ""
    if not (raw.isascii() and raw.isdigit()):
        raise ComityError("State the length of the body.", code="door.length")
    if len(raw) > len(str(limit)) or int(raw) > limit:
        raise ComityError(f"{raw} bytes are more than the {limit} that are taken.", code="door.too-long")
    data = request.read(limit)
    if len(data) != int(raw):
        raise ComityError(f"The body ended after {len(data)} of {raw} bytes.", code="door.short")
    return data


def _peer_only(limit: int) -> Callable[[View], View]:
    """Let through only what a pinned peer's node signed (RFC 9421), within `limit` bytes; note what is turned away."""

    def door(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
            settings, at, head = current(), datetime.now(UTC), b""
            try:
                body = _body(request, limit)
                head = body[:_HEAD]
                headers = {name: request.headers.get(name, "") for name in _SIGNED}
                uri = settings.peers.rstrip("/") + request.get_full_path()
                hop = check_hop(request.method or "", uri, headers, body, at=at,
                                keys_of=lambda state: archive.hop_keys(state, at))  # fmt: skip
            except ComityError as error:
                stated = request.META.get("CONTENT_LENGTH") or ""
                size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 19 else len(head)
                _note(request, error, head=head, size=size, at=at)
                return _refusal(
                    {"door.too-long": 413, "door.length": 411, "door.short": 400}.get(error.code, 401), error
                )
            return view(request, settings, *args, body=body, hop=hop, at=at, **kwargs)

        return guarded

    return door


def _note(request: HttpRequest, error: ComityError, *, head: bytes, size: int, at: datetime) -> None:
    crossing.turn_away(code=error.code, reason=str(error), head=head, size=size, path=request.path, at=at)


_talks: dict[str, tuple[Conversation, Lock]] = {}
_talks_lock = Lock()


@contextmanager
def _talk(settings: Settings, peer: str) -> Iterator[Conversation]:
    """This process's end of the conversation with `peer`, for one thread at a time."""
    with _talks_lock:
        talk, lock = _talks.setdefault(peer, (crossing.conversation(settings, peer), Lock()))
    with lock:
        yield talk


@require_POST
@_peer_only(BODY_LIMIT)
def exchange(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """Take in an offer; what the answer acknowledges is durable."""
    try:
        offer = read_offer(body)
    except BrokenSeal as error:
        _note(request, error, head=body[:_HEAD], size=len(body), at=at)
        return _refusal(422, error)
    with _talk(settings, hop) as talk:
        answer = crossing.exchange(settings, talk, offer, at=at)
    return HttpResponse(dumps(answer), content_type="application/json")


@require_POST
@_peer_only(MESSAGE_LIMIT)
def proofs(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """Proofs, under a head that a witness has seen, of receipts that this peer was given."""
    try:
        digests = read_ask(body)
    except BrokenSeal as error:
        _note(request, error, head=body[:_HEAD], size=len(body), at=at)
        return _refusal(422, error)
    return HttpResponse(proof_answer(crossing.proofs(settings, digests, hop=hop)), content_type="application/json")


@require_POST
@_peer_only(MESSAGE_LIMIT)
def messages(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """Keep an envelope that comes alone, outside the conversation; answer with the receipt."""
    try:
        receipt = crossing.receive(settings, body, hop=hop, at=at)
    except NotPossible as error:
        return _refusal(429, error)
    return HttpResponse(receipt.to_bytes(), content_type="application/json")


@require_GET
@_peer_only(MESSAGE_LIMIT)
def receipt(
    request: HttpRequest, settings: Settings, digest: str, *, body: bytes, hop: str, at: datetime
) -> HttpResponse:
    """The receipt of an envelope that this peer brought, with the best proof by now."""
    row = models.Arrival.objects.filter(pk=digest, hop=hop).first()
    if row is None:
        return _refusal(404, ComityError("No such envelope came from you.", code="receipt.unknown"))
    return HttpResponse(crossing.receipt_of(settings, row).to_bytes(), content_type="application/json")


@require_GET
@_peer_only(MESSAGE_LIMIT)
def outcome(
    request: HttpRequest, settings: Settings, digest: str, *, body: bytes, hop: str, at: datetime
) -> HttpResponse:
    """This node's signed word on what became of an envelope that this peer brought; 404 as long as nobody has read it."""
    row = models.Arrival.objects.filter(pk=digest, hop=hop).exclude(status=models.Arrival.Status.WAITING).first()
    if row is None:
        return _refusal(404, ComityError("No envelope of yours with this digest was read yet.", code="receipt.unread"))
    return HttpResponse(canon.unb64(row.evidence[1]), content_type="application/json")


@require_GET
@_peer_only(MESSAGE_LIMIT)
def evidence(
    request: HttpRequest, settings: Settings, digest: str, *, body: bytes, hop: str, at: datetime
) -> HttpResponse:
    """A part of a container that lies on the shelf for this peer (RFC 9110, 14.2, one range)."""
    row = models.Container.objects.filter(pk=digest, peer=hop, outgoing=True).first()
    wanted = re.fullmatch(r"bytes=(\d{1,18})-(\d{1,18})", request.headers.get("Range", ""))
    if row is None or wanted is None:
        return _refusal(404, ComityError("Nothing lies here for you under this digest.", code="evidence.unknown"))
    start = int(wanted[1])
    end = min(int(wanted[2]), start + COLLECT - 1, row.size - 1)
    if start > end:
        return _refusal(416, ComityError(f"The container has {row.size} bytes.", code="evidence.range"))
    with (settings.shelf / f"{row.digest}.asice").open("rb") as file:
        file.seek(start)
        answer = HttpResponse(file.read(end - start + 1), status=206, content_type="application/octet-stream")
    answer["Content-Range"] = f"bytes {start}-{end}/{row.size}"
    return answer


@require_POST
@_peer_only(MESSAGE_LIMIT)
def witness(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """Cosign a peer's log head (C2SP tlog-witness): 200 with the line, 409 with the size seen last, 422 if it is broken."""
    try:
        return HttpResponse(registry.cosign(settings, body.decode(), at=at), content_type="text/plain; charset=utf-8")
    except registry.Stale as error:
        return HttpResponse(f"{error.size}\n", status=409, content_type="text/x.tlog.size")
    except (BrokenProof, UnicodeDecodeError) as error:
        reason = error if isinstance(error, ComityError) else ComityError("This is no text.", code="witness.form")
        _note(request, reason, head=body[:_HEAD], size=len(body), at=at)
        return _refusal(422, reason)


@require_GET
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest head of this node's log, for anybody."""
    return HttpResponse(registry.newest_checkpoint(current()), content_type="text/plain; charset=utf-8")


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """Every version of this State's own entry, for anybody: so a peer follows from the version that it pinned."""
    return HttpResponse(bundle(issuing.own_chain(current())), content_type="application/json")


@require_GET
@_peer_only(MESSAGE_LIMIT)
def directory(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """The entries of other States that this node goes by, for a peer: told, never vouched for."""
    others = models.Peer.objects.exclude(pk=hop).order_by("pk").values_list("entry", flat=True)
    return HttpResponse(bundle(bytes(data) for data in others), content_type="application/json")


@require_GET
def entry(request: HttpRequest) -> HttpResponse:
    """This State's own signed directory entry, for anybody."""
    return HttpResponse(own_entry(current()), content_type="application/json")


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """What this State publishes of its test calls, signed, for anybody: made once a day, so that asking costs little."""
    at = datetime.now(UTC)
    signed = cache.get_or_set(f"figures-calls-{at:%Y-%m-%d}", lambda: drills.figures(current(), at=at), _A_DAY)
    return HttpResponse(signed, content_type="application/json")
