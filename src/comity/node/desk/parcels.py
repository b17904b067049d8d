"""By courier: what would cross the line, packed into one file (`wire.parcel`) and taken in from one.

Nothing here is a second way to keep or to answer: an offer from a parcel goes to the same function as one from the line, and
rows are the truth, so that the two may cross, repeat and overtake each other. Packing changes no row but the name of a
greeting, and when an envelope was made if that is still to come (`Conversation.redate`); what is on its way by courier is on
its way by line too, until its receipt has come by either.
"""

from __future__ import annotations

import secrets
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

from django.db import transaction

from comity.errors import ComityError, Invalid, NotPossible
from comity.node import archive, bell, models
from comity.node.desk import conversing, crossing, evidence
from comity.node.desk._memory import Tables
from comity.node.settings import Settings
from comity.seal.container import Progress
from comity.seal.envelope import form_of
from comity.wire import messages, parcel
from comity.wire.conversation import Conversation
from comity.wire.directory import trust_in
from comity.wire.exchange import AFTER, BATCH, GAPS, Answer, Event, Have, Item, Offer, dumps
from comity.wire.remembered import Stage

_ASKING = (Stage.CONSIGNMENT, Stage.HANDOVER)
_OPEN = (Stage.RELAY, *_ASKING)
_NOTHING = Have(0, (), 0, ())


@dataclass(frozen=True)
class Packed:
    """What a parcel carries.

    Args:
        greets: it asks what the peer holds; until that is answered, no envelope goes.
        answers: how many answers to what the peer's parcel brought.
        envelopes: case -> how many envelopes of it; the empty reference stands for what belongs to no case.
        asked: about how many envelopes it asks what became of them.
        bags: case and size in bytes of each sealed bag.
        unread: how many envelopes stay behind, because they are in a form that the peer is not known to read, or stand on
            such a one.
    """

    greets: bool
    answers: int
    envelopes: Mapping[str, int]
    asked: int
    bags: tuple[tuple[str, int], ...]
    unread: int

    @property
    def empty(self) -> bool:
        """Whether there was nothing to carry, so that no file was made."""
        return not (self.greets or self.answers or self.envelopes or self.asked or self.bags)


@dataclass(frozen=True)
class Taken:
    """What came of taking a parcel in.

    Args:
        sender: the State it is from.
        made_at: when it was made, by the sender's clock.
        envelopes: what became of the peer's envelopes -> how many: ``new``, ``known``, ``waiting``, or the code with which
            one was put off or refused.
        acts: case -> how many acts were added to it.
        ours: what was learned of this State's envelopes -> how many: a `Stage`, or ``unknown`` for what is not known here.
        bags: digest of each sealed bag -> ``new``, ``known``, or the code of why it was left.
        settled: whether the peer has said what it holds.
        answered: what the answering parcel carries; None: none was to be made.
    """

    sender: str
    made_at: datetime
    envelopes: Mapping[str, int]
    acts: Mapping[str, int]
    ours: Mapping[str, int]
    bags: Mapping[str, str]
    settled: bool
    answered: Packed | None

    @property
    def clean(self) -> bool:
        """Whether there is nothing in it that a person should look at."""
        return (
            self.settled
            and set(self.envelopes) <= {"new", "known", "waiting"}
            and set(self.bags.values()) <= {"new", "known"}
            and not {"unknown", "dead"} & set(self.ours)
        )


class _Spool:
    """Offers or answers on their way into a parcel: on disk, however many they are."""

    def __init__(self, folder: Path, name: str, form: int) -> None:
        self._folder, self._name, self.form = folder, name, form
        self.paths: list[Path] = []

    def put(self, said: Offer | Answer) -> None:
        path = self._folder / f"{self._name}-{len(self.paths)}"
        path.write_bytes(dumps(said, self.form))
        self.paths.append(path)


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".parcel-", dir=settings.home) as name:
        yield Path(name)


# ------------------------------------------------------------------------------------------------------------------- out


def pack(
    settings: Settings,
    peer: str,
    path: Path,
    *,
    at: datetime,
    cases: Sequence[str] = (),
    progress: Progress | None = None,
) -> Packed:
    """Write a parcel with everything that waits for `peer`.

    Args:
        settings: the node's.
        peer: the State it is for.
        path: of the new file.
        at: now.
        cases: those whose sealed bags go too.
        progress: told of the bytes written.

    Returns:
        What it carries, and what stays behind; no file was made if that is `Packed.empty`.

    Raises:
        NotPossible: the peer is not pinned, or a case has no bag for it.
        Invalid: ``parcel.exists``: there is a file of this name.
        BrokenSeal: a bag on the shelf has changed.
        OSError: the disk is full.
    """
    archive.peer_entry(peer)
    _free(path)
    bags = [row for case in cases for row in _bags(peer, case)]
    with _folder(settings) as folder:
        return _pack(settings, peer, path, folder, bags=bags, at=at, progress=progress)


