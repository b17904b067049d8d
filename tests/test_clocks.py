"""The clocks: due to the second, warned in time, never short of a full day, and never sure where the law book is not."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from clockwork import COMMAND, campaign, oracle
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comity.casework.measure import Measure
from comity.casework.moments import moment_text
from comity.casework.times import Conduct
from comity.errors import Invalid, NotPossible
from comity.law import dates
from comity.law._row import Period, open_page
from comity.law.calendars import Doubt
from comity.law.clocks import (
    Deadline,
    conduct,
    deadline,
    extended,
    paused,
    preservation,
    safe_conduct,
    suggested,
)
from comity.law.dates import Pause, last_moment
from comity.law.due import ClockState, answer, days_left, settled, state_of, warning, warnings
from comity.law.state import read_state
from comity.law.treaty import ClockRule

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def rule(period, *, least=False, extendable=True):
    """A clock of the length `period`."""
    measures = (Measure.PRESERVATION,)
    return ClockRule("preservation", measures, Period.parse(period), least, "requested", extendable, "uncc:42(8)")


RULE = rule("60 days", least=True)
TEHRAN, HANOI, NEW_YORK = ZoneInfo("Asia/Tehran"), ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/New_York")
ZONES = st.sampled_from([UTC, TEHRAN, HANOI, NEW_YORK, ZoneInfo("Pacific/Apia")])
ODD_ZONES = st.sampled_from([ZoneInfo(name) for name in campaign.ZONES])
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31), timezones=ZONES)  # noqa: DTZ001 - the strategy adds the zone
LATELY = st.datetimes(datetime(1965, 1, 1), datetime(2045, 1, 1), timezones=ODD_ZONES)  # noqa: DTZ001 - the same


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A State with the week of Monday to Friday and 24 December off; as many lines verified as asked for."""

    def made(*, week=True, holiday=True, dates=None):
        path = tmp_path_factory.mktemp("book") / "XX.toml"
        row = {"dates": dates} if dates else {"calendar": "gregorian", "month": 12, "day": 24}
        lines = [
            {"id": "XX:week", "verified": week, "from": date(1900, 1, 1), **campaign.TEXTS},
            {"id": "XX:holiday", "verified": holiday, "from": date(1900, 1, 1), **campaign.TEXTS},
        ]
        tables = {
            "weeks": [{"days": ["mon", "tue", "wed", "thu", "fri"], "provision": "XX:week"}],
            "holidays": [{"en": "h", "fa": "f", **row, "provision": "XX:holiday"}],
            "provisions": lines,
        }
        path.write_text(campaign.toml(tables), "utf-8")
        return read_state(open_page(path, "states/XX.toml"), {})

    return made


def at(text):
    """A moment."""
    return datetime.fromisoformat(text)


# --------------------------------------------------------------------------------------------------- whole days, zones


@pytest.mark.parametrize(
    ("effected", "zone", "due"),
    [
        # title: an ordinary day; a leap year; its neighbour; late evening in UTC is the next day in Ha Noi
        ("2026-11-24T10:00:00+00:00", UTC, "2027-01-23T23:59:59+00:00"),
        ("2024-01-01T00:00:00+00:00", UTC, "2024-03-01T23:59:59+00:00"),
        ("2023-01-01T00:00:00+00:00", UTC, "2023-03-02T23:59:59+00:00"),
        ("2026-11-24T20:00:00+00:00", HANOI, "2027-01-24T16:59:59+00:00"),
        ("2026-11-24T10:00:00+03:30", TEHRAN, "2027-01-23T20:29:59+00:00"),
    ],
)
def test_sixty_days(effected: str, zone: ZoneInfo, due: str) -> None:
    """The last day is counted whole, in the zone of the State that must keep the data."""
    found = preservation(at(effected), RULE, zone)
    assert found.due == at(due)
    assert found.cites == ("uncc:42(8)",)
    assert (found.kind, found.least, found.uncertain) == ("preservation", True, None)


@given(MOMENTS, ZONES)
def test_never_short(effected: datetime, zone: ZoneInfo) -> None:
    """Over two centuries, leap years and zones: never shorter than 60 times 24 hours, and less than two days longer."""
    instant = effected.astimezone(UTC)
    due = preservation(effected, RULE, zone).due.astimezone(UTC)
    assert timedelta(days=60) <= due - instant < timedelta(days=62)


