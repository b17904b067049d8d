"""Entries at a node: its own, version after version with its key files; those of others; and what the files prove of both."""

import fcntl
import re
import shutil
import subprocess
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import warm
from lines import certificate
from peer import Peer, arrive, request
from refusing import code
from typer.testing import CliRunner

from comity import cli
from comity.casework.lifecycle import Kind
from comity.errors import BrokenProof, BrokenSeal, Invalid, Misconfigured, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _log, dossier, issuing, registry
from comity.node.management import directory as management
from comity.seal import canon, merkle
from comity.seal.keys import NoteKey, OpeningKey, SigningKey, read_key, write_key
from comity.verify import Verdict, verify_file
from comity.wire import _entry
from comity.wire.directory import (
    Authority,
    DatedKey,
    Purpose,
    countersigned,
    read_chains,
    read_entry,
    sign_entry,
    succeeds,
)
from comity.wording.speech import error_text

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
EVER = timedelta(days=400)


def logged(digest: str) -> int:
    """How often this node's log holds the version of an entry."""
    leaf = merkle.leaf_hash(log.entry(log.ENTRY, digest))
    return models.LogNode.objects.filter(level=0, hash=leaf).count()


# ---------------------------------------------------------------------------------------------------------- our own

PURPOSES = [purpose for purpose in Purpose if purpose is not Purpose.RECOVERY]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_key_is_rotated(own, purpose, at):
    """The next version names the new key, others follow it, the node works with it, and the old one stays for a week."""
    old, chain = archive.own_entry(own.now()), issuing.own_chain(own.now())
    new = issuing.rotate(own.now(), purpose, at=at + SECOND)
    assert (new.version, new.previous, new.address) == (2, old.digest, old.address)
    assert issuing.own_chain(own.now())[:1] == chain
    assert (
        read_chains(issuing.own_chain(own.now()))["IR"][-1] == new == read_entry((own.home / "entry.json").read_bytes())
    )
    before, after = old.key(purpose, at), new.key(purpose, at + SECOND)
    assert after.public != before.public
    assert new.named(before.id).until == at + SECOND + 7 * DAY
    assert {key.id for key in new.valid(purpose, at + DAY)} == {before.id, after.id}
    now = own.now()
    mine = (now.signing.public, now.opening.public, (now.log.name, now.log.public), (now.witness.name, now.witness.public),
            now.hop.public, now.cades.certificate_der)  # fmt: skip
    assert mine == (new.sign, new.open, new.log, new.witness, new.hop, new.certificate)
    assert [logged(old.digest), logged(new.digest)] == [1, 1]
    assert not list(own.home.rglob("*.next.*"))
    assert not list(own.home.rglob("*.half"))


def test_only_an_old_opening_key_is_kept(own, at):
    """What was sealed to it may still come; of every other old key nothing secret is left."""
    secrets = {path.name: path.read_bytes() for path in (own.home / "keys").glob("*.key")}
    opening = own.now().opening
    for number, purpose in enumerate(PURPOSES, 1):
        issuing.rotate(own.now(), purpose, at=at + number * SECOND)
    left = [path.read_bytes() for path in (own.home / "keys").glob("*.key")]
    kept = {name for name, content in secrets.items() if content in left}
    assert kept == {"opening.key", "vault.key", "django.key", "tls.key"}
    assert own.now().openings[0] != opening
    assert own.now().openings[1:] == (opening,)


def test_a_log_goes_on_under_a_new_name(own, at):
    """Its memory was lost: a new name, a new key; the old name and key stay in the entry for what they signed."""
    new = issuing.rotate(own.now(), Purpose.LOG, at=at + SECOND, name="comity.ir/log-2")
    assert new.log == ("comity.ir/log-2", own.now().log.public)
    assert {key.name for key in new.of(Purpose.LOG)} == {"comity.ir/log", "comity.ir/log-2"}
    assert _log.new_checkpoint(own.now()).startswith("comity.ir/log-2\n")


def test_a_key_made_elsewhere(own, tmp_path, at):
    """Its file is taken over; one of another purpose is not, and nothing of it stays."""
    write_key(tmp_path / "made.key", NoteKey.generate("comity.ir/hop"))
    before = archive.own_entry(own.now())
    for purpose, expected in ((Purpose.SIGN, "key.purpose"), (Purpose.RECOVERY, "entry.purpose")):
        assert code(issuing.rotate, own.now(), purpose, at=at, key=tmp_path / "made.key") == expected
    assert code(issuing.rotate, own.now(), Purpose.CONTAINER, at=at, key=tmp_path / "made.key") == "key.file"
    issuing.settle(own.now(), at=at)
    assert archive.own_entry(own.now()) == before
    new = issuing.rotate(own.now(), Purpose.HOP, at=at + SECOND, key=tmp_path / "made.key")
    assert new.hop == read_key(tmp_path / "made.key").public


def test_a_key_is_revoked(own, at):
    """One in use is replaced at once; an old one only marked; the one that signs not this way, nor for a time to come."""
    entry = archive.own_entry(own.now())
    hop, sign = entry.key(Purpose.HOP, at), entry.key(Purpose.SIGN, at)
    assert code(issuing.revoke, own.now(), sign.id, since=at, at=at + SECOND) == "entry.recover"
    assert code(issuing.revoke, own.now(), hop.id, since=at + 2 * SECOND, at=at + SECOND) == "entry.since"
    assert code(issuing.revoke, own.now(), "hop-0", since=at, at=at + SECOND) == "entry.unknown-key"
    new = issuing.revoke(own.now(), hop.id, since=at - DAY, at=at + SECOND)
    assert new.named(hop.id).revoked == at - DAY
    assert new.hop == own.now().hop.public != hop.public
    new = issuing.rotate(own.now(), Purpose.SIGN, at=at + 2 * SECOND)
    new = issuing.revoke(own.now(), sign.id, since=at + SECOND, at=at + 3 * SECOND)
    assert new.named(sign.id).revoked == at + SECOND
    assert code(issuing.revoke, own.now(), sign.id, since=at + 2 * SECOND, at=at + 4 * SECOND) == "entry.since"
    assert len(read_chains(issuing.own_chain(own.now()))["IR"]) == 4


def test_recovery_under_keys_kept_offline(own, at):
    """Two of three name a new signing key and revoke the old one; one alone, or keys that are not named, do nothing."""
    offline = [SigningKey.generate() for _ in range(3)]
    public = [key.public for key in offline]
    issuing.set_recovery(own.now(), public, threshold=2, signers=[], at=at + SECOND)
    old = own.now().signing
    for signers, expected in (([offline[0]], "entry.succession"), ([SigningKey.generate()], "trust.unknown-key")):
        assert code(issuing.recover, own.now(), signers, since=at, at=at + 2 * SECOND) == expected
        assert own.now().signing == old
        assert archive.own_entry(own.now()).version == 2
    new = issuing.recover(own.now(), offline[1:], since=at, at=at + 2 * SECOND)
    assert new.named(old.public.id).revoked == at
    assert new.sign == own.now().signing.public != old.public
    assert read_chains(issuing.own_chain(own.now()))["IR"][-1] == new


def test_recovery_keys_change_only_by_themselves(own, at):
    """Where there are some, the signing key alone changes none of them, nor how many are needed."""
    offline = [SigningKey.generate() for _ in range(3)]
    public = [key.public for key in offline]
    assert code(issuing.set_recovery, own.now(), public, threshold=4, signers=[], at=at + SECOND) == "entry.form"
    assert code(issuing.set_recovery, own.now(), public, threshold=0, signers=[], at=at + SECOND) == "entry.form"
    issuing.set_recovery(own.now(), public, threshold=2, signers=[], at=at + SECOND)
    given = {"threshold": 1, "at": at + 2 * SECOND}
    assert code(issuing.set_recovery, own.now(), public[:1], signers=[offline[0]], **given) == "entry.succession"
    new = issuing.set_recovery(own.now(), public[:1], signers=offline[:2], **given)
    assert [key.public for key in new.valid(Purpose.RECOVERY, at + 2 * SECOND)] == public[:1]
    assert issuing.set_recovery(own.now(), [], threshold=0, signers=offline[:1], at=at + 3 * SECOND).threshold == 0


def test_without_recovery_keys_a_lost_key_needs_people(own, at):
    """The State can go on; but no other follows by itself: the new fingerprint has to be compared."""
    before = archive.own_entry(own.now())
    new = issuing.recover(own.now(), [], since=at, at=at + SECOND)
    assert new.fingerprint != before.fingerprint
    assert code(succeeds, before, issuing.own_chain(own.now())[-1]) == "entry.succession"


