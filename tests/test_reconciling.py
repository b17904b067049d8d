"""Two States tell each other what they count of their cases: each difference is shown to both; attacks beside it."""

import html
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

import peer as peers
import pytest
from browsing import Browser
from counting import recounted
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import deactivate
from peer import Peer, arrive, settle
from refusing import code

from comity.casework.act import Kind
from comity.errors import BrokenSeal, Invalid
from comity.node import archive, models
from comity.node.desk import crossing, figures, reconciling, registry
from comity.reporting import axes, tables
from comity.reporting.reconciliation import Entry, Statement, Why, compare, state
from comity.reporting.release import Release
from comity.seal import canon, envelope
from comity.wire import figures as wire
from comity.wire.directory import trust_in


class Counter:
    """Viet Nam, which counts by the acts that it holds: its own, and those that Iran sent it.

    Args:
        node: settings of the node under test, at which it is pinned.
        peer: its keys.
        at: when its acts were said; it draws up when their quarter is over.
    """

    def __init__(self, node, peer: Peer, at: datetime) -> None:
        self.node, self.peer, self.quarter = node, peer, axes.quarter(at)
        self.at = axes.edges(self.quarter)[1] + timedelta(days=1)
        self.time = {"since": self.quarter, "through": self.quarter}

    def counts(self) -> Statement:
        """What it says if it holds what Iran says that both know."""
        ours = state(reconciling.facts(self.node, "VN"), by="IR", to="VN", at=self.at, **self.time)
        return replace(ours, by="VN", to="IR")

    def says(self, said: Statement, *, at=None, key=None, to="IR") -> str:
        """Its statement arrives; the code with which it is refused."""
        raw = wire.sign(said, key=key or self.peer.signing)
        return arrive(self.node, envelope.seal(raw, to=to, key=self.peer.home_entry.open), at or self.at).code

    def told(self) -> list[Statement]:
        """What Iran has said to it, oldest first."""
        trust, found = trust_in([self.peer.home_entry]), []
        for row in models.Departure.objects.filter(peer="VN").order_by("number"):
            raw = envelope.opened(archive.sealed(row), home="VN", keys=[self.peer.opening])
            if canon.loads(raw, limit=1 << 20)["kind"] == "figures":
                found.append(wire.read(envelope.verify(raw, trust, kind="figures", at=self.at)))
        return found

    def compared(self) -> reconciling.Compared:
        """As Iran's node sees it."""
        return reconciling.compared("VN", self.quarter, self.quarter)


def receipted() -> None:
    """The other State has signed that it holds everything that was sent."""
    models.Departure.objects.update(relayed=True)


@pytest.fixture
def vn(node, peer, six_asked, at):
    """Six requests, three acts of Iran on them, all receipted; the end of the quarter is over."""
    receipted()
    yield Counter(node, peer, at)
    deactivate()


def test_an_officer_asks_and_both_hold_the_same(node, officers, vn):
    """What crosses is signed, logged, for that State alone; its answer is kept, and not one figure differs."""
    row = reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at)
    (said,) = vn.told()
    assert (said.by, said.to, len(said.entries)) == ("IR", "VN", 9)
    assert {one.act for one in said.entries} <= set(models.Act.objects.values_list("pk", flat=True))
    assert (vn.compared().theirs, row.by) == (None, "Officer all, Exercise office")
    assert vn.says(vn.counts()) == ""
    assert vn.compared().differences == ()
    reconciling.due(node, at=vn.at)
    assert len(vn.told()) == 1  # it knows ours as it is
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at)
    assert [one.drawn - vn.at for one in vn.told()] == [timedelta(0), timedelta(seconds=1)]  # two asked within a second
    assert vn.compared().differences == ()
    assert code(reconciling.ask, node, "VN", vn.quarter, vn.quarter, officer=officers.decider, at=vn.at) == "case.power"


