"""No hidden figure can be worked out: not by our own attack, nor by one that knows nothing of our tables, nor over time."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from counting import Joint, facts, grouped
from hypothesis import given, settings
from hypothesis import strategies as st
from refusing import code

from comity.casework.measure import Measure
from comity.errors import Invalid
from comity.reporting import axes, release, suppression, tables
from comity.reporting.axes import (
    ANSWERS,
    DIRECTION,
    MADE,
    OUTCOME,
    PARTNER,
    PERIOD,
    RECEIVED,
    REFUSED,
    SUBJECT,
    TOTAL,
    URGENCY,
    Event,
    edges,
    lineage,
)
from comity.reporting.release import Release, draw
from comity.reporting.tables import Figures, Relations, Table, is_listed

FEW = (Measure.PRESERVATION, Measure.STORED_DATA, Measure.STATEMENTS)
LINKED = (
    Table(Event.REQUESTED, frozenset({SUBJECT}), direction=MADE),
    Table(Event.REQUESTED, frozenset({URGENCY}), direction=MADE),
    Table(Event.ANSWERED, frozenset({SUBJECT, OUTCOME}), direction=MADE),
    Table(Event.GIVEN, frozenset({SUBJECT}), direction=MADE),
)
QUARTERS = ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4")
NEVER = "-"


def drawn(found, through="2025-Q4", earlier=(), **more) -> Release:
    """A release of Iran's."""
    return draw(found, state="IR", through=through, at=edges(through)[1], earlier=earlier, **more)


def made(seed, number, **more):
    """Facts of few measures, sent only, so that every combination can be written out."""
    found = facts(seed, number, measures=FEW, quarters=2, **more)
    return [fact for fact in found if fact.direction == MADE and fact.event is not Event.ENDED]


def cases_behind(periods) -> list[tuple[str, ...]]:
    """Every way in which a case can be counted: measure, urgency, sent in, outcome, answered in, given in."""
    found = []
    for sent in periods:
        found.append((sent, NEVER, NEVER, NEVER))
        for answered in (one for one in periods if one >= sent):
            found += [
                (sent, outcome, answered, NEVER) for outcome in ("accepted", "conditional", "sovereignty", "trivial")
            ]
            found += [
                (sent, outcome, answered, given) for outcome in ("accepted", "conditional")
                for given in periods if given >= answered
            ]  # fmt: skip
    return [
        (str(one), urgency, *rest) for one in FEW for urgency in ("ordinary", "urgent", "emergency") for rest in found
    ]


def counts(key):
    """Whether a figure counts a case, worked out anew from the words of the key."""
    _, event, _, subject, _, urgency, outcome, _, period = key

    def test(way) -> bool:
        measure, how, sent, answer, answered, given_in = way
        when = {"requested": sent, "answered": answered, "given": given_in}[event]
        family = "electronic-data" if measure in ("preservation", "stored-data") else "legal-assistance"
        if when == NEVER or period not in (when, when[:4]) or subject not in (measure, family, TOTAL):
            return False
        if urgency not in (how, TOTAL):
            return False
        if event != "answered" or outcome == TOTAL:
            return True
        return outcome in (answer, REFUSED if answer not in ANSWERS else answer)

    return test


def joint(told, periods, *, own=()) -> Joint:
    """The attack on everything told; `own`: facts that the attacker knows, because they are its own."""
    attack = Joint([[]])
    attack.combinations = cases_behind(periods)
    for key, value in told.items():
        mine = sum(counted(key, fact) for fact in own)
        if value is None:
            attack.know(counts(key), max(0, 1 - mine), 1e6)
        else:
            attack.know(counts(key), value - mine, value - mine)
    covered = {key for way in attack.combinations for key in keys_of(way)}
    for key in covered - told.keys():
        attack.know(counts(key), 0, 0)
    return attack


def keys_of(way):
    """The figures of `LINKED` that count a case of this kind."""
    measure, urgency, sent, answer, answered, given_in = way
    for subject in lineage("requested", SUBJECT, measure):
        for event, period in (("requested", sent), ("given", given_in)):
            if period != NEVER:
                none = "_Z" if event == "requested" else TOTAL
                yield ("real", event, MADE, subject, TOTAL, TOTAL, none, TOTAL, period)
        if answered != NEVER:
            for outcome in lineage("answered", OUTCOME, answer):
                yield ("real", "answered", MADE, subject, TOTAL, TOTAL, outcome, TOTAL, answered)
    yield ("real", "requested", MADE, TOTAL, TOTAL, urgency, "_Z", TOTAL, sent)


