"""The export of a case: one file that anybody can verify offline, years later."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from comity.casework.lifecycle import CROSSING, Kind, Power
from comity.casework.measure import LIVES, Life
from comity.errors import Invalid
from comity.node import archive, models
from comity.node.desk import _log, _record, issuing, stamping
from comity.node.settings import Settings
from comity.seal import container, envelope
from comity.wire import dossier
from comity.wire.stamps import parts


def chain(settings: Settings, reference: str) -> list[str]:
    """The case, those that it follows and those that follow it or them, in the order in which they were opened.

    Never another pair's cases; never a draft that was not sent, but for the case itself; no exercise with what is in earnest.
    """
    row, case = archive.load_row(reference), archive.load(reference, home=settings.state)
    sent = models.Act.objects.filter(kind=Kind.REQUESTED).values("case")
    pair = _record.between(row.requesting, row.requested).filter(Q(pk__in=sent) | Q(pk=reference))
    loaded = (archive.load(name, home=settings.state) for name in _linked(pair, reference) - {reference})
    other = [found.reference for found in loaded if found.request.exercise != case.request.exercise]
    found = _linked(pair.exclude(pk__in=other), reference)
    return list(pair.filter(pk__in=found).order_by("opened_at", "pk").values_list("pk", flat=True))


def _linked(pair: QuerySet[models.Case], reference: str) -> set[str]:
    """The cases among `pair` that links lead to from `reference`, in either direction."""
    found = {reference}
    while more := set(
        pair.filter(Q(follows__in=found) | Q(pk__in=pair.filter(pk__in=found).values("follows")))
        .exclude(pk__in=found)
        .values_list("pk", flat=True)
    ):
        found |= more
    return found


def export(settings: Settings, reference: str, *, officer: models.Officer, at: datetime) -> Path:
    """Write the case with all that proves it to the shelf; returns the file.

    It is the record of the case. Exhibits are not in it: they leave by a release (`desk.release`). What was told without a
    request is in it, in the words of the request: who exports that must be one who may hand material out.

    The acts of both States as signed, the receipts, the inclusion proofs under witnessed heads of both logs, the directory
    entries to verify them with, the request letters, and the time stamps of heads that cover the acts.

    Raises:
        NotYours: the officer has no power at all: he may look, not carry away; or not the power to execute, for a notice.
        Invalid: there is no such case, or it is too large for one file, with those that it hangs together with.
        BrokenProof: the log has no head that covers it yet (a moment after the last act).
    """
    references = chain(settings, reference)
    _may_carry(settings, references, officer)
    rows = models.Act.objects.filter(case__in=references).order_by("case__opened_at", "seq")
    entries = [row.entry if row.entry is not None else row.arrival.entry for row in rows]
    first = archive.load(references[0], home=settings.state)
    note = _log.log_note(settings, covering=max(entries, default=-1), peer=first.peer(settings.state))
    cases = [
        {"reference": name, "acts": [_act(row, note) for row in rows if row.case_id == name]} for name in references
    ]
    states = models.Peer.objects.order_by("state").values_list("state", flat=True)
    chains = [*issuing.own_chain(settings), *(version for state in states for version in archive.chain(state))]
    said = dossier.build(home=settings.state, at=at, exercise=first.request.exercise, entries=chains, cases=cases)
    if len(said) > dossier.LIMIT:
        raise Invalid("This case is too large for one file.", code="dossier.too-large", where=reference)
    letters = [
        (dossier.letter_name(row.case_id), bytes(row.data)) for row in models.Letter.objects.filter(
            case__in=references, digest__in=_sent_letters(settings, references)
        ).order_by("case_id")
    ]  # fmt: skip
    settings.shelf.mkdir(mode=0o700, exist_ok=True)
    path = settings.shelf / f"{reference}.case.asice"
    container.write(
        path, [(dossier.NAME, said), *letters, *parts(stamping.covering(settings, entries, note))], cades=settings.cades, at=at,
        seal=lambda listing: envelope.sign("container", listing, sender=settings.state, to="", key=settings.signing),
    )  # fmt: skip
    return path


def _may_carry(settings: Settings, references: list[str], officer: models.Officer) -> None:
    """Return when `officer` may carry these cases away: what was told to us in one of them goes with it. Raises NotYours."""
    _record.carries(officer)
    notices = [measure for measure, life in LIVES.items() if life is Life.NOTICE]
    if models.Case.objects.filter(pk__in=references, measure__in=notices).exclude(requesting=settings.state).exists():
        _record.needs(officer, Power.EXECUTE)


def _sent_letters(settings: Settings, references: list[str]) -> list[str]:
    cases = (archive.load(reference, home=settings.state) for reference in references)
    return [sent.body["letter"] for case in cases if (sent := case.last(Kind.REQUESTED)) is not None]


def _act(row: models.Act, note: str) -> dict[str, Any]:
    """One act as signed, the envelope it crossed in, and what proves both."""
    if row.entry is None:
        arrival = row.arrival
        return dossier.act(
            archive.signed(row), archive.log_proof(arrival.entry, note), envelope=archive.sealed(arrival), receipt=None
        )  # fmt: skip
    departure = models.Departure.objects.filter(act=row).first() if row.kind in CROSSING else None
    return dossier.act(
        archive.signed(row), archive.log_proof(row.entry, note),
        envelope=archive.sealed(departure) if departure else b"", receipt=archive.receipt(departure) if departure else None,
        restored=row.restored,
    )  # fmt: skip
