"""Two nodes that are killed all the time while clients talk through them, and a judge who knows only what the clients saw.

Run as a program it is one of the parts, each a process of its own that lives in a node's environment:

    crashing.py serve HOME WEAKNESS     the node itself, which kills itself at the point that HOME.armed names
    crashing.py client HOME PEER TOLD   says messages in cases, and writes into the file TOLD what it tried and was told
    crashing.py read HOME PEER          prints what a client of the node sees now, and what the node answers when asked again

Production code knows nothing of this: `serve` puts the points around its functions when it starts.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from comity.demo.nodes import Node, Person, make_all

PROGRAM = [sys.executable, str(Path(__file__).resolve())]
LABELS = ("receive", "admit", "answered", "checkpoint", "cosign", "prove", "post")
COMMITS = ("begin", "before-commit", "after-commit", "end")
POINTS = (*(f"{label}.{moment}" for label in LABELS for moment in COMMITS), "send.begin", "send.end")
AT_ONCE = 5  # points that are armed together
RARE = tuple(point for point in POINTS if point.startswith(("checkpoint", "cosign", "prove")))  # every few seconds only


def beside(home: Path, what: str) -> Path:
    """The file about the node at `home`: outside of it, so that the node is as it always is."""
    return home.with_name(f"{home.name}.{what}")


# ── the points ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Points:
    """Where this process may kill itself.

    Args:
        home: the node's.
        door: this process is a server's worker: its parent, which would start it again only slowly, dies with it.
    """

    def __init__(self, home: Path) -> None:
        self._armed, self._done, self._now = beside(home, "armed"), beside(home, "killed"), threading.local()

    def at(self, point: str) -> None:
        """Die here if this is one of the armed points. Only one process of the node does."""
        try:
            if point not in self._armed.read_text().split():
                return
            os.rename(self._armed, f"{self._armed}.{os.getpid()}")
        except OSError:
            return
        with self._done.open("a") as log:
            log.write(f"{point}\n")
        if beside_worker := os.environ.get("COMITY_TEST_WORKER_OF"):
            os.kill(int(beside_worker), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner, name: str, label: str) -> None:
        """Put points around `owner.name`: at its begin and end, and around the commit of what it does."""
        from comity.casework.lifecycle import CROSSING

        right = getattr(owner, name)

        def wrapped(*given, **named):
            if label == "post" and given[2] not in CROSSING:
                return right(*given, **named)
            outer, self._now.label = getattr(self._now, "label", ""), label
            self.at(f"{label}.begin")
            try:
                found = right(*given, **named)
            finally:
                self._now.label = outer
            self.at(f"{label}.end")
            return found

        setattr(owner, name, wrapped)

    def around_commits(self) -> None:
        """Put points before and after every commit; they are named after what is going on."""
        from django.db import transaction

        right = transaction.Atomic.__exit__

        def leave(atomic, kind, error, trace):
            connection, label = transaction.get_connection(atomic.using), getattr(self._now, "label", "")
            last = bool(label) and kind is None and len(connection.atomic_blocks) == 1
            if last:
                self.at(f"{label}.before-commit")
            found = right(atomic, kind, error, trace)
            if last:
                self.at(f"{label}.after-commit")
            return found

        transaction.Atomic.__exit__ = leave

    def place(self) -> None:
        """Put all of them."""
        from comity.node.desk import _record, crossing, registry
        from comity.wire.conversation import Conversation
        from comity.wire.transport import Line

        self.around_commits()
        for owner, name, label in (
            (Conversation, "receive", "receive"), (Conversation, "admit", "admit"), (Conversation, "answered", "answered"),
            (registry, "witnessed", "checkpoint"), (registry, "cosign", "cosign"), (crossing, "proved", "prove"),
            (_record, "record", "post"), (Line, "post", "send"),
        ):  # fmt: skip
            self.around(owner, name, label)


# ── weaknesses: what a judge must complain of ───────────────────────────────────────────────────────────────────────


def early_answer() -> None:
    """The door answers before what it acknowledges is durable."""
    from django.db import transaction

    from comity.node.desk import crossing

    right = crossing.exchange

    def exchange(settings, talk, offer, *, at):
        with transaction.atomic():
            answer = right(settings, talk, offer, at=at)
            transaction.set_rollback(True)
        if offer.items:
            threading.Timer(
                0.5, right, (settings, crossing.conversation(settings, talk.peer), offer), {"at": at}
            ).start()
        return answer

    crossing.exchange = exchange


def forgets() -> None:
    """The door does not remember what it took in: what comes again is new."""
    from secrets import token_hex

    from comity.node import models
    from comity.node.desk import crossing
    from comity.seal import canon

    right = crossing.exchange

    def exchange(settings, talk, offer, *, at):
        for item in offer.items:
            known = models.Arrival.objects.filter(pk=canon.content_id(item.envelope))
            act = known.values_list("act", flat=True).first()
            known.update(act=None)
            models.Act.objects.filter(pk=act).update(digest=token_hex(32))
            known.update(digest=token_hex(32), number=None)
        return right(settings, talk, offer, at=at)

    crossing.exchange = exchange


def hasty() -> None:
    """The courier notes as delivered what it is about to send."""
    from comity.node import models
    from comity.node.courier import Courier
    from comity.seal import canon

    right = Courier._exchange

    def exchange(self, peer, talk, offer):
        sent = [canon.content_id(item.envelope) for item in offer.items]
        models.Departure.objects.filter(pk__in=sent).update(stage="handover", relayed=True, since=2**40)
        right(self, peer, talk, offer)

    Courier._exchange = exchange


WEAK = {weak.__name__: weak for weak in (early_answer, forgets, hasty)}


# ── the parts that live in a node's environment ─────────────────────────────────────────────────────────────────────


def serve(home: Path, weakness: str) -> None:
    """Run the node with its points; what ends is started again at once, and the officers' door stays closed."""
    from comity.node import run

    start, door, parent = run._start, run._door, os.getpid()

    def quick(name, target, settings):
        child = start(name, target, settings)
        beside(home, f"{name}.pid").write_text(f"{child.pid}")
        return child

    def quiet_door(name, settings):
        os.environ["COMITY_TEST_WORKER_OF"] = f"{os.getpid()}"
        while name == "officers":
            signal.pause()
        door(name, settings)

    from comity.node import management

    prepared = management.start(home)
    from comity.node.courier import Stop
    from comity.node.peers import urls  # noqa: F401  read once, before the forks

    wait = Stop.wait
    Stop.wait = lambda self, seconds: wait(self, min(seconds, 0.02) if os.getpid() == parent else seconds)
    run._start, run._door, run._django = quick, quiet_door, lambda _home: prepared
    if weakness in WEAK:
        WEAK[weakness]()
    Points(home).place()
    run.serve(home, attached=True)


