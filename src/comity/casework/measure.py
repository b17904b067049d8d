"""The forms of cooperation, and the kind of life that a request for each of them has.

Which contents, grounds, duties and clocks belong to a measure is for the treaty books; here stands only what both
States' nodes must agree on to follow one another: how a case of that measure can run.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Measure(StrEnum):
    """The form of cooperation asked for, with its article in the UN Convention."""

    # stored and moving data
    PRESERVATION = "preservation"  # 42: expedited preservation of stored electronic data
    TRAFFIC_DISCLOSURE = "traffic-disclosure"  # 43: the traffic data that show which other provider took part
    STORED_DATA = "stored-data"  # 40(3)(d), 44: search, seizure and disclosure of stored data
    REAL_TIME_TRAFFIC = "real-time-traffic"  # 40(3)(e), 45: collection of traffic data in real time
    INTERCEPTION = "interception"  # 40(3)(f), 46: interception of content data
    PRODUCTION_ORDER = "production-order"  # no article there; Second Protocol to the Budapest Convention, 8
    EMERGENCY_DATA = "emergency-data"  # 41(3)(e): data that avert an emergency
    # other legal assistance
    STATEMENTS = "statements"  # 40(3)(a): evidence or statements from persons
    SERVICE = "service"  # 40(3)(b): service of judicial documents
    SEARCH = "search"  # 40(3)(c): searches, seizures and freezing of things
    EXAMINATION = "examination"  # 40(3)(g): examining objects and sites
    EXPERT_EVIDENCE = "expert-evidence"  # 40(3)(h): information, evidence and expert evaluations
    RECORDS = "records"  # 40(3)(i): originals or certified copies of documents and records
    TRACING = "tracing"  # 40(3)(j): identifying and tracing proceeds, property, instrumentalities
    APPEARANCE = "appearance"  # 40(3)(k), 40(29): voluntary appearance in the requesting State
    VIDEO_HEARING = "video-hearing"  # 40(18): hearing of a witness, victim or expert by video
    PRISONER_TRANSFER = "prisoner-transfer"  # 40(9)-(11): a person in custody comes to testify, and goes back
    OTHER_ASSISTANCE = "other-assistance"  # 40(3)(m): whatever else the requested State's law does not bar
    CONTACT_POINT = "contact-point"  # 41: help by the 24/7 point of contact
    # persons and proceedings
    EXTRADITION = "extradition"  # 37
    PROVISIONAL_ARREST = "provisional-arrest"  # 37(10): custody in urgency, before the request for extradition
    SENTENCED_PERSON = "sentenced-person"  # 38: transfer to serve the sentence
    PROCEEDINGS = "proceedings"  # 39: transfer of criminal proceedings
    JURISDICTION = "jurisdiction"  # 22(5): consultation where several States act on one conduct
    # police and joint work
    POLICE_COOPERATION = "police-cooperation"  # 47
    JOINT_INVESTIGATION = "joint-investigation"  # 48
    # property
    FREEZING = "freezing"  # 49(2), 50(2)
    CONFISCATION = "confiscation"  # 49(1), 50(1)
    RETURN = "return"  # 52: return or disposal of what was confiscated
    # what is told, and what may be done with it
    SPONTANEOUS_INFORMATION = "spontaneous-information"  # 40(4)-(5), 51: told without a request
    ONWARD_TRANSFER = "onward-transfer"  # 36(3), 40(19): consent to pass on, or to use for another purpose


class Life(StrEnum):
    """How a case can run once the request is accepted."""

    HOLD = "hold"  # data are kept for a time, which can be extended
    EVIDENCE = "evidence"  # something comes back: exhibits, sealed, in one return or several
    DEED = "deed"  # something is done there and reported: a person surrendered, property frozen, a document served
    NOTICE = "notice"  # nothing is asked for: information, which the other State takes note of
    CONSENT = "consent"  # the answer itself is what was asked for


_DEEDS: Final = frozenset({
    Measure.SERVICE, Measure.APPEARANCE, Measure.PRISONER_TRANSFER, Measure.EXTRADITION, Measure.PROVISIONAL_ARREST,
    Measure.SENTENCED_PERSON, Measure.PROCEEDINGS, Measure.JURISDICTION, Measure.JOINT_INVESTIGATION,
    Measure.FREEZING, Measure.CONFISCATION, Measure.RETURN,
})  # fmt: skip
_ONE_OF_A_KIND: Final = {
    Measure.PRESERVATION: Life.HOLD,
    Measure.SPONTANEOUS_INFORMATION: Life.NOTICE,
    Measure.ONWARD_TRANSFER: Life.CONSENT,
}

LIVES: Final[dict[Measure, Life]] = {
    measure: _ONE_OF_A_KIND.get(measure, Life.DEED if measure in _DEEDS else Life.EVIDENCE) for measure in Measure
}
"""The life of each measure."""

COERCIVE: Final = frozenset({
    Measure.TRAFFIC_DISCLOSURE, Measure.STORED_DATA, Measure.REAL_TIME_TRAFFIC, Measure.INTERCEPTION, Measure.SEARCH,
    Measure.PRODUCTION_ORDER, Measure.EXTRADITION, Measure.PROVISIONAL_ARREST, Measure.FREEZING, Measure.CONFISCATION,
})  # fmt: skip
"""Measures that need an authorisation at home before anything is ordered, Article 24(2) and (4)."""

TRAFFIC_AND_CONTENT: Final = frozenset({Measure.REAL_TIME_TRAFFIC, Measure.INTERCEPTION})
"""Measures that run over a time to come: their period lies ahead."""

GROUPS: Final[dict[str, frozenset[Measure]]] = {
    "all": frozenset(Measure),
    "data": frozenset({
        Measure.PRESERVATION, Measure.TRAFFIC_DISCLOSURE, Measure.STORED_DATA, Measure.REAL_TIME_TRAFFIC,
        Measure.INTERCEPTION, Measure.PRODUCTION_ORDER, Measure.EMERGENCY_DATA,
    }),
    "mla": frozenset({
        Measure.TRAFFIC_DISCLOSURE, Measure.STORED_DATA, Measure.REAL_TIME_TRAFFIC, Measure.INTERCEPTION,
        Measure.STATEMENTS, Measure.SERVICE, Measure.SEARCH, Measure.EXAMINATION, Measure.EXPERT_EVIDENCE,
        Measure.RECORDS, Measure.TRACING, Measure.APPEARANCE, Measure.VIDEO_HEARING, Measure.PRISONER_TRANSFER,
        Measure.OTHER_ASSISTANCE,
    }),
    "coercive": COERCIVE - {Measure.EXTRADITION, Measure.PROVISIONAL_ARREST},
    "surrender": frozenset({Measure.EXTRADITION, Measure.PROVISIONAL_ARREST}),
    "assets": frozenset({Measure.FREEZING, Measure.CONFISCATION, Measure.RETURN, Measure.TRACING}),
}  # fmt: skip
"""Names by which a law book can speak of several measures at once."""


def named(names: tuple[str, ...]) -> frozenset[Measure]:
    """The measures that `names` stand for: ids and group names. Raises KeyError for any other name."""
    return frozenset(measure for name in names for measure in (GROUPS[name] if name in GROUPS else (_BY_ID[name],)))


_BY_ID: Final = {str(measure): measure for measure in Measure}
