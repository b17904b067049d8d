"""The life of a case: walks that are allowed, steps that are refused, and what no sequence of acts ever reaches."""

import copy
import hashlib
import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lives import replay
from refusing import code

from comity.casework import guards
from comity.casework.act import FORMS as BODIES
from comity.casework.lifecycle import (
    CROSSING,
    LIFE,
    TABLE,
    Act,
    Case,
    Kind,
    Power,
    Stage,
    advance,
    open_case,
    power_for,
    steps,
)
from comity.casework.measure import COERCIVE, LIVES, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.moments import moment_text, strict_moment
from comity.casework.request import Account, Offence, Person, Request, Subject
from comity.casework.times import WAITS, conducts, under_conduct, waited
from comity.errors import ComityError, Invalid, NotPossible, NotYours
from comity.seal import canon
from comity.seal.envelope import Statement
from comity.wire.messages import read_act

AT = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
DATA, HOLD, MOVING, POLICE = (
    Measure.STORED_DATA, Measure.PRESERVATION, Measure.REAL_TIME_TRAFFIC, Measure.POLICE_COOPERATION
)  # fmt: skip
DEED, ACT_OF_FORCE, NOTICE, CONSENT = (
    Measure.SERVICE, Measure.EXTRADITION, Measure.SPONTANEOUS_INFORMATION, Measure.ONWARD_TRANSFER
)  # fmt: skip
COMES = Measure.APPEARANCE
EACH = (HOLD, DATA, MOVING, Measure.STATEMENTS, POLICE, DEED, COMES, ACT_OF_FORCE, NOTICE, CONSENT)
LIMIT, WITNESS = "Only for this case.", "N. Rahimi"
REQUEST = {
    measure: Request(
        f"IR-2026-{number:04}",
        "IR",
        "VN",
        measure,
        facts="A phishing ring.",
        period_from=date(2026, 9, 1),
        period_to=date(2026, 12, 31),
        purpose="To try the case.",
        conditions=(LIMIT,),
        others=("QA",),
        persons=(Subject(WITNESS, "witness"), Subject("B. Karimi", "expert")),
    )
    for number, measure in enumerate(Measure, 1)
}
GOOD, BAD = {"findings": [{"verdict": "passed"}]}, {"findings": [{"verdict": "passed"}, {"verdict": "failed"}]}
BOX, LIST = "ab" * 32, "cd" * 32
_ids = count()


def sha(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def body_of(kind: Kind, case: Case) -> dict:
    """Fill in a body as the desks do, from what the case holds."""
    request = case.request if any("request" in act.body for act in case.acts) else REQUEST[case.measure]
    if kind is Kind.AMENDED:
        return {"request": replace(request, subject=request.subject + "more ").to_dict()}
    if kind in {Kind.DRAFTED, Kind.REQUESTED, Kind.SUPPLEMENTED}:
        return {"request": request.to_dict()} | ({"letter": BOX} if kind is Kind.REQUESTED else {})
    executed, count = case.last(Kind.EXECUTED), len(case.returns)
    manifest = executed.body["manifest"] if executed else LIST
    said = next((said for said in case.returns if not case.verified(said)), case.last(Kind.DISCLOSED))
    conditions = list(request.conditions if case.measure is NOTICE else case.conditions)
    asked = case.asked_to_extend if case.acts else None
    due = (case.until if case.acts else None) or AT
    more = {"until": asked.body["until"] if asked else moment_text(due + timedelta(days=30)), "reasons": "More time."}
    if asked and strict_moment(asked.body["until"]) <= due:
        more["until"] = moment_text(due + timedelta(days=1))
    taken = sum(act.kind is Kind.EXECUTED for act in case.acts)
    clock = {"clock": "suggested", "due": "2026-12-01T20:29:59Z", "reasons": "The head of the office was told."}
    released = next((old for old in case.returns if case.verified(old)), said)
    reach = (strict_moment(asked.body["until"]) if asked else AT).date().isoformat()
    came = next((one for one in under_conduct(case) if one.person == WITNESS), None) if case.acts else None
    lasts = moment_text(came.hindrance) if came and came.hindrance else ""
    return {
        Kind.DISCHARGED: {"person": WITNESS, "told_at": moment_text(AT - timedelta(minutes=4)), "days": 0, "agreed": ""},
        Kind.LEAVING_HINDERED: {"person": WITNESS, "since": lasts or moment_text(AT - timedelta(minutes=3)),
                                "until": moment_text(AT - timedelta(minutes=1)) if lasts else "", "reasons": "Ill."},
        Kind.SAFE_CONDUCT_ENDED: {"person": WITNESS, "how": "left", "ended_at": moment_text(AT)},
        Kind.AGREED: {"conditions": conditions},
        Kind.REPLIED: {"message": "That would serve."},
        Kind.ENQUIRED: {"message": "How does it stand?"},
        Kind.PROGRESS: {"message": "The court sits next week."},
        Kind.EXTENSION_ASKED: more,
        Kind.EXTENDED: more,
        Kind.EXTENSION_REFUSED: {"reasons": "The law sets the most."},
        Kind.PERFORMED: {"report": "It was served.", "done_on": "2026-11-24", "rest": ""},
        Kind.RELEASED: {"manifest": released.body["manifest"] if released else "", "recipient": "A court", "leave": "",
                        "leave_head": "",
                        "state": "VN" if case.measure is NOTICE else "IR", "purpose": request.purpose,
                        "use": released.body["use"] if released else "evidence",
                        "conditions": released.body["conditions"] if released else conditions},
        Kind.DEADLINE_MET: clock,
        Kind.DEADLINE_ESCALATED: clock,
        Kind.DEADLINE_WAIVED: clock,
        Kind.CHECKED: {"assessment": GOOD},
        Kind.APPROVED: {"despite": ""},
        Kind.DISCARDED: {"reasons": "It is not needed."},
        Kind.WITHDRAWN: {"reasons": "It is solved."},
        Kind.VERIFIED: {name: said.body[name] if said else BOX for name in ("container", "manifest")},
        Kind.ASSESSED: {"assessment": GOOD},
        Kind.ASKED: {"questions": "Which period?", "fields": ["period_to"]},
        Kind.CONSULTED: {"message": "We think of refusing."},
        Kind.ACCEPTED: {"conditions": [LIMIT], "reasons": "It is in order."},
        Kind.REFUSED: {"grounds": ["uncc:40.21.b"], "reasons": "Sovereignty."},
        Kind.POSTPONED: {"reasons": "A trial is running."},
        Kind.AUTHORISED: {"authority": "A court", "decision": "1/2026", "ground": "VN-CPC:1", "scope": "One mailbox",
                          "until": max("2026-12-31", reach)},
        Kind.ORDERED: {"provider": "A provider", "order": "2/2026", "content": "One mailbox"},
        Kind.PRESERVED: {"effected_at": "2026-11-24T12:00:00Z", "until": "2027-01-23T17:00:00Z"},
        Kind.EXECUTED: {"manifest": sha(f"list {taken}") if taken else LIST, "files": 2, "bytes": 9},
        Kind.DISCLOSED: {"container": sha(f"box {count}") if count else BOX, "size": 9, "manifest": manifest,
                         "files": 2, "conditions": conditions, "rest": "",
                         "use": "intelligence" if case.measure is POLICE else "evidence"},
        Kind.CLOSED: {"note": ""},
    }[kind]  # fmt: skip


def act_of(kind: Kind, case: Case, by: str, officer: str, /, **changes) -> Act:
    """Make the act that an officer of a State records next, changed as told (`body` replaces single fields of it)."""
    body = body_of(kind, case) | changes.pop("body", {})
    try:
        power = str(power_for(case, kind, home=by))
    except NotPossible:
        power = str(Power.DECIDE)
    told = body.get("request")
    if told is None and any("request" in act.body for act in case.acts):
        exercise = case.request.exercise
    else:
        exercise = not isinstance(told, dict) or told.get("exercise") is not False
    values = {"case": case.reference, "by": by, "officer": officer, "name": f"{officer}, office", "power": power,
              "at": AT, "body": body, "after": case.head, "exercise": exercise}  # fmt: skip
    return Act(Kind(kind), **(values | {"id": hashlib.sha256(b"%d" % next(_ids)).hexdigest()} | changes))


# ------------------------------------------------------------------------------------------------------- the walks
# State, officer, act, and where the case then stands for Iran and for Viet Nam. An act that does not cross is seen by
# its own State alone.

WALKS = {
    "stored data, with a question": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  sara  amended       redraft    queried
        IR  sara  checked       redraft    queried
        IR  reza  approved      reready    queried
        IR  reza  supplemented  open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  minh  authorised    accepted   authorised
        VN  lan   ordered       accepted   ordered
        VN  lan   executed      accepted   executed
        VN  lan   disclosed     disclosed  disclosed
        IR  sara  verified      verified   disclosed
        IR  sara  released      verified   disclosed
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed"""),
    "traffic data in two returns": (MOVING, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        IR  reza  enquired      open       open
        VN  lan   progress      open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  minh  authorised    accepted   authorised
        VN  lan   ordered       accepted   ordered
        IR  reza  extension-asked  accepted ordered
        VN  minh  authorised    accepted   authorised
        VN  lan   extended      accepted   authorised
        VN  lan   ordered       accepted   ordered
        VN  lan   executed      accepted   executed
        VN  lan   disclosed+    disclosed  disclosed
        VN  lan   executed      disclosed  executed
        VN  lan   disclosed+    disclosed  disclosed
        IR  sara  verified      verified   disclosed
        IR  sara  verified      verified   disclosed
        IR  reza  extension-asked  verified disclosed
        VN  lan   extension-refused verified disclosed
        VN  minh  authorised    verified   authorised
        VN  lan   ordered       verified   ordered
        VN  lan   executed      verified   executed
        VN  lan   disclosed     disclosed  disclosed
        IR  sara  released      disclosed  disclosed
        IR  sara  verified      verified   disclosed
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed
        IR  sara  released      closed     closed"""),
    "a part is refused": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   consulted     open       open
        VN  lan   postponed     postponed  postponed
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  minh  authorised    accepted   authorised
        VN  lan   ordered       accepted   ordered
        VN  lan   executed      accepted   executed
        VN  lan   disclosed+    disclosed  disclosed
        VN  lan   consulted     disclosed  disclosed
        IR  reza  replied       disclosed  disclosed
        VN  lan   refused       refused    refused
        IR  sara  verified      refused    refused
        IR  sara  released      refused    refused
        IR  sara  closed        closing    closing"""),
    "refused when the judge saw what came in": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        VN  minh  authorised    accepted   authorised
        VN  lan   ordered       accepted   ordered
        VN  lan   executed      accepted   executed
        VN  lan   consulted     accepted   executed
        VN  lan   refused       refused    refused"""),
    "a statement, without a judge": (Measure.STATEMENTS, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   ordered       accepted   ordered
        VN  lan   executed      accepted   executed
        VN  lan   disclosed     disclosed  disclosed
        IR  sara  verified      verified   disclosed"""),
    "information from police to police": (POLICE, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   ordered       accepted   ordered
        VN  lan   executed      accepted   executed
        VN  lan   disclosed     disclosed  disclosed
        IR  sara  verified      verified   disclosed
        IR  sara  released      verified   disclosed"""),
    "extradition": (ACT_OF_FORCE, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        IR  reza  deadline-met open       open
        IR  reza  deadline-escalated open  open
        VN  lan   deadline-met open       open
        VN  lan   deadline-escalated open  open
        VN  lan   deadline-waived open     open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  sara  amended       redraft    queried
        IR  sara  checked       redraft    queried
        IR  reza  approved      reready    queried
        IR  reza  supplemented  open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  minh  authorised    accepted   authorised
        VN  lan   performed     performed  performed
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed"""),
    "documents served in two lots": (DEED, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   performed+    performed  performed
        VN  minh  authorised    performed  authorised
        VN  lan   ordered       performed  ordered
        VN  lan   performed+    performed  performed
        VN  lan   performed     performed  performed
        IR  reza  deadline-waived performed performed
        IR  sara  closed        closing    closing"""),
    "a witness comes and goes": (COMES, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   performed+    performed  performed
        IR  reza  discharged    performed  performed
        IR  reza  leaving-hindered performed performed
        IR  reza  leaving-hindered performed performed
        VN  lan   performed     performed  performed
        IR  reza  safe-conduct-ended performed performed
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed"""),
    "a witness is still there when the rest is refused": (COMES, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        IR  reza  discharged    accepted   accepted
        VN  lan   consulted     accepted   accepted
        VN  lan   refused       refused    refused
        VN  lan   deadline-escalated refused refused
        IR  reza  deadline-escalated refused refused
        IR  reza  deadline-waived refused refused
        VN  lan   deadline-waived refused refused
        VN  lan   deadline-met  refused    refused
        IR  reza  deadline-met  refused    refused
        IR  reza  safe-conduct-ended refused refused
        IR  sara  closed        closing    closing"""),
    "only some are served": (DEED, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   consulted     open       open
        VN  lan   postponed     postponed  postponed
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   performed+    performed  performed
        VN  lan   consulted     performed  performed
        VN  lan   refused       refused    refused"""),
    "the rest is no longer needed": (DEED, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  sara  amended       redraft    queried
        IR  sara  checked       redraft    queried
        IR  reza  approved      reready    queried
        IR  reza  supplemented  open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   performed+    performed  performed
        IR  reza  withdrawn     withdrawn  withdrawn
        IR  sara  closed        closing    closing"""),
    "told without a request": (NOTICE, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        VN  lan   released      accepted   accepted
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed
        VN  lan   released      closed     closed"""),
    "returned unread": (NOTICE, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  sara  amended       redraft    queried
        IR  sara  checked       redraft    queried
        IR  reza  approved      reready    queried
        IR  reza  supplemented  open       open
        VN  lan   assessed      open       open
        VN  lan   refused       refused    refused
        IR  sara  closed        closing    closing"""),
    "consent, and its revocation": (CONSENT, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   consulted     open       open
        VN  lan   postponed     postponed  postponed
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        VN  lan   consulted     accepted   accepted
        VN  lan   refused       refused    refused
        IR  sara  closed        closing    closing"""),
    "consent": (CONSENT, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  sara  amended       redraft    queried
        IR  sara  checked       redraft    queried
        IR  reza  approved      reready    queried
        IR  reza  supplemented  open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        IR  reza  agreed        accepted   accepted
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed
        VN  lan   refused       closed     closed"""),
    "preservation, extended": (HOLD, """
        IR  sara  drafted       draft      -
        IR  reza  checked       draft      -
        IR  reza  approved      ready      -
        IR  sara  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        VN  lan   ordered       accepted   ordered
        VN  lan   preserved     preserved  preserved
        IR  reza  agreed        preserved  preserved
        IR  reza  extension-asked preserved preserved
        VN  lan   extended      preserved  preserved
        IR  reza  extension-asked preserved preserved
        VN  lan   extension-refused preserved preserved
        VN  lan   consulted     preserved  preserved
        IR  reza  replied       preserved  preserved
        IR  sara  closed        closing    closing"""),
    "preservation": (HOLD, """
        IR  sara  drafted       draft      -
        IR  reza  checked       draft      -
        IR  reza  approved      ready      -
        IR  sara  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        VN  lan   ordered       accepted   ordered
        VN  lan   preserved     preserved  preserved
        IR  sara  closed        closing    closing
        VN  minh  closed        closed     closed"""),
    "preservation, with a question": (HOLD, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  reza  amended       redraft    queried
        IR  reza  checked       redraft    queried
        IR  sara  approved      reready    queried
        IR  sara  supplemented  open       open"""),
    "a draft thrown away, and a second one": (HOLD, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  omid  drafted       draft      -
        IR  omid  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open"""),
    "refused after consultation": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   consulted     open       open
        VN  lan   refused       refused    refused
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed"""),
    "discarded before it was sent": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  sara  discarded     discarded  -"""),
    "postponed, then accepted": (HOLD, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   consulted     open       open
        VN  lan   assessed      open       open
        VN  lan   postponed     postponed  postponed
        VN  minh  assessed      postponed  postponed
        VN  minh  accepted      accepted   accepted
        VN  minh  ordered       accepted   ordered
        VN  minh  preserved     preserved  preserved"""),
    "withdrawn while it is being carried out": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   accepted      accepted   accepted
        VN  minh  authorised    accepted   authorised
        VN  lan   ordered       accepted   ordered
        IR  reza  withdrawn     withdrawn  withdrawn
        IR  sara  closed        closing    closing
        VN  lan   closed        closed     closed"""),
    "withdrawn instead of answered": (DATA, """
        IR  sara  drafted       draft      -
        IR  sara  checked       draft      -
        IR  reza  approved      ready      -
        IR  reza  requested     open       open
        VN  lan   assessed      open       open
        VN  lan   asked         queried    queried
        IR  sara  amended       redraft    queried
        IR  reza  withdrawn     withdrawn  withdrawn"""),
}  # fmt: skip


