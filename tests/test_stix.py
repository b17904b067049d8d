"""STIX 2.1: what holds is kept byte for byte, what does not is refused by name, and nothing is parsed unmeasured."""

import json
from datetime import UTC, datetime

import pytest
import stix2.registry
import stix2.v21.vocab
from hypothesis import given, settings
from hypothesis import strategies as st
from indicators import BUNDLE, BY_TYPE, VECTORS, changed
from refusing import code
from stix2.patterns import ObservationExpression  # noqa: F401 -- makes sure that the other reader is installed

from comity.errors import Invalid
from comity.sharing import _json, _types, patterns, stix, tlp

ALL_CLASSES = stix2.registry.STIX2_OBJ_MAPS["2.1"]["objects"] | stix2.registry.STIX2_OBJ_MAPS["2.1"]["observables"]
CLASSES = {name: kind for name, kind in ALL_CLASSES.items() if name != "bundle"}


# ------------------------------------------------------------------------------------------------ what holds is kept


def test_one_object_of_each_type_is_read():
    """All 42 types are in the file, each is read without a remark, and the other reader takes them too."""
    read = list(stix.objects(BUNDLE))
    assert {one.type for one in read} == set(_types.PROPERTIES) == set(CLASSES)
    for one in read:
        assert isinstance(one, stix.Object)
        assert one.remarks == ()
        assert json.loads(one.raw) == one.body
        assert one.raw in BUNDLE
        assert json.loads(stix2.parse(one.raw.decode(), version="2.1").serialize())["id"] == one.id


def test_the_file_is_what_its_maker_writes():
    """tests/vectors/stix/objects.json is not edited by hand."""
    import runpy

    made = runpy.run_path(str(VECTORS.parent / "make.py"))["OBJECTS"]
    assert json.loads(BUNDLE)["objects"] == json.loads(json.dumps(made))


# Where our tables differ from the other reader's on purpose: (type, property).
LOOSER = {("malware", "name")}
STRICTER = {("indicator", "valid_from"), ("extension-definition", "created_by_ref")}


@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_the_tables_name_what_another_reader_names(kind):
    """Each type has the same properties as in the stix2 library, and the same ones are required."""
    checks, required = stix._TABLES[kind]
    theirs = {name for name in CLASSES[kind]._properties if name != "defanged" or kind in _types.OBSERVABLE}
    assert set(checks) == theirs
    needed = {name for name, one in CLASSES[kind]._properties.items() if one.required}
    made = {"type", "spec_version", "id", "created", "modified"} & theirs  # the library fills these in by itself
    ours = {(kind, name) for name in required - made}
    assert ours ^ {(kind, name) for name in needed - made} <= LOOSER | STRICTER


def test_the_vocabularies_are_those_of_another_reader():
    """Open vocabularies and enumerations have the same words as in the stix2 library."""
    theirs = {frozenset(words) for words in vars(stix2.v21.vocab).values() if isinstance(words, list)}
    for words in (_types.VOCABULARIES | _types.ENUMS).values():
        assert frozenset(words.split()) in theirs


@pytest.mark.parametrize("kind", sorted(set(_types.OBSERVABLE) - {"process"}))
def test_ids_of_observables_are_those_of_another_reader(kind):
    """An observable's id is made from its content exactly as the stix2 library makes it."""
    body = {name: value for name, value in BY_TYPE[kind].items() if name != "id"}
    assert stix.observable_id(body) == stix2.parse(body, version="2.1").id


def test_a_wrong_made_id_is_remarked():
    """An id of version 5 that its content does not make is allowed, and said."""
    right = stix.observable_id(BY_TYPE["url"])
    assert stix.read(changed("url", id=right)).remarks == ()
    assert stix.read(changed("url", id=right, value="https://other.example")).remarks == (("observable-id", "id"),)


