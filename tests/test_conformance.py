"""The hostile peer as a program: a real node keeps its promises, a weakened door is found out by the name of its weakness."""

import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from comity.cli import app
from comity.conformance import bench as benches
from comity.conformance import identity, line
from comity.conformance.attack import ATTACKS
from comity.conformance.attacks import bombs
from comity.conformance.bench import Bench
from comity.conformance.inbox import Inbox
from comity.conformance.line import Line, address
from comity.conformance.memory import Watch, held
from comity.conformance.run import KINDS, Result, chosen, run, worst
from comity.conformance.verdict import Probe, Promise, Verdict
from comity.demo import nodes
from comity.demo.cast import three_states
from comity.errors import ComityError, Invalid

pytestmark = pytest.mark.usefixtures("_no_network")
DOCS = Path(__file__).parent.parent / "docs"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Iran's node, made and not running, at which two exercise States are pinned."""
    folder = tmp_path_factory.mktemp("conformance")
    iran = three_states()[0]
    nodes.make_all([iran], folder)
    for state in ("XX", "QM"):
        address = {"QM": f"https://127.0.0.1:{_free_port()}"}.get(state, "")  # the node does not find the first one
        made = identity.prepare(folder / state, state, at=datetime.now(UTC), address=address)
        given = ("--fingerprint", made.entry.fingerprint, "--by", "t")
        nodes._run("pin", str(iran.home), str(folder / state / "entry.json"), *given)
    shutil.copytree(iran.home, folder / "weak")
    return SimpleNamespace(node=iran, identity=folder / "XX", other=folder / "QM", weak=folder / "weak",
                           entry=iran.home / "entry.json")  # fmt: skip


def bench(home, port="", folder=None, **given):
    """What attacks work with, against the door at `port` of the node in `folder`."""
    node = identity.entry_in(home.entry)[0]
    place = address(f"https://127.0.0.1:{port}" if port else node.address, anywhere=False)
    given = {"inbox": Inbox(folder or home.node.home), "other": identity.load(home.other)} | given
    return Bench(identity.load(home.identity), node, Line(place, node), **given)


@pytest.fixture(scope="module")
def node(home):
    """The node, running."""
    home.node.start()
    host, port = home.node.peers.removeprefix("https://").split(":")
    for _ in range(200):
        try:
            socket.create_connection((host, int(port))).close()
            break
        except OSError:
            time.sleep(0.1)
    yield home
    home.node.stop()


def _on_the_shelf(home, made, size=(9 << 20) + 7) -> str:
    """Lay a container on the shelf of the node in `home` for the exercise State; its digest."""
    content = os.urandom(size)
    digest = hashlib.sha256(content).hexdigest()
    (home / "shelf" / f"{digest}.asice").write_bytes(content)
    with sqlite3.connect(home / "db.sqlite3", timeout=30) as base:
        base.execute(
            "insert into node_container (digest, case_id, number, size, peer, outgoing, complete) "
            "values (?, ?, 1, ?, 'XX', 1, 1)",
            [digest, made.standing().case, len(content)],
        )
    base.close()
    return digest


def test_a_real_node_keeps_every_promise(node):
    """Every attack of every kind, each promise, evidence on the shelf, memory watched: all kept."""
    made = bench(node)
    made.shelf = _on_the_shelf(node.node.home, made)
    results = run(made, chosen([]), pid=node.node.process.pid)
    faults = [
        f"{result.name}: {probe}" for result in results for probe in result.probes if probe.verdict != Verdict.KEPT
    ]
    assert faults == []
    assert {result.promise for result in results} == set(Promise)
    assert len(results) == len(ATTACKS) + len(KINDS) + 1
    assert worst(results) is Verdict.KEPT