def _free(path: Path) -> None:
    if path.exists():
        raise Invalid(f"{path} exists already. Name a new file.", code="parcel.exists", where=str(path))


def _bags(peer: str, case: str) -> list[models.Container]:
    rows = list(models.Container.objects.filter(case=case, peer=peer, outgoing=True, complete=True))
    if not rows:
        raise NotPossible(f"No sealed evidence lies here for {peer} in {case}.", code="parcel.no-bag", where=case)
    return rows


def _pack(
    settings: Settings, peer: str, path: Path, folder: Path, *, at: datetime, answers: _Spool | None = None, greeted: str = "",
    bags: Iterable[models.Container] = (), progress: Progress | None = None,
) -> Packed:  # fmt: skip
    form = conversing.form_with(peer) if answers is None else answers.form
    offers, asking, found = _Spool(folder, "offer", form), _Spool(folder, "asking", form), {row.pk: row for row in bags}
    said = [] if answers is None else answers.paths
    greets, envelopes, unread, asked = "", Counter[str](), set[str](), 0
    talk = crossing.conversation(settings, peer)
    greeting = _greeting(talk, at)
    if greeting is not None:
        greets, offer = greeting
        offers.put(offer)
    else:
        for items in parcel.batches(_unsent(peer, form, envelopes, unread)):
            talk.redate([item.digest for item in items], at.timestamp())
            offers.put(Offer(items))
        for digests in _together(_asking(peer)):
            offers.put(Offer(ask=digests))
            asked += len(digests)
        if not said and (gap := tuple(Tables(settings, peer).got_missing(BATCH * AFTER))):
            asking.put(Answer(missing=gap))  # perhaps nothing but a parcel has shown it, and the peer does not know
    carried = tuple((row.case_id, row.size) for row in found.values())
    packed = Packed(bool(greets), len(said) + len(asking.paths), envelopes, asked, carried, len(unread))
    if packed.empty:
        return packed
    _free(path)  # taking a parcel in can last for hours
    parcel.write(
        path, parcel.Head(settings.state, peer, at.replace(microsecond=0), greets, greeted, form),
        answers=[*said, *asking.paths],
        offers=offers.paths, bags={digest: evidence.shelved(settings, digest) for digest in found},
        signing=settings.signing, cades=settings.cades, progress=progress,
    )  # fmt: skip
    return packed


def _greeting(talk: Conversation, at: datetime) -> tuple[str, Offer] | None:
    """The greeting that this node owes the peer, under its name; None: the peer has said what it holds.

    One name serves until it is answered: between two parcels of one name a node only comes to remember more.
    """
    with transaction.atomic():
        row, _ = models.Talk.objects.select_for_update().get_or_create(pk=talk.peer)
        offer = None if row.settled else talk.offer(at.timestamp())
        if offer is None or offer.have is None:
            return None
        if not row.greeting:
            row.greeting = secrets.token_hex(16)
            row.save(update_fields=["greeting"])
        return row.greeting, offer


def _unsent(peer: str, form: int, counted: Counter[str], unread: set[str]) -> Iterator[Item]:
    """What the peer has not acknowledged, by number; what it cannot read, or stands on a dead letter, waits as on the line.

    Args:
        peer: the other State.
        form: of the parcel.
        counted: case -> how many of it were given.
        unread: digests of those that wait for the sake of a form.
    """
    ours = models.Departure.objects.filter(peer=peer)
    dead = set(ours.filter(stage=Stage.DEAD).values_list("digest", flat=True))
    for row in ours.filter(stage=Stage.RELAY).select_related("act").order_by("number").iterator(BATCH):
        sealed = archive.sealed(row)
        if form_of(sealed) > form or not unread.isdisjoint(row.after):
            unread.add(row.digest)
        elif not dead.isdisjoint(row.after):
            dead.add(row.digest)
        else:
            counted[row.act.case_id if row.act else ""] += 1
            yield Item(row.number, sealed, tuple(row.after))


