"""The law room: what the check finds, what it leaves to a person, and that it says the same again."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lawroom import (
    ASKED,
    ASKING,
    BOOKS,
    FOLDER,
    FRAUD,
    LOG_IN,
    ON,
    WHOLE,
    between,
    bilateral,
    bound,
    complete,
    state,
    suppose,
)

from comity.casework.measure import Measure
from comity.casework.request import (
    ROLES,
    Account,
    Asset,
    DataCategory,
    Offence,
    Order,
    Person,
    Request,
    Scope,
    Subject,
    Urgency,
)
from comity.errors import Invalid
from comity.law import assess as assessing
from comity.law import basis, completeness, grounds, instrument
from comity.law.assess import Assessment, assess
from comity.law.book import Books, load
from comity.law.finding import Finding, Verdict
from comity.wording.findings import FINDINGS

SIDES = ("requesting", "requested")
PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
LAND = between()
"""The shipped treaties, and two invented States all of whose lines are verified."""
LOOSE = between(state("XA", verified=False, **ASKING), state("XB", verified=False, **ASKED))
"""The same, but no line of the two States is verified."""
SILENT = between(state("XA"), state("XB"))
"""The same, but the two States' books say nothing except which days they work."""

STORED, KEEP = complete(Measure.STORED_DATA), complete(Measure.PRESERVATION, follows="")
SURRENDER, LISTEN = complete(Measure.EXTRADITION), complete(Measure.INTERCEPTION)
ARREST = complete(Measure.PROVISIONAL_ARREST, "budapest")
APPEAR, MOVE = complete(Measure.APPEARANCE), complete(Measure.PRISONER_TRANSFER)
FREEZE, BUDAPEST = complete(Measure.FREEZING), complete(Measure.EXTRADITION, "budapest")
EVERY = [(basis_, measure) for basis_, treaty in BOOKS.treaties.items() for measure in treaty.measures]


def found(request: Request, books: Books = LAND, side: str = "requesting", on: date = ON) -> dict[str, Finding]:
    """The findings by code; of several with one code the last."""
    return {item.code: item for item in assess(request, books, on=on, side=side).findings}


def failures(request: Request, books: Books = LAND, side: str = "requesting", on: date = ON) -> list[str]:
    """The codes that failed."""
    return [item.code for item in assess(request, books, on=on, side=side).failed]


# ── Complete requests, and the same with one defect ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("basis_", "measure"), EVERY)
def test_complete(basis_: str, measure: Measure, side: str) -> None:
    """A complete request has no failed finding, before sending and on receipt, for every measure of every basis."""
    scopes = BOOKS.measure(basis_, measure).scopes
    scope = scopes[-1] if scopes else Scope.OFFENCE  # the widest: a protocol has no offences of its own
    offence = FRAUD if scope is not Scope.SERIOUS else replace(FRAUD, code="uncc:13")
    assert failures(complete(measure, basis_, scope=scope, offence=offence), side=side) == []


@pytest.mark.parametrize(("basis_", "measure"), EVERY)
def test_each_content_is_missed(basis_: str, measure: Measure) -> None:
    """Each thing that a book asks for, left out alone: it is named, with its fields, and nothing else fails."""
    scopes = BOOKS.measure(basis_, measure).scopes
    whole = complete(measure, basis_, scope=scopes[-1] if scopes else Scope.OFFENCE)
    for content in BOOKS.contents(basis_, measure):
        lacking = emptied(whole, content.fields)
        needed = content.always or bool(set(content.always_for) & set(whole.categories))
        missed = [
            item for item in assess(lacking, LAND, on=ON, side="requesting").findings
            if item.rule == "content" and dict(item.params)["content"] == content.id and item.verdict is not PASSED
        ]  # fmt: skip
        assert [item.verdict for item in missed] == [FAILED if needed else UNKNOWN], content
        assert set(missed[0].fields) == set(content.fields)
        assert missed[0].cites == (content.provision,)


def emptied(request: Request, names: tuple[str, ...]) -> Request:
    """`request` that says nothing in the fields `names` (dotted)."""
    for name in names:
        first, _, rest = name.partition(".")
        value = getattr(request, first)
        if rest and isinstance(value, tuple):
            new = tuple(replace(item, **{rest: nothing(type(item), rest)}) for item in value)
        elif rest:
            new = replace(value, **{rest: nothing(type(value), rest)})
        else:
            new = () if isinstance(value, tuple) else nothing(Request, first)
        request = replace(request, **{first: new})
    return request


def nothing(kind: type, name: str) -> Any:
    """What an empty field of that kind holds."""
    return next(part.default for part in fields(kind) if part.name == name)


