"""A State that gives: needs, offers and terms, and a donor that says what it wills to the node under test."""

from datetime import date, datetime

from peer import arrive, pinned

from comity.assistance.needs import Need, Offer, Release, Stage
from comity.assistance.programme import Milestone, Programme, Terms, Word
from comity.assistance.topics import Development, Region, Topic, Unit
from comity.node import archive, models
from comity.node.desk import assistance, programmes
from comity.seal import canon, envelope
from comity.wire import assistance as wire
from comity.wire.assistance import Spoken, Version
from comity.wire.directory import trust_in

DAY = date(2026, 11, 20)


def need(state="IR", number=1, **changed) -> Need:
    """Twelve places for training in forensics, released to Viet Nam."""
    given_ = {
        "reference": f"{state}-NEED-2026-{number:04d}", "state": state, "topic": Topic.FORENSICS, "unit": Unit.PLACES,
        "units": 12, "filed": DAY, "by": date(2027, 6, 1), "languages": ("fa", "en"), "region": Region.ASIA_PACIFIC,
        "text": "آموزش آزمایشگاه", "release": Release(("VN" if state == "IR" else "IR",)),
    }  # fmt: skip
    return Need(**given_ | changed)


def offer(state="VN", number=1, **changed) -> Offer:
    """Twenty places, for everybody in the region."""
    given_ = {
        "reference": f"{state}-OFFER-2026-{number:04d}", "state": state, "topics": (Topic.FORENSICS,), "unit": Unit.PLACES,
        "units": 20, "filed": DAY, "starts": date(2027, 1, 1), "ends": date(2027, 12, 31), "languages": ("en",),
        "regions": (Region.ASIA_PACIFIC,), "statuses": tuple(Development), "release": Release(everyone=True),
    }  # fmt: skip
    return Offer(**given_ | changed)


TERMS = Terms(
    units=12, unit=Unit.PLACES, language="en", starts=date(2027, 2, 1), ends=date(2027, 5, 1),
    milestones=(Milestone(name="First course", due=date(2027, 3, 1), units=6),
                Milestone(name="Second course", due=date(2027, 4, 1), units=6)),
)  # fmt: skip


class Donor:
    """A State that conforms: it keeps what it is told and what is said, and answers in order.

    Args:
        state: its code.
        node: settings of the node under test, at which it is pinned.
        at: now.
    """

    def __init__(self, state: str, node, at: datetime) -> None:
        self.state, self.node, self.peer = state, node, pinned(state, node, at)
        self.trust = trust_in([self.peer.home_entry, self.peer.entry])
        self.told: list[Version] = []
        self.words: dict[str, Spoken] = {}
        self._read: set[str] = set(models.Departure.objects.values_list("pk", flat=True))

    def hears(self, at: datetime) -> "Donor":
        """Everything that the node under test has for it arrives."""
        for row in models.Departure.objects.filter(peer=self.state).exclude(pk__in=self._read).order_by("number"):
            self._read.add(row.pk)
            raw = envelope.opened(archive.sealed(row), home=self.state, keys=[self.peer.opening])
            kind = canon.loads(raw, limit=1 << 20)["kind"]
            statement = envelope.verify(raw, self.trust, kind=kind, at=at)
            assert (statement.sender, statement.to) == ("IR", self.state)
            if kind == "programme":
                self.words[canon.content_id(raw)] = wire.read_word(statement)
            else:
                self.told.append(wire.read(statement))
        return self

    def sends(self, kind: str, payload: bytes, at: datetime, *, sender="", key=None) -> models.Arrival:
        """A statement of its own arrives; the arrival."""
        raw = envelope.sign(kind, payload, sender=sender or self.state, to="IR", key=key or self.peer.signing)
        return arrive(self.node, envelope.seal(raw, to="IR", key=self.peer.home_entry.open), at, self.state)

    def publishes(self, value, at, version=1, stage=Stage.OPEN, **more) -> str:
        """A version of its need or offer arrives; the code with which it is refused."""
        said = Version(
            kind=assistance.kind_of(value), reference=value.reference, version=version, stage=stage, at=at,
            value=value if stage is Stage.OPEN else None,
        )  # fmt: skip
        return self.sends(said.kind, wire.packed(said), at, **more).code

    def says(self, about: Spoken, word: Word, at, *, after=None, arrives=True, **more) -> str:
        """Its word arrives; the code with which it is refused."""
        empty = wire.opened(about)
        heads = wire.history(empty, self.words).heads if after is None else after
        said = Spoken(programme=about.programme, need=about.need, offer=about.offer, after=heads, word=word)
        raw = wire.sign(said, to="IR", key=self.peer.signing)
        self.words[canon.content_id(raw)] = said
        return self.brings(raw, at) if arrives else raw

    def brings(self, raw: bytes, at) -> str:
        """A signed statement arrives."""
        return arrive(self.node, envelope.seal(raw, to="IR", key=self.peer.home_entry.open), at, self.state).code


def said(node, about, say, who, **more) -> Programme:
    """This State's word, by an officer who was shown everything."""
    shown = models.ProgrammeWord.objects.filter(programme=about.programme).count()
    return programmes.say(node, about.programme, say, seen=shown, **who, **more)