@pytest.fixture(scope="module")
def doors(home):
    """Opens doors with one weakness each: weakness -> port."""
    errors = (home.weak.parent / "weak.log").open("wb")
    command = [sys.executable, str(Path(__file__).parent / "weak.py"), str(home.weak)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True) as process:

        def opened(weakness):
            process.stdin.write(weakness + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield opened
        process.stdin.close()
    errors.close()


# weakness of tests/weak.py -> the attack that finds it
FOUND = {
    "any_signature": "lie-names",
    "any_time": "replay-old",
    "any_digest": "wrong-digest",
    "short_bodies": "truncate-body",
    "no_limit": "bomb-length",
    "forgets": "replay-same",
    "first_half": "strip-half",
    "second_half": "strip-half",
    "any_kind": "confuse-kinds",
    "forwarded": "replay-others",
    "any_author": "forge-author",
    "any_act_time": "act-times",
    "any_order": "decide-own-request",
    "any_history": "fork-history",
    "in_earnest": "confuse-earnest",
    "any_json": "add-bytes",
    "any_growth": "fork-log",
    "slow_witness": "fork-log-race",
    "two_heads": "fork-node",
    "new_keys": "lie-entries",
    "visits": "text-addresses",
    "stops_reading": "served-after-confusion",
    "falls_over": "confuse-shapes",
    "serves_files": "path-tricks",
    "any_path": "path-tricks",
    "any_method": "path-methods",
    "no_chunks": "smuggle-lengths",
    "old_tls": "old-tls",
    "one_at_a_time": "flood-slow-heads",
    "any_speaker": "words-of-others",
    "any_moment": "words-of-no-time",
    "always_settled": "exchange-unsettled",
    "any_offer": "exchange-strange",
    "any_figures": "figures-of-others",
    "any_number": "figures-false",
    "forgets_figures": "figures-again",
    "any_drawing": "figures-of-no-time",
    "tells_anybody": "others-by-address",
    "lends_to_anybody": "others-by-address",
    "tells_in_offers": "others-by-offer",
    "any_caller": "call-again",
    "calls_without_end": "call-too-often",
    "calls_of_tomorrow": "call-times",
    "says_it_is_admitted": "decide-own-request",
    "two_words": "out-of-order",
    "open_addresses": "path-unsigned",
    "ended_keys": "lie-names",
    "any_place": "exchange-numbers",
    "any_distance": "exchange-numbers",
    "gives_anybody_back": "exchange-numbers",
}


@pytest.fixture
def _impatient(monkeypatch):
    """A weakened door that does not answer need not be waited for."""
    monkeypatch.setattr(benches, "READ_WITHIN", 4.0)
    monkeypatch.setattr(line, "PATIENCE", 3.0)
    monkeypatch.setattr(bombs, "_PROMPT", 0.3)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("weakness", FOUND)
def test_a_weakened_door_is_found(home, doors, weakness):
    """The one thing that was taken out of the node breaks the attack that is there for it."""
    name = FOUND[weakness]
    attacks = chosen(["confuse-shapes" if name.startswith("served") else name])
    made = bench(home, doors(weakness), home.weak)
    if name == "others-by-address":
        made.shelf = _on_the_shelf(home.weak, made, 64)
    results = run(made, attacks)
    broken = {result.name for result in results if result.verdict is Verdict.BROKEN}
    assert name in broken, [probe for result in results for probe in result.probes]
    if not name.startswith(("served", "flood")):
        assert broken <= {name, f"served-after-{attacks[0].kind}"}


def test_a_door_without_a_weakness_is_not_accused(home, doors):
    """The same server with the node's own application: what finds the weaknesses finds nothing."""
    names = {name for name in FOUND.values() if not name.startswith("served")} - {"smuggle-lengths"}  # of this server
    made = bench(home, doors("none"), home.weak)
    made.shelf = _on_the_shelf(home.weak, made, 4096)
    results = run(made, chosen(names))
    assert [result.name for result in results if result.verdict is not Verdict.KEPT] == []


def test_receipts_that_are_for_nobody_are_none(home, doors):
    """Words must name the State that they are for, or two States could pass on what a third has said to one of them."""
    with pytest.raises(Invalid, match=r"receipt\.other"):
        run(bench(home, doors("to_nobody"), home.weak), chosen(["replay-same"]))


def test_without_the_inbox_what_is_not_told_is_undetermined(home, doors):
    """A receipt says that an envelope is held; whether it was admitted is not known from outside, and not claimed."""
    made = bench(home, doors("none"), home.weak)
    made.inbox = None
    by_name = {result.name: result for result in run(made, chosen(["forge-author", "lie-names"]))}
    assert by_name["forge-author"].verdict is Verdict.UNDETERMINED
    assert by_name["lie-names"].verdict is Verdict.KEPT
    assert worst(by_name.values()) is Verdict.UNDETERMINED


def test_without_a_second_state_nothing_is_claimed_of_it(home, doors):
    """Nor of evidence, where no container is named: no probe that was not made counts as kept."""
    made = bench(home, doors("tells_anybody"), home.weak, other=None)
    names = ["others", "path-unsigned", "path-ranges"]
    by_name = {
        result.name: result.verdict for result in run(made, chosen(names)) if not result.name.startswith("served")
    }
    assert by_name == dict.fromkeys(by_name, Verdict.UNDETERMINED)
    assert len(by_name) == 4


def test_a_second_state_that_is_not_found_settles_nothing(home, doors):
    """Without an address, or where something else listens there, numbered envelopes are undetermined, and why is said."""
    other = identity.load(home.other)
    port = int(other.entry.address.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        taken = run(bench(home, doors("none"), home.weak), chosen(["exchange-numbers"]))[0]
    without = bench(home, doors("none"), home.weak, other=replace(other, chain=None))
    nowhere = run(without, chosen(["exchange-numbers"]))[0]
    for result, why in ((taken, "conformance.listen"), (nowhere, "prepare --address")):
        assert result.verdict is Verdict.UNDETERMINED
        assert why in result.probes[0].got


@pytest.mark.parametrize("address", ["http://127.0.0.1:8449", "127.0.0.1:8449", "https://127.0.0.1:8449/x"])
def test_a_state_is_found_at_an_address(tmp_path, address):
    """What is no address is refused before anything is written."""
    with pytest.raises(Invalid, match=r"conformance\.url"):
        identity.prepare(tmp_path / "keys", "QM", at=datetime.now(UTC), address=address)
    assert not (tmp_path / "keys").exists()


def test_the_other_state_is_another_one(home):
    """What one State may see is no proof of what another may."""
    with pytest.raises(Invalid, match=r"conformance\.other"):
        bench(home, other=identity.load(home.identity))


def test_who_is_not_pinned_attacks_nothing(home, doors, tmp_path):
    """An identity that the node does not know: the run ends before it began, and says what to do."""
    identity.prepare(tmp_path / "zz", "ZZ", at=datetime.now(UTC))
    stranger = SimpleNamespace(**vars(home) | {"identity": tmp_path / "zz"})
    with pytest.raises(Invalid, match="Pin its entry first"):
        run(bench(stranger, doors("none"), home.weak, other=None), chosen(["lie-names"]))
    with pytest.raises(Invalid, match="refuses ZZ"):
        run(bench(home, doors("none"), home.weak, other=identity.load(tmp_path / "zz")), chosen(["lie-names"]))


def test_every_attack_says_what_is_right_and_where_it_is_written():
    """Each has a docstring with the right answer, and names a heading of PROTOCOL.md; each promise has an attack."""
    headings = {
        row.lstrip("# ") for row in (DOCS / "PROTOCOL.md").read_text("utf-8").splitlines() if row.startswith("#")
    }
    for attack in ATTACKS.values():
        assert "\n\nRight: " in attack.about, attack.name
        assert attack.section in headings, attack.name
    assert {attack.promise for attack in ATTACKS.values()} == set(Promise)
    assert {attack.kind for attack in ATTACKS.values()} == set(KINDS)


@pytest.mark.parametrize(
    ("url", "code"),
    [("https://192.0.2.1:8442", "conformance.address"), ("http://127.0.0.1:8442", "conformance.url"),
     ("https://127.0.0.1:8442/x", "conformance.url"), ("127.0.0.1", "conformance.url"),
     ("https://127.0.0.1:port", "conformance.url")],
)  # fmt: skip
def test_no_other_machine_is_attacked(url, code):
    """Only this machine, unless the caller says that the node is his."""
    with pytest.raises(Invalid) as caught:
        address(url, anywhere=False)
    assert caught.value.code == code


def test_who_operates_a_node_elsewhere_says_so():
    """Then the address is taken as it is; nothing is sent yet."""
    assert address("https://192.0.2.1:8442", anywhere=True) == ("192.0.2.1", 8442)
    assert address("https://localhost:8442", anywhere=False)[1] == 8442


@pytest.mark.parametrize("state", ["IR", "VN", "xx", "X", "QL", "XXX", ""])
def test_no_true_state_is_impersonated(tmp_path, state):
    """Only codes that stand for no State."""
    with pytest.raises(Invalid, match="no State"):
        identity.prepare(tmp_path / "keys", state, at=datetime.now(UTC))


def test_an_identity_is_kept_in_its_folder(tmp_path):
    """Keys of mode 0600, an entry that reads; a folder is used once; what is no identity is refused."""
    made = identity.prepare(tmp_path / "keys", "QM", at=datetime.now(UTC))
    assert identity.load(tmp_path / "keys") == made
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "keys").glob("*.key")} == {0}
    with pytest.raises(Invalid, match="exists already"):
        identity.prepare(tmp_path / "keys", "QM", at=datetime.now(UTC))
    identity.prepare(tmp_path / "other", "QM", at=datetime.now(UTC))
    shutil.copy(tmp_path / "other" / "entry.json", tmp_path / "keys" / "entry.json")
    with pytest.raises(Invalid, match="no identity"):
        identity.load(tmp_path / "keys")