def test_confirming_describing_and_readdressing(own, at):
    """Each is a version; a confirmation is of the day; both certificates are named before the address changes."""
    later = at + 400 * DAY
    assert archive.own_entry(own.now()).stale(later.date())
    assert not issuing.confirm(own.now(), at=later).stale(later.date())
    named = Authority("contact", {"en": "24/7"}, ("en", "fa"), "Asia/Tehran", "telephone", ("41",))
    assert issuing.describe(own.now(), [named], at=later + SECOND).authorities == (named,)
    both = (own.home / "keys" / "tls.crt").read_text() * 2
    assert issuing.readdress(own.now(), tls=both, at=later + 2 * SECOND).tls == both
    assert [one.version for one in read_chains(issuing.own_chain(own.now()))["IR"]] == [1, 2, 3, 4]


def test_only_certificates_that_peers_accept_are_published(own, at):
    """Neither an authority's, nor one for elsewhere or of another time; and no key that lies in the same file."""
    (both, ours), (_, elsewhere) = certificate(), certificate("127.0.0.9")
    published = issuing.readdress(own.now(), tls=both.decode(), at=at).tls
    assert (published, "PRIVATE KEY" in published, "PRIVATE KEY" in both.decode()) == (ours, False, True)
    files = own.home / "keys"
    for refused in (
        ours + elsewhere, "", "no PEM", (files / "tls.key").read_text(), (files / "cades.crt").read_bytes().decode("latin-1"),
    ):  # fmt: skip
        assert code(issuing.readdress, own.now(), tls=refused, at=at) == "entry.tls"
    assert code(issuing.readdress, own.now(), tls=ours, at=at + 2 * DAY) == "entry.tls"
    assert archive.own_entry(own.now()).version == 2


def test_a_version_that_was_cut_off(own, at, monkeypatch):
    """Killed before `entry.json` is replaced, nothing has happened; killed after it, the next start finishes it."""
    settings, before = own.now(), archive.own_entry(own.now())
    right = issuing._replace

    def cut(path, data):
        if path.name == "entry.json":
            raise KeyboardInterrupt
        right(path, data)

    monkeypatch.setattr(issuing, "_replace", cut)
    with pytest.raises(KeyboardInterrupt):
        issuing.rotate(settings, Purpose.OPEN, at=at + SECOND)
    assert list(own.home.rglob("*.next.*"))
    monkeypatch.setattr(issuing, "_replace", right)
    issuing.settle(own.now(), at=at)
    assert not list(own.home.rglob("*.next.*"))
    assert (archive.own_entry(own.now()), own.now().opening) == (before, settings.opening)
    for step in ("_keep_opening", "_sync"):
        with monkeypatch.context() as patch:
            done = SimpleNamespace(entry=False)

            def after(*_, done=done, step=step):
                if done.entry:
                    raise KeyboardInterrupt

            def written(path, data, done=done):
                right(path, data)
                done.entry = path.name == "entry.json"

            patch.setattr(issuing, "_replace", written)
            patch.setattr(issuing, step, after)
            with pytest.raises(KeyboardInterrupt):
                issuing.rotate(own.now(), Purpose.OPEN, at=archive.own_entry(own.now()).issued_at + SECOND)
        issuing.settle(own.now(), at=at + DAY)
        assert own.now().opening.public == archive.own_entry(own.now()).open
        assert logged(archive.own_entry(own.now()).digest) == 1
    assert len(own.now().openings) == 3


@pytest.mark.parametrize("other", [issuing.settle, issuing.confirm])
def test_nobody_else_is_at_the_keys_meanwhile(own, at, monkeypatch, other):
    """Between the staging of a key and its publication another command, or a start, waits: it neither removes nor overtakes."""
    monkeypatch.setattr(issuing, "_PATIENCE", 0.0)
    refused, first, right = [], issuing.own_chain(own.now()), issuing.sign_entry

    def meanwhile(*words):
        monkeypatch.setattr(issuing, "sign_entry", right)
        refused.append(code(other, own.now(), at=at + 5 * SECOND))
        return right(*words)

    monkeypatch.setattr(issuing, "sign_entry", meanwhile)
    new = issuing.rotate(own.now(), Purpose.SIGN, at=at + 6 * SECOND)
    assert refused == ["entry.busy"]
    assert own.now().signing.public == new.sign == archive.own_entry(own.now()).sign
    assert read_chains(issuing.own_chain(own.now()))["IR"] == [read_entry(first[0]), new]
    other(own.now(), at=at + 7 * SECOND)


def test_a_command_that_waited_is_not_from_before(own, at):
    """Its moment was read before its turn came; what was published meanwhile is not older than it, and it goes through."""
    issuing.rotate(own.now(), Purpose.SIGN, at=at + 30 * SECOND)
    assert issuing.rotate(own.now(), Purpose.OPEN, at=at).issued_at == at + 30 * SECOND
    assert code(issuing.confirm, own.now(), at=at - SECOND) == "entry.to-come"
    assert len(read_chains(issuing.own_chain(own.now()))["IR"]) == 3


def test_an_entry_that_was_changed_by_hand_is_not_overwritten(own, at, monkeypatch):
    """What is put in its place while a version is signed is not what the version follows: nothing is published."""
    other = sign_entry(replace(archive.own_entry(own.now()), tls="other"), own.now().signing)
    right, place = issuing.sign_entry, own.home / "entry.json"

    def meanwhile(*words):
        place.write_bytes(other)
        return right(*words)

    monkeypatch.setattr(issuing, "sign_entry", meanwhile)
    assert code(issuing.rotate, own.now(), Purpose.SIGN, at=at + SECOND) == "entry.order"
    assert place.read_bytes() == other
    assert not (own.home / "entries").exists()


AHEAD = 4 * 365 * DAY  # how far the clock once ran ahead


def test_what_a_clock_that_ran_ahead_made_is_withdrawn(own, at, tmp_path):
    """While it is there nothing else can be said, and the error names the way out; then the version before counts again."""
    offline = [SigningKey.generate()]
    issuing.set_recovery(own.now(), [offline[0].public], threshold=1, signers=[], at=at + SECOND)
    before = (own.home / "entry.json").read_bytes()
    assert code(issuing.withdraw, own.now(), [], at=at + 2 * SECOND) == "entry.withdraw"
    for days in (0, 1):
        issuing.confirm(own.now(), at=at + AHEAD + days * DAY)
    late = [read_entry(data).digest for data in issuing.own_chain(own.now())[2:]]
    now = {"at": at + DAY}
    for verb, given in (
        (issuing.confirm, {}), (issuing.rotate, {"purpose": Purpose.HOP}), (issuing.describe, {"authorities": []}),
        (issuing.recover, {"signers": offline, "since": at}), (issuing.readdress, {"tls": "x"}),
        (issuing.revoke, {"key_id": archive.own_entry(own.now()).keys[4].id, "since": at}),
        (issuing.set_recovery, {"keys": [], "threshold": 0, "signers": offline}), (issuing.take_up, {"parts": [before]}),
    ):  # fmt: skip
        with pytest.raises(NotPossible, match="comity node withdraw") as refused:
            verb(own.now(), **given, **now)
        assert refused.value.code == "entry.to-come"
    assert issuing.withdraw(own.now(), [], **now) == read_entry(before)
    assert (own.home / "entry.json").read_bytes() == before
    standing = models.EntryVersion.objects.filter(state="IR", digest__in=late).values_list("standing", flat=True)
    assert list(standing) == ["left", "left"]
    assert code(issuing.withdraw, own.now(), [], **now) == "entry.withdraw"
    issuing.settle(own.now(), **now)
    issuing.confirm(own.now(), **now)
    new = issuing.recover(own.now(), offline, since=at + DAY, at=at + 2 * DAY)
    assert read_chains(issuing.own_chain(own.now()))["IR"][-1] == new
    assert new.version == 4


def test_an_earlier_entry_that_was_put_back_by_hand_is_led_on_from_by_nobody(own, at):
    """Another version under a number that peers may have would contradict it: the newest is asked for, by name."""
    issuing.confirm(own.now(), at=at + SECOND)
    newest, earlier = (own.home / "entry.json").read_bytes(), (own.home / "entries" / "1.json").read_bytes()
    (own.home / "entry.json").write_bytes(earlier)
    issuing.settle(own.now(), at=at + 2 * SECOND)
    assert code(issuing.confirm, own.now(), at=at + 2 * SECOND) == "entry.older"
    assert (own.home / "entry.json").read_bytes() == earlier
    (own.home / "entry.json").write_bytes(newest)
    assert issuing.confirm(own.now(), at=at + 3 * SECOND).version == 3