class Border:
    """Two nodes with one case, and a line between them that loses nothing."""

    def __init__(self, measure: Measure) -> None:
        self.cases = {home: open_case(REQUEST[measure]) for home in ("IR", "VN")}

    def act(self, by: str, officer: str, kind: Kind, body=(), **changes) -> Act:
        """Record an act at its State and, if it crosses, deliver it to the other."""
        changes["body"] = dict(body)
        made = act_of(kind, self.cases[by], by, officer, **changes)
        self.cases[by] = advance(self.cases[by], made, home=by)
        other = self.cases[by].peer(by)
        if kind in CROSSING:
            self.cases[other] = advance(self.cases[other], arrived(made, sender=by), home=other)
        return made

    def stages(self) -> tuple[str, str]:
        """Where the case stands for Iran and for Viet Nam."""
        return tuple("-" if case.stage is Stage.NEW else str(case.stage) for case in self.cases.values())


def arrived(act: Act, *, sender: str) -> Act:
    """Take an act across the border: only what its sender signed comes out, read as strictly as it is at the door."""
    data = canon.dumps(act.to_dict())
    raw = canon.dumps({"signed": act.id, "says": canon.content_id(data)})  # bytes say one thing, as signed ones do
    return replace(read_act(Statement("act", sender, "", data, raw, "")), id=act.id)


def step_of(word: str) -> tuple[Kind, dict]:
    """(the kind that a line of a walk names, what its body says): a ``+`` behind it says that something is missing."""
    return Kind(word.rstrip("+")), {"rest": "The second mailbox."} if word.endswith("+") else {}


def suits(walk: str, measure: Measure) -> bool:
    """Whether a walk is one for `measure` too: of the same life, with a judge where it needs one."""
    made_for = WALKS[walk][0]
    return (
        LIVES[made_for] is LIVES[measure]
        and (made_for not in TRAFFIC_AND_CONTENT or measure in TRAFFIC_AND_CONTENT)
        and (made_for in COERCIVE or measure not in COERCIVE)
        and (made_for is not COMES or measure is COMES)
    )


def walked(
    walk: str, *, upto: str = "", nth: int = 1, lines: int | None = None, measure: Measure | None = None
) -> Border:
    """Walk until the `nth` act of the kind `upto` is done, or so many lines, or to the end."""
    made_for, table = WALKS[walk]
    border, left = Border(measure or made_for), nth
    for line in table.split("\n")[1:][:lines]:
        state, officer, kind, *_ = line.split()
        border.act(state, officer, *step_of(kind))
        left -= kind.rstrip("+") == upto
        if not left:
            break
    assert not upto or not left
    return border


@pytest.mark.parametrize("measure", Measure)
def test_walks(measure):
    """Each line of each walk is allowed, leaves both sides where it says, and what is written is read back."""
    walks = [walk for walk in WALKS if suits(walk, measure)]
    assert walks
    for walk in walks:
        border = Border(measure)
        for line in WALKS[walk][1].split("\n")[1:]:
            state, officer, kind, *expected = line.split()
            border.act(state, officer, *step_of(kind))
            assert border.stages() == tuple(expected), line
        for home, case in border.cases.items():
            assert replay(open_case(REQUEST[measure]), case.acts, home=home) == case
            for act in case.acts:
                assert Act.from_dict(json.loads(json.dumps(act.to_dict())), id=act.id) == act
        crossed = [[act.id for act in case.acts if act.kind in CROSSING] for case in border.cases.values()]
        assert crossed[0] == crossed[1]


def test_every_stage_and_every_row_is_walked():
    """The walks together use every row of the table at the State that acts, and reach every stage."""
    rows, stages, kinds = set(), set(), set()
    for measure, lines in WALKS.values():
        border = Border(measure)
        for line in lines.split("\n")[1:]:
            state, officer, word, *after = line.split()
            kind, body = step_of(word)
            stages, kinds = stages | set(after), kinds | {kind}
            rows |= {TABLE.index(step) for step in steps(border.cases[state], home=state) if step.kind is kind}
            border.act(state, officer, kind, body)
    assert stages == {str(stage) for stage in Stage} - {"new"} | {"-"}
    assert kinds == set(Kind)
    assert [str(step.kind) for place, step in enumerate(TABLE) if place not in rows] == []


def test_each_act_has_one_row():
    """At one stage of one measure a kind of act has one row where it is done; rows that meet at the other State agree."""
    for measure in Measure:
        rows = [step for step in TABLE if measure in step.measures]
        done = [(step.kind, step.side, stage) for step in rows for stage in step.own]
        assert len(done) == len(set(done)), measure
        seen = {}
        for step in rows:
            for stage, then in step.seen.items():
                assert seen.setdefault((step.kind, step.side, stage), (then, step.both)) == (then, step.both), measure
    assert {step.kind for step in TABLE if step.seen} == CROSSING
    assert all(bool(step.seen) == (step.kind in CROSSING) for step in TABLE)
    assert set(BODIES) == set(Kind) == {step.kind for step in TABLE}


def test_what_may_be_said_again_and_again_has_an_end():
    """Where an act that crosses leaves the case where it is, it is counted, or answers what was counted."""
    again = [step for step in TABLE if step.kind in CROSSING and any(step.own.get(at) == at for at in step.own)]
    endless = [step for step in again if not {guards.few, guards.was_asked} & set(step.both)]
    assert [str(step.kind) for step in endless] == []
    assert {Kind.ENQUIRED, Kind.ACCEPTED, Kind.AGREED, Kind.PERFORMED, Kind.EXTENSION_ASKED} <= {s.kind for s in again}


def alike(measure: Measure) -> Measure:
    """The measure among those that are walked at random whose rows are those of `measure`."""
    rows = [step for step in TABLE if measure in step.measures]
    return next(one for one in EACH if rows == [step for step in TABLE if one in step.measures])


def test_every_measure_has_a_life():
    """Each has one, and the rows of one that is walked at random below: what holds for that holds for it."""
    assert set(LIVES) == set(Measure)
    assert {alike(measure) for measure in Measure} == set(EACH) - {POLICE}  # whose rows are those of a statement
    assert sorted(measure for measures in LIFE.values() for measure in measures) == sorted(Measure)
    for measure in COERCIVE:
        assert LIVES[measure] in (Life.EVIDENCE, Life.DEED)
    assert all(LIVES[measure] is Life.EVIDENCE for measure in TRAFFIC_AND_CONTENT)


# ----------------------------------------------------------------------------------------------- what is refused
# (what is tried, the walk, up to which act, whose node, officer, act, changes) -> the code of the refusal.

LONG, SHORT, NO, LATER, GONE = (
    "stored data, with a question",
    "preservation",
    "refused after consultation",
    "postponed, then accepted",
    "withdrawn while it is being carried out",
)
PART, BACK, LEAVE, LOTS, TAKEN, TOLD, SOME, MORE, SAID = (
    "a part is refused",
    "returned unread",
    "consent, and its revocation",
    "traffic data in two returns",
    "extradition",
    "told without a request",
    "documents served in two lots",
    "preservation, extended",
    "a statement, without a judge",
)
SHARED, STAYS = "information from police to police", "a witness comes and goes"
THERE = "a witness is still there when the rest is refused"
LEFT_AT = moment_text(AT - timedelta(minutes=2))
UNAGREED = "refused when the judge saw what came in"
KEPT = datetime(2027, 1, 23, 17, tzinfo=UTC)  # the end of the preservation in the walks
OTHER_TEXT = replace(REQUEST[DATA], facts="Something else.").to_dict()
EARNEST = replace(REQUEST[DATA], exercise=False).to_dict()
OTHERS = [REQUEST[HOLD].to_dict(), REQUEST[DATA].to_dict()]
FAILED = {"body": {"assessment": BAD}}

