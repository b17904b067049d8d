"""Programmes (Articles 54, 56): what two States agree on after a match, word by word; each officer's word crosses at once.

Where a programme stands is derived from its words with each that comes (`wire.assistance.history`), and its row says it, so
that lists read no words. Both nodes hold the same words and so find the same. A
State that is no longer pinned here can be told nothing; what was said with it stays, and is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from comity.assistance import form, outcomes
from comity.assistance import programme as room
from comity.assistance.match import Agreed
from comity.assistance.needs import NEED, Release, Stage
from comity.assistance.programme import Programme, Say, Terms, Word
from comity.casework.act import SKEW, Power
from comity.errors import Invalid, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import _record
from comity.node.desk._alarm import note_alarm
from comity.node.desk._log import log_append
from comity.node.desk._numbers import free_reference
from comity.node.desk.conversing import handed, holding
from comity.node.settings import Settings
from comity.seal import canon
from comity.seal.envelope import Opened, Statement
from comity.wire import assistance as wire
from comity.wire import messages
from comity.wire.assistance import History, Spoken
from comity.wire.exchange import Event

MOST: Final = 200  # proposals of one State that nobody has answered
UNANSWERED: Final = 20  # words of one side, on none of which the other has said anything
LAST: Final = 5  # so many more, if they bring something to an end
BYTES: Final = 2_097_152  # of the words of one side
TRANSIT: Final = timedelta(days=7)  # that a word may be on its way
_ENDING: Final = frozenset({Say.DECLINED, Say.WITHDRAWN, Say.COMPLETED, Say.ENDED, Say.EVALUATED})


def propose(
    settings: Settings, need: str, offer: str, terms: Terms, *, officer: models.Officer, at: datetime
) -> models.Programme:
    """Propose a programme to the other State: one of the two is this State's own.

    Args:
        settings: the node's.
        need: reference of the need.
        offer: reference of the offer.
        terms: what is proposed.
        officer: who decides so.
        at: now.

    Raises:
        NotYours: he has no power to assist.
        NotPossible: ``assistance.unknown``: one of them is not known here; ``assistance.lapsed``: one is not open;
            ``assistance.released``: this State's own was not released to the other; ``assistance.room``: more than is left;
            or that State cannot be written to now.
        Invalid: ``programme.parties``, ``programme.units``; ``assistance.too-long``.
    """
    _record.needs(officer, Power.ASSIST)
    own, other = (need, offer) if need[:2] == settings.state else (offer, need)
    peer = other[:2]
    archive.peer_entry(peer)
    with holding(settings, peer):  # holds the conversation: two officers do not speak at once
        empty = Programme(next_reference(settings, at=at), need, offer)
        if settings.state not in {empty.giving, empty.receiving}:
            raise Invalid("One of the two is this State's own.", code="programme.parties", where="need")
        _open(need, offer)
        if not _release(own).reaches(peer):
            raise NotPossible(f"It was not released to {peer}.", code="assistance.released", where=own)
        _room(own, terms, besides="")
        row = models.Programme.objects.create(
            reference=empty.reference, peer=peer, need=need, offer=offer, opened_at=at
        )
        word = Word(say=Say.PROPOSED, by=settings.state, at=at.replace(microsecond=0), terms=terms)
        _speak(settings, row, empty, {}, word, officer=officer, at=at)
        return row


def say(
    settings: Settings, reference: str, say: Say, *, officer: models.Officer, at: datetime, seen: int, **given: Any
) -> Programme:
    """Say something in a programme, as `officer` decided.

    Args:
        settings: the node's.
        reference: the programme.
        say: what kind of word it is.
        officer: who speaks.
        at: now.
        seen: how many words the officer was shown.
        given: the other fields of `assistance.programme.Word`; an agreement is to the terms proposed last.

    Returns:
        The programme after the word.

    Raises:
        NotYours: he has no power to assist; or it is not for this side to say.
        NotPossible: ``assistance.unknown``; ``assistance.changed``: more was said since; ``assistance.lapsed``: what is agreed
            to was withdrawn or closed; ``assistance.room``; it does not fit; or that State cannot be written to now.
        Invalid: the word cannot be meant.
    """
    _record.needs(officer, Power.ASSIST)
    row = _row(reference)
    archive.peer_entry(row.peer)
    with holding(settings, row.peer):
        known = _said(row)
        found = wire.history(_empty(row), known)
        if len(known) != seen:
            raise NotPossible("More was said since this page was shown.", code="assistance.changed")
        if say is Say.AGREED and found.programme.pending is not None:
            given["terms"] = found.programme.pending[1]
            if found.programme.stage is room.Stage.PROPOSED:
                _open(row.need, row.offer)
        word = Word(say=say, by=settings.state, at=at.replace(microsecond=0), **given)
        if word.terms is not None:
            _room(row.need if row.need[:2] == settings.state else row.offer, word.terms, besides=reference)
        return _speak(settings, row, found.programme, known, word, officer=officer, at=at, heads=found.heads)


def _speak(
    settings: Settings,
    row: models.Programme,
    before: Programme,
    known: Mapping[str, Spoken],
    word: Word,
    *,
    officer: models.Officer,
    at: datetime,
    heads: tuple[str, ...] = (),
) -> Programme:
    """Log this State's word, post it to the other side and keep it, inside the caller's transaction."""
    after = room.advance(before, word)
    said = Spoken(programme=row.pk, need=row.need, offer=row.offer, after=heads, word=word)
    statement = wire.sign(said, to=row.peer, key=settings.signing)
    if canon.content_id(statement) in known:
        raise NotPossible("This was said before.", code="assistance.known")
    _measured(row, known, word, statement)
    log_append(log.entry(log.NOTICE, canon.content_id(statement)))
    stands_on = tuple(row.words.filter(pk__in=heads).values_list("envelope", flat=True))
    carried = _record.post(settings, statement, to=row.peer, at=at, after=stands_on)
    _keep(row, said, statement, carried=carried, at=at, officer=f"{officer.full_name}, {officer.office}")
    return after


def _measured(row: models.Programme, known: Mapping[str, Spoken], word: Word, statement: bytes) -> None:
    """Return when this side has not said more than the other side need keep. Raises NotPossible."""
    waiting = wire.unanswered(word.by, known)
    if len(waiting) >= UNANSWERED + (LAST if word.say in _ENDING else 0):
        raise NotPossible("First the other side answers what was said.", code="programme.unanswered")
    size = sum(len(one.statement) for one in row.words.filter(by=word.by).only("statement"))
    if size + len(statement) > BYTES:
        raise NotPossible("No programme needs so many words.", code="programme.too-long")


def _keep(
    row: models.Programme, said: Spoken, statement: bytes, *, carried: str, at: datetime, officer: str = ""
) -> None:
    models.ProgrammeWord.objects.create(
        digest=canon.content_id(statement), programme=row, by=said.word.by, officer=officer, statement=statement,
        envelope=carried, came_at=at,
    )  # fmt: skip
    _noted(row)


def _noted(row: models.Programme) -> None:
    """Let the row say where the programme stands."""
    found = history(row).programme
    pending = found.pending[1] if found.pending else None
    terms = found.terms or pending
    open_ = found.stage not in room.OVER
    row.stage = str(found.stage)
    row.units, row.unit = (terms.units, str(terms.unit)) if terms else (row.units, row.unit)
    row.confirmed = outcomes.standing(found).confirmed
    row.of_need, row.of_offer = outcomes.held(found, of="need"), outcomes.held(found, of="offer")
    row.asked = pending.units if open_ and pending and found.pending and found.pending[0] != row.peer else 0
    row.save()


def _open(*references: str) -> None:
    """Return when each of these is open, as far as this State was told. Raises NotPossible."""
    for reference in references:
        row = models.Listing.objects.filter(pk=reference).first()
        if row is None:
            raise NotPossible("There is no such need or offer here.", code="assistance.unknown", where=reference)
        if row.stage != Stage.OPEN:
            raise NotPossible("It is not open any more.", code="assistance.lapsed", where=reference)


def _release(reference: str) -> Release:
    value = models.Listing.objects.values_list("value", flat=True).get(pk=reference)
    return form.made(Release, value.get("release", {}))


def _room(own: str, terms: Terms, *, besides: str) -> None:
    """Return when this State's own need or offer has so many units left beside other programmes. Raises.

    What this State has proposed itself, and nobody has answered, is promised as well: the other side may agree at any moment.
    """
    row = models.Listing.objects.filter(pk=own).first()
    if row is None:
        raise NotPossible("There is no such need or offer here.", code="assistance.unknown", where=own)
    if terms.unit != row.value["unit"]:
        raise Invalid("It counts in something else.", code="programme.units", where="unit")
    if terms.units > row.value["units"] - held(own, besides=besides, asked=True):
        raise NotPossible("More than is left of it.", code="assistance.room", where="units")


def next_reference(settings: Settings, *, at: datetime) -> str:
    """A free number for a programme that this State proposes."""
    head = f"{settings.state}-PROGRAMME-{at.year}-"
    taken = models.Programme.objects.filter(reference__startswith=head).values_list("reference", flat=True)
    return free_reference(head, taken)


# ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def arrived(settings: Settings, row: models.Arrival, opened: Opened) -> None:
    """Take in the other side's word. One that knew all that was said must fit; one that crossed ours finds its place.

    Raises:
        Invalid: it does not follow its form; ``assistance.speaker``; ``assistance.time``.
        NotYours: ``programme.side``: a State that has no part in it.
        NotPossible: ``assistance.unknown``: no such programme, or none of this State's that was released to the sender;
            ``assistance.known``: it came before; ``assistance.order``: it stands on what is not here, or passes over what
            its own speaker has said; ``assistance.back-dated``: it passes over what its speaker had read;
            ``assistance.too-many``; ``programme.unanswered``; or it does not fit.
    """
    statement = opened.statement
    said = wire.read_word(statement)
    in_time(statement, said.word.at, now=row.at, code="assistance.time")
    programme = models.Programme.objects.select_for_update().filter(pk=said.programme).first()
    if programme is None:
        programme = _opened(settings, said, statement.sender, at=row.at)
    before = _taken(settings, programme, said, statement)
    _passes_over(programme, said, at=row.at)
    _keep(programme, said, statement.raw, carried=row.digest, at=row.at)
    if before.heads != said.after and _undone(before, history(programme)):
        note_alarm(programme.peer, code="programme.late-word", envelope=row.digest, at=row.at)


def _undone(before: History, after: History) -> bool:
    """Whether a word that crossed ours has moved what stood, as this State saw it."""
    one, two = before.programme, after.programme
    stood = {digest for digest, _word in before.order} - before.crossed.keys()
    return (one.stage, one.terms) != (two.stage, two.terms) or not stood.isdisjoint(after.crossed)


def _passes_over(row: models.Programme, said: Spoken, *, at: datetime) -> None:
    """Return unless the word leaves out one of ours that its speaker had read, as his own node has signed.

    A node says a word on all that it has read. So one that leaves ours out was said before it read ours; and `TRANSIT` after
    that it is no more on its way. Raises NotPossible.
    """
    known = _said(row)
    over = {digest for digest, one in known.items() if one.word.by != said.word.by} - wire.stands_on(said.after, known)
    carried = row.words.filter(pk__in=over).values("envelope")
    for departure in models.Departure.objects.filter(digest__in=carried):
        read = _read_at(departure)
        if read is None:
            continue
        # What came back after memory was lost was read long ago, and so may the word have been here before.
        since = read if read >= departure.made_at - SKEW else datetime.fromtimestamp(departure.since, UTC)
        if said.word.at > read + SKEW or at > since + TRANSIT:
            raise NotPossible("It passes over what its speaker had read.", code="assistance.back-dated", where="after")


def _read_at(row: models.Departure) -> datetime | None:
    """When the other State's node read an envelope of ours, as it has signed, or came to say so here. None: it has not."""
    for said in map(messages.said_of, archive.words(row)):
        if said.event is Event.CONTENT_CONSIGNMENT:
            return datetime.fromtimestamp(min(said.at, row.since), UTC)
    return None


