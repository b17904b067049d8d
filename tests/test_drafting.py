"""Drafting as an interview: what is asked follows from the books; what is typed is never lost, and means one request.

The pages of a case are tested elsewhere; here are the choice of what to ask for, the form, and the sheet of a request.
"""

import html
import re
from dataclasses import fields as parts
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from browsing import FORM, HOSTILE, OURS, Browser, saved
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lawroom import BOOKS

from comity.casework.measure import GROUPS, Measure
from comity.casework.request import (
    LIST_LIMITS,
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
from comity.law.assess import assess
from comity.law.treaty_reader import request_fields
from comity.node.officers import choosing, drafting, fields, interview, rows, sheet, texts, variants, words
from comity.node.officers.interview import Need, Situation
from comity.wording import variants as wordings

ON = date(2026, 11, 24)
KNOWN = [(name, measure) for name, treaty in BOOKS.treaties.items() for measure in treaty.measures]
STATES = sorted(BOOKS.states)


def situation(basis, measure, *, scope="A", requested="VN", categories=frozenset(), on=ON) -> Situation:
    """Asked of Viet Nam for an offence of the treaty, unless told otherwise."""
    return Situation(basis, Measure(measure), scope, requested, categories, on)


def asked(*args, **given) -> dict[str, interview.Question]:
    """What is asked, by name."""
    return {item.name: item for item in interview.ask(BOOKS, situation(*args, **given))}


def complete(measure=Measure.STORED_DATA, **changed) -> Request:
    """A request in which every field says something."""
    whole = Request(
        reference=OURS, requesting="IR", requested="VN", measure=measure, basis="uncc", exercise=True, scope=Scope.OFFENCE,
        offence=Offence("uncc:13", "fraud", "IR-CCA:13", 60, date(2026, 9, 3)), authority="Central authority",
        conducting=Person("N. N.", "judge", "desk"), subject="Fraud\nin two parts", facts="Accounts were emptied.",
        assistance="What is asked.", procedure="Under oath.", link="It directed the transfers.",
        categories=(DataCategory.SUBSCRIBER, DataCategory.CONTENT),
        accounts=(Account("ip", "203.0.113.7", datetime(2026, 11, 17, 21, 14, 5, tzinfo=timezone(timedelta(hours=3.5))), 50122),
                  Account("email", "ring@mail.example")),
        custodian="Provider",
        persons=(Subject("علی", "suspect", "IR, VN", date(1981, 8, 11), "Hanoi", "Passport 1", consent=True), Subject("B")),
        assets=(Asset("A house", "Hanoi", "1 USD"),),
        order=Order("Court", "12/3", date(2026, 10, 1), "All of it.", True, "By post.", True, 60, 24),  # noqa: FBT003
        period_from=date(2026, 9, 1), period_to=date(2026, 10, 1), period_reason="No less will do.",
        documents="One.", questions="Who?", event_at=datetime(2027, 1, 5, 9, 30, tzinfo=UTC), event_place="Tehran",
        assurances="Safe conduct.", arrangement="Two members.", others=("QA", "INTERPOL"), conditions=("Use it here only.",),
        costs="None foreseen but one.", purpose="Evidence.", intends_request=True, confidential=True, urgency=Urgency.URGENT,
        urgency_reason="It is deleted.", deadline=date(2027, 1, 10), deadline_reason="A hearing.", language="en",
        rights="No ground is seen.",
    )  # fmt: skip
    return replace(whole, **changed)


def as_posted(form: drafting.Form) -> QueryDict:
    """`form` as a browser sends it."""
    post = QueryDict(mutable=True)
    for name, value in form.typed.items():
        if name in fields.ROWS:
            for number, row in enumerate(value):
                for column, typed in row.items():
                    if typed is not False:
                        post[f"{name}-{number}-{column}"] = "on" if typed is True else typed
        elif isinstance(value, list):
            post.setlist(name, value)
        elif value is True:
            post[name] = "on"
        elif value is not False:
            post[name] = value
    return post


# ---- what is asked --------------------------------------------------------------------------------------------


def test_the_form_has_a_field_for_everything_that_a_request_can_say():
    """Every field of `Request` but what the address says, and nothing outside it; once, in one section."""
    have = set()
    for name, found in fields.FIELDS.items():
        have |= {f"{name}.{column.name}" for column in found.columns} | {name}
    heads = {"offence", "conducting", "order"}
    assert have == request_fields() - heads - {"requesting", "measure"}
    listed = [name for section in fields.SECTIONS for name in section.names]
    assert sorted(listed) == sorted(fields.FIELDS)
    assert set(fields.LABELS) >= have
    for table in (wordings.LABELS, variants.HELPS):
        assert set(table) <= set(fields.FIELDS)
        assert {measure for found in table.values() for measure in found} <= set(Measure)
    assert set(fields.ROLES) == ROLES
    for name, kind in (("accounts", Account), ("persons", Subject), ("assets", Asset)):
        assert {column.name for column in fields.ROWS[name]} == {part.name for part in parts(kind)}


@pytest.mark.parametrize(("basis", "measure"), KNOWN)
def test_every_content_of_the_book_is_asked_and_cited(basis, measure):
    """What the book says that a request must say stands in the form, with the book's own provision beside it."""
    found = asked(basis, measure)
    assert set(found) <= set(fields.FIELDS)
    for content in BOOKS.contents(basis, measure):
        for name in content.fields:
            question = found[fields.block(name)]
            assert content.provision in question.cites, name
            assert question.need <= Need.APPLICABLE, name
            assert content.always is False or question.need < Need.APPLICABLE, name
            if name != fields.block(name):
                assert name.partition(".")[2] in question.columns


@pytest.mark.parametrize(("basis", "measure"), KNOWN)
def test_nothing_is_asked_that_nobody_needs(basis, measure):
    """Beyond what every request says, each field is asked for by a content, a rule of the basis, or the State asked."""
    contents = {fields.block(name) for content in BOOKS.contents(basis, measure) for name in content.fields}
    ruled = {
        fields.block(name)
        for rule, names in interview.RULES.items()
        for name in names
        if BOOKS.cited(basis, measure, rule) and (not rule.startswith("scope-") or rule == "scope-A")
    }
    policies = [line for line in BOOKS.state("VN").policies if measure in line.measures and line.stance != "no-bar"]
    own = {fields.block(name) for line in policies for name in interview.POLICIES.get(line.subject, ())} | {
        "assurances"
    }
    follows = {"follows"} if measure in interview.ONWARD else set()
    extra = set(asked(basis, measure)) - contents - ruled - own - follows
    assert extra <= set(interview._COMMON)


@pytest.mark.parametrize(("basis", "measure"), KNOWN)
def test_what_a_finding_says_must_be_mended_is_on_the_form(basis, measure):
    """Whatever the check names, of an empty or a full request, in every scope and for every State, is asked."""
    for scope in Scope:
        for state in STATES:
            if state == "IR":
                continue
            bare = Request(reference=OURS, requesting="IR", requested=state, measure=measure, basis=basis, scope=scope)
            full = complete(
                measure, requested=state, basis=basis, scope=scope, persons=(Subject("A", nationality=state),)
            )
            for request in (bare, full):
                found = interview.questions(BOOKS, request, ON)
                for finding in assess(request, BOOKS, on=ON, side="requesting").findings:
                    for name in set(finding.fields) - {"measure"}:
                        assert fields.block(name) in found, (finding.code, name, scope, state)


@pytest.mark.parametrize("state", STATES)
def test_every_ground_of_a_states_own_law_leads_to_a_question(state):
    """The requested State's own policies make the fields relevant that answer them, and only where the basis asks."""
    for line in BOOKS.state(state).policies:
        for basis, measure in KNOWN:
            if measure in line.measures and line.stance != "no-bar" and BOOKS.cited(basis, measure, "refusal-policy"):
                found = asked(basis, measure, requested=state)
                names = (*interview.POLICIES.get(line.subject, ()), *(("assurances",) if line.assurance else ()))
                assert {fields.block(name) for name in names} <= set(found)


def test_scope_basis_and_categories_change_the_questions():
    """Another scope asks for the penalty, another basis for other contents, categories for what they make necessary."""
    assert asked("uncc", "stored-data")["offence.code"].need is Need.SHOWN
    other = asked("uncc", "stored-data", scope="C")
    assert other["offence.max_penalty_months"].need is Need.SHOWN
    assert other["offence.code"].need is Need.FOLDED
    assert asked("uncc", "preservation")["purpose"].cites[0] == "uncc:42(3)(e)"
    assert "consent" not in asked("uncc", "extradition")["persons"].columns
    assert "consent" in asked("uncc", "prisoner-transfer")["persons"].columns
    for content in (item for treaty in BOOKS.treaties.values() for item in treaty.contents if item.always_for):
        basis, category = content.provision.partition(":")[0], frozenset(map(str, content.always_for))
        for name in content.fields:
            before = asked(basis, content.measures[0])[fields.block(name)].need
            assert asked(basis, content.measures[0], categories=category)[fields.block(name)].need < before


def test_what_is_enough_instead_is_named():
    """Where one of several fields is enough, each names the others."""
    found = asked("uncc", "preservation")
    assert found["custodian"].instead == ("accounts",)
    assert found["accounts"].instead == ("custodian",)


def test_an_unknown_basis_asks_what_every_request_says():
    """Without a book only the common part is asked; nothing breaks."""
    assert set(asked("nobook", "extradition")) == set(interview._COMMON)
    assert set(asked("protocol2", "extradition")) == set(interview._COMMON)
    assert interview.scopes(BOOKS, "nobook", Measure.EXTRADITION) == tuple(Scope)


# ---- choosing -------------------------------------------------------------------------------------------------


def test_every_form_of_cooperation_is_offered_once_with_a_sentence():
    """All thirty, in groups."""
    listed = [name for _, names in choosing.GROUPS for name in names]
    assert sorted(listed) == sorted(Measure)
    assert set(choosing.SENTENCES) == set(Measure)
    assert len(GROUPS["all"]) == len(listed)


@pytest.mark.parametrize("language", ["en", "fa"])
def test_only_what_an_instrument_knows_is_offered_under_it(node, officers, peer, language):
    """For the States chosen, each form names the instruments that know it as links; the others say why not."""
    text = Browser(officers.drafter, language).text("/cases/new?requested=VN")
    for measure in Measure:
        part = text.partition(f'<li id="m-{measure}">')[2].partition('<li id="m-')[0]
        for basis, treaty in node.books.treaties.items():
            link = f'href="/cases/new/{measure}?requested=VN&basis={basis}&scope=A"' in part
            assert link == (measure in treaty.measures), (measure, basis)


def test_choosing_says_what_is_wrong_at_its_field(officers, peer):
    """A State that is not pinned, a scope or an offence that is none: said where it was chosen, with nothing written."""
    browser = Browser(officers.drafter)
    for query, code in (("requested=FR", "peer.unknown"), ("requested=VN&scope=Z", "form.choice"),
                        ("requested=VN&offence=uncc:99", "request.offence"), ("scope=<script>", "form.choice")):  # fmt: skip
        answer = browser.get(f"/cases/new?{query}")
        assert answer.status_code == 422
        assert str(texts.TEXTS[code]) in html.unescape(answer.content.decode())
        assert "<script>" not in answer.content.decode().partition("<main")[2]
    assert browser.client.post("/cases/new", secure=True).status_code == 405
    assert browser.get("/cases/new/teleportation").status_code == 404
    assert saved() == 0


def test_a_scope_that_is_closed_is_not_offered(officers, peer):
    """Extradition for any other crime is offered by no treaty that does not open it, and says so."""
    text = Browser(officers.drafter).text("/cases/new?requested=VN&scope=C")
    part = text.partition('<li id="m-extradition">')[2].partition('<li id="m-')[0]
    assert "basis=uncc" not in part
    assert "It does not open this form of cooperation for the scope chosen." in part


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("language", ["en", "fa"])
def test_every_form_opens_under_each_basis_that_knows_it(node, officers, peer, measure, language):
    """With the choice filled in, the questions asked, no dead anchors, and no template left open."""
    browser = Browser(officers.drafter, language)
    for basis in [name for name, treaty in node.books.treaties.items() if measure in treaty.measures]:
        answer = browser.get(f"/cases/new/{measure}?requested=VN&basis={basis}&scope=A&offence.code=uncc:13")
        text = answer.content.decode()
        assert answer.status_code == 200
        assert re.search(rf'<option value="{basis}" selected', text)
        assert "{{" not in text
        assert "{%" not in text
        today = datetime.now(UTC).date()
        for name in asked(basis, measure, on=today):
            assert f'id="{fields.anchor(name)}"' in text, name
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


# ---- from what is typed to the request, and back ---------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("measure", list(Measure))
def test_a_complete_draft_means_what_was_typed_and_comes_back(node, peer, measure, language):
    """Form and request are the same thing twice: every field, of every measure, in both calendars."""
    basis = drafting.basis_for(node, measure)
    what = complete(measure, basis=basis)
    with override(language):
        form = drafting.posted(as_posted(drafting.filled(what, language)), str(measure))
        found = drafting.meant(node, form, language)
        assert (form.problems, form.other) == ({}, [])
        assert found == what
        again = drafting.filled(found, language)
    assert {name: value for name, value in again.typed.items() if name not in fields.ROWS} == {
        name: value for name, value in form.typed.items() if name not in fields.ROWS
    }


@pytest.mark.parametrize("measure", list(Measure))
def test_a_complete_draft_is_saved(node, officers, peer, measure):
    """The form as a browser sends it opens a case with just this request."""
    from comity.node import archive

    what = complete(measure, basis=drafting.basis_for(node, measure))
    post = as_posted(drafting.filled(what, "en"))
    answer = Browser(officers.drafter).client.post(f"/cases/new/{measure}", dict(post.lists()), secure=True)
    assert (answer.status_code, answer["Location"]) == (303, f"/cases/{OURS}")
    assert archive.load(OURS, home="IR").request == what


TEXT = st.text(max_size=40).map(lambda text: text.replace("\x00", "").replace("\r", ""))
TYPED = st.fixed_dictionaries(
    {},
    optional={name: TEXT for name, found in fields.FIELDS.items() if found.kind not in ("flag", "rows", "checks")}
    | {f"{name}-{number}-{column.name}": TEXT
       for name, columns in fields.ROWS.items() for number in (0, 3) for column in columns if column.kind != "flag"},
)  # fmt: skip


@given(typed=TYPED, measure=st.sampled_from(list(Measure)), basis=st.sampled_from(sorted(BOOKS.treaties)))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_typed_is_never_lost(officers, peer, typed, measure, basis):
    """Whatever is typed, asked or not, usable or not, stands on the page that comes back; and nothing raises."""
    form = typed | {"basis": basis, "look": "1"}
    answer = Browser(officers.drafter).client.post(f"/cases/new/{measure}", form, secure=True)
    assert answer.status_code in (200, 422)
    text = answer.content.decode()
    for name, value in typed.items():
        found = fields.FIELDS.get(name) or next(
            item for item in fields.ROWS[name.partition("-")[0]] if item.name == name.rpartition("-")[2]
        )
        if value.strip() and found.kind not in ("choice", "radio"):
            assert html.escape(value) in text, name


def test_a_change_of_basis_keeps_what_is_not_asked_any_more(officers, peer):
    """The question is shown apart, still part of the request, and can be emptied there."""
    browser = Browser(officers.drafter)
    form = FORM | {"reference": OURS, "order.reference": "12/3", "assets-0-description": "A house by the sea"}
    text = browser.client.post("/cases/new/preservation", form | {"look": "1"}, secure=True).content.decode()
    apart = text.partition("Stated, though not asked for here")[2]
    assert apart
    assert 'value="12/3"' in apart
    assert "A house by the sea" in apart
    text = browser.client.post("/cases/new/freezing", form | {"look": "1"}, secure=True).content.decode()
    assert "Stated, though not asked for here" not in text.partition("A house by the sea")[0]
    assert saved() == 0


def test_a_basis_that_does_not_know_the_measure_is_refused_at_its_field(officers, peer):
    """It is not offered, the page says so, and a form from elsewhere cannot save it either."""
    browser = Browser(officers.drafter)
    text = browser.text("/cases/new/extradition?requested=VN")
    options = text.partition('name="basis"')[2].partition("</select>")[0]
    assert 'value="protocol2"' not in options
    assert "Not offered, because it does not know this form of cooperation" in text
    answer = browser.client.post(
        "/cases/new/extradition", FORM | {"reference": OURS, "basis": "protocol2"}, secure=True
    )
    assert answer.status_code == 422
    assert str(texts.TEXTS["law.measure"]) in answer.content.decode()
    assert '<a href="#f-basis">' in answer.content.decode()
    assert saved() == 0


# ---- rows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value", "code"),
    [
        ("accounts-1-port", "70000", "request.port"),
        ("accounts-1-port", "ب", "form.number"),
        ("accounts-1-at", "2026-11-17 21:14:05", "request.time-zone"),
        ("accounts-1-kind", "pigeon", "form.choice"),
        ("accounts-1-value", "x" * 1_001, "request.too-long"),
        ("persons-1-born", "1404/12/30", "date.none"),
        ("persons-1-role", "hero", "form.choice"),
        ("persons-1-description", "x" * 1_001, "request.too-long"),
        ("assets-1-value", "x" * 1_001, "request.too-long"),
    ],
)
def test_a_fault_stands_on_its_row(officers, peer, cell, value, code):
    """Not on the list as a whole: at the cell, named with its row above the form; the other rows stay clean."""
    name, _, column = cell.split("-")
    form = FORM | {
        "reference": OURS, "accounts-1-kind": "email", "accounts-1-value": "ring@mail.example", "persons-0-name": "A",
        "persons-1-name": "B", "assets-0-description": "A house", "assets-1-description": "A boat", cell: value,
    }  # fmt: skip
    answer = Browser(officers.drafter, "fa").client.post("/cases/new/stored-data", form, secure=True)
    text = html.unescape(answer.content.decode())
    assert (answer.status_code, saved()) == (422, 0)
    with override("fa"):
        sentence = str(texts.TEXTS[code])
    assert f'id="f-{cell}-error">{sentence}' in text
    assert f'<a href="#f-{name}">' in text
    assert f'<a href="#f-{cell}">' in text
    assert text.count('class="error"') == 1
    assert f'id="f-{name}-0-{column}-error"' not in text


