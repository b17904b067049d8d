"""The life of each kind of measure at a node: deeds, evidence in several returns, notices, consent, and more time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from affairs import OURS, THEIRS, asked, load, says, sent, turned_away
from exhibits import accepted, bring, disclosed, execute, sealed, stage, worked
from lives import replay
from peer import pinned, request
from refusing import code

from comity.casework.lifecycle import Kind, Stage, advance
from comity.casework.measure import Measure
from comity.casework.moments import moment_text
from comity.node import models
from comity.node.desk import deadlines, dossier, evidence, release, requested, requesting
from comity.node.officers.deadlines import of as running
from comity.verify import Verdict, verify_file
from comity.wire import bag

pytestmark = pytest.mark.django_db

LEAVE = "IR-2026-0002"


def authorised(node, officers, at, reference):
    """The judge authorises for ten days."""
    until = (at + timedelta(days=10)).date()
    requested.authorise(node, reference, authority="c", decision="1", ground="g", scope="s", until=until,
                        officer=officers.judge, at=at)  # fmt: skip


# --------------------------------------------------------------------------------------------------------- deeds


def test_extradition_asked_of_us(node, peer, officers, at):
    """Nobody is surrendered without the judge and before the conditions are agreed to; objects follow the person."""
    said = {"report": "Surrendered at the airport.", "done_on": at.date(), "officer": officers.decider, "at": at}
    bring(node, peer.asks(request(measure=Measure.EXTRADITION))[0], at)
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    case = requested.accept(
        node, THEIRS, conditions=["No death penalty."], reasons="r", officer=officers.decider, at=at
    )
    assert code(requested.perform, node, THEIRS, **said) == "case.stage"
    authorised(node, officers, at, THEIRS)
    assert code(requested.perform, node, THEIRS, **said) == "case.not-agreed"
    bring(node, peer.agrees(THEIRS, ["No death penalty."], after=case.head)[0], at)
    case = requested.perform(node, THEIRS, rest="His telephone.", **said)
    assert (case.stage, case.rest) == (Stage.PERFORMED, "His telephone.")
    requested.report_progress(node, THEIRS, message="The telephone leaves tomorrow.", officer=officers.decider, at=at)
    assert requested.perform(node, THEIRS, **said | {"report": "The telephone."}).complete
    assert code(requested.perform, node, THEIRS, **said) == "case.complete"
    says(node, peer, at, Kind.CLOSED, {"note": ""}, THEIRS)
    assert requested.close(node, THEIRS, note="", officer=officers.decider, at=at).stage is Stage.CLOSED
    assert not models.Job.objects.exists()


def test_extradition_asked_by_us(node, peer, officers, at):
    """Asked, consulted about, accepted under assurances, agreed to, done, closed."""
    sent(node, officers, at, Measure.EXTRADITION)
    says(node, peer, at, Kind.CONSULTED, {"message": "Will he face the death penalty?"})
    assert load(OURS).consultation is not None
    requesting.reply(node, OURS, message="He will not.", officer=officers.approver, at=at)
    assert load(OURS).consultation is None
    says(node, peer, at, Kind.ACCEPTED, {"conditions": ["No death penalty."], "reasons": "r"})
    done = {"report": "Surrendered.", "done_on": at.date().isoformat(), "rest": ""}
    refused = peer.say(Kind.PERFORMED, OURS, done, after=load(OURS).head)[0]
    assert turned_away(node, refused, at) == "case.not-agreed"
    agree = {"officer": officers.approver, "at": at}
    assert code(requesting.agree, node, OURS, conditions=["Perhaps."], **agree) == "case.differs"
    requesting.agree(node, OURS, conditions=["No death penalty."], **agree)
    says(node, peer, at, Kind.PERFORMED, done)
    assert requesting.close(node, OURS, note="", officer=officers.drafter, at=at).stage is Stage.CLOSING


# ------------------------------------------------------------------------------------------ evidence, several returns


def disclose(node, officers, at, reference, **given):
    """Order the disclosure, and let the courier work: the job."""
    job = requested.disclose(node, reference, officer=officers.decider, at=at, **given)
    models.Job.objects.filter(pk=job.pk).update(attempts=6)  # no witness answers here: go on without
    return worked(node, job)


def test_traffic_in_two_returns_asked_of_us(node, peer, officers, at, tmp_path):
    """Each return is taken in, sealed and announced by itself; the second only while something is missing."""
    asked(
        node, peer, officers, at, Measure.REAL_TIME_TRAFFIC, conditions=["c"], period_to=at.date() + timedelta(days=9)
    )
    authorised(node, officers, at, THEIRS)
    requested.order(node, THEIRS, provider="p", order="o", content="c", officer=officers.decider, at=at)
    for name, rest in (("first", "The second week."), ("second", "")):
        (node.intake / name).write_bytes(name.encode())
        assert execute(node, officers, at, THEIRS, name).status == "done"
        assert disclose(node, officers, at, THEIRS, rest=rest).status == "done"
    case = load(THEIRS)
    assert [said.body["rest"] for said in case.returns] == ["The second week.", ""]
    assert [(row.number, row.digest) for row in models.Container.objects.all()] == [
        (number, said.body["container"]) for number, said in enumerate(case.returns, 1)
    ]
    for said, name in zip(case.returns, ("first", "second"), strict=True):
        path = release.sealed(node, THEIRS, officer=officers.decider, container=said.body["container"])
        with bag.Bag(path) as found:
            found.unpack(found.content_key([peer.opening]), tmp_path / name)
        assert (tmp_path / name / name).read_bytes() == name.encode()
    assert release.sealed(node, THEIRS, officer=officers.decider) == path
    (node.intake / "third").write_bytes(b"3")
    ordered = {"delivery": "third", "source": "p", "officer": officers.decider, "at": at}
    assert code(requested.execute, node, THEIRS, **ordered) == "case.complete"


def test_what_cannot_follow_is_refused(node, peer, officers, at):
    """After a first return the rest is refused, on a ground and after another consultation."""
    asked(node, peer, officers, at, Measure.STORED_DATA)
    authorised(node, officers, at, THEIRS)
    requested.order(node, THEIRS, provider="p", order="o", content="c", officer=officers.decider, at=at)
    (node.intake / "d").write_bytes(b"1")
    execute(node, officers, at, THEIRS)
    disclose(node, officers, at, THEIRS, rest="The lawyer's mailbox.")
    ground = requested.grounds_for(node, load(THEIRS), at.date())[0].id
    refusal = {"grounds": [ground], "reasons": "Legal privilege.", "officer": officers.decider, "at": at}
    assert code(requested.refuse, node, THEIRS, **refusal) == "case.consult"
    requested.consult(node, THEIRS, message="It is privileged.", officer=officers.decider, at=at)
    assert code(requested.refuse, node, THEIRS, **refusal | {"grounds": []}) == "refuse.ground"
    assert requested.refuse(node, THEIRS, **refusal).stage is Stage.REFUSED


def test_an_executed_case_is_not_stuck(node, peer, officers, at):
    """What was taken in by mistake is ordered anew, or refused; only what was taken in last is disclosed."""
    asked(node, peer, officers, at, Measure.STORED_DATA)
    authorised(node, officers, at, THEIRS)
    for name in ("wrong", "right"):
        requested.order(node, THEIRS, provider="p", order=name, content="c", officer=officers.decider, at=at)
        (node.intake / name).write_bytes(name.encode())
        execute(node, officers, at, THEIRS, name)
    disclose(node, officers, at, THEIRS)
    case = load(THEIRS)
    assert case.returns[0].body["manifest"] == case.last(Kind.EXECUTED).body["manifest"]
    assert (models.Holding.objects.count(), models.Container.objects.count()) == (2, 1)


def collected(node, job, data):
    """The bytes of a container arrive whole."""
    evidence.collecting(node, job)[1].write_bytes(data)
    evidence.collected(node, job)


def test_two_returns_come_back(node, peer, officers, at):
    """Both announced before one is here; each collected, verified and released by itself; closed when both are."""
    head = accepted(node, peer, officers, at)
    bags = [sealed(node, peer, at, manifest={"source": source}) for source in ("p", "q")]
    jobs = []
    for (data, said), rest in zip(bags, ("more", ""), strict=True):
        jobs.append(disclosed(node, peer, at, head, data, rest=rest, **said))
        head = load(OURS).head
    do = {"officer": officers.drafter, "at": at}
    assert code(requesting.verify, node, OURS, **do) == "evidence.incomplete"
    for job, (data, _) in zip(reversed(jobs), reversed(bags), strict=True):
        collected(node, job, data)
    first, second = load(OURS).returns
    assert worked(node, requesting.verify(node, OURS, container=second.body["container"], **do)).status == "done"
    assert (load(OURS).verified(first), load(OURS).verified(second)) == (False, True)
    assert code(requesting.close, node, OURS, note="", **do) == "case.unverified"
    assert code(release.content_key, node, OURS, at=at, officer=officers.drafter) == "evidence.unreleased"
    to = {"recipient": "Court of Tehran", "conditions": ["c"]} | do
    assert code(release.release, node, OURS, **to) == "release.which"
    assert code(release.release, node, OURS, manifest=first.body["manifest"], **to) == "release.unverified"
    case = release.release(node, OURS, manifest=second.body["manifest"], **to)
    assert (case.acts[-1].body["purpose"], case.acts[-1].body["state"]) == (case.request.purpose, "IR")
    assert worked(node, requesting.verify(node, OURS, **do)).status == "done"
    assert code(requesting.verify, node, OURS, **do) == "case.stage"
    keys = {release.content_key(node, OURS, at=at, officer=officers.drafter)}
    case = release.release(node, OURS, manifest=first.body["manifest"], **to)
    keys |= {release.content_key(node, OURS, at=at, officer=officers.drafter, release=case.acts[-1].id)}
    assert len(keys) == 2
    assert requesting.close(node, OURS, note="", **do).stage is Stage.CLOSING


def test_a_return_is_good_and_the_other_is_not(node, peer, officers, at):
    """A broken second return does not touch the first: it is verified and released; the rest is withdrawn."""
    data, said = sealed(node, peer, at)
    collected(node, disclosed(node, peer, at, accepted(node, peer, officers, at), data, rest="more", **said), data)
    data, said = sealed(node, peer, at, manifest={"source": "q", "conditions": ()})
    collected(node, disclosed(node, peer, at, load(OURS).head, data, rest="more", **said), data)
    do = {"officer": officers.all, "at": at}
    jobs = [
        worked(node, requesting.verify(node, OURS, container=said.body["container"], **do))
        for said in load(OURS).returns
    ]
    assert [job.code for job in jobs] == ["", "verify.manifest"]
    release.release(node, OURS, manifest=load(OURS).returns[0].body["manifest"], recipient="r", conditions=["c"], **do)
    requesting.withdraw(node, OURS, reasons="The second return does not hold.", **do)
    assert requesting.close(node, OURS, note="", **do).stage is Stage.CLOSING


# ------------------------------------------------------------------------------------- notices, consent and release


def test_information_is_told_to_us(node, peer, officers, at):
    """Noted under its own conditions and no others; it goes abroad only by leave of the State that told it."""
    told = {"conditions": ("Not as evidence against the source.",), "purpose": "To prevent a crime."}
    bring(node, peer.asks(request(measure=Measure.SPONTANEOUS_INFORMATION, **told))[0], at)
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    note = {"reasons": "Noted.", "officer": officers.decider, "at": at}
    assert code(requested.accept, node, THEIRS, conditions=[], **note) == "case.differs"
    assert requested.accept(node, THEIRS, conditions=told["conditions"], **note).stage is Stage.ACCEPTED
    out = {"recipient": "Police of Tehran", "officer": officers.decider, "at": at}
    assert code(release.release, node, THEIRS, conditions=[], **out) == "release.conditions"
    release.release(node, THEIRS, conditions=told["conditions"], **out)
    assert code(release.release, node, THEIRS, conditions=told["conditions"], state="QA", **out) == "release.recipient"
    sent(node, officers, at + timedelta(seconds=1), Measure.ONWARD_TRANSFER, LEAVE, follows=THEIRS, others=("QA",),
         purpose="To warn Qatar.", period_from=None, period_to=None)  # fmt: skip
    abroad = {"conditions": told["conditions"], "state": "QA", "leave": LEAVE} | out
    assert code(release.release, node, THEIRS, **abroad) == "release.leave"
    says(node, peer, at, Kind.ACCEPTED, {"conditions": [], "reasons": "r"}, LEAVE)
    assert release.release(node, THEIRS, **abroad).acts[-1].body["purpose"] == "To warn Qatar."
    assert dossier.chain(node, THEIRS) == dossier.chain(node, LEAVE) == [THEIRS, LEAVE]


def test_who_exports_information_may_hand_material_out(node, peer, officers, at):
    """The file shows in its acts what was told."""
    told = {"measure": Measure.SPONTANEOUS_INFORMATION, "conditions": ("Tell no court.",)}
    bring(node, peer.asks(request(**told))[0], at)
    assert code(dossier.export, node, THEIRS, officer=officers.judge, at=at) == "case.power"
    assert dossier.export(node, THEIRS, officer=officers.all, at=at).exists()


def test_information_is_returned_unread(node, peer, officers, at):
    """Without consultation and without a ground of the book, but with reasons; nothing of it is released."""
    bring(node, peer.asks(request(measure=Measure.SPONTANEOUS_INFORMATION, conditions=("Tell no court.",)))[0], at)
    requested.assess(node, THEIRS, officer=officers.decider, at=at)
    back = {"grounds": [], "officer": officers.decider, "at": at}
    assert code(requested.refuse, node, THEIRS, reasons="", **back) == "act.empty"
    assert requested.refuse(node, THEIRS, reasons="We cannot keep it from a court.", **back).stage is Stage.REFUSED
    says(node, peer, at, Kind.CLOSED, {"note": ""}, THEIRS)
    out = {"recipient": "r", "conditions": ["Tell no court."], "officer": officers.decider, "at": at}
    assert code(release.release, node, THEIRS, **out) == "release.unverified"


def test_information_is_told_by_us(node, peer, officers, at):
    """Drafted, checked, approved and sent as a request is; the other State's note ends it, and cannot change its conditions."""
    sent(node, officers, at, Measure.SPONTANEOUS_INFORMATION, conditions=("Not as evidence.",))
    said = peer.say(Kind.ACCEPTED, OURS, {"conditions": [], "reasons": "r"}, after=load(OURS).head)[0]
    assert turned_away(node, said, at) == "case.differs"
    says(node, peer, at, Kind.ACCEPTED, {"conditions": ["Not as evidence."], "reasons": "r"})
    assert requesting.close(node, OURS, note="", officer=officers.drafter, at=at).stage is Stage.CLOSING


