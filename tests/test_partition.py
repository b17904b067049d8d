"""Nodes whose lines are cut, deaf, half open, flapping, slow, double: once healed, they agree.

Two nodes, each the other's witness; and three, of which the witness of the others is cut off.

Each node has a network namespace of its own, with a proxy of ours between them before each door; where namespaces cannot be
made, both are on loopback. More schedules: ``python tests/test_partition.py --schedules N``.
"""

from __future__ import annotations

import argparse
import random
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apart
import pytest
from crashing import Campaign, Crasher, Verdict, beside, make, three_nodes
from proxy import OPEN, Proxy, Rule

from comity.node.settings import address

TROUBLES = {
    "cut": Rule(cut=True),
    "half open": Rule(hang=True),
    "one way": Rule(deaf=True),
    "slow, out of order, double": Rule(delay=0.6, twice=0.5),
    "lossy": Rule(lose=0.4, delay=0.1),
    "open": OPEN,
}
UNPLUGGED = "unplugged"  # the cable itself, in a namespace
PORT = 8442  # of the doors, in namespaces
HEALED = 30.0  # seconds that nodes may take to agree again, and ...
BACKLOG = 100.0  # ... as many messages as they catch up with in a second


class Partition(Campaign):
    """Nodes whose lines are in trouble; nobody is killed.

    Args:
        made: by `made_apart`.
        folder: as for `Campaign`.
        seed: decides the schedule.
    """

    def __init__(self, made: Path, folder: Path, seed: int) -> None:
        super().__init__(made, folder, seed)
        self._random = random.Random(seed)
        self._spaces = apart.Spaces([node.state for node in self.nodes]) if apart.possible() else None
        self.proxies: dict[str, Proxy] = {}
        self.schedule: list[tuple[str, str, str]] = []
        self.good = True

    def play(self, seconds: float) -> tuple[float, int]:
        """Trouble for so long, then none; (seconds until all agreed, messages that were behind when it ended)."""
        for number, node in enumerate(self.nodes):
            self._proxy(node, number)
            node.start()
        for node, other in self.talks():
            self._client(node, other, 0.05)
        self._warm(60.0)
        self._trouble(time.monotonic() + seconds)
        self._heal()
        self._silence()
        behind, healed = sum(map(self._behind, self.nodes)), time.monotonic()
        self.settle(2 * HEALED + behind / BACKLOG)
        return time.monotonic() - healed, behind

    def look(self) -> None:
        """See whether what this run is about was so."""

    def _trouble(self, end: float) -> None:
        """Trouble until then."""
        while time.monotonic() < end:
            self._next()
            time.sleep(self._random.choice((0.3, 1.0, 2.5)))  # short ones in a row: a line that flaps

    def _proxy(self, node: Crasher, number: int) -> None:
        """Put a proxy where `node` is looked for, and its door behind it."""
        place = address(node.peers)
        behind, space = (place[0], place[1] + 100), ""
        if self._spaces is not None:
            behind, space = (self._spaces.lies(number), PORT), self._spaces.of("hub")
            node.space = self._spaces.of(node.state)
        beside(node.home, "behind").write_text(f"{behind[0]} {behind[1]}")
        self.proxies[node.state] = Proxy(place, behind, node.home / "keys", number, space=space)

    def _next(self) -> None:
        sender, to = self._random.sample([node.state for node in self.nodes], 2)
        name = self._random.choice(sorted(TROUBLES) + [UNPLUGGED] * (self._spaces is not None))
        self.schedule.append((sender, to, name))
        self._plug(to, there=name != UNPLUGGED)
        self.proxies[to].rule(sender, TROUBLES.get(name, OPEN))

    def _plug(self, state: str, *, there: bool) -> None:
        if self._spaces is not None:
            self._spaces.plug(state, there=there)

    def _heal(self) -> None:
        for proxy in self.proxies.values():
            for node in self.nodes:
                self._plug(node.state, there=True)
                proxy.rule(node.state, OPEN)

    @staticmethod
    def _behind(node) -> int:
        with sqlite3.connect(node.home / "db.sqlite3", timeout=10) as held:
            return held.execute(
                "select count(*) from node_departure where stage in ('relay', 'consignment')"
            ).fetchone()[0]

    def alarms(self) -> list[str]:
        """What the nodes told people about: forks and refusals that nobody caused."""
        found = []
        for node in self.nodes:
            with sqlite3.connect(node.home / "db.sqlite3", timeout=10) as held:
                found += [code for (code,) in held.execute("select code from node_alarm")]
                found += [code for (code,) in held.execute("select code from node_refusal") if code not in TORN]
        return found

    def close(self) -> None:
        """End everything."""
        super().close()
        for proxy in self.proxies.values():
            proxy.close()
        if self._spaces is not None:
            self._spaces.close()


