"""The pages of warnings: what is found, who holds it, who has not acknowledged; each verb as a form, in both languages."""

import html
import json
import re
from datetime import UTC, datetime

import pytest
from browsing import HOSTILE, Browser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from holding import Circle, indicator, shelved

from comity.errors import Invalid
from comity.node import models
from comity.node.desk import communities, copies, crossing, prevention, shelf, writing
from comity.node.officers import shared, texts
from comity.seal import canon, envelope
from comity.sharing import patterns, release, stix, tlp
from comity.sharing.notices import Concern, Kind
from comity.sharing.tlp import Level
from comity.wire.communities import Terms


@pytest.fixture
def circle(node, at) -> Circle:
    """Iran's node with Viet Nam and Qatar."""
    return Circle(node, at, "VN", "QA")


def later(circle: Circle) -> None:
    """Let everything arrive that was done by the pages' clock."""
    circle.at = datetime.now(UTC)
    circle.settle()


def plain(text: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(text)).split())


def test_objects_are_found(circle, officers, node, at):
    """By id, type and value; in one collection; an older page; nothing else; who only looks sees the same."""
    row = shelved(node, at, indicator("first.example"))
    other = shelved(node, at, indicator("second.example", Level.AMBER_STRICT), title="Other")
    circle.share("VN", "IR", indicator("third.example", name="نام فارسی"))
    browser = Browser(officers.idle)
    text = plain(browser.text("/sharing"))
    for words in (
        "first.example",
        "TLP:AMBER+STRICT",
        "State VN",
        "this State",
        "in use",
        "Received from other States",
    ):
        assert words in text, words
    for query, expected in (
        ("first.exa", 1), (row.object_id, 1), ("indicator", 3), ("malware", 0), ("نام فارسی", 1), ("%", 0), ('"', 0),
        ("indicator--", 3), ("x" * 300, 0),
    ):  # fmt: skip
        found = shared.found(wanted=query[:200], collection="", before=0)
        assert len(found) == expected, query
        assert browser.get(f"/sharing?q={query}").status_code == 200
    assert [one.pk for one in shared.found(wanted="", collection=other.collection.pk, before=0)] == [other.pk]
    assert [one.pk for one in shared.found(wanted="", collection="", before=other.pk)] == [row.pk]
    assert shared.found(wanted="", collection="nowhere", before=0) == []
    assert browser.get("/sharing?before=x&in=%00").status_code == 200
    assert "Share with a State" not in browser.text(f"/sharing/objects/{row.pk}")
    assert browser.get("/sharing/objects/999").status_code == 404


def test_many_objects_are_pages(officers, node, at):
    """Fifty on each, the newest first, none twice."""
    shelved(node, at, indicator("0.example"))
    first = models.StixObject.objects.get()
    found = [stix.read(indicator(f"{number}.example")) for number in range(1, 120)]
    shelf.Shelves(node).add(first.collection.pk, found, by="test", at=at)
    browser, seen, path = Browser(officers.idle), [], "/sharing"
    while path:
        page = html.unescape(browser.text(path))
        seen += re.findall(r"'(\d+)\.example'", page)
        older = re.search(r'href="(\?q=[^"]*before=\d+)"', page)
        path = f"/sharing{older[1]}" if older else ""
    assert [int(number) for number in seen] == list(range(119, -1, -1))


def test_shared_and_called_back_by_forms(circle, officers, node, at):
    """Digits of either script; what cannot be done says why and keeps what was typed; the list that proves is complete."""
    row = shelved(node, at, indicator())
    browser, path = Browser(officers.all, "fa"), f"/sharing/objects/{row.pk}"
    refused = browser.post(f"{path}/share", to="QA", purpose="", hops="۲")
    assert refused.status_code == 422
    assert "این منظور را مجاز نمی‌دانند" in refused.content.decode()  # in Persian
    assert 'value="۲"' in refused.content.decode()
    for to in ("VN", "QA"):
        assert browser.post(f"{path}/share", to=to, purpose="prevention", hops="۲").status_code == 303
    assert browser.post(f"{path}/share", to="XX", purpose="prevention", hops="2").status_code == 422
    assert browser.post(f"{path}/share", to="VN", purpose="prevention", hops="many").status_code == 422
    later(circle)
    circle["QA"].silent = True
    assert browser.post(f"{path}/recall", kind="tighten", level="1").status_code == 422
    assert browser.post(f"{path}/recall", kind="correct", successor="nothing").status_code == 422
    assert browser.post(f"{path}/recall", kind="all").status_code == 422
    assert browser.post(f"{path}/recall", kind="withdraw", reason="نام بانک در آن بود.").status_code == 303
    later(circle)
    text = plain(browser.text(path))
    assert "بازخوانی ۱: بازخوانده شده" in text
    assert text.index("تأیید نکرده‌اند") < text.index("کشور QA") < text.index("با امضای خود تأیید کرده‌اند")
    found = json.loads(browser.get(f"{path}/recalls.json").content)
    (one,) = found["recalls"]
    assert (one["not_acknowledged"], [word["by"] for word in one["acknowledged"]]) == (["QA"], ["VN"])
    for statement in (one["statement"], one["acknowledged"][0]["statement"]):
        envelope.verify(canon.unb64(statement), circle.trust(), kind="notice", at=at)
    assert browser.post(f"{path}/share", to="VN", purpose="prevention", hops="0").status_code == 422
    assert browser.post(f"{path}/nothing").status_code == 404


