"""Officers; pinned States, version after version of their entries; and this node as a witness of other logs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.act import SKEW
from comity.casework.lifecycle import Power
from comity.errors import BrokenProof, BrokenSeal, Invalid, NotPossible
from comity.ledger import checkpoint as cp
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _log
from comity.node.desk._alarm import note_alarm_daily
from comity.node.settings import LANGUAGES, Settings
from comity.seal import canon, merkle
from comity.wire.directory import Entry, Purpose, contradicts, distinct, read_entry, recovered, spent, succeeds

DOUBTED = 0.0
"""When to ask for a newer proof of a receipt whose present one may still do: that is looked at first."""
_SHORTEST_PASSWORD = 12
_KEPT_SAID = 100  # statements of one State about others; the newest stay
_SAID_LATELY = timedelta(days=2)  # what a peer says of others is asked for daily: what is older, it says no more
_KEPT_FORKS = 20  # contradictions of one State; the first stay


class Stale(NotPossible):
    """The log that asks for a cosignature does not start from the head this witness saw last; `size` is that head's."""

    def __init__(self, size: int) -> None:
        super().__init__(f"This witness saw size {size} last.", code="witness.stale")
        self.size = size


def add_officer(
    username: str, password: str, *, full_name: str, office: str, powers: Sequence[str], language: str
) -> models.Officer:
    """Add an officer.

    Raises:
        Invalid: an unknown power or language, a password under 12 characters, a name that is empty, too long or taken.
    """
    if len(password) < _SHORTEST_PASSWORD:
        raise Invalid("A password has at least 12 characters.", code="officer.password", where="password")
    if language not in LANGUAGES:
        raise Invalid(f"The pages do not speak '{language}'.", code="officer.language", where="language")
    unknown = sorted(set(powers) - set(Power))
    if unknown:
        raise Invalid(f"'{unknown[0]}' is no power.", code="officer.power", where="powers")
    for name, value, most in (("username", username, 150), ("full_name", full_name, 200), ("office", office, 200)):
        if not 0 < len(value.strip()) <= len(value) <= most:
            raise Invalid(f"A name of 1 to {most} characters is needed.", code="officer.name", where=name)
    if models.Officer.objects.filter(username=username).exists():
        raise Invalid(f"'{username}' is taken.", code="officer.taken", where="username")
    return models.Officer.objects.create_user(
        username, password=password, full_name=full_name, office=office, powers=list(powers), language=language
    )


def set_language(officer: models.Officer, language: str) -> None:
    """Remember the language an officer reads."""
    models.Officer.objects.filter(pk=officer.pk).update(language=language)


def pin(
    settings: Settings, data: bytes, *, fingerprint: str, by: str, at: datetime, anew: bool = False, code: str = ""
) -> Entry:
    """Pin another State's entry, after its fingerprint was compared over another channel.

    Where that State has said two things, both may be by one key: then the version's code is asked for too, which settles it.

    Args:
        settings: the node's.
        data: the signed entry.
        fingerprint: as read aloud by the other State; blanks do not matter.
        by: who compared it.
        at: now.
        anew: take it although it does not follow what is pinned: that State has lost its keys, or said two things.
        code: that of the version (`Entry.code`), as read aloud by the other State; blanks do not matter.

    Raises:
        BrokenSeal: the entry is not signed by its own key, or the fingerprint is another; ``peer.code``: the code is another,
            or missing where it is asked for.
        Invalid: it claims a name that another State's log or witness bears, or does not follow the pinned version.
        NotPossible: another key or a newer entry is pinned for this State already, or it is this State's own.
    """
    entry = read_entry(data, at=at)
    if entry.state == settings.state:
        raise NotPossible("A State does not pin its own entry.", code="peer.own", where=entry.state)
    if not _same_digits(fingerprint, entry.fingerprint):
        raise BrokenSeal("The fingerprint is another. Do not pin this entry.", code="peer.fingerprint")
    with transaction.atomic():
        row = _locked(entry.state)
        if (code or _forks(entry.state).exists()) and not _same_digits(code, entry.code):
            message = f"Pin only the version of {entry.state} whose code it reads aloud: this is not its code, or none."
            raise BrokenSeal(message, code="peer.code", where=entry.state)
        known = read_entry(bytes(row.entry)) if row is not None else entry
        if known.digest != entry.digest:
            if anew:
                accepted = _standing(entry.state, models.EntryVersion.Standing.ACCEPTED)
                accepted.update(standing=models.EntryVersion.Standing.LEFT)
            else:
                _continues(known, entry, data)
        _accept(settings, entry, data, by=by, at=at)
        models.Peer.objects.filter(pk=entry.state).update(pinned_at=at, pinned_by=by)
        _settle(_forks(entry.state))
    return entry


