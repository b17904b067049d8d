"""What the pages of assistance read: needs, offers, programmes, what was counted, and why two fit or do not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from comity.assistance import outcomes
from comity.assistance import programme as room
from comity.assistance.conditions import Obstacle
from comity.assistance.explain import Reason, explain
from comity.assistance.match import Board, Plan, match
from comity.assistance.needs import Need, Published
from comity.assistance.outcomes import Aftermath, Outcome
from comity.assistance.outcomes import Standing as Stands
from comity.assistance.programme import Programme, Say
from comity.assistance.scoring import Part
from comity.node import models
from comity.node.desk import assistance, programmes
from comity.node.officers import almanac, judgement, markup, reading, words
from comity.node.officers.helpforms import CONDITIONS, POSITIONS, REGIONS, TOPICS, UNITS
from comity.node.settings import Settings
from comity.wire.assistance import History
from comity.wording import assistance as wording

SECONDS: Final = 4.0  # that a page waits for the solver
OBSTACLES: Final = words.shown(wording.OBSTACLES)
REASONS: Final = words.shown(wording.REASONS)
PROOFS: Final = words.shown(wording.PROOFS)
SCORES: Final = words.shown(wording.SCORES)
KINDS: Final = {"need": _("Need"), "offer": _("Offer")}
STAGES: Final[Mapping[str, tuple[str, Promise]]] = {
    "draft": ("nobodys", _("draft")),
    "open": ("passed", _("open")),
    "withdrawn": ("failed", _("withdrawn")),
    "closed": ("done", _("closed")),
}
TURNS: Final[Mapping[str, Promise]] = {
    "kept": _("kept as a draft"),
    "opened": _("published"),
    "revised": _("changed"),
    "withdrawn": _("withdrawn"),
    "closed": _("closed"),
}
STANDINGS: Final[Mapping[str, tuple[str, Promise]]] = {
    "new": ("nobodys", _("nothing was said yet")),
    "proposed": ("warning", _("proposed")),
    "running": ("ours", _("running")),
    "declined": ("failed", _("declined")),
    "withdrawn": ("failed", _("proposal withdrawn")),
    "completed": ("passed", _("completed")),
    "ended": ("unknown", _("ended early")),
}
SAID: Final[Mapping[str, Promise]] = {
    "proposed": _("Terms proposed"),
    "agreed": _("Terms agreed to"),
    "declined": _("Proposal declined"),
    "withdrawn": _("Proposal withdrawn"),
    "delivered": _("Milestone delivered"),
    "confirmed": _("Delivery confirmed"),
    "disputed": _("Delivery disputed"),
    "completed": _("Programme completed"),
    "ended": _("Programme ended early"),
    "evaluated": _("Evaluation"),
}
VERBS: Final[Mapping[str, Promise]] = {
    "agreed": _("Agree to these terms"),
    "declined": _("Decline"),
    "withdrawn": _("Withdraw the proposal"),
    "delivered": _("Say that it was delivered"),
    "confirmed": _("Confirm the delivery"),
    "disputed": _("Dispute the delivery"),
    "completed": _("Complete the programme"),
    "ended": _("End it early"),
    "evaluated": _("Evaluate"),
}
_IDS: Final = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True)
class Listed:
    """A need or an offer, for people.

    Args:
        row: as it is kept.
        held: units of it that programmes hold.
    """

    row: models.Listing
    held: int

    @cached_property
    def value(self) -> Published:
        """What it says."""
        return assistance.value_of(self.row)

    @property
    def topics(self) -> list[Promise]:
        """What it is about, in words."""
        found = self.value
        return [TOPICS[one] for one in ((found.topic,) if isinstance(found, Need) else found.topics)]

    @property
    def unit(self) -> Promise:
        """What is counted, in words."""
        return UNITS[self.value.unit]

    @property
    def left(self) -> int:
        """Units that no programme holds."""
        return max(0, self.value.units - self.held)

    @property
    def stage(self) -> tuple[str, Promise]:
        """(style, word) of where it stands."""
        return STAGES[self.row.stage]

    @property
    def kind(self) -> Promise:
        """Need or offer."""
        return KINDS[self.row.kind]

    @property
    def languages(self) -> str:
        """Names of its languages."""
        return joined([judgement.language_name(tag) for tag in self.value.languages])

    @property
    def regions(self) -> list[Promise]:
        """Regional groups."""
        found = self.value
        return [REGIONS[one] for one in ((found.region,) if isinstance(found, Need) else found.regions)]

    @property
    def positions(self) -> list[Promise]:
        """Positions in development."""
        found = self.value
        return [POSITIONS[one] for one in ((found.development,) if isinstance(found, Need) else found.statuses)]

    @property
    def requires(self) -> list[Promise]:
        """Its conditions."""
        return [CONDITIONS[one] for one in self.value.requires]

    @property
    def accepts(self) -> list[Promise]:
        """Conditions that it accepts."""
        return [CONDITIONS[one] for one in self.value.accepts]

    @property
    def turns(self) -> list[tuple[Promise, str, str]]:
        """(what was done, by whom, when) of this State's own."""
        return [(TURNS[turn], by, at) for turn, by, at in self.row.turns]

    @property
    def aftermath(self) -> Aftermath:
        """What stands of it, should it be withdrawn, or now that it is."""
        return programmes.aftermath(self.row.pk)


