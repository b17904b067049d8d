"""A State's own rules for what goes out, on top of TLP: to whom, for what, and with which personal data.

`allowed` is asked at every way out. It has three answers; only `PASSED` lets an object go. All lists name what is
permitted: an empty one permits nothing. An object that came from another State is not ours to give: above TLP:GREEN it
goes no further, and TLP:GREEN stays within the communities that it was given in.

Personal data go only on a legal basis. Otherwise an object is withheld; where its personal part can be left out, a State
may send a **new object of its own** that is derived from it and says so (`derived`). An object of another State, or of
this one, is never altered under its own id. What is derived is still the other State's to the extent that it says the
same: `allowed` is asked with the same `Came`.

What is looked for is what STIX has properties for, and what MISP has types for. Whether a description names a person,
only a reader can tell; free text, and what is of somebody's own (properties, extensions), are therefore personal data
unless the rules say otherwise (`Rules.read`, `Rules.free_text`, `Rules.properties`). What MISP calls by the name of
something personal is so whatever they say. Names of files, keys of a registry, user names inside a URL are not looked at.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from comity.errors import Invalid
from comity.sharing import _json, patterns, tlp
from comity.sharing.stix import Object, read, version_key
from comity.sharing.tlp import Level

_DERIVED = uuid.UUID("f8f9cd6a-3a0c-5b45-8d13-0b6ed5f7c6b4")  # our own namespace for what is derived
_PERSONAL = {
    "email-addr": ("value", "display_name", "belongs_to_ref"),
    "email-message": ("from_ref", "sender_ref", "to_refs", "cc_refs", "bcc_refs", "subject", "body", "body_multipart",
                      "received_lines", "additional_header_fields", "raw_email_ref"),
    "user-account": ("user_id", "credential", "account_login", "display_name"),
    "location": ("latitude", "longitude", "street_address", "postal_code"),
    "note": ("authors",), "opinion": ("authors",), "process": ("command_line", "environment_variables"),
    "x509-certificate": ("subject",),
}  # fmt: skip
_PERSON = ("name", "description", "contact_information", "aliases")  # of an identity or threat actor that is a person
_FREE = frozenset({"description", "abstract", "content", "explanation", "labels"})
_FREE_IN = {  # type -> what else in it somebody wrote, or a program found, that may name anybody
    "artifact": ("payload_bin",), "directory": ("path",), "language-content": ("contents",), "process": ("cwd",),
    "x509-certificate": ("x509_v3_extensions",),
}  # fmt: skip
_HARMLESS_EXTENSIONS = frozenset({"icmp-ext", "socket-ext", "tcp-ext", "windows-pebinary-ext", tlp.EXTENSION})
_DIGEST = re.compile(r"[0-9a-f]{64}")  # what `derived` describes the object by that it refers to
_MISP_PERSONS = frozenset({  # types of attributes of MISP that are of persons, in whatever category they stand
    "aba-rtn", "bank-account-nr", "cc-number", "cookie", "country-of-residence", "date-of-birth", "dns-soa-email",
    "email", "email-body", "email-dst", "email-dst-display-name", "email-header", "email-reply-to", "email-src",
    "email-src-display-name", "email-subject", "eppn", "first-name", "frequent-flyer-number", "full-name", "gender",
    "github-username", "iban", "identity-card-number", "issue-date-of-the-visa", "jabber-id", "last-name",
    "middle-name", "nationality", "passenger-name-record-locator-number", "passport-country", "passport-expiration",
    "passport-number", "payment-details", "pgp-private-key", "pgp-public-key", "phone-number", "place-of-birth",
    "place-port-of-clearance", "place-port-of-onward-foreign-destination", "place-port-of-original-embarkation",
    "primary-residence", "prtn", "redress-number", "special-service-request", "target-email", "target-location",
    "target-user", "travel-details", "twitter-id", "visa-number", "whois-registrant-email", "whois-registrant-name",
    "whois-registrant-phone",
})  # fmt: skip


class Verdict(StrEnum):
    """Whether an object may go."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Ruling:
    """A verdict with its reason.

    Args:
        verdict: only `PASSED` lets anything go.
        reason: stable code: `tlp-lowered`, `marking-unknown`, `unmarked`, `nobody`, `purpose`, `recipient`,
            `community`, `not-ours`, `personal-data`, `withdrawn`; empty if it passed.
        where: properties or markings concerned.
    """

    verdict: Verdict
    reason: str = ""
    where: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who would get it.

    Args:
        state: ISO 3166-1 code; empty: the public.
        communities: those that this State and the audience both belong to.
        purpose: what it is asked for, one of the State's words for purposes.
    """

    state: str
    communities: frozenset[str]
    purpose: str


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a State permits for a collection or an object. What is not named is not permitted.

    Args:
        states: States that may have it, by name.
        communities: communities whose members may have what is not above TLP:AMBER.
        purposes: for which purposes.
        public: whether TLP:CLEAR may go to anybody.
        statements: ids of other markings that an officer has read and found to permit this.
        unmarked: the level of what has no mark of TLP; None: undetermined.
        basis: the legal basis on which personal data may go, as the State's law names it; empty: none.
        read: ids of objects whose free text an officer has read and found without personal data.
        free_text: whether free text (labels too) may go unread, for what comes from where nobody writes about persons.
        properties: names of somebody's own properties that may go unread; ``extensions`` for all extensions.
    """

    states: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    public: bool = False
    statements: frozenset[str] = frozenset()
    unmarked: Level | None = None
    basis: str = ""
    read: frozenset[str] = frozenset()
    free_text: bool = False
    properties: frozenset[str] = frozenset()