def test_equal_content_has_one_digest_however_it_is_written():
    """Order, white space and escapes change the bytes and not the digest; content changes it."""
    body = BY_TYPE["language-content"]
    plain = stix.read(json.dumps(body).encode())
    other = stix.read(json.dumps(dict(reversed(body.items())), indent=2, ensure_ascii=False).encode())
    assert plain.raw != other.raw
    assert plain.digest == other.digest
    assert stix.read(changed("language-content", contents={"fa": {"name": "بسته"}})).digest != plain.digest
    assert stix.read(b" \t\r\n" + plain.raw + b"\n ").raw == plain.raw
    spelled = changed("tool").replace(b'"bulk', b'"\\u0062ulk')
    assert stix.read(spelled).digest == stix.read(changed("tool")).digest
    keys = changed("tool", x_keys={"\ue000": 1, "\U00010000": 2})  # sorted by UTF-16, the second comes first
    assert stix.read(keys).digest == stix.read(json.dumps(json.loads(keys), ensure_ascii=False).encode()).digest
    fraction, whole = (stix.read(changed("location", precision=value)) for value in (500.0, 500))
    assert fraction.digest == whole.digest


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("2026-11-12T18:45:10.250Z", "2026-11-12T18:45:10.250000Z"),
        ("2026-11-12T18:45:10Z", "2026-11-12T18:45:10.000000Z"),
        ("2026-11-12T18:45:10.25Z", "2026-11-12T18:45:10.250000Z"),
        ("2026-11-12T18:45:10.123456Z", "2026-11-12T18:45:10.123456Z"),
    ],
)
def test_one_moment_is_one_version(said, version):
    """However many digits a moment is written with, it names one version."""
    assert stix.read(changed("tool", modified=said)).version == version


def test_versions_and_duplicates():
    """The same version with the same content is the same, with other content it is refused by name."""
    one = stix.read(changed("tool"))
    assert stix.compared(one, None) == "new"
    assert stix.compared(one, one.digest) == "same"
    other = stix.read(changed("tool", name="another"))
    assert (other.id, other.version) == (one.id, one.version)
    with pytest.raises(Invalid) as refused:
        stix.compared(other, one.digest)
    assert (refused.value.code, refused.value.where) == ("stix.other-content", one.id)
    assert stix.read(changed("url")).version == ""


# --------------------------------------------------------------------------------------- what does not is refused by name

