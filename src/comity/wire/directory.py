"""Directory entries: signed by the State itself, version after version; there is no root above it.

What makes the first version *his* is that its fingerprint was compared over another channel when it was pinned. From then on
one version leads to the next (`succeeds`): it names the one before, keeps the history of all keys, and is signed by the key
that was his, or by enough of the recovery keys that he keeps offline. What others say about a State never replaces it.

The signed form holds the entry once, and a statement without its payload for each key that signs: all of them are over the
very same bytes. A version is named by those bytes alone (`Entry.digest`), so that nobody makes two of one by leaving a
signature out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from comity.errors import BrokenProof, BrokenSeal, Invalid
from comity.ledger import checkpoint as cp
from comity.ledger.log import Proof
from comity.seal import canon, envelope
from comity.seal.container import Container
from comity.seal.envelope import KINDS
from comity.seal.keys import SigningKey, VerifyKey
from comity.seal.trust import Grant, Trust
from comity.wire._entry import (
    CONFIRMED_FOR,
    NEEDED,
    Authority,
    DatedKey,
    Entry,
    Public,
    Purpose,
    first_keys,
    version_code,
)

__all__ = [
    "CONFIRMED_FOR", "NEEDED", "SIGNS", "Authority", "DatedKey", "Entry", "Public", "Purpose", "check_cades", "contradicts",
    "countersigned", "distinct", "first_keys", "gathered", "head_seen", "in_log", "read_chains", "read_entry",
    "recovered", "sign_entry", "spent", "succeeds", "trust_in", "version_code",
]  # fmt: skip

SIGNS: Mapping[Purpose, frozenset[str]] = {Purpose.SIGN: KINDS, Purpose.RECOVERY: frozenset({"entry"})}
"""The kinds of statements that keys of a purpose sign; keys of no other purpose sign any."""
BUNDLE_LIMIT = 16 << 20  # bytes of entries that are handed on together
_LIMIT = 256 * 1024
_FORM = "entry/2"
_SIGNERS = 16
_ALWAYS = (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def sign_entry(entry: Entry, *keys: SigningKey) -> bytes:
    """The entry, signed by the State itself.

    Args:
        entry: the version to sign.
        keys: its signing key; of a later version also the one before, or recovery keys, as `succeeds` asks.
    """
    payload = canon.dumps(entry.to_dict())
    signed = (envelope.sign("entry", payload, sender=entry.state, to="", key=key) for key in keys)
    statements = [canon.loads(statement, limit=_LIMIT) for statement in signed]
    for statement in statements:
        del statement["payload"]
    return canon.dumps({"comity": _FORM, "payload": canon.b64(payload), "statements": statements})


def countersigned(data: bytes, key: SigningKey) -> bytes:
    """A signed version with one signature more: what the keeper of a recovery key does, on a machine without a node.

    Args:
        data: as `sign_entry` wrote it.
        key: the recovery key.

    Raises:
        BrokenSeal: as `read_entry`; ``entry.signers``: the version names no such recovery key, or this one has signed.
    """
    entry, signers = _read(data)
    held = {one.id for one in entry.of(Purpose.RECOVERY)}
    if key.public.id in signers or key.public.id not in held:
        message = f"{key.public.id} is no recovery key of {entry.state} whose signature is missing here."
        raise BrokenSeal(message, code="entry.signers", where=entry.state)
    outer = canon.loads(data, limit=_LIMIT)
    more = canon.loads(sign_entry(entry, key), limit=_LIMIT)
    return canon.dumps(outer | {"statements": [*outer["statements"], *more["statements"]]})


def gathered(parts: Sequence[bytes]) -> bytes:
    """One signed version with the signatures of all of `parts`, which are the same version.

    Raises:
        BrokenSeal: as `read_entry`.
        Invalid: ``entry.draft``: they are not the same, or there are none.
    """
    found: dict[str, Any] = {}
    payloads = set()
    for data in parts:
        _read(data)
        outer = canon.loads(data, limit=_LIMIT)
        payloads.add(outer["payload"])
        found = {one["key"]: one for one in outer["statements"]} | found
    if len(payloads) != 1:
        raise Invalid("These files are not the same version of an entry.", code="entry.draft")
    return canon.dumps({"comity": _FORM, "payload": payloads.pop(), "statements": list(found.values())})


def read_entry(data: bytes, *, at: datetime | None = None) -> Entry:
    """The entry in `data`, when every signature on it holds and one is by the signing key that it names.

    This shows that the entry is whole, not whose it is: compare the fingerprint over another channel before pinning it.

    Args:
        data: as `sign_entry` wrote it.
        at: the moment for which its signing key must be valid; when None, only that it is whole is looked at.

    Raises:
        BrokenSeal: not signed by its own key, or by a key that it does not name.
        Invalid: not of the form.
    """
    entry, _ = _read(data)
    if at is not None and not entry.key(Purpose.SIGN, entry.issued_at).holds(at):
        raise BrokenSeal(f"The entry of {entry.state} is not valid at {at.isoformat()}.", code="trust.time")
    return entry


def _read(data: bytes) -> tuple[Entry, frozenset[str]]:
    """(the entry in `data`, the ids of the keys that signed it). Raises as `read_entry` does."""
    outer = canon.fields(canon.loads(data, limit=_LIMIT), "comity", "payload", "statements")
    statements = outer["statements"]
    if not isinstance(statements, list) or not 1 <= len(statements) <= _SIGNERS or outer["comity"] != _FORM:
        raise BrokenSeal("This is no signed directory entry of a form that is known here.", code="entry.form")
    payload = canon.unb64(outer["payload"])
    entry = Entry.from_dict(canon.loads(payload, limit=_LIMIT))
    trust = Trust(
        Grant(entry.state, key.public, SIGNS[key.purpose], *_ALWAYS)  # whether a key counts is asked of the version before
        for key in entry.keys if key.purpose in SIGNS and isinstance(key.public, VerifyKey)
    )  # fmt: skip
    signers = [_signer(statement, outer["payload"], trust, entry) for statement in statements]
    if len(set(signers)) != len(signers):
        raise BrokenSeal("A key has signed this entry twice.", code="entry.signers", where=entry.state)
    if entry.sign.id not in signers:
        raise BrokenSeal("The entry is not signed by the key that it names.", code="entry.signers", where=entry.state)
    return entry, frozenset(signers)


def _signer(statement: Any, payload: str, trust: Trust, entry: Entry) -> str:
    """The id of the key that signed `payload`. The whole is canonical, so writing a part again gives the part's own bytes."""
    if not isinstance(statement, dict) or "payload" in statement:
        raise BrokenSeal("This is no signed directory entry of a form that is known here.", code="entry.form")
    whole = canon.dumps(statement | {"payload": payload})
    found = envelope.verify(whole, trust, kind="entry", at=entry.issued_at, limit=_LIMIT)
    if found.to:
        raise BrokenSeal("An entry is for everybody, and this one names an addressee.", code="entry.signers")
    return found.key_id


