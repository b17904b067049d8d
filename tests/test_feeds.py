"""Feeds: a foreign collection read in any cutting, hostile servers, what is sent; two nodes that fetch and send over HTTPS."""

import json
import sqlite3
import ssl
import threading
import time
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs

import httpx2
import pytest
from browsing import Browser
from clients import basic, commands, wait
from hypothesis import given, settings
from hypothesis import strategies as st
from indicators import changed, tool
from plans import explained

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.errors import ComityError, Invalid, NotPossible, NotYours, Unreachable
from comity.node import feeding, models
from comity.node.desk import collections, contested, copies, feeds, prevention, shelf
from comity.node.officers import shared
from comity.seal.keys import write_secret
from comity.sharing import feed, release, stix, taxii, tlp
from comity.sharing.notices import Kind, Standing
from comity.sharing.recall import Copy
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


def sweep(server, added: str, *, pages: int = 10_000, at: datetime = AT) -> tuple[str, list[stix.Object]]:
    """What a visit of at most so many pages brings, and how far it came."""
    pull, found = feed.Pull(added, at), []
    for _ in range(pages):
        page = pull.read(server(pull.query()))
        if page is None:
            continue
        added = page.added
        found += page.objects
        if not page.more:
            break
    return added, found


# ------------------------------------------------------------------------------------------------------ any cutting


@settings(max_examples=60, deadline=None)
@given(
    bursts=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2_500_000)), min_size=1, max_size=8),
    digits=st.sampled_from([0, 3, 6]), cuts=st.lists(st.integers(1, 5), max_size=30),
    visits=st.lists(st.integers(1, 4), max_size=20),
)  # fmt: skip
def test_any_cutting_brings_every_object_once(bursts, digits, cuts, visits):
    """Pages of any length, visits that end anywhere, bursts of one date that go on between two visits: nothing is missed."""
    server, now, place, seen, number = Server(digits=digits, pages=cuts), AT - timedelta(days=1), "", {}, 0
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


def test_a_server_that_forgot_its_own_next_is_asked_from_the_last_date_on():
    """404 to a `next` ends nothing; without one, it does."""
    pull = feed.Pull("", AT)
    pull.read(page(tool(1), more=True, next="17", last="2026-11-30T09:00:00.500Z"))
    assert parse_qs(pull.query()) == {"limit": ["1000"], "next": ["17"]}
    assert pull.read(feed.Answer(404, TYPE, b"{}")) is None
    assert parse_qs(pull.query()) == {"limit": ["1000"], "added_after": ["2026-11-30T09:00:00.499000Z"]}
    with pytest.raises(feed.Refusal) as caught:
        pull.read(feed.Answer(404, TYPE, b"{}"))
    assert caught.value.code == "feed.missing"


def test_one_next_for_all_pages_is_followed():
    """As medallion does; the pages differ."""
    pull = feed.Pull("", AT)
    found = [pull.read(page(tool(number), more=number < 3, next="same")) for number in range(4)]
    assert [len(one.objects) for one in found] == [1, 1, 1, 1]


def test_pages_that_are_too_long_are_asked_for_in_smaller_ones():
    """A quarter each time, down to a single object; then it is the object."""
    pull = feed.Pull("", AT)
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
    ("a page that is its own successor", [page(tool(1), more=True, next="a")] * 2, "feed.repeats"),
    ("a ring", [page(tool(number), more=True, next=str(number)) for number in (1, 2, 3, 1)], "feed.repeats"),
    ("nothing, and that again", [page(more=True, next="a"), page(more=True, next="a")], "feed.repeats"),
    ("the order turned round", [page(tool(1), more=True, next="a"), page(tool(2), last="2026-11-29T09:00:00Z")], "feed.date"),
    ("the same objects for ever", [page(tool(1), more=True, next="a"), page(tool(1), more=True, next="b")], "feed.repeats"),
    ("more, and not where", [page(tool(1), more=True)], "feed.next"),
    ("more, said otherwise", [page(tool(1), more="yes", next="a")], "feed.next"),
    ("a next without end", [page(tool(1), more=True, next="a" * 10_000)], "feed.next"),
    ("no date", [page(tool(1), last="")], "feed.date"),
    ("a date that is none", [page(tool(1), last="yesterday")], "feed.date"),
    ("another media type", [feed.Answer(200, {"content-type": "text/html"}, b"{}")], "feed.media-type"),
    ("TAXII 2.0", [feed.Answer(200, {"content-type": "application/taxii+json; version=2.0"}, b"{}")], "feed.media-type"),
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
    pull = feed.Pull("", AT)
    with pytest.raises(ComityError) as caught:  # noqa: PT012 -- the last answer is the one
        for each in answers:
            pull.read(each)
    assert caught.value.code == code


def test_a_server_cannot_go_back_behind_the_date_asked_for():
    """Who brings older objects than were asked for would have us go round for ever."""
    with pytest.raises(feed.Refusal) as caught:
        feed.Pull("2026-11-30T09:00:00.000000Z", AT).read(page(tool(1), last="2026-11-29T09:00:00Z"))
    assert caught.value.code == "feed.date"


