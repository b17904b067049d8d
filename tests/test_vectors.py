"""The vectors of single kinds of statements: what is taken, what is refused and with which code, and what follows from words.

What the second implementation reads of them it reads too. The vectors of statements, envelopes and the exchange are held by
test_seal.py, test_ledger.py and test_second.py.
"""

import json
import random
from collections import Counter
from datetime import timedelta

import pytest
from frozen import AT, CHAIN, VECTORS, vector
from payloads import READ, refused
from second import plain, programme, talk
from second.plain import Refused

from comity.assistance.programme import FORMS, Programme, Say, Word
from comity.casework.moments import moment_text
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
    told = {name: plain.read(text.encode(), 1 << 17) for name, text in words}
    second = programme.history(given["need"], given["offer"], told)
    assert second == (expect["order"], expect["unfit"], expect["stage"], expect["ends"])
    codes = {"pending", "terms", "units", "milestone", "delivery", "done", "time", "evaluated"}
    assert {f"programme.{code}" for code in codes} == set(expect["unfit"].values())


TERMS = [
    {"ends": ends, "language": "en", "milestones": [{"due": due, "name": "Course", "units": 9}, *more], "starts": "2027-02-01",
     "unit": "places", "units": 9}
    for ends, due, more in (
        ("2027-05-01", "2027-03-01", [{"due": "2027-05-01", "name": "Report"}]), ("2027-05-01", "2027-04-01", []),
        ("2027-06-01", "2027-03-01", []), ("2027-06-01", "2027-03-01", [{"due": "2027-05-01", "name": "Report"}]),
    )
]  # fmt: skip


def chance_word(number: int, chance: random.Random) -> dict:
    """A word that follows its form, mostly by the side that may say it, and at about its turn."""
    usual, sides = chance.random() < 0.9, {"g": "VN", "r": "IR"}
    start = usual and {0: ("proposed", "VN"), 1: ("agreed", "IR")}.get(number)
    say = chance.choice([*programme.SIDES, "delivered", "confirmed", "agreed"])
    by = sides[chance.choice(programme.SIDES[say])] if usual else chance.choice(["IR", "VN", "QA"])
    say, by = start or (say, by)
    at = AT + timedelta(minutes=number) - timedelta(seconds=chance.choice([0] * 12 + [30, 359, 360, 361, 420]))
    fields = {
        "terms": TERMS[0] if start else chance.choice(TERMS), "mark": 3, "text": "So.",
        "milestone": chance.choice(["Course", "Course", "Report", "Visit"]), "units": chance.choice([0, 0, 8, 9, 9, 10]),
    }  # fmt: skip
    return {"say": say, "by": by, "at": moment_text(at)} | {name: fields[name] for name in FORMS[Say(say)]}


def test_the_second_reader_finds_what_stands_in_any_programme():
    """Chains of words by chance, some of which cross: the rules of the page alone give the same order, codes and stage."""
    chance, found = random.Random(2026), Counter()
    for _ in range(400):
        words: dict[str, dict] = {}
        for number in range(chance.randrange(4, 24)):
            after = sorted(chance.sample(list(words)[-3:], min(len(words), chance.choice([1, 1, 1, 2]))))
            word = chance_word(number, chance)
            words[f"{chance.getrandbits(256):064x}"] = {"after": after, "at": word["at"], "word": word}
        said_ = {
            name: assistance.Spoken(programme="VN-PROGRAMME-2026-0001", need="IR-NEED-2026-0001", offer="VN-OFFER-2026-0001",
                                    after=tuple(one["after"]), word=Word.from_dict(one["word"]))
            for name, one in words.items()
        }  # fmt: skip
        first = assistance.history(assistance.opened(next(iter(said_.values()))), said_)
        terms = first.programme.terms
        assert programme.history("IR-NEED-2026-0001", "VN-OFFER-2026-0001", words) == (
            [name for name, _ in first.order], dict(first.crossed), str(first.programme.stage),
            terms.ends.isoformat() if terms else "",
        )  # fmt: skip
        found.update(first.crossed.values())
        found[first.programme.stage] += 1
    named = ["pending", "terms", "units", "milestone", "delivery", "done", "time", "evaluated", "side", "stage"]
    assert {f"programme.{name}" for name in named} <= set(found), found
    assert {"running", "ended", "declined", "withdrawn"} <= set(found), found


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
    keys = [bytes.fromhex(given["public"])]
    talk.refusal(given["status"], given["headers"], body, asked, expect["state"], keys, given["at"])
    for headers in given["not_signed"].values():
        with pytest.raises(Refused):
            talk.refusal(given["status"], headers, body, asked, expect["state"], keys, given["at"])


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