UUID4 = "11111111-2222-4333-8444-555555555555"
REFUSED = [
    ("no type", "tool", {"type": None}, "stix.type", "type"),
    ("a type in capitals", "tool", {"type": "Tool"}, "stix.type", "type"),
    ("a bundle inside", "tool", {"type": "bundle", "id": f"bundle--{UUID4}"}, "stix.type", "type"),
    ("the old version", "tool", {"spec_version": "2.0"}, "stix.spec-version", "spec_version"),
    ("no version of the standard", "tool", {"spec_version": None}, "stix.missing", "spec_version"),
    ("an id of another type", "tool", {"id": f"malware--{UUID4}"}, "stix.id", "id"),
    ("an id without a UUID", "tool", {"id": "tool--1"}, "stix.id", "id"),
    ("a UUID in capitals", "tool", {"id": f"tool--{UUID4.replace('1', 'A')}"}, "stix.id", "id"),
    ("a UUID of another variant", "tool", {"id": "tool--11111111-2222-4333-0444-555555555555"}, "stix.id", "id"),
    ("no name", "tool", {"name": None}, "stix.missing", "name"),
    ("a name that is a number", "tool", {"name": 5}, "stix.value", "name"),
    ("an empty list", "tool", {"aliases": []}, "stix.value", "aliases"),
    ("a list of numbers", "tool", {"aliases": [1]}, "stix.value", "aliases"),
    ("a truth that is a number", "malware", {"is_family": 1}, "stix.value", "is_family"),
    ("confidence above 100", "tool", {"confidence": 101}, "stix.value", "confidence"),
    ("a count that is a truth", "sighting", {"count": True}, "stix.value", "count"),
    ("a port beyond", "network-traffic", {"dst_port": 65536}, "stix.value", "dst_port"),
    ("a latitude beyond", "location", {"latitude": 90.5}, "stix.value", "latitude"),
    ("modified before created", "tool", {"modified": "2026-10-03T07:19:59.999Z"}, "stix.time", "modified"),
    ("a time with an offset", "tool", {"modified": "2026-11-12T18:45:10+03:30"}, "stix.time", "modified"),
    ("the 30th of February", "tool", {"modified": "2027-02-30T00:00:00Z"}, "stix.time", "modified"),
    ("made in 9999", "tool", {"modified": "9999-12-31T23:59:59Z"}, "stix.year", "modified"),
    ("made in 1019", "tool", {"created": "1019-11-30T09:15:00.000Z"}, "stix.year", "created"),
    ("seen in 1019", "sighting", {"first_seen": "1019-11-30T09:15:00.000Z"}, "stix.year", "first_seen"),
    ("seen in 9999", "sighting", {"last_seen": "9999-11-30T09:15:00.000Z"}, "stix.year", "last_seen"),
    ("observed in 1899", "observed-data", {"first_observed": "1899-12-31T23:59:59Z"}, "stix.year", "first_observed"),
    ("observed in 2200", "observed-data", {"last_observed": "2200-01-01T00:00:00Z"}, "stix.year", "last_observed"),
    ("published in 1019", "report", {"published": "1019-11-30T09:15:00Z"}, "stix.year", "published"),
    ("a time in Arabic digits", "tool", {"modified": "٢٠٢٦-11-12T18:45:10Z"}, "stix.time", "modified"),
    ("no such language", "tool", {"lang": "english language"}, "stix.value", "lang"),
    ("created by a tool", "tool", {"created_by_ref": f"tool--{UUID4}"}, "stix.reference", "created_by_ref"),
    ("a reference to nothing", "tool", {"created_by_ref": "me"}, "stix.id", "created_by_ref"),
    ("a relationship of a relationship", "relationship", {"target_ref": f"sighting--{UUID4}"},
     "stix.reference", "target_ref"),
    ("a sighting of an address", "sighting", {"sighting_of_ref": f"ipv4-addr--{UUID4}"},
     "stix.reference", "sighting_of_ref"),
    ("an opinion of one's own", "opinion", {"opinion": "perhaps"}, "stix.value", "opinion"),
    ("an external reference to nothing", "tool", {"external_references": [{"source_name": "x"}]},
     "stix.value", "external_references"),
    ("a phase without a chain", "tool", {"kill_chain_phases": [{"phase_name": "x"}]},
     "stix.value", "kill_chain_phases"),
    ("a short hash", "file", {"hashes": {"SHA-256": "ab"}}, "stix.value", "hashes"),
    ("no hashes in hashes", "file", {"hashes": {}}, "stix.value", "hashes"),
    ("a selector to nowhere", "tool", {"granular_markings": [{"lang": "en", "selectors": ["aliases"]}]},
     "stix.selector", "aliases"),
    ("a marking by language and mark", "tool",
     {"granular_markings": [{"lang": "en", "marking_ref": tlp.IDS[tlp.Level.RED], "selectors": ["name"]}]},
     "stix.value", "granular_markings"),
    ("an extension that is a word", "tool", {"extensions": {f"extension-definition--{UUID4}": "x"}},
     "stix.extension", "extensions"),
    ("an extension of no kind", "tool", {"extensions": {f"extension-definition--{UUID4}": {"extension_type": "x"}}},
     "stix.extension", "extensions"),
    ("a property in capitals", "tool", {"Name": "x"}, "stix.name", "Name"),
    ("valid until before it is valid", "indicator", {"valid_until": "2026-10-03T07:20:00Z"}, "stix.rule", ""),
    ("last seen before first", "campaign", {"last_seen": "2026-08-01T00:00:00Z"}, "stix.rule", ""),
    ("a place that is nowhere", "location",
     {"latitude": None, "longitude": None, "precision": None, "region": None, "country": None},
     "stix.rule", ""),
    ("half a place", "location", {"longitude": None}, "stix.rule", ""),
    ("a family without a name", "malware", {"is_family": True, "name": None}, "stix.rule", ""),
    ("an analysis without a result", "malware-analysis", {"result": None, "analysis_sco_refs": None}, "stix.rule", ""),
    ("observed twice", "observed-data", {"objects": {"0": {"type": "url", "value": "x"}}}, "stix.rule", ""),
    ("an artifact without content", "artifact", {"payload_bin": None}, "stix.rule", ""),
    ("a message of both kinds", "email-message", {"body_multipart": [{"body": "x"}]}, "stix.rule", ""),
    ("a file without anything", "file", {"name": None, "hashes": None}, "stix.rule", ""),
    ("no IPv4 address", "ipv4-addr", {"value": "198.51.100.300"}, "stix.rule", ""),
    ("IPv4 as IPv6", "ipv6-addr", {"value": "198.51.100.7"}, "stix.rule", ""),
    ("traffic that has ended and goes on", "network-traffic", {"is_active": True}, "stix.rule", ""),
    ("traffic from nowhere", "network-traffic", {"src_ref": None, "dst_ref": None}, "stix.rule", ""),
    ("a process without anything", "process", {"pid": None, "command_line": None, "image_ref": None, "is_hidden": None},
     "stix.rule", ""),
    ("a marking of nothing", "marking-definition", {"definition": None, "definition_type": None}, "stix.rule", ""),
    ("TLP under another id", "marking-definition", {"definition_type": "tlp", "definition": {"tlp": "white"}},
     "stix.spoofed", "id"),
    ("a pattern of 400 brackets", "indicator", {"pattern": "[" + "(" * 400 + "url:value='x'" + ")" * 400 + "]"},
     "stix.pattern-depth", "pattern"),
    ("a pattern left open", "indicator", {"pattern": "[url:value = 'x'"}, "stix.pattern-brackets", "pattern"),
    ("a pattern too long", "indicator", {"pattern": "x" * (patterns.LENGTH + 1), "pattern_type": "yara"},
     "stix.pattern-long", "pattern"),
    ("a lone surrogate", "tool", {"name": "\ud800"}, "sharing.canonical", ""),
]  # fmt: skip


