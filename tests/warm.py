"""The operator's commands and nodes as real processes that start quickly: forked from one that has read the program already.

Reading Python, Django and this program takes a second of each process, and the tests start hundreds. What is forked here has
read modules, and nothing else: no node, no settings, no database. tests/test_exercise.py starts all by the command line.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from multiprocessing.process import current_process
from pathlib import Path

import pytest

from comity.demo import nodes
from comity.errors import Misconfigured

READ = (
    "__main__", "comity.cli", "comity.node.run", "comity.node.settings", "comity.sharing.feed", "comity.sharing.misp_server",
    "comity.seal._pyhanko", "comity.sharing.recall", "comity.sharing.release", "comity.sharing.shelf",
    "comity.sharing.sighted", "comity.sharing.taxii", "comity.verify",
    "comity.wire.assistance", "comity.wire.calls", "comity.wire.communities",
    "comity.wire.conversation", "comity.wire.remembered", "comity.wire.shares", "comity.wire.standing",
    "comity.wire.transport", "comity.wording.aloud", "h11", "httpcore2",
    "granian", "httpx2", "argon2", "pydantic.main", "pydantic.type_adapter",
    "cryptography.hazmat.backends.openssl.backend", "django.contrib.auth.hashers",
    "django.contrib.auth.password_validation", "django.core.management.commands.migrate",
    "django.core.serializers.json", "django.core.wsgi", "django.db.backends.sqlite3.base", "django.db.models",
    "django.forms", "django.middleware.csrf", "django.template.backends.django", "django.urls",
    "django.utils.translation.trans_real",
)  # fmt: skip

# A process's end can be read once, and starting a process reads the ends of all: two threads at it would find 255.
_ASKING = threading.Lock()


class Running:
    """A process that was started here, with what the tests use of `subprocess.Popen`.

    Args:
        target: what it does; `SystemExit` ends it.
        given: arguments of that.
        argv: what it takes for its command line.
        files: its standard input, output and errors; written to at their end.
    """

    def __init__(
        self, target: Callable[..., object], *given: object, argv: tuple[str, ...] = (), files: tuple[Path, Path, Path]
    ) -> None:
        what = (dict(os.environ), os.getcwd(), argv, tuple(map(str, files)), target, given)
        # A daemon, so that nothing waits for a node that a failed test left behind; it has children of its own all the same.
        self._process = _context().Process(target=_be, args=what, daemon=True)
        with _ASKING:
            self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended: an exit code, or a signal as a negative number; None while it runs."""
        with _ASKING:
            return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ends. Raises TimeoutExpired after `timeout` seconds."""
        multiprocessing.connection.wait([self._process.sentinel], timeout)
        if (found := self.returncode) is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout)
        return found

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended, and been waited for, since
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it at once."""
        self.send_signal(signal.SIGKILL)


def _context() -> multiprocessing.context.BaseContext:
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(list(READ))
    return found


def _be(
    environment: dict[str, str], folder: str, argv: tuple[str, ...], files: tuple[str, str, str],
    target: Callable[..., object], given: tuple[object, ...],
) -> None:  # fmt: skip
    """Become the process."""
    assert "comity.node.django_settings" not in sys.modules, "what all processes have read belongs to no node"
    os.setsid()
    current_process()._config["daemon"] = False
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, (name, mode) in enumerate(zip(files, ("r", "a", "a"), strict=True)):
        with open(name, mode) as file:
            os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = open(0, closefd=False), open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = ["comity", *argv]
    target(*given)


def _node() -> None:
    """The operator's command line of a node."""
    from comity.node import run

    run.main()


def node(*arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``comity node`` with `arguments` and `given` as its input, as `subprocess.run` would."""
    return done(_node, argv=tuple(map(str, arguments)), stdin=given)


def done(
    target: Callable[..., object], *given: object, argv: tuple[str, ...] = (), stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Let a process do `target` to its end; what it printed."""
    with tempfile.TemporaryDirectory(prefix="comity-warm-") as folder:
        files = tuple(Path(folder) / name for name in ("in", "out", "errors"))
        files[0].write_text(stdin, "utf-8")
        for file in files[1:]:
            file.touch()
        code = Running(target, *given, argv=argv, files=files).wait(300)
        return subprocess.CompletedProcess(argv, code, files[1].read_text("utf-8"), files[2].read_text("utf-8"))


def _run(*arguments: str, given: str = "") -> str:
    """In place of `comity.demo.nodes._run`."""
    done = node(*arguments, given=given)
    if done.returncode:
        raise Misconfigured(f"comity node {arguments[0]}: {done.stderr.strip()[-2000:]}", code="demo.command")
    return done.stdout


def _start(self: nodes.Node) -> None:
    """In place of `comity.demo.nodes.Node.start`."""
    files = (Path(os.devnull), self.log, self.log)
    self.process = Running(_node, argv=("serve", str(self.home), "--attached"), files=files)
    self.starts += 1


@contextlib.contextmanager
def exercises() -> Iterator[None]:
    """While this lasts, the nodes of exercises are made and started here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes, "_run", _run)
        patch.setattr(nodes.Node, "start", _start)
        yield
