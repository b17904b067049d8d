"""This State's own directory entry: its next version, and the key files that go with it.

The moment at which ``entry.json`` is replaced is the one that counts. New keys are on disk before it, as ``NAME.next.key``;
`settle` does what comes after it, at once or at the next start: it puts the keys in their places and logs the version.
One process at a time is at it (`_one_at_a_time`): what one has staged is to any other a key that was never published.

Of an earlier signing, log, witness, hop or container key nothing is kept: what it signed needs its public half only, which
stays in the entry. An earlier opening key is kept as ``opening-ID.key``: what was sealed to it may still be on its way, and
bags that were collected are opened with it. The operator removes that file when neither is so any more.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from django.db import transaction

from comity.casework.act import SKEW
from comity.casework.moments import moment_text
from comity.errors import BrokenProof, ComityError, Invalid, Misconfigured, NotPossible, NotYet
from comity.node import archive, models
from comity.node.desk import registry
from comity.node.settings import Settings, address
from comity.seal.container import CadesKey
from comity.seal.keys import NoteKey, OpeningKey, SigningKey, VerifyKey, read_key, read_secret, write_key, write_secret
from comity.seal.tls import certificates_for
from comity.wire.directory import (
    NEEDED,
    Authority,
    DatedKey,
    Entry,
    Public,
    Purpose,
    first_keys,
    gathered,
    head_seen,
    read_entry,
    sign_entry,
    succeeds,
)

LIFETIME: Final = timedelta(days=365 * 5)
KEPT: Final = timedelta(days=7)
"""How long a key that is replaced in the ordinary way stays valid beside its successor: for what is on its way."""
_RECOVERY_LIFETIME: Final = timedelta(days=365 * 50)
_FILES: Final = {
    Purpose.SIGN: "signing", Purpose.OPEN: "opening", Purpose.LOG: "log", Purpose.WITNESS: "witness",
    Purpose.HOP: "hop", Purpose.CONTAINER: "cades",
}  # fmt: skip
_DRAFTED: Final = "signing.drafted.key"
"""The key of a version that waits for signatures from elsewhere."""
_KINDS: Final = {Purpose.SIGN: SigningKey, Purpose.OPEN: OpeningKey}
_PATIENCE = 30.0  # seconds that one command waits for another
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _one_at_a_time(work: Callable[Concatenate[Settings, _P], _R]) -> Callable[Concatenate[Settings, _P], _R]:
    """Let one process do `work` at a time: entry and key files are read, changed and settled while nobody else is at them.

    The lock is of the process: it ends with it, however it ends.

    Raises:
        NotYet: ``entry.busy``: another process has been at it for half a minute.
    """

    @wraps(work)
    def alone(settings: Settings, /, *args: _P.args, **named: _P.kwargs) -> _R:
        held = os.open(settings.keys / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _wait_for(held)
            return work(settings, *args, **named)
        finally:
            os.close(held)

    return alone


def _wait_for(held: int) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                message = "Another command is at this State's entry and keys. Wait until it ends, and try again."
                raise NotYet(message, code="entry.busy") from None
            time.sleep(0.05)
        else:
            return


def own_chain(settings: Settings) -> list[bytes]:
    """Every version of this State's entry as signed, oldest first.

    Raises:
        Misconfigured: one is missing in the folder ``entries``.
    """
    newest = (settings.home / "entry.json").read_bytes()
    try:
        earlier = [_earlier(settings, number).read_bytes() for number in range(1, read_entry(newest).version)]
    except OSError as error:
        message = f"{error.filename} cannot be read: {error.strerror}. It proves which keys were this State's."
        raise Misconfigured(message, code="entry.missing") from error
    return [*earlier, newest]


def _earlier(settings: Settings, version: int) -> Path:
    return settings.home / "entries" / f"{version}.json"


@_one_at_a_time
def first(settings: Settings, *, names: dict[str, str], authorities: Sequence[Authority], at: datetime) -> Entry:
    """Sign and log the first version of this State's entry, with the keys that lie in the home folder.

    Args:
        settings: the node's.
        names: language -> name of the State.
        authorities: who speaks for it.
        at: now.

    Raises:
        Invalid: ``entry.form``: others would refuse it.
    """
    entry = Entry(
        state=settings.state, version=1, previous="", issued_at=at, confirmed_on=at.date(), names=names,
        authorities=tuple(authorities),
        keys=first_keys(
            sign=settings.signing.public, open=settings.opening.public,
            log=(settings.log.name, settings.log.public), witness=(settings.witness.name, settings.witness.public),
            hop=settings.hop.public, certificate=settings.cades.certificate_der,
            since=at - timedelta(hours=1), until=at + LIFETIME,
        ),
        threshold=0, tls=(settings.keys / "tls.crt").read_text(), address=settings.peers, exercise=settings.exercise,
    )  # fmt: skip
    data = sign_entry(entry, settings.signing)
    read_entry(data)  # nothing is published that others refuse
    _replace(settings.home / "entry.json", data)
    _settle(settings, at=at)
    return entry


@_one_at_a_time
def rotate(
    settings: Settings,
    purpose: Purpose,
    *,
    at: datetime,
    kept: timedelta = KEPT,
    name: str = "",
    key: Path | None = None,
) -> Entry:
    """Replace the key of one purpose; the old one stays valid beside it for a while.

    Args:
        settings: the node's.
        purpose: which key; not recovery.
        at: now.
        kept: how long the old one stays valid.
        name: another name for a log or witness: a log whose memory was lost goes on under a new name.
        key: file of a key that was made elsewhere, of a container key with its certificate beside it as ``.crt``.

    Raises:
        NotPossible: ``entry.purpose``: recovery keys are set otherwise.
        Misconfigured: `key` is no key for this purpose.
    """
    entry, at = _begin(settings, at)
    if purpose not in _FILES:
        raise NotPossible("Recovery keys are set by `comity node recovery`.", code="entry.purpose", where=purpose)
    old = entry.key(purpose, entry.issued_at)
    fresh = _stage(settings, purpose, at, name=name or old.name, key=key)
    ended = replace(old, until=min(old.until, max(at + kept, at)))
    signers = [_signing(settings), *(_signing(settings, staged=True) for _ in range(purpose is Purpose.SIGN))]
    return _issue(settings, entry, at, signers, keys=(*_changed(entry, ended), fresh))


@_one_at_a_time
def revoke(settings: Settings, key_id: str, *, since: datetime, at: datetime) -> Entry:
    """Revoke a key from a moment on, now or earlier; one that is in use is replaced in the same version.

    Args:
        settings: the node's.
        key_id: the key's id.
        since: nothing that it signs from this moment on counts.
        at: now.

    Raises:
        NotPossible: ``entry.recover``: it signs for this State now, and would vouch for its successor; or it is a recovery key.
        Invalid: ``entry.unknown-key``; ``entry.since``: `since` is to come, or later than the key's earlier revocation.
    """
    (entry, at), since = _begin(settings, at), since.replace(microsecond=0)
    key = entry.named(key_id)
    if key.purpose is Purpose.RECOVERY or key.public == entry.sign:
        message = "The key that signs is revoked by `comity node recover`, recovery keys by `comity node recovery`."
        raise NotPossible(message, code="entry.recover", where=key_id)
    if since > at or (key.revoked is not None and since > key.revoked):
        raise Invalid("A revocation begins now or earlier, and only ever earlier.", code="entry.since", where="at")
    keys = _changed(entry, replace(key, revoked=since))
    if key == entry.key(key.purpose, entry.issued_at):
        keys = (*keys, _stage(settings, key.purpose, at, name=key.name))
    return _issue(settings, entry, at, [_signing(settings)], keys=keys)


@_one_at_a_time
def recover(
    settings: Settings, signers: Sequence[SigningKey], *, since: datetime, at: datetime, draft: Path | None = None
) -> Entry:
    """Take a new signing key under the recovery keys, and revoke every other one that was not over by then.

    Without recovery keys no version can lead on: every other State has to compare the new fingerprint and pin it anew.

    Args:
        settings: the node's.
        signers: recovery keys, at least as many as the threshold.
        since: from when on the other keys do not count: when the one that signed then was lost or stolen.
        at: now.
        draft: new file for a version that the keepers of recovery keys sign elsewhere; nothing is published before `take_up`.

    Raises:
        BrokenSeal: ``entry.succession``: too few of them.
        Invalid: ``entry.since``: `since` is to come.
    """
    (entry, at), since = _begin(settings, at), since.replace(microsecond=0)
    if since > at:
        raise Invalid("A revocation begins now or earlier, and only ever earlier.", code="entry.since", where="at")
    fresh = _stage(settings, Purpose.SIGN, at)
    lost = [key for key in entry.of(Purpose.SIGN) if key.until > since]
    others = [replace(key, revoked=min(since, key.revoked or since)) for key in lost]
    given = [_signing(settings, staged=True), *signers]
    changes: dict[str, Any] = {"keys": (*_changed(entry, *others), fresh)}
    if draft is None:
        return _issue(settings, entry, at, given, alone=entry.threshold == 0, **changes)
    drafted = _draft(draft, entry, at, given, **changes)
    (settings.keys / "signing.next.key").replace(settings.keys / _DRAFTED)
    return drafted


@_one_at_a_time
def set_recovery(
    settings: Settings, keys: Sequence[VerifyKey], *, threshold: int, signers: Sequence[SigningKey], at: datetime,
    draft: Path | None = None,
) -> Entry:  # fmt: skip
    """Say which keys, kept offline, can together name a new signing key.

    Args:
        settings: the node's.
        keys: their public halves; none of them gives this way up.
        threshold: how many must sign together; 0 with no keys.
        signers: enough of the recovery keys that there are until now, if there are any.
        at: now.
        draft: as for `recover`.

    Raises:
        Invalid: the threshold cannot be reached.
        BrokenSeal: ``entry.succession``: too few signers.
    """
    entry, at = _begin(settings, at)
    present = entry.valid(Purpose.RECOVERY, at)
    ended = [replace(key, until=at) for key in present if key.public not in keys]
    held = {key.public for key in present}
    added = [DatedKey(Purpose.RECOVERY, key, at, at + _RECOVERY_LIFETIME) for key in keys if key not in held]
    changes: dict[str, Any] = {"keys": (*_changed(entry, *ended), *added), "threshold": threshold}
    given = [_signing(settings), *signers]
    return (
        _issue(settings, entry, at, given, **changes) if draft is None else _draft(draft, entry, at, given, **changes)
    )


def _draft(path: Path, old: Entry, at: datetime, signers: Iterable[SigningKey], **changes: Any) -> Entry:
    """Write the next version to a new file for others to sign too. Raises FileExistsError."""
    new = replace(old, version=old.version + 1, previous=old.digest, issued_at=at, **changes)
    with path.open("xb") as file:
        file.write(sign_entry(new, *signers))
    return new


@_one_at_a_time
def take_up(settings: Settings, parts: Sequence[bytes], *, at: datetime) -> Entry:
    """Publish a drafted version that enough keepers of recovery keys have signed.

    Args:
        settings: the node's.
        parts: the file of `recover` or `set_recovery`, as it came back; or several copies of it, each with some signatures.
        at: now.

    Raises:
        BrokenSeal: ``entry.succession``: too few have signed.
        Invalid: ``entry.order``: another version was published since; ``entry.ahead``: it is of a time to come;
            ``entry.draft``.
        Misconfigured: ``key.entry``: the key that it names is not here.
    """
    (entry, at), data = _begin(settings, at), gathered(parts)
    new = succeeds(entry, data)
    if new.issued_at > at + SKEW:
        message = "This version is of a time to come: the clock ran ahead when it was drafted. Draft it anew."
        raise Invalid(message, code="entry.ahead", where=settings.state)
    drafted = settings.keys / _DRAFTED
    if new.sign != entry.sign:
        if not drafted.exists() or _signing(settings, name=_DRAFTED).public != new.sign:
            message = f"keys/{_DRAFTED} is not the key that this version names. Draft the version anew."
            raise Misconfigured(message, code="key.entry", where=_DRAFTED)
        drafted.replace(settings.keys / "signing.next.key")
    return _publish(settings, entry, new, data, at=at)


@_one_at_a_time
def confirm(settings: Settings, *, at: datetime) -> Entry:
    """Confirm that all of the entry is so, as every State does yearly (Articles 40(12), 41(2))."""
    entry, at = _begin(settings, at)
    return _issue(settings, entry, at, [_signing(settings)], confirmed_on=at.date())


@_one_at_a_time
def describe(settings: Settings, authorities: Sequence[Authority], *, at: datetime) -> Entry:
    """Name other authorities; that confirms the entry too."""
    entry, at = _begin(settings, at)
    signers = [_signing(settings)]
    return _issue(settings, entry, at, signers, authorities=tuple(authorities), confirmed_on=at.date())


@_one_at_a_time
def readdress(settings: Settings, *, tls: str, at: datetime) -> Entry:
    """Name the address that ``node.toml`` says, and the certificates that it answers with.

    Args:
        settings: the node's.
        tls: X.509 certificates in PEM. Before a change name the old and the new one: peers accept either. What else lies
            beside them, a key or an account of them, is not published.
        at: now.

    Raises:
        Invalid: ``entry.tls``: there is none, or one that no peer would accept.
    """
    entry, at = _begin(settings, at)
    certificates = certificates_for(address(settings.peers)[0], tls, at=at)
    return _issue(settings, entry, at, [_signing(settings)], address=settings.peers, tls=certificates)


@_one_at_a_time
def withdraw(settings: Settings, signers: Sequence[SigningKey], *, at: datetime) -> Entry:
    """Take back the versions that were made while the clock ran ahead: no peer accepts one before its time has come.

    What they said is to be said again, but for keys: those that they replaced are gone, so the version before is led on from
    with the keys that are here. Without such the version before is gone by again.

    Args:
        settings: the node's.
        signers: recovery keys, at least as many as the threshold, if the signing key was replaced: the one before is gone.
        at: now.

    Returns:
        The version that is gone by from now on.

    Raises:
        NotPossible: ``entry.withdraw``: no version is so far ahead that nobody can have accepted it, or there is none before.
        BrokenSeal: ``entry.succession``: too few signers.
    """
    _settle(settings, at=at)
    at, chain = at.replace(microsecond=0), own_chain(settings)
    read = [read_entry(data) for data in chain]
    due = [place for place, entry in enumerate(read) if entry.issued_at <= at + SKEW]
    if not due or len(due) == len(read):
        message = (
            f"Version {read[-1].version} is of {moment_text(read[-1].issued_at)}. Only one that lies more than five minutes "
            "ahead is withdrawn, and never the first. Look at the clock."
        )
        raise NotPossible(message, code="entry.withdraw", where=settings.state)
    before, newest, data = read[due[-1]], read[-1], chain[due[-1]]
    if before.issued_at > at:
        message = f"Version {before.version} may be accepted already. Wait until {moment_text(before.issued_at)}."
        raise NotPossible(message, code="entry.withdraw", where=settings.state)
    keys = _keys_here(before, newest, at)
    if keys != before.keys:
        new = replace(before, version=before.version + 1, previous=before.digest, issued_at=at, keys=keys)
        data = sign_entry(new, _signing(settings), *signers)
        if before.threshold or new.sign == before.sign:
            succeeds(before, data)
    standing = models.EntryVersion.Standing
    models.EntryVersion.objects.filter(
        state=settings.state, version__gt=before.version, standing=standing.ACCEPTED
    ).update(standing=standing.LEFT)  # if this is cut off here, `settle` accepts them again
    _replace(settings.home / "entry.json", data)
    _settle(settings, at=at)
    return read_entry(data)


def _keys_here(before: Entry, newest: Entry, at: datetime) -> tuple[DatedKey, ...]:
    """The keys of `before`, with those in whose place `newest` has others replaced by these now."""
    ended, added = [], []
    for purpose in NEEDED:
        old, key = before.key(purpose, before.issued_at), newest.key(purpose, newest.issued_at)
        if key.public != old.public:
            revoked = newest.named(old.id).revoked
            ended.append(replace(old, until=min(old.until, at + KEPT), revoked=revoked and min(revoked, at)))
            added.append(replace(key, since=at))
    return (*_changed(before, *ended), *added)


@_one_at_a_time
def settle(settings: Settings, *, at: datetime) -> None:
    """Bring key files and log in step with ``entry.json``: what a version that was cut off left undone.

    Raises:
        Misconfigured: ``key.entry``: a key file is not the key that the entry names.
    """
    _settle(settings, at=at)


def _settle(settings: Settings, *, at: datetime) -> None:
    entry = archive.own_entry(settings)
    for purpose in NEEDED:
        _install(settings.keys, purpose, entry)
        if _public(settings.keys, purpose) != entry.key(purpose, entry.issued_at).public:
            message = f"keys/{_FILES[purpose]}.key is not the key that entry.json names. Put the right file back."
            raise Misconfigured(message, code="key.entry", where=_FILES[purpose])
    with transaction.atomic():
        before = models.EntryVersion.objects.filter(state=settings.state, digest=entry.digest).exists()
        for data in own_chain(settings):
            registry.keep_version(read_entry(data), data, by=settings.state, at=at)
        if not before and any(key.revoked for key in entry.of(Purpose.LOG)):
            _disown_heads(entry)


def _disown_heads(entry: Entry) -> None:
    """Forget heads of this log that nobody goes by any more, so that proofs lead to others; the log itself stays as it is."""
    witnesses = archive.entries()
    for row in models.Checkpoint.objects.iterator():
        try:
            head_seen(row.note, entry, witnesses)
        except BrokenProof:
            row.delete()


def _begin(settings: Settings, at: datetime) -> tuple[Entry, datetime]:
    """What the next version follows, and its moment, in whole seconds.

    That is `at`; or the moment of the version before, if that was made while this command waited for its turn.

    Raises:
        NotPossible: ``entry.to-come``: no version may be older than the one before, and that one is of a time to come.
        Misconfigured: ``entry.older``: ``entry.json`` is not the newest version that this node went by.
    """
    _settle(settings, at=at)
    newest = len(archive.chain(settings.state))
    if newest > archive.own_entry(settings).version:
        message = f"entry.json is older than version {newest}, which this node has gone by. Put that one back."
        raise Misconfigured(message, code="entry.older", where="entry.json")
    entry, at = archive.own_entry(settings), at.replace(microsecond=0)
    if at < entry.issued_at <= at + timedelta(seconds=_PATIENCE):
        at = entry.issued_at
    if entry.issued_at > at:
        message = (
            f"Version {entry.version} of this State's entry is of {moment_text(entry.issued_at)}, which has not come: this "
            "clock ran ahead when it was made, or is behind now. Set it right; then wait, or run `comity node withdraw`."
        )
        raise NotPossible(message, code="entry.to-come", where=settings.state)
    return entry, at


def _issue(
    settings: Settings, old: Entry, at: datetime, signers: Iterable[SigningKey], *, alone: bool = False, **changes: Any
) -> Entry:
    """Sign the next version and go by it. It is read as others will read it first: nothing is published that they refuse."""
    try:
        new = replace(old, version=old.version + 1, previous=old.digest, issued_at=at, **changes)
        data = sign_entry(new, *signers)
        new = read_entry(data) if alone else succeeds(old, data)
    except ComityError:
        _settle(settings, at=at)  # takes back what was staged
        raise
    return _publish(settings, old, new, data, at=at)


def _publish(settings: Settings, old: Entry, new: Entry, data: bytes, *, at: datetime) -> Entry:
    """Go by `new` from now on. Raises Invalid: ``entry.order``: ``entry.json`` is not `old` any more."""
    if archive.own_entry(settings).digest != old.digest:
        message = "entry.json was changed meanwhile, and not by a command. See what it is now, and try again."
        raise Invalid(message, code="entry.order", where="entry.json")
    (settings.home / "entries").mkdir(mode=0o700, exist_ok=True)
    _replace(_earlier(settings, old.version), (settings.home / "entry.json").read_bytes())
    _replace(settings.home / "entry.json", data)
    _settle(settings, at=at)
    return new


def _changed(entry: Entry, *keys: DatedKey) -> tuple[DatedKey, ...]:
    """The entry's keys, with some of them as given."""
    given = {key.id: key for key in keys}
    return tuple(given.get(key.id, key) for key in entry.keys)


