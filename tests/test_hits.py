"""Warnings against cases: equal to a naive comparison, found by index alone, and asked about only of their own State."""

import html
import json
import threading
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import exhibits
import peer as peers
import pytest
from browsing import HOSTILE, Browser
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import explained
from refusing import code

from comity.casework.evidence import Exhibit, Manifest
from comity.casework.lifecycle import Kind
from comity.casework.measure import Measure
from comity.casework.request import Account, Person, Request, Subject
from comity.node import archive, models
from comity.node.courier import Courier
from comity.node.desk import hits, requested, requesting, sighting
from comity.node.desk.shelf import Shelves, opened
from comity.sharing import patterns, sighted, stix, tlp
from comity.sharing.patterns import Observable
from comity.sharing.sighted import Met
from comity.sharing.tlp import Level

pytestmark = pytest.mark.usefixtures("fresh_cache")

OURS, THEIRS, SHELF = "IR-2026-0001", "VN-2026-0001", "c0113c71-0000-4000-8000-000000000001"
USED = datetime(2026, 11, 17, 17, 44, 5, tzinfo=UTC)
IP = Account("ip", "203.0.113.7", USED, 50122)
STATE = models.Hit.State


def ours(**changed) -> Request:
    """A request of Iran to Viet Nam that mentions one address, with its moment and port."""
    return peers.request(**({"reference": OURS, "requesting": "IR", "requested": "VN", "accounts": (IP,)} | changed))


def indicator(
    pattern: str, number: int = 1, version: int = 1, level: Level | None = Level.AMBER, **more
) -> stix.Object:
    """An indicator with this pattern."""
    body = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{uuid.UUID(int=number, version=4)}",
        "created": "2026-11-01T00:00:00.000Z", "modified": f"2026-11-{version:02}T00:00:00.000Z", "name": f"N{number}",
        "pattern": pattern, "pattern_type": "stix", "valid_from": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    marks = {} if level is None else {"object_marking_refs": [tlp.IDS[level]]}
    return stix.read(json.dumps(body | marks | more).encode())


def ip(value: str) -> str:
    """The pattern that looks for an address or a block."""
    return f"[ipv4-addr:value = '{value}']"


@pytest.fixture
def shelf(node, at):
    """A collection, and a function that adds objects of a State to it."""
    opened(SHELF, title="Warnings", made_at=at, made_by="test")

    def add(*found: stix.Object, source: str = "VN") -> None:
        outcomes = Shelves(node).add(SHELF, found, by=source, at=at, source=source)
        assert set(outcomes.values()) == {"new"}

    return add


@pytest.fixture
def case(node, officers, peer, at):
    """A case of ours with Viet Nam that mentions one address."""
    requesting.draft(node, ours(), officer=officers.drafter, at=at)
    return OURS


def look(node, at) -> None:
    """Look at everything that is new."""
    while sighting.look(node, at=at):
        pass


def found() -> set[tuple[str, str]]:
    """(case, id of the object) of every hit."""
    return set(models.Hit.objects.values_list("case", "warning"))


# ---------------------------------------------------------------------------------------------------------- the keys

BITS = {4: 32, 6: 128}


@st.composite
def blocks(draw):
    """An address or a block, of those that lie near each other."""
    version = draw(st.sampled_from([4, 6]))
    base = {4: 0xCB007100, 6: 0x20010DB8 << 96}[version]
    length = draw(st.integers(sighted.WIDEST[version], BITS[version]) | st.just(BITS[version]))
    first = (base | draw(st.integers(0, 7))) >> (BITS[version] - length) << (BITS[version] - length)
    return str(ip_network((first, length)))


def observable(text: str) -> Observable:
    """The block as an observable; one address without its length."""
    block = ip_network(text)
    plain = str(block.network_address) if block.prefixlen == BITS[block.version] else text
    return Observable(f"ipv{block.version}-addr", plain)


@given(st.lists(blocks(), max_size=8), st.lists(blocks(), max_size=8))
def test_blocks_meet_as_networks_overlap(ones, others):
    """What meets by key is what `ipaddress` says overlaps; a range of keys holds just what is inside."""
    mine, theirs = ({sighted.key(observable(text)): ip_network(text) for text in those} for those in (ones, others))
    naive = {(a, b) for a, one in mine.items() for b, two in theirs.items()
             if one.version == two.version and one.overlaps(two)}  # fmt: skip
    met = list(sighted.meetings(mine, theirs))
    assert set(met) == naive
    assert len(met) == len(naive)
    for a, one in mine.items():
        assert sighted.shown(a) == observable(str(one)).value
        if span := sighted.inside(a):
            inside = {b for b in theirs if span[0] <= b <= span[1]}
            assert inside == {b for b, two in theirs.items() if two.version == one.version and two.subnet_of(one)}
        else:
            assert one.prefixlen == BITS[one.version]


