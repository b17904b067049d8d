"""The memory of a conversation with one peer in this node's tables: `wire.remembered.Memory`, made real.

Within `atomically`, rows that were read or changed are kept at hand and written together at its end, or before a question
that looks through the tables. The peer's row in `Talk` is locked by every step, so that the door, the courier and the
officers' pages, which are different processes, take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final, Protocol, TypeVar

from django.db import connection, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from comity.errors import BrokenSeal
from comity.node import archive, models
from comity.node.database import occupied
from comity.node.desk._alarm import note_alarm, note_alarm_daily
from comity.node.desk._kept import Kept, Words
from comity.node.desk._log import Tail
from comity.node.desk._rows import changed, inserted
from comity.node.settings import Settings
from comity.seal.envelope import Signed, claimed_sender, commitment, opened
from comity.wire import messages
from comity.wire.exchange import Have, Own
from comity.wire.remembered import Alarm, Got, Heard, Sent, Stage, Status

_DOUBTS: Final = ("trust.", "checkpoint.", "seal.")  # troubles for which the peer may have newer keys
_STEP: Final = 8  # envelopes opened between two looks whether somebody else still writes
_PROVED_AFTER: Final = 2  # seconds after which a witness should have seen the head of the peer's log
_HEARD: Final = {"heard": "times", "heard_at": "at", "heard_since": "since", "greetings": "greetings"}
_SENT: Final = ("number", "stage", "attempts", "next_at", "since", "told", "relayed", "pending", "trouble", "words",
                "said_at")  # fmt: skip  # of both
_GOT: Final = ("status", "lacks", "words", "said_at", "code", "reason", "act")

Row = TypeVar("Row", models.Departure, models.Arrival)


class Reads(Protocol):
    """What opens that which has arrived and takes it in: `comity.node.desk._reading`."""

    def still(self, digests: Sequence[str], first: int) -> Collection[str]: ...
    def ahead(self, arrivals: Iterable[tuple[str, datetime, bytes]]) -> None: ...
    def read(self, row: models.Arrival, data: bytes, aside: Callable[[], None]) -> None: ...
    def write(self) -> None: ...
    def forget(self) -> None: ...


@dataclass(frozen=True)
class Cases:
    """Where that goes which a conversation brings.

    Args:
        reading: opens what has arrived, and takes it in.
        adopt: adds the act of an envelope of ours that came back to its case.
        lost: notes that what was signed by the first moment had been forgotten, and came back at the second.
    """

    reading: Reads
    adopt: Callable[[models.Departure], None]
    lost: Callable[[datetime, datetime], None]


class Tables:
    """What `settings`' node remembers of the conversation with `peer`; without `cases` it is kept, and goes nowhere."""

    def __init__(self, settings: Settings, peer: str, cases: Cases | None = None) -> None:
        self._settings, self._peer, self._cases = settings, peer, cases
        self._tail: Tail | None = None
        self._sent: dict[str, models.Departure | None] = {}
        self._got: dict[str, models.Arrival | None] = {}
        self._sent_values: dict[str, Sent] = {}
        self._got_values: dict[str, Got] = {}
        self._kept = Kept()
        self._sent_words, self._got_words = Words("departure"), Words("arrival")
        # In the order in which they were: digest -> fields that may have changed; None: the row is new.
        self._sent_changed: dict[str, set[str] | None] = {}
        self._got_changed: dict[str, set[str] | None] = {}
        self._lacks_changed = False  # of one that is not written yet
        self._talk: models.Talk | None = None  # within a transaction
        self._depth = 0
        self._turn = 0

    # ── transactions ────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def atomically(self) -> Iterator[None]:
        if self._depth:
            yield
            return
        self._forget()
        self._depth = 1
        try:
            with transaction.atomic():
                self._talk, _ = models.Talk.objects.select_for_update().get_or_create(pk=self._peer)
                yield
                self._write()
        finally:
            self._depth = 0
            self._forget()
            self._kept.forget()

    @property
    def turn(self) -> int | None:
        """Which transaction this is; None outside of one."""
        return self._turn if self._depth else None

    def _forget(self) -> None:
        for held in (self._sent, self._got, self._sent_values, self._got_values, self._sent_changed, self._got_changed):
            held.clear()
        self._sent_words.forget()
        self._got_words.forget()
        self._tail = self._talk = None
        self._turn += 1
        if self._cases is not None:
            self._cases.reading.forget()

    def _write(self) -> None:
        """Write what has changed since the last time."""
        self._lacks_changed = False
        if self._tail is not None:
            self._tail.write()
        if self._cases is not None:
            self._cases.reading.write()
        self._kept.write()
        _write(models.Departure.objects.all(), self._sent, self._sent_changed)  # by the digest alone: see `departures`
        _write(models.Arrival.objects.filter(hop=self._peer), self._got, self._got_changed)
        self._sent_words.write(self._sent)
        self._got_words.write(self._got)

    def _held(self, cache: dict[str, Row | None], row: Row) -> Row:
        """The row as it was changed in this transaction; outside of one, as it is in the tables."""
        if not self._depth:
            return row
        held = cache.get(row.digest)
        if held is None:
            held = cache[row.digest] = row
        return held

    # ── the conversation as a whole ─────────────────────────────────────────────────────────────────────────────────

    def look_up(self, *, sent: Iterable[str] = (), got: Iterable[str] = (), sealed: Iterable[str] = ()) -> None:
        new_sent = [digest for digest in sent if digest not in self._sent]
        new_got = [digest for digest in got if digest not in self._got]
        ours = archive.departures(self._peer, new_sent)
        theirs = archive.read(models.Arrival.objects.filter(hop=self._peer, digest__in=new_got)) if new_got else []
        self._sent |= dict.fromkeys(new_sent) | {row.digest: row for row in ours}
        self._got |= dict.fromkeys(new_got) | {row.digest: row for row in theirs}
        self._kept.read(sealed)

    def sealed(self, digest: str) -> bytes:
        self._kept.read([digest])
        return self._kept[digest]

    def words(self, row: Sent | Got, since: int = 0) -> tuple[Signed, ...]:
        if row.words <= since:
            return ()
        if isinstance(row, Sent):
            look: Callable[[str], Sent | Got | None] = self.sent
            rows: Mapping[str, models.Departure | models.Arrival | None] = self._sent
            words = self._sent_words
        else:
            look, rows, words = self.got, self._got, self._got_words
        held = rows.get(row.digest) if look(row.digest) else None
        if held is None:
            raise LookupError(row.digest)
        if not self._depth:
            return tuple(archive.words(held)[since:])
        if words.waiting(row.digest):
            self._write()
        return words.of(held, since, rows.values())

    def settled(self) -> bool:
        if self._talk is not None:
            return self._talk.settled
        return models.Talk.objects.filter(pk=self._peer, settled=True).exists()

    def settle(self, settled: bool) -> None:  # noqa: FBT001
        row = models.Talk.objects.filter(pk=self._peer)
        row.update(settled=settled, **{"greeting": ""} if settled else {})
        if self._talk is not None:
            self._talk.settled = settled

    def unsure(self, since: int) -> None:
        moment = datetime.fromtimestamp(since, UTC)
        self._ours().filter(stage=Stage.RELAY, made_at__gt=moment).update(made_at=moment)
        self._sent.clear()
        self._sent_values.clear()

    def form(self) -> int:
        if self._talk is not None:
            return self._talk.form
        return models.Talk.objects.filter(pk=self._peer).values_list("form", flat=True).first() or 0

    def hear(self, heard: Heard) -> None:
        noted = {field: getattr(heard, name) for field, name in _HEARD.items()}
        models.Talk.objects.filter(pk=self._peer).update(**noted)
        if self._talk is not None:
            for field, value in noted.items():
                setattr(self._talk, field, value)

    def heard(self) -> Heard:
        row = self._talk or models.Talk.objects.filter(pk=self._peer).first()
        return Heard() if row is None else Heard(**{name: getattr(row, field) for field, name in _HEARD.items()})

    def doubt(self, code: str) -> None:
        if code.startswith(_DOUBTS):
            models.Talk.objects.filter(pk=self._peer, doubted=False).update(doubted=True)

    def reminded(self, signed_at: int, now: float) -> None:
        self._stand_aside()
        if self._cases is not None:
            self._cases.lost(datetime.fromtimestamp(signed_at, UTC), datetime.fromtimestamp(now, UTC))

    def tell(self, alarm: Alarm) -> None:
        at = datetime.fromtimestamp(alarm.at, UTC)
        if alarm.envelope:
            note_alarm(self._peer, alarm.code, alarm.envelope, at=at, evidence=alarm.evidence)
        else:
            note_alarm_daily(self._peer, alarm.code, at=at)

    # ── ours ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ours(self) -> QuerySet[models.Departure]:
        """Our rows in the tables, with everything that was changed a moment ago."""
        self._write()
        return models.Departure.objects.filter(peer=self._peer)

    def _all_sent(self, rows: QuerySet[models.Departure]) -> list[Sent]:
        return [self._sent_value(self._held(self._sent, row)) for row in archive.read(rows)]

    def _sent_value(self, row: models.Departure) -> Sent:
        value = self._sent_values.get(row.digest) if self._depth else None
        if value is None:
            value = self._sent_values[row.digest] = _sent(row)
        return value

    def sent(self, digest: str) -> Sent | None:
        if digest not in self._sent or not self._depth:
            self._sent[digest] = models.Departure.objects.filter(peer=self._peer, digest=digest).first()
        row = self._sent[digest]
        return None if row is None else self._sent_value(row)

    def sent_number(self, number: int) -> Sent | None:
        return next(iter(self._all_sent(self._ours().filter(number=number))), None)

    def sent_last(self) -> int:
        return self._ours().aggregate(last=Max("number"))["last"] or 0

    def sent_gaps(self, limit: int) -> tuple[int, ...]:
        return _gaps(self._ours(), limit)

    def sent_due(self, stages: Collection[Stage], now: float, horizon: float, limit: int) -> Iterable[Sent]:
        due = Q(next_at__lte=now) | Q(next_at__gt=now + horizon)
        return self._all_sent(self._ours().filter(due, stage__in=stages).order_by("number")[:limit])

    def sent_to_ask(self, stages: Collection[Stage], now: float, horizon: float, limit: int) -> Sequence[str]:
        found: list[str] = []
        for stage in sorted(stages):  # each by its index: thousands may wait for an officer
            rows = self._ours().filter(stage=stage).order_by("next_at")
            for due in (Q(next_at__lte=now), Q(next_at__gt=now + horizon)):
                found += rows.filter(due).values_list("digest", flat=True)[: limit - len(found)]
                if len(found) == limit:
                    return found
        return found

    def sent_spans(self, stages: Collection[Stage]) -> Mapping[Stage, tuple[float, float]]:
        self._write()
        names, ends = sorted(stages), ("ASC", "DESC")
        each = "(SELECT next_at FROM node_departure WHERE peer = %s AND stage = %s ORDER BY next_at {} LIMIT 1)"
        with connection.cursor() as cursor:  # one end of an index each; an aggregate would look at all that waits
            cursor.execute(
                "SELECT " + ", ".join(each.format(end) for _ in names for end in ends),
                [value for name in names for _ in ends for value in (self._peer, name)],
            )
            found = cursor.fetchone()
        spans = zip(names, zip(found[::2], found[1::2], strict=True), strict=True)
        return {stage: span for stage, span in spans if span[0] is not None}

    def sent_late(self, deadlines: Mapping[Stage, int], now: float, limit: int) -> Iterable[Sent]:
        found: list[Sent] = []
        for stage, seconds in deadlines.items():
            rows = self._ours().filter(stage=stage, told=False).order_by("since")
            for late in (Q(since__lt=now - seconds), Q(since__gt=now)):
                found += self._all_sent(rows.filter(late)[: limit - len(found)])
        return found

    def sent_put_off(self) -> Iterable[Sent]:
        return self._all_sent(self._ours().filter(stage=Stage.RELAY, trouble="conversation.unsettled"))

    def sent_lost(self, have: Have, limit: int) -> Iterable[Sent]:
        lost = Q(number__gt=have.got) | Q(number__in=have.got_gaps)
        return self._all_sent(self._ours().filter(lost, relayed=True).order_by("number")[:limit])

    def says(self, digest: str) -> bool:
        """Whether an envelope of ours for the peer holds this statement."""
        return self._ours().filter(says=digest).exists()

    def sent_pending(self) -> Iterable[Sent]:
        return self._all_sent(self._ours().filter(pending=True).order_by("number"))

    def put_sent(self, row: Sent, envelope: bytes | None = None, *, words: Sequence[Signed] = ()) -> None:
        self._departure(row, envelope, words)

    def _departure(self, row: Sent, envelope: bytes | None = None, words: Sequence[Signed] = ()) -> models.Departure:
        held = self._sent.get(row.digest) if self.sent(row.digest) else None
        if held is None:
            if envelope is None:
                raise LookupError(row.digest)
            _, says = commitment(envelope)
            self._kept.keep(row.digest, envelope)
            held = models.Departure(
                digest=row.digest, peer=self._peer, says=says, after=list(row.after),
                prove_at=row.made_at + _PROVED_AFTER,
            )  # fmt: skip
            self._sent[row.digest] = held
            self._sent_changed[row.digest] = None
        before = self._sent_values.get(row.digest)
        names = [name for name in _SENT if before is None or getattr(before, name) != getattr(row, name)]
        for name in names:
            setattr(held, name, getattr(row, name))
        if before is None or before.made_at != row.made_at:
            held.made_at = datetime.fromtimestamp(row.made_at, UTC)
            names.append("made_at")
        _note_words(self._sent_words, row, before, words)
        if held.statement and not row.pending:
            held.statement = b""
            names.append("statement")
        held.trouble = held.trouble[:200]
        _note(self._sent_changed, row.digest, names)
        self._sent_values[row.digest] = row
        return held

    def take_back(self, row: Sent, own: Own) -> None:
        self._departure(row, own.item.envelope).statement = own.statement
        _note(self._sent_changed, row.digest, ["statement"])

    def adopt(self, row: Sent) -> None:
        held = self._departure(row)
        self._stand_aside()
        if self._cases is not None:
            self._cases.adopt(held)

    # ── the peer's ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _theirs(self) -> QuerySet[models.Arrival]:
        self._write()
        return models.Arrival.objects.filter(hop=self._peer)

    def _all_got(self, rows: QuerySet[models.Arrival]) -> list[Got]:
        return [self._got_value(self._held(self._got, row)) for row in archive.read(rows)]

    def _got_value(self, row: models.Arrival) -> Got:
        value = self._got_values.get(row.digest) if self._depth else None
        if value is None:
            value = self._got_values[row.digest] = _got(row)
        return value

    def got(self, digest: str) -> Got | None:
        if digest not in self._got or not self._depth:
            self._got[digest] = models.Arrival.objects.filter(hop=self._peer, digest=digest).first()
        row = self._got[digest]
        return None if row is None else self._got_value(row)

    def got_taken(self, numbers: Collection[int]) -> set[int]:
        rows = self._theirs().filter(number__in=list(numbers)).values_list("number", flat=True)
        return {number for number in rows if number is not None}

    def got_last(self) -> int:
        return self._theirs().aggregate(last=Max("number"))["last"] or 0

    def got_gaps(self, limit: int) -> tuple[int, ...]:
        return _gaps(self._theirs(), limit)

    def got_last_at(self) -> int:
        last = self._theirs().aggregate(last=Max("at"))["last"]
        return int(last.timestamp()) if last else 0

    def got_ready(self, limit: int) -> Iterable[Got]:
        return self._all_got(self._ready()[:limit])

    def _lacking(self) -> QuerySet[models.Arrival]:
        """Those that lack something; what lacks nothing, before and after it was changed, need not be written for that."""
        rows = self._theirs() if self._lacks_changed else models.Arrival.objects.filter(hop=self._peer)
        return rows.filter(status=Status.WAITING, lacks__gt="")

    def got_lacking(self, digests: Collection[str], limit: int = 0) -> Iterable[Got]:
        rows = self._lacking()
        if digests and not rows.exists():  # mostly; and the other question takes as long as it has digests
            return []
        rows = rows.filter(lacks__in=list(digests)) if digests else rows
        return self._all_got(rows.order_by("entry")[: limit or None])

    def got_lacking_count(self) -> int:
        return self._lacking().count()

    def got_missing(self, limit: int) -> Iterable[str]:
        self._write()
        here = models.Arrival.objects.filter(hop=self._peer, digest=OuterRef("lacks"))
        ours = models.Departure.objects.filter(peer=self._peer, digest=OuterRef("lacks"))
        wanted = self._lacking().filter(~Exists(here), ~Exists(ours))
        return wanted.order_by().values_list("lacks", flat=True).distinct()[:limit]

    def got_lost(self, have: Have, limit: int) -> Iterable[Got]:
        lost = Q(number__gt=have.sent) | Q(number__in=have.sent_gaps)
        return self._all_got(self._theirs().filter(lost).order_by("number")[:limit])

    def put_got(self, row: Got, envelope: bytes | None = None, *, words: Sequence[Signed] = ()) -> None:
        held = self._got.get(row.digest) if self.got(row.digest) else None
        if held is None:
            if envelope is None:
                raise LookupError(row.digest)
            entry = self.log().append(messages.logged_receipt(row.digest))
            self._kept.keep(row.digest, envelope)
            held = models.Arrival(digest=row.digest, hop=self._peer, number=row.number or None,
                                  after=list(row.after), at=datetime.fromtimestamp(row.at, UTC), entry=entry,
                                  size=len(envelope))  # fmt: skip
            self._got[row.digest] = held
            self._got_changed[row.digest] = None
        self._lacks_changed |= bool(held.lacks or row.lacks)
        held.status, held.lacks, held.words, held.said_at = row.status, row.lacks, row.words, row.said_at
        _note_words(self._got_words, row, self._got_values.get(row.digest), words)
        _note(self._got_changed, row.digest, _GOT)
        self._got_values[row.digest] = row

    def statement(self, row: Got) -> bytes:
        # Its own alone: a peer that got hold of what another State sealed for this one must not have it opened here.
        try:
            held = opened(self.sealed(row.digest), home=self._settings.state, keys=self._settings.openings)
            return held if claimed_sender(held) == self._peer else b""
        except BrokenSeal:
            return b""

    def prepare(self, limit: int, most_bytes: int) -> None:
        if self._cases is None or self._depth:
            return
        rows = list(self._ready().values_list("digest", "at", "size")[: 2 * limit])
        known = self._cases.reading.still([digest for digest, *_ in rows], limit)
        now = max(0, limit - len(known))
        rest = [row for row in rows if row[0] not in known]
        size = self._open(rest[:now], most_bytes)
        later = rest[now:]
        # To begin while others write would be to wait: what comes after these is opened instead.
        while later and size < most_bytes and occupied():
            size += self._open(later[:_STEP], most_bytes - size)
            later = later[_STEP:]

    def _open(self, rows: Sequence[tuple[str, datetime, int]], most_bytes: int) -> int:
        """Open what arrived then under these digests, until so many bytes are reached; how many they were.

        Args:
            rows: digest, time of arrival and size of each.
            most_bytes: the one that reaches it is the last.
        """
        if not rows or self._cases is None:
            return 0
        before = accumulate((size for *_, size in rows), initial=0)
        some = [row for row, size in zip(rows, before, strict=False) if size < most_bytes]
        self._kept.read(digest for digest, *_ in some)
        self._cases.reading.ahead((digest, at, self._kept[digest]) for digest, at, _ in some)
        return sum(size for *_, size in some)

    def _ready(self) -> QuerySet[models.Arrival]:
        return self._theirs().filter(status=Status.WAITING, lacks="").order_by("entry")

    def admit(self, row: Got) -> str:
        held = self._got[row.digest]
        if held is None:
            raise LookupError(row.digest)
        if self._cases is not None:
            self._cases.reading.read(held, self.sealed(row.digest), self._stand_aside)
        _note(self._got_changed, row.digest, _GOT)
        return held.code

    def log(self) -> Tail:
        """The end of this node's log, within a transaction."""
        self._tail = self._tail or Tail()
        return self._tail

    def place(self, digest: str) -> int:
        """The place in the log of an envelope of the peer's, which was looked up. Raises LookupError."""
        held = self._got.get(digest)
        if held is None:
            raise LookupError(digest)
        return held.entry

    def _stand_aside(self) -> None:
        """Before others write in this transaction: everything is in the tables, and the log's end is theirs."""
        self._write()
        self._tail = None


