"""The checks of an exported case: that its acts are what both States signed, in an order that may be, and are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from comity.casework.act import SKEW
from comity.casework.lifecycle import CROSSING, Act, Case, Kind, advance, open_case
from comity.casework.release import by_leave
from comity.casework.request import Request
from comity.errors import BrokenProof, BrokenSeal, Invalid
from comity.ledger.log import ACT, RECEIVED, entry
from comity.seal import canon, envelope
from comity.seal.container import Container, Progress
from comity.seal.trust import Trust
from comity.verify.report import Report, Verdict
from comity.verify.shared import Pins, Witnesses, check_foreign_tools, check_sealed, newest_entries
from comity.wire import dossier, messages
from comity.wire.directory import Entry, trust_in


def check_case(report: Report, _path: Path, opened: Container, pins: Pins | None, progress: Progress | None) -> None:
    """The checks of an exported case."""
    with report.check("container") as words:
        said = dossier.read(opened.read(dossier.NAME, limit=dossier.LIMIT))
        words.append(f"strict ASiC-E, {len(opened.entries)} parts, exported case")
    if report.verdicts["container"][0] is Verdict.FAILED:
        return
    band = "EXERCISE. " if said.exercise else ""
    names = ", ".join(name for name, _ in said.cases)
    report.about = f"{band}Case {names}, exported by {said.home} at {said.at:%Y-%m-%d %H:%M:%S} UTC"
    entries = newest_entries(report, said.entries, said.at, pins)
    trust = trust_in(entries.values())
    check_sealed(report, opened, trust, said.at, said.home, progress)
    home = entries.get(said.home)
    check_foreign_tools(report, opened, home, said.at)
    acts = _acts(report, said, trust, entries)
    _history(report, said, acts)
    _letters(report, opened, acts)
    witnesses = Witnesses(report, entries)
    _receipts(report, said, acts, entries, witnesses)
    _inclusion(report, said, acts, entries, witnesses)
    witnesses.done()


Acts = dict[str, list[tuple[dossier.ActRecord, Act]]]


def _acts(report: Report, said: dossier.Dossier, trust: Trust, entries: dict[str, Entry]) -> Acts:
    """Every act's two signatures, and that each envelope committed to the very act that is shown."""
    revoked = {key.id for entry in entries.values() for key in entry.keys if key.revoked is not None}
    found: Acts = {}
    with report.check("acts") as words:
        for reference, records in said.cases:
            if reference in found:
                raise BrokenSeal(f"{reference} stands twice.", code="verify.twice", where=reference)
            found[reference] = [(record, _act(record, trust, said.exercise)) for record in records]
        words.append(f"{sum(len(acts) for acts in found.values())} acts, two signatures each")
        if late := sum(_key_of(record) in revoked for _, records in said.cases for record in records):
            words.append(
                f"{late} by keys that were revoked later; that they were signed before rests on the acts' own word"
            )
    return found


def _key_of(record: dossier.ActRecord) -> str:
    return str(canon.loads(record.statement, limit=envelope.MESSAGE_LIMIT)["key"])


def _act(record: dossier.ActRecord, trust: Trust, exercise: bool) -> Act:  # noqa: FBT001  a fact, not a switch
    outer = canon.loads(record.statement, limit=envelope.MESSAGE_LIMIT)
    stated = canon.loads(canon.unb64(outer["payload"]), limit=envelope.MESSAGE_LIMIT)["at"]
    at = datetime.fromisoformat(str(stated))
    statement = envelope.verify(record.statement, trust, kind="act", at=at)
    act = messages.read_act(statement)
    if act.exercise != exercise:
        raise BrokenSeal(
            f"'{act.kind}' of {act.case} is another than the file says: exercise or not.", code="verify.exercise"
        )
    if (act.kind in CROSSING) != bool(record.envelope):
        raise BrokenSeal(f"'{act.kind}' of {act.case} is shown with the wrong envelope.", code="verify.envelope")
    if not record.envelope and statement.to != act.by:
        raise BrokenSeal(f"'{act.kind}' is internal and addressed to another.", code="verify.envelope")
    if record.envelope and envelope.commitment(record.envelope) != (statement.to, act.id):
        raise BrokenSeal(f"The envelope of '{act.kind}' held another act.", code="verify.envelope")
    return act


def _history(report: Report, said: dossier.Dossier, acts: Acts) -> None:
    """That the acts, in this order, are a life that the lifecycle allows, chained across the border."""
    missing: list[str] = []
    with report.check("history") as words:
        if not acts:
            raise Invalid("There is no case in it.", code="verify.history")
        cases = {reference: _replayed(reference, records, said.home) for reference, records in acts.items()}
        for reference, case in cases.items():
            if case.requesting == said.home and case.request.follows and case.request.follows not in acts:
                missing.append(case.request.follows)
            _releases(case, acts, cases, said.home)
            words.append(f"{reference}: {len(case.acts)} acts, '{case.stage}' after the last one shown")
    if lost := sum(record.restored for records in acts.values() for record, _ in records):
        told = f"{lost} acts of {said.home} were lost there and came back from the other State, without the steps before them"
        report.note("history", Verdict.UNDETERMINED, told)
    if missing:
        report.note("history", Verdict.UNDETERMINED, f"{missing[0]}, which it follows, is not in this file")


