"""Calendars, holidays, working days: each against a way of its own, over two centuries, and silent where the book is."""

import math
from datetime import date, timedelta
from pathlib import Path

import pytest
from clockwork import campaign, oracle
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import Invalid
from comity.law import book
from comity.law._row import open_page
from comity.law.calendars import Doubt, Offices, day_of, easter, reach, written
from comity.law.state import CALENDARS, read_state

ROOT = Path(__file__).parent.parent
DAY = timedelta(days=1)


def holidays(found, year):
    """The holidays of a State that fall in `year`, in the order of their days."""
    return [item for _, kept in sorted(Offices(found).closed(year).items()) for item in kept]


def working(found, day):
    """Whether its offices work on `day`; None where its book is silent."""
    return Offices(found).on(day).works


def every_day(first, last):
    """All days from `first` to `last`."""
    return (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))


# -------------------------------------------------------------------------------------------------------- conversions


def test_solar_hijri_every_day():
    """Every day of 1900 to 2100, laid out one after the other by the 33-year rule from one known Nowruz."""
    year, month, number = 1279, 1, 1
    for day in every_day(date(1900, 3, 21), date(2100, 12, 31)):
        assert written(day, "solar-hijri") == (year, month, number)
        assert day_of("solar-hijri", year, month, number) == day
        leap = year % 33 in (1, 5, 9, 13, 17, 22, 26, 30)
        length = 31 if month < 7 else 30 if month < 12 or leap else 29
        number += 1
        if number > length:
            year, month, number = (year, month + 1, 1) if month < 12 else (year + 1, 1, 1)


PERIODIC = (
    (485, 324.96, 1934.136), (203, 337.23, 32964.467), (199, 342.08, 20.186), (182, 27.85, 445267.112),
    (156, 73.14, 45036.886), (136, 171.52, 22518.443), (77, 222.54, 65928.934), (74, 296.72, 3034.906),
    (70, 243.58, 9037.513), (58, 119.81, 33718.147), (52, 297.17, 150.678), (50, 21.02, 2281.226),
    (45, 247.54, 29929.562), (44, 325.15, 31555.956), (29, 60.93, 4443.417), (18, 155.12, 67555.328),
    (17, 288.79, 4562.452), (16, 198.04, 62894.029), (14, 199.76, 31436.921), (12, 95.39, 14577.848),
    (12, 287.11, 31931.756), (12, 320.81, 34777.259), (9, 227.73, 1222.114), (8, 15.45, 16859.074),
)  # fmt: skip


def equinox(year):
    """The March equinox as a Julian day in dynamical time, good to about a minute (Meeus, Astronomical Algorithms, 27)."""
    y = (year - 2000) / 1000
    mean = 2451623.80984 + 365242.37404 * y + 0.05169 * y**2 - 0.00411 * y**3 - 0.00057 * y**4
    t = (mean - 2451545) / 36525
    w = math.radians(35999.373 * t - 2.47)
    terms = sum(a * math.cos(math.radians(b + c * t)) for a, b, c in PERIODIC)
    return mean + 0.00001 * terms / (1 + 0.0334 * math.cos(w) + 0.0007 * math.cos(2 * w))


def test_nowruz_is_the_day_of_the_equinox():
    """Over the whole reach: the year begins on the day whose noon at 52.5° east the equinox does not pass.

    A year whose equinox comes within four minutes of noon proves nothing here, and there are few.
    """
    open_years = 0
    for year in range(1178, 1501):
        local = equinox(year + 621) + 3.5 / 24 + 0.5  # days begin at midnight
        day, part = divmod(local, 1)
        if abs(part - 0.5) < 4 / 1440:
            open_years += 1
            continue
        nowruz = date.fromordinal(int(day) - 1721425 + (part > 0.5))
        assert day_of("solar-hijri", year, 1, 1) == nowruz
    assert open_years < 6


