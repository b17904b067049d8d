"""A client inside one node, for `bench/exchange.py`: posts requests, and waits for their receipts.

_exchange_client.py HOME PEER send COUNT WINDOW | post COUNT TOGETHER | drain | unread | watch
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

os.environ |= {"COMITY_HOME": sys.argv[1], "DJANGO_SETTINGS_MODULE": "comity.node.django_settings"}
import django

django.setup()

from django.db import transaction
from django.db.models import QuerySet

from comity.casework.act import Act, Kind
from comity.casework.measure import Measure
from comity.casework.request import Account, DataCategory, Offence, Person, Request, Urgency
from comity.ledger import log
from comity.node import models
from comity.node.desk import _log, _record
from comity.node.settings import current
from comity.seal import canon, envelope

NODE, PEER = current(), sys.argv[2]
SENT = models.Departure.objects.filter(peer=PEER)
WHOLE = Request(
    reference=f"{NODE.state}-2026-0001", requesting=NODE.state, requested=PEER or "XX", measure=Measure.STORED_DATA,
    offence=Offence("uncc:13", "fraud", "penal code", 84, date(2026, 1, 5)), authority="Exercise authority",
    conducting=Person("N. N.", "prosecutor", "desk"), subject="fraud", facts="Accounts were emptied.",
    assistance="Disclose the mailbox.", link="The mailbox directed the transfers.", categories=(DataCategory.CONTENT,),
    accounts=(Account("email", "ring@mail.example"),), custodian="Mail provider", period_from=date(2026, 1, 1),
    period_to=date(2026, 2, 1), purpose="evidence", urgency=Urgency.URGENT, urgency_reason="Data may be deleted.",
    language="en", rights="None is seen.",
)  # fmt: skip
_numbers = itertools.count(int(time.time()) % 10**6 * 1000)


def _draft(at: datetime) -> envelope.Draft:
    what = replace(WHOLE, reference=f"{NODE.state}-2026-{next(_numbers) % 10**9:09d}")
    body = {"request": what.to_dict(), "letter": ""}
    act = Act(Kind.REQUESTED, what.reference, NODE.state, "bench", "Bench", "approve", at, body)
    return envelope.Draft("act", canon.dumps(replace(act, salt=os.urandom(16).hex()).to_dict()), PEER)


def post(count: int) -> None:
    """Sign, seal and log `count` requests, and put them into the outbox, in one transaction."""
    at = datetime.now(UTC).replace(microsecond=0)
    with transaction.atomic():
        statements = envelope.sign_all([_draft(at) for _ in range(count)], sender=NODE.state, key=NODE.signing)
        tail = _log.Tail()
        for statement in statements:
            tail.append(log.entry(log.ACT, canon.content_id(statement)))
        tail.write()
        _record.post_all(NODE, statements, to=PEER, at=at)


def send(count: int, window: int) -> dict[str, float]:
    """Keep `window` messages on their way until `count` are receipted."""
    begun, posted, done = time.perf_counter(), 0, 0
    since: list[float] = []
    took: list[float] = []
    while done < count:
        more = min(window - (posted - done), count - posted)
        if more > 0 and (more >= window // 2 or posted + more == count):
            since += [time.perf_counter()] * more
            post(more)
            posted += more
        there = posted - SENT.filter(stage="relay").count()
        now = time.perf_counter()
        took += [now - start for start in since[done:there]]
        done = there
        time.sleep(0.001 if window == 1 else 0.004)
    took.sort()
    rate = count / (time.perf_counter() - begun)
    return {"rate": rate, "p50": 1e3 * statistics.median(took), "p99": 1e3 * took[int(len(took) * 0.99)]}


def drain() -> dict[str, float]:
    """Wait until everything in the outbox is receipted, and until this node knows that it was read.

    Returns:
        How many, when the first receipt came, when the last one did (POSIX seconds), and the rate at which they were
        receipted and known to be read.
    """
    waiting, unknown = SENT.filter(stage="relay"), SENT.filter(stage__in=("relay", "consignment"))
    whole = left = waiting.count()
    begun = time.time()
    while left:
        before, left = left, counted(waiting)
        if before == left == whole:
            begun = time.time()
        elif before == whole:
            print("begun", flush=True)
    receipted = time.time()
    while unknown.exists():
        time.sleep(0.05)
    return {"count": whole, "begun": begun, "rate": whole / (receipted - begun), "told": whole / (time.time() - begun)}


def watch() -> dict[str, float]:
    """Wait until this node has read `COUNT` more envelopes, and matched them with warnings; when they were read (POSIX)."""
    read, count = models.Arrival.objects.exclude(status="waiting"), int(sys.argv[4])
    whole = read.count() + count
    print("watching", flush=True)
    while counted(read) < whole:
        pass
    done = time.time()
    while models.Case.objects.filter(fresh=True).exists():
        time.sleep(0.05)
    return {"read": done}


def counted(rows: QuerySet[Any]) -> int:
    """How many they are after a pause; counting may take a hundredth of one core, however many they are."""
    begun = time.perf_counter()
    found = rows.count()
    time.sleep(max(0.02, 100 * (time.perf_counter() - begun)))
    return found


def settled() -> None:
    """Wait until the peer has said what it holds."""
    while not models.Talk.objects.filter(pk=PEER, settled=True).exists():
        time.sleep(0.1)


def main() -> None:
    """Do what the command line says, and print what was seen as JSON."""
    verb, *given = sys.argv[3:]
    if verb == "unread":
        print(json.dumps({"unread": models.Arrival.objects.filter(status="waiting").count()}))
        return
    if verb == "watch":
        print(json.dumps(watch()))
        return
    settled()
    if verb == "post":
        count, together = map(int, given)
        for start in range(0, count, together):
            post(min(together, count - start))
        print("{}")
    else:
        seen = send(*map(int, given)) if verb == "send" else drain()
        if SENT.filter(stage="dead").exists():  # or they would count as receipted
            raise SystemExit("some were refused")
        print(json.dumps(seen))


main()