def test_a_date_of_the_future_hides_nothing():
    """A server whose clock is wrong is asked again from now on, not from the next century on."""
    found = feed.Pull("", AT).read(page(tool(1), last="2126-11-30T09:00:00Z"))
    assert found.added == "2026-11-30T09:14:59.000000Z"


def test_a_poisoned_object_spoils_no_other():
    """It is refused by its name; its neighbours come."""
    bracket = changed("indicator", pattern="[" * 400 + "]" * 400, id="indicator--00000000-0000-4000-8000-000000000400")
    spoofed = json.dumps(tlp.definition(tlp.Level.RED) | {"name": "TLP:CLEAR"}).encode()
    found = feed.Pull("", AT).read(page(tool(1), bracket, spoofed, tool(2)))
    assert [one.id[-1] for one in found.objects] == ["1", "2"]
    assert [one.error.code for one in found.refused] == ["stix.pattern-depth", "stix.spoofed"]


@pytest.mark.parametrize(("said", "after"), [("30", 30), ("999999999", 86_400), ("-1", 0), ("soon", 0), ("", 0)])
def test_who_says_when_to_come_again_is_heard(said, after):
    """But not for more than a day."""
    with pytest.raises(feed.Refusal) as caught:
        feed.Pull("", AT).read(feed.Answer(429, TYPE | {"retry-after": said}, b""))
    assert (caught.value.code, caught.value.after) == ("feed.busy", after)