REFUSALS = [
    # four eyes on what leaves
    ("another approves the draft", LONG, "checked", "IR", "reza", "approved", {}, ""),
    ("nobody approves his own draft", LONG, "checked", "IR", "sara", "approved", {}, "case.four-eyes"),
    ("another approves the amendment", LONG, "checked 2", "IR", "reza", "approved", {}, ""),
    ("nobody approves his own amendment", LONG, "checked 2", "IR", "sara", "approved", {}, "case.four-eyes"),
    ("who checked may approve", SHORT, "checked", "IR", "reza", "approved", {}, ""),
    ("approved, it is drafted anew", LONG, "approved", "IR", "reza", "drafted", {}, ""),
    ("approved, it is discarded", LONG, "approved", "IR", "sara", "discarded", {}, ""),
    ("discarding what was sent", LONG, "requested", "IR", "sara", "discarded", {}, "case.stage"),
    ("approved, he amends", LONG, "approved", "IR", "reza", "amended", {}, "case.stage"),
    ("sent, he amends unasked", LONG, "requested", "IR", "reza", "amended", {}, "case.stage"),
    ("the supplement approved, it is amended again", LONG, "approved 2", "IR", "reza", "amended", {}, ""),
    ("the drafter may send what another approved", LONG, "approved", "IR", "sara", "requested", {}, ""),
    # power
    ("withdrawing with the power to draft", LONG, "requested", "IR", "sara", "withdrawn", {"power": "draft"},
     "case.power"),
    ("approving with the power to draft", LONG, "checked", "IR", "reza", "approved", {"power": "draft"},
     "case.power"),
    ("approving with no power", LONG, "checked", "IR", "reza", "approved", {"power": ""}, "case.power"),
    ("deciding with the power to execute", LONG, "assessed 2", "VN", "lan", "accepted", {"power": "execute"},
     "case.power"),
    ("authorising with the power to decide", LONG, "accepted", "VN", "minh", "authorised", {"power": "decide"},
     "case.power"),
    ("disclosing with the power to authorise", LONG, "executed", "VN", "lan", "disclosed", {"power": "authorise"},
     "case.power"),
    # checked as it stands
    ("approving what was never checked", LONG, "drafted", "IR", "reza", "approved", {}, "case.unchecked"),
    ("approving what was changed since", LONG, "amended", "IR", "reza", "approved", {}, "case.unchecked"),
    ("sending what was not approved", LONG, "checked", "IR", "reza", "requested", {}, "case.stage"),
    ("sending something else", LONG, "approved", "IR", "reza", "requested", {"body": {"request": OTHER_TEXT}},
     "case.differs"),
    ("supplementing something else", LONG, "approved 2", "IR", "reza", "supplemented",
     {"body": {"request": OTHER_TEXT}}, "case.differs"),
    ("supplementing without an approval", LONG, "checked 2", "IR", "reza", "supplemented", {}, "case.stage"),
    ("checking what was sent", LONG, "requested", "IR", "sara", "checked", {}, "case.stage"),
    # decided beside findings, after consultation
    ("accepting an assessed request", LONG, "assessed 2", "VN", "lan", "accepted", {}, ""),
    ("accepting one that nobody assessed", LONG, "requested", "VN", "lan", "accepted", {}, "case.unassessed"),
    ("accepting on the findings before the supplement", LONG, "supplemented", "VN", "lan", "accepted", {},
     "case.unassessed"),
    ("asking before assessing", LONG, "requested", "VN", "lan", "asked", {}, "case.unassessed"),
    ("refusing after consultation", NO, "consulted", "VN", "lan", "refused", {}, ""),
    ("refusing without", NO, "assessed", "VN", "lan", "refused", {}, "case.consult"),
    ("postponing after consultation", LATER, "assessed", "VN", "lan", "postponed", {}, ""),
    ("postponing without", NO, "assessed", "VN", "lan", "postponed", {}, "case.consult"),
    ("refusing after consultation, unassessed", LATER, "consulted", "VN", "lan", "refused", {}, "case.unassessed"),
    ("refusing what was accepted, without consultation", LONG, "accepted", "VN", "lan", "refused", {}, "case.consult"),
    ("consulting when the judge says no", LONG, "authorised", "VN", "lan", "consulted", {}, ""),
    ("refusing while a question is open, without consultation", LONG, "asked", "VN", "lan", "refused", {}, "case.consult"),
    ("refusing what was executed, without consultation", LONG, "executed", "VN", "lan", "refused", {}, "case.consult"),
    ("refusing what was accepted after the talk", PART, "accepted", "VN", "lan", "refused", {}, "case.consult"),
    ("refusing the rest, without another consultation", PART, "disclosed", "VN", "lan", "refused", {}, "case.consult"),
    ("refusing the rest after another consultation", PART, "consulted 2", "VN", "lan", "refused", {}, ""),
    ("refusing when there is no rest", LONG, "disclosed", "VN", "lan", "refused", {}, "case.consult"),
    ("returning information needs no consultation", BACK, "assessed 2", "VN", "lan", "refused", {}, ""),
    ("but an assessment", BACK, "supplemented", "VN", "lan", "refused", {}, "case.unassessed"),
    ("withholding consent needs one", LEAVE, "assessed", "VN", "lan", "refused", {}, "case.consult"),
    ("authorising anew when the grant runs out", LONG, "ordered", "VN", "minh", "authorised", {}, ""),
    ("deciding while a question is open", LONG, "asked", "VN", "lan", "accepted", {}, "case.stage"),
    # authorised by another, in time, and only then carried out
    ("another authorises", LONG, "accepted", "VN", "minh", "authorised", {}, ""),
    ("who decided does not authorise", LONG, "accepted", "VN", "lan", "authorised", {}, "case.four-eyes"),
    ("authorising before the decision", LONG, "assessed 2", "VN", "minh", "authorised", {}, "case.stage"),
    ("ordering without authorisation", LONG, "accepted", "VN", "lan", "ordered", {}, "case.stage"),
    ("a preservation is ordered without one", SHORT, "accepted", "VN", "lan", "ordered", {}, ""),
    ("and has none", SHORT, "accepted", "VN", "minh", "authorised", {}, "case.stage"),
    ("ordering on its last day", LONG, "authorised", "VN", "lan", "ordered",
     {"at": datetime(2026, 12, 31, 23, tzinfo=UTC)}, ""),
    ("ordering when its last day is over everywhere", LONG, "authorised", "VN", "lan", "ordered",
     {"at": datetime(2027, 1, 1, 12, tzinfo=UTC)}, "authorise.until"),
    ("executing without an order", LONG, "authorised", "VN", "lan", "executed", {}, "case.stage"),
    ("executing straight after the decision", LONG, "accepted", "VN", "lan", "executed", {}, "case.stage"),
    ("disclosing what was not taken in", LONG, "ordered", "VN", "lan", "disclosed", {}, "case.stage"),
    ("disclosing straight after the decision", LONG, "accepted", "VN", "lan", "disclosed", {}, "case.stage"),
    ("disclosing other exhibits", LONG, "executed", "VN", "lan", "disclosed", {"body": {"manifest": BOX}},
     "case.differs"),
    ("disclosing fewer exhibits", LONG, "executed", "VN", "lan", "disclosed", {"body": {"files": 1}}, "case.differs"),
    ("disclosing under other conditions", LONG, "executed", "VN", "lan", "disclosed",
     {"body": {"conditions": ["Never to be shown."]}}, "case.differs"),
    ("disclosing under no conditions", LONG, "executed", "VN", "lan", "disclosed", {"body": {"conditions": []}},
     "case.differs"),
    ("carrying on after the withdrawal", GONE, "withdrawn", "VN", "lan", "executed", {}, "case.stage"),
    ("taking in on the last day of the authorisation", LONG, "ordered", "VN", "lan", "executed",
     {"at": datetime(2026, 12, 31, 23, tzinfo=UTC)}, ""),
    ("taking in when it is over", LONG, "ordered", "VN", "lan", "executed",
     {"at": datetime(2027, 1, 1, 12, tzinfo=UTC)}, "authorise.until"),
    ("disclosing when it is over", LONG, "executed", "VN", "lan", "disclosed",
     {"at": datetime(2027, 1, 1, 12, tzinfo=UTC)}, "authorise.until"),
    ("a statement is taken in without one", SAID, "ordered", "VN", "lan", "executed",
     {"at": datetime(2030, 1, 1, 12, tzinfo=UTC)}, ""),
    ("executing a preservation", SHORT, "ordered", "VN", "lan", "executed", {}, "case.stage"),
    ("disclosing a preservation", SHORT, "preserved", "VN", "lan", "disclosed", {}, "case.stage"),
    ("preserving instead of executing", LONG, "ordered", "VN", "lan", "preserved", {}, "case.stage"),
    # verified and closed
    ("verifying what was disclosed", LONG, "disclosed", "IR", "sara", "verified", {}, ""),
    ("verifying another container", LONG, "disclosed", "IR", "sara", "verified", {"body": {"container": LIST}},
     "case.differs"),
    ("verifying another list", LONG, "disclosed", "IR", "sara", "verified", {"body": {"manifest": BOX}},
     "case.differs"),
    ("closing what was not verified", LONG, "disclosed", "IR", "sara", "closed", {}, "case.stage"),
    ("the requested State does not close first", LONG, "disclosed", "VN", "lan", "closed", {}, "case.stage"),
    ("closing twice", LONG, "closed", "IR", "sara", "closed", {}, "case.stage"),
    ("withdrawing when what came back is no good", LONG, "disclosed", "IR", "reza", "withdrawn", {}, ""),
    # conditions agreed to, before anything is given or done
    ("agreeing to the conditions", LONG, "accepted", "IR", "reza", "agreed", {}, ""),
    ("agreeing to fewer", LONG, "accepted", "IR", "reza", "agreed", {"body": {"conditions": []}}, "case.differs"),
    ("agreeing to others", LONG, "accepted", "IR", "reza", "agreed", {"body": {"conditions": ["Pay."]}}, "case.differs"),
    ("agreeing with the power to execute", LONG, "accepted", "IR", "reza", "agreed", {"power": "execute"}, "case.power"),
    ("agreeing before the decision", LONG, "requested", "IR", "reza", "agreed", {}, "case.stage"),
    ("the requested State does not agree with itself", LONG, "accepted", "VN", "lan", "agreed", {}, "case.stage"),
    ("disclosing without agreement", UNAGREED, "executed", "VN", "lan", "disclosed", {}, "case.not-agreed"),
    ("performing without agreement", TAKEN, "accepted", "VN", "minh", "performed", {}, "case.stage"),
    ("serving without agreement", SOME, "accepted", "VN", "lan", "performed", {}, "case.not-agreed"),
    ("serving after it", SOME, "agreed", "VN", "lan", "performed", {}, ""),
    ("deciding anew on other conditions", SOME, "agreed", "VN", "lan", "accepted", {"body": {"conditions": ["Pay."]}}, ""),
    ("a second decision on consent", LEAVE, "accepted", "VN", "lan", "accepted", {}, "case.stage"),
    ("deciding anew once it is ordered", LONG, "ordered", "VN", "lan", "accepted", {}, "case.stage"),
    ("noting information under its conditions", TOLD, "assessed", "VN", "lan", "accepted", {}, ""),
    ("noting it under none", TOLD, "assessed", "VN", "lan", "accepted", {"body": {"conditions": []}}, "case.differs"),
    ("noting it under more", TOLD, "assessed", "VN", "lan", "accepted", {"body": {"conditions": [LIMIT, "Pay."]}},
     "case.differs"),
    ("postponing a notice", TOLD, "assessed", "VN", "lan", "postponed", {}, "case.stage"),
    # several returns, several deeds
    ("another delivery while something is missing", PART, "disclosed", "VN", "lan", "executed", {}, ""),
    ("another one when all was given", LONG, "disclosed", "VN", "lan", "executed", {}, "case.complete"),
    ("ordering more when all was given", LONG, "disclosed", "VN", "lan", "ordered", {}, "case.complete"),
    ("authorising more when all was given", LONG, "disclosed", "VN", "minh", "authorised", {}, "case.complete"),
    ("ordering anew when the wrong thing was handed over", LONG, "executed", "VN", "lan", "ordered", {}, ""),
    ("disclosing twice what was taken in once", LOTS, "executed 2", "VN", "lan", "disclosed",
     {"body": {"container": BOX}}, "case.disclosed"),
    ("a second return", LOTS, "executed 2", "VN", "lan", "disclosed", {}, ""),
    ("verifying the second return first", LOTS, "disclosed 2", "IR", "sara", "verified",
     {"body": {"container": sha("box 1"), "manifest": sha("list 1")}}, ""),
    ("verifying the first one as the second", LOTS, "disclosed 2", "IR", "sara", "verified",
     {"body": {"manifest": sha("list 1")}}, "case.differs"),
    ("verifying one twice", LOTS, "verified", "IR", "sara", "verified", {"body": {"container": BOX, "manifest": LIST}},
     "case.differs"),
    ("closing while something is missing", LOTS, "verified 2", "IR", "sara", "closed", {}, "case.rest"),
    ("closing while a return is unverified", LOTS, "verified", "IR", "sara", "closed", {}, "case.unverified"),
    ("withdrawing the rest", LOTS, "verified 2", "IR", "reza", "withdrawn", {}, ""),
    ("withdrawing when nothing is left", LONG, "verified", "IR", "reza", "withdrawn", {}, "case.complete"),
    ("withdrawing a deed done", TAKEN, "performed", "IR", "reza", "withdrawn", {}, "case.complete"),
    ("closing a deed half done", SOME, "performed", "IR", "sara", "closed", {}, "case.rest"),
    ("doing it twice", TAKEN, "performed", "VN", "lan", "performed", {}, "case.complete"),
    ("surrendering without a judge", TAKEN, "agreed", "VN", "lan", "performed", {}, "case.stage"),
    ("surrendering under an order alone", TAKEN, "agreed", "VN", "lan", "ordered", {}, "case.stage"),
    ("serving without a judge", SOME, "agreed", "VN", "lan", "ordered", {}, ""),
    ("having done it tomorrow", TAKEN, "authorised", "VN", "lan", "performed", {"body": {"done_on": "2026-11-26"}},
     "perform.future"),
    ("having done it before it was authorised", TAKEN, "authorised", "VN", "lan", "performed",
     {"body": {"done_on": "2026-11-22"}}, "perform.early"),
    ("having done it yesterday, as days go here", TAKEN, "authorised", "VN", "lan", "performed",
     {"body": {"done_on": "2026-11-23"}}, ""),
    ("having served it before it was accepted", SOME, "agreed", "VN", "lan", "performed",
     {"body": {"done_on": "1999-01-01"}}, "perform.early"),
    ("having done it, ordered in time, after the authorisation ended", SOME, "ordered", "VN", "lan", "performed",
     {"body": {"done_on": "2031-01-01"}, "at": datetime(2031, 2, 1, tzinfo=UTC)}, "authorise.until"),
    ("having done it today in Kiribati", TAKEN, "authorised", "VN", "lan", "performed",
     {"body": {"done_on": "2026-11-25"}}, ""),
    ("having done it after the authorisation ended", TAKEN, "authorised", "VN", "lan", "performed",
     {"body": {"done_on": "2027-01-01"}, "at": datetime(2027, 1, 1, tzinfo=UTC)}, "authorise.until"),
    ("having done it on its last day", TAKEN, "authorised", "VN", "lan", "performed",
     {"body": {"done_on": "2026-12-31"}, "at": datetime(2027, 1, 5, tzinfo=UTC)}, ""),
    ("a statement needs no judge", SAID, "agreed", "VN", "lan", "ordered", {}, ""),
    ("where there is one his word ends too", SOME, "authorised", "VN", "lan", "ordered",
     {"at": datetime(2027, 1, 1, 12, tzinfo=UTC)}, "authorise.until"),
    ("a deed is not disclosed", TAKEN, "authorised", "VN", "lan", "disclosed", {}, "case.stage"),
    ("evidence is not performed", LONG, "ordered", "VN", "lan", "performed", {}, "case.stage"),
    ("releasing what was returned unread", BACK, "closed", "VN", "lan", "released", {}, "release.unverified"),
    ("information is not carried out", TOLD, "accepted", "VN", "lan", "ordered", {}, "case.stage"),
    ("consent is not carried out", LEAVE, "accepted", "VN", "minh", "authorised", {}, "case.stage"),
    ("who accepted first does not authorise either", LOTS, "accepted 2", "VN", "lan", "authorised", {}, "case.four-eyes"),
    ("preserving until before it began", SHORT, "ordered", "VN", "lan", "preserved",
     {"body": {"until": "2026-11-24T12:00:00Z"}}, "preserve.until"),
    ("preserving from tomorrow", SHORT, "ordered", "VN", "lan", "preserved",
     {"body": {"effected_at": "2026-11-25T12:00:00Z"}}, "preserve.future"),
    ("agreeing twice", LONG, "agreed", "IR", "reza", "agreed", {}, "case.agreed"),
    ("refusing on a talk before the postponement", LATER, "assessed 2", "VN", "lan", "refused", {}, "case.consult"),
    ("revoking a consent when all is closed", "consent", "closed 2", "VN", "lan", "refused", {}, ""),
    ("revoking it twice", "consent", "refused", "VN", "lan", "refused", {}, "case.no-consent"),
    ("revoking it while we close", "consent", "closed", "VN", "lan", "refused", {}, ""),
    ("saying something before what it stands on", LONG, "accepted", "IR", "reza", "agreed",
     {"at": AT - timedelta(seconds=301)}, "case.time"),
    ("saying it at clocks that differ a little", LONG, "accepted", "IR", "reza", "agreed",
     {"at": AT - timedelta(seconds=300)}, ""),
    # safe conduct
    ("telling a witness that she may go", STAYS, "agreed", "IR", "reza", "discharged", {}, ""),
    ("with the power to execute", STAYS, "agreed", "IR", "reza", "discharged", {"power": "execute"}, "case.power"),
    ("before anything was accepted", STAYS, "assessed", "IR", "reza", "discharged", {}, "case.stage"),
    ("telling somebody else", STAYS, "agreed", "IR", "reza", "discharged", {"body": {"person": "N. Rahim"}},
     "conduct.person"),
    ("telling her tomorrow", STAYS, "agreed", "IR", "reza", "discharged",
     {"body": {"told_at": moment_text(AT + timedelta(days=1))}}, "conduct.time"),
    ("telling her before she was let go there", STAYS, "agreed", "IR", "reza", "discharged",
     {"body": {"told_at": moment_text(AT - timedelta(minutes=6))}}, "conduct.time"),
    ("telling the expert as well", STAYS, "discharged", "IR", "reza", "discharged", {"body": {"person": "B. Karimi"}}, ""),
    ("telling her again, at the same time", STAYS, "discharged", "IR", "reza", "discharged", {}, "conduct.time"),
    ("telling her again, later", STAYS, "discharged", "IR", "reza", "discharged", {"body": {"told_at": moment_text(AT)}}, ""),
    ("a period without the condition that sets it", STAYS, "agreed", "IR", "reza", "discharged", {"body": {"days": 3}},
     "conduct.agreed"),
    ("a condition without its period", STAYS, "agreed", "IR", "reza", "discharged", {"body": {"agreed": LIMIT}},
     "conduct.agreed"),
    ("a period in a condition that nobody set", STAYS, "agreed", "IR", "reza", "discharged",
     {"body": {"days": 3, "agreed": "Three days."}}, "conduct.agreed"),
    ("a period in a condition not agreed to yet", STAYS, "accepted", "IR", "reza", "discharged",
     {"body": {"days": 3, "agreed": LIMIT}}, "conduct.agreed"),
    ("a period in an agreed condition", STAYS, "agreed", "IR", "reza", "discharged", {"body": {"days": 3, "agreed": LIMIT}},
     ""),
    ("a period beyond the calendar", STAYS, "agreed", "IR", "reza", "discharged",
     {"body": {"days": 10_000, "agreed": LIMIT}}, "conduct.days"),
    ("the requested State does not tell her", STAYS, "performed", "VN", "lan", "discharged", {}, "case.stage"),
    ("telling whom documents are served on", SOME, "performed", "IR", "reza", "discharged", {}, "case.stage"),
    ("hindering whom nobody told", STAYS, "agreed", "IR", "reza", "leaving-hindered", {}, "conduct.none"),
    ("hindered before she was told", STAYS, "discharged", "IR", "reza", "leaving-hindered",
     {"body": {"since": moment_text(AT - timedelta(minutes=5))}}, "conduct.time"),
    ("hindered from tomorrow", STAYS, "discharged", "IR", "reza", "leaving-hindered",
     {"body": {"since": moment_text(AT + timedelta(days=1))}}, "conduct.time"),
    ("hindered until tomorrow", STAYS, "discharged", "IR", "reza", "leaving-hindered",
     {"body": {"until": moment_text(AT + timedelta(days=1))}}, "conduct.time"),
    ("hindered for no time", STAYS, "discharged", "IR", "reza", "leaving-hindered",
     {"body": {"until": moment_text(AT - timedelta(minutes=3))}}, "conduct.time"),
    ("hindered twice at once", STAYS, "leaving-hindered", "IR", "reza", "leaving-hindered",
     {"body": {"since": moment_text(AT), "until": ""}}, "conduct.hindrance"),
    ("hindered still", STAYS, "leaving-hindered", "IR", "reza", "leaving-hindered", {"body": {"until": ""}}, "conduct.time"),
    ("told again while she is hindered", STAYS, "leaving-hindered", "IR", "reza", "discharged",
     {"body": {"told_at": moment_text(AT)}}, ""),
    ("another end of a hindrance that is over", STAYS, "leaving-hindered 2", "IR", "reza", "leaving-hindered",
     {"body": {"until": moment_text(AT)}}, "conduct.hindrance"),
    ("ending what did not begin", STAYS, "agreed", "IR", "reza", "safe-conduct-ended", {}, "conduct.none"),
    ("ending it before she was told", STAYS, "discharged", "IR", "reza", "safe-conduct-ended",
     {"body": {"ended_at": moment_text(AT - timedelta(minutes=5))}}, "conduct.time"),
    ("ending it tomorrow", STAYS, "discharged", "IR", "reza", "safe-conduct-ended",
     {"body": {"ended_at": moment_text(AT + timedelta(days=1))}}, "conduct.time"),
    ("ending it twice", STAYS, "safe-conduct-ended", "IR", "reza", "safe-conduct-ended", {}, "conduct.none"),
    ("telling her anew when she came again", STAYS, "safe-conduct-ended", "IR", "reza", "discharged",
     {"body": {"told_at": moment_text(AT + timedelta(days=9))}, "at": AT + timedelta(days=9)}, ""),
    ("telling her of the time before she left", STAYS, "safe-conduct-ended", "IR", "reza", "discharged",
     {"body": {"told_at": LEFT_AT}}, "conduct.time"),
    ("closing while she is under safe conduct", STAYS, "performed 2", "IR", "sara", "closed", {}, "conduct.runs"),
    ("settling a deadline of hers when it is refused", THERE, "refused", "IR", "reza", "deadline-waived", {}, ""),
    ("settling it with the power to execute", THERE, "refused", "IR", "reza", "deadline-waived", {"power": "execute"},
     "case.power"),
    ("settling a deadline when nobody is there any longer", THERE, "safe-conduct-ended", "IR", "reza", "deadline-met", {},
     "case.stage"),
    ("withdrawing then", STAYS, "leaving-hindered", "IR", "reza", "withdrawn", {}, ""),
    # talk
    ("replying when nobody consulted", LONG, "accepted", "IR", "reza", "replied", {}, "case.no-consultation"),
    ("replying", PART, "consulted", "IR", "reza", "replied", {}, ""),
    ("replying while another question is answered", LONG, "amended", "IR", "reza", "enquired", {}, ""),
    ("enquiring with the power to draft", LONG, "accepted", "IR", "reza", "enquired", {"power": "draft"}, "case.power"),
    ("enquiring about a draft", LONG, "approved", "IR", "reza", "enquired", {}, "case.stage"),
    ("enquiring about what is closed", LONG, "closed", "IR", "reza", "enquired", {}, "case.stage"),
    ("progress with the power to execute", LONG, "ordered", "VN", "lan", "progress", {"power": "execute"}, "case.power"),
    ("progress of what was disclosed", LONG, "disclosed", "VN", "lan", "progress", {}, ""),
    ("progress of what is closed", LONG, "closed", "VN", "lan", "progress", {}, "case.stage"),
    ("consulting on what is preserved", MORE, "preserved", "VN", "lan", "consulted", {}, ""),
    ("consulting on what was executed", LONG, "executed", "VN", "lan", "consulted", {}, ""),
    ("a deadline met, by who may draft", LONG, "accepted", "IR", "sara", "deadline-met", {"power": "draft"}, "case.power"),
    ("a deadline waived without a reason", LONG, "accepted", "VN", "lan", "deadline-waived", {"body": {"reasons": ""}},
     "act.empty"),
    # more time
    ("asking for more time", MORE, "preserved", "IR", "reza", "extension-asked", {}, ""),
    ("at the last second", MORE, "preserved", "IR", "reza", "extension-asked", {"at": KEPT}, ""),
    ("one second late", MORE, "preserved", "IR", "reza", "extension-asked", {"at": KEPT + timedelta(seconds=1)},
     "extend.late"),
    ("for the same time", MORE, "preserved", "IR", "reza", "extension-asked", {"body": {"until": "2027-01-23T17:00:00Z"}},
     "extend.until"),
    ("for less time", MORE, "preserved", "IR", "reza", "extension-asked", {"body": {"until": "2027-01-01T00:00:00Z"}},
     "extend.until"),
    ("before it is preserved", MORE, "accepted", "IR", "reza", "extension-asked", {}, "case.stage"),
    ("for a statement", SAID, "accepted", "IR", "reza", "extension-asked", {}, "case.stage"),
    ("for stored data", LONG, "accepted", "IR", "reza", "extension-asked", {}, "case.stage"),
    ("for traffic to come", LOTS, "accepted", "IR", "reza", "extension-asked", {}, ""),
    ("for traffic whose time is over", LOTS, "accepted", "IR", "reza", "extension-asked",
     {"at": datetime(2027, 1, 1, 12, tzinfo=UTC)}, "extend.late"),
    ("for traffic when all was given", LOTS, "disclosed 3", "IR", "reza", "extension-asked", {}, "case.complete"),
    ("extending unasked", MORE, "preserved", "VN", "lan", "extended", {}, "extend.unasked"),
    ("extending", MORE, "extension-asked", "VN", "lan", "extended", {}, ""),
    ("extending a preservation beyond what was asked", MORE, "extension-asked", "VN", "lan", "extended",
     {"body": {"until": "2028-01-01T00:00:00Z"}}, ""),
    ("extending a collection beyond the authorisation", LOTS, "extension-asked", "VN", "lan", "extended", {},
     "authorise.until"),
    ("extending late what was asked in time", MORE, "extension-asked", "VN", "lan", "extended",
     {"at": KEPT + timedelta(days=2)}, ""),
    ("extending into the past", MORE, "extension-asked", "VN", "lan", "extended", {"at": KEPT + timedelta(days=99)},
     "extend.until"),
    ("extending to an earlier end", MORE, "extension-asked", "VN", "lan", "extended",
     {"body": {"until": "2027-01-01T00:00:00Z"}}, "extend.until"),
    ("answering twice", MORE, "extended", "VN", "lan", "extension-refused", {}, "extend.unasked"),
    ("refusing more time", MORE, "extension-asked", "VN", "lan", "extension-refused", {}, ""),
    # released
    ("releasing what was verified", LONG, "verified", "IR", "sara", "released", {}, ""),
    ("releasing what was not", LONG, "disclosed", "IR", "sara", "released", {}, "release.unverified"),
    ("releasing what never came", LONG, "verified", "IR", "sara", "released", {"body": {"manifest": BOX}},
     "release.unverified"),
    ("releasing it under no conditions", LONG, "verified", "IR", "sara", "released", {"body": {"conditions": []}},
     "release.conditions"),
    ("releasing it under more", LONG, "verified", "IR", "sara", "released", {"body": {"conditions": [LIMIT, "x"]}},
     "release.conditions"),
    ("releasing it to another State", LONG, "verified", "IR", "sara", "released", {"body": {"state": "QA"}},
     "release.recipient"),
    ("releasing it to where it came from", LONG, "verified", "IR", "sara", "released", {"body": {"state": "VN"}},
     "release.recipient"),
    ("releasing it for another purpose", LONG, "verified", "IR", "sara", "released", {"body": {"purpose": "Tax."}},
     "release.purpose"),
    ("releasing it with the power to decide", LONG, "verified", "IR", "sara", "released", {"power": "decide"},
     "case.power"),
    ("releasing police information as such", SHARED, "verified", "IR", "sara", "released", {}, ""),
    ("releasing it as evidence", SHARED, "verified", "IR", "sara", "released", {"body": {"use": "evidence"}},
     "release.use"),
    ("releasing it to nobody", LONG, "verified", "IR", "sara", "released", {"body": {"recipient": ""}}, "act.empty"),
    ("the State that disclosed releases nothing", LONG, "verified", "VN", "lan", "released", {}, "case.stage"),
    ("by leave, without its own conditions", LONG, "verified", "IR", "sara", "released",
     {"body": {"leave": "IR-2026-0031", "leave_head": BOX, "conditions": ["x"]}}, "release.conditions"),
    ("by leave, without saying how it stood", LONG, "verified", "IR", "sara", "released",
     {"body": {"leave": "IR-2026-0031"}}, "release.leave"),
    ("by leave of nothing", LONG, "verified", "IR", "sara", "released", {"body": {"leave": "x"}}, "act.type"),
    ("releasing information", TOLD, "accepted", "VN", "lan", "released", {}, ""),
    ("releasing it unnoted", TOLD, "assessed", "VN", "lan", "released", {}, "case.stage"),
    ("releasing it abroad", TOLD, "accepted", "VN", "lan", "released", {"body": {"state": "QA"}}, "release.recipient"),
    ("releasing it without its conditions", TOLD, "accepted", "VN", "lan", "released", {"body": {"conditions": []}},
     "release.conditions"),
    ("who told it does not release it", TOLD, "accepted", "IR", "sara", "released", {}, "case.stage"),
    # the wrong side
    ("the requested State does not draft", LONG, "requested", "VN", "lan", "drafted", {}, "case.stage"),
    ("nor supplement", LONG, "asked", "VN", "lan", "supplemented", {}, "case.stage"),
    ("nor withdraw", LONG, "requested", "VN", "lan", "withdrawn", {}, "case.stage"),
    ("the requesting State does not accept", LONG, "requested", "IR", "reza", "accepted", {}, "case.stage"),
    ("nor authorise", LONG, "accepted", "IR", "reza", "authorised", {}, "case.stage"),
    ("nor disclose to itself", LONG, "accepted", "IR", "reza", "disclosed", {}, "case.stage"),
    # another case, another State, an unknown history
    ("an act of another case", LONG, "requested", "VN", "lan", "assessed", {"case": "IR-2026-0009"}, "case.other"),
    ("an act of a third State", LONG, "requested", "VN", "lan", "assessed", {"by": "QA"}, "case.other"),
    ("an act of no State", LONG, "requested", "VN", "lan", "assessed", {"by": ""}, "case.other"),
    ("a history that is not known", LONG, "assessed", "VN", "lan", "asked", {"after": "ee" * 32}, "case.history"),
    ("no history where there is one", LONG, "assessed", "VN", "lan", "asked", {"after": ""}, "case.history"),
    ("a history where there is none", LONG, "approved", "IR", "reza", "requested", {"after": "ee" * 32},
     "case.history"),
    ("another reference", LONG, "drafted", "IR", "sara", "drafted",
     {"body": {"request": OTHER_TEXT | {"reference": "IR-2026-0009"}}}, "case.other"),
    ("another State to ask", LONG, "drafted", "IR", "sara", "drafted",
     {"body": {"request": OTHER_TEXT | {"requested": "QA"}}}, "case.other"),
    ("another measure", LONG, "drafted", "IR", "sara", "drafted",
     {"body": {"request": OTHER_TEXT | {"measure": "preservation"}}}, "case.other"),
    ("a draft may still become earnest", LONG, "drafted", "IR", "sara", "drafted",
     {"body": {"request": EARNEST}, "exercise": False}, ""),
    ("but not by an act that says exercise", LONG, "drafted", "IR", "sara", "drafted",
     {"body": {"request": EARNEST}, "exercise": True}, "case.exercise"),
    ("an act in earnest in an exercise", LONG, "assessed 2", "VN", "lan", "accepted", {"exercise": False},
     "case.exercise"),
    ("what was sent as an exercise may not", LONG, "asked", "IR", "sara", "amended", {"body": {"request": EARNEST}},
     "case.other"),
]  # fmt: skip


