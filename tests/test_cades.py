"""The CAdES signature of a container: by the one certificate, in the one form, or refused by name."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from asn1crypto import cms, core, tsp
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from signing import AT, KEY, OTHER, SPAN, cades_refusal, signed

from comity.errors import BrokenSeal
from comity.seal.container import CadesKey, cades_check


def resigned(edit: Callable[[dict], None], key: CadesKey = KEY) -> bytes:
    """Change a signature's structure, and sign the attributes anew with the true key: what only its holder can do."""
    info = cms.ContentInfo.load(signed(key))
    data = info["content"]
    signer = data["signer_infos"][0]
    box = {"info": info, "data": data, "signer": signer, "attributes": list(signer["signed_attrs"])}
    edit(box)
    signer["signed_attrs"] = cms.CMSAttributes(box["attributes"])
    to_sign = signer["signed_attrs"].untag().dump(force=True)
    signer["signature"] = key._private.sign(to_sign, ec.ECDSA(hashes.SHA256()))
    data["signer_infos"] = cms.SignerInfos([signer] * box.get("times", 1))
    info["content"] = data
    return info.dump(force=True)


def test_cades_round_trip():
    """A signature is checked by its certificate, and tells its time in UTC."""
    assert cades_check(signed(), b"content", KEY.certificate_der) == AT.replace(microsecond=0)
    again = CadesKey.load(KEY.stored(), KEY.certificate_der)
    assert cades_check(signed(again), b"content", KEY.certificate_der).tzinfo is not None
    assert cades_refusal(resigned(lambda _: None)) == ""  # the tool of the tests below does not break what it touches


def test_cades_in_a_running_loop():
    """Signing and checking work where the caller's thread has an event loop."""

    async def work() -> str:
        return cades_refusal(signed())

    assert asyncio.run(work()) == ""


def test_key_substitution():
    """A signature by another key with the certificate of the first is refused, and such a pair is not loaded."""
    substituted = CadesKey(KEY.certificate_der, OTHER._private)
    assert cades_refusal(signed(substituted)) == "cades.signature"
    with pytest.raises(BrokenSeal) as error:
        CadesKey.load(OTHER.stored(), KEY.certificate_der)
    assert error.value.code == "cades.key"


