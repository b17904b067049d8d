"""Containers, evidence bags, exported cases and parcels. Containers, Evidence bag, Exported case, Parcel."""

import base64
import hashlib
import re
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from second import entries, notes, plain, statements, stream, talk
from second.keys import Opener, Signer
from second.plain import Refused, need

MIMETYPE = b"application/vnd.etsi.asic-e+zip"
TAIL = ["META-INF/ASiCManifest.xml", "META-INF/signature.p7s", "META-INF/comity-seal.json"]
BAG = ["about.json", "executed.json", "key.json", "manifest.sealed", "exhibits.sealed"]
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    "conin$",
    "conout$",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
}
_NEVER = frozenset('\\:*?"<>|' + "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FIXED = "<4s5H3I2H", "<4s6H3I5H2I"


def _made(parts: list[tuple[str, bytes]]) -> bytes:
    """The one ZIP file of these parts (none of which needs Zip64)."""
    body = directory = b""
    for name, data in parts:
        raw, flags = name.encode(), 0 if name.isascii() else 0x800
        size, crc = len(data), zlib.crc32(data)
        directory += struct.pack(_FIXED[1], b"PK\x01\x02", 3 << 8 | 20, 20, flags, 0, 0, 0x21, crc, size, size, len(raw), 0, 0,
                                 0, 0, 0o100644 << 16, len(body)) + raw  # fmt: skip
        body += struct.pack(_FIXED[0], b"PK\x03\x04", 20, flags, 0, 0, 0x21, crc, size, size, len(raw), 0) + raw + data
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return body + directory + end


def _same(name: str) -> str:
    """What names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _fit(names: list[str]) -> None:
    """Names that can stand beside each other in one folder, anywhere."""
    for name in names:
        need(0 < len(name.encode()) <= 1024, "a name too long")
        need(not _NEVER.intersection(name), "a letter that no name has")
        need(all(unicodedata.category(letter) not in ("Cc", "Zl", "Zp") for letter in name), "a control character")
        for piece in name.split("/"):
            need(
                piece not in ("", ".", "..") and len(piece.encode()) <= 255 and piece[-1] not in ". ",
                "no piece of a name",
            )
            need(piece.split(".")[0].rstrip(" ").casefold() not in _DEVICES, "a device")
    found = {_same(name) for name in names}
    need(len(found) == len(names), "two names meet")
    for name in found:
        pieces = name.split("/")
        need(not any("/".join(pieces[:end]) in found for end in range(1, len(pieces))), "a file and a folder meet")


@dataclass(frozen=True)
class Container:
    """A container, its form and its seal's own form checked."""

    parts: dict[str, bytes]

    @property
    def files(self) -> list[str]:
        """The names of what was put in."""
        return list(self.parts)[1:-3]

    @property
    def listing(self) -> bytes:
        """What the seal must be over."""
        rows = [{"name": name, "sha256": plain.digest(data), "size": len(data)} for name, data in self.parts.items()]
        return plain.write({"files": rows[:-1]})


def container(data: bytes) -> Container:
    """The container in `data`."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as opened:
            infos = opened.infolist()
            need(
                all(info.compress_type == 0 and not info.flag_bits & ~0x800 for info in infos),
                "compressed or encrypted",
            )
            parts = [(info.filename, opened.read(info)) for info in infos]
    except (
        zipfile.BadZipFile,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        struct.error,
    ) as error:
        raise Refused("no ZIP file") from error
    names = [name for name, _ in parts]
    need(len(names) >= 5 and names[0] == "mimetype" and names[-3:] == TAIL, "other parts, or another order")
    _fit(names)
    need(parts[0][1] == MIMETYPE, "no ASiC-E")
    need(not any(_same(name.split("/")[0]) == "meta-inf" for name in names[1:-3]), "something in META-INF")
    need(_made(parts) == data, "not the one form")
    return Container(dict(parts))


def sealed(found: Container, signers: list[Signer], at: datetime) -> statements.Said:
    """The statement of a container's seal, when it is over all that is in it."""
    raw = found.parts[TAIL[2]]
    need(len(raw) <= 1 << 20, "too long")
    said = statements.statement(raw, signers, {"container"}, at)
    need(said.payload == found.listing, "the seal of something else")
    return said


def manifest(found: Container) -> None:
    """The ASiC manifest lists exactly what is there."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
        '<asic:SigReference URI="META-INF/signature.p7s" MimeType="application/pkcs7-signature"/>',
    ]
    for name in found.files:
        value = base64.b64encode(hashlib.sha256(found.parts[name]).digest()).decode()
        lines.append(f'<asic:DataObjectReference URI="{quote(name)}"><ds:DigestMethod Algorithm='
                     f'"http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>{value}</ds:DigestValue>'
                     "</asic:DataObjectReference>")  # fmt: skip
    lines += ["</asic:ASiCManifest>", ""]
    need(found.parts[TAIL[0]] == "\n".join(lines).encode(), "another manifest")


# ------------------------------------------------------------------------------------------------------------- CAdES


def _der(data: bytes, at: int = 0) -> tuple[int, bytes, bytes, int]:
    """(tag, content, whole, end) of the DER value at `at` (X.690, 10.1)."""
    need(at + 2 <= len(data) and data[at] & 0x1F != 0x1F, "no DER")
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        octets = data[begin : begin + count]
        length, begin = int.from_bytes(octets, "big"), begin + count
        need(1 <= count <= 4 and len(octets) == count and octets[0] and length >= 0x80, "no DER length")
    need(begin + length <= len(data), "DER cut off")
    return data[at], data[begin : begin + length], data[at : begin + length], begin + length


def _all(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The values that follow each other in `data`."""
    found, at = [], 0
    while at < len(data):
        tag, content, whole, at = _der(data, at)
        found.append((tag, content, whole))
    return found


def _oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    made = bytes([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.insert(0, number & 0x7F | 0x80)
        made += bytes(digits)
    return bytes([6, len(made)]) + made


_SIGNED_DATA, _DATA = _oid("1.2.840.113549.1.7.2"), _oid("1.2.840.113549.1.7.1")
_SHA256, _ECDSA = _oid("2.16.840.1.101.3.4.2.1"), _oid("1.2.840.10045.4.3.2")
_TYPE, _DIGEST, _TIME = (_oid(f"1.2.840.113549.1.9.{number}") for number in (3, 4, 5))
_CERTIFICATE_V2 = _oid("1.2.840.113549.1.9.16.2.47")


def _is_sha256(algorithm: bytes) -> bool:
    return algorithm in (_SHA256, _SHA256 + b"\x05\x00")


def cades(signature: bytes, content: bytes, certificate: bytes) -> datetime:
    """The time that a CAdES signature over `content` claims, when it holds under this certificate."""
    need(len(signature) <= 65536, "too long")
    try:
        return _cades(signature, content, certificate)
    except (IndexError, ValueError, TypeError) as error:
        raise Refused("no CAdES signature of ours") from error


def _cades(signature: bytes, content: bytes, certificate: bytes) -> datetime:
    tag, outer, _, end = _der(signature)
    need(tag == 0x30 and end == len(signature), "something behind it")
    (_, _, kind), (explicit, inner, _) = _all(outer)
    need(kind == _SIGNED_DATA and explicit == 0xA0, "no SignedData")
    ((_, signed, _),) = _all(inner)
    version, digests, held, certificates, infos = _all(signed)
    need(version[2] == b"\x02\x01\x01" and held[2] == b"\x30" + bytes([len(_DATA)]) + _DATA, "content of its own")
    ((_, digest_algorithm, _),) = _all(digests[1])
    need(digests[0] == 0x31 and _is_sha256(digest_algorithm), "another digest")
    need(certificates[0] == 0xA0 and certificates[1] == certificate and infos[0] == 0x31, "another certificate")
    ((_, info, _),) = _all(infos[1])
    number, sid, algorithm, attributes, how, value = _all(info)
    need(number[2] == b"\x02\x01\x01" and _is_sha256(algorithm[1]) and how[1] == _ECDSA, "other algorithms")
    need(attributes[0] == 0xA0 and value[0] == 4, "no signed attributes")
    trusted = x509.load_der_x509_certificate(certificate)
    need(sid[1] == trusted.issuer.public_bytes() + _serial(trusted.serial_number), "another signer")
    claimed = _attributes(attributes[1], content, certificate)
    public = trusted.public_key()
    need(isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1), "no P-256 key")
    usage = trusted.extensions.get_extension_for_class(x509.KeyUsage).value
    need(usage.digital_signature or usage.content_commitment, "no key for signatures")
    need(trusted.not_valid_before_utc <= claimed <= trusted.not_valid_after_utc, "not valid then")
    try:
        public.verify(value[1], b"\x31" + attributes[2][1:], ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused("the CAdES signature does not hold") from error
    return claimed


def _serial(number: int) -> bytes:
    raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(raw)]) + raw


def _attributes(raw: bytes, content: bytes, certificate: bytes) -> datetime:
    found = {}
    for _, attribute, _ in _all(raw):
        (_, _, kind), (_, values, _) = _all(attribute)
        need(kind not in found, "an attribute twice")
        ((found[kind],)) = (_all(values),)
    need(set(found) == {_TYPE, _DIGEST, _TIME, _CERTIFICATE_V2} and all(len(values) == 1 for values in found.values()),
         "other attributes")  # fmt: skip
    need(found[_TYPE][0][2] == _DATA, "of another type")
    need(found[_DIGEST][0][1] == hashlib.sha256(content).digest(), "for other content")
    ((_, bound, _),) = _all(found[_CERTIFICATE_V2][0][1])
    ((_, one, _),) = _all(bound)
    values = [value for value in _all(one) if value[0] == 4]
    need(values[0][1] == hashlib.sha256(certificate).digest(), "bound to another certificate")
    tag, text, _ = found[_TIME][0]
    form = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}[tag]
    return datetime.strptime(text.decode("ascii"), form).replace(tzinfo=UTC)


