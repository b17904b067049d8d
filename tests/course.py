"""What happens among forty States in two years: the plan, made of a seed before anything happens, and each of its steps.

A step is what officers of one State do at one moment, by the verbs of their desks. It needs no other thing than the node that
this process is now (tests/network.py).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
STATES = (
    "AU", "AZ", "BR", "CL", "CN", "DE", "EE", "EG", "ES", "FR", "GB", "IN", "IR", "JP", "MY", "NG", "PH", "QA", "RU", "SA",
    "TH", "TR", "US", "VN", "ZA", "AR", "BD", "CU", "DZ", "GH", "ID", "JM", "KE", "LA", "MA", "NP", "PE", "TD", "UG", "UY",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Step:
    """One step of the plan.

    Args:
        at: when.
        by: the State that takes it.
        to: the other State.
        name: of the case, programme or call.
        does: which step; a function of `_STEPS`.
        given: what it takes.
    """

    at: datetime
    by: str
    to: str
    name: str
    does: str
    given: str = ""


# ------------------------------------------------------------------------------------------------------------ the plan

_MEASURES = {
    "preservation": 8, "service": 4, "stored-data": 4, "records": 2, "appearance": 2, "traffic-disclosure": 1, "statements": 1,
    "joint-investigation": 1,
}  # fmt: skip
_GIVEN = {"preservation", "service", "appearance", "joint-investigation"}  # by an act, without exhibits
_TOPICS = ("forensics", "law", "drafting-requests", "chain-of-custody")


def plan(
    seed: int, states: Iterable[str], cases: int, *, programmes: int = 0, calls: int = 0, end: datetime = END
) -> list[Step]:
    """Everything that will be tried, in order: the same for the same arguments.

    Args:
        seed: of the dice.
        states: who takes part; the first ones have most of it.
        cases: how many.
        programmes: how many needs, with an offer and a programme each.
        calls: how many test calls.
        end: nothing begins in the last days before it.
    """
    dice, those = random.Random(seed), list(states)
    weights = [1 / (1 + place) ** 0.7 for place in range(len(those))]
    numbers: Counter[str] = Counter()
    found: list[Step] = []

    def two() -> tuple[str, str]:
        one = dice.choices(those, weights)[0]
        return one, dice.choices([state for state in those if state != one],
                                 [weight for state, weight in zip(those, weights, strict=True) if state != one])[0]  # fmt: skip

    def some_time() -> datetime:
        return START + timedelta(seconds=dice.randrange(int((end - START).total_seconds()) - 3600))

    for at in sorted(some_time() for _ in range(cases)):
        one, other = two()
        numbers[f"{one}-{at.year}"] += 1
        found += _case(dice, one, other, f"{one}-{at.year}-{numbers[f'{one}-{at.year}']:04}", at)
    for number in range(1, programmes + 1):
        found += _programme(dice, *two(), number, START + timedelta(days=dice.randrange(300)))
    for number in range(calls):
        one, other = two()
        at = some_time()
        found += [Step(at, one, other, f"call-{number}", "call"),
                  Step(at + timedelta(minutes=dice.randrange(1, 90)), other, one, f"call-{number}", "answer")]  # fmt: skip
    return sorted(step for step in found if step.at < end)


def _case(dice: random.Random, one: str, other: str, name: str, at: datetime) -> Iterator[Step]:
    measure = dice.choices(list(_MEASURES), list(_MEASURES.values()))[0]
    urgency = dice.choices(["ordinary", "urgent"], [3, 1])[0]
    yield Step(at, one, other, name, "send", f"{measure} {urgency}")

    def later(most: float) -> datetime:
        nonlocal at
        at += timedelta(hours=1) + timedelta(days=dice.expovariate(1 / most))
        return at.replace(microsecond=0)

    if dice.random() < 0.2:
        yield Step(later(9), other, one, name, "ask", dice.choice(["period_to", "facts", "offence.label", "accounts"]))
        yield Step(later(9), one, other, name, "supplement")
    fate = dice.random()
    if fate < 0.04:
        yield Step(later(20), one, other, name, "withdraw")
    elif fate < 0.08:
        return  # nobody answers
    elif fate < 0.25:
        yield Step(later(30), other, one, name, "refuse", str(dice.randrange(99)))
    else:
        conditions = "c" * (dice.random() < 0.2)
        yield Step(later(30), other, one, name, "accept", conditions)
        if conditions:
            yield Step(later(4), one, other, name, "agree")
        if measure in _GIVEN:
            yield Step(later(15), other, one, name, "preserve" if measure == "preservation" else "perform")
            yield Step(later(10), one, other, name, "close")
            yield Step(later(3), other, one, name, "close")
        elif fate > 0.8:
            yield Step(later(60), one, other, name, "withdraw")


def _programme(dice: random.Random, needy: str, donor: str, number: int, at: datetime) -> Iterator[Step]:
    topic, name = dice.choice(_TOPICS), f"{number:04}"
    to_all = "everyone" * (dice.random() < 0.5)
    yield Step(at, needy, donor, name, "need", f"{topic} {to_all}")
    yield Step(at + timedelta(days=9), donor, needy, name, "offer", f"{topic} {to_all}")
    yield Step(at + timedelta(days=30), donor, needy, name, "propose")
    answer = dice.choice(["agree-programme"] * 4 + ["decline"])
    yield Step(at + timedelta(days=44), needy, donor, name, answer)
    if answer == "decline":
        return
    if dice.random() < 0.8:
        yield Step(at + timedelta(days=150), donor, needy, name, "deliver")
        yield Step(at + timedelta(days=160), needy, donor, name, "confirm")
        yield Step(at + timedelta(days=200), needy, donor, name, "complete")
    else:
        yield Step(at + timedelta(days=200), donor, needy, name, "end")


# ----------------------------------------------------------------------------------------------------------- the steps


def _send(node: Any, step: Step, at: datetime) -> None:
    from peer import request

    from comity.casework.lifecycle import Stage
    from comity.casework.measure import Measure
    from comity.casework.request import Urgency
    from comity.node import archive, models
    from comity.node.desk import requesting

    measure, urgency = step.given.split()
    day = at.date()
    what = request(
        reference=step.name, requesting=step.by, requested=step.to, measure=Measure(measure), urgency=Urgency(urgency),
        urgency_reason="Data may be deleted." * (urgency == "urgent"), exercise=True,
        period_from=day - timedelta(days=60), period_to=day - timedelta(days=30),
    )  # fmt: skip
    if not models.Case.objects.filter(pk=step.name).exists():  # else the run was cut off in the middle of this step
        requesting.draft(node.settings, what, new=True, officer=node.officers.one, at=at)
    if archive.load(step.name, home=step.by).stage == Stage.DRAFT:
        requesting.check(node.settings, step.name, officer=node.officers.one, at=at)
        requesting.approve(node.settings, step.name, despite="As planned.", officer=node.officers.two, at=at)
    requesting.send(node.settings, step.name, officer=node.officers.two, at=at)


def _ask(node: Any, step: Step, at: datetime) -> None:
    from comity.node.desk import requested

    requested.assess(node.settings, step.name, officer=node.officers.one, at=at)
    requested.ask(node.settings, step.name, questions="Which?", fields=[step.given], officer=node.officers.one, at=at)


def _supplement(node: Any, step: Step, at: datetime) -> None:
    from comity.node import archive
    from comity.node.desk import requesting

    what = replace(archive.load(step.name, home=step.by).request, facts="Accounts were emptied in one night.")
    requesting.amend(node.settings, what, officer=node.officers.one, at=at)
    requesting.check(node.settings, step.name, officer=node.officers.one, at=at)
    requesting.approve(node.settings, step.name, despite="As planned.", officer=node.officers.two, at=at)
    requesting.supplement(node.settings, step.name, officer=node.officers.two, at=at)


def _accept(node: Any, step: Step, at: datetime) -> None:
    from comity.node.desk import requested

    requested.assess(node.settings, step.name, officer=node.officers.one, at=at)
    conditions = ["For these proceedings only."] if step.given else []
    requested.accept(
        node.settings, step.name, conditions=conditions, reasons="In order.", officer=node.officers.one, at=at
    )


def _refuse(node: Any, step: Step, at: datetime) -> None:
    from comity.node import archive
    from comity.node.desk import requested

    requested.assess(node.settings, step.name, officer=node.officers.one, at=at)
    known = [one.id for one in requested.grounds_for(node.settings, archive.load(step.name, home=step.by), at.date())]
    grounds = [known[int(step.given) % len(known)]] if known else []
    requested.consult(node.settings, step.name, message="We may have to refuse.", officer=node.officers.one, at=at)
    requested.refuse(node.settings, step.name, grounds=grounds, reasons="For these.", officer=node.officers.one, at=at)


def _agree(node: Any, step: Step, at: datetime) -> None:
    from comity.node import archive
    from comity.node.desk import requesting

    conditions = archive.load(step.name, home=step.by).conditions
    requesting.agree(node.settings, step.name, conditions=conditions, officer=node.officers.two, at=at)


def _preserve(node: Any, step: Step, at: datetime) -> None:
    from comity.node.desk import requested

    who = {"officer": node.officers.one, "at": at}
    requested.order(node.settings, step.name, provider="Provider", order="1", content="Keep it.", **who)
    requested.preserve(node.settings, step.name, effected_at=at.replace(microsecond=0), **who)


def _perform(node: Any, step: Step, at: datetime) -> None:
    from comity.node.desk import requested

    requested.perform(node.settings, step.name, report="Done.", done_on=at.date(), officer=node.officers.one, at=at)


def _withdraw(node: Any, step: Step, at: datetime) -> None:
    from comity.node.desk import requesting

    requesting.withdraw(node.settings, step.name, reasons="It is solved.", officer=node.officers.two, at=at)


def _close(node: Any, step: Step, at: datetime) -> None:
    from comity.node.desk import requested, requesting

    desk = requesting if step.name.startswith(step.by) else requested
    desk.close(node.settings, step.name, note="", officer=node.officers.one, at=at)


def _need(node: Any, step: Step, at: datetime) -> None:
    from giving import need

    from comity.assistance.needs import Release
    from comity.assistance.topics import Topic
    from comity.node.desk import assistance

    topic, _, to_all = step.given.partition(" ")
    value = need(reference=f"{step.by}-NEED-2027-{step.name}", state=step.by, topic=Topic(topic), filed=at.date(),
                 by=at.date() + timedelta(days=500), accepts=(), requires=(), tried=(),
                 release=Release(everyone=True) if to_all else Release((step.to,)))  # fmt: skip
    assistance.publish(node.settings, value, officer=node.officers.one, at=at)


def _offer(node: Any, step: Step, at: datetime) -> None:
    from giving import offer

    from comity.assistance.needs import Release
    from comity.assistance.topics import Topic
    from comity.node.desk import assistance

    topic, _, to_all = step.given.partition(" ")
    value = offer(reference=f"{step.by}-OFFER-2027-{step.name}", state=step.by, topics=(Topic(topic),), filed=at.date(),
                  starts=at.date(), ends=at.date() + timedelta(days=600), accepts=(), requires=(), share=0,
                  release=Release(everyone=True) if to_all else Release((step.to,)))  # fmt: skip
    assistance.publish(node.settings, value, officer=node.officers.one, at=at)


def _propose(node: Any, step: Step, at: datetime) -> None:
    from comity.assistance.programme import Milestone, Terms
    from comity.assistance.topics import Unit
    from comity.node.desk import programmes

    terms = Terms(units=10, unit=Unit.PLACES, language="en", starts=at.date() + timedelta(days=20),
                  ends=at.date() + timedelta(days=300),
                  milestones=(Milestone(name="Course", due=at.date() + timedelta(days=200), units=10),))  # fmt: skip
    need, offer = f"{step.to}-NEED-2027-{step.name}", f"{step.by}-OFFER-2027-{step.name}"
    programmes.propose(node.settings, need, offer, terms, officer=node.officers.one, at=at)


def _speaks(say: str, **given: Any) -> Callable[[Any, Step, datetime], None]:
    def speak(node: Any, step: Step, at: datetime) -> None:
        from comity.assistance.programme import Say
        from comity.errors import NotPossible
        from comity.node import models
        from comity.node.desk import programmes

        row = models.Programme.objects.filter(need__endswith=f"-2027-{step.name}").first()
        if row is None:
            raise NotPossible("Nothing was proposed yet.", code="assistance.unknown")
        programmes.say(
            node.settings, row.pk, Say(say), officer=node.officers.one, at=at, seen=row.words.count(), **given
        )

    return speak


def _call(node: Any, step: Step, at: datetime) -> None:
    from comity.casework.request import Urgency
    from comity.node.desk import drills

    drills.call(node.settings, step.to, urgency=Urgency.URGENT, question="Who answers?", minutes=30, officer=node.officers.one,
                at=at)  # fmt: skip


def _answer(node: Any, step: Step, at: datetime) -> None:
    from comity.errors import NotPossible
    from comity.node import models
    from comity.node.desk import drills

    row = models.Call.objects.filter(peer=step.to, ours=False, answered_at=None).order_by("-pk").first()
    if row is None:
        raise NotPossible("No call is there yet.", code="call.open")
    drills.answer(node.settings, row.pk, text="I do.", officer=node.officers.one, at=at)


STEPS: dict[str, Callable[[Any, Step, datetime], None]] = {
    "send": _send, "ask": _ask, "supplement": _supplement, "accept": _accept, "refuse": _refuse, "agree": _agree,
    "preserve": _preserve, "perform": _perform, "withdraw": _withdraw, "close": _close, "need": _need, "offer": _offer,
    "propose": _propose, "agree-programme": _speaks("agreed"), "decline": _speaks("declined", text="Not now."),
    "deliver": _speaks("delivered", milestone="Course", units=10),
    "confirm": _speaks("confirmed", milestone="Course", units=10),
    "complete": _speaks("completed", text=""), "end": _speaks("ended", text="It is over."), "call": _call, "answer": _answer,
}  # fmt: skip