def joined(names: Sequence[object]) -> SafeString:
    """Names in one line, escaped, parted as the page's language does."""
    return SafeString(
        ("، " if markup.language() == "fa" else ", ").join(conditional_escape(str(name)) for name in names)
    )


@dataclass(frozen=True)
class Wanted:
    """What the list shows: filters by kind, topic, whose, and stage; empty: all."""

    kind: str = ""
    topic: str = ""
    whose: str = ""
    stage: str = ""


def listed(settings: Settings, wanted: Wanted) -> list[Listed]:
    """Needs and offers that this State may see, the newest first."""
    rows = models.Listing.objects.all()
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.whose == "own":
        rows = rows.filter(state=settings.state)
    elif wanted.whose == "others":
        rows = rows.exclude(state=settings.state)
    if wanted.stage:
        rows = rows.filter(stage=wanted.stage)
    units = _held()
    found = [Listed(row, units[row.pk]) for row in rows]
    topics = {row.row.pk: ((row.value.topic,) if isinstance(row.value, Need) else row.value.topics) for row in found}
    return [one for one in found if not wanted.topic or wanted.topic in topics[one.row.pk]]


def _held() -> defaultdict[str, int]:
    units: defaultdict[str, int] = defaultdict(int)
    for row in models.Programme.objects.all():
        units[row.need] += row.of_need
        units[row.offer] += row.of_offer
    return units


def one(reference: str) -> Listed | None:
    """A need or an offer, or None."""
    row = models.Listing.objects.filter(pk=reference).first()
    return Listed(row, programmes.held(reference)) if row else None


