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
Who asks was signed in by the caller, and every row is asked about (`Reader.visible`): an event is handed out without what
may not go. A filter that is not known here is refused, never passed over; what does not fit into one answer is refused
too, unless it is asked for in pages. Of sightings an answer knows the first of the collection only: a flood of them keeps
no event from its readers. An event is named by its UUID; the numbers that MISP gives are not given here.

Source: the API of MISP 2.5 as PyMISP uses it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any, Final, TypeVar

from comity.errors import ComityError, Invalid, NotPossible
from comity.sharing import _json, _misp_filters, misp, stix
from comity.sharing._checks import ID, moment
from comity.sharing._json import Limits
from comity.sharing._misp_filters import Search
from comity.sharing.shelf import Filter, Reader, Row, Shelf, goes_on

VERSION: Final = "2.5.34"  # of MISP and of PyMISP, whose addresses and forms are followed
LONGEST: Final = 8 << 20  # bytes of a body
_AT_ONCE: Final = 1_000  # rows that are looked up together
_BYTES: Final = 8 << 20  # of them
_LOOKED_AT: Final = 100_000  # rows that are looked at for one answer, sightings aside
_BYTES_LOOKED_AT: Final = 64 << 20  # of them
_SIGHTINGS: Final = 10_000  # that are looked at for one answer: the first ones of the collection
_EVENTS: Final = 500  # of one answer
_NAMES: Final = 100_000  # of one answer
_ATTRIBUTES: Final = 10_000  # of one answer
_SIGHTED: Final = 100  # attributes that one sighting is of
_TEXTS_OF_EVENTS: Final = frozenset({"value", "type", "category", "uuid", "eventid", "tags", "org", "eventinfo"})
_TEXTS_OF_ATTRIBUTES: Final = frozenset({"value", "type", "category", "uuid", "eventid", "tags"})
_ATTRIBUTE_TYPES: Final = frozenset({"indicator", "observed-data", "x-misp-attribute"})
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
_T = TypeVar("_T")
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
        found = _routed(_Ask(request, shelf, reader, at, organisation, _collection(request.collection, shelf, reader)))
        said = json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")  # half a character may be in it
        return Answer(200, said)
    except _Refused as refused:
        return _error(request.path, refused)
    except Invalid as error:
        return refusal(_STATUSES.get(error.code, 400), error, request.path)


def refusal(status: int, error: ComityError, path: str) -> Answer:
    """The error for what the caller refuses before it asks `answer`: who is not known, what is too long."""
    return _error(path, _Refused(status, str(error), code=error.code))


@dataclass
class _Left:
    """What may still be looked at for one answer, in whichever way."""

    rows: int
    size: int

    def take(self, rows: Sequence[Row]) -> None:
        """Count what was looked at. Raises _Refused: it is too much."""
        self.rows -= len(rows)
        self.size -= sum(len(row.raw) for row in rows)
        if self.rows < 0 or self.size < 0:
            raise _too_many()


@dataclass(frozen=True)
class _Ask:
    """A request with everything that it is answered from."""

    request: Request
    shelf: Shelf
    reader: Reader
    at: datetime
    organisation: str
    collection: str
    left: _Left = field(default_factory=lambda: _Left(_LOOKED_AT, _BYTES_LOOKED_AT))


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
            return _by_method(ask, POST=lambda: {"response": [{"Event": one} for one in _found(ask, _search(ask))]})
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


def _rows(ask: _Ask, wanted: Filter) -> Iterator[tuple[Row, stix.Object]]:
    """What the reader may have of what fits a filter, in the order of addition."""
    for rows in _pages(ask, wanted):
        ask.left.take(rows)
        yield from ((row, stix.kept(row.raw, "")) for row in rows if ask.reader.visible(row))


def _pages(ask: _Ask, wanted: Filter) -> Iterator[Sequence[Row]]:
    """What fits a filter, in the order of addition, in parts of `_AT_ONCE` rows and about `_BYTES` bytes."""
    after, more = None, True
    while more:
        rows = ask.shelf.page(ask.collection, wanted, after, _AT_ONCE, most_bytes=_BYTES)
        more = goes_on(rows, _AT_ONCE, _BYTES)
        yield rows
        after = rows[-1].at if rows else None


