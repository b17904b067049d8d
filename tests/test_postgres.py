"""The node on a real PostgreSQL: the same promises as on SQLite, among processes and threads, through kills and falls.

Work that must be a node's own process is at the end of this file, which is also a program: ``test_postgres.py WORK HOME``.
"""

import base64
import dataclasses
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import postgres
import psycopg
import pytest
import warm
from lives import LIFE

from comity.conformance.inbox import Fate, Inbox
from comity.demo import story
from comity.errors import Invalid
from comity.node import database
from comity.node.settings import read
from comity.verify import verify_file


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server of this module's own."""
    with postgres.running() as found:
        yield found


def command(*arguments, given="", **environment):
    """Run an operator's command."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return warm.node(*arguments, given=given)


def init(home: Path, *more, **environment):
    """Make Iran's node in `home`."""
    where = ["--officers", "https://127.0.0.1:9443", "--peers", "https://127.0.0.1:9444"]
    return command("init", home, "--state", "IR", *where, *more, **environment)


@pytest.fixture(scope="module")
def home(server, tmp_path_factory):
    """The home folder of a node on that server."""
    found = tmp_path_factory.mktemp("postgres") / "IR"
    done = init(found, "--database", server.database())
    assert done.returncode == 0, done.stderr
    return found


def test_the_tables_are_on_the_server_alone(server, home):
    """`init` writes the table of node.toml, makes the database's tables and no file; a second node is refused the same one."""
    given = read(home).database
    assert given.host == str(server.folder / "run")
    assert server.ask("select count(*) from node_act", database=given.name) == [(0,)]
    assert not list(home.glob("*.sqlite3*"))
    assert [row[0] for row in postgres.rows(home, "select tableowner from pg_tables where tablename = 'node_act'")] == [
        given.name
    ]
    done = init(home.with_name("second"), "--database", server.folder / f"{given.name}.toml")
    assert (done.returncode, "(init.database)" in done.stderr) == (2, True), done.stderr
    assert not (home.with_name("second") / "entry.json").exists()


def test_the_hostile_peer_reads_what_became_of_its_envelopes_there(server, home, tmp_path):
    """`comity conformance run --home` sees the same on PostgreSQL, by the node's own settings, and can write nothing."""
    name, digest = read(home).database.name, "ab" * 32
    arrival = (
        "insert into node_arrival (digest, hop, after, at, entry, status, lacks, words, said_at, size, code, reason, handed) "
        "values (%s, 'XX', '[]', now(), 99, 'refused', '', 0, 0, 9, 'figures.sender', '', false) returning id"
    )
    server.ask(arrival, digest, database=name)
    try:
        inbox = Inbox(home)
        fates = inbox.fates([digest, "cd" * 32], patience=0)
        assert fates == {digest: Fate("refused", "figures.sender"), "cd" * 32: Fate("")}
        assert (inbox.traces("XX"), inbox.foreign_case("XX")) == ((0, 0, 0, 0, 0), "")
        inbox.settle("XX", patience=0)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            inbox._ask("delete from node_arrival where digest = ? returning id", [digest])
    finally:
        server.ask("delete from node_arrival where digest = %s returning id", digest, database=name)
    settings = tmp_path / "node.toml"
    for wrong in ((home / "node.toml").read_text().replace(name, "nobody"), "[database]\nhost = 1\n", "[database"):
        settings.write_text(wrong)
        with pytest.raises(Invalid) as caught:
            Inbox(tmp_path)
        assert caught.value.code == "conformance.home"


FAULTS = {
    "nothing": ({}, "'database.engine' must be a str that is not empty"),
    "another engine": ({"engine": "oracle"}, "'oracle' is no engine"),
    "a setting that there is none of": ({"password": "secret"}, "'database.password' is not a setting"),
    "no host": ({"host": ""}, "'database.host' must be a str that is not empty"),
    "a port in words": ({"port": "5432"}, "'database.port' must be a int"),
    "a port that is true": ({"port": True}, "'database.port' must be a int"),
    "no such port": ({"port": 70000}, "70000 is no port"),
    "another machine unseen": ({"host": "db.example"}, "'db.example' is another machine"),
    "another machine by address": ({"host": "192.0.2.1"}, "'192.0.2.1' is another machine"),
    "two machines": ({"host": "127.0.0.1,192.0.2.1"}, "is another machine"),
    "a relative path": ({"password_file": "keys/db"}, "database.password_file: 'keys/db' is no absolute path"),
    "a file that is not there": ({"ca_file": "/nowhere"}, "database.ca_file: '/nowhere' is no absolute path"),
}
RIGHT = {"engine": "postgresql", "host": "/run/postgresql", "name": "comity", "user": "comity"}


