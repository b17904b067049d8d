"""Needs, offers and programmes: what is refused when made, who may say what and when, and what stands in the middle."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from giving import HOME, NEED, OFFER, need, needs, offer, offers
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from comity.assistance.needs import LIFE, Attempt, Entry, Need, Offer, Release, Stage, Turn, released, turned
from comity.assistance.outcomes import after_withdrawal, held, outcome, standing
from comity.assistance.programme import OVER, TABLE, Milestone, Programme, Say, Terms, Word, advance, steps
from comity.assistance.programme import Stage as Of
from comity.assistance.topics import ARTICLES, Condition, Development, Topic, Unit
from comity.errors import Invalid, NotPossible, NotYours

AT = datetime(2027, 1, 5, 9, 0, tzinfo=UTC)
PARTS = (
    Milestone(name="First course", due=date(2027, 3, 1), units=6),
    Milestone(name="Second course", due=date(2027, 9, 1), units=4),
    Milestone(name="Report", due=date(2027, 12, 1)),
)
TERMS = Terms(units=10, unit=Unit.PLACES, language="en", starts=date(2027, 2, 1), ends=date(2027, 12, 31), milestones=PARTS,
              share=5, conditions=(Condition.REPORT, Condition.NO_LIVE_DATA))  # fmt: skip
SHORTER = replace(TERMS, units=6, milestones=(PARTS[0], PARTS[2]))
NEW = Programme("DE-PROGRAMME-2027-0001", NEED["reference"], OFFER["reference"])


def word(say, by, day=0, **said):
    """A word, some days after the first."""
    return Word(say=Say(say), by=by, at=AT + timedelta(days=day), **said)


def told(*words, start=NEW):
    """A programme after these words."""
    for each in words:
        start = advance(start, each)
    return start


PROPOSED = word("proposed", "DE", terms=TERMS)
AGREED = word("agreed", "KE", 1, terms=TERMS)
RUNNING = told(PROPOSED, AGREED)


def given_(name, units, day=2):
    """A milestone delivered."""
    return word("delivered", "DE", day, milestone=name, units=units)


def taken(name, units, day=3):
    """A milestone confirmed."""
    return word("confirmed", "KE", day, milestone=name, units=units)


@settings(max_examples=60, deadline=None)
@given(st.one_of(needs(), offers()))
def test_what_is_written_is_read_again(found):
    """A need or an offer survives JSON; a field too many or of the wrong type is refused by name."""
    raw = json.loads(json.dumps(found.to_dict()))
    assert type(found).from_dict(raw) == found
    for name in raw:
        for wrong in ({**raw, name: 1.5}, {**raw, name: {"x": None}}, {**raw, name: None}, {**raw, f"{name}s_": 1}):
            with pytest.raises(Invalid) as caught:
                type(found).from_dict(wrong)
            assert caught.value.where.startswith(name)
    for name in ("reference", "units", "languages"):
        with pytest.raises(Invalid) as caught:
            type(found).from_dict({key: value for key, value in raw.items() if key != name})
        assert (caught.value.code, caught.value.where) == ("assistance.missing", name)


@pytest.mark.parametrize("raw", [None, [], "KE-NEED-2026-0001", 5, {}, {1: 2}, {"release": []}])
def test_anything_else_is_no_need(raw):
    """Whatever comes instead of an object is refused as Invalid, and as nothing else."""
    for kind in (Need, Offer, Word):
        with pytest.raises(Invalid):
            kind.from_dict(raw)


BAD_NEEDS = [
    ("reference", {"reference": "KE-OFFER-2026-0001"}),
    ("reference", {"reference": "LA-NEED-2026-0001"}),
    ("reference", {"reference": "KE-NEED-2026-۰۰۰۱"}),
    ("state", {"state": "Kenya"}),
    ("units", {"units": 0}),
    ("units", {"units": 10_001}),
    ("by", {"by": date(2026, 5, 31)}),
    ("by", {"by": date(2040, 1, 1)}),
    ("languages", {"languages": ()}),
    ("languages", {"languages": ("en", "en")}),
    ("languages", {"languages": ("English",)}),
    ("articles", {"articles": ("69",)}),
    ("articles", {"articles": ("0",)}),
    ("articles", {"articles": ("40(15",)}),
    ("source", {"source": ""}),
    ("pays", {"pays": 101}),
    ("accepts", {"accepts": (Condition.HOST, Condition.HOST)}),
    ("text", {"text": "x" * 20_001}),
    ("release.states", {"release": Release(("KE",))}),
    ("tried", {"tried": (Attempt("x", 2025),) * 201}),
]
BAD_OFFERS = [
    ("reference", {"reference": "DE-NEED-2026-0001"}),
    ("topics", {"topics": ()}),
    ("regions", {"regions": ()}),
    ("statuses", {"statuses": ()}),
    ("most", {"most": 0}),
    ("most", {"units": 5, "most": 6}),
    ("ends", {"ends": date(2027, 1, 9)}),
    ("share", {"share": -1}),
]


@pytest.mark.parametrize(("where", "wrong"), BAD_NEEDS)
def test_a_need_that_cannot_be_meant(where, wrong):
    """Each fault is refused when the need is made, and names its field."""
    with pytest.raises(Invalid) as caught:
        need(**wrong)
    assert caught.value.where == where


@pytest.mark.parametrize(("where", "wrong"), BAD_OFFERS)
def test_an_offer_that_cannot_be_meant(where, wrong):
    """The same for offers: an empty list reaches nobody, and is refused rather than read as everybody."""
    with pytest.raises(Invalid) as caught:
        offer(**wrong)
    assert caught.value.where == where


@pytest.mark.parametrize("make", [
    lambda: Release(("Germany",)), lambda: Release(("DE", "DE")), lambda: Release(("DE",), everyone=True),
    lambda: Attempt("", 2025), lambda: Attempt("x", 1025), lambda: Attempt("x", 2025, "Japan"),
])  # fmt: skip
def test_parts_that_cannot_be_meant(make):
    """Releases and attempts are checked as well."""
    with pytest.raises(Invalid):
        make()


def test_a_release_reaches_whom_it_names():
    """Empty means nobody, not everybody; one's own is always seen."""
    hidden, named, open_ = need(release=Release()), need(release=Release(("DE",))), need(release=Release(everyone=True))
    assert released([hidden, named, open_], to="JP") == (open_,)
    assert released([hidden, named, open_], to="DE") == (named, open_)
    assert released([hidden, named, open_], to=HOME) == (hidden, named, open_)


