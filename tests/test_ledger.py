"""The log: what it holds can be proved, what it held is not taken back, its heads are signed as others read them."""

import base64
import hashlib
import json
import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from frozen import vector
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.errors import BrokenProof
from comity.ledger import checkpoint as cp
from comity.ledger import log
from comity.ledger.checkpoint import Checkpoint, check_log, check_witnesses, cosignature, parse, signed
from comity.ledger.log import Proof
from comity.seal import canon, merkle
from comity.seal.keys import NoteKey
from comity.seal.merkle import check_consistency, check_inclusion, leaf_hash

AT = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
LOG = NoteKey("comity.example/IR/log", b"l" * 32)
WITNESS = NoteKey("comity.example/QA/witness", b"w" * 32)
OTHER = NoteKey("comity.example/VN/witness", b"o" * 32)
MOST = 130


# ----------------------------------------------------------------- an independent tree: RFC 6962, 2.1, word for word


def split(count: int) -> int:
    """Find the largest power of two below `count`."""
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def mth(data: list[bytes]) -> bytes:
    """Compute the Merkle Tree Hash."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = split(len(data))
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m: int, data: list[bytes]) -> list[bytes]:
    """Compute the audit path, 2.1.1."""
    if len(data) == 1:
        return []
    k = split(len(data))
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def proof(m: int, data: list[bytes]) -> list[bytes]:
    """Compute the consistency proof, 2.1.2."""
    return subproof(m, data, whole=True)


def subproof(m: int, data: list[bytes], *, whole: bool) -> list[bytes]:
    """Compute a part of it."""
    if m == len(data):
        return [] if whole else [mth(data)]
    k = split(len(data))
    if m <= k:
        return [*subproof(m, data[:k], whole=whole), mth(data[k:])]
    return [*subproof(m - k, data[k:], whole=False), mth(data[:k])]


class Tree:
    """A log as the node keeps it: complete subtrees, written once."""

    def __init__(self, leaves: list[bytes] = ()) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.size = 0
        for leaf in leaves:
            self.append(leaf)

    def get(self, level: int, index: int) -> bytes:
        """Look a subtree up."""
        return self.nodes[level, index]

    def append(self, leaf: bytes) -> None:
        """Add a leaf; nothing that stands is written again."""
        for level, index, value in merkle.appended(self.size, leaf_hash(leaf), self.get):
            assert (level, index) not in self.nodes
            self.nodes[level, index] = value
        self.size += 1

    def root(self, size: int | None = None) -> bytes:
        """Give the root of the first `size` leaves."""
        return merkle.root(self.size if size is None else size, self.get)


LEAVES = [b"leaf %d" % number for number in range(MOST)]
TREE = Tree(LEAVES)
ROOTS = [mth(LEAVES[:size]) for size in range(MOST + 1)]


# ------------------------------------------------------------------------------------- the published example

CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {  # (place from 0, size): path
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_CONSISTENCY = {  # (old size, new size): proof
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def test_the_tree_of_certificate_transparency():
    """Roots and proofs are those that Certificate Transparency's own tests have published for these eight leaves."""
    tree = Tree(CT_LEAVES)
    assert [tree.root(size).hex() for size in range(9)] == CT_ROOTS
    assert merkle.EMPTY_ROOT.hex() == CT_ROOTS[0]
    for (place, size), expected in CT_INCLUSION.items():
        found = merkle.inclusion(place, size, tree.get)
        assert [step.hex() for step in found] == expected
        check_inclusion(leaf_hash(CT_LEAVES[place]), place, size, found, bytes.fromhex(CT_ROOTS[size]))
    for (old, new), expected in CT_CONSISTENCY.items():
        found = merkle.consistency(old, new, tree.get)
        assert [step.hex() for step in found] == expected
        check_consistency(old, new, bytes.fromhex(CT_ROOTS[old]), bytes.fromhex(CT_ROOTS[new]), found)


# --------------------------------------------------------------------------------------------- all small trees


def test_all_inclusion_proofs():
    """Every place of every tree up to 130 leaves: root and path are those of RFC 6962's recursion, and they hold."""
    for size in range(1, MOST + 1):
        assert TREE.root(size) == ROOTS[size]
        for place in range(size):
            found = merkle.inclusion(place, size, TREE.get)
            if size <= 66 or size in (127, 128, 129, 130):
                assert found == path(place, LEAVES[:size])
            check_inclusion(leaf_hash(LEAVES[place]), place, size, found, ROOTS[size])


