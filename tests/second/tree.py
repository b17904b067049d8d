"""Merkle trees (RFC 6962, section 2), by the recursion of the definition and not by the loop of RFC 9162."""

import hashlib

from second.plain import need


def leaf(data: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def sides(index: int, size: int) -> list[bool]:
    """For each level of the tree, root to leaf: whether the leaf `index` is in the right part."""
    found = []
    while size > 1:
        split = _split(size)
        right = index >= split
        found.append(right)
        index, size = (index - split, size - split) if right else (index, split)
    return found


def root(first: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root of a tree of `size` leaves to which `path` (leaf to root) leads from the hash of leaf `index`."""
    need(0 <= index < size, "no such leaf")
    turns = sides(index, size)[::-1]
    need(len(turns) == len(path) and all(len(step) == 32 for step in [first, *path]), "a path of another tree")
    for right, step in zip(turns, path, strict=True):
        first = node(step, first) if right else node(first, step)
    return first


def _subproof(old: int, new: int, proof: list[bytes], whole: bytes | None) -> tuple[bytes, bytes]:
    """(old root, new root) of a subtree by the rest of a proof, which is used up from its end (RFC 6962, 2.1.2)."""
    if old == new:
        if whole is not None:
            return whole, whole
        need(proof, "a proof too short")
        last = proof.pop()
        return last, last
    need(proof, "a proof too short")
    split, step = _split(new), proof.pop()
    if old <= split:
        before, after = _subproof(old, split, proof, whole)
        return before, node(after, step)
    before, after = _subproof(old - split, new - split, proof, None)
    return node(step, before), node(step, after)


def consistent(old: int, new: int, before: bytes, after: bytes, proof: list[bytes]) -> None:
    """The tree of `new` leaves with root `after` begins with that of `old` leaves with root `before`."""
    need(all(len(step) == 32 for step in [before, after, *proof]), "no hashes")
    need(0 <= old <= new, "a tree does not shrink")
    if old in (0, new):
        empty = hashlib.sha256(b"").digest()
        need(not proof and (before == after if old == new else before == empty), "two histories")
        return
    rest = list(proof)
    found = _subproof(old, new, rest, before)
    need(not rest and found == (before, after), "two histories")