DEFECTS: list[tuple[str, Request, dict[str, Any], str, tuple[str, ...]]] = [
    ("period of a day to come", STORED, {"period_to": date(2027, 1, 1)}, "dates.period-future", ("period_to",)),
    ("period that begins on a day to come", STORED, {"period_from": date(2027, 1, 1), "period_to": None,
     "categories": (DataCategory.SUBSCRIBER,)}, "dates.period-future", ("period_from",)),
    ("crime of a day to come", KEEP, {"offence": replace(FRAUD, committed_on=date(2027, 1, 1))},
     "dates.offence-future", ("offence.committed_on",)),
    ("suspect born after the offence", STORED, {"persons": (Subject("x", "suspect", born=date(2026, 9, 2)),)},
     "dates.born-after", ("persons.born", "offence.committed_on")),
    ("convicted person born after the offence", STORED, {"persons": (Subject("x", "convicted", born=date(2026, 9, 3)),)},
     "dates.born-after", ("persons.born", "offence.committed_on")),
    ("period that lies behind", LISTEN, {"period_to": date(2026, 11, 23)}, "period-ahead.past", ("period_to",)),
    ("warrant of a day to come", SURRENDER, {"order": replace(WHOLE.order, issued_on=date(2026, 11, 25))},
     "order.future", ("order.issued_on",)),
    ("warrant older than the offence", SURRENDER, {"order": replace(WHOLE.order, issued_on=date(2026, 9, 1))},
     "order.before-offence", ("order.issued_on", "offence.committed_on")),
    ("more left to serve than was imposed", SURRENDER, {"order": replace(WHOLE.order, remaining_months=25)},
     "order.sentence", ("order.remaining_months", "order.sentence_months")),
    ("IP address without port", STORED, {"accounts": (replace(LOG_IN, port=None),)},
     "identifiers.incomplete", ("accounts.port",)),
    ("IP address without time", STORED, {"accounts": (replace(LOG_IN, at=None),)}, "identifiers.incomplete", ("accounts.at",)),
    ("IP address without either", STORED, {"accounts": (Account("ip", "::1"),)},
     "identifiers.incomplete", ("accounts.at", "accounts.port")),
    ("IP address that is none", STORED, {"accounts": (replace(LOG_IN, value="203.0.113.700"),)},
     "identifiers.malformed", ("accounts.value",)),
    ("e-mail address that is none", STORED, {"accounts": (Account("email", "ring"),)},
     "identifiers.malformed", ("accounts.value",)),
    ("telephone number that is none", STORED, {"accounts": (Account("phone", "call me"),)},
     "identifiers.malformed", ("accounts.value",)),
    ("web address that is none", STORED, {"accounts": (Account("url", "example"),)},
     "identifiers.malformed", ("accounts.value",)),
    ("empty identifier", STORED, {"accounts": (Account("account", " "),)}, "identifiers.empty", ("accounts.value",)),
    ("no language", STORED, {"language": ""}, "language.unstated", ("language",)),
    ("a language that is not accepted", STORED, {"language": "fa"}, "language.not-accepted", ("language",)),
    ("urgent without reason", STORED, {"urgency": Urgency.URGENT, "urgency_reason": ""}, "urgency.no-reason",
     ("urgency_reason",)),
    ("emergency without reason", STORED, {"urgency": Urgency.EMERGENCY, "urgency_reason": " "}, "urgency.no-reason",
     ("urgency_reason",)),
    ("deadline without reason", STORED, {"deadline": date(2026, 12, 24)}, "deadline.no-reason", ("deadline_reason",)),
    ("deadline that is past", STORED, {"deadline": date(2026, 11, 23), "deadline_reason": "x"},
     "deadline.past", ("deadline",)),
    ("not an exercise, and not in force", STORED, {"exercise": False}, "basis.not-in-force", ("basis", "exercise")),
    ("scope A without an offence of the treaty", STORED, {"offence": replace(FRAUD, code="")},
     "scope.no-offence", ("offence.code", "scope")),
    ("scope B without an offence of the treaty", STORED, {"scope": Scope.EVIDENCE, "offence": replace(FRAUD, code="")},
     "scope.no-offence", ("offence.code", "scope")),
    ("scope C and one month short", STORED,
     {"scope": Scope.SERIOUS, "offence": Offence(label="Theft", max_penalty_months=47)},
     "scope.not-serious", ("scope", "offence.max_penalty_months")),
    ("penalty other than in the verified book", STORED,
     {"scope": Scope.SERIOUS, "offence": replace(FRAUD, max_penalty_months=84)},
     "scope.penalty-differs", ("offence.max_penalty_months",)),
    ("extradition for electronic evidence", SURRENDER, {"scope": Scope.EVIDENCE}, "scope.measure-closed",
     ("scope", "measure")),
    ("somebody else's number", STORED, {"follows": "XC-2026-0001"}, "link.malformed", ("follows",)),
    ("the other State's number", STORED, {"follows": "XB-2026-0001"}, "link.malformed", ("follows",)),
    ("its own number", STORED, {"follows": "XA-2026-0002"}, "link.malformed", ("follows",)),
    ("no number at all", STORED, {"follows": "the one before"}, "link.malformed", ("follows",)),
    ("an element that the verified law lacks", STORED, {"offence": replace(FRAUD, code="uncc:9")},
     "dual-criminality.elements-missing", ("facts", "offence.code")),
    ("no way that the verified law has", STORED, {"offence": replace(FRAUD, code="uncc:11")},
     "dual-criminality.elements-missing", ("facts", "offence.code")),
    ("a penalty below the treaty's own minimum", ARREST,
     {"offence": replace(FRAUD, code="budapest:8", max_penalty_months=11)},
     "minimum-penalty.below", ("offence.max_penalty_months",)),
    ("a national of the requested State", SURRENDER, {"persons": (Subject("x", "accused", "xc, XB"),)},
     "refusal-policy.bars", ("persons.nationality",)),
    ("a penalty below the requested State's minimum", SURRENDER, {"offence": replace(FRAUD, max_penalty_months=11)},
     "refusal-policy.bars", ("offence.max_penalty_months",)),
]  # fmt: skip


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("whole", "changes", "code", "names"), [pytest.param(*rest, id=t) for t, *rest in DEFECTS])
def test_one_defect(whole: Request, changes: dict[str, Any], code: str, names: tuple[str, ...], side: str) -> None:
    """One defect gives one failed finding more, which names the fields to mend and what to do."""
    before = failures(whole, side=side)
    assessment = assess(replace(whole, **changes), LAND, on=ON, side=side)
    assert [item.code for item in assessment.failed if item.code not in before] == [code]
    defect = next(item for item in assessment.failed if item.code == code)
    assert defect.fields == names
    assert defect.remedy in FINDINGS