def in_time(statement: Statement, at: datetime, *, now: datetime, code: str) -> None:
    """Return when its key is valid at the time that a statement names, and that has come. Raises Invalid, NotPossible."""
    entry = archive.peer_entry(statement.sender)
    if not entry.named(statement.key_id).holds(at) or at > now + SKEW:
        raise Invalid("This states a time at which it cannot have been signed.", code=code, where="at")


def _opened(settings: Settings, said: Spoken, sender: str, *, at: datetime) -> models.Programme:
    """The row of a programme that another State proposes. Raises NotPossible, Invalid: it may not."""
    empty = wire.opened(said)
    if {sender, settings.state} != {empty.giving, empty.receiving} or said.programme[:2] != sender:
        raise Invalid("This programme is not of its sender and this State.", code="programme.parties")
    own = said.need if empty.receiving == settings.state else said.offer
    known = models.Listing.objects.filter(pk=own, state=settings.state, version__gt=0)
    if said.word.say is not Say.PROPOSED or not known.exists() or not _release(own).reaches(sender):
        raise NotPossible("There is no such programme here.", code="assistance.unknown", where=said.programme)
    waiting = models.Programme.objects.filter(peer=sender, reference__startswith=f"{sender}-")
    answered = models.ProgrammeWord.objects.filter(programme__in=waiting, by=settings.state).values("programme")
    if waiting.exclude(pk__in=answered).count() >= MOST:
        raise NotPossible(f"More than {MOST} proposals are not kept unanswered.", code="assistance.too-many")
    return models.Programme.objects.create(
        reference=said.programme, peer=sender, need=said.need, offer=said.offer, opened_at=at
    )


