"""Signatures as a container carries them, and what refuses them."""

from datetime import datetime, timedelta, timezone

from comity.errors import BrokenSeal
from comity.seal.container import CadesKey, cades_check

AT = datetime(2026, 11, 24, 12, 0, 5, 77, tzinfo=timezone(timedelta(hours=3, minutes=30)))
SPAN = {"not_before": AT - timedelta(days=1), "not_after": AT + timedelta(days=730)}
KEY = CadesKey.generate("Comity node of A", **SPAN)
OTHER = CadesKey.generate("Comity node of A", **SPAN)


def signed(key: CadesKey = KEY, content: bytes = b"content") -> bytes:
    """Sign as a container does."""
    return key.sign(content, at=AT)


def cades_refusal(signature: bytes, content: bytes = b"content", certificate: bytes = KEY.certificate_der) -> str:
    """Return the code with which a signature is refused; empty if it is accepted."""
    try:
        cades_check(signature, content, certificate)
    except BrokenSeal as error:
        return error.code
    return ""
