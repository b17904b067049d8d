"""From acts to facts and figures: both States count the same, each figure is its acts, and what is drafted counts nowhere."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from counting import AT, behind, case, facts
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.casework.act import Act, Kind, Power
from comity.casework.case import Case
from comity.casework.measure import GROUPS, Measure
from comity.casework.request import Request
from comity.reporting import axes, tables, tally
from comity.reporting.axes import EXERCISE, MADE, NONE, RECEIVED, TOTAL, Event

LAW = frozenset({"sovereignty", "trivial", "accepted"})


def told(found) -> list[tuple[str, str, str]]:
    """What happened, when and how."""
    return [(str(fact.event), fact.period, fact.outcome) for fact in found]


WALKS = {
    "given": ([(Kind.ACCEPTED, 1), (Kind.DISCLOSED, 2), (Kind.CLOSED, 3)],
              [("answered", "accepted"), ("given", "complete"), ("ended", "complete")]),
    "conditional, and in parts": (
        [(Kind.ACCEPTED, 1, {"conditions": ["Only here."]}), (Kind.DISCLOSED, 2, {"rest": "One mailbox."}), (Kind.CLOSED, 3)],
        [("answered", "conditional"), ("given", "part"), ("ended", "partly-given")]),
    "returned twice": ([(Kind.ASKED, 1), (Kind.ASKED, 2, {"fields": ["facts", "offence.code", "facts.x"]})],
                       [("returned", "period_to"), ("returned", "several")]),
    "returned for nothing named": ([(Kind.ASKED, 1, {"fields": []})], [("returned", "unnamed")]),
    "refused": ([(Kind.REFUSED, 1), (Kind.CLOSED, 2)], [("answered", "sovereignty")]),
    "withdrawn, and then refused": ([(Kind.WITHDRAWN, 1), (Kind.REFUSED, 2)], [("answered", "sovereignty")]),
    "given without a yes": ([(Kind.DISCLOSED, 1)], []),
    "refused on grounds that nobody knows": (
        [(Kind.REFUSED, 1, {"grounds": ["Our man in Shiraz"]})], [("answered", "other")]),
    "refused on a ground called yes": ([(Kind.REFUSED, 1, {"grounds": ["accepted"]})], [("answered", "other")]),
    "refused on several": ([(Kind.REFUSED, 1, {"grounds": ["sovereignty", "trivial"]})], [("answered", "several")]),
    "a yes taken back": ([(Kind.ACCEPTED, 1), (Kind.REFUSED, 2)], [("answered", "accepted"), ("ended", "revoked")]),
    "a rest refused": ([(Kind.ACCEPTED, 1), (Kind.DISCLOSED, 2, {"rest": "Two."}), (Kind.REFUSED, 3)],
                       [("answered", "accepted"), ("given", "part"), ("ended", "partly-given")]),
    "withdrawn": ([(Kind.WITHDRAWN, 1)], [("ended", "withdrawn")]),
    "only talk": ([(Kind.PROGRESS, 1)], []),
}  # fmt: skip


@pytest.mark.parametrize("name", WALKS)
def test_what_a_case_counts_as(name):
    """Each case makes the events that were said in it."""
    acts, expected = WALKS[name]
    found = tally.of_case(case(*acts), home="VN", grounds=LAW)
    assert [(str(fact.event), fact.outcome) for fact in found] == [("requested", NONE), *expected]
    assert all(fact.act in {act.id for act in case(*acts).acts} for fact in found)


def test_what_was_never_sent_does_not_count():
    """A draft is nobody's figure."""
    request = Request("IR-2026-0001", "IR", "VN", Measure.STORED_DATA)
    body = {"request": request.to_dict()}
    draft = Act(Kind.DRAFTED, "IR-2026-0001", "IR", "sara", "Sara", str(Power.DRAFT), AT, body, id="ab")
    assert tally.of_case(Case("IR-2026-0001", "IR", "VN", Measure.STORED_DATA, acts=(draft,)), home="IR") == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_both_states_count_the_same(seed):
    """Whatever order the acts arrived in, and whatever crossed what on its way."""
    dice = random.Random(seed)
    kinds = dice.choices([Kind.ASKED, Kind.ACCEPTED, Kind.REFUSED, Kind.DISCLOSED, Kind.WITHDRAWN, Kind.CLOSED], k=6)
    one = case(*((kind, dice.randint(0, 5000)) for kind in kinds), measure=dice.choice(list(Measure)))
    first, rest = one.acts[0], sorted(one.acts[1:], key=lambda act: act.at)  # each State says its own in order
    mine = [act for act in rest if act.by == "IR"]
    theirs = [act for act in rest if act.by == "VN"]
    other = list(theirs)
    for act in mine:
        other.insert(dice.randint(0, len(other)), act)
    other.sort(key=lambda act: act.at if act.by == "IR" else AT)  # the order of each State's own acts stays
    there = replace(one, acts=(first, *theirs, *mine), crossed=frozenset(act.id for act in mine))
    here = replace(one, acts=(first, *mine, *theirs))
    asked, was_asked = tally.of_case(here, home="IR"), tally.of_case(there, home="VN")
    assert [replace(fact, direction="", partner="") for fact in asked] == [
        replace(fact, direction="", partner="") for fact in was_asked
    ]
    assert {(fact.direction, fact.partner) for fact in asked} == {(MADE, "VN")}
    assert {(fact.direction, fact.partner) for fact in was_asked} == {(RECEIVED, "IR")}


