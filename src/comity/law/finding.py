"""A finding: what one rule says of one request on one day, always with what it stands on. It grants nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self

from comity.casework.request import Request
from comity.errors import Invalid
from comity.law.book import Books


class Verdict(StrEnum):
    """Three values; *unknown* is a question for a person and never counts as yes."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """One finding.

    Args:
        rule: the rule that speaks, e.g. ``content``.
        verdict: what it says.
        code: stable, dotted, names the sentence that people read, e.g. ``content.missing``.
        cites: ids of the provisions it stands on; never empty.
        params: what the sentence names, as pairs of names and language-neutral values (ids, codes, dates, numbers).
        remedy: code of what to do, e.g. ``remedy.fill-in``, or empty.
        fields: fields of the request to mend, dotted.

    Raises:
        Invalid: no citation (``finding.uncited``).
    """

    rule: str
    verdict: Verdict
    code: str
    cites: tuple[str, ...]
    params: tuple[tuple[str, str], ...] = ()
    remedy: str = ""
    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a finding without a citation."""
        if not self.cites:
            raise Invalid("A finding must cite what it stands on.", code="finding.uncited", where=self.code)

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain JSON values: text, lists and objects of text."""
        return {
            "rule": self.rule,
            "verdict": str(self.verdict),
            "code": self.code,
            "cites": list(self.cites),
            "params": dict(self.params),
            "remedy": self.remedy,
            "fields": list(self.fields),
        }

    @classmethod
    def from_dict(cls, raw: object) -> Self:
        """The finding that `to_dict` wrote. Raises Invalid (``finding.form``) when `raw` is anything else."""
        form = {"rule": str, "verdict": str, "code": str, "cites": list, "params": dict, "remedy": str, "fields": list}
        if not isinstance(raw, dict) or set(raw) != set(form):
            raise Invalid("A finding has exactly these fields: " + ", ".join(form) + ".", code="finding.form")
        wrong = [name for name, kind in form.items() if not isinstance(raw[name], kind)]
        texts = [*raw["cites"], *raw["fields"], *raw["params"], *raw["params"].values()] if not wrong else []
        if wrong or not all(isinstance(text, str) for text in texts) or raw["verdict"] not in set(Verdict):
            raise Invalid("A field of this finding has the wrong type.", code="finding.form", where=",".join(wrong))
        return cls(
            rule=raw["rule"],
            verdict=Verdict(raw["verdict"]),
            code=raw["code"],
            cites=tuple(raw["cites"]),
            params=tuple(raw["params"].items()),
            remedy=raw["remedy"],
            fields=tuple(raw["fields"]),
        )


Rule = Callable[[Request, Books, date], tuple[Finding, ...]]
"""A rule: asked of a request, with the books, on a date. Raises Invalid when a book is missing; grants nothing."""


def say(
    verdict: Verdict,
    code: str,
    cites: tuple[str, ...],
    params: Mapping[str, str] | None = None,
    *,
    remedy: str = "",
    fields: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """One finding, as the tuple that a rule returns; the part of `code` before the first dot is the rule."""
    pairs = tuple(sorted(params.items())) if params else ()
    once = tuple(dict.fromkeys(cites)) if len(cites) > 1 else cites
    return (Finding(code.partition(".")[0], verdict, code, once, pairs, remedy, fields),)
