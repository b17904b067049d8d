"""The assistance desk: told to whom it is released, and to nobody else; a programme is the same on both sides; attacks."""

import html
import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from browsing import Browser
from django.utils.translation import override
from donor import TERMS, Donor, need, offer, said
from hypothesis import given, settings
from hypothesis import strategies as st
from peer import arrive
from refusing import code

from comity.assistance import outcomes
from comity.assistance.assess import Verdict
from comity.assistance.needs import Need, Release, Stage, Turn
from comity.assistance.programme import Programme, Say, Word
from comity.assistance.programme import Stage as Standing
from comity.assistance.topics import Region, Topic, Unit
from comity.casework.lifecycle import Kind
from comity.errors import Invalid, NotPossible
from comity.ledger import log
from comity.node import archive, models
from comity.node.desk import assistance, crossing, programmes, selfassessment
from comity.node.desk._kept import Words
from comity.node.officers import texts
from comity.seal import canon, envelope, merkle
from comity.wire import assistance as wire
from comity.wire import messages
from comity.wire.assistance import Spoken, Version
from comity.wire.exchange import Event, Evidence


@pytest.fixture
def who(officers, at):
    """An officer with every power, now."""
    return {"officer": officers.all, "at": at}


def row(reference: str) -> models.Listing:
    """A need or an offer as it is kept."""
    return models.Listing.objects.get(pk=reference)


# ------------------------------------------------------------------------------------------------ published


def test_told_to_whom_it_is_released(node, who, at):
    """Viet Nam reads it and learns of nobody else; Qatar hears nothing, nor that it ends; each word is in the log."""
    vn, qa, ae = (Donor(state, node, at) for state in ("VN", "QA", "AE"))
    assistance.publish(node, need(release=Release(("AE", "VN"))), **who)
    assistance.due(node, at=at)
    for donor in (vn, qa, ae):
        donor.hears(at)
    assert [one.value for one in vn.told] == [need(release=Release(("VN",)))]
    assert [one.value.release for one in ae.told] == [Release(("AE",))]
    assert not assistance.due(node, at=at)
    revised = need(units=8, release=Release(("VN",)))
    assistance.publish(node, revised, seen=1, **who)
    assistance.due(node, at=at)
    assert [(one.version, one.value) for one in vn.hears(at).told[1:]] == [(2, revised)]
    assert [(one.version, one.stage, one.value) for one in ae.hears(at).told[1:]] == [(2, Stage.WITHDRAWN, None)]
    assistance.end(node, revised.reference, Turn.WITHDRAWN, seen=2, **who)
    assistance.due(node, at=at)
    assert [one.stage for one in vn.hears(at).told[2:]] == [Stage.WITHDRAWN]
    assert (ae.hears(at).told[2:], qa.hears(at).told) == ([], [])
    entry = models.LogNode.objects.filter(level=0).order_by("-index").first()
    said = [log.entry(log.NOTICE, canon.content_id(bytes(row(revised.reference).statement)))]
    leaves = {bytes(one) for one in models.LogNode.objects.filter(level=0).values_list("hash", flat=True)}
    assert entry is not None
    assert {merkle.leaf_hash(one) for one in said} <= leaves
    assert [turn for turn, _, _ in row(revised.reference).turns] == ["opened", "revised", "withdrawn"]


def test_a_state_that_is_pinned_later_is_told(node, who, at):
    """What everybody may see reaches it within a minute; a draft reaches nobody."""
    assistance.publish(node, offer("IR"), **who)
    assistance.keep(node, offer("IR", 2, release=Release()), **who)
    assistance.due(node, at=at)
    vn = Donor("VN", node, at)
    assistance.due(node, at=at + timedelta(minutes=2))
    assert [one.reference for one in vn.hears(at).told] == ["IR-OFFER-2026-0001"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"release": Release()}, "need.unreleased"), ({"state": "VN", "reference": "VN-NEED-2026-0001",
      "release": Release(("IR",))}, "need.owner")],
)  # fmt: skip
def test_what_is_not_published(node, who, at, change, expected):
    """Without release, and another State's: nothing is kept."""
    assert code(assistance.publish, node, replace(need(), **change), **who) == expected
    assert models.Listing.objects.count() == 0


def test_only_who_may(node, officers, at):
    """The power is needed for each verb; what was shown must still stand."""
    for officer in (officers.idle, officers.drafter):
        who = {"officer": officer, "at": at}
        assert code(assistance.publish, node, need(), **who) == "case.power"
        assert code(assistance.end, node, "x", Turn.CLOSED, seen=1, **who) == "case.power"
        assert code(programmes.propose, node, "x", "y", TERMS, **who) == "case.power"
        assert code(programmes.say, node, "x", Say.AGREED, seen=0, **who) == "case.power"
    who = {"officer": officers.all, "at": at}
    assistance.publish(node, need(), **who)
    assert code(assistance.publish, node, need(), **who) == "assistance.changed"
    assert code(assistance.publish, node, need(), seen=2, **who) == "assistance.changed"
    assert code(assistance.end, node, need().reference, Turn.CLOSED, seen=0, **who) == "assistance.changed"
    assert code(assistance.keep, node, need(), seen=1, **who) == "need.stage"
    assert code(assistance.end, node, "IR-NEED-2026-0009", Turn.CLOSED, seen=1, **who) == "assistance.unknown"
    assistance.end(node, need().reference, Turn.CLOSED, seen=1, **who)
    assert code(assistance.publish, node, need(), seen=2, **who) == "need.stage"


