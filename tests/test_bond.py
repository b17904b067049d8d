"""Who is bound to whom: deposits, denunciations, objections and territories, and the countdown around the fortieth."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lawroom import BOOKS, SHELF, between, bilateral, complete
from parties import FIRST, ROLL, UNCC, forty, party, shelf, treaty

from comity.casework.measure import Measure
from comity.errors import BrokenLawbook, Invalid
from comity.law import instrument
from comity.law.assess import assess
from comity.law.bond import bonds, partners
from comity.law.book import Books, renewed
from comity.law.countdown import countdown
from comity.law.owed import owed
from comity.law.provision import Provision
from comity.law.standing import standing
from comity.law.treaty import Objection, Reservation, Territory, Treaty
from comity.wording.speech import LANGUAGES, Speech

OPENED = UNCC.entry.opened
MARKS = st.sampled_from("VSM?")
SOME = ("XA", "XB", "XC")
DAYS = st.dates(date(2025, 10, 25), date(2029, 12, 31))


# ── Whether a treaty binds two of them ──────────────────────────────────────────────────────────────────────────────


@st.composite
def lists(draw: st.DrawFn) -> Treaty:
    """A treaty that two deposits bring into force, three States of which anything may be known, reservations, objections."""
    parties = []
    for state in SOME:
        deposited = draw(st.none() | DAYS)
        left = draw(st.none() | st.dates(date(2026, 6, 1), date(2029, 1, 1))) if deposited else None
        parties.append(party(state, deposited, draw(MARKS), left, draw(MARKS)))
    lines, reservations, objections = {}, [], []
    for state in draw(st.sets(st.sampled_from(SOME), max_size=2)):
        name = f"uncc:{state}-reservation"
        lines[name] = (line(name, draw(MARKS), since=draw(st.none() | DAYS)),)
        reservations.append(Reservation(state, ("14",), name))
        for other in draw(st.sets(st.sampled_from([code for code in SOME if code != state]))):
            mine = f"uncc:{other}-objection-{state}"
            lines[mine] = (line(mine, draw(MARKS), since=draw(st.none() | DAYS)),)
            objections.append(Objection(other, name, draw(st.booleans()), mine))
    found = treaty(parties, entry={"needed": 2}, objections=tuple(objections))
    return replace(found, reservations=tuple(reservations), provisions={**UNCC.provisions, **lines})


def line(name: str, sure: str = "V", since: date | None = None, until: date | None = None) -> Provision:
    """A provision that says nothing."""
    return Provision(name, "14", "A line.", "یک سطر.", sure, sure == "V", "a test", since, until)


@given(lists(), DAYS, st.permutations(SOME))
def test_binding_two(found: Treaty, on: date, order: list[str]) -> None:
    """Symmetric, never before the entry into force, never when one is unbound or unknown, never against an objection."""
    books, (one, other, _) = shelf(found), order
    status, back = books.status("uncc", one, other, on), books.status("uncc", other, one, on)
    assert (status.in_force, status.since, set(status.precluded)) == (back.in_force, back.since, set(back.precluded))
    answers = {books.bound("uncc", state, on) for state in (one, other)}
    barring = [item for item in found.objected({one, other}, on) if item.precludes]
    if status.in_force:
        assert answers == {True}
        assert found.surely is not None
        assert found.surely <= status.since <= on
        assert not barring
    if False in answers:
        assert status.in_force is False
        assert status.precluded == ()
    elif any(found.provisions[item.provision][0].sure in "VS" for item in barring):
        assert status.in_force is False
    elif None in answers or barring:
        assert status.in_force is None
    else:
        assert status.in_force is True


@given(lists(), DAYS, st.integers(0, 2))
def test_an_objection_concerns_two_alone(found: Treaty, on: date, third: int) -> None:
    """Taking the objections away changes nothing between States of which none objected to the other."""
    pair = tuple(state for at, state in enumerate(SOME) if at != third)
    without = shelf(replace(found, objections=()))
    if not found.objected(pair, on):
        assert shelf(found).status("uncc", *pair, on) == without.status("uncc", *pair, on)


@given(DAYS, st.sampled_from("VSM?"), st.integers(-3, 3), st.booleans())
def test_withdrawal_takes_effect(notice: date, mark: str, days: int, other_leaves: bool) -> None:  # noqa: FBT001
    """Bound up to the day before a year has passed since the notice; then not, or unknown where the notice is not sure."""
    lines = [*forty(date(2025, 12, 4)), party("XA", date(2025, 12, 4), "V", notice, mark)]
    lines.append(party("XB", date(2025, 12, 4), "V", notice if other_leaves else None))
    books = shelf(treaty(lines))
    ends = max(books.treaty("uncc").leaves["XA"], FIRST + timedelta(days=30))
    on = ends + timedelta(days=days)
    if on < books.treaty("uncc").since("XA"):
        return
    expected = True if on < books.treaty("uncc").leaves["XA"] else False if mark in "VS" else None
    assert books.bound("uncc", "XA", on) is expected
    status = books.status("uncc", "XA", "XB", on)
    assert status.in_force is (expected if not other_leaves or expected is not None else False)


def test_the_effect_of_a_notice_to_the_day() -> None:
    """A notice of 1 June 2027 takes effect on 1 June 2028: bound on 31 May, and not from then on."""
    lines = [*forty(date(2025, 12, 4)), party("IR", date(2025, 12, 4), "V", date(2027, 6, 1))]
    books = shelf(treaty(lines))
    assert books.bound("uncc", "IR", date(2028, 5, 31)) is True
    assert books.bound("uncc", "IR", date(2028, 6, 1)) is False
    found = standing(books, "uncc", "IR", date(2028, 6, 1))
    assert (found.instrument, found.leaves, found.bound) == ("left", date(2028, 6, 1), False)
    assert {item.step for item in owed(books, "uncc", "IR", date(2028, 6, 1))} == {"ended"}


# ── Objections and territories, as a book writes them ───────────────────────────────────────────────────────────────


def written(sure: str, *, precludes: bool, until: date | None = None) -> Books:
    """Two invented States bound by a treaty of theirs; one reserved Article 14, the other objected."""
    page = bilateral("XA", "XB")
    lines = [
        {"id": "XAB:reserved", "sure": "V", "en": "A reservation.", "fa": "یک حق شرط."} | ({"to": until} if until else {}),
        {"id": "XAB:objected", "sure": sure, "en": "An objection.", "fa": "یک اعتراض.", "from": date(2026, 1, 1)},
        {"id": "XAB:islands", "sure": "V", "en": "A territory.", "fa": "یک سرزمین."},
    ]  # fmt: skip
    page.tables["provision"] = [*page.tables["provision"], *lines]
    page.tables["reservation"] = [{"state": "XA", "articles": ["14"], "provision": "XAB:reserved"}]
    page.tables["objection"] = [
        {"state": "XB", "to": "XAB:reserved", "precludes": precludes, "provision": "XAB:objected"}
    ]
    page.tables["territory"] = [{"state": "XA", "territory": "GL", "applies": False, "provision": "XAB:islands"}]
    return renewed(between(), [page])


OBJECTIONS = [
    ("a plain objection leaves it in force", "V", False, date(2026, 6, 1), True, "basis.in-force"),
    ("one that precludes, before it was made", "V", True, date(2025, 12, 31), True, "basis.in-force"),
    ("one that precludes", "V", True, date(2026, 1, 1), False, "basis.precluded"),
    ("one that precludes and is not sure", "M", True, date(2026, 1, 1), None, "basis.objected"),
]


@pytest.mark.parametrize(
    ("sure", "precludes", "on", "force", "code"), [pytest.param(*rest, id=name) for name, *rest in OBJECTIONS]
)
def test_objections(sure: str, precludes: bool, on: date, force: bool | None, code: str) -> None:  # noqa: FBT001
    """A treaty does not bind one to the other where an objection says so; a check says it, and cites the objection."""
    books = written(sure, precludes=precludes)
    assert books.status("XAB", "XA", "XB", on).in_force is force
    request = replace(complete(Measure.STORED_DATA, "reciprocity"), basis="XAB", exercise=False)
    found = next(item for item in assess(request, books, on=on, side="requesting").findings if item.rule == "basis")
    assert found.code == code
    assert ("XAB:objected" in found.cites) == (code != "basis.in-force")
    for language in LANGUAGES:
        speech, params = Speech(language, books), dict(found.params)
        assert "%(" not in speech.sentence(found.code, params)
        tie = next(item for item in bond_of(books, on) if item.treaty.id == "XAB")
        assert "?" not in speech.bond(tie)
    option = next(item for item in instrument.options(request, books, on) if item.basis == "XAB")
    assert option.in_force is force


def bond_of(books: Books, on: date) -> tuple[Any, ...]:
    """What binds the two invented States."""
    return bonds(books, "XA", "XB", on)


def test_a_withdrawn_reservation_ends_the_objection() -> None:
    """Once the reservation is withdrawn there is nothing to object to."""
    books = written("V", precludes=True, until=date(2026, 12, 31))
    assert books.status("XAB", "XA", "XB", date(2026, 12, 31)).in_force is False
    assert books.status("XAB", "XA", "XB", date(2027, 1, 1)).in_force is True


def test_what_a_bond_holds() -> None:
    """Reservations close their articles both ways; objections and territories are named; unnamed territories are unknown."""
    tie = next(item for item in bond_of(written("V", precludes=False), date(2026, 6, 1)) if item.treaty.id == "XAB")
    assert tie.closed == ("14",)
    assert [item.state for item in tie.objections] == ["XB"]
    assert tie.territories == (Territory("XA", "GL", applies=False, provision="XAB:islands"),)
    assert [item.treaty.id for item in bonds(BOOKS, "KE", "FJ", date(2026, 11, 24))][-1] == "reciprocity"
    with pytest.raises(Invalid) as caught:
        bonds(BOOKS, "KE", "XX", date(2026, 11, 24))
    assert (caught.value.code, caught.value.where) == ("law.state", "other")


@pytest.mark.parametrize(
    ("table", "row", "code"),
    [
        ("objection", {"state": "XA", "to": "XAB:reserved", "provision": "XAB:objected"}, "lawbook.value"),
        ("objection", {"state": "XB", "to": "XAB:islands", "provision": "XAB:objected"}, "lawbook.cite"),
        ("territory", {"state": "XA", "territory": "GL", "provision": "XAB:islands"}, "lawbook.field-missing"),
    ],
)
def test_bad_rows(table: str, row: dict[str, Any], code: str) -> None:
    """No State objects to itself; an objection is to a reservation; whether a treaty applies is said plainly."""
    page = bilateral("XA", "XB")
    page.tables["provision"] = [
        *page.tables["provision"],
        *({"id": f"XAB:{name}", "sure": "V", "en": "x", "fa": "ی"} for name in ("reserved", "objected", "islands")),
    ]
    page.tables["reservation"] = [{"state": "XA", "articles": ["14"], "provision": "XAB:reserved"}]
    page.tables[table] = [row]
    with pytest.raises(BrokenLawbook) as caught:
        renewed(BOOKS, [page])
    assert caught.value.code == code


def test_a_report_of_no_signature_is_no_hint() -> None:
    """That a State had not signed is no report that it may be bound."""
    assert not UNCC.heard_of("US")
    assert not UNCC.heard_of("KE")
    assert UNCC.heard_of("IR")
    assert SHELF  # the shipped list, not an invented one


# ── The countdown ───────────────────────────────────────────────────────────────────────────────────────────────────


@given(DAYS, st.integers(36, 44), st.integers(-2, 120))
def test_around_the_fortieth(day: date, number: int, later: int) -> None:
    """With thirty-nine nothing enters into force; with forty it does on the ninetieth day after the fortieth, not before."""
    lines = forty(day, number)
    found, on = treaty(lines), day + timedelta(days=later)
    count = countdown(found, on)
    made = sorted(item.deposited for item in lines if item.deposited <= on)
    assert (count.sure, count.reported) == (len(made), len(made))
    assert count.missing == (max(40 - len(made), 0),) * 2
    if len(made) < 40:
        assert (count.enters, count.days) == (None, None)
        assert count.earliest == on + timedelta(days=90)
        return
    assert count.enters == made[39] + timedelta(days=90) == found.surely
    assert on + timedelta(days=count.days) == count.enters
    books = shelf(found)
    assert books.bound("uncc", lines[0].state, count.enters - timedelta(days=1)) is False
    assert books.bound("uncc", lines[0].state, count.enters) is True


@given(DAYS)
def test_whoever_comes_later(deposit: date) -> None:
    """The thirtieth day after his own deposit, or the Convention's own day if that is later."""
    found = treaty([*forty(FIRST), party("XA", deposit)])
    day = shelf(found).since("uncc", "XA")
    assert day == max(found.surely, deposit + timedelta(days=30))
    if deposit >= FIRST:
        assert countdown(found, deposit).joins == day
    assert shelf(found).bound("uncc", "XA", day) is True
    assert shelf(found).bound("uncc", "XA", day - timedelta(days=1)) is False