def test_too_many_rows_are_said_and_kept(node, officers, peer):
    """Two hundred of each are taken; one more is refused at the list, and none is lost on the way."""
    form = {name: value for name, value in FORM.items() if not name.startswith("accounts")} | {"reference": OURS}
    for name, column in (("accounts", "value"), ("persons", "name"), ("assets", "description")):
        most = LIST_LIMITS[name]
        full = {
            f"{name}-{number}-{each.name}": f"{each.name}{number}" if each.name == column else ""
            for number in range(most + 40)
            for each in fields.ROWS[name]
            if each.kind != "flag"
        }
        if name == "accounts":
            full |= {f"accounts-{number}-kind": "account" for number in range(most + 40)}
        answer = Browser(officers.drafter).client.post("/cases/new/stored-data", form | full, secure=True)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert f'<a href="#f-{name}">' in text
        for number in (0, most - 1, most, most + 39):
            assert f'value="{column}{number}"' in text
    assert saved() == 0


def test_as_many_rows_as_a_request_may_have_are_saved(node, officers, peer):
    """Two hundred accounts, persons and things in one form."""
    from comity.node import archive

    people = tuple(Subject(f"P{number}") for number in range(200))
    what = complete(
        accounts=tuple(Account("account", f"a{number}") for number in range(200)),
        persons=people,
        assets=tuple(Asset(f"T{number}") for number in range(200)),
    )
    post = as_posted(drafting.filled(what, "en"))
    answer = Browser(officers.drafter).client.post("/cases/new/stored-data", dict(post.lists()), secure=True)
    assert answer.status_code == 303
    assert archive.load(OURS, home="IR").request == what


