"""The peers' door. Limits come before reading, signatures before keeping; nothing here parses what an envelope holds.

A refusal is canonical JSON ``{"code": …, "reason": …}``; a stale witness request is answered as C2SP says.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache, partial, wraps
from threading import Lock
from time import monotonic

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from comity.errors import BrokenProof, BrokenSeal, ComityError, Misconfigured, NotPossible
from comity.node import archive, models
from comity.node.desk import crossing, drills, issuing, registry
from comity.node.desk import figures as published
from comity.node.desk.evidence import own_entry
from comity.node.peers import limits
from comity.node.quota import OverQuota
from comity.node.settings import Settings, current
from comity.seal import canon
from comity.seal.envelope import MESSAGE_LIMIT
from comity.wire.conversation import Conversation
from comity.wire.directory import bundle
from comity.wire.exchange import BODY_LIMIT, WRITTEN, dumps, form_of, read_offer, tell_forms
from comity.wire.proofs import answer as proof_answer
from comity.wire.proofs import read_ask
from comity.wire.transport import COLLECT, Asked, check_hop, hop_signer, refusal_headers

_HEAD = 4096
_logger = logging.getLogger("comity.peers")
_SIGNED = ("Content-Digest", "Signature-Input", "Signature")
View = Callable[..., HttpResponse]


def _refusal(status: int, error: ComityError) -> HttpResponse:
    body = canon.dumps({"code": error.code, "reason": error.message})
    return HttpResponse(body, status=status, content_type="application/json")


def nothing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing stands at this address."""
    return _refusal(404, ComityError("Nothing stands here.", code="door.nothing"))


def _present(view: View) -> View:
    """503 where the database does not answer: the peer takes that for silence, and comes again."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (*limits.DOWN, Misconfigured):  # a token that signs nothing now is no fault of the peer's either
            _logger.exception("the database or a token did not answer")
            answer = _refusal(503, limits.away())
            answer["Retry-After"] = limits.AGAIN
            return answer

    return guarded


def _asked(request: HttpRequest, settings: Settings) -> Asked:
    headers = {name: request.headers.get(name, "") for name in _SIGNED}
    return request.method or "", settings.peers.rstrip("/") + request.get_full_path(), headers


def _over(request: HttpRequest, error: OverQuota, *, hop: str, at: datetime) -> HttpResponse:
    """429: too much for now. A State is given its refusal signed, so that it can show why it was not heard."""
    answer, settings = _refusal(429, error), current()
    answer["Retry-After"] = str(error.after)
    if hop:
        asked = _asked(request, settings)
        signed = refusal_headers(429, answer.content, asked, state=settings.state, key=settings.hop, at=at)
        for name, value in signed.items():
            answer[name] = value
    if not error.noted:
        _note(request, error, head=b"", at=at)
    return answer


def _turned_away(request: HttpRequest, error: ComityError, *, head: bytes, hop: str, at: datetime) -> HttpResponse:
    """What is not as a peer's request must be: refused and noted, within the quota of who sent it."""
    try:
        with limits.places().place(hop or limits.address(request), 0, monotonic()):
            _note(request, error, head=head, at=at)
            return _refusal({"door.too-long": 413, "door.length": 411, "door.short": 400}.get(error.code, 401), error)
    except OverQuota as over:
        return _over(request, over, hop=hop, at=at)


def _anybody(view: View) -> View:
    """Let anybody through, within the quota of the pinned State whose node signed the request, else of his address.

    Behind a proxy all strangers have one address: what they use up there keeps no State's node from asking.
    """

    @wraps(view)
    def guarded(request: HttpRequest, **named: str) -> HttpResponse:
        at, hop = datetime.now(UTC), ""
        with suppress(ComityError):  # a signature that does not hold opens no other quota, and closes no door
            hop = hop_signer(*_asked(request, current()), keys_of=partial(archive.hop_keys, at=at), at=at)
        try:
            with limits.places().place(hop or limits.address(request), 0, monotonic()):
                return view(request, **named)
        except OverQuota as error:
            return _over(request, error, hop=hop, at=at)

    return _present(guarded)


