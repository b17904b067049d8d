"""Time stamps: the signed word of a time-stamping authority that bytes existed at a moment (RFC 3161).

::

    query = Query.about(data)                        what the authority is asked: a digest, a nonce
    token, stamped = query.answered(answer, roots)   its answer, while the nonce is known
    stamped = verify(token, data, roots)             years later, by anybody, offline

Trust comes from the certificates that the caller names (`read_roots`) and from nowhere else: not from the machine's store,
not from what a token brings along. pyHanko does the mathematics, and the validation of the path by RFC 5280. It reads tokens
of every kind, and lets pass much that a good one does not have, so the form is settled here first.

Nothing is asked of a network, so no revocation is looked at: who hears that an authority's key was stolen takes its root out
of his file (RFC 3161, 4). Algorithms: SHA-256, SHA-384 and SHA-512; RSA (PKCS #1 v1.5) of 2048 bits and more, and ECDSA of
256 and more.

Source: RFC 3161; RFC 5816 (ESS signing-certificate-v2); RFC 5652 (CMS); RFC 5280, 6.1 (certification paths).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import InitVar, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Self, final

from asn1crypto import cms, core, tsp  # type: ignore[import-untyped,unused-ignore]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from comity.errors import BrokenSeal
from comity.seal._der import is_der

LIMIT: Final = 64 << 10
"""Longest answer or token that is looked at, in bytes. Those of today's authorities have 1 to 10 kB."""

ROOTS_LIMIT: Final = 1 << 20  # bytes of a file of roots
UNSTATED: Final = timedelta(minutes=1)
"""How far the time of an authority that states no accuracy may be off: its policy may say, and no program reads that.
ETSI EN 319 421 asks for a second."""

_MOST_ACCURACY: Final = timedelta(days=1)  # what is less exact than this proves little, and is probably a mistake
_MOST_CERTIFICATES: Final = 8  # in a token; a path has two to four
_MOMENT: Final = re.compile(rb"(\d{14})(?:\.(\d{1,9}))?Z")
# RFC 5754: SHA-2, without parameters or with NULL; ECDSA has none, RSA has NULL.
_OIDS: Final = {
    "sha256": "0609608648016503040201",
    "sha384": "0609608648016503040202",
    "sha512": "0609608648016503040203",
}
_DIGESTS: Final = {
    bytes.fromhex(form): name for name, oid in _OIDS.items() for form in (f"300b{oid}", f"300d{oid}0500")
}
_SIGNATURES: Final = {
    bytes.fromhex(form): names for form, names in {
        "300a06082a8648ce3d040302": {"sha256"}, "300a06082a8648ce3d040303": {"sha384"},
        "300a06082a8648ce3d040304": {"sha512"}, "300d06092a864886f70d0101010500": set(_OIDS),
        "300d06092a864886f70d01010b0500": {"sha256"}, "300d06092a864886f70d01010c0500": {"sha384"},
        "300d06092a864886f70d01010d0500": {"sha512"},
    }.items()
}  # fmt: skip
_UNDERSTOOD: Final = {
    x509.ExtendedKeyUsage,
    x509.KeyUsage,
    x509.BasicConstraints,
}  # pyHanko leaves the signer's own to its caller
_VERIFIED: Final = object()

Roots = tuple[x509.Certificate, ...]
"""Certificates of authorities that the caller trusts, or of those that certify them. An empty one lets nothing through."""