def test_what_was_received_is_handed_on_and_reported(circle, officers, node, at):
    """In a community; a sighting by its form; what holders told stands on the page of the source."""
    row = circle.agreed(officers.all)
    what = circle.share("VN", "IR", indicator(), communities=(row.pk,), purpose="prevention")
    models.Collection.objects.filter(pk=copies.RECEIVED).update(
        rules={"communities": ["Gulf"], "purposes": ["prevention"]}
    )
    one = models.StixObject.objects.get(digest=what)
    browser, path = Browser(officers.all), f"/sharing/objects/{one.pk}"
    text = plain(browser.text(path))
    assert "Hand on to a community" in text
    assert "Call back" not in text
    assert browser.post(f"{path}/give", community=row.pk).status_code == 303
    assert browser.post(f"{path}/share", to="QA", purpose="prevention").status_code == 303
    assert browser.post(f"{path}/report", concern="sighting", text="Here.", count="3").status_code == 303
    assert browser.post(f"{path}/report", concern="correction", text="").status_code == 422
    later(circle)
    assert stix.read(circle["VN"].objects[circle["VN"].memory.reports[0].about]).body["count"] == 3
    own = shelved(node, at, indicator("own.example"), {"states": ["VN"], "purposes": ["prevention"]})
    prevention.share(node, own, "VN", purpose="prevention", hops=1, officer=officers.all, at=at)
    later(circle)
    note = circle["VN"].memory.reports[0]
    circle["VN"].objects[note.about] = circle["VN"].objects[note.about].replace(b"Here.", b"<b>Seen</b> there.")
    about = stix.read(circle["VN"].objects[note.about]).digest
    circle["VN"].objects[about] = circle["VN"].objects[note.about]
    circle.say("VN", circle["VN"].sharer.report(own.digest, Concern.SIGHTING, at=at, about=about))
    shown = browser.get(f"/sharing/objects/{own.pk}").content.decode()
    assert "What holders told us" in shown
    assert "&lt;b&gt;Seen&lt;/b&gt; there." in shown
    assert "3 times" in plain(shown)


def test_personal_data_make_another_object(officers, node, circle, at):
    """One button; the new object's page comes."""
    row = shelved(node, at, indicator(description="Ali, a bank clerk."))
    browser = Browser(officers.all)
    assert "Make one without personal data" in browser.text(f"/sharing/objects/{row.pk}")
    answer = browser.post(f"/sharing/objects/{row.pk}/share", to="VN", purpose="prevention", hops="0")
    assert "no legal basis is named" in answer.content.decode()
    answer = browser.post(f"/sharing/objects/{row.pk}/derive")
    made = models.StixObject.objects.order_by("-pk")[0]
    assert (answer.status_code, answer["Location"]) == (303, f"/sharing/objects/{made.pk}")
    assert "Ali" not in browser.text(answer["Location"])


def test_communities_by_forms(circle, officers, node, at):
    """Proposed, agreed, left; what is wrong is told at the form, with what was typed."""
    browser = Browser(officers.all)
    form = {"name": "Gulf", "purpose": "prevention", "hops": "۱", "members": ["VN", "QA"]}
    assert browser.post("/sharing/communities", **form | {"members": []}).status_code == 422
    assert browser.post("/sharing/communities", **form | {"name": ""}).status_code == 422
    wrong = browser.post("/sharing/communities", **form | {"hops": "99"})
    assert (wrong.status_code, 'value="Gulf"' in wrong.content.decode()) == (422, True)
    assert browser.post("/sharing/communities", **form).status_code == 303
    row = models.Community.objects.get()
    assert circle.says_of("VN", communities.terms_of(row), agrees=True) == ""
    assert circle.says_of("QA", communities.terms_of(row), agrees=False) == ""
    text = plain(browser.text("/sharing"))
    assert "State QA left" in text
    assert "State VN agreed" in text
    assert browser.post(f"/sharing/communities/{row.pk}/leave").status_code == 303
    assert communities.ours(node) == []
    other = Terms("Other", ("IR", "VN"), "prevention", 0)
    assert circle.says_of("VN", other, agrees=True) == ""
    assert browser.post(f"/sharing/communities/{other.digest}/agree").status_code == 303
    assert [one.name for one in communities.ours(node)] == ["Other"]
    assert browser.post(f"/sharing/communities/{'e' * 64}/agree").status_code == 422
    assert browser.post(f"/sharing/communities/{other.digest}/nothing").status_code == 404


