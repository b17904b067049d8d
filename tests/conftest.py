"""What every test gets: a node's home, officers, a peer State; and no way out to the network."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import apart
import django
import pytest

_connect = socket.socket.connect

# The files that take longest, the longest first: whoever runs the tests with others begins with them, so that all end together.
LONG = (
    "browser", "kill", "crash", "partition", "exercise", "postgres", "network", "parcel", "conversation", "conformance",
    "browser_drills", "browser_sharing", "browser_public", "browser_assistance", "restore", "lifecycle", "second", "letter",
    "hsm", "flood", "drafting", "taxii_door",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--database postgresql``: the node of this process, and those of the exercises, keep their tables there."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    """Make the home of the node that tests in this process are (Iran's), and set Django up for it."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # this process only hands the tests out
    folder = Path(tempfile.mkdtemp(prefix="comity-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes compiles the program anew
    home = folder / "IR"
    command = [sys.executable, "-m", "comity.node.run", "init", str(home), "--state", "IR", "--witness", "QA"]
    command += ["--officers", "https://127.0.0.1:9441", "--peers", "https://127.0.0.1:9442"]
    command += ["--language", "en", "--time-zone", "Asia/Tehran"]
    if config.getoption("database") == "postgresql":
        import postgres

        held = ExitStack()
        config.add_cleanup(held.close)
        server = held.enter_context(postgres.running())
        held.enter_context(postgres.keeping(server))
        command += ["--database", str(server.database(also="CREATEDB"))]
    subprocess.run(command, check=True, capture_output=True)
    os.environ |= {"COMITY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "comity.node.django_settings"}
    django.setup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; see `LONG`."""
    place = {f"test_{name}": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session", autouse=True)
def _warm_nodes():
    """Exercises make and start their nodes quickly."""
    import warm

    with warm.exercises():
        yield


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test reach this machine only: a test that needs another one would pass here and fail there."""

    def connect(self: socket.socket, address: tuple[str, int] | str) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not apart.inside():
            host = address[0]
            if host != "localhost" and not ip_address(host).is_loopback:
                pytest.fail(f"a test tried to reach {host}")
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def at() -> datetime:
    """The moment of the test."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def node(db):
    """The settings of the node under test: Iran's, with an empty database, shelf, vault and intake."""
    from comity.node.settings import current

    found = current()
    for name in ("shelf", "vault", "intake"):
        shutil.rmtree(found.home / name, ignore_errors=True)
        (found.home / name).mkdir(mode=0o700)
    return found


@pytest.fixture
def officers(node):
    """Officers of the node under test: `drafter`, `approver`, `decider`, `judge`, and `all` with every power."""
    from comity.casework.lifecycle import Power
    from comity.node import models

    powers = {
        "drafter": ["draft", "execute"], "approver": ["approve"], "decider": ["decide", "execute"],
        "judge": ["authorise"], "idle": [], "all": [str(power) for power in Power],
    }  # fmt: skip
    return SimpleNamespace(
        **{
            name: models.Officer.objects.create(
                username=name, password="!", full_name=f"Officer {name}", office="Exercise office", powers=held
            )
            for name, held in powers.items()
        }
    )


@pytest.fixture
def peer(node, at):
    """Viet Nam, as a State that can say anything; pinned at the node under test."""
    from peer import Peer, settle

    from comity.node.desk import registry

    found = Peer("VN", node)
    registry.pin(node, found.entry_bytes, fingerprint=found.entry.fingerprint, by="test", at=at)
    settle("VN")
    return found