@final
@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp that `verify` found good. Nothing else can make one.

    Args:
        of: SHA-256 of the bytes that are stamped, hex.
        moment: when they existed, in UTC, as the authority says.
        accuracy: how far that may be off; None: the authority does not say.
        policy: the authority's policy, as a dotted object identifier.
        name: of the authority, as its certificate gives it; for people to read.
        serial: the number that the authority gave the stamp.
    """

    of: str
    moment: datetime
    accuracy: timedelta | None
    policy: str
    name: str
    serial: int
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        """Only `verify` has the proof."""
        if proof is not _VERIFIED:
            raise TypeError("Only verify() makes a Stamped.")

    @property
    def latest(self) -> datetime:
        """The whole second by which the bytes existed for certain: what is stated, and its accuracy (RFC 3161, 2.4.2)."""
        last = self.moment + (UNSTATED if self.accuracy is None else self.accuracy)
        return (last + timedelta(microseconds=999_999)).replace(microsecond=0)


def read_roots(pem: bytes) -> Roots:
    """The certificates in a PEM file. Raises BrokenSeal: ``stamp.roots``: it is too long, holds none, or one that is none."""
    try:
        if len(pem) > ROOTS_LIMIT:
            raise ValueError(len(pem))
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        message = "This is no file of certificates in PEM. Take that of the time-stamping authority's root."
        raise BrokenSeal(message, code="stamp.roots") from error


class _Answer(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """TimeStampResp (RFC 3161, 2.4.2). That of asn1crypto cannot be read where there is no token: in every refusal."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Query:
    """What an authority is asked. `about` makes one.

    Args:
        data: the bytes to be stamped; the authority is told their SHA-256 only.
        nonce: what its answer must repeat.
    """

    data: bytes
    nonce: int

    @classmethod
    def about(cls, data: bytes) -> Self:
        """A query about `data`, with a nonce of its own."""
        return cls(data, secrets.randbits(64))

    def dump(self) -> bytes:
        """The TimeStampReq in DER (RFC 3161, 2.4.1); it asks for the authority's certificate."""
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(self.data).digest()}
        asked = {"version": "v1", "message_imprint": imprint, "nonce": self.nonce, "cert_req": True}
        return bytes(tsp.TimeStampReq(asked).dump())

    def answered(self, answer: bytes, roots: Roots) -> tuple[bytes, Stamped]:
        """The token in an authority's answer to this query, and what it says.

        Args:
            answer: TimeStampResp in DER (RFC 3161, 2.4.2).
            roots: as for `verify`.

        Raises:
            BrokenSeal: ``stamp.refused``: the authority gives none, and says why; ``stamp.nonce``: it is the answer to another
                query; as `verify`.
        """
        if len(answer) > LIMIT or not is_der(answer):
            raise BrokenSeal("The answer is too long, or not in DER.", code="stamp.form")
        try:
            said = _Answer.load(answer, strict=True)
            status, token = said["status"], said["time_stamp_token"]
            if status["status"].native != "granted":
                raise BrokenSeal(f"The time-stamping authority refused: {_why(status)}.", code="stamp.refused")
            found = b"" if isinstance(token, core.Void) else bytes(token.dump())
        except BrokenSeal:
            raise
        except Exception as error:  # a parser of others, on bytes of others: it may raise anything
            raise BrokenSeal("The answer cannot be read.", code="stamp.form") from error
        return found, _verified(found, self.data, roots, self.nonce)


def verify(token: bytes, data: bytes, roots: Roots) -> Stamped:
    """Check a time stamp against the roots that the caller trusts.

    1. It is one TimeStampToken in DER: SignedData over a TSTInfo, by one signer; only certificates are added unsigned.
    2. What is stamped is the digest of `data`.
    3. The signer's certificate is in it; its one extended key usage, which is critical, is timeStamping (RFC 3161, 2.3).
    4. The signature holds under it, and names it (ESS).
    5. A path leads from it to one of `roots`, and each certificate on it was valid at the moment that is stated. Those in the
       token that are not on the path count for nothing.

    Args:
        token: TimeStampToken in DER, as the authority gave it.
        data: what should have been stamped.
        roots: the certificates that the caller trusts for time stamps.

    Raises:
        BrokenSeal: ``stamp.form``, ``stamp.imprint``, ``stamp.certificate``, ``stamp.signature``, ``stamp.untrusted``,
            ``stamp.expired``.
    """
    return _verified(token, data, roots, None)


def _verified(token: bytes, data: bytes, roots: Roots, nonce: int | None) -> Stamped:
    try:
        signed, content = _signed_data(token)  # 1
        signer = signed["signer_infos"][0]
        said = tsp.TSTInfo.load(content, strict=True)
        moment, accuracy = _time(said)
        _match_imprint(said, data)  # 2
        if nonce is not None and said["nonce"].native != nonce:
            raise BrokenSeal("The time stamp answers another query.", code="stamp.nonce")
        certificate, others = _certificates(signed, signer)  # 3
        _match_certificate(certificate)
        _match_signature(signer, certificate, content)  # 4
        _match_path(certificate, others, roots, moment)  # 5
        policy, serial = str(said["policy"].native), int(said["serial_number"].native)
    except BrokenSeal:
        raise
    except Exception as error:  # as in `Query.answered`
        raise BrokenSeal("The time stamp cannot be read.", code="stamp.form") from error
    of = hashlib.sha256(data).hexdigest()
    return Stamped(of, moment, accuracy, policy, _name(certificate), serial, proof=_VERIFIED)