def counted(key, fact) -> int:
    """Whether a figure counts this fact."""
    return int(all(
        code in (TOTAL, "_Z") or code in lineage(key[1], axis, fact.key[axis]) for axis, code in enumerate(key)
    ))  # fmt: skip


def own_told(found: Release):
    """What is told without the list of States, which the tables of cases know nothing of."""
    return {key: value for key, value in found.cells.items() if not is_listed(key)}


# --------------------------------------------------------------------------------------------------- nothing recovered


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 90))
def test_nothing_hidden_can_be_worked_out(seed, number):
    """By a linear program over every combination that a case can be: for each hidden figure more than one value is left.

    For those that are hidden for their own sake, `threshold` values are, so that none is known more closely.
    """
    found = made(seed, number)
    got = drawn(found, "2025-Q2", tables=LINKED)
    exact = tables.figures(found, LINKED, through="2025-Q2").counts
    attack = joint(own_told(got), QUARTERS[:2])
    for key, value in own_told(got).items():
        assert value in (None, exact[key])
        if value is None:
            low, high = attack.extremes(counts(key))
            reach = got.threshold - 1 if exact[key] < got.threshold else 1
            assert high - low >= reach - 1e-6, (key, low, high)
            assert low - 1e-6 <= exact[key] <= high + 1e-6
        else:
            assert value >= got.threshold


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**9), st.integers(10, 90))
def test_nor_by_a_state_that_knows_its_own(seed, number):
    """A partner takes its own cases off: no figure of the others that is small is left with one value."""
    found = made(seed, number, partners=3)
    got = drawn(found, "2025-Q2", tables=LINKED)
    exact = tables.figures(found, LINKED, through="2025-Q2")
    for partner in ("QA", "QB"):
        attack = joint(own_told(got), QUARTERS[:2], own=[fact for fact in found if fact.partner == partner])
        for key, value in own_told(got).items():
            rest = exact.counts[key] - exact.shares[key].get(partner, 0)
            if 0 < rest < got.threshold:
                assert value is None
                low, high = attack.extremes(counts(key))
                assert high - low >= 1 - 1e-6, (partner, key, low, high)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**9), st.integers(20, 80))
def test_nor_over_time(seed, number):
    """Releases follow each other and cases are corrected: what is true of all releases together leaves nothing recovered."""
    dice, found = random.Random(seed), made(seed, number)
    releases: list[Release] = []
    for through in QUARTERS[:2]:
        for _ in range(2):
            releases.append(drawn(found, through, releases, tables=LINKED))
            found = corrected(found, dice)
    found = [fact for fact in found if fact.period <= "2025-Q2"]
    releases.append(drawn(found, "2025-Q2", releases, tables=LINKED))
    exact = tables.figures(found, LINKED, through="2025-Q2").counts
    last = own_told(releases[-1])
    known = dict(last)
    for one in releases[:-1]:
        known |= {
            key: value for key, value in own_told(one).items() if value is not None and exact.get(key, 0) == value
        }
    attack = joint({key: value for key, value in known.items() if value is not None}, QUARTERS[:2])
    attack.rows = attack.rows[: sum(value is not None for value in known.values())]  # zero only where it never was more
    ever = {key for one in releases for key in one.cells}
    for key in {key for way in attack.combinations for key in keys_of(way)} - ever:
        attack.know(counts(key), 0, 0)
    for key, value in last.items():
        if value is None and 0 < exact.get(key, 0) < 5 and known[key] is None:
            low, high = attack.extremes(counts(key))
            assert high - low >= 1 - 1e-6, (key, low, high)
    for before, after in pairwise(releases):
        for key, value in own_told(after).items():
            told = before.cells.get(key, value)
            assert value is None or told == value or (told is not None and abs(told - value) >= 5)