@given(st.lists(st.tuples(st.frozensets(st.sampled_from(["VN", "QA", "AE"])), st.booleans()), min_size=1, max_size=6))
def test_nobody_is_told_but_who_may_see_it(versions):
    """Who may see a version is told it; who saw one and may see none hears that it is withdrawn; others hear nothing."""
    known: dict[str, Stage | None] = dict.fromkeys(("VN", "QA", "AE"))
    told: dict[str, list[object]] = {}
    for version, (states, ended) in enumerate(versions, 1):
        value = need(release=Release(tuple(sorted(states)))).to_dict()
        stage = Stage.CLOSED if ended else Stage.OPEN
        kept = models.Listing(kind="need", state="IR", version=version, stage=stage, value=value, told=told)
        for peer, before in known.items():
            said_ = assistance._untold(kept, peer)
            if peer in states and (before is not None or not ended):
                assert said_ is stage
            else:
                assert said_ is (Stage.WITHDRAWN if before is Stage.OPEN else None)
            if said_ is not None:
                known[peer], told[peer] = said_, [version, str(said_)]
            assert assistance._untold(kept, peer) is None
            assert known[peer] is not Stage.OPEN or peer in states


# ------------------------------------------------------------------------------------------------ heard


def test_the_newest_version_counts(node, at):
    """An older one changes nothing; two under one number are refused; what is withdrawn stays with its last words."""
    vn = Donor("VN", node, at)
    assert vn.publishes(offer(units=3), at, 2) == ""
    assert vn.publishes(offer(units=9), at, 1) == ""
    assert row(offer().reference).value["units"] == 3
    assert vn.publishes(offer(units=3), at, 2) == ""
    assert vn.publishes(offer(units=4), at, 2) == "assistance.conflict"
    assert vn.publishes(offer(), at, 3, Stage.WITHDRAWN) == ""
    assert (row(offer().reference).stage, row(offer().reference).value["units"]) == ("withdrawn", 3)
    assert vn.publishes(offer(number=2), at, 1, Stage.CLOSED) == ""
    assert models.Listing.objects.count() == 1
    statement = envelope.verify(bytes(row(offer().reference).statement), vn.trust, kind="offer", at=at)
    assert wire.read(statement).version == 3


def test_what_nobody_can_make_it_believe(node, at, monkeypatch):
    """Another State's, another key's, not released to this State, of the future, without form, too many."""
    vn, qa = Donor("VN", node, at), Donor("QA", node, at)
    assert qa.publishes(offer("VN"), at) == "assistance.speaker"
    assert qa.publishes(offer("VN"), at, sender="VN") != ""
    assert vn.publishes(offer(), at, key=qa.peer.signing) != ""
    assert vn.publishes(offer(release=Release(("QA",))), at) == "assistance.release"
    assert vn.publishes(offer(release=Release()), at) == "assistance.release"
    assert vn.publishes(offer(), at + timedelta(minutes=9)) == ""  # the clock of who brings it is the clock of the test
    late = Version(kind="offer", reference="VN-OFFER-2026-0002", version=1, stage=Stage.OPEN,
                   at=at + timedelta(minutes=9), value=offer(number=2))  # fmt: skip
    assert vn.sends("offer", wire.packed(late), at).code == "assistance.time"
    whole = canon.loads(wire.packed(late), limit=1 << 20)
    for change in (
        {"stage": "draft"}, {"version": 0}, {"version": True}, {"value": None}, {"more": 1}, {"reference": 3},
        {"stage": "closed"}, {"reference": "VN-NEED-2026-0001"}, {"at": "now"},
    ):  # fmt: skip
        assert vn.sends("offer", canon.dumps(whole | change), at).code == "assistance.form", change
    assert vn.sends("need", canon.dumps(whole), at).code.startswith("assistance.")
    assert vn.sends("offer", canon.dumps(whole | {"value": whole["value"] | {"units": 0}}), at).code == "need.units"
    monkeypatch.setattr(assistance, "MOST", 1)
    assert vn.publishes(offer(number=3), at) == "assistance.too-many"
    assert models.Listing.objects.count() == 1


# ------------------------------------------------------------------------------------------------ programmes


@pytest.fixture
def matched(node, who, at):
    """Iran's need and Viet Nam's offer, known to both; Viet Nam has proposed: (Viet Nam, what the words are about)."""
    vn = Donor("VN", node, at)
    assistance.publish(node, need(), **who)
    assert vn.publishes(offer(), at) == ""
    about = Spoken(programme="VN-PROGRAMME-2026-0001", need=need().reference, offer=offer().reference, after=(),
                   word=Word(say=Say.PROPOSED, by="VN", at=at, terms=TERMS))  # fmt: skip
    assert vn.says(about, about.word, at) == ""
    return vn, about


def here(about: Spoken) -> wire.History:
    """The history as the node under test has it."""
    return programmes.history(models.Programme.objects.get(pk=about.programme))


