"""A request for cooperation, as a value: frozen, and checked when it is made.

Field names follow the contents that the Convention asks for: Article 40(15) for mutual legal assistance and
Article 42(3) for expedited preservation. `Request` refuses what cannot be *meant* (a date that does not exist, an
unknown measure); what is merely *missing* is allowed here, because saying what is missing is the work of `law.assess`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Self

from comity.casework.measure import Measure
from comity.casework.moments import parse_date, parse_moment
from comity.errors import Invalid

STATE = re.compile(r"^[A-Z]{2}$")
OFFENCE = re.compile(r"^[a-z][a-z0-9-]{0,39}:[0-9a-z]{1,8}$")  # book:article; which there are is for the books to say
REFERENCE = re.compile(r"[A-Z]{2}-[0-9]{4}-[0-9]{4,9}")  # \d would take ۰ and ٠ as well
LIFE_MONTHS = 1200  # stands for life; no sentence in months is longer here
LINE_LIMIT, TEXT_LIMIT = 1_000, 20_000  # characters
LIST_LIMITS = {"categories": 4, "accounts": 200, "persons": 200, "assets": 200, "conditions": 50, "others": 50}
WHOLE_LIMIT = 512_000  # bytes as JSON: sealed, it still crosses in one message (1 MiB)
_TEXTS = frozenset({
    "subject", "facts", "assistance", "procedure", "link", "purpose", "period_reason", "urgency_reason", "rights",
    "documents", "questions", "assurances", "arrangement", "costs", "order.extent", "order.notice",
})  # fmt: skip
ROLES = frozenset({"suspect", "accused", "convicted", "witness", "victim", "expert", "owner", "other"})


class Scope(StrEnum):
    """Why the treaty applies, Article 35(1) and its sisters: decides which forms of cooperation are open."""

    OFFENCE = "A"  # a Convention offence (Articles 7-17): everything
    EVIDENCE = "B"  # electronic evidence of a Convention offence
    SERIOUS = "C"  # electronic evidence of another serious crime (maximum of at least four years, Article 2(h))
    ANY = "D"  # electronic evidence of any other crime: not under this Convention, but under Budapest 14(2)(c), 23


class DataCategory(StrEnum):
    """Kinds of data, Article 2(c), (d) and (f)."""

    SUBSCRIBER = "subscriber"
    TRAFFIC = "traffic"
    CONTENT = "content"
    OTHER = "other"


class Urgency(StrEnum):
    """How fast: an *emergency* is a significant and imminent risk to life or safety of a person, Article 2(o)."""

    ORDINARY = "ordinary"
    URGENT = "urgent"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Person:
    """A named official and his functions, Article 40(15)(b)."""

    name: str = ""
    function: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Offence:
    """The offence that the request is about.

    Args:
        code: the treaty's offence, ``uncc:13`` for Article 13; empty when the crime is none of them (scopes C and D).
        label: what the requesting State's law calls it.
        provision: the national provision, e.g. ``IR-CCA:13``; an id in the requesting State's law book, or free text.
        max_penalty_months: the maximum deprivation of liberty in months; None when not stated.
        committed_on: when it was committed (the first day), or None.
    """

    code: str = ""
    label: str = ""
    provision: str = ""
    max_penalty_months: int | None = None
    committed_on: date | None = None


@dataclass(frozen=True)
class Account:
    """An account, item or address that the data belong to, Article 40(15)(e) and 42(3)(d).

    Args:
        kind: ``email``, ``ip``, ``phone``, ``url``, ``account`` or ``other``.
        value: the identifier itself.
        at: for an ``ip``: the moment of use, with its UTC offset (an address means nothing without it).
        port: for an ``ip``: the source port (shared addresses mean nothing without it).
    """

    kind: str = "email"
    value: str = ""
    at: datetime | None = None
    port: int | None = None


@dataclass(frozen=True)
class Subject:
    """A person concerned, Article 40(15)(e), as far as known.

    Args:
        name: the name, with other spellings.
        role: one of `ROLES`, or empty.
        nationality: nationalities as ISO codes, or in words.
        born: day of birth, or None.
        whereabouts: where the person is, or is thought to be.
        description: what else identifies him or her: documents, description, photograph's reference.
        consent: that the person has agreed, informed of what it means (40(9)(a), 40(18), 40(29), 38).
    """

    name: str = ""
    role: str = ""
    nationality: str = ""
    born: date | None = None
    whereabouts: str = ""
    description: str = ""
    consent: bool = False


@dataclass(frozen=True)
class Asset:
    """Property that is to be traced, frozen, confiscated or returned, Article 50(3)(a).

    Args:
        description: what it is.
        location: where it is, as far as known.
        value: its estimated value, with the currency.
    """

    description: str = ""
    location: str = ""
    value: str = ""


@dataclass(frozen=True)
class Order:
    """A decision that the request rests on: warrant, judgment, order of freezing or confiscation.

    Args:
        authority: the court or authority that made it.
        reference: its number.
        issued_on: its day.
        extent: what it orders, and how far it is asked to be carried out.
        final: that it is final: no ordinary appeal is left.
        notice: what was done to notify third parties in good faith and for due process.
        copy: that an admissible copy comes with the request.
        sentence_months: the sentence imposed, in months; None when there is none.
        remaining_months: what is left to serve, in months.
    """

    authority: str = ""
    reference: str = ""
    issued_on: date | None = None
    extent: str = ""
    final: bool = False
    notice: str = ""
    copy: bool = False
    sentence_months: int | None = None
    remaining_months: int | None = None


@dataclass(frozen=True)
class Request:
    """One request of one State to another. Everything the law book may ask for has a field here.

    Args:
        reference: the requesting State's own number, e.g. ``IR-2026-0001``; names the case on both sides.
        requesting: ISO 3166-1 alpha-2 code of the requesting State.
        requested: of the requested State.
        measure: the form of cooperation.
        basis: id of the instrument relied on, e.g. ``uncc`` or ``reciprocity``.
        exercise: True when this is an exercise and no real assistance is asked for.
        scope: Article 35(1).
        offence: what the proceedings are about.
        authority: the authority making the request, 40(15)(a), 42(3)(a).
        conducting: authority conducting the investigation and its officer's functions, 40(15)(b).
        subject: subject and nature of the investigation, 40(15)(b).
        facts: summary of the relevant facts, 40(15)(c), 42(3)(b).
        assistance: what help is sought, 40(15)(d); for preservation the data, 42(3)(c); what is told, 40(4).
        procedure: a special procedure that is wanted, 40(15)(d), 40(17).
        link: the link between the data and the offence, 42(3)(c).
        categories: categories of data asked for.
        accounts: identifiers, 40(15)(e), 42(3)(d).
        custodian: the provider or other custodian, or where the system is, 42(3)(d).
        persons: persons concerned as far as known, 40(15)(e).
        assets: property concerned, 50(3)(a).
        order: the decision that the request rests on, 50(3)(b), 37.
        period_from: first day of the evidence, 40(15)(f).
        period_to: last day of the evidence.
        period_reason: why the period has this length, 45(3)(f).
        documents: the documents to be served or obtained, 40(3)(b), (i).
        questions: what the person is to be asked, 40(3)(a), 40(18).
        event_at: when a hearing, appearance or handing over is planned, with its UTC offset.
        event_place: where.
        assurances: what the requesting State undertakes: return, safe conduct, no death penalty, speciality.
        arrangement: how joint work is arranged: members, leader, place, duration, 48.
        others: other States (ISO codes) or organisations concerned, 22(5), 36(3), 48.
        conditions: limits on the use of what is told, 40(5).
        costs: substantial or extraordinary costs foreseen, 40(30).
        purpose: the purpose for which the evidence is sought, 40(15)(g), or why preservation is needed, 42(3)(e).
        intends_request: that a request for the data will follow, 42(3)(f).
        confidential: that the request be kept secret and the user not told, 40(20), 42(3)(g).
        urgency: see `Urgency`.
        urgency_reason: why it is urgent.
        deadline: a suggested deadline, 40(26).
        deadline_reason: the reason for it, 40(26).
        language: BCP 47 tag of the language the request is written in, 40(13).
        follows: reference of an earlier request that this one stands on (the preservation), or empty.
        rights: the drafter's reasoned answer to the rights questions, Articles 6, 24 and 40(22).
    """

    reference: str
    requesting: str
    requested: str
    measure: Measure
    basis: str = "uncc"
    exercise: bool = True
    scope: Scope = Scope.OFFENCE
    offence: Offence = field(default_factory=Offence)
    authority: str = ""
    conducting: Person = field(default_factory=Person)
    subject: str = ""
    facts: str = ""
    assistance: str = ""
    procedure: str = ""
    link: str = ""
    categories: tuple[DataCategory, ...] = ()
    accounts: tuple[Account, ...] = ()
    custodian: str = ""
    persons: tuple[Subject, ...] = ()
    assets: tuple[Asset, ...] = ()
    order: Order = field(default_factory=Order)
    period_from: date | None = None
    period_to: date | None = None
    period_reason: str = ""
    documents: str = ""
    questions: str = ""
    event_at: datetime | None = None
    event_place: str = ""
    assurances: str = ""
    arrangement: str = ""
    others: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    costs: str = ""
    purpose: str = ""
    intends_request: bool = False
    confidential: bool = False
    urgency: Urgency = Urgency.ORDINARY
    urgency_reason: str = ""
    deadline: date | None = None
    deadline_reason: str = ""
    language: str = "en"
    follows: str = ""
    rights: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant. Raises Invalid naming the field."""
        _check_parties(self)
        _check_lengths(self)
        if self.offence.code and not OFFENCE.fullmatch(self.offence.code):
            raise Invalid(
                "A treaty's offence is named by book and article, e.g. uncc:13.",
                code="request.offence",
                where="offence.code",
            )
        for where, months in (
            ("offence.max_penalty_months", self.offence.max_penalty_months),
            ("order.sentence_months", self.order.sentence_months),
            ("order.remaining_months", self.order.remaining_months),
        ):
            if months is not None and not 0 <= months <= LIFE_MONTHS:
                raise Invalid(
                    f"A penalty is in months, 0 to {LIFE_MONTHS} (for life).", code="request.penalty", where=where
                )
        if self.event_at is not None and self.event_at.utcoffset() is None:
            raise Invalid("A time needs its UTC offset.", code="request.time-zone", where="event_at")
        for person in self.persons:
            if person.role and person.role not in ROLES:
                raise Invalid("A person's role is one of: " + ", ".join(sorted(ROLES)) + ".", code="request.role",
                              where="persons.role")  # fmt: skip
        if self.period_from and self.period_to and self.period_from > self.period_to:
            raise Invalid("The period ends before it begins.", code="request.period", where="period_to")
        for account in self.accounts:
            if account.at is not None and account.at.utcoffset() is None:
                raise Invalid("A time needs its UTC offset.", code="request.time-zone", where="accounts.at")
            if account.port is not None and not 0 < account.port < 65536:
                raise Invalid("A port is 1 to 65535.", code="request.port", where="accounts.port")

    def to_dict(self) -> dict[str, Any]:
        """The request as plain JSON values; empty optional fields are left out."""
        found: dict[str, Any] = _plain(self)
        return found

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Self:
        """The request in `raw`, as `to_dict` wrote it.

        Raises:
            Invalid: an unknown field, a wrong type or a value that cannot be meant; `where` names the field.
        """
        _known(cls, raw, "")
        values = _read(raw, _MAKERS, "")
        missing = [name for name in ("reference", "requesting", "requested", "measure") if name not in values]
        if missing:
            raise Invalid("A request names " + ", ".join(missing) + ".", code="request.missing", where=missing[0])
        return cls(**values)


