"""A collection as an instance of MISP: PyMISP, as it comes, drives a real node over HTTPS; nothing goes out that may not."""

import json
import re
import ssl
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx2
import pymisp
import pytest
from clients import commands, wait
from collecting import COLLECTIONS, ONE, TWO, reader
from django.db import InterfaceError, OperationalError
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st
from indicators import SHA, attribute, event, named, tool
from sqlite_shelf import SqliteShelf

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.node.peers import access
from comity.node.peers import misp as misp_door
from comity.node.peers import taxii as taxii_door
from comity.sharing import _misp_held, misp, misp_server, stix, tlp
from comity.sharing.shelf import Filter

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
RULES = 'states = ["VN"]\npurposes = ["prevention"]\npublic = true\nbasis = "Exercise Act, section 1"\n'


# ------------------------------------------------------------------------------------------------------ without a network


class Instance:
    """Ask a shelf without a network; each question a second later."""

    def __init__(self) -> None:
        self.shelf, self.now = SqliteShelf(collections=COLLECTIONS), AT

    def ask(self, path, said=None, method="", who=None, collection="indicators"):
        """(status, what is answered)."""
        self.now += timedelta(seconds=1)
        body = b"" if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
        request = misp_server.Request(method or ("POST" if body else "GET"), collection, path, body)
        found = misp_server.answer(request, self.shelf, who or reader(writes=(ONE,)), self.now, organisation="CERT")
        return found.status, json.loads(found.body)

    def search(self, *, controller="events", **said):
        """What a search finds."""
        status, found = self.ask(f"{controller}/restSearch", {"returnFormat": "json"} | said)
        assert status == 200, found
        return found["response"] if controller == "events" else found["response"]["Attribute"]


_KEPT = misp.taken_in(event(attribute(2, "domain|ip", "parcel.example|203.0.113.9"))).objects


@pytest.fixture
def instance() -> Instance:
    """With one event, as MISP writes it."""
    made = Instance()
    data = event(
        attribute(1, "ip-dst", "198.51.100.7", Tag=[{"name": "exercise:relay"}]),
        attribute(2, "domain|ip", "parcel.example|203.0.113.9"),
        attribute(3, "sha256", SHA, to_ids=False), attribute(4, "yara", "rule x {}"), Tag=[{"name": "tlp:green"}],
    )  # fmt: skip
    assert made.ask("events/add", data)[0] == 200
    return made


def values(found) -> list[str]:
    """The values of attributes."""
    return [one["value"] for one in found]