def test_a_node_answers_by_itself_once_and_only_with_what_the_other_knows(node, vn, monkeypatch):
    """An act without its receipt is not told; when it is there, the next statement of the other is answered anew."""
    late = models.Act.objects.get(by="IR", kind=Kind.ASKED)
    models.Departure.objects.filter(act=late).update(relayed=False)
    assert vn.says(vn.counts()) == ""
    assert reconciling.due(node, at=vn.at)
    assert not reconciling.due(node, at=vn.at)
    (said,) = vn.told()
    assert late.pk not in {one.act for one in said.entries}
    assert len(said.entries) == 8
    assert models.FiguresBetween.objects.get(own=True).by == ""
    count = []
    monkeypatch.setattr(reconciling, "facts", lambda *of, facts=reconciling.facts: count.append(1) or facts(*of))
    for later in (1, 2):
        vn.says(replace(vn.counts(), drawn=vn.at + timedelta(minutes=later)), at=vn.at + timedelta(minutes=later))
        assert not reconciling.due(
            node, at=vn.at + timedelta(minutes=later)
        )  # who asks again and again is counted for later
    count.clear()
    reconciling.due(node, at=vn.at + timedelta(minutes=11))
    assert (len(vn.told()), len(count)) == (1, 1)  # nothing has changed: nothing is said again
    receipted()
    assert vn.says(replace(vn.counts(), drawn=vn.at + timedelta(hours=2)), at=vn.at + timedelta(hours=2)) == ""
    reconciling.due(node, at=vn.at + timedelta(hours=3))
    assert [len(one.entries) for one in vn.told()] == [8, 9]
    assert vn.compared().differences == ()  # who adds what came late takes nothing back


def test_nothing_of_others_nor_of_the_inside_crosses(node, officers, vn, at):
    """A request of Qatar and every internal act stay out, whoever asks."""
    qa = Peer("QA", node)
    registry.pin(node, qa.entry_bytes, fingerprint=qa.entry.fingerprint, by="test", at=at)
    settle("QA")
    data, _ = qa.asks(peers.request(reference="QA-2026-0001", requesting="QA"))
    arrive(node, data, at, "QA")
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at)
    told = json.dumps(vn.told()[0].to_dict())
    inner = models.Act.objects.filter(kind=Kind.ASSESSED)
    assert inner
    assert not [act for act in models.Act.objects.filter(case="QA-2026-0001") | inner if act.pk in told]
    assert "QA" not in told


def test_each_difference_is_shown_with_its_act(node, officers, vn):
    """An act too few, one too many and a false figure: found, told apart, the same at both, with the case behind."""
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at)
    whole = vn.counts()
    gone, cell = whole.entries[0], whole.entries[-1].cell
    strange = Entry(cell, gone.at, "ab" * 32, "VN-2026-0777")
    entries = tuple(sorted([*whole.entries[1:], strange]))
    counts = {**whole.counts, gone.cell: whole.counts[gone.cell] - 1, cell: whole.counts[cell] + 5}
    assert vn.says(replace(whole, entries=entries, counts={key: n for key, n in counts.items() if n})) == ""
    found = vn.compared()
    assert sorted((str(one.why), one.at_fault, one.case) for one in found.differences) == sorted([
        (Why.FIGURE, "VN", ""), (Why.MISSING, "VN", gone.case), (Why.MISSING, "IR", "VN-2026-0777")])  # fmt: skip
    theirs = compare(replace(whole, entries=entries, counts={key: n for key, n in counts.items() if n}), vn.told()[0])
    assert {(one.why, one.acts) for one in theirs} == {(one.why, one.acts) for one in found.differences}
    path = f"/figures/between/VN/{vn.quarter}/{vn.quarter}"
    text = Browser(officers.all).text(path)
    assert "&lt;" not in text  # a piece of a page that was taken for text
    text = html.unescape(text)
    assert f'href="/cases/{gone.case}"' in text
    assert "VN-2026-0777" in text
    assert 'href="/cases/VN-2026-0777"' not in text
    assert "3 differences to look at" in text
    persian = Browser(officers.all, "fa").text(path)
    assert "۳ تفاوت برای بررسی" in persian
    assert Browser(officers.decider).get(path).status_code == 403
    assert Browser(officers.all).get("/figures/between/QA/2026-Q1/2026-Q1").status_code == 422