def test_reports_that_are_not_sure() -> None:
    """They are counted apart: nothing enters into force by them, and the earliest day is named."""
    lines = [*forty(FIRST, 39), party("XA", FIRST, "M")]
    count = countdown(treaty(lines), date(2026, 6, 1))
    assert (count.sure, count.reported, count.missing) == (39, 40, (0, 1))
    assert count.enters is None
    assert count.perhaps is not None
    assert count.joins is None


def test_the_european_union_is_not_counted() -> None:
    """Its instrument is none of the forty, and yet binds it."""
    lines = [*forty(FIRST, 39), party("EU", FIRST)]
    assert countdown(treaty(lines), date(2026, 6, 1)).sure == 39
    assert treaty(lines).surely is None
    lines = [*forty(FIRST, 40), party("EU", FIRST)]
    assert countdown(treaty(lines), date(2026, 6, 1)).sure == 40
    assert shelf(treaty(lines)).bound("uncc", "EU", treaty(lines).surely) is True


def test_the_shipped_count() -> None:
    """One instrument is sure and three are reported; on the day asked for at least thirty-seven lack."""
    count = countdown(UNCC, date(2026, 11, 24))
    assert (count.sure, count.reported, count.missing, count.enters) == (1, 3, (37, 39), None)
    assert count.earliest == date(2027, 2, 22)
    with pytest.raises(Invalid) as caught:
        countdown(BOOKS.treaty("reciprocity"), date(2026, 11, 24))
    assert caught.value.code == "law.entry"


def test_partners() -> None:
    """Whom a State is bound to: everybody else on the roll, bound only where both surely are."""
    books = shelf(treaty(forty(FIRST)))
    inside, outside = forty(FIRST)[0].state, "ZW"
    on = date(2027, 1, 1)
    found = partners(books, "uncc", inside, on)
    assert len(found) == len(ROLL) - 1
    assert sum(status.in_force is True for status in found.values()) == 39
    assert not any(status.in_force for status in partners(books, "uncc", outside, on).values())
    assert books.bound("uncc", outside, on) is False