@pytest.mark.parametrize(
    ("calendar", "own", "day"),
    [
        ("solar-hijri", (1357, 11, 22), date(1979, 2, 11)),
        ("solar-hijri", (1399, 12, 30), date(2021, 3, 20)),
        ("solar-hijri", (1403, 1, 1), date(2024, 3, 20)),
        ("solar-hijri", (1405, 9, 3), date(2026, 11, 24)),
        ("umm-al-qura", (1420, 1, 1), date(1999, 4, 17)),
        ("umm-al-qura", (1444, 9, 1), date(2023, 3, 23)),
        ("umm-al-qura", (1445, 1, 1), date(2023, 7, 19)),
        ("umm-al-qura", (1445, 10, 1), date(2024, 4, 10)),
        ("umm-al-qura", (1446, 9, 1), date(2025, 3, 1)),
        ("umm-al-qura", (1446, 10, 1), date(2025, 3, 30)),
        ("umm-al-qura", (1446, 12, 10), date(2025, 6, 6)),
        ("umm-al-qura", (1447, 1, 1), date(2025, 6, 26)),
        ("buddhist", (2569, 11, 24), date(2026, 11, 24)),
    ],
)
def test_published_days(calendar, own, day):
    """Days that were announced, or that everybody knows."""
    assert written(day, calendar) == own
    assert day_of(calendar, *own) == day


