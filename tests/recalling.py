# ruff: noqa: D102 -- the methods of DictMemory say in `Memory` what they do
"""Weeks of ten sharing nodes: random topologies, partitions, double and disordered delivery, holders that do not conform.

`World(seed).run()` plays them; `faults` is what does not hold afterwards. After the links have healed:

* a conforming holder's copy of a recalled object is not in use; it is withdrawn if a chain of conforming neighbours
  leads to the source;
* whoever else has a copy stands on the source's list, or had it, by however many hands, from one who stands there;
* a conforming holder that had the copy along conforming givers has acknowledged; nobody who acknowledged is on the list.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from comity.errors import ComityError
from comity.sharing import notices
from comity.sharing.notices import Acknowledgement, Kind, Recall, Shared, Standing
from comity.sharing.recall import Copy, Send, Sharer, Use
from comity.sharing.tlp import Level

START = datetime(2026, 11, 30, tzinfo=UTC)
STATES = ("IR", "VN", "QA", "AE", "OM", "BR", "ZA", "EG", "ID", "MA")
PATIENCE = timedelta(days=5)
MOST = 20_000  # notices of one world; some hundreds are usual
# What a holder may do that does not conform.
TRAITS = ("silent", "keeps", "hides recalls", "lies")


class DictMemory:
    """What one node keeps, in dictionaries."""

    def __init__(self) -> None:
        self.copies: dict[str, Copy] = {}
        self.given: dict[str, set[tuple[str, str]]] = defaultdict(set)  # source -> (what, giver)
        self.taken: dict[str, set[tuple[str, str]]] = defaultdict(set)  # source -> (what, taker)
        self.said: dict[str, dict[int, tuple[Recall, bytes]]] = defaultdict(dict)
        self.standings: dict[str, tuple[Standing, bytes]] = {}
        self.sent: set[tuple[bytes, str]] = set()
        self.held_by: dict[str, set[str]] = defaultdict(set)
        self.acks: dict[int, dict[str, Acknowledgement]] = defaultdict(dict)
        self.reports: list[notices.Report] = []

    def copy(self, what: str) -> Copy | None:
        return self.copies.get(what)

    def put_copy(self, copy: Copy) -> None:
        self.copies[copy.what] = copy

    def givers(self, source: str) -> Iterable[str]:
        return {giver for _, giver in self.given[source]}

    def takers(self, source: str) -> Iterable[str]:
        return {taker for _, taker in self.taken[source]}

    def takers_of(self, what: str) -> Iterable[str]:
        return {taker for those in self.taken.values() for one, taker in those if one == what}

    def put_giver(self, what: str, source: str, giver: str) -> None:
        self.given[source].add((what, giver))

    def put_taker(self, what: str, source: str, taker: str) -> None:
        self.taken[source].add((what, taker))

    def recalls(self, source: str, after: int, to: int) -> Iterable[tuple[Recall, bytes]]:
        return [self.said[source][number] for number in sorted(self.said[source]) if after < number <= to]

    def recalls_of(self, what: str) -> Iterable[Recall]:
        return [said for those in self.said.values() for _, (said, _) in sorted(those.items()) if said.what == what]

    def put_recall(self, recall: Recall, raw: bytes) -> None:
        self.said[recall.source][recall.number] = recall, raw

    def complete(self, source: str) -> int:
        number = 0
        while number + 1 in self.said[source]:
            number += 1
        return number

    def standing(self, source: str) -> tuple[Standing, bytes] | None:
        return self.standings.get(source)

    def put_standing(self, standing: Standing, raw: bytes) -> None:
        self.standings[standing.source] = standing, raw

    def first_time(self, notice: bytes, to: str) -> bool:
        new = (notice, to) not in self.sent
        self.sent.add((notice, to))
        return new

    def put_holder(self, what: str, holder: str) -> None:
        self.held_by[what].add(holder)

    def holders(self, what: str) -> Iterable[str]:
        return self.held_by[what]

    def put_acknowledgement(self, said: Acknowledgement, raw: bytes) -> None:
        self.acks[said.number][said.by] = said

    def acknowledged(self, number: int) -> Iterable[str]:
        return self.acks[number]

    def put_report(self, said: notices.Report, raw: bytes) -> None:
        self.reports.append(said)


@dataclass
class Node:
    """A State's node: what it keeps, and how it does not conform (empty: it does)."""

    code: str
    trait: str = ""
    memory: DictMemory = field(default_factory=DictMemory)

    def __post_init__(self) -> None:
        self.sharer = Sharer(self.code, self.memory, patience=PATIENCE)

    def heard(self, sender: str, raw: bytes, at: datetime) -> list[Send]:
        """What goes out after a notice, by this node's trait."""
        notice = notices.decode(raw)
        before = dict(self.memory.copies)
        sends = self.sharer.heard(sender, notice, raw, at=at)
        if self.trait == "silent":
            return []
        if self.trait in {"keeps", "lies"}:
            for what, copy in before.items():
                self.memory.copies[what] = replace(copy, withdrawn=0)
        if self.trait == "keeps":
            return [one for one in sends if getattr(one.notice, "by", "") != self.code or one.notice.said == "holding"]
        if self.trait == "hides recalls":
            return [one for one in sends if one.notice.said not in {"recall", "acknowledgement"}]
        return sends


