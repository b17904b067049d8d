"""The Traffic Light Protocol 2.0 on STIX objects: how far each may travel.

The level of an object is the highest of all that is marked on it, the whole or a part: what is marked twice is kept by
the stricter mark. A part marked *below* the whole is the usual trick to get the whole out, and nothing goes out then.
A marking that is not known here is undetermined, and undetermined never counts as yes.

Source: FIRST, Traffic Light Protocol 2.0 (August 2022); STIX 2.1, 7.2.1.4 for the four ids of version 1; the OASIS
extension definition for version 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"


class Level(IntEnum):
    """From the freest to the strictest; `WHITE` of version 1 is `CLEAR`."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """As TLP 2.0 writes it, e.g. ``TLP:AMBER+STRICT``; never translated."""
        return "TLP:" + self.name.replace("_", "+")


IDS = {
    Level.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Level.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Level.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Level.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Level.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_OLD = {  # version 1: the word in its definition
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": (Level.CLEAR, "white"),
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": (Level.GREEN, "green"),
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": (Level.AMBER, "amber"),
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": (Level.RED, "red"),
}
_NEW = {marking: level for level, marking in IDS.items()}
_LEVELS = _NEW | {marking: level for marking, (level, _) in _OLD.items()}
_CREATED = {"old": "2017-01-20T00:00:00", "new": "2022-10-01T00:00:00"}
_DATED = (
    "type",
    "spec_version",
    "id",
    "created",
    "created_by_ref",
    "name",
    "definition_type",
    "definition",
    "extensions",
)


@dataclass(frozen=True)
class Marked:
    """What is marked on an object.

    Args:
        level: the highest level; None if there is no mark of TLP.
        others: ids of other markings, e.g. a statement of terms: to be read by a person.
        lowered: whether a part is marked below the whole.
    """

    level: Level | None
    others: frozenset[str] = frozenset()
    lowered: bool = False


_MARKS = frozenset({"object_marking_refs", "granular_markings"})
_UNMARKED = Marked(None)


def marked(body: Mapping[str, Any]) -> Marked:
    """What is marked on an object that was read (`stix.read`)."""
    if body["type"] != "marking-definition" and body.keys().isdisjoint(_MARKS):
        return _UNMARKED
    whole = list(body.get("object_marking_refs", ()))
    if body["type"] == "marking-definition" and body["id"] in _LEVELS:
        whole.append(IDS[Level.CLEAR])  # the five colours themselves are nobody's secret
    parts = [part["marking_ref"] for part in body.get("granular_markings", ()) if "marking_ref" in part]
    on_whole, on_parts = _levels(whole), _levels(parts)
    levels = on_whole + on_parts
    lowered = bool(on_whole and on_parts) and min(on_parts) < max(on_whole)
    return Marked(max(levels, default=None), frozenset((*whole, *parts)) - _LEVELS.keys(), lowered)


def spoofed(body: Mapping[str, Any]) -> bool:
    """Whether a marking definition wears TLP's clothes: a known id with other content, or TLP under another id."""
    known = _LEVELS.get(body["id"])
    extension = body.get("extensions", {}).get(EXTENSION)
    says_tlp = (
        extension is not None
        or str(body.get("definition_type", "")).lower().startswith("tlp")
        or str(body.get("name", "")).upper().startswith("TLP:")
    )
    if known is None:
        return says_tlp
    if not body.keys() <= set(_DATED):
        return True
    return not (_is_old(body) if body["id"] in _OLD else _is_new(body, known))


def definition(level: Level) -> dict[str, Any]:
    """The marking definition of a level in STIX 2.1, for bundles that carry their markings."""
    said = level.label.removeprefix("TLP:").lower()
    return {
        "type": "marking-definition", "spec_version": "2.1", "id": IDS[level], "created": _CREATED["new"] + ".000Z",
        "name": level.label, "extensions": {EXTENSION: {"extension_type": "property-extension", "tlp_2_0": said}},
    }  # fmt: skip


def _levels(markings: Iterable[str]) -> list[Level]:
    return [_LEVELS[each] for each in markings if each in _LEVELS]


def _is_old(body: Mapping[str, Any]) -> bool:
    level, word = _OLD[body["id"]]
    return (
        body["created"].startswith(_CREATED["old"])
        and body.get("definition_type") == "tlp"
        and body.get("definition") == {"tlp": word}
        and body.get("name", "TLP:" + word.upper()) in {"TLP:" + word.upper(), level.label}
        and "extensions" not in body
    )


def _is_new(body: Mapping[str, Any], level: Level) -> bool:
    said = definition(level)
    given = body.get("extensions", {})
    return (
        body["created"].startswith(_CREATED["new"])
        and given == said["extensions"]
        and body.get("name", level.label) == level.label
        and body.get("definition_type", level.label) in {level.label, "tlp"}
        and "definition" not in body
    )
