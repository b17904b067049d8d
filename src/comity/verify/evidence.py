"""The checks of an evidence bag: what it tells without its content key."""

from __future__ import annotations

from pathlib import Path

from comity.casework.act import EVIDENCE
from comity.errors import BrokenProof
from comity.ledger.log import ACT, Proof, entry
from comity.seal import canon
from comity.seal.container import Container, Progress
from comity.seal.stamp import Roots
from comity.verify.report import Report, Verdict
from comity.verify.shared import Pins, Witnesses, check_foreign_tools, check_sealed, newest_entries
from comity.wire import bag
from comity.wire.directory import Entry, trust_in


def check_bag(
    report: Report, path: Path, opened: Container, pins: Pins | None, roots: Roots | None, progress: Progress | None
) -> None:
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
        entries = newest_entries(report, (canon.unb64(item) for item in about["entries"]), at, pins)
        sender = entries.get(about["from"])
        trust = trust_in(entries.values())
        check_sealed(report, opened, trust, at, about["from"], progress)
        check_foreign_tools(report, opened, sender, at)
        with report.check("acts") as words:
            act = found.check_executed(trust)
            words.append(f"taken in {act.at:%Y-%m-%d %H:%M:%S} UTC by {act.name}: {act.body['files']} files")
        _bag_logged(report, found, entries, sender)
    if roots is not None:
        report.note("stamps", Verdict.UNDETERMINED, "an evidence bag holds none: look at its exported case")


def _bag_logged(report: Report, found: bag.Bag, entries: dict[str, Entry], sender: Entry | None) -> None:
    """That the sender's log holds the act that took the exhibits in, under a head that a third State saw."""
    witnesses = Witnesses(report, entries)
    with report.check("inclusion") as words:
        if sender is None:
            raise BrokenProof("There is no log key to check with.", code="verify.log")
        logged = entry(ACT, canon.content_id(canon.unb64(found.executed["statement"])))
        parties = (found.about["from"], found.about["to"])
        witnesses.saw(Proof.from_dict(found.executed["proof"]), logged, sender, parties=parties)
        words.append(f"the act stands in the log of {sender.state}")
    witnesses.done()