def _note_words(words: Words, row: Sent | Got, before: Sent | Got | None, anew: Sequence[Signed]) -> None:
    """Note that `anew` are the last words about `row`, where that is new."""
    known = before.words if before else 0
    if anew or row.words != known:
        words.note(row.digest, known, row.words - len(anew), anew)


def _note(fresh: dict[str, set[str] | None], digest: str, names: Iterable[str]) -> None:
    """Note that these fields of a row may have changed; a new row is written whole anyway."""
    noted = fresh.setdefault(digest, set())
    if noted is not None:
        noted.update(names)


def _write(table: QuerySet[Row], rows: dict[str, Row | None], fresh: dict[str, set[str] | None]) -> None:
    """Write to `table` the rows named in `fresh`: first what has changed of some, which may give numbers free; new ones whole.

    An index is written anew for each field of it that is named, whether that has another value or not.
    """
    alike: dict[frozenset[str], list[Row]] = {}
    new: list[Row] = []
    for digest, names in fresh.items():
        if (row := rows[digest]) is not None:
            (new if names is None else alike.setdefault(frozenset(names), [])).append(row)
    for fields, some in alike.items():
        if fields:  # else it was noted as it is
            changed(table.model, some, sorted(fields), key=["id"])
    inserted(table.model, new)
    ids = dict(table.filter(digest__in=[row.digest for row in new]).values_list("digest", "pk")) if new else {}
    for row in new:
        row.pk = ids[row.digest]
    fresh.clear()


def _gaps(rows: QuerySet[Any], limit: int) -> tuple[int, ...]:
    """The first numbers below the highest of `rows` that none of them has."""
    found = rows.aggregate(last=Max("number"), count=Count("number"))
    if (found["last"] or 0) == found["count"]:
        return ()
    gaps: list[int] = []
    expected = 1
    for number in rows.filter(number__isnull=False).order_by("number").values_list("number", flat=True).iterator():
        gaps += range(expected, min(number, expected + limit - len(gaps)))
        if len(gaps) >= limit:
            break
        expected = number + 1
    return tuple(gaps)


def _sent(row: models.Departure) -> Sent:
    return Sent(
        row.number, row.digest, tuple(row.after), int(row.made_at.timestamp()), Stage(row.stage), row.next_at,
        row.since, row.attempts, row.told, row.relayed, row.pending, row.trouble, row.words, row.said_at,
    )  # fmt: skip


def _got(row: models.Arrival) -> Got:
    return Got(
        row.number or 0,
        row.digest,
        tuple(row.after),
        int(row.at.timestamp()),
        Status(row.status),
        row.lacks,
        row.words,
        row.said_at,
    )