STATUSES = [
    b"[]", b"{}", b'{"id":7,"status":"complete"}', b'{"id":"x","status":"done"}',
    b'{"id":"x","status":"complete","failures":7}',
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

    def add(name="cert", secret=b"", trusted=b"", officer=officers.all, at=at, **more) -> models.Feed:
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

        def take_back(self, path):
            """No network."""
            return answers(f"DELETE {path}", None)

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


def test_what_contradicts_what_is_here_is_kept_aside_and_fills_no_disk(desk, monkeypatch):
    """Refused by name, and kept for an officer to settle; a server that contradicts itself without end, a thousand times."""
    elsewhere = collections.make("Other", officer=desk.officer, at=AT).pk
    squatted, true = (stix.read(tool(1, name=name)) for name in ("first", "true"))
    shelf.Shelves(desk.node).add(elsewhere, [squatted], by="client soc", at=AT, source="VN")
    monkeypatch.setattr(shelf, "_ASIDE", 3)
    server = Server()
    server.add(AT, true.raw, tool(2), *(tool(2, name=str(each)) for each in range(9)))
    desk.add()
    row = visit(desk, "cert", monkeypatch, paged(server))
    assert (row.done["new"], row.refused[0]) == (1, [true.id, "sharing.contested"])
    assert models.Contested.objects.filter(by="feed cert").count() == 3
    odd = models.Contested.objects.get(digest=true.digest)
    before = contested.seen(odd, contested.standing(odd))
    contested.settle(desk.node, odd.pk, take=True, reason="CERT says so.", before=before, officer=desk.officer, at=AT)
    assert [held.raw for held in shelf.Shelves(desk.node).page(desk.collection, Filter(), None, 9)] == [
        tool(2),
        true.raw,
    ]
    assert models.StixObject.objects.filter(digest=squatted.digest).count() == 0


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
    for each in range(9):
        server.add(AT + timedelta(seconds=each), tool(each))

    def silent(path, body):
        if next(left, 0):
            return paged(server)(path, body)
        raise Unreachable("The server did not answer.", code="feed.unreachable")

    before = stix.version_key(AT + timedelta(seconds=3, microseconds=-1))
    desk.add()
    row = visit(desk, "cert", monkeypatch, silent, AT + timedelta(minutes=1))
    assert (row.code, row.brought, row.attempts, row.place) == ("feed.unreachable", 4, 1, {"added": before})
    assert row.next_at == AT + timedelta(minutes=2)
    server.asked.clear()
    row = visit(desk, "cert", monkeypatch, paged(server))
    assert (row.code, row.brought, row.attempts) == ("", 9, 0)
    assert parse_qs(server.asked[0]) == {"limit": ["1000"], "added_after": [before]}


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

    def paused(path, body):
        feeds.pause("cert", paused=True, officer=desk.officer, at=AT)
        return paged(server)(path, body)

    def made_anew(path, body):
        feeds.remove(desk.node, "cert", officer=desk.officer)
        desk.add(state="VN", at=AT + timedelta(seconds=1))
        return paged(server)(path, body)

    desk.add()
    for answers in (paused, made_anew):
        row = visit(desk, "cert", monkeypatch, answers)
        assert (row.place, row.brought, row.attempts, row.code) == ({}, 0, 0, "")
        assert not models.StixObject.objects.exists()
        feeds.pause("cert", paused=False, officer=desk.officer, at=AT)
    feeds.remove(desk.node, "cert", officer=desk.officer)
    for verb in (feeds.remove, lambda _node, name, officer: feeds.pause(name, paused=True, officer=officer, at=AT)):
        with pytest.raises(NotPossible):
            verb(desk.node, "cert", officer=desk.officer)


class Taker:
    """A server that takes additions."""

    def __init__(self, most: int = 1 << 20, refuses: str = "", pending: int = 0) -> None:
        self.most, self.refuses, self.pending = most, refuses, pending
        self.bodies: list[bytes] = []

    def __call__(self, path, body):
        """As a line would bring it."""
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


DELETIONS = {
    "deleted": ((200,), "deleted", 1), "not there": ((404, 404), "missing", 1), "shown empty": ((404, 200), "missing", 1),
    "no such verb": ((405,), "feed.status", 1), "not implemented": ((501,), "feed.status", 1),
    "says it is not there, and shows it": ((404, 201), "feed.kept", 1), "not to be seen": ((404, 403), "feed.forbidden", 1),
    "forbidden": ((403,), "feed.forbidden", 1), "away, then deleted": ((503, 200), "deleted", 2),
}  # fmt: skip


@pytest.mark.parametrize("title", DELETIONS)
def test_a_server_is_asked_to_delete_what_is_called_back(desk, monkeypatch, title, at):
    """Once, that version of that object and nothing that it never got; what it says is kept, and only its yes counts."""
    answers, said, visits = DELETIONS[title]
    desk.add(direction="push")
    green, kept = [tlp.IDS[tlp.Level.GREEN]], ["marking-definition--00000000-0000-4000-8000-000000000001"]
    stock(
        desk,
        tool(1, 1, object_marking_refs=green),
        tool(2, object_marking_refs=green),
        tool(3, object_marking_refs=kept),
    )
    visit(desk, "cert", monkeypatch, taker := Taker())
    assert taker.names == ["1", "2"]
    objects = {row.object_id[-1]: row for row in models.StixObject.objects.all()}
    for number in "13":
        prevention.recall(desk.node, objects[number].digest, Kind.WITHDRAW, officer=desk.officer, at=AT)
    assert models.Feed.objects.get().next_at == AT  # it is visited at once
    left, asked = list(answers), list[str]()

    def server(path, body):
        if "/objects/" not in path or body:
            return taker(path, body)
        asked.append(path)
        status = left.pop(0)
        shown = b'{"objects":[{"id":"x"}]}' if status == 201 else b"{}"
        return feed.Answer(min(status, 200) if status < 300 else status, TYPE, shown)

    for number in range(visits + 1):
        visit(desk, "cert", monkeypatch, server, AT + timedelta(hours=number))
    one = f"collections/indicators/objects/{objects['1'].object_id}/?match[version]=2026-11-12T18%3A01%3A00.000Z"
    assert asked == ([f"DELETE {one}"] * visits if len(answers) == visits else [f"DELETE {one}", one])
    assert models.Pushed.objects.get(what=objects["1"].digest).answer == said
    shown = shared.proof(desk.node, objects["1"], at=at)["servers"]
    assert [one["acknowledged"] for one in shown] == [said in {"deleted", "missing"}]
    assert models.Pushed.objects.get(what=objects["2"].digest).answer == ""


def test_a_paused_feed_sends_nothing_and_asks_to_delete_all_the_same(desk, monkeypatch):
    """What is called back does harm until it is gone: it is owed until the server has answered; else nobody calls there."""
    desk.add(direction="push")
    green = {"object_marking_refs": [tlp.IDS[tlp.Level.GREEN]]}
    stock(desk, tool(1, **green), tool(2, **green))
    visit(desk, "cert", monkeypatch, Taker())
    feeds.pause("cert", paused=True, officer=desk.officer, at=AT)
    stock(desk, tool(3, **green))
    asked, away = list[str](), [503]

    def server(path, body):
        asked.append(path if body is None else "POST")
        return feed.Answer(away.pop() if away else 200, TYPE, b"{}")

    assert visit(desk, "cert", monkeypatch, server).next_at == AT + timedelta(minutes=15)
    assert asked == []
    one = models.StixObject.objects.get(object_id__endswith="1")
    later = AT + timedelta(minutes=1)
    prevention.recall(desk.node, one.digest, Kind.WITHDRAW, officer=desk.officer, at=later)
    assert feeds.due(at=later) == ["cert"]
    with explained() as plans:  # a million objects may have been sent
        assert feeds.called_back(models.Feed.objects.get()).count() == 1
    assert "USING COVERING INDEX pushed_owed" in plans[-1] or "USING INDEX pushed_owed" in plans[-1], plans
    row = visit(desk, "cert", monkeypatch, server, later)
    assert (row.code, row.attempts, [each.owed_at for each in feeds.called_back(row)]) == ("feed.away", 1, [later])
    assert visit(desk, "cert", monkeypatch, server, later + timedelta(minutes=1)).code == ""
    assert [path.partition("?")[0] for path in asked] == [f"DELETE collections/indicators/objects/{one.object_id}/"] * 2
    assert models.Pushed.objects.get(what=one.digest).answer == "deleted"
    feeds.pause("cert", paused=False, officer=desk.officer, at=later)
    visit(desk, "cert", monkeypatch, taker := Taker(), later)
    assert taker.names == ["3"]


def test_how_feeds_go_is_seen_and_an_officer_pauses_them(desk, monkeypatch):
    """What a server owes, with its age; what a feed that is gone left behind; sources that fell silent."""
    desk.add(direction="push")
    stock(desk, tool(1, object_marking_refs=[tlp.IDS[tlp.Level.GREEN]]))
    visit(desk, "cert", monkeypatch, Taker())
    visit(desk, "cert", monkeypatch, lambda *_: feed.Answer(503, {}, b""))
    browser = Browser(desk.officer)
    text = browser.text("/sharing/feeds")
    assert "The server has trouble of its own." in text
    assert "Called back" not in text
    assert Browser(desk.idle).post("/sharing/feeds/cert/pause").status_code == 403
    assert browser.post("/sharing/feeds/cert/pause").status_code == 303
    assert models.Feed.objects.get().paused
    prevention.recall(desk.node, models.StixObject.objects.get().digest, Kind.WITHDRAW, officer=desk.officer, at=AT)
    assert "Called back, and not yet deleted there" in browser.text("/sharing/feeds")
    assert "owed since" in browser.text(f"/sharing/objects/{models.StixObject.objects.get().pk}")
    feeds.remove(desk.node, "cert", officer=desk.officer)
    models.KeptBack.objects.create(collection_id=desk.collection, source="VN", first="1", last="2", at=AT)
    text = browser.text("/sharing/feeds")
    assert "Sent by feeds that were removed" in text
    assert "Sources that fell silent" in text
    assert browser.post("/sharing/feeds/cert/resume").status_code == 422
    assert browser.post("/sharing/feeds/cert/delete").status_code == 404
    assert browser.get("/sharing/feeds/cert/resume").status_code == 405


def test_what_takes_the_place_of_another_is_sent_when_that_is_deleted(desk, monkeypatch):
    """The server is asked first, for it keeps one content under a name; what is undone before that is owed no more."""
    desk.add(direction="push")
    green = {"object_marking_refs": [tlp.IDS[tlp.Level.GREEN]]}
    stock(desk, tool(1, **green))
    visit(desk, "cert", monkeypatch, Taker())
    client = models.Client(name="blind", state="IR", reads=[])
    other = stix.read(tool(1, name="true", **green))
    shelf.Shelves(desk.node, client).add(desk.collection, [other], by="client blind", at=AT)

    def take(row) -> None:
        before = contested.seen(row, contested.standing(row))
        contested.settle(desk.node, row.pk, take=True, reason="x", before=before, officer=desk.officer, at=AT)

    take(models.Contested.objects.get())
    assert models.Pushed.objects.get().owed_at == AT
    take(models.Contested.objects.get(by="officer"))
    assert models.Pushed.objects.get().owed_at is None
    take(models.Contested.objects.get(by="client blind"))
    asked, taker = list[str](), Taker()

    def server(path, body):
        asked.append(path.partition(" ")[0] if body is None else "POST")
        return taker(path, body)

    visit(desk, "cert", monkeypatch, server)
    assert (asked[0], asked[-1], json.loads(taker.bodies[0])["objects"][0]["name"]) == ("DELETE", "POST", "true")
    shelf.Shelves(desk.node).delete(desk.collection, Filter(ids=frozenset({other.id})), by="client blind", at=AT)
    assert models.Pushed.objects.get(what=other.digest).owed_at == AT  # what its sender deletes here, is deleted there


def test_what_is_called_back_while_it_is_on_its_way_is_owed(desk, monkeypatch):
    """Neither what the server just got, nor what was called back during the visit, waits for the next usual one."""
    desk.add(direction="push")
    stock(desk, tool(1, object_marking_refs=[tlp.IDS[tlp.Level.GREEN]]))
    digest, taker = models.StixObject.objects.get().digest, Taker()

    def server(path, body):
        if body:
            prevention.recall(desk.node, digest, Kind.WITHDRAW, officer=desk.officer, at=AT)
        return taker(path, body)

    row = visit(desk, "cert", monkeypatch, server)
    assert (row.next_at, models.Pushed.objects.get().owed_at) == (AT, AT)


class Lossy(Taker):
    """A server that keeps what it is sent; what becomes of its answer is told by a word."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.there, self.deleted = how, set[str](), list[str]()

    def __call__(self, path, body):
        """As a line would bring it."""
        if path.startswith("DELETE "):
            named = path.partition("/objects/")[2].partition("/")[0]
            self.deleted.append(named)
            status = 200 if named in self.there else 404
            self.there.discard(named)
            return feed.Answer(status, TYPE, b"{}")
        if "/objects/" in path and body is None:
            return feed.Answer(404, TYPE, b"{}")
        if body and self.how != "late":
            self.there |= {one["id"] for one in json.loads(body)["objects"]}
        if body and self.how == "cut":
            raise Unreachable("The server did not answer: timed out.", code="feed.unreachable")
        if body and self.how in {"502", "303", "408"}:
            return feed.Answer(int(self.how), {}, b"")
        if self.how in {"pending", "late"} and path:
            return feed.Answer(202, TYPE, b'{"id":"s","status":"pending"}')
        if body and self.how == "garbled":
            return feed.Answer(202, TYPE, b"<html>")
        return super().__call__(path, body)


@pytest.mark.parametrize("how", ["cut", "pending", "502", "303", "408", "garbled"])
def test_what_a_server_may_have_is_asked_to_be_deleted(desk, monkeypatch, how, at):
    """Its answer is lost, or it never says that it took it: it is sent again, shown as perhaps there, and called back there."""
    desk.add(direction="push")
    green = {"object_marking_refs": [tlp.IDS[tlp.Level.GREEN]]}
    stock(desk, tool(1, **green), tool(2, **green))
    server = Lossy(how)
    row = visit(desk, "cert", monkeypatch, server)
    assert (row.code != "", len(server.there)) == (True, 2)
    one, other = models.StixObject.objects.order_by("object_id")
    assert [each["taken"] for each in shared.proof(desk.node, one, at=at)["servers"]] == [False]
    assert "it may be there" in Browser(desk.officer).text(f"/sharing/objects/{one.pk}")
    prevention.recall(desk.node, one.digest, Kind.WITHDRAW, officer=desk.officer, at=AT)
    assert feeds.called_back(models.Feed.objects.get()).count() == 1
    visit(desk, "cert", monkeypatch, server, AT + timedelta(hours=1))
    assert (server.deleted, models.Pushed.objects.get(what=one.digest).answer) == ([one.object_id], "deleted")
    server.how = ""
    assert visit(desk, "cert", monkeypatch, server, AT + timedelta(hours=2)).code == ""
    assert (server.there, server.deleted, server.names[-1]) == ({other.object_id}, [one.object_id], "2")
    assert models.Pushed.objects.get(what=other.digest).taken
    sent = len(server.bodies)
    visit(desk, "cert", monkeypatch, server, AT + timedelta(hours=3))
    assert len(server.bodies) == sent


def test_what_a_server_may_still_be_looking_at_is_asked_again(desk, monkeypatch):
    """It says that it has it not, and takes it afterwards: it is asked until a day has passed, and not twice a second."""
    desk.add(direction="push")
    stock(desk, tool(1, object_marking_refs=[tlp.IDS[tlp.Level.GREEN]]))
    server, one = Lossy("late"), models.StixObject.objects.get()
    visit(desk, "cert", monkeypatch, server)
    prevention.recall(desk.node, one.digest, Kind.WITHDRAW, officer=desk.officer, at=AT)
    row = visit(desk, "cert", monkeypatch, server, AT + timedelta(minutes=1))
    assert (row.code, row.next_at > AT + timedelta(minutes=1)) == ("feed.pending", True)
    assert models.Pushed.objects.get().answer == ""
    server.there.add(one.object_id)
    assert visit(desk, "cert", monkeypatch, server, AT + timedelta(hours=1)).code == ""
    assert (server.there, models.Pushed.objects.get().answer) == (set(), "deleted")
    models.Pushed.objects.update(answer="")
    assert visit(desk, "cert", monkeypatch, server, AT + timedelta(days=1)).code == ""
    assert models.Pushed.objects.get().answer == "missing"


def test_a_feed_that_is_removed_while_it_sends_leaves_its_debt(desk, monkeypatch):
    """What went out is noted, whoever removes or pauses the feed before the answer comes."""
    desk.add(direction="push")
    stock(desk, tool(1, object_marking_refs=[tlp.IDS[tlp.Level.GREEN]]))
    digest, taker = models.StixObject.objects.get().digest, Taker()

    def server(path, body):
        if body:
            feeds.remove(desk.node, "cert", officer=desk.officer)
        return taker(path, body)

    with served(monkeypatch, server):
        feeding.visit(desk.node, "cert", lambda: AT)
    prevention.recall(desk.node, digest, Kind.WITHDRAW, officer=desk.officer, at=AT)
    assert "Sent by feeds that were removed" in Browser(desk.officer).text("/sharing/feeds")
    row = desk.add(direction="push", at=AT + timedelta(seconds=1))
    assert feeds.called_back(row).count() == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429])
def test_what_a_server_refuses_is_not_taken_to_be_there(desk, monkeypatch, status):
    """The whole, by its status, or an object by its id; but what it may have had before, it may have."""
    desk.add(direction="push")
    green = {"object_marking_refs": [tlp.IDS[tlp.Level.GREEN]]}
    stock(desk, tool(1, **green))
    taker = Taker()

    def refusing(path, body):
        return feed.Answer(status, TYPE, b"{}") if body else taker(path, body)

    assert visit(desk, "cert", monkeypatch, refusing).code.startswith("feed.")
    assert not models.Pushed.objects.exists()
    visit(desk, "cert", monkeypatch, Lossy("cut"), AT + timedelta(minutes=5))
    named = models.StixObject.objects.get().object_id
    for answers in (refusing, Taker(refuses=named)):
        visit(desk, "cert", monkeypatch, answers, AT + timedelta(minutes=10))
        assert [row.taken for row in models.Pushed.objects.all()] == [False]
    stock(desk, tool(2, **green))
    named = json.loads(tool(2))["id"]
    row = visit(desk, "cert", monkeypatch, Taker(refuses=named), AT + timedelta(minutes=20))
    assert (row.refused, models.Pushed.objects.count()) == ([[named, "No."]], 1)


def test_a_clock_that_ran_ahead_puts_off_no_feed(desk, monkeypatch):
    """A year ahead for a minute: set right, each feed is visited as if nothing had been; what waits as it should, waits."""
    server = Server()
    server.add(AT, tool(1))
    week = 7 * 24 * 60
    for name, every, ahead in (("cert", 15, 365), ("zone", 15, 5 / 24), ("weekly", week, 365), ("waits", week, 0)):
        desk.add(name, every=every)
        visit(desk, name, monkeypatch, paged(server), AT + timedelta(days=ahead))
    assert set(feeds.due(at=AT + timedelta(minutes=1))) == {"cert", "zone", "weekly"}
    row = visit(desk, "cert", monkeypatch, paged(server), AT + timedelta(minutes=1))
    assert row.next_at == AT + timedelta(minutes=16)


def test_a_server_that_brings_again_what_is_here_is_visited_less(desk, monkeypatch):
    """However it mixes something new in; a day at the most. One that has something new is visited as usual again."""
    monkeypatch.setattr(feed, "PAGE", 20)
    server, at, waits = Server(), AT, []
    server.add(at, *(tool(each) for each in range(100)))
    desk.add()
    for number in range(9):
        row = visit(desk, "cert", monkeypatch, paged(server), at)
        waits.append((row.next_at - at) / timedelta(minutes=15))
        at = row.next_at
        server.rows = []
        server.add(at, *(tool(each) for each in range(100)), tool(200 + number))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 96, 96]
    assert (row.again, row.done["new"], row.done["held"]) == (8, 1, 100)
    server.rows = []
    server.add(at, *(tool(each) for each in range(300, 350)))
    row = visit(desk, "cert", monkeypatch, paged(server), at)
    assert (row.again, row.next_at) == (0, at + timedelta(minutes=15))


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
    assert visit(desk, "cert", monkeypatch, taker).done == {"sent": 1, "kept": 4, "known": 1, "refused": 0}
    assert taker.names == ["0", "7"]
    feeds.remove(desk.node, "cert", officer=desk.officer)
    desk.add(direction="push", state="", at=AT + timedelta(seconds=1))
    visit(desk, "cert", monkeypatch, anew := Taker(), AT + timedelta(seconds=1))
    assert anew.names == ["0", "7"]  # a feed that is made anew sends everything again


def test_what_a_silent_source_gave_waits_and_holds_up_nothing(desk, monkeypatch):
    """A copy whose source is not heard of is kept back, what is behind it goes; heard of again, it goes too. No feed's."""
    rules = {"public": True, "purposes": ["prevention"], "free_text": True, "basis": "x"}
    collections.set_rules("feed", rules, officer=desk.officer, at=AT)
    desk.add(direction="push", state="")
    taker, clear = Taker(), [tlp.IDS[tlp.Level.CLEAR]]
    shelves, feed_ = shelf.Shelves(desk.node), collections.find("feed").pk
    theirs, fed, own = (stix.read(tool(number, object_marking_refs=clear)) for number in range(3))
    for found, source in ((theirs, "VN"), (fed, "VN"), (own, "")):
        shelves.add(feed_, [found], by="test", at=AT, source=source)
    kept = copies.Kept("IR", AT)
    kept.put_copy(Copy(theirs.digest, "VN", 1, tlp.Level.CLEAR, direct=True))
    done = visit(desk, "cert", monkeypatch, taker).done
    assert (taker.names, done["kept"]) == (["1", "2"], 1)
    assert visit(desk, "cert", monkeypatch, taker).done["sent"] == 0
    kept.put_standing(Standing(source="VN", number=0, at=int(AT.timestamp())), b"")
    visit(desk, "cert", monkeypatch, taker)
    assert "0" in taker.names
    sent = len(taker.names)
    assert visit(desk, "cert", monkeypatch, taker).done["sent"] == 0
    assert len(taker.names) == sent
    assert "silent" not in models.Feed.objects.get().place


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 900), min_size=1, max_size=9), most=st.integers(400, 2_000))
def test_bodies_are_as_long_as_the_server_takes(sizes, most):
    """Whatever the lengths: every object that fits is sent once, in order, and what never fits is named."""
    rows = [
        SimpleNamespace(
            id=f"tool--{place}", digest="", raw=b"x" * size, at=SimpleNamespace(added=f"{place:02}"), copy=False
        )
        for place, size in enumerate(sizes)
    ]

    class Shelves:  # in place of `desk.shelf.Shelves`
        def __init__(self, _settings) -> None:
            pass

        def rules(self, _collection):
            """None that matter here."""
            return release.Rules()

        def page(self, _collection, _wanted, after, limit, *, most_bytes):
            """As the shelf."""
            return [row for row in rows if after is None or row.at.added > after.added][:limit]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "Shelves", Shelves)
        patch.setattr(feeds, "_there", lambda *_: frozenset())
        patch.setattr(feeds.copies, "silent", lambda *_, **__: frozenset())
        patch.setattr(feeds, "_current", lambda _row: SimpleNamespace(exists=lambda: True))
        patch.setattr(feeds, "Outlet", lambda *_: SimpleNamespace(lets=lambda _row: True))
        row, sent, long, more = models.Feed(communities=[]), [], [], True
        while more:
            batch = feeds.outgoing(None, row, most=most, at=AT)
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
    collections.set_rules("feed", {"states": ["QA"], "purposes": ["prevention"], "unmarked": "TLP:CLEAR", "basis": "y"},
                          officer=desk.officer, at=AT)  # fmt: skip
    stock(desk, tool(5))
    named = json.loads(tool(5))["id"]
    row = visit(desk, "cert", monkeypatch, Taker(refuses=named))
    assert (row.done["sent"], row.done["known"], row.refused) == (0, 2, [[named, "No."]])
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


