"""Messages per second between two node processes on this machine, beside django-pyas2 in the same run.

A message is a request of one State to another: signed, sealed, logged and put into the outbox by a client of the sending
node; carried by its courier over HTTPS; kept, logged and receipted by the other node; the receipt verified and kept. It
counts when the sender has the receipt. Both nodes commit to disk. The other node reads what it kept meanwhile: unseals it,
verifies it, and opens a case for each; how far that lags is printed too. Of a backlog, a message counts only when it is read.

Each figure stands beside what the primitives alone would allow here in the same run: signing 64 together, sealing, opening,
verifying; nothing else. django-pyas2 sends documents of the same size, signed, encrypted, with signed synchronous receipts.
Figures are of one run on one machine that others may use as well; quote the ratios.

    python bench/exchange.py [--engine sqlite|postgresql]... [--count N] [--backlog N] [--no-peers]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from _memory import memory, used

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.seal import canon, envelope
from comity.seal.keys import OpeningKey, SigningKey
from comity.seal.trust import Grant, Trust

ROOT = Path(__file__).resolve().parent.parent
CLIENT, PEER = ROOT / "bench" / "_exchange_client.py", ROOT / "bench" / "_as2.py"
TOGETHER = 64
sys.path.insert(0, str(ROOT / "tests"))  # where the database server of the tests is started


def primitives(size: int, rounds: int = 3) -> float:
    """Messages per second that one core could sign (64 together), seal, open and verify if it did nothing else."""
    key, opening = SigningKey.generate(), OpeningKey.generate()
    at = datetime.now(UTC)
    trust = Trust([Grant("IR", key.public, envelope.KINDS, at.replace(year=at.year - 1), at.replace(year=at.year + 1))])
    rates = []
    for number in range(rounds):
        drafts = [envelope.Draft("act", f"{number}/{place} ".encode() + b"x" * size, "VN") for place in range(TOGETHER)]
        begun = time.perf_counter()
        said = envelope.sign_all(drafts, sender="IR", key=key)
        sealed = [envelope.seal(one, to="VN", key=opening.public) for one in said]
        for one in sealed:
            envelope.unseal(one, home="VN", keys=[opening], trust=trust, kinds={"act"}, at=at)
        words = envelope.sign_all([envelope.Draft("receipt", canon.content_id(one).encode(), "") for one in sealed],
                                  sender="IR", key=key)  # fmt: skip
        for word in words:
            envelope.verify(word, trust, kind="receipt", at=at)
        rates.append(TOGETHER / (time.perf_counter() - begun))
    return statistics.median(rates)


@contextmanager
def two_nodes(engine: str) -> Iterator[tuple[nodes.Node, nodes.Node]]:
    """Iran's and Viet Nam's nodes, made, pinned and running."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="comity-bench-")))
        if engine == "postgresql":
            import postgres  # noqa: PLC0415 - only where it is asked for

            stack.enter_context(postgres.keeping(stack.enter_context(postgres.running(durable=True))))
        one, other = three_states()[:2]
        nodes.make_all([one, other], folder)
        for node in (one, other):
            with (node.home / "node.toml").open("a") as file:
                file.write("\n[quota]\nrequests = 1000000\nbytes = 1000000000000\nenvelopes = 1000000000\n")
            node.start()
        try:
            yield one, other
        finally:
            one.stop()
            other.stop()


