"""Room on the disk for files of the public: taken before a byte of them is written, and given back when they are kept or gone.

The public's door is one process, and nobody else writes such files: what its requests have been promised is counted here. What
is kept is counted by the rows of reports. Evidence and messages of the node's cases have the rest of the disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from django.db.models import Count, Sum

from comity.errors import NotPossible
from comity.node import models
from comity.node.settings import Settings

SPARE: Final = 4 << 30  # bytes of the disk that files of the public leave free: more than collecting evidence does
_COPIES: Final = 2  # of a file: as it comes in, and in the vault
_FILE: Final = 8 << 10  # bytes that a file takes beside its own


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


def _kept() -> int:
    """Bytes of the files of all reports."""
    found = models.ReportFile.objects.aggregate(bytes=Sum("size"), files=Count("pk"))
    return (found["bytes"] or 0) + _FILE * int(found["files"])


of_the_public: Final = Room()
"""The room of this process."""