FOUND = [
    ({}, 1), ({"uuid": named(900)}, 1), ({"uuid": named(901)}, 0), ({"eventid": [named(900)]}, 1),
    ({"value": "198.51.100.7"}, 1),
    ({"value": "198.51.100.%"}, 1), ({"value": "%100%"}, 1), ({"value": "203.0.113.9"}, 1), ({"value": "198.51.100.8"}, 0),
    ({"type": ["md5", "sha256"]}, 1), ({"type": "md5"}, 0), ({"tags": "tlp:green"}, 1), ({"tags": "TLP:RED"}, 0),
    ({"org": "exercise"}, 1), ({"org": "other"}, 0), ({"eventinfo": "%autumn%"}, 1), ({"eventinfo": "autumn"}, 0),
    ({"timestamp": 1796000000}, 1), ({"timestamp": ["1796000000", "1796000400"]}, 0), ({"last": "1d"}, 1),
    ({"publish_timestamp": int(AT.timestamp()) + 3600}, 0), ({"from": "2026-11-30", "to": "2026-11-30"}, 1),
    ({"from": "2026-12-01"}, 0), ({"to_ids": 1}, 1), ({"value": {"OR": ["no", "198.51.100.7"]}}, 1), ({"published": True}, 1),
    ({"page": 1, "limit": 10}, 1), ({"page": 2, "limit": 10}, 0), ({"enforceWarninglist": 0, "withAttachments": 1}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("said", "count"), FOUND)
def test_events_are_found(instance, said, count):
    """By each filter that is answered, found and not found."""
    assert len(instance.search(**said)) == count


UNKNOWN = [
    {"object_name": "file"}, {"returnFormat": "csv"}, {"value": "!198.51.100.7"}, {"value": {"NOT": ["x"]}}, {"value": "a%b"},
    {"value": "%"}, {"value": []}, {"value": [["x"]]}, {"timestamp": "soon"}, {"timestamp": [1]}, {"timestamp": True},
    {"from": "30.11.2026"}, {"limit": "x"}, {"limit": -1}, {"limit": 10**6}, {"published": False}, {"to_ids": 7},
    {"enforceWarninglist": 1}, {"value": ["x"] * 1_001}, {"timestamp": "999999d"}, {"last": ["1d", "999999d"]},
    {"publish_timestamp": "nan"}, {"last": "1e999"}, {"timestamp": "9" * 400 + ".0"},
]  # fmt: skip


@pytest.mark.parametrize("said", UNKNOWN, ids=lambda said: json.dumps(said)[:40])
def test_a_filter_that_is_not_known_is_refused(instance, said):
    """Passed over, it would give more than was asked for."""
    status, found = instance.ask("events/restSearch", said)
    assert (status, found["saved"]) == (400, False)
    assert found["code"] in {"misp.query", "misp.too-many"}


def test_attributes_are_found(instance):
    """Each by itself, by what it says; indicators that no event names too."""
    assert len(instance.search(controller="attributes")) == 4
    assert values(instance.search(controller="attributes", type="yara")) == ["rule x {}"]
    assert values(instance.search(controller="attributes", to_ids=0)) == [SHA]
    assert values(instance.search(controller="attributes", tags="exercise:%")) == ["198.51.100.7"]
    assert values(instance.search(controller="attributes", uuid=named(2))) == ["parcel.example|203.0.113.9"]
    assert len(instance.search(controller="attributes", eventid=named(900))) == 4
    assert instance.search(controller="attributes", eventid=named(899)) == []
    assert len(instance.search(controller="attributes", limit=3)) == 3
    assert len(instance.search(controller="attributes", limit=3, page=2)) == 1
    assert instance.ask("attributes/restSearch", {"eventinfo": "x"})[0] == 400


def test_what_does_not_fit_into_one_answer_is_asked_for_in_pages(instance, monkeypatch):
    """It is never cut off in silence."""
    monkeypatch.setattr(_misp_held, "_ATTRIBUTES", 3)
    status, said = instance.ask("attributes/restSearch", {"returnFormat": "json"})
    assert (status, said["code"]) == (400, "misp.too-many")
    assert len(instance.search(controller="attributes", limit=2, page=2)) == 2
    monkeypatch.setattr(_misp_held, "_LOOKED_AT", 2)
    monkeypatch.setattr(_misp_held, "_AT_ONCE", 2)
    assert instance.ask("attributes/restSearch", {"value": "none"})[1]["code"] == "misp.too-many"


def test_an_event_is_seen_without_what_may_not_go(instance):
    """Neither in a view nor in a search, nor by what a sighting answers; a report that may not go is no event."""
    hidden = {f"indicator--{named(1)}"}
    half = reader(writes=(ONE,), visible=lambda row: row.id not in hidden)
    status, said = instance.ask(f"events/view/{named(900)}", who=half)
    assert status == 200
    assert [one["uuid"] for one in said["Event"]["Attribute"]] == [named(2), named(3), named(4)]
    for path, body in (
        ("events/restSearch", {"value": "198.51.100.7"}), ("attributes/restSearch", {"value": "198.51.100.7"}),
    ):  # fmt: skip
        assert "198.51.100.7" not in json.dumps(instance.ask(path, body, who=half))
    assert instance.ask(f"sightings/add/{named(1)}", {}, method="POST", who=half)[0] == 404
    blind = reader(writes=(ONE,), visible=lambda _row: False)
    assert instance.ask(f"events/view/{named(900)}", who=blind)[0] == 404
    assert instance.ask("events/index", who=blind) == (200, [])
    assert instance.ask("attributes/restSearch", {"returnFormat": "json"}, who=blind)[1]["response"]["Attribute"] == []


def test_another_misp_pulls(instance):
    """What a MISP asks one after the other when it pulls by schedule: names, each event, its proposals, its sightings."""
    assert instance.ask("sightings/add", {"values": ["198.51.100.7"]})[0] == 200
    other = attribute(77, "ip-dst", "203.0.113.8")
    assert (
        instance.ask("events/add", event(other, uuid=named(907), timestamp="1796000700", Tag=[{"name": "tlp:red"}]))[0]
        == 200
    )
    who = reader(writes=(), visible=lambda row: (tlp.marked(json.loads(row.raw)).level or 0) < tlp.Level.RED)
    status, names = instance.ask("events/index", {"minimal": 1, "published": 1}, who=who)
    assert status == 200
    assert [one["uuid"] for one in names] == [named(900)]
    wanted = "deleted[]:0/deleted[]:1/excludeGalaxy:1/includeEventCorrelations:0/includeFeedCorrelations:0"
    status, said = instance.ask(f"events/view/{names[0]['uuid']}/{wanted}/includeWarninglistHits:0", who=who)
    assert (status, said["Event"]["timestamp"]) == (200, names[0]["timestamp"])
    assert instance.ask("shadow_attributes/index/all:1/timestamp:0/limit:1000/page:1.json", who=who) == (200, [])
    asked = {"returnFormat": "json", "last": 0, "includeUuid": True, "uuid": [named(900), named(907)]}
    seen = instance.ask("sightings/restSearch/event", asked, who=who)[1]["response"]
    assert [(one["Sighting"]["attribute_uuid"], one["Sighting"]["event_uuid"]) for one in seen] == [
        (named(1), named(900))
    ]
    assert instance.ask(f"events/view/{named(907)}/{wanted}", who=who)[0] == 404
    assert instance.ask(f"events/view/{named(900)}/type:ip-dst", who=who)[1]["code"] == "misp.query"
    assert instance.ask("events/index", {"minimal": 1, "to_ids": 1}, who=who)[1]["code"] == "misp.query"
    assert instance.ask("sightings/restSearch/event", asked | {"org_id": ["!x"]}, who=who)[0] == 400
    assert instance.ask("events/filterEventIdsForPush", [], method="POST", who=who)[0] == 404


def test_events_of_one_second_with_different_marks_are_taken(instance):
    """Their author's word of himself stays as it came first, and is no fault: programs add many events in a second."""
    for number, tag in enumerate(("tlp:green", "tlp:amber", "")):
        made = event(
            attribute(80 + number, "domain", "z.example"), uuid=named(980 + number), Tag=[{"name": tag}] if tag else []
        )
        assert instance.ask("events/add", made)[0] == 200
    assert len(instance.ask("events/index", {"minimal": 1})[1]) == 4


def test_a_misp_that_pulls_sees_what_was_sighted(instance):
    """It asks for the sightings of an event only where one came after those that it has; 0 would mean that there is none."""
    index = lambda **more: instance.ask("events/index", {"minimal": 1, "published": 1} | more)[1]  # noqa: E731
    assert [one["sighting_timestamp"] for one in index()] == ["0"]
    before = int(instance.now.timestamp())
    assert instance.ask("sightings/add", {"values": ["198.51.100.7"]})[0] == 200
    (seen,) = index()
    assert before < int(seen["sighting_timestamp"]) <= int(instance.now.timestamp())
    green = {"Tag": [{"name": "tlp:green"}]}
    other = event(attribute(71, "domain", "y.example"), uuid=named(971), timestamp="1796000700", **green)
    assert instance.ask("events/add", other)[0] == 200
    assert sorted(one["sighting_timestamp"] == "0" for one in index()) == [False, True]


RULES_OF_A_PULL = [
    ({"tag": ["tlp:green"]}, 1), ({"tag": ["!tlp:green"]}, 0), ({"tag": ["tlp:red", "tlp:green"]}, 1),
    ({"tag": ["!tlp:red"]}, 1),
    ({"tag": ["tlp:green", "!tlp:green"]}, 0), ({"org": ["Exercise"]}, 1), ({"org": ["!Exercise"]}, 0),
    ({"org": ["!Other"]}, 1),
    ({"tag": ["tlp:green"], "org": ["!Exercise"]}, 0), ({"timestamp": "3650d"}, 1),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "count"), RULES_OF_A_PULL)