def notice(state: str, peer: str, reference: str = ""):
    """Information of `state` for `peer`, told without having been asked."""
    from peer import request

    from comity.casework.measure import Measure

    return request(reference=reference or f"{state}-2026-0001", requesting=state, requested=peer,
                   measure=Measure.SPONTANEOUS_INFORMATION)  # fmt: skip


class Client:
    """Talks as officers do, as fast as the node lets him: opens cases, asks in them, tells how those of the peer stand.

    Args:
        home: the node's.
        peer: the other State.
        told: the file that he writes into.
        pause: seconds between two messages.
    """

    def __init__(self, home: Path, peer: str, told: Path, pause: float) -> None:
        from comity.node.models import Officer
        from comity.node.settings import current

        self.settings, self.peer, self.pause = current(), peer, pause
        self.rng = random.Random(os.getpid())
        self.told = told.open("a", buffering=1)
        self.drafter, self.chief = (Officer.objects.get(username=name) for name in ("drafter", "chief"))

    def talk(self) -> None:
        """Until killed. A message that failed is tried once, and may have been said or not."""
        from comity.errors import ComityError

        while True:
            if int(time.time()) % 4 == 0:  # a second of quiet, in which the couriers get to what is less urgent
                time.sleep(1)
            with suppress(ComityError):
                self.step()
            time.sleep(self.pause)

    def step(self) -> None:
        """Say one thing."""
        from comity.node.models import Case

        own = list(Case.objects.filter(requesting=self.settings.state, acts__kind="requested"))
        theirs = list(Case.objects.filter(requesting=self.peer).values_list("reference", flat=True))
        chosen = self.rng.random()
        if not own or (len(own) < 5 and chosen < 0.2):
            self.open_case()
        elif theirs and chosen < 0.5:
            self.say(self.rng.choice(theirs), "progress", self.chief)
        else:
            self.say(self.rng.choice(own).reference, "enquired", self.chief)

    def say(self, reference: str, kind: str, officer) -> None:
        """Say `kind` in a case, in words that nobody says twice."""
        from comity.casework.lifecycle import Kind

        message = f"{self.settings.state} {time.time_ns()}"
        self.record(reference, message, Kind(kind), {"message": message}, officer)

    def open_case(self) -> None:
        """Tell the peer something new."""
        from datetime import UTC, datetime

        from comity.casework.lifecycle import Kind
        from comity.node.desk import requesting

        at, s = datetime.now(UTC), self.settings
        reference = requesting.new_reference(s, at=at)
        what = notice(s.state, self.peer, reference)
        requesting.draft(s, what, new=True, officer=self.drafter, at=at)
        requesting.check(s, reference, officer=self.drafter, at=at)
        requesting.approve(s, reference, despite="exercise", officer=self.chief, at=at)
        self.record(reference, reference, Kind.REQUESTED, {"request": what.to_dict(), "letter": ""}, self.chief)

    def record(self, reference: str, message: str, kind, body, officer) -> None:
        """Say it, and note what he is told."""
        from datetime import UTC, datetime

        from django.db import OperationalError

        from comity.node.desk import _record

        self.note("tried", reference, message)
        try:
            _record.record(self.settings, reference, kind, body, officer=officer, at=datetime.now(UTC))
        except OperationalError:
            return  # the database was busy: perhaps said, perhaps not
        self.note("told", reference, message)

    def note(self, what: str, reference: str, message: str) -> None:
        """Write down what he tried or was told."""
        self.told.write(json.dumps([what, reference, message]) + "\n")


