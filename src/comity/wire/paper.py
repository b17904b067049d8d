"""The code on a printed letter: which request of which State the paper claims to be.

::

    COMITY1:IR:IR-2026-0001:9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08

It names the request by the SHA-256 of its canonical JSON, which stands in the act by which the State made the request: two
signatures and the State's log vouch for that act, and no signature that fits a square of paper could do it better. Whoever
copies the code onto another letter gains nothing: the code leads to the act, and the act names the letter.

Source: ISO/IEC 18004 (QR Code), alphanumeric mode: digits, capital letters and ``:`` and ``-`` take least room.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

from comity.casework.request import Request
from comity.errors import Invalid
from comity.seal import canon

_FORM = re.compile(r"COMITY1:([A-Z]{2}):([A-Z]{2}-\d{4}-\d{4,9}):([0-9A-F]{64})")


@dataclass(frozen=True)
class Code:
    """What the code on a letter says.

    Args:
        state: ISO code of the State whose letter it is.
        reference: of the case.
        digest: SHA-256 of the request's canonical JSON, 64 hex digits in lower case.
    """

    state: str
    reference: str
    digest: str

    @classmethod
    def of(cls, request: Request) -> Self:
        """The code of a request's letter."""
        return cls(request.requesting, request.reference, digest_of(request.to_dict()))

    @classmethod
    def read(cls, text: str) -> Self:
        """The code in `text`, as scanned or typed; blanks and lower case do not matter.

        Raises:
            Invalid: `paper.code`: it is none.
        """
        found = _FORM.fullmatch(re.sub(r"\s", "", text).upper())
        if found is None:
            message = "This is no code of a letter: it begins with COMITY1 and ends with 64 hex digits. Scan it again."
            raise Invalid(message, code="paper.code", where=text[:32])
        return cls(found[1], found[2], found[3].lower())

    def __str__(self) -> str:
        """The code as it stands on the letter."""
        return f"COMITY1:{self.state}:{self.reference}:{self.digest.upper()}"


def digest_of(request: dict[str, Any]) -> str:
    """The digest by which a code names a request, given as the act holds it."""
    return canon.content_id(canon.dumps(request))
