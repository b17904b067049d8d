"""What other States claim against what is known here, and what clients send where they may not read: shown and bounded."""

import json
import re

import pytest
from browsing import Browser
from collecting import OBJECTS, ONE, TWO, reader
from collecting import Client as Asking
from holding import Circle, brought, code, indicator, offered, received, shelved
from indicators import event, tool
from shelving import of_client, read

from comity.node import archive, models
from comity.node.desk import _claims, blind, collections, contested, copies
from comity.node.desk import shelf as desk_shelf
from comity.node.desk.shelf import Shelves
from comity.seal import canon, envelope
from comity.sharing import misp_server, stix
from comity.sharing.notices import Kind
from comity.sharing.recall import Use
from comity.sharing.shelf import Reader
from comity.sharing.tlp import Level
from comity.wire import shares

FEEDS = "00000000-0000-4000-8000-0000000000fe"  # a collection that a feed fills


@pytest.fixture
def circle(node, at) -> Circle:
    """Iran's node with Viet Nam, Qatar and the Emirates."""
    return Circle(node, at, "VN", "QA", "AE")


@pytest.fixture
def settled(node, officers, at):
    """Settle a claim, as an officer who has just looked at it; the code with which it cannot be."""

    def settle(row, *, take: bool, reason="Its author said so on the telephone.") -> str:
        before = contested.seen(row, contested.standing(row))
        more = {"take": take, "reason": reason, "before": before, "officer": officers.all, "at": at}
        found = code(contested.settle, node, row.pk, **more)
        row.refresh_from_db()
        return found

    return settle


def attributed(node, at, raw: bytes, state: str) -> models.StixObject:
    """An object that a feed brought, whose server an officer has named as a State's."""
    place = desk_shelf.opened(FEEDS, title="Feeds", made_at=at, made_by="test").pk
    assert Shelves(node).add(place, [stix.read(raw)], by="feed cert", at=at, source=state) == {0: "new"}
    return models.StixObject.objects.get(digest=stix.read(raw).digest)


def everything() -> list:
    """All that is held, by whom, and what States have heard of it."""
    kinds = (models.StixObject, models.Copy, models.CopyPath, models.Telling, models.CopyTold)
    return [list(kind.objects.order_by("pk").values_list()) for kind in kinds]


# ------------------------------------------------------------------------------------------------ a State's signed word


def test_a_claim_to_anothers_word_is_shown_once_and_never_taken(circle, officers, node, at, settled):
    """Viet Nam says that Qatar's object is its own: an officer sees who claims what, once; his note stays, and Qatar's word."""
    raw = indicator("qatar.example")
    what = circle.share("QA", "IR", raw)
    before = everything()
    claim = offered(raw, hops=2, level=Level.AMBER)
    for purpose in ("prevention", "again", "once more"):  # three envelopes
        assert brought(circle, "VN", claim, beside=raw, purpose=purpose) == "sharing.other-source"
    row = models.Contested.objects.get()
    assert (row.by, row.source, row.code, bytes(row.raw)) == ("VN", "VN", "sharing.other-source", raw)
    assert row.told == {"level": 2, "hops": 2, "purpose": "prevention"}
    kept = archive.sealed(models.Arrival.objects.get(digest=row.envelope, hop="VN", status="refused"))
    said = envelope.verify(envelope.opened(kept, home="IR", keys=[node.opening]), circle.trust(), kind="share", at=at)
    assert shares.read(said).beside == raw  # the evidence is the whole envelope
    browser = Browser(officers.all)
    assert "to be settled by an officer: 1" in re.sub(r"<[^>]+>", "", browser.text("/sharing"))
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", browser.text(f"/sharing/contested/{row.pk}")))
    for words in (
        "What was claimed, and refused",
        "State VN",
        "TLP:AMBER",
        "handed on 2 times",
        "prevention",
        "State QA",
    ):
        assert words in page, words
    assert ("Keep what stands" in page, "Take the other" in page) == (True, False)
    assert settled(row, take=True) == "contest.held"
    assert (everything(), models.SharingDeed.objects.count(), row.state) == (before, 0, "open")
    assert settled(row, take=False, reason="Qatar published it first.") == ""
    assert (row.state, row.reason) == ("out", "Qatar published it first.")
    deed = models.SharingDeed.objects.get()
    noted = json.loads(canon.unb64(json.loads(bytes(deed.statement))["payload"]))
    assert (noted["settled"], noted["reason"], deed.to) == ("kept", "Qatar published it first.", [])
    assert (noted["source"], noted["claim"]) == ("VN", row.envelope)
    assert brought(circle, "VN", claim, beside=raw) == "sharing.other-source"
    assert models.Contested.objects.get().state == "out"  # nobody is asked twice
    assert settled(row, take=True) == "contest.held"
    assert everything() == before
    assert models.Copy.objects.get(pk=what).source == "QA"
    assert "Take the other" not in browser.text(f"/sharing/contested/{row.pk}")