def _check_parties(request: Request) -> None:
    """Names: of the case, of the two States, of the case that it follows."""
    if not REFERENCE.fullmatch(request.reference):
        raise Invalid("A reference looks like IR-2026-0001.", code="request.reference", where="reference")
    for name in ("requesting", "requested"):
        if not STATE.fullmatch(getattr(request, name)):
            raise Invalid("A State is named by its two-letter ISO code.", code="request.state", where=name)
    if request.requesting == request.requested:
        raise Invalid("A State does not send itself a request.", code="request.same-state", where="requested")
    if not request.reference.startswith(request.requesting + "-"):
        raise Invalid(
            "The reference begins with the requesting State's code.", code="request.reference", where="reference"
        )


def _check_lengths(request: Request) -> None:
    """Every text and list has an end, so that what was drafted can be read again and crosses in one message."""
    for name, most in LIST_LIMITS.items():
        if len(getattr(request, name)) > most:
            raise Invalid(f"At most {most} entries.", code="request.too-long", where=name)
    texts = _texts(request)
    for where, text in texts:
        most = TEXT_LIMIT if where in _TEXTS else LINE_LIMIT
        if len(text) > most:
            raise Invalid(f"At most {most} characters.", code="request.too-long", where=where)
    if 6 * sum(len(text) for _, text in texts) + 128 * len(texts) + 4096 <= WHOLE_LIMIT:
        return  # a character takes six bytes at most, and a name with a number or date beside it 128
    size = len(json.dumps(request.to_dict(), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > WHOLE_LIMIT:
        longest = max(texts, key=lambda found: len(found[1]))
        raise Invalid("Together the texts are too long for one message.", code="request.too-large", where=longest[0])


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind))