def client(home: Path, peer: str, told: Path, pause: float) -> None:
    """A client who is there again at once when he was killed: he is the officers' door as well."""
    from comity.node import management

    settings = management.start(home)
    from datetime import UTC, datetime

    from comity.law.assess import assess

    assess(notice(settings.state, peer), settings.books, on=datetime.now(UTC).date(), side="requesting")  # read once
    while True:
        child = os.fork()
        if child == 0:
            _die_with(os.getppid())
            Points(home).place()
            Client(home, peer, told, pause).talk()
        beside(home, "client.pid").write_text(f"{child}")
        os.waitpid(child, 0)


def _die_with(parent: int) -> None:
    from comity.node.run import _die_with_parent

    _die_with_parent(parent)


def read(home: Path, peer: str) -> None:
    """What a client sees: acts, envelopes, receipts; and the receipts that the peer gives when it is asked again."""
    from datetime import UTC, datetime

    from comity.node import management

    settings = management.start(home)
    from comity.node import archive, models
    from comity.seal import canon
    from comity.wire.transport import Line

    def receipt(row) -> str:
        return canon.loads(canon.unb64(row.evidence[0]), limit=1 << 20)["receipt"] if row.evidence else ""

    def said(act) -> str:
        return act.body.get("message", act.case)

    cases = {}
    for reference in models.Case.objects.values_list("reference", flat=True):
        acts = archive.load(reference, home=settings.state).acts
        cases[reference] = [(act.by, said(act)) for act in acts if act.kind in {"requested", "enquired", "progress"}]
    sent = {row.pk: [str(row.stage), receipt(row), row.trouble] for row in models.Departure.objects.filter(peer=peer)}
    got = {row.pk: [str(row.status), receipt(row), row.code] for row in models.Arrival.objects.filter(hop=peer)}
    asked, line = {}, Line(archive.peer_entry(peer), state=settings.state, key=settings.hop)
    chosen = random.Random(0).sample(sorted(sent), min(len(sent), 40))
    for row in models.Departure.objects.filter(pk__in=chosen):
        status, body = line.post("/messages", bytes(row.data), at=datetime.now(UTC))
        asked[row.pk] = canon.loads(body, limit=1 << 20)["receipt"] if status == 200 else f"{status} {body[:200]!r}"
        time.sleep(0.06)  # within the quota
    sys.stdout.write(json.dumps({"cases": cases, "sent": sent, "got": got, "asked": asked}))


