"""Who has a copy of what, and how it is called back: the talk of sharing nodes, without I/O.

A source hands an object to takers, they hand it on as far as its hops go. Each keeps to whom he handed it. A recall is
numbered and signed by the source, and goes to *every neighbour* that anything of this source was had from or handed to:
hops limit sharing, never a recall. Each conforming holder does it, passes it on, and acknowledges; the acknowledgement
names those he had handed the object to, so the source's list grows by exactly the copies that holders speak of.

What is promised, and what is not:

* A conforming holder that a chain of conforming neighbours connects with the source does what is asked and says so.
* A holder uses a copy only while he has heard from its source how many recalls there are, has all of them, and heard it
  not longer ago than his own `patience`. A neighbour who keeps recalls back therefore stops the use of the copy; he
  cannot prolong it (`Use.SUSPENDED`).
* Whoever the source knows to hold a copy, and who has not acknowledged, stands on its list (`outstanding`).
* A copy that the source cannot know of, because somebody handed it on in secret or kept the word of others back, was had,
  by however many hands, from one who stands on that list: behind every unnamed copy there is a name.
* An acknowledgement is a signed word, not proof of deletion: nothing here reaches into another State.

A caller verifies signatures first: a notice by the one it names (a `Holding` by the holder or his giver), a `Shared` of
another's object by the source's own words about it. What `heard` and the others return is to be signed (if `raw` is
empty) and carried until it arrives; it may arrive twice and in any order. The memory is the caller's; each call is one
transaction of his.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from comity.casework.act import SKEW
from comity.errors import Invalid, NotPossible
from comity.sharing.notices import (
    Acknowledgement,
    AnyNotice,
    Ask,
    Concern,
    Deed,
    Holding,
    Kind,
    Recall,
    Report,
    Shared,
    Standing,
    encode,
)
from comity.sharing.tlp import Level

_AT_ONCE = 64  # recalls sent in answer to one question, well below a MiB: who lacks more asks again
_AGAIN = 600  # seconds in which the same recalls go to one asker once


class Use(StrEnum):
    """What may be done with a copy."""

    USABLE = "usable"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    NOT_HELD = "not-held"


@dataclass(frozen=True)
class Copy:
    """A copy that is, or was, here.

    Args:
        what: digest of the object.
        source: whose object it is; this node's own State for what it shares itself.
        hops: how many times it may be handed on.
        level: of TLP 2.0.
        direct: whether it came from the source itself.
        withdrawn: by which recall; 0: by none.
    """

    what: str
    source: str
    hops: int
    level: int
    direct: bool
    withdrawn: int = 0


class Send(NamedTuple):
    """Something to carry: to whom, what, and the bytes as they were signed by another; empty: to be signed here."""

    to: str
    notice: AnyNotice
    raw: bytes = b""


class Memory(Protocol):
    """What is kept, in the caller's transaction."""

    def copy(self, what: str) -> Copy | None:
        """The copy with this digest."""
        ...

    def put_copy(self, copy: Copy) -> None:
        """Keep a copy, or what became of it."""
        ...

    def givers(self, source: str) -> Iterable[str]:
        """Those from whom anything of a source was had."""
        ...

    def takers(self, source: str) -> Iterable[str]:
        """Those to whom anything of a source was handed."""
        ...

    def takers_of(self, what: str) -> Iterable[str]:
        """Those to whom this was handed."""
        ...

    def put_giver(self, what: str, source: str, giver: str) -> None:
        """Note from whom a copy came; twice is once."""
        ...

    def put_taker(self, what: str, source: str, taker: str) -> None:
        """Note to whom a copy went; twice is once."""
        ...

    def recalls(self, source: str, after: int, to: int) -> Iterable[tuple[Recall, bytes]]:
        """Recalls of a source with numbers above `after` and up to `to`, in order, as they were signed."""
        ...

    def recalls_of(self, what: str) -> Iterable[Recall]:
        """All recalls of an object, in order."""
        ...

    def put_recall(self, recall: Recall, raw: bytes) -> None:
        """Keep a recall; `raw` is empty for one's own, which is signed when it is sent."""
        ...

    def complete(self, source: str) -> int:
        """Up to which number all recalls of a source are kept."""
        ...

    def standing(self, source: str) -> tuple[Standing, bytes] | None:
        """The newest standing of a source."""
        ...

    def put_standing(self, standing: Standing, raw: bytes) -> None:
        """Keep a standing in place of the older one."""
        ...

    def first_time(self, notice: bytes, to: str) -> bool:
        """Whether this notice has not been sent to this neighbour yet; notes that it is now."""
        ...

    def put_holder(self, what: str, holder: str) -> None:
        """Note, at the source, that somebody holds a copy; twice is once."""
        ...

    def holders(self, what: str) -> Iterable[str]:
        """Those who are known to hold, or to have held, a copy of one's own object."""
        ...

    def put_acknowledgement(self, said: Acknowledgement, raw: bytes) -> None:
        """Keep the word of a holder."""
        ...

    def acknowledged(self, number: int) -> Iterable[str]:
        """Those who acknowledged this recall of one's own."""
        ...

    def put_report(self, said: Report, raw: bytes) -> None:
        """Keep what a holder told about one's own object."""
        ...