def same(vn: Donor, about: Spoken, at) -> Programme:
    """What stands, after both have heard everything and found the same."""
    found = here(about)
    assert wire.history(wire.opened(about), vn.hears(at).words) == found
    kept = models.Programme.objects.get(pk=about.programme)
    whole = [outcomes.held(found.programme, of="need"), outcomes.held(found.programme, of="offer")]
    assert [kept.of_need, kept.of_offer] == whole
    assert (kept.stage, kept.confirmed) == (found.programme.stage, outcomes.standing(found.programme).confirmed)
    return found.programme


def test_a_programme_is_the_same_on_both_sides(node, who, at, matched):
    """Proposed, agreed, delivered, confirmed, completed, evaluated; its outcome is counted; nothing moves what is agreed."""
    vn, about = matched
    assert said(node, about, Say.AGREED, who).stage is Standing.RUNNING
    assert same(vn, about, at).terms == TERMS
    assert code(assistance.publish, node, need(units=11), seen=1, **who) == "need.agreed"
    assert programmes.agreed(node)[0].units == 12
    for part in TERMS.milestones:
        word = Word(say=Say.DELIVERED, by="VN", at=at, milestone=part.name, units=6)
        assert vn.says(about, word, at) == ""
        said(node, about, Say.CONFIRMED, who, milestone=part.name, units=6, text="خوب بود")
        same(vn, about, at)
    said(node, about, Say.COMPLETED, who, text="دوازده نفر آموزش دیدند")
    said(node, about, Say.EVALUATED, who, mark=5, text="مفید")
    found = outcomes.outcome(same(vn, about, at))
    assert (found.confirmed, found.agreed, found.marks) == (12, 12, (("IR", 5),))
    assert vn.publishes(offer(), at, 2, Stage.WITHDRAWN) == ""
    models.Peer.objects.filter(pk="VN").delete()  # the State leaves: what was agreed stays, and is shown
    assert here(about).programme.stage is Standing.COMPLETED
    assert code(said, node, about, Say.EVALUATED, who, mark=1, text="x") == "peer.unknown"


def test_an_offer_withdrawn_in_the_middle(node, who, at, matched):
    """A proposal on it cannot be agreed to any more; what was agreed stands until it is ended, and then what was given."""
    vn, about = matched
    assert vn.publishes(offer(), at, 2, Stage.WITHDRAWN) == ""
    assert code(said, node, about, Say.AGREED, who) == "assistance.lapsed"
    assert programmes.aftermath(offer().reference).lapses == (about.programme,)
    assert vn.publishes(offer(), at, 3) == ""
    said(node, about, Say.AGREED, who)
    assert vn.says(about, Word(say=Say.DELIVERED, by="VN", at=at, milestone="First course", units=6), at) == ""
    same(vn, about, at)
    assert vn.publishes(offer(), at, 4, Stage.WITHDRAWN) == ""
    left = programmes.aftermath(offer().reference)
    assert (left.stands, left.units) == ((about.programme,), 12)
    said(node, about, Say.ENDED, who, text="پیشنهاد پس گرفته شد")
    assert same(vn, about, at).stage is Standing.ENDED


def test_words_that_crossed(node, who, at, matched):
    """Both speak at once: each node finds the same order; what does not fit is kept, shown and changes nothing."""
    vn, about = matched
    said(node, about, Say.AGREED, who)
    vn.hears(at)
    heads = here(about).heads
    later = {"officer": who["officer"], "at": at + timedelta(seconds=20)}
    said(node, about, Say.ENDED, later, text="بودجه نیست")
    moment = at + timedelta(seconds=30)
    word = Word(say=Say.DELIVERED, by="VN", at=moment, milestone="First course", units=6)
    assert vn.says(about, word, moment, after=heads) == ""
    found = same(vn, about, moment)
    assert found.stage is Standing.ENDED
    assert list(here(about).crossed.values()) == ["programme.stage"]
    last = {"officer": who["officer"], "at": at + timedelta(seconds=40)}
    said(node, about, Say.EVALUATED, last, mark=3, text="x")
    assert len(here(about).heads) == 1
    assert same(vn, about, moment).stage is Standing.ENDED


def test_what_the_other_side_cannot_say(node, who, at, matched, monkeypatch):
    """For this State, about a third one's, on words that are not there, passing over its own, twice, out of step."""
    vn, about = matched
    agreed = Word(say=Say.AGREED, by="VN", at=at, terms=TERMS)
    kept = dict(vn.words)

    def tries(word, about_=about, **more) -> str:
        found = vn.says(about_, word, at, **more)
        vn.words = dict(kept)
        return found

    assert tries(agreed) == "programme.pending"  # its own proposal
    assert tries(replace(agreed, by="IR")) != ""
    assert tries(replace(agreed, say=Say.COMPLETED, terms=None), after=("ab" * 32,)) == "assistance.order"
    assert tries(replace(agreed, say=Say.WITHDRAWN, terms=None, text="x"), after=()) == "assistance.order"
    assert tries(replace(agreed, at=at + timedelta(hours=1))) == "assistance.time"
    other = replace(about, programme="VN-PROGRAMME-2026-0002")
    vn.words = {}
    assert tries(agreed, other) == "assistance.unknown"
    for change, expected in (
        ({"need": "IR-NEED-2026-0009"}, "assistance.unknown"),
        ({"need": "QA-NEED-2026-0001"}, "programme.parties"),
        ({"programme": "IR-PROGRAMME-2026-0007"}, "programme.parties"),
    ):
        vn.words = {}
        assert tries(about.word, replace(other, **change)) == expected, change
    vn.words = dict(kept)
    assert vn.says(
        replace(about, offer="VN-OFFER-2026-0002"), Word(say=Say.WITHDRAWN, by="VN", at=at, text="x"), at
    ) == ("programme.parties")
    qa = Donor("QA", node, at)
    qa.words = dict(kept)
    assert qa.says(about, Word(say=Say.DECLINED, by="QA", at=at, text="x"), at) == "assistance.unknown"
    assert code(said, node, about, Say.DELIVERED, who, milestone="First course", units=6) == "programme.side"
    assert code(said, node, about, Say.WITHDRAWN, who, text="x") == "programme.pending"
    assert code(programmes.say, node, about.programme, Say.AGREED, seen=0, **who) == "assistance.changed"
    monkeypatch.setattr(programmes, "MOST", 1)
    vn.words = {}
    assert tries(about.word, other) == "assistance.too-many"
    assert models.ProgrammeWord.objects.count() == 1