def try_out(walk, upto, home, officer, kind, changes) -> str:
    """Walk so far, then try one own act of `home`."""
    name, _, nth = upto.partition(" ")
    case = walked(walk, upto=name, nth=int(nth or 1)).cases[home]
    before = copy.deepcopy(case)
    found = code(lambda: advance(case, act_of(Kind(kind), case, home, officer, **copy.deepcopy(changes)), home=home))
    assert case == before
    return found


@pytest.mark.parametrize("row", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refusals(row):
    """A step that must not happen is refused by its code, beside its neighbour that may happen."""
    _, walk, upto, home, officer, kind, changes, expected = row
    assert try_out(walk, upto, home, officer, kind, changes) == expected


def test_who_is_refused_and_what():
    """Missing powers and four eyes are the officer's fault (NotYours); all else is the case's (NotPossible)."""
    for title, walk, upto, home, officer, kind, changes, expected in REFUSALS:
        if not expected:
            continue
        name, _, nth = upto.partition(" ")
        case = walked(walk, upto=name, nth=int(nth or 1)).cases[home]
        with pytest.raises(Invalid if expected.startswith("act.") else NotPossible) as caught:
            advance(case, act_of(Kind(kind), case, home, officer, **copy.deepcopy(changes)), home=home)
        assert isinstance(caught.value, NotYours) == (expected in ("case.power", "case.four-eyes")), title


def checked(assessment, despite) -> str:
    """Draft, check with this assessment, approve with these words."""
    border = walked(LONG, upto="drafted")
    border.act("IR", "sara", Kind.CHECKED, body={"assessment": assessment})
    case = border.cases["IR"]
    return code(advance, case, act_of(Kind.APPROVED, case, "IR", "reza", body={"despite": despite}), home="IR")


ODD = {"findings": [{"verdict": "undetermined"}]}
DESPITE = [
    ("all passed", GOOD, "", ""),
    ("one failed, no reason", BAD, "", "case.despite"),
    ("one failed, a reason of blanks", BAD, " \t\n\u00a0", "case.despite"),
    ("one failed, a reason", BAD, "The translation follows.", ""),
    ("one undetermined, which an officer sees", ODD, "", ""),
    ("no findings in it", {"x": 1}, "", "case.unchecked"),
    ("findings that are none", {"findings": 5}, "Reason.", "case.unchecked"),
    ("findings without a verdict", {"findings": [{}]}, "Reason.", "case.unchecked"),
    ("findings that are text", {"findings": ["failed"]}, "Reason.", "case.unchecked"),
]


@pytest.mark.parametrize(("assessment", "despite", "expected"), [r[1:] for r in DESPITE], ids=[r[0] for r in DESPITE])
def test_leaving_despite_a_failed_finding(assessment, despite, expected):
    """What failed leaves only with a written reason, and an assessment that cannot be read is none."""
    assert checked(assessment, despite) == expected


def test_everybody_who_touched_the_draft_is_out():
    """Whoever drafted or amended since anything was last sent cannot approve, whoever came later; a third officer can."""
    border = walked("a draft thrown away, and a second one", upto="checked", nth=2)
    case = border.cases["IR"]
    for officer, expected in (("sara", "case.four-eyes"), ("omid", "case.four-eyes"), ("reza", "")):
        assert code(advance, case, act_of(Kind.APPROVED, case, "IR", officer), home="IR") == expected
    border = walked(LONG, upto="amended")
    border.act("IR", "reza", Kind.AMENDED)
    border.act("IR", "omid", Kind.CHECKED)
    case = border.cases["IR"]
    for officer, expected in (("sara", "case.four-eyes"), ("reza", "case.four-eyes"), ("omid", "")):
        assert code(advance, case, act_of(Kind.APPROVED, case, "IR", officer), home="IR") == expected


# ------------------------------------------------------------------------------------------------- foreign acts


FOREIGN = [
    # (what the other State tries, walk, up to, the node that sees it, its act, changes) -> the code
    ("it disclosed under the conditions decided", LONG, "executed", "IR", "disclosed",
     {"body": {"conditions": ["Only for this case."]}}, ""),
    ("it disclosed under other conditions", LONG, "executed", "IR", "disclosed",
     {"body": {"conditions": ["Pay first."]}}, "case.differs"),
    ("it dropped a condition", LONG, "executed", "IR", "disclosed", {"body": {"conditions": []}}, "case.differs"),
    ("it accepts in earnest", LONG, "assessed 2", "IR", "accepted", {"exercise": False}, "case.exercise"),
    ("it accepts in the exercise", LONG, "assessed 2", "IR", "accepted", {}, ""),
    ("it discloses what was not accepted", LONG, "assessed", "IR", "disclosed", {}, "case.stage"),
    ("it accepts anew, on other conditions", LONG, "accepted", "IR", "accepted", {"body": {"conditions": ["x"]}}, ""),
    ("it accepts anew what it gave", LONG, "disclosed", "IR", "accepted", {}, "case.stage"),
    ("it consents for the second time", LEAVE, "accepted", "IR", "accepted", {}, "case.stage"),
    ("it gives what we have not agreed to", UNAGREED, "executed", "IR", "disclosed", {}, "case.not-agreed"),
    ("it serves what we have not agreed to", SOME, "accepted", "IR", "performed", {}, "case.not-agreed"),
    ("it gives more when it gave all", LONG, "verified", "IR", "disclosed", {}, "case.complete"),
    ("it gives the same again", LOTS, "disclosed", "IR", "disclosed", {"body": {"container": BOX}}, "case.disclosed"),
    ("it gives the rest", LOTS, "disclosed", "IR", "disclosed", {"body": {"manifest": BOX}}, ""),
    ("it gives police information", SHARED, "executed", "IR", "disclosed", {}, ""),
    ("it gives police information as evidence", SHARED, "executed", "IR", "disclosed", {"body": {"use": "evidence"}},
     "case.use"),
    ("it gives intelligence where evidence was asked", LONG, "executed", "IR", "disclosed",
     {"body": {"use": "intelligence"}}, ""),
    ("it refuses the rest of nothing", LONG, "disclosed", "IR", "refused", {}, "case.complete"),
    ("it refuses the rest", PART, "disclosed", "IR", "refused", {}, ""),
    ("it revokes its consent", LEAVE, "agreed", "IR", "refused", {}, ""),
    ("it revokes its consent while we close", "consent", "closed", "IR", "refused", {}, ""),
    ("it does a deed although it knows that we no longer need it", "the rest is no longer needed", "withdrawn", "IR",
     "performed", {}, "case.stage"),
    ("it agrees for us", LONG, "accepted", "VN", "agreed", {"body": {"conditions": ["x"]}}, ""),
    ("it tells of progress", LONG, "amended", "IR", "progress", {}, ""),
    ("it tells of progress though it knows that we have closed", LONG, "closed", "IR", "progress", {}, "case.stage"),
    ("it enquires about what it knows as refused", NO, "refused", "VN", "enquired", {}, "case.stage"),
    ("it enquires about what is closed", LONG, "closed 2", "VN", "enquired", {}, "case.stage"),
    ("it replies to what we did not say", LONG, "accepted", "VN", "replied", {}, ""),
    ("it tells how it met its deadlines", LONG, "accepted", "VN", "deadline-met", {}, "case.stage"),
    ("it tells to whom it gave it", LONG, "disclosed", "VN", "released", {}, "case.stage"),
    ("it asks for more time too late", MORE, "preserved", "VN", "extension-asked", {"at": KEPT + timedelta(seconds=1)},
     "extend.late"),
    ("it extends a collection beyond what was asked", LOTS, "extension-asked", "IR", "extended",
     {"body": {"until": "2028-01-01T00:00:00Z"}}, "extend.until"),
    ("it extends unasked", MORE, "preserved", "IR", "extended", {}, "extend.unasked"),
    ("it extends to an earlier end", MORE, "extension-asked", "IR", "extended",
     {"body": {"until": "2027-01-01T00:00:00Z"}}, "extend.until"),
    ("it closes while we are still giving", PART, "disclosed", "VN", "closed", {}, "case.rest"),
    ("it notes our information under more conditions", TOLD, "assessed", "IR", "accepted",
     {"body": {"conditions": [LIMIT, "x"]}}, "case.differs"),
    ("it tells a witness that she may go", STAYS, "agreed", "VN", "discharged", {}, ""),
    ("it tells whom it did not name", STAYS, "agreed", "VN", "discharged", {"body": {"person": "somebody"}},
     "conduct.person"),
    ("it tells her before we accepted", STAYS, "assessed", "VN", "discharged", {}, "case.stage"),
    ("it shortens the period by itself", STAYS, "agreed", "VN", "discharged", {"body": {"days": 1, "agreed": "One day."}},
     "conduct.agreed"),
    ("it shortens the period by a condition that it has not agreed to", STAYS, "accepted", "VN", "discharged",
     {"body": {"days": 1, "agreed": LIMIT}}, "conduct.agreed"),
    ("it tells her once more, earlier", STAYS, "discharged", "VN", "discharged",
     {"body": {"told_at": moment_text(AT - timedelta(minutes=5))}}, "conduct.time"),
    ("it ends what it did not begin", STAYS, "agreed", "VN", "safe-conduct-ended", {}, "conduct.none"),
    ("it ends it before its time", STAYS, "discharged", "VN", "safe-conduct-ended",
     {"body": {"ended_at": moment_text(AT + timedelta(days=20))}}, "conduct.time"),
    ("it closes while she is under safe conduct", STAYS, "performed 2", "VN", "closed", {}, "conduct.runs"),
    ("we tell of a witness who is there", STAYS, "performed", "IR", "discharged", {}, "case.stage"),
    ("it tells an internal step", LONG, "accepted", "IR", "authorised", {}, "case.stage"),
    ("it assesses for us", LONG, "requested", "VN", "assessed", {}, "case.stage"),
    ("it decides for us", LONG, "assessed 2", "VN", "accepted", {}, "case.stage"),
    ("it authorises for us", LONG, "accepted", "VN", "authorised", {}, "case.stage"),
    ("it orders for us", LONG, "authorised", "VN", "ordered", {}, "case.stage"),
    ("it executes for us", LONG, "ordered", "VN", "executed", {}, "case.stage"),
    ("it discloses for us", LONG, "executed", "VN", "disclosed", {}, "case.stage"),
    ("it withdraws its request", LONG, "executed", "VN", "withdrawn", {}, ""),
    ("it withdraws what we just disclosed", LONG, "disclosed", "VN", "withdrawn", {}, ""),
    ("it withdraws what we just refused", NO, "refused", "VN", "withdrawn", {}, ""),
    ("it withdraws what is closed", LONG, "closed 2", "VN", "withdrawn", {}, "case.stage"),
    ("it supplements unasked", LONG, "accepted", "VN", "supplemented", {}, "case.stage"),
    ("it supplements what was asked", LONG, "asked", "VN", "supplemented", {}, ""),
    ("it turns an exercise into earnest", LONG, "asked", "VN", "supplemented", {"body": {"request": EARNEST}},
     "case.other"),
    ("it asks for something else", LONG, "asked", "VN", "supplemented",
     {"body": {"request": OTHER_TEXT | {"measure": "preservation"}}}, "case.other"),
    ("it supplements with what is no request", LONG, "asked", "VN", "supplemented", {"body": {"request": {"x": 1}}},
     "request.unknown-field"),
    ("it requests again", LONG, "requested", "VN", "requested", {}, "case.stage"),
    ("it closes early", LONG, "accepted", "VN", "closed", {}, "case.stage"),
    ("it names a history that we do not know", LONG, "asked", "VN", "supplemented", {"after": "ee" * 32},
     "case.history"),
    ("it claims to be us", LONG, "accepted", "VN", "authorised", {"by": "VN"}, "seal.author"),
    ("it claims to be a third State", LONG, "accepted", "VN", "authorised", {"by": "QA"}, "seal.author"),
]  # fmt: skip


@pytest.mark.parametrize("row", FOREIGN, ids=[row[0] for row in FOREIGN])
def test_what_the_other_state_cannot_do(row):
    """A foreign act moves a case along its own column of the table, or nothing."""
    _, walk, upto, home, kind, changes, expected = row
    name, _, nth = upto.partition(" ")
    case = walked(walk, upto=name, nth=int(nth or 1)).cases[home]
    peer = case.peer(home)
    made = act_of(Kind(kind), case, peer, "someone", **copy.deepcopy(changes))
    assert code(lambda: advance(case, arrived(made, sender=peer), home=home)) == expected


def test_the_same_act_twice():
    """An act that is known is refused, own or foreign, wherever it would fit again."""
    border = walked(NO, upto="assessed")
    made = border.act("VN", "lan", Kind.CONSULTED)
    for home in ("IR", "VN"):
        assert code(advance, border.cases[home], made, home=home) == "act.known"


def test_a_node_of_neither_state():
    """A node of a third State has no say, and none of the two States' acts moves anything there."""
    case = walked(LONG, upto="requested").cases["VN"]
    assert code(advance, case, act_of(Kind.ASSESSED, case, "VN", "lan"), home="QA") == "case.other"
    assert code(power_for, case, Kind.DRAFTED, home="VN") == "case.side"


def test_what_may_be_done_next():
    """`steps` names exactly the kinds that the table lets the side do from this stage."""
    border = walked(LONG, upto="accepted")
    clocks = {Kind.DEADLINE_MET, Kind.DEADLINE_ESCALATED, Kind.DEADLINE_WAIVED}
    theirs, ours = {Kind.CONSULTED, Kind.PROGRESS, Kind.REFUSED} | clocks, {Kind.ENQUIRED, Kind.REPLIED} | clocks

    def ahead(home: str) -> set[Kind]:
        return {step.kind for step in steps(border.cases[home], home=home)}

    assert ahead("VN") == theirs | {Kind.AUTHORISED, Kind.ACCEPTED}
    assert ahead("IR") == ours | {Kind.WITHDRAWN, Kind.AGREED}
    border = walked(SHORT, upto="accepted")
    assert ahead("VN") == theirs | {Kind.ORDERED}
    border = walked(SAID, upto="accepted")
    assert ahead("VN") == theirs | {Kind.ORDERED, Kind.AUTHORISED, Kind.ACCEPTED}
    border = walked(SOME, upto="accepted")
    assert ahead("VN") == theirs | {Kind.ORDERED, Kind.AUTHORISED, Kind.ACCEPTED, Kind.PERFORMED}
    border = walked(TOLD, upto="accepted")
    assert ahead("VN") == theirs - {Kind.REFUSED} | {Kind.RELEASED}
    assert ahead("IR") == ours | {Kind.WITHDRAWN, Kind.CLOSED}
    border = walked(LEAVE, upto="accepted")
    assert ahead("VN") == theirs


# ------------------------------------------------------------------------------------------------ forms of acts

FORMS = [
    # (what is wrong, kind, what stands in the body instead) -> the code
    ("as it should be", "disclosed", {}, ""),
    ("a container named by a path", "disclosed", {"container": "../../etc/passwd"}, "act.type"),
    ("a container named by a path of 64 letters", "disclosed", {"container": "/" * 64}, "act.type"),
    ("a container named in capitals", "disclosed", {"container": "AB" * 32}, "act.type"),
    ("a container with a line break", "disclosed", {"container": BOX + "\n"}, "act.type"),
    ("no container", "disclosed", {"container": ""}, "act.empty"),
    ("a manifest that is no digest", "executed", {"manifest": "list"}, "act.type"),
    ("a size below nothing", "disclosed", {"size": -1}, "act.type"),
    ("a size of nothing", "disclosed", {"size": 0}, "act.empty"),
    ("a size that is true", "disclosed", {"size": True}, "act.type"),
    ("a size that is text", "disclosed", {"size": "9"}, "act.type"),
    ("fewer files than none", "executed", {"files": -1}, "act.type"),
    ("no files", "executed", {"files": 0, "bytes": 0}, ""),
    ("conditions that are text", "disclosed", {"conditions": "none"}, "act.type"),
    ("a condition that is a number", "accepted", {"conditions": [5]}, "act.type"),
    ("a condition that is an object", "accepted", {"conditions": [{}]}, "act.type"),
    ("no conditions", "accepted", {"conditions": []}, ""),
    ("a condition that is blank", "accepted", {"conditions": [" "]}, "act.type"),
    ("a condition twice", "accepted", {"conditions": ["x", "x"]}, "act.type"),
    ("more conditions than a request has", "accepted", {"conditions": [str(n) for n in range(51)]}, "act.too-long"),
    ("a condition that is a book", "accepted", {"conditions": ["x" * 1001]}, "act.too-long"),
    ("no reasons", "accepted", {"reasons": ""}, "act.empty"),
    ("reasons of blanks", "accepted", {"reasons": " \t\n\u00a0"}, "act.empty"),
    ("reasons that are a book", "accepted", {"reasons": "x" * 20_001}, "act.too-long"),
    ("a message as long as they are", "progress", {"message": "x" * 5_000}, ""),
    ("a message that is a letter", "progress", {"message": "x" * 5_001}, "act.too-long"),
    ("a recipient of blanks", "released", {"recipient": " "}, "act.empty"),
    ("no grounds", "refused", {"grounds": []}, ""),
    ("no reasons for a refusal", "refused", {"reasons": ""}, "act.empty"),
    ("a use that is none", "disclosed", {"use": "gossip"}, "act.type"),
    ("no use", "disclosed", {"use": ""}, "act.empty"),
    ("a rest that is a list", "disclosed", {"rest": []}, "act.type"),
    ("no report", "performed", {"report": ""}, "act.empty"),
    ("done at a moment", "performed", {"done_on": "2026-11-24T12:00:00Z"}, "act.type"),
    ("extended to a day", "extended", {"until": "2026-12-31"}, "act.type"),
    ("a deadline on a day", "deadline-met", {"due": "2026-12-31"}, "act.type"),
    ("agreed to nothing", "agreed", {"conditions": []}, ""),
    ("agreed in numbers", "agreed", {"conditions": [1]}, "act.type"),
    ("no message", "progress", {"message": ""}, "act.empty"),
    ("released by leave of a path", "released", {"leave": "../x"}, "act.type"),
    ("released to no State", "released", {"state": ""}, "act.empty"),
    ("released as gossip", "released", {"use": "gossip"}, "act.type"),
    ("a letter that is no digest", "requested", {"letter": "x"}, "act.type"),
    ("no letter", "requested", {"letter": ""}, ""),
    ("no request", "requested", {"request": {}}, "act.empty"),
    ("a request that is a list", "requested", {"request": []}, "act.type"),
    ("preserved at no time", "preserved", {"effected_at": "soon"}, "act.type"),
    ("preserved at a local time", "preserved", {"effected_at": "2026-11-24T12:00:00"}, "act.type"),
    ("preserved at another zone's time", "preserved", {"until": "2026-11-24T12:00:00+07:00"}, "act.type"),
    ("preserved before all time", "preserved", {"until": "0001-01-01T00:00:00+10:00"}, "act.type"),
    ("authorised until a day that is none", "authorised", {"until": "2026-02-30"}, "act.type"),
    ("authorised until a Solar Hijri day", "authorised", {"until": "۱۴۰۵-۰۹-۰۳"}, "act.type"),
    ("authorised until doomsday", "authorised", {"until": "2199-12-31"}, ""),
    ("told on a day", "discharged", {"told_at": "2026-11-24"}, "act.type"),
    ("nobody told", "discharged", {"person": ""}, "act.empty"),
    ("fewer days than none", "discharged", {"days": -1}, "act.type"),
    ("days in words", "discharged", {"days": "15"}, "act.type"),
    ("hindered since a day", "leaving-hindered", {"since": "2026-11-24"}, "act.type"),
    ("hindered since no time", "leaving-hindered", {"since": ""}, "act.empty"),
    ("hindered while it lasts", "leaving-hindered", {"until": ""}, ""),
    ("extended until no time", "extended", {"until": ""}, "act.empty"),
    ("ended by arrest", "safe-conduct-ended", {"how": "arrested"}, "act.type"),
    ("ended no way", "safe-conduct-ended", {"how": ""}, "act.empty"),
    ("a field too many", "closed", {"more": ""}, "act.form"),
]


@pytest.mark.parametrize(("kind", "changes", "expected"), [r[1:] for r in FORMS], ids=[r[0] for r in FORMS])
def test_forms_of_bodies(kind, changes, expected):
    """A body has its fields, each of its type; what names a file is a digest, what counts is not negative."""
    case = walked(LONG, upto="requested").cases["IR"]
    assert code(act_of, Kind(kind), case, "VN", "lan", body=changes) == expected


WIRE = [
    ("as it was", {}, ""),
    ("an unknown kind", {"act": "granted"}, "act.form"),
    ("no kind", {"act": None}, "act.form"),
    ("a time with an offset", {"at": "2026-11-24T15:30:05+03:30"}, "act.form"),
    ("a time with fractions", {"at": "2026-11-24T12:00:05.5Z"}, "act.form"),
    ("a time without dashes", {"at": "20261124T120005Z"}, "act.form"),
    ("a time without a zone", {"at": "2026-11-24T12:00:05"}, "act.form"),
    ("a time in Persian digits", {"at": "۲۰۲۶-11-24T12:00:05Z"}, "act.form"),
    ("a time before all time", {"at": "0001-01-01T00:00:00+10:00"}, "act.form"),
    ("a time of no day", {"at": "2026-11-31T12:00:05Z"}, "act.form"),
    ("an officer that is a number", {"officer": 5}, "act.form"),
    ("an exercise that is 1", {"exercise": 1}, "act.form"),
    ("an exercise in words", {"exercise": "no"}, "act.form"),
    ("a body that is a list", {"body": []}, "act.form"),
    ("a body that is nothing", {"body": None}, "act.form"),
    ("a body of another kind", {"act": "closed"}, "act.form"),
    ("a field too many", {"id": BOX}, "act.form"),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in WIRE], ids=[row[0] for row in WIRE])
