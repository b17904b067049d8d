"""The forms of needs, offers and the terms of programmes: what each asks for, what is filled in already, what was meant."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.assistance.needs import Attempt, Need, Offer, Published, Release
from comity.assistance.programme import Milestone, Terms
from comity.assistance.topics import ARTICLES, Condition, Development, Region, Topic, Unit
from comity.errors import ComityError, Invalid
from comity.node import models
from comity.node.desk import assistance, selfassessment
from comity.node.officers import almanac, answers, inputs, judgement, reading, words
from comity.node.officers.answers import Problem
from comity.node.officers.inputs import Input
from comity.node.settings import Settings
from comity.wire import assistance as wire
from comity.wording import assistance as wording
from comity.wording import labels

TOPICS: Final = words.shown(wording.TOPICS)
UNITS: Final = words.shown(wording.UNITS)
POSITIONS: Final = words.shown(wording.POSITIONS)
CONDITIONS: Final = words.shown(wording.CONDITIONS)
REGIONS: Final = words.shown(labels.REGIONS)
EVERYONE: Final = "everyone"
ROWS: Final = 3  # rows for milestones, and at least one that is empty
_MOST_ROWS: Final = 40
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_HALF_A_YEAR: Final = timedelta(days=182)
_COSTS: Final = _("In per cent.")
_ARTICLES: Final = Input(
    "articles",
    _("Articles of the Convention"),
    _("Separated by blanks. Left empty, those of the topic."),
    optional=True,
)
_TEXT: Final = Input("text", _("In words"), _("Whoever it is released to reads this as it is written."), "text")
_RELEASE: Final = Input(
    "release", _("Who may see it"), _("Nobody else is told anything of it, nor who else may see it."), "checks"
)
_REQUIRES: Final = Input("requires", _("Conditions on which"), "", "checks", optional=True)
_ACCEPTS: Final = Input("accepts", _("Conditions that would be accepted"), "", "checks", optional=True)
_UNIT: Final = Input("unit", _("Counted in"), "", "choice")
_UNITS: Final = Input("units", _("How many"))
_MAIN, _WHO, _MORE = _("What and when"), _("Who may see it"), _("More, if it matters")
GROUPS: Final[Mapping[str, tuple[tuple[str | Promise, tuple[Input, ...]], ...]]] = {
    wire.NEED: (
        (_MAIN, (
            Input("topic", _("What it is about"), "", "choice"), _UNIT, _UNITS,
            Input("by", _("Help must begin by"), "", "date"), _TEXT,
            Input("language", _("Language that serves best"), "", "choice"),
            Input("region", _("Regional group"), "", "choice"),
        )),
        (_WHO, (_RELEASE,)),
        (_MORE, (
            Input("languages", _("Other languages that serve"), "", "checks", optional=True),
            Input("development", _("Position in development, as this State states it"), "", "choice"),
            Input("source", _("Where the State states so"), "", optional=True),
            Input("pays", _("Part of the costs that this State can carry"), _COSTS),
            Input("tried", _("What was already tried"), "", "text", optional=True),
            Input("tried_year", _("In which year"), "", optional=True),
            Input("tried_partner", _("With which State"), "", "choice", optional=True),
            _ACCEPTS, replace(_REQUIRES, label=_("Conditions that help must come under")), _ARTICLES,
        )),
    ),
    wire.OFFER: (
        (_MAIN, (
            Input("topics", _("What it can help with"), "", "checks"), _UNIT, _UNITS,
            Input("starts", _("First day"), "", "date"), Input("ends", _("Last day"), "", "date"), _TEXT,
            Input("languages", _("Languages in which it is given"), "", "checks"),
        )),
        (_WHO, (_RELEASE,)),
        (_MORE, (
            Input("most", _("The most for one need"), "", optional=True),
            Input("share", _("Part of the costs that the receiving State carries"), _COSTS),
            Input("regions", _("Regional groups that it is meant for"), "", "checks"),
            Input("statuses", _("Positions in development that it is meant for"), "", "checks"),
            replace(_REQUIRES, label=_("Conditions on which it is given")), _ACCEPTS, _ARTICLES,
        )),
    ),
}  # fmt: skip
TERMS: Final = (
    _UNITS,
    Input("language", _("Language in which it is given"), "", "choice"),
    Input("starts", _("First day"), "", "date"),
    Input("ends", _("Last day"), "", "date"),
    Input("share", _("Part of the costs that the receiving State carries"), _COSTS),
    Input("conditions", _("Conditions that both keep to"), "", "checks", optional=True),
    Input("text", _("The rest, in words"), "", "text", optional=True),
)


@dataclass(frozen=True)
class Filling:
    """For what a form is made: the node, the day, the reader's language."""

    settings: Settings
    on: date
    language: str


