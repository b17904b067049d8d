"""Who could help whom: the best assignment over all open needs and offers, and what searching by hand would find.

What is best, in this order: (1) as many States as possible get something, so that nobody gets a second programme that
keeps another from its first; what is agreed counts; (2) the highest sum of points (`scoring`). What is agreed stays: it is
taken out of needs and offers before anything is computed, and no run can move it. Nothing is decided here: a match is a
proposal to two States.

Source: Articles 54(1) and 56; HiGHS (branch and bound, `_highs`). A run with the same input gives the same answer, in
whatever order the input comes, unless time runs out.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from comity.assistance._prices import Pair, Prices, Problem
from comity.assistance.conditions import possible
from comity.assistance.needs import NEED, OFFER, Need, Offer, Published, released
from comity.assistance.scoring import Part, parts
from comity.errors import Invalid, NotPossible, NotYours

SECONDS: Final = 8.0
FIRST_PAGE: Final = 10  # results of a search that a person looks at
_SEARCHED: Final = 500  # characters of a text
_SPLIT = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Agreed:
    """Units of an offer that are promised to a need already, by references; from `outcomes.held`."""

    need: str
    offer: str
    units: int

    def __post_init__(self) -> None:
        """Raises Invalid: no references of a need and an offer, or no units."""
        if not NEED.fullmatch(self.need) or not OFFER.fullmatch(self.offer) or self.units < 1:
            raise Invalid("What is agreed names a need, an offer and units.", code="match.agreed", where=self.need)


@dataclass(frozen=True, kw_only=True)
class Board:
    """What one State's node may look at when it matches.

    Args:
        home: ISO code of the State whose node asks.
        on: today.
        needs: open needs: those of `home`, and those that others released to it.
        offers: open offers, the same.
        agreed: what is agreed already, also on needs and offers that are no longer open.

    Raises:
        NotYours: something of another State that it has not released to `home`.
        Invalid: two of one reference.
    """

    home: str
    on: date
    needs: tuple[Need, ...]
    offers: tuple[Offer, ...]
    agreed: tuple[Agreed, ...] = ()

    def __post_init__(self) -> None:
        """Put everything in the order of references, and refuse what may not be looked at."""
        for name in ("needs", "offers"):
            found: tuple[Published, ...] = getattr(self, name)
            if len(released(found, to=self.home)) != len(found):
                raise NotYours("This was not released to this State.", code="match.unreleased", where=name)
            if len({item.reference for item in found}) != len(found):
                raise Invalid("Two have one reference.", code="match.twice", where=name)
            object.__setattr__(self, name, tuple(sorted(found, key=lambda item: item.reference)))

    @cached_property
    def need(self) -> Mapping[str, Need]:
        """The needs by reference."""
        return {need.reference: need for need in self.needs}

    @cached_property
    def offer(self) -> Mapping[str, Offer]:
        """The offers by reference."""
        return {offer.reference: offer for offer in self.offers}

    @cached_property
    def left(self) -> Mapping[str, int]:
        """Units of each need that are still open, by reference."""
        return _less(self.needs, ((each.need, each.units) for each in self.agreed))

    @cached_property
    def room(self) -> Mapping[str, int]:
        """Units of each offer that are still free, by reference."""
        return _less(self.offers, ((each.offer, each.units) for each in self.agreed))

    @cached_property
    def reached(self) -> frozenset[str]:
        """States that get something already."""
        return frozenset(each.need[:2] for each in self.agreed)


def _less(found: Sequence[Published], taken: Iterable[tuple[str, int]]) -> dict[str, int]:
    left = {item.reference: item.units for item in found}
    for reference, units in taken:
        if reference in left:
            left[reference] = max(0, left[reference] - units)
    return left


@dataclass(frozen=True)
class Match:
    """A proposal: this offer for this need.

    Args:
        need: reference.
        offer: reference.
        units: how many: all that are still open of the need.
        parts: what makes up its points.
        first: whether its State gets nothing else yet, so that the match stands for reaching it.
    """

    need: str
    offer: str
    units: int
    parts: tuple[Part, ...]
    first: bool

    @property
    def points(self) -> int:
        """The sum of its parts."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True)
class Proposal:
    """One way to assign: the matches, how many States get something new, and the sum of points."""

    matches: tuple[Match, ...]
    reached: int
    score: int


