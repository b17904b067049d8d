"""What lives in the environment of a node that is killed all the time: processes for `crashing`.

`serve` is the node itself, which kills itself at a point that HOME.armed names; `client` says messages in cases, and writes
down what he tried and was told; `read` prints what a client sees now, and what the peer answers when asked again.

Production code knows nothing of this: `serve` puts the points around its functions when it starts. If HOME.behind exists, the
peers' door listens at the host and port that it holds, behind a proxy.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

LABELS = ("receive", "admit", "answered", "checkpoint", "cosign", "prove", "post")
COMMITS = ("begin", "before-commit", "after-commit", "end")
POINTS = (*(f"{label}.{moment}" for label in LABELS for moment in COMMITS), "send.begin", "send.end")


def beside(home: Path, what: str) -> Path:
    """The file about the node at `home`: outside of it, so that the node is as it always is."""
    return home.with_name(f"{home.name}.{what}")


# ── the points ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Points:
    """Where this process may kill itself.

    Args:
        home: the node's.
        door: this process is a server's worker: its parent, which would start it again only slowly, dies with it.
    """

    def __init__(self, home: Path) -> None:
        self._armed, self._done, self._now = beside(home, "armed"), beside(home, "killed"), threading.local()

    def at(self, point: str) -> None:
        """Die here if this is one of the armed points. Only one process of the node does."""
        try:
            if point not in self._armed.read_text().split():
                return
            os.rename(self._armed, f"{self._armed}.{os.getpid()}")
        except OSError:
            return
        with self._done.open("a") as log:
            log.write(f"{point}\n")
        if beside_worker := os.environ.get("COMITY_TEST_WORKER_OF"):
            os.kill(int(beside_worker), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner, name: str, label: str) -> None:
        """Put points around `owner.name`: at its begin and end, and around the commit of what it does."""
        from comity.casework.lifecycle import CROSSING

        right = getattr(owner, name)

        def wrapped(*given, **named):
            if label == "post" and given[2] not in CROSSING:
                return right(*given, **named)
            outer, self._now.label = getattr(self._now, "label", ""), label
            self.at(f"{label}.begin")
            try:
                found = right(*given, **named)
            finally:
                self._now.label = outer
            self.at(f"{label}.end")
            return found

        setattr(owner, name, wrapped)

    def around_commits(self) -> None:
        """Put points before and after every commit; they are named after what is going on."""
        from django.db import transaction

        right = transaction.Atomic.__exit__

        def leave(atomic, kind, error, trace):
            connection, label = transaction.get_connection(atomic.using), getattr(self._now, "label", "")
            last = bool(label) and kind is None and len(connection.atomic_blocks) == 1
            if last:
                self.at(f"{label}.before-commit")
            found = right(atomic, kind, error, trace)
            if last:
                self.at(f"{label}.after-commit")
            return found

        transaction.Atomic.__exit__ = leave

    def place(self) -> None:
        """Put all of them."""
        from comity.node.desk import _record, crossing, registry
        from comity.wire.conversation import Conversation
        from comity.wire.transport import Line

        self.around_commits()
        for owner, name, label in (
            (Conversation, "receive", "receive"), (Conversation, "admit_some", "admit"), (Conversation, "answered", "answered"),
            (registry, "witnessed", "checkpoint"), (registry, "cosign", "cosign"), (crossing, "proved", "prove"),
            (_record, "record", "post"), (Line, "post", "send"),
        ):  # fmt: skip
            self.around(owner, name, label)


# ── weaknesses: what a judge must complain of ───────────────────────────────────────────────────────────────────────


def early_answer() -> None:
    """The door answers before what it acknowledges is durable."""
    from django.db import transaction

    from comity.node.desk import crossing

    right = crossing.exchange

    def exchange(settings, talk, offer, **given):
        with transaction.atomic():
            answer = right(settings, talk, offer, **given)
            transaction.set_rollback(True)
        if offer.items:
            threading.Timer(0.5, right, (settings, crossing.conversation(settings, talk.peer), offer), given).start()
        return answer

    crossing.exchange = exchange


def forgets() -> None:
    """The door does not remember what it took in: what comes again is new."""
    from secrets import token_hex

    from comity.node import models
    from comity.node.desk import crossing
    from comity.seal import canon

    right = crossing.exchange

    def exchange(settings, talk, offer, **given):
        for item in offer.items:
            known = models.Arrival.objects.filter(digest=canon.content_id(item.envelope))
            act = known.values_list("act", flat=True).first()
            known.update(act=None)
            models.Act.objects.filter(pk=act).update(digest=token_hex(32))
            known.update(digest=token_hex(32), number=None)
        return right(settings, talk, offer, **given)

    crossing.exchange = exchange


def hasty() -> None:
    """The courier notes as delivered what it is about to send."""
    from comity.node import models
    from comity.node.courier.errands import Errands
    from comity.seal import canon

    right = Errands._exchange

    def exchange(self, offer):
        sent = [canon.content_id(item.envelope) for item in offer.items]
        models.Departure.objects.filter(digest__in=sent).update(stage="handover", relayed=True, since=2**40)
        right(self, offer)

    Errands._exchange = exchange


WEAK = {weak.__name__: weak for weak in (early_answer, forgets, hasty)}


# ── the parts that live in a node's environment ─────────────────────────────────────────────────────────────────────


def serve(home: Path, weakness: str) -> None:
    """Run the node with its points; what ends is started again at once, and the officers' door stays closed."""
    from comity.node import run

    start, door, parent = run._start, run._door, os.getpid()

    def quick(name, target, settings):
        child = start(name, target, settings)
        beside(home, f"{name}.pid").write_text(f"{child.pid}")
        return child

    def quiet_door(name, settings, **_):
        os.environ["COMITY_TEST_WORKER_OF"] = f"{os.getpid()}"
        while name == "officers":
            signal.pause()
        if beside(home, "behind").exists():
            host, port = beside(home, "behind").read_text().split()
            node_settings.address = lambda _url: (host, int(port))
        door(name, settings)

    from comity.node import management

    prepared = management.start(home)
    from comity.node import settings as node_settings
    from comity.node.courier import Stop
    from comity.node.peers import urls  # noqa: F401  read once, before the forks

    wait = Stop.wait
    Stop.wait = lambda self, seconds: wait(self, min(seconds, 0.02) if os.getpid() == parent else seconds)
    run._start, run._door, run._django = quick, quiet_door, lambda _home: prepared
    if weakness in WEAK:
        WEAK[weakness]()
    Points(home).place()
    run.serve(home, attached=True)