@given(MOMENTS)
def test_counted_by_ordinal(effected: datetime) -> None:
    """The day of the end agrees with a count by day numbers, which knows nothing of months and years."""
    found = preservation(effected.astimezone(UTC), RULE)
    assert found.due.date().toordinal() == effected.astimezone(UTC).date().toordinal() + 60


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/Sao_Paulo", date(2018, 2, 17), 25),  # back at midnight: 23:00 to 24:00 comes twice
        ("America/St_Johns", date(2010, 11, 6), 25),  # back at one minute past midnight
        ("America/Toronto", date(1919, 3, 30), 23.5),  # forward at half past eleven
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Tehran", date(2022, 3, 21), 24),
        ("Asia/Beirut", date(2026, 3, 28), 24),
        ("Asia/Beirut", date(2026, 3, 29), 23),  # forward at midnight
        ("Pacific/Apia", date(2011, 12, 30), 0),  # a day that Samoa left out
    ],
)
def test_days_that_are_not_24_hours(zone: str, day: date, length: float) -> None:
    """The last second of a day is its last, however long it was."""
    place = ZoneInfo(zone)
    ends = last_moment(day, place)
    assert ends - last_moment(day - DAY, place) == timedelta(hours=length)
    assert (ends + SECOND).astimezone(place).date() > day
    assert ends.astimezone(place).date() == (day if length else day - DAY)
    effected = datetime.combine(day - 60 * DAY, datetime.min.time(), UTC) + timedelta(hours=12)
    if effected.astimezone(place).date() == day - 60 * DAY:
        assert deadline(rule("60 days"), effected, place).due == ends


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), ODD_ZONES)
def test_the_end_of_any_day(day: date, zone: ZoneInfo) -> None:
    """Against a search from above, second by second at the end."""
    assert last_moment(day, zone) == oracle.day_ends(day, zone)


# ------------------------------------------------------------------------------------------ each rule, by brute force


@given(LATELY, ODD_ZONES, st.integers(1, 3000))
def test_hours(started: datetime, zone: ZoneInfo, count: int) -> None:
    """Hours are exact, whatever clocks do meanwhile."""
    found = deadline(rule(f"{count} hours"), started, zone)
    assert (found.due - started.astimezone(UTC)).total_seconds() == count * 3600


@given(LATELY, ODD_ZONES, st.integers(1, 400), st.sampled_from(["day", "week"]), st.booleans())
def test_days_and_weeks(started: datetime, zone: ZoneInfo, count: int, unit: str, least: bool) -> None:  # noqa: FBT001 - drawn
    """One day after the other from the day after the event; a minimum also lasts as many times 24 hours."""
    found = deadline(rule(f"{count} {unit}s", least=least), started, zone)
    day = started.astimezone(UTC).astimezone(zone).date()
    for _ in range(count * (7 if unit == "week" else 1)):
        day += DAY
    full = started.astimezone(UTC) + timedelta(days=count * (7 if unit == "week" else 1))
    ends = oracle.day_ends(day, zone)
    assert found.due == (max(ends, full) if least else ends)
    assert not least or found.due >= full


@given(LATELY, ODD_ZONES, st.integers(1, 60), st.sampled_from(["month", "year"]))
def test_months_and_years(started: datetime, zone: ZoneInfo, count: int, unit: str) -> None:
    """The same number months later, or the last day of a month that lacks it."""
    assume(unit == "month" or count < 30)
    found = deadline(rule(f"{count} {unit}s"), started, zone)
    day = oracle.months_on(started.astimezone(UTC).astimezone(zone).date(), count * (12 if unit == "year" else 1))
    assert found.due == oracle.day_ends(day, zone)


def test_every_month_end() -> None:
    """All days of nine years, one to thirteen months on: by hand, and never into the month after next."""
    for number in range(date(2019, 12, 1).toordinal(), date(2028, 12, 31).toordinal()):
        day = date.fromordinal(number)
        for months in (1, 2, 11, 12, 13):
            found = dates.after(day, Period(months, "month"))
            assert found == oracle.months_on(day, months)
            assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert dates.after(date(2024, 2, 29), Period(1, "year")) == date(2025, 2, 28)


