"""A node serves TAXII over HTTPS: an unmodified client drives it from discovery to deletion, and nobody else gets in."""

import base64
import json
import socket
import sqlite3
import ssl
import tomllib
from contextlib import closing
from types import SimpleNamespace

import httpx2
import pytest
import requests
import taxii2client.v21
from clients import basic, commands, wait
from indicators import BUNDLE, tool

from comity.demo import nodes
from comity.demo.cast import three_states
from comity.sharing import release, stix, taxii, tlp

TYPE = taxii.MEDIA_TYPE
RULES = 'states = ["VN"]\npurposes = ["prevention"]\nunmarked = "TLP:GREEN"\npublic = true\nfree_text = true\n'
RULES += 'basis = "Exercise Act, section 1"\n'


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A running node with a collection of rules, one without, and two clients: Viet Nam's and the public's."""
    folder = tmp_path_factory.mktemp("sharing")
    node = three_states()[0]
    nodes.make_all([node], folder)
    home = str(node.home)
    by = ["--by", next(person.username for person in node.people if "warn" in person.powers)]
    (folder / "rules.toml").write_text(RULES)
    ids = commands(
        ["collection", "add", home, "Indicators", "--alias", "indicators", *by],
        ["collection", "add", home, "Without rules", *by],
        ["collection", "rules", home, "indicators", str(folder / "rules.toml"), *by],
    ).split()
    files = {name: folder / f"{name}.secret" for name in ("vn", "anybody")}
    said = ["--organisation", "CERT", "--purpose", "prevention", *by]
    reads = [part for one in ids for part in ("--read", one)]
    writes = [part for one in ids for part in ("--write", one)]
    commands(
        ["client", "add", home, "vn", "--state", "VN", "--secret", str(files["vn"]), *said, *reads, *writes],
        ["client", "add", home, "anybody", "--secret", str(files["anybody"]), *said, *reads],
    )
    secrets = {name: file.read_text().strip() for name, file in files.items()}
    context = ssl.create_default_context(cafile=node.home / "keys" / "tls.crt")
    node.start()
    try:
        with httpx2.Client(verify=context, base_url=node.peers, timeout=60, trust_env=False) as line:
            wait(line)
            yield SimpleNamespace(
                node=node,
                home=home,
                by=by,
                ids=ids,
                secrets=secrets,
                files=files,
                line=line,
                context=context,
                folder=folder,
            )
    finally:
        node.stop()


def ask(door, method="GET", path="/taxii2/", who="vn", **more):
    """One request of a client."""
    headers = basic(who, door.secrets[who]) | {"Content-Type": TYPE} | more.pop("headers", {})
    return door.line.request(method, path, headers=headers, **more)


def server(door, who: str) -> taxii2client.v21.Server:
    """The OASIS client, as it comes."""
    return taxii2client.v21.Server(
        f"{door.node.peers}/taxii2/",
        user=who,
        password=door.secrets[who],
        verify=str(door.node.home / "keys" / "tls.crt"),
    )


def passed() -> list[dict]:
    """What of the bundle may go to Viet Nam under the rules of the collection."""
    rules = release.read_rules(tomllib.loads(RULES))
    to = release.Audience(state="VN", communities=frozenset(), purpose="prevention")
    found = [one for one in stix.objects(BUNDLE) if isinstance(one, stix.Object)]
    return [json.loads(one.raw) for one in found if release.allowed(one, to, rules).verdict is release.Verdict.PASSED]


def test_taxii2_client_drives_a_node(door, monkeypatch):
    """Discovery, collections, additions, status, pages, manifest, versions, deletion: byte for byte what was added."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests takes these before `verify`
        monkeypatch.delenv(name, raising=False)
    with server(door, "vn") as client:
        root = client.default
        assert (client.title, root.title) == ("Comity IR (exercise)", "Warnings")
        collection, other = root.collections
        assert (collection.title, collection.can_read, collection.can_write) == ("Indicators", True, True)
        status = collection.add_objects(BUNDLE)
        assert (status.status, status.success_count, status.failure_count) == ("complete", 42, 0)
        assert root.get_status(status.id).success_count == 42
        pages = list(taxii2client.v21.as_pages(collection.get_objects, per_request=10))
        assert [one for page in pages for one in page["objects"]] == passed()
        assert len(pages) >= 3
        named = json.loads(tool(1))["id"]
        collection.add_objects(b'{"objects":[%s,%s]}' % (tool(1), tool(1, 5)))
        assert len(collection.object_versions(named)["versions"]) == 2
        assert collection.get_object(named)["objects"] == [json.loads(tool(1, 5))]
        assert len(collection.get_manifest(id=[named], version=["all"])["objects"]) == 2
        collection.delete_object(named)
        with pytest.raises(requests.HTTPError):
            collection.get_object(named)
        other.add_objects(b'{"objects":[%s]}' % tool(2))
        assert other.get_objects() == {"more": False}  # it has no rules
        for each in (collection, other, root):
            each.close()


