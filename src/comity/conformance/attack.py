"""What an attack is, and the list of all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from comity.conformance.bench import Bench
from comity.conformance.verdict import Probe, Promise

Run = Callable[[Bench], Iterator[Probe]]


@dataclass(frozen=True)
class Attack:
    """One attack.

    Args:
        name: e.g. ``replay-same``; `kind` is the module's, e.g. ``replay``.
        promise: what it tries to break.
        section: heading of docs/PROTOCOL.md that says what is right.
        about: what it does and what a right node answers.
        run: does it.
    """

    name: str
    kind: str
    promise: Promise
    section: str
    about: str
    run: Run


ATTACKS: dict[str, Attack] = {}


def attack(name: str, promise: Promise, section: str) -> Callable[[Run], Run]:
    """Add a function to the attacks; its docstring says what it does and what a right node answers."""

    def listed(run: Run) -> Run:
        kind = run.__module__.rsplit(".", 1)[-1]
        ATTACKS[name] = Attack(name, kind, promise, section, inspect.getdoc(run) or "", run)
        return run

    return listed