@pytest.fixture
def returned(node, peer, officers, at):
    """Viet Nam's evidence lies verified in our case; its one condition is `c`, its purpose `evidence`."""
    data, said = sealed(node, peer, at)
    collected(node, disclosed(node, peer, at, accepted(node, peer, officers, at), data, **said), data)
    assert worked(node, requesting.verify(node, OURS, officer=officers.all, at=at)).status == "done"


def consent(node, peer, officers, at, *, conditions=("d",), agree=True, answer=Kind.ACCEPTED, **changes):
    """Viet Nam's answer to our wish to give its evidence to Qatar."""
    given = {"follows": OURS, "others": ("QA",), "purpose": "A trial in Qatar.", "period_from": None, "period_to": None}
    sent(node, officers, at, **{"measure": Measure.ONWARD_TRANSFER, "reference": LEAVE} | given | changes)
    if answer is Kind.ACCEPTED:
        given_at = at + timedelta(minutes=2)  # later than the return that it is about
        says(node, peer, given_at, answer, {"conditions": list(conditions), "reasons": "r"}, LEAVE)
        if conditions and agree:
            requesting.agree(node, LEAVE, conditions=conditions, officer=officers.approver, at=at)
    elif answer:
        says(node, peer, at, answer, {"grounds": [], "reasons": "r"}, LEAVE)


