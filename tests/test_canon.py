"""Canonical JSON: one way to write each value, and no other bytes are read."""

import json
import random
import unicodedata

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from comity.casework.measure import Measure
from comity.errors import BrokenSeal
from comity.seal import canon

LIMIT = 1 << 20
MOST = 2**53 - 1


def code(call, *args, **named) -> str:
    """Return the code with which a call is refused; empty if it is not."""
    try:
        call(*args, **named)
    except BrokenSeal as error:
        return error.code
    return ""


# ------------------------------------------------------------------------------------------------- RFC 8785

# What RFC 8785 writes, for the parts of it that acts use (3.2.2 to 3.2.4).
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-MOST, MOST) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6), inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None, max_examples=300)
@given(PLAIN)
def test_what_the_standard_library_writes_is_rfc_8785(value):
    """Whichever of the two writes a value, the bytes are those of the reference implementation, or it is refused by both."""
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        assert code(canon.dumps, value) == "canon.value"
    else:
        assert canon.dumps(value) == expected


WRITTEN = [
    ("literals, 3.2.2", {"literals": [None, True, False]}, b'{"literals":[null,true,false]}'),
    (
        "string escapes, 3.2.2.2",
        "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
    ),
    ("all short escapes", '\b\t\n\f\r"\\', b'"\\b\\t\\n\\f\\r\\"\\\\"'),
    ("lower-case hex for the other control characters", "\x00\x1b\x1f\x7f", b'"\\u0000\\u001b\\u001f\x7f"'),
    ("solidus and DEL stay as they are", "/\x7f", b'"/\x7f"'),
    ("no normalisation, 3.1", ["e\u0301", "\u00e9", "\u212b"], '["e\u0301","\u00e9","\u212b"]'.encode()),
    (
        "keys sort by UTF-16 units, 3.2.3",
        {
            "\u20ac": "Euro Sign",
            "\r": "Carriage Return",
            "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\U0001f600": "Emoji: Grinning Face",
            "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis",
        },
        '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
        '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'.encode(),
    ),
    ("keys sort at every depth", {"b": {"z": 1, "": 2}, "a": []}, b'{"a":[],"b":{"":2,"z":1}}'),
    ("the order of a list stays", [3, 1, 2], b"[3,1,2]"),
    ("integers, 3.2.2.3", [0, -1, 9, 10, MOST, -MOST], b"[0,-1,9,10,9007199254740991,-9007199254740991]"),
    ("Persian with a non-joiner", "پرونده\u200cها", '"پرونده\u200cها"'.encode()),
    ("a word of a fixed list", {"measure": Measure.STORED_DATA}, b'{"measure":"stored-data"}'),
    ("a tuple is a list", ("a", (1,)), b'["a",[1]]'),
]


@pytest.mark.parametrize(("value", "data"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_rfc_8785_writes(value, data):
    """Each value has the bytes that RFC 8785 gives it, and those bytes are read as that value."""
    assert canon.dumps(value) == data
    assert canon.loads(data, limit=LIMIT) == json.loads(json.dumps(value))


# What has no canonical form here, beside its nearest neighbour that has one.
UNWRITTEN = [
    ("largest integer", MOST, ""),
    ("one more", MOST + 1, "canon.number"),
    ("smallest integer", -MOST, ""),
    ("one less", -MOST - 1, "canon.number"),
    ("a whole float", 1.0, "canon.value"),
    ("a fraction", 1.5, "canon.value"),
    ("not a number", float("nan"), "canon.value"),
    ("infinity", float("inf"), "canon.value"),
    ("bytes", b"x", "canon.value"),
    ("a set", {1}, "canon.value"),
    ("an object", object(), "canon.value"),
    ("a key that is a number", {1: "x"}, "canon.value"),
    ("a key that is nothing", {None: "x"}, "canon.value"),
    ("a letter outside the first plane", "\U0001f600", ""),
    ("the first half of its surrogate pair", "\ud83d", "canon.value"),
    ("the second half", "\ude00", "canon.value"),
    ("both halves as two characters", "\ud83d\ude00", "canon.value"),
    ("half a pair in a key", {"\ud83d": 1}, "canon.value"),
    ("32 lists in each other", "nest 32", ""),
    ("33 lists in each other", "nest 33", ""),
    ("34 lists in each other", "nest 34", "canon.depth"),
    ("a list that holds itself", "loop", "canon.depth"),
]


def built(value):
    """Turn the two words of the table that cannot be written down into values."""
    if isinstance(value, str) and value.startswith("nest "):
        nested = []
        for _ in range(int(value[5:]) - 1):
            nested = [nested]
        return nested
    if value == "loop":
        looped = []
        looped.append(looped)
        return looped
    return value


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in UNWRITTEN], ids=[row[0] for row in UNWRITTEN])
def test_what_is_not_written(value, expected):
    """What would be read in two ways, or not at all elsewhere, is refused when it is written."""
    assert code(canon.dumps, built(value)) == expected