# ------------------------------------------------------------------------------------------------------------ key files


def _signing(settings: Settings, *, staged: bool = False, name: str = "") -> SigningKey:
    """The signing key in its file, as it is now."""
    path = settings.keys / (name or ("signing.next.key" if staged else "signing.key"))
    key = read_key(path)
    if not isinstance(key, SigningKey):
        raise Misconfigured(f"{path} holds a key of another purpose.", code="key.purpose")
    return key


def _stage(settings: Settings, purpose: Purpose, at: datetime, *, name: str = "", key: Path | None = None) -> DatedKey:
    """Write a new key beside the one in use; it takes its place once the entry names it."""
    path = settings.keys / f"{_FILES[purpose]}.next.key"
    until = at + LIFETIME
    if key is not None:
        content = read_secret(key)
        if purpose is Purpose.CONTAINER:
            path.with_suffix(".crt").write_bytes(_beside(key))
        write_secret(path, content)
    elif purpose is Purpose.CONTAINER:
        cades = CadesKey.generate(f"Comity {settings.state}", not_before=at - timedelta(hours=1), not_after=until)
        path.with_suffix(".crt").write_bytes(cades.certificate_der)
        write_secret(path, cades.stored())
    else:
        write_key(path, _generated(purpose, name or purpose))
    public = _public(settings.keys, purpose, staged=True)
    note = read_key(path) if purpose in (Purpose.LOG, Purpose.WITNESS) else None
    return DatedKey(purpose, public, at, until, name=note.name if isinstance(note, NoteKey) else "")


