"""One peer floods the peers' door at a hundred times its share: what another peer, officers and the memory notice.

    python bench/flood.py [--seconds N]

Prints p99 of the other peer without and with the flood. Ends with 1 if it more than doubled or memory grew by a quarter.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from flooding import HELD, SHARE, flooded, measured


def main() -> int:
    """Read the command line and measure."""
    given = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    given.add_argument("--seconds", type=float, default=60.0)
    with tempfile.TemporaryDirectory() as folder, flooded(Path(folder), share=SHARE, at_once=HELD) as door:
        found = measured(door, given.parse_args().seconds)
    print(found.line)
    return int(found.flooded > 2 * found.calm or found.after > 1.25 * found.before)


if __name__ == "__main__":
    sys.exit(main())
