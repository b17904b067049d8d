"""Figures in the node: they are its acts, small ones come out at no door, releases keep each other's promises, pages speak."""

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from browsing import Browser
from counting import facts as made_up
from django.core.cache import cache
from django.test import RequestFactory
from django.utils.translation import deactivate
from donor import TERMS, Donor, need, offer, said
from peer import Peer
from refusing import code
from visitor import PERSIAN, forget, get

from comity.assistance.programme import Say, Word
from comity.casework.measure import Measure
from comity.errors import BrokenSeal, Invalid
from comity.node import models
from comity.node.desk import assistance, figures, requested
from comity.node.peers import views
from comity.node.public import figures as page
from comity.reporting import axes, sdmx
from comity.reporting.axes import EXERCISE, NONE, REAL, RECEIVED, TOTAL
from comity.reporting.release import Release, attack
from comity.seal import canon, envelope
from comity.wire.assistance import Spoken
from comity.wire.directory import trust_in

AT = datetime.now(UTC).replace(microsecond=0)  # when this State has a key
LATER = AT + timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh():
    forget()
    cache.clear()
    page._newest.cache_clear()
    yield
    page._newest.cache_clear()
    forget()
    deactivate()  # a browser in Persian leaves its language to the next test of this process


@pytest.fixture
def counted(monkeypatch):
    """Let the node's facts be those of a year of made-up cases; what may be changed."""
    held = made_up(7, 160, partners=3, quarters=4, measures=(Measure.STORED_DATA, Measure.SEARCH, Measure.FREEZING))
    monkeypatch.setattr(figures, "facts", lambda _settings: tuple(held))
    return held


def published(node, officers, through="2025-Q4", at=AT) -> Release:
    """Published as an officer would: what was shown, and nothing else."""
    shown = figures.preview(node, through, at=at)
    row = figures.publish(node, through, seen=shown.mark, officer=officers.all, at=at)
    page._newest.cache_clear()
    return figures.told(row)


# --------------------------------------------------------------------------------------------- what is counted


def test_facts_are_the_acts(node, six_asked, at, monkeypatch):
    """Each is an act that is kept here; batches make no difference; times run from the receipt, grounds go by the books."""
    names, ground = six_asked
    found = figures.facts(node)
    assert {fact.act for fact in found} <= set(models.Act.objects.values_list("pk", flat=True))
    outcomes = sorted((str(fact.event), fact.outcome, fact.case) for fact in found if fact.event != "requested")
    assert outcomes == [
        ("answered", "accepted", names[0]), ("answered", ground, names[1]), ("returned", "period_to", names[2])
    ]  # fmt: skip
    sent = {fact.case: fact for fact in found if fact.event == "requested"}
    assert set(sent) == set(names)
    for name in names:
        kept = models.Arrival.objects.get(act__case=name, act__kind="requested").at
        assert sent[name].took == max(kept - sent[name].at, timedelta(0))
    monkeypatch.setattr(figures, "_BATCH", 2)
    assert figures.facts(node) == found
    own = [one for one in figures.own(node) if one.groups]
    assert [(str(group.event), group.count) for one in own for group in one.groups] == [
        ("requested", 6), ("returned", 1), ("answered", 2)]  # fmt: skip
    assert own[0].states == {(RECEIVED, "VN"): 6}
    assert own[0].defects == {(RECEIVED, "period_to"): 1}


def test_own_figures_are_counted_anew_only_when_something_came(node, officers, six_asked, at, monkeypatch):
    """Two looks, one count; another act, another count."""
    counted, facts = [], figures.facts
    monkeypatch.setattr(figures, "facts", lambda settings: counted.append(1) or facts(settings))
    assert figures.own(node) == figures.own(node)
    assert len(counted) == 1
    requested.report_progress(
        node, six_asked[0][0], message="Soon.", officer=officers.decider, at=at + timedelta(hours=3)
    )
    figures.own(node)
    assert len(counted) == 2


def test_officers_read_their_own_figures_and_nobody_else_does(node, officers, six_asked):
    """Unhidden, in both languages, for the power to assist; and never without it."""
    text = Browser(officers.all).text("/figures")
    assert re.search(r"Requests · of other States to this one</th><td>6</td>", text)
    assert re.search(r"Requests answered · of other States to this one</th><td>2</td>", text)
    persian = Browser(officers.all, "fa").text("/figures")
    assert re.search(r"درخواست‌ها · از دولت‌های دیگر به این دولت</th><td>۶</td>", persian)
    assert Browser(officers.decider).get("/figures").status_code == 403
    assert Browser(officers.decider).post("/figures/publish", through="2025-Q4", seen="x").status_code == 403
    assert 'href="/figures"' not in Browser(officers.decider).text("/cases")
    assert Browser().get("/figures").status_code == 302


# --------------------------------------------------------------------------------------------- what is published