def test_all_consistency_proofs():
    """Every pair of trees up to 130 leaves: the proof is that of RFC 6962, and it holds."""
    for new in range(1, MOST + 1):
        for old in range(1, new + 1):
            found = merkle.consistency(old, new, TREE.get)
            if new <= 66 or new in (127, 128, 129, 130):
                assert found == proof(old, LEAVES[:new])
            check_consistency(old, new, ROOTS[old], ROOTS[new], found)
        check_consistency(0, new, merkle.EMPTY_ROOT, ROOTS[new], [])


def spoiled(steps: list[bytes], chance: random.Random) -> list[list[bytes]]:
    """Give a proof in all the ways that make another one of it."""
    extra = chance.randbytes(32)
    made = [steps[:-1], steps[1:], [*steps, extra], [extra, *steps], [*steps, *steps[-1:]], [*steps[:1], *steps],
            steps[::-1], [*steps, b""], [*steps[:-1], b""], [*steps[:-1], (steps or [b"x"])[-1] + b"\0"],
            [b"".join(steps)], steps + [bytes(32)] * 70]  # fmt: skip
    for place, step in enumerate(steps):
        bit = chance.randrange(256)
        flipped = bytearray(step)
        flipped[bit // 8] ^= 1 << bit % 8
        made += [[*steps[:place], bytes(flipped), *steps[place + 1 :]], [*steps[:place], *steps[place + 1 :]]]
        made += [[*steps[:place], step[:-1], *steps[place + 1 :]], [*steps[:place], extra, *steps[place:]]]
        for other in range(place):
            swapped = [*steps]
            swapped[place], swapped[other] = swapped[other], swapped[place]
            made.append(swapped)
    return [other for other in made if other != steps]


def test_spoiled_inclusion_proofs():
    """Changed, cut, lengthened, exchanged or badly sized hashes: no inclusion proof survives it."""
    chance, tried = random.Random(3), 0
    for size in (1, 2, 3, 5, 8, 13, 64, 65, 100, 129):
        for place in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
            leaf, steps = leaf_hash(LEAVES[place]), merkle.inclusion(place, size, TREE.get)
            for other in spoiled(steps, chance):
                tried += 1
                assert code(check_inclusion, leaf, place, size, other, ROOTS[size]) == "proof.inclusion"
            for wrong in (leaf_hash(b"another"), bytes(32), b"", leaf + b"\0", LEAVES[place]):
                assert code(check_inclusion, wrong, place, size, steps, ROOTS[size]) == "proof.inclusion"
            for wrong in (ROOTS[size - 1], bytes(32), b"", ROOTS[size][:-1]):
                assert code(check_inclusion, leaf, place, size, steps, wrong) == "proof.inclusion"
    assert tried > 1000


def test_spoiled_consistency_proofs():
    """The same for consistency proofs."""
    chance, tried = random.Random(4), 0
    for new in (1, 2, 3, 5, 8, 13, 64, 65, 100, 129):
        for old in {1, 2, 3, 4, new // 2, new - 1, new} & set(range(1, new + 1)):
            steps = merkle.consistency(old, new, TREE.get)
            for other in spoiled(steps, chance):
                tried += 1
                assert code(check_consistency, old, new, ROOTS[old], ROOTS[new], other) == "proof.consistency"
            for wrong in (bytes(32), b"", ROOTS[old] + b"\0", ROOTS[new] if old != new else ROOTS[new - 1]):
                assert code(check_consistency, old, new, wrong, ROOTS[new], steps) == "proof.consistency"
                assert code(check_consistency, old, new, ROOTS[old], b"\1" * 32, steps) == "proof.consistency"
    assert tried > 1000


def test_a_proof_holds_for_its_place_only():
    """Under the heads of one log, a leaf's proof holds for no other place, and for no other size's head."""
    for size in (2, 3, 7, 8, 20, 33):
        for place in range(size):
            leaf, steps = leaf_hash(LEAVES[place]), merkle.inclusion(place, size, TREE.get)
            for other in range(-2, size + 3):
                assert bool(code(check_inclusion, leaf, other, size, steps, ROOTS[size])) == (other != place)
            for other in range(MOST + 1):
                assert bool(code(check_inclusion, leaf, place, other, steps, ROOTS[other])) == (other != size)


def test_a_consistency_proof_holds_for_its_sizes_only():
    """Under the heads of one log, a proof between two sizes holds between no others."""
    for old, new in ((1, 2), (2, 3), (3, 7), (4, 8), (6, 8), (7, 20), (16, 33)):
        steps = merkle.consistency(old, new, TREE.get)
        for other_old in range(41):
            for other_new in range(41):
                good = (other_old, other_new) == (old, new)
                roots = (ROOTS[other_old], ROOTS[other_new])
                assert bool(code(check_consistency, other_old, other_new, *roots, steps)) != good


def test_a_head_cannot_claim_more_leaves_than_its_root_has():
    """A root signed together with a wrong size: proofs of the true tree do not hold where more steps would be needed."""
    for size, claimed in ((2, 3), (2, 4), (3, 8), (4, 5), (8, 1000), (7, 2**40)):
        steps = merkle.inclusion(0, size, TREE.get)
        assert code(check_inclusion, leaf_hash(LEAVES[0]), 0, claimed, steps, ROOTS[size]) == "proof.inclusion"
        steps = merkle.consistency(1, size, TREE.get)
        assert code(check_consistency, 1, claimed, ROOTS[1], ROOTS[size], steps) == "proof.consistency"


def test_hashes_have_32_bytes():
    """A log that hashed children of odd sizes, to cut them elsewhere later, made no tree: its proofs are refused."""
    leaf, odd = leaf_hash(LEAVES[0]), b"x" * 40
    assert code(check_inclusion, leaf, 1, 2, [odd], merkle.node_hash(odd, leaf)) == "proof.inclusion"
    assert code(check_inclusion, leaf, 0, 2, [odd], merkle.node_hash(leaf, odd)) == "proof.inclusion"
    assert code(check_consistency, 1, 2, leaf, merkle.node_hash(leaf, odd), [odd]) == "proof.consistency"
    assert code(check_consistency, 1, 2, odd, merkle.node_hash(odd, leaf), [leaf]) == "proof.consistency"


RANGES = [
    ("no leaf of an empty tree", lambda: merkle.inclusion(0, 0, TREE.get)),
    ("a place behind the last", lambda: merkle.inclusion(5, 5, TREE.get)),
    ("a place before the first", lambda: merkle.inclusion(-1, 5, TREE.get)),
    ("from nothing on", lambda: merkle.consistency(0, 5, TREE.get)),
    ("backwards", lambda: merkle.consistency(6, 5, TREE.get)),
    ("checked in an empty tree", lambda: check_inclusion(bytes(32), 0, 0, [], merkle.EMPTY_ROOT)),
    ("checked behind the last", lambda: check_inclusion(bytes(32), 1, 1, [], bytes(32))),
    ("checked at a negative place", lambda: check_inclusion(leaf_hash(LEAVES[0]), -1, 1, [], ROOTS[1])),
]


@pytest.mark.parametrize("call", [row[1] for row in RANGES], ids=[row[0] for row in RANGES])
def test_ranges(call):
    """What does not exist is neither proved nor accepted."""
    assert code(call) == "proof.range"


# What is claimed of two heads with an empty proof -> whether it holds.
EMPTY_PROOFS = [
    ("nothing grew from nothing", 0, 0, ROOTS[0], ROOTS[0], True),
    ("everything begins with nothing", 0, 5, ROOTS[0], ROOTS[5], True),
    ("nothing, with a root that is not nothing's", 0, 5, ROOTS[1], ROOTS[5], False),
    ("nothing twice, with a root of something", 0, 0, ROOTS[1], ROOTS[1], False),
    ("the same", 5, 5, ROOTS[5], ROOTS[5], True),
    ("the same size, another root", 5, 5, ROOTS[5], ROOTS[4], False),
    ("backwards", 5, 4, ROOTS[5], ROOTS[4], False),
    ("back to nothing", 5, 0, ROOTS[5], ROOTS[0], False),
    ("no proof", 4, 5, ROOTS[4], ROOTS[5], False),
    ("a negative size", -1, 5, ROOTS[0], ROOTS[5], False),
    ("from below nothing", -4, -3, ROOTS[0], ROOTS[0], False),
]


@pytest.mark.parametrize(("old", "new", "first", "second", "holds"), [r[1:] for r in EMPTY_PROOFS],
                         ids=[r[0] for r in EMPTY_PROOFS])  # fmt: skip
def test_empty_consistency_proofs(old, new, first, second, holds):
    """Without hashes there is little that can be shown."""
    assert bool(code(check_consistency, old, new, first, second, [])) != holds


def test_huge_sizes():
    """Logs of 2^40 and 2^62 entries are walked by their height, also with hostile proofs as long as a message."""
    began, levels = time.monotonic(), [leaf_hash(b"the same in every place")]
    for level in range(63):
        levels.append(merkle.node_hash(levels[level], levels[level]))

    def get(level: int, _index: int) -> bytes:
        return levels[level]

    for size in (2**40, 2**40 + 1, 2**62 - 1):
        root = merkle.root(size, get)
        for place in (0, size // 3, size - 1):
            check_inclusion(get(0, place), place, size, merkle.inclusion(place, size, get), root)
            assert code(check_inclusion, get(0, place), place, size, [bytes(32)] * 30_000, root) == "proof.inclusion"
        old = size // 3
        check_consistency(old, size, merkle.root(old, get), root, merkle.consistency(old, size, get))
        assert code(check_consistency, old, size, bytes(32), root, [bytes(32)] * 30_000) == "proof.consistency"
    assert time.monotonic() - began < 10


def test_leaves_and_nodes_are_told_apart():
    """A node's two children are no leaf: the prefixes of RFC 6962 keep a proof from ending one level too early."""
    left, right = leaf_hash(LEAVES[0]), leaf_hash(LEAVES[1])
    assert merkle.node_hash(left, right) == ROOTS[2]
    assert leaf_hash(left + right) != ROOTS[2]
    assert code(check_inclusion, leaf_hash(left + right), 0, 1, [], ROOTS[2]) == "proof.inclusion"


forks = st.tuples(st.integers(1, 40), st.integers(0, 40), st.integers(0, 39), st.integers(0, 40))


@settings(deadline=None, max_examples=150)
@given(forks, st.data())
def test_no_fork_is_consistent(fork, data):
    """A rewritten history is consistent with the old one by no proof made of what either tree holds."""
    size, more, changed, honest = fork
    changed %= size
    old = Tree([b"%d" % n for n in range(size)])
    new = Tree([b"%d" % n if n != changed else b"rewritten" for n in range(size + more)])
    with pytest.raises(BrokenProof):
        check_consistency(size, size + more, old.root(), new.root(), merkle.consistency(size, size + more, new.get))
    true = Tree([b"%d" % n for n in range(size + honest)])
    with pytest.raises(BrokenProof):
        check_consistency(size, size + more, old.root(), new.root(), merkle.consistency(size, true.size, true.get))
    known = [*old.nodes.values(), *new.nodes.values(), old.root(), new.root()]
    steps = data.draw(st.lists(st.sampled_from(known), max_size=8))
    with pytest.raises(BrokenProof):
        check_consistency(size, size + more, old.root(), new.root(), steps)


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 60), st.data())
def test_only_what_is_there_is_included(size, data):
    """Whatever path is put together from a tree's own hashes shows no leaf but the one at that place."""
    tree = Tree([b"%d" % n for n in range(size)])
    place = data.draw(st.integers(0, size - 1))
    leaf = data.draw(st.sampled_from([*tree.nodes.values(), leaf_hash(b"never logged")]))
    right = merkle.inclusion(place, size, tree.get)
    steps = data.draw(st.just(right) | st.lists(st.sampled_from([*tree.nodes.values(), tree.root()]), max_size=7))
    if code(check_inclusion, leaf, place, size, steps, tree.root()) == "":
        assert leaf == tree.nodes[0, place]
        assert steps == right


# ------------------------------------------------------------------------------------------------- checkpoints

HEAD = Checkpoint(LOG.name, 7, ROOTS[7])
NOTE = signed(HEAD, LOG)
COSIGNED = NOTE + cosignature(HEAD, WITNESS, AT)
SEEN = {WITNESS.name: WITNESS.public}
# The example of C2SP tlog-cosignature (its keys are not published, so that only its form can be read).
C2SP = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def test_the_note_that_others_read():
    """The example in C2SP's own text is read as it says."""
    head, lines = parse(C2SP)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.text + "\n" + "".join(cp._line(*line) for line in lines) == C2SP
    assert int.from_bytes(lines[1][1][4:12], "big") == 1679315147


def test_key_ids_are_those_of_signed_note():
    """Go's published example: the key PeterNeumann+c74f20a3+ARpc2Qc… and its signature, by our id and our verifier."""
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert public[0] == 1
    assert cp._note_id("PeterNeumann", 1, public[1:]).hex() == "c74f20a3"
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    blob = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert blob[:4].hex() == "c74f20a3"
    cp._holds(public[1:], text, blob[4:])


def test_a_checkpoint_by_hand():
    """Another implementation, in six lines, signs and cosigns to the same bytes."""
    text = f"{LOG.name}\n7\n{base64.b64encode(ROOTS[7]).decode()}\n"
    raw = ed25519.Ed25519PrivateKey.from_private_bytes(LOG.seed)
    hint = hashlib.sha256(f"{LOG.name}\n\x01".encode() + LOG.public).digest()[:4]
    assert f"{text}\n— {LOG.name} {base64.b64encode(hint + raw.sign(text.encode())).decode()}\n" == NOTE
    raw = ed25519.Ed25519PrivateKey.from_private_bytes(WITNESS.seed)
    hint = hashlib.sha256(f"{WITNESS.name}\n\x04".encode() + WITNESS.public).digest()[:4]
    seconds = int(AT.timestamp())
    both = hint + seconds.to_bytes(8, "big") + raw.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    assert f"{NOTE}— {WITNESS.name} {base64.b64encode(both).decode()}\n" == COSIGNED


def test_who_signed_and_who_saw():
    """A log's head is read back, and each known witness's moment with it."""
    assert check_log(NOTE, LOG.name, LOG.public) == HEAD
    assert check_log(COSIGNED, LOG.name, LOG.public) == HEAD
    assert check_witnesses(NOTE, SEEN) == {}
    assert check_witnesses(COSIGNED, SEEN) == {WITNESS.name: AT}
    both = COSIGNED + cosignature(HEAD, OTHER, AT + timedelta(seconds=9))
    known = SEEN | {OTHER.name: OTHER.public}
    assert check_witnesses(both, known) == {WITNESS.name: AT, OTHER.name: AT + timedelta(seconds=9)}
    assert check_witnesses(both, {}) == {}


ROOT64 = canon.b64(ROOTS[7])
LINE = NOTE.split("\n\n")[1]

# A note beside the ones that resemble it -> the code of the refusal by its form.
FORMS = [
    ("as it was", NOTE, ""),
    ("cosigned", COSIGNED, ""),
    ("an empty log", signed(Checkpoint(LOG.name, 0, ROOTS[0]), LOG), ""),
    ("the largest log", NOTE.replace("\n7\n", f"\n{2**63 - 1}\n"), ""),
    ("a log larger than that", NOTE.replace("\n7\n", f"\n{2**63}\n"), "checkpoint.form"),
    ("a size of 5,000 digits", NOTE.replace("\n7\n", f"\n{'9' * 5000}\n"), "checkpoint.form"),
    ("a leading zero", NOTE.replace("\n7\n", "\n07\n"), "checkpoint.form"),
    ("a plus sign", NOTE.replace("\n7\n", "\n+7\n"), "checkpoint.form"),
    ("a minus sign", NOTE.replace("\n7\n", "\n-7\n"), "checkpoint.form"),
    ("minus zero", NOTE.replace("\n7\n", "\n-0\n"), "checkpoint.form"),
    ("a space before the size", NOTE.replace("\n7\n", "\n 7\n"), "checkpoint.form"),
    ("an underscore in the size", NOTE.replace("\n7\n", "\n7_0\n"), "checkpoint.form"),
    ("a Persian digit", NOTE.replace("\n7\n", "\n۷\n"), "checkpoint.form"),
    ("a fraction", NOTE.replace("\n7\n", "\n7.0\n"), "checkpoint.form"),
    ("hexadecimal", NOTE.replace("\n7\n", "\n0x7\n"), "checkpoint.form"),
    ("no size", NOTE.replace("\n7\n", "\n\n"), "checkpoint.form"),
    ("no origin", NOTE[len(LOG.name) :], "checkpoint.form"),
    ("a root of 31 bytes", NOTE.replace(ROOT64, canon.b64(bytes(31))), "checkpoint.form"),
    ("a root of 33 bytes", NOTE.replace(ROOT64, canon.b64(bytes(33))), "checkpoint.form"),
    ("a root without padding", NOTE.replace(ROOT64, ROOT64.rstrip("=")), "checkpoint.form"),
    ("a root in hex", NOTE.replace(ROOT64, ROOTS[7].hex()), "checkpoint.form"),
    ("an extension line", NOTE.replace("\n\n", "\nextension\n\n"), "checkpoint.form"),
    ("a line too few", NOTE.replace("\n7\n", "\n"), "checkpoint.form"),
    ("no closing newline", NOTE[:-1], "checkpoint.form"),
    ("two closing newlines", NOTE + "\n", "checkpoint.form"),
    ("no blank line", NOTE.replace("\n\n", "\n"), "checkpoint.form"),
    ("no signature", HEAD.text + "\n", "checkpoint.form"),
    ("no signatures at all", HEAD.text, "checkpoint.form"),
    ("carriage returns", NOTE.replace("\n", "\r\n"), "checkpoint.form"),
    ("a hyphen for the dash", NOTE.replace("—", "-"), "checkpoint.form"),
    ("an en dash", NOTE.replace("—", "–"), "checkpoint.form"),
    ("two spaces", NOTE.replace("— ", "—  "), "checkpoint.form"),
    ("a no-break space", NOTE.replace("— ", "—\u00a0"), "checkpoint.form"),
    ("a signature without padding", NOTE.replace(LINE, LINE.replace("=\n", "\n")), "checkpoint.form"),
    ("a name of nothing", NOTE.replace(LINE, LINE.replace(LOG.name, "")), "checkpoint.form"),
    ("a bell in the origin", NOTE.replace(LOG.name, LOG.name + "\a", 1), "checkpoint.form"),
    ("a zero byte in a name", NOTE + LINE.replace(LOG.name, "x\0"), "checkpoint.form"),
    ("half a surrogate pair", NOTE.replace(LOG.name, "\ud800", 1), "checkpoint.form"),
    ("longer than 8 KiB", NOTE + LINE.replace(LOG.name, "x") * 100, "checkpoint.form"),
    ("nothing", "", "checkpoint.form"),
]


@pytest.mark.parametrize(("note", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_notes_have_one_form(note, expected):
    """A note is read in one form only: numbers, lines, base64 and characters as C2SP has them."""
    assert code(parse, note) == expected
    assert code(check_witnesses, note, SEEN) == expected


IMPOSTOR = NoteKey(LOG.name, b"i" * 32)
ELSEWHERE = NoteKey("comity.example/VN/log", LOG.seed)
COSIGN_AS_LOG = cosignature(HEAD, LOG, AT)

# A note -> what is said to it when Iran's log, with Iran's key, is expected.
SIGNERS = [
    ("the log itself", NOTE, ""),
    ("another key under its name", signed(HEAD, IMPOSTOR), "checkpoint.signature"),
    ("its key under another name", HEAD.text + "\n" + signed(HEAD, ELSEWHERE).split("\n\n")[1], "checkpoint.signature"),
    ("another log, by its own key", signed(Checkpoint(ELSEWHERE.name, 7, ROOTS[7]), ELSEWHERE), "checkpoint.signature"),
    ("another log's head, by this key", signed(Checkpoint(ELSEWHERE.name, 7, ROOTS[7]), LOG), "checkpoint.signature"),
    ("its signature for another size", signed(Checkpoint(LOG.name, 8, ROOTS[7]), LOG).replace("\n8\n", "\n7\n"),
     "checkpoint.signature"),
    ("its signature for another root", NOTE.replace(ROOT64, canon.b64(ROOTS[8])), "checkpoint.signature"),
    ("its cosignature for a signature", HEAD.text + "\n" + COSIGN_AS_LOG, "checkpoint.signature"),
    ("both", NOTE + COSIGN_AS_LOG, ""),
    ("its signature twice", NOTE + LINE, "checkpoint.signature"),
    ("its signature, and an impostor's", NOTE + signed(HEAD, IMPOSTOR).split("\n\n")[1], ""),
    ("its signature, and a line of its id that does not hold",
     NOTE + cp._line(LOG.name, cp._note_id(LOG.name, 1, LOG.public) + bytes(64)), "checkpoint.signature"),
    ("only that line", HEAD.text + "\n" + cp._line(LOG.name, cp._note_id(LOG.name, 1, LOG.public) + bytes(64)),
     "checkpoint.signature"),
    ("its id and no signature", HEAD.text + "\n" + cp._line(LOG.name, cp._note_id(LOG.name, 1, LOG.public)),
     "checkpoint.signature"),
    ("a witness only", HEAD.text + "\n" + cosignature(HEAD, WITNESS, AT), "checkpoint.signature"),
]  # fmt: skip


@pytest.mark.parametrize(("note", "expected"), [row[1:] for row in SIGNERS], ids=[row[0] for row in SIGNERS])
def test_who_signs_for_a_log(note, expected):
    """Only the log's own key, under its own name, for its own origin, once."""
    assert code(check_log, note, LOG.name, LOG.public) == expected


FALSE = NoteKey(WITNESS.name, b"f" * 32)


def cosigned_at(seconds: int, key: NoteKey = WITNESS) -> str:
    """Make a true cosignature that states any number of seconds."""
    signature = key.sign(cp._cosigned_message(HEAD.text, seconds))
    return cp._line(key.name, cp._note_id(key.name, 4, key.public) + seconds.to_bytes(8, "big") + signature)


def blob_of(line: str) -> bytes:
    """Take the bytes out of a signature line."""
    return canon.unb64(line.split(" ")[2].strip())


GOOD = blob_of(cosignature(HEAD, WITNESS, AT))

# Lines added to the log's note -> (the code of the refusal, or who saw it).
COSIGNERS = [
    ("none", "", {}),
    ("the witness", cosignature(HEAD, WITNESS, AT), {WITNESS.name: AT}),
    ("a witness that is not known", cosignature(HEAD, OTHER, AT), {}),
    ("an unknown one that signs rubbish", cp._line("nobody", b"rubbish"), {}),
    ("another key under the witness's name", cosignature(HEAD, FALSE, AT), {}),
    ("the witness, for another head", cosignature(Checkpoint(LOG.name, 8, ROOTS[8]), WITNESS, AT),
     "checkpoint.signature"),
    ("the witness, another time written in", cp._line(WITNESS.name, GOOD[:11] + bytes([GOOD[11] ^ 1]) + GOOD[12:]),
     "checkpoint.signature"),
    ("the witness's id, another's signature",
     cp._line(WITNESS.name, GOOD[:12] + FALSE.sign(cp._cosigned_message(HEAD.text, int(AT.timestamp())))),
     "checkpoint.signature"),
    ("the witness, signing as a log does", signed(HEAD, WITNESS).split("\n\n")[1], {}),
    ("the witness, its plain signature as a cosignature",
     cp._line(WITNESS.name, GOOD[:12] + WITNESS.sign(HEAD.text.encode())), "checkpoint.signature"),
    ("the witness twice", cosignature(HEAD, WITNESS, AT) * 2, "checkpoint.twice"),
    ("the witness at two moments", cosignature(HEAD, WITNESS, AT) + cosigned_at(5), "checkpoint.twice"),
    ("the witness, cut off", cp._line(WITNESS.name, GOOD[:-1]), "checkpoint.signature"),
    ("the witness, its id alone", cp._line(WITNESS.name, GOOD[:4]), "checkpoint.signature"),
    ("the witness, its time alone", cp._line(WITNESS.name, GOOD[:12]), "checkpoint.signature"),
    ("the witness, one byte more", cp._line(WITNESS.name, GOOD + b"\0"), "checkpoint.signature"),
    ("the witness in the year 9999", cosigned_at(253_402_300_799),
     {WITNESS.name: datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)}),
    ("the witness in the year 10000", cosigned_at(253_402_300_800), "checkpoint.twice"),
    ("the witness at the end of time", cosigned_at(2**64 - 1), "checkpoint.twice"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), [row[1:] for row in COSIGNERS], ids=[row[0] for row in COSIGNERS])
def test_who_saw_a_checkpoint(lines, expected):
    """Unknown witnesses are passed over; a known one must hold, once, and state a time that exists."""
    if isinstance(expected, str):
        assert code(check_witnesses, NOTE + lines, SEEN) == expected
    else:
        assert check_witnesses(NOTE + lines, SEEN) == expected
    assert check_log(NOTE + lines, LOG.name, LOG.public) == HEAD


def test_every_byte_of_a_note():
    """One bit flipped in each byte of a cosigned note: it is refused, or says the same with a witness less."""
    chance, raw = random.Random(5), COSIGNED.encode()
    for place in range(len(raw)):
        other = bytearray(raw)
        other[place] ^= 1 << chance.randrange(8)
        try:
            note = other.decode("utf-8")
            assert check_log(note, LOG.name, LOG.public) == HEAD
            assert check_witnesses(note, SEEN) == {}
        except (UnicodeDecodeError, BrokenProof):
            continue


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=80) | st.text("—\n 0123456789+/=abc", max_size=80))
def test_any_text_is_a_note_or_refused(text):
    """Nothing but BrokenProof comes out of text that is no note."""
    for call in (lambda: parse(text), lambda: check_log(text, "o", bytes(32)), lambda: check_witnesses(text, SEEN)):
        try:
            call()
        except BrokenProof:
            continue