def corrected(found, dice):
    """One case more, one less, or one moved to another measure."""
    those = sorted({fact.case for fact in found})
    if not those:
        return found
    one, how = dice.choice(those), dice.choice(["less", "moved"])
    if how == "less":
        return [fact for fact in found if fact.case != one]
    other = str(dice.choice(FEW))
    return [replace(fact, subject=other) if fact.case == one else fact for fact in found]


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 10**9), st.integers(50, 200))
def test_the_whole_plan_over_a_year(seed, number):
    """All tables, measures and directions, quarter by quarter: our own attack finds nothing; reach is what is said."""
    found = facts(seed, number)
    releases: list[Release] = []
    for through in QUARTERS:
        releases.append(drawn(found, through, releases))
        assert release.attack(*releases) == ()
        assert releases[-1].reach == 4
    assert Release.from_dict(releases[-1].to_dict()) == releases[-1]


# ------------------------------------------------------------------------------------------ the attack is no paper tiger


def ranges(told, held):
    """The least and the most that each hidden figure can be; None: there is no most."""
    hidden, program = suppression._attack(told, held, ())
    found = {}
    for number, key in enumerate(hidden):
        ends = (suppression._extreme(program, number, len(hidden), sign)[number] for sign in (1, -1))
        low, high = map(suppression._whole, ends, (1, -1))
        found[key] = low, None if high >= tables.MOST else high
    return found


def test_hiding_small_figures_alone_is_not_enough():
    """Without the second step both attacks recover figures, so that it is the second step that protects."""
    found = made(3, 60)
    exact = tables.figures(found, LINKED, through="2025-Q2")
    naive = {key: None if count < 5 else count for key, count in exact.counts.items()}
    lost = suppression.recovered(naive, tables.relations(naive))
    attack = joint(naive, QUARTERS[:2])
    assert lost
    for key in lost:
        low, high = attack.extremes(counts(key))
        assert low == pytest.approx(high)
        assert low == pytest.approx(exact.counts[key])
    assert ranges(naive, tables.relations(naive))[lost[0]] == (exact.counts[lost[0]],) * 2


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 60))
def test_the_two_attacks_agree(seed, number):
    """What `relations` say is all there is to know: the ranges are those of the table of all combinations."""
    naive = {
        key: None if count < 4 else count
        for key, count in tables.figures(made(seed, number), LINKED, through="2025-Q2").counts.items()
    }
    attack = joint(naive, QUARTERS[:2])
    for key, (low, high) in ranges(naive, tables.relations(naive)).items():
        least, most = attack.extremes(counts(key))
        assert low == pytest.approx(least, abs=0.99)  # ours is the next whole number
        assert (high if high is not None else 1e6) == pytest.approx(most, abs=0.99)


def test_altered_figures_contradict_each_other():
    """One figure changed: it is refused when it is read, or no figures agree with it."""
    got = drawn(facts(5, 300), "2025-Q4")
    told = sorted(key for key, value in own_told(got).items() if value is not None)
    seen = Counter()
    for key in random.Random(1).sample(told, 8):
        for other in (got.cells[key] + 1, got.cells[key] - 1):
            seen[code(_attacked, got, {**got.cells, key: other}) or "unseen"] += 1
    assert seen["figures.sum"] + seen["figures.order"] + seen["figures.value"] + seen["figures.inconsistent"] >= 4
    assert seen["figures.sum"] > 0


def _attacked(got, cells):
    release.attack(replace(got, cells=cells))


# --------------------------------------------------------------------------------------------------------- the rules


@pytest.mark.parametrize(("count", "shares", "sensitive"), [
    (0, {}, False), (1, {"VN": 1}, True), (4, {"VN": 4}, True), (5, {"VN": 5}, False), (9, {"VN": 7, "QA": 2}, True),
    (12, {"VN": 6, "QA": 6}, False), (15, {"VN": 6, "QA": 6, "EG": 3}, True), (6, dict.fromkeys("ABCDEF", 1), False),
    (13, {"VN": 5, "QA": 4, "EG": 4}, True), (12, {"VN": 5, "QA": 4, "EG": 3}, False),
])  # fmt: skip
def test_what_is_sensitive(count, shares, sensitive):
    """Few, or few without a State that takes its own off."""
    assert suppression.is_sensitive(count, shares, 5) is sensitive