@pytest.mark.parametrize("title", FAULTS)
def test_every_fault_of_the_settings_is_named(title):
    """Each wrong value by its own sentence."""
    changed, sentence = FAULTS[title]
    found = database.database_faults(RIGHT | changed if changed else {})
    assert any(sentence in said for said in found), found


def test_right_settings_have_no_fault_and_all_faults_are_named_together(tmp_path):
    """A socket's folder, loopback by any name, and another machine with its certificate; many faults in one message."""
    (tmp_path / "ca.pem").write_text("certificate")
    for host in ("/run/postgresql", "localhost", "127.0.0.1", "::1"):
        assert database.database_faults(RIGHT | {"host": host, "port": 5433}) == []
    assert database.database_faults(RIGHT | {"host": "db.example", "ca_file": str(tmp_path / "ca.pem")}) == []
    assert len(database.database_faults(RIGHT | {"port": 0, "engine": "x", "host": "db.example"})) == 3
    done = init(tmp_path / "IR", "--language", "xx", "--database", _file(tmp_path, RIGHT | {"port": 0, "engine": "x"}))
    assert done.returncode == 2
    for said in ("'xx'", "0 is no port", "'x' is no engine", "(settings.value)"):
        assert said in done.stderr
    assert not (tmp_path / "IR").exists()


def _file(folder, values):
    path = folder / "given.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    return path


@pytest.mark.parametrize(("mode", "content", "said"), [
    (0o644, "secret", "Others may read"), (0o600, "\n", "is empty"), (0o600, b"\xff", "it is no text"),
])  # fmt: skip
def test_a_password_file_is_a_secret(tmp_path, mode, content, said):
    """It is read by its owner alone, and holds something."""
    path = tmp_path / "password"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    found = database.database_faults(RIGHT | {"password_file": str(path)})
    assert [said in sentence for sentence in found] == [True], found


def _refused(server, folder, title, changed) -> str:
    """What `init` says to a database that it cannot use; the password is never in it."""
    file = server.database(title, changed)
    password = (server.folder / f"{title}.password").read_text().strip()
    done = init(folder / title, "--database", file, PGPASSWORD=password)
    assert done.returncode == 2, done.stdout + done.stderr
    assert password not in done.stdout + done.stderr
    assert not (folder / title / "entry.json").exists()
    return done.stderr


def test_a_server_that_is_not_as_it_must_be_is_refused(server, tmp_path):
    """A wrong password, none from the environment, no TLS where it is asked for, a standby, a closed port: one line each."""
    (tmp_path / "guessed").touch(0o600)
    (tmp_path / "guessed").write_text("wrong")
    (tmp_path / "ca.pem").write_text(_certificate())
    server.database("standby")
    server.ask("alter database standby set default_transaction_read_only = on")
    for name, changed, said in (
        ("wrong", {"password_file": str(tmp_path / "guessed")}, "password authentication failed"),
        ("environment", {"password_file": ""}, "authentication"),
        ("plain", {"host": "127.0.0.1", "ca_file": str(tmp_path / "ca.pem")}, "SSL"),
        ("closed", {"port": 1}, "failed"),
        ("reading", {"name": "standby", "user": "standby",
                     "password_file": str(server.folder / "standby.password")}, "read-only"),
    ):  # fmt: skip
        stderr = _refused(server, tmp_path, name, changed)
        assert "(database.unreachable)" in stderr, (name, stderr)
        assert said in stderr, (name, stderr)
        assert len(stderr.splitlines()) == 1


def _certificate() -> str:
    home = Path(os.environ["COMITY_HOME"])
    return (home / "keys" / "tls.crt").read_text()