class Minority(Partition):
    """Three nodes; the witness of two of them is cut off, and these two have a bad line between them."""

    made_of = staticmethod(three_nodes)

    def __init__(self, made: Path, folder: Path, seed: int) -> None:
        super().__init__(made, folder, seed)
        self.meanwhile: dict[str, int] = {}  # what was seen just before the trouble ended

    def talks(self) -> list[tuple[Crasher, Crasher]]:
        """The two with each other, and the witness with one of them."""
        iran, viet_nam, qatar = self.nodes
        return [(iran, viet_nam), (viet_nam, iran), (qatar, iran)]

    def _trouble(self, end: float) -> None:
        for other in ("IR", "VN"):
            self.proxies[other].rule("QA", Rule(cut=True))
            self.proxies["QA"].rule(other, Rule(hang=True))
        self._plug("QA", there=False)
        time.sleep(1.0)  # what had passed the proxy is here
        before = self._arrived()
        while time.monotonic() < end:
            for one, two in (("IR", "VN"), ("VN", "IR")):
                name = self._random.choice(("slow, out of order, double", "lossy", "open"))
                self.schedule.append((one, two, name))
                self.proxies[two].rule(one, TROUBLES[name])
            time.sleep(self._random.choice((0.3, 1.0)))
        after = self._arrived()
        self.meanwhile = {name: after[name] - before[name] for name in after}
        self.meanwhile["unwitnessed"] = sum(_count(node, UNWITNESSED) for node in self.nodes[:2])

    def _arrived(self) -> dict[str, int]:
        iran, viet_nam, _ = self.nodes
        read, came = (f"select count(*) from node_arrival where hop = '{{}}' {more}" for more in (READ, ""))
        return {"to VN": _count(viet_nam, read.format("IR")), "to IR": _count(iran, read.format("VN")),
                "from QA": _count(iran, came.format("QA"))}  # fmt: skip

    def look(self) -> None:
        """Good: the two worked on, nothing of it was witnessed or came from the third; and now their newest heads are seen."""
        end = time.monotonic() + HEALED
        while not (seen := all(_count(node, SEEN) for node in self.nodes[:2])) and time.monotonic() < end:
            time.sleep(0.25)
        went_on = min(self.meanwhile[name] for name in ("to VN", "to IR", "unwitnessed")) > 3
        self.good = seen and went_on and not self.meanwhile["from QA"]


READ = "and status = 'admitted'"
SEEN = "select count(*) from node_cosigned where head_id = (select size from node_loghead)"
UNWITNESSED = "select count(*) from node_departure where relayed and not witnessed"


def _count(node: Crasher, question: str) -> int:
    with closing(sqlite3.connect(node.home / "db.sqlite3", timeout=10)) as held:
        return held.execute(question).fetchone()[0]


def made_apart(folder: Path, run: type[Partition] = Partition) -> Path:
    """The nodes of such a run, which never ran, looked for at the hub of namespaces if they can be made here; the folder."""
    nodes = run.made_of()
    if not apart.possible():
        return make(folder, nodes=nodes)
    return make(folder, [f"https://{apart.Spaces.looked_for(place)}:{PORT}" for place in range(len(nodes))], nodes)


TORN = {"door.short"}  # a request that was cut in the middle