def test_rows_are_added_without_javascript(officers, peer):
    """The button sends the form, saves nothing, and brings more empty rows of that list alone."""
    browser = Browser(officers.drafter)
    form = FORM | {"reference": OURS, "persons-0-name": "A. N.", "add": "persons"}
    text = browser.client.post("/cases/new/stored-data", form, secure=True).content.decode()
    count = {name: len(re.findall(rf'name="{name}-\d+-{column}"', text))
             for name, column in (("accounts", "value"), ("persons", "name"))}  # fmt: skip
    assert count == {"accounts": 1 + rows.BLANK["accounts"], "persons": 1 + rows.BLANK["persons"] + rows.MORE}
    assert 'value="A. N."' in text
    assert 'formaction="#f-persons"' in text
    assert saved() == 0


def test_gaps_between_rows_close_and_empty_rows_go(node, peer):
    """Rows are numbered anew; one in which nothing is said is no row, one with only a tick or a role is."""
    post = QueryDict(mutable=True)
    post.update({"persons-7-name": "B", "persons-2-consent": "on", "persons-5-name": "  ", "persons-9-role": "witness",
                 "accounts-4-kind": "ip", "persons-99999-name": "far", "persons-x-name": "x"})  # fmt: skip
    form = drafting.posted(post, "statements")
    assert [row["name"] for row in form.typed["persons"]] == ["", "B", ""]
    assert [row["consent"] for row in form.typed["persons"]] == [True, False, False]
    assert form.typed["accounts"] == []