def test_the_rules_by_which_another_misp_pulls(instance, rules, count):
    """Tags and organisations, wanted or not, as it writes them."""
    status, found = instance.ask("events/index", rules | {"minimal": 1, "published": 1})
    assert (status, len(found)) == (200, count), found


def test_an_object_is_as_strict_as_what_is_in_it(instance):
    """What is marked red inside an object does not go out with it under the event's green."""
    red = attribute(21, "domain", "secret.example", Tag=[{"name": "tlp:red"}], object_relation="domain")
    held = {
        "uuid": named(20),
        "name": "file",
        "timestamp": "1796000300",
        "Attribute": [red, attribute(22, "md5", "d" * 32)],
    }
    instance.ask("events/add", event(uuid=named(902), Object=[held], Tag=[{"name": "tlp:green"}]))

    def green(row) -> bool:
        return (tlp.marked(json.loads(row.raw)).level or tlp.Level.CLEAR) <= tlp.Level.GREEN

    said = instance.ask(f"events/{named(902)}", who=reader(visible=green))[1]["Event"]
    assert values(said["Attribute"]) == ["d" * 32]
    assert "secret" not in json.dumps(said)


REFUSED = [
    ("GET", "indicators", "events/view/00000000-0000-4000-8000-000000000899", None, 404),
    ("GET", "indicators", "feeds/index", None, 404), ("GET", "indicators", "events/view/1", None, 404),
    ("GET", "other", "servers/getVersion", None, 404), ("GET", COLLECTIONS[2].id, "events/index", None, 404),
    ("GET", "indicators", "events/add", None, 405), ("DELETE", "indicators", f"events/view/{named(900)}", None, 405),
    ("POST", "indicators", "events/add", b"{", 400), ("POST", "indicators", "events/add", b"{}", 400),
    ("POST", "indicators", "events/add", b'{"Event":[]}', 400), ("POST", "indicators", "events/add", b"[]", 400),
    ("POST", "indicators", "events/add", b'{"Event":' + b"[" * 999 + b"]" * 999 + b"}", 400),
    ("POST", "indicators", f"events/edit/{named(1)}", event(), 400), ("POST", TWO, "events/index", b"{}", 403),
    ("POST", "indicators", "sightings/add", b"{}", 400), ("POST", "indicators", "sightings/add", b'{"value":"none"}', 404),
    ("POST", "indicators", f"sightings/add/{named(1)}", b'{"type":"1"}', 400),
    ("POST", "indicators", f"sightings/add/{named(1)}", b'{"timestamp":"soon"}', 400),
]  # fmt: skip


