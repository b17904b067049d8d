"""What `comity law show` says of a book: as a whole, of a form of cooperation, of an offence."""

from __future__ import annotations

from datetime import date

from comity.casework.act import CROSSING
from comity.casework.lifecycle import TABLE
from comity.casework.measure import COERCIVE, LIVES, Measure
from comity.cli._paper import Paper
from comity.law.state import State
from comity.law.treaty import Treaty, TreatyOffence
from comity.wording import labels, lawbook, terms

# ── A treaty ────────────────────────────────────────────────────────────────────────────────────────────────────────


def treaty_head(paper: Paper, book: Treaty) -> None:
    """What a treaty's book has: its forms of cooperation and its offences."""
    speech, translate = paper.speech, paper.speech.translate
    paper.head(speech.basis(book.id), gap=False)
    if book.measures:
        paper.head(translate(labels.MEASURES))
    for name, rule in book.measures.items():
        paper.bullet(f"{speech.term(terms.MEASURES, name)} ({speech.code(name)}) · {speech.code(rule.provision)}")
    if book.offences:
        paper.head(translate(labels.OFFENCES))
    for code, offence in book.offences.items():
        paper.bullet(f"{speech.offence(code)} ({speech.code(code)}) · {speech.code(offence.provision)}")


def treaty_measure(paper: Paper, book: Treaty, asked: Measure) -> None:
    """Everything that a treaty's book says of a form of cooperation, and how a case of it can run."""
    speech, rule = paper.speech, book.measures[asked]
    paper.head(f"{speech.term(terms.MEASURES, asked)} ({speech.code(asked)}) · {speech.basis(book.id)}", gap=False)
    scopes = [f"{speech.code(scope)}: {speech.term(terms.SCOPES, scope)}" for scope in rule.scopes]
    paper.facts(labels.SCOPES, scopes or [speech.said(labels.OPTIONS["no-treaty"], {})])
    paper.fact(labels.DUAL_CRIMINALITY, speech.term(labels.DUAL, rule.dual_criminality))
    if rule.least_penalty is not None:
        paper.fact(labels.LEAST_PENALTY, speech.months(rule.least_penalty))
    if rule.follows:
        paper.fact(labels.FOLLOWS, speech.term(terms.MEASURES, rule.follows))
    _contents(paper, book, asked)
    _grounds(paper, book, asked)
    _duties(paper, book, asked)
    clocks = book.clocks_of[asked]
    if clocks:
        paper.head(speech.translate(labels.CLOCKS))
    for clock in clocks:
        paper.bullet(f"{lawbook.clock(speech, clock)} · {speech.code(clock.provision)}")
    _life(paper, asked)
    _citations(paper, book, asked)