def test_too_wide_names_nobody():
    """A block that holds a continent has no key, and an address of one link neither; a digest covers only itself."""
    assert sighted.key(Observable("ipv4-addr", "203.0.0.0/15")) == ""
    assert sighted.key(Observable("ipv6-addr", "2000::/3")) == ""
    assert sighted.key(Observable("ipv6-addr", "fe80::1%eth0")) == ""
    name = sighted.key(Observable("domain-name", "evil.example"))
    assert sighted.covering(name) == (name,)
    assert (sighted.inside(name), sighted.shown(name)) == (None, "")
    assert name != sighted.key(Observable("url", "evil.example"))


# --------------------------------------------------------------------------------------------------- what is mentioned

SHA = "ab" * 32
NAMED = [
    ("203.0.113.7", [("ipv4-addr", "203.0.113.7")]),
    ("203.0.113.7:443", [("ipv4-addr", "203.0.113.7")]),
    ("the block 203.0.113.77/24.", [("ipv4-addr", "203.0.113.0/24")]),
    ("2001:DB8::0:1", [("ipv6-addr", "2001:db8::1")]),
    ("Ring@Mail.Example", [("email-addr", "Ring@mail.example"), ("domain-name", "mail.example")]),
    ("write to mailto:a@b.example!", [("email-addr", "a@b.example"), ("domain-name", "b.example")]),
    ("https://EVIL.example:8443/x?y", [("url", "https://EVIL.example:8443/x?y"), ("domain-name", "evil.example")]),
    ("hxxp://evil[.]example/a", [("url", "http://evil.example/a"), ("domain-name", "evil.example")]),
    ("http://[2001:db8::9]:80/a", [("url", "http://[2001:db8::9]:80/a"), ("ipv6-addr", "2001:db8::9")]),
    ("http://203.0.113.7/", [("url", "http://203.0.113.7/"), ("ipv4-addr", "203.0.113.7")]),
    ("evil.example/login", [("domain-name", "evil.example")]),
    ("WWW.Evil.Example.", [("domain-name", "www.evil.example")]),
    ("از نمونه.ایران،", [("domain-name", "نمونه.ایران")]),
    (SHA.upper(), [("file:SHA-256", SHA)]),
    ("md5 d41d8cd98f00b204e9800998ecf8427e", [("file:MD5", "d41d8cd98f00b204e9800998ecf8427e")]),
    ("at 12:30, e.g. C:\\x.y ::  999.1.1.1 http://[x", [("url", "http://")]),
    ("+98 21 0000 0000", []),
    ("\ud800x@b.example\0", [("email-addr", "x@b.example"), ("domain-name", "b.example")]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), NAMED, ids=[ascii(text[:20]) for text, _ in NAMED])
def test_what_a_text_names(text, expected):
    """Addresses, names, links, mailboxes and hashes, as the patterns of warnings write them."""
    assert list(sighted.named(text)) == [Observable(*one) for one in expected]


@given(st.text(st.characters(), max_size=300) | st.text("a.@:/[]0 -%\0\ud800", max_size=300))
def test_any_text_is_read(text):
    """No text breaks the reading, and what is found has the form that patterns give it."""
    for kind, value in sighted.named(text):
        assert "\0" not in value.encode().decode()
        assert len(sighted.key(Observable(kind, value))) <= 40
        if kind in ("domain-name", "email-addr") or kind.startswith("ipv"):
            assert patterns.observed({"type": kind, "value": value}).observables == ((kind, value),)


def test_a_request_mentions_what_it_is_about():
    """Accounts, persons, property and facts; not the officials, and not more than is kept."""
    request = ours(
        conducting=Person("N. N.", "judge", "judge@court.example"), facts="It wrote to victim@home.example.",
        persons=(Subject("A"), Subject("B", whereabouts="seen at 198.51.100.9")),
    )  # fmt: skip
    said = {(one.observable.value, one.where) for one in sighted.mentioned(request)}
    assert said == {
        ("203.0.113.7", "accounts.0"), ("198.51.100.9", "persons.1"), ("victim@home.example", "facts"),
        ("home.example", "facts"),
    }  # fmt: skip
    many = ours(facts=" ".join(f"a{number}.example" for number in range(1400)), link="b.example " * 900)
    assert len(sighted.mentioned(many)) <= sighted.MOST
    assert sighted.mentioned(many)[0].where == "accounts.0"