def test_forms_of_acts(changes, expected):
    """An act from outside has exactly its fields, and a time in the one form that crosses the border."""
    case = walked(LONG, upto="requested").cases["VN"]
    raw = act_of(Kind.WITHDRAWN, case, "IR", "reza").to_dict() | changes
    assert code(Act.from_dict, raw, id=BOX) == expected


# Values that a request cannot mean, beside those that it can.
REQUESTS = [
    ("a reference", {"reference": "IR-2026-0001"}, ""),
    ("a reference in Persian digits", {"reference": "IR-۲۰۲۶-۰۰۰۱"}, "request.reference"),
    ("a reference in Arabic digits", {"reference": "IR-٢٠٢٦-٠٠٠١"}, "request.reference"),
    ("a reference with a path", {"reference": "IR-2026-0001/.."}, "request.reference"),
    ("a reference with a line break", {"reference": "IR-2026-0001\n"}, "request.reference"),
    ("another State's reference", {"reference": "VN-2026-0001"}, "request.reference"),
    ("a State in small letters", {"requested": "vn"}, "request.state"),
    ("a State in full-width letters", {"requested": "ＶＮ"}, "request.state"),
    ("itself", {"requested": "IR"}, "request.same-state"),
    ("a day", {"period_to": "2026-09-30"}, ""),
    ("a day of another calendar", {"period_to": "1405-07-08"}, "request.value"),
    ("a day in Persian digits", {"period_to": "۲۰۲۶-۰۹-۳۰"}, "request.value"),
    ("a day that is none", {"period_to": "2026-09-31"}, "request.value"),
    ("an unknown measure", {"measure": "arrest"}, "request.value"),
    ("a measure that is a list", {"measure": []}, "request.value"),
    ("an account used before all time", {"accounts": [{"at": "0001-01-01T00:00:00+10:00"}]}, "request.value"),
    ("an account used at a local time", {"accounts": [{"at": "2026-09-01T00:00:00"}]}, "request.value"),
    ("an account that is text", {"accounts": ["x@example.com"]}, "request.type"),
    ("accounts that are text", {"accounts": "x@example.com"}, "request.value"),
    ("a port too high", {"accounts": [{"port": 65536}]}, "request.port"),
    ("a port that is true", {"accounts": [{"port": True}]}, "request.value"),
    ("an unknown field", {"grant": True}, "request.unknown-field"),
    ("exercise in words", {"exercise": "no"}, "request.type"),
    ("confidential as a number", {"confidential": 1}, "request.type"),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS])
