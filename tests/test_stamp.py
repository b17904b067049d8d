"""Time stamps: a token of OpenSSL's authority is taken, and whatever is forged, of another or out of time is not."""

import dataclasses
import time
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from stamping import POLICY, STAMPING, Authority, Issued, issued

from comity.errors import BrokenSeal
from comity.seal import stamp

DATA = b"comity.example/IR\n7\nhead\n"
THEN = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    """An authority with a certificate between its own and its root."""
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Another one, whose certificates have the same names."""
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def token(tsa):
    """What OpenSSL's authority gave for `DATA`."""
    query = stamp.Query.about(DATA)
    return query.answered(tsa.replies(query.dump()), tsa.roots)[0]


def refused(call, *given_, **named):
    """The code with which `call` refuses."""
    with pytest.raises(BrokenSeal) as caught:
        call(*given_, **named)
    return caught.value.code


def test_a_stamp_of_openssl_s_authority(tsa):
    """Moment with its fraction, accuracy, policy, name and number; years later the token alone says the same."""
    query, before = stamp.Query.about(DATA), datetime.now(UTC)
    token, found = query.answered(tsa.replies(query.dump()), tsa.roots)
    assert timedelta(seconds=-1) < found.moment - before < timedelta(seconds=20)
    assert (found.accuracy, found.policy) == (timedelta(milliseconds=1500.1), POLICY)
    assert (found.name, found.serial > 0) == ("Stamps of Ruritania", True)
    assert stamp.verify(token, DATA, tsa.roots) == found


def test_by_when_it_existed_is_never_too_early(tsa):
    """The whole second after the moment and its accuracy; where none is stated, a minute."""
    odd = THEN.replace(microsecond=1)
    for accuracy, expected in [({"seconds": 2}, 3), ({"millis": 1}, 1), (None, 61), ({"seconds": 0}, 1)]:
        found = stamp.verify(tsa.token(DATA, odd, accuracy=accuracy), DATA, tsa.roots)
        assert found.latest == THEN + expected * SECOND
    assert stamp.verify(tsa.token(DATA, THEN, accuracy={"seconds": 0}), DATA, tsa.roots).latest == THEN


def test_only_the_verifier_makes_a_stamp(tsa, token):
    """Neither by hand nor from one that there is."""
    found = stamp.verify(token, DATA, tsa.roots)
    with pytest.raises(TypeError):
        stamp.Stamped("", THEN, None, POLICY, "", 1, proof=object())
    with pytest.raises(ValueError, match="proof"):
        dataclasses.replace(found, moment=THEN)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.moment = THEN
    with pytest.raises(TypeError):
        dataclasses.replace(found, moment=THEN, proof=None)


def test_no_bit_of_a_token_can_be_turned(tsa, token):
    """Each bit of it, one at a time: not one is accepted, and nothing else than a refusal comes of it."""
    accepted = []
    for place in range(len(token) * 8):
        turned = bytearray(token)
        turned[place // 8] ^= 1 << place % 8
        try:
            stamp.verify(bytes(turned), DATA, tsa.roots)
            accepted.append(place)
        except BrokenSeal:
            pass
    assert accepted == []


def test_nothing_is_cut_off_or_put_behind(tsa, token):
    """A token is all there, and nothing else is."""
    for wrong in [b"", token[:-1], token[: len(token) // 2], token + b"\0", token + token, b"\x30\x80" + token]:
        assert refused(stamp.verify, wrong, DATA, tsa.roots) == "stamp.form"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=40).map(lambda rest: b"\x30" + bytes([len(rest)]) + rest))
def test_garbage_is_no_token_and_no_answer(data):
    """Whatever comes is refused as itself."""
    assert refused(stamp.verify, data, DATA, ()) == "stamp.form"
    assert refused(stamp.Query(DATA, 1).answered, data, ()) == "stamp.form"


@pytest.mark.parametrize("shape", [b"\x30", b"\xa0", b"\x24"])
def test_limits_come_before_parsing(tsa, shape):
    """100 MB, and nesting without end, cost nothing."""
    deep = b""
    for _ in range(16_000):
        if len(deep) > 60_000:
            break
        size = len(deep)
        length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2) if size > 255 else b"\x81" + bytes([size])
        deep = shape + length + deep
    begun = time.process_time()
    assert refused(stamp.verify, shape * (100 << 20), DATA, tsa.roots) == "stamp.form"
    assert refused(stamp.verify, deep, DATA, tsa.roots) == "stamp.form"
    assert time.process_time() - begun < 1


