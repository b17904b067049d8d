"""The CAdES signature of a container: one key, one certificate, one form.

pyHanko makes it and does the mathematics of checking it. It is a library for signatures of every kind, and
lets pass much that ours never have: no ESS attribute, other attributes, several certificates, BER. So the
form is settled here first, and pyHanko sees only what is left.

The certificate must be, byte for byte, the one that the caller trusts. There is no certificate chain, no
time stamp (heads of the log have them: `stamp`), no revocation, and no reading of signatures made by others.

Source: ETSI EN 319 122-1 V1.3.1, 6.3 (CAdES B-B); RFC 5652 (CMS); RFC 5035 (ESS signing-certificate-v2).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from asn1crypto import cms, core  # type: ignore[import-untyped,unused-ignore]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from comity.errors import BrokenSeal
from comity.seal._der import is_der
from comity.seal.hsm import P256, Curve, TokenKey

MAX_SIGNATURE: Final = 64 << 10
"""Longest signature that is looked at, in bytes. Ours have about 1 kB."""

# RFC 5754, 2: with parameters NULL, as pyHanko writes, or without, as is preferred today; 3.2
_SHA256: Final = tuple(map(bytes.fromhex, ("300d06096086480165030402010500", "300b0609608648016503040201")))
_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_SIGNED: Final = ["content_type", "message_digest", "signing_certificate_v2", "signing_time"]


@dataclass(frozen=True, slots=True)
class CadesKey:
    """The classical key that foreign tools can check: P-256, with a self-signed X.509 certificate.

    Args:
        certificate_der: the certificate. Others trust it by these very bytes.
    """

    certificate_der: bytes
    _private: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(
        cls, common_name: str, *, not_before: datetime, not_after: datetime, held: TokenKey | None = None
    ) -> Self:
        """Make a key and its certificate (RFC 5280; key usage: digitalSignature, contentCommitment).

        Args:
            common_name: who signs, 1 to 64 characters, in one direction of writing: asn1crypto, and with it
                every verifier built on pyHanko, cannot compare a name that mixes Persian with Latin letters,
                or a Persian one that ends with a number.
            not_before: aware; to the second.
            not_after: aware; to the second. pyHanko can write signing times up to 2049.
            held: a P-256 key in a token, instead of a new one.

        Raises:
            BrokenSeal: ``cades.name``: a name that others could not compare.
            Misconfigured: as `TokenKey.sign`.
        """
        private = P256(held) if held else ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        usage = dict.fromkeys(
            ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
        ) | dict.fromkeys(("encipher_only", "decipher_only"), False)
        certificate = (
            x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_second(not_before))
            .not_valid_after(_second(not_after))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
            .sign(private, hashes.SHA256())
        )
        der = certificate.public_bytes(serialization.Encoding.DER)
        try:
            asn1_x509.Certificate.load(der).subject.hashable  # noqa: B018  # raises what comparing would raise
        except ValueError as error:
            raise BrokenSeal(
                "The name in a certificate cannot mix directions of writing. Use Latin letters only.",
                code="cades.name",
                where=repr(common_name),
            ) from error
        return cls(der, private)

    @classmethod
    def load(cls, stored: bytes, certificate_der: bytes) -> Self:
        """Take up a stored key.

        Args:
            stored: as `stored` gave it.
            certificate_der: its certificate.

        Raises:
            BrokenSeal: ``cades.key``: not a P-256 key, or not the certificate's.
        """
        try:
            private = _private(stored)
            public = x509.load_der_x509_certificate(certificate_der).public_key()
        except (ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
            raise BrokenSeal("The CAdES key or its certificate cannot be read.", code="cades.key") from error
        if not (
            isinstance(private, ec.EllipticCurvePrivateKey)
            and isinstance(private.curve, ec.SECP256R1)
            and private.public_key() == public
        ):
            raise BrokenSeal("The CAdES key is not a P-256 key, or not its certificate's.", code="cades.key")
        return cls(certificate_der, private)

    @property
    def held(self) -> TokenKey | None:
        """Where the private key lies in a token; None: it is a file."""
        return self._private.key if isinstance(self._private, P256) else None

    def stored(self) -> bytes:
        """Give the private key for storage: PKCS #8 in PEM, **not encrypted**; JSON that says where it lies in a token."""
        if self.held:
            return json.dumps({"type": "CadesKey", "private": self.held.to_dict()}).encode()
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def require_valid(self, at: datetime) -> None:
        """Require that the certificate is valid at an aware time. Raises BrokenSeal: ``cades.time``."""
        _within(asn1_x509.Certificate.load(self.certificate_der), _second(at))

    def sign(self, content: bytes, *, at: datetime) -> bytes:
        """Sign: a detached CAdES B-B signature in DER, with SHA-256 and ESS signing-certificate-v2.

        Args:
            content: what is signed; it is not part of the result.
            at: the time that the signature claims; aware, to the second. Without it pyHanko would read a
                clock.

        Raises:
            BrokenSeal: ``cades.time``: outside the certificate's validity.
            Misconfigured: as `TokenKey.sign`.
        """
        from comity.seal import _pyhanko  # noqa: PLC0415  read by who signs or checks: see there

        self.require_valid(at)
        return _pyhanko.signed(content, self._private, asn1_x509.Certificate.load(self.certificate_der), _second(at))