# ── programmes ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Running:
    """A programme, for people.

    Args:
        row: as it is kept.
        history: its words, and what stands.
        home: this State.
    """

    row: models.Programme
    history: History
    home: str

    @property
    def programme(self) -> Programme:
        """What stands."""
        return self.history.programme

    @property
    def stage(self) -> tuple[str, Promise]:
        """(style, word) of where it stands."""
        return STANDINGS[self.programme.stage]

    @property
    def standing(self) -> Stands:
        """What stands of it, in units."""
        return outcomes.standing(self.programme)

    @property
    def conditions(self) -> list[Promise]:
        """Conditions that go on binding."""
        return [CONDITIONS[each] for each in self.standing.conditions]

    @property
    def terms(self) -> room.Terms | None:
        """The terms agreed to last; before, those proposed."""
        pending = self.programme.pending
        return self.programme.terms or (pending[1] if pending else None)

    @property
    def unit(self) -> str | Promise:
        """What is counted, in words."""
        return UNITS[self.terms.unit] if self.terms else ""

    @property
    def side(self) -> room.Side:
        """This State's side."""
        return "giving" if self.programme.giving == self.home else "receiving"

    @property
    def milestones(self) -> list[tuple[room.Milestone, room.Word | None]]:
        """(milestone, what was last said of it)."""
        said = dict(self.programme.reached)
        return [(part, said.get(part.name)) for part in self.terms.milestones] if self.terms else []

    @property
    def words(self) -> list[tuple[room.Word, Promise, str, str]]:
        """(word, what it is called, this State's officer or empty, why it does not count or empty), in order."""
        officers = dict(self.row.words.values_list("digest", "officer"))
        return [
            (word, SAID[word.say], officers.get(digest, ""), self.history.crossed.get(digest, ""))
            for digest, word in self.history.order
        ]

    @property
    def steps(self) -> list[Say]:
        """What this State may say next, without what cannot hold."""
        found = self.programme
        pending = found.pending[0] if found.pending else ""
        waits = any(word and word.say is Say.DELIVERED for _part, word in self.milestones)
        confirmed = all(word and word.say is Say.CONFIRMED for _part, word in self.milestones)
        spoken = any(word.say is Say.EVALUATED and word.by == self.home for word in found.words)
        open_ = {
            Say.AGREED: pending not in {"", self.home}, Say.DECLINED: pending not in {"", self.home},
            Say.WITHDRAWN: pending == self.home, Say.CONFIRMED: waits, Say.DISPUTED: waits, Say.COMPLETED: confirmed,
            Say.EVALUATED: not spoken, Say.DELIVERED: not confirmed,
        }  # fmt: skip
        return [say for say in dict.fromkeys(room.steps(found, side=self.side)) if open_.get(say, True)]


def running(settings: Settings, reference: str) -> Running | None:
    """A programme, or None."""
    row = models.Programme.objects.filter(pk=reference).first()
    return Running(row, programmes.history(row), settings.state) if row else None


@dataclass(frozen=True)
class Outline:
    """A programme in a list, by its row alone."""

    row: models.Programme

    @property
    def giving(self) -> str:
        """The State that helps."""
        return self.row.offer[:2]

    @property
    def receiving(self) -> str:
        """The State in need."""
        return self.row.need[:2]

    @property
    def stage(self) -> tuple[str, Promise]:
        """(style, word) of where it stands."""
        return STANDINGS[self.row.stage]

    @property
    def unit(self) -> str | Promise:
        """What is counted, in words."""
        return UNITS[self.row.unit] if self.row.unit else ""


def all_running(*, of: str = "") -> list[Outline]:
    """Every programme, or those that follow from a need or an offer; the newest first."""
    rows = models.Programme.objects.all()
    if of:
        rows = rows.filter(need=of) | rows.filter(offer=of)
    return [Outline(row) for row in rows]


def counted(found: Sequence[Outline]) -> list[tuple[Outcome, Promise]]:
    """(outcome, what is counted) of programmes that are over; only their words are read."""
    over = [programmes.history(each.row).programme for each in found if each.row.stage in room.OVER]
    return [(outcomes.outcome(each), UNITS[each.terms.unit]) for each in over if each.terms]


def sums(found: Sequence[tuple[Outcome, Promise]], home: str) -> list[tuple[Promise, int, int]]:
    """(what is counted, units this State was given, units it gave) over outcomes; nothing but what was confirmed counts."""
    given: dict[str, list[int]] = {}
    for each, _unit in found:
        both = given.setdefault(each.unit, [0, 0])
        both[each.giving == home] += each.confirmed
    return [(UNITS[unit], both[0], both[1]) for unit, both in given.items()]


# ── matching ────────────────────────────────────────────────────────────────────────────────────────────────────────


def plan(settings: Settings, *, on: date) -> Plan:
    """The best assignment of what this State may see."""
    board = Board(
        home=settings.state, on=on, needs=assistance.open_needs(), offers=assistance.open_offers(),
        agreed=programmes.agreed(settings),
    )  # fmt: skip
    return match(board, seconds=SECONDS)


