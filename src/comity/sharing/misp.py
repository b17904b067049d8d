"""The MISP format, in and out: events become STIX objects of the same identifiers, and the other way round.

What came from MISP is kept beside what was made of it (`x_misp_event`, `x_misp_attribute`, `x_misp_object`), and goes
back as it came while nobody has changed the object. What STIX has no word for becomes an object of a type of its own,
and what MISP has no word for an attribute that holds the object's bytes; both are noted, neither is lost.

* an attribute that MISP would look for (`to_ids`) becomes an indicator, another an observation of what it names;
* tags `tlp:…` become markings: an event's hold for all that is in it, and the stricter of two counts; others, labels;
* clusters of the galaxies that STIX has types for become such objects; sightings become sightings.

A thing is as strict as the strictest tag in all that is kept with it, be it in a report, a proposal or a cluster. A tag of
TLP that is not known here counts as red; so does what MISP keeps to one organisation or to a sharing group, and nobody
tagged. What has no mark at all goes as the rules say (`release.allowed`).
Source: the MISP core format (draft-dulaunoy-misp-core-format).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from comity.errors import Invalid
from comity.sharing import _json, patterns, stix, tlp
from comity.sharing._checks import moment
from comity.sharing._json import Limits, Piece
from comity.sharing.stix import Object
from comity.sharing.tlp import Level

_LEVELS = {"tlp:" + level.label.removeprefix("TLP:").lower(): level for level in Level} | {"tlp:white": Level.CLEAR}
_DISTRIBUTION = {Level.CLEAR: "3", Level.GREEN: "2", Level.AMBER: "1", Level.AMBER_STRICT: "0", Level.RED: "0"}
_DIGESTS = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
_VALUES = {
    "ip-src": "ip", "ip-dst": "ip", "domain": "domain-name", "hostname": "domain-name", "url": "url", "uri": "url",
    "email": "email-addr", "email-src": "email-addr", "email-dst": "email-addr",
}  # fmt: skip
_BACK = {  # kind of observable -> (type, category)
    "ipv4-addr": ("ip-dst", "Network activity"), "ipv6-addr": ("ip-dst", "Network activity"),
    "domain-name": ("domain", "Network activity"), "url": ("url", "Network activity"),
    "email-addr": ("email", "Payload delivery"),
} | {f"file:{name}": (kind, "Payload delivery") for kind, name in _DIGESTS.items()}  # fmt: skip
_CLUSTERS = {
    "mitre-attack-pattern": "attack-pattern", "mitre-course-of-action": "course-of-action", "tool": "tool",
    "threat-actor": "threat-actor", "mitre-intrusion-set": "intrusion-set", "mitre-tool": "tool",
}  # fmt: skip
_OPEN = frozenset({"1", "2", "3", "5"})  # to this community, to the next, to all, as what is around it
_LISTS = ("Attribute", "Object", "Tag", "Galaxy", "GalaxyCluster", "Sighting")
_TIME = re.compile(r"[0-9]{1,11}")
_RAW = "STIX 2.1 object"  # the comment of an attribute that holds an object's bytes


class Note(NamedTuple):
    """Something that the other format has no word for.

    Args:
        code: `attribute-type`, `object`, `sighting-type`, `galaxy`, `tlp`, `value`; outward `stix-type`, `pattern`.
        where: UUID or id of what it is about.
    """

    code: str
    where: str


@dataclass(frozen=True)
class Taken:
    """What was made of an event: objects, the report that holds them together last, and notes."""

    objects: tuple[Object, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class _Context:
    """What holds for everything in an event."""

    creator: str
    levels: tuple[Level, ...]
    at: int


def taken_in(data: bytes, *, limits: Limits | None = None, unsaid: Mapping[str, Any] | None = None) -> Taken:
    """The STIX objects of a MISP event.

    Args:
        data: ``{"Event": {…}}`` in JSON, UTF-8, or what stands in there.
        limits: what is read at all; the usual ones if None.
        unsaid: what holds for an event that does not say it itself: ``timestamp``, ``date``, and ``Orgc`` of who adds it.
            Then what is in it and has no time gets the event's, as in MISP, so that it is told apart from later versions.

    Raises:
        Invalid: `sharing.…` for the JSON; `misp.event`: no event, or without uuid, info, timestamp (or date) or its author.
    """
    bounds = limits or Limits()
    said = _json.one(data, replace(bounds, object_size=bounds.size)).value
    event = said.get("Event", said)
    if not isinstance(event, dict):
        raise Invalid('A MISP event is needed: {"Event": …}.', code="misp.event")
    try:
        return _event(_filled({**unsaid, **event}) if unsaid else event)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Invalid(
            "The event lacks something, or has it in another form.", code="misp.event", where=str(error)[:60]
        ) from error


def handed_out(objects: Iterable[Object], *, at: datetime) -> tuple[bytes, tuple[Note, ...]]:
    """A MISP event of these objects, and what MISP has no word for.

    Args:
        objects: those that may go (`release.allowed` was asked); a report among them gives the event its name.
        at: now, for an event that has no report.
    """
    found = list(objects)
    report = next((one for one in found if one.type == "report"), None)
    event = _head(found, report, at)
    notes: list[Note] = []
    attributes: list[dict[str, Any]] = []
    kept = {held["uuid"] for one in found if (held := _kept(one, "x_misp_object"))}
    sightings = [one for one in found if one.type == "sighting"]
    hidden = {ref for one in found if one.type == "observed-data" for ref in one.body.get("object_refs", ())}
    for one in found:
        if one is report or one in sightings or one.id in hidden or str(one.body.get("x_misp_object_uuid", "")) in kept:
            continue
        if held := _kept(one, "x_misp_object"):
            event.setdefault("Object", []).append(held)
        elif not _is_head(one, report) and not _in_galaxy(one, report):
            attributes += _attributes(one, sightings, notes)
    event["Attribute"] = attributes
    return _json.canonical(Piece(0, b"", {"Event": event}, plain=False)), tuple(notes)


def sighting(target: Object, named: str, *, creator: str, at: datetime) -> Object:
    """The sighting, once and now, of what an attribute became; marked as that is.

    Args:
        target: an indicator, an observation, or an attribute kept as it is.
        named: its UUID.
        creator: id of the identity of who saw it.
        at: now.
    """
    when = _when(at.timestamp())
    said: dict[str, Any] = {
        "type": "sighting", "created": when, "modified": when, "first_seen": when, "last_seen": when, "count": 1,
        "sighting_of_ref": target.id,
    }  # fmt: skip
    marks = target.body.get("object_marking_refs")
    return _made(said | ({"object_marking_refs": marks} if marks else {}), named, _Context(creator, (), 0))


# ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _event(event: Mapping[str, Any]) -> Taken:
    author = event.get("Orgc") or event["Org"]
    at = int(event.get("timestamp") or datetime.fromisoformat(event["date"]).replace(tzinfo=UTC).timestamp())
    notes: list[Note] = []
    kept = {name: value for name, value in event.items() if name not in {"Attribute", "Object"}}
    own = {name: event[name] for name in ("uuid", "Tag", "EventTag", "distribution") if name in event}
    context = _Context(f"identity--{_uuid(author)}", _tlp(own, [], ()), at)
    when = _when(at)
    identity = {
        "type": "identity",
        "name": author["name"],
        "identity_class": "organization",
        "created": when,
        "modified": when,
    }
    objects = [_made(identity, _uuid(author), replace(context, creator=""))]
    for attribute in event.get("Attribute", ()):
        objects += _attribute(attribute, context, notes, inside="")
    for held in event.get("Object", ()):
        objects += _object(held, context, notes)
    for galaxy in event.get("Galaxy", ()):
        objects += _galaxy(galaxy, context, notes)
    objects = list({one.id: one for one in objects}.values())
    report = {
        "type": "report", "name": event["info"], "created": when, "modified": when, "published": when,
        "object_refs": [one.id for one in objects], "x_misp_event": kept,
    }  # fmt: skip
    report |= {"labels": labels} if (labels := _labels(event)) else {}
    whole = replace(context, levels=_tlp(kept, notes, ()))
    return Taken((*objects, _made(report, _uuid(event), whole)), tuple(notes))


def _filled(held: Mapping[str, Any]) -> dict[str, Any]:
    """With the time of the whole in each part that has none."""
    parts = {
        name: [_filled({"timestamp": held["timestamp"], **one}) for one in held[name]]
        for name in ("Attribute", "Object")
        if held.get(name)
    }
    return {**held, **parts}


def _attribute(attribute: Mapping[str, Any], context: _Context, notes: list[Note], *, inside: str) -> Iterator[Object]:
    """An indicator, or an observation with what was observed, or the attribute as it is; and its sightings."""
    named, when = _uuid(attribute), _when(attribute.get("timestamp") or context.at)
    here = replace(context, levels=_tlp(attribute, notes, context.levels))
    if attribute.get("comment") == _RAW and (raw := _raw(attribute, here, notes)):
        yield raw
        return
    observables = list(_observables(attribute))
    kept: dict[str, Any] = {"created": when, "modified": when, "x_misp_attribute": dict(attribute)}
    kept |= {"x_misp_object_uuid": inside} if inside else {}
    kept |= {"labels": labels} if (labels := _labels(attribute)) else {}
    if not observables:
        notes.append(Note("attribute-type", named))
        main = _made({"type": "x-misp-attribute"} | kept, named, here)
    elif attribute.get("to_ids"):
        pattern = "[" + " AND ".join(map(_comparison, observables)) + "]"
        said = {"type": "indicator", "pattern": pattern, "pattern_type": "stix", "valid_from": when}
        main = _made(said | kept, named, here)
    else:
        seen = [_observed(one, here) for one in observables]
        yield from seen
        said = {"type": "observed-data", "first_observed": when, "last_observed": when}
        main = _made(said | {"number_observed": 1, "object_refs": [one.id for one in seen]} | kept, named, here)
    yield main
    if main.type != "x-misp-attribute":
        yield from _sightings(attribute, main.id, here, notes)


def _raw(attribute: Mapping[str, Any], context: _Context, notes: list[Note]) -> Object | None:
    """The object whose bytes an attribute holds; None if a mark stands around it that is stricter than its own.

    Nobody's object is marked anew under its own id; then the attribute is kept as it is, under the stricter mark.
    """
    found = stix.read(attribute["value"].encode())
    level = tlp.marked(found.body).level
    if context.levels and (level is None or level < max(context.levels)):
        notes.append(Note("tlp", found.id))
        return None
    return found


def _object(held: Mapping[str, Any], context: _Context, notes: list[Note]) -> Iterator[Object]:
    """The object as it is; and of each of its attributes what can be made of it."""
    named, when = _uuid(held), _when(held.get("timestamp") or context.at)
    notes.append(Note("object", named))
    own = {name: value for name, value in held.items() if name != "Attribute"}
    around = replace(context, levels=_tlp(own, [], context.levels))
    whole = replace(context, levels=_tlp(held, [], context.levels))  # it says all that its attributes say
    yield _made({"type": "x-misp-object", "created": when, "modified": when, "x_misp_object": dict(held)}, named, whole)
    for attribute in held.get("Attribute", ()):
        if any(_observables(attribute)):
            yield from _attribute(attribute, around, notes, inside=named)


def _galaxy(galaxy: Mapping[str, Any], context: _Context, notes: list[Note]) -> Iterator[Object]:
    here = replace(context, levels=_tlp(galaxy, [], context.levels))
    for cluster in galaxy.get("GalaxyCluster", ()):
        kind = _CLUSTERS.get(cluster.get("type", ""))
        if kind is None:
            notes.append(Note("galaxy", str(cluster.get("uuid", ""))))
            continue
        when = _when(context.at)
        said = {"type": kind, "name": cluster["value"], "created": when, "modified": when}
        said |= {"description": cluster["description"]} if cluster.get("description") else {}
        yield _made(said, _uuid(cluster), here)


def _sightings(attribute: Mapping[str, Any], target: str, context: _Context, notes: list[Note]) -> Iterator[Object]:
    for sighting in attribute.get("Sighting", ()):
        if str(sighting.get("type", "0")) != "0":  # a false positive, or an end
            notes.append(Note("sighting-type", _uuid(sighting)))
            continue
        when = _when(sighting["date_sighting"])
        said = {
            "type": "sighting",
            "created": when,
            "modified": when,
            "first_seen": when,
            "last_seen": when,
            "count": 1,
        }
        yield _made(said | {"sighting_of_ref": target}, _uuid(sighting), context)


def _observables(attribute: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(path of STIX, value) of each part of an attribute; nothing if any part is not understood."""
    kinds, values = attribute["type"].split("|"), str(attribute["value"]).split("|")
    paths = [_path(kind, value) for kind, value in zip(kinds, values, strict=False)]
    if len(kinds) == len(values) and all(paths):
        yield from zip(paths, values, strict=True)


