"""Collections in the node's tables: the same answers as the smallest shelf, and nothing out without a rule that says so."""

import hashlib
import itertools
import json
import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from browsing import Browser
from collecting import AT, COLLECTIONS, OBJECTS, ONE, THREE, TWO, Client, Life, reader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indicators import BUNDLE, attribute, changed, event, named, tool
from shelving import of_client, read
from sqlite_shelf import SqliteShelf

from comity.errors import ComityError, Invalid, NotPossible, NotYours
from comity.ledger import log
from comity.node import models
from comity.node.archive import log_node
from comity.node.desk import _known, contested, shelf
from comity.node.desk import collections as desk
from comity.node.peers import access
from comity.seal import canon, merkle
from comity.sharing import misp_server, release, stix, tlp
from comity.sharing.shelf import Cursor, Filter, looked

ALL = Filter(versions=frozenset({"all"}))
PREVENTION = {"purposes": ["prevention"], "free_text": True}


@pytest.fixture
def client(shelves):
    """Ask these shelves as the pure tests ask theirs."""
    return Client(shelves)


class TestLife(Life):
    """As the smallest shelf."""


def tool_like(kind: str, value: str, number: int = 1) -> bytes:
    """An observable of this value."""
    named = f"{kind}--00000000-0000-4000-8000-{number:012}"
    return json.dumps({"type": kind, "spec_version": "2.1", "id": named, "value": value}).encode()


def test_opencti_s_own_ingestion_gets_everything_once(client):
    """It goes on from the last date, cut to milliseconds: what shares them comes once, and not with every visit again."""
    kept, found = {}, []

    def visit() -> int:
        before = len(found)
        while True:
            said = client.get(query=urlencode({name: value for name, value in kept.items() if value}))
            if not said.get("objects"):
                kept["next"] = ""
                break
            found.extend(one["id"][-4:] for one in said["objects"])
            kept["next"] = said.get("next", "")
            if not said["more"]:
                last = datetime.fromisoformat(client.headers["X-TAXII-Date-Added-Last"])
                kept["added_after"] = last.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                break
        return len(found) - before

    for start, count in ((0, 120), (120, 1), (121, 30)):
        client.add(*(tool(number) for number in range(start, start + count)))
        assert (visit(), visit()) == (count, 0)
    assert found == [f"{number:04}" for number in range(151)]


# ------------------------------------------------------------------------------------------------- as the smallest shelf


DRAFTS = st.one_of(
    st.tuples(st.just("tool"), st.integers(1, 4), st.integers(0, 3), st.sampled_from(["a", "b"])),
    st.tuples(st.just("ip"), st.integers(1, 2), st.just(0), st.sampled_from(["192.0.2.1", "192.0.2.2"])),
)
FILTER = st.builds(
    Filter,
    ids=st.sets(st.sampled_from([f"tool--00000000-0000-4000-8000-{n:012}" for n in range(1, 4)]), max_size=2).map(
        frozenset
    ),
    types=st.sets(st.sampled_from(["tool", "ipv4-addr", "malware"]), max_size=3).map(frozenset),
    versions=st.sets(
        st.sampled_from(["all", "first", "last", "2026-11-12T18:01:00.000000Z"]), min_size=1, max_size=3
    ).map(frozenset),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(DRAFTS, min_size=1, max_size=6), st.sampled_from(["VN", "QA"])),
        st.tuples(st.just("delete"), FILTER.filter(lambda wanted: wanted.ids), st.sampled_from(["VN", "QA"])),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def drafted(kind: str, number: int, minute: int, said: str) -> stix.Object:
    """An object by a few words."""
    raw = tool(number, minute, name=said) if kind == "tool" else tool_like("ipv4-addr", said, number)
    return stix.read(raw)


def seen(found, wanted: Filter) -> list[tuple[str, str, bytes]]:
    """What a walk in pages of two sees, without the moments, which differ."""
    rows, after = [], None
    while page := found.page(ONE, wanted, after, 2):
        rows += page
        after = page[-1].at
    assert [row.at.added for row in rows] == sorted({row.at.added for row in rows})
    return [(row.id, row.version if row.id.startswith("tool") else "", row.raw) for row in rows]


class Spaced(SqliteShelf):
    """The smallest shelf, which adds each object by itself, so that its moments differ too."""

    def add(self, collection, found, *, by, at):
        """One by one, a microsecond apart."""
        said = {}
        for place, one in enumerate(found):
            said[place] = super().add(collection, [one], by=by, at=at + timedelta(microseconds=place))[0]
        return said


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, filters=st.lists(FILTER, min_size=1, max_size=4))
def test_as_the_smallest_shelf(shelves, steps, filters):
    """Any additions and deletions: the same outcomes, and under any filter the same rows in the same order."""
    models.StixObject.objects.all().delete()
    models.Collection.objects.update(newest="")
    smallest, now = Spaced(), AT
    for verb, what, by in steps:
        now += timedelta(seconds=1)
        if verb == "add":
            found = [drafted(*draft) for draft in what]
            ours, theirs = (each.add(ONE, found, by=by, at=now) for each in (shelves, smallest))
            assert {place: str(said) for place, said in ours.items()} == {
                place: str(said) for place, said in theirs.items()
            }
        else:
            assert shelves.delete(ONE, what, by=by, at=now) == smallest.delete(ONE, what, by=by, at=now)
    for wanted in [ALL, Filter(), *filters]:
        assert seen(shelves, wanted) == seen(smallest, wanted)


