"""The directory: what each State says about itself, what this node makes of it, and what others say.

The page is for two officers who compare fingerprints aloud, and for one who must reach another State at night: so it has the
words to read out, the code to scan, and the time that it is now where the other one sits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_date
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from comity.node import archive, models
from comity.node.officers import markup, reading
from comity.node.officers.answers import answered
from comity.node.settings import current
from comity.wire.directory import Authority, DatedKey, Entry
from comity.wire.remembered import Stage
from comity.wording import aloud


@dataclass(frozen=True)
class Clock:
    """An authority with the time that it is now where it sits.

    Args:
        authority: as its State names it.
        now: day of the week and time there, with the offset; empty when its zone is none.
    """

    authority: Authority
    now: tuple[str, str] | tuple[()]


@dataclass(frozen=True)
class Held:
    """A key of a State.

    Args:
        key: as its State names it.
        standing: ``valid``, ``ended``, ``revoked`` or ``to-come``.
    """

    key: DatedKey
    standing: str


@dataclass(frozen=True)
class Line:
    """Whether a State's node answers ours.

    Args:
        standing: ``answers``, ``silent`` or ``unused``.
        waiting: how many messages it has not receipted.
        trouble: code of why the last attempt failed.
        heard_at: when something came from it last.
    """

    standing: str
    waiting: int
    trouble: str
    heard_at: datetime | None


@dataclass(frozen=True)
class Listed:
    """A State as the page shows it; `entry` and what follows from it are None and empty when it cannot be read.

    Args:
        state: its code.
        entry: the newest version that this node goes by.
        row: how it was pinned; None for this node's own State.
        came: how the newest version came here.
        line: None for this node's own State.
        told: what others say about it.
        forks: its versions that contradict accepted ones.
    """

    state: str
    entry: Entry | None
    at: datetime
    row: models.Peer | None
    came: models.EntryVersion | None
    line: Line | None
    told: list[archive.Told]
    forks: list[models.EntryVersion]

    @property
    def words(self) -> tuple[str, ...]:
        """Its fingerprint in the words of the page's language, the last one a check."""
        return aloud.spoken(self.entry.fingerprint, markup.language()) if self.entry else ()

    @property
    def drawn(self) -> SafeString:
        """Its fingerprint as a square code, which `comity.wording.aloud.heard` reads."""
        text = aloud.scanned(self.state, self.entry.fingerprint) if self.entry else ""
        return SafeString(segno.make_qr(text, error="m").svg_inline(scale=4, border=4, omitsize=True, svgclass=None))

    @property
    def followed(self) -> bool:
        """Whether the newest version came by itself, after the one whose fingerprint an officer compared."""
        return self.row is not None and self.came is not None and self.came.at > self.row.pinned_at

    @property
    def stale(self) -> bool:
        """Whether it was not confirmed for more than a year."""
        return self.entry is not None and self.entry.stale(self.at.date())

    def authorities(self) -> Iterator[Clock]:
        """Each authority with its time."""
        for authority in self.entry.authorities if self.entry else ():
            yield Clock(authority, _there(authority.zone, self.at))

    def keys(self) -> list[Held]:
        """Its keys, those that are valid now first."""
        found = [Held(key, _standing(key, self.at)) for key in (self.entry.keys if self.entry else ())]
        return sorted(found, key=lambda held: held.standing != "valid")


def _there(zone: str, at: datetime) -> tuple[str, str] | tuple[()]:
    try:
        local = at.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return ()
    words = f"{format_date(local, 'EEEE', locale=markup.language())} {local:%H:%M}"
    offset = f"{local:%z}"
    return markup.digits(words), f"UTC{offset[:3]}:{offset[3:5]}"


def _standing(key: DatedKey, at: datetime) -> str:
    if key.revoked is not None and at >= key.revoked:
        return "revoked"
    return "valid" if key.holds(at) else "to-come" if at < key.since else "ended"


def _line(state: str) -> Line:
    sent = models.Departure.objects.filter(peer=state)
    waiting = sent.filter(stage=Stage.RELAY)
    tried = waiting.filter(~Q(trouble="")).order_by("-made_at").first()
    arrival = models.Arrival.objects.filter(hop=state).order_by("-at").first()
    used = arrival is not None or sent.filter(relayed=True).exists()
    standing = "silent" if tried is not None else "answers" if used else "unused"
    return Line(standing, waiting.count(), tried.trouble if tried else "", arrival.at if arrival else None)


def _listed(state: str, entry: Entry | None, row: models.Peer | None, at: datetime) -> Listed:
    came = models.EntryVersion.objects.filter(state=state, digest=entry.digest).first() if entry else None
    forks = [fork for fork in archive.forks() if fork.state == state]
    return Listed(state, entry, at, row, came, _line(state) if row else None, archive.told(state), forks)


@require_safe
@answered
def directory(request: HttpRequest) -> HttpResponse:
    """This State's own entry with the head of its log, and every State that is pinned here."""
    settings, at = current(), timezone.now()
    witnesses = reading.witnesses(settings)
    pinned = [witness.state for witness in witnesses if witness.pinned]
    shown = {
        "own": _listed(settings.state, reading.own(settings), None, at),
        "peers": [_listed(row.state, entry, row, at) for row, entry in reading.peers(settings)],
        "head": reading.log_head(),
        "witnesses": witnesses,
        "stampers": reading.stampers(settings),
        "lone": pinned[0] if len(pinned) == 1 else "",
    }
    return render(request, "directory.html", shown)