# ── the campaign ────────────────────────────────────────────────────────────────────────────────────────────────────

PEOPLE = (
    Person("drafter", "Drafter (exercise)", "desk", ("draft",)),
    Person("chief", "Chief (exercise)", "desk", ("approve", "decide")),
)


class Crasher(Node):
    """A node that can be killed piece by piece.

    `weakness` names what is taken out of it.
    """

    weakness = "none"

    def start(self) -> None:
        """Start it with its points."""
        if self._log is None:
            self._log = self.log.open("ab")
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", str(self.home), self.weakness],
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self.starts += 1

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


def make(folder: Path) -> Path:
    """Two nodes that never ran, for any number of campaigns one after another; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    make_all(two_nodes(), folder)
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
    """Two nodes below `folder`, clients at both, and who kills them.

    Args:
        made: where `make` made the nodes; left as it is.
        folder: a new one, for this campaign.
        seed: decides whom and where.
        weakness: taken out of both nodes.
        points: where they are killed; all by default.
        rare: share of the kills for which a rare point is waited for.
    """

    def __init__(
        self, made: Path, folder: Path, seed: int, *, weakness: str = "none", points: tuple[str, ...] = POINTS,
        rare: float = 0.02,
    ) -> None:  # fmt: skip
        self.nodes, self._rng, self._points = two_nodes(), random.Random(seed), points
        self._strikes, self._weakness = Counter[str](), weakness
        self._clients: list[subprocess.Popen[bytes]] = []
        self._calm, self._rare = threading.Lock(), rare
        shutil.copytree(made, folder)
        for node in self.nodes:
            node.home = folder / node.state
            settings = tomllib.loads((node.home / "node.toml").read_text())
            node.officers, node.peers = settings["officers"], settings["peers"]
            beside(node.home, "killed").touch()

    def run(self, kills: int, *, seconds: float, quiet: float = 60.0, pause: float = 0.02) -> Verdict:
        """Kill until `kills` were made or `seconds` are over; then let the nodes come to rest, and judge."""
        for node in self.nodes:
            node.weakness = self._weakness
            node.start()
        try:
            for node, other in (self.nodes, self.nodes[::-1]):
                self._client(node, other, pause)
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

    def _client(self, node: Crasher, other: Crasher, pause: float) -> None:
        command = [*PROGRAM, "client", str(node.home), other.state, str(beside(node.home, "told")), str(pause)]
        self._clients.append(subprocess.Popen(command, stderr=node._log))

    def close(self) -> None:
        """End everything that was started."""
        for process in self._clients:
            process.kill()
            process.wait()
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

    def settle(self, quiet: float) -> None:
        """Silence the clients and wait until nothing is under way, at most `quiet` seconds."""
        for process in self._clients:
            process.kill()
            process.wait()
        for node in self.nodes:
            if pid := node.pid("client"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
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
        seen = [self._read(node, other) for node, other in (self.nodes, self.nodes[::-1])]
        for place, (here, there) in enumerate((seen, seen[::-1])):
            self._judge_messages(self.nodes[place], there, verdict)
            self._judge_envelopes(here, there, verdict)
        return verdict

    def _counted(self) -> Counter[str]:
        hit = Counter[str](self._strikes)
        for node in self.nodes:
            hit.update(beside(node.home, "killed").read_text().splitlines())
        return hit

    @staticmethod
    def _read(node: Crasher, other: Crasher) -> dict:
        command = [*PROGRAM, "read", str(node.home), other.state]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

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


def main() -> None:
    """Be one of the parts."""
    part, home, *rest = sys.argv[1:]
    if part == "serve":
        serve(Path(home), rest[0])
    elif part == "client":
        client(Path(home), rest[0], Path(rest[1]), float(rest[2]))
    else:
        read(Path(home), rest[0])


if __name__ == "__main__":
    main()
