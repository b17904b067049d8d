"""The conditions of the lifecycle's table: each looks at the case as it stands and at the act that shall come next.

A guard returns when the act may happen, and raises NotPossible (or NotYours, when another officer might) when it may not.
"""

from __future__ import annotations

from datetime import timedelta

from comity.casework.act import INTELLIGENCE, SKEW, TALK_LIMIT, Act, Kind
from comity.casework.case import AHEAD, BEHIND, Case
from comity.casework.measure import COERCIVE, Measure
from comity.casework.moments import parse_date, strict_moment
from comity.casework.times import Conduct, conducts, under_conduct
from comity.errors import NotPossible, NotYours

# ---------------------------------------------------------------------------------------------- before it leaves


def checked(case: Case, act: Act) -> None:
    """What leaves has been checked as it stands; leaving despite a failed finding needs a written reason."""
    check = case.since(Kind.CHECKED, Kind.DRAFTED, Kind.AMENDED)
    if check is None:
        raise NotPossible("Check the request first: it changed since the last check.", code="case.unchecked")
    try:
        failed = any(item["verdict"] == "failed" for item in check.body["assessment"]["findings"])
    except (KeyError, TypeError) as error:
        raise NotPossible("The last check holds no findings. Check again.", code="case.unchecked") from error
    if failed and not act.body["despite"].strip():
        raise NotPossible(
            "Some findings failed. Mend the request, or state why it leaves all the same.", code="case.despite",
            where="despite",
        )  # fmt: skip


def not_by_author(case: Case, act: Act) -> None:
    """Four eyes on what leaves: who drafted or amended since anything was last sent does not approve."""
    for earlier in reversed(case.acts):
        if earlier.kind in (Kind.REQUESTED, Kind.SUPPLEMENTED):
            return
        if earlier.kind in (Kind.DRAFTED, Kind.AMENDED) and earlier.officer == act.officer:
            raise NotYours("Nobody approves his own request.", code="case.four-eyes", where="officer")


def as_approved(case: Case, act: Act) -> None:
    """What is sent is what was approved, and the letter belongs to it."""
    draft = case.last(Kind.DRAFTED, Kind.AMENDED)
    if draft is None or draft.body["request"] != act.body["request"]:
        raise NotPossible("What is sent differs from what was approved.", code="case.differs")


# ---------------------------------------------------------------------------------------------- deciding


def assessed(case: Case, act: Act) -> None:
    """A decision is made beside the findings of the request as it stands now."""
    if case.since(Kind.ASSESSED, Kind.REQUESTED, Kind.SUPPLEMENTED) is None:
        raise NotPossible("Assess the request first.", code="case.unassessed")


def consulted(case: Case, act: Act) -> None:
    """Article 40(28): consult before refusing or postponing, about the request as it stands now.

    What was accepted, given, supplemented or postponed since answered an earlier talk.
    """
    if case.since(Kind.CONSULTED, Kind.ACCEPTED, Kind.DISCLOSED, Kind.PERFORMED, Kind.SUPPLEMENTED,
                  Kind.POSTPONED) is None:  # fmt: skip
        raise NotPossible("Consult the requesting State before refusing or postponing (40(28)).", code="case.consult")


def consents(case: Case, act: Act) -> None:
    """Only a consent that stands is revoked."""
    if not case.consents:
        raise NotPossible("There is no consent to revoke.", code="case.no-consent")


def few(case: Case, act: Act) -> None:
    """Whatever may be said again has an end: each side says a thing of each kind so many times in a case at most."""
    if sum(said.kind is act.kind and said.by == act.by for said in case.acts) >= TALK_LIMIT:
        raise NotPossible(f"At most {TALK_LIMIT} messages of a kind in a case.", code="talk.too-many")


def was_consulted(case: Case, act: Act) -> None:
    """A reply answers a consultation."""
    if case.last(Kind.CONSULTED) is None:
        raise NotPossible("There is no consultation to reply to.", code="case.no-consultation")


