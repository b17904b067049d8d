"""The Conference: who may vote, when what may be proposed, whether a majority is reached; notifications; the pages."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import product

import pytest
from browsing import Browser
from hypothesis import given
from hypothesis import strategies as st
from lawroom import BOOKS
from parties import FIRST, forty, party, shelf, treaty
from peer import Peer
from typer.testing import CliRunner

from comity.cli import law
from comity.errors import Invalid
from comity.law import conference
from comity.law._row import Period
from comity.law.book import Books
from comity.law.countdown import countdown
from comity.law.mechanism import Notified, Position
from comity.law.owed import STEPS, owed
from comity.node import models
from comity.node.desk import registry
from comity.node.officers.reading import own
from comity.wire.directory import Authority, sign_entry
from comity.wording import mechanism as words
from comity.wording.speech import LANGUAGES, Speech

ON = date(2026, 11, 24)
MECHANISM = BOOKS.mechanism("uncc")
EUROPEANS = sorted(BOOKS.roll.members_of("EU"))
STATES = [code for code in BOOKS.roll.states if code != "EU"]
OTHERS = [code for code in STATES if code not in EUROPEANS]


def bound(*states: str, doubtful: tuple[str, ...] = (), day: date = FIRST) -> Books:
    """The books when `states` surely deposited, and `doubtful` by a report that is not sure; entry into force needs one."""
    lines = [party(code, day) for code in states] + [party(code, day, "M") for code in doubtful]
    return shelf(treaty(lines, entry={"needed": 1}))


# ── A majority ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 400), st.sampled_from([Fraction(1, 2), Fraction(2, 3), Fraction(3, 4)]))
def test_what_a_majority_needs(cast: int, majority: Fraction) -> None:
    """The least number that is at least the share of the votes cast, and more than a half; one less is not. Of none: one."""
    least = conference.needed(majority, cast)

    def carried(votes: int) -> bool:
        return Fraction(votes, cast) >= majority and 2 * votes > cast

    assert carried(least)
    assert not carried(least - 1)
    assert conference.needed(majority, 0) == 1


@pytest.mark.parametrize(
    ("yes", "no", "adopted"),
    [(40, 20, True), (39, 20, False), (2, 1, True), (1, 1, False), (0, 0, False), (1, 0, True)],
)
def test_two_thirds(yes: int, no: int, adopted: bool) -> None:  # noqa: FBT001
    """Forty to twenty is two thirds, thirty-nine to twenty is not; who abstains is not counted; nobody's yes is none."""
    who = STATES[: yes + no + 3]
    ballots = {code: "for" if at < yes else "against" if at < yes + no else "abstain" for at, code in enumerate(who)}
    found = conference.count(bound(*who), "uncc", "amendment", ballots, ON)
    assert found.adopted is adopted
    assert found.votes == {"for": yes, "against": no, "abstain": 3}
    assert len(found.against) == no
    assert (found.open, found.silent, found.unsettled) == (0, (), ())


def worlds(found: conference.Count, sides: list[str], free: int) -> set[bool]:
    """Whether it is adopted in each world: each doubtful vote counts or not, each free Party votes either way or not at all."""
    answers = set()
    for counted in product((False, True), repeat=len(sides)):
        for cast in product(("for", "against", ""), repeat=free):
            extra = [side for side, counts in zip(sides, counted, strict=True) if counts] + list(cast)
            yes, no = (found.votes[name] + extra.count(name) for name in ("for", "against"))
            answers.add(yes > 0 and Fraction(yes, yes + no) >= Fraction(2, 3))
    return answers


@given(st.lists(st.sampled_from(["for", "against", "abstain", ""]), max_size=4),
       st.lists(st.sampled_from(["for", "against", "abstain", ""]), max_size=3), st.booleans())  # fmt: skip
def test_open_votes(sure: list[str], doubtful: list[str], final: bool) -> None:  # noqa: FBT001
    """The answer is yes or no only if it is so in every world that what is not known allows."""
    firm, unsure = OTHERS[: len(sure)], OTHERS[4 : 4 + len(doubtful)]
    if not firm:
        return
    books = bound(*firm, doubtful=tuple(unsure))
    ballots = {code: side for code, side in zip([*firm, *unsure], [*sure, *doubtful], strict=True) if side}
    found = conference.count(books, "uncc", "amendment", ballots, ON, final=final)
    free = 0 if final else [*sure, *doubtful].count("")
    answers = worlds(found, [side for side in doubtful if side], free)
    assert found.adopted is (answers.pop() if len(answers) == 1 else None)
    assert found.open == free + sum(bool(side) for side in doubtful)