def test_every_topic_serves_an_article():
    """No topic without a place in the Convention."""
    assert set(ARTICLES) == set(Topic)
    for topic, articles in ARTICLES.items():
        assert need(topic=topic, articles=articles)


def test_the_life_of_a_need():
    """Drafted, opened, revised, closed; by its own State only, and never back."""
    entry = Entry(need())
    opened = turned(entry, Turn.OPENED, by=HOME, at=AT)
    assert opened.stage is Stage.OPEN
    revised = turned(opened, Turn.REVISED, by=HOME, at=AT, value=need(units=4), held=4)
    assert revised.value.units == 4
    closed = turned(revised, Turn.CLOSED, by=HOME, at=AT)
    assert [turn for turn, by, _ in closed.turns if by == HOME] == ["opened", "revised", "closed"]
    for turn in Turn:
        with pytest.raises(NotPossible):
            turned(closed, turn, by=HOME, at=AT)
        with pytest.raises(NotYours):
            turned(opened, turn, by="DE", at=AT)
    assert {target for (stage, _), target in LIFE.items() if stage in {Stage.WITHDRAWN, Stage.CLOSED}} == set()


REFUSED_TURNS = [
    ("need.unreleased", need(release=Release()), Turn.OPENED, {}),
    ("need.version", need(), Turn.REVISED, {}),
    ("need.version", need(), Turn.OPENED, {"value": need(units=3)}),
    ("need.version", need(), Turn.REVISED, {"value": need(reference="KE-NEED-2026-0002")}),
    ("need.agreed", need(), Turn.REVISED, {"value": need(units=3), "held": 4}),
    ("need.stage", need(), Turn.CLOSED, {}),
]


@pytest.mark.parametrize(("code", "value", "turn", "more"), REFUSED_TURNS)
def test_a_turn_that_is_refused(code, value, turn, more):
    """A need without release is not opened, a version is the same thing, and what is agreed is not taken back."""
    with pytest.raises(NotPossible) as caught:
        turned(Entry(value), turn, by=HOME, at=AT, **more)
    assert caught.value.code == code