# ------------------------------------------------------------------------------------------------------ over HTTPS


class _Odd(BaseHTTPRequestHandler):
    """A server that does what its path says."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Redirect, never end, or tell what it was asked."""
        if self.path.endswith("/away"):
            self.send_response(302)
            self.send_header("Location", "/api/here")
            self.end_headers()
        elif self.path.endswith("/endless"):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b" " * (1 << 16))
        else:
            body = json.dumps(dict(self.headers.items())).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two running nodes: Viet Nam's has warnings for Iran and a letterbox; Iran fetches those, and sends its own."""
    folder = tmp_path_factory.mktemp("feeds")
    here, there = three_states()[:2]
    nodes.make_all([here, there], folder)
    by = {
        node.state: ["--by", next(one.username for one in node.people if "warn" in one.powers)]
        for node in (here, there)
    }
    for node, to in ((here, there), (there, here)):
        rules = f'states = ["{to.state}"]\npurposes = ["prevention"]\nunmarked = "TLP:GREEN"\nbasis = "Exercise"\n'
        (folder / f"{node.state}.toml").write_text(rules)
    files = {name: folder / f"{name}.secret" for name in ("cert", "feed", "own")}

    def client(node, name: str, file: str, *rights: str) -> list[str]:
        said = ["--organisation", "CERT", "--purpose", "prevention", "--state", here.state, *by[node.state]]
        return ["client", "add", str(node.home), name, "--secret", str(files[file]), *said, *rights]

    for node, names, clients in (
        (there, ("out", "in"), [client(there, "cert", "cert", "--write", "out"),
                                client(there, "iran", "feed", "--read", "out", "--write", "in")]),
        (here, ("theirs", "ours"), [client(here, "own", "own", "--write", "ours")]),
    ):  # fmt: skip
        home, rules = str(node.home), str(folder / f"{node.state}.toml")
        made = [["collection", "add", home, name, "--alias", name, *by[node.state]] for name in names]
        ruled = [["collection", "rules", home, name, rules, *by[node.state]] for name in names]
        assert "(" not in commands(*made, *ruled, *clients)
    for node in (here, there):
        node.start()
    try:
        lines = {}
        for node in (here, there):
            context = ssl.create_default_context(cafile=node.home / "keys" / "tls.crt")
            lines[node.state] = httpx2.Client(verify=context, base_url=node.peers, timeout=60, trust_env=False)
        for line in lines.values():
            wait(line)
        yield SimpleNamespace(here=here, there=there, by=by[here.state], files=files, lines=lines, folder=folder)
        for line in lines.values():
            line.close()
    finally:
        for node in (here, there):
            node.stop()


