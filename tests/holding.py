"""Other States that share with the node under test: each conforms and speaks the very bytes; all arrives at once."""

import uuid
from dataclasses import replace
from datetime import datetime

from peer import Peer, arrive, settle
from recalling import DictMemory

from comity.errors import ComityError
from comity.node import archive, models
from comity.node.desk import communities, copies, registry, telling
from comity.seal import canon, envelope
from comity.sharing import stix, tlp
from comity.sharing.notices import AnyNotice, Report, Shared
from comity.sharing.recall import Send, Sharer
from comity.sharing.tlp import Level
from comity.wire import communities as circles
from comity.wire import shares
from comity.wire.directory import trust_in
from comity.wire.shares import Carried

RULES = {"states": ["VN", "QA"], "purposes": ["prevention"]}


def indicator(value: str = "evil.example", level: Level | None = Level.GREEN, **more) -> bytes:
    """An indicator of a domain, marked with a level."""
    named = uuid.uuid5(uuid.NAMESPACE_DNS, value)
    body = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{named}", "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z", "pattern": f"[domain-name:value = '{value}']", "pattern_type": "stix",
        "valid_from": "2026-11-01T00:00:00Z",
    }  # fmt: skip
    marks = {} if level is None else {"object_marking_refs": [tlp.IDS[level]]}
    return canon.dumps(body | marks | more)


def shelved(node, at, raw: bytes, rules=None, title="Own") -> models.StixObject:
    """An object of this State in a collection with these rules."""
    from comity.node.desk.shelf import Shelves, opened

    pk = str(uuid.uuid5(uuid.NAMESPACE_DNS, title))
    opened(pk, title=title, made_at=at, made_by="test", rules=RULES if rules is None else rules)
    found = stix.read(raw)
    assert Shelves(node).add(pk, [found], by="test", at=at)[0] == "new"
    return models.StixObject.objects.get(collection__id=pk, digest=found.digest)


class Holder:
    """A State whose node conforms: its side of sharing over dictionaries, with keys.

    Args:
        state: its code.
        node: settings of the node under test, at which it is pinned.
        at: now.
    """

    def __init__(self, state: str, node, at: datetime) -> None:
        self.state, self.peer, self.memory, self.silent = state, Peer(state, node), DictMemory(), False
        self.sharer = Sharer(state, self.memory, patience=copies.PATIENCE)
        self.objects: dict[str, bytes] = {}
        self.origins: dict[str, bytes] = {}
        self.refused: list[str] = []
        if not models.Peer.objects.filter(pk=state).exists():
            entry = self.peer.entry
            registry.pin(node, self.peer.entry_bytes, fingerprint=entry.fingerprint, by="test", at=at)
        settle(state)

    def signs(self, notice: AnyNotice, at: datetime) -> bytes:
        """A notice, signed by this State."""
        return shares.sign([notice], sender=self.state, key=self.peer.signing, at=at)[0]

    def carried(self, send: Send, at: datetime, **more) -> Carried:
        """A notice with what goes beside it."""
        one = Carried(at=at, notice=send.raw or self.signs(send.notice, at))
        if isinstance(send.notice, Shared):
            origin = b"" if send.notice.source == self.state else self.origins[send.notice.what]
            one = replace(one, beside=self.objects[send.notice.what], origin=origin)
        elif isinstance(send.notice, Report) and send.notice.about:
            one = replace(one, beside=self.objects[send.notice.about])
        return replace(one, **more)

    def statement(self, carried: Carried, to: str) -> bytes:
        """A share on its way, signed by this State."""
        return envelope.sign("share", shares.packed(carried), sender=self.state, to=to, key=self.peer.signing)

    def sealed(self, statement: bytes) -> bytes:
        """An envelope for the node under test."""
        return envelope.seal(statement, to="IR", key=self.peer.home_entry.open)


