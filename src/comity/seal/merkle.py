"""The Merkle tree of RFC 6962, section 2: hashes, inclusion and consistency proofs.

The tree is kept as its complete subtrees: `(level, index)` is the hash over leaves ``index * 2**level`` to
``(index + 1) * 2**level - 1``. They never change once written, so an append writes its leaf and the subtrees that it
completes. The log is such a tree, and so is what one signature over several statements covers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from comity.errors import BrokenProof

Get = Callable[[int, int], bytes]  # (level, index) -> hash of a complete subtree


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256 over 0x00 and the entry (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 over 0x01 and both children."""
    return hashlib.sha256(b"\1" + left + right).digest()


EMPTY_ROOT = hashlib.sha256(b"").digest()


def appended(size: int, leaf: bytes, get: Get) -> list[tuple[int, int, bytes]]:
    """The (level, index, hash) of every subtree that is complete once `leaf` follows `size` leaves."""
    level, index, value = 0, size, leaf
    written = [(level, index, value)]
    while index % 2 == 1:
        value = node_hash(get(level, index - 1), value)
        level, index = level + 1, index // 2
        written.append((level, index, value))
    return written


def tree(leaves: Sequence[bytes]) -> Get:
    """The complete subtrees of the tree of `leaves` (hashes), in memory."""
    found: dict[tuple[int, int], bytes] = {}

    def get(level: int, index: int) -> bytes:
        return found[level, index]

    for size, leaf in enumerate(leaves):
        found.update({(level, index): value for level, index, value in appended(size, leaf, get)})
    return get


def _range_hash(start: int, end: int, get: Get) -> bytes:
    """MTH of the leaves from `start` to `end` (exclusive); `start` is aligned as RFC 6962's recursion leaves it."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return get(level, start >> level)
    split = 1 << ((count - 1).bit_length() - 1)
    return node_hash(_range_hash(start, start + split, get), _range_hash(start + split, end, get))


def root(size: int, get: Get) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _range_hash(0, size, get) if size else EMPTY_ROOT


def inclusion(index: int, size: int, get: Get) -> list[bytes]:
    """The audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962, 2.1.1), leaf to root."""
    if not 0 <= index < size:
        raise BrokenProof(f"There is no leaf {index} in a tree of {size}.", code="proof.range")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < split:
            path.append(_range_hash(split, end, get))
            end = split
        else:
            path.append(_range_hash(start, split, get))
            start = split
    return path[::-1]


def consistency(old: int, new: int, get: Get) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with the tree of `old` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise BrokenProof(f"A tree of {new} cannot begin with one of {old}.", code="proof.range")
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end - start:
        split = 1 << ((end - start - 1).bit_length() - 1)
        if old <= split:
            proof.append(_range_hash(start + split, end, get))
            end = start + split
        else:
            proof.append(_range_hash(start, start + split, get))
            start, old, whole = start + split, old - split, False
    if not whole:
        proof.append(_range_hash(start, end, get))
    return proof[::-1]


def root_by(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves to which `path` leads from `leaf`, number `index` (RFC 9162, 2.1.3.2).

    Raises:
        BrokenProof: the path is no path of such a tree.
    """
    if not 0 <= index < size:
        raise BrokenProof(f"There is no leaf {index} in a tree of {size}.", code="proof.range")
    _hashes_only([leaf, *path], "proof.inclusion")
    node, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise BrokenProof("The inclusion proof is too long.", code="proof.inclusion")
        if node % 2 == 1 or node == last:
            value = node_hash(sibling, value)
            while node % 2 == 0 and node != 0:
                node, last = node // 2, last // 2
        else:
            value = node_hash(value, sibling)
        node, last = node // 2, last // 2
    if last != 0:
        raise BrokenProof("The inclusion proof is too short.", code="proof.inclusion")
    return value


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> None:
    """Return when `path` shows that `leaf` is number `index` of the tree of `size` leaves with root `expected`.

    Raises:
        BrokenProof: it does not.
    """
    if root_by(leaf, index, size, path) != expected:
        raise BrokenProof("The inclusion proof does not lead to the checkpoint's root.", code="proof.inclusion")


def _hashes_only(values: Sequence[bytes], code: str) -> None:
    """Each of `values` has the length of a hash, or a proof could be cut at other places than the tree was."""
    if not {*map(len, values)} <= {32}:
        raise BrokenProof("A hash of the proof has not 32 bytes.", code=code)


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return when `proof` shows that the tree of `new` leaves begins with the one of `old` (RFC 9162, 2.1.4.2).

    Raises:
        BrokenProof: it does not: one of the two roots belongs to a rewritten history.
    """
    _hashes_only([old_root, new_root, *proof], "proof.consistency")
    if old in {0, new}:
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise BrokenProof("The two roots do not belong to one history.", code="proof.consistency")
        return
    if not 0 < old < new or not proof:
        raise BrokenProof("The two roots do not belong to one history.", code="proof.consistency")
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    node, last = old - 1, new - 1
    while node % 2 == 1:
        node, last = node // 2, last // 2
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BrokenProof("The consistency proof is too long.", code="proof.consistency")
        if node % 2 == 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node % 2 == 0 and node != 0:
                node, last = node // 2, last // 2
        else:
            second = node_hash(second, sibling)
        node, last = node // 2, last // 2
    if last != 0 or first != old_root or second != new_root:
        raise BrokenProof("The two roots do not belong to one history.", code="proof.consistency")
