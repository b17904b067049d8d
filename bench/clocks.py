"""A long campaign against the clocks: each case is computed by the product and by an oracle that counts day by day.

A case is a rule (hours to years, working days), an event, a zone, a State's book with a working week and holidays of every
form, verified or not, with an extension and pauses; compared are the end, the latest possible end, the end by the book, where
the clock stands, the days left, the warning, and what is refused. All of it follows from the seed and the case's number, so
that a case can be looked at again and a run can be taken up where it ended, with its wrong cases judged anew. The oracle
is `_clock_oracle`.

    python bench/clocks.py [--cases N] [--seed N] [--states N] [--from N] [--state FILE] [--jobs N] [--case N]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from _clock_oracle import DAY, DAYS, SECOND, Book, Oracle, answer

from comity.casework.measure import Measure
from comity.errors import ComityError
from comity.law import clocks, due
from comity.law._row import Period, open_page
from comity.law.dates import Pause
from comity.law.state import State, read_state
from comity.law.treaty import ClockRule

SEED, STATES, CHUNK = 20261124, 24, 1000
ZONES = (
    "UTC", "Asia/Tehran", "Asia/Ho_Chi_Minh", "Asia/Riyadh", "America/New_York", "America/St_Johns", "America/Havana",
    "America/Asuncion", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kwajalein", "Australia/Lord_Howe", "Africa/Cairo",
    "Asia/Amman", "Asia/Beirut", "Europe/London", "Asia/Kathmandu", "America/Toronto", "Pacific/Kiritimati",
    "Africa/Casablanca", "Asia/Gaza", "America/Scoresbysund",
)  # fmt: skip
UNITS = {"hour": 2000, "day": 400, "week": 60, "month": 30, "year": 5, "working-day": 60}
TEXTS = {"source": "s", "en": "e", "fa": "f"}


# ------------------------------------------------------------------------------------------------- making books and cases


def made_book(seed: int, number: int) -> Book:
    """The `number`-th State's book: its tables as TOML has them."""
    dice = random.Random(f"{seed}/book/{number}")
    rows: list[Book] = []

    def some_day() -> date:
        return date(dice.randrange(1970, 2060), dice.randrange(1, 13), 15)

    def line(name: str) -> str:
        split = dice.choice([None, None, None, some_day()])
        sure = [dice.random() < trust for _ in range(2)]
        if split and trust and dice.random() < 0.5:
            sure = dice.choice([[False, True], [True, False]])
        common = TEXTS | {"id": f"XX:{name}"}
        if split is None:
            rows.append(common | {"verified": sure[0], "from": date(1900, 1, 1)})
        else:  # the older version may be missing
            if dice.random() < 0.7:
                rows.append(common | {"verified": sure[0], "from": date(1900, 1, 1), "to": split - DAY})
            rows.append(common | {"verified": sure[1], "from": split})
        return f"XX:{name}"

    trust = dice.choice([0.0, 0.5, 0.9, 1.0, 1.0, 1.0])
    weeks = []
    changed = sorted(some_day() for _ in range(dice.choice([0, 0, 0, 1, 2])))
    for turn, (since, until) in enumerate(pairwise([date(1900, 1, 1), *changed, date(2100, 1, 1)])):
        if dice.random() < 0.95:  # else there is a time without a working week
            rest = dice.choice(
                [("sat", "sun"), ("fri", "sat"), ("thu", "fri"), ("fri",), ("sun",), ("sat", "tue", "wed")]
            )
            name = f"XX:week-{turn}"
            rows.append(TEXTS | {"id": name, "verified": dice.random() < trust, "from": since, "to": until - DAY})
            weeks.append({"days": [day for day in DAYS if day not in rest], "provision": name})
    holidays = [
        made_holiday(dice, turn) | {"provision": line(f"holiday-{turn}")} for turn in range(dice.choice([0, 3, 6, 9]))
    ]
    return {"weeks": weeks, "holidays": holidays, "provisions": rows}


def made_holiday(dice: random.Random, turn: int) -> Book:
    """One holiday of any of the four forms."""
    form = dice.choice(["fixed", "fixed", "fixed", "nth", "easter", "dates"])
    row: Book = {"en": f"h{turn if form != 'dates' else dice.randrange(2)}", "fa": "f"}
    if form == "fixed":
        row["calendar"] = dice.choice(["gregorian", "gregorian", "solar-hijri", "umm-al-qura", "buddhist"])
        row |= {"month": dice.randrange(1, 13), "day": dice.randrange(1, 31)}
    elif form == "nth":
        row |= {"calendar": "gregorian", "month": dice.randrange(1, 13), "weekday": dice.choice(DAYS)}
        row |= {"nth": dice.choice([-1, 1, 2, 3, 4, 5]), "offset": dice.choice([0, 0, 1, -3])}
    elif form == "easter":
        row |= {"easter": dice.choice(["western", "orthodox"]), "offset": dice.randrange(-50, 61)}
    else:
        told = dice.choice([0.8, 0.95, 1.0])
        years = [year for year in range(1958, 2075) if dice.random() < told]
        row["dates"] = [date(year, dice.randrange(1, 13), dice.randrange(1, 29)) for year in years]
    if dice.random() < 0.3:
        row["days"] = dice.randrange(2, 6)
    if dice.random() < 0.6:
        row["moved"] = dice.choice(["monday", "nearest", "next-working-day"])
    return row