# ── What is in order, and what is a question ────────────────────────────────────────────────────────────────────────

ROBBERY = Offence(label="Robbery", provision="Penal code 1", max_penalty_months=60)
SAID: list[tuple[str, Books, Request, str, Verdict]] = [
    ("exercise", LAND, STORED, "basis.exercise", PASSED),
    ("exercise says so", LAND, STORED, "exercise.declared", PASSED),
    ("exercise and emergency", LAND, replace(STORED, urgency=Urgency.EMERGENCY), "exercise.emergency", UNKNOWN),
    ("emergency is for a person", LAND, replace(STORED, urgency=Urgency.EMERGENCY), "urgency.emergency-claimed", UNKNOWN),
    ("urgent with reason", LAND, replace(STORED, urgency=Urgency.URGENT), "urgency.reasoned", PASSED),
    ("deadline today, with reason", LAND, replace(STORED, deadline=ON, deadline_reason="x"), "deadline.reasoned", PASSED),
    ("no secrecy asked for", LAND, replace(STORED, confidential=False), "confidentiality.question", UNKNOWN),
    ("secrecy asked for", LAND, STORED, "confidentiality.asked", PASSED),
    ("subscriber data need no period", LAND,
     replace(STORED, categories=(DataCategory.SUBSCRIBER,), period_from=None, period_to=None), "content.question", UNKNOWN),
    ("a kind of identifier nobody knows", LAND, replace(STORED, accounts=(Account("imei", "1"),)),
     "identifiers.unknown-kind", UNKNOWN),
    ("IPv6 with port and time", LAND, replace(STORED, accounts=(replace(LOG_IN, value="2001:db8::1"),)),
     "identifiers.complete", PASSED),
    ("no earlier request", LAND, replace(STORED, follows=""), "link.none", UNKNOWN),
    ("earlier request named", LAND, STORED, "link.named", PASSED),
    ("consent may stand on one of theirs", LAND, complete(Measure.ONWARD_TRANSFER, follows="XB-2026-0001"),
     "link.named", PASSED),
    ("the evidence ends before the offence", LAND,
     replace(STORED, period_from=date(2026, 7, 1), period_to=date(2026, 9, 1)), "dates.period-before-offence", UNKNOWN),
    ("a witness may be born later", LAND, replace(STORED, persons=(Subject("x", "witness", born=date(2026, 9, 3)),)),
     "content.present", PASSED),
    ("period ahead, with reason", LAND, LISTEN, "period-ahead.reasoned", PASSED),
    ("period ahead until today", LAND, replace(LISTEN, period_to=ON), "period-ahead.reasoned", PASSED),
    ("period ahead without reason", LAND, replace(LISTEN, period_reason=" "), "period-ahead.no-reason", UNKNOWN),
    ("warrant of today", LAND, replace(SURRENDER, order=replace(WHOLE.order, issued_on=ON)), "order.dated", PASSED),
    ("warrant of the day of the offence", LAND,
     replace(SURRENDER, order=replace(WHOLE.order, issued_on=date(2026, 9, 2))), "order.dated", PASSED),
    ("the whole sentence is left", LAND, replace(SURRENDER, order=replace(WHOLE.order, remaining_months=24)),
     "order.dated", PASSED),
    ("warrant without a day", LAND, replace(SURRENDER, order=replace(WHOLE.order, issued_on=None)), "order.undated", UNKNOWN),
    ("consent stated", LAND, MOVE, "consent.stated", PASSED),
    ("consent not stated", LAND, replace(MOVE, persons=(replace(WHOLE.persons[0], consent=False),)),
     "consent.not-stated", UNKNOWN),
    ("nobody to consent", LAND, replace(MOVE, persons=()), "consent.nobody", UNKNOWN),
    ("assurances are for a person", LAND, APPEAR, "assurances.to-judge", UNKNOWN),
    ("no assurances", LAND, replace(APPEAR, assurances=" "), "assurances.none", UNKNOWN),
    ("costs foreseen", LAND, LISTEN, "costs.foreseen", UNKNOWN),
    ("costs not spoken of", LAND, replace(LISTEN, costs=""), "costs.question", UNKNOWN),
    ("offence of the treaty", LAND, STORED, "scope.convention-offence", PASSED),
    ("offence of a sister treaty", LAND, replace(STORED, offence=replace(FRAUD, code="budapest:8")),
     "scope.convention-offence", PASSED),
    ("serious as stated", LAND, replace(STORED, scope=Scope.SERIOUS, offence=ROBBERY), "scope.serious-as-stated", PASSED),
    ("exactly four years", LAND, replace(STORED, scope=Scope.SERIOUS, offence=replace(ROBBERY, max_penalty_months=48)),
     "scope.serious-as-stated", PASSED),
    ("penalty not stated", LAND, replace(STORED, scope=Scope.SERIOUS, offence=Offence(label="x")),
     "scope.penalty-unstated", UNKNOWN),
    ("penalty only in the verified book", LAND,
     replace(STORED, scope=Scope.SERIOUS, offence=replace(FRAUD, max_penalty_months=None)), "scope.serious", PASSED),
    ("the verified book has less than four years", LAND,
     replace(STORED, scope=Scope.SERIOUS, offence=Offence(provision="XA-PC:9", label="x")), "scope.not-serious", FAILED),
    ("penalty only in an unverified book", LOOSE,
     replace(STORED, scope=Scope.SERIOUS, offence=replace(FRAUD, max_penalty_months=None)),
     "scope.serious-unverified", UNKNOWN),
    ("penalty differs from an unverified book", LOOSE,
     replace(STORED, scope=Scope.SERIOUS, offence=replace(FRAUD, max_penalty_months=84)),
     "scope.penalty-differs-unverified", UNKNOWN),
    ("penalty as in an unverified book", LOOSE, replace(STORED, scope=Scope.SERIOUS), "scope.serious-as-stated", PASSED),
    ("any crime", LAND, complete(Measure.STORED_DATA, "budapest", scope=Scope.ANY, offence=Offence(label="x")),
     "scope.any-crime", PASSED),
    ("comity knows no scope", LAND, complete(Measure.STORED_DATA, "reciprocity"), "scope.not-governed", UNKNOWN),
    ("comity, real", LAND, complete(Measure.STORED_DATA, "reciprocity", exercise=False), "basis.no-treaty", UNKNOWN),
    ("preservation needs no dual criminality", LAND, KEEP, "dual-criminality.not-required", PASSED),
    ("dual criminality, all elements and ways", LAND, STORED, "dual-criminality.met", PASSED),
    ("dual criminality by a sister's name", LAND, replace(STORED, offence=replace(FRAUD, code="budapest:8")),
     "dual-criminality.met", PASSED),
    ("dual criminality, the law asks for more", LAND, replace(STORED, offence=replace(FRAUD, code="uncc:7")),
     "dual-criminality.narrower", UNKNOWN),
    ("dual criminality, a way is not covered", LAND, replace(STORED, offence=replace(FRAUD, code="uncc:17")),
     "dual-criminality.narrower", UNKNOWN),
    ("dual criminality, unverified book", LOOSE, STORED, "dual-criminality.unverified", UNKNOWN),
    ("dual criminality, silent book", SILENT, STORED, "dual-criminality.silent", UNKNOWN),
    ("dual criminality, no offence named", LAND, replace(STORED, scope=Scope.SERIOUS, offence=ROBBERY),
     "dual-criminality.no-offence", UNKNOWN),
    ("minimum penalty of the treaty", LAND, BUDAPEST, "minimum-penalty.met", PASSED),
    ("minimum penalty, exactly", LAND, replace(BUDAPEST, offence=replace(FRAUD, max_penalty_months=12)),
     "minimum-penalty.met", PASSED),
    ("minimum penalty, not stated", LAND, replace(SURRENDER, offence=replace(FRAUD, max_penalty_months=None)),
     "minimum-penalty.unstated", UNKNOWN),
    ("minimum penalty, silent book", SILENT, SURRENDER, "minimum-penalty.silent", UNKNOWN),
    ("own national, assurance may lift it", LAND, SURRENDER, "refusal-policy.question", UNKNOWN),
    ("own national, unverified book", LOOSE, replace(SURRENDER, persons=(Subject("x", "accused", "XB"),)),
     "refusal-policy.given", UNKNOWN),
    ("no treaty, and the law may refuse", LAND, replace(STORED, exercise=False), "refusal-policy.given", UNKNOWN),
    ("a book that says nothing of refusing", SILENT, STORED, "refusal-policy.silent", UNKNOWN),
    ("language accepted", LAND, replace(STORED, language="en-GB"), "language.accepted", PASSED),
    ("language, unverified book", LOOSE, STORED, "language.unverified", UNKNOWN),
    ("language, silent book", SILENT, STORED, "language.silent", UNKNOWN),
    ("authorisation named, still for a person", LAND, STORED, "authorisation.named", UNKNOWN),
    ("authorisation, unverified book", LOOSE, STORED, "authorisation.unverified", UNKNOWN),
    ("authorisation, silent book", SILENT, STORED, "authorisation.silent", UNKNOWN),
    ("personal data, still for a person", LAND, STORED, "data-protection.question", UNKNOWN),
    ("personal data, unverified book", LOOSE, STORED, "data-protection.unverified", UNKNOWN),
    ("personal data, silent book", SILENT, STORED, "data-protection.silent", UNKNOWN),
    ("data are still kept", LAND, STORED, "retention.kept", PASSED),
    ("data may be gone", LAND, replace(STORED, period_from=date(2025, 11, 23)), "retention.may-be-gone", UNKNOWN),
    ("data are kept for the last day", LAND, replace(STORED, period_from=date(2025, 11, 24)), "retention.kept", PASSED),
    ("nobody knows of which day the data are", LAND,
     replace(STORED, period_from=None, offence=replace(FRAUD, committed_on=None)), "retention.date-unknown", UNKNOWN),
    ("how long data are kept, unverified book", LOOSE, STORED, "retention.unverified", UNKNOWN),
    ("how long data are kept, no line for this kind", LAND, STORED, "retention.silent", UNKNOWN),
    ("evidence that shows a victim", LAND, replace(STORED, offence=replace(FRAUD, code="uncc:14")),
     "handling.strict", UNKNOWN),
    ("a clock of the treaty", LAND, KEEP, "clocks.least", PASSED),
    ("a clock of the treaty that is not verified", LAND, complete(Measure.PRODUCTION_ORDER, "protocol2", scope=Scope.ANY),
     "clocks.unverified", UNKNOWN),
    ("a State's own clock, at most", LAND, complete(Measure.PROVISIONAL_ARREST), "clocks.national-most", PASSED),
    ("a State's own clock, at least", LAND, KEEP, "clocks.national-least", PASSED),
    ("a State's own clock, unverified", LOOSE, KEEP, "clocks.unverified", UNKNOWN),
    ("no clock at all", LAND, STORED, "clocks.none", UNKNOWN),
    ("no other treaty is listed", LAND, STORED, "other-treaty.none-listed", UNKNOWN),
    ("another treaty is listed by the one", between(state("XA", treaty=[{"with": ["XB"], "provision": "XA:t"}])), STORED,
     "other-treaty.listed", UNKNOWN),
    ("another treaty is listed by the other",
     between(asked=state("XB", treaty=[{"with": ["XA"], "measures": ["mla"], "provision": "XB:t"}])), STORED,
     "other-treaty.listed", UNKNOWN),
    ("a treaty is listed for something else",
     between(asked=state("XB", treaty=[{"with": ["XA"], "measures": ["surrender"], "provision": "XB:t"}])), STORED,
     "other-treaty.none-listed", UNKNOWN),
    ("rights not answered", LAND, STORED, "rights.unanswered", UNKNOWN),
    ("rights answered are still a question", LAND, replace(STORED, rights="Necessary, because …"),
     "rights.answered-by-drafter", UNKNOWN),
    ("discrimination not answered", LAND, STORED, "non-discrimination.unanswered", UNKNOWN),
    ("discrimination answered is still a question", LAND, replace(STORED, rights="No, because …"),
     "non-discrimination.answered-by-drafter", UNKNOWN),
]  # fmt: skip
TREATY_ROW = {"en": "A line.", "fa": "یک سطر."}


