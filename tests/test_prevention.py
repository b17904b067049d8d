"""The prevention desk: shared, held, handed on, called back and acknowledged over the wire; and what nobody can make it do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from browsing import Browser
from holding import RULES, Circle, brought, code, indicator, offered, received, shelved
from hypothesis import given
from hypothesis import strategies as st
from peer import arrive

from comity.errors import Invalid, NotYours
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import bulletins, communities, copies, crossing, prevention, silence, telling
from comity.node.desk.shelf import Shelves, opened
from comity.node.peers import access
from comity.seal import canon, envelope
from comity.sharing import _checks, shelf, stix, tlp
from comity.sharing.notices import Acknowledgement, Ask, Concern, Holding, Kind, Recall, Report, Standing
from comity.sharing.recall import Send, Use
from comity.sharing.shelf import Filter
from comity.sharing.tlp import Level
from comity.wire import communities as circles
from comity.wire import messages, shares
from comity.wire.directory import trust_in
from comity.wire.shares import Carried


@pytest.fixture
def circle(node, at) -> Circle:
    """Iran's node with Viet Nam, Qatar and the Emirates."""
    return Circle(node, at, "VN", "QA", "AE")


def shared(circle, officers, row, to="VN", hops=3) -> None:
    """Iran shares an object, and everything follows."""
    prevention.share(circle.node, row, to, purpose="prevention", hops=hops, officer=officers.all, at=circle.at)
    circle.settle()


def use(circle, what: str) -> Use:
    """What Iran may do with a copy."""
    return copies.sharer(circle.node, circle.at).use(what, at=circle.at)


def permit(**rules) -> None:
    """Let what was received go out by these rules."""
    models.Collection.objects.filter(pk=copies.RECEIVED).update(rules=RULES | rules)


# --------------------------------------------------------------------------------------------------- as the source


def test_shared_held_called_back_acknowledged(circle, officers, node, at):
    """Handed on twice, and yet the list of who holds it, and of who has said so, is whole; each word is signed and logged."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    circle.say("VN", circle["VN"].sharer.hand_on(row.digest, "QA", at=at))
    circle.say("QA", circle["QA"].sharer.hand_on(row.digest, "AE", at=at))
    circle.say("AE", [])
    assert set(copies.Kept("IR", at).holders(row.digest)) >= {"VN", "QA"}
    circle["AE"].silent = True
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at, reason="A bank was named.")
    circle.settle()
    assert circle.codes == []
    assert copies.sharer(node, at).outstanding(1) == ("AE",)
    acks = {one.by: one for one in models.CopyAcknowledgement.objects.all()}
    assert {by: (one.deed, one.passed_to) for by, one in acks.items()} == {
        "VN": ("withdrawn", ["QA"]), "QA": ("withdrawn", ["AE"])}  # fmt: skip
    for by, one in acks.items():
        said = envelope.verify(bytes(one.statement), circle.trust(), kind="notice", at=at)
        assert (said.sender, shares.said_in(said.raw).by) == (by, by)
    assert models.StixObject.objects.get(pk=row.pk).withdrawn
    assert Shelves(node).page(row.collection.pk, Filter(), None, 10) == []
    deeds = models.SharingDeed.objects.order_by("entry")
    assert [(one.verb, one.to, one.by) for one in deeds] == [
        ("share", ["VN"], "Officer all, Exercise office"), ("recall", ["VN"], "Officer all, Exercise office")]  # fmt: skip
    from comity.node.archive import log_node
    from comity.seal import merkle

    for one in deeds:
        assert canon.content_id(bytes(one.statement)) == one.digest
        assert log_node(0, one.entry) == merkle.leaf_hash(log.entry(log.NOTICE, one.digest))
    assert code(prevention.share, node, row, "QA", purpose="prevention", hops=0, officer=officers.all, at=at) == (
        "sharing.withdrawn"
    )
    again = {"officer": officers.all, "at": at}
    assert code(prevention.recall, node, row.digest, Kind.WITHDRAW, **again) == "recall.done"


def test_what_no_state_holds_is_called_back_from_clients(node, officers, circle, at):
    """It was never shared; the recall is signed, logged, counted, and the object goes to no client any more."""
    row = shelved(node, at, indicator())
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    assert models.StixObject.objects.get(pk=row.pk).withdrawn
    assert models.SharingDeed.objects.get().to == []
    assert copies.Kept("IR", at).complete("IR") == 1
    assert models.Telling.objects.count() == 0
    first = {"officer": officers.all, "at": at}
    assert code(prevention.recall, node, "c" * 64, Kind.WITHDRAW, **first) == "recall.not-ours"


def test_what_was_taken_before_its_year_was_asked_is_not_lost(circle, officers, node, at, monkeypatch):
    """It is shown, given, marked stricter and called back as it is; brought anew it is refused by name."""
    raw = indicator(created="1019-11-01T00:00:00.000Z")
    with pytest.raises(Invalid, match=r"stix\.year"):
        stix.read(raw)
    with monkeypatch.context() as then:
        then.setattr(_checks, "YEARS", range(1, 10_000))
        row = shelved(node, at, raw)
        shared(circle, officers, row)
    assert Shelves(node).page(row.collection.pk, Filter(), None, 10)
    assert row.object_id in Browser(officers.idle).text(f"/sharing/objects/{row.pk}")
    prevention.share(node, row, "QA", purpose="prevention", hops=1, officer=officers.all, at=at)
    prevention.recall(node, row.digest, Kind.TIGHTEN, level=Level.AMBER, officer=officers.all, at=at)
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    circle["QA"].silent = True
    circle.settle()
    assert models.CopyAcknowledgement.objects.filter(by="VN", deed="withdrawn").exists()
    assert bytes(models.StixObject.objects.get(pk=row.pk).raw) == raw


def test_marked_stricter_and_replaced(circle, officers, node, at):
    """A stricter level travels; what takes its place is named; neither lowers anything."""
    row, better = shelved(node, at, indicator()), shelved(node, at, indicator("worse.example"))
    shared(circle, officers, row)
    who = {"officer": officers.all, "at": at}
    assert code(prevention.recall, node, row.digest, Kind.TIGHTEN, level=Level.GREEN, **who) == "recall.level"
    assert code(prevention.recall, node, row.digest, Kind.CORRECT, successor=row.digest, **who) == "recall.successor"
    assert code(prevention.recall, node, row.digest, Kind.CORRECT, successor="d" * 64, **who) == "recall.successor"
    prevention.recall(node, row.digest, Kind.TIGHTEN, level=Level.AMBER, **who)
    circle.settle()
    assert circle["VN"].memory.copy(row.digest).level == Level.AMBER
    assert models.CopyAcknowledgement.objects.get().deed == "tightened"
    assert models.StixObject.objects.get(pk=row.pk).withdrawn  # a client would go by the mark in it
    shared(circle, officers, row, "QA")  # under the level as it is now
    assert circle["QA"].memory.copy(row.digest).level == Level.AMBER
    prevention.recall(node, row.digest, Kind.CORRECT, successor=better.digest, **who)
    circle.settle()
    assert circle["VN"].memory.copy(row.digest).withdrawn == 2
    assert [one.successor for one in circle["VN"].memory.recalls_of(row.digest)] == ["", better.digest]
    assert copies.sharer(node, at).outstanding(2) == ()


def test_reports_come_back_to_the_source(circle, officers, node, at):
    """From a holder that Iran does not know, by the way back; with the object that says more."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    circle.say("VN", circle["VN"].sharer.hand_on(row.digest, "QA", at=at))
    note = canon.dumps({
        "type": "note", "spec_version": "2.1", "id": "note--0b7e5bb9-6cd5-4a8f-8f2e-0b6a5cf8d0d1",
        "created": "2026-11-02T00:00:00.000Z", "modified": "2026-11-02T00:00:00.000Z", "content": "A false alarm.",
        "object_refs": [row.object_id],
    })  # fmt: skip
    about = stix.read(note).digest
    circle["QA"].objects[about] = note
    circle.say("QA", circle["QA"].sharer.report(row.digest, Concern.CORRECTION, at=at, about=about))
    circle.settle()
    found = models.CopyReport.objects.get()
    assert (found.by, found.concern, bytes(found.object)) == ("QA", "correction", note)
    assert "QA" in copies.Kept("IR", at).holders(row.digest)


