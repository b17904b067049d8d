"""Who has joined a treaty, what a State tells the depositary, and the Conference, as pages show them.

The values are those of the law room and of ``comity law``; only the form is a page's. A page counts; the Conference decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.safestring import SafeString

from comity.errors import Invalid
from comity.law import conference, countdown, owed, standing
from comity.law.book import Books
from comity.law.mechanism import Document, Mechanism, Meeting, Position, Proposal
from comity.law.owed import Owed
from comity.law.roll import Enrolled
from comity.law.standing import Standing
from comity.law.state import State
from comity.node.desk.standing import words as words_of
from comity.node.officers import judgement, reading
from comity.node.officers.judgement import Cite, Voice
from comity.node.settings import Settings
from comity.wire import standing as wire
from comity.wire.standing import Event, Word
from comity.wording import mechanism as words

_PERSIAN = " \u200cآابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


@dataclass(frozen=True)
class Own:
    """A State's own word: what it did on which day, how, its text and source, how it fits the list, what became of it."""

    digest: str
    event: str
    name: SafeString
    how: SafeString
    on: date
    about: SafeString
    text: SafeString
    language: str
    source: SafeString
    at: datetime
    beside: str
    verdict: SafeString
    undone: SafeString
    worded: bool


@dataclass(frozen=True)
class Row:
    """One State and one treaty: what is known, whether it is bound, what to know besides, its source, its own words."""

    code: str
    name: SafeString
    known: tuple[SafeString, ...]
    bound: bool | None
    verdict: SafeString
    note: SafeString
    source: SafeString
    own: tuple[Own, ...]


@dataclass(frozen=True)
class Told:
    """One notification: what it is, its step in words and as a class, remarks, and what it stands on."""

    name: SafeString
    step: str
    verdict: SafeString
    remarks: tuple[SafeString, ...]
    cites: tuple[Cite, ...]


@dataclass(frozen=True)
class Ruled:
    """One kind of decision: whether it can be proposed, in sentences, and what that stands on."""

    name: SafeString
    open: bool | None
    lines: tuple[SafeString, ...]
    cites: tuple[Cite, ...]


@dataclass(frozen=True)
class Report:
    """Something that happened, as reported: its words, how sure, from where, and what belongs to it."""

    text: SafeString
    days: tuple[date, ...]
    sure: SafeString
    source: SafeString
    parts: tuple[Report, ...] = ()
    lines: tuple[SafeString, ...] = ()


def alphabetical(name: str) -> list[int]:
    """The place of `name` in a list: Unicode has the letters that Persian adds to the Arabic ones at the end."""
    return [_PERSIAN.find(sign) + 1 or ord(sign) + len(_PERSIAN) for sign in name]


def names(books: Books, language: str) -> list[tuple[str, str]]:
    """Everybody on the roll and every State with a book, by code and name, in the order of the alphabet."""
    known: dict[str, Enrolled | State] = {**books.roll.states, **books.states}
    found = {code: item.fa if language == "fa" else item.en for code, item in known.items()}
    return sorted(found.items(), key=lambda item: alphabetical(item[1]))


def state_of(books: Books, code: str, where: str) -> str:
    """`code`, in capitals, when it is on the roll or has a book. Raises Invalid."""
    if not code:
        raise Invalid("Choose a State.", code="form.required", where=where)
    return books.named(code.strip().upper()[:10], where)


def rows(settings: Settings, basis: str, on: date) -> list[Row]:
    """What is known of everybody and the treaty `basis` on `on`. Raises Invalid (``law.basis``)."""
    voice = Voice()
    found = {item.state: item for item in standing.standings(settings.books, basis, on)}
    said = words_of(basis)
    return [
        _row(voice, found[code], own(settings, code, said.get(code, {})))
        for code, _ in names(settings.books, voice.language)
        if code in found
    ]


def own(settings: Settings, state: str, said: Mapping[str, Word]) -> tuple[Own, ...]:
    """A State's own words of itself, each beside the list of its treaty."""
    voice, undone, books = Voice(), wire.undone(said), settings.books
    found = []
    for digest, word in said.items():
        beside = standing.beside(books, word.treaty, state, word.event, word.on)
        ended, about = undone.get(digest), "" if word.event in wire.BACKWARD else word.about
        found.append(Own(
            digest=digest, event=str(word.event), name=SafeString(voice.term(words.EVENTS, word.event)),
            how=SafeString(voice.term(words.HOWS, word.how) if word.how else ""), on=word.on,
            about=SafeString(voice.state(about) if about else ""), text=SafeString(voice.foreign(word.text)),
            language=word.language, source=SafeString(voice.foreign(word.source)), at=word.at, beside=beside,
            verdict=SafeString(voice.term(words.BESIDE, beside)),
            undone=SafeString(voice.term(words.UNDONE, ended) if ended else ""), worded=word.event in wire.WORDED,
        ))  # fmt: skip
    return tuple(found)


def _row(voice: Voice, found: Standing, said: tuple[Own, ...]) -> Row:
    return Row(
        code=found.state,
        name=SafeString(voice.state(found.state)),
        known=tuple(SafeString(line) for line in words.reported(voice, found)),
        bound=found.bound,
        verdict=SafeString(voice.plain(voice.translate(words.BOUND[found.bound]))),
        note=SafeString(voice.plain(found.fa if voice.language == "fa" else found.en)),
        source=SafeString(voice.foreign(found.source) if found.listed else ""),
        own=said,
    )


def list_source(settings: Settings, basis: str) -> SafeString:
    """Where the whole list of `basis` comes from."""
    entry = settings.books.treaty(basis).entry
    return SafeString(Voice().foreign(entry.source) if entry else "")