def test_what_may_not_go_goes_to_nobody(door):
    """Every address that gives objects, for each client: the public sees TLP:CLEAR only; what is marked red, one State."""
    path = f"/shared/collections/{door.ids[0]}/"
    raws = {level: tool(100 + level, object_marking_refs=[tlp.IDS[level]]) for level in tlp.Level}
    assert (
        ask(door, "POST", path + "objects/", content=b'{"objects":[%s]}' % b",".join(raws.values())).status_code == 202
    )
    for who, may in (("vn", set(tlp.Level)), ("anybody", {tlp.Level.CLEAR})):
        for listing in ("objects/", "manifest/", "objects/?match[version]=all&limit=2"):
            assert levels_seen(door, path + listing, who) == may, (who, listing)
        for level, raw in raws.items():
            one = f"{path}objects/{json.loads(raw)['id']}/"
            assert ask(door, path=one, who=who).status_code == (200 if level in may else 404)
            assert ask(door, path=one + "versions/", who=who).status_code == (200 if level in may else 404)
    with closing(sqlite3.connect(f"file:{door.home}/db.sqlite3?mode=ro", uri=True)) as base:
        assert base.execute("SELECT DISTINCT source FROM node_stixobject").fetchall() == [("VN",)]
    assert ask(door, "POST", path + "objects/", who="anybody", content=b'{"objects":[]}').status_code == 403
    assert ask(door, "DELETE", f"{path}objects/{json.loads(raws[0])['id']}/", who="anybody").status_code == 403


def levels_seen(door, path: str, who: str) -> set[tlp.Level]:
    """Which of the tools that are named after their level a client sees on all pages."""
    found, more = set(), ""
    while True:
        said = ask(door, path=path + more, who=who).json()
        numbers = (int(one["id"][-3:]) for one in said.get("objects", []) if one["id"].startswith("tool--0000"))
        found |= {tlp.Level(number - 100) for number in numbers if number >= 100}
        if not said["more"]:
            return found
        more = ("&" if "?" in path else "?") + f"next={said['next']}"


STRANGERS = [
    ("nothing", {}),
    ("no name", {"Authorization": "Basic"}),
    ("no base64", {"Authorization": "Basic §§§".encode()}),
    ("no text", {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()}),
    ("no secret", {"Authorization": "Basic " + base64.b64encode(b"vn").decode()}),
    ("a wrong secret", basic("vn", "x" * 43)),
    ("an unknown name", basic("nobody", "x" * 43)),
    ("another scheme", {"Authorization": "Bearer x"}),
    ("too long", {"Authorization": "Basic " + "A" * 4_000}),
]


@pytest.mark.parametrize(("title", "headers"), STRANGERS, ids=[row[0] for row in STRANGERS])
def test_a_stranger_is_asked_who_he_is(door, title, headers):
    """The same answer to all, whether the name exists or not; nothing of a body is read, nothing is kept."""
    for path in ("/taxii2/", "/shared/", f"/shared/collections/{door.ids[0]}/objects/"):
        said = door.line.post(path, headers=headers, content=b"{}")
        assert (said.status_code, said.json()["error_code"]) == (401, "client.sign-in")
        assert said.headers["www-authenticate"].startswith("Basic ")
        assert said.headers["content-type"] == TYPE
        assert said.json()["description"] == "Name and secret are needed, of a client that is known here."


def test_a_secret_opens_under_its_own_name_only(door):
    """Another client's name with one's own secret is nobody."""
    assert door.line.get("/taxii2/", headers=basic("anybody", door.secrets["vn"])).status_code == 401
    assert door.line.get("/taxii2/", headers=basic("vn", door.secrets["vn"])).status_code == 200
    given = basic("vn", door.secrets["vn"])["Authorization"].replace("Basic", "basic")  # as MISP writes it
    assert door.line.get("/taxii2/", headers={"Authorization": given}).status_code == 200