def test_exhibits_mention_their_hashes_and_names():
    """The hash of each file that is not empty; of names only what cannot be an ordinary name of a file."""
    listed = (
        Exhibit(b"mail/ring@mail.example/report.pdf", 5, SHA), Exhibit(b"empty", 0, "cd" * 32),
        Exhibit(b"10.1.2.3.log", 3, "ef" * 32), Exhibit(b"link", 0, "", "link", b"x"),
    )  # fmt: skip
    found = sighted.held(Manifest(OURS, "p", listed, (), (), exercise=True), "d" * 64)
    assert {(one.observable.value, one.where) for one in found} == {
        (SHA, "mail/ring@mail.example/report.pdf"), ("ring@mail.example", "mail/ring@mail.example/report.pdf"),
        ("ef" * 32, "10.1.2.3.log"),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ as a naive comparison

HOSTS = ["a.example", "B.example", "c.example"]
ADDRESSES = ["203.0.113.1", "203.0.113.2", "203.0.113.130", "198.51.100.1", "2001:db8::1"]
RANGES = ["203.0.113.0/25", "203.0.113.0/24", "203.0.112.0/20", "198.51.0.0/16", "2001:db8::/48", "203.0.0.0/8"]
TESTS = st.one_of(
    st.sampled_from(ADDRESSES + RANGES).map(lambda v: f"ipv{6 if ':' in v else 4}-addr:value = '{v}'"),
    st.sampled_from(HOSTS).map(lambda v: f"domain-name:value = '{v}'"),
    st.sampled_from(HOSTS).map(lambda v: f"email-addr:value = 'x@{v}'"),
    st.just(f"file:hashes.'SHA-256' = '{SHA}'"),
)
WARNINGS = st.tuples(
    st.lists(TESTS, min_size=1, max_size=3).map(lambda tests: f"[{' OR '.join(tests)}]"),
    st.sampled_from(["", "", "", "withdrawn", "revoked"]),
)
WORDS = st.sampled_from(
    [*ADDRESSES, *RANGES, *HOSTS, "x@a.example", "x@B.EXAMPLE", "http://c.example/q", SHA.upper(), "203.0.113.1:80"]
)
CASES = st.lists(WORDS, max_size=3)
STEPS = st.lists(
    st.tuples(st.just("warning"), WARNINGS) | st.tuples(st.just("case"), CASES) | st.tuples(st.just("look"), st.none()),
    max_size=10,
)


def overlap(one: Observable, other: Observable) -> bool:
    """Whether one names the other, or holds it; blocks that are too wide name nobody."""
    if one.kind != other.kind:
        return False
    if not one.kind.startswith("ipv"):
        return one.value == other.value
    a, b = ip_network(one.value), ip_network(other.value)
    return min(a.prefixlen, b.prefixlen) >= sighted.WIDEST[a.version] and a.overlaps(b)


def naive() -> set[tuple[str, str]]:
    """Every pair that meets, by comparing everything with everything."""
    pairs = set()
    for row in models.StixObject.objects.filter(last=True, withdrawn=False):
        body = json.loads(bytes(row.raw))
        looks = () if body.get("revoked") else patterns.observed(body).observables
        for reference in models.Case.objects.values_list("pk", flat=True):
            said = sighted.mentioned(archive.load(reference, home="IR").request)
            if any(overlap(one, other.observable) for one in looks for other in said):
                pairs.add((reference, row.object_id))
    return pairs


def play(node, shelf, officer, at, steps) -> None:
    """Add warnings and cases, and look now and then."""
    for number, (kind, given_) in enumerate(steps, 1):
        if kind == "look":
            look(node, at)
        elif kind == "case":
            accounts = tuple(Account("other", word) for word in given_)
            what = ours(reference=f"IR-2026-{number:04}", accounts=accounts, facts="-", custodian="p", link="l")
            requesting.draft(node, what, officer=officer, at=at)
        else:
            shelf(indicator(given_[0], number, **({"revoked": True} if given_[1] == "revoked" else {})))
            if given_[1] == "withdrawn":
                models.StixObject.objects.filter(object_id=indicator("[a:b = 'c']", number).id).update(withdrawn=True)


def test_the_index_finds_what_a_naive_comparison_finds(node, shelf, officers, peer, at):
    """Whatever comes in whatever order, and however often one looks: the same pairs, and every detail of what met."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def whatever_comes(steps):
        with transaction.atomic():
            play(node, shelf, officers.drafter, at, steps)
            look(node, at)
            assert found() == naive()
            for hit in models.Hit.objects.all():
                for one in map(Met._make, hit.met):
                    assert models.Mentioned.objects.filter(case=hit.case, value=one.value, where=one.where).exists()
            transaction.set_rollback(True)

    whatever_comes()


@pytest.mark.parametrize("first", ["warning", "case"])
def test_both_come_first(node, shelf, officers, peer, at, first):
    """A block meets the address inside it, whichever of the two was here first; what met is told with its place."""
    come = {
        "case": lambda: requesting.draft(node, ours(), officer=officers.drafter, at=at),
        "warning": lambda: shelf(indicator(ip("203.0.113.0/24"))),
    }
    for one in sorted(come, key=lambda one: one != first):
        come[one]()
        look(node, at)
    hit = models.Hit.objects.get()
    assert [Met._make(one) for one in hit.met] == [Met("ipv4-addr", "203.0.113.7", "accounts.0", "", "203.0.113.0/24")]
    assert (hit.case_id, hit.source, hit.state, hit.found_at) == (OURS, "VN", STATE.NEW, at)


def test_nothing_is_searched_through(node, case, shelf, at):
    """Every question of a look goes down an index: no table of warnings, mentions, cases or hits is read whole."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan is SQLite's")
    shelf(indicator(ip("203.0.113.0/24")), indicator("[domain-name:value = 'mail.example']", 2))
    with explained() as plans:
        look(node, at)
        shelf(indicator(ip("203.0.113.7"), 3))
        look(node, at)
    assert len(plans) > 10
    read_whole = {plan for plan in plans if plan.startswith("SCAN node_")}
    assert {
        plan for plan in read_whole if not plan.endswith("INDEX case_fresh")
    } == set()  # it holds what is to be looked at


