"""What usually follows a case: the request for what is preserved, for evidence after information, for leave to pass it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from comity.casework.lifecycle import Case, Kind, Stage
from comity.casework.measure import Life, Measure
from comity.node.officers import words
from comity.node.settings import Settings


@dataclass(frozen=True)
class FollowUp:
    """A request that could follow: what it is called, and where it is drafted with what is known filled in."""

    label: str | Promise
    address: str


REQUEST: Final = _("A request that stands on this information")
_STAGES: Final = frozenset(
    {Stage.PRESERVED, Stage.DISCLOSED, Stage.VERIFIED, Stage.PERFORMED, Stage.ACCEPTED, Stage.CLOSING, Stage.CLOSED}
)


def follow_ups(settings: Settings, case: Case) -> list[FollowUp]:
    """What this State could ask for next, standing on `case`: by the basis's law book, and by what was received."""
    if case.stage not in _STAGES:
        return []
    treaty = settings.books.treaties.get(case.request.basis)
    usual = [rule.id for rule in treaty.measures.values() if rule.follows == case.measure] if treaty else []
    asked = case.requesting == settings.state
    found = [_draft(settings, case, measure) for measure in usual if asked and _done(case)]
    if _received(settings, case):
        if case.life is Life.NOTICE or case.measure is Measure.POLICE_COOPERATION:
            found.append(FollowUp(REQUEST, _choose(settings, case)))
        if treaty and Measure.ONWARD_TRANSFER in treaty.measures and Measure.ONWARD_TRANSFER not in usual:
            found.append(_draft(settings, case, Measure.ONWARD_TRANSFER))
    return found


def _done(case: Case) -> bool:
    """Whether what was asked for has been given or done, at least in part."""
    return case.last(Kind.PRESERVED, Kind.VERIFIED, Kind.PERFORMED) is not None


def _received(settings: Settings, case: Case) -> bool:
    """Whether material of the other State lies here under this case."""
    if case.life is Life.NOTICE:
        return case.requested == settings.state and case.consents
    return case.requesting == settings.state and case.last(Kind.VERIFIED) is not None


def _draft(settings: Settings, case: Case, measure: Measure) -> FollowUp:
    asked = case.request
    given = {"requested": case.peer(settings.state), "basis": asked.basis, "scope": str(asked.scope),
             "offence.code": asked.offence.code, "follows": case.reference}  # fmt: skip
    return FollowUp(words.MEASURES[str(measure)], f"{reverse('new-case', args=[measure])}?{_query(given)}")


def _choose(settings: Settings, case: Case) -> str:
    given = {"requested": case.peer(settings.state), "scope": str(case.request.scope),
             "offence": case.request.offence.code, "follows": case.reference}  # fmt: skip
    return f"{reverse('choose')}?{_query(given)}"


def _query(given: dict[str, str]) -> str:
    return urlencode({name: value for name, value in given.items() if value})