def _taken(settings: Settings, row: models.Programme, said: Spoken, statement: Statement) -> History:
    """The programme as it stands, when the word may be kept among its words. Raises NotYours, NotPossible."""
    if said.word.by not in {row.peer, settings.state}:
        raise NotPossible("There is no such programme here.", code="assistance.unknown", where=said.programme)
    if (row.need, row.offer) != (said.need, said.offer):
        raise NotPossible("This programme follows from others.", code="programme.parties", where="need")
    known = _said(row)
    if canon.content_id(statement.raw) in known:
        raise NotPossible("This word came before.", code="assistance.known")
    if len(known) >= room.MOST_WORDS:
        raise NotPossible("No programme needs so many words.", code="programme.too-long")
    own = {digest for digest, one in known.items() if one.word.by == said.word.by}
    if not known.keys() >= set(said.after) or not own <= wire.stands_on(said.after, known):
        raise NotPossible("It stands on what is not here, or passes over its own words.", code="assistance.order")
    found = wire.history(_empty(row), known)
    if found.heads == said.after:
        room.advance(found.programme, said.word)
    _measured(row, known, said.word, statement.raw)
    return found


def adopt(settings: Settings, said: Statement, row: models.Departure) -> None:
    """Take back a word of this State that the peer gave back after memory was lost. Raises Invalid, NotPossible."""
    found = wire.read_word(said)
    programme = models.Programme.objects.filter(pk=found.programme).first()
    if programme is None:
        wire.opened(found)
        programme = models.Programme.objects.create(
            reference=found.programme, peer=row.peer, need=found.need, offer=found.offer, opened_at=row.made_at
        )
    _taken(settings, programme, found, said)
    _keep(programme, found, said.raw, carried=row.digest, at=row.made_at)


