"""How material may leave the file: for the purpose it was given for, or by leave of the State that gave it.

Source: Articles 36(3), 40(5), 40(19), 40(28) and 47.
"""

from __future__ import annotations

from comity.casework.act import EVIDENCE, Act, Kind
from comity.casework.case import BEHIND, Case
from comity.casework.measure import Life, Measure
from comity.errors import NotPossible


def as_received(case: Case, act: Act) -> None:
    """Guard: what is released is material of this case, under all its conditions, and nothing else without leave.

    Raises:
        NotPossible: naming what stands against it.
    """
    given, use = _given(case, act)
    body = act.body
    if body["use"] == EVIDENCE != use:
        message = "Police information is no evidence (47), with leave or without: request the evidence."
        raise NotPossible(message, code="release.use", where="use")
    if bool(body["leave"]) != bool(body["leave_head"]):
        message = "A release by leave names the last act of that case as it stood."
        raise NotPossible(message, code="release.leave", where="leave_head")
    if body["leave"]:
        if not set(given) <= set(body["conditions"]):
            raise NotPossible(
                "The conditions under which it was given stay with it.", code="release.conditions", where="conditions"
            )
        return
    if body["state"] != act.by:
        message = "Another State or organisation may have it only by leave of the State that gave it (36(3))."
        raise NotPossible(message, code="release.recipient", where="state")
    if body["purpose"] != case.request.purpose:
        message = "Another purpose needs the consent of the State that gave it (40(19))."
        raise NotPossible(message, code="release.purpose", where="purpose")
    if body["conditions"] != given:
        message = "All conditions under which it was given must be acknowledged."
        raise NotPossible(message, code="release.conditions", where="conditions")


def _given(case: Case, act: Act) -> tuple[list[str], str]:
    """(the conditions, the use) under which the material was given. Raises NotPossible: it is not in the file."""
    manifest = act.body["manifest"]
    if case.life is Life.NOTICE and not manifest and case.consents:
        return list(case.conditions), EVIDENCE
    for said in case.returns:
        if said.body["manifest"] == manifest and case.verified(said):
            return said.body["conditions"], said.body["use"]
    raise NotPossible("Only what came back and was verified is released.", code="release.unverified", where="manifest")


def by_leave(case: Case, act: Act, leave: Case) -> None:
    """Return when `leave` lets the material of `case` go as the release `act` says.

    Args:
        case: the case that the material belongs to.
        act: the release, whose `leave` names the other case.
        leave: that case, as it stood then: its last act is the one that the release names.

    Raises:
        NotPossible: it is no consent of the State that gave the material, or not to this.
    """
    given, _ = _given(case, act)
    parties = (leave.reference, leave.measure, leave.requesting, leave.requested)
    if parties != (act.body["leave"], Measure.ONWARD_TRANSFER, act.by, case.peer(act.by)):
        message = "Leave is asked of the State that gave the material, as an onward transfer."
        raise NotPossible(message, code="release.leave", where="leave")
    if not leave.acts or leave.acts[-1].id != act.body["leave_head"]:
        message = "That leave does not stand as the release says."
        raise NotPossible(message, code="release.leave", where="leave_head")
    request = leave.request
    if request.follows != case.reference or request.exercise != act.exercise:
        raise NotPossible("That leave is about another case.", code="release.leave", where="leave")
    if not leave.consents or not leave.agreed:
        message = "That leave is not given, or its conditions are not agreed to."
        raise NotPossible(message, code="release.leave", where="leave")
    if request.period_to is not None and (act.at - BEHIND).date() > request.period_to:
        raise NotPossible("That leave has expired.", code="release.leave", where="leave")
    _reaches(case, act, leave)
    if act.body["state"] not in request.others:
        message = "That leave does not name this recipient's State or organisation."
        raise NotPossible(message, code="release.recipient", where="state")
    if act.body["purpose"] != request.purpose:
        raise NotPossible("That leave is for another purpose.", code="release.purpose", where="purpose")
    if act.body["conditions"] != together(given, leave.conditions):
        message = "The conditions of the return and of the leave must all be acknowledged."
        raise NotPossible(message, code="release.conditions", where="conditions")


def _reaches(case: Case, act: Act, leave: Case) -> None:
    """A leave is about what its giver had given by then. Raises NotPossible: the return came later than the leave."""
    accepted = leave.last(Kind.ACCEPTED)
    said = next((said for said in case.returns if said.body["manifest"] == act.body["manifest"]), None)
    if said is not None and (accepted is None or accepted.at < said.at):
        message = "This return was disclosed after that leave was given: ask for leave again."
        raise NotPossible(message, code="release.leave", where="leave")


def together(given: list[str], added: tuple[str, ...]) -> list[str]:
    """The conditions of a release: those under which the material was given, then what the leave adds."""
    return [*given, *(text for text in added if text not in given)]