def test_altered_words_of_another_are_shown_and_never_taken(circle, node, at, settled):
    """Qatar's id and version with other content, and a newer version, from Viet Nam; and Qatar that contradicts itself."""
    raw = indicator("qatar.example")
    circle.share("QA", "IR", raw)
    altered = indicator("qatar.example", name="altered")
    newer = indicator("qatar.example", modified="2026-11-02T00:00:00.000Z")
    before = everything()
    assert brought(circle, "VN", offered(altered), beside=altered) == "stix.other-content"
    assert brought(circle, "VN", offered(newer), beside=newer) == "sharing.other-source"
    assert brought(circle, "QA", offered(altered, source="QA"), beside=altered) == "stix.other-content"
    rows = models.Contested.objects.order_by("pk")
    assert [(row.by, row.code) for row in rows] == [
        ("VN", "stix.other-content"), ("VN", "sharing.other-source"), ("QA", "stix.other-content"),
    ]  # fmt: skip
    assert [settled(row, take=True) for row in rows] == ["contest.held"] * 3
    assert everything() == before


def test_what_is_ours_and_others_hold_or_was_called_back_is_not_taken_by_a_claim(circle, officers, node, at, settled):
    """Else Viet Nam could take Iran's object from Iran's recall."""
    from comity.node.desk import prevention

    row = shelved(node, at, indicator())
    prevention.share(node, row, "QA", purpose="prevention", hops=0, officer=officers.all, at=at)
    assert brought(circle, "VN", offered(indicator()), beside=indicator()) == "sharing.other-source"
    claim = models.Contested.objects.get()
    assert settled(claim, take=True) == "contest.held"
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    assert settled(claim, take=True) == "contest.held"
    assert models.StixObject.objects.get(digest=row.digest).source == ""


def test_nobody_is_named_as_a_claimant_by_another(circle, node, at):
    """What bears no signature of the State whose it would be is no claim: it is refused, and nothing is noted of that State."""
    raw = indicator("qatar.example")
    circle.share("QA", "IR", raw)
    assert brought(circle, "AE", offered(raw), beside=raw) == "share.origin"
    assert brought(circle, "AE", offered(raw), origin=circle["AE"].signs(offered(raw, hops=2), at), beside=raw) == (
        "share.origin"
    )
    assert models.Contested.objects.count() == 0
    words = circle["VN"].signs(offered(raw, hops=2), at)
    assert brought(circle, "AE", offered(raw), origin=words, beside=raw) == "sharing.other-source"
    assert brought(circle, "AE", offered(raw, source="AE"), beside=raw) == "sharing.other-source"
    assert set(models.Contested.objects.values_list("by", "source")) == {("AE", "VN"), ("AE", "AE")}


# ---------------------------------------------------------------------------------------------- what no State has signed


def test_what_a_feed_said_gives_way_to_its_source_for_good(circle, node, at, settled, officers):
    """A feed brought Viet Nam's object as Qatar's: an officer takes Viet Nam's word, whose recall then ends it."""
    raw = indicator("vietnam.example")
    held = attributed(node, at, raw, "QA")
    what = circle.share("VN", "IR", raw)
    assert circle.codes == [("VN", "sharing.other-source")]
    assert copies.sharer(node, at).use(what, at=at) is Use.NOT_HELD
    row = models.Contested.objects.get()
    page = Browser(officers.all).text(f"/sharing/contested/{row.pk}")
    assert "this cannot be turned round" in page
    assert "Take the other instead" in page
    assert settled(row, take=True) == ""
    assert (row.state, bytes(row.raw)) == ("in", b"")
    found = received(what)
    assert (found.source, found.by, found.collection.pk) == ("VN", "VN", copies.RECEIVED)
    copy = models.Copy.objects.get(pk=what)
    assert (copy.source, copy.hops, bool(copy.origin)) == ("VN", 3, True)
    assert models.CopyPath.objects.get(what=what).state == "VN"
    assert not models.StixObject.objects.filter(pk=held.pk).exists()
    circle.settle()
    assert set(circle["VN"].memory.holders(what)) == {"IR"}
    assert copies.sharer(node, at).use(what, at=at) is Use.USABLE
    back = models.Contested.objects.get(by="feed cert")
    assert settled(back, take=True) == "contest.held"  # from now on it is a State's signed word
    circle.say("VN", circle["VN"].sharer.recall(what, Kind.WITHDRAW, at=at))
    assert received(what).withdrawn
    assert circle["VN"].sharer.outstanding(1) == ()


