"""Self-assessment: what is known answers by itself, silence is never a gap, and nothing becomes a need without consent."""

from datetime import date, timedelta

import pytest
from giving import NEED, ON
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.assistance._checks import ARTICLE
from comity.assistance.assess import (
    Answer,
    Consent,
    Figure,
    Holds,
    Line,
    Returned,
    Said,
    Verdict,
    assess,
    draft,
    repeated,
)
from comity.assistance.conditions import obstacles
from comity.assistance.needs import Release
from comity.assistance.questions import DEFECTS, LEAST, OTHER_DEFECT, QUESTIONS
from comity.assistance.topics import Topic
from comity.errors import Invalid, NotYours

REST = {key: NEED[key] for key in ("reference", "unit", "units", "by", "languages", "region")}
PRESENT = Line(Holds.PRESENT, ("KE-CMCA:14",), verified=True)
PARTIAL = Line(Holds.PARTIAL, ("KE-CMCA:14",), verified=True, missing=("deceives-person",))
NO = Said(yes=False, officer="A. Achieng", on=ON, evidence="Letter of the Director, 2026/11")
YES = Said(yes=True, officer="A. Achieng", on=ON, evidence="Letter of the Director, 2026/12")


def answer(name, *, lines=None, figures=None, said=None):
    """The answer to one question."""
    found = assess(lines or {}, figures or {}, said or {})
    return next(each for each in found if each.question.id == name)


def test_every_question_stands_on_an_article():
    """Questions come in the order of articles, each with a topic; figures have a limit, and no two questions one id."""
    numbers = [int(ARTICLE.fullmatch(each.article)[1]) for each in QUESTIONS.values()]
    assert numbers == sorted(numbers)
    assert {7, 13, 17, 24, 25, 30, 34, 40, 41, 54, 55} <= set(numbers)
    for each in QUESTIONS.values():
        assert each.id.startswith(f"{ARTICLE.fullmatch(each.article)[1]}.")
        assert each.topic in set(Topic)
        assert bool(each.figure) == (0 < each.limit <= 100)
    assert all(ARTICLE.fullmatch(article) for _, article in (*DEFECTS.values(), OTHER_DEFECT))


def test_a_silent_book_shows_nothing():
    """With nothing handed in, nothing is a gap and nothing is met: every question is open."""
    found = assess({}, {}, {})
    assert {each.verdict for each in found} == {Verdict.OPEN}
    assert not any(each.verdict is Verdict.GAP for each in found)
    assert len(found) == len(QUESTIONS)
    assert [piece.code for piece in answer("13.offence").evidence] == ["law.silent"]