def sums(settings: Settings, basis: str, on: date) -> dict[str, int]:
    """How many names there are, how many signed and deposited for sure, and of how many nothing is known."""
    found = standing.standings(settings.books, basis, on)
    signed = Counter(item.signature for item in found)
    deposited = Counter(item.instrument for item in found)
    unknown = sum((item.signature, item.instrument) == ("unknown", "unknown") for item in found)
    return {
        "names": len(found),
        "signed": signed["signed"],
        "deposited": deposited["deposited"],
        "reported": deposited["reported"],
        "unknown": unknown,
    }


def told(settings: Settings, basis: str, state: str, on: date) -> list[Told]:
    """What `state` tells the depositary of `basis`, what needs attention first. Raises Invalid."""
    entry = reading.own(settings) if state == settings.state else reading.peer(state)
    authorities = None if entry is None else [(item.role, item.powers) for item in entry.authorities]
    voice = Voice()
    found = owed.owed(settings.books, basis, state, on, authorities=authorities)
    return [_told(settings, voice, item, on) for item in found]


def _told(settings: Settings, voice: Voice, item: Owed, on: date) -> Told:
    about = item.notification
    remarks = [voice.term(words.WHEN, about.when)]
    if about.only:
        remarks.append(voice.term(words.ONLY, about.only))
    if item.since:
        remarks.append(voice.said(words.SINCE, {"since": item.since.isoformat()}))
    if item.prepared is not None:
        remarks.append(voice.plain(voice.translate(words.PREPARED[item.prepared])))
    if item.told:
        remarks.append(voice.foreign(item.told.source))
    return Told(
        name=SafeString(voice.term(words.NOTIFICATIONS, about.id)),
        step=item.step,
        verdict=SafeString(voice.term(words.STEPS, item.step)),
        remarks=tuple(SafeString(text) for text in remarks),
        cites=tuple(judgement.cite(settings, name, on) for name in item.cites),
    )


def counted(settings: Settings, basis: str, on: date) -> list[SafeString]:
    """The countdown of `basis` in sentences, and when the Conference first meets. Raises Invalid."""
    voice, books = Voice(), settings.books
    lines = words.countdown(voice, countdown.countdown(books.treaty(basis), on))
    lines += words.said_too(voice, _unlisted(books, basis, on))
    lines.append(words.first_meeting(voice, conference.first_meeting(books, basis)))
    return [SafeString(line) for line in lines]


def _unlisted(books: Books, basis: str, on: date) -> list[str]:
    """The States that say themselves that they have deposited by `on`, where the list does not have that."""
    found = []
    for state, said in words_of(basis).items():
        undone = wire.undone(said)
        came = [word for name, word in said.items() if word.event is Event.DEPOSITED and name not in undone]
        if any(
            word.on <= on and standing.beside(books, basis, state, word.event, word.on) != "agrees" for word in came
        ):
            found.append(state)
    return sorted(found)


def ruled(settings: Settings, basis: str, on: date) -> list[Ruled]:
    """What the Conference may decide on `on`, and by which majority. Raises Invalid."""
    voice, found = Voice(), []
    for name in settings.books.mechanism(basis).decisions:
        item = conference.opening(settings.books, basis, name, on)
        cites = tuple(judgement.cite(settings, cite, on) for cite in item.cites)
        lines = tuple(SafeString(line) for line in words.opening(voice, item))
        found.append(Ruled(SafeString(voice.term(words.DECISIONS, name)), item.open, lines, cites))
    return found


def meetings(settings: Settings, basis: str, on: date) -> list[Report]:
    """The sessions that began by `on`, the latest first, each with its documents. Raises Invalid."""
    voice, known = Voice(), settings.books.mechanism(basis)
    begun = sorted((item for item in known.meetings.values() if item.since <= on), key=lambda item: item.since)
    return [_meeting(voice, known, item) for item in reversed(begun)]


def _meeting(voice: Voice, known: Mechanism, item: Meeting) -> Report:
    documents = (line for line in known.documents if line.meeting == item.id)
    parts = tuple(_report(voice, line, [line.on] if line.on else []) for line in documents)
    return replace(_report(voice, item, [item.since, item.until]), parts=parts)


def proposals(settings: Settings, basis: str, on: date) -> list[Report]:
    """Every proposal with the positions known on `on`, and how they would count. Raises Invalid."""
    known = settings.books.mechanism(basis).proposals.values()
    return [_proposal(settings, basis, item, on) for item in known if not item.on or item.on <= on]


def _proposal(settings: Settings, basis: str, item: Proposal, on: date) -> Report:
    voice, books = Voice(), settings.books
    who = conference.voters(books, basis, on)
    lines: list[str] = [voice.said(words.NOBODY_VOTES, {})]
    if who.sure or who.open:
        ballots = conference.ballots(books, basis, item.id, on)
        lines = words.votes(voice, conference.count(books, basis, item.decision, ballots, on, final=False))
    parts = tuple(_position(voice, line) for line in books.mechanism(basis).stances(item.id, on))
    return replace(
        _report(voice, item, [item.on] if item.on else []), parts=parts, lines=tuple(SafeString(line) for line in lines)
    )


def _report(voice: Voice, item: Meeting | Document | Proposal, days: list[date]) -> Report:
    text = voice.plain(item.fa if voice.language == "fa" else item.en)
    sure = voice.term(words.REPORTS, item.sure)
    return Report(SafeString(text), tuple(days), SafeString(sure), SafeString(voice.foreign(item.source)))


def _position(voice: Voice, item: Position) -> Report:
    text = f"{voice.state(item.state)}: {voice.term(words.STANCES, item.stance)}"
    days = (item.since,) if item.since else ()
    sure = voice.term(words.REPORTS, item.sure)
    return Report(SafeString(text), days, SafeString(sure), SafeString(voice.foreign(item.source)))