# What is wrong with a leave, or with the release by it -> the code of the refusal.
LEAVES = [
    ("nothing", {}, {}, ""),
    ("nothing, at home for another purpose", {"others": ("IR",)}, {"state": "IR"}, ""),
    ("at home, which is not named", {}, {"state": "IR"}, "release.recipient"),
    ("to another State than named", {}, {"state": "BR"}, "release.recipient"),
    ("to nobody named", {"others": ()}, {}, "release.recipient"),
    ("for the purpose of the request", {}, {"purpose": "evidence"}, "release.purpose"),
    ("without the conditions of the return", {}, {"conditions": ["d"]}, "release.conditions"),
    ("without those of the leave", {}, {"conditions": ["c"]}, "release.conditions"),
    ("under another condition", {}, {"conditions": ["c", "d", "e"]}, "release.conditions"),
    ("refused", {"answer": Kind.REFUSED}, {}, "release.leave"),
    ("not answered", {"answer": None}, {}, "release.leave"),
    ("not agreed to", {"agree": False}, {}, "release.leave"),
    ("about nothing", {"follows": ""}, {}, "release.leave"),
    ("no consent at all", {"measure": Measure.STORED_DATA, "conditions": ()}, {"conditions": ["c"]}, "release.leave"),
    ("of itself", {}, {"leave": OURS}, "release.leave"),
    ("of a case that is not here", {}, {"leave": "IR-2026-0777"}, "case.unknown"),
    ("without naming it", {}, {"leave": ""}, "release.recipient"),
]


