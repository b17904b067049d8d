"""Two nodes that are killed all the time while clients talk through them, and a judge who knows only what the clients saw."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import apart
import crash_parts
import warm
from crash_parts import POINTS, beside

from comity.demo.nodes import Node, Person, make_all

AT_ONCE = 5  # points that are armed together
RARE = tuple(point for point in POINTS if point.startswith(("checkpoint", "cosign", "prove")))  # every few seconds only

PEOPLE = (
    Person("drafter", "Drafter (exercise)", "desk", ("draft",)),
    Person("chief", "Chief (exercise)", "desk", ("approve", "decide")),
)


class Crasher(Node):
    """A node that can be killed piece by piece.

    `weakness` names what is taken out of it; `door` is where peers look for it, if not on loopback, and `space` the network
    namespace (`apart`) in which it lives then.
    """

    weakness, door, space = "none", "", ""

    def make(self) -> None:
        """Make its home, as one that is looked for at `door`."""
        self.peers = self.door or self.peers
        super().make()

    def start(self) -> None:
        """Start it with its points."""
        files = (Path(os.devnull), self.log, self.log)
        self.process = warm.Running(*self.at_home(crash_parts.serve, self.home, self.weakness), files=files)
        self.starts += 1

    def at_home(self, target: Callable[..., object], *given: object) -> tuple:
        """`target` and what is given to it, as a process does it that has the node's network."""
        return (apart.within, self.space, target, *given) if self.space else (target, *given)

    def pid(self, name: str) -> int:
        """The process id of one of its parts; 0 while there is none."""
        try:
            return int(beside(self.home, f"{name}.pid").read_text())
        except (OSError, ValueError):
            return 0


def two_nodes() -> tuple[Crasher, Crasher]:
    """Iran and Viet Nam, each the other's witness."""
    return (
        Crasher("IR", "en", "UTC", ("VN",), PEOPLE, ()), Crasher("VN", "en", "UTC", ("IR",), PEOPLE, ()),
    )  # fmt: skip


def three_nodes() -> tuple[Crasher, Crasher, Crasher]:
    """Iran and Viet Nam, and Qatar, which is the witness of both; Iran is Qatar's."""
    return (
        Crasher("IR", "en", "UTC", ("QA",), PEOPLE, ()), Crasher("VN", "en", "UTC", ("QA",), PEOPLE, ()),
        Crasher("QA", "en", "UTC", ("IR",), PEOPLE, ()),
    )  # fmt: skip


def make(folder: Path, doors: Sequence[str] = (), nodes: Sequence[Crasher] = ()) -> Path:
    """Nodes that never ran, for any number of campaigns one after another; the folder.

    Args:
        folder: a new one.
        doors: addresses at which peers look for them; none: on loopback.
        nodes: which; none: two.
    """
    folder.mkdir(parents=True, exist_ok=True)
    nodes = nodes or two_nodes()
    for node, door in zip(nodes, doors or [""] * len(nodes), strict=True):
        node.door = door
    make_all(nodes, folder)
    return folder


@dataclass
class Verdict:
    """What the clients would complain of, and what was done to the nodes.

    Args:
        told: messages that a client was told are sent.
        kills: how often each point or part was hit.
        lost: told to be sent, and not to be found at the other node.
        doubled: found there more than once.
        stuck: waiting for something after the quiet.
        disordered: cases whose messages stand in another order there.
        unlike: envelopes for which there are two receipts.
        invented: found there, and never said.
    """

    told: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> dict[str, list[str]]:
        """Everything that should not be."""
        names = ("lost", "doubled", "stuck", "disordered", "unlike", "invented")
        return {name: found for name in names if (found := getattr(self, name))}


