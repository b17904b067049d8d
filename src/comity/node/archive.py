"""What the tables say: cases, acts, pinned entries, the log's tree. Nothing here writes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState

from comity.casework.lifecycle import Act, Case, advance
from comity.casework.measure import Measure
from comity.errors import Invalid, NotPossible
from comity.ledger import checkpoint as cp
from comity.ledger import log
from comity.node import models
from comity.node.settings import Settings
from comity.seal import canon, envelope, merkle
from comity.seal.envelope import Pair, Signed
from comity.wire import messages
from comity.wire.directory import Entry, Purpose, read_entry, recovered

Row = TypeVar("Row", bound=Model)


def peer_entry(state: str) -> Entry:
    """The pinned entry of `state`. Raises NotPossible: this State is not pinned here."""
    row = models.Peer.objects.filter(pk=state).first()
    if row is None:
        raise NotPossible(f"No directory entry of {state} is pinned at this node.", code="peer.unknown", where=state)
    return _entry(bytes(row.entry))


def hop_keys(state: str, at: datetime) -> list[bytes]:
    """The Ed25519 keys with which the node of `state` may sign HTTP requests now. Raises NotPossible."""
    return [key.public for key in peer_entry(state).valid(Purpose.HOP, at) if isinstance(key.public, bytes)]


def own_entry(settings: Settings) -> Entry:
    """This State's own entry."""
    return _entry((settings.home / "entry.json").read_bytes())


def kept(digests: Collection[str]) -> dict[str, bytes]:
    """The bytes that are kept under these digests."""
    rows = models.Kept.objects.filter(pk__in=digests).values_list("pk", "data") if digests else ()
    return {digest: bytes(data) for digest, data in rows}


def read(rows: QuerySet[Row]) -> list[Row]:
    """The rows of a question, without what Django does for each of them beside: no signals, and nothing deferred.

    Equal values of a column that Django converts (times, flags, JSON) are made once, and are one object: nobody may change it.
    """
    model: Any = rows.model
    names = [column.attname for column in model._meta.concrete_fields]  # noqa: SLF001  this is how Django names it
    compiler: Any = rows.values_list(*names).query.get_compiler(DEFAULT_DB_ALIAS)
    columns = list(zip(*itertools.chain.from_iterable(compiler.execute_sql()), strict=True))
    for place, (makers, column) in compiler.get_converters([column for column, *_ in compiler.select]).items():
        if columns:
            columns[place] = _made(columns[place], [partial(make, expression=column) for make in makers], compiler)
    found: list[Row] = []
    for values in zip(*columns, strict=True):
        row = model.__new__(model)
        row.__dict__.update(zip(names, values, strict=True))
        row._state = ModelState()  # noqa: SLF001  the same
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001  the same
        found.append(row)
    return found


def _made(values: Sequence[Any], makers: Sequence[Callable[..., Any]], compiler: Any) -> list[Any]:
    """What Django's converters make of the values of a column as the database gave them."""
    known: dict[Any, Any] = {}
    for value in {*values}:
        made = value
        for make in makers:
            made = make(made, connection=compiler.connection)
        known[value] = made
    return [known[value] for value in values]


def departures(peer: str, digests: Collection[str]) -> list[models.Departure]:
    """Our rows for `peer` of these envelopes.

    They are asked for by their digests alone: by both, SQLite looks through all that was ever sent to that State.
    """
    rows = read(models.Departure.objects.filter(digest__in=digests)) if digests else ()
    return [row for row in rows if row.peer == peer]


def sealed(row: models.Departure | models.Arrival) -> bytes:
    """The envelope that the row tells of."""
    return kept([row.digest])[row.digest]


def words(row: models.Departure | models.Arrival) -> list[Signed]:
    """The signed words about an envelope, oldest first."""
    return words_of([row]).get(row.pk, [])


def words_of(rows: Sequence[models.Departure | models.Arrival], since: int = 0) -> dict[int, list[Signed]]:
    """The signed words about envelopes of one side, read together, without the first `since` of each.

    Returns:
        id of the row -> its words, oldest first.
    """
    if not rows:
        return {}
    side = "departure" if isinstance(rows[0], models.Departure) else "arrival"
    about = models.Word.objects.filter(**{f"{side}__in": [row.pk for row in rows]}, place__gte=since).order_by("place")
    read = list(about.values_list(f"{side}_id", "pair", "bare"))
    pairs, found = kept({pair for _, pair, _ in read}), dict[int, list[Signed]]()
    for row, pair, bare in read:
        found.setdefault(row, []).append(Signed(bytes(bare), _pair(pairs[pair])))
    return found


@lru_cache(maxsize=256)
def _pair(data: bytes) -> Pair:
    return Pair(*data.decode().split())


