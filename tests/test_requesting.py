"""The requesting desk and the words of a request: what cannot be meant, numbers of cases, what was seen, one transaction."""

import threading
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import peer as peers
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from refusing import code as code_of

from comity.casework import request as vocabulary
from comity.casework.lifecycle import Kind, Stage
from comity.casework.measure import Measure
from comity.casework.moments import parse_date, parse_moment, strict_moment
from comity.casework.request import Account, Asset, Offence, Order, Person, Request, Subject
from comity.errors import Invalid, NotPossible
from comity.node import archive, models
from comity.node.desk import _record, assistance, crossing, deadlines, release, requesting

OURS = "IR-2026-0001"


def ours(**changed) -> Request:
    """A complete request of Iran to Viet Nam."""
    return peers.request(**({"reference": OURS, "requesting": "IR", "requested": "VN"} | changed))


# ---- the vocabulary -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "1899-12-31", "2200-01-01", "1405-08-12"])
def test_dates_of_no_usable_year_are_refused(text):
    """Years outside 1900 to 2199 break calendars: no date of a request has one, whoever sent it."""
    with pytest.raises(ValueError, match=text):
        parse_date(text)
    for name in ("deadline", "period_from", "period_to"):
        assert code_of(Request.from_dict, ours().to_dict() | {name: text}) == "request.value"
    for when in (f"{text}T10:00:00Z", f"{text}T10:00:00+03:30"):
        with pytest.raises(ValueError, match=text):
            parse_moment(when)


@pytest.mark.parametrize("text", ["1900-01-01T00:00:00+14:00", "2199-12-31T23:59:59-12:00"])
def test_moments_are_of_a_usable_year_in_utc_too(text):
    """A moment whose UTC date leaves the usable years is refused as well."""
    with pytest.raises(ValueError, match=text[:10]):
        parse_moment(text)


@pytest.mark.parametrize(
    "text",
    [
        "20261001T090000+0330", "2026-W40-4T09:00:00+03:30", "2026-W40-4T09:00+03:30", "2026-10-01 09:00:00+03:30",
        "2026-10-01T09:00+03:30", "2026-10-01T09+03:30", "2026-10-01T09:00:00+03", "2026-10-01T09:00:00+0330",
        "2026-10-01T09:00:00+03:25:44", "2026-10-01T09:00:00,5+03:30", "2026-10-01T09:00:00", "2026-10-01T24:00:00Z",
        "2026-10-01T09:00:00+03:75", "2026-10-01T09:00:00+24:00", "2026-10-01T09:00:00.1234567890Z", "2026-10-01T09:00:60Z",
        "٢٠٢٦-10-01T09:00:00Z", "2026-10-01T09:00:00Z ", "2026-274T09:00:00Z", "2026-02-30T09:00:00Z",
    ],
)  # fmt: skip
def test_another_form_of_a_moment_is_refused(text):
    """Only RFC 3339, whatever Python reads: a request from outside with another form is none."""
    with pytest.raises(ValueError, match=r".+"):
        parse_moment(text)
    assert code_of(Request.from_dict, ours().to_dict() | {"event_at": text}) == "request.value"
    used = {"kind": "ip", "value": "192.0.2.1", "at": text}
    assert code_of(Request.from_dict, ours().to_dict() | {"accounts": [used]}) == "request.value"


@pytest.mark.parametrize(
    "text", ["2026-10-01T09:00:00Z", "2026-10-01T09:00:00-00:00", "2026-10-01T23:59:59.123456789+14:00"]
)
def test_a_moment_keeps_its_offset(text):
    """All that RFC 3339 lets one write with a date and a time of day, seconds and an offset."""
    assert parse_moment(text) == datetime.fromisoformat(text)


def test_the_one_form_of_a_moment_that_crosses():
    """UTC, whole seconds, Z: everything else that names the same moment is refused."""
    assert strict_moment("2026-11-24T10:00:00Z") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    for text in ("2026-11-24T10:00:00+00:00", "2026-11-24 10:00:00Z", "2026-11-24T10:00:00.5Z", "2026-W48-2T10:00:00Z",
                 "2026-11-24T13:30:00+03:30", "9999-12-31T23:59:59Z", "2026-11-24T10:00:00"):  # fmt: skip
        with pytest.raises(ValueError, match=text[:4]):
            strict_moment(text)


def filled(name: str, text: str) -> Request:
    """A request with `text` in the field `name`, dotted inside."""
    head, _, rest = name.partition(".")
    parts = {"conducting": Person(), "offence": Offence(), "order": Order()}
    if head in MANY:
        return ours(**{head: (replace(MANY[head](), **{rest: text}),)})
    if head in ("others", "conditions"):
        return ours(**{head: (text,)})
    return ours(**{head: replace(parts[head], **{rest: text}) if rest else text})


