"""Warnings over TAXII 2.1: objects per second in, pages per second out, beside medallion and OpenTAXII in the same run.

Each server is asked by the same client (`http.client`, connections kept) on this machine and shares its cores. Comity is a
whole node over HTTPS, with its sign-in, quotas, release rules and full durability; the others speak plain HTTP and check
the form only. They are filled past their doors, Comity through its own. Objects are those of `_stix_mix.py`. What the machine
leaves to any server in Python on SQLite is measured beside them: `bare` checks nothing (`_taxii_peer.py`).

    first page   the first 100 objects, again and again, by one client and by four
    walk         page after page of 100 by `next`, from the first
    anywhere     100 objects after a random moment
    in           additions of 1,000 objects
    whole        everything in pages of 1,000

What goes out of Comity is measured once its courier has matched what came in with the node's cases.

The others are measured at no more objects than `--peers` and `--medallion` say: at more, medallion's page takes minutes
(its time grows with the square), OpenTAXII's grows in proportion. Ratios are to OpenTAXII at its own, smaller, size.
Figures are of one run on one machine that others may use as well; quote the ratios.

    python bench/sharing.py [--size N] [--seconds S] [--peers N] [--medallion N] [--no-peers]
"""

from __future__ import annotations

import argparse
import base64
import gc
import http.client
import os
import random
import re
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from _memory import memory
from _stix_mix import envelope

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.node import management

ROOT = Path(__file__).resolve().parent.parent
TYPE = "application/taxii+json;version=2.1"
PACKAGES = {
    "bare": ["gunicorn==27.0.1"],
    "medallion": ["medallion==3.0.0", "gunicorn==27.0.1"],
    "opentaxii": ["opentaxii==0.9.3", "gunicorn==27.0.1", "sqlalchemy<2", "marshmallow<4"],
}
RULES = 'states = ["VN"]\npurposes = ["prevention"]\nunmarked = "TLP:GREEN"\nfree_text = true\n'
_NEXT = re.compile(rb'"next": ?"?([^",}]+)')
_TOGETHER = 1_000
_LEAST = 5  # pages of one figure, however slow


@dataclass
class Server:
    """A server with objects in it.

    Args:
        port: on this machine.
        path: of its collection.
        headers: of every request.
        context: for HTTPS; None: plain HTTP.
        pid: of its first process; its children count with it.
        filled: when the last object was added.
    """

    port: int
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    pid: int = 0
    filled: datetime = field(default_factory=lambda: datetime.now(UTC))

    def line(self) -> http.client.HTTPConnection:
        """A connection that is kept."""
        if self.context is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=300, context=self.context)

    def ask(self, line: http.client.HTTPConnection, query: str, body: bytes | None = None) -> tuple[bytes, float]:
        """(the answer, how long it took in seconds) to a page or an addition."""
        begun = time.perf_counter()
        headers = self.headers | {"Accept": TYPE} | ({"Content-Type": TYPE} if body else {})
        line.request("POST" if body else "GET", f"{self.path}/objects/{query}", body, headers)
        answer = line.getresponse()
        said = answer.read()
        if answer.status != (202 if body else 200):
            raise RuntimeError(f"{answer.status} {said[:300]!r}")
        return said, time.perf_counter() - begun


def family(pid: int) -> frozenset[int]:
    """A process and all its children."""
    parents = dict[int, int]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    ours = {pid}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return frozenset(ours)


def spent(pids: Iterable[int]) -> float:
    """Seconds of processor time that processes have taken: of use where others use the machine too."""
    total = 0.0
    for pid in pids:
        with suppress(OSError):
            total += time.clock_gettime(~pid << 3 | 2)  # the clock of another process (clock_getcpuclockid(3))
    return total


def quantiles(times: list[float]) -> str:
    """The middle and the slowest hundredth, in milliseconds."""
    ordered = sorted(times)
    return (
        f"p50 {1e3 * statistics.median(times):>8.1f} ms  p99 {1e3 * ordered[int(0.99 * (len(ordered) - 1))]:>8.1f} ms"
    )