def test_what_this_state_does_not_propose(node, who, at):
    """What the other may not see, what is not open, more than is left, in another unit, between two others."""
    Donor("QA", node, at)
    vn = Donor("VN", node, at)
    assistance.publish(node, need(release=Release(("QA",))), **who)
    pair = (need().reference, offer().reference)
    assert code(programmes.propose, node, *pair, TERMS, **who) == "assistance.unknown"
    vn.publishes(offer(), at)
    assert code(programmes.propose, node, *pair, TERMS, **who) == "assistance.released"
    assistance.publish(node, need(), seen=1, **who)
    wide = replace(TERMS, units=13, milestones=(replace(TERMS.milestones[0], units=13),))
    assert code(programmes.propose, node, *pair, wide, **who) == "assistance.room"
    assert code(programmes.propose, node, *pair, replace(TERMS, unit=Unit.DAYS), **who) == "programme.units"
    found = programmes.propose(node, *pair, TERMS, **who)
    assert found.reference == "IR-PROGRAMME-2026-0001".replace("2026", str(at.year))
    assert vn.hears(at).words
    assert code(programmes.propose, node, "QA-NEED-2026-0001", pair[1], TERMS, **who) != ""
    assistance.end(node, need().reference, Turn.CLOSED, seen=2, **who)
    assert code(programmes.propose, node, *pair, TERMS, **who) == "assistance.lapsed"
    assert models.Programme.objects.count() == 1


def test_what_was_lost_comes_back(node, who, at, matched):
    """Memory was lost: a peer gives back this State's own words, and its need as it was told."""
    vn, about = matched
    said(node, about, Say.AGREED, who)
    assistance.due(node, at=at)
    before = same(vn, about, at)
    departures = {one.pk: one for one in models.Departure.objects.filter(peer="VN")}
    statements = {}
    for one in departures.values():
        raw = envelope.opened(archive.sealed(one), home="VN", keys=[vn.peer.opening])
        statements[one.pk] = raw
    models.ProgrammeWord.objects.filter(by="IR").delete()
    models.Listing.objects.filter(state="IR").delete()
    for pk, raw in statements.items():
        models.Departure.objects.filter(pk=pk).update(statement=raw)
        crossing._adopt(node, models.Departure.objects.get(pk=pk))
    assert list(models.Alarm.objects.values_list("code", flat=True)) == []
    assert here(about).programme == before
    assert (row(need().reference).value, row(need().reference).version) == (need().to_dict(), 1)


# ------------------------------------------------------------------------------------------------ against a hostile side


def test_who_could_not_be_told_is_told_later(node, who, at, monkeypatch):
    """A State that cannot be written to now is not noted as told, and holds nobody else back."""
    vn, qa = Donor("VN", node, at), Donor("QA", node, at)
    assistance.publish(node, need(release=Release(("QA", "VN"))), **who)
    post_all = assistance._record.post_all

    def broken(settings_, statements, *, to, at):
        if to == "QA":  # told first, by the alphabet
            raise NotPossible("Not now.", code="peer.expired")
        return post_all(settings_, statements, to=to, at=at)

    monkeypatch.setattr(assistance._record, "post_all", broken)
    assistance.due(node, at=at)
    assert row(need().reference).told == {"VN": [1, "open"]}
    monkeypatch.undo()
    assistance.due(node, at=at + timedelta(minutes=2))
    assert (len(vn.hears(at).told), len(qa.hears(at).told)) == (1, 1)


def test_nobody_is_told_what_is_so_no_more(node, who, at):
    """An officer changes a need while it is on its way to being told: the older version is not told."""
    vn = Donor("VN", node, at)
    assistance.publish(node, need(), **who)
    before = row(need().reference)
    assistance.publish(node, need(units=8), seen=1, **who)
    assistance._tell(node, "VN", [(before, Stage.OPEN)], at=at)
    assert vn.hears(at).told == []
    assistance.due(node, at=at)
    assert [one.version for one in vn.hears(at).told] == [2]