def test_a_node_in_earnest_is_not_attacked(home, tmp_path):
    """Its entry says that it is no exercise: nothing is sent."""
    from comity.seal.keys import read_key
    from comity.wire.directory import sign_entry

    entry = replace(identity.entry_in(home.entry)[0], exercise=False)
    (tmp_path / "entry.json").write_bytes(sign_entry(entry, read_key(home.node.home / "keys" / "signing.key")))
    given = ["run", entry.address, "--entry", str(tmp_path / "entry.json"), "--identity", str(home.identity)]
    with pytest.raises(Invalid, match="in earnest"):
        CliRunner().invoke(app, ["conformance", *given], catch_exceptions=False)


def test_the_command_line_tells_it_all(home, doors):
    """Exit code 0 with a table, 1 with what was broken, and the whole report as JSON."""

    def told(weakness, *more):
        url = f"https://127.0.0.1:{doors(weakness)}"
        given = [url, "--entry", str(home.entry), "--identity", str(home.identity), "--home", str(home.weak),
                 "--other", str(home.other)]  # fmt: skip
        return CliRunner().invoke(
            app, ["conformance", "run", *given, "--only", "lie-names", *more], catch_exceptions=False
        )

    right = told("none")
    assert right.exit_code == 0
    assert "lie-names" in right.stdout
    wrong = told("any_signature", "--json")
    assert wrong.exit_code == 1
    report = json.loads(wrong.stdout)
    assert report["verdict"] == "broken"
    assert report["results"][0]["name"] == "lie-names"
    assert {"sent", "got", "verdict"} == set(report["results"][0]["probes"][0])
    listed = CliRunner().invoke(app, ["conformance", "list"], catch_exceptions=False)
    assert all(name in listed.stdout for name in ATTACKS)