def test_hostile_text_comes_back_escaped(officers, peer):
    """Markup and characters that reorder text, in every kind of field and row, change nothing on the page."""
    form = {"reference": OURS, "look": "1", "basis": HOSTILE, "requested": "VN"}
    form |= dict.fromkeys((name for name, found in fields.FIELDS.items() if found.kind in ("line", "text", "lines", "date",
                           "moment", "number", "choice", "radio") and name not in form), HOSTILE)  # fmt: skip
    form |= {f"{name}-0-{column.name}": HOSTILE for name, columns in fields.ROWS.items() for column in columns}
    for language in ("en", "fa"):
        text = (
            Browser(officers.drafter, language)
            .client.post("/cases/new/extradition", form, secure=True)
            .content.decode()
        )
        assert "<script>alert" not in text
        assert html.escape("<script>alert(1)</script>") in text


# ---- the sheet -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("measure", list(Measure))
def test_the_sheet_shows_everything_that_was_said(node, measure, language):
    """To both sides, with the labels of the measure: no field of a request is left out."""
    what = complete(measure, basis=drafting.basis_for(node, measure), follows="VN-2026-0009")
    with override(language):
        text = html.unescape(
            render_to_string("_sheet.html", {"sheet": sheet.sheet(node, what, ON), "language": language})
        )
        for name in fields.FIELDS:
            if name not in ("reference", "requested", "exercise"):
                assert str(fields.label(name, str(measure))) in text, name
    for part in (
        "203.0.113.7",
        "2026-11-17T21:14:05+03:30",
        "Passport 1",
        "A house",
        "12/3",
        "INTERPOL",
        "Use it here only.",
    ):
        assert part in text
    assert "Missing" not in text


