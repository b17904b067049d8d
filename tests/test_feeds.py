"""Feeds: a foreign collection read in any cutting, hostile servers, what is sent; two nodes that fetch and send over HTTPS."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_stix import changed
from test_taxii import tool

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.errors import ComityError, Invalid, NotPossible, NotYours, Unreachable
from comity.node import feeding, models
from comity.node.desk import collections, feeds, shelf
from comity.sharing import feed, release, stix, taxii, tlp
from comity.sharing.shelf import Filter

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
TYPE = {"content-type": taxii.MEDIA_TYPE}
ADDRESS = "https://127.0.0.1:1/api/"


class Server:
    """A TAXII server of others: dates of the precision that it likes, several objects of one date, pages as it likes."""

    def __init__(self, *, digits: int = 6, pages=(), limit: int = 1_000) -> None:
        self.rows: list[tuple[str, bytes]] = []
        self.digits, self.pages, self.limit = digits, list(pages), limit
        self.asked: list[str] = []

    def add(self, at: datetime, *raws: bytes) -> None:
        """All of one date."""
        said = at.strftime("%Y-%m-%dT%H:%M:%S.%f")
        said = said[: 20 + self.digits] if self.digits else said[:19]
        self.rows += [(said + "Z", raw) for raw in raws]

    def __call__(self, query: str) -> feed.Answer:
        """A page."""
        self.asked.append(query)
        asked = {name: value[0] for name, value in parse_qs(query).items()}
        after = datetime.fromisoformat(asked.get("added_after", "2000-01-01T00:00:00Z"))
        rows = [row for row in self.rows if datetime.fromisoformat(row[0]) > after]
        start = int(asked.get("next", "0"))
        size = max(1, min(self.limit, int(asked["limit"]), self.pages.pop(0) if self.pages else self.limit))
        page = rows[start : start + size]
        more = start + size < len(rows)
        said = {"more": more} | ({"next": str(start + size)} if more else {})
        body = json.dumps(said)[:-1].encode() + b',"objects":[%s]}' % b",".join(raw for _, raw in page)
        dates = {"x-taxii-date-added-last": page[-1][0]} if page else {}
        return feed.Answer(200, TYPE | dates, body)


def sweep(server, place: feed.Place, *, pages: int = 10_000, at: datetime = AT) -> tuple[feed.Place, list[stix.Object]]:
    """What a visit of at most so many pages brings, and how far it came; kept and read again in between."""
    pull, found = feed.Pull(place, at), []
    for _ in range(pages):
        page = pull.read(server(pull.query()))
        if page is None:
            continue
        place = feed.Place(**json.loads(json.dumps(page.place.to_dict())))
        found += page.objects
        if not page.more:
            break
    return place, found


# ------------------------------------------------------------------------------------------------------ any cutting


@settings(max_examples=60, deadline=None)
@given(
    bursts=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2_500_000)), min_size=1, max_size=8),
    digits=st.sampled_from([0, 3, 6]), cuts=st.lists(st.integers(1, 5), max_size=30),
    visits=st.lists(st.integers(1, 4), max_size=20),
)  # fmt: skip
def test_any_cutting_brings_every_object_once(bursts, digits, cuts, visits):
    """Pages of any length, visits that end anywhere, bursts of one date that go on between two visits: nothing is missed."""
    server, now, place, seen, number = Server(digits=digits, pages=cuts), AT - timedelta(days=1), feed.Place(), {}, 0
    visits = iter(visits)
    for size, later in bursts:
        now += timedelta(microseconds=later)
        server.add(now, *(tool(number + each) for each in range(size)))
        number += size
        place, found = sweep(server, place, pages=next(visits, 3))
        seen |= {one.id: one for one in found}
    place, found = sweep(server, place)
    seen |= {one.id: one for one in found}
    place, found = sweep(server, place)
    seen |= {one.id: one for one in found}
    assert len(seen) == number
    last = [raw for said, raw in server.rows if said == server.rows[-1][0]]
    assert [one.raw for one in sweep(server, place)[1]] == last  # what it sees again is of its last date, and no more


def test_a_server_that_forgot_is_asked_from_the_beginning_of_the_sweep():
    """`next` is its own affair: 404 to it ends nothing; without it, it does."""
    place = feed.Place(added="2026-11-29T00:00:00.000000Z", next="17", last="2026-11-30T00:00:00.000000Z")
    pull = feed.Pull(place, AT)
    assert pull.read(feed.Answer(404, TYPE, b"{}")) is None
    assert parse_qs(pull.query()) == {"limit": ["1000"], "added_after": [place.added]}
    with pytest.raises(feed.Refusal) as caught:
        pull.read(feed.Answer(404, TYPE, b"{}"))
    assert caught.value.code == "feed.missing"


def test_pages_that_are_too_long_are_asked_for_in_smaller_ones():
    """A quarter each time, down to a single object; then it is the object."""
    pull = feed.Pull(feed.Place(), AT)
    asked = []
    while pull.smaller():
        asked.append(parse_qs(pull.query())["limit"][0])
    assert asked == ["250", "62", "15", "3", "1"]


# ------------------------------------------------------------------------------------------------------ hostile servers


def page(*raws: bytes, last: str = "2026-11-30T09:00:00Z", **said) -> feed.Answer:
    """A page as somebody writes it."""
    body = json.dumps({"more": False} | said)[:-1].encode() + b',"objects":[%s]}' % b",".join(raws)
    return feed.Answer(200, TYPE | {"x-taxii-date-added-last": last}, body)


HOSTILE = [
    ("a page that is its own successor", [page(tool(1), more=True, next="a"), page(tool(2), more=True, next="a")], "feed.loop"),
    ("a ring", [page(tool(n), more=True, next=said) for n, said in enumerate("abca")], "feed.loop"),
    ("the same objects for ever", [page(tool(1), more=True, next="a"), page(tool(1), more=True, next="b")], "feed.repeats"),
    ("more, and not where", [page(tool(1), more=True)], "feed.next"),
    ("more, said otherwise", [page(tool(1), more="yes", next="a")], "feed.next"),
    ("a next without end", [page(tool(1), more=True, next="a" * 10_000)], "feed.next"),
    ("no date", [page(tool(1), last="")], "feed.date"),
    ("a date that is none", [page(tool(1), last="yesterday")], "feed.date"),
    ("another media type", [feed.Answer(200, {"content-type": "text/html"}, b"{}")], "feed.media-type"),
    ("TAXII 2.0", [feed.Answer(200, {"content-type": "application/vnd.oasis.taxii+json; version=2.0"}, b"{}")], "feed.media-type"),
    ("no media type", [feed.Answer(200, {}, b"{}")], "feed.media-type"),
    ("no JSON", [feed.Answer(200, TYPE, b"<html>")], "sharing.envelope"),
    ("a list", [feed.Answer(200, TYPE, b"[]")], "sharing.envelope"),
    ("two lists of objects", [feed.Answer(200, TYPE, b'{"objects":[],"objects":[]}')], "sharing.duplicate"),
    ("too deep", [feed.Answer(200, TYPE, b'{"objects":' + b"[" * 9_999 + b"]" * 9_999 + b"}")], "sharing.depth"),
    ("a way elsewhere", [feed.Answer(302, {"location": "https://example.org/"}, b"")], "feed.redirect"),
    ("who are you", [feed.Answer(401, TYPE, b"{}")], "feed.sign-in"),
    ("not you", [feed.Answer(403, TYPE, b"{}")], "feed.forbidden"),
    ("a broken server", [feed.Answer(502, {}, b"")], "feed.away"),
    ("a teapot", [feed.Answer(418, TYPE, b"{}")], "feed.status"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "answers", "code"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_servers_are_left_alone(title, answers, code):
    """Each by its code, and never without end."""
    pull = feed.Pull(feed.Place(), AT)
    with pytest.raises(ComityError) as caught:  # noqa: PT012 -- the last answer is the one
        for each in answers:
            pull.read(each)
    assert caught.value.code == code


def test_a_server_cannot_go_back_behind_the_date_asked_for():
    """Who brings older objects than were asked for would have us go round for ever."""
    with pytest.raises(feed.Refusal) as caught:
        feed.Pull(feed.Place(added="2026-11-30T09:00:00.000000Z"), AT).read(page(tool(1), last="2026-11-29T09:00:00Z"))
    assert caught.value.code == "feed.date"


def test_a_date_of_the_future_hides_nothing():
    """A server whose clock is wrong is asked again from now on, not from the next century on."""
    found = feed.Pull(feed.Place(), AT).read(page(tool(1), last="2126-11-30T09:00:00Z"))
    assert found.place.added == "2026-11-30T09:14:59.000000Z"


def test_a_poisoned_object_spoils_no_other():
    """It is refused by its name; its neighbours come."""
    bracket = changed("indicator", pattern="[" * 400 + "]" * 400, id="indicator--00000000-0000-4000-8000-000000000400")
    spoofed = json.dumps(tlp.definition(tlp.Level.RED) | {"name": "TLP:CLEAR"}).encode()
    found = feed.Pull(feed.Place(), AT).read(page(tool(1), bracket, spoofed, tool(2)))
    assert [one.id[-1] for one in found.objects] == ["1", "2"]
    assert [one.error.code for one in found.refused] == ["stix.pattern-depth", "stix.spoofed"]


@pytest.mark.parametrize(("said", "after"), [("30", 30), ("999999999", 86_400), ("-1", 0), ("soon", 0), ("", 0)])
def test_who_says_when_to_come_again_is_heard(said, after):
    """But not for more than a day."""
    with pytest.raises(feed.Refusal) as caught:
        feed.Pull(feed.Place(), AT).read(feed.Answer(429, TYPE | {"retry-after": said}, b""))
    assert (caught.value.code, caught.value.after) == ("feed.busy", after)


STATUSES = [
    b"[]", b"{}", b'{"id":7,"status":"complete"}', b'{"id":"x","status":"done"}', b'{"id":"x","status":"complete","failures":7}',
]  # fmt: skip


@pytest.mark.parametrize("body", STATUSES)
def test_a_status_is_read_strictly(body):
    """What is no status is none; of failures ids are ids and sentences short."""
    with pytest.raises(ComityError):
        feed.read_status(feed.Answer(202, TYPE, body))
    good = {"id": "x", "status": "complete", "failures": [{"id": "<script>", "message": "m" * 999}, "no"]}
    assert feed.read_status(feed.Answer(202, TYPE, json.dumps(good).encode())).failures == (("", "m" * 200), ("", ""))


@pytest.mark.parametrize("most", ["8", None, 0, True])
def test_a_root_says_how_much_it_takes(most):
    """In bytes, more than none."""
    with pytest.raises(feed.Refusal):
        feed.read_root(feed.Answer(200, TYPE, json.dumps({"max_content_length": most}).encode()))


# ------------------------------------------------------------------------------------------------------ in the tables


@pytest.fixture
def desk(node, officers, at):
    """A collection whose rules let everything go to Qatar for prevention, and what makes feeds."""
    made = collections.make("Feed", officer=officers.all, at=at, alias="feed")
    rules = {"states": ["QA"], "purposes": ["prevention"], "unmarked": "TLP:GREEN", "free_text": True, "basis": "x"}
    collections.set_rules("feed", rules, officer=officers.all, at=at)

    def add(name="cert", secret=b"", trusted=b"", officer=officers.all, **more) -> models.Feed:
        terms = {"address": ADDRESS, "remote": "indicators", "direction": "pull", "collection": "feed", "state": "QA",
                 "communities": ("gulf",), "purpose": "prevention", "user": "", "every": 15, "most": 1_000} | more  # fmt: skip
        return feeds.add(node, name, feeds.Terms(**terms), officer=officer, at=at, secret=secret, trusted=trusted)

    return SimpleNamespace(node=node, add=add, collection=made.pk, officer=officers.all, idle=officers.idle)


@contextmanager
def served(monkeypatch, answers):
    """The feeds' servers answer what `answers` says to (path, body)."""

    class Line:  # in place of `feeding._Line`
        def __init__(self, _settings, _row) -> None:
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_args: object) -> None:
            pass

        def ask(self, path, body=None):
            """No network."""
            return answers(path, body)

    with monkeypatch.context() as patch:
        patch.setattr(feeding, "_Line", Line)
        patch.setattr(feeding.time, "sleep", lambda _seconds: None)
        yield