# ------------------------------------------------------------------------------------------------------------ moments


def test_moments_only_go_forward(shelves):
    """No two rows are of one moment: not within an addition, not when the clock goes back, not after a deletion.

    The last of each addition is of a whole millisecond.
    """
    shelves.add(ONE, read(*[tool(number) for number in range(1, 5)]), by="x", at=AT)
    shelves.add(ONE, read(tool(5)), by="x", at=AT - timedelta(days=1))
    shelves.delete(ONE, Filter(ids=frozenset({read(tool(5))[0].id})), by="x", at=AT)
    shelves.add(ONE, read(tool(6)), by="x", at=AT - timedelta(days=1))
    shelves.add(ONE, read(tool(7)), by="x", at=AT + timedelta(days=1))
    moments = [row.at.added for row in shelves.page(ONE, ALL, None, 10)]
    assert moments == [
        stix.version_key(AT + timedelta(microseconds=step)) for step in (997, 998, 999, 1_000, 3_000)
    ] + [stix.version_key(AT + timedelta(days=1))]
    assert [row.id[-1] for row in shelves.page(ONE, Filter(after=moments[2]), None, 10)] == ["4", "6", "7"]


def test_an_observable_is_held_once(shelves):
    """Its id alone names it: other content is refused, whenever it comes."""
    said = [
        shelves.add(ONE, read(tool_like("ipv4-addr", value)), by="x", at=AT + timedelta(seconds=step))[0]
        for step, value in enumerate(["192.0.2.1", "192.0.2.1", "192.0.2.2"])
    ]
    assert said[:2] == ["new", "same"]
    assert isinstance(said[2], Invalid)
    (row,) = shelves.page(ONE, ALL, None, 10)
    assert row.version == row.at.added


def test_many_objects_at_once(shelves):
    """More than one statement looks up: each is found again."""
    many = read(*[tool(number) for number in range(2_500)])
    assert set(shelves.add(ONE, many, by="x", at=AT).values()) == {"new"}
    assert set(shelves.add(ONE, many, by="x", at=AT).values()) == {"same"}
    assert len(shelves.page(ONE, Filter(), None, 5_000)) == 2_500
    assert len(shelves.page(TWO, Filter(), None, 5_000)) == 0


def test_what_was_called_back_goes_to_nobody_and_cannot_come_again(shelves):
    """A withdrawn version is on no page, is not deleted, and no older one takes its place."""
    shelves.add(ONE, read(tool(1, 1), tool(1, 2)), by="x", at=AT)
    models.StixObject.objects.filter(last=True).update(withdrawn=True)
    assert shelves.page(ONE, Filter(), None, 10) == []
    assert len(shelves.page(ONE, ALL, None, 10)) == 1
    assert shelves.delete(ONE, ALL, by="x", at=AT) == 1
    assert shelves.add(ONE, read(tool(1, 2)), by="x", at=AT) == {0: "same"}
    assert shelves.page(ONE, ALL, None, 10) == []


def test_what_is_one_state_s_becomes_nobody_else_s(shelves):
    """In no collection: its source could not call it back there, and what it allows would not be asked."""
    theirs, gone = read(tool(1), tool(2))
    shelves.add(ONE, [theirs, gone], by="QA", at=AT, source="QA")
    models.StixObject.objects.filter(object_id=gone.id).update(withdrawn=True)
    newer = read(tool(1, 7))[0]
    for collection, found in ((ONE, newer), (TWO, theirs)):
        for source in ("", "VN"):
            said = shelves.add(collection, [found], by="client soc", at=AT, source=source)[0]
            assert said.code == "sharing.other-source"
    assert shelves.add(TWO, [gone], by="client soc", at=AT)[0].code == "sharing.withdrawn"
    assert shelves.add(TWO, [theirs, newer], by="QA", at=AT, source="QA") == {0: "new", 1: "new"}
    assert shelves.add(TWO, [gone], by="QA", at=AT, source="QA", again=True) == {0: "new"}


def test_there_is_no_such_collection(shelves):
    """Nothing is kept in a collection that is not there."""
    with pytest.raises(NotPossible, match=r"collection\.unknown"):
        shelves.add("x", read(tool(1)), by="x", at=AT)


def test_an_addition_is_kept_with_its_status_or_not_at_all(client, shelves, monkeypatch):
    """Cut off between the objects and the status, nothing of it is here, and it can be sent again."""

    def cut_off(*_given, **_named):
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(shelves, "keep_status", cut_off)
        with pytest.raises(OSError, match="no room"):
            client.add(tool(1), tool(2))
    assert not models.StixObject.objects.exists()
    assert client.add(tool(1), tool(2))["success_count"] == 2


def test_an_object_is_found_by_its_whole_digest(shelves):
    """Its first characters are those of another, too: it alone is found."""
    one, two = read(tool(1), tool(2))
    two = two._replace(digest=one.digest[: _known.HEAD] + two.digest[_known.HEAD :])
    assert shelves.add(ONE, [one, two], by="x", at=AT) == {0: "new", 1: "new"}
    assert [row.object_id for row in _known.named(two.digest)] == [two.id]
    assert not _known.named(one.digest[:-1] + "-").exists()