def _path(kind: str, value: str) -> str:
    if kind in _DIGESTS:
        path = f"file:hashes.'{_DIGESTS[kind]}'"
    elif kind == "filename":
        return "file:name"
    else:
        named = _VALUES.get(kind, "ip" if kind == "ip" else "")
        path = f"{named if named != 'ip' else 'ipv6-addr' if ':' in value else 'ipv4-addr'}:value" if named else ""
    probe = f"[{_comparison((path, value))}]" if path else ""
    return path if probe and patterns.observables(probe).observables else ""


def _comparison(observable: tuple[str, str]) -> str:
    path, value = observable
    written = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path} = '{written}'"


def _observed(observable: tuple[str, str], context: _Context) -> Object:
    path, value = observable
    kind, _, name = path.partition(":")
    algorithm = name.partition(".")[2].strip("'")
    said: dict[str, Any] = {"type": kind} | ({"hashes": {algorithm: value}} if algorithm else {name: value})
    return _made(said, stix.observable_id(said).partition("--")[2], replace(context, creator=""))


def _made(said: Mapping[str, Any], named: str, context: _Context) -> Object:
    """An object through the same checks as everybody's."""
    body = {"spec_version": "2.1", "id": f"{said['type']}--{named}", **said}
    if context.creator:
        body["created_by_ref"] = context.creator
    if context.levels:
        body["object_marking_refs"] = [tlp.IDS[max(context.levels)]]
    return stix.read(_json.canonical(Piece(0, b"", body, plain=False)))