@pytest.mark.parametrize("purpose", PURPOSES)
def test_keys_that_were_replaced_under_a_clock_ahead_stay(own, at, purpose):
    """Those before are gone: the version before is led on from with those that are here, as others follow it."""
    offline = [SigningKey.generate()]
    issuing.set_recovery(own.now(), [offline[0].public], threshold=1, signers=[], at=at + SECOND)
    before = archive.own_entry(own.now())
    late = issuing.rotate(own.now(), purpose, at=at + AHEAD)
    if purpose is Purpose.SIGN:
        assert code(issuing.withdraw, own.now(), [], at=at + DAY) == "entry.succession"
        assert archive.own_entry(own.now()) == late
    new = issuing.withdraw(own.now(), offline if purpose is Purpose.SIGN else [], at=at + DAY)
    assert succeeds(before, issuing.own_chain(own.now())[-1]) == new
    assert (new.version, new.issued_at) == (3, at + DAY)
    assert new.key(purpose, at + DAY).public == late.key(purpose, at + AHEAD).public
    assert new.named(before.key(purpose, at + SECOND).id).until == at + 8 * DAY
    issuing.settle(own.now(), at=at + DAY)
    assert issuing.confirm(own.now(), at=at + 2 * DAY).version == 4


def test_a_revocation_under_a_clock_ahead_stays_one(own, at):
    """The key that it replaced is not made valid again by withdrawing."""
    hop = archive.own_entry(own.now()).key(Purpose.HOP, at)
    issuing.revoke(own.now(), hop.id, since=at + AHEAD - DAY, at=at + AHEAD)
    assert issuing.withdraw(own.now(), [], at=at + DAY).named(hop.id).revoked == at + DAY


def test_nothing_is_withdrawn_that_anybody_may_have_accepted(own, at, monkeypatch, tmp_path):
    """Up to five minutes ahead a peer takes a version; the first has none before it; a cut in between changes nothing."""
    assert code(issuing.withdraw, own.now(), [], at=at - DAY) == "entry.withdraw"
    issuing.confirm(own.now(), at=at + 300 * SECOND)
    assert code(issuing.withdraw, own.now(), [], at=at) == "entry.withdraw"
    issuing.confirm(own.now(), at=at + AHEAD)
    assert code(issuing.withdraw, own.now(), [], at=at) == "entry.withdraw"
    assert archive.own_entry(own.now()).version == 3
    with monkeypatch.context() as patch:
        patch.setattr(issuing, "_replace", raising(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            issuing.withdraw(own.now(), [], at=at + DAY)
    issuing.settle(own.now(), at=at + DAY)
    assert len(archive.chain("IR")) == 3
    assert issuing.withdraw(own.now(), [], at=at + DAY).version == 2
    assert len(archive.chain("IR")) == 2


def raising(what):
    """Something to call that ends so."""

    def call(*_):
        raise what

    return call


def test_a_draft_of_a_time_to_come_is_not_taken_up(own, at, tmp_path):
    """It was drafted while the clock ran ahead: published, it would stop everything until then."""
    offline = [SigningKey.generate()]
    issuing.set_recovery(own.now(), [offline[0].public], threshold=1, signers=[], at=at + SECOND)
    issuing.recover(own.now(), [], since=at, at=at + AHEAD, draft=tmp_path / "draft")
    signed = countersigned((tmp_path / "draft").read_bytes(), offline[0])
    assert code(issuing.take_up, own.now(), [signed], at=at + DAY) == "entry.ahead"
    assert archive.own_entry(own.now()).version == 2


def test_a_key_file_that_is_not_the_entrys(own, at):
    """A node whose keys are not those that its entry names does not start."""
    (own.home / "keys" / "hop.key").unlink()
    write_key(own.home / "keys" / "hop.key", NoteKey.generate("comity.ir/hop"))
    with pytest.raises(Misconfigured, match="not the key that entry"):
        issuing.settle(own.now(), at=at)
    (own.home / "entries").mkdir()
    (own.home / "entry.json").write_bytes(sign_entry(replace(archive.own_entry(own.now()), version=2, previous="0" * 64),
                                                     own.now().signing))  # fmt: skip
    assert code(issuing.own_chain, own.now()) == "entry.missing"


# ------------------------------------------------------------------------------------------------------ other States


def test_a_pinned_state_renews_itself(node, peer, at):
    """Version after version is followed, kept and logged, and again it changes nothing; what came before may be left out."""
    first = peer.entry
    peer.rotates()
    peer.issues(address="https://127.0.0.1:2")
    assert registry.renewed(node, "VN", peer.chain, by="VN", at=at) == peer.entry == archive.peer_entry("VN")
    assert archive.chain("VN") == peer.chain
    assert registry.renewed(node, "VN", peer.chain[1:], by="VN", at=at) == peer.entry
    assert [logged(read_entry(data).digest) for data in peer.chain] == [1, 1, 1]
    row = models.Peer.objects.get(pk="VN")
    assert (row.fingerprint, row.pinned_at, row.pinned_by) == (peer.entry.fingerprint, at, "test")
    assert row.fingerprint != first.fingerprint
    assert registry.renewed(node, "VN", [], by="VN", at=at) == peer.entry


def test_what_is_not_followed(node, peer, at):
    """A gap, a stranger's chain, another State's, a State that is not pinned, a time to come, a name that is taken."""
    qatar, other = Peer("QA", node), Peer("VN", node, which=1)
    peer.rotates()
    peer.issues()
    assert code(registry.renewed, node, "VN", peer.chain[2:], by="VN", at=at) == "entry.order"
    assert (
        code(registry.renewed, node, "VN", other.chain, by="VN", at=at) == ""
    )  # no contradiction: nobody of Viet Nam's
    other.rotates()
    assert code(registry.renewed, node, "VN", other.chain, by="VN", at=at) == "entry.order"
    assert code(registry.renewed, node, "VN", qatar.chain, by="VN", at=at) == "entry.order"
    assert code(registry.renewed, node, "QA", qatar.chain, by="QA", at=at) == "peer.unknown"
    assert code(registry.renewed, node, "VN", peer.chain, by="VN", at=at - DAY) == "entry.ahead"
    assert archive.chain("VN") == peer.chain[:1]
    keys = (
        *peer.entry.keys,
        DatedKey(Purpose.LOG, bytes(32), peer.entry.issued_at + SECOND, at + EVER, name=node.log.name),
    )
    peer.issues(keys=keys)
    assert code(registry.renewed, node, "VN", peer.chain, by="VN", at=at) == "entry.names"
    assert archive.chain("VN") == peer.chain[:1]


def forked(peer: Peer) -> list[bytes]:
    """A chain with another second version than the one that `peer` has, by its first key."""
    first = read_entry(peer.chain[0])
    key = SigningKey.generate()
    old = next(each for each in first.keys if each.purpose is Purpose.SIGN)
    at = first.issued_at + SECOND
    keys = (*(replace(each, until=at) if each == old else each for each in first.keys),
            DatedKey(Purpose.SIGN, key.public, at, at + EVER))  # fmt: skip
    other = replace(first, version=2, previous=first.digest, issued_at=at, keys=keys)
    return [peer.chain[0], sign_entry(other, key, thief_of(peer))]


def thief_of(peer: Peer) -> SigningKey:
    """The first signing key of `peer`: stolen."""
    return peer.first


@pytest.fixture
def viet(peer):
    """Viet Nam, as `peer`; a thief has its first signing key."""
    peer.first = peer.signing
    return peer


def test_two_versions_under_one_number(node, viet, at):
    """Both are kept, nothing follows from there by itself; an officer who compares the version's code settles it."""
    viet.rotates()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    other = forked(viet)
    with pytest.raises(BrokenProof, match="said two things") as refused:
        registry.renewed(node, "VN", other, by="QA", at=at)
    assert refused.value.code == "entry.fork"
    kept = archive.forks()
    assert [(fork.state, fork.version, fork.by, bytes(fork.data)) for fork in kept] == [("VN", 2, "QA", other[1])]
    assert logged(read_entry(other[1]).digest) == 1
    assert archive.peer_entry("VN") == viet.entry
    viet.issues()
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"
    assert archive.peer_entry("VN").version == 2
    given = {"fingerprint": viet.entry.fingerprint, "by": "Officer", "at": at + DAY, "code": viet.entry.code}
    registry.pin(node, viet.entry_bytes, **given)
    assert (archive.forks(), archive.peer_entry("VN")) == ([], viet.entry)
    viet.issues()
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at + DAY) == viet.entry
    assert models.EntryVersion.objects.get(digest=read_entry(other[1]).digest).standing == "settled"


def guarded(node, viet, at) -> list[SigningKey]:
    """Viet Nam has named keys kept offline, and this node knows it; the keys."""
    offline = [SigningKey.generate() for _ in range(2)]
    moment = viet.entry.issued_at + SECOND
    added = [DatedKey(Purpose.RECOVERY, key.public, moment, at + EVER) for key in offline]
    viet.issues(keys=(*viet.entry.keys, *added), threshold=2)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    return offline


def test_recovery_takes_back_what_a_thief_said(node, viet, at):
    """The thief's version came first and was followed; the recovery keys lead on from before it, and he is left behind."""
    offline = guarded(node, viet, at)
    stolen, honest = viet.signing, viet.entry
    viet.rotates(stolen)
    thieves = list(viet.chain)
    registry.renewed(node, "VN", thieves, by="VN", at=at)
    assert archive.peer_entry("VN").sign == viet.signing.public
    viet.entry, viet.signing, viet.chain = honest, stolen, thieves[:2]
    viet.rotates(*offline, revoked=honest.issued_at)
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at) == viet.entry
    assert archive.chain("VN") == viet.chain
    assert archive.forks() == []
    viet.issues()
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at) == viet.entry
    assert (
        code(registry.renewed, node, "VN", thieves, by="XX", at=at) == ""
    )  # the thief's word is no contradiction any more
    assert archive.peer_entry("VN") == viet.entry