def _languages(of: Filling, more: Sequence[str] = ()) -> list[tuple[str, str]]:
    del of
    return [(tag, judgement.language_name(tag)) for tag in dict.fromkeys((*words.LANGUAGES, *more))]


def _states(of: Filling) -> list[tuple[str, str]]:
    rows = models.Peer.objects.exclude(pk=of.settings.state).order_by("state").values_list("state", flat=True)
    return [(code, reading.state_name(of.settings, code, of.language)) for code in rows]


def _options(of: Filling, name: str, value: Any) -> Sequence[tuple[str, str | Promise]]:
    """What can be chosen for the input `name`; what is chosen already stays among it."""
    tags = value if isinstance(value, list) else [value] if value else []
    tables = {
        "topic": TOPICS, "topics": TOPICS, "unit": UNITS, "region": REGIONS, "regions": REGIONS, "development": POSITIONS,
        "statuses": POSITIONS, "accepts": CONDITIONS, "requires": CONDITIONS, "conditions": CONDITIONS,
    }  # fmt: skip
    if name in tables:
        return list(tables[name].items())
    if name in {"language", "languages"}:
        return _languages(of, tags)
    if name == "tried_partner":
        return _states(of)
    if name == "release":
        known = dict(_states(of))
        gone = [(code, reading.state_name(of.settings, code, of.language)) for code in tags if code not in known]
        named = [pair for pair in gone if pair[0] != EVERYONE]
        return [(EVERYONE, _("Everyone: every State, and the public")), *known.items(), *named]
    return ()


def _digits(of: Filling, number: int) -> str:
    return almanac.persian_digits(str(number)) if of.language == "fa" else str(number)


# ── needs and offers ────────────────────────────────────────────────────────────────────────────────────────────────


Groups = list[tuple[str | Promise, list[Input]]]


def form(of: Filling, kind: str, value: Published | None) -> Groups:
    """The form of a need or an offer by its parts, filled from `value`; for a new one from the last of this State."""
    filled = _shown(of, value) if value else _usual(of, kind)
    return [(title, [_filled(of, item, filled) for item in items]) for title, items in GROUPS[kind]]


def _filled(of: Filling, item: Input, filled: Mapping[str, Any]) -> Input:
    value = filled.get(item.name, [] if item.kind == "checks" else "")
    return replace(item, value=value, options=_options(of, item.name, value))


def _usual(of: Filling, kind: str) -> dict[str, Any]:
    """What a State's needs, or its offers, have in common; and what is meant where nothing is said."""
    last = models.Listing.objects.filter(state=of.settings.state, kind=kind).first()
    before = _shown(of, assistance.value_of(last)) if last else {}
    region = selfassessment.region_of(of.settings)
    kept = (
        "language",
        "languages",
        "region",
        "development",
        "source",
        "pays",
        "accepts",
        "release",
        "regions",
        "statuses",
    )
    usual: dict[str, Any] = {
        "pays": _digits(of, 0), "share": _digits(of, 0), "development": str(Development.UNSTATED), "language": of.language,
        "languages": [of.language] if kind == wire.OFFER else [], "regions": [str(one) for one in Region],
        "statuses": [str(one) for one in Development], "unit": str(Unit.PLACES),
        "region": str(region or ""),
    }  # fmt: skip
    return usual | {name: before[name] for name in kept if name in before}


def _shown(of: Filling, value: Published) -> dict[str, Any]:
    """`value` as it stands in the form."""
    found: dict[str, Any] = {"unit": str(value.unit), "units": _digits(of, value.units), "text": value.text}
    found["articles"] = " ".join(value.articles)
    for name in ("accepts", "requires"):
        found[name] = [str(one) for one in getattr(value, name)]
    found["release"] = [EVERYONE] if value.release.everyone else list(value.release.states)
    if isinstance(value, Need):
        tried = value.tried[0] if value.tried else None
        return found | {
            "topic": str(value.topic), "by": almanac.day_typed(value.by, of.language), "language": value.languages[0],
            "languages": list(value.languages[1:]), "region": str(value.region), "development": str(value.development),
            "source": value.source, "pays": _digits(of, value.pays), "tried": tried.what if tried else "",
            "tried_year": _digits(of, tried.year) if tried else "", "tried_partner": tried.partner if tried else "",
        }  # fmt: skip
    return found | {
        "topics": [str(one) for one in value.topics], "starts": almanac.day_typed(value.starts, of.language),
        "ends": almanac.day_typed(value.ends, of.language), "languages": list(value.languages),
        "most": _digits(of, value.most) if value.most else "", "share": _digits(of, value.share),
        "regions": [str(one) for one in value.regions], "statuses": [str(one) for one in value.statuses],
    }  # fmt: skip