def test_an_end_that_comes_first_is_kept(node, at, monkeypatch):
    """A withdrawal overtakes its need: the need does not open then; a later version does; ends are bounded, too."""
    vn = Donor("VN", node, at)
    assert vn.publishes(offer(), at, 2, Stage.WITHDRAWN) == ""
    assert vn.publishes(offer(), at, 1) == ""
    assert vn.publishes(offer(), at, 2) == "assistance.conflict"
    assert models.Listing.objects.count() == 0
    monkeypatch.setattr(assistance, "MOST", 1)
    assert vn.publishes(offer(number=2), at, 1, Stage.CLOSED) == "assistance.too-many"
    assert vn.publishes(offer(), at, 3, Stage.CLOSED) == ""
    assert vn.publishes(offer(), at, 4) == ""
    assert (row(offer().reference).version, models.ListingEnd.objects.count()) == (4, 0)


def test_a_word_stands_on_those_before_it(node, who, at, matched):
    """Its envelope names theirs. After memory was lost, it waits for the word that it answers, and is not lost."""
    _vn, about = matched
    said(node, about, Say.AGREED, who)
    theirs, ours = (models.ProgrammeWord.objects.get(by=by) for by in ("VN", "IR"))
    departure = models.Departure.objects.get(digest=ours.envelope)
    assert departure.after == [theirs.envelope]
    before, data = here(about).programme, archive.sealed(models.Arrival.objects.get(digest=theirs.envelope))
    models.ProgrammeWord.objects.all().delete()
    models.Programme.objects.all().delete()
    models.Arrival.objects.filter(digest=theirs.envelope).delete()
    raw = bytes(ours.statement)
    models.Departure.objects.filter(digest=ours.envelope).update(statement=raw, pending=True)
    crossing.admit(node, "VN", at=at)
    assert models.Departure.objects.get(digest=ours.envelope).pending
    assert arrive(node, data, at).code == ""
    crossing.admit(node, "VN", at=at)
    assert here(about).programme == before
    assert not models.Alarm.objects.exists()


def has_read(vn: Donor, digest: str, at) -> None:
    """Viet Nam's node signs that it has read one of our words."""
    word = models.ProgrammeWord.objects.get(pk=digest)
    said_ = Evidence(Event.CONTENT_CONSIGNMENT, "VN", word.envelope, int(at.timestamp()))
    raw = messages.sign_words([said_], to="IR", places={}, key=vn.peer.signing)[0]
    row, words = models.Departure.objects.get(digest=word.envelope), Words("departure")
    words.note(row.digest, 0, 0, [raw])
    words.write({row.digest: row})
    row.since, row.stage, row.words = int(at.timestamp()), "handover", 1
    row.save()


@pytest.mark.parametrize(
    ("dated", "comes", "expected"),
    [(-1, 2, ""), (-1, 8 * 24, "assistance.back-dated"), (1, 2, "assistance.back-dated")],
)  # fmt: skip
def test_a_word_that_passes_over_what_was_read(node, who, at, matched, dated, comes, expected):
    """Viet Nam withdraws a proposal that was agreed to, as if before: only within the time that a word can be on its way."""
    vn, about = matched
    heads = here(about).heads
    said(node, about, Say.AGREED, who)
    read = at + timedelta(hours=3)
    has_read(vn, models.ProgrammeWord.objects.get(by="IR").pk, read)
    word = Word(say=Say.WITHDRAWN, by="VN", at=read + timedelta(hours=dated), text="x")
    assert vn.says(about, word, read + timedelta(hours=comes), after=heads) == expected
    assert here(about).programme.stage is Standing.RUNNING  # it was dated after the agreement in any case
    if comes > 24:  # memory was lost, and ours came back: the word may have been here before
        back = at + timedelta(days=30)
        models.Departure.objects.update(made_at=back, since=int(back.timestamp()))
        assert vn.says(about, word, at + timedelta(days=31), after=heads) == ""


def test_a_late_word_that_moves_what_stood_is_told(node, who, at, matched):
    """It was said before ours and comes after it: it counts, and an officer is told; one that moves nothing is not told."""
    vn, about = matched
    heads = here(about).heads
    late = {"officer": who["officer"], "at": at + timedelta(minutes=3)}
    said(node, about, Say.AGREED, late)
    word = Word(say=Say.WITHDRAWN, by="VN", at=at + timedelta(minutes=1), text="x")
    assert vn.says(about, word, at + timedelta(minutes=4), after=heads) == ""
    assert here(about).programme.stage is Standing.WITHDRAWN
    assert list(models.Alarm.objects.values_list("peer", "code")) == [("VN", "programme.late-word")]
    kept = models.Programme.objects.get(pk=about.programme)
    assert (kept.stage, kept.of_need, kept.of_offer) == ("withdrawn", 0, 0)


def test_words_that_nobody_answers_are_bounded(node, who, at, matched, monkeypatch):
    """So many of one side in a row, a few more to end it, and so many bytes; an answer makes room. This State keeps to it."""
    vn, about = matched
    monkeypatch.setattr(programmes, "UNANSWERED", 3)
    monkeypatch.setattr(programmes, "LAST", 1)
    for number in (1, 2):
        assert vn.says(about, Word(say=Say.PROPOSED, by="VN", at=at, terms=replace(TERMS, share=number)), at) == ""
    kept = dict(vn.words)
    more = Word(say=Say.PROPOSED, by="VN", at=at, terms=TERMS)
    assert vn.says(about, more, at) == "programme.unanswered"
    vn.words = dict(kept)
    for number in (3, 4, 5):
        said(node, about, Say.PROPOSED, who, terms=replace(TERMS, share=number))
    assert code(said, node, about, Say.PROPOSED, who, terms=TERMS) == "programme.unanswered"
    vn.hears(at)
    kept = dict(vn.words)
    monkeypatch.setattr(programmes, "BYTES", 5_000)
    assert vn.says(about, replace(more, terms=replace(TERMS, text="x" * 4_000)), at) == "programme.too-long"
    vn.words = dict(kept)
    monkeypatch.undo()
    assert vn.says(about, more, at) == ""
    assert said(node, about, Say.AGREED, who).stage is Standing.RUNNING


