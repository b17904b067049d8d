"""The offline verifier: what a file proves, check by check, with no node, no database, no account and no network.

Each check has one of three verdicts. *Undetermined* never counts as passed. What no file can show by itself is whose keys it
names: the report prints the fingerprints, to be compared with what each State has published, or takes pinned entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from comity.casework.act import EVIDENCE, SKEW
from comity.casework.lifecycle import CROSSING, Act, Case, Kind, advance, open_case
from comity.casework.release import by_leave
from comity.casework.request import Request
from comity.errors import BrokenContainer, BrokenProof, BrokenSeal, ComityError, Invalid
from comity.ledger.log import ACT, RECEIVED, Proof, entry
from comity.seal import canon, envelope
from comity.seal.container import SEAL_NAME, Container, Progress, open_container
from comity.seal.trust import Trust
from comity.wire import bag, dossier, messages
from comity.wire.directory import (
    Entry,
    Purpose,
    check_cades,
    distinct,
    in_log,
    read_chains,
    read_entry,
    trust_in,
)
from comity.wire.paper import Code, digest_of

Pins = dict[str, list[Entry]]  # State -> versions of its entry that the reader trusts from elsewhere


class Verdict(StrEnum):
    """What a check found."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


CHECKS = (
    "container", "directory", "hashes", "ed25519", "ml-dsa-65", "manifest", "cades", "acts", "history", "letter",
    "receipts", "inclusion", "witness", "pins", "code",
)  # fmt: skip


@dataclass
class Report:
    """The checks of one file.

    Args:
        about: what the file is, in words.
        verdicts: check -> (verdict, what was found).
        signers: the keys that the file names, to be compared with what the States published.
    """

    about: str = ""
    verdicts: dict[str, tuple[Verdict, str]] = field(default_factory=dict)
    signers: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every check passed; a report without checks has not."""
        return bool(self.verdicts) and all(verdict is Verdict.PASSED for verdict, _ in self.verdicts.values())

    @contextmanager
    def check(self, name: str) -> Iterator[list[str]]:
        """Run one check; what it raises becomes its failure. The list takes what was found, in words."""
        found: list[str] = []
        try:
            yield found
        except (ComityError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            self.note(name, Verdict.FAILED, str(error))
        else:
            self.note(name, Verdict.PASSED, "; ".join(found))

    def note(self, name: str, verdict: Verdict, words: str) -> None:
        """Set a check's verdict; a failure is never overwritten."""
        if self.verdicts.get(name, (None, ""))[0] is not Verdict.FAILED:
            self.verdicts[name] = (verdict, words)


def verify_file(path: Path, *, pins: Sequence[Path] = (), progress: Progress | None = None) -> Report:
    """Verify an exported case or an evidence bag.

    Args:
        path: the file.
        pins: directory entries that the reader trusts from elsewhere; the file's keys must then be theirs.
        progress: called with bytes done and bytes in all.

    Returns:
        The report. It never raises for what the file holds.
    """
    report = Report()
    with report.check("container") as found:
        opened = open_container(path)
        found.append(f"strict ASiC-E, {len(opened.entries)} parts")
    if report.verdicts["container"][0] is Verdict.FAILED:
        return report
    with opened:
        kind = _kind(report, opened)
        if kind is not None:
            try:
                kind(report, path, opened, _pinned(report, pins), progress)
            except Exception as error:  # noqa: BLE001  whatever a forger found that we did not foresee: it has not passed
                report.note("container", Verdict.FAILED, f"it cannot be read: {type(error).__name__}")
    return report


def _kind(report: Report, opened: Container) -> Callable[..., None] | None:
    names = opened.files()
    if names == bag.NAMES:
        return _bag
    if names[0] == dossier.NAME:
        return _case
    report.note("container", Verdict.FAILED, "neither an exported case nor an evidence bag")
    return None


def _pinned(report: Report, pins: Sequence[Path]) -> Pins | None:
    if not pins:
        return None
    found: Pins = {}
    with report.check("pins") as words:
        for path in pins:
            pinned = read_entry(path.read_bytes())
            found.setdefault(pinned.state, []).append(pinned)
        words.append(", ".join(found))
    return found