def test_what_is_ours_alone_can_be_given_up_by_an_officer(circle, node, at, settled):
    """An officer here wrote down what Viet Nam had published: its own word takes the place, and Iran cannot call it back."""
    raw = indicator("vietnam.example")
    own = shelved(node, at, raw)
    what = circle.share("VN", "IR", raw)
    assert circle.codes == [("VN", "sharing.other-source")]
    assert settled(models.Contested.objects.get(by="VN"), take=True) == ""
    assert received(what).source == "VN"
    assert not models.StixObject.objects.filter(pk=own.pk).exists()
    assert models.Contested.objects.get(by="test").state == "out"


def test_a_claim_that_was_handed_on_is_taken_with_its_sources_words(circle, node, at, settled):
    """By Qatar, of Viet Nam's: Viet Nam is the source, Qatar the giver, and no further than Viet Nam lets it go."""
    raw = indicator("vietnam.example")
    attributed(node, at, raw, "AE")
    words = circle["VN"].signs(offered(raw, hops=2), at)
    assert brought(circle, "QA", offered(raw), origin=words, beside=raw) == "sharing.other-source"
    assert settled(models.Contested.objects.get(), take=True) == ""
    copy = models.Copy.objects.get()
    assert (copy.source, copy.hops, bytes(copy.origin)) == ("VN", 1, words)
    assert models.CopyPath.objects.get().state == "QA"


def test_a_claim_that_was_called_back_meanwhile_goes_to_nobody(circle, node, at, settled):
    """The recall came before the officer took it."""
    raw = indicator("vietnam.example")
    attributed(node, at, raw, "QA")
    what = circle.share("VN", "IR", raw)
    circle.say("VN", circle["VN"].sharer.recall(what, Kind.WITHDRAW, at=at))
    assert settled(models.Contested.objects.get(), take=True) == ""
    assert received(what).withdrawn
    assert copies.sharer(node, at).use(what, at=at) is Use.WITHDRAWN
    circle.settle()
    assert circle["VN"].sharer.outstanding(1) == ()


def test_a_claim_by_a_key_that_was_revoked_is_not_taken(circle, node, at, settled):
    """Whoever stole it could have said so: what stands stays."""
    raw = indicator("vietnam.example")
    attributed(node, at, raw, "QA")
    circle.share("VN", "IR", raw)
    before = everything()
    circle["VN"].peer.rotates(revoked=at)
    models.Peer.objects.filter(pk="VN").update(entry=circle["VN"].peer.entry_bytes)
    row = models.Contested.objects.get()
    assert settled(row, take=True) == "trust.unknown-key"
    assert (everything(), row.state) == (before, "open")
    assert settled(row, take=False) == ""


# ------------------------------------------------------------------------------------------------------------- in measure


@pytest.mark.parametrize("most", [("MOST", 3), ("MOST_BYTES", 3 * len(indicator("00.example")) + 9)])
def test_a_flood_of_claims_keeps_nobody_elses_out(circle, node, at, settled, monkeypatch, most):
    """So many of one State, in number and in bytes; a person is told; others' are kept; what is settled gives way."""
    monkeypatch.setattr(_claims, *most)
    for each in range(6):
        raw = indicator(f"0{each}.example")
        attributed(node, at, raw, "QA")
        assert brought(circle, "VN", offered(raw), beside=raw) == "sharing.other-source"
    mine = models.Contested.objects.filter(by="VN").order_by("pk")
    assert mine.count() == 3
    assert models.Alarm.objects.filter(peer="VN", code="contest.full").count() == 3
    assert models.Arrival.objects.filter(code="sharing.other-source").count() == 6  # each is still refused, and kept
    theirs = indicator("05.example")
    assert brought(circle, "AE", offered(theirs, source="AE"), beside=theirs) == "sharing.other-source"
    assert models.Contested.objects.filter(by="AE").count() == 1
    first, second, third = mine
    assert settled(second, take=False) == ""
    assert brought(circle, "VN", offered(theirs), beside=theirs) == "sharing.other-source"
    assert [row.pk for row in mine.all()][:2] == [first.pk, third.pk]
    assert mine.last().digest == stix.read(theirs).digest
    assert models.SharingDeed.objects.count() == 1  # what was decided about the second stays in the log


