"""Choosing what to ask for: the forms of cooperation in groups, and which instruments know each of them on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from comity.casework.measure import Measure
from comity.casework.request import Offence, Request, Scope
from comity.errors import Invalid
from comity.law import instrument
from comity.law.book import Books
from comity.law.instrument import Option
from comity.node.officers.judgement import Voice
from comity.node.settings import Settings

GROUPS: Final[tuple[tuple[str | Promise, tuple[str, ...]], ...]] = (
    (
        _("Data"),
        (
            "preservation", "traffic-disclosure", "stored-data", "real-time-traffic", "interception", "production-order",
            "emergency-data",
        ),
    ),
    (
        _("Legal assistance"),
        (
            "statements", "video-hearing", "appearance", "prisoner-transfer", "service", "records", "expert-evidence",
            "examination", "search", "contact-point", "other-assistance",
        ),
    ),
    (
        _("Persons and proceedings"),
        ("extradition", "provisional-arrest", "sentenced-person", "proceedings", "jurisdiction"),
    ),
    (_("Police and joint work"), ("police-cooperation", "joint-investigation")),
    (_("Property"), ("tracing", "freezing", "confiscation", "return")),
    (_("Information"), ("spontaneous-information", "onward-transfer")),
)  # fmt: skip
"""Every form of cooperation, once, in the order in which it is offered."""

SENTENCES: Final[Mapping[str, str | Promise]] = {
    "preservation": _("Keep stored data from being lost. Short and quick; the request for the data follows later."),
    "traffic-disclosure": _(
        "When a preservation shows that another provider took part: the traffic data that lead to it."
    ),
    "stored-data": _("Search, seize and disclose stored data as evidence."),
    "real-time-traffic": _("Collect, from now on, where communications come from and go to."),
    "interception": _("Listen in, from now on, to what is communicated. The strictest measure for data."),
    "production-order": _("Have our own order to a provider given effect there."),
    "emergency-data": _("Get data at once, because somebody’s life or safety is in danger."),
    "statements": _("Have a witness, victim, expert or suspect heard there, with our questions."),
    "video-hearing": _("Hear a person who is there ourselves, by video."),
    "appearance": _("Have a person invited to come here and testify, freely."),
    "prisoner-transfer": _("Bring a person who is held there here to testify, and back."),
    "service": _("Have judicial documents handed to a person there."),
    "records": _("Get originals or certified copies of documents and records."),
    "expert-evidence": _("Get information, evidence and expert evaluations."),
    "examination": _("Have objects and sites examined."),
    "search": _("Have premises searched and things seized."),
    "contact-point": _("Technical advice, or help in finding a suspect, from the 24/7 point of contact."),
    "other-assistance": _("Any other help that the other State’s law allows."),
    "extradition": _("Have a person surrendered for prosecution or for serving a sentence."),
    "provisional-arrest": _("Have a person held in urgency, before the request for extradition."),
    "sentenced-person": _("Move a sentenced person to serve the sentence in the other State."),
    "proceedings": _("Hand criminal proceedings over to the other State."),
    "jurisdiction": _("Settle who prosecutes, where several States act on the same conduct."),
    "police-cooperation": _("Exchange police information and work together, not for use as evidence."),
    "joint-investigation": _("Investigate together, in a team of both States."),
    "tracing": _("Find and identify proceeds of crime and other property."),
    "freezing": _("Have property frozen or seized, so that it does not vanish."),
    "confiscation": _("Have our order of confiscation carried out, or one obtained there."),
    "return": _("Settle to whom confiscated property is returned, and how."),
    "spontaneous-information": _("Tell the other State something useful, without being asked and without asking."),
    "onward-transfer": _("Ask for leave to pass on what was received, or to use it otherwise."),
}
"""What each form of cooperation is for, in one sentence."""


@dataclass(frozen=True)
class Choice:
    """What was chosen so far.

    Args:
        requested: ISO code of the State that is asked; empty while none is chosen.
        scope: why a treaty would apply.
        offence: the treaty's offence, or empty.
        follows: an earlier case on which the request shall stand, or empty.
        report: number of the public's report from which it is drafted, or empty.
    """

    requested: str
    scope: Scope
    offence: str
    follows: str
    report: str = ""


@dataclass(frozen=True)
class Way:
    """One instrument for one form of cooperation.

    Args:
        basis: its id.
        name: what it is called.
        force: ``binds``, ``open`` (somebody has to find out, or it is no treaty) or ``not`` (in force between the two).
        reasons: why it can be used, or cannot, in sentences.
        address: where a request under it is drafted; empty when it is not offered.
    """

    basis: str
    name: SafeString
    force: str
    reasons: tuple[SafeString, ...]
    address: str


@dataclass(frozen=True)
class Offer:
    """One form of cooperation with the instruments that know it, and those that do not."""

    measure: str
    sentence: str | Promise
    address: str
    ways: tuple[Way, ...]
    closed: tuple[Way, ...]


def chosen(books: Books, raw: Mapping[str, Any]) -> Choice:
    """What the address says was chosen.

    Raises:
        Invalid: a scope or offence that does not exist; `where` names the field.
    """
    scope, code = str(raw.get("scope") or "A"), str(raw.get("offence") or "")
    if scope not in set(Scope):
        raise Invalid("Choose one of the options.", code="form.choice", where="scope")
    if code and not any(code in treaty.offences for treaty in books.treaties.values()):
        raise Invalid("No treaty's book has this offence.", code="request.offence", where="offence")
    return Choice(str(raw.get("requested") or ""), Scope(scope), code, str(raw.get("follows") or ""),
                  str(raw.get("report") or ""))  # fmt: skip


def offers(settings: Settings, choice: Choice, on: date) -> list[tuple[str | Promise, list[Offer]]]:
    """Every form of cooperation in its group, with what the books say of it for the two States on `on`.

    Raises:
        Invalid: no book has the State where one is needed.
    """
    voice = Voice()
    return [(title, [_offer(settings, voice, name, choice, on) for name in names]) for title, names in GROUPS]


def _offer(settings: Settings, voice: Voice, measure: str, choice: Choice, on: date) -> Offer:
    found = [_way(voice, measure, choice, option) for option in _options(settings, measure, choice, on)]
    return Offer(
        measure,
        SENTENCES[measure],
        _address(measure, choice),
        tuple(way for way in found if way.address),
        tuple(way for way in found if not way.address),
    )


def _options(settings: Settings, measure: str, choice: Choice, on: date) -> tuple[Option, ...]:
    """The instruments in their order; none while no State is chosen."""
    if not choice.requested:
        return ()
    request = Request(
        reference=f"{settings.state}-{on.year}-0001",
        requesting=settings.state,
        requested=choice.requested,
        measure=Measure(measure),
        scope=choice.scope,
        offence=Offence(code=choice.offence),
    )
    found = instrument.options(request, settings.books, on)
    if choice.offence or choice.scope not in (Scope.OFFENCE, Scope.EVIDENCE):
        return found
    return tuple(replace(option, reaches=None) for option in found)  # it hangs on the offence, which is not chosen yet


def _way(voice: Voice, measure: str, choice: Choice, option: Option) -> Way:
    closed = bool(option.scopes) and not {choice.scope, Scope.ANY} & set(option.scopes)
    reasons = voice.reasons(replace(option, reaches=None) if closed else option)
    if closed and option.knows:
        reasons.append(voice.plain(gettext("It does not open this form of cooperation for the scope chosen.")))
    offered = option.knows and not closed and not option.removed and option.reaches is not False
    force = {True: "binds", None: "open", False: "not"}[option.in_force]
    return Way(
        option.basis,
        SafeString(voice.basis(option.basis)),
        force,
        tuple(SafeString(text) for text in reasons),
        _address(measure, choice, option.basis) if offered else "",
    )


def _address(measure: str, choice: Choice, basis: str = "") -> str:
    """Where a request is drafted, with what was chosen."""
    given = {
        "requested": choice.requested,
        "basis": basis,
        "scope": str(choice.scope) if basis else "",
        "offence.code": choice.offence if basis else "",
        "follows": choice.follows,
        "report": choice.report,
    }
    query = urlencode({name: value for name, value in given.items() if value})
    return reverse("new-case", args=[measure]) + (f"?{query}" if query else "")