def as_told(case: Case, act: Act) -> None:
    """Who takes note of information is bound by the conditions it was told under, 40(5), and adds none."""
    if act.body["conditions"] != list(case.request.conditions):
        raise NotPossible("The conditions differ from those told.", code="case.differs", where="conditions")


def as_decided(case: Case, act: Act) -> None:
    """What is agreed to are the conditions of the decision as it stands, and once."""
    if not case.conditions:
        raise NotPossible("There are no conditions to agree to.", code="case.no-conditions")
    if case.agreed:
        raise NotPossible("These conditions are agreed to already.", code="case.agreed", where="conditions")
    if act.body["conditions"] != list(case.conditions):
        raise NotPossible("The conditions differ from those decided.", code="case.differs", where="conditions")


# ---------------------------------------------------------------------------------------------- carrying out


def not_by_decider(case: Case, act: Act) -> None:
    """Four eyes at home: the authorisation is independent of the decision (Article 24(2))."""
    if any(earlier.kind is Kind.ACCEPTED and earlier.officer == act.officer for earlier in case.acts):
        raise NotYours("Who decided does not also authorise.", code="case.four-eyes", where="officer")


def still_authorised(case: Case, act: Act) -> None:
    """What is ordered, taken in or disclosed rests on an authorisation in force: until its last day is over everywhere.

    Where a measure needs none and there is one all the same, its end counts too.
    """
    grant = case.last(Kind.AUTHORISED)
    if grant is None and case.measure not in COERCIVE:
        return
    if grant is None or (act.at - BEHIND).date() > parse_date(grant.body["until"]):
        raise NotPossible("The authorisation has expired.", code="authorise.until", where="until")


def done_in_time(case: Case, act: Act) -> None:
    """A deed is done before it is reported, after it was accepted, and while an authorisation is in force, if it needs one.

    Days differ by one around the Earth. Where a measure needs no authorisation and there is one, it counts all the same.
    """
    day, one = parse_date(act.body["done_on"]), timedelta(days=1)
    if day > (act.at + AHEAD).date():
        raise NotPossible("This day lies in the future.", code="perform.future", where="done_on")
    accepted = next((said for said in case.acts if said.kind is Kind.ACCEPTED), None)
    if accepted is None or day < accepted.at.date() - one:
        raise NotPossible("It was not accepted yet on that day.", code="perform.early", where="done_on")
    grants = [said for said in case.acts if said.kind is Kind.AUTHORISED]
    if not grants and case.measure not in COERCIVE:
        return
    if all(day < grant.at.date() - one for grant in grants):
        raise NotPossible("It was not authorised yet on that day.", code="perform.early", where="done_on")
    if not any(grant.at.date() - one <= day <= parse_date(grant.body["until"]) for grant in grants):
        raise NotPossible("No authorisation was in force on that day.", code="authorise.until", where="done_on")


def held(case: Case, act: Act) -> None:
    """Data are preserved from a moment that has come to a later one."""
    effected = strict_moment(act.body["effected_at"])
    if effected > act.at:
        raise NotPossible("The preservation cannot have begun in the future.", code="preserve.future",
                          where="effected_at")  # fmt: skip
    if strict_moment(act.body["until"]) <= effected:
        raise NotPossible("The period ends after it begins.", code="preserve.until", where="until")


def more_due(case: Case, act: Act) -> None:
    """Nothing comes after a return or deed that left nothing missing."""
    if case.complete:
        raise NotPossible("What was accepted has been given or done in full.", code="case.complete")


def unfinished(case: Case, act: Act) -> None:
    """What is withdrawn is not finished: something is missing, or a return could not be verified."""
    if case.complete and all(case.verified(said) for said in case.returns):
        raise NotPossible("What was accepted has been given or done in full.", code="case.complete")


def all_done(case: Case, act: Act) -> None:
    """A case is not closed while something is missing: it is withdrawn or refused for the rest first."""
    if not case.complete:
        raise NotPossible("Something is still missing.", code="case.rest")