def _texts(found: Any, prefix: str = "") -> list[tuple[str, str]]:
    """(field, text) of every text in `found` that is not empty, also inside its parts and lists."""
    texts: list[tuple[str, str]] = []
    for name, value in vars(found).items():
        if not value or value is True:
            continue
        if isinstance(value, str):
            texts.append((prefix + name, value))
        elif isinstance(value, tuple) or hasattr(value, "__dataclass_fields__"):
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, str):
                    texts.append((prefix + name, item))
                else:
                    texts += _texts(item, f"{prefix}{name}.")
    return texts


_FLAGS = frozenset({"exercise", "intends_request", "confidential", "consent", "final", "copy"})
_QUIET = frozenset({"consent", "final", "copy"})  # flags that say something only when they are set
_SPEAKING = frozenset({"basis", "language", "kind"})  # left out, their default would be read into an empty one


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        found = {name: _plain(getattr(value, name)) for name in _names(value.__class__)}
        return {
            key: item
            for key, item in found.items()
            if key in _SPEAKING or (item not in (None, "", [], {}) and not (item is False and key in _QUIET))
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return str(value)
    return value


def _known(kind: type, raw: Any, where: str) -> None:
    if not isinstance(raw, dict):
        raise Invalid("This must be an object with named fields.", code="request.type", where=where)
    if unknown := raw.keys() - _names(kind):
        raise Invalid("This field is not known.", code="request.unknown-field", where=where + min(unknown))


def _read(raw: dict[str, Any], makers: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The values of fields that are known: made by their makers, and of the others texts and flags as they are."""
    values = {}
    for name, value in raw.items():
        if name in makers:
            values[name] = _made(makers[name], value, prefix + name)
        elif isinstance(value, bool if name in _FLAGS else str):
            values[name] = value
        else:
            raise Invalid("This field has the wrong type.", code="request.type", where=prefix + name)
    return values


def _made(make: Any, raw: Any, where: str) -> Any:
    try:
        return make(raw)
    except Invalid:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise Invalid("This value is not usable here.", code="request.value", where=where) from error


def _record(kind: type, makers: dict[str, Any], prefix: str) -> Any:
    def make(raw: Any) -> Any:
        _known(kind, raw, prefix + ".")
        return kind(**_read(raw, makers, prefix + "."))

    return make


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(raw)
    return raw


def _many(make: Any) -> Any:
    def make_all(raw: Any) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise ValueError(raw)
        return tuple(make(item) for item in raw)

    return make_all


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError(raw)
    return raw


_MAKERS: dict[str, Any] = {
    "measure": Measure,
    "scope": Scope,
    "urgency": Urgency,
    "offence": _record(Offence, {"max_penalty_months": _whole, "committed_on": parse_date}, "offence"),
    "conducting": _record(Person, {}, "conducting"),
    "categories": _many(DataCategory),
    "accounts": _many(_record(Account, {"at": parse_moment, "port": _whole}, "accounts")),
    "persons": _many(_record(Subject, {"born": parse_date}, "persons")),
    "assets": _many(_record(Asset, {}, "assets")),
    "order": _record(Order, {"issued_on": parse_date, "sentence_months": _whole, "remaining_months": _whole}, "order"),
    "others": _many(_text),
    "conditions": _many(_text),
    "event_at": parse_moment,
    "period_from": parse_date,
    "period_to": parse_date,
    "deadline": parse_date,
}
