"""What the node's processes hold in memory, when their parent's id is known (Linux)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Self

from comity.conformance.verdict import Probe, Verdict
from comity.errors import Invalid

_PAUSE = 0.25  # seconds between two looks
_SPARE = 64 << 20  # bytes by which it may have grown in the end
_PEAK = 256 << 20  # bytes by which it may grow for a while
_SHARE = 4  # or a quarter of what it held, if that is more
_PROC = Path("/proc")


def held(pid: int) -> int:
    """Resident bytes of the process `pid` and of all its descendants. Raises Invalid: there is no such process."""
    parents: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for status in _PROC.glob("[0-9]*/status"):
        try:
            rows = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:  # ended meanwhile
            continue
        number = int(status.parent.name)
        parents[number] = int(rows["PPid"])
        sizes[number] = int(rows.get("VmRSS", "0 kB").split()[0]) << 10
    if pid not in parents:
        raise Invalid(f"There is no process {pid} to look at.", code="conformance.pid", where="--pid")
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(sizes[member] for member in family)


class Watch:
    """Looks at a node's memory while the attacks run. Use it as a context manager.

    Args:
        pid: of the node's parent process; 0 when it is not known.
    """

    def __init__(self, pid: int) -> None:
        self._pid, self._end = pid, threading.Event()
        self._first = self._last = self._peak = held(pid) if pid else 0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._end.wait(_PAUSE):
            try:
                self._last = held(self._pid)
            except Invalid:  # it died; that nobody answers is found elsewhere
                return
            self._peak = max(self._peak, self._last)

    def __enter__(self) -> Self:
        """Begin to look."""
        if self._pid:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._end.set()
        if self._pid:
            self._thread.join()

    def probes(self) -> list[Probe]:
        """Whether it stayed flat; nothing when the process is not known."""
        if not self._pid:
            return []
        grown, peak = self._last - self._first, self._peak - self._first
        got = f"{self._first >> 20} MiB at first, {self._peak >> 20} at most, {self._last >> 20} in the end"
        flat = grown <= max(_SPARE, self._first // _SHARE) and peak <= _PEAK
        return [Probe("everything above", got, Verdict.KEPT if flat else Verdict.BROKEN)]
