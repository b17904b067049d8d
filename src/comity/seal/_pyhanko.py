"""What pyHanko does for `_cades` and `stamp`: it makes a signature, checks one with its mathematics, and checks a path.

Reading pyHanko takes half of the processor time that a node takes to start, because it reads an HTTP client and much else for
signatures that ours never are. Most processes sign and check no container: this is read by those that do, when they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from asn1crypto import algos, x509  # type: ignore[import-untyped,unused-ignore]
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.signers import Signer
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.validate import async_validate_path

_T = TypeVar("_T")


def signed(content: bytes, private: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, at: datetime) -> bytes:
    """A detached CAdES B-B signature in DER.

    Args:
        content: what is signed.
        private: the key, wherever it lies.
        certificate: its certificate.
        at: the time that the signature claims; without it pyHanko would read a clock.

    Raises:
        Misconfigured: as `TokenKey.sign`.
    """
    settings = PdfCMSSignedAttributes(signing_time=at)
    signing = _Signer(private, certificate).async_sign_general_data(
        content, "sha256", use_cades=True, signed_attr_settings=settings
    )
    return bytes(_run(signing).dump())


def holds(signer: Any, certificate: Any, digest: bytes, *, content_type: str = "data") -> bool:
    """Whether a SignerInfo holds under a certificate, over data of this digest and type. Raises whatever pyHanko raises."""
    intact, valid = validate_sig_integrity(signer, certificate, content_type, digest)
    return bool(intact and valid)


def check_path(path: Sequence[Any], at: datetime) -> None:
    """Return when a path of certificates is one by RFC 5280, 6.1, at a moment; nothing is fetched, no revocation is looked at.

    Args:
        path: from the signer's certificate to the trusted one; both may be one.
        at: the moment.

    Raises:
        PathValidationError: or whatever else pyHanko raises.
    """
    context = ValidationContext(
        trust_roots=[path[-1]], other_certs=[], moment=at, allow_fetching=False, time_tolerance=timedelta(0)
    )
    limits = TrustQualifiers(
        max_path_length=path[-1].max_path_length
    )  # RFC 5280 asks nothing of the trusted one; this does
    anchor = CertTrustAnchor(path[-1], limits)
    if len(path) > 1:
        _run(async_validate_path(context, ValidationPath(anchor, list(reversed(path[1:-1])), path[0])))


class _Signer(Signer):
    """What pyHanko asks for each signature, wherever the key lies."""

    def __init__(self, private: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = private
        super().__init__(
            signing_cert=certificate,
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002  pyHanko's form
        """ECDSA with SHA-256 over `data`, in DER; a placeholder when pyHanko only asks how long one can be."""
        if digest_algorithm != "sha256":
            raise ValueError(digest_algorithm)
        return bytes(72) if dry_run else self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run one of pyHanko's coroutines, which wait for nothing, also where the caller's thread has a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