def _entries(report: Report, signed: Iterable[bytes], at: datetime, pins: Pins | None) -> dict[str, Entry]:
    """The newest directory entry of each State in the file, each reached from the first one there by succession.

    With pins each State's is the pinned one, or follows it; or a pinned one is newer, and then that one is gone by: it knows
    what ended and what was revoked since.
    """
    entries: dict[str, Entry] = {}
    with report.check("directory") as words:
        for state, chain in read_chains(signed).items():
            if not chain[-1].valid(Purpose.SIGN, at):
                raise BrokenSeal(f"{state} has no key that signs when this was made.", code="verify.entries")
            entries[state] = chain[-1] if pins is None else _as_pinned(chain, pins.get(state, []))
            report.signers.append(f"{state}  {entries[state].fingerprint}  {entries[state].name('en')}")
        distinct(entries.values())
        words.append(f"{len(entries)} States, each by its own key: {', '.join(entries)}")
    return entries


def _as_pinned(chain: list[Entry], pinned: list[Entry]) -> Entry:
    """The entry to go by: the last of `chain`, or the newest of `pinned`. Raises BrokenSeal: one does not lead to the other."""
    state, newest = chain[-1].state, max(pinned, key=lambda entry: entry.version, default=None)
    if newest is not None and newest.version > chain[-1].version:
        if _same_keys(chain[-1], newest):
            return newest
    elif newest is not None and newest.digest in {entry.digest for entry in chain}:
        return chain[-1]
    raise BrokenSeal(f"The key of {state} is not the pinned one.", code="verify.pins")


def _same_keys(old: Entry, new: Entry) -> bool:
    """Whether a later version has every key of an earlier one, in its order: none is dropped where one follows the other."""
    return [key.id for key in old.keys] == [key.id for key in new.keys[: len(old.keys)]]


def _sealed(
    report: Report, opened: Container, trust: Trust, at: datetime, signer: str, progress: Progress | None
) -> None:
    """Hashes and both signatures over everything in the container."""
    statement = None
    try:
        raw = opened.read(SEAL_NAME, limit=1 << 20)
        statement = envelope.verify(raw, trust, kind="container", at=at)
        if statement.sender != signer:
            raise BrokenSeal("The container is signed by another State than it says.", code="verify.signer")
        report.note("ed25519", Verdict.PASSED, f"by {signer}")
        report.note("ml-dsa-65", Verdict.PASSED, f"by {signer}")
    except ComityError as error:
        first = "ml-dsa-65" if error.code == "seal.mldsa65" else "ed25519"
        report.note(first, Verdict.FAILED, str(error))
        report.note("ml-dsa-65" if first == "ed25519" else "ed25519", Verdict.UNDETERMINED, "not reached")
    with report.check("hashes") as words:
        listing = opened.listing(progress)
        words.append(f"{sum(part.size for part in opened.parts()):,} bytes")
        if statement is None:
            words.append("not compared: no statement that holds")
            raise BrokenSeal("There is no signed list to compare with.", code="verify.listing")
        if statement.payload != listing:
            raise BrokenSeal("The contents are not those that were signed.", code="verify.listing")


def _foreign_tools(report: Report, opened: Container, signer: Entry | None, at: datetime) -> None:
    """What tools of others check: the ASiC manifest and the CAdES signature over it."""
    with report.check("manifest") as words:
        wrong = opened.manifest_mismatches()
        if wrong:
            raise BrokenContainer("It does not list what is there.", code="verify.manifest", where=", ".join(wrong[:3]))
        words.append("META-INF/ASiCManifest.xml lists every file")
    with report.check("cades") as words:
        if signer is None:
            raise BrokenSeal("There is no certificate to check with.", code="verify.certificate")
        words.append(f"signed at {check_cades(opened, signer, at=at):%Y-%m-%d %H:%M:%S} UTC (as claimed)")