def test_zero_is_told_and_nothing_covers_nothing():
    """No facts: an empty release, in which everything covered is zero and nothing else can be asked."""
    got = drawn([], "2025-Q4")
    assert (dict(got.cells), got.hidden, got.reach) == ({}, 0, 4)
    key = ("real", "requested", RECEIVED, "preservation", TOTAL, TOTAL, "_Z", TOTAL, "2025")
    assert got.value(key) == 0
    assert code(got.value, (*key[:DIRECTION], MADE, *key[SUBJECT:])) == "figures.key"  # the State that was asked tells
    assert code(got.value, (*key[:PERIOD], "2026")) == "figures.key"
    assert code(got.value, (*key[:PERIOD], "2025-Q1")) == "figures.key"  # measures are told by years
    assert got.value((*key[:SUBJECT], TOTAL, "VN", TOTAL, "_Z", TOTAL, "2025")) is None


def test_a_threshold_that_hides_nothing_is_refused():
    """Of two values one would be left."""
    assert code(drawn, [], threshold=2) == "figures.threshold"


def test_a_quarter_that_is_not_over_is_not_counted():
    """Nor what an earlier release of another State, or of a later quarter, would go on from."""
    early = edges("2025-Q4")[1] - timedelta(seconds=1)
    assert code(draw, [], state="IR", through="2025-Q4", at=early) == "figures.period"
    first = drawn([], "2025-Q2")
    assert code(drawn, [], "2025-Q1", [first]) == "figures.plan"
    assert code(drawn, [], "2025-Q2", [replace(first, state="VN")]) == "figures.plan"
    assert code(drawn, [], "2025-Q2", [first], tables=LINKED) == "figures.plan"


def test_what_was_told_can_hide_nothing():
    """If all that could hide a figure has been told, it is said, not published."""
    whole, part, other = (("real", "requested", MADE, one, TOTAL, TOTAL, "_Z", TOTAL, "2025-Q1") for one in
                          ("electronic-data", "preservation", "stored-data"))  # fmt: skip
    counts = {whole: 12, part: 3, other: 9}
    held = tables.relations(counts)
    shares = {key: dict.fromkeys(map(str, range(count)), 1) for key, count in counts.items()}
    got = suppression.protect(Figures(counts, shares), held)
    assert got.hidden == {part, other}
    assert (
        code(suppression.protect, Figures(counts, shares), held, earlier=[{whole: 12, other: 9}]) == "figures.exposed"
    )


def test_hidden_stays_hidden():
    """Also when it has become many since."""
    few = [replace(fact, direction=RECEIVED, partner="QA", subject="preservation") for fact in facts(1, 3, quarters=1)]
    many = few + [
        replace(fact, direction=RECEIVED, partner="QA", subject="preservation") for fact in facts(2, 40, quarters=1)
    ]
    first = drawn(few, "2025-Q1")
    second = drawn(many, "2025-Q1", [first])
    assert first.hidden
    assert {key for key, value in first.cells.items() if value is None} <= {
        key for key, value in second.cells.items() if value is None
    }
    assert drawn(many, "2025-Q1").hidden < second.hidden


def test_the_list_of_states():
    """By whole years, many only; a State that is not listed is not told from one with nothing."""
    base = next(fact for fact in facts(1, 5) if fact.event is Event.REQUESTED)

    def counted_in(*numbers, through="2025-Q4") -> dict[str, int]:
        found = [replace(base, partner="VN", period=period)
                 for period, number in zip(QUARTERS, numbers, strict=True) for _ in range(number)]  # fmt: skip
        return {key[PERIOD]: count for key, count in tables.listed(found, through=through, threshold=5).items()}

    assert counted_in(5, 6, 7, 2) == {"2025": 20}
    assert counted_in(1, 1, 1, 2) == {"2025": 5}
    assert counted_in(1, 1, 1, 1) == {}
    assert counted_in(9, 9, 9, 0, through="2025-Q3") == {}


def test_two_states_list_the_same():
    """What one tells of the other, the other tells too, and no more."""
    found = facts(7, 200)
    mine = drawn(found)
    theirs = [replace(fact, direction=RECEIVED if fact.direction == MADE else MADE, partner="IR")
              for fact in found if fact.partner == "QA"]  # fmt: skip
    other = draw(theirs, state="QA", through="2025-Q4", at=edges("2025-Q4")[1])
    said = {(key[DIRECTION], key[PERIOD]): value for key, value in mine.cells.items() if key[PARTNER] == "QA"}
    heard = {(key[DIRECTION], key[PERIOD]): value for key, value in other.cells.items() if key[PARTNER] == "IR"}
    assert len(said) == 2
    assert said == {({MADE: RECEIVED, RECEIVED: MADE}[way], period): value for (way, period), value in heard.items()}


