"""What a node's processes hold, and what they have used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from comity.demo import nodes


def _files(node: nodes.Node, name: str) -> Iterator[str]:
    """What the kernel says under this name of each of the node's processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"comity.node.run" in (line := path.read_bytes()) and str(node.home).encode() in line:
                yield (path.parent / name).read_text()
        except OSError:
            continue


def memory(node: nodes.Node) -> float:
    """Resident memory of the node's largest process, MiB."""
    lines = (line for text in _files(node, "status") for line in text.splitlines() if line.startswith("VmRSS:"))
    return max((int(line.split()[1]) for line in lines), default=0) / 1024


def used(node: nodes.Node) -> float:
    """Seconds of processor time that the node's processes have used."""
    fields = (text.rpartition(")")[2].split() for text in _files(node, "stat"))
    return sum(int(user) + int(system) for *_, user, system in (found[:13] for found in fields)) / os.sysconf(
        "SC_CLK_TCK"
    )