def test_a_thief_takes_no_recovery_back(node, viet, at):
    """Once recovery keys led on, a signing key of before leads nowhere."""
    offline = guarded(node, viet, at)
    stolen, honest, chain = viet.signing, viet.entry, list(viet.chain)
    viet.rotates(*offline, revoked=honest.issued_at)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    right = viet.entry
    viet.entry, viet.signing, viet.chain = honest, stolen, chain
    viet.rotates(stolen)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    assert archive.peer_entry("VN") == right


def test_recovery_does_not_take_back_recovery(node, viet, at):
    """Recovery keys that lead on in two ways are a fork like any other: the first stays, and an officer has to look."""
    offline = guarded(node, viet, at)
    stolen, honest, chain = viet.signing, viet.entry, list(viet.chain)
    viet.rotates(*offline, revoked=honest.issued_at)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    right = viet.entry
    viet.entry, viet.signing, viet.chain = honest, stolen, chain
    viet.rotates(*offline, revoked=honest.issued_at)
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"
    assert archive.peer_entry("VN") == right
    assert len(archive.forks()) == 1


def usurped(viet, at) -> list[bytes]:
    """A chain of the thief of Viet Nam's first key: he names a recovery key of his own, and goes on by it."""
    first, own, recovery = read_entry(viet.chain[0]), SigningKey.generate(), SigningKey.generate()
    moment = first.issued_at + SECOND
    keys = (*(replace(key, until=moment) if key.public == viet.first.public else key for key in first.keys),
            DatedKey(Purpose.SIGN, own.public, moment, at + EVER),
            DatedKey(Purpose.RECOVERY, recovery.public, moment, at + EVER))  # fmt: skip
    version = {"version": 2, "previous": first.digest, "issued_at": moment, "address": "https://thief.example"}
    second = replace(first, keys=keys, threshold=1, **version)
    third = replace(second, version=3, previous=second.digest, issued_at=moment + SECOND)
    return [viet.chain[0], sign_entry(second, own, viet.first), sign_entry(third, own, recovery)]


@pytest.mark.parametrize("rotated", [True, False])
def test_recovery_keys_that_only_a_thief_names_take_nothing_back(node, viet, at, rotated):
    """With the first key, stolen before or after it was rotated, he takes no guarded State over; its own keys lead on."""
    offline = guarded(node, viet, at)
    if rotated:
        viet.rotates()
        viet.issues()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    for by in ("VN", "QA"):
        assert code(registry.renewed, node, "VN", usurped(viet, at), by=by, at=at + DAY) == "entry.fork"
        assert (archive.peer_entry("VN"), archive.chain("VN")) == (viet.entry, viet.chain)
    assert [(fork.version, fork.by) for fork in archive.forks()] == [(2, "QA"), (2, "VN")]
    viet.rotates(*offline, revoked=at)
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at + DAY) == archive.peer_entry("VN") == viet.entry


def test_a_fork_is_not_settled_by_keys_that_came_with_it(node, viet, at):
    """Recovery keys that were named after both sides parted, before or after it was seen, leave the word to an officer."""
    theirs = usurped(viet, at)
    registry.renewed(node, "VN", theirs[:2], by="VN", at=at)
    viet.rotates()
    assert code(registry.renewed, node, "VN", viet.chain, by="QA", at=at) == "entry.fork"
    registry.renewed(node, "VN", theirs, by="VN", at=at)
    assert [fork.version for fork in archive.forks()] == [2]


def test_a_state_does_not_settle_its_own_fork_by_keys_that_it_names_after_it(node, viet, at):
    """It said two things; then it names a recovery key, and goes on by it: nothing is followed."""
    viet.issues()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    seen = viet.entry
    assert code(registry.renewed, node, "VN", forked(viet), by="VN", at=at) == "entry.fork"
    offline, moment = SigningKey.generate(), seen.issued_at + SECOND
    viet.issues(keys=(*seen.keys, DatedKey(Purpose.RECOVERY, offline.public, moment, at + EVER)), threshold=1)
    viet.issues(offline)
    for end in (3, 4):
        assert code(registry.renewed, node, "VN", viet.chain[:end], by="VN", at=at) == "entry.fork"
    assert (archive.peer_entry("VN"), len(archive.forks())) == (seen, 1)


def test_recovery_settles_what_parted_under_its_keys(node, viet, at):
    """Both sides of the fork name the same recovery keys: these say which one counts."""
    offline = guarded(node, viet, at)
    stolen, honest = viet.signing, viet.entry
    viet.issues()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    other = replace(viet.entry, address="https://thief.example")
    assert registry.heard(node, sign_entry(other, stolen), by="QA", at=at) == "VN"
    assert [fork.version for fork in archive.forks()] == [3]
    viet.rotates(*offline, revoked=honest.issued_at)
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at) == viet.entry
    assert archive.forks() == []


@pytest.mark.parametrize("behind", ["a gap", "nothing that is signed", "another State"])
def test_no_junk_hides_a_contradiction(node, viet, at, behind):
    """Whatever stands behind another second version, or before it: the contradiction is kept and told."""
    viet.issues()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    first, other = forked(viet)
    gap = replace(read_entry(other), version=4, previous=read_entry(other).digest)
    junk = {
        "a gap": sign_entry(gap, viet.first),
        "nothing that is signed": b"{}",
        "another State": Peer("QA", node).entry_bytes,
    }[behind]
    for chain in ([first, other, junk], [junk, first, other]):
        models.EntryVersion.objects.filter(standing="fork").delete()
        assert code(registry.renewed, node, "VN", chain, by="VN", at=at) == "entry.fork"
        assert [bytes(fork.data) for fork in archive.forks()] == [other]


def contradicted(node, viet, at, *signers, number=2, address="https://other.example") -> bytes:
    """Another version of this number, handed on by Qatar and signed by the first key or these others."""
    version = read_entry(viet.chain[number - 1])
    key = viet.first if version.sign == viet.first.public else viet.signing
    data = sign_entry(replace(version, address=address), key, *signers)
    assert registry.heard(node, data, by="QA", at=at) == "VN"
    return data


def test_what_a_revoked_key_signs_keeps_nobody_back(node, viet, at):
    """Recovery revoked it; whatever its thief goes on to sign under old numbers is kept, shown, and blocks nothing."""
    offline = guarded(node, viet, at)
    viet.rotates(*offline, revoked=viet.entry.issued_at)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    for number in range(2):
        contradicted(node, viet, at, address=f"https://{number}.example")
        assert len(archive.forks()) == number + 1
        before = viet.entry.issued_at
        hop, moment = viet.entry.key(Purpose.HOP, before), before + SECOND
        keys = (*(replace(key, revoked=moment) if key == hop else key for key in viet.entry.keys),
                DatedKey(Purpose.HOP, NoteKey.generate("x").public, moment, at + EVER))  # fmt: skip
        viet.issues(keys=keys)
        assert registry.renewed(node, "VN", viet.chain, by="VN", at=at + DAY) == viet.entry
        assert archive.peer_entry("VN").named(hop.id).revoked == moment
    assert code(registry.renewed, node, "VN", usurped(viet, at), by="VN", at=at) == ""
    assert (archive.peer_entry("VN"), len(archive.forks())) == (viet.entry, 3)