# --------------------------------------------------------------------------------------------- entries and proofs


def proved(place: int = 3, size: int = 7, entries: list[bytes] = LEAVES) -> Proof:
    """Prove that an entry stands in the log."""
    tree = Tree(entries[:size])
    note = signed(Checkpoint(LOG.name, size, tree.root()), LOG)
    return Proof(place, tuple(merkle.inclusion(place, size, tree.get)), note)


def test_a_proof_as_it_travels():
    """A proof is read back from JSON as it was, holds for its entry, and for no other."""
    one = proved()
    again = Proof.from_dict(json.loads(json.dumps(one.to_dict())))
    assert again == one
    assert again.check(LEAVES[3], LOG.name, LOG.public, SEEN) == {}
    assert code(again.check, LEAVES[4], LOG.name, LOG.public, SEEN) == "proof.inclusion"
    assert code(again.check, LEAVES[3], ELSEWHERE.name, LOG.public, SEEN) == "checkpoint.signature"
    assert code(again.check, LEAVES[3], LOG.name, WITNESS.public, SEEN) == "checkpoint.signature"
    seen = Proof(3, one.path, one.note + cosignature(HEAD, WITNESS, AT))
    assert seen.check(LEAVES[3], LOG.name, LOG.public, SEEN) == {WITNESS.name: AT}
    lied = Proof(3, one.path, one.note + cosignature(Checkpoint(LOG.name, 9, ROOTS[9]), WITNESS, AT))
    assert code(lied.check, LEAVES[3], LOG.name, LOG.public, SEEN) == "checkpoint.signature"


