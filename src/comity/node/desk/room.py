"""Room on the disk for what the public writes and sends: a flood fills its own share, and no more.

For files it is taken before a byte of them is written, and given back when they are kept or gone. The public's door is one
process, and nobody else writes such files: what its requests have been promised is counted here. What is kept is counted by the
rows of reports. Words have a share of their own (`for_words`). Evidence and messages of cases have the rest of the disk.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final

from django.db.models import Count, Sum

from comity.errors import NotPossible
from comity.node import models
from comity.node.settings import Settings

SPARE: Final = 4 << 30  # bytes of the disk that files of the public leave free: more than collecting evidence does
_COPIES: Final = 2  # of a file: as it comes in, and in the vault
_FILE: Final = 8 << 10  # bytes that a file takes beside its own
_ROW: Final = 1 << 10  # bytes that a report, or something done with it, takes beside its words
_SCARCE: Final = 0.8  # of the share of words, from which on officers are warned
_FRESH: Final = 10.0  # seconds that what is counted holds: at the pace of the door, some reports more


class Room:
    """What is promised to the requests that are worked on."""

    def __init__(self) -> None:
        self._promised, self._lock = 0, Lock()

    @contextmanager
    def taken(self, settings: Settings, size: int) -> Iterator[None]:
        """Room for files of one request, for as long as it is worked on.

        Args:
            settings: the node's.
            size: bytes, of all of them together at the most.

        Raises:
            NotPossible: ``report.room``: the disk would be too full, or the files of all reports too many.
        """
        with self._lock:  # looked at and promised in one, so that two requests are never given the same room
            free = shutil.disk_usage(settings.reports).free - _COPIES * (self._promised + size)
            if free < SPARE or _kept() + self._promised + size > settings.report_bytes:
                raise NotPossible("There is no room for files now.", code="report.room", where="files")
            self._promised += size
        try:
            yield
        finally:
            with self._lock:
                self._promised -= size


@dataclass
class _Counted:
    """What was counted last, and when."""

    size: int = 0
    at: float = float("-inf")


_counted = _Counted()


def for_words(settings: Settings) -> None:
    """Return when a report, or something to add to one, is still taken. Raises NotPossible: ``report.full``."""
    now = time.monotonic()
    if now - _counted.at > _FRESH:
        _counted.size, _counted.at = _words(), now
    if _counted.size >= settings.report_words:
        raise NotPossible("The reports that are kept fill their share of the disk.", code="report.full")


def scarce(settings: Settings) -> int:
    """How full the share of words is, in per cent, once that is worth a warning; else 0."""
    share = _words() / settings.report_words if settings.report_words else 1.0
    return min(100, int(100 * share)) if share >= _SCARCE else 0


def _words() -> int:
    """Bytes of the words of all reports, and of what was done with them."""
    found = 0
    for rows in (models.Report.objects, models.ReportAct.objects):
        said = rows.order_by().aggregate(bytes=Sum("size"), rows=Count("size"))
        found += (said["bytes"] or 0) + _ROW * int(said["rows"])
    return found


def _kept() -> int:
    """Bytes of the files of all reports."""
    found = models.ReportFile.objects.aggregate(bytes=Sum("size"), files=Count("pk"))
    return (found["bytes"] or 0) + _FILE * int(found["files"])


of_the_public: Final = Room()
"""The room of this process."""
