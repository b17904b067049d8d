"""Notes that memory was set back: until when this node may have done what it does not know any more.

A restored copy of the tables does not know what was done after it was made. Whoever finds that out notes it here: the node
at its start, by the size of its log; the courier, by what a peer gives back or a witness says; the operator, when nothing
shows it. A note states a moment by the node's clock. If that clock was wrong, another note takes its place: it names the
first and says why, and the first stays.

Each note is a statement of the kind ``restore`` that this State makes to itself, and is in the log. Its payload is canonical
JSON with exactly `until` and `noted` (moments), `by` (who noted it; empty: the node), `why`, and `instead`, the digest of the
statement that it takes the place of, or empty. None of it crosses the border: peers go by numbers and digests, never by the
moment of a restore. So a note, right or wrong, makes nobody forget, or send again, what was delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import transaction

from comity.casework.moments import moment_text, parse_moment
from comity.errors import Invalid, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk._log import log_append
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.wire import messages

RESTORE: Final = "restore"
_TEXT: Final = 500  # characters of who noted it, and of why
_TOGETHER: Final = 256  # envelopes whose receipts are read at a time
_LIMIT: Final = 1 << 14  # bytes of a statement's payload


@dataclass(frozen=True)
class Note:
    """One note.

    Args:
        digest: names its statement.
        until: what was done before this moment may be forgotten.
        noted: when that was noted, by the clock of then.
        by: who noted it; empty: the node itself.
        why: what showed it, or why it takes another's place.
        instead: digest of the note that it takes the place of; empty: of none.
    """

    digest: str
    until: datetime
    noted: datetime
    by: str
    why: str
    instead: str


def notes() -> list[Note]:
    """All there are, oldest first."""
    return [_read(bytes(raw)) for raw in models.Restore.objects.order_by("entry").values_list("statement", flat=True)]


def standing() -> list[Note]:
    """Those that no other has taken the place of, oldest first."""
    found = notes()
    gone = {one.instead for one in found}
    return [one for one in found if one.digest not in gone]


def set_back_until() -> datetime | None:
    """Until when what was done may be forgotten; None: memory was never set back, as far as is known."""
    return max((one.until for one in standing()), default=None)


def note(settings: Settings, why: str, *, at: datetime) -> None:
    """Note, inside the caller's transaction, that the node found its memory set back.

    Args:
        settings: the node's.
        why: a code: what showed it.
        at: now.
    """
    _keep(settings, until=at, by="", why=why, instead="", at=at)


def stated(settings: Settings, until: datetime, *, by: str, why: str, at: datetime, instead: str = "") -> Note:
    """Note, inside the caller's transaction, what the operator knows of a restore.

    Args:
        settings: the node's.
        until: the moment of the restore, or a later one.
        by: who says so.
        why: how he knows, or what was wrong with the other note.
        at: now.
        instead: the digest, or its beginning, of the note whose place this one takes; empty: of none.

    Raises:
        Invalid: ``restore.why``: it is not said by whom and why; ``restore.future``: `until` has not come yet.
        NotPossible: ``restore.unknown``: no note, or several, begin so, or another took its place already; ``restore.early``:
            another State has acknowledged later what came back from it: references of that time could be given twice.
    """
    for where, text in (("by", by), ("because", why)):
        if not text.strip() or len(text) > _TEXT:
            raise Invalid(f"Say it in 1 to {_TEXT} characters.", code="restore.why", where=where)
    if until > at:
        raise Invalid("Memory was set back at a moment that has passed. Is this clock right?", code="restore.future",
                      where="at")  # fmt: skip
    found = standing()
    named = [one for one in found if instead and one.digest.startswith(instead)]
    if instead and len(named) != 1:
        message = "No note that stands is named so, or several are. `comity node restores HOME` lists them."
        raise NotPossible(message, code="restore.unknown", where="instead")
    others = [one.until for one in found if one not in named]
    known = _known_until()
    if known is not None and max([until, *others]) < known:
        message = (
            f"What came back was acknowledged by another State at {moment_text(known)}: memory was set back later."
        )
        raise NotPossible(message, code="restore.early", where="at")
    return _keep(settings, until=until, by=by.strip(), why=why.strip(), instead=named[0].digest if named else "", at=at)


def _known_until() -> datetime | None:
    """The latest moment at which another State, by its own clock, acknowledged an act that was lost here and came back."""
    back = models.Departure.objects.filter(act__restored=True, relayed=True)
    latest, last = 0, 0
    while some := list(back.filter(pk__gt=last).order_by("pk")[:_TOGETHER]):
        receipts = [words[0] for words in archive.words_of(some).values()]
        latest, last = max([latest, *(messages.said_of(one).at for one in receipts)]), some[-1].pk
    return datetime.fromtimestamp(latest, UTC) if latest else None


def _keep(settings: Settings, *, until: datetime, by: str, why: str, instead: str, at: datetime) -> Note:
    said = {"until": moment_text(until), "noted": moment_text(at), "by": by, "why": why, "instead": instead}
    state = settings.state
    raw = envelope.sign(RESTORE, canon.dumps(said), sender=state, to=state, key=settings.signing)
    digest = canon.content_id(raw)
    with transaction.atomic():
        models.Restore(entry=log_append(log.entry(log.NOTICE, digest)), statement=raw).save(force_insert=True)
    return _read(raw)


def _read(raw: bytes) -> Note:
    payload = canon.unb64(canon.loads(raw, limit=envelope.MESSAGE_LIMIT)["payload"])
    said = canon.fields(canon.loads(payload, limit=_LIMIT), "until", "noted", "by", "why", "instead")
    until, noted = (parse_moment(said[name]) for name in ("until", "noted"))
    return Note(canon.content_id(raw), until, noted, said["by"], said["why"], said["instead"])
