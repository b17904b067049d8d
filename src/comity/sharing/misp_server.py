"""What a MISP instance answers, without a network: a request and a shelf in, an answer out.

Each collection is an instance of its own. Clients of MISP know no collections; what they ask for is this much of MISP:

    GET  servers/getVersion   servers/getPyMISPVersion.json   users/view/me   POST servers/postTest
    GET  events/index                  events without what is in them; POST with filters, or for their names (`minimal`)
    GET  events/view/{uuid}            an event; also events/{uuid}, HEAD and POST; what MISP wants left out may follow
    POST events/add, events/edit/{uuid}
    POST events/restSearch, attributes/restSearch, sightings/restSearch/event
    POST sightings/add[/{uuid}]
    GET  shadow_attributes/index       proposals: there are none

This is also what another MISP asks for when it pulls by schedule. To push it asks for `perm_sync`, which nobody has here.

An event is a report with what it refers to (`sharing.misp`); an attribute may also be an indicator that no report names.
Who asks was signed in by the caller; he is handed out what he may have (`sharing._misp_held`). A filter that is not known
here is refused, never passed over; what does not fit into one answer is refused too, unless it is asked for in pages. An
event is named by its UUID; the numbers that MISP gives are not given here.

Source: the API of MISP 2.5 as PyMISP uses it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from comity.casework.moments import YEARS
from comity.errors import ComityError, Invalid, NotPossible
from comity.sharing import _json, _misp_filters, misp, stix
from comity.sharing._json import Limits
from comity.sharing._misp_filters import Search
from comity.sharing._misp_held import Held, TooMuch, bare, handed_out, inside
from comity.sharing.shelf import Reader, Shelf

VERSION: Final = "2.5.34"  # of MISP and of PyMISP, whose addresses and forms are followed
LONGEST: Final = 8 << 20  # bytes of a body
_SIGHTED: Final = 100  # attributes that one sighting is of
_AHEAD: Final = timedelta(days=1)  # of a clock that is wrong by a time zone
_TEXTS_OF_EVENTS: Final = frozenset({"value", "type", "category", "uuid", "eventid", "tags", "org", "eventinfo"})
_TEXTS_OF_ATTRIBUTES: Final = frozenset({"value", "type", "category", "uuid", "eventid", "tags"})
_LEFT_OUT: Final = frozenset(  # what MISP asks to have with an event, or not: no filters
    {"deleted[]", "deleted", "excludeGalaxy", "excludeLocalTags", "includeAttachments", "includeEventCorrelations",
     "includeFeedCorrelations", "includeWarninglistHits", "noEventReports", "noShadowAttributes", "noSightings"}
)  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORGANISATIONS: Final = uuid.UUID("5b3a0c3e-6f0c-5d0e-9a55-0f4b7a1e2c61")  # our own namespace for who adds
_TITLES: Final = {
    400: "Invalid request", 401: "Authentication failed", 403: "Forbidden", 404: "Not found", 405: "Method not allowed",
    409: "Conflict", 411: "Length required", 413: "Too long", 429: "Rate limit exceeded", 503: "Service unavailable",
    507: "Insufficient storage",
}  # fmt: skip
_AUTHOR_STAYS: Final = frozenset({"sharing.other-author", "stix.other-content", "sharing.contested"})
_STATUSES: Final = {"sharing.too-long": 413}


@dataclass(frozen=True)
class Request:
    """What was asked.

    Args:
        method: upper case.
        collection: id or alias of the one that is the instance.
        path: below it, decoded, e.g. ``events/view/…``.
        body: at most `LONGEST` bytes.
    """

    method: str
    collection: str
    path: str
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is answered, in JSON: HTTP status, body, methods that are answered there (only with 405)."""

    status: int
    body: bytes
    allow: str = ""