# ---------------------------------------------------------------------------------------------------- what becomes of it


def test_what_is_withdrawn_makes_no_new_hits(node, case, shelf, officers, at):
    """A warning that was called back meets no case any more; an old hit says so, and nothing is drafted from it."""
    shelf(indicator(ip("203.0.113.7")), indicator(ip("203.0.113.7"), 2))
    look(node, at)
    models.StixObject.objects.filter(object_id=indicator(ip("203.0.113.7")).id).update(withdrawn=True)
    requesting.draft(node, ours(reference="IR-2026-0002"), officer=officers.drafter, at=at)
    look(node, at)
    assert Counter(case for case, _ in found()) == {OURS: 2, "IR-2026-0002": 1}
    old = models.Hit.objects.get(warning=indicator(ip("203.0.113.7")).id)
    assert hits.standing(old) is hits.Standing.WITHDRAWN
    assert code(hits.draft, node, old.pk, measure="preservation", officer=officers.drafter, at=at) == "hit.withdrawn"
    assert "called back by its source" in Browser(officers.all).text(f"/hits/{old.pk}")
    assert "کشور منشأ آن را بازخوانده است" in Browser(officers.all, "fa").text("/hits?state=seen")


def test_what_is_marked_stricter_is_used_here(node, case, shelf, officers, at):
    """A warning whose source set a stricter mark goes to nobody any more, and is matched all the same."""
    one = indicator(ip("203.0.113.7"))
    shelf(one)
    models.Copy.objects.create(what=one.digest, source="VN", hops=1, level=Level.RED, direct=True)
    models.StixObject.objects.update(withdrawn=True)
    look(node, at)
    requesting.draft(node, ours(reference="IR-2026-0002"), officer=officers.drafter, at=at)
    look(node, at)
    assert {case for case, _ in found()} == {OURS, "IR-2026-0002"}
    old = models.Hit.objects.first()
    assert hits.standing(old) is hits.Standing.CURRENT
    assert "TLP:RED" in Browser(officers.all).text(f"/hits/{old.pk}")
    models.Copy.objects.update(withdrawn=7)
    assert hits.standing(old) is hits.Standing.WITHDRAWN


def test_a_later_version(node, case, shelf, officers, at):
    """A later version takes the place of the earlier one in its hit; one that names something else leaves it behind."""
    shelf(indicator(ip("203.0.113.7")))
    look(node, at)
    hit = hits.look(models.Hit.objects.get().pk, officer=officers.all, at=at)
    shelf(indicator(ip("203.0.113.7"), version=2))
    look(node, at)
    hit = hits.find(hit.pk, officer=officers.all)
    assert (hit.version[:10], hit.state, hits.standing(hit)) == ("2026-11-02", STATE.SEEN, hits.Standing.CURRENT)
    shelf(indicator(ip("203.0.113.0/24"), version=3))
    look(node, at)
    hit = hits.find(hit.pk, officer=officers.all)
    assert (hit.version[:10], hit.state, hit.met[0][4]) == ("2026-11-03", STATE.NEW, "203.0.113.0/24")
    shelf(indicator(ip("192.0.2.1"), version=4))
    look(node, at)
    hit = hits.find(hit.pk, officer=officers.all)
    assert (hit.version[:10], hits.standing(hit)) == ("2026-11-03", hits.Standing.REPLACED)
    requesting.draft(node, ours(reference="IR-2026-0002"), officer=officers.drafter, at=at)
    look(node, at)
    assert models.Hit.objects.count() == 1
    models.StixObject.objects.all().delete()
    assert models.Observed.objects.count() == 0
    hit = hits.find(hit.pk, officer=officers.all)
    assert (hit.version[:10], hits.standing(hit)) == ("2026-11-03", hits.Standing.GONE)
    assert "not here any more" in Browser(officers.all).text(f"/hits/{hit.pk}")


def test_what_was_replaced_before_anybody_looked(node, case, shelf, at):
    """Of several versions that came since the last look, only the latest meets a case."""
    shelf(indicator(ip("203.0.113.7")), indicator(ip("192.0.2.1"), version=2))
    look(node, at)
    assert found() == set()


