"""The checks of an exported case: that its acts are what both States signed, in an order that may be, and are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from comity.casework.act import SKEW
from comity.casework.lifecycle import CROSSING, Act, Case, Kind, advance, open_case
from comity.casework.moments import strict_moment
from comity.casework.release import by_leave
from comity.casework.request import Request
from comity.errors import BrokenProof, BrokenSeal, ComityError, Invalid
from comity.ledger import checkpoint as cp
from comity.ledger.log import ACT, RECEIVED, entry
from comity.seal import canon, envelope
from comity.seal.container import Container, Progress
from comity.seal.stamp import Roots
from comity.seal.trust import Trust
from comity.verify.report import Report, Verdict
from comity.verify.shared import Pins, Witnesses, check_foreign_tools, check_sealed, newest_entries
from comity.wire import dossier, messages, stamps
from comity.wire.directory import Entry, there_before, trust_in
from comity.wire.stamps import Covering


def check_case(
    report: Report, _path: Path, opened: Container, pins: Pins | None, roots: Roots | None, progress: Progress | None
) -> None:
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
    acts = _acts(report, said, trust)
    _history(report, said, acts)
    _letters(report, opened, acts)
    witnesses = Witnesses(report, entries)
    _receipts(report, said, acts, entries, witnesses)
    stamps = _stamps(report, opened, said, acts, home, roots)
    shown = _inclusion(report, said, acts, entries, witnesses, stamps)
    witnesses.done()
    _revoked(report, acts, entries, shown)


Acts = dict[str, list[tuple[dossier.ActRecord, Act]]]


def _acts(report: Report, said: dossier.Dossier, trust: Trust) -> Acts:
    """Every act's two signatures, and that each envelope committed to the very act that is shown."""
    found: Acts = {}
    with report.check("acts") as words:
        for reference, records in said.cases:
            if reference in found:
                raise BrokenSeal(f"{reference} stands twice.", code="verify.twice", where=reference)
            found[reference] = [(record, _act(record, trust, said.exercise)) for record in records]
        words.append(f"{sum(len(acts) for acts in found.values())} acts, two signatures each")
    return found


def _revoked(report: Report, acts: Acts, entries: dict[str, Entry], shown: dict[str, list[datetime]]) -> None:
    """Say, beside the signatures, what shows that acts by keys which were revoked later were signed before."""
    proved, claimed = 0, 0
    for record, act in (pair for records in acts.values() for pair in records):
        key = entries[act.by].named(str(canon.loads(record.statement, limit=envelope.MESSAGE_LIMIT)["key"]))
        if key.revoked is not None:
            before = there_before(key, shown.get(act.id, ()))
            proved, claimed = proved + before, claimed + (not before)
    words = [report.verdicts["acts"][1]]
    if proved:
        words.append(f"{proved} by keys that were revoked later, when time stamps or witnesses had shown them already")
    if claimed:
        told = f"{claimed} by keys that were revoked later; that they were signed before rests on the acts' own word"
        words.append(told)
    report.note("acts", report.verdicts["acts"][0], "; ".join(words))


def _act(record: dossier.ActRecord, trust: Trust, exercise: bool) -> Act:  # noqa: FBT001  a fact, not a switch
    outer = canon.loads(record.statement, limit=envelope.MESSAGE_LIMIT)
    stated = canon.loads(canon.unb64(outer["payload"]), limit=envelope.MESSAGE_LIMIT)["at"]
    at = strict_moment(str(stated))
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


