"""What goes out: TLP 2.0 and a State's own rules, at every level, for every kind of audience; personal data."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from indicators import BY_TYPE, changed
from refusing import code

from comity.sharing import release, stix, tlp
from comity.sharing.release import Audience, Came, Rules, Verdict
from comity.sharing.tlp import IDS, Level

AT = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
OLD_WHITE, OLD_RED = (
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
)
TERMS = BY_TYPE["marking-definition"]["id"]
CREATOR = BY_TYPE["identity"]["id"]
VN = Audience(state="VN", communities=frozenset({"gulf"}), purpose="prevention")
PUBLIC = Audience(state="", communities=frozenset(), purpose="prevention")
OPEN = Rules(states=frozenset({"VN"}), purposes=frozenset({"prevention"}), free_text=True)
WIDE = Rules(communities=frozenset({"gulf"}), purposes=frozenset({"prevention"}), public=True, free_text=True)


def tool(*markings, parts=(), **said):
    """A tool with these markings; `parts`: (marking, selector)."""
    granular = [{"marking_ref": marking, "selectors": [selector]} for marking, selector in parts]
    marks = {"object_marking_refs": list(markings) or None, "granular_markings": granular or None}
    return stix.read(changed("tool", **marks, **said))


def marked(level):
    """A tool of this level."""
    return tool(IDS[level])


# ------------------------------------------------------------------------------------------------------------ the colours


@pytest.mark.parametrize("level", Level)
def test_the_colours_are_read(level):
    """Each level's own definition is no forgery, and marks by its id."""
    found = stix.read(json.dumps(tlp.definition(level)).encode())
    assert tlp.marked(found.body).level is Level.CLEAR
    assert tlp.marked(marked(level).body) == tlp.Marked(level)
    assert level.label == {3: "TLP:AMBER+STRICT"}.get(level, f"TLP:{level.name}")


def test_the_old_colours_are_those_of_another_reader():
    """The four ids of version 1 have the levels and contents that the stix2 library knows."""
    import stix2

    for old, level in ((stix2.TLP_WHITE, Level.CLEAR), (stix2.TLP_GREEN, Level.GREEN), (stix2.TLP_AMBER, Level.AMBER),
                       (stix2.TLP_RED, Level.RED)):  # fmt: skip
        stix.read(old.serialize().encode())
        assert tlp.marked(tool(old.id).body).level is level


SPOOFED = [
    ("red that says clear", IDS[Level.RED], {"extensions": tlp.definition(Level.CLEAR)["extensions"]}),
    ("red that is called clear", IDS[Level.RED], {"name": "TLP:CLEAR"}),
    ("red of another day", IDS[Level.RED], {"created": "2026-01-01T00:00:00.000Z"}),
    ("red with terms", IDS[Level.RED], {"definition_type": "statement", "definition": {"statement": "for all"}}),
    ("red with an old white", IDS[Level.RED], {"definition_type": "tlp", "definition": {"tlp": "white"}}),
    ("old red with a new clear", OLD_RED, {"extensions": tlp.definition(Level.CLEAR)["extensions"], "name": None,
     "definition_type": "tlp", "definition": {"tlp": "red"}, "created": "2017-01-20T00:00:00.000Z"}),
    ("red with something of its own", IDS[Level.RED], {"x_level": "clear"}),
    ("clear under another id", "marking-definition--11111111-2222-4333-8444-555555555555", {}),
    ("old red that says white", OLD_RED, {"extensions": None, "definition_type": "tlp", "definition": {"tlp": "white"},
     "created": "2017-01-20T00:00:00.000Z", "name": None}),
    ("a statement called TLP", TERMS, {"name": "TLP:CLEAR", "extensions": None, "definition_type": "statement",
     "definition": {"statement": "x"}}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "marking", "said"), SPOOFED, ids=[row[0] for row in SPOOFED])
def test_a_forged_colour_is_refused(title, marking, said):
    """A known id with other content, or TLP under another id, is refused by name."""
    body = tlp.definition(Level.RED) | {"id": marking} | said
    body = {name: value for name, value in body.items() if value is not None}
    assert code(stix.read, json.dumps(body).encode()) == "stix.spoofed"


def test_the_strictest_mark_counts():
    """Of several marks the highest counts; a part may be marked higher than the whole."""
    assert tlp.marked(tool(IDS[Level.GREEN], OLD_RED).body).level is Level.RED
    assert tlp.marked(tool(IDS[Level.GREEN], parts=[(OLD_RED, "name")]).body) == tlp.Marked(Level.RED)
    assert tlp.marked(tool(parts=[(OLD_RED, "name")]).body).level is Level.RED
    assert tlp.marked(tool().body).level is None


# ---------------------------------------------------------------------------------------------------------------- the rules