def test_one_claim_as_large_as_it_may_be_is_kept(circle, node, at):
    """256 kB, the most that goes from State to State."""
    raw = indicator("large.example", description="x" * 250_000)
    circle.share("QA", "IR", raw)
    assert brought(circle, "VN", offered(raw), beside=raw) == "sharing.other-source"
    assert len(models.Contested.objects.get().raw) == len(raw)


def test_what_is_said_in_two_ways_is_shown_page_by_page(circle, node, at, officers):
    """However many there are, each is found: nobody's flood hides another's claim."""
    oldest = indicator("vietnam.example")
    attributed(node, at, oldest, "QA")
    assert brought(circle, "VN", offered(oldest), beside=oldest) == "sharing.other-source"
    (claim,) = models.Contested.objects.all()
    place = claim.collection
    for each in range(45):
        models.Contested.objects.create(
            collection=place, object_id=f"tool--{each}", digest=f"{each:064}", by="client flood", code=claim.code, at=at
        )
    browser, path, seen = Browser(officers.all), "/sharing/collections", 0
    while path:
        text = browser.text(path)
        seen += len(re.findall(r'href="/sharing/contested/\d+"', text))
        following = re.search(r'href="(\?older=\d+)#contested"', text)
        path = "/sharing/collections" + following[1] if following else ""
    assert seen == 46
    assert browser.get("/sharing/collections?older=" + "9" * 40).status_code == 200


# ------------------------------------------------------------------------------- what clients send where they may not read


def admitted(officers, at, name: str, reads=(), writes=(ONE,)) -> str:
    """A client with this access; its name."""
    given = {"organisation": "Bank", "state": "IR", "communities": [], "purpose": "prevention"}
    collections.admit(name, officer=officers.all, at=at, **given)
    collections.give(name, reads=reads, writes=writes, officer=officers.all)
    return name


def sends(node, name: str, found) -> dict | int:
    """What a client is answered: the counts of its addition, or the status of a refusal."""
    client = models.Client.objects.get(pk=name)
    who = reader(f"client {name}", reads=client.reads, writes=client.writes)
    body = b'{"objects":[%s]}' % b",".join(one.raw for one in found)
    said = Asking(Shelves(node, client)).ask("POST", OBJECTS, body=body, who=who)[1]
    told = {key: said.get(key) for key in ("status", "success_count", "failure_count", "failures")}
    return int(said["http_status"]) if "http_status" in said else told


def test_what_blind_clients_send_has_a_limit_that_tells_nothing(node, shelves, officers, at, monkeypatch):
    """Refused at the same object, in the same words, be what they sent new, known, contrary or twice; others go on."""
    monkeypatch.setattr(blind, "OBJECTS", 24)
    shelves.add(ONE, read(*map(tool, range(100))), by="officer", at=at)
    sent = {
        "new": [tool(number) for number in range(200, 300)],
        "known": [tool(number) for number in range(100)],
        "contrary": [tool(number, name="forged") for number in range(100)],
        "twice": [tool(300)] * 100,
    }
    answers = {}
    for name, raws in sent.items():
        admitted(officers, at, name)
        answers[name] = [sends(node, name, read(*raws[2 * each : 2 * each + 2])) for each in range(5)]
        collections.end(name, officer=officers.all, at=at)
    taken = {"status": "complete", "success_count": 2, "failure_count": 0, "failures": None}
    assert answers == {name: [taken, taken, taken, 507, 507] for name in sent}
    assert models.Contested.objects.filter(by="client contrary").count() == 6
    reads = admitted(officers, at, "reader", reads=[ONE])
    assert sends(node, reads, read(*sent["new"][-8:]))["success_count"] == 8  # who reads is told, and not counted
    letter = admitted(officers, at, "letter")
    for _ in range(3):
        sends(node, letter, read(*sent["contrary"][-2:]))
    assert sends(node, letter, read(tool(400))) == 507
    page = re.sub(r"<[^>]+>", "", Browser(officers.all).text("/sharing/collections"))
    assert "full: nothing more is taken from it" in page
    assert "6 objects" in page
    collections.give(letter, reads=[], writes=[ONE], officer=officers.all)
    assert sends(node, letter, read(tool(400))) == taken | {"success_count": 1}


