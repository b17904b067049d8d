"""The law room: what the check finds, what it leaves to a person, and which books it refuses to load."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.casework.measure import Measure
from comity.casework.request import Account, DataCategory, Offence, Person, Request, Scope, Subject, Urgency
from comity.errors import BrokenLawbook, Invalid
from comity.law import completeness, grounds
from comity.law.assess import Assessment, assess
from comity.law.book import Books, default_folder, load
from comity.law.finding import Finding, Verdict
from comity.wording.findings import FINDINGS

ON = date(2026, 11, 24)
SIDES = ("requesting", "requested")
FOLDER = default_folder()
BOOKS = load(FOLDER)

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN

FRAUD = Offence(code="uncc:13", label="Computer fraud", provision="IR-CCA:13", committed_on=date(2026, 9, 2))
MAILBOX = Account("email", "ring@mail.example.vn")
LOG_IN = Account("ip", "203.0.113.7", datetime(2026, 9, 3, 8, 15, tzinfo=UTC), 40112)

PRESERVATION = Request(
    reference="IR-2026-0001",
    requesting="IR",
    requested="VN",
    measure=Measure.PRESERVATION,
    offence=FRAUD,
    authority="24/7 contact point",
    facts="A phishing ring emptied accounts of bank customers.",
    assistance="The mailbox and its access log.",
    link="The ring received the stolen passwords in this mailbox.",
    categories=(DataCategory.TRAFFIC, DataCategory.CONTENT),
    accounts=(MAILBOX, LOG_IN),
    custodian="Example Mail, Ha Noi",
    purpose="The provider deletes the log after 90 days.",
    intends_request=True,
    confidential=True,
)
STORED = replace(
    PRESERVATION,
    reference="IR-2026-0002",
    measure=Measure.STORED_DATA,
    conducting=Person("R. Example", "investigating judge"),
    subject="Investigation of computer fraud",
    period_from=date(2026, 8, 1),
    period_to=date(2026, 9, 30),
    purpose="Evidence at trial.",
    follows="IR-2026-0001",
)
COMPLETE = {Measure.PRESERVATION: PRESERVATION, Measure.STORED_DATA: STORED}

Edit = tuple[str, str, str]  # file, old text, new text


@cache
def edited(*edits: Edit) -> Books:
    """The shipped books with some text replaced, as a jurist would edit them."""
    with TemporaryDirectory() as home:
        return load(edited_folder(Path(home), *edits))


def edited_folder(home: Path, *edits: Edit) -> Path:
    """A copy of the shipped books in `home`, edited."""
    folder = home / "lawbooks"
    shutil.copytree(FOLDER, folder)
    for file, old, new in edits:
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text, (file, old)
        path.write_text(text.replace(old, new), "utf-8")
    return folder


def verified(state: str) -> tuple[Edit, ...]:
    """Edits that turn every line of a State's book to verified, as if a jurist had compared it."""
    text = (FOLDER / "states" / f"{state}.toml").read_text("utf-8")
    undated = re.findall(r'id = "([^"]+)"\n(?:article = .*\n)?verified = false\nsource', text)
    file = f"states/{state}.toml"
    dated = [
        (file, f'id = "{name}"\nverified = false\n', f'id = "{name}"\nverified = false\nfrom = 2000-01-01\n')
        for name in undated
    ]
    return (*dated, (file, "verified = false\n", "verified = true\n"))


def found(request: Request, books: Books = BOOKS, side: str = "requesting", on: date = ON) -> dict[str, Finding]:
    """The findings by code."""
    return {item.code: item for item in assess(request, books, on=on, side=side).findings}


def failures(request: Request, books: Books = BOOKS, side: str = "requesting", on: date = ON) -> list[str]:
    """The codes that failed."""
    return [item.code for item in assess(request, books, on=on, side=side).failed]


# ── Complete requests, and the same with one defect ─────────────────────────────────────────────────────────────────

BOTH = (Measure.PRESERVATION, Measure.STORED_DATA)
KEEP, DATA = (Measure.PRESERVATION,), (Measure.STORED_DATA,)

