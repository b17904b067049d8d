"""What a node's processes hold."""

from __future__ import annotations

from pathlib import Path

from comity.demo import nodes


def memory(node: nodes.Node) -> float:
    """Resident memory of the node's largest process, MiB."""
    largest = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(node.home).encode() in path.read_bytes():
                line = next(line for line in (path.parent / "status").read_text().splitlines() if line[:6] == "VmRSS:")
                largest = max(largest, int(line.split()[1]))
        except (OSError, StopIteration):
            continue
    return largest / 1024