def test_the_sheet_names_what_is_missing():
    """An empty request under the Convention: what must be said is missing, what may be is open; rows say what they lack."""
    bare = Request(reference=OURS, requesting="IR", requested="VN", measure=Measure.STORED_DATA)
    node = type("Node", (), {"books": BOOKS})
    found = {entry.field.name: entry for _, entries in sheet.sheet(node, bare, ON) for entry in entries}
    assert (found["facts"].gap, found["period_from"].gap) == ("missing", "open")
    assert found["facts"].cite == "uncc:40(15)(c)"
    named = replace(bare, measure=Measure.EXTRADITION, persons=(Subject("A. N."),))
    found = {entry.field.name: entry for _, entries in sheet.sheet(node, named, ON) for entry in entries}
    assert found["persons"].says
    with override("en"):
        lacking = [str(label) for label in found["persons"].lacking]
    assert "Full name" not in lacking
    assert "Nationality" in lacking


def test_hostile_text_is_inert_on_the_sheet(node):
    """Whatever another State wrote, in any field or row."""
    what = complete(Measure.EXTRADITION, **dict.fromkeys(("authority", "subject", "custodian", "event_place"), HOSTILE),
                    persons=(Subject(*(HOSTILE, "", HOSTILE), whereabouts=HOSTILE, description=HOSTILE),),
                    assets=(Asset(HOSTILE, HOSTILE, HOSTILE),), others=(HOSTILE,), conditions=(HOSTILE,),
                    order=Order(HOSTILE, HOSTILE), basis="uncc")  # fmt: skip
    text = render_to_string("_sheet.html", {"sheet": sheet.sheet(node, what, ON), "language": "en"})
    assert "<script>" not in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", text)


def test_what_may_be_asked_about_is_what_the_request_speaks_of():
    """The fields that the other State can ask about: those asked for, and whatever else says something."""
    found = interview.names(BOOKS, complete(Measure.PRESERVATION), ON)
    assert set(found) >= set(asked("uncc", "preservation"))
    assert {"order.reference", "assets"} <= set(found)
    bare = Request(reference=OURS, requesting="IR", requested="VN", measure=Measure.PRESERVATION)
    assert "assets" not in interview.names(BOOKS, bare, ON)


def test_words_of_the_lists_are_there():
    """Categories, scopes and kinds of accounts that the form offers are those of a request."""
    assert set(words.CATEGORIES) == set(DataCategory)
    assert set(words.SCOPES) == set(Scope)
    assert set(words.URGENCIES) == set(Urgency)