def test_collections_are_numbered_once(shelves):
    """Each has a number of its own, and who asks for one that is there gets it as it is."""
    numbers = {shelf.opened(one.id, title="again", made_by="x", made_at=AT).number for one in COLLECTIONS}
    assert len(numbers) == len(COLLECTIONS)
    assert not models.Collection.objects.filter(title="again").exists()


def test_a_status_is_forgotten_after_a_day(shelves):
    """It is kept for a day, and then makes room."""
    shelves.keep_status("x", THREE, b"{}", at=AT)
    assert shelves.status("x", THREE) == b"{}"
    shelves.keep_status("x", TWO, b"{}", at=AT + timedelta(hours=25))
    assert shelves.status("x", THREE) is None


def test_pages_are_read_by_an_index(shelves):
    """Each way to read asks an index in the order of the page: no row is sorted, no row before it looked at."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if connection.vendor != "sqlite":
        pytest.skip("the plan of another engine")
    after = stix.version_key(AT)
    cases = {"(object_id=?)": Filter(ids=frozenset({"tool--1", "tool--2"}), after=after),
             "stix_object_last": Filter(after=after), "stix_object_added_once": Filter(versions=ALL.versions, after=after),
             "stix_object_last_of_type": Filter(types=frozenset({"tool"}), after=after)}  # fmt: skip
    for index, wanted in cases.items():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            shelves.page(ONE, wanted, None, 100)
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + asked[0]["sql"])
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert (
            f"INDEX {index} " in plan
            or f" {index}" in plan
            or (index == "stix_object_added_once" and "autoindex" in plan)
        ), plan
        assert "TEMP B-TREE" not in plan


# ------------------------------------------------------------------------------------------------------ what clients add


def test_a_client_revises_only_what_it_added_itself(node, shelves):
    """Neither newer nor older nor revoked: what another client, or an officer, said last is not replaced by a stranger."""
    soc, other = of_client(node, state=node.state), of_client(node, "other", state=node.state)
    assert soc.add(ONE, read(tool(1, 2)), by="client soc", at=AT) == {0: "new"}
    for attack in (tool(1, 3), tool(1, 1), tool(1, 3, revoked=True)):
        said = other.add(ONE, read(tool(2), attack), by="client other", at=AT)
        assert said[1].code == "sharing.other-author"
    assert other.add(ONE, read(tool(1, 2), tool(2)), by="client other", at=AT) == {0: "same", 1: "same"}
    assert soc.add(ONE, read(tool(1, 3), tool(1, 4)), by="client soc", at=AT) == {0: "new", 1: "new"}
    assert shelves.add(ONE, read(tool(1, 5)), by="officer", at=AT) == {0: "new"}
    assert soc.add(ONE, read(tool(1, 6)), by="client soc", at=AT)[0].code == "sharing.other-author"
    (last,) = shelves.page(ONE, Filter(ids=frozenset({read(tool(1))[0].id})), None, 9)
    assert last.version == read(tool(1, 5))[0].version


def test_a_letterbox_tells_nothing_of_what_is_in_it(node, shelves):
    """Whatever is known of an object, who may not read is told the same as of a new one; officers find what was kept aside."""
    other = of_client(node, "other", state=node.state)
    held, gone, theirs = read(tool(1, 2), tool(2), tool(3))
    shelves.add(ONE, [held, gone], by="officer", at=AT)
    shelves.add(TWO, [theirs], by="QA", at=AT, source="QA")
    models.StixObject.objects.filter(object_id=gone.id).update(withdrawn=True)
    attacks = read(tool(1, 2), tool(1, 2, name="x"), tool(1, 3), tool(2), tool(2, 9), tool(3), tool(3, 9), tool(4))
    told = other.add(ONE, attacks, by="client other", at=AT)
    assert sum(isinstance(said, Invalid) for said in told.values()) == 4
    blind = of_client(node, "blind", state=node.state, reads=[TWO])
    asked = ask_to_add(blind, attacks)
    assert (asked["success_count"], asked["failure_count"], asked.get("failures")) == (len(attacks), 0, None)
    assert all("message" not in one for one in asked["successes"])
    assert ask_to_add(blind, attacks)["successes"] == asked["successes"]
    for probe in ((held,), ()):  # two of his own that contradict each other tell nothing of a third
        twice = read(tool(70, 1 + len(probe)), tool(70, 1 + len(probe), name="x"))
        assert ask_to_add(blind, [*probe, *twice])["failure_count"] == 0
    kept = models.Contested.objects.filter(by="client blind")
    assert kept.count() == 6
    assert set(kept.values_list("code", flat=True)) == {
        "stix.other-content",
        "sharing.other-author",
        "sharing.other-source",
    }
    assert all(bytes(row.raw) for row in kept)
    last = Filter(ids=frozenset({held.id}), versions=ALL.versions)
    assert [row.raw for row in shelves.page(ONE, last, None, 9)] == [held.raw]


def ask_to_add(shelves, found) -> dict:
    """What a client that may add to ONE, and not read it, is answered."""
    who = reader("client blind", reads=(), writes=(ONE,))
    body = b'{"objects":[%s]}' % b",".join(one.raw for one in found)
    return Client(shelves).ask("POST", OBJECTS, body=body, who=who)[1]


def test_one_name_has_one_content_in_all_collections(node, shelves):
    """A version with other content is taken in no other collection; a State's own word is, and officers are told."""
    first, forged, later = read(tool(1, 1), tool(1, 1, name="forged"), tool(1, 2, name="later"))
    assert shelves.add(ONE, [first], by="feed a", at=AT, source="QA") == {0: "new"}
    assert shelves.add(TWO, [forged], by="feed b", at=AT, source="QA")[0].code == "sharing.contested"
    assert shelves.add(TWO, [first, later], by="feed b", at=AT, source="QA") == {0: "new", 1: "new"}
    soc = of_client(node, state="QA")
    assert soc.add(THREE, [forged], by="client soc", at=AT) == {
        0: "new"
    }  # which it is not told, even where it may read
    assert shelves.page(THREE, ALL, None, 9) == []
    assert shelves.add(THREE, [forged], by="QA", at=AT, source="QA", again=True) == {0: "new"}
    assert [(row.by, bytes(row.raw)) for row in models.Contested.objects.order_by("by")] == [
        ("QA", b""), ("client soc", forged.raw),
    ]  # fmt: skip
    assert len(shelves.page(THREE, ALL, None, 9)) == 1


