"""The vectors of what is said under each kind of statement: payloads that are taken, and others, each wrong in one thing.

`make.py` writes them. A row is a payload as text; what is expected of it is the code with which it is refused, empty if it is
taken. `digests` names what is named by its payload.
"""

import copy
import json
from datetime import timedelta

import payloads
from frozen import AT, SIGNER

from comity.assistance.programme import Programme, Word
from comity.casework.evidence import Custody, Exhibit, Manifest
from comity.seal import canon, envelope
from comity.seal.keys import NoteKey
from comity.sharing import notices, stix
from comity.wire import assistance, bag, communities, shares, standing, transport

HOP = NoteKey("hop", b"vector: hop seed of IR .........."[:32])  # as in the entry of the vectors
MOMENT, DAY = "2026-11-24T09:00:00Z", "2026-11-24"
OBJECT = (
    '{"type": "location", "spec_version": "2.1", "id": "location--a6e9345f-5a15-4c29-8bb3-7dcc5d168d64",\n'
    ' "created": "2016-04-06T20:03:00.000Z", "modified": "2016-04-06T20:03:00.000Z",\n'
    ' "latitude": 48.8566, "longitude": 23.522E-1}'
)
"""An object as its author wrote it: blanks, an order of its own, a fraction, an exponent."""


def but(found: dict, where: str, value: object) -> dict:
    """`found` with another value at a dotted place; ... takes it away."""
    changed = copy.deepcopy(found)
    *path, last = where.split(".")
    inside = changed
    for step in path:
        inside = inside[int(step) if isinstance(inside, list) else step]
    if value is ...:
        del inside[last]
    else:
        inside[int(last) if isinstance(inside, list) else last] = value
    return changed


def row(value: object) -> str:
    """The payload that says `value`."""
    return canon.dumps(value).decode()


ACT = {
    "act": "asked", "after": "5a" * 32, "at": MOMENT, "body": {"fields": ["period_from"], "questions": "Which period?"},
    "by": "VN", "case": "IR-2026-0002", "exercise": True, "name": "Tran V., Central authority", "officer": "tran",
    "power": "decide", "salt": "07" * 16,
}  # fmt: skip
REQUEST = {
    "accounts": [{"at": "2026-10-01T09:00:00+03:30", "kind": "ip", "port": 443, "value": "192.0.2.1"}],
    "basis": "budapest", "categories": ["traffic"], "exercise": True, "intends_request": False, "confidential": True,
    "language": "en", "measure": "stored-data", "offence": {"code": "budapest:2", "label": "Illegal access"},
    "period_from": "2026-09-01", "period_to": "2026-10-01", "persons": [{"name": "N. N.", "role": "suspect"}],
    "reference": "VN-2026-0001", "requested": "IR", "requesting": "VN", "scope": "D", "urgency": "urgent",
}  # fmt: skip
REQUESTED = ACT | {"act": "requested", "after": "", "power": "approve", "case": "VN-2026-0001",
                   "body": {"letter": "", "request": REQUEST}}  # fmt: skip