def test_small_figures_come_out_nowhere(node, officers, counted):
    """Page, CSV, signed statement and the peers' door tell the release, no figure below its threshold, none to work out."""
    release = published(node, officers)
    exact = dict(figures.preview(node, "2025-Q4", at=AT).hidden)
    assert 0 < min(exact.values()) < release.threshold
    assert attack(release) == ()
    signed = get("/figures.json").content
    assert signed == views.figures_of_cases(RequestFactory(secure=True).get("/figures/cases")).content
    for out in (figures.read(signed, _trust(node)), sdmx.from_csv(get("/figures.csv").content.decode())):
        assert out == release
        assert all(value is None or value >= release.threshold for value in out.cells.values())
        assert all(out.cells[key] is None for key in exact)
    for path, digits in (("/en/figures", {}), ("/fa/figures", {ord(c): str(i) for i, c in enumerate("۰۱۲۳۴۵۶۷۸۹")})):
        text = html.unescape(get(path).content.decode())
        told = re.findall(r"<td>\s*([0-9۰-۹]+)\s*<", text)
        assert len(told) > 15
        assert all(int(one.translate(digits)) >= release.threshold or not int(one.translate(digits)) for one in told)
    assert get("/figures.csv")["Content-Type"] == sdmx.MEDIA_TYPE


def test_a_second_release_keeps_what_the_first_promised(node, officers, counted):
    """A case more in each hidden figure: neither release, nor both together, gives a small figure away."""
    first = published(node, officers)
    counted += made_up(8, 60, partners=3, quarters=5, measures=(Measure.STORED_DATA, Measure.SEARCH))
    second = published(node, officers, "2026-Q1", LATER)
    assert (first.number, second.number) == (1, 2)
    assert attack(first) == attack(first, second) == ()
    hidden = {key for key, value in first.cells.items() if value is None}
    assert hidden & second.cells.keys() <= {key for key, value in second.cells.items() if value is None or value >= 5}
    assert code(figures.preview, node, "2025-Q4", at=LATER) == "figures.plan"
    assert [row.number for row in figures.published()] == [2, 1]
    assert figures.told(models.FiguresRelease.objects.get(pk=1)) == first
    assert "2025-Q4" not in figures.quarters(at=LATER)
    assert figures.read(get("/figures.json").content, _trust(node)) == second


def test_earlier_releases_are_drawn_with(node, officers, counted, monkeypatch):
    """All of them, oldest first."""
    given, draw = [], figures.draw
    monkeypatch.setattr(figures, "draw", lambda *of, **named: given.append(named["earlier"]) or draw(*of, **named))
    one = published(node, officers)
    two = published(node, officers, "2026-Q1", LATER)
    figures.preview(node, "2026-Q1", at=LATER)
    assert given == [[], [], [one], [one], [one, two]]  # shown, and drawn again to be published


def test_what_is_not_what_was_shown_is_not_published(node, officers, counted):
    """Counted since, published since, no power, a quarter that runs, or none at all: nothing is kept."""
    shown = figures.preview(node, "2025-Q4", at=AT)
    give = {"seen": shown.mark, "officer": officers.all, "at": AT}
    assert code(figures.publish, node, "2025-Q4", **(give | {"officer": officers.decider})) == "case.power"
    assert code(figures.publish, node, axes.quarter(AT), **give) == "figures.period"
    for odd in ("", "2025", "2025-Q5", "x" * 20, "٢٠٢٥-Q4"):
        assert code(figures.publish, node, odd, **give) == "figures.period"
    held = list(counted)
    counted += made_up(9, 40, partners=3)
    assert code(figures.publish, node, "2025-Q4", **give) == "figures.changed"
    counted[:] = held
    assert not models.FiguresRelease.objects.exists()
    later = AT + timedelta(hours=1)  # the moment alone changes nothing
    figures.publish(node, "2025-Q4", seen=shown.mark, officer=officers.all, at=later)
    assert code(figures.publish, node, "2025-Q4", **give) == "figures.changed"
    assert models.FiguresRelease.objects.count() == 1


def _trust(node):
    return trust_in([Peer("VN", node).home_entry])