def test_what_all_blind_clients_send_together_has_a_limit(node, shelves, officers, at, monkeypatch):
    """Four use up their shares, in bytes, and fill no disk; whoever may read goes on; one that is ended is not counted."""
    size = len(tool(10))
    monkeypatch.setattr(blind, "BYTES", 12 * size)
    shelves.add(ONE, read(*map(tool, range(10, 60))), by="officer", at=at)
    clients = [admitted(officers, at, f"bank{each}") for each in range(6)]
    for each, name in enumerate(clients):
        for turn in range(9):
            sends(node, name, read(tool(10 + 9 * (each % 5) + turn, name="f")))
    kept = models.Contested.objects.filter(by__startswith="client bank")
    assert 0 < sum(len(row.raw) for row in kept) <= blind.BYTES
    rows = models.Client.objects.filter(pk__in=clients)
    assert sum(row.blind_bytes for row in rows) <= blind.BYTES
    assert max(row.blind_bytes for row in rows) <= blind.BYTES // 4
    assert sends(node, clients[-1], read(tool(10))) == 507
    reads = admitted(officers, at, "reader", reads=[ONE])
    assert sends(node, reads, read(tool(99)))["success_count"] == 1
    collections.end(clients[0], officer=officers.all, at=at)
    assert sends(node, clients[-1], read(tool(10)))["success_count"] == 1


def test_who_is_full_is_refused_before_anything_is_parsed(node, shelves, officers, at, monkeypatch):
    """Over TAXII and as a client of MISP: what would be refused as it stands is not even looked at; nothing is written."""
    monkeypatch.setattr(blind, "OBJECTS", 4)
    name = admitted(officers, at, "letter", writes=[ONE, TWO])
    assert sends(node, name, read(tool(1)))["success_count"] == 1
    client = models.Client.objects.get(pk=name)
    who = Reader(name=f"client {name}", reads=frozenset(), writes=frozenset({ONE, TWO}), visible=lambda _row: False)
    monkeypatch.setattr(stix, "objects", lambda *_given, **_more: pytest.fail("it was parsed"))
    assert sends(node, name, read(tool(2))) == 507
    before = everything(), models.Addition.objects.count()
    for body in (event(), b"[" * 9_000):
        asked = misp_server.Request("POST", TWO, "events/add", body)
        said = misp_server.answer(asked, Shelves(node, client), who, at, organisation="Bank")
        assert (said.status, b"call them" in said.body) == (507, True)
    assert (everything(), models.Addition.objects.count()) == before


def test_what_is_kept_aside_of_a_client_that_reads_has_a_limit_too(node, shelves, at, monkeypatch):
    """Of what contradicts another collection it is not told: so many are kept aside, and it hears the same of all."""
    monkeypatch.setattr(desk_shelf, "_ASIDE", 3)
    shelves.add(TWO, read(*map(tool, range(9))), by="officer", at=at)
    soc = of_client(node, "soc", reads=[ONE], state=node.state)
    said = soc.add(ONE, read(*(tool(number, name="x") for number in range(9))), by="client soc", at=at)
    assert set(said.values()) == {"new"}
    kept = models.Contested.objects.filter(by="client soc")
    assert kept.count() == 3
    assert [(one.code, one.peer) for one in models.Alarm.objects.all()] == [("contest.full", node.state)]
    kept.update(state=models.Contested.State.OUT, settled_at=at, settled_by="Officer", reason="Seen.")
    soc.add(ONE, read(*(tool(number, name="y") for number in range(9))), by="client soc", at=at)
    assert kept.filter(settled_at=None).count() == 3  # what was settled takes nobody's place
    assert models.Alarm.objects.count() == 1