def _same_digits(heard: str, own: str) -> bool:
    return heard.replace(" ", "").lower() == own.replace(" ", "")


def _locked(state: str) -> models.Peer | None:
    """The row of what this node goes by for `state`, locked until the transaction ends."""
    return models.Peer.objects.select_for_update().filter(pk=state).first()


def _continues(known: Entry, entry: Entry, data: bytes) -> None:
    """Return when `entry` follows the pinned one. Raises NotPossible, Invalid, BrokenSeal."""
    if entry.version < known.version:
        raise NotPossible(f"A newer entry of {entry.state} is pinned already.", code="peer.older")
    if entry.version == known.version and entry.sign.id == known.sign.id:
        raise NotPossible(f"Another version {entry.version} of {entry.state} is pinned already.", code="peer.older")
    try:
        succeeds(known, data)
    except BrokenSeal as error:
        raise NotPossible(f"Another key of {entry.state} is pinned already.", code="peer.other-key") from error
    except Invalid:
        if entry.sign.id != known.sign.id:
            raise NotPossible(f"Another key of {entry.state} is pinned already.", code="peer.other-key") from None
        raise


def _accept(settings: Settings, entry: Entry, data: bytes, *, by: str, at: datetime) -> None:
    """Keep a version, log it, and go by it from now on, inside the caller's transaction. Raises Invalid: a name is taken."""
    distinct(
        [archive.own_entry(settings), entry, *(other for other in archive.entries() if other.state != entry.state)]
    )
    keep_version(entry, data, by=by, at=at)
    known = models.Peer.objects.filter(pk=entry.state).values_list("entry", flat=True).first()
    if known is not None:
        _doubt_proofs(read_entry(bytes(known)), entry)
    models.Peer.objects.update_or_create(
        state=entry.state,
        defaults={"entry": data, "fingerprint": entry.fingerprint},
        create_defaults={"entry": data, "fingerprint": entry.fingerprint, "pinned_at": at, "pinned_by": by},
    )


def _doubt_proofs(old: Entry, new: Entry) -> None:
    """Let the courier look at receipts anew of which a head, or who saw it, stands under a key that `new` revokes."""
    revoked = {key.purpose for key in new.keys if key.revoked is not None} & {Purpose.LOG, Purpose.WITNESS}
    if not revoked or [key.revoked for key in new.keys if key.revoked] == [
        key.revoked for key in old.keys if key.revoked
    ]:
        return
    rows = models.Departure.objects.filter(relayed=True, witnessed=True)
    if Purpose.WITNESS not in revoked:
        rows = rows.filter(peer=new.state)
    rows.update(witnessed=False, prove_at=DOUBTED)


def keep_version(
    entry: Entry, data: bytes, *, by: str, at: datetime,
    standing: str = models.EntryVersion.Standing.ACCEPTED,
) -> None:  # fmt: skip
    """Keep and log a version of an entry once, inside the caller's transaction.

    Args:
        entry: the version, and `data` as it was signed.
        by: the officer who compared it, or the State that brought it.
        at: now.
        standing: what this node makes of it.
    """
    row = models.EntryVersion.objects.filter(state=entry.state, digest=entry.digest).first()
    if row is None:
        models.EntryVersion.objects.create(
            state=entry.state, version=entry.version, digest=entry.digest, data=data, at=at, by=by, standing=standing,
            entry=_log.log_append(log.entry(log.ENTRY, entry.digest)),
        )  # fmt: skip
    elif row.standing != standing and standing == models.EntryVersion.Standing.ACCEPTED:
        row.standing, row.data = standing, data  # what was kept as evidence may lack signatures that made it count
        row.save(update_fields=["standing", "data"])


