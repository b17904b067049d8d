"""The life of a collection, as a client of TAXII sees it: what every shelf must pass."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from indicators import BUNDLE, BY_TYPE, changed, tool
from sqlite_shelf import SqliteShelf

from comity.sharing import release, stix, taxii, tlp
from comity.sharing.shelf import Collection, Reader

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
TYPE = taxii.MEDIA_TYPE
ONE, TWO, THREE = (f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "123")
COLLECTIONS = (
    Collection(id=ONE, title="Indicators", description="What to look for.", alias="indicators"),
    Collection(id=TWO, title="Letterbox"),
    Collection(id=THREE, title="Not for everybody"),
)
ROOTS = (taxii.Root(path="api", title="Exercise", description="Of the exercise.", max_content_length=200_000, page=50),
         taxii.Root(path="empty", title="Nothing yet"))  # fmt: skip
SITE = taxii.Site(title="Exercise", contact="desk@example.org", address="https://127.0.0.1:9442", roots=ROOTS)
OBJECTS = f"/api/collections/{ONE}/objects/"
TOOL = BY_TYPE["tool"]["id"]


def reader(name="VN", reads=(ONE,), writes=(ONE, TWO), visible=lambda _row: True) -> Reader:
    """Who asks."""
    return Reader(name=name, reads=frozenset(reads), writes=frozenset(writes), visible=visible)


class Client:
    """Ask a shelf without a network; time goes on by a second with each addition."""

    def __init__(self, shelf=None) -> None:
        self.shelf = shelf or SqliteShelf(collections=COLLECTIONS)
        self.now, self.who = AT, None

    def ask(self, method, path, query="", body=b"", who=None, **headers):
        """The answer; its body parsed."""
        given_headers = {"accept": TYPE, "content-type": TYPE} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        request = taxii.Request(method, path, query, {k: v for k, v in given_headers.items() if v is not None}, body)
        said = taxii.answer(request, self.shelf, who or reader(), self.now, site=SITE)
        self.headers = dict(said.headers)
        assert self.headers["Content-Type"] == TYPE
        return said.status, json.loads(said.body)

    def get(self, path=OBJECTS, query="", **more):
        """What a reader gets."""
        status, said = self.ask("GET", path, query, **more)
        assert status == 200, said
        return said

    def add(self, *raws, path=OBJECTS, **more):
        """The status of an addition."""
        self.now += timedelta(seconds=1)
        status, said = self.ask("POST", path, body=b'{"objects":[%s]}' % b",".join(raws), **more)
        assert status == 202, said
        return said


def walk(client, path=OBJECTS, query="limit=7", key="objects", **more) -> Iterator[list]:
    """Every page to the last."""
    cursor = ""
    while True:
        said = client.get(path, query + cursor, **more)
        yield said.get(key, [])
        if not said["more"]:
            assert "next" not in said
            return
        cursor = f"&next={said['next']}"


T1, T2, T3 = (f"tool--00000000-0000-4000-8000-{number:012}" for number in (1, 2, 3))
FILTERS = [
    ("the last of each", "", "2.20 1.30 3.05 ip"),
    ("all", "match[version]=all", "1.10 2.20 1.30 3.05 2.15 1.20 ip"),
    ("the first of each", "match[version]=first", "1.10 3.05 2.15 ip"),
    ("first and last", "match[version]=first,last", "1.10 2.20 1.30 3.05 2.15 ip"),
    ("one version", "match[version]=2026-11-12T18:20:00Z", "2.20 1.20"),
    ("one version and the first", "match[version]=2026-11-12T18:20:00.000Z,first", "1.10 2.20 3.05 2.15 1.20 ip"),
    ("by id", f"match[id]={T1},{T3}", "1.30 3.05"),
    ("by type", "match[type]=ipv4-addr", "ip"),
    ("by type and id", f"match[type]=ipv4-addr&match[id]={T1}", ""),
    ("by types", "match[type]=ipv4-addr,tool&match[version]=first", "1.10 3.05 2.15 ip"),
    ("of this version of STIX", "match[spec_version]=2.1", "2.20 1.30 3.05 ip"),
    ("of two", "match[spec_version]=2.0,2.1", "2.20 1.30 3.05 ip"),
    ("of another", "match[spec_version]=2.0", ""),
    ("added after", "added_after=2026-11-30T09:15:04Z&match[version]=all", "2.15 1.20 ip"),
    ("added after the last", "added_after=2026-11-30T09:15:07.000000Z", ""),
    ("percent-encoded", f"match%5Bid%5D={T2}", "2.20"),
    ("with something unknown", "other=1", "2.20 1.30 3.05 ip"),
]


def short(one: dict) -> str:
    """A tool by number and minute, or the address."""
    when = one.get("modified") or one.get("version", "")
    return f"{one['id'][-1]}.{when[14:16]}" if one["id"].startswith("tool") else "ip"


def rules_at_the_door(audience_state: str):
    """Visible is what TLP and the rules let go."""
    rules = release.Rules(states=frozenset({"VN"}), purposes=frozenset({"prevention"}), public=True, free_text=True)
    audience = release.Audience(state=audience_state, communities=frozenset(), purpose="prevention")
    return lambda row: release.allowed(stix.read(row.raw), audience, rules).verdict is release.Verdict.PASSED


class Life:
    """Tests of the shelf that the file's fixture `client` asks: a class of the file inherits them."""

    @pytest.fixture
    def stocked(self, client) -> Client:
        """Three tools in three, two and one version; an address; each version added on its own, in disorder."""
        for number, minute in ((1, 10), (2, 20), (1, 30), (3, 5), (2, 15), (1, 20)):
            client.add(tool(number, minute))
        client.add(changed("ipv4-addr"))
        return client

    def test_what_goes_in_comes_out_byte_for_byte(self, client):
        """One object of each type, in and out: the same bytes, in the same order."""
        raws = [one.raw for one in stix.objects(BUNDLE)]
        said = client.add(*raws)
        assert (said["status"], said["total_count"], said["success_count"], said["failure_count"], said["pending_count"]) == (
            "complete", len(raws), len(raws), 0, 0)  # fmt: skip
        assert "failures" not in said
        first, second = client.get(), None
        assert first["more"] is False
        request = taxii.Request("GET", OBJECTS, "", {"accept": TYPE})
        second = taxii.answer(request, client.shelf, reader(), AT, site=SITE).body
        assert second == b'{"more":false,"objects":[' + b",".join(raws) + b"]}"

    def test_the_status_is_kept_for_him_who_added(self, client):
        """A status can be read again by who added, and by nobody else."""
        said = client.add(tool(1))
        assert client.get(f"/api/status/{said['id']}/") == said
        assert client.ask("GET", f"/api/status/{said['id']}/", who=reader("QA"))[0] == 404

    def test_each_object_has_its_own_fate(self, client):
        """The good are taken, the bad named with their reason, duplicates are no failure, other content is."""
        client.add(tool(1))
        said = client.add(
            tool(1), tool(1, name="other"), tool(2), tool(2, name="other"), b'{"type":"x"}', tool(3, name=5)
        )
        assert [one["id"][-1] for one in said["successes"]] == ["1", "2"]
        assert said["successes"][0]["message"] == "held already"
        assert said["successes"][0]["version"] == "2026-11-12T18:00:00.000000Z"
        assert [one["message"].rpartition("(")[2] for one in said["failures"]] == [
            "stix.other-content)", "stix.other-content)", "stix.type)", "stix.value)"]  # fmt: skip
        assert said["failures"][2]["id"].startswith("unknown--")
        assert said["total_count"] == said["success_count"] + said["failure_count"] == 6
        assert len(client.get()["objects"]) == 2

    def test_a_letterbox_takes_and_does_not_show(self, client):
        """Who may only write adds, and reads nothing."""
        path = f"/api/collections/{TWO}/objects/"
        assert client.add(tool(1), path=path)["success_count"] == 1
        assert client.ask("GET", f"{path}{TOOL}/")[0] == 403
        assert client.ask("DELETE", f"{path}{TOOL}/")[0] == 403
        assert client.ask("POST", OBJECTS, body=b"{}", who=reader(writes=()))[0] == 403
        said = client.add(tool(1), path=path)
        assert all("message" not in one for one in said["successes"])  # held already, or not: he is not told

    def test_what_is_added_while_one_reads_is_not_missed(self, client):
        """New objects come behind the cursor; a reader who goes on sees each once."""
        client.add(*[tool(number) for number in range(5)])
        seen = []
        for number, page in enumerate(walk(client, query="limit=2")):
            seen += [one["id"][-2:] for one in page]
            if number < 3:
                client.add(tool(10 + number))
        assert seen == ["00", "01", "02", "03", "04", "10", "11", "12"]

    @pytest.mark.parametrize(("title", "query", "expected"), FILTERS, ids=[row[0] for row in FILTERS])
    def test_filters(self, stocked, title, query, expected):
        """Each filter alone and together; the manifest lists the same; in pages as at once."""
        assert " ".join(map(short, stocked.get(query=query).get("objects", []))) == expected
        manifest = stocked.get(f"/api/collections/{ONE}/manifest/", query).get("objects", [])
        assert " ".join(map(short, manifest)) == expected
        pages = walk(stocked, query=f"limit=2&{query}")
        assert " ".join(short(one) for page in pages for one in page) == expected

    def test_the_manifest_says_what_there_is(self, stocked):
        """Id, version, date added and media type; an observable's version is when it was added."""
        last = stocked.get(f"/api/collections/{ONE}/manifest/")["objects"]
        assert last[1] == {"id": T1, "date_added": "2026-11-30T09:15:03.000000Z", "version": "2026-11-12T18:30:00.000000Z",
                           "media_type": "application/stix+json;version=2.1"}  # fmt: skip
        assert last[-1]["version"] == last[-1]["date_added"] == "2026-11-30T09:15:07.000000Z"

    def test_one_object_and_its_versions(self, stocked):
        """By id: the last version, or those asked for; the versions in the order of their addition."""
        assert [short(one) for one in stocked.get(f"{OBJECTS}{T1}/")["objects"]] == ["1.30"]
        assert [short(one) for one in stocked.get(f"{OBJECTS}{T1}/", "match[version]=all")["objects"]] == [
            "1.10",
            "1.30",
            "1.20",
        ]
        assert stocked.get(f"{OBJECTS}{T1}/", "match[version]=2020-01-01T00:00:00Z") == {"more": False}
        versions = stocked.get(f"{OBJECTS}{T1}/versions/")["versions"]
        assert [when[14:16] for when in versions] == ["10", "30", "20"]
        pages = list(walk(stocked, f"{OBJECTS}{T1}/versions/", "limit=1", "versions"))
        assert [page for page in pages if page] == [[when] for when in versions]

    def test_deletion(self, client):
        """A version, or all of them; only what one added; and what is gone is gone."""
        for minute in (1, 2, 3):
            client.add(tool(1, minute))
        path = f"{OBJECTS}{T1}/"
        assert client.ask("DELETE", path, who=reader("QA"))[0] == 403
        assert client.ask("DELETE", path, "match[version]=last") == (200, {})
        assert [short(one) for one in client.get(path)["objects"]] == ["1.02"]
        assert client.ask("DELETE", path, "match[version]=2026-11-12T18:01:00Z")[0] == 200
        client.add(tool(1, 4))
        assert client.ask("DELETE", path)[0] == 200
        assert client.ask("GET", path, "match[version]=all")[0] == 404
        assert client.ask("DELETE", path)[0] == 404
        assert client.ask("DELETE", f"{OBJECTS}{T2}/", who=reader(reads=()))[0] == 403

    @pytest.mark.parametrize("who", ["VN", "QA"])
    def test_no_way_out_shows_what_may_not_go(self, client, who):
        """Objects, object, manifest, versions, deletion, pages: for every reader exactly what the rules let go to him."""
        levels = [tlp.Level.CLEAR, tlp.Level.RED, tlp.Level.AMBER, None, tlp.Level.GREEN]
        for number in range(40):
            level = levels[number % 5]
            client.add(tool(number, object_marking_refs=[tlp.IDS[level]] if level is not None else None))
        may = {number for number in range(40) if number % 5 != 3 and (who == "VN" or number % 5 == 0)}
        asker = reader(who, visible=rules_at_the_door(who))
        for limit in (1, 3, 50):
            query = f"limit={limit}&match[version]=all"
            for path in (OBJECTS, f"/api/collections/{ONE}/manifest/"):
                seen = [int(one["id"][-4:]) for page in walk(client, path, query, who=asker) for one in page]
                assert seen == sorted(may), (path, limit)
        for number in range(40):
            path = f"{OBJECTS}tool--00000000-0000-4000-8000-{number:012}/"
            expected = 200 if number in may else 404
            assert client.ask("GET", path, who=asker)[0] == expected
            assert client.ask("GET", f"{path}versions/", who=asker)[0] == expected
            if number not in may:
                assert client.ask("DELETE", path, who=asker)[0] == 404