def test_certificate_substitution():
    """A good signature by another certificate is refused, also if it has the same name and serial number."""
    assert cades_refusal(signed(OTHER)) == "cades.certificate"
    first = x509.load_der_x509_certificate(KEY.certificate_der)
    twin = (
        x509.CertificateBuilder(first.issuer, first.subject, OTHER._private.public_key(), first.serial_number)
        .not_valid_before(first.not_valid_before_utc)
        .not_valid_after(first.not_valid_after_utc)
        .sign(OTHER._private, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    impostor = CadesKey(twin, OTHER._private)
    assert cades_refusal(signed(impostor)) == "cades.certificate"

    def swap(box):
        certificate = asn1_x509.Certificate.load(KEY.certificate_der)
        box["data"]["certificates"] = [cms.CertificateChoices("certificate", certificate)]

    assert cades_refusal(resigned(swap, impostor)) == "cades.binding"  # the ESS attribute still says who it was


def _attribute(box: dict, name: str):
    return next(one for one in box["attributes"] if one["type"].native == name)


def _drop(name: str) -> Callable[[dict], None]:
    return lambda box: box["attributes"].remove(_attribute(box, name))


def _bind(box: dict, certificates: list[bytes], algorithm: str = "sha256") -> None:
    ids = [
        {"hash_algorithm": {"algorithm": algorithm}, "cert_hash": hashlib.new(algorithm, one).digest()}
        for one in certificates
    ]
    _drop("signing_certificate_v2")(box)
    box["attributes"].append(
        cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": ids})]})
    )


def _double(box: dict) -> None:
    box["attributes"].append(_attribute(box, "message_digest").copy())


def _two_values(box: dict) -> None:
    _attribute(box, "message_digest")["values"].append(core.OctetString(bytes(32)))


def _unsigned(box: dict) -> None:
    box["signer"]["unsigned_attrs"] = [
        cms.CMSAttribute({"type": "counter_signature", "values": [box["signer"].copy()]})
    ]


def _other_certificates(box: dict) -> None:
    box["data"]["certificates"] = [
        cms.CertificateChoices("certificate", asn1_x509.Certificate.load(key.certificate_der)) for key in (KEY, OTHER)
    ]


def _more(box: dict) -> None:
    algorithms = {"digest_algorithm": {"algorithm": "sha256"}, "signature_algorithm": {"algorithm": "sha256_ecdsa"}}
    protection = cms.CMSAlgorithmProtection(algorithms)
    box["attributes"].append(cms.CMSAttribute({"type": "cms_algorithm_protection", "values": [protection]}))


def _crl(box: dict) -> None:
    now = SPAN["not_before"]
    name = x509.load_der_x509_certificate(KEY.certificate_der).subject
    crl = x509.CertificateRevocationListBuilder(name, now, SPAN["not_after"]).sign(KEY._private, hashes.SHA256())
    choice = cms.RevocationInfoChoice(
        "crl", asn1_crl.CertificateList.load(crl.public_bytes(serialization.Encoding.DER))
    )
    box["data"]["crls"] = cms.RevocationInfoChoices([choice])


def _other_type(box: dict) -> None:
    _drop("content_type")(box)
    box["attributes"].append(cms.CMSAttribute({"type": "content_type", "values": [cms.ContentType("signed_data")]}))


def _set(*path: str, to) -> Callable[[dict], None]:
    def edit(box: dict) -> None:
        target = box[path[0]]
        for step in path[1:-1]:
            target = target[step]
        target[path[-1]] = to

    return edit


CADES_FAULTS = [
    ("no ESS attribute", "cades.form", _drop("signing_certificate_v2")),
    ("no signing time", "cades.form", _drop("signing_time")),
    ("no digest", "cades.form", _drop("message_digest")),
    ("one attribute more", "cades.form", _more),
    ("a digest twice", "cades.form", _double),
    ("two digests in one attribute", "cades.form", _two_values),
    ("bound to another certificate", "cades.binding", lambda box: _bind(box, [OTHER.certificate_der])),
    ("bound to two", "cades.binding", lambda box: _bind(box, [KEY.certificate_der, OTHER.certificate_der])),
    ("bound to none", "cades.binding", lambda box: _bind(box, [])),
    ("bound by SHA-1", "cades.binding", lambda box: _bind(box, [KEY.certificate_der], "sha1")),
    ("a counter-signature", "cades.form", _unsigned),
    ("a revocation list", "cades.form", _crl),
    ("signed as other content", "cades.form", _other_type),
    ("two signers", "cades.form", lambda box: box.update(times=2)),
    ("no signer", "cades.form", lambda box: box.update(times=0)),
    ("content inside", "cades.form", _set("data", "encap_content_info", "content", to=b"content")),
    ("SHA-512", "cades.form", _set("signer", "digest_algorithm", to={"algorithm": "sha512"})),
    ("ECDSA with SHA-1", "cades.form", _set("signer", "signature_algorithm", to={"algorithm": "sha1_ecdsa"})),
    ("another version", "cades.form", _set("signer", "version", to="v3")),
]


@pytest.mark.parametrize(("code", "edit"), [pytest.param(code, edit, id=title) for title, code, edit in CADES_FAULTS])
def test_cades_forms_refused(code, edit):
    """Also the true key's holder cannot sign in another form than ours: each is refused by name."""
    assert cades_refusal(resigned(edit)) == code


def test_second_certificate():
    """A certificate beside the signer's is refused, whichever of the two comes first."""
    for key in (KEY, OTHER):
        both = resigned(_other_certificates, key)
        assert cades_refusal(both, certificate=key.certificate_der) == "cades.certificate"


def test_cades_bytes_refused():
    """What is not one DER value of reasonable size is refused."""
    good = signed()
    indefinite = b"\x30\x80" + good[4:] + b"\0\0"
    long_length = b"\x30\x83\0" + good[2:]
    for raw in (b"", b"\0", good[:-1], good + b"\0", good + good, indefinite, long_length, b"\x30\x80" * 30_000):
        assert cades_refusal(raw) == "cades.form"
    assert cades_refusal(b"\x30\x84\x7f\xff\xff\xff" + good[4:]) == "cades.form"
    assert cades_refusal(bytes(65_537)) == "cades.form"
    assert cades_refusal(KEY.certificate_der) == "cades.form"
    assert cades_refusal(good, certificate=KEY.certificate_der + b"\0") == "cades.form"
    assert cades_refusal(good, content=b"other content") == "cades.digest"


def test_cades_every_byte():
    """A change of any one byte of the signature is found even without the seal."""
    good, rng = signed(), random.Random(5652)
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= rng.randrange(1, 256)
        assert cades_refusal(bytes(changed)), at


def test_cades_time():
    """Nothing is signed, or accepted, with a time outside the certificate's validity, or with one without a zone."""
    for at in (SPAN["not_before"] - timedelta(seconds=1), SPAN["not_after"] + timedelta(seconds=1)):
        with pytest.raises(BrokenSeal) as error:
            KEY.sign(b"content", at=at)
        assert error.value.code == "cades.time"
    late = cms.CMSAttribute(
        {"type": "signing_time", "values": [cms.Time("utc_time", SPAN["not_after"] + timedelta(1))]}
    )

    def edit(box):
        _drop("signing_time")(box)
        box["attributes"].append(late)

    assert cades_refusal(resigned(edit)) == "cades.time"
    with pytest.raises(ValueError, match="zone"):
        KEY.sign(b"content", at=datetime(2026, 11, 24))  # noqa: DTZ001


def _usage(*allowed: str) -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in allowed for name in names})