def client(node: nodes.Node, to: str, *arguments: object) -> dict[str, float]:
    """What the client in the sending node saw."""
    command = [sys.executable, str(CLIENT), str(node.home), to, *map(str, arguments)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def ours(engine: str, count: int, backlog: int) -> float:
    """Measure this engine and print it; the best rate that lasts."""
    best = 0.0
    with two_nodes(engine) as (one, other):
        client(one, other.state, "send", 64, 64)  # warm
        for window in (1, 8, 64):
            found = client(one, other.state, "send", max(32, count * window // 64), window)
            best = max(best, found["rate"])
            times = f"p50 {found['p50']:>6.1f} ms  p99 {found['p99']:>7.1f} ms"
            print(f"  {engine:<11} {window:>3} in flight: {found['rate']:>7,.1f}/s   {times}   not read yet: {unread(other)}",
                  flush=True)  # fmt: skip
        for size in (backlog, 10 * backlog):
            other.stop()
            client(one, other.state, "post", size, 256)
            before = memory(one)
            found = drained(one, other, size)
            held = f"largest process: sender {before:.0f} → {memory(one):.0f} MiB, other {memory(other):.0f} MiB"
            rates = (
                f"receipted {found['rate']:>7,.1f}/s, read {found['read']:>7,.1f}/s, told so {found['told']:>7,.1f}/s"
            )
            each = f"{found['each']:.2f} ms of processor time each"
            print(f"  {engine:<11} backlog of {size:>7,}: {rates}, {each}   {held}", flush=True)
            best = max(best, found["read"])
    return best


def drained(one: nodes.Node, other: nodes.Node, size: int) -> dict[str, float]:
    """The rates at which what waits at `one` is receipted, read by `other`, and known to be read, from the first receipt on.

    Also what each took of the processors at both nodes, until all of that was over; others on the machine change that little.
    """
    watcher = [sys.executable, str(CLIENT), str(other.home), "", "watch", str(size)]
    drainer = [sys.executable, str(CLIENT), str(one.home), other.state, "drain"]
    with (
        subprocess.Popen(watcher, stdout=subprocess.PIPE, text=True) as reading,
        subprocess.Popen(drainer, stdout=subprocess.PIPE, text=True) as sending,
    ):
        assert reading.stdout is not None
        assert sending.stdout is not None
        reading.stdout.readline()
        other.start()
        sending.stdout.readline()
        before = used(one) + used(other)
        found: dict[str, float] = json.loads(sending.stdout.readlines()[-1])
        spent = used(one) + used(other) - before
        read: dict[str, float] = json.loads(reading.stdout.readlines()[-1])
    return found | {"read": found["count"] / (read["read"] - found["begun"]), "each": 1e3 * spent / found["count"]}


def unread(node: nodes.Node) -> int:
    """How many envelopes the node has kept and not read yet."""
    command = [sys.executable, str(CLIENT), str(node.home), "", "unread"]
    return int(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["unread"])


def peer(size: int, seconds: float) -> dict[str, float] | str:
    """What django-pyas2 reaches; or why it was not measured."""
    home = ROOT / ".cache" / "bench-as2"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    packages = ["django-pyas2==1.2.3", "django==5.2.19", "gunicorn==27.0.1"]
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
    done = subprocess.run(install, check=False, capture_output=True)
    if done.returncode:
        return "could not be installed: " + done.stderr.decode()[-200:].strip()
    with tempfile.TemporaryDirectory(prefix="comity-as2-") as folder:
        command = [str(python), str(PEER), "measure", folder, str(size), str(seconds)]
        done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        return "failed: " + done.stderr.decode()[-300:].strip()
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--count", type=int, default=3000, help="messages with 64 in flight; fewer with fewer")
    parser.add_argument(
        "--backlog", type=int, default=500, help="messages that wait when the line comes up; then ten times as many"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="for each number of django-pyas2's senders")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    limit = primitives(1024)
    print(f"the primitives alone, one core: {limit:,.0f}/s", flush=True)
    others = None if options.no_peers else peer(1024, options.seconds)
    if isinstance(others, str):
        print(f"django-pyas2: not measured: {others}")
    elif others:
        senders = ", ".join(f"{name} sender(s) {rate:.1f}/s" for name, rate in others.items())
        print(f"django-pyas2 (SQLite, 2 workers): {senders}", flush=True)
    for engine in options.engine or ("sqlite", "postgresql"):
        best = ours(engine, options.count, options.backlog)
        print(f"{engine}: {best:,.0f}/s, {best / (2 * limit):.2f} of what two cores could do with the primitives alone")
        if isinstance(others, dict):
            print(f"{engine}: {best / max(others.values()):.0f} times django-pyas2")


if __name__ == "__main__":
    main()