def succeeds(old: Entry, data: bytes) -> Entry:
    """The version in `data`, when it follows `old` without a person having to compare anything.

    It is the next one and names `old`; every key of `old` is in it, and of their dates only an end came nearer or a revocation
    was added; new keys begin with it, none later: one that nobody sees yet would outlive a recovery. Besides its own signing
    key one of these signed it: the signing key that `old` held when it was made, unless it is revoked by then; or as many
    recovery keys of `old` as its threshold says. Recovery keys and threshold change only by the second way, if `old` has
    recovery keys.

    Args:
        old: the version that is trusted.
        data: the signed version that may follow it.

    Raises:
        BrokenSeal: a signature does not hold, or those that count are missing (``entry.succession``).
        Invalid: it is not the next version (``entry.order``), rewrites history (``entry.history``), or not of the form.
    """
    new, signers = _read(data)
    _next(old, new)
    for before, after in zip(old.keys, new.keys, strict=False):
        _keeps(before, after, new.issued_at)
    for key in new.keys[len(old.keys) :]:
        if key.since != new.issued_at:
            raise _rewritten(f"{key.id} does not begin with the version that adds it", new)
    by_recovery = _recovers(old, new, signers)
    if not by_recovery and (not _rotates(old, new, signers) or _recovery_changed(old, new)):
        message = f"Version {new.version} of the entry of {new.state} lacks the signatures of the version before."
        raise BrokenSeal(message, code="entry.succession", where=new.state)
    return new


def recovered(old: Entry, data: bytes) -> bool:
    """Whether enough recovery keys of `old` signed `data`. Raises as `read_entry` does."""
    return _recovers(old, *_read(data))


def _next(old: Entry, new: Entry) -> None:
    """Return when `new` is the version after `old`. Raises Invalid."""
    if new.state != old.state or new.exercise is not old.exercise:
        raise Invalid("An entry never becomes another State's, nor an exercise's earnest.", code="entry.order")
    if new.version != old.version + 1 or new.previous != old.digest:
        message = f"Version {new.version} of the entry of {new.state} does not follow version {old.version}."
        raise Invalid(message, code="entry.order", where=new.state)
    if new.issued_at < old.issued_at or new.confirmed_on < old.confirmed_on:
        raise _rewritten("it is older than the version before", new)
    if len(new.keys) < len(old.keys):
        raise _rewritten("a key is missing", new)