def test_two_statements_of_one_time_are_both_kept(node, officers, vn):
    """What is taken back is shown; what was only added is not held against anybody; the same again is no second one."""
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at)
    whole = vn.counts()
    gone = whole.entries[-1]
    less = recounted(replace(whole, drawn=vn.at + timedelta(minutes=1)), whole.entries[:-1])
    assert vn.says(whole) == ""
    assert vn.says(less, at=vn.at + timedelta(hours=1)) == ""
    assert sorted((str(one.why), one.acts) for one in vn.compared().differences) == [
        (Why.MISSING, (gone.act,)), (Why.RETRACTED, (gone.act,))]  # fmt: skip
    assert models.FiguresBetween.objects.filter(own=False).count() == 2
    again = replace(less, drawn=vn.at + timedelta(minutes=2))
    assert vn.says(again, at=vn.at + timedelta(hours=1)) == ""
    for old in (again, less, whole):
        assert vn.says(old, at=vn.at + timedelta(hours=1)) == "between.known"
    assert models.FiguresBetween.objects.filter(own=False).count() == 2
    assert vn.says(replace(whole, drawn=vn.at + timedelta(minutes=3)), at=vn.at + timedelta(hours=1)) == ""
    assert [one.why for one in vn.compared().differences] == [
        Why.RETRACTED
    ]  # said again: it was taken back all the same


def test_what_cannot_be_is_refused(node, vn):
    """Of another pair, forged, altered, ahead of its time, of a quarter that runs, not plausible: nothing kept."""
    whole, at = vn.counts(), vn.at
    other = Peer("QA", node)
    assert vn.says(whole, key=other.signing) == "trust.unknown-key"
    posing = replace(whole, by="QA", counts={}, entries=())
    raw = envelope.sign("figures", canon.dumps(posing.to_dict()), sender="VN", to="IR", key=vn.peer.signing)
    assert _brought(vn, raw) == "figures.sender"
    pair = replace(whole, to="QA", counts={}, entries=())
    raw = envelope.sign("figures", canon.dumps(pair.to_dict()), sender="VN", to="IR", key=vn.peer.signing)
    assert _brought(vn, raw) == "figures.sender"
    raw = json.loads(wire.sign(whole, key=vn.peer.signing))
    raw["payload"] = canon.b64(canon.dumps(replace(whole, drawn=at + timedelta(seconds=1)).to_dict()))
    assert _brought(vn, canon.dumps(raw)) == "seal.ed25519"
    assert vn.says(replace(whole, drawn=at + timedelta(minutes=6))) == "between.time"
    assert vn.says(whole, at=axes.edges(vn.quarter)[1] - timedelta(minutes=4)) in ("figures.period", "between.time")
    for payload in (b"{}", b"[]", b'{"figures":"calls"}', canon.dumps(whole.to_dict() | {"counts": [[1]]})):
        raw = envelope.sign("figures", payload, sender="VN", to="IR", key=vn.peer.signing)
        assert _brought(vn, raw) == "between.form"
    many = whole.to_dict()
    many["counts"][0][-1] = 10**9
    raw = envelope.sign("figures", canon.dumps(many), sender="VN", to="IR", key=vn.peer.signing)
    assert _brought(vn, raw) == "figures.value"
    assert vn.says(whole) == ""
    assert models.FiguresBetween.objects.count() == 1


def _brought(vn: Counter, raw: bytes) -> str:
    return arrive(vn.node, envelope.seal(raw, to="IR", key=vn.peer.home_entry.open), vn.at).code