def visit(desk, name, monkeypatch, answers, at=AT) -> models.Feed:
    """Visit a feed whose server answers so; its row afterwards."""
    with served(monkeypatch, answers):
        feeding.visit(desk.node, name, lambda: at)
    return models.Feed.objects.get(pk=name)


def paged(server):
    """A server of objects, as the line sees it."""
    return lambda path, _body: server(path.partition("?")[2])


def test_what_a_feed_brings_is_its_state_s(desk, monkeypatch):
    """On the shelf as that State's in the communities named, once; then it comes again when it is due, and sooner never."""
    server = Server(limit=3)
    server.add(AT, *(tool(each) for each in range(7)), b'{"type":"tool"}')
    desk.add()
    row = visit(desk, "cert", monkeypatch, paged(server))
    assert (row.code, row.done, row.brought) == ("", {"new": 7, "held": 0, "refused": 1}, 7)
    assert row.refused == [["", "stix.id"]]
    assert set(models.StixObject.objects.values_list("source", "by")) == {("QA", "feed cert")}
    assert models.StixObject.objects.first().communities == ["gulf"]
    assert feeds.due(at=AT + timedelta(minutes=14)) == []
    assert feeds.due(at=AT + timedelta(minutes=15)) == ["cert"]
    server.add(AT, tool(7))
    row = visit(desk, "cert", monkeypatch, paged(server), AT + timedelta(minutes=15))
    assert (row.done["new"], row.brought, models.StixObject.objects.count()) == (1, 8, 8)