def notice(state: str, peer: str, reference: str = ""):
    """Information of `state` for `peer`, told without having been asked."""
    from peer import request

    from comity.casework.measure import Measure

    return request(reference=reference or f"{state}-2026-0001", requesting=state, requested=peer,
                   measure=Measure.SPONTANEOUS_INFORMATION)  # fmt: skip


class Client:
    """Talks as officers do, as fast as the node lets him: opens cases, asks in them, tells how those of the peer stand.

    Args:
        home: the node's.
        peer: the other State.
        told: the file that he writes into.
        pause: seconds between two messages.
    """

    def __init__(self, home: Path, peer: str, told: Path, pause: float) -> None:
        from comity.node.models import Officer
        from comity.node.settings import current

        self.settings, self.peer, self.pause = current(), peer, pause
        self.rng = random.Random(os.getpid())
        self.told = told.open("a", buffering=1)
        self.drafter, self.chief = (Officer.objects.get(username=name) for name in ("drafter", "chief"))

    def talk(self) -> None:
        """Until killed. A message that failed is tried once, and may have been said or not."""
        from comity.errors import ComityError

        while True:
            if int(time.time()) % 4 == 0:  # a second of quiet, in which the couriers get to what is less urgent
                time.sleep(1)
            with suppress(ComityError):
                self.step()
            time.sleep(self.pause)

    def step(self) -> None:
        """Say one thing."""
        from comity.node.models import Case

        own = list(Case.objects.filter(requesting=self.settings.state, acts__kind="requested"))
        theirs = list(Case.objects.filter(requesting=self.peer).values_list("reference", flat=True))
        chosen = self.rng.random()
        if not own or (len(own) < 5 and chosen < 0.2):
            self.open_case()
        elif theirs and chosen < 0.5:
            self.say(self.rng.choice(theirs), "progress", self.chief)
        else:
            self.say(self.rng.choice(own).reference, "enquired", self.chief)

    def say(self, reference: str, kind: str, officer) -> None:
        """Say `kind` in a case, in words that nobody says twice."""
        from comity.casework.lifecycle import Kind

        message = f"{self.settings.state} {time.time_ns()}"
        self.record(reference, message, Kind(kind), {"message": message}, officer)

    def open_case(self) -> None:
        """Tell the peer something new."""
        from datetime import UTC, datetime

        from comity.casework.lifecycle import Kind
        from comity.node.desk import requesting

        at, s = datetime.now(UTC), self.settings
        reference = requesting.new_reference(s, at=at)
        what = notice(s.state, self.peer, reference)
        requesting.draft(s, what, new=True, officer=self.drafter, at=at)
        requesting.check(s, reference, officer=self.drafter, at=at)
        requesting.approve(s, reference, despite="exercise", officer=self.chief, at=at)
        self.record(reference, reference, Kind.REQUESTED, {"request": what.to_dict(), "letter": ""}, self.chief)

    def record(self, reference: str, message: str, kind, body, officer) -> None:
        """Say it, and note what he is told."""
        from datetime import UTC, datetime

        from django.db import OperationalError

        from comity.node.desk import _record

        self.note("tried", reference, message)
        try:
            _record.record(self.settings, reference, kind, body, officer=officer, at=datetime.now(UTC))
        except OperationalError:
            return  # the database was busy: perhaps said, perhaps not
        self.note("told", reference, message)

    def note(self, what: str, reference: str, message: str) -> None:
        """Write down what he tried or was told."""
        self.told.write(json.dumps([what, reference, message]) + "\n")