def _tags(held: Mapping[str, Any]) -> list[str]:
    return [str(tag["name"]) for tag in held.get("Tag", ())]


def _labels(held: Mapping[str, Any]) -> list[str]:
    return [tag for tag in _tags(held) if not _colour(tag)]


def _tlp(held: Mapping[str, Any], notes: list[Note], above: tuple[Level, ...]) -> tuple[Level, ...]:
    """The levels that hold: those above, and of every tag anywhere in `held`.

    A tag of the protocol that is not known here may mean anything: it counts as the strictest. So does a distribution to
    one organisation, to a sharing group, or of a number that is not known, where no tag says more.
    """
    levels = []
    for part in _parts(held):
        if tag := _colour(part.get("name")):
            levels.append(_LEVELS.get(tag, Level.RED))
            if tag not in _LEVELS:
                notes.append(Note("tlp", _uuid(held)))
        closed = str(part.get("distribution") if part.get("distribution") is not None else "") not in {*_OPEN, ""}
        if closed and not any(map(_colour, _tags(part))):
            levels.append(Level.RED)
    return (*above, *levels)


def _parts(held: Any) -> Iterator[Mapping[str, Any]]:
    """Every record in this, itself first."""
    if isinstance(held, Mapping):
        yield held
        held = held.values()
    elif not isinstance(held, list):
        return
    for one in held:
        yield from _parts(one)