def _named(ask: _Ask, ids: Iterable[str]) -> Iterator[tuple[Row, stix.Object]]:
    """What the reader may have of these, in their newest versions."""
    left = iter(dict.fromkeys(filter(ID.fullmatch, ids)))  # what a stranger asks for may be no text at all
    while some := frozenset(islice(left, _AT_ONCE)):
        yield from _rows(ask, Filter(ids=some))


def _too_many() -> _Refused:
    return _Refused(400, "This is too much for one answer: ask for less, or with limit and page.", code="misp.too-many")


def _view(ask: _Ask, named: str) -> dict[str, Any]:
    _may(ask, read=True)
    for said in ask.request.path.strip("/").removesuffix(".json").split("/")[3:]:
        if said.partition(":")[0] not in _LEFT_OUT:
            raise Invalid("This is not answered here.", code="misp.query", where=said[:60])
    for _, report in _named(ask, [f"report--{named}"]):
        return {"Event": _event(ask, report, _sightings(ask))}
    raise _nothing_there()


def _event(ask: _Ask, report: stix.Object, sightings: Mapping[str, list[stix.Object]]) -> dict[str, Any]:
    """An event with what of it the reader may have."""
    held = [one for _, one in _named(ask, report.body["object_refs"])]
    there = {one.id for one in held}
    seen = (each for one in held for each in sightings.get(one.id, ()) if each.id not in there)
    return _handed_out([*held, *seen, report], ask.at)


def _handed_out(found: Iterable[stix.Object], at: datetime) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(misp.handed_out(found, at=at)[0])["Event"]
    return event


def _sightings(ask: _Ask) -> dict[str, list[stix.Object]]:
    """Object -> its sightings, of the first of the collection: however many there are, they keep no event from a reader."""
    found: dict[str, list[stix.Object]] = {}
    for _, one in _sighting_rows(ask):
        found.setdefault(one.body["sighting_of_ref"], []).append(one)
    return found


def _sighting_rows(ask: _Ask) -> Iterator[tuple[Row, stix.Object]]:
    """Those that the reader may have of the first sightings of the collection."""
    rows = chain.from_iterable(_pages(ask, Filter(types=frozenset({"sighting"}))))
    return ((row, stix.kept(row.raw, "")) for row in islice(rows, _SIGHTINGS) if ask.reader.visible(row))


def _search(ask: _Ask, known: frozenset[str] = _TEXTS_OF_EVENTS) -> Search:
    return _misp_filters.read(_said(ask), ask.at, known=known)


def _index(ask: _Ask) -> list[dict[str, Any]]:
    search = _search(ask, _TEXTS_OF_EVENTS - {"value", "type", "category"})
    if _said(ask).get("minimal"):
        return _names(ask, search)
    return [_without_insides(one) for one in _found(ask, search)]


def _names(ask: _Ask, search: Search) -> list[dict[str, Any]]:
    """The names of events and when each changed: what a MISP that pulls compares with what it has."""
    _may(ask, read=True)
    if search.inside:
        raise Invalid("What is in events is not looked at here.", code="misp.query", where="to_ids")
    latest: dict[str, int] = {}  # object -> when its newest sighting was added here, seconds since 1970
    for row, one in _sighting_rows(ask):
        latest[one.body["sighting_of_ref"]] = int(moment(row.at.added).timestamp())
    fitting = (
        (head, max((latest.get(each, 0) for each in report.body["object_refs"]), default=0))
        for row, report in _reports(ask, search)
        if search.event(head := _handed_out([report], ask.at), moment(row.at.added))
    )
    return [
        {"uuid": one["uuid"], "timestamp": one["timestamp"], "sighting_timestamp": str(seen), "published": True,
         "orgc_uuid": str(one.get("Orgc", {}).get("uuid", ""))}
        for one, seen in _window(fitting, search, _NAMES)
    ]  # fmt: skip


def _sighted(ask: _Ask) -> list[dict[str, Any]]:
    """The sightings of what is in some events, each with what it is of."""
    found = _found(ask, _search(ask, frozenset({"uuid"})))
    return [
        {"Sighting": seen | {"attribute_uuid": one["uuid"], "event_uuid": event["uuid"]}}
        for event in found for one in _inside(event) for seen in one.get("Sighting", ())
    ]  # fmt: skip