def test_what_is_too_long_is_said_before_anything_is_sent(node, officers, vn, monkeypatch):
    """To the officer who asks; a node that cannot answer tells a person, and goes on."""
    monkeypatch.setattr(wire, "LIMIT", 900)
    asking = {"officer": officers.all, "at": vn.at}
    assert code(reconciling.ask, node, "VN", vn.quarter, vn.quarter, **asking) == "between.too-long"
    assert code(reconciling.ask, node, "VN", axes.quarter(vn.at), axes.quarter(vn.at), **asking) == "figures.period"
    assert code(reconciling.ask, node, "QA", vn.quarter, vn.quarter, **asking) == "peer.unknown"
    assert code(reconciling.ask, node, "VN", "2026", "2026", **asking) == "figures.period"
    assert not models.FiguresBetween.objects.exists()
    assert vn.says(state([], by="VN", to="IR", at=vn.at, **vn.time)) == ""
    assert reconciling.due(node, at=vn.at)
    assert not reconciling.due(node, at=vn.at)
    assert [alarm.code for alarm in crossing.alarms(since=vn.at - timedelta(days=1))] == ["between.too-long"]


def test_who_is_not_settled_is_answered_later(node, vn):
    """Nothing is lost when the other has not said yet what it holds."""
    assert vn.says(vn.counts()) == ""
    models.Talk.objects.update(settled=False)
    reconciling.due(node, at=vn.at)
    assert vn.told() == []
    settle("VN")
    reconciling.due(node, at=vn.at + timedelta(seconds=3))
    assert len(vn.told()) == 1


def test_what_was_lost_here_comes_back(node, officers, vn):
    """This State's own statement, given back by the other after memory was lost, stands where it stood; no newer one goes."""
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at)
    row = models.FiguresBetween.objects.get()
    raw, trust = bytes(row.statement), trust_in([vn.peer.home_entry])
    row.delete()
    said = envelope.verify(raw, trust, kind="figures", at=vn.at)
    reconciling.adopt(said)
    reconciling.adopt(said)
    assert bytes(models.FiguresBetween.objects.get(own=True).statement) == raw


def test_what_is_published_otherwise_is_shown(node, officers, vn):
    """Viet Nam says to Iran what it has counted, and publishes another list: a difference. Two under one number: an alarm."""
    since, through = f"{vn.quarter[:4]}-Q1", f"{vn.quarter[:4]}-Q4"
    whole = replace(vn.counts(), since=since, through=through)
    key = ("exercise", "requested", "made", "_T", "IR", "_T", "_Z", "_T", vn.quarter[:4])
    given = {"state": "VN", "through": through, "drawn": vn.at, "threshold": 5, "reach": 4, "tables": tables.PLAN}

    def signed(number: int, count: int, sender="VN") -> bytes:
        said = Release(**given | {"state": sender}, number=number, cells={key: count}).to_dict()
        return envelope.sign("figures", canon.dumps(said), sender="VN", to="", key=vn.peer.signing)

    assert vn.says(whole) == ""
    asked_for = sum(count for cell, count in whole.counts.items() if cell[1] == "requested")
    assert asked_for == 6
    reconciling.published(node, "VN", signed(1, 6), at=vn.at)
    assert reconciling.compared("VN", since, through).differences == ()
    reconciling.published(node, "VN", signed(2, 7), at=vn.at)
    (found,) = reconciling.compared("VN", since, through).differences
    assert (found.why, found.at_fault, found.ours, found.theirs, len(found.acts)) == (Why.PUBLISHED, "VN", 6, 7, 6)
    reconciling.published(node, "VN", signed(2, 7), at=vn.at)
    assert not crossing.alarms(since=vn.at - timedelta(days=1))
    reconciling.published(node, "VN", signed(2, 8), at=vn.at)
    reconciling.published(node, "VN", signed(1, 6), at=vn.at)
    assert sorted(alarm.code for alarm in crossing.alarms(since=vn.at - timedelta(days=1))) == [
        "figures.fork", "figures.older"]  # fmt: skip
    row = models.FiguresHeard.objects.get(pk="VN")
    assert [figures.said(bytes(value)).cells[key] for value in (row.value, row.other)] == [7, 8]
    for forged in (signed(3, 9, sender="QA"), b"{}", signed(3, 9)[:-9]):
        with pytest.raises((BrokenSeal, Invalid)):
            reconciling.published(node, "VN", forged, at=vn.at)
    assert models.FiguresHeard.objects.get(pk="VN").number == 2
    assert 'href="/figures/of/VN"' in Browser(officers.all).text("/figures")
    text = Browser(officers.all, "fa").text("/figures/of/VN")
    assert "دو انتشار با یک شماره" in text
    assert "&lt;" not in text
    assert Browser(officers.decider).get("/figures/of/VN").status_code == 403
    assert Browser(officers.all).get("/figures/of/QA").status_code == 422


