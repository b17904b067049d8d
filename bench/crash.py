"""The campaign of kills: ten thousand SIGKILLs at named and at random points, resumable.

    python bench/crash.py [--kills N] [--state FILE] [--round N] [--folder FOLDER] [--seed SEED]

Each round starts two fresh nodes with clients, kills them `--round` times and judges what the clients saw;
`tests/crashing.py` says how. What was found is noted in FILE after each round, and a later start goes on there. Each
complaint is printed with the seed of its round, whose folder is kept. Ends with 1 if there was any.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from crashing import POINTS, Campaign, Verdict, make

RARE_SHARE = 0.15  # of the kills: for points that are reached every few seconds only


@dataclass
class State:
    """How far the campaign is, as its file keeps it.

    Args:
        seed: of the next round.
        told: messages that clients were told are sent.
        kills: by point.
        complaints: [seed, kind, what], of all rounds.
    """

    seed: int
    told: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    complaints: list[list[object]] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Take in what a round found."""
        self.complaints += [[self.seed, kind, one] for kind, those in verdict.complaints.items() for one in those]
        self.kills.update(verdict.kills)
        self.told += verdict.told
        self.seed += 1


def _load(file: Path | None, seed: int) -> State:
    if file is None or not file.exists():
        return State(seed)
    kept = json.loads(file.read_text("utf-8"))
    return State(**kept | {"kills": Counter(kept["kills"])})


def _keep(file: Path | None, state: State) -> None:
    if file is not None:
        draft = file.with_suffix(".part")
        draft.write_text(json.dumps(vars(state)), "utf-8")
        draft.replace(file)


def _show(state: State, began: float, done_before: int, wanted: int) -> None:
    done = state.kills.total()
    rate = (done - done_before) / (time.monotonic() - began)
    print(f"{done:,} of {wanted:,} kills, {state.told:,} messages, {len(state.complaints)} complaints, "
          f"{rate:.1f} kills/s, {max(0, wanted - done) / rate / 60:.0f} min left", flush=True)  # fmt: skip


def campaign(kills: int, file: Path | None, each: int, folder: Path, seed: int) -> int:
    """Rounds until `kills` were made in all; how many kinds of complaint there are."""
    state = _load(file, seed)
    made = make(folder / "made")
    began, before = time.monotonic(), state.kills.total()
    while state.kills.total() < kills:
        this = state.seed
        run = folder / f"round-{this}"
        shutil.rmtree(run, ignore_errors=True)
        verdict = Campaign(made, run, this, rare=RARE_SHARE).run(each, seconds=each * 5)
        state.add(verdict)
        _keep(file, state)
        for kind, found in verdict.complaints.items():
            print(f"seed {this}: {kind}: {found}", flush=True)
        if not verdict.complaints:
            shutil.rmtree(run)
        _show(state, began, before, kills)
    return _report(state)


def _report(state: State) -> int:
    for name in (*POINTS, *sorted(set(state.kills) - set(POINTS))):
        print(f"{state.kills[name]:>8,}  {name}")
    found = Counter(kind for _, kind, _ in state.complaints)
    print(f"{state.kills.total():,} kills, {state.told:,} messages that clients were told are sent")
    print(
        ", ".join(f"{kind} {found[kind]}" for kind in ("lost", "doubled", "stuck", "disordered", "unlike", "invented"))
    )
    return 1 if found else 0


def main() -> int:
    """Read the command line and run."""
    given = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    given.add_argument("--kills", type=int, default=10_000)
    given.add_argument("--state", type=Path, help="where to note how far it is")
    given.add_argument("--round", type=int, default=250, help="kills of one pair of nodes")
    given.add_argument("--folder", type=Path, help="for the nodes; a temporary one by default")
    given.add_argument("--seed", type=int, default=1)
    wanted = given.parse_args()
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix="comity-crash-"))
    ended = campaign(wanted.kills, wanted.state, wanted.round, folder, wanted.seed)
    if not ended and wanted.folder is None:
        shutil.rmtree(folder)
    return ended


if __name__ == "__main__":
    sys.exit(main())
