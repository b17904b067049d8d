"""The frozen vectors, and the keys that made them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from comity.seal import canon, envelope, keys, trust

VECTORS = Path(__file__).parent / "vectors"
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
UNTIL = AT.replace(year=2027)
BINARY = frozenset({"container", "envelope", "offer", "answer"})  # in base64 there


def vector(name: str) -> tuple[dict, dict]:
    """(what is expected, what is given) in a frozen vector."""
    found = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return found["expect"], found["given"]


def bytes_of(name: str) -> bytes:
    """The frozen bytes of a vector."""
    given_ = vector(name)[1][name]
    return canon.unb64(given_) if name in BINARY else given_.encode()


def parts_of(data: bytes) -> tuple[dict, bytes]:
    """The head of what is framed, and the bytes behind it."""
    head, _, rest = data.partition(b"\n")
    return json.loads(head), rest


GIVEN = vector("envelope")[1]
SIGNER = keys.SigningKey(bytes.fromhex(GIVEN["ed25519_seed"]), bytes.fromhex(GIVEN["mldsa65_seed"]))
OPENER = keys.OpeningKey(bytes.fromhex(GIVEN["xwing_seed"]))
LOG = SimpleNamespace(**vector("receipt")[1])
CHAIN = [version.encode() for version in vector("entry")[1]["chain"]]
TRUST = trust.Trust([trust.Grant("IR", SIGNER.public, envelope.KINDS, AT, UNTIL)])
WITNESS = (LOG.witness, bytes.fromhex(LOG.witness_public))
CERTIFICATE = canon.unb64(vector("container")[1]["certificate"])
