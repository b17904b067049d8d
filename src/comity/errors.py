"""Every exception of Comity, in one tree.

::

    ComityError                 something cannot be done; `code` is stable, `where` names the place
    ├── Invalid                 a person's or a file's input is not usable
    │   └── BrokenLawbook       a law book contradicts itself or the form
    ├── NotPossible             the act does not fit the case as it stands
    │   ├── NotYours            the officer lacks the power, or would approve his own work
    │   └── NotYet              not at this moment: it goes by itself within seconds
    ├── BrokenSeal              bytes that may not be trusted: signature, key, addressee, canonical form
    ├── BrokenContainer         an ASiC-E file that is not exactly what our writer makes
    ├── BrokenProof             an inclusion or consistency proof that does not hold
    ├── Unreachable             the peer did not answer, or answered with nothing usable
    └── Misconfigured           a node that cannot start; lists every fault at once

A refusal in law is a value (`Assessment`, a decision act), never an exception: an exception means *cannot*.
`code` is public interface: doors translate by it, and it never changes its meaning. The English text is what
the command line and the logs show.
"""

from __future__ import annotations


class ComityError(Exception):
    """Something cannot be done.

    Args:
        message: one sentence in English: what is wrong and what to do.
        code: stable, dotted, lower case, e.g. ``seal.signature``; doors translate by it.
        where: the place in the input (field, offset, line), if there is one.
    """

    def __init__(self, message: str, *, code: str, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.where = where

    def __str__(self) -> str:
        """The message with its place and code, as logs and the command line show it."""
        place = f" [{self.where}]" if self.where else ""
        return f"{self.message}{place} ({self.code})"


class Invalid(ComityError):
    """A person's or a file's input is not usable as it stands."""


class BrokenLawbook(Invalid):
    """A law book contradicts itself or does not follow the form; names file and place."""


class NotPossible(ComityError):
    """The act does not fit the case as it stands: wrong state, wrong side, or something must come before it."""


class NotYours(NotPossible):
    """The officer lacks the power for this act, or four eyes are required and he is the second pair already."""


class NotYet(NotPossible):
    """Not at this moment: what stands in the way goes by itself, mostly within seconds; the same again will do then."""


class BrokenSeal(ComityError):
    """Bytes that may not be trusted."""


class BrokenContainer(ComityError):
    """An ASiC-E container that is not exactly the form our writer makes."""


class BrokenProof(ComityError):
    """A Merkle proof or checkpoint that does not hold."""


class Unreachable(ComityError):
    """The peer did not answer, or its answer could not be used. To be tried again later."""


class Misconfigured(ComityError):
    """A node that cannot start: the message lists every fault found."""