def answer(request: Request, shelf: Shelf, reader: Reader, at: datetime, *, organisation: str) -> Answer:
    """The answer to a request; a fault of the request is an error in MISP's form, never an exception.

    Args:
        request: what was asked.
        shelf: who keeps the objects.
        reader: who asks.
        at: now, in UTC.
        organisation: whose program it is, in words: the author of events that name none.
    """
    try:
        collection = _collection(request.collection, shelf, reader)
        held = Held(shelf, reader, collection, at)
        found = _routed(_Ask(request, shelf, reader, at, organisation, collection, held))
        said = json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")  # half a character may be in it
        return Answer(200, said)
    except _Refused as refused:
        return _error(request.path, refused)
    except TooMuch:
        return _error(request.path, _too_many())
    except Invalid as error:
        return refusal(_STATUSES.get(error.code, 400), error, request.path)


def refusal(status: int, error: ComityError, path: str) -> Answer:
    """The error for what the caller refuses before it asks `answer`: who is not known, what is too long."""
    return _error(path, _Refused(status, str(error), code=error.code))


@dataclass(frozen=True)
class _Ask:
    """A request with everything that it is answered from."""

    request: Request
    shelf: Shelf
    reader: Reader
    at: datetime
    organisation: str
    collection: str
    held: Held


class _Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, *, code: str, errors: Iterable[str] = (), allow: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.errors, self.allow = status, message, code, tuple(errors), allow


def _error(path: str, refused: _Refused) -> Answer:
    said: dict[str, Any] = {
        "saved": False, "name": _TITLES[refused.status], "message": refused.message, "url": f"/{path}", "code": refused.code,
    }  # fmt: skip
    if refused.errors:
        said["errors"] = list(refused.errors)
    return Answer(refused.status, json.dumps(said).encode(), refused.allow)  # ASCII: a stranger's path may be no text


# ── finding the way ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _collection(wanted: str, shelf: Shelf, reader: Reader) -> str:
    for one in shelf.collections(""):
        if wanted and wanted in {one.id, one.alias} and one.id in reader.reads | reader.writes:
            return one.id
    raise _nothing_there()


def _routed(ask: _Ask) -> Any:  # noqa: C901, PLR0911 -- one line for each address
    match ask.request.path.strip("/").removesuffix(".json").split("/"):
        case ["servers", "getVersion"]:
            return _by_method(ask, GET=lambda: _version(ask))
        case ["servers", "getPyMISPVersion"]:
            return _by_method(ask, GET=lambda: {"version": VERSION})
        case ["servers", "postTest"]:
            return _by_method(ask, POST=lambda: _tested(ask))
        case ["users", "view", "me"]:
            return _by_method(ask, GET=lambda: _user(ask))
        case ["events"] | ["events", "index"]:
            return _by_method(ask, GET=lambda: _index(ask), POST=lambda: _index(ask))
        case ["events", "add"]:
            return _by_method(ask, POST=lambda: _add(ask, ""))
        case ["events", "restSearch"]:
            return _by_method(ask, POST=lambda: {"response": _events(ask)})
        case ["events", "edit", named] if _UUID.fullmatch(named):
            return _by_method(ask, POST=lambda: _add(ask, named))
        case ["events", named] | ["events", "view", named, *_] if _UUID.fullmatch(named):
            view = lambda: _view(ask, named)  # noqa: E731 -- the same under three methods
            return _by_method(ask, GET=view, HEAD=view, POST=view)
        case ["attributes", "restSearch"]:
            return _by_method(ask, POST=lambda: {"response": {"Attribute": _attributes(ask)}})
        case ["sightings", "restSearch", "event"]:
            return _by_method(ask, POST=lambda: {"response": _sighted(ask)})
        case ["shadow_attributes", "index", *_]:
            return _by_method(ask, GET=list)
        case ["sightings", "add"]:
            return _by_method(ask, POST=lambda: _sight(ask, ""))
        case ["sightings", "add", named] if _UUID.fullmatch(named):
            return _by_method(ask, POST=lambda: _sight(ask, named))
    raise _nothing_there()


def _by_method(ask: _Ask, **methods: Callable[[], Any]) -> Any:
    if ask.request.method not in methods:
        allow = ", ".join(methods)
        raise _Refused(405, f"Only {allow} is answered here.", code="misp.method", allow=allow)
    return methods[ask.request.method]()