@pytest.mark.parametrize(("title", "kind", "said", "expected", "where"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(title, kind, said, expected, where):
    """Each fault is refused by its own code and place, and spoils nothing beside it."""
    with pytest.raises(Invalid) as refused:
        stix.read(changed(kind, **said))
    assert (refused.value.code, refused.value.where) == (expected, where)
    whole = b'{"objects":[%s,%s,%s]}' % (changed("tool"), changed(kind, **said), changed("url"))
    first, second, third = stix.objects(whole)
    assert (first.type, third.type) == ("tool", "url")
    assert (second.place, second.error.code) == (1, expected)


def test_what_is_refused_says_what_it_calls_itself():
    """A refused object is named by its id and version, where these can be told."""
    bad = changed("tool", name=5), changed("tool", id="x"), changed("tool", modified=7)
    named, unnamed, unversioned = stix.objects(b'{"objects":[%s]}' % b",".join(bad))
    assert (named.id, named.version) == (BY_TYPE["tool"]["id"], "2026-11-12T18:45:10.250000Z")
    assert (unnamed.id, unversioned.version) == ("", "")


REMARKED = [
    ("a word outside an open vocabulary", "tool", {"tool_types": ["abacus"]}, ("vocabulary", "tool_types")),
    ("a property of one's own", "tool", {"x_state_rank": 3}, ("custom-property", "x_state_rank")),
    ("an unknown hash", "file", {"hashes": {"IMPHASH": "ab"}}, ("vocabulary", "hashes")),
    ("an extension by an old name", "file", {"extensions": {"x-old": {"a": 1}}}, ("extension", "extensions")),
    ("embedded observables", "observed-data", {"object_refs": None, "objects": {"0": {"type": "url", "value": "x"}}},
     ("deprecated", "objects")),
    ("a type of one's own", "tool", {"type": "x-abacus", "id": f"x-abacus--{UUID4}", "name": None, "tool_types": None,
     "tool_version": None}, ("custom-type", "type")),
]  # fmt: skip


@pytest.mark.parametrize(("title", "kind", "said", "expected"), REMARKED, ids=[row[0] for row in REMARKED])
def test_what_is_allowed_and_said(title, kind, said, expected):
    """What is allowed and yet worth knowing is remarked upon, once."""
    assert stix.read(changed(kind, **said)).remarks == (expected,)


def test_ones_own_can_be_refused():
    """With `custom=False` neither types nor properties of somebody's own are taken."""
    assert code(stix.read, changed("tool", x_rank=3), custom=False) == "stix.custom"
    own = changed("tool", type="x-abacus", id=f"x-abacus--{UUID4}")
    assert code(stix.read, own, custom=False) == "stix.type"
    assert code(stix.read, own) == ""


def test_an_observable_of_a_type_of_ones_own():
    """What says that it is an observable needs no dates; what does not say so, does."""
    said = {"extensions": {f"extension-definition--{UUID4}": {"extension_type": "new-sco"}}}
    own = {"type": "x-plate", "spec_version": "2.1", "id": f"x-plate--{UUID4}", "text": "12 B 345"}
    assert stix.read(json.dumps(own | said).encode()).version == ""
    assert code(stix.read, json.dumps(own).encode()) == "stix.missing"


# ------------------------------------------------------------------------------------------- nothing is parsed unmeasured

SMALL = stix.Limits(size=2_000, nesting=6, objects=3, object_size=900, string=100, items=20)
TOOL = changed("tool")
WHOLES = [
    ("no object", b"[]", "sharing.envelope"),
    ("objects that are no list", b'{"objects":{}}', "sharing.envelope"),
    ("a number among objects", b'{"objects":[1]}', "sharing.envelope"),
    ("nothing", b"", "sharing.envelope"),
    ("half an object", b'{"objects":[{"a":1}', "sharing.json"),
    ("a comma too many", b'{"objects":[{},]}', "sharing.json"),
    ("text behind it", b'{"objects":[]}x', "sharing.json"),
    ("a byte order mark", b'\xef\xbb\xbf{"objects":[]}', "sharing.envelope"),
    ("no UTF-8", b'{"objects":["\xff"]}', "sharing.json"),
    ("a string left open", b'{"objects":["]}', "sharing.json"),
    ("brackets crossed", b'{"a":[}]', "sharing.json"),
    ("the list twice", b'{"objects":[],"objects":[]}', "sharing.duplicate"),
    ("a key twice", b'{"objects":[{"a":1,"a":2}]}', "sharing.duplicate"),
    ("not a number", b'{"objects":[{"a":NaN}]}', "sharing.number"),
    ("infinity", b'{"objects":[{"a":1e999}]}', "sharing.number"),
    ("an integer beyond", b'{"objects":[{"a":9007199254740992}]}', "sharing.number"),
    ("ten thousand digits", b'{"objects":[{"a":' + b"9" * 1_500 + b"}]}", "sharing.number"),
    ("too long", b" " * 2_001, "sharing.too-long"),
    ("too deep", b'{"objects":[' + b'{"a":' * 5 + b"1" + b"}" * 5 + b"]}", "sharing.depth"),
    ("a thousand brackets", b"[" * 1_000 + b"]" * 1_000, "sharing.depth"),
    ("too many objects", b'{"objects":[{},{},{},{}]}', "sharing.many"),
    ("an object too long", b'{"objects":[{"a":"' + b'x","b":"' * 120 + b'"}]}', "sharing.duplicate"),
    ("a long object", b'{"objects":[{"a":[' + b",".join([b'"%s"' % (b"x" * 99)] * 9) + b"]}]}", "sharing.too-long"),
    ("a long string", b'{"objects":[{"a":"' + b"x" * 101 + b'"}]}', "sharing.string"),
    ("a long string in lists", b'{"objects":[{"a":[["' + b"x" * 101 + b'"]]}]}', "sharing.string"),
    ("a long key", b'{"objects":[{"' + b"x" * 251 + b'":1}]}', "sharing.string"),
    ("a long list", b'{"objects":[{"a":[' + b",".join([b"1"] * 21) + b"]}]}", "sharing.items"),
    ("a long list beside it", b'{"a":[' + b",".join([b"1"] * 21) + b'],"objects":[]}', "sharing.items"),
    ("many keys beside the list", b"{" + b",".join(b'"%d":1' % n for n in range(21)) + b"}", "sharing.items"),
    ("many keys", b'{"objects":[{' + b",".join(b'"%d":1' % n for n in range(21)) + b"}]}", "sharing.items"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "data", "expected"), WHOLES, ids=[row[0] for row in WHOLES])
def test_what_is_not_read_at_all(title, data, expected):
    """Each limit and each fault of the JSON has its code."""
    assert code(lambda: list(stix.objects(data, limits=SMALL))) == expected


def test_a_string_left_open_costs_no_more_than_its_length():
    """Eight megabytes of escaped quotation marks are looked at once each: quadratic time would not end today."""
    assert code(_json.measure, b'{"a":"' + b'\\"' * (4 << 20), stix.Limits(size=9 << 20)) == "sharing.json"
    assert code(patterns.scan, "'" + "\\'" * 32_000) == ""


def test_brackets_in_strings_do_not_count():
    """What stands in a string is no nesting."""
    deep = changed("tool", name="[" * 90 + '\\"' + "{")
    assert stix.read(deep, limits=SMALL).body["name"].startswith("[[[")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=30,
    ).filter(lambda value: True),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)  # fmt: skip
