"""What the checks of a file found: a verdict for each, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from comity.errors import ComityError


class Verdict(StrEnum):
    """What a check found."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


CHECKS = (
    "container", "directory", "hashes", "ed25519", "ml-dsa-65", "manifest", "cades", "acts", "history", "letter",
    "receipts", "stamps", "inclusion", "witness", "pins", "code",
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