def _colour(tag: Any) -> str:
    """A tag of TLP in its one form; empty if it is none."""
    found = tag.strip().lower() if isinstance(tag, str) else ""
    return found if found.startswith("tlp:") else ""


def _uuid(held: Mapping[str, Any]) -> str:
    return str(uuid.UUID(held["uuid"]))


def _when(timestamp: Any) -> str:
    return datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _head(found: list[Object], report: Object | None, at: datetime) -> dict[str, Any]:
    """The event without what is in it: as it came, or made from the report."""
    if report is not None and (kept := _kept(report, "x_misp_event")):
        return {name: value for name, value in kept.items() if name not in {"Attribute", "Object"}}
    made_at = moment(report.body["modified"]) if report else at
    named = (
        report.id.partition("--")[2]
        if report
        else str(uuid.uuid5(uuid.NAMESPACE_OID, " ".join(sorted(one.id for one in found))))
    )
    author = next((one for one in found if report and one.id == report.body.get("created_by_ref")), None)
    levels = [level for one in found if (level := tlp.marked(one.body).level) is not None]
    event: dict[str, Any] = {
        "uuid": named, "info": report.body["name"] if report else "STIX 2.1", "date": made_at.strftime("%Y-%m-%d"),
        "timestamp": str(int(made_at.timestamp())), "analysis": "2", "threat_level_id": "4", "published": False,
        "distribution": _DISTRIBUTION[max(levels)] if len(levels) == len(found) and levels else "0",
    }  # fmt: skip
    if author is not None:
        event["Orgc"] = {"name": author.body["name"], "uuid": author.id.partition("--")[2]}
    level = (
        tlp.marked(report.body).level if report else max(levels, default=None) if len(levels) == len(found) else None
    )
    labels = report.body.get("labels", ()) if report else ()
    event["Tag"] = [{"name": label} for label in (*([level.label.lower()] if level is not None else []), *labels)]
    return event