def client(home: Path, peer: str, told: Path, pause: float) -> None:
    """A client who is there again at once when he was killed: he is the officers' door as well."""
    from comity.node import management

    settings = management.start(home)
    from datetime import UTC, datetime

    from comity.law.assess import assess
    from comity.node.run import _die_with_parent

    assess(notice(settings.state, peer), settings.books, on=datetime.now(UTC).date(), side="requesting")  # read once
    _die_with_parent(os.getppid())
    here = os.getpid()
    while True:
        child = os.fork()
        if child == 0:
            _die_with_parent(here)
            Points(home).place()
            Client(home, peer, told, pause).talk()
        beside(home, "client.pid").write_text(f"{child}")
        os.waitpid(child, 0)


def read(home: Path, peer: str) -> None:
    """What a client sees: acts, envelopes, receipts; and the receipts that the peer gives when it is asked again."""
    from datetime import UTC, datetime

    from comity.node import management

    settings = management.start(home)
    from comity.errors import ComityError
    from comity.node import archive, models
    from comity.seal import canon
    from comity.wire.transport import Line

    def receipt(row) -> str:
        return canon.loads(archive.words(row)[0].whole(), limit=1 << 20)["receipt"] if row.words else ""

    def said(act) -> str:
        return act.body.get("message", act.case)

    cases = {}
    for row in models.Act.objects.filter(kind__in=("requested", "enquired", "progress")).order_by("case", "seq"):
        act = archive.read_stored(row)
        cases.setdefault(act.case, []).append((act.by, said(act)))
    sent = {
        row.digest: [str(row.stage), receipt(row), row.trouble] for row in models.Departure.objects.filter(peer=peer)
    }
    got = {row.digest: [str(row.status), receipt(row), row.code] for row in models.Arrival.objects.filter(hop=peer)}
    asked, line = {}, Line(archive.peer_entry(peer), state=settings.state, key=settings.hop)
    chosen = random.Random(0).sample(sorted(sent), min(len(sent), 40))
    for row in models.Departure.objects.filter(digest__in=chosen):
        try:
            status, body = line.post("/messages", archive.sealed(row), at=datetime.now(UTC))
            asked[row.digest] = (
                canon.loads(body, limit=1 << 20)["receipt"] if status == 200 else f"{status} {body[:200]!r}"
            )
        except ComityError as error:
            asked[row.digest] = error.code
        time.sleep(0.06)  # within the quota
    sys.stdout.write(json.dumps({"cases": cases, "sent": sent, "got": got, "asked": asked}))
