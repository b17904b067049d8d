"""Where this State stands in a treaty, in its own words, and what others say of themselves (Articles 62 to 66).

A word is said to every State whose node is known, also to those that are pinned later. It changes no law book: the book says
what the depositary's list was read to say, and the two are shown side by side.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction

from comity.casework.act import SKEW, Power
from comity.errors import ComityError, Invalid, NotPossible
from comity.ledger import log
from comity.node import bell, models
from comity.node.desk import _record, telling
from comity.node.desk._due import is_due
from comity.node.desk._log import log_append
from comity.node.settings import Settings
from comity.seal import canon, envelope
from comity.seal.envelope import Opened, Statement
from comity.wire import standing as wire
from comity.wire.standing import BACKWARD, WORDED, Event, Word

MOST: Final = 500  # words of one other State that are kept
_AGAIN: Final = timedelta(minutes=1)


def say(settings: Settings, word: Word, *, officer: models.Officer, at: datetime) -> models.StandingWord:
    """Say to all other States what this one did in a treaty, or that an earlier word is lifted or was a mistake.

    Args:
        settings: the node's.
        word: what.
        officer: who decides so.
        at: now.

    Raises:
        NotYours: he has no power to let words leave in the name of this State.
        Invalid: ``standing.treaty``: no book of a treaty that States join; ``standing.early``: before it was opened;
            ``standing.self``: an objection to this State's own; ``standing.earlier``: there is no such word of this State, it
            was taken back, or it cannot be lifted.
        NotPossible: ``standing.known``: this State has said the very same.
    """
    _record.needs(officer, Power.APPROVE)
    _means(settings, word)
    with transaction.atomic():
        payload, name = wire.packed(word), f"{officer.full_name}, {officer.office}"
        signed = envelope.sign(wire.STANDING, payload, sender=settings.state, to=settings.state, key=settings.signing)
        row = _kept(settings.state, word, signed, by=name, next_at=at)
        if row is None:
            raise NotPossible("This State has said the very same before.", code="standing.known")
        log_append(log.entry(log.NOTICE, canon.content_id(signed)))
        transaction.on_commit(partial(bell.ring, settings.home))
    return row


def _means(settings: Settings, word: Word) -> None:
    """Return when this State can mean `word`. Raises Invalid."""
    try:
        entry = settings.books.treaty(word.treaty).entry
    except ComityError:
        entry = None
    if entry is None:
        raise Invalid(
            "There is no book of a treaty of this name that States join.", code="standing.treaty", where="treaty"
        )
    if word.on < entry.opened:
        raise Invalid("The treaty was not open yet on this day.", code="standing.early", where="on")
    if word.about == settings.state:
        raise Invalid("A State objects to what another one has said.", code="standing.self", where="about")
    if word.event in BACKWARD:
        said = words(word.treaty).get(settings.state, {})
        open_ = {name: one for name, one in said.items() if name not in wire.undone(said)}
        takes = open_.get(word.about)
        if takes is None or takes.event is Event.MISTAKEN or (word.event is Event.LIFTED and takes.event not in WORDED):
            raise Invalid("There is no such word of this State to take back.", code="standing.earlier", where="about")


def _kept(
    state: str, word: Word, statement: bytes, *, by: str = "", next_at: datetime | None = None
) -> models.StandingWord | None:
    """Keep a word; None: it is known."""
    given = {"treaty": word.treaty, "payload": wire.packed(word), "statement": statement, "by": by, "at": word.at}
    row, new = models.StandingWord.objects.get_or_create(
        state=state, digest=word.digest, defaults=given | {"next_at": next_at}
    )
    return row if new else None


def due(settings: Settings, *, at: datetime) -> bool:
    """Say this State's words to those who were not told: States that were pinned since, too; whether there was anything."""
    news = False
    for row in models.StandingWord.objects.filter(is_due("next_at", at, at + _AGAIN), state=settings.state):
        pinned = models.Peer.objects.exclude(pk__in=[settings.state, *row.told]).order_by("state")
        to = list(pinned.values_list("state", flat=True))
        with transaction.atomic():
            telling.note(settings, [telling.Word(state, wire.STANDING, bytes(row.payload)) for state in to], at=at)
            models.StandingWord.objects.filter(pk=row.pk).update(told=[*row.told, *to], next_at=at + _AGAIN)
        news |= bool(to)
    return news


def arrived(_settings: Settings, row: models.Arrival, opened: Opened) -> None:
    """Take in another State's word on itself; one that came before changes nothing.

    Raises:
        Invalid: it does not follow its form; ``standing.time``: it states a time that has not come.
        NotPossible: ``standing.too-many``.
    """
    statement = opened.statement
    word = wire.read(statement)
    if word.at > row.at + SKEW:  # it may be older than the key: who is pinned later is told with the key of that day
        raise Invalid("This states a time that has not come.", code="standing.time", where="at")
    if models.StandingWord.objects.filter(state=statement.sender).count() >= MOST:
        raise NotPossible(f"More than {MOST} words of one State are not kept.", code="standing.too-many")
    _kept(statement.sender, word, statement.raw)


def adopt(said: Statement, row: models.Departure) -> None:
    """Take back a word of this State that a peer gave back after memory was lost. Raises Invalid."""
    _kept(said.sender, wire.read(said), said.raw, next_at=row.made_at)


def words(treaty: str) -> dict[str, dict[str, Word]]:
    """What States say of themselves and a treaty: State -> digest -> word, in the order in which each was said."""
    found: dict[str, dict[str, Word]] = {}
    rows = models.StandingWord.objects.filter(treaty=treaty).values_list("state", "digest", "payload")
    for state, digest, payload in rows:
        found.setdefault(state, {})[digest] = wire.unpacked(bytes(payload))
    return found