def test_requests_that_cannot_be_meant(changes, expected):
    """What a request cannot mean is refused when it is read, with the code and the place."""
    assert code(Request.from_dict, REQUEST[DATA].to_dict() | changes) == expected


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
requests = st.builds(
    Request,
    reference=st.just("IR-2026-0001"), requesting=st.just("IR"), requested=st.just("VN"),
    measure=st.sampled_from(Measure), basis=texts, exercise=st.booleans(), facts=texts, language=texts, follows=texts,
    offence=st.builds(Offence, label=texts, max_penalty_months=st.none() | st.integers(0, 1200)),
    conducting=st.builds(Person, name=texts, function=texts),
    persons=st.lists(st.builds(Subject, name=texts), max_size=3).map(tuple),
    accounts=st.lists(st.builds(Account, kind=texts, value=texts), max_size=3).map(tuple),
    period_from=st.none() | st.dates(date(1900, 1, 1), date(2199, 12, 31)), intends_request=st.booleans(),
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(requests)
def test_requests_are_read_as_they_were_written(request_):
    """Nothing is lost or made up on the way: an empty basis stays empty and does not become a treaty."""
    assert Request.from_dict(json.loads(canon.dumps(request_.to_dict()))) == request_


DONE = walked(LONG).cases["VN"]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(list(Kind)), st.data())
def test_whatever_stands_in_an_act(kind, data):
    """With anything in any field of an act or of its request, only Invalid comes out, or an act that can be written."""
    raw = json.loads(json.dumps(act_of(kind, DONE, "IR", "reza").to_dict()))
    places = [raw, raw["body"], *(value for value in raw["body"].values() if isinstance(value, dict))]
    place = data.draw(st.sampled_from(places))
    name = data.draw(st.sampled_from(sorted(place)) | st.text(max_size=5))
    place[name] = data.draw(junk)
    try:
        made = Act.from_dict(raw, id=BOX)
        if "request" in made.body:
            Request.from_dict(made.body["request"])
    except Invalid:
        return
    assert Act.from_dict(made.to_dict(), id=BOX) == made


# ------------------------------------------------------------------------------------------- what a case waits for


def test_what_a_case_waited_for():
    """From the question to its answer, by what each act states; while there is no answer it lasts; in no other time."""
    cases = walked(LONG, upto="amended").cases
    asked = cases["IR"].last(Kind.ASKED).at
    for case in cases.values():
        assert list(waited(case, ["information"])) == [(asked, None)]
        assert list(waited(case, [])) == list(waited(case, ["consultation", "postponement"])) == []
    for case in walked(LONG).cases.values():
        assert list(waited(case, ["information"])) == [(asked, case.last(Kind.SUPPLEMENTED).at)]
    case = walked(PART).cases["VN"]
    assert [(span[1] is None) for span in waited(case, ["consultation", "postponement"])] == [False] * 3
    with pytest.raises(KeyError):
        list(waited(case, ["holidays"]))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(sorted(Kind)), st.integers(-3, 50), st.booleans()), max_size=25),
       st.sampled_from(sorted(WAITS)))  # fmt: skip
def test_waiting_by_brute_force(said, reason):
    """Whatever one State says: each word that asks waits for the first that ends it, and what came too late is nothing."""
    begins, ends = WAITS[reason]
    case, now, acts, crossed = walked(LONG, upto="requested").cases["IR"], AT, [], set()
    for number, (kind, minutes, late) in enumerate(said):
        now += timedelta(minutes=minutes)
        acts.append(act_of(kind, case, "IR", "reza", at=now, id=f"{number:064x}"))
        crossed |= (
            {acts[-1].id} if late and kind in (Kind.ASKED, Kind.REPLIED, Kind.POSTPONED, Kind.CONSULTED) else set()
        )
    expected = []
    counted = [act for act in acts if act.id not in crossed]
    withdrawn = [act.at for act in counted if act.kind is Kind.WITHDRAWN][-1:]
    for place, act in enumerate(counted):
        if act.kind is begins:
            later = [one.at for one in counted[place + 1 :] if one.kind in ends] + withdrawn
            expected.append((act.at, max(act.at, min(later)) if later else None))
    assert list(waited(replace(case, acts=tuple(acts), crossed=frozenset(crossed)), [reason])) == expected


def test_a_reply_answers_only_what_its_author_knew():
    """Both States find the same wait, whatever passed what on its way: the second word still waits for an answer."""
    slow = Slow(LONG, "assessed", 2)
    first = slow.act("VN", "lan", "consulted", at=AT)
    slow.bring()
    second = slow.act("VN", "lan", "consulted", at=AT + timedelta(seconds=2))
    reply = slow.act("IR", "reza", "replied", at=AT + timedelta(seconds=1))
    slow.bring()
    for case in slow.cases.values():
        assert list(waited(case, ["consultation"])) == [(first.at, reply.at), (second.at, None)]
        assert case.consultation.id == second.id
    slow.act("IR", "reza", "replied", at=AT + timedelta(seconds=9))
    slow.bring()
    for case in slow.cases.values():
        assert [until for _, until in waited(case, ["consultation"])] == [reply.at, AT + timedelta(seconds=9)]
        assert case.consultation is None


# ------------------------------------------------------------------------------------- what nothing ever reaches