def judged(
    made: Path, folder: Path, seed: int, seconds: float, kind: type[Partition] = Partition
) -> tuple[Verdict, list[str], float, int, Partition]:
    """One schedule: (the judge's verdict, alarms, seconds until all agreed, messages behind, the run)."""
    run = kind(made, folder, seed)
    try:
        took, behind = run.play(seconds)
        run.look()
        return run.judge(), run.alarms(), took, behind, run
    finally:
        run.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two nodes that never ran."""
    return made_apart(tmp_path_factory.mktemp("partition") / "made")


@pytest.mark.parametrize("seed", [1, 2])
def test_nodes_agree_again_after_trouble(made, tmp_path, seed):
    """Nothing lost, doubled, disordered; no alarm; as quickly as promised."""
    verdict, alarms, took, behind, run = judged(made, tmp_path / "run", seed, 6.0)
    assert (verdict.complaints, alarms) == ({}, []), run.schedule
    assert verdict.told > 6
    assert took <= HEALED + behind / BACKLOG, run.schedule


def test_two_work_on_while_their_witness_is_cut_off(tmp_path):
    """What they say arrives, on a bad line too, and is shown as not witnessed yet; of what the third says nothing does.

    Healed, all three agree as quickly as promised, what the third had said has come, and the witness has seen both logs.
    """
    verdict, alarms, took, behind, run = judged(
        made_apart(tmp_path / "made", Minority), tmp_path / "run", 1, 6.0, Minority
    )
    assert (verdict.complaints, alarms) == ({}, []), run.schedule
    assert took <= HEALED + behind / BACKLOG, run.schedule
    assert run.good, run.meanwhile


@pytest.mark.skipif(not apart.possible(), reason="network namespaces cannot be made here")
def test_there_is_no_way_beside_the_proxy():
    """From a State's namespace the hub can be reached; the other State and this machine, where somebody listens too, cannot."""
    spaces = apart.Spaces(("IR", "VN"))
    hub, door = (spaces.of("hub"), spaces.looked_for(1)), (spaces.of("VN"), spaces.lies(1))
    try:
        assert [_reached(spaces.of("IR"), *way) for way in (hub, door, ("", "127.0.0.1"))] == [True, False, False]
        assert _reached(spaces.of("hub"), *door)
        spaces.plug("IR", there=False)
        assert not _reached(spaces.of("IR"), *hub)
        spaces.plug("IR", there=True)
        assert _reached(spaces.of("IR"), *hub)
    finally:
        spaces.close()


def _reached(asker: str, listener: str, host: str) -> bool:
    """Whether one in the namespace `asker` gets a connection to one who listens at `host` in `listener`; empty: here."""

    def inside(space: str, work: Callable[[], object]) -> object:
        def run() -> object:
            if space:
                apart.enter(space)
            return work()

        with ThreadPoolExecutor(1) as one:
            return one.submit(run).result()

    with inside(listener, lambda: socket.create_server((host, 0))) as door:
        place = (host, door.getsockname()[1])
        try:
            inside(asker, lambda: socket.create_connection(place, timeout=1.5)).close()
        except OSError:
            return False
        return True


def test_a_line_that_was_cut_is_noticed(made, tmp_path):
    """The judge is no optimist: while the line is cut, messages are missing."""
    run = Partition(made, tmp_path / "run", 1)
    try:
        run.play(0.0)
        run.proxies["VN"].rule("IR", Rule(cut=True))
        run._client(run.nodes[0], run.nodes[1], 0.05)
        told, end = beside(run.nodes[0].home, "told"), time.monotonic() + 60
        before = told.read_text().count('"told"')
        while told.read_text().count('"told"') == before and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1)
        run.settle(0.0)
        assert run.judge().complaints["lost"]
    finally:
        run.close()


def main() -> int:
    """Many schedules; ends with 1 if nodes did not agree after one of them."""
    given = argparse.ArgumentParser(description="Partitions, one after another.")
    given.add_argument("--schedules", type=int, default=500)
    given.add_argument("--from", type=int, default=1, dest="first")
    given.add_argument("--seconds", type=float, default=30.0, help="of trouble in each")
    given.add_argument("--three", action="store_true", help="nodes, of which the witness of two is cut off")
    wanted, bad = given.parse_args(), 0
    kind = Minority if wanted.three else Partition
    folder = Path(tempfile.mkdtemp(prefix="comity-partition-"))
    made = made_apart(folder / "made", kind)
    for seed in range(wanted.first, wanted.first + wanted.schedules):
        verdict, alarms, took, behind, run = judged(made, folder / f"{seed}", seed, wanted.seconds, kind)
        complaints, schedule = verdict.complaints, run.schedule
        good = run.good and verdict.told > 6 and not complaints and not alarms and took <= HEALED + behind / BACKLOG
        bad += not good
        sys.stdout.write(f"{seed}: {len(schedule)} troubles, {behind} behind, agreed after {took:.1f} s"
                         f"{'' if good else f': {complaints} {alarms} {schedule}'}\n")  # fmt: skip
        sys.stdout.flush()
        if good:
            shutil.rmtree(folder / f"{seed}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
