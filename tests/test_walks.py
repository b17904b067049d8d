"""Every measure through the officers' pages, from the draft to the close, on each side, as far as one node can walk it.

The other State is simulated: it says what it has to say, and the courier's work is done at once.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from browsing import FORM, Browser
from exhibits import bring, sealed, sha, worked
from peer import request

from comity.casework.lifecycle import Kind, Stage
from comity.casework.measure import COERCIVE, LIVES, TRAFFIC_AND_CONTENT, Life, Measure
from comity.casework.moments import moment_text
from comity.node import archive, models
from comity.node.desk import evidence
from comity.node.officers import acts, texts

pytestmark = pytest.mark.django_db

OURS, THEIRS, LEAVE = "IR-2026-0001", "VN-2026-0001", "IR-2026-0002"
BASIS = {Measure.PRODUCTION_ORDER: "protocol2"}


def now() -> datetime:
    """This moment, as acts have it."""
    return datetime.now(UTC).replace(microsecond=0)


class Walk:
    """A case at this node with its officers' browsers, and the other State as it answers.

    Args:
        node: settings of the node.
        peer: the other State.
        officers: those of this node.
        reference: the case.
    """

    def __init__(self, node, peer, officers, reference) -> None:
        self.node, self.peer, self.officers, self.reference = node, peer, officers, reference
        self.pages = {name: Browser(getattr(officers, name)) for name in ("drafter", "approver", "decider", "judge")}

    @property
    def case(self):
        """The case as it stands here."""
        return archive.load(self.reference, home="IR")

    def does(self, who, verb, **fields):
        """An officer fills a form in; it has to be offered, and taken."""
        path = f"/cases/{self.reference}/{verb}"
        if verb not in ("check", "assess"):
            assert f'action="{path}"' in self.pages[who].text(path), (verb, self.case.stage)
        answer = self.pages[who].post(path, **fields)
        assert answer.status_code == 303, re.findall('class="(?:error|problem)">([^<]+)', answer.content.decode())
        self.work()

    def refused(self, who, verb, code, **fields):
        """The form is not taken, and the page says why."""
        answer = self.pages[who].post(f"/cases/{self.reference}/{verb}", **fields)
        assert answer.status_code in (403, 422), verb
        assert str(texts.TEXTS[code]) in answer.content.decode().replace("&#x27;", "'"), verb

    def says(self, kind, body):
        """The other State says something, standing on what it knew last."""
        bring(self.node, self.peer.say(kind, self.reference, body, after=self.case.head, at=now())[0], now())

    def work(self) -> None:
        """The courier does what was ordered; no witness answers here."""
        models.Job.objects.filter(status="waiting").update(attempts=6)
        for job in models.Job.objects.filter(status="waiting").exclude(kind="collect"):
            assert worked(self.node, job).status == "done", job.trouble

    def looks(self, *parts) -> None:
        """The page of the case opens and says what it should."""
        text = Browser(self.officers.all).text(f"/cases/{self.reference}")
        assert [part for part in parts if part not in text] == []

    def ends(self) -> None:
        """The case is closed on both sides; its page and the board open in both languages."""
        assert self.case.stage is Stage.CLOSED
        for language in ("en", "fa"):
            for path in (f"/cases/{self.reference}", "/cases"):
                text = Browser(self.officers.all, language).text(path)
                assert "{{" not in text
                assert "{%" not in text

    def returns(self, number: int, rest: str) -> None:
        """The other State discloses a return; it is collected."""
        use = "intelligence" if self.case.measure is Measure.POLICE_COOPERATION else "evidence"
        at = now()
        made = {"manifest": {"source": f"p{number}", "conditions": self.case.conditions}, "outside": {"use": use}}
        data, said = sealed(self.node, self.peer, at, **made)
        body = {"container": sha(data), "size": len(data), "conditions": list(self.case.conditions), "use": use,
                "rest": rest} | said  # fmt: skip
        self.says(Kind.DISCLOSED, body)
        job = models.Job.objects.get(kind="collect", about=sha(data))
        evidence.collecting(self.node, job)[1].write_bytes(data)
        evidence.collected(self.node, job)


# ------------------------------------------------------------------------------------------------------ we ask


@pytest.fixture
def ours(node, peer, officers):
    """A walk that this State began: the function takes the measure and what else is typed, and sends it."""

    def begin(measure, reference=OURS, **typed):
        walk = Walk(node, peer, officers, reference)
        day = now().date()
        form = FORM | {"basis": BASIS.get(measure, "uncc"), "reference": reference} | typed
        if measure in TRAFFIC_AND_CONTENT:
            form |= {"period_from": day.isoformat(), "period_to": (day + timedelta(days=20)).isoformat()}
        assert walk.pages["drafter"].post(f"/cases/new/{measure}", **form).status_code == 303
        walk.does("drafter", "check")
        walk.does("approver", "approve", despite="Because of this test.")
        walk.does("approver", "send")
        return walk

    return begin


@pytest.mark.parametrize("measure", list(Measure))
def test_we_ask_from_draft_to_close(ours, measure):
    """Drafted, checked, approved, sent; conditions agreed to one by one; what comes is verified; closed by both."""
    walk = ours(measure, **({"conditions": "c"} if measure is Measure.SPONTANEOUS_INFORMATION else {}))
    walk.says(Kind.ACCEPTED, {"conditions": ["c"], "reasons": "r"})
    if LIVES[measure] is not Life.NOTICE:
        walk.looks("The conditions are not agreed to yet")
        walk.refused("approver", "agree", "form.acknowledge")
        walk.does("approver", "agree", conditions=["0"])
    ANSWERS[LIVES[measure]](walk)
    walk.looks(str(acts.standing(walk.case, "requesting")))
    walk.does("drafter", "close", note="")
    walk.says(Kind.CLOSED, {"note": ""})
    walk.ends()


def preserved(walk) -> None:
    """The data are held for sixty days."""
    at = now()
    body = {"effected_at": moment_text(at), "until": moment_text(at + timedelta(days=60))}
    walk.says(Kind.PRESERVED, body)


def given(walk) -> None:
    """Two returns: the first leaves something missing; each is verified; the case is not closed in between."""
    walk.returns(1, "The second half.")
    walk.does("drafter", "verify")
    walk.looks("The second half.", "Still missing")
    walk.refused("drafter", "close", "case.rest", note="")
    walk.returns(2, "")
    walk.does("drafter", "verify")
    assert [walk.case.verified(said) for said in walk.case.returns] == [True, True]


def performed(walk) -> None:
    """Done in part, then in full."""
    for report, rest in (("Half is done.", "The other half."), ("All is done.", "")):
        walk.says(Kind.PERFORMED, {"report": report, "done_on": now().date().isoformat(), "rest": rest})
        walk.looks(report)


def nothing(walk) -> None:
    """The answer is all that was asked for."""


ANSWERS = {
    Life.HOLD: preserved, Life.EVIDENCE: given, Life.DEED: performed, Life.NOTICE: nothing, Life.CONSENT: nothing,
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------- we are asked


@pytest.fixture
def theirs(node, peer, officers):
    """A walk that the other State began: the function takes the measure, when it was sent, and fields of its request."""

    def begin(measure, at=None, **changed):
        if measure in TRAFFIC_AND_CONTENT:
            day = now().date()
            changed = {"period_from": day, "period_to": day + timedelta(days=20)} | changed
        what = request(measure=measure, basis=BASIS.get(measure, "uncc"), **changed)
        body = {"request": what.to_dict(), "letter": ""}
        bring(node, peer.say(Kind.REQUESTED, what.reference, body, at=at)[0], at or now())
        return Walk(node, peer, officers, what.reference)

    return begin


@pytest.mark.parametrize("measure", list(Measure))
def test_we_are_asked_from_receipt_to_close(theirs, measure):
    """Assessed, accepted under conditions, authorised where the measure needs it, carried out in parts, closed."""
    walk = theirs(measure, conditions=("told",) if measure is Measure.SPONTANEOUS_INFORMATION else ())
    walk.does("decider", "assess")
    if LIVES[measure] is Life.NOTICE:
        walk.refused("decider", "accept", "form.acknowledge", reasons="r")
        walk.does("decider", "accept", conditions=["0"], reasons="Noted.")
    else:
        walk.does("decider", "accept", conditions="c", reasons="r")
        walk.looks("has not agreed to")
        walk.says(Kind.AGREED, {"conditions": ["c"]})
    if measure in COERCIVE:
        day = (now() + timedelta(days=9)).date().isoformat()
        walk.does("judge", "authorise", authority="Court", decision="1", ground="g", scope="s", until=day)
    CARRYING_OUT[LIVES[measure]](walk)
    walk.looks(str(acts.standing(walk.case, "requested")))
    walk.says(Kind.CLOSED, {"note": ""})
    walk.does("decider", "close", note="")
    walk.ends()


def preserves(walk) -> None:
    """Ordered, and held."""
    walk.does("decider", "order", provider="p", order="1", content="c")
    walk.does("decider", "preserve", effected_at=moment_text(now() - timedelta(minutes=1)))


def gives(walk) -> None:
    """Ordered once, taken in and disclosed twice."""
    walk.does("decider", "order", provider="p", order="1", content="c")
    for name, rest in (("first", "The second half."), ("second", "")):
        (walk.node.intake / name).write_bytes(name.encode())
        walk.does("decider", "execute", delivery=name, source="p")
        use = {} if walk.case.measure is Measure.POLICE_COOPERATION else {"use": "evidence"}
        walk.does("decider", "disclose", rest=rest, **use)
        walk.looks(rest)
    assert len(walk.case.returns) == 2


def performs(walk) -> None:
    """Reported in part, then in full; a day to come is refused at its field."""
    day = now().date()
    walk.refused("decider", "perform", "perform.future", report="r", done_on=(day + timedelta(days=9)).isoformat())
    for rest in ("The rest.", ""):
        walk.does("decider", "perform", report="Done.", done_on=day.isoformat(), rest=rest)
    assert walk.case.complete


CARRYING_OUT = {
    Life.HOLD: preserves, Life.EVIDENCE: gives, Life.DEED: performs, Life.NOTICE: nothing, Life.CONSENT: nothing,
}  # fmt: skip


# ------------------------------------------------------------------------------------------ talk, time, refusals


def test_talk_on_both_sides(ours, theirs, officers):
    """A consultation is shown and answered, an enquiry too; the board names what waits for this State."""
    walk = ours(Measure.EXTRADITION)
    walk.says(Kind.CONSULTED, {"message": "Will he be safe?"})
    walk.looks("Will he be safe?", "The other State consults us")
    assert "The other State consults us" in Browser(officers.approver).text("/cases")
    walk.does("approver", "reply", message="He will.")
    walk.does("approver", "enquire", message="When?")
    walk.looks("Our question how the case stands is not answered yet")
    walk.says(Kind.PROGRESS, {"message": "Soon."})
    assert "not answered yet" not in Browser(officers.all).text(f"/cases/{OURS}")
    other = theirs(Measure.SERVICE)
    other.says(Kind.ENQUIRED, {"message": "How is it?"})
    assert "A question how the case stands is not answered" in Browser(officers.decider).text("/cases")
    assert "How is it?" in other.pages["decider"].text(f"/cases/{THEIRS}/report")
    other.does("decider", "report", message="Under way.")
    assert "is not answered" not in Browser(officers.decider).text("/cases")


def test_more_time_asked_by_us(ours):
    """The form shows the present end; an earlier day is refused; the answer moves the clock."""
    walk = ours(Measure.PRESERVATION)
    walk.says(Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    preserved(walk)
    text = Browser(walk.officers.approver, "fa").text(f"/cases/{OURS}/ask-extension")
    assert "دوره اکنون پایان می‌یابد در" in text
    day = now().date() + timedelta(days=90)
    walk.refused("approver", "ask-extension", "extend.until", until=now().date().isoformat(), reasons="r")
    walk.does("approver", "ask-extension", until=day.isoformat(), reasons="The request is being drafted.")
    walk.looks("Our wish for more time is not answered yet")
    until = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
    walk.says(Kind.EXTENDED, {"until": moment_text(until), "reasons": "Granted."})
    clock = Browser(walk.officers.all).get(f"/cases/{OURS}.json").json()["clocks"][0]
    assert (clock["kind"], clock["due"]) == ("preservation", moment_text(until))


@pytest.mark.parametrize("verb", ["extend", "refuse-extension"])
def test_more_time_asked_of_us(theirs, verb):
    """The wish stands on the board and beside the form; it is granted until the day asked for, or refused."""
    walk = theirs(Measure.INTERCEPTION)
    walk.does("decider", "assess")
    walk.does("decider", "accept", conditions="", reasons="r")
    day = (now() + timedelta(days=60)).date().isoformat()
    walk.does("judge", "authorise", authority="Court", decision="1", ground="g", scope="s", until=day)
    until = (now() + timedelta(days=40)).replace(hour=12)
    walk.says(Kind.EXTENSION_ASKED, {"until": moment_text(until), "reasons": "The talk goes on."})
    assert "More time is asked for" in Browser(walk.officers.decider).text("/cases")
    page = walk.pages["decider"].text(f"/cases/{THEIRS}/{verb}")
    assert "The talk goes on." in page
    typed = re.search(r'name="until" value="([0-9-]+)"', page)  # no more than was asked for
    walk.does("decider", verb, reasons="As the judge says.", **({"until": typed[1]} if typed else {}))
    assert walk.case.asked_to_extend is None
    assert (typed is not None) == (verb == "extend")


def test_the_rest_is_refused(theirs):
    """After a part was done, what is left is refused: the verb says so, and it needs a consultation."""
    walk = theirs(Measure.RETURN)
    walk.does("decider", "assess")
    walk.does("decider", "accept", conditions="", reasons="r")
    walk.does("decider", "perform", report="Half.", done_on=now().date().isoformat(), rest="A car.")
    assert "Refuse the rest" in walk.pages["decider"].text(f"/cases/{THEIRS}")
    walk.does("decider", "consult", message="The car is gone.")
    page = walk.pages["decider"].text(f"/cases/{THEIRS}/refuse")
    assert "A car." in page
    grounds = re.findall('name="grounds" value="([^"]+)"', page)
    walk.does("decider", "refuse", reasons="It is gone.", grounds=grounds[:1])
    assert walk.case.stage is Stage.REFUSED


def test_information_is_returned(theirs):
    """The decision page offers to take note or to return it; to return it needs no ground."""
    walk = theirs(Measure.SPONTANEOUS_INFORMATION, conditions=("Tell no court.",))
    walk.does("decider", "assess")
    page = walk.pages["decider"].text(f"/cases/{THEIRS}/decide")
    for part in ("Take note, under these conditions", "Return it", "Tell no court."):
        assert part in page
    assert 'name="grounds"' not in page
    walk.does("decider", "refuse", reasons="We cannot keep that.")
    assert walk.case.stage is Stage.REFUSED


# --------------------------------------------------------------------------------------------- release and leave


def test_release_within_the_purpose_and_by_leave(ours, officers):
    """Conditions are told one by one; another State needs the consent, which is chosen and brings its own conditions."""
    walk = ours(Measure.STORED_DATA)
    walk.says(Kind.ACCEPTED, {"conditions": ["c"], "reasons": "r"})
    walk.does("approver", "agree", conditions=["0"])
    walk.returns(1, "")
    walk.does("drafter", "verify")
    assert walk.pages["drafter"].post(f"/cases/{OURS}/evidence.key").status_code == 422
    walk.refused("drafter", "release", "form.acknowledge", recipient="Court", manifest="", leave="")
    walk.does("drafter", "release", recipient="Court of Tehran", conditions=["0"], manifest="", leave="")
    walk.looks("Court of Tehran")
    answer = walk.pages["drafter"].post(f"/cases/{OURS}/evidence.key", release=walk.case.acts[-1].id)
    assert b"content-key/1" in b"".join(answer.streaming_content)
    leave = ours(Measure.ONWARD_TRANSFER, LEAVE, follows=OURS, others="QA", purpose="To warn.")
    leave.says(Kind.ACCEPTED, {"conditions": ["d"], "reasons": "r"})
    leave.does("approver", "agree", conditions=["0"])
    manifest = walk.case.returns[0].body["manifest"]
    chooser = walk.pages["drafter"].text(f"/cases/{OURS}/release")
    way = f"?manifest={manifest}&leave={LEAVE}"
    assert f'href="{way}"' in chooser
    form = walk.pages["drafter"].text(f"/cases/{OURS}/release{way}")
    assert "To warn." in form
    assert form.count('name="conditions"') == 2
    fields = {
        "recipient": "Police of Doha",
        "state": "QA",
        "conditions": ["0", "1"],
        "manifest": manifest,
        "leave": LEAVE,
    }
    assert walk.pages["drafter"].post(f"/cases/{OURS}/release", **fields).status_code == 303
    assert walk.case.acts[-1].body["conditions"] == ["c", "d"]
    walk.looks("Police of Doha", LEAVE)


def test_two_returns_are_released_and_verified_by_choice(ours):
    """With two returns each has its own link to be verified, to be carried away, and to be released."""
    walk = ours(Measure.REAL_TIME_TRAFFIC)
    walk.says(Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    walk.returns(1, "more")
    walk.returns(2, "")
    second = walk.case.returns[1].body["container"]
    page = Browser(walk.officers.drafter).text(f"/cases/{OURS}")
    assert f"/cases/{OURS}/verify?container={second}" in page
    assert f'name="container" value="{second}"' in walk.pages["drafter"].text(
        f"/cases/{OURS}/verify?container={second}"
    )
    walk.does("drafter", "verify", container=second)
    assert [walk.case.verified(said) for said in walk.case.returns] == [False, True]
    walk.does("drafter", "verify")
    assert "Choose what is released" in walk.pages["drafter"].text(f"/cases/{OURS}/release")
    answer = walk.pages["drafter"].get(f"/cases/{OURS}/evidence.asice?container={second}")
    assert sha(b"".join(answer.streaming_content)) == second


# ---------------------------------------------------------------------------------------------------- deadlines


def test_no_deadline_is_missed_in_silence(theirs, officers):
    """A suggested day that has come stands on the board until somebody says what becomes of it."""
    early, today = now() - timedelta(hours=40), datetime.now(ZoneInfo("Asia/Tehran")).date()
    walk = theirs(Measure.SERVICE, early, deadline=today, deadline_reason="A hearing.")
    board = Browser(officers.decider).text("/cases")
    assert "Needs somebody" in board
    assert f'href="/cases/{THEIRS}#clock-suggested"' in board
    page = walk.pages["decider"].text(f"/cases/{THEIRS}")
    link = re.search(rf'/cases/{THEIRS}/escalate\?deadline=([^"]+)"', page)[1]
    assert " selected" in walk.pages["decider"].text(f"/cases/{THEIRS}/escalate?deadline={link}")
    clock = link.replace("%3A", ":").replace("%40", "@")
    walk.refused("decider", "escalate", "form.choice", deadline="suggested@2020-01-01T00:00:00Z", reasons="x")
    walk.does("decider", "escalate", deadline=clock, reasons="The minister was told.")
    assert "Needs somebody" not in Browser(officers.decider).text("/cases")
    walk.looks("The minister was told.", "Escalated")
    walk.does("decider", "waive", deadline=clock, reasons="The hearing was moved.")
    assert Browser(officers.all).get(f"/cases/{THEIRS}.json").json()["clocks"][0]["state"] == "waived"


def test_a_states_own_clock_runs(theirs):
    """Iran's own period for preserved data stands beside the treaty's, with its source; settling one leaves the other."""
    walk = theirs(Measure.PRESERVATION)
    walk.does("decider", "assess")
    walk.does("decider", "accept", conditions="", reasons="r")
    preserves(walk)
    clocks = Browser(walk.officers.all).get(f"/cases/{THEIRS}.json").json()["clocks"]
    assert [clock["kind"] for clock in clocks] == ["preservation", "IR:preservation"]
    page = walk.pages["decider"].text(f"/cases/{THEIRS}")
    own = re.search(r"waive\?deadline=(IR[^\"]+)", page)[1].replace("%3A", ":").replace("%40", "@")
    walk.does("decider", "waive", deadline=own, reasons="The court extended it.")
    states = [clock["state"] for clock in Browser(walk.officers.all).get(f"/cases/{THEIRS}.json").json()["clocks"]]
    assert states == ["running", "waived"]


# ---------------------------------------------------------------------------------- what follows, and once more


def test_what_follows_is_offered(ours, theirs, officers):
    """From a preservation, from evidence, from information: the draft knows its State, basis and the case before."""
    walk = ours(Measure.PRESERVATION)
    walk.says(Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    assert "Draft what follows" not in walk.pages["drafter"].text(f"/cases/{OURS}")
    preserved(walk)
    links = re.findall(r'href="(/cases/new/[^"]+)"', walk.pages["drafter"].text(f"/cases/{OURS}"))
    assert [link.partition("?")[0] for link in links] == ["/cases/new/traffic-disclosure", "/cases/new/stored-data"]
    form = walk.pages["drafter"].text(links[1])
    assert f'value="{OURS}" selected' in form
    told = theirs(Measure.SPONTANEOUS_INFORMATION)
    told.does("decider", "assess")
    told.does("decider", "accept", reasons="Noted.")
    page = Browser(officers.drafter).text(f"/cases/{THEIRS}")
    assert re.search(rf'href="/cases/new\?requested=VN&[^"]*follows={THEIRS}"', page)
    assert re.search(rf'href="/cases/new/onward-transfer\?requested=VN&[^"]*follows={THEIRS}"', page)


def test_a_check_is_made_again_with_the_books_of_its_day(ours, node, theirs):
    """The history links to it; the same books give the same findings; a book that is gone is named."""
    walk = ours(Measure.STORED_DATA)
    check = walk.case.last(Kind.CHECKED)
    path = f"/cases/{OURS}/checks/{check.id}"
    assert f'href="{path}"' in walk.pages["drafter"].text(f"/cases/{OURS}")
    assert "The same findings" in walk.pages["drafter"].text(path)
    other = theirs(Measure.SERVICE)
    other.does("decider", "assess")
    assert "The same findings" in other.pages["decider"].text(
        f"/cases/{THEIRS}/checks/{other.case.last(Kind.ASSESSED).id}"
    )
    assert walk.pages["drafter"].get(f"/cases/{OURS}/checks/{'0' * 64}").status_code == 404
    books = [node.home / "lawbooks" / f"{book['sha256']}.toml" for book in check.body["assessment"]["books"]]
    hidden = books[0].rename(books[0].with_suffix(".gone"))
    try:
        answer = walk.pages["drafter"].get(path)
        assert (answer.status_code, str(texts.TEXTS["shelf.missing"]) in answer.content.decode()) == (422, True)
    finally:
        hidden.rename(books[0])


def test_remedies_are_for_the_side_that_reads_them(theirs, officers):
    """Who is asked does not fill the request in, but asks for what is missing."""
    walk = theirs(Measure.STORED_DATA, purpose="")
    walk.does("decider", "assess")
    page = Browser(officers.decider).text(f"/cases/{THEIRS}")
    assert "Ask the other State for it." in page
    assert "Fill in the fields named." not in page
