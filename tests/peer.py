"""A peer State without a node: it has keys, and says to the node under test whatever a test lets it say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from comity.casework.lifecycle import Act, Kind
from comity.casework.measure import Measure
from comity.casework.request import Account, DataCategory, Offence, Person, Request, Urgency
from comity.node.desk import evidence
from comity.seal import envelope
from comity.seal.container import CadesKey
from comity.seal.keys import NoteKey, OpeningKey, SigningKey
from comity.wire import messages
from comity.wire.directory import DatedKey, Entry, Purpose, first_keys, read_entry, sign_entry


def request(**changed) -> Request:
    """A complete request for stored data, Viet Nam to Iran; `changed` fields replace its own."""
    whole = Request(
        reference="VN-2026-0001",
        requesting="VN",
        requested="IR",
        measure=Measure.STORED_DATA,
        offence=Offence("uncc:13", "fraud", "penal code", 84, date(2026, 9, 1)),
        authority="Central authority (exercise)",
        conducting=Person("N. N.", "prosecutor", "desk"),
        subject="fraud",
        facts="Accounts were emptied.",
        assistance="Disclose the mailbox.",
        link="The mailbox directed the transfers.",
        categories=(DataCategory.CONTENT,),
        accounts=(Account("email", "ring@mail.example"),),
        custodian="Mail provider (exercise)",
        period_from=date(2026, 9, 1),
        period_to=date(2026, 10, 1),
        purpose="evidence",
        urgency=Urgency.URGENT,
        urgency_reason="Data may be deleted.",
        language="en",
        rights="No ground of Article 40(22) is seen.",
    )
    return replace(whole, **changed)


@cache
def _keys(state: str, which: int = 0):
    """Keys are slow to make and tell nothing apart from their State: made once in a process."""
    moment = datetime.now(UTC).replace(microsecond=0)
    cades = CadesKey.generate(
        f"Comity {state}", not_before=moment - timedelta(hours=1), not_after=moment + timedelta(days=9)
    )
    notes = [NoteKey.generate(f"comity.{state.lower()}/{name}") for name in ("log", "witness", "hop")]
    return SigningKey.generate(), OpeningKey.generate(), cades, notes


def settle(state: str) -> None:
    """Let the node under test know what the peer holds and reads, as if it had been asked and had answered a greeting."""
    from comity.node import models

    models.Talk.objects.update_or_create(pk=state, defaults={"settled": True, "form": 2})


def pinned(state: str, node, at) -> "Peer":
    """A State that can say anything; pinned at the node under test, which knows what it holds."""
    from comity.node.desk import registry

    found = Peer(state, node)
    registry.pin(node, found.entry_bytes, fingerprint=found.entry.fingerprint, by="test", at=at)
    settle(state)
    return found


def arrive(node, data: bytes, at, hop: str = "VN"):
    """Bring an envelope to the door's function and let the courier's function read it; the arrival's row."""
    from comity.node import models
    from comity.node.desk import crossing

    digest = crossing.receive(node, data, hop=hop, at=at).envelope
    crossing.admit(node, hop, at=at)
    return models.Arrival.objects.get(digest=digest)


class Peer:
    """A State that can say anything.

    Args:
        state: its code.
        node: settings of the node under test.
        which: another number gives other keys for the same State.
    """

    def __init__(self, state, node, which=0) -> None:
        self.state, self.node = state, node
        self.signing, self.opening, self.cades, (self.log, self.witness, self.hop) = _keys(state, which)
        moment = datetime.now(UTC).replace(microsecond=0)
        self.entry = Entry(
            state=state, version=1, previous="", issued_at=moment, confirmed_on=moment.date(),
            names={"en": f"State {state}", "fa": f"کشور {state}"}, authorities=(),
            keys=first_keys(
                sign=self.signing.public, open=self.opening.public, log=(self.log.name, self.log.public),
                witness=(self.witness.name, self.witness.public), hop=self.hop.public,
                certificate=self.cades.certificate_der, since=moment - timedelta(days=2),
                until=moment + timedelta(days=400),
            ),
            threshold=0, tls="none", address="https://127.0.0.1:1", exercise=True,
        )  # fmt: skip
        self.entry_bytes = sign_entry(self.entry, self.signing)
        self.chain = [self.entry_bytes]

    def issues(self, *others: SigningKey, at=None, **changes) -> bytes:
        """The next version of its entry, with these changes, signed by its signing key and these others."""
        at = at or self.entry.issued_at + timedelta(seconds=1)
        version = {"version": self.entry.version + 1, "previous": self.entry.digest, "issued_at": at}
        self.entry = replace(self.entry, **version | changes)
        self.entry_bytes = sign_entry(self.entry, self.signing, *others)
        self.chain.append(self.entry_bytes)
        return self.entry_bytes

    def rotates(self, *others: SigningKey, kept=timedelta(0), revoked=None) -> bytes:
        """The next version, in which another key signs; signed by the old one, or by these others if there are any."""
        at, old, self.signing = self.entry.issued_at + timedelta(seconds=1), self.signing, SigningKey.generate()
        keys = [
            replace(key, until=key.until if revoked else at + kept, revoked=revoked)
            if key.public == old.public
            else key
            for key in self.entry.keys
        ]
        fresh = DatedKey(Purpose.SIGN, self.signing.public, at, at + timedelta(days=400))
        return self.issues(*(others or (old,)), at=at, keys=(*keys, fresh))

    @property
    def home_entry(self) -> Entry:
        """The entry of the node under test."""
        return read_entry(evidence.own_entry(self.node))

    def act(self, kind: Kind, case: str, body, *, after="", by="", at=None) -> Act:
        """An act of this State (or, forged, of the State `by`)."""
        return Act(kind, case, by or self.state, "foreign", "Foreign officer", "", at or datetime.now(UTC), body, after)

    def say(self, kind: Kind, case: str, body, **given) -> tuple[bytes, Act]:
        """(the envelope that says it, the act with its id)."""
        act, statement = messages.sign_act(self.act(kind, case, body, **given), to=self.node.state, key=self.signing)
        return envelope.seal(statement, to=self.node.state, key=self.home_entry.open), act

    def agrees(self, case: str, conditions, *, after: str) -> tuple[bytes, Act]:
        """(the envelope by which it agrees to the conditions of use, its act)."""
        return self.say(Kind.AGREED, case, {"conditions": list(conditions)}, after=after)

    def asks(self, what: Request) -> tuple[bytes, Act]:
        """(the envelope of a request, its act)."""
        return self.say(Kind.REQUESTED, what.reference, {"request": what.to_dict(), "letter": ""})