def _private(stored: bytes) -> Any:
    """The private key in a key file. Raises ValueError, KeyError or TypeError."""
    if not stored.startswith(b"{"):
        return serialization.load_pem_private_key(stored, None)
    raw = json.loads(stored)
    key = TokenKey.from_dict(raw["private"])
    if raw["type"] != "CadesKey" or key.curve is not Curve.P256:
        raise ValueError(raw["type"])
    return P256(key)


def cades_check(signature: bytes, content: bytes, certificate_der: bytes) -> datetime:
    """Check a detached CAdES signature against one trusted certificate.

    1. It is one SignedData in DER, without content, with one signer and one certificate: the trusted one.
    2. The signer is that certificate, by ECDSA with SHA-256; the four attributes of B-B are signed, each
       once, and nothing is added unsigned.
    3. ESS signing-certificate-v2 names the trusted certificate, by SHA-256. pyHanko would do without it.
    4. The signed digest is the content's.
    5. The certificate has a P-256 key that may sign, and was valid at the claimed time.
    6. The signature holds under that key.

    The claimed time proves nothing by itself. Whether the certificate was still good then is for the caller
    to know.

    Args:
        signature: DER, as `CadesKey.sign` makes it.
        content: what should have been signed.
        certificate_der: the certificate that the caller trusts for this.

    Returns:
        The time that the signature claims, in UTC.

    Raises:
        BrokenSeal: ``cades.form``, ``cades.certificate``, ``cades.binding``, ``cades.digest``,
            ``cades.signature``, ``cades.time``.

    Source: RFC 5652, 5.6; RFC 5035, 3; ETSI EN 319 122-1, 6.3; ETSI EN 319 102-1, 5.2.3 and 5.2.7.
    """
    from comity.seal import _pyhanko  # noqa: PLC0415  as in `CadesKey.sign`

    digest = hashlib.sha256(content).digest()
    try:
        trusted = asn1_x509.Certificate.load(certificate_der, strict=True)
        data = _signed_data(signature)  # 1
        _match_certificate(data, trusted, certificate_der)  # 1, 2
        claimed = _match_attributes(data, digest, certificate_der)  # 2, 3, 4
        _match_key(trusted, claimed)  # 5
        holds = _pyhanko.holds(data["signer_infos"][0], trusted, digest)  # 6
    except BrokenSeal:
        raise
    except Exception as error:  # a parser of others, on bytes of others: it may raise anything
        raise BrokenSeal("The CAdES signature cannot be read.", code="cades.form") from error
    if not holds:
        raise BrokenSeal("The CAdES signature does not hold under its certificate.", code="cades.signature")
    return claimed