def test_a_server_that_asks_for_the_password_in_clear_does_not_get_it(server, tmp_path):
    """An impostor in the server's place would only have to ask."""
    rules = server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text("local all naked password\n" + before)
        server.ask("select pg_reload_conf()")
        assert "server requested a cleartext password" in _refused(server, tmp_path, "naked", {})
    finally:
        rules.write_text(before)
        server.ask("select pg_reload_conf()")


def test_a_database_that_cannot_hold_every_text_is_refused(server, tmp_path):
    """Persian does not fit into LATIN1."""
    server.database("latin")
    server.ask("drop database latin")
    server.ask("create database latin owner latin encoding 'LATIN1' template template0 locale 'C'")
    said = init(tmp_path / "IR", "--database", server.folder / "latin.toml").stderr
    assert "(database.encoding)" in said


@pytest.fixture
def line(home, django_db_blocker):
    """A connection as the node makes it, but one that does not wait for long."""
    from django.db.utils import ConnectionHandler

    told = database.for_django(home, read(home).database)
    told["OPTIONS"]["options"] += " -c lock_timeout=300ms"
    found = ConnectionHandler({"default": told})["default"]
    with django_db_blocker.unblock():
        yield found
        found.close()


def answer(line, question, *given):
    """The first value that a question answers."""
    with line.cursor() as cursor:
        cursor.execute(question, given)
        return cursor.fetchone()[0]


def test_a_session_keeps_what_a_receipt_promises(server, line):
    """Whatever the server's own settings say: committed means on disk, nobody waits for ever, no long idle transaction."""
    user = line.settings_dict["USER"]
    server.ask(f"alter role {user} set synchronous_commit = off")
    server.ask(f"alter role {user} set default_transaction_isolation = 'serializable'")
    assert answer(line, "show synchronous_commit") == "on"
    assert answer(line, "show idle_in_transaction_session_timeout") == "1min"
    line.set_autocommit(False)
    assert answer(line, "show transaction_isolation") == "read committed"
    line.rollback()
    line.set_autocommit(True)
    server.ask(f"alter role {user} reset all")


def test_a_transaction_waits_until_it_is_alone_and_gives_up_in_time(server, home, line):
    """Reading goes on beside it; who cannot be alone fails as a busy SQLite does, and his connection works afterwards."""
    from django.db import OperationalError

    from comity.node.postgresql import base

    given = read(home).database
    with psycopg.connect(host=given.host, port=given.port, user=given.user, dbname=given.name,
                         password=given.password) as other:  # fmt: skip
        other.execute("select pg_advisory_xact_lock(%s)", [base._ONE_AT_A_TIME])
        assert answer(line, "select count(*) from node_case") == 0
        with pytest.raises(OperationalError):
            line.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        assert (line.get_autocommit(), answer(line, "select 1")) == (True, 1)
        other.rollback()
    line.set_autocommit(False)
    assert answer(line, "select count(*) from pg_locks where locktype = 'advisory' and granted") == 1
    line.commit()
    line.set_autocommit(True)
    assert answer(line, "select count(*) from pg_locks where locktype = 'advisory'") == 0


def test_text_that_postgresql_cannot_keep_does_not_make_it_fail(line):
    """U+0000 is shown as U+FFFD, and looking for it finds nothing."""
    with line.cursor() as cursor:
        cursor.execute(
            "insert into node_refusal (at, code, reason, size, head, path) values (now(), 'x', %s, 0, ''::bytea, %s)",
            ["a\0b", "/receipts/\0"],
        )
    assert answer(line, "select reason from node_refusal where code = 'x'") == "a\ufffdb"
    assert answer(line, "select count(*) from node_arrival where digest = %s", "\0") == 0
    with line.cursor() as cursor:
        cursor.execute("delete from node_refusal where code = 'x'")


TAXII = "application/taxii+json;version=2.1"
TEXTS = (
    "a\0b",
    "\0",
    "\\\0\0",
    "\\u0000",
    "\\\\u0000",
    "\ud800",
    "\udc00\ud800",
    "😀\0",
    "\ud83d\0\ude00",
    "نیاز\0",
    '"\0"',
)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_json_that_postgresql_cannot_keep_does_not_make_it_fail(line, text):
    """In keys too; what it can keep is kept as it is, and what it cannot keep is found by what stands for it."""
    given, shown = (
        {text: [text]},
        "".join("\ufffd" if sign == "\0" or "\ud800" <= sign <= "\udfff" else sign for sign in text),
    )
    adapted = line.ops.adapt_json_value(given, None)
    assert json.loads(answer(line, "select (%s)::text", adapted)) == {shown: [shown]}
    assert answer(line, "select jsonb_build_array(%s) @> %s", shown, line.ops.adapt_json_value([text], None))