def receipt(row: models.Departure) -> dict[str, Any] | None:
    """The addressee's receipt for an envelope of ours, as it travels; None while there is none."""
    if not row.relayed:
        return None
    found: dict[str, Any] = canon.loads(words(row)[0].whole(), limit=envelope.MESSAGE_LIMIT)
    return found


def entries() -> list[Entry]:
    """The newest entry of every pinned State, in the order of their codes."""
    return [_entry(bytes(data)) for data in models.Peer.objects.order_by("state").values_list("entry", flat=True)]


_entry = lru_cache(maxsize=512)(read_entry)  # what does not hold is not remembered


def chain(state: str) -> list[bytes]:
    """The versions of the entry of `state` that this node accepted, oldest first; the last is the one it goes by."""
    rows = models.EntryVersion.objects.filter(state=state, standing=models.EntryVersion.Standing.ACCEPTED)
    return [bytes(data) for data in rows.order_by("version").values_list("data", flat=True)]


def versions(state: str) -> list[Entry]:
    """What `chain` holds, read."""
    return [_entry(data) for data in chain(state)]


def last_recovery(state: str) -> int:
    """The number of the newest accepted version that recovery keys of the one before it signed; 0: there is none."""
    return max((_entry(new).version for old, new in itertools.pairwise(chain(state)) if _led(old, new)), default=0)


@lru_cache(maxsize=512)
def _led(old: bytes, new: bytes) -> bool:
    return recovered(_entry(old), new)


def forks() -> list[models.EntryVersion]:
    """Versions that contradict accepted ones, the newest first: their States have said two things under one number."""
    return list(models.EntryVersion.objects.filter(standing=models.EntryVersion.Standing.FORK).order_by("-pk"))


@dataclass(frozen=True)
class Told:
    """What another State says about a State's entry.

    Args:
        by: who says it.
        version: which version it says there is.
        digest: what names that version.
        at: when it said so.
        agrees: whether this node accepted that very version.
    """

    by: str
    version: int
    digest: str
    at: datetime
    agrees: bool


def told(about: str) -> list[Told]:
    """What others say about the entry of `about`, the newest first: to be shown, never to be gone by."""
    accepted = models.EntryVersion.objects.filter(state=about, standing=models.EntryVersion.Standing.ACCEPTED)
    known = set(accepted.values_list("digest", flat=True))
    rows = models.Said.objects.filter(about=about)
    return [Told(row.by, row.version, row.digest, row.at, row.digest in known) for row in rows]


def load_row(reference: str) -> models.Case:
    """The row that names the case `reference`. Raises Invalid: there is none."""
    row = models.Case.objects.filter(pk=reference).first()
    if row is None:
        raise Invalid(f"There is no case {reference} here.", code="case.unknown", where=reference)
    return row


def load(reference: str, *, home: str) -> Case:
    """The case `reference`, folded from its acts. Raises Invalid: there is none."""
    row = load_row(reference)
    return _folded(row, row.acts.order_by("seq"), home)


def load_all(references: Collection[str], *, home: str) -> dict[str, Case]:
    """Those of these cases that are here, as `load` makes them, read together."""
    rows = {row.pk: row for row in models.Case.objects.filter(pk__in=references)}
    acts: dict[str, list[models.Act]] = {reference: [] for reference in rows}
    for act in read(models.Act.objects.filter(case__in=rows).order_by("seq")) if rows else ():
        acts[act.case_id].append(act)
    return {reference: _folded(row, acts[reference], home) for reference, row in rows.items()}


def _folded(row: models.Case, acts: Iterable[models.Act], home: str) -> Case:
    case = Case(row.reference, row.requesting, row.requested, Measure(row.measure))
    for act in acts:
        case = advance(case, read_stored(act), home=home, restored=act.restored)
    return case


def read_stored(row: models.Act) -> Act:
    """The act in `row`: it was verified before it was stored."""
    return messages.kept_act(row.digest, bytes(row.statement))


def signed(row: models.Act) -> bytes:
    """The act in `row` as its State signed it."""
    return Signed(bytes(row.statement), _pair(kept([row.pair])[row.pair])).whole()


def log_node(level: int, index: int) -> bytes:
    """The hash of a complete subtree of this node's log."""
    return bytes(models.LogNode.objects.values_list("hash", flat=True).get(level=level, index=index))


def log_proof(index: int, note: str, get: merkle.Get = log_node) -> log.Proof:
    """The proof that entry `index` is in the log whose head `note` is, from the subtrees that `get` knows."""
    size = cp.parse(note)[0].size
    return log.Proof(index, tuple(merkle.inclusion(index, size, get)), note)


def log_consistency(old: int, new: int) -> list[bytes]:
    """The proof that this log's tree of `new` entries begins with its tree of `old`."""
    return merkle.consistency(old, new, log_node)
