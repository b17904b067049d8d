"""What never changes, as one transaction reads and writes it: envelopes, and words about them with their signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from comity.node import archive, models
from comity.node.desk._rows import inserted, put
from comity.seal import canon
from comity.seal.envelope import Pair, Signed

Row = models.Departure | models.Arrival


@lru_cache(maxsize=64)  # many statements and words share theirs
def pair_row(pair: Pair) -> models.Kept:
    """The row that keeps two signatures, not in the tables yet."""
    data = " ".join(pair).encode()
    return models.Kept(digest=canon.content_id(data), data=data)


class Kept:
    """What of `models.Kept` is at hand; new bytes wait for `write`."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._anew: dict[str, bytes] = {}

    def read(self, digests: Iterable[str]) -> None:
        """Read the bytes of these digests together."""
        self._known.update(archive.kept(set(digests) - self._known.keys()))

    def __getitem__(self, digest: str) -> bytes:
        """The bytes of this digest, which were read or added."""
        return self._known[digest]

    def keep(self, digest: str, data: bytes) -> None:
        """Keep `data`, whose digest this is, from the next `write` on."""
        if digest not in self._known:
            self._known[digest] = self._anew[digest] = data

    def write(self) -> None:
        """Write what was added; what is there already, stays."""
        put(models.Kept, ["digest", "data"], [*self._anew.items()], unless_there=True)
        self._anew.clear()

    def forget(self) -> None:
        """The transaction is over."""
        self._known.clear()
        self._anew.clear()


class Words:
    """The words about the envelopes of one side; new ones wait for `write`.

    Args:
        side: the column that names an envelope of this side: ``departure`` or ``arrival``.
    """

    def __init__(self, side: str) -> None:
        self._side = side
        # digest -> the first place that was read, and the words from there on
        self._known: dict[str, tuple[int, tuple[Signed, ...]]] = {}
        # digest -> how many there are in the table, how many of them stay, and what follows these
        self._anew: dict[str, tuple[int, int, tuple[Signed, ...]]] = {}

    def waiting(self, digest: str) -> bool:
        """Whether some about this envelope are not written yet."""
        return digest in self._anew

    def of(self, row: Row, since: int, others: Iterable[Row | None]) -> tuple[Signed, ...]:
        """Those about an envelope from this place on; they are read together with those about the others, if need be."""
        if self._lacks(row, since):
            rows = [one for one in (row, *others) if one is not None and self._lacks(one, since)]
            found = archive.words_of(rows, since)
            self._known |= {one.digest: (since, tuple(found[one.pk])) for one in rows if one.pk in found}
        first, words = self._known[row.digest]
        return words[since - first :]

    def _lacks(self, row: Row, since: int) -> bool:
        """Whether some of them are in the table, and were not read."""
        return (
            row.words > since and not self.waiting(row.digest) and self._known.get(row.digest, (row.words,))[0] > since
        )

    def note(self, digest: str, before: int, stay: int, words: Sequence[Signed]) -> None:
        """So many there were about an envelope; so many of them stay, and `words` follow."""
        there, begun, anew = self._anew.get(digest, (before, stay, ()))
        self._anew[digest] = there, min(begun, stay), (*anew[: max(0, stay - begun)], *words)
        self._known.pop(digest, None)

    def write(self, rows: Mapping[str, Row | None]) -> None:
        """Write what was noted about these rows, which are in the tables."""
        made, pairs = [], {}
        for digest, (there, stay, words) in self._anew.items():
            if (row := rows[digest]) is None:
                continue
            if stay < there:
                models.Word.objects.filter(**{self._side: row.pk}, place__gte=stay).delete()
            for place, word in enumerate(words, stay):
                pair = pair_row(word.pair)
                pairs[pair.pk] = pair
                made.append((row.pk, place, word.bare, pair.pk))
        inserted(models.Kept, [*pairs.values()], unless_there=True)
        put(models.Word, [self._side, "place", "bare", "pair"], made)
        self._anew.clear()

    def forget(self) -> None:
        """The transaction is over."""
        self._known.clear()
        self._anew.clear()
