"""What the law says of one request: the rules in order, and their findings as a value that can be signed and replayed.

`assess` returns findings and questions. Nothing in this room returns permission: a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self

from comity.casework.moments import parse_date
from comity.casework.request import Request
from comity.errors import Invalid
from comity.law import basis, completeness, grounds
from comity.law.book import Books
from comity.law.finding import Finding, Rule, Verdict

Side = Literal["requesting", "requested"]

_COMMON: tuple[Rule, ...] = (
    basis.basis,
    basis.exercise,
    basis.other_treaty,
    basis.reservation,
    basis.scope,
    completeness.contents,
    completeness.identifiers,
    completeness.dates,
    completeness.period_ahead,
    completeness.order,
    completeness.consent,
    completeness.assurances,
    completeness.language,
    completeness.urgency,
    completeness.deadline,
    completeness.confidentiality,
    completeness.link,
    completeness.costs,
    grounds.dual_criminality,
    grounds.minimum_penalty,
    grounds.refusal_policy,
    grounds.authorisation,
    grounds.data_protection,
    grounds.retention,
    grounds.handling,
    grounds.clocks,
)
ORDER: dict[Side, tuple[Rule, ...]] = {
    "requesting": (*_COMMON, grounds.rights, grounds.non_discrimination),
    "requested": (*_COMMON, grounds.rights_to_decide, grounds.grounds_to_decide),
}
"""The rules in the order of their findings: before sending, and again on receipt."""


@dataclass(frozen=True)
class Assessment:
    """The findings of one check.

    Args:
        on: the day for which the law was asked.
        side: whose check it was, ``requesting`` or ``requested``.
        findings: what each rule said, in order.
        books: id and SHA-256 of each book that was asked; with the same books the check gives the same findings again.
    """

    on: date
    side: Side
    findings: tuple[Finding, ...]
    books: tuple[tuple[str, str], ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that must be mended."""
        return tuple(item for item in self.findings if item.verdict is Verdict.FAILED)

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """The questions for a person."""
        return tuple(item for item in self.findings if item.verdict is Verdict.UNKNOWN)

    def to_dict(self) -> dict[str, Any]:
        """The assessment as plain JSON values (text, lists, objects), as it stands in a signed act."""
        return {
            "on": self.on.isoformat(),
            "side": self.side,
            "findings": [item.to_dict() for item in self.findings],
            "books": [{"id": name, "sha256": digest} for name, digest in self.books],
        }

    @classmethod
    def from_dict(cls, raw: object) -> Self:
        """The assessment that `to_dict` wrote. Raises Invalid (``assessment.form``) for anything else."""
        if not isinstance(raw, dict) or set(raw) != {"on", "side", "findings", "books"}:
            raise Invalid("An assessment has on, side, findings and books.", code="assessment.form")
        side, findings, books = raw["side"], raw["findings"], raw["books"]
        if side not in ("requesting", "requested") or not isinstance(findings, list) or not isinstance(books, list):
            raise Invalid("A field of this assessment has the wrong type.", code="assessment.form")
        try:
            on = parse_date(raw["on"])
        except (TypeError, ValueError) as error:
            raise Invalid("The day of this assessment is not a date.", code="assessment.form", where="on") from error
        return cls(on, side, tuple(Finding.from_dict(item) for item in findings), tuple(_book(item) for item in books))


def _book(raw: object) -> tuple[str, str]:
    if not isinstance(raw, dict) or set(raw) != {"id", "sha256"} or not all(isinstance(x, str) for x in raw.values()):
        raise Invalid("A book is named by id and sha256.", code="assessment.form", where="books")
    return raw["id"], raw["sha256"]


def assess(request: Request, books: Books, *, on: date, side: Side) -> Assessment:
    """What the law in force on `on` says of `request`.

    Args:
        request: the request as it stands.
        books: the law books; all instruments and the two States' books are asked, no other State's.
        on: the day for which the law is asked; the clock is not read here.
        side: ``requesting`` before sending, ``requested`` on receipt.

    Returns:
        Findings and questions, each with its citation. Never a permission.

    Raises:
        Invalid: there is no book for the basis or for one of the States, or the basis does not know the measure.
    """
    books.treaty(request.basis)
    used = [(name, treaty.sha256) for name, treaty in books.treaties.items()]  # any of them could come first, 40(6)
    for field in ("requesting", "requested"):
        code = getattr(request, field)
        used.append((code, books.state(code, field).sha256))
    books.measure(request.basis, request.measure)
    findings: list[Finding] = []
    for rule in ORDER[side]:
        findings += rule(request, books, on)
    return Assessment(on, side, tuple(findings), tuple(used))