def test_a_quarter_has_edges_in_utc():
    """The last second of a quarter, and the first of the next; a clock that is behind cannot answer before it was asked."""
    edge = datetime(2027, 1, 1, tzinfo=UTC)
    last = case((Kind.ACCEPTED, 0), sent=edge - timedelta(seconds=1))
    first = case((Kind.ACCEPTED, -0.05), sent=edge)
    assert [fact.period for fact in tally.of_case(last, home="IR")] == ["2026-Q4", "2026-Q4"]
    assert [fact.period for fact in tally.of_case(first, home="IR")] == ["2027-Q1", "2027-Q1"]
    assert [fact.took for fact in tally.of_case(first, home="IR")] == [None, timedelta(0)]
    assert axes.quarter(datetime(2027, 1, 1, 3, tzinfo=UTC).astimezone()) == "2027-Q1"
    assert axes.edges("2026-Q4") == (datetime(2026, 10, 1, tzinfo=UTC), edge)


def test_times_and_bands():
    """The time to a receipt is what the receipt says; what is not known is no time."""
    received = AT + timedelta(minutes=61)
    found = tally.of_case(case((Kind.ACCEPTED, 24 * 7), (Kind.DISCLOSED, 24 * 400)), home="IR", received=received)
    assert [fact.speed for fact in found] == ["up-to-1d", "up-to-7d", "over-365d"]
    assert tally.of_case(case(), home="IR")[0].speed == "_U"
    waits = tally.waits(found)
    assert (waits.known, waits.median, waits.longest) == (3, timedelta(days=7), timedelta(days=400))
    assert tally.waits([replace(found[0], took=None)]) == tally.Waits(0, 1, None, None, None)
    ten = [replace(found[0], took=timedelta(days=day)) for day in range(1, 11)]
    assert tally.waits(ten).ninth == timedelta(days=9)


def test_measures_add_up():
    """Each measure is in one family; a group of the law books that overlaps is none."""
    assert Counter(one for those in axes.FAMILIES.values() for one in those) == dict.fromkeys(Measure, 1)
    assert len(GROUPS["data"] & GROUPS["mla"]) > 0


def test_repeated_defects():
    """Every time that more was asked for counts under every field that was named."""
    found = tally.of_case(case((Kind.ASKED, 1, {"fields": ["facts", "link"]}), (Kind.ASKED, 2, {"fields": ["facts"]})),
                          home="IR")  # fmt: skip
    counted = {key: len(those) for key, those in tally.defects(found).items()}
    assert counted == {(MADE, "facts"): 2, (MADE, "link"): 1}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**9))