def test_what_a_feed_brings_goes_no_further_than_the_rules_say(desk, monkeypatch):
    """Amber of Qatar goes back to Qatar only, though the rules name Viet Nam too."""
    rules = {"states": ["QA", "VN"], "purposes": ["prevention"], "free_text": True, "basis": "x"}
    collections.set_rules("feed", rules, officer=desk.officer, at=AT)
    server = Server()
    server.add(AT, tool(1, object_marking_refs=[tlp.IDS[tlp.Level.AMBER]]))
    desk.add()
    visit(desk, "cert", monkeypatch, paged(server))
    rows = shelf.Shelves(desk.node).page(desk.collection, Filter(), None, 9)
    for state, may in (("QA", True), ("VN", False), ("", False)):
        audience = release.Audience(state=state, communities=frozenset(), purpose="prevention")
        assert [shelf.Outlet(audience, release.read_rules(rules)).lets(row) for row in rows] == [may]


def test_a_feed_takes_nobody_s_place(desk, monkeypatch):
    """A newer version of an object of this State is refused; the same is held; what was called back comes no more."""
    shelves = shelf.Shelves(desk.node)
    own, gone, other = (stix.read(tool(number)) for number in (1, 2, 3))
    shelves.add(desk.collection, [own], by="officer", at=AT)
    elsewhere = collections.make("Other", officer=desk.officer, at=AT).pk
    shelves.add(elsewhere, [gone], by="QA", at=AT, source="QA")
    shelves.add(elsewhere, [other], by="VN", at=AT, source="VN")
    models.StixObject.objects.filter(object_id=gone.id).update(withdrawn=True)
    server = Server()
    server.add(AT, own.raw, tool(1, 5), gone.raw, other.raw, tool(4))
    desk.add()
    row = visit(desk, "cert", monkeypatch, paged(server))
    assert row.done == {"new": 1, "held": 2, "refused": 2}
    assert row.refused == [[own.id, "sharing.other-source"], [gone.id, "sharing.withdrawn"]]
    assert [held.raw for held in shelves.page(desk.collection, Filter(), None, 9)] == [own.raw, tool(4)]