OFFICERS = ("sara", "reza", "lan")
BEYOND = {Stage.EXECUTED, Stage.DISCLOSED, Stage.PERFORMED, Stage.PRESERVED}


def judge_history(case: Case) -> None:
    """Judge, at either State, that no act stands twice, each stands on one that is known, and conditions stay."""
    assert len({act.id for act in case.acts}) == len(case.acts)
    known, conditions, exercise = {""}, None, True
    for act in case.acts:
        if act.kind in CROSSING:
            assert act.after in known
            known = (known | {act.id}) - {""}
        if "request" in act.body:
            exercise = act.body["request"].get("exercise", True)
        assert act.exercise is exercise
        if act.kind is Kind.ACCEPTED:
            conditions = act.body["conditions"]
        if act.kind is Kind.DISCLOSED:
            assert act.body["conditions"] == conditions
    assert {act.kind for act in case.acts if act.id in case.crossed} <= CROSSING


GIVEN = (Kind.DISCLOSED, Kind.PERFORMED)


def judge_given(act: Act, before: tuple[Act, ...], measure: Measure) -> None:
    """Judge, at either State, what was given or done: agreed to, under the conditions decided, and nothing after the last."""
    assert LIVES[measure] is (Life.EVIDENCE if act.kind is Kind.DISCLOSED else Life.DEED)
    conditions = [old for old in before if old.kind is Kind.ACCEPTED][-1].body["conditions"]
    agreements = [old.body["conditions"] for old in before if old.kind is Kind.AGREED]
    assert not conditions or conditions in agreements
    assert all(old.body["rest"] for old in before if old.kind in GIVEN)
    if act.kind is Kind.DISCLOSED:
        assert act.body["conditions"] == conditions
        assert act.body["container"] not in {old.body.get("container") for old in before}
        assert measure is not POLICE or act.body["use"] == "intelligence"


def judge_requested(case: Case) -> None:
    """Judge a requested State's case by its acts alone, knowing nothing of the table."""
    home = case.requested
    for place, act in enumerate(case.acts):
        before = case.acts[:place]
        decisions = [old for old in before if old.kind is Kind.ACCEPTED]
        grants = [old for old in before if old.kind is Kind.AUTHORISED]
        ended = case.measure is CONSENT and any(old.kind is Kind.CLOSED for old in before)  # a consent is revoked
        if act.kind in (Kind.ORDERED, Kind.EXECUTED, Kind.PRESERVED, *GIVEN):
            assert act.by == home
            assert {(old.by, old.power) for old in decisions} == {(home, "decide")}
            assert any(old.kind is Kind.ASSESSED and old.by == home for old in before)
            assert grants or case.measure not in COERCIVE
            assert {(old.by, old.power) for old in grants} <= {(home, "authorise")}
            assert not {old.officer for old in decisions} & {old.officer for old in grants}
        if act.kind in GIVEN:
            judge_given(act, before, case.measure)
        if act.kind is Kind.DISCLOSED:
            taken = [old for old in before if old.kind is Kind.EXECUTED][-1]
            assert act.body["manifest"] == taken.body["manifest"]
        if act.kind in (Kind.ASKED, Kind.ACCEPTED, Kind.REFUSED, Kind.POSTPONED):
            basis = [old.kind for old in before if old.kind in (Kind.ASSESSED, Kind.REQUESTED, Kind.SUPPLEMENTED)
                     and old.id not in case.crossed]  # fmt: skip
            assert basis[-1] is Kind.ASSESSED or ended
        if act.kind in (Kind.REFUSED, Kind.POSTPONED) and case.measure is not NOTICE:
            answered = (Kind.CONSULTED, Kind.ACCEPTED, Kind.SUPPLEMENTED, Kind.POSTPONED, *GIVEN)
            talk = [old for old in before if old.kind in answered and old.id not in case.crossed]
            assert ended or (talk[-1].kind, talk[-1].by) == (Kind.CONSULTED, home)
        if act.kind in (Kind.EXTENDED, Kind.EXTENSION_REFUSED):
            asked = sum(old.kind is Kind.EXTENSION_ASKED and old.id not in case.crossed for old in before)
            assert asked > sum(old.kind in (Kind.EXTENDED, Kind.EXTENSION_REFUSED) for old in before)
        if act.kind is Kind.RELEASED:
            assert decisions
            assert (case.measure, act.by, act.body["state"]) == (NOTICE, home, home)
            assert act.body["conditions"] == list(case.request.conditions)
    if case.stage in BEYOND:
        assert any(act.kind in (Kind.EXECUTED, Kind.PERFORMED, Kind.PRESERVED) for act in case.acts)


def judge_requesting(case: Case) -> None:
    """Judge a requesting State's case by its acts alone."""
    touched: list[Act] = []
    approval, tested = None, False
    for place, act in enumerate(case.acts):
        before = case.acts[:place]
        if act.kind in GIVEN and act.id not in case.crossed:
            judge_given(act, before, case.measure)
        if act.by != case.requesting:
            continue
        if act.kind is Kind.RELEASED and not act.body["leave"]:
            boxes = {old.body["container"] for old in before if old.kind is Kind.VERIFIED}
            from_ = [old for old in before if old.kind is Kind.DISCLOSED and old.body["container"] in boxes]
            said = next(old for old in from_ if old.body["manifest"] == act.body["manifest"])
            assert (act.body["conditions"], act.body["state"]) == (said.body["conditions"], case.requesting)
            assert said.body["use"] in {"evidence", act.body["use"]}
        if act.kind is Kind.CLOSED and not {Kind.REFUSED, Kind.WITHDRAWN} & {old.kind for old in before}:
            boxes = {old.body["container"] for old in before if old.kind is Kind.VERIFIED}
            assert {old.body["container"] for old in before if old.kind is Kind.DISCLOSED} == boxes
            assert all(not old.body["rest"] for old in [old for old in before if old.kind in GIVEN][-1:])
        if act.kind in (Kind.DRAFTED, Kind.AMENDED):
            touched.append(act)
            approval, tested = None, False
        elif act.kind is Kind.CHECKED:
            tested = True
        elif act.kind is Kind.APPROVED:
            assert tested
            assert act.power == "approve"
            assert act.officer not in {old.officer for old in touched}
            approval = act
        elif act.kind in (Kind.REQUESTED, Kind.SUPPLEMENTED):
            assert approval is not None
            assert act.body["request"] == touched[-1].body["request"]
            touched, approval, tested = [], None, False


def seen_column(case: Case, act: Act) -> set[Stage]:
    """Where the table lets a foreign act lead from here."""
    side = "requesting" if act.by == case.requesting else "requested"
    return {
        step.seen[case.stage]
        for step in TABLE
        if step.kind is act.kind and step.side == side and case.measure in step.measures and case.stage in step.seen
    }


class Node:
    """One node, at which its own officers and the other State do what they please; every step is judged."""

    def __init__(self, home: str, measure: Measure) -> None:
        self.home, self.case = home, open_case(REQUEST[measure])
        self.reached, self.kept = Counter(), []

    def start(self, draw: random.Random) -> None:
        """Begin somewhere in one of the walks."""
        measure = self.case.measure
        walk = draw.choice([name for name in WALKS if suits(name, measure)])
        for act in walked(walk, lines=draw.randrange(28), measure=measure).cases[self.home].acts:
            self.attempt(act)

    def attempt(self, act: Act) -> bool:
        """Try an act, and judge what comes of it."""
        before, kept = self.case, (self.case.stage, self.case.acts)
        try:
            after = advance(before, act, home=self.home)
        except ComityError:
            assert (before.stage, before.acts) == kept
            return False
        assert (before.stage, before.acts) == kept
        assert after.acts == (*before.acts, act)
        self.kept.append(json.dumps(act.to_dict()))
        if act.id in after.crossed:
            assert after.stage is before.stage
            assert act.by != self.home
            assert any(old.by == self.home and old.kind in CROSSING for old in before.acts)
        elif act.by != self.home:
            assert after.stage in seen_column(before, act)
            assert after.stage not in BEYOND or self.home == before.requesting or after.stage is before.stage
        self.case = after
        self.reached[after.stage] += 1
        return True

    def judge(self) -> None:
        """Judge the whole case."""
        (judge_requesting if self.home == self.case.requesting else judge_requested)(self.case)
        judge_history(self.case)
        assert [json.dumps(act.to_dict()) for act in self.case.acts] == self.kept  # nothing was changed in its place
        assert replay(open_case(REQUEST[self.case.measure]), self.case.acts, home=self.home) == self.case


TALK = (Kind.ENQUIRED, Kind.REPLIED, Kind.PROGRESS, Kind.DEADLINE_MET, Kind.DEADLINE_ESCALATED,
        Kind.DEADLINE_WAIVED)  # fmt: skip


def own(node: Node, draw) -> None:
    """Let a random officer of the node do something: mostly what the stage allows, sometimes anything."""
    ahead = steps(node.case, home=node.home)
    if draw.random() < 0.6:  # or most cases would stay where they are
        ahead = [step for step in ahead if step.own[node.case.stage] is not node.case.stage] or ahead
    kind = draw.choice(ahead).kind if ahead and draw.random() < 0.8 else draw.choice(list(Kind))
    if kind in (Kind.WITHDRAWN, *TALK) and draw.random() < 0.8:  # or few would live long, or get anywhere
        return
    changes = {}
    if draw.random() < 0.1:
        changes["power"] = draw.choice([str(power) for power in Power] + [""])
    if draw.random() < 0.1:
        changes["at"] = AT + timedelta(days=draw.choice([-400] if kind in CROSSING else [-400, 30, 400]))
    if draw.random() < 0.05:
        changes["exercise"] = draw.random() < 0.5
    body = twisted(kind, node.case, draw) if draw.random() < 0.15 else {}
    if kind in GIVEN and draw.random() < 0.5:
        body["rest"] = "The second mailbox."
    try:
        node.attempt(act_of(kind, node.case, node.home, draw.choice(OFFICERS), body=body, **changes))
    except Invalid:
        return


def foreign(node: Node, draw) -> None:
    """Let the other State send anything at all across the border: any kind, body, author, order and repetition."""
    peer, case = node.case.peer(node.home), node.case
    if case.acts and draw.random() < 0.15:
        made = draw.choice(case.acts)  # a true act again, its own or ours
        made = replace(made, id=made.id if draw.random() < 0.5 else hashlib.sha256(draw.randbytes(8)).hexdigest())
    else:
        side = "requesting" if peer == case.requesting else "requested"
        fits = sorted(
            {
                step.kind
                for step in TABLE
                if case.stage in step.seen and step.side == side and case.measure in step.measures
            }
        )
        kind = Kind(draw.choice(fits)) if fits and draw.random() < 0.5 else draw.choice(list(Kind))
        by = draw.choice([peer, peer, peer, peer, node.home, "QA", ""])
        body = twisted(kind, case, draw) if draw.random() < 0.3 else {}
        if kind in GIVEN and draw.random() < 0.5:
            body["rest"] = "The second mailbox."
        after = draw.choice([case.head, case.head, *(act.id for act in case.acts), "", BOX])
        changes = {"power": draw.choice([str(power) for power in Power])}
        if draw.random() < 0.05:
            changes["exercise"] = draw.random() < 0.5
        try:
            made = act_of(kind, case, by, draw.choice(OFFICERS), body=body, after=after, **changes)
        except Invalid:
            return
    if made.kind is Kind.WITHDRAWN and draw.random() < 0.8:
        return
    try:
        made = arrived(made, sender=peer)
    except ComityError:
        return
    assert made.by == peer
    node.attempt(made)


def twisted(kind: Kind, case: Case, draw) -> dict:
    """Give single fields of a body other values: wrong types, other requests, other digests."""
    strange = ["", "x", BOX, 0, -1, 7, True, [], ["x"], [5], {}, {"findings": []}, {"x": 1}, BAD, OTHER_TEXT, EARNEST]
    strange += [OTHER_TEXT | {"requested": "QA"}, *OTHERS]
    body = body_of(kind, case)
    if draw.random() < 0.5:  # a single field, and nothing that its form would refuse
        name = draw.choice(sorted(body))
        return {name: draw.choice([value for value in strange if type(value) is type(body[name])] or [body[name]])}
    return {name: draw.choice(strange) for name in body if draw.random() < 0.5}


def reachable(home: str, measure: Measure) -> set[Stage]:
    """Every stage to which the rows lead from a new case, whatever their conditions."""
    side, found, before = "requesting" if home == "IR" else "requested", {Stage.NEW}, 0
    while len(found) > before:
        before = len(found)
        for step in TABLE:
            if measure in step.measures:
                ways = step.own if step.side == side else step.seen
                found |= {ways[stage] for stage in found & set(ways)}
    return found - {Stage.NEW}


@pytest.mark.parametrize("measure", EACH)
@pytest.mark.parametrize("home", ["IR", "VN"])
def test_no_sequence_of_acts(home, measure):
    """A hundred and fifty lives of thirty random steps each, own and foreign, true and forged; none breaks a promise.

    What is reached is counted, so that a test in which nothing happens does not pass: with the walks in which most of them
    begin, every stage to which the table leads.
    """
    reached, moved = Counter(), Counter()
    for seed in range(150):
        draw, node = random.Random(f"{home} {measure} {seed}"), Node(home, measure)
        if seed % 3:
            node.start(draw)
        reached += node.reached
        node.reached.clear()
        bias = draw.choice([0.3, 0.5, 0.8])
        for _ in range(30):
            (own if draw.random() < bias else foreign)(node, draw)
        node.judge()
        reached, moved = reached + node.reached, moved + node.reached
    assert set(reached) == reachable(home, measure), reachable(home, measure) ^ set(reached)
    assert {Stage.OPEN, Stage.ACCEPTED, Stage.WITHDRAWN, Stage.CLOSING} <= set(moved)


@pytest.mark.parametrize("measure", EACH)
def test_foreign_acts_alone_do_nothing(measure):
    """With no officer at work, a thousand foreign messages leave the requested State's case open or withdrawn."""
    for seed in range(25):
        draw, node = random.Random(f"alone {measure} {seed}"), Node("VN", measure)
        for _ in range(40):
            foreign(node, draw)
        assert node.case.stage in {Stage.NEW, Stage.OPEN, Stage.WITHDRAWN, Stage.CLOSING}
        assert {act.by for act in node.case.acts} <= {"IR"}


