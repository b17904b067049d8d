"""A thousand needs and a thousand offers, matched on one core; beside greedy and a search by words, on the same data.

For each seed a board of made-up States: most needs are for few units, offers are scarce in some topics and languages, and
what is asked for comes in the words that people use. Shown are the possible pairs, seconds in all, States reached, points,
the gap to what is proven, and by how much greedy and the search fall short. With --explain every pair of the first board is
explained as well, and counted by reason. `arith` is by how many points the proof by whole-number arithmetic alone is wider.

    python bench/match.py [--needs N] [--offers N] [--seeds 1,2,3] [--seconds S] [--explain]

Exits with 1 if a run takes longer than --limit seconds, or ends without a stated gap of at most one per cent.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import date, timedelta

from comity.assistance.explain import explain
from comity.assistance.match import Board, Plan, match
from comity.assistance.needs import Attempt, Need, Offer, Release
from comity.assistance.topics import ARTICLES, Condition, Development, Region, Topic, Unit

ON = date(2026, 11, 24)
HOME = "QA"
LANGUAGES = ("en", "fr", "ar", "es", "ru", "zh", "fa", "pt")
WORDS = {
    Topic.FORENSICS: "phone imaging laboratory disk extraction", Topic.CUSTODY: "evidence seals handover records",
    Topic.DRAFTING: "requests abroad letters refused incomplete", Topic.LAW: "bill parliament offences powers",
    Topic.CONTACT: "night shift duty office preservation", Topic.TRANSLATION: "letters languages sworn",
    Topic.INVESTIGATION: "tracing ransomware officers undercover", Topic.RECOVERY: "crypto freezing wallets",
}  # fmt: skip
_PAIRED = {Topic.EQUIPMENT: Unit.ITEMS, Topic.TRANSLATION: Unit.PAGES}
STATES = tuple(f"{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(194))


def board(needs: int, offers: int, seed: int) -> Board:
    """A board with so many needs and offers, the same for the same seed."""
    dice = random.Random(seed)
    regions = {state: dice.choice(list(Region)) for state in STATES}
    status = {state: dice.choices(list(Development)[:6], (20, 10, 10, 35, 10, 15))[0] for state in STATES}
    poor = [state for state in STATES if status[state] is not Development.DEVELOPED]
    rich = [state for state in STATES if status[state] in {Development.DEVELOPED, Development.TRANSITION}]
    return Board(
        home=HOME,
        on=ON,
        needs=tuple(_need(dice, number, dice.choice(poor), regions, status) for number in range(needs)),
        offers=tuple(_offer(dice, number, dice.choice([*rich, *dice.sample(poor, 20)])) for number in range(offers)),
    )


def _kind(dice: random.Random) -> tuple[Topic, Unit]:
    topic = dice.choice(list(Topic))
    return topic, _PAIRED.get(topic, dice.choice([Unit.PLACES, Unit.PLACES, Unit.DAYS]))


def _text(dice: random.Random, topic: Topic) -> str:
    words = WORDS.get(topic, topic.replace("-", " ")).split()
    return " ".join(dice.sample(words, min(3, len(words))) + dice.choices(" ".join(WORDS.values()).split(), k=3))


def _need(
    dice: random.Random, number: int, state: str, regions: dict[str, Region], status: dict[str, Development]
) -> Need:
    topic, unit = _kind(dice)
    return Need(
        reference=f"{state}-NEED-2026-{number:05}",
        state=state,
        topic=topic,
        unit=unit,
        units=min(1 + int(dice.expovariate(0.15)), 40),
        filed=ON - timedelta(days=dice.randrange(500)),
        by=ON + timedelta(days=dice.randrange(20, 700)),
        languages=tuple(dice.sample(LANGUAGES, dice.randint(1, 3))),
        region=regions[state],
        development=status[state],
        source="its own statement",
        articles=ARTICLES[topic][:1] if dice.random() < 0.6 else (),
        text=_text(dice, topic),
        tried=(Attempt("a course", 2024, dice.choice(STATES)),) if dice.random() < 0.3 else (),
        pays=dice.choice([0, 0, 10, 25, 50]),
        accepts=tuple(dice.sample(list(Condition), 6)),
        requires=(dice.choice(list(Condition)),) if dice.random() < 0.15 else (),
        release=Release(everyone=True),
    )


def _offer(dice: random.Random, number: int, state: str) -> Offer:
    topic, unit = _kind(dice)
    more = [other for other in Topic if _PAIRED.get(other, unit) is unit and other is not topic]
    topics = (topic, *dice.sample(more, dice.choice([0, 0, 1, 2]))) if topic not in _PAIRED else (topic,)
    units = dice.randint(4, 30)
    return Offer(
        reference=f"{state}-OFFER-2026-{number:05}",
        state=state,
        topics=topics,
        unit=unit,
        units=units,
        filed=ON - timedelta(days=dice.randrange(300)),
        starts=ON + timedelta(days=dice.randrange(-60, 200)),
        ends=ON + timedelta(days=dice.randrange(200, 900)),
        languages=tuple(dice.sample(LANGUAGES, dice.randint(1, 3))),
        regions=tuple(dice.sample(list(Region), dice.randint(1, 5))),
        statuses=tuple(dice.sample(list(Development)[:5], dice.randint(2, 5))),
        most=dice.choice([None, None, max(1, units // 2)]),
        share=dice.choice([0, 0, 0, 10, 25]),
        articles=ARTICLES[topic][:1] if dice.random() < 0.6 else (),
        text=_text(dice, topic),
        requires=tuple(dice.sample(list(Condition), dice.choice([0, 0, 1, 2]))),
        accepts=tuple(dice.sample(list(Condition), 5)),
        release=Release(everyone=True),
    )


def reasons(plan: Plan) -> Counter[str]:
    """Every pair explained, and counted by what became of it; a pair with several obstacles counts once for each."""
    found: Counter[str] = Counter()
    for need in plan.board.needs:
        for offer in plan.board.offers:
            reason = explain(plan, need.reference, offer.reference, reader=HOME)
            found.update([each.code for each in reason.obstacles] or [str(reason.why)])
            if not reason.obstacles:
                found["(by prices settled)" if reason.settled else "(by prices open)"] += 1
    return found


HEAD = " seed  pairs seconds of CPU reached   met  points    gap best? arith  greedy  margin (States) by words  margin (States)"


def _line(seed: int, plan: Plan, took: float, worked: float) -> str:
    best, greedy, keyword = plan.best, plan.greedy, plan.keyword
    return (
        f"{seed:>5} {len(plan.pairs):>6} {took:>7.2f} {worked:>6.2f} {best.reached:>5}/{plan.most:<4}{len(best.matches):>5}"
        f" {best.score:>7} {100 * plan.gap:>5.2f}% {'yes' if plan.optimal else 'no':>5} {plan.certified - best.score:>5}"
        f" {greedy.score:>7} {100 * (best.score / greedy.score - 1):>+6.1f}% ({greedy.reached:>4})"
        f" {keyword.score:>9} {100 * (best.score / keyword.score - 1):>+6.1f}% ({keyword.reached:>4})"
    )


def main() -> int:
    """Run the claim for each seed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--needs", type=int, default=1000)
    asked.add_argument("--offers", type=int, default=1000)
    asked.add_argument("--seeds", default="1,2,3,4,5")
    asked.add_argument("--seconds", type=float, default=8.0, help="for the solver")
    asked.add_argument("--limit", type=float, default=10.0, help="seconds in all")
    asked.add_argument("--explain", action="store_true")
    given = asked.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core
    print(HEAD)
    margins, good = [], True
    for seed in map(int, given.seeds.split(",")):
        data = board(given.needs, given.offers, seed)
        start, work = time.perf_counter(), time.process_time()
        plan = match(data, seconds=given.seconds)
        took, worked = time.perf_counter() - start, time.process_time() - work
        print(_line(seed, plan, took, worked), flush=True)
        margins.append(plan.best.score / plan.greedy.score - 1)
        good &= took <= given.limit and plan.gap <= 0.01
        if given.explain and len(margins) == 1:
            start = time.perf_counter()
            counted = reasons(plan)
            print(f"      every pair explained in {time.perf_counter() - start:.1f} s:")
            print("\n".join(f"      {count:>8} {code}" for code, count in counted.most_common()))
    print(f"over greedy: median {100 * statistics.median(margins):+.1f}%, least {100 * min(margins):+.1f}%")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