def test_an_open_need_is_not_hidden_by_a_revision():
    """Who wants nobody to see it any more withdraws it: a revision to no release would leave it open for nobody."""
    opened = turned(Entry(need()), Turn.OPENED, by=HOME, at=AT)
    with pytest.raises(NotPossible):
        turned(opened, Turn.REVISED, by=HOME, at=AT, value=need(release=Release()))
    assert turned(opened, Turn.WITHDRAWN, by=HOME, at=AT).stage is Stage.WITHDRAWN


def test_a_programme_from_proposal_to_outcome():
    """Proposed, countered, agreed, delivered, confirmed, completed, evaluated; the outcome counts what was confirmed."""
    programme = told(
        PROPOSED,
        word("proposed", "KE", 1, terms=replace(TERMS, share=0)),
        word("agreed", "DE", 2, terms=replace(TERMS, share=0)),
        given_("First course", 5, 60), taken("First course", 5, 61),
        given_("Second course", 4, 240), taken("Second course", 4, 241),
        given_("Report", 0, 330), taken("Report", 0, 331),
        word("completed", "KE", 340, text="Nine of ten work in the laboratory."),
        word("evaluated", "KE", 350, mark=5, text="Useful."), word("evaluated", "DE", 351, mark=4, text="Good hosts."),
    )  # fmt: skip
    assert programme.stage is Of.COMPLETED
    found = outcome(programme)
    assert (found.giving, found.receiving, found.agreed, found.confirmed) == ("DE", "KE", 10, 9)
    assert (found.ended_by, found.marks, found.over) == ("", (("DE", 4), ("KE", 5)), AT + timedelta(days=340))
    assert found.results.startswith("Nine")
    assert held(programme, of="need") == held(programme, of="offer") == 9


def test_ended_in_the_middle_says_what_stands():
    """What was confirmed stays given, what waits or is disputed is said, the rest is free, and conditions go on binding."""
    programme = told(
        given_("First course", 6), taken("First course", 6),
        given_("Second course", 3, 4), word("disputed", "KE", 5, milestone="Second course", text="Two came."),
        word("proposed", "DE", 6, terms=replace(TERMS, ends=date(2028, 6, 1))),
        word("ended", "DE", 7, text="The budget was cut."),
        start=RUNNING,
    )  # fmt: skip
    found = standing(programme)
    assert (found.agreed, found.confirmed, found.waiting, found.disputed, found.undone) == (10, 6, 0, 3, 1)
    assert found.disputes == ("Second course",)
    assert found.conditions == TERMS.conditions
    assert found.lapsed == replace(TERMS, ends=date(2028, 6, 1))
    assert (held(programme, of="need"), held(programme, of="offer")) == (6, 9)
    assert outcome(programme).ended_by == "DE"
    with pytest.raises(NotPossible):
        advance(programme, word("agreed", "KE", 8, terms=replace(TERMS, ends=date(2028, 6, 1))))
    unused = told(word("ended", "KE", 2, text="Elections."), start=RUNNING)
    assert standing(unused).conditions == ()
    assert held(unused, of="need") == held(unused, of="offer") == 0


def test_an_amendment_needs_both_and_leaves_what_is_done():
    """New terms bind once the other side agrees to exactly these; a milestone already delivered stays as it was."""
    begun = told(given_("First course", 6), start=RUNNING)
    asked = told(word("proposed", "KE", 4, terms=SHORTER), start=begun)
    assert asked.terms == TERMS
    assert told(word("agreed", "DE", 5, terms=SHORTER), start=asked).terms == SHORTER
    assert told(word("declined", "DE", 5, text="No."), start=asked).terms == TERMS
    with pytest.raises(NotPossible) as caught:
        advance(begun, word("proposed", "KE", 4, terms=replace(TERMS, units=4, milestones=PARTS[1:])))
    assert caught.value.code == "programme.done"
    late = told(given_("Second course", 4, 5), start=asked)  # delivered while the amendment that drops it was pending
    with pytest.raises(NotPossible) as caught:
        advance(late, word("agreed", "DE", 6, terms=SHORTER))
    assert caught.value.code == "programme.done"


