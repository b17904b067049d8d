"""TAXII 2.1: every endpoint, filter and fault as request and answer; the same through HTTP with an unmodified client."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import taxii2client.v21
from collecting import AT, OBJECTS, ONE, ROOTS, SITE, T1, T2, THREE, TOOL, TWO, TYPE, Client, Life, reader, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from indicators import BUNDLE, BY_TYPE, tool

from comity.sharing import shelf, taxii


@pytest.fixture
def client() -> Client:
    """An empty shelf."""
    return Client()


class TestLife(Life):
    """Of the smallest shelf."""


# -------------------------------------------------------------------------------------------------------- what there is


def test_discovery_roots_and_collections(client):
    """The server, its roots, and the collections that the reader may use."""
    assert client.get("/taxii2/") == {
        "title": "Exercise", "contact": "desk@example.org", "default": "https://127.0.0.1:9442/api/",
        "api_roots": ["https://127.0.0.1:9442/api/", "https://127.0.0.1:9442/empty/"],
    }  # fmt: skip
    assert client.get("/api/") == {"title": "Exercise", "description": "Of the exercise.", "versions": [TYPE],
                                   "max_content_length": 200_000}  # fmt: skip
    first, second = client.get("/api/collections/")["collections"]
    assert first == {
        "id": ONE, "title": "Indicators", "description": "What to look for.", "alias": "indicators", "can_read": True,
        "can_write": True, "media_types": ["application/stix+json;version=2.1"],
    }  # fmt: skip
    assert (second["id"], second["can_read"], second["can_write"]) == (TWO, False, True)
    assert client.get(f"/api/collections/{ONE}/") == client.get("/api/collections/indicators/") == first
    assert client.get("/empty/collections/") == {}


REFUSED = [
    ("no such root", "GET", "/other/", 404),
    ("a collection without a name", "GET", "/api/collections//objects/", 404),
    ("no such collection", "GET", "/api/collections/x/", 404),
    ("a collection that is not for him", "GET", f"/api/collections/{THREE}/", 404),
    ("its objects", "GET", f"/api/collections/{THREE}/objects/", 404),
    ("an addition to it", "POST", f"/api/collections/{THREE}/objects/", 404),
    ("the other root", "GET", f"/empty/collections/{ONE}/objects/", 404),
    ("a letterbox read", "GET", f"/api/collections/{TWO}/objects/", 403),
    ("its manifest", "GET", f"/api/collections/{TWO}/manifest/", 403),
    ("no such object", "GET", f"{OBJECTS}{TOOL}/", 404),
    ("its versions", "GET", f"{OBJECTS}{TOOL}/versions/", 404),
    ("no id", "GET", f"{OBJECTS}x/", 404),
    ("no such status", "GET", f"/api/status/{ONE}/", 404),
    ("no status at all", "GET", "/api/status/x/", 404),
    ("a path too far", "GET", f"{OBJECTS}{TOOL}/versions/x/", 404),
    ("nothing", "GET", "/", 404),
    ("the wrong method", "PUT", OBJECTS, 405),
    ("a deletion of all", "DELETE", OBJECTS, 405),
]


@pytest.mark.parametrize(("title", "method", "path", "status"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_there_or_not_his(client, title, method, path, status):
    """Every refusal is an error object of TAXII; what is not his does not exist."""
    found, said = client.ask(method, path)
    assert found == status
    assert said["http_status"] == str(status)
    assert said["error_code"].startswith("taxii.")
    assert ("Allow" in client.headers) == (status == 405)


ACCEPTED = [
    (TYPE, 200), ("application/taxii+json", 200), ("application/taxii+json; version=2.1", 200), ("*/*", 200),
    ('text/html, application/taxii+json;version="2.1";q=0.5', 200), ("application/*;q=0.1", 200), (None, 200),
    ("application/taxii+json;version=2.0", 406), ("application/vnd.oasis.taxii+json", 406), ("text/html", 406),
    ("application/taxii+json;version=2.1;q=0", 406), ("*/*;q=0.0", 406), ("", 406),
]  # fmt: skip


@pytest.mark.parametrize(("accept", "status"), ACCEPTED)
def test_what_is_accepted(client, accept, status):
    """The media type is negotiated by RFC 9110, its version by TAXII."""
    assert client.ask("GET", "/taxii2/", accept=accept)[0] == status


# -------------------------------------------------------------------------------------------------------------- additions


WHOLE = [
    ("no JSON", b"{", {}, 400),
    ("no envelope", b"[]", {}, 400),
    ("half of it is wrong", b'{"objects":[%s,1]}' % tool(1), {}, 400),
    ("too many bytes", b" " * 200_001, {}, 413),
    ("too many objects", b'{"objects":[' + b",".join([b"{}"] * 10_001) + b"]}", {}, 413),
    ("another content type", b"{}", {"content_type": "application/json"}, 415),
    ("another version", b"{}", {"content_type": "application/taxii+json;version=2.0"}, 415),
    ("no content type", b"{}", {"content_type": None}, 415),
]


@pytest.mark.parametrize(("title", "body", "headers", "status"), WHOLE, ids=[row[0] for row in WHOLE])
def test_what_cannot_be_read_is_refused_whole(client, title, body, headers, status):
    """And nothing of it is kept."""
    assert client.ask("POST", OBJECTS, body=body, **headers)[0] == status
    assert client.get() == {"more": False}


# ---------------------------------------------------------------------------------------------------- pages and filters


def test_pages_meet_without_gap_or_overlap(client):
    """All of 60 objects in pages of seven, in the order of their addition, and the dates of first and last beside."""
    for start in range(0, 60, 20):
        client.add(*[tool(number) for number in range(start, start + 20)])
    pages = list(walk(client))
    assert [len(page) for page in pages] == [7] * 8 + [4]
    assert [int(one["id"][-4:]) for page in pages for one in page] == list(range(60))
    client.get(query="limit=25")
    assert client.headers["X-TAXII-Date-Added-First"] == "2026-11-30T09:15:01.000000Z"
    assert client.headers["X-TAXII-Date-Added-Last"] == "2026-11-30T09:15:02.000000Z"
    assert len(client.get()["objects"]) == 50
    assert len(client.get(query="limit=1000")["objects"]) == 50
    assert list(walk(client, query="limit=60"))[1][0]["id"][-2:] == "50"


def test_a_page_costs_a_page(client):
    """Far into the shelf a page looks up as many rows as at its beginning."""
    client.add(*[tool(number) for number in range(300)])
    list(walk(client, query="limit=30"))
    assert client.shelf.asked == [31] * 9 + [30]


IPV4 = BY_TYPE["ipv4-addr"]["id"]


BAD = [
    "match[type]=" + ",".join(f"x-{number}" for number in range(51)),
    "limit=0", "limit=-1", "limit=x", "limit=1&limit=2", "next=x", "next=999999999999999999-1-0a0a0a0a", "next=1-1",
    "next=1-1-0a0a0a0a&next=1-1-0a0a0a0a",
    "added_after=yesterday", "added_after=2026-11-30", "added_after=2026-11-30T09:15:04Z&added_after=2026-11-30T09:15:04Z",
    "match[version]=newest", "match[version]=", "match[colour]=red", "match[id]=a&match[id]=b", "%ff=1",
    "match[id]=a%00b", "match[type]=%00", "next=%00", "added_after=9999999-11-30T09:15:04Z",
    "match[id]=" + ",".join(map(str, range(1_001))), "&".join(f"a{n}=1" for n in range(30)),
]  # fmt: skip


@pytest.mark.parametrize("query", BAD)
def test_a_filter_that_is_not_understood_is_refused(client, query):
    """It is never passed over: who filters relies on it."""
    for path in (OBJECTS, f"/api/collections/{ONE}/manifest/"):
        status, said = client.ask("GET", path, query)
        assert (status, said["error_code"]) == (400, "taxii.query")


def test_filters_belong_to_their_endpoints(client):
    """By id no other id is matched; among versions no version."""
    assert client.ask("GET", f"{OBJECTS}{T1}/", f"match[id]={T2}")[0] == 400
    assert client.ask("GET", f"{OBJECTS}{T1}/versions/", "match[version]=all")[0] == 400


# ----------------------------------------------------------------------------------------------------- every way out


def test_a_page_without_anything_visible_is_bounded(monkeypatch, client):
    """Who may see nothing makes the server look at so many rows and no more, and still comes to the end."""
    monkeypatch.setattr(shelf, "_LOOKED_AT", 20)
    client.add(*[tool(number) for number in range(100)])
    client.shelf.asked.clear()
    blind = reader(visible=lambda _row: False)
    said = client.get(query="limit=5", who=blind)
    assert said["more"] is True
    assert "objects" not in said
    assert client.shelf.asked == [6, 51]
    assert [one for page in walk(client, query="limit=5", who=blind) for one in page] == []
    client.shelf.asked.clear()
    assert client.ask("GET", f"{OBJECTS}{T1}/", who=blind)[0] == 404
    assert client.get(query="limit=1", who=blind)["more"] is True
    assert len(client.shelf.asked) <= 4  # whole pages, however few are asked for


def test_a_page_has_so_many_bytes(monkeypatch, client):
    """Large objects come in smaller pages, visible or not, and none is missed."""
    client.add(*[tool(number, description="x" * 1_000) for number in range(20)])
    monkeypatch.setattr(shelf, "_BYTES", 5_000)
    pages = list(walk(client, query="limit=50"))
    assert [int(one["id"][-4:]) for page in pages for one in page] == list(range(20))
    assert [len(page) for page in pages] == [4, 4, 4, 4, 4, 0]
    some = reader(visible=lambda row: row.id.endswith("19"))
    assert [len(page) for page in walk(client, query="limit=50", who=some)] == [0, 0, 0, 0, 1, 0]
    alone = client.get(f"{OBJECTS}tool--00000000-0000-4000-8000-000000000019/", who=some)
    assert len(alone["objects"]) == 1


def test_a_status_names_the_first_and_counts_the_rest(client):
    """Nonsense that costs its sender two bytes each does not fill the disk."""
    said = client.add(*[b"{}"] * 10_000)
    assert (said["failure_count"], len(said["failures"])) == (10_000, 100)
    assert len(client.shelf.status("VN", said["id"])) < 32_000


@settings(max_examples=200)
@given(st.sampled_from(["GET", "POST", "DELETE", "HEAD"]), st.text(max_size=40), st.text(max_size=40), st.text(max_size=20),
       st.binary(max_size=40))  # fmt: skip
def test_any_request_has_an_answer(method, path, query, accept, body):
    """No request makes anything but an answer."""
    client = Client()
    for way in (path, f"/api/{path}", f"{OBJECTS}{path}", f"/api/collections/{path}"):
        request = taxii.Request(method, way, query, {"accept": accept, "content-type": TYPE}, body)
        said = taxii.answer(request, client.shelf, reader(), AT, site=SITE)
        assert 200 <= said.status < 500
        json.loads(said.body)


DIGITS = st.integers(0, 10**20).map(str) | st.sampled_from(["0001", "9999", "0", "1e9", "\u0661", ""])
MOMENTS = st.builds("{}-{}-{}T{}:00:00{}".format, DIGITS, DIGITS, DIGITS, DIGITS,
                    st.sampled_from(["Z", ".0Z", ".999999999999Z", "+14:00", ""]))  # fmt: skip
FILTERS = ["limit", "next", "added_after", "match[version]", "match[id]", "match[type]"]
VALUES = (
    MOMENTS | DIGITS | st.builds("{}-{}-0a0a0a0a".format, DIGITS, DIGITS) | st.sampled_from(["%00", "%ff", ",", "all"])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FILTERS), VALUES), max_size=3))
def test_any_filter_has_an_answer(pairs):
    """Numbers and moments of any size."""
    client, query = Client(), "&".join(f"{name}={value}" for name, value in pairs)
    for path in (OBJECTS, f"/api/collections/{ONE}/manifest/", f"{OBJECTS}{T1}/"):
        assert 200 <= client.ask("GET", path, query)[0] < 500


# ------------------------------------------------------------------------------------------------- an unmodified client


class Silent(WSGIRequestHandler):
    """Say nothing on standard error."""

    def log_message(self, *_args) -> None:
        """Nothing."""


@pytest.fixture
def served(client) -> Iterator[str]:
    """The functions behind a plain HTTP server on this machine."""

    def application(environ, start):
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {"accept": environ.get("HTTP_ACCEPT", "*/*"), "content-type": environ.get("CONTENT_TYPE", "")}
        request = taxii.Request(environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], headers, body)
        client.now += timedelta(seconds=1)
        said = taxii.answer(request, client.shelf, client.who or reader(), client.now, site=site)
        start(f"{said.status} x", [*said.headers, ("Content-Length", str(len(said.body)))])
        return [said.body]

    with make_server("127.0.0.1", 0, application, handler_class=Silent) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        site = taxii.Site(title="Exercise", address=address, roots=ROOTS)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield address
        server.shutdown()
        thread.join()


def test_taxii2_client_drives_it(served):
    """Discovery to deletion with the OASIS client, as it comes."""
    with taxii2client.v21.Server(f"{served}/taxii2/") as server:
        root = server.default
        assert (root.title, root.max_content_length) == ("Exercise", 200_000)
        collection = root.collections[0]
        assert (collection.title, collection.can_read, collection.can_write) == ("Indicators", True, True)
        status = collection.add_objects(BUNDLE)
        assert (status.status, status.success_count, status.failure_count) == ("complete", 42, 0)
        assert root.get_status(status.id).total_count == 42
        pages = list(taxii2client.v21.as_pages(collection.get_objects, per_request=10))
        assert [one for page in pages for one in page["objects"]] == json.loads(BUNDLE)["objects"]
        assert len(pages) == 5
        assert len(collection.get_manifest(type=["tool", "url"])["objects"]) == 2
        assert collection.get_object(TOOL)["objects"] == [BY_TYPE["tool"]]
        assert collection.object_versions(TOOL)["versions"] == ["2026-11-12T18:45:10.250000Z"]
        later = datetime(2026, 12, 1, tzinfo=UTC)
        assert collection.get_objects(added_after=later) == {"more": False}
        collection.delete_object(TOOL)
        assert len(collection.get_objects()["objects"]) == 41
        for each in (collection, root):
            each.close()


def test_what_opencti_s_connector_asks(client, served):
    """One set of parameters for every collection and every run: what it was told elsewhere hides nothing and repeats nothing.

    Its calls in their order: a date without a zone, a limit, then `next` until there is no more, which stays for what follows.
    An observable that does not say its version, first on a page, must not look like TAXII 2.0.
    """
    client.who, letterbox = reader(reads=(ONE, TWO)), f"/api/collections/{TWO}/objects/"
    domain = {"type": "domain-name", "id": "domain-name--00000000-0000-4000-8000-000000000001", "value": "x.example"}
    client.add(json.dumps(domain).encode(), *(tool(number) for number in range(4)), path=letterbox)
    client.add(*(tool(number) for number in range(10, 15)))
    kept = {"limit": 2, "added_after": AT.replace(tzinfo=None) - timedelta(hours=1)}
    with taxii2client.v21.Server(f"{served}/taxii2/") as server:
        root = next(each for each in server.api_roots if each.url.split("/")[-2] == "api")
        collections = root.collections

        def run() -> list[str]:
            found = []
            for collection in collections:
                answer = collection.get_objects(**kept)
                assert "2.1" in (answer.get("spec_version"), answer["objects"][0].get("spec_version"))
                found += answer["objects"]
                while answer["more"]:
                    kept.pop("added_after", None)
                    kept["next"] = answer["next"]
                    answer = collection.get_objects(**kept)
                    found += answer["objects"]
            return [one["id"][-2:] for one in found]

        assert run() == ["10", "11", "12", "13", "14", "01", "00", "01", "02", "03"]
        kept["added_after"] = client.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        client.now += timedelta(seconds=1)
        client.add(tool(20))
        client.add(tool(21), path=letterbox)
        assert run() == ["20", "21"]
        for each in (*collections, *server.api_roots):
            each.close()


def test_what_misp_s_taxii_asks(client, served):
    """It pushes by addresses without a slash at the end, waits for nothing, and looks by fifty with an empty `next`."""
    with taxii2client.ApiRoot(f"{served}/api") as root:
        assert root.max_content_length == 200_000
    with taxii2client.Collection(f"{served}/api/collections/{ONE}") as collection:
        raws = [tool(number) for number in range(60)]
        status = collection.add_objects(b'{"objects":[%s]}' % b",".join(raws), wait_for_completion=False)
        assert (status.status, status.failure_count) == ("complete", 0)
    assert client.get("/api/collections/")["collections"][0]["id"] == ONE
    first = client.get(query="limit=50&next=")
    second = client.get(query=f"limit=50&next={first['next']}")
    assert [json.dumps(one) for one in first["objects"] + second["objects"]] == [
        json.dumps(json.loads(raw)) for raw in raws
    ]
    assert client.get(f"{OBJECTS}{first['objects'][0]['id']}/")["objects"] == first["objects"][:1]
