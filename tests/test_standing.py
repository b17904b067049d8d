"""A State's own word on where it stands in a treaty: kept as said, told to all, beside the list, and changing nothing in it."""

import html
from dataclasses import replace
from datetime import date, timedelta

import pytest
from browsing import Browser
from depositing import AT, DEPOSITED, RESERVED, SIGNED
from hypothesis import given
from hypothesis import strategies as st
from lawroom import BOOKS
from peer import Peer, arrive, settle
from refusing import code

from comity.errors import ComityError, Invalid
from comity.law import standing as law
from comity.node import archive, models
from comity.node.desk import crossing, registry, telling
from comity.node.desk import standing as desk
from comity.seal import canon, envelope
from comity.wire import standing as wire
from comity.wire.standing import BACKWARD, HOWS, WORDED, Event, Word

# ── the word itself ─────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def words(draw) -> Word:
    """Anything that a State can mean."""
    event = draw(st.sampled_from(list(Event)))
    text = draw(st.text(st.characters(codec="utf-8"), max_size=50)) if event not in WORDED else "Words."
    about = "ab" * 32 if event in BACKWARD else "VN" if event is Event.OBJECTED else ""
    return Word(
        treaty=draw(st.sampled_from(["uncc", "budapest", "xa-1"])), event=event,
        on=draw(st.dates(date(1900, 1, 1), AT.date())), how=draw(st.sampled_from(HOWS)) if event is Event.DEPOSITED else "",
        about=about, text=text, language="fa" if text else "", source=draw(st.text(st.characters(codec="utf-8"), max_size=9)),
        at=AT,
    )  # fmt: skip