def test_a_key_that_is_over_keeps_nobody_back_once_recovery_led_on(node, viet, at):
    """Not revoked, only rotated: until recovery keys have said which side counts, it blocks; then no more."""
    offline = guarded(node, viet, at)
    viet.rotates()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    contradicted(node, viet, at)
    viet.issues()
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"
    viet.issues(*offline)
    viet.issues()
    assert registry.renewed(node, "VN", viet.chain[:5], by="VN", at=at).version == 5
    contradicted(node, viet, at, address="https://again.example")
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at) == viet.entry
    assert len(archive.forks()) == 2


def test_what_a_key_in_force_signs_twice_blocks_whatever_recovery_said_before(node, viet, at):
    """The State's own key contradicts itself after, or under, a recovery that left it in force; and so do recovery keys."""
    offline = guarded(node, viet, at)
    viet.issues(*offline)
    viet.issues()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    for number, signers in ((2, []), (3, []), (4, []), (3, offline)):
        contradicted(node, viet, at, *signers, number=number)
        viet.issues()
        assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"
        models.EntryVersion.objects.filter(standing="fork").delete()
        assert registry.renewed(node, "VN", viet.chain, by="VN", at=at) == viet.entry


def test_recovery_keys_that_contradict_themselves_block_though_all_is_spent(node, viet, at):
    """Two ways on by recovery keys are for people to choose from, also if the signing key beside them was revoked since."""
    offline = guarded(node, viet, at)
    viet.issues(*offline)
    viet.rotates(*offline, revoked=at)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    contradicted(node, viet, at, *offline, number=3)
    viet.issues()
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"


def test_who_came_first_does_not_end_the_true_key(node, viet, at):
    """A thief's rotation was followed, and he revoked the true key after it: what that one signs blocks him all the same."""
    first, true = viet.entry, viet.signing
    viet.rotates()
    keys = (replace(key, revoked=first.issued_at) if key.public == true.public else key for key in viet.entry.keys)
    viet.issues(keys=tuple(keys))
    theirs, seen = viet.chain, viet.entry
    registry.renewed(node, "VN", theirs, by="VN", at=at)
    other = replace(first, version=2, previous=first.digest, issued_at=first.issued_at + SECOND)
    assert code(registry.renewed, node, "VN", [theirs[0], sign_entry(other, true)], by="QA", at=at) == "entry.fork"
    viet.issues()
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"
    assert archive.peer_entry("VN") == seen


def test_cheap_contradictions_crowd_no_true_one_out(node, viet, at, monkeypatch):
    """However many a spent key signs: one by a key in force is kept, and blocks."""
    monkeypatch.setattr(registry, "_KEPT_FORKS", 2)
    offline = guarded(node, viet, at)
    viet.rotates(*offline, revoked=viet.entry.issued_at)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    before = archive._led.cache_info().misses
    for number in range(4):
        contradicted(node, viet, at, address=f"https://{number}.example")
    assert len(archive.forks()) == 2
    assert (
        archive._led.cache_info().misses - before == len(viet.chain) - 1
    )  # what was accepted is not verified for each
    true = contradicted(node, viet, at, number=3)
    contradicted(node, viet, at, number=3, address="https://more.example")
    assert bytes(archive.forks()[0].data) == true
    assert len(archive.forks()) == 3
    viet.issues()
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"


def test_another_key_is_pinned_only_anew(node, viet, at):
    """An officer may: that State has lost everything. What was accepted before is left behind, and kept."""
    other, given = Peer("VN", node, which=1), {"by": "Officer", "at": at + 60 * SECOND}
    viet.rotates()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    with pytest.raises(NotPossible, match="newer"):
        registry.pin(node, viet.chain[0], fingerprint=read_entry(viet.chain[0]).fingerprint, **given)
    with pytest.raises(NotPossible, match="newer"):
        registry.pin(node, other.entry_bytes, fingerprint=other.entry.fingerprint, **given)
    other.rotates()
    with pytest.raises(NotPossible, match="Another key"):
        registry.pin(node, other.entry_bytes, fingerprint=other.entry.fingerprint, **given)
    with pytest.raises(BrokenSeal, match="fingerprint"):
        registry.pin(node, other.entry_bytes, fingerprint=viet.entry.fingerprint, anew=True, **given)
    registry.pin(node, other.entry_bytes, fingerprint=other.entry.fingerprint, anew=True, **given)
    assert archive.chain("VN") == [other.entry_bytes]
    assert models.EntryVersion.objects.filter(state="VN", standing="left").count() == 2
    assert models.Peer.objects.get(pk="VN").pinned_by == "Officer"


def test_a_fork_is_settled_by_the_code_of_a_version(node, viet, at):
    """Both sides are by one key, so by one fingerprint: only the code says which is meant, also if it is pinned anew."""
    viet.issues()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    other = contradicted(node, viet, at)
    wrong = read_entry(other)
    given = {"fingerprint": viet.entry.fingerprint, "by": "Officer", "at": at}
    assert (wrong.fingerprint, wrong.code == viet.entry.code) == (viet.entry.fingerprint, False)
    for data, anew, heard in (
        (other, True, ""),
        (other, True, viet.entry.code),
        (other, True, wrong.fingerprint),
        (viet.entry_bytes, False, ""),
        (viet.entry_bytes, False, wrong.code),
        (viet.entry_bytes, True, viet.entry.code[:-1]),
    ):
        assert code(registry.pin, node, data, anew=anew, code=heard, **given) == "peer.code"
        assert (archive.peer_entry("VN"), len(archive.forks())) == (viet.entry, 1)
    registry.pin(node, other, anew=True, code=wrong.code.upper(), **given)
    assert (archive.peer_entry("VN"), archive.forks()) == (wrong, [])
    assert registry.pin(node, other, **given) == wrong
    assert code(registry.pin, node, other, code=viet.entry.code, **given) == "peer.code"


def test_a_version_is_not_skipped_by_hand(node, viet, at):
    """With the same key, and the right fingerprint, what lies between is still asked for."""
    viet.issues()
    viet.issues()
    with pytest.raises(Invalid, match="does not follow"):
        registry.pin(node, viet.entry_bytes, fingerprint=viet.entry.fingerprint, by="Officer", at=at)
    registry.renewed(node, "VN", viet.chain, by="QA", at=at)
    assert registry.pin(node, viet.entry_bytes, fingerprint=viet.entry.fingerprint, by="Officer", at=at) == viet.entry


def test_what_others_say_is_shown_and_replaces_nothing(node, viet, at):
    """Whatever Qatar says of Viet Nam, or of us: it stands there with its name, and no more."""
    stranger, before = Peer("VN", node, which=1), archive.peer_entry("VN")
    viet.issues(address="https://127.0.0.1:3")
    for data in (viet.chain[0], viet.chain[1], stranger.entry_bytes, stranger.entry_bytes):
        assert registry.heard(node, data, by="QA", at=at) == "VN"
    told = archive.told("VN")
    assert {(one.by, one.version, one.agrees) for one in told} == {("QA", 1, True), ("QA", 2, False), ("QA", 1, False)}
    assert len(told) == 3
    assert (archive.peer_entry("VN"), archive.forks()) == (before, [])
    assert code(registry.heard, node, viet.chain[0], by="VN", at=at) == "entry.about"
    assert code(registry.heard, node, b"{}", by="QA", at=at) == "canon.fields"


@pytest.fixture
def moved(node, viet, at):
    """Viet Nam was robbed: the thief's version, with his address, is gone by here. Then it recovered; its recovery keys."""
    offline = guarded(node, viet, at)
    stolen, honest, chain = viet.signing, viet.entry, list(viet.chain)
    viet.rotates(stolen)
    viet.issues(address="https://thief.example")
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    viet.entry, viet.signing, viet.chain = honest, stolen, chain
    viet.rotates(*offline, revoked=honest.issued_at)
    return offline