@settings(deadline=None)  # the first of each book makes its oracle
@given(LATELY, st.integers(1, 60), st.integers(0, 5))
def test_working_days(started: datetime, count: int, number: int) -> None:
    """Any made book: earliest, latest and the book's own end, each walked day by day."""
    state = campaign.state_book(campaign.SEED, number)
    case = {
        "unit": "working-day", "count": count, "least": False, "run_on": False, "began": started, "zone": "Asia/Tehran",
        "state": number, "pauses": [], "extend": None, "held": False, "look": -1,
    }  # fmt: skip
    found = deadline(rule(f"{count} working-days"), started, TEHRAN, state)
    expected = oracle.answer(campaign.oracle_book(campaign.SEED, number), case)
    latest = found.uncertain.latest if found.uncertain else found.due
    assert (found.due, latest, found.uncertain is None) == (expected["due"], expected["latest"], expected["sure"])
    assert latest is None or found.due <= latest
    assert found.uncertain is None or found.uncertain.doubts


# ------------------------------------------------------------------------------------------------------- working days


def test_ten_working_days(state) -> None:
    """Two weeks and one holiday: the event's day does not count, the last day is a working day and whole."""
    started = at("2026-12-15T10:00:00+03:30")  # a Tuesday
    found = deadline(rule("10 working-days"), started, TEHRAN, state())
    assert found.due == at("2026-12-30T23:59:59+03:30")
    assert found.uncertain is None
    assert found.cites == ("uncc:42(8)", "XX:week", "XX:holiday")


def test_unverified_is_uncertain(state) -> None:
    """An unverified week proves nothing: the earliest end counts every day, the latest is not known, the book's is told."""
    started = at("2026-12-15T10:00:00+03:30")
    found = deadline(rule("10 working-days"), started, TEHRAN, state(week=False))
    assert found.due == at("2026-12-26T23:59:59+03:30")  # the holiday is sure, and rests in any week
    assert found.uncertain.latest is None
    assert found.uncertain.by_book == at("2026-12-30T23:59:59+03:30")
    assert found.uncertain.doubts == (Doubt("unverified", "XX:week"),)
    assert state_of(found, found.due) is ClockState.WARNING
    assert state_of(found, found.due + 1000 * DAY) is ClockState.UNCERTAIN


def test_a_silent_year_has_both_ends(state) -> None:
    """A holiday listed for 2026 and 2028 alone: in 2027 each day of the week may be one."""
    listed = state(dates=[date(2026, 12, 24), date(2028, 1, 5)])
    started = at("2026-12-22T10:00:00+00:00")
    found = deadline(rule("10 working-days"), started, UTC, listed)
    assert found.due == at("2027-01-06T23:59:59+00:00")
    assert found.uncertain.latest == at("2028-01-07T23:59:59+00:00")
    assert found.uncertain.by_book is None
    assert found.uncertain.doubts == (Doubt("dates", "XX:holiday"),)
    now = found.due + SECOND
    assert state_of(found, now) is ClockState.UNCERTAIN
    assert state_of(found, found.uncertain.latest) is ClockState.UNCERTAIN
    assert state_of(found, found.uncertain.latest + SECOND) is ClockState.EXPIRED


def test_running_on_is_asked_for(state) -> None:
    """A period that ends on a day of rest ends there, unless the State's own law says otherwise."""
    started, book = at("2026-12-10T10:00:00+00:00"), state()
    assert deadline(rule("9 days"), started, UTC, book).due == at("2026-12-19T23:59:59+00:00")  # a Saturday
    assert deadline(rule("9 days"), started, UTC, book, run_on=True).due == at("2026-12-21T23:59:59+00:00")
    assert deadline(rule("14 days"), started, UTC, book, run_on=True).due == at("2026-12-25T23:59:59+00:00")
    loose = deadline(rule("9 days"), started, UTC, state(week=False), run_on=True)
    assert (loose.due, loose.uncertain.by_book) == (at("2026-12-19T23:59:59+00:00"), at("2026-12-21T23:59:59+00:00"))


