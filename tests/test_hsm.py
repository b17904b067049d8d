"""Keys in a real PKCS #11 token (SoftHSM): everything a node signs, and everything that can be wrong with a token."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pkcs11
import pytest
import warm
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from peer import request
from refusing import code

from comity.errors import BrokenSeal, Misconfigured
from comity.ledger import checkpoint
from comity.node import models
from comity.node.desk import requesting
from comity.seal import container, envelope, hsm, keys
from comity.seal.container import CadesKey
from comity.seal.hsm import P256, Curve, Place, TokenKey
from comity.seal.keys import NoteKey, OpeningKey, SigningKey
from comity.seal.trust import Grant, Trust
from comity.wire import transport
from comity.wire.directory import Purpose, read_entry

ROOT = Path(__file__).parent.parent
AT = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
SINCE, UNTIL = AT - timedelta(days=30), AT + timedelta(days=30)
MLDSA = b"m" * 32


@pytest.fixture(scope="session")
def softhsm():
    """The path of SoftHSM's module; without it these tests fail, and say how to get it."""
    found = subprocess.run([ROOT / "scripts" / "softhsm.sh"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return Path(found.stdout.strip())


class Softhsm:
    """A folder of tokens.

    Args:
        module: path of SoftHSM's library.
        folder: where its tokens and PIN files lie.
    """

    def __init__(self, module: Path, folder: Path) -> None:
        self.module, self.folder = module, folder
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n")
        self.use()
        self.pin = self.secret("pin", b"6429-exercise\n")

    def use(self) -> None:
        """Let SoftHSM, here and in processes started from here, find these tokens."""
        os.environ["SOFTHSM2_CONF"] = str(self.folder / "softhsm2.conf")

    def secret(self, name: str, content: bytes) -> Path:
        """A new file of mode 0600."""
        keys.write_secret(self.folder / name, content)
        return self.folder / name

    def token(self, label: str) -> None:
        """Make a token."""
        util = self.module.parents[2] / "bin" / "softhsm2-util"
        command = [util, "--init-token", "--free", "--label", label, "--so-pin", "so-pin", "--pin", "6429-exercise"]
        subprocess.run(command, check=True, capture_output=True)

    def place(self, label: str, token: str = "IR") -> Place:
        """Where a key of that label would lie."""
        return Place(str(self.module), token, label, str(self.pin))


@pytest.fixture(scope="module")
def made(softhsm, tmp_path_factory):
    """A token of Iran with one key for each purpose."""
    found = Softhsm(softhsm, tmp_path_factory.mktemp("softhsm"))
    found.token("IR")
    found.sign = TokenKey.generate(Curve.ED25519, found.place("sign"))
    found.note = TokenKey.generate(Curve.ED25519, found.place("note"))
    found.cades = TokenKey.generate(Curve.P256, found.place("cades"))
    return found


@pytest.fixture
def token(made):
    """The same token, with nothing open and no PIN refused."""
    made.use()
    hsm._forget(made.place(""))
    hsm._tokens.refused.clear()
    return made


# ------------------------------------------------------------------------------------------------ what a node signs


def test_an_act_is_signed_by_token_and_file(token):
    """A signing key of which one half lies in a token signs as any other; both halves hold."""
    key = SigningKey(token.sign, MLDSA)
    trust = Trust([Grant("IR", key.public, envelope.KINDS, SINCE, UNTIL)])
    signed = envelope.sign("act", b'{"said":"preserve"}', sender="IR", to="VN", key=key)
    assert envelope.verify(signed, trust, kind="act", at=AT).payload == b'{"said":"preserve"}'
    assert key.public.ed25519 == token.sign.public
    with pytest.raises(BrokenSeal):
        key.public.check(b"another message", key.sign(b"a message"))


def test_heads_cosignatures_and_requests_are_signed_in_the_token(token):
    """The keys of log, witness and hop: signed notes and HTTP signatures hold."""
    key = NoteKey("comity.ir/log", token.note)
    head = checkpoint.Checkpoint("comity.ir/log", 7, b"r" * 32)
    assert checkpoint.check_log(checkpoint.signed(head, key), "comity.ir/log", key.public) == head
    seen = checkpoint.cosignature(head, replace(key, name="comity.ir/witness"), AT)
    note = checkpoint.signed(head, key) + seen
    assert checkpoint.check_witnesses(note, {"comity.ir/witness": key.public}) == {"comity.ir/witness": AT}
    headers = transport.hop_headers("POST", "https://127.0.0.1:1/messages", b"body", state="IR", key=key, at=AT)
    request = ("POST", "https://127.0.0.1:1/messages", headers, b"body")
    assert transport.check_hop(*request, keys_of={"IR": [key.public]}.__getitem__, at=AT) == "IR"


def test_a_container_is_signed_in_the_token(token, tmp_path):
    """Certificate and CAdES signature come from the token; openssl agrees."""
    key = CadesKey.generate("Comity IR", not_before=SINCE, not_after=UNTIL, held=token.cades)
    again = CadesKey.load(key.stored(), key.certificate_der)
    place = tmp_path / "case.asice"
    container.write(place, [("a.txt", b"evidence")], cades=again, seal=lambda listing: b"{}", at=AT)
    with container.open_container(place) as opened:
        assert opened.check_cades(key.certificate_der) == AT
        (tmp_path / "p7s").write_bytes(opened.read(container.SIGNATURE_NAME, limit=1 << 20))
        (tmp_path / "xml").write_bytes(opened.read(container.MANIFEST_NAME, limit=1 << 20))
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "p7s", "-content", "xml", "-binary", "-noverify"]
    done = subprocess.run([*command, "-out", "/dev/null"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["SigningKey", "NoteKey"])
def test_a_key_file_says_where_the_key_lies(token, tmp_path, kind):
    """What is written is read back, and holds no secret of the token's."""
    key = {"SigningKey": SigningKey(token.sign, MLDSA), "NoteKey": NoteKey("comity.ir/log", token.note)}[kind]
    keys.write_key(tmp_path / "one.key", key)
    assert keys.read_key(tmp_path / "one.key") == key
    raw = json.loads((tmp_path / "one.key").read_text())
    held = raw["ed25519" if kind == "SigningKey" else "seed"]
    assert held == {"module": str(token.module), "token": "IR", "label": held["label"], "pin_file": str(token.pin),
                    "public": held["public"]}  # fmt: skip
    assert "6429" not in (tmp_path / "one.key").read_text() + repr(key)


WHERE = {"module": "m", "token": "t", "label": "l", "pin_file": "p"}
FILES = [
    ("an Ed25519 key", {"type": "NoteKey", "name": "n", "seed": WHERE | {"public": "00" * 32}}, ""),
    ("a P-256 key for notes", {"type": "NoteKey", "name": "n", "seed": WHERE | {"public": "04" * 65}}, "key.file"),
    ("an opening key in a token", {"type": "OpeningKey", "seed": WHERE | {"public": "00" * 32}}, "key.file"),
    ("ML-DSA in a token", {"type": "SigningKey", "ed25519": "00" * 32, "mldsa65": WHERE | {"public": "00" * 32}},
     "key.file"),
    ("no public half", {"type": "NoteKey", "name": "n", "seed": WHERE}, "key.file"),
    ("an empty label", {"type": "NoteKey", "name": "n", "seed": WHERE | {"label": "", "public": "00" * 32}}, "key.file"),
    ("a PIN in the file", {"type": "NoteKey", "name": "n", "seed": WHERE | {"pin": "1", "public": "00" * 32}}, "key.file"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in FILES], ids=[row[0] for row in FILES])
def test_only_what_tokens_can_hold_stands_in_a_key_file(tmp_path, content, expected):
    """One form, and no PIN in it."""
    keys.write_secret(tmp_path / "one.key", json.dumps(content).encode())
    assert code(keys.read_key, tmp_path / "one.key") == expected


def test_a_container_key_of_another_curve_is_refused(token):
    """Neither an Ed25519 key nor one of another form passes for the key of container signatures."""
    certificate = CadesKey.generate("Comity IR", not_before=SINCE, not_after=UNTIL, held=token.cades).certificate_der
    for raw in (
        {"type": "CadesKey", "private": token.note.to_dict()}, {"type": "NoteKey", "private": token.cades.to_dict()},
        {"type": "CadesKey"}, {"type": "CadesKey", "private": "x"},
    ):  # fmt: skip
        assert code(CadesKey.load, json.dumps(raw).encode(), certificate) == "cades.key"
    assert code(CadesKey.load, b"{", certificate) == "cades.key"


# ------------------------------------------------------------------------------------------- the key stays in the token


def test_the_private_key_cannot_be_taken_out(token):
    """Reading its value, wrapping it and making it extractable are all refused by the token."""
    token.sign.sign(b"opens the session")
    session, _ = hsm._session(token.place("sign"))
    for label in ("sign", "cades"):
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        assert private[pkcs11.Attribute.SENSITIVE] is True
        assert private[pkcs11.Attribute.EXTRACTABLE] is False
        assert private[pkcs11.Attribute.NEVER_EXTRACTABLE] is True
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            private[pkcs11.Attribute.VALUE]
        with pytest.raises(pkcs11.PKCS11Error):
            private[pkcs11.Attribute.EXTRACTABLE] = True
        wrapping = session.generate_key(pkcs11.KeyType.AES, 256, capabilities=pkcs11.MechanismFlag.WRAP)
        with pytest.raises(pkcs11.PKCS11Error):
            wrapping.wrap_key(private)


def test_nothing_of_ours_asks_for_it(token):
    """The P-256 key gives neither numbers nor bytes, exchanges no keys and signs with no other digest."""
    key = P256(token.cades)
    for ask in (key.private_numbers, key.private_bytes, key.exchange):
        assert code(ask) == "hsm.stays"
    assert code(key.sign, b"x", ec.ECDSA(hashes.SHA512())) == "hsm.stays"


# --------------------------------------------------------------------------------------------- what can be wrong with it


def wrong(made, **changed) -> TokenKey:
    """The signing key's half, with something in its place changed."""
    return replace(made.sign, place=replace(made.sign.place, **changed))


def test_what_is_missing_is_named(token):
    """Module, token, key, PIN file: each has its code, and the sentence says which."""
    for changed, expected, words in (
        ({"module": "/nowhere/libnone.so"}, "hsm.module", "/nowhere/libnone.so"),
        ({"module": "/lib/x86_64-linux-gnu/libm.so.6"}, "hsm.module", "libm.so.6"),
        ({"token": "QA"}, "hsm.token", "'QA'"),
        ({"label": "none"}, "hsm.key", "none in IR"),
        ({"label": "cades"}, "hsm.key", "cades in IR"),  # a key of another kind
        ({"pin_file": "/nowhere/pin"}, "key.file", "/nowhere/pin"),
    ):
        hsm._forget(token.place(""))
        with pytest.raises(Misconfigured, match=words) as caught:
            wrong(token, **changed).sign(b"x")
        assert caught.value.code == expected, changed


def test_a_pin_that_others_may_read_is_not_used(token):
    """The PIN's file is a secret file like any other."""
    pin = token.secret("open-pin", b"6429-exercise")
    pin.chmod(0o644)
    assert code(wrong(token, pin_file=str(pin)).sign, b"x") == "key.mode"


def test_a_refused_pin_is_not_shown_again(token):
    """A wrong PIN is tried once; the right one, put into the file, is tried without a restart."""
    pin = token.secret("wrong-pin", b"0000")
    key = wrong(token, pin_file=str(pin))
    with pytest.raises(Misconfigured, match="lock") as caught:
        key.sign(b"x")
    assert caught.value.code == "hsm.pin"
    assert "0000" not in str(caught.value)
    refuses_any_call = object()
    assert code(hsm._logged_in, refuses_any_call, key.place) == "hsm.pin"
    pin.write_bytes(b"6429-exercise")
    assert key.sign(b"x") == token.sign.sign(b"x")


def test_another_key_under_the_label_is_noticed(token):
    """What the token signs with is compared with the public half in the key file, at each signature."""
    assert code(replace(token.sign, place=token.place("note")).sign, b"x") == "hsm.key"
    token.token("QA")
    other = TokenKey.generate(Curve.P256, token.place("cades", "QA"))
    assert code(replace(token.cades, place=other.place).sign, b"x") == "hsm.key"


def test_a_label_is_given_once(token):
    """A key is never made beside another of the same label."""
    assert code(TokenKey.generate, Curve.ED25519, token.place("sign")) == "hsm.label"
    assert code(TokenKey.generate, Curve.P256, token.place("sign")) == "hsm.label"


# ------------------------------------------------------------------------------------------- threads, forks, tokens away


def holds(key: TokenKey, message: bytes) -> bool:
    """Whether the token signs the message."""
    ed25519.Ed25519PublicKey.from_public_bytes(key.public).verify(key.sign(message), message)
    return True


def test_many_threads_sign_at_once(token):
    """A door has 32 threads, and a session of PKCS #11 has room for one operation."""
    together = threading.Barrier(8)

    def work(number: int) -> bool:
        together.wait()
        return all(holds((token.sign, token.note)[n % 2], b"%d %d" % (number, n)) for n in range(25))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def in_child(work) -> int:
    """The exit code of a forked child that does this: 0 when it gives True, killed when it hangs."""
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


forking = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@forking
def test_a_forked_process_opens_its_own_session(token):
    """Parent and child both sign after the fork, whoever signed before, and the child's end closes nothing."""
    assert holds(token.sign, b"before")
    assert in_child(lambda: not hsm._tokens.sessions and all(holds(token.sign, b"child %d" % n) for n in range(9))) == 0
    assert holds(token.sign, b"after")


@forking
def test_a_fork_in_the_middle_of_a_signature_stops_nobody(token):
    """The child does not wait for a thread that it does not have."""
    held, go_on = threading.Event(), threading.Event()

    def signing() -> bytes:
        held.set()
        go_on.wait()
        return b""

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hsm._turn.within, 30, signing)
        held.wait()
        try:
            assert in_child(lambda: holds(token.sign, b"child")) == 0
        finally:
            go_on.set()
    assert holds(token.sign, b"after")


def test_a_token_that_comes_back_is_used_again(token):
    """While the token is away each signature fails with its name; once it is back the node signs on."""
    assert holds(token.sign, b"before")
    away = token.folder / "away"
    token.tokens.rename(away)
    token.tokens.mkdir()
    hsm._forget(token.place(""))  # SoftHSM signs on from its memory; a real token would say that it is gone
    assert code(token.sign.sign, b"x") == "hsm.token"
    token.tokens.rmdir()
    away.rename(token.tokens)
    assert holds(token.sign, b"after")


def test_a_session_that_broke_is_opened_anew(token):
    """The token's side closed the session: the signature comes all the same, from a new one."""
    assert holds(token.sign, b"before")
    session, _ = hsm._session(token.place("sign"))
    session.close()
    assert holds(token.sign, b"after")


def test_a_token_that_never_signs_is_named(token, monkeypatch):
    """Two failures in a row: the sentence names key and token."""

    def broken(*_: object) -> bytes:
        raise pkcs11.exceptions.DeviceError

    monkeypatch.setattr(hsm, "_sign", broken)
    with pytest.raises(Misconfigured, match="sign in IR did not") as caught:
        token.sign.sign(b"x")
    assert caught.value.code == "hsm.failed"


def test_a_token_that_says_nothing_holds_nobody_up(token, monkeypatch):
    """Refused by name at the deadline, then at once; when the token is back, it signs on, and its late answer is nobody's."""
    gate, right = threading.Event(), hsm._sign
    monkeypatch.setattr(hsm, "DEADLINE", 0.3)
    monkeypatch.setattr(hsm, "_sign", lambda *given: gate.wait() and right(*given))
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda number: code(token.sign.sign, b"%d" % number), range(8))) == {"hsm.timeout"}
    assert time.monotonic() - began < 2
    began = time.monotonic()
    assert {code(token.note.sign, b"x") for _ in range(20)} == {"hsm.timeout"}
    assert time.monotonic() - began < 0.2
    gate.set()
    while code(token.sign.sign, b"after") == "hsm.timeout":
        assert time.monotonic() - began < 10
    monkeypatch.undo()
    assert holds(token.sign, b"later")


