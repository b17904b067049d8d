"""What a form offers and what stands beside it: questions from the findings, conditions, grounds, what the other State said.

Texts that will travel are offered in the language of the request, so that the other State can read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.html import strip_tags
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from comity.casework.lifecycle import Case, Kind
from comity.casework.measure import Life
from comity.casework.moments import strict_moment
from comity.errors import ComityError
from comity.law.treaty import Duty
from comity.node.desk import requested
from comity.node.officers import deadlines, fields, judgement, words
from comity.node.settings import Settings

CONDITIONS: Final[tuple[tuple[str, Promise], ...]] = (
    (
        "use-limit",
        _("The evidence is used only for the investigation, prosecution or proceeding named in the request."),
    ),
    (
        "onward-transfer",
        _("The data are passed on to a third State or international organization only with our prior authorisation."),
    ),
    (
        "protect-data",
        _("Personal data are kept under effective safeguards and deleted when they are no longer needed."),
    ),
    (
        "secrecy",
        _("The evidence and its source are kept confidential, except where the proceedings require otherwise."),
    ),
)
"""(duty of the law books, text) of conditions that are often needed; the officer chooses."""


def correspondence(case: Case) -> str:
    """The language of texts for the other State: the request's, if it is one of ours, else English."""
    tag = case.request.language.partition("-")[0].lower()
    return tag if tag in ("en", "fa") else "en"


def suggested_conditions(settings: Settings, case: Case) -> list[tuple[str, str]]:
    """(provision or empty, text) of the conditions that the form offers; none for what comes with its own."""
    if case.life is Life.NOTICE:
        return []
    cites = {duty.id: duty.provision for duty in reversed(duties(settings, case))}
    with override(correspondence(case)):
        return [(cites.get(duty, ""), str(text)) for duty, text in CONDITIONS]


def duties(settings: Settings, case: Case) -> tuple[Duty, ...]:
    """The duties that the book of the basis knows for the measure; none where no book answers."""
    try:
        return settings.books.duties(case.request.basis, case.measure)
    except ComityError:
        return ()


@dataclass(frozen=True)
class Note:
    """Something that an officer must have before his eyes while he fills a form in.

    Args:
        title: what it is.
        text: what somebody wrote, or empty.
        lines: conditions, or none.
        moment: a moment, or None.
    """

    title: str | Promise
    text: str = ""
    lines: tuple[str, ...] = ()
    moment: datetime | None = None


def notes(settings: Settings, case: Case, verb: str, *, at: datetime) -> list[Note]:
    """What stands beside the form of `verb`."""
    if verb in ("ask-extension", "extend", "refuse-extension"):
        return _on_time(settings, case, at=at)
    found: list[Note] = []
    if verb == "reply" and case.consultation:
        found.append(Note(_("What the other State says"), case.consultation.body["message"]))
    if verb == "report" and case.enquiry:
        found.append(Note(_("What the other State asks"), case.enquiry.body["message"], moment=case.enquiry.at))
    if verb == "disclose" and case.conditions:
        found.append(Note(_("Conditions of use"), lines=case.conditions))
    if verb in ("perform", "refuse", "disclose", "withdraw") and case.rest:
        found.append(Note(_("Still missing, as was last said"), case.rest))
    return found


def _on_time(settings: Settings, case: Case, *, at: datetime) -> list[Note]:
    kinds = (deadlines.PRESERVATION, deadlines.COLLECTION)
    running = [clock for clock in deadlines.of(settings, case, at=at) if clock.kind in kinds]
    found = [Note(_("The period ends now"), moment=clock.due) for clock in running[:1]]
    asked = case.asked_to_extend
    if asked is not None:
        found.append(Note(_("Asked for until"), asked.body["reasons"], moment=strict_moment(asked.body["until"])))
    return found


@dataclass(frozen=True)
class Questions:
    """What to ask the other State, as far as the findings say."""

    text: str
    names: tuple[str, ...]


def suggested_questions(case: Case) -> Questions:
    """Questions from what failed in the latest assessment, else from contents asked for where applicable."""
    act = case.last(Kind.ASSESSED)
    if act is None:
        return Questions("", ())
    measure, findings = str(case.measure), act.body["assessment"]["findings"]
    wanted = [item for item in findings if item["verdict"] == "failed"]
    wanted = wanted or [item for item in findings if item["code"] == "content.question"]
    with override(correspondence(case)):
        text = "\n".join(_question(item, measure) for item in wanted)
    names = [fields.block(name) for item in wanted for name in item["fields"]]
    return Questions(text, tuple(name for name in dict.fromkeys(names) if name in fields.FIELDS))


def _question(item: Mapping[str, Any], measure: str) -> str:
    """One finding as a question to the other State, in the language that is active."""
    if item["code"] in ("content.missing", "content.question"):
        content = words.CONTENTS.get(item["params"]["content"], item["params"]["content"])
        cites = "; ".join(plain(judgement.cited(name)) for name in item["cites"])
        return gettext("Please state %(content)s (%(article)s).") % {"content": content, "article": cites}
    return plain(judgement.sentence(item["code"], item["params"], measure))


def plain(sentence: str) -> str:
    """The text of a sentence that was made for a page."""
    return unescape(strip_tags(sentence))


@dataclass(frozen=True)
class GroundChoice:
    """A ground that may be chosen: its id, what the book says, and where."""

    id: str
    name: str | Promise
    text: str
    provision: str
    reserved: bool


def grounds(settings: Settings, case: Case, on: date) -> list[GroundChoice]:
    """The grounds on which the book allows this request to be refused."""
    try:
        found = requested.grounds_for(settings, case, on)
    except ComityError:
        return []
    return [
        GroundChoice(
            ground.id,
            words.GROUNDS.get(ground.id, ground.id),
            judgement.provision_text(settings, ground.provision, on),
            ground.provision,
            ground.stance == "reserved",
        )
        for ground in found
    ]


def authorisations(settings: Settings, case: Case) -> list[tuple[str, str]]:
    """(id, text) of the provisions of this State's book on who authorises the measure."""
    book = settings.books.states.get(settings.state)
    names = [line.provision for line in book.authorisations if case.measure in line.measures] if book else []
    return [(name, judgement.provision_text(settings, name)) for name in names]