LINES = (
    "basis", "authority", "custodian", "deadline_reason", "language", "event_place", "others", "conditions",
    "conducting.name", "conducting.function", "conducting.contact", "offence.label", "offence.provision",
    "accounts.kind", "accounts.value", "persons.name", "persons.nationality", "persons.whereabouts",
    "persons.description", "assets.description", "assets.location", "assets.value", "order.authority", "order.reference",
)  # fmt: skip
TEXTS = (
    "subject", "facts", "assistance", "procedure", "link", "purpose", "period_reason", "urgency_reason", "rights",
    "documents", "questions", "assurances", "arrangement", "costs", "order.extent", "order.notice",
)  # fmt: skip
MANY = {"accounts": Account, "persons": Subject, "assets": Asset}


def test_every_text_field_is_in_one_of_the_lists():
    """The lists above leave no text of a request out."""
    apart = {"reference", "requesting", "requested", "follows"}  # have a form of their own
    texts = {part.name for part in fields(Request) if "str" in part.type}
    inside = {"conducting": Person, "offence": Offence, "order": Order, **MANY}
    texts |= {f"{name}.{part.name}" for name, kind in inside.items() for part in fields(kind) if part.type == "str"}
    assert texts - apart - {"offence.code", "persons.role"} == {*LINES, *TEXTS}


@pytest.mark.parametrize(("name", "most"), [*((name, 1_000) for name in LINES), *((name, 20_000) for name in TEXTS)])
def test_every_text_has_an_end(name, most):
    """The longest that fits is taken; one character more is refused at its field."""
    filled(name, "x" * most)
    with pytest.raises(Invalid) as caught:
        filled(name, "x" * (most + 1))
    assert (caught.value.code, caught.value.where) == ("request.too-long", name)


def test_every_list_has_an_end():
    """Two hundred persons and accounts, four categories."""
    for name, item in (("persons", Subject("x")), ("accounts", Account())):
        ours(**{name: (item,) * 200})
        assert code_of(ours, **{name: (item,) * 201}) == "request.too-long"
    too_many = (*vocabulary.DataCategory, vocabulary.DataCategory.OTHER)
    assert code_of(ours, categories=too_many) == "request.too-long"


def test_the_whole_has_an_end(node, officers, peer, at):
    """What is as large as a request can be is drafted, read again and sent; anything larger is refused when it is made."""
    texts = dict.fromkeys(("facts", "assistance", "link", "purpose", "subject"), "\N{PILE OF POO}" * 20_000)
    largest = ours(**texts, persons=(Subject("ی" * 1_000),) * 48)
    requesting.draft(node, largest, officer=officers.drafter, at=at)
    assert archive.load(OURS, home="IR").request == largest
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    assert code_of(ours, **texts, persons=(Subject("ی" * 1_000),) * 60) == "request.too-large"
    assert code_of(ours, accounts=(Account("url", "\0" * 1_000),) * 200) == "request.too-large"


# ---- numbers of cases -----------------------------------------------------------------------------------------


def opened(reference, requested="VN"):
    """A row of a case."""
    return models.Case.objects.create(reference=reference, requesting=reference[:2], requested=requested,
                                      measure="stored-data", opened_at=datetime.now(UTC))  # fmt: skip


def test_numbers_are_counted_not_read_as_text(node, at):
    """After 9999 and 10000 comes 10001, although as text 9999 is the last."""
    at = at.replace(year=2026)
    assert requesting.new_reference(node, at=at) == "IR-2026-0001"
    opened("IR-2026-9999")
    assert requesting.new_reference(node, at=at) == "IR-2026-10000"
    opened("IR-2026-10000")
    assert requesting.new_reference(node, at=at) == "IR-2026-10001"


@pytest.mark.parametrize("typed", ["IR-2026-999999999", "IR-2026-99999999", "IR-2026-00000007", "IR-2027-0400"])
def test_a_typed_number_ends_no_year(node, officers, peer, at, typed):
    """Whatever number somebody typed, the next proposals can be drafted; years are counted apart."""
    at = at.replace(year=2026)
    opened("IR-2026-0007")
    opened(typed)
    opened("VN-2026-0500", "IR")
    for _ in range(3):
        proposed = requesting.new_reference(node, at=at)
        requesting.draft(node, ours(reference=proposed), new=True, officer=officers.drafter, at=at)


