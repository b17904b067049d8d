"""What is shared, as its formats write it: made-up objects of STIX by type, tools by number, and events of MISP."""

import json
from pathlib import Path

VECTORS = Path(__file__).parent / "vectors" / "stix" / "objects.json"
BUNDLE = VECTORS.read_bytes()
BY_TYPE = {one["type"]: one for one in json.loads(BUNDLE)["objects"]}


def changed(kind: str, **said) -> bytes:
    """The made-up object of a type with other properties; None takes one away."""
    found = {name: value for name, value in (BY_TYPE[kind] | said).items() if value is not None}
    return json.dumps(found).encode()


def tool(number: int, minute: int = 0, **said) -> bytes:
    """A tool by number, in a version by minute."""
    return changed("tool", id=f"tool--00000000-0000-4000-8000-{number:012}", modified=f"2026-11-12T18:{minute:02}:00.000Z",
                   created="2026-11-12T18:00:00.000Z", **said)  # fmt: skip


SHA = BY_TYPE["file"]["hashes"]["SHA-256"]


def named(number: int) -> str:
    """A UUID by number."""
    return f"00000000-0000-4000-8000-{number:012}"


def attribute(number: int, kind: str, value: str, *, to_ids: bool = True, **more) -> dict:
    """An attribute as MISP writes it."""
    return {"uuid": named(number), "type": kind, "category": "Network activity", "value": value, "to_ids": to_ids,
            "timestamp": "1796000000", "distribution": "5", "comment": "", "disable_correlation": False} | more  # fmt: skip


def event(*attributes, **more) -> bytes:
    """An event as MISP writes it."""
    held = {"uuid": named(900), "info": "Parcels in autumn", "date": "2026-11-30", "timestamp": "1796000500",
            "published": False, "analysis": "1", "threat_level_id": "2", "distribution": "1",
            "Orgc": {"name": "Exercise", "uuid": named(901)}, "Attribute": list(attributes)}  # fmt: skip
    return json.dumps({"Event": held | more}).encode()
