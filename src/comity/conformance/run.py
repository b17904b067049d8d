"""One run: attack after attack, after each kind a good message, and in the end what it all comes to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from comity.conformance import attacks as _all_of_them
from comity.conformance.attack import ATTACKS, Attack
from comity.conformance.bench import Bench
from comity.conformance.memory import Watch
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.errors import ComityError, Invalid, Unreachable

KINDS = tuple(_all_of_them.__all__)
_SHOWN = 20  # probes of an attack that a report holds, the broken ones first
_WORST = (Verdict.BROKEN, Verdict.UNDETERMINED, Verdict.KEPT)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Result:
    """What one attack found.

    Args:
        name: of the attack, or ``served`` and ``memory``.
        kind: of the attack.
        promise: that it is about.
        section: heading of docs/PROTOCOL.md.
        about: what it does, and what is right.
        probes: what was tried; the worst first, at most twenty.
        count: how much was tried.
        seconds: how long it took.
    """

    name: str
    kind: str
    promise: Promise
    section: str
    about: str
    probes: tuple[Probe, ...]
    count: int
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The worst of its probes; nothing tried is nothing kept."""
        return self.probes[0].verdict if self.probes else Verdict.UNDETERMINED

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name, "kind": self.kind, "promise": self.promise.name.lower(), "section": self.section,
            "about": self.about, "verdict": str(self.verdict), "tried": self.count, "milliseconds": int(self.seconds * 1000),
            "probes": [{"sent": probe.sent, "got": probe.got, "verdict": str(probe.verdict)} for probe in self.probes],
        }  # fmt: skip


def chosen(only: Iterable[str]) -> list[Attack]:
    """The attacks of these names or kinds, in their order; all of them when none is named. Raises Invalid: an unknown name."""
    listed = sorted(ATTACKS.values(), key=lambda attack: KINDS.index(attack.kind))
    names = set(only)
    unknown = names - set(ATTACKS) - set(KINDS)
    if unknown:
        message = f"There is no such attack. Kinds: {', '.join(KINDS)}; names: comity conformance list"
        raise Invalid(message, code="conformance.attack", where=min(unknown))
    return [attack for attack in listed if not names or {attack.name, attack.kind} & names]


def run(bench: Bench, attacks: Iterable[Attack], *, pid: int = 0, progress: Progress | None = None) -> list[Result]:
    """Attack the node.

    Args:
        bench: what the attacks work with.
        attacks: those to run.
        pid: of the node's parent process, whose memory is watched; 0 when it is not known.
        progress: is told (attack, how many are done, of how many).

    Raises:
        Unreachable: the node does not answer at all, before anything was tried.
        Invalid: it does not take a good message of ours: the identity is not pinned.
    """
    try:
        return _all(bench, list(attacks), pid, progress)
    finally:
        bench.line.close()


def _all(bench: Bench, listed: list[Attack], pid: int, progress: Progress | None) -> list[Result]:
    for one in filter(None, (bench, bench.theirs)):
        _introduced(one)
    found: list[Result] = []
    with Watch(pid) as watch:
        for place, attack in enumerate(listed):
            if progress:
                progress(attack.name, place, len(listed))
            found.append(_tried(bench, attack))
            after = listed[place + 1].kind if place + 1 < len(listed) else ""
            if attack.kind != after:
                found.append(_served(bench, attack.kind))
    if probes := watch.probes():
        found.append(_extra("memory", "memory", "The node's memory stays flat.", probes, 0))
    return found


def _introduced(bench: Bench) -> None:
    """Return when the node takes a good request of ours, and its receipt holds."""
    if bench.line.ask("GET", "/entry", {}).status == 0:
        raise Unreachable("The node does not answer.", code="wire.unreachable")
    said = bench.standing()
    answer = bench.post("/messages", said.envelope)
    if answer.status == 401:
        message = f"The node refuses {bench.me.state}: {answer}. Pin its entry first: comity node pin"
        raise Invalid(message, code="conformance.unpinned", where=bench.me.state)
    try:
        bench.receipt(answer, said.envelope)
    except ComityError as error:
        message = f"The node gives no valid receipt for a good request: {answer}, {error}"
        raise Invalid(message, code="conformance.receipt") from error
    fate = bench.fates([said.envelope])[0]
    if fate and not fate.startswith("admitted"):  # what else is wrong with it, the attacks find
        raise Invalid(f"The node does not admit a good request: {fate}.", code="conformance.receipt")


def _tried(bench: Bench, attack: Attack) -> Result:
    bench.start(attack.name)
    begun, probes = time.monotonic(), list[Probe]()
    try:
        probes.extend(attack.run(bench))
    except ComityError as error:
        probes.append(Probe("the attack as a whole", f"came to no end: {error}", Verdict.UNDETERMINED))
    except Exception as error:  # noqa: BLE001  nobody foresees all that a node answers; the other attacks go on
        words = f"came to no end: {type(error).__name__}: {error}"
        probes.append(Probe("the attack as a whole", words[:300], Verdict.UNDETERMINED))
    shown = sorted(probes, key=lambda probe: _WORST.index(probe.verdict))[:_SHOWN]
    return Result(attack.name, attack.kind, attack.promise, attack.section, attack.about, tuple(shown), len(probes),
                  time.monotonic() - begun)  # fmt: skip


def _served(bench: Bench, kind: str) -> Result:
    """Whether a good message is still served after the attacks of `kind`."""
    begun = time.monotonic()
    try:
        probe = bench.served()
    except Unreachable as error:
        probe = Probe("a good message", str(error), Verdict.BROKEN)
    return _extra(f"served-after-{kind}", kind, "After these attacks a good message has its receipt.", [probe],
                  time.monotonic() - begun)  # fmt: skip


def _extra(name: str, kind: str, about: str, probes: list[Probe], seconds: float) -> Result:
    return Result(name, kind, Promise.SERVICE, "Receipts", about, tuple(probes), len(probes), seconds)


def worst(results: Iterable[Result]) -> Verdict:
    """What the whole run comes to."""
    verdicts = {result.verdict for result in results}
    return next((verdict for verdict in _WORST if verdict in verdicts), Verdict.UNDETERMINED)
