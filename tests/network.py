"""A network of nodes in one process over simulated years: real homes, keys, databases and desks; sealed bytes carried by hand.

This process becomes one node after the other (`Network.become`): each has its own home folder and its own connection to its
own database. What crosses is what would cross a line: `exchange.dumps` of an offer, taken in by the function behind the
peers' door. There is no HTTP, no TLS and no courier process; tests/test_exercise.py and others have these. Clocks are those
of the plan: every verb of a desk is told what time it is.

What happens is planned from a seed before anything does (`course.plan`), step by step. A step that waits for what a silent
State has not received or said is tried again each week. So a run can be cut off and continued: see bench/two_years.py.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from course import START, STEPS, Step

if TYPE_CHECKING:
    from comity.reporting.reconciliation import Statement
    from comity.reporting.release import Release

_SILENT = """[book]
id = "{code}"
kind = "state"
en = "{en}"
fa = "{fa}"

[state]
zone = "Etc/UTC"
calendar = "gregorian"
region = "africa"
tradition = ["civil"]
"""  # region and tradition must be said, and decide nothing here
WEEK = timedelta(days=7)
TRIES = 60  # weeks that a step may wait
# What a step meets that must wait for the other State, or was done before the run was cut off.
WAITS = (
    "case.stage", "case.unknown", "case.not-agreed", "case.history", "assistance.unknown", "programme.stage",
    "programme.delivery", "call.open",
)  # fmt: skip


@dataclass
class Node:
    """One State's node in this process.

    Args:
        state: its code.
        settings: its own.
        wrapper: its connection to its database.
        officers: `one` and `two` of them with every power, so that four eyes see what must be seen twice.
        away: from when to when nobody reaches it.
        talks: its conversations.
    """

    state: str
    settings: Any
    wrapper: Any
    officers: SimpleNamespace
    away: list[tuple[datetime, datetime]] = field(default_factory=list)
    talks: dict[str, Any] = field(default_factory=dict)

    def is_away(self, at: datetime) -> bool:
        """Whether nobody reaches it now."""
        return any(since <= at < until for since, until in self.away)


# --------------------------------------------------------------------------------------------------------- the network


class Network:
    """Nodes in one process.

    Args:
        folder: where their homes are, or will be.
        states: which.
        seed: of the times at which they are away.
    """

    def __init__(self, folder: Path, states: Iterable[str], seed: int) -> None:
        self.folder, self.states = folder, tuple(states)
        self.nodes = {state: self._node(state) for state in self.states}
        dice = random.Random(seed)
        for node in self.nodes.values():
            for _ in range(3):
                since = START + timedelta(days=dice.random() * 700)
                node.away.append((since, since + timedelta(days=dice.expovariate(1 / 8))))
        self.carried = Counter[str]()
        self.faults: list[str] = []
        self.taken: set[int] = set()  # places of steps in the plan
        self.week, self.half = START, -1  # place of the step that was under way when the run was cut off
        for line in (folder / "journal").read_text().split() if (folder / "journal").exists() else ():
            self._read(line)
            self.half = int(line[1:]) if line.startswith(">") else -1
        self._pin()

    def _node(self, state: str) -> Node:
        """Its node, made by the operator's command unless it is there."""
        from comity.node import run, settings

        home = self.folder / state
        run.default_folder = self._books  # type: ignore[attr-defined]  where `init` takes the books from
        settings.current.cache_clear()
        os.environ |= {"COMITY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "comity.node.django_settings"}
        wrapper = self._connect(home)
        if not (home / "entry.json").exists():
            where = {"officers": "https://127.0.0.1:9441", "peers": "https://127.0.0.1:9442"}
            run.init(home, state, **where, witness=None, language="en", time_zone="UTC", authorities=None, database=None,
                     public="", live=False)  # fmt: skip
        else:
            run._django(home)
        found = settings.current()
        from django.db import connections

        from comity.casework.act import Power
        from comity.node import models

        wrapper = wrapper or connections["default"]
        people = {}
        for name in ("one", "two"):
            given = {
                "password": "!",
                "full_name": f"Officer {name}",
                "office": "Network",
                "powers": [str(one) for one in Power],
            }
            people[name] = models.Officer.objects.get_or_create(username=name, defaults=given)[0]
        return Node(state, found, wrapper, SimpleNamespace(**people))

    def _books(self) -> Path:
        """The law books, with a silent one for each State that has none: under it, the law is unknown."""
        from comity.law.book import default_folder, load

        folder = self.folder / "books"
        if not folder.exists():
            draft = self.folder / "books.part"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(default_folder(), draft)
            known = load(draft)
            for state in {*self.states} - {*known.states}:
                name = known.roll.states[state]
                (draft / "states" / f"{state}.toml").write_text(
                    _SILENT.format(code=state, en=name.en, fa=name.fa), "utf-8"
                )
            draft.rename(folder)
        return folder

    def _connect(self, home: Path) -> Any:
        """A connection of its own; None for the first node: Django is set up for it."""
        from django.conf import settings as django
        from django.db import connections
        from django.db.utils import load_backend

        if not django.configured:
            return None
        home.mkdir(parents=True, exist_ok=True)
        known = {**connections.settings["default"], "NAME": home / "db.sqlite3"}
        connections["default"] = load_backend(known["ENGINE"]).DatabaseWrapper(known, "default")
        return connections["default"]

    def become(self, state: str) -> Node:
        """Be this State's node from now on."""
        from django.db import connections

        connections["default"] = self.nodes[state].wrapper
        return self.nodes[state]

    def _pin(self) -> None:
        """Every State pins every other one, and each has asked each what it holds."""
        from comity.node import models
        from comity.node.desk import registry
        from comity.wire.directory import read_entry

        entries = {state: (self.folder / state / "entry.json").read_bytes() for state in self.states}
        fresh = []
        for state in self.states:
            node = self.become(state)
            known = set(models.Peer.objects.values_list("state", flat=True))
            for other in self.states:
                if other != state and other not in known:
                    mark = read_entry(entries[other]).fingerprint
                    registry.pin(node.settings, entries[other], fingerprint=mark, by="network", at=START)
                    fresh.append((state, other))
        for one, other in fresh:
            self.carry(one, other, START)

    # ── what crosses ────────────────────────────────────────────────────────────────────────────────────────────────

    def carry(self, one: str, other: str, at: datetime) -> None:
        """Bring what `one` has for `other`, as the bytes that would cross; `other` reads it."""
        from comity.node.desk import crossing
        from comity.wire import exchange

        for _ in range(20):
            node = self.become(one)
            if other not in node.talks:
                node.talks[other] = crossing.conversation(node.settings, other)
            offer = node.talks[other].offer(at.timestamp())
            if offer is None:
                return
            sent = exchange.dumps(offer)
            there = self.become(other)
            talk = crossing.conversation(there.settings, one)
            answer = exchange.dumps(crossing.exchange(there.settings, talk, exchange.read_offer(sent), at=at))
            self.carried["exchanges"] += 1
            self.carried["bytes"] += len(sent) + len(answer)
            self.become(one)
            node.talks[other].answered(offer, exchange.read_answer(answer), at.timestamp())
            if not offer.items and offer.have is None:
                return  # it only asked what became of earlier ones
            self.become(other)
            crossing.admit(there.settings, one, at=at)
            self.carried["envelopes"] += len(offer.items)

    def deliver(self, state: str, at: datetime) -> None:
        """What this State has for others goes to those who are there."""
        from comity.node import models
        from comity.node.desk import assistance, reconciling

        node = self.become(state)
        if node.is_away(at):
            return
        assistance.due(node.settings, at=at)
        reconciling.due(node.settings, at=at)
        new = models.Departure.objects.filter(stage="relay").order_by("peer").values_list("peer", flat=True)
        for other in new.distinct():
            if not self.nodes[other].is_away(at):
                self.carry(state, other, at)
                self.become(state)

    def sweep(self, at: datetime) -> None:
        """Everybody's post goes out."""
        for state in self.states:
            self.deliver(state, at)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, steps: Sequence[Step], until: datetime) -> None:
        """Let the time pass up to `until`, from where the journal stopped; what goes wrong is in `faults`."""
        while self.week < until:
            end = min(self.week + WEEK, until)
            ready = [place for place, step in enumerate(steps) if step.at < end and place not in self.taken]
            held: set[tuple[str, str]] = set()  # what one State does in one matter, it does in its order
            for place in ready:
                step = steps[place]
                if (step.by, step.name) in held:
                    continue
                half = place == self.half  # the run was cut off in the middle of it, or just after
                self._note(f">{place}")
                if self._take(step, max(step.at, self.week), half=half):
                    self._note(str(place))
                else:
                    self._note(f"<{place}")
                    held.add((step.by, step.name))
            self.sweep(end - timedelta(seconds=1))
            self._note(end.isoformat())

    def _note(self, line: str) -> None:
        with (self.folder / "journal").open("a") as file:
            file.write(line + "\n")
        self._read(line)

    def _read(self, line: str) -> None:
        if "T" in line:
            self.week = datetime.fromisoformat(line)
        elif line.isdecimal():
            self.taken.add(int(line))

    def _take(self, step: Step, at: datetime, *, half: bool) -> bool:
        """Take a step; whether that is done with. `half`: it may have been taken just before the run was cut off."""
        from comity.errors import ComityError

        if self.nodes[step.by].is_away(at):
            return False
        try:
            STEPS[step.does](self.become(step.by), step, at)
        except ComityError as error:
            if half and error.code in {"case.exists", "case.stage", "assistance.changed"}:
                return True
            if error.code in WAITS and at - step.at < TRIES * WEEK:
                return False
            self.faults.append(f"{step.does} {step.name} {step.by}>{step.to}: {error}")
            return True
        self.carried[step.does] += 1
        if not self.nodes[step.to].is_away(at):
            self.deliver(step.by, at + timedelta(seconds=2))
        return True

    # ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def publish(self, through: str, at: datetime) -> None:
        """Every State publishes its figures up to the end of this quarter, unless it has."""
        from comity.node import models
        from comity.node.desk import figures

        for state in self.states:
            node = self.become(state)
            if not models.FiguresRelease.objects.filter(through=through).exists():
                seen = figures.preview(node.settings, through, at=at).mark
                figures.publish(node.settings, through, seen=seen, officer=node.officers.one, at=at)

    def published(self) -> dict[str, list[tuple[bytes, Release]]]:
        """State -> its releases, as signed and as any other State reads them, oldest first."""
        from comity.node import models
        from comity.node.desk import figures

        signed = {}
        for state in self.states:
            self.become(state)
            signed[state] = [bytes(row.value) for row in models.FiguresRelease.objects.order_by("number")]
        trust = self.trust()
        return {state: [(raw, figures.read(raw, trust)) for raw in those] for state, those in signed.items()}

    def trust(self) -> Any:
        """In every State's keys."""
        from comity.wire.directory import read_entry, trust_in

        return trust_in([read_entry((self.folder / state / "entry.json").read_bytes()) for state in self.states])

    def pairs(self) -> list[tuple[str, str]]:
        """The States that have cases with each other."""
        from comity.node import models

        found = set()
        for state in self.states:
            self.become(state)
            rows = models.Case.objects.values_list("requesting", "requested").distinct()
            found |= {tuple(sorted(row)) for row in rows}
        return sorted(found)

    def reconcile(self, since: str, through: str, at: datetime) -> None:
        """One State of each pair says its figures; the other one's node answers."""
        from comity.node import models
        from comity.node.desk import reconciling

        for one, other in self.pairs():
            node = self.become(one)
            if not models.FiguresBetween.objects.filter(peer=other, own=True, since=since, through=through).exists():
                reconciling.ask(node.settings, other, since, through, officer=node.officers.one, at=at)
            self.carry(one, other, at)
            self.deliver(other, at + timedelta(seconds=5))

    def compared(self, one: str, other: str, since: str, through: str) -> Any:
        """What the node of `one` finds (`reconciling.Compared`)."""
        from comity.node.desk import reconciling

        self.become(one)
        return reconciling.compared(other, since, through)

    def said(self, by: str, to: str, since: str, through: str) -> Statement:
        """What `by` has said to `to` last, as that one holds it."""
        from comity.node import models
        from comity.wire import figures

        self.become(to)
        row = models.FiguresBetween.objects.get(peer=by, own=False, since=since, through=through)
        return figures.kept(bytes(row.statement))

    def read_altered(self, signed: bytes, lies: Iterable[dict[str, Any]]) -> tuple[int, int]:
        """(releases put under a signature that is of another one, those of them that are read)."""
        from comity.errors import BrokenSeal
        from comity.node.desk import figures
        from comity.seal import canon

        trust, outer, tried, read = self.trust(), canon.loads(signed, limit=1 << 26), 0, 0
        for lie in lies:
            tried += 1
            with suppress(BrokenSeal):
                figures.read(canon.dumps(outer | {"payload": canon.b64(canon.dumps(lie))}), trust)
                read += 1
        return tried, read