def by_certificate(found: Container, home: entries.Version, at: datetime) -> None:
    """The CAdES signature is by a certificate of this State that was valid at this moment."""
    for key in (key for key in home.of("container") if key.valid(at)):
        try:
            cades(found.parts[TAIL[1]], found.parts[TAIL[0]], *key.parts)
        except Refused:
            continue
        return
    raise Refused("by no certificate that was valid then")


# --------------------------------------------------------------------------------------------- what is in containers


def _trust(signed, at: datetime) -> tuple[dict[str, entries.Version], list[Signer]]:
    """(the newest version of each State, their keys), of the chains in a file made at this moment."""
    found = entries.chains(map(plain.binary, plain.listed(signed)))
    taken: dict[str, str] = {}
    for version in found.values():
        need(any(key.valid(at) for key in version.of("sign")), "no key then")
        for key in (*version.of("log"), *version.of("witness")):
            need(taken.setdefault(key.name, version.state) == version.state, "a name of two States")
    return found, [signer for version in found.values() for signer in entries.signers(version)]


def bag(found: Container) -> dict:
    """What everybody can check of an evidence bag; returns about.json."""
    need(found.files == BAG and len(found.parts["about.json"]) <= 8 << 20, "no bag")
    about = plain.read(found.parts["about.json"], 8 << 20)
    form, case, sender, to, exercise, use, at, named, signed = plain.fields(
        about, "comity", "case", "from", "to", "exercise", "use", "at", "manifest", "entries"
    )
    plain.texts(form, case, sender, to, named)
    need(form == "evidence/1" and isinstance(exercise, bool) and use in ("evidence", "intelligence"), "another form")
    made = plain.moment(at)
    versions, trusted = _trust(signed, made)
    need(sender in versions, "a sender without an entry")
    said = sealed(found, trusted, made)
    need((said.sender, said.to) == (sender, to), "by or for another")
    manifest(found)
    by_certificate(found, versions[sender], made)
    raw, proof = plain.fields(plain.read(found.parts["executed.json"], 1 << 20), "statement", "proof")
    act = plain.binary(raw)
    executed = statements.statement(act, trusted, {"act"}, lambda payload: min(statements.stated(payload), made))
    body = plain.read(executed.payload, 1 << 20)
    need([body["act"], body["by"], executed.sender, body["case"], body["exercise"], body["body"]["manifest"]]
         == ["executed", sender, sender, case, exercise, named], "another act")  # fmt: skip
    logged = statements.logged("act", plain.digest(act))
    need(
        entries.in_log(notes.proof(proof), logged, versions[sender], _apart(versions, sender, to)),
        "seen by no third State",
    )
    return about