class Campaign:
    """Nodes below `folder`, clients at them, and who kills them.

    Args:
        made: where `make` made the nodes; left as it is.
        folder: a new one, for this campaign.
        seed: decides whom and where.
        weakness: taken out of both nodes.
        points: where they are killed; all by default.
        rare: share of the kills for which a rare point is waited for.
    """

    made_of: Callable[[], Sequence[Crasher]] = staticmethod(two_nodes)

    def __init__(
        self, made: Path, folder: Path, seed: int, *, weakness: str = "none", points: tuple[str, ...] = POINTS,
        rare: float = 0.02,
    ) -> None:  # fmt: skip
        self.nodes, self._rng, self._points = self.made_of(), random.Random(seed), points
        self._strikes, self._weakness = Counter[str](), weakness
        self._clients: list[warm.Running] = []
        self._calm, self._rare = threading.Lock(), rare
        shutil.copytree(made, folder)
        for node in self.nodes:
            node.home = folder / node.state
            settings = tomllib.loads((node.home / "node.toml").read_text())
            node.officers, node.peers = settings["officers"], settings["peers"]
            beside(node.home, "killed").touch()
            beside(node.home, "told").touch()

    def run(self, kills: int, *, seconds: float, quiet: float = 60.0, pause: float = 0.02) -> Verdict:
        """Kill until `kills` were made or `seconds` are over; then let the nodes come to rest, and judge."""
        for node in self.nodes:
            node.weakness = self._weakness
            node.start()
        try:
            for node, other in self.talks():
                self._client(node, other, pause)
            self._warm(60.0)
            end = time.monotonic() + seconds
            share = [kills // 2, kills - kills // 2]
            killers = [
                threading.Thread(target=self._kill, args=(node, part, end))
                for node, part in zip(self.nodes, share, strict=True)
            ]
            for killer in killers:
                killer.start()
            for killer in killers:
                killer.join()
            self.settle(quiet)
            return self.judge()
        finally:
            self.close()

    def talks(self) -> list[tuple[Crasher, Crasher]]:
        """Who speaks to whom, each at one client."""
        return [(self.nodes[0], self.nodes[1]), (self.nodes[1], self.nodes[0])]

    def _warm(self, seconds: float) -> None:
        """Wait until the clients of both nodes were told something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not all(
            beside(node.home, "told").read_text().count('"told"') > 3 for node in self.nodes
        ):
            time.sleep(0.1)

    def _client(self, node: Crasher, other: Crasher, pause: float) -> None:
        given, files = (
            (node.home, other.state, beside(node.home, "told"), pause),
            (Path(os.devnull), node.log, node.log),
        )
        self._clients.append(warm.Running(crash_parts.client, *given, files=files))

    def close(self) -> None:
        """End everything that was started."""
        self._silence()
        for node in self.nodes:
            node.stop()

    def _kill(self, node: Crasher, kills: int, end: float) -> None:
        """Kill parts of one node, mostly at named points, the least used first."""
        rng, made = random.Random(self._rng.random()), 0
        while made < kills and time.monotonic() < end:
            chance = rng.random()
            with self._calm if chance < self._rare else nullcontext():
                if chance < self._rare:
                    made += self._arm(node, RARE, rng, 6.0)
                elif chance < 0.8:
                    made += self._arm(node, [point for point in self._points if point not in RARE], rng, 1.0)
                else:
                    made += self._strike(node, rng)
                    time.sleep(rng.random() * 0.1)
            with self._calm:  # while rare points are waited for, nobody else dies
                pass
            if not node.alive():
                node.start()

    def _arm(self, node: Crasher, points: Sequence[str], rng: random.Random, patience: float) -> int:
        """Arm those of `points` that were hit least, until one of them is hit; how many were."""
        armed, done = beside(node.home, "armed"), beside(node.home, "killed")
        before = done.read_text().splitlines()
        held = Counter(before)
        least = sorted(points, key=lambda point: held[point] + rng.random() * 2)[:AT_ONCE]
        fresh = armed.with_suffix(".new")
        fresh.write_text(" ".join(least))
        fresh.replace(armed)
        until = time.monotonic() + patience
        while time.monotonic() < until and armed.exists():
            time.sleep(0.005)
        armed.unlink(missing_ok=True)
        return len(done.read_text().splitlines()) - len(before)

    def _strike(self, node: Crasher, rng: random.Random) -> int:
        part = rng.choice(["courier"] * 6 + ["peers"] * 6 + ["client"] * 2 + ["node"] * 2)
        if part == "node":
            node.kill()
        elif pid := node.pid(part):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return 0
        self._strikes[f"anywhere in {part}"] += 1
        return 1

    def _silence(self) -> None:
        """End the clients: they die with their parents."""
        for process in self._clients:
            process.kill()
            process.wait()

    def settle(self, quiet: float) -> None:
        """Silence the clients and wait until nothing is under way, at most `quiet` seconds."""
        self._silence()
        for node in self.nodes:
            if not node.alive():
                node.start()
        end = time.monotonic() + quiet
        while time.monotonic() < end and any(self._under_way(node) for node in self.nodes):
            time.sleep(0.25)

    @staticmethod
    def _under_way(node: Crasher) -> bool:
        questions = ("select count(*) from node_departure where stage in ('relay', 'consignment')",
                     "select count(*) from node_arrival where status = 'waiting'")  # fmt: skip
        with suppress(sqlite3.OperationalError), sqlite3.connect(node.home / "db.sqlite3", timeout=5) as held:
            return any(held.execute(question).fetchone()[0] for question in questions)
        return True

    # ── the judge ───────────────────────────────────────────────────────────────────────────────────────────────────

    def judge(self) -> Verdict:
        """Compare what clients were told with what clients of the other node see."""
        verdict = Verdict(kills=self._counted())
        talks = self.talks()
        pairs = {pair for node, other in talks for pair in ((node.state, other.state), (other.state, node.state))}
        named = {node.state: node for node in self.nodes}
        seen = {(one, two): self._read(named[one], named[two]) for one, two in sorted(pairs)}
        for node, other in talks:
            self._judge_messages(node, seen[other.state, node.state], verdict)
        for one, two in sorted(pairs):
            self._judge_envelopes(seen[one, two], seen[two, one], verdict)
        return verdict

    def _counted(self) -> Counter[str]:
        hit = Counter[str](self._strikes)
        for node in self.nodes:
            hit.update(beside(node.home, "killed").read_text().splitlines())
        return hit

    @staticmethod
    def _read(node: Crasher, other: Crasher) -> dict:
        done = warm.done(*node.at_home(crash_parts.read, node.home, other.state))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @staticmethod
    def _judge_messages(node: Crasher, there: dict, verdict: Verdict) -> None:
        noted = [json.loads(line) for line in beside(node.home, "told").read_text().splitlines()]
        told = [(case, message) for what, case, message in noted if what == "told"]
        tried = {message for what, _, message in noted if what == "tried"}
        verdict.told += len(told)
        found = {case: [said for by, said in acts if by == node.state] for case, acts in there["cases"].items()}
        everywhere = Counter(said for acts in found.values() for said in acts)
        verdict.lost += [message for case, message in told if message not in found.get(case, ())]
        verdict.doubled += [message for message, count in everywhere.items() if count > 1]
        verdict.invented += [message for message in everywhere if message not in tried]
        order = {message: place for place, (_, _, message) in enumerate(noted)}
        verdict.disordered += [
            case for case, acts in found.items() if acts != sorted(acts, key=lambda one: order.get(one, -1))
        ]

    @staticmethod
    def _judge_envelopes(here: dict, there: dict, verdict: Verdict) -> None:
        for digest, (stage, receipt, trouble) in here["sent"].items():
            status, given, code = there["got"].get(digest, ("absent", "", ""))
            if stage not in {"handover", "done"} or status != "admitted":
                verdict.stuck.append(f"{digest[:8]} {stage} {trouble} {status} {code}")
            if receipt != given:
                verdict.unlike.append(f"{digest[:8]} {stage}")
        verdict.unlike += [f"{digest[:8]} asked again" for digest, receipt in here["asked"].items()
                           if receipt != here["sent"][digest][1]]  # fmt: skip