@pytest.mark.parametrize(("method", "collection", "path", "body", "status"), REFUSED)
def test_what_is_not_there_or_not_right_is_an_error_of_misp(instance, method, collection, path, body, status):
    """With a name, a sentence and the address; never an exception."""
    who = reader(writes=(ONE, TWO))
    found, said = instance.ask(path, body, method=method, collection=collection, who=who)
    assert found == status
    assert (said["saved"], said["url"]) == (False, f"/{path}")
    assert said["name"]
    assert said["message"]


def test_a_reader_adds_nothing_and_a_letterbox_shows_nothing(instance):
    """What a client may, the collection's rights say."""
    only = reader(writes=())
    assert instance.ask("events/add", event(), who=only)[0] == 403
    assert instance.ask(f"sightings/add/{named(1)}", {}, method="POST", who=only)[0] == 403
    box = reader(reads=(), writes=(ONE,))
    status, said = instance.ask("events/add", event(attribute(1, "ip-dst", "198.51.100.8", timestamp="1796000000"),
                                                    uuid=named(700)), who=box)  # fmt: skip
    assert (status, said["code"]) == (409, "misp.not-taken")  # another's attribute stays what it is; it is named
    assert any(f"indicator--{named(1)}" in one and "stix.other-content" in one for one in said["errors"])
    assert instance.ask(f"events/view/{named(700)}", who=box)[0] == 403


def test_an_event_without_an_author_is_its_client_s(instance):
    """MISP fills in who adds and when; a later version takes its place."""
    data = {
        "uuid": named(800),
        "info": "Bare",
        "Attribute": [{"uuid": named(801), "type": "domain", "value": "a.example", "to_ids": True}],
    }
    said = instance.ask("events/add", data)[1]["Event"]
    assert (said["Orgc"]["name"], said["timestamp"], said["date"]) == (
        "CERT",
        str(int(instance.now.timestamp())),
        "2026-11-30",
    )
    assert instance.ask(f"events/edit/{named(800)}", {"Event": data | {"info": "Barer"}})[0] == 200
    assert instance.ask(f"events/{named(800)}")[1]["Event"]["info"] == "Barer"
    assert [one["info"] for one in instance.ask("events")[1]] == ["Parcels in autumn", "Barer"]


