"""Officers, pinned peers, and this node as a witness of other logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from comity.casework.lifecycle import Power
from comity.errors import BrokenProof, BrokenSeal, Invalid, NotPossible
from comity.ledger import checkpoint as cp
from comity.node import archive, models
from comity.node.desk import _log
from comity.node.settings import LANGUAGES, Settings
from comity.seal import canon, merkle
from comity.wire.directory import Entry, distinct, read_entry

_SHORTEST_PASSWORD = 12


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
        Invalid: an unknown power or language, a password under 12 characters, or the name is taken.
    """
    if len(password) < _SHORTEST_PASSWORD:
        raise Invalid("A password has at least 12 characters.", code="officer.password", where="password")
    if language not in LANGUAGES:
        raise Invalid(f"The pages do not speak '{language}'.", code="officer.language", where="language")
    unknown = sorted(set(powers) - set(Power))
    if unknown:
        raise Invalid(f"'{unknown[0]}' is no power.", code="officer.power", where="powers")
    if models.Officer.objects.filter(username=username).exists():
        raise Invalid(f"'{username}' is taken.", code="officer.taken", where="username")
    return models.Officer.objects.create_user(
        username, password=password, full_name=full_name, office=office, powers=list(powers), language=language
    )


def set_language(officer: models.Officer, language: str) -> None:
    """Remember the language an officer reads."""
    models.Officer.objects.filter(pk=officer.pk).update(language=language)


def pin(settings: Settings, data: bytes, *, fingerprint: str, by: str, at: datetime) -> Entry:
    """Pin another State's entry, after its fingerprint was compared over another channel.

    Args:
        settings: the node's.
        data: the signed entry.
        fingerprint: as read aloud by the other State; blanks do not matter.
        by: who compared it.

    Raises:
        BrokenSeal: the entry is not signed by its own key, or the fingerprint is another.
        Invalid: it claims a name that another State's log or witness bears.
        NotPossible: another key or a newer entry is pinned for this State already, or it is this State's own.
    """
    entry = read_entry(data, at=at)
    if entry.state == settings.state:
        raise NotPossible("A State does not pin its own entry.", code="peer.own", where=entry.state)
    if fingerprint.replace(" ", "").lower() != entry.fingerprint.replace(" ", ""):
        raise BrokenSeal("The fingerprint is another. Do not pin this entry.", code="peer.fingerprint")
    with transaction.atomic():
        row = models.Peer.objects.filter(pk=entry.state).first()
        if row is not None and row.fingerprint != entry.fingerprint:
            raise NotPossible(f"Another key of {entry.state} is pinned already.", code="peer.other-key")
        if row is not None and read_entry(bytes(row.entry), at=row.pinned_at).version > entry.version:
            raise NotPossible(f"A newer entry of {entry.state} is pinned already.", code="peer.older")
        own = read_entry((settings.home / "entry.json").read_bytes())
        distinct([own, entry, *(other for other in archive.entries() if other.state != entry.state)])
        models.Peer.objects.update_or_create(
            state=entry.state,
            defaults={"entry": data, "fingerprint": entry.fingerprint, "pinned_at": at, "pinned_by": by},
        )
    return entry


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


def checkpoint_to_witness(settings: Settings) -> tuple[str, int] | None:
    """(signed note, size) of this log's head when no witness has cosigned it yet, else None."""
    if not models.LogHead.objects.filter(size__gt=0).exists():
        return None
    note = _log.new_checkpoint(settings)
    size = cp.parse(note)[0].size
    done = models.Checkpoint.objects.filter(pk=size, witnessed=True).exists()
    return None if done else (note, size)


def ask_witness(note: str, size: int, old: int) -> str:
    """The body of an add-checkpoint request for this log's head `note` of `size`, from `old` on."""
    proof = archive.log_consistency(old, size) if 0 < old < size else []
    return "\n".join([f"old {old}", *(canon.b64(step) for step in proof)]) + "\n\n" + note


def witnessed(settings: Settings, size: int, line: str, witness: Entry) -> None:
    """Keep a witness's cosignature on this log's head of `size`. Raises BrokenProof: it does not hold."""
    with transaction.atomic():
        row = models.Checkpoint.objects.select_for_update().get(pk=size)
        note = row.note + line
        if witness.witness[0] not in cp.check_witnesses(note, dict([witness.witness])):
            raise BrokenProof(f"{witness.state} answered without its cosignature.", code="witness.missing")
        if line not in row.note:
            row.note = note
        row.witnessed = True
        row.save(update_fields=["note", "witnessed"])


def newest_checkpoint(settings: Settings) -> str:
    """This log's newest head, witnessed if it can be; signed anew if there is none yet."""
    row = models.Checkpoint.objects.order_by("-witnessed", "-size").first()
    return row.note if row is not None else _log.new_checkpoint(settings)