def test_a_recovery_that_others_hand_on_is_taken(node, viet, moved, at):
    """The thief's node hands out nothing that ends him; Qatar's word does, for Viet Nam's recovery keys stand under it."""
    assert archive.peer_entry("VN").address == "https://thief.example"
    assert registry.heard(node, viet.entry_bytes, by="QA", at=at) == "VN"
    assert (archive.peer_entry("VN"), archive.chain("VN"), archive.forks()) == (viet.entry, viet.chain, [])
    assert models.EntryVersion.objects.get(digest=viet.entry.digest).by == "QA"
    assert registry.heard(node, viet.entry_bytes, by="QA", at=at) == "VN"
    assert archive.peer_entry("VN") == viet.entry


def test_nothing_else_that_others_hand_on_is_taken(node, viet, moved, at):
    """Neither by too few recovery keys, nor by the thief's, nor upon another version, nor of a time to come, nor of ours."""
    theirs = archive.peer_entry("VN")
    recovered, before = viet.entry, viet.chain[1]
    at_last = replace(read_entry(before), version=4, previous=recovered.digest, threshold=1)
    rows = {
        "one of two": sign_entry(recovered, viet.signing, moved[0]),
        "the thief's own": usurped(viet, at)[2],
        "of a time to come": sign_entry(replace(recovered, issued_at=at + DAY), viet.signing, *moved),
        "upon what is not known": sign_entry(at_last, viet.first, *moved),
        "history rewritten": sign_entry(replace(recovered, keys=recovered.keys[1:]), viet.signing, *moved),
    }
    for words, data in rows.items():
        assert registry.heard(node, data, by="QA", at=at) == "VN", words
        assert archive.peer_entry("VN") == theirs, words
    own = archive.own_entry(node)
    assert registry.heard(node, sign_entry(replace(own, tls="other"), node.signing), by="QA", at=at) == node.state
    assert not models.Peer.objects.filter(pk=node.state).exists()


def test_that_others_know_what_its_own_node_does_not_hand_out_is_told(node, viet, moved, at):
    """Viet Nam went on before Qatar was asked: nothing proves it here, so people are told once a day, and renew from files."""
    alarms = models.Alarm.objects.filter(peer="VN", code="entry.behind")
    registry.compare_told("VN", at=at + SECOND)
    viet.issues()
    registry.heard(node, viet.chain[0], by="FR", at=at)
    registry.heard(node, viet.entry_bytes, by="QA", at=at)
    for asked, expected in ((at, 0), (at + SECOND, 1), (at + 2 * SECOND, 1), (at + 3 * DAY, 1)):
        registry.compare_told("VN", at=asked)
        assert alarms.count() == expected
    assert archive.peer_entry("VN").address == "https://thief.example"
    assert registry.renewed(node, "VN", viet.chain, by="VN", at=at) == archive.peer_entry("VN") == viet.entry
    registry.heard(node, viet.entry_bytes, by="QA", at=at + 3 * DAY)
    registry.compare_told("VN", at=at + 3 * DAY + SECOND)
    assert alarms.count() == 1
    registry.compare_told("XX", at=at)


def test_others_bear_witness_of_a_contradiction(node, viet, at):
    """Qatar hands on another second version, by Viet Nam's own key: it is kept as evidence, and stops what follows."""
    viet.rotates()
    registry.renewed(node, "VN", viet.chain, by="VN", at=at)
    registry.heard(node, forked(viet)[1], by="QA", at=at)
    assert [(fork.version, fork.by) for fork in archive.forks()] == [(2, "QA")]
    viet.issues()
    assert code(registry.renewed, node, "VN", viet.chain, by="VN", at=at) == "entry.fork"


def test_what_others_say_has_its_bounds(node, viet, at, monkeypatch):
    """The newest hundred statements of a State stay, and the first twenty contradictions."""
    monkeypatch.setattr(registry, "_KEPT_SAID", 3)
    monkeypatch.setattr(registry, "_KEPT_FORKS", 2)
    for number in range(5):
        other = replace(read_entry(viet.chain[0]), tls=f"other {number}")
        registry.heard(node, sign_entry(other, viet.first), by="QA", at=at + number * SECOND)
    assert [told.at for told in archive.told("VN")] == [at + number * SECOND for number in (4, 3, 2)]
    assert models.EntryVersion.objects.filter(standing="fork").count() == 2


def test_evidence_that_counts_later_is_kept_whole(node, viet, at):
    """A version that came first as evidence, with fewer signatures, and is accepted later, is kept as it was accepted."""
    first = read_entry(viet.chain[0])
    whole = viet.rotates()
    outer = canon.loads(whole, limit=1 << 20)
    some = canon.dumps(outer | {"statements": outer["statements"][:1]})
    registry.keep_version(viet.entry, some, by="QA", at=at, standing="fork")
    registry.keep_version(viet.entry, whole, by="VN", at=at)
    registry.keep_version(viet.entry, some, by="QA", at=at)
    assert read_chains(archive.chain("VN"))["VN"][0] == first
    assert archive.chain("VN") == viet.chain


# -------------------------------------------------------------------------------------------------- what files prove


@pytest.fixture
def story(own, viet, officers):
    """A case said under three versions of Viet Nam's entry and three of ours, exported after the first and the last."""
    node, at = own.now(), viet.entry.issued_at
    viet.node, later = node, at + 3 * SECOND
    body = {"request": request().to_dict(), "letter": ""}
    data, asked = viet.say(Kind.REQUESTED, "VN-2026-0001", body, at=at)
    assert arrive(node, data, at).code == ""
    early = shutil.copy(dossier.export(node, "VN-2026-0001", officer=officers.all, at=at), own.home / "early.asice")
    viet.rotates(kept=10 * SECOND)
    registry.renewed(node, "VN", viet.chain, by="VN", at=later)
    issuing.rotate(node, Purpose.SIGN, at=at + SECOND)
    said = viet.say(Kind.ENQUIRED, "VN-2026-0001", {"message": "How does it stand?"}, after=asked.id, at=later)
    assert arrive(own.now(), said[0], later).code == ""
    viet.issues(confirmed_on=at.date())
    registry.renewed(node, "VN", viet.chain, by="VN", at=later)
    issuing.rotate(own.now(), Purpose.CONTAINER, at=later)
    late = dossier.export(own.now(), "VN-2026-0001", officer=officers.all, at=later + SECOND)
    return SimpleNamespace(early=early, late=late, ours=issuing.own_chain(own.now()), theirs=viet.chain, at=at)


def verdicts(path, folder, *pins: bytes) -> dict[str, Verdict]:
    """Verify a file with these entries pinned; what was found of each check that knows entries."""
    files = [folder / f"pin-{place}.json" for place, _ in enumerate(pins)]
    for file, data in zip(files, pins, strict=True):
        file.write_bytes(data)
    report = verify_file(path, pins=files)
    checks = ("directory", "ed25519", "ml-dsa-65", "cades", "acts", "history", "inclusion")
    return {name: report.verdicts[name][0] for name in checks if report.verdicts[name][0] is not Verdict.PASSED}


def test_a_file_over_three_versions(story, tmp_path):
    """It verifies by itself, with what was pinned at the beginning, in the middle, at the end, or of both sides apart."""
    assert verdicts(story.late, tmp_path) == {}
    for ours in range(3):
        for theirs in range(3):
            assert verdicts(story.late, tmp_path, story.ours[ours], story.theirs[theirs]) == {}
    assert verdicts(story.late, tmp_path, *story.ours, *story.theirs) == {}


def test_an_old_file_under_newer_pins(story, tmp_path):
    """What was exported under the first versions verifies with each later version pinned: it says which key was when."""
    assert verdicts(story.early, tmp_path) == {}
    for ours in story.ours:
        for theirs in story.theirs:
            assert verdicts(story.early, tmp_path, ours, theirs) == {}


def test_a_file_under_wrong_pins(story, node, tmp_path):
    """Another State of that name, a State left out, a version that does not lead there: the directory fails."""
    other = Peer("VN", node, which=1)
    other.rotates()
    other.issues()
    last = read_entry(story.theirs[2])
    lone = (
        sign_entry(replace(last, tls="other"), other.signing) if last.sign == other.signing.public else other.chain[2]
    )
    for pins in ((story.ours[0], other.chain[0]), (story.ours[0], lone), (story.ours[0],), (story.theirs[0],)):
        for path in (story.early, story.late):
            assert verdicts(path, tmp_path, *pins)["directory"] is Verdict.FAILED