def test_a_sighting_is_marked_as_what_was_seen(instance):
    """By its UUID or by value; when it says, but never later than now; and it comes back with its attribute."""
    ahead = int(instance.now.timestamp()) + 20 * 3600
    status, said = instance.ask(f"sightings/add/{named(1)}", {"timestamp": "1795900000"})
    assert (status, said["Sighting"]["attribute_uuid"], said["Sighting"]["date_sighting"]) == (
        200,
        named(1),
        "1795900000",
    )
    assert instance.ask("sightings/add", {"values": ["parcel.example"], "date_sighting": ahead})[0] == 200
    rows = instance.shelf.page(ONE, Filter(types=frozenset({"sighting"})), None, 9)
    bodies = [json.loads(row.raw) for row in rows]
    assert [one["sighting_of_ref"] for one in bodies] == [f"indicator--{named(1)}", f"indicator--{named(2)}"]
    assert all(one["object_marking_refs"] == [tlp.IDS[tlp.Level.GREEN]] for one in bodies)
    assert datetime.fromisoformat(bodies[1]["last_seen"]) <= instance.now
    attributes = instance.ask(f"events/view/{named(900)}")[1]["Event"]["Attribute"]
    assert [len(one.get("Sighting", [])) for one in attributes] == [1, 1, 0, 0]


@pytest.mark.parametrize("seen", ["-30000000000", -(10**11), 10**10, 253_370_764_800, 10**15])
def test_a_sighting_of_a_year_that_cannot_be_meant_is_refused(instance, seen):
    """Of the year 1019, of 9999, or in milliseconds: neither taken as it is nor as of now."""
    status, said = instance.ask(f"sightings/add/{named(1)}", {"timestamp": seen})
    assert (status, said["code"]) == (400, "misp.sighting")
    assert not instance.shelf.page(ONE, Filter(types=frozenset({"sighting"})), None, 9)


def test_a_flood_of_sightings_keeps_no_event_from_its_readers(instance, monkeypatch):
    """The first ones are shown, the others left out; they use up nothing of what an answer may look at."""
    monkeypatch.setattr(_misp_held, "_SIGHTINGS", 3)
    for _ in range(9):
        assert instance.ask(f"sightings/add/{named(1)}", {})[0] == 200
    monkeypatch.setattr(_misp_held, "_LOOKED_AT", 7)
    status, said = instance.ask(f"events/view/{named(900)}")
    assert status == 200
    assert [len(one.get("Sighting", [])) for one in said["Event"]["Attribute"]] == [3, 0, 0, 0]
    assert len(instance.search()) == 1


def test_one_budget_is_for_all_that_an_answer_looks_at(instance, monkeypatch):
    """What events refer to counts as the events do, in rows and in bytes."""
    for name, most in (("_LOOKED_AT", 3), ("_BYTES_LOOKED_AT", 1_000)):
        with monkeypatch.context() as less:
            less.setattr(_misp_held, name, most)
            for path, said in ((f"events/view/{named(900)}", None), ("events/restSearch", {"returnFormat": "json"})):
                status, found = instance.ask(path, said)
                assert (status, found["code"]) == (400, "misp.too-many")
    assert len(instance.search()) == 1


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_told_in_each_form(monkeypatch, error):
    """503 and when to come again, over TAXII and in MISP's form: no client takes it for an answer."""

    def away(*_):
        raise error("away")

    monkeypatch.setattr(access, "signed_in", away)
    for door_, said in ((taxii_door, {}), (misp_door, {"collection": ONE, "asked": "events/index"})):
        monkeypatch.setattr(door_, "current", lambda: None)
        answer = door_.answer(RequestFactory().get("/taxii2/"), **said)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert b"door.away" in answer.content


