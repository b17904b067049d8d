"""Material leaves the file to somebody: within its purpose, or by leave of the State that gave it (36(3), 40(5), 40(19)).

The export of a case (`dossier`) is its record and holds no exhibits; a sealed bag says nothing without its key. The key is
handed out for a release only (`evidence.content_key`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from comity.casework.act import EVIDENCE
from comity.casework.lifecycle import Case, Kind
from comity.casework.measure import Life
from comity.casework.release import by_leave
from comity.errors import Invalid
from comity.node import archive, models
from comity.node.desk import _record
from comity.node.settings import Settings


def release(
    settings: Settings,
    reference: str,
    *,
    recipient: str,
    conditions: Sequence[str],
    manifest: str = "",
    state: str = "",
    purpose: str = "",
    use: str = "",
    leave: str = "",
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record that material leaves the file, to whom, for what, and under which conditions.

    Args:
        settings: the node's.
        reference: the case in which the material came.
        recipient: who gets it: a court, an authority, a person.
        conditions: those that were acknowledged: all under which it came, then what the leave adds.
        manifest: which return; empty: the only one, or the information of a notice.
        state: ISO code of the recipient's State, or name of its organisation; empty: this State.
        purpose: what for; empty: as requested, or as the leave says.
        use: ``evidence`` or ``intelligence``; empty: as it came.
        leave: reference of the onward transfer to which the State that gave the material consented; empty: none.
        officer: who releases it.
        at: now.
        seen: id of the last act that he was shown.

    Raises:
        NotPossible: the material is not verified, a condition is not acknowledged, or leave is needed and not given.
        Invalid: there are several returns and none is named, or no such case.
    """
    with transaction.atomic():
        case = archive.load(reference, home=settings.state)
        consent = archive.load(leave, home=settings.state) if leave else None
        which = manifest or _only_one(case)
        body = {
            "manifest": which, "recipient": recipient, "state": state or settings.state,
            "purpose": purpose or (consent or case).request.purpose, "use": use or _use(case, which),
            "leave": leave, "conditions": list(conditions),
        }  # fmt: skip
        return record(settings, reference, body, officer=officer, at=at, seen=seen)


def _only_one(case: Case) -> str:
    """The manifest of the one return there is; empty for a notice, and where nothing came back."""
    if case.life is not Life.NOTICE and len(case.returns) > 1:
        message = "Several returns came back: say which one is released."
        raise Invalid(message, code="release.which", where="manifest")
    return str(case.returns[0].body["manifest"]) if case.returns else ""


def _use(case: Case, manifest: str) -> str:
    return next((str(said.body["use"]) for said in case.returns if said.body["manifest"] == manifest), EVIDENCE)


def record(
    settings: Settings,
    reference: str,
    said: Mapping[str, Any],
    *,
    officer: models.Officer,
    at: datetime,
    seen: str = "",
) -> Case:
    """Record `released`, by the leave that it names, if any, as that stands now. Raises as `by_leave` and `record`."""
    with transaction.atomic():
        body = {**said, "leave_head": ""}
        if said["leave"]:
            case, leave = archive.load(reference, home=settings.state), archive.load(said["leave"], home=settings.state)
            body["leave_head"] = leave.acts[-1].id if leave.acts else ""
            by_leave(case, _record.drawn_up(settings, case, Kind.RELEASED, body, officer=officer, at=at), leave)
        return _record.record(settings, reference, Kind.RELEASED, body, officer=officer, at=at, seen=seen)