def test_a_feed_brings_no_more_than_it_may(desk, monkeypatch):
    """A server without end fills no disk."""
    count = iter(range(10**6))

    def endless(_path, _body):
        number = next(count)
        return page(*(tool(1_000 * number + each) for each in range(100)), more=True, next=str(number))

    desk.add(most=250)
    row = visit(desk, "cert", monkeypatch, endless)
    assert (row.code, row.brought, models.StixObject.objects.count()) == ("feed.full", 200, 200)


def test_a_visit_that_is_cut_off_goes_on(desk, monkeypatch):
    """A server that falls silent in the middle: what came is kept, and the next visit begins there."""
    server, left = Server(limit=2), iter([1, 1])
    server.add(AT, *(tool(each) for each in range(9)))

    def silent(path, body):
        if next(left, 0):
            return paged(server)(path, body)
        raise Unreachable("The server did not answer.", code="feed.unreachable")

    desk.add()
    row = visit(desk, "cert", monkeypatch, silent)
    assert (row.code, row.brought, row.attempts, row.place["next"]) == ("feed.unreachable", 4, 1, "4")
    assert row.next_at == AT + timedelta(minutes=1)
    server.asked.clear()
    row = visit(desk, "cert", monkeypatch, paged(server))
    assert (row.code, row.brought, row.attempts) == ("", 9, 0)
    assert parse_qs(server.asked[0])["next"] == ["4"]


