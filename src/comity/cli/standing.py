"""Who has joined which treaty on the command line: statuses, what binds two States, what is owed, what is counted.

The machine counts and orders; a person, or the Conference, decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from comity.casework.request import LIFE_MONTHS, Offence, Request, Scope
from comity.cli._asked import Asked, about_the_law, offence_of, write_json
from comity.cli._input import measure_of
from comity.cli._paper import Paper, plain
from comity.errors import Invalid
from comity.law import bond as between
from comity.law import conference, countdown, instrument, standing
from comity.law.basis import SERIOUS_MONTHS
from comity.law.book import Books
from comity.law.mechanism import Mechanism
from comity.law.owed import Authorities, Owed, owed
from comity.law.standing import Standing
from comity.wire.directory import read_entry
from comity.wording import labels
from comity.wording import mechanism as words
from comity.wording.speech import Speech

Basis = Annotated[str, typer.Option(help="The treaty, by the id of its book.")]


@about_the_law
def status(
    asked: Asked,
    one: Annotated[str, typer.Argument(help="A State, ISO code; if not given, everybody.")] = "",
    other: Annotated[str, typer.Argument(help="Another State, ISO code; if not given, ONE alone.")] = "",
    basis: Basis = "uncc",
    measure: Annotated[
        str, typer.Option(help="Also the order of choice for this form of cooperation; ONE asks OTHER.")
    ] = "",
    offence: Annotated[str, typer.Option(help="With --measure: the offence of a treaty, uncc:13.")] = "",
    months: Annotated[
        int | None,
        typer.Option(
            min=0, max=LIFE_MONTHS, help="With --measure: the maximum penalty in months, for any other crime."
        ),
    ] = None,
) -> None:
    """Say who has joined what on a day: everybody and one treaty, one State and every treaty, or what binds two States.

    It is computed from signatures, deposits, denunciations, reservations, objections and declarations, each with its source.
    """
    speech, day = asked.speech, asked.day
    if not other:
        if measure or offence or months is not None:
            raise Invalid("An order of choice needs two States.", code="cli.states", where="OTHER")
        _of_one(asked, _named(speech.books, one, "ONE")) if one else _of_all(asked, basis)
        return
    pair = _named(speech.books, one, "ONE"), _named(speech.books, other, "OTHER")
    if pair[0] == pair[1]:
        raise Invalid("Name two different States.", code="cli.states", where="OTHER")
    bonds = between.bonds(speech.books, *pair, day)
    options = _options(speech.books, pair, (measure, offence, months), day)
    if asked.as_json:
        write_json({"on": day, "states": pair, "bonds": [_bond_data(bond) for bond in bonds], "options": [
            plain(option) | {"usable": option.usable} for option in options
        ]})  # fmt: skip
        return
    paper = Paper(speech)
    paper.head(speech.listing([f"{speech.state(pair[0])} · {speech.state(pair[1])}", speech.day(day)]), gap=False)
    for bond in bonds:
        _print_bond(paper, bond, pair, day)
    _print_listed(paper, pair, day)
    if options:
        _print_options(paper, options, measure)


def _options(
    books: Books, pair: tuple[str, str], asked: tuple[str, str, int | None], on: date
) -> tuple[instrument.Option, ...]:
    """The instruments that could carry what is asked, in their order; none where no measure is named. Raises Invalid."""
    measure, offence, months = asked
    if not measure:
        if offence or months is not None:
            raise Invalid("Name the form of cooperation too.", code="cli.measure", where="--measure")
        return ()
    if not offence and months is None:
        text = "Whether an instrument reaches it depends on the crime: add --offence uncc:13, or --months 60."
        raise Invalid(text, code="cli.offence", where="--offence")
    code = offence_of(books, offence, "--offence") if offence else ""
    serious = months is not None and months >= SERIOUS_MONTHS
    request = Request(
        reference=f"{pair[0]}-{on.year}-0001",
        requesting=pair[0],
        requested=pair[1],
        measure=measure_of(measure, "--measure"),
        scope=Scope.OFFENCE if code else Scope.SERIOUS if serious else Scope.ANY,
        offence=Offence(code=code, max_penalty_months=months),
    )
    return instrument.options(request, books, on)


def _bond_data(bond: between.Bond) -> dict[str, Any]:
    return {
        "instrument": bond.treaty.id, "sha256": bond.treaty.sha256, "status": plain(bond.status),
        "reservations": plain(bond.reservations), "declarations": plain(bond.declarations),
        "objections": plain(bond.objections), "territories": plain(bond.territories), "closed": plain(bond.closed),
        "cites": plain(bond.cites),
    }  # fmt: skip


def _print_bond(paper: Paper, bond: between.Bond, pair: tuple[str, str], on: date) -> None:
    speech = paper.speech
    paper.head(speech.basis(bond.treaty.id))
    paper.say(speech.bond(bond))
    for code in pair:
        party = bond.treaty.parties.get(code)
        note = (party.fa if speech.language == "fa" else party.en) if party else ""
        if note:
            paper.bullet(f"{speech.state(code)}: {note}")
    said: list[tuple[str, Sequence[between.Said]]] = [
        (labels.RESERVATION_OF, bond.reservations),
        (labels.DECLARATION_OF, bond.declarations),
        (words.OBJECTION_OF, bond.objections),
        (words.TERRITORY_OF, bond.territories),
    ]
    for label, lines in said:
        for line in lines:
            text, sure = speech.provision(line.provision, on)
            paper.bullet(
                f"{speech.said(label, {'state': line.state})}: {text} · {speech.code(line.provision)} · {sure}"
            )


def _print_listed(paper: Paper, pair: tuple[str, str], on: date) -> None:
    """Treaties that one of the two lists in its own book, without a book of their own."""
    speech = paper.speech
    for code, partner in (pair, pair[::-1]):
        book = speech.books.states.get(code)
        if book is None:
            continue
        lines = book.lines(tuple(item for item in book.treaties if partner in item.partners), on)
        if lines:
            paper.head(speech.said(labels.LISTED_BY, {"state": code}))
        for line in lines:
            text, sure = speech.provision(line.provision, on)
            paper.bullet(f"{text} · {speech.code(line.provision)} · {sure}")


def _print_options(paper: Paper, options: tuple[instrument.Option, ...], measure: str) -> None:
    speech = paper.speech
    paper.head(speech.said(labels.ORDER, {"measure": measure}))
    for at, option in enumerate(options, 1):
        words = f"{speech.digits(at)}. {speech.basis(option.basis)}: {speech.translate(labels.USABLE[option.usable])}"
        paper.say(words)
        for reason in speech.reasons(option):
            paper.bullet(reason, 3)
    paper.head(speech.translate(labels.ORDER_NOTE), style="dim")


def _named(books: Books, code: str, where: str) -> str:
    """The State `code`, in capitals or not, on the roll or with a book. Raises Invalid (``law.state``)."""
    return books.named(code.upper()[:40], where)


def _of_all(asked: Asked, basis: str) -> None:
    """Everybody on the roll and one treaty."""
    speech, on = asked.speech, asked.day
    found = standing.standings(speech.books, basis, on)
    if asked.as_json:
        write_json({"on": on, "instrument": basis, "states": found})
        return
    paper = Paper(speech)
    paper.head(speech.listing([speech.said(words.STATUS_OF, {"treaty": basis}), speech.day(on)]), gap=False)
    for item in found:
        name = f"{speech.state(item.state)} ({speech.code(item.state)})"
        paper.bullet(speech.listing([name, *words.reported(speech, item), speech.translate(words.BOUND[item.bound])]))
        if item.listed:
            paper.say(speech.foreign(item.source), 2, "dim")
    counted = Counter(item.signature for item in found), Counter(item.instrument for item in found)
    params = {"count": len(found), "number": counted[0]["signed"], "deposits": counted[1]["deposited"]}
    paper.head(speech.said(words.COUNTED_STATES, {name: str(number) for name, number in params.items()}))
    entry = speech.books.treaty(basis).entry
    if entry is not None:
        paper.say(f"{speech.translate(words.LIST_SOURCE)} {speech.foreign(entry.source)}", style="dim")


def _of_one(asked: Asked, state: str) -> None:
    """One State and every treaty: what is known, and to how many others it is bound."""
    speech, on = asked.speech, asked.day
    books, found = speech.books, list[tuple[str, Standing, Counter[bool | None]]]()
    for basis in books.treaties:
        known = standing.standing(books, basis, state, on)
        if known is not None:
            others = between.partners(books, basis, state, on)
            found.append((basis, known, Counter(status.in_force for status in others.values())))
    if asked.as_json:
        write_json({"on": on, "state": state, "treaties": {
            basis: plain(known) | {"bound_to": count[True], "cannot_tell": count[None]} for basis, known, count in found
        }})  # fmt: skip
        return
    paper = Paper(speech)
    paper.head(speech.listing([speech.state(state), speech.day(on)]), gap=False)
    for basis, known, count in found:
        paper.head(speech.basis(basis))
        for line in (*words.reported(speech, known), speech.translate(words.BOUND[known.bound])):
            paper.bullet(line)
        paper.say(speech.said(words.BOUND_TO, {"count": str(count[True]), "number": str(count[None])}))
        note = known.fa if speech.language == "fa" else known.en
        if note:
            paper.say(note)
        elif known.signature == "unknown":
            paper.say(speech.said(words.NOTHING_KNOWN, {"known": known.known_on.isoformat()}))
        paper.say(speech.foreign(known.source), style="dim")


# ── What is owed ────────────────────────────────────────────────────────────────────────────────────────────────────


@about_the_law
def tell(
    asked: Asked,
    state: Annotated[str, typer.Argument(help="A State, ISO code, or an organisation.")],
    basis: Basis = "uncc",
    entry: Annotated[
        Path | None, typer.Option(help="Its signed directory entry: also say what that names already.")
    ] = None,
) -> None:
    """Say what a State tells the depositary: what is due, since when, what is known to be done, what it may still say."""
    speech, day = asked.speech, asked.day
    code = _named(speech.books, state, "STATE")
    found = owed(speech.books, basis, code, day, authorities=_authorities(entry, code))
    if asked.as_json:
        write_json({"on": day, "state": code, "instrument": basis, "notifications": found})
        return
    paper = Paper(speech)
    title = [speech.said(words.OWED_BY, {"state": code}), speech.basis(basis), speech.day(day)]
    paper.head(speech.listing(title), gap=False)
    for item in found:
        _print_owed(paper, item, day)


def _authorities(entry: Path | None, state: str) -> Authorities | None:
    """The authorities that the entry in this file names. Raises Invalid (``cli.file``, ``cli.state``), BrokenSeal."""
    if entry is None:
        return None
    try:
        found = read_entry(entry.read_bytes())
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}.", code="cli.file", where=str(entry)) from error
    if found.state != state:
        raise Invalid(f"This is the entry of {found.state}.", code="cli.state", where="--entry")
    return [(item.role, item.powers) for item in found.authorities]


def _print_owed(paper: Paper, item: Owed, on: date) -> None:
    speech, about = paper.speech, item.notification
    step = [speech.translate(words.STEPS[item.step])]
    if item.since:
        step.append(speech.said(words.SINCE, {"since": item.since.isoformat()}))
    paper.bullet(f"{speech.term(words.NOTIFICATIONS, about.id)}: {speech.listing(step)}")
    paper.say(speech.term(words.WHEN, about.when), 2)
    if about.only:
        paper.say(speech.term(words.ONLY, about.only), 2)
    if item.prepared is not None:
        paper.say(speech.translate(words.PREPARED[item.prepared]), 2)
    for name in item.cites:
        text, sure = speech.provision(name, on)
        paper.say(f"{speech.code(name)} · {sure} · {text}", 2, "dim")
    if item.told:
        paper.say(speech.foreign(item.told.source), 2, "dim")


# ── What is counted ─────────────────────────────────────────────────────────────────────────────────────────────────


@about_the_law
def counted(
    asked: Asked,
    basis: Annotated[str, typer.Argument(help="The treaty, by the id of its book.")] = "uncc",
    decision: Annotated[str, typer.Option(help="amendment or protocol: count the votes that follow.")] = "",
    yes: Annotated[str, typer.Option("--for", help="Who votes for it, ISO codes with commas.")] = "",
    no: Annotated[str, typer.Option("--against", help="Who votes against it.")] = "",
    abstain: Annotated[str, typer.Option(help="Who abstains.")] = "",
) -> None:
    """Count instruments down to the entry into force and say what the Conference may decide; or count votes for a decision."""
    speech, day = asked.speech, asked.day
    if decision:
        ballots = _ballots(speech.books, {"for": yes, "against": no, "abstain": abstain})
        result = conference.count(speech.books, basis, decision, ballots, day)
        if asked.as_json:
            write_json({"on": day, "instrument": basis, "decision": decision, "count": result})
            return
        paper = Paper(speech)
        paper.head(speech.term(words.DECISIONS, decision), gap=False)
        for line in (*words.votes(speech, result), speech.translate(words.MACHINE_COUNTS)):
            paper.say(line)
        return
    if yes or no or abstain:
        raise Invalid("Name the decision too.", code="cli.decision", where="--decision")
    (_count_json if asked.as_json else _print_count)(speech, basis, day)


def _ballots(books: Books, said: dict[str, str]) -> dict[str, str]:
    """The votes by State. Raises Invalid (``law.state``; ``cli.states``: one is named twice)."""
    found: dict[str, str] = {}
    for stance, text in said.items():
        for part in filter(None, (part.strip() for part in text.split(","))):
            code = _named(books, part, f"--{stance}")
            if code in found:
                raise Invalid(f"{code} votes once.", code="cli.states", where=f"--{stance}")
            found[code] = stance
    return found


def _count_json(speech: Speech, basis: str, on: date) -> None:
    books = speech.books
    mechanism = books.mechanisms.get(basis)
    write_json({
        "on": on, "instrument": basis, "countdown": countdown.countdown(books.treaty(basis), on),
        "first_meeting": conference.first_meeting(books, basis) if mechanism else None,
        "openings": {name: conference.opening(books, basis, name, on) for name in mechanism.decisions} if mechanism else {},
        "meetings": list(mechanism.meetings.values()) if mechanism else [],
        "documents": mechanism.documents if mechanism else [],
        "proposals": list(mechanism.proposals.values()) if mechanism else [],
        "positions": mechanism.positions if mechanism else [],
    })  # fmt: skip


def _print_count(speech: Speech, basis: str, on: date) -> None:
    paper, books = Paper(speech), speech.books
    paper.head(speech.listing([speech.said(words.COUNTDOWN, {"treaty": basis}), speech.day(on)]), gap=False)
    for line in words.countdown(speech, countdown.countdown(books.treaty(basis), on)):
        paper.bullet(line)
    mechanism = books.mechanisms.get(basis)
    if mechanism is None:
        return
    paper.say(words.first_meeting(speech, conference.first_meeting(books, basis)))
    for name in mechanism.decisions:
        paper.head(speech.term(words.DECISIONS, name))
        found = conference.opening(books, basis, name, on)
        for line in words.opening(speech, found):
            paper.say(line)
        for cite in found.cites:
            text, sure = speech.provision(cite, on)
            paper.say(f"{speech.code(cite)} · {sure} · {text}", 2, "dim")
    _print_meetings(paper, mechanism, on)
    _print_proposals(paper, mechanism, on)
    paper.head(speech.translate(words.MACHINE_COUNTS), style="dim")


def _print_meetings(paper: Paper, mechanism: Mechanism, on: date) -> None:
    speech = paper.speech
    paper.head(speech.translate(words.SESSIONS))
    for meeting in mechanism.meetings.values():
        if meeting.since > on:
            continue
        about = meeting.fa if speech.language == "fa" else meeting.en
        paper.bullet(f"{speech.day(meeting.since)} – {speech.day(meeting.until)}: {about}")
        paper.say(f"{speech.translate(words.REPORTS[meeting.sure])} · {speech.foreign(meeting.source)}", 2, "dim")
        for item in mechanism.documents:
            if item.meeting == meeting.id:
                name = item.fa if speech.language == "fa" else item.en
                sure = speech.translate(words.REPORTS[item.sure])
                paper.bullet(
                    " · ".join(part for part in (name, speech.code(item.symbol) if item.symbol else "", sure) if part),
                    2,
                )


def _print_proposals(paper: Paper, mechanism: Mechanism, on: date) -> None:
    speech = paper.speech
    paper.head(speech.translate(words.PROPOSALS))
    for proposal in mechanism.proposals.values():
        about = proposal.fa if speech.language == "fa" else proposal.en
        paper.bullet(f"{about} ({speech.term(words.DECISIONS, proposal.decision)})")
        paper.say(f"{speech.translate(words.REPORTS[proposal.sure])} · {speech.foreign(proposal.source)}", 2, "dim")
        for item in mechanism.stances(proposal.id, on):
            sure = speech.translate(words.REPORTS[item.sure])
            paper.bullet(f"{speech.state(item.state)}: {speech.translate(words.STANCES[item.stance])} · {sure}", 2)


COMMANDS: Final[dict[str, Callable[..., None]]] = {"status": status, "owed": tell, "count": counted}