def test_lengths_are_looked_at_before_anything_is_read(door):
    """Too long, or of no stated length: refused in TAXII's form."""
    path = f"/shared/collections/{door.ids[0]}/objects/"
    stated = str(taxii.Root(path="x", title="x").max_content_length + 1)
    host, port = door.node.peers.removeprefix("https://").split(":")
    head = [f"POST {path} HTTP/1.1", f"Host: {host}:{port}", f"Content-Length: {stated}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in basic("vn", door.secrets["vn"]).items()]
    with door.context.wrap_socket(
        socket.create_connection((host, int(port)), timeout=60), server_hostname=host
    ) as line:
        line.sendall("\r\n".join([*head, "", ""]).encode())
        answer = b"".join(iter(lambda: line.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"door.too-long"' in answer
    said = ask(door, "POST", path, content=iter([b"{}"]))
    assert (said.status_code, said.json()["error_code"]) == (411, "door.length")


def test_a_client_that_is_ended_or_renewed_comes_no_more_with_the_old_secret(door):
    """The running node hears of it at once."""
    file, other = door.folder / "x.secret", door.folder / "y.secret"
    said = ["--organisation", "x", "--purpose", "x", *door.by]
    commands(["client", "add", door.home, "short", "--secret", str(file), *said])
    assert door.line.get("/taxii2/", headers=basic("short", file.read_text().strip())).status_code == 200
    commands(["client", "renew", door.home, "short", "--secret", str(other), *door.by])
    assert door.line.get("/taxii2/", headers=basic("short", file.read_text().strip())).status_code == 401
    assert door.line.get("/taxii2/", headers=basic("short", other.read_text().strip())).json()["title"]
    commands(["client", "end", door.home, "short", *door.by])
    assert door.line.get("/taxii2/", headers=basic("short", other.read_text().strip())).status_code == 401


def test_a_letterbox_that_is_full_is_told_so_until_its_access_is_set_anew(door):
    """Over TAXII and as a client of MISP: 507, whatever the body is; the operator sees how much was sent."""
    file, one = door.folder / "letters.secret", door.ids[0]
    give = ["client", "give", door.home, "letters", "--write", one, *door.by]
    add = ["client", "add", door.home, "letters", "--secret", str(file), "--organisation", "Bank", "--purpose", "x"]
    commands([*add, "--write", one, *door.by])
    door.secrets["letters"] = file.read_text().strip()
    path, body = f"/shared/collections/{one}/objects/", b'{"objects":[%s]}' % tool(7_001)
    assert ask(door, "POST", path, "letters", content=body).status_code == 202
    with closing(sqlite3.connect(f"{door.home}/db.sqlite3", timeout=60)) as base, base:
        base.execute("UPDATE node_client SET blind_objects = 250000 WHERE name = 'letters'")
    for said in (
        ask(door, "POST", path, "letters", content=body), ask(door, "POST", path, "letters", content=b"{"),
        door.line.post(f"/misp/{one}/events/add", content=b"{", headers={"Authorization": door.secrets["letters"]}),
    ):  # fmt: skip
        assert (said.status_code, "call them" in said.text) == (507, True)
    assert f"sent where it may not read: 250000 objects, {len(tool(7_001))} bytes" in commands(
        ["client", "list", door.home]
    )
    commands(give)
    assert ask(door, "POST", path, "letters", content=body).status_code == 202
    commands(["client", "end", door.home, "letters", *door.by])


def test_the_commands_say_what_there_is_and_what_is_wrong(door):
    """Lists in words; who may not, does not; a secret's file is never written over."""
    powerless = next(person.username for person in door.node.people if "warn" not in person.powers)
    (door.folder / "wrong.toml").write_text('states = "VN"')
    said = commands(
        ["collection", "list", door.home],
        ["client", "list", door.home],
        ["client", "give", door.home, "anybody", *door.by, *[part for one in door.ids for part in ("--read", one)]],
        ["collection", "add", door.home, "x", "--by", powerless],
        ["collection", "add", door.home, "x", "--by", "nobody"],
        ["collection", "rules", door.home, "indicators", str(door.folder / "wrong.toml"), *door.by],
        ["client", "renew", door.home, "vn", "--secret", str(door.files["vn"]), *door.by],
    )
    for words in ("never set: nothing goes out", "public  CERT  for prevention", '"purposes": ["prevention"]'):
        assert words in said
    assert [line.rpartition("(")[2] for line in said.splitlines()[-4:]] == [
        "case.power)", "officer.unknown)", "release.rules)", "client.file)"]  # fmt: skip
    for name, file in door.files.items():
        assert file.read_text().strip() == door.secrets[name]
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_flood_of_one_client_is_told_to_wait(door):
    """More than its quota is answered by 429 and when to try again, in TAXII's form; the other client is served."""
    said = []
    for _ in range(3_000):
        said.append(ask(door))
        if said[-1].status_code == 429:
            break
    assert (said[-1].status_code, said[-1].json()["error_code"]) == (429, "door.requests")
    assert int(said[-1].headers["retry-after"]) >= 1
    assert ask(door, who="anybody").status_code == 200