WRITTEN = proved().to_dict()
PROOF_FORMS = [
    ("as it was", {}, ""),
    ("another place", {"index": 4}, "proof.inclusion"),
    ("a place behind the last", {"index": 7}, "proof.range"),
    ("a negative place", {"index": -1}, "proof.range"),
    ("a place that is text", {"index": "3"}, "proof.form"),
    ("a place that is true", {"index": True}, "proof.form"),
    ("a place that is a fraction", {"index": 3.0}, "proof.form"),
    ("a path that is text", {"path": "00"}, "proof.form"),
    ("a path that is an object", {"path": dict.fromkeys(WRITTEN["path"])}, "proof.form"),
    ("no path", {"path": None}, "proof.form"),
    ("an empty path", {"path": []}, "proof.inclusion"),
    ("capitals", {"path": [step.upper() for step in WRITTEN["path"]]}, "proof.form"),
    ("spaces", {"path": [step + " " for step in WRITTEN["path"]]}, "proof.form"),
    ("numbers", {"path": [1, 2, 3]}, "proof.form"),
    ("no hex", {"path": ["xy" * 32]}, "proof.form"),
    ("a step too short", {"path": [step[:-2] for step in WRITTEN["path"]]}, "proof.inclusion"),
    ("a note that is no text", {"note": 5}, "proof.form"),
    ("no note", {"note": ""}, "checkpoint.form"),
    ("a field too many", {"more": 1}, "proof.form"),
]