def _keeps(before: DatedKey, after: DatedKey, issued: datetime) -> None:
    """Return when a key's history is kept. Raises Invalid."""
    ended, revoked = after.until != before.until, after.revoked != before.revoked
    if (
        (before.purpose, before.public, before.name, before.since)
        != (after.purpose, after.public, after.name, after.since)
        or (ended and not issued <= after.until < before.until)
        or (revoked and (after.revoked is None or (before.revoked is not None and after.revoked > before.revoked)))
    ):
        message = f"The history of {before.id} is rewritten."
        raise Invalid(message, code="entry.history", where=before.id)


def _rewritten(words: str, new: Entry) -> Invalid:
    message = f"Version {new.version} of the entry of {new.state} rewrites history: {words}."
    return Invalid(message, code="entry.history", where=new.state)


def _rotates(old: Entry, new: Entry, signers: frozenset[str]) -> bool:
    """Whether the key that signed for the State until now has signed, and is not revoked by then."""
    key = old.key(Purpose.SIGN, new.issued_at)
    return key.id in signers and new.named(key.id).revoked is None


def _recovers(old: Entry, new: Entry, signers: frozenset[str]) -> bool:
    held = {key.id for key in old.valid(Purpose.RECOVERY, new.issued_at)}
    return 0 < old.threshold <= len(held & signers)


def _recovery_changed(old: Entry, new: Entry) -> bool:
    """Whether recovery keys or threshold are others, where there were some: who steals a signing key must not change them."""
    return old.threshold > 0 and (old.threshold, old.of(Purpose.RECOVERY)) != (new.threshold, new.of(Purpose.RECOVERY))


def contradicts(known: Entry, data: bytes) -> bool:
    """Whether `data` is another version under the number of `known`, by a key that spoke for the State then: an equivocation.

    Raises:
        BrokenSeal, Invalid: `data` is no signed entry.
    """
    other, signers = _read(data)
    same = (other.state, other.version) == (known.state, known.version) and other.digest != known.digest
    return same and (bool(_spoke(known, signers)) or _recovers(known, other, signers))


def spent(known: Entry, data: bytes, newest: Entry) -> bool:
    """Whether the keys by which `data` contradicts `known` speak for the State no more: each is revoked, or over, in `newest`.

    Recovery keys are never spent: two ways on by them are for people to choose from.

    Args:
        known: an accepted version.
        data: what contradicts it.
        newest: the newest version that follows `known`.

    Raises:
        BrokenSeal, Invalid: `data` is no signed entry.
    """
    other, signers = _read(data)
    keys = [newest.named(key) for key in _spoke(known, signers)]
    over = all(key.revoked is not None or key.until <= newest.issued_at for key in keys)
    return over and not _recovers(known, other, signers)


def _spoke(known: Entry, signers: frozenset[str]) -> set[str]:
    """Those of `signers` that are signing keys which spoke for the State when `known` was made."""
    at = known.issued_at
    return {key.id for key in known.of(Purpose.SIGN) if key.revoked is None and key.since <= at <= key.until} & signers


def read_chains(signed: Iterable[bytes]) -> dict[str, list[Entry]]:
    """State -> its chain, of signed versions in which those of one State stand together, oldest first.

    Raises:
        Invalid: a version does not follow the one before, or a State's versions stand apart (``entry.order``).
        BrokenSeal: as `read_entry` and `succeeds`.
    """
    found: dict[str, list[Entry]] = {}
    last = ""
    for data in signed:
        entry = read_entry(data)
        if entry.state == last:
            entry = succeeds(found[last][-1], data)
        elif entry.state in found:
            raise Invalid(f"The versions of {entry.state} stand apart.", code="entry.order", where=entry.state)
        found.setdefault(entry.state, []).append(entry)
        last = entry.state
    return found


def distinct(entries: Iterable[Entry]) -> None:
    """Return when no two of `entries` claim one name for their logs or witnesses: proofs are looked up by these names.

    Raises:
        Invalid: two States claim the same name.
    """
    taken: dict[str, str] = {}
    for entry in entries:
        for key in (*entry.of(Purpose.LOG), *entry.of(Purpose.WITNESS)):
            if taken.setdefault(key.name, entry.state) != entry.state:
                message = f"{entry.state} and {taken[key.name]} both claim the name {key.name}."
                raise Invalid(message, code="entry.names", where=entry.state)


def bundle(entries: Iterable[bytes]) -> bytes:
    """Signed versions of entries, of one State or several, as a node hands them on."""
    return canon.dumps({"comity": "entries/1", "entries": [canon.b64(entry) for entry in entries]})


def read_bundle(data: bytes) -> list[bytes]:
    """The signed versions in `data`; nothing of them is verified. Raises BrokenSeal."""
    found = canon.fields(canon.loads(data, limit=BUNDLE_LIMIT), "comity", "entries")
    if found["comity"] != "entries/1" or not isinstance(found["entries"], list):
        raise BrokenSeal("This is no list of entries.", code="entry.form")
    return [canon.unb64(entry) for entry in found["entries"]]