def _bag(report: Report, path: Path, opened: Container, pins: Pins | None, progress: Progress | None) -> None:
    """The checks of an evidence bag."""
    with report.check("container") as words:
        found = bag.Bag(path)
        words.append(f"strict ASiC-E, {len(opened.entries)} parts, evidence bag")
    if report.verdicts["container"][0] is Verdict.FAILED:
        return
    with found:
        about, at = found.about, found.made_at()
        band = "EXERCISE. " if about["exercise"] else ""
        what = "Evidence" if about["use"] == EVIDENCE else "Intelligence, no evidence (47),"
        report.about = f"{band}{what} for {about['case']}, from {about['from']} to {about['to']}, made {about['at']}"
        entries = _entries(report, (canon.unb64(item) for item in about["entries"]), at, pins)
        sender = entries.get(about["from"])
        trust = trust_in(entries.values())
        _sealed(report, opened, trust, at, about["from"], progress)
        _foreign_tools(report, opened, sender, at)
        with report.check("acts") as words:
            act = found.check_executed(trust)
            words.append(f"taken in {act.at:%Y-%m-%d %H:%M:%S} UTC by {act.name}: {act.body['files']} files")
        _bag_logged(report, found, entries, sender)


def _bag_logged(report: Report, found: bag.Bag, entries: dict[str, Entry], sender: Entry | None) -> None:
    """That the sender's log holds the act that took the exhibits in, under a head that a witness saw."""
    witnesses = _Witnesses(report, entries)
    with report.check("inclusion") as words:
        if sender is None:
            raise BrokenProof("There is no log key to check with.", code="verify.log")
        logged = entry(ACT, canon.content_id(canon.unb64(found.executed["statement"])))
        witnesses.saw(Proof.from_dict(found.executed["proof"]), logged, sender)
        words.append(f"the act stands in the log of {sender.state}")
    witnesses.done()


class _Witnesses:
    """Checks inclusion proofs, and remembers whether a witness of another State saw each head."""

    def __init__(self, report: Report, entries: dict[str, Entry]) -> None:
        self._report, self._entries = report, entries
        self._proofs = 0
        self._unseen: list[str] = []
        self._seen: set[str] = set()

    def saw(self, proof: Proof, data: bytes, log: Entry) -> None:
        """Check one proof. Raises BrokenProof."""
        seen = in_log(proof, data, log, self._entries.values())
        self._proofs += 1
        self._seen |= set(seen)
        if not seen:
            self._unseen.append(f"entry {proof.index} of the log of {log.state}")

    def done(self) -> None:
        """Set the verdict on witnesses."""
        if self._report.verdicts.get("inclusion", (Verdict.FAILED, ""))[0] is not Verdict.PASSED or not self._proofs:
            self._report.note("witness", Verdict.UNDETERMINED, "no inclusion proof that holds")
        elif self._unseen:
            self._report.note("witness", Verdict.UNDETERMINED, f"seen by no witness known here: {self._unseen[0]}")
        else:
            self._report.note("witness", Verdict.PASSED, f"all heads cosigned by {', '.join(sorted(self._seen))}")


def _case(report: Report, _path: Path, opened: Container, pins: Pins | None, progress: Progress | None) -> None:
    """The checks of an exported case."""
    with report.check("container") as words:
        said = dossier.read(opened.read(dossier.NAME, limit=dossier.LIMIT))
        words.append(f"strict ASiC-E, {len(opened.entries)} parts, exported case")
    if report.verdicts["container"][0] is Verdict.FAILED:
        return
    band = "EXERCISE. " if said.exercise else ""
    names = ", ".join(name for name, _ in said.cases)
    report.about = f"{band}Case {names}, exported by {said.home} at {said.at:%Y-%m-%d %H:%M:%S} UTC"
    entries = _entries(report, said.entries, said.at, pins)
    trust = trust_in(entries.values())
    _sealed(report, opened, trust, said.at, said.home, progress)
    home = entries.get(said.home)
    _foreign_tools(report, opened, home, said.at)
    acts = _acts(report, said, trust, entries)
    _history(report, said, acts)
    _letters(report, opened, acts)
    witnesses = _Witnesses(report, entries)
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
    report: Report, said: dossier.Dossier, acts: Acts, entries: dict[str, Entry], witnesses: _Witnesses
) -> None:
    """That the other State's node holds each act that crossed to it, and that its log remembers.

    A receipt that is older than its act shows that one of two clocks was wrong, and not which: nobody can have given it
    before, for it names the envelope by its hash.
    """
    early: list[str] = []
    with report.check("receipts") as words:
        count = 0
        for records in acts.values():
            for record, act in records:
                if act.by != said.home or act.kind not in CROSSING:
                    continue
                if record.receipt is None:
                    raise BrokenProof(f"'{act.kind}' of {act.case} has no receipt.", code="verify.receipt")
                receipt = messages.read_receipt(record.receipt, trust_in(entries.values()))
                to = envelope.commitment(record.envelope)[0]
                if receipt.envelope != canon.content_id(record.envelope) or receipt.by != to:
                    raise BrokenProof(f"'{act.kind}' has a receipt for something else.", code="verify.receipt")
                if receipt.at < act.at - SKEW:
                    early.append(
                        f"'{act.kind}' of {act.case} says {act.at:%Y-%m-%d %H:%M:%S} UTC, and its receipt an earlier time"
                    )
                if receipt.at > said.at + SKEW:
                    raise BrokenProof(f"'{act.kind}' has a receipt of an impossible time.", code="receipt.time")
                witnesses.saw(receipt.proof, messages.logged_receipt(receipt.envelope), entries[receipt.by])
                count += 1
        words.append(f"{count} receipts, each in the receiver's log")
    if early:
        report.note("receipts", Verdict.UNDETERMINED, f"{early[0]}: which clock was wrong, no file can show")