def _asking(peer: str) -> Iterator[str]:
    rows = models.Departure.objects.filter(peer=peer, stage__in=_ASKING).order_by("number")
    return rows.values_list("digest", flat=True).iterator()


# -------------------------------------------------------------------------------------------------------------------- in


def take(
    settings: Settings, path: Path, *, at: datetime, answer: Path | None = None, progress: Progress | None = None
) -> Taken:
    """Take in a parcel.

    1. it is a whole parcel for this State, and a pinned one has signed every byte of it: else nothing happens at all;
    2. its answers go to the conversation, as those of the line do;
    3. its offers too; what is kept is durable, and may have come before by either way;
    4. what can be read is read, as the courier of this node would a moment later, so that the answer can tell of it;
    5. its sealed bags are put on the shelf, if they were announced and are not there;
    6. the answering parcel is written, in the form of this one: receipts, words, and whatever waits for the peer here.

    Cut off at any point it can be taken in again.

    Args:
        settings: the node's.
        path: the parcel.
        at: now.
        answer: of the new file for the answer; None: the peer learns by line, or from a later parcel.
        progress: told of the bytes read.

    Raises:
        BrokenContainer, BrokenSeal, Invalid, NotPossible: the parcel is not taken in, for this reason.
        OSError: the file cannot be read, or the disk is full.
    """
    if answer is not None:
        _free(answer)
    with parcel.Parcel(path, home=settings.state) as found, _folder(settings) as folder:
        sender = archive.peer_entry(found.head.sender)
        found.check(trust_in([sender], retired=settings.retired), at=at, progress=progress)  # 1
        crossing.carried(settings, found.head.sender, found.head.form)
        taking = _Taking(settings, found, _Spool(folder, "answer", found.head.form), at, progress)
        taking.learn()  # 2
        taking.keep()  # 3
        taking.read()  # 4
        taking.shelve()  # 5
        bell.ring(settings.home)
        return taking.taken(None if answer is None else taking.reply(answer, folder))  # 6