ODD = ["x", [], {"uuid": 7}, {"uuid": named(5), "timestamp": "x"}, {"uuid": named(5), "timestamp": "9" * 30},
       {"uuid": named(5), "Tag": "x"}, {"uuid": named(5), "Tag": ["x"]}, {"uuid": named(5), "Galaxy": [{"GalaxyCluster": 7}]},
       {"uuid": named(5), "Orgc": "x", "date": 7}, {"uuid": named(5), "Attribute": [7]}]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: json.dumps(odd)[:30])
def test_nobody_s_own_words_break_an_answer(instance, odd):
    """Who writes nonsense where MISP's words are kept spoils his own object at the most."""
    own = {"x_misp_event": odd, "x_misp_attribute": odd, "x_misp_object": odd, "x_misp_object_uuid": odd}
    base = json.loads(tool(9)) | own
    report = base | {
        "type": "report",
        "id": f"report--{named(600)}",
        "published": base["created"],
        "object_refs": [base["id"]],
    }
    found = [stix.read(json.dumps(one).encode()) for one in (base, report)]
    instance.shelf.add(ONE, found, by="x", at=AT)
    assert {one["Event"]["uuid"] for one in instance.search()} >= {named(900)}
    assert len(instance.search(controller="attributes")) == 4
    assert instance.ask(f"events/view/{named(600)}")[0] == 200


def test_a_name_that_is_no_text_is_refused(instance):
    """Half of a character in a body: an error in MISP's form, not one of this program."""
    status, said = instance.ask("events/add", b'{"\\ud800":1}')
    assert (status, said["code"]) == (400, "misp.event")
    for path in ("events/restSearch", "attributes/restSearch", "sightings/add"):
        status, said = instance.ask(path, b'{"\\ud800":1}')
        assert (status, said["saved"]) == (400, False)


NUMBERS = [0, 1, -1, 2**53 - 1, 1 - 2**53, 1e308, 5e-324, -62_135_596_801, 253_402_300_800]
TEXTS = ["", "x", "%", "!x", "999999d", "999999s", "-1", "nan", "inf", "-1e999", "9" * 400, "0001-01-01", "9999-12-31",
         "0000-00-00", "a\0b", "\ud800", "\u0663d", named(2), named(900)]  # fmt: skip
NAMES = ["value", "type", "category", "uuid", "eventid", "tags", "tag", "org", "eventinfo", "timestamp", "publish_timestamp",
         "last", "from", "datefrom", "to", "dateuntil", "to_ids", "published", "limit", "page", "metadata", "minimal",
         "returnFormat", "request", "Sighting", "values", "date_sighting", "testString"]  # fmt: skip
ASKED = ["events/restSearch", "attributes/restSearch", "sightings/restSearch/event", "events/index", "sightings/add",
         f"sightings/add/{named(2)}", "servers/postTest", f"events/edit/{named(900)}", "events/add"]  # fmt: skip
odd_values = st.recursive(
    st.none() | st.booleans() | st.sampled_from([*NUMBERS, *TEXTS]) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "OR", "\ud800"]), inner, max_size=3)
    ),
    max_leaves=6,
)


class Postgres(SqliteShelf):
    """A shelf that takes for texts what PostgreSQL does."""

    def page(self, collection, wanted, *args, **more):
        """Neither NUL nor half a character."""
        assert not re.search("[\0\ud800-\udfff]", "".join((*wanted.ids, *wanted.types, *wanted.versions)))
        return super().page(collection, wanted, *args, **more)


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(ASKED), said=st.dictionaries(st.sampled_from(NAMES), odd_values, max_size=4))
def test_any_body_has_an_answer(path, said):
    """Whatever stands where a number, a day or a name should: an answer of MISP, never a defect of this program."""
    instance = Instance()
    instance.shelf = Postgres(collections=COLLECTIONS)
    instance.shelf.add(ONE, _KEPT, by="x", at=AT)
    for body in (said, {"Sighting": said}):
        assert 200 <= instance.ask(path, body)[0] < 500


