"""The MISP format: in and out again the same, by identifiers that stay; what has no word is kept and noted."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from indicators import BY_TYPE, SHA, attribute, changed, event, named
from pymisp import MISPEvent, MISPObject
from refusing import code

from comity.errors import Invalid
from comity.sharing import misp, patterns, release, stix, tlp
from comity.sharing.tlp import Level

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def by_type(taken: misp.Taken) -> dict[str, list[stix.Object]]:
    """What was made, by type."""
    found: dict[str, list[stix.Object]] = {}
    for one in taken.objects:
        found.setdefault(one.type, []).append(one)
    return found


KINDS = [
    ("ip-dst", "198.51.100.7", "[ipv4-addr:value = '198.51.100.7']", "ipv4-addr"),
    ("ip-src", "2001:db8::7", "[ipv6-addr:value = '2001:db8::7']", "ipv6-addr"),
    ("domain", "parcel.example", "[domain-name:value = 'parcel.example']", "domain-name"),
    ("hostname", "mx.parcel.example", "[domain-name:value = 'mx.parcel.example']", "domain-name"),
    ("url", "https://it's.example/pay", "[url:value = 'https://it\\'s.example/pay']", "url"),
    ("email-src", "clerk@parcel.example", "[email-addr:value = 'clerk@parcel.example']", "email-addr"),
    ("md5", MD5, f"[file:hashes.'MD5' = '{MD5}']", "file"),
    ("sha256", SHA, f"[file:hashes.'SHA-256' = '{SHA}']", "file"),
    ("domain|ip", "parcel.example|198.51.100.7",
     "[domain-name:value = 'parcel.example' AND ipv4-addr:value = '198.51.100.7']", "domain-name"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "pattern", "seen"), KINDS)
def test_kinds_of_attributes(kind, value, pattern, seen):
    """What is looked for becomes an indicator, what is not an observation, each under its own UUID."""
    found = by_type(misp.taken_in(event(attribute(1, kind, value))))
    assert [(one.id, one.body["pattern"]) for one in found["indicator"]] == [(f"indicator--{named(1)}", pattern)]
    if "|" not in kind:
        assert patterns.observed(found["indicator"][0].body).note == ""
    quiet = by_type(misp.taken_in(event(attribute(1, kind, value, to_ids=False))))
    assert quiet["observed-data"][0].id == f"observed-data--{named(1)}"
    assert (
        quiet["observed-data"][0].body["object_refs"][0] == quiet[seen][0].id == stix.observable_id(quiet[seen][0].body)
    )


@pytest.mark.parametrize(("kind", "value"), [("yara", "rule x {}"), ("ip-dst", "nowhere"), ("sha256", "ab"), ("domain|ip", "a"),
                                             ("ip-dst|port", "198.51.100.7|80")])  # fmt: skip
def test_what_stix_has_no_word_for_is_kept(kind, value):
    """As an object of a type of its own, noted, and back as it came."""
    data = event(attribute(1, kind, value))
    taken = misp.taken_in(data)
    assert taken.notes == (misp.Note("attribute-type", named(1)),)
    assert by_type(taken)["x-misp-attribute"][0].body["x_misp_attribute"]["value"] == value
    back, _ = misp.handed_out(taken.objects, at=AT)
    assert json.loads(back) == json.loads(data)


def test_a_file_name_is_observed_and_not_matched():
    """STIX has a word for it; our subset of patterns does not look for names of files."""
    found = by_type(misp.taken_in(event(attribute(1, "filename|md5", f"bill.exe|{MD5}"))))
    pattern = found["indicator"][0].body["pattern"]
    assert pattern == f"[file:name = 'bill.exe' AND file:hashes.'MD5' = '{MD5}']"
    assert patterns.observables(pattern).note


RICH = event(
    attribute(1, "ip-dst", "198.51.100.7", Tag=[{"name": "tlp:amber"}, {"name": "exercise:relay"}],
              Sighting=[{"uuid": named(11), "type": "0", "date_sighting": "1796000100"},
                        {"uuid": named(12), "type": "1", "date_sighting": "1796000200"}]),
    attribute(2, "domain", "parcel.example", to_ids=False), attribute(3, "yara", "rule x {}"),
    attribute(4, "url", "https://پارسل.example/پرداخت"),
    Tag=[{"name": "tlp:green", "colour": "#33FF00"}, {"name": 'admiralty-scale:source-reliability="b"'}],
    Object=[{"uuid": named(20), "name": "file", "timestamp": "1796000300", "meta-category": "file", "Attribute": [
        attribute(21, "sha256", SHA, object_relation="sha256"),
        attribute(22, "size-in-bytes", "4096", object_relation="size")]}],
    Galaxy=[{"name": "Attack Pattern", "GalaxyCluster": [
        {"uuid": named(30), "type": "mitre-attack-pattern", "value": "Phishing - T1566", "description": "Messages."},
        {"uuid": named(31), "type": "rsit", "value": "Fraud"}]}],
)  # fmt: skip


def test_in_and_out_is_the_same():
    """An event with everything comes back as it came; every object is one of STIX 2.1 that another reader takes."""
    import stix2

    taken = misp.taken_in(RICH)
    back, notes = misp.handed_out(taken.objects, at=AT)
    assert json.loads(back) == json.loads(RICH)
    assert notes == ()
    for one in taken.objects:
        stix2.parse(one.raw.decode(), version="2.1", allow_custom=True)
    assert set(taken.notes) == {
        ("sighting-type", named(12)), ("attribute-type", named(3)), ("object", named(20)), ("galaxy", named(31))}  # fmt: skip
    found = by_type(taken)
    assert found["sighting"][0].body["sighting_of_ref"] == f"indicator--{named(1)}"
    assert found["attack-pattern"][0].body["name"] == "Phishing - T1566"
    assert found["identity"][0].id == f"identity--{named(901)}"
    assert set(found["report"][0].body["object_refs"]) == {one.id for one in taken.objects[:-1]}
    assert found["indicator"][0].body["labels"] == ["exercise:relay"]


def test_the_event_marks_all_that_is_in_it():
    """The stricter of the event's and the attribute's level; on the report the event's."""
    found = by_type(misp.taken_in(RICH))
    levels = {one.id[-2:]: tlp.marked(one.body).level for one in found["indicator"]}
    assert levels == {"01": Level.AMBER, "04": Level.GREEN, "21": Level.GREEN}
    assert tlp.marked(found["report"][0].body).level is Level.GREEN