@pytest.mark.django_db
def test_a_step_whose_token_says_nothing_leaves_nothing(token, node, officers, at, monkeypatch):
    """Neither act nor log entry nor envelope; the database is free again; once the token signs, the step can be done."""
    held = replace(node)
    held.__dict__["signing"] = replace(node.signing, ed25519=token.sign)
    gate, right = threading.Event(), hsm._sign
    monkeypatch.setattr(hsm, "DEADLINE", 0.2)
    monkeypatch.setattr(hsm, "_sign", lambda *given: gate.wait() and right(*given))
    ours = request(reference="IR-2026-0001", requesting="IR", requested="VN")
    size = list(models.LogHead.objects.values_list("size", flat=True))
    assert code(requesting.draft, held, ours, officer=officers.drafter, at=at) == "hsm.timeout"
    assert not models.Case.objects.exists()
    assert not models.Act.objects.exists()
    assert list(models.LogHead.objects.values_list("size", flat=True)) == size
    gate.set()
    while hsm._turn._free.locked():
        time.sleep(0.01)
    monkeypatch.undo()
    requesting.draft(held, ours, officer=officers.drafter, at=at)
    assert models.Act.objects.count() == 1


def test_a_closed_module_is_opened_again(token):
    """Ending all sessions ends nothing for good."""
    assert holds(token.sign, b"before")
    hsm.close()
    assert not hsm._tokens.sessions
    assert holds(token.sign, b"after")


