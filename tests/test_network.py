"""A slice of bench/two_years.py: nodes over two years to a session of the Conference, cut off and continued; forty States."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import session

from comity.reporting import reconciliation, tables
from comity.reporting.axes import PERIOD, SUBJECT, edges
from comity.reporting.release import Release
from comity.reporting.tables import is_listed

RUN = (str(Path(__file__).parent.parent / "bench" / "two_years.py"), "--nodes", "3", "--cases", "12", "--seed", "1")


def test_two_years_to_a_session(tmp_path):
    """Killed on the way and continued: nothing is lost, all pairs agree, every altered count is found, nothing is recovered."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COMITY_", "DJANGO_"))}
    command = [sys.executable, *RUN, "--state", str(tmp_path)]
    journal = tmp_path / "journal"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as first:
        end = time.monotonic() + 120
        while not journal.exists() or len(journal.read_text().split()) < 40:
            assert time.monotonic() < end
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=240)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads((tmp_path / "session.json").read_text("utf-8"))
    assert (found["wrong"], found["differences"], found["left"]) == ([], {}, [])
    assert found["altered"] == found["found"]
    assert found["altered"]["count"] > 100
    assert {state["releases"] for state in found["states"].values()} == {8}
    assert all("2028" in state["questions"] for state in found["states"].values())


@pytest.fixture(scope="module")
def forty():
    """The facts of forty States, and what each published of a year."""
    world = session.world(3, 40, 260)
    return world, session.publish(world, ["2025-Q4"])


def test_no_hidden_figure_of_forty_states_can_be_worked_out(forty):
    """One linear program over everything that all of them have published. Had they hidden small figures only, it finds many."""
    world, published = forty
    hidden, lost, few = session.recovered(published)
    assert hidden > 1000
    assert (lost, few) == ([], True)
    careless = {}
    for state in list(world)[:5]:
        (one,) = published[state]
        exact = tables.figures(world[state], one.tables, through=one.through).counts
        careless[state] = [weak(one, {key: count if count >= one.threshold else None for key, count in exact.items()})]
    assert len(session.recovered(careless)[1]) > 20


def weak(one: Release, cells) -> Release:
    """A release with other cells, past the checks that would refuse it."""
    copy = object.__new__(Release)
    for name, value in vars(one).items():
        object.__setattr__(copy, name, value)
    object.__setattr__(copy, "cells", cells)
    return copy


def test_every_altered_count_of_forty_states_is_found(forty):
    """Each count and each act of every pair's statements, altered one by one and signed by its State: found by the other."""
    world, _ = forty
    tried, found = Counter(), Counter()
    time_ = {"since": "2025-Q1", "through": "2025-Q4", "at": edges("2025-Q4")[1]}
    pairs = {(one, fact.partner) for one, those in world.items() for fact in those if one < fact.partner}
    assert len(pairs) > 80
    for one, other in pairs:
        ours, theirs = (reconciliation.state(world[a], by=a, to=b, **time_) for a, b in ((one, other), (other, one)))
        stand, more, seen = session.reconciled(ours, theirs)
        assert stand == 0
        tried, found = tried + more, found + seen
    assert tried == found
    assert tried["count"] > 1000


def test_what_a_state_signs_against_its_own_list_is_seen(forty):
    """Who alters what two States list is found by the partner; what contradicts itself is read by nobody."""
    world, published = forty
    state, (one,) = max(published.items(), key=lambda each: sum(map(is_listed, each[1][-1].cells)))
    listed = [key for key in one.cells if is_listed(key)]
    assert listed
    partner = listed[0][SUBJECT + 1]
    time_ = {"since": "2025-Q1", "through": "2025-Q4", "at": edges("2025-Q4")[1]}
    said = reconciliation.state(world[state], by=state, to=partner, **time_)
    others = [each[-1] for name, each in published.items() if name != state]
    small = replace(one, cells={key: one.cells[key] for key in listed if key[PERIOD] == "2025"})
    tried, noticed = session.seen_through(small, others, [said])
    assert noticed["by a partner"] + noticed["refused"] == tried - len(listed)  # but for those that are left out