def renewed(settings: Settings, state: str, chain: Sequence[bytes], *, by: str, at: datetime) -> Entry:
    """Follow a pinned State from the version that this node goes by to its newest one, without an officer.

    Where the chain parts from what was accepted, it is a fork; but if recovery keys lead on in it and in the other not, it is
    the State taking back what a thief of its signing key had said.

    Call it outside a transaction: what contradicts an accepted version is kept as evidence before it is refused.

    Args:
        settings: the node's.
        state: whose entry it is.
        chain: signed versions, oldest first: best all of them.
        by: the State that brought it; mostly that State itself.
        at: now.

    Returns:
        The newest version.

    Raises:
        BrokenProof: ``entry.fork``: the State has said two things under one number; only its recovery keys, or an officer who
            pins it anew, lead on from there.
        BrokenSeal, Invalid: a version does not follow the one before (`wire.directory.succeeds`), or is of a time to come.
        NotPossible: the State is not pinned here.
    """
    with transaction.atomic():
        if _locked(state) is None:
            raise NotPossible(
                f"No directory entry of {state} is pinned at this node.", code="peer.unknown", where=state
            )
        read = _readable(state, chain)
        back = _takes_back(state, read)
        forks = [data for entry, data in read if (back is None or entry.version <= back.version)
                 and _keep_fork(entry, data, by=by, at=at)]  # fmt: skip
    if forks:
        raise _fork(state)
    with transaction.atomic():
        _locked(state)
        back = _takes_back(state, read)
        if back is not None:
            _settle(_standing(state, models.EntryVersion.Standing.ACCEPTED).filter(version__gt=back.version))
        return _follow(settings, state, chain, by=by, at=at)


def _readable(state: str, chain: Sequence[bytes]) -> list[tuple[Entry, bytes]]:
    """The versions of `state` in `chain`. What is none stops nobody here from seeing a contradiction; `_follow` refuses it."""
    found = []
    for data in chain:
        with suppress(BrokenSeal, Invalid):
            found.append((read_entry(data), data))
    return [(entry, data) for entry, data in found if entry.state == state]


def _follow(settings: Settings, state: str, chain: Sequence[bytes], *, by: str, at: datetime) -> Entry:
    """Accept every version in `chain` that is newer than the newest here. Raises as `renewed`."""
    known = archive.versions(state)[-1]
    newer = [data for data in chain if (entry := read_entry(data)).state != state or entry.version > known.version]
    recovery = _by_recovery(known, newer)
    if newer and not recovery and _blocked(state):
        raise _fork(state)
    for data in newer:
        known = succeeds(known, data)
        if known.issued_at > at + SKEW:
            raise Invalid(f"The entry of {state} is of a time to come.", code="entry.ahead", where=state)
        _accept(settings, known, data, by=by, at=at)
    if recovery and _forks(state).exists():
        _settle_by_recovery(state, newer)
    return known


def _takes_back(state: str, read: Sequence[tuple[Entry, bytes]]) -> Entry | None:
    """The accepted version after which the State takes back what was accepted; None if it does not.

    There recovery keys lead on in `read`, a chain, and in what was accepted they do not.
    """
    rows = {row.version: row for row in _standing(state, models.EntryVersion.Standing.ACCEPTED)}
    common = [entry for entry, _ in read if entry.version in rows and rows[entry.version].digest == entry.digest]
    if not common:
        return None
    last = max(common, key=lambda entry: entry.version)
    later = [bytes(row.data) for row in rows.values() if row.version > last.version]
    branch = [data for entry, data in read if entry.version > last.version]
    with suppress(BrokenSeal, Invalid):  # what does not follow takes nothing back
        if later and _by_recovery(last, branch) and not _by_recovery(last, later):
            return last
    return None


def _by_recovery(known: Entry, chain: Sequence[bytes]) -> bool:
    """Whether recovery keys that `known` names lead on anywhere in `chain`, which follows it. Raises as `succeeds`.

    Those that only `chain` names are nobody's: who has an old signing key can name his own.
    """
    found, last = False, known
    for data in chain:
        last = succeeds(last, data)
        found = found or recovered(known, data)
    return found


def _settle_by_recovery(state: str, chain: Sequence[bytes]) -> None:
    """Settle the forks that parted after a version whose recovery keys lead on in `chain`: both sides name these."""
    for row in _standing(state, models.EntryVersion.Standing.ACCEPTED):
        if any(recovered(read_entry(bytes(row.data)), data) for data in chain):
            _settle(_forks(state).filter(version__gt=row.version))
            return


