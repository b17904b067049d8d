"""The newest figures that this State has published: a page in the reader's language, SDMX-CSV, and the signed statement."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final

from django.http import HttpRequest, HttpResponse

from comity.errors import NotPossible
from comity.node.desk import figures as desk
from comity.node.public import door
from comity.node.settings import Settings
from comity.reporting import overview, sdmx
from comity.reporting.release import Release

_KEPT: Final = "public, max-age=300"  # seconds for which a cache may show the same


@door.page()
def figures(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The newest release as tables; of one year, the newest that is complete unless another is asked for."""
    del settings
    found = _newest(_minute(at))
    if found is None:
        return door.shown("figures.html", here="figures")
    release, years = found[0], overview.complete(found[0])
    year = request.GET.get("year", "")
    sheets = overview.sheets(release, year=year if year in years else "")
    return _kept(
        door.shown("figures.html", here="figures", release=release, sheets=sheets, years=years, events=overview.EVENTS)
    )


@door.page()
def table(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The same as SDMX-CSV 2.0."""
    del request, settings
    found = _newest(_minute(at))
    return _none() if found is None else _kept(HttpResponse(found[1], content_type=sdmx.MEDIA_TYPE))


@door.page()
def machine(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The same as it was signed."""
    del request, settings
    found = _newest(_minute(at))
    return _none() if found is None else _kept(HttpResponse(found[2], content_type="application/json"))


def _none() -> HttpResponse:
    return door.sentence(NotPossible("Nothing was published yet.", code="report.nothing"), 404)


def _kept(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = _KEPT
    return answer


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@lru_cache(maxsize=1)
def _newest(minute: datetime) -> tuple[Release, str, bytes] | None:
    """The newest release, as CSV and as signed. Who asks again within the minute costs the database nothing."""
    del minute
    row = desk.newest()
    if row is None:
        return None
    release = desk.told(row)
    return release, sdmx.to_csv(release), bytes(row.value)
