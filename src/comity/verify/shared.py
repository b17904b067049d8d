"""The checks of every file: whose keys it names, what its maker signed, and who has seen the logs that it leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from comity.errors import BrokenContainer, BrokenSeal, ComityError
from comity.ledger.log import Proof
from comity.seal import envelope
from comity.seal.container import SEAL_NAME, Container, Progress
from comity.seal.trust import Trust
from comity.verify.report import Report, Verdict
from comity.wire.directory import Entry, Purpose, check_cades, distinct, in_log, read_chains

Pins = dict[str, list[Entry]]  # State -> versions of its entry that the reader trusts from elsewhere


def newest_entries(report: Report, signed: Iterable[bytes], at: datetime, pins: Pins | None) -> dict[str, Entry]:
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


def check_sealed(
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


def check_foreign_tools(report: Report, opened: Container, signer: Entry | None, at: datetime) -> None:
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


class Witnesses:
    """Checks inclusion proofs, and remembers by whom each head was seen: by a third State, by a party alone, or by nobody.

    A party to the case is no witness of it. Who doubts the word of the two of them is told nothing by another word of theirs.

    Args:
        report: takes the verdict.
        entries: of the States that the file names.
    """

    def __init__(self, report: Report, entries: dict[str, Entry]) -> None:
        self._report, self._entries = report, entries
        self._proofs = 0
        self._unseen: list[str] = []
        self._seen: set[str] = set()

    def saw(
        self, proof: Proof, data: bytes, log: Entry, *, parties: Collection[str], stamped: Collection[datetime] = ()
    ) -> list[datetime]:
        """Check one proof; the moments at which somebody else knew of the entry.

        Args:
            proof: leads to a head.
            data: the entry that it is of.
            log: the State whose log it is.
            parties: the States between which the case is.
            stamped: moments by which verified time stamps show that the entry was there.

        Raises:
            BrokenProof: it does not hold.
        """
        names = in_log(proof, data, log, self._entries.values(), stamped)
        self._proofs += 1
        by = {
            entry.state
            for entry in self._entries.values()
            if any(key.name in names for key in entry.of(Purpose.WITNESS))
        }
        if third := by.difference(parties):
            self._seen |= third
        else:
            what = f"entry {proof.index} of the log of {log.state}"
            self._unseen.append(
                f"seen by no third State, only by {min(by)}, a party to the case: {what}, which needs another witness"
                if by
                else f"seen by no witness known here: {what}"
            )
        return [*names.values(), *stamped]

    def done(self) -> None:
        """Set the verdict on witnesses."""
        if self._report.verdicts.get("inclusion", (Verdict.FAILED, ""))[0] is not Verdict.PASSED or not self._proofs:
            self._report.note("witness", Verdict.UNDETERMINED, "no inclusion proof that holds")
        elif self._unseen:
            self._report.note("witness", Verdict.UNDETERMINED, self._unseen[0])
        else:
            self._report.note("witness", Verdict.PASSED, f"all heads cosigned by {', '.join(sorted(self._seen))}")