def test_a_case_that_changes(node, case, shelf, officers, at):
    """What a new draft does not name any more is taken out of its hits; what it names besides comes up again."""
    shelf(indicator("[ipv4-addr:value IN ('203.0.113.7', '203.0.113.8')]"))
    look(node, at)
    hit = models.Hit.objects.get()
    hits.dismiss(hit.pk, reason="a proxy of ours", officer=officers.drafter, at=at)
    requesting.draft(node, ours(facts="Changed."), officer=officers.drafter, at=at)
    look(node, at)
    hit.refresh_from_db()
    assert hit.state == STATE.DISMISSED
    requesting.draft(node, ours(accounts=(IP, replace(IP, value="203.0.113.8"))), officer=officers.drafter, at=at)
    look(node, at)
    hit.refresh_from_db()
    assert (hit.state, len(hit.met), hit.reason) == (STATE.NEW, 2, "a proxy of ours")
    requesting.draft(node, ours(accounts=()), officer=officers.drafter, at=at)
    look(node, at)
    hit.refresh_from_db()
    assert hit.met == []
    assert code(hits.draft, node, hit.pk, measure="preservation", officer=officers.drafter, at=at) == "hit.gone"
    assert list(models.Mentioned.objects.exclude(where__startswith="custodian").values_list("value")) == []


def test_a_case_that_changes_while_it_is_read(node, case, shelf, officers, at, monkeypatch):
    """What an officer changes between the reading and the noting is looked at the next time."""
    shelf(indicator(ip("203.0.113.8")))
    changes = [ours(accounts=(replace(IP, value="203.0.113.8"),))]

    load_all = archive.load_all

    def then_changed(references, *, home):
        read = load_all(references, home=home)
        while changes:
            requesting.draft(node, changes.pop(), officer=officers.drafter, at=at)
        return read

    monkeypatch.setattr(archive, "load_all", then_changed)
    look(node, at)
    assert found() == {(OURS, indicator(ip("203.0.113.8")).id)}


def test_a_supplement_is_looked_at(node, officers, peer, shelf, at):
    """What the other State's supplement names is matched too."""
    peers.arrive(node, peer.asks(peers.request())[0], at)
    look(node, at)
    assert not models.Case.objects.get().fresh
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    asked = requested.ask(node, THEIRS, questions="Which?", fields=["accounts"], officer=officers.decider, at=at)
    body = {"request": peers.request(accounts=(IP,)).to_dict()}
    row = peers.arrive(node, peer.say(Kind.SUPPLEMENTED, THEIRS, body, after=asked.head)[0], at)
    assert row.status == "admitted", row.reason
    assert models.Case.objects.get().fresh
    shelf(indicator(ip("203.0.113.7")))
    look(node, at)
    assert models.Hit.objects.get().case_id == THEIRS


def test_one_state_cannot_crowd_out_another(node, case, shelf, at, monkeypatch):
    """A case has so many hits with one State's warnings and no more; those of another State still come up."""
    monkeypatch.setattr(sighting, "OF_SOURCE", 3)
    shelf(*(indicator(ip("203.0.113.7"), number) for number in range(1, 6)))
    look(node, at)
    shelf(*(indicator(ip("203.0.113.7"), number) for number in range(6, 9)))
    shelf(indicator(ip("203.0.113.0/24"), 9), source="QA")
    look(node, at)
    assert Counter(models.Hit.objects.values_list("source", flat=True)) == {"VN": 3, "QA": 1}


def test_a_warning_that_names_everybody(node, officers, peer, shelf, at, monkeypatch):
    """A warning is matched with so many cases and no more; of many warnings for one name the newest are met."""
    monkeypatch.setattr(sighting, "OF_WARNING", 2)
    monkeypatch.setattr(sighting, "_FOUND", 3)
    for number in range(1, 5):
        requesting.draft(node, ours(reference=f"IR-2026-000{number}"), officer=officers.drafter, at=at)
    look(node, at)
    shelf(indicator(ip("203.0.113.7")))
    look(node, at)
    assert models.Hit.objects.count() == 2
    shelf(*(indicator(ip("198.51.100.1"), number) for number in range(2, 8)))
    look(node, at)
    accounts = (Account("ip", "198.51.100.1"), Account("other", "a.example"))
    requesting.draft(node, ours(reference="IR-2026-0009", accounts=accounts), officer=officers.drafter, at=at)
    shelf(indicator("[domain-name:value = 'a.example']", 8))
    look(node, at)
    met = {warning for case, warning in found() if case == "IR-2026-0009"}
    assert met == {indicator("[a:b = 'c']", number).id for number in (5, 6, 7, 8)}