@given(st.sets(st.sampled_from(EUROPEANS)), st.integers(0, 10), st.sampled_from(["for", "against", "abstain"]))
def test_the_european_union_has_the_votes_of_its_members(members: set[str], others: int, stance: str) -> None:
    """As many as its members that are Parties, instead of them; its members' silence is no open vote."""
    who = OTHERS[:others]
    books = bound(*members, *who, "EU")
    ballots = {"EU": stance} | dict.fromkeys(who, "for")
    if not members and not who:
        return
    found = conference.count(books, "uncc", "amendment", ballots, ON, final=False)
    expected = dict.fromkeys(("for", "against", "abstain"), 0)
    expected["for"] += others
    expected[stance] += len(members)
    assert found.votes == expected
    assert (found.open, found.silent) == (0, ())
    if members:
        with pytest.raises(Invalid) as caught:
            conference.count(books, "uncc", "amendment", ballots | {min(members): "for"}, ON)
        assert caught.value.code == "conference.twice"


def test_where_the_books_do_not_know_how_an_organisation_votes() -> None:
    """For a protocol no provision says it: its votes stay open, and the rule itself is not verified."""
    books = bound(*EUROPEANS, *OTHERS[:40], "EU")
    found = conference.count(books, "uncc", "protocol", {"EU": "against"} | dict.fromkeys(OTHERS[:40], "for"), ON)
    assert (found.votes["for"], found.votes["against"], found.open) == (40, 0, 27)
    assert found.adopted is None
    assert found.unsettled == ("uncc:62(2)",)


@pytest.mark.parametrize(
    ("ballots", "code"),
    [
        ({"KE": "for"}, "conference.no-party"), ({"FR": "maybe"}, "conference.ballot"), ({"ZZ": "for"}, "conference.no-party"),
        ({"EU": "for", "FR": "for"}, "conference.twice"),
    ],
)  # fmt: skip
def test_votes_that_are_none(ballots: Mapping[str, str], code: str) -> None:
    """Who is no Party has no vote, and a vote is one of three."""
    with pytest.raises(Invalid) as caught:
        conference.count(bound("FR", "EU"), "uncc", "amendment", ballots, ON)
    assert caught.value.code == code


def test_a_vote_needs_a_party_that_has_not_left() -> None:
    """A denunciation takes the vote away on the day on which it takes effect."""
    books = shelf(treaty([party("FR", FIRST, "V", date(2027, 6, 1)), party("KE", FIRST)], entry={"needed": 1}))
    ballots = {"FR": "for", "KE": "for"}
    assert conference.count(books, "uncc", "amendment", ballots, date(2028, 5, 31)).votes["for"] == 2
    with pytest.raises(Invalid) as caught:
        conference.count(books, "uncc", "amendment", ballots, date(2028, 6, 1))
    assert caught.value.code == "conference.no-party"


# ── What may be decided, and when ───────────────────────────────────────────────────────────────────────────────────


def reason(books: Books, name: str, on: date) -> tuple[bool | None, str]:
    """Whether it may be decided, and why."""
    found = conference.opening(books, "uncc", name, on)
    return found.open, found.reason


def test_amendments_after_five_years() -> None:
    """Not before five years have passed since the entry into force, to the day; never before that at all."""
    books = shelf(treaty(forty(FIRST)))
    starts = books.treaty("uncc").surely
    opens = starts.replace(year=starts.year + 5)
    assert reason(books, "amendment", starts - timedelta(days=1)) == (False, "not-in-force")
    assert reason(books, "amendment", starts) == (False, "too-early")
    assert reason(books, "amendment", opens - timedelta(days=1)) == (False, "too-early")
    assert reason(books, "amendment", opens) == (True, "open")
    assert conference.opening(books, "uncc", "amendment", starts).not_before == opens
    assert conference.first_meeting(books, "uncc") == starts.replace(year=starts.year + 1)


@pytest.mark.parametrize(
    ("sure", "doubtful", "union", "expected"),
    [
        (60, 0, False, (True, "open")), (59, 0, False, (False, "too-few")), (59, 1, False, (None, "unknown")),
        (59, 0, True, (False, "too-few")), (0, 60, False, (None, "unknown")),
    ],
)  # fmt: skip
def test_protocols_with_sixty_states(sure: int, doubtful: int, union: bool, expected: tuple[bool | None, str]) -> None:  # noqa: FBT001
    """Sixty States, not fifty-nine; the European Union is no State; who may be a Party leaves it open."""
    who = (*STATES[:sure], *(("EU",) if union else ()))
    books = bound(*who, doubtful=tuple(STATES[100 : 100 + doubtful]))
    assert reason(books, "protocol", ON) == expected