@pytest.mark.parametrize(
    ("tag", "level"), [("tlp:white", 0), ("TLP:CLEAR", 0), ("tlp:amber+strict", 3), ("tlp:red", 4)]
)
def test_tags_of_tlp(tag, level):
    """Both versions, in any case."""
    taken = misp.taken_in(event(attribute(1, "domain", "a.example"), Tag=[{"name": tag}]))
    assert {tlp.marked(one.body).level for one in taken.objects} == {level}


def test_an_unknown_colour_goes_nowhere():
    """What is marked with a colour that is not known here counts as red, whatever the rules say of what has no mark."""
    taken = misp.taken_in(
        event(attribute(1, "domain", "a.example", Tag=[{"name": "tlp:blue"}]), Tag=[{"name": "tlp:clear"}])
    )
    assert ("tlp", named(1)) in taken.notes
    rules = release.Rules(purposes=frozenset({"prevention"}), public=True, basis="law", unmarked=tlp.Level.CLEAR)
    audience = release.Audience(state="", communities=frozenset(), purpose="prevention")
    found = by_type(taken)["indicator"][0]
    said = release.allowed(found, audience, rules)
    assert (tlp.marked(found.body).level, said.verdict, said.reason) == (tlp.Level.RED, "failed", "recipient")


RED = [{"name": "tlp:red"}]
INSIDE = [
    {"EventReport": [{"uuid": named(50), "name": "r", "content": "…", "Tag": RED}]},
    {"ShadowAttribute": [{"uuid": named(50), "type": "ip-dst", "value": "1", "Tag": RED}]},
    {"Galaxy": [{"name": "g", "GalaxyCluster": [{"uuid": named(30), "type": "tool", "value": "t", "Tag": RED}]}]},
    {"EventTag": [{"Tag": {"name": " TLP:Red "}}]}, {"EventReport": [{"uuid": named(50), "distribution": "0"}]},
    {"EventReport": [{"uuid": named(50), "distribution": 4, "sharing_group_id": 7}]}, {"distribution": "9", "Tag": []},
]  # fmt: skip


@pytest.mark.parametrize("inside", INSIDE, ids=lambda inside: json.dumps(inside)[:40])
def test_what_is_kept_is_as_red_as_what_is_in_it(inside):
    """A red tag, or a distribution to few, anywhere inside an event or an attribute: what holds it is red."""
    green = [{"name": "tlp:green"}]
    found = by_type(misp.taken_in(event(attribute(1, "domain", "a.example"), **({"Tag": green} | inside))))
    assert {tlp.marked(one.body).level for kind in ("report", "tool") for one in found.get(kind, ())} == {Level.RED}
    found = by_type(misp.taken_in(event(attribute(1, "domain", "a.example", **inside), Tag=green)))
    assert tlp.marked(found["indicator"][0].body).level is Level.RED
    assert tlp.marked(found["report"][0].body).level is Level.GREEN