def tabular(year, month, day):
    """The day in the arithmetical Islamic calendar: months of 30 and 29, eleven leap years in thirty."""
    return date.fromordinal(day + math.ceil(29.5 * (month - 1)) + (year - 1) * 354 + (3 + 11 * year) // 30 + 227013)


def test_umm_al_qura_every_day():
    """Over the whole table: no day left out, twelve months to a year, never three days from arithmetic and from the moon.

    Months have 29 or 30 days, but for eight until 1364 (1945) that were corrected in print.
    """
    first, last = reach("umm-al-qura")
    before, odd = None, []
    for day in every_day(first, last):
        own = written(day, "umm-al-qura")
        assert day_of("umm-al-qura", *own) == day
        assert type(day_of("umm-al-qura", *own)) is date
        assert abs((tabular(*own) - day).days) <= 2
        if before is not None and own[2] == 1:
            if before[2] not in (29, 30):
                odd.append(before)
            assert own[:2] == ((before[0], before[1] + 1) if before[1] < 12 else (before[0] + 1, 1))
            synodic = (day.toordinal() - date(2000, 1, 6).toordinal()) / 29.530588
            assert -1 <= (synodic - round(synodic)) * 29.530588 <= 3  # the new moon, and at most three days after
        elif before is not None:
            assert own == (*before[:2], before[2] + 1)
        before = own
    assert (first, before) == (day_of("umm-al-qura", 1343, 1, 1), (1500, 12, 30))
    assert odd == [
        (1343, 9, 28),
        (1345, 5, 31),
        (1345, 8, 28),
        (1348, 11, 31),
        (1348, 12, 28),
        (1349, 10, 28),
        (1349, 11, 31),
        (1364, 8, 28),
    ]


def test_buddhist_and_gregorian_every_day():
    """543 years between them, since the Thai year begins on 1 January; weekdays by counting on from a known Monday."""
    for number, day in enumerate(every_day(date(1900, 1, 1), date(2100, 12, 31))):
        assert written(day, "gregorian") == (day.year, day.month, day.day)
        assert day.weekday() == number % 7
        if day.year >= 1941:
            own = written(day, "buddhist")
            assert own == (day.year + 543, day.month, day.day)
            assert day_of("buddhist", *own) == day


@given(st.sampled_from(CALENDARS), st.dates())
def test_there_and_back(calendar, day):
    """A day is refused, or comes back; neighbours stay neighbours."""
    first, last = reach(calendar)
    if not first <= day <= last:
        with pytest.raises(Invalid) as error:
            written(day, calendar)
        assert error.value.code == "calendar.range"
        return
    assert day_of(calendar, *written(day, calendar)) == day
    if day < last:
        assert written(day, calendar) < written(day + DAY, calendar)


@pytest.mark.parametrize(
    ("code", "calendar", "own"),
    [
        ("calendar.unknown", "julian", (2026, 1, 1)),
        ("calendar.range", "umm-al-qura", (1342, 12, 29)),
        ("calendar.range", "umm-al-qura", (1501, 1, 1)),
        ("calendar.range", "solar-hijri", (1177, 12, 29)),
        ("calendar.range", "solar-hijri", (1501, 1, 1)),
        ("calendar.range", "buddhist", (2483, 12, 31)),
        ("calendar.range", "gregorian", (10000, 1, 1)),
        ("calendar.none", "solar-hijri", (1404, 12, 30)),
        ("calendar.none", "solar-hijri", (1404, 13, 1)),
        ("calendar.none", "umm-al-qura", (1446, 9, 30)),
        ("calendar.none", "umm-al-qura", (1446, 0, 1)),
        ("calendar.none", "buddhist", (2569, 2, 29)),
        ("calendar.none", "gregorian", (2026, 11, 31)),
        ("calendar.none", "gregorian", (2026, 11, 0)),
    ],
)
def test_days_that_are_not(code, calendar, own):
    """What a calendar does not cover, or does not have, is Invalid with a code; nothing is rounded to a neighbour."""
    with pytest.raises(Invalid) as error:
        day_of(calendar, *own)
    assert error.value.code == code


def test_reach_ends_where_the_years_do():
    """The first and last day of each calendar are those of its first and last year."""
    for calendar in CALENDARS:
        first, last = reach(calendar)
        assert written(first, calendar)[1:] == (1, 1)
        year = written(last, calendar)[0] + 1
        with pytest.raises(Invalid) as error:
            day_of(calendar, year, 1, 1)
        assert error.value.code == "calendar.range"


# ------------------------------------------------------------------------------------------------------------- Easter


def test_easter_by_another_way():
    """Both rites, 1583 to 2500, against the epact counted day by day; and by its own definition, a Sunday after the moon."""
    for year in range(1583, 2501):
        for rite in ("western", "orthodox"):
            day = easter(year, rite)
            assert day == oracle.easter_sunday(year, rite)
            assert day.weekday() == 6
        assert date(year, 3, 22) <= easter(year, "western") <= date(year, 4, 25)


@pytest.mark.parametrize(
    ("year", "western", "orthodox"),
    [
        (1954, (4, 18), (4, 25)), (1981, (4, 19), (4, 26)), (2000, (4, 23), (4, 30)), (2008, (3, 23), (4, 27)),
        (2024, (3, 31), (5, 5)), (2025, (4, 20), (4, 20)), (2026, (4, 5), (4, 12)), (2038, (4, 25), (4, 25)),
    ],
)  # fmt: skip
def test_easter_as_it_was(year, western, orthodox):
    """Easter Sundays from calendars, among them the two exceptions of the rule and its ends."""
    assert easter(year, "western") == date(year, *western)
    assert easter(year, "orthodox") == date(year, *orthodox)


def test_easter_has_a_beginning():
    """Before the calendar in which it is written there is no such day."""
    with pytest.raises(Invalid) as error:
        easter(1582, "western")
    assert error.value.code == "calendar.range"


# ------------------------------------------------------------------------------------------------ holidays and weeks


@pytest.fixture
def state(tmp_path):
    """A State's book from tables as `campaign.toml` writes them; one verified provision unless others are given."""
    law = {"id": "XX:law", "verified": True, "from": date(1900, 1, 1), **campaign.TEXTS}
    usual = {"days": ["mon", "tue", "wed", "thu", "fri"], "provision": "XX:law"}

    def made(*rows, weeks=(usual,), provisions=(law,)):
        listed = [{"en": f"h{number}", "fa": "f", "provision": "XX:law", **row} for number, row in enumerate(rows)]
        path = tmp_path / "XX.toml"
        path.write_text(campaign.toml({"weeks": weeks, "holidays": listed, "provisions": provisions}), "utf-8")
        return read_state(open_page(path, "states/XX.toml"), {})

    return made


def days(found):
    """The days alone."""
    return [item.day for item in found]


def test_fixed_days_in_each_calendar(state):
    """A lunar day comes twice in some years; the thirtieth of a short month does not come."""
    new_year = {"calendar": "umm-al-qura", "month": 1, "day": 1}
    assert days(holidays(state(new_year), 2008)) == [date(2008, 1, 10), date(2008, 12, 29)]
    assert days(holidays(state({"calendar": "umm-al-qura", "month": 9, "day": 30}), 2025)) == []
    assert days(holidays(state({"calendar": "solar-hijri", "month": 1, "day": 1, "days": 4}), 2025)) == [
        date(2025, 3, 21), date(2025, 3, 22), date(2025, 3, 23), date(2025, 3, 24),
    ]  # fmt: skip
    assert days(holidays(state({"calendar": "buddhist", "month": 4, "day": 13}), 2026)) == [date(2026, 4, 13)]
    leap = state({"calendar": "gregorian", "month": 2, "day": 29})
    assert [len(holidays(leap, year)) for year in (2024, 2025)] == [1, 0]


def test_weekdays_of_a_month_and_feasts(state):
    """The fourth Thursday, the last Monday, the day after it, a fifth that is not there; days around both Easters."""
    november = {"calendar": "gregorian", "month": 11, "weekday": "thu"}
    assert days(holidays(state(november | {"nth": 4}), 2026)) == [date(2026, 11, 26)]
    assert days(holidays(state(november | {"nth": 4, "offset": 1}), 2026)) == [date(2026, 11, 27)]
    assert days(holidays(state(november | {"nth": -1, "month": 5, "weekday": "mon"}), 2026)) == [date(2026, 5, 25)]
    assert days(holidays(state(november | {"nth": 5}), 2026)) == []
    assert days(holidays(state({"easter": "western", "offset": 1}), 2026)) == [date(2026, 4, 6)]
    assert days(holidays(state({"easter": "orthodox", "offset": -2}), 2026)) == [date(2026, 4, 10)]


CHRISTMAS = [{"calendar": "gregorian", "month": 12, "day": day, "moved": "next-working-day"} for day in (25, 26)]


@pytest.mark.parametrize(
    ("year", "kept"),
    [(2020, [25, 28]), (2021, [27, 28]), (2022, [26, 27]), (2023, [25, 26]), (2026, [25, 28])],
)
def test_moved_to_the_next_working_day(state, year, kept):
    """Two holidays in a row never fall on one day."""
    assert sorted({day.day for day in days(holidays(state(*CHRISTMAS), year))}) == kept


def test_moved_to_the_nearest_day_and_to_monday(state):
    """Saturday goes back, Sunday on, also into another year; a rest of one day goes on; Monday is Monday."""
    new_year = {"calendar": "gregorian", "month": 1, "day": 1}
    nearest, monday = state(new_year | {"moved": "nearest"}), state(new_year | {"moved": "monday"})
    assert days(holidays(nearest, 2021)) == [date(2021, 1, 1), date(2021, 12, 31)]
    assert days(holidays(nearest, 2022)) == []
    assert days(holidays(nearest, 2023)) == [date(2023, 1, 2)]
    assert holidays(nearest, 2023)[0].moved_from == date(2023, 1, 1)
    assert days(holidays(monday, 2022)) == [date(2022, 1, 3)]
    six = ({"days": ["mon", "tue", "wed", "thu", "fri", "sat"], "provision": "XX:law"},)
    assert days(holidays(state(new_year | {"moved": "nearest"}, weeks=six), 2023)) == [date(2023, 1, 2)]


def line(name, **more):
    """A provision."""
    return {"id": f"XX:{name}", "verified": True, "from": date(1900, 1, 1), **campaign.TEXTS, **more}


def test_the_week_of_its_day(state):
    """A week that was changed: each day under the week in force on it."""
    weeks = (
        {"days": ["sat", "sun", "mon", "tue", "wed"], "provision": "XX:old"},
        {"days": ["sun", "mon", "tue", "wed", "thu"], "provision": "XX:new"},
    )
    both = (line("old", to=date(2013, 6, 28)), line("new", **{"from": date(2013, 6, 29)}), line("law"))
    found = state({"calendar": "gregorian", "month": 1, "day": 1}, weeks=weeks, provisions=both)
    assert [working(found, date(2013, 6, day)) for day in (20, 22, 27)] == [False, True, False]
    assert [working(found, date(2013, 7, day)) for day in (4, 5, 6)] == [True, False, False]
    assert Offices(found).week(date(2013, 6, 28)).provision == "XX:old"
    assert Offices(found).on(date(2013, 7, 4)).provisions == ("XX:new", "XX:law")


def test_silence_is_no_answer(state):
    """Without a week, without holidays, outside the years listed, beyond a calendar: unknown, with the reason."""
    fixed, listed = {"calendar": "gregorian", "month": 1, "day": 1}, {"dates": [date(2026, 2, 17), date(2027, 2, 6)]}
    lunar, monday, new_year = {"calendar": "umm-al-qura", "month": 1, "day": 1}, date(2026, 3, 2), date(2026, 1, 1)
    for found, day, doubt in (
        (state(fixed, weeks=()), monday, Doubt("week", "XX")),
        (state(), monday, Doubt("holidays", "XX")),
        (state(listed), date(2028, 3, 1), Doubt("dates", "XX:law")),
        (state(lunar), date(2078, 3, 1), Doubt("calendar", "XX:law")),
    ):
        answer = Offices(found).on(day)
        assert (answer.works, answer.verified, answer.surely, answer.doubts) == (None, False, None, (doubt,))
        assert working(found, day) is None
    assert working(state(fixed, weeks=()), new_year) is False  # a holiday is one in any week
    assert working(state(), date(2026, 3, 1)) is False  # and the weekly rest in any year
    assert working(state(listed), monday) is True
    two = {"en": "one", "dates": [date(2026, 2, 17)]}, {"en": "one", "dates": [date(2027, 2, 6)]}
    assert [working(state(*two), date(year, 3, 3)) for year in (2025, 2026, 2027, 2028)] == [None, True, True, None]


def test_what_is_not_verified_is_not_sure(state):
    """An answer rests on its lines: of two reasons to rest one verified is enough, of a whole list none may be missing."""
    weeks = ({"days": ["mon", "tue", "wed", "thu", "fri"], "provision": "XX:week"},)
    loose = {"calendar": "gregorian", "month": 1, "day": 1, "provision": "XX:loose"}
    firm = {"calendar": "gregorian", "month": 1, "day": 1, "provision": "XX:week"}
    found = state(loose, weeks=weeks, provisions=(line("week"), line("loose", verified=False)))
    new_year, sunday, friday = (Offices(found).on(date(2026, 1, day)) for day in (1, 4, 2))
    assert (new_year.works, new_year.surely, new_year.doubts) == (False, None, (Doubt("unverified", "XX:loose"),))
    assert (sunday.works, sunday.surely, sunday.provisions) == (False, False, ("XX:week",))
    assert (friday.works, friday.surely, friday.provisions) == (True, None, ("XX:week", "XX:loose"))
    both = state(loose, firm, weeks=weeks, provisions=(line("week"), line("loose", verified=False)))
    assert Offices(both).on(date(2026, 1, 1)).surely is False


@pytest.mark.parametrize("number", range(3))
def test_every_day_of_a_century_by_the_oracle(number):
    """Made books, all forms of holidays: what is worked and what of it is sure, day by day, against the bench's oracle."""
    seed = 7
    offices, walked = Offices(campaign.state_book(seed, number)), campaign.oracle_book(seed, number)
    for day in every_day(date(1960, 1, 1), date(2072, 12, 31)):
        answer = offices.on(day)
        assert (answer.works, answer.surely) == walked.told(day), day
        assert bool(answer.doubts) == (answer.surely is None)


def test_ends_of_the_calendar(state):
    """The first and the last year have holidays too, and no day overflows."""
    rows = (
        {"calendar": "gregorian", "month": 12, "day": 30, "days": 5, "moved": "monday"},
        {"easter": "western", "offset": 300},
    )
    found = state(*rows, provisions=({**line("law"), "from": date(1, 1, 1)},))
    assert days(holidays(found, 9999))[-1] == date.max
    assert days(holidays(found, 1))[0] == date(1, 12, 30)


def test_the_books_that_come_with_the_program():
    """Each can be asked about each day of a year, and says what its answer rests on."""
    for found in book.load(book.default_folder()).states.values():
        offices = Offices(found)
        for day in every_day(date(2026, 1, 1), date(2026, 12, 31)):
            answer = offices.on(day)
            assert answer.works is None or answer.provisions
            assert set(answer.provisions) <= set(found.provisions)