def _stamps(
    report: Report, opened: Container, said: dossier.Dossier, acts: Acts, home: Entry | None, roots: Roots | None
) -> list[Covering]:
    """Time stamps of heads of home's log, and by when the case's acts existed by them; those that count."""
    found: list[Covering] = []
    doubts: list[str] = []
    try:
        exported = stamps.read(opened)
    except ComityError as error:
        report.note("stamps", Verdict.FAILED, str(error))
        return []
    if not exported or roots is None:
        if exported:
            told = f"{len(exported)} not checked: no roots given (--stamp-roots)"
            report.note("stamps", Verdict.UNDETERMINED, told)
        elif roots is not None:
            report.note("stamps", Verdict.UNDETERMINED, "there is none in this file")
        return []
    with report.check("stamps") as words:
        records = [pair for some in acts.values() for pair in some]
        heads = {cp.parse(record.proof.note)[0] for record, _ in records}
        if home is None or len(heads) != 1:
            raise BrokenProof("There is no one head of a log that they could be of.", code="stamp.heads")
        head = heads.pop()
        for number, one in enumerate(exported, start=1):
            try:
                got = stamps.covering(one, head, home, roots)
                _fits(got, records, said.at)
            except BrokenProof as error:
                if error.code not in {"checkpoint.revoked", "stamp.clock"}:
                    raise
                doubts.append(f"stamp-{number} does not count: {error.message}")
            else:
                found.append(got)
        words.append(_existed(records, found))
    if doubts:
        report.note("stamps", Verdict.UNDETERMINED, doubts[0])
    return found


def _fits(got: Covering, records: list[tuple[dossier.ActRecord, Act]], made: datetime) -> None:
    """Return when a time stamp contradicts no time that the file states. Raises BrokenProof: ``stamp.clock``."""
    stated = f"it is of {got.stamped.moment:%Y-%m-%d %H:%M:%S} UTC"
    if got.stamped.moment > made + SKEW:
        raise BrokenProof(f"{stated}, and the file says that it is older: a clock was wrong", code="stamp.clock")
    for record, act in records:
        if record.proof.index < got.size and act.at > got.stamped.latest + SKEW:
            raise BrokenProof(
                f"{stated}, and covers '{act.kind}' of {act.at:%Y-%m-%d %H:%M:%S} UTC: a clock was wrong",
                code="stamp.clock",
            )


def _existed(records: list[tuple[dossier.ActRecord, Act]], found: list[Covering]) -> str:
    """By when how many of the acts existed, and who says so."""
    by = [
        min((one for one in found if record.proof.index < one.size), key=lambda one: one.stamped.latest, default=None)
        for record, _ in records
    ]
    shown = [one.stamped for one in by if one is not None]
    if not shown:
        return "no act is under one"
    last = max(shown, key=lambda stamped: stamped.latest)
    newer = f"; {len(by) - len(shown)} are newer than every time stamp" if len(shown) < len(by) else ""
    names = ", ".join(sorted({stamped.name for stamped in shown}))
    return (
        f"{len(shown)} acts existed by {last.latest:%Y-%m-%d %H:%M:%S} UTC, says {names} (policy {last.policy}){newer}"
    )


def _inclusion(
    report: Report, said: dossier.Dossier, acts: Acts, entries: dict[str, Entry], witnesses: Witnesses,
    covering: list[Covering],
) -> dict[str, list[datetime]]:  # fmt: skip
    """That home's log holds every act: its own as made, the other State's as it arrived.

    Returns:
        For each act, by its id, the moments at which somebody else knew of it.
    """
    shown: dict[str, list[datetime]] = {}
    with report.check("inclusion") as words:
        for record, act, parties in _each(acts):
            own = act.by == said.home
            data = entry(ACT, act.id) if own else entry(RECEIVED, canon.content_id(record.envelope))
            by = [one.stamped.latest for one in covering if record.proof.index < one.size]
            shown[act.id] = witnesses.saw(record.proof, data, entries[said.home], parties=parties, stamped=by)
        count = sum(map(len, acts.values()))
        words.append(f"{count} acts stand in the log of {said.home}")
    return shown


def _each(acts: Acts) -> Iterator[tuple[dossier.ActRecord, Act, set[str]]]:
    """Every act of every case, and the States between which its case is, as the first act of that case says."""
    for records in acts.values():
        parties = {str(act.body["request"][side]) for _, act in records[:1] for side in ("requesting", "requested")}
        for record, act in records:
            yield record, act, parties