# ------------------------------------------------------------------------------------------------------- a whole node


def node(*arguments: object) -> subprocess.CompletedProcess:
    """Run one of the operator's commands."""
    return warm.node(*arguments)


def free_ports() -> list[int]:
    """Two ports of loopback that nobody uses."""
    probes = [socket.socket() for _ in range(2)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


PURPOSES = {"sign": "signing", "log": "log", "container": "cades"}  # witness and hop are made as log is


@pytest.fixture(scope="module")
def qatar(softhsm, tmp_path_factory):
    """The home of a node of Qatar with each kind of key that a token can hold in one, taken up by a rotation."""
    found = Softhsm(softhsm, tmp_path_factory.mktemp("node"))
    found.token("QA")
    officers, peers = free_ports()
    found.home, found.peers = found.folder / "QA", f"https://127.0.0.1:{peers}"
    done = node(
        "init", found.home, "--state", "QA", "--officers", f"https://127.0.0.1:{officers}", "--peers", found.peers
    )
    assert done.returncode == 0, done.stderr
    for purpose in PURPOSES:
        file = found.folder / f"{purpose}.key"
        where = ["--module", softhsm, "--token", "QA", "--label", f"qa-{purpose}", "--pin-file", found.pin]
        for command in (["to-hsm", found.home, purpose, file, *where],
                        ["rotate", found.home, purpose, "--days", "0", "--key", file]):  # fmt: skip
            done = node(*command)
            assert done.returncode == 0, done.stderr
    return found


@pytest.fixture
def home(qatar):
    """The same home, with its tokens in use."""
    qatar.use()
    return qatar


def test_every_key_that_a_token_can_hold_lies_in_one(home):
    """The entry names the tokens' keys, each version vouched for by the key before, and no file holds an Ed25519 seed."""
    entry = read_entry((home.home / "entry.json").read_bytes())
    assert entry.version == 1 + len(PURPOSES)
    for purpose, name in PURPOSES.items():
        raw = json.loads((home.home / "keys" / f"{name}.key").read_text())
        held = next(TokenKey.from_dict(value) for value in raw.values() if isinstance(value, dict))
        public = entry.key(Purpose(purpose), entry.issued_at).public
        if purpose == "sign":
            public = public.ed25519
        elif purpose == "container":
            numbers = x509.load_der_x509_certificate(public).public_key()
            public = numbers.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        assert held.public == public, purpose
    assert entry.log[0] == "comity.qa/log"


def test_a_running_node_signs_with_its_token(home):
    """A door, forked twice and with many threads, answers with a head that the token signed."""
    with subprocess.Popen([sys.executable, "-m", "comity.node.run", "serve", str(home.home), "--attached"]) as process:
        try:
            note = answer(f"{home.peers}/checkpoint")
        finally:
            process.terminate()
            process.wait(40)
    entry = read_entry((home.home / "entry.json").read_bytes())
    assert checkpoint.check_log(note, *entry.log).size >= 1


def answer(url: str) -> str:
    """What the door answers, once it is open."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, context=context, timeout=10) as found:
                return found.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise AssertionError(url)


def test_a_node_whose_token_does_not_sign_does_not_start(home):
    """The operator reads why: the PIN is another, and which file holds it."""
    home.pin.write_bytes(b"0000")
    try:
        done = node("serve", home.home)
    finally:
        home.pin.write_bytes(b"6429-exercise")
    assert done.returncode == 2
    assert "(hsm.pin)" in done.stderr
    assert str(home.pin) in done.stderr


@pytest.mark.parametrize(
    ("purpose", "file", "expected"), [("open", "new.key", "hsm.purpose"), ("log", "log.key", "hsm.file")]
)
def test_what_the_command_refuses(home, purpose, file, expected):
    """An opening key cannot lie in a token, and no key file is written over."""
    where = ["--module", home.module, "--token", "QA", "--label", "another", "--pin-file", home.pin]
    done = node("to-hsm", home.home, purpose, home.folder / file, *where)
    assert done.returncode == 2
    assert f"({expected})" in done.stderr


# --------------------------------------------------------------------------------------------- keys stay expanded


def test_expanding_a_key_leaves_nothing_in_its_value():
    """What a key's value holds is what its file holds, after every use."""
    signing, opening, note = SigningKey(b"e" * 32, MLDSA), OpeningKey(b"o" * 32), NoteKey("n", b"n" * 32)
    before = [dict(vars(key)) for key in (signing, opening, note)]
    signing.public.check(b"m", signing.sign(b"m"))
    assert opening.open(opening.public.seal(b"m", b"i"), b"i") == b"m"
    keys.note_check(note.public, b"m", note.sign(b"m"))
    assert [dict(vars(key)) for key in (signing, opening, note)] == before


def test_expanded_keys_are_those_of_their_value():
    """Many keys, more than are kept, used in turn: none is ever mistaken for another."""
    held = [SigningKey(bytes([n]) * 32, bytes([n, 1]) * 16) for n in range(40)]
    for _ in range(2):
        for key in held:
            key.public.check(b"m", key.sign(b"m"))
    assert len({key.public.id for key in held}) == 40
    with pytest.raises(BrokenSeal):
        held[0].public.check(b"m", held[1].sign(b"m"))


def test_threads_share_an_expanded_key():
    """One key in eight threads, from its first use on."""
    key = SigningKey(os.urandom(32), os.urandom(32))
    together = threading.Barrier(8)

    def work(number: int) -> None:
        together.wait()
        for n in range(20):
            key.public.check(b"%d %d" % (number, n), key.sign(b"%d %d" % (number, n)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_an_officer_reads_that_the_token_does_not_sign():
    """The page for a token that is away says what happened in its own words, not in general ones."""
    from comity.node.officers import answers, texts

    shown = answers.problem(Misconfigured("There is not one token 'IR'.", code="hsm.token"))
    assert shown.text == texts.FAMILIES["hsm"]
    assert (shown.status, shown.detail) == (500, "There is not one token 'IR'.")