def ruling(found, audience=VN, rules=OPEN, came=None):
    """(verdict, reason)."""
    said = release.allowed(found, audience, rules, came=came)
    return str(said.verdict), said.reason


def test_a_part_below_the_whole_lets_nothing_out():
    """The trick to mark a part clear gets nothing out, whatever the rules."""
    for level in list(Level)[1:]:
        assert ruling(tool(IDS[level], parts=[(OLD_WHITE, "name")])) == ("failed", "tlp-lowered")
    between = tool(IDS[Level.GREEN], IDS[Level.RED], parts=[(IDS[Level.AMBER], "name")])
    assert ruling(between) == ("failed", "tlp-lowered")


def test_what_is_not_known_is_not_permitted():
    """A marking that nobody here has read is undetermined; so is what is not marked at all."""
    assert ruling(tool(IDS[Level.CLEAR], TERMS)) == ("undetermined", "marking-unknown")
    assert ruling(tool(IDS[Level.CLEAR], parts=[(TERMS, "name")])) == ("undetermined", "marking-unknown")
    read = Rules(states=OPEN.states, purposes=OPEN.purposes, free_text=True, statements=frozenset({TERMS}))
    assert ruling(tool(IDS[Level.CLEAR], TERMS), rules=read) == ("passed", "")
    assert ruling(tool()) == ("undetermined", "unmarked")
    amber = Rules(states=OPEN.states, purposes=OPEN.purposes, free_text=True, unmarked=Level.AMBER)
    assert ruling(tool(), rules=amber) == ("passed", "")


def test_an_empty_list_lets_nothing_through():
    """No recipients: nobody, at any level; no purposes: for nothing."""
    for level, audience in product(Level, (VN, PUBLIC)):
        assert ruling(marked(level), audience, Rules(purposes=OPEN.purposes, free_text=True)) == ("failed", "nobody")
        assert ruling(marked(level), audience, Rules(states=OPEN.states, public=True, free_text=True)) == (
            "failed",
            "purpose",
        )
    nobody = Audience(state="", communities=frozenset({""}), purpose="prevention")
    assert ruling(marked(Level.GREEN), nobody, Rules(states=frozenset({""}), purposes=OPEN.purposes)) == (
        "failed",
        "recipient",
    )


# Who may have what that is ours, by level: clear, green, amber, amber+strict, red.
OURS = [
    ("a State by name", VN, OPEN, "yyyyy"),
    ("another State", Audience(state="QA", communities=VN.communities, purpose="prevention"), OPEN, "-----"),
    ("for another purpose", Audience(state="VN", communities=VN.communities, purpose="taxes"), OPEN, "-----"),
    ("a member of the community", VN, WIDE, "yyy--"),
    ("no member", Audience(state="VN", communities=frozenset({"lake"}), purpose="prevention"), WIDE, "y----"),
    ("the public", PUBLIC, WIDE, "y----"),
    ("the public, not opened", PUBLIC, OPEN, "-----"),
]
# The same for what QA gave us in the community `gulf`.
THEIRS = [
    ("a State by name", VN,
     Rules(states=frozenset({"VN"}), communities=frozenset({"gulf"}), purposes=OPEN.purposes, free_text=True), "yy---"),
    ("a State by name, elsewhere", Audience(state="VN", communities=frozenset({"lake"}), purpose="prevention"),
     Rules(states=frozenset({"VN"}), communities=frozenset({"lake", "gulf"}), purposes=OPEN.purposes, free_text=True), "y----"),
    ("back to its giver", Audience(state="QA", communities=frozenset(), purpose="prevention"),
     Rules(states=frozenset({"QA"}), purposes=OPEN.purposes, free_text=True), "yyyyy"),
    ("the public", PUBLIC, WIDE, "y----"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "audience", "rules", "expected"), OURS, ids=[row[0] for row in OURS])
def test_who_may_have_what_is_ours(title, audience, rules, expected):
    """Row by row, for each level."""
    assert "".join("y" if ruling(marked(level), audience, rules)[0] == "passed" else "-" for level in Level) == expected


@pytest.mark.parametrize(("title", "audience", "rules", "expected"), THEIRS, ids=[row[0] for row in THEIRS])
def test_who_may_have_what_was_given_to_us(title, audience, rules, expected):
    """Above green it goes no further; green stays in its community."""
    came = Came("QA", frozenset({"gulf"}))
    said = [ruling(marked(level), audience, rules, came)[0] for level in Level]
    assert "".join("y" if one == "passed" else "-" for one in said) == expected


def test_stricter_never_opens():
    """Whatever passes at one level passes at every freer one, ours or theirs."""
    audiences = [row[1] for row in OURS + THEIRS]
    all_rules = [row[2] for row in OURS + THEIRS]
    for audience, rules, came in product(audiences, all_rules, [None, Came("QA", frozenset({"gulf"}))]):
        said = [ruling(marked(level), audience, rules, came)[0] == "passed" for level in Level]
        assert said == sorted(said, reverse=True)


