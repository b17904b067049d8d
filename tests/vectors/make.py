"""Makes the frozen vectors from fixed seeds, once: a file that is there is never written again.

    .venv/bin/python tests/vectors/make.py

Each file says first what is to be expected. The keys in them are for tests and open nothing else. `xwing.json` is not
ours: its values are those of draft-connolly-cfrg-xwing-kem-08, Appendix C.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from comity.ledger import checkpoint
from comity.seal import canon, envelope, merkle
from comity.seal.keys import NoteKey, OpeningKey, SigningKey

HERE = Path(__file__).parent
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SIGNER = SigningKey(b"vector: ed25519 seed of IR ......"[:32], b"vector: ml-dsa-65 seed of IR ...."[:32])
OPENER = OpeningKey(b"vector: x-wing seed of VN ......."[:32])
LOG = NoteKey("comity.example/IR/log", b"vector: note seed of IR ........."[:32])
WITNESS = NoteKey("comity.example/QA/witness", b"vector: witness seed of QA ......"[:32])
PAYLOAD = '{"said":"سلام, đồng nghiệp, dear colleague"}'
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]


def tree(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """Give the complete subtrees over `leaves`."""
    nodes: dict[tuple[int, int], bytes] = {}
    for size, leaf in enumerate(leaves):
        written = merkle.appended(size, merkle.leaf_hash(leaf), lambda level, index: nodes[level, index])
        nodes.update({(level, index): value for level, index, value in written})
    return nodes


def sealed() -> dict[str, dict]:
    """Make the vectors of `comity.seal`."""
    statement = envelope.sign("act", PAYLOAD.encode(), sender="IR", to="VN", key=SIGNER)
    said = {"kind": "act", "sender": "IR", "to": "VN", "payload": PAYLOAD, "key_id": SIGNER.public.id,
            "id": canon.content_id(statement)}  # fmt: skip
    keys = {"ed25519_seed": SIGNER.ed25519.hex(), "mldsa65_seed": SIGNER.mldsa65.hex(), "at": AT.isoformat()}
    closed = envelope.seal(statement, to="VN", key=OPENER.public)
    opening = {"xwing_seed": OPENER.seed.hex(), "home": "VN"}
    return {
        "statement": {"expect": said, "given": keys | {"statement": statement.decode()}},
        "envelope": {
            "expect": said | {"digest": canon.content_id(closed)},
            "given": keys | opening | {"envelope": closed.decode()},
        },
    }


def logged() -> dict[str, dict]:
    """Make the vectors of `comity.ledger`, over the leaves of the tests of Certificate Transparency."""
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    nodes = tree(leaves)
    root = merkle.root(7, lambda level, index: nodes[level, index])
    head = checkpoint.Checkpoint(LOG.name, 7, root)
    path = merkle.inclusion(5, 7, lambda level, index: nodes[level, index])
    note = {"origin": LOG.name, "size": 7, "root": root.hex()}
    return {
        "checkpoint": {
            "expect": {"note": checkpoint.signed(head, LOG)},
            "given": note | {"seed": LOG.seed.hex(), "public": LOG.public.hex()},
        },
        "cosignature": {
            "expect": {"line": checkpoint.cosignature(head, WITNESS, AT), "seen": AT.isoformat()},
            "given": note
            | {"name": WITNESS.name, "seed": WITNESS.seed.hex(), "public": WITNESS.public.hex()}
            | {"at": int(AT.timestamp())},
        },
        "inclusion": {
            "expect": {"root": root.hex(), "path": [step.hex() for step in path]},
            "given": {"leaves": LEAVES[:7], "index": 5, "size": 7},
        },
    }


if __name__ == "__main__":
    for name, vector in (sealed() | logged()).items():
        place = HERE / f"{name}.json"
        if not place.exists():
            place.write_text(json.dumps(vector, ensure_ascii=False, indent=2) + "\n", "utf-8")
            sys.stdout.write(f"made {place.name}\n")
