"""The campaign against the clocks, bench/clocks.py, and its oracle, for tests that look at smaller pieces."""

import sys
from pathlib import Path

COMMAND = Path(__file__).parent.parent / "bench" / "clocks.py"
sys.path.insert(0, str(COMMAND.parent))
try:
    import _clock_oracle as oracle
    import clocks as campaign
finally:
    sys.path.pop(0)

__all__ = ["COMMAND", "campaign", "oracle"]