def test_the_pages(node, officers, vn, monkeypatch):
    """An officer chooses a State and a time; what is not possible is said; the list shows who waits for whom."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: vn.at)
    browser = Browser(officers.all)
    assert "Nothing was compared yet." in browser.text("/figures")
    answer = browser.post("/figures/ask", peer="VN", period=vn.quarter)
    path = f"/figures/between/VN/{vn.quarter}/{vn.quarter}"
    assert (answer.status_code, answer["Location"]) == (302, path)
    assert "waiting" in browser.text("/figures")
    assert "Both must have said their figures first." in browser.text(path)
    vn.says(vn.counts())
    assert "None: every figure of the two is the same, act by act." in browser.text(path)
    assert "با دولت‌های دیگر" in Browser(officers.all, "fa").text("/figures")
    for odd in (
        {"peer": "QA", "period": vn.quarter},
        {"peer": "VN", "period": "2026-Q9"},
        {"peer": "VN", "period": "x"},
    ):
        assert browser.post("/figures/ask", **odd).status_code == 422
    assert Browser(officers.decider).post("/figures/ask", peer="VN", period=vn.quarter).status_code == 403


def invented(whole: Statement, number: int, *, seconds: int) -> Statement:
    """What nobody did: so many acts, all others in each statement."""
    some, drawn = whole.entries[0], whole.drawn + timedelta(seconds=seconds)
    return recounted(replace(whole, drawn=drawn), [replace(some, act=secrets.token_hex(32)) for _ in range(number)])


def test_who_says_other_acts_each_time_fills_no_page(node, officers, vn):
    """Ten statements of one quarter stay, the first and the newest; every act taken back is counted, few are shown."""
    whole = vn.counts()
    sent = [invented(whole, 120, seconds=n) for n in range(13)]
    assert {vn.says(said, at=vn.at + timedelta(seconds=n)) for n, said in enumerate(sent)} == {""}
    back = replace(sent[0], drawn=vn.at - timedelta(seconds=1))
    assert vn.says(back) == "between.known"  # nobody puts one before the first
    rows = models.FiguresBetween.objects.filter(own=False)
    assert sorted(rows.values_list("drawn", flat=True)) == [sent[n].drawn for n in (0, 4, 5, 6, 7, 8, 9, 10, 11, 12)]
    assert reconciling.due(node, at=vn.at + timedelta(minutes=1))
    found = vn.compared()
    assert (found.let_go, len(found.differences)) == (3, reconciling.DIFFERENCES)
    assert found.count == found.unexplained == 12 * 120 + 120 + 9
    browser = Browser(officers.all)
    with CaptureQueriesContext(connection) as said:
        text = browser.text(f"/figures/between/VN/{vn.quarter}/{vn.quarter}")
    assert max(len(query["sql"]) for query in said) < 100_000
    assert f"More differences that are not shown here: {found.count - reconciling.DIFFERENCES}." in text
    assert "Statements that are not kept any more: 3." in text
    assert text.count("<tr>") < 110
    assert f"{found.count} differences to look at" in browser.text("/figures")
    assert reconciling.all_compared()[0].differences == ()
    assert "نگه داشته نمی‌شوند: ۳." in Browser(officers.all, "fa").text(f"/figures/between/VN/{vn.quarter}/{vn.quarter}")


def test_a_clock_that_was_ahead_does_not_silence_this_state(node, officers, vn):
    """What it drew up in a month to come is no statement before the next: an officer's and the node's go as of now."""
    ahead = vn.at + timedelta(days=30)
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=ahead)
    assert vn.says(vn.counts()) == ""
    reconciling.due(node, at=vn.at)
    reconciling.ask(node, "VN", vn.quarter, vn.quarter, officer=officers.all, at=vn.at + timedelta(days=2))
    assert [one.drawn - vn.at for one in vn.told()] == [timedelta(days=30), timedelta(0), timedelta(days=2)]
    models.Talk.objects.update(figures_at=ahead)  # nor does a count of that day put off the answers
    assert vn.says(replace(vn.counts(), drawn=vn.at + timedelta(hours=1)), at=vn.at + timedelta(days=3)) == ""
    assert reconciling.due(node, at=vn.at + timedelta(days=3))


def quarters(vn, number: int) -> list[dict[str, str]]:
    """Spans up to the quarter, the shortest first."""
    year, quarter = int(vn.quarter[:4]), int(vn.quarter[-1])
    ends = [divmod(year * 4 + quarter - 1 - back, 4) for back in range(number)]
    return [{"since": f"{y}-Q{q + 1}", "through": vn.quarter} for y, q in ends]


def test_all_cases_are_counted_once_whatever_is_asked(node, officers, vn, monkeypatch):
    """Of five spans asked for at once two are answered, by one count that holds nothing up; the others when it is time."""
    counted = []

    def facts(*of, facts=reconciling.facts):
        counted.append(connection.in_atomic_block)
        return facts(*of)

    for span in quarters(vn, 5):
        assert vn.says(state([], by="VN", to="IR", at=vn.at, **span)) == ""
    outer = connection.in_atomic_block  # of the test itself
    monkeypatch.setattr(reconciling, "facts", facts)
    monkeypatch.setattr(reconciling, "_TOGETHER", 2)
    told = []
    for minute in range(0, 25, 3):
        reconciling.due(node, at=vn.at + timedelta(minutes=minute, seconds=1))
        told.append(models.FiguresBetween.objects.filter(own=True).count())
    assert sorted(set(told)) == [2, 4, 5]
    assert counted == [outer] * 3
    assert not reconciling.due(node, at=vn.at + timedelta(hours=1))


def test_older_facts_are_not_said_after_newer_ones(node, officers, vn, monkeypatch):
    """Who counted before another's statement went out says nothing: it would take back what that one told."""
    late = models.Act.objects.get(by="IR", kind=Kind.ASKED)
    models.Departure.objects.filter(act=late).update(relayed=False)
    asking = {"officer": officers.all, "at": vn.at}

    def facts(*of, facts=reconciling.facts):
        old = list(facts(*of))
        monkeypatch.setattr(reconciling, "facts", facts)
        receipted()
        reconciling.ask(node, "VN", vn.quarter, vn.quarter, **asking)
        return old

    monkeypatch.setattr(reconciling, "facts", facts)
    assert code(reconciling.ask, node, "VN", vn.quarter, vn.quarter, **asking) == "between.meanwhile"
    assert [len(one.entries) for one in vn.told()] == [9]


def test_reconciliation_goes_on_when_much_is_kept(node, vn, monkeypatch):
    """More than is kept of one State: the oldest quarters go, with an alarm; what it says now is always taken."""
    monkeypatch.setattr(reconciling, "MOST", 3)
    for span in quarters(vn, 5)[::-1]:
        assert vn.says(state([], by="VN", to="IR", at=vn.at, **span)) == ""
    kept = models.FiguresBetween.objects.filter(own=False).values_list("since", flat=True)
    assert sorted(kept) == sorted(span["since"] for span in quarters(vn, 3))
    assert {alarm.code for alarm in crossing.alarms(since=vn.at - timedelta(days=1))} == {"between.let-go"}