@dataclass
class _Taking:
    """A parcel while it is taken in."""

    settings: Settings
    found: parcel.Parcel
    answers: _Spool
    at: datetime
    progress: Progress | None
    envelopes: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    ours: Counter[str] = field(default_factory=Counter)
    bags: dict[str, str] = field(default_factory=dict)
    brought: list[str] = field(default_factory=list)  # digests
    fresh: list[str] = field(default_factory=list)  # those of them that were not here

    def __post_init__(self) -> None:
        self.peer = self.found.head.sender
        self.talk: Conversation = crossing.conversation(self.settings, self.peer)

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def learn(self) -> None:
        """Take in the answers; what they give back only if they answer the greeting that this node still waits for.

        That one is answered in parts. So it is waited for until the one that gives nothing back, and if any part did not hold,
        for another parcel.
        """
        rows, word = models.Departure.objects.filter(peer=self.peer), self.found.head.greeted
        before = dict(rows.filter(stage__in=_OPEN).values_list("digest", "stage"))
        waited = bool(word) and models.Talk.objects.filter(pk=self.peer, greeting=word).exists()
        whole = True
        for answer in self.found.answers():
            last = not (answer.items or answer.back)
            greeting = _NOTHING if waited and (whole or not last) else None
            offer = Offer(tuple(self._answered(answer)), have=greeting)
            whole &= self.talk.answered(offer, answer, self.at.timestamp(), last=last)
        for digest, stage in rows.values_list("digest", "stage").iterator():
            if before.get(digest, stage) != stage:
                self.ours[stage] += 1

    def _answered(self, answer: Answer) -> Iterator[Item]:
        """What the answer has outcomes for, as it was offered: unless it is acknowledged, for then an older word is no news."""
        digests = {outcome.envelope for outcome in answer.outcomes}
        rows = archive.departures(self.peer, digests)
        if len(rows) < len(digests):
            self.ours["unknown"] += len(digests) - len(rows)
        return (Item(row.number, archive.sealed(row), tuple(row.after)) for row in rows if not row.relayed)

    # ── offers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def keep(self) -> None:
        """Hand the offers to the conversation."""
        for offer in self.found.offers():
            if offer.have is not None:
                self._greeted(offer.have)
                continue
            self._answer(offer)

    def _exchange(self, offer: Offer) -> Answer:
        return crossing.exchange(self.settings, self.talk, offer, at=self.at, form=self.found.head.form)

    def _answer(self, offer: Offer) -> None:
        digests = [item.digest for item in offer.items]
        known = set(models.Arrival.objects.filter(digest__in=digests, hop=self.peer).values_list("digest", flat=True))
        answer = self._exchange(offer)
        if answer != Answer():
            self.answers.put(answer)
        for outcome in answer.outcomes:
            said = messages.said_of(outcome.receipt) if outcome.receipt else None  # as this node has just signed
            if said is None or said.event is not Event.RELAY_ACCEPTANCE:
                self.envelopes[said.code if said else outcome.later] += 1
            elif outcome.envelope not in known:
                self.fresh.append(outcome.envelope)
                known.add(outcome.envelope)
            else:
                self.envelopes["known"] += 1
        self.brought += digests

    def _greeted(self, have: Have) -> None:
        """Everything that the peer has lost, so that one parcel is enough; at its end an answer that gives nothing back.

        A node that lists as many gaps as a greeting holds may have more: it has to greet once again.
        """
        whole, answer = len(have.got_gaps) < GAPS > len(have.sent_gaps), self._exchange(Offer(have=have))
        while answer.items or answer.back:
            for part in parcel.parts(answer):
                self.answers.put(part)
            have = parcel.further(have, answer)
            answer = self._exchange(Offer(have=have))
            if not whole and not answer.items and not answer.back:
                return
        self.answers.put(answer)

    def read(self) -> None:
        """Read what can be read, and tell of what the parcel brought."""
        crossing.admit(self.settings, self.peer, at=self.at)
        for digests in _together(iter(self.fresh)):
            for row in models.Arrival.objects.filter(digest__in=digests, hop=self.peer).select_related("act"):
                self.envelopes["waiting" if row.status == "waiting" else row.code or "new"] += 1
                if row.act is not None:
                    self.acts[row.act.case_id] += 1
        for digests in _together(iter(self.brought)):
            answer = self._exchange(Offer(ask=digests))
            if answer.evidence:
                self.answers.put(answer)

    # ── bags ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def shelve(self) -> None:
        """Put the bags on the shelf, as if they had been collected; one that cannot be now holds back no other."""
        for digest, size in self.found.bags.items():
            try:
                self.bags[digest] = self._shelve(digest, size)
            except ComityError as error:
                self.bags[digest] = error.code

    def _shelve(self, digest: str, size: int) -> str:
        """Put one there; ``new``, or ``known`` if it is there. Raises ComityError: not announced, or no room."""
        row = models.Container.objects.filter(pk=digest, peer=self.peer, outgoing=False).first()
        if row is None or row.size != size:
            raise NotPossible(f"{self.peer} has not announced this bag.", code="parcel.unannounced", where=digest)
        if row.complete:
            return "known"
        models.Job.objects.filter(kind=models.Job.Kind.COLLECT, about=digest, status=models.Job.Status.FAILED).update(
            status=models.Job.Status.WAITING, next_at=self.at
        )
        job = models.Job.objects.get(kind=models.Job.Kind.COLLECT, about=digest)
        _, place = evidence.collecting(self.settings, job)
        with tempfile.NamedTemporaryFile(prefix=".", dir=self.settings.shelf, delete=False) as file:
            try:
                self._pour(digest, size, file)
                Path(file.name).replace(place)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        try:
            evidence.collected(self.settings, job)
        except ComityError:  # the running courier was about to collect it, and was done with it first
            if not models.Container.objects.filter(pk=digest, complete=True).exists():
                raise
        return "new"

    def _pour(self, digest: str, size: int, file: IO[bytes]) -> None:
        done = 0
        for chunk in self.found.bag(digest):
            file.write(chunk)
            done += len(chunk)
            if self.progress:
                self.progress(done, size)
        file.flush()

    def reply(self, path: Path, folder: Path) -> Packed:
        """Write the answering parcel, if there is anything to say."""
        said, greeted = self.answers, self.found.head.greets
        return _pack(self.settings, self.peer, path, folder, at=self.at, answers=said, greeted=greeted)

    def taken(self, answered: Packed | None) -> Taken:
        """What came of it."""
        settled = models.Talk.objects.filter(pk=self.peer, settled=True).exists()
        return Taken(
            self.peer, self.found.head.made_at, self.envelopes, self.acts, self.ours, self.bags, settled, answered
        )


def _together(digests: Iterator[str]) -> Iterator[tuple[str, ...]]:
    """`digests` in their order, as many together as one offer asks about."""
    while some := tuple(islice(digests, BATCH)):
        yield some