def all_verified(case: Case, act: Act) -> None:
    """A case is not closed while a return lies unverified."""
    if not all(case.verified(said) for said in case.returns):
        raise NotPossible("A return is not verified yet.", code="case.unverified")


def accepted(case: Case, act: Act) -> None:
    """What is given or done was accepted before."""
    if not any(said.kind is Kind.ACCEPTED for said in case.acts):
        raise NotPossible("Nothing was accepted.", code="case.stage", where=case.reference)


def agreed(case: Case, act: Act) -> None:
    """Conditions bind when the requesting State has agreed to them, 40(28); until then nothing is given or done."""
    if not case.agreed:
        raise NotPossible("The requesting State has not agreed to the conditions yet.", code="case.not-agreed")


def as_executed(case: Case, act: Act) -> None:
    """What is disclosed is what was taken in."""
    taken = case.last(Kind.EXECUTED)
    if taken is None or any(taken.body[name] != act.body[name] for name in ("manifest", "files")):
        raise NotPossible("What is disclosed differs from what was taken in.", code="case.differs", where="manifest")


def as_accepted(case: Case, act: Act) -> None:
    """The conditions of use are those of the decision: neither State changes them afterwards (36, 40(19))."""
    if act.body["conditions"] != list(case.conditions):
        raise NotPossible("The conditions differ from those decided.", code="case.differs", where="conditions")


def flagged(case: Case, act: Act) -> None:
    """Information from police to police is no evidence, and says so (47)."""
    if case.measure is Measure.POLICE_COOPERATION and act.body["use"] != INTELLIGENCE:
        raise NotPossible("Police information is not disclosed as evidence (47).", code="case.use", where="use")


def not_disclosed_before(case: Case, act: Act) -> None:
    """Each return has its own container and its own manifest."""
    for said in case.returns:
        if said.body["container"] == act.body["container"] or said.body["manifest"] == act.body["manifest"]:
            raise NotPossible("This was disclosed already.", code="case.disclosed", where="manifest")


def as_disclosed(case: Case, act: Act) -> None:
    """What is verified is what was disclosed, and once."""
    for said in case.returns:
        if all(said.body[name] == act.body[name] for name in ("container", "manifest")) and not case.verified(said):
            return
    raise NotPossible("What is verified differs from what was disclosed.", code="case.differs", where="container")


# ---------------------------------------------------------------------------------------------- more time


def in_time(case: Case, act: Act) -> None:
    """More time is asked for before the period ends, 42(9)."""
    if case.until is None:
        raise NotPossible("There is no period that could be extended.", code="extend.none", where="until")
    if act.at > case.until:
        raise NotPossible("The period is over: more time is asked for before it ends (42(9)).", code="extend.late")


def later(case: Case, act: Act) -> None:
    """An extension ends later than the period does now."""
    if case.until is None or strict_moment(act.body["until"]) <= case.until:
        raise NotPossible("An extension ends later than the period does now.", code="extend.until", where="until")


def as_asked(case: Case, act: Act) -> None:
    """What runs over time is not extended beyond what was asked for."""
    asked = case.asked_to_extend
    if asked is not None and strict_moment(act.body["until"]) > strict_moment(asked.body["until"]):
        raise NotPossible("That is more time than was asked for.", code="extend.until", where="until")


def reached(case: Case, act: Act) -> None:
    """What runs over time is extended as far as an authorisation in force reaches."""
    grant = case.last(Kind.AUTHORISED)
    if grant is None or (strict_moment(act.body["until"]) - BEHIND).date() > parse_date(grant.body["until"]):
        raise NotPossible("No authorisation reaches so far. Have it authorised first.", code="authorise.until",
                          where="until")  # fmt: skip


def to_come(case: Case, act: Act) -> None:
    """An extension that is granted ends in the future."""
    if strict_moment(act.body["until"]) <= act.at:
        raise NotPossible("An extension ends in the future.", code="extend.until", where="until")


def was_asked(case: Case, act: Act) -> None:
    """An extension is granted or refused when it was asked for, and once."""
    if case.asked_to_extend is None:
        raise NotPossible("No extension is asked for.", code="extend.unasked")