class Machine(RuleBasedStateMachine):
    """The same, steered by hypothesis, which makes a short story of every fault that it finds."""

    home = "VN"

    @initialize(measure=st.sampled_from(EACH))
    def start(self, measure):
        """Open a case."""
        self.node = Node(self.home, measure)

    @rule(draw=st.randoms(use_true_random=False))
    def officer(self, draw):
        """An own officer does something."""
        own(self.node, draw)

    @rule(draw=st.randoms(use_true_random=False))
    def abroad(self, draw):
        """The other State sends something."""
        foreign(self.node, draw)

    @rule(kind=st.sampled_from(list(Kind)), officer=st.sampled_from(OFFICERS))
    def step(self, kind, officer):
        """An own officer does just this."""
        self.node.attempt(act_of(kind, self.node.case, self.home, officer))

    @rule(kind=st.sampled_from(sorted(CROSSING)))
    def arrival(self, kind):
        """The other State sends just this."""
        peer = self.node.case.peer(self.home)
        self.node.attempt(arrived(act_of(Kind(kind), self.node.case, peer, "x"), sender=peer))

    @invariant()
    def promises(self):
        """Every promise holds at every moment."""
        if hasattr(self, "node"):
            self.node.judge()


class Requesting(Machine):
    """At the requesting State."""

    home = "IR"


Machine.TestCase.settings = Requesting.TestCase.settings = settings(
    deadline=None, max_examples=40, stateful_step_count=40
)
TestRequested = Machine.TestCase
TestRequesting = Requesting.TestCase


# --------------------------------------------------------------------------------- two nodes and a slow line


class Line:
    """Two honest nodes whose messages are on their way for a while, in order."""

    def __init__(self, measure: Measure, draw: random.Random) -> None:
        self.nodes = {home: Node(home, measure) for home in ("IR", "VN")}
        self.way = {"IR": [], "VN": []}  # on its way to
        self.draw, self.refused = draw, []

    def act(self, home: str, kinds: set[Kind] | None = None, *, again: bool = False) -> bool:
        """Let an officer of `home` do something that his stage allows, or what was said last once more."""
        node = self.nodes[home]
        allowed = [step.kind for step in steps(node.case, home=home) if kinds is None or step.kind in kinds]
        if again and node.case.acts and (last := node.case.acts[-1].kind) in allowed:
            allowed = [last]
        elif kinds is None:  # half of the time what carries the case on
            ahead = [
                step.kind for step in steps(node.case, home=home) if step.own[node.case.stage] is not node.case.stage
            ]
            calm = [kind for kind in ahead if kind is not Kind.WITHDRAWN or self.draw.random() < 0.2]
            allowed = calm if calm and self.draw.random() < 0.5 else allowed
        if not allowed:
            return False
        for kind in self.draw.sample(allowed, len(allowed) if kinds else 1):
            body = {"rest": "More."} if kind in GIVEN and self.draw.random() < 0.5 else {}
            if kind is Kind.ACCEPTED and node.case.measure is not NOTICE:
                body = {"conditions": self.draw.choice([[], [LIMIT], ["Pay."], [LIMIT, "Pay."]])}
            made = act_of(kind, node.case, home, self.draw.choice(OFFICERS), body=body)
            if node.attempt(made):
                if made.kind in CROSSING:
                    self.way[node.case.peer(home)].append(made)
                return True
        return False

    def open(self) -> None:
        """Begin where the request has arrived."""
        walk = next(name for name in WALKS if suits(name, self.nodes["IR"].case.measure))
        for home, case in walked(walk, upto="requested", measure=self.nodes["IR"].case.measure).cases.items():
            for act in case.acts:
                assert self.nodes[home].attempt(act)

    def deliver(self, home: str) -> bool:
        """Bring the oldest message to `home`."""
        if not self.way[home]:
            return False
        made, node = self.way[home].pop(0), self.nodes[home]
        stage = node.case.stage
        if not node.attempt(arrived(made, sender=node.case.peer(home))):
            self.refused.append((home, str(stage), str(made.kind)))
        return True


class Slow:
    """Two nodes with one case; what crosses waits until it is brought."""

    def __init__(self, walk: str, upto: str, nth: int = 1) -> None:
        self.cases = walked(walk, upto=upto, nth=nth).cases
        self.way = {"IR": [], "VN": []}

    def act(self, by: str, officer: str, kind: str, body=(), **changes) -> Act:
        """Record an act at its State; if it crosses, it is on its way."""
        made = act_of(Kind(kind), self.cases[by], by, officer, body=dict(body), **changes)
        self.cases[by] = advance(self.cases[by], made, home=by)
        if made.kind in CROSSING:
            self.way[self.cases[by].peer(by)].append(made)
        return made

    def bring(self) -> tuple[str, str]:
        """Bring everything; where the case then stands."""
        for home, way in self.way.items():
            while way:
                self.cases[home] = advance(self.cases[home], way.pop(0), home=home)
        return tuple(str(case.stage) for case in self.cases.values())


CROSSINGS = [
    # what crosses on its way, from which walk and act on, and where the case then stands at both States
    ("a supplement and a refusal, then a withdrawal", LONG, "approved 2",
     "IR reza supplemented; IR reza withdrawn; VN lan consulted; VN lan refused; IR sara closed", ("closing", "closing")),
    ("an agreement and another decision", LONG, "accepted", "IR reza agreed; VN lan accepted", ("accepted", "accepted")),
    ("an acceptance and a withdrawal", LONG, "assessed 2", "VN lan accepted; IR reza withdrawn", ("withdrawn", "withdrawn")),
    ("a return and a withdrawal", LONG, "executed", "VN lan disclosed; IR reza withdrawn; IR sara closed",
     ("closing", "closing")),
    ("a deed and a withdrawal", SOME, "agreed", "VN lan performed; IR reza withdrawn", ("withdrawn", "withdrawn")),
    ("two deeds and a withdrawal", SOME, "agreed", "VN lan performed+; VN lan performed; IR reza withdrawn",
     ("withdrawn", "withdrawn")),
    ("a wish for more time and a withdrawal", MORE, "preserved", "IR reza extension-asked; IR reza withdrawn",
     ("withdrawn", "withdrawn")),
    ("an enquiry and a refusal", NO, "consulted", "IR reza enquired; VN lan refused", ("refused", "refused")),
    ("a word to a witness and another decision", STAYS, "agreed",
     "VN lan accepted; IR reza discharged; IR reza leaving-hindered; IR reza leaving-hindered; IR reza safe-conduct-ended",
     ("accepted", "accepted")),
    ("a word to a witness and a refusal of the rest", STAYS, "discharged",
     "VN lan consulted; VN lan refused; IR reza safe-conduct-ended; IR reza withdrawn; IR sara closed", ("closing", "closing")),
    ("a revocation and the end", "consent", "agreed", "VN lan consulted; VN lan refused; IR sara closed",
     ("closing", "closing")),
]  # fmt: skip


@pytest.mark.parametrize("row", CROSSINGS, ids=[row[0] for row in CROSSINGS])
def test_what_crosses_on_its_way(row):
    """Nothing is turned away, both know all that was said, and what is said later is understood."""
    _, walk, upto, lines, expected = row
    name, _, nth = upto.partition(" ")
    slow = Slow(walk, name, int(nth or 1))
    for line in lines.split("; "):
        state, officer, word = line.split()
        slow.act(state, officer, *step_of(word))
    assert slow.bring() == expected
    known = [{act.id for act in case.acts if act.kind in CROSSING} for case in slow.cases.values()]
    assert known[0] == known[1]
    for home, case in slow.cases.items():
        assert case.asked_to_extend is None
        assert replay(open_case(REQUEST[case.measure]), case.acts, home=home) == case
    given = [act for act in slow.cases["VN"].acts if act.kind in GIVEN]
    assert [act for act in slow.cases["IR"].acts if act.kind in GIVEN] == given  # a fact stays visible


def test_a_witness_who_was_told_is_known_at_both():
    """An agreed period that crossed another decision is a fact all the same: nobody loses a protection on the way."""
    slow = Slow(STAYS, "agreed", 1)
    slow.act("VN", "lan", "accepted", {"conditions": ["Another."]})
    slow.act("IR", "reza", "discharged", {"days": 30, "agreed": LIMIT})
    slow.act("IR", "reza", "safe-conduct-ended")
    slow.bring()
    assert not slow.cases["VN"].crossed  # what was agreed on before is no matter of which decision counts now
    assert conducts(slow.cases["IR"]) == conducts(slow.cases["VN"])
    assert [(one.person, one.days) for one in conducts(slow.cases["VN"])] == [(WITNESS, 30)]


@pytest.mark.parametrize(("told", "expected"), [
    ({"days": 1, "agreed": "Nobody agreed on this."}, "conduct.agreed"),
    ({"days": 10**9, "agreed": LIMIT}, "conduct.days"), ({"days": 10_000, "agreed": LIMIT}, "conduct.days"),
    ({"days": 0, "agreed": LIMIT}, "conduct.agreed"), ({"days": 3, "agreed": LIMIT}, ""),
    ({"days": 3, "agreed": "Safe for a day."}, "conduct.agreed"),
])  # fmt: skip
def test_no_word_that_crosses_sets_a_period_that_nobody_agreed_on(told, expected):
    """Nor does an agreement to what nobody decided: whoever lets his word pass another one is held to what was agreed."""
    border = walked(STAYS, upto="agreed")
    border.act("VN", "lan", Kind.PERFORMED, {"rest": ""})
    case = border.cases["VN"]
    stands_on = next(act.id for act in case.acts if act.kind is Kind.AGREED)
    alone = act_of(Kind.AGREED, case, "IR", "reza", body={"conditions": ["Safe for a day."]}, after=stands_on)
    case = advance(case, arrived(alone, sender="IR"), home="VN")
    act = act_of(Kind.DISCHARGED, case, "IR", "reza", body=told, after=alone.id)
    assert code(advance, case, arrived(act, sender="IR"), home="VN") == expected


def test_what_was_once_agreed_on_can_be_named_after_another_decision():
    """At both States: a decision that nobody agreed to takes no protection away."""
    border = walked(STAYS, upto="agreed")
    border.act("VN", "lan", Kind.ACCEPTED, {"conditions": ["Other."]})
    border.act("IR", "reza", Kind.DISCHARGED, {"days": 30, "agreed": LIMIT})
    assert [(one.days, one.agreed) for case in border.cases.values() for one in conducts(case)] == [(30, LIMIT)] * 2


def test_who_has_closed_tells_nobody_any_more():
    """Not by a word either that passes the other State's closing."""
    border = walked(STAYS, upto="safe-conduct-ended")
    closed = border.act("IR", "sara", Kind.CLOSED)
    border.act("VN", "lan", Kind.CLOSED)
    case = border.cases["VN"]
    late = act_of(Kind.DISCHARGED, case, "IR", "reza", body={"told_at": moment_text(AT)}, after=closed.id, at=AT)
    assert code(advance, case, arrived(late, sender="IR"), home="VN") == "case.stage"


def test_telling_her_again_does_not_let_a_hindered_witness_go():
    """What hinders her goes on, and is said to be over by its own beginning."""
    border = walked(STAYS, upto="leaving-hindered")
    begun = under_conduct(border.cases["IR"])[0].hindrance
    border.act("IR", "reza", Kind.DISCHARGED, {"told_at": moment_text(AT - timedelta(minutes=2))})
    assert [one.hindrance for case in border.cases.values() for one in under_conduct(case)] == [begun, begun]
    border.act("IR", "reza", Kind.LEAVING_HINDERED)
    assert [one.hindrance for case in border.cases.values() for one in under_conduct(case)] == [None, None]


def test_a_late_act_opens_nothing():
    """An acceptance that crossed a withdrawal is no decision; and what contradicts its own author is refused all the same."""
    slow = Slow(LONG, "assessed", 2)
    slow.act("VN", "lan", "accepted")
    slow.act("IR", "reza", "withdrawn")
    slow.bring()
    case = slow.cases["IR"]
    assert (len(case.crossed), case.consents, case.last(Kind.ACCEPTED)) == (1, False, None)
    slow = Slow(LONG, "executed")
    before = slow.cases["IR"].head
    slow.act("IR", "reza", "withdrawn")
    for body, expected in (({"conditions": []}, "case.differs"), ({}, "")):
        late = act_of(Kind.DISCLOSED, slow.cases["VN"], "VN", "lan", body=body, after=before)
        assert code(advance, slow.cases["IR"], late, home="IR") == expected


def test_a_return_that_cannot_be_verified_locks_nothing():
    """The case is withdrawn, and closed."""
    border = walked(LONG, upto="executed")
    border.act("VN", "lan", Kind.DISCLOSED, {"rest": "More."})
    border.act("VN", "lan", Kind.EXECUTED)
    second = border.act("VN", "lan", Kind.DISCLOSED)
    border.act("IR", "sara", Kind.VERIFIED, {name: second.body[name] for name in ("container", "manifest")})
    case = border.cases["IR"]
    assert code(advance, case, act_of(Kind.CLOSED, case, "IR", "sara"), home="IR") == "case.unverified"
    border.act("IR", "reza", Kind.WITHDRAWN)
    border.act("IR", "sara", Kind.CLOSED)
    assert border.stages() == ("closing", "closing")


@pytest.mark.parametrize("measure", EACH)
def test_two_honest_nodes_end_together(measure):
    """However long messages take, honest nodes turn nothing away, never get stuck, and can be brought to the same end.

    Both come to know all that was said and given; what came too late for it, on either side, changes nothing.
    """
    crossed = Counter()
    for seed in range(200):
        draw = random.Random(f"line {measure} {seed}")
        line = Line(measure, draw)
        if seed % 2:
            line.open()
        for _ in range(60):
            home = draw.choice(["IR", "VN"])
            if draw.random() < 0.3:
                line.deliver(home)
            else:  # sometimes several in a row
                line.act(home, again=draw.random() < 0.3)
        for _ in range(200):  # from here on nobody begins anything new
            while line.deliver("IR") or line.deliver("VN"):
                pass
            if not line.act("IR", {Kind.WITHDRAWN, Kind.VERIFIED, Kind.CLOSED}) and not line.act("VN", {Kind.CLOSED}):
                break
        assert line.refused == [], seed
        for node in line.nodes.values():
            crossed.update(str(act.kind) for act in node.case.acts if act.id in node.case.crossed)
        given = [{act.id for act in node.case.acts if act.kind in CROSSING} for node in line.nodes.values()]
        assert given[0] == given[1], seed
        ends = {home: node.case.stage for home, node in line.nodes.items()}
        started = any(act.kind is Kind.REQUESTED for act in line.nodes["IR"].case.acts)
        assert not started or set(ends.values()) == {Stage.CLOSED}, (seed, ends)
        for node in line.nodes.values():
            node.judge()
    assert crossed  # some did cross on their way
