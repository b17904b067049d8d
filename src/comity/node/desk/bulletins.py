"""Bulletins: what officers tell the public about patterns of crime, new methods and what helps (Articles 53, 55).

A bulletin is its versions: publishing, correcting and withdrawing each add one, under the name of who did so. Nothing that was
told is unsaid: a withdrawn bulletin is shown as withdrawn, with the reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from comity.casework.act import Power
from comity.casework.report import check_text
from comity.errors import ComityError, Invalid, NotPossible
from comity.node import models
from comity.node.desk import _record, copies
from comity.node.settings import LANGUAGES, current
from comity.sharing import release, stix
from comity.sharing.release import Audience, Came, Verdict

KINDS: Final = ("pattern", "method", "advice")
LIMITS: Final = {"title": 200, "body": 20_000}
MOST: Final = 50  # objects that one bulletin names
PUBLIC: Final = Audience(state="", communities=frozenset(), purpose="prevention")
Texts = Mapping[str, Mapping[str, str]]


def publish(
    kind: str, texts: Texts, objects: Sequence[str], *, officer: models.Officer, at: datetime
) -> models.Bulletin:
    """Publish a new bulletin.

    Args:
        kind: of `KINDS`.
        texts: language -> its ``title`` and ``body``; languages without either are left out.
        objects: ids of STIX objects to which it refers.
        officer: who publishes it.
        at: now.

    Raises:
        NotYours: he has not the power.
        Invalid: a fault in what is given, or an object that the public may not have; `where` names the field.
    """
    _record.needs(officer, Power.WARN)
    given = _checked(kind, texts, objects, at)
    return _version(str(uuid.uuid4()), 1, officer, at, **given)


def correct(
    series: str,
    kind: str,
    texts: Texts,
    objects: Sequence[str],
    *,
    seen: int,
    officer: models.Officer,
    at: datetime,
) -> models.Bulletin:
    """Publish the next version of a bulletin, a withdrawn one too: as `publish`.

    Args:
        series: names it.
        seen: the version that the officer was shown.

    Raises:
        NotPossible: ``bulletin.changed``: there is a newer version.
    """
    _record.needs(officer, Power.WARN)
    given = _checked(kind, texts, objects, at)
    with transaction.atomic():
        _last(series, seen)
        return _version(series, seen + 1, officer, at, **given)


def withdraw(series: str, reason: str, *, seen: int, officer: models.Officer, at: datetime) -> models.Bulletin:
    """Withdraw a bulletin; the public is told that, and why. Raises as `correct`."""
    _record.needs(officer, Power.WARN)
    reason = check_text(reason, most=LIMITS["title"], where="reason")
    if not reason:
        raise Invalid("Fill this in.", code="form.required", where="reason")
    with transaction.atomic():
        last = _last(series, seen)
        return _version(series, seen + 1, officer, at, kind=last.kind, texts=last.texts, objects_named=[],
                        withdrawn=True, reason=reason)  # fmt: skip


def _version(series: str, version: int, officer: models.Officer, at: datetime, **given: object) -> models.Bulletin:
    by = f"{officer.full_name}, {officer.office}"
    return models.Bulletin.objects.create(series=series, version=version, at=at, by=by, **given)


def _last(series: str, seen: int) -> models.Bulletin:
    row = find(series)
    if row is None:
        raise Invalid("There is no such bulletin.", code="bulletin.unknown")
    if row.version != seen:
        raise NotPossible("There is a newer version of this bulletin.", code="bulletin.changed")
    return row


def _checked(kind: str, texts: Texts, objects: Sequence[str], at: datetime) -> dict[str, object]:
    if kind not in KINDS:
        raise Invalid("Choose one of the options.", code="form.choice", where="kind")
    kept: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        given = texts.get(language, {})
        said = {
            name: check_text(given.get(name, ""), most=most, where=f"{language}-{name}")
            for name, most in LIMITS.items()
        }
        if any(said.values()):
            for name, text in said.items():
                if not text:
                    raise Invalid("Fill this in.", code="form.required", where=f"{language}-{name}")
            kept[language] = said
    if not kept:
        raise Invalid(
            "Write it in one language at least.", code="bulletin.empty", where=f"{next(iter(LANGUAGES))}-title"
        )
    named = list(dict.fromkeys(objects))
    if len(named) > MOST:
        raise Invalid(f"At most {MOST} objects are named.", code="bulletin.objects", where="objects")
    there = {found.id for found in public_objects(named, at=at)}
    if missing := [each for each in named if each not in there]:
        message = f"The public may not have '{missing[0][:60]}', or it is not here."
        raise Invalid(message, code="bulletin.object", where="objects")
    return {"kind": kind, "texts": kept, "objects_named": named}


def newest() -> QuerySet[models.Bulletin]:
    """The newest version of each bulletin, withdrawn ones too; the latest first."""
    last = models.Bulletin.objects.filter(series=OuterRef("series")).order_by("-version").values("pk")[:1]
    return models.Bulletin.objects.filter(pk=Subquery(last))


def find(series: str) -> models.Bulletin | None:
    """The newest version of one bulletin, or None."""
    return newest().filter(series=series).first()


def public_objects(ids: Sequence[str], *, at: datetime) -> list[stix.Object]:
    """Those of the objects that the public may have now, by the rules of a collection in which they are.

    A copy of a source that is not heard of is not among them (`copies.suspended`).
    """
    silent = copies.silent(current(), at=at) if ids else frozenset()
    given = models.Copy.objects.filter(what=OuterRef("digest"), source=OuterRef("source"))
    found: dict[str, stix.Object] = {}
    rows = models.StixObject.objects.filter(object_id__in=ids, last=True, withdrawn=False)
    for row in rows.select_related("collection").annotate(copy=Exists(given)):
        if row.object_id in found or (row.copy and row.source in silent):
            continue
        try:
            rules = release.read_rules(row.collection.rules)
            held = stix.kept(bytes(row.raw), row.digest)
        except ComityError:  # what cannot be read goes to nobody
            continue
        came = Came(row.source, frozenset(row.communities)) if row.source else None
        if release.allowed(held, PUBLIC, rules, came=came).verdict is Verdict.PASSED:
            found[row.object_id] = held
    return [found[each] for each in ids if each in found]