def _signed_data(signature: bytes) -> Any:
    """Step 1, but for the certificate: read SignedData with one signer, and require DER."""
    if len(signature) > MAX_SIGNATURE or not is_der(signature):
        raise BrokenSeal("The CAdES signature is too long, or not in DER.", code="cades.form")
    info = cms.ContentInfo.load(signature, strict=True)
    data = info["content"]
    if (
        info["content_type"].native != "signed_data"
        or data["version"].native != "v1"
        or data["encap_content_info"]["content_type"].native != "data"
        or data["encap_content_info"]["content"].native is not None
        or len(data["digest_algorithms"]) != 1
        or data["digest_algorithms"][0].dump() not in _SHA256
        or not isinstance(data["crls"], core.Void)
        or len(data["signer_infos"]) != 1
    ):
        raise BrokenSeal("The CAdES signature is not of the form that ours have.", code="cades.form")
    return data


def _match_certificate(data: Any, trusted: Any, certificate_der: bytes) -> None:
    """Require that the one certificate is the trusted one, and that the signer is named as that."""
    identifier = data["signer_infos"][0]["sid"]
    if (
        [choice.chosen.dump() for choice in data["certificates"]] != [certificate_der]
        or identifier.name != "issuer_and_serial_number"
        or identifier.chosen["issuer"].dump() != trusted.issuer.dump()
        or identifier.chosen["serial_number"].native != trusted.serial_number
    ):
        raise BrokenSeal("The CAdES signature is by another certificate.", code="cades.certificate")


def _match_attributes(data: Any, digest: bytes, certificate_der: bytes) -> datetime:
    """Require the algorithms and attributes of B-B, the binding and the digest. Return the claimed time."""
    signer = data["signer_infos"][0]
    attributes: dict[str, Any] = {
        attribute["type"].native: [value.native for value in attribute["values"]]
        for attribute in signer["signed_attrs"]
    }
    if (
        signer["version"].native != "v1"
        or signer["digest_algorithm"].dump() not in _SHA256
        or signer["signature_algorithm"].dump() != _ECDSA_SHA256
        or not isinstance(signer["unsigned_attrs"], core.Void)
        or sorted(attribute["type"].native for attribute in signer["signed_attrs"]) != _SIGNED
        or any(len(values) != 1 for values in attributes.values())
    ):
        raise BrokenSeal("The CAdES signature is not a B-B signature by ECDSA and SHA-256.", code="cades.form")
    bound = attributes["signing_certificate_v2"][0]["certs"]
    own = hashlib.sha256(certificate_der).digest()
    if [(one["hash_algorithm"]["algorithm"], one["cert_hash"]) for one in bound] != [("sha256", own)]:
        raise BrokenSeal("The CAdES signature is bound to another certificate.", code="cades.binding")
    if attributes["message_digest"] != [digest]:
        raise BrokenSeal("The CAdES signature is for other content.", code="cades.digest")
    claimed: datetime = attributes["signing_time"][0]
    return claimed


def _match_key(certificate: Any, claimed: datetime) -> None:
    """Require a P-256 key that may sign documents, and a time within the certificate's validity."""
    usage = certificate.key_usage_value
    if (
        certificate.public_key.algorithm != "ec"
        or certificate.public_key.curve != ("named", "secp256r1")
        or usage is None
        or not usage.native & {"digital_signature", "non_repudiation"}
    ):
        raise BrokenSeal("The certificate is not one for signatures with P-256.", code="cades.certificate")
    _within(certificate, claimed)


def _within(certificate: Any, moment: datetime) -> None:
    """Require a moment within the certificate's validity."""
    if not certificate.not_valid_before <= moment <= certificate.not_valid_after:
        raise BrokenSeal(
            f"The certificate is not valid on {moment:%Y-%m-%d %H:%M:%S} UTC.",
            code="cades.time",
            where=str(moment),
        )


def _second(moment: datetime) -> datetime:
    """Bring an aware time to UTC and to the second, as ASN.1 holds it."""
    if moment.tzinfo is None:
        raise ValueError("A time without a zone means nothing in another State.")
    return moment.astimezone(UTC).replace(microsecond=0)
