"""Material leaves the file to somebody: within its purpose, or by leave of the State that gave it (36(3), 40(5), 40(19)).

The export of a case (`dossier`) is its record and holds no exhibits; a sealed bag says nothing without its key. The key is
handed out for a release only (`content_key`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from comity.casework.act import EVIDENCE
from comity.casework.lifecycle import Case, Kind, Power
from comity.casework.measure import Life
from comity.casework.release import by_leave
from comity.errors import Invalid, NotPossible
from comity.node import archive, models
from comity.node.desk import _record, evidence
from comity.node.settings import Settings
from comity.seal import canon
from comity.wire import bag


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


def sealed(settings: Settings, reference: str, *, officer: models.Officer, container: str = "") -> Path:
    """A bag of `reference` as it lies on the shelf, to be carried away: sealed, it is proof of what came, not the material.

    Args:
        settings: the node's.
        reference: the case.
        officer: who carries it away.
        container: which return; empty: the newest.

    Raises:
        NotYours: the officer has no power at all.
        NotPossible: there is none, or it has not arrived in full.
    """
    _record.carries(officer)
    rows = models.Container.objects.filter(case=reference, complete=True)
    row = (rows.filter(pk=container) if container else rows).last()
    if row is None:
        raise NotPossible("No evidence has come back for this case.", code="evidence.none", where=reference)
    return evidence.shelved(settings, row.digest)


def content_key(
    settings: Settings, reference: str, *, officer: models.Officer, at: datetime, release: str = ""
) -> bytes:
    """The content key of the bag that was released, as a file, for who shall open this one bag.

    This is how material leaves the node, so it takes a `released` act, which names recipient and conditions (36(3), 40(19)).
    Handing the key out records that act once more, by who hands it out and when: so each time it is checked that the release
    still may be, and above all that its leave was not revoked and has not expired.

    Args:
        settings: the node's.
        reference: the case.
        officer: who hands it out.
        at: now.
        release: id of the act; empty: the newest release.

    Raises:
        NotYours: the officer may not hand evidence out.
        NotPossible: no bag has come back, it was not released to anybody, or it may not be any longer.
    """
    _record.needs(officer, Power.EXECUTE)
    case = archive.load(reference, home=settings.state)
    if not case.returns:
        raise NotPossible("No evidence has come back for this case.", code="evidence.none", where=reference)
    released = [act for act in case.acts if act.kind is Kind.RELEASED and release in ("", act.id)]
    if not released:
        message = "Release the evidence first: say to whom, for what purpose, and under which conditions."
        raise NotPossible(message, code="evidence.unreleased", where=reference)
    said = released[-1].body
    container = next(given.body["container"] for given in case.returns if given.body["manifest"] == said["manifest"])
    row = models.Container.objects.get(pk=container, outgoing=False, complete=True)
    with bag.Bag(evidence.shelved(settings, row.digest)) as found:
        secret = found.content_key(settings.openings)
    record(settings, reference, said, officer=officer, at=at)
    return canon.dumps({"comity": "content-key/1", "case": reference, "key": secret.hex()}) + b"\n"