def _inside(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attributes of an event, and those of its objects."""
    return [one for held in (event, *event.get("Object", ())) for one in held.get("Attribute", ())]


def _found(ask: _Ask, search: Search) -> list[dict[str, Any]]:
    """The events that fit a search, of one page."""
    _may(ask, read=True)
    sightings: dict[str, list[stix.Object]] = {} if search.metadata else _sightings(ask)

    def fitting() -> Iterator[dict[str, Any]]:
        for row, report in _reports(ask, search):
            if not search.event(_handed_out([report], ask.at), moment(row.at.added)):
                continue
            event = _event(ask, report, sightings)
            if not search.inside or any(map(search.attribute, _inside(event))):
                yield _without_insides(event) if search.metadata else event

    return _window(fitting(), search, _EVENTS)


def _reports(ask: _Ask, search: Search) -> Iterable[tuple[Row, stix.Object]]:
    """The reports that may fit: those that are named, or all."""
    named = [one.word for name in ("uuid", "eventid") for one in search.texts.get(name, ())]
    return (
        _named(ask, [f"report--{one}" for one in named]) if named else _rows(ask, Filter(types=frozenset({"report"})))
    )


def _without_insides(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in {"Attribute", "Object"}}


def _attributes(ask: _Ask) -> list[dict[str, Any]]:
    """The attributes that fit a search, of one page; whichever event they belong to, or none."""
    _may(ask, read=True)
    search = _search(ask, _TEXTS_OF_ATTRIBUTES)
    return _window(_fitting(ask, search), search, _ATTRIBUTES)


def _fitting(ask: _Ask, search: Search) -> Iterator[dict[str, Any]]:
    for row, one in _holders(ask, search):
        for said in _handed_out([one], ask.at)["Attribute"]:
            if search.alone(said, moment(row.at.added)):
                yield said


def _holders(ask: _Ask, search: Search) -> Iterable[tuple[Row, stix.Object]]:
    """The objects that attributes that may fit are made of."""
    if "eventid" in search.texts:
        reports = _named(ask, [f"report--{one.word}" for one in search.texts["eventid"]])
        ids = [ref for _, report in reports for ref in report.body["object_refs"]]
        return _named(ask, (ref for ref in ids if ref.partition("--")[0] in _ATTRIBUTE_TYPES))
    return _rows(ask, Filter(types=_ATTRIBUTE_TYPES))


def _window(found: Iterator[_T], search: Search, most: int) -> list[_T]:
    """One page of what fits, or all of it. Raises _Refused: it does not fit into one answer."""
    if search.limit > most:
        raise _too_many()
    if search.limit:
        return list(islice(found, (search.page - 1) * search.limit, search.page * search.limit))
    everything = list(islice(found, most + 1))
    if len(everything) > most:
        raise _too_many()
    return everything


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
    return {"Event": _handed_out(taken.objects, ask.at)}


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
        targets = [one for _, one in _named(ask, [f"{kind}--{named}" for kind in sorted(_ATTRIBUTE_TYPES)])]
    elif values:
        search = _misp_filters.read({"value": values}, ask.at, known=frozenset({"value"}))
        targets = [
            one for _, one in _rows(ask, Filter(types=_ATTRIBUTE_TYPES))
            if any(map(search.attribute, _handed_out([one], ask.at)["Attribute"]))
        ]  # fmt: skip
    else:
        raise _Refused(400, "Name an attribute by its UUID, or a value.", code="misp.sighting")
    if not targets:
        raise _nothing_there()
    if len(targets) > _SIGHTED:
        raise _too_many()
    return targets


def _seen_at(said: Mapping[str, Any], at: datetime) -> datetime:
    """When it was seen: as it says, or now. Raises _Refused."""
    stated = said.get("timestamp") or said.get("date_sighting")
    if not stated:
        return at
    try:
        seen = datetime.fromtimestamp(int(stated), UTC)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise _Refused(400, "This is no time.", code="misp.sighting") from error
    return min(seen, at)