def read_rules(said: Mapping[str, Any]) -> Rules:
    """The rules that a collection is kept with, or an officer wrote: `Rules` by the names of its arguments.

    Args:
        said: sets as lists of texts, ``unmarked`` as a colour (``TLP:GREEN``); what is not there permits nothing.

    Raises:
        Invalid: `release.rules`: another name, or another kind of value.
    """
    kinds = {each.name: str(each.type) for each in fields(Rules)}
    made: dict[str, Any] = {}
    for name, value in said.items():
        made[name] = _rule(kinds.get(name, ""), value)
        if made[name] is None:
            raise Invalid("This is no rule, or not written like one.", code="release.rules", where=str(name)[:60])
    return Rules(**made)


def rules_said(rules: Rules) -> dict[str, Any]:
    """As `read_rules` reads them; only what permits something."""
    found: dict[str, Any] = {}
    for each in fields(rules):
        value = getattr(rules, each.name)
        if value != each.default:
            found[each.name] = sorted(value) if isinstance(value, frozenset) else value
    if rules.unmarked is not None:
        found["unmarked"] = rules.unmarked.label
    return found


def _rule(kind: str, value: Any) -> Any:
    """The value of an argument of `Rules`; None: it is none."""
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "frozenset[str]" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return frozenset(value)
    if kind == "Level | None":
        return next((level for level in Level if level.label == value), None)
    return None


@dataclass(frozen=True)
class Came:
    """How an object of another State came here.

    Args:
        state: who gave it.
        communities: the communities that it was given in.
    """

    state: str
    communities: frozenset[str]


def allowed(
    found: Object, audience: Audience, rules: Rules, *, came: Came | None = None, least: Level = Level.CLEAR
) -> Ruling:
    """Whether an object may go to this audience.

    Args:
        found: an object that was read.
        audience: who would get it.
        rules: what this State permits.
        came: None for an object of this State's own.
        least: the level that its source has set since; the stricter of it and the mark counts.
    """
    mark = tlp.marked(found.body)
    if mark.lowered:
        return Ruling(Verdict.FAILED, "tlp-lowered", ("granular_markings",))
    if unread := mark.others - rules.statements:
        return Ruling(Verdict.UNDETERMINED, "marking-unknown", tuple(sorted(unread)))
    level = rules.unmarked if mark.level is None else mark.level
    if level is None:
        return Ruling(Verdict.UNDETERMINED, "unmarked")
    if reason := _barred(max(level, least), audience, rules, came):
        return Ruling(Verdict.FAILED, reason)
    if where := withheld(found, rules):
        return Ruling(Verdict.FAILED, "personal-data", where)
    return Ruling(Verdict.PASSED)


def withheld(found: Object, rules: Rules) -> tuple[str, ...]:
    """The properties with personal data for which these rules do not let an object go; none if they name a basis."""
    if rules.basis:
        return ()
    return personal(found, read=found.id in rules.read, harmless=rules.properties, free_text=rules.free_text)


def personal(
    found: Object, *, read: bool = False, harmless: frozenset[str] = frozenset(), free_text: bool = False
) -> tuple[str, ...]:
    """The properties that hold personal data, or may.

    Args:
        found: an object that was read.
        read: whether an officer has read its free text and its properties of somebody's own, and found none.
        harmless: free text and properties of somebody's own that may go unread.
        free_text: whether all free text may.
    """
    body = found.body
    names = list(_PERSONAL.get(found.type, ()))
    if (found.type == "identity" and body.get("identity_class") == "individual") or (
        found.type == "threat-actor" and body.get("resource_level") == "individual"
    ):
        names += _PERSON
    if found.type == "identity":
        names.append("contact_information")
    if found.type == "indicator" and _names_a_mailbox(body):
        names.append("pattern")
    if found.type == "observed-data":
        names.append("objects")
    names += [name for name, value in body.items() if name.startswith("x_misp_") and _of_a_person(value)]
    if not read:
        own = _own_words(found)
        names += [name for name in (*(() if free_text else _free(found, own)), *own) if name not in harmless]
    return tuple(dict.fromkeys(name for name in names if name in body))


