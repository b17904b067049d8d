"""A TAXII 2.1 server without a network: a request and a shelf in, an answer out.

    GET    /taxii2/                                             discovery
    GET    /{root}/                                             the API root
    GET    /{root}/status/{id}/                                 what became of an addition
    GET    /{root}/collections/[{collection}/]                  collections
    GET    /{root}/collections/{collection}/manifest/           what there is
    GET    /{root}/collections/{collection}/objects/            the objects; POST adds
    GET    /{root}/collections/{collection}/objects/{id}/       one object; DELETE takes it away
    GET    /{root}/collections/{collection}/objects/{id}/versions/

Who asks was signed in by the caller. A collection that he can neither read nor write does not exist for him, nor does a
row that is not visible to him; every row is asked about. A page may hold fewer objects than asked for, even none, and
still have a successor: so much of the shelf was looked at, in rows and in bytes, and no more.

Where the standard leaves it open: DELETE without `match[version]` takes all versions (otherwise an older one would come
to light again), only what the same reader added, and nothing if one of them must stay; a `match[…]` that is not known is
refused rather than ignored.
Source: TAXII Version 2.1, OASIS Standard.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from comity.errors import ComityError, Invalid, NotPossible
from comity.sharing import stix
from comity.sharing._checks import ID
from comity.sharing._taxii_query import Query, next_of
from comity.sharing.shelf import Collection, Filter, Reader, Row, Shelf, looked

MEDIA_TYPE = "application/taxii+json;version=2.1"
STIX_TYPE = "application/stix+json;version=2.1"
_NAMED = 100  # objects that were not taken, of those in one addition; the others are counted
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    406: "Not Acceptable", 411: "Length Required", 413: "Content Too Large", 415: "Unsupported Media Type",
    409: "Conflict", 429: "Too Many Requests", 503: "Service Unavailable",
    507: "Insufficient Storage",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What was asked.

    Args:
        method: upper case.
        path: as sent, percent-encoded, without the query.
        query: as sent, without the question mark.
        headers: names in lower case.
        body: as sent; the caller reads no more than `Root.max_content_length` + 1 bytes of it.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is answered: HTTP status, headers, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Root:
    """An API root.

    Args:
        path: one segment of the address.
        title: a few words.
        description: more, or empty.
        max_content_length: bytes of a body that is taken.
        page: objects of a page, unless fewer are asked for.
    """

    path: str
    title: str
    description: str = ""
    max_content_length: int = 8 << 20
    page: int = 1_000


@dataclass(frozen=True, kw_only=True)
class Site:
    """A server.

    Args:
        title: a few words.
        description: more, or empty.
        contact: how to reach a person, or empty.
        address: ``https://…`` without a path.
        roots: its API roots; the first is the default.
    """

    title: str
    description: str = ""
    contact: str = ""
    address: str
    roots: tuple[Root, ...]


def answer(request: Request, shelf: Shelf, reader: Reader, at: datetime, *, site: Site) -> Answer:
    """The answer to a request; a fault of the request is an error object of TAXII, never an exception.

    Args:
        request: what was asked.
        shelf: who keeps the objects.
        reader: who asks.
        at: now, in UTC.
        site: this server.
    """
    try:
        _negotiate(request)
        return _routed(_Ask(request, shelf, reader, at, site))
    except _Refused as refused:
        return _error(refused)
    except Invalid as error:
        return refusal(400, error)


def refusal(status: int, error: ComityError) -> Answer:
    """The error object for what the caller refuses before it asks `answer`: who is not known, what is too long."""
    return _error(_Refused(status, error.message, code=error.code))


@dataclass(frozen=True)
class _Ask:
    """A request with everything that it is answered from."""

    request: Request
    shelf: Shelf
    reader: Reader
    at: datetime
    site: Site


class _Refused(Exception):
    """An answer that is an error object."""

    def __init__(self, status: int, description: str, *, code: str, allow: str = "") -> None:
        super().__init__(description)
        self.status, self.description, self.code, self.allow = status, description, code, allow


# ── finding the way ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _routed(ask: _Ask) -> Answer:
    match [unquote(part) for part in ask.request.path.strip("/").split("/")]:
        case ["taxii2"]:
            return _by_method(ask, GET=lambda: _discovery(ask))
        case [name]:
            root = _root(ask, name)
            return _by_method(ask, GET=lambda: _json(_about(root)))
        case [name, "status", status]:
            root = _root(ask, name)
            return _by_method(ask, GET=lambda: _status(ask, status))
        case [name, "collections"]:
            root = _root(ask, name)
            return _by_method(ask, GET=lambda: _collections(ask, root))
        case [name, "collections", wanted, *rest]:
            root = _root(ask, name)
            return _in_collection(ask, root, _collection(ask, root, wanted), rest)
    raise _nothing_there()


def _in_collection(ask: _Ask, root: Root, collection: Collection, rest: list[str]) -> Answer:
    key = collection.id
    match rest:
        case []:
            return _by_method(ask, GET=lambda: _json(_shown(ask, collection)))
        case ["manifest"]:
            return _by_method(ask, GET=lambda: _manifest(ask, root, key))
        case ["objects"]:
            return _by_method(ask, GET=lambda: _objects(ask, root, key), POST=lambda: _add(ask, root, key))
        case ["objects", named] if ID.fullmatch(named):
            return _by_method(
                ask, GET=lambda: _object(ask, root, key, named), DELETE=lambda: _delete(ask, root, key, named)
            )
        case ["objects", named, "versions"] if ID.fullmatch(named):
            return _by_method(ask, GET=lambda: _versions(ask, root, key, named))
    raise _nothing_there()


def _by_method(ask: _Ask, **methods: Callable[[], Answer]) -> Answer:
    if ask.request.method not in methods:
        allow = ", ".join(methods)
        raise _Refused(405, f"Only {allow} is answered here.", code="taxii.method", allow=allow)
    return methods[ask.request.method]()


def _root(ask: _Ask, name: str) -> Root:
    for root in ask.site.roots:
        if root.path == name:
            return root
    raise _nothing_there()


def _collection(ask: _Ask, root: Root, wanted: str) -> Collection:
    for one in ask.shelf.collections(root.path):
        if wanted and wanted in {one.id, one.alias} and one.id in ask.reader.reads | ask.reader.writes:
            return one
    raise _nothing_there()


def _nothing_there() -> _Refused:
    return _Refused(404, "There is nothing here for you.", code="taxii.not-found")


def _may(ask: _Ask, collection: str, *, read: bool = False, write: bool = False) -> None:
    if (read and collection not in ask.reader.reads) or (write and collection not in ask.reader.writes):
        raise _Refused(403, "You may not do this with this collection.", code="taxii.forbidden")


# ── what is answered ────────────────────────────────────────────────────────────────────────────────────────────────────


def _discovery(ask: _Ask) -> Answer:
    addresses = [f"{ask.site.address}/{root.path}/" for root in ask.site.roots]
    said = {
        "title": ask.site.title, "description": ask.site.description, "contact": ask.site.contact,
        "default": addresses[0] if addresses else "", "api_roots": addresses,
    }  # fmt: skip
    return _json({name: value for name, value in said.items() if value})


def _about(root: Root) -> dict[str, Any]:
    said = {"title": root.title, "description": root.description, "versions": [MEDIA_TYPE],
            "max_content_length": root.max_content_length}  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _collections(ask: _Ask, root: Root) -> Answer:
    known = ask.reader.reads | ask.reader.writes
    shown = [_shown(ask, one) for one in ask.shelf.collections(root.path) if one.id in known]
    return _json({"collections": shown} if shown else {})


def _shown(ask: _Ask, one: Collection) -> dict[str, Any]:
    said = {"id": one.id, "title": one.title, "description": one.description, "alias": one.alias}
    return {name: value for name, value in said.items() if value} | {
        "can_read": one.id in ask.reader.reads, "can_write": one.id in ask.reader.writes, "media_types": [STIX_TYPE],
    }  # fmt: skip


def _status(ask: _Ask, status: str) -> Answer:
    kept = ask.shelf.status(ask.reader.name, status) if _UUID.fullmatch(status) else None
    if kept is None:
        raise _nothing_there()
    return Answer(200, (("Content-Type", MEDIA_TYPE),), kept)


def _objects(ask: _Ask, root: Root, collection: str) -> Answer:
    _may(ask, collection, read=True)
    return _contents(*_page(ask, root, collection, Query(ask.request.query).filter("id", "type", "version")))


def _object(ask: _Ask, root: Root, collection: str, named: str) -> Answer:
    _may(ask, collection, read=True)
    wanted = _one(ask, root, collection, named, Query(ask.request.query).filter("version"))
    return _contents(*_page(ask, root, collection, wanted))


def _manifest(ask: _Ask, root: Root, collection: str) -> Answer:
    _may(ask, collection, read=True)
    rows, following = _page(ask, root, collection, Query(ask.request.query).filter("id", "type", "version"))
    records = (
        {"id": row.id, "date_added": row.at.added, "version": row.version, "media_type": STIX_TYPE} for row in rows
    )
    return _envelope(rows, following, ",".join(map(json.dumps, records)).encode())


def _versions(ask: _Ask, root: Root, collection: str, named: str) -> Answer:
    _may(ask, collection, read=True)
    every = replace(Query(ask.request.query).filter(), versions=frozenset({"all"}))
    wanted = _one(ask, root, collection, named, every)
    rows, following = _page(ask, root, collection, wanted)
    return _envelope(rows, following, ",".join(json.dumps(row.version) for row in rows).encode(), name="versions")


def _add(ask: _Ask, root: Root, collection: str) -> Answer:
    """Take what is right and refuse what is not, object by object; the whole only if it cannot be read (5.5)."""
    _may(ask, collection, write=True)
    if not is_taxii(ask.request.headers.get("content-type", "")):
        raise _Refused(415, f"Send {MEDIA_TYPE}.", code="taxii.content-type")
    if len(ask.request.body) > root.max_content_length:
        raise _Refused(413, f"More than {root.max_content_length} bytes: send it in parts.", code="taxii.too-long")
    try:
        ask.shelf.room(collection, len(ask.request.body))
    except NotPossible as error:
        raise _Refused(507, str(error), code=error.code) from error
    try:
        found = list(stix.objects(ask.request.body, limits=stix.Limits(size=root.max_content_length)))
    except Invalid as error:
        too_much = error.code in {"sharing.many", "sharing.too-long"}
        raise _Refused(413 if too_much else 400, str(error), code="taxii.envelope") from error
    status = str(uuid.uuid4())
    with ask.shelf.together():
        kept = json.dumps({"id": status} | _taken(ask, collection, found)).encode()
        ask.shelf.keep_status(ask.reader.name, status, kept, at=ask.at)
    return Answer(202, (("Content-Type", MEDIA_TYPE),), kept)


def _taken(ask: _Ask, collection: str, found: list[stix.Object | stix.Refused]) -> dict[str, Any]:
    """Put on the shelf what holds; the status of each (4.3)."""
    good = [one for one in found if isinstance(one, stix.Object)]
    said = ask.shelf.add(collection, good, by=ask.reader.name, at=ask.at)
    now = stix.version_key(ask.at)
    reads = collection in ask.reader.reads  # else what is there is not for him to know
    successes: list[dict[str, str]] = []
    failures: list[dict[str, str]] = []
    for place, one in enumerate(good):
        detail = {"id": one.id, "version": one.version or now}
        outcome = said[place]
        if isinstance(outcome, Invalid):
            failures.append(detail | {"message": str(outcome)})
        else:
            successes.append(detail | ({"message": "held already"} if outcome == "same" and reads else {}))
    for refused in found:
        if isinstance(refused, stix.Refused):
            named = refused.id or f"unknown--{uuid.uuid5(uuid.NAMESPACE_OID, str(refused.place))}"
            message = f"Object {refused.place + 1}: {refused.error}"
            failures.append({"id": named, "version": refused.version or now, "message": message})
    lists = {name: those for name, those in (("successes", successes), ("failures", failures[:_NAMED])) if those}
    return {
        "status": "complete", "request_timestamp": now, "total_count": len(found), "success_count": len(successes),
        "failure_count": len(failures), "pending_count": 0,
    } | lists  # fmt: skip


def _delete(ask: _Ask, root: Root, collection: str, named: str) -> Answer:
    _may(ask, collection, read=True, write=True)
    asked = Query(ask.request.query).filter("version", otherwise="all")
    wanted = _one(ask, root, collection, named, asked)
    try:
        taken = ask.shelf.delete(collection, wanted, by=ask.reader.name, at=ask.at)
    except NotPossible as error:
        raise _Refused(409, str(error), code=error.code) from error
    if not taken:
        raise _Refused(403, "You may take away only what you added.", code="taxii.not-yours")
    return Answer(200, (("Content-Type", MEDIA_TYPE),), b"{}")


# ── what is asked for ───────────────────────────────────────────────────────────────────────────────────────────────────


def _one(ask: _Ask, root: Root, collection: str, named: str, wanted: Filter) -> Filter:
    """`wanted`, for one object that must be there for this reader in some version."""
    everything = Filter(ids=frozenset({named}), versions=frozenset({"all"}))
    if not looked(ask.shelf, ask.reader, collection, everything, None, limit=1, page=root.page)[0]:
        raise _nothing_there()
    return replace(wanted, ids=frozenset({named}))


def _page(ask: _Ask, root: Root, collection: str, wanted: Filter) -> tuple[list[Row], str]:
    """(the visible rows of this page, the `next` of the one after; empty: there is none) (3.3, 3.5)."""
    query = Query(ask.request.query)
    limit, after = query.limit(root.page), query.after(collection)
    if not wanted.versions:
        return [], ""
    rows, cursor = looked(ask.shelf, ask.reader, collection, wanted, after, limit=limit, page=root.page)
    return rows, "" if cursor is None else next_of(cursor, collection)


# ── how it is said ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _negotiate(request: Request) -> None:
    accepted = request.headers.get("accept", "*/*")
    if not any(is_taxii(each) or _is_anything(each) for each in accepted.split(",")):
        raise _Refused(406, f"Answers are {MEDIA_TYPE}.", code="taxii.accept")


def is_taxii(media_type: str) -> bool:
    """Whether a media type, as in Accept or Content-Type, is that of TAXII 2.1."""
    kind, *given = (part.strip().lower() for part in media_type.split(";"))
    parameters = dict(part.partition("=")[::2] for part in given)
    return (
        kind == "application/taxii+json"
        and parameters.get("version", "2.1").strip('"') == "2.1"
        and not _is_zero(parameters.get("q", "1"))
    )


def _is_anything(media_type: str) -> bool:
    kind, *given = (part.strip().lower() for part in media_type.split(";"))
    return kind in {"*/*", "application/*"} and not any(part.startswith("q=") and _is_zero(part[2:]) for part in given)


def _is_zero(quality: str) -> bool:
    return re.fullmatch(r"0(?:\.0{0,3})?", quality.strip()) is not None


def _json(value: Mapping[str, Any]) -> Answer:
    return Answer(200, (("Content-Type", MEDIA_TYPE),), json.dumps(value).encode())


def _contents(rows: list[Row], following: str) -> Answer:
    """A page of objects; where the first does not say its version, as an observable need not, the envelope does.

    OpenCTI's connector would take it for TAXII 2.0 else, and lose what it fetched. Other clients know no such property.
    """
    silent = bool(rows) and b'"spec_version"' not in rows[0].raw
    said = b',"spec_version":"2.1"' if silent else b""
    return _envelope(rows, following, b",".join(row.raw for row in rows), said=said)


def _envelope(rows: list[Row], following: str, items: bytes, *, name: str = "objects", said: bytes = b"") -> Answer:
    """A page of objects, records or versions, made of bytes: nothing is written anew that was kept."""
    headers = [("Content-Type", MEDIA_TYPE)]
    if rows:
        headers += [("X-TAXII-Date-Added-First", rows[0].at.added), ("X-TAXII-Date-Added-Last", rows[-1].at.added)]
    head = b'{"more":true,"next":"%s"' % following.encode() if following else b'{"more":false'
    listed = b',"%s":[%s]' % (name.encode(), items) if rows else b""
    return Answer(200, tuple(headers), head + said + listed + b"}")


def _error(refused: _Refused) -> Answer:
    said = {
        "title": _TITLES[refused.status], "description": refused.description, "error_code": refused.code,
        "http_status": str(refused.status),
    }  # fmt: skip
    allow = (("Allow", refused.allow),) if refused.allow else ()
    return Answer(refused.status, (("Content-Type", MEDIA_TYPE), *allow), json.dumps(said).encode())
