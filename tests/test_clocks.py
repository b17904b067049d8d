"""The clocks: due to the second, warned in time, never short of a full day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import Invalid
from comity.law.clocks import ClockState, Deadline, days_left, preservation, state_of, suggested, warning
from comity.law.treaty import ClockRule

RULE = ClockRule("preservation", "preservation", 60, True, "requested", "uncc:42(8)")  # noqa: FBT003 - as the book has it
TEHRAN, HANOI = ZoneInfo("Asia/Tehran"), ZoneInfo("Asia/Ho_Chi_Minh")
ZONES = st.sampled_from([UTC, TEHRAN, HANOI, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")])
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31), timezones=ZONES)  # noqa: DTZ001 - the strategy adds the zone


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
    deadline = preservation(datetime.fromisoformat(effected), RULE, zone)
    assert deadline.due == datetime.fromisoformat(due)
    assert deadline.cites == ("uncc:42(8)",)


@given(MOMENTS, ZONES)
def test_never_short(effected: datetime, zone: ZoneInfo) -> None:
    """Over two centuries, leap years and zones: never shorter than 60 times 24 hours, and less than two days longer."""
    instant = effected.astimezone(UTC)
    due = preservation(effected, RULE, zone).due.astimezone(UTC)
    assert timedelta(days=60) <= due - instant < timedelta(days=62)


@given(MOMENTS)
def test_counted_by_ordinal(effected: datetime) -> None:
    """The day of the end agrees with a count by day numbers, which knows nothing of months and years."""
    deadline = preservation(effected.astimezone(UTC), RULE)
    assert deadline.due.date().toordinal() == effected.astimezone(UTC).date().toordinal() + 60


@given(MOMENTS, st.integers(-5_000_000, 10_000_000), st.booleans(), st.booleans())
def test_states(effected: datetime, seconds: int, held: bool, met: bool) -> None:  # noqa: FBT001 - drawn
    """Met wins, then held; otherwise expired only after the last second, and a warning before it."""
    deadline = preservation(effected, RULE)
    now = deadline.started.astimezone(UTC) + timedelta(seconds=seconds)
    state = state_of(deadline, now, held=held, met=met)
    if met or held:
        assert state is (ClockState.MET if met else ClockState.HELD)
    elif now > deadline.due:
        assert state is ClockState.EXPIRED
    else:
        assert state is (ClockState.WARNING if deadline.due - now <= timedelta(days=30) else ClockState.RUNNING)


def test_to_the_second() -> None:
    """At its last second a deadline has not expired; a second later it has."""
    deadline = preservation(datetime(2026, 11, 24, 10, tzinfo=UTC), RULE)
    assert state_of(deadline, deadline.due) is ClockState.WARNING
    assert state_of(deadline, deadline.due + timedelta(seconds=1)) is ClockState.EXPIRED
    assert days_left(deadline, deadline.due) == 0
    assert days_left(deadline, deadline.due + timedelta(seconds=1)) == -1


@pytest.mark.parametrize(
    ("days", "level"), [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (0, 7), (-1, 7)]
)
def test_warnings(days: int, level: int | None) -> None:
    """Thirty, fourteen and seven days before the end, each from its own moment on."""
    deadline = preservation(datetime(2026, 11, 24, tzinfo=UTC), RULE)
    assert warning(deadline, deadline.due - timedelta(days=days)) == level
    assert warning(replace(deadline, warn_days=()), deadline.due) is None


def test_suggested() -> None:
    """A suggested deadline is its whole day in the requested State's zone, and cannot lie before the request."""
    received = datetime(2026, 11, 24, 10, tzinfo=UTC)
    deadline = suggested(received, date(2026, 12, 24), ("uncc:40(26)",), HANOI)
    assert deadline.due == datetime(2026, 12, 24, 16, 59, 59, tzinfo=UTC)
    with pytest.raises(Invalid) as error:
        suggested(received, date(2026, 11, 23), ("uncc:40(26)",))
    assert error.value.code == "clock.order"


def test_no_zone_no_answer() -> None:
    """Moments without a UTC offset, and moments beyond the calendar, are Invalid and not guessed."""
    naive, aware = datetime(2026, 11, 24), datetime(2026, 11, 24, tzinfo=UTC)  # noqa: DTZ001 - that is the fault
    deadline = preservation(aware, RULE)
    for ask in (
        lambda: preservation(naive, RULE),
        lambda: suggested(naive, date(2027, 1, 1), ()),
        lambda: state_of(deadline, naive),
        lambda: days_left(deadline, naive),
        lambda: warning(deadline, naive),
        lambda: Deadline("x", naive, aware, ()),
    ):
        with pytest.raises(Invalid) as error:
            ask()
        assert error.value.code == "clock.zone"
    west = timezone(timedelta(hours=-14))
    for far in (
        lambda: preservation(datetime.max.replace(tzinfo=UTC), RULE),
        lambda: suggested(aware, date.max, (), west),
    ):
        with pytest.raises(Invalid) as error:
            far()
        assert error.value.code == "clock.range"