@pytest.fixture
def settled(node, officers, at):
    """Settle a row of what is kept aside, as the officer of prevention who has just looked at it."""

    def settle(row, *, take: bool, officer=officers.all, reason="Its author said so on the telephone.", before=None):
        before = contested.seen(row, contested.standing(row)) if before is None else before
        contested.settle(node, row.pk, take=take, reason=reason, before=before, officer=officer, at=at)
        row.refresh_from_db()

    return settle


def test_an_officer_takes_the_other_instead_and_can_turn_it_round(node, shelves, settled):
    """It goes out with a new date where the other stood, which is kept aside in its turn; the decision is signed and logged."""
    first, other = read(tool(1, 2), tool(1, 2, name="true"))
    shelves.add(ONE, [first, *read(tool(1, 1), tool(9))], by="client soc", at=AT, source="VN")
    blind = of_client(node, "blind", reads=[])
    asked = ask_to_add(blind, [other])
    row, newest = models.Contested.objects.get(), shelves.page(ONE, Filter(), None, 9)[-1].at.added
    settled(row, take=True)
    assert (row.state, bytes(row.raw), row.settled_by) == ("in", b"", "Officer all, Exercise office")
    (late,) = shelves.page(ONE, Filter(), Cursor(newest, 0), 9)
    assert (late.raw, late.source, late.version) == (other.raw, "VN", other.version)
    edges = models.StixObject.objects.filter(object_id=first.id).order_by("version").values_list("first", "last")
    assert list(edges) == [(True, False), (False, True)]
    assert ask_to_add(blind, [other])["successes"] == asked["successes"]  # its sender hears what it heard
    assert ask_to_add(blind, [first])["failure_count"] == 0
    assert shelves.add(ONE, [first], by="client soc", at=AT, source="VN")[0].code == "stix.other-content"
    deed = models.SharingDeed.objects.get()
    said = json.loads(canon.unb64(json.loads(bytes(deed.statement))["payload"]))
    assert (deed.verb, deed.what, said["settled"], said["other"]) == ("settle", other.digest, "taken", [first.digest])
    assert log_node(0, deed.entry) == merkle.leaf_hash(log.entry(log.NOTICE, deed.digest))
    back = models.Contested.objects.get(by="client soc")
    assert (back.state, bytes(back.raw)) == ("out", first.raw)
    settled(back, take=True)
    assert [held.raw for held in shelves.page(ONE, Filter(ids=frozenset({first.id})), None, 9)] == [first.raw]
    row.refresh_from_db()
    assert (row.state, bytes(row.raw)) == ("out", other.raw)


def test_what_was_taken_and_left_can_come_back_and_be_settled_again(node, shelves, settled):
    """Its sender deleted it, another came: its bytes are kept aside once more, and it is to be settled anew."""
    first, other = read(tool(1), tool(1, name="x"))
    shelves.add(ONE, [first], by="officer", at=AT)
    blind = of_client(node, "blind", state=node.state, reads=[])
    ask_to_add(blind, [other])
    row = models.Contested.objects.get()
    settled(row, take=True)
    assert shelves.delete(ONE, Filter(ids=frozenset({other.id})), by="client blind", at=AT) == 1
    shelves.add(ONE, [first], by="officer", at=AT)
    ask_to_add(blind, [other])
    row.refresh_from_db()
    assert (row.state, bytes(row.raw)) == ("open", other.raw)
    settled(row, take=True)
    assert [held.raw for held in shelves.page(ONE, Filter(), None, 9)] == [other.raw]


def test_what_stands_is_kept_and_nobody_hears_of_it(node, shelves, settled):
    """It goes on as it went, under its old date; the same sent again is not asked about again, by whomever."""
    first, other = read(tool(1), tool(1, name="x"))
    shelves.add(ONE, [first], by="officer", at=AT)
    before = shelves.page(ONE, ALL, None, 9)
    blind = of_client(node, "blind", state=node.state, reads=[])
    ask_to_add(blind, [other])
    row = models.Contested.objects.get()
    settled(row, take=False)
    ask_to_add(blind, [other])
    assert (row.state, shelves.page(ONE, ALL, None, 9)) == ("out", before)
    assert models.Contested.objects.filter(state="open").count() == 0
    with pytest.raises(NotPossible) as caught:
        settled(row, take=False)
    assert caught.value.code == "contest.settled"