def _contents(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech = paper.speech
    if book.contents_of[asked]:
        paper.head(speech.translate(labels.CONTENTS))
    for item in book.contents_of[asked]:
        if item.always_for:
            words = speech.listing([speech.term(terms.CATEGORIES, name) for name in item.always_for])
            need = speech.translate(labels.ALWAYS_FOR) % {"categories": words}
        else:
            need = speech.translate(labels.ALWAYS if item.always else labels.WHERE_APPLICABLE)
        paper.bullet(f"{speech.term(terms.CONTENTS, item.id)} ({need}) · {speech.code(item.provision)}")
        asks = speech.listing([f"{speech.field(name)} ({speech.code(name)})" for name in item.fields])
        several = item.one_suffices and len(item.fields) > 1
        paper.say(f"{asks}{f' ({speech.translate(labels.ONE_OF_THEM)})' if several else ''}", 4, "dim")


def _grounds(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech, found = paper.speech, book.grounds_of[asked]
    if found:
        paper.head(speech.translate(labels.GROUNDS))
    if book.measures[asked].closed_list:
        paper.say(speech.translate(labels.CLOSED_LIST))
    for stance, title in labels.GROUND_STANCES.items():
        named = [item for item in found if item.stance == stance]
        if named:
            paper.say(f"{speech.translate(title)}:")
        for item in named:
            paper.bullet(f"{speech.term(terms.GROUNDS, item.id)} · {speech.code(item.provision)}", 2)


def _duties(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech, found = paper.speech, [item for item in book.duties if asked in item.measures]
    if found:
        paper.head(speech.translate(labels.DUTIES))
    for bearer, title in labels.DUTIES_OF.items():
        named = [item for item in found if item.bearer == bearer]
        if named:
            paper.say(f"{speech.translate(title)}:")
        for item in named:
            paper.bullet(f"{speech.term(terms.DUTIES, item.id)} · {speech.code(item.provision)}", 2)


def _life(paper: Paper, asked: Measure) -> None:
    """How a case can run, with the acts of either State in the order of the lifecycle's table."""
    speech, life = paper.speech, LIVES[asked]
    paper.head(f"{speech.translate(labels.LIFE)}: {speech.term(labels.LIVES, life)} ({speech.code(life)})")
    if asked in COERCIVE:
        paper.say(speech.translate(labels.COERCIVE))
    paper.say(f"{speech.translate(labels.ACTS)}:")
    for side, title in labels.DUTIES_OF.items():
        paper.say(f"{speech.translate(title)}:", 2)
        rows = [step for step in TABLE if step.side == side and asked in step.measures]
        for kind, power in dict.fromkeys((step.kind, step.power) for step in rows):
            arrow = "→ " if kind in CROSSING else ""
            words = f"{speech.term(labels.KINDS, kind)} ({speech.code(kind)})"
            paper.bullet(f"{arrow}{words} · {speech.term(labels.POWERS, power)}", 4)


def _citations(paper: Paper, book: Treaty, asked: Measure) -> None:
    speech = paper.speech
    paper.head(speech.translate(labels.CITATIONS))
    for (measure, rule), cites in book.citations.items():
        if measure is asked:
            named = speech.listing([speech.code(name) for name in cites])
            paper.bullet(f"{speech.rule(rule)}: {named}")


def treaty_offence(paper: Paper, offence: TreatyOffence) -> None:
    """The elements of a treaty's offence, in whose words the States' lines stand."""
    speech = paper.speech
    paper.head(f"{speech.offence(offence.code)} ({speech.code(offence.code)})", gap=False)
    for label, words in (
        (labels.ELEMENTS, offence.elements),
        (labels.ONE_OF, offence.one_of),
        (labels.MAY_REQUIRE, offence.may_require),
    ):
        paper.fact(label, lawbook.elements(speech, words))
    if offence.same_as:
        paper.fact(labels.SAME_AS, f"{speech.offence(offence.same_as)} ({speech.code(offence.same_as)})")


# ── A State ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def state_head(paper: Paper, book: State, on: date) -> None:
    """What a State's book says of the State as a whole."""
    speech = paper.speech
    paper.head(speech.state(book.code), gap=False)
    paper.fact(labels.TIME_ZONE, speech.code(book.zone))
    paper.fact(labels.CALENDAR, speech.term(labels.CALENDARS, book.calendar))
    paper.fact(labels.REGION, speech.term(labels.REGIONS, book.region))
    paper.fact(labels.TRADITION, speech.listing([speech.term(labels.TRADITIONS, word) for word in book.tradition]))
    for week in book.lines(book.weeks, on):
        paper.fact(labels.WEEK, speech.listing([speech.term(labels.DAYS, day) for day in week.days]))
    names = [line.fa if speech.language == "fa" else line.en for line in book.lines(book.holidays, on)]
    paper.fact(labels.HOLIDAYS, speech.listing(list(dict.fromkeys(names))))
    others = [
        f"{speech.listing([speech.state(code) for code in line.partners])} · {speech.code(line.provision)}"
        for line in book.lines(book.treaties, on)
    ]
    if others:
        paper.facts(labels.OTHER_TREATIES, others)
    versions = [item for found in book.provisions.values() for item in found]
    numbers = {"provisions": str(len(versions)), "verified": str(sum(item.verified for item in versions))}
    paper.say(speech.said(labels.COUNTED, numbers))