def _why(status: Any) -> str:
    """Why an authority refused, in its own words, cut short and without what a screen would obey."""
    said = status["status_string"].native or ()
    reasons = sorted(status["fail_info"].native or ())
    return _plain("; ".join([str(status["status"].native), *map(str, reasons), *map(str, said)]))


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:200])


def _signed_data(token: bytes) -> tuple[Any, bytes]:
    """Step 1: (SignedData, the bytes of its TSTInfo)."""
    if len(token) > LIMIT or not is_der(token):
        raise BrokenSeal("The time stamp is too long, or not in DER.", code="stamp.form")
    info = cms.ContentInfo.load(token, strict=True)
    data, signers = info["content"], info["content"]["signer_infos"]
    if (
        info["content_type"].native != "signed_data"
        or data["version"].native != "v3"
        or data["encap_content_info"]["content_type"].native != "tst_info"
        or not isinstance(data["crls"], core.Void)
        or len(signers) != 1
        or signers[0]["version"].native != "v1"
        or not isinstance(signers[0]["unsigned_attrs"], core.Void)
        or [one.dump() for one in data["digest_algorithms"]] != [signers[0]["digest_algorithm"].dump()]
        or _DIGESTS.get(signers[0]["digest_algorithm"].dump())
        not in _SIGNATURES.get(signers[0]["signature_algorithm"].dump(), ())
    ):
        raise BrokenSeal(
            "The time stamp is not of the form, or by the algorithms, that are taken here.", code="stamp.form"
        )
    content = bytes(data["encap_content_info"]["content"])
    if not is_der(content):
        raise BrokenSeal("What the time stamp says is not in DER.", code="stamp.form")
    return data, content