# --------------------------------------------------------------------------------------------- strict reading

# Bytes beside the bytes that they resemble. An empty code means that they are read.
READ = [
    ("an object", b'{"a":1,"b":2}', ""),
    ("a key twice", b'{"a":1,"a":2}', "canon.duplicate"),
    ("a key twice with one value", b'{"a":1,"a":1}', "canon.duplicate"),
    ("a key twice, once escaped", b'{"a":1,"\\u0061":1}', "canon.duplicate"),
    ("a key twice, deep inside", b'[[{"a":{"b":1,"b":1}}]]', "canon.duplicate"),
    ("keys in another order", b'{"b":2,"a":1}', "canon.form"),
    ("keys by code point, not by UTF-16", '{"\ufb33":1,"\U0001f600":2}'.encode(), "canon.form"),
    ("keys by UTF-16", '{"\U0001f600":2,"\ufb33":1}'.encode(), ""),
    ("a space after the colon", b'{"a": 1,"b":2}', "canon.form"),
    ("a space after the comma", b'{"a":1, "b":2}', "canon.form"),
    ("a space before", b" 1", "canon.form"),
    ("a line break after", b"1\n", "canon.form"),
    ("a tab inside", b"[\t]", "canon.form"),
    ("two values", b"1 2", "canon.json"),
    ("a trailing comma", b"[1,]", "canon.json"),
    ("a trailing brace", b"{}}", "canon.json"),
    ("a trailing zero byte", b"{}\0", "canon.json"),
    ("nothing", b"", "canon.json"),
    ("a comment", b"1//x", "canon.json"),
    ("single quotes", b"'a'", "canon.json"),
    ("a byte order mark", b"\xef\xbb\xbf1", "canon.json"),
    ("a byte order mark inside a string", b'"\xef\xbb\xbf"', ""),
    ("UTF-16", "{}".encode("utf-16"), "canon.json"),
    ("Latin-1", b'"\xe9"', "canon.json"),
    ("overlong UTF-8", b'"\xc0\xaf"', "canon.json"),
    ("UTF-8 of a surrogate", b'"\xed\xa0\xbd"', "canon.json"),
    ("UTF-8 cut short", b'"\xe2\x82', "canon.json"),
    ("an unescaped control character", b'"\x1f"', "canon.json"),
    ("an escaped one", b'"\\u001f"', ""),
    ("an escaped one in capitals", b'"\\u001F"', "canon.form"),
    ("a short escape", b'"\\n"', ""),
    ("the same, long", b'"\\u000a"', "canon.form"),
    ("a letter escaped for no reason", b'"\\u0061"', "canon.form"),
    ("a solidus escaped for no reason", b'"\\/"', "canon.form"),
    ("an unknown escape", b'"\\x41"', "canon.json"),
    ("an emoji", '"\U0001f600"'.encode(), ""),
    ("an emoji as two escapes", b'"\\ud83d\\ude00"', "canon.form"),
    ("half a pair", b'"\\ud83d"', "canon.value"),
    ("half a pair in a key", b'{"\\ude00":1}', "canon.value"),
    ("zero", b"0", ""),
    ("minus zero", b"-0", "canon.form"),
    ("a leading zero", b"01", "canon.json"),
    ("a plus sign", b"+1", "canon.json"),
    ("a whole number with a fraction", b"1.0", "canon.number"),
    ("a fraction", b"0.5", "canon.number"),
    ("an exponent", b"1e2", "canon.number"),
    ("a capital exponent", b"1E2", "canon.number"),
    ("a large exponent", b"1e999999999", "canon.number"),
    ("2^53 - 1", b"9007199254740991", ""),
    ("2^53", b"9007199254740992", "canon.number"),
    ("-(2^53 - 1)", b"-9007199254740991", ""),
    ("-2^53", b"-9007199254740992", "canon.number"),
    ("a million digits", b"9" * 1_000_000, "canon.number"),
    ("NaN", b"NaN", "canon.number"),
    ("Infinity", b"Infinity", "canon.number"),
    ("-Infinity", b"-Infinity", "canon.number"),
    ("Arabic digits", "١".encode(), "canon.json"),
    ("True of Python", b"True", "canon.json"),
    ("33 brackets", b"[" * 33 + b"]" * 33, ""),
    ("34 brackets", b"[" * 34 + b"]" * 34, "canon.depth"),
    ("a text 32 levels down", b"[" * 32 + b'"a"' + b"]" * 32, ""),
    ("a text 33 levels down", b"[" * 33 + b'"a"' + b"]" * 33, "canon.depth"),
    ("another text 33 levels down", b"[" * 33 + '"é"'.encode() + b"]" * 33, "canon.depth"),
    ("nothing 33 levels down", b"[" * 33 + b"null" + b"]" * 33, "canon.depth"),
    ("a member 33 levels down", b'{"a":' * 33 + b'"a"' + b"}" * 33, "canon.depth"),
    ("900 brackets", b"[" * 900 + b"]" * 900, "canon.depth"),
    ("10,000 brackets", b"[" * 10_000 + b"]" * 10_000, "canon.json"),
    ("10,000 brackets, never closed", b"[" * 10_000, "canon.json"),
    ("10,000 objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "canon.json"),
]


@pytest.mark.parametrize(("data", "expected"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_what_is_read(data, expected):
    """Bytes are read if they are the one form of their value, and refused with a stable code otherwise."""
    assert code(canon.loads, data, limit=LIMIT) == expected


def test_the_limit_is_exact():
    """One byte more than the limit is refused before it is parsed."""
    assert canon.loads(b'"abc"', limit=5) == "abc"
    assert code(canon.loads, b'"abc"', limit=4) == "canon.too-long"
    assert code(canon.loads, b"[" * 100, limit=99) == "canon.too-long"
    assert code(canon.loads, b"1", limit=0) == "canon.too-long"


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_a_head_and_its_bytes_are_read_as_they_were_written(runs, data):
    """Each run comes back as it was; with one byte less or more, or another length in the head, nothing does."""

    def read(written, lengths):
        frame = canon.Frame(written, limit=LIMIT, values=99)
        found = [frame.take(length, 40) for length in lengths]
        frame.close()
        return found

    lengths = [len(run) for run in runs]
    written = canon.framed({"runs": lengths}, *runs)
    assert read(written, lengths) == runs
    assert code(read, written + b"\0", lengths) == "canon.frame"
    if any(lengths):
        assert code(read, written[:-1], lengths) == "canon.frame"
    for wrong in (-1, 41, True, None, "1", 1.0):
        assert code(read, written, [wrong, *lengths]) == "canon.frame"
    cut = data.draw(st.integers(0, written.index(b"\n")))
    assert code(canon.Frame, written[:cut], limit=LIMIT, values=99) == "canon.frame"


def test_a_head_says_no_more_than_it_may():
    """What would take up many times its bytes is refused before it is parsed."""
    head = b"[" + b",".join([b'"\xc3\xa9"'] * 9) + b"]\n"
    assert canon.Frame(head, limit=LIMIT, values=9).head == ["é"] * 9
    assert code(canon.Frame, head, limit=LIMIT, values=8) == "canon.too-long"
    assert code(canon.Frame, head, limit=len(head) - 1, values=9) == "canon.too-long"


# ------------------------------------------------------------------------------------------------ properties

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MOST, MOST) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None, max_examples=300)
@given(values)
@example({"\u0301": "e\u0301", "é": "\u200f\u202e"})
def test_writing_and_reading_undo_each_other(value):
    """What is written is read as the same value, of the same types, and written again as the same bytes."""
    data = canon.dumps(value)
    again = canon.loads(data, limit=LIMIT)
    assert again == value
    assert json.dumps(again, sort_keys=True) == json.dumps(value, sort_keys=True)  # True is not 1
    assert canon.dumps(again) == data
    assert json.loads(data) == value  # every other parser reads the same


@settings(deadline=None, max_examples=300)
@given(values, st.data())
def test_one_other_byte_is_another_value(value, data):
    """With one byte changed, canonical bytes are refused or mean something else; never the same in another form."""
    raw = bytearray(canon.dumps(value))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        other = canon.loads(bytes(raw), limit=LIMIT)
    except BrokenSeal:
        return
    assert json.dumps(other, sort_keys=True) != json.dumps(value, sort_keys=True)


@settings(deadline=None, max_examples=150)
@given(values, st.randoms(use_true_random=False))
def test_other_ways_to_write_it_are_refused(value, random):
    """Whatever Python's own writer makes of a value is read only if it is the canonical form."""
    indent, escape = random.choice([None, 0, 2]), random.random() < 0.5
    separators = random.choice([(",", ":"), (", ", ": "), (",", ": ")])
    other = json.dumps(value, indent=indent, ensure_ascii=escape, separators=separators).encode()
    if other == canon.dumps(value):
        assert canon.loads(other, limit=LIMIT) == value
    else:
        assert code(canon.loads, other, limit=LIMIT)


def test_every_character_is_written_as_in_rfc_8785():
    """Whichever of the two writes, every character comes out alike: as a text, and as a key."""
    for start in range(0, 0x110000, 0x400):
        chars = [chr(point) for point in range(start, start + 0x400) if not 0xD800 <= point < 0xE000]
        assert canon.dumps(chars) == rfc8785.dumps(chars), hex(start)
        keys = dict.fromkeys(chars, 1)
        assert canon.dumps(keys) == rfc8785.dumps(keys), hex(start)


LONG = [
    "A" * 300,
    "A" * 299 + '"',
    'B","' * 80,
    "," * 300,
    "\\" * 256,
    "e" * 256 + "é",
    "é",
    "A",
    "",
    5,
    -1,
    None,
    True,
]
KEYS = ["A" * 300, "B", "\x7f", "é", '"', ""]


def test_what_is_read_at_once_is_read_strictly_too():
    """The quick way lets nothing through that the strict one refuses, and what it leaves the strict one decides."""
    chance, read = random.Random(5), 0
    for _ in range(6000):
        one, other, third = (chance.choice(LONG) for _ in range(3))
        key = chance.choice(KEYS)
        value = chance.choice([[one, other], {key: other}, {"a": one, key: third}, [[one], {"b": other}, 5, third]])
        raw = bytearray(canon.dumps(value))
        place = chance.randrange(len(raw)) if chance.random() < 0.3 else chance.choice([*range(3), *range(-3, 0)])
        how = chance.randrange(4)
        if how == 1:
            raw[place] = chance.choice(b'A",:[]{} \\.e-0')
        elif how == 2:
            raw[place:place] = chance.choice([b" ", b'"', b'","', b"A", b"\n", b"0", b".0", b"e1", b"-"])
        elif how == 3:
            raw = bytearray(json.dumps(value, separators=chance.choice([(",", ":"), (", ", ":")])).encode())
        strictly = code(canon._strictly, bytes(raw))
        assert code(canon.loads, bytes(raw), limit=LIMIT) == strictly, bytes(raw)
        if not strictly:
            assert repr(canon.loads(bytes(raw), limit=LIMIT)) == repr(canon._strictly(bytes(raw)))
        read += not strictly
    assert 1500 < read < 5000


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=60) | st.text('[]{}",:\\u0018eE+-.naINfilty \n\x00é', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(raw):
    """Nothing but BrokenSeal comes out, and what is read has exactly these bytes."""
    try:
        value = canon.loads(raw, limit=LIMIT)
    except BrokenSeal:
        return
    assert canon.dumps(value) == raw


# ------------------------------------------------------------------------------------- base64, fields, names

BASE64 = [
    ("nothing", "", ""),
    ("three bytes", "AAEC", ""),
    ("two bytes", "AAE=", ""),
    ("one byte", "AA==", ""),
    ("padding left out", "AAE", "canon.base64"),
    ("padding too long", "AAE==", "canon.base64"),
    ("bits that are cut off", "AAF=", "canon.base64"),
    ("a line break", "AAEC\n", "canon.base64"),
    ("a space inside", "AA EC", "canon.base64"),
    ("the alphabet for URLs", "-_-_", "canon.base64"),
    ("the usual alphabet", "+/+/", ""),
    ("text after the padding", "AA==AA==", "canon.base64"),
    ("letters of another script", "ＡＡＥＣ", "canon.base64"),
    ("half a pair", "\ud800AAA", "canon.base64"),
    ("bytes", b"AAEC", "canon.base64"),
    ("a number", 5, "canon.base64"),
    ("nothing at all", None, "canon.base64"),
    ("a list", ["AAEC"], "canon.base64"),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in BASE64], ids=[row[0] for row in BASE64])