def test_who_writes_u0000_does_not_make_a_door_fail(server, tmp_path):
    """In an address, a query, a form, and in what another State says of its needs: refused or taken as on SQLite."""
    assert init(tmp_path / "IR", "--database", server.database()).returncode == 0
    (found,) = done(start("zeros", tmp_path / "IR"))
    assert found == {
        "peers": [404, 401, 401, 404, 404], "away": ["/evidence/\ufffd\ufffd", "/receipts/\ufffd"],
        "taxii": [400] * 5 + [202, 1, 1], "misp": [200, 404], "public": [404, 200, 200, 200, 422, 422],
        "need": ["", "places\ufffdin 2027"], "officers": [422, 200, 200, 404],
    }  # fmt: skip


def start(work, home, *given) -> subprocess.Popen:
    """Begin work in a process of its own."""
    return subprocess.Popen([sys.executable, __file__, work, str(home), *map(str, given)], stdout=subprocess.PIPE)


def done(*processes: subprocess.Popen) -> list:
    """What each process printed at its end."""
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [json.loads(text) for text in said]


def test_the_log_has_no_gap_and_no_double(home):
    """Two processes with four threads each append at once, then one of them is killed again and again: all proofs hold."""
    (before,) = done(start("prove", home))
    places = [place for found in done(*(start("append", home, name, 25) for name in "ab")) for place in found]
    assert sorted(places) == list(range(before["size"], before["size"] + 200))
    for number in range(3):
        process = start("append", home, f"killed{number}", 100_000)
        assert process.stdout.readline()  # it is at work
        time.sleep(0.05 * number)
        process.kill()
        process.communicate()
    (found,) = done(start("prove", home))
    assert found["entries"] == list(range(found["size"]))
    assert found["proved"] == found["entries"][before["size"] :]
    assert found["size"] > before["size"] + 205


def test_one_envelope_brought_by_many_at_once_is_kept_once(home):
    """The same bytes by eight threads of two processes: one place in the log, one receipt."""
    found = done(*(start("same", home) for _ in range(2)))
    assert len({receipt for receipts in found for receipt in receipts}) == 1


def test_of_many_who_act_on_the_same_sight_one_does(home):
    """Eight officers redraft what they saw at once: one draft is recorded, the others are told that the case has changed."""
    (found,) = done(start("redraft", home))
    assert Counter(found) == {"": 1, "case.changed": 7}


def test_of_two_histories_a_witness_signs_one(home):
    """Eight heads of one log, all of size 1, are brought at once by who never was here: one cosignature is given."""
    (found,) = done(start("cosign", home))
    assert Counter(found) == {"": 1, "witness.stale": 7}


def test_a_shelf_says_the_same_as_on_sqlite(home):
    """Additions and what bars them, pages, what is let out later, deletion: the plain SQL of the shelf, in this engine."""
    (found,) = done(start("shelf", home))
    assert found == {
        "added": ["new", "new", "new"], "again": ["same", "stix.other-content", "sharing.withdrawn", "sharing.contested"],
        "theirs": ["sharing.other-source"], "aside": ["new", "new"], "contested": 2,
        "sent": [2, True, False], "room": [True, False], "silent": [["a", False], ["c", True]],
        "types": ["a", "c"], "late": ["c", "a"], "deleted": 1, "left": ["c"], "scarce": 0,
    }  # fmt: skip