@pytest.mark.parametrize(("asks", "gives", "expected"), [row[1:] for row in LEAVES], ids=[row[0] for row in LEAVES])
def test_onward_only_by_leave(node, peer, officers, at, returned, asks, gives, expected):
    """Another State or purpose needs the consent of the State that disclosed, to just this, with all conditions."""
    consent(node, peer, officers, at, **asks)
    out = {
        "recipient": "Court of Doha",
        "state": "QA",
        "leave": LEAVE,
        "conditions": ["c", "d"],
        "officer": officers.all,
    }
    before = models.Act.objects.count()
    assert code(release.release, node, OURS, at=at, **out | gives) == expected
    assert models.Act.objects.count() == before + (not expected)
    assert (code(release.content_key, node, OURS, at=at, officer=officers.all) == "") == (not expected)


def test_leave_ends_and_is_revoked(node, peer, officers, at, returned):
    """By its last day, everywhere on Earth; or by the State that gave it, also while its case is being closed."""
    consent(node, peer, officers, at, period_to=at.date())
    out = {
        "recipient": "Court of Doha",
        "state": "QA",
        "leave": LEAVE,
        "conditions": ["c", "d"],
        "officer": officers.all,
    }
    assert code(release.release, node, OURS, at=at, **out) == ""
    assert code(release.release, node, OURS, at=at + timedelta(days=2), **out) == "release.leave"
    key = {"officer": officers.decider}
    assert code(release.content_key, node, OURS, at=at + timedelta(days=2), **key) == "release.leave"
    assert code(release.content_key, node, OURS, at=at, **key) == ""
    handed = load(OURS).acts[-1]
    assert (handed.kind, handed.officer, handed.body["state"]) == (Kind.RELEASED, "decider", "QA")
    head = load(LEAVE).head
    requesting.close(node, LEAVE, note="", officer=officers.drafter, at=at)
    bring(node, peer.say(Kind.REFUSED, LEAVE, {"grounds": [], "reasons": "No more."}, after=head)[0], at)
    assert stage(node, LEAVE) is Stage.CLOSING
    assert code(release.release, node, OURS, at=at, **out) == "release.leave"
    count = models.Act.objects.count()
    assert code(release.content_key, node, OURS, at=at, **key) == "release.leave"
    assert models.Act.objects.count() == count


