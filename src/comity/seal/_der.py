"""Whether bytes are in the distinguished encoding of ASN.1, as far as a parser that takes more than that needs it settled."""

from __future__ import annotations

from typing import Final

_MAX_DEPTH: Final = 24  # a CAdES signature reaches 13, a time stamp with its certificates 16


def is_der(raw: bytes, depth: int = 0) -> bool:
    """Tell whether all lengths are definite and as short as can be (X.690, 10.1), and all tags short.

    asn1crypto could write the whole anew for comparison, at a cost that doubles with each level.
    """
    at = 0
    while at < len(raw):
        tag, length, at = raw[at], int.from_bytes(raw[at + 1 : at + 2]), at + 2
        if length & 0x80:
            octets = raw[at : at + (length & 0x7F)]
            at, length = at + (length & 0x7F), int.from_bytes(octets)
            if length < 0x80 or octets[0] == 0:
                return False
        content = raw[at : at + length]
        if at + length > len(raw) or tag & 0x1F == 0x1F or depth > _MAX_DEPTH:
            return False
        if tag & 0x20 and not is_der(content, depth + 1):
            return False
        at += length
    return at == len(raw)
