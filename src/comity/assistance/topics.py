"""The words of this room: what help can be about, how it is counted, whom it is for, and on what terms."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Topic(StrEnum):
    """What help is about. The articles that each serves stand in `ARTICLES`."""

    INVESTIGATION = "investigation"
    FORENSICS = "forensics"
    CUSTODY = "chain-of-custody"
    DRAFTING = "drafting-requests"
    CENTRAL = "central-authority"
    LAW = "law"
    CONTACT = "contact-24-7"
    RECOVERY = "asset-recovery"
    PROTECTION = "victims-witnesses"
    DATA = "data-protection"
    PREVENTION = "prevention"
    STATISTICS = "statistics"
    EQUIPMENT = "equipment"
    TRANSLATION = "translation"
    TRAINING = "training"


ARTICLES: Final[Mapping[Topic, tuple[str, ...]]] = MappingProxyType({
    Topic.INVESTIGATION: ("54(3)", "47"),
    Topic.FORENSICS: ("54(3)", "28", "44"),
    Topic.CUSTODY: ("54(3)", "40(14)"),
    Topic.DRAFTING: ("54(3)", "40(15)", "42(3)"),
    Topic.CENTRAL: ("54(3)", "40(12)"),
    Topic.LAW: ("54(3)", "21", "24"),
    Topic.CONTACT: ("41(1)", "41(5)"),
    Topic.RECOVERY: ("54(3)", "31", "49"),
    Topic.PROTECTION: ("54(3)", "33", "34"),
    Topic.DATA: ("36",),
    Topic.PREVENTION: ("53",),
    Topic.STATISTICS: ("55",),
    Topic.EQUIPMENT: ("54(3)", "56"),
    Topic.TRANSLATION: ("54(3)", "40(13)"),
    Topic.TRAINING: ("54(2)",),
})  # fmt: skip
"""Topic to the articles that help on it serves, as in the casework room's sources; the first is where help is promised."""


class Unit(StrEnum):
    """What is counted."""

    PLACES = "places"  # persons trained
    DAYS = "days"  # of an expert's work
    ITEMS = "items"  # pieces of equipment, licences
    PAGES = "pages"  # translated


class Development(StrEnum):
    """A State's position as it states it itself; nobody else's list decides (54(1), 56)."""

    LEAST = "least-developed"
    LANDLOCKED = "landlocked-developing"
    ISLAND = "small-island-developing"
    DEVELOPING = "developing"
    TRANSITION = "in-transition"
    DEVELOPED = "developed"
    UNSTATED = "unstated"


class Region(StrEnum):
    """Regional groups in the United Nations; the ids of the law books."""

    AFRICA = "africa"
    ASIA_PACIFIC = "asia-pacific"
    EASTERN_EUROPE = "eastern-europe"
    LATIN_AMERICA_CARIBBEAN = "latin-america-caribbean"
    WESTERN_EUROPE_OTHERS = "western-europe-others"


class Condition(StrEnum):
    """What one side may ask of the other. Whoever does not say that it accepts one, does not."""

    REPORT = "report"  # results are reported to the other side
    PUBLISH = "publish"  # results may be published
    HOST = "host"  # the receiving State provides the place
    COUNTERPART = "counterpart"  # the receiving State names an official who answers for the programme
    PASSED_ON = "passed-on"  # those trained train others
    OWN_USE = "own-use"  # equipment is not passed on to third parties
    NO_LIVE_DATA = "no-live-data"  # nobody works on data of real cases
    AT_HOME = "at-home"  # help is given in the receiving State
    OPEN_TOOLS = "open-tools"  # only tools that the receiving State can keep using without a licence
