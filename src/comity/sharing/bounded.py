"""Other people's parsers, in a process of their own with a limit on time, memory and output.

A parser that recurses, loops or fills the memory takes its process along, not the node. The process gets bytes, gives
bytes, and has nothing else: an empty environment, no open files, no way to write to disk. What it must *not* be given is
a function that comes from outside: its name is a constant of the caller.

There is no wall against the network here: what runs is installed software that reads bytes, not foreign code.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from comity.errors import Invalid

_CHILD = "import sys; sys.path[:] = __import__('json').loads(sys.argv[3]); from comity.sharing import bounded; bounded._child()"


@dataclass(frozen=True)
class Bounds:
    """What a process may use.

    Args:
        cpu: seconds of processor time.
        wall: seconds by the clock.
        memory: bytes of address space.
        output: bytes of its answer.
    """

    cpu: int = 5
    wall: float = 15
    memory: int = 512 << 20
    output: int = 16 << 20


def run(function: str, payload: bytes, bounds: Bounds | None = None) -> bytes:
    """What `function` makes of `payload`, computed in a process that is killed at its bounds.

    Args:
        function: ``package.module:name`` of something that takes bytes and returns bytes.
        payload: given to it.
        bounds: the usual ones if None.

    Raises:
        Invalid: `bounded.time`: it took too long; `bounded.failed`: it died, or raised; the sentence has the last line
            that it said.
    """
    held = bounds or Bounds()
    command = [sys.executable, "-I", "-c", _CHILD, function, json.dumps(vars(held)), json.dumps(sys.path)]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as said:
        given.write(payload)
        given.seek(0)
        with subprocess.Popen(  # noqa: S603 -- our own interpreter
            command, stdin=given, stdout=answer, stderr=said, env={}, start_new_session=True
        ) as child:
            try:
                code = child.wait(held.wall)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                code = -signal.SIGXCPU
        if code in {-signal.SIGXCPU, -signal.SIGKILL}:
            raise Invalid("It took too long and was stopped.", code="bounded.time")
        if code:
            said.seek(0)
            line = said.read(1 << 16).decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
            raise Invalid(f"It could not be read: {line or f'stopped by signal {-code}'}.", code="bounded.failed")
        answer.seek(0)
        return answer.read(held.output)


def _child() -> None:
    """In the child: take the bounds, then run the function."""
    bounds = json.loads(sys.argv[2])
    for what, limit in (
        (resource.RLIMIT_CPU, bounds["cpu"]), (resource.RLIMIT_AS, bounds["memory"]),
        (resource.RLIMIT_FSIZE, bounds["output"]), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (limit, limit))
    module, _, name = sys.argv[1].partition(":")
    function = cast("Callable[[bytes], bytes]", getattr(importlib.import_module(module), name))
    sys.stdout.buffer.write(function(sys.stdin.buffer.read()))