def repeated(server: Server, seconds: float, query: Callable[[], str]) -> list[float]:
    """How long each of many pages took, by one client."""
    line, times, end = server.line(), list[float](), time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < _LEAST:
        times.append(server.ask(line, query())[1])
    line.close()
    return times


def together(server: Server, seconds: float, clients: int) -> float:
    """Pages a second that some clients get at the same time."""
    found: list[list[float]] = [[] for _ in range(clients)]

    def one(times: list[float]) -> None:
        times += repeated(server, seconds, lambda: "?limit=100")

    threads = [threading.Thread(target=one, args=(times,)) for times in found]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(map(len, found)) / (time.perf_counter() - begun)


def walk(server: Server, limit: int, seconds: float) -> tuple[int, list[float], list[float]]:
    """(objects, how long each page took, how much of processors) of a walk from the first page on, so long at most."""
    line, times, work, seen = server.line(), list[float](), list[float](), 0
    query, ours, begun = f"?limit={limit}", family(server.pid), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        before = spent(ours)
        said, took = server.ask(line, query)
        times.append(took)
        work.append(spent(ours) - before)
        seen += said.count(b'"type":')
        found = _NEXT.search(said[:200]) or _NEXT.search(said[-200:])
        if found is None or b'"more":false' in said[:40]:
            break
        query = f"?limit={limit}&next={found[1].decode()}"
    line.close()
    return seen, times, work


def added(server: Server, count: int, *, first: int, run: int, seconds: float = 1e9) -> list[float]:
    """Objects per second of each addition of a thousand, until there are so many or for so long."""
    line, rates, begun = server.line(), [], time.perf_counter()
    for start in range(first, first + count, _TOGETHER):
        body = envelope(min(_TOGETHER, first + count - start), first=start, run=run)
        rates.append(min(_TOGETHER, first + count - start) / server.ask(line, "", body)[1])
        if time.perf_counter() - begun > seconds:
            break
    line.close()
    return rates


def say(name: str, what: str, figures: str) -> None:
    """One line of the report."""
    print(f"  {name:<20} {what:<11} {figures}", flush=True)


def out(name: str, server: Server, seconds: float) -> float:
    """Measure and print how pages come out; pages a second by one client."""
    ours = family(server.pid)
    begun = spent(ours)
    times = repeated(server, seconds, lambda: "?limit=100")
    rate, each = len(times) / sum(times), 1e3 * (spent(ours) - begun) / len(times)
    many = together(server, seconds, 4)
    say(
        name,
        "first page",
        f"{rate:>8,.1f} pages/s    {quantiles(times)}   4 clients {many:,.1f}/s   {each:,.2f} ms of processor each",
    )
    seen, steps, work = walk(server, 100, 3 * seconds)
    say("", "walk", f"{len(steps) / sum(steps):>8,.1f} pages/s    {quantiles(steps)}   {seen:,} objects seen")
    say("", "", f"{'':>20}{quantiles(work)}   of processor, whatever else waits for one")
    return rate


def taken_in(name: str, server: Server, seconds: float) -> float:
    """Measure and print how objects go in; objects a second."""
    ours = family(server.pid)
    begun = spent(ours)
    rates = added(server, 100 * _TOGETHER, first=0, run=int(time.time()), seconds=seconds)
    rate, each = statistics.median(rates), 1e6 * (spent(ours) - begun) / len(rates) / _TOGETHER
    say(name, "in", f"{rate:>8,.0f} objects/s  (a thousand at once)   {each:,.0f} µs of processor each")
    return rate


# ── the servers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def environment(which: str) -> Path | str:
    """The Python in which a peer is installed; or why it is not."""
    home = ROOT / ".cache" / f"bench-{which}"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES[which]]
    done = subprocess.run(install, check=False, capture_output=True)
    return "could not be installed: " + done.stderr.decode()[-200:].strip() if done.returncode else python