def test_without_a_book_no_working_days() -> None:
    """Nobody guesses whose working days are meant."""
    for ask in (
        lambda: deadline(rule("3 working-days"), at("2026-12-10T10:00:00+00:00")),
        lambda: deadline(rule("3 days"), at("2026-12-10T10:00:00+00:00"), run_on=True),
        lambda: dates.after(date(2026, 1, 1), Period(3, "hour")),
    ):
        with pytest.raises(Invalid) as error:
            ask()
        assert error.value.code == "clock.unit"


# --------------------------------------------------------------------------------------------- extension, pause, hold


def test_extended_before_the_end() -> None:
    """By a day, by a moment, by a period; in the last second still, a second later no more, unless the data are held."""
    found = preservation(at("2026-11-24T10:00:00+00:00"), RULE, TEHRAN)
    later = extended(found, date(2027, 3, 1), at=found.due, zone=TEHRAN, cites=("uncc:42(9)",))
    assert later.due == at("2027-03-01T23:59:59+03:30")
    assert later.cites == ("uncc:42(8)", "uncc:42(9)")
    assert later.extended == found.due
    assert extended(found, at("2027-03-01T12:00:00+03:30"), at=found.due).due == at("2027-03-01T12:00:00+03:30")
    assert extended(found, Period(1, "month"), at=found.due, zone=TEHRAN).due == at("2027-02-23T23:59:59+03:30")
    assert extended(found, Period(6, "hour"), at=found.due).due == found.due + timedelta(hours=6)
    with pytest.raises(NotPossible) as error:
        extended(found, date(2027, 3, 1), at=found.due + SECOND)
    assert error.value.code == "clock.expired"
    assert extended(found, date(2027, 3, 1), at=found.due + SECOND, held=True).due > found.due
    with pytest.raises(Invalid) as error:
        extended(found, date(2027, 1, 23), at=found.started, zone=TEHRAN)
    assert error.value.code == "clock.order"


def test_not_every_period_can_be_extended() -> None:
    """A maximum only if its rule says so; a minimum always."""
    started = at("2026-11-24T10:00:00+00:00")
    fixed = deadline(rule("60 days", extendable=False), started)
    with pytest.raises(NotPossible) as error:
        extended(fixed, date(2027, 3, 1), at=started)
    assert error.value.code == "clock.fixed"
    assert extended(replace(fixed, least=True), date(2027, 3, 1), at=started).due > fixed.due


def test_an_uncertain_end_extended(state) -> None:
    """After the earliest possible end it may be too late; a named end that is later than all possible ones is sure."""
    listed = state(dates=[date(2026, 12, 24), date(2028, 1, 5)])
    found = deadline(rule("10 working-days"), at("2026-12-22T10:00:00+00:00"), UTC, listed)
    with pytest.raises(NotPossible) as error:
        extended(found, date(2027, 3, 1), at=found.due + SECOND)
    assert error.value.code == "clock.expired"
    between = extended(found, date(2027, 3, 1), at=found.due)
    assert (between.due, between.uncertain.latest) == (at("2027-03-01T23:59:59+00:00"), found.uncertain.latest)
    assert extended(found, date(2028, 3, 1), at=found.due).uncertain is None
    longer = extended(found, Period(2, "working-day"), at=found.due, state=listed)
    assert longer.due == at("2027-01-08T23:59:59+00:00")
    assert longer.uncertain.latest == at("2028-01-11T23:59:59+00:00")


def test_stopped_and_going_on() -> None:
    """While it stands, a clock has the time left that it had; then its end is later by what it stood."""
    started = at("2026-11-24T10:00:00+00:00")
    found = deadline(rule("20 days"), started)
    stands = paused(found, [Pause(at("2026-12-01T10:00:00+00:00"), None)])
    assert (stands.due, stands.stopped) == (found.due, at("2026-12-01T10:00:00+00:00"))
    for now in (stands.stopped, found.due + 100 * DAY):
        assert state_of(stands, now) is ClockState.PAUSED
        assert days_left(stands, now) == 13
    assert state_of(stands, stands.stopped - SECOND) is ClockState.RUNNING
    again = paused(found, [Pause(at("2026-12-01T10:00:00+00:00"), at("2026-12-04T10:00:00+00:00"))])
    assert again.due == found.due + 3 * DAY
    begun = paused(found, [Pause(at("2026-12-01T10:00:00+00:00"), at("2026-12-04T11:00:00+00:00"))])
    assert begun.due == found.due + 4 * DAY
    hours = paused(deadline(rule("72 hours"), started), [Pause(started + DAY, started + DAY + timedelta(minutes=90))])
    assert hours.due == started + timedelta(hours=73, minutes=30)


