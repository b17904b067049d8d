"""The vectors of single kinds of statements: what is taken, what is refused and with which code, and what follows from words.

What the second implementation reads of them it reads too. The vectors of statements, envelopes and the exchange are held by
test_seal.py, test_ledger.py and test_second.py.
"""

import json

import pytest
from frozen import CHAIN, VECTORS, vector
from payloads import READ, refused
from second import plain, talk
from second.plain import Refused

from comity.assistance.programme import Programme
from comity.seal import envelope
from comity.seal.envelope import Statement
from comity.sharing import stix
from comity.wire import assistance, communities, shares, standing, transport
from comity.wire.directory import read_entry

FILES = sorted(
    path.stem for path in VECTORS.glob("*.json") if "payloads" in json.loads(path.read_text("utf-8"))["given"]
)
ROWS = [(file, name) for file in FILES for name in vector(file)[1]["payloads"]]


def said(file: str, name: str) -> Statement:
    """The statement that says a payload."""
    given = vector(file)[1]
    data = given["payloads"][name].encode()
    return Statement(given["kind"], given["from"], given["to"], data, data, "")


def test_there_is_a_vector_of_each_kind():
    """Every kind that a State says to another, or to all, has its payloads, and each file some that are refused."""
    elsewhere = {
        "receipt",
        "entry",
        "container",
        "restore",
    }  # words and entries have their own files; a restore never crosses
    kinds = {vector(file)[1]["kind"] for file in FILES}
    assert kinds == set(READ)
    assert set(READ) - {"forms", "manifest"} == envelope.KINDS - elsewhere
    for file in FILES:
        codes = list(vector(file)[0]["codes"].values())
        assert "" in codes, file
        assert any(codes), file


@pytest.mark.parametrize(("file", "name"), ROWS)
def test_a_payload_is_taken_or_refused_with_the_code_that_stands_there(file, name):
    """And what is taken is canonical JSON to the second reader too."""
    one, code = said(file, name), vector(file)[0]["codes"][name]
    assert refused(one.kind, one.sender, one.to, one.payload) == code
    if not code:
        assert plain.write(plain.read(one.payload, 1 << 20)) == one.payload


@pytest.mark.parametrize("file", FILES)
def test_what_is_taken_is_refused_from_another_state_or_with_a_blank(file):
    """No row is taken because nobody looked."""
    for name, code in vector(file)[0]["codes"].items():
        if not code:
            one = said(file, name)
            assert refused(one.kind, one.sender, one.to, one.payload + b" ").startswith(
                ("canon.", "exchange.", "call.")
            )
            if one.kind in ("act", "need", "offer", "programme"):
                assert refused(one.kind, "QA", one.to, one.payload) in ("seal.author", "assistance.speaker")


@pytest.mark.parametrize("name", vector("forms")[1]["payloads"])
def test_the_second_reader_reads_forms(name):
    """It finds the same form in common, or refuses as well."""
    data, code = vector("forms")[1]["payloads"][name].encode(), vector("forms")[0]["codes"][name]
    if code == "exchange.form":
        with pytest.raises(Refused):
            talk.forms(data)
    else:
        assert bool(code) != bool({1, 2} & set(talk.forms(data)))


def test_what_names_a_community_a_word_and_an_object():
    """Each digest that stands in a vector."""
    names = {
        "community": lambda one: communities.read(one).terms.digest, "standing": lambda one: standing.read(one).digest,
        "share": lambda one: stix.read(shares.read(one).beside).digest,
    }  # fmt: skip
    for file, name_of in names.items():
        digests = vector(file)[0]["digests"]
        assert digests
        for name, digest in digests.items():
            assert name_of(said(file, name)) == digest, name
    assert len(set(vector("standing")[0]["digests"].values())) == len(vector("standing")[0]["digests"])


def test_an_object_travels_as_its_author_wrote_it():
    """Its name is over the canonical form, with a fraction in it: another spelling has the same name and is taken."""
    carried = shares.read(said("share", "a copy"))
    spelt = json.dumps(json.loads(carried.beside), indent=1, sort_keys=True).encode()
    assert spelt != carried.beside
    assert stix.read(spelt).digest == stix.read(carried.beside).digest == vector("share")[0]["digests"]["a copy"]
    assert b"48.8566" in spelt


def test_the_words_of_a_programme_in_their_order():
    """Which of them fit, and what stands; in whatever order they came, and not one code is that of another row."""
    expect, given = vector("programme-order")
    words = list(given["words"].items())
    for some in (words, words[::-1], sorted(words, key=lambda one: one[1])):
        told = {
            name: assistance.read_word(
                Statement("programme", json.loads(text)["word"]["by"], "", text.encode(), b"", "")
            )
            for name, text in some
        }
        found = assistance.history(Programme(given["programme"], given["need"], given["offer"]), told)
        assert [name for name, _ in found.order] == expect["order"]
        assert dict(found.crossed) == expect["unfit"]
        assert list(found.heads) == expect["heads"]
        terms = found.programme.terms
        assert (str(found.programme.stage), terms and terms.ends.isoformat()) == (expect["stage"], expect["ends"])
    codes = {"pending", "terms", "units", "milestone", "delivery", "done", "time", "evaluated"}
    assert {f"programme.{code}" for code in codes} == set(expect["unfit"].values())


def test_a_signed_refusal():
    """It holds in its one form, and in no other, although the same key signed it."""
    expect, given = vector("refusal")
    peer, body = read_entry(CHAIN[0]), given["body"].encode()
    asked = (given["method"], given["uri"], given["asked"])
    at = peer.issued_at

    def holds(headers: dict[str, str]) -> bool:
        return transport.check_refusal(given["status"], headers, body, asked, peer=peer, at=at)

    assert (peer.state, int(at.timestamp())) == (expect["state"], given["at"])
    assert transport.refusal(body) == expect["code"]
    parameters = given["headers"]["Signature-Input"].removeprefix("hop=")
    base = transport._refusal_base(given["status"], transport.content_digest(body), asked, parameters)
    assert base.decode() == expect["base"]
    assert holds(given["headers"])
    assert len(given["not_signed"]) > 9
    assert [name for name, headers in given["not_signed"].items() if holds(headers)] == []


def test_the_vectors_are_what_their_maker_makes(monkeypatch):
    """Whoever reads how a vector was made reads what is in it: the rows are the same, signatures apart."""
    monkeypatch.syspath_prepend(VECTORS)
    import kinds

    for file, found in kinds.made().items():
        expect, given = vector(file)
        assert found["expect"] == expect, file
        if file != "share":
            assert found["given"] == given, file
    assert kinds.refusal()["given"] == vector("refusal")[1]