def test_a_leave_reaches_what_was_given_by_then(node, peer, officers, at):
    """Not a return that was disclosed after the leave was accepted."""
    data, said = sealed(node, peer, at)
    consent_at = at - timedelta(minutes=1)
    job = disclosed(node, peer, at, accepted(node, peer, officers, consent_at), data, **said)
    collected(node, job, data)
    assert worked(node, requesting.verify(node, OURS, officer=officers.all, at=at)).status == "done"
    consent(node, peer, officers, consent_at - timedelta(minutes=3))
    out = {"recipient": "r", "state": "QA", "leave": LEAVE, "conditions": ["c", "d"], "officer": officers.all, "at": at}
    assert code(release.release, node, OURS, **out) == "release.leave"


def test_a_consent_of_ours_is_revoked_when_all_is_closed(node, peer, officers, at):
    """So that nothing more is released by it, at either State."""
    asked(node, peer, officers, at, Measure.ONWARD_TRANSFER, others=("QA",))
    says(node, peer, at, Kind.CLOSED, {"note": ""}, THEIRS)
    requested.close(node, THEIRS, note="", officer=officers.decider, at=at)
    assert load(THEIRS).consents
    no = {"grounds": [], "reasons": "No more.", "officer": officers.decider, "at": at}
    case = requested.refuse(node, THEIRS, **no)
    assert (case.stage, case.consents) == (Stage.CLOSED, False)
    assert code(requested.refuse, node, THEIRS, **no) == "case.no-consent"


def test_leave_of_another_state(node, peer, officers, at, returned):
    """Consent of a State that did not give the material, to a case of its own, opens nothing."""
    pinned("QA", node, at)
    what = request(measure=Measure.ONWARD_TRANSFER, reference=LEAVE, requesting="IR", requested="QA", others=("QA",),
                   purpose="A trial in Qatar.")  # fmt: skip
    assert (
        code(requesting.draft, node, replace(what, follows=OURS), officer=officers.drafter, at=at) == "request.follows"
    )
    requesting.draft(node, what, officer=officers.drafter, at=at)
    out = {"recipient": "x", "state": "QA", "leave": LEAVE, "conditions": ["c"], "officer": officers.all, "at": at}
    assert code(release.release, node, OURS, **out) == "release.leave"


def test_an_export_shows_by_whose_leave(node, peer, officers, at, returned, monkeypatch):
    """The exported case carries the consent beside the release, and the verifier compares them as they stood then."""
    consent(node, peer, officers, at)
    out = {
        "recipient": "Court of Doha",
        "state": "QA",
        "leave": LEAVE,
        "conditions": ["c", "d"],
        "officer": officers.all,
    }
    release.release(node, OURS, at=at, **out)
    says(node, peer, at, Kind.REFUSED, {"grounds": [], "reasons": "No more."}, LEAVE)
    report = verify_file(dossier.export(node, OURS, officer=officers.all, at=at))
    assert report.verdicts["history"][0] is Verdict.PASSED, report.verdicts["history"]
    assert "IR-2026-0001" in report.about
    assert "IR-2026-0002" in report.about
    entries = dict(models.Act.objects.values_list("pk", "entry"))
    build = dossier.dossier.build

    def cut(**named):  # who exports leaves the agreement out, and all that came after it
        for case in named["cases"]:
            if case["reference"] == LEAVE:
                case["acts"] = [act for act in case["acts"] if act["proof"]["index"] < entries[load(LEAVE).acts[-2].id]]
        return build(**named)

    monkeypatch.setattr(dossier.dossier, "build", cut)
    report = verify_file(dossier.export(node, OURS, officer=officers.all, at=at))
    assert report.verdicts["history"][0] is Verdict.FAILED
    assert "does not stand as the release says" in report.verdicts["history"][1]
    monkeypatch.undo()
    asked_for = models.Act.objects.get(
        case=LEAVE, kind=Kind.REQUESTED
    )  # as if it had been said before the consent came
    models.Act.objects.filter(case=OURS, kind=Kind.RELEASED).update(entry=asked_for.entry + 1)
    report = verify_file(dossier.export(node, OURS, officer=officers.all, at=at))
    assert "leave" in report.verdicts["history"][1]
    assert report.verdicts["history"][0] is Verdict.FAILED