def test_a_story_goes_on_through_kills_and_falls_of_the_server(server, tmp_path, monkeypatch):
    """Three nodes on the server; nodes are killed, and the server itself: both histories are exactly the expected acts."""
    (tmp_path / "given").mkdir()
    for number in range(40):
        (tmp_path / "given" / f"{number}.eml").write_bytes(random.Random(number).randbytes(2000))
    happened, seen, told = [], {}, story._tell

    def hook(stage, name):
        if name.startswith(("before send IR-2026-0002", "before disclose")):
            node = stage.nodes["IR" if "send" in name else "VN"]
            threading.Timer(0.1, lambda: happened.append((name, node.kill()))).start()
        if name == "before approve IR-2026-0001":
            server.stop(signal.SIGQUIT)
            happened.append((name, server.start()))

    def tell(stage):
        first, second = told(stage)
        for state, username in (("IR", "rahimi"), ("VN", "tran")):
            cases = [stage.until("read", lambda r=r, u=username: stage.officer(u).read(r)) for r in (first, second)]
            seen[state] = [act["kind"] for case in cases for act in case["acts"]]
        return first, second

    monkeypatch.setattr(story, "_tell", tell)
    with postgres.keeping(server):
        ended = story.play(
            once=True, evidence=tmp_path / "given", out=tmp_path / "out", seed=3, home=tmp_path / "home", hook=hook
        )
    assert (ended, seen) == (0, LIFE)
    assert len(happened) == 3, happened
    for path in ("IR/case.asice", "VN/case.asice", "evidence.asice"):
        assert verify_file(tmp_path / "out" / path).passed
    _moves_house(server, tmp_path / "home" / "IR")


def _moves_house(server, home):
    """What `pg_dump` wrote, `pg_restore` makes a node of again, whose every proof holds."""
    given = read(home).database
    server.run("pg_dump", "--format", "custom", "--file", server.folder / "run" / "copy", *_to(server, given),
               env={"PGPASSWORD": given.password})  # fmt: skip
    before = done(start("prove", home))
    toml = server.database("restored").read_text()
    (home / "node.toml").write_text(
        (home / "node.toml").read_text().partition("\n[database]")[0] + "\n[database]\n" + toml
    )
    there = read(home).database
    server.run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", server.folder / "run" / "copy",
               *_to(server, there), env={"PGPASSWORD": there.password})  # fmt: skip
    assert done(start("prove", home)) == before
    assert len(before[0]["proved"]) > 10


def _to(server, given):
    return ["--host", given.host, "--port", given.port, "--username", given.user, "--dbname", given.name]


def _together(work) -> list:
    """What eight threads get when they begin at the same moment: each error by its code."""
    from django.db import connection

    from comity.errors import ComityError

    gate = threading.Barrier(8)

    def one(number):
        gate.wait()
        try:
            return work(number) or ""
        except ComityError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(one, range(8)))


def _append(settings, name, count):
    """Four threads bring envelopes; a line when the work began, and at the end the places that they got."""
    from django.db import connection

    from comity.node.desk import crossing

    def one(thread):
        places = []
        for number in range(int(count)):
            data = f"{name} {thread} {number}".encode()
            places.append(crossing.receive(settings, data, hop="VN", at=datetime.now(UTC)).index)
            if number == 2 and int(count) > 1000:
                sys.stdout.write("begun\n")
                sys.stdout.flush()
        connection.close()
        return places

    with ThreadPoolExecutor(4) as threads:
        return [place for places in threads.map(one, range(4)) for place in places]


def _same(settings):
    from comity.node.desk import crossing

    def bring(_):
        return crossing.receive(settings, b"the same", hop="VN", at=datetime.now(UTC)).statement.hex()

    return _together(bring)


def _prove(settings):
    """The log's size, the entries that it has, those that the tables name, and how many of these have a proof that holds."""
    from comity.ledger import log
    from comity.node import archive, models
    from comity.node.desk._log import new_checkpoint
    from comity.wire import messages

    found = {entry: messages.logged_receipt(digest)
             for entry, digest in models.Arrival.objects.values_list("entry", "digest")}  # fmt: skip
    acts = models.Act.objects.filter(entry__isnull=False, departure__isnull=True, arrival__isnull=True)
    found |= {entry: log.entry(log.ACT, digest) for entry, digest in acts.values_list("entry", "digest")}
    note = new_checkpoint(settings)
    for place, said in found.items():
        archive.log_proof(place, note).check(said, settings.log.name, settings.log.public, {})
    size = models.LogHead.objects.get().size
    entries = models.LogNode.objects.filter(level=0).order_by("index").values_list("index", flat=True)
    return {"size": size, "entries": list(entries), "proved": sorted(found)}


