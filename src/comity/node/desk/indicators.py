"""A warning made from a report of the public: one address as a STIX indicator, and nothing of who reported it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Final

from django.db import transaction

from comity.casework.act import Power
from comity.casework.report import Trace, check_text, traces
from comity.errors import Invalid
from comity.node import models
from comity.node.desk import _record, prevention, reports
from comity.node.desk.shelf import Shelves
from comity.node.settings import Settings
from comity.sharing import stix, tlp
from comity.sharing.tlp import Level

_PATTERNS: Final = {
    "email": "email-addr:value", "url": "url:value", "domain": "domain-name:value",
    "ip": "ipv4-addr:value", "ip6": "ipv6-addr:value",
}  # fmt: skip
_NAME: Final = 200  # characters


def offered(words: dict[str, str]) -> list[Trace]:
    """What of a report a warning can be made of: addresses of which STIX knows the kind, and none of who reported."""
    own = words["contact"].casefold()
    found = traces(words["suspects"].splitlines())
    return [one for one in found if one.kind in _PATTERNS and one.value.casefold() not in own]


def make(
    settings: Settings,
    number: int,
    value: str,
    name: str,
    *,
    level: Level,
    collection: str,
    officer: models.Officer,
    at: datetime,
) -> stix.Object:
    """Make an indicator of an address that a report names, in a collection, and note it with the report.

    Args:
        settings: the node's.
        number: the report.
        value: one of `offered`.
        name: what the warning is called, by the officer; nothing else of it is free text.
        level: its mark of TLP.
        collection: id of the collection whose rules say to whom it goes.
        officer: who makes it; he needs the power `warn` besides `triage`.
        at: now.

    Raises:
        NotYours: he has not the powers.
        Invalid: no such report or address; the name is missing, or names how to reach who reported.
        NotPossible: the report stands elsewhere, or there is no such collection.
    """
    _record.needs(officer, Power.WARN)
    words = reports.words(settings, reports.opened(settings, number, officer=officer))
    trace = next((one for one in offered(words) if one.value == value), None)
    if trace is None:
        raise Invalid("Choose one of the options.", code="form.choice", where="value")
    name = _checked(name, words["contact"])
    found = stix.read(_indicator(settings, trace, name, level, at))
    with transaction.atomic():
        outcome = Shelves(settings).add(collection, [found], by=officer.username, at=at)[0]
        if isinstance(outcome, Invalid):
            raise outcome
        reports.note_indicator(settings, number, found.id, officer=officer, at=at)
    return found


def _checked(name: str, contact: str) -> str:
    """The name of a warning, which holds no part of `contact` by which a person could be found."""
    name = check_text(name, most=_NAME, where="name")
    if not name:
        raise Invalid("Fill this in.", code="form.required", where="name")
    parts = [part.strip(".,;:()").casefold() for part in contact.split()]
    if any(len(part) > 2 and part in name.casefold() for part in parts):
        raise Invalid("This names who reported.", code="indicator.reporter", where="name")
    return name


def _indicator(settings: Settings, trace: Trace, name: str, level: Level, at: datetime) -> bytes:
    kind = "ip6" if trace.kind == "ip" and ":" in trace.value else trace.kind
    literal = trace.value.replace("\\", "\\\\").replace("'", "\\'")
    moment = stix.version_key(at)[:23] + "Z"
    body = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.uuid4()}",
        "created_by_ref": prevention.identity(settings.state), "created": moment, "modified": moment, "name": name,
        "indicator_types": ["malicious-activity"], "pattern": f"[{_PATTERNS[kind]} = '{literal}']",
        "pattern_type": "stix", "valid_from": moment, "object_marking_refs": [tlp.IDS[level]],
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode()