def test_consent_is_asked_of_us(node, peer, officers, at):
    """Given under conditions or withheld on no ground but the reasons; either is the whole answer."""
    asked(node, peer, officers, at, Measure.ONWARD_TRANSFER, others=("QA",))
    says(node, peer, at, Kind.CLOSED, {"note": ""}, THEIRS)
    assert requested.close(node, THEIRS, note="", officer=officers.decider, at=at).stage is Stage.CLOSED
    bring(node, peer.asks(request(measure=Measure.ONWARD_TRANSFER, reference="VN-2026-0002"))[0], at)
    no = {"officer": officers.decider, "at": at}
    requested.assess(node, "VN-2026-0002", **no)
    requested.consult(node, "VN-2026-0002", message="To whom?", **no)
    assert requested.refuse(node, "VN-2026-0002", grounds=[], reasons="Not to them.", **no).stage is Stage.REFUSED


def test_what_is_disclosed_is_what_its_officer_saw(node, peer, officers, at):
    """While it is being sealed nothing else is ordered or taken in, and what changed all the same is not disclosed."""
    asked(node, peer, officers, at, Measure.RECORDS)
    do = {"officer": officers.decider, "at": at}
    requested.order(node, THEIRS, provider="p", order="o", content="c", **do)
    (node.intake / "d").write_bytes(b"1")
    execute(node, officers, at, THEIRS)
    job = requested.disclose(node, THEIRS, **do)
    assert code(requested.order, node, THEIRS, provider="p", order="o", content="c", **do) == "job.disclosing"
    models.Job.objects.filter(pk=job.pk).update(given={**job.given, "manifest": "ab" * 32})
    job.refresh_from_db()
    assert (worked(node, job).status, job.given["rest"]) == ("failed", "")
    assert not load(THEIRS).returns
    assert disclose(node, officers, at, THEIRS).status == "done"


def test_police_information_is_no_evidence(node, peer, officers, at):
    """It is sealed and announced as intelligence, whatever an officer wants; its bag says so to everybody."""
    asked(node, peer, officers, at, Measure.POLICE_COOPERATION)
    requested.order(node, THEIRS, provider="p", order="o", content="c", officer=officers.decider, at=at)
    (node.intake / "d").write_bytes(b"1")
    execute(node, officers, at, THEIRS)
    wrong = {"use": "evidence", "officer": officers.decider, "at": at}
    assert code(requested.disclose, node, THEIRS, **wrong) == "case.use"
    assert disclose(node, officers, at, THEIRS).status == "done"
    assert load(THEIRS).returns[0].body["use"] == "intelligence"
    report = verify_file(release.sealed(node, THEIRS, officer=officers.decider))
    assert "Intelligence, no evidence (47)" in report.about


def test_intelligence_is_not_released_as_evidence(node, peer, officers, at):
    """Nor by who received it, nor by leave: the evidence has to be requested."""
    data, said = sealed(node, peer, at, outside={"use": "intelligence"}, said={"use": "intelligence"})
    collected(node, disclosed(node, peer, at, accepted(node, peer, officers, at), data, **said), data)
    worked(node, requesting.verify(node, OURS, officer=officers.all, at=at))
    out = {"recipient": "Court of Tehran", "conditions": ["c"], "officer": officers.all, "at": at}
    assert code(release.release, node, OURS, use="evidence", **out) == "release.use"
    assert release.release(node, OURS, **out).acts[-1].body["use"] == "intelligence"
    consent(node, peer, officers, at, conditions=(), others=("IR",))
    assert code(release.release, node, OURS, use="evidence", leave=LEAVE, **out) == "release.use"
    assert release.release(node, OURS, leave=LEAVE, **out).acts[-1].body["use"] == "intelligence"


# --------------------------------------------------------------------------------- more time, enquiries, deadlines


def test_we_ask_for_more_time(node, peer, officers, at):
    """At the last second of the period, not one second later; the answer moves its end."""
    sent(node, officers, at, Measure.PRESERVATION, intends_request=True)
    says(node, peer, at, Kind.ACCEPTED, {"conditions": [], "reasons": "r"})
    due = at + timedelta(days=60)
    says(node, peer, at, Kind.PRESERVED, {"effected_at": moment_text(at), "until": moment_text(due)})
    assert load(OURS).until == due
    ask = {"until": due.date() + timedelta(days=30), "reasons": "The request follows.", "officer": officers.approver}
    late = due + timedelta(seconds=1)
    assert code(requesting.ask_extension, node, OURS, at=late, **ask) == "extend.late"
    assert code(requesting.ask_extension, node, OURS, at=due, **ask | {"until": at.date()}) == "extend.until"
    case = requesting.ask_extension(node, OURS, at=due, **ask)
    assert case.asked_to_extend is not None
    until = due + timedelta(days=20)
    says(node, peer, late, Kind.EXTENDED, {"until": moment_text(until), "reasons": "Twenty days."})
    case = load(OURS)
    assert (case.until, case.asked_to_extend, case.stage) == (until, None, Stage.PRESERVED)
    requesting.ask_extension(node, OURS, at=late, **ask)
    says(node, peer, late, Kind.EXTENSION_REFUSED, {"reasons": "No more."})
    assert load(OURS).until == until


