"""What of a collection one reader may have, as MISP knows it: events, their names, attributes and sightings.

Every row is asked about (`Reader.visible`), and an event is made of what is left. So much of the shelf is looked at for one
answer, in rows and in bytes, and no more; of sightings the first of the collection only: a flood of them keeps no event from
its readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any, Final, TypeVar

from comity.errors import Invalid
from comity.sharing import misp, stix
from comity.sharing._checks import ID, moment
from comity.sharing._misp_filters import Search
from comity.sharing.shelf import Filter, Reader, Row, Shelf, goes_on

ATTRIBUTE_TYPES: Final = frozenset({"indicator", "observed-data", "x-misp-attribute"})
_AT_ONCE: Final = 1_000  # rows that are looked up together
_BYTES: Final = 8 << 20  # of them
_LOOKED_AT: Final = 100_000  # rows that are looked at for one answer, sightings aside
_BYTES_LOOKED_AT: Final = 64 << 20  # of them
_SIGHTINGS: Final = 10_000  # that are looked at for one answer: the first ones of the collection
_EVENTS: Final = 500  # of one answer
_NAMES: Final = 100_000  # of one answer
_ATTRIBUTES: Final = 10_000  # of one answer
_T = TypeVar("_T")


class TooMuch(Exception):
    """It does not fit into one answer."""


class Held:
    """What `reader` may have of `collection`, for one answer.

    Raises:
        TooMuch: in each method: more would have to be looked at, or handed out, than one answer may cost.

    Args:
        shelf: who keeps the objects.
        reader: who asks; that he may read of the collection is for the caller to see.
        collection: its id.
        at: now, in UTC.
    """

    def __init__(self, shelf: Shelf, reader: Reader, collection: str, at: datetime) -> None:
        self._shelf, self._reader, self._collection, self._at = shelf, reader, collection, at
        self._rows_left, self._bytes_left = _LOOKED_AT, _BYTES_LOOKED_AT

    # ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _rows(self, wanted: Filter) -> Iterator[tuple[Row, stix.Object]]:
        """What the reader may have of what fits a filter, in the order of addition."""
        for rows in self._pages(wanted):
            self._rows_left -= len(rows)
            self._bytes_left -= sum(len(row.raw) for row in rows)
            if self._rows_left < 0 or self._bytes_left < 0:
                raise TooMuch
            yield from ((row, stix.kept(row.raw, "")) for row in rows if self._reader.visible(row))

    def _pages(self, wanted: Filter) -> Iterator[Sequence[Row]]:
        """What fits a filter, in the order of addition, in parts of `_AT_ONCE` rows and about `_BYTES` bytes."""
        after, more = None, True
        while more:
            rows = self._shelf.page(self._collection, wanted, after, _AT_ONCE, most_bytes=_BYTES)
            more = goes_on(rows, _AT_ONCE, _BYTES)
            yield rows
            after = rows[-1].at if rows else None

    def _named(self, ids: Iterable[str]) -> Iterator[tuple[Row, stix.Object]]:
        """What the reader may have of these, in their newest versions."""
        left = iter(dict.fromkeys(filter(ID.fullmatch, ids)))  # what a stranger asks for may be no text at all
        while some := frozenset(islice(left, _AT_ONCE)):
            yield from self._rows(Filter(ids=some))

    def _sighting_rows(self) -> Iterator[tuple[Row, stix.Object]]:
        """Those that the reader may have of the first sightings of the collection."""
        rows = chain.from_iterable(self._pages(Filter(types=frozenset({"sighting"}))))
        return ((row, stix.kept(row.raw, "")) for row in islice(rows, _SIGHTINGS) if self._reader.visible(row))

    def _sightings(self) -> dict[str, list[stix.Object]]:
        """Object -> its sightings, of the first of the collection: however many there are, they keep no event from a reader."""
        found: dict[str, list[stix.Object]] = {}
        for _, one in self._sighting_rows():
            found.setdefault(one.body["sighting_of_ref"], []).append(one)
        return found

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def event(self, named: str) -> dict[str, Any] | None:
        """The event with the UUID `named`, with what of it the reader may have; None: there is none for him."""
        for _, report in self._named([f"report--{named}"]):
            return self._event(report, self._sightings())
        return None

    def _event(self, report: stix.Object, sightings: Mapping[str, list[stix.Object]]) -> dict[str, Any]:
        held = [one for _, one in self._named(report.body["object_refs"])]
        there = {one.id for one in held}
        seen = (each for one in held for each in sightings.get(one.id, ()) if each.id not in there)
        return handed_out([*held, *seen, report], self._at)

    def events(self, search: Search) -> list[dict[str, Any]]:
        """The events that fit a search, of one page."""
        sightings: dict[str, list[stix.Object]] = {} if search.metadata else self._sightings()

        def fitting() -> Iterator[dict[str, Any]]:
            for row, report in self._reports(search):
                if not search.event(handed_out([report], self._at), moment(row.at.added)):
                    continue
                event = self._event(report, sightings)
                if not search.inside or any(map(search.attribute, inside(event))):
                    yield bare(event) if search.metadata else event

        return _window(fitting(), search, _EVENTS)

    def names(self, search: Search) -> list[dict[str, Any]]:
        """The names of events and when each changed: what a MISP that pulls compares with what it has."""
        if search.inside:
            raise Invalid("What is in events is not looked at here.", code="misp.query", where="to_ids")
        latest: dict[str, int] = {}  # object -> when its newest sighting was added here, seconds since 1970
        for row, one in self._sighting_rows():
            latest[one.body["sighting_of_ref"]] = int(moment(row.at.added).timestamp())
        fitting = (
            (head, max((latest.get(each, 0) for each in report.body["object_refs"]), default=0))
            for row, report in self._reports(search)
            if search.event(head := handed_out([report], self._at), moment(row.at.added))
        )
        return [
            {"uuid": one["uuid"], "timestamp": one["timestamp"], "sighting_timestamp": str(seen), "published": True,
             "orgc_uuid": str(one.get("Orgc", {}).get("uuid", ""))}
            for one, seen in _window(fitting, search, _NAMES)
        ]  # fmt: skip

    def _reports(self, search: Search) -> Iterable[tuple[Row, stix.Object]]:
        """The reports that may fit: those that are named, or all."""
        named = [one.word for name in ("uuid", "eventid") for one in search.texts.get(name, ())]
        if named:
            return self._named([f"report--{one}" for one in named])
        return self._rows(Filter(types=frozenset({"report"})))

    # ── attributes ──────────────────────────────────────────────────────────────────────────────────────────────────

    def attributes(self, search: Search) -> list[dict[str, Any]]:
        """The attributes that fit a search, of one page; whichever event they belong to, or none."""
        fitting = (
            said
            for row, one in self._holders(search)
            for said in handed_out([one], self._at)["Attribute"]
            if search.alone(said, moment(row.at.added))
        )
        return _window(fitting, search, _ATTRIBUTES)

    def _holders(self, search: Search) -> Iterable[tuple[Row, stix.Object]]:
        """The objects that attributes that may fit are made of."""
        if "eventid" in search.texts:
            reports = self._named([f"report--{one.word}" for one in search.texts["eventid"]])
            ids = [ref for _, report in reports for ref in report.body["object_refs"]]
            return self._named(ref for ref in ids if ref.partition("--")[0] in ATTRIBUTE_TYPES)
        return self._rows(Filter(types=ATTRIBUTE_TYPES))

    def objects_named(self, named: str) -> list[stix.Object]:
        """What attributes of the UUID `named` are made of."""
        return [one for _, one in self._named([f"{kind}--{named}" for kind in sorted(ATTRIBUTE_TYPES)])]

    def objects_with(self, search: Search) -> list[stix.Object]:
        """What attributes that fit a search are made of."""
        return [
            one for _, one in self._rows(Filter(types=ATTRIBUTE_TYPES))
            if any(map(search.attribute, handed_out([one], self._at)["Attribute"]))
        ]  # fmt: skip


def handed_out(found: Iterable[stix.Object], at: datetime) -> dict[str, Any]:
    """The event that these objects are."""
    event: dict[str, Any] = json.loads(misp.handed_out(found, at=at)[0])["Event"]
    return event


def inside(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The attributes of an event, and those of its objects."""
    return [one for held in (event, *event.get("Object", ())) for one in held.get("Attribute", ())]


def bare(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event without what is in it."""
    return {name: value for name, value in event.items() if name not in {"Attribute", "Object"}}


def _window(found: Iterator[_T], search: Search, most: int) -> list[_T]:
    """One page of what fits, or all of it."""
    if search.limit > most:
        raise TooMuch
    if search.limit:
        return list(islice(found, (search.page - 1) * search.limit, search.page * search.limit))
    everything = list(islice(found, most + 1))
    if len(everything) > most:
        raise TooMuch
    return everything