# ---------------------------------------------------------------------------------------------- safe conduct, 40(29)

DAYS_LIMIT = 9_999  # as a law book's period


def told(case: Case, act: Act) -> None:
    """Who came at the other State's leave is told that he may go, at a moment that has come; told again only later.

    Who closed the case said that nobody is there any longer.
    """
    if any(said.kind is Kind.CLOSED and said.by == act.by for said in case.acts):
        raise NotPossible("Its author has closed this case.", code="case.stage", where=case.reference)
    person, moment = act.body["person"], strict_moment(act.body["told_at"])
    if person not in {subject.name for subject in case.request.persons}:
        raise NotPossible("The request names no such person.", code="conduct.person", where="person")
    first = next((said.at for said in case.acts if said.kind is Kind.ACCEPTED), None)
    known = next((one for one in conducts(case) if one.person == person), None)
    latest = [known.told] if known else []
    if known is not None and known.ended is not None:
        latest.append(strict_moment(known.ended.body["ended_at"]))
    if first is None or moment < first - SKEW or any(moment <= one for one in latest) or moment > act.at:
        raise NotPossible(
            "It was said after the acceptance and after what was said of the person before, and not in the future.",
            code="conduct.time", where="told_at",
        )  # fmt: skip


def period_agreed(case: Case, act: Act) -> None:
    """Another period than that of the legal basis stands in a condition that both States agreed on, then or before."""
    days, words = act.body["days"], act.body["agreed"]
    if days > DAYS_LIMIT:
        raise NotPossible(f"A period has {DAYS_LIMIT} days at most.", code="conduct.days", where="days")
    if bool(days) != bool(words) or (words and words not in case.agreed_upon):
        raise NotPossible("Name the agreed condition that sets the period.", code="conduct.agreed", where="agreed")


def _under_conduct(case: Case, act: Act) -> Conduct:
    """The safe conduct that `act` speaks of, which has not ended."""
    found = next((one for one in under_conduct(case) if one.person == act.body["person"]), None)
    if found is None:
        raise NotPossible("This person was not told yet, or the safe conduct has ended.", code="conduct.none",
                          where="person")  # fmt: skip
    return found


def hindered(case: Case, act: Act) -> None:
    """A person is hindered after being told, and not in the future; a hindrance that lasts is first said to be over."""
    conduct, since = _under_conduct(case, act), strict_moment(act.body["since"])
    if (since < conduct.told and since != conduct.hindrance) or since > act.at:
        raise NotPossible("It began after the person was told, and not in the future.", code="conduct.time",
                          where="since")  # fmt: skip
    if conduct.hindrance not in (None, since) or any(begun == since and ended for begun, ended in conduct.hindered):
        raise NotPossible("While one lasts, say first when it ended; one that is over is not told again.",
                          code="conduct.hindrance", where="since")  # fmt: skip
    until = strict_moment(act.body["until"]) if act.body["until"] else None
    if (until is None and conduct.hindrance) or (until is not None and not since < until <= act.at):
        raise NotPossible("It ended after it began, and not in the future.", code="conduct.time", where="until")


def conduct_over(case: Case, act: Act) -> None:
    """Safe conduct ends after the person was told, and not in the future."""
    conduct, moment = _under_conduct(case, act), strict_moment(act.body["ended_at"])
    if moment < conduct.told or moment > act.at:
        raise NotPossible("It ended after the person was told, and not in the future.", code="conduct.time",
                          where="ended_at")  # fmt: skip


def none_under_conduct(case: Case, act: Act) -> None:
    """A case is not closed while it says of a person that the safe conduct runs."""
    if under_conduct(case):
        raise NotPossible("A person is still under safe conduct.", code="conduct.runs")


def some_under_conduct(case: Case, act: Act) -> None:
    """Of a request that is over, only the safe conduct of a person still has a deadline."""
    if not under_conduct(case):
        raise NotPossible("Nobody is under safe conduct.", code="case.stage", where=case.reference)