def _keep_fork(entry: Entry, data: bytes, *, by: str, at: datetime) -> bool:
    """Keep `data`, which is `entry`, as evidence if it contradicts an accepted version; whether it keeps its State back.

    The first ones are kept, and the first that keeps its State back whatever came before: what a spent key signs is cheap.
    """
    known = _standing(entry.state, models.EntryVersion.Standing.ACCEPTED).filter(version=entry.version).first()
    if known is None or not contradicts(read_entry(bytes(known.data)), data):
        return False
    blocks = _blocks(entry.state, [data])
    if _forks(entry.state).count() < _KEPT_FORKS or (blocks and not _blocked(entry.state)):
        keep_version(entry, data, by=by, at=at, standing=models.EntryVersion.Standing.FORK)
    return blocks


def _blocked(state: str) -> bool:
    return _blocks(state, [bytes(fork.data) for fork in _forks(state).order_by("-pk")])


def _blocks(state: str, forks: Sequence[bytes]) -> bool:
    """Whether any of `forks` keeps this node from following `state`.

    One does not if, from its number on, recovery keys have led on, and the keys that signed it are spent. Without the former
    it would do for a thief who came first to let the true key end: then nobody could tell the two sides apart.
    """
    if not forks:
        return False
    led, versions = archive.last_recovery(state), archive.versions(state)
    accepted = {entry.version: entry for entry in versions}
    for data in forks:
        known = accepted.get(read_entry(data).version)
        if known is None or known.version > led or not spent(known, data, versions[-1]):
            return True
    return False


def _standing(state: str, standing: str) -> QuerySet[models.EntryVersion]:
    return models.EntryVersion.objects.filter(state=state, standing=standing)


def _forks(state: str) -> QuerySet[models.EntryVersion]:
    return _standing(state, models.EntryVersion.Standing.FORK)


def _settle(forks: QuerySet[models.EntryVersion]) -> None:
    forks.update(standing=models.EntryVersion.Standing.SETTLED)


def _fork(state: str) -> BrokenProof:
    message = (
        f"{state} has said two things under one version of its entry. Both are kept. Ask it which holds, by its code."
    )
    return BrokenProof(message, code="entry.fork", where=state)


def heard(settings: Settings, data: bytes, *, by: str, at: datetime) -> str:
    """Keep what a pinned State says about the entry of another one, or about ours. It replaces nothing; it is shown.

    If it contradicts, by that State's own key, a version that this node accepted, it is kept as evidence too. Only what follows
    an accepted version by that one's recovery keys is taken, as `renewed` takes it from that State itself: a thief of its
    signing key may have changed the address at which it is asked, and hands out no version that ends him.

    Args:
        settings: the node's.
        data: the signed entry that `by` hands on.
        by: the State that says so.
        at: now.

    Returns:
        The State that it is about.

    Raises:
        BrokenSeal, Invalid: it is no signed entry; ``entry.about``: it is the speaker's own, which `renewed` takes.
    """
    entry = read_entry(data)
    if entry.state == by:
        raise Invalid("A State's word about itself is no statement of others.", code="entry.about", where=by)
    with transaction.atomic():
        models.Said.objects.update_or_create(
            about=entry.state, by=by, digest=entry.digest, defaults={"version": entry.version, "data": data, "at": at}
        )
        same = models.Said.objects.filter(by=by).order_by("-at", "-pk").values_list("pk", flat=True)
        models.Said.objects.filter(pk__in=list(same[_KEPT_SAID:])).delete()
    if entry.state != settings.state:
        _hear_recovery(settings, entry, data, by=by, at=at)
    with transaction.atomic():
        _keep_fork(entry, data, by=by, at=at)
    return entry.state


def _hear_recovery(settings: Settings, entry: Entry, data: bytes, *, by: str, at: datetime) -> None:
    """Take `data`, which is `entry`, if it follows an accepted version by the recovery keys that this one names."""
    accepted = _standing(entry.state, models.EntryVersion.Standing.ACCEPTED)
    before = accepted.filter(version=entry.version - 1, digest=entry.previous).first()
    if before is None or accepted.filter(digest=entry.digest).exists():
        return
    known = bytes(before.data)
    if recovered(read_entry(known), data):
        with suppress(BrokenProof, BrokenSeal, Invalid):  # what does not lead on stays a word like any other
            renewed(settings, entry.state, [known, data], by=by, at=at)


