"""Certificates for a node's address: its peers pin them by the State's entry, and ask no authority who issued them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from comity.errors import Invalid


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


def certificates_for(host: str, text: str, *, at: datetime) -> str:
    """The certificates in `text`, as PEM and without anything else that lies there.

    Args:
        host: name or address that each of them is to name.
        text: X.509 certificates in PEM, perhaps with their keys or an account of them.
        at: the moment at which each is to be valid.

    Raises:
        Invalid: ``entry.tls``: there is none, or one that no peer would accept.
    """
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise Invalid("There is no certificate in PEM in these files.", code="entry.tls", where="tls") from error
    for one in found:
        subject = one.subject.rfc4514_string()
        if not _is_for(one, host):
            message = f"The certificate of '{subject}' is not for {host}: no peer accepts it. Name no authority's."
            raise Invalid(message, code="entry.tls", where="tls")
        if not one.not_valid_before_utc <= at < one.not_valid_after_utc:
            message = f"The certificate of '{subject}' is not valid now: no peer accepts it."
            raise Invalid(message, code="entry.tls", where="tls")
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in found)


def _is_for(certificate: x509.Certificate, host: str) -> bool:
    """Whether a certificate names this host, by its address or name (RFC 9525, 6)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    wanted = {host.lower(), "*." + host.lower().partition(".")[2]}
    return not wanted.isdisjoint(name.lower() for name in names.get_values_for_type(x509.DNSName))