def test_pieces_are_what_json_says(value, indent, ascii_only):
    """For any JSON, each piece is one object with its own characters, and says what the standard library says."""
    whole = {"before": value, "objects": [{"a": value}, {}, {"b": [value]}], "after": value}
    data = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    found = list(_json.pieces(data, stix.Limits()))
    assert [piece.value for piece in found] == whole["objects"]
    assert [json.loads(piece.raw) for piece in found] == whole["objects"]
    for piece in found:
        try:
            exact = _json.canonical(piece)
        except Invalid:
            continue
        assert exact == _json.canonical(_json.Piece(0, b"", piece.value, plain=False))


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\a1 objects', max_size=60).map(str.encode))
def test_strangers_bytes_are_read_or_refused(data):
    """Any bytes are read, or refused as Invalid."""
    code(lambda: list(stix.objects(b'{"objects":[' + data + b"]}")))
    code(lambda: list(stix.objects(data)))
    code(stix.read, data)


@given(st.sampled_from(sorted(BY_TYPE)), st.data())
def test_any_value_in_any_place_is_read_or_refused(kind, data):
    """No value of JSON in any property makes anything but an object or a refusal."""
    name = data.draw(st.sampled_from(sorted(stix._TABLES[kind][0])))
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    value = data.draw(
        leaves | st.lists(leaves | st.lists(leaves), max_size=3) | st.dictionaries(st.text(max_size=5), leaves)
    )
    code(stix.read, json.dumps(BY_TYPE[kind] | {name: value}).encode())