def put(pair, node, name: str, file: str, collection: str, *raws: bytes) -> None:
    """Add objects as a client of a node."""
    headers = basic(name, pair.files[file].read_text().strip()) | {"Content-Type": taxii.MEDIA_TYPE}
    body = feed.envelope(raws)
    said = pair.lines[node.state].post(f"/shared/collections/{collection}/objects/", headers=headers, content=body)
    assert said.json()["failure_count"] == 0


def until(home, statement: str, expected: tuple) -> None:
    """Wait until the tables of a node say so."""
    found = None
    for _ in range(600):
        with closing(sqlite3.connect(f"file:{home}/db.sqlite3?mode=ro", uri=True)) as base:
            found = base.execute(statement).fetchone()
        if found == expected:
            return
        time.sleep(0.1)
    assert found == expected


COUNT = "SELECT count(*) FROM node_stixobject JOIN node_collection c ON c.number = collection_id WHERE c.alias = '{}'"


def test_two_nodes_fetch_and_send_by_schedule(pair):
    """Byte for byte, in several pages, by the courier alone; a stranger, a wrong certificate are told; what is new comes."""
    warnings = [tool(number) for number in range(1_100)]
    put(pair, pair.there, "cert", "cert", "out", *warnings)
    put(pair, pair.here, "own", "own", "ours", *(tool(5_000 + number) for number in range(30)))
    home, trusted = str(pair.here.home), str(pair.there.home / "keys" / "tls.crt")
    (pair.folder / "wrong.secret").write_text("x" * 43)
    to = ["--address", f"{pair.there.peers}/shared", "--user", "iran", *pair.by]
    known, secret = ["--ca", trusted], ["--secret", str(pair.files["feed"])]
    commands(
        ["feed", "add", home, "theirs", "--remote", "out", "--into", "theirs", "--state", "VN", *known, *secret, *to],
        ["feed", "add", home, "ours", "--remote", "in", "--from", "ours", "--state", "VN", "--purpose", "prevention", *known,
         *secret, *to],
        ["feed", "add", home, "stranger", "--remote", "out", "--into", "theirs", "--state", "VN", *known, "--secret",
         str(pair.folder / "wrong.secret"), *to],
        ["feed", "add", home, "pinned", "--remote", "out", "--into", "theirs", "--state", "VN", *secret, *to,
         "--ca", str(pair.here.home / "keys" / "tls.crt")],
    )  # fmt: skip
    until(home, COUNT.format("theirs"), (1_100,))
    until(str(pair.there.home), COUNT.format("in"), (30,))
    until(home, "SELECT code FROM node_feed WHERE name = 'stranger'", ("feed.sign-in",))
    until(home, "SELECT code FROM node_feed WHERE name = 'pinned'", ("feed.unreachable",))
    until(
        home, "SELECT min(visited_at) IS NOT NULL, max(code) FROM node_feed WHERE name IN ('theirs', 'ours')", (1, "")
    )
    with closing(sqlite3.connect(f"file:{home}/db.sqlite3?mode=ro", uri=True)) as base:
        kept = base.execute("SELECT raw, source FROM node_stixobject WHERE source <> '' ORDER BY added").fetchall()
    assert kept == [(raw, "VN") for raw in warnings]
    put(pair, pair.there, "cert", "cert", "out", tool(2_000))
    said = commands(
        ["feed", "pause", home, "theirs", "--resume", *pair.by],
        ["feed", "pause", home, "stranger", *pair.by],
        ["feed", "remove", home, "pinned", *pair.by],
        ["feed", "list", home],
        ["feed", "add", home, "both", "--remote", "out", "--into", "theirs", "--from", "ours", *to],
    )
    until(home, COUNT.format("theirs"), (1_101,))
    for words in (
        "ours  to https://",
        "theirs  from https://",
        "'sent': 30",
        "PAUSED",
        "(feed.sign-in)",
        "(feed.direction)",
    ):
        assert words in said
    assert "pinned" not in said
    assert pair.files["feed"].read_text().strip() not in said