CASES = [
    ("13.offence", {"lines": {"13": PRESENT}}, Verdict.MET, ["law.present"]),
    ("13.offence", {"lines": {"13": PARTIAL}}, Verdict.GAP, ["law.partial"]),
    ("13.offence", {"lines": {"13": Line(Holds.PRESENT, ("x",))}}, Verdict.OPEN, ["law.present-unverified"]),
    ("13.offence", {"lines": {"13": Line(Holds.PARTIAL, ("x",), missing=("y",))}}, Verdict.OPEN,
     ["law.partial-unverified"]),
    ("13.offence", {"lines": {"13": Line(Holds.UNKNOWN, ("x",), verified=True)}}, Verdict.OPEN, ["law.unknown"]),
    ("13.offence", {"lines": {"12": PARTIAL}}, Verdict.OPEN, ["law.silent"]),
    ("13.offence", {"said": {"13.offence": NO}}, Verdict.GAP, ["law.silent", "said.no"]),
    ("13.offence", {"lines": {"13": PRESENT}, "said": {"13.offence": NO}}, Verdict.OPEN, ["law.present", "said.no"]),
    ("13.offence", {"lines": {"13": PARTIAL}, "said": {"13.offence": YES}}, Verdict.OPEN, ["law.partial", "said.yes"]),
    ("40.complete", {"figures": {"returned-incomplete": Figure(4, 20, "own log")}}, Verdict.GAP, ["figure.above"]),
    ("40.complete", {"figures": {"returned-incomplete": Figure(3, 20, "own log")}}, Verdict.MET, ["figure.below"]),
    ("40.complete", {"figures": {"returned-incomplete": Figure(2, 2, "own log")}}, Verdict.OPEN, ["figure.too-few"]),
    ("40.complete", {"figures": {"returned-incomplete": Figure(2, 9, "own log")}}, Verdict.OPEN, ["figure.too-few"]),
    ("40.languages", {"figures": {"returned-language": Figure(3, 20, "own log")}}, Verdict.GAP,
     ["law.silent", "figure.above"]),
    ("41.trained", {"lines": {"41(5)": PRESENT}}, Verdict.OPEN, []),  # a line of law trains nobody
    ("41.trained", {"said": {"41.trained": NO}}, Verdict.GAP, ["said.no"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "known", "verdict", "codes"), CASES)
def test_evidence_decides(name, known, verdict, codes):
    """Each kind of evidence, alone and against another; where they differ, the question is open and both are shown."""
    found = answer(name, **known)
    assert found.verdict is verdict
    assert [piece.code for piece in found.evidence] == codes
    assert found.contradicted == ({True, False} <= {piece.shows for piece in found.evidence})


_LINES = st.dictionaries(
    st.sampled_from(sorted({each.article for each in QUESTIONS.values()})),
    st.sampled_from([PRESENT, PARTIAL, Line(Holds.SILENT), Line(Holds.PRESENT, ("x",)), Line(Holds.UNKNOWN, ("x",))]),
)
_FIGURES = st.dictionaries(
    st.sampled_from(sorted({each.figure for each in QUESTIONS.values()} - {""})),
    st.integers(0, 30).flatmap(lambda of: st.integers(0, of).map(lambda count: Figure(count, of, "own log"))),
)
_SAID = st.dictionaries(st.sampled_from(sorted(QUESTIONS)), st.sampled_from([YES, NO]))


@settings(max_examples=60, deadline=None)
@given(_LINES, _FIGURES, _SAID)
def test_a_gap_has_its_evidence(lines, figures, said):
    """Every gap shows something against, with its source, and nothing for; every question is answered once."""
    found = assess(lines, figures, said)
    assert [each.question.id for each in found] == list(QUESTIONS)
    for each in (each for each in found if each.verdict is Verdict.GAP):
        against = [piece for piece in each.evidence if piece.shows is False]
        assert against
        assert all(piece.sources for piece in against)
        assert not any(piece.shows for piece in each.evidence)
    for each in found:
        if each.verdict is Verdict.MET:
            assert {piece.shows for piece in each.evidence} - {None} == {True}


@pytest.mark.parametrize("make", [
    lambda: Line(Holds.PRESENT), lambda: Line(Holds.SILENT, ("x",)), lambda: Line(Holds.PARTIAL, ("x",)),
    lambda: Line(Holds.PRESENT, ("x",), missing=("y",)), lambda: Figure(5, 4, "x"), lambda: Figure(-1, 4, "x"),
    lambda: Figure(1, 4, ""), lambda: Said(yes=True, officer="x", on=ON, evidence=""),
    lambda: assess({}, {}, {"99.nothing": YES}),
])  # fmt: skip
def test_what_cannot_be_meant(make):
    """Implausible figures, and anything without a source, are refused."""
    with pytest.raises(Invalid):
        make()


GAP = answer("40.complete", figures={"returned-incomplete": Figure(9, 20, "own log")})
CONSENT = Consent("KE", "A. Achieng", ON, "40.complete")


def drafted(found, consent, **other):
    """A need from a gap."""
    return draft(found, consent, **{"state": "KE", "filed": ON, **REST, **other})


def test_a_gap_becomes_a_need_with_consent():
    """Topic and article come from the gap; it is released to nobody until its State says otherwise."""
    found = drafted(GAP, CONSENT)
    assert (found.topic, found.articles, found.release) == (Topic.DRAFTING, ("40(15)",), Release())


@pytest.mark.parametrize("consent", [
    Consent("DE", "A. Achieng", ON, "40.complete"), Consent("KE", "A. Achieng", ON, "13.offence"),
    Consent("KE", "", ON, "40.complete"), Consent("KE", "A. Achieng", ON + timedelta(days=1), "40.complete"),
])  # fmt: skip
def test_without_its_own_consent_it_does_not(consent):
    """Another State's consent, one for something else, one that nobody gave, or one given later, is none."""
    with pytest.raises(NotYours) as caught:
        drafted(GAP, consent)
    assert caught.value.code == "assess.consent"


def test_what_is_no_gap_becomes_no_need():
    """Nor is a release, a topic or an article slipped in beside the gap."""
    open_ = answer("40.complete")
    assert isinstance(open_, Answer)
    with pytest.raises(Invalid):
        drafted(open_, CONSENT)
    for slipped in ({"release": Release(everyone=True)}, {"topic": Topic.LAW}, {"articles": ("7",)}):
        with pytest.raises(Invalid):
            drafted(GAP, CONSENT, **slipped)


def back(number, defect="period_from", state="KE", on=ON):
    """A request that came back."""
    return Returned(f"{state}-2026-{number:04}", state, defect, on)


def test_a_repeated_defect_suggests_a_need_to_its_state_alone():
    """Three requests returned for the same reason suggest help; one that came back three times does not."""
    thrice = [back(number) for number in (1, 2, 3)]
    (found,) = repeated(thrice, home="KE", on=ON)
    assert (found.state, found.defect, found.count, found.topic, found.article) == (
        "KE", "period_from", 3, Topic.DRAFTING, "40(15)"
    )  # fmt: skip
    assert found.references == ("KE-2026-0001", "KE-2026-0002", "KE-2026-0003")
    assert repeated([back(1)] * 3, home="KE", on=ON) == ()
    need = drafted(found, Consent("KE", "A. Achieng", ON, "period_from"))
    assert need.release == Release()
    with pytest.raises(NotYours):
        draft(found, Consent("LA", "x", ON, "period_from"), state="LA", filed=ON,
              **{**REST, "reference": "LA-NEED-2026-0001"})  # fmt: skip


def test_another_states_defects_are_not_looked_at():
    """Not even counted: they are refused."""
    with pytest.raises(NotYours) as caught:
        repeated([back(1), back(2), back(3), back(4, state="LA")], home="KE", on=ON)
    assert caught.value.code == "assess.foreign"


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["language", "facts", "order.copy", "order.final"]),
                       st.integers(-10, 900))),
    st.integers(1, 5),
)  # fmt: skip
def test_suggestions_count_requests(rows, least):
    """Each suggestion counts different requests of the last two years; and none that comes often enough is left out."""
    found = repeated(
        [back(number, defect, on=ON - timedelta(days=age)) for number, defect, age in rows],
        home="KE",
        on=ON,
        least=least,
    )
    counted = {}
    for number, defect, age in rows:
        if 0 <= age <= 730:
            counted.setdefault(defect.split(".")[0], set()).add(number)
    assert {each.defect: each.count for each in found} == {
        defect: len(names) for defect, names in counted.items() if len(names) >= least
    }
    assert [each.count for each in found] == sorted((each.count for each in found), reverse=True)


def test_a_drafted_need_is_matched_only_once_released():
    """The drafted need fits an offer in everything but its release."""
    from giving import offer

    found = drafted(
        GAP, CONSENT, accepts=NEED["accepts"], pays=10, development=NEED["development"], source="x", by=date(2027, 6, 1)
    )
    given_ = offer(topics=(Topic.DRAFTING,))
    assert [each.code for each in obstacles(found, given_, on=ON)] == ["pair.need-not-released"]
    assert LEAST == 3
