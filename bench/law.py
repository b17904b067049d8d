"""Pre-flights per second on one core with all law books, beside the decision engines that others use, in one run.

It also shows how the rate changes with the number of States. The engines get the part of our rules that they can express.

A pre-flight here is the whole check: every finding with its citation and what to do. The engines get only three kinds of
rules (required contents, scope, least penalty), with the facts laid out for them beforehand, and name the rules violated.
Figures are medians over the rounds; quote the ratios: machines differ and are noisy.

    python bench/law.py [--rounds N] [--seconds S] [--no-peers]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from comity.casework.measure import Measure
from comity.casework.request import Account, Asset, DataCategory, Offence, Order, Person, Request, Scope, Subject
from comity.law.assess import assess
from comity.law.book import Books, default_folder, load
from comity.law.completeness import stated

ON = date(2026, 11, 24)
ROOT = Path(__file__).resolve().parent.parent
PEERS = ("cedarpy==4.12.2", "regopy==1.5.2", "zen-engine==2.1.3")
FULL = Request(
    reference="IR-2026-0001", requesting="IR", requested="VN", measure=Measure.STORED_DATA,
    exercise=False, scope=Scope.OFFENCE, authority="A", conducting=Person("B", "C"), subject="D", facts="E",
    assistance="F", procedure="G", link="H", categories=(DataCategory.TRAFFIC, DataCategory.CONTENT),
    offence=Offence("uncc:13", "Fraud", "IR-CCA:13", 60, date(2026, 9, 2)), custodian="I", purpose="J",
    accounts=(Account("ip", "203.0.113.7", datetime(2026, 9, 3, 8, 15, tzinfo=UTC), 40112),),
    persons=(Subject("K", "suspect", "IR", None, "L", "M", consent=True),), assets=(Asset("N", "O", "1 USD"),),
    order=Order("P", "Q", date(2026, 9, 9), "R", final=True, notice="S", copy=True, sentence_months=60, remaining_months=12),
    period_from=date(2026, 8, 1), period_to=date(2026, 9, 30), period_reason="T", documents="U", questions="V",
    event_at=datetime(2027, 1, 1, tzinfo=UTC), event_place="W", assurances="X", arrangement="Y", others=("QA",),
    conditions=("Z",), costs="AA", intends_request=True, confidential=True, deadline=date(2027, 1, 31),
    deadline_reason="BB", follows="IR-2026-0002", rights="CC",
)  # fmt: skip
_EMPTY = Request("IR-2026-0001", "IR", "VN", FULL.measure)


def requests(books: Books, seed: int) -> list[Request]:
    """Two requests for each measure of the UN Convention between each two States of a ring: complete, and with gaps."""
    dice, found, states = random.Random(seed), [], sorted(books.states)
    names = ["authority", "subject", "facts", "assistance", "purpose", "link", "order", "persons"]
    for one, other in pairwise([*states, states[0]]):
        for measure in books.treaty("uncc").measures:
            whole = replace(
                FULL,
                measure=measure,
                requesting=one,
                requested=other,
                reference=f"{one}-2026-0001",
                follows=f"{one}-2026-0002",
            )
            gaps = {name: getattr(_EMPTY, name) for name in dice.sample(names, 3)}
            found += [whole, replace(whole, scope=dice.choice(list(Scope)), **gaps)]
    dice.shuffle(found)
    return found


def rate(books: Books, asked: Sequence[Request], seconds: float) -> float:
    """Full pre-flights per second."""
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for request in asked[done % len(asked) :][:50]:
            assess(request, books, on=ON, side="requesting")
            done += 1
    return done / (time.perf_counter() - start)


def with_states(books: Books, count: int) -> Books:
    """The same books with `count` States: the shipped ones first, then copies under other names."""
    states, originals = dict(books.states), list(books.states.values())
    for number in range(max(0, count - len(states))):
        book = originals[number % len(originals)]
        code = f"{chr(65 + number // 26 % 26)}{chr(65 + number % 26)}{number // 676}"
        states[code] = replace(book, code=code)
    return Books(books.treaties, MappingProxyType(dict(list(states.items())[: max(count, 2)])))


def rules(books: Books) -> Iterator[list[Any]]:
    """The required contents, scopes and least penalties of the UN Convention, as the engines get them."""
    treaty = books.treaty("uncc")
    for content in treaty.contents:
        for measure in content.measures if content.always else ():
            groups = [[*content.fields]] if content.one_suffices else [[field] for field in content.fields]
            for number, group in enumerate(groups):
                yield [f"{measure}/{content.id}/{number}", str(measure), group, [], 0]
    for measure, rule in treaty.measures.items():
        yield [f"{measure}/scope", str(measure), [], [str(scope) for scope in rule.scopes], 0]
        yield [f"{measure}/penalty", str(measure), [], [], 48]


def facts(request: Request, fields: Sequence[str]) -> dict[str, Any]:
    """The request as the engines get it: which fields are stated, its scope and its maximum penalty."""
    said = [name for name in fields if stated(request, name)]
    months = request.offence.max_penalty_months or 0
    return {"measure": str(request.measure), "said": said, "scope": str(request.scope), "months": months}


def violated(task: Sequence[list[Any]], known: Mapping[str, Any]) -> list[str]:
    """The same answer in plain Python."""
    return [
        name
        for name, measure, needed, scopes, least in task
        if measure == known["measure"]
        and (
            not any(field in known["said"] for field in needed)
            if needed
            else known["scope"] not in scopes
            if scopes
            else known["months"] < least
        )
    ]


def peers(books: Books, asked: Sequence[Request], seconds: float) -> Iterator[dict[str, Any]]:
    """What each engine reaches; says so when they cannot be installed."""
    home = ROOT / ".cache" / "bench-law"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    install = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS],
        check=False,
        capture_output=True,
    )
    if install.returncode:
        yield {"engine": "all", "error": "could not be installed: " + install.stderr.decode()[-200:].strip()}
        return
    wanted = list(rules(books))
    fields = sorted({field for rule in wanted for field in rule[2]})
    known = [facts(request, fields) for request in asked[:300]]
    task = {
        "rules": wanted,
        "requests": known,
        "expected": [violated(wanted, item) for item in known],
        "seconds": seconds,
    }
    code = [str(python), str(ROOT / "bench" / "_law_peers.py")]
    answer = subprocess.run(code, input=json.dumps(task).encode(), check=True, capture_output=True)
    yield from (json.loads(line) for line in answer.stdout.splitlines())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    books = load(default_folder())
    asked = requests(books, 20261124)
    each = [len(assess(item, books, on=ON, side="requesting").findings) for item in asked]
    print(f"{len(books.treaties)} instruments, {len(books.states)} States, {len(asked)} requests, "
          f"{statistics.mean(each):.0f} findings each on average")  # fmt: skip
    few, many = with_states(books, 2), with_states(books, 20 * len(books.states))
    one, other = list(books.states)[:2]
    names = {"requesting": one, "requested": other, "reference": f"{one}-2026-0001", "follows": f"{one}-2026-0002"}
    small = [replace(item, **names) for item in asked]
    whole, ratios = [], []
    for number in range(options.rounds):
        whole.append(rate(books, asked, options.seconds))
        with_few, with_many = rate(few, small, options.seconds / 2), rate(many, small, options.seconds / 2)
        ratios.append(with_many / with_few)
        print(f"  round {number + 1} of {options.rounds}: {whole[-1]:,.0f} pre-flights/s", flush=True)
    ours, count = statistics.median(whole), len(list(rules(books)))
    print(f"full pre-flights on one core: {ours:,.0f}/s")
    print(f"{len(many.states)} States instead of {len(few.states)}: {statistics.median(ratios):.2f} times the rate")
    for found in () if options.no_peers else peers(books, asked, options.seconds):
        if "error" in found:
            print(f"{found['engine']:<12} not measured: {found['error']}")
            continue
        ratio = ours / found["rate"]
        print(
            f"{found['engine']:<12} {found['rate']:>8,.0f}/s for {count} of the rules, answers that differ: {found['wrong']}"
        )
        print(f"{'':<12} our whole pre-flight is {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