def _certificate(private, usage: x509.KeyUsage | None) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "X")])
    builder = x509.CertificateBuilder(name, name, private.public_key(), 7, SPAN["not_before"], SPAN["not_after"])
    if usage:
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_cades_certificates_refused():
    """A certificate on another curve, or not for signing documents, does not do."""
    documents = _usage("digital_signature")
    for curve, usage, code in [
        (ec.SECP256R1(), documents, ""),
        (ec.SECP256R1(), _usage("content_commitment"), ""),
        (ec.SECP384R1(), documents, "cades.certificate"),
        (ec.SECP256K1(), documents, "cades.certificate"),
        (ec.SECP256R1(), None, "cades.certificate"),
        (ec.SECP256R1(), _usage("key_cert_sign", "crl_sign"), "cades.certificate"),
    ]:
        private = ec.generate_private_key(curve)
        der = _certificate(private, usage)
        assert cades_refusal(signed(CadesKey(der, private)), certificate=der) == code
    private = ec.generate_private_key(ec.SECP384R1())
    pem = CadesKey(b"", private).stored()
    for key, certificate in [(pem, _certificate(private, None)), (b"no PEM", KEY.certificate_der), (pem, b"no DER")]:
        with pytest.raises(BrokenSeal) as error:
            CadesKey.load(key, certificate)
        assert error.value.code == "cades.key"


def test_certificate_names():
    """Persian and Latin names are taken; one that mixes directions, which others could not verify, is not."""
    for name in ("Comity node IR", "وزارت دادگستری", "n" * 64):
        key = CadesKey.generate(name, **SPAN)
        assert cades_refusal(signed(key), certificate=key.certificate_der) == ""
    for name in ("وزارت دادگستری IR", "مرکز ۲۴"):
        with pytest.raises(BrokenSeal) as error:
            CadesKey.generate(name, **SPAN)
        assert error.value.code == "cades.name"


def test_key_does_not_show():
    """The private key does not get into a log by way of repr."""
    assert "PRIVATE" not in repr(KEY)
    assert "private" not in repr(KEY).lower()