def _generated(purpose: Purpose, name: str) -> SigningKey | OpeningKey | NoteKey:
    if purpose is Purpose.SIGN:
        return SigningKey.generate()
    return OpeningKey.generate() if purpose is Purpose.OPEN else NoteKey.generate(name)


def _beside(key: Path) -> bytes:
    """The certificate beside a container key's file. Raises Misconfigured: there is none."""
    try:
        return key.with_suffix(".crt").read_bytes()
    except OSError as error:
        message = f"The certificate {key.with_suffix('.crt')} cannot be read: {error.strerror}."
        raise Misconfigured(message, code="key.file") from error


def _public(keys: Path, purpose: Purpose, *, staged: bool = False) -> Public:
    """The public half of the key in a file. Raises Misconfigured, BrokenSeal: it is no key for this purpose."""
    path = keys / f"{_FILES[purpose]}{'.next' * staged}.key"
    if purpose is Purpose.CONTAINER:
        certificate = path.with_suffix(".crt")
        if not certificate.exists():  # it was put in its place already, and the key not yet
            certificate = keys / "cades.crt"
        return CadesKey.load(read_secret(path), certificate.read_bytes()).certificate_der
    key = read_key(path)
    if not isinstance(key, _KINDS.get(purpose, NoteKey)):
        raise Misconfigured(f"{path} holds a key of another purpose.", code="key.purpose")
    return key.public


def _install(keys: Path, purpose: Purpose, entry: Entry) -> None:
    """Put a staged key in its place when the entry names it; else it was never published, and is removed."""
    name = _FILES[purpose]
    staged, certificate = keys / f"{name}.next.key", keys / f"{name}.next.crt"
    if not staged.exists():
        certificate.unlink(missing_ok=True)
        return
    try:
        published = _public(keys, purpose, staged=True) == entry.key(purpose, entry.issued_at).public
    except ComityError:
        published = False
    if not published:
        certificate.unlink(missing_ok=True)
        staged.unlink()
        return
    if purpose is Purpose.OPEN:
        _keep_opening(keys)
    if certificate.exists():
        certificate.replace(keys / f"{name}.crt")
    staged.replace(keys / f"{name}.key")
    _sync(keys)


def _keep_opening(keys: Path) -> None:
    old = read_key(keys / "opening.key")
    if isinstance(old, OpeningKey):
        kept = keys / f"opening-{old.public.id.removeprefix('open-')}.key"
        if not kept.exists():
            kept.hardlink_to(keys / "opening.key")


def _replace(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all, on disk before this returns."""
    half = path.with_name(path.name + ".half")
    with half.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