@given(words())
def test_a_word_is_read_as_it_was_said(word):
    """There and back; any byte changed is another word or none."""
    payload = wire.packed(word)
    assert wire.unpacked(payload) == word
    for place in range(0, len(payload), 7):
        changed = payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
        try:
            assert wire.unpacked(changed) != word
        except ComityError:
            continue


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"treaty": "UNCC"}, "treaty"), ({"treaty": ""}, "treaty"), ({"how": "ratification"}, "how"),
        ({"about": "VN"}, "about"), ({"event": Event.LIFTED, "about": "VN"}, "about"),
        ({"event": Event.DEPOSITED}, "how"), ({"event": Event.RESERVED}, "text"),
        ({"event": Event.OBJECTED, "text": "x", "language": "en"}, "about"), ({"text": "x"}, "language"),
        ({"language": "en"}, "language"), ({"text": "x" * 4001, "language": "en"}, "text"), ({"source": "x" * 401}, "source"),
        ({"event": Event.DECLARED, "text": "  ", "language": "en"}, "text"), ({"on": date(2026, 11, 26)}, "on"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_at_its_field(changed, where):
    """Each by name."""
    with pytest.raises(Invalid) as caught:
        replace(SIGNED, **changed)
    assert caught.value.where == where


@pytest.mark.parametrize(
    "change",
    [
        {"on": "20261105"}, {"at": "2026-11-24T09:00:00+00:00"}, {"event": "bound"}, {"on": 5}, {"text": None}, {"more": ""},
        {"on": "2026-W45-4"}, {"on": "0001-01-01"}, {"on": "1899-12-31"}, {"on": "2200-01-01"}, {"on": "9999-12-31"},
    ],
)  # fmt: skip
def test_another_form_of_the_same_is_refused(change):
    """One word has one form: else it would have two digests. Its day is of 1900 to 2199, as all are."""
    raw = canon.loads(wire.packed(SIGNED), limit=1 << 16) | change
    assert code(wire.unpacked, canon.dumps(raw)) == "standing.form"


def test_what_is_taken_back_stays_and_says_so():
    """Lifted, mistaken; a mistaken lifting lifts nothing; another State's digest, or one that is not there, changes nothing."""
    lift = replace(SIGNED, event=Event.LIFTED, about=RESERVED.digest)
    wrong = replace(SIGNED, event=Event.MISTAKEN, about=lift.digest)
    said = {word.digest: word for word in (SIGNED, RESERVED, lift)}
    assert wire.undone(said) == {RESERVED.digest: Event.LIFTED}
    assert wire.undone(said | {wrong.digest: wrong}) == {lift.digest: Event.MISTAKEN}
    nothing = (
        replace(SIGNED, event=Event.LIFTED, about="cd" * 32),
        replace(SIGNED, event=Event.LIFTED, about=SIGNED.digest),
    )
    assert wire.undone({SIGNED.digest: SIGNED} | {word.digest: word for word in nothing}) == {}


def test_the_list_is_not_moved_by_a_word():
    """Agrees, silent, differs: from the shipped books."""
    uncc = BOOKS.treaties["uncc"]
    state, party = next(
        (code, item) for code, item in sorted(uncc.parties.items()) if item.signed and item.signed_sure == "V"
    )
    silent = next(
        code for code in BOOKS.roll.states if law.standing(BOOKS, "uncc", code, AT.date()).signature == "unknown"
    )
    assert law.beside(BOOKS, "uncc", state, "signed", party.signed) == "agrees"
    assert law.beside(BOOKS, "uncc", state, "signed", party.signed + timedelta(days=1)) == "differs"
    assert law.beside(BOOKS, "uncc", silent, "signed", party.signed) == "silent"
    assert law.beside(BOOKS, "uncc", silent, "deposited", party.signed) == "silent"
    assert law.beside(BOOKS, "uncc", state, "reserved", party.signed) == "silent"


# ── between nodes ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def who(officers, at):
    """An officer with every power, now."""
    return {"officer": officers.all, "at": at}


def comes(node, peer: Peer, word: Word, at, *, key=None, sender="") -> str:
    """A word of another State arrives; the code with which it is refused."""
    raw = envelope.sign("standing", wire.packed(word), sender=sender or peer.state, to="IR", key=key or peer.signing)
    return arrive(node, envelope.seal(raw, to="IR", key=peer.home_entry.open), at, peer.state).code


def heard(peer: Peer, at) -> list[Word]:
    """What the node under test has said to a State."""
    telling.deliver(peer.node, at=at)
    found = []
    for row in models.Departure.objects.filter(peer=peer.state).order_by("number"):
        raw = envelope.opened(archive.sealed(row), home=peer.state, keys=[peer.opening])
        stated = canon.loads(raw, limit=1 << 20)
        assert (stated["kind"], stated["from"], stated["to"]) == ("standing", "IR", peer.state)
        found.append(wire.unpacked(canon.unb64(stated["payload"])))
    return found


def test_a_word_goes_to_all_also_to_who_is_pinned_later(node, peer, who, at):
    """Said once to each, signed, in the log; a State that is pinned afterwards hears it too."""
    word = replace(DEPOSITED, at=at)
    desk.say(node, word, **who)
    assert desk.due(node, at=at)
    assert heard(peer, at) == [word]
    later = at + timedelta(minutes=2)
    other = Peer("QA", node)
    registry.pin(node, other.entry_bytes, fingerprint=other.entry.fingerprint, by="test", at=later)
    settle("QA")
    assert desk.due(node, at=later)
    assert (heard(other, later), heard(peer, later)) == ([word], [word])
    assert not desk.due(node, at=later + timedelta(minutes=2))


def test_who_may_say_what(node, officers, at):
    """Deny by default; what the treaty's book cannot have is refused; the same is not said twice; nothing is half-done."""
    word = replace(RESERVED, at=at)
    assert code(desk.say, node, word, officer=officers.idle, at=at) == "case.power"
    who = {"officer": officers.approver, "at": at}
    for changed, expected in (
        ({"treaty": "none"}, "standing.treaty"), ({"treaty": "reciprocity"}, "standing.treaty"),
        ({"on": date(2020, 1, 1)}, "standing.early"), ({"event": Event.OBJECTED, "about": "IR"}, "standing.self"),
        ({"event": Event.MISTAKEN, "about": "ab" * 32}, "standing.earlier"),
    ):  # fmt: skip
        assert code(desk.say, node, replace(word, **changed), **who) == expected
    assert not models.StandingWord.objects.exists()
    assert not models.Telling.objects.exists()
    desk.say(node, word, **who)
    assert code(desk.say, node, word, **who) == "standing.known"
    lifted = replace(SIGNED, event=Event.LIFTED, about=word.digest, at=at)
    desk.say(node, lifted, **who)
    assert code(desk.say, node, replace(lifted, text="x", language="en"), **who) == "standing.earlier"


def test_what_another_state_says_is_kept_once_and_moves_nothing(node, peer, at):
    """Its own word on itself; twice is once; nobody speaks for another; no time that cannot be; the books answer as before."""
    word = replace(DEPOSITED, at=at)
    before = law.standing(node.books, "uncc", "VN", at.date())
    assert [comes(node, peer, word, at), comes(node, peer, word, at)] == ["", ""]
    assert desk.words("uncc") == {"VN": {word.digest: word}}
    assert law.standing(node.books, "uncc", "VN", at.date()) == before
    assert comes(node, peer, replace(word, on=word.on - timedelta(days=1)), at, sender="QA") != ""
    assert comes(node, peer, replace(word, at=at + timedelta(hours=1)), at) == "standing.time"
    raw = envelope.sign("standing", b'{"event":"bound"}', sender="VN", to="IR", key=peer.signing)
    assert arrive(node, envelope.seal(raw, to="IR", key=peer.home_entry.open), at).code == "standing.form"
    assert list(desk.words("uncc")["VN"]) == [word.digest]
    old = replace(word, at=at - timedelta(days=300), on=date(2026, 1, 1))  # before the key of today
    assert comes(node, peer, old, at) == ""


def test_a_state_cannot_fill_the_node(node, peer, at, monkeypatch):
    """More than are kept is refused by name; what was kept stays."""
    monkeypatch.setattr(desk, "MOST", 2)
    found = [comes(node, peer, replace(SIGNED, source=str(number), at=at), at) for number in range(3)]
    assert found == ["", "", "standing.too-many"]


def test_own_words_come_back_after_a_restore(node, peer, who, at):
    """A peer gives back what this State had said, and it stands here again, once."""
    word = replace(SIGNED, at=at)
    desk.say(node, word, **who)
    desk.due(node, at=at)
    telling.deliver(node, at=at)
    row = models.Departure.objects.get(peer="VN")
    row.statement = envelope.opened(archive.sealed(row), home="VN", keys=[peer.opening])
    models.StandingWord.objects.all().delete()
    for _ in range(2):
        crossing._adopt(node, row)
    assert desk.words("uncc") == {"IR": {word.digest: word}}
    assert not models.Alarm.objects.exists()


# ── the page ────────────────────────────────────────────────────────────────────────────────────────────────────────

PAGE = "/law/parties/uncc"


@pytest.mark.parametrize("language", ["en", "fa"])
def test_said_and_taken_back_on_the_page(node, officers, peer, at, language):
    """Each State's word stands in its row beside the list; what was typed stays where it was wrong; lifted, it says so."""
    hostile = replace(RESERVED, text='<script>alert(1)</script>\u202e"', source="<b>", at=at)
    assert comes(node, peer, hostile, at) == ""
    assert comes(node, peer, replace(DEPOSITED, at=at), at) == ""
    browser = Browser(officers.approver, language)
    page = browser.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "/lift" not in page  # another State's words are its own
    typed = {"event": "reserved", "on": "2026-11-24", "text": "یک «شرط»", "language": ""}
    refused = browser.post(f"{PAGE}/say", **typed)
    assert refused.status_code == 422
    assert "یک «شرط»" in html.unescape(refused.content.decode())
    assert refused.content.decode().count('role="alert"') == 1
    assert browser.post(f"{PAGE}/say", **typed | {"language": "FA"}).status_code == 303
    [(digest, word)] = desk.words("uncc")["IR"].items()
    assert (word.event, word.text, word.language, word.on) == (Event.RESERVED, "یک «شرط»", "fa", date(2026, 11, 24))
    assert f"{digest}/lift" in browser.text(PAGE)
    assert browser.post(f"{PAGE}/{digest}/lift").status_code == 303
    page = browser.text(PAGE)
    assert f"{digest}/lift" not in page
    assert {"en": "lifted since", "fa": "پس گرفته شده"}[language] in page
    assert browser.post(f"{PAGE}/{digest}/lift").status_code == 422
    assert browser.post(f"{PAGE}/{digest}/unsay").status_code == 422
    count = browser.text("/law/conference/uncc")
    assert {"en": "only the list counts", "fa": "تنها فهرست شمرده می‌شود"}[language] in count


def test_who_may_only_look_has_no_form(node, officers):
    """No form, and a POST by hand is refused."""
    browser = Browser(officers.idle)
    assert f"{PAGE}/say" not in browser.text(PAGE)
    typed = {"event": "signed", "on": "2026-11-24"}
    assert browser.post(f"{PAGE}/say", **typed).status_code == 403
    assert not models.StandingWord.objects.exists()