@contextmanager
def peer(which: str, python: Path, size: int) -> Iterator[Server]:
    """A peer's server, filled."""
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix=f"comity-{which}-") as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [str(python), str(ROOT / "bench" / "_taxii_peer.py"), which, folder, str(size), str(port)]
        with (
            (Path(folder) / "log").open("wb") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as child,
        ):
            try:
                assert child.stdout is not None
                path = child.stdout.readline().decode().strip()
                signed = "Basic " + base64.b64encode(b"u:p").decode()
                headers = {"Authorization": signed} if which == "medallion" else {}
                server = Server(port, path, headers, pid=child.pid)
                opened(server)
                for line in [server.line() for _ in range(6)]:  # each worker is up before anything is measured
                    server.ask(line, "?limit=1")
                    line.close()
                yield server
            finally:
                child.terminate()


def opened(server: Server) -> None:
    """Return when it listens. Raises TimeoutError."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server does not open")


def run(*arguments: str) -> str:
    """One of the operator's commands; what it prints."""
    command = [sys.executable, "-m", "comity.node.run", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def comity() -> Iterator[tuple[nodes.Node, Server]]:
    """Iran's node with an empty collection and a client of Viet Nam."""
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        node = three_states()[0]
        nodes.make_all([node], Path(folder))
        home, by = str(node.home), ["--by", next(one.username for one in node.people if "warn" in one.powers)]
        (node.home / "rules.toml").write_text(RULES)
        secret = node.home / "vn.secret"
        collection = run("collection", "add", home, "Bench", *by).strip()
        run("collection", "rules", home, collection, str(node.home / "rules.toml"), *by)
        run("client", "add", home, "vn", "--state", "VN", "--organisation", "Bench", "--purpose", "prevention",
                   "--read", collection, "--write", collection, "--secret", str(secret), *by)  # fmt: skip
        with (node.home / "node.toml").open("a") as file:
            file.write("\n[quota]\nrequests = 1000000\nbytes = 1000000000000\n")
        signed = base64.b64encode(b"vn:" + secret.read_bytes().strip()).decode()
        context = ssl.create_default_context(cafile=node.home / "keys" / "tls.crt")
        port = int(node.peers.rpartition(":")[2])
        server = Server(port, f"/shared/collections/{collection}", {"Authorization": f"Basic {signed}"}, context)
        node.start()
        try:
            opened(server)
            server.pid = node.process.pid if node.process else 0
            added(server, _TOGETHER, first=0, run=-9)  # what is done once is done before anything is measured
            yield node, server
        finally:
            node.stop()


# ── what is printed ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ours(size: int, seconds: float) -> tuple[float, float]:
    """Measure Comity and print it; (objects a second in, pages a second out)."""
    name = f"comity, {size:,}"
    with comity() as (node, server):
        ours = family(server.pid)
        begun, before = time.perf_counter(), spent(ours)
        rates = added(server, size, first=0, run=0)
        each = 1e6 * (spent(ours) - before) / size
        server.filled = datetime.now(UTC)
        filled, tenth = time.perf_counter() - begun, max(1, len(rates) // 10)
        first, went, last = (statistics.median(some) for some in (rates[:tenth], rates, rates[-tenth:]))
        say(name, "in", f"{went:>8,.0f} objects/s  (a thousand at once; first tenth {first:,.0f}, last {last:,.0f})")
        say("", "", f"filled in {filled:,.0f} s, the making of the objects included   {each:,.0f} µs of processor each")
        say("", "matched", f"with all cases {settled(node):,.0f} s after the last addition")
        held = sum(path.stat().st_size for path in node.home.glob("db.sqlite3*"))
        came = out("", server, seconds)
        say("", "anywhere", anywhere(server, seconds))
        begun = time.perf_counter()
        seen, steps, _ = walk(server, _TOGETHER, 3_600)
        say("", "whole", f"{seen:,} objects in {time.perf_counter() - begun:,.1f} s   {quantiles(steps)}")
        say("", "on disk", f"{held / size:,.0f} bytes an object; largest process {memory(node):.0f} MiB")
        node.stop()
        command = [sys.executable, __file__, "--parts", str(node.home), server.path.rpartition("/")[2]]
        subprocess.run(command, check=True)
    return went, came


def settled(node: nodes.Node) -> float:
    """How long it takes until the courier has looked at all that was added: until then it works beside what is measured."""
    begun = time.perf_counter()
    with closing(sqlite3.connect(f"file:{node.home / 'db.sqlite3'}?mode=ro", uri=True, timeout=60)) as base:
        asked = "SELECT (SELECT objects_to FROM node_indexed) >= (SELECT max(id) FROM node_stixobject)"
        while not base.execute(asked).fetchone()[0]:
            time.sleep(0.2)
    return time.perf_counter() - begun


def anywhere(server: Server, seconds: float) -> str:
    """Pages after random moments between the first and the last addition."""
    first, last = edges(server)
    chance = random.Random(1)

    def query() -> str:
        at = first + chance.random() * (last - first)
        return f"?limit=100&added_after={at:%Y-%m-%dT%H:%M:%S.%fZ}"

    ours = family(server.pid)
    begun = spent(ours)
    times = repeated(server, seconds, query)
    return f"{quantiles(times)}   {1e3 * (spent(ours) - begun) / len(times):,.2f} ms of processor each"


def edges(server: Server) -> tuple[datetime, datetime]:
    """When the first object was added, and when the last."""
    line = server.line()
    line.request("GET", f"{server.path}/objects/?limit=1", None, server.headers | {"Accept": TYPE})
    answer = line.getresponse()
    answer.read()
    line.close()
    return datetime.fromisoformat(answer.headers["X-TAXII-Date-Added-First"]), server.filled


def parts(home: Path, collection: str) -> None:
    """Where the processor's time goes, in this process: of an object that comes in, of a page that goes out."""
    settings = management.start(home)
    from comity.node.desk import shelf  # noqa: PLC0415 - Django is set up now
    from comity.sharing import release, stix  # noqa: PLC0415

    gc.collect()
    gc.freeze()  # as the node's processes do
    shelves, took = shelf.Shelves(settings), dict[str, float]()
    audience = release.Audience(state="VN", communities=frozenset(), purpose="prevention")

    def timed(name: str, step: Callable[[], Any], count: int = 1) -> Any:
        begun = time.process_time()
        made = step()
        took[name] = 1e6 * (time.process_time() - begun) / count
        return made

    for run in (-1, -2):  # the first time everything is cold; the second is printed
        body = envelope(_TOGETHER, run=run)
        found = timed("an object read and checked", lambda body=body: list(stix.objects(body)), _TOGETHER)
        added = partial(shelves.add, collection, found, by="bench", at=datetime.now(UTC))
        timed("an object looked up and inserted", added, _TOGETHER)
        rows = timed("a page of 100 from the tables", partial(shelves.page, collection, shelf.Filter(), None, 100))
        outlet = shelf.Outlet(audience, replace(shelves.rules(collection), read=frozenset({str(run)})))
        timed("whether it may go, the first time", partial(list, map(outlet.lets, rows)))
        timed("whether it may go, again", partial(list, map(outlet.lets, rows)))
        timed("put together", partial(b",".join, [row.raw for row in rows]))
    for name, micros in took.items():
        print(f"      {name:<36} {micros:>8,.1f} µs")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, action="append", help="objects in Comity; may be given often")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--peers", type=int, default=10_000, help="objects in OpenTAXII")
    parser.add_argument("--medallion", type=int, default=500, help="objects in medallion")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument(
        "--parts", nargs=2, metavar=("HOME", "COLLECTION"), help="only where the time goes, in this process"
    )
    options = parser.parse_args()
    if options.parts:
        parts(Path(options.parts[0]), options.parts[1])
        return
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}", flush=True)
    base = dict[str, tuple[float, float]]()
    peers = (("medallion", options.medallion), ("opentaxii", options.peers), ("bare", options.peers))
    for which, size in () if options.no_peers else peers:
        python = environment(which)
        if isinstance(python, str):
            print(f"  {which}: not measured: {python}")
            continue
        name = f"{which}, {size:,}"
        with peer(which, python, size) as server:
            came = out(name, server, options.seconds)
            base[which] = taken_in(name, server, 2 * options.seconds), came
    for size in options.size or [10_000]:
        went, came = ours(size, options.seconds)
        for which, (into, out_of) in base.items():
            print(f"  {size:,} objects: {went / into:.2g} times {which} in, {came / out_of:.2g} times out", flush=True)


if __name__ == "__main__":
    main()
