"""Bytes that never change, as one transaction reads and writes them: envelopes, and the signatures of words about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comity.node import archive, models
from comity.node.desk._rows import inserted
from comity.seal import canon
from comity.seal.envelope import Pair, Signed

Row = models.Departure | models.Arrival


class Kept:
    """What of `models.Kept` is at hand; new bytes wait for `write`."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._anew: dict[str, bytes] = {}
        self._pairs: dict[Pair, str] = {}  # of words, to their digests

    def read(self, rows: Iterable[Row], digests: Iterable[str] = ()) -> None:
        """Read together the signatures of the words in these rows, and the bytes of these digests."""
        wanted = {pair for row in rows for pair, _ in row.evidence}.union(digests)
        self._known.update(archive.kept(wanted - self._known.keys()))

    def __getitem__(self, digest: str) -> bytes:
        """The bytes of this digest, which were read or added."""
        return self._known[digest]

    def words(self, row: Row) -> tuple[Signed, ...]:
        """The words about an envelope, whose signatures were read."""
        return tuple(archive.words(row, self._known))

    def _add(self, data: bytes) -> str:
        digest = canon.content_id(data)
        self.keep(digest, data)
        return digest

    def keep(self, digest: str, data: bytes) -> None:
        """Keep `data`, whose digest this is, from the next `write` on."""
        if digest not in self._known:
            self._known[digest] = self._anew[digest] = data

    def note(self, row: Row, words: Sequence[Signed], known: Sequence[Signed]) -> None:
        """Give a row these words, as `archive.words` reads them; it has those that are `known`."""
        if words[: len(known)] != known:
            row.evidence, known = [], ()
        for word in words[len(known) :]:
            row.evidence.append((self._pair(word.pair), word.bare.decode()))

    def _pair(self, pair: Pair) -> str:
        """The digest under which signatures are kept: many words share them."""
        if pair not in self._pairs:
            self._pairs[pair] = self._add(" ".join(pair).encode())
        return self._pairs[pair]

    def write(self) -> None:
        """Write what was added; what is there already, stays."""
        rows = [models.Kept(digest=digest, data=data) for digest, data in self._anew.items()]
        inserted(models.Kept, rows, unless_there=True)
        self._anew.clear()

    def forget(self) -> None:
        """The transaction is over."""
        self._known.clear()
        self._anew.clear()
        self._pairs.clear()