def test_lists_read_no_words(officers, at, matched, monkeypatch):
    """Lists, matches and what is held stand in the rows, as the words make it."""
    _vn, about = matched
    kept = models.Programme.objects.get(pk=about.programme)
    assert (kept.stage, kept.units, kept.unit, kept.of_need, kept.asked) == ("proposed", 12, "places", 0, 0)
    monkeypatch.setattr(wire, "kept_word", lambda _raw: pytest.fail("a word was read"))
    browser = Browser(officers.all, "en")
    for path in ("/assistance", f"/assistance/listings/{about.need}", "/assistance/matches"):
        assert browser.get(path).status_code == 200, path


def test_a_dispute_that_was_dropped_is_said_apart(node, officers, who, at, matched):
    """Both agree to do without a disputed milestone: nothing of it is held, and the page still names it."""
    vn, about = matched
    said(node, about, Say.AGREED, who)
    assert vn.says(about, Word(say=Say.DELIVERED, by="VN", at=at, milestone="Second course", units=6), at) == ""
    said(node, about, Say.DISPUTED, who, milestone="Second course", text="x")
    fewer = replace(TERMS, units=6, milestones=TERMS.milestones[:1])
    said(node, about, Say.PROPOSED, who, terms=fewer)
    vn.hears(at)
    assert vn.says(about, Word(say=Say.AGREED, by="VN", at=at, terms=fewer), at) == ""
    assert outcomes.standing(same(vn, about, at)).undone == 6
    page = Browser(officers.all, "en").text(f"/assistance/programmes/{about.programme}")
    assert "Disputed, and not in the terms any more" in page


def test_nothing_is_promised_twice(node, who, at):
    """What this State has proposed and nobody has answered is no more to be had; what it withdraws is."""
    vn = Donor("VN", node, at)
    assistance.publish(node, offer("IR"), **who)  # twenty places
    for number in (1, 2):
        assert vn.publishes(need("VN", number, release=Release(("IR",))), at) == ""
    first = programmes.propose(node, "VN-NEED-2026-0001", "IR-OFFER-2026-0001", TERMS, **who)
    second = ("VN-NEED-2026-0002", "IR-OFFER-2026-0001", TERMS)
    assert code(programmes.propose, node, *second, **who) == "assistance.room"
    programmes.say(node, first.pk, Say.WITHDRAWN, seen=1, text="x", **who)
    assert code(programmes.propose, node, *second, **who) == ""


# ------------------------------------------------------------------------------------------------ one order


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_both_sides_find_one_order(seed):
    """Two sides that speak at random and hear each other late: with the same words known, the same history."""
    dice = random.Random(seed)
    start = datetime.fromisoformat("2027-02-01T09:00:00+00:00")
    empty = Programme("VN-PROGRAMME-2027-0001", "IR-NEED-2027-0001", "VN-OFFER-2027-0001")
    views: dict[str, dict[str, Spoken]] = {"IR": {}, "VN": {}}
    sent: dict[str, list[tuple[str, Spoken]]] = {"IR": [], "VN": []}
    waiting: dict[str, frozenset[str]] = {}
    for step in range(14):
        by = dice.choice(["IR", "VN"]) if step else "VN"
        found = wire.history(empty, views[by])
        word = _any_word(dice, found.programme, by, start + timedelta(minutes=step))
        said_ = Spoken(programme=empty.reference, need=empty.need, offer=empty.offer, after=found.heads, word=word)
        views[by][f"{step:064x}"] = said_
        sent[by].append((f"{step:064x}", said_))
        waiting[f"{step:064x}"] = wire.unanswered(by, views[by])
        for other in ("IR", "VN"):
            speaker = "VN" if other == "IR" else "IR"
            while sent[speaker] and dice.random() < 0.4:
                digest, each = sent[speaker].pop(0)
                assert views[other].keys() >= set(each.after)
                views[other][digest] = each
                assert wire.unanswered(speaker, views[other]) <= waiting[digest]  # nobody counts more than its speaker
    for other, speaker in (("IR", "VN"), ("VN", "IR")):
        views[other] |= dict(sent[speaker])
    one, two = (wire.history(empty, views[side]) for side in ("IR", "VN"))
    assert one == two
    assert len(one.order) == 14
    assert len(one.programme.words) == 14 - len(one.crossed)


def _any_word(dice, programme: Programme, by: str, at: datetime) -> Word:
    say = dice.choice([*Say, Say.PROPOSED, Say.AGREED, Say.DELIVERED, Say.CONFIRMED])
    terms = programme.pending[1] if say is Say.AGREED and programme.pending else TERMS
    fields = {
        "terms": terms if say in (Say.PROPOSED, Say.AGREED) else None,
        "milestone": "First course" if say in (Say.DELIVERED, Say.CONFIRMED, Say.DISPUTED) else None,
        "units": 6 if say in (Say.DELIVERED, Say.CONFIRMED) else None,
        "mark": 3 if say is Say.EVALUATED else None,
        "text": "" if say in (Say.PROPOSED, Say.AGREED) else "x",
    }
    return Word(say=say, by=by, at=at, **fields)