def test_what_a_node_says_does_not_steer_the_screen():
    """Escapes, controls and direction marks in an answer are shown as their codes."""
    from comity.cli.conformance import _plain

    assert _plain("\x1b[2Ja\u202eb\0ç") == "\\x1b[2Ja\\u202eb\\x00ç"


def test_an_unknown_attack_is_named():
    """A wrong name runs nothing."""
    with pytest.raises(Invalid, match="no such attack"):
        chosen(["replay-nothing"])
    assert [attack.kind for attack in chosen(["replay"])] == ["replay"] * len(chosen(["replay"]))


def test_memory_of_a_family_of_processes():
    """Resident bytes of a process with its children; growth is judged, an unknown process refused."""
    assert held(os.getpid()) > 10 << 20
    with pytest.raises(Invalid):
        held(2**22 + 1)
    with Watch(os.getpid()) as watch:
        time.sleep(0.3)
    assert watch.probes()[0].verdict is Verdict.KEPT
    watch._last = watch._first + (600 << 20)
    assert watch.probes()[0].verdict is Verdict.BROKEN
    assert Watch(0).probes() == []


def test_the_worst_counts():
    """One broken probe breaks the run; nothing tried is undetermined."""

    def result(*verdicts):
        probes = tuple(Probe("s", "g", verdict) for verdict in verdicts)
        return Result("n", "k", Promise.DOOR, "s", "a", probes, len(probes), 0.0)

    assert worst([result(Verdict.KEPT), result(Verdict.BROKEN, Verdict.KEPT)]) is Verdict.BROKEN
    assert worst([result(Verdict.KEPT), result()]) is Verdict.UNDETERMINED
    assert worst([result(Verdict.KEPT)]) is Verdict.KEPT
    assert issubclass(Invalid, ComityError)