def test_what_is_too_long_is_not_read(tsa):
    """Also where nothing else is wrong with it: a long token, and a short one in a long answer."""

    def filled(size):
        return {"extensions": [{"extn_id": "1.2.3", "critical": False, "extn_value": bytes(size)}]}

    assert stamp.verify(tsa.token(DATA, THEN, **filled(60_000)), DATA, tsa.roots)
    assert refused(stamp.verify, tsa.token(DATA, THEN, **filled(66_000)), DATA, tsa.roots) == "stamp.form"
    query = stamp.Query.about(DATA)
    token = tsp.TimeStampResp.load(tsa.says(query.dump(), THEN))["time_stamp_token"]
    fits, long = (
        tsp.TimeStampResp({
            "status": {"status": "granted", "status_string": ["x" * size]}, "time_stamp_token": token,
        }).dump() for size in (60_000, 66_000)
    )  # fmt: skip
    assert query.answered(fits, tsa.roots)
    assert refused(query.answered, long, tsa.roots) == "stamp.form"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"nonce": 5}, "stamp.nonce"),
        ({"nonce": None}, "stamp.nonce"),
        ({"message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)}}, "stamp.imprint"),
        ({"message_imprint": {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": bytes(20)}}, "stamp.imprint"),
        ({"status": "rejection"}, "stamp.refused"),
        ({"status": "waiting"}, "stamp.refused"),
        ({"status": "granted_with_mods"}, "stamp.refused"),
        ({"accuracy": {"seconds": 86_401}}, "stamp.form"),
        ({"version": "v2"}, "stamp.form"),
        ({"extensions": [{"extn_id": "1.2.3", "critical": True, "extn_value": b"x"}]}, "stamp.form"),
        ({"certificates": []}, "stamp.certificate"),
        ({"ess": None}, "stamp.signature"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_to_this_query(tsa, changed, code):
    """Another nonce or none, another digest, a refusal, what is not understood, no certificate."""
    query = stamp.Query.about(DATA)
    changed = {"version": 2} if changed == {"version": "v2"} else changed
    answer = tsa.says(query.dump(), THEN, **changed)
    assert refused(query.answered, answer, tsa.roots) == code
    good = tsa.says(query.dump(), THEN)
    assert query.answered(good, tsa.roots)[1].moment == THEN


def test_a_replayed_answer(tsa):
    """The answer to an earlier query about the same bytes is not one to this; its token stays good, of its own moment."""
    first, second = stamp.Query.about(DATA), stamp.Query.about(DATA)
    answer = tsa.replies(first.dump())
    assert refused(second.answered, answer, tsa.roots) == "stamp.nonce"
    assert first.answered(answer, tsa.roots)


def refusal(status):
    """An answer with no token, as refusals are."""
    said = tsp.PKIStatusInfo(status).dump()
    return b"\x30\x82" + len(said).to_bytes(2) + said


def test_a_refusal_of_openssl_s_authority(tsa, tmp_path):
    """It takes no SHA-256: it says so, in an answer without a token."""
    deaf = Authority(tmp_path, root=tsa.root, middle=tsa.middle, own=tsa.own, digests="sha512")
    query = stamp.Query.about(DATA)
    assert refused(query.answered, deaf.replies(query.dump()), tsa.roots) == "stamp.refused"


def test_a_refusal_says_why_and_nothing_else():
    """The authority's words are shown cut short, without what a screen would obey."""
    words = "no\x1b[2Jroom\N{RIGHT-TO-LEFT OVERRIDE}" + "!" * 500
    status = {"status": "rejection", "status_string": [words], "fail_info": {"system_failure"}}
    answer = refusal(status)
    with pytest.raises(BrokenSeal) as caught:
        stamp.Query.about(DATA).answered(answer, ())
    assert caught.value.code == "stamp.refused"
    assert "system_failure; no?[2Jroom?!!!" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_of_other_bytes(tsa, token):
    """The token of another head says nothing of this one."""
    assert refused(stamp.verify, token, DATA + b" ", tsa.roots) == "stamp.imprint"


def test_by_one_who_is_not_trusted(tsa, other, token):
    """Another root of the same name, no root at all, and roots that the token brings along itself."""
    assert refused(stamp.verify, token, DATA, other.roots) == "stamp.untrusted"
    assert refused(stamp.verify, token, DATA, ()) == "stamp.untrusted"
    brought = other.token(DATA, THEN, certificates=[other.own, other.middle, other.root])
    assert refused(stamp.verify, brought, DATA, tsa.roots) == "stamp.untrusted"
    assert stamp.verify(brought, DATA, other.roots)
    assert stamp.verify(brought, DATA, (*tsa.roots, *other.roots))


def test_whose_certificate_it_is(tsa, other):
    """A trusted certificate beside a signature by another key; and one that the signature does not name."""
    stolen = Issued(other.own.key, tsa.own.cert)
    assert refused(stamp.verify, tsa.token(DATA, THEN, signer=stolen), DATA, tsa.roots) == "stamp.signature"
    assert refused(stamp.verify, tsa.token(DATA, THEN, ess=tsa.middle), DATA, tsa.roots) == "stamp.signature"


LIMITS = x509.NameConstraints(permitted_subtrees=[x509.DNSName("stamps.example")], excluded_subtrees=None)
SIGNERS = {
    "no purpose": ({"eku": ()}, "stamp.certificate"),
    "another purpose": ({"eku": (ExtendedKeyUsageOID.CODE_SIGNING,)}, "stamp.certificate"),
    "two purposes": ({"eku": (*STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)}, "stamp.certificate"),
    "a purpose that is not critical": ({"critical": False}, "stamp.certificate"),
    "a key that may not sign": ({"signs": False}, "stamp.certificate"),
    "a short key": ({"key": rsa.generate_private_key(65537, 1024)}, "stamp.certificate"),
    "an unknown demand": ({"more": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), True)]},
                          "stamp.certificate"),
    "ended": ({"until": THEN - SECOND}, "stamp.expired"),
    "not yet": ({"since": THEN + SECOND}, "stamp.expired"),
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNERS)
def test_a_signer_that_may_not(tsa, name):
    """Each by the trusted authority above it, and none is taken; a long RSA key is, up to its last second."""
    how, code = SIGNERS[name]
    wrong = tsa.token(DATA, THEN, signer=issued("Signer", tsa.middle, **how))
    assert refused(stamp.verify, wrong, DATA, tsa.roots) == code
    right = issued("Signer", tsa.middle, key=rsa.generate_private_key(65537, 2048), until=THEN)
    assert stamp.verify(tsa.token(DATA, THEN, signer=right), DATA, tsa.roots).moment == THEN


def test_a_key_of_another_kind(tsa):
    """Ed25519 is in no list of ours."""
    assert refused(
        stamp.verify, tsa.token(DATA, THEN, certificates=[_edwards(tsa), tsa.middle]), DATA, tsa.roots
    ) == "stamp.certificate"  # fmt: skip


def _edwards(tsa):
    return issued("Signer", tsa.middle, key=ed25519.Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    "how", ["no authority", "ended", "too long", "for other names", "a weak one", "a root that ended"]
)
def test_a_path_that_is_not_good(tsa, how, tmp_path):
    """Who certifies must be one who may, then; also a root, of which RFC 5280 asks nothing."""
    root = issued(
        "Top", ca=True, length=0 if how == "too long" else None, until=THEN - SECOND * (how == "a root that ended")
    )
    certifies = {
        "no authority": {}, "ended": {"ca": True, "until": THEN - SECOND},
        "for other names": {"ca": True, "more": [(_only("O=Other"), True)]},
        "a weak one": {"ca": True, "key": rsa.generate_private_key(65537, 1024)},
    }.get(how, {"ca": True})  # fmt: skip
    chain = Authority(tmp_path, root=root, middle=issued("Between", root, **certifies))
    expected = "stamp.expired" if how in {"ended", "a root that ended"} else "stamp.untrusted"
    assert refused(stamp.verify, chain.token(DATA, THEN), DATA, chain.roots) == expected
    good = Authority(tmp_path / "good", root=issued("Top", ca=True, until=THEN))
    assert stamp.verify(good.token(DATA, THEN), DATA, good.roots)


def _only(name):
    named = x509.DirectoryName(x509.Name.from_rfc4514_string(name))
    return x509.NameConstraints(permitted_subtrees=[named], excluded_subtrees=None)


def test_a_pinned_signer(tsa):
    """The authority's own certificate may be pinned instead of a root; it then ends when it ends, and certifies nobody."""
    short = issued("Signer", tsa.middle, until=THEN)
    assert stamp.verify(tsa.token(DATA, THEN, signer=short), DATA, (short.cert,))
    late = tsa.token(DATA, THEN + SECOND, signer=short)
    assert refused(stamp.verify, late, DATA, (short.cert,)) == "stamp.expired"
    below = tsa.token(DATA, THEN, signer=issued("Below", short), certificates=[issued("Below", short)])
    assert refused(stamp.verify, below, DATA, (short.cert,)) == "stamp.certificate"
    forged = issued("Below", short)
    below = tsa.token(DATA, THEN, signer=forged, certificates=[forged])
    assert refused(stamp.verify, below, DATA, (short.cert,)) == "stamp.untrusted"


@pytest.mark.parametrize("one_key", [True, False])
def test_certificates_in_a_ring_cost_nothing(tsa, one_key):
    """Eight of one name, each of which could have made each other: no order of them is tried twice."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(8)]
    ring = [issued("Ring", ca=True, key=keys[0 if one_key else number]) for number in range(7)]
    signer = issued("Signer", ring[0])
    token = tsa.token(DATA, THEN, signer=signer, certificates=[signer, *ring])
    begun = time.process_time()
    assert refused(stamp.verify, token, DATA, (issued("Ring", ca=True).cert,)) == "stamp.untrusted"
    assert time.process_time() - begun < 2
    many = tsa.token(DATA, THEN, signer=signer, certificates=[signer, *ring, tsa.middle])
    assert refused(stamp.verify, many, DATA, tsa.roots) == "stamp.form"


def test_roots_are_a_file_of_certificates(tsa, tmp_path):
    """One or several; neither an empty file, nor something else, nor a long one."""
    assert stamp.read_roots(tsa.root.pem + tsa.middle.pem) == (tsa.root.cert, tsa.middle.cert)
    broken = tsa.root.pem.replace(b"MII", b"MIJ", 1) if b"MII" in tsa.root.pem else tsa.root.pem[:-40]
    for wrong in [b"", b"-----BEGIN CERTIFICATE-----\n", b"root", broken, tsa.root.pem * 4_000]:
        assert refused(stamp.read_roots, wrong) == "stamp.roots"