@given(st.dictionaries(st.sampled_from(["at", "programme", "need", "offer", "after", "word", "more"]), st.none() | st.text() |
       st.integers(-2, 2) | st.lists(st.text(), max_size=3)))  # fmt: skip
def test_nothing_else_is_read(change):
    """A word of another form is refused by name; nothing but Invalid ever comes out."""
    whole = {
        "at": "2026-11-24T09:00:00Z", "programme": "VN-PROGRAMME-2026-0001", "need": "IR-NEED-2026-0001",
        "offer": "VN-OFFER-2026-0001", "after": [],
        "word": {"say": "withdrawn", "by": "VN", "at": "2026-11-24T09:00:00Z", "text": "x"},
    }  # fmt: skip
    statement = envelope.Statement("programme", "VN", "IR", canon.dumps(whole | change), b"", "")
    try:
        found = wire.read_word(statement)
    except Invalid:
        assert whole | change != whole
    else:
        assert found.programme == (whole | change)["programme"]


# ------------------------------------------------------------------------------------------------ pages

FILED = {
    "topic": "forensics", "unit": "places", "units": "۱۲", "by": "۱۴۰۶/۰۳/۱۱", "text": "آموزش <b>آزمایشگاه</b>",
    "language": "fa", "languages": ["en"], "region": "asia-pacific", "development": "unstated", "source": "", "pays": "۰",
    "tried": "دوره‌ای کوتاه", "tried_year": "۱۴۰۴", "tried_partner": "", "articles": "", "release": ["VN"],
}  # fmt: skip


def test_a_need_is_filed_by_its_form(node, officers, at):
    """Digits and days of either script; what is wrong is said at its field, and nothing that was typed is lost; drafts."""
    Donor("VN", node, at)
    browser, path = Browser(officers.all, "fa"), "/assistance/new/need"
    assert "۰" in browser.text(path)
    for change, expected in (
        ({"units": "many"}, "form.number"), ({"units": "0"}, "need.units"), ({"by": "soon"}, "date.form"), ({"topic": "x"},
         "form.choice"), ({"release": ["VN", "everyone"]}, "need.release"), ({"articles": "99"}, "need.article"),
        ({"release": []}, "need.unreleased"), ({"development": "developing"}, "need.source"), ({"pays": "101"}, "need.percent"),
        ({"tried_year": "7"}, "need.year"),
    ):  # fmt: skip
        refused = browser.client.post(path, FILED | change, secure=True)
        page = html.unescape(refused.content.decode())
        assert refused.status_code == 422, change
        with override("fa"):
            assert str(texts.TEXTS[expected]) in page, change
        assert "آموزش <b>آزمایشگاه</b>" in page
        assert page.count('class="field wrong"') == 1, change
    assert models.Listing.objects.count() == 0
    assert browser.client.post(path, FILED | {"release": [], "draft": "on"}, secure=True).status_code == 303
    reference = models.Listing.objects.get().pk
    change = f"/assistance/listings/{reference}/change"
    assert browser.client.post(change, FILED | {"seen": "0"}, secure=True).status_code == 303
    value = assistance.value_of(row(reference))
    assert isinstance(value, Need)
    assert (value.units, value.by, value.tried[0].year) == (12, date(2027, 6, 1), 2025)
    assert (value.languages, value.release.states) == (("fa", "en"), ("VN",))
    assert browser.client.post(change, FILED | {"seen": "0"}, secure=True).status_code == 422
    page = browser.get(f"/assistance/listings/{reference}").content.decode()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert browser.post(f"/assistance/listings/{reference}/withdraw", seen="1").status_code == 303
    assert "پس گرفته" in browser.text(f"/assistance/listings/{reference}")