def compare_told(state: str, *, at: datetime) -> None:
    """Let people see, once a day, that others go by a version of a pinned State's entry that did not come from its own node.

    That is so where a thief has changed its address, where it has moved while this node was away, or where others lie.

    Args:
        state: whose own node was asked just now.
        at: when it was asked: what others said until then, it could have handed out itself.
    """
    accepted = _standing(state, models.EntryVersion.Standing.ACCEPTED).first()
    if accepted is None:
        return
    known = models.EntryVersion.objects.filter(state=state).values("digest")
    said = models.Said.objects.filter(about=state, at__gt=at - _SAID_LATELY, at__lt=at, version__gt=accepted.version)
    if said.exclude(digest__in=known).exists():
        note_alarm_daily(state, code="entry.behind", at=at)


def cosign(settings: Settings, request: str, *, at: datetime) -> str:
    """Cosign the head of a pinned peer's log (C2SP tlog-witness, add-checkpoint).

    Args:
        request: ``old <size>``, the consistency proof's hashes in base64 one a line, an empty line, the signed note.
        at: now.

    Returns:
        The cosignature line.

    Raises:
        Stale: `old` is not the size seen last; carries that size.
        BrokenProof: the note or the proof does not hold: perhaps a rewritten history.
    """
    old, proof, note = _parse(request)
    origin = cp.parse(note)[0].origin
    public = _log_keys().get(origin)
    if public is None:
        raise BrokenProof(f"The log {origin} is not known here.", code="witness.unknown")
    head = cp.check_log(note, origin, public)
    with transaction.atomic():
        seen = models.Witnessed.objects.select_for_update().filter(pk=origin).first()
        if old != (seen.size if seen else 0):
            raise Stale(seen.size if seen else 0)
        before = bytes(seen.root) if seen else merkle.EMPTY_ROOT
        merkle.check_consistency(old, head.size, before, head.root, proof)
        models.Witnessed.objects.update_or_create(
            origin=origin, defaults={"size": head.size, "root": head.root}
        )  # persisted before the answer leaves
    return cp.cosignature(head, settings.witness, at)


def _log_keys() -> dict[str, bytes]:
    return dict(entry.log for entry in archive.entries())


def _parse(request: str) -> tuple[int, list[bytes], str]:
    head, separator, note = request.partition("\n\n")
    lines = head.split("\n")
    word, _, size = lines[0].partition(" ")
    if not separator or word != "old" or not size.isascii() or not size.isdigit() or len(lines) > 65 or len(size) > 15:
        raise BrokenProof("This is no add-checkpoint request.", code="witness.form")
    try:
        return int(size), [canon.unb64(line) for line in lines[1:]], note
    except BrokenSeal as error:
        raise BrokenProof("This is no add-checkpoint request.", code="witness.form") from error


def checkpoint_to_witness(settings: Settings, witness: str, *, anew: bool = False) -> tuple[str, int] | None:
    """(signed note, size) of this log's head when `witness` has not cosigned it yet, or if it is asked `anew`; else None."""
    seen = 0 if anew else models.Cosigned.objects.filter(witness=witness).values_list("head", flat=True).first() or 0
    if not models.LogHead.objects.filter(size__gt=seen).exists():
        return None
    note = _log.new_checkpoint(settings)
    return note, cp.parse(note)[0].size


def ask_witness(note: str, size: int, old: int) -> str:
    """The body of an add-checkpoint request for this log's head `note` of `size`, from `old` on."""
    proof = archive.log_consistency(old, size) if 0 < old < size else []
    return "\n".join([f"old {old}", *(canon.b64(step) for step in proof)]) + "\n\n" + note


def witnessed(size: int, answer: str, *, by: str) -> None:
    """Keep the cosignature of the State `by` on this log's head of `size`, and nothing else that it answered.

    Raises:
        BrokenProof: it does not hold, or is not there.
    """
    name, public = archive.peer_entry(by).witness
    with transaction.atomic():
        row = models.Checkpoint.objects.select_for_update().get(pk=size)
        if name not in cp.check_witnesses(row.note, {name: public}):  # else it cosigned it before
            row.note += cp.cosigned(row.note, answer, name, public)
            row.save(update_fields=["note"])
        models.Cosigned.objects.update_or_create(witness=by, defaults={"head": row})


def not_witnessed(witness: str, code: str, *, at: datetime) -> None:
    """Let people see, once a day, why a witness goes on refusing to cosign this log.

    Args:
        witness: the State that is asked.
        code: of why; see ``witness`` among the error codes of OPERATIONS.
        at: now.
    """
    note_alarm_daily(witness, code, at=at)


def newest_checkpoint(settings: Settings) -> str:
    """This log's newest head, witnessed if it can be; signed anew if there is none yet."""
    return _log.log_note(settings, covering=-1, peer="")