def toml(book: Book) -> str:
    """`book` as a law book."""

    def value(item: Any) -> str:
        if isinstance(item, bool):
            return str(item).lower()
        if isinstance(item, list):
            return f"[{', '.join(map(value, item))}]"
        return f'"{item}"' if isinstance(item, str) else str(item)

    text = (
        '[book]\nid = "XX"\nkind = "state"\nen = "e"\nfa = "f"\n[state]\nzone = "Asia/Tehran"\ncalendar = "gregorian"\n'
    )
    text += 'region = "asia-pacific"\ntradition = ["civil"]\n'
    for table, rows in (("week", "weeks"), ("holiday", "holidays"), ("provision", "provisions")):
        for row in book[rows]:
            text += f"[[{table}]]\n" + "".join(f"{name} = {value(item)}\n" for name, item in row.items())
    return text


def made_case(seed: int, number: int, states: int) -> Book:
    """The `number`-th case."""
    dice = random.Random(f"{seed}/{number}")
    unit = dice.choice([*UNITS, "working-day", "working-day"])
    zone = dice.choice(ZONES)
    began = datetime(1965, 1, 1, tzinfo=UTC) + dice.randrange(80 * 365 * 86400) * SECOND
    case: Book = {
        "unit": unit, "count": dice.randrange(1, UNITS[unit] + 1), "least": dice.random() < 0.5,
        "run_on": dice.random() < 0.2, "began": began.astimezone(ZoneInfo(dice.choice(ZONES))), "zone": zone,
        "state": dice.randrange(states), "pauses": [], "extend": None, "held": dice.random() < 0.1,
    }  # fmt: skip
    for _ in range(dice.choice([0, 0, 0, 1, 2, 4])):
        since = began + dice.randrange(-5 * 86400, 60 * 86400) * SECOND
        if dice.random() < 0.3:  # whole local days are the usual thing
            since = datetime.combine(since.date(), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
        until = since + dice.choice(
            [dice.randrange(86400) * SECOND, dice.randrange(20) * DAY, dice.randrange(90 * 86400) * SECOND]
        )
        case["pauses"].append((since, None if dice.random() < 0.08 else until))
    if dice.random() < 0.3:
        asked = began + dice.randrange(-86400, 100 * 86400) * SECOND
        until = began.date() + dice.randrange(700) * DAY
        count, longer = dice.randrange(1, 40), dice.choice([*UNITS])
        period = (min(count, UNITS[longer]), longer)
        case["extend"] = {"at": asked, "to": dice.choice([until, period, period])}
    case["look"] = dice.choice(
        [dice.randrange(-40 * 86400, 10 * 86400), dice.randrange(-2, 3), dice.randrange(90 * 86400)]
    )
    return case


# ------------------------------------------------------------------------------------------------------------ the product


@lru_cache(maxsize=256)
def state_book(seed: int, number: int) -> State:
    """The `number`-th State as the product reads it."""
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        path = Path(folder) / "XX.toml"
        path.write_text(toml(made_book(seed, number)), "utf-8")
        return read_state(open_page(path, "states/XX.toml"), {})


def product(seed: int, case: Book) -> Book:
    """What the product says of `case`."""
    zone, state = ZoneInfo(case["zone"]), state_book(seed, case["state"])
    period = Period(case["count"], case["unit"])
    rule = ClockRule("c", (Measure.PRESERVATION,), period, case["least"], "requested", extendable=True, provision="t:1")
    found = clocks.deadline(rule, case["began"], zone, state, run_on=case["run_on"])
    refused = ""
    if case["extend"]:
        to, at = case["extend"]["to"], case["extend"]["at"]
        try:
            to = Period(*to) if isinstance(to, tuple) else to
            found = clocks.extended(found, to, at=at, zone=zone, state=state, held=case["held"])
        except ComityError as error:
            refused = error.code
    found = clocks.paused(found, [Pause(*span) for span in case["pauses"]], zone, state)
    now = found.due.astimezone(UTC) + case["look"] * SECOND
    known, ahead = found.uncertain, due.warning(found, now)
    return {
        "due": found.due, "latest": known.latest if known else found.due, "by_book": known.by_book if known else found.due,
        "sure": known is None, "stopped": found.stopped, "refused": refused,
        "stands": str(due.state_of(found, now, held=case["held"])), "left": due.days_left(found, now),
        "warned": ahead and ahead.total_seconds(), "explained": known is None or bool(known.doubts),
    }  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- the campaign


@lru_cache(maxsize=256)
def oracle_book(seed: int, number: int) -> Oracle:
    """The oracle of the `number`-th State."""
    return Oracle(made_book(seed, number))


def judged(seed: int, number: int, states: int) -> tuple[Book, Book, float, float]:
    """(what the product says, what the oracle says, seconds of each)."""
    case = made_case(seed, number, states)
    state_book(seed, case["state"])
    began = time.perf_counter()
    try:
        ours = product(seed, case)
    except ComityError as error:
        ours = {"error": error.code}
    between = time.perf_counter()
    return ours, answer(oracle_book(seed, case["state"]), case), between - began, time.perf_counter() - between


def chunk(asked: tuple[int, int, int, int]) -> tuple[int, list[int], int, float, float]:
    """Cases `low` to `high`: (how many, the wrong ones, how many uncertain, seconds of the product, of the oracle)."""
    seed, low, high, states = asked
    wrong, unsure, mine, other = [], 0, 0.0, 0.0
    for number in range(low, high):
        ours, theirs, took, took_there = judged(seed, number, states)
        if ours != theirs:
            wrong.append(number)
        unsure += not theirs["sure"]
        mine, other = mine + took, other + took_there
    return high - low, wrong, unsure, mine, other


def campaign(cases: int, jobs: int, done: Book) -> Iterator[Book]:
    """The state of the campaign after each piece, from `done` on; the next case is ``done["next"]``."""
    starts = range(done["next"], cases, CHUNK)
    pieces = [(done["seed"], low, min(low + CHUNK, cases), done["states"]) for low in starts]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for count, wrong, unsure, mine, other in pool.imap(chunk, pieces):
            done = done | {
                "next": done["next"] + count, "cases": done["cases"] + count, "wrong": done["wrong"] + wrong,
                "unsure": done["unsure"] + unsure, "product": done["product"] + mine, "oracle": done["oracle"] + other,
            }  # fmt: skip
            yield done


def kept(asked: argparse.Namespace) -> Book:
    """Where the campaign stands: as the state file has it, its wrong cases judged again, else at --from."""
    fresh: Book = {
        "seed": asked.seed,
        "states": asked.states,
        "next": asked.start,
        "cases": 0,
        "wrong": [],
        "unsure": 0,
    }
    fresh |= {"product": 0.0, "oracle": 0.0}
    if not asked.state or not asked.state.exists():
        return fresh
    found: Book = json.loads(asked.state.read_text("utf-8"))
    if (found["seed"], found["states"]) != (asked.seed, asked.states):
        sys.exit(f"{asked.state} is of another campaign, with seed {found['seed']}: name another file.")
    again = [judged(asked.seed, number, asked.states)[:2] for number in found["wrong"]]
    return found | {
        "wrong": [number for number, (ours, theirs) in zip(found["wrong"], again, strict=True) if ours != theirs]
    }


def main() -> int:
    """Run or take up the campaign; 1 if any case is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000, help="the case to end before")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--states", type=int, default=STATES, help="how many States' books to make")
    parser.add_argument("--from", dest="start", type=int, default=0, help="the first case")
    parser.add_argument("--state", type=Path, help="keep the campaign's state here, and take it up from here")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--case", type=int, help="show one case and both answers, nothing else")
    asked = parser.parse_args()
    if asked.case is not None:
        ours, theirs, *_ = judged(asked.seed, asked.case, asked.states)
        print(
            made_case(asked.seed, asked.case, asked.states),
            *(f"{key}: {ours.get(key)} | {theirs[key]}" for key in theirs),
            sep="\n",
        )
        return int(ours != theirs)
    done = begun = kept(asked)
    began, shown = time.perf_counter(), 0.0
    for done in campaign(asked.cases, asked.jobs, begun):
        if asked.state:
            fresh = asked.state.with_suffix(".new")
            fresh.write_text(json.dumps(done), "utf-8")
            fresh.replace(asked.state)
        if time.perf_counter() - shown > 10:
            shown = time.perf_counter()
            rate = (done["cases"] - begun["cases"]) / (shown - began)
            print(f"{done['next']:9,} of {asked.cases:,}  wrong {len(done['wrong'])}  {rate:,.0f}/s", flush=True)
    rate = (done["cases"] - begun["cases"]) / (time.perf_counter() - began)
    ours, theirs = (done["cases"] / max(done[part], 1e-9) for part in ("product", "oracle"))
    print(
        f"\nseed {done['seed']}: {done['cases']:,} cases, {len(done['wrong'])} wrong; {done['unsure']:,} had no sure end"
    )
    print(f"{rate:,.0f} cases a second with {asked.jobs} processes; one process alone does the product's part of")
    print(f"{ours:,.0f} cases a second, the oracle's of {theirs:,.0f}")
    print(*(f"wrong: --case {number}" for number in done["wrong"][:20]), sep="\n", end="")
    return int(bool(done["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