def _kept(one: Object, name: str) -> Mapping[str, Any] | None:
    """What was kept of MISP's own words; None if there is nothing, or somebody wrote what MISP does not say."""
    said = one.body.get(name)
    return said if isinstance(said, dict) and isinstance(said.get("uuid"), str) and _follows_form(said) else None


def _follows_form(said: Mapping[str, Any]) -> bool:
    """Whether names and times are such, and lists are lists of records, as far as they are looked into here."""
    if not isinstance(said.get("uuid", ""), str):
        return False
    lists = [said[name] for name in _LISTS if name in said]
    return all(_TIME.fullmatch(str(said[name])) for name in ("timestamp", "date_sighting") if said.get(name)) and all(
        isinstance(each, list) and all(isinstance(one, dict) and _follows_form(one) for one in each) for each in lists
    )


def _is_head(one: Object, report: Object | None) -> bool:
    """Whether an object is said by the event itself: its author, or a colour."""
    return one.type == "marking-definition" or (report is not None and one.id == report.body.get("created_by_ref"))


def _in_galaxy(one: Object, report: Object | None) -> bool:
    galaxies = (_kept(report, "x_misp_event") or {}).get("Galaxy", ()) if report else ()
    named = one.id.partition("--")[2]
    return any(cluster.get("uuid") == named for galaxy in galaxies for cluster in galaxy.get("GalaxyCluster", ()))


def _attributes(one: Object, sightings: list[Object], notes: list[Note]) -> Iterator[dict[str, Any]]:
    """As it came, if nobody has changed it since; else by what it looks for; else its bytes."""
    kept = _kept(one, "x_misp_attribute")
    said = one.body.get("modified")  # what has none is no object that an attribute became
    if kept is not None and said and said == _when(kept.get("timestamp") or moment(said).timestamp()):
        yield _with_sightings(dict(kept), one, sightings)
        return
    reading = patterns.observed(one.body)
    named = one.id.partition("--")[2]
    shared = {"timestamp": _seconds(one), "to_ids": one.type == "indicator", "distribution": "5", "comment": ""}
    shared["Tag"] = [{"name": level.label.lower()}] if (level := tlp.marked(one.body).level) is not None else []
    for place, observable in enumerate(reading.observables):
        kind, category = _BACK[observable.kind]
        place_id = named if not place else str(uuid.uuid5(uuid.UUID(named), str(place)))
        made = {"uuid": place_id, "type": kind, "category": category, "value": observable.value} | shared
        yield made if place else _with_sightings(made, one, sightings)
    if not reading.observables:
        notes.append(Note("pattern" if one.type == "indicator" else "stix-type", one.id))
        raw = {"uuid": named, "type": "text", "category": "Other", "value": one.raw.decode()} | shared
        yield raw | {"comment": _RAW, "to_ids": False, "disable_correlation": True}


def _with_sightings(attribute: dict[str, Any], one: Object, sightings: list[Object]) -> dict[str, Any]:
    known = {each.get("uuid") for each in attribute.get("Sighting", ())}
    new = [
        {
            "uuid": named,
            "type": "0",
            "date_sighting": str(int(moment(each.body.get("last_seen", each.body["modified"])).timestamp())),
        }
        for each in sightings
        if each.body["sighting_of_ref"] == one.id and (named := each.id.partition("--")[2]) not in known
    ]
    return attribute | {"Sighting": [*attribute.get("Sighting", ()), *new]} if new else attribute


def _seconds(one: Object) -> str:
    return str(int(moment(one.body["modified"]).timestamp())) if "modified" in one.body else "0"
