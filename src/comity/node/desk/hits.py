"""Hits: what an officer makes of a warning that names what one of the cases here names.

look · dismiss · draft. Hits are found by `sighting`. Nothing of one leaves the node but a request that officers draft,
approve and send; and it goes to the State whose warning it is, never to a third one.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import transaction

from comity.casework.lifecycle import Case, Kind, Power
from comity.casework.measure import Measure
from comity.casework.request import TEXT_LIMIT
from comity.errors import Invalid, NotPossible, NotYours
from comity.node import archive, models
from comity.node.desk import _record, requesting
from comity.node.settings import Settings
from comity.sharing import sighted
from comity.sharing.sighted import Met

MEASURES: Final = (Measure.POLICE_COOPERATION, Measure.PRESERVATION, Measure.STORED_DATA)
"""What may be drafted from a hit: more is not known from it."""
_State = models.Hit.State


class Standing(StrEnum):
    """What became of the warning of a hit."""

    CURRENT = "current"
    WITHDRAWN = "withdrawn"  # its source called it back
    REPLACED = "replaced"  # there is a later version, which does not name this
    GONE = "gone"  # it was taken out of its collection


def standing(hit: models.Hit) -> Standing:
    """What became of the warning of `hit`."""
    if hit.row is None:
        return Standing.GONE
    if hit.row.withdrawn and not models.Copy.objects.filter(pk=hit.row.digest, withdrawn=0).exists():
        return Standing.WITHDRAWN  # else its mark is stricter by now, and it goes to nobody for that
    return Standing.CURRENT if hit.row.last else Standing.REPLACED


def sees(officer: models.Officer) -> bool:
    """Whether `officer` may see hits: who shares warnings, or drafts requests."""
    return officer.is_active and bool({Power.WARN, Power.DRAFT} & set(officer.powers))


def open_in(reference: str) -> int:
    """How many hits the case `reference` has that nobody put aside."""
    return models.Hit.objects.filter(case=reference).exclude(state=_State.DISMISSED).count()


def find(number: int, *, officer: models.Officer) -> models.Hit:
    """The hit `number`, with its object.

    Raises:
        NotYours: he may not see hits.
        Invalid: ``hit.unknown``.
    """
    if not sees(officer):
        raise NotYours("Hits are for who shares warnings or drafts requests.", code="case.power", where="power")
    found = models.Hit.objects.select_related("row").filter(pk=number).first()
    if found is None:
        raise Invalid("There is no such hit here.", code="hit.unknown", where=str(number))
    return found


def look(number: int, *, officer: models.Officer, at: datetime) -> models.Hit:
    """The hit `number`, which `officer` has before him now. Raises as `find`."""
    find(number, officer=officer)
    models.Hit.objects.filter(pk=number, state=_State.NEW).update(state=_State.SEEN, by=_named(officer), changed_at=at)
    return find(number, officer=officer)


def dismiss(number: int, *, reason: str, officer: models.Officer, at: datetime) -> None:
    """Say that a hit is of no concern, and why. It is kept, and comes up again if more is met.

    Raises:
        NotYours, Invalid: as `find`; ``hit.reason``: no reason, or one of more than `TEXT_LIMIT` characters.
    """
    find(number, officer=officer)
    if not 0 < len(reason.strip()) <= TEXT_LIMIT:
        raise Invalid("Say why this is of no concern, in at most 20,000 characters.", code="hit.reason", where="reason")
    models.Hit.objects.filter(pk=number).update(
        state=_State.DISMISSED, reason=reason.strip(), by=_named(officer), changed_at=at
    )


def draft(settings: Settings, number: int, *, measure: str, officer: models.Officer, at: datetime) -> Case:
    """Draft a request to the State whose warning it is, with what was met.

    What another State told in confidence, or gave as evidence, is told to that State alone: to a third one nothing goes
    but what this State itself says in its own requests (Articles 36, 40(19), 40(20); see `tellable`).

    Args:
        settings: the node's.
        number: of the hit.
        measure: one of `MEASURES`.
        officer: who drafts.
        at: now.

    Raises:
        NotYours: he may not draft.
        Invalid: as `find`; ``hit.measure``.
        NotPossible: as `tellable`; or a request was drafted already and not discarded (``hit.drafted``); or that State
            is not pinned here.
    """
    _record.needs(officer, Power.DRAFT)
    if measure not in MEASURES:
        raise Invalid("This is not drafted from a hit.", code="hit.measure", where="measure")
    with transaction.atomic():
        hit = find(number, officer=officer)
        if hit.draft and not _discarded(hit.draft):
            raise NotPossible(f"{hit.draft} was drafted already.", code="hit.drafted", where=hit.draft)
        case = archive.load(hit.case_id, home=settings.state)
        met = tellable(settings, hit, case)
        archive.peer_entry(hit.source)
        request = sighted.asked(
            case.request, met, home=settings.state, source=hit.source, warning=hit.warning, version=hit.version,
            reference=requesting.new_reference(settings, at=at), measure=Measure(measure),
        )  # fmt: skip
        drafted = requesting.draft(settings, request, new=True, officer=officer, at=at)
        models.Hit.objects.filter(pk=number).update(
            state=_State.DRAFTED, draft=drafted.reference, by=_named(officer), changed_at=at
        )
        return drafted


def tellable(settings: Settings, hit: models.Hit, case: Case) -> list[Met]:
    """What was met and may be told to the State whose warning it is.

    A request's words are told by who wrote them, or back to who did. Exhibits are told back to the State that gave them;
    those that are held for another State go to it by disclosure, and by nothing else.

    Raises:
        NotPossible: ``hit.own``: it is this State's own warning; ``hit.withdrawn``: it is not `Standing.CURRENT`;
            ``hit.gone``: the case does not name it any more; ``hit.theirs``: none of it may be told.
    """
    if not hit.source:
        raise NotPossible("The warning is this State's own.", code="hit.own")
    if standing(hit) is not Standing.CURRENT:
        raise NotPossible("The warning does not stand any more.", code="hit.withdrawn")
    if not hit.met:
        raise NotPossible("The case does not name this any more.", code="hit.gone")
    ours, back = case.requesting == settings.state, case.peer(settings.state) == hit.source
    told = [one for one in map(Met._make, hit.met) if (ours and back if one.origin else ours or back)]
    if not told:
        message = "What matches is another State's to tell: ask it for leave, or to write itself."
        raise NotPossible(message, code="hit.theirs")
    return told


def _discarded(reference: str) -> bool:
    return models.Act.objects.filter(case=reference, kind=Kind.DISCARDED).exists()


def _named(officer: models.Officer) -> str:
    return f"{officer.full_name}, {officer.office}"