def test_failures_wait_longer_each_time_and_are_told(desk, monkeypatch):
    """A minute, two, four … as long as the usual pause at the most, or as the server asks; a defect of ours counts too."""
    desk.add()
    waits = []
    for _ in range(6):
        row = visit(desk, "cert", monkeypatch, lambda *_: feed.Answer(503, {}, b""))
        waits.append((row.next_at - AT) / timedelta(minutes=1))
    assert waits == [1, 2, 4, 8, 15, 15]
    row = visit(desk, "cert", monkeypatch, lambda *_: feed.Answer(429, {"retry-after": "7200"}, b""))
    assert ((row.next_at - AT), row.code) == (timedelta(hours=2), "feed.busy")
    row = visit(desk, "cert", monkeypatch, lambda *_: {}["x"])
    assert (row.code, row.attempts) == ("feed.defect", 8)


def test_a_feed_that_is_paused_or_removed_is_not_visited(desk, monkeypatch):
    """Not even when it is removed in the middle of a visit."""
    server = Server()
    server.add(AT, tool(1))
    desk.add()
    feeds.pause("cert", paused=True, officer=desk.officer, at=AT)
    assert feeds.due(at=AT + timedelta(days=1)) == []
    assert visit(desk, "cert", monkeypatch, paged(server)).visited_at is None
    feeds.pause("cert", paused=False, officer=desk.officer, at=AT)

    def removed(path, body):
        feeds.remove(desk.node, "cert", officer=desk.officer)
        return paged(server)(path, body)

    with served(monkeypatch, removed):
        feeding.visit(desk.node, "cert", lambda: AT)
    assert not models.Feed.objects.exists()
    assert not models.StixObject.objects.exists()
    for verb in (feeds.remove, lambda _node, name, officer: feeds.pause(name, paused=True, officer=officer, at=AT)):
        with pytest.raises(NotPossible):
            verb(desk.node, "cert", officer=desk.officer)


class Taker:
    """A server that takes additions."""

    def __init__(self, most: int = 1 << 20, refuses: str = "", pending: int = 0) -> None:
        self.most, self.refuses, self.pending = most, refuses, pending
        self.bodies: list[bytes] = []

    def __call__(self, path, body):
        if body is not None:
            assert len(body) <= self.most
            self.bodies.append(body)
        self.pending -= body is None and path.startswith("status/")
        said = {"id": "s/1", "status": "pending" if self.pending > 0 else "complete"}
        if self.refuses and body and self.refuses in body.decode():
            said["failures"] = [{"id": self.refuses, "message": "No."}]
        said = said if path else {"max_content_length": self.most}
        return feed.Answer(202 if body else 200, TYPE, json.dumps(said).encode())

    @property
    def names(self) -> list[str]:
        """What came, in order."""
        return [one["id"][-1] for body in self.bodies for one in json.loads(body)["objects"]]


def stock(desk, *raws: bytes) -> None:
    """Put objects of this State on the shelf."""
    shelf.Shelves(desk.node).add(desk.collection, [stix.read(raw) for raw in raws], by="officer", at=AT)


def test_only_what_the_rules_let_go_is_sent(desk, monkeypatch):
    """Object by object, each once; when the rules change, all is looked at anew. Empty rules send nothing."""
    stock(desk, *(tool(number, object_marking_refs=[tlp.IDS[level]]) for number, level in enumerate(tlp.Level)))
    desk.add(direction="push", state="")
    taker = Taker()
    assert visit(desk, "cert", monkeypatch, taker).done == {"sent": 0, "kept": 5, "refused": 0}
    rules = {"public": True, "purposes": ["prevention"], "free_text": True, "basis": "x"}
    collections.set_rules("feed", rules, officer=desk.officer, at=AT)
    assert visit(desk, "cert", monkeypatch, taker).done["sent"] == 1
    assert visit(desk, "cert", monkeypatch, taker).done["sent"] == 0
    assert taker.names == ["0"]
    collections.set_rules("feed", {}, officer=desk.officer, at=AT)
    stock(desk, tool(7, object_marking_refs=[tlp.IDS[tlp.Level.CLEAR]]))
    assert visit(desk, "cert", monkeypatch, taker).done["sent"] == 0
    collections.set_rules("feed", rules, officer=desk.officer, at=AT)
    assert visit(desk, "cert", monkeypatch, taker).done["sent"] == 2
    assert taker.names == ["0", "0", "7"]


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 900), min_size=1, max_size=9), most=st.integers(400, 2_000))
def test_bodies_are_as_long_as_the_server_takes(sizes, most):
    """Whatever the lengths: every object that fits is sent once, in order, and what never fits is named."""
    rows = [
        SimpleNamespace(id=f"tool--{place}", raw=b"x" * size, at=SimpleNamespace(added=f"{place:02}"))
        for place, size in enumerate(sizes)
    ]

    class Shelves:
        def __init__(self, _settings) -> None:
            pass

        def rules(self, _collection):
            return release.Rules()

        def page(self, _collection, _wanted, after, limit):
            return [row for row in rows if after is None or row.at.added > after.added][:limit]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "Shelves", Shelves)
        patch.setattr(feeds, "Outlet", lambda *_: SimpleNamespace(lets=lambda _row: True))
        row, sent, long, more = models.Feed(communities=[]), [], [], True
        while more:
            batch = feeds.outgoing(None, row, most=most)
            assert len(feed.envelope(batch.raws)) <= most
            sent, long, row.place, more = sent + list(batch.raws), long + list(batch.too_long), batch.place, batch.more
    fits = [len(row.raw) + len(feed.envelope(())) < most for row in rows]
    assert sent == [row.raw for row, fit in zip(rows, fits, strict=True) if fit]
    assert long == [row.id for row, fit in zip(rows, fits, strict=True) if not fit]