def test_an_observable_that_claims_to_be_an_attribute_breaks_nothing(instance):
    """It has no time at which it could have changed; the event that holds it, and every search, are answered."""
    address = {"type": "url", "spec_version": "2.1", "id": f"url--{named(7)}", "value": "https://a.example",
               "x_misp_attribute": {"uuid": "a", "Sighting": []}}  # fmt: skip
    report = json.loads(tool(9)) | {"type": "report", "id": f"report--{named(601)}", "object_refs": [address["id"]]}
    report |= {"published": report["created"]}
    instance.shelf.add(ONE, [stix.read(json.dumps(one).encode()) for one in (address, report)], by="x", at=AT)
    status, said = instance.ask(f"events/view/{named(601)}")
    assert (status, values(said["Event"]["Attribute"])) == (200, ["https://a.example"])
    assert len(instance.search()) == 2


# ------------------------------------------------------------------------------------------------------ a real node


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A running node with a collection, a client of Viet Nam that reads and adds, and one of the public that reads."""
    folder = tmp_path_factory.mktemp("misp")
    node = three_states()[0]
    nodes.make_all([node], folder)
    home = str(node.home)
    by = ["--by", next(person.username for person in node.people if "warn" in person.powers)]
    (folder / "rules.toml").write_text(RULES)
    said = ["--organisation", "CERT", "--purpose", "prevention", "--read", "misp", *by]
    files = {name: folder / f"{name}.secret" for name in ("vn", "anybody")}
    commands(
        ["collection", "add", home, "Events", "--alias", "misp", *by],
        ["collection", "rules", home, "misp", str(folder / "rules.toml"), *by],
        ["client", "add", home, "vn", "--state", "VN", "--secret", str(files["vn"]), "--write", "misp", *said],
        ["client", "add", home, "anybody", "--secret", str(files["anybody"]), *said],
    )
    secrets = {name: file.read_text().strip() for name, file in files.items()}
    trusted = node.home / "keys" / "tls.crt"
    node.start()
    try:
        with httpx2.Client(
            verify=ssl.create_default_context(cafile=trusted), base_url=node.peers, timeout=60, trust_env=False
        ) as line:
            wait(line)
            yield SimpleNamespace(node=node, secrets=secrets, line=line, trusted=str(trusted))
    finally:
        node.stop()


def client(door, who: str, monkeypatch, collection: str = "misp") -> pymisp.PyMISP:
    """PyMISP, as it comes."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests takes these before `ssl`
        monkeypatch.delenv(name, raising=False)
    return pymisp.PyMISP(f"{door.node.peers}/misp/{collection}/", door.secrets[who], ssl=door.trusted)


def test_pymisp_drives_a_node(door, monkeypatch):
    """An event is added, seen, searched, changed and sighted; the public sees of it what is marked TLP:CLEAR."""
    ours, others = client(door, "vn", monkeypatch), client(door, "anybody", monkeypatch)
    made = pymisp.MISPEvent()
    made.info = "Parcels in autumn"
    made.add_tag("tlp:clear")
    made.add_attribute("ip-dst", "198.51.100.7").add_tag("tlp:amber")
    made.add_attribute("domain", "parcel.example")
    held = made.add_object(pymisp.MISPObject("file"))
    held.add_attribute("sha256", value=SHA)
    added = ours.add_event(made, pythonify=True)
    assert isinstance(added, pymisp.MISPEvent)
    assert (added.uuid, added.Orgc.name) == (made.uuid, "CERT")
    assert ours.event_exists(made.uuid)
    assert not ours.event_exists(named(899))
    seen = ours.get_event(made.uuid, pythonify=True)
    assert [one.value for one in seen.attributes] == ["198.51.100.7", "parcel.example"]
    assert [one.value for one in seen.objects[0].attributes] == [SHA]
    assert [one.value for one in others.get_event(made.uuid, pythonify=True).attributes] == ["parcel.example"]
    assert [one.info for one in ours.events(pythonify=True)] == ["Parcels in autumn"]
    assert [one.uuid for one in ours.search(value="198.51.100.7", pythonify=True)] == [made.uuid]
    assert others.search(value="198.51.100.7", pythonify=True) == []
    found = ours.search(controller="attributes", type_attribute="domain", timestamp="1d", pythonify=True)
    assert [one.value for one in found] == ["parcel.example"]
    assert [one.info for one in ours.search_index(eventinfo="%autumn%", pythonify=True)] == ["Parcels in autumn"]
    sighting = ours.add_sighting({"source": "sensor"}, seen.attributes[1], pythonify=True)
    assert sighting.attribute_uuid == seen.attributes[1].uuid
    assert len(ours.get_event(made.uuid, pythonify=True).attributes[1].sightings) == 1
    time.sleep(1.1)  # MISP counts seconds
    seen.info = "Parcels in winter"
    assert ours.update_event(seen, pythonify=True).info == "Parcels in winter"
    assert ours.get_event(made.uuid)["Event"]["info"] == "Parcels in winter"