@dataclass(frozen=True)
class Plan:
    """The best assignment found, with its proof and two others beside it.

    Args:
        board: what was looked at.
        best: the assignment.
        most: no assignment reaches more new States than this.
        ceiling: no assignment that reaches as many States as `best` scores more, as the search of HiGHS shows.
        certified: the same, as whole-number arithmetic shows without trusting the search (`_prices.proved`); not below.
        problem: the same, as the solver had it.
        first: places of the pairs that `greedy` takes.
        prices: what each need, unit and State is worth; explanations stand on them.
        pairs: every possible pair, by references.
    """

    board: Board
    best: Proposal
    most: int
    ceiling: int
    certified: int
    problem: Problem
    first: tuple[int, ...]
    prices: Prices
    pairs: Mapping[tuple[str, str], Pair]

    @property
    def optimal(self) -> bool:
        """Whether it is proven that there is none better."""
        return self.best.reached == self.most and self.best.score == self.ceiling

    @property
    def gap(self) -> float:
        """By which part of the ceiling the score may fall short; 0.0: by nothing."""
        return (self.ceiling - self.best.score) / self.ceiling if self.ceiling else 0.0

    @cached_property
    def greedy(self) -> Proposal:
        """Beside it: the best pair first, one after the other; first programmes before second ones."""
        return _proposal(self.board, self.problem, self.first)

    @cached_property
    def keyword(self) -> Proposal:
        """Beside it: needs in the order of filing, each with the first offer that has room on the first page of a search.

        The search is among possible pairs alone, and ends after `SECONDS`.
        """
        return _proposal(self.board, self.problem, _keyword(self.board, self.problem, time.monotonic() + SECONDS))

    @cached_property
    def of_need(self) -> Mapping[str, Match]:
        """The match of each need that has one, by the need's reference."""
        return {match.need: match for match in self.best.matches}

    @cached_property
    def of_offer(self) -> Mapping[str, tuple[Match, ...]]:
        """The matches of each offer that has any, by the offer's reference."""
        found: dict[str, list[Match]] = defaultdict(list)
        for match in self.best.matches:
            found[match.offer].append(match)
        return {offer: tuple(matches) for offer, matches in found.items()}


def match(board: Board, *, seconds: float = SECONDS) -> Plan:
    """The best assignment on `board`, proven or with its gap.

    Args:
        board: what this State may look at.
        seconds: how long the solver may search, in all. What it has by then is taken, never less than `greedy`.

    Raises:
        NotPossible: the solver's answer breaks a limit (``match.broken``); nothing is proposed then.
    """
    from comity.assistance import _highs  # noqa: PLC0415  read by who solves: most processes never do

    end = time.monotonic() + seconds
    problem = _problem(board)
    greedy = _greedy(problem)
    start, most = _reach(problem, greedy, seconds / 4)
    reach = len(_states(problem, start))
    prices, used = _highs.relaxed(problem, reach, seconds=seconds / 4)
    start = max(start, _filled(problem, (), used), key=lambda each: _rank(problem, each))
    found = _highs.best(problem, reach, start=start, seconds=max(end - time.monotonic(), seconds / 4))
    chosen = max(
        (_filled(problem, each) for each in (found.chosen, start, greedy)),
        key=lambda each: _rank(problem, each),
    )
    _check(problem, chosen)
    return Plan(
        board=board,
        best=_proposal(board, problem, chosen),
        most=most,
        ceiling=max(min(found.ceiling, prices.ceiling), _score(problem, chosen)),
        certified=prices.ceiling,
        problem=problem,
        first=tuple(greedy),
        prices=prices,
        pairs={(board.needs[pair.need].reference, board.offers[pair.offer].reference): pair for pair in problem.pairs},
    )


def _problem(board: Board) -> Problem:
    """Every possible pair that there is room for, in the order of references."""
    by_kind = defaultdict(list)
    for place, offer in enumerate(board.offers):
        for topic in offer.topics:
            by_kind[topic, offer.unit].append(place)
    states = tuple(sorted({need.state for need in board.needs} - board.reached))
    number = {state: place for place, state in enumerate(states)}
    pairs = []
    for place, need in enumerate(board.needs):
        units = board.left[need.reference]
        for other in by_kind[need.topic, need.unit] if units else ():
            offer = board.offers[other]
            if units <= board.room[offer.reference] and possible(need, offer, on=board.on, units=units):
                points = sum(part.points for part in parts(need, offer, on=board.on))
                pairs.append(Pair(place, other, number.get(need.state, -1), units, points))
    room = tuple(board.room[offer.reference] for offer in board.offers)
    return Problem(tuple(pairs), room, len(board.needs), len(states))


def _reach(problem: Problem, greedy: Sequence[int], seconds: float) -> tuple[Sequence[int], int]:
    """(an assignment that reaches as many States as can be, the most that any can reach)."""
    reachable = {pair.state for pair in problem.pairs} - {-1}
    if len(_states(problem, greedy)) == len(reachable):
        return greedy, len(reachable)  # nobody could do more
    from comity.assistance import _highs  # noqa: PLC0415  as in `match`

    found = _highs.most_reached(problem, start=greedy, seconds=seconds)
    chosen = max((found.chosen, greedy), key=lambda each: len(_states(problem, each)))
    return chosen, max(min(found.ceiling, len(reachable)), len(_states(problem, chosen)))