ONE_DEFECT: list[tuple[str, tuple[Measure, ...], dict[str, Any], str, tuple[str, ...]]] = [
    ("no authority", BOTH, {"authority": " "}, "content.missing", ("authority",)),
    ("no facts", BOTH, {"facts": ""}, "content.missing", ("facts",)),
    ("no help named", BOTH, {"assistance": ""}, "content.missing", ("assistance",)),
    ("no kind of data", BOTH, {"categories": ()}, "content.missing", ("categories",)),
    ("no purpose", BOTH, {"purpose": ""}, "content.missing", ("purpose",)),
    ("no link", KEEP, {"link": ""}, "content.missing", ("link",)),
    ("no place", KEEP, {"accounts": (), "custodian": ""}, "content.missing", ("custodian", "accounts")),
    ("no offence", KEEP, {"scope": Scope.SERIOUS, "offence": Offence(max_penalty_months=60)},
     "content.missing", ("offence.code", "offence.label")),
    ("nothing will follow", KEEP, {"intends_request": False}, "content.missing", ("intends_request",)),
    ("no subject", DATA, {"subject": ""}, "content.missing", ("subject",)),
    ("no officer", DATA, {"conducting": Person("", "judge")}, "content.missing", ("conducting.name",)),
    ("no function", DATA, {"conducting": Person("R.", "")}, "content.missing", ("conducting.function",)),
    ("no period", DATA, {"period_from": None, "period_to": None}, "content.missing", ("period_from", "period_to")),
    ("period without end", DATA, {"period_to": None}, "content.missing", ("period_to",)),
    ("period of a day to come", DATA, {"period_to": date(2027, 1, 1)}, "dates.period-future", ("period_to",)),
    ("crime of a day to come", BOTH, {"offence": replace(FRAUD, committed_on=date(2027, 1, 1))},
     "dates.offence-future", ("offence.committed_on",)),
    ("IP address without port", BOTH, {"accounts": (replace(LOG_IN, port=None),)},
     "identifiers.incomplete", ("accounts.port",)),
    ("IP address without time", BOTH, {"accounts": (replace(LOG_IN, at=None),)},
     "identifiers.incomplete", ("accounts.at",)),
    ("IP address that is none", BOTH, {"accounts": (replace(LOG_IN, value="203.0.113.700"),)},
     "identifiers.malformed", ("accounts.value",)),
    ("e-mail address that is none", BOTH, {"accounts": (Account("email", "ring"),)},
     "identifiers.malformed", ("accounts.value",)),
    ("empty identifier", BOTH, {"accounts": (Account("account", " "),)}, "identifiers.empty", ("accounts.value",)),
    ("no language", BOTH, {"language": ""}, "language.unstated", ("language",)),
    ("urgent without reason", BOTH, {"urgency": Urgency.URGENT}, "urgency.no-reason", ("urgency_reason",)),
    ("emergency without reason", BOTH, {"urgency": Urgency.EMERGENCY}, "urgency.no-reason", ("urgency_reason",)),
    ("deadline without reason", BOTH, {"deadline": date(2026, 12, 24)}, "deadline.no-reason", ("deadline_reason",)),
    ("deadline that is past", BOTH, {"deadline": date(2026, 11, 23), "deadline_reason": "x"},
     "deadline.past", ("deadline",)),
    ("not an exercise, and not in force", BOTH, {"exercise": False}, "basis.not-in-force", ("basis", "exercise")),
    ("scope A without a Convention offence", BOTH, {"offence": replace(FRAUD, code="")},
     "scope.no-offence", ("offence.code", "scope")),
    ("scope B without a Convention offence", BOTH, {"scope": Scope.EVIDENCE, "offence": replace(FRAUD, code="")},
     "scope.no-offence", ("offence.code", "scope")),
    ("scope C and three years", BOTH,
     {"scope": Scope.SERIOUS, "offence": Offence(label="Libel", provision="x", max_penalty_months=36)},
     "scope.not-serious", ("scope", "offence.max_penalty_months")),
    ("scope C and one month short", BOTH,
     {"scope": Scope.SERIOUS, "offence": Offence(label="Theft", max_penalty_months=47)},
     "scope.not-serious", ("scope", "offence.max_penalty_months")),
    ("somebody else's number", DATA, {"follows": "QA-2026-0001"}, "link.malformed", ("follows",)),
    ("its own number", DATA, {"follows": "IR-2026-0002"}, "link.malformed", ("follows",)),
    ("an article that Qatar reserved", BOTH, {"requested": "QA", "offence": replace(FRAUD, code="uncc:15")},
     "reservation.excludes", ("basis", "scope", "offence.code")),
]  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("measure", BOTH)
def test_complete(measure: Measure, side: str) -> None:
    """A complete request has no failed finding, before sending and on receipt."""
    assert failures(COMPLETE[measure], side=side) == []


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("measure", "changes", "code", "fields"),
    [pytest.param(m, *rest, id=f"{title}, {m}") for title, measures, *rest in ONE_DEFECT for m in measures],
)
def test_one_defect(measure: Measure, changes: dict[str, Any], code: str, fields: tuple[str, ...], side: str) -> None:
    """One defect gives exactly one failed finding, which names the fields to mend and what to do."""
    assessment = assess(replace(COMPLETE[measure], **changes), BOOKS, on=ON, side=side)
    assert [item.code for item in assessment.failed] == [code]
    assert assessment.failed[0].fields == fields
    assert assessment.failed[0].remedy in FINDINGS


# ── What is not a defect, and what is a question ────────────────────────────────────────────────────────────────────

FIVE_YEARS = Offence(label="Robbery", provision="Penal code 1", max_penalty_months=60)
NOT_A_DEFECT: list[tuple[str, Request, str, Verdict]] = [
    ("exercise", STORED, "basis.exercise", PASSED),
    ("exercise says so", STORED, "exercise.declared", PASSED),
    ("exercise and emergency", replace(STORED, urgency=Urgency.EMERGENCY, urgency_reason="x"),
     "exercise.emergency", UNKNOWN),
    ("emergency is for a person", replace(STORED, urgency=Urgency.EMERGENCY, urgency_reason="x"),
     "urgency.emergency-claimed", UNKNOWN),
    ("urgent with reason", replace(STORED, urgency=Urgency.URGENT, urgency_reason="x"), "urgency.reasoned", PASSED),
    ("deadline today, with reason", replace(STORED, deadline=ON, deadline_reason="x"), "deadline.reasoned", PASSED),
    ("no secrecy asked for", replace(STORED, confidential=False), "confidentiality.question", UNKNOWN),
    ("secrecy asked for", STORED, "confidentiality.asked", PASSED),
    ("subscriber data need no period",
     replace(STORED, categories=(DataCategory.SUBSCRIBER,), period_from=None, period_to=None),
     "content.question", UNKNOWN),
    ("no account and no person", replace(STORED, accounts=(), custodian=""), "content.question", UNKNOWN),
    ("custodian is enough", replace(PRESERVATION, accounts=()), "content.present", PASSED),
    ("a kind of identifier nobody knows", replace(STORED, accounts=(Account("imei", "1"),)),
     "identifiers.unknown-kind", UNKNOWN),
    ("IP address with port and time", replace(STORED, accounts=(LOG_IN,)), "identifiers.complete", PASSED),
    ("IPv6", replace(STORED, accounts=(replace(LOG_IN, value="2001:db8::1"),)), "identifiers.complete", PASSED),
    ("no earlier request", replace(STORED, follows=""), "link.none", UNKNOWN),
    ("earlier request named", STORED, "link.named", PASSED),
    ("Convention offence", STORED, "scope.convention-offence", PASSED),
    ("serious as stated", replace(STORED, scope=Scope.SERIOUS, offence=FIVE_YEARS), "scope.serious-as-stated", PASSED),
    ("exactly four years", replace(STORED, scope=Scope.SERIOUS, offence=replace(FIVE_YEARS, max_penalty_months=48)),
     "scope.serious-as-stated", PASSED),
    ("penalty not stated", replace(STORED, scope=Scope.SERIOUS, offence=Offence(label="x")),
     "scope.penalty-unstated", UNKNOWN),
    ("penalty only in an unverified book", replace(STORED, scope=Scope.SERIOUS, offence=FRAUD),
     "scope.serious-unverified", UNKNOWN),
    ("penalty differs from an unverified book",
     replace(STORED, scope=Scope.SERIOUS, offence=replace(FRAUD, max_penalty_months=84)),
     "scope.penalty-differs-unverified", UNKNOWN),
    ("preservation needs no dual criminality", PRESERVATION, "dual-criminality.not-required", PASSED),
    ("dual criminality, unverified book", STORED, "dual-criminality.unverified", UNKNOWN),
    ("dual criminality, silent book", replace(STORED, offence=replace(FRAUD, code="uncc:12")),
     "dual-criminality.silent", UNKNOWN),
    ("dual criminality, no offence named", replace(STORED, scope=Scope.SERIOUS, offence=FIVE_YEARS),
     "dual-criminality.no-offence", UNKNOWN),
    ("language, unverified book", STORED, "language.unverified", UNKNOWN),
    ("language of the book, unverified", replace(STORED, language="vi-VN"), "language.unverified", UNKNOWN),
    ("authorisation, unverified book", STORED, "authorisation.unverified", UNKNOWN),
    ("personal data, unverified book", STORED, "data-protection.unverified", UNKNOWN),
    ("another treaty is listed", STORED, "other-treaty.listed", UNKNOWN),
    ("no other treaty is listed", replace(STORED, requested="QA"), "other-treaty.none-listed", UNKNOWN),
    ("rights not answered", STORED, "rights.unanswered", UNKNOWN),
    ("rights answered are still a question", replace(STORED, rights="Necessary, because …"),
     "rights.answered-by-drafter", UNKNOWN),
    ("discrimination not answered", STORED, "non-discrimination.unanswered", UNKNOWN),
    ("discrimination answered is still a question", replace(STORED, rights="No, because …"),
     "non-discrimination.answered-by-drafter", UNKNOWN),
    ("reciprocity, exercise", replace(STORED, basis="reciprocity"), "basis.exercise", PASSED),
    ("reciprocity, real", replace(STORED, basis="reciprocity", exercise=False), "basis.no-treaty", UNKNOWN),
    ("reciprocity requires no contents", replace(STORED, basis="reciprocity", facts=""), "content.question", UNKNOWN),
    ("reciprocity knows no scope", replace(STORED, basis="reciprocity"), "scope.not-governed", UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "code", "verdict"), [pytest.param(*r, id=t) for t, *r in NOT_A_DEFECT])