def test_a_bundle_of_many_is_never_held_whole():
    """Objects are yielded while the rest has not been read: a fault behind them is met later."""
    reading = stix.objects(b'{"objects":[%s,%s,{"a":NaN}]}' % (TOOL, TOOL))
    assert next(reading).type == "tool"
    assert next(reading).type == "tool"
    assert code(next, reading) == "sharing.number"


def test_circles_are_no_trouble():
    """Objects may refer to each other in circles."""
    one, two = f"report--{UUID4}", f"report--{UUID4.replace('1', '2')}"
    circle = changed("report", id=one, object_refs=[two, one]), changed("report", id=two, object_refs=[one])
    assert [found.type for found in stix.objects(b'{"objects":[%s]}' % b",".join(circle))] == ["report", "report"]


# -------------------------------------------------------------------------------------------------------------- patterns

SHA = BY_TYPE["file"]["hashes"]["SHA-256"]
READ = [
    ("[ipv4-addr:value = '198.51.100.7']", [("ipv4-addr", "198.51.100.7")]),
    ("[ipv4-addr:value = '198.51.100.0/24']", [("ipv4-addr", "198.51.100.0/24")]),
    ("[ipv6-addr:value = '2001:DB8:0:0::7']", [("ipv6-addr", "2001:db8::7")]),
    ("[domain-name:value = 'Parcel.Example.']", [("domain-name", "parcel.example")]),
    ("[url:value = 'https://it\\'s.example/A']", [("url", "https://it's.example/A")]),
    ("[email-addr:value = 'Clerk@Parcel.Example']", [("email-addr", "Clerk@parcel.example")]),
    ("[email-message:from_ref.value = 'a@b.example']", [("email-addr", "a@b.example")]),
    ("[network-traffic:dst_ref.value = '198.51.100.7']", [("ipv4-addr", "198.51.100.7")]),
    ("[network-traffic:dst_ref.value = 'parcel.example']", [("domain-name", "parcel.example")]),
    (f"[file:hashes.'SHA-256' = '{SHA.upper()}']", [("file:SHA-256", SHA)]),
    ("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", [("file:MD5", "d41d8cd98f00b204e9800998ecf8427e")]),
    ("[url:value = 'a' OR (url:value = 'b')] OR ([url:value = 'a'])", [("url", "a"), ("url", "b")]),
    ("[url:value IN ('a', 'b')]", [("url", "a"), ("url", "b")]),
    ("[url:value IN ('a')] OR [url:value == 'b']", [("url", "a"), ("url", "b")]),
]
UNREAD = [
    ("[url:value = 'a' AND url:value = 'b']", "operator"),
    ("[url:value = 'a'] AND [url:value = 'b']", "operator"),
    ("[url:value = 'a'] FOLLOWEDBY [url:value = 'b']", "operator"),
    ("[NOT url:value = 'a']", "operator"),
    ("[url:value NOT IN ('a')]", "operator"),
    ("[url:value != 'a']", "operator"),
    ("[url:value LIKE 'a%']", "operator"),
    ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "operator"),
    ("[process:name = 'a']", "path"),
    ("[file:hashes.SSDEEP = 'a']", "path"),
    ("[ipv4-addr:value = '300.1.1.1']", "value"),
    ("[url:value = t'2026-01-01T00:00:00Z']", "value"),
    ("[file:hashes.MD5 = 'xyz']", "value"),
    ("[url:value = 'a'] [url:value = 'b']", "syntax"),
    ("[url:value = 5]", "syntax"),
    ("[]", "syntax"),
    ("", "syntax"),
    ("[url:value = 'a' OR]", "syntax"),
    ("[url:value IN ('a',)]", "syntax"),
]