@pytest.mark.parametrize("said", ["0", 0, "4", 4, "7", False, []])
def test_what_misp_keeps_to_few_is_red(said):
    """Your organisation only, a sharing group, or no number that is known; a tag that says something else counts instead."""
    levels = lambda data: {tlp.marked(one.body).level for one in misp.taken_in(data).objects}  # noqa: E731
    one = attribute(1, "domain", "a.example")
    assert levels(event(one, distribution=said)) == {Level.RED}
    assert levels(event(one, distribution=said, Tag=[{"name": "tlp:amber"}])) == {Level.AMBER}
    assert levels(event(one, distribution="3")) == {None}
    whole = {"uuid": named(20), "name": "x", "distribution": said, "Attribute": [one]}
    found = by_type(misp.taken_in(event(Object=[whole], Tag=[{"name": "tlp:green"}])))
    assert {tlp.marked(each.body).level for each in found["indicator"] + found["x-misp-object"]} == {Level.RED}


HOSTILE = st.recursive(
    st.sampled_from(["a", named(5), "tlp:red", "x" * 40, "1796000000", "9" * 11, "", True, None, 0, -1, 1.5, "\u0661"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "uuid", "timestamp", "date_sighting", "Tag", "name", "type", "value", "Sighting", "Attribute", "Object", "Galaxy",
        "GalaxyCluster", "info", "Orgc", "date", "to_ids", "comment", "distribution"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
NAMED = HOSTILE.map(lambda said: {"uuid": named(5), **said} if isinstance(said, dict) else said)


@given(st.lists(st.tuples(st.sampled_from(sorted(BY_TYPE)), st.dictionaries(st.sampled_from(
    ["x_misp_attribute", "x_misp_object", "x_misp_event", "x_misp_object_uuid"]), NAMED)), max_size=4))  # fmt: skip
@example([("url", {"x_misp_attribute": {"uuid": "a"}})])
@example([("indicator", {"x_misp_attribute": {"uuid": "a", "Sighting": [{"uuid": {}}]}}), ("sighting", {})])
@example([("report", {"x_misp_event": {"uuid": "a", "Galaxy": [{"GalaxyCluster": [{"uuid": []}]}]}}), ("tool", {})])
def test_whatever_is_kept_goes_out(told):
    """Any object that is taken is handed out, whatever somebody wrote where MISP's words are kept; and nothing is changed."""
    found = [stix.read(changed(kind, **said)) for kind, said in told]
    before = [json.dumps(one.body) for one in found]
    data, _ = misp.handed_out(found, at=AT)
    assert isinstance(json.loads(data)["Event"]["Attribute"], list)
    assert [json.dumps(one.body) for one in found] == before


def test_a_changed_object_is_written_anew():
    """What was changed here goes out as it is now, under its UUID; what was kept is no longer true of it."""
    one = by_type(misp.taken_in(event(attribute(1, "domain", "a.example"))))["indicator"][0]
    newer = one.body | {"modified": "2027-01-01T00:00:00.000Z", "pattern": "[domain-name:value = 'b.example']"}
    back, _ = misp.handed_out([stix.read(json.dumps(newer).encode())], at=AT)
    (found,) = json.loads(back)["Event"]["Attribute"]
    assert (found["uuid"], found["value"], found["timestamp"]) == (named(1), "b.example", "1798761600")


def test_what_was_never_misp_goes_out_and_comes_back():
    """One object of each type: what MISP has no word for holds its bytes, and is the same object again."""
    found = [stix.read(changed(kind, object_marking_refs=[tlp.IDS[Level.GREEN]])) for kind in BY_TYPE]
    data, notes = misp.handed_out(found, at=AT)
    assert {note.code for note in notes} == {"stix-type"}
    taken = misp.taken_in(data)
    kept = {one.id: one for one in taken.objects}
    for one in found:
        if ("stix-type", one.id) in notes:
            assert (kept[one.id].raw, kept[one.id].digest) == (one.raw, one.digest)
    assert f"indicator--{BY_TYPE['indicator']['id'][-36:]}" in kept
    values = {held["value"] for held in json.loads(data)["Event"]["Attribute"]}
    assert {"198.51.100.7", "parcel.example"} <= values


def test_an_objects_own_mark_does_not_undo_the_events():
    """Bytes of an object marked clear, inside a red event: kept as an attribute under red, never as a clear object."""
    clear = changed("tool", object_marking_refs=[tlp.IDS[Level.CLEAR]]).decode()
    raw = attribute(1, "text", clear, comment="STIX 2.1 object")
    taken = misp.taken_in(event(raw, Tag=[{"name": "tlp:red"}]))
    assert "tool" not in by_type(taken)
    assert {tlp.marked(one.body).level for one in taken.objects} == {Level.RED}
    assert ("tlp", BY_TYPE["tool"]["id"]) in taken.notes
    assert "tool" in by_type(misp.taken_in(event(raw, Tag=[{"name": "tlp:clear"}])))


def test_a_pattern_of_more_goes_out_as_it_is():
    """An indicator that is not a choice of equalities is not half written."""
    one = stix.read(changed("indicator", pattern="[url:value = 'a' AND process:name = 'b']"))
    data, notes = misp.handed_out([one], at=AT)
    assert notes == (("pattern", one.id),)
    assert json.loads(data)["Event"]["Attribute"][0]["to_ids"] is False


NO_EVENTS = [
    b"{}", b'{"Event": []}', event(uuid="x"), event(Orgc=None), event(timestamp="soon"), event(info=5),
    event(timestamp=None, date="soon"), event(timestamp="9" * 20), event({"uuid": named(1)}),
    event(attribute(1, "domain", "a", Tag=[1])),
]  # fmt: skip


@pytest.mark.parametrize("data", NO_EVENTS)
def test_what_is_no_event(data):
    """It is refused by name."""
    assert code(misp.taken_in, data) in {"misp.event", "stix.value"}


@pytest.mark.parametrize("seconds", ["-30000000000", "253370764800", "7300000000"])
def test_a_year_that_cannot_be_meant_is_refused(seconds):
    """Of the year 1019, 9999 or 2201: of the event, of what is in it, and of a sighting; the refusal says the year."""
    seen = [{"uuid": named(7), "date_sighting": seconds}]
    for data in (
        event(timestamp=seconds),
        event(attribute(1, "domain", "parcel.example", timestamp=seconds)),
        event(attribute(1, "domain", "parcel.example", Sighting=seen)),
    ):
        with pytest.raises(Invalid, match=r"(1019|9998|9999|2201): a year from 1900 to 2199 is needed.*stix\.year"):
            misp.taken_in(data)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["uuid", "Tag", "name", "type", "value", "Sighting", "timestamp"]), inner)
        ),
    )
)
def test_anything_is_taken_or_refused(value):
    """No value in any place of an event makes anything but objects or a refusal."""
    for place in ("Attribute", "Object", "Galaxy", "Tag", "Orgc", "info"):
        code(misp.taken_in, event(attribute(1, "domain", "a.example"), **{place: value}))
        code(misp.taken_in, event(**{place: [value]}))


