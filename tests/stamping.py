"""Time-stamping authorities for tests: OpenSSL's (`openssl ts -reply`), one that signs what it is told, a server for both."""

import hashlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from comity.seal import stamp

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.99999.1"
STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)
_CONFIG = """
[tsa]
default_tsa = t
[t]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = {digests}
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 3
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Issued:
    """A key and its certificate."""

    key: object
    cert: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.cert.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate, as a file has it."""
        return self.cert.public_bytes(serialization.Encoding.PEM)


def issued(
    name, by=None, *, ca=False, since=SINCE, until=UNTIL, eku=STAMPING, critical=True, key=None, length=None, more=(),
    signs=True,
):  # fmt: skip
    """A certificate by another one, or by itself; for time stamps, or of one who certifies."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(
        subject_name=subject, issuer_name=by.cert.subject if by else subject, public_key=key.public_key()
    )
    made = made.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    made = made.add_extension(
        x509.KeyUsage(digital_signature=not ca and signs, key_cert_sign=ca, crl_sign=ca, **usage), critical=True
    )
    if eku and not ca:
        made = made.add_extension(x509.ExtendedKeyUsage(eku), critical=critical)
    for extension, marked in more:
        made = made.add_extension(extension, critical=marked)
    return Issued(key, made.sign(by.key if by else key, hashes.SHA256()))


@dataclass
class Authority:
    """A time-stamping authority: its root, who certifies it, and itself.

    Args:
        folder: where OpenSSL's files go.
    """

    folder: Path
    root: Issued = field(default_factory=lambda: issued("Root of Stamps", ca=True))
    middle: Issued | None = None
    own: Issued | None = None
    digests: str = "sha256"

    def __post_init__(self) -> None:
        self.middle = self.middle or issued("Middle", self.root, ca=True)
        self.own = self.own or issued("Stamps of Ruritania", self.middle)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "roots.pem").write_bytes(self.root.pem)

    @property
    def roots(self) -> stamp.Roots:
        """Who trusts it."""
        return (self.root.cert,)

    def replies(self, query: bytes) -> bytes:
        """What OpenSSL answers now, with its own certificate and the one above it."""
        plain = serialization.NoEncryption()
        key = self.own.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        config = _CONFIG.format(folder=self.folder, digests=self.digests).encode()
        files = {"key": key, "own": self.own.pem, "chain": self.middle.pem, "query": query, "config": config}
        for name, data in files.items():
            (self.folder / name).write_bytes(data)
        options = {"-config": "config", "-queryfile": "query", "-inkey": "key", "-signer": "own", "-chain": "chain"}
        named = [word for option, name in options.items() for word in (option, str(self.folder / name))]
        command = ["openssl", "ts", "-reply", "-section", "t", *named]
        done = subprocess.run(command, check=True, capture_output=True)
        return done.stdout

    def says(self, query: bytes, moment: datetime, *, status="granted", signer=None, **changed) -> bytes:
        """What one answers that lies as it is told: a moment, another signer, any field of a TSTInfo; `certificates` too."""
        signer = signer or self.own
        asked = tsp.TimeStampReq.load(query)
        said = {
            "version": "v1", "policy": POLICY, "message_imprint": asked["message_imprint"], "serial_number": 7,
            "gen_time": moment, "accuracy": {"seconds": 1}, "nonce": asked["nonce"].native,
        }  # fmt: skip
        certificates = changed.pop("certificates", [signer, self.middle])
        ess = changed.pop("ess", signer)
        content = tsp.TSTInfo({name: value for name, value in (said | changed).items() if value is not None}).dump()
        token = _signed(content, signer, certificates, ess)
        return tsp.TimeStampResp({"status": {"status": status}, "time_stamp_token": token}).dump()

    def token(self, data: bytes, moment: datetime, **changed) -> bytes:
        """The token about `data` as `says` makes it."""
        return tsp.TimeStampResp.load(self.says(stamp.Query.about(data).dump(), moment, **changed))[
            "time_stamp_token"
        ].dump()


def _signed(content: bytes, signer: Issued, certificates, ess: Issued | None) -> cms.ContentInfo:
    bound = [] if ess is None else [cms.CMSAttribute({
        "type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": hashlib.sha256(ess.der).digest()}]}],
    })]  # fmt: skip
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(content).digest()]}),
            *bound,
        ]
    )
    ecdsa = isinstance(signer.key, ec.EllipticCurvePrivateKey)
    how = [ec.ECDSA(hashes.SHA256())] if ecdsa else [padding.PKCS1v15(), hashes.SHA256()]
    named = asn1_x509.Certificate.load(signer.der)
    info = cms.SignerInfo({
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number", {"issuer": named.issuer, "serial_number": named.serial_number}
        ),
        "digest_algorithm": {"algorithm": "sha256"}, "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa" if ecdsa else "sha256_rsa"},
        "signature": signer.key.sign(attributes.dump(), *how),
    })  # fmt: skip
    held = [cms.CertificateChoices("certificate", asn1_x509.Certificate.load(one.der)) for one in certificates]
    data = {
        "version": "v3", "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "certificates": held, "signer_infos": [info],
    }  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)})


Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def given(data: bytes, status: int = 200) -> Answer:
    """Answers with these bytes."""
    return lambda door, _query: sent(door, data, status)


def sent(door: BaseHTTPRequestHandler, data: bytes, status: int = 200, **headers: str) -> None:
    """Send an answer."""
    door.send_response(status)
    for name, value in {
        "Content-Type": "application/timestamp-reply",
        "Content-Length": str(len(data)),
        **headers,
    }.items():
        door.send_header(name.replace("_", "-"), value)
    door.end_headers()
    door.wfile.write(data)


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """(address, what was asked) of a server on this machine that answers every POST so."""
    asked = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.path, dict(self.headers.items()), body))
            try:
                answer(self, body)
            except OSError:
                self.close_connection = True  # who asked has gone away

        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers.items()), b""))
            sent(self, b"", 404)

        def log_message(self, *_words: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa", asked
    finally:
        server.shutdown()
        server.server_close()