def test_matched_with_reasons_and_proposed(node, officers, at, matched):
    """What fits and what does not, each with its reason; terms are proposed by a form; other officers see nothing."""
    vn, about = matched
    who = {"officer": officers.all, "at": at}
    assert vn.publishes(offer(number=2, unit=Unit.DAYS, languages=("fr",)), at) == ""
    browser, idle = Browser(officers.all, "en"), Browser(officers.idle)
    page = browser.text(f"/assistance/matches?beside=on&about={about.need}")
    for words in (
        "Proven",
        "The best pair first",
        "VN-OFFER-2026-0002",
        "days of an expert",
        "Propose a programme",
        "French",
    ):
        assert words in page, words
    path = f"/assistance/propose/{about.need}/VN-OFFER-2026-0001"
    assert "All of it" in browser.text(path)
    fields = {"units": "12", "language": "en", "starts": "2027-02-01", "ends": "2027-05-01", "share": "0", "text": ""}
    rows = {"milestone-name": ["One", ""], "milestone-due": ["2027-03-01", ""], "milestone-units": ["11", ""]}
    refused = browser.client.post(path, fields | rows, secure=True)
    assert refused.status_code == 422
    assert 'value="One"' in refused.content.decode()
    rows["milestone-units"] = ["12", ""]
    assert browser.client.post(path, fields | rows, secure=True).status_code == 303
    ours = models.Programme.objects.exclude(pk=about.programme).get()
    assert browser.post(f"/assistance/programmes/{ours.pk}/withdrawn", seen="1", text="").status_code == 422
    assert browser.post(f"/assistance/programmes/{ours.pk}/withdrawn", seen="1", text="A mistake").status_code == 303
    said(node, about, Say.AGREED, who)
    page = browser.text(f"/assistance/programmes/{about.programme}")
    assert "Propose other terms" in page
    assert browser.get(f"/assistance/programmes/{about.programme}/terms").status_code == 200
    assert browser.client.post(f"/assistance/programmes/{about.programme}/terms", fields | rows | {"seen": "2"},
                               secure=True).status_code == 303  # fmt: skip
    for path in (
        "/assistance", "/assistance/matches", "/assistance/new/need", f"/assistance/listings/{about.need}",
        f"/assistance/programmes/{about.programme}", f"/assistance/propose/{about.need}/{about.offer}",
    ):  # fmt: skip
        assert browser.get(path).status_code == 200, path
        assert idle.get(path).status_code == 403, path
    for path in ("new/else", "listings/x", "programmes/x", f"propose/{about.offer}/{about.need}"):
        assert browser.get(f"/assistance/{path}").status_code == 404, path
    assert not models.Arrival.objects.filter(digest__in=models.ProgrammeWord.objects.values("envelope"), handed=False)
    assert models.Arrival.objects.filter(handed=False).count() == 2  # the offers, which are no word to anybody
    models.Peer.objects.filter(pk="VN").delete()
    assert "not in this node’s directory" in browser.text(f"/assistance/programmes/{about.programme}")


# ------------------------------------------------------------------------------------------------ of itself


def test_what_is_known_already(node, officers, peer, at):
    """The law book is silent or not compared: open; own requests that came back count, and suggest help to this State alone."""
    known = {one.question.id: one for one in selfassessment.answers(node, at=at)}
    assert {one.verdict for one in known.values()} == {Verdict.OPEN}  # no line of Iran's book was compared
    assert known["13.offence"].evidence[0].code.endswith("-unverified")
    assert known["40.central-authority"].evidence[0].code == "law.silent"
    for number in range(1, 4):
        reference = f"IR-2026-{number:04d}"
        case = {"requesting": "IR", "requested": "VN", "measure": "stored-data", "opened_at": at}
        models.Case.objects.create(reference=reference, **case)
        for seq, (kind, by, body) in enumerate((
            (Kind.REQUESTED, "IR", {"request": {"reference": reference}, "letter": ""}),
            (Kind.ASKED, "VN", {"questions": "Which?", "fields": ["period_from", "language"]}),
        )):  # fmt: skip
            act, raw = messages.sign_act(peer.act(kind, reference, body, by=by, at=at), to="IR", key=peer.signing)
            models.Act.objects.create(digest=act.id, case_id=reference, seq=seq, kind=kind, by=by, at=at, statement=raw)
    known = {one.question.id: one for one in selfassessment.answers(node, at=at)}
    assert known["40.complete"].verdict is Verdict.GAP
    assert known["40.complete"].evidence[0].values == ("3", "3", "20")
    found = {one.defect: one for one in selfassessment.suggestions(node, at=at)}
    assert found["language"].references == ("IR-2026-0001", "IR-2026-0002", "IR-2026-0003")
    browser = Browser(officers.all, "fa")
    assert "IR-2026-0003" in browser.text("/assistance/self")


def test_a_gap_becomes_a_need_with_consent(node, officers, at):
    """An officer's word makes it; without consent, evidence, power or gap there is none; the draft is released to nobody."""
    who = {"officer": officers.all, "at": at}
    asked = "54.forensics"
    assert code(selfassessment.answer, asked, yes=False, evidence="x", officer=officers.idle, at=at) == "case.power"
    assert code(selfassessment.need_of, node, asked, officer=officers.idle, at=at) == "case.power"
    assert code(selfassessment.answer, "99.none", yes=False, evidence="x", **who) == "assess.question"
    assert code(selfassessment.answer, asked, yes=False, evidence="", **who) == "assess.source"
    assert code(selfassessment.need_of, node, asked, **who) == "assess.no-gap"
    assert code(selfassessment.need_of, node, "nothing", **who) == "assess.question"
    browser = Browser(officers.all)
    path = f"/assistance/self/{asked}"
    assert browser.post(f"{path}/answer", evidence="x").status_code == 422
    assert browser.post(f"{path}/answer", said="no", evidence="").status_code == 422
    assert browser.post(f"{path}/answer", said="no", evidence="Report <b>7</b>").status_code == 303
    page = browser.get("/assistance/self").content.decode()
    assert "Report &lt;b&gt;7" in page
    assert browser.post(f"{path}/need").status_code == 422
    assert models.Listing.objects.count() == 0
    assert browser.post(f"{path}/need", consent="on").status_code == 303
    draft = models.Listing.objects.get()
    value = assistance.value_of(draft)
    assert isinstance(value, Need)
    assert (draft.stage, draft.version, value.release) == ("draft", 0, Release())
    assert (value.topic, value.articles, value.region) == (Topic.FORENSICS, ("54(3)",), Region.ASIA_PACIFIC)
    assert not assistance.due(node, at=at)
    assert Browser(officers.idle).get("/assistance/self").status_code == 403