def test_what_cannot_be_read_holds_up_nothing(node, case, shelf, at, caplog):
    """An object and a case that break the reading are logged and passed over; those behind them are looked at."""
    shelf(indicator(ip("203.0.113.7")), indicator(ip("203.0.113.7"), 2))
    models.StixObject.objects.filter(object_id=indicator(ip("203.0.113.7")).id).update(raw=b"\xff{")
    models.Case.objects.create(
        reference="IR-2026-0000", requesting="IR", requested="VN", measure="records", opened_at=at
    )
    look(node, at)
    assert found() == {(OURS, indicator(ip("203.0.113.7"), 2).id)}
    assert "IR-2026-0000" in caplog.text
    assert not models.Case.objects.filter(fresh=True).exists()
    assert sighting.look(node, at=at) is False


def test_a_look_is_short(node, officers, peer, shelf, at, monkeypatch):
    """One look ends after its time and says that more is left; the courier goes on where it ended."""
    monkeypatch.setattr(sighting, "_OBJECTS", 2)
    shelf(*(indicator(ip("203.0.113.7"), number) for number in range(1, 6)))
    assert sighting.look(node, at=at) is True
    assert models.Indexed.objects.get().objects_to == models.StixObject.objects.order_by("pk")[1].pk
    requesting.draft(node, ours(), officer=officers.drafter, at=at)
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)  # nobody is on the way to a peer
    courier = Courier(node)
    while courier.round():
        pass
    assert len(found()) == 5
    assert models.Observed.objects.count() == 5


# ------------------------------------------------------------------------------------------------------------- evidence


def verified(node, officers, peer, at) -> None:
    """Viet Nam's return of two files for our case is here and verified."""
    data, said = exhibits.sealed(node, peer, at)
    job = exhibits.disclosed(node, peer, at, exhibits.accepted(node, peer, officers, at), data, **said)
    (node.shelf / f"{exhibits.sha(data)}.collecting").write_bytes(data)
    exhibits.worked(node, job)
    look(node, at)
    assert exhibits.worked(node, requesting.verify(node, OURS, officer=officers.all, at=at)).status == "done"


def hashed(text: bytes, number: int = 1) -> stix.Object:
    """An indicator of a file by its SHA-256."""
    return indicator(f"[file:hashes.'SHA-256' = '{exhibits.sha(text)}']", number)


def test_what_came_back_is_looked_at(node, officers, peer, shelf, at):
    """Exhibits are matched once their return is verified; they are told to the State that gave them, to no other."""
    shelf(hashed(b"first"))
    shelf(hashed(b"second", 2), source="QA")
    verified(node, officers, peer, at)
    look(node, at)
    back, third = models.Hit.objects.get(source="VN"), models.Hit.objects.get(source="QA")
    manifest = archive.load(OURS, home="IR").returns[0].body["manifest"]
    assert back.met == [["file:SHA-256", exhibits.sha(b"first"), "a", manifest, ""]]
    assert code(hits.draft, node, third.pk, measure="preservation", officer=officers.drafter, at=at) == "hit.theirs"
    drafted = hits.draft(node, back.pk, measure="stored-data", officer=officers.drafter, at=at)
    assert drafted.request.accounts == (Account("other", f"SHA-256 {exhibits.sha(b'first')}"),)
    text = Browser(officers.all).text(f"/hits/{back.pk}")
    assert "Exhibit" in text
    assert "SHA-256" in text


def test_what_is_held_for_another_state(node, officers, peer, shelf, at):
    """Exhibits taken in for Viet Nam are matched, and told to nobody: they go to it by disclosure."""
    exhibits.ordered(node, peer, officers, at)
    (node.intake / "d").write_bytes(b"first")
    assert exhibits.execute(node, officers, at).status == "done"
    shelf(hashed(b"first"))
    look(node, at)
    hit = models.Hit.objects.get()
    assert hit.case_id == THEIRS
    assert code(hits.draft, node, hit.pk, measure="preservation", officer=officers.drafter, at=at) == "hit.theirs"


# --------------------------------------------------------------------------------------------------------------- drafts


def one_hit(node, shelf, at, source="VN", pattern="") -> models.Hit:
    """The hit with a warning of this State."""
    shelf(indicator(pattern or ip("203.0.113.7")), source=source)
    look(node, at)
    return models.Hit.objects.get()


@pytest.mark.parametrize("measure", hits.MEASURES)
def test_a_draft_says_what_met(node, case, shelf, officers, at, measure):
    """The request goes to the warning's State, names it and what met with moment and port, and stands on the case."""
    hit = one_hit(node, shelf, at)
    drafted = hits.draft(node, hit.pk, measure=measure, officer=officers.drafter, at=at)
    asked = drafted.request
    assert (asked.requested, asked.measure, asked.accounts, asked.follows) == ("VN", measure, (IP,), OURS)
    assert f"{hit.warning}, version {hit.version}" in asked.facts
    assert "203.0.113.7, port 50122, at 2026-11-17T17:44:05Z" in asked.facts
    assert (asked.offence, asked.authority) == (ours().offence, ours().authority)
    assert Request.from_dict(asked.to_dict()) == asked
    hit.refresh_from_db()
    assert (hit.state, hit.draft, hit.by) == (STATE.DRAFTED, drafted.reference, "Officer drafter, Exercise office")
    assert drafted.acts[-1].kind is Kind.DRAFTED
    look(node, at)
    assert found() == {(OURS, hit.warning)}  # what was drafted from it is no hit with it