def marked(sure: str, table: str = "reservation", articles: tuple[str, ...] = ("13",)) -> Books:
    """The books when XB has reserved, or declared something on, `articles`, in a line marked `sure`."""
    line = {"id": "uncc:XB-line", "sure": sure} | TREATY_ROW
    row = {"state": "XB", "articles": list(articles), "provision": "uncc:XB-line"}
    return suppose(book="uncc", add={table: [row], "provision": [line]})


def objected(sure: str) -> Books:
    """The books when both are bound, and XA says in an objection marked `sure` that a reservation of XB bars that."""
    lines = [{"id": f"uncc:{name}", "sure": mark} | TREATY_ROW for name, mark in (("XB-line", "V"), ("XA-line", sure))]
    rows: dict[str, list[dict[str, object]]] = {
        "party": [{"state": code, "deposited": date(2026, 1, 1), "deposit_sure": "V"} for code in ("XA", "XB")],
        "reservation": [{"state": "XB", "articles": ["14"], "provision": "uncc:XB-line"}],
        "objection": [{"state": "XA", "to": "uncc:XB-line", "precludes": True, "provision": "uncc:XA-line"}],
    }
    return suppose(book="uncc", deposits=38, deposited=date(2026, 1, 1), sure="V", add={**rows, "provision": lines})


