"""A certificate for a node's address, signed by itself: its peers pin it by the State's entry and ask no authority."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def self_signed(name: str, urls: Iterable[str], *, since: datetime, until: datetime) -> tuple[bytes, bytes]:
    """A new P-256 key, not encrypted, and its certificate (RFC 5280) for the hosts of `urls` and for localhost; both in PEM.

    Args:
        name: its common name.
        urls: ``https://host:port``.
        since: it is valid from this moment on.
        until: and up to this one.
    """
    key, subject = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
    )
    names: set[x509.GeneralName] = {x509.DNSName("localhost")}
    for host in (urlsplit(url).hostname or "" for url in urls):
        try:
            names.add(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.add(x509.DNSName(host))
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName(sorted(names, key=repr)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return (
        key.private_bytes(serialization.Encoding.PEM, form, plain),
        certificate.public_bytes(serialization.Encoding.PEM),
    )