# --------------------------------------------------------------------------------------------------- as a holder


def test_held_and_handed_on_and_called_back(circle, officers, node, at):
    """Viet Nam -> Iran -> Qatar, in a community; Viet Nam's recall ends both copies, and both have said so."""
    row = circle.agreed(officers.all)
    what = circle.share("VN", "IR", indicator(), communities=(row.pk,), purpose="prevention")
    assert use(circle, what) is Use.USABLE
    one = received(what)
    assert (one.source, one.communities, one.by) == ("VN", ["Gulf"], "VN")
    give = {"purpose": "prevention", "officer": officers.all, "at": at}
    assert code(prevention.hand_on, node, one, "QA", **give) == "sharing.release nobody"  # no rules yet: nothing goes
    permit(communities=["Gulf"])
    prevention.hand_on(node, received(what), "QA", **give)
    circle.settle()
    assert circle["QA"].memory.copy(what).hops == 2
    assert set(circle["VN"].memory.holders(what)) == {"IR", "QA"}
    assert code(prevention.recall, node, what, Kind.WITHDRAW, officer=officers.all, at=at) == "recall.not-ours"
    circle.say("VN", circle["VN"].sharer.recall(what, Kind.WITHDRAW, at=at))
    assert use(circle, what) is Use.WITHDRAWN
    assert circle["QA"].memory.copy(what).withdrawn == 1
    assert set(circle["VN"].memory.acknowledged(1)) == {"IR", "QA"}
    assert circle["VN"].sharer.outstanding(1) == ()
    assert received(what).withdrawn
    assert code(prevention.hand_on, node, received(what), "AE", **give) == "sharing.withdrawn"
    assert circle.codes == []


def test_green_stays_in_its_community(circle, officers, node, at):
    """Handed on to members only, whatever the rules name; given by name alone, it goes no further at all."""
    row = circle.agreed(officers.all)
    what = circle.share("VN", "IR", indicator(), communities=(row.pk, "e" * 64))
    alone = circle.share("VN", "IR", indicator("alone.example"))
    permit(states=["VN", "QA", "AE"], communities=["Gulf"], public=True)
    give = {"purpose": "prevention", "officer": officers.all, "at": at}
    assert code(prevention.hand_on, node, received(what), "AE", **give) == "sharing.release community"
    assert code(prevention.hand_on, node, received(alone), "QA", **give) == "sharing.release community"
    assert (
        code(prevention.hand_on, node, received(what), "QA", **give | {"purpose": "fun"}) == "sharing.release purpose"
    )
    assert prevention.give_in(node, received(what), row.pk, officer=officers.all, at=at) == ["QA"]
    amber = circle.share("VN", "IR", indicator("amber.example", Level.AMBER), level=Level.AMBER, communities=(row.pk,))
    assert code(prevention.hand_on, node, received(amber), "QA", **give) == "sharing.level"
    last = circle.share("VN", "IR", indicator("last.example"), hops=0, communities=(row.pk,))
    assert code(prevention.hand_on, node, received(last), "QA", **give) == "sharing.hops"


def test_a_told_level_binds_what_is_not_marked(circle, officers, node, at):
    """Clear by its own mark, or by none, and told green: no client gets it, and no State outside of the community."""
    row = circle.agreed(officers.all)
    for value, mark in (("clear.example", Level.CLEAR), ("bare.example", None)):
        what = circle.share("VN", "IR", indicator(value, mark), level=Level.GREEN, communities=(row.pk,))
        permit(states=["QA", "AE"], communities=["Gulf"], public=True, unmarked="TLP:CLEAR")
        assert received(what).withdrawn
        give = {"purpose": "prevention", "officer": officers.all, "at": at}
        assert code(prevention.hand_on, node, received(what), "AE", **give) == "sharing.release community"
        assert code(prevention.hand_on, node, received(what), "QA", **give) == ""


def test_a_stricter_level_binds_here(circle, officers, node, at):
    """Viet Nam marks it stricter: kept, handed to nobody, given to no client."""
    row = circle.agreed(officers.all)
    what = circle.share("VN", "IR", indicator(), communities=(row.pk,))
    permit(communities=["Gulf"])
    circle.say("VN", circle["VN"].sharer.recall(what, Kind.TIGHTEN, level=Level.RED, at=at))
    assert use(circle, what) is Use.USABLE
    assert received(what).withdrawn
    give = {"purpose": "prevention", "officer": officers.all, "at": at}
    assert code(prevention.hand_on, node, received(what), "QA", **give) == "sharing.level"
    assert circle["VN"].memory.acks[1]["IR"].deed == "tightened"