def test_a_newer_pin_knows_what_was_revoked(story, viet, tmp_path):
    """A file from before does not know it; with the newer entry pinned, what the key signed from that moment on fails."""
    first = viet.entry.named(viet.first.public.id)
    for since, expected in ((story.at - DAY, Verdict.FAILED), (story.at + SECOND, None)):
        keys = tuple(replace(key, revoked=since) if key == first else key for key in viet.entry.keys)
        version = {"version": 4, "previous": viet.entry.digest, "issued_at": story.at + 9 * SECOND}
        newer = sign_entry(replace(viet.entry, keys=keys, **version), viet.signing)
        for path in (story.early, story.late):
            assert verdicts(path, tmp_path, story.ours[0], newer).get("acts") is expected
    report = verify_file(story.late, pins=[tmp_path / "pin-0.json", tmp_path / "pin-1.json"])
    assert "1 by keys that were revoked later" in report.verdicts["acts"][1]


@pytest.mark.parametrize("taken", [False, True])
def test_no_name_in_a_file_rewrites_what_the_verifier_shows(own, viet, officers, tmp_path, monkeypatch, taken):
    """A whole forged file, by other keys: its State's name would print the genuine fingerprint over the forged one.

    The entry is refused; and were it not (`taken`), nothing that it says would steer the screen.
    """
    true = Peer("VN", own.now(), which=1).entry.fingerprint
    name = f"\x1b[1G\x1b[0Kkey of       VN  {true}  Viet Nam\nall passed\u202e\x9b2J"
    with monkeypatch.context() as patch:
        patch.setattr(_entry, "_STEERS", re.compile("(?!)"))
        viet.node, node = own.now(), own.now()
        viet.issues(names={"en": name})
        registry.renewed(node, "VN", viet.chain, by="VN", at=viet.entry.issued_at)
        body = {"request": request().to_dict(), "letter": ""}
        data, _ = viet.say(Kind.REQUESTED, "VN-2026-0001", body, at=viet.entry.issued_at)
        assert arrive(node, data, viet.entry.issued_at).code == ""
        made = dossier.export(node, "VN-2026-0001", officer=officers.all, at=viet.entry.issued_at + SECOND)
        if taken:
            shown = CliRunner().invoke(cli.app, ["verify", str(made)])
    if not taken:
        shown = CliRunner().invoke(cli.app, ["verify", str(made)])
    assert shown.exit_code == 1
    lines = shown.output.split("\n")
    assert not [sign for line in lines for sign in line if unicodedata.category(sign) in ("Cc", "Cf")]
    assert "all passed" not in lines
    begins = f"key of       VN  {viet.entry.fingerprint}  \\u001b[1G" if taken else "failed       directory"
    assert len([line for line in lines if line.startswith(begins)]) == 1
    assert len([line for line in lines if line.startswith("key of       VN")]) == taken


def test_an_error_is_one_line_on_a_terminal_whatever_it_quotes():
    """What a file or a peer chose of its words steers nothing and forges no line; a node's own faults stand in lines."""
    words = "a\x1b[2K\rcomity: all passed\nb\u202e"
    assert error_text(Invalid(words, code="x.y", where="\x07")) == (
        "a\\u001b[2K\\u000dcomity: all passed\\u000ab\\u202e [\\u0007] (x.y)"
    )
    assert error_text(Misconfigured("one\ntwo\x1b", code="x.y")) == "one\ntwo\\u001b (x.y)"


def test_what_a_revoked_key_says_is_refused_on_arrival(own, viet, at):
    """Whatever time it claims: from the revocation on nothing of it is admitted; the new key is heard."""
    node = own.now()
    viet.node = node
    offline = guarded(node, viet, at)
    stolen, moment = viet.signing, viet.entry.issued_at
    viet.rotates(*offline, revoked=moment)
    registry.renewed(node, "VN", viet.chain, by="VN", at=at + 5 * SECOND)
    fresh, viet.signing = viet.signing, stolen
    assert arrive(node, viet.asks(request())[0], moment + 6 * SECOND).code == "trust.revoked"
    viet.signing = fresh
    said, _ = viet.say(Kind.REQUESTED, "VN-2026-0002", {
        "request": request(reference="VN-2026-0002").to_dict(), "letter": ""}, at=moment + 6 * SECOND)  # fmt: skip
    assert arrive(node, said, moment + 6 * SECOND).code == ""


def test_what_was_sealed_to_the_key_before_still_opens(own, viet, at):
    """An envelope on its way when the opening key was rotated."""
    viet.node = own.now()
    data, _ = viet.asks(request())
    issuing.rotate(own.now(), Purpose.OPEN, at=at + SECOND)
    assert isinstance(own.now().openings[1], OpeningKey)
    assert arrive(own.now(), data, at + SECOND).code == ""


# ---------------------------------------------------------------------------------------------------- the operator


def comity(*words) -> subprocess.CompletedProcess:
    """Run a command of the node in its own process."""
    return warm.node(*words)


def test_commands_at_once_come_one_after_another(tmp_path):
    """Five processes, while another one is at it: none does anything; then each does its own, and none is lost."""
    home = tmp_path / "IR"
    doors = ["--officers", "https://127.0.0.1:9441", "--peers", "https://127.0.0.1:9442"]
    assert comity("init", home, "--state", "IR", *doors).returncode == 0
    first = (home / "entry.json").read_bytes()
    work = [
        ("rotate", home, "sign"),
        ("confirm", home),
        ("rotate", home, "open"),
        ("readdress", home),
        ("confirm", home),
    ]
    with (home / "keys" / ".lock").open("rb") as held, ThreadPoolExecutor(len(work)) as pool:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = [pool.submit(comity, *words) for words in work]
        time.sleep(3)
        assert [one.done() for one in done] == [False] * len(work)
        assert ((home / "entry.json").read_bytes(), list(home.rglob("*.next.*"))) == (first, [])
        fcntl.flock(held, fcntl.LOCK_UN)
        assert [one.result().returncode for one in done] == [0] * len(work)
    chain = [
        *((home / "entries" / f"{number}.json").read_bytes() for number in range(1, 6)),
        (home / "entry.json").read_bytes(),
    ]
    assert [one.version for one in read_chains(chain)["IR"]] == list(range(1, 7))
    assert chain[0] == first
    assert "version 7" in comity("confirm", home).stdout  # its keys are those that it names


def test_recovery_signed_apart(own, at, tmp_path):
    """A draft, its signatures made elsewhere in any order, and then it is published; nothing before, and nothing else."""
    offline = [SigningKey.generate() for _ in range(3)]
    issuing.set_recovery(own.now(), [key.public for key in offline], threshold=2, signers=[], at=at + SECOND)
    before, old = archive.own_entry(own.now()), own.now().signing
    drafted = issuing.recover(own.now(), [], since=at, at=at + 2 * SECOND, draft=tmp_path / "draft")
    draft = (tmp_path / "draft").read_bytes()
    assert (archive.own_entry(own.now()), own.now().signing) == (before, old)
    assert code(issuing.take_up, own.now(), [draft], at=at + 3 * SECOND) == "entry.succession"
    parts = [countersigned(draft, key) for key in offline[1:]]
    assert code(issuing.take_up, own.now(), parts[:1], at=at + 3 * SECOND) == "entry.succession"
    assert code(countersigned, parts[0], offline[1]) == "entry.signers"
    assert code(countersigned, draft, SigningKey.generate()) == "entry.signers"
    other = tmp_path / "other"
    issuing.set_recovery(own.now(), [], threshold=0, signers=[], at=at + 3 * SECOND, draft=other)  # a thief's
    assert code(issuing.take_up, own.now(), [*parts, other.read_bytes()], at=at + 4 * SECOND) == "entry.draft"
    assert code(issuing.take_up, own.now(), [other.read_bytes()], at=at + 4 * SECOND) == "entry.succession"
    assert archive.own_entry(own.now()) == before
    new = issuing.take_up(own.now(), parts, at=at + DAY)
    assert new == drafted == succeeds(before, (own.home / "entry.json").read_bytes())
    assert new.sign == own.now().signing.public != old.public
    assert new.named(old.public.id).revoked == at
    assert not (own.home / "keys" / "signing.drafted.key").exists()
    assert code(issuing.take_up, own.now(), parts, at=at + 2 * DAY) == "entry.order"