def _greedy(problem: Problem) -> list[int]:
    """The best pair first; but first programmes of States come before second ones."""
    chosen: list[int] = []
    room, met, reached = list(problem.room), set[int](), {-1}
    for place in _by_points(problem):
        pair = problem.pairs[place]
        if pair.state not in reached and pair.need not in met and pair.units <= room[pair.offer]:
            reached.add(pair.state)
            _take(pair, room, met)
            chosen.append(place)
    return _filled(problem, chosen)


def _by_points(problem: Problem) -> list[int]:
    return sorted(range(len(problem.pairs)), key=lambda place: -problem.pairs[place].points)


def _take(pair: Pair, room: list[int], met: set[int]) -> None:
    room[pair.offer] -= pair.units
    met.add(pair.need)


def _filled(problem: Problem, chosen: Sequence[int], hints: Iterable[int] = ()) -> list[int]:
    """`chosen`, and what still fits beside it: `hints` in their order, then the best first. Nothing possible is left lying."""
    whole = list(chosen)
    room, met = list(problem.room), set[int]()
    for place in chosen:
        _take(problem.pairs[place], room, met)
    for place in (*hints, *_by_points(problem)):
        pair = problem.pairs[place]
        if pair.need not in met and pair.units <= room[pair.offer]:
            _take(pair, room, met)
            whole.append(place)
    return whole


def words(found: Published) -> frozenset[str]:
    """The words by which a search would find it: its topics and how its text begins, of three letters and more."""
    topics = found.topics if isinstance(found, Offer) else (found.topic,)
    return frozenset(_SPLIT.findall(" ".join((*topics, found.text[:_SEARCHED])).casefold()))


def _keyword(board: Board, problem: Problem, end: float) -> list[int]:
    """What a person finds in a list today: each need in the order of filing, the first page of results by words shared.

    Args:
        board: what is looked at.
        problem: its possible pairs; others are no results.
        end: when to stop, by the monotonic clock.
    """
    candidates = defaultdict(list)
    for place, pair in enumerate(problem.pairs):
        candidates[pair.need].append(place)
    holding = {place: words(board.offers[place]) for place in {pair.offer for pair in problem.pairs}}
    room, met, chosen = list(problem.room), set[int](), []
    for need in sorted(candidates, key=lambda place: (board.needs[place].filed, place)):
        if time.monotonic() > end:
            break
        wanted = words(board.needs[need])
        shared = {place: len(wanted & holding[problem.pairs[place].offer]) for place in candidates[need]}
        results = sorted(filter(shared.get, shared), key=lambda place: (-shared[place], place))[:FIRST_PAGE]
        for place in results:
            pair = problem.pairs[place]
            if pair.units <= room[pair.offer]:
                _take(pair, room, met)
                chosen.append(place)
                break
    return chosen


def _states(problem: Problem, chosen: Iterable[int]) -> set[int]:
    return {problem.pairs[place].state for place in chosen} - {-1}


def _rank(problem: Problem, chosen: Sequence[int]) -> tuple[int, int]:
    """What assignments are compared by: States reached, then points."""
    return len(_states(problem, chosen)), _score(problem, chosen)


def _score(problem: Problem, chosen: Iterable[int]) -> int:
    return sum(problem.pairs[place].points for place in chosen)


def _check(problem: Problem, chosen: Sequence[int]) -> None:
    """Raises NotPossible: a need is met twice, or an offer gives more than it has. In whole numbers, by no tolerance."""
    room, met = list(problem.room), set[int]()
    for place in chosen:
        _take(problem.pairs[place], room, met)
    if min(room, default=0) < 0 or len(met) != len(chosen):
        raise NotPossible("The solver's answer breaks a limit; nothing is proposed.", code="match.broken")


def _proposal(board: Board, problem: Problem, chosen: Sequence[int]) -> Proposal:
    matches, firsts = [], set[int]()
    for place in sorted(
        chosen, key=lambda place: (-problem.pairs[place].points, place)
    ):  # the best one counts as first
        pair = problem.pairs[place]
        need, offer = board.needs[pair.need], board.offers[pair.offer]
        first = pair.state >= 0 and pair.state not in firsts
        firsts.add(pair.state)
        matches.append(Match(need.reference, offer.reference, pair.units, parts(need, offer, on=board.on), first))
    matches.sort(key=lambda each: each.need)
    return Proposal(tuple(matches), len(firsts - {-1}), _score(problem, chosen))
