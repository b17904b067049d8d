"""Figures: what this State's acts come to, for its officers; and what of it is published, signed, once an officer says so.

A release is never taken back or replaced. Each is drawn with all earlier ones before it (`reporting.release.draw`), so that
what one of them hides, none of the later ones gives away. What a test call is, `desk.drills` publishes apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, Max

from comity.assistance.programme import Say, Stage
from comity.casework.act import Kind, Power
from comity.casework.moments import strict_moment
from comity.errors import BrokenSeal, Invalid, NotPossible
from comity.node import archive, models
from comity.node.desk import _record, programmes
from comity.node.settings import Settings
from comity.reporting import sdmx, tables, tally
from comity.reporting.axes import EXERCISE, OTHER, PARTNER, REAL, SUBJECT, Event, Key, check_quarter, edges, over
from comity.reporting.release import Release, draw
from comity.reporting.tally import Fact, Waits
from comity.seal import canon, envelope
from comity.seal.trust import Trust

QUARTERS: Final = 8  # how far back a first release may end
_BATCH: Final = 200  # cases read together
_KEPT: Final = 24 * 3600  # seconds for which own figures are remembered


# ── what is counted ─────────────────────────────────────────────────────────────────────────────────────────────────


def facts(settings: Settings) -> tuple[Fact, ...]:
    """All that can be counted of this State's cases and programmes, from the acts and words that it holds."""
    grounds = frozenset(
        ground.id
        for treaty in settings.books.treaties.values()
        for those in treaty.grounds_of.values()
        for ground in those
    )
    found: list[Fact] = []
    references = list(models.Case.objects.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(references), _BATCH):
        those = references[at : at + _BATCH]
        kept = _kept(settings, those)
        for reference, case in archive.load_all(those, home=settings.state).items():
            found += tally.of_case(case, home=settings.state, received=kept.get(reference), grounds=grounds)
    return (*found, *_of_programmes(settings))


def _kept(settings: Settings, references: list[str]) -> dict[str, datetime]:
    """When the requests of these cases were kept here, as their receipts say. Of own requests that is not looked up."""
    rows = models.Arrival.objects.filter(act__case__in=references, act__kind=Kind.REQUESTED)
    return dict(rows.exclude(act__by=settings.state).values_list("act__case", "at"))


def _of_programmes(settings: Settings) -> Iterator[Fact]:
    begun = models.Programme.objects.filter(stage__in=[Stage.RUNNING, Stage.COMPLETED, Stage.ENDED])
    for row in begun.order_by("pk"):
        words = programmes.history(row).programme.words
        start = next((word for word in words if word.say is Say.AGREED), None)
        if start is None:
            continue
        end = next((word for word in words if word.say in (Say.COMPLETED, Say.ENDED)), None)
        gives = row.offer[:2] == settings.state
        need = models.Listing.objects.filter(pk=row.need).first()
        counted = tally.Programme(
            reference=row.pk, partner=row.peer, gives=gives, topic=str(need.value["topic"]) if need else OTHER,
            begun=start.at, ended=max(end.at, start.at) if end else None, result=str(end.say) if end else "",
        )  # fmt: skip
        for fact in tally.of_programme(counted):
            yield replace(fact, nature=EXERCISE) if settings.exercise else fact


@dataclass(frozen=True)
class Group:
    """What happened, and how long it took.

    Args:
        event: what.
        direction: made by this State, or received.
        count: how often.
        waits: how long it took, where that is known.
    """

    event: Event
    direction: str
    count: int
    waits: Waits


@dataclass(frozen=True)
class Own:
    """This State's figures as they are, for its officers alone; of real cases, or of those of exercises.

    Args:
        nature: of which.
        groups: by event and direction.
        states: (direction, State) -> requests.
        measures: (direction, measure) -> requests.
        defects: (direction, field of a request) -> how often more was asked for about it.
    """

    nature: str
    groups: tuple[Group, ...]
    states: Mapping[tuple[str, str], int]
    measures: Mapping[tuple[str, str], int]
    defects: Mapping[tuple[str, str], int]


def own(settings: Settings) -> tuple[Own, ...]:
    """This State's own figures up to now, nothing hidden: real cases first, then those of exercises, if there are any.

    They are counted anew only when something has come that counts: all cases must be read for that.
    """
    name = f"figures-own-{settings.state}-{_counts()}"
    found: tuple[Own, ...] | None = cache.get(name)
    if found is None:
        found = _own_now(settings)
        cache.set(name, found, _KEPT)
    return found


def _counts() -> str:
    """Names what there is to count: acts and words are only ever added."""
    acts, words = (
        model.objects.aggregate(n=Count("pk"), last=Max("pk")) for model in (models.Act, models.ProgrammeWord)
    )
    listed = models.Listing.objects.aggregate(last=Max("at"))["last"]  # a need's topic may be said anew
    whole = canon.dumps([acts["n"], acts["last"], words["n"], words["last"], str(listed)])
    return hashlib.sha256(whole).hexdigest()


def _own_now(settings: Settings) -> tuple[Own, ...]:
    those = facts(settings)
    natures = [one for one in (REAL, EXERCISE) if one == REAL or any(fact.nature == one for fact in those)]
    return tuple(_own(one, [fact for fact in those if fact.nature == one]) for one in natures)