def test_base64_has_one_form(text, expected):
    """Only what `b64` writes is read by `unb64`."""
    assert code(canon.unb64, text) == expected
    if not expected:
        assert canon.b64(canon.unb64(text)) == text


FIELDS = [
    ("exactly these", {"a": 1, "b": 2}, ""),
    ("one missing", {"a": 1}, "canon.fields"),
    ("one too many", {"a": 1, "b": 2, "c": 3}, "canon.fields"),
    ("another", {"a": 1, "B": 2}, "canon.fields"),
    ("the names alone", ["a", "b"], "canon.fields"),
    ("a text", "ab", "canon.fields"),
    ("nothing", None, "canon.fields"),
]


@pytest.mark.parametrize(("value", "expected"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_fields_are_exactly_those(value, expected):
    """An object with exactly the named fields, or nothing."""
    assert code(canon.fields, value, "a", "b") == expected


def test_content_ids_are_sha_256():
    """Bytes are named by SHA-256 in lower-case hex (FIPS 180-4, example for "abc")."""
    assert canon.content_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_texts_that_look_alike_stay_two():
    """Composed and decomposed letters, Arabic and Persian ya: two texts have two ids, nothing is folded."""
    pairs = [("\u00e9", "e\u0301"), ("ی", "ي"), ("ک", "ك"), ("۱", "١"), ("می\u200cشود", "میشود")]
    for one, other in pairs:
        assert canon.dumps(one) != canon.dumps(other)
    assert unicodedata.normalize("NFC", pairs[0][1]) == pairs[0][0]