def loosened(mark: str) -> Books:
    """The books when the last deposits are marked `mark`."""
    rows = [{"state": code, "deposited": date(2026, 1, 1), "deposit_sure": mark} for code in ("XA", "XB")]
    return suppose(book="uncc", deposits=38, deposited=date(2026, 1, 1), sure="V", add={"party": rows})


REAL = replace(STORED, exercise=False)
SERIOUS = replace(KEEP, scope=Scope.SERIOUS, offence=ROBBERY)
BOTH = bound("XA", "XB")
LATER = date(2027, 1, 1)
RESERVED: list[tuple[str, Books, Request, date, str, Verdict]] = [
    ("reservation on the offence", marked("V"), STORED, ON, "reservation.excludes-offence", FAILED),
    ("reservation on the offence, not sure", marked("M"), STORED, ON, "reservation.unverified", UNKNOWN),
    ("reservation on the measure", marked("S", articles=("44",)), STORED, ON, "reservation.excludes-measure", FAILED),
    ("reservation on the measure, not sure", marked("?", articles=("44(1)",)), STORED, ON, "reservation.unverified", UNKNOWN),
    ("declaration on the offence", marked("V", "declaration"), STORED, ON, "reservation.declaration", UNKNOWN),
    ("declaration on the measure", marked("?", "declaration", ("44",)), STORED, ON, "reservation.declaration", UNKNOWN),
    ("doubt of dual criminality reserved", marked("V", articles=("42(5)",)), SERIOUS, ON, "dual-criminality.reserved", UNKNOWN),
    ("in force", BOTH, REAL, LATER, "basis.in-force", PASSED),
    ("one of the two is no party", bound("XA"), REAL, date(2026, 12, 1), "basis.not-party", FAILED),
    ("a deposit is not sure", loosened("?"), REAL, LATER, "basis.unverified", UNKNOWN),
    ("both have left", bound("XA", "XB", denounced=date(2026, 1, 1)), REAL, LATER, "basis.left", FAILED),
    ("an objection keeps them apart", objected("V"), REAL, LATER, "basis.precluded", FAILED),
    ("an objection that is not sure may", objected("M"), REAL, LATER, "basis.objected", UNKNOWN),
    ("both leave next year", bound("XA", "XB", denounced=date(2026, 1, 2)), REAL, LATER, "basis.in-force", PASSED),
    ("an exercise where the basis binds", BOTH, STORED, LATER, "exercise.in-force", UNKNOWN),
    ("another treaty binds both", BOTH, complete(Measure.STORED_DATA, "reciprocity"), LATER, "other-treaty.in-force", UNKNOWN),
    ("another treaty may bind both", loosened("M"), complete(Measure.STORED_DATA, "reciprocity"), LATER,
     "other-treaty.unverified", UNKNOWN),
]  # fmt: skip
LEAST = suppose(book="uncc", drop=("clock preservation",), add={"clock": [{
    "id": "preservation", "measures": ["preservation"], "period": "60 days", "least": False, "bearer": "requested",
    "provision": "uncc:42(8)"}]})  # fmt: skip
SAID.append(("a clock of the treaty, at most", LEAST, KEEP, "clocks.most", PASSED))


@pytest.mark.parametrize(("books", "request_", "code", "verdict"), [pytest.param(*r, id=t) for t, *r in SAID])
def test_said(books: Books, request_: Request, code: str, verdict: Verdict) -> None:
    """What is in order passes, what a book does not settle is a question: only verified lines settle anything."""
    assert found(request_, books)[code].verdict is verdict


