"""Three States' entries with keys made of numbers, a certificate, and Iran's line to a node of Viet Nam."""

import ipaddress
from datetime import UTC, date, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from comity.seal.keys import NoteKey, OpeningKey, SigningKey
from comity.wire.directory import Authority, Entry, first_keys
from comity.wire.transport import Line

AT = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
SINCE, UNTIL = AT.replace(month=10), AT.replace(month=12)
SIGN = {state: SigningKey(bytes([n]) * 32, bytes([n + 100]) * 32) for n, state in enumerate(("IR", "VN", "QA"), 1)}
OPEN = {state: OpeningKey(bytes([n + 50]) * 32) for n, state in enumerate(SIGN, 1)}
LOG = {state: NoteKey(f"comity.example/{state}/log", bytes([n + 60]) * 32) for n, state in enumerate(SIGN, 1)}
SAW = {state: NoteKey(f"comity.example/{state}/witness", bytes([n + 70]) * 32) for n, state in enumerate(SIGN, 1)}
HOP = {state: NoteKey(f"{state}/hop", bytes([n + 80]) * 32) for n, state in enumerate(SIGN, 1)}
NAMES = {"en": "Islamic Republic of Iran", "fa": "جمهوری اسلامی ایران"}


def entry_of(state: str = "IR", **changes) -> Entry:
    """Make a State's directory entry, changed as told."""
    values = {
        "state": state, "version": 1, "previous": "", "issued_at": SINCE, "confirmed_on": date(2026, 10, 1),
        "names": NAMES, "authorities": (Authority("central", NAMES, ("fa", "en"), "Asia/Tehran", "a telephone", ("40",)),),
        "threshold": 0, "tls": "pem", "address": "https://127.0.0.1:1", "exercise": True,
    }  # fmt: skip
    keys = {
        "sign": SIGN[state].public, "open": OPEN[state].public, "log": (LOG[state].name, LOG[state].public),
        "witness": (SAW[state].name, SAW[state].public), "hop": HOP[state].public, "certificate": b"der",
        "since": SINCE, "until": UNTIL,
    }  # fmt: skip
    other = {name: changes.pop(name) for name in set(changes) & set(keys)}
    return Entry(**({"keys": first_keys(**(keys | other))} | values | changes))


def certificate(host: str = "127.0.0.1", by: bytes = b"") -> tuple[bytes, str]:
    """Make a certificate for an address: (key and certificate in PEM, the certificate in PEM).

    It is its own authority, or issued `by` another one: that one's key and certificate in PEM.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    name = issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issued" if by else "node")])
    signing = private
    if by:
        signing, issuer = serialization.load_pem_private_key(by, None), x509.load_pem_x509_certificate(by).subject
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=issuer, public_key=private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=not by, path_length=None), critical=True)
        .sign(signing, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    kind, no = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, kind, no) + pem, pem.decode()


PEM, TLS = certificate()


def line(port: int, tls: str = TLS, address: str = "https://127.0.0.1:{}") -> Line:
    """Make Iran's line to Viet Nam's node."""
    return Line(entry_of("VN", tls=tls, address=address.format(port)), state="IR", key=HOP["IR"])