class World:
    """Ten nodes and what happens to them."""

    def __init__(self, seed: int, *, steps: int = 120) -> None:
        self.dice, self.steps, self.at = random.Random(seed), steps, START
        bad = self.dice.sample(STATES[2:], self.dice.randrange(5))
        self.nodes = {code: Node(code, self.dice.choice(TRAITS) if code in bad else "") for code in STATES}
        self.links = {
            frozenset(pair) for pair in zip(STATES, self.dice.sample(STATES, 10), strict=True) if len(set(pair)) == 2
        }
        self.links |= {frozenset(self.dice.sample(STATES, 2)) for _ in range(self.dice.randrange(6, 18))}
        self.down: set[frozenset[str]] = set()
        self.mail: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        self.objects: dict[str, str] = {}  # what -> source
        self.copies: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))  # what -> holder -> givers
        self.recalled: dict[str, list[tuple[int, str]]] = defaultdict(list)  # source -> (number, what)
        self.wire = hashlib.sha256()
        self.notices = 0

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> World:
        """Play all steps, heal, let everything arrive."""
        for _ in range(self.steps):
            self.at += timedelta(hours=self.dice.randrange(1, 6))
            self.dice.choice([self._share, self._hand_on, self._hand_on, self._recall, self._partition, self._stand])()
            for _ in range(self.dice.randrange(12)):
                self._deliver_one()
        self._heal()
        return self

    def post(self, sender: str, sends: list[Send]) -> None:
        """Put what is to be sent on its way; only neighbours have a line."""
        for send in sends:
            self.mail[sender, send.to].append(send.raw or notices.encode(send.notice))

    def _near(self, code: str) -> list[str]:
        return sorted(other for link in self.links if code in link for other in link - {code})

    def _share(self) -> None:
        source = self.dice.choice(STATES[:2])
        if not (near := self._near(source)):
            return
        ours = sorted(what for what, whose in self.objects.items() if whose == source)
        what = self.dice.choice(ours) if ours and self.dice.random() < 0.6 else self.dice.randbytes(32).hex()
        self.objects[what] = source
        self._try(source, what, self.dice.choice(near), lambda sharer, to: sharer.share(
            what, to, hops=self.dice.randrange(4), level=Level.GREEN, at=self.at))  # fmt: skip

    def _hand_on(self) -> None:
        held = sorted((code, what) for what, holders in self.copies.items() for code in holders)
        if not held:
            return
        code, what = self.dice.choice(held)
        if code == self.objects[what] or not (near := self._near(code)):
            return
        to, node = self.dice.choice(near), self.nodes[code]
        if node.trait == "silent":  # in secret, with as many hops as one likes
            self.copies[what][to].add(code)
            self.post(code, [Send(to, Shared(source=self.objects[what], what=what, hops=3, level=0))])
        else:
            self._try(code, what, to, lambda sharer, taker: sharer.hand_on(what, taker, at=self.at))

    def _try(self, code: str, what: str, to: str, step) -> None:
        try:
            self.post(code, step(self.nodes[code].sharer, to))
        except ComityError:
            return
        self.copies[what][to].add(code)

    def _recall(self) -> None:
        if not self.objects or self.dice.random() < 0.5:
            return
        what = self.dice.choice(sorted(self.objects))
        source = self.nodes[self.objects[what]]
        if source.memory.copy(what) is None or source.memory.copy(what).withdrawn:
            return
        kind = self.dice.choice([Kind.WITHDRAW, Kind.WITHDRAW, Kind.CORRECT])
        self.post(source.code, source.sharer.recall(what, kind, at=self.at))
        self.recalled[source.code].append((source.memory.complete(source.code), what))

    def _stand(self) -> None:
        source = self.nodes[self.dice.choice(STATES[:2])]
        self.post(source.code, source.sharer.stand(self.at))

    def _partition(self) -> None:
        self.down = {
            link for link in sorted(self.links, key=sorted) if self.dice.random() < self.dice.choice([0, 0.3, 0.8])
        }

    def _deliver_one(self) -> bool:
        lines = sorted(line for line, waiting in self.mail.items() if waiting and frozenset(line) not in self.down)
        if not lines:
            return False
        sender, to = self.dice.choice(lines)
        waiting = self.mail[sender, to]
        raw = waiting.pop(self.dice.randrange(len(waiting)))
        if self.dice.random() < 0.05:
            waiting.append(raw)
        self.wire.update(f"{sender} {to} ".encode() + raw)
        self.notices += 1
        if self.notices > MOST:
            raise AssertionError(f"more than {MOST} notices: they go round in circles")
        self.post(to, self.nodes[to].heard(sender, raw, self.at))
        return True

    def _heal(self) -> None:
        self.down = set()
        for _ in range(2):
            while self._deliver_one():
                pass
            self.at += timedelta(hours=1)
            for code in STATES[:2]:
                self.post(code, self.nodes[code].sharer.stand(self.at))
        while self._deliver_one():
            pass

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def faults(self) -> list[str]:
        """What does not hold after healing."""
        return [fault for source in STATES[:2] for number, what in self.recalled[source]
                for fault in self._faults_of(source, number, what)]  # fmt: skip

    def _faults_of(self, source: str, number: int, what: str) -> Iterable[str]:
        listed = set(self.nodes[source].sharer.outstanding(number))
        acknowledged = set(self.nodes[source].memory.acknowledged(number))
        reached, told = self._connected(source), self._told(source, what)
        if listed & acknowledged:
            yield f"{source} {number}: on the list and acknowledged: {sorted(listed & acknowledged)}"
        if listed - set(self.copies[what]):
            yield f"{source} {number}: on the list without ever a copy: {sorted(listed - set(self.copies[what]))}"
        for code in sorted(set(self.copies[what]) - {source}):
            node = self.nodes[code]
            if node.trait:
                if code not in listed | acknowledged and not self._is_behind(what, code, listed, acknowledged):
                    yield f"{source} {number}: {code} ({node.trait}) keeps a copy and is not on the list"
                continue
            use = node.sharer.use(what, at=self.at)
            if use not in ({Use.WITHDRAWN} if code in reached else {Use.WITHDRAWN, Use.SUSPENDED}):
                yield f"{source} {number}: {code} conforms and its copy is {use}"
            if code in told and code not in acknowledged:
                yield f"{source} {number}: {code} conforms and has not acknowledged"

    def _connected(self, source: str) -> set[str]:
        """Conforming nodes that a chain of conforming neighbours, in what was shared of this source, joins with it."""
        edges = {(giver, code) for code, node in self.nodes.items() for _, giver in node.memory.given[source]
                 if not node.trait and not self.nodes[giver].trait}  # fmt: skip
        return _closure(source, edges | {(there, here) for here, there in edges})

    def _told(self, source: str, what: str) -> set[str]:
        """Holders that had the copy along conforming givers."""
        edges = {(giver, code) for code, givers in self.copies[what].items() for giver in givers
                 if not self.nodes[code].trait and not self.nodes[giver].trait}  # fmt: skip
        return _closure(source, edges)

    def _is_behind(self, what: str, code: str, listed: set[str], acknowledged: set[str]) -> bool:
        """Whether a copy that the source does not know of leads back to a name on its list, or to one who lied."""
        before, todo, named = set(), {code}, False
        while todo:
            one = todo.pop()
            before.add(one)
            for giver in self.copies[what][one]:
                if giver in acknowledged and not self.nodes[giver].trait:
                    return False  # he would have named it
                named |= giver in listed | acknowledged
                todo |= set() if giver in listed | acknowledged else {giver} - before
        return named


def _closure(start: str, edges: set[tuple[str, str]]) -> set[str]:
    found, todo = set(), {start}
    while todo:
        here = todo.pop()
        found.add(here)
        todo |= {there for one, there in edges if one == here} - found
    return found