def test_more_time_is_asked_of_us(node, peer, officers, at):
    """Granted when asked for, to a later end; asked too late it is turned away."""
    asked(node, peer, officers, at, Measure.PRESERVATION, intends_request=True)
    requested.order(node, THEIRS, provider="p", order="o", content="c", officer=officers.decider, at=at)
    case = requested.preserve(node, THEIRS, effected_at=at, officer=officers.decider, at=at)
    due, do = case.until, {"reasons": "r", "officer": officers.decider, "at": case.until}
    later = due.date() + timedelta(days=30)
    assert code(requested.extend, node, THEIRS, until=later, **do) == "extend.unasked"
    body = {"until": moment_text(due + timedelta(days=30)), "reasons": "r"}
    late = due + timedelta(seconds=1)
    data = peer.say(Kind.EXTENSION_ASKED, THEIRS, body, after=case.head, at=late)[0]
    assert turned_away(node, data, late) == "extend.late"
    says(node, peer, due, Kind.EXTENSION_ASKED, body, THEIRS)
    assert code(requested.extend, node, THEIRS, until=due.date() - timedelta(days=9), **do) == "extend.until"
    assert requested.extend(node, THEIRS, until=later, **do).until > due
    assert code(requested.refuse_extension, node, THEIRS, **do) == "extend.unasked"


def test_an_enquiry_waits_for_its_answer(node, peer, officers, at):
    """Since when an answer is owed, on both sides; any word of the requested State answers."""
    sent(node, officers, at, Measure.RECORDS)
    for number in range(2):
        when = at + timedelta(seconds=number)
        requesting.enquire(node, OURS, message="How does it stand?", officer=officers.approver, at=when)
    assert load(OURS).enquiry.at == at
    says(node, peer, at, Kind.PROGRESS, {"message": "The bank has answered."})
    assert load(OURS).enquiry is None
    asked(node, peer, officers, at, Measure.RECORDS)
    says(node, peer, at, Kind.ENQUIRED, {"message": "How does it stand?"}, THEIRS)
    assert load(THEIRS).enquiry.at == at
    requested.report_progress(node, THEIRS, message="Tomorrow.", officer=officers.decider, at=at)
    assert load(THEIRS).enquiry is None


def test_a_deadline_ends_by_a_name(node, peer, officers, at):
    """Met, escalated or waived by an officer with his reasons, on either side; nothing of it crosses."""
    sent(node, officers, at, Measure.RECORDS)
    asked(node, peer, officers, at, Measure.RECORDS)
    before = models.Departure.objects.count()
    about = {"clock": "suggested", "due": at + timedelta(days=3), "reasons": "The head of office was told.", "at": at}
    for reference, officer in ((OURS, officers.approver), (THEIRS, officers.decider)):
        for verb in (deadlines.meet, deadlines.escalate, deadlines.waive):
            case = verb(node, reference, officer=officer, **about)
            assert (case.acts[-1].officer, case.acts[-1].body["clock"]) == (officer.username, "suggested")
        assert code(deadlines.waive, node, reference, officer=officers.judge, **about) == "case.power"
    assert models.Departure.objects.count() == before


def test_a_supplement_may_name_the_preservation(node, peer, officers, at):
    """The link to the case that a request follows is kept in step on the requested side too; a strange one is not made."""
    asked(node, peer, officers, at, Measure.PRESERVATION, intends_request=True)
    what = request(reference="VN-2026-0002")
    bring(node, peer.asks(what)[0], at)
    for follows, linked in ((THEIRS, {THEIRS}), ("VN-2026-0099", set())):
        requested.assess(node, what.reference, officer=officers.decider, at=at)
        requested.ask(node, what.reference, questions="q", fields=[], officer=officers.decider, at=at)
        body = {"request": replace(what, follows=follows).to_dict()}
        says(node, peer, at, Kind.SUPPLEMENTED, body, what.reference)
        assert set(dossier.chain(node, what.reference)) == {what.reference} | linked


def test_what_is_followed_may_arrive_later(node, peer, officers, at):
    """Links are looked up when they are read; never to an exercise from what is in earnest, nor to a draft of ours."""
    bring(node, peer.asks(request(reference="VN-2026-0005", follows=THEIRS, measure=Measure.RECORDS))[0], at)
    assert dossier.chain(node, "VN-2026-0005") == ["VN-2026-0005"]
    report = verify_file(dossier.export(node, "VN-2026-0005", officer=officers.all, at=at))
    assert report.verdicts["history"][0] is Verdict.PASSED  # what another State's case follows is for it to show
    bring(node, peer.asks(request(measure=Measure.PRESERVATION))[0], at)
    assert set(dossier.chain(node, THEIRS)) == {THEIRS, "VN-2026-0005"}
    what = request(reference=OURS, requesting="IR", requested="VN", follows=THEIRS)
    requesting.draft(node, what, officer=officers.drafter, at=at)
    assert OURS not in dossier.chain(node, THEIRS)
    assert set(dossier.chain(node, OURS)) == {OURS, THEIRS, "VN-2026-0005"}