def test_a_draft_is_of_its_node_and_of_its_version(own, at, tmp_path):
    """Whose key is not here any more, and which another version has overtaken, is not published."""
    offline = [SigningKey.generate()]
    issuing.set_recovery(own.now(), [key.public for key in offline], threshold=1, signers=[], at=at + SECOND)
    for number in range(2):
        issuing.recover(own.now(), [], since=at, at=at + 2 * SECOND, draft=tmp_path / f"draft{number}")
    first, second = (countersigned((tmp_path / f"draft{number}").read_bytes(), offline[0]) for number in range(2))
    assert code(issuing.take_up, own.now(), [first], at=at + 3 * SECOND) == "key.entry"
    issuing.confirm(own.now(), at=at + 4 * SECOND)
    assert code(issuing.take_up, own.now(), [second], at=at + 5 * SECOND) == "entry.order"


def test_no_key_to_come_outlives_a_recovery(own, at):
    """Who has the signing key can add none that begins later; one that was added so before is revoked with the other."""
    offline, planted, thief = ([SigningKey.generate() for _ in range(count)] for count in (2, 1, 1))
    issuing.set_recovery(own.now(), [key.public for key in offline], threshold=2, signers=[], at=at + SECOND)
    entry, stolen = archive.own_entry(own.now()), own.now().signing
    later = DatedKey(Purpose.SIGN, planted[0].public, at + 10 * DAY, at + EVER)
    bad = replace(entry, version=3, previous=entry.digest, issued_at=at + 2 * SECOND, keys=(*entry.keys, later))
    assert code(succeeds, entry, sign_entry(bad, stolen)) == "entry.history"
    (own.home / "entries" / "2.json").write_bytes((own.home / "entry.json").read_bytes())
    (own.home / "entry.json").write_bytes(sign_entry(bad, stolen))  # he wrote it into the node's own folder
    with pytest.MonkeyPatch.context() as patch:  # only so can the version be led on from
        patch.setattr(issuing, "succeeds", lambda _, data: read_entry(data))
        new = issuing.recover(own.now(), offline, since=at, at=at + DAY)
    assert [key.public for key in new.valid(Purpose.SIGN, at + 11 * DAY)] == [new.sign]
    assert {new.named(key.id).revoked for key in (stolen.public, planted[0].public)} == {at}
    mine = replace(new, version=5, previous=new.digest, issued_at=at + 11 * DAY, keys=(
        *(replace(key, until=at + 11 * DAY) if key.public == new.sign else key for key in new.keys),
        DatedKey(Purpose.SIGN, thief[0].public, at + 11 * DAY, at + EVER)))  # fmt: skip
    assert code(succeeds, new, sign_entry(mine, thief[0], planted[0])) == "entry.succession"


def test_a_recovery_leaves_no_older_signing_key(own, at):
    """Every one that was not over when it was stolen is revoked; one that was, or was revoked earlier, stays so."""
    offline, first = [SigningKey.generate()], own.now().signing.public
    issuing.set_recovery(own.now(), [offline[0].public], threshold=1, signers=[], at=at + SECOND)
    second = issuing.rotate(own.now(), Purpose.SIGN, at=at + 2 * SECOND, kept=timedelta(0)).sign
    third = issuing.rotate(own.now(), Purpose.SIGN, at=at + 3 * SECOND).sign
    issuing.revoke(own.now(), second.id, since=at + 3 * SECOND, at=at + 4 * SECOND)
    fourth = issuing.rotate(own.now(), Purpose.SIGN, at=at + 5 * SECOND).sign
    new = issuing.recover(own.now(), offline, since=at + 4 * SECOND, at=at + DAY)
    revoked = [new.named(key.id).revoked for key in (first, second, third, fourth)]
    assert revoked == [None, at + 3 * SECOND, at + 4 * SECOND, at + 4 * SECOND]
    assert new.valid(Purpose.SIGN, at + DAY) == (new.key(Purpose.SIGN, at + DAY),)


def test_keepers_see_every_key_that_a_draft_adds(own, at, tmp_path, capsys):
    """A draft that was tampered with before its code was read carries more keys: `recovery-sign` shows each of them."""
    offline, hidden = ([SigningKey.generate() for _ in range(2)] for _ in range(2))
    issuing.set_recovery(own.now(), [key.public for key in offline], threshold=2, signers=[], at=at + SECOND)
    entry, moment, fresh = archive.own_entry(own.now()), at + 2 * SECOND, SigningKey.generate()
    hop = NoteKey.generate("hop")
    write_key(tmp_path / "offline", offline[0])
    for later in (0, 1):
        added = [
            DatedKey(Purpose.SIGN, fresh.public, moment, at + EVER),
            *(DatedKey(Purpose.RECOVERY, key.public, moment + later * SECOND, at + EVER) for key in hidden),
            DatedKey(Purpose.HOP, hop.public, moment + later * SECOND, at + EVER),
        ]
        made = replace(entry, version=3, previous=entry.digest, issued_at=moment, keys=(
            *(replace(key, revoked=at) if key.public == entry.sign else key for key in entry.keys), *added))  # fmt: skip
        draft = tmp_path / f"draft{later}"
        draft.write_bytes(sign_entry(made, fresh))
        management.recovery_sign(draft, tmp_path / "offline", code=made.code)
        shown = capsys.readouterr().out
        assert [f"new, to {key.purpose}: {key.id}" in shown for key in added] == [True] * 4
        assert shown.count("new, to") == 4
        whole = countersigned(draft.read_bytes(), offline[1])
        assert code(succeeds, entry, whole) == ("entry.history" if later else "")


def test_the_operators_commands(tmp_path):
    """A node's entry and keys over time, from the command line alone; another node follows its files."""
    iran, qatar, offline = tmp_path / "IR", tmp_path / "QA", [tmp_path / f"offline-{number}" for number in range(2)]
    for home, port in ((iran, 9441), (qatar, 9443)):
        doors = ["--officers", f"https://127.0.0.1:{port}", "--peers", f"https://127.0.0.1:{port + 1}"]
        assert comity("init", home, "--state", home.name, *doors).returncode == 0
    assert [comity("recovery-key", file).returncode for file in offline] == [0, 0]
    first = (iran / "entry.json").read_bytes()
    mark = read_entry(first).fingerprint
    assert comity("pin", qatar, iran / "entry.json", "--fingerprint", mark, "--by", "N. N.").stdout == "IR is pinned.\n"
    public = [word for file in offline for word in ("--key", f"{file}.pub")]
    assert "version 2" in comity("recovery", iran, "--threshold", 2, *public).stdout
    done = comity("rotate", iran, "hop", "--days", 0)
    assert "version 3" in done.stdout
    assert "Start the node again" in done.stdout
    for words, expected in (
        (("rotate", iran, "rule"), "entry.purpose"),
        (("revoke", iran, "x", "--at", "now"), "entry.since"),
        (("withdraw", iran, "--key", offline[0]), "entry.withdraw"),
    ):
        refused = comity(*words)
        assert (refused.returncode, expected in refused.stderr) == (2, True), refused
    told = comity("recover", iran, "--draft", tmp_path / "draft").stdout
    assert "Nothing is published yet" in told
    read = told.rpartition(": ")[2].strip()
    wrong = comity("recovery-sign", tmp_path / "draft", offline[0], "--code", read[:-1] + "?")
    assert (wrong.returncode, "entry.draft" in wrong.stderr) == (2, True)
    for file in offline:
        assert "2 of these" in comity("recovery-sign", tmp_path / "draft", file, "--code", read.upper()).stdout
    assert "version 4" in comity("take-up", iran, tmp_path / "draft").stdout
    assert "version 5" in comity("readdress", iran).stdout
    files = [*(iran / "entries" / f"{number}.json" for number in range(2, 5)), iran / "entry.json"]
    assert (iran / "entries" / "1.json").read_bytes() == first
    assert "version 5" in comity("renew", qatar, *files).stdout
    newest = read_entry(files[-1].read_bytes())
    assert f"IR  version 5  {newest.fingerprint}" in comity("directory", qatar).stdout
    own = comity("directory", iran).stdout
    assert f"code of this version: {newest.code}\n" in own
    assert comity("fingerprint", files[-1], "--code").stdout == f"{newest.code}\n"
    words = comity("fingerprint", files[-1], "--code", "--words", "fa").stdout
    pinning = ("pin", qatar, files[-1], "--fingerprint", newest.fingerprint, "--by", "N. N.")
    assert "peer.code" in comity(*pinning, "--code", newest.fingerprint).stderr
    assert comity(*pinning, "--code", words).stdout == "IR is pinned.\n"
    assert (own.count("  hop  "), own.count("  recovery  "), own.count("revoked")) == (2, 2, 1)