@pytest.mark.parametrize(("changes", "expected"), [r[1:] for r in PROOF_FORMS], ids=[r[0] for r in PROOF_FORMS])
def test_forms_of_proofs(changes, expected):
    """A proof from outside is read strictly, and what is read must lead to the head."""

    def checked():
        Proof.from_dict(WRITTEN | changes).check(LEAVES[3], LOG.name, LOG.public, SEEN)

    assert code(checked) == expected


@pytest.mark.parametrize("raw", [None, 5, "x", [], ["index", "path", "note"], {}, [[1]], {"index": 1}])
def test_what_is_no_proof(raw):
    """Anything else is refused by its form."""
    assert code(Proof.from_dict, raw) == "proof.form"


def test_entries_tell_kinds_apart():
    """An act that was made and an envelope that arrived are two entries, also with one digest."""
    digest = "ab" * 32
    assert log.entry(log.ACT, digest) == b'{"digest":"' + digest.encode() + b'","entry":"act"}'
    assert log.entry(log.RECEIVED, digest) != log.entry(log.ACT, digest)


# --------------------------------------------------------------------------------------------------- frozen vectors


def test_frozen_checkpoint():
    """The note made when the format was fixed is made and read to the byte."""
    expect, given_ = vector("checkpoint")
    head = Checkpoint(given_["origin"], given_["size"], bytes.fromhex(given_["root"]))
    assert signed(head, NoteKey(given_["origin"], bytes.fromhex(given_["seed"]))) == expect["note"]
    assert check_log(expect["note"], given_["origin"], bytes.fromhex(given_["public"])) == head
    assert code(check_log, expect["note"], given_["origin"], LOG.public) == "checkpoint.signature"