REFUSED = [
    ("programme.side", NEW, word("proposed", "JP", terms=TERMS)),
    ("programme.stage", NEW, AGREED),
    ("programme.pending", told(PROPOSED), word("agreed", "DE", 1, terms=TERMS)),
    ("programme.terms", told(PROPOSED), word("agreed", "KE", 1, terms=replace(TERMS, share=0))),
    ("programme.pending", told(PROPOSED), word("withdrawn", "KE", 1, text="No.")),
    ("programme.pending", told(PROPOSED), word("declined", "DE", 1, text="No.")),
    ("programme.stage", told(PROPOSED), given_("First course", 6)),
    ("programme.pending", RUNNING, word("agreed", "KE", 2, terms=TERMS)),
    ("programme.side", RUNNING, word("delivered", "KE", 2, milestone="First course", units=6)),
    ("programme.side", RUNNING, word("confirmed", "DE", 2, milestone="First course", units=6)),
    ("programme.milestone", RUNNING, given_("Third course", 1)),
    ("programme.units", RUNNING, given_("First course", 7)),
    ("programme.delivery", RUNNING, taken("First course", 6)),
    ("programme.units", told(given_("First course", 6), start=RUNNING), taken("First course", 5)),
    ("programme.done", told(given_("First course", 6), taken("First course", 6), start=RUNNING), given_("First course", 5, 4)),
    ("programme.delivery", RUNNING, word("completed", "KE", 9)),
    ("programme.side", RUNNING, word("completed", "DE", 9)),
    ("programme.stage", RUNNING, word("evaluated", "KE", 9, mark=5, text="Early.")),
    ("programme.time", RUNNING, word("ended", "DE", 0, text="An hour older.")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "programme", "said"), REFUSED)
def test_a_word_that_is_refused(code, programme, said):
    """A word of the wrong side, stage, terms or number is refused by its own code, and the programme is as before."""
    with pytest.raises(NotPossible) as caught:
        advance(programme, said)
    assert caught.value.code == code


def test_each_evaluates_once():
    """One evaluation for each side."""
    over = told(word("ended", "DE", 2, text="The budget was cut."), word("evaluated", "KE", 3, mark=1, text="A pity."),
                start=RUNNING)  # fmt: skip
    with pytest.raises(NotPossible) as caught:
        advance(over, word("evaluated", "KE", 4, mark=5, text="Still."))
    assert caught.value.code == "programme.evaluated"
    with pytest.raises(NotPossible):
        outcome(RUNNING)


def test_clocks_that_differ_a_little_are_borne():
    """Five minutes back is a clock; more is another order of events."""
    slow = replace(word("ended", "KE", text="Stop."), at=AGREED.at - timedelta(minutes=5))
    assert advance(RUNNING, slow).stage is Of.ENDED
    with pytest.raises(NotPossible):
        advance(RUNNING, replace(slow, at=AGREED.at - timedelta(minutes=6)))


@pytest.mark.parametrize("make", [
    lambda: word("proposed", "DE"), lambda: word("ended", "DE"), lambda: word("ended", "DE", text="x", mark=3),
    lambda: word("agreed", "KE", terms=TERMS, text="but"), lambda: word("evaluated", "DE", mark=6, text="x"),
    lambda: word("delivered", "DE", milestone="x", units=-1), lambda: word("ended", "Germany", text="x"),
    lambda: Word(say=Say.ENDED, by="DE", at=datetime(2027, 1, 1), text="x"),  # noqa: DTZ001 a time without offset is the point
    lambda: replace(TERMS, units=9), lambda: replace(TERMS, ends=date(2027, 1, 1)), lambda: replace(TERMS, language="English"),
    lambda: replace(TERMS, milestones=(*PARTS, PARTS[2])), lambda: replace(TERMS, ends=date(2027, 11, 1)),
    lambda: Milestone(name="", due=date(2027, 1, 1)), lambda: Programme("JP-PROGRAMME-2027-0001", NEW.need, NEW.offer),
    lambda: Programme("KE-PROGRAMME-2027-0001", NEW.need, "KE-OFFER-2026-0001"),
])  # fmt: skip
def test_words_and_terms_that_cannot_be_meant(make):
    """Checked when made."""
    with pytest.raises(Invalid):
        make()