def test_what_another_state_listed_before_a_correction_is_not_listed_anew():
    """A figure of the list that changed by few since is left out: the change would tell of them."""
    base = next(fact for fact in facts(1, 5) if fact.event is Event.REQUESTED)
    eight = [replace(base, partner="VN", period="2025-Q2", case=str(number)) for number in range(8)]
    first = drawn(eight)
    listed = {key for key in first.cells if is_listed(key)}
    assert len(listed) == 1
    assert not listed & drawn(eight[:6], earlier=[first]).cells.keys()
    assert listed <= drawn(eight, earlier=[first]).cells.keys()
    again = [drawn(eight[:3])]
    assert not listed & drawn(eight, earlier=again).cells.keys()  # what was few once stays untold


@pytest.mark.parametrize(("seed", "number", "cases"), [(1, 8, 60), (2, 8, 400), (3, 12, 250)])
def test_nor_from_the_figures_of_all_states_together(seed, number, cases):
    """A world in which all States publish, and there is nobody else: no hidden figure and no flow of few is recovered.

    Known to the attacker: every State's tables, both lists, that what is listed nowhere is 0 to 4, that the flows to a State
    are all that it received, and that all that was made was received.
    """
    dice, states = random.Random(seed), [f"Q{chr(65 + place)}" for place in range(number)]
    world = {state: [] for state in states}
    for those in grouped(facts(seed, cases)).values():
        one, other = dice.sample(states, 2)
        world[one] += [replace(fact, direction=MADE, partner=other) for fact in those]
        world[other] += [replace(fact, direction=RECEIVED, partner=one) for fact in those]
    told, sums, bounds = {("most",): 4}, [], []
    flows: dict = {}
    for state, found in world.items():
        got = drawn_by(state, found)
        own = {key: value for key, value in got.cells.items() if not is_listed(key)}
        told |= {(state, *key): value for key, value in own.items()}
        held = tables.relations(own)
        for terms, rows in ((held.sums, sums), (held.bounds, bounds)):
            rows += [tuple(((state, *key), factor) for key, factor in row) for row in terms]
        for key, value in got.cells.items():
            if is_listed(key):
                way = (state, key[PARTNER]) if key[DIRECTION] == MADE else (key[PARTNER], state)
                assert flows.setdefault(way, value) == value
    for one in states:
        total = (one, "real", "requested", RECEIVED, TOTAL, TOTAL, TOTAL, "_Z", TOTAL, "2025")
        row = [((other, one), 1) for other in states if other != one]
        told |= {way: flows.get(way) for way, _ in row}
        sums.append((*row, *(((total, -1),) if total in told else ())))
        bounds += [((way, 1), (("most",), -1)) for way, _ in row if way not in flows]
    lost = suppression.recovered(
        told, Relations(tuple(sums), tuple(bounds)), zero=[key for key in told if len(key) == 2]
    )
    truth = Counter((fact.partner, state) for state, found in world.items() for fact in found
                    if fact.event is Event.REQUESTED and fact.direction == RECEIVED and fact.period <= "2025-Q4")  # fmt: skip
    assert [key for key in lost if len(key) > 2 or truth[key]] == []


def drawn_by(state, found) -> Release:
    """A release of any State's."""
    return draw(found, state=state, through="2025-Q4", at=edges("2025-Q4")[1])


def test_contradictions_are_found_without_hidden_figures():
    """Nothing is hidden, and it does not add up."""
    whole = ("real", "requested", MADE, "electronic-data", TOTAL, TOTAL, "_Z", TOTAL, "2025")
    part = (*whole[:SUBJECT], "preservation", *whole[SUBJECT + 1 :])
    with pytest.raises(Invalid, match="altered"):
        ranges({whole: 9, part: 8}, tables.relations([whole, part]))
    assert ranges({whole: 8, part: 8}, tables.relations([whole, part])) == {}
    assert suppression.recovered({whole: None}, Relations((), ())) == ()
    assert axes.band(None) == "_U"