def test_an_exercise_is_not_exported_with_what_is_in_earnest(node, peer, officers, at):
    """A case of the other kind that names ours would make the whole file fail."""
    earnest = replace(node, exercise=False)
    sent(earnest, officers, at, Measure.RECORDS, exercise=False)
    bring(earnest, peer.asks(request(reference="VN-2026-0077", follows=OURS, exercise=True))[0], at)
    assert dossier.chain(earnest, OURS) == [OURS]
    assert dossier.chain(earnest, "VN-2026-0077") == ["VN-2026-0077"]


def test_an_export_that_is_too_large_says_so(node, peer, officers, at, monkeypatch):
    """Instead of writing a file that no verifier reads."""
    from comity.wire import dossier as form

    bring(node, peer.asks(request())[0], at)
    monkeypatch.setattr(form, "LIMIT", 1000)
    assert code(dossier.export, node, THEIRS, officer=officers.all, at=at) == "dossier.too-large"


def test_talk_has_an_end(node, peer, officers, at):
    """Two hundred messages of a kind, and no more; other kinds still pass."""
    bring(node, peer.asks(request())[0], at)
    before = load(THEIRS)
    acts = tuple(
        replace(before.acts[0], kind=Kind.ENQUIRED, body={"message": "?"}, id=f"{number:064x}", after=before.head)
        for number in range(200)
    )
    full = replay(before, acts, home="IR")
    one = replace(acts[0], id="f" * 64)
    assert code(advance, full, one, home="IR") == "talk.too-many"
    away = replace(one, kind=Kind.WITHDRAWN, body={"reasons": "r"})
    assert advance(full, away, home="IR").stage is Stage.WITHDRAWN


def test_what_passed_an_enquiry_does_not_answer_it(node, peer, officers, at):
    """The word of a State that did not know of the question."""
    bring(node, peer.asks(request())[0], at)
    head = load(THEIRS).head
    requested.report_progress(node, THEIRS, message="So far.", officer=officers.decider, at=at)
    bring(node, peer.say(Kind.ENQUIRED, THEIRS, {"message": "How does it stand?"}, after=head, at=at)[0], at)
    assert load(THEIRS).enquiry is not None
    requested.report_progress(node, THEIRS, message="So far.", officer=officers.decider, at=at)
    assert load(THEIRS).enquiry is None


def test_what_is_given_while_we_withdraw_is_kept(node, peer, officers, at):
    """The container is collected, and can be verified and released; the case stays withdrawn."""
    data, said = sealed(node, peer, at)
    head = accepted(node, peer, officers, at)
    requesting.withdraw(node, OURS, reasons="It is solved.", officer=officers.approver, at=at)
    collected(node, disclosed(node, peer, at, head, data, **said), data)
    case = load(OURS)
    assert (case.stage, len(case.returns), case.crossed) == (Stage.WITHDRAWN, 1, {case.returns[0].id})
    assert worked(node, requesting.verify(node, OURS, officer=officers.all, at=at)).status == "done"
    out = {"recipient": "A court", "conditions": ["c"], "officer": officers.all, "at": at}
    assert release.release(node, OURS, **out).stage is Stage.WITHDRAWN


def test_what_holds_a_preservation(node, peer, officers, at):
    """An undecided request for the data that came before the end, Article 42(8); nothing else that names the case."""
    asked(node, peer, officers, at, Measure.PRESERVATION, intends_request=True)
    requested.order(node, THEIRS, provider="p", order="o", content="c", officer=officers.decider, at=at)
    due = requested.preserve(node, THEIRS, effected_at=at, officer=officers.decider, at=at).until

    def held() -> bool:
        found = running(node, load(THEIRS), at=due + timedelta(days=2))
        return any(str(clock.state) == "held" for clock in found)

    for number, (measure, when, expected) in enumerate((
        (Measure.SPONTANEOUS_INFORMATION, at, False),
        (Measure.PRESERVATION, at, False),
        (Measure.STORED_DATA, due + timedelta(days=1), False),
        (Measure.STORED_DATA, due, True),
    ), 5):  # fmt: skip
        what = request(reference=f"VN-2026-000{number}", follows=THEIRS, measure=measure)
        body = {"request": what.to_dict(), "letter": ""}
        bring(node, peer.say(Kind.REQUESTED, what.reference, body, at=when)[0], when)
        assert held() == expected, measure


def test_a_chain_with_two_branches(node, peer, officers, at):
    """A preservation that two requests follow, and a consent that follows one of them: all are exported together."""
    names = [sent(node, officers, at, Measure.PRESERVATION).reference]
    for number, follows in ((2, 1), (3, 1), (4, 3)):
        measure = Measure.ONWARD_TRANSFER if number == 4 else Measure.STORED_DATA
        names.append(f"IR-2026-000{number}")
        sent(node, officers, at + timedelta(seconds=number), measure, names[-1], follows=f"IR-2026-000{follows}")
    sent(node, officers, at, Measure.RECORDS, "IR-2026-0005")
    assert all(dossier.chain(node, name) == names for name in names)