def _peer_only(limit: int) -> Callable[[View], View]:
    """Let through only what a pinned peer's node signed (RFC 9421), within its quota and `limit` bytes of body.

    Whose node it is, is known from the headers, before any of the body is read: a stranger holds no thread by sending
    slowly, and nobody uses up the quota of a State by claiming its name. What is turned away is noted.
    """

    def door(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
            settings, at, hop, body = current(), datetime.now(UTC), "", b""
            asked, keys_of = _asked(request, settings), cache(partial(archive.hop_keys, at=at))
            with ExitStack() as place:
                try:
                    size = limits.stated_length(request, limit)
                    hop = hop_signer(*asked, keys_of=keys_of, at=at)
                    place.enter_context(limits.places().place(hop, size, monotonic()))
                    body = limits.body(request, limit)
                    check_hop(*asked, body, keys_of=keys_of, at=at)
                except OverQuota as error:
                    return _over(request, error, hop=hop, at=at)
                except ComityError as error:
                    return _turned_away(request, error, head=body[:_HEAD], hop=hop, at=at)
                return view(request, settings, *args, body=body, hop=hop, at=at, **kwargs)

        return _present(guarded)

    return door


def _note(request: HttpRequest, error: ComityError, *, head: bytes, at: datetime) -> None:
    """Note what is turned away, with its length as it was stated."""
    stated = request.META.get("CONTENT_LENGTH") or ""
    size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 19 else len(head)
    crossing.turn_away(code=error.code, reason=str(error), head=head, size=size, path=request.path, at=at)


def _unreadable(request: HttpRequest, error: ComityError, *, body: bytes, at: datetime) -> HttpResponse:
    """422: a peer's node did say this, and it does not hold. It is noted."""
    _note(request, error, head=body[:_HEAD], at=at)
    return _refusal(422, error)


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
    """Take in an offer, in either form, and answer in the same one; what the answer acknowledges is durable."""
    try:
        offer = read_offer(body)
    except BrokenSeal as error:
        return _unreadable(request, error, body=body, at=at)
    form = form_of(body)
    with _talk(settings, hop) as talk:
        answer = crossing.exchange(settings, talk, offer, at=at, form=form, line=True)
    return HttpResponse(dumps(answer, form), content_type=WRITTEN[form].media_type)


@require_POST
@_peer_only(MESSAGE_LIMIT)
def proofs(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """Proofs, under a head that a witness has seen, of receipts that this peer was given."""
    try:
        digests = read_ask(body)
    except BrokenSeal as error:
        return _unreadable(request, error, body=body, at=at)
    return HttpResponse(proof_answer(crossing.proofs(digests, hop=hop)), content_type="application/json")


@require_POST
@_peer_only(MESSAGE_LIMIT)
def messages(request: HttpRequest, settings: Settings, *, body: bytes, hop: str, at: datetime) -> HttpResponse:
    """Keep an envelope that comes alone, outside the conversation; answer with the receipt."""
    try:
        with _talk(settings, hop) as talk:
            receipt = crossing.receive(settings, body, hop=hop, at=at, talk=talk)
    except NotPossible as error:
        return _refusal(429, error)
    return HttpResponse(receipt.to_bytes(), content_type="application/json")


@require_GET
@_peer_only(MESSAGE_LIMIT)
def receipt(
    request: HttpRequest, settings: Settings, digest: str, *, body: bytes, hop: str, at: datetime
) -> HttpResponse:
    """The receipt of an envelope that this peer brought, with the best proof by now."""
    with _talk(settings, hop) as talk:
        row = crossing.brought(talk, digest, at=at)
    if row is None:
        return _refusal(404, ComityError("No such envelope came from you.", code="receipt.unknown"))
    return HttpResponse(crossing.receipt_of(settings, row).to_bytes(), content_type="application/json")


@require_GET
@_peer_only(MESSAGE_LIMIT)
def outcome(
    request: HttpRequest, settings: Settings, digest: str, *, body: bytes, hop: str, at: datetime
) -> HttpResponse:
    """This node's signed word on what became of an envelope that this peer brought; 404 as long as nobody has read it."""
    with _talk(settings, hop) as talk:
        row = crossing.brought(talk, digest, at=at)
    if row is None or row.status == models.Arrival.Status.WAITING:
        return _refusal(404, ComityError("No envelope of yours with this digest was read yet.", code="receipt.unread"))
    return HttpResponse(archive.words(row)[1].whole(), content_type="application/json")


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
        crossing.doubt(hop, doubted=True)
        return _unreadable(request, reason, body=body, at=at)


@require_GET
@_anybody
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest head of this node's log, for anybody."""
    return HttpResponse(registry.newest_checkpoint(current()), content_type="text/plain; charset=utf-8")


@require_GET
@_anybody
def forms(request: HttpRequest) -> HttpResponse:
    """Which forms of an exchange are read here, for anybody."""
    del request
    return HttpResponse(tell_forms(), content_type="application/json")


@require_GET
@_anybody
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
@_anybody
def entry(request: HttpRequest) -> HttpResponse:
    """This State's own signed directory entry, for anybody."""
    return HttpResponse(own_entry(current()), content_type="application/json")


@require_GET
@_anybody
def figures(request: HttpRequest, quarter: str = "") -> HttpResponse:
    """What this State has published of its test calls of a quarter, or of the newest, for anybody; 404 if there is nothing."""
    del request
    signed = drills.published(quarter)
    if signed is None:
        return _refusal(404, ComityError("No figures of test calls of that time were published.", code="figures.none"))
    return HttpResponse(signed, content_type="application/json")


@require_GET
@_anybody
def figures_of_cases(request: HttpRequest) -> HttpResponse:
    """The newest release of this State's figures of cases, as it was signed, for anybody; 404 before the first one."""
    del request
    row = published.newest()
    if row is None:
        return _refusal(404, ComityError("No figures of cases were published yet.", code="figures.none"))
    return HttpResponse(bytes(row.value), content_type="application/json")