def test_what_cannot_be_settled_so_is_left_as_it_is(node, shelves, settled, officers):
    """Without the power, without a reason, on what was not seen; over what States hold, or against a recall."""
    first, other, gone = read(tool(1), tool(1, name="x"), tool(2))
    shelves.add(ONE, [first], by="officer", at=AT)
    models.CopyRecall.objects.create(source=node.state, number=1, what=gone.digest, notice=b"")
    ask_to_add(of_client(node, "blind", state=node.state, reads=[]), [other, gone])
    row, called = models.Contested.objects.order_by("object_id")
    everything = models.StixObject.objects.order_by("pk").values_list()
    before = list(everything)
    for more, code in (
        ({"officer": officers.idle}, "case.power"), ({"reason": " … "}, "contest.reason"),
        ({"reason": "x" * 1_001}, "contest.reason"), ({"before": "0" * 64}, "contest.changed"),
    ):  # fmt: skip
        with pytest.raises(ComityError) as caught:
            settled(row, take=True, **more)
        assert caught.value.code == code
    models.Copy.objects.create(what=first.digest, source=node.state, hops=0, level=1, direct=True)
    for each, code in ((row, "contest.held"), (called, "sharing.withdrawn")):
        with pytest.raises(ComityError) as caught:
            settled(each, take=True)
        assert caught.value.code == code
    assert (list(everything), models.SharingDeed.objects.count()) == (before, 0)
    assert set(models.Contested.objects.values_list("state", flat=True)) == {"open"}


def test_what_is_said_of_anothers_object_is_settled_for_one_source(node, shelves, settled):
    """Who claimed an id first loses it whole; a State's own word beside somebody else's takes the name alone."""
    (true,) = read(tool(1, 2))
    shelves.add(ONE, read(tool(1, 1), tool(1, 3)), by="client squatter", at=AT, source="QA")
    ask_to_add(of_client(node, "blind", reads=[]), [true])
    settled(models.Contested.objects.get(), take=True)
    assert [(held.raw, held.source) for held in shelves.page(ONE, ALL, None, 9)] == [(true.raw, "VN")]
    assert models.Contested.objects.filter(by="client squatter", state="out", source="QA").count() == 2
    forged, word = read(tool(5, name="forged"), tool(5))
    shelves.add(ONE, [forged], by="feed a", at=AT, source="QA")
    assert shelves.add(TWO, [word], by="QA", at=AT, source="QA", again=True) == {0: "new"}
    settled(models.Contested.objects.get(by="QA"), take=True)
    assert [held.raw for held in shelves.page(ONE, Filter(ids=frozenset({word.id})), None, 9)] == []
    assert [held.raw for held in shelves.page(TWO, ALL, None, 9)] == [word.raw]


def test_what_is_said_in_two_ways_is_settled_on_a_page(node, shelves, officers):
    """Both beside each other, what differs alone; hostile words are inert; a page that is out of date settles nothing."""
    shelves.add(ONE, read(tool(1, name="stands")), by="officer", at=AT)
    ask_to_add(of_client(node, "blind", state=node.state, reads=[]), read(tool(1, name="<script>alert(1)</script>")))
    row, browser = models.Contested.objects.get(), Browser(officers.all)
    path = f"/sharing/contested/{row.pk}"
    assert "to be settled by an officer: 1" in re.sub(r"<[^>]+>", "", browser.text("/sharing"))
    assert path in browser.text("/sharing/collections")
    text = browser.text(path)
    assert "stands" in text
    assert "alert(1)" in text
    assert b"<script>alert" not in browser.get(path).content
    assert Browser(officers.idle).post(f"{path}/settle", hold="taken", reason="x", before="x").status_code == 403
    assert "Keep what stands" not in Browser(officers.idle).text(path)
    assert browser.get("/sharing/contested/99").status_code == 404
    before = re.search(r'name="before" value="(\w+)"', text)[1]
    for wrong in ({"reason": ""}, {"before": "x"}):
        said = {"hold": "taken", "reason": "x", "before": before} | wrong
        assert browser.post(f"{path}/settle", **said).status_code in {409, 422}
    assert browser.post(f"{path}/settle", hold="both", reason="x", before=before).status_code == 404
    assert browser.post(f"{path}/settle", hold="taken", reason="Asked them.", before=before).status_code == 303
    assert b"script" in bytes(models.StixObject.objects.get().raw)
    assert "Asked them." in browser.text(path)


def test_what_a_client_of_another_state_adds_is_that_state_s(node, shelves):
    """It goes on from here only as what is another's; this State's officers neither share it nor call it back as theirs."""
    amber = read(tool(1, object_marking_refs=[tlp.IDS[tlp.Level.AMBER]]))
    of_client(node, communities=["gulf"]).add(ONE, amber, by="client soc", at=AT)
    (row,) = shelves.page(ONE, Filter(), None, 9)
    assert (row.source, row.communities) == ("VN", ("gulf",))
    rules = PREVENTION | {"states": ["VN", "SG"]}
    assert [outlet(rules, state).lets(row) for state in ("VN", "SG")] == [True, False]
    assert shelves.add(ONE, read(tool(1, 2)), by="officer", at=AT)[0].code == "sharing.other-source"
    of_client(node, "own", state=node.state).add(ONE, read(tool(2)), by="client own", at=AT)
    assert shelves.page(ONE, Filter(), None, 9)[1].source == ""