def test_the_line_follows_nobody_and_reads_no_more_than_it_may(pair, tmp_path):
    """No redirect, no endless answer, no other certificate; the secret goes to the server in its header only."""
    keys = pair.there.home / "keys"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "tls.crt", keys / "tls.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Odd)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "feeds").mkdir()
    write_secret(tmp_path / "feeds" / "odd.secret", b"s\n")
    write_secret(tmp_path / "feeds" / "odd.crt", (keys / "tls.crt").read_bytes())
    row = models.Feed(name="odd", address=f"https://127.0.0.1:{server.server_port}/api/", user="u")
    home = SimpleNamespace(keys=tmp_path)
    try:
        with feeding._Line(home, row) as line:
            assert line.ask("away").status == 302
            with pytest.raises(Unreachable) as caught:
                line.ask("endless")
            assert caught.value.code == "feed.too-long"
            said = json.loads(line.ask("here").body)
            assert (said["Authorization"], said["Accept"]) == ("Basic dTpz", taxii.MEDIA_TYPE)
        (tmp_path / "feeds" / "odd.crt").unlink()
        with feeding._Line(home, row) as line, pytest.raises(Unreachable) as caught:
            line.ask("here")
        assert caught.value.code == "feed.unreachable"
    finally:
        server.shutdown()
        server.server_close()