def acts() -> dict[str, str]:
    """Give acts and requests."""
    wrong = {
        "by another State than the signer": but(ACT, "by", "IR"),
        "of no known kind": but(ACT, "act", "commanded"),
        "without its salt": but(ACT, "salt", ...),
        "a field too many in its body": but(ACT, "body.more", ""),
        "a field of its body missing": but(ACT, "body.fields", ...),
        "a moment with another offset": but(ACT, "at", "2026-11-24T12:30:00+03:30"),
        "a moment of no such day": but(ACT, "at", "2026-02-30T09:00:00Z"),
        "a blank text": but(ACT, "body.questions", " "),
        "a thing twice in a list": but(ACT, "body.fields", ["facts", "facts"]),
        "a text instead of a list": but(ACT, "body.fields", "facts"),
        "a text of 20,001 characters": but(ACT, "body.questions", "x" * 20_001),
        "51 things in a list": but(ACT, "body.fields", [str(number) for number in range(51)]),
    }
    asked = {
        "scope E": ("scope", "E"),
        "an offence without a book": ("offence.code", "13"),
        "an unknown measure": ("measure", "arrest"),
        "an unknown field": ("offence.article", "13"),
        "no measure": ("measure", ...),
        "a State to itself": ("requested", "VN"),
        "another State's reference": ("reference", "IR-2026-0001"),
        "a reference of three digits": ("reference", "VN-2026-001"),
        "an unknown role": ("persons.0.role", "judge"),
        "port 0": ("accounts.0.port", 0),
        "a period that ends before it begins": ("period_to", "2026-08-31"),
        "a day that does not exist": ("period_to", "2026-02-30"),
        "a number as a text": ("accounts.0.port", "443"),
        "a text as a number": ("facts", 1),
        "a flag as a text": ("confidential", "yes"),
        "a text of 1,001 characters": ("custodian", "x" * 1_001),
        "201 persons": ("persons", [{"name": "N. N."}] * 201),
    }
    wrong |= {
        f"request: {name}": but(REQUESTED, f"body.request.{where}", value) for name, (where, value) in asked.items()
    }
    right = {"an act": ACT, "a request under another instrument": REQUESTED,
             "a request that says little": but(REQUESTED, "body.request", {
                 name: REQUEST[name] for name in ("reference", "requesting", "requested", "measure")})}  # fmt: skip
    return {name: row(value) for name, value in (right | wrong).items()}