def test_two_clients_bring_events_of_one_author(node, shelves):
    """Who wrote an event comes with each of his events: the first word of him stays, the second event is taken."""
    for place, name in enumerate(("soc", "other")):
        mine = attribute(place, "ip-dst", f"198.51.100.{place}")
        body = event(mine, uuid=named(900 + 10 * place), timestamp=str(1796000500 + place))
        request = misp_server.Request("POST", ONE, "events/add", body)
        said = misp_server.answer(
            request, of_client(node, name), reader(f"client {name}", writes=(ONE,)), AT, organisation="CERT"
        )
        assert said.status == 200, said.body
    assert models.StixObject.objects.filter(type="report", last=True).count() == 2
    request = misp_server.Request("POST", ONE, "events/add", event(mine, timestamp="1796000900"))
    said = misp_server.answer(
        request, of_client(node, "other"), reader("client other", writes=(ONE,)), AT, organisation="CERT"
    )
    assert (said.status, b"sharing.other-author" in said.body) == (409, True)


def test_what_other_states_have_is_not_deleted(shelves, client):
    """Who must be able to call an object back keeps it: a DELETE that meets a shared version takes nothing away."""
    client.add(tool(1, 1), tool(1, 2), tool(2))
    shared = models.StixObject.objects.get(version=read(tool(1, 1))[0].version, object_id__endswith="1")
    models.Copy.objects.create(what=shared.digest, source="IR", hops=1, level=tlp.Level.GREEN, direct=True)
    path = f"{OBJECTS}{shared.object_id}/"
    status, said = client.ask("DELETE", path)
    assert (status, said["error_code"]) == (409, "sharing.shared")
    assert client.ask("DELETE", path, "match[version]=last")[0] == 200
    assert models.StixObject.objects.filter(object_id=shared.object_id).get().last
    assert client.ask("DELETE", f"{OBJECTS}{read(tool(2))[0].id}/")[0] == 200


def test_a_page_ends_with_the_row_that_reaches_its_bytes(shelves):
    """By any filter, and every row is read in the end."""
    shelves.add(ONE, read(*[tool(number, description="x" * 500) for number in range(10)]), by="x", at=AT)
    for wanted in (Filter(), ALL, Filter(types=frozenset({"tool"}))):
        seen_, after = [], None
        while rows := shelves.page(ONE, wanted, after, 100, most_bytes=1_500):
            assert sum(len(row.raw) for row in rows[:-1]) < 1_500
            seen_, after = [*seen_, *rows], rows[-1].at
        assert len(seen_) == 10
        assert len(rows) == 0


def test_names_of_types_fit_into_their_columns():
    """What the longest name allows, the tables hold: nothing is refused by a database that was taken at the door."""
    kind = "x-" + "a" * 58
    columns = {name: models.StixObject._meta.get_field(name).max_length for name in ("type", "object_id")}
    assert len(kind) == columns["type"]
    assert len(f"{kind}--{ONE}") <= columns["object_id"]
    body = json.loads(tool(1)) | {"type": kind, "id": f"{kind}--{ONE}"}
    assert stix.read(json.dumps(body).encode()).type == kind
    longer = body | {"type": f"{kind}a", "id": f"{kind}a--{ONE}"}
    with pytest.raises(Invalid, match=r"stix\.type"):
        stix.read(json.dumps(longer).encode())
    tool_ = body | {"type": "tool", "id": body["id"], "created_by_ref": longer["id"]}
    with pytest.raises(Invalid, match=r"stix\.id"):
        stix.read(json.dumps(tool_).encode())


# ------------------------------------------------------------------------------------------------------- what may go out


def outlet(rules: dict, state="VN", communities=(), purpose="prevention") -> shelf.Outlet:
    """The way out to a State."""
    return shelf.Outlet(
        release.Audience(state=state, communities=frozenset(communities), purpose=purpose), release.read_rules(rules)
    )


def test_rules_are_read_as_they_are_said():
    """There and back; what is not a rule is refused, and nothing permits nothing."""
    said = PREVENTION | {"states": ["QA", "VN"], "public": True, "unmarked": "TLP:AMBER+STRICT", "basis": "Act 7"}
    assert release.rules_said(release.read_rules(said)) == said
    assert release.read_rules({}) == release.Rules()
    assert release.rules_said(release.Rules()) == {}
    for wrong in ({"state": ["VN"]}, {"states": "VN"}, {"states": [1]}, {"public": "yes"}, {"unmarked": "TLP:BLUE"},
                  {"basis": 1}, {"public": None}):  # fmt: skip
        with pytest.raises(Invalid, match=r"release\.rules"):
            release.read_rules(wrong)