def test_not_a_defect(request_: Request, code: str, verdict: Verdict) -> None:
    """What is in order passes, what a book does not settle is a question, and neither is a failure."""
    assert found(request_)[code].verdict is verdict
    assert failures(request_) == []


def test_on_receipt() -> None:
    """The deciding officer gets the questions and the grounds, whatever the drafter answered."""
    codes = found(replace(STORED, rights="No risk."), side="requested")
    for code in ("rights.for-decision", "non-discrimination.for-decision", "grounds.for-decision"):
        assert codes[code].verdict is UNKNOWN
    keep = found(PRESERVATION, side="requested")["grounds.closed-list"]
    assert dict(keep.params)["grounds"] == "essential-interests, own-law-bars, discrimination"
    assert "dual-criminality" in dict(keep.params)["forbidden"].split(", ")


# ── Books that a jurist has verified ────────────────────────────────────────────────────────────────────────────────

VN, IR = verified("VN"), verified("IR")
PLAIN_FRAUD = (
    *VN,
    ("states/VN.toml", '"dishonest-gain", "data-manipulation", "deception"]',
     '"dishonest-gain", "data-manipulation", "system-interference", "deception"]'),
)  # fmt: skip
VERIFIED: list[tuple[str, tuple[Edit, ...], Request, str, Verdict]] = [
    ("language accepted", VN, replace(STORED, language="vi"), "language.accepted", PASSED),
    ("language not accepted", VN, STORED, "language.not-accepted", FAILED),
    ("language, silent book",
     (("states/VN.toml", '[[language]]\ntag = "vi"\nprovision = "VN:language"\n', ""),),
     STORED, "language.silent", UNKNOWN),
    ("authorisation named, still for a person", VN, STORED, "authorisation.named", UNKNOWN),
    ("authorisation, silent book",
     (("states/VN.toml", '[[authorisation]]\nmeasure = "stored-data"\nprovision = "VN-CPC:196"\n', ""),),
     STORED, "authorisation.silent", UNKNOWN),
    ("personal data, still for a person", VN, STORED, "data-protection.question", UNKNOWN),
    ("personal data, silent book",
     (("states/VN.toml", '[[data_protection]]\nprovision = "VN-PDPL"\n', ""),),
     STORED, "data-protection.silent", UNKNOWN),
    ("all elements and ways", PLAIN_FRAUD, STORED, "dual-criminality.met", PASSED),
    ("a way is not covered", VN, STORED, "dual-criminality.narrower", UNKNOWN),
    ("the law requires more", VN, replace(STORED, offence=replace(FRAUD, code="uncc:7")),
     "dual-criminality.narrower", UNKNOWN),
    ("an element is missing",
     (*VN, ("states/VN.toml", '"property-loss", "dishonest-gain"', '"property-loss"')),
     STORED, "dual-criminality.elements-missing", FAILED),
    ("all elements, but none of the ways",
     (*VN, ("states/VN.toml", '"criminal-purpose", "tool"]', '"criminal-purpose"]')),
     replace(STORED, offence=replace(FRAUD, code="uncc:11")), "dual-criminality.elements-missing", FAILED),
    ("preservation doubt reserved",
     (("treaties/uncc.toml", 'articles = ["63"]\n', 'articles = ["63", "42(5)"]\n'),),
     replace(PRESERVATION, requested="QA"), "dual-criminality.reserved", UNKNOWN),
    ("penalty verified", IR, replace(STORED, scope=Scope.SERIOUS, offence=FRAUD), "scope.serious", PASSED),
    ("penalty verified and too low", IR,
     replace(STORED, scope=Scope.SERIOUS, offence=replace(FRAUD, provision="IR-CCA:8")),
     "scope.not-serious", FAILED),
    ("penalty differs from a verified book", IR,
     replace(STORED, scope=Scope.SERIOUS, offence=replace(FRAUD, max_penalty_months=84)),
     "scope.penalty-differs", FAILED),
    ("measure closed for the scope",
     (("treaties/uncc.toml", 'scopes = ["A", "B", "C"]', 'scopes = ["A"]'),),
     replace(STORED, scope=Scope.EVIDENCE), "scope.measure-closed", FAILED),
    ("reservation that is not sure",
     (("treaties/uncc.toml", 'article = "14-16"\nsure = "V"', 'article = "14-16"\nsure = "?"'),),
     replace(STORED, requested="QA", offence=replace(FRAUD, code="uncc:14")), "reservation.unverified", UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "request_", "code", "verdict"), [pytest.param(*r, id=t) for t, *r in VERIFIED])
