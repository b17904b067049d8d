"""What this State needs, for anybody to read: only what an officer released to everyone, and only while it is open."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final

from django.http import HttpRequest, HttpResponse

from comity.assistance.needs import Need
from comity.node.desk import assistance as desk
from comity.node.public import door
from comity.node.settings import Settings
from comity.wording.assistance import TOPICS, UNITS

_SHOWN: Final = 200
_KEPT: Final = "public, max-age=300"  # seconds for which a cache may show the same


@door.page()
def needs(request: HttpRequest, settings: Settings, at: datetime) -> HttpResponse:
    """The open needs of this State, the soonest due first."""
    del request
    those = [(TOPICS[need.topic], UNITS[need.unit], need) for need in _open(settings.state, _minute(at))]
    answer = door.shown("needs.html", here="needs", needs=those)
    answer["Cache-Control"] = _KEPT
    return answer


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@lru_cache(maxsize=1)
def _open(state: str, minute: datetime) -> tuple[Need, ...]:
    """Those that everybody may see. Who asks again within the minute costs the database nothing."""
    del minute
    those = [need for need in desk.open_needs() if need.state == state and need.release.everyone]
    return tuple(sorted(those, key=lambda need: (need.by, need.reference))[:_SHOWN])