def test_pauses_that_do_nothing_and_pauses_that_overlap() -> None:
    """Before the beginning, after the end, twice at once; an open one after the end does not bring a clock back."""
    started = at("2026-11-24T10:00:00+00:00")
    found = deadline(rule("20 days"), started)
    assert paused(found, []) == found
    assert paused(found, [Pause(started - 9 * DAY, started)]) == found
    assert paused(found, [Pause(found.due + SECOND, found.due + 9 * DAY), Pause(found.due + 20 * DAY, None)]) == found
    first, second = Pause(started + DAY, started + 4 * DAY), Pause(started + 2 * DAY, started + 5 * DAY)
    assert paused(found, [second, first, first]).due == found.due + 4 * DAY
    with pytest.raises(Invalid) as error:
        Pause(started, started - SECOND)
    assert error.value.code == "clock.order"


def test_a_pause_of_working_days(state) -> None:
    """What stood over a weekend cost nothing; what stood on a working day is made up for by one."""
    found = deadline(rule("10 working-days"), at("2026-11-24T10:00:00+00:00"), UTC, state())
    assert found.due == at("2026-12-08T23:59:59+00:00")
    weekend = Pause(at("2026-11-28T00:00:00+00:00"), at("2026-11-30T00:00:00+00:00"))
    assert paused(found, [weekend], UTC, state()).due == found.due
    friday = Pause(at("2026-11-27T00:00:00+00:00"), at("2026-11-30T00:00:00+00:00"))
    assert paused(found, [friday], UTC, state()).due == found.due + DAY
    hour = Pause(at("2026-11-27T10:00:00+00:00"), at("2026-11-27T11:00:00+00:00"))
    assert paused(found, [hour, weekend], UTC, state()).due == found.due + DAY


def test_pauses_over_the_change_of_clocks() -> None:
    """Whole local days move the end by whole local days, of 23 hours or of 25, and it stays the end of a local day."""
    started = at("2026-03-01T12:00:00-05:00")
    found = deadline(rule("30 days"), started, NEW_YORK)
    for days in (1, 2, 5):
        begins = datetime(2026, 3, 8, tzinfo=NEW_YORK)
        moved = paused(found, [Pause(begins, begins + days * DAY)], NEW_YORK)
        assert moved.due == last_moment(date(2026, 3, 31) + days * DAY, NEW_YORK)