def test_frozen_cosignature():
    """The same for a witness's line."""
    expect, given_ = vector("cosignature")
    head = Checkpoint(given_["origin"], given_["size"], bytes.fromhex(given_["root"]))
    key = NoteKey(given_["name"], bytes.fromhex(given_["seed"]))
    assert cosignature(head, key, datetime.fromtimestamp(given_["at"], UTC)) == expect["line"]
    note, known = signed(head, LOG) + expect["line"], {key.name: bytes.fromhex(given_["public"])}
    assert check_witnesses(note, known) == {key.name: datetime.fromisoformat(expect["seen"])}
    assert code(check_witnesses, note.replace("\n7\n", "\n8\n"), known) == "checkpoint.signature"


def test_frozen_inclusion():
    """The same for an inclusion proof, over leaves that others have published."""
    expect, given_ = vector("inclusion")
    leaves = [bytes.fromhex(leaf) for leaf in given_["leaves"]]
    root, steps = bytes.fromhex(expect["root"]), [bytes.fromhex(step) for step in expect["path"]]
    tree = Tree(leaves)
    assert tree.root() == root
    assert merkle.inclusion(given_["index"], given_["size"], tree.get) == steps
    check_inclusion(leaf_hash(leaves[given_["index"]]), given_["index"], given_["size"], steps, root)
    assert code(check_inclusion, leaf_hash(b"x"), given_["index"], given_["size"], steps, root) == "proof.inclusion"