def told_calls() -> dict[str, str]:
    """Give a test call and its answer."""
    asked = {"at": MOMENT, "caller": "Reza, 24/7 contact", "due": "2026-11-24T09:30:00Z", "form": "asked", "id": "0f" * 16,
             "question": "Who answers?", "urgency": "urgent"}  # fmt: skip
    given = {"asked": "ab" * 32, "at": "2026-11-24T09:04:00Z", "form": "answered", "name": "Tran V.", "officer": "tran",
             "text": ""}  # fmt: skip
    rows = {
        "a call": asked, "a call by a node's plan": but(asked, "caller", ""), "an answer": given,
        "of no known form": but(asked, "form", "told"), "an id of 30 digits": but(asked, "id", "0f" * 15),
        "no known urgency": but(asked, "urgency", "soon"), "due within 59 seconds": but(asked, "due", "2026-11-24T09:00:59Z"),
        "due after a day and a second": but(asked, "due", "2026-11-25T09:00:01Z"),
        "a question of 1,001 characters": but(asked, "question", "x" * 1_001),
        "an answer of nobody": but(given, "officer", "-"),
        "an answer to no digest": but(given, "asked", "AB" * 32), "a field too many": but(given, "more", ""),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


def cell(event: str, urgency: str, period: str, figure: int | None, outcome: str = "_Z") -> list:
    """Give a figure of requests received."""
    return ["real", event, "received", "_T", "_T", urgency, outcome, "_T", period, figure]


def published() -> dict[str, str]:
    """Give a release of figures."""
    cells = [
        cell("answered", "_T", "2026-Q2", 9, "_T"),
        cell("requested", "_T", "2026-Q2", 12), cell("requested", "emergency", "2026-Q2", None),
        cell("requested", "ordinary", "2026-Q2", None), cell("requested", "urgent", "2026-Q2", 5),
    ]  # fmt: skip
    tables = [{"by": ["URGENCY"], "direction": "received", "event": "requested", "yearly": False},
              {"by": [], "direction": "received", "event": "answered", "yearly": False}]  # fmt: skip
    good = {"cells": cells, "comity": "comity/v1/figures", "drawn": MOMENT, "number": 1, "reach": 4, "state": "IR",
            "tables": tables, "threshold": 5, "through": "2026-Q3"}  # fmt: skip
    rows = {
        "a release": good,
        "parts of more than their whole": but(good, "cells.4.9", 13),
        "a part without its whole": but(good, "cells", [cells[0], *cells[2:]]),
        "more answered than asked for": but(good, "cells.0.9", 13),
        "a figure below the threshold": but(good, "cells.0.9", 4),
        "out of order": but(good, "cells", cells[::-1]),
        "a figure that no table has": but(good, "cells.0.7", "up-to-1d"),
        "a speed that is none": but(good, "cells.0.7", "quick"),
        "an outcome of what has none": but(good, "cells.1.6", "_T"),
        "a table by State": but(good, "tables.0.by", ["PARTNER"]),
        "a table twice": but(good, "tables", [tables[0], *tables]),
        "a threshold of 2": but(good, "threshold", 2),
        "a quarter that is not over": but(good, "through", "2026-Q4"),
        "no quarter": but(good, "through", "2026-Q5"),
        "a field too many": but(good, "more", ""),
    }
    return {name: row(value) for name, value in rows.items()}


def between() -> dict[str, str]:
    """Give figures that one State tells another."""
    code = ["real", "requested", "IR", "stored-data", "2026-Q3"]
    good = {"acts": [[*code, "2026-07-01T09:00:00Z", "ab" * 32, "IR-2026-0002"]], "at": MOMENT, "by": "IR",
            "comity": "comity/v1/figures-between", "counts": [[*code, 1]], "since": "2026-Q2", "through": "2026-Q3",
            "to": "VN"}  # fmt: skip
    rows = {
        "figures between two": good,
        "by another State than the signer": good | {"by": "VN", "to": "IR"},
        "to itself": but(good, "to", "IR"),
        "a figure of nothing": but(good, "counts.0.5", 0),
        "a quarter that is not over": but(good, "through", "2026-Q4"),
        "a case of a third State": but(good, "counts.0.2", "QA"),
        "an event of programmes": but(good, "counts.0.1", "begun"),
        "an act twice": but(good, "acts", good["acts"] * 2),
        "an act in capitals": but(good, "acts.0.6", "AB" * 32),
        "a moment with another offset": but(good, "acts.0.5", "2026-07-01T12:30:00+03:30"),
    }
    return {name: row(value) for name, value in rows.items()}


def told_notices() -> dict[str, str]:
    """Give each notice about copies."""
    said, at = {"source": "IR", "what": "ab" * 32}, int(AT.timestamp())
    each = [
        notices.Shared(**said, hops=2, level=1), notices.Holding(**said, by="QA", giver="VN"),
        notices.Recall(**said, number=1, kind="correct", level=0, successor="cd" * 32, reason="", at=at),
        notices.Standing(source="IR", number=1, at=at), notices.Ask(source="IR", after=0, at=at),
        notices.Acknowledgement(**said, number=1, by="VN", deed="withdrawn", passed_to=("QA",), at=at),
        notices.Report(**said, by="QA", concern="sighting", about="", at=at),
    ]  # fmt: skip
    right = {one.said: canon.loads(shares.payload(one, AT), limit=1 << 16) for one in each}
    recall, shared = right["recall"], right["shared"]
    wrong = {
        "of no known kind": but(shared, "notice.said", "lent"),
        "of another version": but(shared, "notice.comity", "comity/v2/sharing"),
        "a field too many": but(shared, "notice.more", ""),
        "a field missing": but(shared, "notice.hops", ...),
        "level 5": but(shared, "notice.level", 5),
        "fewer hops than none": but(shared, "notice.hops", -1),
        "a digest in capitals": but(shared, "notice.what", "AB" * 32),
        "a source that is no State": but(shared, "notice.source", "Iran"),
        "a recall of no known kind": but(recall, "notice.kind", "delete"),
        "a reason of 1,001 characters": but(recall, "notice.reason", "x" * 1_001),
        "no moment of its own": but(shared, "at", ...),
    }
    return {name: row(value) for name, value in (right | wrong).items()}


def told_shares() -> dict[str, str]:
    """Give a copy of an object on its way, and what is wrong about others."""
    what = stix.read(OBJECT.encode()).digest
    said = {"source": "IR", "what": what, "hops": 2, "level": 1}
    late = AT.replace(hour=10)
    notice, red, ahead, another, asked = (
        shares.sign([one], sender="IR", key=SIGNER, at=at)[0]
        for one, at in (
            (notices.Shared(**said), AT), (notices.Shared(**said | {"source": "QA"}), AT), (notices.Shared(**said), late),
            (notices.Shared(**said | {"what": "ab" * 32}), AT),
            (notices.Ask(source="IR", after=0, at=int(AT.timestamp())), AT),
        )
    )  # fmt: skip
    good = {"at": MOMENT, "communities": ["ef" * 32], "notice": canon.b64(notice), "object": canon.b64(OBJECT.encode()),
            "origin": "", "purpose": "prevention"}  # fmt: skip
    twice = OBJECT.replace("{", '{"type": "location", ')
    bare = but(good, "notice", "")  # the form is looked at first
    amber = json.loads(OBJECT) | {"object_marking_refs": ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"]}
    marked = json.dumps(amber).encode()
    below = shares.sign([notices.Shared(**said | {"what": stix.read(marked).digest})], sender="IR", key=SIGNER, at=AT)[
        0
    ]
    rows = {
        "a copy": good,
        "a question": good | {"notice": canon.b64(asked), "object": "", "communities": [], "purpose": ""},
        "without its object": but(good, "object", ""),
        "another object": but(good, "notice", canon.b64(another)),
        "an object twice named in itself": but(good, "object", canon.b64(twice.encode())),
        "a notice of a time to come": but(good, "notice", canon.b64(ahead)),
        "another's object without its own words": but(good, "notice", canon.b64(red)),
        "its own words beside a source's own": but(good, "origin", canon.b64(notice)),
        "told below what is marked": good | {"notice": canon.b64(below), "object": canon.b64(marked)},
        "a question with a purpose": good | {"notice": canon.b64(asked), "object": "", "communities": []},
        "65 communities": but(bare, "communities", ["ef" * 32] * 65),
        "a purpose of 61 characters": but(bare, "purpose", "x" * 61),
        "a field too many": but(bare, "more", ""),
    }
    return {name: row(value) for name, value in rows.items()}


def told_communities() -> dict[str, str]:
    """Give words on a community."""
    terms = {"hops": 2, "members": ["IR", "QA", "VN"], "name": "Gulf", "purpose": "prevention"}
    good = {"agrees": True, "at": MOMENT, "terms": terms}
    rows = {
        "a State agrees": good, "a State leaves": good | {"agrees": False},
        "a name in Persian": but(good, "terms.name", "خلیج"),
        "members out of order": but(good, "terms.members", ["QA", "IR"]), "one member": but(good, "terms.members", ["IR"]),
        "a member twice": but(good, "terms.members", ["IR", "IR"]), "a name without letters": but(good, "terms.name", "–"),
        "a purpose of 61 characters": but(good, "terms.purpose", "x" * 61), "11 hops": but(good, "terms.hops", 11),
        "agreement as a number": but(good, "agrees", 1), "a field too many": but(good, "terms.more", ""),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


def told_standings() -> dict[str, str]:
    """Give words on a treaty."""
    good = {"about": "", "at": MOMENT, "event": "reserved", "how": "", "language": "fa", "on": DAY, "source": "",
            "text": "ماده ۶۳", "treaty": "uncc"}  # fmt: skip
    bare = good | {"language": "", "text": ""}
    rows = {
        "a reservation": good, "a ratification": bare | {"event": "deposited", "how": "ratification"},
        "an objection": good | {"event": "objected", "about": "VN"}, "lifted": bare | {"event": "lifted", "about": "ab" * 32},
        "a reservation without words": bare, "a treaty in capitals": but(good, "treaty", "UNCC"),
        "words without a language": but(good, "language", ""),
        "a language without words": bare | {"event": "signed", "language": "fa"},
        "a deposit of no kind": bare | {"event": "deposited"}, "an objection to nobody": but(good, "event", "objected"),
        "lifted by no digest": bare | {"event": "lifted", "about": "VN"},
        "a day two days ahead": but(good, "on", "2026-11-26"),
        "words of 4,001 characters": but(good, "text", "x" * 4_001),
        "a source of 401 characters": but(good, "source", "x" * 401),
        "no known event": but(good, "event", "acceded"), "a day written otherwise": but(good, "on", "20261124"),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


NEED = {"by": "2027-06-01", "filed": DAY, "languages": ["fa", "en"], "reference": "IR-NEED-2026-0001", "region": "asia-pacific",
        "release": {"states": ["VN"]}, "state": "IR", "topic": "forensics", "unit": "places", "units": 12}  # fmt: skip
OFFER = {"ends": "2027-06-01", "filed": DAY, "languages": ["en"], "most": 12, "reference": "IR-OFFER-2026-0001",
         "regions": ["asia-pacific"], "release": {"everyone": True}, "starts": "2027-01-01", "state": "IR",
         "statuses": ["developing", "unstated"], "topics": ["forensics"], "unit": "places", "units": 40}  # fmt: skip


def needs() -> dict[str, str]:
    """Give a need and its end."""
    good = {"at": MOMENT, "reference": NEED["reference"], "stage": "open", "value": NEED, "version": 1}
    rows = {
        "a need": good, "withdrawn": good | {"stage": "withdrawn", "value": None, "version": 2},
        "a need with all its fields": but(good, "value", NEED | {
            "accepts": ["report"], "articles": ["40(15)(f)"], "development": "developing", "pays": 10,
            "requires": ["at-home"],
            "source": "https://treaties.example", "text": "Twelve places.", "tried": [{"what": "A course", "year": 2025}]}),
        "a default that is said": but(good, "value.text", ""),
        "withdrawn with contents": but(good, "stage", "withdrawn"), "a draft": but(good, "stage", "draft"),
        "version 0": but(good, "version", 0), "of another number": but(good, "value.reference", "IR-NEED-2026-0002"),
        "another State's": but(but(good, "reference", "VN-NEED-2026-0001"), "value", NEED | {
            "reference": "VN-NEED-2026-0001", "state": "VN", "release": {"states": ["IR"]}}),
        "no known topic": but(good, "value.topic", "capacity"), "no known unit": but(good, "value.unit", "persons"),
        "no known region": but(good, "value.region", "middle-east"), "0 units": but(good, "value.units", 0),
        "10,001 units": but(good, "value.units", 10_001), "units as a text": but(good, "value.units", "12"),
        "in the eleventh year after": but(good, "value.by", "2037-01-01"),
        "before it is filed": but(good, "value.by", "2026-11-23"),
        "a language with a region": but(good, "value.languages", ["fa-IR"]), "no language": but(good, "value.languages", []),
        "a language twice": but(good, "value.languages", ["fa", "fa"]), "article 69": but(good, "value.articles", ["69"]),
        "a position without its source": but(good, "value.development", "developing"),
        "101 per cent": but(good, "value.pays", 101), "released to itself": but(good, "value.release", {"states": ["IR"]}),
        "released to everyone and to one": but(good, "value.release", {"everyone": True, "states": ["VN"]}),
        "a field missing": but(good, "value.units", ...), "a field too many": but(good, "value.more", ""),
        "null": but(good, "value.text", None), "a text of 20,001 characters": but(good, "value.text", "x" * 20_001),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


def offers() -> dict[str, str]:
    """Give an offer of help."""
    good = {"at": MOMENT, "reference": OFFER["reference"], "stage": "open", "value": OFFER, "version": 3}
    rows = {
        "an offer": good, "an offer without a limit for one need": but(good, "value.most", ...),
        "the most is 0": but(good, "value.most", 0), "the most is more than all": but(good, "value.most", 41),
        "no topics": but(good, "value.topics", []), "no regions": but(good, "value.regions", []),
        "no positions": but(good, "value.statuses", []), "it ends before it begins": but(good, "value.ends", "2026-12-31"),
        "no known condition": but(good, "value.requires", ["secrecy"]), "closed with contents": but(good, "stage", "closed"),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


PARTIES = {"programme": "VN-PROGRAMME-2026-0001", "need": "IR-NEED-2026-0001", "offer": "VN-OFFER-2026-0001"}
TERMS = {
    "ends": "2027-05-01",
    "language": "en",
    "starts": "2027-02-01",
    "unit": "places",
    "units": 12,
    "milestones": [{"due": "2027-03-01", "name": "Course", "units": 12}, {"due": "2027-05-01", "name": "Report"}],
}


def spoken(say: str, by: str, at: str = MOMENT, after: tuple[str, ...] = (), **more: object) -> dict:
    """Give the payload of a word."""
    return PARTIES | {"after": list(after), "at": at, "word": {"say": say, "by": by, "at": at} | more}


def programmes() -> dict[str, str]:
    """Give words of a programme, each by itself."""
    good, done = spoken("proposed", "IR", terms=TERMS), spoken("confirmed", "IR", milestone="Course", units=12)
    rows = {
        "a proposal": good, "a confirmation": done, "an end": spoken("ended", "IR", text="No money."),
        "an end without words": spoken("ended", "IR"), "a proposal with words": but(good, "word.text", "Please."),
        "agreed without terms": spoken("agreed", "IR"), "mark 6": spoken("evaluated", "IR", mark=6, text="Good."),
        "by another State than the signer": spoken("proposed", "VN", terms=TERMS),
        "two moments": but(good, "at", "2026-11-24T09:00:01Z"),
        "three words to stand on": but(done, "after", ["01" * 32] * 3),
        "words to stand on out of order": but(done, "after", ["02" * 32, "01" * 32]),
        "a State that helps itself": but(good, "offer", "IR-OFFER-2026-0001"),
        "a third State's number": but(good, "programme", "QA-PROGRAMME-2026-0001"),
        "milestones of less than the whole": but(good, "word.terms.milestones.0.units", 11),
        "a milestone after the end": but(good, "word.terms.milestones.1.due", "2027-05-02"),
        "two milestones of one name": but(good, "word.terms.milestones.1.name", "Course"),
        "a milestone without a name": but(good, "word.terms.milestones.1.name", ""),
        "no known unit": but(good, "word.terms.unit", "persons"), "13 words of units": but(done, "word.units", 10_001),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


def order() -> dict:
    """Make the vector of a programme: words by name, which of them do not fit and why, and what stands in the end."""
    later = TERMS | {"ends": "2027-06-01"}
    moved = but(later, "milestones.0.due", "2027-04-01")
    names = [f"{number:02}" * 32 for number in range(1, 17)]
    said: list[tuple[str, str, dict]] = [
        ("proposed", "VN", {"terms": TERMS}), ("agreed", "IR", {"terms": later}), ("agreed", "IR", {"terms": TERMS}),
        ("delivered", "VN", {"milestone": "Course", "units": 13}), ("delivered", "VN", {"milestone": "Visit", "units": 0}),
        ("confirmed", "IR", {"milestone": "Course", "units": 12}), ("delivered", "VN", {"milestone": "Course", "units": 12}),
        ("confirmed", "IR", {"milestone": "Course", "units": 8}), ("proposed", "VN", {"terms": moved}),
        ("proposed", "VN", {"terms": later}), ("agreed", "VN", {"terms": later}), ("agreed", "IR", {"terms": later}),
        ("confirmed", "IR", {"milestone": "Course", "units": 12}), ("delivered", "VN", {"milestone": "Course", "units": 12}),
        ("completed", "IR", {}), ("ended", "VN", {"text": "The report is not wanted."}),
    ]  # fmt: skip
    words = {
        names[number]: spoken(say, by, f"2026-11-24T09:{number:02}:00Z", tuple(names[number - 1 : number]), **more)
        for number, (say, by, more) in enumerate(said)
    }
    # What crossed the two that stand on the first word: by its moment it comes behind them.
    words["aa" * 32] = spoken("withdrawn", "VN", "2026-11-24T09:02:30Z", (names[0],), text="Too dear.")
    words[names[3]]["after"] = [names[2], "aa" * 32]
    # Behind the end: one that is more than 300 seconds older, and two evaluations of one side, the first of which counts.
    words["ab" * 32] = spoken("evaluated", "VN", "2026-11-24T09:09:59Z", (names[15],), mark=4, text="Good.")
    words["ac" * 32] = spoken("evaluated", "IR", "2026-11-24T09:20:00Z", (names[15],), mark=4, text="Good.")
    words["ad" * 32] = spoken("evaluated", "IR", "2026-11-24T09:21:00Z", ("ac" * 32,), mark=5, text="Very good.")
    found = assistance.history(Programme(*PARTIES.values()), {
        name: assistance.Spoken(**PARTIES, after=tuple(one["after"]), word=Word.from_dict(one["word"]))
        for name, one in words.items()
    })  # fmt: skip
    terms = found.programme.terms
    return {
        "expect": {"order": [name for name, _ in found.order], "unfit": dict(found.crossed), "heads": list(found.heads),
                   "stage": str(found.programme.stage), "ends": terms.ends.isoformat() if terms else ""},
        "given": PARTIES | {"words": {name: row(one) for name, one in words.items()}},
    }  # fmt: skip


def forms() -> dict[str, str]:
    """Give what nodes say of the forms that they read."""
    good = {"comity": "forms/1", "reads": [1, 2]}
    rows = {"both forms": good, "the second and one to come": but(good, "reads", [2, 3]),
            "only one to come": but(good, "reads", [3]),
            "none": but(good, "reads", []), "form 0": but(good, "reads", [0]), "65 forms": but(good, "reads", [2] * 65),
            "of another version": but(good, "comity", "forms/2"), "a field too many": but(good, "more", "")}  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


def manifests() -> dict[str, str]:
    """Give manifests of exhibits."""
    files = (Exhibit("نامه/1.eml".encode(), 8, canon.content_id(b"evidence")),
            Exhibit(b"link", 0, "", "link", "نامه/1.eml".encode()),
             Exhibit(b"not utf-8 \xff", 0, canon.content_id(b"")))  # fmt: skip
    listed = canon.content_id(canon.dumps([one.to_dict() for one in files]))
    given = Custody("handed-over", "Provider", AT, listed)
    taken = Custody("taken-in", "VN, Tran V.", AT, listed, canon.content_id(canon.dumps(given.to_dict())))
    whole = Manifest("IR-2026-0002", "Provider", files, (given, taken), ("One use only.",), exercise=True)
    good = json.loads(bag.manifest_bytes(whole))

    def holding(*exhibits: dict) -> dict:
        return good | {"custody": [], "exhibits": list(exhibits)}

    one, link, _ = good["exhibits"]
    rows = {
        "a manifest": good, "one without custody": good | {"custody": []},
        "of another version": but(good, "manifest", 2), "a field too many": but(good, "more", ""),
        "custody of another list": but(good, "exhibits", [one]),
        "custody out of order": but(good, "custody", good["custody"][::-1]),
        "a path twice": holding(one, one), "a path below a file": holding(one, one | {"path": "نامه/1.eml/2"}),
        "a path that leads out": holding(one | {"path": "../1.eml"}), "an absolute path": holding(one | {"path": "/1.eml"}),
        "an exhibit of no known kind": holding(link | {"kind": "device"}),
    }  # fmt: skip
    return {name: row(value) for name, value in rows.items()}


def refusal() -> dict:
    """Make a signed 429 of IR's node to VN's, and others that do not count although the same key signed them."""
    uri, body = (
        "https://192.0.2.7:8442/exchange",
        canon.dumps({"code": "door.requests", "reason": "Too many requests."}),
    )
    asked = ("POST", uri, transport.hop_headers("POST", uri, b"{}", state="VN", key=HOP, at=AT))
    good = transport.refusal_headers(429, body, asked, state="IR", key=HOP, at=AT)
    start, created = good["Signature-Input"].removeprefix("hop=").split(";created=")
    number, *said = created.split(";")

    def otherwise(*parameters: str, name: str = "hop") -> dict[str, str]:
        given = ";".join(parameters)
        base = transport._refusal_base(429, good["Content-Digest"], asked, given)
        return good | {"Signature-Input": f"{name}={given}", "Signature": f"{name}=:{canon.b64(HOP.sign(base))}:"}

    moment = f"created={number}"
    wrong = {
        "keyid before created": otherwise(start, said[0], moment, *said[1:]),
        "tag before alg": otherwise(start, moment, said[0], said[2], said[1]),
        "a blank before a parameter": otherwise(start, moment, " " + said[0], *said[1:]),
        "a parameter too many": otherwise(start, moment, *said, 'nonce="x"'),
        "the status not covered": otherwise(start.replace('"@status" ', ""), moment, *said),
        "another label": otherwise(start, moment, *said, name="sig1"),
        "the State that asked": otherwise(start, moment, 'keyid="VN"', *said[1:]),
        "301 seconds before": transport.refusal_headers(
            429, body, asked, state="IR", key=HOP, at=AT - timedelta(seconds=301)),
        "of another status": transport.refusal_headers(503, body, asked, state="IR", key=HOP, at=AT),
        "of another body": transport.refusal_headers(429, b"{}", asked, state="IR", key=HOP, at=AT),
        "of another request": transport.refusal_headers(429, body, ("GET", *asked[1:]), state="IR", key=HOP, at=AT),
        "by another key": transport.refusal_headers(429, body, asked, state="IR", key=NoteKey("hop", b"k" * 32), at=AT),
    }  # fmt: skip
    base = transport._refusal_base(429, good["Content-Digest"], asked, good["Signature-Input"].removeprefix("hop="))
    return {
        "expect": {"state": "IR", "code": transport.refusal(body), "base": base.decode()},
        "given": {"status": 429, "body": body.decode(), "method": asked[0], "uri": uri, "asked": dict(asked[2]),
                  "headers": good, "not_signed": wrong, "public": HOP.public.hex(), "at": int(AT.timestamp())},
    }  # fmt: skip


def made() -> dict[str, dict]:
    """Make all of them: one file for each kind."""
    each = {
        "act": ("act", "VN", "IR", acts()), "call": ("call", "IR", "VN", told_calls()),
        "figures": ("figures", "IR", "", published()), "figures-between": ("figures", "IR", "VN", between()),
        "notice": ("notice", "IR", "", told_notices()), "share": ("share", "IR", "VN", told_shares()),
        "community": ("community", "IR", "VN", told_communities()), "standing": ("standing", "IR", "VN", told_standings()),
        "need": ("need", "IR", "VN", needs()), "offer-of-help": ("offer", "IR", "VN", offers()),
        "programme": ("programme", "IR", "VN", programmes()), "forms": ("forms", "IR", "", forms()),
        "manifest": ("manifest", "IR", "", manifests()),
    }  # fmt: skip
    found: dict[str, dict] = {}
    for file, (kind, sender, to, rows) in each.items():
        codes = {name: payloads.refused(kind, sender, to, text.encode()) for name, text in rows.items()}
        found[file] = {"expect": {"codes": codes}, "given": {"kind": kind, "from": sender, "to": to, "payloads": rows}}
    for file, name_of in (("community", lambda said: communities.read(said).terms), ("standing", standing.read)):
        taken = {name: text for name, text in each[file][-1].items() if not found[file]["expect"]["codes"][name]}
        found[file]["expect"]["digests"] = {
            name: name_of(envelope.Statement(file, "IR", "VN", text.encode(), b"", "")).digest
            for name, text in taken.items()
        }
    found["share"]["expect"]["digests"] = {"a copy": stix.read(OBJECT.encode()).digest}
    return found | {"programme-order": order()}
