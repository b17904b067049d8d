"""What two States tell each other, and nobody else, of the figures of their cases: a `reconciliation.Statement`, signed.

It is a statement of the kind ``figures``, as a release is (`reporting.release`), but with the other State in ``to``; its
payload says which of them it is. What a caller must still do: see that the key was valid at the moment that is stated, and
that it has come.
"""

from __future__ import annotations

from typing import Final

from comity.errors import BrokenSeal, Invalid
from comity.reporting.reconciliation import Statement
from comity.seal import canon, envelope
from comity.seal.keys import SigningKey

FIGURES: Final = "figures"
LIMIT: Final = (
    envelope.MESSAGE_LIMIT // 2
)  # bytes of a payload: in a statement, and exported with it, it grows by a third each


def sign(said: Statement, *, key: SigningKey) -> bytes:
    """The signed statement, for the State that it is said to.

    Raises:
        Invalid: ``between.too-long``: more acts than cross in one message, about 3,000.
    """
    payload = canon.dumps(said.to_dict())
    if len(payload) > LIMIT:
        raise Invalid("There are too many acts for one message. Take a shorter time.", code="between.too-long")
    return envelope.sign(FIGURES, payload, sender=said.by, to=said.to, key=key)


def read(statement: envelope.Statement) -> Statement:
    """What a verified statement of the kind ``figures`` says to the State that it is addressed to.

    Raises:
        Invalid: ``between.form``, ``figures.value`` …: it does not follow its form, or is not plausible.
        BrokenSeal: ``figures.sender``: it is signed by another State than the one whose figures it has, or is about another
            pair than the two that it goes between; or it is not canonical, or too long.
    """
    said = Statement.from_dict(canon.loads(statement.payload, limit=LIMIT))
    if (said.by, said.to) != (statement.sender, statement.to):
        raise BrokenSeal("A State tells its own figures, to the State that they are about.", code="figures.sender")
    return said


def kept(statement: bytes) -> Statement:
    """The same of a statement that was verified before it was kept."""
    outer = canon.loads(statement, limit=envelope.MESSAGE_LIMIT)
    return Statement.from_dict(canon.loads(canon.unb64(outer["payload"]), limit=LIMIT))
