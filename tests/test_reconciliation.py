"""What one State says of a pair against what the other says: every difference found and explained, no third State seen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from counting import case, facts, mirrored, recounted
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.casework.act import SKEW, Kind
from comity.reporting import reconciliation, release
from comity.reporting.axes import PARTNER, edges
from comity.reporting.reconciliation import Statement, Why, compare
from comity.reporting.tables import is_listed
from comity.reporting.tally import of_case

EDGE = datetime(2026, 1, 1, tzinfo=UTC)  # after 2025-Q4
LATER = EDGE + timedelta(days=30)


def pair(found, *, at=LATER, there=LATER, theirs=None) -> tuple[Statement, Statement]:
    """Iran's statement to Qatar's node, and the other way round."""
    time = {"since": "2025-Q1", "through": "2025-Q4"}
    return (
        reconciliation.state(found, by="IR", to="QA", at=at, **time),
        reconciliation.state(mirrored(found) if theirs is None else theirs, by="QA", to="IR", at=there, **time),
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 60))
def test_the_same_acts_give_no_difference(seed, number):
    """Each State draws up its own, and nothing differs; what crosses reads back equal."""
    ours, theirs = pair(facts(seed, number))
    assert compare(ours, theirs) == ()
    assert compare(theirs, ours) == ()
    assert Statement.from_dict(json.loads(json.dumps(ours.to_dict()))) == ours


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(0, 60))
def test_nothing_of_a_third_state_is_in_it(seed, other, number):
    """Whatever cases there are with others, the statement is the same to the byte."""
    found = [fact for fact in facts(seed, 40) if fact.partner == "QA"]
    third = [fact for fact in facts(other, number) if fact.partner != "QA"]
    assert pair(found)[0].to_dict() == pair([*found, *third])[0].to_dict()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.data())
def test_every_altered_count_is_found(seed, data):
    """One figure more, less, left out or put in, at one of the two: found, and whose it is."""
    ours, theirs = pair(facts(seed, 40))
    altered = dict(theirs.counts)
    cells = sorted(altered) or [("real", "requested", "IR", "preservation", "2025-Q1")]
    cell = data.draw(st.sampled_from(cells))
    altered[cell] = altered.get(cell, 0) + data.draw(st.sampled_from([-1, 1, 2, 100]))
    theirs = replace(theirs, counts={key: count for key, count in altered.items() if count})
    found = compare(ours, theirs)
    assert [(one.why, one.cell, one.at_fault) for one in found] == [(Why.FIGURE, cell, "QA")]
    assert (found[0].ours, found[0].theirs) == (ours.counts.get(cell, 0), theirs.counts.get(cell, 0))
    assert not found[0].explained


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9), st.data())
def test_every_altered_act_is_found(seed, data):
    """An act left out, invented, moved or called something else, with figures that fit: found, with the act."""
    ours, theirs = pair(facts(seed, 60, partners=2))
    entries = list(theirs.entries)
    place = data.draw(st.integers(0, len(entries) - 1))
    one, how = entries[place], data.draw(st.sampled_from(["left out", "invented", "moved", "called", "re-dated"]))
    nature, event, asker, measure, period = one.cell
    other = "2025-Q1" if period != "2025-Q1" else "2025-Q3"
    changed = {
        "left out": [],
        "invented": [one, replace(one, act="ab" * 32)],
        "moved": [replace(one, cell=(nature, event, asker, measure, other))],
        "called": [replace(one, cell=(nature, event, "QA" if asker == "IR" else "IR", measure, period))],
        "re-dated": [replace(one, at="2025-02-03T04:05:06Z")],
    }[how]
    entries[place : place + 1] = changed
    found = compare(ours, recounted(theirs, entries))
    near = min(abs(end - datetime.fromisoformat(one.at)) for end in edges(period)) <= SKEW
    expected = {"left out": Why.MISSING, "invented": Why.MISSING, "moved": Why.CLOCK if near else Why.PERIOD}
    assert [difference.why for difference in found] == [expected.get(how, Why.KIND)]
    assert found[0].acts == (changed[-1].act if changed else one.act,)
    assert found[0].at_fault == {"left out": "QA", "invented": "IR"}.get(how, "")


def test_two_clocks_at_the_edge_of_a_quarter():
    """A State whose clock is behind answers a request that it got after midnight: both count it after, as it was asked."""
    clock = EDGE - timedelta(minutes=3)
    cases = [
        case((Kind.ACCEPTED, -0.05), requested="QA", sent=EDGE),  # said at 23:57 there, of a request of 00:00 here
        case((Kind.ACCEPTED, 0.01), requested="QA", sent=clock, number=2),
    ]
    ours = [fact for one in cases for fact in of_case(one, home="IR")]
    theirs = [fact for one in cases for fact in of_case(one, home="QA")]
    assert {(fact.case, fact.period) for fact in ours} == {("IR-2026-0001", "2026-Q1"), ("IR-2026-0002", "2025-Q4")}
    here, there = pair(ours, theirs=theirs)
    assert compare(here, there) == ()
    assert here.counts == {("real", event, "IR", "stored-data", "2025-Q4"): 1 for event in ("requested", "answered")}


def test_a_node_that_counts_by_its_own_clock():
    """It puts an act of the last minutes into the next quarter: explained by the clocks, because it is that near."""
    near, far = (case(requested="QA", sent=edges("2025-Q3")[1] - gap, number=number)
                 for number, gap in enumerate((timedelta(minutes=4), timedelta(minutes=6)), 1))  # fmt: skip
    for one, why in ((near, Why.CLOCK), (far, Why.PERIOD)):
        ours, theirs = pair(of_case(one, home="IR"), theirs=of_case(one, home="QA"))
        entry = theirs.entries[0]
        moved = recounted(theirs, [replace(entry, cell=(*entry.cell[:4], "2025-Q4"))])
        (found,) = compare(ours, moved)
        assert (found.why, found.explained, found.acts) == (why, why is Why.CLOCK, (one.acts[0].id,))
        assert (found.ours, found.theirs) == (1, 0)


def test_an_act_on_its_way():
    """Sent in the last days and not there yet when the other drew up: on its way; of long ago: missing."""
    late, old = (case(requested="QA", sent=EDGE - gap, number=number)
                 for number, gap in enumerate((timedelta(hours=2), timedelta(days=40)), 1))  # fmt: skip
    ours, theirs = pair(
        [*of_case(late, home="IR"), *of_case(old, home="IR")], at=LATER, there=EDGE + timedelta(hours=1), theirs=[]
    )
    found = {one.acts[0]: one for one in compare(ours, theirs)}
    assert [(found[one.acts[0].id].why, found[one.acts[0].id].at_fault) for one in (late, old)] == [
        (Why.ON_THE_WAY, "QA"), (Why.MISSING, "QA"),
    ]  # fmt: skip
    assert compare(ours, replace(theirs, drawn=LATER + timedelta(days=9)))[0].why is Why.MISSING


@pytest.fixture(scope="module")
def published():
    """Two releases of the same cases, and what Iran says to Qatar's node."""
    found = facts(7, 200)
    ours = release.draw(found, state="IR", through="2025-Q4", at=LATER)
    theirs = release.draw(mirrored(found), state="QA", through="2025-Q4", at=LATER)
    return ours, theirs, pair(found)[0]