def _own(nature: str, those: list[Fact]) -> Own:
    kinds = _counted(those, lambda fact: (str(fact.event), fact.direction))
    groups = []
    for event in Event:
        for direction in sorted({kind[1] for kind in kinds if kind[0] == event}):
            part = [fact for fact in those if (fact.event, fact.direction) == (event, direction)]
            groups.append(Group(event, direction, len(part), tally.waits(part)))
    sent = [fact for fact in those if fact.event is Event.REQUESTED]
    return Own(
        nature, tuple(groups), _counted(sent, lambda fact: (fact.direction, fact.key[PARTNER])),
        _counted(sent, lambda fact: (fact.direction, fact.key[SUBJECT])),
        {key: len(found) for key, found in sorted(tally.defects(those).items())},
    )  # fmt: skip


def _counted(those: list[Fact], name: Callable[[Fact], tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for key in map(name, those):
        found[key] = found.get(key, 0) + 1
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


# ── what is published ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Preview:
    """A release that nobody has published yet.

    Args:
        release: what everybody would read.
        hidden: what it would not tell, with the figure as it is: for officers of this State alone.
    """

    release: Release
    hidden: tuple[tuple[Key, int], ...]

    @property
    def mark(self) -> str:
        """Names what is told, whenever it is drawn: an officer publishes what was shown, and nothing else."""
        said = {name: value for name, value in self.release.to_dict().items() if name != "drawn"}
        return hashlib.sha256(canon.dumps(said)).hexdigest()


def quarters(*, at: datetime) -> list[str]:
    """The quarters that a next release may end with, the newest first: those that are over, from where the last one stopped."""
    last = models.FiguresRelease.objects.order_by("number").values_list("through", flat=True).last() or ""
    return [period for period in over(at, QUARTERS) if "-" in period and period >= last]


def preview(settings: Settings, through: str, *, at: datetime) -> Preview:
    """The next release, as it would be if it were drawn now.

    Args:
        settings: the node's.
        through: the last quarter to cover, e.g. ``2026-Q3``.
        at: now.

    Raises:
        Invalid: ``figures.period``: no quarter, or one that is not over; ``figures.plan``: the last release went further.
        NotPossible: ``figures.exposed``: a small figure cannot be hidden, because of what was published before.
    """
    if edges(check_quarter(through))[1] > at:
        raise Invalid("A quarter is counted once it is over.", code="figures.period", where="through")
    those = facts(settings)
    earlier = [told(row) for row in models.FiguresRelease.objects.order_by("number")]
    release = draw(those, state=settings.state, through=through, at=at.replace(microsecond=0), earlier=earlier)
    exact = tables.figures(those, release.tables, through=through).counts
    hidden = tuple((key, exact.get(key, 0)) for key, value in sorted(release.cells.items()) if value is None)
    return Preview(release, hidden)


def publish(
    settings: Settings, through: str, *, seen: str, officer: models.Officer, at: datetime
) -> models.FiguresRelease:
    """Publish the next release, for good: nothing that was told is ever taken back.

    Args:
        settings: the node's.
        through: the last quarter to cover.
        seen: `Preview.mark` of what the officer was shown.
        officer: who publishes it.
        at: now.

    Raises:
        NotYours: he has no power to assist.
        NotPossible: ``figures.changed``: something was counted or published since; ``figures.exposed`` as `preview`.
        Invalid: as `preview`.
    """
    _record.needs(officer, Power.ASSIST)
    drawn = preview(settings, through, at=at)
    if drawn.mark != seen:
        raise NotPossible("The figures are not the ones that were shown.", code="figures.changed")
    said = drawn.release.to_dict()
    value = envelope.sign("figures", canon.dumps(said), sender=settings.state, to="", key=settings.signing)
    given = {"through": through, "at": at, "by": f"{officer.full_name}, {officer.office}", "value": value}
    row, fresh = models.FiguresRelease.objects.get_or_create(number=drawn.release.number, defaults=given)
    if not fresh:
        raise NotPossible("Another officer published figures at the same time.", code="figures.changed")
    return row


# ── what pages read ─────────────────────────────────────────────────────────────────────────────────────────────────


def newest() -> models.FiguresRelease | None:
    """The last release; None: nothing was published yet."""
    return models.FiguresRelease.objects.order_by("number").last()


def published() -> list[models.FiguresRelease]:
    """Every release, the newest first, without what it says."""
    return list(models.FiguresRelease.objects.defer("value").order_by("-number"))


def told(row: models.FiguresRelease) -> Release:
    """What a release of this State says."""
    return said(bytes(row.value))


@lru_cache(maxsize=16)
def said(value: bytes) -> Release:
    """What a release of any State says that was verified before it was kept."""
    payload = canon.unb64(canon.loads(value, limit=2 * sdmx.LIMIT)["payload"])
    return Release.from_dict(canon.loads(payload, limit=sdmx.LIMIT))


def read(value: bytes, trust: Trust) -> Release:
    """The release of any State in `value`, as `publish` signed it: so that whoever is pinned can be compared with.

    Args:
        value: the signed statement.
        trust: the grants to go by; the key must have been valid when the figures were drawn.

    Raises:
        BrokenSeal: it is not signed so, or by another State than the one whose figures it holds.
        Invalid: it is no release, or not plausible.
    """
    statement = envelope.verify(value, trust, kind="figures", at=_drawn, limit=2 * sdmx.LIMIT)
    release = Release.from_dict(canon.loads(statement.payload, limit=sdmx.LIMIT))
    if (statement.sender, statement.to) != (release.state, ""):
        raise BrokenSeal("A State signs its own figures, for everybody.", code="figures.sender", where="state")
    return release


def _drawn(payload: bytes) -> datetime:
    said: Any = canon.loads(payload, limit=sdmx.LIMIT)
    try:
        return strict_moment(said["drawn"])
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("These figures do not say when they were drawn.", code="figures.form", where="drawn") from error