def _apart(versions: dict[str, entries.Version], *parties: str) -> list[entries.Version]:
    """The States whose cosignature counts: those that are no party to the case."""
    return [version for state, version in versions.items() if state not in parties]


def content_key(found: Container, opener: Opener) -> bytes:
    """A bag's content key."""
    about = plain.read(found.parts["about.json"], 8 << 20)
    key, box = plain.fields(plain.read(found.parts["key.json"], 1 << 20), "key", "sealed")
    need(key == opener.id, "for another key")
    secret = opener.open(plain.binary(box), f"comity/v1/bag\n{about['case']}\n{about['to']}".encode())
    need(len(secret) == 32, "no content key")
    return secret


def exhibits(found: Container, secret: bytes) -> dict[str, bytes]:
    """Path (hex if it is no UTF-8) -> the bytes of each exhibit that is a file."""
    about = plain.read(found.parts["about.json"], 8 << 20)
    raw = stream.opened(found.parts["manifest.sealed"], stream.key_of(secret, "manifest"))
    need(plain.digest(raw) == about["manifest"], "another manifest")
    held = stream.opened(found.parts["exhibits.sealed"], stream.key_of(secret, "exhibits"))
    made, at = {}, 0
    for one in plain.read(raw, 24 << 20)["exhibits"]:
        if one.get("kind", "file") == "file":
            piece = held[at : at + one["size"]]
            at += one["size"]
            need(plain.digest(piece) == one["sha256"] and len(piece) == one["size"], "another exhibit")
            made[one.get("path") or one["path_hex"]] = piece
    need(at == len(held), "bytes left over")
    return made