def test_a_silent_source_reaches_nobody_at_any_door(circle, officers, node, at):
    """Its copies are seen by no client, in no bulletin; a feed's objects of the same State are; heard of again, all are."""
    row = circle.agreed(officers.all)
    clear = indicator(level=Level.CLEAR)
    what = circle.share("VN", "IR", clear, level=Level.CLEAR, communities=(row.pk,))
    permit(communities=["Gulf"], public=True)
    fed = stix.read(indicator("fed.example", Level.CLEAR))
    Shelves(node).add(copies.RECEIVED, [fed], by="feed cert", at=at, source="VN")
    client = models.Client(name="soc", state="QA", communities=["Gulf"], purpose="prevention", reads=[copies.RECEIVED])
    names = [stix.read(clear).id, fed.id]

    def seen(now) -> tuple[set[str], set[str]]:
        shelves = Shelves(node, client)
        with access.reading(client, shelves, node, at=now) as reader:
            rows, _ = shelf.looked(shelves, reader, copies.RECEIVED, Filter(), None, limit=10, page=10)
        return {each.id for each in rows}, {each.id for each in bulletins.public_objects(names, at=now)}

    later = at + copies.PATIENCE + timedelta(seconds=1)
    assert seen(at) == (set(names), set(names))
    assert seen(later) == ({fed.id}, {fed.id})
    text = {"en": {"title": "T", "body": "B"}}
    refused = code(bulletins.publish, "method", text, names[:1], officer=officers.all, at=later)
    assert refused == "bulletin.object"
    circle.say("VN", [Send("IR", Standing(source="VN", number=1, at=int(at.timestamp())))])
    assert seen(at) == ({fed.id}, {fed.id})  # a recall is missing
    assert not received(what).withdrawn
    latest = models.Collection.objects.get(pk=copies.RECEIVED).newest
    end = {"level": 0, "successor": "", "reason": "", "at": int(at.timestamp())}
    gap = Recall(source="VN", number=1, what="0" * 64, kind="withdraw", **end)
    circle.say("VN", [Send("IR", gap)])
    assert seen(at) == (set(names), set(names))
    assert silence.due(node, at=at + timedelta(seconds=9)) is False  # a door may not know yet that it speaks
    assert received(what).added < latest
    assert silence.due(node, at=at + timedelta(seconds=11)) is True
    assert received(what).added > latest  # who asks for what is new since then gets it
    assert (silence.due(node, at=at + timedelta(days=1)), models.KeptBack.objects.count()) == (False, 0)


def test_who_falls_silent_and_speaks_in_turn_is_not_fetched_again_and_again(circle, officers, node, at, monkeypatch):
    """Only what somebody was kept from comes anew; each turn waits longer, up to a day; what waits is seen by who reads all."""
    row = circle.agreed(officers.all)
    old, new = (
        circle.share("VN", "IR", indicator(f"{name}.example", Level.CLEAR), level=Level.CLEAR, communities=(row.pk,))
        for name in ("old", "new")
    )
    permit(communities=["Gulf"], public=True)
    shelves = Shelves(node, models.Client(name="soc", state="QA", reads=[copies.RECEIVED], communities=["Gulf"],
                                          purpose="prevention"))  # fmt: skip

    def fetched(now, since: str) -> list[str]:
        with access.reading(shelves._client, shelves, node, at=now) as reader:
            rows, _ = shelf.looked(shelves, reader, copies.RECEIVED, Filter(after=since), None, limit=10, page=10)
        return [each.digest for each in rows]

    kept, now, late, waits = copies.Kept(node.state, at), at, [], []
    before = received(old).added
    for number in range(1, 9):
        kept.put_standing(Standing(source="VN", number=number, at=int(now.timestamp())), b"")
        assert fetched(now, received(old).added) == []  # a reader who has the first of the two
        end = {"level": 0, "successor": "", "reason": "", "at": int(now.timestamp())}
        last = Recall(source="VN", number=number, what=f"{number:064}", kind="withdraw", **end)
        kept.put_recall(last, b"")
        added, asked = received(new).added, now
        now += timedelta(minutes=1)
        while not silence.due(node, at=now):
            assert fetched(now, "")[-2:] == [old, new]
            now += timedelta(minutes=30)
            kept.put_standing(Standing(source="VN", number=number, at=int(now.timestamp())), b"")
        assert received(new).added > added
        late.append(received(old).added)
        waits.append(round((now - asked) / timedelta(hours=1)))
    assert set(late) == {before}  # nobody was kept from it, and nobody fetches it again
    assert waits == [0, 1, 2, 4, 8, 16, 24, 24]
    monkeypatch.setattr(silence, "_ROWS", 1)
    kept.put_standing(Standing(source="VN", number=9, at=int(now.timestamp())), b"")
    assert fetched(now, "") == []  # who reads everything while it is silent widens what comes anew to everything
    kept.put_recall(replace(last, number=9), b"")
    now += timedelta(days=1)
    kept.put_standing(Standing(source="VN", number=9, at=int(now.timestamp())), b"")
    assert [silence.due(node, at=now) for _ in range(4)] == [
        True,
        True,
        True,
        False,
    ]  # some rows at a time, in one turn
    assert before < received(old).added < received(new).added
    assert models.CopyStanding.objects.get().turns == 9


def test_a_silent_source_suspends(circle, officers, node, at):
    """A week without a word of the source: not handed on. A neighbour who keeps recalls back gains nothing."""
    row = circle.agreed(officers.all)
    what = circle.share("VN", "IR", indicator(), communities=(row.pk,))
    permit(communities=["Gulf"])
    later = at + copies.PATIENCE + timedelta(seconds=1)
    assert copies.suspended(node, at=at) == frozenset()
    assert copies.suspended(node, at=later) == {"VN"}
    give = {"purpose": "prevention", "officer": officers.all}
    assert code(prevention.hand_on, node, received(what), "QA", at=later, **give) == "sharing.suspended"
    ahead = Standing(source="VN", number=1, at=int(at.timestamp()))
    circle.say("VN", [Send("IR", ahead)])
    assert copies.suspended(node, at=at) == {"VN"}
    assert models.Departure.objects.filter(peer="VN").exists()  # it was asked for what is missing


def test_we_report_to_the_source(circle, officers, node, at):
    """A sighting with its count, a mistake with words; TLP:AMBER, by this State's identity."""
    what = circle.share("VN", "IR", indicator())
    who = {"officer": officers.all, "at": at}
    prevention.report(node, received(what), Concern.SIGHTING, text="On two mail servers.", count=2, **who)
    prevention.report(node, received(what), Concern.CORRECTION, text="This is a hospital.", **who)
    circle.settle()
    told = circle["VN"].memory.reports
    assert [(one.by, one.concern) for one in told] == [("IR", "sighting"), ("IR", "correction")]
    sighting, note = (stix.read(circle["VN"].objects[one.about]).body for one in told)
    assert (sighting["count"], sighting["sighting_of_ref"]) == (2, received(what).object_id)
    assert (note["type"], note["content"]) == ("note", "This is a hospital.")
    assert {one["created_by_ref"] for one in (sighting, note)} == {prevention.identity("IR")}
    own = shelved(node, at, indicator("own.example"))
    assert code(prevention.report, node, own, Concern.SIGHTING, text="", **who) == "sharing.not-held"
    assert code(prevention.report, node, received(what), Concern.CORRECTION, text=" ", **who) == "sharing.report-text"
    assert code(prevention.report, node, received(what), Concern.SIGHTING, text="", count=0, **who) == (
        "sharing.report-count"
    )


def fed(node, at, *raws: bytes, source="QA") -> list[object]:
    """What comes of objects that a feed brings as another State's."""
    opened("fed", title="Fed", made_at=at, made_by="test")
    found = [stix.read(raw) for raw in raws]
    outcomes = Shelves(node).add("fed", found, by="feed qa", at=at, source=source)
    return [getattr(outcomes[place], "code", outcomes[place]) for place in range(len(found))]


