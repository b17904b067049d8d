"""Time stamps at a node and after it: who is asked when, what a bad authority can do, what an exported case then proves."""

import html
import json
import re
import socket
import subprocess
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from answering import Post, until
from browsing import THEIRS, Browser
from directory_page import card, page
from peer import Peer, arrive, request, settle
from stamping import Authority, given, sent, serving
from typer.testing import CliRunner

from comity.casework.lifecycle import Kind
from comity.cli import app
from comity.errors import Unreachable
from comity.ledger import checkpoint as cp
from comity.node import archive, models
from comity.node.courier import Courier, errands
from comity.node.courier.stamps import have_stamped
from comity.node.desk import dossier, issuing, registry, requested, stamping
from comity.node.settings import Stamping
from comity.seal import stamp
from comity.seal.keys import SigningKey
from comity.verify import Verdict, verify_file
from comity.wire import stamps, transport
from comity.wire.directory import DatedKey, Purpose

pytestmark = pytest.mark.django_db
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    """An authority that the node trusts."""
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """One that it does not."""
    return Authority(tmp_path_factory.mktemp("other"))


def names(settings, monkeypatch, tsa, *urls, every=60):
    """Let the node have its log stamped there."""
    monkeypatch.setitem(vars(settings), "stamp", Stamping(urls, str(tsa.folder / "roots.pem"), every))
    monkeypatch.setitem(vars(settings), "stamp_roots", tsa.roots)


def keeps(settings, tsa, at, *, address="http://stamps.example/", **changed):
    """Have the present head stamped at `at`, without a server; its size."""
    query = stamping.query(settings)
    stamping.answered(settings, address, query, tsa.says(query.dump(), at, **changed), at=at)
    return models.Stamp.objects.order_by("-pk")[0].size


def asks(node, peer, at, number=1):
    """A request comes from the peer."""
    return arrive(node, peer.asks(request(reference=f"VN-2026-{number:04}"))[0], at)


def roots(tsa):
    """The file that a reader gives."""
    return tsa.folder / "roots.pem"


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_the_courier_has_the_head_stamped(node, peer, officers, at, tsa, monkeypatch):
    """OpenSSL's authority stamps the head as it is signed, and is asked again when the log has grown and an hour is over."""
    asks(node, peer, at)
    with serving(lambda door, query: sent(door, tsa.replies(query))) as (url, asked):
        names(node, monkeypatch, tsa, url)
        courier = Courier(node)
        until(lambda: courier.round() is not None and models.Stamp.objects.exists())
        for _ in range(5):
            courier._paused = 0.0
            courier.round()
        until(lambda: not courier._stampers[url].away)
    ((path, headers, query),) = asked
    assert (path, headers["Content-Type"]) == ("/tsa", "application/timestamp-query")
    assert "Signature" not in headers
    row, head = models.Stamp.objects.get(), models.Checkpoint.objects.order_by("-size").first()
    assert (row.stamper, row.size, row.note) == (url, head.size, cp.as_signed(head.note))
    said = stamp.verify(bytes(row.token), row.note.encode(), tsa.roots)
    assert (said.latest, said.name) == (row.latest, row.name)
    assert row.note.encode() not in query  # a digest is all that leaves
    assert stamping.due(node, at=at + 2 * HOUR) == []
    asks(node, peer, at, 2)
    assert stamping.due(node, at=datetime.now(UTC) + 59 * SECOND * 60) == []
    assert stamping.due(node, at=datetime.now(UTC) + HOUR) == [url]


def test_without_the_table_nobody_is_asked(node, peer, at):
    """Time stamps are off until an operator names who gives them, and an empty log has nothing to stamp."""
    asks(node, peer, at)
    assert (node.stamp, stamping.due(node, at=at)) == (Stamping(), [])


def test_every_authority_is_asked_by_itself(node, peer, at, tsa, monkeypatch):
    """What one has stamped the other still stamps; in the order of the settings."""
    asks(node, peer, at)
    names(node, monkeypatch, tsa, "http://a.example/", "http://b.example/")
    assert stamping.due(node, at=at) == ["http://a.example/", "http://b.example/"]
    keeps(node, tsa, at, address="http://b.example/")
    assert stamping.due(node, at=at) == ["http://a.example/"]