def _redraft(settings):
    from peer import request

    from comity.casework.lifecycle import Power
    from comity.node import models
    from comity.node.desk import requesting

    at = datetime.now(UTC).replace(microsecond=0)
    officer = models.Officer.objects.create(
        username="x", password="!", full_name="X", office="Y", powers=[str(power) for power in Power]
    )
    first = request(reference="IR-2026-0009", requesting="IR", requested="VN")
    seen = requesting.draft(settings, first, new=True, officer=officer, at=at).acts[-1].id

    def draft(number):
        requesting.draft(settings, dataclasses.replace(first, facts=f"{number}"), officer=officer, at=at, seen=seen)

    return _together(draft)


def _cosign(settings):
    from peer import Peer

    from comity.ledger import checkpoint as cp
    from comity.node.desk import registry

    at, vn = datetime.now(UTC), Peer("VN", settings)
    registry.pin(settings, vn.entry_bytes, fingerprint=vn.entry.fingerprint, by="test", at=at)

    def ask(number):
        head = cp.Checkpoint(vn.log.name, 1, bytes([number]) * 32)
        registry.cosign(settings, "old 0\n\n" + cp.signed(head, vn.log), at=at)

    return _together(ask)


def _zeros(settings):
    """What the doors answer to U+0000, where it may stand; and what became of a need that holds it."""
    from django.test import Client, override_settings
    from donor import Donor, need

    from comity.casework.lifecycle import Power
    from comity.node import models
    from comity.node.desk import shelf, sighting

    def indicators(value):
        made = dict.fromkeys(("created", "modified", "valid_from"), "2026-11-12T18:01:00.000Z")
        return made | {
            "type": "indicator", "spec_version": "2.1", "id": "indicator--00000001-0000-4000-8000-000000000001",
            "pattern": f"[domain-name:value = '{value}']", "pattern_type": "stix", "x_zero": "\0", "name": value,
        }  # fmt: skip

    at, host = datetime.now(UTC), {"ALLOWED_HOSTS": ["testserver"]}
    plain = host | {"MIDDLEWARE": ["django.middleware.security.SecurityMiddleware"]}
    found, name = {}, "zeros"
    shelf.opened(name, title=name, made_at=at, made_by="x")
    digest = hashlib.sha256(b"secret").hexdigest()
    models.Client.objects.create(name="zeros", state="QA", made_at=at, secret=digest, reads=[name], writes=[name])
    knows = {"authorization": "Basic " + base64.b64encode(b"zeros:secret").decode(), "accept": TAXII}
    with override_settings(ROOT_URLCONF="comity.node.peers.urls", **plain):
        client = Client(headers=knows)
        paths = "entry%00", "receipts/%00", "evidence/%00%00", "shared/collections/%00/", "shared/status/%00/"
        found["peers"] = [client.get(f"/{path}", secure=True).status_code for path in paths]
        here = f"/shared/collections/{name}/objects/"
        queries = "match[id]=%00", "match[type]=tool%00", "match[version]=%00", "added_after=%00", "next=%00"
        found["taxii"] = [client.get(f"{here}?{query}", secure=True).status_code for query in queries]
        bundle = {"objects": [{"type": "tool", "id": "tool--\0"}, indicators(f"a\0{at}")]}
        said = client.post(here, json.dumps(bundle), content_type=TAXII, secure=True)
        found["taxii"] += [said.status_code, said.json()["success_count"], said.json()["failure_count"]]
        while sighting.look(settings, at=at):
            pass
        asked = {"headers": {"authorization": "secret", "accept": "application/json"}, "secure": True}
        where = f"/misp/{name}/attributes/restSearch"
        said = client.post(where, json.dumps({"value": "a\0"}), content_type="application/json", **asked)
        found["misp"] = [said.status_code, client.get(f"/misp/{name}/events/view/%00", **asked).status_code]
    found["away"] = sorted(models.Refusal.objects.filter(code="hop.missing").values_list("path", flat=True))
    with override_settings(ROOT_URLCONF="comity.node.public.urls", **plain):
        paths = "/%00/", "/en/?q=%00", "/en/bulletins?q=%00", "/en/needs?topic=%00"
        found["public"] = [Client().get(path, secure=True).status_code for path in paths]
        found["public"].append(Client().post("/en/receipt", {"code": "a\0"}, secure=True).status_code)
        found["public"].append(Client().post("/en/report", {"what": "a\0"}, secure=True).status_code)
    donor = Donor("QA", settings, at)
    found["need"] = [donor.publishes(need("QA", text="places\0in 2027"), at)]
    row = models.Listing.objects.get(pk=need("QA").reference)
    found["need"].append(row.value["text"])
    officer = models.Officer.objects.create(
        username="z", password="!", full_name="Z", office="Y", powers=[*Power, "\0"]
    )
    with override_settings(**host):
        client = Client()
        tried = client.post("/sign-in", {"username": "a\0", "password": "b\0"}, secure=True)
        client.force_login(officer)
        paths = "/sharing?q=%00&in=%00", f"/assistance/listings/{row.pk}", "/cases/%00"
        found["officers"] = [tried.status_code, *(client.get(path, secure=True).status_code for path in paths)]
    return found


