"""Two States that do not exist and whose books say what a test wants, and requests between them that lack nothing.

The tests of the rules stand on these, so that the shipped books of States can grow without touching them.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from comity.casework.measure import TRAFFIC_AND_CONTENT, Measure
from comity.casework.request import Account, Asset, DataCategory, Offence, Order, Person, Request, Scope, Subject
from comity.law._row import Page
from comity.law.book import NO_BOOKS, Books, beside, default_folder, pages, renewed
from comity.law.supposition import Supposition, supposed

ON = date(2026, 11, 24)
FOLDER = default_folder()
SHELF = pages(FOLDER)
BOOKS = beside(renewed(NO_BOOKS, SHELF), FOLDER)  # as `load` reads them, and the files are read once

FRAUD = Offence("uncc:13", "Computer fraud", "XA-PC:13", 60, date(2026, 9, 2))
MAILBOX = Account("email", "ring@mail.example")
LOG_IN = Account("ip", "203.0.113.7", datetime(2026, 9, 3, 8, 15, tzinfo=UTC), 40112)

WHOLE = Request(
    reference="XA-2026-0002",
    requesting="XA",
    requested="XB",
    measure=Measure.STORED_DATA,
    offence=FRAUD,
    authority="Prosecutor’s office",
    conducting=Person("R. Example", "investigating judge", "+00 1"),
    subject="Investigation of computer fraud",
    facts="A phishing ring emptied accounts of bank customers.",
    assistance="The mailbox and its access log.",
    procedure="A record signed by both sides.",
    link="The ring received the stolen passwords in this mailbox.",
    categories=(DataCategory.TRAFFIC, DataCategory.CONTENT),
    accounts=(MAILBOX, LOG_IN),
    custodian="Example Mail",
    persons=(Subject("R. Person", "witness", "XC", date(1980, 1, 1), "XB", "passport XC 1", consent=True),),
    assets=(Asset("Wallet", "Example Exchange", "10 000 EUR"),),
    order=Order("Court of XA", "12/2026", date(2026, 10, 1), "The whole wallet", final=True, notice="By post", copy=True,
                sentence_months=24, remaining_months=12),
    period_from=date(2026, 8, 1),
    period_to=date(2026, 9, 30),
    period_reason="The ring writes once a week.",
    documents="Summons of 1 October 2026",
    questions="Who opened the account?",
    event_at=datetime(2027, 1, 10, 9, 0, tzinfo=UTC),
    event_place="Court of XA",
    assurances="Return, safe conduct, speciality, no death penalty.",
    arrangement="Two members each; led from XA; six months.",
    others=("XC",),
    conditions=("For this case only",),
    costs="An interpreter for two days.",
    purpose="Evidence at trial.",
    intends_request=True,
    confidential=True,
    urgency_reason="The provider deletes the log after 90 days.",
    follows="XA-2026-0001",
)  # fmt: skip
"""A request in which every field says something, so that it is complete for any measure."""


def complete(measure: Measure, basis: str = "uncc", **changes: Any) -> Request:
    """A request for `measure` that lacks nothing, with `changes`."""
    ahead = {"period_to": date(2027, 1, 31)} if measure in TRAFFIC_AND_CONTENT else {}
    scope = BOOKS.measure(basis, measure).scopes or (Scope.OFFENCE,)
    return replace(WHOLE, **({"measure": measure, "basis": basis, "scope": scope[0]} | ahead | changes))


def state(
    code: str, *, verified: bool = True, unverified: tuple[str, ...] = (), **tables: list[dict[str, Any]]
) -> Page:
    """The book of an invented State with the rows `tables`; what they cite is verified, but for the names `unverified`."""
    rows = {"week": [{"days": ["mon", "tue", "wed", "thu", "fri"], "provision": f"{code}:week"}], **tables}
    cited = dict.fromkeys(row["provision"] for items in rows.values() for row in items)
    lines = [
        {"id": name, "verified": verified and name not in unverified, "from": date(2000, 1, 1),
         "source": "invented for a test", "en": "A line.", "fa": "یک سطر."}
        for name in cited
    ]  # fmt: skip
    head = {
        "book": {"id": code, "kind": "state", "en": f"State {code}", "fa": f"کشور {code}"},
        "state": {"zone": "Asia/Tehran", "calendar": "gregorian", "region": "asia-pacific", "tradition": ["civil"]},
    }
    return Page(f"states/{code}.toml", "", {**head, **rows, "provision": lines}, "")


ASKING = {"offence": [
    {"code": "uncc:13", "provision": "XA-PC:13", "elements": ["intent", "deception"], "max_penalty": "5 years"},
    {"code": "uncc:9", "provision": "XA-PC:9", "elements": ["intent", "data-harm"], "max_penalty": "3 years"},
]}  # fmt: skip
FULL = [
    "intent",
    "without-right",
    "property-loss",
    "dishonest-gain",
    "data-manipulation",
    "system-interference",
    "deception",
]
ASKED: dict[str, list[dict[str, Any]]] = {
    "offence": [
        {"code": "uncc:13", "provision": "XB-PC:13", "elements": FULL},
        {"code": "uncc:7", "provision": "XB-PC:7", "elements": ["intent", "without-right", "access"],
         "requires_also": ["security-measure"]},
        {"code": "uncc:9", "provision": "XB-PC:9", "elements": ["intent", "data-harm"]},
        {"code": "uncc:11", "provision": "XB-PC:11", "elements": ["intent", "without-right", "criminal-purpose"]},
        {"code": "uncc:17", "provision": "XB-PC:17", "elements": ["intent", "knowledge-of-proceeds", "conversion"]},
    ],
    "language": [{"tag": "en", "provision": "XB:language"}],
    "authorisation": [{"measures": ["coercive"], "by": "judge", "urgent_by": "prosecutor", "provision": "XB-CPC:1"}],
    "data_protection": [{"provision": "XB:data"}],
    "retention": [{"category": "traffic", "period": "12 months", "provision": "XB:keep"}],
    "clock": [
        {"id": "provisional-arrest", "measures": ["provisional-arrest"], "period": "40 days", "least": False,
         "bearer": "requesting", "provision": "XB:arrest"},
        {"id": "preservation", "measures": ["preservation"], "period": "90 days", "least": True, "bearer": "requested",
         "provision": "XB:hold"},
    ],
    "policy": [
        {"subject": "own-national", "stance": "must-refuse", "measures": ["extradition"], "provision": "XB:nationals"},
        {"subject": "below-minimum", "stance": "must-refuse", "measures": ["extradition"], "penalty": "1 year",
         "provision": "XB:minimum"},
        {"subject": "death-penalty", "stance": "must-refuse", "measures": ["extradition"], "assurance": True,
         "provision": "XB:death"},
        {"subject": "political-offence", "stance": "no-bar", "measures": ["all"], "provision": "XB:political"},
        {"subject": "no-dual-criminality", "stance": "must-refuse", "measures": ["all"], "provision": "XB:dual"},
        {"subject": "no-treaty", "stance": "may-refuse", "measures": ["mla"], "provision": "XB:treaty"},
    ],
}  # fmt: skip


def between(asking: Page | None = None, asked: Page | None = None, *more: Page, books: Books = BOOKS) -> Books:
    """The books with those of the two invented States, whose lines are verified unless given otherwise."""
    return renewed(books, (asking or state("XA", **ASKING), asked or state("XB", **ASKED), *more))


def suppose(**what: Any) -> Books:
    """The shipped books under one supposition, and the invented States beside them."""
    return between(books=supposed(BOOKS, SHELF, [Supposition("test", "x", "x", "the test", **what)]))


def bound(*states: str, on: date = date(2026, 1, 1), denounced: date | None = None) -> Books:
    """The books when forty States that do not exist, and `states`, deposited on `on`; the latter left on `denounced`."""
    rows = [{"state": code, "deposited": on, "deposit_sure": "V"} for code in states]
    if denounced:
        rows = [row | {"denounced": denounced, "denounced_sure": "V"} for row in rows]
    return suppose(book="uncc", deposits=39, deposited=on, sure="V", add={"party": rows})


def bilateral(*pair: str, **entry: Any) -> Page:
    """The book of an invented treaty between `pair`, which asks for no more than comity does and binds both since 2020."""
    tables = named(dict(next(page for page in SHELF if page.file == "treaties/reciprocity.toml").tables))
    house = {"opened": date(2019, 1, 1), "needed": 2, "period": "30 days", "joiner_period": "30 days",
             "denunciation_period": "6 months", "provision": "XAB:basis", "joiner_provision": "XAB:basis",
             "denunciation_provision": "XAB:basis", "known_on": ON, "source": "invented for a test"}  # fmt: skip
    tables["book"] = {"id": "XAB", "kind": "bilateral", "between": list(pair), "en": "Treaty", "fa": "معاهده"}
    tables["entry"] = house | entry
    tables["party"] = [{"state": code, "deposited": date(2020, 1, 1), "deposit_sure": "V"} for code in pair]
    return Page("treaties/XAB.toml", "", tables, "")


def named(value: Any) -> Any:
    """`value` with the ids of the book on reciprocity turned into those of the invented treaty."""
    if isinstance(value, dict):
        return {name: named(item) for name, item in value.items()}
    if isinstance(value, list):
        return [named(item) for item in value]
    return value.replace("reciprocity:", "XAB:") if isinstance(value, str) else value