def test_a_recall_ends_what_came_from_its_source_by_another_way(circle, officers, node, at):
    """From a feed, with no copy noted: before the recall and after it; another State's recall of it ends nothing."""
    circle.share("QA", "IR", indicator("talks.example"))  # so that Qatar's recalls come here
    raws = [indicator(f"{name}.example") for name in ("first", "later", "mine", "tight")]
    first, later, mine, tight = (stix.read(raw).digest for raw in raws)
    assert fed(node, at, raws[0], raws[2], raws[3]) == ["new"] * 3
    now = int(at.timestamp())
    end = {"source": "QA", "level": 0, "successor": "", "reason": "", "at": now, "kind": "withdraw"}
    for number, what in enumerate((first, later), 1):
        assert brought(circle, "QA", Recall(**end | {"number": number, "what": what})) == ""
    tighten = {"number": 3, "what": tight, "kind": "tighten", "level": int(Level.AMBER)}
    assert brought(circle, "QA", Recall(**end | tighten)) == ""
    assert brought(circle, "VN", Recall(**end | {"source": "VN", "number": 1, "what": mine})) == ""
    gone = dict(models.StixObject.objects.filter(collection__id="fed").values_list("digest", "withdrawn"))
    assert gone == {first: True, mine: False, tight: True}
    assert [one.digest for one in Shelves(node).page("fed", Filter(), None, 10)] == [mine]
    assert fed(node, at, raws[1]) == ["sharing.withdrawn"]
    assert not models.StixObject.objects.filter(digest=later).exists()


def test_reports_of_one_state_about_one_object_are_bounded(circle, officers, node, at):
    """The first are kept; nobody else's are pushed out."""
    row = shelved(node, at, indicator())
    kept = copies.Kept("IR", at)
    for number in range(copies._REPORTS + 3):
        said = Report(source="IR", what=row.digest, by="VN", concern="sighting", about="", at=number)
        kept.put_report(said, b"%d" % number)
    kept.put_report(replace(said, by="QA"), b"other")
    counts = [models.CopyReport.objects.filter(by=by).count() for by in ("VN", "QA")]
    assert counts == [copies._REPORTS, 1]


# ------------------------------------------------------------------------------------------------- what may not go out