def _shelf(settings):
    """What becomes of a few objects in two collections, each named by a letter."""
    from comity.errors import Invalid
    from comity.node import models
    from comity.node.desk import _claims, blind, room, shelf
    from comity.sharing import stix
    from comity.sharing.shelf import Filter

    at, one, two = datetime.now(UTC), "1" * 36, "2" * 36
    for pk in (one, two):
        shelf.opened(pk, title=pk, made_at=at, made_by="x")

    def made(letter, **more):
        head = {
            "type": "tool",
            "spec_version": "2.1",
            "id": f"tool--0000000{letter}-0000-4000-8000-000000000001",
            "name": "x",
        }
        times = dict.fromkeys(("created", "modified"), "2026-11-12T18:01:00.000Z")
        return stix.read(json.dumps(head | times | more).encode())

    def named(rows):
        return [row.id[len("tool--0000000")] for row in rows]

    def said(outcomes):
        return [each.code if isinstance(each, Invalid) else each for each in outcomes.values()]

    client = models.Client.objects.create(name="soc", state=settings.state, made_at=at)
    own, letterbox = shelf.Shelves(settings), shelf.Shelves(settings, client)
    a, b, c = map(made, "abc")
    found = {"added": said(own.add(one, [a, b], by="x", at=at)) + said(own.add(two, [c], by="x", at=at, source="VN"))}
    own.add(one, [c], by="x", at=at, source="VN")
    models.StixObject.objects.filter(digest=b.digest).update(withdrawn=True)
    found["again"] = said(own.add(one, [a, made("a", name="y")], by="x", at=at))
    found["again"] += said(own.add(two, [b, made("a", name="y")], by="x", at=at))
    found["theirs"] = said(own.add(two, [made("c", modified="2026-11-13T18:01:00.000Z")], by="x", at=at))
    found["aside"] = said(letterbox.add(one, [made("a", name="y"), made("c", name="y")], by="client soc", at=at))
    found["contested"] = models.Contested.objects.count()
    letterbox.room(one, blind.BYTES // blind.SHARES - 2 * len(a.raw))
    sent = models.Client.objects.get()
    found["sent"] = [sent.blind_objects, sent.blind_bytes == 2 * len(a.raw), blind.is_full(sent)]
    found["room"] = [_claims._room(models.Contested.objects.all(), size) for size in (1, _claims.MOST_BYTES)]
    models.Copy.objects.create(what=c.digest, source="VN", hops=1, level=1, direct=True)
    rows = own.page(one, Filter(), None, 9, most_bytes=10_000)
    found["silent"] = [[letter, row.copy] for letter, row in zip(named(rows), rows, strict=True)]
    found["types"] = named(own.page(one, Filter(types=frozenset({"tool", "malware"})), None, 9))
    shelf.let_out(one, [rows[0].at.row], at=at)
    found["late"] = named(own.page(one, Filter(), None, 9))
    found["deleted"] = own.delete(one, Filter(ids=frozenset({a.id}), versions=frozenset({"all"})), by="x", at=at)
    found["left"] = named(own.page(one, Filter(), None, 9))
    return found | {"scarce": room.scarce(settings)}


if __name__ == "__main__":
    from comity.node.run import _django

    work = globals()[f"_{sys.argv[1]}"]
    sys.stdout.write(json.dumps(work(_django(Path(sys.argv[2])), *sys.argv[3:])))