@pytest.mark.parametrize(("pattern", "expected"), READ)
def test_what_a_pattern_looks_for(pattern, expected):
    """A choice of equalities is read in one form each; the other reader takes the pattern too."""
    assert patterns.observables(pattern) == patterns.Reading(tuple(patterns.Observable(*one) for one in expected))
    stix2.parse(changed("indicator", pattern=pattern).decode(), version="2.1")


@pytest.mark.parametrize(("pattern", "note"), UNREAD)
def test_half_a_pattern_is_no_pattern(pattern, note):
    """What asks for more yields nothing, and says so."""
    found = patterns.observables(pattern)
    assert found.observables == ()
    assert found.note
    assert note in {found.note, "syntax"}


@settings(max_examples=300)
@given(st.text(alphabet="[]()'= \\,:.urlvaeINORx1", max_size=60))
def test_any_pattern_is_read_or_refused(pattern):
    """Any text is read, left unread, or refused."""
    code(patterns.observables, pattern)


def test_what_an_object_names():
    """Indicators and observables are met again by the same observable."""
    named = {
        kind: patterns.observed(BY_TYPE[kind]).observables for kind in ("indicator", "ipv4-addr", "domain-name", "file")
    }
    assert set(named["indicator"]) == {*named["ipv4-addr"], *named["domain-name"]}
    assert named["file"] == (("file:SHA-256", SHA),)
    assert patterns.observed(BY_TYPE["tool"]).note == "path"
    assert patterns.observed(BY_TYPE["indicator"] | {"pattern_type": "yara"}).note == "language"


def test_four_hundred_brackets():
    """Our own count refuses what kills a parser that recurses."""
    assert code(patterns.scan, "[" + "(" * 400 + "url:value='x'" + ")" * 400 + "]") == "stix.pattern-depth"


def test_a_moment_is_written_in_one_way():
    """`version_key` writes UTC with six digits."""
    assert stix.version_key(datetime(2026, 11, 12, 18, 45, 10, tzinfo=UTC)) == "2026-11-12T18:45:10.000000Z"
