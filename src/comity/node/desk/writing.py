"""Warnings that an officer writes by hand: an indicator, or a note in words, as an object of this State in a collection."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.act import Power
from comity.casework.report import check_text
from comity.errors import Invalid
from comity.node import models
from comity.node.desk import _record, copies, prevention
from comity.node.desk.shelf import Shelves
from comity.node.settings import Settings
from comity.seal import canon
from comity.sharing import patterns, stix, tlp
from comity.sharing.stix import Object
from comity.sharing.tlp import Level

LIMITS: Final = {"title": 200, "text": 10_000, "value": 2_000, "about": 120}  # characters
PATHS: Final = {
    "domain-name": "domain-name:value", "ipv4-addr": "ipv4-addr:value", "ipv6-addr": "ipv6-addr:value", "url": "url:value",
    "email-addr": "email-addr:value", "file:SHA-256": "file:hashes.'SHA-256'", "file:SHA-1": "file:hashes.'SHA-1'",
    "file:MD5": "file:hashes.MD5",
}  # fmt: skip
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[\w-]+\.?")


def _is_link(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) and parts.netloc) and not re.search(r"\s", value)


_FITS: Final[dict[str, Callable[[str], Any]]] = {  # what is left open where patterns of others are read
    "domain-name": _DOMAIN.fullmatch, "url": _is_link, "email-addr": lambda value: not re.search(r"\s", value),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """What is to be looked for.

    Args:
        title: its name.
        observable: a key of `PATHS`.
        value: of that kind.
        since: from when it counts.
        until: to when, or None: no end is known.
        text: more in words, or empty.
    """

    title: str
    observable: str
    value: str
    since: datetime
    until: datetime | None = None
    text: str = ""

    def body(self) -> dict[str, Any]:
        """Its properties in STIX. Raises Invalid; `where` names the field."""
        if self.until is not None and self.until <= self.since:
            raise Invalid("It ends before it begins.", code="writing.until", where="until")
        text = _text(self.text, "text")
        found = {
            "type": "indicator", "name": _needed(self.title, "title"), "pattern": pattern(self.observable, self.value),
            "pattern_type": "stix", "valid_from": _moment(self.since),
        }  # fmt: skip
        ends = {} if self.until is None else {"valid_until": _moment(self.until)}
        return found | ends | ({"description": text} if text else {})


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something in words.

    Args:
        title: what it is about.
        text: what is said.
        about: the id of an object that is here; empty: it is about none, and refers to this State, which says it.
    """

    title: str
    text: str
    about: str = ""

    def body(self) -> dict[str, Any]:
        """Its properties in STIX; without `object_refs` if it is about no object. Raises Invalid; `where` names the field."""
        found = {"type": "note", "abstract": _needed(self.title, "title"), "content": _needed(self.text, "text")}
        about = _text(self.about, "about")
        if not about:
            return found
        known = models.Collection.objects.values(
            "number"
        )  # named, so that the index of ids, which begins with them, is used
        rows = models.StixObject.objects.filter(collection__in=known, object_id=about, withdrawn=False)
        if not rows.exists():
            raise Invalid("No object of this id is here.", code="writing.about", where="about")
        return found | {"object_refs": [about]}


def pattern(observable: str, value: str) -> str:
    """The STIX pattern that looks for a value.

    Args:
        observable: a key of `PATHS`.
        value: of that kind; it is written in its one form (`patterns.Observable`).

    Raises:
        Invalid: ``form.choice``, ``form.required``, ``writing.value``; `where` names the field.
    """
    if observable not in PATHS:
        raise Invalid("Choose one of the options.", code="form.choice", where="observable")
    value = _needed(value, "value")
    read = patterns.observables(_equal(observable, value)).observables
    if len(read) != 1 or read[0].kind != observable or not _FITS.get(observable, bool)(value):
        raise Invalid("This value is none of the chosen kind.", code="writing.value", where="value")
    return _equal(observable, read[0].value)


def places() -> QuerySet[models.Collection]:
    """The collections into which this State writes: not what others gave."""
    return models.Collection.objects.exclude(pk=copies.RECEIVED)


def write(
    settings: Settings, collection: str, said: Indicator | Note, level: Level, *, officer: models.Officer, at: datetime
) -> models.StixObject:
    """Add what an officer wrote, as an object of this State. It goes to nobody but by the rules of its collection.

    Args:
        settings: the node's.
        collection: id of one of this State's collections.
        said: what he wrote.
        level: with which it is marked.
        officer: who writes it.
        at: now.

    Raises:
        NotYours: he has no power to warn.
        Invalid: what is wrong, `where` names the field: ``form.required``, ``form.choice``, ``writing.value``,
            ``writing.until``, ``writing.about``, or as `check_text` and `stix.read`.
    """
    _record.needs(officer, Power.WARN)
    if collection not in set(places().values_list("pk", flat=True)):
        raise Invalid("Choose the collection.", code="form.choice", where="collection")
    home, moment = prevention.identity(settings.state), _moment(at)
    body = {"object_refs": [home]} | said.body() if isinstance(said, Note) else said.body()
    made = _made(body, home, moment, level)
    with transaction.atomic():
        outcome = Shelves(settings).add(collection, [made], by=officer.username, at=at)[0]
        if isinstance(outcome, Invalid):
            raise outcome
        return models.StixObject.objects.get(collection__id=collection, object_id=made.id, digest=made.digest)


def _made(body: dict[str, Any], home: str, moment: str, level: Level) -> Object:
    more = {
        "spec_version": "2.1", "id": f"{body['type']}--{uuid.uuid4()}", "created": moment, "modified": moment,
        "created_by_ref": home, "object_marking_refs": [tlp.IDS[level]],
    }  # fmt: skip
    return stix.read(canon.dumps(body | more))


def _equal(observable: str, value: str) -> str:
    written = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"[{PATHS[observable]} = '{written}']"


def _text(text: str, where: str) -> str:
    return check_text(text, most=LIMITS[where], where=where)


def _needed(text: str, where: str) -> str:
    text = _text(text, where)
    if not text:
        raise Invalid("Fill this in.", code="form.required", where=where)
    return text


def _moment(at: datetime) -> str:
    return stix.version_key(at)[:23] + "Z"