def test_edited_books(edits: tuple[Edit, ...], request_: Request, code: str, verdict: Verdict) -> None:
    """Only verified lines settle a question; a silent book never does."""
    assert found(request_, edited(*edits))[code].verdict is verdict


GAPS: list[tuple[str, tuple[Edit, ...], str, str]] = [
    ("unverified, one way open", (), "uncc:13", "system-interference"),
    ("unverified, nothing open", (), "uncc:17", "-"),
    ("unverified, requires more", (), "uncc:9", "serious-harm"),
    ("verified, one way open", VN, "uncc:13", "system-interference"),
    ("verified, requires more", VN, "uncc:7", "dishonest-intent"),
    ("verified, an element missing", (*VN, ("states/VN.toml", '"property-loss", "dishonest-gain"', '"property-loss"')),
     "uncc:13", "dishonest-gain"),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "code", "missing"), [pytest.param(*r, id=t) for t, *r in GAPS])
def test_gaps(edits: tuple[Edit, ...], code: str, missing: str) -> None:
    """Dual criminality names exactly what the national law leaves open."""
    codes = found(replace(STORED, offence=replace(FRAUD, code=code)), edited(*edits))
    finding = next(item for item in codes.values() if item.rule == "dual-criminality")
    assert dict(finding.params)["missing"] == missing


def test_tomorrow_is_allowed() -> None:
    """One day is left for time zones: it may be tomorrow already where the request was written."""
    assert failures(replace(STORED, period_to=ON + timedelta(days=1))) == []
    assert failures(replace(STORED, period_to=ON + timedelta(days=2))) == ["dates.period-future"]


def test_one_verified_line_is_enough_among_unverified_ones() -> None:
    """A verified line that covers everything settles dual criminality; unverified neighbours do not unsettle it."""
    books = edited(
        ("states/VN.toml", 'id = "VN-PC:290"\narticle = "290"\nverified = false',
         'id = "VN-PC:290"\narticle = "290"\nverified = true'),
        *PLAIN_FRAUD[-1:],
    )  # fmt: skip
    finding = found(STORED, books)["dual-criminality.met"]
    assert "VN-PC:290" in finding.cites
    assert "VN-PC:174" not in finding.cites


def test_law_of_the_day() -> None:
    """The same question on two days meets the law of each day."""
    offence = replace(STORED, offence=replace(FRAUD, committed_on=None), period_from=None, period_to=None)
    assert "dual-criminality.silent" in found(offence, on=date(2017, 12, 31))
    assert "dual-criminality.unverified" in found(offence, on=date(2018, 1, 1))
    central = BOOKS.state("VN").lines(BOOKS.state("VN").authorities, date(2026, 6, 30))
    assert [line.provision for line in central] == ["VN-MLA-2007"]


# ── Who is bound, computed from deposits ────────────────────────────────────────────────────────────────────────────


def deposits(count: int, *, sure: str = "V", mine: str = "") -> tuple[Edit, ...]:
    """Edits that list `count` deposits by invented States from 1 January 2026 on, and `mine` for the two."""
    rows = "".join(
        f'[[party]]\nstate = "Z{n}"\ndeposited = {date(2026, 1, 1) + timedelta(days=n)}\n'
        f'deposit_sure = "{sure}"\nen = "x"\nfa = "x"\n\n'
        for n in range(count)
    )
    state = "\ndeposited = {}\ndeposit_sure = {}".format(*mine.split()) if mine else ""
    return (
        ("treaties/uncc.toml", 'deposited_by = 2026-04-30\ndeposit_sure = "?"\n', ""),
        ("treaties/uncc.toml", 'deposited_by = 2026-02-28\ndeposit_sure = "S"\n', ""),
        ("treaties/uncc.toml", 'deposited_by = 2026-05-31\ndeposit_sure = "?"\n', ""),
        ("treaties/uncc.toml", '[[party]]\nstate = "IR"', f'{rows}[[party]]\nstate = "IR"{state}'),
        ("treaties/uncc.toml", '[[party]]\nstate = "VN"', f'[[party]]\nstate = "VN"{state}'),
    )


REAL = replace(STORED, exercise=False)
STATUS: list[tuple[str, tuple[Edit, ...], date, str, Verdict]] = [
    ("as known: three reports", (), ON, "basis.not-in-force", FAILED),
    ("thirty-nine", deposits(37, mine='2026-01-01 "V"'), date(2030, 1, 1), "basis.not-in-force", FAILED),
    ("fortieth on 7 February, day 89", deposits(38, mine='2026-01-01 "V"'), date(2026, 5, 7),
     "basis.not-in-force", FAILED),
    ("fortieth on 7 February, day 90", deposits(38, mine='2026-01-01 "V"'), date(2026, 5, 8),
     "basis.in-force", PASSED),
    ("forty others, not these two", deposits(40), date(2030, 1, 1), "basis.not-party", FAILED),
    ("forty, not verified", deposits(40, sure="M", mine='2026-01-01 "V"'), date(2030, 1, 1),
     "basis.unverified", UNKNOWN),
    ("own deposit not verified", deposits(40, mine='2026-01-01 "?"'), date(2030, 1, 1), "basis.unverified", UNKNOWN),
    ("joined later, day 29", deposits(40, mine='2027-06-01 "V"'), date(2027, 6, 30), "basis.not-party", FAILED),
    ("joined later, day 30", deposits(40, mine='2027-06-01 "V"'), date(2027, 7, 1), "basis.in-force", PASSED),
]  # fmt: skip


@pytest.mark.parametrize(("edits", "on", "code", "verdict"), [pytest.param(*r, id=t) for t, *r in STATUS])
def test_status(edits: tuple[Edit, ...], on: date, code: str, verdict: Verdict) -> None:
    """Entry into force is the ninetieth day after the fortieth deposit, or the thirtieth after the own."""
    assert found(REAL, edited(*edits), on=on)[code].verdict is verdict


def test_exercise_where_the_basis_binds() -> None:
    """An exercise under a treaty that really binds is a question, so that nothing real hides in it."""
    books = edited(*deposits(40, mine='2026-01-01 "V"'))
    assert found(STORED, books, on=date(2027, 1, 1))["exercise.in-force"].verdict is UNKNOWN