class Circle:
    """The node under test (IR) and other States; what any of them says arrives at once, and so does what follows from it."""

    def __init__(self, node, at: datetime, *states: str) -> None:
        self.node, self.at = node, at
        self.holders = {state: Holder(state, node, at) for state in states}
        self.codes: list[tuple[str, str]] = []  # (hop, why IR refused what it brought)
        self._read: set[str] = set(models.Departure.objects.values_list("pk", flat=True))

    def __getitem__(self, state: str) -> Holder:
        return self.holders[state]

    def settle(self) -> None:
        """Let everything arrive that the node under test has to say, and what follows."""
        todo = self._from_home()
        while todo:
            carrier, to, statement = todo.pop(0)
            if to == "IR":
                row = arrive(self.node, self[carrier].sealed(statement), self.at, carrier)
                self.codes += [(carrier, row.code)] if row.code else []
                todo += self._from_home()
            elif not self[to].silent:
                todo += self._heard(self[to], carrier, statement)

    def say(self, state: str, sends, **more) -> None:
        """A State says this; everything that follows happens too."""
        holder = self[state]
        for send in sends:
            beside = more if isinstance(send.notice, Shared) else {}
            statement = holder.statement(holder.carried(send, self.at, **beside), send.to)
            if send.to == "IR":
                row = arrive(self.node, holder.sealed(statement), self.at, state)
                self.codes += [(state, row.code)] if row.code else []
            elif not self[send.to].silent:
                for carrier, to, said in self._heard(self[send.to], state, statement):
                    assert to != "IR" or arrive(self.node, self[carrier].sealed(said), self.at, carrier)
        self.settle()

    def share(self, source: str, to: str, raw: bytes, *, hops=3, level=Level.GREEN, **more) -> str:
        """A State shares an object of its own; its digest."""
        what = stix.read(raw).digest
        self[source].objects[what] = raw
        self.say(source, self[source].sharer.share(what, to, hops=hops, level=level, at=self.at), **more)
        return what

    def _from_home(self) -> list[tuple[str, str, bytes]]:
        telling.deliver(self.node, at=self.at)
        found = []
        for row in models.Departure.objects.exclude(pk__in=self._read).order_by("peer", "number"):
            self._read.add(row.pk)
            if row.peer in self.holders:
                keys = [self[row.peer].peer.opening]
                found.append(("IR", row.peer, envelope.opened(archive.sealed(row), home=row.peer, keys=keys)))
        return found

    def trust(self):
        """Everybody's keys."""
        one = next(iter(self.holders.values())).peer
        return trust_in([one.home_entry, *(holder.peer.entry for holder in self.holders.values())])

    def _heard(self, holder: Holder, carrier: str, data: bytes) -> list[tuple[str, str, bytes]]:
        outer = canon.loads(data, limit=1 << 20)
        if outer["kind"] != "share":
            return []
        statement = envelope.verify(data, self.trust(), kind="share", at=self.at)
        assert (statement.sender, statement.to) == (carrier, holder.state)
        spoken = shares.spoken(shares.read(statement), carrier=carrier, trust=self.trust(), at=self.at)
        if spoken.found:
            holder.objects[spoken.found.digest] = spoken.found.raw
        if spoken.origin:
            holder.origins[spoken.notice.what] = spoken.origin
        sends = holder.sharer.heard(carrier, spoken.notice, spoken.raw, at=self.at)
        return [(holder.state, one.to, holder.statement(holder.carried(one, self.at), one.to)) for one in sends]

    def agreed(
        self, officer, name="Gulf", members=("IR", "QA", "VN"), purpose="prevention", hops=2
    ) -> models.Community:
        """A community that this State proposes and every other member agrees to."""
        terms = circles.Terms(name, tuple(members), purpose, hops)
        row = communities.propose(self.node, terms, officer=officer, at=self.at)
        for state in members:
            if state != "IR":
                assert self.says_of(state, terms, agrees=True) == ""
        self.settle()
        return row

    def says_of(self, state: str, terms: circles.Terms, *, agrees: bool, at=None) -> str:
        """A State's word on a community arrives; the code with which it is refused."""
        said = circles.packed(circles.Word(terms, agrees, at or self.at))
        data = envelope.sign("community", said, sender=state, to="IR", key=self[state].peer.signing)
        return arrive(self.node, self[state].sealed(data), self.at, state).code


def code(call, *args, **named) -> str:
    """The code with which a call is refused; empty if it is not."""
    try:
        call(*args, **named)
    except ComityError as error:
        return f"{error.code} {error.where}".strip() if error.code == "sharing.release" else error.code
    return ""


def received(what: str) -> models.StixObject:
    """The object of another State here."""
    return models.StixObject.objects.exclude(source="").get(digest=what)


def brought(circle, carrier: str, notice, *, by="", to="IR", origin=None, beside=b"", **more) -> str:
    """What Iran refuses it by: `carrier` brings a notice that `by` signed."""
    data = circle[by or carrier].signs(notice, circle.at)
    one = Carried(at=circle.at, notice=data, beside=beside, origin=origin or b"", **more)
    return arrive(circle.node, circle[carrier].sealed(circle[carrier].statement(one, to)), circle.at, carrier).code


def offered(raw: bytes, source="VN", hops=1, level=Level.GREEN) -> Shared:
    """What a giver says about an object."""
    return Shared(source=source, what=stix.read(raw).digest, hops=hops, level=level)