def test_as_it_stands() -> None:
    """Nobody is bound: nothing can be decided, no session is fixed, and no position is a vote."""
    for name in MECHANISM.decisions:
        assert reason(BOOKS, name, ON) == (False, "not-in-force")
    assert conference.first_meeting(BOOKS, "uncc") is None
    assert conference.voters(BOOKS, "uncc", ON) == conference.Voters(frozenset(), frozenset())
    with pytest.raises(Invalid) as caught:
        conference.opening(BOOKS, "uncc", "war", ON)
    assert caught.value.code == "conference.decision"


def test_an_amendment_binds_whom_it_binds() -> None:
    """From ninety days after a Party's own instrument; of a protocol the books do not know it."""
    effects = {name: conference.opening(BOOKS, "uncc", name, ON).effect for name in MECHANISM.decisions}
    assert effects == {"amendment": Period(90, "day"), "protocol": None}


def test_positions_as_votes() -> None:
    """The latest sure position of a Party counts from its day on; hearsay and those outside do not; members come first."""
    said = (
        Position("more-offences", "RU", "for", date(2026, 1, 1), "V", "a test"),
        Position("more-offences", "RU", "against", date(2026, 12, 1), "S", "a test"),
        Position("more-offences", "IR", "for", None, "M", "a test"),
        Position("more-offences", "KE", "for", None, "V", "a test"),
        Position("more-offences", "FR", "against", None, "V", "a test"),
        Position("more-offences", "EU", "for", None, "V", "a test"),
    )
    books = bound("RU", "IR", "FR", "DE", "EU")
    books = replace(books, mechanisms={"uncc": replace(MECHANISM, positions=said)})
    assert conference.ballots(books, "uncc", "more-offences", ON) == {"FR": "against", "RU": "for"}
    later = conference.ballots(books, "uncc", "more-offences", date(2026, 12, 1))
    assert later == {"FR": "against", "RU": "against"}
    found = conference.count(books, "uncc", "protocol", later, date(2026, 12, 1), final=False)
    assert (found.open, found.silent, found.adopted) == (2, ("DE", "IR"), False)  # 2 of 4 at best


# ── Notifications ───────────────────────────────────────────────────────────────────────────────────────────────────


def steps(books: Books, state: str, on: date, **named: object) -> dict[str, str]:
    """The step of each notification of `state`."""
    return {item.notification.id: item.step for item in owed(books, "uncc", state, on, **named)}  # type: ignore[arg-type]


def test_what_is_owed_and_when() -> None:
    """Nothing before the deposit; with it what goes with the instrument; with the entry into force the rest."""
    before, deposited = bound(*STATES[:60], day=FIRST), STATES[0]
    assert set(steps(before, deposited, date(2025, 11, 1)).values()) == {"later", "open"}
    with_instrument = steps(before, deposited, FIRST)
    assert {name for name, step in with_instrument.items() if step == "due"} == {
        "central-authority", "languages", "extradition-authority", "extradition-basis",
    }  # fmt: skip
    assert {name for name, step in with_instrument.items() if step == "lapsed"} == {
        "disputes", "devices", "powers", "preservation",
    }  # fmt: skip
    bound_now = steps(before, deposited, before.since("uncc", deposited))
    assert {"contact-point", "confiscation-laws", "prevention-authority"} <= {
        name for name, step in bound_now.items() if step == "due"
    }
    assert "organisation-competence" not in bound_now
    assert "organisation-competence" in steps(before, "EU", ON)


def test_what_is_done() -> None:
    """A sure report, or a reservation, shows it done; hearsay is shown as such; an entry shows only that it is prepared."""
    told = (
        Notified("QA", "central-authority", date(2026, 3, 1), "V", "a test"),
        Notified("QA", "languages", date(2026, 3, 1), "M", "a test"),
    )
    books = replace(BOOKS, mechanisms={"uncc": replace(MECHANISM, notified=told)})
    found = steps(books, "QA", ON)
    assert (found["central-authority"], found["languages"], found["disputes"]) == ("done", "reported", "done")
    assert steps(books, "QA", date(2026, 2, 28))["central-authority"] == "due"
    assert steps(BOOKS, "VN", ON)["central-authority"] == "unknown"
    assert steps(BOOKS, "IR", ON)["central-authority"] == "later"
    assert steps(BOOKS, "AZ", ON)["disputes"] == "done"
    entry = [("central", ("40",)), ("judicial", ("37",))]
    prepared = {item.notification.id: item.prepared for item in owed(BOOKS, "uncc", "IR", ON, authorities=entry)}
    assert prepared["central-authority"] is True
    assert prepared["extradition-authority"] is True
    assert prepared["contact-point"] is False
    assert prepared["confiscation-laws"] is None
    unknown = owed(BOOKS, "uncc", "IR", ON)
    assert {item.prepared for item in unknown} == {None}
    order = [STEPS.index(item.step) for item in unknown]
    assert order == sorted(order)


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_whole(language: str) -> None:
    """Each sentence on a count has all that it names, whatever the count."""
    for books in (BOOKS, bound(*STATES[:60]), shelf(treaty(forty(FIRST))), bound(doubtful=tuple(STATES[:3]))):
        speech = Speech(language, books)
        lines = words.countdown(speech, countdown(books.treaty("uncc"), ON))
        for name in MECHANISM.decisions:
            lines += words.opening(speech, conference.opening(books, "uncc", name, ON))
        ballots = dict.fromkeys(sorted(conference.voters(books, "uncc", ON).sure), "for")
        lines += words.votes(speech, conference.count(books, "uncc", "protocol", ballots, ON, final=False))
        lines.append(words.first_meeting(speech, conference.first_meeting(books, "uncc")))
        assert lines
        for line in lines:
            assert not re.search(r"%\(|\?|؟", line), line