def _inclusion(
    report: Report, said: dossier.Dossier, acts: Acts, entries: dict[str, Entry], witnesses: _Witnesses
) -> None:
    """That home's log holds every act: its own as made, the other State's as it arrived."""
    with report.check("inclusion") as words:
        count = 0
        for records in acts.values():
            for record, act in records:
                own = act.by == said.home
                data = entry(ACT, act.id) if own else entry(RECEIVED, canon.content_id(record.envelope))
                witnesses.saw(record.proof, data, entries[said.home])
                count += 1
        words.append(f"{count} acts stand in the log of {said.home}")


def verify_letter(path: Path, case: Path) -> Report:
    """Whether the letter at `path` is, byte for byte, one that the exported case at `case` names and carries."""
    report = verify_file(case)
    with report.check("letter") as words:
        digest = canon.content_id(path.read_bytes())
        with open_container(case) as opened:
            names = [part.name for part in opened.parts() if part.sha256 == digest and part.name.startswith("letter-")]
        if not names:
            raise BrokenSeal("The case names no such letter.", code="verify.letter")
        words.append(f"{path.name} is {names[0]} of the case")
    return report


def verify_code(text: str, case: Path, *, pins: Sequence[Path] = ()) -> Report:
    """Which request of the exported case at `case` the code on a printed letter names, and which letter that request has.

    The paper itself is for the reader to compare, with the letter that is named: no code can speak for the page around it.

    Args:
        text: the code, as scanned or typed.
        case: the exported case.
        pins: as for `verify_file`.
    """
    report = verify_file(case, pins=pins)
    with report.check("code") as words:
        code = Code.read(text)
        with open_container(case) as opened:
            said = dossier.read(opened.read(dossier.NAME, limit=dossier.LIMIT))
            held = {part.sha256: part.name for part in opened.parts()}
        act = _named(code, said)
        words.append(f"request {act.case}, made by {act.by} on {act.at:%Y-%m-%d %H:%M:%S} UTC")
        if digest := act.body["letter"]:
            words.append(f"compare the paper with {held.get(digest, f'its letter, whose SHA-256 is {digest}')}")
        else:
            words.append("it was made without a letter")
    return report


def _named(code: Code, said: dossier.Dossier) -> Act:
    """The act that made the request which the code names. Raises BrokenSeal: there is none."""
    for record in (record for _, records in said.cases for record in records):
        outer = canon.loads(record.statement, limit=envelope.MESSAGE_LIMIT)
        raw = canon.loads(canon.unb64(outer["payload"]), limit=envelope.MESSAGE_LIMIT)
        act = Act.from_dict(raw, id=canon.content_id(record.statement))
        if act.kind is Kind.REQUESTED and (act.by, act.case) == (code.state, code.reference):
            if digest_of(act.body["request"]) == code.digest:
                return act
            raise BrokenSeal("The request of this case says something else than the letter's code.", code="verify.code")
    raise BrokenSeal(f"The file holds no request {code.reference} by {code.state}.", code="verify.code")