def seen(settings: Settings, row: models.Programme, *, officer: models.Officer, at: datetime) -> None:
    """Note that an officer who can act has the words of this programme before him; their sender can learn it."""
    if not officer.is_active or Power.ASSIST not in officer.powers:
        return
    shown = row.words.filter(by=row.peer).values("envelope")
    handed(settings, models.Arrival.objects.filter(digest__in=shown), at=at)


# ── what is read ────────────────────────────────────────────────────────────────────────────────────────────────────


def _row(reference: str) -> models.Programme:
    row = models.Programme.objects.filter(pk=reference).first()
    if row is None:
        raise NotPossible("There is no such programme here.", code="assistance.unknown", where=reference)
    return row


def _empty(row: models.Programme) -> Programme:
    return Programme(row.pk, row.need, row.offer)


def _said(row: models.Programme) -> dict[str, Spoken]:
    return {word.pk: wire.kept_word(bytes(word.statement)) for word in row.words.all()}


def history(row: models.Programme) -> History:
    """All words of a programme in their order, and what stands."""
    return wire.history(_empty(row), _said(row))


def held(reference: str, *, besides: str = "", asked: bool = False) -> int:
    """Units of a need or an offer that programmes hold, but for the one that is named.

    Args:
        reference: of the need or the offer.
        besides: reference of the programme that is left out; empty: none.
        asked: whether what this State has proposed, and nobody has answered, counts as well.
    """
    return sum(max(units, row.asked if asked else 0) for row, units in _holding(reference) if row.pk != besides)


def _holding(reference: str) -> list[tuple[models.Programme, int]]:
    """The programmes that follow from a need or an offer, with the units that each holds of it."""
    if NEED.fullmatch(reference):
        return [(row, row.of_need) for row in models.Programme.objects.filter(need=reference)]
    return [(row, row.of_offer) for row in models.Programme.objects.filter(offer=reference)]


def aftermath(reference: str) -> outcomes.Aftermath:
    """What stands of a need or an offer, should it be withdrawn, or now that it is."""
    return outcomes.after_withdrawal((row.pk, room.Stage(row.stage), units) for row, units in _holding(reference))


def agreed(settings: Settings) -> tuple[Agreed, ...]:
    """What is promised already, as a board takes it: by the own side's count, where the two counts differ."""
    rows = [
        (row, row.of_offer if row.offer[:2] == settings.state else row.of_need)
        for row in models.Programme.objects.all()
    ]
    return tuple(Agreed(row.need, row.offer, units) for row, units in rows if units)
