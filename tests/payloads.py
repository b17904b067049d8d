"""What reads the payload of each kind of statement, and with which code it refuses: for the vectors, and whoever makes them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from frozen import AT, TRUST

from comity.errors import ComityError
from comity.reporting.release import Release
from comity.seal import canon
from comity.seal.envelope import Statement
from comity.wire import assistance, bag, calls, communities, exchange, figures, messages, shares, standing

LIMIT: Final = 1 << 20


def _act(said: Statement) -> Any:
    """An act, with the request in it."""
    found = messages.read_act(said)
    return found, found.request


def _figures(said: Statement) -> Any:
    """What a State publishes, or what it tells another."""
    return figures.read(said) if said.to else Release.from_dict(canon.loads(said.payload, limit=LIMIT))


def _notice(said: Statement) -> Any:
    """A notice, as its share brings it."""
    return shares.said_in(canon.dumps({"payload": canon.b64(said.payload)}))


def _share(said: Statement) -> Any:
    """A share, with the notice and the object that it carries."""
    return shares.spoken(shares.read(said), carrier=said.sender, trust=TRUST, at=AT)


READ: Final[Mapping[str, Callable[[Statement], Any]]] = {
    "act": _act, "call": calls.read, "figures": _figures, "notice": _notice, "share": _share,
    "community": communities.read, "need": assistance.read, "offer": assistance.read,
    "programme": assistance.read_word, "standing": standing.read,
    "forms": lambda said: exchange.common_form(said.payload),
    "manifest": lambda said: bag.read_manifest(said.payload),
}  # fmt: skip
"""Kind -> its reader; the last two are no statements, and read alone."""


def refused(kind: str, sender: str, to: str, payload: bytes) -> str:
    """The code with which a payload is refused; empty: it is taken."""
    try:
        READ[kind](Statement(kind, sender, to, payload, payload, ""))
    except ComityError as error:
        return error.code
    return ""