@pytest.mark.parametrize("seed", range(5))
def test_no_restore_gives_a_number_twice(node, at, seed):
    """However often older copies are put back, drafts and silent peers' cases included: no number comes a second time."""
    chance, given, at = Random(seed), set(), at.replace(year=2026, month=11)
    copies = [([], [])]
    for _ in range(60):
        at += timedelta(seconds=chance.choice([1, 60, 7 * 86400 / 60]))
        if chance.random() < 0.15:
            kept, notes = chance.choice(copies)
            models.Case.objects.all().delete()
            for reference in kept:
                opened(reference)
            models.Restore.objects.exclude(pk__in=notes).delete()
            crossing.forget_settled(node, "log.size", at=at)
            continue
        reference = requesting.new_reference(node, at=at)
        assert reference not in given
        opened(reference)
        given.add(reference)
        if chance.random() < 0.3:
            copies.append([list(table.objects.values_list("pk", flat=True)) for table in (models.Case, models.Restore)])


def test_after_a_restore_an_old_number_is_refused_and_named(node, officers, peer, at):
    """One that may have been given before is not taken from a hand either; years to come count from one again."""
    crossing.forget_settled(node, "log.size", at=at.replace(year=2026, month=11, day=30, hour=0, minute=0, second=0))
    peers.settle("VN")
    for reference in ("IR-2026-0001", "IR-2025-9999", "IR-2026-10000000"):
        with pytest.raises(NotPossible) as caught:
            requesting.draft(node, ours(reference=reference), new=True, officer=officers.drafter, at=at)
        assert (caught.value.code, caught.value.where) == ("case.forgotten", "reference")
    assert requesting.new_reference(node, at=at.replace(year=2026, month=11)) == "IR-2026-38771200"
    for reference in ("IR-2026-38771200", "IR-2027-0001"):
        requesting.draft(node, ours(reference=reference), new=True, officer=officers.drafter, at=at)
    assert assistance.next_reference(node, "need", at=at.replace(year=2026)) == "IR-NEED-2026-38771200"


def test_a_case_that_comes_back_is_never_mixed_with_another(node, officers, peer, at):
    """Its number was given again before anybody saw that memory was older: both stay apart, and a person is told which."""
    sent(node, officers, peer, at)
    act = archive.load(OURS, home="IR").acts[-1]
    statement = archive.signed(models.Act.objects.get(pk=act.id))
    models.Departure.objects.all().delete()
    models.Act.objects.all().delete()
    models.Letter.objects.all().delete()
    models.Case.objects.all().delete()
    opened(OURS, "QA")
    assert code_of(_record.adopt, node, act, statement, at=at) == "case.reference-twice"
    assert models.Case.objects.get().requested == "QA"
    assert not models.Act.objects.exists()


# ---- drafting -------------------------------------------------------------------------------------------------


def test_a_new_draft_never_lands_in_a_case_that_exists(node, officers, peer, at):
    """Two officers were shown the same free reference: the second is told so, and the first keeps his draft."""
    requesting.draft(node, ours(), new=True, officer=officers.drafter, at=at)
    with pytest.raises(NotPossible) as caught:
        requesting.draft(node, ours(facts="Others."), new=True, officer=officers.all, at=at)
    assert (caught.value.code, caught.value.where) == ("case.exists", "reference")
    assert archive.load(OURS, home="IR").request == ours()


def test_one_of_two_who_save_at_once_is_refused(node, officers, peer, at):
    """Both saw the same draft: the second to save would overwrite what he never read."""
    seen = requesting.draft(node, ours(), officer=officers.drafter, at=at).acts[-1].id
    requesting.draft(node, ours(facts="The first's."), officer=officers.drafter, at=at, seen=seen)
    assert code_of(requesting.draft, node, ours(facts="The second's."), officer=officers.all, at=at, seen=seen) == (
        "case.changed"
    )
    assert archive.load(OURS, home="IR").request.facts == "The first's."


def test_a_draft_follows_a_case_of_the_same_two_states(node, officers, peer, at):
    """A reference that is not here, or of a case with another State, is refused at its field; also in an amendment."""
    drafts = {"officer": officers.drafter, "at": at}
    opened("IR-2026-0003", "QA")
    for follows in ("IR-2026-0002", "IR-2026-0003", OURS, "x", "IR-2026-۰۰۰۱", "../../cases"):
        with pytest.raises(Invalid) as caught:
            requesting.draft(node, ours(follows=follows), **drafts)
        assert (caught.value.code, caught.value.where) == ("request.follows", "follows")
        assert code_of(requesting.amend, node, ours(follows=follows), **drafts) == "request.follows"
    assert not models.Act.objects.exists()
    requesting.draft(node, ours(reference="IR-2026-0002", measure=Measure.PRESERVATION), **drafts)
    requesting.draft(node, ours(), **drafts)
    requesting.draft(node, ours(follows="IR-2026-0002"), **drafts)
    assert models.Case.objects.get(pk=OURS).follows == "IR-2026-0002"  # what clocks and exports go by
    assert code_of(requesting.draft, node, ours(follows=OURS), **drafts) == "request.follows"


