"""The campaign of the simulated conversation: a million seeds, resumable; and the table of planted faults.

    python bench/simulate.py [--seeds N] [--from SEED] [--state FILE] [--jobs N]   what clients would complain of, by seed
    python bench/simulate.py --long [the same]                                     where lines are cut for many days
    python bench/simulate.py --planted [--seeds N]                                 how soon each planted fault is found
    python bench/simulate.py --replay [--seeds N]                                  the same seed twice: the same trace
    python bench/simulate.py --compiled [the same, but --planted]                  the same code as machine code: much faster

`--compiled` needs a C compiler and setuptools: mypyc makes an extension of the very sources for as long as the run lasts.
The traces stay the same, by which `--replay` can be compared with itself.

A seed is some weeks of three to seven nodes with every trouble at once; `tests/simulation.py` says what is simulated and
what is real. Each complaint is printed with its seed, from which it can be had again. Ends with 1 if there was any.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # behind what is compiled, if anything is

from simulation import World

ROOT = Path(__file__).parent.parent
CHUNK = 250  # seeds between two notes of how far it is
CORE = ("exchange", "remembered", "_asking", "_remembering", "_receiving", "conversation")


def chunk(first: int, *, long: bool = False) -> tuple[int, list[tuple[int, str]], int, int]:
    """(first seed, complaints with their seeds, exchanges, letters that arrived) of `CHUNK` seeds."""
    complaints, exchanges, letters = [], 0, 0
    gc.disable()
    for seed in range(first, first + CHUNK):
        world = World(seed, long=long).run()
        complaints += [(seed, fault) for fault in world.faults]
        exchanges += sum(world.sent.values())
        letters += sum(sum(node.shown_times.values()) for node in world.nodes.values())
        world.close()
    gc.collect()
    return first, complaints, exchanges, letters


def _load(file: Path | None, first: int) -> dict[str, object]:
    if file is not None and file.exists():
        return dict(json.loads(file.read_text("utf-8")))
    return {"from": first, "next": first, "exchanges": 0, "letters": 0, "complaints": []}


def _chunks(firsts: Iterable[int], jobs: int, *, long: bool) -> Iterator[tuple[int, list[tuple[int, str]], int, int]]:
    one = partial(chunk, long=long)
    if jobs == 1:
        yield from map(one, firsts)
    else:
        with multiprocessing.Pool(jobs) as pool:
            yield from pool.imap(one, firsts)


def campaign(seeds: int, first: int, file: Path | None, jobs: int, *, long: bool) -> int:
    """Run, go on where the last run stopped, and note how far it is after every chunk."""
    state = _load(file, first)
    start, end = int(str(state["next"])), int(str(state["from"])) + seeds
    began, complaints = time.monotonic(), list(state["complaints"])  # type: ignore[call-overload]
    for at, found_here, exchanges, letters in _chunks(range(start, end, CHUNK), jobs, long=long):
        complaints += found_here
        state["next"], state["complaints"] = at + CHUNK, complaints
        state["exchanges"] = int(str(state["exchanges"])) + exchanges
        state["letters"] = int(str(state["letters"])) + letters
        for seed, complaint in found_here:
            print(f"\nseed {seed}: {complaint}", flush=True)
        if file is not None:
            draft = file.with_suffix(".part")
            draft.write_text(json.dumps(state), "utf-8")
            draft.replace(file)
        done, left = at + CHUNK - start, end - at - CHUNK
        rate = done / (time.monotonic() - began)
        print(
            f"\r{at + CHUNK - int(str(state['from'])):,} of {seeds:,} seeds, {len(complaints)} complaints, "
            f"{rate:.0f} seeds/s, {left / rate / 60:.0f} min left ", end="", flush=True,
        )  # fmt: skip
    print(f"\n{state['letters']:,} letters, {state['exchanges']:,} exchanges; complaints: {len(complaints)}")
    return 1 if complaints else 0


def planted(seeds: int, first: int) -> int:
    """Print how many seeds each planted fault lived."""
    from planted import FAULTS, found  # noqa: PLC0415  its classes cannot stand on compiled ones

    missed = 0
    for title in FAULTS:
        began = time.monotonic()
        at = found(title, range(first, first + seeds))
        missed += at is None
        where = f"seed {at[0] - first + 1:>5} {at[1][:70]}" if at else "NOT FOUND"
        print(f"{title:<60} {time.monotonic() - began:6.1f} s  {where}", flush=True)
    print(f"found {len(FAULTS) - missed} of {len(FAULTS)} within {seeds} seeds")
    return 1 if missed else 0


def replay(seeds: int, first: int) -> int:
    """Run each seed twice and compare everything that happened; the digest is of all of it."""
    other, all_of_it = [], hashlib.sha256()
    for seed in range(first, first + seeds):
        trace = World(seed).run().hash
        all_of_it.update(trace.encode())
        other += [seed] * (World(seed).run().hash != trace)
    print(f"{seeds - len(other)} of {seeds} seeds gave the same trace twice: {all_of_it.hexdigest()}", other or "")
    return 1 if other else 0


def compiled(options: list[str]) -> int:
    """Run this with `options` once more, on extensions made of the simulation and of the core that it simulates."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src/comity", Path(folder, "comity"), ignore=shutil.ignore_patterns("node"))
        shutil.copy(ROOT / "tests/simulation.py", folder)
        sources = [f"comity/wire/{name}.py" for name in CORE] + ["simulation.py"]
        mypyc = [sys.executable, "-m", "mypyc", "--ignore-missing-imports", "--follow-imports=silent", *sources]
        made = subprocess.run(mypyc, cwd=folder, capture_output=True, text=True, check=False)
        if made.returncode:
            print(
                made.stdout, made.stderr, "It cannot be compiled: see above. It runs without --compiled too.", sep="\n"
            )
            return made.returncode
        return subprocess.call([sys.executable, __file__, *options], env={**os.environ, "PYTHONPATH": folder})


def main() -> int:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=0, help="how many (1,000,000; planted 5,000; replay 1,000)")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--state", type=Path, help="where to keep how far it is; an earlier run is continued")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--long", action="store_true", help="lines are cut for longer than anybody waits")
    parser.add_argument("--planted", action="store_true", help="the table of planted faults")
    parser.add_argument("--replay", action="store_true", help="the same seed twice")
    parser.add_argument("--compiled", action="store_true", help="as machine code")
    given = parser.parse_args()
    if given.planted and given.compiled:
        parser.error("faults are planted in what is not compiled: leave out one of --planted and --compiled")
    if given.compiled:
        return compiled([option for option in sys.argv[1:] if option != "--compiled"])
    if given.planted:
        return planted(given.seeds or 5_000, given.first)
    if given.replay:
        return replay(given.seeds or 1_000, given.first)
    return campaign(given.seeds or 1_000_000, given.first, given.state, given.jobs, long=given.long)


if __name__ == "__main__":
    sys.exit(main())