@given(LATELY, ODD_ZONES, st.integers(1, 90), st.lists(st.tuples(st.integers(-9, 99), st.integers(0, 400)), max_size=4))
def test_pauses_by_brute_force(started: datetime, zone: ZoneInfo, count: int, spans: list) -> None:
    """Hour by hour: the end is where as many hours have run, and for days where as many whole days have."""
    whole = started.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    pauses = [Pause(whole + days * DAY, whole + days * DAY + timedelta(hours=hours)) for days, hours in spans]
    left, now = count, whole
    while left or any(pause.since <= now < pause.until for pause in pauses):
        left -= not any(pause.since <= now < pause.until for pause in pauses)
        now += timedelta(hours=1)
    assert paused(deadline(rule(f"{count} hours"), whole), pauses).due == now
    found = deadline(rule(f"{count} days"), whole, zone)
    moved = paused(found, pauses, zone).due.astimezone(zone).date() - found.due.astimezone(zone).date()
    stood = sum(any(p.since <= whole + h * SECOND * 3600 < p.until for p in pauses) for h in range(130 * 24))
    assert timedelta(0) <= moved <= (stood // 23 + 2) * DAY


def test_safe_conduct() -> None:
    """Fifteen days in a row after being told; what hinders the person from leaving starts them anew."""
    told = at("2026-11-24T10:00:00+00:00")
    free = rule("15 days", least=True)
    found = safe_conduct(told, free, HANOI)
    assert found.due == at("2026-12-09T23:59:59+07:00")
    ill = Pause(at("2026-12-05T00:00:00+07:00"), at("2026-12-07T12:00:00+07:00"))
    assert safe_conduct(told, free, HANOI, [ill]).due == at("2026-12-22T23:59:59+07:00")
    assert safe_conduct(told, free, HANOI, [Pause(ill.since, None)]).stopped == ill.since
    assert safe_conduct(told, free, HANOI, [Pause(found.due + SECOND, None)]) == found


@given(MOMENTS, ZONES, st.integers(0, 40), st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 500)), max_size=5))
def test_safe_conduct_by_brute_force(told: datetime, zone: ZoneInfo, days: int, spans: list) -> None:
    """The first stretch in which the person could leave on every one of so many days; never less than as many hours."""
    hour, whole = timedelta(hours=1), rule(f"{days or 15} days", least=True)
    hindered = tuple((told + since * hour, told + (since + long) * hour) for since, long in spans)
    found = conduct(Conduct("N. Rahimi", told, days, hindered), rule("15 days", least=True), zone)
    free = told.astimezone(UTC)
    for begun, over in sorted(span for span in hindered):
        if begun.astimezone(UTC) <= deadline(whole, free, zone).due:
            free = max(free, over.astimezone(UTC))
    assert found.due == deadline(whole, free, zone).due
    assert found.due - free >= (days or 15) * DAY
    assert not any(free < begun.astimezone(UTC) <= found.due for begun, _over in hindered)
    lasting = conduct(Conduct("N. Rahimi", told, days, (*hindered, (free, None))), rule("15 days", least=True), zone)
    assert lasting.stopped is not None
    assert state_of(lasting, free + 9_000 * DAY) is ClockState.PAUSED


# -------------------------------------------------------------------------------------------- states, words, warnings


@given(MOMENTS, st.integers(-5_000_000, 10_000_000), st.booleans(), st.booleans())
def test_states(effected: datetime, seconds: int, held: bool, met: bool) -> None:  # noqa: FBT001 - drawn
    """Met wins, then held; otherwise expired only after the last second, and a warning before it."""
    found = preservation(effected, RULE)
    now = found.started.astimezone(UTC) + timedelta(seconds=seconds)
    stands = state_of(found, now, held=held, met=met)
    if met or held:
        assert stands is (ClockState.MET if met else ClockState.HELD)
    elif now > found.due:
        assert stands is ClockState.EXPIRED
    else:
        assert stands is (ClockState.WARNING if found.due - now <= timedelta(days=30) else ClockState.RUNNING)


def test_to_the_second() -> None:
    """At its last second a deadline has not expired; a second later it has."""
    found = preservation(datetime(2026, 11, 24, 10, tzinfo=UTC), RULE)
    assert state_of(found, found.due) is ClockState.WARNING
    assert state_of(found, found.due + SECOND) is ClockState.EXPIRED
    assert days_left(found, found.due) == 0
    assert days_left(found, found.due + SECOND) == -1


def test_the_hour_that_comes_twice() -> None:
    """Two moments of one zone are compared as moments: half past one comes twice, an hour apart."""
    due = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK)
    found = Deadline("c", datetime(2026, 10, 1, tzinfo=NEW_YORK), due, ())
    assert state_of(found, due.replace(fold=1)) is ClockState.EXPIRED
    assert days_left(found, due.replace(fold=1)) == -1
    with pytest.raises(Invalid) as error:
        Deadline("c", due.replace(fold=1), due, ())
    assert error.value.code == "clock.order"


@pytest.mark.parametrize(
    ("days", "level"), [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (0, 7), (-1, 7)]
)
def test_warnings(days: int, level: int | None) -> None:
    """Thirty, fourteen and seven days before the end, each from its own moment on."""
    found = preservation(datetime(2026, 11, 24, tzinfo=UTC), RULE)
    assert warning(found, found.due - timedelta(days=days)) == (level and timedelta(days=level))
    assert warning(replace(found, warn=()), found.due) is None


