"""What people are told about conversations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from comity.node import models

_KEPT: Final = 100
_DAY: Final = timedelta(days=1)


def note_alarm(peer: str, code: str, envelope: str = "", *, at: datetime, evidence: bytes = b"") -> None:
    """Let a person see what is the matter with the conversation with `peer`; the newest hundred of each code stay."""
    said = {"peer": peer, "code": code[:60]}
    models.Alarm.objects.create(at=at, envelope=envelope, evidence=evidence, **said)
    same = models.Alarm.objects.filter(**said).order_by("-pk").values_list("pk", flat=True)
    models.Alarm.objects.filter(pk__in=list(same[_KEPT : _KEPT + 10])).delete()


def note_alarm_daily(peer: str, code: str, envelope: str = "", *, at: datetime) -> None:
    """As `note_alarm`, but one a day of each code for a peer: of what goes on, more would say nothing new."""
    if not models.Alarm.objects.filter(peer=peer, code=code[:60], at__gt=at - _DAY).exists():
        note_alarm(peer, code, envelope, at=at)