RELEASES = [
    ({}, indicator(), "VN", "sharing.release nobody"),
    ({"states": ["VN"]}, indicator(), "VN", "sharing.release purpose"),
    ({"states": ["QA"], "purposes": ["prevention"]}, indicator(), "VN", "sharing.release recipient"),
    (RULES, indicator(level=None), "VN", "sharing.release unmarked"),
    (RULES, indicator(description="Call Ali."), "VN", "sharing.release personal-data"),
    (RULES, indicator(object_marking_refs=["marking-definition--0d0f5b6e-7f3e-4d86-9f2e-3f1f0c1a0001"]), "VN",
     "sharing.release marking-unknown"),
    (RULES, indicator(level=Level.AMBER, granular_markings=[
        {"marking_ref": tlp.IDS[Level.CLEAR], "selectors": ["pattern"]}]), "VN", "sharing.release tlp-lowered"),
    (RULES, indicator(), "BR", "peer.unknown"),
    (RULES, indicator(**{f"x_{number}": "x" * 30_000 for number in range(9)}), "VN", "share.too-long"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "raw", "to", "expected"), RELEASES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_the_rules_keep(circle, officers, node, at, rules, raw, to, expected):
    """Nothing is said, nothing is logged, nobody is noted as its holder."""
    row = shelved(node, at, raw, rules)
    give = {"purpose": "prevention", "hops": 0, "officer": officers.all, "at": at}
    assert code(prevention.share, node, row, to, **give) == expected
    for table in (models.Telling, models.SharingDeed, models.Copy, models.CopyPath, models.CopyHolder):
        assert table.objects.count() == 0


def test_personal_data_are_left_out_of_an_object_of_its_own(circle, officers, node, at):
    """The new one goes, and names what it is derived from; the old one stays where it is."""
    row = shelved(node, at, indicator(description="Call Ali."))
    made = prevention.derive(node, row, officer=officers.all, at=at)
    assert "description" not in made.body
    assert made.body["external_references"][0]["description"] == row.digest
    shared(circle, officers, models.StixObject.objects.get(digest=made.digest))
    assert made.digest in circle["VN"].objects
    plain = shelved(node, at, indicator("plain.example"))
    assert code(prevention.derive, node, plain, officer=officers.all, at=at) == "sharing.nothing-personal"
    what = circle.share("VN", "IR", indicator("theirs.example", description="Call Ali."))
    assert code(prevention.derive, node, received(what), officer=officers.all, at=at) == "sharing.not-ours"


def test_what_was_called_back_is_not_derived_and_takes_what_was_derived_along(circle, officers, node, at):
    """Neither before nor after lets a called back, or freer, text live on without its personal data."""
    who = {"officer": officers.all, "at": at}
    row = shelved(node, at, indicator(description="Call Ali."))
    made = models.StixObject.objects.get(digest=prevention.derive(node, row, **who).digest)
    shared(circle, officers, made)
    prevention.recall(node, row.digest, Kind.TIGHTEN, level=Level.AMBER, **who)
    circle.settle()
    assert circle["VN"].memory.copy(made.digest).level == Level.AMBER
    assert code(prevention.derive, node, row, **who) == "sharing.withdrawn"
    prevention.recall(node, row.digest, Kind.WITHDRAW, **who)
    circle.settle()
    assert circle["VN"].memory.copy(made.digest).withdrawn == 4
    assert set(models.StixObject.objects.values_list("withdrawn", flat=True)) == {True}
    assert code(prevention.recall, node, made.digest, Kind.WITHDRAW, **who) == "recall.done"
    assert models.SharingDeed.objects.filter(verb="recall").count() == 4
    bad = shelved(node, at, indicator("bad.example", description="Call Ali."))
    good = prevention.derive(node, bad, **who)
    prevention.recall(node, bad.digest, Kind.CORRECT, successor=good.digest, **who)
    assert not models.StixObject.objects.get(digest=good.digest).withdrawn  # it takes the place of the other


def test_what_an_officer_saw_is_looked_at_again_when_he_decides(circle, officers, node, at):
    """The row in his hand is older than the rules, than a recall, and than its removal."""
    give = {"purpose": "prevention", "officer": officers.all, "at": at}
    row = shelved(node, at, indicator(description="Call Ali."), RULES | {"basis": "a law"})
    assert row.collection.rules["states"]
    models.Collection.objects.filter(number=row.collection_id).update(rules={})
    assert code(prevention.share, node, row, "VN", hops=0, **give) == "sharing.release nobody"
    models.StixObject.objects.filter(pk=row.pk).update(withdrawn=True)
    assert code(prevention.derive, node, row, officer=officers.all, at=at) == "sharing.withdrawn"
    models.StixObject.objects.filter(pk=row.pk).delete()
    for call in (
        lambda: prevention.share(node, row, "VN", hops=0, **give),
        lambda: prevention.hand_on(node, row, "VN", **give),
        lambda: prevention.report(node, row, Concern.SIGHTING, text="", officer=officers.all, at=at),
    ):
        assert code(call) == "sharing.not-held"


def test_each_verb_needs_the_power(circle, officers, node, at):
    """Every other power together does not do."""
    officers.all.powers = [power for power in officers.all.powers if power != "warn"]
    row, who = shelved(node, at, indicator()), {"officer": officers.all, "at": at}
    terms = circles.Terms("Gulf", ("IR", "VN"), "prevention", 1)
    for call in (
        lambda: prevention.share(node, row, "VN", purpose="prevention", hops=0, **who),
        lambda: prevention.hand_on(node, row, "VN", purpose="prevention", **who),
        lambda: prevention.give_in(node, row, "e" * 64, **who),
        lambda: prevention.recall(node, row.digest, Kind.WITHDRAW, **who),
        lambda: prevention.report(node, row, Concern.SIGHTING, text="", **who),
        lambda: prevention.derive(node, row, **who),
        lambda: communities.propose(node, terms, **who),
        lambda: communities.agree(node, terms.digest, **who),
        lambda: communities.leave(node, terms.digest, **who),
    ):
        with pytest.raises(NotYours):
            call()
    assert models.Telling.objects.count() == 0


# ------------------------------------------------------------------------------------------------------------ attacks


def test_another_source_needs_its_own_words(circle, node, at):
    """Qatar hands on what it says is Viet Nam's: missing, self-made, foreign, exhausted and lowered words are refused."""
    raw, other = indicator(), indicator("other.example")
    words = circle["VN"].signs(offered(raw, hops=2), at)
    amber = circle["VN"].signs(offered(raw, hops=2, level=Level.AMBER), at)
    for origin, notice, expected in (
        (None, offered(raw), "share.origin"),
        (circle["QA"].signs(offered(raw, hops=2), at), offered(raw), "share.origin"),
        (circle["VN"].signs(offered(other, hops=2), at), offered(raw), "share.origin"),
        (circle["VN"].signs(offered(raw, source="AE", hops=2), at), offered(raw), "share.origin"),
        (circle["VN"].signs(Standing(source="VN", number=0, at=0), at), offered(raw), "share.origin"),
        (circle["AE"].signs(offered(raw, source="AE", hops=2), at), offered(raw), "share.origin"),
        (words, offered(raw, hops=2), "share.hops"),
        (words, offered(raw, hops=2**53 - 1), "share.hops"),
        (amber, offered(raw), "share.level"),
        (words[:-30] + b"A" + words[-29:], offered(raw), "seal.mldsa65"),
        (words, offered(raw), ""),
    ):
        found = brought(circle, "QA", notice, origin=origin, beside=raw)
        assert found == expected or (expected.startswith("seal") and found.startswith(("seal.", "canon."))), expected
    assert received(stix.read(raw).digest).source == "VN"
    assert models.CopyPath.objects.get().state == "QA"


def test_an_object_is_what_it_is_told_to_be(circle, node, at):
    """Another object, none, a spoofed marking, a level below the mark, a part marked below the whole."""
    raw = indicator(level=Level.AMBER)
    notice = offered(raw, level=Level.AMBER)
    assert brought(circle, "VN", notice) == "share.object"
    assert brought(circle, "VN", notice, beside=indicator("other.example")) == "share.object"
    assert brought(circle, "VN", offered(raw), beside=raw) == "share.level"
    lowered = indicator(granular_markings=[{"marking_ref": tlp.IDS[Level.CLEAR], "selectors": ["pattern"]}])
    assert brought(circle, "VN", offered(lowered), beside=lowered) == "share.level"
    spoofed = tlp.definition(Level.RED) | {"id": tlp.IDS[Level.CLEAR]}
    assert brought(circle, "VN", notice, beside=canon.dumps(spoofed)) == "stix.spoofed"
    assert brought(circle, "VN", notice, beside=b"[" * 9000) in {"sharing.depth", "sharing.json", "sharing.nesting"}
    assert brought(circle, "VN", notice, beside=b" " * (257 << 10)) == "share.too-long"
    assert brought(circle, "VN", Standing(source="VN", number=0, at=0), beside=raw) == "share.object"
    assert brought(circle, "VN", Standing(source="VN", number=0, at=0), purpose="x") == "share.form"
    assert brought(circle, "VN", notice, beside=raw, origin=circle["VN"].signs(notice, at)) == "share.origin"
    assert models.StixObject.objects.count() == models.Copy.objects.count() == 0
    held = indicator(level=Level.AMBER, name="Another content under the same id and version")
    assert brought(circle, "VN", notice, beside=raw) == ""
    assert brought(circle, "VN", offered(held, level=Level.AMBER), beside=held) == "stix.other-content"


def test_nobody_speaks_with_anothers_mouth(circle, officers, node, at):
    """Recalls, standings, words of holders, questions and copies: each by its own speaker alone, whoever carries it."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    what = circle.share("VN", "IR", indicator("theirs.example"))
    now = int(at.timestamp())
    end = Recall(source="VN", number=1, what=what, kind="withdraw", level=0, successor="", reason="", at=now)
    assert brought(circle, "QA", end) == "share.speaker"
    assert brought(circle, "VN", end, by="QA") == "share.speaker"
    assert brought(circle, "QA", Standing(source="VN", number=9, at=now)) == "share.speaker"
    prevention.recall(node, row.digest, Kind.TIGHTEN, level=Level.RED, officer=officers.all, at=at)
    done = Acknowledgement(source="IR", number=1, what=row.digest, by="VN", deed="withdrawn", passed_to=(), at=now)
    assert brought(circle, "QA", done) == "share.speaker"
    assert brought(circle, "VN", Report(source="IR", what=row.digest, by="VN", concern="sighting", about="", at=now),
                   by="QA") == "share.speaker"  # fmt: skip
    assert brought(circle, "QA", Ask(source="IR", after=0, at=now), by="VN") == "share.speaker"
    raw = indicator("relayed.example")
    assert brought(circle, "QA", offered(raw), by="VN", beside=raw) == "share.speaker"
    assert brought(circle, "VN", replace(done, passed_to=("QA", "Nobody"))) == "share.form"
    odd = Holding(source="IR", what=row.digest, by="<b>", giver="VN")
    assert brought(circle, "VN", odd) == "share.form"
    assert brought(circle, "VN", done) == ""
    assert models.CopyAcknowledgement.objects.count() == 1
    own = replace(end, source="IR", what=row.digest, number=2)
    assert brought(circle, "VN", own) == "share.speaker"  # nobody says what we recalled, but we
    assert use(circle, what) is Use.USABLE
    assert brought(circle, "QA", end, by="VN") == ""  # whoever carries it, it is Viet Nam's word
    assert use(circle, what) is Use.WITHDRAWN


def test_a_source_that_says_two_things_is_found(circle, node, at):
    """Two recalls under one number: the first counts, the second stays as evidence."""
    what = circle.share("VN", "IR", indicator())
    said = Recall(source="VN", number=1, what="a" * 64, kind="withdraw", level=0, successor="", reason="", at=0)
    assert brought(circle, "VN", said) == ""
    assert brought(circle, "VN", said) == ""
    assert brought(circle, "QA", replace(said, what=what), by="VN") == "recall.conflict"
    assert use(circle, what) is Use.USABLE
    assert archive.sealed(models.Arrival.objects.get(code="recall.conflict"))


def test_nobody_claims_what_is_anothers(circle, officers, node, at):
    """Viet Nam says that Iran's object, or Qatar's, is its own: else it could take it from its source's recall."""
    row = shelved(node, at, indicator())
    assert brought(circle, "VN", offered(indicator()), beside=indicator()) == "sharing.other-source"
    shared(circle, officers, row)
    assert brought(circle, "VN", offered(indicator()), beside=indicator()) == "sharing.other-source"
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    assert use(circle, row.digest) is Use.WITHDRAWN
    what = circle.share("QA", "IR", indicator("qatar.example"))
    theirs = indicator("qatar.example")
    assert brought(circle, "VN", offered(theirs), beside=theirs) == "sharing.other-source"
    assert models.Copy.objects.get(pk=what).source == "QA"


def test_times_that_have_not_come(circle, node, at):
    """Notice, share and word of a community: more than five minutes ahead, or before the State had its key."""
    raw = indicator()
    for ahead, expected in ((timedelta(minutes=6), "share.time"), (-timedelta(days=3), "trust.time")):
        notice = circle["VN"].signs(offered(raw), at + ahead)
        one = Carried(at=at, notice=notice, beside=raw)
        found = arrive(node, circle["VN"].sealed(circle["VN"].statement(one, "IR")), at)
        assert found.code == expected
    late = Carried(at=at + timedelta(minutes=6), notice=circle["VN"].signs(offered(raw), at), beside=raw)
    assert arrive(node, circle["VN"].sealed(circle["VN"].statement(late, "IR")), at).code == "share.time"
    next_year = Standing(source="VN", number=0, at=int(at.timestamp()) + 301)
    assert brought(circle, "VN", next_year) == "notice.early"


def test_a_revoked_key_says_nothing_old(circle, node, at):
    """Whoever stole it could state any time: origin and recall by it do not count any more, though they are older."""
    raw, stolen = indicator(), circle["VN"].peer.signing
    words = circle["VN"].signs(offered(raw, hops=2), at - timedelta(hours=2))
    circle["VN"].peer.rotates(revoked=at - timedelta(hours=1))
    models.Peer.objects.filter(pk="VN").update(entry=circle["VN"].peer.entry_bytes)
    assert circle["VN"].peer.signing is not stolen
    assert brought(circle, "QA", offered(raw), origin=words, beside=raw) == "trust.unknown-key"


@pytest.mark.parametrize("payload", [b"[]", b"{}", b"\xff", b"", b'{"at":1}'])
@pytest.mark.parametrize("kind", ["share", "community"])
def test_what_follows_no_form(circle, node, at, kind, payload):
    """Refused by name; nothing else happens."""
    data = envelope.sign(kind, payload, sender="VN", to="IR", key=circle["VN"].peer.signing)
    found = arrive(node, circle["VN"].sealed(data), at).code
    assert found in {f"{kind}.form", "canon.json", "canon.form"}


def test_the_kinds_of_this_room_pass_for_no_other(circle, node, at):
    """A notice alone, a share as a notice, a notice as a share."""
    notice = offered(indicator())
    payload = shares.payload(notice, at)
    bare = envelope.sign("notice", payload, sender="VN", to="IR", key=circle["VN"].peer.signing)
    assert arrive(node, circle["VN"].sealed(bare), at).code == "seal.kind"
    wrong = envelope.sign("share", payload, sender="VN", to="", key=circle["VN"].peer.signing)
    inner = Carried(at=at, notice=wrong, beside=indicator())
    assert arrive(node, circle["VN"].sealed(circle["VN"].statement(inner, "IR")), at).code == "seal.kind"
    public = envelope.sign("share", shares.packed(inner), sender="VN", to="", key=circle["VN"].peer.signing)
    assert arrive(node, circle["VN"].sealed(public), at).code == "seal.addressee"


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
BYTES = st.binary(max_size=60)


@given(BYTES, BYTES, BYTES, st.lists(TEXTS, max_size=3), TEXTS, st.data())
def test_what_is_packed_is_read(notice, beside, origin, named, purpose, data):
    """There and back; any other field, type or length is refused by name."""
    from datetime import UTC, datetime

    one = Carried(at=datetime(2026, 11, 30, 9, tzinfo=UTC), notice=notice, beside=beside, origin=origin,
                  communities=tuple(named), purpose=purpose)  # fmt: skip
    packed = shares.packed(one)
    said = envelope.Statement("share", "VN", "IR", packed, b"", "")
    assert shares.read(said) == one
    value = canon.loads(packed, limit=1 << 20)
    name = data.draw(st.sampled_from(sorted(value)))
    wrong = data.draw(st.sampled_from([None, 1, True, {}, [1], "%", "x" * 61]))
    for broken in (value | {name: wrong}, {k: v for k, v in value.items() if k != name}, value | {"more": 1}):
        found = code(shares.read, replace(said, payload=canon.dumps(broken)))
        whole = set(broken) == set(value) and isinstance(broken[name], str)
        assert found == "share.form" or (whole and not found)


# -------------------------------------------------------------------------------------------------------- communities


def test_a_community_is_who_agreed(circle, officers, node, at):
    """Proposed, agreed, left; other terms are another community; only members count, and only while we are one."""
    row = circle.agreed(officers.all)
    assert communities.members(node, row) == ["QA", "VN"]
    assert [one.pk for one in communities.with_state(node, "VN")] == [row.pk]
    assert models.LogHead.objects.get().size >= 1
    terms = communities.terms_of(row)
    assert circle.says_of("VN", terms, agrees=False, at=at + timedelta(seconds=9)) == ""
    assert circle.says_of("VN", terms, agrees=True) == ""  # an older word that came late
    assert communities.members(node, row) == ["QA"]
    wider = replace(terms, members=("AE", *terms.members))
    assert circle.says_of("AE", wider, agrees=True) == ""
    assert communities.with_state(node, "AE") == []
    assert code(communities.leave, node, wider.digest, officer=officers.all, at=at) == "community.unknown"
    assert code(communities.agree, node, wider.digest, officer=officers.all, at=at) == "community.name"
    communities.leave(node, row.pk, officer=officers.all, at=at + timedelta(seconds=1))
    assert communities.with_state(node, "QA") == []
    assert communities.members(node, row) == []
    # What was given in it goes by its name: the name means these members for good.
    assert code(communities.agree, node, wider.digest, officer=officers.all, at=at) == "community.name"
    other = replace(wider, name="Wider Gulf")
    assert circle.says_of("AE", other, agrees=True) == ""
    communities.agree(node, other.digest, officer=officers.all, at=at)
    assert communities.members(node, models.Community.objects.get(pk=other.digest)) == ["AE"]
    assert circle.codes == []


def test_who_may_speak_of_a_community(circle, officers, node, at):
    """Neither who is not a member, nor to who is not; proposals of one State are bounded."""
    others = circles.Terms("Others", ("AE", "QA"), "prevention", 1)
    assert circle.says_of("VN", replace(others, members=("IR", "QA")), agrees=True) == "community.members"
    assert circle.says_of("QA", others, agrees=True) == "community.members"
    good = circles.Terms("Good", ("IR", "QA"), "prevention", 1)
    assert circle.says_of("QA", good, agrees=True, at=at + timedelta(minutes=6)) == "community.time"
    assert code(communities.propose, node, others, officer=officers.all, at=at) == "community.members"
    far = circles.Terms("Far", ("BR", "IR"), "prevention", 1)
    assert code(communities.propose, node, far, officer=officers.all, at=at) == "peer.unknown"
    assert code(communities.agree, node, good.digest, officer=officers.all, at=at) == "community.unknown"
    many = [models.Community(pk=f"{number:064x}", name=str(number), members=[], purpose="x", hops=0, proposed_by="QA",
                             made_at=at) for number in range(communities.MOST)]  # fmt: skip
    models.Community.objects.bulk_create(many)
    assert circle.says_of("QA", good, agrees=True) == "community.too-many"


@pytest.mark.parametrize("change", [{"name": " "}, {"name": "x" * 61}, {"purpose": ""}, {"hops": 11}, {"hops": True},
                                    {"members": ("IR",)}, {"members": ("VN", "IR")}, {"members": ("IR", "ir")},
                                    {"members": ("IR", "IR")}, {"members": ("IR", 7)}], ids=repr)  # fmt: skip
def test_terms_that_no_community_can_have(change):
    """Names, purposes, hops and members within their limits; members sorted, each once."""
    with pytest.raises((Invalid, TypeError)):
        replace(circles.Terms("Gulf", ("IR", "VN"), "prevention", 1), **change)


def test_shared_in_a_community(circle, officers, node, at):
    """To every member, for its purpose, with its hops; the takers learn in which community."""
    row = circle.agreed(officers.all)
    one = shelved(node, at, indicator(), {"communities": ["Gulf"], "purposes": ["prevention"]})
    assert prevention.give_in(node, one, row.pk, officer=officers.all, at=at) == ["QA", "VN"]
    circle.settle()
    assert {circle[state].memory.copy(one.digest).hops for state in ("QA", "VN")} == {2}
    assert models.SharingDeed.objects.get().to == ["QA", "VN"]  # one word for both
    ways = models.CopyPath.objects.filter(outward=True)
    assert {(way.state, way.purpose, tuple(way.communities)) for way in ways} == {
        ("QA", "prevention", ("Gulf",)), ("VN", "prevention", ("Gulf",))}  # fmt: skip
    strict = shelved(node, at, indicator("strict.example", Level.AMBER_STRICT), title="Strict",
                     rules={"communities": ["Gulf"], "purposes": ["prevention"]})  # fmt: skip
    assert code(prevention.give_in, node, strict, row.pk, officer=officers.all, at=at) == "sharing.release recipient"
    assert code(prevention.give_in, node, one, "e" * 64, officer=officers.all, at=at) == "community.unknown"
    alone = communities.propose(node, circles.Terms("New", ("AE", "IR"), "prevention", 1), officer=officers.all, at=at)
    assert code(prevention.give_in, node, one, alone.pk, officer=officers.all, at=at) == "community.empty"


# ---------------------------------------------------------------------------------------------- carrying, and forgetting


def test_one_who_cannot_be_told_holds_up_nobody(circle, officers, node, at):
    """Qatar has not said what it holds: Viet Nam is told at once, Qatar as soon as it has; nothing is lost."""
    row = shelved(node, at, indicator())
    for to in ("VN", "QA"):
        shared(circle, officers, row, to)
    models.Talk.objects.filter(pk="QA").update(settled=False)
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    circle.settle()
    assert copies.sharer(node, at).outstanding(1) == ("QA",)
    assert telling.waiting() == [("QA", "conversation.unsettled", False)]
    models.Talk.objects.filter(pk="QA").update(settled=True)
    circle.settle()
    assert copies.sharer(node, at).outstanding(1) == ("QA",)  # not yet: it is tried again in a moment
    circle.at = at + timedelta(seconds=3)
    circle.settle()
    assert copies.sharer(node, circle.at).outstanding(1) == ()
    assert telling.waiting() == []


def test_what_nobody_hears_has_an_end(circle, officers, node, at, monkeypatch):
    """After a week it is given up, a person is told once and can send it again; what waits for one State is bounded."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row, "QA")
    models.Talk.objects.filter(pk="QA").update(settled=False)
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    codes = models.Alarm.objects.filter(peer="QA").values_list("code", flat=True)
    late = at + telling.PATIENCE
    for moment, given_up in (
        (at, False),
        (late - timedelta(seconds=9), False),
        (late, True),
        (late + timedelta(days=9), True),
    ):
        telling.deliver(node, at=moment)
        assert telling.waiting() == [("QA", "conversation.unsettled", given_up)]
    assert list(codes.all()) == ["telling.dead"]
    assert not telling.deliver(node, at=late + timedelta(days=9))  # nothing is tried any more
    assert code(telling.release, node, "VN", officer=officers.all, at=late) == "telling.none"
    assert code(telling.release, node, "QA", officer=officers.drafter, at=late) == "case.power"
    telling.release(node, "QA", officer=officers.all, at=late)
    assert telling.deliver(node, at=late)
    assert telling.waiting() == [("QA", "conversation.unsettled", False)]
    models.Telling.objects.update(next_at=None)
    models.Talk.objects.filter(pk="QA").update(settled=True)  # its node has spoken: that moves it on as well
    assert telling.deliver(node, at=late)
    assert (telling.waiting(), models.Telling.objects.count()) == ([], 0)
    monkeypatch.setattr(telling, "_MOST", 3)
    telling.note(node, [telling.Word("QA", "share", b"x")] * 5, at=late)
    assert (models.Telling.objects.count(), list(codes.all())) == (3, ["telling.dead", "telling.full"])


def test_a_standing_goes_out_once_a_day(circle, officers, node, at):
    """Well within the patience of the others; not before anything was shared."""
    assert not copies.due(node, at=at)
    shared(circle, officers, shelved(node, at, indicator()))
    count = models.Departure.objects.count()
    copies.due(node, at=at + timedelta(hours=23))
    assert models.Departure.objects.count() == count
    copies.due(node, at=at + timedelta(hours=24))
    copies.due(node, at=at + timedelta(hours=25))
    assert models.Departure.objects.count() == count + 1


def lose(*tables) -> None:
    """An older database: these tables are as they were before anything happened."""
    for table in tables:
        table.objects.all().delete()


def test_who_forgot_his_recalls_learns_them_before_he_says_another(circle, officers, node, at):
    """A restored source asks its neighbours; what they bring back is its own word; then its numbers go on."""
    row, other = shelved(node, at, indicator()), shelved(node, at, indicator("other.example"))
    shared(circle, officers, row)
    shared(circle, officers, other)
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    circle.settle()
    lose(models.CopyRecall, models.CopyStanding, models.CopyAcknowledgement)
    models.Copy.objects.update(withdrawn=0)
    models.StixObject.objects.update(withdrawn=False)
    circle.say("QA", [Send("IR", Standing(source="QA", number=0, at=int(at.timestamp())))])
    crossing.forget_settled(node, "log.size", at=at)
    who = {"officer": officers.all, "at": at}
    assert copies.relearning(at=at) == ["QA", "VN"]  # the Emirates were never heard of
    assert code(prevention.recall, node, other.digest, Kind.WITHDRAW, **who) == "recall.relearning"
    give = {"purpose": "prevention", "hops": 0}
    assert code(prevention.share, node, other, "QA", **give, **who) == "recall.relearning"
    copies.due(node, at=at)
    assert copies.relearning(at=at) == ["QA", "VN"]  # nobody has said yet what he holds
    models.Talk.objects.update(settled=True)
    copies.due(node, at=at)
    assert copies.relearning(at=at) == ["VN"]  # Qatar never had anything of ours
    circle.settle()
    assert copies.relearning(at=at) == []
    assert copies.Kept("IR", at).complete("IR") == 1
    assert models.Copy.objects.get(pk=row.digest).withdrawn == 1
    assert models.StixObject.objects.get(pk=row.pk).withdrawn
    prevention.recall(node, other.digest, Kind.WITHDRAW, **who)
    circle.settle()
    assert copies.sharer(node, at).outstanding(2) == ()
    assert circle.codes == []


def test_more_recalls_than_one_answer_holds_are_learnt_again(circle, officers, node, at):
    """A restored source asks on until it knows all; its objects are known as called back without their copies too."""
    rows = [shelved(node, at, indicator(f"n{number}.example")) for number in range(70)]
    shared(circle, officers, rows[0])
    for row in rows:
        prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
        circle.settle()
    lose(models.CopyRecall, models.CopyStanding, models.CopyAcknowledgement, models.Copy)
    models.StixObject.objects.update(withdrawn=False)
    crossing.forget_settled(node, "log.size", at=at)
    models.Talk.objects.update(settled=True)
    copies.due(node, at=at)
    circle.settle()
    assert copies.Kept("IR", at).complete("IR") == 70
    assert copies.relearning(at=at) == []
    assert not models.StixObject.objects.filter(withdrawn=False).exists()
    give = {"purpose": "prevention", "hops": 0, "officer": officers.all, "at": at}
    assert code(prevention.share, node, rows[5], "VN", **give) == "sharing.withdrawn"


def test_a_claim_that_memory_was_lost_stops_nobody_for_a_week(circle, officers, node, at):
    """A witness says so without a signature: an hour. What this node knows itself is not weakened by it."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    circle["VN"].silent = True
    crossing.forget_settled(node, "log.size", at=at, claimed=True)
    who = {"officer": officers.all}
    assert code(prevention.recall, node, row.digest, Kind.WITHDRAW, at=at, **who) == "recall.relearning"
    later = at + timedelta(hours=1)
    crossing.forget_settled(node, "log.size", at=at)
    copies.due(node, at=at)
    crossing.forget_settled(node, "log.size", at=at, claimed=True)
    assert "VN" in copies.relearning(at=later)
    lose(models.Relearning)
    crossing.forget_settled(node, "log.size", at=at, claimed=True)
    assert code(prevention.recall, node, row.digest, Kind.WITHDRAW, at=later, **who) == ""


def test_a_copy_told_again_after_its_recall_stays_called_back(node, officers, circle, at):
    """A peer gives back the recall first and the share afterwards."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    circle.settle()
    lose(models.Copy, models.CopyPath, models.CopyHolder, models.CopyRecall, models.CopyStanding)
    models.StixObject.objects.update(withdrawn=False)
    keys = [circle["VN"].peer.opening]
    for departure in models.Departure.objects.filter(peer="VN").order_by("-number"):
        departure.statement = envelope.opened(archive.sealed(departure), home="VN", keys=keys)
        departure.save()
        crossing._adopt(node, departure)
    assert models.Copy.objects.get(pk=row.digest).withdrawn == 1
    assert models.StixObject.objects.get(pk=row.pk).withdrawn


def test_who_stays_silent_is_not_waited_for_longer_than_copies_last(circle, officers, node, at):
    """A week: by then his copies are suspended."""
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    crossing.forget_settled(node, "log.size", at=at)
    copies.due(node, at=at)
    assert "VN" in copies.relearning(at=at + copies.PATIENCE - timedelta(seconds=1))
    later = at + copies.PATIENCE
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=later)


def test_what_was_forgotten_comes_back_from_the_peer(circle, officers, node, at):
    """Shares, recalls and words on communities that a peer gives back stand in the tables again, however often."""
    community = circle.agreed(officers.all)
    row = shelved(node, at, indicator())
    shared(circle, officers, row)
    prevention.recall(node, row.digest, Kind.WITHDRAW, officer=officers.all, at=at)
    circle.settle()
    lose(
        models.Copy, models.CopyPath, models.CopyHolder, models.CopyRecall, models.CopyStanding, models.CommunityMember
    )
    own = trust_in([circle["VN"].peer.home_entry])
    keys = [circle["VN"].peer.opening]
    for departure in [*models.Departure.objects.filter(peer="VN").order_by("number")] * 2:
        data = envelope.opened(archive.sealed(departure), home="VN", keys=keys)
        departure.statement = data
        departure.save()
        crossing._adopt(node, departure)
    assert messages.read_stated(data, own).sender == "IR"
    assert models.Alarm.objects.count() == 0
    kept = copies.Kept("IR", at)
    assert kept.copy(row.digest).withdrawn == 1
    assert (list(kept.takers("IR")), list(kept.holders(row.digest)), kept.complete("IR")) == (["VN"], ["VN"], 1)
    assert models.CommunityMember.objects.get(community=community).agrees


def test_the_tables_are_a_memory(node, at):
    """Gaps in what is complete, and once is once."""
    kept = copies.Kept("IR", at)
    said = Recall(source="VN", number=1, what="a" * 64, kind="withdraw", level=0, successor="", reason="", at=0)
    for number, complete in ((2, 0), (4, 0), (1, 2), (3, 4), (6, 4)):
        kept.put_recall(replace(said, number=number), b"raw")
        assert kept.complete("VN") == complete
    assert [one.number for one, raw in kept.recalls("VN", 1, 4) if raw == b"raw"] == [2, 3, 4]
    assert (kept.complete("QA"), kept.standing("QA"), kept.copy("b" * 64)) == (0, None, None)
    assert [kept.first_time(b"x", "VN"), kept.first_time(b"x", "VN"), kept.first_time(b"x", "QA")] == [
        True,
        False,
        True,
    ]
