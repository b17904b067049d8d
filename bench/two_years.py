"""Forty nodes, two years, one session of the Conference: figures that reconcile, and that give no small one away.

    python bench/two_years.py [--nodes N] [--cases N] [--seed N] [--state FOLDER]   through the nodes; it can be continued
    python bench/two_years.py --figures [--nodes N] [--cases N] [--seed N] [--seeds N]   made-up cases, no nodes: larger

Through the nodes: each State has its home folder, keys, database and desks; requests, answers, needs, offers, programmes and
test calls cross as sealed bytes; some States are away at times. Each quarter every State publishes. In the end each pair with
cases reconciles, every count is altered, and one linear program over everything that all States have published looks for
hidden figures. What the session has before it goes to FOLDER/session.json. Ends with 1 if anything was lost or gone unnoticed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import course
import network
import session

from comity.reporting import reconciliation
from comity.reporting.axes import EXERCISE, REAL, edges
from comity.reporting.release import Release, attack

QUARTERS = [f"{year}-Q{number}" for year in (2027, 2028) for number in (1, 2, 3, 4)]
TIME = QUARTERS[0], QUARTERS[-1]
PUBLISHED = timedelta(days=20)  # after the end of a quarter
SIGNED = 400  # altered releases whose signature is tried, for each State


def through_nodes(given: argparse.Namespace) -> int:
    """The network; how many things went wrong."""
    folder = given.state or Path(tempfile.mkdtemp(prefix="comity-two-years-"))
    began = time.monotonic()
    states = course.STATES[: given.nodes]
    net = network.Network(folder, states, given.seed)
    _say(f"{len(states)} nodes, each knows all others", began)
    steps = course.plan(given.seed, states, given.cases, programmes=given.cases // 20, calls=given.cases // 10)
    for through in QUARTERS:
        at = edges(through)[1] + PUBLISHED
        net.run(steps, at)
        net.publish(through, at)
        _say(f"{through}: {len(net.taken):,} of {len(steps):,} steps, {net.carried['envelopes']:,} envelopes", began)
    at = edges(QUARTERS[-1])[1] + 2 * PUBLISHED
    net.reconcile(*TIME, at)
    _say(f"{len(net.pairs())} pairs have said their figures to each other", began)
    return _judge(net, folder, steps, given.seed, at, began)


def _judge(net: network.Network, folder: Path, steps: list[course.Step], seed: int, at: datetime, began: float) -> int:
    wrong = list(net.faults)
    left = [step for place, step in enumerate(steps) if place not in net.taken]
    differences, tried, found = Counter[str](), Counter[str](), Counter[str]()
    statements: dict[tuple[str, str], reconciliation.Statement] = {}
    for one, other in net.pairs():
        here = net.compared(one, other, *TIME)
        ours, theirs = net.said(one, other, *TIME), net.said(other, one, *TIME)
        there = net.compared(other, one, *TIME)
        differences.update(str(difference.why) for difference in here.differences)
        if {(a.why, a.acts) for a in here.differences} != {(a.why, a.acts) for a in there.differences}:
            wrong.append(f"{one} and {other} do not see the same differences")
        statements |= {(one, other): ours, (other, one): theirs}
        _, more, seen = session.reconciled(ours, theirs)
        tried += more
        found += seen
    wrong += [
        f"{why}: {number} unexplained" for why, number in differences.items() if why not in reconciliation.EXPLAINED
    ]
    wrong += [f"{kind}: {tried[kind] - found[kind]} not found" for kind in tried if found[kind] != tried[kind]]
    _say(
        f"altered in statements {dict(tried)}, found {dict(found)}; differences as they stand {dict(differences)}",
        began,
    )
    published = net.published()
    wrong += _signatures(net, published, seed, began)
    told = {state: [release for _, release in those] for state, those in published.items()}
    noticed = Counter[str]()
    for state, those in told.items():
        others = [each[-1] for name, each in told.items() if name != state]
        said = [one for (by, _), one in statements.items() if by == state]
        noticed += session.seen_through(those[-1], others, said)[1]
    _say(f"releases altered and signed by their own State: noticed {dict(noticed)}", began)
    wrong += _recovered(told, began)
    shown = {"states": session.report(told, nature=EXERCISE), "pairs": session.sums_of(told), "seed": seed,
             "at": at.isoformat(), "carried": dict(net.carried), "differences": dict(differences),
             "left": [vars(step) for step in left],
             "altered": dict(tried), "found": dict(found), "noticed": dict(noticed), "wrong": wrong}  # fmt: skip
    (folder / "session.json").write_text(json.dumps(shown, indent=1, default=str), "utf-8")
    _say(f"{dict(net.carried)}; steps that still wait: {len(left)}; report in {folder / 'session.json'}", began)
    return _end(wrong)


def _signatures(
    net: network.Network, published: dict[str, list[tuple[bytes, Release]]], seed: int, began: float
) -> list[str]:
    """Releases that somebody else has altered: each must be refused for its signature."""
    dice, tried, read = random.Random(seed), 0, 0
    for those in published.values():
        raw, release = those[-1]
        lies = list(session.tampered(release))
        more, taken = net.read_altered(raw, dice.sample(lies, min(len(lies), SIGNED)))
        tried, read = tried + more, read + taken
    _say(f"releases altered by others: {tried:,}, read {read}", began)
    return [f"{read} altered releases were read"] * bool(read)


def _recovered(told: dict[str, list[Release]], began: float) -> list[str]:
    alone = [f"{state}: {key}" for state, those in told.items() for key in attack(*those)]
    _say(f"figures recovered from each State's releases alone: {len(alone)}", began)
    hidden, lost, few = session.recovered(told)
    whole = sum(len(those[-1].cells) for those in told.values())
    _say(f"{hidden:,} of {whole:,} figures are hidden; recovered from all releases of all States: {len(lost)}"
         f"{'' if few else ', without what pairs that are not listed say'}", began)  # fmt: skip
    return [*alone, *map(str, lost)]


def figures_only(given: argparse.Namespace) -> int:
    """Made-up cases of the same States, without nodes; how many things went wrong."""
    wrong: list[str] = []
    for seed in range(given.seed, given.seed + given.seeds):
        began = time.monotonic()
        found = session.world(seed, given.nodes, given.cases, quarters=8)
        told = session.publish(found, [quarter.replace("2027", "2025").replace("2028", "2026") for quarter in QUARTERS])
        _say(f"seed {seed}: {given.nodes} States, {given.cases:,} cases, 8 releases each drawn", began)
        time_ = {"since": "2025-Q1", "through": "2026-Q4", "at": edges("2026-Q4")[1]}
        tried, seen = Counter[str](), Counter[str]()
        for one, other in sorted(
            {(a, fact.partner) for a, those in found.items() for fact in those if a < fact.partner}
        ):
            ours, theirs = (
                reconciliation.state(found[a], by=a, to=b, **time_) for a, b in ((one, other), (other, one))
            )
            stand, more, less = session.reconciled(ours, theirs)
            wrong += [f"{one} and {other} differ"] * bool(stand)
            tried, seen = tried + more, seen + less
        wrong += [f"{kind}: {tried[kind] - seen[kind]} not found" for kind in tried if tried[kind] != seen[kind]]
        _say(f"altered in statements {dict(tried)}, found {dict(seen)}", began)
        wrong += _recovered(told, began)
        session.report(told, nature=REAL)
    return _end(wrong)


def _say(text: str, began: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{time.monotonic() - began:7.1f} s  {used.ru_maxrss // 1024:5} MB  {text}", flush=True)


def _end(wrong: list[str]) -> int:
    for each in wrong:
        print(f"WRONG: {each}")
    print(f"wrong: {len(wrong)}")
    return 1 if wrong else 0


def main() -> int:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nodes", type=int, default=40, help="how many, at most 40 through the nodes")
    parser.add_argument("--cases", type=int, default=0, help="how many (1,200 through the nodes, 4,000 made up)")
    parser.add_argument("--seed", type=int, default=1, help="of the plan, and of the alterations")
    parser.add_argument("--seeds", type=int, default=1, help="with --figures: how many seeds from that one on")
    parser.add_argument("--state", type=Path, help="folder of the nodes; a run that was cut off is continued there")
    parser.add_argument("--figures", action="store_true", help="made-up cases, without nodes")
    given = parser.parse_args()
    given.cases = given.cases or (4_000 if given.figures else 1_200)
    return figures_only(given) if given.figures else through_nodes(given)


if __name__ == "__main__":
    sys.exit(main())