@pytest.mark.parametrize(("books", "request_", "on", "code", "verdict"), [pytest.param(*r, id=t) for t, *r in RESERVED])
def test_bound_or_reserved(books: Books, request_: Request, on: date, code: str, verdict: Verdict) -> None:
    """Who is bound, what is reserved, what else binds."""
    assert found(request_, books, on=on)[code].verdict is verdict


def test_policy_that_is_not_given() -> None:
    """A policy whose case the request shows not to be given is not spoken of."""
    assert "no-treaty" not in policies(REAL, BOTH, LATER)
    assert "no-treaty" in policies(REAL, LAND, ON)
    assert "below-minimum" not in policies(SURRENDER, LAND, ON)
    assert "political-offence" not in policies(SURRENDER, LAND, ON)
    assert "no-dual-criminality" not in policies(SURRENDER, LAND, ON)


def policies(request: Request, books: Books, on: date) -> set[str]:
    """The subjects of the policies that the check speaks of."""
    findings = assess(request, books, on=on, side="requested").findings
    return {dict(item.params).get("subject", "") for item in findings if item.rule == "refusal-policy"}


def test_on_receipt() -> None:
    """The deciding officer gets the questions and the grounds, whatever the drafter answered."""
    codes = found(replace(STORED, rights="No risk."), side="requested")
    for code in ("rights.for-decision", "non-discrimination.for-decision", "grounds.for-decision"):
        assert codes[code].verdict is UNKNOWN
    keep = dict(found(KEEP, side="requested")["grounds.closed-list"].params)
    assert keep["grounds"] == "essential-interests, own-law-bars, discrimination"
    assert "dual-criminality" in keep["forbidden"].split(", ")


GAPS: list[tuple[str, Books, str, str]] = [
    ("unverified, nothing open", LOOSE, "uncc:13", "-"),
    ("unverified, ways open", LOOSE, "uncc:17", "concealment, acquisition"),
    ("unverified, asks for more", LOOSE, "uncc:7", "security-measure"),
    ("verified, ways open", LAND, "uncc:17", "concealment, acquisition"),
    ("verified, asks for more", LAND, "uncc:7", "security-measure"),
    ("verified, an element missing", LAND, "uncc:9", "without-right"),
    ("verified, no way at all", LAND, "uncc:11", "tool, credential"),
]


@pytest.mark.parametrize(("books", "code", "missing"), [pytest.param(*r, id=t) for t, *r in GAPS])
def test_gaps(books: Books, code: str, missing: str) -> None:
    """Dual criminality names exactly what the national law leaves open."""
    codes = found(replace(STORED, offence=replace(FRAUD, code=code)), books)
    finding = next(item for item in codes.values() if item.rule == "dual-criminality")
    assert dict(finding.params)["missing"] == missing


def test_two_lines_together() -> None:
    """Ways may lie in several lines; a plain line takes away what another asks for in addition."""
    ways = [{"code": "uncc:17", "provision": f"XB-PC:{way}", "elements": ["intent", "knowledge-of-proceeds", way]}
            for way in ("conversion", "concealment", "acquisition")]  # fmt: skip
    plain = [{"code": "uncc:7", "provision": "XB-PC:7a", "elements": ["intent", "without-right", "access"]}]
    books = between(asked=state("XB", offence=[*ASKED["offence"], *ways[1:], *plain]))
    for code in ("uncc:17", "uncc:7"):
        assert (
            found(replace(STORED, offence=replace(FRAUD, code=code)), books)["dual-criminality.met"].verdict is PASSED
        )


def test_one_verified_line_is_enough_among_unverified_ones() -> None:
    """A verified line that covers everything settles dual criminality; unverified neighbours do not unsettle it."""
    more = [*ASKED["offence"], {"code": "uncc:13", "provision": "XB-PC:14", "elements": ["intent"]}]
    books = between(asked=state("XB", unverified=("XB-PC:14",), offence=more))
    finding = found(STORED, books)["dual-criminality.met"]
    assert "XB-PC:13" in finding.cites
    assert "XB-PC:14" not in finding.cites


def test_an_unverified_line_can_fill_a_verified_gap() -> None:
    """Where a verified line leaves a gap that an unverified one might fill, it is a question."""
    more = [{"code": "uncc:9", "provision": "XB-PC:9", "elements": ["intent", "data-harm"]},
            {"code": "uncc:9", "provision": "XB-PC:9a", "elements": ["intent", "without-right", "data-harm"]}]  # fmt: skip
    books = between(asked=state("XB", unverified=("XB-PC:9a",), offence=more))
    codes = found(replace(STORED, offence=replace(FRAUD, code="uncc:9")), books)
    assert codes["dual-criminality.unverified"].verdict is UNKNOWN


def test_tomorrow_is_allowed() -> None:
    """One day is left for time zones: it may be tomorrow already where the request was written."""
    assert failures(replace(STORED, period_to=ON + timedelta(days=1))) == []
    assert failures(replace(STORED, period_to=ON + timedelta(days=2))) == ["dates.period-future"]


def test_law_of_the_day() -> None:
    """The same question on two days meets the law of each day."""
    later = state("XB", **ASKED)
    for row in later.tables["provision"]:
        row["from"] = date(2026, 7, 1)
    books = between(asked=later)
    request = replace(STORED, offence=replace(FRAUD, committed_on=None), period_from=None, period_to=None)
    assert "dual-criminality.silent" in found(request, books, on=date(2026, 6, 30))
    assert "dual-criminality.met" in found(request, books, on=date(2026, 7, 1))