# ── Findings as values ──────────────────────────────────────────────────────────────────────────────────────────────


def every_case() -> Iterator[tuple[Books, Assessment]]:
    """Every assessment of the tables above, with the books that it asked."""
    asked: list[tuple[Request, Books, date, str]] = [
        (STORED, BOOKS, ON, "requested"),
        (PRESERVATION, BOOKS, ON, "requested"),
    ]
    asked += [
        (replace(COMPLETE[m], **changes), BOOKS, ON, "requesting") for _, ms, changes, *_ in ONE_DEFECT for m in ms
    ]
    asked += [(request, BOOKS, ON, "requesting") for _, request, *_ in NOT_A_DEFECT]
    asked += [(request, edited(*edits), ON, "requesting") for _, edits, request, *_ in VERIFIED]
    asked += [(REAL, edited(*edits), on, "requesting") for _, edits, on, *_ in STATUS]
    asked += [(STORED, edited(*deposits(40, mine='2026-01-01 "V"')), date(2027, 1, 1), "requesting")]
    for request, books, on, side in asked:
        yield books, assess(request, books, on=on, side=side)


def test_every_code_has_a_sentence() -> None:
    """Every code that the rules can emit is reached by a case above, and has a sentence that its parameters fill."""
    reached = set()
    for _, assessment in every_case():
        for item in assessment.findings:
            reached.add(item.code)
            for code in filter(None, (item.code, item.remedy, f"rule.{item.rule}")):
                sentence = FINDINGS[code].__reduce__()[1][1][0]  # the message id, without asking Django for a language
                assert "%(" not in sentence % dict(item.params)
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (completeness, grounds))
    rules = "|".join(sorted({code.partition(".")[0] for code in reached}))
    written = set(re.findall(rf'"((?:{rules})\.[a-z-]+)"', source)) - {"offence.code"}
    assert written <= reached
    assert reached == {code for code in FINDINGS if not code.startswith(("remedy.", "rule."))}


def test_every_finding_cites_what_exists() -> None:
    """Each citation is a provision, and what passes or fails never stands on an unverified State line."""
    for books, assessment in every_case():
        for item in assessment.findings:
            lines = [books.provision(cite) for cite in item.cites]
            assert lines
            assert item.verdict is UNKNOWN or all(line.sure or line.verified for line in lines)


@pytest.mark.parametrize("side", SIDES)
def test_replay(side: str) -> None:
    """Request and assessment as stored in an act give the same findings again with the same books."""
    request = replace(STORED, urgency=Urgency.URGENT)
    stored = assess(request, BOOKS, on=ON, side=side).to_dict()
    again = assess(Request.from_dict(request.to_dict()), load(FOLDER), on=ON, side=side)
    assert again == Assessment.from_dict(stored)
    assert again.to_dict() == stored
    assert [book["id"] for book in stored["books"]] == ["uncc", "IR", "VN"]


FORGED: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("not an object", lambda raw: []),
    ("a field more", lambda raw: {**raw, "granted": True}),
    ("no findings", lambda raw: {name: raw[name] for name in raw if name != "findings"}),
    ("a day that does not exist", lambda raw: {**raw, "on": "2026-02-30"}),
    ("a day that is a number", lambda raw: {**raw, "on": 20261124}),
    ("a third side", lambda raw: {**raw, "side": "both"}),
    ("findings that are text", lambda raw: {**raw, "findings": "none"}),
    ("a book without hash", lambda raw: {**raw, "books": [{"id": "uncc"}]}),
    ("a finding that is text", lambda raw: {**raw, "findings": ["passed"]}),
    ("a fourth verdict", lambda raw: {**raw, "findings": [{**raw["findings"][0], "verdict": "granted"}]}),
    ("no citation", lambda raw: {**raw, "findings": [{**raw["findings"][0], "cites": []}]}),
    ("a number among the parameters", lambda raw: {**raw, "findings": [{**raw["findings"][0], "params": {"n": 1}}]}),
    ("a field of a finding less", lambda raw: {**raw, "findings": [{"code": "basis.in-force"}]}),
    ("a finding with a list for a code", lambda raw: {**raw, "findings": [{**raw["findings"][0], "code": []}]}),
]


@pytest.mark.parametrize("forge", [pytest.param(forge, id=title) for title, forge in FORGED])
def test_forged_assessment(forge: Callable[[dict[str, Any]], Any]) -> None:
    """An assessment that `to_dict` cannot have written is Invalid."""
    raw = assess(STORED, BOOKS, on=ON, side="requesting").to_dict()
    with pytest.raises(Invalid):
        Assessment.from_dict(forge(raw))