def test_a_draft_can_be_discarded(node, officers, peer, at):
    """It ends there, with a reason, nothing crosses, and its reference is not proposed again."""
    at = at.replace(year=2026)
    requesting.draft(node, ours(), officer=officers.drafter, at=at)
    assert code_of(requesting.discard, node, OURS, reasons="", officer=officers.drafter, at=at) == "act.empty"
    case = requesting.discard(node, OURS, reasons="Settled otherwise.", officer=officers.drafter, at=at)
    assert (case.stage, models.Departure.objects.count()) == (Stage.DISCARDED, 0)
    assert code_of(requesting.draft, node, ours(), officer=officers.drafter, at=at) == "case.stage"
    assert requesting.new_reference(node, at=at) == "IR-2026-0002"


# ---- what was seen --------------------------------------------------------------------------------------------


def sent(node, officers, peer, at):
    """A request of ours that left; the peer's answer can be given."""
    requesting.draft(node, ours(), officer=officers.drafter, at=at)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    requesting.approve(node, OURS, despite="", officer=officers.approver, at=at)
    return requesting.send(node, OURS, officer=officers.approver, at=at)


def test_a_check_is_of_what_stands(node, officers, peer, at, monkeypatch):
    """A draft that is changed while the old one is being assessed is not recorded as checked."""
    requesting.draft(node, ours(), officer=officers.drafter, at=at)
    real = requesting.assess

    def slow(*args, **kwargs):
        found = real(*args, **kwargs)
        requesting.draft(node, ours(facts="", purpose=""), officer=officers.drafter, at=at)
        return found

    monkeypatch.setattr(requesting, "assess", slow)
    assert code_of(requesting.check, node, OURS, officer=officers.drafter, at=at) == "case.changed"
    assert archive.load(OURS, home="IR").last(Kind.CHECKED) is None


@pytest.mark.django_db(transaction=True)
def test_a_check_lets_nobody_in_between(node, officers, peer, at, monkeypatch):
    """Assessing and recording are one transaction: another process's draft waits until the check is recorded."""
    requesting.draft(node, ours(), officer=officers.drafter, at=at)
    real, threads = requesting.assess, []

    def other() -> None:
        requesting.draft(node, ours(facts="Later."), officer=officers.drafter, at=at)
        connection.close()

    def slow(*args, **kwargs):
        threads.append(threading.Thread(target=other))
        threads[0].start()
        threads[0].join(0.5)
        return real(*args, **kwargs)

    monkeypatch.setattr(requesting, "assess", slow)
    requesting.check(node, OURS, officer=officers.drafter, at=at)
    threads[0].join()
    assert [act.kind for act in archive.load(OURS, home="IR").acts] == [Kind.DRAFTED, Kind.CHECKED, Kind.DRAFTED]


def test_nothing_is_done_on_what_was_not_seen(node, officers, peer, at):
    """Every verb of the desk refuses when the case has moved on since it was shown, also by the other State's act."""
    stale = sent(node, officers, peer, at).acts[-1].id
    envelope, _ = peer.say(Kind.REFUSED, OURS, {"grounds": ["form"], "reasons": "x"}, after=stale)
    peers.arrive(node, envelope, at)
    given = {"officer": officers.all, "at": at, "seen": stale}
    before = models.Act.objects.count()
    for verb, more in (
        (requesting.discard, {"reasons": "x"}), (requesting.check, {}), (requesting.approve, {"despite": ""}),
        (requesting.send, {}), (requesting.supplement, {}), (requesting.withdraw, {"reasons": "x"}),
        (requesting.verify, {}), (requesting.close, {"note": ""}), (requesting.agree, {"conditions": ["x"]}),
        (requesting.reply, {"message": "x"}), (requesting.enquire, {"message": "x"}),
        (release.release, {"recipient": "x", "conditions": []}),
        *((verb, {"clock": "x", "due": at, "reasons": "x"}) for verb in (deadlines.meet, deadlines.escalate, deadlines.waive)),
    ):  # fmt: skip
        assert code_of(verb, node, OURS, **more, **given) == "case.changed", verb.__name__
    for verb in (requesting.draft, requesting.amend):
        assert code_of(verb, node, ours(), **given) == "case.changed"
    assert models.Act.objects.count() == before
    seen = archive.load(OURS, home="IR").acts[-1].id
    assert requesting.close(node, OURS, note="", officer=officers.all, at=at, seen=seen).stage is Stage.CLOSING


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_usable_dates_come_back(day):
    """Every usable day is read as it was written."""
    assert parse_date(day.isoformat()) == day
    assert parse_moment(f"{day.isoformat()}T12:00:00+03:30").date() == day