# ── The pages ───────────────────────────────────────────────────────────────────────────────────────────────────────

PAGES = (
    "/law/parties/uncc?on=2026-11-24", "/law/parties/budapest", "/law/conference/uncc?on=2026-11-24",
    "/law/conference/uncc?state=QA&on=2026-11-24", "/law/status?one=KE&other=FJ",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_pages_open_and_write_nothing(node, officers, path: str, language: str) -> None:
    """In both languages, with no template left open, no id twice, no dead link among the law's pages; POST is refused."""
    del node
    browser = Browser(officers.idle, language)
    answer = browser.get(path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'dir="{"rtl" if language == "fa" else "ltr"}"' in text
    assert "{{" not in text
    assert "{%" not in text
    assert "&lt;" not in text  # a piece of a page that was taken for text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert browser.client.post(path, secure=True).status_code == 405
    assert models.Act.objects.count() == 0
    for link in set(re.findall(r'href="(/law/[^"]*)"', text)):
        if "about=" not in link:
            assert browser.get(html.unescape(link)).status_code == 200


def test_the_pages_say_what_the_law_room_says(node, officers) -> None:
    """Everybody has a row; Iran's own notifications stand there with what its entry names; bad input is said."""
    browser = Browser(officers.idle, "en")
    assert own(node).authorities == ()
    table = browser.text("/law/parties/uncc?on=2026-11-24")
    assert table.count("<tr id=") == 196
    assert "signature unknown" in table
    assert "73 signed" in table
    page = browser.text("/law/conference/uncc?on=2026-11-24")
    for part in (
        "1 of 40 instruments are sure, 3 are reported",
        "its directory entry does not name it",
        "Central authority",
        "Rule 17",
    ):
        assert part in html.unescape(page), part
    assert browser.get("/law/conference/budapest").status_code == 422
    assert browser.get("/law/parties/none").status_code == 422
    wrong = browser.get("/law/conference/uncc?state=XX&on=soon")
    assert wrong.status_code == 422
    assert wrong.content.decode().count('role="alert"') == 2
    assert 'href="/law/conference/uncc"' in browser.text("/law/")


def test_an_entry_shows_what_is_prepared(node, officers, tmp_path) -> None:
    """The pinned entry of another State says, on the page and to the command, what is prepared; a wrong entry is refused."""
    found = Peer("QA", node)
    contact = Authority("contact", {"en": "Desk"}, ("en",), "Asia/Qatar", "", ("41",))
    found.entry = replace(found.entry, authorities=(contact,))
    data = sign_entry(found.entry, found.signing)
    registry.pin(node, data, fingerprint=found.entry.fingerprint, by="a test", at=found.entry.issued_at)
    page = Browser(officers.idle, "en").text("/law/conference/uncc?state=QA&on=2026-11-24")
    assert page.count("its directory entry names it") == 1
    assert page.count("its directory entry does not name it") == 4
    file = tmp_path / "qa.json"
    file.write_bytes(data)
    done = CliRunner().invoke(law.app, ["owed", "QA", "--entry", str(file), "--json"])
    prepared = {item["notification"]["id"]: item["prepared"] for item in json.loads(done.output)["notifications"]}
    assert (prepared["contact-point"], prepared["central-authority"], prepared["disputes"]) == (True, False, None)
    wrong = CliRunner().invoke(law.app, ["owed", "IR", "--entry", str(file)])
    assert isinstance(wrong.exception, Invalid)
    assert wrong.exception.code == "cli.state"


def test_the_pages_need_an_officer() -> None:
    """Who is not signed in reads nothing."""
    for path in PAGES:
        assert Browser().get(path).status_code == 302