def test_only_what_met_is_told(node, officers, peer, shelf, at):
    """Of a mailbox whose domain met, the domain is told; to a third State nothing of the request's other words."""
    what = ours(
        accounts=(Account("email", "secret@mail.example"),), facts="Told by Viet Nam: 203.0.113.7 and x.example."
    )
    requesting.draft(node, what, officer=officers.drafter, at=at)
    peers.pinned("QA", node, at)
    hit = one_hit(node, shelf, at, "QA", "[domain-name:value IN ('mail.example', 'x.example')]")
    asked = hits.draft(node, hit.pk, measure="preservation", officer=officers.drafter, at=at).request
    assert (asked.requested, asked.follows) == ("QA", "")
    assert set(asked.accounts) == {Account("other", "mail.example"), Account("other", "x.example")}
    said = json.dumps(asked.to_dict())
    assert "secret" not in said
    assert "Told by" not in said
    assert OURS not in said
    assert "N1" not in said


def test_a_third_state_is_not_asked(node, officers, peer, shelf, at):
    """What Viet Nam asked us is not told to Qatar, and to Viet Nam only; a State that is not pinned cannot be asked."""
    peers.arrive(node, peer.asks(peers.request(accounts=(IP,)))[0], at)
    shelf(indicator(ip("203.0.113.7"), 2), source="QA")
    look(node, at)
    draft = {"measure": "police-cooperation", "officer": officers.drafter, "at": at}
    assert code(hits.draft, node, models.Hit.objects.get().pk, **draft) == "hit.theirs"
    shelf(indicator(ip("203.0.113.7")), source="VN")
    look(node, at)
    back = hits.draft(node, models.Hit.objects.get(source="VN").pk, **draft)
    assert (back.request.requested, back.request.follows, back.request.offence.code) == ("VN", THEIRS, "")
    requesting.draft(node, ours(reference="IR-2026-0009"), officer=officers.drafter, at=at)
    look(node, at)
    unpinned = models.Hit.objects.get(case="IR-2026-0009", source="QA")
    assert code(hits.draft, node, unpinned.pk, **draft) == "peer.unknown"


def test_who_may_do_what(node, case, shelf, officers, at):
    """Who shares warnings or drafts sees hits, who drafts drafts; a warning of ours asks nobody; twice is refused."""
    shelf(indicator(ip("203.0.113.7"), 2), source="IR")
    hit = one_hit(node, lambda *given, **named: None, at)
    draft = {"measure": "preservation", "at": at}
    assert code(hits.draft, node, hit.pk, officer=officers.drafter, **draft) == "hit.own"
    models.Hit.objects.all().delete()
    hit = one_hit(node, shelf, at)
    assert code(hits.find, hit.pk, officer=officers.approver) == "case.power"
    assert code(hits.dismiss, hit.pk, reason="x", officer=officers.idle, at=at) == "case.power"
    warner = models.Officer(powers=["warn"], full_name="W", office="O")
    assert hits.look(hit.pk, officer=warner, at=at).state == STATE.SEEN
    assert code(hits.draft, node, hit.pk, officer=warner, **draft) == "case.power"
    assert code(hits.draft, node, hit.pk, officer=officers.drafter, measure="extradition", at=at) == "hit.measure"
    assert code(hits.find, 10**9, officer=warner) == "hit.unknown"
    assert {code(hits.dismiss, hit.pk, reason=text, officer=warner, at=at) for text in (" ", "x" * 20_001)} == {
        "hit.reason"
    }
    first = hits.draft(node, hit.pk, officer=officers.drafter, **draft)
    assert code(hits.draft, node, hit.pk, officer=officers.drafter, **draft) == "hit.drafted"
    requesting.discard(node, first.reference, reasons="wrong", officer=officers.drafter, at=at)
    assert hits.draft(node, hit.pk, officer=officers.drafter, **draft).reference != first.reference
    assert models.Hit.objects.count() == 1


@given(st.lists(st.sampled_from([IP, Account("email", "a@b.example"), Account("url", "http://c.example/x"),
                                 Account("account", "d.example")]), min_size=1, max_size=4),
       st.lists(st.tuples(st.sampled_from(["", "f" * 64]), st.integers(0, 9)), min_size=1, max_size=6),
       st.sampled_from(["VN", "QA"]))  # fmt: skip