def _too_many() -> _Refused:
    return _Refused(400, "This is too much for one answer: ask for less, or with limit and page.", code="misp.too-many")


def _nothing_there() -> _Refused:
    return _Refused(404, "There is nothing here for you.", code="misp.not-found")


def _may(ask: _Ask, *, read: bool = False, write: bool = False) -> None:
    if (read and ask.collection not in ask.reader.reads) or (write and ask.collection not in ask.reader.writes):
        raise _Refused(403, "You may not do this with this collection.", code="misp.forbidden")


def _said(ask: _Ask) -> Mapping[str, Any]:
    """What the body says; nothing if there is none. Raises Invalid."""
    if not ask.request.body.strip():
        return {}
    said: Mapping[str, Any] = _json.one(ask.request.body, Limits(object_size=LONGEST)).value
    inner = said.get("request", said)
    return inner if isinstance(inner, dict) else said


# ── who is there ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _version(ask: _Ask) -> dict[str, Any]:
    return {
        "version": VERSION, "pymisp_recommended_version": VERSION, "perm_sync": False,
        "perm_sighting": ask.collection in ask.reader.writes, "perm_galaxy_editor": False, "request_encoding": [],
    }  # fmt: skip


def _tested(ask: _Ask) -> dict[str, Any]:
    """What another MISP sends when it tests its connection, sent back as it wants it: its body, and two of its headers."""
    kinds = {"Accept": "application/json", "Content-type": "application/json"}
    return {"body": {"testString": str(_said(ask).get("testString", ""))}, "headers": kinds}


def _user(ask: _Ask) -> dict[str, Any]:
    writes, author = ask.collection in ask.reader.writes, _author(ask)
    role = {"name": "client", "perm_add": writes, "perm_modify": writes, "perm_sighting": writes}
    denied = ("publish", "delegate", "sync", "admin", "audit", "site_admin", "tagger", "sharing_group", "tag_editor")
    return {
        "User": {"email": ask.reader.name, "org": author["name"], "org_uuid": author["uuid"]},
        "Role": role | {f"perm_{name}": False for name in denied},
        "UserSetting": {},
    }


def _author(ask: _Ask) -> dict[str, str]:
    return {"name": ask.organisation, "uuid": str(uuid.uuid5(_ORGANISATIONS, ask.reader.name))}


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _search(ask: _Ask, known: frozenset[str] = _TEXTS_OF_EVENTS) -> Search:
    return _misp_filters.read(_said(ask), ask.at, known=known)


def _view(ask: _Ask, named: str) -> dict[str, Any]:
    _may(ask, read=True)
    for said in ask.request.path.strip("/").removesuffix(".json").split("/")[3:]:
        if said.partition(":")[0] not in _LEFT_OUT:
            raise Invalid("This is not answered here.", code="misp.query", where=said[:60])
    event = ask.held.event(named)
    if event is None:
        raise _nothing_there()
    return {"Event": event}


def _index(ask: _Ask) -> list[dict[str, Any]]:
    search = _search(ask, _TEXTS_OF_EVENTS - {"value", "type", "category"})
    _may(ask, read=True)
    if _said(ask).get("minimal"):
        return ask.held.names(search)
    return [bare(one) for one in ask.held.events(search)]


def _events(ask: _Ask) -> list[dict[str, Any]]:
    search = _search(ask)
    _may(ask, read=True)
    return [{"Event": one} for one in ask.held.events(search)]


def _attributes(ask: _Ask) -> list[dict[str, Any]]:
    _may(ask, read=True)
    return ask.held.attributes(_search(ask, _TEXTS_OF_ATTRIBUTES))


def _sighted(ask: _Ask) -> list[dict[str, Any]]:
    """The sightings of what is in some events, each with what it is of."""
    search = _search(ask, frozenset({"uuid"}))
    _may(ask, read=True)
    return [
        {"Sighting": seen | {"attribute_uuid": one["uuid"], "event_uuid": event["uuid"]}}
        for event in ask.held.events(search) for one in inside(event) for seen in one.get("Sighting", ())
    ]  # fmt: skip


# ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _add(ask: _Ask, named: str) -> dict[str, Any]:
    """Add an event, or a newer version of it; `named`: its UUID, where the address says it.

    The answer is what was sent, as it would come back: of what others added it shows nothing.
    """
    _may(ask, write=True)
    try:
        ask.shelf.room(ask.collection, len(ask.request.body))
    except NotPossible as error:
        raise _Refused(507, str(error), code=error.code) from error
    unsaid = {"Orgc": _author(ask), "timestamp": str(int(ask.at.timestamp())), "date": ask.at.strftime("%Y-%m-%d")}
    taken = misp.taken_in(ask.request.body, limits=Limits(size=LONGEST), unsaid=unsaid)
    if named and taken.objects[-1].id != f"report--{named}":
        raise _Refused(400, "The event has another UUID than its address.", code="misp.uuid")
    _put(ask, taken.objects)
    return {"Event": handed_out(taken.objects, ask.at)}


def _put(ask: _Ask, found: tuple[stix.Object, ...]) -> None:
    """Put objects on the shelf. Raises _Refused: some were not taken; they are named, and the others were.

    The author of an event may have come with another event before, of another client, or of the same second and with another
    mark: then that word of him stays, and is no fault.
    """
    said = ask.shelf.add(ask.collection, found, by=ask.reader.name, at=ask.at)
    errors = [
        f"{found[place].id}: {outcome}" for place, outcome in said.items()
        if isinstance(outcome, Invalid) and not (found[place].type == "identity" and outcome.code in _AUTHOR_STAYS)
    ]  # fmt: skip
    if errors:
        raise _Refused(409, "Not everything was taken; the rest was.", code="misp.not-taken", errors=errors)


def _sight(ask: _Ask, named: str) -> dict[str, Any]:
    """Add a sighting of an attribute, or of all that have a value."""
    _may(ask, read=True, write=True)
    given = _said(ask)
    inner = given.get("Sighting", given)
    said: Mapping[str, Any] = inner if isinstance(inner, dict) else given
    if str(said.get("type") or "0") != "0":
        raise _Refused(400, "Only what was seen is taken, no false positives and no ends.", code="misp.sighting")
    at = _seen_at(said, ask.at)
    targets = _seen(ask, named or str(said.get("uuid") or ""), said)
    creator = f"identity--{_author(ask)['uuid']}"
    sightings = [misp.sighting(one, str(uuid.uuid4()), creator=creator, at=at) for one in targets]
    _put(ask, tuple(sightings))
    first, target = sightings[0], targets[0]
    shown = {"uuid": first.id.partition("--")[2], "type": "0", "date_sighting": str(int(at.timestamp()))}
    return {"Sighting": shown | {"attribute_uuid": target.id.partition("--")[2]}}


def _seen(ask: _Ask, named: str, said: Mapping[str, Any]) -> list[stix.Object]:
    """What a sighting is of. Raises _Refused: nothing that is there for the reader, or too much."""
    values = said.get("values") or said.get("value")
    if named:
        targets = ask.held.objects_named(named)
    elif values:
        targets = ask.held.objects_with(_misp_filters.read({"value": values}, ask.at, known=frozenset({"value"})))
    else:
        raise _Refused(400, "Name an attribute by its UUID, or a value.", code="misp.sighting")
    if not targets:
        raise _nothing_there()
    if len(targets) > _SIGHTED:
        raise _too_many()
    return targets


def _seen_at(said: Mapping[str, Any], at: datetime) -> datetime:
    """When it was seen: as it says, but no later than now, for its clock may run ahead of this one. Raises _Refused."""
    stated = said.get("timestamp") or said.get("date_sighting")
    if not stated:
        return at
    try:
        seen = datetime.fromtimestamp(int(stated), UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise _Refused(400, "This is no time.", code="misp.sighting") from error
    if seen.year < YEARS[0] or seen > at + _AHEAD:
        message = f"Seen at {stix.version_key(seen)}? Write a time from {YEARS[0]} until now, in seconds since 1970."
        raise _Refused(400, message, code="misp.sighting")
    return min(seen, at)