# ----------------------------------------------------------------------------------------------------- the PyMISP library


def test_what_pymisp_writes_is_read():
    """An event made with the library, in and out: the library finds the same attributes, tags and objects."""
    made = MISPEvent()
    made.info, made.uuid, made.timestamp, made.distribution = "Made by the library", named(900), AT, 1
    made.set_date(AT.date())
    made.published = False
    made.Orgc = {"name": "Exercise", "uuid": named(901)}
    made.add_tag("tlp:amber")
    first = made.add_attribute("ip-dst", "198.51.100.7", to_ids=True, uuid=named(1), timestamp=AT)
    first.add_sighting({"uuid": named(11), "type": "0", "date_sighting": "1796000100"})
    made.add_attribute("comment", "read first", uuid=named(2), timestamp=AT)
    held = MISPObject("file", standalone=False)
    held.uuid, held.timestamp = named(20), AT
    held.add_attribute("sha256", value=SHA, uuid=named(21), timestamp=AT)
    made.add_object(held)
    taken = misp.taken_in(b'{"Event":%s}' % made.to_json().encode())
    back, _ = misp.handed_out(taken.objects, at=AT)
    read = MISPEvent()
    read.load(back.decode())
    assert json.loads(read.to_json()) == json.loads(made.to_json())


def test_what_we_write_is_read_by_pymisp():
    """An event of STIX objects of our own: the library finds what is looked for, and the marks."""
    marked = {"object_marking_refs": [tlp.IDS[Level.GREEN]]}
    objects = [stix.read(changed(kind, **marked)) for kind in ("indicator", "url", "file", "report", "tool")]
    objects.append(stix.read(changed("identity")))
    objects.append(stix.read(changed("sighting", **marked)))
    read = MISPEvent()
    read.load(misp.handed_out(objects, at=AT)[0].decode())
    assert (read.info, read.Orgc.name, read.distribution) == ("Parcels in autumn", "Exercise authority", 0)
    assert [tag.name for tag in read.tags] == ["tlp:green"]
    assert {(one.type, one.to_ids) for one in read.attributes} == {
        ("ip-dst", True), ("domain", True), ("url", False), ("sha256", False), ("text", False)}  # fmt: skip
    assert len(read.attributes[0].sightings) == 1