def test_every_draft_is_a_request(accounts, picked, source):
    """Whatever met, and wherever, the draft is a usable request that crosses and comes back the same."""
    case = ours(accounts=tuple(accounts))
    said = sighted.mentioned(case)
    met = [Met(*said[place % len(said)].observable, said[place % len(said)].where, origin) for origin, place in picked]
    asked = sighted.asked(case, met, home="IR", source=source, warning="w", version="", reference="IR-2026-0002",
                          measure=Measure.PRESERVATION)  # fmt: skip
    assert Request.from_dict(asked.to_dict()) == asked
    told = " ".join(account.value for account in asked.accounts)
    assert all(one.value in told for one in met)
    whole = {account.value for account in case.accounts}
    for account in asked.accounts:
        if account.at is not None or account.value in whole:
            assert sighted.named(account.value)[0] in {Observable(one.kind, one.value) for one in met}


# --------------------------------------------------------------------------------------------------------------- pages


@pytest.fixture
def hit(node, case, shelf, at):
    """A hit of our case with a warning of Viet Nam under a hostile name."""
    shelf(indicator(ip("203.0.113.0/24"), name=HOSTILE, level=Level.AMBER_STRICT))
    look(node, at)
    return models.Hit.objects.get()


def test_the_pages_show_what_met_where(hit, officers):
    """The list and the hit show the mark, what met, where, and the block; text of others is inert."""
    browser = Browser(officers.drafter)
    listed, shown = browser.text("/hits"), browser.text(f"/hits/{hit.pk}")
    for text in (listed, shown):
        assert "TLP:AMBER+STRICT" in text
        assert "203.0.113.7" in text
        assert "<script>" not in browser.get("/hits").content.decode().split("<main")[1]
    assert "203.0.113.0/24" in shown
    assert "Draft a request to the source State" in shown
    assert "Looked at" in browser.text(f"/hits?case={OURS}")
    assert "Nothing here." in browser.text("/hits")
    assert "1 warning names what this case names." in browser.text(f"/cases/{OURS}")


@pytest.mark.parametrize(
    "path", ["/hits", "/hits?state=dismissed", "/hits?state=x&before=y", f"/hits?case={OURS}", "/hits/{}"]
)
def test_pages_in_persian(hit, officers, path):
    """Each page turns, and speaks Persian."""
    text = Browser(officers.all, "fa").text(path.format(hit.pk))
    assert 'dir="rtl"' in text
    assert "انطباق" in text


def test_who_sees_pages(hit, officers):
    """Who neither shares warnings nor drafts sees no hits, no link to them, no line on the case; strangers sign in."""
    browser = Browser(officers.approver)
    assert {browser.get(path).status_code for path in ("/hits", f"/hits/{hit.pk}")} == {403}
    assert browser.post(f"/hits/{hit.pk}/dismiss", reason="x").status_code == 403
    assert "/hits" not in browser.text(f"/cases/{OURS}")
    assert Browser().get("/hits").status_code == 302
    assert models.Hit.objects.get().state == STATE.NEW


def test_drafting_on_the_page(hit, officers):
    """The form drafts and leads to the new case, whose own form opens with it; a second time is refused in words."""
    browser = Browser(officers.drafter)
    assert browser.post(f"/hits/{hit.pk}/draft", measure="extradition").status_code == 422
    answer = browser.post(f"/hits/{hit.pk}/draft", measure="preservation")
    drafted = models.Hit.objects.get().draft
    assert (answer.status_code, answer["Location"]) == (303, f"/cases/{drafted}")
    assert "203.0.113.7" in browser.text(f"/cases/{drafted}/draft")
    again = browser.post(f"/hits/{hit.pk}/draft", measure="preservation")
    assert again.status_code == 422
    assert "was drafted from this hit already" in html.unescape(again.content.decode())
    assert browser.post(f"/hits/{hit.pk}/else").status_code == 404


def test_putting_aside_on_the_page(hit, officers):
    """Without a reason nothing is put aside; the reason is kept and shown as its author wrote it, inert."""
    browser = Browser(officers.drafter)
    answer = browser.post(f"/hits/{hit.pk}/dismiss", reason="  ")
    assert answer.status_code == 422
    assert "Write why this is of no concern." in html.unescape(answer.content.decode())
    assert browser.post(f"/hits/{hit.pk}/dismiss", reason=HOSTILE).status_code == 303
    assert models.Hit.objects.get().reason == HOSTILE.strip()
    assert "<script>alert" not in browser.get(f"/hits/{hit.pk}").content.decode()
    assert "warning names what" not in browser.text(f"/cases/{OURS}")


def test_the_list_goes_on(node, case, shelf, officers, at):
    """More than a page: the older ones follow, none twice and none left out."""
    shelf(*(indicator(ip("203.0.113.7"), number) for number in range(1, 31)))
    look(node, at)
    browser, seen, path = Browser(officers.drafter), [], "/hits"
    while path:
        text = browser.text(path)
        rows = text.split('<a class="ref" href="/hits/')[1:]
        seen += [int(row.split('"')[0]) for row in rows]
        path = "/hits" + text.split('<nav class="pages"')[1].split('href="')[1].split('"')[0] if "pages" in text else ""
    assert sorted(seen) == sorted(models.Hit.objects.values_list("pk", flat=True))
    assert len(seen) == len(set(seen)) == 30