def typed(groups: Groups, post: QueryDict) -> Groups:
    """The form with what was posted, exactly as typed."""
    return [(title, inputs.typed(items, post)) for title, items in groups]


def blamed(groups: Groups, error: ComityError) -> tuple[Groups, Problem | None]:
    """(the form with `error` at the field it is about, the problem when it is about none of them)."""
    names = {item.name for _title, items in groups for item in items}
    problem = replace(answers.problem(error), where=_field(error.where))
    if problem.where not in names:
        return groups, problem
    return [
        (title, [replace(item, problem=problem) if item.name == problem.where else item for item in items])
        for title, items in groups
    ], None


def _field(where: str) -> str:
    """The field of a form for the place that a value names: ``release.states`` -> ``release``."""
    if where == "tried.year":
        return "tried_year"
    first, _dot, rest = where.partition(".")
    return rest.partition(".")[0] if first == "terms" else first


def meant(of: Filling, groups: Groups, *, kind: str, reference: str, filed: date) -> Published:
    """The need or the offer that the form means. Raises Invalid, at the field that it is about."""
    said = {item.name: item.value for _title, items in groups for item in items}
    return _need(of, said, reference, filed) if kind == wire.NEED else _offer(of, said, reference, filed)


def _need(of: Filling, said: Mapping[str, Any], reference: str, filed: date) -> Need:
    topic = Topic(_chosen(said, "topic", TOPICS))
    best = _chosen(said, "language", dict(_languages(of, [said["language"]])))
    return Need(
        topic=topic, by=_day(of, said, "by"), languages=tuple(dict.fromkeys((best, *said["languages"]))),
        region=Region(_chosen(said, "region", REGIONS)), development=Development(_chosen(said, "development", POSITIONS)),
        source=_line(said, "source"), pays=_number(said, "pays"), tried=_tried(of, said),
        articles=_articles(said, (topic,)), **_both(of, said, reference, filed),
    )  # fmt: skip


def _offer(of: Filling, said: Mapping[str, Any], reference: str, filed: date) -> Offer:
    topics = tuple(Topic(one) for one in _ticked(said, "topics", TOPICS))
    return Offer(
        topics=topics, starts=_day(of, said, "starts"), ends=_day(of, said, "ends"), languages=tuple(said["languages"]),
        regions=tuple(Region(one) for one in _ticked(said, "regions", REGIONS)),
        statuses=tuple(Development(one) for one in _ticked(said, "statuses", POSITIONS)),
        most=_number(said, "most") if _line(said, "most") else None, share=_number(said, "share"),
        articles=_articles(said, topics), **_both(of, said, reference, filed),
    )  # fmt: skip


def _both(of: Filling, said: Mapping[str, Any], reference: str, filed: date) -> dict[str, Any]:
    named = said["release"]
    states = tuple(sorted(code for code in named if code != EVERYONE))
    return {
        "reference": reference, "state": of.settings.state, "filed": filed, "unit": Unit(_chosen(said, "unit", UNITS)),
        "units": _number(said, "units"), "text": said["text"].replace("\r\n", "\n").strip(),
        "requires": tuple(Condition(one) for one in _ticked(said, "requires", CONDITIONS)),
        "accepts": tuple(Condition(one) for one in _ticked(said, "accepts", CONDITIONS)),
        "release": Release(states, everyone=EVERYONE in named),
    }  # fmt: skip


def _tried(of: Filling, said: Mapping[str, Any]) -> tuple[Attempt, ...]:
    what = said["tried"].replace("\r\n", "\n").strip()
    if not what:
        return ()
    year = _number(said, "tried_year") if _line(said, "tried_year") else of.on.year
    if of.language == "fa" and 1300 <= year <= 1500:
        year += 621  # the Gregorian year in which a year of the Solar Hijri calendar begins
    return (Attempt(what, year, said["tried_partner"]),)


def _articles(said: Mapping[str, Any], topics: Sequence[Topic]) -> tuple[str, ...]:
    typed_ = re.split(r"[\s,،;؛]+", almanac.latin(said["articles"]))
    named = [one for one in typed_ if one] or [one for topic in topics for one in ARTICLES[topic]]
    return tuple(dict.fromkeys(named))


def _line(said: Mapping[str, Any], name: str) -> str:
    return str(said[name]).strip()


def _chosen(said: Mapping[str, Any], name: str, table: Mapping[str, Any]) -> str:
    if said[name] not in table:
        raise Invalid("Choose one of these.", code="form.choice", where=name)
    return str(said[name])