def test_every_figure_is_its_acts(seed):
    """A figure is the number of facts behind it, and a whole the sum of its parts, on every axis."""
    found = facts(seed, 40)
    exact = tables.figures(found, tables.PLAN, through="2025-Q4")
    for key, count in exact.counts.items():
        those = [fact for fact in behind(key, found) if fact.period <= "2025-Q4"]
        assert len(those) == count
        assert Counter(fact.partner for fact in those) == exact.shares[key]
        assert axes.check_key(key) == key
        assert tables.covers(key, tables.PLAN, through="2025-Q4")
    held = tables.relations(exact.counts)
    assert all(sum(exact.counts[key] * factor for key, factor in terms) == 0 for terms in held.sums)
    assert all(sum(exact.counts[key] * factor for key, factor in terms) <= 0 for terms in held.bounds)
    if exact.counts:
        assert held.sums


def test_exercises_are_never_added_to_what_is_real():
    """They are counted apart in every table."""
    found = [*tally.of_case(case(), home="VN"), *tally.of_case(case(number=2, exercise=True), home="VN")]
    exact = tables.figures(found, tables.PLAN, through="2026-Q4")
    assert {key[0] for key in exact.counts} == {"real", EXERCISE}
    assert set(exact.counts.values()) == {1}


def test_programmes():
    """They count as well; what cannot be meant is refused."""
    begun = datetime(2026, 5, 1, tzinfo=UTC)
    running = tally.Programme(reference="P1", partner="VN", gives=True, topic="forensics", begun=begun)
    over = replace(running, ended=begun + timedelta(days=100), result="achieved")
    assert told(tally.of_programme(running)) == [("begun", "2026-Q2", NONE)]
    assert told(tally.of_programme(over)) == [("begun", "2026-Q2", NONE), ("concluded", "2026-Q3", "achieved")]
    assert code(tally.of_programme, replace(over, ended=begun - timedelta(days=1))) == "figures.programme"
    assert code(tally.of_programme, replace(running, topic="no code")) == "figures.programme"
    for fact in tally.of_programme(over):
        assert axes.check_key(fact.key) == fact.key


@pytest.mark.parametrize(("place", "text"), [
    (0, "earnest"), (1, "asked"), (2, "both"), (3, "a b"), (3, "=1+1"), (4, "Viet Nam"), (5, "_Z"), (7, "slow"), (8, "2026-Q5"),
    (8, "26"), (6, "accepted"),
])  # fmt: skip
def test_keys_are_strict(place, text):
    """A code that cannot stand where it stands is refused."""
    good = ("real", "requested", "made", "preservation", TOTAL, TOTAL, NONE, TOTAL, "2026")
    assert axes.check_key(good) == good
    assert code(axes.check_key, (*good[:place], text, *good[place + 1 :])) == "figures.key"
    assert code(axes.check_key, good[:-1]) == "figures.key"
    assert code(axes.edges, "2026") == "figures.period"


def test_no_plan_is_linked_in_a_ring():
    """What holds between the figures is all there is to know only without a ring."""
    assert not tables.ring(tables.PLAN)
    pairs = [
        frozenset({axes.SUBJECT, axes.URGENCY}),
        frozenset({axes.SUBJECT, axes.SPEED}),
        frozenset({axes.URGENCY, axes.SPEED}),
    ]
    assert tables.ring([tables.Table(Event.REQUESTED, pair) for pair in pairs])
    assert not tables.ring([tables.Table(Event.REQUESTED, pair) for pair in pairs[:2]])
    assert code(tables.Table, Event.REQUESTED, frozenset({axes.PARTNER})) == "figures.table"
    assert code(tables.Table, Event.BEGUN, frozenset({axes.SPEED})) == "figures.table"
