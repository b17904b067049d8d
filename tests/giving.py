"""Needs, offers and boards for the tests of the assistance room: small worlds, in which much is possible and little is left."""

from datetime import date, timedelta

from hypothesis import strategies as st

from comity.assistance.match import Agreed, Board
from comity.assistance.needs import Attempt, Need, Offer, Release
from comity.assistance.topics import Condition, Development, Region, Topic, Unit

ON = date(2026, 11, 24)
HOME = "KE"
POOR, RICH = ("KE", "LA", "PE", "TD"), ("DE", "JP", "IN")
NEED = {
    "reference": "KE-NEED-2026-0001", "state": "KE", "topic": Topic.FORENSICS, "unit": Unit.PLACES, "units": 10,
    "filed": date(2026, 6, 1), "by": date(2027, 6, 1), "languages": ("en", "fr"), "region": Region.AFRICA,
    "development": Development.DEVELOPING, "source": "Statement to the General Assembly", "pays": 10,
    "articles": ("54(3)",), "accepts": (Condition.REPORT, Condition.HOST), "requires": (Condition.NO_LIVE_DATA,),
    "text": "Imaging of phones", "tried": (Attempt("A course", 2024, "JP", "Two of ten stayed"),),
    "release": Release(("DE", "JP")),
}  # fmt: skip
OFFER = {
    "reference": "DE-OFFER-2026-0001", "state": "DE", "topics": (Topic.FORENSICS, Topic.CUSTODY), "unit": Unit.PLACES,
    "units": 25, "filed": date(2026, 5, 1), "starts": date(2027, 1, 10), "ends": date(2027, 12, 31), "most": 12,
    "languages": ("en",), "regions": (Region.AFRICA,), "statuses": (Development.LEAST, Development.DEVELOPING), "share": 5,
    "articles": ("54(3)",), "requires": (Condition.REPORT,), "accepts": (Condition.NO_LIVE_DATA,),
    "text": "A laboratory course on phones", "release": Release(everyone=True),
}  # fmt: skip


def need(**other):
    """A need, with other fields where they are given."""
    return Need(**{**NEED, **other})


def offer(**other):
    """An offer, with other fields where they are given; with other units, it sets no limit for one need."""
    if "units" in other:
        other = {"most": None, **other}
    return Offer(**{**OFFER, **other})


def some(values, least=1):
    """A tuple of `least` and more of `values`, each once."""
    return st.lists(st.sampled_from(list(values)), min_size=least, max_size=3, unique=True).map(tuple)


def releases(state, *, home=HOME):
    """A release that reaches `home`, and perhaps others."""
    others = [each for each in (*POOR, *RICH) if each not in {state, home}]
    named = some(others, 0).map(lambda names: Release(names if state == home else (home, *names)))
    return st.one_of(st.just(Release(everyone=True)), st.just(Release(everyone=True)), named)


@st.composite
def needs(draw, number=1):
    """A need that `HOME` may see."""
    state = draw(st.sampled_from(POOR))
    return Need(
        reference=f"{state}-NEED-2026-{number:04}",
        state=state,
        topic=draw(st.sampled_from([Topic.FORENSICS, Topic.LAW])),
        unit=Unit.PLACES,
        units=draw(st.integers(1, 6)),
        filed=ON - timedelta(days=draw(st.integers(0, 500))),
        by=ON + timedelta(days=draw(st.sampled_from([20, 100, 400]))),
        languages=draw(some(["en", "fr"])),
        region=draw(st.sampled_from([Region.AFRICA, Region.ASIA_PACIFIC])),
        development=draw(st.sampled_from([Development.LEAST, Development.DEVELOPING])),
        source="its own statement",
        articles=draw(st.sampled_from([(), ("54(3)",)])),
        text=draw(st.sampled_from(["phones and disks", "a bill on powers", ""])),
        tried=draw(st.sampled_from([(), (Attempt("a course", 2025, "DE"),)])),
        pays=draw(st.sampled_from([0, 20])),
        accepts=draw(some([Condition.REPORT, Condition.HOST], 0)),
        release=draw(releases(state)),
    )


@st.composite
def offers(draw, number=1):
    """An offer that `HOME` may see."""
    state = draw(st.sampled_from((*RICH, "PE")))
    units = draw(st.integers(1, 12))
    return Offer(
        reference=f"{state}-OFFER-2026-{number:04}",
        state=state,
        topics=draw(st.sampled_from([(Topic.FORENSICS,), (Topic.FORENSICS, Topic.LAW), (Topic.LAW,)])),
        unit=Unit.PLACES,
        units=units,
        filed=ON,
        starts=ON + timedelta(days=draw(st.sampled_from([-10, 30, 200]))),
        ends=ON + timedelta(days=500),
        languages=draw(some(["en", "fr"])),
        regions=draw(some([Region.AFRICA, Region.ASIA_PACIFIC])),
        statuses=draw(st.sampled_from([(Development.LEAST, Development.DEVELOPING), (Development.LEAST,)])),
        most=draw(st.sampled_from([None, units])),
        share=draw(st.sampled_from([0, 0, 10])),
        articles=draw(st.sampled_from([(), ("54(3)",)])),
        text=draw(st.sampled_from(["a course on phones", "help with a bill", ""])),
        requires=draw(st.sampled_from([(), (), (Condition.REPORT,)])),
        release=draw(releases(state)),
    )


@st.composite
def boards(draw, most=6, *, agreeing=False):
    """A board of `HOME`; with `agreeing`, some of it may be agreed already."""
    wanted = tuple(draw(needs(number)) for number in range(1, draw(st.integers(1, most)) + 1))
    given = tuple(draw(offers(number)) for number in range(1, draw(st.integers(1, most)) + 1))
    agreed = ()
    if agreeing and draw(st.booleans()):
        one, other = draw(st.sampled_from(wanted)), draw(st.sampled_from(given))
        units = min(one.units, other.units)
        agreed = (Agreed(one.reference, other.reference, draw(st.integers(1, units))),)
    return Board(home=HOME, on=ON, needs=wanted, offers=given, agreed=agreed)