def test_words_survive_json():
    """Every kind of word is read again as it was written, terms and all."""
    for each in (PROPOSED, AGREED, given_("First course", 6), word("ended", "DE", text="Why."),
                 word("evaluated", "KE", mark=2, text="So.")):  # fmt: skip
        assert Word.from_dict(json.loads(json.dumps(each.to_dict()))) == each
    raw = PROPOSED.to_dict()
    raw["terms"]["milestones"][1]["due"] = "2027-13-01"
    with pytest.raises(Invalid) as caught:
        Word.from_dict(raw)
    assert caught.value.where == "terms.milestones.due"


def test_an_offer_withdrawn_in_the_middle():
    """What was agreed stands until it is ended; proposals lapse; units still held are said, for both."""
    other = replace(NEW, reference="DE-PROGRAMME-2027-0002", need="LA-NEED-2026-0004")
    asked = told(PROPOSED, start=other)
    ended = told(
        given_("First course", 6), word("ended", "DE", 3, text="Why."), start=replace(RUNNING, offer=NEW.offer)
    )

    def left(of, *programmes):
        return after_withdrawal((each.reference, each.stage, held(each, of=of)) for each in programmes)

    found = left("offer", RUNNING, asked)
    assert (found.stands, found.lapses, found.units) == ((RUNNING.reference,), (asked.reference,), 10)
    assert left("need", RUNNING).lapses == ()
    assert left("offer", ended).units == 6
    assert left("need", ended).units == 0
    assert left("need").units == 0


def test_a_disputed_milestone_that_was_dropped_counts_no_more():
    """Both agree to terms without it, or with less of it: what is left adds up, and the dispute is said apart."""
    disputed = told(
        given_("First course", 6), taken("First course", 6),
        given_("Second course", 4, 4), word("disputed", "KE", 5, milestone="Second course", text="Two came."),
        start=RUNNING,
    )  # fmt: skip
    for part in ((), (replace(PARTS[1], units=1),)):
        parts = (PARTS[0], *part, *PARTS[2:])
        fewer = replace(TERMS, units=sum(each.units for each in parts), milestones=parts)
        found = standing(
            told(word("proposed", "KE", 6, terms=fewer), word("agreed", "DE", 7, terms=fewer), start=disputed)
        )
        assert (found.agreed, found.confirmed, found.undone) == (fewer.units, 6, 0)
        assert (found.disputed, found.disputes) == ((1, ("Second course",)) if part else (0, ()))
        assert found.dropped == (() if part else ("Second course",))


class Talk(RuleBasedStateMachine):
    """Two States say whatever comes to their minds, in any order."""

    def __init__(self):
        """Nothing was said yet."""
        super().__init__()
        self.programme, self.day = NEW, 0

    @rule(
        say=st.sampled_from([*Say, Say.AGREED, Say.DELIVERED, Say.CONFIRMED]),
        by=st.sampled_from(["DE", "KE", "DE", "KE", "JP"]),
        terms=st.sampled_from([TERMS, SHORTER]),
        milestone=st.sampled_from(["First course", "Second course", "Report", "Nothing"]),
        units=st.sampled_from([0, 4, 6]),
    )
    def speak(self, say, by, terms, milestone, units):
        """One word; refused ones change nothing."""
        fields = {"terms": terms, "milestone": milestone, "units": units, "mark": 3}
        form = {name: fields[name] for name in fields if name in {
            Say.PROPOSED: {"terms"}, Say.AGREED: {"terms"}, Say.DELIVERED: {"milestone", "units"},
            Say.CONFIRMED: {"milestone", "units"}, Say.DISPUTED: {"milestone"}, Say.EVALUATED: {"mark"},
        }.get(say, set())}  # fmt: skip
        said = word(say, by, self.day, text="" if say in {Say.PROPOSED, Say.AGREED} else "Because.", **form)
        before, refused = self.programme, None
        try:
            self.programme = advance(before, said)
            self.day += 1
        except NotPossible as error:
            refused = error
        assert by != "JP" or isinstance(refused, NotYours)
        assert refused or say in steps(before, side="giving" if by == "DE" else "receiving")

    @invariant()
    def both_have_agreed(self):
        """Terms that bind were proposed by one side and agreed to by the other, and nobody else ever spoke."""
        words = self.programme.words
        assert {each.by for each in words} <= {"DE", "KE"}
        agreed = [place for place, each in enumerate(words) if each.say is Say.AGREED]
        assert (self.programme.terms is not None) == bool(agreed)
        for place in agreed:
            proposal = next(each for each in reversed(words[:place]) if each.say is Say.PROPOSED)
            assert (proposal.terms, proposal.by != words[place].by) == (words[place].terms, True)

    @invariant()
    def the_sums_are_right(self):
        """Nothing is counted twice, and nothing as given that the receiving State has not confirmed."""
        found = standing(self.programme)
        assert found.agreed == found.confirmed + found.waiting + found.disputed + found.undone
        assert min(found.confirmed, found.waiting, found.disputed, found.undone) >= 0
        confirmed = [each for each in self.programme.words if each.say is Say.CONFIRMED]
        assert found.confirmed == sum(each.units for each in confirmed)
        assert held(self.programme, of="need") <= max(found.agreed, 0)
        if self.programme.stage in OVER:
            assert outcome(self.programme).confirmed == found.confirmed