class Sharer:
    """One State's side of sharing.

    Args:
        home: this State's code.
        memory: what it keeps.
        patience: how long copies stay in use after their source was last heard of.
    """

    def __init__(self, home: str, memory: Memory, *, patience: timedelta) -> None:
        self.home, self._memory, self._patience = home, memory, patience

    # ── handing out ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def share(self, what: str, to: str, *, hops: int, level: Level, at: datetime) -> list[Send]:
        """Hand an object of this State to a taker.

        Args:
            what: digest of the object.
            to: code of the taking State.
            hops: how many times it may be handed on.
            level: its level; above TLP:GREEN it is not handed on, whatever `hops` says.
            at: now.

        Raises:
            NotPossible: `sharing.withdrawn`: it was recalled.
        """
        held = self._memory.copy(what) or Copy(what, self.home, hops, level, direct=True)
        if held.withdrawn:
            raise NotPossible("This was recalled: it is not shared again.", code="sharing.withdrawn")
        self._memory.put_copy(held)
        self._memory.put_holder(what, to)
        strictest = max(level, held.level)
        return self._handed(replace(held, level=strictest, hops=hops + 1), to, at)

    def hand_on(self, what: str, to: str, *, at: datetime) -> list[Send]:
        """Hand on a copy of another State's object.

        Raises:
            NotPossible: `sharing.not-held`, `sharing.withdrawn`, `sharing.suspended`: see `Use`; `sharing.hops`: it has
                gone as far as it may; `sharing.level`: it is marked above TLP:GREEN.
        """
        use, held = self.use(what, at=at), self._memory.copy(what)
        if held is None:
            raise NotPossible("There is no such copy here.", code="sharing.not-held")
        if use is Use.WITHDRAWN:
            raise NotPossible("This was recalled: it is not handed on.", code="sharing.withdrawn")
        if use is Use.SUSPENDED:
            raise NotPossible("Its source was not heard of for too long.", code="sharing.suspended")
        if held.hops < 1:
            raise NotPossible("Its source lets it go no further.", code="sharing.hops")
        if held.level > Level.GREEN:
            raise NotPossible("Above TLP:GREEN it is not ours to hand on.", code="sharing.level")
        holding = Holding(source=held.source, what=what, by=to, giver=self.home)
        return self._handed(held, to, at) + self._upward(holding, b"", but=to)

    def _handed(self, held: Copy, to: str, at: datetime) -> list[Send]:
        """The copy, and at a first time everything that the taker must know about its source."""
        new = to not in {*self._memory.takers(held.source), *self._memory.givers(held.source)}
        self._memory.put_taker(held.what, held.source, to)
        shared = Shared(source=held.source, what=held.what, hops=held.hops - 1, level=held.level)
        if held.source == self.home and new:
            self._stand(at)
        return [Send(to, shared)] + (self._everything(held.source, to, after=0) if new else [])

    def _everything(self, source: str, to: str, *, after: int) -> list[Send]:
        recalls = self._memory.recalls(source, after, after + _AT_ONCE)
        newest = self._memory.standing(source)
        return [Send(to, said, raw) for said, raw in recalls] + ([Send(to, *newest)] if newest else [])

    # ── calling back ────────────────────────────────────────────────────────────────────────────────────────────────────

    def recall(
        self, what: str, kind: Kind, *, at: datetime, level: Level = Level.CLEAR, successor: str = "", reason: str = ""
    ) -> list[Send]:
        """Call back, mark stricter or replace all copies of an object of this State.

        Raises:
            NotPossible: `recall.not-ours`: it is not this State's; `recall.level`: that is not stricter.
        """
        held = self._memory.copy(what)
        if held is None or held.source != self.home:
            raise NotPossible("Only its source calls an object back.", code="recall.not-ours")
        if kind is Kind.TIGHTEN and level <= held.level:
            raise NotPossible("A recall marks an object stricter than it was.", code="recall.level")
        number = self._memory.complete(self.home) + 1
        said = Recall(source=self.home, number=number, what=what, kind=kind, successor=successor, reason=reason,
                      level=level if kind is Kind.TIGHTEN else 0, at=int(at.timestamp()))  # fmt: skip
        self._memory.put_recall(said, b"")
        self._obey(held, said)
        self._stand(at)
        return [
            send for to in self._neighbours(self.home) for send in self._everything(self.home, to, after=number - 1)
        ]

    def stand(self, at: datetime) -> list[Send]:
        """Say again how many recalls there are: to be done well within the others' patience."""
        standing = self._stand(at)
        return [Send(to, standing) for to in self._neighbours(self.home)]

    def _stand(self, at: datetime) -> Standing:
        standing = Standing(source=self.home, number=self._memory.complete(self.home), at=int(at.timestamp()))
        self._memory.put_standing(standing, b"")
        return standing

    def outstanding(self, number: int) -> tuple[str, ...]:
        """Those who hold, or held, what this State's recall of this number is about, and have not acknowledged it."""
        found = [said for said, _ in self._memory.recalls(self.home, number - 1, number)]
        if not found:
            raise Invalid("There is no recall of this number.", code="recall.number")
        holders = set(self._memory.holders(found[0].what))
        return tuple(sorted(holders - set(self._memory.acknowledged(number)) - {self.home}))

    # ── telling the source ──────────────────────────────────────────────────────────────────────────────────────────────

    def report(self, what: str, concern: Concern, *, at: datetime, about: str = "") -> list[Send]:
        """Tell the source that an object was seen here, or that something in it is wrong; it takes the way back.

        Raises:
            NotPossible: `sharing.not-held`.
        """
        held = self._memory.copy(what)
        if held is None or held.source == self.home:
            raise NotPossible("There is no copy of another State's object here.", code="sharing.not-held")
        said = Report(source=held.source, what=what, by=self.home, concern=concern, about=about, at=int(at.timestamp()))
        return self._upward(said, b"", but="")

    def use(self, what: str, *, at: datetime) -> Use:
        """What may be done with a copy now."""
        held = self._memory.copy(what)
        if held is None:
            return Use.NOT_HELD
        if held.withdrawn:
            return Use.WITHDRAWN
        if held.source == self.home:
            return Use.USABLE
        newest = self._memory.standing(held.source)
        if newest is None or self._memory.complete(held.source) < newest[0].number:
            return Use.SUSPENDED
        return Use.USABLE if at.timestamp() - newest[0].at <= self._patience.total_seconds() else Use.SUSPENDED

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def heard(self, sender: str, notice: AnyNotice, raw: bytes, *, at: datetime) -> list[Send]:
        """What follows from a notice whose signature holds.

        Args:
            sender: the node that brought it, signed in.
            notice: what it says.
            raw: as it was signed, to be passed on unchanged.
            at: now.

        Raises:
            Invalid: `recall.conflict`: the source said something else under this number; `recall.number`: an
                acknowledgement of something that was not said; `notice.early`: it is of the future.
        """
        moment = getattr(notice, "at", 0)
        if moment > at.timestamp() + SKEW.total_seconds():
            raise Invalid("This notice is of the future.", code="notice.early", where="at")
        match notice:
            case Shared():
                return self._take(sender, notice, at)
            case Recall() if notice.source != self.home:
                return self._recalled(sender, notice, raw, at)
            case Standing() if notice.source != self.home:
                return self._stands(sender, notice, raw)
            case Ask() if sender in self._neighbours(notice.source):
                return self._answered(sender, notice)
            case Holding() | Acknowledgement() | Report():
                return self._passing(sender, notice, raw)
        return []

    def _take(self, sender: str, shared: Shared, at: datetime) -> list[Send]:
        """A copy came; what is already recalled is withdrawn as it comes."""
        if shared.source == self.home:
            self._memory.put_holder(shared.what, sender)
            return []
        direct = sender == shared.source
        self._memory.put_giver(shared.what, shared.source, sender)
        old = self._memory.copy(shared.what)
        new = Copy(shared.what, shared.source, shared.hops, shared.level, direct=direct)
        if old is not None:
            # What a stricter level took away may come back from the source itself; its recalls are done again below.
            new = replace(
                old, hops=max(old.hops, new.hops), level=max(old.level, new.level), direct=old.direct or direct,
                withdrawn=0 if direct else old.withdrawn,
            )  # fmt: skip
        self._memory.put_copy(new)
        holding = Holding(source=shared.source, what=shared.what, by=self.home, giver=sender)
        sends = self._upward(holding, b"", but="")
        for recall in self._memory.recalls_of(shared.what):
            sends += self._done(recall, at)
        newest = self._memory.standing(shared.source)
        return sends + ([Send(sender, *newest)] if newest and not direct else [])

    def _recalled(self, sender: str, recall: Recall, raw: bytes, at: datetime) -> list[Send]:
        known = [said for said, _ in self._memory.recalls(recall.source, recall.number - 1, recall.number)]
        if known:
            if known[0] != recall:
                raise Invalid("The source said something else under this number.", code="recall.conflict")
            return []
        self._memory.put_recall(recall, raw)
        onward = [Send(to, recall, raw) for to in self._neighbours(recall.source) if to != sender]
        return onward + (self._done(recall, at) if self._memory.copy(recall.what) else [])

    def _done(self, recall: Recall, at: datetime) -> list[Send]:
        """Do what a recall asks of the copy here, and acknowledge it."""
        held = self._memory.copy(recall.what)
        if held is None or held.source != recall.source:
            return []
        deed = Deed.WITHDRAWN if self._obey(held, recall).withdrawn else Deed.TIGHTENED
        said = Acknowledgement(
            source=recall.source, number=recall.number, what=recall.what, by=self.home, deed=deed,
            passed_to=tuple(sorted(self._memory.takers_of(recall.what))), at=int(at.timestamp()),
        )  # fmt: skip
        return self._upward(said, b"", but="")

    def _obey(self, held: Copy, recall: Recall) -> Copy:
        """What a recall makes of a copy: above TLP:GREEN, one that came by another State may not be here."""
        level = max(held.level, recall.level)
        stays = recall.kind == Kind.TIGHTEN and (held.direct or level <= Level.GREEN)
        now = replace(held, level=level) if stays else replace(held, withdrawn=held.withdrawn or recall.number)
        self._memory.put_copy(now)
        return now

    def _stands(self, sender: str, standing: Standing, raw: bytes) -> list[Send]:
        """Take the newest word of a source; ask whoever knows more, tell whoever knows less."""
        source, sends = standing.source, []
        newest = self._memory.standing(source)
        if newest is None or (standing.at, standing.number) > (newest[0].at, newest[0].number):
            self._memory.put_standing(standing, raw)
            sends = [Send(to, standing, raw) for to in self._neighbours(source) if to != sender]
        elif standing.number < newest[0].number:
            sends = [Send(sender, *newest)]
        complete = self._memory.complete(source)
        ask = Ask(source=source, after=complete, at=standing.at)
        # Once for each standing: a neighbour who hides recalls would otherwise be asked without end.
        if complete < standing.number and self._memory.first_time(encode(ask), sender):
            sends.append(Send(sender, ask))
        return sends

    def _answered(self, sender: str, ask: Ask) -> list[Send]:
        """What the asker lacks; to who has all that is known here, or asks by an older standing, only the newest standing.

        The same recalls go to one asker once in `_AGAIN` seconds: a question is short, and the answer to it is not.
        """
        newest = self._memory.standing(ask.source)
        if newest is None:
            return []
        if ask.after >= newest[0].number or ask.at < newest[0].at:
            return [Send(sender, *newest)]
        part = replace(ask, after=ask.after // _AT_ONCE, at=ask.at // _AGAIN)
        new = self._memory.first_time(b"answered " + encode(part), sender)
        return self._everything(ask.source, sender, after=ask.after) if new else []

    def _passing(self, sender: str, notice: Holding | Acknowledgement | Report, raw: bytes) -> list[Send]:
        """Towards the source, from those to whom it was handed here; kept there, if it is about what was shared or recalled."""
        if notice.source != self.home:
            return self._upward(notice, raw, but=sender) if sender in self._memory.takers_of(notice.what) else []
        held = self._memory.copy(notice.what)
        if held is None or held.source != self.home:
            return []
        if isinstance(notice, Acknowledgement) and not self._said(notice.number, notice.what):
            raise Invalid("There is no recall of this number about this object.", code="recall.number")
        self._memory.put_holder(notice.what, notice.by)
        if isinstance(notice, Acknowledgement):
            for holder in notice.passed_to:
                self._memory.put_holder(notice.what, holder)
            self._memory.put_acknowledgement(notice, raw)
        elif isinstance(notice, Report):
            self._memory.put_report(notice, raw)
        return []

    def _said(self, number: int, what: str) -> bool:
        return any(said.what == what for said, _ in self._memory.recalls(self.home, number - 1, number))

    def _upward(self, notice: AnyNotice, raw: bytes, *, but: str) -> list[Send]:
        """To all from whom anything of this source was had, once to each."""
        said, givers = encode(notice), sorted(set(self._memory.givers(notice.source)) - {but})
        return [Send(to, notice, raw) for to in givers if self._memory.first_time(said, to)]

    def _neighbours(self, source: str) -> list[str]:
        return sorted({*self._memory.givers(source), *self._memory.takers(source)} - {self.home})
