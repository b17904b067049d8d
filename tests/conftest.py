"""What every test gets: a node's home, officers, a peer State; and no way out to the network."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
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
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes compiles the program anew,
    sys.dont_write_bytecode = False  # and this one every test file with its asserts
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
def fresh_cache():
    """Nothing that the node remembers for a while, before the test and after it."""
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


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
    from peer import pinned

    return pinned("VN", node, at)


@pytest.fixture
def qatar(node, at):
    """Qatar, a third State to what passes between Iran and Viet Nam; pinned as well."""
    from peer import pinned

    return pinned("QA", node, at)


@pytest.fixture
def sent(node, officers, at):
    """Two requests on their way, to two peers: for each State (the envelope's row, the peer)."""
    from peer import pinned, request

    from comity.node import models
    from comity.node.desk import requesting

    rows = {}
    for number, state in enumerate(("VN", "QA"), 1):
        peer = pinned(state, node, at)
        ours = request(reference=f"IR-2026-000{number}", requesting="IR", requested=state)
        requesting.draft(node, ours, officer=officers.drafter, at=at)
        requesting.check(node, ours.reference, officer=officers.drafter, at=at)
        requesting.approve(node, ours.reference, despite="x", officer=officers.approver, at=at)
        requesting.send(node, ours.reference, officer=officers.approver, at=at)
        rows[state] = (models.Departure.objects.get(peer=state), peer)
    return rows


@pytest.fixture
def six_asked(node, officers, peer, at):
    """Six requests of Viet Nam, one accepted, one refused, about one more was asked: (their references, the ground)."""
    from peer import arrive, request

    from comity.node import archive
    from comity.node.desk import requested

    names = [f"VN-2026-{number:04}" for number in range(1, 7)]
    for place, name in enumerate(names):
        arrive(node, peer.asks(request(reference=name))[0], at + timedelta(minutes=place))
    ground = requested.grounds_for(node, archive.load(names[1], home=node.state), at.date())[0].id
    by = {"officer": officers.decider, "at": at + timedelta(hours=2)}
    for name in names[:3]:
        requested.assess(node, name, **by)
    requested.accept(node, names[0], conditions=[], reasons="In order.", **by)
    requested.consult(node, names[1], message="We may have to refuse.", **by)
    requested.refuse(node, names[1], grounds=[ground], reasons="For these.", **by)
    requested.ask(node, names[2], questions="Which?", fields=["period_to"], **by)
    return names, ground


@pytest.fixture
def shelves(node):
    """The node's shelves, with the collections of the pure tests."""
    from shelving import stock

    return stock(node)


@pytest.fixture
def own(node, tmp_path, at):
    """A copy of the node's home whose entry and keys a test may change; `now()` reads its settings anew."""
    from comity.node.desk import issuing
    from comity.node.settings import read

    home = tmp_path / "IR"
    shutil.copytree(node.home, home)
    found = SimpleNamespace(home=home, now=lambda: read(home))
    issuing.settle(found.now(), at=at)
    return found