def _ticked(said: Mapping[str, Any], name: str, table: Mapping[str, Any]) -> list[str]:
    if set(said[name]) - set(table):
        raise Invalid("Choose among these.", code="form.choice", where=name)
    return [one for one in table if one in said[name]]


def _day(of: Filling, said: Mapping[str, Any], name: str) -> date:
    if not _line(said, name):
        raise Invalid("Fill this in.", code="form.required", where=name)
    return almanac.parse_day(said[name], where=name, language=of.language)


def _number(said: Mapping[str, Any], name: str) -> int:
    text = almanac.latin(str(said[name]))
    if not _NUMBER.fullmatch(text):
        raise Invalid("A whole number is needed here.", code="form.number", where=name)
    return int(text)


# ── the terms of a programme ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """A row for a milestone, as it is typed."""

    name: str = ""
    due: str = ""
    units: str = ""


@dataclass(frozen=True)
class TermsForm:
    """The terms of a programme as a form.

    Args:
        items: its inputs.
        rows: its rows for milestones.
        problem: what is wrong with the milestones, or None.
    """

    items: list[Input]
    rows: list[Row]
    problem: Problem | None = None


def proposed(of: Filling, need: Need, offer: Offer, units: int) -> TermsForm:
    """The form of the first terms, as need and offer suggest them: one milestone that brings all `units`."""
    starts = min(max(offer.starts, of.on), offer.ends)
    both = [tag for tag in need.languages if tag in offer.languages]
    asked = [one for one in Condition if one in need.requires or one in offer.requires]
    ends = min(offer.ends, starts + _HALF_A_YEAR)
    whole = Milestone(name=str(_("All of it")), due=ends, units=units)
    first = Terms(
        units=units, unit=need.unit, language=(both or list(offer.languages))[0], starts=starts, ends=ends,
        milestones=(whole,), share=offer.share, conditions=tuple(asked),
    )  # fmt: skip
    return terms_form(of, first)


def terms_form(of: Filling, terms: Terms) -> TermsForm:
    """The form filled with these terms, to be changed."""
    filled = {
        "units": _digits(of, terms.units), "language": terms.language, "text": terms.text,
        "starts": almanac.day_typed(terms.starts, of.language), "ends": almanac.day_typed(terms.ends, of.language),
        "share": _digits(of, terms.share), "conditions": [str(one) for one in terms.conditions],
    }  # fmt: skip
    rows = [
        Row(part.name, almanac.day_typed(part.due, of.language), _digits(of, part.units)) for part in terms.milestones
    ]
    return TermsForm([_filled(of, item, filled) for item in TERMS], _padded(rows))


def _padded(rows: list[Row]) -> list[Row]:
    return [*rows, *[Row()] * max(1, ROWS - len(rows))]


def terms_typed(empty: TermsForm, post: QueryDict) -> TermsForm:
    """The form with what was posted, exactly as typed."""
    columns = [post.getlist(f"milestone-{name}")[:_MOST_ROWS] for name in ("name", "due", "units")]
    rows = [Row(*cells) for cells in zip(*columns, strict=False) if any(cell.strip() for cell in cells)]
    return replace(empty, items=inputs.typed(empty.items, post), rows=_padded(rows))


def terms_blamed(filled: TermsForm, error: ComityError) -> tuple[TermsForm, Problem | None]:
    """(the form with `error` at the field it is about, the problem when it is about none of them)."""
    problem = replace(answers.problem(error), where=_field(error.where))
    if problem.where == "milestones":
        return replace(filled, problem=problem), None
    items, left = inputs.blamed(filled.items, error)
    if problem.where in {item.name for item in items}:
        items = [replace(item, problem=problem) if item.name == problem.where else item for item in items]
        left = None
    return replace(filled, items=items), left


def terms_meant(of: Filling, filled: TermsForm, unit: Unit) -> Terms:
    """The terms that the form means. Raises Invalid, at the field that it is about."""
    said = {item.name: item.value for item in filled.items}
    milestones = []
    for row in filled.rows:
        if row != Row():
            cells = {"milestones": row.units or "0"}
            due = almanac.parse_day(row.due, where="milestones", language=of.language)
            milestones.append(Milestone(name=row.name.strip(), due=due, units=_number(cells, "milestones")))
    return Terms(
        units=_number(said, "units"), unit=unit,
        language=_chosen(said, "language", dict(_languages(of, [said["language"]]))), starts=_day(of, said, "starts"),
        ends=_day(of, said, "ends"), milestones=tuple(milestones), share=_number(said, "share"),
        conditions=tuple(Condition(one) for one in _ticked(said, "conditions", CONDITIONS)),
        text=said["text"].replace("\r\n", "\n").strip(),
    )  # fmt: skip