def derived_id(kind: str, digest: str, creator: str) -> str:
    """The id of what this State derives from an object.

    Args:
        kind: type of both.
        digest: of the object.
        creator: id of the identity of this State.
    """
    return f"{kind}--{uuid.uuid5(_DERIVED, f'{creator} {digest}')}"


def derived(found: Object, *, creator: str, at: datetime) -> tuple[Object | None, tuple[str, ...]]:
    """An object of this State's own without the personal data of another, and what was left out.

    Args:
        found: the object; it stays as it is, under its own id.
        creator: id of the identity of this State.
        at: now, in UTC.

    Returns:
        (the new object, which names the other by digest in `external_references` and keeps its markings; the names of
        what was left out). (None, names) if what must be left out is required: then the object is withheld.
    """
    left_out = personal(found)
    if "created" not in found.body:  # an observable is its value: nothing can be derived from it
        return None, left_out
    body = {name: value for name, value in found.body.items() if name not in left_out}
    moment = version_key(at)[:23] + "Z"
    body |= {
        "id": derived_id(found.type, found.digest, creator),
        "created": moment, "modified": moment, "created_by_ref": creator,
        "external_references": [{"source_name": "derived-from", "external_id": found.id, "description": found.digest}],
    }  # fmt: skip
    body["granular_markings"] = [
        kept for part in body.get("granular_markings", ())
        if (kept := {**part, "selectors": [each for each in part["selectors"] if each.split(".")[0] in body]})["selectors"]
    ]  # fmt: skip
    if not body["granular_markings"]:
        del body["granular_markings"]
    try:
        return _own(body), left_out
    except Invalid:
        return None, left_out


def _free(found: Object, own: Sequence[str]) -> list[str]:
    """The properties that STIX has for free text, as far as this object has them."""
    names = {*_FREE, *_FREE_IN.get(found.type, ())}
    told = [one["description"] for one in found.body.get("external_references", ()) if "description" in one]
    if not all(map(_DIGEST.fullmatch, told)):
        names.add("external_references")
    return sorted(name for name in names if name in found.body and name not in own)


def _own_words(found: Object) -> list[str]:
    """Properties of somebody's own, and extensions of which nobody knows that they name no person."""
    own = [remark.where for remark in found.remarks if remark.code == "custom-property"]
    told = found.body.get("extensions", {}).items()
    if any(key not in _HARMLESS_EXTENSIONS and said.keys() - {"extension_type"} for key, said in told):
        own.append("extensions")
    return own


def _of_a_person(kept: Any) -> bool:
    """Whether there is an attribute of MISP anywhere in this that is of a person, by its type or category."""
    if isinstance(kept, list):
        return any(map(_of_a_person, kept))
    if not isinstance(kept, dict):
        return False
    kinds = str(kept.get("type", "")).strip().lower().split("|")
    named = not _MISP_PERSONS.isdisjoint(kinds) or str(kept.get("category", "")).strip().lower() == "person"
    return named or any(map(_of_a_person, kept.values()))


def _own(body: Mapping[str, Any]) -> Object:
    """An object of our own making, through the same checks as everybody's. Raises Invalid."""
    return read(_json.canonical(_json.Piece(0, b"", body, plain=False)))


def _barred(level: Level, audience: Audience, rules: Rules, came: Came | None) -> str:
    """Why this level may not go to this audience under these rules; empty if it may."""
    if not (rules.states or rules.communities or rules.public):
        return "nobody"
    if audience.purpose not in rules.purposes:
        return "purpose"
    shared = audience.communities & rules.communities
    if came is not None and audience.state != came.state:  # back to where it came from is no further
        if level >= Level.AMBER:
            return "not-ours"
        if level is Level.GREEN:
            return "" if audience.state and shared & came.communities else "community"
    if level is Level.CLEAR and rules.public:
        return ""
    named = audience.state in rules.states or (bool(shared) and level <= Level.AMBER)
    return "" if audience.state and named else "recipient"


def _names_a_mailbox(body: Mapping[str, Any]) -> bool:
    if body.get("pattern_type") != "stix":
        return True  # what is not understood may name anybody
    reading = patterns.observables(body["pattern"])
    return bool(reading.note) or any(each.kind == "email-addr" for each in reading.observables)