def case(found: Container) -> int:
    """The number of acts of an exported case, each with its signatures, envelope, receipt and proofs; all must hold."""
    need(found.files[0] == "case.json", "no exported case")
    form, home, at, exercise, signed, cases = plain.fields(
        plain.read(found.parts["case.json"], 256 << 20), "comity", "home", "at", "exercise", "entries", "cases"
    )
    need(form == "case/1", "another form")
    made = plain.moment(at)
    versions, trusted = _trust(signed, made)
    said = sealed(found, trusted, made)
    need((said.sender, said.to) == (home, ""), "by another")
    manifest(found)
    by_certificate(found, versions[home], made)
    count = 0
    for one in cases:
        _, acts = plain.fields(one, "reference", "acts")
        third: list[entries.Version] = []
        for raw in acts:
            third = third or _apart(versions, *_parties(raw))
            _act(raw, home, exercise, versions, trusted, third)
            count += 1
    return count


def _parties(raw) -> tuple[str, str]:
    """The States of the case of which this is the first act: its request names them."""
    said = plain.read(plain.binary(plain.read(plain.binary(raw["statement"]), 1 << 24)["payload"]), 1 << 20)
    asked = said["body"]["request"]
    return asked["requesting"], asked["requested"]


def _act(
    raw,
    home: str,
    exercise: bool,  # noqa: FBT001
    versions: dict[str, entries.Version],
    trusted: list[Signer],
    third: list[entries.Version],
) -> None:
    signed, proof, sealed_in, shown, again = plain.fields(raw, "statement", "proof", "envelope", "receipt", "restored")
    need(isinstance(again, bool) and not (again and not sealed_in), "no flag, or an act that never crossed, taken back")
    data, envelope = plain.binary(signed), plain.binary(sealed_in)
    found = statements.statement(data, trusted, {"act"}, statements.stated)
    body = plain.read(found.payload, 1 << 20)
    need((body["by"], body["exercise"]) == (found.sender, exercise), "another author, or earnest")
    if envelope:
        _, to, _, commitment, _ = statements.outside(envelope)
        need((to, commitment) == (found.to, plain.digest(data)), "another envelope")
    own = found.sender == home
    logged = (
        statements.logged("act", plain.digest(data)) if own else statements.logged("received", plain.digest(envelope))
    )
    need(entries.in_log(notes.proof(proof), logged, versions[home], third), "seen by no third State")
    if own and envelope:
        word, path = statements.receipt(shown, trusted)
        need((word.by, word.to, word.envelope) == (found.to, home, plain.digest(envelope)), "another receipt")
        kept = statements.logged("received", word.envelope)
        need(entries.in_log(path, kept, versions[word.by], third), "seen by no third State")


def parcel(
    found: Container, home: str, sender: list[Signer], at: datetime
) -> tuple[list[talk.Answer], list[talk.Offer]]:
    """(answers, offers) of a parcel for `home`."""
    need(found.files[0] == "parcel.json", "no parcel")
    form, source, to, made, greets, greeted = plain.fields(
        plain.read(found.parts["parcel.json"], 4096), "comity", "from", "to", "at", "greets", "greeted"
    )
    plain.texts(form, source, to, greets, greeted)
    ends = {"parcel/1": "json", "parcel/2": "bin"}
    need(form in ends and to == home and len(found.files) > 1, "no parcel for this State")
    need(all(re.fullmatch("(?:[0-9a-f]{32})?", word) for word in (greets, greeted)), "no word")
    plain.moment(made)
    said = sealed(found, sender, at)
    need((said.sender, said.to) == (source, to), "by or for another")
    names = [
        [name for name in found.files if name.startswith(f"{folder}/")] for folder in ("answers", "offers", "evidence")
    ]
    need(found.files == ["parcel.json", *names[0], *names[1], *names[2]], "other names, or another order")
    for folder, some in zip(("answers", "offers"), names, strict=False):
        numbered = [f"{folder}/{number:06}.{ends[form]}" for number in range(1, len(some) + 1)]
        need(some == numbered, "numbers that do not follow")
        need(all((b"\n" in found.parts[name]) == (form == "parcel/2") for name in some), "another form than it says")
    for name in names[2]:
        need(name == f"evidence/{plain.digest(found.parts[name])}.asice", "another bag than its name says")
    answers, offers = [talk.answer(found.parts[n]) for n in names[0]], [talk.offer(found.parts[n]) for n in names[1]]
    greeting = [offer.have is not None for offer in offers]
    need(any(greeting) == bool(greets) and not (any(greeting) and len(greeting) > 1), "greetings and others")
    need(greeted or not any(answer.items or answer.back for answer in answers), "given back unasked")
    return answers, offers
