"""The campaign of recalls: random topologies of ten nodes with partitions and holders that do not conform; resumable.

    python bench/recall.py [--seeds N] [--from SEED] [--state FILE]

`tests/recalling.py` says what is played and what must hold. Each fault is printed with its seed, from which it can be had
again. Ends with 1 if there was any.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from recalling import World

CHUNK = 50  # seeds between two notes of how far it is


def campaign(seeds: int, first: int, file: Path | None) -> int:
    """Run, go on where the last run stopped, and note how far it is after every chunk."""
    state = {"from": first, "next": first, "recalls": 0, "copies": 0, "notices": 0, "faults": []}
    if file is not None and file.exists():
        state = json.loads(file.read_text("utf-8"))
    began, start, end = time.monotonic(), state["next"], state["from"] + seeds
    for chunk in range(start, end, CHUNK):
        for seed in range(chunk, min(chunk + CHUNK, end)):
            world = World(seed).run()
            state["recalls"] += sum(map(len, world.recalled.values()))
            state["copies"] += sum(map(len, world.copies.values()))
            state["notices"] += world.notices
            for fault in world.faults:
                state["faults"].append([seed, fault])
                print(f"\nseed {seed}: {fault}", flush=True)
        state["next"] = min(chunk + CHUNK, end)
        if file is not None:
            draft = file.with_suffix(".part")
            draft.write_text(json.dumps(state), "utf-8")
            draft.replace(file)
        rate = (state["next"] - start) / (time.monotonic() - began)
        print(f"\r{state['next'] - state['from']:,} of {seeds:,} seeds, {rate:.0f} seeds/s ", end="", flush=True)
    print(
        f"\n{state['recalls']:,} recalls of {state['copies']:,} copies in {state['notices']:,} notices; "
        f"faults: {len(state['faults'])}"
    )
    return 1 if state["faults"] else 0


def main() -> int:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--state", type=Path, help="where to keep how far it is; an earlier run is continued")
    given = parser.parse_args()
    return campaign(given.seeds, given.first, given.state)


if __name__ == "__main__":
    sys.exit(main())