def _time(said: Any) -> tuple[datetime, timedelta | None]:
    """(moment, accuracy) that a TSTInfo states."""
    form = _MOMENT.fullmatch(said["gen_time"].contents)
    extensions = () if isinstance(said["extensions"], core.Void) else said["extensions"]
    if said["version"].native != "v1" or form is None or any(one["critical"].native for one in extensions):
        raise BrokenSeal("The time stamp says what is not understood here.", code="stamp.form")
    second = datetime.strptime(form[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    moment = second + timedelta(microseconds=int((form[2] or b"0").ljust(6, b"0")[:6]))
    if isinstance(said["accuracy"], core.Void):
        return moment, None
    parts = {name: said["accuracy"][name].native or 0 for name in ("seconds", "millis", "micros")}
    accuracy = timedelta(seconds=parts["seconds"], milliseconds=parts["millis"], microseconds=parts["micros"])
    if min(parts.values()) < 0 or accuracy > _MOST_ACCURACY:
        raise BrokenSeal("The time stamp is too inexact to be one.", code="stamp.form")
    return moment, accuracy


def _match_imprint(said: Any, data: bytes) -> None:
    digest = _DIGESTS.get(said["message_imprint"]["hash_algorithm"].dump())
    if digest is None or said["message_imprint"]["hashed_message"].native != hashlib.new(digest, data).digest():
        raise BrokenSeal("The time stamp is of something else.", code="stamp.imprint")


def _certificates(signed: Any, signer: Any) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """(the signer's certificate, the others in the token that can be read)."""
    choices = () if isinstance(signed["certificates"], core.Void) else signed["certificates"]
    identifier = signer["sid"]
    if len(choices) > _MOST_CERTIFICATES or identifier.name != "issuer_and_serial_number":
        raise BrokenSeal(
            "The time stamp brings too many certificates, or does not say whose is whose.", code="stamp.form"
        )
    own: list[x509.Certificate] = []
    others: list[x509.Certificate] = []
    for choice in choices:
        with suppress(ValueError):
            named = asn1_x509.Certificate.load(choice.chosen.dump(), strict=True)
            if named.serial_number <= 0 or named["signature_value"].contents[:1] != b"\0":  # these have two readings
                continue
            found = x509.load_der_x509_certificate(choice.chosen.dump())
            issuer, serial = identifier.chosen["issuer"].dump(), identifier.chosen["serial_number"].native
            (own if (named.issuer.dump(), named.serial_number) == (issuer, serial) else others).append(found)
    if len(own) != 1:
        raise BrokenSeal("The signer's certificate is not in the time stamp.", code="stamp.certificate")
    return own[0], others


def _match_certificate(certificate: x509.Certificate) -> None:
    """Require a certificate for time stamps and nothing else (RFC 3161, 2.3), of a key that is long enough."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise BrokenSeal("The signer's certificate is not for time stamps.", code="stamp.certificate") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BrokenSeal("The signer's certificate is not for time stamps, or for more.", code="stamp.certificate")
    if any(one.critical and type(one.value) not in _UNDERSTOOD for one in certificate.extensions):
        raise BrokenSeal("The signer's certificate demands what is not understood here.", code="stamp.certificate")
    with suppress(x509.ExtensionNotFound):
        may = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        if not (may.digital_signature or may.content_commitment):
            raise BrokenSeal("The signer's key may not sign.", code="stamp.certificate")
    key = certificate.public_key()
    least = 2048 if isinstance(key, rsa.RSAPublicKey) else 256 if isinstance(key, ec.EllipticCurvePublicKey) else None
    if least is None or key.key_size < least:  # type: ignore[union-attr]  # of these two kinds
        raise BrokenSeal("The signer's key is of another kind, or too short.", code="stamp.certificate")


def _match_signature(signer: Any, certificate: x509.Certificate, content: bytes) -> None:
    """Step 4. pyHanko compares ESS signing-certificate where it is there: that it is, is required here."""
    from comity.seal import _pyhanko  # noqa: PLC0415  read by who checks: see there

    kinds = [attribute["type"].native for attribute in signer["signed_attrs"]]
    if len(set(kinds)) != len(kinds) or not {"signing_certificate", "signing_certificate_v2"}.intersection(kinds):
        raise BrokenSeal("The signature does not name its certificate.", code="stamp.signature")
    digest = hashlib.new(_DIGESTS[signer["digest_algorithm"].dump()], content).digest()
    try:
        holds = _pyhanko.holds(signer, _foreign(certificate), digest, content_type="tst_info")
    except Exception as error:  # it has many ways to say no
        raise BrokenSeal("The signature cannot be checked.", code="stamp.signature") from error
    if not holds:
        raise BrokenSeal("The signature does not hold under its certificate.", code="stamp.signature")


def _match_path(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], roots: Roots, moment: datetime
) -> None:
    """Step 5. The path is looked for here, each certificate once: pyHanko would try all orders of those that have one name."""
    from comity.seal import _pyhanko  # noqa: PLC0415  as above

    path = _path(certificate, others, roots, moment)
    if path is None:
        if _path(certificate, others, roots, None) is not None:
            message = f"A certificate was not valid on {moment:%Y-%m-%d %H:%M:%S} UTC, when it was stamped."
            raise BrokenSeal(message, code="stamp.expired")
        raise BrokenSeal("No path leads from the signer to a root that is trusted here.", code="stamp.untrusted")
    try:
        _pyhanko.check_path([_foreign(one) for one in path], moment)
    except Exception as error:
        message = f"The path from the signer to a trusted root is not good: {_plain(str(error))}."
        raise BrokenSeal(message, code="stamp.untrusted") from error


def _path(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], roots: Roots, moment: datetime | None
) -> list[x509.Certificate] | None:
    """The shortest path from `certificate` to one of `roots`, both in it, of what is valid at `moment`; without it, of all."""
    known = [one for one in (certificate, *others, *roots) if moment is None or _valid(one, moment)]
    ways = [[certificate]] if certificate in known else []
    for way in ways:  # grows while it is read
        if way[-1] in roots:
            return way
        reached = [one for path in ways for one in path]
        ways += [[*way, one] for one in _distinct(known) if one not in reached and _issued(way[-1], one)]
    return None


def _distinct(certificates: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    return list(dict.fromkeys(certificates))


def _valid(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether one that may certify, a trusted one too, has certified the other."""
    try:
        certificate.verify_directly_issued_by(by)
        return by.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False


def _foreign(certificate: x509.Certificate) -> Any:
    """A certificate as asn1crypto and pyHanko have it."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER), strict=True)


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return _plain(str(names[0].value) if names else certificate.subject.rfc4514_string())
