"""The offline verifier: what a file proves, check by check, with no node, no database, no account and no network.

Each check has one of three verdicts. *Undetermined* never counts as passed. What no file can show by itself is whose keys it
names: the report prints the fingerprints, to be compared with what each State has published, or takes pinned entries.

`shared` has the checks of every file, `record` those of an exported case, `evidence` those of a bag.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from comity.casework.lifecycle import Act, Kind
from comity.errors import BrokenSeal
from comity.seal import canon, envelope
from comity.seal.container import Container, Progress, open_container
from comity.seal.stamp import Roots, read_roots
from comity.verify.evidence import check_bag
from comity.verify.record import check_case
from comity.verify.report import CHECKS, Report, Verdict
from comity.verify.shared import Pins
from comity.wire import bag, dossier
from comity.wire.directory import read_entry
from comity.wire.paper import Code, digest_of

__all__ = ["CHECKS", "Report", "Verdict", "verify_code", "verify_file", "verify_letter"]


def verify_file(
    path: Path, *, pins: Sequence[Path] = (), roots: Path | None = None, progress: Progress | None = None
) -> Report:
    """Verify an exported case or an evidence bag.

    Args:
        path: the file.
        pins: directory entries that the reader trusts from elsewhere; the file's keys must then be theirs.
        roots: certificates in PEM of time-stamping authorities that the reader trusts; without them no time stamp is checked.
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
                kind(report, path, opened, _pinned(report, pins), _roots(report, roots), progress)
            except Exception as error:  # noqa: BLE001  whatever a forger found that we did not foresee: it has not passed
                report.note("container", Verdict.FAILED, f"it cannot be read: {type(error).__name__}")
    return report


def _kind(report: Report, opened: Container) -> Callable[..., None] | None:
    names = opened.files()
    if names == bag.NAMES:
        return check_bag
    if names[0] == dossier.NAME:
        return check_case
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


def _roots(report: Report, path: Path | None) -> Roots | None:
    """The roots in the reader's file; none that could let anything through if it is no such file."""
    if path is None:
        return None
    try:
        return read_roots(path.read_bytes())
    except (OSError, BrokenSeal) as error:
        report.note("stamps", Verdict.FAILED, str(error))
        return ()


def verify_letter(path: Path, case: Path, *, roots: Path | None = None) -> Report:
    """Whether the letter at `path` is, byte for byte, one that the exported case at `case` names and carries."""
    report = verify_file(case, roots=roots)
    with report.check("letter") as words:
        digest = canon.content_id(path.read_bytes())
        with open_container(case) as opened:
            names = [part.name for part in opened.parts() if part.sha256 == digest and part.name.startswith("letter-")]
        if not names:
            raise BrokenSeal("The case names no such letter.", code="verify.letter")
        words.append(f"{path.name} is {names[0]} of the case")
    return report


def verify_code(text: str, case: Path, *, pins: Sequence[Path] = (), roots: Path | None = None) -> Report:
    """Which request of the exported case at `case` the code on a printed letter names, and which letter that request has.

    The paper itself is for the reader to compare, with the letter that is named: no code can speak for the page around it.

    Args:
        text: the code, as scanned or typed.
        case: the exported case.
        pins: as for `verify_file`.
        roots: as for `verify_file`.
    """
    report = verify_file(case, pins=pins, roots=roots)
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