def test_who_fails_is_asked_less_and_less_often(node, peer, at, tsa, monkeypatch):
    """From a minute to an hour; at once as usual after a stamp; a clock that ran ahead puts nothing off for ever."""
    asks(node, peer, at)
    url = "http://stamps.example/"
    names(node, monkeypatch, tsa, url, every=5)
    error, now, waits = stamp.BrokenSeal("x", code="stamp.form"), at, []
    for _ in range(9):
        stamping.failed(url, error, at=now)
        until_then = models.Stamper.objects.get().next_at
        assert stamping.due(node, at=until_then - SECOND) == []
        assert stamping.due(node, at=until_then) == [url]
        waits.append((until_then - now).total_seconds() / 60)
        now = until_then
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert stamping.due(node, at=now - DAY) == [url]  # the clock was set back
    keeps(node, tsa, now)
    row = models.Stamper.objects.get()
    assert (row.failures, row.trouble, row.next_at - now) == (0, "", timedelta(minutes=5))


@contextmanager
def stalling():
    """(address, what ends it) of one who takes what he is asked, and answers a line of headers now and then for ever."""
    over = threading.Event()

    def serve(listener):
        with suppress(OSError):
            there, _ = listener.accept()
            with there:
                there.recv(65536)
                there.sendall(b"HTTP/1.1 200 OK\r\n")
                while not over.wait(0.05):
                    there.sendall(b"X: y\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", over
        over.set()


def test_a_question_ends_at_its_deadline(monkeypatch):
    """Also when something comes all the time."""
    monkeypatch.setattr(transport, "DEADLINE", 1.0)
    began = time.monotonic()
    with stalling() as (slow, _), pytest.raises(Unreachable, match=r"stamp\.unreachable"):
        transport.ask_stamp(slow, b"q")
    assert 0.9 < time.monotonic() - began < 4


@pytest.mark.django_db(transaction=True)
def test_an_authority_that_stalls_holds_nobody_up(node, peer, officers, at, tsa, monkeypatch):
    """While it does, rounds go on, another authority stamps and a peer is visited; then officers are told."""
    asks(node, peer, at)
    post = Post(node)
    monkeypatch.setattr(errands, "line_to", post.line)
    with stalling() as (slow, over), serving(lambda door, query: sent(door, tsa.replies(query))) as (url, _):
        names(node, monkeypatch, tsa, slow, url)
        courier, began = Courier(node), time.monotonic()
        courier.round()
        assert time.monotonic() - began < 5
        until(lambda: models.Stamp.objects.filter(stamper=url).exists() and post.asked)
        assert courier._stampers[slow].away
        over.set()
        until(lambda: models.Stamper.objects.filter(address=slow).exists())
    assert models.Stamper.objects.get(address=slow).trouble == "stamp.unreachable"
    shown = card(page(officers), "own")
    assert "The last attempt failed:" in shown
    assert "Stamps of Ruritania" in shown


def lies(door, tsa, other, query, *, how, before):
    """Answer as a bad authority does."""
    now = datetime.now(UTC)
    if how == "redirect":
        sent(door, b"", 302, Location="http://127.0.0.1:1/")
    elif how == "endless":
        door.send_response(200)
        door.send_header("Content-Length", str(100 << 20))
        door.end_headers()
        for _ in range(100):
            door.wfile.write(bytes(1 << 20))
    else:
        sent(door, {
            "page": b"<html>busy</html>", "nothing": b"", "another CA": other.says(query, now),
            "yesterday": tsa.says(query, now - DAY), "tomorrow": tsa.says(query, now + DAY),
            "before the log began": tsa.says(query, datetime(2021, 1, 1, tzinfo=UTC)),
            "replay": before, "another head": tsa.says(stamp.Query(b"x", 7).dump(), now),
            "refusal": tsa.says(query, now, status="rejection"),
        }[how], 200)  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("redirect", "stamp.answer"), ("endless", "stamp.answer"), ("page", "stamp.form"), ("nothing", "stamp.form"),
        ("another CA", "stamp.untrusted"), ("yesterday", "stamp.time"), ("tomorrow", "stamp.time"),
        ("before the log began", "stamp.time"), ("replay", "stamp.nonce"), ("another head", "stamp.imprint"),
        ("refusal", "stamp.refused"),
    ],
)  # fmt: skip
def test_a_bad_authority(node, peer, at, tsa, other, monkeypatch, how, code):
    """Nothing of its answer is kept, it is asked once and told by name; what an honest one says then is kept."""
    asks(node, peer, at)
    earlier = tsa.says(stamping.query(node).dump(), at)
    good = []

    def answer(door, query):
        if good:
            sent(door, tsa.says(query, datetime.now(UTC)))
        else:
            lies(door, tsa, other, query, how=how, before=earlier)

    with serving(answer) as (url, asked):
        names(node, monkeypatch, tsa, url)
        began = time.monotonic()
        have_stamped(node, url, lambda: datetime.now(UTC))
        assert time.monotonic() - began < 5
        assert (models.Stamp.objects.count(), len(asked)) == (0, 1)
        assert models.Stamper.objects.get().trouble == code
        good.append(True)
        have_stamped(node, url, lambda: datetime.now(UTC))
    assert (models.Stamp.objects.count(), models.Stamper.objects.get().trouble) == (1, "")