def test_without_the_power_nothing_is_done(circle, officers, node, at):
    """Every form is refused, and none is shown."""
    officers.decider.powers = ["decide"]
    row = shelved(node, at, indicator())
    circle.says_of("VN", other := Terms("Other", ("IR", "VN"), "prevention", 0), agrees=True)
    browser = Browser(officers.decider)
    for path, form in (
        (f"/sharing/objects/{row.pk}/share", {"to": "VN", "purpose": "prevention", "hops": "0"}),
        (f"/sharing/objects/{row.pk}/recall", {"kind": "withdraw"}),
        (f"/sharing/objects/{row.pk}/derive", {}),
        (f"/sharing/communities/{other.digest}/agree", {}),
        ("/sharing/communities", {"name": "X", "purpose": "x", "hops": "0", "members": ["VN"]}),
    ):
        assert browser.post(path, **form).status_code == 403, path
    assert '<form method="post" action="/sharing' not in browser.text(f"/sharing/objects/{row.pk}")
    assert models.Telling.objects.count() == 0


def test_hostile_texts_stay_texts(circle, officers, node, at):
    """What another State writes into objects, names, purposes and reasons is shown inert."""
    evil = "<script>alert(1)</script>\u202e"
    what = circle.share("VN", "IR", indicator(name=evil, description=HOSTILE[:500]), purpose=evil[:60])
    circle.say("VN", circle["VN"].sharer.recall(what, Kind.TIGHTEN, level=Level.RED, reason=evil, at=at))
    circle.says_of("VN", Terms(evil, ("IR", "VN"), evil, 0), agrees=True)
    assert circle.codes == []
    one = models.StixObject.objects.get(digest=what)
    for path in ("/sharing", f"/sharing/objects/{one.pk}"):
        page = Browser(officers.all).get(path).content.decode()
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "alert(1)" in page


def test_after_a_restore_the_page_says_whom_it_waits_for(circle, officers, node, at):
    """And who cannot be told now."""
    row = shelved(node, at, indicator())
    prevention.share(node, row, "VN", purpose="prevention", hops=0, officer=officers.all, at=at)
    crossing.forget_settled(node, "log.size", at=at)
    later(circle)
    text = plain(Browser(officers.all).text("/sharing"))
    assert "The memory of this node was restored" in text
    assert "These States cannot be told now" in text
    answer = Browser(officers.all).post(f"/sharing/objects/{row.pk}/recall", kind="withdraw")
    assert answer.status_code == 422


def test_every_reason_has_its_sentence():
    """Whatever a State's own rules say, a person can read it."""
    source = release.Ruling.__doc__
    reasons = set(re.findall(r"`([a-z-]+)`", source[source.index("reason:") :])) - {"withdrawn"}
    assert reasons == set(texts.RELEASES)


def written(browser, kind: str, **typed):
    """What the page answers to a form by hand, and its text."""
    answer = browser.post(f"/sharing/write/{kind}", **typed)
    return answer, html.unescape(answer.content.decode())