def test_another_misp_tests_its_connection_and_pulls(door, monkeypatch):
    """Over HTTPS with the headers that MISP sends, in its order; its key is of the form that its settings take."""
    assert re.fullmatch("[A-Za-z0-9]{40}", door.secrets["vn"])
    made = event_of("Pulled")
    made.add_tag("tlp:clear")
    assert "Event" in client(door, "vn", monkeypatch).add_event(made)
    headers = {"Authorization": door.secrets["vn"], "Accept": "application/json", "Content-Type": "application/json",
               "Accept-Encoding": "gzip, deflate", "MISP-version": "2.5.34", "User-Agent": "MISP 2.5.34 - #0"}  # fmt: skip

    def asked(method: str, path: str, said=None, **more):
        body = None if said is None else json.dumps(said).encode()
        found = door.line.request(method, f"/misp/misp{path}", headers=headers | more, content=body)
        assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
        return found.json()

    assert asked("GET", "/servers/getVersion")["perm_sync"] is False
    sent = "Nothing to see here? " * 200 + "ÄÖ نام"
    kind = "application/json"
    assert asked("POST", "/servers/postTest", {"testString": sent}) == {
        "body": {"testString": sent}, "headers": {"Accept": kind, "Content-type": kind}
    }  # fmt: skip
    assert asked("GET", "/users/view/me.json")["Role"]["perm_sync"] is False
    index = asked("POST", "/events/index", {"minimal": 1, "published": 1}, **{"If-None-Match": '""'})
    assert made.uuid in [one["uuid"] for one in index]
    left_out = "deleted[]:0/deleted[]:1/excludeGalaxy:1/includeEventCorrelations:0/includeFeedCorrelations:0"
    path = f"/events/view/{made.uuid}/{left_out}/includeWarninglistHits:0/excludeLocalTags:1"
    assert asked("GET", path)["Event"]["info"] == "Pulled"
    assert (
        asked("GET", "/shadow_attributes/index/all:1/timestamp:0/limit:1000/page:1/deleted[]:0/deleted[]:1.json") == []
    )
    wanted = {"returnFormat": "json", "last": 0, "includeUuid": True, "uuid": [made.uuid]}
    assert asked("POST", "/sightings/restSearch/event", wanted) == {"response": []}


def test_what_pymisp_may_not_is_told_in_its_words(door, monkeypatch):
    """Rights, what is not there, what is not answered, a secret that is none."""
    others = client(door, "anybody", monkeypatch)
    refused = others.add_event(event_of("x"))
    assert refused["errors"][0] == 403
    assert others.get_event(named(899))["errors"][0] == 404
    assert others.feeds()["errors"][0] == 404
    assert others.search(object_name="file")["errors"][0] == 400
    for collection, secret in (("misp", "x" * 43), ("other", door.secrets["vn"])):
        with pytest.raises(pymisp.PyMISPError):
            pymisp.PyMISP(f"{door.node.peers}/misp/{collection}/", secret, ssl=door.trusted)


def event_of(info: str) -> pymisp.MISPEvent:
    """An event of one attribute."""
    made = pymisp.MISPEvent()
    made.info = info
    made.add_attribute("domain", "parcel.example")
    return made


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "x" * 43}, {"Authorization": "Basic dm46eA=="}, {"Authorization": "A" * 4_000}]
)
def test_a_stranger_sees_nothing(door, headers):
    """One answer to all of them, whatever they ask for; a body without a stated length is not read."""
    for path in ("servers/getVersion", "events/index", "nothing"):
        said = door.line.get(f"/misp/misp/{path}", headers=headers)
        assert (said.status_code, said.json()["code"]) == (401, "client.sign-in")
    said = door.line.post("/misp/misp/events/add", headers={"Authorization": door.secrets["vn"]}, content=iter([b"{}"]))
    assert (said.status_code, said.json()["code"]) == (411, "door.length")