def _releases(case: Case, acts: Acts, cases: dict[str, Case], home: str) -> None:
    """That what was released by leave had it, as home's log knew the other case then.

    The release names the last act of that case, so that none can be left out. Raises as `by_leave` does.
    """
    for record, act in acts[case.reference]:
        if act.kind is Kind.RELEASED and act.body["leave"]:
            leave = cases.get(act.body["leave"])
            if leave is None:
                raise Invalid(f"{act.body['leave']}, by whose leave it was released, is not here.", code="verify.leave")
            known = open_case(leave.request)
            for other, own in acts[leave.reference]:
                if other.proof.index < record.proof.index:
                    known = advance(known, own, home=home, restored=other.restored)
            by_leave(case, act, known)


def _replayed(reference: str, records: list[tuple[dossier.ActRecord, Act]], home: str) -> Case:
    """The case after all its acts, each to the State it was for. Raises as `advance` does."""
    case: Case | None = None
    for record, act in records:
        case = advance(case or _opened(act, reference), act, home=home, restored=record.restored)
        if record.envelope and envelope.commitment(record.envelope)[0] != case.peer(act.by):
            raise BrokenSeal(f"'{act.kind}' went to another State.", code="verify.addressee", where=reference)
    if case is None:
        raise Invalid(f"{reference} has no acts.", code="verify.history")
    return case


def _opened(act: Act, reference: str) -> Case:
    request = Request.from_dict(act.body["request"])
    if request.reference != reference:
        raise Invalid("The first act belongs to another case.", code="verify.history", where=reference)
    return open_case(request)


def _letters(report: Report, opened: Container, acts: Acts) -> None:
    """That each request's letter is in the file, byte for byte the one that the request named."""
    there = {part.name: part.sha256 for part in opened.parts() if part.name.startswith("letter-")}
    lost: list[str] = []
    with report.check("letter") as words:
        expected = {}
        for reference, records in acts.items():
            for record, act in records:
                name = dossier.letter_name(reference)
                if act.kind is not Kind.REQUESTED or not any(own.kind is Kind.DRAFTED for _, own in records):
                    continue
                if record.restored and name not in there:
                    lost.append(name)
                else:
                    expected[name] = act.body["letter"]
        if there != expected:
            raise BrokenSeal("A letter is missing, too many, or not the one that was sent.", code="verify.letter")
        words.append(f"{len(there)} letters")
    if lost:
        report.note("letter", Verdict.UNDETERMINED, f"{lost[0]} was lost with what home had to take back")


def _receipts(
    report: Report, said: dossier.Dossier, acts: Acts, entries: dict[str, Entry], witnesses: Witnesses
) -> None:
    """That the other State's node holds each act that crossed to it, and that its log remembers.

    A receipt that is older than its act shows that one of two clocks was wrong, and not which: nobody can have given it
    before, for it names the envelope by its hash.
    """
    early: list[str] = []
    with report.check("receipts") as words:
        count = 0
        for record, act, parties in _each(acts):
            if act.by != said.home or act.kind not in CROSSING:
                continue
            if record.receipt is None:
                raise BrokenProof(f"'{act.kind}' of {act.case} has no receipt.", code="verify.receipt")
            receipt = messages.read_receipt(record.receipt, trust_in(entries.values()))
            to = envelope.commitment(record.envelope)[0]
            right = (to, said.home, canon.content_id(record.envelope))
            if (receipt.by, receipt.to, receipt.envelope) != right:
                raise BrokenProof(f"'{act.kind}' has a receipt for something else.", code="verify.receipt")
            if receipt.at < act.at - SKEW:
                early.append(
                    f"'{act.kind}' of {act.case} says {act.at:%Y-%m-%d %H:%M:%S} UTC, and its receipt an earlier time"
                )
            if receipt.at > said.at + SKEW:
                raise BrokenProof(f"'{act.kind}' has a receipt of an impossible time.", code="receipt.time")
            logged = messages.logged_receipt(receipt.envelope)
            witnesses.saw(receipt.proof, logged, entries[receipt.by], parties=parties)
            count += 1
        words.append(f"{count} receipts, each in the receiver's log")
    if early:
        report.note("receipts", Verdict.UNDETERMINED, f"{early[0]}: which clock was wrong, no file can show")


def _inclusion(
    report: Report, said: dossier.Dossier, acts: Acts, entries: dict[str, Entry], witnesses: Witnesses
) -> None:
    """That home's log holds every act: its own as made, the other State's as it arrived."""
    with report.check("inclusion") as words:
        for record, act, parties in _each(acts):
            own = act.by == said.home
            data = entry(ACT, act.id) if own else entry(RECEIVED, canon.content_id(record.envelope))
            witnesses.saw(record.proof, data, entries[said.home], parties=parties)
        count = sum(map(len, acts.values()))
        words.append(f"{count} acts stand in the log of {said.home}")


def _each(acts: Acts) -> Iterator[tuple[dossier.ActRecord, Act, set[str]]]:
    """Every act of every case, and the States between which its case is, as the first act of that case says."""
    for records in acts.values():
        parties = {str(act.body["request"][side]) for _, act in records[:1] for side in ("requesting", "requested")}
        for record, act in records:
            yield record, act, parties
