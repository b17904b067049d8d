"""The edges of each primitive in use, written from its standard: what is not exactly right is refused, by name.

The cases are those that implementations are known to differ in. Each stands with the code of its refusal; where the standard
leaves a choice, the row says what is chosen here.
"""

import hashlib
import random

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from refusing import code
from second import keys as second_keys
from second import stream as second_stream
from second.plain import Refused
from signing import KEY as CADES
from signing import OTHER, cades_refusal, signed

from comity.seal import canon, keys, merkle, stream
from comity.seal.keys import NoteKey, OpeningKey, SealKey, Signature, SigningKey, VerifyKey, note_check

FIELD, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # RFC 8032, 5.1
SIGNER, NOTES = SigningKey(b"e" * 32, b"m" * 32), NoteKey("log", b"n" * 32)
OPENER, INFO = OpeningKey(b"o" * 32), b"info"
MESSAGE = b"message"
BOTH = SIGNER.sign(MESSAGE)


def refused(call, *args) -> bool:
    """Whether the second reader refuses it too."""
    try:
        call(*args)
    except Refused:
        return True
    return False


def flipped(data: bytes, bit: int) -> bytes:
    """`data` with one bit changed."""
    raw = bytearray(data)
    raw[bit // 8] ^= 1 << bit % 8
    return bytes(raw)


# ------------------------------------------------------------------------------------------------ Ed25519 (RFC 8032)

NOTE = NOTES.sign(MESSAGE)
R, S = NOTE[:32], int.from_bytes(NOTE[32:], "little")


def le(number: int) -> bytes:
    """32 bytes, least significant first."""
    return number.to_bytes(32, "little")


SIGNATURES = {
    "S + L": R + le(S + ORDER), "S + 2 L": R + le(S + 2 * ORDER), "S = 0": R + le(0), "S = L": R + le(ORDER),
    "L - S": R + le(ORDER - S), "the highest bit of S": R + le(S | 1 << 255), "the bit below": R + le(S | 1 << 254),
    "the third highest bit": R + le(S | 1 << 253), "all of S set": R + b"\xff" * 32, "R of zeros": bytes(32) + NOTE[32:],
    "R the neutral point": le(1) + NOTE[32:], "R the neutral point, S = 0": le(1) + bytes(32),
    "R beyond the field": le(FIELD + 1) + NOTE[32:], "R with its other sign": flipped(R, 255) + NOTE[32:],
    "R no point": le(2) + NOTE[32:], "R all set": b"\xff" * 32 + NOTE[32:], "S before R": NOTE[32:] + R, "empty": b"",
    "one byte": b"\0", "63 bytes": NOTE[:-1], "65 bytes": NOTE + b"\0", "a byte before": b"\0" + NOTE, "twice": NOTE + NOTE,
    "half": R, "all zeros": bytes(64), "all set": b"\xff" * 64, "in hex": NOTE.hex().encode(),
    "of another message": NOTES.sign(b"Message"), "by another key": NoteKey("log", b"x" * 32).sign(MESSAGE),
    "by Ed25519ph's prefix": NOTES.sign(b"SigEd25519 no Ed25519 collisions\x01\x00" + hashlib.sha512(MESSAGE).digest()),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_of_ed25519(name):
    """One signature per message: no other S, no other R, no other length."""
    signature = SIGNATURES[name]
    assert code(note_check, NOTES.public, MESSAGE, NOTE) == ""
    assert code(note_check, NOTES.public, MESSAGE, signature) == "seal.note"
    assert refused(second_keys.ed25519_holds, NOTES.public, MESSAGE, signature)
    assert code(SIGNER.public.check, MESSAGE, Signature(signature, BOTH.mldsa65)) == "seal.ed25519"


def test_messages_of_ed25519():
    """Other messages, also of no bytes and with a byte more, are not what was signed."""
    for message in (b"", MESSAGE + b"\0", b"\0" + MESSAGE, MESSAGE[:-1], MESSAGE * 2):
        assert code(note_check, NOTES.public, message, NOTE) == "seal.note"
    assert code(note_check, NOTES.public, b"", NOTES.sign(b"")) == ""


# The points of order 1, 2, 4 and 8 in all their encodings, also those beyond the field and with a sign that zero has not.
EIGHTH = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL = [y | sign << 255 for y in (0, 1, FIELD - 1, EIGHTH, FIELD - EIGHTH, FIELD, FIELD + 1) for sign in (0, 1)]


@pytest.mark.parametrize("number", SMALL, ids=[f"{number:064x}"[:8] + "…" + f"{number:x}"[-4:] for number in SMALL])
def test_points_of_small_order(number):
    """Under such a key anybody can sign: some of these signatures hold in OpenSSL. None does here."""
    key, tried = le(number), 0
    for other in SMALL:
        for text in (b"", b"m", MESSAGE, b"0", b"1", b"2", b"3", b"4"):
            for last in (bytes(32), le(ORDER)):
                assert code(note_check, key, text, le(other) + last) == "seal.note"
                tried += 1
    assert refused(second_keys.ed25519_holds, key, MESSAGE, le(1) + bytes(32))
    assert code(VerifyKey(key, SIGNER.public.mldsa65).check, MESSAGE, Signature(le(1) + bytes(32), BOTH.mldsa65)) == (
        "seal.ed25519"
    )
    assert tried == len(SMALL) * 16


def test_openssl_alone_would_take_some():
    """What is refused above is not refused by the library: without our own look at the key, these tests would fail."""
    public = ed25519.Ed25519PublicKey.from_public_bytes(le(1))
    public.verify(le(1) + bytes(32), b"whatever")


KEYS = {
    "beyond the field": [le(FIELD + small) for small in range(2, 19)], "no point": [le(2), le(7), le(FIELD - 2)],
    "31 bytes": [NOTES.public[:-1]], "33 bytes": [NOTES.public + b"\0"], "empty": [b""],
    "its other sign": [flipped(NOTES.public, 255)], "all set": [b"\xff" * 32],
    "SubjectPublicKeyInfo (RFC 8410)": [ed25519.Ed25519PublicKey.from_public_bytes(NOTES.public).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)],
    "in hex": [NOTES.public.hex().encode()],
}  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_ed25519(name):
    """A key is 32 bytes: a point in its one encoding."""
    for key in KEYS[name]:
        assert code(note_check, key, MESSAGE, NOTE) == "seal.note"
        assert refused(second_keys.ed25519_holds, key, MESSAGE, NOTE)


def test_ed25519_of_rfc_8032():
    """Test 2 of RFC 8032, 7.1."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = NoteKey("rfc", seed)
    assert key.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


# --------------------------------------------------------------------------------------------- ML-DSA-65 (FIPS 204)

ML, PUBLIC = BOTH.mldsa65, SIGNER.public.mldsa65
Z, HINT = 48, 48 + 5 * 640  # c~ of 48 bytes; z of 5 polynomials, 20 bits a coefficient; the hint of 55 + 6 bytes
HINTS = ML[HINT:]


def with_hint(changes: dict[int, int]) -> bytes:
    """The signature with some bytes of its hint changed."""
    raw = bytearray(HINTS)
    for place, value in changes.items():
        raw[place] = value
    return ML[:HINT] + bytes(raw)


def used() -> int:
    """How many places the hint names."""
    return HINTS[60]


def with_z(value: int) -> bytes:
    """The signature with the first coefficient of z written as `value`, which stands for 2^19 - value."""
    packed = int.from_bytes(ML[Z : Z + 5], "little") & ~0xFFFFF | value
    return ML[:Z] + packed.to_bytes(5, "little") + ML[Z + 5 :]


def in_context(context: bytes, message: bytes = MESSAGE) -> bytes:
    """A signature by the right key for another context, or over what a pre-hash would be."""
    return mldsa.MLDSA65PrivateKey.from_seed_bytes(SIGNER.mldsa65).sign(message, context)


def ordered() -> dict[int, int]:
    """Two neighbouring places of one polynomial's hint, exchanged."""
    start = 0
    for end in HINTS[55:61]:
        if end - start >= 2:
            return {start: HINTS[start + 1], start + 1: HINTS[start]}
        start = end
    raise AssertionError("take another message: no polynomial has two hints")


LATTICE = {
    "empty": b"", "3,308 bytes": ML[:-1], "3,310 bytes": ML + b"\0", "a byte before": b"\0" + ML[:-1], "twice": ML * 2,
    "of ML-DSA-44's length": ML[:2420], "of ML-DSA-87's length": ML + bytes(4627 - 3309), "all zeros": bytes(3309),
    "all set": b"\xff" * 3309, "z = 2^19": with_z(0), "z = 2^19 - beta": with_z(196), "z = -(2^19 - 1)": with_z(0xFFFFF),
    "z = beta - 2^19": with_z(2**20 - 196), "hints out of order": with_hint(ordered()),
    "a hint twice": with_hint({min(ordered()) + 1: HINTS[min(ordered())]}), "more hints than may be": with_hint({60: 56}),
    "ends that go back": with_hint({59: HINTS[60] + 1}), "a number behind the last hint": with_hint({54: 1}),
    "no hints": ML[:HINT] + bytes(61), "a hint less": with_hint({60: used() - 1}), "c~ changed": flipped(ML, 0),
    "z changed": flipped(ML, 8 * Z + 3), "the last bit of z": flipped(ML, 8 * HINT - 1),
    "the hint changed": flipped(ML, 8 * HINT),
    "with a context": in_context(b"x"), "with our label as context": in_context(b"comity/v1"),
    "over the message's digest": in_context(b"", hashlib.sha512(MESSAGE).digest()),
    "of another message": SIGNER.sign(b"M").mldsa65,
    "by another key": SigningKey(b"e" * 32, b"x" * 32).sign(MESSAGE).mldsa65,
}  # fmt: skip


@pytest.mark.parametrize("name", LATTICE)
def test_signatures_of_mldsa65(name):
    """Encodings have one form, z is in its range, hints ascend and nothing follows them; the context is empty."""
    assert code(SIGNER.public.check, MESSAGE, BOTH) == ""
    assert code(SIGNER.public.check, MESSAGE, Signature(BOTH.ed25519, LATTICE[name])) == "seal.mldsa65"


def test_an_empty_context_is_pure_mldsa():
    """Pure ML-DSA with an empty context is what is signed and what is taken."""
    assert code(SIGNER.public.check, MESSAGE, Signature(BOTH.ed25519, in_context(b""))) == ""


LATTICE_KEYS = {
    "empty": b"", "1,951 bytes": PUBLIC[:-1], "1,953 bytes": PUBLIC + b"\0", "of ML-DSA-44's length": PUBLIC[:1312],
    "of ML-DSA-87's length": PUBLIC + bytes(2592 - 1952), "all zeros": bytes(1952), "all set": b"\xff" * 1952,
    "rho changed": flipped(PUBLIC, 0), "t1 changed": flipped(PUBLIC, 8 * 1952 - 1),
    "of another": SigningKey(b"e" * 32, b"x" * 32).public.mldsa65,
}  # fmt: skip


@pytest.mark.parametrize("name", LATTICE_KEYS)
def test_keys_of_mldsa65(name):
    """Every other key refuses, and every other length is no key."""
    assert code(VerifyKey(SIGNER.public.ed25519, LATTICE_KEYS[name]).check, MESSAGE, BOTH) == "seal.mldsa65"


# ---------------------------------------------------------------- X-Wing: ML-KEM-768 (FIPS 203) with X25519 (RFC 7748)

SEALED = OPENER.public.seal(b"plain", INFO)
KEM, CURVE = 1088, 1120  # ends of the two encapsulated keys
LOW = [0, 1, FIELD - 1, FIELD, FIELD + 1,
       0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
       0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0]  # fmt: skip
THEIRS = int.from_bytes(SEALED[KEM:CURVE], "little")

SEALS = {
    "empty": b"", "one byte": b"\0", "the encapsulated keys alone": SEALED[:CURVE], "without X25519": SEALED[:KEM],
    "half a tag": SEALED[:-8], "15 bytes of tag": SEALED[:-1], "12 bytes of tag": SEALED[:-4], "4 bytes of tag": SEALED[:-12],
    "no tag": SEALED[:-16], "a byte more": SEALED + b"\0", "a tag more": SEALED + bytes(16),
    "a tag of zeros": SEALED[:-16] + bytes(16),
    "ML-KEM's ciphertext changed (implicit rejection)": flipped(SEALED, 5), "its last bit": flipped(SEALED, 8 * KEM - 1),
    "ML-KEM's ciphertext of zeros": bytes(KEM) + SEALED[KEM:], "all set": b"\xff" * KEM + SEALED[KEM:],
    "X25519 changed": flipped(SEALED, 8 * KEM), "the bit that X25519 ignores": flipped(SEALED, 8 * CURVE - 1),
    "the halves exchanged": SEALED[KEM:CURVE] + SEALED[:KEM] + SEALED[CURVE:], "a byte left out": SEALED[:7] + SEALED[8:],
    "1,119 bytes of keys": SEALED[1:], "1,121 bytes of keys": b"\0" + SEALED, "one plaintext bit": flipped(SEALED, 8 * CURVE),
    "of another message": OPENER.public.seal(b"plain", INFO)[:CURVE] + SEALED[CURVE:],
    "X25519 of another message": SEALED[:KEM] + OPENER.public.seal(b"plain", INFO)[KEM:CURVE] + SEALED[CURVE:],
    "for another key": OpeningKey(b"x" * 32).public.seal(b"plain", INFO),
    "for another purpose": OPENER.public.seal(b"plain", b"x"),
    **{f"X25519 of small order, {number:x}"[:40]: SEALED[:KEM] + le(number) + SEALED[CURVE:] for number in LOW},
}  # fmt: skip


@pytest.mark.parametrize("name", SEALS)
def test_what_is_sealed(name):
    """Each part of what is sealed is bound to the rest: nothing else opens, also where X25519 alone would see no difference."""
    assert OPENER.open(SEALED, INFO) == b"plain" == second_keys.Opener(OPENER.seed).open(SEALED, INFO)
    assert code(OPENER.open, SEALS[name], INFO) == "seal.open"
    assert refused(second_keys.Opener(OPENER.seed).open, SEALS[name], INFO)


def test_x25519_of_small_order_is_no_secret():
    """It is the all-zero secret that is refused, before anything is opened with it (RFC 7748, 6.1)."""
    for number in LOW:
        with pytest.raises(ValueError, match=r"exchange|shared|computing"):
            second_keys.Opener(OPENER.seed).shared(SEALED[:KEM] + le(number))


PUBLICS = {
    "empty": b"", "ML-KEM alone": OPENER.public.raw[:1184], "1,215 bytes": OPENER.public.raw[:-1],
    "1,217 bytes": OPENER.public.raw + b"\0", "a coefficient of q (FIPS 203, 7.2)": b"\x01\x0d" + OPENER.public.raw[2:],
    "all coefficients beyond q": b"\xff" * 1152 + OPENER.public.raw[1152:],
    **{f"X25519 of small order, {number:x}"[:40]: OPENER.public.raw[:1184] + le(number) for number in LOW},
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLICS)
def test_nothing_is_sealed_to_what_is_no_key(name):
    """Keys of other lengths, with coefficients that are not reduced, or whose curve half keeps no secret: nothing is sealed."""
    assert code(SealKey(PUBLICS[name]).seal, b"plain", INFO) == "seal.key"
    assert code(OPENER.public.seal, b"plain", INFO) == ""


# --------------------------------------------------------------------------------- AES-256-GCM in streams, HKDF, SHA-256

STREAM_KEY = stream.subkey(b"k" * 32, "exhibits")
ONE = b"".join(stream.encrypt([b"evidence"], STREAM_KEY))
TWO = b"".join(stream.encrypt([bytes(stream.CHUNK), b"end"], STREAM_KEY))
FIRST, LAST = TWO[: stream.CHUNK + 16], TWO[stream.CHUNK + 16 :]
STREAMS = {
    "empty": b"", "no tag": ONE[:-16], "15 bytes of tag": ONE[:-1], "12 bytes of tag": ONE[:-4], "a tag alone": ONE[-16:],
    "15 bytes": bytes(15), "16 bytes": bytes(16), "a byte more": ONE + b"\0", "the tag changed": flipped(ONE, 8 * len(ONE) - 1),
    "a bit changed": flipped(ONE, 3), "the first chunk alone": FIRST, "the last chunk alone": LAST, "exchanged": LAST + FIRST,
    "the first twice": FIRST + FIRST + LAST, "the last twice": FIRST + LAST + LAST, "cut in the last": TWO[:-1],
    "cut in the first": FIRST[:-1] + LAST, "as one of the next stream": b"".join(stream.encrypt([b"evidence"], b"x" * 32)),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_chunks(name):
    """A chunk has its whole tag and its own number, and the last one says that it is."""
    for data in (ONE, TWO):
        assert b"".join(stream.decrypt([data], STREAM_KEY)) == second_stream.opened(data, STREAM_KEY)
    assert code(lambda: b"".join(stream.decrypt([STREAMS[name]], STREAM_KEY))) == "stream.chunk"
    assert refused(second_stream.opened, STREAMS[name], STREAM_KEY)


def test_keys_of_streams():
    """HKDF-Expand gives 32 bytes, other ones for each stream and content key (RFC 5869, 2.3); its own vector holds."""
    prk = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    okm = HKDFExpand(hashes.SHA256(), 32, bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")).derive(prk)
    assert okm.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"  # A.1, its first 32 bytes
    made = {stream.subkey(key, name) for key in (b"k" * 32, b"K" * 32) for name in ("manifest", "exhibits", "")}
    assert len(made) == 6
    assert {len(key) for key in made} == {32}
    assert all(
        second_stream.key_of(b"k" * 32, name) == stream.subkey(b"k" * 32, name) for name in ("manifest", "exhibits")
    )


def test_digests_have_one_length_and_form():
    """A hash in a path has 32 bytes; the name of bytes is 64 lower-case digits."""
    leaf, step = merkle.leaf_hash(b"leaf"), merkle.leaf_hash(b"other")
    assert merkle.root_by(leaf, 0, 2, [step]) == merkle.node_hash(leaf, step)
    for wrong in (b"", step[:-1], step + b"\0", step * 2):
        assert code(merkle.root_by, leaf, 0, 2, [wrong]) == "proof.inclusion"
        assert code(merkle.root_by, wrong, 0, 2, [step]) == "proof.inclusion"
    assert canon.content_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# ----------------------------------------------------------------------------- ECDSA P-256 and DER, in CAdES and X.509

CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CADES_SIGNATURE = signed()
RS = decode_dss_signature(cms.ContentInfo.load(CADES_SIGNATURE)["content"]["signer_infos"][0]["signature"].native)


def with_value(value: bytes) -> bytes:
    """The CAdES signature with other bytes as its signature's value."""
    info = cms.ContentInfo.load(CADES_SIGNATURE)
    data = info["content"]
    signer = data["signer_infos"][0]
    signer["signature"] = value
    data["signer_infos"] = cms.SignerInfos([signer])
    info["content"] = data
    return info.dump(force=True)


def integer(number: int, *, pad: int = 0) -> bytes:
    """A DER integer, with zeros before it that DER does not allow."""
    raw = bytes(pad) + number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(raw)]) + raw


def sequence(content: bytes, *, long: bool = False) -> bytes:
    """A DER sequence; `long`: its length in a form that DER does not allow."""
    return (bytes([0x30, 0x81, len(content)]) if long else bytes([0x30, len(content)])) + content


FIRST_, SECOND_ = RS
VALUES = {
    "r = 0": encode_dss_signature(0, SECOND_), "s = 0": encode_dss_signature(FIRST_, 0),
    "both zero": encode_dss_signature(0, 0),
    "r = 1, s = 1": encode_dss_signature(1, 1), "r = n": encode_dss_signature(CURVE_ORDER, SECOND_),
    "s = n": encode_dss_signature(FIRST_, CURVE_ORDER), "r + n": encode_dss_signature(FIRST_ + CURVE_ORDER, SECOND_),
    "s + n": encode_dss_signature(FIRST_, SECOND_ + CURVE_ORDER),
    "-r": sequence(integer(-FIRST_ % (1 << 256)) + integer(SECOND_)),
    "r and s exchanged": encode_dss_signature(SECOND_, FIRST_), "empty": b"", "an empty sequence": sequence(b""),
    "r alone": sequence(integer(FIRST_)), "three integers": sequence(integer(FIRST_) + integer(SECOND_) + integer(1)),
    "raw, 64 bytes": FIRST_.to_bytes(32, "big") + SECOND_.to_bytes(32, "big"),
    "a zero before r": sequence(integer(FIRST_, pad=1) + integer(SECOND_)),
    "a zero before s": sequence(integer(FIRST_) + integer(SECOND_, pad=1)),
    "a long length": sequence(integer(FIRST_) + integer(SECOND_), long=True),
    "a byte behind": encode_dss_signature(FIRST_, SECOND_) + b"\0", "an indefinite length":
    b"\x30\x80" + integer(FIRST_) + integer(SECOND_) + b"\0\0", "a set": b"\x31" + encode_dss_signature(FIRST_, SECOND_)[1:],
    "all set": b"\xff" * 72,
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_values_of_ecdsa(name):
    """Both values are in 1 … n - 1, in DER, and nothing is behind them."""
    assert cades_refusal(with_value(encode_dss_signature(*RS))) == ""
    assert cades_refusal(with_value(VALUES[name])) in {"cades.signature", "cades.form"}


def test_the_other_s_is_left_to_the_seal():
    """(r, n - s) is a signature too, for ECDSA. The seal's listing is over the one that was made: a container has no other."""
    assert cades_refusal(with_value(encode_dss_signature(FIRST_, CURVE_ORDER - SECOND_))) == ""


CERTIFICATES = {
    "empty": b"", "a byte behind": CADES.certificate_der + b"\0", "a byte less": CADES.certificate_der[:-1],
    "of another": OTHER.certificate_der, "in PEM": b"-----BEGIN CERTIFICATE-----\n",
    "a long length": b"\x30\x83\x00" + CADES.certificate_der[2:], "the last bit": flipped(CADES.certificate_der, 8 * len(
        CADES.certificate_der) - 1),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates(name):
    """The certificate is the trusted one byte for byte: not another encoding of it."""
    assert cades_refusal(CADES_SIGNATURE, certificate=CERTIFICATES[name]).startswith("cades.")


def point(data: bytes) -> bytes:
    """The trusted certificate with another public key of the same length in its place."""
    own = CADES._private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    assert CADES.certificate_der.count(own) == 1
    return CADES.certificate_der.replace(own, data)


POINTS = {
    "at infinity": b"\x04" + bytes(64), "not on the curve": b"\x04" + b"\x01" * 64,
    "compressed, and filled": b"\x02" + bytes(64),
    "beyond the field": b"\x04" + b"\xff" * 64, "hybrid form": b"\x06" + bytes(64),
    "of another key": OTHER._private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
}  # fmt: skip


@pytest.mark.parametrize("name", POINTS)
def test_points_of_p256(name):
    """A point that is none, or another's, checks nothing, even in a certificate that somebody trusts."""
    trusted = point(POINTS[name])
    moved = CADES_SIGNATURE.replace(CADES.certificate_der, trusted)
    assert moved != CADES_SIGNATURE
    assert cades_refusal(moved, certificate=trusted).startswith("cades.")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_other_curves(curve):
    """A key of another curve is not taken up, whatever its certificate says."""
    private = ec.generate_private_key(curve)
    stored = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert code(type(CADES).load, stored, CADES.certificate_der) == "cades.key"


# -------------------------------------------------------------------------------------- the tests notice a weakness


def _lax(raw, right=ed25519.Ed25519PublicKey.from_public_bytes):
    return right(raw)


WEAK = {
    "OpenSSL's own look at keys": (keys, "_ed25519_public", _lax, lambda: code(note_check, le(1), b"m", le(1) + bytes(32))),
    "one half of the signature": (VerifyKey, "check", lambda *_: None, lambda: code(
        SIGNER.public.check, MESSAGE, Signature(BOTH.ed25519, LATTICE["all zeros"]))),
    "X25519 without its ignored bit": (OpeningKey, "open", lambda self, data, info, right=OpeningKey.open: right(
        self, data[: CURVE - 1] + bytes([data[CURVE - 1] & 0x7F]) + data[CURVE:], info),
        lambda: code(OPENER.open, SEALS["the bit that X25519 ignores"], INFO)),
    "a hash of any length": (merkle, "_hashes_only", lambda values, code: None, lambda: code(
        merkle.root_by, b"", 0, 1, [])),
    "a stream without its end": (stream, "_nonce", lambda number, *, last: number.to_bytes(12, "big"), lambda: code(
        lambda: b"".join(stream.decrypt([b"".join(stream.encrypt([bytes(stream.CHUNK), b"end"], STREAM_KEY))[
            : stream.CHUNK + 16]], STREAM_KEY)))),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAK)
def test_a_planted_weakness_is_noticed(name, monkeypatch):
    """With the weakness in place, what must be refused is taken."""
    owner, attribute, weak, attempt = WEAK[name]
    assert attempt() != ""
    monkeypatch.setattr(owner, attribute, weak)
    assert attempt() == ""


def test_many_bits_of_each_public_key():
    """Random single bits of each public key: never another one under which the signature holds."""
    chance = random.Random(3)
    for _ in range(150):
        one = flipped(SIGNER.public.ed25519, chance.randrange(256))
        assert code(VerifyKey(one, PUBLIC).check, MESSAGE, BOTH) == "seal.ed25519"
        other = flipped(PUBLIC, chance.randrange(8 * 1952))
        assert code(VerifyKey(SIGNER.public.ed25519, other).check, MESSAGE, BOTH) == "seal.mldsa65"