TEXT = st.sampled_from(["", " ", "x", "متن"])
DAYS = st.none() | st.dates(date(1900, 1, 1), date(2100, 12, 31))
MOMENTS = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
CODES = st.sampled_from(["", *(f"uncc:{number}" for number in range(7, 18))])
PROVISIONS = st.sampled_from(["", "IR-CCA:13", "QA-CPL:10", "somewhere"])
OFFENCES = st.builds(
    Offence, code=CODES, label=TEXT, provision=PROVISIONS, max_penalty_months=st.none() | st.integers(0, 1200),
    committed_on=DAYS,
)  # fmt: skip
ACCOUNTS = st.builds(
    Account, kind=st.sampled_from(["email", "ip", "phone", "url", "account", "other", "x", ""]),
    value=st.sampled_from(["", " ", "a@b.c", "203.0.113.7", "::1", "+98 21 1234567", "https://a.example", "x"]),
    at=MOMENTS, port=st.none() | st.integers(1, 65535),
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request that can be meant, between States that have a book and some that have none."""
    requesting, requested = draw(st.permutations(["IR", "VN", "QA", "FR"]))[:2]
    begin, end = sorted([draw(DAYS), draw(DAYS)], key=lambda day: day or date.min)
    return draw(st.builds(
        Request, reference=st.just(f"{requesting}-2026-0007"), requesting=st.just(requesting),
        requested=st.just(requested), measure=st.sampled_from(Measure),
        basis=st.sampled_from(["uncc", "reciprocity", "budapest", ""]), exercise=st.booleans(),
        scope=st.sampled_from(Scope), offence=OFFENCES, authority=TEXT,
        conducting=st.builds(Person, name=TEXT, function=TEXT), subject=TEXT, facts=TEXT, assistance=TEXT, link=TEXT,
        categories=st.lists(st.sampled_from(DataCategory), max_size=4).map(tuple),
        accounts=st.lists(ACCOUNTS, max_size=3).map(tuple), custodian=TEXT,
        persons=st.lists(st.builds(Subject, name=TEXT), max_size=2).map(tuple),
        period_from=st.just(begin), period_to=st.just(end), purpose=TEXT, intends_request=st.booleans(),
        confidential=st.booleans(), urgency=st.sampled_from(Urgency), urgency_reason=TEXT, deadline=DAYS,
        deadline_reason=TEXT, language=st.sampled_from(["", "en", "fa", "vi-VN", "-", "ar"]),
        follows=st.sampled_from(["", "IR-2026-0001", "x", "VN-2026-0001"]), rights=TEXT,
    ))  # fmt: skip


@given(requests(), st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.sampled_from(SIDES))
def test_any_request(request_: Request, on: date, side: str) -> None:
    """Whatever is asked, on any day: Invalid or cited findings that replay; what is for a person is never passed."""
    try:
        assessment = assess(request_, BOOKS, on=on, side=side)
    except Invalid as error:
        assert error.code in {"law.basis", "law.state"}  # noqa: PT017 - both outcomes are right; this one must say which
        return
    assert Assessment.from_dict(assessment.to_dict()) == assessment
    for item in assessment.findings:
        lines = [BOOKS.provision(cite) for cite in item.cites]
        assert lines
        if item.verdict is not UNKNOWN:
            assert item.rule not in {"rights", "non-discrimination", "authorisation", "data-protection", "grounds"}
            assert all(line.sure or line.verified for line in lines)
        if item.verdict is FAILED:
            assert item.fields
            assert item.remedy


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"requested": "FR"}, "law.state", "requested"),
        ({"requesting": "FR", "reference": "FR-2026-0001"}, "law.state", "requesting"),
        ({"basis": "budapest"}, "law.basis", "basis"),
    ],
)
def test_without_a_book(changes: dict[str, Any], code: str, where: str) -> None:
    """A State or a basis without a book is Invalid, and the message names those that have one."""
    with pytest.raises(Invalid, match="Known: ") as error:
        assess(replace(STORED, **changes), BOOKS, on=ON, side="requesting")
    assert (error.value.code, error.value.where) == (code, where)


# ── The shipped books ───────────────────────────────────────────────────────────────────────────────────────────────


def provisions() -> Iterator[tuple[str, Any]]:
    """Every provision of every shipped book, with the book's id."""
    for name, book in (*BOOKS.treaties.items(), *BOOKS.states.items()):
        for versions in book.provisions.values():
            yield from ((name, version) for version in versions)


def test_both_languages() -> None:
    """Every line is there in English and in Persian letters and digits; State lines say that they must be checked."""
    for name, line in provisions():
        assert line.en.endswith((".", ")"))
        assert re.search("[آ-ی]", line.fa), line.id
        assert not re.search("[يك0-9]", line.fa), line.id
        if name in BOOKS.states:
            assert "check" in line.en, line.id
            assert "بررسی" in line.fa, line.id


def test_nothing_is_claimed() -> None:
    """No shipped State line claims to be verified, and each names its source."""
    for name, line in provisions():
        if name in BOOKS.states:
            assert not line.verified, line.id
            assert line.source, line.id


GROUNDS = [
    (Measure.PRESERVATION, "exists", "essential-interests own-law-bars discrimination"),
    (Measure.PRESERVATION, "reserved", "dual-criminality-doubt"),
    (Measure.PRESERVATION, "postpone", ""),
    (Measure.PRESERVATION, "forbidden", "fiscal bank-secrecy dual-criminality form legal-system de-minimis"),
    (Measure.STORED_DATA, "exists",
     "form essential-interests own-law-bars legal-system discrimination dual-criminality de-minimis data-protection"),
    (Measure.STORED_DATA, "reserved", ""),
    (Measure.STORED_DATA, "postpone", "ongoing-case"),
    (Measure.STORED_DATA, "forbidden", "fiscal bank-secrecy"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "stance", "expected"), GROUNDS)
def test_grounds(measure: Measure, stance: str, expected: str) -> None:
    """Preservation has the narrower, closed list; what is forbidden is never also allowed."""
    grounds_ = BOOKS.grounds("uncc", measure, ON)
    assert [ground.id for ground in grounds_ if ground.stance == stance] == expected.split()


def test_grounds_without_a_treaty() -> None:
    """Without a treaty the requested State's own law has the grounds."""
    assert [ground.id for ground in BOOKS.grounds("reciprocity", Measure.STORED_DATA, ON)] == ["own-law"]


DUTIES = [
    (
        "uncc",
        Measure.PRESERVATION,
        "requested",
        "consult reasons speed status secrecy warn-preservation-fails authorisation",
    ),
    ("uncc", Measure.STORED_DATA, "requested", "consult reasons speed status secrecy authorisation"),
    ("uncc", Measure.PRESERVATION, "requesting", "use-limit protect-data onward-transfer conditions no-longer-needed"),
    ("uncc", Measure.STORED_DATA, "requesting", "use-limit protect-data onward-transfer conditions no-longer-needed"),
    ("reciprocity", Measure.STORED_DATA, "requesting", "conditions"),
]  # fmt: skip


@pytest.mark.parametrize(("basis", "measure", "bearer", "expected"), DUTIES)
def test_duties(basis: str, measure: Measure, bearer: str, expected: str) -> None:
    """Each side's duties, as the books have them."""
    assert [duty.id for duty in BOOKS.duties(basis, measure) if duty.bearer == bearer] == expected.split()


CONTENTS = [
    ("uncc", Measure.PRESERVATION, "authority offence facts data link location purpose follow-up"),
    ("uncc", Measure.STORED_DATA, "authority subject conducting facts assistance identity period purpose"),
    ("reciprocity", Measure.PRESERVATION, "authority facts data location purpose"),
    ("reciprocity", Measure.STORED_DATA, "authority subject facts assistance identity period purpose"),
]


@pytest.mark.parametrize(("basis", "measure", "expected"), CONTENTS)
def test_contents(basis: str, measure: Measure, expected: str) -> None:
    """What each basis asks for; without a treaty nothing is required."""
    contents = BOOKS.contents(basis, measure)
    assert [content.id for content in contents] == expected.split()
    assert basis == "uncc" or not any(content.always or content.always_for for content in contents)


NATIONAL = [
    ("uncc:7", "IR-CCA:1 12", "VN-PC:289 60", "QA-CPL:3 36"),
    ("uncc:8", "IR-CCA:2 24", "", "QA-CPL:4 24"),
    ("uncc:9", "IR-CCA:8 24", "VN-PC:287 36", ""),
    ("uncc:10", "IR-CCA:9 24", "VN-PC:287 36", ""),
    ("uncc:11", "IR-CCA:25 12", "VN-PC:285 24", ""),
    ("uncc:12", "IR-CCA:6 60", "", "QA-CPL:10 36"),
    ("uncc:13", "IR-CCA:13 60, IR-FRAUD:1 None", "VN-PC:290 36, VN-PC:174 36", "QA-CPL:11 36"),
    ("uncc:14", "", "", ""),
    ("uncc:15", "", "", ""),
    ("uncc:16", "", "", ""),
    ("uncc:17", "IR-AML:2 None", "VN-PC:324 60", ""),
]


@pytest.mark.parametrize(("code", "iran", "viet_nam", "qatar"), NATIONAL)
def test_national_offences(code: str, iran: str, viet_nam: str, qatar: str) -> None:
    """Each State's provision and maximum in months for each offence; a gap is a gap."""
    assert BOOKS.offence(code).provision == code
    for state, expected in (("IR", iran), ("VN", viet_nam), ("QA", qatar)):
        lines = BOOKS.offences(state, code, ON)
        assert ", ".join(f"{line.provision} {line.max_penalty_months}" for line in lines) == expected


HOUSES = [
    ("IR", "sat sun mon tue wed", "fa", "IR-CPC:669 IR-CPC:671", "IR-ECA:58", "VN", ""),
    ("VN", "mon tue wed thu fri", "vi", "VN-CPC:107 VN-CPC:196", "VN-PDPL", "IR", "VN-MLA-2025"),
    ("QA", "sun mon tue wed thu", "ar", "QA-CPL:prosecution QA-CPL:prosecution", "QA-PDPPL", "", ""),
]


@pytest.mark.parametrize(("code", "week", "languages", "orders", "data", "partners", "authorities"), HOUSES)
def test_houses(code: str, week: str, languages: str, orders: str, data: str, partners: str, authorities: str) -> None:
    """What each State's book says of its own house on that day."""
    state = BOOKS.state(code)
    assert " ".join(state.working_week) == week
    assert " ".join(line.tag for line in state.lines(state.languages, ON)) == languages
    assert " ".join(line.provision for line in state.lines(state.authorisations, ON)) == orders
    assert " ".join(line.provision for line in state.lines(state.data_protection, ON)) == data
    assert " ".join(line.partner for line in state.lines(state.treaties, ON)) == partners
    assert " ".join(line.provision for line in state.lines(state.authorities, ON)) == authorities


def test_questions_to_the_books() -> None:
    """The books answer by name, and say Invalid for names that they do not have."""
    assert BOOKS.clock("uncc", "preservation").days == 60
    assert BOOKS.provision("IR-CCA:13").article == "13"
    asked: list[tuple[str, Callable[[], object]]] = [
        ("law.clock", lambda: BOOKS.clock("reciprocity", "preservation")),
        ("law.offence", lambda: BOOKS.offence("uncc:99")),
        ("law.provision", lambda: BOOKS.provision("uncc:99")),
        ("law.provision", lambda: BOOKS.provision("VN-MLA-2007", ON)),
        ("law.rule", lambda: BOOKS.cites("uncc", Measure.PRESERVATION, "link")),
        ("law.state", lambda: BOOKS.offences("FR", "uncc:7", ON)),
        ("law.basis", lambda: BOOKS.status("budapest", "IR", "VN", ON)),
    ]
    for code, ask in asked:
        with pytest.raises(Invalid) as error:
            ask()
        assert error.value.code == code


# ── Books that are refused ──────────────────────────────────────────────────────────────────────────────────────────

LAW, HOME = "treaties/uncc.toml", "states/IR.toml"
REFUSED: list[tuple[str, Edit, str, str, str]] = [
    ("not TOML", (HOME, "[book]", "[book"), "lawbook.syntax", HOME, "Mend that line"),
    ("date that does not exist", (HOME, "2009-05-26", "2009-02-30"), "lawbook.syntax", HOME, "a date must exist"),
    ("date in quotes", (HOME, "from = 2015-06-22", 'from = "2015-06-22"'), "lawbook.type", "field from",
     "without quotes"),
    ("date with a time", (HOME, "from = 2015-06-22", "from = 2015-06-22T00:00:00Z"), "lawbook.date", "from",
     "only the date"),
    ("end before beginning", ("states/VN.toml", "to = 2026-06-30", "to = 2006-06-30"), "lawbook.date", "field to",
     "Correct one"),
    ("unknown field", (HOME, 'article = "669"', 'article = "669"\nnote = "x"'), "lawbook.field-unknown", "field note",
     "Known here"),
    ("unknown table", (HOME, "[[language]]", "[[tongue]]"), "lawbook.field-unknown", "tongue", "Known here"),
    ("missing field", (HOME, 'en = "Code of Criminal Procedure, Article 671', 'ex = "'), "lawbook.field-missing",
     "IR-CPC:671", 'Write en = "…"'),
    ("empty text", (HOME, 'tag = "fa"', 'tag = " "'), "lawbook.value", "[[language]] 1", "empty"),
    ("missing table", (HOME, '[state]\nzone = "Asia/Tehran"', '[stat]\nzone = "Asia/Tehran"'), "lawbook.field-unknown",
     "stat", "Known here"),
    ("two versions on one day", (HOME, 'id = "IR-CCA:2"', 'id = "IR-CCA:1"'), "lawbook.overlap", "IR-CCA:1",
     "End the older"),
    ("foreign id", (HOME, 'id = "IR-CCA:2"', 'id = "VN-CCA:2"'), "lawbook.value", "field id", "begins with IR:"),
    ("cite that does not exist", (HOME, 'provision = "IR-CPC:671"', 'provision = "IR-CPC:672"'), "lawbook.cite",
     "field provision", "Add a [[provision]]"),
    ("cite in a list", (LAW, 'cites = ["uncc:40(13)"]', 'cites = ["uncc:40(99)"]'), "lawbook.cite", "field cites",
     "Add a [[provision]]"),
    ("rule that cites nothing", (LAW, 'cites = ["uncc:40(13)"]', "cites = []"), "lawbook.cite", "cites",
     "at least one"),
    ("rule left out", (LAW, 'rule = "language"\nmeasures = ["preservation", "stored-data"]',
                       'rule = "language"\nmeasures = ["preservation"]'),
     "lawbook.uncited", "stored-data", "Add a [[rule]]"),
    ("rule twice", (LAW, 'rule = "rights"', 'rule = "language"'), "lawbook.duplicate", "[[rule]]", "Remove one"),
    ("penalty without unit", (HOME, 'max_penalty = "1 year"', "max_penalty = 1"), "lawbook.unit", "max_penalty",
     '"5 years"'),
    ("penalty in days", (HOME, 'max_penalty = "1 year"', 'max_penalty = "91 days"'), "lawbook.unit", "max_penalty",
     "18 months"),
    ("element that the treaty does not have", (HOME, '"without-right", "access"]', '"without-right", "entry"]'),
     "lawbook.value", "field elements", "Known"),
    ("offence that the treaty does not have", (HOME, 'code = "uncc:12"', 'code = "uncc:99"'), "lawbook.value",
     "field code",
     "uncc:12"),
    ("offence without elements", (HOME, 'code = "uncc:12"', 'code = "uncc:14"'), "lawbook.cite", "field code",
     "Enter them there first"),
    ("field that requests do not have", (LAW, 'fields = ["purpose"]', 'fields = ["aim"]'), "lawbook.value",
     "field fields",
     "purpose"),
    ("mark that does not exist", (LAW, 'article = "40(13)"\nsure = "S"', 'article = "40(13)"\nsure = "A"'),
     "lawbook.value",
     "field sure", "M, S, V"),
    ("verified without beginning", (HOME, 'id = "IR:language"\nverified = false',
     'id = "IR:language"\nverified = true'),
     "lawbook.field-missing", "field from", "Add `from`"),
    ("verified in quotes", (HOME, 'id = "IR:language"\nverified = false', 'id = "IR:language"\nverified = "no"'),
     "lawbook.type", "field verified", "verified = true or"),
    ("two days of deposit", (LAW, "deposited_by = 2026-02-28", "deposited_by = 2026-02-28\ndeposited = 2026-02-01"),
     "lawbook.value", "deposited_by", "not both"),
    ("State twice", (LAW, 'state = "AZ"', 'state = "IR"'), "lawbook.duplicate", "[[party]] 4", "Remove one"),
    ("no day of knowledge", (LAW, "known_on = 2026-11-24\n", ""), "lawbook.field-missing", "[entry]", "known_on = "),
    ("number that is none", (LAW, "needed = 40", "needed = 0"), "lawbook.value", "field needed", "1 or more"),
    ("truth for a number", (LAW, "days = 60", "days = true"), "lawbook.type", "field days", "without quotes"),
    ("measure twice", (LAW, '[[measure]]\nid = "stored-data"', '[[measure]]\nid = "preservation"'), "lawbook.duplicate",
     "[[measure]] 2", "Remove one"),
    ("ground for no measure", (LAW, 'stance = "postpone"\nmeasures = ["stored-data"]',
     'stance = "postpone"\nmeasures = []'),
     "lawbook.value", "field measures", "Name the measures"),
    ("content without a field", (LAW, 'fields = ["link"]', "fields = []"), "lawbook.value", "field fields",
     "at least one"),
    ("named twice in a list", (LAW, 'articles = ["63"]', 'articles = ["63", "63"]'), "lawbook.duplicate", "articles",
     "Remove one"),
    ("a number in a list of texts", (LAW, 'articles = ["63"]', "articles = [63]"), "lawbook.type", "articles",
     "not text"),
    ("offence of another book", (LAW, 'code = "uncc:17"', 'code = "bc:17"'), "lawbook.value", "code", "named uncc:"),
    ("row that is a table", (HOME, "[[language]]", "[language]"), "lawbook.type", "language", "[[language]]"),
    ("zone that is none", (HOME, '"Asia/Tehran"', '"Tehran time"'), "lawbook.value", "field zone", "Asia/Tehran"),
    ("language that is none", (HOME, 'tag = "fa"', 'tag = "Persian"'), "lawbook.value", "field tag", 'tag = "fa"'),
    ("treaty with itself", (HOME, 'with = "VN"', 'with = "IR"'), "lawbook.value", "field with", 'with = "VN"'),
    ("book in the wrong file", ("states/QA.toml", 'id = "QA"\n', 'id = "QX"\n'), "lawbook.value", "states/QA.toml",
     "QX:"),
    ("code that is none", ("states/QA.toml", 'id = "QA"\n', 'id = "Qatar"\n'), "lawbook.value", "field id",
     "two-letter"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "code", "place", "remedy"), [pytest.param(*r, id=t) for t, *r in REFUSED])
def test_refused_book(edit: Edit, code: str, place: str, remedy: str, tmp_path: Path) -> None:
    """A broken book is refused with its file, its place and what to write instead."""
    folder = edited_folder(tmp_path, edit)
    with pytest.raises(BrokenLawbook) as error:
        load(folder)
    assert error.value.code == code
    assert edit[0] in error.value.where
    assert place in error.value.where
    assert remedy in error.value.message


def test_refused_book_names_the_line(tmp_path: Path) -> None:
    """The line in the message is the line in the file."""
    folder = edited_folder(tmp_path, (HOME, 'max_penalty = "1 year"', "max_penalty = 1"))
    with pytest.raises(BrokenLawbook) as error:
        load(folder)
    line = int(re.search(r"line (\d+)", error.value.where)[1])
    assert (folder / HOME).read_text("utf-8").splitlines()[line - 1] == "max_penalty = 1"


def test_no_books(tmp_path: Path) -> None:
    """An empty folder, a file that is not UTF-8 and one that cannot be read are refused."""
    with pytest.raises(BrokenLawbook, match="no treaties"):
        load(tmp_path)
    folder = edited_folder(tmp_path)
    (folder / "states" / "XX.toml").write_bytes(b"\xff")
    with pytest.raises(BrokenLawbook, match="not UTF-8"):
        load(folder)
    (folder / "states" / "XX.toml").unlink()
    (folder / "states" / "XX.toml").mkdir()
    with pytest.raises(BrokenLawbook, match="cannot be read"):
        load(folder)