def test_what_the_server_refuses_is_named_and_what_it_has_not_looked_at_is_sent_again(desk, monkeypatch):
    """A refused object holds up no other; an unfinished addition is no success."""
    stock(desk, tool(1), tool(2))
    desk.add(direction="push")
    named = json.loads(tool(2))["id"]
    row = visit(desk, "cert", monkeypatch, Taker(refuses=named, pending=3))
    assert row.code == ""  # it has looked at everything by the third question
    row = visit(desk, "cert", monkeypatch, Taker(refuses=named))
    collections.set_rules("feed", {"states": ["QA"], "purposes": ["prevention"], "unmarked": "TLP:CLEAR", "basis": "y"},
                          officer=desk.officer, at=AT)  # fmt: skip
    row = visit(desk, "cert", monkeypatch, Taker(refuses=named))
    assert (row.done["sent"], row.refused) == (1, [[named, "No."]])
    stock(desk, tool(3))
    slow, place = Taker(pending=99), row.place
    row = visit(desk, "cert", monkeypatch, slow)
    assert (row.code, row.place, slow.names) == ("feed.pending", place, ["3"])
    assert visit(desk, "cert", monkeypatch, taker := Taker()).code == ""
    assert taker.names == ["3"]


WRONG = [
    ({"name": "Cert"}, "feed.name"), ({"address": "http://127.0.0.1/api/"}, "feed.address"),
    ({"address": "https://u:p@127.0.0.1/"}, "feed.address"), ({"address": "https:///api/"}, "feed.address"),
    ({"remote": "../x"}, "feed.remote"), ({"direction": "both"}, "feed.direction"), ({"state": ""}, "feed.state"),
    ({"state": "qa"}, "feed.state"), ({"communities": ("",)}, "feed.word"), ({"direction": "push", "purpose": ""}, "feed.word"),
    ({"user": "x"}, "feed.user"), ({"secret": b"x"}, "feed.user"), ({"user": "a:b", "secret": b"x"}, "feed.user"),
    ({"every": 0}, "feed.every"), ({"most": 0}, "feed.every"), ({"trusted": b"no"}, "feed.trusted"),
    ({"collection": "none"}, "collection.unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "code"), WRONG)
def test_terms_that_cannot_be(desk, more, code):
    """Each by its code; nothing is left behind."""
    with pytest.raises((Invalid, NotPossible)) as caught:
        desk.add(**more)
    assert caught.value.code == code
    assert not models.Feed.objects.exists()


def test_secrets_lie_in_files_and_only_the_desk_decides(desk):
    """Of mode 0600, gone with the feed; a name is one feed; who has no power to warn makes, pauses, removes none."""
    desk.add(user="u", secret=b"s")
    path = feeds.secret_file(desk.node, "cert")
    assert (path.read_bytes(), path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (b"s", 0o600, 0o700)
    with pytest.raises(Invalid):
        desk.add(user="u", secret=b"t")
    assert path.read_bytes() == b"s"
    for deed in (
        lambda: desk.add("other", officer=desk.idle),
        lambda: feeds.pause("cert", paused=True, officer=desk.idle, at=AT),
        lambda: feeds.remove(desk.node, "cert", officer=desk.idle),
    ):
        with pytest.raises(NotYours):
            deed()
    feeds.remove(desk.node, "cert", officer=desk.officer)
    assert not path.exists()