Talk.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_any_talk = Talk.TestCase


def test_every_row_of_the_table_is_walked():
    """No row that nobody can use: each was the last word of some talk above or here."""
    walked = [
        told(PROPOSED), RUNNING, told(PROPOSED, word("declined", "KE", 1, text="No.")),
        told(PROPOSED, word("withdrawn", "DE", 1, text="No.")),
        *(told(*words, start=RUNNING) for words in (
            [word("proposed", "KE", 2, terms=SHORTER)],
            [word("proposed", "KE", 2, terms=SHORTER), word("agreed", "DE", 3, terms=SHORTER)],
            [word("proposed", "KE", 2, terms=SHORTER), word("declined", "DE", 3, text="No.")],
            [word("proposed", "KE", 2, terms=SHORTER), word("withdrawn", "KE", 3, text="No.")],
            [given_("Report", 0)], [given_("Report", 0), taken("Report", 0)],
            [given_("Report", 0), word("disputed", "KE", 3, milestone="Report", text="Empty.")],
            [word("ended", "KE", 2, text="No.")],
            [word("ended", "KE", 2, text="No."), word("evaluated", "DE", 3, mark=1, text="So.")],
            [each for part in PARTS for each in (given_(part.name, part.units), taken(part.name, part.units, 2))]
            + [word("completed", "KE", 4)],
        )),
    ]  # fmt: skip
    used = set()
    for programme in walked:
        now = NEW
        for each in programme.words:
            used.add((each.say, now.stage))
            now = advance(now, each)
        assert now == programme
    assert {step.say for step in TABLE} == {say for say, _ in used} == set(Say)
    assert {(step.say, step.target) for step in TABLE if Of.RUNNING in step.stages} <= {
        (say, step.target) for say, stage in used for step in TABLE if step.say is say and stage in step.stages
    }


def test_a_status_is_what_the_state_says():
    """Without a statement the position is unstated, and that is a position of its own."""
    assert need(development=Development.UNSTATED, source="").development is Development.UNSTATED


def test_every_code_of_the_room_has_its_words():
    """What the room says in codes is called something, and nothing is called that it never says."""
    from comity.assistance import conditions, explain, scoring
    from comity.assistance.assess import Holds
    from comity.assistance.questions import QUESTIONS
    from comity.wording import assistance as words

    for table, ids in (
        (words.TOPICS, Topic), (words.UNITS, Unit), (words.POSITIONS, Development), (words.CONDITIONS, Condition),
        (words.REASONS, explain.Why), (words.QUESTIONS, QUESTIONS), (words.SCORES, scoring.ROWS),
    ):  # fmt: skip
        assert set(table) == {str(each) for each in ids}
    assert {code: row.reason for code, row in scoring.ROWS.items()} == words.SCORES
    source = Path(conditions.__file__).read_text("utf-8")
    assert set(re.findall(r'Obstacle\("(pair\.[a-z-]+)"', source)) == set(words.OBSTACLES)
    assert {code for code in words.EVIDENCE if code.startswith("law.")} >= {f"law.{each}" for each in Holds}