def test_an_indicator_is_written_by_hand(officers, node, at):
    """Each kind as a pattern that is understood again; a fault stands at its field, and nothing typed is lost."""
    place = shelved(node, at, indicator()).collection.pk
    browser = Browser(officers.all, "fa")
    typed = {"collection": place, "mark": str(int(Level.AMBER)), "title": "درگاه جعلی", "observable": "ipv4-addr",
             "value": "۲۰۳.0.113.9", "since": "۱۴۰۵/۰۹/۰۹", "until": "2027-01-01", "text": "It's <b>new</b>."}  # fmt: skip
    assert browser.post("/sharing/write/indicator", **typed).status_code == 303
    row = models.StixObject.objects.order_by("pk").last()
    body = stix.read(bytes(row.raw)).body
    assert body["pattern"] == "[ipv4-addr:value = '203.0.113.9']"
    assert (body["valid_from"], body["valid_until"]) == ("2026-11-30T00:00:00.000Z", "2027-01-01T00:00:00.000Z")
    assert (body["created_by_ref"], row.source, row.by) == (prevention.identity("IR"), "", officers.all.username)
    assert tlp.marked(body).level is Level.AMBER
    for field, wrong in (
        ("collection", copies.RECEIVED), ("collection", "nowhere"), ("mark", ""), ("title", " "), ("observable", "person"),
        ("value", ""), ("value", "evil[.]example"), ("since", "soon"), ("until", "2020-01-01"), ("text", "x" * 10_001),
        ("title", "a\x00b"),
    ):  # fmt: skip
        answer, page = written(browser, "indicator", **typed | {field: wrong})
        assert answer.status_code == 422, (field, wrong)
        found = re.search(rf'class="field wrong"><label for="indicator-{field}".*?class="error"', page, re.DOTALL)
        assert found, (field, wrong)
        for kept in typed.keys() - {field, "collection", "mark", "observable"}:
            assert typed[kept] in page, kept
    assert models.StixObject.objects.count() == 2
    assert written(Browser(officers.idle, "fa"), "indicator", **typed)[0].status_code == 403
    assert browser.post("/sharing/write/malware", **typed).status_code == 404


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("domain-name", "Evil.example", True), ("domain-name", "evil", False), ("domain-name", "a b.example", False),
        ("ipv4-addr", "203.0.113.0/24", True), ("ipv4-addr", "2001:db8::1", False), ("ipv6-addr", "2001:DB8::1", True),
        ("url", "https://evil.example/it's?a=\\b", True), ("url", "evil.example", False), ("url", "https://a b/", False),
        ("email-addr", "a@evil.example", True), ("email-addr", "evil.example", False),
        ("file:SHA-256", "A" * 64, True), ("file:SHA-256", "a" * 63, False), ("file:SHA-1", "b" * 40, True),
        ("file:MD5", "c" * 32, True), ("domain-name", "x' OR url:value = 'y", False), ("email-addr", "x'] OR [a@b", False),
        ("url", "https://a/' OR url:value = 'https://b/", False),
    ],
)  # fmt: skip
def test_a_written_value_is_what_is_found_again(kind, value, fits):
    """One observable of the chosen kind, whatever stands in it; what is none is refused."""
    if not fits:
        with pytest.raises(Invalid) as refused:
            writing.pattern(kind, value)
        assert refused.value.where == "value"
        return
    (one,) = patterns.observables(writing.pattern(kind, value)).observables
    assert (one.kind, one.value.lower()) == (kind, value.lower())


def test_a_note_is_written_by_hand(officers, node, at):
    """About an object that is here, or about none; what is called back is not here."""
    row = shelved(node, at, indicator())
    browser = Browser(officers.all)
    typed = {"collection": row.collection.pk, "mark": "0", "title": "Calls", "text": "They call at night.", "about": ""}
    for about, refs in ((row.object_id, row.object_id), ("", prevention.identity("IR"))):
        assert browser.post("/sharing/write/note", **typed | {"about": about}).status_code == 303
        body = json.loads(bytes(models.StixObject.objects.order_by("pk").last().raw))
        assert (body["type"], body["content"], body["object_refs"]) == ("note", "They call at night.", [refs])
    models.StixObject.objects.filter(pk=row.pk).update(withdrawn=True)
    answer, page = written(browser, "note", **typed | {"about": row.object_id})
    assert (answer.status_code, "No object of this id is here." in page) == (422, True)
    assert "They call at night." in page


def test_a_long_report_is_fetched_by_itself(officers, node, at, django_assert_max_num_queries):
    """The page reads what is short, in one question; a long one is a file. The list that proves reads none."""
    row = shelved(node, at, indicator())
    for number, text in enumerate(["It is short.", "x" * 20_000]):
        said = {"what": row.digest, "by": "VN", "concern": "sighting", "at": at, "statement": b"", "object": canon.dumps(
            {"content": text})}  # fmt: skip
        models.CopyReport.objects.create(digest=f"{number}" * 64, **said)
    browser = Browser(officers.idle)
    page = browser.text(f"/sharing/objects/{row.pk}")
    assert "It is short." in page
    assert "x" * 1_000 not in page
    answer = browser.get(f"/sharing/reports/{'1' * 64}.json")
    assert (f"/sharing/reports/{'1' * 64}.json" in page, json.loads(answer.content)["content"]) == (True, "x" * 20_000)
    assert answer["Content-Disposition"].startswith("attachment")
    assert browser.get("/sharing/reports/none.json").status_code == 404
    with django_assert_max_num_queries(1):
        assert [one.text for one in shared.told(row.digest)] == ["It is short.", ""]
    with CaptureQueriesContext(connection) as asked:
        shared.proof(node, row, at=at)
    assert not [one for one in asked.captured_queries if "node_copyreport" in one["sql"]]


def test_a_feed_s_object_is_not_suspended(circle, officers, node, at):
    """Only what a State gave over the wire is: it alone can be called back there."""
    what = circle.share("VN", "IR", indicator())
    fed = stix.read(indicator("fed.example"))
    shelf.Shelves(node).add(copies.RECEIVED, [fed], by="feed cert", at=at, source="VN")
    rows = models.StixObject.objects.order_by("pk")
    said = {one.row.digest: one.use for one in shared.listed(node, rows, at=at + 2 * copies.PATIENCE)}
    assert said == {what: "suspended", fed.digest: "usable"}