def test_what_was_found_out_holds_for_equal_rules_only(shelves, monkeypatch):
    """A verdict is remembered, but never for other rules, another audience or another way in."""
    marked = {level: tool(number, object_marking_refs=[tlp.IDS[level]]) for number, level in enumerate(tlp.Level)}
    shelves.add(ONE, read(*marked.values()), by="x", at=AT)
    shelves.add(TWO, read(*marked.values()), by="x", at=AT)
    models.StixObject.objects.filter(collection__id=TWO).update(source="QA", communities=["gulf"])
    asked = []
    monkeypatch.setattr(shelf, "_verdicts", shelf._Verdicts(shelf._VERDICTS))  # what other tests asked is none of this
    allowed = release.allowed
    monkeypatch.setattr(release, "allowed", lambda *given, **more: asked.append(1) or allowed(*given, **more))
    rules = PREVENTION | {"states": ["VN"], "communities": ["gulf"]}
    grid = list(itertools.product(
        [rules, {}, PREVENTION, rules | {"purposes": []}, rules | {"states": ["QA"]}], ["VN", "QA", ""], [(), ("gulf",)],
        ["prevention", "other"], [ONE, TWO],
    ))  # fmt: skip
    expected = {}
    for each in grid * 2:
        said, state, communities, purpose, collection = each
        out = outlet(said, state, communities, purpose)
        found = [out.lets(row) for row in shelves.page(collection, Filter(), None, 10)]
        assert expected.setdefault(str(each), found) == found
        if said in ({}, PREVENTION, rules | {"purposes": []}):
            assert not any(found)
    assert len(asked) == len(grid) * len(tlp.Level)
    assert expected[str((rules, "VN", (), "prevention", ONE))] == [True] * 5
    assert expected[str((rules, "VN", (), "prevention", TWO))] == [True] + [False] * 4
    assert expected[str((rules, "VN", ("gulf",), "prevention", TWO))] == [True, True, False, False, False]
    assert expected[str((rules | {"states": ["QA"]}, "QA", (), "prevention", TWO))] == [True] * 5


def test_what_is_kept_is_judged_as_what_is_read():
    """`stix.kept` tells `release` the same as `stix.read`: for the objects of the standard and for somebody's own."""
    found = [one for one in stix.objects(BUNDLE) if isinstance(one, stix.Object)]
    found += read(changed("tool", x_note="A. B."), changed("tool", extensions={"x-mine": {"a": 1}}))
    assert len(found) > 40
    for one in found:
        again = stix.kept(one.raw, one.digest)
        assert (again.body, again.id, again.type, again.version) == (one.body, one.id, one.type, one.version)
        assert release.personal(again) == release.personal(one)


def test_few_verdicts_are_remembered(monkeypatch):
    """The memory is bounded: what was not asked for the longest time goes first."""
    verdicts = shelf._Verdicts(3)
    for number in range(3):
        verdicts.keep(number, verdict=number > 0)
    assert verdicts.get(0) is False
    verdicts.keep(3, verdict=True)
    assert [verdicts.get(number) for number in range(4)] == [False, None, True, True]


# --------------------------------------------------------------------------------------------------------- what is said


@pytest.fixture
def desked(officers, at):
    """The verbs with the officer and the moment filled in."""
    who = officers.all

    class Desk:
        def make(self, title="Warnings", **more):
            return desk.make(title, officer=who, at=at, **more)

        def admit(self, name="misp.example", **more):
            said = {"organisation": "CERT", "state": "VN", "communities": (), "purpose": "prevention"} | more
            return desk.admit(name, officer=who, at=at, **said)

    return Desk()


def test_a_new_collection_and_a_new_client_may_nothing(desked):
    """Empty rules, no rights; the secret is not in the tables, its hash is."""
    row = desked.make()
    secret = desked.admit()
    client = models.Client.objects.get()
    assert (row.rules, client.reads, client.writes) == ({}, [], [])
    assert client.secret == hashlib.sha256(secret.encode()).hexdigest()
    assert re.fullmatch("[A-Za-z0-9]{40}", secret)  # what MISP takes as a key


def test_an_officer_says_what_may_go(desked, officers, at):
    """Rules and rights are set as a whole, by id or alias, and the officer stands beside them."""
    row = desked.make(alias="warnings")
    desk.set_rules("warnings", {"public": True}, officer=officers.all, at=at)
    row.refresh_from_db()
    assert (row.rules, row.ruled_by) == ({"public": True}, "Officer all, Exercise office")
    desked.admit()
    assert desk.give("misp.example", reads=["warnings"], writes=[row.pk], officer=officers.all).reads == [row.pk]
    assert desk.give("misp.example", reads=[], writes=[], officer=officers.all).writes == []
    old = models.Client.objects.get().secret
    assert hashlib.sha256(desk.renew("misp.example", officer=officers.all).encode()).hexdigest() != old
    desk.end("misp.example", officer=officers.all, at=at)
    with pytest.raises(NotPossible, match=r"client\.unknown"):
        desk.give("misp.example", reads=[row.pk], writes=[], officer=officers.all)
    with pytest.raises(Invalid, match="or was"):
        desked.admit()


def test_what_new_rules_let_out_is_new_for_who_saw_the_rest(desked, officers, at, node):
    """Who asks for what is new since his last visit gets what was kept back until then, once; the others' order stays."""
    made, by = desked.make(), {"officer": officers.all, "at": at}
    name = made.pk
    narrow, wide = PREVENTION | {"states": ["VN"]}, PREVENTION | {"states": ["VN"], "unmarked": "TLP:GREEN"}
    desk.set_rules(name, narrow, **by)
    desked.admit("soc")
    desk.give("soc", reads=[made.pk], writes=[], officer=officers.all)
    shelves = shelf.Shelves(node)
    green = {"object_marking_refs": [tlp.IDS[tlp.Level.GREEN]]}
    shelves.add(made.pk, read(tool(1), tool(2, **green), tool(3), tool(4, **green)), by="x", at=at)

    def news(since: str) -> tuple[list[str], str]:
        client = models.Client.objects.get(pk="soc")
        with access.reading(client, shelves, node, at=at) as who:
            rows, _ = looked(shelves, who, made.pk, Filter(after=since), None, limit=9, page=9)
        return [row.id[-1] for row in rows], rows[-1].at.added if rows else since

    def look() -> None:
        while desk.look(node, at=at):
            pass

    first, since = news("")
    assert first == ["2", "4"]
    desk.set_rules(name, {}, **by)
    desk.set_rules(name, wide, **by)
    assert news(since) == ([], since)
    look()
    late, since = news(since)
    assert late == ["1", "2", "3", "4"]  # with the empty rules between, all of them may have been missed
    desk.set_rules(name, narrow, **by)
    desk.set_rules(name, narrow | {"purposes": ["prevention", "research"]}, **by)
    look()
    assert news(since) == ([], since)
    desk.set_rules(name, wide, **by)
    look()
    assert news(since)[0] == ["1", "3"]
    assert not models.Collection.objects.get(pk=made.pk).reviewed