@pytest.mark.parametrize(
    ("period", "hours"),
    [
        ("90 days", (720, 336, 168)), ("40 days", (336, 168)), ("15 days", (168,)),
        ("24 hours", (12, 6, 3)), ("8 hours", (4, 2, 1)),
    ],
)  # fmt: skip
def test_short_clocks_warn_by_parts(period: str, hours: tuple[int, ...]) -> None:
    """Of the usual warnings those that leave half the time; a clock too short for any warns by halves."""
    found = deadline(rule(period), datetime(2026, 11, 24, tzinfo=UTC))
    assert warnings(found) == tuple(timedelta(hours=item) for item in hours)
    assert state_of(found, found.started) is ClockState.RUNNING


BODY = {"clock": "preservation", "due": "2027-01-23T23:59:59Z", "reasons": "The data were handed over."}


def test_a_named_officer_ends_it() -> None:
    """Run out stays run out until somebody says by name what became of it; before that word it was as it was."""
    found = preservation(datetime(2026, 11, 24, 10, tzinfo=UTC), RULE)
    late = found.due + 3 * DAY
    word = settled("escalated", BODY, "h.karimi", late)
    assert (word.how, word.late, word.officer) == (ClockState.ESCALATED, True, "h.karimi")
    assert state_of(found, late - SECOND, settled=[word]) is ClockState.EXPIRED
    assert state_of(found, late, settled=[word]) is ClockState.ESCALATED
    done = settled("met", BODY, "s.rad", late + DAY)
    assert state_of(found, late + DAY, settled=[done, word]) is ClockState.MET
    assert answer(found, late + DAY, [word, done]) == done
    waived = settled("waived", BODY, "s.rad", found.due - DAY)
    assert not waived.late
    assert state_of(found, found.due + 99 * DAY, held=True, settled=[waived]) is ClockState.WAIVED


def test_a_new_end_needs_a_new_word() -> None:
    """What was said of another clock, or before the last extension, answers nothing."""
    found = preservation(datetime(2026, 11, 24, 10, tzinfo=UTC), RULE)
    waived = settled("waived", BODY, "s.rad", found.due - 2 * DAY)
    longer = extended(found, date(2027, 3, 1), at=found.due - DAY)
    assert state_of(longer, longer.due + SECOND, settled=[waived]) is ClockState.EXPIRED
    other = settled("met", {**BODY, "due": "1900-01-02T00:00:00Z"}, "s.rad", found.due)
    assert state_of(found, found.due + SECOND, settled=[other]) is ClockState.EXPIRED
    other = settled("met", {**BODY, "clock": "suggested"}, "s.rad", found.due)
    assert state_of(found, found.due + SECOND, settled=[other]) is ClockState.EXPIRED


@pytest.mark.parametrize("period", ["30 days", "60 days", "90 days", "3 hours"])
def test_a_corrected_book_does_not_reopen_what_was_met(period: str) -> None:
    """Met under the book of that day it stays met, whatever end another book gives; what was only waived is asked again."""
    began = datetime(2026, 11, 24, 10, tzinfo=UTC)
    then, now = preservation(began, RULE), deadline(replace(RULE, period=Period.parse(period)), began)
    done, waived = (
        settled(how, {**BODY, "due": moment_text(then.due)}, "s.rad", began + DAY) for how in ("met", "waived")
    )
    assert state_of(now, now.due + 99 * DAY, settled=[done]) is ClockState.MET
    assert answer(now, now.due + 99 * DAY, [done]) == done
    assert state_of(now, began + timedelta(hours=1), settled=[done]) is not ClockState.MET  # nobody had said it yet
    assert (state_of(now, now.due + DAY, settled=[waived]) is ClockState.WAIVED) == (now.due == then.due)
    longer = extended(now, now.due.date() + 9 * DAY, at=now.due) if period == "60 days" else None
    assert longer is None or state_of(longer, longer.due + SECOND, settled=[done]) is ClockState.EXPIRED