@dataclass(frozen=True)
class Why:
    """Why this State's need or offer and another's were matched or not.

    Args:
        need: reference of the need.
        offer: reference of the offer.
        state: the other State.
        reason: in codes and numbers.
        settings: the node's.
    """

    need: str
    offer: str
    state: str
    reason: Reason
    settings: Settings

    @property
    def other(self) -> str:
        """The other State's reference."""
        return self.need if self.need[:2] == self.state else self.offer

    @property
    def word(self) -> SafeString:
        """What became of the pair."""
        return sentence(
            REASONS[self.reason.why],
            {"room": _units(self.reason.room), "units": _units(self.reason.units)},
        )

    @property
    def against(self) -> list[SafeString]:
        """Each thing in the way."""
        return [obstacle(self.settings, each) for each in self.reason.obstacles]

    @property
    def proof(self) -> SafeString | str:
        """What is proven of a pair that is possible and not proposed."""
        if not self.reason.at_most or self.reason.why == "pair.matched":
            return ""
        code = "settled" if self.reason.settled else "open"
        numbers = {"at_most": _units(self.reason.at_most), "score": _units(self.reason.score)}
        return sentence(PROOFS[code], numbers)


def reasons(settings: Settings, found: Plan, about: str) -> list[Why]:
    """Why this State's need or offer `about` fits what others have or ask for, or does not; what fits best first."""
    board = found.board
    pairs = (
        [(about, offer.reference) for offer in board.offers if offer.state != settings.state]
        if about in board.need
        else [(need.reference, about) for need in board.needs if need.state != settings.state]
    )
    explained = [
        Why(need, offer, need[:2] if need != about else offer[:2], explain(found, need, offer, reader=settings.state),
            settings)
        for need, offer in pairs
    ]  # fmt: skip
    order = {"pair.agreed": 0, "pair.matched": 1}
    return sorted(
        explained,
        key=lambda each: (
            order.get(each.reason.why, 2), len(each.reason.obstacles), -each.reason.points, each.need, each.offer
        ),
    )  # fmt: skip


def proof(found: Plan) -> SafeString:
    """What is proven of the whole assignment."""
    code = "optimal" if found.optimal else "gap"
    return sentence(PROOFS[code], {"ceiling": _units(found.ceiling), "score": _units(found.best.score)})


def parts(found: Sequence[Part]) -> list[tuple[str, Promise]]:
    """(points, why) of each part of a score."""
    return [(_signed(part.points), SCORES[part.code]) for part in found]


def _signed(points: int) -> str:
    return markup.digits(f"+{points}" if points > 0 else f"−{-points}")


def _units(number: int) -> str:
    return markup.digits(number)


def sentence(text: str | Promise, values: Mapping[str, str]) -> SafeString:
    """`text` with its values, all of them escaped."""
    escaped = {name: conditional_escape(value) for name, value in values.items()}
    return SafeString(str(conditional_escape(str(text))) % escaped)


def obstacle(settings: Settings, found: Obstacle) -> SafeString:
    """What stands in the way, in words."""
    sides = {"needs": found.needs, "offers": found.offers}
    return sentence(OBSTACLES[found.code], {name: _values(settings, ids) for name, ids in sides.items()})


def _values(settings: Settings, ids: Sequence[str]) -> SafeString:
    escaped = [conditional_escape(_value(settings, one)) for one in ids] or [conditional_escape(now("none"))]
    return SafeString(joined(escaped))


def _value(settings: Settings, text: str) -> str | SafeString:
    """A value of an obstacle in words: the name of an id, a State, a language, a day, or a number."""
    for table in (TOPICS, UNITS, REGIONS, POSITIONS, CONDITIONS):
        if text in table:
            return str(table[text])
    if text.isdigit():
        return markup.digits(text)
    if re.fullmatch(r"[A-Z]{2}", text):
        return markup.inert(reading.state_name(settings, text, markup.language()))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return almanac.day_words(date.fromisoformat(text), markup.language())
    return judgement.language_name(text) if _IDS.fullmatch(text) else markup.inert(text)