def test_options() -> None:
    """What binds comes first; another treaty before the Convention; comity last; nothing usable at the end."""
    light = complete(Measure.STORED_DATA, requesting="XA", scope=Scope.ANY, offence=Offence(label="Insult"))
    order = [item.basis for item in instrument.options(light, BOTH, LATER)]
    assert order.index("reciprocity") < order.index("uncc")
    usable = {item.basis: item.usable for item in instrument.options(light, BOTH, LATER)}
    assert usable["uncc"] is False
    assert usable["reciprocity"] is None
    assert {item.basis: item.usable for item in instrument.options(REAL, BOTH, LATER)}["uncc"] is True
    removed = {item.basis: item for item in instrument.options(REAL, marked("V"), LATER)}["uncc"]
    assert removed.removed == ("uncc:XB-line",)
    assert not removed.usable


def test_bilateral() -> None:
    """A treaty between two States is an option for these two and for nobody else."""
    books = between(None, None, bilateral("XA", "XB"))
    request = replace(REAL, basis="XAB")
    assert found(request, books)["basis.in-force"].verdict is PASSED
    assert instrument.options(request, books, ON)[0].basis == "XAB"
    other = replace(request, requested="QA")
    assert "XAB" not in {item.basis for item in instrument.options(other, books, ON)}
    assert found(other, books)["basis.not-party"].verdict is FAILED


# ── Findings as values ──────────────────────────────────────────────────────────────────────────────────────────────


def asked() -> Iterator[tuple[Request, Books, date]]:
    """Everything that the tables above ask."""
    for _, whole, changes, *_ in DEFECTS:
        yield replace(whole, **changes), LAND, ON
    for _, books, request, *_ in SAID:
        yield request, books, ON
    for _, books, request, on, *_ in RESERVED:
        yield request, books, on
    yield REAL, between(None, None, bilateral("XA", "XB")), ON


@cache
def every_case() -> tuple[tuple[Books, Assessment], ...]:
    """Every assessment of the tables above, on both sides, with the books that it asked."""
    return tuple(
        (books, assess(request, books, on=on, side=side)) for request, books, on in asked() for side in SIDES
    )  # fmt: skip


def test_every_code_has_a_sentence() -> None:
    """Every code that the rules can emit is reached by a case above, and has a sentence that its parameters fill."""
    reached = set()
    for _, assessment in every_case():
        for item in assessment.findings:
            reached.add(item.code)
            for code in filter(None, (item.code, item.remedy, f"rule.{item.rule}")):
                sentence = FINDINGS[code]
                assert "%(" not in sentence % dict(item.params), code
    source = "".join(inspect.getsource(module) for module in (basis, completeness, grounds))
    rules = "|".join(sorted({code.partition(".")[0] for code in reached}))
    written = set(re.findall(rf'"((?:{rules})\.[a-z-]+)"', source)) - {"order.extent"}
    assert written - reached == set()
    assert reached == {code for code in FINDINGS if not code.startswith(("remedy.", "rule."))}


def test_every_remedy_is_used() -> None:
    """No sentence for what to do stands there for nobody."""
    used = {item.remedy for _, assessment in every_case() for item in assessment.findings}
    assert used - {""} == {code for code in FINDINGS if code.startswith("remedy.")}


def test_every_finding_cites_what_exists() -> None:
    """Each citation is a provision, and what passes or fails never stands on an unverified State line."""
    for books, assessment in every_case():
        for item in assessment.findings:
            lines = [books.provision(cite) for cite in item.cites]
            assert lines
            assert item.verdict is UNKNOWN or all(line.sure or line.verified for line in lines), item


def test_nothing_is_granted() -> None:
    """No code of the law room speaks of permission."""
    for code in FINDINGS:
        assert not re.search(r"grant|permit|allowed|approv|admissib", code)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("basis_", "measure"), EVERY)
def test_replay(basis_: str, measure: Measure, side: str) -> None:
    """Request and assessment as stored in an act give the same findings again with the same books, read anew."""
    request = complete(measure, basis_, requesting="IR", requested="VN", reference="IR-2026-0002", scope=Scope.OFFENCE)
    stored = assess(request, BOOKS, on=ON, side=side).to_dict()
    again = assess(Request.from_dict(request.to_dict()), anew(), on=ON, side=side)
    assert again == Assessment.from_dict(stored)
    assert again.to_dict() == stored
    assert [book["id"] for book in stored["books"]] == [*BOOKS.treaties, "IR", "VN"]


@cache
def anew() -> Books:
    """The shipped books, read a second time."""
    return load(FOLDER)


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
    raw = assess(STORED, LAND, on=ON, side="requesting").to_dict()
    with pytest.raises(Invalid):
        Assessment.from_dict(forge(raw))


# ── Any request at all ──────────────────────────────────────────────────────────────────────────────────────────────

