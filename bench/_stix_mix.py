"""STIX 2.1 objects for the bench, by number: two indicators, a malware, an attack pattern, a relationship; 450 bytes each.

Standard library only: the peers' own environments read it too.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def name(kind: str, number: int, run: int) -> str:
    """An id, the same for the same number and run."""
    return f"{kind}--{uuid.UUID(bytes=hashlib.sha256(f'{run} {number}'.encode()).digest()[:16], version=4)}"


def objects(count: int, *, first: int = 0, run: int = 0) -> Iterator[dict[str, Any]]:
    """`count` objects from number `first` on; another run gives others."""
    for number in range(first, first + count):
        at = (_BEGAN + timedelta(milliseconds=20 * number)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"
        kind = ("indicator", "indicator", "malware", "attack-pattern", "relationship")[number % 5]
        yield {
            "type": kind,
            "spec_version": "2.1",
            "id": name(kind, number, run),
            "created": at,
            "modified": at,
        } | _said(number, run, at)


def _said(number: int, run: int, at: str) -> dict[str, Any]:
    match number % 5:
        case 0 | 1:
            digest = hashlib.sha256(f"file {run} {number}".encode()).hexdigest()
            host = f"198.51.{number % 256}.{(number >> 8) % 256}"
            return {
                "name": f"Dropper {number}", "description": "Seen in an incident; block it and say where it was met. " * 2,
                "indicator_types": ["malicious-activity"], "pattern_type": "stix", "valid_from": at,
                "pattern": f"[file:hashes.'SHA-256' = '{digest}' OR ipv4-addr:value = '{host}']",
                "labels": ["ransomware"], "external_references": [{"source_name": "case", "external_id": f"C-{number}"}],
            }  # fmt: skip
        case 2:
            return {"name": f"family {number}", "is_family": True, "malware_types": ["ransomware"]}
        case 3:
            phase = {"kill_chain_name": "exercise", "phase_name": "impact"}
            return {"name": f"T{number % 2000}", "kill_chain_phases": [phase]}
    return {
        "relationship_type": "indicates", "source_ref": name("indicator", number - 4, run),
        "target_ref": name("malware", number - 2, run),
    }  # fmt: skip


def envelope(count: int, *, first: int = 0, run: int = 0) -> bytes:
    """What a client of TAXII sends."""
    return json.dumps({"objects": list(objects(count, first=first, run=run))}).encode()
