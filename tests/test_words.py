"""Fingerprints read aloud: every word, every mishearing, every exchange; in English and Persian."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusing import code

from comity.errors import Invalid
from comity.wording import aloud

FINGERPRINTS = st.binary(min_size=16, max_size=16).map(bytes.hex)
LANGUAGES = sorted(aloud.LANGUAGES)
ONE = "00112233445566778899aabbccddeeff"
ALIKE = str.maketrans("صثذضظطحغآع", "سسزززتهقاا")  # Persian letters that sound alike


def distance(one: str, other: str) -> int:
    """How many letters are to be changed, added or taken away."""
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, there in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != there)))
        before = now
    return before[-1]


# ---------------------------------------------------------------------------------------------------- the lists


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_list_has_a_word_for_each_byte(language):
    """256 words, all different, of letters only."""
    words = aloud.LANGUAGES[language]
    assert len(words) == len(set(words)) == 256
    assert all(word.isalpha() and word == aloud._plain(word) and 3 <= len(word) <= 9 for word in words)


def test_english_words_are_far_apart():
    """They differ in their first three letters, and three letters make the nearest two alike."""
    words = aloud.LANGUAGES["en"]
    assert len({word[:3] for word in words}) == 256
    assert min(distance(one, other) for one, other in itertools.combinations(words, 2)) >= 3


def test_persian_words_are_far_apart():
    """Two letters make the nearest two alike, where letters that sound alike count as one."""
    words = [word.translate(ALIKE) for word in aloud.LANGUAGES["fa"]]
    assert min(distance(one, other) for one, other in itertools.combinations(words, 2)) >= 2


def test_the_lists_never_change():
    """Two nodes of different versions read out the same words: a list may be added, none may be changed."""
    digests = {name: hashlib.sha256(" ".join(words).encode()).hexdigest() for name, words in aloud.LANGUAGES.items()}
    assert digests == {
        "en": "62999889f0bae80d882af6e9e4286814c2e5c2466085980ec4c43f1921df6886",
        "fa": "941f2bb2d8c6a213ba28bde97094f24abb82861dcccba59596e32020a37ff807",
    }


# -------------------------------------------------------------------------------------------------- there and back


@given(FINGERPRINTS, st.sampled_from(LANGUAGES))
def test_what_is_said_is_heard(fingerprint, language):
    """Words give back the fingerprint, in whatever way they are typed."""
    words = aloud.spoken(fingerprint, language)
    assert len(words) == 17
    assert aloud.from_spoken(words, language).replace(" ", "") == fingerprint
    for text in (" ".join(words), ",\n".join(words).upper(), "، ".join(words), "-".join(words)):
        assert aloud.heard(text).replace(" ", "") == fingerprint


@given(FINGERPRINTS)
def test_hex_digits_are_heard_too(fingerprint):
    """In the groups in which they are shown, and without them."""
    grouped = " ".join(fingerprint[n : n + 4] for n in range(0, 32, 4))
    assert aloud.heard(grouped) == aloud.heard(fingerprint.upper()) == grouped


def test_the_words_of_one_fingerprint():
    """A fixed example, so that the code itself is held too: the check word is computed by hand here."""
    assert aloud.spoken(ONE, "en")[:3] == ("acorn", aloud.LANGUAGES["en"][0x11], aloud.LANGUAGES["en"][0x22])
    total = 0
    for value in bytes.fromhex(ONE):
        for bit in range(8):  # total = (total + value) * 2 in GF(256), bit by bit
            total ^= value & (1 << bit)
        total = total * 2 if total < 128 else total * 2 ^ 0b100011101
    assert aloud.spoken(ONE, "fa")[-1] == aloud.LANGUAGES["fa"][total]


def test_another_keyboard_writes_the_same_word():
    """Arabic yeh and kaf, marks and joiners, and a decomposed letter."""
    words = aloud.spoken(ONE, "fa")
    written = [word.replace("ی", "ي").replace("ک", "ك").replace("آ", "ا\u0653") + "\u200c\u064e" for word in words]
    assert aloud.from_spoken(written, "fa").replace(" ", "") == ONE


# -------------------------------------------------------------------------------------------------- what is noticed


@given(FINGERPRINTS, st.integers(0, 16), st.integers(1, 255), st.sampled_from(LANGUAGES))
def test_one_wrong_word_is_always_noticed(fingerprint, place, change, language):
    """Any word at any place exchanged for any other, the check word too."""
    words, known = list(aloud.spoken(fingerprint, language)), aloud.LANGUAGES[language]
    words[place] = known[known.index(words[place]) ^ change]
    assert code(aloud.from_spoken, words, language) == "aloud.check"


@given(FINGERPRINTS, st.integers(0, 16), st.integers(0, 16), st.sampled_from(LANGUAGES))
def test_two_words_that_changed_places_are_always_noticed(fingerprint, one, other, language):
    """Any two that differ, beside each other or not."""
    words = list(aloud.spoken(fingerprint, language))
    if words[one] != words[other]:
        words[one], words[other] = words[other], words[one]
        assert code(aloud.from_spoken, words, language) == "aloud.check"


def test_a_word_that_is_none_is_named():
    """The sentence says which word, and the nearest one that there is."""
    words = ["fountin", *aloud.spoken(ONE, "en")[1:]]
    with pytest.raises(Invalid, match=r"'fountin' is none of the words\. Perhaps 'fountain'") as caught:
        aloud.from_spoken(words, "en")
    assert (caught.value.code, caught.value.where) == ("aloud.word", "fountin")
    assert code(aloud.from_spoken, [*aloud.spoken(ONE, "fa")[:-1], "بیبی"], "fa") == "aloud.word"


REFUSED = [
    ("too few", lambda words: words[:-1], "en", "aloud.count"),
    ("too many", lambda words: [*words, words[0]], "en", "aloud.count"),
    ("none", lambda words: [], "en", "aloud.count"),
    ("another language", lambda words: words, "fa", "aloud.word"),
    ("an unknown language", lambda words: words, "de", "aloud.language"),
]


@pytest.mark.parametrize(("change", "language", "expected"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(change, language, expected):
    """Each fault has its code."""
    assert code(aloud.from_spoken, change(list(aloud.spoken(ONE, "en"))), language) == expected


@pytest.mark.parametrize("text", ["", "12", ONE[:-2], ONE + "00", "xyz"])
def test_what_is_no_fingerprint(text):
    """Neither digits of another number nor other words pass."""
    assert code(aloud.spoken, text, "en") == "aloud.form"
    assert code(aloud.heard, text) in ("aloud.form", "aloud.word", "aloud.count")


def test_a_language_without_words_is_named():
    """Nobody reads English words out as if they were German ones."""
    assert code(aloud.spoken, ONE, "de") == "aloud.language"
