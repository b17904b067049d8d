"""A node that is told to stop ends, whatever its doors are doing."""

import random
import signal
import time

import pytest
import warm

GRACE = 0.3


def _deaf() -> None:
    """A node whose doors do not hear that they are to end."""
    from comity.node import run

    def door(_name: str, _settings: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)

    run._GRACE, run._door = GRACE, door
    run.main()


@pytest.fixture
def log(tmp_path):
    """What the node prints."""
    found = tmp_path / "log"
    found.touch()
    return found


@pytest.fixture
def serve(tmp_path, log):
    """Starts Qatar's node as a process: `serve(target)`."""
    home = tmp_path / "QA"
    where = ["--officers", "https://127.0.0.1:9941", "--peers", "https://127.0.0.1:9942", "--time-zone", "Asia/Qatar"]
    warm.node("init", home, "--state", "QA", "--witness", "IR", "--language", "en", *where).check_returncode()

    def start(target) -> warm.Running:
        argv = ("serve", str(home), "--attached")
        return warm.Running(target, argv=argv, files=(log, log, log))

    return start


def test_doors_that_do_not_hear_are_ended(serve, log):
    """Both are killed after their grace, and the node has ended well."""
    process = serve(_deaf)
    while "QA:" not in log.read_text():  # its doors are open
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()


def test_a_node_that_is_told_while_it_starts_ends(serve):
    """At whatever moment of its start: a worker of a door that is forked in this moment hears nothing."""
    rng = random.Random(5)
    for _ in range(3):
        process = serve(warm._node)
        time.sleep(0.8 + rng.random() * 0.8)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        finally:
            process.kill()