@pytest.mark.django_db(transaction=True)
def test_nobody_there(node, peer, at, tsa, monkeypatch):
    """An address at which nobody listens, and a defect of ours, are told as themselves."""
    asks(node, peer, at)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    names(node, monkeypatch, tsa, url)
    have_stamped(node, url, lambda: at)
    assert models.Stamper.objects.get().trouble == "stamp.unreachable"
    monkeypatch.setattr(stamping, "query", lambda _settings: 1 // 0)
    have_stamped(node, url, lambda: at)
    assert models.Stamper.objects.get().trouble == "stamp.defect"


def test_the_environment_names_no_proxy(node, peer, at, tsa, monkeypatch):
    """A proxy in the environment is not gone through."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    transport._open_client.cache_clear()
    with serving(given(b"here")) as (url, _):
        assert transport.ask_stamp(url, b"q") == b"here"


# ── what an export proves ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def case(node, peer, officers, at, tsa, monkeypatch):
    """A case of two acts: the first stamped, the second not; `export` writes it."""
    names(node, monkeypatch, tsa, "http://stamps.example/")
    asks(node, peer, at)
    keeps(node, tsa, at + SECOND)

    def export(moment=at + 2 * SECOND, settings=node):
        return dossier.export(settings, THEIRS, officer=officers.all, at=moment)

    return export


def found(path, tsa=None, **more):
    """(verdict, words) on the time stamps of a file."""
    return verify_file(path, roots=roots(tsa) if tsa else None, **more).verdicts.get("stamps")


def test_a_stamp_is_exported_and_verified(case, tsa, other, at):
    """By the roots that the reader gives; without any, or by others, it is not said to be good."""
    path = case()
    by = f"{at + 2 * SECOND:%Y-%m-%d %H:%M:%S}"
    assert found(path, tsa) == (
        Verdict.PASSED, f"1 acts existed by {by} UTC, says Stamps of Ruritania (policy 1.3.6.1.4.1.99999.1)"
    )  # fmt: skip
    assert found(path) == (Verdict.UNDETERMINED, "1 not checked: no roots given (--stamp-roots)")
    verdict, words = found(path, other)
    assert (verdict, "stamp.untrusted" in words) == (Verdict.FAILED, True)
    for wrong in (path, path.with_name("nowhere.pem")):
        assert verify_file(path, roots=wrong).verdicts["stamps"][0] is Verdict.FAILED


def test_a_file_without_stamps_says_so_only_to_who_asks(node, peer, officers, at, tsa):
    """It is what it was before there were any."""
    asks(node, peer, at)
    path = dossier.export(node, THEIRS, officer=officers.all, at=at)
    assert "stamps" not in verify_file(path).verdicts
    assert found(path, tsa) == (Verdict.UNDETERMINED, "there is none in this file")
    with zipfile.ZipFile(path) as opened:
        assert not [name for name in opened.namelist() if "stamp" in name]


def test_foreign_tools_check_it(case, tsa, other, tmp_path):
    """`unzip` and `openssl ts -verify`, with nothing of ours."""
    with zipfile.ZipFile(case()) as opened:
        opened.extractall(tmp_path)

    def says(name, roots_):
        command = ["openssl", "ts", "-verify", "-data", name, "-in", "stamp-1.tst", "-token_in", "-CAfile", roots_]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    (tmp_path / "middle.pem").write_bytes(tsa.middle.pem)
    assert "Verification: OK" in says("stamp-1.checkpoint", roots(tsa)).stdout
    assert says("stamp-1.checkpoint", roots(other)).returncode != 0
    assert says("case.json", roots(tsa)).returncode != 0


def test_what_came_later_is_not_covered(case, node, peer, officers, tsa, at):
    """Each act is shown by the first stamp after it; those after the last one are counted as such."""
    requested.assess(node, THEIRS, officer=officers.decider, at=at + 2 * SECOND)
    path = case(at + 3 * SECOND)
    assert found(path, tsa)[1].startswith("1 acts existed by")
    assert found(path, tsa)[1].endswith("; 1 are newer than every time stamp")
    keeps(node, tsa, at + 3 * SECOND)
    asks(node, peer, at, 2)
    keeps(node, tsa, at + HOUR)
    path = case(at + 2 * HOUR)
    with zipfile.ZipFile(path) as opened:
        names_ = [name for name in opened.namelist() if name.startswith("stamp")]
    assert names_ == ["stamps.json", "stamp-1.checkpoint", "stamp-1.tst", "stamp-2.checkpoint", "stamp-2.tst"]
    verdict, words = found(path, tsa)
    assert (verdict, words[:17]) == (Verdict.PASSED, "2 acts existed by")
    assert f"{at + 4 * SECOND:%H:%M:%S} UTC" in words


def test_a_head_that_is_newer_than_that_of_the_proofs(node, peer, officers, tsa, at, monkeypatch):
    """A witness saw a smaller head, under which the acts are proved: it is the beginning of the one that is stamped."""
    names(node, monkeypatch, tsa, "http://stamps.example/")
    qatar = Peer("QA", node)
    registry.pin(node, qatar.entry_bytes, fingerprint=qatar.entry.fingerprint, by="test", at=at)
    settle("QA")
    asks(node, peer, at)
    note, size = registry.checkpoint_to_witness(node, "QA")
    registry.witnessed(size, cp.cosignature(cp.parse(note)[0], qatar.witness, at), by="QA")
    assert stamping.query(node).data.decode() == note  # as the log signed it: no cosignature is stamped
    for number in range(2, 6):
        asks(node, peer, at, number)
    assert keeps(node, tsa, at + SECOND) > size
    report = verify_file(dossier.export(node, THEIRS, officer=officers.all, at=at + HOUR), roots=roots(tsa))
    assert report.verdicts["stamps"][1].startswith("1 acts existed by")
    assert report.passed


def exported(monkeypatch, **changed):
    """Let an export hold something else than it should: a function of each stamp."""
    true = stamping.covering

    def covering(*given_):
        return [replace(one, **{name: make(one) for name, make in changed.items()}) for one in true(*given_)]

    monkeypatch.setattr(dossier.stamping, "covering", covering)


def forged(tsa, at, data=None):
    """A good token of other bytes."""
    return lambda one: tsa.token(one.note.encode() if data is None else data, at)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("another head", "stamp.imprint"), ("another log", "checkpoint.signature"),
        ("a head that nobody signed", "checkpoint.signature"), ("a rewritten log", "proof.consistency"),
        ("a cut token", "stamp.form"),
    ],
)  # fmt: skip
def test_an_exporter_that_forges(case, node, peer, tsa, at, monkeypatch, what, code):
    """He has good tokens of the trusted authority, and puts them beside what they are not of."""
    foreign = cp.signed(cp.Checkpoint(peer.log.name, 1, bytes(32)), peer.log)
    split = cp.signed(cp.Checkpoint(node.log.name, 1, bytes(32)), node.log)
    unsigned = split.replace(node.log.name + "\n1\n", node.log.name + "\n2\n")
    changed = {
        "another head": {"token": forged(tsa, at, b"another")},
        "another log": {"note": lambda _: foreign, "token": forged(tsa, at, foreign.encode())},
        "a head that nobody signed": {"note": lambda _: unsigned, "token": forged(tsa, at, unsigned.encode())},
        "a rewritten log": {"note": lambda _: split, "token": forged(tsa, at, split.encode())},
        "a cut token": {"token": lambda one: one.token[:-1]},
    }[what]
    exported(monkeypatch, **changed)
    verdict, words = found(case(), tsa)
    assert verdict is Verdict.FAILED
    assert code in words


@pytest.mark.parametrize(("off", "words"), [(-DAY, "covers 'requested'"), (DAY, "the file says that it is older")])
def test_a_stamp_that_contradicts_what_it_covers(case, tsa, at, monkeypatch, off, words):
    """One from before the log's first entry, or after the file: a clock was wrong, it counts for nothing and says so."""
    exported(monkeypatch, token=lambda one: tsa.token(one.note.encode(), at + off))
    verdict, told = found(case(), tsa)
    assert verdict is Verdict.UNDETERMINED
    assert words in told
    assert "does not count" in told


def test_the_list_says_what_is_there(case, monkeypatch, tsa):
    """A token that nobody lists, or a list of what is not there, is refused."""
    true = stamps.parts
    for change in (
        lambda files: [*files, ("stamp-2.tst", files[2][1])],
        lambda files: files[:2],
        lambda files: files[1:],
        lambda files: [(files[0][0], files[0][1].replace(b"stamps/1", b"stamps/2")), *files[1:]],
        lambda files: [(files[0][0], files[0][1].replace(b"[]", b'["zz"]')), *files[1:]],
    ):
        monkeypatch.setattr(dossier, "parts", lambda given_, change=change: change(true(given_)))
        assert found(case(), tsa)[0] is Verdict.FAILED


def test_the_command(case, tsa, other):
    """`comity verify` says by when, and that without roots nothing was checked."""
    path = case()
    done = CliRunner().invoke(app, ["verify", str(path), "--stamp-roots", str(roots(tsa))], env={"COLUMNS": "200"})
    assert re.search(r"passed +stamps +1 acts existed by", done.output)
    done = CliRunner().invoke(app, ["verify", str(path)])
    assert re.search(r"undetermined +stamps +1 not checked: no roots given", done.output)
    done = CliRunner().invoke(app, ["verify", str(path), "--stamp-roots", str(roots(other))])
    assert re.search(r"failed +stamps", done.output)


# ── keys that were revoked since ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("after", "stands"), [(5, True), (-5, False)])
def test_a_head_under_a_log_key_that_was_revoked(own, peer, officers, at, tsa, monkeypatch, tmp_path, after, stands):
    """Nobody witnessed it: its stamp shows that it was signed before the revocation, or it does not count at all."""
    names(own.now(), monkeypatch, tsa, "http://stamps.example/")
    node = own.now()
    names(node, monkeypatch, tsa, "http://stamps.example/")
    asks(node, peer, at)
    keeps(node, tsa, at)
    path = dossier.export(node, THEIRS, officer=officers.all, at=at + SECOND)
    key, since = archive.own_entry(node).key(Purpose.LOG, at), at + after * SECOND
    issuing.revoke(own.now(), key.id, since=since, at=at + 10 * SECOND)
    pins = []
    for name, data in (("IR", issuing.own_chain(own.now())[-1]), ("VN", peer.entry_bytes)):
        (tmp_path / f"{name}.json").write_bytes(data)
        pins.append(tmp_path / f"{name}.json")
    bare = verify_file(path, pins=pins).verdicts
    assert bare["inclusion"][0] is Verdict.FAILED
    assert "checkpoint.revoked" in bare["inclusion"][1]
    stamped = verify_file(path, pins=pins, roots=roots(tsa)).verdicts
    assert stamped["inclusion"][0] is (Verdict.PASSED if stands else Verdict.FAILED)
    assert stamped["stamps"][0] is (Verdict.PASSED if stands else Verdict.UNDETERMINED)
    node = own.now()  # and what is exported now, under the next key, carries the stamp if it counts
    names(node, monkeypatch, tsa, "http://stamps.example/")
    again = verify_file(
        dossier.export(node, THEIRS, officer=officers.all, at=at + 20 * SECOND), roots=roots(tsa)
    ).verdicts
    assert again["inclusion"][0] is Verdict.PASSED
    assert again["stamps"][0] is (Verdict.PASSED if stands else Verdict.UNDETERMINED)
    assert stands or again["stamps"][1] == "there is none in this file"


@pytest.mark.parametrize(("stamped", "stands"), [(-10, True), (1, False)])
def test_acts_by_a_key_that_was_revoked(node, peer, officers, at, tsa, monkeypatch, stamped, stands):
    """A stamp before the revocation shows that they were signed before; a later one leaves it to their own word."""
    names(node, monkeypatch, tsa, "http://stamps.example/")
    offline = [SigningKey.generate() for _ in range(2)]
    moment = peer.entry.issued_at + SECOND
    added = [DatedKey(Purpose.RECOVERY, key.public, moment, moment + 400 * DAY) for key in offline]
    peer.issues(keys=(*peer.entry.keys, *added), threshold=2)
    body = {"request": request().to_dict(), "letter": ""}
    data, asked = peer.say(Kind.REQUESTED, THEIRS, body, at=at - 20 * SECOND)
    arrive(node, data, at)
    keeps(node, tsa, at + stamped * SECOND)
    more = peer.say(Kind.ENQUIRED, THEIRS, {"message": "How does it stand?"}, after=asked.id, at=at - 15 * SECOND)
    assert arrive(node, more[0], at).code == ""  # after the stamp: nothing shows this one
    peer.rotates(*offline, revoked=at)
    registry.renewed(node, "VN", peer.chain, by="VN", at=at + 20 * SECOND)
    path = dossier.export(node, THEIRS, officer=officers.all, at=at + 20 * SECOND)
    own_word = " by keys that were revoked later; that they were signed before rests on the acts' own word"
    shown = "1 by keys that were revoked later, when time stamps or witnesses had shown them already"
    assert f"2{own_word}" in verify_file(path).verdicts["acts"][1]
    verdict, words = verify_file(path, roots=roots(tsa)).verdicts["acts"]
    assert verdict is Verdict.PASSED
    assert (shown in words, f"1{own_word}" in words, f"2{own_word}" in words) == (stands, stands, not stands)


def test_a_stamp_is_no_witness(case, tsa):
    """That a log was not rewritten it does not show: the check of witnesses stays what it was."""
    report = verify_file(case(), roots=roots(tsa))
    assert report.verdicts["witness"][0] is Verdict.UNDETERMINED
    assert not report.passed


# ── what officers see ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "fa"])
def test_pages_show_stamps(case, node, peer, officers, at, language):
    """On the page of the case each act that is covered says by when; on that of the States stands each authority."""
    shown = html.unescape(Browser(officers.all, language).text(f"/cases/{THEIRS}"))
    assert f"{at + 2 * SECOND:%Y-%m-%d %H:%M:%S} UTC" in shown
    assert "Stamps of Ruritania" in shown
    own = card(page(officers, language), "own")
    assert "Stamps of Ruritania" in own
    stamping.failed("http://stamps.example/", stamp.BrokenSeal("x", code="stamp.time"), at=at)
    told = {"en": "differ. Call the operator", "fa": "با گرداننده تماس بگیرید"}[language]
    assert told in card(page(officers, language), "own")
    raw = json.loads(Browser(officers.all).get(f"/cases/{THEIRS}.json").content)
    assert raw["acts"][0]["stamp"] == {
        "by": f"{at + 2 * SECOND:%Y-%m-%dT%H:%M:%SZ}",
        "authority": "Stamps of Ruritania",
    }


def test_an_act_after_the_last_stamp_shows_none(case, node, peer, officers, at):
    """It is not said to be covered."""
    asks(node, peer, at, 2)
    raw = json.loads(Browser(officers.all).get("/cases/VN-2026-0002.json").content)
    assert raw["acts"][0]["stamp"] is None
    assert "time-stamped" not in Browser(officers.all).text("/cases/VN-2026-0002")