def trust_in(entries: Iterable[Entry], *, retired: Mapping[str, datetime] | None = None) -> Trust:
    """Trust in the keys of `entries`, each for its own State, purpose and time; old ones for what they signed.

    Args:
        entries: the newest version of each State.
        retired: suite -> the moment from which on it signs nothing.
    """
    return Trust((
        Grant(entry.state, key.public, SIGNS[key.purpose], key.since, key.until, key.revoked, key.suite)
        for entry in entries for key in entry.keys if key.purpose in SIGNS and isinstance(key.public, VerifyKey)
    ), retired=retired)  # fmt: skip


def in_log(
    proof: Proof, data: bytes, log: Entry, witnesses: Iterable[Entry], stamped: Iterable[datetime] = ()
) -> dict[str, datetime]:
    """When each witness saw a head of the log of `log`'s State that holds `data`.

    Args:
        proof: the inclusion proof with its checkpoint.
        data: the entry's bytes, as `ledger.log.entry` makes them.
        log: the newest entry of the State whose log it is.
        witnesses: as for `head_seen`.
        stamped: as for `head_seen`, of heads that hold this very entry.

    Raises:
        BrokenProof: as `head_seen`, or `data` is not in it.
    """
    key = _log_key(proof.note, log)
    proof.check(data, key.name, _raw(key), {})
    return head_seen(proof.note, log, witnesses, stamped)


def head_seen(
    note: str, log: Entry, witnesses: Iterable[Entry], stamped: Iterable[datetime] = ()
) -> dict[str, datetime]:
    """When each witness saw the head `note` of the log of `log`'s State.

    A checkpoint states no time, so any key that its log ever had may have signed it. That of a revoked key counts only if it
    was `there_before`. A cosignature states its time, and no witness's key that was revoked counts: who has it can state any.

    Args:
        note: the signed checkpoint.
        log: the newest entry of the State whose log it is.
        witnesses: newest entries of the States whose cosignatures count; the log's own State does not.
        stamped: moments by which time stamps show that it was there (`comity.seal.stamp.Stamped.latest`).

    Raises:
        BrokenProof: the checkpoint is not the log's, or a cosignature does not hold; ``checkpoint.revoked``: nothing shows that
            it was there before its key was revoked.
    """
    key = _log_key(note, log)
    seen: dict[str, datetime] = {}
    for entry in witnesses:
        for own in entry.of(Purpose.WITNESS) if entry.state != log.state else ():
            at = cp.check_witnesses(note, {own.name: _raw(own)}).get(own.name)
            if at is not None and own.revoked is None and own.holds(at):
                seen[own.name] = at
    if not there_before(key, (*seen.values(), *stamped)):
        message = f"No witness saw this head of {key.name} before its key was revoked, and no time stamp shows it."
        raise BrokenProof(message, code="checkpoint.revoked", where=key.name)
    return seen


def there_before(key: DatedKey, shown: Iterable[datetime]) -> bool:
    """Whether what `key` signed counts, also if it was revoked: somebody else's word shows that it was there before.

    Who has a stolen key can state any time. A witness of another State and a time-stamping authority cannot be made to.

    Args:
        key: as the newest entry of its State has it.
        shown: the moments at which witnesses saw it, or by which time stamps show that it existed.
    """
    return key.revoked is None or any(at < key.revoked for at in shown)


def check_cades(opened: Container, entry: Entry, *, at: datetime) -> datetime:
    """Check the CAdES signature of a container by a certificate of the entry that was valid when it was made.

    Args:
        opened: the container.
        entry: of the State that made it.
        at: when it says that it was made.

    Returns:
        The time that the signature claims.

    Raises:
        BrokenSeal: by none of them (``entry.no-key``: there was none), or as `Container.check_cades`.
    """
    newest = entry.key(Purpose.CONTAINER, at)
    for key in entry.valid(Purpose.CONTAINER, at):
        if key is not newest and isinstance(key.public, bytes):
            with suppress(BrokenSeal):
                return opened.check_cades(key.public)
    return opened.check_cades(_raw(newest))


def _log_key(note: str, log: Entry) -> DatedKey:
    """The key of the State's log that signed `note`. Raises BrokenProof: none did."""
    origin = cp.parse(note)[0].origin
    keys = [key for key in log.of(Purpose.LOG) if key.name == origin]
    for key in keys[:-1]:
        try:
            cp.check_log(note, origin, _raw(key))
        except BrokenProof:
            continue
        return key
    last = keys[-1] if keys else log.key(Purpose.LOG, log.issued_at)
    cp.check_log(note, last.name, _raw(last))
    return last


def _raw(key: DatedKey) -> bytes:
    if not isinstance(key.public, bytes):
        raise BrokenProof(f"{key.id} signs no notes.", code="checkpoint.signature")
    return key.public