@pytest.mark.parametrize(
    ("kind", "body", "officer"),
    [
        ("closed", BODY, "a"), ("expired", BODY, "a"), ("met", {}, "a"), ("met", BODY, ""),
        ("met", {**BODY, "reasons": ""}, "a"), ("met", {**BODY, "due": "2027-01-23"}, "a"),
        ("waived", {**BODY, "due": 5}, "a"), ("waived", {**BODY, "due": "2027-01-23T23:59:59+00:00"}, "a"),
    ],
)  # fmt: skip
def test_no_word_without_name_and_reasons(kind: str, body: dict, officer: str) -> None:
    """Any other act, or one that lacks something, settles no clock."""
    with pytest.raises(Invalid) as error:
        settled(kind, body, officer, datetime(2027, 1, 1, tzinfo=UTC))
    assert error.value.code == "clock.settled"


def test_suggested() -> None:
    """A suggested deadline is its whole day in the requested State's zone, and cannot lie before the request."""
    received = datetime(2026, 11, 24, 10, tzinfo=UTC)
    found = suggested(received, date(2026, 12, 24), ("uncc:40(26)",), HANOI)
    assert found.due == datetime(2026, 12, 24, 16, 59, 59, tzinfo=UTC)
    with pytest.raises(Invalid) as error:
        suggested(received, date(2026, 11, 23), ("uncc:40(26)",))
    assert error.value.code == "clock.order"


# ----------------------------------------------------------------------------------------------------------- bad input


def test_no_zone_no_answer() -> None:
    """Moments without a UTC offset, and moments beyond the calendar, are Invalid and not guessed."""
    naive, aware = datetime(2026, 11, 24), datetime(2026, 11, 24, tzinfo=UTC)  # noqa: DTZ001 - that is the fault
    found = preservation(aware, RULE)
    for ask in (
        lambda: preservation(naive, RULE),
        lambda: deadline(rule("3 hours"), naive),
        lambda: suggested(naive, date(2027, 1, 1), ()),
        lambda: safe_conduct(naive, RULE),
        lambda: state_of(found, naive),
        lambda: days_left(found, naive),
        lambda: warning(found, naive),
        lambda: answer(found, naive, ()),
        lambda: extended(found, date(2027, 3, 1), at=naive),
        lambda: extended(found, naive, at=aware),
        lambda: settled("met", BODY, "a", naive),
        lambda: Pause(naive, None),
        lambda: Pause(aware, naive),
        lambda: Deadline("x", naive, aware, ()),
        lambda: Deadline("x", aware, naive, ()),
    ):
        with pytest.raises(Invalid) as error:
            ask()
        assert error.value.code == "clock.zone"


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month", "year", "working-day"])
def test_beyond_the_calendar(unit: str, state) -> None:
    """The year 9999 ends; no clock runs over it, in no zone, and none fails in another way."""
    aware, far, west = (
        datetime(2026, 11, 24, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        timezone(timedelta(hours=-14)),
    )
    long = deadline(rule("60 days"), aware)
    for ask in (
        lambda: deadline(rule(f"9999 {unit}s"), far, UTC, state()),
        lambda: deadline(rule(f"9999 {unit}s"), far, HANOI, state()),
        lambda: deadline(rule(f"1 {unit}"), far.replace(tzinfo=west), UTC, state()),
        lambda: extended(replace(long, due=far - DAY), Period(9999, unit), at=aware, state=state()),
        lambda: suggested(aware, date.max, (), west),
        lambda: extended(long, date.max, at=aware, zone=west),
        lambda: paused(replace(long, due=far - DAY), [Pause(far - 40 * DAY, far - 2 * DAY)]),
        lambda: state_of(long, datetime.max.replace(tzinfo=west)),
    ):
        with pytest.raises(Invalid) as error:
            ask()
        assert error.value.code == "clock.range"


# ----------------------------------------------------------------------------------------------------------- the campaign


def test_a_slice_of_the_campaign(tmp_path) -> None:
    """A few thousand cases of bench/clocks.py, by its own command, interrupted and taken up again: none is wrong."""
    kept = tmp_path / "campaign.json"
    for cases in (1000, 3000):
        command = [sys.executable, COMMAND, "--cases", str(cases), "--states", "3", "--jobs", "1"]
        command += ["--state", kept]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{cases:,} cases, 0 wrong" in done.stdout