def test_published_figures_are_those_of_the_statement(published):
    """As they stand; and each that is altered is found, with the acts that it should count."""
    ours, theirs, said = published
    assert reconciliation.against_public(ours, said) == ()
    assert reconciliation.between(ours, theirs) == ()
    about = [key for key in ours.cells if is_listed(key) and key[PARTNER] == "QA"]
    assert len(about) == 2
    for key in about:
        altered = tampered(ours, key, ours.cells[key] + 1)
        (found,) = reconciliation.against_public(altered, said)
        assert (found.why, found.at_fault, len(found.acts)) == (Why.PUBLISHED, "IR", ours.cells[key])
        (seen,) = reconciliation.between(altered, theirs)
        assert (seen.ours, seen.theirs, seen.at_fault) == (ours.cells[key] + 1, ours.cells[key], "")
        assert reconciliation.between(theirs, altered)[0].cell == seen.cell
    assert code(reconciliation.against_public, theirs, said) == "between.pair"


def tampered(one, key, value):
    """A release with another figure, past the checks that would refuse it."""
    copy = object.__new__(type(one))
    for name, old in vars(one).items():
        object.__setattr__(copy, name, old)
    object.__setattr__(copy, "cells", {**one.cells, key: value})
    return copy


ACT = ["real", "requested", "IR", "preservation", "2025-Q1", "2025-02-03T04:05:06Z", "ab" * 32, "IR-2025-0001"]


def act(**changed) -> list:
    """A row of an act, with other contents at some places."""
    return [changed.get(f"at{place}", value) for place, value in enumerate(ACT)]


FAULTS = {
    "another version": {"comity": "comity/v2/figures-between"},
    "one field more": {"more": 1},
    "a State that is none": {"to": "Qatar"},
    "to itself": {"to": "IR"},
    "a quarter that is not over": {"at": "2025-12-31T23:59:59Z"},
    "backwards": {"since": "2026-Q1"},
    "a time of another form": {"at": "2026-02-01T00:00:00+00:00"},
    "a negative figure": {"counts": [["real", "requested", "IR", "preservation", "2025-Q1", -1]]},
    "a fraction": {"counts": [["real", "requested", "IR", "preservation", "2025-Q1", 1.5]]},
    "true": {"counts": [["real", "requested", "IR", "preservation", "2025-Q1", True]]},
    "a third State": {"counts": [["real", "requested", "VN", "preservation", "2025-Q1", 1]]},
    "a quarter outside": {"counts": [["real", "requested", "IR", "preservation", "2026-Q1", 1]]},
    "an event of no case": {"counts": [["real", "called", "IR", "preservation", "2025-Q1", 1]]},
    "a figure twice": {"counts": [["real", "requested", "IR", "preservation", "2025-Q1", 1]] * 2},
    "no list": {"counts": {}},
    "an act that is no digest": {"acts": [act(at6="x")]},
    "an act at no time": {"acts": [act(at5="yesterday")]},
    "an act twice": {"acts": [act(), act(at4="2025-Q2")]},
    "a case that is none": {"acts": [act(at7="../etc")]},
    "a row too short": {"acts": [["real"]]},
    "a number for a text": {"acts": [act(at3=1)]},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_meant_is_refused(fault):
    """From another State nothing else is read than what is written."""
    good = pair(facts(1, 30))[0].to_dict()
    assert Statement.from_dict(good).to_dict() == good
    assert code(Statement.from_dict, good | FAULTS[fault]).startswith(("between.", "figures."))
    assert code(Statement.from_dict, [good]) == "between.form"


def test_statements_of_different_pairs_or_times_are_not_compared():
    """Only what is about the same can differ."""
    ours, theirs = pair(facts(1, 30))
    assert code(compare, ours, ours) == "between.pair"
    shorter = reconciliation.state([], by="QA", to="IR", since="2025-Q2", through="2025-Q4", at=LATER)
    assert code(compare, ours, shorter) == "between.pair"
    assert theirs.counts