def test_only_who_warns_may(officers, at):
    """No verb without the power, and none for an officer who is not active any more."""
    verbs = [
        lambda who: desk.make("x", officer=who, at=at),
        lambda who: desk.set_rules("x", {}, officer=who, at=at),
        lambda who: desk.admit("x", organisation="x", state="", communities=(), purpose="x", officer=who, at=at),
        lambda who: desk.give("x", reads=(), writes=(), officer=who),
        lambda who: desk.renew("x", officer=who),
        lambda who: desk.end("x", officer=who, at=at),
    ]
    officers.all.is_active = False
    for verb, who in itertools.product(verbs, (officers.decider, officers.idle, officers.all)):
        with pytest.raises(NotYours):
            verb(who)


def test_what_was_typed_wrongly_is_named(desked, officers, at):
    """Titles, aliases, names, States, words: each fault has its code."""
    desked.make(alias="a")
    for fault, verb in (
        ("collection.words", lambda: desked.make(" ")), ("collection.words", lambda: desked.make("x" * 201)),
        ("collection.alias", lambda: desked.make(alias="A b")), ("collection.alias", lambda: desked.make(alias="a")),
        ("client.name", lambda: desked.admit("a:b")), ("client.name", lambda: desked.admit("")),
        ("client.state", lambda: desked.admit(state="Viet Nam")), ("client.word", lambda: desked.admit(purpose="")),
        ("client.word", lambda: desked.admit(communities=["x" * 61])),
        ("collection.words", lambda: desked.admit(organisation="")),
        ("release.rules", lambda: desk.set_rules("a", {"x": 1}, officer=officers.all, at=at)),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=fault):
            verb()
    with pytest.raises(NotPossible, match=r"collection\.unknown"):
        desk.set_rules("b", {}, officer=officers.all, at=at)
    desked.admit()
    with pytest.raises(NotPossible, match=r"collection\.unknown"):
        desk.give("misp.example", reads=[""], writes=[], officer=officers.all)


def test_rules_and_access_by_forms(desked, officers, at):
    """What the form does not show stays; a fault stands at its field with all that was typed; empty permits nothing."""
    row, path = desked.make(alias="warnings"), "/sharing/collections"
    desk.set_rules("warnings", {"properties": ["x_seen"], "free_text": True}, officer=officers.all, at=at)
    browser = Browser(officers.all)
    typed = {"states": "vn, qa", "communities": "Gulf\r\nThe South ", "purposes": "prevention", "public": "yes",
             "unmarked": "TLP:GREEN", "basis": "Act 7 <b>"}  # fmt: skip
    assert browser.post(f"{path}/{row.pk}/rules", **typed).status_code == 303
    row.refresh_from_db()
    assert row.rules == {
        "states": ["QA", "VN"], "communities": ["Gulf", "The South"], "purposes": ["prevention"], "public": True,
        "unmarked": "TLP:GREEN", "basis": "Act 7 <b>", "properties": ["x_seen"]}  # fmt: skip
    for name, wrong in (("states", "Viet Nam"), ("purposes", "x" * 61), ("unmarked", "TLP:BLUE")):
        answer = browser.post(f"{path}/{row.pk}/rules", **typed | {name: wrong})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert re.search(rf'class="field wrong"><label for="{name}-.*?class="error"', page, re.DOTALL)
        assert "Act 7 &lt;b&gt;" in page
    assert browser.post(f"{path}/new", title="New", alias="A b").status_code == 422
    assert browser.post(f"{path}/new", title="New", alias="new").status_code == 303
    assert models.Collection.objects.get(alias="new").rules == {}
    desked.admit()
    assert browser.post("/sharing/clients/misp.example", reads=row.pk).status_code == 303
    client = models.Client.objects.get()
    assert (client.reads, client.writes) == ([row.pk], [])
    assert browser.post("/sharing/clients/misp.example", reads="nowhere").status_code == 422
    assert browser.post("/sharing/clients/misp.example").status_code == 303
    assert models.Client.objects.get().reads == []
    assert browser.post(f"{path}/{row.pk}/rules").status_code == 303
    row.refresh_from_db()
    assert row.rules == {"properties": ["x_seen"]}
    idle = Browser(officers.idle)
    assert "misp.example" in idle.text(path)
    assert idle.post(f"{path}/{row.pk}/rules", **typed).status_code == 403
    assert idle.post("/sharing/clients/misp.example", reads=row.pk).status_code == 403
