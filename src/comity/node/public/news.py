"""Bulletins for anybody: pages in the reader's language, a feed (Atom, RFC 4287), JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from comity.errors import NotPossible
from comity.node import models
from comity.node.desk import bulletins as desk
from comity.node.public import door, words
from comity.node.settings import Settings

_PER_PAGE: Final = 20
_FEED: Final = 50
_KEPT: Final = "public, max-age=300"  # seconds for which a cache may show the same


@dataclass(frozen=True)
class Shown:
    """A bulletin as it is read in one language.

    Args:
        row: its newest version.
        language: of its text: the page's, or else the first in which it is written.
    """

    row: models.Bulletin
    language: str

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.row.texts[self.language]["title"])

    @property
    def body(self) -> str:
        """Its text."""
        return str(self.row.texts[self.language]["body"])

    @property
    def kind(self) -> Promise:
        """What kind of bulletin it is, in words."""
        return words.NEWS[self.row.kind]

    @property
    def corrected(self) -> bool:
        """Whether it was published otherwise before."""
        return self.row.version > 1 and not self.row.withdrawn


def shown(row: models.Bulletin) -> Shown:
    """`row` in the language that is active."""
    language = (get_language() or "")[:2]
    return Shown(row, language if language in row.texts else next(iter(row.texts)))


def _kept(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = _KEPT
    return answer


@door.page()
def bulletins(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """Every bulletin, the newest first."""
    del settings, at
    page = Paginator(desk.newest(), _PER_PAGE).get_page(request.GET.get("page"))
    return _kept(
        door.shown("bulletins.html", here="bulletins", page=page, news=[shown(row) for row in page.object_list])
    )


@door.page()
def bulletin(request: HttpRequest, settings: Settings, at: datetime, series: UUID) -> HttpResponse:
    """One bulletin, in its newest version, with what of its objects the public may have now."""
    del request, settings
    row = desk.find(str(series))
    if row is None:
        return door.sentence(NotPossible("There is no such bulletin.", code="report.nothing"), 404)
    objects = desk.public_objects(row.objects_named, at=at)
    return _kept(door.shown("bulletin.html", here=f"bulletins/{series}", one=shown(row), objects=objects))


@door.page()
def atom(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The newest bulletins as a feed."""
    data = _feed(settings.public.rstrip("/"), request.path, (get_language() or "")[:2], _minute(at))
    return _kept(HttpResponse(data, content_type="application/atom+xml; charset=utf-8"))


@door.page()
def machine(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The newest bulletins for machines: every language, and the objects themselves."""
    del request, settings
    return _kept(HttpResponse(_json(_minute(at)), content_type="application/json"))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@lru_cache(maxsize=8)
def _feed(base: str, path: str, language: str, minute: datetime) -> str:
    """The feed in one language. Who asks again within the minute costs the database nothing."""
    del minute
    feed = Atom1Feed(
        title=_("Warnings and advice"), link=f"{base}/{language}/bulletins", description="", language=language,
        feed_url=base + path,
    )  # fmt: skip
    rows = list(desk.newest()[:_FEED])
    first = models.Bulletin.objects.filter(series__in=[row.series for row in rows], version=1)
    began = dict(first.values_list("series", "at"))
    for row in rows:
        one = shown(row)
        feed.add_item(
            _("Withdrawn: %(title)s") % {"title": one.title} if row.withdrawn else one.title,
            f"{base}/{language}/bulletins/{row.series}", row.reason if row.withdrawn else one.body,
            unique_id=f"urn:uuid:{row.series}", updateddate=row.at, pubdate=began[row.series], categories=[row.kind],
        )  # fmt: skip
    return str(feed.writeString("utf-8"))


@lru_cache(maxsize=1)
def _json(minute: datetime) -> bytes:
    """All of them, as `_feed`."""
    found = {"at": minute, "bulletins": [_plain(row, minute) for row in desk.newest()[:_FEED]]}
    return json.dumps(found, ensure_ascii=False, cls=DjangoJSONEncoder).encode()


def _plain(row: models.Bulletin, at: datetime) -> dict[str, Any]:
    return {
        "id": row.series, "version": row.version, "kind": row.kind, "at": row.at,
        "texts": {} if row.withdrawn else row.texts, "withdrawn": row.withdrawn, "reason": row.reason,
        "objects": [json.loads(held.raw) for held in desk.public_objects(row.objects_named, at=at)],
    }  # fmt: skip