def test_forged_figures_are_not_read(node, officers, counted, peer, at):
    """Unsigned, altered, of another kind, of another State, for one State only, or not plausible: none is a release."""
    shown = figures.preview(node, "2025-Q4", at=AT).release.to_dict() | {"drawn": at.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def signed(said, kind="figures", sender="IR", to="", key=node.signing):
        return envelope.sign(kind, canon.dumps(said), sender=sender, to=to, key=key)

    trust = trust_in([peer.home_entry, peer.entry])
    assert figures.read(signed(shown), trust).state == "IR"
    assert code(figures.read, canon.dumps(shown), trust).startswith(("canon", "seal"))
    broken = json.loads(signed(shown))
    broken["payload"] = canon.b64(canon.dumps(shown | {"number": 2}))
    assert code(figures.read, canon.dumps(broken), trust) == "seal.ed25519"
    assert code(figures.read, signed(shown, kind="act"), trust) == "seal.kind"
    assert code(figures.read, signed(shown, sender="VN", key=peer.signing), trust) == "figures.sender"
    assert code(figures.read, signed(shown, to="VN"), trust) == "figures.sender"
    assert code(figures.read, signed(shown, key=peer.signing), trust) == "trust.unknown-key"
    assert code(figures.read, signed(shown | {"drawn": "2020-01-01T00:00:00Z"}), trust) == "trust.time"
    assert code(figures.read, signed([]), trust) == "figures.form"
    odd = shown | {"cells": [[*row[:-1], 1] if row[-1] is None else row for row in shown["cells"]]}
    with pytest.raises((Invalid, BrokenSeal)):
        figures.read(signed(odd), trust)


# --------------------------------------------------------------------------------------------------------- the pages


def test_nothing_is_there_before_the_first_release(node):
    """Said in words, and 404 for machines."""
    assert "Nothing has been published yet." in get("/en/figures").content.decode()
    assert {get(path).status_code for path in ("/figures.csv", "/figures.json")} == {404}
    answer = views.figures_of_cases(RequestFactory(secure=True).get("/figures/cases"))
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "figures.none")
    assert views.figures_of_cases(RequestFactory(secure=True).post("/figures/cases")).status_code == 405


def test_the_publics_page_in_both_languages(node, officers, counted):
    """Light, without script, right to left in Persian; figures of a year and of quarters, with bars; a strange year is none."""
    release = published(node, officers)
    total = release.value((REAL, "requested", RECEIVED, TOTAL, TOTAL, TOTAL, NONE, TOTAL, "2025"))
    text = get("/en/figures").content.decode()
    assert "How many requests were received from other States?" in html.unescape(text)
    assert f"<td>{total} <svg" in text
    assert "Quarter 4 of 2025" in text
    assert text.index("within 30 days") < text.index("within 90 days") < text.index("within 180 days")
    persian = get("/fa/figures").content.decode()
    assert 'dir="rtl"' in persian
    assert f"<td>{str(total).translate(PERSIAN)} <svg" in persian
    assert "سه‌ماههٔ ۴ سال ۲۰۲۵" in persian
    assert "اعلام نمی‌شود" in persian
    for page_ in (text, persian):
        assert "<script" not in page_
        assert " style=" not in page_
        assert len(page_.encode()) < 30_000
    assert get("/en/figures?year=1900'").content == get("/en/figures").content
    assert "/en/figures" in get("/en/").content.decode()


def test_an_officer_previews_and_publishes(node, officers, counted):
    """What is hidden stands there with its true figure; then everybody reads the rest, and a stale word is refused."""
    browser = Browser(officers.all)
    hidden = figures.preview(node, "2025-Q4", at=AT).hidden
    through = figures.quarters(at=datetime.now(UTC))[0]
    text = browser.text(f"/figures?through={through}")
    assert "Release 1 as it would be" in text
    assert hidden
    assert "What is hidden, with the figures as they are" in text
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', text)[1]
    stale = browser.post("/figures/publish", through=through, seen="0" * 64)
    assert stale.status_code == 422
    assert "since these figures were shown" in html.unescape(stale.content.decode())
    assert browser.post("/figures/publish", through=through, seen=seen).status_code == 303
    row = figures.newest()
    assert (row.number, row.through, row.by) == (1, through, "Officer all, Exercise office")
    assert "Officer all, Exercise office" in browser.text("/figures")
    assert "انتشار شمارهٔ ۲" in Browser(officers.all, "fa").text(f"/figures?through={through}")
    assert browser.get("/figures?through=2199-Q4").status_code == 422


def test_programmes_count_too(node, officers, at):
    """What began and how it ended, by the need's topic; at a node for exercises, as an exercise. A proposal is no figure."""
    who, vn = {"officer": officers.all, "at": at}, Donor("VN", node, at)
    assistance.publish(node, need(), **who)
    assert vn.publishes(offer(), at) == ""
    about = Spoken(programme="VN-PROGRAMME-2026-0001", need=need().reference, offer=offer().reference, after=(),
                   word=Word(say=Say.PROPOSED, by="VN", at=at, terms=TERMS))  # fmt: skip
    assert vn.says(about, about.word, at) == ""
    assert figures.facts(node) == ()
    said(node, about, Say.AGREED, who)
    said(node, about, Say.ENDED, who, text="Not needed any more.")
    assert [(str(fact.event), fact.nature, fact.direction, fact.subject, fact.partner, fact.outcome)
            for fact in figures.facts(node)] == [
        ("begun", EXERCISE, RECEIVED, "forensics", "VN", NONE),
        ("concluded", EXERCISE, RECEIVED, "forensics", "VN", "ended"),
    ]  # fmt: skip