# ------------------------------------------------------------------------------------------------------------ personal data

OWN = "extension-definition--11111111-2222-4333-8444-555555555555"
PERSONAL = [
    ("a mailbox", "email-addr", {}, ("value", "display_name", "belongs_to_ref")),
    ("an account", "user-account", {}, ("user_id", "account_login", "display_name")),
    ("a place", "location", {}, ("latitude", "longitude")),
    ("a desk", "identity", {}, ("description",)),
    ("a person", "identity", {"identity_class": "individual"}, ("name", "description")),
    ("how to reach a desk", "identity", {"contact_information": "x"}, ("contact_information", "description")),
    ("who wrote", "note", {}, ("authors", "abstract", "content")),
    ("a pattern of addresses", "indicator", {"labels": None}, ()),
    ("a pattern of mailboxes", "indicator", {"pattern": "[email-addr:value = 'a@b.example']"}, ("pattern", "labels")),
    ("a pattern that is not understood", "indicator", {"pattern": "[process:name = 'a']"}, ("pattern", "labels")),
    ("a pattern in another language", "indicator", {"pattern_type": "yara"}, ("pattern", "labels")),
    ("a property of one's own", "tool", {"x_owner": "x"}, ("x_owner",)),
    ("a label", "tool", {"labels": ["Ali Rezaei"]}, ("labels",)),
    ("a reference in words", "tool", {"external_references": [{"source_name": "x", "description": "By Ali."}]},
     ("external_references",)),
    ("a reference by name", "tool", {"external_references": [{"source_name": "cve", "external_id": "CVE-2026-0000"}]}, ()),
    ("a translation", "language-content", {}, ("contents",)),
    ("bytes", "artifact", {}, ("payload_bin",)),
    ("a folder", "process", {"cwd": "/home/ali"}, ("command_line", "cwd")),
    ("headers of a request", "network-traffic", {"extensions": {"http-request-ext": {
        "request_method": "get", "request_value": "/", "request_header": {"Cookie": "ali"}}}}, ("extensions",)),
    ("an extension of one's own", "tool", {"extensions": {OWN: {"extension_type": "property-extension", "owner": "x"}}},
     ("extensions",)),
    ("an extension that says nothing", "tool", {"extensions": {OWN: {"extension_type": "property-extension"}}}, ()),
    ("sizes of packets", "network-traffic", {"extensions": {"tcp-ext": {"src_flags_hex": "00000002"}}}, ()),
    ("an address", "ipv4-addr", {}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("title", "kind", "said", "expected"), PERSONAL, ids=[row[0] for row in PERSONAL])
def test_what_is_personal(title, kind, said, expected):
    """By property; free text counts as long as nobody has read it."""
    assert release.personal(stix.read(changed(kind, **said))) == expected


def test_personal_data_need_a_basis():
    """Without a legal basis they are withheld, by name of the property; with one they go."""
    mailbox = stix.read(changed("email-addr", object_marking_refs=[IDS[Level.GREEN]]))
    said = release.allowed(mailbox, VN, OPEN)
    assert (said.verdict, said.reason) == (Verdict.FAILED, "personal-data")
    assert "value" in said.where
    based = Rules(states=OPEN.states, purposes=OPEN.purposes, basis="Data Protection Act, section 12")
    assert ruling(mailbox, rules=based) == ("passed", "")


def test_free_text_is_read_before_it_goes():
    """A description is held back until an officer says that he read it."""
    strict = Rules(states=OPEN.states, purposes=OPEN.purposes)
    found = stix.read(changed("course-of-action", object_marking_refs=[IDS[Level.GREEN]]))
    assert ruling(found, rules=strict) == ("failed", "personal-data")
    read = Rules(states=OPEN.states, purposes=OPEN.purposes, read=frozenset({found.id}))
    assert ruling(found, rules=read) == ("passed", "")


def test_properties_of_ones_own_are_named_before_they_go():
    """That free text may go says nothing of them: what another program keeps in them, nobody here knows."""
    found = tool(IDS[Level.GREEN], x_owner="somebody")
    assert ruling(found) == ("failed", "personal-data")
    named = Rules(states=OPEN.states, purposes=OPEN.purposes, properties=frozenset({"x_owner"}))
    assert ruling(found, rules=named) == ("passed", "")
    mailbox = stix.read(changed("email-addr", object_marking_refs=[IDS[Level.GREEN]]))
    value = Rules(
        states=OPEN.states, purposes=OPEN.purposes, properties=frozenset({"value", "display_name", "belongs_to_ref"})
    )
    assert ruling(mailbox, rules=value) == ("failed", "personal-data")


MISP = ("x_misp_attribute", "x_misp_object", "x_misp_event")
OF_PERSONS = [
    {"type": "passport-number", "value": "A1"}, {"type": "First-Name ", "value": "Ali"},
    {"type": "domain|email", "value": "a|b"},
    {"name": "x", "Attribute": [{"type": "ip-dst"}, {"type": "phone-number", "value": "1"}]},
    {"type": "text", "category": "Person", "value": "Ali"}, {"ShadowAttribute": [{"type": "iban", "value": "1"}]},
]  # fmt: skip


@pytest.mark.parametrize("said", OF_PERSONS, ids=json.dumps)
def test_what_misp_calls_personal_needs_a_basis(said):
    """Neither the property's name in the rules nor an officer's reading lets it go; a basis does, and leaving it out."""
    for name in MISP:
        found = tool(IDS[Level.GREEN], **{name: said})
        loose = Rules(states=OPEN.states, purposes=OPEN.purposes, free_text=True, properties=frozenset(MISP),
                      read=frozenset({found.id}))  # fmt: skip
        assert release.allowed(found, VN, loose) == release.Ruling(Verdict.FAILED, "personal-data", (name,))
        assert ruling(found, rules=replace(loose, basis="law")) == ("passed", "")
        assert name not in release.derived(found, creator=CREATOR, at=AT)[0].body
        harmless = tool(IDS[Level.GREEN], **{name: {"type": "ip-dst", "value": "198.51.100.7"}})
        assert ruling(harmless, rules=loose) == ("passed", "")


def test_every_type_of_misp_s_category_of_persons_is_known():
    """As the library of MISP lists them; what is of no person by its type is told by the category."""
    import pymisp

    listed = pymisp.MISPEvent().describe_types
    persons = set(listed["category_type_mappings"]["Person"]) - {"comment", "text", "other", "anonymised"}
    assert persons <= release._MISP_PERSONS <= set(listed["types"])


FREE = Rules(states=OPEN.states, purposes=OPEN.purposes, free_text=True)


def test_free_text_is_what_stix_has_for_it():
    """A property of somebody's own that bears the name of free text is still somebody's own; so is an extension."""
    assert ruling(tool(IDS[Level.GREEN], labels=["a"]), rules=FREE) == ("passed", "")
    assert release.withheld(tool(IDS[Level.GREEN], content="Ali", contents="Ali", cwd="Ali"), FREE) == (
        "content", "contents", "cwd")  # fmt: skip
    extended = tool(IDS[Level.GREEN], extensions={"x-mine": {"owner": "Ali"}})
    assert release.withheld(extended, FREE) == ("extensions",)
    assert release.withheld(extended, replace(FREE, properties=frozenset({"extensions"}))) == ()


def test_what_is_derived_is_a_new_object_of_our_own():
    """Without its personal part, under another id, by us, naming the original by digest; the original as it was."""
    found = stix.read(changed("location", object_marking_refs=[IDS[Level.GREEN]], precision=None))
    before = bytes(found.raw), dict(found.body)
    made, left_out = release.derived(found, creator=CREATOR, at=AT)
    assert left_out == ("latitude", "longitude")
    assert made.id != found.id
    assert made.body["created_by_ref"] == CREATOR
    assert made.body["created"] == "2026-11-30T09:15:00.000Z"
    assert made.body["object_marking_refs"] == [IDS[Level.GREEN]]
    assert made.body["external_references"][0] | {"source_name": "derived-from"} == {
        "source_name": "derived-from", "external_id": found.id, "description": found.digest}  # fmt: skip
    assert not {"latitude", "longitude"} & made.body.keys()
    assert release.personal(made) == ()
    assert (found.raw, dict(found.body)) == before
    assert release.derived(found, creator=CREATOR, at=AT)[0].id == made.id


def test_what_cannot_do_without_is_withheld():
    """Where the personal part is required, nothing is derived; an observable is its value."""
    person = stix.read(changed("identity", identity_class="individual"))
    assert release.derived(person, creator=CREATOR, at=AT) == (None, ("name", "description"))
    assert release.derived(stix.read(changed("email-addr")), creator=CREATOR, at=AT)[0] is None


def test_marks_on_what_was_left_out_go_with_it():
    """A selector to a property that is gone is gone too."""
    parts = [{"marking_ref": OLD_RED, "selectors": ["latitude", "name"]}, {"lang": "en", "selectors": ["longitude"]}]
    found = stix.read(changed("location", precision=None, granular_markings=parts))
    made, _ = release.derived(found, creator=CREATOR, at=AT)
    assert made.body["granular_markings"] == [{"marking_ref": OLD_RED, "selectors": ["name"]}]
