"""Encrypted streams: of any size, at constant memory, and never with a chunk moved, lost or cut off."""

import hashlib
import time
import tracemalloc

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import BrokenSeal
from comity.seal import stream
from comity.seal.stream import CHUNK, TAG, decrypt, encrypt, subkey

KEY = bytes(range(32))
BORDERS = [0, 1, TAG - 1, TAG, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK]


def content(size: int) -> bytes:
    """Give `size` bytes that differ from chunk to chunk."""
    return hashlib.shake_256(b"content").digest(size)


def closed(data: bytes, key: bytes = KEY) -> bytes:
    """Encrypt at once."""
    return b"".join(encrypt([data], key))


def opened(data: bytes, key: bytes = KEY) -> bytes:
    """Decrypt at once."""
    return b"".join(decrypt([data], key))


def refused(data: bytes, key: bytes = KEY) -> bool:
    """Whether a stream is refused, with the one code there is."""
    try:
        opened(data, key)
    except BrokenSeal as error:
        return error.code == "stream.chunk"
    return False


def parts(data: bytes) -> list[bytes]:
    """Cut an encrypted stream at its chunks."""
    return [data[start : start + CHUNK + TAG] for start in range(0, len(data), CHUNK + TAG)]


@pytest.mark.parametrize("size", BORDERS)
def test_sizes_around_borders(size):
    """At and beside every chunk border: comes back whole, is as long as said, and ends in a marked chunk."""
    data = content(size)
    sealed = closed(data)
    assert opened(sealed) == data
    assert len(parts(sealed)) == max(1, -(-size // CHUNK))
    assert len(sealed) == size + TAG * len(parts(sealed))


@pytest.mark.parametrize("size", [0, 1, 5, 2 * CHUNK, 2 * CHUNK + 7])
def test_pieces_do_not_matter(size):
    """However the bytes arrive, one by one, in odd pieces or with empty ones, the stream is the same."""
    data = content(size)
    whole = closed(data)
    for step in (size or 1, 65_536, 1_000_003):
        pieces = [b"", *[data[start : start + step] for start in range(0, size, step)], b""]
        assert b"".join(encrypt(pieces, KEY)) == whole
    for step in (4096, CHUNK, CHUNK + TAG, CHUNK + TAG + 1, len(whole)):
        pieces = [b"", *[whole[start : start + step] for start in range(0, len(whole), step)], b""]
        assert b"".join(decrypt(pieces, KEY)) == data


def test_nothing_is_still_something():
    """The empty stream has one tag, so that nothing at all is no stream."""
    assert len(closed(b"")) == TAG
    assert b"".join(encrypt([], KEY)) == closed(b"")
    assert refused(b"")
    assert list(decrypt([closed(b"")], KEY)) == [b""]


@pytest.mark.parametrize("size", [1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 5])
def test_every_truncation_at_a_border(size):
    """Cut off at, just before or just after any chunk border: refused, although each chunk left is genuine."""
    sealed = closed(content(size))
    for border in range(0, len(sealed) + 1, CHUNK + TAG):
        for cut in (border - TAG - 1, border - TAG, border - 1, border, border + 1, border + TAG):
            if 0 <= cut < len(sealed):
                assert refused(sealed[:cut]), cut
    assert refused(sealed[:-1])
    assert refused(sealed + b"\0")
    assert refused(sealed + closed(b""))


# What is done to a stream of four chunks, the last one short -> whether it is refused.
MOVES = [
    ("nothing", [0, 1, 2, 3], False),
    ("the first two exchanged", [1, 0, 2, 3], True),
    ("the last two exchanged", [0, 1, 3, 2], True),
    ("the last one first", [3, 0, 1, 2], True),
    ("one doubled", [0, 1, 1, 2, 3], True),
    ("the last one doubled", [0, 1, 2, 3, 3], True),
    ("one in another's place", [0, 1, 1, 3], True),
    ("the first one left out", [1, 2, 3], True),
    ("one left out", [0, 2, 3], True),
    ("the last one left out", [0, 1, 2], True),
    ("the last one alone", [3], True),
    ("the first one alone", [0], True),
]


@pytest.mark.parametrize(("order", "bad"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES])
def test_chunks_stay_in_their_places(order, bad):
    """No chunk is exchanged, repeated, left out or made the last one."""
    cut = parts(closed(content(3 * CHUNK + 100)))
    assert refused(b"".join(cut[number] for number in order)) is bad


def test_full_chunks_stay_in_their_places_too():
    """The same where the last chunk is full, so that its length gives nothing away."""
    first, second = parts(closed(content(2 * CHUNK)))
    assert refused(second + first)
    assert refused(first)
    assert refused(second)
    assert refused(first + second + second)


def test_other_streams_lend_no_chunk():
    """A chunk of another stream, under the same key or another, at the same place, is refused."""
    data, other = content(2 * CHUNK + 1), bytes(2 * CHUNK + 1)
    mine = parts(closed(data, subkey(KEY, "exhibits")))
    for strange in (subkey(KEY, "manifest"), subkey(bytes(32), "exhibits")):
        theirs = parts(closed(other, strange))
        for place in range(3):
            mixed = [*mine]
            mixed[place] = theirs[place]
            assert refused(b"".join(mixed), subkey(KEY, "exhibits"))


def test_keys_and_labels():
    """Another key or another label opens nothing, and labels give unlike keys."""
    sealed = closed(b"secret", subkey(KEY, "exhibits"))
    assert opened(sealed, subkey(KEY, "exhibits")) == b"secret"
    assert refused(sealed, subkey(KEY, "manifest"))
    assert refused(sealed, subkey(KEY, ""))
    assert refused(sealed, subkey(bytes(32), "exhibits"))
    assert refused(sealed, KEY)
    derived = [subkey(KEY, label) for label in ("", "exhibits", "manifest", "manifest ", "نشانه")]
    assert len(set(derived)) == len(derived)
    assert {len(key) for key in derived} == {stream.KEY}


def test_the_form_is_what_it_says():
    """A chunk is AES-256-GCM under its number in 11 bytes and the mark of the last: another State can write it so."""
    data, cipher = content(CHUNK + 10), AESGCM(KEY)
    first, last = parts(closed(data))
    assert cipher.decrypt(bytes(11) + b"\0", first, None) == data[:CHUNK]
    assert cipher.decrypt((1).to_bytes(11, "big") + b"\1", last, None) == data[CHUNK:]


def test_chunks_come_out_before_the_end():
    """Each chunk is given out as soon as it is known to be genuine and not the last; a bad one stops it there."""
    sealed = bytearray(closed(content(3 * CHUNK)))
    sealed[2 * (CHUNK + TAG) + 5] ^= 1
    reader, found = decrypt([bytes(sealed)], KEY), []
    with pytest.raises(BrokenSeal, match="Chunk 2"):
        found.extend(reader)
    assert b"".join(found) == content(3 * CHUNK)[: 2 * CHUNK]


def test_many_small_pieces():
    """A megabyte in pieces of ten bytes costs no more than a moment: thousands of small files are the usual case."""
    began, piece = time.monotonic(), bytes(10)
    pieces = [piece] * (CHUNK // 5)
    assert len(b"".join(encrypt(pieces, KEY))) == 10 * len(pieces) + 2 * TAG
    assert time.monotonic() - began < 2


def test_constant_memory():
    """64 MiB pass through both ways at the price of a few chunks."""
    block, count = content(1 << 16), 1024

    def source():
        for _ in range(count):
            yield block

    tracemalloc.start()
    size, digest = 0, hashlib.sha256()
    for piece in decrypt(encrypt(source(), KEY), KEY):
        size += len(piece)
        digest.update(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == count << 16
    assert digest.digest() == hashlib.sha256(block * count).digest()
    assert peak < 16 * CHUNK


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.data())
def test_any_change_is_found(data, draw):
    """With small chunks, any byte changed, lost or put in anywhere is found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK", 16)
        sealed = bytearray(closed(data))
        assert opened(bytes(sealed)) == data
        place = draw.draw(st.integers(0, len(sealed) - 1))
        match draw.draw(st.sampled_from(["change", "lose", "put in"])):
            case "change":
                sealed[place] ^= draw.draw(st.integers(1, 255))
            case "lose":
                del sealed[place : place + draw.draw(st.integers(1, 64))]
            case _:
                sealed[place:place] = draw.draw(st.binary(min_size=1, max_size=64))
        assert refused(bytes(sealed))