TEXT = st.sampled_from(["", " ", "x", "متن"])
DAYS = st.none() | st.dates(date(1900, 1, 1), date(2199, 12, 31)) | st.dates(date(2025, 1, 1), date(2027, 12, 31))
MOMENTS = st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
MONTHS = st.none() | st.integers(0, 1200)
CODES = st.sampled_from(["", *(code for treaty in BOOKS.treaties.values() for code in treaty.offences)])
PLACES = ["", "somewhere", *(line.provision for book in BOOKS.states.values() for line in book.offences)]
STATES = sorted(BOOKS.states)
OFFENCES = st.builds(
    Offence, code=CODES, label=TEXT, provision=st.sampled_from(PLACES), max_penalty_months=MONTHS, committed_on=DAYS
)
ACCOUNTS = st.builds(
    Account, kind=st.sampled_from(["email", "ip", "phone", "url", "account", "other", "x", ""]),
    value=st.sampled_from(["", " ", "a@b.c", "203.0.113.7", "::1", "+98 21 1234567", "https://a.example"]),
    at=MOMENTS, port=st.none() | st.integers(1, 65535),
)  # fmt: skip
PERSONS = st.builds(
    Subject, name=TEXT, role=st.sampled_from(["", *sorted(ROLES)]), nationality=st.sampled_from(["", "ir", "VN, QA", "x"]),
    born=DAYS, whereabouts=TEXT, consent=st.booleans(),
)  # fmt: skip
ORDERS = st.builds(
    Order, authority=TEXT, reference=TEXT, issued_on=DAYS, extent=TEXT, final=st.booleans(), notice=TEXT,
    copy=st.booleans(), sentence_months=MONTHS, remaining_months=MONTHS,
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Any request that can be meant, between any two States that have a book, on any basis that knows the measure."""
    requesting, requested = draw(st.permutations(STATES))[:2]
    basis_, measure = draw(st.sampled_from(EVERY))
    begin, end = sorted([draw(DAYS), draw(DAYS)], key=lambda day: day or date.min)
    return draw(st.builds(
        Request, reference=st.just(f"{requesting}-2026-0007"), requesting=st.just(requesting),
        requested=st.just(requested), measure=st.just(measure), basis=st.just(basis_), exercise=st.booleans(),
        scope=st.sampled_from(Scope), offence=OFFENCES, authority=TEXT,
        conducting=st.builds(Person, name=TEXT, function=TEXT), subject=TEXT, facts=TEXT, assistance=TEXT, link=TEXT,
        categories=st.lists(st.sampled_from(DataCategory), max_size=4, unique=True).map(tuple),
        accounts=st.lists(ACCOUNTS, max_size=2).map(tuple), custodian=TEXT,
        persons=st.lists(PERSONS, max_size=2).map(tuple),
        assets=st.lists(st.builds(Asset, description=TEXT), max_size=1).map(tuple),
        order=ORDERS, period_from=st.just(begin), period_to=st.just(end), period_reason=TEXT, documents=TEXT, questions=TEXT,
        event_at=MOMENTS, assurances=TEXT, costs=TEXT, purpose=TEXT, intends_request=st.booleans(),
        confidential=st.booleans(), urgency=st.sampled_from(Urgency), urgency_reason=TEXT, deadline=DAYS,
        deadline_reason=TEXT, language=st.sampled_from(["", "en", "fa", "vi-VN", "-", "ar", "EN"]),
        follows=st.sampled_from(["", "IR-2026-0001", "x", "VN-2026-0001"]), rights=TEXT,
    ))  # fmt: skip


DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31)) | st.dates(date(2025, 1, 1), date(2027, 12, 31))
PERSONS_ONLY = {
    "rights",
    "non-discrimination",
    "authorisation",
    "data-protection",
    "grounds",
    "other-treaty",
    "assurances",
}


@given(requests(), DATES, st.sampled_from(SIDES))
def test_any_request(request_: Request, on: date, side: str) -> None:
    """Whatever is asked, on any day: cited findings that replay; what is for a person is never passed."""
    assessment = assess(request_, BOOKS, on=on, side=side)
    assert Assessment.from_dict(assessment.to_dict()) == assessment
    for item in assessment.findings:
        lines = [BOOKS.provision(cite) for cite in item.cites]
        assert lines
        if item.verdict is not UNKNOWN:
            assert item.rule not in PERSONS_ONLY
            assert all(line.sure or line.verified for line in lines)
        if item.verdict is FAILED:
            assert item.fields
            assert item.remedy
    for option in instrument.options(request_, BOOKS, on):
        assert [BOOKS.provision(cite) for cite in option.cites] or not option.entry


NATIONAL = {"language", "dual-criminality", "retention", "refusal-policy", "authorisation", "data-protection"}
"""Rules whose answer rests on the requested State's own law."""
OF_THE_TREATY = {"dual-criminality.not-required"}


@settings(max_examples=200, deadline=None)
@given(requests(), DATES, st.sampled_from(SIDES))
def test_nothing_passes_where_a_book_is_silent(request_: Request, on: date, side: str) -> None:
    """Where the two States' books say nothing but their working week, nothing that rests on national law is passed."""
    for item in assess(request_, muted(), on=on, side=side).findings:
        if item.verdict is PASSED:
            assert item.rule not in NATIONAL or item.code in OF_THE_TREATY
            assert item.code not in ("scope.serious", "clocks.national-least", "clocks.national-most")
            assert all(muted().provision(cite).sure for cite in item.cites)
        if item.verdict is FAILED:
            assert item.rule not in NATIONAL or item.code == "language.unstated"


@cache
def muted() -> Books:
    """The shipped books when every State's says nothing but its working week."""
    return suppose(silent=tuple(STATES))


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"requested": "ZZ"}, "law.state", "requested"),
        ({"requesting": "ZZ", "reference": "ZZ-2026-0001"}, "law.state", "requesting"),
        ({"basis": "unknown"}, "law.basis", "basis"),
        ({"basis": "protocol2"}, "law.measure", "measure"),
    ],
)
def test_without_a_book(changes: dict[str, Any], code: str, where: str) -> None:
    """A State or a basis without a book, or a measure that the basis does not know, is Invalid."""
    with pytest.raises(Invalid) as error:
        assess(replace(STORED, **changes), LAND, on=ON, side="requesting")
    assert (error.value.code, error.value.where) == (code, where)


def test_each_side_has_its_rules() -> None:
    """Both sides go through the same rules, but for the last: answers are asked of the drafter, decisions of who decides."""
    common = set(assessing.ORDER["requesting"]) & set(assessing.ORDER["requested"])
    assert set(assessing.ORDER["requesting"]) - common == {grounds.rights, grounds.non_discrimination}
    assert set(assessing.ORDER["requested"]) - common == {grounds.rights_to_decide, grounds.grounds_to_decide}
